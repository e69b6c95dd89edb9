//! Reports as aligned text for a terminal or a pipe.

use std::io::{self, Write};

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::escape::for_terminal;
use super::size;
use crate::report::{Columns, Issue, LedgerRow, Overview, Row, Show, Total};

/// How text is to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether to colour.
    pub color: bool,
    /// Columns to fit into; `None` keeps names whole.
    pub width: Option<usize>,
    /// Exact integers instead of rounded units.
    pub exact: bool,
}

impl Style {
    pub(super) fn bytes(&self, bytes: u64) -> String {
        if self.exact { size::bytes(bytes) } else { size::human(bytes) }
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_string() }
    }

    pub(super) fn heading(&self, text: &str) -> String {
        self.paint("1", text)
    }
}

/// Narrowest terminal that tables are laid out for.
const NARROW: usize = 40;
/// Width of bars where there is room for them.
const BAR: usize = 16;
/// Width from which on there is room for bars.
const WIDE: usize = 100;

/// A table under construction: all but the last column are numbers, the last is a name.
struct Sheet {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    /// Which row is a total, set off from the others.
    footer: Option<Vec<String>>,
}

impl Sheet {
    fn new<const N: usize>(header: [&str; N]) -> Sheet {
        Sheet { header: header.map(String::from).to_vec(), rows: Vec::new(), footer: None }
    }

    /// Takes out a column.
    fn drop_column(&mut self, at: usize) {
        self.header.remove(at);
        for row in self.rows.iter_mut().chain(&mut self.footer) {
            row.remove(at);
        }
    }

    fn write(mut self, style: &Style, out: &mut dyn Write) -> io::Result<()> {
        let names = self.header.len() - 1;
        let all = || std::iter::once(&self.header).chain(&self.rows).chain(&self.footer);
        let width = |column: usize| all().map(|r| r[column].width()).max().unwrap_or(0);
        let numbers: usize = (0..names).map(|c| width(c) + 2).sum();
        if let Some(limit) = style.width {
            let room = limit.max(NARROW).saturating_sub(numbers).max(8);
            for row in self.rows.iter_mut().chain(&mut self.footer) {
                row[names] = shorten(&row[names], room);
            }
        }
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(self.header.iter().cloned());
        for row in self.rows.iter().chain(&self.footer) {
            table.add_row(row.iter().cloned());
        }
        for column in 0..=names {
            if let Some(c) = table.column_mut(column) {
                c.set_padding((0, if column == names { 0 } else { 2 }));
                let is_bar = self.header[column].is_empty() && column > 0;
                c.set_cell_alignment(if column == names || is_bar {
                    CellAlignment::Left
                } else {
                    CellAlignment::Right
                });
            }
        }
        for (index, line) in table.lines().enumerate() {
            let line = line.trim_end();
            let is_footer = self.footer.is_some() && index == self.rows.len() + 1;
            if index == 0 {
                writeln!(out, "{}", style.paint("2", line))?;
            } else if is_footer {
                writeln!(out, "{}", style.heading(line))?;
            } else {
                writeln!(out, "{}", color_bar(style, line))?;
            }
        }
        Ok(())
    }
}

/// Colours the bar of a line: the one run of block characters in it.
fn color_bar(style: &Style, line: &str) -> String {
    let is_block = |c: char| ('\u{2580}'..='\u{259f}').contains(&c);
    let (Some(start), true) = (line.find(is_block), style.color) else { return line.to_string() };
    let (before, bar) = line.split_at(start);
    let end = bar.find(|c: char| !is_block(c)).unwrap_or(bar.len());
    let (bar, after) = bar.split_at(end);
    format!("{before}{}{after}", style.paint("36", bar))
}

/// A bar of at most `width` cells, in eighths of a cell.
fn bar(part: u64, whole: u64, width: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    if whole == 0 {
        return String::new();
    }
    let cells = (part as f64 / whole as f64 * width as f64 * 8.0).round().min(width as f64 * 8.0) as usize;
    format!("{}{}", "█".repeat(cells / 8), EIGHTHS[cells % 8])
}

/// Cuts the middle out of a name that is too wide: the crate in front and the
/// item at the end tell more than what lies between.
fn shorten(name: &str, room: usize) -> String {
    if name.width() <= room {
        return name.to_string();
    }
    let room = room.saturating_sub(1);
    let front = room * 2 / 5;
    let head = prefix(name.chars(), front);
    let tail: Vec<char> = prefix(name.chars().rev(), room - front).chars().rev().collect();
    format!("{}…{}", head, tail.into_iter().collect::<String>())
}

fn prefix(chars: impl Iterator<Item = char>, room: usize) -> String {
    let mut used = 0;
    chars
        .take_while(|c| {
            used += c.width().unwrap_or(0);
            used <= room
        })
        .collect()
}

fn indented(depth: usize, name: &str) -> String {
    format!("{}{}", "  ".repeat(depth), for_terminal(name))
}

