//! Generics as Markdown.

use std::io::{self, Write};

use super::super::generics::filled_in;
use super::super::size;
use super::page::{Page, PageOptions, name, subject};
use crate::report::{GenericReport, GenericRow, GenericsReport};

/// Rows of the table that is not folded away.
const TOP: usize = 10;

fn bytes(exact: bool, bytes: u64) -> String {
    if exact { size::bytes(bytes) } else { size::human(bytes) }
}

/// Writes groups of copies.
pub fn generics_markdown(
    report: &GenericsReport,
    options: &PageOptions<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let show = |n: u64| bytes(options.exact, n);
    let mut page = Page::new(options);
    let all = report.repeated;
    let what = match report.by {
        "item" => "generics",
        "type" => "generic types",
        _ => "drop glue",
    };
    page.line(&format!(
        "### {}: {what}, {} of {} of code",
        subject(&report.head.input.path, options),
        show(all.size),
        show(report.code)
    ));
    page.line(&format!(
        "\n{} copies of {} items; sharing one copy of each would save at most ~{} (an estimate).",
        size::bytes(all.copies),
        size::bytes(all.groups),
        show(all.saving_estimate)
    ));
    let cells = |row: &GenericRow| {
        vec![
            show(row.size),
            row.copies.to_string(),
            show(row.mean),
            show(row.largest),
            show(row.saving_estimate),
            row.instantiated_by.len().to_string(),
            name(&row.name),
        ]
    };
    let header = ["code", "copies", "mean", "largest", "~saving", "crates", report.by];
    page.table(&header, report.rows.iter().take(TOP).map(cells));
    if report.rows.len() > TOP {
        page.details("All", |page| page.table(&header, report.rows.iter().map(cells)));
    }
    if let Some(tables) = report.vtables.as_ref().filter(|tables| !tables.by_trait.is_empty()) {
        page.details("Tables of virtual functions", |page| {
            let rows = tables.by_trait.iter();
            let cells = rows.map(|row| vec![show(row.bytes), row.tables.to_string(), name(&row.name)]);
            page.table(&["bytes", "tables", "trait"], cells);
        });
    }
    page.issues(&report.diagnostics);
    out.write_all(page.finish().as_bytes())
}

/// Writes the copies of one group.
pub fn generic_markdown(
    report: &GenericReport,
    options: &PageOptions<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let show = |n: u64| bytes(options.exact, n);
    let mut page = Page::new(options);
    let group = &report.group;
    page.line(&format!("### {}: {}", subject(&report.head.input.path, options), name(&group.name)));
    page.line(&format!(
        "\n{} copies, {} of code; sharing one would save at most ~{} (an estimate).",
        size::bytes(group.copies),
        show(group.size),
        show(group.saving_estimate)
    ));
    let rows = report.copies.iter().map(|copy| {
        let by = copy.instantiated_by.as_deref().map_or_else(|| "-".to_string(), name);
        vec![show(copy.size), by, name(&filled_in(copy))]
    });
    page.table(&["code", "by", "copy"], rows);
    page.issues(&report.diagnostics);
    out.write_all(page.finish().as_bytes())
}
