//! Differences as Markdown.

use std::io::{self, Write};

use super::super::diff::{LIMIT_HEADER, each, limit_cells, measured, outcome};
use super::super::sheet::mark;
use super::super::size::{self, change, percent_change};
use super::page::{Page, PageOptions, indent, name, subject};
use crate::report::{Cause, DependencyRow, DiffReport, DiffRow, LimitRow, Turn};

/// Rows of the table that is not folded away.
const TOP: usize = 10;

/// Writes what changed.
pub fn diff_markdown(report: &DiffReport, options: &PageOptions<'_>, out: &mut dyn Write) -> io::Result<()> {
    let write = Diff { report, options };
    let mut page = Page::new(options);
    write.headline(&mut page);
    write.limits(&mut page);
    if report.rows.is_empty() {
        page.line("\nNothing changed.");
    } else {
        write.rows(&mut page);
    }
    write.dependencies(&mut page);
    page.issues(&report.diagnostics);
    out.write_all(page.finish().as_bytes())
}

struct Diff<'r> {
    report: &'r DiffReport,
    options: &'r PageOptions<'r>,
}

impl Diff<'_> {
    fn bytes(&self, bytes: u64) -> String {
        if self.options.exact { size::bytes(bytes) } else { size::human(bytes) }
    }

    fn change(&self, delta: i64) -> String {
        change(delta, |bytes| self.bytes(bytes))
    }

    fn cell(&self, bytes: u64) -> String {
        if bytes == 0 { "-".to_string() } else { self.bytes(bytes) }
    }

    fn headline(&self, page: &mut Page) {
        let total = &self.report.total;
        let delta = total.delta;
        let old = total.old.file;
        let news = match delta {
            0 => format!("no change in size, {}", self.bytes(total.new.file)),
            _ => format!(
                "{} ({}), now {}",
                self.change(delta),
                percent_change(delta, old),
                self.bytes(total.new.file)
            ),
        };
        let limits = match outcome(self.report) {
            Some(outcome) if self.report.passed == Some(false) => format!(": **{outcome}**"),
            Some(outcome) => format!(": {outcome}"),
            None => String::new(),
        };
        page.line(&format!("### {}: {news}{limits}", subject(&self.report.new.path, self.options)));
        let mut rows = vec![("file", [false; 2], old, total.new.file)];
        if let Some(shipped) = &self.report.shipped {
            rows.push(("stripped", shipped.is_estimated(total), shipped.old, shipped.new));
        }
        rows.push(("in memory", [false; 2], total.old.memory, total.new.memory));
        if let Some(shown) = &self.report.shown {
            rows.push(("file, filtered", [false; 2], shown.old.file, shown.new.file));
            rows.push(("in memory, filtered", [false; 2], shown.old.memory, shown.new.memory));
        }
        let rows = rows.into_iter().map(|(what, are_estimated, old, new)| {
            let delta = new.cast_signed().wrapping_sub(old.cast_signed());
            let marks = are_estimated.map(|is| if is { "~" } else { "" });
            let before = format!("{}{}", marks[0], self.bytes(old));
            let after = format!("{}{}", marks[1], self.bytes(new));
            vec![self.change(delta), percent_change(delta, old), before, after, what.to_string()]
        });
        page.table(&["change", "%", "old", "new", "size"], rows.collect::<Vec<_>>());
    }

    /// Limits that do not hold, and those that do folded away.
    fn limits(&self, page: &mut Page) {
        let rows = |held: bool| {
            let some = self.report.limits.iter().filter(move |row| (row.status == "held") == held);
            let row = |row: &LimitRow| {
                let mut cells = limit_cells(row, &|bytes| self.bytes(bytes)).to_vec();
                cells.push(name(&row.limit));
                cells
            };
            some.map(row).collect::<Vec<_>>()
        };
        let (open, held) = (rows(false), rows(true));
        if !open.is_empty() {
            page.table(&LIMIT_HEADER, open);
        }
        if !held.is_empty() {
            page.details("Limits that hold", |page| page.table(&LIMIT_HEADER, held));
        }
    }

    fn rows(&self, page: &mut Page) {
        let report = self.report;
        let title = report.by.join(" › ");
        let header = ["change", "%", "old", "new", title.as_str()];
        let first = report.by.first().copied().unwrap_or_default();
        let header_top = ["change", "%", "old", "new", first];
        page.table(&header_top, report.rows.iter().take(TOP).map(|row| self.row(row, 0)));
        let is_nested = report.rows.iter().any(|row| !row.children.is_empty() || !copies(row).is_empty());
        if !is_nested && report.rows.len() <= TOP {
            return;
        }
        let mut all = Vec::new();
        each(&report.rows, 0, &mut |row, depth| {
            all.push(self.row(row, depth));
            for copies in copies(row) {
                let who: Vec<String> = copies.instantiated_by.iter().take(TOP).map(|c| name(c)).collect();
                let who = if who.is_empty() {
                    String::new()
                } else {
                    format!(", instantiated by {}", who.join(", "))
                };
                let noun = if copies.copies == 1 { "copy" } else { "copies" };
                let text = format!(
                    "{}{} more {noun} of {} ({}{who})",
                    indent(depth + 1),
                    copies.copies,
                    name(&copies.generic),
                    self.change(copies.bytes)
                );
                all.push(vec![String::new(), String::new(), String::new(), String::new(), text]);
            }
        });
        let s = &report.summary;
        let summary = format!(
            "All by {title}: {} added, {} removed, {} grown, {} shrunk; up {}, down {}, net {}",
            s.added,
            s.removed,
            s.grown,
            s.shrunk,
            self.change(s.up),
            self.change(s.down),
            self.change(s.net)
        );
        page.details(&summary, |page| page.table(&header, all));
    }

    fn row(&self, row: &DiffRow, depth: usize) -> Vec<String> {
        let (old, new, delta) = measured(self.report, row);
        let estimated = row.estimated && self.report.measure == "file";
        let mut text = format!("{}{}", indent(depth), name(&row.name));
        match row.cause.as_ref().and_then(|c| Some((c.turn?, c))) {
            Some((Turn::Bumped, Cause { old_version: Some(old), new_version: Some(new), .. })) => {
                text.push_str(&format!(" bumped from {} to {}", name(old), name(new)));
            }
            Some((turn, _)) => text.push_str(&format!(" {}", turn.as_str())),
            None => {
                if let Some(old) = &row.renamed_from {
                    text.push_str(&format!(" was {}", name(old)));
                }
            }
        }
        vec![
            mark(estimated, self.change(delta)),
            percent_change(delta, old),
            self.cell(old),
            self.cell(new),
            text,
        ]
    }

    fn dependencies(&self, page: &mut Page) {
        let Some(all) = &self.report.dependencies else { return };
        if all.is_empty() {
            return page.line("\nThe lockfiles pin the same packages.");
        }
        let count = |turn: Turn| all.iter().filter(|d| d.turn == turn).count();
        let summary = format!(
            "Dependencies: {} new, {} gone, {} bumped",
            count(Turn::New),
            count(Turn::Gone),
            count(Turn::Bumped)
        );
        let versions = |all: &[String]| {
            let all: Vec<String> = all.iter().take(TOP).map(|v| name(v)).collect();
            if all.is_empty() { "-".to_string() } else { all.join(", ") }
        };
        let row = |d: &DependencyRow| {
            let delta = if self.report.measure == "memory" { d.delta.memory } else { d.delta.file };
            let change = if d.crates.is_empty() { "not in the file".to_string() } else { self.change(delta) };
            vec![change, versions(&d.old_versions), versions(&d.new_versions), name(&d.package)]
        };
        page.details(&summary, |page| page.table(&["change", "old", "new", "package"], all.iter().map(row)));
    }
}

/// Generics of which there are more copies.
fn copies(row: &DiffRow) -> &[crate::report::Copies] {
    row.cause.as_ref().map_or(&[], |cause| &cause.copies)
}
