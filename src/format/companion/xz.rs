//! The xz container (The .xz File Format, version 1.2.1), as far as symbols come in it.
//!
//! One stream of blocks that are compressed with LZMA2 and nothing else. The
//! chunks say how long they are once decompressed, so what is too long is refused
//! before anything is made of it.

use std::io::Read;

use crate::format::Endian;
use crate::format::cursor::Cursor;

const MAGIC: &[u8] = b"\xfd7zXZ\0";

/// Filter id of LZMA2.
const LZMA2: u64 = 0x21;

/// In bytes, as the format has it.
const SMALLEST_DICTIONARY: u32 = 4096;

const CUT: &str = "the xz data is cut off";

/// How the content of blocks is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Check {
    Crc32,
    Crc64,
    /// Of this many bytes, and not compared.
    Unread(u64),
}

/// Decompresses an xz stream, to at most `limit` bytes.
///
/// *Errors*: what is wrong with it, in words.
pub(super) fn decompress(bytes: &[u8], limit: usize) -> Result<Vec<u8>, &'static str> {
    let mut c = Cursor::new(bytes, Endian::Little, &[]);
    if !bytes.starts_with(MAGIC) {
        return Err("it is not xz data");
    }
    let flags = bytes.get(6..8).ok_or(CUT)?;
    c.skip(8).ok_or(CUT)?;
    if c.u32().ok_or(CUT)? != crc32(flags) {
        return Err("the header of the xz data is damaged");
    }
    let check = match flags {
        [0, 1] => Check::Crc32,
        [0, 4] => Check::Crc64,
        [0, 0] => Check::Unread(0),
        [0, 2 | 3] => Check::Unread(4),
        [0, 5 | 6] => Check::Unread(8),
        [0, 7..=9] => Check::Unread(16),
        [0, 10..=12] => Check::Unread(32),
        [0, 13..=15] => Check::Unread(64),
        _ => return Err("the xz data is of an unknown version"),
    };
    let mut out = Vec::new();
    // A block starts with its size, and what follows the last one with a zero.
    while *bytes.get(place(&c)?).ok_or(CUT)? != 0 {
        let dictionary = header(bytes, &mut c)?;
        let start = place(&c)?;
        let len = chunks(&mut c)?;
        if out.len().saturating_add(len) > limit {
            return Err("it is longer once decompressed than symbols of this file can be");
        }
        let packed = bytes.get(start..place(&c)?).ok_or(CUT)?;
        let before = out.len();
        // A dictionary larger than the content is never filled.
        let dictionary = dictionary.min(u32::try_from(len).unwrap_or(u32::MAX)).max(SMALLEST_DICTIONARY);
        let reader = lzma_rust2::Lzma2Reader::new(packed, dictionary, None);
        reader.take(len as u64).read_to_end(&mut out).map_err(|_| "the xz data is damaged")?;
        let padding = c.at().wrapping_neg() & 3;
        c.skip(padding).ok_or(CUT)?;
        let content = out.get(before..).unwrap_or_default();
        if content.len() != len || !is_intact(content, check, &mut c)? {
            return Err("the xz data is damaged");
        }
    }
    if out.is_empty() { Err("the xz data holds nothing") } else { Ok(out) }
}

fn place(c: &Cursor<'_, '_>) -> Result<usize, &'static str> {
    usize::try_from(c.at()).map_err(|_| CUT)
}

/// Passes over the header of a block; gives the size of the dictionary it needs.
fn header(bytes: &[u8], c: &mut Cursor<'_, '_>) -> Result<u32, &'static str> {
    let start = place(c)?;
    let size = (usize::from(*bytes.get(start).ok_or(CUT)?) + 1) * 4;
    let all = bytes.get(start..start + size).ok_or(CUT)?;
    let (body, sum) = all.split_at_checked(size - 4).ok_or(CUT)?;
    if sum != crc32(body).to_le_bytes() {
        return Err("a block header of the xz data is damaged");
    }
    c.skip(size as u64).ok_or(CUT)?;
    let mut c = Cursor::new(body, Endian::Little, &[]);
    c.skip(1).ok_or(CUT)?;
    let flags = c.u8().ok_or(CUT)?;
    if flags & 0x3f != 0 {
        return Err("the xz data has filters besides LZMA2");
    }
    for _ in 0..(flags & 0xc0).count_ones() {
        c.uleb().ok_or(CUT)?;
    }
    if c.uleb().ok_or(CUT)? != LZMA2 || c.uleb().ok_or(CUT)? != 1 {
        return Err("the xz data is not compressed with LZMA2");
    }
    match c.u8().ok_or(CUT)? {
        bits @ 0..=39 => Ok((2 | u32::from(bits & 1)) << (bits / 2 + 11)),
        40 => Ok(u32::MAX),
        _ => Err("the xz data needs a dictionary of unknown size"),
    }
}

