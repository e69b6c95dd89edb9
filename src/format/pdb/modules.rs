//! The symbol stream of one module: its functions, its data, and who compiled it.

use super::ids::{Build, Ids};
use super::records::{self, Entry, Place, Records};

/// First word of a module's symbols: CodeView of the kind all tools have written since 1998.
const SIGNATURE: u32 = 4;

/// A named thing of a module, or one of the whole program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Thing<'d> {
    pub place: Place,
    /// Size in bytes; 0 if the record states none.
    pub size: u32,
    pub name: &'d [u8],
    pub sort: Sort,
    /// Whether other modules see it.
    pub is_global: bool,
}

/// What a [`Thing`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sort {
    Code,
    Data,
    ThreadLocal,
}

/// What the symbols of a module say.
#[derive(Debug, Default)]
pub(super) struct Symbols<'d> {
    pub things: Vec<Thing<'d>>,
    /// Jumps and pieces of functions: place, size, and what they are of.
    pub pieces: Vec<(Place, u32, Place)>,
    /// CodeView's number of the language.
    pub language: Option<u8>,
    /// The compiler's own words.
    pub compiler: &'d [u8],
    /// Where and from what it was compiled.
    pub build: Build<'d>,
    /// Where the records break off.
    pub broken_at: Option<u64>,
}

/// Reads the symbols of a module.
pub(super) fn read<'d>(bytes: &'d [u8], ids: &Ids<'d>) -> Symbols<'d> {
    let mut out = Symbols::default();
    let signature = bytes.first_chunk::<4>().map(|word| u32::from_le_bytes(*word));
    if signature != Some(SIGNATURE) {
        out.broken_at = signature.map(|_| 0);
        return out;
    }
    let mut records = Records::new(bytes, 4);
    for entry in records.by_ref().filter_map(|(kind, data)| records::entry(kind, data)) {
        match entry {
            Entry::Procedure { place, size, name, is_global } => {
                out.things.push(Thing { place, size, name, sort: Sort::Code, is_global });
            }
            Entry::Data { place, name, is_global, is_thread_local } => {
                let sort = if is_thread_local { Sort::ThreadLocal } else { Sort::Data };
                out.things.push(Thing { place, size: 0, name, sort, is_global });
            }
            Entry::Trampoline { place, size, target } => out.pieces.push((place, size.into(), target)),
            Entry::Separated { place, size, parent } => out.pieces.push((place, size, parent)),
            // Later ones are of tools that worked on the object file afterwards.
            Entry::Compiler { language, version } if out.language.is_none() => {
                out.language = Some(language);
                out.compiler = version;
            }
            Entry::BuildInfo(id) if out.build == Build::default() => {
                out.build = ids.build(id).unwrap_or_default();
            }
            _ => {}
        }
    }
    out.broken_at = records.broken_at();
    out
}
