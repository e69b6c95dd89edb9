//! What would make a file smaller.

use serde::Serialize;

use super::{Head, Issue, head, issues};
use crate::analysis::advise::{self, Advices, Base, Change, Goal, Saving, Settings};
use crate::model::Model;

/// The answer to `advise`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(transform = super::schema::named("advise")))]
pub struct AdviseReport {
    /// Head of every report.
    #[serde(flatten)]
    pub head: Head,
    /// Bytes of the file once it is stripped.
    pub shipped: u64,
    /// What the binary is for, if somebody has said.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::goal"))]
    pub goal: Option<&'static str>,
    /// The profile it was built with, as far as the manifest says or the file shows.
    pub settings: SettingsRow,
    /// What to do: the most likely bytes first, then what has no number.
    pub advice: Vec<AdviceRow>,
    /// Pieces of advice that `-n` left out.
    #[serde(skip_serializing_if = "is_zero")]
    pub rest: usize,
    /// What could not be understood.
    pub diagnostics: Vec<Issue>,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// How a binary was built. What is not known is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SettingsRow {
    /// `0`, `speed`, `s`, `z`, or `size` where only the code tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opt_level: Option<&'static str>,
    /// `off`, `local`, `thin` or `fat`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lto: Option<&'static str>,
    /// Most codegen units of a crate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub codegen_units: Option<u32>,
    /// `unwind` or `abort`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub panic: Option<&'static str>,
    /// `none`, `debuginfo` or `symbols`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strip: Option<&'static str>,
    /// Whether arithmetic is checked for overflow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overflow_checks: Option<bool>,
    /// Whether assertions for debugging are compiled in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debug_assertions: Option<bool>,
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AdviceRow {
    /// Stable name of the rule: `panic-abort`.
    pub rule: &'static str,
    /// What to do, in a few words.
    pub title: String,
    /// What was found.
    pub finding: String,
    /// The bytes it stands on.
    pub evidence: Vec<ProofRow>,
    /// What it saves; absent if that cannot be said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saving: Option<SavingRow>,
    /// What to change.
    pub change: ChangeRow,
    /// What it costs or risks.
    pub cost: &'static str,
    /// What it saved when it was built and measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measured: Option<MeasuredRow>,
}

/// Bytes that a finding stands on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProofRow {
    /// What they are.
    pub what: String,
    /// How many, in the file.
    pub file: u64,
}

/// What a change saves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SavingRow {
    /// Bytes at least.
    pub low: u64,
    /// Bytes most likely.
    pub likely: u64,
    /// Bytes at most.
    pub high: u64,
    /// Of which size: of the `file` as it is, or as `shipped`.
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::base"))]
    pub of: &'static str,
    /// On what the numbers stand: `layout`, `bytes` or `experience`.
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::basis"))]
    pub basis: &'static str,
    /// Always true: nobody has made the change yet.
    pub estimated: bool,
}

/// What to change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChangeRow {
    /// `profile`, `manifest`, `rustflags`, `command`, `nightly` or `look`.
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::change"))]
    pub kind: &'static str,
    /// The lines, flags or words.
    pub text: String,
}

/// What a change saved once it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MeasuredRow {
    /// Bytes before, of the size that the saving is of.
    pub before: u64,
    /// Bytes after.
    pub after: u64,
    /// Before minus after.
    pub saving: i64,
    /// Whether that lies within the bounds of the estimate.
    pub within_bounds: bool,
}

impl From<&Settings> for SettingsRow {
    fn from(s: &Settings) -> SettingsRow {
        SettingsRow {
            opt_level: s.opt_level.map(|x| x.as_str()),
            lto: s.lto.map(|x| x.as_str()),
            codegen_units: s.codegen_units,
            panic: s.panic.map(|x| x.as_str()),
            strip: s.strip.map(|x| x.as_str()),
            overflow_checks: s.overflow_checks,
            debug_assertions: s.debug_assertions,
        }
    }
}

impl From<Saving> for SavingRow {
    fn from(s: Saving) -> SavingRow {
        let of = match s.base {
            Base::File => "file",
            Base::Shipped => "shipped",
        };
        let Saving { low, likely, high, basis, .. } = s;
        SavingRow { low, likely, high, of, basis: basis.as_str(), estimated: true }
    }
}

impl ChangeRow {
    /// The change as it is to be written; `profile` is the profile that is built.
    fn of(change: &Change, profile: &str) -> ChangeRow {
        let (kind, text) = match change {
            Change::Profile(lines) => {
                let lines = lines.iter().map(|(key, value)| format!("\n{key} = {value}"));
                ("profile", format!("[profile.{profile}]{}", lines.collect::<String>()))
            }
            Change::Manifest(text) => ("manifest", text.clone()),
            Change::Rustflags(flags) => ("rustflags", format!("RUSTFLAGS=\"{}\"", flags.join(" "))),
            Change::Command(text) => ("command", text.clone()),
            Change::Nightly(text) => ("nightly", text.clone()),
            Change::Look(text) => ("look", text.clone()),
        };
        ChangeRow { kind, text }
    }
}

/// Tells advice on `model`: at most `limit` pieces, for the profile of that name.
pub fn advise(
    model: &Model,
    advices: &Advices,
    goal: Option<Goal>,
    profile: &str,
    limit: Option<usize>,
) -> AdviseReport {
    let shown = limit.unwrap_or(usize::MAX).min(advices.list.len());
    // A line that says "1 more" is no shorter than the one more.
    let shown = if advices.list.len() - shown == 1 { advices.list.len() } else { shown };
    let row = |advice: &advise::Advice| AdviceRow {
        rule: advice.rule,
        title: advice.title.clone(),
        finding: advice.finding.clone(),
        evidence: advice.proof.iter().map(|p| ProofRow { what: p.what.clone(), file: p.bytes }).collect(),
        saving: advice.saving.map(SavingRow::from),
        change: ChangeRow::of(&advice.change, profile),
        cost: advice.cost,
        measured: None,
    };
    let facts = &model.facts;
    AdviseReport {
        head: head(model, "advise"),
        shipped: facts.stripped_size.map_or(facts.file_size, |size| size.min(facts.file_size)),
        goal: goal.map(Goal::as_str),
        settings: SettingsRow::from(&advices.settings),
        advice: advices.list[..shown].iter().map(row).collect(),
        rest: advices.list.len() - shown,
        diagnostics: issues(model),
    }
}
