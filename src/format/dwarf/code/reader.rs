//! Debug sections as gimli reads them.

use std::convert::Infallible;
use std::sync::Arc;

use gimli::{
    DebugAddrBase, DebugInfoOffset, DebugLocListsBase, DebugRngListsBase, DebugStrOffsetsBase, Dwarf,
    DwarfFileType, EndianSlice, Relocate, RelocateReader, RunTimeEndian,
};

use crate::format::Endian;
use crate::format::cursor::{Addend, Fixup, fixup_at};
use crate::format::dwarf::unit::{Header, Root};
use crate::format::dwarf::{DebugKind, Sections};

/// Reads a section, with the relocations of an object file.
pub(super) type Reader<'data, 'fix> = RelocateReader<EndianSlice<'data, RunTimeEndian>, Fixups<'fix>>;

/// The relocations of a section.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fixups<'fix>(&'fix [Fixup]);

impl Fixups<'_> {
    #[inline]
    fn apply(&self, offset: usize, stored: u64) -> u64 {
        if self.0.is_empty() {
            return stored;
        }
        match fixup_at(self.0, offset as u64) {
            Some(Fixup { value, addend: Addend::Included, .. }) => *value,
            Some(Fixup { value, addend: Addend::Stored, .. }) => value.wrapping_add(stored),
            None => stored,
        }
    }
}

impl Relocate for Fixups<'_> {
    #[inline]
    fn relocate_address(&self, offset: usize, value: u64) -> gimli::Result<u64> {
        Ok(self.apply(offset, value))
    }

    #[inline]
    fn relocate_offset(&self, offset: usize, value: usize) -> gimli::Result<usize> {
        usize::try_from(self.apply(offset, value as u64)).map_err(|_| gimli::Error::UnsupportedOffset)
    }
}

fn reader<'data, 'fix>(bytes: &'data [u8], endian: Endian, fixups: &'fix [Fixup]) -> Reader<'data, 'fix> {
    let endian = match endian {
        Endian::Little => RunTimeEndian::Little,
        Endian::Big => RunTimeEndian::Big,
    };
    RelocateReader::new(EndianSlice::new(bytes, endian), Fixups(fixups))
}

/// The sections of a file; of each kind the first.
pub(super) fn dwarf<'data, 'fix>(
    sections: &Sections<'data, 'fix>,
    file_type: DwarfFileType,
) -> Dwarf<Reader<'data, 'fix>> {
    let load = |id: gimli::SectionId| -> Result<Reader<'data, 'fix>, Infallible> {
        let kind = DebugKind::from_name(id.name().as_bytes());
        Ok(match kind.and_then(|kind| sections.first(kind)) {
            Some(section) => reader(section.bytes, sections.endian, section.fixups),
            None => reader(&[], sections.endian, &[]),
        })
    };
    let Ok(mut dwarf) = Dwarf::load(load);
    dwarf.file_type = file_type;
    dwarf
}

/// A unit of which the header and the root entry are known.
///
/// Its line program stays out, as a broken one says nothing against the entries, and so do its abbreviations.
pub(super) fn unit<'data, 'fix>(
    dwarf: &Dwarf<Reader<'data, 'fix>>,
    header: &Header,
    root: &Root<'_>,
) -> gimli::Result<gimli::Unit<Reader<'data, 'fix>>> {
    let offset = |at: u64| usize::try_from(at).map_err(|_| gimli::Error::UnsupportedOffset);
    let start = DebugInfoOffset(offset(header.start)?);
    let read = dwarf.debug_info.header_from_offset(start)?;
    let (encoding, file) = (read.encoding(), dwarf.file_type);
    let base = |stated: Option<u64>| stated.map(offset).transpose();
    let str_offsets = base(root.str_offsets_base)?.map(DebugStrOffsetsBase);
    let ranges = base(root.rnglists_base)?.map(DebugRngListsBase);
    Ok(gimli::Unit {
        header: read,
        abbreviations: Arc::default(),
        name: None,
        comp_dir: None,
        low_pc: root.low.unwrap_or(0),
        str_offsets_base: str_offsets
            .unwrap_or_else(|| DebugStrOffsetsBase::default_for_encoding_and_file(encoding, file)),
        addr_base: DebugAddrBase(base(root.addr_base)?.unwrap_or(0)),
        loclists_base: DebugLocListsBase::default_for_encoding_and_file(encoding, file),
        rnglists_base: ranges
            .unwrap_or_else(|| DebugRngListsBase::default_for_encoding_and_file(encoding, file)),
        line_program: None,
        dwo_id: None,
    })
}
