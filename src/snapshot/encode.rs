//! Pages of a column out of its values: the counterpart of [`super::decode`].
//!
//! Done here and not by the Parquet crate because its writers come with every encoding for
//! every type of value, which were a twentieth of this whole program. These write data pages
//! of version 1 (Parquet format, "Data Pages") in the encodings PLAIN, RLE_DICTIONARY,
//! DELTA_BINARY_PACKED and DELTA_BYTE_ARRAY ("Encodings").

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::Hash;
use std::io::Write;

use flate2::write::GzEncoder;
use parquet::basic::{Compression, Encoding, GzipLevel};
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;

/// Most bytes of the texts of one page. A page is compressed as a whole, so large ones are small.
const PAGE: usize = 64 << 20;

/// As far as gzip goes.
const LEVEL: u32 = 9;

/// Values of differences in a block, and in each part of it that has a width of its own.
const BLOCK: usize = 256;
const MINI: usize = 64;

/// The values of a column, by row; `None` is null.
pub(super) enum Cells<'v> {
    Texts(Vec<Option<Cow<'v, str>>>),
    Numbers(Vec<Option<i64>>),
    Flags(Vec<bool>),
}

/// How values are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    /// Each value once, and the places of the values among these.
    Dictionary,
    /// What differs from the value in front.
    Delta,
    /// As they are.
    Plain,
}

/// A column of a group of rows: its pages, compressed, and what is said of them elsewhere.
pub(super) struct Chunk {
    pub bytes: Vec<u8>,
    pub close: ColumnCloseResult,
}

/// What compresses pages, as the footer names it.
///
/// *Errors*: none; the level is one that there is.
pub(super) fn compression() -> Result<Compression, ParquetError> {
    // What every engine reads without a library of its own; see `docs/fleet.md` for sizes.
    Ok(Compression::GZIP(GzipLevel::try_new(LEVEL)?))
}

/// Encodes a column.
///
/// *Errors*: a page is larger than Parquet can say, which takes a text of two GiB.
/// *Cost*: linear; the values and the compressed pages in memory.
pub(super) fn column(
    column: ColumnDescPtr,
    cells: &Cells<'_>,
    scheme: Scheme,
) -> Result<Chunk, ParquetError> {
    let mut out = Pages::default();
    let rows = match cells {
        Cells::Texts(all) => texts(all, scheme, &mut out)?,
        Cells::Numbers(all) => numbers(all, scheme, &mut out)?,
        Cells::Flags(all) => {
            let bits: Vec<u64> = all.iter().map(|&flag| u64::from(flag)).collect();
            let mut bytes = Vec::new();
            pack(&bits, 1, &mut bytes);
            out.data(bytes, all.len(), Encoding::PLAIN)?
        }
    };
    out.close(column, rows)
}

/// Pages that are written; all of one column.
struct Pages {
    out: TrackedWrite<Vec<u8>>,
    encodings: Vec<Encoding>,
    uncompressed: usize,
    dictionary: Option<u64>,
    first: Option<u64>,
}

impl Default for Pages {
    fn default() -> Pages {
        let out = TrackedWrite::new(Vec::new());
        Pages { out, encodings: vec![Encoding::RLE], uncompressed: 0, dictionary: None, first: None }
    }
}

impl Pages {
    fn dictionary(&mut self, bytes: Vec<u8>, count: usize) -> Result<(), ParquetError> {
        let page = |buf| Page::DictionaryPage {
            buf,
            num_values: count as u32,
            encoding: Encoding::PLAIN,
            is_sorted: false,
        };
        self.dictionary = Some(self.write(&bytes, Encoding::PLAIN, &page)?);
        Ok(())
    }

