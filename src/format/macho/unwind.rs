//! Which sections hold unwind tables, handed to their reader; and where functions are, from all that tells.

use std::ops::Range;

use super::context::Context;
use super::relocations::Applied;
use crate::format::code_spans;
use crate::format::once::Once;
use crate::format::trouble::Trouble;
use crate::format::unwind::{
    CompactSections, Surroundings, UnwindFacts, UnwindSection, read_compact, read_debug_frame,
};

/// Reads all unwind tables. The functions are those of the tables and those in `starts`.
pub(super) fn read(context: &Context<'_, '_>, applied: &Applied, starts: &[Range<u64>]) -> UnwindFacts {
    let code = code_spans(context.sections);
    let file = context.file;
    let around = Surroundings {
        line: context.line,
        code: &code,
        endian: file.endian,
        address_size: file.address_size(),
        text_base: 0,
        data_base: 0,
    };
    let mut once = Once::of(file.len() as usize);
    let mut trouble = Trouble::default();
    let mut find = |wanted: &str| -> Vec<UnwindSection<'_>> {
        let all = context.sections.iter().enumerate();
        let named = all.filter(|(_, s)| s.name.rsplit_once(',').is_some_and(|(_, name)| name == wanted));
        let named = named.filter(|(_, s)| once.may_read_section(file.bytes(&s.span), s, &mut trouble));
        let sections = named.map(|(index, s)| UnwindSection {
            bytes: file.bytes(&s.span),
            pos: s.span.start,
            address: if file.is_object() { s.span.start } else { s.address },
            fixups: applied.of(index),
        });
        sections.filter(|s| !s.bytes.is_empty()).collect()
    };
    let index = find("__unwind_info");
    let (mut facts, known) = read_compact(
        &CompactSections {
            index: index.first(),
            entries: &find("__compact_unwind"),
            frames: &find("__eh_frame"),
            exception_tables: &find("__gcc_except_tab"),
            base: context.base.unwrap_or(0),
        },
        &around,
    );
    for section in find("__debug_frame") {
        let more = read_debug_frame(&section, &around);
        facts.charges.extend(more.charges);
        facts.regions.extend(more.regions);
        facts.diagnostics.extend(more.diagnostics);
    }
    facts.diagnostics.extend(trouble.into_diagnostics());
    facts.functions = functions(facts.functions, &known, starts, &code);
    facts
}

/// Puts together where functions are. Tables with lengths know best; where only starts are
/// known, a function ends where the next one starts or the code ends.
fn functions(
    exact: Vec<Range<u64>>,
    known: &[u64],
    starts: &[Range<u64>],
    code: &[Range<u64>],
) -> Vec<Range<u64>> {
    let mut all: Vec<(u64, Option<u64>)> = exact.iter().map(|f| (f.start, Some(f.end))).collect();
    all.extend(known.iter().map(|&start| (start, None)));
    all.extend(starts.iter().map(|f| (f.start, None)));
    // Of entries for one start, that with an end comes first.
    all.sort_unstable_by_key(|&(start, end)| (start, end.is_none(), end));
    all.dedup_by_key(|&mut (start, _)| start);
    let nexts: Vec<u64> = all.iter().skip(1).map(|&(start, _)| start).chain([u64::MAX]).collect();
    let bounded = all.into_iter().zip(nexts).filter_map(|((start, end), next)| {
        let after = code.partition_point(|span| span.start <= start);
        let section_end = code.get(after.checked_sub(1)?)?.end;
        let end = end.unwrap_or(next).min(section_end);
        (start < end).then_some(start..end)
    });
    bounded.collect()
}
