//! Units of DWARF debug information: what they are called, which code is theirs,
//! and which bytes of the debug sections exist on their account.
//!
//! Takes section bytes and knows no container format. Reads the header and the
//! root entry of every unit; what is below only where instructions are asked for (`code`).

mod code;
mod form;
mod loc;
mod parts;
mod ranges;
pub(super) mod split;
mod unit;

use std::borrow::Cow;
use std::ops::Range;

use hashbrown::HashMap;

use crate::error::Diagnostic;
use crate::format::code::{CodeFacts, Detail};
use crate::format::cursor::{Cursor, Fixup};
use crate::format::text::Decoder;
use crate::format::trouble::Trouble;
use crate::format::{Endian, Line, SharedText, SplitUnit, TextField, Unit, UnitPart, UnitRange};
use crate::parallel;

/// The debug sections whose bytes are divided among units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DebugKind {
    /// `.debug_abbrev`: how entries are encoded.
    Abbrev,
    /// `.debug_addr`: addresses units refer to by number.
    Addr,
    /// `.debug_aranges`: unit by address.
    Aranges,
    /// `.debug_gnu_pubnames`: public names with a hash for `.gdb_index`.
    GnuPubNames,
    /// `.debug_gnu_pubtypes`: the same for types.
    GnuPubTypes,
    /// `.debug_info`: the units.
    Info,
    /// `.debug_line`: source lines.
    Line,
    /// `.debug_line_str`: paths of source files.
    LineStr,
    /// `.debug_loc`: where variables are, until version 4.
    Loc,
    /// `.debug_loclists`: where variables are, from version 5 on.
    LocLists,
    /// `.debug_macinfo`: macros, until version 4.
    MacInfo,
    /// `.debug_macro`: macros, from version 5 on.
    Macro,
    /// `.debug_names`: entry by name.
    Names,
    /// `.debug_pubnames`: public names.
    PubNames,
    /// `.debug_pubtypes`: public types.
    PubTypes,
    /// `.debug_ranges`: address ranges, until version 4.
    Ranges,
    /// `.debug_rnglists`: address ranges, from version 5 on.
    RngLists,
    /// `.debug_str`: strings.
    Str,
    /// `.debug_str_offsets`: strings units refer to by number.
    StrOffsets,
    /// `.debug_types`: units of one type each, in version 4.
    Types,
}

impl DebugKind {
    const ALL: [(DebugKind, &'static [u8]); 20] = [
        (DebugKind::Abbrev, b"abbrev"),
        (DebugKind::Addr, b"addr"),
        (DebugKind::Aranges, b"aranges"),
        (DebugKind::GnuPubNames, b"gnu_pubnames"),
        (DebugKind::GnuPubTypes, b"gnu_pubtypes"),
        (DebugKind::Info, b"info"),
        (DebugKind::Line, b"line"),
        (DebugKind::LineStr, b"line_str"),
        (DebugKind::Loc, b"loc"),
        (DebugKind::LocLists, b"loclists"),
        (DebugKind::MacInfo, b"macinfo"),
        (DebugKind::Macro, b"macro"),
        (DebugKind::Names, b"names"),
        (DebugKind::PubNames, b"pubnames"),
        (DebugKind::PubTypes, b"pubtypes"),
        (DebugKind::Ranges, b"ranges"),
        (DebugKind::RngLists, b"rnglists"),
        (DebugKind::Str, b"str"),
        (DebugKind::StrOffsets, b"str_offsets"),
        (DebugKind::Types, b"types"),
    ];

    /// Which debug section a section of this name is: `.debug_info`, or `.zdebug_info` if compressed.
    pub fn from_name(name: &[u8]) -> Option<DebugKind> {
        let rest = name.strip_prefix(b".debug_").or_else(|| name.strip_prefix(b".zdebug_"))?;
        DebugKind::ALL.iter().find(|(_, text)| *text == rest).map(|(kind, _)| *kind)
    }
}

/// A debug section.
#[derive(Debug, Clone, Copy)]
pub struct DebugSection<'data, 'fix> {
    /// Which one it is. There may be several of one kind in an object file.
    pub kind: DebugKind,
    /// Index into `Image::sections`.
    pub index: u32,
    /// Its bytes, decompressed.
    pub bytes: &'data [u8],
    /// Its relocations sorted by offset; empty in a linked file.
    pub fixups: &'fix [Fixup],
    /// File offset of its first byte, unless it is compressed: for diagnostics.
    pub file_offset: Option<u64>,
}

/// What debug information says of a file.
#[derive(Debug, Clone, Default)]
pub struct DwarfFacts<'data> {
    /// The units.
    pub units: Vec<Unit<'data>>,
    /// Which code is theirs, sorted.
    pub unit_ranges: Vec<UnitRange>,
    /// Which debug information is theirs, sorted; parts of one section do not overlap.
    pub unit_parts: Vec<UnitPart>,
    /// Units whose entries are in files of their own.
    pub split_units: Vec<SplitUnit>,
    /// Texts that are in a file shared with others.
    pub shared_texts: Vec<SharedText>,
    /// Where instructions come from, if that was asked for.
    pub code: Option<CodeFacts>,
    /// The highest DWARF version of any unit; `None` if there is no unit.
    pub version: Option<u16>,
    /// What could not be understood.
    pub diagnostics: Vec<Diagnostic>,
}

