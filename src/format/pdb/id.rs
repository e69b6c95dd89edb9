//! What tells that a database and an executable are of one build.

use std::fmt::Write;

use crate::format::Endian;
use crate::format::cursor::Cursor;

/// Number of the stream that has it.
pub(super) const STREAM: u16 = 1;
/// How much of the stream has it.
pub(super) const SIZE: u32 = 28;

/// Reads the GUID (`llvm/docs/PDB/PdbStream.rst`) as its 16 bytes lie in the stream.
///
/// The age here is not that of the executable once a tool has added to the database.
pub(super) fn guid(bytes: &[u8]) -> Option<[u8; 16]> {
    let mut cursor = Cursor::new(bytes, Endian::Little, &[]);
    // Version, time stamp and age.
    cursor.skip(12)?;
    bytes.get(usize::try_from(cursor.at()).ok()?..)?.first_chunk::<16>().copied()
}

/// GUID and age as symbol servers write them, in lower-case hexadecimal.
///
/// A GUID is a number of four bytes, two of two, and eight bytes.
pub(super) fn text(guid: [u8; 16], age: u32) -> String {
    let [a0, a1, a2, a3, b0, b1, c0, c1, rest @ ..] = guid;
    let a = u32::from_le_bytes([a0, a1, a2, a3]);
    let (b, c) = (u16::from_le_bytes([b0, b1]), u16::from_le_bytes([c0, c1]));
    let mut text = format!("{a:08x}{b:04x}{c:04x}");
    for byte in rest {
        // A String takes all that is written to it.
        let _ = write!(text, "{byte:02x}");
    }
    let _ = write!(text, "{age:x}");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guid_is_written_by_its_groups() {
        let guid = [0x78, 0x56, 0x34, 0x12, 0xcd, 0xab, 0x01, 0xef, 1, 2, 3, 4, 5, 6, 7, 8];
        assert_eq!(text(guid, 26), "12345678abcdef0101020304050607081a");
    }
}
