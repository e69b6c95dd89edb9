//! Operators of function bodies and constant expressions: how long each is, and
//! the few immediates that refer to something.
//!
//! Follows chapter 5.4 of the WebAssembly core specification, release 3, and the
//! proposals that engines ship: threads, shared-everything, exceptions of both
//! kinds, stack switching, custom descriptors. What operators do is of no concern.

use crate::format::Endian;
use crate::format::cursor::Cursor;

/// What one operator refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    /// An integer constant, as an address would be read from it.
    Constant(u64),
    /// A load or store, by the constant part of its address.
    Access(u64),
    /// A function, called or referred to by index.
    Function(u64),
    /// A global, by index.
    Global(u64),
    /// A data segment copied to memory, by index.
    MemoryInit(u64),
    /// `end`.
    End,
    /// Anything else.
    Other,
}

/// The operators of a run of code.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Operators<'data> {
    cursor: Cursor<'data, 'static>,
}

impl<'data> Operators<'data> {
    /// The operators from a cursor on.
    pub(in crate::format) fn new(cursor: Cursor<'data, 'static>) -> Self {
        Operators { cursor }
    }

    /// The operators of an entry of the code section, which starts with its length.
    pub(crate) fn of_entry(entry: &'data [u8]) -> Option<Self> {
        let mut cursor = Cursor::new(entry, Endian::Little, &[]);
        let len = cursor.uleb()?;
        cursor = cursor.until(cursor.at().checked_add(len)?);
        // Runs of local variables: how many, and their type.
        for _ in 0..cursor.uleb()? {
            cursor.uleb()?;
            value_type(&mut cursor)?;
        }
        Some(Operators { cursor })
    }

    /// Offset of what follows the length that an entry starts with: its local variables.
    pub(crate) fn after_length(entry: &'data [u8]) -> Option<u64> {
        let mut cursor = Cursor::new(entry, Endian::Little, &[]);
        cursor.uleb()?;
        Some(cursor.at())
    }

    /// The entry up to the end of its operators.
    pub(crate) fn code(&self) -> &'data [u8] {
        self.cursor.bytes_in_reach()
    }

    /// Goes on at this offset in the entry; `None` if that is out of reach.
    pub(crate) fn go_to(&mut self, offset: u64) -> Option<()> {
        self.cursor = self.cursor.from(offset)?;
        Some(())
    }

    /// Offset of the next operator in the entry.
    pub(crate) fn at(&self) -> u64 {
        self.cursor.at()
    }

    /// The cursor behind what was read.
    pub(in crate::format) fn cursor(&self) -> Cursor<'data, 'static> {
        self.cursor
    }
}

impl Iterator for Operators<'_> {
    type Item = Operator;

    /// `None` at the end, and where an operator is cut off or unknown.
    fn next(&mut self) -> Option<Operator> {
        operator(&mut self.cursor)
    }
}

type Reader<'c, 'data> = &'c mut Cursor<'data, 'static>;

fn operator(c: Reader<'_, '_>) -> Option<Operator> {
    Some(match c.u8()? {
        0x00 | 0x01 | 0x05 | 0x0a | 0x0f | 0x19 | 0x1a | 0x1b | 0x45..=0xc4 | 0xd1 | 0xd3 | 0xd4 => {
            Operator::Other
        }
        0x0b => Operator::End,
        0x02..=0x04 | 0x06 => {
            block_type(c)?;
            Operator::Other
        }
        // One index: a label, tag, local variable, table, type or memory.
        0x07..=0x09
        | 0x0c
        | 0x0d
        | 0x14
        | 0x15
        | 0x18
        | 0x20..=0x22
        | 0x25
        | 0x26
        | 0x3f
        | 0x40
        | 0xd5
        | 0xd6
        | 0xe0
        | 0xe2 => numbers(c, 1)?,
        0x0e => {
            let labels = c.uleb()?;
            numbers(c, labels.checked_add(1)?)?
        }
        0x10 | 0x12 | 0xd2 => Operator::Function(c.uleb()?),
        0x11 | 0x13 | 0xe1 | 0xe6 => numbers(c, 2)?,
        0x1c => {
            for _ in 0..c.uleb()? {
                value_type(c)?;
            }
            Operator::Other
        }
        0x1f => {
            block_type(c)?;
            for _ in 0..c.uleb()? {
                // With a tag, or for any.
                let count = if c.u8()? < 2 { 2 } else { 1 };
                numbers(c, count)?;
            }
            Operator::Other
        }
        0x23 | 0x24 => Operator::Global(c.uleb()?),
        0x28..=0x3e => access(c)?,
        0x41 => Operator::Constant(u64::from(c.sleb()? as u32)),
        0x42 => Operator::Constant(c.sleb()? as u64),
        0x43 => skip(c, 4)?,
        0x44 => skip(c, 8)?,
        0xd0 => {
            heap_type(c)?;
            Operator::Other
        }
        prefix @ (0xe3..=0xe5) => {
            numbers(c, if prefix == 0xe4 { 2 } else { 1 })?;
            for _ in 0..c.uleb()? {
                let count = if c.u8()? == 0 { 2 } else { 1 };
                numbers(c, count)?;
            }
            Operator::Other
        }
        0xfb => aggregate(c)?,
        0xfc => bulk(c)?,
        0xfd => vector(c)?,
        0xfe => atomic(c)?,
        _ => return None,
    })
}

