//! Texts out of files made harmless for what they are written to.

use std::borrow::Cow;

/// Whether a character acts on a terminal, or on how text around it is shown, instead of showing itself.
fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c,
            // Direction overrides and isolates, zero-width and invisible characters, line separators.
            '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Control and direction characters as `\u{1b}`, all else as it is.
pub fn for_terminal(text: &str) -> Cow<'_, str> {
    if !text.chars().any(acts) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if acts(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// The same, and nothing that a spreadsheet takes for a formula.
pub(super) fn for_csv(text: &str) -> Cow<'_, str> {
    let text = for_terminal(text);
    if text.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']) {
        Cow::Owned(format!("'{text}"))
    } else {
        text
    }
}

/// Control and direction characters as JSON escapes. `text` must be inside a JSON string.
pub(super) fn json_escape(text: &str, out: &mut Vec<u8>) {
    let mut units = [0u16; 2];
    for c in text.chars() {
        if acts(c) {
            for unit in c.encode_utf16(&mut units) {
                out.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
            }
        } else {
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_acts_on_a_terminal() {
        assert_eq!(for_terminal("\x1b[31mred\n"), "\\u{1b}[31mred\\u{a}");
        assert_eq!(for_terminal("a\u{202e}b\u{9b}c"), "a\\u{202e}b\\u{9b}c");
        assert!(matches!(for_terminal("größe 大小"), Cow::Borrowed(_)));
    }

    #[test]
    fn nothing_is_a_formula() {
        assert_eq!(for_csv("=cmd()"), "'=cmd()");
        assert_eq!(for_csv("@plt"), "'@plt");
        assert_eq!(for_csv("a=b"), "a=b");
        // Full-width forms are operators to some spreadsheets.
        assert_eq!(for_csv("＝cmd()"), "'＝cmd()");
    }
}
