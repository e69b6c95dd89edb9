//! What forms are recognised from: words, and places where something starts.
//!
//! Decides nothing.

use std::ops::Range;

use hashbrown::HashSet;

use crate::attrib::references::{Reference, References, Usage};
use crate::attrib::sections::Layout;
use crate::format::{Endian, Filler, Format, Image, Instructions, Machine, Pointer, SymbolKind};
use crate::kind::Kind;
use crate::model::SymbolId;
use crate::order::{self, Leading};
use crate::partition::Partition;

/// What the passes before have found.
pub(in crate::attrib) struct Given<'g, 'data> {
    pub image: &'g Image<'data>,
    pub bytes: &'g [u8],
    pub layout: &'g Layout,
    pub by_symbol: &'g Partition<SymbolId>,
    pub references: &'g References,
}

/// Data, its words, and what refers to it.
pub(in crate::attrib) struct Facts<'g, 'data> {
    pub image: &'g Image<'data>,
    pub bytes: &'g [u8],
    pub by_symbol: &'g Partition<SymbolId>,
    pub references: &'g References,
    /// Words that hold an address of this file, in order of position; one a position.
    pub pointers: Vec<Pointer>,
    /// Words that hold the address of something another file defines, sorted.
    imports: Vec<u64>,
    /// Sections of data in the file.
    data: Spans,
    /// Sections of code in the file.
    code: Spans,
    /// Positions where an object starts: addressed by code or data, or the edge of a symbol or section.
    hard: Vec<u64>,
    leading_hard: Leading,
    /// Those of them that code or data takes the address of, or that a symbol names.
    meant: Vec<u64>,
    /// Positions that code reads or writes and nothing takes the address of.
    soft: Vec<u64>,
    /// Positions where functions start, sorted.
    functions: Vec<u64>,
}

/// What a word holds once the file is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    /// The address of this position.
    To(u64),
    /// The address of something in another file.
    Import,
    /// A number.
    Plain(u64),
}

impl<'g, 'data> Facts<'g, 'data> {
    /// Gathers them.
    ///
    /// *Cost*: O(n log n) in pointers, references and symbols. In a file at fixed addresses also linear in
    /// the size of the data: there no table says which words are addresses.
    pub fn new(given: &Given<'g, 'data>) -> Self {
        let Given { image, bytes, layout, by_symbol, references } = *given;
        let spans = |wanted: &dyn Fn(Kind) -> bool| {
            let row = |id: crate::model::SectionId| id.get().and_then(|i| layout.sections.get(i));
            let file_len = image.line.file_len();
            let all = layout.by_section.iter().filter(|(span, _)| span.start < file_len);
            let all = all.filter(|(_, id)| row(*id).is_some_and(|r| wanted(r.kind)));
            Spans::of(all.map(|(span, _)| span.start..span.end.min(file_len)).collect())
        };
        let data = spans(&Kind::is_stored_data);
        let code = spans(&|kind| kind == Kind::Code);
        let mut facts = Facts {
            image,
            bytes,
            by_symbol,
            references,
            pointers: Vec::new(),
            imports: Vec::new(),
            data,
            code,
            hard: Vec::new(),
            leading_hard: Leading::of([].into_iter()),
            meant: Vec::new(),
            soft: Vec::new(),
            functions: Vec::new(),
        };
        facts.pointers = facts.all_pointers();
        facts.imports = facts.all_imports();
        facts.functions = facts.all_functions();
        facts.find_starts();
        facts
    }

