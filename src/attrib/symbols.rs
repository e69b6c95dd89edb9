//! Symbols to rows and claims: which name stands for which bytes.
//!
//! Knows nothing of crates.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::ops::Range;

use crate::format::{Image, RegionPlace, Section, Symbol, SymbolKind};
use crate::intern::Names;
use crate::kind::Kind;
use crate::model::{SymbolId, SymbolRow, SymbolSort};
use crate::order::{Arrange, Leading};
use crate::partition::Claim;

/// How good a claim of each kind is. Lower wins.
mod rank {
    /// A symbol that states its size.
    pub const SIZED: u8 = 1;
    /// A structure inside a section that the format states.
    pub const REGION: u8 = 2;
    /// A symbol without a size, up to what follows.
    pub const INFERRED: u8 = 3;
    /// A function of an unwind table that no symbol names.
    pub const UNWIND: u8 = 4;
}

/// What a claim of a rank stands on, in words.
pub(super) fn basis(rank: u8) -> &'static str {
    match rank {
        rank::SIZED => "the symbol table states its size",
        rank::REGION => "the format has this structure here",
        rank::INFERRED => "a symbol without a size, up to what follows",
        rank::UNWIND => "an unwind table describes a function here",
        _ => "filler between functions or objects",
    }
}

/// Rows, and who claims what.
pub(super) struct Symbols {
    pub rows: Vec<SymbolRow>,
    pub claims: Vec<Claim<SymbolId>>,
    /// By index of `Image::symbols`: its row, if it has one.
    pub row_of: Vec<SymbolId>,
    /// By row: an index into `Image::symbols`, or `u32::MAX` for structures.
    pub fact_of: Vec<u32>,
    /// By row: first position, or `u64::MAX` if it has none.
    pub pos_of: Vec<u64>,
    /// The row that stands for padding.
    pub padding: SymbolId,
    /// By row, from that of padding on: the kind of a structure whose section may be of another.
    kinds: Vec<Option<Kind>>,
}

impl Symbols {
    /// What the bytes of a structure are, whatever section they lie in.
    pub fn kind(&self, symbol: SymbolId) -> Option<Kind> {
        let behind = symbol.0.checked_sub(self.padding.0)?;
        self.kinds.get(behind as usize).copied().flatten()
    }
}

/// Makes the rows, preferred names first, and the claims of round one.
pub(super) fn build(image: &Image<'_>, names: &mut Names) -> Symbols {
    let order = sorted(image);
    let mut out = Symbols {
        rows: Vec::with_capacity(order.len()),
        claims: Vec::with_capacity(order.len()),
        row_of: vec![SymbolId::NONE; image.symbols.len()],
        fact_of: Vec::with_capacity(order.len()),
        pos_of: Vec::with_capacity(order.len()),
        padding: SymbolId::NONE,
        kinds: Vec::new(),
    };
    rows(image, &order, names, &mut out);
    let fact = |row: usize| &image.symbols[out.fact_of[row] as usize];
    let without_size = (0..out.rows.len()).filter_map(|row| fact(row).pos.filter(|_| fact(row).size == 0));
    let bounds = Bounds::new(image, &out.pos_of, without_size.collect());
    claims(image, &bounds, &mut out);
    unnamed(image, names, &mut out);
    structures(image, names, &mut out);
    out
}

/// Indices of the symbols that get rows, in order of position; at one position
/// the preferred name first, and equal symbols of two tables side by side.
fn sorted(image: &Image<'_>) -> Vec<u32> {
    // Most symbols have a place of their own: that decides, and is at hand.
    let used = |(index, symbol): (usize, &Symbol<'_>)| {
        let place = symbol.pos.unwrap_or(image.line.len() + 1);
        (symbol.kind != SymbolKind::Other).then_some((place, index as u32))
    };
    let mut order: Vec<(u64, u32)> = image.symbols.iter().enumerate().filter_map(used).collect();
    radsort::sort_by_key(&mut order, |&(place, _)| place);
    for same in order.chunk_by_mut(|a, b| a.0 == b.0).filter(|same| same.len() > 1) {
        same.sort_unstable_by(|&(_, a), &(_, b)| preferred(image, a, b));
    }
    order.into_iter().map(|(_, index)| index).collect()
}

