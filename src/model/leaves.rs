//! The leaf table: one row per run of bytes with one owner in every dimension.

use super::{FrameId, LineId, OwnerId, SectionId, SegmentId, Sizes, SymbolId, UnitId};
use crate::kind::Kind;

/// One run of the line that is loaded into memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mapping {
    /// First position.
    pub pos: u64,
    /// Length in bytes.
    pub len: u64,
    /// Virtual address of the first byte; 0 in an object file, where each section starts at 0.
    pub address: u64,
}

/// A run of bytes with one owner in every dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leaf {
    /// Position on the line: a file offset if it is less than the file size, else memory only.
    pub start: u64,
    /// Length in bytes, at least 1.
    pub len: u64,
    /// What the bytes are for.
    pub kind: Kind,
    /// The segment that loads them, or none.
    pub segment: SegmentId,
    /// The section, or what stands for one.
    pub section: SectionId,
    /// The symbol or structure, or none.
    pub symbol: SymbolId,
    /// The unit, or none.
    pub unit: UnitId,
    /// The attribution to crates.
    pub owner: OwnerId,
    /// The innermost function that the code is of; none if that is not known, or was not asked for.
    pub frame: FrameId,
    /// The line of source that the code is of; none if that is not known, or was not asked for.
    pub line: LineId,
    /// Whether the run's boundaries are computed shares, or its owner is a guess or the choice of a majority.
    pub estimated: bool,
    /// Whether the symbol of the run starts here: counts symbols without counting any twice.
    pub home: bool,
    /// Whether the bytes are in the file.
    pub in_file: bool,
    /// Whether the bytes are in memory.
    pub in_memory: bool,
}

impl Leaf {
    /// What the leaf adds to totals.
    pub fn sizes(&self) -> Sizes {
        Sizes {
            file: if self.in_file { self.len } else { 0 },
            memory: if self.in_memory { self.len } else { 0 },
        }
    }
}

/// What is not known to be code.
const NO_CODE: (FrameId, LineId) = (FrameId::NONE, LineId::NONE);

const ESTIMATED: u8 = 1;
const HOME: u8 = 2;
const IN_FILE: u8 = 4;
const IN_MEMORY: u8 = 8;

/// All leaves, one vector per column. About 32 bytes a leaf.
#[derive(Debug, Clone, Default)]
pub struct Leaves {
    start: Vec<u64>,
    end: u64,
    kind: Vec<Kind>,
    segment: Vec<SegmentId>,
    section: Vec<SectionId>,
    symbol: Vec<SymbolId>,
    unit: Vec<UnitId>,
    owner: Vec<OwnerId>,
    /// Empty unless it was asked where instructions come from.
    code: Vec<(FrameId, LineId)>,
    flags: Vec<u8>,
    mappings: Vec<Mapping>,
}

/// The columns of all leaves.
#[derive(Clone, Copy)]
pub(super) struct Columns<'l> {
    start: &'l [u64],
    end: u64,
    kind: &'l [Kind],
    segment: &'l [SegmentId],
    section: &'l [SectionId],
    symbol: &'l [SymbolId],
    unit: &'l [UnitId],
    owner: &'l [OwnerId],
    code: &'l [(FrameId, LineId)],
    flags: &'l [u8],
}

impl Columns<'_> {
    /// The leaf at `index`; only those of its columns are read that are asked for.
    #[inline(always)]
    pub fn leaf(&self, index: usize) -> Leaf {
        let start = self.start[index];
        let end = self.start.get(index + 1).copied().unwrap_or(self.end);
        let flags = self.flags[index];
        let (frame, line) = self.code.get(index).copied().unwrap_or(NO_CODE);
        Leaf {
            start,
            len: end - start,
            kind: self.kind[index],
            segment: self.segment[index],
            section: self.section[index],
            symbol: self.symbol[index],
            unit: self.unit[index],
            owner: self.owner[index],
            frame,
            line,
            estimated: flags & ESTIMATED != 0,
            home: flags & HOME != 0,
            in_file: flags & IN_FILE != 0,
            in_memory: flags & IN_MEMORY != 0,
        }
    }
}

impl Leaves {
    /// An empty table over a line with these mappings, which must be in order of position.
    pub fn new(mappings: Vec<Mapping>) -> Leaves {
        Leaves { mappings, ..Leaves::default() }
    }

    /// Makes room for so many more leaves.
    pub fn reserve(&mut self, leaves: usize) {
        self.start.reserve(leaves);
        self.kind.reserve(leaves);
        self.segment.reserve(leaves);
        self.section.reserve(leaves);
        self.symbol.reserve(leaves);
        self.unit.reserve(leaves);
        self.owner.reserve(leaves);
        self.flags.reserve(leaves);
    }

