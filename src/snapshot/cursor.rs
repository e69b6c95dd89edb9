//! Bytes that are not read yet, and the numbers that Parquet and Thrift have in common.

use super::seal::Damage;

pub(super) fn cut_off() -> Damage {
    wrong("ends too early")
}

pub(super) fn wrong(what: &str) -> Damage {
    Damage::Parquet(format!("a page {what}"))
}

/// Bytes that are not read yet.
pub(super) struct Cursor<'b>(pub &'b [u8]);

impl<'b> Cursor<'b> {
    pub fn take(&mut self, count: usize) -> Result<&'b [u8], Damage> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or_else(cut_off)?;
        self.0 = rest;
        Ok(taken)
    }

    pub fn byte(&mut self) -> Result<u8, Damage> {
        Ok(*self.take(1)?.first().ok_or_else(cut_off)?)
    }

    /// An unsigned number in LEB128.
    pub fn number(&mut self) -> Result<u64, Damage> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(wrong("has a number that does not end"))
    }

    /// A signed number, the sign in its lowest bit.
    pub fn signed(&mut self) -> Result<i64, Damage> {
        let value = self.number()?;
        Ok((value >> 1).cast_signed() ^ -((value & 1).cast_signed()))
    }
}
