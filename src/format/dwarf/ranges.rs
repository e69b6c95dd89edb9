//! Address ranges of units.

use std::ops::Range;

use gimli::constants as dw;

use crate::format::Line;
use crate::format::cursor::Cursor;
use crate::format::dwarf::unit::{Header, Root, addressx};
use crate::format::dwarf::{DebugKind, Sections};
use crate::order;

/// Ranges of one unit, as positions, and how its list ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) spans: Vec<Range<u64>>,
    /// Where the unit's list ends in its section, if it has one.
    pub(super) end: Option<u64>,
    /// Whether the list was cut off, or held an entry of unknown kind.
    pub(super) is_broken: bool,
}

/// Translates addresses and leaves out what is not code of the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Places<'a> {
    pub(super) line: &'a Line,
    /// Where code lies, sorted; empty if that is not known.
    pub(super) code: &'a [Range<u64>],
}

impl Places<'_> {
    /// The positions of `low..high`, if there is code.
    ///
    /// Linkers give the ranges of code they dropped an address where no code can
    /// be: 0, 1, or the last two addresses there are. All of these are caught by
    /// asking for code, except 0 in a file that has code there.
    fn span(&self, low: u64, high: u64) -> Option<Range<u64>> {
        let len = high.checked_sub(low).filter(|&len| len > 0)?;
        let (pos, run) = self.line.locate(low)?;
        if !self.code.is_empty() {
            let after = self.code.partition_point(|span| span.start <= pos);
            self.code.get(after.checked_sub(1)?).filter(|span| pos < span.end)?;
        }
        Some(pos..pos.checked_add(len.min(run))?)
    }
}

/// The ranges the root entry of a unit states.
///
/// `bound` is where the next unit's list starts: lists do not overlap, and one
/// that ran on would be read again for every unit it passes.
pub(super) fn read(
    sections: &Sections<'_, '_>,
    places: Places<'_>,
    header: &Header,
    root: &Root<'_>,
    bound: Option<u64>,
) -> Listed {
    let mut listed = Listed::default();
    match (root.ranges, bound) {
        (Some(offset), Some(bound)) => {
            let kind = if header.version >= 5 { DebugKind::RngLists } else { DebugKind::Ranges };
            let c = sections.cursor(kind).and_then(|c| c.from(offset)).map(|c| c.until(bound));
            let Some(mut c) = c else {
                listed.is_broken = true;
                return listed;
            };
            let mut push = |low, high| listed.spans.extend(places.span(low, high));
            let done = if header.version >= 5 {
                entries(&mut c, sections, header, root, &mut push)
            } else {
                pairs(&mut c, header, root, &mut push)
            };
            listed.is_broken = done.is_none();
            listed.end = Some(c.at());
        }
        (None, _) => {
            if let (Some(low), Some(high)) = (root.low, root.high) {
                listed.spans.extend(places.span(low, high));
            }
        }
        _ => {}
    }
    order::spans(&mut listed.spans);
    merge(&mut listed.spans);
    listed
}

/// Joins sorted spans that touch or overlap.
fn merge(spans: &mut Vec<Range<u64>>) {
    spans.dedup_by(|next, last| {
        let joins = next.start <= last.end;
        if joins {
            last.end = last.end.max(next.end);
        }
        joins
    });
}

/// Reads a list of `.debug_ranges` up to its end; `None` if it is cut off.
fn pairs(
    c: &mut Cursor<'_, '_>,
    header: &Header,
    root: &Root<'_>,
    push: &mut impl FnMut(u64, u64),
) -> Option<()> {
    let size = header.address_size;
    let highest = u64::MAX >> (64 - 8 * u32::from(size.clamp(1, 8)));
    let mut base = root.low.unwrap_or(0);
    loop {
        // A relocated pair is never the end of the list, even if both are zero.
        let is_relocated = c.fixup().is_some();
        let (low, high) = (c.fixed(size)?, c.fixed(size)?);
        if low == 0 && high == 0 && !is_relocated {
            return Some(());
        }
        if low == highest {
            base = high;
        } else if low < highest - 1 {
            // A relocation gives the address itself, unless it was made for a base.
            let base = if is_relocated { 0 } else { base };
            if let (Some(low), Some(high)) = (base.checked_add(low), base.checked_add(high)) {
                push(low, high);
            }
        }
    }
}

/// Reads a list of `.debug_rnglists` up to its end; `None` if it is cut off or unknown.
fn entries(
    c: &mut Cursor<'_, '_>,
    sections: &Sections<'_, '_>,
    header: &Header,
    root: &Root<'_>,
    push: &mut impl FnMut(u64, u64),
) -> Option<()> {
    let size = header.address_size;
    let indexed = |index| addressx(sections, header, root, index);
    let mut base = root.low;
    loop {
        match dw::DwRle(c.u8()?) {
            dw::DW_RLE_end_of_list => return Some(()),
            dw::DW_RLE_base_addressx => base = indexed(c.uleb()?),
            dw::DW_RLE_base_address => base = Some(c.fixed(size)?),
            dw::DW_RLE_startx_endx => {
                let (low, high) = (c.uleb()?, c.uleb()?);
                if let (Some(low), Some(high)) = (indexed(low), indexed(high)) {
                    push(low, high);
                }
            }
            dw::DW_RLE_startx_length => {
                let (low, len) = (c.uleb()?, c.uleb()?);
                if let Some(low) = indexed(low) {
                    push(low, low.saturating_add(len));
                }
            }
            dw::DW_RLE_offset_pair => {
                let (low, high) = (c.uleb()?, c.uleb()?);
                let base = base.unwrap_or(0);
                if let (Some(low), Some(high)) = (base.checked_add(low), base.checked_add(high)) {
                    push(low, high);
                }
            }
            dw::DW_RLE_start_end => {
                let (low, high) = (c.fixed(size)?, c.fixed(size)?);
                push(low, high);
            }
            dw::DW_RLE_start_length => {
                let (low, len) = (c.fixed(size)?, c.uleb()?);
                push(low, low.saturating_add(len));
            }
            _ => return None,
        }
    }
}
