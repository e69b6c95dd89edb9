//! Explanations as text.

use std::io::{self, Write};

use super::escape::for_terminal;
use super::size;
use super::text::{Style, wrapped};
use crate::report::{CrateFacts, ExplainCrate, ExplainPlace, Row};

/// Writes the explanation of a place.
pub fn explain_place_text(report: &ExplainPlace<'_>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let place = &report.place;
    let hex = |n: Option<u64>| n.map(|n| format!("{n:#x}"));
    let mut at: Vec<String> = Vec::new();
    at.extend(hex(place.offset).map(|n| format!("file offset {n}")));
    at.extend(hex(place.address).map(|n| format!("address {n}")));
    writeln!(out, "{}", style.heading(&for_terminal(&report.what)))?;
    let line = format!(
        "{} of {} in {}, {}",
        bytes(place.size),
        place.kind,
        for_terminal(place.section),
        at.join(", ")
    );
    wrapped(&format!("  {line}"), style, out)?;

    if let Some(symbol) = &report.symbol {
        writeln!(out, "\n{}", style.heading("Symbol"))?;
        writeln!(out, "  {}", for_terminal(&symbol.symbol))?;
        if symbol.mangled != symbol.symbol {
            writeln!(out, "  {}", for_terminal(&symbol.mangled))?;
        }
        let kinds: Vec<String> = symbol.kinds.iter().map(|k| format!("{} {}", amount(k), k.name)).collect();
        wrapped(
            &format!("  {} itself; with what is charged to it: {}", bytes(symbol.size), kinds.join(", ")),
            style,
            out,
        )?;
        for alias in &symbol.aliases {
            writeln!(out, "  also called {}", for_terminal(alias))?;
        }
    }

    writeln!(out, "\n{}", style.heading("Crates"))?;
    for answer in &report.crates {
        let notion = match answer.notion {
            "crate" => "owner",
            "defined_in" => "defined in",
            _ => "instantiated by",
        };
        let text =
            format!("  {notion:<16} {}: {}", for_terminal(&answer.label), for_terminal(&answer.reason));
        wrapped(&text, style, out)?;
    }
    if !report.referrers.is_empty() {
        writeln!(out, "\n{}", style.heading("Referred to by"))?;
        for name in report.referrers.iter().take(10) {
            writeln!(out, "  {}", for_terminal(name))?;
        }
        more(report.referrers.len(), 10, out)?;
    }

    writeln!(out, "\n{}", style.heading("Claims"))?;
    for claim in &report.claims {
        let mark = if claim.wins { "*" } else { " " };
        let text = format!(
            "{mark} {:<8} {}: {}, {}",
            claim.partition,
            for_terminal(&claim.label),
            bytes(claim.size),
            claim.basis
        );
        wrapped(&text, style, out)?;
    }
    writeln!(out, "  (* has the place; an account beats a symbol)")?;

    if !report.other_matches.is_empty() {
        writeln!(out, "\n{}", style.heading("Other symbols of that name"))?;
        for name in report.other_matches.iter().take(10) {
            writeln!(out, "  {}", for_terminal(name))?;
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
    writeln!(out, "{}", style.heading(&for_terminal(&krate.label)))?;
    if !facts.is_empty() {
        wrapped(&format!("  {}", facts.join(", ")), style, out)?;
    }
    writeln!(out, "  owns          {:>10} of the file", style.bytes(krate.owns.file))?;
    writeln!(out, "  defines       {:>10}, whoever instantiated it", style.bytes(krate.defines.file))?;
    writeln!(out, "  instantiates  {:>10}, whoever defines it", style.bytes(krate.instantiates.file))?;
    let parts = [
        ("What it owns, by evidence", &krate.by_evidence),
        ("by kind", &krate.by_kind),
        ("by instantiating crate", &krate.by_instantiator),
        ("by unit", &krate.by_unit),
    ];
    for (title, rows) in parts {
        writeln!(out, "\n  {}", style.heading(title))?;
        for row in rows {
            let percent = size::percent(row.file, krate.owns.file);
            writeln!(out, "  {:>10} {percent:>6}  {}", style.bytes(row.file), for_terminal(&row.name))?;
        }
    }
    Ok(())
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