impl DwarfFacts<'_> {
    /// The same without borrowing from the sections.
    ///
    /// *Cost*: copies all names.
    pub fn into_owned(self) -> DwarfFacts<'static> {
        let own = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        let units = self.units.into_iter().map(|unit| Unit {
            name: own(unit.name),
            comp_dir: own(unit.comp_dir),
            producer: own(unit.producer),
            language: unit.language,
            version: unit.version,
            object: own(unit.object),
            archive: own(unit.archive),
        });
        DwarfFacts {
            units: units.collect(),
            unit_ranges: self.unit_ranges,
            unit_parts: self.unit_parts,
            split_units: self.split_units,
            shared_texts: self.shared_texts,
            code: self.code,
            version: self.version,
            diagnostics: self.diagnostics,
        }
    }
}

/// The sections by kind.
struct Sections<'data, 'fix> {
    list: &'fix [DebugSection<'data, 'fix>],
    /// The first of each kind, by [`DebugKind`]. Object files may have very many sections.
    firsts: [Option<&'fix DebugSection<'data, 'fix>>; DebugKind::ALL.len()],
    endian: Endian,
}

impl<'data, 'fix> Sections<'data, 'fix> {
    fn new(list: &'fix [DebugSection<'data, 'fix>], endian: Endian) -> Sections<'data, 'fix> {
        let mut firsts = [None; DebugKind::ALL.len()];
        for section in list {
            if let Some(first @ None) = firsts.get_mut(section.kind as usize) {
                *first = Some(section);
            }
        }
        Sections { list, firsts, endian }
    }

    /// The same, with the section at an index of the list as the first of `.debug_info`.
    fn with_units_of(&self, index: usize) -> Sections<'data, 'fix> {
        let Sections { list, mut firsts, endian } = *self;
        if let Some(first) = firsts.get_mut(DebugKind::Info as usize) {
            *first = list.get(index);
        }
        Sections { list, firsts, endian }
    }

    fn first(&self, kind: DebugKind) -> Option<&'fix DebugSection<'data, 'fix>> {
        self.firsts.get(kind as usize).copied().flatten()
    }

    /// Reads the first section of a kind.
    fn cursor(&self, kind: DebugKind) -> Option<Cursor<'data, 'fix>> {
        self.first(kind).map(|section| Cursor::new(section.bytes, self.endian, section.fixups))
    }

    /// Reads the section at an index of the list.
    fn cursor_at(&self, i: usize) -> Option<(DebugKind, Cursor<'data, 'fix>)> {
        let section = self.list.get(i)?;
        Some((section.kind, Cursor::new(section.bytes, self.endian, section.fixups)))
    }

    fn len_of(&self, i: usize) -> u64 {
        self.list.get(i).map_or(0, |section| section.bytes.len() as u64)
    }
}

