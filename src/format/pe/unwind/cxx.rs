//! Tables of Microsoft's C++ exceptions, version 3, which Rust uses as well.
//!
//! A head refers to lists of states, of `try` blocks with their `catch` clauses, and
//! of addresses by state. All addresses are relative to the image.

use std::collections::HashSet;
use std::ops::Range;

use super::Around;
use crate::format::{Charge, Target};

/// First word of a head; the last digit is the version of its layout.
const MAGIC: u32 = 0x1993_0520;

/// Tables found.
#[derive(Default)]
pub(super) struct Tables {
    seen: HashSet<u64>,
    /// Bytes taken so far: tables are not shared, so together they fit into the file.
    taken: u64,
    spans: Vec<Range<u64>>,
    charges: Vec<Charge>,
}

/// Whether there is a head at a position.
pub(super) fn is_table(pos: u64, around: &Around<'_>) -> bool {
    let magic = around.cursor(pos).and_then(|mut c| c.u32());
    magic.is_some_and(|m| (MAGIC..MAGIC + 3).contains(&m))
}

impl Tables {
    /// The tables found, and on whose account they are.
    pub fn into_parts(self) -> (Vec<Range<u64>>, Vec<Charge>) {
        (self.spans, self.charges)
    }

    /// Adds the head at `pos` and all it refers to; a second mention changes nothing.
    pub fn add(&mut self, pos: u64, function: u64, around: &Around<'_>) {
        if self.seen.insert(pos) {
            let _ = self.head(pos, function, around);
        }
    }

    fn head(&mut self, pos: u64, function: u64, around: &Around<'_>) -> Option<()> {
        let mut c = around.cursor(pos)?;
        let version = c.u32()? - MAGIC;
        let len = 32 + 4 * u64::from(version);
        self.take(pos, len, function, around)?;
        let (states, states_at) = (c.u32()?, c.at());
        c.skip(4)?;
        let (blocks, blocks_at) = (c.u32()?, c.at());
        c.skip(4)?;
        let (places, places_at) = (c.u32()?, c.at());
        self.list(states_at, states, 8, function, around);
        self.list(places_at, places, 8, function, around);
        if let Some(blocks) = self.list(blocks_at, blocks, 20, function, around) {
            for block in (blocks.start..blocks.end).step_by(20) {
                let clauses = around.cursor(block + 12).and_then(|mut c| c.u32());
                self.list(block + 16, clauses.unwrap_or_default(), 20, function, around);
            }
        }
        Some(())
    }

    /// A list of `count` entries that the field at `field` leads to.
    fn list(
        &mut self,
        field: u64,
        count: u32,
        size: u64,
        function: u64,
        around: &Around<'_>,
    ) -> Option<Range<u64>> {
        let start = around.follow(field).filter(|_| count > 0)?;
        // Lists are not shared; one that is there already is not read again.
        self.seen.insert(start).then_some(())?;
        self.take(start, u64::from(count) * size, function, around)
    }

    /// Takes bytes that are all in the file.
    fn take(&mut self, start: u64, len: u64, function: u64, around: &Around<'_>) -> Option<Range<u64>> {
        around.cursor(start)?.skip(len)?;
        let span = start..start.checked_add(len)?;
        self.taken = self.taken.checked_add(len).filter(|&taken| taken <= around.data.len() as u64)?;
        self.charges.push(Charge { start: span.start, end: span.end, on: Target::Pos(function) });
        self.spans.push(span.clone());
        Some(span)
    }
}
