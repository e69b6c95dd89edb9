//! Stubs and pointers to symbols of other files, through the table of indirect symbols.
//!
//! Sections of such pointers or stubs state where in the table theirs start
//! (`reserved1`); it holds numbers of symbols.

use object::macho;

use super::commands::SectionHeader;
use super::context::{Context, Found};
use super::tables::Table;
use crate::format::{Charge, Region, RegionPlace, Section, Target};
use crate::kind::Kind;

/// Charges stubs, pointers, and the entries of the table to the symbols they stand for.
pub(super) fn read(context: &Context<'_, '_>, found: &mut Found, regions: &mut Vec<Region>) {
    let Some((table, range)) = context.table(Table::IndirectSymbols) else { return };
    for (header, section) in context.commands.sections.iter().zip(context.sections) {
        let is_lazy = header.section_type() == macho::S_LAZY_SYMBOL_POINTERS;
        let Some(size) = slot_size(context, header) else { continue };
        let Some(mut entries) = context.file.cursor(table).from(u64::from(header.reserved1) * 4) else {
            continue;
        };
        let mut helpers: Vec<(u64, Target)> = Vec::new();
        let slots = (section.span.end - section.span.start) / size;
        for slot in 0..slots {
            let at = range.start + entries.at();
            let Some(entry) = entries.u32() else { break };
            let start = section.span.start + slot * size;
            let local = macho::INDIRECT_SYMBOL_LOCAL.0 | macho::INDIRECT_SYMBOL_ABS.0;
            let on = if entry & local == 0 {
                let known = (entry as usize) < context.symbols.len();
                known.then_some(Target::Symbol(entry))
            } else {
                // A pointer to something in this file.
                context.word(start).and_then(|address| context.line.pos(address)).map(Target::Pos)
            };
            let Some(on) = on else { continue };
            found.charges.push(Charge { start, end: start + size, on });
            found.charges.push(Charge { start: at, end: at + 4, on });
            if is_lazy && let Some(helper) = context.word(start).and_then(|a| context.line.pos(a)) {
                helpers.push((helper, on));
            }
        }
        charge_helpers(context, helpers, found, regions);
    }
}

/// The size of a stub or pointer; `None` for sections of anything else.
fn slot_size(context: &Context<'_, '_>, header: &SectionHeader<'_>) -> Option<u64> {
    match header.section_type() {
        macho::S_SYMBOL_STUBS => Some(u64::from(header.reserved2)).filter(|&size| size > 0),
        macho::S_NON_LAZY_SYMBOL_POINTERS
        | macho::S_LAZY_SYMBOL_POINTERS
        | macho::S_LAZY_DYLIB_SYMBOL_POINTERS
        | macho::S_THREAD_LOCAL_VARIABLE_POINTERS => Some(u64::from(context.file.address_size())),
        _ => None,
    }
}

/// Until it is bound, a lazy pointer leads to a few instructions that have it bound: these
/// are on account of the same symbol. In front of them is what they have in common.
fn charge_helpers(
    context: &Context<'_, '_>,
    mut helpers: Vec<(u64, Target)>,
    found: &mut Found,
    regions: &mut Vec<Region>,
) {
    helpers.sort_unstable();
    helpers.dedup_by_key(|(start, _)| *start);
    let Some(&(first, _)) = helpers.first() else { return };
    let holds = |s: &&Section<'_>| s.executable && s.span.start <= first && first < s.span.end;
    let Some(section) = context.sections.iter().find(holds) else { return };
    if !section.name.ends_with(",__stub_helper") {
        return;
    }
    let nexts = helpers.iter().skip(1).map(|&(start, _)| start).chain([section.span.end]);
    for (&(start, on), next) in helpers.iter().zip(nexts) {
        let end = next.min(section.span.end);
        if start < end {
            found.charges.push(Charge { start, end, on });
        }
    }
    let (span, name) = (section.span.start..first, "lazy binding helper".into());
    regions.push(Region { span, name, kind: Kind::Code, place: RegionPlace::InSection });
}
