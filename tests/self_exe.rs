//! This very test program: what Cargo put into it is known from `Cargo.lock`, so
//! crates, versions and sources can be compared with it.

mod subjects;

use std::collections::BTreeMap;

use bloat::kind::Kind;
use bloat::model::view::{Dim, View, tree};
use bloat::model::{Model, Source};

use subjects::{analyze, self_exe};

/// Versions by package, as `Cargo.lock` has them.
fn locked() -> BTreeMap<String, Vec<String>> {
    let text = include_str!("../Cargo.lock");
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut name = String::new();
    for line in text.lines() {
        let value = |key: &str| line.strip_prefix(key)?.strip_suffix('"').map(String::from);
        if let Some(found) = value("name = \"") {
            name = found;
        } else if let Some(version) = value("version = \"") {
            all.entry(name.clone()).or_default().push(version);
        }
    }
    assert!(all.len() > 20, "only {} packages are locked", all.len());
    all
}

/// Versions and sources of the crates of that name which own code.
fn owners(model: &Model, name: &str) -> Vec<(String, Option<Source>)> {
    let mut found: Vec<(String, Option<Source>)> = Vec::new();
    for leaf in model.leaves.iter().filter(|l| l.kind == Kind::Code) {
        let Some(index) = model.owner(leaf.owner).krate.get() else { continue };
        let row = model.crates[index];
        let entry = (model.names.get(row.version).to_string(), row.source);
        if model.names.get(row.name) == name && !found.contains(&entry) {
            found.push(entry);
        }
    }
    found
}

#[test]
fn dependencies_have_the_versions_of_the_lock_file() {
    let (model, locked) = (analyze(&self_exe()), locked());
    for package in ["rustc-demangle", "cpp_demangle", "gimli", "object", "rayon-core", "hashbrown", "memmap2"]
    {
        let versions: Vec<(String, Option<Source>)> =
            locked[package].iter().map(|v| (v.clone(), Some(Source::Registry))).collect();
        let found = owners(&model, &package.replace('-', "_"));
        // Some crates are part of the standard library too, which states no version of its own.
        let ours: Vec<_> = found.into_iter().filter(|(_, source)| *source != Some(Source::Std)).collect();
        assert!(!ours.is_empty(), "{package} owns no code");
        for owner in &ours {
            assert!(versions.contains(owner), "{package}: {owner:?} is not in {versions:?}");
        }
    }
}

#[test]
fn the_standard_library_and_this_package_are_told_from_dependencies() {
    let model = analyze(&self_exe());
    assert!(model.facts.has_rust);
    for name in ["std", "core", "alloc"] {
        let found = owners(&model, name);
        assert!(!found.is_empty(), "{name} owns no code");
        assert!(found.iter().all(|(_, source)| *source == Some(Source::Std)), "{name}: {found:?}");
    }
    for name in ["bloat", "self_exe"] {
        let found = owners(&model, name);
        assert!(!found.is_empty(), "{name} owns no code");
        assert!(found.iter().all(|(_, source)| *source == Some(Source::Workspace)), "{name}: {found:?}");
    }
}

#[test]
fn nearly_all_code_has_a_crate() {
    let model = analyze(&self_exe());
    let (mut code, mut known) = (0, 0);
    for leaf in model.leaves.iter().filter(|l| l.kind == Kind::Code) {
        code += leaf.len;
        let owner = model.owner(leaf.owner).krate.get().map(|i| model.crates[i]);
        known += if owner.is_some_and(|o| o.source.is_some()) { leaf.len } else { 0 };
    }
    assert!(known * 100 >= code * 99, "{known} of {code} bytes of code have a crate");
}

#[test]
fn the_whole_is_the_file() {
    let path = self_exe();
    let model = analyze(&path);
    assert_eq!(model.check(), Ok(()));
    let answer = tree(&model, &View { dims: vec![Dim::Crate, Dim::Kind], ..View::default() });
    let size = std::fs::metadata(&path).expect("it runs").len();
    assert_eq!(answer.roots.iter().map(|n| n.sizes.file).sum::<u64>(), size);
    let nested = answer.roots.iter().flat_map(|n| &n.children);
    assert_eq!(nested.map(|n| n.sizes.file).sum::<u64>(), size);
}
