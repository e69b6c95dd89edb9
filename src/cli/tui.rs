//! `bloat tui`: hands files to the terminal UI.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use anyhow::{Result, bail};
use clap::Args;

use super::args::{CargoArgs, ColorArg, CommonArgs};
use super::build::{as_typed, clean, make};
use super::cargo::{Artifact, Project};
use super::commands::{open, packages_of, prepare_where, search};
use super::diff::{all_belong, search_for_two};
use super::error::{CliError, hint};
use super::listing::{Listing, Wanted};
use super::subject::has_code;
use super::threads::Caller;
use super::{duplicates, tree};
use crate::analysis::tree::Question;
use crate::attrib::{self, Reasons};
use crate::format::{self, Detail};
use crate::input::Input;
use crate::input::companion::Search;
use crate::model::{Contents, Duplicates, Model};
use crate::project::Packages;
use crate::report::{DuplicatesOptions, DuplicatesReport};
use crate::snapshot;
use crate::tui::draw::Look;
use crate::tui::lists::Tree;
use crate::tui::table::Side;
use crate::tui::{self, Explored, Shared, Source, Subject};

#[derive(Debug, Args)]
pub(super) struct TuiArgs {
    /// The binary or a snapshot of one; without it, the package here is built
    #[arg(conflicts_with = "CargoArgs")]
    pub file: Option<PathBuf>,

    /// What it was before: shows changes
    #[arg(long, value_name = "OLD")]
    pub against: Option<PathBuf>,

    /// Cargo.lock that FILE was built with, to tell which packages need which
    #[arg(long, value_name = "PATH", requires = "file", conflicts_with = "manifest_path")]
    pub lockfile: Option<PathBuf>,

    #[command(flatten)]
    pub cargo: CargoArgs,

    #[command(flatten)]
    pub common: CommonArgs,
}

/// Runs `bloat tui`.
pub(super) fn tui(args: &TuiArgs) -> Result<()> {
    let common = &args.common;
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() || is_dumb {
        return Err(CliError::new("`bloat tui` needs a terminal to draw on and to read keys from")
            .with_hint("`bloat show FILE` writes the same numbers as text, JSON, CSV or Markdown")
            .into());
    }
    prepare_where(common, Caller::Waits)?;
    if [args.file.as_ref(), args.against.as_ref()].contains(&Some(&PathBuf::from("-"))) {
        return Err(CliError::new(
            "`bloat tui` reads keys from standard input, so no file can come from there",
        )
        .with_hint("write it to a file first")
        .into());
    }
    // Before the screen is taken over: what is wrong with a path is better said at once.
    for path in args.against.iter().chain(&args.file) {
        open(path, common)?;
    }
    let (mut manifest, mut locked) = (common.manifest_path.clone(), None);
    let (subjects, packages) = match &args.file {
        Some(file) => (vec![Binary { path: file.clone(), what: String::new() }], None),
        None if args.cargo.clean => {
            let project = Project::open(common.manifest_path.as_deref())?;
            return clean(&project.scratch(args.cargo.scratch.as_deref())?);
        }
        None => {
            let built = built(&args.cargo, common)?;
            manifest = Some(built.manifest);
            locked = built.locked;
            (built.programs, Some(built.packages))
        }
    };
    let asks_for_none = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
    let color = match common.color {
        ColorArg::Always => true,
        ColorArg::Never => false,
        ColorArg::Auto => !asks_for_none,
    };
    let files = Files {
        subjects,
        old: args.against.clone(),
        packages: packages.map_or_else(OnceLock::new, OnceLock::from),
        search: if args.against.is_some() { search_for_two(common) } else { search(common) },
        common: common.clone(),
        manifest,
        locked,
        lockfile: args.lockfile.clone(),
        cargo: args.cargo.clone(),
        embedded: OnceLock::new(),
        listing: OnceLock::new(),
        stated: OnceLock::new(),
        found: OnceLock::new(),
        chosen: OnceLock::new(),
        inputs: [const { OnceLock::new() }; 2],
    };
    tui::run(Arc::new(files), || Box::new(io::stdout()), Look { color })
}

/// What was built.
struct Built {
    programs: Vec<Binary>,
    packages: Packages,
    manifest: PathBuf,
    /// What its lockfile said.
    locked: Option<String>,
}

