//! How many bytes one reader may read of all sections that are for it.
//!
//! Sections of one purpose do not overlap, so together they are no longer than the file. A file that was
//! made up may say that a hundred thousand of them lie in the same bytes; reading them all would take time
//! and memory by the square of its size.

use super::Section;
use super::trouble::Trouble;
use crate::error::Diagnostic;

/// Bytes that a reader may still read.
#[derive(Debug)]
pub(crate) struct Once {
    left: u64,
}

impl Once {
    /// For a file of `len` bytes.
    pub(crate) fn of(len: usize) -> Once {
        Once { left: len as u64 }
    }

    /// Whether `len` more bytes may be read, which then count as read.
    pub(crate) fn may_read(&mut self, len: usize) -> bool {
        let rest = self.left.checked_sub(len as u64);
        self.left = rest.unwrap_or(self.left);
        rest.is_some()
    }

    /// The same for the bytes of a section; if not, that is put on record.
    pub(crate) fn may_read_section(
        &mut self,
        bytes: &[u8],
        section: &Section<'_>,
        trouble: &mut Trouble,
    ) -> bool {
        let may = self.may_read(bytes.len());
        if !may {
            trouble.add("sections-share-bytes", || {
                let text = format!(
                    "section {} is not read: those that are read like it have more bytes than the file",
                    section.name
                );
                let span = &section.span;
                Diagnostic::warning("sections-share-bytes", text).at(span.start).bytes(span.end - span.start)
            });
        }
        may
    }
}
