//! CodeView symbol records: procedures, data, public names, and who compiled them.
//!
//! Shapes and numbers are those of `cvinfo.h` (microsoft-pdb) and of LLVM's
//! `CodeViewSymbols.def`. Names that end in zero only: the counted names of
//! compilers before Visual Studio 2005 are passed over.

use crate::format::Endian;
use crate::format::cursor::Cursor;

/// A place as the linker numbers it: section from 1, offset in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place {
    pub section: u16,
    pub offset: u32,
}

/// What a record says, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry<'d> {
    /// A function, or a thunk that a compiler made.
    Procedure { place: Place, size: u32, name: &'d [u8], is_global: bool },
    /// A variable.
    Data { place: Place, name: &'d [u8], is_global: bool, is_thread_local: bool },
    /// A name that other object files see, as the compiler decorated it.
    Public { place: Place, name: &'d [u8], is_code: bool },
    /// A jump that an incremental linker made.
    Trampoline { place: Place, size: u16, target: Place },
    /// A piece of a function that lies away from it.
    Separated { place: Place, size: u32, parent: Place },
    /// What compiled the module: CodeView's number of the language, and the compiler's words.
    Compiler { language: u8, version: &'d [u8] },
    /// The record of the command line, in the stream of ids.
    BuildInfo(u32),
    /// A function that was inlined into the one around it: its record in the stream of ids, and what code it has.
    Inlined { function: u32, annotations: &'d [u8] },
    /// A scope without a name.
    Block,
    /// What was opened last ends.
    End,
}

const S_END: u16 = 0x0006;
const S_COMPILE2: u16 = 0x1116;
const S_COMPILE3: u16 = 0x113c;
const S_BUILDINFO: u16 = 0x114c;
const S_THUNK32: u16 = 0x1102;
const S_BLOCK32: u16 = 0x1103;
const S_WITH32: u16 = 0x1104;
const S_LDATA32: u16 = 0x110c;
const S_GDATA32: u16 = 0x110d;
const S_PUB32: u16 = 0x110e;
const S_LPROC32: u16 = 0x110f;
const S_GPROC32: u16 = 0x1110;
const S_LTHREAD32: u16 = 0x1112;
const S_GTHREAD32: u16 = 0x1113;
const S_TRAMPOLINE: u16 = 0x112c;
const S_SEPCODE: u16 = 0x1132;
const S_LPROC32_ID: u16 = 0x1146;
const S_GPROC32_ID: u16 = 0x1147;
const S_INLINESITE: u16 = 0x114d;
const S_INLINESITE_END: u16 = 0x114e;
const S_PROC_ID_END: u16 = 0x114f;
const S_LPROC32_DPC: u16 = 0x1155;
const S_LPROC32_DPC_ID: u16 = 0x1156;
const S_INLINESITE2: u16 = 0x115d;

/// Bit of a public name's flags: it names code.
const PUBLIC_CODE: u32 = 1;
/// Bit of a public name's flags: it names a function.
const PUBLIC_FUNCTION: u32 = 2;

/// The records of a stream, one after another.
pub(super) struct Records<'d> {
    cursor: Cursor<'d, 'static>,
    bytes: &'d [u8],
    broken_at: Option<u64>,
}

impl<'d> Records<'d> {
    /// The records from `start` on.
    pub fn new(bytes: &'d [u8], start: u64) -> Records<'d> {
        let cursor = Cursor::new(bytes, Endian::Little, &[]);
        let cursor = cursor.from(start).unwrap_or_else(|| cursor.until(0));
        Records { cursor, bytes, broken_at: None }
    }

    /// Where a record was cut off, once the end is reached.
    pub fn broken_at(&self) -> Option<u64> {
        self.broken_at
    }

    fn record(&mut self) -> Option<(u16, &'d [u8])> {
        let len = self.cursor.u16()?;
        let start = self.cursor.at();
        // The length counts the kind.
        self.cursor.skip(u64::from(len))?;
        let record = self.bytes.get(usize::try_from(start).ok()?..)?.get(..usize::from(len))?;
        let (kind, data) = record.split_first_chunk::<2>()?;
        Some((u16::from_le_bytes(*kind), data))
    }
}

/// The kind of each record and what follows it.
impl<'d> Iterator for Records<'d> {
    type Item = (u16, &'d [u8]);

    fn next(&mut self) -> Option<(u16, &'d [u8])> {
        if self.cursor.is_at_end() || self.broken_at.is_some() {
            return None;
        }
        let at = self.cursor.at();
        let record = self.record();
        if record.is_none() {
            self.broken_at = Some(at);
        }
        record
    }
}

/// What a record says; `None` if that does not matter here or it is too short.
pub(super) fn entry(kind: u16, data: &[u8]) -> Option<Entry<'_>> {
    let mut cursor = Cursor::new(data, Endian::Little, &[]);
    match kind {
        S_LPROC32 | S_GPROC32 | S_LPROC32_ID | S_GPROC32_ID | S_LPROC32_DPC | S_LPROC32_DPC_ID => {
            // Parent, end and next record.
            cursor.skip(12)?;
            let size = cursor.u32()?;
            // Where debugging starts and ends, and the type.
            cursor.skip(12)?;
            let place = place(&mut cursor)?;
            let _flags = cursor.u8()?;
            let is_global = matches!(kind, S_GPROC32 | S_GPROC32_ID);
            Some(Entry::Procedure { place, size, name: name(data, cursor), is_global })
        }
        S_THUNK32 => {
            cursor.skip(12)?;
            let place = place(&mut cursor)?;
            let size = cursor.u16()?.into();
            let _ordinal = cursor.u8()?;
            Some(Entry::Procedure { place, size, name: name(data, cursor), is_global: false })
        }
        S_LDATA32 | S_GDATA32 | S_LTHREAD32 | S_GTHREAD32 => {
            let _type = cursor.u32()?;
            let place = place(&mut cursor)?;
            Some(Entry::Data {
                place,
                name: name(data, cursor),
                is_global: matches!(kind, S_GDATA32 | S_GTHREAD32),
                is_thread_local: matches!(kind, S_LTHREAD32 | S_GTHREAD32),
            })
        }
        S_PUB32 => {
            let flags = cursor.u32()?;
            let place = place(&mut cursor)?;
            let is_code = flags & (PUBLIC_CODE | PUBLIC_FUNCTION) != 0;
            Some(Entry::Public { place, name: name(data, cursor), is_code })
        }
        S_TRAMPOLINE => {
            let _kind = cursor.u16()?;
            let size = cursor.u16()?;
            let (thunk, target) = (cursor.u32()?, cursor.u32()?);
            let (in_section, to_section) = (cursor.u16()?, cursor.u16()?);
            Some(Entry::Trampoline {
                place: Place { section: in_section, offset: thunk },
                size,
                target: Place { section: to_section, offset: target },
            })
        }
        S_SEPCODE => {
            // Parent and end record.
            cursor.skip(8)?;
            let size = cursor.u32()?;
            let _flags = cursor.u32()?;
            let (offset, parent) = (cursor.u32()?, cursor.u32()?);
            let (section, parent_section) = (cursor.u16()?, cursor.u16()?);
            Some(Entry::Separated {
                place: Place { section, offset },
                size,
                parent: Place { section: parent_section, offset: parent },
            })
        }
        S_COMPILE2 | S_COMPILE3 => {
            let flags = cursor.u32()?;
            let _machine = cursor.u16()?;
            // Versions of the front end and the back end: three numbers each, or four.
            cursor.skip(if kind == S_COMPILE3 { 16 } else { 12 })?;
            Some(Entry::Compiler { language: flags as u8, version: name(data, cursor) })
        }
        S_INLINESITE | S_INLINESITE2 => {
            // Parent and end record.
            cursor.skip(8)?;
            let function = cursor.u32()?;
            if kind == S_INLINESITE2 {
                let _invocations = cursor.u32()?;
            }
            let annotations = usize::try_from(cursor.at()).ok().and_then(|at| data.get(at..))?;
            Some(Entry::Inlined { function, annotations })
        }
        S_BLOCK32 | S_WITH32 => Some(Entry::Block),
        S_END | S_INLINESITE_END | S_PROC_ID_END => Some(Entry::End),
        S_BUILDINFO => Some(Entry::BuildInfo(cursor.u32()?)),
        _ => None,
    }
}

fn place(cursor: &mut Cursor<'_, '_>) -> Option<Place> {
    let offset = cursor.u32()?;
    Some(Place { offset, section: cursor.u16()? })
}

/// The name from here on, up to the zero that ends it.
fn name<'d>(data: &'d [u8], cursor: Cursor<'d, '_>) -> &'d [u8] {
    let rest = usize::try_from(cursor.at()).ok().and_then(|at| data.get(at..)).unwrap_or_default();
    rest.split(|&b| b == 0).next().unwrap_or_default()
}
