//! Crates that came in.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{CrateId, Model, Source};

/// A crate that a rule is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// Its name without version.
    pub name: String,
    /// What to call it: with what versions it has.
    pub label: String,
}

/// Versions by name of the crates that own bytes; a crate without a known version has none.
fn versions(model: &Model) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut used = vec![false; model.crates.len()];
    for leaf in model.leaves.iter() {
        let CrateId(krate) = model.owner(leaf.owner).krate;
        if let Some(used) = used.get_mut(krate as usize) {
            *used = true;
        }
    }
    let mut all: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    // The toolchain and C are no dependencies, and buckets have no source.
    let is_dependency = |source| !matches!(source, None | Some(Source::Std | Source::C));
    for (row, _) in model.crates.iter().zip(used).filter(|(row, used)| *used && is_dependency(row.source)) {
        let versions = all.entry(model.names.get(row.name)).or_default();
        let version = model.names.get(row.version);
        if !version.is_empty() {
            versions.insert(version);
        }
    }
    all
}

fn found(name: &str, versions: &BTreeSet<&str>) -> Found {
    let all: Vec<&str> = versions.iter().copied().collect();
    let label = if all.is_empty() { name.to_string() } else { format!("{name}@{}", all.join(", ")) };
    Found { name: name.to_string(), label }
}

/// Crates of a name that `old` does not have, in order of name.
pub(super) fn new_crates(old: &Model, new: &Model) -> Vec<Found> {
    let before = versions(old);
    let all = versions(new);
    all.iter().filter(|(name, _)| !before.contains_key(*name)).map(|(name, all)| found(name, all)).collect()
}

/// Crates that are there in more versions than in `old`, and in more than one.
pub(super) fn new_duplicates(old: &Model, new: &Model) -> Vec<Found> {
    let before = versions(old);
    let all = versions(new);
    let had = |name: &str| before.get(name).map_or(0, BTreeSet::len);
    let more = all.iter().filter(|(name, all)| all.len() > 1 && all.len() > had(name));
    more.map(|(name, all)| found(name, all)).collect()
}
