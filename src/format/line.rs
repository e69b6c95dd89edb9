//! The line of positions: every byte the report speaks of, in one numbering.
//!
//! A `Pos` is a `u64`. `0..file_len` are file offsets. Behind the end of the
//! file lie the bytes that exist in memory only: zero-fill (`.bss`, segment
//! tails) and, in odd files, what a second segment maps again. So one partition
//! of the line gives both totals: the file size and the memory size.
//!
//! Addresses are translated here and nowhere else. A file of several members (an
//! archive, a universal binary) has one line but several address spaces, one a
//! member: there, an address means something only together with a position whose
//! space it is of.

use crate::order::Arrange;
use std::ops::Range;

/// One run of memory and where its bytes lie on the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mapping {
    /// Virtual address of the first byte.
    pub address: u64,
    /// Length in bytes.
    pub len: u64,
    /// Position of the first byte on the line.
    pub pos: u64,
    /// Index into `Image::segments`.
    pub segment: u32,
    /// Which address space it is of.
    pub space: u32,
}

/// What is to be laid on the line: one loadable segment, or one loaded section of an object file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Load {
    /// Index into `Image::segments`, or `u32::MAX`.
    pub segment: u32,
    /// Virtual address; `None` in an object file, whose sections have no place in memory yet.
    pub address: Option<u64>,
    /// Length in memory.
    pub len: u64,
    /// The bytes of the file that fill its start.
    pub file: Range<u64>,
}

/// How a [`Load`] fared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Laid {
    /// It is on the line.
    Done {
        /// Bytes of the file that another load has as well.
        twice: u64,
        /// Where its zero-fill lies.
        zero: Range<u64>,
    },
    /// It is too large to be meant, and was left out.
    Absurd,
}

/// The line, and how addresses lie on it.
///
/// Invariant: mappings do not overlap on the line; their lengths sum to `memory_len`.
#[derive(Debug, Clone, Default)]
pub struct Line {
    file_len: u64,
    len: u64,
    memory_len: u64,
    /// By space: whether addresses are positions.
    relocatable: Vec<bool>,
    by_pos: Vec<Mapping>,
    by_address: Vec<Mapping>,
}

/// The most bytes the memory-only part of a line may have.
///
/// Far beyond any address space in use, far below where sums could overflow.
const MEMORY_LIMIT: u64 = 1 << 60;

impl Line {
    /// Lays a file of `file_len` bytes and all its loads on a line.
    ///
    /// File bytes that two loads share belong to the one that starts first (ties:
    /// the earlier in `loads`); the other gets memory-only positions for them, so
    /// the memory total holds. Bytes that should come from beyond the end of the
    /// file become memory-only too. In a `relocatable` file addresses are
    /// positions: its sections all start at address 0, and a position tells them
    /// apart.
    ///
    /// *Cost*: O(n log n) in the number of loads.
    pub fn lay(file_len: u64, relocatable: bool, loads: &[Load]) -> (Line, Vec<Laid>) {
        let mut line = Line { file_len, len: file_len, relocatable: vec![relocatable], ..Line::default() };
        let mut order: Vec<usize> = (0..loads.len()).collect();
        order.arrange_by_key(|&i| (loads[i].file.start, i));
        let mut laid = vec![Laid::Absurd; loads.len()];
        let mut high = 0u64;
        for i in order {
            let load = &loads[i];
            let total = line.memory_len.checked_add(load.len);
            let ends = load.address.unwrap_or(0).checked_add(load.len);
            if total.is_none_or(|t| t > MEMORY_LIMIT) || ends.is_none() {
                continue;
            }
            let start = load.file.start.min(file_len);
            let end = load.file.end.clamp(start, file_len).min(start.saturating_add(load.len));
            // Sorted by start, so what is taken behind `start` is one run.
            let twice = high.clamp(start, end) - start;
            line.append(load, 0, twice);
            line.insert(load, twice, start + twice, end - start - twice);
            let zero = line.len;
            line.append(load, end - start, load.len - (end - start));
            high = high.max(end);
            laid[i] = Laid::Done { twice, zero: zero..line.len };
        }
        line.sort();
        (line, laid)
    }

