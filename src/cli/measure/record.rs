//! What is remembered of a variant between two runs.

use std::fs;
use std::path::Path;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::compress::Compressed;
use crate::cli::error::CliError;

/// What cannot be learnt from an artifact that is still fresh.
///
/// It is about one content. Whether that is still what the sources make is cargo's to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    /// Hash of the artifact.
    pub content: u64,
    /// How long cargo took.
    pub milliseconds: u64,
    /// Crates that were compiled.
    pub compiled: u64,
    /// Crates that had been built before.
    pub reused: u64,
    /// Compressed sizes, if they were asked for.
    pub compressed: Option<Compressed>,
}

const NAME: &str = "record.json";

impl Record {
    /// What is known of a variant. What cannot be read is not known.
    pub fn read(folder: &Path) -> Option<Record> {
        serde_json::from_slice(&fs::read(folder.join(NAME)).ok()?).ok()
    }

    pub fn write(&self, folder: &Path) -> Result<()> {
        let text = serde_json::to_string(self)?;
        fs::write(folder.join(NAME), text).map_err(|error| {
            let message = format!("failed to note what was measured in `{}`", folder.display());
            CliError::new(message)
                .with_hint("`--scratch PATH` names another folder")
                .with_source(error)
                .into()
        })
    }
}