/// Which of two symbols of one place, or of none, comes first.
fn preferred(image: &Image<'_>, a: u32, b: u32) -> Ordering {
    let (x, y) = (&image.symbols[a as usize], &image.symbols[b as usize]);
    let nowhere = x.pos.is_none();
    let bare = |name: &'_ [u8]| name.len();
    // A label of no size never stands for a function of some size.
    (x.size == 0)
        .cmp(&(y.size == 0))
        .then_with(|| sort_group(x.kind).cmp(&sort_group(y.kind)))
        .then_with(|| if nowhere { x.address.cmp(&y.address) } else { Ordering::Equal })
        .then_with(|| if nowhere { unversioned(x.name).cmp(unversioned(y.name)) } else { Ordering::Equal })
        .then_with(|| x.binding.cmp(&y.binding))
        .then_with(|| bare(x.name).cmp(&bare(y.name)))
        .then_with(|| x.name.cmp(y.name))
        .then_with(|| x.size.cmp(&y.size))
        .then_with(|| a.cmp(&b))
}

fn sort_group(kind: SymbolKind) -> u8 {
    match kind {
        SymbolKind::Import => 1,
        SymbolKind::Label => 2,
        _ => 0,
    }
}

/// `memcpy@GLIBC_2.14` of the static table is `memcpy` of the dynamic one.
fn unversioned(name: &[u8]) -> &[u8] {
    match name.iter().position(|&b| b == b'@') {
        Some(at) if at > 0 => &name[..at],
        _ => name,
    }
}

fn rows(image: &Image<'_>, order: &[u32], names: &mut Names, out: &mut Symbols) {
    names.reserve(order.len(), order.iter().map(|&index| image.symbols[index as usize].name.len()).sum());
    let mut last: Option<u32> = None;
    for &index in order {
        let symbol = &image.symbols[index as usize];
        let same = last.map(|l| &image.symbols[l as usize]).is_some_and(|l| {
            l.pos == symbol.pos
                && (l.pos.is_some() || (l.address == symbol.address && l.kind == symbol.kind))
                && unversioned(l.name) == unversioned(symbol.name)
        });
        if same && let Some(row) = out.rows.len().checked_sub(1) {
            out.row_of[index as usize] = SymbolId::new(row);
            // A static symbol knows its file, a dynamic one does not.
            if symbol.file.is_some() {
                out.fact_of[row] = index;
            }
            continue;
        }
        last = Some(index);
        let id = SymbolId::new(out.rows.len());
        out.row_of[index as usize] = id;
        // Most names are valid, which is told faster than made so.
        let name = std::str::from_utf8(symbol.name).map(Cow::Borrowed);
        let name = name.unwrap_or_else(|_| String::from_utf8_lossy(symbol.name));
        let name = if symbol.kind == SymbolKind::Import {
            name.split('@').next().unwrap_or_default()
        } else {
            &name
        };
        out.rows.push(SymbolRow {
            name: names.push(name),
            prefix: symbol.prefix,
            address: (symbol.kind != SymbolKind::Import && has_address(image, symbol))
                .then_some(symbol.address),
            size: symbol.size,
            sort: match symbol.kind {
                SymbolKind::Function => SymbolSort::Function,
                SymbolKind::Object => SymbolSort::Object,
                SymbolKind::Tls => SymbolSort::Tls,
                SymbolKind::Import => SymbolSort::Import,
                SymbolKind::Label | SymbolKind::Other => SymbolSort::Label,
            },
            alias_of: id,
        });
        out.fact_of.push(index);
        out.pos_of.push(symbol.pos.unwrap_or(u64::MAX));
    }
}

/// Whether the value of a symbol is an address: code of some machines is not in memory.
fn has_address(image: &Image<'_>, symbol: &Symbol<'_>) -> bool {
    symbol.section.and_then(|s| image.sections.get(s as usize)).is_none_or(|s| s.loaded || !s.executable)
}

/// Where things without a size must end.
struct Bounds<'i> {
    /// By place of such a thing, in order: where the next thing starts, or code of one unit ends.
    ends: Vec<(u64, u64)>,
    /// Unwind functions, sorted by start.
    functions: &'i [Range<u64>],
}

