//! What a project writes down in TOML: budgets and lockfiles.
//!
//! Text to data, and to text again where a number is tightened. Judges nothing, reads no file.

mod budgets;
mod lockfile;
mod toml;

pub use budgets::{Config, read, tightened};
pub use lockfile::{lockfile, lockfile_graph};
pub use toml::ConfigError;
