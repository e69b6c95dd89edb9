//! Versions against the lock file of a program and the paths in its debug information.

use std::collections::{BTreeMap, BTreeSet};

use bloat::model::{Model, Source};
use bloat::project::{Package, Packages};

/// Versions by crate, as `Cargo.lock` has them.
pub fn locked(text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut name = String::new();
    for line in text.lines() {
        let value = |key: &str| line.strip_prefix(key)?.strip_suffix('"').map(String::from);
        if let Some(found) = value("name = \"") {
            name = found;
        } else if let Some(version) = value("version = \"") {
            all.entry(name.clone()).or_default().insert(version);
        }
    }
    all
}

/// The packages of a lock file.
pub fn packages(text: &str) -> Packages {
    let all = locked(text).into_iter();
    let list = all.flat_map(|(name, versions)| {
        versions.into_iter().map(move |version| Package {
            name: name.clone(),
            version,
            source: Source::Registry,
            crates: Vec::new(),
            root: None,
        })
    });
    Packages { list: list.collect() }
}

/// Package and version of crates that the model shows, without those of the toolchain.
pub fn shown(model: &Model) -> BTreeSet<(String, String)> {
    let of_program = model.crates.iter().filter(|row| row.source.is_some_and(|s| s != Source::Std));
    let text = |id| model.names.get(id).to_string();
    let with_version = of_program.map(|row| {
        let package = if text(row.package).is_empty() { text(row.name) } else { text(row.package) };
        (package, text(row.version))
    });
    with_version.filter(|(_, version)| !version.is_empty()).collect()
}

/// Package and version that the path of a unit of rustc or the directory of a C unit states.
pub fn of_units(units: &[(String, String)]) -> BTreeSet<(String, String)> {
    units.iter().filter_map(|(name, comp_dir)| of_path(name).or_else(|| of_path(comp_dir))).collect()
}

/// `NAME-VERSION` in the folder of a registry.
fn of_path(path: &str) -> Option<(String, String)> {
    let below = path.split_once("/registry/src/")?.1;
    let package = below.split('/').nth(1)?;
    let dash = package.match_indices('-').map(|(at, _)| at).find(|&at| {
        package[at + 1..].starts_with(|c: char| c.is_ascii_digit()) && package[at + 1..].contains('.')
    })?;
    Some((package[..dash].to_string(), package[dash + 1..].to_string()))
}

/// Prints and returns what is wrong: versions that are not locked, and versions in paths that are not shown.
pub fn check(model: &Model, lock: &str, units: &[(String, String)]) -> Vec<String> {
    let crate_of = |package: &str| package.replace('-', "_");
    let locked: BTreeSet<(String, String)> = locked(lock)
        .into_iter()
        .flat_map(|(name, versions)| versions.into_iter().map(move |v| (crate_of(&name), v)))
        .collect();
    let shown: BTreeSet<(String, String)> =
        shown(model).into_iter().map(|(name, version)| (crate_of(&name), version)).collect();
    let stated: BTreeSet<(String, String)> =
        of_units(units).into_iter().map(|(name, version)| (crate_of(&name), version)).collect();
    println!(" versions: {} shown, {} stated by paths of units", shown.len(), stated.len());
    let wrong = shown.difference(&locked).map(|(n, v)| format!("{n} {v} is not in the lock file"));
    let missing =
        stated.difference(&shown).map(|(n, v)| format!("{n} {v} is in the path of a unit, not shown"));
    wrong.chain(missing).inspect(|line| println!("    {line}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_in_a_registry_state_versions() {
        let of = |path: &str| of_path(path);
        let found = of("/h/.cargo/registry/src/index-1949/serde-json-1.0.1+x/src/lib.rs/@/a-cgu.0");
        assert_eq!(found, Some(("serde-json".into(), "1.0.1+x".into())));
        assert_eq!(of("/h/work/app-1.0/src/main.rs"), None);
    }
}
