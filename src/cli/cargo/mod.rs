//! Builds Cargo packages, so that `bloat` has something to read.
//!
//! Nothing of the user's is changed by it:
//!
//! - the manifest is not edited, profiles are given on cargo's command line for one run only;
//! - results go to a folder of their own ([`Scratch`]), so that the project's target directory
//!   stays as it is;
//! - a lockfile is used as it is (`--locked`), and where there is none, the one
//!   cargo writes is removed again.
//!
//! Cargo's progress, warnings and errors reach the user on standard error. This module knows
//! cargo and nothing about binaries.

mod artifact;
mod failure;
mod lockfile;
mod manifest;
mod run;
mod scratch;
mod selection;
#[cfg(test)]
pub(super) mod testing;

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use cargo_metadata::{Metadata, Package};

pub(super) use self::artifact::{Artifact, ArtifactKind, artifact_kinds};
use self::lockfile::Lockfile;
use self::run::Ended;
pub(super) use self::scratch::Scratch;
use self::selection::Targets;
pub(super) use self::selection::{Choice, Features, Selection};
use super::error::CliError;
use crate::config::profile::Settings;
use crate::order::Arrange;

/// A workspace that can be built.
///
/// While it lives there may be a lockfile that was not there before.
pub(super) struct Project {
    /// The cargo to run.
    program: OsString,
    /// The manifest to build, as an absolute path.
    pub manifest_path: PathBuf,
    /// The packages and folders, without dependencies.
    pub metadata: Metadata,
    lockfile: Lockfile,
}

/// How to build.
pub(super) struct Request<'a> {
    /// What to build.
    pub selection: &'a Selection,
    /// The profile to build with.
    pub profile: &'a Profile,
    /// Flags for rustc where it makes the artifact itself: then one is to be selected.
    pub last_flags: &'a [String],
    /// The target directory.
    pub target_directory: &'a Path,
    /// How much of it cargo shows.
    pub voice: Voice,
}

/// How much cargo shows of what it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Voice {
    /// Whether cargo keeps its progress to itself.
    pub quiet: bool,
    /// Whether cargo shows the commands it runs.
    pub verbose: bool,
}

/// A profile of cargo for one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Profile {
    /// Its name.
    pub name: String,
    /// The profile it inherits from, if it is not one of the manifest.
    pub inherits: Option<String>,
    /// What it sets, before anything the user has set.
    pub settings: Settings,
}

impl Profile {
    /// The name of the folder that cargo puts its results in.
    fn folder(&self) -> &str {
        match self.name.as_str() {
            "dev" | "test" => "debug",
            "bench" => "release",
            other => other,
        }
    }

    fn arguments(&self) -> Vec<OsString> {
        let mut out: Vec<OsString> = vec!["--profile".into(), self.name.clone().into()];
        let mut set = |key: &str, value: &dyn std::fmt::Display| {
            out.extend(["--config".into(), format!("profile.{}.{key}={value}", self.name).into()]);
        };
        if let Some(parent) = &self.inherits {
            set("inherits", &format_args!("\"{parent}\""));
        }
        for (key, value) in &self.settings {
            set(key, value);
        }
        out
    }
}

/// What a build made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Built {
    /// At least one artifact, in the order of packages and targets.
    pub artifacts: Vec<Artifact>,
    /// How long cargo took.
    pub time: Duration,
    /// Crates that were compiled.
    pub compiled: usize,
    /// Crates that were built before.
    pub reused: usize,
}

/// Why there is nothing to show.
pub(super) struct Failed {
    /// What cargo said was wrong, in one line.
    pub reason: String,
    /// The error for a command that ends here.
    pub error: CliError,
}

impl Project {
    /// What the lockfile says. It may be there only as long as this value is.
    #[cfg(feature = "tui")]
    pub fn lockfile_text(&self) -> Option<String> {
        self.lockfile.text()
    }

