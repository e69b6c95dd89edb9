//! Features of a dependency: they are switched in a copy of its manifest.
//!
//! Which features of a dependency are on is written down in the manifests of all that use it, and
//! no flag of cargo's takes one away. So its sources are copied to the scratch folder, what its
//! `default` feature switches on is edited there, and cargo is told to use the copy in place of the
//! original (`paths`), which leaves the lockfile as it is. That measures what a feature costs if
//! nobody asks for it; one that a dependent names itself stays on.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use cargo_metadata::{Metadata, MetadataCommand, Package};

use super::sets::{self, Table};
use super::{Planned, check};
use crate::cli::cargo::Features;
use crate::cli::error::CliError;
use crate::cli::measure::{Bench, Variant};
use crate::config;

const DEFAULT: &str = "default";

/// The builds for a dependency: as it is, and one for each of its features.
pub(super) fn plan(bench: &Bench, name: &str, only: &[String]) -> Result<(String, Vec<Planned>)> {
    let metadata = metadata(bench)?;
    let package = find(&metadata, name)?;
    let of = format!("{}@{}", package.name, package.version);
    let table: Table = package.features.clone().into_iter().collect();
    check(&table, only, &of)?;
    let nodes = metadata.resolve.iter().flat_map(|resolve| &resolve.nodes);
    let on: BTreeSet<String> = nodes
        .filter(|node| node.id == package.id)
        .flat_map(|node| &node.features)
        .map(|f| f.to_string())
        .collect();
    let is_meant = |feature: &&String| *feature != DEFAULT && (only.is_empty() || only.contains(feature));
    let mut plan = vec![planned("as it is", Vec::new(), Vec::new())];
    // Only what is on by default can be taken away.
    let by_default = if on.contains(DEFAULT) { sets::closure(&table, [DEFAULT]) } else { BTreeSet::new() };
    for feature in table.keys().filter(is_meant).filter(|feature| by_default.contains(feature.as_str())) {
        let needs = |item: &str| sets::closure(&table, [item]).contains(feature.as_str());
        let kept = by_default.iter().filter(|item| **item != DEFAULT && !needs(item));
        let kept: Vec<String> = kept.map(|item| item.to_string()).collect();
        plan.push(edited(bench, package, &format!("-{feature}"), DEFAULT, &kept)?);
    }
    // A feature that is on can take another one along.
    let carrier = if on.contains(DEFAULT) { Some(DEFAULT) } else { on.iter().next().map(String::as_str) };
    for feature in table.keys().filter(is_meant).filter(|feature| !on.contains(feature.as_str())) {
        let Some(carrier) = carrier else {
            return Err(CliError::new(format!("no feature of `{of}` is on, so none can be added to it"))
                .with_hint(format!(
                    "switch one on for the dependency: `--features {}/{feature}`",
                    package.name
                ))
                .into());
        };
        let before = table.get(carrier).into_iter().flatten().cloned();
        let items: Vec<String> = before.chain([feature.clone()]).collect();
        plan.push(edited(bench, package, &format!("+{feature}"), carrier, &items)?);
    }
    Ok((of, plan))
}

fn planned(name: &str, amounts_to: Vec<String>, config: Vec<String>) -> Planned {
    let arguments = config.iter().flat_map(|value| ["--config".to_string(), value.clone()]).collect();
    Planned {
        variant: Variant { name: name.to_string(), config, ..Variant::default() },
        amounts_to,
        arguments,
    }
}

/// All packages and what is on in them, with the features that were asked for.
fn metadata(bench: &Bench) -> Result<Metadata> {
    let mut options = vec!["--locked".to_string()];
    let Features { named, all, no_default } = &bench.selection().features;
    options.extend(all.then(|| "--all-features".to_string()));
    options.extend(no_default.then(|| "--no-default-features".to_string()));
    if !named.is_empty() {
        options.extend(["--features".to_string(), named.join(",")]);
    }
    let mut command = MetadataCommand::new();
    command.env("CARGO_CACHE_RUSTC_INFO", "0").manifest_path(&bench.package().manifest_path);
    command.other_options(options).exec().map_err(|error| {
        CliError::new("failed to list the dependencies of the package")
            .with_hint("a `Cargo.lock` that fits the manifest says which they are: `cargo generate-lockfile`")
            .with_source(error)
            .into()
    })
}

