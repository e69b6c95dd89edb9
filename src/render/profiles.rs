//! Builds of one artifact side by side, by profile or by feature: as text and as CSV.

use std::io::{self, Write};

use super::csv::io_error;
use super::escape::{for_csv, for_terminal};
use super::sheet::{BAR, Sheet, Style, bar, heading, indented, wrapped};
use super::size::{change, duration, percent_change};
use crate::report::{DiffRow, FeaturesReport, Outcome, ProfileRow, ProfilesReport, Subject};

/// Columns of the table, but for the name.
pub(super) const COLUMNS: [&str; 14] = [
    "file", "change", "stripped", "gzip", "zstd", "brotli", "code", "data", "unwind", "symbols", "debug",
    "build", "crates", "run",
];

/// Writes profiles side by side: a chart of sizes, then every number.
pub fn profiles_text(report: &ProfilesReport, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    headline(&report.head.subject, "by profile", style, out)?;
    chart(report, style, out)?;
    writeln!(out)?;
    let header = columns_and("profile");
    let mut sheet = Sheet::new(
        header,
        &[
            "crates", "symbols", "debug", "unwind", "data", "code", "brotli", "zstd", "build", "stripped",
            "gzip",
        ],
    );
    let mut empty = [true; COLUMNS.len()];
    for row in &report.rows {
        let cells = cells(&row.outcome, &|bytes| style.bytes(bytes));
        for (empty, cell) in empty.iter_mut().zip(&cells) {
            *empty &= cell == "-";
        }
        sheet.rows.push(cells.into_iter().chain([indented(0, &title(row))]).collect());
    }
    for (column, _) in COLUMNS.iter().zip(empty).filter(|(_, empty)| *empty) {
        sheet.hide(column);
    }
    sheet.write(style, out)?;
    for (name, reason) in report.rows.iter().filter_map(|row| Some((&row.name, row.outcome.reason.as_ref()?)))
    {
        writeln!(out)?;
        wrapped(&format!("{}: {}", for_terminal(name), for_terminal(reason)), 2, style, out)?;
    }
    if let Some(smallest) = smallest(report) {
        writeln!(out)?;
        let text = format!(
            "`bloat profiles --apply {}` prints the smallest as TOML. Built in {}; `--clean` removes that.",
            for_terminal(smallest),
            for_terminal(&report.head.scratch)
        );
        wrapped(&text, 2, style, out)?;
    }
    Ok(())
}

fn columns_and(last: &'static str) -> [&'static str; COLUMNS.len() + 1] {
    let mut all = [last; COLUMNS.len() + 1];
    all[..COLUMNS.len()].copy_from_slice(&COLUMNS);
    all
}

/// The name of the smallest row that changes something.
fn smallest(report: &ProfilesReport) -> Option<&str> {
    let rows = report.rows.iter().filter(|row| !row.settings.is_empty());
    let sized = rows.filter_map(|row| Some((row.outcome.file()?, row.name.as_str())));
    sized.min_by_key(|(file, _)| *file).map(|(_, name)| name)
}

fn headline(subject: &Subject, how: &str, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let mut text = format!("{} {}", subject.package, subject.version);
    if subject.target != subject.package {
        text.push_str(&format!(", {}", subject.target));
    }
    text.push_str(&format!(" ({}), {how}", subject.kind.replace('-', " ")));
    if subject.profile != "release" {
        text.push_str(&format!(", from {}", subject.profile));
    }
    if !subject.platforms.is_empty() {
        text.push_str(&format!(", for {}", subject.platforms.join(", ")));
    }
    heading(&for_terminal(&text), style, out)
}

/// Sizes as bars.
fn chart(report: &ProfilesReport, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let largest = report.rows.iter().filter_map(|row| row.outcome.file()).max().unwrap_or(0);
    let first = report.rows.first().and_then(|row| row.outcome.file()).unwrap_or(0);
    let mut sheet = Sheet::new(["file", "%", "", "profile"], &["%"]);
    for row in &report.rows {
        let [size, percent, bar] = match row.outcome.file() {
            Some(file) => {
                let delta = row.outcome.measured.as_ref().and_then(|m| m.delta);
                let percent = delta.map_or(String::new(), |delta| percent_change(delta, first));
                [style.bytes(file), percent, bar(file, largest, 2 * BAR)]
            }
            None => ["failed".to_string(), String::new(), String::new()],
        };
        sheet.rows.push(vec![size, percent, bar, indented(0, &row.name)]);
    }
    sheet.write(style, out)
}

/// A name, and what it is the same as.
pub(super) fn title(row: &ProfileRow) -> String {
    match &row.outcome.same_as {
        Some(other) => format!("{} (as {other})", row.name),
        None => row.name.clone(),
    }
}