/// `~` in front of what is a computed share.
fn mark(estimated: bool, text: String) -> String {
    if estimated { format!("~{text}") } else { text }
}

/// Writes the overview.
pub fn overview_text(report: &Overview, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    facts(report, style, out)?;
    let dimension = report.by.first().copied().unwrap_or("crate");
    writeln!(out, "\n{}", style.heading(&format!("Size by {dimension}")))?;
    main_table(report, dimension, style, out)?;
    writeln!(out, "\n{}", style.heading("Size by kind"))?;
    plain_table(&report.kinds, report.head.total, "kind", style, out)?;
    if !report.largest_symbols.is_empty() {
        writeln!(
            out,
            "\n{}",
            style.heading("Largest symbols, with their unwind, symbol and relocation entries")
        )?;
        symbols_table(report, style, out)?;
    }
    shipped(report, style, out)?;
    issues_text(&report.diagnostics, style, out)
}

fn facts(report: &Overview, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let input = &report.head.input;
    let mut parts = vec![
        format!("{} {}", input.format.to_uppercase(), input.file_type),
        format!("{} {}-bit {}-endian", input.arch, input.bits, input.endian),
        format!("{} in the file", style.bytes(input.file_size)),
        format!("{} in memory", style.bytes(input.memory_size)),
    ];
    parts.push(match (input.stripped, input.debug_info.as_str()) {
        (true, "none") => "stripped".to_string(),
        (false, "none") => "symbols, no debug info".to_string(),
        (true, debug) => format!("no symbols, {}", debug_name(debug)),
        (false, debug) => format!("symbols, {}", debug_name(debug)),
    });
    if let Some(rustc) = input.toolchain.iter().find_map(|t| t.strip_prefix("rustc version ")) {
        parts.push(format!("rustc {}", rustc.split(' ').next().unwrap_or(rustc)));
    }
    let path = for_terminal(&input.path);
    let line = format!("{path}: {}", for_terminal(&parts.join(", ")));
    match style.width {
        // On one line if it fits, else broken between facts.
        Some(width) if line.width() > width => {
            writeln!(out, "{}", style.heading(&shorten(&path, width.max(NARROW))))?;
            let mut current = String::from(" ");
            for part in &parts {
                if current.width() + part.width() + 2 > width && current.len() > 1 {
                    writeln!(out, "{current}")?;
                    current = String::from(" ");
                }
                current.push_str(if current.len() > 1 { ", " } else { " " });
                current.push_str(&for_terminal(part));
            }
            writeln!(out, "{current}")
        }
        _ => writeln!(out, "{}{}", style.heading(&path), &line[path.len()..]),
    }
}

/// `dwarf5` as people write it.
fn debug_name(debug: &str) -> String {
    debug.strip_prefix("dwarf").map_or_else(|| debug.to_string(), |v| format!("DWARF {v}"))
}

fn main_table(report: &Overview, dimension: &str, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let total = report.head.total.file;
    let largest = report.rows.iter().filter(|r| r.rest.is_none()).map(|r| r.file).max().unwrap_or(0);
    let mut sheet = Sheet::new(["size", "%", "", "code", "data", "other", "debug", dimension]);
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
        let [code, data, metadata, debug] = cells(columns, row.estimated);
        let bar = if row.rest.is_some() { String::new() } else { bar(row.file, largest, BAR) };
        let size = mark(row.estimated, style.bytes(row.file));
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
        sheet.drop_column(6);
    }
    if style.width.is_some_and(|w| w < WIDE) {
        sheet.drop_column(2);
    }
    sheet.write(style, out)
}

fn plain_table(rows: &[Row], total: Total, name: &str, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let largest = rows.iter().map(|r| r.file).max().unwrap_or(0);
    let mut sheet = Sheet::new(["size", "%", "", "in memory", name]);
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
        sheet.drop_column(2);
    }
    sheet.write(style, out)
}

fn symbols_table(report: &Overview, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let mut sheet = Sheet::new(["size", "%", "crate", "symbol"]);
    for row in &report.largest_symbols {
        let krate = match (&row.key.krate, &row.key.version) {
            (Some(name), Some(version)) => format!("{name}@{version}"),
            (Some(name), None) => name.clone(),
            _ => String::new(),
        };
        sheet.rows.push(vec![
            mark(row.estimated, style.bytes(row.file)),
            size::percent(row.file, report.head.total.file),
            shorten(&for_terminal(&krate), 24),
            indented(0, &row.name),
        ]);
    }
    // Where no crate is known the column would say the same in every row.
    if report.by.first() != Some(&"crate") {
        sheet.drop_column(2);
    }
    sheet.write(style, out)
}

