//! `bloat tui`: hands files to the terminal UI.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use anyhow::Result;
use clap::Args;

use super::args::{CargoArgs, ColorArg, CommonArgs};
use super::build::make;
use super::cargo::Project;
use super::commands::{open, packages_of, prepare, search};
use super::diff::{all_belong, search_for_two};
use super::error::CliError;
use super::output::say;
use crate::attrib::{self, Reasons};
use crate::format;
use crate::input::Input;
use crate::input::companion::Search;
use crate::model::Contents;
use crate::project::Packages;
use crate::snapshot;
use crate::tui::draw::Look;
use crate::tui::table::Side;
use crate::tui::{self, Explored, Shared, Source};

#[derive(Debug, Args)]
pub(super) struct TuiArgs {
    /// The binary or a snapshot of one; without it, the package here is built
    pub file: Option<PathBuf>,

    /// What it was before: shows changes
    #[arg(long, value_name = "OLD")]
    pub against: Option<PathBuf>,

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
    prepare(common)?;
    let (file, project) = match &args.file {
        Some(file) => (file.clone(), None),
        None => built(common).map(|(file, project)| (file, Some(project)))?,
    };
    let manifest = project.as_ref().map(|project| project.manifest_path.clone());
    if [Some(&file), args.against.as_ref()].contains(&Some(&PathBuf::from("-"))) {
        return Err(CliError::new(
            "`bloat tui` reads keys from standard input, so no file can come from there",
        )
        .with_hint("write it to a file first")
        .into());
    }
    // Before the screen is taken over: what is wrong with a path is better said at once.
    open(&file, common)?;
    if let Some(old) = &args.against {
        open(old, common)?;
    }
    let asks_for_none = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
    let color = match common.color {
        ColorArg::Always => true,
        ColorArg::Never => false,
        ColorArg::Auto => !asks_for_none,
    };
    let files = Files {
        new: file,
        old: args.against.clone(),
        manifest: manifest.or_else(|| common.manifest_path.clone()),
        _project: project,
        packages: OnceLock::new(),
        search: if args.against.is_some() { search_for_two(common) } else { search(common) },
        common: common.clone(),
        inputs: [const { OnceLock::new() }; 2],
    };
    tui::run(Arc::new(files), || Box::new(io::stdout()), Look { color })
}

/// Builds the package at hand. Cargo shows its progress on the screen as it was.
fn built(common: &CommonArgs) -> Result<(PathBuf, Project)> {
    let made = make(&CargoArgs::default(), common)?;
    let [first, others @ ..] = made.artifacts.as_slice() else {
        return Err(CliError::new("the package makes nothing to explore").into());
    };
    for other in others {
        say(format_args!("note: there is also {}", other.path.display()));
    }
    Ok((first.path.clone(), made.project))
}

/// The files that are explored, and how they are to be read.
struct Files {
    new: PathBuf,
    old: Option<PathBuf>,
    manifest: Option<PathBuf>,
    /// What was built for this. While it lives there is a lockfile to ask cargo with.
    _project: Option<Project>,
    /// Packages of the manifest, once cargo has been asked.
    packages: OnceLock<Packages>,
    search: Search,
    common: CommonArgs,
    /// The binaries, once they are read; a snapshot has no bytes of its subject.
    inputs: [OnceLock<Input>; 2],
}

impl Files {
    fn slot(&self, side: Side) -> &OnceLock<Input> {
        &self.inputs[usize::from(side == Side::Old)]
    }

    fn packages(&self) -> &Packages {
        self.packages.get_or_init(Packages::default)
    }

    fn read(&self, path: &Path, side: Side) -> Result<Explored> {
        let input = open(path, &self.common)?;
        if snapshot::is_parquet(input.bytes()) {
            let read = snapshot::read(&input).map_err(super::explain)?;
            return Ok(Explored { model: read.model, contents: read.contents, is_snapshot: true });
        }
        let is_compared = self.old.is_some();
        let packages = self.packages();
        let explored = format::read_with(&input, &self.search, |image| {
            let model = attrib::attribute(&input, image, packages);
            let contents =
                if is_compared { attrib::contents(&input, image, &model) } else { Contents::default() };
            Explored { model, contents, is_snapshot: false }
        });
        let explored = explored.map_err(super::explain)?;
        // It is empty: each side is read once.
        let _ = self.slot(side).set(input);
        Ok(explored)
    }
}

impl Source for Files {
    fn path(&self) -> String {
        self.new.to_string_lossy().into_owned()
    }

    fn load(&self) -> Result<Shared> {
        // Here and not before the first frame: cargo takes its time.
        let packages = packages_of(self.manifest.as_deref())?;
        // It is empty: files are loaded once.
        let _ = self.packages.set(packages);
        let baseline = self.old.as_deref().map(|old| self.read(old, Side::Old)).transpose()?;
        let new = self.read(&self.new, Side::New)?;
        if let Some(old) = &baseline {
            all_belong(&self.search, &old.model, &new.model)?;
        }
        Ok(Shared { new, baseline })
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
