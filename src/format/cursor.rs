//! Reads numbers out of section bytes that nobody has checked.
//!
//! Knows nothing of what the bytes mean. Every read answers `None` past the end,
//! so a reader needs no bounds of its own, and no value can make it panic.

use crate::format::Endian;

/// What a relocation of an object file does to one field of a section.
///
/// The target is an address, which in an object file is a position on the line.
/// Where the target lies in a section of debug information it is the offset into
/// that section (decompressed) instead. A PC-relative relocation is given by its
/// target: the place is not subtracted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fixup {
    /// Where the field is, as an offset into the section it patches.
    pub offset: u64,
    /// The target, or what to add to get it.
    pub value: u64,
    /// Where the addend is.
    pub addend: Addend,
}

/// Where the addend of a [`Fixup`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Addend {
    /// In the value already (`SHT_RELA`).
    Included,
    /// In the field that is patched (`SHT_REL`).
    Stored,
}

/// The fixup of the field at `offset`; `fixups` is sorted by offset.
pub(crate) fn fixup_at(fixups: &[Fixup], offset: u64) -> Option<&Fixup> {
    let i = fixups.partition_point(|f| f.offset < offset);
    fixups.get(i).filter(|f| f.offset == offset)
}

/// `value` read as a signed number of `size` bytes.
pub(crate) fn sign_extend(value: u64, size: u8) -> u64 {
    let unused = 64 - 8 * u32::from(size.clamp(1, 8));
    ((value << unused) as i64 >> unused) as u64
}

/// A place in the bytes of a section.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'data, 'fix> {
    bytes: &'data [u8],
    at: usize,
    endian: Endian,
    fixups: &'fix [Fixup],
}

impl<'data, 'fix> Cursor<'data, 'fix> {
    pub(crate) fn new(bytes: &'data [u8], endian: Endian, fixups: &'fix [Fixup]) -> Self {
        Cursor { bytes, at: 0, endian, fixups }
    }

    /// The same bytes, read from `offset` on.
    pub(crate) fn from(mut self, offset: u64) -> Option<Self> {
        self.at = usize::try_from(offset).ok().filter(|&at| at <= self.bytes.len())?;
        Some(self)
    }

    /// The same place, with everything from `end` on out of reach.
    pub(crate) fn until(mut self, end: u64) -> Self {
        let end = usize::try_from(end).unwrap_or(usize::MAX);
        self.bytes = self.bytes.get(..end).unwrap_or(self.bytes);
        self.at = self.at.min(self.bytes.len());
        self
    }

    /// Offset into the section.
    pub(crate) fn at(&self) -> u64 {
        self.at as u64
    }

    /// Offset of what is out of reach.
    pub(crate) fn end(&self) -> u64 {
        self.bytes.len() as u64
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    pub(crate) fn skip(&mut self, len: u64) -> Option<()> {
        let end = self.at.checked_add(usize::try_from(len).ok()?)?;
        (end <= self.bytes.len()).then(|| self.at = end)
    }

    /// The next byte, which is not passed over.
    pub(crate) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// The next `len` bytes.
    pub(crate) fn take(&mut self, len: u64) -> Option<&'data [u8]> {
        let start = self.at;
        self.skip(len)?;
        self.bytes.get(start..self.at)
    }

