//! Why a build failed, and what to do about it.
//!
//! Cargo has said it already, on standard error. What is added here is what someone who runs
//! cargo through another program needs to know: which flag of ours to use.

use std::process::Command;

use anyhow::anyhow;
use cargo_metadata::Package;

use super::Project;
use super::artifact::artifact_kinds;
use super::run::Ended;
use super::selection::Selection;
use crate::cli::error::CliError;
use crate::order::Arrange;

/// What cargo says, and what to do about it. Words change between versions of cargo: then no hint is found.
const WORDS: [(&[&str], &str); 8] = [
    (&["linker `", "not found"], LINKER),
    (&["no bin target named"], "name one of them with `--bin`, in the package that has it: `--package`"),
    (
        &["no example target named"],
        "name one of them with `--example`, in the package that has it: `--package`",
    ),
    (&["profile `", "is not defined"], "`--profile` takes `release`, `dev` or a profile of the manifest"),
    (
        &["does not contain", "feature"],
        "`--features` takes features of the packages that are built; `--package` chooses them",
    ),
    (
        &["No space left on device"],
        "free some space, or build elsewhere with `--scratch PATH`; `--clean` removes what is there",
    ),
    (&["Cargo.lock", "Read-only file system"], READ_ONLY),
    (&["Cargo.lock", "Permission denied"], READ_ONLY),
];

const LINKER: &str = "install the linker, or name another behind `--`, \
    such as -- --config 'target.TRIPLE.linker=\"PATH\"'";

const READ_ONLY: &str = "there is no `Cargo.lock`, and cargo cannot write one here: \
    make it with `cargo generate-lockfile` in a copy that can be written";

const NO_LOCKFILE: &str = "there is no `Cargo.lock`, and cargo could not choose versions without network: \
    make one with `cargo generate-lockfile` while there is";

/// The error for a build that failed.
pub(super) fn explain(project: &Project, selection: &Selection, ended: &Ended) -> CliError {
    let error = CliError::new("failed to build the package with cargo");
    error.with_source(anyhow!(ended.status.clone())).with_hint(hint(project, selection, ended))
}

fn hint(project: &Project, selection: &Selection, ended: &Ended) -> String {
    if let Some(hint) = missing_platform(selection) {
        return hint;
    }
    let has = |words: &[&str]| words.iter().all(|word| ended.words.contains(word));
    if let Some((_, hint)) = WORDS.iter().find(|(words, _)| has(words)) {
        return hint.to_string();
    }
    if project.lockfile.is_out_of_date(&project.program, &project.manifest_path) {
        return "`Cargo.lock` does not fit the manifest, and bloat leaves it alone: \
            update it with `cargo update --workspace`"
            .to_string();
    }
    if !project.lockfile.existed && has(&["offline"]) {
        return NO_LOCKFILE.to_string();
    }
    let profile = match selection.profile() {
        "release" => "--release".to_string(),
        other => format!("--profile {other}"),
    };
    format!("cargo's messages above say why; `cargo build {profile}` should say the same")
}

/// What to do if a platform was asked for that the compiler does not know or has no library for.
fn missing_platform(selection: &Selection) -> Option<String> {
    // Building the library is what this flag is for.
    if selection.rest.iter().any(|word| word.to_string_lossy().contains("build-std")) {
        return None;
    }
    // A file that describes a platform is no name of one.
    let mut names = selection.platforms.iter().filter(|platform| !platform.ends_with(".json"));
    names.find_map(|platform| {
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let output =
            Command::new(rustc).args(["--print", "target-libdir", "--target"]).arg(platform).output();
        let output = output.ok()?;
        if !output.status.success() {
            return Some(format!(
                "`{platform}` is no target of this compiler: `rustc --print target-list` lists them"
            ));
        }
        let folder = String::from_utf8(output.stdout).ok()?;
        let missing = !std::path::Path::new(folder.trim()).is_dir();
        missing.then(|| format!("install the target first: `rustup target add {platform}`"))
    })
}

/// What cargo said was wrong, in one line.
pub(super) fn reason(ended: &Ended) -> String {
    let mut lines = ended.words.lines().map(str::trim);
    let line = lines.find(|line| line.starts_with("error: ") || line.starts_with("error["));
    line.map_or_else(|| format!("cargo ended with {}", ended.status), str::to_string)
}

/// Cargo was content, but has not built a binary.
pub(super) fn no_artifact(packages: &[&Package]) -> CliError {
    let targets = packages.iter().flat_map(|package| &package.targets);
    let targets = targets.filter(|t| !artifact_kinds(t).is_empty());
    let mut features: Vec<&str> =
        targets.flat_map(|t| t.required_features.iter().map(String::as_str)).collect();
    features.arrange();
    features.dedup();
    let error = CliError::new("cargo built no binary to analyse");
    match features.is_empty() {
        true => error.with_hint("choose what to build with `--package`, `--bin`, `--example` or `--lib`"),
        false => error.with_hint(format!(
            "the binaries need features that are off by default: try `--features {}`",
            features.join(",")
        )),
    }
}

/// There is nothing in these packages that could be analysed.
pub(super) fn nothing_to_build(packages: &[&Package]) -> CliError {
    let what = match packages {
        [package] => format!("package `{}` has no binary to analyse", package.name),
        _ => "no package of this workspace has a binary to analyse".to_owned(),
    };
    CliError::new(what).with_hint(
        "a library ships inside the programs that use it: analyse one of them, an example with `--example NAME`, \
         or the library by itself with `--lib`",
    )
}

#[cfg(test)]
mod tests {
    use super::super::testing::package;
    use super::*;

    #[test]
    fn missing_features_are_named() {
        let app = package("app", None, &["bin b", "bin a", "lib app"]);
        let error = anyhow::Error::from(no_artifact(&[&app]));
        let hint = crate::cli::error::hint(&error).expect("it has a hint");
        assert!(hint.contains("`--features f-a,f-b`"), "{hint}");
    }

    #[test]
    fn the_first_error_is_the_reason() {
        let ended = |words: &str| Ended {
            success: false,
            status: "exit status: 101".into(),
            artifacts: Vec::new(),
            words: words.into(),
            time: std::time::Duration::ZERO,
        };
        let words =
            "   Compiling a\nerror[E0432]: unresolved import\n  --> a\nerror: could not compile `a`\n";
        assert_eq!(reason(&ended(words)), "error[E0432]: unresolved import");
        assert_eq!(reason(&ended("killed")), "cargo ended with exit status: 101");
    }
}