    fn all_pointers(&self) -> Vec<Pointer> {
        let line = &self.image.line;
        let extents: Vec<Range<u64>> =
            (0..self.image.members.len()).map(|space| line.extent(space as u32)).collect();
        let mut all: Vec<Pointer> = self.image.pointers.clone();
        // Members of which the format's reader has looked at all words.
        let read: HashSet<usize> = match self.image.header.format {
            Format::Wasm => all.iter().filter_map(|pointer| self.image.member_at(pointer.at)).collect(),
            _ => HashSet::new(),
        };
        for span in &self.data.all {
            let machine = self.machine_at(span.start);
            let is_read = || self.image.member_at(span.start).is_some_and(|member| read.contains(&member));
            let place = line.place(span.start).filter(|_| machine.fixed_addresses && !is_read());
            let Some((space, address)) = place else { continue };
            let Some(extent) = extents.get(space as usize) else { continue };
            // Most words are no addresses at all.
            let is_address = |value: &u64| *value != 0 && extent.contains(value);
            let word = u64::from(machine.bits / 8).max(1);
            let first = span.start.saturating_add((word - address % word) % word);
            let words = self.bytes.get(first as usize..span.end as usize).unwrap_or_default();
            for (at, bytes) in (first..).step_by(word as usize).zip(words.chunks_exact(word as usize)) {
                let address = Some(value(bytes, machine.endian)).filter(is_address);
                let to = address.and_then(|address| line.pos_in(space, address));
                all.extend(to.map(|to| Pointer { at, to }));
            }
        }
        all.sort_unstable();
        all.dedup_by_key(|p| p.at);
        all
    }

    /// What relocations patch that is no pointer into this file.
    fn all_imports(&self) -> Vec<u64> {
        let sections = self.image.sections.iter().filter(|s| s.kind == Kind::Relocations);
        let mut tables: Vec<Range<u64>> = sections.map(|s| s.span.clone()).collect();
        order::merge(&mut tables);
        let mut near = Near::new(&tables);
        let charges = self.image.charges.iter().filter(|c| near.holds(c.start));
        let mut all: Vec<u64> = charges
            .filter_map(|c| match c.on {
                crate::format::Target::Pos(at) => Some(at),
                crate::format::Target::Symbol(_) => None,
            })
            .filter(|&at| self.data_at(at).is_some() && self.pointer_at(at).is_none())
            .collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    fn all_functions(&self) -> Vec<u64> {
        let symbols = self.image.symbols.iter();
        let named = symbols.filter(|s| matches!(s.kind, SymbolKind::Function | SymbolKind::Label));
        let mut all: Vec<u64> = named.filter_map(|s| s.pos).collect();
        all.extend(self.image.functions.iter().map(|f| f.start));
        Self::within(&self.code.all, all)
    }

    fn find_starts(&mut self) {
        // In order already, and most of them many times.
        let mut addressed: Vec<u64> = self.addressed().map(|r| r.to).collect();
        addressed.dedup();
        let pointed = Self::within(&self.data.all, self.pointers.iter().map(|p| p.to).collect());
        let runs = || self.symbols().map(|(run, symbol)| (run.start, symbol));
        let named = runs().filter(|(_, symbol)| *symbol != SymbolId::NONE).map(|(start, _)| start).collect();
        let meant = order::union(&order::union(&self.in_order(addressed), &pointed), &self.in_order(named));
        let edges = self.data.all.iter().map(|span| span.start).collect::<Vec<u64>>();
        let cuts = runs().map(|(start, _)| start).collect();
        let hard = order::union(&order::union(&meant, &self.in_order(cuts)), &edges);
        let read = self.references.iter().filter(|r| r.usage == Usage::Access);
        let mut read: Vec<u64> = read.map(|r| r.to).collect();
        read.dedup();
        let mut soft = self.in_order(read);
        soft.retain(|pos| hard.binary_search(pos).is_err());
        self.leading_hard = Leading::of(hard.iter().copied());
        (self.hard, self.meant, self.soft) = (hard, meant, soft);
    }

    /// Runs of symbols that start in data, in order.
    pub fn symbols(&self) -> impl Iterator<Item = (Range<u64>, SymbolId)> + '_ {
        self.data.all.iter().flat_map(|span| self.by_symbol.starting_in(span.clone()))
    }

