//! What a command is about: a binary, or a snapshot of one. The first bytes tell which.

use std::path::Path;

use anyhow::Result;

use super::args::CommonArgs;
use super::commands::open;
use crate::input::companion::Search;
use crate::model::{Contents, Model};
use crate::project::Packages;
use crate::snapshot::{self, Snapshot};
use crate::timing::phase;
use crate::{attrib, format};

/// A file that was read.
pub(super) enum Subject {
    /// It was analysed.
    Binary {
        /// What the analysis says.
        model: Model,
        /// What its symbols hold, if that was asked for.
        contents: Contents,
    },
    /// It was analysed before.
    Snapshot(Snapshot),
}

/// Reads a file; if it is a binary, `packages` may be in it, and `search` says where its debug information may be.
pub(super) fn load(
    path: &Path,
    packages: &Packages,
    search: &Search,
    common: &CommonArgs,
    with_contents: bool,
) -> Result<Subject> {
    let input = open(path, common)?;
    if snapshot::is_parquet(input.bytes()) {
        let read = phase("snapshot", || snapshot::read(&input)).map_err(super::explain)?;
        return Ok(Subject::Snapshot(read));
    }
    let read = format::read_with(&input, search, |image| {
        let model = attrib::attribute(&input, image, packages);
        let contents = if with_contents {
            phase("contents", || attrib::contents(&input, image, &model))
        } else {
            Contents::default()
        };
        Subject::Binary { model, contents }
    });
    read.map_err(super::explain)
}

/// The model of a file, whichever it is.
pub(super) fn model(path: &Path, packages: &Packages, search: &Search, common: &CommonArgs) -> Result<Model> {
    Ok(match load(path, packages, search, common, false)? {
        Subject::Binary { model, .. } | Subject::Snapshot(Snapshot { model, .. }) => model,
    })
}

/// The model of a file with what its symbols hold, whichever it is.
pub(super) fn with_contents(
    path: &Path,
    packages: &Packages,
    search: &Search,
    common: &CommonArgs,
) -> Result<(Model, Contents)> {
    Ok(match load(path, packages, search, common, true)? {
        Subject::Binary { model, contents } | Subject::Snapshot(Snapshot { model, contents }) => {
            (model, contents)
        }
    })
}
