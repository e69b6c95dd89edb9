//! The stream of debug information (DBI): modules, their contributions, their sources.
//!
//! `llvm/docs/PDB/DbiStream.rst`. A module is an object file; a contribution is a
//! piece of a section that the linker took from it.

use std::ops::Range;

use super::records::Place;
use crate::format::Endian;
use crate::format::cursor::Cursor;

/// Number of the stream.
pub(super) const STREAM: u16 = 3;

/// What stands for "no stream".
pub(super) const NO_STREAM: u16 = u16::MAX;

const HEADER_SIZE: u64 = 64;

/// Versions of the list of contributions: `0xeffe0000` and a date.
const CONTRIBUTIONS_V60: u32 = 0xf12e_ba2d;
const CONTRIBUTIONS_V2: u32 = 0xf131_51e4;

/// Numbers of streams that follow the list of substreams, by their place in the list.
const OMAP_FROM_SOURCE: usize = 4;

/// The header of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    /// How often the database was written; the executable has the number as well.
    pub age: u32,
    /// The stream of global symbol records.
    pub symbol_records: u16,
    /// As in the COFF header of the executable.
    pub machine: u16,
    modules: Range<u64>,
    contributions: Range<u64>,
    sources: Range<u64>,
    debug_streams: Range<u64>,
}

/// An object file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Module<'d> {
    /// The object file, or the name of the member if it comes from a library.
    pub name: &'d [u8],
    /// The library, or the object file again.
    pub file: &'d [u8],
    /// The stream of its symbols; [`NO_STREAM`] if it has none.
    pub stream: u16,
    /// Bytes of symbol records in it.
    pub symbols_size: u32,
    /// Bytes of tables of lines that follow: of the old kind, and of the kind that is read.
    pub lines_sizes: [u32; 2],
}

/// A piece of a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Contribution {
    pub place: Place,
    pub size: u32,
    /// Index of the module.
    pub module: u16,
}

fn cursor(bytes: &[u8]) -> Cursor<'_, 'static> {
    Cursor::new(bytes, Endian::Little, &[])
}

/// The header; `None` if the stream is shorter or of an older layout.
pub(super) fn header(bytes: &[u8]) -> Option<Header> {
    let mut at = cursor(bytes);
    if at.u32()? != u32::MAX {
        return None;
    }
    let _version = at.u32()?;
    let age = at.u32()?;
    let _global_index = at.u16()?;
    let _built_by = at.u16()?;
    let _public_index = at.u16()?;
    let _library_version = at.u16()?;
    let symbol_records = at.u16()?;
    let _library_build = at.u16()?;
    let mut sizes = [0u64; 8];
    // The sixth is no size.
    for size in &mut sizes {
        *size = u64::from(at.u32()?);
    }
    let [modules, contributions, section_map, sources, type_servers, _, debug_streams, edit_and_continue] =
        sizes;
    let _flags = at.u16()?;
    let machine = at.u16()?;
    // In the order in which they lie in the stream; no sum of 32-bit sizes overflows.
    let mut end = HEADER_SIZE;
    let mut next = |size: u64| {
        let start = end;
        end += size;
        start..end
    };
    let modules = next(modules);
    let contributions = next(contributions);
    next(section_map);
    let sources = next(sources);
    next(type_servers);
    next(edit_and_continue);
    Some(Header {
        age,
        symbol_records,
        machine,
        modules,
        contributions,
        sources,
        debug_streams: next(debug_streams),
    })
}

