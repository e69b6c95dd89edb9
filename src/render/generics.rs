//! Generics as text and as comma-separated values.

use std::collections::BTreeSet;
use std::io::{self, Write};

use super::csv::io_error;
use super::escape::{for_csv, for_terminal};
use super::sheet::{Sheet, Style, WIDE, heading, indented, mark, shorten, wrapped};
use super::size;
use super::text::issues_text;
use crate::report::{CopyRow, GenericReport, GenericRow, GenericsReport, InstantiatorRow, Portion};

/// Widest name of a crate in a column.
const CRATE: usize = 24;

/// Writes groups of copies.
pub fn generics_text(report: &GenericsReport, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let what = match report.by {
        "item" => "generic",
        "type" => "generic type",
        _ => "drop glue of",
    };
    let mut sheet = Sheet::new(
        ["code", "%", "copies", "mean", "largest", "~saving", "in file", "by", what],
        &["in file", "mean", "%", "by", "largest"],
    );
    for row in &report.rows {
        sheet.rows.push(vec![
            style.bytes(row.size),
            size::percent(row.size, report.code),
            row.copies.to_string(),
            style.bytes(row.mean),
            style.bytes(row.largest),
            style.bytes(row.saving_estimate),
            style.bytes(row.file),
            by(&row.instantiated_by),
            indented(0, &row.name),
        ]);
    }
    let all = report.repeated;
    sheet.footer = Some(vec![
        style.bytes(all.size),
        size::percent(all.size, report.code),
        all.copies.to_string(),
        String::new(),
        String::new(),
        style.bytes(all.saving_estimate),
        style.bytes(report.rows.iter().map(|row| row.file).sum()),
        String::new(),
        format!("{} of {} of code", plural(all.groups, "group"), style.bytes(report.code)),
    ]);
    if style.width.is_some_and(|width| width < WIDE) {
        sheet.hide("by");
    }
    sheet.write(style, out)?;
    writeln!(out)?;
    let saving = format!(
        "Saving is an estimate: what is there beyond the largest copy of each, as if that one could serve for all ({}).",
        size::percent(all.saving_estimate, report.code)
    );
    wrapped(&saving, 2, style, out)?;
    wrapped(&left_out(report, style), 2, style, out)?;
    vtables(report, style, out)?;
    issues_text(&report.diagnostics, style, out)
}

/// What the table does not show.
fn left_out(report: &GenericsReport, style: &Style) -> String {
    let part = |portion: &Portion, one: &str| {
        format!("{} in {}", style.bytes(portion.size), plural(portion.copies, one))
    };
    let fewer = format!("of generics with fewer than {} copies", report.min_copies);
    let mut parts = vec![format!("{} {fewer}", part(&report.fewer, "function"))];
    if report.by == "item" {
        parts.push(format!(
            "{} of Rust that no name tells to be generic",
            part(&report.other_rust, "other function")
        ));
        parts.push(format!("{} of other languages or without a name", style.bytes(report.other_code)));
    } else {
        let what = if report.by == "type" { "of no generic type" } else { "that are no drop glue" };
        parts.push(format!("{} {what}", style.bytes(report.other_code)));
    }
    format!("Not shown: {}.", parts.join(", "))
}

fn vtables(report: &GenericsReport, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let Some(tables) = report.vtables.as_ref().filter(|tables| tables.bytes > 0) else { return Ok(()) };
    writeln!(out)?;
    let Some(count) = tables.tables else {
        let text = format!(
            "Tables of virtual functions: {}. A snapshot does not have their number.",
            style.bytes(tables.bytes)
        );
        return wrapped(&text, 2, style, out);
    };
    heading("Tables of virtual functions", style, out)?;
    let mut sheet = Sheet::new(["bytes", "tables", "types", "trait"], &["types"]);
    for row in &tables.by_trait {
        sheet.rows.push(vec![
            style.bytes(row.bytes),
            row.tables.to_string(),
            row.types.filter(|&types| types > 0).map_or_else(|| String::from("-"), |types| types.to_string()),
            indented(0, &row.name),
        ]);
    }
    sheet.footer =
        Some(vec![style.bytes(tables.bytes), count.to_string(), String::new(), String::from("total")]);
    sheet.write(style, out)
}

/// `regex +2`: the crate with most of it, and how many others.
fn by(crates: &[InstantiatorRow]) -> String {
    let Some((first, others)) = crates.split_first() else { return String::new() };
    let name = shorten(&for_terminal(&first.krate), CRATE).into_owned();
    let name = mark(first.estimated, name);
    if others.is_empty() { name } else { format!("{name} +{}", others.len()) }
}

fn plural(count: u64, one: &str) -> String {
    let number = size::bytes(count);
    if count == 1 { format!("{number} {one}") } else { format!("{number} {one}s") }
}

