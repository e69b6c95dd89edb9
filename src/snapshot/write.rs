//! Writes Parquet: column by column, each value made when it is needed.

use std::io;
use std::sync::Arc;

use parquet::basic::{LogicalType, Repetition, Type as Physical};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{SchemaDescriptor, Type};

use super::columns::{Column, LEDGER, SNAPSHOT, Table, Values};
use super::encode::{self, Cells, Scheme};
use super::rows::{self, Row};
use super::{facts, seal};
use crate::model::{Contents, Model};
use crate::parallel;

/// Most rows of one group: a reader needs as much memory as a group takes.
const GROUP: usize = 1 << 20;

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
    let descriptor = SchemaDescriptor::new(schema.clone());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties(metadata)))?;
    writer.write_all(seal)?;
    let schemes: Vec<Scheme> = columns.iter().map(|column| scheme(table, rows, column.values)).collect();
    for rows in rows.chunks(GROUP) {
        let mut group = writer.next_row_group()?;
        for (index, (column, &scheme)) in columns.iter().zip(&schemes).enumerate() {
            let cells = cells(table, rows, column.values);
            let chunk = encode::column(descriptor.column(index), &cells, scheme)?;
            group.append_column(&bytes::Bytes::from(chunk.bytes), chunk.close)?;
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

fn properties(metadata: Vec<KeyValue>) -> WriterProperties {
    WriterProperties::builder()
        .set_created_by(format!("{} {}", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")))
        .set_key_value_metadata(Some(metadata))
        .set_statistics_enabled(EnabledStatistics::None)
        .set_offset_index_disabled(true)
        .set_max_row_group_row_count(Some(GROUP))
        .build()
}

/// How a column is written, in all groups alike.
fn scheme(table: &Table<'_>, rows: &[Row], values: Values) -> Scheme {
    match values {
        Values::Word(_) | Values::Number(_) => Scheme::Dictionary,
        Values::Name(_) | Values::Packed(_) => Scheme::Delta,
        Values::Scattered(value) if rises(rows.iter().filter_map(|row| value(table, row))) => Scheme::Delta,
        Values::Scattered(_) | Values::Flag(_) => Scheme::Plain,
    }
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

fn cells<'t>(table: &'t Table<'_>, rows: &[Row], values: Values) -> Cells<'t> {
    match values {
        Values::Word(value) | Values::Name(value) => {
            Cells::Texts(rows.iter().map(|row| value(table, row)).collect())
        }
        Values::Number(value) | Values::Packed(value) | Values::Scattered(value) => {
            Cells::Numbers(rows.iter().map(|row| value(table, row)).collect())
        }
        Values::Flag(value) => Cells::Flags(rows.iter().map(|row| value(table, row)).collect()),
    }
}
