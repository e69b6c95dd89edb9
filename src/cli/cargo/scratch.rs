//! The folder that is built in: the user's cache folder, apart from the project.
//!
//! The project's own target directory is never touched. A folder of ours is told by the mark in
//! it, and nothing without the mark is ever removed.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::cli::error::CliError;
use crate::hash::Hash;

/// A folder to build in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct Scratch {
    root: PathBuf,
}

/// The file that marks a folder as a cache, for backups and for us: <https://bford.info/cachedir/>.
const MARK: &str = "CACHEDIR.TAG";
const SIGNATURE: &str = "Signature: 8a477f597d28d172789f06886806bc55\n# Builds of bloat. Safe to remove.\n";

impl Scratch {
    /// The folder for a workspace, or the one that was named. Nothing is made yet.
    pub fn of(workspace_root: &Path, given: Option<&Path>) -> Result<Scratch> {
        if let Some(path) = given {
            let absolute = std::path::absolute(path);
            let root = absolute.map_err(|error| {
                CliError::new(format!("failed to find `{}`", path.display())).with_source(error)
            })?;
            return Ok(Scratch { root });
        }
        let cache = cache_folder(|name| env::var_os(name).map(PathBuf::from)).ok_or_else(|| {
            CliError::new("failed to find your cache folder")
                .with_hint("name a folder to build in: `--scratch PATH`")
        })?;
        Ok(Scratch { root: cache.join("bloat").join(name(workspace_root)) })
    }

    /// Makes the folder, and marks it as ours.
    pub fn create(&self) -> Result<()> {
        let failed = |error: std::io::Error| {
            CliError::new(format!("failed to make `{}` to build in", self.root.display()))
                .with_hint("name a folder that can be written: `--scratch PATH`")
                .with_source(error)
        };
        if self.is_marked() {
            return Ok(());
        }
        if fs::read_dir(&self.root).is_ok_and(|mut entries| entries.next().is_some()) {
            let message = format!("`{}` is not empty, and not a folder that bloat made", self.root.display());
            return Err(CliError::new(message).with_hint("name an empty or a new folder").into());
        }
        fs::create_dir_all(&self.root).map_err(failed)?;
        fs::write(self.root.join(MARK), SIGNATURE).map_err(failed)?;
        Ok(())
    }

    /// Removes the folder with everything in it. Says whether there was one.
    pub fn remove(&self) -> Result<bool> {
        if fs::symlink_metadata(&self.root).is_err() {
            return Ok(false);
        }
        if !self.is_marked() {
            let message = format!("`{}` is not a folder that bloat made", self.root.display());
            return Err(CliError::new(message).with_hint("remove it by hand if you mean to").into());
        }
        fs::remove_dir_all(&self.root).map_err(|error| {
            CliError::new(format!("failed to remove `{}`", self.root.display())).with_source(error)
        })?;
        Ok(true)
    }

    fn is_marked(&self) -> bool {
        fs::read(self.root.join(MARK)).is_ok_and(|text| text == SIGNATURE.as_bytes())
    }

    /// Where it is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The target directory for cargo.
    pub fn target(&self) -> PathBuf {
        self.root.join("target")
    }
}

/// A name that is the workspace's own, readable and as good as unique.
fn name(workspace_root: &Path) -> String {
    let root = fs::canonicalize(workspace_root).unwrap_or_else(|_| workspace_root.to_path_buf());
    let last = root.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let readable: String = last.chars().filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).collect();
    format!("{}-{:016x}", readable, Hash::of(root.as_os_str().as_encoded_bytes()))
}

/// The folder for caches of the user, by the custom of the system.
fn cache_folder(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    // A relative path says nothing about the user.
    let folder = |name: &str| variable(name).filter(|path| path.is_absolute());
    if cfg!(windows) {
        return folder("LOCALAPPDATA");
    }
    folder("XDG_CACHE_HOME").or_else(|| {
        let below = if cfg!(target_vendor = "apple") { "Library/Caches" } else { ".cache" };
        folder("HOME").map(|home| home.join(below))
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::Folder;
    use super::*;

    #[test]
    fn only_folders_of_ours_are_removed() {
        let folder = Folder::new("scratch");
        let at = |name: &str| Scratch::of(&folder.0, Some(&folder.0.join(name))).unwrap();
        let ours = at("a/b");
        assert!(!ours.remove().unwrap(), "it is not there yet");
        ours.create().unwrap();
        ours.create().unwrap();
        fs::write(ours.root().join("x"), "").unwrap();
        assert!(ours.remove().unwrap() && !ours.root().exists());
        // What others made is neither used nor removed.
        let theirs = at("src");
        assert!(theirs.create().is_err() && theirs.remove().is_err());
        assert!(theirs.root().join("bin").exists());
    }

    #[cfg(not(any(windows, target_vendor = "apple")))]
    #[test]
    fn the_cache_folder_follows_the_custom() {
        let of = |cache: Option<&str>, home: Option<&str>| {
            cache_folder(|name| match name {
                "XDG_CACHE_HOME" => cache.map(PathBuf::from),
                "HOME" => home.map(PathBuf::from),
                _ => None,
            })
        };
        assert_eq!(of(Some("/c"), Some("/h")), Some("/c".into()));
        assert_eq!(of(None, Some("/h")), Some("/h/.cache".into()));
        assert_eq!(of(Some("relative"), Some("/h")), Some("/h/.cache".into()));
        assert_eq!(of(None, None), None);
    }

    #[test]
    fn workspaces_of_one_name_have_folders_of_their_own() {
        let (a, b) = (name(Path::new("/a/my app")), name(Path::new("/b/my app")));
        assert!(a.starts_with("myapp-") && a != b, "{a} {b}");
    }
}