/// Writes the copies of one group.
pub fn generic_text(report: &GenericReport, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let group = &report.group;
    let title = if report.by.starts_with("dropped") { "drop glue of " } else { "" };
    heading(&format!("{title}{}", for_terminal(&group.name)), style, out)?;
    let mut facts = vec![
        plural(group.copies, "function")
            .replace("function", if group.copies == 1 { "copy" } else { "copie" }),
        format!("{} of code, {} in the file", style.bytes(group.size), style.bytes(group.file)),
        format!("mean {}, largest {}", style.bytes(group.mean), style.bytes(group.largest)),
        format!("sharing one would save at most ~{}", style.bytes(group.saving_estimate)),
    ];
    if group.items > 1 {
        facts.insert(1, format!("of {} different items", group.items));
    }
    if let Some(krate) = &group.defined_in {
        facts.push(format!("defined in {}", for_terminal(krate)));
    }
    wrapped(&format!("  {}", facts.join("; ")), 4, style, out)?;
    let crates = group.instantiated_by.iter().map(|row| {
        let krate = mark(row.estimated, for_terminal(&row.krate).into_owned());
        format!("{krate} {} ({})", row.copies, style.bytes(row.size))
    });
    let crates: Vec<String> = crates.collect();
    wrapped(&format!("  compiled by {}", crates.join(", ")), 4, style, out)?;
    writeln!(out)?;
    let has_arguments = report.copies.iter().any(|c| c.self_type.is_some() || !c.arguments.is_empty());
    let last = if has_arguments { "filled in with" } else { "symbol" };
    let mut sheet = Sheet::new(["code", "address", "by", last], &["by"]);
    for copy in &report.copies {
        sheet.rows.push(vec![
            style.bytes(copy.size),
            copy.address.map_or_else(String::new, |address| format!("{address:#x}")),
            shorten(&for_terminal(copy.instantiated_by.as_deref().unwrap_or_default()), CRATE).into_owned(),
            indented(0, &filled_in(copy)),
        ]);
    }
    sheet.write(style, out)?;
    let texts: BTreeSet<String> = report.copies.iter().map(filled_in).collect();
    // Copies of drop glue are told apart by their own names.
    if !has_arguments && report.copies.len() > 1 && texts.len() == 1 {
        writeln!(out)?;
        wrapped(
            "Names of this file do not tell what copies were filled in with; v0 names do.",
            2,
            style,
            out,
        )?;
    }
    if !report.other_matches.is_empty() {
        writeln!(out)?;
        heading("Others with that in their name", style, out)?;
        let mut sheet = Sheet::new(["code", "copies", "generic"], &[]);
        const SHOWN: usize = 10;
        for row in report.other_matches.iter().take(SHOWN) {
            sheet.rows.push(vec![style.bytes(row.size), row.copies.to_string(), indented(0, &row.name)]);
        }
        sheet.write(style, out)?;
        if report.other_matches.len() > SHOWN {
            writeln!(out, "and {} more", report.other_matches.len() - SHOWN)?;
        }
    }
    issues_text(&report.diagnostics, style, out)
}

/// What a copy was filled in with, else its name.
pub(super) fn filled_in(copy: &CopyRow) -> String {
    let own = copy.self_type.iter().map(|kind| format!("Self = {kind}"));
    let all: Vec<String> = own.chain(copy.arguments.iter().cloned()).collect();
    if all.is_empty() { copy.symbol.clone() } else { all.join(", ") }
}

/// Writes groups: one line each, so that lines sum to what the report calls repeated.
pub fn generics_csv(report: &GenericsReport, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = ::csv::Writer::from_writer(out);
    let header = [
        report.by,
        "defined_in",
        "generic",
        "copies",
        "items",
        "size",
        "file",
        "largest",
        "mean",
        "saving_estimate",
        "instantiated_by",
    ];
    writer.write_record(header.map(|column| column.replace('-', "_"))).map_err(io_error)?;
    for row in &report.rows {
        writer.write_record(cells(row)).map_err(io_error)?;
    }
    writer.flush()
}

fn cells(row: &GenericRow) -> [String; 11] {
    let crates: Vec<&str> = row.instantiated_by.iter().map(|by| by.krate.as_str()).collect();
    [
        for_csv(&row.name).into_owned(),
        for_csv(row.defined_in.as_deref().unwrap_or_default()).into_owned(),
        row.generic.map_or_else(String::new, |generic| generic.to_string()),
        row.copies.to_string(),
        row.items.to_string(),
        row.size.to_string(),
        row.file.to_string(),
        row.largest.to_string(),
        row.mean.to_string(),
        row.saving_estimate.to_string(),
        for_csv(&crates.join(" ")).into_owned(),
    ]
}

/// Writes the copies of one group: one line each.
pub fn generic_csv(report: &GenericReport, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = ::csv::Writer::from_writer(out);
    let header = [
        "symbol",
        "mangled",
        "address",
        "size",
        "file",
        "instantiated_by",
        "evidence",
        "self_type",
        "arguments",
    ];
    writer.write_record(header).map_err(io_error)?;
    for copy in &report.copies {
        let text = |text: Option<&str>| for_csv(text.unwrap_or_default()).into_owned();
        let record = [
            text(Some(&copy.symbol)),
            text(Some(&copy.mangled)),
            copy.address.map_or_else(String::new, |address| address.to_string()),
            copy.size.to_string(),
            copy.file.to_string(),
            text(copy.instantiated_by.as_deref()),
            copy.evidence.to_string(),
            text(copy.self_type.as_deref()),
            text(Some(&copy.arguments.join(", "))),
        ];
        writer.write_record(record).map_err(io_error)?;
    }
    writer.flush()
}
