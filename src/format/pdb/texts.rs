//! The table of texts (`/names`), which has the paths of source files.
//!
//! `llvm/docs/PDB/PdbStream.rst` (the map of named streams) and `HashTable.rst`.

use crate::format::Endian;
use crate::format::cursor::Cursor;

const NAME: &[u8] = b"/names";
const SIGNATURE: u32 = 0xeffe_effe;

/// Offset of the map in the stream of the database's identity.
const MAP: u64 = 28;

/// The number of the stream that has the table; `info` is the stream of the identity.
pub(super) fn stream(info: &[u8]) -> Option<u16> {
    let mut cursor = Cursor::new(info, Endian::Little, &[]).from(MAP)?;
    let len = cursor.u32()?;
    let names = Cursor::new(cursor.take(len.into())?, Endian::Little, &[]);
    let count = cursor.u32()?;
    let _capacity = cursor.u32()?;
    // Which places of the hash table are taken, and which are free again.
    for _ in 0..2 {
        let words = cursor.u32()?;
        cursor.skip(u64::from(words) * 4)?;
    }
    for _ in 0..count {
        let (name, stream) = (cursor.u32()?, cursor.u32()?);
        if names.from(name.into()).and_then(|mut name| name.cstr()) == Some(NAME) {
            return u16::try_from(stream).ok();
        }
    }
    None
}

/// The texts of the stream that has the table, each at its offset.
pub(super) fn texts(stream: &[u8]) -> Option<&[u8]> {
    let mut cursor = Cursor::new(stream, Endian::Little, &[]);
    if cursor.u32()? != SIGNATURE {
        return None;
    }
    let _version = cursor.u32()?;
    let len = cursor.u32()?;
    cursor.take(len.into())
}