impl<'i> Bounds<'i> {
    /// `positions` are those of all symbols with rows, `of` of those without a size.
    ///
    /// *Cost*: as of a sort of `of`, and for each of all the others a look-up among them.
    fn new(image: &'i Image<'_>, positions: &[u64], mut of: Vec<u64>) -> Bounds<'i> {
        radsort::sort(&mut of);
        of.dedup();
        let mut ends: Vec<(u64, u64)> = of.into_iter().map(|pos| (pos, u64::MAX)).collect();
        // Nothing goes on from one object file to the next.
        let edges = image.unit_ranges.iter().flat_map(|r| [r.start, r.end]);
        let leading = Leading::of(ends.iter().map(|&(pos, _)| pos));
        let starts = positions.iter().copied().chain(image.functions.iter().map(|f| f.start)).chain(edges);
        for start in starts {
            let before = start.checked_sub(1).and_then(|at| leading.last(&ends, at, |&(pos, _)| pos));
            if let Some((index, _)) = before {
                ends[index].1 = start.min(ends[index].1);
            }
        }
        // Each now knows what starts before the next of them does, if anything.
        let mut next = u64::MAX;
        for (pos, end) in ends.iter_mut().rev() {
            *end = next.min(*end);
            next = *pos;
        }
        Bounds { ends, functions: &image.functions }
    }

    /// The end of a thing without a size that starts at `pos` and lies within `section`.
    fn end(&self, pos: u64, section: &Range<u64>) -> u64 {
        let known = self.ends.binary_search_by_key(&pos, |&(of, _)| of);
        let mut end = known.map_or(u64::MAX, |i| self.ends[i].1).min(section.end);
        let before = self.functions.partition_point(|f| f.start <= pos);
        if let Some(f) = before.checked_sub(1).and_then(|i| self.functions.get(i))
            && pos < f.end
        {
            end = end.min(f.end);
        }
        end.max(pos)
    }
}

fn claims(image: &Image<'_>, bounds: &Bounds<'_>, out: &mut Symbols) {
    let by_place = SectionsByPlace::new(image);
    // Names of the same bytes follow one another: the first one stands for all.
    let mut head: Option<(u64, u64, SymbolId)> = None;
    for row in 0..out.rows.len() {
        let symbol = &image.symbols[out.fact_of[row] as usize];
        let (Some(pos), id) = (symbol.pos, SymbolId::new(row)) else { continue };
        let stated = symbol.section.and_then(|s| image.sections.get(s as usize));
        let holds = |s: &&Section<'_>| is_used(s) && s.span.start <= pos && pos < s.span.end;
        // The section index can be stale; the place is what counts.
        let Some(section) = stated.filter(holds).or_else(|| by_place.get(pos)) else { continue };
        let (end, rank) = if symbol.size > 0 {
            (pos.saturating_add(symbol.size).min(section.span.end), rank::SIZED)
        } else if infers_size(symbol.kind, symbol.plain_name(), section.kind) {
            (bounds.end(pos, &section.span), rank::INFERRED)
        } else {
            (pos, rank::INFERRED)
        };
        match head {
            Some((start, other, first)) if start == pos && (other == end || symbol.size == 0) => {
                out.rows[row].alias_of = first;
            }
            _ => head = Some((pos, end, id)),
        }
        if end > pos {
            out.claims.push(Claim { start: pos, end, rank, label: id });
            if symbol.size == 0 && out.rows[row].alias_of == id {
                out.rows[row].size = end - pos;
            }
        }
    }
}

/// Whether what a section holds is part of the running program.
fn is_used(section: &Section<'_>) -> bool {
    section.loaded || section.executable
}

/// Sections of the running program in order of position.
struct SectionsByPlace<'i, 'data>(Vec<&'i Section<'data>>);

impl<'i, 'data> SectionsByPlace<'i, 'data> {
    fn new(image: &'i Image<'data>) -> Self {
        let mut all: Vec<_> = image.sections.iter().filter(|s| is_used(s) && !s.span.is_empty()).collect();
        all.arrange_by_key(|s| (s.span.start, s.span.end));
        SectionsByPlace(all)
    }

