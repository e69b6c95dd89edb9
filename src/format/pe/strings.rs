//! The COFF string table, and the names that are too long to stand in place.

use std::borrow::Cow;
use std::ops::Range;

use super::headers::{File, slice};

/// Longest name worth reading; no tool writes longer ones.
const LONGEST: usize = 1 << 16;

/// The table behind the symbols. Its first four bytes are its length.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Strings<'data> {
    bytes: &'data [u8],
    start: u64,
}

impl<'data> Strings<'data> {
    /// Finds the table: it starts where the symbols end.
    pub fn of(file: &File<'data>) -> Strings<'data> {
        let header = &file.header;
        let symbols = u64::from(header.symbols).saturating_mul(header.symbol_size);
        let start = header.symbols_at.saturating_add(symbols);
        if header.symbols_at == 0 || start >= file.len() {
            return Strings::default();
        }
        let Some(stated) = file.cursor(start).and_then(|mut c| c.u32()) else { return Strings::default() };
        Strings { bytes: slice(file.data, start, u64::from(stated).max(4)), start }
    }

    /// Where the table lies in the file.
    pub fn span(&self) -> Range<u64> {
        self.start..self.start + self.bytes.len() as u64
    }

    /// The name at an offset, and where it lies in the file with the zero that ends it.
    pub fn get(&self, offset: u64) -> Option<(&'data [u8], Range<u64>)> {
        let rest = self.bytes.get(usize::try_from(offset).ok().filter(|&at| at >= 4)?..)?;
        let len = rest.iter().take(LONGEST).position(|&b| b == 0).unwrap_or(rest.len().min(LONGEST));
        let at = self.start.checked_add(offset)?;
        let end = at.checked_add(len as u64 + 1)?.min(self.span().end);
        Some((rest.get(..len)?, at..end))
    }

    /// The name of a section: in place, `/` and a decimal offset, or `//` and one in base 64.
    pub fn section_name(&self, stored: &[u8; 8], number: usize) -> Cow<'data, str> {
        let name = match long_name(stored).and_then(|at| self.get(at)) {
            Some((long, _)) => String::from_utf8_lossy(long),
            None => Cow::Owned(String::from_utf8_lossy(in_place(stored)).into_owned()),
        };
        if name.is_empty() { format!("section {number}").into() } else { name }
    }

    /// The part of the table that a section name takes.
    pub fn section_name_span(&self, stored: &[u8; 8]) -> Option<Range<u64>> {
        self.get(long_name(stored)?).map(|(_, span)| span)
    }
}

fn in_place(stored: &[u8; 8]) -> &[u8] {
    stored.split(|&b| b == 0).next().unwrap_or_default()
}

/// Where in the table the name is, if it is there.
fn long_name(stored: &[u8; 8]) -> Option<u64> {
    match in_place(stored) {
        [b'/', b'/', digits @ ..] => base64(digits),
        [b'/', digits @ ..] => std::str::from_utf8(digits).ok()?.parse().ok(),
        _ => None,
    }
}

/// Offsets past seven decimal digits: six digits of base 64, the most significant first.
fn base64(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |value, digit| {
        let digit = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        Some(value << 6 | u64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn section_names_are_in_place_or_in_the_table() {
        let strings = Strings { bytes: b"\x13\0\0\0.debug_info\0long", start: 100 };
        assert_eq!(strings.section_name(b".text\0\0\0", 1), ".text");
        assert_eq!(strings.section_name(b".textbss", 1), ".textbss");
        assert_eq!(strings.section_name(b"/4\0\0\0\0\0\0", 1), ".debug_info");
        // 4 in base 64 is `E`.
        assert_eq!(strings.section_name(b"//AAAAAE", 1), ".debug_info");
        assert_eq!(strings.section_name(b"/99\0\0\0\0\0", 1), "/99");
        assert_eq!(strings.section_name(&[0; 8], 7), "section 7");
        assert_eq!(strings.section_name_span(b"/4\0\0\0\0\0\0"), Some(104..116));
        // The last name has no zero behind it: the table ends.
        assert_eq!(strings.get(16), Some((&b"long"[..], 116..120)));
        assert_eq!(strings.get(3), None);
    }
}
