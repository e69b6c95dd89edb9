//! Budgets: how large a file and its parts may be and become, and who may be in it.
//!
//! Does not know where they are written down, nor what day it is.

mod crates;
mod date;

pub use date::Date;

use super::diff::signed;
use super::limit::{Allowed, Part};
use crate::model::Model;
use crate::model::view::Measure;

/// An amount with the text it was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written<T> {
    /// As it was written.
    pub text: String,
    /// What that means.
    pub value: T,
}

/// Limits on one part of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// The part as it was written, which is the budget's name.
    pub name: String,
    /// The part.
    pub part: Part,
    /// Which bytes count.
    pub measure: Measure,
    /// Most bytes it may have.
    pub max: Option<Written<u64>>,
    /// Most that it may have more than before.
    pub max_growth: Option<Written<Allowed>>,
}

/// What crates may not be in a file that were not in it before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CrateRule {
    /// Crates of a name that was not there.
    NewCrates,
    /// Another version of a crate beside one that is there.
    NewDuplicates,
}

impl CrateRule {
    /// Both of them.
    pub const ALL: [CrateRule; 2] = [CrateRule::NewCrates, CrateRule::NewDuplicates];

    /// The word used in every file and output.
    pub fn as_str(self) -> &'static str {
        match self {
            CrateRule::NewCrates => "new-crates",
            CrateRule::NewDuplicates => "new-duplicates",
        }
    }
}

/// What an allowance lets pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grant {
    /// Bytes above the limits of a budget.
    Extra(Written<u64>),
    /// A crate that a rule forbids, by its name without version.
    Crate(String),
}

/// An exception for some time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowance {
    /// Name of the budget or rule.
    pub budget: String,
    /// What it lets pass.
    pub grant: Grant,
    /// Why.
    pub reason: String,
    /// The last day it holds.
    pub until: Date,
}

/// All that a project has decided.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Budgets {
    /// Limits in the order they are written in.
    pub budgets: Vec<Budget>,
    /// Rules in force.
    pub deny: Vec<CrateRule>,
    /// Exceptions.
    pub allowances: Vec<Allowance>,
}

/// How a limit did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It does not hold.
    Exceeded,
    /// It holds thanks to an allowance only.
    Allowed,
    /// It could not be judged: what it compares with is not known.
    Unchecked,
    /// It holds.
    Held,
}

/// Sizes that a limit is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measured {
    /// Bytes now.
    pub size: u64,
    /// Bytes before, for a limit on growth.
    pub before: Option<u64>,
    /// Most bytes, or most bytes more, without allowances.
    pub limit: u64,
    /// Bytes that allowances add to it.
    pub extra: u64,
    /// Bytes above limit and allowances.
    pub over: u64,
}

/// What a finding is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// `max` of a budget. Sizes are unknown where the part has none.
    Max(Option<Measured>),
    /// `max-growth` of a budget.
    Growth(Option<Measured>),
    /// A rule, with the crates it forbids that no allowance names.
    Crates(Vec<String>),
}

/// What one limit or rule says of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding<'b> {
    /// Name of the budget or rule.
    pub name: &'b str,
    /// The limit as it was written; empty for a rule.
    pub text: &'b str,
    /// How it did.
    pub standing: Standing,
    /// Sizes or crates.
    pub subject: Subject,
    /// Allowances in force for it.
    pub allowances: Vec<&'b Allowance>,
}

/// Something to tell that is no limit exceeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// A stable identifier.
    pub code: &'static str,
    /// One sentence.
    pub message: String,
}

/// What budgets say of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Judgement<'b> {
    /// One for each limit and rule, in the order they are written in.
    pub findings: Vec<Finding<'b>>,
    /// Names without match, allowances without effect, limits without a baseline.
    pub remarks: Vec<Remark>,
}

impl Judgement<'_> {
    /// Whether every limit holds or is allowed not to.
    pub fn passed(&self) -> bool {
        self.findings.iter().all(|f| f.standing != Standing::Exceeded)
    }
}

/// Judges a file, against what it was before if that is known.
///
/// *Cost*: a pass over the leaves of both for each budget with a name.
pub fn judge<'b>(budgets: &'b Budgets, new: &Model, old: Option<&Model>, today: Date) -> Judgement<'b> {
    let mut judge = Judge { budgets, new, old, today, answer: Judgement::default() };
    budgets.budgets.iter().for_each(|budget| judge.budget(budget));
    budgets.deny.iter().for_each(|&rule| judge.rule(rule));
    judge.expired();
    if judge.answer.findings.is_empty() {
        judge.remark("no-budgets", "it has no budgets and no rules, so nothing is checked".to_string());
    }
    judge.answer
}

struct Judge<'b, 'm> {
    budgets: &'b Budgets,
    new: &'m Model,
    old: Option<&'m Model>,
    today: Date,
    answer: Judgement<'b>,
}

