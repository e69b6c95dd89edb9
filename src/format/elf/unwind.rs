//! Which sections hold unwind tables, handed to their reader.

use std::ops::Range;

use super::relocations::Applied;
use super::{Elf, File, endian_of};
use crate::format::unwind::{
    Surroundings, UnwindFacts, UnwindSection, read_arm, read_debug_frame, read_eh_frame,
};
use crate::format::{Line, Section};

/// Where instructions lie on the line, sorted.
pub(super) fn code(sections: &[Section<'_>]) -> Vec<Range<u64>> {
    let mut code: Vec<Range<u64>> =
        sections.iter().filter(|s| s.executable && !s.span.is_empty()).map(|s| s.span.clone()).collect();
    code.sort_by_key(|s| (s.start, s.end));
    code
}

/// Reads all unwind tables.
pub(super) fn read<H: Elf>(
    file: &File<'_, H>,
    line: &Line,
    sections: &[Section<'_>],
    applied: &Applied,
) -> UnwindFacts {
    let code = code(sections);
    let got = sections.iter().find(|s| s.name == ".got").map_or(0, |s| s.address);
    let around = Surroundings {
        line,
        code: &code,
        endian: endian_of(file.endian),
        address_size: if file.is_64() { 8 } else { 4 },
        text_base: 0,
        data_base: got,
    };
    let find = |wanted: fn(&str) -> bool| -> Vec<UnwindSection<'_>> {
        let all = sections.iter().enumerate().filter(|(_, s)| wanted(&s.name) && s.uncompressed.is_none());
        all.map(|(index, s)| UnwindSection {
            bytes: file.bytes(index),
            pos: s.span.start,
            address: if file.relocatable { s.span.start } else { s.address },
            fixups: applied.of(index),
        })
        .filter(|s| !s.bytes.is_empty())
        .collect()
    };
    let frames = find(|n| n == ".eh_frame" || n == ".bolt.org.eh_frame");
    let search = find(|n| n == ".eh_frame_hdr");
    let exceptions = find(|n| n == ".gcc_except_table" || n.starts_with(".gcc_except_table."));
    let debug_frames = find(|n| n == ".debug_frame");
    let index = find(|n| n == ".ARM.exidx" || n.starts_with(".ARM.exidx."));
    let tables = find(|n| n == ".ARM.extab" || n.starts_with(".ARM.extab."));

    let mut all = UnwindFacts::default();
    for (at, section) in frames.iter().enumerate() {
        // The search table and the exception tables go with the first.
        let (search, exceptions) = if at == 0 { (search.first(), &exceptions[..]) } else { (None, &[][..]) };
        join(&mut all, read_eh_frame(section, search, exceptions, &around));
    }
    for section in &debug_frames {
        join(&mut all, read_debug_frame(section, &around));
    }
    if !index.is_empty() {
        join(&mut all, read_arm(&index, &tables, &around));
    }
    all.functions.sort_unstable_by_key(|f| (f.start, f.end));
    all.functions.dedup();
    all
}

fn join(all: &mut UnwindFacts, more: UnwindFacts) {
    all.functions.extend(more.functions);
    all.charges.extend(more.charges);
    all.regions.extend(more.regions);
    all.diagnostics.extend(more.diagnostics);
}
