//! Values of a column out of what its pages hold.
//!
//! Done here and not by the Parquet crate because its decoders end the program over some
//! of what a page can say. These read what [`super::save`] writes and refuse all else:
//! data pages of version 1 (Parquet format, "Data Pages") in the encodings PLAIN,
//! RLE_DICTIONARY, DELTA_BINARY_PACKED and DELTA_BYTE_ARRAY ("Encodings").

use parquet::basic::Encoding;

use super::cursor::{Cursor, cut_off, wrong};
use super::pages::{Pages, Sort};
use super::seal::Damage;

/// Most values of a block of deltas; writers use 128 or 256.
const MOST_IN_BLOCK: u64 = 1 << 16;

/// A page of data, and the dictionary that its column has.
struct Data<'p> {
    /// Which rows have a value.
    present: Vec<bool>,
    /// How many do.
    count: usize,
    encoding: Encoding,
    values: &'p [u8],
    /// Cursor and number of values.
    dictionary: Option<(&'p [u8], usize)>,
}

/// Calls `each` for the pages of a column that must have `rows` rows in all.
fn pages(
    pages: Pages<'_>,
    rows: usize,
    is_optional: bool,
    each: &mut dyn FnMut(&Data<'_>) -> Result<(), Damage>,
) -> Result<(), Damage> {
    let mut dictionary = None;
    let mut seen = 0usize;
    for page in pages {
        let page = page?;
        match page.sort {
            Sort::Dictionary => {
                if page.encoding != Encoding::PLAIN || dictionary.is_some() || page.count > rows {
                    return Err(wrong("has a dictionary of another kind"));
                }
                dictionary = Some((page.bytes, page.count));
            }
            Sort::Data => {
                let all = page.count;
                if all > rows - seen || page.levels != Some(Encoding::RLE) {
                    return Err(wrong("has levels that do not belong there"));
                }
                seen += all;
                let (present, values) =
                    if is_optional { levels(&page.bytes, all)? } else { (vec![true; all], &page.bytes[..]) };
                let count = present.iter().filter(|&&there| there).count();
                let dictionary = dictionary.as_ref().map(|(bytes, count)| (&bytes[..], *count));
                each(&Data { present, count, encoding: page.encoding, values, dictionary })?;
            }
        }
    }
    if seen == rows { Ok(()) } else { Err(wrong("is missing")) }
}

/// The numbers of a column, by row.
pub(super) fn numbers(column: Pages<'_>, rows: usize) -> Result<Vec<Option<i64>>, Damage> {
    let mut all = Vec::new();
    pages(column, rows, true, &mut |page| {
        let values = match (page.encoding, page.dictionary) {
            (Encoding::PLAIN, _) => plain_numbers(page.values, page.count)?,
            (Encoding::DELTA_BINARY_PACKED, _) => deltas(&mut Cursor(page.values), page.count)?,
            (Encoding::RLE_DICTIONARY, Some((bytes, count))) => {
                let known = plain_numbers(bytes, count)?;
                let numbers = indexes(page.values, page.count)?;
                let values = numbers.into_iter().map(|index| known.get(index as usize).copied());
                values.collect::<Option<Vec<i64>>>().ok_or_else(|| wrong("has no such number"))?
            }
            _ => return Err(wrong("has numbers in another encoding")),
        };
        let mut values = values.into_iter();
        all.extend(page.present.iter().map(|&there| if there { values.next() } else { None }));
        Ok(())
    })?;
    Ok(all)
}

/// The flags of a column, by row.
pub(super) fn flags(column: Pages<'_>, rows: usize) -> Result<Vec<bool>, Damage> {
    let mut all = Vec::new();
    pages(column, rows, false, &mut |page| {
        if page.encoding != Encoding::PLAIN {
            return Err(wrong("has flags in another encoding"));
        }
        let bits = page.values.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 == 1));
        let before = all.len();
        all.extend(bits.take(page.count));
        if all.len() - before == page.count { Ok(()) } else { Err(cut_off()) }
    })?;
    Ok(all)
}

