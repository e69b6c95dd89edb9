//! What changed between two files.

use serde::Serialize;

use super::{GENERATOR, Generator, InputFacts, Issue, Key, SCHEMA_VERSION, Total, issues};
use crate::analysis::dependencies::Dependency;
use crate::analysis::diff::groups::{Groups, Pairing, Side, Subject};
use crate::analysis::diff::{Amount, Diff, DiffNode, DiffView, diff_by, diff_where};
use crate::analysis::limit::Limit;
use crate::model::view::{Dim, Measure};
use crate::model::{Leaf, Model};
use crate::order::Arrange;
use crate::parallel;

use super::causes::Causes;
use super::dependencies::{self, DependencyRow};
use super::limits::{self, LimitRow};
use super::rows::Namer;
use super::unmatched::nothing_passes;

/// File bytes, memory bytes and symbols of one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Amounts {
    /// Bytes of the file.
    pub file: u64,
    /// Bytes of memory.
    pub memory: u64,
    /// Symbols.
    pub symbols: u64,
}

impl From<Amount> for Amounts {
    fn from(a: Amount) -> Amounts {
        Amounts { file: a.sizes.file, memory: a.sizes.memory, symbols: a.symbols }
    }
}

/// New minus old.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Change {
    /// Bytes of the file.
    pub file: i64,
    /// Bytes of memory.
    pub memory: i64,
    /// Symbols.
    pub symbols: i64,
}

impl Change {
    pub(super) fn between(old: Amounts, new: Amounts) -> Change {
        let minus = |new: u64, old: u64| new.cast_signed().wrapping_sub(old.cast_signed());
        Change {
            file: minus(new.file, old.file),
            memory: minus(new.memory, old.memory),
            symbols: minus(new.symbols, old.symbols),
        }
    }
}

/// What became of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Only the new file has it.
    Added,
    /// Only the old file has it.
    Removed,
    /// It has more bytes.
    Grown,
    /// It has fewer bytes.
    Shrunk,
    /// It has as many bytes.
    Same,
}

impl Status {
    /// The word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Added => "added",
            Status::Removed => "removed",
            Status::Grown => "grown",
            Status::Shrunk => "shrunk",
            Status::Same => "same",
        }
    }
}

/// New copies of one generic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Copies {
    /// The generic item.
    pub generic: String,
    /// How many copies more.
    pub copies: u64,
    /// How many bytes more.
    pub bytes: i64,
    /// Crates that have the new copies.
    pub instantiated_by: Vec<String>,
}

/// What became of a crate or package as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// It was not there.
    New,
    /// It is no longer there.
    Gone,
    /// It is there in another version.
    Bumped,
}

impl Turn {
    /// The word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Turn::New => "new",
            Turn::Gone => "gone",
            Turn::Bumped => "bumped",
        }
    }
}

/// Why a crate changed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Cause {
    /// What became of the crate itself, if it is not simply the same one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turn: Option<Turn>,
    /// Version before, if it is another now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_version: Option<String>,
    /// Version now, if it was another before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_version: Option<String>,
    /// Generics that have more copies than before, the largest growth first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub copies: Vec<Copies>,
}

/// One line of a difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DiffRow {
    /// Name for people, of the same file as the key.
    pub name: String,
    /// What it is, by dimension: as the new file has it, or the old one where only that does.
    pub key: Key,
    /// Before.
    pub old: Amounts,
    /// After.
    pub new: Amounts,
    /// New minus old.
    pub delta: Change,
    /// What became of it.
    pub status: Status,
    /// Whether bytes with computed boundaries or guessed owners are part of the change.
    pub estimated: bool,
    /// Name of the old side, if it differs in more than hashes and numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub renamed_from: Option<String>,
    /// Why a crate changed, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// The row stands for that many that the limit left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rest: Option<u64>,
    /// Rows of the next dimension; they sum to the row.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<DiffRow>,
}

/// Counts of the innermost rows, and the bytes they went up and down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Summary {
    /// Rows that only the new file has.
    pub added: u64,
    /// Rows that only the old file has.
    pub removed: u64,
    /// Rows with more bytes.
    pub grown: u64,
    /// Rows with fewer bytes.
    pub shrunk: u64,
    /// Bytes of all that went up.
    pub up: i64,
    /// Bytes of all that went down, not above zero.
    pub down: i64,
    /// Both together: the new size minus the old.
    pub net: i64,
}

/// Both sides of a total.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Totals {
    /// Before.
    pub old: Total,
    /// After.
    pub new: Total,
    /// New minus old, in bytes of the file.
    pub delta: i64,
    /// New minus old, in bytes of memory.
    pub memory_delta: i64,
}