    /// Writes a page of `rows` rows, and yields their number.
    fn data(&mut self, bytes: Vec<u8>, rows: usize, encoding: Encoding) -> Result<usize, ParquetError> {
        let page = |buf| Page::DataPage {
            buf,
            num_values: rows as u32,
            encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        let at = self.write(&bytes, encoding, &page)?;
        self.first.get_or_insert(at);
        Ok(rows)
    }

    fn write(
        &mut self,
        bytes: &[u8],
        encoding: Encoding,
        page: &dyn Fn(bytes::Bytes) -> Page,
    ) -> Result<u64, ParquetError> {
        let mut gzip = GzEncoder::new(Vec::new(), flate2::Compression::new(LEVEL));
        gzip.write_all(bytes)?;
        let page = CompressedPage::new(page(gzip.finish()?.into()), bytes.len());
        let written = SerializedPageWriter::new(&mut self.out).write_page(page)?;
        self.uncompressed += written.uncompressed_size;
        if !self.encodings.contains(&encoding) {
            self.encodings.push(encoding);
        }
        Ok(written.offset)
    }

    fn close(self, column: ColumnDescPtr, rows: usize) -> Result<Chunk, ParquetError> {
        let bytes = self.out.into_inner()?;
        let metadata = ColumnChunkMetaData::builder(column)
            .set_compression(compression()?)
            .set_encodings(self.encodings)
            .set_total_compressed_size(bytes.len() as i64)
            .set_total_uncompressed_size(self.uncompressed as i64)
            .set_num_values(rows as i64)
            .set_data_page_offset(self.first.unwrap_or_default() as i64)
            .set_dictionary_page_offset(self.dictionary.map(|at| at as i64))
            .build()?;
        let close = ColumnCloseResult {
            bytes_written: bytes.len() as u64,
            rows_written: rows as u64,
            metadata,
            bloom_filter: None,
            column_index: None,
            offset_index: None,
        };
        Ok(Chunk { bytes, close })
    }
}

fn texts(all: &[Option<Cow<'_, str>>], scheme: Scheme, out: &mut Pages) -> Result<usize, ParquetError> {
    if scheme == Scheme::Dictionary {
        let (known, indexes) = distinct(all.iter().flatten().map(|text| text.as_ref()));
        // A dictionary is one page; where that came out too large, texts are not as few as was thought.
        if known.iter().map(|text| text.len() + 4).sum::<usize>() <= PAGE {
            let mut bytes = Vec::new();
            for text in &known {
                bytes.extend((text.len() as u32).to_le_bytes());
                bytes.extend(text.as_bytes());
            }
            out.dictionary(bytes, known.len())?;
            return indexed(&levels(all), known.len(), &indexes, all.len(), out);
        }
    }
    let mut rest = all;
    loop {
        let mut size = 0usize;
        let fits = |text: &&Option<Cow<'_, str>>| {
            size += text.as_ref().map_or(0, |text| text.len());
            size <= PAGE
        };
        // One at least, whatever its size.
        let count = rest.iter().take_while(fits).count().max(1).min(rest.len());
        let (page, behind) = rest.split_at(count);
        let mut bytes = levels(page);
        fronts(page.iter().flatten().map(|text| text.as_bytes()), &mut bytes);
        out.data(bytes, count, Encoding::DELTA_BYTE_ARRAY)?;
        rest = behind;
        if rest.is_empty() {
            return Ok(all.len());
        }
    }
}

fn numbers(all: &[Option<i64>], scheme: Scheme, out: &mut Pages) -> Result<usize, ParquetError> {
    let mut bytes = levels(all);
    let present: Vec<i64> = all.iter().copied().flatten().collect();
    let plain = |numbers: &[i64], bytes: &mut Vec<u8>| {
        bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    };
    let encoding = match scheme {
        Scheme::Dictionary => {
            let (known, indexes) = distinct(present.into_iter());
            let mut dictionary = Vec::new();
            plain(&known, &mut dictionary);
            out.dictionary(dictionary, known.len())?;
            return indexed(&bytes, known.len(), &indexes, all.len(), out);
        }
        Scheme::Delta => {
            deltas(&present, &mut bytes);
            Encoding::DELTA_BINARY_PACKED
        }
        Scheme::Plain => {
            plain(&present, &mut bytes);
            Encoding::PLAIN
        }
    };
    out.data(bytes, all.len(), encoding)
}

/// Different values in order of appearance, and for each value which of these it is.
fn distinct<T: Copy + Eq + Hash>(all: impl Iterator<Item = T>) -> (Vec<T>, Vec<u64>) {
    let mut known = Vec::new();
    let mut places: HashMap<T, u64> = HashMap::new();
    let indexes = all.map(|value| {
        *places.entry(value).or_insert_with(|| {
            known.push(value);
            known.len() as u64 - 1
        })
    });
    let indexes = indexes.collect();
    (known, indexes)
}

/// A page of indexes into a dictionary of `known` values: their width in bits, and runs of them.
fn indexed(
    levels: &[u8],
    known: usize,
    indexes: &[u64],
    rows: usize,
    out: &mut Pages,
) -> Result<usize, ParquetError> {
    let width = usize::BITS - known.saturating_sub(1).leading_zeros();
    let mut bytes = levels.to_vec();
    bytes.push(width as u8);
    runs(indexes, width, &mut bytes);
    out.data(bytes, rows, Encoding::RLE_DICTIONARY)
}

/// Which values there are, with the length of that in front.
fn levels<T>(all: &[Option<T>]) -> Vec<u8> {
    let levels: Vec<u64> = all.iter().map(|value| u64::from(value.is_some())).collect();
    let mut bytes = vec![0; 4];
    runs(&levels, 1, &mut bytes);
    let len = (bytes.len() - 4) as u32;
    bytes[..4].copy_from_slice(&len.to_le_bytes());
    bytes
}

/// Numbers in the hybrid of runs and packed bits ("Run Length Encoding / Bit-Packing Hybrid").
fn runs(all: &[u64], width: u32, out: &mut Vec<u8>) {
    let groups = |numbers: &[u64], out: &mut Vec<u8>| {
        if !numbers.is_empty() {
            unsigned((numbers.len().div_ceil(8) as u64) << 1 | 1, out);
            pack(numbers, width, out);
            // The last group is as long as others.
            out.resize(
                out.len() + (numbers.len().div_ceil(8) * width as usize - bytes_of(numbers, width)),
                0,
            );
        }
    };
    // What is packed is so in groups of eight, so runs are looked for behind whole groups only.
    let (mut packed, mut at) = (0, 0);
    while let Some(&value) = all.get(at) {
        let run = all[at..].iter().take_while(|&&next| next == value).count();
        if run < 8 {
            at += 8;
            continue;
        }
        groups(&all[packed..at], out);
        unsigned((run as u64) << 1, out);
        out.extend(&value.to_le_bytes()[..width.div_ceil(8) as usize]);
        at += run;
        packed = at;
    }
    groups(&all[packed..], out);
}

/// The bytes that [`pack`] writes.
fn bytes_of(numbers: &[u64], width: u32) -> usize {
    (numbers.len() * width as usize).div_ceil(8)
}

/// Numbers of `width` bits, at most 64, the lowest bits first, and zeros up to the next byte.
fn pack(numbers: &[u64], width: u32, out: &mut Vec<u8>) {
    let (mut bits, mut count) = (0u128, 0);
    for &number in numbers {
        bits |= u128::from(number) << count;
        count += width;
        while count >= 8 {
            out.push(bits as u8);
            bits >>= 8;
            count -= 8;
        }
    }
    if count > 0 {
        out.push(bits as u8);
    }
}

/// Numbers as differences ("Delta Encoding").
fn deltas(all: &[i64], out: &mut Vec<u8>) {
    for number in [BLOCK, BLOCK / MINI, all.len()] {
        unsigned(number as u64, out);
    }
    signed(all.first().copied().unwrap_or_default(), out);
    let steps: Vec<i64> = all.windows(2).map(|pair| pair[1].wrapping_sub(pair[0])).collect();
    for block in steps.chunks(BLOCK) {
        let least = block.iter().copied().min().unwrap_or_default();
        signed(least, out);
        let above: Vec<u64> = block.iter().map(|step| step.wrapping_sub(least).cast_unsigned()).collect();
        let width = |mini: &[u64]| u64::BITS - mini.iter().fold(0, |all, next| all | next).leading_zeros();
        let widths: Vec<u32> = above.chunks(MINI).map(width).collect();
        // Parts behind the last value have a width, and no bytes.
        out.extend((0..BLOCK / MINI).map(|mini| widths.get(mini).map_or(0, |&width| width as u8)));
        for (mini, &width) in above.chunks(MINI).zip(&widths) {
            let before = out.len();
            pack(mini, width, out);
            out.resize(before + MINI / 8 * width as usize, 0);
        }
    }
}

/// Texts by what they share with the one in front: lengths of that, lengths of the rest, the rest
/// ("Delta Strings").
fn fronts<'t>(texts: impl Iterator<Item = &'t [u8]>, out: &mut Vec<u8>) {
    let (mut shared, mut lengths, mut rest) = (Vec::new(), Vec::new(), Vec::new());
    let mut last: &[u8] = &[];
    for text in texts {
        let same = text.iter().zip(last).take_while(|(a, b)| a == b).count();
        shared.push(same as i64);
        lengths.push((text.len() - same) as i64);
        rest.extend_from_slice(&text[same..]);
        last = text;
    }
    deltas(&shared, out);
    deltas(&lengths, out);
    out.append(&mut rest);
}