    #[inline(always)]
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let found = self.bytes.get(self.at..)?.first_chunk::<N>()?;
        self.at += N;
        Some(*found)
    }

    #[inline(always)]
    pub(crate) fn u8(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        let raw = self.array()?;
        Some(match self.endian {
            Endian::Little => u16::from_le_bytes(raw),
            Endian::Big => u16::from_be_bytes(raw),
        })
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        let raw = self.array()?;
        Some(match self.endian {
            Endian::Little => u32::from_le_bytes(raw),
            Endian::Big => u32::from_be_bytes(raw),
        })
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        let raw = self.array()?;
        Some(match self.endian {
            Endian::Little => u64::from_le_bytes(raw),
            Endian::Big => u64::from_be_bytes(raw),
        })
    }

    /// An unsigned number of 1, 2, 3, 4 or 8 bytes.
    pub(crate) fn uint(&mut self, size: u8) -> Option<u64> {
        match size {
            1 => self.u8().map(u64::from),
            2 => self.u16().map(u64::from),
            3 => {
                let [a, b, c] = self.array()?;
                Some(u64::from(match self.endian {
                    Endian::Little => u32::from_le_bytes([a, b, c, 0]),
                    Endian::Big => u32::from_be_bytes([0, a, b, c]),
                }))
            }
            4 => self.u32().map(u64::from),
            8 => self.u64(),
            _ => None,
        }
    }

    /// A number that a relocation may state: an address, or an offset into another section.
    pub(crate) fn fixed(&mut self, size: u8) -> Option<u64> {
        let offset = self.at();
        let stored = self.uint(size)?;
        if self.fixups.is_empty() {
            return Some(stored);
        }
        Some(match fixup_at(self.fixups, offset) {
            Some(Fixup { value, addend: Addend::Included, .. }) => *value,
            Some(Fixup { value, addend: Addend::Stored, .. }) => {
                value.wrapping_add(sign_extend(stored, size))
            }
            None => stored,
        })
    }

    /// Two such numbers, one behind the other. Lists of addresses are long, and most need no relocation.
    #[inline(always)]
    pub(crate) fn fixed_pair(&mut self, size: u8) -> Option<(u64, u64)> {
        if size == 8 && self.fixups.is_empty() && self.endian == Endian::Little {
            let raw: [u8; 16] = self.array()?;
            let both = u128::from_le_bytes(raw);
            return Some((both as u64, (both >> 64) as u64));
        }
        Some((self.fixed(size)?, self.fixed(size)?))
    }

    /// The relocation of the field that comes next.
    pub(crate) fn fixup(&self) -> Option<&'fix Fixup> {
        if self.fixups.is_empty() { None } else { fixup_at(self.fixups, self.at()) }
    }

    /// An unsigned LEB128 number; `None` if it does not fit into 64 bits.
    #[inline(always)]
    pub(crate) fn uleb(&mut self) -> Option<u64> {
        // Most have one byte.
        match self.bytes.get(self.at) {
            Some(&byte) if byte < 0x80 => {
                self.at += 1;
                Some(u64::from(byte))
            }
            _ => self.long_uleb(),
        }
    }

    fn long_uleb(&mut self) -> Option<u64> {
        let mut value = 0u64;
        let mut shift = 0u32;
        loop {
            let byte = self.u8()?;
            let bits = u64::from(byte & 0x7f);
            if shift < 64 {
                if (bits << shift) >> shift != bits {
                    return None;
                }
                value |= bits << shift;
            } else if bits != 0 {
                return None;
            }
            if byte & 0x80 == 0 {
                return Some(value);
            }
            // Padding bytes beyond the 64th bit are allowed: linkers write them.
            shift = (shift + 7).min(70);
        }
    }

    /// A signed LEB128 number; bits beyond the 64th are dropped.
    pub(crate) fn sleb(&mut self) -> Option<i64> {
        let mut value = 0u64;
        let mut shift = 0u32;
        loop {
            let byte = self.u8()?;
            if shift < 64 {
                value |= u64::from(byte & 0x7f) << shift;
            }
            shift = (shift + 7).min(70);
            if byte & 0x80 == 0 {
                if byte & 0x40 != 0 && shift < 64 {
                    value |= u64::MAX << shift;
                }
                return Some(value as i64);
            }
        }
    }

    /// The next `len` bytes.
    pub(crate) fn bytes(&mut self, len: usize) -> Option<&'data [u8]> {
        let found = self.bytes.get(self.at..self.at.checked_add(len)?)?;
        self.at += len;
        Some(found)
    }

    /// All that is in reach, from its first byte.
    pub(crate) fn bytes_in_reach(&self) -> &'data [u8] {
        self.bytes
    }

    /// All that is left.
    pub(crate) fn rest(&self) -> &'data [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// The bytes up to the next zero, which is passed over.
    pub(crate) fn cstr(&mut self) -> Option<&'data [u8]> {
        let rest = self.bytes.get(self.at..)?;
        let len = rest.iter().position(|&b| b == 0)?;
        let text = rest.get(..len)?;
        self.at = self.at.checked_add(len)?.checked_add(1)?;
        Some(text)
    }

    /// How many zero bytes there are from `offset` on.
    pub(crate) fn zeros_from(&self, offset: u64) -> u64 {
        let rest = usize::try_from(offset).ok().and_then(|at| self.bytes.get(at..)).unwrap_or_default();
        rest.iter().position(|&b| b != 0).unwrap_or(rest.len()) as u64
    }

    /// The length that starts a unit of any debug section, and the size of offsets in it.
    ///
    /// `None` at the end, and for the lengths that are reserved.
    pub(crate) fn initial_length(&mut self) -> Option<(u64, u8)> {
        match self.u32()? {
            0xffff_ffff => Some((self.u64()?, 8)),
            0xffff_fff0..=0xffff_fffe => None,
            short => Some((u64::from(short), 4)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor(bytes: &[u8]) -> Cursor<'_, 'static> {
        Cursor::new(bytes, Endian::Little, &[])
    }

    #[test]
    fn numbers_follow_the_byte_order() {
        let bytes = [1, 2, 3, 4, 5, 6, 7, 8];
        assert_eq!(cursor(&bytes).uint(3), Some(0x03_0201));
        assert_eq!(Cursor::new(&bytes, Endian::Big, &[]).uint(3), Some(0x01_0203));
        assert_eq!(cursor(&bytes).uint(8), Some(0x0807_0605_0403_0201));
        assert_eq!(cursor(&bytes).uint(5), None);
        assert_eq!(cursor(&[1]).u16(), None);
    }

    #[test]
    fn leb128_padding_is_read_and_overflow_is_not() {
        assert_eq!(cursor(&[0xe5, 0x8e, 0x26]).uleb(), Some(624_485));
        assert_eq!(cursor(&[0xc0, 0xbb, 0x78]).sleb(), Some(-123_456));
        assert_eq!(cursor(&[0x80, 0x80, 0x80, 0x00]).uleb(), Some(0));
        let mut padded = [0x80; 13];
        padded[0] = 0x85;
        padded[12] = 0;
        assert_eq!(cursor(&padded).uleb(), Some(5));
        let mut max = [0xff; 10];
        max[9] = 0x01;
        assert_eq!(cursor(&max).uleb(), Some(u64::MAX));
        max[9] = 0x02;
        assert_eq!(cursor(&max).uleb(), None);
        assert_eq!(cursor(&[0xff; 20]).uleb(), None);
        assert_eq!(cursor(&[0xff; 20]).sleb(), None);
    }

    #[test]
    fn a_relocation_replaces_or_adds_to_what_is_stored() {
        let fixups = [
            Fixup { offset: 0, value: 100, addend: Addend::Included },
            Fixup { offset: 4, value: 100, addend: Addend::Stored },
        ];
        let bytes = [7, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff, 9, 0, 0, 0];
        let mut c = Cursor::new(&bytes, Endian::Little, &fixups);
        assert_eq!((c.fixed(4), c.fixed(4), c.fixed(4)), (Some(100), Some(98), Some(9)));
        assert!(c.is_at_end());
    }
}