/// Passes over the chunks of a block; gives their length once decompressed.
fn chunks(c: &mut Cursor<'_, '_>) -> Result<usize, &'static str> {
    let mut len = 0usize;
    loop {
        let control = c.u8().ok_or(CUT)?;
        let mut half = || -> Result<usize, &'static str> {
            let (high, low) = (c.u8().ok_or(CUT)?, c.u8().ok_or(CUT)?);
            Ok(usize::from(high) << 8 | usize::from(low))
        };
        match control {
            0 => return Ok(len),
            1 | 2 => {
                let stored = half()? + 1;
                len = len.saturating_add(stored);
                c.skip(stored as u64).ok_or(CUT)?;
            }
            3..0x80 => return Err("the xz data is damaged"),
            _ => {
                len = len.saturating_add((usize::from(control & 0x1f) << 16) + half()? + 1);
                let packed = half()? + 1;
                // New properties take a byte of their own.
                let properties = u64::from(control >= 0xc0);
                c.skip(packed as u64 + properties).ok_or(CUT)?;
            }
        }
    }
}

/// Reads the check behind a block, and compares where that is not too much trouble.
fn is_intact(content: &[u8], check: Check, c: &mut Cursor<'_, '_>) -> Result<bool, &'static str> {
    Ok(match check {
        Check::Crc32 => c.u32().ok_or(CUT)? == crc32(content),
        Check::Crc64 => c.u64().ok_or(CUT)? == crc64(content),
        Check::Unread(len) => c.skip(len).is_some(),
    })
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// CRC-64 of ECMA-182, bits reversed.
fn crc64(bytes: &[u8]) -> u64 {
    const POLYNOMIAL: u64 = 0xc96c_5795_d787_0f42;
    let step = |crc: u64| if crc & 1 == 1 { crc >> 1 ^ POLYNOMIAL } else { crc >> 1 };
    let table: Vec<u64> = (0..256).map(|byte| (0..8).fold(byte, |crc, _| step(crc))).collect();
    let next = |crc: u64, byte: &u8| {
        let entry = table.get(usize::from(crc as u8 ^ byte)).copied().unwrap_or_default();
        entry ^ crc >> 8
    };
    !bytes.iter().fold(u64::MAX, next)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `printf 'Hello, world!' | xz --check=crc64`.
    const HELLO: &[u8] = &[
        0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x00, 0x04, 0xe6, 0xd6, 0xb4, 0x46, 0x02, 0x00, 0x21, 0x01, 0x16,
        0x00, 0x00, 0x00, 0x74, 0x2f, 0xe5, 0xa3, 0x01, 0x00, 0x0c, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x2c, 0x20,
        0x77, 0x6f, 0x72, 0x6c, 0x64, 0x21, 0x00, 0x00, 0x00, 0x00, 0xc4, 0x77, 0x58, 0x66, 0x43, 0xe1, 0x59,
        0x8e, 0x00, 0x01, 0x25, 0x0d, 0x71, 0x19, 0xc4, 0xb6, 0x1f, 0xb6, 0xf3, 0x7d, 0x01, 0x00, 0x00, 0x00,
        0x00, 0x04, 0x59, 0x5a,
    ];

    /// A hundred times `ab`, then `c`, with `xz --check=crc32`: one chunk that is really compressed.
    const REPEATED: &[u8] = &[
        0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x00, 0x01, 0x69, 0x22, 0xde, 0x36, 0x02, 0x00, 0x21, 0x01, 0x16,
        0x00, 0x00, 0x00, 0x74, 0x2f, 0xe5, 0xa3, 0xe0, 0x00, 0xc8, 0x00, 0x09, 0x5d, 0x00, 0x30, 0x98, 0xaa,
        0xd0, 0x13, 0x18, 0x40, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x47, 0x53, 0xeb, 0xbc, 0x00, 0x01, 0x21,
        0xc9, 0x01, 0x00, 0x00, 0x00, 0x81, 0xef, 0x1c, 0x53, 0x3e, 0x30, 0x0d, 0x8b, 0x02, 0x00, 0x00, 0x00,
        0x00, 0x01, 0x59, 0x5a,
    ];

    #[test]
    fn checks_are_those_of_the_format() {
        // The check values that the catalogue of CRC algorithms lists for "123456789".
        assert_eq!(crc64(b"123456789"), 0x995d_c9bb_df19_39fa);
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn a_stream_is_read_and_what_is_damaged_is_not() {
        let repeated = [b"ab".repeat(100), b"c".to_vec()].concat();
        for (packed, plain) in [(HELLO, &b"Hello, world!"[..]), (REPEATED, &repeated[..])] {
            assert_eq!(decompress(packed, 1000).as_deref(), Ok(plain));
            assert_eq!(decompress(packed, plain.len()).as_deref(), Ok(plain));
            assert!(decompress(packed, plain.len() - 1).unwrap_err().contains("longer"));
            // Behind the blocks are the index and the footer, which say nothing new.
            let footer = packed.len() - 12;
            let index =
                4 * (1 + u32::from_le_bytes(packed[footer + 4..footer + 8].try_into().unwrap()) as usize);
            let blocks = footer - index;
            for cut in 0..=blocks {
                assert!(decompress(&packed[..cut], 1000).is_err(), "cut at {cut}");
            }
            let mut refused = 0;
            for bit in 0..blocks * 8 {
                let mut bytes = packed.to_vec();
                bytes[bit / 8] ^= 1 << (bit % 8);
                match decompress(&bytes, 1000) {
                    Ok(read) => assert_eq!(read, plain, "bit {bit}"),
                    Err(_) => refused += 1,
                }
            }
            // All counts but padding in front of a check, and the last bits of a chunk.
            assert!(refused >= (blocks - 4) * 8, "{refused} of {}", blocks * 8);
        }
    }
}
