//! The answer as plain owned data: leaves, and the rows their ids point to.
//!
//! Knows no file format and no bytes. Everything a report shows is a group-by
//! over the leaves, so every report sums to the file by construction.

mod duplicates;
pub mod filter;
mod groups;
mod inlining;
mod leaves;
mod rows;
pub mod view;

pub use duplicates::{Duplicates, Identical, Piece, PieceForm, Similar};
pub use inlining::Inlining;
pub use leaves::{Leaf, Leaves, Mapping};
pub use rows::{
    Build, CodeRows, CrateId, CrateRow, Evidence, Facts, FrameId, FrameRow, FunctionId, FunctionRow, LineId,
    LineRow, MemberRow, Owner, OwnerId, SectionId, SectionRow, SegmentId, SegmentRow, Source, SymbolId,
    SymbolRow, SymbolSort, UnitId, UnitRow,
};

use crate::error::Diagnostic;
use crate::intern::Names;

/// Bytes in the file and bytes in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord, Hash)]
pub struct Sizes {
    /// Bytes of the file.
    pub file: u64,
    /// Bytes of memory once loaded.
    pub memory: u64,
}

impl std::ops::AddAssign for Sizes {
    fn add_assign(&mut self, other: Sizes) {
        self.file += other.file;
        self.memory += other.memory;
    }
}

/// Knows what symbols hold, as hashes: two builds of one function have the same.
pub trait Holds: std::fmt::Debug + Sync {
    /// The hashes of `symbols` of `model`, in their order; 0 for what has no content of its own.
    fn hashes(&self, model: &Model, symbols: &[SymbolId]) -> Vec<u64>;
}

/// What all symbols hold, as hashes. Made only where a question needs it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Contents {
    /// By [`SymbolId`]; 0 for what has no content of its own.
    pub by_symbol: Vec<u64>,
}

impl Holds for Contents {
    fn hashes(&self, _: &Model, symbols: &[SymbolId]) -> Vec<u64> {
        let hash = |symbol: &SymbolId| self.by_symbol.get(symbol.get()?).copied();
        symbols.iter().map(|symbol| hash(symbol).unwrap_or(0)).collect()
    }
}

/// A table of virtual functions. Listed only where a question needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vtable {
    /// Position of its first byte.
    pub start: u64,
    /// Length in bytes.
    pub len: u64,
    /// The symbol that names it, or none.
    pub symbol: SymbolId,
    /// The drop glue of the type it is for, if it has any and this file has its name.
    pub drop_glue: Option<SymbolId>,
    /// Functions of this file that it leads to, in order.
    pub methods: Vec<SymbolId>,
}

/// A binary, each byte with one owner. Owns everything it needs.
#[derive(Debug, Clone)]
pub struct Model {
    /// The file as a whole.
    pub facts: Facts,
    /// The leaves in order of position.
    pub leaves: Leaves,
    /// Parts with addresses of their own, in order of position: one, unless the file holds several.
    pub members: Vec<MemberRow>,
    /// Loadable segments, by [`SegmentId`].
    pub segments: Vec<SegmentRow>,
    /// Sections and what stands for them outside sections, by [`SectionId`].
    pub sections: Vec<SectionRow>,
    /// Symbols and named structures, by [`SymbolId`]: in order of position, the preferred name first.
    pub symbols: Vec<SymbolRow>,
    /// Units of debug information and files of the symbol table, by [`UnitId`].
    pub units: Vec<UnitRow>,
    /// Crates and named buckets, by [`CrateId`].
    pub crates: Vec<CrateRow>,
    /// Attributions in use, by [`OwnerId`].
    pub owners: Vec<Owner>,
    /// Where instructions come from, if that was asked for.
    pub code: Option<CodeRows>,
    /// Texts of all rows.
    pub names: Names,
    /// What could not be understood.
    pub diagnostics: Vec<Diagnostic>,
}

impl Model {
    /// Size of the file and of its memory image.
    pub fn total(&self) -> Sizes {
        Sizes { file: self.facts.file_size, memory: self.facts.memory_size }
    }

    /// The member of which position `pos` is, if it is of one.
    pub fn member_at(&self, pos: u64) -> Option<&MemberRow> {
        let span = |m: &MemberRow| if pos < self.facts.file_size { m.file.clone() } else { m.zero.clone() };
        let after = self.members.partition_point(|m| span(m).start <= pos);
        self.members.get(after.checked_sub(1)?).filter(|m| span(m).contains(&pos))
    }

