//! Budgets as text.

use std::io::{self, Write};

use super::escape::for_terminal;
use super::sheet::{Sheet, Style, indented, wrapped};
use super::size::change;
use super::text::issues_text;
use crate::report::{AllowanceRow, CheckReport, CheckRow};

/// Writes what budgets say of a file.
pub fn check_text(report: &CheckReport, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    wrapped(&for_terminal(&headline(report)), 2, style, out)?;
    writeln!(out)?;
    let mut sheet = Sheet::new(["status", "size", "limit", "over", "budget"], &["over", "size"]);
    for row in &report.checks {
        let cells = cells(row, &|bytes| style.bytes(bytes));
        let mut cells = cells.to_vec();
        cells.push(indented(0, &titled(row)));
        sheet.rows.push(cells);
        for line in notes(row, &|bytes| style.bytes(bytes)) {
            let mut cells = vec![String::new(); 4];
            cells.push(indented(1, &line));
            sheet.rows.push(cells);
        }
    }
    sheet.write(style, out)?;
    issues_text(&report.diagnostics, style, out)
}

/// The outcome in a sentence.
pub(super) fn headline(report: &CheckReport) -> String {
    let count = |status: &str| report.checks.iter().filter(|row| row.status == status).count();
    let limits = |n: usize| if n == 1 { "1 limit".to_string() } else { format!("{n} limits") };
    let mut text = match count("exceeded") {
        0 => format!("{}: {} held", report.head.input.path, limits(report.checks.len() - count("unchecked"))),
        n => format!("{}: {} of {} exceeded", report.head.input.path, limits(n), report.checks.len()),
    };
    for (status, words) in [("allowed", "thanks to an allowance"), ("unchecked", "not checked")] {
        if count(status) > 0 {
            text.push_str(&format!(", {} {words}", count(status)));
        }
    }
    text
}

/// Status, size, limit and what is above it.
pub(super) fn cells(row: &CheckRow, bytes: &dyn Fn(u64) -> String) -> [String; 4] {
    let none = || "-".to_string();
    let size = match (row.growth, row.size) {
        (Some(growth), _) => change(growth, bytes),
        (None, Some(size)) => bytes(size),
        (None, None) => none(),
    };
    let sign = if row.limit == "max-growth" { "+" } else { "" };
    let limit = row.most.map_or_else(none, |most| format!("{sign}{}", bytes(most)));
    [row.status.to_string(), size, limit, row.over.map_or_else(none, |over| format!("+{}", bytes(over)))]
}

/// Which limit of which budget.
pub(super) fn titled(row: &CheckRow) -> String {
    match row.limit {
        "deny" => format!("deny {}", row.budget),
        limit => format!("{} {limit} {}", row.budget, row.text.as_deref().unwrap_or_default()),
    }
}

/// Crates that a rule forbids, and allowances in force.
pub(super) fn notes(row: &CheckRow, bytes: &dyn Fn(u64) -> String) -> Vec<String> {
    let crates = row.crates.iter().map(|krate| krate.to_string());
    crates.chain(row.allowances.iter().map(|a| allowance(a, bytes))).collect()
}

/// What an allowance lets pass, why and until when.
pub(super) fn allowance(a: &AllowanceRow, bytes: &dyn Fn(u64) -> String) -> String {
    let what = match (a.extra, &a.krate) {
        (Some(extra), _) => format!("+{}", bytes(extra)),
        (None, krate) => krate.clone().unwrap_or_default(),
    };
    format!("allowed until {}: {what}, {}", a.until, a.reason)
}