/// Calls `each` for the text of each row, if it has one; of at most `most` bytes in all, where what names
/// share counts for each of them.
pub(super) fn texts(
    column: Pages<'_>,
    rows: usize,
    most: usize,
    each: &mut dyn FnMut(Option<&str>) -> Result<(), Damage>,
) -> Result<(), Damage> {
    let mut left = most;
    pages(column, rows, true, &mut |page| {
        let mut take = |bytes: &[u8], each: &mut dyn FnMut(Option<&str>) -> Result<(), Damage>| {
            left = left.checked_sub(bytes.len()).ok_or_else(|| wrong("has more text than any snapshot"))?;
            each(Some(std::str::from_utf8(bytes).map_err(|_| wrong("has text that is none"))?))
        };
        match (page.encoding, page.dictionary) {
            (Encoding::RLE_DICTIONARY, Some((bytes, count))) => {
                let known = plain_texts(bytes, count)?;
                let mut indexes = indexes(page.values, page.count)?.into_iter();
                for &there in &page.present {
                    if !there {
                        each(None)?;
                        continue;
                    }
                    let index = indexes.next().ok_or_else(cut_off)? as usize;
                    take(known.get(index).ok_or_else(|| wrong("has no such text"))?, each)?;
                }
                Ok(())
            }
            (Encoding::DELTA_BYTE_ARRAY, _) => {
                let mut bytes = Cursor(page.values);
                let prefixes = deltas(&mut bytes, page.count)?;
                let suffixes = deltas(&mut bytes, page.count)?;
                let mut text: Vec<u8> = Vec::new();
                let mut lengths = prefixes.into_iter().zip(suffixes);
                for &there in &page.present {
                    if !there {
                        each(None)?;
                        continue;
                    }
                    let (prefix, suffix) = lengths.next().ok_or_else(cut_off)?;
                    let prefix = usize::try_from(prefix).ok().filter(|&prefix| prefix <= text.len());
                    text.truncate(prefix.ok_or_else(|| wrong("has a prefix that is too long"))?);
                    text.extend_from_slice(bytes.take(usize::try_from(suffix).map_err(|_| cut_off())?)?);
                    take(&text, each)?;
                }
                Ok(())
            }
            (Encoding::PLAIN, _) => {
                let mut values = plain_texts(page.values, page.count)?.into_iter();
                for &there in &page.present {
                    match if there { values.next() } else { None } {
                        Some(text) => take(text, each)?,
                        None => each(None)?,
                    }
                }
                Ok(())
            }
            _ => Err(wrong("has text in another encoding")),
        }
    })
}

/// Numbers of `width` bits, at most 64, the lowest bits first, as many as there are whole ones.
fn unpack(bytes: &[u8], width: u32) -> impl Iterator<Item = u64> {
    let count = if width == 0 { 0 } else { bytes.len() * 8 / width as usize };
    (0..count).map(move |index| {
        let from = index * width as usize;
        let mut value = 0u128;
        for (place, byte) in bytes.iter().skip(from / 8).take(9).enumerate() {
            value |= u128::from(*byte) << (8 * place);
        }
        let value = (value >> (from % 8)) as u64;
        if width == 64 { value } else { value & ((1 << width) - 1) }
    })
}

/// Which of `count` rows have a value, and what stands behind that.
fn levels(bytes: &[u8], count: usize) -> Result<(Vec<bool>, &[u8]), Damage> {
    let mut rest = Cursor(bytes);
    let len = rest.take(4)?.iter().rev().fold(0usize, |value, &byte| value << 8 | usize::from(byte));
    let levels = runs(rest.take(len)?, 1, count)?;
    Ok((levels.into_iter().map(|level| level == 1).collect(), rest.0))
}

/// Indexes into a dictionary: their width in bits, and runs of them.
fn indexes(bytes: &[u8], count: usize) -> Result<Vec<u64>, Damage> {
    let mut rest = Cursor(bytes);
    let width = if count == 0 { 0 } else { u32::from(rest.byte()?) };
    if width > 32 {
        return Err(wrong("has indexes that are too wide"));
    }
    runs(rest.0, width, count)
}

/// `count` numbers in the hybrid of runs and packed bits ("Run Length Encoding / Bit-Packing Hybrid").
fn runs(bytes: &[u8], width: u32, count: usize) -> Result<Vec<u64>, Damage> {
    let mut rest = Cursor(bytes);
    let mut all = Vec::new();
    while all.len() < count {
        let head = rest.number()?;
        let left = count - all.len();
        let many = usize::try_from(head >> 1).map_err(|_| cut_off())?;
        if head & 1 == 0 {
            let value = rest.take(width.div_ceil(8) as usize)?;
            let value = value.iter().rev().fold(0u64, |value, &byte| value << 8 | u64::from(byte));
            all.extend(std::iter::repeat_n(value, many.min(left)));
        } else if width == 0 {
            all.extend(std::iter::repeat_n(0, many.saturating_mul(8).min(left)));
        } else {
            // Groups of eight; the last may stand for fewer.
            let packed = rest.take(many.checked_mul(width as usize).ok_or_else(cut_off)?)?;
            all.extend(unpack(packed, width).take(left));
        }
    }
    Ok(all)
}

