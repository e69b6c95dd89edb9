//! Reports as comma-separated values (RFC 4180), with a header line.

use std::io::{self, Write};

use super::escape::for_csv;
use crate::report::{DiffReport, DiffRow, LEDGER_COLUMNS, LedgerRow, Row, Show};

/// Writes a ledger row by row.
pub struct LedgerCsv<'w>(::csv::Writer<&'w mut dyn Write>);

impl<'w> LedgerCsv<'w> {
    /// Writes the header line to `out`.
    pub fn new(out: &'w mut dyn Write) -> io::Result<LedgerCsv<'w>> {
        let mut writer = ::csv::Writer::from_writer(out);
        writer.write_record(LEDGER_COLUMNS).map_err(io_error)?;
        Ok(LedgerCsv(writer))
    }

    /// Writes one row.
    pub fn write(&mut self, row: &LedgerRow<'_>) -> io::Result<()> {
        let number = |value: Option<u64>| value.map(|v| v.to_string()).unwrap_or_default();
        let written = self.0.write_record([
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
        ]);
        written.map_err(io_error)
    }

    /// Writes what is still buffered. Without it, an error of the last rows is lost.
    pub fn finish(mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// The error of the output itself: callers tell a closed pipe by its kind.
pub(super) fn io_error(error: ::csv::Error) -> io::Error {
    match error.into_kind() {
        ::csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

/// One line for each innermost row, so that lines sum to the total.
pub fn show_csv(show: &Show, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = ::csv::Writer::from_writer(out);
    let numbers = ["file", "memory", "symbols", "estimated"];
    // Two columns must not have one name.
    let title = |d: &&str| if *d == "file" { "source_file".to_string() } else { d.replace('-', "_") };
    let header = show.by.iter().map(title);
    let has_functions = show.by.last() == Some(&"inlined");
    let of_functions = if has_functions { &["total", "inlined_bytes", "call_sites"][..] } else { &[] };
    let header = header.chain(numbers.map(String::from)).chain(of_functions.iter().map(|n| n.to_string()));
    writer.write_record(header).map_err(io_error)?;
    let mut names: Vec<String> = Vec::new();
    lines(&show.rows, (show.by.len(), has_functions), &mut names, &mut writer)?;
    writer.flush()
}

fn lines<W: Write>(
    rows: &[Row],
    (depth, has_functions): (usize, bool),
    names: &mut Vec<String>,
    writer: &mut ::csv::Writer<W>,
) -> io::Result<()> {
    for row in rows {
        names.push(for_csv(&row.name).into_owned());
        if row.children.is_empty() {
            let missing = depth.saturating_sub(names.len());
            let numbers = [row.file, row.memory, row.symbols].map(|n| n.to_string());
            let record = names.iter().cloned().chain((0..missing).map(|_| String::new()));
            let record = record.chain(numbers).chain([row.estimated.to_string()]);
            let of_functions = match row.inlining {
                _ if !has_functions => Vec::new(),
                Some(i) => [i.total, i.inlined, i.call_sites].map(|n| n.to_string()).to_vec(),
                None => vec![String::new(); 3],
            };
            writer.write_record(record.chain(of_functions)).map_err(io_error)?;
        } else {
            lines(&row.children, (depth, has_functions), names, writer)?;
        }
        names.pop();
    }
    Ok(())
}

/// One line for each innermost row that changed.
pub fn diff_csv(report: &DiffReport, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = ::csv::Writer::from_writer(out);
    let columns = [
        "old_file",
        "new_file",
        "delta_file",
        "old_memory",
        "new_memory",
        "delta_memory",
        "old_symbols",
        "new_symbols",
        "status",
        "estimated",
        "renamed_from",
    ];
    let header = report.by.iter().map(|d| d.replace('-', "_"));
    writer.write_record(header.chain(columns.map(String::from))).map_err(io_error)?;
    let mut names: Vec<String> = Vec::new();
    diff_lines(&report.rows, report.by.len(), &mut names, &mut writer)?;
    writer.flush()
}

fn diff_lines<W: Write>(
    rows: &[DiffRow],
    depth: usize,
    names: &mut Vec<String>,
    writer: &mut ::csv::Writer<W>,
) -> io::Result<()> {
    for row in rows {
        names.push(for_csv(&row.name).into_owned());
        if row.children.is_empty() {
            let missing = depth.saturating_sub(names.len());
            let record = names.iter().cloned().chain((0..missing).map(|_| String::new()));
            let values = [
                row.old.file.to_string(),
                row.new.file.to_string(),
                row.delta.file.to_string(),
                row.old.memory.to_string(),
                row.new.memory.to_string(),
                row.delta.memory.to_string(),
                row.old.symbols.to_string(),
                row.new.symbols.to_string(),
                row.status.as_str().to_string(),
                row.estimated.to_string(),
                for_csv(row.renamed_from.as_deref().unwrap_or_default()).into_owned(),
            ];
            writer.write_record(record.chain(values)).map_err(io_error)?;
        } else {
            diff_lines(&row.children, depth, names, writer)?;
        }
        names.pop();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An output whose reader went away.
    struct Closed;

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn row() -> LedgerRow<'static> {
        LedgerRow {
            offset: Some(0),
            size: 1,
            address: None,
            memory_size: 0,
            kind: "code",
            segment: "",
            section: "",
            symbol: "",
            mangled: "",
            krate: "",
            version: "",
            source: "",
            defined_in: "",
            instantiated_by: "",
            unit: "",
            evidence: "none",
            estimated: false,
        }
    }

    #[test]
    fn a_closed_pipe_is_told_by_its_kind() {
        let mut out = Closed;
        let mut ledger = LedgerCsv::new(&mut out).unwrap();
        // Enough for the buffer to overflow.
        let error = (0..10_000).find_map(|_| ledger.write(&row()).err()).unwrap();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    }

    #[test]
    fn an_error_of_the_last_rows_is_seen() {
        let mut out = Closed;
        let mut ledger = LedgerCsv::new(&mut out).unwrap();
        ledger.write(&row()).unwrap();
        assert_eq!(ledger.finish().unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