/// Structures, arrays and references.
fn aggregate(c: Reader<'_, '_>) -> Option<Operator> {
    match c.uleb()? {
        0x00 | 0x01 | 0x06 | 0x07 | 0x0b..=0x0e | 0x10 | 0x20 | 0x21 => numbers(c, 1),
        0x02..=0x05 | 0x08..=0x0a | 0x11..=0x13 => numbers(c, 2),
        0x0f | 0x1a..=0x1e => Some(Operator::Other),
        0x14..=0x17 | 0x22..=0x24 => {
            heap_type(c)?;
            Some(Operator::Other)
        }
        0x18 | 0x19 | 0x25 | 0x26 => {
            c.skip(1)?;
            c.uleb()?;
            heap_type(c)?;
            heap_type(c)?;
            Some(Operator::Other)
        }
        _ => None,
    }
}

/// Saturating conversions, bulk memory, tables, wide arithmetic.
fn bulk(c: Reader<'_, '_>) -> Option<Operator> {
    match c.uleb()? {
        0x00..=0x07 | 0x13..=0x16 => Some(Operator::Other),
        0x08 => {
            let segment = c.uleb()?;
            c.uleb()?;
            Some(Operator::MemoryInit(segment))
        }
        0x0a | 0x0c | 0x0e => numbers(c, 2),
        0x09 | 0x0b | 0x0d | 0x0f..=0x12 => numbers(c, 1),
        _ => None,
    }
}

/// Vectors of 128 bits.
fn vector(c: Reader<'_, '_>) -> Option<Operator> {
    match c.uleb()? {
        0x00..=0x0b | 0x5c | 0x5d => access(c),
        0x0c | 0x0d => skip(c, 16),
        0x15..=0x22 => skip(c, 1),
        0x54..=0x5b => {
            let accessed = access(c)?;
            c.skip(1)?;
            Some(accessed)
        }
        0x0e..=0x1ff => Some(Operator::Other),
        _ => None,
    }
}

/// Threads.
fn atomic(c: Reader<'_, '_>) -> Option<Operator> {
    match c.uleb()? {
        0x00..=0x02 | 0x10..=0x4e => access(c),
        0x03 => skip(c, 1),
        0x04 | 0x72 => Some(Operator::Other),
        0x4f..=0x5b => {
            c.skip(1)?;
            numbers(c, 1)
        }
        0x5c..=0x66 => {
            c.skip(1)?;
            numbers(c, 2)
        }
        0x67..=0x71 => {
            c.skip(1)?;
            numbers(c, 1)
        }
        _ => None,
    }
}

/// The place and alignment of a load or store.
fn access(c: Reader<'_, '_>) -> Option<Operator> {
    /// The alignment is followed by the index of a memory.
    const HAS_MEMORY: u64 = 1 << 6;
    /// The alignment is followed by a memory order.
    const HAS_ORDER: u64 = 1 << 4;
    let flags = c.uleb()?;
    if flags & HAS_MEMORY != 0 {
        c.uleb()?;
    }
    if flags & HAS_ORDER != 0 {
        c.skip(1)?;
    }
    Some(Operator::Access(c.uleb()?))
}

