//! Crates that are there more than once, or with more than is used.

use std::collections::BTreeMap;

use super::{Context, proof};
use crate::analysis::advise::sums::{Part, source};
use crate::analysis::advise::{Advice, Basis, Change, Proof};
use crate::model::{CrateRow, Source};
use crate::order::Arrange;

/// Several versions of one crate.
pub(super) fn versions(context: &Context<'_>) -> Vec<Advice> {
    let model = context.model;
    let mut by_name: BTreeMap<&str, Vec<(&CrateRow, Part)>> = BTreeMap::new();
    for (&krate, &part) in &context.sums.crates {
        // The toolchain's copies are its own, and come with it whatever one does.
        let of_packages = !matches!(source(model, krate), None | Some(Source::Std | Source::C));
        let Some(row) = krate.get().and_then(|i| model.crates.get(i)).filter(|_| of_packages) else {
            continue;
        };
        by_name.entry(model.names.get(row.name)).or_default().push((row, part));
    }
    let mut found = Vec::new();
    for (name, mut all) in by_name {
        let mut versions: Vec<&str> = all.iter().map(|(row, _)| model.names.get(row.version)).collect();
        versions.arrange();
        versions.dedup();
        if versions.len() < 2 {
            continue;
        }
        all.arrange_by_key(|(_, part)| std::cmp::Reverse(part.total()));
        let rest: u64 = all.iter().skip(1).map(|(_, part)| part.total()).sum();
        if rest < context.worth() {
            continue;
        }
        let label = |row: &CrateRow| model.names.get(row.label).to_string();
        found.push(Advice {
            rule: "duplicate-versions",
            title: format!("use one version of {name}"),
            finding: format!("{} versions of {name} are linked in", versions.len()),
            proof: all.iter().map(|(row, part)| proof(label(row), part.total())).collect(),
            saving: Some(context.shipped(rest / 4, rest * 3 / 4, rest + rest / 4, Basis::Bytes)),
            change: Change::Command(format!("cargo tree --invert {name} --duplicates")),
            cost: "whoever asks for the older one must be updated first",
            unfit: &[],
        });
    }
    found
}

/// Most dependencies to speak of.
const DEPENDENCIES: usize = 5;

/// Large direct dependencies with all their default features.
pub(super) fn features(context: &Context<'_>) -> Vec<Advice> {
    let model = context.model;
    let total = |krate: &str, version: &str| -> u64 {
        let all = context.sums.crates.iter().filter(|(id, _)| {
            id.get().and_then(|i| model.crates.get(i)).is_some_and(|row| {
                let known = model.names.get(row.version);
                model.names.get(row.name) == krate && (known.is_empty() || known == version)
            })
        });
        all.map(|(_, part)| part.total()).sum()
    };
    let mut all: Vec<(u64, _)> = context
        .situation
        .dependencies
        .iter()
        .filter(|d| !d.default_features.is_empty())
        .map(|d| (total(&d.krate, &d.version), d))
        .filter(|(bytes, _)| *bytes > context.worth() * 5)
        .collect();
    all.arrange_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.package.cmp(&b.1.package)));
    let advice = all.into_iter().take(DEPENDENCIES).map(|(bytes, dependency)| {
        let package = &dependency.package;
        Advice {
            rule: "default-features",
            title: format!("try {package} without its default features"),
            finding: format!(
                "{package} is built with all its default features: {}",
                dependency.default_features.join(", ")
            ),
            proof: vec![Proof { what: format!("{} {}", dependency.krate, dependency.version), bytes }],
            saving: Some(context.shipped(0, bytes / 10, bytes, Basis::Bytes)),
            change: Change::Manifest(format!(
                "[dependencies]\n{package} = {{ version = \"{}\", default-features = false }}",
                dependency.version
            )),
            cost: "what the program needs of them must be listed; `bloat features` measures each",
            unfit: &[],
        }
    });
    advice.collect()
}
