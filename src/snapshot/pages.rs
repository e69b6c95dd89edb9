//! Pages of a column out of its bytes: their headers, and what they hold, decompressed.
//!
//! Done here and not by the Parquet crate because its reader takes whatever memory a header
//! asks for. These are data pages of version 1 and dictionaries (Parquet format, "Data
//! Pages"), in gzip, behind headers of numbers (Apache Thrift, "Compact protocol").

use std::cell::Cell;
use std::io::Read;

use flate2::bufread::GzDecoder;
use parquet::basic::Encoding;

use super::cursor::{Cursor, wrong};
use super::seal::Damage;

/// Types of fields in the compact protocol.
mod field {
    pub const TRUE: u8 = 1;
    pub const FALSE: u8 = 2;
    pub const I32: u8 = 5;
    pub const STRUCT: u8 = 12;
}

/// What a page is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Data,
    Dictionary,
}

/// A page, decompressed.
pub(super) struct Page {
    pub sort: Sort,
    /// Rows of data; values of a dictionary.
    pub count: usize,
    /// Of its values.
    pub encoding: Encoding,
    /// Of which rows have a value.
    pub levels: Option<Encoding>,
    pub bytes: Vec<u8>,
}

/// The pages that lie one behind another.
pub(super) struct Pages<'f> {
    rest: Cursor<'f>,
    /// Bytes that may yet be decompressed, of all columns.
    plain: &'f Cell<usize>,
}

impl<'f> Pages<'f> {
    pub fn new(bytes: &'f [u8], plain: &'f Cell<usize>) -> Pages<'f> {
        Pages { rest: Cursor(bytes), plain }
    }

    fn read(&mut self) -> Result<Page, Damage> {
        let header = Header::read(&mut self.rest)?;
        let (sort, content) = match header.sort {
            Some(0) => (Sort::Data, header.data),
            Some(2) => (Sort::Dictionary, header.dictionary),
            _ => return Err(wrong("is of a kind that is not written")),
        };
        let content = content.ok_or_else(|| wrong("does not say what it holds"))?;
        let (Some(packed), Some(plain)) = (length(header.packed), length(header.plain)) else {
            return Err(wrong("has no length"));
        };
        let left = self.plain.get().checked_sub(plain);
        self.plain.set(left.ok_or_else(|| wrong("is larger than any snapshot's"))?);
        let packed = self.rest.take(packed)?;
        let mut bytes = Vec::new();
        // One byte more than there must be tells that there are more.
        GzDecoder::new(packed)
            .take(plain as u64 + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| wrong(&format!("cannot be decompressed: {error}")))?;
        if bytes.len() != plain {
            return Err(wrong("has another length than it says"));
        }
        Ok(Page {
            sort,
            count: length(content.count).ok_or_else(|| wrong("does not say how much it holds"))?,
            encoding: content
                .encoding
                .and_then(encoding)
                .ok_or_else(|| wrong("is in an encoding that is not written"))?,
            levels: content.levels.and_then(encoding),
            bytes,
        })
    }
}

impl Iterator for Pages<'_> {
    type Item = Result<Page, Damage>;

    fn next(&mut self) -> Option<Result<Page, Damage>> {
        (!self.rest.0.is_empty()).then(|| self.read())
    }
}

fn length(number: Option<i64>) -> Option<usize> {
    usize::try_from(number?).ok()
}

/// Encodings that are written, by their numbers (`parquet.thrift`, `Encoding`).
fn encoding(number: i64) -> Option<Encoding> {
    Some(match number {
        0 => Encoding::PLAIN,
        3 => Encoding::RLE,
        5 => Encoding::DELTA_BINARY_PACKED,
        7 => Encoding::DELTA_BYTE_ARRAY,
        8 => Encoding::RLE_DICTIONARY,
        _ => return None,
    })
}

/// `PageHeader`.
#[derive(Default)]
struct Header {
    sort: Option<i64>,
    plain: Option<i64>,
    packed: Option<i64>,
    data: Option<Content>,
    dictionary: Option<Content>,
}

