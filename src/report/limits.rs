//! What limits say of a difference.

use serde::Serialize;

use super::Issue;
use crate::analysis::limit::{Limit, Verdict, check};
use crate::model::Model;
use crate::model::view::Measure;
use crate::order::Arrange;

/// What became of one limit on growth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LimitRow {
    /// The limit as it was written.
    pub limit: String,
    /// `exceeded`, `unchecked` or `held`.
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::verdict"))]
    pub status: &'static str,
    /// Bytes before of the part that it is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<u64>,
    /// Bytes now of the part that it is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<u64>,
    /// New minus old.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delta: Option<i64>,
    /// Bytes that it may grow by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed: Option<u64>,
    /// Bytes that it grew by more than is allowed, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub over: Option<u64>,
}

impl LimitRow {
    /// Whether the part grew by more than is allowed.
    pub fn is_exceeded(&self) -> bool {
        self.over.is_some()
    }
}

/// Judges limits on the whole files: exceeded ones first, else in the order given.
pub(super) fn judge(
    old: &Model,
    new: &Model,
    limits: &[Limit],
    measure: Measure,
) -> (Vec<LimitRow>, Vec<Issue>) {
    let mut issues = Vec::new();
    let mut row = |limit: &Limit| match check(old, new, limit, measure) {
        Verdict::Compared(growth) => {
            let over = Some(growth.over()).filter(|&over| over > 0);
            LimitRow {
                limit: limit.text.clone(),
                status: if over.is_some() { "exceeded" } else { "held" },
                old: Some(growth.old),
                new: Some(growth.new),
                delta: Some(growth.delta()),
                allowed: Some(growth.allowed),
                over,
            }
        }
        Verdict::Unchecked(message) => {
            let code = "no-such-part".into();
            issues.push(Issue { severity: "warning", code, message, offset: None, bytes: None });
            let (limit, status) = (limit.text.clone(), "unchecked");
            LimitRow { limit, status, old: None, new: None, delta: None, allowed: None, over: None }
        }
    };
    let mut rows: Vec<LimitRow> = limits.iter().map(&mut row).collect();
    // Stable. What does not hold comes first.
    rows.arrange_by_key(|row| match row.status {
        "exceeded" => 0,
        "unchecked" => 1,
        _ => 2,
    });
    (rows, issues)
}
