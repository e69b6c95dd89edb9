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
    let word = u64::from(image.header.bits / 8);
    let mut found: Vec<Location<'f>> = image
        .pointers
        .iter()
        .filter(|p| kind_at(image, p.at) == Some(Kind::Data))
        .filter_map(|p| {
            let len = number(image, bytes, p.at + word, word)?;
            let line = number(image, bytes, p.at + 2 * word, 4)?;
            let column = number(image, bytes, p.at + 2 * word + 4, 4)?;
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

fn kind_at(image: &Image<'_>, pos: u64) -> Option<Kind> {
    image.sections.iter().find(|s| s.loaded && s.span.contains(&pos)).map(|s| s.kind)
}

fn number(image: &Image<'_>, bytes: &[u8], pos: u64, size: u64) -> Option<u64> {
    let start = usize::try_from(pos).ok()?;
    let bytes = bytes.get(start..start.checked_add(size as usize)?)?;
    let fold = |value: u64, &byte: &u8| value << 8 | u64::from(byte);
    Some(match image.header.endian {
        Endian::Little => bytes.iter().rev().fold(0, fold),
        Endian::Big => bytes.iter().fold(0, fold),
    })
}
