//! Changes of lockfiles beside changes of bytes.

use serde::Serialize;

use super::diff::{Amounts, Cause, Change, DiffRow, Turn};
use crate::analysis::dependencies::Dependency;
use crate::analysis::diff::DiffView;
use crate::model::view::{Dim, View, tree};
use crate::model::{CrateId, Model, Source};
use crate::order::Arrange;

/// A package that lockfiles pin otherwise than before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DependencyRow {
    /// Name of the package.
    pub package: String,
    /// What became of it.
    pub turn: Turn,
    /// Versions that are no longer there.
    pub old_versions: Vec<String>,
    /// Versions that were not there before.
    pub new_versions: Vec<String>,
    /// Crates of that package in either file, in all versions.
    pub crates: Vec<String>,
    /// Bytes of these crates before.
    pub old: Amounts,
    /// Bytes of these crates now.
    pub new: Amounts,
    /// New minus old.
    pub delta: Change,
}

/// What became of a package.
fn turn(changed: &Dependency) -> Turn {
    match (changed.old.is_empty(), changed.new.is_empty()) {
        (true, _) => Turn::New,
        (_, true) => Turn::Gone,
        _ => Turn::Bumped,
    }
}

/// Adds to the row of a crate what the lockfiles say of its package, where the file says nothing.
pub(super) fn explain(row: &mut DiffRow, changed: &[Dependency]) {
    let Some(name) = row.key.package.as_deref().or(row.key.krate.as_deref()) else { return };
    let is_dependency = row.key.source.as_deref().is_some_and(|s| s != Source::Std.as_str());
    let Some(found) = changed.iter().find(|d| is_dependency && (d.makes(name) || d.name == name)) else {
        return;
    };
    let cause = row.cause.get_or_insert_with(Cause::default);
    if let (None, [old], [new]) = (cause.turn, &found.old[..], &found.new[..])
        && row.key.version.is_none()
    {
        cause.turn = Some(Turn::Bumped);
        cause.old_version = Some(old.clone());
        cause.new_version = Some(new.clone());
    }
    if *cause == Cause::default() {
        row.cause = None;
    }
}

/// Packages that changed, the largest change first, then by name.
pub(super) fn rows(changed: &[Dependency], old: &Model, new: &Model, view: &DiffView) -> Vec<DependencyRow> {
    let (before, after) = (Crates::of(old, view), Crates::of(new, view));
    let row = |d: &Dependency| {
        let (mut crates, old) = before.of_package(d);
        let (more, new) = after.of_package(d);
        crates.extend(more);
        crates.arrange();
        crates.dedup();
        DependencyRow {
            package: d.name.clone(),
            turn: turn(d),
            old_versions: d.old.clone(),
            new_versions: d.new.clone(),
            crates,
            old,
            new,
            delta: Change::between(old, new),
        }
    };
    let mut all: Vec<DependencyRow> = changed.iter().map(row).collect();
    // Stable: the changes come in order of name.
    all.arrange_by_key(|row| {
        std::cmp::Reverse(view.measure.pick(row.delta.file, row.delta.memory).unsigned_abs())
    });
    all
}

/// Sizes of the crates of a model.
struct Crates<'m> {
    model: &'m Model,
    sizes: Vec<(CrateId, Amounts)>,
}

impl<'m> Crates<'m> {
    fn of(model: &'m Model, view: &DiffView) -> Crates<'m> {
        let view = View {
            dims: vec![Dim::Crate],
            filter: view.filter.clone(),
            measure: view.measure,
            ..View::default()
        };
        let tree = tree(model, &view);
        let amounts = |n: &crate::model::view::Node| Amounts {
            file: n.sizes.file,
            memory: n.sizes.memory,
            symbols: n.symbols,
        };
        Crates { model, sizes: tree.roots.iter().map(|n| (CrateId(n.key), amounts(n))).collect() }
    }

    /// Names and bytes of the crates that are of a package.
    fn of_package(&self, package: &Dependency) -> (Vec<String>, Amounts) {
        let (mut names, mut sum) = (Vec::new(), Amounts::default());
        for (krate, amounts) in &self.sizes {
            let Some(row) = krate.get().and_then(|i| self.model.crates.get(i)) else { continue };
            let name = |id| self.model.names.get(id);
            // What the toolchain has of its own is pinned elsewhere.
            let is_dependency = row.source.is_some_and(|s| !matches!(s, Source::Std | Source::C));
            if is_dependency && (name(row.package) == package.name || package.makes(name(row.name))) {
                names.push(name(row.label).to_string());
                sum.file += amounts.file;
                sum.memory += amounts.memory;
                sum.symbols += amounts.symbols;
            }
        }
        (names, sum)
    }
}