    /// Adds the leaf behind the last one; joins it to the last if they differ in nothing.
    pub fn push(&mut self, leaf: Leaf) {
        let flag = |on: bool, bit: u8| if on { bit } else { 0 };
        let flags = flag(leaf.estimated, ESTIMATED)
            | flag(leaf.home, HOME)
            | flag(leaf.in_file, IN_FILE)
            | flag(leaf.in_memory, IN_MEMORY);
        self.end = leaf.start + leaf.len;
        if !leaf.home
            && self.flags.last().is_some_and(|&f| f & !HOME == flags)
            && self.kind.last() == Some(&leaf.kind)
            && self.section.last() == Some(&leaf.section)
            && self.symbol.last() == Some(&leaf.symbol)
            && self.unit.last() == Some(&leaf.unit)
            && self.owner.last() == Some(&leaf.owner)
            && self.segment.last() == Some(&leaf.segment)
            && self.code_at(self.start.len() - 1) == (leaf.frame, leaf.line)
        {
            return;
        }
        self.start.push(leaf.start);
        self.kind.push(leaf.kind);
        self.segment.push(leaf.segment);
        self.section.push(leaf.section);
        self.symbol.push(leaf.symbol);
        self.unit.push(leaf.unit);
        self.owner.push(leaf.owner);
        self.flags.push(flags);
        let code = (leaf.frame, leaf.line);
        if code != NO_CODE || !self.code.is_empty() {
            self.code.resize(self.start.len() - 1, NO_CODE);
            self.code.push(code);
        }
    }

    /// Adds the leaves of a table that lies behind this one. `owners` are those of its owners here.
    ///
    /// *Cost*: that of copying them.
    pub fn append(&mut self, behind: Leaves, owners: &[OwnerId]) {
        let Some(leaf) = (!behind.is_empty()).then(|| behind.get(0)) else { return };
        let owner = |id: OwnerId| owners[id.0 as usize];
        // The first may go on where the last one ends.
        self.push(Leaf { owner: owner(leaf.owner), ..leaf });
        self.start.extend_from_slice(&behind.start[1..]);
        self.kind.extend_from_slice(&behind.kind[1..]);
        self.segment.extend_from_slice(&behind.segment[1..]);
        self.section.extend_from_slice(&behind.section[1..]);
        self.symbol.extend_from_slice(&behind.symbol[1..]);
        self.unit.extend_from_slice(&behind.unit[1..]);
        self.owner.extend(behind.owner[1..].iter().map(|&id| owner(id)));
        self.flags.extend_from_slice(&behind.flags[1..]);
        if !behind.code.is_empty() || !self.code.is_empty() {
            self.code.resize(self.start.len() - (behind.len() - 1), NO_CODE);
            self.code.extend_from_slice(behind.code.get(1..).unwrap_or_default());
            self.code.resize(self.start.len(), NO_CODE);
        }
        self.end = behind.end;
    }

    /// Marks the first leaf of content of each of so many symbols as its home.
    pub fn find_homes(&mut self, symbols: usize) {
        let mut seen = vec![false; symbols];
        for ((flags, kind), symbol) in self.flags.iter_mut().zip(&self.kind).zip(&self.symbol) {
            let Some(seen) = symbol.get().and_then(|i| seen.get_mut(i)) else { continue };
            if kind.is_content() && !std::mem::replace(seen, true) {
                *flags |= HOME;
            }
        }
    }

    fn code_at(&self, index: usize) -> (FrameId, LineId) {
        self.code.get(index).copied().unwrap_or(NO_CODE)
    }

    /// Number of leaves.
    pub fn len(&self) -> usize {
        self.start.len()
    }

    /// Whether there are no leaves.
    pub fn is_empty(&self) -> bool {
        self.start.is_empty()
    }

    /// The leaf at `index`.
    ///
    /// *Panics* if `index` is not less than [`Leaves::len`].
    pub fn get(&self, index: usize) -> Leaf {
        self.columns().leaf(index)
    }

    /// All columns, cut to one length: what is known to be equally long is not asked for each leaf.
    #[inline(always)]
    pub(super) fn columns(&self) -> Columns<'_> {
        let len = self.start.len();
        Columns {
            start: &self.start[..len],
            end: self.end,
            kind: &self.kind[..len],
            segment: &self.segment[..len],
            section: &self.section[..len],
            symbol: &self.symbol[..len],
            unit: &self.unit[..len],
            owner: &self.owner[..len],
            code: &self.code,
            flags: &self.flags[..len],
        }
    }

    /// The leaf that holds position `pos`.
    pub fn at(&self, pos: u64) -> Option<Leaf> {
        let after = self.start.partition_point(|&start| start <= pos);
        let index = after.checked_sub(1).filter(|_| pos < self.end)?;
        Some(self.get(index))
    }

    /// The position of a virtual address, if it is mapped.
    ///
    /// In an object file addresses are offsets into sections and mean no one place.
    pub fn position(&self, address: u64) -> Option<u64> {
        let holds = |m: &&Mapping| address.checked_sub(m.address).is_some_and(|into| into < m.len);
        self.mappings.iter().rev().find(holds).map(|m| m.pos + (address - m.address))
    }

    /// The leaves in order of position.
    pub fn iter(&self) -> impl Iterator<Item = Leaf> + '_ {
        let all = self.columns();
        (0..self.len()).map(move |index| all.leaf(index))
    }

    /// The symbol of each leaf, and whether the symbol starts in it.
    pub fn symbols(&self) -> impl Iterator<Item = (SymbolId, bool)> + '_ {
        self.symbol.iter().zip(&self.flags).map(|(&symbol, &flags)| (symbol, flags & HOME != 0))
    }

    /// The virtual address of position `pos`, if it is mapped; in an object file the offset into its section.
    pub fn address(&self, pos: u64) -> Option<u64> {
        let after = self.mappings.partition_point(|m| m.pos <= pos);
        let m = self.mappings.get(after.checked_sub(1)?)?;
        (pos - m.pos < m.len).then_some(m.address + (pos - m.pos))
    }
}
