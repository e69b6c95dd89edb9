//! Text that the file claims to be UTF-8.

use std::borrow::Cow;

/// How many bytes of text that is not UTF-8 are copied to make it so; the rest is cut.
///
/// A short file may name one long text any number of times.
const LOSSY_LIMIT: usize = 1 << 24;

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
