//! Reports as aligned text for a terminal or a pipe.

use std::borrow::Cow;
use std::io::{self, Write};

use super::escape::for_terminal;
use super::sheet::{
    BAR, Sheet, Style, WIDE, bar, cut, heading, indented, mark, shorten, shows, width_of, wrap, wrapped,
};
use super::size;
use crate::report::{Columns, Issue, LedgerRow, Overview, Row, Show, Total};

/// Writes the overview.
pub fn overview_text(report: &Overview, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    facts(report, style, out)?;
    let dimension = report.by.first().copied().unwrap_or("crate");
    writeln!(out)?;
    heading(&format!("Size by {dimension}"), style, out)?;
    main_table(report, dimension, style, out)?;
    writeln!(out)?;
    heading("Size by kind", style, out)?;
    plain_table(&report.kinds, report.head.total, "kind", style, out)?;
    if !report.largest_symbols.is_empty() {
        writeln!(out)?;
        heading("Largest symbols, with their unwind, symbol and relocation entries", style, out)?;
        symbols_table(report, style, out)?;
    }
    shipped(report, style, out)?;
    memory_regions(report, style, out)?;
    issues_text(&report.diagnostics, style, out)
}

fn facts(report: &Overview, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let input = &report.head.input;
    let mut parts = vec![format!("{} {}", format_name(&input.format), input.file_type).trim().to_string()];
    // An archive of nothing, or of what lies elsewhere, is of no machine.
    if input.bits > 0 {
        parts.push(
            format!("{} {}-bit {}-endian", input.arch, input.bits, input.endian).trim_start().to_string(),
        );
    }
    parts.push(format!("{} in the file", style.bytes(input.file_size)));
    parts.push(format!("{} in memory", style.bytes(input.memory_size)));
    let tables = match (input.stripped, input.debug_info.as_str()) {
        (true, "none") => "stripped".to_string(),
        (false, "none") => "symbols, no debug info".to_string(),
        (true, debug) => format!("no symbols, {}", debug_name(debug)),
        (false, debug) => format!("symbols, {}", debug_name(debug)),
    };
    if input.bits > 0 {
        parts.push(tables);
    }
    let files = match input.debug_files.as_slice() {
        [] => String::new(),
        [file] => format!(" in {file}"),
        [file, rest @ ..] => format!(" in {file} and {} more", rest.len()),
    };
    if let Some(last) = parts.last_mut() {
        last.push_str(&files);
    }
    if let Some(rustc) = input.toolchain.iter().find_map(|t| t.strip_prefix("rustc version ")) {
        parts.push(format!("rustc {}", rustc.split(' ').next().unwrap_or(rustc)));
    }
    // `-` is what was typed, not what was read.
    let path = if input.path == "-" { Cow::Borrowed("standard input") } else { for_terminal(&input.path) };
    let parts: Vec<Cow<'_, str>> = parts.iter().map(|part| for_terminal(part)).collect();
    let tail = format!(": {}", parts.join(", "));
    let limit = style.limit();
    if width_of(&path) + width_of(&tail) <= limit {
        return writeln!(out, "{}{tail}", style.bold(&path));
    }
    writeln!(out, "{}", style.bold(&shorten(&path, limit)))?;
    // Broken between facts.
    let mut line = String::new();
    for part in &parts {
        if !line.is_empty() && 2 + width_of(&line) + 2 + width_of(part) > limit {
            wrapped(&format!("  {line}"), 4, style, out)?;
            line.clear();
        }
        if !line.is_empty() {
            line.push_str(", ");
        }
        line.push_str(part);
    }
    wrapped(&format!("  {line}"), 4, style, out)
}

/// A format as people write it.
fn format_name(format: &str) -> &str {
    match format {
        "elf" => "ELF",
        "macho" => "Mach-O",
        "pe" => "PE",
        "wasm" => "WebAssembly",
        // What it is says it all: `archive`, `Rust library`.
        _ => "",
    }
}