    /// The workspace of a manifest; without one, that of the current directory or its nearest
    /// parent that has one.
    pub fn open(manifest_path: Option<&Path>) -> Result<Project> {
        let program = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
        let manifest_path = manifest::manifest_path(manifest_path)?;
        let metadata = manifest::read_metadata(&program, &manifest_path)?;
        let lockfile = Lockfile::of(metadata.workspace_root.as_std_path());
        Ok(Project { program, manifest_path, metadata, lockfile })
    }

    /// Its folder to build in.
    pub fn scratch(&self, given: Option<&Path>) -> Result<Scratch> {
        Scratch::of(self.metadata.workspace_root.as_std_path(), given)
    }

    /// The packages that a selection builds, by name.
    pub fn packages(&self, selection: &Selection) -> Vec<&Package> {
        selection.packages(&self.metadata)
    }

    /// Builds. What fails in the build itself is told apart from what keeps cargo from running.
    ///
    /// *Cost*: a build on first use; cargo's cache of it afterwards.
    pub fn build(&self, request: &Request<'_>) -> Result<Result<Built, Failed>> {
        let packages = self.packages(request.selection);
        let targets = Targets::of(&packages);
        // Packages that only cargo understands are left to it.
        let is_plain = request.selection.targets.is_empty() && !packages.is_empty();
        if is_plain && targets == Targets::None {
            return Err(failure::nothing_to_build(&packages).into());
        }
        let only_programs = is_plain && targets == Targets::Programs;
        let arguments = self.arguments(request, only_programs);
        let ended = run::run(&self.program, &arguments, request.target_directory)?;
        if !ended.success {
            let error = failure::explain(self, request.selection, &ended);
            return Ok(Err(Failed { reason: failure::reason(&ended), error }));
        }
        let built = self.built(request, ended);
        Ok(if built.artifacts.is_empty() {
            let error = failure::no_artifact(&packages);
            Err(Failed { reason: error.to_string(), error })
        } else {
            Ok(built)
        })
    }

    fn built(&self, request: &Request<'_>, ended: Ended) -> Built {
        // Which packages these are follows from where cargo puts their files.
        let mut members = self.metadata.workspace_packages();
        members.arrange_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        let reused = ended.artifacts.iter().filter(|a| a.fresh).count();
        let compiled = ended.artifacts.len() - reused;
        let folder = request.profile.folder();
        let libraries = request.selection.wants_libraries();
        let artifacts = artifact::artifacts_of(&members, folder, libraries, ended.artifacts);
        Built { artifacts, time: ended.time, compiled, reused }
    }

