//! What would make a file smaller.

use serde::Serialize;

use super::{Head, Issue, Subject, head, issues};
use crate::analysis::advise::{self, Advices, Base, Change, Goal, Saving, Settings, Together};
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
    /// Everything that settings and flags can do, at once; absent if that is one piece of advice or none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub together: Option<TogetherRow>,
    /// What was built, if the file was built for this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub built: Option<BuiltFor>,
    /// Pieces of advice that `-n` left out.
    #[serde(skip_serializing_if = "is_zero")]
    pub rest: usize,
    /// What could not be understood.
    pub diagnostics: Vec<Issue>,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// What was built to give advice on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BuiltFor {
    /// The artifact.
    pub subject: Subject,
    /// Folder that was built in.
    pub scratch: String,
    /// What was measured of the artifact as it is; absent unless changes are measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sizes: Option<BuiltSizes>,
}

/// Sizes that measured savings are counted from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BuiltSizes {
    /// Bytes of the file that the project's own profile makes.
    pub file: u64,
    /// The same, stripped by cargo.
    pub shipped: u64,
}

/// Several changes at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TogetherRow {
    /// The rules that are followed.
    pub rules: Vec<&'static str>,
    /// What to change.
    pub changes: Vec<ChangeRow>,
    /// What it saves; absent if that cannot be said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saving: Option<SavingRow>,
    /// What became of it when it was measured.
    #[serde(flatten)]
    pub trial: Trial,
}

/// What became of a change that was to be measured. Empty unless measuring was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Trial {
    /// What it saved when it was built and measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measured: Option<MeasuredRow>,
    /// Why it was not measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_measured: Option<String>,
}

impl Trial {
    /// A change that could not be measured.
    pub fn failed(reason: impl Into<String>) -> Trial {
        Trial { measured: None, not_measured: Some(reason.into()) }
    }

    /// A change that was measured: a size before and after it, and what was foreseen.
    pub fn measured(before: u64, after: u64, foreseen: Option<&Saving>) -> Trial {
        let saving = before.cast_signed().wrapping_sub(after.cast_signed());
        let within_bounds = foreseen.map(|s| s.low.cast_signed() <= saving && saving <= s.high.cast_signed());
        Trial { measured: Some(MeasuredRow { before, after, saving, within_bounds }), not_measured: None }
    }
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
    /// What became of it when it was measured.
    #[serde(flatten)]
    pub trial: Trial,
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
    /// Always true: this was said before anybody made the change.
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
    /// Whether that lies within the bounds of the estimate; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within_bounds: Option<bool>,
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
            Change::Tool(words) => ("command", words.join(" ")),
            Change::Command(text) => ("command", text.clone()),
            Change::Nightly(text) => ("nightly", text.clone()),
            Change::Look(text) => ("look", text.clone()),
        };
        ChangeRow { kind, text }
    }
}

/// How many of `all` pieces of advice are told if `limit` are asked for.
pub fn told(all: usize, limit: Option<usize>) -> usize {
    let shown = limit.unwrap_or(usize::MAX).min(all);
    // A line that says "1 more" is no shorter than the one more.
    if all - shown == 1 { all } else { shown }
}

/// What is told besides the advice itself.
#[derive(Debug, Clone, Default)]
pub struct AdviseOptions<'a> {
    /// What the binary is for, if somebody has said.
    pub goal: Option<Goal>,
    /// Name of the profile that is changed.
    pub profile: &'a str,
    /// Most pieces of advice.
    pub limit: Option<usize>,
    /// What was built.
    pub built: Option<BuiltFor>,
    /// What became of each piece of advice that was measured, in their order.
    pub trials: Vec<Trial>,
    /// All at once, and what became of it.
    pub together: Option<(Together, Trial)>,
}

/// Tells advice on `model`.
pub fn advise(model: &Model, advices: &Advices, options: AdviseOptions<'_>) -> AdviseReport {
    let AdviseOptions { goal, profile, limit, built, trials, together } = options;
    let shown = told(advices.list.len(), limit);
    let row = |(index, advice): (usize, &advise::Advice)| AdviceRow {
        rule: advice.rule,
        title: advice.title.clone(),
        finding: advice.finding.clone(),
        evidence: advice.proof.iter().map(|p| ProofRow { what: p.what.clone(), file: p.bytes }).collect(),
        saving: advice.saving.map(SavingRow::from),
        change: ChangeRow::of(&advice.change, profile),
        cost: advice.cost,
        trial: trials.get(index).cloned().unwrap_or_default(),
    };
    let facts = &model.facts;
    let shipped = facts.stripped_size.map_or(facts.file_size, |size| size.min(facts.file_size));
    let together = together.map(|(all, trial)| TogetherRow {
        rules: all.members.iter().filter_map(|&i| advices.list.get(i)).map(|advice| advice.rule).collect(),
        changes: changes(&all, profile),
        saving: all.saving.map(|s| {
            let [likely, high] = [s.likely, s.high].map(|bytes| bytes.min(shipped));
            SavingRow::from(Saving { likely, high, ..s })
        }),
        trial,
    });
    AdviseReport {
        head: head(model, "advise"),
        shipped,
        goal: goal.map(Goal::as_str),
        settings: SettingsRow::from(&advices.settings),
        advice: advices.list[..shown].iter().enumerate().map(row).collect(),
        together,
        built,
        rest: advices.list.len() - shown,
        diagnostics: issues(model),
    }
}

/// What several pieces of advice change.
fn changes(all: &Together, profile: &str) -> Vec<ChangeRow> {
    let lines: Vec<_> = all.profile.iter().map(|(key, value)| (*key, *value)).collect();
    let settings = (!lines.is_empty()).then_some(Change::Profile(lines));
    let flags = (!all.rustflags.is_empty()).then(|| Change::Rustflags(all.rustflags.clone()));
    settings.iter().chain(&flags).map(|change| ChangeRow::of(change, profile)).collect()
}