/// Builds the package at hand, and asks which packages it is made of. Cargo shows its progress on the
/// screen as it was.
fn built(cargo: &CargoArgs, common: &CommonArgs) -> Result<Built> {
    let made = make(cargo, common)?;
    // Now, and not when the file is read: the lockfile is there while the project lives, and whoever
    // quits the screen must not leave one behind.
    let packages = packages_of(Some(&made.project.manifest_path))?;
    let binary = |artifact: Artifact| Binary {
        what: format!("{} of {} {}", artifact.kind.as_str(), artifact.package, artifact.version),
        path: as_typed(&artifact.path),
    };
    let programs = made.artifacts.into_iter().map(binary).collect();
    let locked = made.project.lockfile_text();
    Ok(Built { programs, packages, locked, manifest: made.project.manifest_path.clone() })
}

/// An error and what to do about it.
fn in_words(error: anyhow::Error) -> String {
    match hint(&error) {
        Some(hint) => format!("{error:#}. {hint}"),
        None => format!("{error:#}"),
    }
}

/// A file that can be explored.
struct Binary {
    path: PathBuf,
    /// What built it.
    what: String,
}

/// The files that are explored, and how they are to be read.
struct Files {
    subjects: Vec<Binary>,
    old: Option<PathBuf>,
    /// Packages of the manifest, once cargo has been asked.
    packages: OnceLock<Packages>,
    search: Search,
    common: CommonArgs,
    /// The manifest that was named, or built.
    manifest: Option<PathBuf>,
    lockfile: Option<PathBuf>,
    /// What the lockfile of the build said, which may be gone by now.
    locked: Option<String>,
    /// What it was built with, if it was.
    cargo: CargoArgs,
    /// The list of packages that the binary holds itself, as JSON.
    embedded: OnceLock<Option<Vec<u8>>>,
    /// The packages that it was built from, or why nobody knows: as `bloat tree` finds them.
    listing: OnceLock<Result<Listing, String>>,
    /// The same without a look at what lies near it, as `bloat duplicates` finds them.
    stated: OnceLock<Result<Option<Listing>, String>>,
    /// What it holds more than once.
    found: OnceLock<Result<Duplicates, String>>,
    /// The subject that is explored, once it is chosen.
    chosen: OnceLock<PathBuf>,
    /// The binaries, once they are read; a snapshot has no bytes of its subject.
    inputs: [OnceLock<Input>; 2],
}

impl Files {
    fn slot(&self, side: Side) -> &OnceLock<Input> {
        &self.inputs[usize::from(side == Side::Old)]
    }

    /// The lists of packages that may be meant.
    fn wanted(&self) -> Result<Wanted<'_>> {
        let Some(file) = self.chosen.get() else { bail!("no file was read yet") };
        Ok(Wanted {
            manifest: self.manifest.as_deref(),
            lockfile: self.lockfile.as_deref(),
            features: &self.cargo.features,
            all_features: self.cargo.all_features,
            no_default_features: self.cargo.no_default_features,
            target: if let [target] = self.cargo.target.as_slice() { Some(target) } else { None },
            ..Wanted::of(file)
        })
    }

    /// The list that was found, or else the lockfile of the build: cargo may not be able to read its own again.
    fn or_locked(&self, found: Result<Listing>) -> Result<Listing> {
        match (found, &self.locked) {
            (Err(_), Some(text)) => self.wanted()?.of_text(text, Path::new("Cargo.lock")),
            (found, _) => found,
        }
    }

    fn embedded(&self) -> Option<&[u8]> {
        self.embedded.get()?.as_deref()
    }

    fn packages(&self) -> &Packages {
        self.packages.get_or_init(Packages::default)
    }

    /// Reads the file that is explored, and the one it is compared with.
    fn read_all(&self, path: &Path, detail: Detail) -> Result<Shared> {
        let baseline = self.old.as_deref().map(|old| self.read(old, Side::Old, detail)).transpose()?;
        let new = self.read(path, Side::New, detail)?;
        if let Some(old) = &baseline {
            all_belong(&self.search, &old.model, &new.model)?;
        }
        Ok(Shared { new, baseline })
    }

    fn read(&self, path: &Path, side: Side, detail: Detail) -> Result<Explored> {
        let input = open(path, &self.common)?;
        if snapshot::is_parquet(input.bytes()) {
            let read = snapshot::read(&input).map_err(super::explain)?;
            return Ok(Explored { model: read.model, contents: read.contents, is_snapshot: true });
        }
        let is_compared = self.old.is_some();
        let packages = self.packages();
        // What was read first stays: a file may be built anew meanwhile.
        let input = self.slot(side).get_or_init(|| input);
        let explored = format::read_detailed_with(input, &self.search, detail, |image| {
            let model = attrib::attribute(input, image, packages);
            let contents =
                if is_compared { attrib::contents(input, image, &model) } else { Contents::default() };
            if side == Side::New {
                // Read anew it is the same.
                let _ = self.embedded.set(image.header.packages.clone());
            }
            Explored { model, contents, is_snapshot: false }
        });
        explored.map_err(super::explain)
    }
}

