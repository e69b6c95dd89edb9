//! Where functions start (`LC_FUNCTION_STARTS`), and data between instructions (`LC_DATA_IN_CODE`).

use std::ops::Range;

use object::macho;

use super::context::{Context, Found};
use super::tables::Table;
use crate::format::{Charge, Target, code_spans};

/// Reads the list of function starts: distances from one to the next, the first from the header.
///
/// A function ends where the next one starts, or where its section does. Entries
/// are on account of their functions.
pub(super) fn read(context: &Context<'_, '_>, found: &mut Found) -> Vec<Range<u64>> {
    let code = code_spans(context.sections);
    let mut starts: Vec<(u64, u64)> = Vec::new();
    if let (Some((bytes, range)), Some(mut address)) = (context.table(Table::FunctionStarts), context.base) {
        let mut c = context.file.cursor(bytes);
        loop {
            let from = range.start + c.at();
            let Some(delta) = c.uleb().filter(|&delta| delta > 0) else { break };
            let Some(next) = address.checked_add(delta) else { break };
            address = next;
            // The low bit of an ARM address says Thumb.
            let is_arm = context.file.cpu == macho::CPU_TYPE_ARM;
            let place = if is_arm { address & !1 } else { address };
            let Some(pos) = context.line.pos(place) else { continue };
            let after = code.partition_point(|span| span.start <= pos);
            let span = after.checked_sub(1).and_then(|i| code.get(i)).filter(|span| pos < span.end);
            if let Some(span) = span {
                starts.push((pos, span.end));
                let end = range.start + c.at();
                found.charges.push(Charge { start: from, end, on: Target::Pos(pos) });
            }
        }
    }
    data_in_code(context, found);
    starts.sort_unstable();
    starts.dedup();
    let nexts = starts.iter().skip(1).map(|&(start, _)| start).chain([u64::MAX]);
    starts.iter().zip(nexts).map(|(&(start, end), next)| start..end.min(next)).collect()
}

/// Entries of eight bytes: an offset from the header, a length, a kind.
fn data_in_code(context: &Context<'_, '_>, found: &mut Found) {
    let Some((bytes, range)) = context.table(Table::DataInCode) else { return };
    let mut c = context.file.cursor(bytes);
    loop {
        let start = range.start + c.at();
        let Some(offset) = c.u32() else { break };
        if c.u32().is_none() {
            break;
        }
        if let Some(pos) = context.at_offset(u64::from(offset)) {
            found.charges.push(Charge { start, end: start + 8, on: Target::Pos(pos) });
        }
    }
}