impl<'b> Judge<'b, '_> {
    fn remark(&mut self, code: &'static str, message: String) {
        self.answer.remarks.push(Remark { code, message });
    }

    /// Allowances for a budget or rule that have not expired.
    fn allowances(&self, name: &str) -> Vec<&'b Allowance> {
        let budgets: &'b Budgets = self.budgets;
        budgets.allowances.iter().filter(|a| a.budget == name && self.today <= a.until).collect()
    }

    fn budget(&mut self, budget: &'b Budget) {
        let size = budget.part.size(self.new, budget.measure);
        let before = self.old.map(|old| budget.part.size(old, budget.measure));
        if size.is_none() && before.flatten().is_none() {
            self.no_such_part(budget);
        }
        // A named part without bytes has the size zero; what never ships has no shipped size.
        let is_unknown = size.is_none() && budget.part == Part::Shipped;
        let size = size.unwrap_or(0);
        let allowances = self.allowances(&budget.name);
        let extra = allowances.iter().map(|a| match &a.grant {
            Grant::Extra(extra) => extra.value,
            Grant::Crate(_) => 0,
        });
        let extra: u64 = extra.fold(0, u64::saturating_add);
        let measured = |used: u64, limit: u64, before: Option<u64>| {
            let over = used.saturating_sub(limit.saturating_add(extra));
            let standing = match (over, used > limit) {
                (1.., _) => Standing::Exceeded,
                (0, true) => Standing::Allowed,
                (0, false) => Standing::Held,
            };
            (standing, Some(Measured { size, before, limit, extra, over }))
        };
        if let Some(max) = &budget.max {
            let known = (!is_unknown).then(|| measured(size, max.value, None));
            let (standing, measured) = known.unwrap_or((Standing::Unchecked, None));
            let (subject, allowances) = (Subject::Max(measured), allowances.clone());
            let finding = Finding { name: &budget.name, text: &max.text, standing, subject, allowances };
            self.answer.findings.push(finding);
        }
        if let Some(growth) = &budget.max_growth {
            let before = before.filter(|b| !(is_unknown || b.is_none() && budget.part == Part::Shipped));
            if before.is_none() && self.old.is_none() {
                let message = format!(
                    "`max-growth` of `{}` is not checked without a file to compare with",
                    budget.name
                );
                self.remark("no-baseline", message);
            }
            let known = before.map(|before| {
                let before = before.unwrap_or(0);
                measured(size.saturating_sub(before), growth.value.bytes(before), Some(before))
            });
            let (standing, measured) = known.unwrap_or((Standing::Unchecked, None));
            let subject = Subject::Growth(measured);
            let finding = Finding { name: &budget.name, text: &growth.text, standing, subject, allowances };
            self.answer.findings.push(finding);
        }
    }

    fn no_such_part(&mut self, budget: &Budget) {
        let Part::Named(..) = &budget.part else {
            let message = format!("`{}` has no size here: the file is not made to ship", budget.name);
            return self.remark("no-such-part", message);
        };
        let mut message = format!("`{}` matches nothing in the file", budget.name);
        if let Some(meant) = budget.part.nearest(self.new) {
            message.push_str(&format!("; is `{meant}` meant?"));
        }
        self.remark("no-such-part", message);
    }

    fn rule(&mut self, rule: CrateRule) {
        let name = rule.as_str();
        let Some(old) = self.old else {
            let message = format!("`{name}` is not checked without a file to compare with");
            self.remark("no-baseline", message);
            let (standing, subject) = (Standing::Unchecked, Subject::Crates(Vec::new()));
            let finding = Finding { name, text: "", standing, subject, allowances: Vec::new() };
            return self.answer.findings.push(finding);
        };
        let found = match rule {
            CrateRule::NewCrates => crates::new_crates(old, self.new),
            CrateRule::NewDuplicates => crates::new_duplicates(old, self.new),
        };
        let allowances = self.allowances(name);
        let is_allowed = |found: &crates::Found| {
            allowances.iter().any(|a| matches!(&a.grant, Grant::Crate(name) if *name == found.name))
        };
        let (allowed, denied): (Vec<_>, Vec<_>) = found.into_iter().partition(is_allowed);
        let standing = match (denied.is_empty(), allowed.is_empty()) {
            (false, _) => Standing::Exceeded,
            (true, false) => Standing::Allowed,
            (true, true) => Standing::Held,
        };
        let subject = Subject::Crates(denied.into_iter().map(|found| found.label).collect());
        self.answer.findings.push(Finding { name, text: "", standing, subject, allowances });
    }

    fn expired(&mut self) {
        let expired = self.budgets.allowances.iter().filter(|a| a.until < self.today);
        let messages: Vec<String> = expired
            .map(|a| format!("the allowance for `{}` expired on {}: {}", a.budget, a.until, a.reason))
            .collect();
        messages.into_iter().for_each(|message| self.remark("expired-allowance", message));
    }
}

impl Measured {
    /// Bytes more than before; fewer is negative.
    pub fn growth(&self) -> Option<i64> {
        self.before.map(|before| signed(self.size) - signed(before))
    }
}