/// Reads the units of all sections given.
///
/// `code` is where instructions lie on the line, sorted; code ranges that start
/// elsewhere are of code the linker dropped. Empty if that is not known.
///
/// *Cost*: linear in the number of units, range list entries and sets, and with
/// [`Detail::Code`] in the size of entries and line programs; in parallel, with the same
/// result whatever the number of threads.
pub fn read<'data>(
    sections: &[DebugSection<'data, '_>],
    line: &Line,
    code: &[Range<u64>],
    endian: Endian,
    detail: Detail,
) -> DwarfFacts<'data> {
    let sections = Sections::new(sections, endian);
    let mut trouble = Trouble::default();
    let headers = headers(&sections, &mut trouble);
    let abbreviations = abbreviations(&sections, &headers);
    let pairs: Vec<_> = headers.iter().zip(&abbreviations).collect();
    let root = |(header, place): &(&unit::Header, &Option<u64>)| unit::root(&sections, header, **place);
    let roots: Vec<Result<unit::Root<'data>, &'static str>> = parallel::map(&pairs, UNITS, root);
    let roots: Vec<Option<unit::Root<'data>>> = roots
        .into_iter()
        .zip(&headers)
        .map(|(root, header)| match root {
            Ok(root) => Some(root),
            Err(what) => {
                complain(&sections, &mut trouble, header.section, header.start, header.end, what);
                None
            }
        })
        .collect();

    let (owners, named_by) = owners(&headers, &roots);
    let units = units(&headers, &roots, &named_by);

    let (split_units, shared_texts) = elsewhere(&headers, &roots, &named_by);

    let places = ranges::Places { line, code };
    let bounds = list_bounds(&sections, &headers, &roots);
    let listed =
        parallel::numbers(headers.len(), UNITS, |i| match (headers.get(i), roots.get(i), bounds.get(i)) {
            (Some(header), Some(Some(root)), Some(bound)) => {
                ranges::read(&sections, places, header, root, *bound)
            }
            _ => ranges::Listed::default(),
        });
    let mut unit_ranges = Vec::new();
    for ((listed, owner), header) in listed.iter().zip(&owners).zip(&headers) {
        if listed.is_broken {
            let what = "its range list is cut off or holds an unknown entry";
            complain(&sections, &mut trouble, header.section, header.start, header.end, what);
        }
        let Some(unit) = *owner else { continue };
        unit_ranges.extend(listed.spans.iter().map(|span| UnitRange {
            start: span.start,
            end: span.end,
            unit,
        }));
    }
    unit_ranges.sort_unstable();

    let read = parts::UnitsRead {
        sections: &sections,
        headers: &headers,
        roots: &roots,
        owners: &owners,
        list_ends: listed.iter().map(|listed| listed.end).collect(),
        n_units: units.len(),
        unit_ranges: &unit_ranges,
        line,
    };
    let unit_parts = parts::all(&read);
    let code = (detail != Detail::Plain).then(|| {
        let units = code::Units {
            sections: &sections,
            headers: &headers,
            roots: &roots,
            places,
            file_type: gimli::DwarfFileType::Main,
        };
        code::read(&units, detail, &mut trouble)
    });
    DwarfFacts {
        units,
        unit_ranges,
        unit_parts,
        split_units,
        shared_texts,
        code,
        version: headers.iter().map(|header| header.version).max(),
        diagnostics: trouble.into_diagnostics(),
    }
}

