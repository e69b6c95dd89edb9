//! Places in source that panics name, found in the data of stripped programs.
//!
//! `core::panic::Location` is a pointer to a path, its length, a line and a
//! column. Its paths name packages and versions and survive stripping. They are
//! weak evidence for functions: inlined code brings its own locations along.

use crate::format::{Endian, Image};
use crate::kind::Kind;

/// A record of a place in source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Location<'f> {
    /// Position of the record.
    pub pos: u64,
    /// Path of the source file.
    pub path: &'f str,
}

/// Longest path worth believing.
const LONGEST: u64 = 1024;

/// Finds all records, in order of position.
///
/// *Cost*: linear in the number of pointers.
pub(super) fn read<'f>(image: &Image<'_>, bytes: &'f [u8]) -> Vec<Location<'f>> {
    let mut data: Vec<_> = image
        .sections
        .iter()
        .filter(|s| s.loaded && matches!(s.kind, Kind::Data | Kind::Rodata) && !s.span.is_empty())
        .map(|s| s.span.clone())
        .collect();
    data.sort_by_key(|s| (s.start, s.end));
    let in_data = |pos: u64| {
        let after = data.partition_point(|s| s.start <= pos);
        after.checked_sub(1).and_then(|i| data.get(i)).is_some_and(|s| pos < s.end)
    };
    let mut found: Vec<Location<'f>> = image
        .pointers
        .iter()
        .filter(|p| in_data(p.at))
        .filter_map(|p| {
            let machine = image.machine_at(p.at);
            let word = u64::from(machine.bits / 8);
            let field = |into: u64, size| number(machine.endian, bytes, p.at.checked_add(into)?, size);
            let len = field(word, word)?;
            let line = field(2 * word, 4)?;
            let column = field(2 * word + 4, 4)?;
            let plausible = (4..LONGEST).contains(&len) && (1..1 << 24).contains(&line) && column < 1 << 16;
            let path = bytes.get(p.to as usize..p.to.checked_add(len)? as usize).filter(|_| plausible)?;
            let path = std::str::from_utf8(path).ok().filter(|p| p.ends_with(".rs"))?;
            let printable = path.chars().all(|c| !c.is_control());
            printable.then_some(Location { pos: p.at, path })
        })
        .collect();
    found.sort_by_key(|l| l.pos);
    found.dedup_by_key(|l| l.pos);
    found
}

fn number(endian: Endian, bytes: &[u8], pos: u64, size: u64) -> Option<u64> {
    let start = usize::try_from(pos).ok()?;
    let bytes = bytes.get(start..start.checked_add(size as usize)?)?;
    let fold = |value: u64, &byte: &u8| value << 8 | u64::from(byte);
    Some(match endian {
        Endian::Little => bytes.iter().rev().fold(0, fold),
        Endian::Big => bytes.iter().fold(0, fold),
    })
}
