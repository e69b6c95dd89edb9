//! DWARF and call frame tables of the GNU toolchain, handed to their readers.

use std::ops::Range;

use super::headers::File;
use super::object_relocations::Applied;
use crate::format::dwarf::{self, DebugKind, DebugSection, DwarfFacts};
use crate::format::unwind::{Surroundings, UnwindFacts, UnwindSection, read_debug_frame, read_eh_frame};
use crate::format::{Detail, Endian, Line, Section};
use crate::order;

/// Where instructions lie on the line, sorted.
fn code(sections: &[Section<'_>]) -> Vec<Range<u64>> {
    let mut code: Vec<Range<u64>> =
        sections.iter().filter(|s| s.executable && !s.span.is_empty()).map(|s| s.span.clone()).collect();
    order::spans(&mut code);
    code
}

fn bytes<'data>(file: &File<'data>, section: &Section<'_>) -> &'data [u8] {
    file.bytes(section.span.start, section.span.end - section.span.start)
}

/// Reads the units of a file.
pub(super) fn units<'data>(
    file: &File<'data>,
    line: &Line,
    sections: &[Section<'_>],
    applied: &Applied,
    detail: Detail,
) -> DwarfFacts<'data> {
    // Sections do not overlap: together they are no longer than the file.
    let mut left = file.len();
    let of_section = |(index, section): (usize, &Section<'_>)| {
        let kind = DebugKind::from_name(section.name.as_bytes())?;
        let bytes = bytes(file, section);
        left = left.checked_sub(bytes.len() as u64)?;
        (!bytes.is_empty() && !section.name.starts_with(".z")).then_some(DebugSection {
            kind,
            index: u32::try_from(index).ok()?,
            bytes,
            fixups: applied.of(index),
            file_offset: Some(section.span.start),
        })
    };
    let list: Vec<DebugSection<'_, '_>> = sections.iter().enumerate().filter_map(of_section).collect();
    if list.is_empty() {
        return DwarfFacts::default();
    }
    dwarf::read(&list, line, &code(sections), Endian::Little, detail)
}

/// Reads `.eh_frame`, which 32-bit programs have instead of a function table, and `.debug_frame`.
pub(super) fn frames(
    file: &File<'_>,
    line: &Line,
    sections: &[Section<'_>],
    applied: &Applied,
) -> UnwindFacts {
    let code = code(sections);
    let around = Surroundings {
        line,
        code: &code,
        endian: Endian::Little,
        address_size: if file.is_64() { 8 } else { 4 },
        text_base: 0,
        data_base: 0,
    };
    let mut left = file.len();
    let mut find = |wanted: fn(&str) -> bool| -> Vec<UnwindSection<'_>> {
        let all = sections.iter().enumerate().filter(|(_, s)| wanted(s.name.split('$').next().unwrap_or("")));
        all.map(|(index, s)| UnwindSection {
            bytes: bytes(file, s),
            pos: s.span.start,
            address: if file.optional.is_none() { s.span.start } else { s.address },
            fixups: applied.of(index),
        })
        .filter(|s| !s.bytes.is_empty())
        .take_while(|s| {
            let rest = left.checked_sub(s.bytes.len() as u64);
            left = rest.unwrap_or_default();
            rest.is_some()
        })
        .collect()
    };
    // A linker that keeps to eight letters cuts the names.
    let exceptions = find(|n| n == ".gcc_except_table" || n == ".gcc_exc");
    let frames = find(|n| n == ".eh_frame" || n == ".eh_fram");
    let debug_frames = find(|n| n == ".debug_frame");
    let mut all = UnwindFacts::default();
    let tables = frames.iter().zip(0..).map(|(section, at)| {
        let exceptions = if at == 0 { &exceptions[..] } else { &[] };
        read_eh_frame(section, None, exceptions, &around)
    });
    for facts in tables.chain(debug_frames.iter().map(|section| read_debug_frame(section, &around))) {
        all.functions.extend(facts.functions);
        all.charges.extend(facts.charges);
        all.regions.extend(facts.regions);
        all.diagnostics.extend(facts.diagnostics);
    }
    all
}