/// `dwarf5` as people write it.
fn debug_name(debug: &str) -> String {
    match debug.strip_prefix("dwarf") {
        Some(version) => format!("DWARF {version}"),
        None => debug.to_uppercase(),
    }
}

fn main_table(report: &Overview, dimension: &str, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let total = report.head.total.file;
    let largest = report.rows.iter().filter(|r| r.rest.is_none()).map(|r| r.file).max().unwrap_or(0);
    let mut sheet = Sheet::new(
        ["size", "%", "", "code", "data", "other", "debug", dimension],
        &["", "data", "other", "code", "%"],
    );
    let cells = |columns: Columns, debug_estimated: bool| {
        let cell = |n: u64| if n == 0 { String::from("-") } else { style.bytes(n) };
        let debug = mark(debug_estimated && columns.debug > 0, cell(columns.debug));
        [cell(columns.code), cell(columns.data), cell(columns.metadata), debug]
    };
    let mut sum = Columns::default();
    for row in &report.rows {
        let columns = row.columns.unwrap_or_default();
        sum.code += columns.code;
        sum.data += columns.data;
        sum.metadata += columns.metadata;
        sum.debug += columns.debug;
        let [code, data, metadata, debug] = cells(columns, shows(row.estimated_bytes, row.file, style));
        let bar = if row.rest.is_some() { String::new() } else { bar(row.file, largest, BAR) };
        let size = mark(shows(row.estimated_bytes, row.file, style), style.bytes(row.file));
        let name = indented(0, &row.name);
        sheet.rows.push(vec![size, size::percent(row.file, total), bar, code, data, metadata, debug, name]);
    }
    let [code, data, metadata, debug] = cells(sum, false);
    let whole = String::from("100.0%");
    sheet.footer = Some(vec![
        style.bytes(total),
        whole,
        String::new(),
        code,
        data,
        metadata,
        debug,
        "total".to_string(),
    ]);
    if sum.debug == 0 {
        sheet.hide("debug");
    }
    if style.width.is_some_and(|w| w < WIDE) {
        sheet.hide("");
    }
    sheet.write(style, out)
}

fn plain_table(rows: &[Row], total: Total, name: &str, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let largest = rows.iter().map(|r| r.file).max().unwrap_or(0);
    let mut sheet = Sheet::new(["size", "%", "", "in memory", name], &["", "%", "in memory"]);
    for row in rows {
        sheet.rows.push(vec![
            style.bytes(row.file),
            size::percent(row.file, total.file),
            bar(row.file, largest, BAR),
            if row.memory == 0 { String::from("-") } else { style.bytes(row.memory) },
            indented(0, &row.name),
        ]);
    }
    let whole = String::from("100.0%");
    sheet.footer = Some(vec![
        style.bytes(total.file),
        whole,
        String::new(),
        style.bytes(total.memory),
        "total".to_string(),
    ]);
    if style.width.is_some_and(|w| w < WIDE) {
        sheet.hide("");
    }
    sheet.write(style, out)
}

fn symbols_table(report: &Overview, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let mut sheet = Sheet::new(["size", "%", "crate", "symbol"], &["%", "crate"]);
    for row in &report.largest_symbols {
        let krate = match (&row.key.krate, &row.key.version) {
            (Some(name), Some(version)) => format!("{name}@{version}"),
            (Some(name), None) => name.clone(),
            _ => String::new(),
        };
        sheet.rows.push(vec![
            mark(shows(row.estimated_bytes, row.file, style), style.bytes(row.file)),
            size::percent(row.file, report.head.total.file),
            shorten(&for_terminal(&krate), 24).into_owned(),
            indented(0, &row.name),
        ]);
    }
    // Where no crate is known the column would say the same in every row.
    if report.by.first() != Some(&"crate") {
        sheet.hide("crate");
    }
    sheet.write(style, out)
}