    fn get(&self, pos: u64) -> Option<&'i Section<'data>> {
        let after = self.0.partition_point(|s| s.span.start <= pos);
        self.0.get(after.checked_sub(1)?).copied().filter(|s| pos < s.span.end)
    }
}

/// Whether a symbol without a size names the bytes that follow it.
fn infers_size(kind: SymbolKind, name: &[u8], section: Kind) -> bool {
    match (kind, section) {
        (SymbolKind::Function, Kind::Code) => true,
        // An object of no size is one: a static of a zero-sized type.
        (SymbolKind::Label, kind) if kind == Kind::Code || kind.is_stored_data() => !is_linker_mark(name),
        _ => false,
    }
}

/// Whether a symbol is one of those a linker puts at the edges of sections.
fn is_linker_mark(name: &[u8]) -> bool {
    const MARKS: [&[u8]; 34] = [
        b"_end",
        b"end",
        b"_edata",
        b"edata",
        b"_etext",
        b"etext",
        b"__etext",
        b"__bss_start",
        b"__bss_start__",
        b"_bss_end__",
        b"__bss_end__",
        b"__end__",
        b"__data_start",
        b"data_start",
        b"__TMC_END__",
        b"_DYNAMIC",
        b"_GLOBAL_OFFSET_TABLE_",
        b"_PROCEDURE_LINKAGE_TABLE_",
        b"__GNU_EH_FRAME_HDR",
        b"__ehdr_start",
        b"__executable_start",
        b"__init_array_start",
        b"__init_array_end",
        b"__fini_array_start",
        b"__fini_array_end",
        b"__preinit_array_start",
        b"__preinit_array_end",
        b"__rela_iplt_start",
        b"__rela_iplt_end",
        b"__exidx_start",
        b"__exidx_end",
        b"__FRAME_END__",
        b"_gp",
        b"__global_pointer$",
    ];
    MARKS.contains(&name) || name.starts_with(b"__start_") || name.starts_with(b"__stop_")
}

/// Functions that unwind tables describe, or that are counted; they count where no symbol claims.
fn unnamed(image: &Image<'_>, names: &mut Names, out: &mut Symbols) {
    let mut named: Vec<u64> = out.claims.iter().map(|c| c.start).collect();
    named.dedup();
    // Of one member all functions follow one another.
    let (mut member, mut count) = (None, 0u64);
    for function in &image.functions {
        let here = image.member_at(function.start);
        count = if here == member { count.saturating_add(1) } else { 0 };
        member = here;
        if named.binary_search(&function.start).is_ok() {
            continue;
        }
        let first = here.and_then(|m| image.members.get(m)?.first_function);
        let name = first.map_or(crate::intern::NameId::NONE, |first| {
            names.push(&format!("func[{}]", first.saturating_add(count)))
        });
        let id = push_structure(out, name, SymbolSort::Unnamed);
        let row = &mut out.rows[id.0 as usize];
        row.address = image.line.address(function.start).or(first.is_none().then_some(function.start));
        row.size = function.end - function.start;
        out.claims.push(Claim { start: function.start, end: function.end, rank: rank::UNWIND, label: id });
    }
}

fn structures(image: &Image<'_>, names: &mut Names, out: &mut Symbols) {
    let name = names.intern("padding");
    out.padding = push_structure(out, name, SymbolSort::Structure);
    let mut known: HashMap<(&str, Kind), SymbolId> = HashMap::new();
    for region in image.regions.iter().filter(|r| r.place == RegionPlace::InSection) {
        let id = *known.entry((&region.name, region.kind)).or_insert_with(|| {
            let name = names.intern(&region.name);
            let id = push_structure(out, name, SymbolSort::Structure);
            out.kinds.resize((id.0 - out.padding.0) as usize, None);
            out.kinds.push(Some(region.kind));
            id
        });
        let Range { start, end } = region.span;
        out.claims.push(Claim { start, end, rank: rank::REGION, label: id });
    }
}

fn push_structure(out: &mut Symbols, name: crate::intern::NameId, sort: SymbolSort) -> SymbolId {
    let id = SymbolId::new(out.rows.len());
    out.rows.push(SymbolRow { name, prefix: 0, address: None, size: 0, sort, alias_of: id });
    out.fact_of.push(u32::MAX);
    out.pos_of.push(u64::MAX);
    id
}
