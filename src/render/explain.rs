//! Explanations as text.

use std::io::{self, Write};

use super::escape::for_terminal;
use super::sheet::{Style, heading, mark, shorten, shows, wrapped};
use super::size;
use crate::report::{CrateFacts, ExplainCrate, ExplainPlace, Match, Row};

/// Writes the explanation of a place.
pub fn explain_place_text(report: &ExplainPlace<'_>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let place = &report.place;
    let hex = |n: Option<u64>| n.map(|n| format!("{n:#x}"));
    let mut at: Vec<String> = Vec::new();
    at.extend(hex(place.offset).map(|n| format!("file offset {n}")));
    at.extend(hex(place.address).map(|n| format!("address {n}")));
    heading(&for_terminal(&report.what), style, out)?;
    let line = format!(
        "{} of {} in {}, {}",
        bytes(place.size),
        place.kind,
        for_terminal(place.section),
        at.join(", ")
    );
    wrapped(&format!("  {line}"), 4, style, out)?;

    if let Some(symbol) = &report.symbol {
        writeln!(out)?;
        heading("Symbol", style, out)?;
        // Whole, as nothing else here says it.
        wrapped(&format!("  {}", for_terminal(&symbol.symbol)), 4, style, out)?;
        if symbol.mangled != symbol.symbol {
            wrapped(&format!("  {}", for_terminal(&symbol.mangled)), 4, style, out)?;
        }
        let kinds: Vec<String> = symbol.kinds.iter().map(|k| format!("{} {}", amount(k), k.name)).collect();
        wrapped(
            &format!("  {} itself; with what is charged to it: {}", bytes(symbol.size), kinds.join(", ")),
            4,
            style,
            out,
        )?;
        for alias in &symbol.aliases {
            listed("  also called ", alias, style, out)?;
        }
    }

    writeln!(out)?;
    heading("Crates", style, out)?;
    for answer in &report.crates {
        let notion = match answer.notion {
            "crate" => "owner",
            "defined_in" => "defined in",
            _ => "instantiated by",
        };
        let label = mark(answer.notion == "crate" && place.estimated, for_terminal(&answer.label).into());
        let text = format!("  {notion:<16} {label}: {}", for_terminal(&answer.reason));
        wrapped(&text, 4, style, out)?;
    }
    if !report.referrers.is_empty() {
        writeln!(out)?;
        heading("Referred to by", style, out)?;
        for name in report.referrers.iter().take(10) {
            listed("  ", name, style, out)?;
        }
        more(report.referrers.len(), 10, out)?;
    }

    writeln!(out)?;
    heading("Claims", style, out)?;
    for claim in &report.claims {
        let mark = if claim.wins { "*" } else { " " };
        let text = format!(
            "{mark} {:<8} {}: {}, {}",
            claim.partition,
            for_terminal(&claim.label),
            bytes(claim.size),
            claim.basis
        );
        wrapped(&text, 4, style, out)?;
    }
    wrapped("  (* has the place; an account beats a symbol)", 4, style, out)?;

    if !report.other_matches.is_empty() {
        writeln!(out)?;
        heading("Other symbols that match", style, out)?;
        let owner =
            |m: &Match| mark(m.estimated, for_terminal(m.krate.as_deref().unwrap_or_default()).into());
        let shown = &report.other_matches[..report.other_matches.len().min(10)];
        let widest = shown.iter().map(|m| owner(m).chars().count()).max().unwrap_or_default();
        for other in shown {
            let address = other.address.map_or(String::new(), |a| format!("{a:#x}"));
            let owner = owner(other);
            let before = format!("  {address:<10} {:>10}  {owner:<widest$}  ", style.bytes(other.size));
            listed(&before, &other.symbol, style, out)?;
        }
        more(report.other_matches.len(), 10, out)?;
    }
    Ok(())
}

/// Writes the explanation of a crate.
pub fn explain_crate_text(report: &ExplainCrate, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    for (index, krate) in report.crates.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        one_crate(krate, style, out)?;
    }
    Ok(())
}

fn one_crate(krate: &CrateFacts, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let mut facts: Vec<String> = Vec::new();
    facts.extend(krate.key.source.iter().map(|s| format!("source {s}")));
    facts.extend(krate.key.package.iter().map(|p| format!("package {}", for_terminal(p))));
    facts.extend(krate.stable_id.iter().map(|id| format!("crate id {id}")));
    heading(&for_terminal(&krate.label), style, out)?;
    if !facts.is_empty() {
        wrapped(&format!("  {}", facts.join(", ")), 4, style, out)?;
    }
    let totals = [
        ("owns", krate.owns.file, " of the file"),
        ("defines", krate.defines.file, ", whoever instantiated it"),
        ("instantiates", krate.instantiates.file, ", whoever defines it"),
    ];
    for (what, file, remark) in totals {
        wrapped(&format!("  {what:<12}  {:>10}{remark}", style.bytes(file)), 4, style, out)?;
    }
    let parts = [
        ("What it owns, by evidence", &krate.by_evidence),
        ("by kind", &krate.by_kind),
        ("by instantiating crate", &krate.by_instantiator),
        ("by unit", &krate.by_unit),
    ];
    for (title, rows) in parts {
        writeln!(out)?;
        heading(&format!("  {title}"), style, out)?;
        for row in rows {
            let percent = size::percent(row.file, krate.owns.file);
            let size = mark(shows(row.estimated_bytes, row.file, style), style.bytes(row.file));
            listed(&format!("  {size:>10} {percent:>6}  "), &row.name, style, out)?;
        }
    }
    Ok(())
}

/// Writes a name behind what is said of it, shortened to the line.
fn listed(before: &str, name: &str, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let room = style.limit().saturating_sub(before.len());
    writeln!(out, "{before}{}", shorten(&for_terminal(name), room))
}

fn bytes(n: u64) -> String {
    if n == 1 { "1 byte".to_string() } else { format!("{} bytes", size::bytes(n)) }
}

/// Bytes of the file, or of memory where there are none in the file.
fn amount(row: &Row) -> String {
    size::bytes(if row.file > 0 { row.file } else { row.memory })
}

fn more(all: usize, shown: usize, out: &mut dyn Write) -> io::Result<()> {
    if all > shown { writeln!(out, "  and {} more", all - shown) } else { Ok(()) }
}