fn shipped(report: &Overview, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let Some(s) = &report.shipped else { return Ok(()) };
    let total = report.head.total.file;
    writeln!(out)?;
    if s.saved == 0 {
        return wrapped(&format!("Nothing left to strip: {} ship.", style.bytes(total)), 2, style, out);
    }
    let saved = format!("{} ({})", style.bytes(s.saved), size::percent(s.saved, total));
    let others = s.saved.saturating_sub(s.debug.saturating_add(s.symbols));
    // Names of sections and what aligns them come to next to nothing.
    let others = if others > s.saved / 20 { others } else { 0 };
    let parts = [(s.debug, "debug info"), (s.symbols, "symbol tables"), (others, "relocations and the like")];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(bytes, _)| *bytes > 0)
        .map(|(bytes, what)| format!("{} of {what}", style.bytes(*bytes)))
        .collect();
    let parts = match parts.as_slice() {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        all => all.concat(),
    };
    let text = format!("Stripped, ~{} would ship: `strip` saves ~{saved}, {parts}.", style.bytes(s.file));
    wrapped(&text, 2, style, out)
}

fn memory_regions(report: &Overview, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    if report.memory_regions.is_empty() {
        return Ok(());
    }
    let parts = report.memory_regions.iter().map(|region| {
        let used = format!("{} {}", for_terminal(&region.name), style.bytes(region.used));
        match region.length {
            Some(length) => {
                format!("{used} of {} ({})", style.bytes(length), size::percent(region.used, length))
            }
            None => used,
        }
    });
    let parts: Vec<String> = parts.collect();
    writeln!(out)?;
    wrapped(&format!("Memory in use: {}.", parts.join(", ")), 2, style, out)
}

/// Writes diagnostics, the first few in full.
pub(super) fn issues_text(issues: &[Issue], style: &Style, out: &mut dyn Write) -> io::Result<()> {
    if issues.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    for issue in issues.iter().take(10) {
        let color = if issue.severity == "warning" { "33" } else { "2" };
        write!(out, "{}: ", style.paint(color, issue.severity))?;
        let taken = width_of(issue.severity) + 2;
        for line in wrap(&for_terminal(&issue.message), taken, 2, style.limit()) {
            writeln!(out, "{line}")?;
        }
    }
    if issues.len() > 10 {
        let text = format!("{} more; all of them are in the JSON output", issues.len() - 10);
        wrapped(&text, 2, style, out)?;
    }
    Ok(())
}

/// Writes a breakdown.
pub fn show_text(report: &Show, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let in_memory = report.measure == "memory";
    let of = |file: u64, memory: u64| if in_memory { memory } else { file };
    let total = of(report.shown.file, report.shown.memory);
    let head = if in_memory { "in memory" } else { "size" };
    let title = report.by.join(" > ");
    // Functions are known by what they come to wherever they are, and not by symbols.
    let has_functions = report.by.contains(&"inlined");
    let mut sheet = match has_functions {
        true => Sheet::new([head, "%", "in total", "sites", &title], &["sites", "%", "in total"]),
        false => Sheet::new([head, "%", "symbols", &title], &["symbols", "%"]),
    };
    fn push(rows: &[Row], depth: usize, add: &mut dyn FnMut(&Row, usize)) {
        for row in rows {
            add(row, depth);
            push(&row.children, depth + 1, add);
        }
    }
    push(&report.rows, 0, &mut |row, depth| {
        let size = of(row.file, row.memory);
        let count = |n: u64| if n == 0 { String::from("-") } else { n.to_string() };
        let mut cells = vec![
            mark(!in_memory && shows(row.estimated_bytes, size, style), style.bytes(size)),
            size::percent(size, total),
        ];
        match row.inlining {
            _ if !has_functions => cells.push(count(row.symbols)),
            Some(i) => cells.extend([style.bytes(i.total), count(i.call_sites)]),
            None => cells.extend(["", ""].map(String::from)),
        }
        cells.push(indented(depth, &row.name));
        sheet.rows.push(cells);
    });
    let whole = of(report.head.total.file, report.head.total.memory);
    let name = match (total == whole, in_memory) {
        (true, false) => "total: the whole file".to_string(),
        (true, true) => "total: all of its memory".to_string(),
        (false, _) => {
            format!("total shown, {} of {}", size::percent(total, whole), style.bytes(whole))
        }
    };
    let mut footer = vec![style.bytes(total), size::percent(total, total)];
    match has_functions {
        true => footer.extend(["", ""].map(String::from)),
        false => footer.push(report.rows.iter().map(|r| r.symbols).sum::<u64>().to_string()),
    }
    footer.push(name);
    sheet.footer = Some(footer);
    sheet.write(style, out)
}

