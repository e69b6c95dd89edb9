//! Builds variants of a package in the scratch folder, and measures what comes out.
//!
//! A [`Bench`] is one artifact of one package. A [`Variant`] says what is to be different:
//! settings of the profile, features, or the base profile as a whole. All variants share one
//! target directory and the names of the project's own profiles, so that cargo itself decides
//! what was built before and is still fresh. What it cannot know, how long a build took, is
//! remembered beside a copy of each artifact.
//!
//! Knows nothing of tables, and not what variants are good for.

mod choose;
mod compress;
mod configuration;
mod record;
mod repeat;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use self::choose::Wanted;
use self::record::Record;
use super::args::{CargoArgs, CommonArgs};
use super::build::{clean, voice};
use super::cargo::{
    Artifact, ArtifactKind, Choice, Features, Profile, Project, Request, Scratch, Selection, Voice,
};
use super::commands::packages_of;
use super::error::CliError;
use crate::config::profile::{Profiles, Settings};
use crate::hash::Hash;
use crate::project::Packages;

pub(super) use self::compress::Compressed;
use self::compress::compress;
pub(super) use self::configuration::profiles;
pub(super) use self::repeat::repeat;

/// One artifact of a package, and a place to build variants of it.
pub(super) struct Bench {
    project: Project,
    /// What is built, cut down to the one artifact.
    selection: Selection,
    wanted: Wanted,
    scratch: Scratch,
    profiles: Profiles,
    voice: Voice,
}

/// What is to be different from the project's own build.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Variant {
    /// Its name, for people and for a folder.
    pub name: String,
    /// The profile it starts from; without one, the one that was asked for on the command line.
    pub profile: Option<String>,
    /// Settings that are changed in it.
    pub settings: Settings,
    /// Features, in place of those that were asked for on the command line.
    pub features: Option<Features>,
    /// More settings of cargo's, each as for its `--config`.
    pub config: Vec<String>,
    /// Flags for rustc where it makes the artifact itself, such as those for the linker.
    pub last_flags: Vec<String>,
    /// Flags for rustc whatever it makes for the platform that is built for.
    pub rustflags: Vec<String>,
}

/// What a variant amounts to: equal for variants that build the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Identity(String);

/// What building a variant made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sample {
    /// A copy of the artifact that later builds leave alone.
    pub path: PathBuf,
    /// Bytes of the file.
    pub size: u64,
    /// How long cargo took when it was built, in milliseconds.
    pub milliseconds: u64,
    /// Crates that were compiled for it then.
    pub compiled: u64,
    /// Crates that had been built before.
    pub reused: u64,
    /// Whether it was there already.
    pub is_remembered: bool,
    /// Hash of its bytes.
    pub content: u64,
}

/// Why a variant could not be built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unbuilt {
    /// What cargo said, in a line.
    pub reason: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Unbuilt {
    /// One that nothing can be done about.
    fn because(reason: impl Into<String>) -> Unbuilt {
        Unbuilt { reason: reason.into(), hint: None }
    }

    /// The error for a command that cannot go on without it.
    pub fn error(self, message: &str) -> CliError {
        let error = CliError::new(message).with_source(anyhow::anyhow!(self.reason));
        match self.hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }
}

impl Bench {
    /// The artifact that was asked for. `None` if all that was asked for was to clean up, which is done.
    pub fn open(cargo: &CargoArgs, common: &CommonArgs) -> Result<Option<Bench>> {
        let mut selection = Selection::of(cargo)?;
        let project = Project::open(common.manifest_path.as_deref())?;
        let scratch = project.scratch(cargo.scratch.as_deref())?;
        if cargo.clean {
            clean(&scratch)?;
            return Ok(None);
        }
        let wanted = choose::one(&project.packages(&selection), &selection)?;
        selection.targets = vec![wanted.choice.clone()];
        let profiles = profiles(&project, &selection.rest)?;
        scratch.create()?;
        Ok(Some(Bench { project, selection, wanted, scratch, profiles, voice: voice(common) }))
    }

    /// Has cargo build this package alone, as if it had been named.
    pub fn select_package(&mut self) {
        self.selection.workspace = false;
        self.selection.packages = vec![self.wanted.package.name.to_string()];
    }

    /// The package that is measured.
    pub fn package(&self) -> &cargo_metadata::Package {
        &self.wanted.package
    }

    /// Whether a library for Rust is made along with what is built.
    pub fn is_rust_library_too(&self) -> bool {
        let is_it = |target: &&cargo_metadata::Target| {
            target.name == self.wanted.name && self.wanted.choice == Choice::Lib
        };
        let mut targets = self.wanted.package.targets.iter().filter(is_it);
        self.wanted.kind != ArtifactKind::RustLibrary && targets.any(|t| t.is_lib() || t.is_rlib())
    }

    /// Cargo's name of what is built, and the kind of file that makes.
    pub fn target(&self) -> (&str, &'static str) {
        (&self.wanted.name, self.wanted.kind.as_str())
    }

    /// What is built.
    pub fn selection(&self) -> &Selection {
        &self.selection
    }

    /// The folder that is built in.
    pub fn scratch(&self) -> &Scratch {
        &self.scratch
    }

    /// The profiles of the project as cargo sees them.
    pub fn profiles(&self) -> &Profiles {
        &self.profiles
    }

    /// The manifest that cargo is called with.
    pub fn manifest_path(&self) -> &Path {
        &self.project.manifest_path
    }

    /// The packages that the artifact may be built from.
    pub fn packages(&self) -> Result<Packages> {
        packages_of(Some(&self.project.manifest_path))
    }

