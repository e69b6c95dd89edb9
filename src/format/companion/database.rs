//! Program databases (PDB) among the files apart.
//!
//! A database is a container of streams that have to be put together before facts
//! can borrow from them, so each file is looked at as soon as it is opened.

use crate::format::pdb::{self, Database, Refused};
use crate::format::{Detail, Format, Image};
use crate::input::Input;
use crate::input::companion::{Companion, Origin};

/// A file apart, ready to be read.
pub(super) struct Opened {
    /// Its bytes.
    pub input: Input,
    /// Who says that it belongs to the binary.
    pub origin: Origin,
    /// What it holds if it is a database.
    pub database: Option<Result<Database, Refused>>,
}

/// Looks at files for `image`. A database of another build is not unpacked.
pub(super) fn open(files: Vec<Companion>, image: &Image<'_>, detail: Detail) -> Vec<Opened> {
    let open = |Companion { input, origin }| {
        let database = || Database::open(input.bytes(), image.header.build_id.as_deref(), detail);
        Opened { database: pdb::is_database(input.bytes()).then(database), input, origin }
    };
    files.into_iter().map(open).collect()
}

/// Adds what a database says to the facts of `image`.
///
/// *Errors*: it is not of `image`, or cannot be read; in words.
pub(super) fn read<'data>(
    image: &mut Image<'data>,
    database: &'data Result<Database, Refused>,
) -> Result<(), String> {
    let database = database.as_ref().map_err(|refused| refused.to_string())?;
    if image.header.format != Format::Pe || image.line.is_relocatable() {
        return Err("it is a program database, and the binary is no program of Windows".to_string());
    }
    if image.header.build_id.is_none() {
        return Err(format!("its id is {}, and the binary has none", database.id()));
    }
    pdb::adopt(image, database);
    Ok(())
}
