//! Exception tables of functions (`.gcc_except_table`).
//!
//! A table does not state its length: it ends where its parts end.

use gimli::constants as dw;

use crate::format::cursor::Cursor;
use crate::format::unwind::eh_frame::Pointers;
use crate::format::unwind::{Found, Surroundings, UnwindSection};

/// A table's bytes up to the next one are its own if they are fewer than this.
const ALIGNMENT: u64 = 4;

/// How far chains of actions are followed; compilers write one for each nested handler.
const CHAIN_LIMIT: usize = 16;

/// Where tables start and whose they are.
#[derive(Debug, Default)]
pub(super) struct Tables {
    starts: Vec<(u64, u64)>,
}

impl Tables {
    /// The function at position `function` has its table at position `pos`.
    pub(super) fn add(&mut self, pos: u64, function: u64) {
        self.starts.push((pos, function));
    }
}

/// Charges each table to its function; tables that functions share go to the first of them.
///
/// Where a table ends clearly before the next one known, there are tables of
/// functions that are no more: these bytes are left alone.
pub(super) fn charge(
    sections: &[UnwindSection<'_>],
    mut tables: Tables,
    around: &Surroundings<'_>,
    found: &mut Found,
) {
    found.guarded.extend(tables.starts.iter().map(|&(_, function)| function));
    tables.starts.sort_unstable();
    tables.starts.dedup_by_key(|(pos, _)| *pos);
    for section in sections {
        let len = section.bytes.len() as u64;
        let first = tables.starts.partition_point(|(pos, _)| *pos < section.pos);
        let here = tables.starts.get(first..).unwrap_or_default();
        let n = here.partition_point(|(pos, _)| pos - section.pos < len);
        let here = here.get(..n).unwrap_or_default();
        let nexts = here.iter().skip(1).map(|(pos, _)| pos - section.pos).chain([len]);
        for ((pos, function), next) in here.iter().zip(nexts) {
            let start = pos - section.pos;
            let all = Cursor::new(section.bytes, around.endian, section.fixups).until(next);
            let end = all.from(start).and_then(|c| end(c, section, around)).unwrap_or_else(|| {
                let what = || format!("the exception table at {start:#x} of its section is cut off");
                found.complain(section, start, "unwind-exception-table", what);
                next
            });
            let end = if next.saturating_sub(end) < ALIGNMENT { next } else { end };
            found.charge(section, start, end, *function);
        }
    }
}

/// Where the table that starts at `c` ends; `None` if that is past the end of `c`.
fn end(mut c: Cursor<'_, '_>, section: &UnwindSection<'_>, around: &Surroundings<'_>) -> Option<u64> {
    let all = c;
    let pointers = Pointers {
        section: section.address,
        text: around.text_base,
        data: around.data_base,
        function: 0,
        address_size: around.address_size,
    };
    let landing_base = dw::DwEhPe(c.u8()?);
    if landing_base != dw::DW_EH_PE_omit {
        pointers.read(&mut c, landing_base)?;
    }
    let types = if dw::DwEhPe(c.u8()?) == dw::DW_EH_PE_omit {
        None
    } else {
        // Types are listed downward from here.
        let len = c.uleb()?;
        let mut types = c;
        types.skip(len)?;
        Some(types)
    };
    let call_sites = dw::DwEhPe(c.u8()?);
    let len = c.uleb()?;
    let actions = {
        let mut after = c;
        after.skip(len)?;
        after.at()
    };
    let mut c = c.until(actions);
    let mut end = actions;
    let mut least_filter = 0;
    // As in all tables of most programs.
    let is_plain = call_sites == dw::DW_EH_PE_uleb128;
    while !c.is_at_end() {
        for _ in 0..3 {
            if is_plain {
                c.uleb()?
            } else {
                pointers.read(&mut c, call_sites)?
            };
        }
        // One more than the offset of an action.
        let Some(action) = c.uleb()?.checked_sub(1) else { continue };
        let mut record = all.from(actions.checked_add(action)?)?;
        for _ in 0..CHAIN_LIMIT {
            least_filter = record.sleb()?.min(least_filter);
            let at = record.at();
            let next = record.sleb()?;
            end = end.max(record.at());
            if next == 0 {
                break;
            }
            record = all.from(at.checked_add_signed(next)?)?;
        }
    }
    let Some(mut types) = types else { return Some(end) };
    if least_filter < 0 {
        // Lists of the exceptions that may pass stand behind the types, each ended
        // by a zero. An empty one is how code that must not unwind says so.
        types.skip(least_filter.unsigned_abs().checked_sub(1)?)?;
        while types.uleb()? != 0 {}
    }
    Some(types.at().max(end))
}
