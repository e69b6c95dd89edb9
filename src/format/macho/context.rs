//! What the readers of tables share: the file with its addresses, symbols by name.

use std::collections::HashMap;
use std::ops::Range;

use super::commands::Commands;
use super::file::File;
use super::tables::Table;
use crate::format::{Charge, Line, Pointer, Section, Symbol, SymbolKind, Target};

/// The file as far as it is known when its tables are read.
pub(super) struct Context<'c, 'data> {
    pub file: &'c File<'data>,
    pub commands: &'c Commands<'data>,
    pub line: &'c Line,
    pub sections: &'c [Section<'data>],
    pub symbols: &'c [Symbol<'data>],
    /// Where the header is loaded: what offsets into the image start from.
    pub base: Option<u64>,
    by_name: HashMap<&'data [u8], u32>,
    /// Numbers of symbols that are marked `REFERENCED_DYNAMICALLY`, sorted.
    marked: &'c [u32],
}

/// What tables say of other bytes.
#[derive(Default)]
pub(super) struct Found {
    pub charges: Vec<Charge>,
    pub pointers: Vec<Pointer>,
}

impl<'c, 'data> Context<'c, 'data> {
    pub fn new(
        file: &'c File<'data>,
        commands: &'c Commands<'data>,
        line: &'c Line,
        sections: &'c [Section<'data>],
        (symbols, marked): (&'c [Symbol<'data>], &'c [u32]),
    ) -> Self {
        let first = commands.segments.iter().find(|s| s.file.start == 0 && s.file.end > 0);
        let base = first.map(|s| s.address).filter(|_| !file.is_object());
        let mut by_name = HashMap::new();
        for (symbol, index) in symbols.iter().zip(0..) {
            let named = symbol.kind != SymbolKind::Other && !symbol.name.is_empty();
            // Local symbols may share a name; nothing refers to them by it.
            if named && (symbol.kind == SymbolKind::Import || !symbol.is_static) {
                by_name.entry(symbol.name).or_insert(index);
            }
        }
        Context { file, commands, line, sections, symbols, base, by_name, marked }
    }

    /// The import or export of a name.
    pub fn named(&self, name: &[u8]) -> Option<Target> {
        self.by_name.get(name).map(|&index| Target::Symbol(index))
    }

    /// The bytes of a table and where they start.
    pub fn table(&self, table: Table) -> Option<(&'data [u8], Range<u64>)> {
        let range = self.commands.table(table)?;
        let range = self.file.clip(range.start, range.end - range.start);
        Some((self.file.bytes(&range), range)).filter(|(bytes, _)| !bytes.is_empty())
    }

    /// Where an offset from the header lies.
    pub fn at_offset(&self, offset: u64) -> Option<u64> {
        self.line.pos(self.base?.checked_add(offset)?)
    }

    /// Where an address of a section lies; in an object file its section is known.
    pub fn place(&self, address: u64, section: usize) -> Option<u64> {
        let section = self.sections.get(section)?;
        let into = address.checked_sub(section.address)?;
        (into <= section.span.end - section.span.start).then(|| section.span.start + into)
    }

    /// Whether the dynamic linker may look a symbol up though nothing in the file refers to it.
    pub fn is_marked(&self, symbol: u32) -> bool {
        self.marked.binary_search(&symbol).is_ok()
    }

    /// The address that is stored at a position of the file.
    pub fn word(&self, pos: u64) -> Option<u64> {
        let size = self.file.address_size();
        let bytes = self.file.bytes(&(pos..pos.checked_add(u64::from(size))?));
        self.file.cursor(bytes).uint(size)
    }

    /// How many pointers there can be in the file.
    pub fn budget(&self) -> u64 {
        self.file.len() / 4
    }
}
