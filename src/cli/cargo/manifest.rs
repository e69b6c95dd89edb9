//! Finding the manifest, and what it describes.

use std::env;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Result;
use cargo_metadata::{Metadata, MetadataCommand};

use crate::cli::error::CliError;
use crate::cli::output::say;

/// The manifest to build as an absolute path, found the way cargo finds it.
pub(super) fn manifest_path(given: Option<&Path>) -> Result<PathBuf> {
    if let Some(path) = given {
        if !path.is_file() {
            return Err(CliError::new(format!("failed to find the manifest `{}`", path.display()))
                .with_hint("`--manifest-path` takes the path of a `Cargo.toml`")
                .into());
        }
        return std::path::absolute(path).map_err(|source| {
            CliError::new(format!("failed to find the manifest `{}`", path.display()))
                .with_source(source)
                .into()
        });
    }
    let current = env::current_dir()
        .map_err(|source| CliError::new("failed to find the current directory").with_source(source))?;
    find_manifest(&current).ok_or_else(|| {
        CliError::new(format!("failed to find `Cargo.toml` in `{}` or a parent directory", current.display()))
            .with_hint("name a binary to analyse, `bloat FILE`, or run this inside a Cargo package")
            .into()
    })
}

/// The nearest manifest in a directory or its parents.
fn find_manifest(directory: &Path) -> Option<PathBuf> {
    directory.ancestors().map(|parent| parent.join("Cargo.toml")).find(|path| path.is_file())
}

/// Asks cargo for the packages and folders, without their dependencies, which needs no lockfile.
pub(super) fn read_metadata(cargo: &OsStr, manifest_path: &Path) -> Result<Metadata> {
    let failed =
        || CliError::new(format!("failed to read the package `{}` with cargo", manifest_path.display()));
    MetadataCommand::new().cargo_path(cargo).manifest_path(manifest_path).no_deps().exec().map_err(|error| {
        match error {
            cargo_metadata::Error::Io(source) => not_started(cargo, source),
            cargo_metadata::Error::CargoMetadata { stderr } => {
                say(format_args!("{}", stderr.trim_end()));
                failed().with_hint("cargo's messages above say what is wrong with the manifest")
            }
            other => failed().with_source(other),
        }
        .into()
    })
}

/// Cargo could not be run at all.
pub(super) fn not_started(cargo: &OsStr, source: io::Error) -> CliError {
    let error = CliError::new(format!("failed to run `{}`", cargo.display()));
    let error = match source.kind() {
        io::ErrorKind::NotFound => error
            .with_hint("install cargo, set `CARGO` to its path, or name a binary to analyse: `bloat FILE`"),
        _ => error,
    };
    error.with_source(source)
}

#[cfg(test)]
mod tests {
    use super::super::testing::Folder;
    use super::*;

    #[test]
    fn manifest_is_found_in_a_parent() {
        let folder = Folder::new("parent");
        folder.write("Cargo.toml", "");
        assert_eq!(find_manifest(&folder.0.join("src/bin")), Some(folder.0.join("Cargo.toml")));
        assert_eq!(find_manifest(Path::new("/")), None);
    }
}
