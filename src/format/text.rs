//! Names in tables of text, and text that the file claims to be UTF-8.

use std::borrow::Cow;
use std::ffi::CStr;

use crate::intern::{NameId, Names};

/// How many bytes of text that is not UTF-8 are copied to make it so; the rest is cut.
///
/// A short file may name one long text any number of times.
const LOSSY_LIMIT: usize = 1 << 24;

/// How many times the length of its table names may come to.
///
/// A name may be the end of a longer one, or be used again, so together they can be longer.
const SHARED: u64 = 8;

/// Bytes of texts that are kept of tables without any size.
const ROOM: usize = 1 << 20;

/// How long names of functions mostly are.
const USUAL: usize = 96;

/// Bytes of names that are still read from a table of text.
///
/// Any number of entries may refer to one long name; reading it for each would take
/// time by the square of the size of the file.
#[derive(Debug)]
pub(crate) struct NameBudget {
    left: u64,
}

impl NameBudget {
    /// For a file of `len` bytes.
    pub(crate) fn of(len: usize) -> NameBudget {
        NameBudget { left: (len as u64).saturating_mul(SHARED) }
    }

    /// The name at an offset of `table`, up to its end or to a byte that `ends` it.
    ///
    /// `None` if it is outside or longer than what is left, and ever after.
    pub(crate) fn read<'data>(
        &mut self,
        table: &'data [u8],
        offset: usize,
        ends: impl Fn(u8) -> bool,
    ) -> Option<&'data [u8]> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX);
        let rest = table.get(offset..)?;
        let len = rest.iter().take(most).position(|&b| ends(b)).unwrap_or(rest.len());
        self.take(rest, len)
    }

    /// The first bytes of `rest`, if so many are left.
    fn take<'data>(&mut self, rest: &'data [u8], len: usize) -> Option<&'data [u8]> {
        let left = self.left.checked_sub(len as u64);
        self.left = left.unwrap_or_default();
        left.and_then(|_| rest.get(..len))
    }

    /// The name at an offset of `table`, up to a zero or its end. As [`NameBudget::read`].
    pub(crate) fn zero_ended<'data>(&mut self, table: &'data [u8], offset: usize) -> Option<&'data [u8]> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX);
        let rest = table.get(offset..)?;
        let within = rest.get(..most).unwrap_or(rest);
        let len = CStr::from_bytes_until_nul(within).map_or(rest.len(), CStr::count_bytes);
        self.take(rest, len)
    }
}

/// Makes text of bytes.
#[derive(Debug)]
pub(crate) struct Decoder {
    lossy_left: usize,
}

impl Decoder {
    pub(crate) fn new() -> Decoder {
        Decoder { lossy_left: LOSSY_LIMIT }
    }

    /// Bytes as text; where they are not UTF-8 copies them while the budget lasts, then cuts them.
    pub(crate) fn text<'data>(&mut self, bytes: &'data [u8]) -> Cow<'data, str> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(text),
            Err(error) => match self.lossy_left.checked_sub(bytes.len()) {
                Some(left) => {
                    self.lossy_left = left;
                    String::from_utf8_lossy(bytes)
                }
                None => {
                    let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
                    Cow::Borrowed(std::str::from_utf8(valid).unwrap_or_default())
                }
            },
        }
    }
}

/// Texts that are kept, each once, while bytes are left for them.
#[derive(Debug)]
pub(crate) struct Texts {
    names: Names,
    decoder: Decoder,
    left: usize,
}

impl Texts {
    /// For texts out of tables of these lengths.
    pub(crate) fn of(lengths: impl Iterator<Item = usize>) -> Texts {
        let shared = usize::try_from(SHARED).unwrap_or(usize::MAX);
        let left = lengths.fold(ROOM, |sum: usize, len| sum.saturating_add(len.saturating_mul(shared)));
        Texts { names: Names::default(), decoder: Decoder::new(), left }
    }

    /// Makes room for so many texts as they mostly are, which are of `most` bytes in all.
    pub(crate) fn reserve(&mut self, texts: usize, most: usize) {
        self.names.reserve(texts, texts.saturating_mul(USUAL).min(most));
    }

    /// Keeps a text; `otherwise` if it is empty or longer than what is left.
    pub(crate) fn intern(&mut self, bytes: &[u8], otherwise: &str) -> NameId {
        match self.left.checked_sub(bytes.len()).filter(|_| !bytes.is_empty()) {
            Some(left) => {
                self.left = left;
                self.names.intern(&self.decoder.text(bytes))
            }
            None => self.names.intern(otherwise),
        }
    }

    /// What was kept.
    pub(crate) fn into_names(self) -> Names {
        self.names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_kept_while_there_is_room() {
        let mut texts = Texts::of([2, 3].into_iter());
        let first = texts.intern(b"first", "none");
        assert_eq!(texts.intern(b"first", "none"), first);
        let none = texts.intern(b"", "none");
        assert_ne!(none, first);
        let rest = vec![b'a'; ROOM + 40 - 10];
        assert_eq!(texts.intern(&[&rest[..], b"a"].concat(), "none"), none, "one byte too many");
        assert_ne!(texts.intern(&rest, "none"), none);
        assert_eq!(texts.intern(b"f", "none"), none);
        assert_eq!(texts.into_names().get(first), "first");
    }

    #[test]
    fn names_are_read_until_they_come_to_more_than_any_linker_shares() {
        let table = b"\0name\0last";
        let mut names = NameBudget::of(table.len());
        assert_eq!(names.zero_ended(table, 1), Some(&b"name"[..]));
        assert_eq!(names.zero_ended(table, 3), Some(&b"me"[..]));
        assert_eq!(names.zero_ended(table, 6), Some(&b"last"[..]));
        assert_eq!(names.zero_ended(table, 10), Some(&b""[..]));
        assert_eq!(names.zero_ended(table, 11), None);
        // 80 bytes in all, 10 of which are read.
        for _ in 0..17 {
            assert_eq!(names.zero_ended(table, 1), Some(&b"name"[..]));
        }
        // Once a name is refused, so are all.
        assert_eq!(names.zero_ended(table, 1), None);
        assert_eq!(names.zero_ended(table, 0), None);
    }
}