/// An unsigned number in LEB128.
fn unsigned(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// A signed number, the sign in its lowest bit.
fn signed(number: i64, out: &mut Vec<u8>) {
    unsigned((number << 1 ^ number >> 63).cast_unsigned(), out);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parquet::basic::{LogicalType, Repetition, Type as Physical};
    use parquet::file::properties::WriterProperties;
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::file::writer::SerializedFileWriter;
    use parquet::record::Field;
    use parquet::schema::types::{SchemaDescriptor, Type};

    use super::*;

    /// The rows of a file with these columns, as read by the Parquet crate, whose reader shares nothing with this.
    fn reread(columns: &[(Cells<'_>, Scheme)]) -> Vec<Vec<Field>> {
        let field = |(index, (cells, _)): (usize, &(Cells<'_>, Scheme))| {
            let (physical, logical, repetition) = match cells {
                Cells::Texts(_) => (Physical::BYTE_ARRAY, Some(LogicalType::String), Repetition::OPTIONAL),
                Cells::Numbers(_) => (Physical::INT64, None, Repetition::OPTIONAL),
                Cells::Flags(_) => (Physical::BOOLEAN, None, Repetition::REQUIRED),
            };
            let name = format!("c{index}");
            let field = Type::primitive_type_builder(&name, physical);
            Arc::new(field.with_logical_type(logical).with_repetition(repetition).build().unwrap())
        };
        let fields = columns.iter().enumerate().map(field).collect();
        let schema = Arc::new(Type::group_type_builder("rows").with_fields(fields).build().unwrap());
        let descriptor = SchemaDescriptor::new(schema.clone());
        let properties = Arc::new(WriterProperties::builder().build());
        let mut writer = SerializedFileWriter::new(Vec::new(), schema, properties).unwrap();
        let mut group = writer.next_row_group().unwrap();
        for (index, (cells, scheme)) in columns.iter().enumerate() {
            let chunk = column(descriptor.column(index), cells, *scheme).unwrap();
            group.append_column(&bytes::Bytes::from(chunk.bytes), chunk.close).unwrap();
        }
        group.close().unwrap();
        let file = SerializedFileReader::new(bytes::Bytes::from(writer.into_inner().unwrap())).unwrap();
        let rows = file.get_row_iter(None).unwrap();
        rows.map(|row| row.unwrap().get_column_iter().map(|(_, field)| field.clone()).collect()).collect()
    }

    #[test]
    fn another_reader_reads_what_was_written() {
        arbtest::arbtest(|u| {
            // Runs, nulls, and numbers of every width.
            let mut numbers: Vec<Option<i64>> = Vec::new();
            let mut texts: Vec<Option<Cow<'_, str>>> = Vec::new();
            let mut flags = Vec::new();
            for _ in 0..u.int_in_range(1..=60)? {
                let number = u.arbitrary::<i64>()? >> u.int_in_range(0..=63u32)?;
                let number = u.ratio(7, 8)?.then_some(number);
                let text = number.map(|number| Cow::from(format!("{:?}", number % 1000)));
                let flag = u.arbitrary()?;
                for _ in 0..u.int_in_range(1..=20)? {
                    numbers.push(number);
                    texts.push(text.clone());
                    flags.push(flag);
                }
            }
            let schemes = [Scheme::Dictionary, Scheme::Delta, Scheme::Plain];
            let mut columns: Vec<_> = schemes.map(|scheme| (Cells::Numbers(numbers.clone()), scheme)).into();
            columns.extend(schemes[..2].iter().map(|&scheme| (Cells::Texts(texts.clone()), scheme)));
            columns.push((Cells::Flags(flags.clone()), Scheme::Plain));
            let rows = reread(&columns);
            assert_eq!(rows.len(), numbers.len());
            for (row, ((number, text), flag)) in rows.iter().zip(numbers.iter().zip(&texts).zip(flags)) {
                let number = number.map_or(Field::Null, Field::Long);
                let text = text.as_ref().map_or(Field::Null, |text| Field::Str(text.to_string()));
                let expected =
                    [number.clone(), number.clone(), number, text.clone(), text, Field::Bool(flag)];
                assert_eq!(row[..], expected);
            }
            Ok(())
        });
    }

    #[test]
    fn texts_that_do_not_fit_into_a_page_take_several() {
        let long = |letter: char| Some(Cow::from(letter.to_string().repeat(PAGE / 2 + 1)));
        let texts = vec![long('a'), None, long('b'), Some(Cow::from("c")), long('a')];
        // As a dictionary they are too large as well.
        let columns = [Scheme::Dictionary, Scheme::Delta].map(|scheme| (Cells::Texts(texts.clone()), scheme));
        for (row, text) in reread(&columns).iter().zip(&texts) {
            let text = text.as_ref().map_or(Field::Null, |text| Field::Str(text.to_string()));
            assert!(row[0] == text && row[1] == text);
        }
    }

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut bytes = Vec::new();
        write(&mut bytes);
        bytes
    }

    /// The examples of the Parquet format, "Encodings".
    #[test]
    fn examples_of_the_format_are_written() {
        let packed = [0b1000_1000, 0b1100_0110, 0b1111_1010];
        assert_eq!(written(|out| pack(&[0, 1, 2, 3, 4, 5, 6, 7], 3, out)), packed);
        let hybrid = [&[3][..], &packed].concat();
        assert_eq!(written(|out| runs(&[0, 1, 2, 3, 4, 5, 6, 7], 3, out)), hybrid);
        // Eight of the same, which are a run, and three that are packed like eight.
        let mut numbers = vec![6; 8];
        numbers.extend([1, 2, 3]);
        assert_eq!(written(|out| runs(&numbers, 3, out)), [16, 6, 3, 0b1101_0001, 0, 0]);
        // 1 to 5: differences of 1, so nothing is left to pack.
        let rising = [0x80, 2, 4, 5, 2, 2, 0, 0, 0, 0];
        assert_eq!(written(|out| deltas(&[1, 2, 3, 4, 5], out)), rising);
        // 7, 5, 3, 1, 2, 3, 4, 5: the least difference is -2, and 0 0 0 3 3 3 3 are packed in two bits.
        let mut falling = vec![0x80, 2, 4, 8, 14, 3, 2, 0, 0, 0, 0b1100_0000, 0b0011_1111];
        falling.resize(falling.len() + MINI / 8 * 2 - 2, 0);
        assert_eq!(written(|out| deltas(&[7, 5, 3, 1, 2, 3, 4, 5], out)), falling);
        // axis, axle, babble, babyhood: shared are 0 2 0 3, the rest is what is left of them.
        let names = ["axis", "axle", "babble", "babyhood"];
        let bytes = written(|out| fronts(names.iter().map(|name| name.as_bytes()), out));
        let mut expected = written(|out| deltas(&[0, 2, 0, 3], out));
        expected.extend(written(|out| deltas(&[4, 2, 6, 5], out)));
        expected.extend(b"axislebabbleyhood");
        assert_eq!(bytes, expected);
    }
}