    /// The raw name of a symbol; empty for structures without one.
    pub fn mangled(&self, id: SymbolId) -> &str {
        match id.get().and_then(|i| self.symbols.get(i)) {
            Some(row) if row.sort.is_symbol() => self.names.get(row.name),
            _ => "",
        }
    }

    /// The name of a symbol for people: demangled, or in brackets for what is no symbol.
    ///
    /// *Cost*: demangles at every call.
    pub fn symbol_label(&self, id: SymbolId) -> String {
        let Some(row) = id.get().and_then(|i| self.symbols.get(i)) else { return String::new() };
        let name = self.names.get(row.name);
        match row.sort {
            SymbolSort::Structure => format!("[{name}]"),
            SymbolSort::Unnamed if name.is_empty() => {
                format!("[function at {:#x}]", row.address.unwrap_or_default())
            }
            SymbolSort::Unnamed => name.to_string(),
            _ => crate::names::display(row.plain_name(&self.names)),
        }
    }

    /// The generic item that a symbol is a copy of; else as [`Model::symbol_label`].
    ///
    /// *Cost*: parses the name at every call.
    pub fn generic_label(&self, id: SymbolId) -> String {
        match id.get().and_then(|i| self.symbols.get(i)) {
            Some(row) if row.sort.is_symbol() => crate::names::generic(row.plain_name(&self.names)),
            _ => self.symbol_label(id),
        }
    }

    /// The name of a function for people.
    ///
    /// *Cost*: demangles at every call.
    pub fn function_label(&self, id: FunctionId) -> String {
        let row = self.code.as_ref().zip(id.get()).and_then(|(code, i)| code.functions.get(i));
        match row {
            Some(row) if row.is_linkage => crate::names::display(self.names.get(row.name)),
            Some(row) => {
                let name = self.names.get(row.name);
                match self.names.get(row.file) {
                    "" => name.to_string(),
                    _ if name.contains("::") => name.to_string(),
                    file => format!("{name} ({file})"),
                }
            }
            None => String::new(),
        }
    }

    /// The crate that defines a function, as its name or file says: without a version.
    pub fn function_crate(&self, id: FunctionId) -> Option<String> {
        let row = self.code.as_ref()?.functions.get(id.get()?)?;
        if !row.is_linkage {
            return crate::names::source_crate(self.names.get(row.file));
        }
        let told = crate::names::crates(self.names.get(row.name));
        told.defined_in.map(|krate| krate.name.into_owned())
    }

    /// A frame and those it is inlined into, the innermost first.
    pub fn stack(&self, frame: FrameId) -> impl Iterator<Item = &FrameRow> {
        let frames = self.code.as_ref().map_or(&[][..], |code| &code.frames);
        let row = |id: FrameId| id.get().and_then(|i| frames.get(i));
        std::iter::successors(row(frame), move |f| row(f.parent))
    }

    /// The attribution of a leaf.
    pub fn owner(&self, id: OwnerId) -> &Owner {
        &self.owners[id.0 as usize]
    }

    /// Proves that the leaves are what they claim to be.
    ///
    /// *Errors*: a sentence that says which invariant is broken and where.
    /// *Cost*: one pass over the leaves.
    pub fn check(&self) -> Result<(), String> {
        let mut at = 0u64;
        let mut sum = Sizes::default();
        for (index, leaf) in self.leaves.iter().enumerate() {
            if leaf.start != at || leaf.len == 0 {
                return Err(format!(
                    "leaf {index} starts at {} with {} bytes, expected {at}",
                    leaf.start, leaf.len
                ));
            }
            at += leaf.len;
            sum += leaf.sizes();
            let straddles = leaf.start < self.facts.file_size && at > self.facts.file_size;
            if straddles {
                return Err(format!("leaf {index} straddles the end of the file"));
            }
            let known = |id: Option<usize>, len: usize| id.is_none_or(|i| i < len);
            if !known(leaf.section.get(), self.sections.len())
                || !known(leaf.segment.get(), self.segments.len())
                || !known(leaf.symbol.get(), self.symbols.len())
                || !known(leaf.unit.get(), self.units.len())
                || !known(leaf.owner.get(), self.owners.len())
                || !known(leaf.frame.get(), self.code.as_ref().map_or(0, |c| c.frames.len()))
                || !known(leaf.line.get(), self.code.as_ref().map_or(0, |c| c.lines.len()))
            {
                return Err(format!("leaf {index} refers to a row that does not exist"));
            }
        }
        if sum != self.total() {
            return Err(format!("leaves sum to {sum:?}, the file has {:?}", self.total()));
        }
        Ok(())
    }
}
