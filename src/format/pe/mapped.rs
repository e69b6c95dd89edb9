//! An image by the relative addresses that its structures use.

use std::ops::Range;

use super::headers::File;
use crate::format::cursor::Cursor;
use crate::format::{Endian, Line};

/// Longest name worth reading: the limit of Microsoft's tools.
pub(super) const LONGEST_NAME: usize = 4096;

/// The bytes of an image by relative address. Every answer is `None` outside the file.
#[derive(Clone, Copy)]
pub(super) struct Mapped<'f, 'data> {
    pub data: &'data [u8],
    pub line: &'f Line,
    pub base: u64,
    /// Size of an address: 4 or 8.
    pub word: u8,
}

impl<'f, 'data> Mapped<'f, 'data> {
    pub fn new(file: &File<'data>, line: &'f Line) -> Self {
        let base = file.optional.as_ref().map_or(0, |o| o.image_base);
        Mapped { data: file.data, line, base, word: if file.is_64() { 8 } else { 4 } }
    }

    /// The position of a relative address.
    pub fn pos(&self, rva: u32) -> Option<u64> {
        self.line.pos(self.base.checked_add(u64::from(rva))?)
    }

    /// The position of an address, as structures of the loader state them.
    pub fn pos_of_address(&self, address: u64) -> Option<u64> {
        self.line.pos(address)
    }

    /// The relative address of an address.
    pub fn relative(&self, address: u64) -> Option<u32> {
        u32::try_from(address.checked_sub(self.base)?).ok()
    }

    /// Where the bytes at a relative address lie in the file, as far as they are one run there.
    pub fn run(&self, rva: u32) -> Option<Range<u64>> {
        let (pos, room) = self.line.locate(self.base.checked_add(u64::from(rva))?)?;
        let end = pos.checked_add(room)?.min(self.line.file_len());
        (pos < end).then_some(pos..end)
    }

    /// Where `len` bytes at a relative address lie, fewer if the run ends before.
    pub fn span(&self, rva: u32, len: u64) -> Option<Range<u64>> {
        let run = self.run(rva)?;
        Some(run.start..run.end.min(run.start.saturating_add(len)))
    }

    /// Reads from a relative address on, in positions of the file, to the end of the run.
    pub fn cursor(&self, rva: u32) -> Option<Cursor<'data, 'static>> {
        let run = self.run(rva)?;
        Cursor::new(self.data, Endian::Little, &[]).until(run.end).from(run.start)
    }

    /// The text at a relative address, and where it lies with the zero that ends it.
    pub fn text(&self, rva: u32) -> Option<(&'data [u8], Range<u64>)> {
        self.text_at(self.run(rva)?)
    }

    /// The text at the start of a run.
    pub fn text_at(&self, run: Range<u64>) -> Option<(&'data [u8], Range<u64>)> {
        let bytes = self.data.get(run.start as usize..run.end as usize)?;
        let len = bytes.iter().take(LONGEST_NAME).position(|&b| b == 0)?;
        Some((bytes.get(..len)?, run.start..run.start + len as u64 + 1))
    }
}
