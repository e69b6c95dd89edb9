//! Tables of the targets of indirect jumps.
//!
//! Position-independent code has them as 32-bit offsets from the table itself, other
//! code as addresses. In both, every entry leads into one function. Nothing else in a
//! program does that by accident: of random offsets one in millions would.

use std::ops::Range;

use super::facts::Facts;
use super::{Form, claim};
use crate::partition::Claim;

/// Size of an offset.
const OFFSET: u64 = 4;

/// The fewest entries of a table. Compilers compare for less.
const FEWEST: u64 = 2;

/// Finds all tables.
///
/// *Cost*: O(n log n) in pointers and references, linear in the size of the tables.
pub(super) fn claims(facts: &Facts<'_, '_>) -> Vec<Claim<Form>> {
    let mut all = of_offsets(facts);
    all.extend(of_addresses(facts));
    all
}

fn of_offsets(facts: &Facts<'_, '_>) -> Vec<Claim<Form>> {
    let mut all: Vec<Claim<Form>> = Vec::new();
    for reference in facts.addressed() {
        let start = reference.to;
        if facts.data_at(start).is_none() || all.last().is_some_and(|c| start < c.end) {
            continue;
        }
        // Text, as what most addresses are of, leads nowhere.
        let first =
            facts.number(start, OFFSET).map(|offset| u64::from((offset as u32 as i32).unsigned_abs()));
        if first.is_none_or(|first| first > facts.image.line.len()) {
            continue;
        }
        let Some(function) = facts.function_at(reference.from) else { continue };
        let count = offsets_into(facts, start, &function);
        if count >= FEWEST {
            all.push(claim(start, start + count * OFFSET, Form::OffsetTable));
        }
    }
    all
}

/// How many offsets from `start` lead into `function`, one after another.
fn offsets_into(facts: &Facts<'_, '_>, start: u64, function: &Range<u64>) -> u64 {
    let line = &facts.image.line;
    let (Some((space, base)), Some((of_code, into))) = (line.place(start), line.place(function.start)) else {
        return 0;
    };
    if space != of_code {
        return 0;
    }
    let len = function.end - function.start;
    let most = (facts.bound(start).saturating_sub(start)) / OFFSET;
    let leads_into = |index: &u64| {
        let stored = facts.number(start + index * OFFSET, OFFSET);
        stored.is_some_and(|offset| {
            base.wrapping_add_signed(offset as u32 as i32 as i64).wrapping_sub(into) < len
        })
    };
    (0..most).take_while(leads_into).count() as u64
}

fn of_addresses(facts: &Facts<'_, '_>) -> Vec<Claim<Form>> {
    // Functions start where pointers to functions lead; a jump leads elsewhere into them.
    let inside = |to: u64| facts.function_at(to).filter(|f| f.start < to && !facts.is_function(to));
    let mut all = Vec::new();
    let mut open: Option<(Range<u64>, Range<u64>)> = None;
    let mut close = |table: Option<(Range<u64>, Range<u64>)>| {
        let table = table.filter(|(span, _)| span.end - span.start >= FEWEST * facts.word(span.start));
        all.extend(table.map(|(span, _)| claim(span.start, span.end, Form::AddressTable)));
    };
    for pointer in facts.pointers.iter().filter(|p| facts.data_at(p.at).is_some()) {
        let function = inside(pointer.to);
        let end = pointer.at + facts.word(pointer.at);
        match (&mut open, function) {
            (Some((span, of)), Some(f))
                if span.end == pointer.at && *of == f && !facts.is_start(pointer.at) =>
            {
                span.end = end;
            }
            (_, function) => close(std::mem::replace(&mut open, function.map(|f| (pointer.at..end, f)))),
        }
    }
    close(open);
    all
}
