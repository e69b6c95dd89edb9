//! Which sections hold unwind tables, handed to their reader.

use super::relocations::Applied;
use super::{Elf, File, endian_of};
use crate::format::once::Once;
use crate::format::trouble::Trouble;
use crate::format::unwind::{
    Surroundings, UnwindFacts, UnwindSection, read_arm, read_debug_frame, read_eh_frame,
};
use crate::format::{Charge, DEAD_UNWIND_DATA, Line, Region, RegionPlace, Section, code_spans};
use crate::kind::Kind;
use crate::order;

/// Reads all unwind tables.
pub(super) fn read<H: Elf>(
    file: &File<'_, H>,
    line: &Line,
    sections: &[Section<'_>],
    applied: &Applied,
) -> UnwindFacts {
    let code = code_spans(sections);
    let got = sections.iter().find(|s| s.name == ".got").map_or(0, |s| s.address);
    let around = Surroundings {
        line,
        code: &code,
        endian: endian_of(file.endian),
        address_size: if file.is_64() { 8 } else { 4 },
        text_base: 0,
        data_base: got,
    };
    let mut once = Once::of(file.data.len());
    let mut trouble = Trouble::default();
    let mut find = |wanted: fn(&str) -> bool| -> Vec<UnwindSection<'_>> {
        // What is stored compressed has no places to speak of.
        let stored = |index| file.headers.get(index).is_some_and(|h| !file.is_compressed(h));
        let all = sections.iter().enumerate().filter(|(index, s)| wanted(&s.name) && stored(*index));
        let all = all.filter(|(index, s)| once.may_read_section(file.bytes(*index), s, &mut trouble));
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
    let mut spans: Vec<(u64, u64)> =
        exceptions.iter().map(|s| (s.pos, s.pos + s.bytes.len() as u64)).collect();
    spans.sort_unstable();
    let is_live = |charge: &Charge| {
        let after = spans.partition_point(|&(start, _)| start <= charge.start);
        after.checked_sub(1).and_then(|last| spans.get(last)).is_some_and(|&(_, end)| charge.start < end)
    };
    if all.charges.iter().any(is_live) {
        dead(&exceptions, &all.charges, &mut all.regions);
    }
    all.diagnostics.extend(trouble.into_diagnostics());
    order::spans(&mut all.functions);
    all.functions.dedup();
    all.guarded.sort_unstable();
    all.guarded.dedup();
    all
}

/// Names what no live function refers to: some linkers drop functions and keep
/// their exception tables.
fn dead(exceptions: &[UnwindSection<'_>], charges: &[Charge], regions: &mut Vec<Region>) {
    let mut live: Vec<(u64, u64)> = charges.iter().map(|c| (c.start, c.end)).collect();
    live.sort_unstable();
    for section in exceptions {
        let (mut at, end) = (section.pos, section.pos + section.bytes.len() as u64);
        let first = live.partition_point(|&(_, e)| e <= at);
        let inside = live[first..].iter().take_while(|&&(start, _)| start < end);
        for (start, stop) in inside.copied().chain([(end, end)]) {
            // Tables are aligned to 4 bytes; what that takes is no table.
            if start >= at + 4 {
                let (name, kind) = (DEAD_UNWIND_DATA.into(), Kind::Unwind);
                regions.push(Region { span: at..start, name, kind, place: RegionPlace::InSection });
            }
            at = at.max(stop);
        }
    }
}

fn join(all: &mut UnwindFacts, more: UnwindFacts) {
    if *all == UnwindFacts::default() {
        *all = more;
        return;
    }
    all.functions.extend(more.functions);
    all.guarded.extend(more.guarded);
    all.charges.extend(more.charges);
    all.regions.extend(more.regions);
    all.diagnostics.extend(more.diagnostics);
}
