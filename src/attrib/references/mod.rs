//! What instructions refer to, read once for all who ask.
//!
//! Knows neither crates nor what the data is.

mod code;
mod x86_64;

use std::ops::Range;

use rayon::prelude::*;

use self::code::Reader;
use super::sections::Layout;
use super::symbols::Symbols;
use crate::format::Image;
use crate::kind::Kind;
use crate::model::SymbolId;
use crate::parallel;
use crate::partition::Partition;

/// Code is read in lots of this many runs, whatever the number of threads.
const LOT: usize = 256;

/// An operand of an instruction that is the place of some data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Reference {
    /// Position of the data.
    pub to: u64,
    /// Position of the instruction.
    pub from: u64,
    /// What the instruction does with the place.
    pub usage: Usage,
}

/// What an instruction does with a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Usage {
    /// Takes its address: the start of an object, as a rule.
    Address,
    /// Reads or writes it at once: a number, or a field of an object.
    Access,
}

/// All references of code to data of the program, sorted.
#[derive(Debug, Default)]
pub(super) struct References {
    all: Vec<Reference>,
}

impl References {
    /// Reads all code. Empty for object files, where linkers have yet to fill in operands, and for
    /// instruction sets that are not read.
    ///
    /// *Cost*: linear in the size of the code.
    pub fn read(
        image: &Image<'_>,
        bytes: &[u8],
        layout: &Layout,
        by_symbol: &Partition<SymbolId>,
        symbols: &Symbols,
    ) -> References {
        let data = merged(layout.by_section.iter().filter_map(|(span, section)| {
            let row = section.get().and_then(|i| layout.sections.get(i))?;
            row.kind.is_data().then_some(span)
        }));
        let extents: Vec<Range<u64>> =
            (0..image.members.len()).map(|space| image.line.extent(space as u32)).collect();
        let is_address = |space: u32, to: &u64| extents.get(space as usize).is_some_and(|e| e.contains(to));
        let read = |run: &Range<u64>| {
            let mut found: Vec<Reference> = Vec::new();
            let reader = Reader::of(image.machine_at(run.start));
            let code = bytes.get(run.start as usize..run.end as usize);
            // An address in code is of the address space that the code is in. Code that is
            // not in memory refers to that of its member: each has one space, in order.
            let elsewhere = || Some((image.member_at(run.start)? as u32, 0));
            let place = image.line.place(run.start).or_else(elsewhere);
            if let (Some(code), Some((space, address))) = (code, place) {
                reader.operands(code, address, &mut |operand| {
                    let from = run.start + operand.at.wrapping_sub(address);
                    // Most constants are no addresses at all.
                    let target = Some(operand.target).filter(|t| is_address(space, t));
                    let to = target.and_then(|t| image.line.pos_in(space, t)).filter(|&to| holds(&data, to));
                    found.extend(to.map(|to| Reference { to, from, usage: operand.usage }));
                });
            }
            found
        };
        let runs = code_runs(layout, by_symbol, symbols.padding);
        let lots = parallel::lots(&runs, LOT, |lot| lot.iter().flat_map(read).collect::<Vec<_>>());
        let mut all: Vec<Reference> = lots.into_iter().flatten().collect();
        all.par_sort_unstable();
        all.dedup();
        References { all }
    }

    /// All of them, in order of the data, then of the instructions.
    pub fn iter(&self) -> impl Iterator<Item = &Reference> {
        self.all.iter()
    }

    /// Those to positions in `span`, in order.
    pub fn to(&self, span: Range<u64>) -> &[Reference] {
        let start = self.all.partition_point(|r| r.to < span.start);
        let end = self.all.partition_point(|r| r.to < span.end);
        self.all.get(start..end).unwrap_or_default()
    }
}

/// Code in order of position, cut by section and symbol, without padding.
fn code_runs(layout: &Layout, by_symbol: &Partition<SymbolId>, padding: SymbolId) -> Vec<Range<u64>> {
    let mut at_symbol = by_symbol.cursor();
    let mut runs = Vec::with_capacity(by_symbol.len());
    for (span, section) in layout.by_section.iter() {
        let row = section.get().and_then(|i| layout.sections.get(i));
        if row.is_none_or(|r| r.kind != Kind::Code) {
            continue;
        }
        let mut at = span.start;
        while at < span.end {
            let (run, symbol) = at_symbol.run(at).unwrap_or((span.clone(), SymbolId::NONE));
            let end = run.end.min(span.end);
            if symbol != padding {
                runs.push(at..end);
            }
            at = end;
        }
    }
    runs
}

/// Spans in order, those that touch made one.
fn merged(spans: impl Iterator<Item = Range<u64>>) -> Vec<Range<u64>> {
    let mut all: Vec<Range<u64>> = Vec::new();
    for span in spans {
        match all.last_mut() {
            Some(last) if last.end == span.start => last.end = span.end,
            _ => all.push(span),
        }
    }
    all
}

fn holds(spans: &[Range<u64>], pos: u64) -> bool {
    let after = spans.partition_point(|s| s.start <= pos);
    after.checked_sub(1).and_then(|i| spans.get(i)).is_some_and(|s| pos < s.end)
}
