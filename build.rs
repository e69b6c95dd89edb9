//! Says which commit and which features are built, for `bloat --version`.
//!
//! The commit is that of the checkout, or the one that a published package was made
//! of; built elsewhere, none is named.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// Digits of a commit that are shown.
const DIGITS: usize = 10;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let commit = published().or_else(checked_out);
    let commit = commit.filter(|c| c.len() >= DIGITS && c.bytes().all(|b| b.is_ascii_hexdigit()));
    let version = env::var("CARGO_PKG_VERSION").unwrap_or_default();
    match commit {
        Some(commit) => println!("cargo::rustc-env=BLOAT_VERSION={version} ({})", &commit[..DIGITS]),
        None => println!("cargo::rustc-env=BLOAT_VERSION={version}"),
    }
    let known = ["cli", "schema", "tui"];
    let is_on = |name: &&str| env::var_os(format!("CARGO_FEATURE_{}", name.to_uppercase())).is_some();
    let features: Vec<&str> = known.into_iter().filter(is_on).collect();
    println!("cargo::rustc-env=BLOAT_FEATURES={}", features.join(", "));
}

/// The commit that Cargo noted when it made a package.
fn published() -> Option<String> {
    let text = fs::read_to_string(".cargo_vcs_info.json").ok()?;
    let (_, rest) = text.split_once("\"sha1\"")?;
    rest.split('"').nth(1).map(str::to_string)
}

/// The commit of the checkout that the package is the root of.
fn checked_out() -> Option<String> {
    // Not that of a repository around the package, which has nothing to do with it.
    Path::new(".git").exists().then_some(())?;
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim().to_string())
    };
    // It has a line for each change of the commit that is checked out.
    let log = PathBuf::from(git(&["rev-parse", "--git-path", "logs/HEAD"])?);
    if log.exists() {
        println!("cargo::rerun-if-changed={}", log.display());
    }
    git(&["rev-parse", "HEAD"])
}