/// `count` numbers as differences ("Delta Encoding"); what stands behind them is left.
fn deltas(bytes: &mut Cursor<'_>, count: usize) -> Result<Vec<i64>, Damage> {
    let (in_block, minis, total) = (bytes.number()?, bytes.number()?, bytes.number()?);
    let first = bytes.signed()?;
    let in_mini = in_block.checked_div(minis).unwrap_or(0);
    if total != count as u64 || in_block > MOST_IN_BLOCK || in_mini == 0 || in_mini % 8 != 0 {
        return Err(wrong("has another number of differences"));
    }
    let mut all = Vec::new();
    if count == 0 {
        return Ok(all);
    }
    all.push(first);
    let mut last = first;
    while all.len() < count {
        let least = bytes.signed()?;
        let widths = bytes.take(minis as usize)?;
        for &width in widths {
            // What is behind the last value is not written.
            if all.len() == count {
                break;
            }
            if width > 64 {
                return Err(wrong("has differences that are too wide"));
            }
            let packed = bytes.take(in_mini as usize / 8 * usize::from(width))?;
            let left = (count - all.len()).min(in_mini as usize);
            let mut add = |delta: u64| {
                last = last.wrapping_add(least).wrapping_add(delta.cast_signed());
                all.push(last);
            };
            if width == 0 {
                (0..left).for_each(|_| add(0));
            } else {
                unpack(packed, u32::from(width)).take(left).for_each(add);
            }
        }
    }
    Ok(all)
}

fn plain_numbers(bytes: &[u8], count: usize) -> Result<Vec<i64>, Damage> {
    let (words, _) = bytes.as_chunks::<8>();
    let words = words.get(..count).ok_or_else(cut_off)?;
    Ok(words.iter().map(|word| i64::from_le_bytes(*word)).collect())
}

fn plain_texts(bytes: &[u8], count: usize) -> Result<Vec<&[u8]>, Damage> {
    let mut rest = Cursor(bytes);
    let mut all = Vec::new();
    for _ in 0..count {
        let len = rest.take(4)?.iter().rev().fold(0usize, |value, &byte| value << 8 | usize::from(byte));
        all.push(rest.take(len)?);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the Parquet format, "Encodings".
    #[test]
    fn examples_of_the_format_are_read() {
        let packed = [0b1000_1000, 0b1100_0110, 0b1111_1010];
        assert_eq!(unpack(&packed, 3).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5, 6, 7]);
        let hybrid = [&[3][..], &packed].concat();
        assert_eq!(runs(&hybrid, 3, 8).unwrap(), [0, 1, 2, 3, 4, 5, 6, 7]);
        // A run of five, then the packed numbers.
        assert_eq!(runs(&[&[10, 6][..], &hybrid].concat(), 3, 7).unwrap(), [6, 6, 6, 6, 6, 0, 1]);
        // 1 to 5: differences of 1, so nothing is left to pack.
        let rising = [0x80, 1, 4, 5, 2, 2, 0, 0, 0, 0, 77];
        let mut bytes = Cursor(&rising);
        assert_eq!(deltas(&mut bytes, 5).unwrap(), [1, 2, 3, 4, 5]);
        assert_eq!(bytes.0, [77]);
        // 7, 5, 3, 1, 2, 3, 4, 5: the least difference is -2, and 0 0 0 3 3 3 3 are packed in two bits.
        let falling = [0x80, 1, 4, 8, 14, 3, 2, 0, 0, 0, 0b1100_0000, 0b0011_1111, 0, 0, 0, 0, 0, 0];
        assert_eq!(deltas(&mut Cursor(&falling), 8).unwrap(), [7, 5, 3, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn whatever_bytes_say_there_is_an_answer() {
        arbtest::arbtest(|u| {
            let count = u.int_in_range(0..=2000usize)?;
            let width = u.int_in_range(0..=32u32)?;
            let bytes: Vec<u8> = u.arbitrary()?;
            for read in [runs(&bytes, width, count), indexes(&bytes, count)].into_iter().flatten() {
                assert_eq!(read.len(), count);
            }
            for read in
                [deltas(&mut Cursor(&bytes), count), plain_numbers(&bytes, count)].into_iter().flatten()
            {
                assert_eq!(read.len(), count);
            }
            let _ = plain_texts(&bytes, count);
            let _ = levels(&bytes, count);
            Ok(())
        });
    }
}