    /// Joins lines of the members of a file of `file_len` bytes.
    ///
    /// Members must be in order of offset, must not overlap, and must fit: see
    /// [`Line::fits`]. Their spaces are numbered on. Returns also where the
    /// memory-only bytes of each member lie now.
    pub(super) fn join(file_len: u64, members: &[Joined<'_>]) -> (Line, Vec<Range<u64>>) {
        let mut line = Line { file_len, len: file_len, ..Line::default() };
        let mut zeros = Vec::with_capacity(members.len());
        for Joined { offset, line: member, segments } in members {
            let shift = Shift { file_len: member.file_len, file: *offset, zero: line.len };
            let space = line.relocatable.len() as u32;
            line.by_pos.extend(member.by_pos.iter().map(|m| Mapping {
                pos: shift.pos(m.pos),
                address: if member.is_position(m) { shift.pos(m.address) } else { m.address },
                segment: m.segment.saturating_add(*segments),
                space: m.space + space,
                ..*m
            }));
            line.relocatable.extend_from_slice(&member.relocatable);
            line.memory_len += member.memory_len;
            let start = line.len;
            line.len += member.len - member.file_len;
            zeros.push(start..line.len);
        }
        line.sort();
        (line, zeros)
    }

    /// Whether a line can take `other` in without being too long to be meant.
    pub(super) fn fits(memory_so_far: u64, other: &Line) -> bool {
        let more = (other.len - other.file_len).max(other.memory_len);
        memory_so_far.checked_add(more).is_some_and(|sum| sum <= MEMORY_LIMIT)
    }

    fn sort(&mut self) {
        self.by_pos.arrange_by_key(|m| m.pos);
        self.by_address = self.by_pos.clone();
        self.by_address.arrange_by_key(|m| (m.space, m.address, m.pos));
    }

    fn append(&mut self, load: &Load, into: u64, len: u64) {
        let pos = self.len;
        self.len += len;
        self.insert(load, into, pos, len);
    }

    fn insert(&mut self, load: &Load, into: u64, pos: u64, len: u64) {
        if len > 0 {
            let address = load.address.map_or(pos, |a| a + into);
            self.memory_len += len;
            self.by_pos.push(Mapping { address, len, pos, segment: load.segment, space: 0 });
        }
    }

    /// Size of the file in bytes.
    pub fn file_len(&self) -> u64 {
        self.file_len
    }

    /// Length of the whole line: file bytes, then memory-only bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether the line has no position at all.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes in memory once loaded.
    pub fn memory_len(&self) -> u64 {
        self.memory_len
    }

    /// The mappings in order of position.
    pub fn mappings(&self) -> &[Mapping] {
        &self.by_pos
    }

    /// The mappings in order of space and address. Where they overlap the last one that starts at or
    /// before an address has it.
    pub fn by_address(&self) -> &[Mapping] {
        &self.by_address
    }

    /// The mapping that holds `pos`.
    pub fn mapping_at(&self, pos: u64) -> Option<&Mapping> {
        let after = self.by_pos.partition_point(|m| m.pos <= pos);
        self.by_pos.get(after.checked_sub(1)?).filter(|m| pos - m.pos < m.len)
    }

    /// Where `address` lies on the line of a file that is its only member.
    ///
    /// Where two segments claim one address, the one with the higher start wins.
    pub fn pos(&self, address: u64) -> Option<u64> {
        self.locate(address).map(|(pos, _)| pos)
    }

    /// Where `address` lies, and how many bytes from there on are mapped in one run.
    pub fn locate(&self, address: u64) -> Option<(u64, u64)> {
        self.locate_in(0, address)
    }

    /// Where `address` of one space lies.
    pub fn pos_in(&self, space: u32, address: u64) -> Option<u64> {
        self.locate_in(space, address).map(|(pos, _)| pos)
    }

    /// All addresses of one space lie in this range; empty if there are none.
    pub fn extent(&self, space: u32) -> Range<u64> {
        let first = self.by_address.partition_point(|m| m.space < space);
        let after = self.by_address.partition_point(|m| m.space <= space);
        let of_space = self.by_address.get(first..after).unwrap_or_default();
        let start = of_space.first().map_or(0, |m| m.address);
        start..of_space.iter().map(|m| m.address.saturating_add(m.len)).max().unwrap_or(0)
    }

    /// Where `address` of one space lies, and how many bytes from there on are mapped in one run.
    pub(super) fn locate_in(&self, space: u32, address: u64) -> Option<(u64, u64)> {
        let after = self.by_address.partition_point(|m| (m.space, m.address) <= (space, address));
        let m = self.by_address.get(after.checked_sub(1)?).filter(|m| m.space == space)?;
        let into = address - m.address;
        (into < m.len).then(|| (m.pos + into, m.len - into))
    }

    /// The address of `pos`, when it is mapped and its member has addresses.
    pub fn address(&self, pos: u64) -> Option<u64> {
        self.place(pos).map(|(_, address)| address)
    }

    /// The space and address of `pos`, when it is mapped and its member has addresses.
    pub fn place(&self, pos: u64) -> Option<(u32, u64)> {
        let m = self.mapping_at(pos)?;
        let relocatable = self.relocatable.get(m.space as usize).is_some_and(|&r| r);
        (!relocatable).then(|| (m.space, m.address + (pos - m.pos)))
    }

    /// Whether addresses are positions everywhere, as in an object file.
    pub fn is_relocatable(&self) -> bool {
        self.relocatable.iter().all(|&r| r) && !self.relocatable.is_empty()
    }

    /// Whether the addresses of a mapping are positions.
    pub fn is_position(&self, mapping: &Mapping) -> bool {
        self.relocatable.get(mapping.space as usize).is_some_and(|&r| r)
    }
}

/// A line to be joined to others.
pub(super) struct Joined<'l> {
    /// Offset of the member in the file.
    pub offset: u64,
    /// Its line.
    pub line: &'l Line,
    /// Number of segments in the members before it.
    pub segments: u32,
}