    /// Those of some positions in order that are of data.
    fn in_order(&self, mut all: Vec<u64>) -> Vec<u64> {
        let mut near = Near::new(&self.data.all);
        all.retain(|&pos| near.holds(pos));
        all
    }

    /// Those positions that are in these spans, each once and in order.
    fn within(spans: &[Range<u64>], mut all: Vec<u64>) -> Vec<u64> {
        let mut near = Near::new(spans);
        all.retain(|&pos| near.holds(pos));
        radsort::sort(&mut all);
        all.dedup();
        all
    }

    /// The section of data that holds `pos`, as far as it is in the file.
    pub fn data_at(&self, pos: u64) -> Option<&Range<u64>> {
        self.data.at(pos)
    }

    /// The machine that runs what lies at `pos`.
    #[inline]
    fn machine_at(&self, pos: u64) -> Machine {
        match self.image.members.as_slice() {
            [only] if only.file.contains(&pos) => only.machine,
            _ => self.image.machine_at(pos),
        }
    }

    /// Size of an address at `pos`, in bytes.
    #[inline]
    pub fn word(&self, pos: u64) -> u64 {
        u64::from(self.machine_at(pos).bits / 8).max(1)
    }

    /// Whether every object around `pos` that is in use is known to start where something refers to it.
    pub fn knows_starts(&self, pos: u64) -> bool {
        // In object files each object has a section of its own, or a symbol.
        self.machine_at(pos).instructions != Instructions::Other || self.image.line.place(pos).is_none()
    }

    /// The byte at `pos`.
    pub fn byte(&self, pos: u64) -> Option<u8> {
        self.bytes.get(usize::try_from(pos).ok()?).copied()
    }

    /// The number stored in `size` bytes at `pos`.
    pub fn number(&self, pos: u64, size: u64) -> Option<u64> {
        number(self.bytes, self.machine_at(pos).endian, pos, size)
    }

    /// Where the word at `pos` points, if that is in this file.
    pub fn pointer_at(&self, pos: u64) -> Option<u64> {
        let index = self.pointers.binary_search_by_key(&pos, |p| p.at).ok()?;
        self.pointers.get(index).map(|p| p.to)
    }

    /// What the word at `pos` holds.
    pub(super) fn word_at(&self, pos: u64) -> Option<Word> {
        if let Some(to) = self.pointer_at(pos) {
            return Some(Word::To(to));
        }
        if self.imports.binary_search(&pos).is_ok() {
            return Some(Word::Import);
        }
        self.number(pos, self.word(pos)).map(Word::Plain)
    }

    /// Whether the word at `pos`, which lies close behind the pointer of this index, holds a number.
    pub fn is_plain(&self, index: usize, pos: u64) -> bool {
        let next = self.pointers.iter().skip(index + 1).find(|p| p.at >= pos);
        next.is_none_or(|p| p.at != pos) && self.imports.binary_search(&pos).is_err()
    }

    /// Whether a function starts at `pos`, as far as can be known.
    pub fn is_function(&self, pos: u64) -> bool {
        // Addresses of Thumb code are odd.
        let starts = |pos: u64| self.functions.binary_search(&pos).is_ok();
        let is_thumb = || matches!(self.machine_at(pos).filler, Filler::HalfWords(_));
        let unnamed = || self.by_symbol.at(pos) == Some(SymbolId::NONE);
        self.code.at(pos).is_some()
            && (starts(pos) || (pos % 2 == 1 && is_thumb() && starts(pos - 1)) || unnamed())
    }

    /// The function that holds `pos`, if it has bounds of its own.
    pub fn function_at(&self, pos: u64) -> Option<Range<u64>> {
        self.code.at(pos)?;
        let (span, symbol) = self.by_symbol.cursor().run(pos)?;
        (symbol != SymbolId::NONE).then_some(span)
    }

    /// Positions of data where objects start, in order.
    pub fn starts(&self) -> &[u64] {
        &self.hard
    }

    /// Positions of data that something takes the address of or names, in order.
    pub fn meant(&self) -> &[u64] {
        &self.meant
    }