fn shipped(report: &Overview, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let Some(s) = &report.shipped else { return Ok(()) };
    let total = report.head.total.file;
    writeln!(out)?;
    if s.saved == 0 {
        return writeln!(out, "Nothing left to strip: {} ship.", style.bytes(total));
    }
    let saved = format!("{} ({})", style.bytes(s.saved), size::percent(s.saved, total));
    let parts = [(s.debug, "debug info"), (s.symbols, "symbol tables")];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(bytes, _)| *bytes > 0)
        .map(|(bytes, what)| format!("{} of {what}", style.bytes(*bytes)))
        .collect();
    let text = format!(
        "Stripped, ~{} would ship: `strip` saves ~{saved}, {}.",
        style.bytes(s.file),
        parts.join(" and ")
    );
    wrapped(&text, style, out)
}

/// Writes a sentence, broken between words where it is wider than the output.
pub(super) fn wrapped(text: &str, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let width = style.width.unwrap_or(usize::MAX).max(NARROW);
    let mut used = 0;
    for word in text.split(' ') {
        if used > 0 && used + 1 + word.width() > width {
            write!(out, "\n  ")?;
            used = 2;
        } else if used > 0 {
            write!(out, " ")?;
            used += 1;
        }
        write!(out, "{word}")?;
        used += word.width();
    }
    writeln!(out)
}

/// Writes diagnostics, the first few in full.
fn issues_text(issues: &[Issue], style: &Style, out: &mut dyn Write) -> io::Result<()> {
    if issues.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    for issue in issues.iter().take(10) {
        let color = if issue.severity == "warning" { "33" } else { "2" };
        let mut text = Vec::new();
        wrapped(&format!("{}: {}", issue.severity, for_terminal(&issue.message)), style, &mut text)?;
        let text = String::from_utf8_lossy(&text);
        let rest = text.strip_prefix(issue.severity).unwrap_or(&text);
        write!(out, "{}{rest}", style.paint(color, issue.severity))?;
    }
    if issues.len() > 10 {
        writeln!(out, "{} more; all of them are in the JSON output", issues.len() - 10)?;
    }
    Ok(())
}

/// Writes a breakdown.
pub fn show_text(report: &Show, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let in_memory = report.measure == "memory";
    let of = |file: u64, memory: u64| if in_memory { memory } else { file };
    let total = of(report.shown.file, report.shown.memory);
    let head = if in_memory { "in memory" } else { "size" };
    let mut sheet = Sheet::new([head, "%", "symbols", &report.by.join(" > ")]);
    fn push(rows: &[Row], depth: usize, add: &mut dyn FnMut(&Row, usize)) {
        for row in rows {
            add(row, depth);
            push(&row.children, depth + 1, add);
        }
    }
    push(&report.rows, 0, &mut |row, depth| {
        let size = of(row.file, row.memory);
        sheet.rows.push(vec![
            mark(row.estimated && !in_memory, style.bytes(size)),
            size::percent(size, total),
            if row.symbols == 0 { String::from("-") } else { row.symbols.to_string() },
            indented(depth, &row.name),
        ]);
    });
    let whole = of(report.head.total.file, report.head.total.memory);
    let name = match (total == whole, in_memory) {
        (true, false) => "total: the whole file".to_string(),
        (true, true) => "total: all of its memory".to_string(),
        (false, _) => {
            format!("total shown, {} of {}", size::percent(total, whole), style.bytes(whole))
        }
    };
    let symbols: u64 = report.rows.iter().map(|r| r.symbols).sum();
    let percent = size::percent(total, total);
    sheet.footer = Some(vec![style.bytes(total), percent, symbols.to_string(), name]);
    sheet.write(style, out)
}

/// Starts a ledger as text and writes its rows one by one.
pub fn ledger_text<'w>(
    style: &Style,
    out: &'w mut dyn Write,
) -> io::Result<impl FnMut(&LedgerRow<'_>) -> io::Result<()> + use<'w>> {
    let (width, color) = (style.width, style.color);
    let style = *style;
    let header = format!(
        "{:>12} {:>10} {:>18} {:<11} {:<20} {:<24} {}",
        "offset", "size", "address", "kind", "section", "crate", "symbol"
    );
    let header = header.get(..width.unwrap_or(usize::MAX).min(header.len())).unwrap_or(&header);
    writeln!(out, "{}", if color { style.paint("2", header) } else { header.to_string() })?;
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
        match width {
            Some(width) => writeln!(out, "{}", prefix(line.trim_end().chars(), width)),
            None => writeln!(out, "{}", line.trim_end()),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_their_middle() {
        assert_eq!(shorten("short", 10), "short");
        let short = shorten("serde_json::de::Deserializer<R>::deserialize_any", 20);
        assert_eq!(short.width(), 20);
        assert!(short.starts_with("serde_j…") && short.ends_with("erialize_any"), "{short}");
        // Wide characters count double.
        assert!(shorten("大小大小大小", 7).width() <= 7);
    }

    #[test]
    fn bars_are_proportional() {
        assert_eq!(bar(1, 1, 4), "████");
        assert_eq!(bar(1, 2, 4), "██");
        assert_eq!(bar(1, 16, 4), "▎");
        assert_eq!(bar(0, 0, 4), "");
    }
}
