//! Names of functions that were inlined: items of the stream of ids and the types they are in.

use super::super::ids::Ids;

const LF_FUNC_ID: u16 = 0x1601;
const LF_MFUNC_ID: u16 = 0x1602;
const LF_CLASS: u16 = 0x1504;
const LF_STRUCTURE: u16 = 0x1505;
const LF_UNION: u16 = 0x1506;
const LF_ENUM: u16 = 0x1507;
const LF_INTERFACE: u16 = 0x1519;

/// A number in a type record at least this great says how long the number behind it is.
const LF_NUMERIC: u16 = 0x8000;

/// The two streams that name functions.
pub(super) struct Items<'d> {
    pub ids: Ids<'d>,
    pub types: Ids<'d>,
}

impl<'d> Items<'d> {
    /// What a function is in, and its name.
    pub fn path(&self, item: u32) -> Option<[&'d [u8]; 2]> {
        if let Some(mut record) = self.ids.record(item, LF_FUNC_ID) {
            let scope = record.u32()?;
            let _type = record.u32()?;
            let scope = if scope == 0 { None } else { self.ids.text(scope) };
            return Some([scope.unwrap_or_default(), record.cstr()?]);
        }
        let mut record = self.ids.record(item, LF_MFUNC_ID)?;
        let class = record.u32()?;
        let _type = record.u32()?;
        Some([self.class(class).unwrap_or_default(), record.cstr()?])
    }

    /// The name of a type.
    fn class(&self, number: u32) -> Option<&'d [u8]> {
        let kinds = [LF_STRUCTURE, LF_CLASS, LF_ENUM, LF_UNION, LF_INTERFACE];
        let found = kinds.into_iter().find_map(|kind| Some((kind, self.types.record(number, kind)?)));
        let (kind, mut record) = found?;
        // How many fields it has, what it is like, and the list of them.
        record.skip(2 + 2 + 4)?;
        match kind {
            LF_ENUM => return record.cstr(),
            LF_UNION => {}
            // What it is derived from, and its table of functions.
            _ => record.skip(4 + 4)?,
        }
        let size = record.u16()?;
        if size >= LF_NUMERIC {
            record.skip(match size - LF_NUMERIC {
                0 => 1,
                1 | 2 => 2,
                3 | 4 => 4,
                9 | 10 => 8,
                _ => return None,
            })?;
        }
        record.cstr()
    }
}
