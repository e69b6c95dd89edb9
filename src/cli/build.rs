//! `bloat build`, and `bloat` in a Cargo package: builds, then shows what would ship.
//!
//! The build is the package's own, with symbols and line tables kept: a profile named `bloat`
//! that inherits from the one that was asked for.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::args::{CargoArgs, CommonArgs, ViewArgs, ViewFormat};
use super::cargo::{Artifact, Profile, Project, Request, Scratch, Selection, Voice};
use super::commands::{Answer, answer, finish, packages_of, page, prepare, view};
use super::error::CliError;
use super::output::{say, style, write_to};
use crate::config::profile::{Setting, Settings};
use crate::render;
use crate::report::{BuildReport, BuiltArtifact, BuiltFile};

/// Builds, and shows each artifact.
pub(super) fn build(cargo: &CargoArgs, args: &ViewArgs) -> Result<()> {
    let common = &args.common;
    prepare(common)?;
    let view = view(args)?;
    let page = page(&args.page, common)?;
    if cargo.clean {
        let project = Project::open(common.manifest_path.as_deref())?;
        return clean(&project.scratch(cargo.scratch.as_deref())?);
    }
    let Made { project, selection, scratch, artifacts } = make(cargo, common)?;
    let one = match args.format {
        ViewFormat::Csv => Some("CSV is one table"),
        ViewFormat::Folded | ViewFormat::Speedscope => Some("a flame graph is one"),
        ViewFormat::Text | ViewFormat::Json | ViewFormat::Markdown => None,
    };
    if let Some(one) = one.filter(|_| artifacts.len() > 1) {
        let message = format!("{} artifacts were built, and {one}", artifacts.len());
        return Err(CliError::new(message).with_hint(choose(&artifacts)).into());
    }
    // The lockfile is there while the project lives.
    let packages = packages_of(Some(&project.manifest_path))?;
    let mut answers: Vec<(&Artifact, PathBuf, Answer)> = Vec::with_capacity(artifacts.len());
    for artifact in &artifacts {
        let path = as_typed(&artifact.path);
        let (answer, model) = answer(&path, &packages, args, view.as_ref())?;
        answer.say_issues(&model, view.as_ref(), common);
        answers.push((artifact, path, answer));
    }
    let inputs: Vec<&Path> = args.memory.as_deref().into_iter().collect();
    write_to(common.output.as_deref(), &inputs, |out| {
        if args.format == ViewFormat::Json {
            return render::json(&report(&selection, &scratch, &answers), out);
        }
        for (index, (_, _, answer)) in answers.iter().enumerate() {
            if index > 0 {
                writeln!(out)?;
            }
            answer.write(args.format, &style(common), &page, out)?;
        }
        Ok(())
    })?;
    if common.verbose {
        say(format_args!("built in {}; `bloat build --clean` removes it", scratch.root().display()));
    }
    finish(common);
    Ok(())
}

/// What a build made.
pub(super) struct Made {
    /// Of what. While it lives there is a lockfile.
    pub project: Project,
    selection: Selection,
    scratch: Scratch,
    /// The files, at least one.
    pub artifacts: Vec<Artifact>,
}

/// Builds what was asked for, with symbols.
pub(super) fn make(cargo: &CargoArgs, common: &CommonArgs) -> Result<Made> {
    let selection = Selection::of(cargo)?;
    let project = Project::open(common.manifest_path.as_deref())?;
    let scratch = project.scratch(cargo.scratch.as_deref())?;
    scratch.create()?;
    let built = project.build(&Request {
        selection: &selection,
        profile: &with_symbols(&selection),
        last_flags: &[],
        target_directory: &scratch.target(),
        voice: voice(common),
    })?;
    let artifacts = built.map_err(|failed| failed.error)?.artifacts;
    Ok(Made { project, selection, scratch, artifacts })
}

/// How much of a build is shown.
pub(super) fn voice(common: &CommonArgs) -> Voice {
    Voice { quiet: common.quiet, verbose: common.verbose }
}

/// Removes a folder that was built in.
pub(super) fn clean(scratch: &Scratch) -> Result<()> {
    let what = if scratch.remove()? { "removed" } else { "there is no" };
    say(format_args!("{what} {}", scratch.root().display()));
    Ok(())
}

/// The profile that was asked for, with what this tool needs.
///
/// These settings take precedence over the user's own, which may well strip the symbols.
fn with_symbols(selection: &Selection) -> Profile {
    let text = |value: &str| Setting::Text(value.to_string());
    let mut settings = Settings::new();
    settings.insert("debug".into(), text("line-tables-only"));
    settings.insert("strip".into(), text("none"));
    let has_dwarf_apart = |platform: &str| ["apple", "windows"].iter().any(|name| platform.contains(name));
    let apart = match selection.platforms.as_slice() {
        [] => cfg!(any(windows, target_vendor = "apple")),
        platforms => platforms.iter().any(|platform| has_dwarf_apart(platform)),
    };
    if !apart {
        // Keeps DWARF in the file itself. Linkers of Apple and Microsoft systems keep it elsewhere.
        settings.insert("split-debuginfo".into(), text("off"));
    }
    Profile { name: "bloat".into(), inherits: Some(selection.profile().to_string()), settings }
}

/// A path as one would type it.
pub(super) fn as_typed(path: &Path) -> PathBuf {
    let here = std::env::current_dir().ok();
    let short = here.and_then(|here| path.strip_prefix(here).ok().map(Path::to_path_buf));
    short.unwrap_or_else(|| path.to_path_buf())
}

/// How to build only one of several artifacts.
pub(super) fn choose(artifacts: &[Artifact]) -> String {
    let names: Vec<&str> = artifacts.iter().map(|artifact| artifact.target_name.as_str()).collect();
    format!("choose one with `--bin`, `--example`, `--lib` or `--package`: there are {}", names.join(", "))
}

fn report<'a>(
    selection: &'a Selection,
    scratch: &'a Scratch,
    answers: &'a [(&Artifact, PathBuf, Answer)],
) -> BuildReport<'a> {
    let artifacts = answers.iter().filter_map(|(artifact, path, answer)| {
        let report = match answer {
            Answer::Overview(report) => crate::report::BuiltAnswer::Overview(report),
            Answer::Show(report) => crate::report::BuiltAnswer::Show(report),
            // Written in a format of its own.
            Answer::Flame(_) => return None,
        };
        let file = BuiltFile {
            package: artifact.package.clone(),
            version: artifact.version.clone(),
            target: artifact.target_name.clone(),
            kind: artifact.kind.as_str(),
            path: path.display().to_string(),
        };
        Some(BuiltArtifact { file, report })
    });
    BuildReport::new(selection.profile(), scratch.root().display().to_string(), artifacts.collect())
}
