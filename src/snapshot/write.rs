//! Writes Parquet: column by column, each value made when it is needed.

use std::io;
use std::sync::Arc;

use parquet::basic::{Compression, Encoding, GzipLevel, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::{ColumnPath, Type};

use super::columns::{Column, LEDGER, SNAPSHOT, Table, Values};
use super::rows::{self, Row};
use super::{facts, seal};
use crate::model::{Contents, Model};
use crate::parallel;

/// Most rows of one group: a reader needs as much memory as a group takes.
const GROUP: usize = 1 << 20;

/// Most bytes of one page, before compression. A page is compressed as a whole, so large ones are small.
const PAGE: usize = 64 << 20;

/// The bytes of a snapshot. Equal models give equal bytes.
///
/// Rows are written in order of position, where addresses and numbers take next to nothing, or in that of
/// names, where names do: whichever gives the smaller file.
///
/// *Errors*: none in practice; what the Parquet writer refuses.
/// *Cost*: a few times the cost of a view by symbol, and the compressed file in memory.
pub fn save(model: &Model, contents: &Contents) -> io::Result<Vec<u8>> {
    let by_place = rows::summed(model);
    let table = Table::new(model, Some(contents), &by_place);
    let mut by_name = by_place.clone();
    table.by_name(&mut by_name);
    let write =
        |rows: &[Row]| write(&table, rows, &SNAPSHOT, &seal::blank(), facts::write(model)).map_err(other);
    let (by_place, by_name) = parallel::join(|| write(&by_place), || write(&by_name));
    let (by_place, by_name) = (by_place?, by_name?);
    let mut file = if by_name.len() < by_place.len() { by_name } else { by_place };
    seal::close(&mut file);
    Ok(file)
}

/// The bytes of a Parquet file with a row for each leaf, in order of position.
///
/// *Errors*: none in practice; what the Parquet writer refuses.
/// *Cost*: linear; the compressed file in memory.
pub fn ledger(model: &Model) -> io::Result<Vec<u8>> {
    let rows = rows::leaves(model);
    let table = Table::new(model, None, &rows);
    write(&table, &rows, &LEDGER, &[], facts::write(model)).map_err(other)
}

fn other(error: ParquetError) -> io::Error {
    io::Error::other(error)
}

fn write(
    table: &Table<'_>,
    rows: &[Row],
    columns: &[Column],
    seal: &[u8],
    metadata: Vec<KeyValue>,
) -> Result<Vec<u8>, ParquetError> {
    let fields = columns.iter().map(|column| field(column).map(Arc::new));
    let fields = fields.collect::<Result<Vec<_>, _>>()?;
    let schema = Arc::new(Type::group_type_builder("bytes").with_fields(fields).build()?);
    let properties = Arc::new(properties(table, rows, columns, metadata)?);
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, properties)?;
    writer.write_all(seal)?;
    for rows in rows.chunks(GROUP) {
        let mut group = writer.next_row_group()?;
        for column in columns {
            if let Some(mut out) = group.next_column()? {
                write_column(table, rows, column.values, &mut out)?;
                out.close()?;
            }
        }
        group.close()?;
    }
    writer.into_inner()
}

fn field(column: &Column) -> Result<Type, ParquetError> {
    let (physical, logical) = match column.values {
        Values::Word(_) | Values::Name(_) => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Values::Number(_) | Values::Packed(_) | Values::Scattered(_) => (Physical::INT64, None),
        Values::Flag(_) => (Physical::BOOLEAN, None),
    };
    let repetition =
        if matches!(column.values, Values::Flag(_)) { Repetition::REQUIRED } else { Repetition::OPTIONAL };
    Type::primitive_type_builder(column.name, physical)
        .with_logical_type(logical)
        .with_repetition(repetition)
        .build()
}

fn properties(
    table: &Table<'_>,
    rows: &[Row],
    columns: &[Column],
    metadata: Vec<KeyValue>,
) -> Result<WriterProperties, ParquetError> {
    let mut properties = WriterProperties::builder()
        .set_created_by(format!("{} {}", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")))
        .set_key_value_metadata(Some(metadata))
        // What every engine reads without a library of its own; see `docs/fleet.md` for sizes.
        .set_compression(Compression::GZIP(GzipLevel::try_new(9)?))
        .set_statistics_enabled(EnabledStatistics::None)
        .set_offset_index_disabled(true)
        .set_dictionary_page_size_limit(PAGE)
        .set_data_page_size_limit(PAGE)
        .set_data_page_row_count_limit(GROUP)
        .set_max_row_group_row_count(Some(GROUP));
    for column in columns {
        let path = ColumnPath::from(column.name);
        let encoding = match column.values {
            // A dictionary, which is what the writer does unless told otherwise.
            Values::Word(_) | Values::Number(_) | Values::Flag(_) => continue,
            Values::Name(_) => Encoding::DELTA_BYTE_ARRAY,
            Values::Packed(_) => Encoding::DELTA_BINARY_PACKED,
            Values::Scattered(value) if rises(rows.iter().filter_map(|row| value(table, row))) => {
                Encoding::DELTA_BINARY_PACKED
            }
            Values::Scattered(_) => Encoding::PLAIN,
        };
        properties =
            properties.set_column_dictionary_enabled(path.clone(), false).set_column_encoding(path, encoding);
    }
    Ok(properties.build())
}

/// Whether hardly any number is less than the one before it. Of numbers in no order, half of them are.
fn rises(numbers: impl Iterator<Item = i64>) -> bool {
    let (mut falls, mut steps, mut last) = (0u64, 0u64, i64::MIN);
    // Rows of one symbol repeat its number.
    for number in numbers {
        falls += u64::from(number < last);
        steps += u64::from(number != last);
        last = number;
    }
    falls * 8 < steps
}

fn write_column(
    table: &Table<'_>,
    rows: &[Row],
    values: Values,
    out: &mut SerializedColumnWriter<'_>,
) -> Result<(), ParquetError> {
    match values {
        Values::Word(value) | Values::Name(value) => {
            let (levels, texts) = split(rows.iter().map(|row| value(table, row)));
            let texts: Vec<ByteArray> = texts.iter().map(|text| ByteArray::from(text.as_ref())).collect();
            out.typed::<ByteArrayType>().write_batch(&texts, Some(&levels), None)?;
        }
        Values::Number(value) | Values::Packed(value) | Values::Scattered(value) => {
            let (levels, numbers) = split(rows.iter().map(|row| value(table, row)));
            out.typed::<Int64Type>().write_batch(&numbers, Some(&levels), None)?;
        }
        Values::Flag(value) => {
            let flags: Vec<bool> = rows.iter().map(|row| value(table, row)).collect();
            out.typed::<BoolType>().write_batch(&flags, None, None)?;
        }
    }
    Ok(())
}

/// Which values there are, as 1 or 0, and those that there are.
fn split<T>(all: impl Iterator<Item = Option<T>>) -> (Vec<i16>, Vec<T>) {
    let mut present = Vec::new();
    let levels = all.map(|value| {
        let level = i16::from(value.is_some());
        present.extend(value);
        level
    });
    (levels.collect(), present)
}
