//! Files of text that arguments name: lockfiles, budgets, linker scripts.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The most bytes of one; lockfiles of the largest workspaces have a thousandth of it.
const LIMIT: u64 = 256 << 20;

/// What is in a file.
///
/// *Errors*: it cannot be read, or goes on without end, as a device may.
pub(super) fn bytes_of(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One byte more tells that there are more.
    File::open(path)?.take(LIMIT + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 <= LIMIT {
        return Ok(bytes);
    }
    Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it has more than {} MiB", LIMIT >> 20)))
}

/// The same as text.
///
/// *Errors*: also if it is none.
pub(super) fn text_of(path: &Path) -> io::Result<String> {
    let invalid = |_| io::Error::new(io::ErrorKind::InvalidData, "it is no text (UTF-8)");
    String::from_utf8(bytes_of(path)?).map_err(invalid)
}
