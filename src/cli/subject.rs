//! What a command is about: a binary, or a snapshot of one. The first bytes tell which.

use std::path::Path;

use anyhow::Result;

use super::args::CommonArgs;
use super::commands::open;
use crate::format::Image;
use crate::input::Input;
use crate::input::companion::Search;
use crate::model::{Contents, Holds, Model};
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
fn read<T>(
    input: &Input,
    packages: &Packages,
    search: &Search,
    also: impl FnOnce(&Image<'_>, &Model) -> T,
) -> Result<Subject<T>> {
    if snapshot::is_parquet(input.bytes()) {
        let read = phase("snapshot", || snapshot::read(input)).map_err(super::explain)?;
        return Ok(Subject::Snapshot(read));
    }
    let read = format::read_with(input, search, |image| {
        let model = attrib::attribute(input, image, packages);
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
    read(&open(path, common)?, packages, search, |_, _| ())
}

/// The same with the list of packages that a binary holds itself, as JSON.
pub(super) fn listed(
    path: &Path,
    packages: &Packages,
    search: &Search,
    common: &CommonArgs,
) -> Result<(Model, Option<Vec<u8>>)> {
    let list = |image: &Image<'_>, _: &Model| image.header.packages.clone();
    Ok(match read(&open(path, common)?, packages, search, list)? {
        Subject::Binary { model, also } => (model, also),
        Subject::Snapshot(Snapshot { model, .. }) => (model, None),
    })
}

/// The model of a file, whichever it is.
pub(super) fn model(path: &Path, packages: &Packages, search: &Search, common: &CommonArgs) -> Result<Model> {
    Ok(match load(path, packages, search, common)? {
        Subject::Binary { model, .. } | Subject::Snapshot(Snapshot { model, .. }) => model,
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
    Ok(match read(&input, packages, search, contents)? {
        Subject::Binary { model, also } => (model, also),
        Subject::Snapshot(Snapshot { model, contents }) => (model, contents),
    })
}

/// Reads two files, at once if there is more than one processor.
///
/// One after the other if times of phases are wanted, which would say little otherwise.
pub(super) fn two<'i>(
    files: [&'i Input; 2],
    packages: &Packages,
    search: &Search,
    common: &CommonArgs,
) -> Result<[Side<'i>; 2]> {
    let side = |input: &'i Input| -> Result<Side<'i>> {
        Ok(match read(input, packages, search, |image, _| attrib::Unread::new(input, image))? {
            Subject::Binary { model, also } => Side { model, contents: Box::new(also) },
            Subject::Snapshot(Snapshot { model, contents }) => Side { model, contents: Box::new(contents) },
        })
    };
    let [old, new] = files;
    if common.timings {
        return Ok([side(old)?, side(new)?]);
    }
    let (old, new) = rayon::join(|| side(old), || side(new));
    Ok([old?, new?])
}
