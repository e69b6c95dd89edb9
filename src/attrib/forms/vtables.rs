//! Tables of trait objects.
//!
//! rustc lays them out as drop glue or zero, the size and the alignment of the type,
//! and one word for each method: its address, zero for one that cannot be called on
//! a trait object, or the address of the table of a supertrait
//! (`rustc_middle::ty::vtable`). Tables of a type without drop glue and of a trait
//! without methods hold no address, and are not told from other numbers.

use super::facts::{Facts, Word};
use super::{Form, claim};
use crate::order;
use crate::partition::Claim;

/// The most that a type can be aligned to: `rustc` allows 2^29.
const ALIGN_LIMIT: u64 = 1 << 29;

/// Types of more bytes than this are not made into trait objects.
const SIZE_LIMIT: u64 = 1 << 32;

/// Zeros behind a table that can be there to align what follows.
const GAP: u64 = 64;

/// Finds all tables.
///
/// *Cost*: O(n log n) in pointers and starts of objects. No word is looked at by more than one table.
pub(super) fn claims(facts: &Facts<'_, '_>) -> Vec<Claim<Form>> {
    let dropped = facts.pointers.iter().map(|p| p.at);
    let dropped = dropped.filter(|&at| facts.data_at(at).is_some() && !facts.knows_starts(at));
    // One at a place, in order.
    let candidates = order::union(facts.starts(), &dropped.collect::<Vec<u64>>());
    let mut found: Vec<Claim<Form>> = Vec::new();
    let mut done = 0;
    for start in candidates {
        // Where starts are not known, methods of one table look like the drop glue of another.
        if start < done {
            continue;
        }
        if let Some(end) = table(facts, start) {
            found.push(claim(start, end, Form::Vtable));
            done = end;
        }
    }
    found
}

/// The end of the table that starts at `start`, if one does.
fn table(facts: &Facts<'_, '_>, start: u64) -> Option<u64> {
    let has_drop_glue = header(facts, start)?;
    let (word, knows_starts) = (facts.word(start), facts.knows_starts(start));
    let bound = facts.bound(start);
    let mut end = start.checked_add(3 * word)?;
    let mut methods = 0u32;
    while end.checked_add(word)? <= bound {
        let is_method = match facts.word_at(end)? {
            Word::To(to) => facts.is_function(to) || header(facts, to).is_some(),
            Word::Import => true,
            Word::Plain(_) => false,
        };
        if !is_method || (!knows_starts && header(facts, end) == Some(true)) {
            break;
        }
        methods += 1;
        end += word;
    }
    // Nothing but filler may follow, up to what is referred to next: else this is a part of something.
    let rest = usize::try_from(end).ok()?..usize::try_from(bound).ok()?;
    let is_filler = facts.bytes.get(rest)?.iter().take(GAP as usize).all(|&b| b == 0);
    let is_whole = !knows_starts || (end <= bound && bound - end < GAP && is_filler);
    (is_whole && (has_drop_glue || methods > 0)).then_some(end)
}

/// Whether drop glue is named, if the three words at `start` are the head of a table.
fn header(facts: &Facts<'_, '_>, start: u64) -> Option<bool> {
    let word = facts.word(start);
    let place = |index: u64| start.checked_add(index * word);
    let number = |index: u64| place(index).and_then(|pos| facts.number(pos, facts.word(pos)));
    // Most places are told by the numbers, before it is asked which words are addresses.
    let (size, align) = (number(1)?, number(2)?);
    let fits = align.is_power_of_two() && align <= ALIGN_LIMIT && size < SIZE_LIMIT;
    if !fits || !size.is_multiple_of(align) {
        return None;
    }
    facts.data_at(start)?;
    let has_drop_glue = match facts.word_at(start)? {
        Word::To(to) => facts.is_function(to).then_some(true)?,
        Word::Import => true,
        Word::Plain(0) => false,
        Word::Plain(_) => return None,
    };
    let is_number = |index: u64| matches!(facts.word_at(place(index)?)?, Word::Plain(_)).then_some(());
    is_number(1).and_then(|()| is_number(2)).map(|()| has_drop_glue)
}
