//! Leaves to rows: one each for the ledger, one per owner for a snapshot.

use std::collections::HashMap;

use crate::intern::NameId;
use crate::kind::Kind;
use crate::model::{Leaf, Model, OwnerId, SegmentId, SymbolId};
use crate::order::Arrange;

/// What the bytes of a row have in common: every dimension there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Owned {
    pub kind: Kind,
    /// Members of one name are one: a report cannot tell them apart either.
    pub member: NameId,
    pub segment: SegmentId,
    pub section: NameId,
    pub symbol: SymbolId,
    pub unit: NameId,
    pub owner: OwnerId,
    pub estimated: bool,
    pub in_file: bool,
    pub in_memory: bool,
}

/// Bytes of one owner.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub owned: Owned,
    /// Bytes.
    pub size: u64,
    /// Symbols that start in them.
    pub symbols: u64,
    /// First position.
    pub start: u64,
    /// Number of the symbol among those of all rows, in order of [`SymbolId`].
    pub symbol_number: Option<u32>,
    /// Whether it tells what there is to tell of its symbol, which one row of each does.
    pub tells_symbol: bool,
}

/// One row for each leaf, in order of position.
pub(super) fn leaves(model: &Model) -> Vec<Row> {
    let mut rows: Vec<Row> = model.leaves.iter().map(|leaf| row(model, &leaf)).collect();
    number(&mut rows);
    rows
}

/// One row for each owner: by member, then by symbol in order of position, then by position.
pub(super) fn summed(model: &Model) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let mut known: HashMap<Owned, usize> = HashMap::new();
    for leaf in model.leaves.iter() {
        let row = row(model, &leaf);
        let index = *known.entry(row.owned).or_insert(rows.len());
        match rows.get_mut(index) {
            Some(sum) => {
                sum.size += row.size;
                sum.symbols += row.symbols;
            }
            None => rows.push(row),
        }
    }
    // Symbols of no row come last. Members have an order of their own, and those without one come first.
    let mut ranks: HashMap<NameId, usize> = HashMap::new();
    for (rank, member) in model.members.iter().enumerate() {
        ranks.entry(member.name).or_insert(rank);
    }
    rows.arrange_by_key(|r| (ranks.get(&r.owned.member), r.owned.symbol, r.start));
    number(&mut rows);
    rows
}

fn row(model: &Model, leaf: &Leaf) -> Row {
    Row {
        owned: Owned {
            kind: leaf.kind,
            member: model.member_at(leaf.start).map_or(NameId::NONE, |m| m.name),
            segment: leaf.segment,
            section: leaf.section.get().and_then(|i| model.sections.get(i)).map_or(NameId::NONE, |s| s.name),
            symbol: leaf.symbol,
            unit: leaf.unit.get().and_then(|i| model.units.get(i)).map_or(NameId::NONE, |u| u.name),
            owner: leaf.owner,
            estimated: leaf.estimated,
            in_file: leaf.in_file,
            in_memory: leaf.in_memory,
        },
        size: leaf.len,
        symbols: u64::from(leaf.home),
        start: leaf.start,
        symbol_number: None,
        tells_symbol: false,
    }
}

/// Numbers the symbols of rows, and chooses the row that tells of each: where it starts, if that is known.
fn number(rows: &mut [Row]) {
    // By symbol: whether it starts in a row, and the first such row, else the first of all.
    let mut tellers: HashMap<SymbolId, (bool, usize)> = HashMap::new();
    for (index, row) in rows.iter().enumerate() {
        let starts = row.symbols > 0;
        let teller = tellers.entry(row.owned.symbol).or_insert((starts, index));
        if starts && !teller.0 {
            *teller = (true, index);
        }
    }
    tellers.remove(&SymbolId::NONE);
    let mut symbols: Vec<SymbolId> = tellers.keys().copied().collect();
    symbols.sort_unstable();
    let numbers: HashMap<SymbolId, u32> = symbols.into_iter().zip(0u32..).collect();
    for (index, row) in rows.iter_mut().enumerate() {
        row.symbol_number = numbers.get(&row.owned.symbol).copied();
        row.tells_symbol = tellers.get(&row.owned.symbol).is_some_and(|&(_, teller)| teller == index);
    }
}