/// Starts a ledger as text and writes its rows one by one.
pub fn ledger_text<'w>(
    style: &Style,
    out: &'w mut dyn Write,
) -> io::Result<impl FnMut(&LedgerRow<'_>) -> io::Result<()> + use<'w>> {
    let limit = style.limit();
    let header = format!(
        "{:>12} {:>10} {:>18} {:<11} {:<20} {:<24} {}",
        "offset", "size", "address", "kind", "section", "crate", "symbol"
    );
    writeln!(out, "{}", style.paint("2", &cut(&header, limit)))?;
    Ok(move |row: &LedgerRow<'_>| {
        let number = |n: Option<u64>| n.map(|n| format!("{n:#x}")).unwrap_or_else(|| "-".to_string());
        let krate = if row.version.is_empty() {
            row.krate.to_string()
        } else {
            format!("{}@{}", row.krate, row.version)
        };
        let line = format!(
            "{:>12} {:>10} {:>18} {:<11} {:<20} {:<24} {}",
            number(row.offset),
            mark(row.estimated, row.size.to_string()),
            number(row.address),
            row.kind,
            shorten(&for_terminal(row.section), 20),
            shorten(&for_terminal(&krate), 24),
            for_terminal(row.symbol),
        );
        writeln!(out, "{}", cut(line.trim_end(), limit))
    })
}

#[cfg(test)]
mod tests {
    use super::super::sheet::NARROW;
    use super::super::sheet::tests::{check_width, style, written};
    use super::*;

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/bin/demo-x86_64-symtab");
        let input = crate::input::Input::from_bytes("-", std::fs::read(path).unwrap());
        let model = crate::analyze(&input).unwrap();
        let mut overview = crate::report::overview(&model, Some(20), &[]);
        overview.diagnostics.push(Issue {
            severity: "warning",
            code: "test".into(),
            message: format!("the section {} is not what it says it is", "x".repeat(50)),
            offset: None,
            bytes: None,
        });
        let name = overview.rows.iter().find_map(|row| row.key.krate.clone()).unwrap();
        let krate = crate::report::explain_crate(&model, &name, "crate");
        assert!(!krate.crates.is_empty());
        for width in (1..=100).chain([200]) {
            for exact in [false, true] {
                let style = Style { exact, ..style(width) };
                let text = written(|out| overview_text(&overview, &style, out));
                assert!(text.starts_with("standard input"), "{text}");
                check_width(&text, width.max(NARROW));
                let text = written(|out| super::super::explain_crate_text(&krate, &style, out));
                check_width(&text, width.max(NARROW));
                let text = written(|out| crate::report::ledger(&model, ledger_text(&style, out)?));
                check_width(&text, width.max(NARROW));
            }
        }
    }

    #[test]
    fn only_the_severity_of_an_issue_is_coloured() {
        let message = "a b".to_string();
        let issue = Issue { severity: "warning", code: "test".into(), message, offset: None, bytes: None };
        let style = Style { color: true, ..style(80) };
        let text = written(|out| issues_text(&[issue], &style, out));
        assert_eq!(text, "\n\x1b[33mwarning\x1b[0m: a b\n");
    }
}
