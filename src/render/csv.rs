//! Reports as comma-separated values (RFC 4180), with a header line.

use std::io::{self, Write};

use super::escape::for_csv;
use crate::report::{LEDGER_COLUMNS, LedgerRow, Row, Show};

/// Starts a ledger and writes its rows one by one.
pub fn ledger_csv(out: &mut dyn Write) -> io::Result<impl FnMut(&LedgerRow<'_>) -> io::Result<()>> {
    let mut writer = ::csv::Writer::from_writer(out);
    writer.write_record(LEDGER_COLUMNS)?;
    Ok(move |row: &LedgerRow<'_>| {
        let number = |value: Option<u64>| value.map(|v| v.to_string()).unwrap_or_default();
        writer.write_record([
            number(row.offset).as_bytes(),
            row.size.to_string().as_bytes(),
            number(row.address).as_bytes(),
            row.memory_size.to_string().as_bytes(),
            row.kind.as_bytes(),
            for_csv(row.segment).as_bytes(),
            for_csv(row.section).as_bytes(),
            for_csv(row.symbol).as_bytes(),
            for_csv(row.mangled).as_bytes(),
            for_csv(row.krate).as_bytes(),
            for_csv(row.version).as_bytes(),
            row.source.as_bytes(),
            for_csv(row.defined_in).as_bytes(),
            for_csv(row.instantiated_by).as_bytes(),
            for_csv(row.unit).as_bytes(),
            row.evidence.as_bytes(),
            if row.estimated { b"true" } else { b"false" },
        ])?;
        Ok(())
    })
}

/// One line for each innermost row, so that lines sum to the total.
pub fn show_csv(show: &Show, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = ::csv::Writer::from_writer(out);
    let numbers = ["file", "memory", "symbols", "estimated"];
    let header = show.by.iter().map(|d| d.replace('-', "_"));
    writer.write_record(header.chain(numbers.map(String::from)))?;
    let mut names: Vec<String> = Vec::new();
    lines(&show.rows, show.by.len(), &mut names, &mut writer)?;
    writer.flush()
}

fn lines<W: Write>(
    rows: &[Row],
    depth: usize,
    names: &mut Vec<String>,
    writer: &mut ::csv::Writer<W>,
) -> io::Result<()> {
    for row in rows {
        names.push(for_csv(&row.name).into_owned());
        if row.children.is_empty() {
            let missing = depth.saturating_sub(names.len());
            let numbers = [row.file, row.memory, row.symbols].map(|n| n.to_string());
            let record = names.iter().cloned().chain((0..missing).map(|_| String::new()));
            writer.write_record(record.chain(numbers).chain([row.estimated.to_string()]))?;
        } else {
            lines(&row.children, depth, names, writer)?;
        }
        names.pop();
    }
    Ok(())
}
