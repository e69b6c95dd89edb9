//! A model as one small Parquet file, and back again.
//!
//! A snapshot has one row per owner: leaves that differ in nothing but their place are
//! summed. That is all a later comparison needs, and what a query over a thousand builds
//! needs too. Knows models and Parquet; knows no format of binaries and never sees their bytes.
//!
//! `docs/fleet.md` lists the columns.

mod columns;
mod cursor;
mod decode;
mod encode;
mod facts;
mod pages;
mod read;
mod rows;
mod seal;
mod write;

pub use read::read;
pub use seal::{Damage, is_parquet};
pub use write::{ledger, save};

use crate::model::{Contents, Model};

/// What a snapshot holds.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The model. Its leaves are the rows laid one behind another, so positions mean nothing.
    pub model: Model,
    /// What its symbols held.
    pub contents: Contents,
}