    /// The profile that a variant starts from.
    pub fn base<'a>(&'a self, variant: &'a Variant) -> &'a str {
        variant.profile.as_deref().unwrap_or(self.selection.profile())
    }

    /// What a variant amounts to, given the project's own profiles.
    pub fn identity(&self, variant: &Variant) -> Identity {
        let base = self.base(variant);
        let effective = self.profiles.effective(base, &variant.settings);
        let Variant { features, config, last_flags, rustflags, .. } = variant;
        Identity(format!("{base} {effective:?} {features:?} {config:?} {last_flags:?} {rustflags:?}"))
    }

    /// Builds a variant. A build that fails is an answer too.
    pub fn build(&self, variant: &Variant) -> Result<Result<Sample, Unbuilt>> {
        let mut selection = self.selection.clone();
        if let Some(features) = &variant.features {
            selection.features = features.clone();
        }
        for value in &variant.config {
            selection.rest.extend(["--config".into(), value.into()]);
        }
        if !variant.rustflags.is_empty()
            && let Err(reason) = add_rustflags(&mut selection, &variant.rustflags)
        {
            return Ok(Err(Unbuilt::because(reason)));
        }
        let profile = Profile {
            name: self.base(variant).to_string(),
            inherits: None,
            settings: variant.settings.clone(),
        };
        let built = self.project.build(&Request {
            selection: &selection,
            profile: &profile,
            last_flags: &variant.last_flags,
            target_directory: &self.scratch.target(),
            voice: self.voice,
        })?;
        let built = match built {
            Ok(built) => built,
            Err(failed) => {
                let hint = failed.error.own_hint().map(str::to_string);
                return Ok(Err(Unbuilt { reason: failed.reason, hint }));
            }
        };
        let Some(artifact) = built.artifacts.iter().find(|artifact| self.wanted.is(artifact)) else {
            let reason = format!("cargo built no {} `{}`", self.wanted.kind.as_str(), self.wanted.name);
            return Ok(Err(Unbuilt::because(reason)));
        };
        let folder = self.folder(variant);
        let path = self.keep(artifact, &folder)?;
        let failed = |error| CliError::new(format!("failed to read `{}`", path.display())).with_source(error);
        let bytes = fs::read(&path).map_err(failed)?;
        let content = Hash::of(&bytes);
        let before = Record::read(&folder).filter(|record| artifact.fresh && record.content == content);
        let is_remembered = before.is_some();
        let record = before.unwrap_or(Record {
            content,
            milliseconds: built.time.as_millis().try_into().unwrap_or(u64::MAX),
            compiled: built.compiled as u64,
            reused: built.reused as u64,
            compressed: None,
        });
        record.write(&folder)?;
        Ok(Ok(Sample {
            path,
            size: bytes.len() as u64,
            milliseconds: record.milliseconds,
            compiled: record.compiled,
            reused: record.reused,
            is_remembered,
            content,
        }))
    }

    /// Compressed sizes of a sample, remembered with it.
    pub fn compressed(&self, variant: &Variant, sample: &Sample) -> Result<Compressed> {
        let folder = self.folder(variant);
        let known = Record::read(&folder).filter(|record| record.content == sample.content);
        let before = known.and_then(|record| record.compressed);
        let compressed = compress(&sample.path, before)?;
        if let Some(record) = known.filter(|_| before != Some(compressed)) {
            Record { compressed: Some(compressed), ..record }.write(&folder)?;
        }
        Ok(compressed)
    }

    /// The folder for what is kept of a variant.
    fn folder(&self, variant: &Variant) -> PathBuf {
        let fits = |c: char| c.is_ascii_alphanumeric() || "-_.=+".contains(c);
        let name: String = variant.name.chars().map(|c| if fits(c) { c } else { '_' }).take(60).collect();
        // Other artifacts, features or platforms have folders of their own.
        let package = self.wanted.package.name.as_str();
        let all =
            format!("{package} {:?} {:?} {:?}", self.wanted.kind, self.selection, self.identity(variant));
        self.scratch.root().join("variants").join(format!("{name}-{:08x}", Hash::of(all.as_bytes()) as u32))
    }

    /// Copies an artifact to where the next build does not overwrite it.
    fn keep(&self, artifact: &Artifact, folder: &Path) -> Result<PathBuf> {
        let failed = |error| {
            CliError::new(format!("failed to copy the artifact to `{}`", folder.display()))
                .with_hint("free some space, or build elsewhere with `--scratch PATH`")
                .with_source(error)
        };
        fs::create_dir_all(folder).map_err(failed)?;
        let path = folder.join(artifact.path.file_name().unwrap_or_default());
        fs::copy(&artifact.path, &path).map_err(failed)?;
        Ok(path)
    }
}

/// Has cargo pass flags to rustc for all that is not run while building.
fn add_rustflags(selection: &mut Selection, flags: &[String]) -> Result<(), &'static str> {
    let calls = configuration::calls(&selection.rest);
    if calls.has_flags {
        return Err("there are flags for rustc already, in the environment or in cargo's configuration, \
                    and others would take their place");
    }
    if selection.platforms.is_empty() && !calls.has_platform {
        // Without a platform they would reach build scripts and macros too.
        selection.platforms =
            vec![super::packages::host().ok_or("rustc does not say what platform this is")?];
    }
    let quoted: Vec<String> = flags.iter().map(|flag| format!("\"{flag}\"")).collect();
    selection.rest.extend(["--config".into(), format!("build.rustflags=[{}]", quoted.join(",")).into()]);
    Ok(())
}
