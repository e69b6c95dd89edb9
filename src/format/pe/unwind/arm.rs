//! ARM64 and 32-bit ARM: entries that hold all there is to say, or refer to a record.

use std::ops::Range;

use object::pe;

use super::{Around, Piece, Record};
use crate::format::cursor::Cursor;

/// Size of an entry: begin, and a record or what stands for one.
pub(super) const ENTRY: u64 = 8;

/// Size of the smallest instruction, in which lengths are counted.
fn unit(machine: pe::Machine) -> u64 {
    if machine == pe::IMAGE_FILE_MACHINE_ARM64 { 4 } else { 2 }
}

/// The code that an entry speaks of.
pub(super) fn piece(
    machine: pe::Machine,
    mut fields: Cursor<'_, '_>,
    entry: Range<u64>,
    around: &Around<'_>,
) -> Option<Piece> {
    let (start, room) = around.place(&mut fields)?;
    // In 32-bit code the low bit says Thumb; it is not part of the place.
    let (start, room) = if unit(machine) == 2 { (start & !1, room + (start & 1)) } else { (start, room) };
    let packed = fields.from(fields.at())?.u32()?;
    let flag = packed & 3;
    let (record, len) = if flag == 0 || fields.fixup().is_some() {
        let (pos, _) = around.place(&mut fields)?;
        let header = around.cursor(pos)?.u32()?;
        (Some(pos), u64::from(header & 0x3_ffff) * unit(machine))
    } else {
        (None, u64::from(packed >> 2 & 0x7ff) * unit(machine))
    };
    (len > 0 && len <= room).then_some(Piece { entry, code: start..start + len, record, function: start })
}

/// A record: a word of flags and sizes, a second one if they do not fit, a word for each
/// epilogue, the codes, then a handler.
pub(super) fn record(machine: pe::Machine, mut c: Cursor<'_, '_>) -> Option<Record> {
    let header = c.u32()?;
    let bits = |from: u32, count: u32| u64::from(header >> from & ((1 << count) - 1));
    let (has_handler, one_epilogue) = (bits(20, 1) != 0, bits(21, 1) != 0);
    let (mut epilogues, mut words) =
        if unit(machine) == 4 { (bits(22, 5), bits(27, 5)) } else { (bits(23, 5), bits(28, 4)) };
    if epilogues == 0 && words == 0 {
        let second = c.u32()?;
        (epilogues, words) = (u64::from(second & 0xffff), u64::from(second >> 16 & 0xff));
    }
    // With a single epilogue the field says where its codes start.
    c.skip(if one_epilogue { 0 } else { epilogues * 4 })?;
    c.skip(words * 4)?;
    let handler_data = if has_handler {
        c.skip(4)?;
        Some(c.at())
    } else {
        None
    };
    Some(Record { end: c.at(), handler_data })
}