impl Header {
    fn read(bytes: &mut Cursor<'_>) -> Result<Header, Damage> {
        let mut header = Header::default();
        fields(bytes, &mut |id, field, bytes| {
            match (id, field) {
                (5, field::STRUCT) => header.data = Some(Content::read(bytes)?),
                (7, field::STRUCT) => header.dictionary = Some(Content::read(bytes)?),
                _ => {
                    let number = number(field, bytes)?;
                    match id {
                        1 => header.sort = number,
                        2 => header.plain = number,
                        3 => header.packed = number,
                        _ => {}
                    }
                }
            }
            Ok(())
        })?;
        Ok(header)
    }
}

/// `DataPageHeader`, or `DictionaryPageHeader`, which begins as that does.
#[derive(Default)]
struct Content {
    count: Option<i64>,
    encoding: Option<i64>,
    levels: Option<i64>,
}

impl Content {
    fn read(bytes: &mut Cursor<'_>) -> Result<Content, Damage> {
        let mut content = Content::default();
        fields(bytes, &mut |id, field, bytes| {
            let number = number(field, bytes)?;
            match id {
                1 => content.count = number,
                2 => content.encoding = number,
                3 => content.levels = number,
                _ => {}
            }
            Ok(())
        })?;
        Ok(content)
    }
}

/// Calls `each` with number and type of each field of a structure, in front of its value.
fn fields<'b>(
    bytes: &mut Cursor<'b>,
    each: &mut dyn FnMut(i64, u8, &mut Cursor<'b>) -> Result<(), Damage>,
) -> Result<(), Damage> {
    let mut id = 0i64;
    loop {
        let head = bytes.byte()?;
        if head == 0 {
            return Ok(());
        }
        id = match head >> 4 {
            0 => bytes.signed()?,
            step => id.saturating_add(i64::from(step)),
        };
        each(id, head & 15, bytes)?;
    }
}

/// The value of a field that is a number; a flag has none behind its type.
fn number(field: u8, bytes: &mut Cursor<'_>) -> Result<Option<i64>, Damage> {
    match field {
        field::TRUE | field::FALSE => Ok(None),
        field::I32 => bytes.signed().map(Some),
        _ => Err(wrong("has a header that is not written")),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(bytes).unwrap();
        gzip.finish().unwrap()
    }

    /// A signed number below 2^13.
    fn signed(number: usize) -> [u8; 2] {
        [(number << 1) as u8 & 0x7f | 0x80, (number >> 6) as u8]
    }

    /// A page of data with two rows, in the bytes that `parquet.thrift` and the protocol ask for.
    fn page(plain: usize, packed: &[u8]) -> Vec<u8> {
        let head = [&[0x15, 0, 0x15][..], &signed(plain), &[0x15], &signed(packed.len())].concat();
        let data = [0x2c, 0x15, 4, 0x15, 0, 0x15, 6, 0x15, 6, 0, 0];
        [&head, &data[..], packed].concat()
    }

    #[test]
    fn pages_lie_one_behind_another() {
        let bytes = [page(5, &gzip(b"hello")), page(0, &gzip(b""))].concat();
        let plain = Cell::new(5);
        let pages: Vec<Page> = Pages::new(&bytes, &plain).collect::<Result<_, _>>().unwrap();
        let [first, second] = &pages[..] else { panic!("two pages") };
        assert_eq!((first.sort, first.count, &first.bytes[..]), (Sort::Data, 2, &b"hello"[..]));
        assert_eq!((first.encoding, first.levels), (Encoding::PLAIN, Some(Encoding::RLE)));
        assert!(second.bytes.is_empty());
        assert_eq!(plain.get(), 0);
    }

    #[test]
    fn a_length_must_be_that_of_the_page() {
        let of = |bytes: &[u8], plain| Pages::new(bytes, &Cell::new(plain)).next().unwrap();
        let zeros = gzip(&[0; 4000]);
        assert!(of(&page(4000, &zeros), 4000).is_ok());
        for wrong in [3999, 4001] {
            assert!(of(&page(wrong, &zeros), 1 << 20).is_err(), "{wrong}");
        }
        assert!(of(&page(4000, &zeros), 3999).is_err(), "more than all columns may have");
        let whole = page(4000, &zeros);
        for len in 1..whole.len() {
            assert!(of(&whole[..len], 1 << 20).is_err(), "cut off at {len}");
        }
    }
}
