//! What cargo knows of the packages a binary may have been built from.

use std::path::Path;

use anyhow::Result;
use cargo_metadata::{MetadataCommand, TargetKind};

use super::error::CliError;
use crate::model::Source;
use crate::project::{Package, Packages};

/// Asks cargo for the packages behind a manifest, with all their features.
///
/// Offline, and without touching the lockfile: a question must not change what it asks about.
pub(super) fn of_manifest(manifest: &Path) -> Result<Packages> {
    let mut command = MetadataCommand::new();
    command.manifest_path(manifest).other_options(vec!["--offline".into(), "--locked".into()]);
    let metadata = command.exec().map_err(|error| {
        CliError::new(format!("failed to list the packages of `{}`", manifest.display()))
            .with_hint("cargo must be able to resolve the package offline with its Cargo.lock; run `cargo fetch` first")
            .with_source(error)
    })?;
    let list = metadata.packages.iter().map(|package| {
        let is_member = metadata.workspace_members.contains(&package.id);
        let from = package.source.as_ref().map(|s| s.repr.as_str());
        let makes_code = |kinds: &[TargetKind]| {
            !kinds.iter().any(|k| matches!(k, TargetKind::CustomBuild | TargetKind::ProcMacro))
        };
        let targets = package.targets.iter().filter(|t| makes_code(&t.kind));
        Package {
            name: package.name.to_string(),
            version: package.version.to_string(),
            source: match from {
                _ if is_member => Source::Workspace,
                Some(s) if s.starts_with("git+") => Source::Git,
                Some(_) => Source::Registry,
                None => Source::Path,
            },
            crates: targets.map(|t| t.name.replace('-', "_")).collect(),
        }
    });
    Ok(Packages { list: list.filter(|p| !p.crates.is_empty()).collect() })
}
