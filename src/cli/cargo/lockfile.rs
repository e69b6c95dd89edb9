//! The lockfile of a workspace, left as it was found.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The lockfile of a workspace.
///
/// Where there is none, cargo has no way to build without writing one, so it is
/// removed when this value goes out of scope. An interrupt leaves it behind.
pub(super) struct Lockfile {
    path: PathBuf,
    /// Whether it was there before.
    pub existed: bool,
}

impl Lockfile {
    pub fn of(workspace_root: &Path) -> Lockfile {
        let path = workspace_root.join("Cargo.lock");
        // A dangling link is a lockfile as well: it must not be replaced.
        let existed = fs::symlink_metadata(&path).is_ok();
        Lockfile { path, existed }
    }

    /// What is in it, while it is there.
    #[cfg(feature = "tui")]
    pub fn text(&self) -> Option<String> {
        fs::read_to_string(&self.path).ok()
    }

    /// Whether a build failed because cargo would have had to change the lockfile.
    ///
    /// Asked of cargo, not read from its messages, whose words change. Without
    /// network access, so that the answer may be a wrong no.
    pub fn is_out_of_date(&self, cargo: &OsStr, manifest_path: &Path) -> bool {
        if !self.existed {
            return false;
        }
        let would_work = |flag: &str| {
            let status = Command::new(cargo)
                .args(["update", "--workspace", "--offline", "--quiet", flag, "--manifest-path"])
                .arg(manifest_path)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            status.is_ok_and(|status| status.success())
        };
        !would_work("--locked") && would_work("--dry-run")
    }
}

impl Drop for Lockfile {
    fn drop(&mut self) {
        if !self.existed {
            // It may never have been written, when cargo failed before.
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Folder;
    use super::*;

    #[test]
    fn lockfile_is_left_as_it_was() {
        let folder = Folder::new("lockfile");
        let path = folder.0.join("Cargo.lock");
        let lockfile = Lockfile::of(&folder.0);
        folder.write("Cargo.lock", "cargo's");
        drop(lockfile);
        assert!(!path.exists(), "it was not there before");
        folder.write("Cargo.lock", "the user's");
        drop(Lockfile::of(&folder.0));
        assert!(path.exists(), "it was there before");
    }
}