/// Where a position on the line of a member is on the line of the whole file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shift {
    /// Length of the member's file bytes.
    pub file_len: u64,
    /// Offset of the member in the file.
    pub file: u64,
    /// Where its memory-only bytes start on the line of the whole.
    pub zero: u64,
}

impl Shift {
    /// The place of a start, or of any position that is a byte's.
    pub fn pos(self, pos: u64) -> u64 {
        if pos < self.file_len {
            self.file.saturating_add(pos)
        } else {
            self.zero.saturating_add(pos - self.file_len)
        }
    }

    /// The place of a span. An empty one at the end of the file bytes stays there.
    pub fn span(self, span: &Range<u64>) -> Range<u64> {
        let start = match span.is_empty() && span.start == self.file_len {
            true => self.file.saturating_add(span.start),
            false => self.pos(span.start),
        };
        start..start.saturating_add(span.end.saturating_sub(span.start))
    }

    /// The place of a span of memory-only bytes, which may be empty.
    pub fn zero(self, span: &Range<u64>) -> Range<u64> {
        let pos = |p: u64| p.saturating_sub(self.file_len).saturating_add(self.zero);
        pos(span.start)..pos(span.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(segment: u32, address: u64, len: u64, file: Range<u64>) -> Load {
        Load { segment, address: Some(address), len, file }
    }

    #[test]
    fn file_bytes_keep_their_offset_and_zero_fill_follows_the_file() {
        let (line, laid) = Line::lay(100, false, &[load(0, 0x1000, 50, 10..40)]);
        assert_eq!(laid, [Laid::Done { twice: 0, zero: 100..120 }]);
        assert_eq!((line.len(), line.memory_len()), (120, 50));
        assert_eq!(line.pos(0x1000), Some(10));
        assert_eq!(line.pos(0x101d), Some(39));
        assert_eq!(line.pos(0x101e), Some(100));
        assert_eq!(line.pos(0x1031), Some(119));
        assert_eq!(line.pos(0x1032), None);
        assert_eq!(line.address(100), Some(0x101e));
        assert_eq!(line.address(40), None);
    }

    #[test]
    fn bytes_mapped_twice_count_once_in_the_file_and_twice_in_memory() {
        let loads = [load(1, 0x2000, 40, 30..70), load(0, 0x1000, 50, 0..50)];
        let (line, laid) = Line::lay(100, false, &loads);
        assert_eq!(laid, [Laid::Done { twice: 20, zero: 120..120 }, Laid::Done { twice: 0, zero: 100..100 }]);
        assert_eq!((line.len(), line.memory_len()), (120, 90));
        assert_eq!(line.pos(0x2000), Some(100));
        assert_eq!(line.pos(0x2014), Some(50));
    }

    #[test]
    fn absurd_sizes_are_left_out() {
        let loads = [load(0, 0, u64::MAX, 0..100), load(1, u64::MAX, 2, 0..2), load(2, 0, 200, 90..u64::MAX)];
        let (line, laid) = Line::lay(100, false, &loads);
        assert_eq!(laid, [Laid::Absurd, Laid::Absurd, Laid::Done { twice: 0, zero: 100..290 }]);
        assert_eq!((line.len(), line.memory_len()), (290, 200));
    }

    #[test]
    fn an_object_file_has_positions_for_addresses() {
        let load = Load { segment: u32::MAX, address: None, len: 8, file: 64..64 };
        let (line, _) = Line::lay(100, true, &[load]);
        assert_eq!(line.pos(103), Some(103));
        assert_eq!(line.address(103), None);
        assert_eq!(line.memory_len(), 8);
    }

    #[test]
    fn members_keep_their_addresses_in_spaces_of_their_own() {
        let (a, _) = Line::lay(100, false, &[load(0, 0x1000, 50, 10..40)]);
        let object = Load { segment: u32::MAX, address: None, len: 8, file: 60..60 };
        let (b, _) = Line::lay(60, true, &[object]);
        let (line, zeros) = Line::join(
            300,
            &[Joined { offset: 64, line: &a, segments: 0 }, Joined { offset: 200, line: &b, segments: 1 }],
        );
        assert_eq!((line.file_len(), line.len(), line.memory_len()), (300, 328, 58));
        assert_eq!(zeros, [300..320, 320..328]);
        assert_eq!(line.pos_in(0, 0x1000), Some(74));
        assert_eq!(line.pos_in(0, 0x101e), Some(300));
        assert_eq!(line.pos_in(1, 0x1000), None);
        assert_eq!(line.pos_in(1, 323), Some(323));
        assert_eq!(line.place(300), Some((0, 0x101e)));
        assert_eq!(line.place(323), None);
        assert!(!line.is_relocatable());
    }
}
