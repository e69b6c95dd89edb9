//! Budgets as Markdown.

use std::io::{self, Write};

use super::super::check::{cells, headline, notes, titled};
use super::super::size;
use super::page::{Page, PageOptions, indent, name, subject};
use crate::report::{CheckReport, CheckRow};

/// Writes what budgets say of a file: what does not simply hold, the rest folded away.
pub fn check_markdown(
    report: &CheckReport,
    options: &PageOptions<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let bytes = |bytes: u64| if options.exact { size::bytes(bytes) } else { size::human(bytes) };
    let mut page = Page::new(options);
    let full = headline(report);
    let outcome = full.strip_prefix(report.head.input.path.as_str()).unwrap_or_default();
    page.line(&format!("### {}{outcome}", subject(&report.head.input.path, options)));
    let header = ["size", "limit", "over", "status", "budget"];
    let rows = |held: bool| {
        let some = report.checks.iter().filter(move |row| (row.status == "held") == held);
        some.flat_map(|row: &CheckRow| {
            let [status, size, limit, over] = cells(row, &bytes);
            let first = vec![size, limit, over, status, name(&titled(row))];
            let note = |note: String| {
                let mut cells = vec![String::new(); 4];
                cells.push(format!("{}{}", indent(1), name(&note)));
                cells
            };
            std::iter::once(first).chain(notes(row, &bytes).into_iter().map(note))
        })
        .collect::<Vec<_>>()
    };
    let (open, held) = (rows(false), rows(true));
    if !open.is_empty() {
        page.table(&header, open);
    }
    if !held.is_empty() {
        page.details("Limits that hold", |page| page.table(&header, held));
    }
    page.issues(&report.diagnostics);
    out.write_all(page.finish().as_bytes())
}
