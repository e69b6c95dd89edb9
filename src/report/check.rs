//! What budgets say of a file.

use serde::Serialize;

use super::diff::comparability;
use super::{Head, InputFacts, Issue, head, issues};
use crate::analysis::budget::{Allowance, Finding, Grant, Judgement, Standing, Subject};
use crate::model::Model;
use crate::order::Arrange;

/// The answer to `check`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(transform = super::schema::named("check")))]
pub struct CheckReport {
    /// Head of every report.
    #[serde(flatten)]
    pub head: Head,
    /// The file it was compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub against: Option<InputFacts>,
    /// The file the budgets are written in.
    pub config: String,
    /// The day that decided which allowances hold.
    pub today: String,
    /// Whether every limit holds or is allowed not to.
    pub passed: bool,
    /// One row for each limit and rule: what does not hold first, else in the order they are written in.
    pub checks: Vec<CheckRow>,
    /// What could not be understood, and what in the budgets has no effect.
    pub diagnostics: Vec<Issue>,
}

/// What became of one limit or rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CheckRow {
    /// Name of the budget or rule.
    pub budget: String,
    /// `max`, `max-growth` or `deny`.
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::limit"))]
    pub limit: &'static str,
    /// The limit as it is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// `exceeded`, `allowed`, `unchecked` or `held`.
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::standing"))]
    pub status: &'static str,
    /// Bytes now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Bytes before, for a limit on growth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<u64>,
    /// New minus old, for a limit on growth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub growth: Option<i64>,
    /// Most bytes, or most bytes more, without allowances.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most: Option<u64>,
    /// Bytes above the limit and its allowances, if there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub over: Option<u64>,
    /// Crates that a rule forbids.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub crates: Vec<String>,
    /// Allowances in force for it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allowances: Vec<AllowanceRow>,
}

/// An exception in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AllowanceRow {
    /// Bytes it adds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extra: Option<u64>,
    /// The crate it lets pass.
    #[serde(rename = "crate", skip_serializing_if = "Option::is_none")]
    pub krate: Option<String>,
    /// Why.
    pub reason: String,
    /// The last day it holds.
    pub until: String,
}

impl From<&Allowance> for AllowanceRow {
    fn from(a: &Allowance) -> AllowanceRow {
        let (extra, krate) = match &a.grant {
            Grant::Extra(extra) => (Some(extra.value), None),
            Grant::Crate(name) => (None, Some(name.clone())),
        };
        AllowanceRow { extra, krate, reason: a.reason.clone(), until: a.until.to_string() }
    }
}

impl From<&Finding<'_>> for CheckRow {
    fn from(f: &Finding<'_>) -> CheckRow {
        let (limit, measured, crates) = match &f.subject {
            Subject::Max(measured) => ("max", *measured, &[][..]),
            Subject::Growth(measured) => ("max-growth", *measured, &[][..]),
            Subject::Crates(crates) => ("deny", None, &crates[..]),
        };
        CheckRow {
            budget: f.name.to_string(),
            limit,
            text: (!f.text.is_empty()).then(|| f.text.to_string()),
            status: match f.standing {
                Standing::Exceeded => "exceeded",
                Standing::Allowed => "allowed",
                Standing::Unchecked => "unchecked",
                Standing::Held => "held",
            },
            size: measured.map(|m| m.size),
            before: measured.and_then(|m| m.before),
            growth: measured.and_then(|m| m.growth()),
            most: measured.map(|m| m.limit),
            over: measured.map(|m| m.over).filter(|&over| over > 0),
            crates: crates.to_vec(),
            allowances: f.allowances.iter().map(|&a| a.into()).collect(),
        }
    }
}

/// Tells a judgement on `new`; `old` is what it was compared with.
pub fn check(
    judgement: &Judgement<'_>,
    new: &Model,
    old: Option<&Model>,
    config: &str,
    today: String,
) -> CheckReport {
    let mut findings: Vec<&Finding<'_>> = judgement.findings.iter().collect();
    findings.arrange_by_key(|f| f.standing);
    let remark = |r: &crate::analysis::budget::Remark| Issue {
        severity: "warning",
        code: r.code.into(),
        message: format!("{config}: {}", r.message),
        offset: None,
        bytes: None,
    };
    let mut diagnostics: Vec<Issue> = judgement.remarks.iter().map(remark).collect();
    diagnostics.extend(old.map(|old| comparability(old, new)).unwrap_or_default());
    diagnostics.extend(issues(new));
    diagnostics.extend(old.map(issues).unwrap_or_default());
    CheckReport {
        head: head(new, "check"),
        against: old.map(InputFacts::of),
        config: config.to_string(),
        today,
        passed: judgement.passed(),
        checks: findings.into_iter().map(CheckRow::from).collect(),
        diagnostics,
    }
}
