//! Reports as aligned text for a terminal or a pipe.

use std::borrow::Cow;
use std::io::{self, Write};

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

    fn bold(&self, text: &str) -> String {
        self.paint("1", text)
    }

    /// Columns that a line may have.
    pub(super) fn limit(&self) -> usize {
        self.width.map_or(usize::MAX, |width| width.max(NARROW))
    }
}

/// Narrowest terminal that text is laid out for.
const NARROW: usize = 40;
/// Width of bars where there is room for them.
const BAR: usize = 16;
/// Width from which on there is room for bars.
const WIDE: usize = 100;
/// Columns between two columns of a table.
const GAP: usize = 2;
/// Width that names are worth more than optional columns up to.
const READABLE: usize = 26;

/// A table under construction: all but the last column are numbers, the last is a name.
struct Sheet {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    /// Which row is a total, set off from the others.
    footer: Option<Vec<String>>,
    /// The columns to show in front of the name.
    columns: Vec<usize>,
    /// Titles of columns that go before names are cut, in this order.
    optional: &'static [&'static str],
}

impl Sheet {
    fn new<const N: usize>(header: [&str; N], optional: &'static [&'static str]) -> Sheet {
        let header = header.map(String::from).to_vec();
        Sheet { header, rows: Vec::new(), footer: None, columns: (0..N - 1).collect(), optional }
    }

    /// Takes out a column; the bar has no title.
    fn hide(&mut self, title: &str) {
        self.columns.retain(|&c| self.header[c] != title);
    }

    /// Takes out columns until names are readable, and says how wide names may be.
    fn fit(&mut self, widths: &[usize], limit: usize) -> usize {
        let names = self.header.len() - 1;
        // A name of one column is all there is left to show in the worst case.
        let room = |columns: &mut dyn Iterator<Item = &usize>| {
            limit.saturating_sub(columns.map(|&c| widths[c] + GAP).sum()).max(1)
        };
        let most =
            room(&mut self.columns.iter().filter(|&&c| !self.optional.contains(&self.header[c].as_str())));
        // Buckets are told apart by their whole names. One that never fits is no reason to hide columns.
        let buckets = self.rows.iter().map(|row| &row[names]).filter(|name| is_bucket(name));
        let buckets = buckets.map(|name| width_of(name)).filter(|&width| width <= most).max().unwrap_or(0);
        let needed = widths[names].min(READABLE).max(buckets);
        for title in self.optional {
            if room(&mut self.columns.iter()) >= needed {
                break;
            }
            self.hide(title);
        }
        room(&mut self.columns.iter())
    }

    fn write(mut self, style: &Style, out: &mut dyn Write) -> io::Result<()> {
        let names = self.header.len() - 1;
        let mut widths = vec![0; self.header.len()];
        for row in std::iter::once(&self.header).chain(&self.rows).chain(&self.footer) {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = width_of(cell).max(*width);
            }
        }
        let room = self.fit(&widths, style.limit());
        let compose = |row: &[String], line: &mut String| {
            line.clear();
            for &column in &self.columns {
                let cell = &row[column];
                let padding = std::iter::repeat_n(' ', widths[column] - width_of(cell));
                let is_bar = self.header[column].is_empty();
                if is_bar && !cell.is_empty() {
                    line.push_str(&style.paint("36", cell));
                    line.extend(padding);
                } else {
                    line.extend(padding);
                    line.push_str(cell);
                }
                line.extend(std::iter::repeat_n(' ', GAP));
            }
            line.push_str(&shorten(&row[names], room));
            line.truncate(line.trim_end().len());
        };
        let mut line = String::new();
        compose(&self.header, &mut line);
        writeln!(out, "{}", style.paint("2", &line))?;
        for row in &self.rows {
            compose(row, &mut line);
            writeln!(out, "{line}")?;
        }
        if let Some(row) = &self.footer {
            compose(row, &mut line);
            writeln!(out, "{}", style.bold(&line))?;
        }
        Ok(())
    }
}

/// Whether a name stands for bytes that no crate or symbol owns, such as `[padding]`.
fn is_bucket(name: &str) -> bool {
    name.trim_start().starts_with('[') && name.ends_with(']')
}

/// Columns that a text takes on a terminal.
fn width_of(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.width() }
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
pub(super) fn shorten(name: &str, room: usize) -> Cow<'_, str> {
    if width_of(name) <= room {
        return Cow::Borrowed(name);
    }
    let room = room.saturating_sub(1);
    let front = room * 2 / 5;
    let head = prefix(name.chars(), front);
    let tail: Vec<char> = prefix(name.chars().rev(), room - front).chars().rev().collect();
    Cow::Owned(format!("{}…{}", head, tail.into_iter().collect::<String>()))
}

/// Cuts the end off a line that is too wide.
fn cut(line: &str, room: usize) -> Cow<'_, str> {
    if width_of(line) <= room {
        return Cow::Borrowed(line);
    }
    Cow::Owned(format!("{}…", prefix(line.chars(), room.saturating_sub(1))))
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
pub(super) fn mark(estimated: bool, text: String) -> String {
    if estimated { format!("~{text}") } else { text }
}

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

/// `dwarf5` as people write it.
fn debug_name(debug: &str) -> String {
    debug.strip_prefix("dwarf").map_or_else(|| debug.to_string(), |v| format!("DWARF {v}"))
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
            mark(row.estimated, style.bytes(row.file)),
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
    wrapped(&text, 2, style, out)
}

/// Writes a heading, broken like a sentence.
pub(super) fn heading(text: &str, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    wrap(text, 0, 2, style.limit()).iter().try_for_each(|line| writeln!(out, "{}", style.bold(line)))
}

