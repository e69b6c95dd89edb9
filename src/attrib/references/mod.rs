//! What instructions refer to, read once for all who ask.
//!
//! Knows neither crates nor what the data is.

mod code;
mod wasm;

use std::ops::Range;

use self::code::Reader;
use super::sections::Layout;
use super::symbols::Symbols;
use crate::format::{Image, Line, Mapping};
use crate::kind::Kind;
use crate::model::SymbolId;
use crate::order::Leading;
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

/// All references of code to data of the program, in order of the data, then of the instructions.
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
        let data = layout.by_section.iter().filter_map(|(span, section)| {
            let row = section.get().and_then(|i| layout.sections.get(i))?;
            row.kind.is_data().then_some(span)
        });
        let data = in_memory(&image.line, data);
        let read = |run: &Range<u64>, found: &mut Vec<Reference>| {
            let code = bytes.get(run.start as usize..run.end as usize);
            // An address in code is of the address space that the code is in. Code that is
            // not in memory refers to that of its member: each has one space, in order.
            let elsewhere = || Some((image.member_at(run.start)? as u32, 0));
            let place = image.line.place(run.start).or_else(elsewhere);
            let space = place.and_then(|(space, _)| data.of(space));
            if let (Some(code), Some((_, address)), Some(data)) = (code, place, space) {
                let reader = Reader::of(image.machine_at(run.start), data.reach.clone());
                reader.operands(code, address, &mut |operand| {
                    let from = run.start + operand.at.wrapping_sub(address);
                    let to = data.position(operand.target);
                    found.extend(to.map(|to| Reference { to, from, usage: operand.usage }));
                });
            }
        };
        let runs = code_runs(layout, by_symbol, symbols.padding);
        let mut all = parallel::gather(&runs, LOT, |lot| {
            let mut found = Vec::new();
            lot.iter().for_each(|run| read(run, &mut found));
            found
        });
        // Instructions are in order already.
        radsort::sort_by_key(&mut all, |r| r.to);
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

/// Data in memory of each address space that has any, in order.
struct InMemory(Vec<Space>);

/// Data of one address space.
struct Space {
    number: u32,
    /// From the first address to behind the last.
    reach: Range<u64>,
    /// Parts that do not overlap, in order of their addresses.
    parts: Vec<Mapping>,
    leading: Leading,
}

/// The parts of `spans`, which are in order and do not overlap, that addresses lead to.
fn in_memory(line: &Line, spans: impl Iterator<Item = Range<u64>>) -> InMemory {
    let data = merged(spans);
    let mappings = line.by_address();
    let mut all: Vec<Mapping> = Vec::new();
    for (index, m) in mappings.iter().enumerate() {
        let next = mappings.get(index + 1).filter(|next| next.space == m.space);
        let len = next.map_or(m.len, |next| m.len.min(next.address - m.address));
        let first = data.partition_point(|span| span.end <= m.pos);
        for span in data[first..].iter().take_while(|span| span.start < m.pos + len) {
            let (start, end) = (m.pos.max(span.start), (m.pos + len).min(span.end));
            all.push(Mapping { pos: start, len: end - start, address: m.address + (start - m.pos), ..*m });
        }
    }
    InMemory(all.chunk_by(|a, b| a.space == b.space).filter_map(Space::of).collect())
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

impl InMemory {
    fn of(&self, space: u32) -> Option<&Space> {
        let index = self.0.binary_search_by_key(&space, |s| s.number).ok()?;
        self.0.get(index)
    }
}

impl Space {
    fn of(parts: &[Mapping]) -> Option<Space> {
        let (first, last) = (parts.first()?, parts.last()?);
        Some(Space {
            number: first.space,
            reach: first.address..last.address.saturating_add(last.len),
            leading: Leading::of(parts.iter().map(|m| m.address)),
            parts: parts.to_vec(),
        })
    }

    /// The position of `address`, if it is mapped here.
    #[inline]
    fn position(&self, address: u64) -> Option<u64> {
        // Most constants are no addresses at all.
        if !self.reach.contains(&address) {
            return None;
        }
        let (_, m) = self.leading.last(&self.parts, address, |m| m.address)?;
        let into = address - m.address;
        (into < m.len).then(|| m.pos + into)
    }
}
