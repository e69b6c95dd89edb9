//! The sequence of sections that modules and components are.
//!
//! Core specification, 5.5.2: a number, a length, the contents. Contents of
//! custom sections start with a name.

use std::ops::Range;

use super::{Reader, reader};
use crate::error::Diagnostic;
use crate::format::trouble::Trouble;

/// A section as it lies in the file.
#[derive(Debug, Clone)]
pub(super) struct Found<'data> {
    /// What kind of section it is.
    pub id: u8,
    /// Name of a custom section; empty otherwise.
    pub name: &'data [u8],
    /// Its number, length and, if it is a custom section, its name.
    pub header: Range<u64>,
    /// What follows the header.
    pub contents: Range<u64>,
}

impl Found<'_> {
    /// Whether it is the custom section of this name.
    pub fn is_custom(&self, name: &[u8]) -> bool {
        self.id == 0 && self.name == name
    }

    pub fn len(&self) -> u64 {
        self.contents.end - self.header.start
    }
}

/// Length of the magic number, version and layer that sections follow.
pub(super) const PREAMBLE: u64 = 8;

/// Finds the sections between `span.start` and `span.end` of a file.
///
/// One that states more bytes than there are is read as far as it goes.
pub(super) fn find<'data>(bytes: &'data [u8], span: Range<u64>, trouble: &mut Trouble) -> Vec<Found<'data>> {
    let mut sections = Vec::new();
    let Some(mut c) = reader(bytes, span.clone()) else { return sections };
    while !c.is_at_end() {
        let start = c.at();
        let (Some(id), Some(len)) = (c.u8(), c.uleb()) else {
            let text = "the header of a section is cut off, or its length is no number of 64 bits";
            trouble.add("wasm-section-header", || {
                let bytes = span.end.saturating_sub(start);
                Diagnostic::warning("wasm-section-header", text).at(start).bytes(bytes)
            });
            break;
        };
        let left = span.end.saturating_sub(c.at());
        if len > left {
            trouble.add("section-out-of-file", || {
                let text = format!("section {id} states {len} bytes, of which {left} are there");
                Diagnostic::warning("section-out-of-file", text).at(start).bytes(left)
            });
        }
        let end = c.at() + len.min(left);
        let mut header = start..c.at();
        let mut name: &[u8] = &[];
        if id == 0 {
            let mut inner = c.until(end);
            match inner.uleb().and_then(|len| inner.take(len)) {
                Some(text) => {
                    name = text;
                    header.end = inner.at();
                }
                None => trouble.add("wasm-custom-name", || {
                    let text = "the name of a custom section is longer than the section";
                    Diagnostic::warning("wasm-custom-name", text).at(start)
                }),
            }
        }
        sections.push(Found { id, name, contents: header.end..end, header });
        let Some(next) = c.from(end) else { break };
        c = next;
    }
    sections
}

/// Reads `name`: a length and so many bytes.
pub(super) fn name<'data>(c: &mut Reader<'data>) -> Option<&'data [u8]> {
    let len = c.uleb()?;
    c.take(len)
}
