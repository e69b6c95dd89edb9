//! x86-64: `RUNTIME_FUNCTION` and `UNWIND_INFO`.

use std::ops::Range;

use super::{Around, Piece, Record};
use crate::format::cursor::Cursor;

/// Size of an entry: begin, end, record.
pub(super) const ENTRY: u64 = 12;

const EXCEPTION_HANDLER: u8 = 1;
const UNWIND_HANDLER: u8 = 2;
const CHAINED: u8 = 4;

/// How many records are followed from a piece to its function. Compilers make two or three.
const LONGEST_CHAIN: u32 = 32;

/// The code that an entry speaks of.
pub(super) fn piece(mut fields: Cursor<'_, '_>, entry: Range<u64>, around: &Around<'_>) -> Option<Piece> {
    let mut ahead = fields;
    let (start, room) = around.place(&mut fields)?;
    let (begin, end) = (ahead.fixed(4)?, ahead.fixed(4)?);
    let len = end.checked_sub(begin).filter(|&len| len > 0 && len <= room)?;
    fields.skip(4)?;
    let record = around.place(&mut fields).map(|(pos, _)| pos);
    let function = record.and_then(|pos| root(pos, around)).unwrap_or(start);
    Some(Piece { entry, code: start..start + len, record, function })
}

/// The start of the function that a record belongs to, if that is chained to another.
fn root(record: u64, around: &Around<'_>) -> Option<u64> {
    let mut at = record;
    let mut function = None;
    for _ in 0..LONGEST_CHAIN {
        let mut c = around.cursor(at)?;
        if c.u8()? >> 3 & CHAINED == 0 {
            return function;
        }
        c.skip(1)?;
        let codes = u64::from(c.u8()?);
        c.skip(1 + codes.next_multiple_of(2) * 2)?;
        function = Some(around.follow(c.at())?);
        c.skip(8)?;
        at = around.follow(c.at())?;
    }
    None
}

/// A record: version and flags, sizes, codes of two bytes each, an even number of them,
/// then the entry it is chained to or a handler.
pub(super) fn record(mut c: Cursor<'_, '_>) -> Option<Record> {
    let flags = c.u8()? >> 3;
    c.skip(1)?;
    let codes = u64::from(c.u8()?);
    c.skip(1 + codes.next_multiple_of(2) * 2)?;
    if flags & CHAINED != 0 {
        c.skip(ENTRY)?;
        return Some(Record { end: c.at(), handler_data: None });
    }
    if flags & (EXCEPTION_HANDLER | UNWIND_HANDLER) != 0 {
        c.skip(4)?;
        return Some(Record { end: c.at(), handler_data: Some(c.at()) });
    }
    Some(Record { end: c.at(), handler_data: None })
}