impl Source for Files {
    fn subjects(&self) -> Vec<Subject> {
        let subject = |binary: &Binary| Subject {
            path: binary.path.to_string_lossy().into_owned(),
            what: binary.what.clone(),
            // What cannot be read is said when it is.
            size: std::fs::metadata(&binary.path).map_or(0, |file| file.len()),
        };
        self.subjects.iter().map(subject).collect()
    }

    fn load(&self, subject: usize) -> Result<Shared> {
        let Some(subject) = self.subjects.get(subject) else { bail!("there is no file {subject}") };
        if self.packages.get().is_none() {
            // Here and not before the first frame: cargo takes its time.
            let packages = packages_of(self.common.manifest_path.as_deref())?;
            // It is empty: files are loaded once.
            let _ = self.packages.set(packages);
        }
        let path = self.chosen.get_or_init(|| subject.path.clone());
        self.read_all(path, Detail::Plain)
    }

    fn read_code(&self) -> Result<Shared, String> {
        let read = || -> Result<Shared> {
            let Some(path) = self.chosen.get() else { bail!("no file was read yet") };
            let shared = self.read_all(path, Detail::Code)?;
            has_code(path, &shared.new.model)?;
            Ok(shared)
        };
        read().map_err(in_words)
    }

    fn tree(&self, model: &Model, question: &Question) -> Result<Tree, String> {
        let find = || self.or_locked(self.wanted()?.find(model, self.embedded()));
        let listing = self.listing.get_or_init(|| find().map_err(in_words)).as_ref()?;
        let (answer, report) = tree::ask(model, listing, question);
        Ok(Tree { answer, report })
    }

    fn duplicates(&self, model: &Model, options: DuplicatesOptions) -> Result<DuplicatesReport, String> {
        let search = |input: &Input| {
            let found = |image: &format::Image<'_>| attrib::duplicates(input, image, model);
            format::read_with(input, &self.search, found).map_err(|e| in_words(super::explain(e)))
        };
        // A snapshot has no bytes to compare.
        let found = match self.slot(Side::New).get() {
            Some(input) => Some(self.found.get_or_init(|| search(input)).as_ref()?),
            None => None,
        };
        let stated = || match self.wanted()?.stated(&model.facts, self.embedded()).transpose() {
            Some(listing) => self.or_locked(listing).map(Some),
            None => Ok(None),
        };
        let listing = self.stated.get_or_init(|| stated().map_err(in_words)).as_ref()?;
        Ok(duplicates::ask(model, found, listing.as_ref(), options))
    }

    fn bytes(&self, side: Side, start: u64, len: usize) -> Option<Vec<u8>> {
        let input = self.slot(side).get()?;
        let start = usize::try_from(start).ok()?;
        let rest = input.bytes().get(start..)?;
        rest.get(..len.min(rest.len())).map(<[u8]>::to_vec)
    }

    fn has_claims(&self, side: Side) -> bool {
        self.slot(side).get().is_some()
    }

    fn reasons(&self, side: Side, pos: u64) -> Option<Reasons> {
        let input = self.slot(side).get()?;
        let packages = self.packages();
        let ask = |image: &format::Image<'_>| attrib::reasons(input, image, packages, pos);
        format::read_with(input, &self.search, ask).ok()
    }
}