impl Header {
    fn part<'d>(bytes: &'d [u8], range: &Range<u64>) -> Cursor<'d, 'static> {
        let at = cursor(bytes).until(range.end);
        at.from(range.start).unwrap_or_else(|| at.until(0))
    }

    /// The modules in order, and whether the list was read to its end.
    pub fn modules<'d>(&self, bytes: &'d [u8]) -> (Vec<Module<'d>>, bool) {
        let mut at = Header::part(bytes, &self.modules);
        let mut modules = Vec::new();
        while !at.is_at_end() {
            let Some(module) = module(&mut at, self.modules.start) else { return (modules, false) };
            modules.push(module);
        }
        (modules, self.modules.end <= bytes.len() as u64)
    }

    /// The contributions in order, and whether the list was read to its end.
    pub fn contributions(&self, bytes: &[u8]) -> (Vec<Contribution>, bool) {
        let mut at = Header::part(bytes, &self.contributions);
        let mut all = Vec::new();
        if self.contributions.is_empty() {
            return (all, true);
        }
        let has_coff_section = match at.u32() {
            Some(CONTRIBUTIONS_V60) => false,
            Some(CONTRIBUTIONS_V2) => true,
            _ => return (all, false),
        };
        while !at.is_at_end() {
            let Some(one) = contribution(&mut at, has_coff_section) else { return (all, false) };
            all.push(one);
        }
        (all, self.contributions.end <= bytes.len() as u64)
    }

    /// The names of source files, in order and without repeats.
    ///
    /// The numbers of modules and of files are 16 bits wide and overflow in large
    /// programs; what counts is the list of offsets, one for each file of each module.
    pub fn sources<'d>(&self, bytes: &'d [u8]) -> Vec<&'d [u8]> {
        self.read_sources(bytes).unwrap_or_default()
    }

    fn read_sources<'d>(&self, bytes: &'d [u8]) -> Option<Vec<&'d [u8]>> {
        let mut at = Header::part(bytes, &self.sources);
        let modules = at.u16()?;
        let _files = at.u16()?;
        at.skip(2 * u64::from(modules))?;
        let mut files = 0u64;
        for _ in 0..modules {
            files += u64::from(at.u16()?);
        }
        let names_start = at.at().checked_add(4 * files)?;
        let mut offsets = Vec::new();
        for _ in 0..files {
            offsets.push(at.u32()?);
        }
        offsets.sort_unstable();
        offsets.dedup();
        let name = |offset: &u32| at.from(names_start.checked_add(u64::from(*offset))?)?.cstr();
        let mut names: Vec<&[u8]> = Vec::new();
        let mut end = None;
        for offset in &offsets {
            // Names that overlap would make long work of a short file.
            if end.is_some_and(|end| u64::from(*offset) < end) {
                continue;
            }
            // If none ends behind this offset, none does behind a greater one.
            let Some(name) = name(offset) else { break };
            end = Some(u64::from(*offset) + name.len() as u64);
            if !name.is_empty() {
                names.push(name);
            }
        }
        Some(names)
    }

    /// Whether a tool moved code after it was linked, so that offsets are no longer those of the file.
    pub fn is_rearranged(&self, bytes: &[u8]) -> bool {
        let mut at = Header::part(bytes, &self.debug_streams);
        let skipped = at.skip(2 * OMAP_FROM_SOURCE as u64);
        skipped.and_then(|()| at.u16()).is_some_and(|stream| stream != NO_STREAM)
    }
}

fn module<'d>(at: &mut Cursor<'d, 'static>, start: u64) -> Option<Module<'d>> {
    let _unused = at.u32()?;
    // Its first contribution.
    at.skip(28)?;
    let _flags = at.u16()?;
    let stream = at.u16()?;
    let symbols_size = at.u32()?;
    let lines_sizes = [at.u32()?, at.u32()?];
    // Number of files, a hole, an unused word and two numbers of names.
    at.skip(2 + 2 + 4 + 4 + 4)?;
    let (name, file) = (at.cstr()?, at.cstr()?);
    let padding = (4 - (at.at() - start) % 4) % 4;
    // The last one may lack its padding.
    at.skip(padding).or_else(|| at.is_at_end().then_some(()))?;
    Some(Module { name, file, stream, symbols_size, lines_sizes })
}

fn contribution(at: &mut Cursor<'_, '_>, has_coff_section: bool) -> Option<Contribution> {
    let section = at.u16()?;
    at.skip(2)?;
    let (offset, size) = (at.u32()?, at.u32()?);
    let _characteristics = at.u32()?;
    let module = at.u16()?;
    // A hole and two checksums.
    at.skip(2 + 4 + 4 + if has_coff_section { 4 } else { 0 })?;
    Some(Contribution { place: Place { section, offset }, size, module })
}
