//! The other halves of split units, in `.dwo` files and packages of them.
//!
//! DWARF 5 sections 3.1.3 and 7.3.5, and the GNU extension to version 4 that they
//! come from. Only the root entry of a unit is read, unless its functions are asked for.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

use crate::error::Diagnostic;
use crate::format::code::CodeFacts;
use crate::format::cursor::Cursor;
use crate::format::dwarf::{DebugKind, DebugSection, Sections, abbreviations, code, headers, ranges, unit};
use crate::format::trouble::Trouble;
use crate::format::{Endian, Line};
use crate::parallel;

/// A section of a file with split units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SplitKind {
    /// `.debug_info.dwo` and so on: the debug section that its name would be without the ending.
    Debug(DebugKind),
    /// `.debug_cu_index`: the units of a package by id.
    Index,
}

impl SplitKind {
    /// Which section one of this name is.
    pub(crate) fn from_name(name: &str) -> Option<SplitKind> {
        if name == ".debug_cu_index" {
            return Some(SplitKind::Index);
        }
        DebugKind::from_name(name.strip_suffix(".dwo")?.as_bytes()).map(SplitKind::Debug)
    }
}

/// The version that the first unit of `.debug_info.dwo` states (DWARF 5 section 7.5.1).
pub(crate) fn version(bytes: &[u8], endian: Endian) -> Option<u16> {
    let mut at = Cursor::new(bytes, endian, &[]);
    if at.u32()? == u32::MAX {
        at.u64()?;
    }
    at.u16().filter(|version| (4..=5).contains(version))
}

/// What the root entry of a split unit says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Half {
    /// Id that it shares with its skeleton.
    pub id: u64,
    pub name: String,
    pub comp_dir: String,
    pub producer: String,
    pub language: u16,
    pub version: u16,
}

/// What a file with split units says.
#[derive(Debug)]
pub(crate) struct Halves {
    pub halves: Vec<Half>,
    /// Their functions, if these were asked for.
    pub code: Option<CodeFacts>,
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads the split units with the given ids, as far as they are there; their functions too if there is a `binary`
/// that they have code in.
///
/// *Cost*: linear in the number of units, or for a package in that of its index; with functions linear in their size.
pub(crate) fn read(
    sections: &[(SplitKind, &[u8])],
    endian: Endian,
    wanted: &HashSet<u64>,
    binary: Option<Binary<'_>>,
) -> Halves {
    let debug = sections.iter().zip(0u32..).filter_map(|((kind, bytes), index)| match kind {
        SplitKind::Debug(kind) => {
            Some(DebugSection { kind: *kind, index, bytes, fixups: &[], file_offset: None })
        }
        SplitKind::Index => None,
    });
    let debug: Vec<DebugSection<'_, '_>> = debug.collect();
    let of_file = Sections::new(&debug, endian);
    let mut trouble = Trouble::default();
    let index = sections.iter().find(|(kind, _)| *kind == SplitKind::Index);
    let found = match index {
        Some((_, bytes)) => match rows(Cursor::new(bytes, endian, &[]), wanted) {
            Some(rows) => roots(&of_file, packaged(&of_file, &rows), wanted),
            None => {
                trouble.add("split-index", || {
                    let text = ".debug_cu_index is cut off or of an unknown version; its units are not read";
                    Diagnostic::warning("split-index", text)
                });
                Vec::new()
            }
        },
        None => roots(&of_file, headers(&of_file, &mut trouble), wanted),
    };
    let half = |(id, header, root): &(u64, unit::Header, unit::Root<'_>)| {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Half {
            id: *id,
            name: text(root.name),
            comp_dir: text(root.comp_dir),
            producer: text(root.producer),
            language: root.language,
            version: header.version,
        }
    };
    let halves = found.iter().map(half).collect();
    let code = binary.map(|binary| functions(&of_file, found, binary, &mut trouble));
    Halves { halves, code, diagnostics: trouble.into_diagnostics() }
}

/// Units with one of the given ids: the id, the header and the root entry.
type Rooted<'data> = (u64, unit::Header, unit::Root<'data>);