/// Walks the unit headers of all `.debug_info` and `.debug_types` sections.
fn headers(sections: &Sections<'_, '_>, trouble: &mut Trouble) -> Vec<unit::Header> {
    let mut headers = Vec::new();
    for (i, section) in sections.list.iter().enumerate() {
        if !matches!(section.kind, DebugKind::Info | DebugKind::Types) {
            continue;
        }
        let len = section.bytes.len() as u64;
        let mut at = 0u64;
        while at < len {
            // Ids of units are `u32`; more would need a section of 50 GB.
            if u32::try_from(headers.len()).is_err() {
                break;
            }
            at = match unit::header(sections, i, at) {
                unit::Found::Unit(header) => {
                    headers.push(header);
                    header.end
                }
                unit::Found::Odd { end, what } => {
                    complain(sections, trouble, i, at, end, what);
                    end
                }
                unit::Found::Lost(what) => {
                    let rest = section.bytes.get(usize::try_from(at).unwrap_or(usize::MAX)..);
                    // Padding at the end is no unit, and no fault.
                    if !rest.is_some_and(|rest| rest.len() < 8 && rest.iter().all(|&b| b == 0)) {
                        complain(sections, trouble, i, at, len, what);
                    }
                    break;
                }
            };
        }
    }
    headers
}

/// Units are read in lots of this many, whatever the number of threads.
const UNITS: usize = 64;

/// For each unit, where the abbreviation of its root is in `.debug_abbrev`.
///
/// Each table is read once for all units that share it, up to the last
/// abbreviation asked for. Tables do not overlap, so one ends where the next
/// starts; without that bound, many units could make each other's tables be read.
fn abbreviations(sections: &Sections<'_, '_>, headers: &[unit::Header]) -> Vec<Option<u64>> {
    let len = sections.first(DebugKind::Abbrev).map_or(0, |section| section.bytes.len() as u64);
    let mut wanted: Vec<(u64, u64, usize)> =
        headers.iter().enumerate().map(|(i, header)| (header.abbrev, header.code, i)).collect();
    wanted.sort_unstable();
    let tables: Vec<&[(u64, u64, usize)]> = wanted.chunk_by(|a, b| a.0 == b.0).collect();
    let starts = tables.iter().filter_map(|users| users.first()).map(|(start, ..)| *start);
    let starts: Vec<u64> = starts.chain([len]).collect();
    let bounded: Vec<_> = tables.iter().zip(starts.windows(2)).collect();
    let places: Vec<(Vec<u64>, Vec<Option<u64>>)> = parallel::map(&bounded, 16, |(users, bounds)| {
        let mut codes: Vec<u64> = users.iter().map(|(_, code, _)| *code).collect();
        codes.dedup();
        let found = match bounds {
            [start, end] => unit::abbreviations(sections, *start..*end, &codes),
            _ => Vec::new(),
        };
        (codes, found)
    });
    let mut out = vec![None; headers.len()];
    for (users, (codes, found)) in tables.iter().zip(&places) {
        for (_, code, i) in *users {
            let at = codes.binary_search(code).ok().and_then(|at| found.get(at).copied().flatten());
            if let Some(place) = out.get_mut(*i) {
                *place = at;
            }
        }
    }
    out
}

/// Puts on record what is wrong with the unit at `start..end` of a section.
fn complain(
    sections: &Sections<'_, '_>,
    trouble: &mut Trouble,
    section: usize,
    start: u64,
    end: u64,
    what: &'static str,
) {
    let Some(section) = sections.list.get(section) else { return };
    let name = if section.kind == DebugKind::Types { ".debug_types" } else { ".debug_info" };
    trouble.add("dwarf-unit", || {
        let message = format!("the unit at {start:#x} of `{name}`: {what}");
        let diagnostic = Diagnostic::warning("dwarf-unit", message);
        match section.file_offset.and_then(|offset| offset.checked_add(start)) {
            Some(at) => diagnostic.at(at).bytes(end.saturating_sub(start)),
            None => diagnostic,
        }
    });
}

