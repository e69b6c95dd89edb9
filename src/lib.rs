//! Reads a binary and gives every byte of it to exactly one owner.
//!
//! ```no_run
//! # fn main() -> Result<(), bloat::error::Error> {
//! use bloat::model::view::{Dim, View, tree};
//!
//! let input = bloat::input::Input::open("target/release/app".as_ref())?;
//! let model = bloat::analyze(&input)?;
//! let view = View { dims: vec![Dim::Crate], ..View::default() };
//! let answer = tree(&model, &view);
//! for row in &answer.roots {
//!     println!("{:>10} {}", row.sizes.file, answer.keys[0].label(row.key));
//! }
//! # Ok(()) }
//! ```
//!
//! Data flows one way: [`input`] gives bytes, [`mod@format`] reads facts, [`attrib`]
//! decides who owns what, [`model`] holds the answer, [`analysis`] and [`report`] ask it
//! questions, [`render`] writes what they yield. `docs/ARCHITECTURE.md` has the
//! map and the reasons.

pub mod analysis;
pub mod attrib;
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "cli")]
pub mod config;
pub mod error;
pub mod format;
pub mod hash;
pub mod input;
mod intern;
pub mod kind;
pub mod model;
pub mod names;
mod order;
mod parallel;
pub mod partition;
pub mod project;
pub mod render;
pub mod report;
pub mod snapshot;
pub mod timing;
#[cfg(feature = "tui")]
pub mod tui;

pub use intern::{NameId, Names};

/// Reads a binary and works out who owns each of its bytes.
///
/// Separate debug information is read where it lies beside the binary or in the
/// system's folder for it; see [`input::companion`].
///
/// *Errors*: there is no answer at all, see [`error::Error`]. Everything less
/// is in [`model::Model::diagnostics`].
pub fn analyze(input: &input::Input) -> Result<model::Model, error::Error> {
    analyze_with(input, &project::Packages::default(), &input::companion::Search::default())
}

/// The same with a list of packages that may be in the binary, for their versions, and
/// with a say in where separate debug information is.
///
/// *Errors*: as [`analyze`]; also if a file that `search` names does not belong to the binary.
pub fn analyze_with(
    input: &input::Input,
    packages: &project::Packages,
    search: &input::companion::Search,
) -> Result<model::Model, error::Error> {
    analyze_detailed(input, packages, search, format::Detail::Plain)
}

/// The same in as much detail as is asked for: with more than [`format::Detail::Plain`] the model tells
/// also where instructions come from.
///
/// *Errors*: as [`analyze_with`].
pub fn analyze_detailed(
    input: &input::Input,
    packages: &project::Packages,
    search: &input::companion::Search,
    detail: format::Detail,
) -> Result<model::Model, error::Error> {
    format::read_detailed_with(input, search, detail, |image| attrib::attribute(input, image, packages))
}
