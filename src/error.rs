//! What can stop an analysis, and what merely goes on record.
//!
//! Two different things on purpose. An [`Error`] means there is no answer. A
//! [`Diagnostic`] means one part of the file could not be understood: its bytes
//! keep a fallback owner and everything else is still answered.

use std::borrow::Cow;
use std::io;
use std::path::PathBuf;

/// Why there is no answer at all.
///
/// Only what a caller may want to branch on; the details are in the sources.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The input could not be opened or read.
    #[error("failed to read `{}`", path.display())]
    Open {
        /// The path as given by the caller.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The input is of no format this library reads.
    #[error("`{}` is not a binary this version reads", path.display())]
    UnknownFormat {
        /// The path as given by the caller.
        path: PathBuf,
        /// What the first bytes look like, in words.
        found: Cow<'static, str>,
    },
    /// The format was recognised, but no structure could be read behind its magic number.
    #[error("failed to read the structure of `{}`", path.display())]
    Malformed {
        /// The path as given by the caller.
        path: PathBuf,
        /// Which structure, and what is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A file that was named as having debug information has none of this binary.
    #[error("`{}` does not belong to `{}`: {why}", path.display(), of.display())]
    Unrelated {
        /// The path as given by the caller.
        path: PathBuf,
        /// The path of the binary.
        of: PathBuf,
        /// How that is known.
        why: String,
    },
    /// A snapshot that is damaged, of another version, or something else altogether.
    #[error("failed to read the snapshot `{}`", path.display())]
    Snapshot {
        /// The path as given by the caller.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// How much a [`Diagnostic`] matters to a reader of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Nothing is wrong; the report can say less than it could elsewhere.
    Note,
    /// Part of the file could not be read as its format says.
    Warning,
}

impl Severity {
    /// The word used in text and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
        }
    }
}

/// A part of the file that could not be understood, and what that cost.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Diagnostic {
    /// How much it matters.
    pub severity: Severity,
    /// A stable identifier such as `section-out-of-file`.
    pub code: Cow<'static, str>,
    /// One sentence without a full stop, naming the thing and the place.
    pub message: String,
    /// Where in the file, as a file offset in bytes, when there is such a place.
    pub offset: Option<u64>,
    /// How many bytes of the file are concerned, when that is known.
    pub bytes: Option<u64>,
}

impl Diagnostic {
    /// Something is wrong with the file.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            severity: Severity::Warning,
            code: code.into(),
            message: message.into(),
            offset: None,
            bytes: None,
        }
    }

    /// Nothing is wrong, but the reader should know.
    pub fn note(code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            severity: Severity::Note,
            code: code.into(),
            message: message.into(),
            offset: None,
            bytes: None,
        }
    }

    /// The same with the file offset it concerns.
    pub fn at(mut self, offset: u64) -> Diagnostic {
        self.offset = Some(offset);
        self
    }

    /// The same with the number of bytes it concerns.
    pub fn bytes(mut self, bytes: u64) -> Diagnostic {
        self.bytes = Some(bytes);
        self
    }
}
