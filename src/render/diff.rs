//! Differences as text.

use std::io::{self, Write};

use super::escape::for_terminal;
use super::sheet::{Sheet, Style, heading, indented, mark, wrapped};
use super::size::{change, percent_change};
use super::text::issues_text;
use crate::report::{Cause, DiffReport, DiffRow, LimitRow, Turn};

/// Writes what changed.
pub fn diff_text(report: &DiffReport, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    for line in headline(report, style) {
        wrapped(&for_terminal(&line), 2, style, out)?;
    }
    writeln!(out)?;
    limits(report, style, out)?;
    if report.rows.is_empty() {
        wrapped("Nothing changed.", 2, style, out)?;
        dependencies(report, style, out)?;
        return issues_text(&report.diagnostics, style, out);
    }
    heading(&format!("Change by {}", report.by.join(" > ")), style, out)?;
    table(report, style, out)?;
    dependencies(report, style, out)?;
    issues_text(&report.diagnostics, style, out)
}

/// What the whole files say: sizes, and counts of what changed.
pub(super) fn headline(report: &DiffReport, style: &Style) -> Vec<String> {
    let pair = |old: u64, new: u64| {
        let delta = new.cast_signed().wrapping_sub(old.cast_signed());
        let text = change(delta, |b| style.bytes(b));
        format!("{} -> {}, {text} ({})", style.bytes(old), style.bytes(new), percent_change(delta, old))
    };
    let mut lines = vec![
        format!("{} -> {}", report.old.path, report.new.path),
        format!("  file       {}", pair(report.total.old.file, report.total.new.file)),
    ];
    if let Some(shipped) = &report.shipped {
        let [before, after] = shipped.is_estimated(&report.total);
        let before = if before { '~' } else { ' ' };
        let text = pair(shipped.old, shipped.new);
        let text = if after { text.replacen("-> ", "-> ~", 1) } else { text };
        lines.push(format!("  stripped  {before}{text}"));
    }
    lines.push(format!("  in memory  {}", pair(report.total.old.memory, report.total.new.memory)));
    if let Some(shown) = &report.shown {
        lines.push(format!("  filtered   {}", pair(shown.old.file, shown.new.file)));
        lines.push(format!("  (memory)   {}", pair(shown.old.memory, shown.new.memory)));
    }
    let s = &report.summary;
    let bytes = |delta: i64| change(delta, |b| style.bytes(b));
    let what = match report.by.last().copied() {
        Some("inlined") => "function",
        Some(by) => by,
        None => "row",
    };
    lines.push(format!(
        "  {}s: {} added, {} removed, {} grown, {} shrunk; up {}, down {}, net {}",
        what,
        s.added,
        s.removed,
        s.grown,
        s.shrunk,
        bytes(s.up),
        bytes(s.down),
        bytes(s.net)
    ));
    lines
}

/// What became of limits, exceeded ones first.
fn limits(report: &DiffReport, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let Some(outcome) = outcome(report) else { return Ok(()) };
    heading(&outcome, style, out)?;
    let mut sheet = Sheet::new(LIMIT_HEADER, &["over", "allowed"]);
    for row in &report.limits {
        let mut cells = limit_cells(row, &|bytes| style.bytes(bytes)).to_vec();
        cells.push(indented(0, &row.limit));
        sheet.rows.push(cells);
    }
    sheet.write(style, out)?;
    writeln!(out)
}

/// How many limits hold, if there are any.
pub(super) fn outcome(report: &DiffReport) -> Option<String> {
    let all = report.limits.len();
    let count = |status: &str| report.limits.iter().filter(|row| row.status == status).count();
    let limits = |n: usize| if n == 1 { "1 limit".to_string() } else { format!("{n} limits") };
    if all == 0 {
        return None;
    }
    let mut text = match (count("exceeded"), count("held")) {
        (0, held) => format!("{} held", limits(held)),
        (n, _) => format!("{n} of {} exceeded", limits(all)),
    };
    if count("unchecked") > 0 {
        text.push_str(&format!(", {} not checked", count("unchecked")));
    }
    Some(text)
}

/// Columns of limits.
pub(super) const LIMIT_HEADER: [&str; 5] = ["status", "change", "allowed", "over", "limit"];

/// Status, change, allowed change and what is above it.
pub(super) fn limit_cells(row: &LimitRow, bytes: &dyn Fn(u64) -> String) -> [String; 4] {
    let cell = |bytes: Option<String>| bytes.unwrap_or_else(|| "-".to_string());
    let more = |all: Option<u64>| cell(all.map(|all| format!("+{}", bytes(all))));
    [row.status.to_string(), cell(row.delta.map(|d| change(d, bytes))), more(row.allowed), more(row.over)]
}

