//! The tree of packages as text and CSV.

use std::io::{self, Write};

use super::escape::{for_csv, for_terminal};
use super::sheet::{Sheet, Style, heading, mark, shows, wrapped};
use super::text::issues_text;
use crate::report::{PackageRow, Total, TreeReport};

/// Levels that lines are drawn for. Deeper rows say with `…` that some are missing.
const DRAWN: usize = 12;
/// Names of packages that only run in the build, before the rest is counted.
const NAMED: usize = 12;

/// Writes the tree.
pub fn tree_text(report: &TreeReport, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let in_memory = report.measure == "memory";
    let of = |total: Total| if in_memory { total.memory } else { total.file };
    heading(&title(report), style, out)?;
    writeln!(out)?;
    let goes_down = report.direction == "down";
    let mut sheet = Sheet::new(["self", "total", "unique", "package"], &["unique", "self"]);
    let branches = branches(&report.rows);
    for (row, branch) in report.rows.iter().zip(branches) {
        let bytes = |total: Option<Total>| match total.map(of) {
            None => String::new(),
            Some(0) => "-".to_string(),
            Some(bytes) => style.bytes(bytes),
        };
        let own = Total { file: row.file, memory: row.memory };
        let is_guess = !in_memory && shows(row.estimated_bytes, row.file, style);
        // A package that is counted elsewhere has no number here, rather than a wrong one.
        let own = match row.repeat && goes_down {
            true => String::new(),
            false => mark(is_guess && of(own) > 0, bytes(Some(own))),
        };
        let name = format!("{branch}{}", for_terminal(&label(row)));
        sheet.rows.push(vec![own, bytes(row.total), bytes(row.unique), name]);
    }
    if goes_down {
        let (shown, whole) = (of(report.shown), of(report.head.total));
        let name = match shown == whole {
            true if in_memory => "total: all of its memory".to_string(),
            true => "total: the whole file".to_string(),
            false => format!("total shown, of {}", style.bytes(whole)),
        };
        sheet.footer = Some(vec![style.bytes(shown), String::new(), String::new(), name]);
    }
    sheet.write(style, out)?;
    writeln!(out)?;
    wrapped(legend(report), 2, style, out)?;
    for line in notes(report, NAMED) {
        wrapped(&for_terminal(&line), 2, style, out)?;
    }
    issues_text(&report.diagnostics, style, out)
}

/// What is shown of what.
fn title(report: &TreeReport) -> String {
    let packages = &report.packages;
    let from = match (packages.from, &packages.path) {
        ("cargo", Some(path)) => format!("cargo's list for {path}"),
        ("lockfile", Some(path)) => path.clone(),
        _ => "the list in the file".to_string(),
    };
    let all = |names: &[&str]| match names {
        [] => "nothing".to_string(),
        [name] => name.to_string(),
        [name, rest @ ..] => format!("{name} and {} more", rest.len()),
    };
    let first = || report.rows.iter().filter(|row| row.depth == 0).map(|row| row.name.as_str());
    let title = match report.direction {
        "up" => format!("What needs {}", all(&first().collect::<Vec<_>>())),
        "duplicates" => "Packages in several versions, and what needs them".to_string(),
        _ => {
            let roots: Vec<&str> = packages.roots.iter().map(String::as_str).collect();
            format!("Packages of {}", all(&roots))
        }
    };
    for_terminal(&format!("{title}, by {from}")).into_owned()
}

/// What the columns are.
fn legend(report: &TreeReport) -> &'static str {
    match report.direction {
        "down" => {
            "self: its own bytes. total: with all that it needs, each package once. unique: what only this \
             dependency brings, and would be gone with it. (*): shown in full where it is less deep."
        }
        _ => {
            "self: its own bytes. total: with all that it needs, each package once. unique: what would be gone \
             without the package (first rows), or without this dependency on the row above. (*): shown in full \
             where it is less deep."
        }
    }
}

/// Sentences below the rows, with at most so many names of packages.
pub(super) fn notes(report: &TreeReport, names: usize) -> Vec<String> {
    let packages = &report.packages;
    let mut notes = Vec::new();
    if report.direction == "duplicates" && report.rows.is_empty() {
        notes.push("No package is there in several versions.".to_string());
    }
    if report.direction != "down" {
        return notes;
    }
    let (linked, none) = (packages.linked, packages.without_bytes);
    notes.push(format!(
        "{linked} {} may have code in the file; {none} of them {} no bytes of their own.",
        if linked == 1 { "package" } else { "packages" },
        if none == 1 { "has" } else { "have" },
    ));
    if !packages.has_kinds {
        notes.push(
            "A lockfile does not tell what only build scripts, macros and tests need: it counts as the rest."
                .to_string(),
        );
    }
    let build = &report.build_only;
    if !build.is_empty() {
        let shown: Vec<String> =
            build.iter().take(names).map(|p| format!("{}@{}", p.package, p.version)).collect();
        let list = match (shown.len(), build.len() - shown.len()) {
            (0, _) => String::new(),
            (_, 0) => format!(": {}", shown.join(", ")),
            (_, more) => format!(": {} and {more} more", shown.join(", ")),
        };
        let noun = if build.len() == 1 { "package runs" } else { "packages run" };
        notes.push(format!("{} {noun} only in the build{list}.", build.len()));
    }
    notes
}