/// The root entries of units with the given ids.
fn roots<'data>(
    sections: &Sections<'data, '_>,
    mut headers: Vec<unit::Header>,
    wanted: &HashSet<u64>,
) -> Vec<Rooted<'data>> {
    headers.retain(|header| !header.is_type);
    let abbreviations = abbreviations(sections, &headers);
    let root = |(header, abbreviation): &(&unit::Header, &Option<u64>)| {
        let root = unit::root(sections, header, **abbreviation).ok()?;
        let id = header.split_id.or(root.split_id).filter(|id| wanted.contains(id))?;
        Some((id, **header, root))
    };
    let units: Vec<_> = headers.iter().zip(&abbreviations).collect();
    parallel::map(&units, 64, root).into_iter().flatten().collect()
}

/// What the half of a unit that is in the binary says for the other one.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Skeleton {
    /// Where its addresses start in `.debug_addr`.
    addr_base: Option<u64>,
    low: Option<u64>,
    /// Where its ranges start in `.debug_ranges`, before version 5.
    ranges_base: Option<u64>,
    /// Its line program, which lists the files for both.
    line: Option<u64>,
    comp_dir: Vec<u8>,
}

/// The file that skeletons are in, as far as their other halves refer to it.
#[derive(Debug)]
pub(crate) struct Skeletons<'m> {
    sections: Vec<(DebugKind, Cow<'m, [u8]>)>,
    endian: Endian,
    by_id: HashMap<u64, Skeleton>,
}

impl<'m> Skeletons<'m> {
    /// Reads the skeletons with the given ids.
    ///
    /// *Cost*: linear in the number of units.
    pub(crate) fn new(
        sections: Vec<(DebugKind, Cow<'m, [u8]>)>,
        endian: Endian,
        wanted: &HashSet<u64>,
    ) -> Skeletons<'m> {
        let list = listed(&sections);
        let of_file = Sections::new(&list, endian);
        // What is wrong with them was said when the binary was read.
        let found = roots(&of_file, headers(&of_file, &mut Trouble::default()), wanted);
        let skeleton = |(id, _, root): Rooted<'_>| {
            let unit::Root { addr_base, low, ranges_base, line, .. } = root;
            (id, Skeleton { addr_base, low, ranges_base, line, comp_dir: root.comp_dir.to_vec() })
        };
        let by_id = found.into_iter().map(skeleton).collect();
        Skeletons { sections, endian, by_id }
    }
}

/// Sections as readers want them.
fn listed<'s>(sections: &'s [(DebugKind, Cow<'_, [u8]>)]) -> Vec<DebugSection<'s, 's>> {
    let section = |((kind, bytes), index): (&'s (DebugKind, Cow<'_, [u8]>), u32)| DebugSection {
        kind: *kind,
        index,
        bytes,
        fixups: &[],
        file_offset: None,
    };
    sections.iter().zip(0u32..).map(section).collect()
}

/// A binary that split units are of.
#[derive(Clone, Copy)]
pub(crate) struct Binary<'b> {
    pub skeletons: &'b Skeletons<'b>,
    pub line: &'b Line,
    /// Where its code lies, sorted; empty if that is not known.
    pub code: &'b [Range<u64>],
}

/// Reads the functions of units. Addresses and the names of files are in the binary.
fn functions(
    sections: &Sections<'_, '_>,
    found: Vec<Rooted<'_>>,
    binary: Binary<'_>,
    trouble: &mut Trouble,
) -> CodeFacts {
    let list = listed(&binary.skeletons.sections);
    let main = Sections::new(&list, binary.skeletons.endian);
    let (mut headers, mut roots) = (Vec::new(), Vec::new());
    // The index of a package may name a unit many times, or places inside another one.
    let mut found = found;
    found.sort_by_key(|(_, header, _)| header.start);
    let mut end = 0;
    for (id, header, root) in found {
        if header.start < end {
            continue;
        }
        end = header.end;
        let Some(skeleton) = binary.skeletons.by_id.get(&id) else {
            trouble.add("split-functions-unread", || {
                let text =
                    "the other half of a split unit is not in the binary itself; its functions are not read";
                Diagnostic::warning("split-functions-unread", text)
            });
            continue;
        };
        let (word, is_old) = (u64::from(header.word), header.version < 5);
        // Without a base the part of a section starts behind its header, which version 5 has.
        let behind = |part: u64, header: [u64; 2]| match (is_old, word) {
            (true, _) => part,
            (false, 8) => part.saturating_add(header[1]),
            (false, _) => part.saturating_add(header[0]),
        };
        let strings = root.str_offsets_base.map(|base| base.saturating_add(header.str_offsets));
        let ranges =
            if is_old { skeleton.ranges_base.unwrap_or(0) } else { behind(header.rnglists, [12, 20]) };
        roots.push(Some(unit::Root {
            low: skeleton.low,
            addr_base: skeleton.addr_base,
            line: skeleton.line,
            comp_dir: if root.comp_dir.is_empty() { &skeleton.comp_dir } else { root.comp_dir },
            str_offsets_base: Some(strings.unwrap_or_else(|| behind(header.str_offsets, [8, 16]))),
            rnglists_base: Some(root.rnglists_base.unwrap_or(ranges)),
            ..root
        }));
        headers.push(header);
    }
    let places = ranges::Places { line: binary.line, code: binary.code };
    let file_type = gimli::DwarfFileType::Dwo;
    let units = code::Units { sections, headers: &headers, roots: &roots, places, file_type };
    code::read_split(&units, &main, trouble)
}

