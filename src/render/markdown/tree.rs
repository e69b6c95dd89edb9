//! The tree of packages as Markdown.

use std::io::{self, Write};

use super::super::sheet::mark;
use super::super::size;
use super::super::tree::{label, notes};
use super::page::{Page, PageOptions, indent, name};
use crate::report::{PackageRow, Total, TreeReport};

/// Rows of the table that is not folded away.
const TOP: usize = 10;

/// Writes the tree: the first level as a table, all of it folded away.
pub fn tree_markdown(report: &TreeReport, options: &PageOptions<'_>, out: &mut dyn Write) -> io::Result<()> {
    let in_memory = report.measure == "memory";
    let of = |total: Total| if in_memory { total.memory } else { total.file };
    let bytes = |bytes: u64| if options.exact { size::bytes(bytes) } else { size::human(bytes) };
    let cell = |total: Option<Total>| match total.map(of) {
        None => String::new(),
        Some(0) => "-".to_string(),
        Some(amount) => bytes(amount),
    };
    let goes_down = report.direction == "down";
    let cells = |row: &PackageRow| {
        let own = Total { file: row.file, memory: row.memory };
        let own = match row.repeat && goes_down {
            true => String::new(),
            false => mark(row.estimated && !in_memory && of(own) > 0, cell(Some(own))),
        };
        let name = format!("{}{}", indent(row.depth as usize), name(&label(row)));
        vec![own, cell(row.total), cell(row.unique), name]
    };
    let header = ["self", "total", "unique", "package"];
    let mut page = Page::new(options);
    let file = report.head.input.path.rsplit(['/', '\\']).next().unwrap_or_default();
    let what = match report.direction {
        "down" => "what its dependencies cost",
        "up" => "what needs a package",
        _ => "packages in several versions",
    };
    page.line(&format!("### {}: {what}", name(file)));
    page.line(&format!("\nShown: {} of {}.", bytes(of(report.shown)), bytes(of(report.head.total))));
    let near = report.rows.iter().filter(|row| row.depth <= 1 && row.what == "package");
    page.table(&header, near.take(TOP).map(cells));
    page.details("All packages", |page| page.table(&header, report.rows.iter().map(cells)));
    // Without names, sentences are text and nothing else.
    for note in notes(report, 0) {
        page.line(&format!("\n{note}"));
    }
    page.issues(&report.diagnostics);
    out.write_all(page.finish().as_bytes())
}
