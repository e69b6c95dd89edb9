//! What a command is about: a binary, or a snapshot of one. The first bytes tell which.

use std::path::Path;

use anyhow::Result;

use super::args::CommonArgs;
use super::commands::{diagnostics, open};
use super::error::CliError;
use crate::format::{Detail, Image};
use crate::input::Input;
use crate::input::companion::Search;
use crate::model::view::Dim;
use crate::model::{Contents, Duplicates, Holds, LineId, Model};
use crate::parallel;
use crate::project::Packages;
use crate::snapshot::{self, Snapshot};
use crate::timing::phase;
use crate::{attrib, format};

/// A file that was read.
pub(super) enum Subject<T> {
    /// It was analysed.
    Binary {
        /// What the analysis says.
        model: Model,
        /// What else was asked for.
        also: T,
    },
    /// It was analysed before.
    Snapshot(Snapshot),
}

/// One of two files to compare.
pub(super) struct Side<'i> {
    /// What the analysis says.
    pub model: Model,
    /// Knows what its symbols hold.
    pub contents: Box<dyn Holds + Send + 'i>,
}

/// Reads a file; if it is a binary, `packages` may be in it, and `search` says where its debug information may be.
/// Without packages nobody asks whose its bytes are.
fn read<T>(
    input: &Input,
    packages: Option<&Packages>,
    search: &Search,
    detail: Detail,
    also: impl FnOnce(&Image<'_>, &Model) -> T,
) -> Result<Subject<T>> {
    if snapshot::is_parquet(input.bytes()) {
        let read = phase("snapshot", || snapshot::read(input)).map_err(super::explain)?;
        return Ok(Subject::Snapshot(read));
    }
    let read = format::read_detailed_with(input, search, detail, |image| {
        let model = match packages {
            Some(packages) => attrib::attribute(input, image, packages),
            None => attrib::places(input, image),
        };
        let also = also(image, &model);
        Subject::Binary { model, also }
    });
    read.map_err(super::explain)
}

/// Reads a file, whichever it is.
pub(super) fn load(
    path: &Path,
    packages: &Packages,
    search: &Search,
    common: &CommonArgs,
) -> Result<Subject<()>> {
    read(&open(path, common)?, Some(packages), search, Detail::Plain, |_, _| ())
}

/// The same with the list of packages that a binary holds itself, as JSON.
pub(super) fn listed(
    path: &Path,
    packages: &Packages,
    search: &Search,
    common: &CommonArgs,
) -> Result<(Model, Option<Vec<u8>>)> {
    let list = |image: &Image<'_>, _: &Model| image.header.packages.clone();
    Ok(match read(&open(path, common)?, Some(packages), search, Detail::Plain, list)? {
        Subject::Binary { model, also } => (model, also),
        Subject::Snapshot(Snapshot { model, .. }) => (model, None),
    })
}

/// The model of a binary with what `dims` ask for: where its instructions come from, and whose bytes are.
///
/// *Errors*: they do, and it is a snapshot, or has nothing that could tell.
pub(super) fn model_for(
    path: &Path,
    packages: &Packages,
    search: &Search,
    common: &CommonArgs,
    dims: &[Dim],
) -> Result<Model> {
    let packages = asks_for_owners(dims).then_some(packages);
    let model = match read(&open(path, common)?, packages, search, detail_for(dims), |_, _| ())? {
        Subject::Binary { model, .. } | Subject::Snapshot(Snapshot { model, .. }) => model,
    };
    tells(path, &model, dims, common)?;
    Ok(model)
}

/// Whether owners have a part in an answer about `dims`, as they have in an overview.
fn asks_for_owners(dims: &[Dim]) -> bool {
    dims.is_empty() || !dims.iter().all(|dim| dim.is_place())
}

/// What has to be read of a file to tell of `dims`.
fn detail_for(dims: &[Dim]) -> Detail {
    let functions = dims.contains(&Dim::Inlined);
    let lines = dims.contains(&Dim::File) || dims.contains(&Dim::Line);
    match (functions, lines) {
        (false, false) => Detail::Plain,
        (true, false) => Detail::Functions,
        (false, true) => Detail::Lines,
        (true, true) => Detail::Code,
    }
}

/// Whether a model says where instructions come from, as far as `dims` ask for that.
///
/// *Errors*: it does not, and why; what could not be read, which may be the reason, is said before.
fn tells(path: &Path, model: &Model, dims: &[Dim], common: &CommonArgs) -> Result<()> {
    for &dim in dims.iter().filter(|dim| dim.is_of_code()) {
        // A binary that was read for it has tables, be they empty.
        let Some(code) = &model.code else { return Err(snapshot_of_code(path, dim)) };
        let is_known = match dim {
            Dim::Inlined => !code.frames.is_empty(),
            // Entries name the lines of calls, where no code need be of any line.
            _ => model.leaves.iter().any(|leaf| leaf.line != LineId::NONE),
        };
        if !is_known {
            diagnostics(model, common);
            return Err(unknown_code(path, model, dim));
        }
    }
    Ok(())
}

/// Whether a model says where instructions come from.
///
/// *Errors*: it does not, and why.
#[cfg(feature = "tui")]
pub(super) fn has_code(path: &Path, model: &Model) -> Result<()> {
    match &model.code {
        Some(code) if !(code.frames.is_empty() && code.lines.is_empty()) => Ok(()),
        Some(_) => Err(unknown_code(path, model, Dim::Line)),
        None => Err(snapshot_of_code(path, Dim::Line)),
    }
}

fn snapshot_of_code(path: &Path, dim: Dim) -> anyhow::Error {
    let message = format!("`{}` is a snapshot, which says nothing of `{}`", path.display(), dim.as_str());
    CliError::new(message).with_hint("pass the binary that it was made of").into()
}

/// Why a binary cannot be shown by a dimension of its code, and what to do about it.
fn unknown_code(path: &Path, model: &Model, dim: Dim) -> anyhow::Error {
    let (path, what) =
        (path.display(), if dim == Dim::Inlined { "inlined functions" } else { "lines of source" });
    let message = match model.facts.debug_info.as_deref() {
        None => format!("`{path}` has no debug information, which alone tells of {what}"),
        Some(_) => format!("the debug information of `{path}` says nothing of {what}"),
    };
    let hint = match model.facts.debug_info.as_deref() {
        Some("pdb") => "link with a full database (/DEBUG:FULL) that is not stripped (/PDBSTRIPPED)",
        _ => {
            "build with `debug = \"line-tables-only\"` in the profile of Cargo.toml, or with -g1 for C: that is \
             enough. If it was separated or split, name its files with --debug-file. Without any, `--by crate,symbol` \
             is the next best, for flame graphs too"
        }
    };
    CliError::new(message).with_hint(hint).into()
}

/// The model of a file, whichever it is.
pub(super) fn model(path: &Path, packages: &Packages, search: &Search, common: &CommonArgs) -> Result<Model> {
    Ok(match load(path, packages, search, common)? {
        Subject::Binary { model, .. } | Subject::Snapshot(Snapshot { model, .. }) => model,
    })
}

/// The model of a file with what it holds more than once, which of a snapshot nobody knows.
pub(super) fn with_duplicates(
    path: &Path,
    packages: &Packages,
    search: &Search,
    common: &CommonArgs,
) -> Result<(Model, Option<Duplicates>)> {
    let input = open(path, common)?;
    let duplicates = |image: &Image<'_>, model: &Model| attrib::duplicates(&input, image, model);
    Ok(match read(&input, Some(packages), search, Detail::Plain, duplicates)? {
        Subject::Binary { model, also } => (model, Some(also)),
        Subject::Snapshot(Snapshot { model, .. }) => (model, None),
    })
}

/// The model of a file with what all its symbols hold, whichever it is.
pub(super) fn with_contents(
    path: &Path,
    packages: &Packages,
    search: &Search,
    common: &CommonArgs,
) -> Result<(Model, Contents)> {
    let input = open(path, common)?;
    let contents =
        |image: &Image<'_>, model: &Model| phase("contents", || attrib::contents(&input, image, model));
    Ok(match read(&input, Some(packages), search, Detail::Plain, contents)? {
        Subject::Binary { model, also } => (model, also),
        Subject::Snapshot(Snapshot { model, contents }) => (model, contents),
    })
}

/// Reads two files, at once if there is more than one processor; with where their instructions come from, if `dims` ask
/// for that.
///
/// One after the other if times of phases are wanted, which would say little otherwise.
///
/// *Errors*: one of them cannot be read, or does not say what is asked for.
pub(super) fn two<'i>(
    files: [&'i Input; 2],
    packages: &Packages,
    search: &Search,
    common: &CommonArgs,
    dims: &[Dim],
) -> Result<[Side<'i>; 2]> {
    let side = |input: &'i Input| -> Result<Side<'i>> {
        let unread = |image: &Image<'_>, _: &Model| attrib::Unread::new(input, image);
        let side = match read(input, Some(packages), search, detail_for(dims), unread)? {
            Subject::Binary { model, also } => Side { model, contents: Box::new(also) },
            Subject::Snapshot(Snapshot { model, contents }) => Side { model, contents: Box::new(contents) },
        };
        tells(input.path(), &side.model, dims, common)?;
        Ok(side)
    };
    let [old, new] = files;
    if common.timings {
        return Ok([side(old)?, side(new)?]);
    }
    let (old, new) = parallel::join(|| side(old), || side(new));
    Ok([old?, new?])
}
