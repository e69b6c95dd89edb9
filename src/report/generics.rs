//! The answer to `bloat generics`: groups of copies, or the copies of one group.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::Serialize;

use super::unmatched::unless_any_passes;
use super::{Head, Issue, head, issues, several_architectures};
use crate::analysis::generics::{Generics, Group, Grouping, Instance, Question, Tables, arguments};
use crate::error::Diagnostic;
use crate::model::{CrateId, Model};
use crate::order::Arrange;

/// What was compiled again and again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(transform = super::schema::named("generics")))]
pub struct GenericsReport {
    /// Head of every report.
    #[serde(flatten)]
    pub head: Head,
    /// What copies are put together: those of one item, methods and drop glue of one generic type,
    /// drop glue of one type, or of one generic type.
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::grouping"))]
    pub by: &'static str,
    /// Whether closures count for the function they are written in.
    pub fold: bool,
    /// Fewest copies of a group that is shown.
    pub min_copies: u64,
    /// Bytes of code that passed the filter: those of the three portions below and of other code.
    pub code: u64,
    /// Groups with at least that many copies; `rows` are these.
    pub repeated: Portion,
    /// Generics with fewer copies.
    pub fewer: Portion,
    /// Functions of Rust with fewer copies that are not generic, or whose names do not tell.
    pub other_rust: Portion,
    /// Bytes of code that are of none of these: of other languages, or without a name; when grouped
    /// by types also what is of no generic type, and by dropped types all that is no drop glue.
    pub other_code: u64,
    /// Groups of copies.
    pub rows: Vec<GenericRow>,
    /// Tables of virtual functions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vtables: Option<VtableSummary>,
    /// What could not be understood.
    pub diagnostics: Vec<Issue>,
}

/// A part of the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Portion {
    /// Groups.
    pub groups: u64,
    /// Functions in them.
    pub copies: u64,
    /// Bytes of their code.
    pub size: u64,
    /// Bytes beyond the largest copy of each item.
    pub saving_estimate: u64,
}

/// The copies of one item.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GenericRow {
    /// The item with all arguments erased; the dropped type when grouped by that.
    pub name: String,
    /// The crate that defines it, `name@version`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub defined_in: Option<String>,
    /// Whether it is generic, itself or by its type; absent where names do not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generic: Option<bool>,
    /// Functions with bytes of their own.
    pub copies: u64,
    /// How many different items are among them: functions of impls that differ in nothing but
    /// arguments, and with folding closures. Legacy names tell neither apart.
    pub items: u64,
    /// Bytes of code.
    pub size: u64,
    /// Bytes of the file on account of the copies: code, names, unwind entries, relocations.
    pub file: u64,
    /// Bytes of the largest copy.
    pub largest: u64,
    /// Bytes of a copy on average, rounded down.
    pub mean: u64,
    /// Bytes beyond the largest copy of each item: what sharing one copy would save at most.
    pub saving_estimate: u64,
    /// Crates that compiled copies, most bytes first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub instantiated_by: Vec<InstantiatorRow>,
    /// How many rows this one stands for, if it stands for those a limit left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rest: Option<u64>,
}

/// A crate that compiled copies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InstantiatorRow {
    /// `name@version`, or a bucket in brackets.
    #[serde(rename = "crate")]
    pub krate: String,
    /// How many copies.
    pub copies: u64,
    /// Bytes of their code.
    pub size: u64,
    /// Whether some of that is a guess.
    pub estimated: bool,
}

/// Tables of virtual functions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct VtableSummary {
    /// Their bytes.
    pub bytes: u64,
    /// How many; absent for a snapshot, which has sums only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tables: Option<u64>,
    /// By trait; rows behind the limit are in the row with `rest`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub by_trait: Vec<VtableRow>,
}

/// Tables of one trait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct VtableRow {
    /// The trait, arguments erased; in C++ the class.
    #[serde(rename = "trait")]
    pub name: String,
    /// How many tables.
    pub tables: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How many types they are for, of those that can be named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub types: Option<u64>,
    /// How many rows this one stands for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rest: Option<u64>,
}

/// The copies of one group, one by one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(transform = super::schema::named("generic")))]
pub struct GenericReport {
    /// Head of every report.
    #[serde(flatten)]
    pub head: Head,
    /// What was asked for.
    pub what: String,
    /// What copies are put together.
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::grouping"))]
    pub by: &'static str,
    /// The group.
    pub group: GenericRow,
    /// Its copies, the largest first.
    pub copies: Vec<CopyRow>,
    /// Other groups with that in their name, the largest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub other_matches: Vec<GenericRow>,
    /// What could not be understood.
    pub diagnostics: Vec<Issue>,
}

