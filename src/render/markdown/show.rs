//! Breakdowns and the overview as Markdown.

use std::io::{self, Write};

use super::super::sheet::mark;
use super::super::size;
use super::page::{Page, PageOptions, indent, name, subject};
use crate::report::{Head, Overview, Row, Show};

/// Rows of the table that is not folded away.
const TOP: usize = 10;

/// Numbers as they are to look, and what they are percentages of.
struct Numbers {
    exact: bool,
    whole: u64,
}

impl Numbers {
    fn bytes(&self, bytes: u64) -> String {
        if self.exact { size::bytes(bytes) } else { size::human(bytes) }
    }

    fn cell(&self, bytes: u64) -> String {
        if bytes == 0 { "-".to_string() } else { self.bytes(bytes) }
    }

    fn share(&self, bytes: u64) -> String {
        size::percent(bytes, self.whole)
    }

    fn estimated(&self, row: &Row) -> bool {
        let least = if self.exact { 0 } else { row.file / 200 };
        row.estimated_bytes.is_some_and(|bytes| bytes > 0 && bytes >= least)
    }
}

fn headline(head: &Head, numbers: &Numbers, options: &PageOptions<'_>) -> String {
    let input = &head.input;
    let sizes = [input.file_size, input.memory_size].map(|bytes| numbers.bytes(bytes));
    format!("### {}: {} in the file, {} in memory", subject(&input.path, options), sizes[0], sizes[1])
}

/// Writes a breakdown.
pub fn show_markdown(report: &Show, options: &PageOptions<'_>, out: &mut dyn Write) -> io::Result<()> {
    let in_memory = report.measure == "memory";
    let whole = if in_memory { report.head.total.memory } else { report.head.total.file };
    let numbers = Numbers { exact: options.exact, whole };
    let mut page = Page::new(options);
    page.line(&headline(&report.head, &numbers, options));
    if report.shown != report.head.total {
        let shown = if in_memory { report.shown.memory } else { report.shown.file };
        page.line(&format!("\nShown: {} ({}).", numbers.bytes(shown), numbers.share(shown)));
    }
    let has_functions = report.by.contains(&"inlined");
    let cells = |row: &Row, depth: usize| {
        let bytes = if in_memory { row.memory } else { row.file };
        let mut cells =
            vec![mark(!in_memory && numbers.estimated(row), numbers.bytes(bytes)), numbers.share(bytes)];
        match row.inlining {
            _ if !has_functions => cells.push(row.symbols.to_string()),
            Some(i) => cells.extend([numbers.bytes(i.total), i.call_sites.to_string()]),
            None => cells.extend(["", ""].map(String::from)),
        }
        cells.push(format!("{}{}", indent(depth), name(&row.name)));
        cells
    };
    let header = |last| match has_functions {
        true => vec!["size", "%", "in total", "call sites", last],
        false => vec!["size", "%", "symbols", last],
    };
    let first = report.by.first().copied().unwrap_or_default();
    page.table(&header(first), report.rows.iter().take(TOP).map(|row| cells(row, 0)));
    if report.rows.len() > TOP || report.by.len() > 1 {
        let title = report.by.join(" › ");
        let mut all = Vec::new();
        walk(&report.rows, 0, &mut |row, depth| all.push(cells(row, depth)));
        page.details(&format!("All by {title}"), |page| page.table(&header(&title), all));
    }
    page.issues(&report.diagnostics);
    out.write_all(page.finish().as_bytes())
}

fn walk(rows: &[Row], depth: usize, look: &mut dyn FnMut(&Row, usize)) {
    for row in rows {
        look(row, depth);
        walk(&row.children, depth + 1, look);
    }
}

/// Writes the overview.
pub fn overview_markdown(
    report: &Overview,
    options: &PageOptions<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let numbers = Numbers { exact: options.exact, whole: report.head.total.file };
    let mut page = Page::new(options);
    page.line(&headline(&report.head, &numbers, options));
    if let Some(shipped) = report.shipped.filter(|s| s.saved > 0) {
        let (file, saved) = (numbers.bytes(shipped.file), numbers.bytes(shipped.saved));
        page.line(&format!("\nStripped, ~{file} would ship: `strip` saves ~{saved}."));
    }
    let first = report.by.first().copied().unwrap_or_default();
    let header = ["size", "%", "code", "data", "other", "debug", first];
    let cells = |row: &Row| {
        let columns = row.columns.unwrap_or_default();
        let mut cells = vec![mark(numbers.estimated(row), numbers.bytes(row.file)), numbers.share(row.file)];
        let parts = [columns.code, columns.data, columns.metadata, columns.debug];
        cells.extend(parts.map(|bytes| numbers.cell(bytes)));
        cells.push(name(&row.name));
        cells
    };
    page.table(&header, report.rows.iter().take(TOP).map(cells));
    if report.rows.len() > TOP {
        page.details(&format!("All by {first}"), |page| page.table(&header, report.rows.iter().map(cells)));
    }
    let plain = |row: &Row| {
        let size = mark(numbers.estimated(row), numbers.bytes(row.file));
        vec![size, numbers.share(row.file), numbers.cell(row.memory), name(&row.name)]
    };
    let header = |last| ["size", "%", "in memory", last];
    page.details("Size by kind", |page| page.table(&header("kind"), report.kinds.iter().map(plain)));
    if !report.largest_symbols.is_empty() {
        let rows = report.largest_symbols.iter().map(plain);
        page.details("Largest symbols", |page| page.table(&header("symbol"), rows));
    }
    page.issues(&report.diagnostics);
    out.write_all(page.finish().as_bytes())
}
