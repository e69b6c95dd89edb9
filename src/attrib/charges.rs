//! Bytes that exist on account of something else, given to what they describe.
//!
//! A symbol table entry costs because of its symbol, an unwind record because of
//! its function, a relocation because of the place it patches. They are resolved
//! after symbols and units have their bytes, so a charge finds the owner and not
//! merely a name.

use super::infer::{Conclusion, NO_CONCLUSION};
use super::symbols::Symbols;
use super::units::{NOBODY, Units};
use crate::format::{Charge, Image, Target};
use crate::model::{SymbolId, UnitId};
use crate::order::Arrange;
use crate::parallel;
use crate::partition::{Claim, Partition};

/// On whose account a run is. The conclusion is that of a place without a symbol.
pub(super) type Account = (SymbolId, UnitId, Conclusion);

/// On nobody's.
pub(super) const NO_ACCOUNT: Account = (SymbolId::NONE, UnitId::NONE, NO_CONCLUSION);

/// Charges are resolved in runs of this many, whatever the number of threads.
const CHUNK: usize = 16 * 1024;

/// What charges are resolved against.
pub(super) struct Owners<'o, 'data> {
    pub image: &'o Image<'data>,
    pub symbols: &'o Symbols,
    pub by_symbol: &'o Partition<SymbolId>,
    pub units: &'o Units,
    pub by_place: &'o Partition<Conclusion>,
}

/// Charges that are resolved at once where they are in order.
const BATCH: usize = 16 * CHUNK;

/// Resolves all charges to a partition of its own.
pub(super) fn build(owners: &Owners<'_, '_>) -> Partition<Account> {
    let (charges, len) = (&owners.image.charges, owners.image.line.len());
    // As in most files, where each byte of a table is on one account.
    if let Some(lists) = in_order(charges) {
        let batches = lists.into_iter().flat_map(|list| list.chunks(BATCH));
        let claims = batches.flat_map(|batch| claims(owners, batch));
        return Partition::in_order(len, claims, charges.len(), NO_ACCOUNT);
    }
    Partition::resolve(len, &mut claims(owners, charges), NO_ACCOUNT)
}

/// The most lists that charges may come in, to be taken in their order.
const LISTS: usize = 1 << 12;

/// Charges as lists of which each lies behind the one before, if they do not overlap.
fn in_order(charges: &[Charge]) -> Option<Vec<&[Charge]>> {
    let lists = charges.chunk_by(|a, b| a.end.max(a.start) <= b.start).take(LISTS + 1);
    let mut lists: Vec<&[Charge]> = lists.collect();
    lists.arrange_by_key(|list| list.first().map(|c| c.start));
    let end = |list: &[Charge]| list.last().map(|c| c.end);
    let follow = |w: &[&[Charge]]| end(w[0]) <= w[1].first().map(|c| c.start);
    (lists.len() <= LISTS && lists.windows(2).all(follow)).then_some(lists)
}

/// On whose account some charges are.
pub(super) fn claims(owners: &Owners<'_, '_>, charges: &[Charge]) -> Vec<Claim<Account>> {
    let Owners { image, symbols, by_symbol, units, by_place } = *owners;
    let file_unit = |file| units.of_file(file);
    let resolve = |chunk: &[Charge]| {
        let mut at_symbol = by_symbol.cursor();
        let mut at_unit = units.by_unit.cursor();
        let mut at_place = by_place.cursor();
        let mut owner_at = |pos: u64| {
            let symbol = at_symbol.at(pos).unwrap_or(SymbolId::NONE);
            let unit = at_unit.at(pos).unwrap_or(NOBODY).0;
            (symbol, unit, at_place.at(pos).unwrap_or(NO_CONCLUSION))
        };
        let claims = chunk.iter().filter_map(|charge| {
            let (symbol, mut unit, concluded) = match charge.on {
                Target::Pos(pos) => owner_at(pos),
                Target::Symbol(index) => {
                    let fact = image.symbols.get(index as usize)?;
                    let row = symbols.row_of.get(index as usize).copied().unwrap_or(SymbolId::NONE);
                    let owner = row.get().map_or(row, |i| symbols.rows[i].alias_of);
                    let has_place = fact.pos.is_some() && fact.size > 0;
                    let unit = match (has_place, row) {
                        (false, _) => UnitId::NONE,
                        (true, SymbolId::NONE) => fact.pos.map_or(UnitId::NONE, |pos| owner_at(pos).1),
                        (true, _) => units.at_start(row),
                    };
                    // Entries that name a file, not a thing, are on account of that file.
                    let named = |f: &u32| image.files.get(*f as usize).is_some_and(|name| !name.is_empty());
                    let file = fact.file.filter(|f| row == SymbolId::NONE && named(f));
                    (owner, file.map_or(unit, &file_unit), NO_CONCLUSION)
                }
            };
            if unit == UnitId::NONE {
                unit = units.file_unit(symbol);
            }
            let label = (symbol, unit, concluded);
            (label != NO_ACCOUNT).then_some(Claim { start: charge.start, end: charge.end, rank: 0, label })
        });
        claims.collect::<Vec<_>>()
    };
    parallel::gather(charges, CHUNK, resolve)
}
