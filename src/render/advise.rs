//! Advice as text.

use std::io::{self, Write};

use super::escape::for_terminal;
use super::sheet::{Style, wrapped};
use super::size::percent;
use super::text::issues_text;
use crate::report::{AdviceRow, AdviseReport, SavingRow, SettingsRow, TogetherRow, Trial};

/// Writes what would make a file smaller.
pub fn advise_text(report: &AdviseReport, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    wrapped(&for_terminal(&headline(report, &|b| style.bytes(b))), 2, style, out)?;
    if report.advice.is_empty() {
        writeln!(out, "\nNothing found that would make it smaller.")?;
    }
    for (index, advice) in report.advice.iter().enumerate() {
        writeln!(out)?;
        let number = format!("{}. ", index + 1);
        let title = for_terminal(&advice.title);
        let saving = advice.saving.as_ref().map(|s| saving(report, s, &|b| style.bytes(b)));
        let line = match saving {
            Some(saving) => format!("{number}{title}: {saving}"),
            None => format!("{number}{title}"),
        };
        wrapped(&style.bold(&line), number.len(), style, out)?;
        body(advice, style, out)?;
    }
    if let Some(all) = &report.together {
        together(report, all, style, out)?;
    }
    if report.rest > 0 {
        writeln!(out, "\n{} more; -n 0 shows all", report.rest)?;
    }
    if let Some(text) = built(report, &|b| style.bytes(b)) {
        writeln!(out)?;
        wrapped(&for_terminal(&text), 2, style, out)?;
    }
    issues_text(&report.diagnostics, style, out)
}

/// Where it was built, and what measured savings are counted from.
pub(super) fn built(report: &AdviseReport, bytes: &dyn Fn(u64) -> String) -> Option<String> {
    let built = report.built.as_ref()?;
    let folder = format!("built in {}; `bloat advise --clean` removes it", built.scratch);
    Some(match built.sizes {
        Some(s) => format!("measured: {} as built, {} stripped; {folder}", bytes(s.file), bytes(s.shipped)),
        None => folder,
    })
}

/// Columns that belong to a piece of advice start here.
const INDENT: &str = "   ";

fn body(advice: &AdviceRow, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let mut line = |text: &str, hang: usize| {
        wrapped(&format!("{INDENT}{}", for_terminal(text)), INDENT.len() + hang, style, out)
    };
    line(&sentence(&advice.finding), 0)?;
    let sizes: Vec<String> = advice.evidence.iter().map(|p| style.bytes(p.file)).collect();
    let width = sizes.iter().map(String::len).max().unwrap_or(0);
    for (proof, size) in advice.evidence.iter().zip(&sizes) {
        line(&format!("{size:>width$}  {}", proof.what), width + 2)?;
    }
    for text in advice.change.text.lines() {
        let arrow = if std::ptr::eq(text, first_line(&advice.change.text)) { "> " } else { "  " };
        line(&format!("{arrow}{text}"), 4)?;
    }
    if !advice.cost.is_empty() {
        line(&format!("cost: {}", advice.cost), 6)?;
    }
    if let Some(text) = trial(&advice.trial, &|b| style.bytes(b)) {
        line(&text, 10)?;
    }
    Ok(())
}

/// What became of a change that was to be measured.
pub(super) fn trial(trial: &Trial, bytes: &dyn Fn(u64) -> String) -> Option<String> {
    if let Some(reason) = &trial.not_measured {
        return Some(format!("not measured: {reason}"));
    }
    let m = trial.measured?;
    let saved = super::size::change(m.saving.wrapping_neg(), bytes);
    let verdict = match m.within_bounds {
        Some(true) => ", as estimated",
        Some(false) => ", outside of the estimate",
        None => "",
    };
    Some(format!("measured: {saved}, from {} to {}{verdict}", bytes(m.before), bytes(m.after)))
}

/// Everything at once.
fn together(report: &AdviseReport, all: &TogetherRow, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let saving = all.saving.as_ref().map(|s| format!(": {}", saving(report, s, &|b| style.bytes(b))));
    let title = format!("Together{}", saving.unwrap_or_default());
    writeln!(out)?;
    wrapped(&style.bold(&title), INDENT.len(), style, out)?;
    let mut line = |text: &str, hang: usize| {
        wrapped(&format!("{INDENT}{}", for_terminal(text)), INDENT.len() + hang, style, out)
    };
    line(&all.rules.join(", "), 0)?;
    for change in &all.changes {
        for (index, text) in change.text.lines().enumerate() {
            line(&format!("{}{text}", if index == 0 { "> " } else { "  " }), 4)?;
        }
    }
    match trial(&all.trial, &|b| style.bytes(b)) {
        Some(text) => line(&text, 10),
        None => Ok(()),
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// The text with a capital and a full stop.
pub(super) fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", chars.as_str())
}

/// Sizes, and how the file was built.
pub(super) fn headline(report: &AdviseReport, bytes: &dyn Fn(u64) -> String) -> String {
    let total = report.head.total.file;
    let mut text = format!("{}: {}", report.head.input.path, bytes(total));
    if report.shipped < total {
        text.push_str(&format!(", ~{} once stripped", bytes(report.shipped)));
    }
    let settings = settings(&report.settings);
    if !settings.is_empty() {
        text.push_str(&format!("; built with {settings}"));
    }
    if let Some(goal) = report.goal {
        text.push_str(&format!("; advice for: {goal}"));
    }
    text
}

fn settings(s: &SettingsRow) -> String {
    let units = |n: u32| if n == 1 { "1 codegen unit".to_string() } else { format!("{n} codegen units") };
    let parts = [
        s.opt_level.map(|level| match level {
            "speed" | "size" => format!("optimisation for {level}"),
            level => format!("opt-level {level}"),
        }),
        s.lto.map(|lto| format!("lto {lto}")),
        s.codegen_units.map(units),
        s.panic.map(|panic| format!("panic {panic}")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Estimate, bounds and part of the size.
pub(super) fn saving(report: &AdviseReport, s: &SavingRow, bytes: &dyn Fn(u64) -> String) -> String {
    let (whole, what) = match s.of {
        "file" => (report.head.total.file, "the file"),
        _ => (report.shipped, "what ships"),
    };
    if s.likely == 0 {
        return format!("up to {} of {what}", bytes(s.high));
    }
    let range =
        if s.low == s.high { String::new() } else { format!(" ({} to {})", bytes(s.low), bytes(s.high)) };
    format!("~{}{range}, {} of {what}", bytes(s.likely), percent(s.likely, whole))
}
