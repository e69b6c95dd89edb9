//! The other halves of split units, in `.dwo` files and packages of them.
//!
//! DWARF 5 sections 3.1.3 and 7.3.5, and the GNU extension to version 4 that they
//! come from. As elsewhere only the root entry of a unit is read.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;

use crate::error::Diagnostic;
use crate::format::Endian;
use crate::format::cursor::Cursor;
use crate::format::dwarf::{DebugKind, DebugSection, Sections, abbreviations, headers, unit};
use crate::format::trouble::Trouble;

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

/// Reads the split units with the given ids, as far as they are there.
///
/// *Cost*: linear in the number of units, or for a package in that of its index.
pub(crate) fn read(
    sections: &[(SplitKind, &[u8])],
    endian: Endian,
    wanted: &HashSet<u64>,
) -> (Vec<Half>, Vec<Diagnostic>) {
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
    let headers: Vec<unit::Header> = match index {
        Some((_, bytes)) => match rows(Cursor::new(bytes, endian, &[]), wanted) {
            Some(rows) => packaged(&of_file, &rows),
            None => {
                trouble.add("split-index", || {
                    let text = ".debug_cu_index is cut off or of an unknown version; its units are not read";
                    Diagnostic::warning("split-index", text)
                });
                Vec::new()
            }
        },
        None => headers(&of_file, &mut trouble).into_iter().filter(|h| !h.is_type).collect(),
    };
    let abbreviations = abbreviations(&of_file, &headers);
    let halves =
        headers.par_iter().zip(&abbreviations).with_min_len(64).filter_map(|(header, abbreviation)| {
            let root = unit::root(&of_file, header, *abbreviation).ok()?;
            let id = header.split_id.or(root.split_id)?;
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            wanted.contains(&id).then(|| Half {
                id,
                name: text(root.name),
                comp_dir: text(root.comp_dir),
                producer: text(root.producer),
                language: root.language,
                version: header.version,
            })
        });
    (halves.collect(), trouble.into_diagnostics())
}

/// Where a unit of a package has its parts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Row {
    info: u64,
    abbrev: u64,
    str_offsets: u64,
}

/// `DW_SECT_*` (DWARF 5 section 7.3.5.3), of which version 2 has the ones used here as well.
const INFO: u32 = 1;
const ABBREV: u32 = 3;
const STR_OFFSETS: u32 = 6;

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
        rows.push(Row { info, abbrev: cell(ABBREV)?, str_offsets: cell(STR_OFFSETS).unwrap_or(0) });
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
            ..header
        }),
        _ => None,
    });
    found.collect()
}