/// The numbers of a row, in the order of [`COLUMNS`].
pub(super) fn cells(outcome: &Outcome, bytes: &dyn Fn(u64) -> String) -> [String; COLUMNS.len()] {
    let none = || "-".to_string();
    let Some(measured) = &outcome.measured else {
        let mut cells = [const { String::new() }; COLUMNS.len()].map(|_| none());
        cells[0] = "failed".to_string();
        return cells;
    };
    let size = &measured.size;
    let some = |value: Option<u64>| value.map_or_else(none, bytes);
    let part = |value: u64| if value == 0 { none() } else { bytes(value) };
    // Computed where nobody has stripped it.
    let estimated = if size.stripped.is_some_and(|stripped| stripped < size.file) { "~" } else { "" };
    let crates = format!("{}/{}", measured.build.compiled, measured.build.compiled + measured.build.reused);
    [
        bytes(size.file),
        measured.delta.map_or_else(none, |delta| change(delta, bytes)),
        size.stripped.map_or_else(none, |stripped| format!("{estimated}{}", bytes(stripped))),
        some(size.gzip),
        some(size.zstd),
        some(size.brotli),
        part(size.code),
        part(size.data),
        part(size.unwind),
        part(size.symbols),
        part(size.debug),
        duration(measured.build.milliseconds.saturating_mul(1000)),
        crates,
        measured.run_time.as_ref().map_or_else(none, |run| duration(run.median)),
    ]
}

/// Writes features side by side, each with the crates and symbols that it brings or takes away.
pub fn features_text(report: &FeaturesReport, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let how = if report.of == report.head.subject.package {
        "by feature".to_string()
    } else {
        format!("by feature of {}", report.of)
    };
    headline(&report.head.subject, &how, style, out)?;
    let mut sheet = Sheet::new(
        ["file", "change", "stripped", "code", "data", "build", "feature"],
        &["build", "data", "code", "stripped"],
    );
    for row in &report.rows {
        let all = cells(&row.outcome, &|bytes| style.bytes(bytes));
        let [file, change, stripped, _, _, _, code, data, _, _, _, build, _, _] = all;
        let name = match &row.outcome.same_as {
            Some(other) => format!("{} (as {other})", row.name),
            None => row.name.clone(),
        };
        sheet.rows.push(vec![file, change, stripped, code, data, build, indented(0, &name)]);
        if row.outcome.same_as.is_some() {
            continue;
        }
        for (what, rows) in [("crate", &row.crates), ("symbol", &row.symbols)] {
            for part in rows {
                let mut cells = vec![String::new(); 6];
                cells[1] = delta(part, &|bytes| style.bytes(bytes));
                cells.push(indented(1, &format!("{what} {}", part.name)));
                sheet.rows.push(cells);
            }
        }
    }
    sheet.write(style, out)?;
    for (name, reason) in report.rows.iter().filter_map(|row| Some((&row.name, row.outcome.reason.as_ref()?)))
    {
        writeln!(out)?;
        wrapped(&format!("{}: {}", for_terminal(name), for_terminal(reason)), 2, style, out)?;
    }
    writeln!(out)?;
    wrapped(
        &format!("Built in {}; `--clean` removes that.", for_terminal(&report.head.scratch)),
        2,
        style,
        out,
    )
}

/// The change of one crate or symbol.
pub(super) fn delta(row: &DiffRow, bytes: &dyn Fn(u64) -> String) -> String {
    change(row.delta.file, bytes)
}

/// One line for each profile.
pub fn profiles_csv(report: &ProfilesReport, out: &mut dyn Write) -> io::Result<()> {
    let rows = report.rows.iter().map(|row| {
        let settings: Vec<String> =
            row.settings.iter().map(|(key, value)| format!("{key}={value}")).collect();
        (row.name.as_str(), settings.join(","), &row.outcome)
    });
    csv(["profile", "settings"], rows, out)
}

/// One line for each set of features.
pub fn features_csv(report: &FeaturesReport, out: &mut dyn Write) -> io::Result<()> {
    let rows = report.rows.iter().map(|row| (row.name.as_str(), row.arguments.join(" "), &row.outcome));
    csv(["feature", "arguments"], rows, out)
}

fn csv<'r>(
    names: [&str; 2],
    rows: impl Iterator<Item = (&'r str, String, &'r Outcome)>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut writer = ::csv::Writer::from_writer(out);
    let numbers = [
        "file",
        "delta",
        "stripped",
        "gzip",
        "zstd",
        "brotli",
        "code",
        "data",
        "unwind",
        "symbols",
        "debug",
        "other",
        "build_milliseconds",
        "compiled",
        "reused",
        "run_microseconds",
    ];
    let header = names.into_iter().chain(["status", "same_as"]).chain(numbers).chain(["path", "reason"]);
    writer.write_record(header).map_err(io_error)?;
    for (name, what, outcome) in rows {
        let text = |text: Option<&str>| for_csv(text.unwrap_or_default()).into_owned();
        let mut record = vec![
            text(Some(name)),
            text(Some(&what)),
            outcome.status.to_string(),
            text(outcome.same_as.as_deref()),
        ];
        let some = |value: Option<u64>| value.map(|v| v.to_string()).unwrap_or_default();
        match &outcome.measured {
            Some(m) => {
                let s = &m.size;
                record.extend([
                    s.file.to_string(),
                    m.delta.map(|d| d.to_string()).unwrap_or_default(),
                    some(s.stripped),
                    some(s.gzip),
                    some(s.zstd),
                    some(s.brotli),
                ]);
                record.extend([s.code, s.data, s.unwind, s.symbols, s.debug, s.other].map(|n| n.to_string()));
                let b = &m.build;
                record.extend([b.milliseconds, b.compiled, b.reused].map(|n| n.to_string()));
                record.push(some(m.run_time.as_ref().map(|run| run.median)));
                record.push(text(Some(&m.path)));
            }
            None => record.extend(std::iter::repeat_n(String::new(), numbers.len() + 1)),
        }
        record.push(text(outcome.reason.as_deref()));
        writer.write_record(record).map_err(io_error)?;
    }
    writer.flush()
}