/// Name of a row with what is to be known of the dependency.
pub(super) fn label(row: &PackageRow) -> String {
    format!("{}{}{}", row.name, if row.repeat { " (*)" } else { "" }, remarks(row))
}

/// What is to be known of a row and its dependency besides the name.
pub(crate) fn remarks(row: &PackageRow) -> String {
    let mut text = String::new();
    let optional = !row.dependency.is_empty() && row.dependency.iter().all(|line| line.optional);
    if optional {
        let mut by: Vec<&str> =
            row.dependency.iter().flat_map(|line| &line.enabled_by).map(String::as_str).collect();
        by.dedup();
        let noun = if by.len() == 1 { "feature" } else { "features" };
        text.push_str(&match by.is_empty() {
            true => " (optional)".to_string(),
            false => format!(" ({noun} {})", by.join(", ")),
        });
    }
    match (row.why, row.listed_versions.as_slice()) {
        (Some("not-linked"), _) => text.push_str(" (not needed by what was built)"),
        (Some("several-versions"), versions) => text.push_str(&format!(" (one of {})", versions.join(", "))),
        (Some("other-versions"), versions) => text.push_str(&format!(" (listed: {})", versions.join(", "))),
        _ => {}
    }
    text
}

/// The lines in front of each row.
fn branches(rows: &[PackageRow]) -> Vec<String> {
    // Backwards, a row is the last below its own if none of its depth came after it.
    let mut is_last = vec![true; rows.len()];
    let mut open: Vec<bool> = Vec::new();
    for (row, last) in rows.iter().zip(&mut is_last).rev() {
        let depth = row.depth as usize;
        open.resize(open.len().max(depth + 1), false);
        *last = !open[depth];
        open[depth] = true;
        open.truncate(depth + 1);
    }
    let mut lines: Vec<bool> = Vec::new();
    let mut branches = Vec::with_capacity(rows.len());
    for (row, last) in rows.iter().zip(is_last) {
        let depth = row.depth as usize;
        lines.resize(depth + 1, false);
        lines[depth] = !last;
        let mut branch = String::new();
        let hidden = depth.saturating_sub(DRAWN);
        if hidden > 0 {
            branch.push_str("… ");
        }
        for &goes_on in lines.iter().take(depth).skip(1 + hidden) {
            branch.push_str(if goes_on { "│ " } else { "  " });
        }
        if depth > 0 {
            branch.push_str(if last { "└ " } else { "├ " });
        }
        branches.push(branch);
    }
    branches
}

/// Writes one line for each row.
pub fn tree_csv(report: &TreeReport, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = ::csv::Writer::from_writer(out);
    let columns = [
        "depth",
        "what",
        "name",
        "version",
        "source",
        "file",
        "memory",
        "total_file",
        "total_memory",
        "unique_file",
        "unique_memory",
        "shared_file",
        "shared_memory",
        "symbols",
        "estimated",
        "repeat",
        "enabled_by",
        "crates",
    ];
    writer.write_record(columns).map_err(super::csv::io_error)?;
    for row in &report.rows {
        let both = |total: Option<Total>| match total {
            Some(total) => [total.file.to_string(), total.memory.to_string()],
            None => Default::default(),
        };
        let text = |text: Option<&str>| for_csv(text.unwrap_or_default()).into_owned();
        let key = &row.key;
        let name = key.package.as_deref().filter(|_| row.what == "package").or(key.krate.as_deref());
        let mut by: Vec<&str> =
            row.dependency.iter().flat_map(|line| &line.enabled_by).map(String::as_str).collect();
        by.dedup();
        let [total_file, total_memory] = both(row.total);
        let [unique_file, unique_memory] = both(row.unique);
        let [shared_file, shared_memory] = both(row.shared);
        let record = [
            row.depth.to_string(),
            row.what.to_string(),
            text(name.or(Some(&row.name))),
            text(key.version.as_deref()),
            text(key.source.as_deref()),
            row.file.to_string(),
            row.memory.to_string(),
            total_file,
            total_memory,
            unique_file,
            unique_memory,
            shared_file,
            shared_memory,
            row.symbols.to_string(),
            row.estimated.to_string(),
            row.repeat.to_string(),
            text(Some(&by.join(" "))),
            text(Some(&row.crates.join(" "))),
        ];
        writer.write_record(record).map_err(super::csv::io_error)?;
    }
    writer.flush()
}
