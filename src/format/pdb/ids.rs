//! The stream of ids (IPI): where and how each module was compiled.
//!
//! `llvm/docs/PDB/TpiStream.rst`; only strings and build records are read.

use crate::format::Endian;
use crate::format::cursor::Cursor;

const LF_BUILDINFO: u16 = 0x1603;
const LF_STRING_ID: u16 = 0x1605;

/// Position of the parts of a build record.
const CURRENT_DIRECTORY: usize = 0;
const SOURCE_FILE: usize = 2;

/// An index of the stream's records.
pub(super) struct Ids<'d> {
    bytes: &'d [u8],
    /// Number of the first record.
    first: u32,
    /// Offset of each record's kind, and its end.
    records: Vec<(u32, u32)>,
}

/// How a module was compiled. Texts are empty where the record has none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Build<'d> {
    pub directory: &'d [u8],
    pub source: &'d [u8],
}

impl<'d> Ids<'d> {
    /// Finds the records. A stream that cannot be read has none.
    ///
    /// *Cost*: one pass over the stream.
    pub fn read(bytes: &'d [u8]) -> Ids<'d> {
        let mut ids = Ids { bytes, first: 0, records: Vec::new() };
        let _ = ids.index();
        ids
    }

    fn index(&mut self) -> Option<()> {
        let mut cursor = Cursor::new(self.bytes, Endian::Little, &[]);
        let _version = cursor.u32()?;
        let header_size = cursor.u32()?;
        self.first = cursor.u32()?;
        let mut cursor = cursor.from(header_size.into())?;
        loop {
            let len = cursor.u16()?;
            let start = cursor.at();
            cursor.skip(len.into())?;
            self.records.push((u32::try_from(start).ok()?, u32::try_from(cursor.at()).ok()?));
        }
    }

    /// The record of this number, if it is of this kind.
    pub fn record(&self, id: u32, wanted: u16) -> Option<Cursor<'d, 'static>> {
        let index = usize::try_from(id.checked_sub(self.first)?).ok()?;
        let &(start, end) = self.records.get(index)?;
        let mut cursor = Cursor::new(self.bytes, Endian::Little, &[]).until(end.into()).from(start.into())?;
        (cursor.u16()? == wanted).then_some(cursor)
    }

    /// A text. Long ones come in pieces; only the last of them is read, which no path needs.
    pub fn text(&self, id: u32) -> Option<&'d [u8]> {
        let mut cursor = self.record(id, LF_STRING_ID)?;
        let _pieces = cursor.u32()?;
        cursor.cstr()
    }

    /// How the module with this build record was compiled.
    pub fn build(&self, id: u32) -> Option<Build<'d>> {
        let mut cursor = self.record(id, LF_BUILDINFO)?;
        let count = usize::from(cursor.u16()?);
        let mut build = Build::default();
        for part in 0..count.min(SOURCE_FILE + 1) {
            let text = self.text(cursor.u32()?).unwrap_or_default();
            match part {
                CURRENT_DIRECTORY => build.directory = text,
                SOURCE_FILE => build.source = text,
                _ => {}
            }
        }
        Some(build)
    }
}