/// Where a unit of a package has its parts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Row {
    info: u64,
    abbrev: u64,
    str_offsets: u64,
    rnglists: u64,
}

/// `DW_SECT_*` (DWARF 5 section 7.3.5.3), of which version 2 has the ones used here as well.
const INFO: u32 = 1;
const ABBREV: u32 = 3;
const STR_OFFSETS: u32 = 6;
/// In version 2 this number is that of another section, which is not used here.
const RNGLISTS: u32 = 8;

/// Reads the rows of an index for the ids in `wanted`; `None` if it is cut off or of an unknown version.
fn rows(mut c: Cursor<'_, '_>, wanted: &HashSet<u64>) -> Option<Vec<Row>> {
    // Version 2 has a word of its own, version 5 half a word and padding.
    let is_known = matches!(c.from(0)?.u32()?, 2) || c.from(0)?.u16()? == 5;
    c.skip(4)?;
    let (columns, units, slots) = (u64::from(c.u32()?), u64::from(c.u32()?), u64::from(c.u32()?));
    if !is_known {
        return None;
    }
    let ids = c.at();
    let numbers = ids.checked_add(slots.checked_mul(8)?)?;
    let kinds = numbers.checked_add(slots.checked_mul(4)?)?;
    let offsets = kinds.checked_add(columns.checked_mul(4)?)?;
    let mut column_of: HashMap<u32, u64> = HashMap::new();
    let mut c_kinds = c.from(kinds)?;
    for column in 0..columns.min(16) {
        column_of.entry(c_kinds.u32()?).or_insert(column);
    }
    let (mut c_ids, mut c_numbers) = (c.from(ids)?, c.from(numbers)?);
    let mut rows = Vec::new();
    for _ in 0..slots {
        let (id, number) = (c_ids.u64()?, u64::from(c_numbers.u32()?));
        if number == 0 || number > units || !wanted.contains(&id) {
            continue;
        }
        let cell = |kind: u32| -> Option<u64> {
            let column = column_of.get(&kind)?;
            let at = (number - 1).checked_mul(columns)?.checked_add(*column)?.checked_mul(4)?;
            c.from(offsets.checked_add(at)?)?.u32().map(u64::from)
        };
        let Some(info) = cell(INFO) else { continue };
        let part = |kind| cell(kind).unwrap_or(0);
        let (str_offsets, rnglists) = (part(STR_OFFSETS), part(RNGLISTS));
        rows.push(Row { info, abbrev: cell(ABBREV)?, str_offsets, rnglists });
    }
    Some(rows)
}

/// The headers of the units of a package, with their offsets made absolute.
fn packaged(sections: &Sections<'_, '_>, rows: &[Row]) -> Vec<unit::Header> {
    let Some(info) = sections.list.iter().position(|s| s.kind == DebugKind::Info) else { return Vec::new() };
    let found = rows.iter().filter_map(|row| match unit::header(sections, info, row.info) {
        unit::Found::Unit(header) => Some(unit::Header {
            abbrev: header.abbrev.checked_add(row.abbrev)?,
            str_offsets: row.str_offsets,
            rnglists: row.rnglists,
            ..header
        }),
        _ => None,
    });
    found.collect()
}