impl Totals {
    fn between(old: Total, new: Total) -> Totals {
        let minus = |new: u64, old: u64| new.cast_signed().wrapping_sub(old.cast_signed());
        let (delta, memory_delta) = (minus(new.file, old.file), minus(new.memory, old.memory));
        Totals { old, new, delta, memory_delta }
    }
}

/// Size of what ships: without symbols and debug information that stripping removes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ShippedChange {
    /// Before.
    pub old: u64,
    /// After.
    pub new: u64,
    /// New minus old.
    pub delta: i64,
}

impl ShippedChange {
    /// Whether the sizes before and after are estimates: what is stripped already needs none.
    pub fn is_estimated(&self, total: &Totals) -> [bool; 2] {
        [self.old < total.old.file, self.new < total.new.file]
    }
}

/// The answer to `diff`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(transform = super::schema::named("diff")))]
pub struct DiffReport {
    /// Version of the JSON of every report; a changed or removed key raises it.
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::version"))]
    pub schema_version: u32,
    /// Which report it is.
    pub report: &'static str,
    /// The tool that wrote it.
    pub generator: Generator,
    /// The old file.
    pub old: InputFacts,
    /// The new file.
    pub new: InputFacts,
    /// Sizes of the files.
    pub total: Totals,
    /// Sizes of what passed the filter, if there was one: what the rows sum to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shown: Option<Totals>,
    /// Sizes of what ships, where both files are made to ship.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipped: Option<ShippedChange>,
    /// Counts and sums.
    pub summary: Summary,
    /// Dimensions from the outermost to the innermost.
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::dimensions"))]
    pub by: Vec<&'static str>,
    /// `file` or `memory`: what rows are ordered by.
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::measure"))]
    pub measure: &'static str,
    /// What changed, the largest change first. Rows without any change are left out.
    pub rows: Vec<DiffRow>,
    /// Whether no limit is exceeded, if there were limits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passed: Option<bool>,
    /// Limits on growth: exceeded ones first, else in the order given.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<LimitRow>,
    /// Packages that the lockfiles pin otherwise than before, if there were lockfiles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dependencies: Option<Vec<DependencyRow>>,
    /// What could not be understood, and what makes the files hard to compare.
    pub diagnostics: Vec<Issue>,
}

impl DiffReport {
    /// What the rows sum to: the files, or what of them passed the filter.
    pub fn whole(&self) -> &Totals {
        self.shown.as_ref().unwrap_or(&self.total)
    }

    /// Adds what changed in the lockfiles, with the bytes of the crates it concerns.
    ///
    /// A crate whose version the files do not tell has the versions of the lockfiles.
    ///
    /// *Cost*: a pass over the leaves of both models.
    pub fn add_dependencies(&mut self, changed: &[Dependency], old: &Model, new: &Model, view: &DiffView) {
        for row in &mut self.rows {
            dependencies::explain(row, changed);
        }
        self.dependencies = Some(dependencies::rows(changed, old, new, view));
    }

    /// Adds what limits say of the two files as wholes: a filter of the rows is none of theirs.
    ///
    /// *Cost*: a pass over the leaves of both models for each limit on a part.
    pub fn add_limits(&mut self, limits: &[Limit], old: &Model, new: &Model, measure: Measure) {
        if limits.is_empty() {
            return;
        }
        let (rows, issues) = limits::judge(old, new, limits, measure);
        self.passed = Some(!rows.iter().any(LimitRow::is_exceeded));
        self.limits = rows;
        self.diagnostics.splice(0..0, issues);
    }
}

/// How much of an answer to give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiffOptions {
    /// Rows of the first dimension; all if none.
    pub limit: Option<usize>,
    /// Rows of each group below; all if none.
    pub nested: Option<usize>,
}

/// Answers `diff`.
pub fn diff(old: Subject<'_>, new: Subject<'_>, view: &DiffView, options: &DiffOptions) -> DiffReport {
    let mut pairing = Pairing::new(old, new);
    let answer = diff_by(&mut pairing, view);
    let causes = match view.dims.first() {
        Some(Dim::Crate) => Some(Causes::new(&mut pairing, view, &answer)),
        _ => None,
    };
    let mut report = report([old, new], view, options, &answer, causes, view.filter.is_some());
    let is_nothing = report.whole().old.is_nothing() && report.whole().new.is_nothing();
    if let Some(filter) = view.filter.as_ref().filter(|_| is_nothing) {
        report.diagnostics.push(nothing_passes(filter, &[old.model, new.model]));
    }
    report
}

/// The same for the leaves that `accepts` lets pass, as [`diff_where`] asks it; why a crate changed is
/// not said, as that is not in a part of it.
pub fn diff_part(
    old: Subject<'_>,
    new: Subject<'_>,
    view: &DiffView,
    options: &DiffOptions,
    accepts: impl FnMut(Side, &Leaf) -> bool,
) -> DiffReport {
    let answer = diff_where(&mut Pairing::new(old, new), view, accepts);
    report([old, new], view, options, &answer, None, true)
}