    /// Positions of data that instructions read or write and nothing takes the address of, in order.
    pub fn accessed(&self) -> &[u64] {
        &self.soft
    }

    /// Whether an object starts at `pos`.
    pub fn is_start(&self, pos: u64) -> bool {
        self.hard.binary_search(&pos).is_ok()
    }

    /// Where an object that starts at `pos` must end: at the next one, or with its section.
    pub fn bound(&self, pos: u64) -> u64 {
        let section = self.data_at(pos).map_or(pos, |s| s.end);
        let next = self.leading_hard.up_to(&self.hard, pos, |&start| start);
        self.hard.get(next).map_or(section, |&s| s.min(section))
    }

    /// The last position up to `end`, and behind `pos`, that anything refers to.
    pub fn last_start(&self, pos: u64, end: u64) -> Option<u64> {
        let last = |all: &[u64]| {
            let index = all.partition_point(|&s| s <= end).checked_sub(1)?;
            all.get(index).copied().filter(|&s| s > pos)
        };
        last(&self.hard).max(last(&self.soft))
    }

    /// Instructions that take the address of data, in order of the data.
    pub fn addressed(&self) -> impl Iterator<Item = &Reference> {
        self.references.iter().filter(|r| r.usage == Usage::Address)
    }
}

/// The number stored in `size` bytes at `pos`.
pub(in crate::attrib) fn number(bytes: &[u8], endian: Endian, pos: u64, size: u64) -> Option<u64> {
    let start = usize::try_from(pos).ok()?;
    let bytes = bytes.get(start..start.checked_add(usize::try_from(size).ok()?)?)?;
    Some(value(bytes, endian))
}

/// The number that is stored in all of `bytes`.
#[inline]
fn value(bytes: &[u8], endian: Endian) -> u64 {
    // As most are.
    if let (Endian::Little, Ok(word)) = (endian, bytes.try_into()) {
        return u64::from_le_bytes(word);
    }
    if let (Endian::Little, Ok(word)) = (endian, bytes.try_into()) {
        return u64::from(u32::from_le_bytes(word));
    }
    let fold = |value: u64, &byte: &u8| value << 8 | u64::from(byte);
    match endian {
        Endian::Little => bytes.iter().rev().fold(0, fold),
        Endian::Big => bytes.iter().fold(0, fold),
    }
}

/// Spans that do not overlap, in order, asked of positions in any order.
struct Spans {
    all: Vec<Range<u64>>,
    leading: Leading,
}

impl Spans {
    fn of(all: Vec<Range<u64>>) -> Spans {
        Spans { leading: Leading::of(all.iter().map(|span| span.start)), all }
    }

    /// The span that holds `pos`.
    fn at(&self, pos: u64) -> Option<&Range<u64>> {
        let (_, span) = self.leading.last(&self.all, pos, |span| span.start)?;
        (pos < span.end).then_some(span)
    }
}

/// Spans that do not overlap, in order, asked of positions that mostly lie in the one that was found last, or beside it.
struct Near<'s> {
    spans: &'s [Range<u64>],
    /// The span or the gap that was found last.
    last: Range<u64>,
    is_span: bool,
}

impl<'s> Near<'s> {
    fn new(spans: &'s [Range<u64>]) -> Near<'s> {
        Near { spans, last: 0..0, is_span: false }
    }

    fn holds(&mut self, pos: u64) -> bool {
        if !self.last.contains(&pos) {
            let after = self.spans.partition_point(|s| s.start <= pos);
            let before = after.checked_sub(1).and_then(|i| self.spans.get(i));
            self.is_span = before.is_some_and(|s| pos < s.end);
            self.last = match before.filter(|_| self.is_span) {
                Some(span) => span.clone(),
                None => {
                    let next = self.spans.get(after).map_or(u64::MAX, |s| s.start);
                    before.map_or(0, |s| s.end)..next
                }
            };
        }
        self.is_span
    }
}