/// One copy.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CopyRow {
    /// The function, demangled.
    pub symbol: String,
    /// The function, as in the file.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub mangled: String,
    /// Its address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<u64>,
    /// Bytes of its code.
    pub size: u64,
    /// Bytes of the file on its account.
    pub file: u64,
    /// The crate that compiled it, `name@version`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instantiated_by: Option<String>,
    /// On what that stands.
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::evidence"))]
    pub evidence: &'static str,
    /// The type whose method it is, in full; only v0 names tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub self_type: Option<String>,
    /// What else it was filled in with; only v0 names tell.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<String>,
    /// How many copies this one stands for, if it stands for those a limit left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rest: Option<u64>,
}

/// How much of an answer to give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GenericsOptions {
    /// Rows of each table; all if none.
    pub limit: Option<usize>,
    /// Fewest copies of a group that is shown.
    pub min_copies: u64,
}

/// Most other matches that are listed.
const MATCHES: usize = 1000;

fn word(by: Grouping) -> &'static str {
    match by {
        Grouping::Item => "item",
        Grouping::Type => "type",
        Grouping::Dropped => "dropped",
        Grouping::DroppedType => "dropped-type",
    }
}

/// How many of `count` rows to show: one row left out is as long as the row that would say so.
fn shown(limit: Option<usize>, count: usize) -> usize {
    let shown = limit.unwrap_or(usize::MAX).min(count);
    if shown + 1 == count { count } else { shown }
}

/// Answers `bloat generics`.
pub fn generics(
    model: &Model,
    question: &Question,
    found: &Generics,
    tables: Option<Tables>,
    options: &GenericsOptions,
) -> GenericsReport {
    let [mut repeated, mut fewer, mut other_rust] = [Portion::default(); 3];
    let mut groups: Vec<&Group> = Vec::new();
    for group in &found.groups {
        if group.is_repeated(options.min_copies) {
            groups.push(group);
            repeated.add(group);
        } else if group.is_generic == Some(true) {
            fewer.add(group);
        } else if group.is_rust {
            other_rust.add(group);
        }
    }
    let other_code = found.code.saturating_sub(repeated.size + fewer.size + other_rust.size);
    let (visible, hidden) = groups.split_at(shown(options.limit, groups.len()));
    let mut rows: Vec<GenericRow> = visible.iter().map(|group| row(model, group)).collect();
    if !hidden.is_empty() {
        let mut sum = Portion::default();
        hidden.iter().for_each(|group| sum.add(group));
        rows.push(GenericRow {
            name: format!("[{} more]", hidden.len()),
            copies: sum.copies,
            items: hidden.iter().map(|group| group.items).sum(),
            size: sum.size,
            file: hidden.iter().map(|group| group.file).sum(),
            largest: hidden.iter().map(|group| group.largest()).max().unwrap_or(0),
            mean: sum.size / sum.copies.max(1),
            saving_estimate: sum.saving_estimate,
            rest: Some(hidden.len() as u64),
            ..GenericRow::default()
        });
    }
    GenericsReport {
        head: head(model, "generics"),
        by: word(question.by),
        fold: question.fold,
        min_copies: options.min_copies,
        code: found.code,
        repeated,
        fewer,
        other_rust,
        other_code,
        rows,
        vtables: tables.map(|tables| summary(tables, options.limit)),
        diagnostics: issues(model).into_iter().chain(remarks(model, question, found)).collect(),
    }
}

/// What the numbers do not show by themselves.
fn remarks(model: &Model, question: &Question, found: &Generics) -> Vec<Issue> {
    let mut remarks = Vec::new();
    let can_be_generic = |group: &Group| group.is_rust || group.is_generic == Some(true);
    if question.filter.is_none() && found.code > 0 && !found.groups.iter().any(can_be_generic) {
        let text = "no function has a name of Rust or of a template, and without names copies are not told from \
                    other code: ask for the file before it is stripped, or name its debug information (--debug-file)";
        remarks.push(Diagnostic::note("no-names", text).bytes(found.code));
    }
    remarks.extend(several_architectures(model));
    let unmatched = unless_any_passes(question.filter.as_ref(), model);
    remarks.iter().map(Issue::from).chain(unmatched).collect()
}

impl Portion {
    fn add(&mut self, group: &Group) {
        self.groups += 1;
        self.copies += group.copies.len() as u64;
        self.size += group.size;
        self.saving_estimate += group.saving;
    }
}

