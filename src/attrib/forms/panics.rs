//! Places in source that panics name.
//!
//! `core::panic::Location` is a pointer to a path, its length, a line and a column,
//! the last two of 32 bits. Its paths name packages and versions and survive
//! stripping. They are weak evidence for functions: inlined code brings its own
//! locations along.

use std::ops::Range;

use super::facts::Facts;
use super::{Form, claim};
use crate::order;
use crate::partition::Claim;

/// A record of a place in source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::attrib) struct Location<'f> {
    /// Position of the record.
    pub pos: u64,
    /// Path of the source file.
    pub path: &'f str,
    /// Position of the path.
    pub text: u64,
}

/// Longest path worth believing.
const LONGEST: u64 = 1024;

/// Finds all records, in order of position.
///
/// *Cost*: linear in the number of pointers.
pub(in crate::attrib) fn read<'f>(facts: &Facts<'f, '_>) -> Vec<Location<'f>> {
    let pointers = facts.pointers.iter().filter(|p| facts.data_at(p.at).is_some());
    let found = pointers.filter_map(|p| {
        let word = facts.word(p.at);
        let field = |into: u64, size| facts.number(p.at.checked_add(into)?, size);
        let len = field(word, word).filter(|len| (4..LONGEST).contains(len))?;
        let line = field(2 * word, 4)?;
        let column = field(2 * word + 4, 4)?;
        let plausible = (1..1 << 24).contains(&line) && column < 1 << 16;
        let range = usize::try_from(p.to).ok()?..usize::try_from(p.to.checked_add(len)?).ok()?;
        let path = facts.bytes.get(range).filter(|p| plausible && p.ends_with(b".rs"))?;
        let path = std::str::from_utf8(path).ok()?;
        let printable = path.chars().all(|c| !c.is_control());
        printable.then_some(Location { pos: p.at, path, text: p.to })
    });
    found.collect()
}

/// The records, and paths that nothing else refers to.
pub(super) fn claims(facts: &Facts<'_, '_>, locations: &[Location<'_>]) -> Vec<Claim<Form>> {
    let record = |l: &Location<'_>| claim(l.pos, l.pos + 2 * facts.word(l.pos) + 8, Form::Location);
    let mut all: Vec<Claim<Form>> = locations.iter().map(record).collect();
    let is_record = |at: u64| locations.binary_search_by_key(&at, |l| l.pos).is_ok();
    let mut others: Vec<u64> = facts.pointers.iter().filter(|p| !is_record(p.at)).map(|p| p.to).collect();
    radsort::sort(&mut others);
    let mut texts: Vec<Range<u64>> = locations.iter().map(|l| l.text..l.text + l.path.len() as u64).collect();
    order::spans(&mut texts);
    texts.dedup();
    let of_others = |text: &Range<u64>| {
        let next = others.partition_point(|&to| to < text.start);
        others.get(next).is_some_and(|&to| to < text.end) || !facts.references.to(text.clone()).is_empty()
    };
    for text in texts.iter().filter(|t| facts.data_at(t.start).is_some() && !of_others(t)) {
        // Since Rust 1.91 a zero ends the path, for the use of C.
        let zero = facts.byte(text.end) == Some(0) && !facts.is_start(text.end);
        all.push(claim(text.start, text.end + u64::from(zero), Form::LocationPath));
    }
    all
}