/// Writes a sentence, broken between words where it is wider than the output.
pub(super) fn wrapped(text: &str, hang: usize, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    wrap(text, 0, hang, style.limit()).iter().try_for_each(|line| writeln!(out, "{line}"))
}

/// Breaks a text between words, and inside a word only where it is wider than a line.
///
/// `taken` columns of the first line are in use already; other lines start with `hang` spaces.
fn wrap(text: &str, taken: usize, hang: usize, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let (mut line, mut used) = (String::new(), taken);
    let mut end = |line: &mut String, used: &mut usize| {
        lines.push(line.trim_end().to_string());
        *line = " ".repeat(hang);
        *used = hang;
    };
    for (index, word) in text.split(' ').enumerate() {
        let is_blank = line.trim_start().is_empty();
        if index > 0 && !is_blank && used + 1 + width_of(word) > width {
            end(&mut line, &mut used);
        } else if index > 0 {
            line.push(' ');
            used += 1;
        }
        let mut rest = word;
        while used + width_of(rest) > width {
            let piece = prefix(rest.chars(), width.saturating_sub(used));
            if piece.is_empty() && used <= hang {
                // Not even one character fits; there is no better place for it.
                break;
            }
            line.push_str(&piece);
            rest = rest.get(piece.len()..).unwrap_or_default();
            end(&mut line, &mut used);
        }
        line.push_str(rest);
        used += width_of(rest);
    }
    lines.push(line.trim_end().to_string());
    lines
}

/// Writes diagnostics, the first few in full.
fn issues_text(issues: &[Issue], style: &Style, out: &mut dyn Write) -> io::Result<()> {
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
    let mut sheet = Sheet::new([head, "%", "symbols", &report.by.join(" > ")], &["symbols", "%"]);
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

    fn style(width: usize) -> Style {
        Style { color: false, width: Some(width), exact: false }
    }

    fn written(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[track_caller]
    fn check_width(text: &str, width: usize) {
        let widest = text.lines().map(width_of).max();
        assert!(widest <= Some(width), "{width}:\n{text}");
    }

    #[test]
    fn numbers_are_right_aligned_and_bars_left() {
        let mut sheet = Sheet::new(["size", "", "name"], &[]);
        sheet.rows.push(["1 B", "██", "größe"].map(String::from).to_vec());
        sheet.rows.push(["1000 B", "█", "x"].map(String::from).to_vec());
        sheet.footer = Some(["1001 B", "", "total"].map(String::from).to_vec());
        let plain = written(|out| sheet.write(&Style { color: false, width: None, exact: false }, out));
        assert_eq!(plain, "  size      name\n   1 B  ██  größe\n1000 B  █   x\n1001 B      total\n");
    }

    #[test]
    fn columns_go_before_names_are_cut() {
        let table = |name: &str, width: usize| {
            let mut sheet = Sheet::new(["size", "%", "symbols", "name"], &["symbols", "%"]);
            sheet.rows.push(["1023 KiB", "100.0%", "12345", name].map(String::from).to_vec());
            written(|out| sheet.write(&style(width), out))
        };
        // 27 columns of numbers; 18 without symbols, 10 without percentages.
        let header = |text: &str| text.lines().next().unwrap().split_whitespace().count();
        let long = "serde_json::de::Deserializer<R>::deserialize_any";
        for (name, width, columns, is_whole) in [
            (long, 53, 4, false),
            (long, 52, 3, false),
            (long, 44, 3, false),
            (long, 43, 2, false),
            ("short", 40, 4, true),
            ("[section .debug_ranges_and_more]", 59, 4, true),
            ("[section .debug_ranges_and_more]", 58, 3, true),
            // Does not fit in any case, so that numbers may as well stay.
            ("[section .debug_ranges_and_more_than_there_is_room_for]", 53, 4, false),
        ] {
            let text = table(name, width);
            assert_eq!(header(&text), columns, "{width}:\n{text}");
            assert_eq!(text.contains(name), is_whole, "{width}:\n{text}");
            check_width(&text, width);
        }
    }

    #[test]
    fn sentences_break_between_words() {
        assert_eq!(wrap("  a b", 0, 4, 40), ["  a b"]);
        assert_eq!(wrap("  one two three", 0, 4, 9), ["  one two", "    three"]);
        assert_eq!(wrap("one two", 5, 2, 8), ["one", "  two"]);
        assert_eq!(wrap("abcdefgh ij", 0, 2, 6), ["abcdef", "  gh", "  ij"]);
        assert_eq!(wrap("大小大小", 0, 2, 5), ["大小", "  大", "  小"]);
        assert_eq!(wrap("", 0, 2, 40), [""]);
        // Too narrow for anything, but it ends.
        assert_eq!(wrap("大", 0, 0, 1), ["大"]);
    }

    #[test]
    fn cut_lines_say_so() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdefg", 6), "abcde…");
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/bin/demo-x86_64-symtab");
        let input = crate::input::Input::from_bytes("-", std::fs::read(path).unwrap());
        let model = crate::analyze(&input).unwrap();
        let mut overview = crate::report::overview(&model, Some(20));
        overview.diagnostics.push(Issue {
            severity: "warning",
            code: "test",
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
        let issue = Issue { severity: "warning", code: "test", message, offset: None, bytes: None };
        let style = Style { color: true, ..style(80) };
        let text = written(|out| issues_text(&[issue], &style, out));
        assert_eq!(text, "\n\x1b[33mwarning\x1b[0m: a b\n");
    }
}
