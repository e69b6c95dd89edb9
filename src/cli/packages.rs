//! What cargo knows of the packages a binary may have been built from.

use std::path::Path;
use std::process::Command;

use anyhow::Result;
use cargo_metadata::{MetadataCommand, TargetKind};

use super::error::CliError;
use crate::model::Source;
use crate::project::{Package, Packages};

/// Asks cargo for the packages behind a manifest.
///
/// The lockfile is not touched: a question must not change what it asks about.
/// What is on the machine is asked first; packages of other platforms need not be.
pub(super) fn of_manifest(manifest: &Path) -> Result<Packages> {
    let ask = |options: &[&str]| {
        let options = options.iter().map(|o| o.to_string()).collect::<Vec<_>>();
        MetadataCommand::new().manifest_path(manifest).other_options(options).exec()
    };
    let here = host().and_then(|host| ask(&["--locked", "--offline", "--filter-platform", &host]).ok());
    let metadata = match here {
        Some(metadata) => metadata,
        None => ask(&["--locked"]).map_err(|error| {
            CliError::new(format!("failed to list the packages of `{}`", manifest.display()))
                .with_hint("cargo must be able to resolve the package with its Cargo.lock as it is")
                .with_source(error)
        })?,
    };
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
            root: package.manifest_path.parent().map(|p| p.to_string()),
            crates: targets.map(|t| t.name.replace('-', "_")).collect(),
        }
    });
    Ok(Packages { list: list.filter(|p| !p.crates.is_empty()).collect() })
}

/// The platform that rustc builds for by default.
fn host() -> Option<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("-vV").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.lines().find_map(|line| line.strip_prefix("host: ")).map(str::to_string)
}
