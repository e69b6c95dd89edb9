//! Which sets of features are built: the one that was asked for, and one for each feature more or less.
//!
//! Follows <https://doc.rust-lang.org/cargo/reference/features.html>.

use std::collections::{BTreeMap, BTreeSet};

use crate::cli::cargo::Features;

/// What each feature of a package switches on.
pub(super) type Table = BTreeMap<String, Vec<String>>;

/// A set of features to build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Set {
    /// Its name in the table.
    pub name: String,
    /// What cargo is told.
    pub features: Features,
}

const DEFAULT: &str = "default";

/// Everything that some features switch on: themselves, other features, and dependencies.
pub(super) fn closure<'t>(table: &'t Table, start: impl IntoIterator<Item = &'t str>) -> BTreeSet<&'t str> {
    let mut all = BTreeSet::new();
    let mut open: Vec<&str> = start.into_iter().collect();
    while let Some(name) = open.pop() {
        if all.insert(name) {
            open.extend(table.get(name).into_iter().flatten().map(String::as_str));
        }
    }
    all
}

/// What a choice of features amounts to.
pub(super) fn effective<'t>(table: &'t Table, features: &'t Features) -> BTreeSet<&'t str> {
    let named = features.named.iter().map(String::as_str);
    let default = (!features.no_default && table.contains_key(DEFAULT)).then_some(DEFAULT);
    let all = table.keys().map(String::as_str).filter(|_| features.all);
    closure(table, named.chain(default).chain(all))
}

/// The set that was asked for first, then one for each feature: without it where it is on, with it where it is off.
///
/// A feature that is on goes with those that need it, else they would switch it on again.
/// `only` are the features to look at; none are all.
pub(super) fn sets(table: &Table, asked: &Features, only: &[String]) -> Vec<Set> {
    let on = effective(table, asked);
    let mut sets = vec![Set { name: "as asked for".to_string(), features: asked.clone() }];
    let names = || table.keys().filter(|name| *name != DEFAULT);
    let is_meant = |name: &&String| only.is_empty() || only.contains(name);
    for name in names().filter(is_meant).filter(|name| on.contains(name.as_str())) {
        let needs = |other: &str| closure(table, [other]).contains(name.as_str());
        let kept = names().filter(|other| on.contains(other.as_str()) && !needs(other));
        let gone: Vec<&str> = names()
            .filter(|other| *other != name && on.contains(other.as_str()) && needs(other))
            .map(String::as_str)
            .collect();
        let and =
            if gone.is_empty() { String::new() } else { format!(" and {}, which need it", gone.join(", ")) };
        let features = Features {
            named: kept.cloned().chain(others(table, &on)).collect(),
            all: false,
            no_default: true,
        };
        sets.push(Set { name: format!("-{name}{and}"), features });
    }
    for name in names().filter(is_meant).filter(|name| !on.contains(name.as_str())) {
        let mut features = asked.clone();
        features.named.push(name.clone());
        sets.push(Set { name: format!("+{name}"), features });
    }
    if only.is_empty() {
        let none = Features { named: Vec::new(), all: false, no_default: true };
        sets.push(Set { name: "no features".to_string(), features: none });
        let all = Features { named: Vec::new(), all: true, no_default: false };
        sets.push(Set { name: "all features".to_string(), features: all });
    }
    sets
}

/// What is switched on directly, without a feature of this package: features of dependencies.
fn others<'t>(table: &'t Table, on: &BTreeSet<&'t str>) -> Vec<String> {
    let by_default = table.get(DEFAULT).filter(|_| on.contains(DEFAULT));
    let all = by_default.into_iter().flatten();
    // `dep:name` cannot be named on a command line.
    all.filter(|item| !table.contains_key(*item) && item.contains('/') && !item.contains('?'))
        .cloned()
        .collect()
}

/// The arguments of cargo for some features.
pub(super) fn arguments(features: &Features) -> Vec<String> {
    let mut out = Vec::new();
    if features.all {
        out.push("--all-features".to_string());
    }
    if features.no_default {
        out.push("--no-default-features".to_string());
    }
    if !features.named.is_empty() {
        out.extend(["--features".to_string(), features.named.join(",")]);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(entries: &[(&str, &[&str])]) -> Table {
        let owned = |items: &[&str]| items.iter().map(|i| i.to_string()).collect();
        entries.iter().map(|(name, items)| (name.to_string(), owned(items))).collect()
    }

    /// Names of sets with the features they amount to, dependencies left out.
    fn all(table: &Table, asked: &Features, only: &[&str]) -> Vec<String> {
        let only: Vec<String> = only.iter().map(|o| o.to_string()).collect();
        sets(table, asked, &only)
            .iter()
            .map(|set| {
                let on = effective(table, &set.features);
                let on: Vec<&str> = on.into_iter().filter(|item| !item.contains([':', '/'])).collect();
                format!("{}: {}", set.name, on.join(" "))
            })
            .collect()
    }

    #[test]
    fn each_feature_is_added_or_removed() {
        let table = table(&[
            ("default", &["a", "b", "dep:x", "y/z"]),
            ("a", &["base"]),
            ("b", &[]),
            ("base", &[]),
            ("c", &["b"]),
        ]);
        assert_eq!(
            all(&table, &Features::default(), &[]),
            [
                "as asked for: a b base default",
                "-a: b base",
                "-b: a base",
                "-base and a, which need it: b",
                "+c: a b base c default",
                "no features: ",
                "all features: a b base c default",
            ]
        );
        let none = Features { no_default: true, ..Features::default() };
        assert_eq!(all(&table, &none, &["a"]), ["as asked for: ", "+a: a base"]);
        let without = &sets(&table, &Features::default(), &[])[1];
        assert_eq!(arguments(&without.features), ["--no-default-features", "--features", "b,base,y/z"]);
    }

    #[test]
    fn features_in_a_circle_end() {
        let table = table(&[("a", &["b"]), ("b", &["a"])]);
        let both = Features { named: vec!["a".into()], ..Features::default() };
        let found = all(&table, &both, &[]);
        assert_eq!(found[..2], ["as asked for: a b", "-a and b, which need it: "]);
    }
}