    /// The command line of a build, without the program.
    fn arguments(&self, request: &Request<'_>, only_programs: bool) -> Vec<OsString> {
        let command = if request.last_flags.is_empty() { "build" } else { "rustc" };
        let mut arguments: Vec<OsString> = vec![command.into()];
        arguments.push("--message-format=json-render-diagnostics".into());
        arguments.extend(["--manifest-path".into(), self.manifest_path.clone().into()]);
        arguments.extend(["--target-dir".into(), request.target_directory.into()]);
        if only_programs {
            arguments.push("--bins".into());
        }
        if self.lockfile.existed {
            arguments.push("--locked".into());
        }
        if request.voice.quiet {
            arguments.push("--quiet".into());
        }
        if request.voice.verbose {
            arguments.push("--verbose".into());
        }
        arguments.extend(request.selection.arguments());
        // Of two settings of one key the later one stands.
        arguments.extend(request.profile.arguments());
        if !request.last_flags.is_empty() {
            arguments.push("--".into());
            arguments.extend(request.last_flags.iter().map(OsString::from));
        }
        arguments
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::testing::Folder;
    use super::*;
    use crate::config::profile::settings;

    #[test]
    fn arguments_follow_the_request() {
        let folder = Folder::new("arguments");
        folder.write("Cargo.toml", "[package]\nname = \"sample\"\nedition = \"2021\"\n[workspace]\n");
        folder.write("src/main.rs", "fn main() {}\n");
        let manifest = folder.0.join("Cargo.toml");
        let given = |request: &Request<'_>, only_programs: bool| {
            let project = Project::open(Some(&manifest)).expect("it is a package");
            let text = testing::joined(&project.arguments(request, only_programs));
            text.replace(&manifest.display().to_string(), "MANIFEST")
        };
        let plain = Profile { name: "dist".into(), inherits: None, settings: Settings::new() };
        let request = Request {
            selection: &Selection::default(),
            profile: &plain,
            last_flags: &[],
            target_directory: Path::new("/w/my target"),
            voice: Voice::default(),
        };
        let common =
            "--message-format=json-render-diagnostics --manifest-path MANIFEST --target-dir /w/my target";
        assert_eq!(given(&request, false), format!("build {common} --profile dist"));
        folder.write("Cargo.lock", "");
        let profile = Profile {
            name: "bloat".into(),
            inherits: Some("release".into()),
            settings: settings("strip=none,lto=true").expect("they are settings"),
        };
        let selection = Selection { targets: vec![Choice::Lib], ..Selection::default() };
        let voice = Voice { quiet: true, verbose: true };
        let last_flags = ["-C".to_string(), "link-arg=-s".to_string()];
        let request =
            Request { selection: &selection, profile: &profile, last_flags: &last_flags, voice, ..request };
        assert_eq!(
            given(&request, true),
            format!(
                "rustc {common} --bins --locked --quiet --verbose --lib \
                 --profile bloat --config profile.bloat.inherits=\"release\" --config profile.bloat.lto=true \
                 --config profile.bloat.strip=\"none\" -- -C link-arg=-s"
            )
        );
        fs::remove_file(folder.0.join("Cargo.lock")).expect("it was written");
    }

    #[test]
    fn profiles_have_folders_of_their_own_names_but_for_cargos() {
        let folder = |name: &str| {
            let profile = Profile { name: name.into(), inherits: None, settings: Settings::new() };
            profile.folder().to_string()
        };
        assert_eq!(
            ["dev", "test", "bench", "release", "x"].map(folder),
            ["debug", "debug", "release", "release", "x"]
        );
    }

    #[test]
    fn a_build_leaves_the_package_alone() {
        let folder = Folder::new("whole");
        let manifest = "[package]\nname = \"sample\"\nedition = \"2021\"\n[workspace]\n\
            [profile.release]\nstrip = true\n";
        folder.write("Cargo.toml", manifest);
        folder.write("src/main.rs", "fn main() {}\n");
        folder.write("src/bin/other.rs", "fn main() {}\n");
        let manifest_path = folder.0.join("Cargo.toml");
        let scratch = folder.0.join("scratch");
        let profile = Profile { name: "release".into(), inherits: None, settings: Settings::new() };
        let build = || {
            let project = Project::open(Some(&manifest_path)).expect("it is a package");
            let built = project.build(&Request {
                selection: &Selection::default(),
                profile: &profile,
                last_flags: &[],
                target_directory: &scratch,
                voice: Voice { quiet: true, verbose: false },
            });
            let built = built.expect("cargo runs");
            built.unwrap_or_else(|failed| panic!("{}", failed.reason))
        };
        let built = build();
        let names: Vec<&str> = built.artifacts.iter().map(|a| a.target_name.as_str()).collect();
        assert_eq!(names, ["other", "sample"]);
        assert_eq!((built.compiled, built.reused), (2, 0));
        assert!(built.artifacts.iter().all(|a| a.path.starts_with(&scratch) && !a.fresh));
        let again = build();
        assert_eq!((again.compiled, again.reused), (0, 2));
        assert!(again.artifacts.iter().all(|a| a.fresh));
        assert_eq!(fs::read_to_string(&manifest_path).expect("it is there"), manifest);
        assert!(!folder.0.join("Cargo.lock").exists(), "cargo's lockfile is removed");
        assert!(!folder.0.join("target").exists(), "the target directory is not touched");
    }
}