fn report<'m>(
    [old, new]: [Subject<'m>; 2],
    view: &DiffView,
    options: &DiffOptions,
    answer: &Diff<'m>,
    causes: Option<Causes<'_, 'm>>,
    is_part: bool,
) -> DiffReport {
    let build = Build {
        answer,
        namers: parallel::join(|| Namer::new(old.model, &view.dims), || Namer::new(new.model, &view.dims))
            .into(),
        measure: view.measure,
        options,
        causes,
    };
    let mut summary = Summary::default();
    answer.roots.iter().for_each(|node| count(node, view.measure, &mut summary));
    let rows = build.rows(&answer.roots, 0, &Default::default());
    let (a, b) = (old.model, new.model);
    let shipped = a.facts.stripped_size.zip(b.facts.stripped_size).map(|(old, new)| ShippedChange {
        old,
        new,
        delta: new.cast_signed().wrapping_sub(old.cast_signed()),
    });
    let mut diagnostics = comparability(a, b);
    diagnostics.extend(issues(a));
    diagnostics.extend(issues(b));
    diagnostics.dedup();
    DiffReport {
        schema_version: SCHEMA_VERSION,
        report: "diff",
        generator: GENERATOR,
        old: InputFacts::of(a),
        new: InputFacts::of(b),
        total: Totals::between(a.total().into(), b.total().into()),
        shown: is_part.then(|| Totals::between(answer.old.sizes.into(), answer.new.sizes.into())),
        shipped,
        summary,
        by: view.dims.iter().map(|d| d.as_str()).collect(),
        measure: view.measure.pick("file", "memory"),
        rows,
        passed: None,
        limits: Vec::new(),
        dependencies: None,
        diagnostics,
    }
}

/// What makes two files hard to compare.
pub(super) fn comparability(old: &Model, new: &Model) -> Vec<Issue> {
    let mut all = Vec::new();
    let mut differ = |code: &'static str, what: &str, before: &str, after: &str| {
        if before != after && !before.is_empty() && !after.is_empty() {
            let message = format!("the files differ in {what}: {before} before, {after} now");
            all.push(Issue { severity: "warning", code: code.into(), message, offset: None, bytes: None });
        }
    };
    let (a, b) = (&old.facts, &new.facts);
    differ("different-format", "format", &a.format, &b.format);
    differ("different-architecture", "architecture", &a.arch, &b.arch);
    // In which order a linker met its inputs says nothing.
    let only = |of: &[String], other: &[String]| -> String {
        let mut all: Vec<&str> = of.iter().filter(|tool| !other.contains(tool)).map(String::as_str).collect();
        all.sort_unstable();
        if all.is_empty() && !of.is_empty() { "nothing else".to_string() } else { all.join(", ") }
    };
    let (before, now) = (only(&a.toolchain, &b.toolchain), only(&b.toolchain, &a.toolchain));
    differ("different-toolchain", "toolchain", &before, &now);
    let known = |fact: &Option<String>| fact.clone().unwrap_or_default();
    differ("different-target", "target", &known(&a.build.target), &known(&b.build.target));
    differ("different-profile", "profile", &known(&a.build.profile), &known(&b.build.profile));
    let debug = |info: &Option<String>| info.clone().unwrap_or_else(|| "none".to_string());
    differ("different-debug-info", "debug information", &debug(&a.debug_info), &debug(&b.debug_info));
    let symbols = |stripped: bool| if stripped { "stripped" } else { "a symbol table" };
    differ("different-symbols", "symbols", symbols(a.stripped), symbols(b.stripped));
    all
}

/// Adds up the innermost rows.
fn count(node: &DiffNode, measure: Measure, summary: &mut Summary) {
    if !node.children.is_empty() {
        node.children.iter().for_each(|child| count(child, measure, summary));
        return;
    }
    let delta = node.delta(measure);
    summary.net += delta;
    summary.up += delta.max(0);
    summary.down += delta.min(0);
    match status(node, measure) {
        Status::Added => summary.added += 1,
        Status::Removed => summary.removed += 1,
        Status::Grown => summary.grown += 1,
        Status::Shrunk => summary.shrunk += 1,
        Status::Same => {}
    }
}

fn empty(amount: Amount) -> bool {
    amount.sizes.file == 0 && amount.sizes.memory == 0
}

fn status(node: &DiffNode, measure: Measure) -> Status {
    match node.delta(measure) {
        _ if empty(node.old) => Status::Added,
        _ if empty(node.new) => Status::Removed,
        1.. => Status::Grown,
        0 => Status::Same,
        _ => Status::Shrunk,
    }
}

