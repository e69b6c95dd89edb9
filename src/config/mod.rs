//! What a project writes down in TOML: budgets, lockfiles and profiles.
//!
//! Text to data, and to text again where a number is tightened. Judges nothing, reads no file.

mod budgets;
mod lockfile;
pub mod profile;
mod toml;

pub use budgets::{Config, read, tightened};
pub use lockfile::{lockfile, lockfile_graph};
pub use toml::ConfigError;