/// The one dependency of a name, or of a name and a version.
fn find<'m>(metadata: &'m Metadata, name: &str) -> Result<&'m Package> {
    let (wanted, version) = name.split_once('@').map_or((name, None), |(n, v)| (n, Some(v)));
    let is_wanted =
        |p: &&Package| **p.name == *wanted && version.is_none_or(|version| p.version.to_string() == version);
    let found: Vec<&Package> = metadata.packages.iter().filter(is_wanted).collect();
    match found.as_slice() {
        [one] if one.source.is_some() => Ok(one),
        [one] => Err(CliError::new(format!("`{name}` is a package at a path, whose manifest is yours"))
            .with_hint(format!(
                "measure its features in a build of its own: `bloat features -p {}`",
                one.name
            ))
            .into()),
        [] => Err(CliError::new(format!("no dependency is called `{wanted}`"))
            .with_hint("`cargo tree` lists the dependencies")
            .into()),
        several => {
            let names: Vec<String> = several.iter().map(|p| format!("{}@{}", p.name, p.version)).collect();
            Err(CliError::new(format!("there are {} versions of `{wanted}`", several.len()))
                .with_hint(format!("choose one: {}", names.join(", ")))
                .into())
        }
    }
}

/// A build with a copy of a dependency in which one feature switches on other items.
fn edited(bench: &Bench, package: &Package, name: &str, feature: &str, items: &[String]) -> Result<Planned> {
    let folder = format!("{}-{}{}", package.name, package.version, name);
    let copy = bench.scratch().root().join("edited").join(folder);
    let failed = |error: std::io::Error| {
        let message = format!("failed to copy `{}` to `{}`", package.name, copy.display());
        CliError::new(message).with_hint("`--scratch PATH` names another folder").with_source(error)
    };
    let root =
        package.manifest_path.parent().map(|root| root.as_std_path().to_path_buf()).unwrap_or_default();
    copy_folder(&root, &copy).map_err(failed)?;
    let manifest = fs::read_to_string(&package.manifest_path).map_err(failed)?;
    let manifest = config::profile::with_feature(&manifest, feature, items).map_err(|error| {
        CliError::new(format!("failed to edit the features of `{}`", package.name)).with_source(error)
    })?;
    replace(&copy.join("Cargo.toml"), &manifest).map_err(failed)?;
    let mut amounts_to = items.to_vec();
    amounts_to.push(feature.to_string());
    let path = serde_json::to_string(&copy.to_string_lossy())?;
    Ok(planned(name, amounts_to, vec![format!("paths=[{path}]")]))
}

/// Copies a folder, without links. What is there already and as long is left alone, so that it stays fresh.
fn copy_folder(from: &Path, to: &Path) -> std::io::Result<()> {
    let mut open: Vec<(PathBuf, PathBuf)> = vec![(from.to_path_buf(), to.to_path_buf())];
    while let Some((from, to)) = open.pop() {
        fs::create_dir_all(&to)?;
        for entry in fs::read_dir(&from)? {
            let entry = entry?;
            let (kind, target) = (entry.file_type()?, to.join(entry.file_name()));
            if kind.is_dir() {
                open.push((entry.path(), target));
            } else if kind.is_file() && entry.file_name() != "Cargo.toml" {
                let length = |path: &Path| fs::metadata(path).map(|m| m.len()).ok();
                if length(&target) != length(&entry.path()) {
                    fs::copy(entry.path(), target)?;
                }
            }
        }
    }
    Ok(())
}

/// Writes a file if it says something else.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    if fs::read(path).is_ok_and(|before| before == text.as_bytes()) {
        return Ok(());
    }
    fs::write(path, text)
}