/// Which unit of the result each header counts for (`None` if its root could not
/// be read), and for each unit of the result the header it is named by.
///
/// A unit that describes one type, or is a shared piece, and has no name of its
/// own counts for the compile unit with the same line program.
fn owners(headers: &[unit::Header], roots: &[Option<unit::Root<'_>>]) -> (Vec<Option<u32>>, Vec<usize>) {
    let needs_owner = |header: &unit::Header, root: &unit::Root<'_>| {
        root.name.is_empty() && (header.is_type || root.is_partial)
    };
    let both = || headers.iter().zip(roots).enumerate();
    let mut by_line: HashMap<u64, usize> = HashMap::new();
    for (i, (header, root)) in both() {
        if let Some(root) = root
            && let Some(line) = root.line
            && !root.name.is_empty()
            && !header.is_type
        {
            by_line.entry(line).or_insert(i);
        }
    }
    let compile_unit = |root: &unit::Root<'_>| root.line.and_then(|line| by_line.get(&line)).copied();
    let mut owners = vec![None; headers.len()];
    let mut named_by = Vec::new();
    for ((i, (header, root)), owner) in both().zip(&mut owners) {
        let Some(root) = root else { continue };
        if !(needs_owner(header, root) && compile_unit(root).is_some()) {
            *owner = u32::try_from(named_by.len()).ok();
            named_by.push(i);
        }
    }
    for (i, (header, root)) in both() {
        if let Some(root) = root
            && needs_owner(header, root)
            && let Some(of) = compile_unit(root)
        {
            let owner = owners.get(of).copied().flatten();
            if let Some(slot) = owners.get_mut(i) {
                *slot = owner;
            }
        }
    }
    (owners, named_by)
}

/// The units of the result, in the order their ids were given.
fn units<'data>(
    headers: &[unit::Header],
    roots: &[Option<unit::Root<'data>>],
    named_by: &[usize],
) -> Vec<Unit<'data>> {
    let mut decoder = Decoder::new();
    let mut unit = |i: usize| {
        let (header, root) = (headers.get(i)?, roots.get(i)?.as_ref()?);
        Some(Unit {
            name: decoder.text(root.name),
            comp_dir: decoder.text(root.comp_dir),
            producer: decoder.text(root.producer),
            language: root.language,
            version: header.version,
            ..Unit::default()
        })
    };
    named_by.iter().map(|&i| unit(i).unwrap_or_default()).collect()
}

/// The units of the result that have their entries or texts in files apart.
fn elsewhere(
    headers: &[unit::Header],
    roots: &[Option<unit::Root<'_>>],
    named_by: &[usize],
) -> (Vec<SplitUnit>, Vec<SharedText>) {
    let (mut split, mut texts) = (Vec::new(), Vec::new());
    for (unit, &i) in (0u32..).zip(named_by) {
        let (Some(header), Some(Some(root))) = (headers.get(i), roots.get(i)) else { continue };
        if let (Some(path), Some(id)) = (root.split_path, header.split_id.or(root.split_id)) {
            split.push(SplitUnit { unit, id, path: String::from_utf8_lossy(path).into_owned() });
        }
        let fields = [TextField::Name, TextField::CompDir, TextField::Producer];
        for (field, offset) in fields.into_iter().zip(root.shared) {
            texts.extend(offset.map(|offset| SharedText { unit, field, offset }));
        }
    }
    (split, texts)
}

/// For each unit with a range list, where the next unit's list starts.
///
/// `None` for units without a list, and for all but the first that name the same one.
fn list_bounds(
    sections: &Sections<'_, '_>,
    headers: &[unit::Header],
    roots: &[Option<unit::Root<'_>>],
) -> Vec<Option<u64>> {
    let mut bounds = vec![None; headers.len()];
    for kind in [DebugKind::Ranges, DebugKind::RngLists] {
        let len = sections.first(kind).map_or(0, |section| section.bytes.len() as u64);
        let mut lists: Vec<(u64, usize)> = headers
            .iter()
            .zip(roots)
            .enumerate()
            .filter(|(_, (header, _))| (header.version >= 5) == (kind == DebugKind::RngLists))
            .filter_map(|(i, (_, root))| Some((root.as_ref()?.ranges?, i)))
            .collect();
        lists.sort_unstable();
        lists.dedup_by_key(|(offset, _)| *offset);
        let ends = lists.iter().skip(1).map(|(offset, _)| *offset).chain([len]);
        for ((_, i), end) in lists.iter().zip(ends) {
            if let Some(bound) = bounds.get_mut(*i) {
                *bound = Some(end.min(len));
            }
        }
    }
    bounds
}

#[cfg(test)]
mod tests;