fn summary(tables: Tables, limit: Option<usize>) -> VtableSummary {
    let (visible, hidden) = tables.by_trait.split_at(shown(limit, tables.by_trait.len()));
    let mut by_trait: Vec<VtableRow> = visible
        .iter()
        .map(|row| VtableRow {
            name: if row.name.is_empty() { "[no trait known]".to_string() } else { row.name.clone() },
            tables: row.count,
            bytes: row.bytes,
            types: Some(row.types),
            rest: None,
        })
        .collect();
    if !hidden.is_empty() {
        by_trait.push(VtableRow {
            name: format!("[{} more]", hidden.len()),
            tables: hidden.iter().map(|row| row.count).sum(),
            bytes: hidden.iter().map(|row| row.bytes).sum(),
            types: None,
            rest: Some(hidden.len() as u64),
        });
    }
    VtableSummary { bytes: tables.bytes, tables: tables.count, by_trait }
}

fn label(model: &Model, krate: CrateId) -> Option<String> {
    let row = krate.get().and_then(|i| model.crates.get(i))?;
    Some(model.names.get(row.label).to_string())
}

fn row(model: &Model, group: &Group) -> GenericRow {
    let mut by: BTreeMap<String, InstantiatorRow> = BTreeMap::new();
    for copy in &group.copies {
        let krate = label(model, copy.by).unwrap_or_else(|| "[unknown]".to_string());
        let row = by.entry(krate.clone()).or_insert_with(|| InstantiatorRow {
            krate,
            copies: 0,
            size: 0,
            estimated: false,
        });
        row.copies += 1;
        row.size += copy.size;
        row.estimated |= copy.evidence.is_guess();
    }
    let mut instantiated_by: Vec<InstantiatorRow> = by.into_values().collect();
    instantiated_by.arrange_by_key(|row| Reverse((row.size, row.copies)));
    let copies = group.copies.len() as u64;
    GenericRow {
        name: group.name.clone(),
        defined_in: label(model, group.defined_in),
        generic: group.is_generic,
        copies,
        items: group.items,
        size: group.size,
        file: group.file,
        largest: group.largest(),
        mean: group.size / copies.max(1),
        saving_estimate: group.saving,
        instantiated_by,
        rest: None,
    }
}

/// Answers `bloat generics FILE NAME`: the group of that name, else the largest with the name in its own.
///
/// `None` if there is no such group.
pub fn generic(
    model: &Model,
    question: &Question,
    found: &Generics,
    what: &str,
    limit: Option<usize>,
) -> Option<GenericReport> {
    let plain = |text: &str| text.replace("<_>", "");
    let wanted = plain(what);
    let counts = |group: &&Group| group.is_rust || group.is_generic == Some(true);
    let all = || found.groups.iter().filter(counts);
    let mut matches: Vec<&Group> = all().filter(|group| plain(&group.name) == wanted).collect();
    if matches.is_empty() {
        let holds = |group: &&Group| group.name.contains(what) || plain(&group.name).contains(&wanted);
        matches = all().filter(holds).collect();
    }
    matches.arrange_by(|a, b| b.size.cmp(&a.size).then_with(|| a.name.cmp(&b.name)));
    let (&group, others) = matches.split_first()?;
    let (visible, hidden) = group.copies.split_at(shown(limit, group.copies.len()));
    let mut copies: Vec<CopyRow> = visible.iter().map(|copy| copy_row(model, copy)).collect();
    if !hidden.is_empty() {
        copies.push(CopyRow {
            symbol: format!("[{} more]", hidden.len()),
            size: hidden.iter().map(|copy| copy.size).sum(),
            file: hidden.iter().map(|copy| copy.file).sum(),
            evidence: "none",
            rest: Some(hidden.len() as u64),
            ..CopyRow::default()
        });
    }
    Some(GenericReport {
        head: head(model, "generic"),
        what: what.to_string(),
        by: word(question.by),
        group: row(model, group),
        copies,
        other_matches: others.iter().take(MATCHES).map(|group| row(model, group)).collect(),
        diagnostics: issues(model),
    })
}

fn copy_row(model: &Model, copy: &Instance) -> CopyRow {
    let row = copy.symbol.get().and_then(|i| model.symbols.get(i));
    let told = arguments(model, copy.symbol);
    CopyRow {
        symbol: model.symbol_label(copy.symbol),
        mangled: model.mangled(copy.symbol).to_string(),
        address: row.and_then(|row| row.address),
        size: copy.size,
        file: copy.file,
        instantiated_by: label(model, copy.by),
        evidence: copy.evidence.as_str(),
        self_type: told.self_type,
        arguments: told.list,
        rest: None,
    }
}
