//! Relocations of object files: each entry charged to the place it patches, and applied
//! where readers of sections need to see through them.

use std::ops::Range;

use object::pe;

use super::headers::{File, SectionHeader};
use super::symbols::Table;
use crate::error::Diagnostic;
use crate::format::{Addend, Charge, Fixup, Region, RegionPlace, Section, Symbol, Target};
use crate::kind::Kind;

/// Size of an entry: place, symbol, type.
const ENTRY: u64 = 10;

/// What relocations do to tables and debug information, by section.
#[derive(Default)]
pub(super) struct Applied {
    by_section: Vec<Vec<Fixup>>,
}

impl Applied {
    /// Fixups of section `index`, sorted by offset; none in an image.
    pub fn of(&self, index: usize) -> &[Fixup] {
        self.by_section.get(index).map_or(&[], Vec::as_slice)
    }
}

/// What the relocations of a file say.
#[derive(Default)]
pub(super) struct Relocations {
    pub applied: Applied,
    pub charges: Vec<Charge>,
    pub regions: Vec<Region>,
}

/// Reads the relocations of all sections.
pub(super) fn read(
    file: &File<'_>,
    sections: &[Section<'_>],
    table: &Table<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Relocations {
    let mut out = Relocations::default();
    // Tables do not overlap: together they are no longer than the file.
    let mut left = file.len();
    for (header, section) in file.headers.iter().zip(sections) {
        let mut fixups = Vec::new();
        let span = span(file, header, section, diagnostics).filter(|s| s.end - s.start <= left);
        if let Some(span) = span {
            left -= span.end - span.start;
            one_section(file, header, (section, sections), table, span, &mut out, &mut fixups);
        }
        fixups.sort_unstable();
        // Two relocations of one field are a pair; the first names the target.
        fixups.dedup_by_key(|f: &mut Fixup| f.offset);
        out.applied.by_section.push(fixups);
        if let Some(span) = lines(file, header) {
            let place = RegionPlace::File;
            out.regions.push(Region { span, name: "COFF line numbers".into(), kind: Kind::Debug, place });
        }
    }
    out
}

/// Where the entries of a section lie, the first one left out if it only holds their number.
fn span(
    file: &File<'_>,
    header: &SectionHeader,
    section: &Section<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Range<u64>> {
    let start = u64::from(header.relocations_at);
    let mut count = u64::from(header.relocations);
    if start == 0 || count == 0 {
        return None;
    }
    if count == 0xffff && header.has(pe::IMAGE_SCN_LNK_NRELOC_OVFL) {
        count = u64::from(file.cursor(start)?.u32()?);
    }
    let end = start.checked_add(count.checked_mul(ENTRY)?)?;
    if end > file.len() {
        let text = format!(
            "section {} has {count} relocations at {start:#x}, which the file ends before",
            section.name
        );
        diagnostics.push(Diagnostic::warning("relocations-out-of-file", text).at(start.min(file.len())));
    }
    let fits = file.len().saturating_sub(start) / ENTRY;
    (fits > 0).then(|| start..start + count.min(fits) * ENTRY)
}

fn one_section(
    file: &File<'_>,
    header: &SectionHeader,
    (section, sections): (&Section<'_>, &[Section<'_>]),
    table: &Table<'_>,
    span: Range<u64>,
    out: &mut Relocations,
    fixups: &mut Vec<Fixup>,
) {
    let is_read = matches!(section.kind, Kind::Unwind | Kind::Debug);
    for start in (span.start..span.end).step_by(ENTRY as usize) {
        let Some(mut c) = file.cursor(start) else { break };
        let (Some(place), Some(entry)) = (c.u32(), c.u32()) else { break };
        let offset = u64::from(place).wrapping_sub(u64::from(header.virtual_address));
        if offset >= section.span.end - section.span.start {
            continue;
        }
        let on = Target::Pos(section.span.start + offset);
        out.charges.push(Charge { start, end: start + ENTRY, on });
        let symbol = table.symbol(entry).and_then(|s| table.symbols.get(s as usize));
        if is_read && let Some(value) = symbol.and_then(|s| base_of(s, sections)) {
            fixups.push(Fixup { offset, value, addend: Addend::Stored });
        }
    }
    let (name, place) = ("relocations".into(), RegionPlace::File);
    out.regions.push(Region { span, name, kind: Kind::Relocations, place });
}

/// Where a symbol lies: on the line if its section is loaded, else as an offset into that.
fn base_of(symbol: &Symbol<'_>, sections: &[Section<'_>]) -> Option<u64> {
    let section = sections.get(symbol.section? as usize)?;
    Some(if section.loaded { section.span.start.wrapping_add(symbol.address) } else { symbol.address })
}

/// Where the line numbers of a section lie, which compilers no longer write.
fn lines(file: &File<'_>, header: &SectionHeader) -> Option<Range<u64>> {
    let start = u64::from(header.lines_at);
    let end = start.checked_add(u64::from(header.lines) * 6)?;
    (start > 0 && start < end && end <= file.len()).then_some(start..end)
}