fn table(report: &DiffReport, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let in_memory = report.measure == "memory";
    let mut sheet = Sheet::new(["change", "%", "old", "new", &report.by.join(" > ")], &["%", "old", "new"]);
    let cell = |bytes: u64| if bytes == 0 { String::from("-") } else { style.bytes(bytes) };
    each(&report.rows, 0, &mut |row, depth| {
        let (old, new, delta) = measured(report, row);
        let estimated = row.estimated && !in_memory;
        sheet.rows.push(vec![
            mark(estimated, change(delta, |b| style.bytes(b))),
            percent_change(delta, old),
            cell(old),
            cell(new),
            indented(depth, &named(row)),
        ]);
        for line in row.cause.iter().flat_map(|c| causes(c, style)) {
            let empty = String::new;
            sheet.rows.push(vec![empty(), empty(), empty(), empty(), indented(depth + 1, &line)]);
        }
    });
    let whole = report.whole();
    let (old, new) =
        if in_memory { (whole.old.memory, whole.new.memory) } else { (whole.old.file, whole.new.file) };
    let delta = new.cast_signed().wrapping_sub(old.cast_signed());
    sheet.footer = Some(vec![
        change(delta, |b| style.bytes(b)),
        percent_change(delta, old),
        style.bytes(old),
        style.bytes(new),
        "total".to_string(),
    ]);
    sheet.write(style, out)
}

/// Old, new and change of a row, in the bytes that count.
pub(super) fn measured(report: &DiffReport, row: &DiffRow) -> (u64, u64, i64) {
    if report.measure == "memory" {
        (row.old.memory, row.new.memory, row.delta.memory)
    } else {
        (row.old.file, row.new.file, row.delta.file)
    }
}

/// Packages that lockfiles pin otherwise than before.
fn dependencies(report: &DiffReport, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let Some(all) = &report.dependencies else { return Ok(()) };
    writeln!(out)?;
    if all.is_empty() {
        return wrapped("The lockfiles pin the same packages.", 2, style, out);
    }
    heading("Dependencies that changed", style, out)?;
    let mut sheet = Sheet::new(["change", "old", "new", "package"], &["old", "new"]);
    let versions = |all: &[String]| {
        if all.is_empty() { "-".to_string() } else { for_terminal(&all.join(", ")).into_owned() }
    };
    for d in all {
        let delta = if report.measure == "memory" { d.delta.memory } else { d.delta.file };
        let change = match d.crates.is_empty() {
            true => "not in it".to_string(),
            false => change(delta, |b| style.bytes(b)),
        };
        sheet.rows.push(vec![
            change,
            versions(&d.old_versions),
            versions(&d.new_versions),
            indented(0, &format!("{} {}", d.package, d.turn.as_str())),
        ]);
    }
    sheet.write(style, out)
}

/// Looks at every row with its depth, parents before their children.
pub(super) fn each(rows: &[DiffRow], depth: usize, look: &mut dyn FnMut(&DiffRow, usize)) {
    for row in rows {
        look(row, depth);
        each(&row.children, depth + 1, look);
    }
}

/// The name of a row, with what it was called before.
pub(super) fn named(row: &DiffRow) -> String {
    match &row.renamed_from {
        Some(old) => format!("{} (was {old})", row.name),
        None => row.name.clone(),
    }
}

/// Why a crate changed, one sentence a line.
pub(super) fn causes(cause: &Cause, style: &Style) -> Vec<String> {
    let copies = cause.copies.iter().map(|c| {
        let noun = if c.copies == 1 { "copy" } else { "copies" };
        let bytes = change(c.bytes, |b| style.bytes(b));
        let who = match c.instantiated_by.as_slice() {
            [] => String::new(),
            all => format!(", instantiated by {}", all.join(", ")),
        };
        format!("^ {} more {noun} of {} ({bytes}{who})", c.copies, c.generic)
    });
    turned(cause).into_iter().chain(copies).collect()
}

/// What became of the crate itself.
fn turned(cause: &Cause) -> Option<String> {
    match (cause.turn?, &cause.old_version, &cause.new_version) {
        (Turn::Bumped, Some(old), Some(new)) => Some(format!("^ bumped from {old} to {new}")),
        (Turn::Bumped, ..) => Some("^ another version".to_string()),
        (Turn::New, ..) => Some("^ new crate".to_string()),
        (Turn::Gone, ..) => Some("^ crate is gone".to_string()),
    }
}
