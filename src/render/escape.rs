//! Texts out of files made harmless for what they are written to.

use std::borrow::Cow;

/// Whether a character acts on a terminal, or on how text around it is shown, instead of showing itself.
fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c,
            // Direction overrides and isolates, line separators.
            '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            | '\u{fff9}'..='\u{fffb}'
            // What shows nothing (Unicode's Default_Ignorable_Code_Point): of zero width, fillers, variants.
            | '\u{ad}' | '\u{34f}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
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
    fn nothing_is_invisible() {
        // The ranges of Default_Ignorable_Code_Point in Unicode 17, and U+FFF9 to U+FFFB, which annotate.
        for range in [
            0xad..=0xad,
            0x34f..=0x34f,
            0x61c..=0x61c,
            0x115f..=0x1160,
            0x17b4..=0x17b5,
            0x180b..=0x180f,
            0x200b..=0x200f,
            0x202a..=0x202e,
            0x2060..=0x206f,
            0x3164..=0x3164,
            0xfe00..=0xfe0f,
            0xfeff..=0xfeff,
            0xffa0..=0xffa0,
            0xfff0..=0xfffb,
            0x1bca0..=0x1bca3,
            0x1d173..=0x1d17a,
            0xe0000..=0xe0fff,
        ] {
            for code in range {
                let c = char::from_u32(code).expect("no surrogate");
                assert_eq!(for_terminal(&c.to_string()), format!("\\u{{{code:x}}}"));
            }
        }
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