struct Build<'d, 'm> {
    answer: &'d Diff<'m>,
    namers: [Namer<'m>; 2],
    measure: Measure,
    options: &'d DiffOptions,
    causes: Option<Causes<'d, 'm>>,
}

impl Build<'_, '_> {
    /// Rows of one level; `above` are the keys of what they are in, as either file has it.
    fn rows(&self, nodes: &[DiffNode], level: usize, above: &[Key; 2]) -> Vec<DiffRow> {
        let Some(groups) = self.answer.groups.get(level) else { return Vec::new() };
        let renamed = |n: &&DiffNode| {
            let changed =
                n.is_changed() || n.children.is_empty() && groups.groups[n.group as usize].is_renamed;
            changed || self.has_rename(n, level)
        };
        let mut changed: Vec<&DiffNode> = nodes.iter().filter(renamed).collect();
        let limit = if level == 0 { self.options.limit } else { self.options.nested };
        let shown = limit.unwrap_or(usize::MAX).min(changed.len());
        // One row left out is as long as the row that would say so.
        let shown = if shown + 1 == changed.len() { changed.len() } else { shown };
        self.order_ties(groups, &mut changed, shown);
        let (shown, hidden) = changed.split_at(shown);
        let mut rows: Vec<DiffRow> = shown.iter().map(|node| self.row(groups, node, level, above)).collect();
        if !hidden.is_empty() {
            let mut sum =
                DiffNode { group: 0, old: Amount::default(), new: Amount::default(), children: Vec::new() };
            for node in hidden {
                sum.old.join(node.old);
                sum.new.join(node.new);
            }
            let mut rest = self.plain(format!("[{} more]", hidden.len()), above[1].clone(), &sum);
            rest.rest = Some(hidden.len() as u64);
            rows.push(rest);
        }
        rows
    }

    /// Puts lines of equal change in order of name, as far as they are shown.
    fn order_ties(&self, groups: &Groups<'_>, nodes: &mut [&DiffNode], shown: usize) {
        let mut rest = nodes;
        let mut shown = shown;
        while shown > 0
            && let Some(first) = rest.first()
        {
            let extent = first.extent(self.measure);
            let count = rest.iter().take_while(|node| node.extent(self.measure) == extent).count();
            let (ties, others) = rest.split_at_mut(count);
            if count > 1 {
                // What was only renamed comes first.
                let name = |n: &DiffNode| if n.is_changed() { groups.label(n.group) } else { String::new() };
                ties.arrange_by_cached_key(|node| (name(node), node.group));
            }
            (rest, shown) = (others, shown.saturating_sub(count));
        }
    }

    /// Whether something below was renamed, which changes no size.
    fn has_rename(&self, node: &DiffNode, level: usize) -> bool {
        let Some(groups) = self.answer.groups.get(level + 1) else { return false };
        node.children
            .iter()
            .any(|child| groups.groups[child.group as usize].is_renamed || self.has_rename(child, level + 1))
    }

    fn row(&self, groups: &Groups<'_>, node: &DiffNode, level: usize, above: &[Key; 2]) -> DiffRow {
        let group = groups.groups[node.group as usize];
        let [old, new] = &self.namers;
        let was = group.old.map(|key| old.key(&groups.old_keys, key, &above[0]));
        let now = group.new.map(|key| new.key(&groups.new_keys, key, &above[1]));
        // What only one file has here is called as it is there: a symbol may have gone to another crate, and been
        // renamed.
        let (is_old, is_new) = (was.is_some() && !empty(node.old), now.is_some() && !empty(node.new));
        let is_gone = is_old && !is_new;
        let name = match (group.old, group.new) {
            (Some(key), new) if is_gone || new.is_none() => groups.old_keys.label(key),
            (_, Some(key)) => groups.new_keys.label(key),
            _ => String::new(),
        };
        let above = match (was, now) {
            (Some(was), Some(now)) if !is_gone => [was, now],
            // Nothing in it is of the other file.
            (Some(only), _) | (None, Some(only)) => [only.clone(), only],
            (None, None) => above.clone(),
        };
        let mut row = self.plain(name, above[1].clone(), node);
        row.renamed_from = groups.renamed_from(node.group).filter(|_| is_old && is_new);
        row.cause =
            self.causes.as_ref().filter(|_| level == 0).and_then(|c| c.of(groups, node.group, self.measure));
        row.children = self.rows(&node.children, level + 1, &above);
        row
    }

    fn plain(&self, name: String, key: Key, node: &DiffNode) -> DiffRow {
        let (old, new) = (node.old.into(), node.new.into());
        DiffRow {
            name,
            key,
            old,
            new,
            delta: Change::between(old, new),
            status: status(node, self.measure),
            estimated: node.old.estimated != node.new.estimated,
            renamed_from: None,
            cause: None,
            rest: None,
            children: Vec::new(),
        }
    }
}