/// Passes over so many numbers.
fn numbers(c: Reader<'_, '_>, count: u64) -> Option<Operator> {
    for _ in 0..count {
        c.uleb()?;
    }
    Some(Operator::Other)
}

fn skip(c: Reader<'_, '_>, len: u64) -> Option<Operator> {
    c.skip(len)?;
    Some(Operator::Other)
}

fn block_type(c: Reader<'_, '_>) -> Option<()> {
    match c.peek()? {
        0x63 | 0x64 => value_type(c),
        // No result, one of a plain type, or the index of a type.
        _ => c.sleb().map(|_| ()),
    }
}

/// Passes over a value type or the type of a reference.
pub(super) fn value_type(c: Reader<'_, '_>) -> Option<()> {
    match c.u8()? {
        0x63 | 0x64 => heap_type(c),
        // Shared.
        0x65 => c.skip(1),
        _ => Some(()),
    }
}

fn heap_type(c: Reader<'_, '_>) -> Option<()> {
    match c.peek()? {
        // Shared.
        0x65 => c.skip(2),
        // Exactly this type, not one below it.
        0x62 => {
            c.skip(1)?;
            c.uleb().map(|_| ())
        }
        _ => c.sleb().map(|_| ()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(code: &[u8]) -> Vec<Operator> {
        Operators::new(Cursor::new(code, Endian::Little, &[])).collect()
    }

    #[test]
    fn constants_and_accesses_are_told() {
        // i32.const 1048576; i32.load8_u offset=1048580; i32.const -1; call 5; end
        let code =
            [0x41, 0x80, 0x80, 0xc0, 0x00, 0x2d, 0x00, 0x84, 0x80, 0xc0, 0x00, 0x41, 0x7f, 0x10, 0x05, 0x0b];
        let told = [
            Operator::Constant(0x10_0000),
            Operator::Access(0x10_0004),
            Operator::Constant(0xffff_ffff),
            Operator::Function(5),
            Operator::End,
        ];
        assert_eq!(all(&code), told);
    }

    #[test]
    fn immediates_of_every_shape_are_passed_over() {
        let cases: [&[u8]; 12] = [
            // block (ref null 3); try_table with two catches; br_table of two labels
            &[0x02, 0x63, 0x03],
            &[0x1f, 0x40, 0x02, 0x00, 0x01, 0x02, 0x03, 0x00],
            &[0x0e, 0x02, 0x00, 0x01, 0x02],
            // select (i32); f32.const; f64.const
            &[0x1c, 0x01, 0x7f],
            &[0x43, 0, 0, 0x80, 0x3f],
            &[0x44, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f],
            // ref.null extern; br_on_cast 0b11 0 any (ref 5); struct.get 1 2
            &[0xd0, 0x6f],
            &[0xfb, 0x18, 0x03, 0x00, 0x6e, 0x05],
            &[0xfb, 0x02, 0x01, 0x02],
            // v128.const; i32.atomic.rmw.add in memory 1; i32x4.relaxed_trunc_f32x4_s
            &[0xfd, 0x0c, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            &[0xfe, 0x1e, 0x42, 0x01, 0x08],
            &[0xfd, 0x81, 0x02],
        ];
        for case in cases {
            let mut code = case.to_vec();
            code.push(0x0b);
            let read = all(&code);
            assert_eq!((read.len(), read.last()), (2, Some(&Operator::End)), "{case:x?}");
            assert!(all(&case[..case.len() - 1]).is_empty(), "{case:x?} cut off");
        }
    }

    #[test]
    fn an_entry_starts_with_its_length_and_its_locals() {
        // Length 6, two runs of locals (3 i32, 1 (ref 4)), then nop, end.
        let entry = [0x08, 0x02, 0x03, 0x7f, 0x01, 0x64, 0x04, 0x01, 0x0b, 0x00];
        let read: Vec<_> = Operators::of_entry(&entry).expect("well-formed").collect();
        assert_eq!(read, [Operator::Other, Operator::End]);
        assert!(Operators::of_entry(&[0x02, 0xff]).is_none());
    }

    #[test]
    fn reading_stops_at_what_is_unknown() {
        assert_eq!(all(&[0x01, 0xff, 0x01]), [Operator::Other]);
        assert_eq!(all(&[0x01, 0xfb, 0x7f, 0x01]), [Operator::Other]);
    }
}
