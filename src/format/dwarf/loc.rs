//! Location lists before version 5 (`.debug_loc`), which have no header.
//!
//! Only entries below the root say whose a list is, and those are not read. But
//! most lists give addresses of code, and whose code is at an address is known.

use crate::format::cursor::Cursor;
use crate::format::dwarf::parts::Part;
use crate::format::{Line, UnitRange};

/// Finds units by address.
pub(super) struct Owners<'a> {
    pub(super) line: &'a Line,
    /// Which code is whose, sorted.
    pub(super) ranges: &'a [UnitRange],
    /// For each unit whether its addresses are relative to nothing.
    pub(super) is_absolute: &'a [bool],
    /// For each unit how many up to and with it are not so.
    pub(super) n_relative: &'a [u32],
}

impl Owners<'_> {
    /// Whether no unit from `first` to `last` has addresses relative to something.
    fn all_absolute(&self, first: u32, last: u32) -> bool {
        let count = |unit: u32| self.n_relative.get(unit as usize);
        first <= last && count(first) == count(last)
    }

    /// The unit at an address, and the range of addresses around it that is the unit's too.
    fn at(&self, address: u64) -> Option<(u32, std::ops::Range<u64>)> {
        let pos = self.line.pos(address)?;
        let after = self.ranges.partition_point(|range| range.start <= pos);
        let range = self.ranges.get(after.checked_sub(1)?).filter(|range| pos < range.end)?;
        let low = address.checked_sub(pos - range.start)?;
        Some((range.unit, low..low.checked_add(range.end - range.start)?))
    }
}

/// Walks all lists, and joins neighbours of one unit.
///
/// What lies between two lists of one unit is that unit's as well, mostly lists
/// about code that was dropped. What lies between lists of two units is the
/// first one's, unless a unit between them has addresses that tell nothing. Stops
/// at the first thing that is no list.
///
/// *Cost*: linear in the number of entries.
pub(super) fn lists(mut c: Cursor<'_, '_>, size: u8, owners: &Owners<'_>) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut near: Option<(u32, std::ops::Range<u64>)> = None;
    while !c.is_at_end() {
        let start = c.at();
        let Some(address) = list(&mut c, size) else { break };
        let Some((address, is_based)) = address else { continue };
        if !near.as_ref().is_some_and(|(_, span)| span.contains(&address)) {
            near = owners.at(address).or(near);
        }
        let Some((unit, _)) = near.as_ref().filter(|(_, span)| span.contains(&address)) else { continue };
        // An address that is relative to a base not stated here means nothing.
        if !is_based && !owners.is_absolute.get(*unit as usize).copied().unwrap_or(false) {
            continue;
        }
        match parts.last_mut() {
            Some(last) if last.unit == *unit => last.end = c.at(),
            last => {
                if let Some(last) = last
                    && owners.all_absolute(last.unit, *unit)
                {
                    last.end = start;
                }
                parts.push(Part { start, end: c.at(), unit: *unit, estimated: true });
            }
        }
    }
    parts
}

/// Passes over a list; gives its first address, and whether the list states what that is relative to.
///
/// `None` if the list is cut off.
fn list(c: &mut Cursor<'_, '_>, size: u8) -> Option<Option<(u64, bool)>> {
    let highest = u64::MAX >> (64 - 8 * u32::from(size.clamp(1, 8)));
    let mut base = None;
    let mut first = None;
    loop {
        let is_relocated = c.fixup().is_some();
        let (low, high) = c.fixed_pair(size)?;
        if low == 0 && high == 0 && !is_relocated {
            return Some(first);
        }
        if low == highest {
            base = Some(high);
            continue;
        }
        if first.is_none() {
            let (from, is_based) = if is_relocated { (0, true) } else { (base.unwrap_or(0), base.is_some()) };
            first = from.checked_add(low).map(|address| (address, is_based));
        }
        let len = c.u16()?;
        c.skip(u64::from(len))?;
    }
}
