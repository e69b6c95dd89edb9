//! Words in data that hold addresses.
//!
//! Linking leaves no relocations behind. But linkers put data above the stack, and
//! Rust's stack takes the first megabyte: a whole word that is the address of a
//! byte of data is next to never anything else.

use super::Module;
use super::data::Data;
use crate::format::{Line, Pointer};

/// Data that starts below has addresses that small numbers could be.
const LOWEST: u64 = 1 << 16;

/// Finds all words of `size` bytes at a multiple of it.
///
/// *Cost*: one look-up for each word within the range of addresses.
pub(super) fn find(module: &Module<'_>, data: &[Data], line: &Line, is_64: bool) -> Vec<Pointer> {
    let spans = || data.iter().filter_map(|d| Some((d.address?, d)));
    let lowest = spans().map(|(address, _)| address).min().unwrap_or(0);
    let highest = spans().map(|(a, d)| a.saturating_add(d.bytes.end - d.bytes.start)).max().unwrap_or(0);
    if lowest < LOWEST {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (address, piece) in spans() {
        let size: u64 = if is_64 { 8 } else { 4 };
        let skipped = address.next_multiple_of(size) - address;
        let bytes = module.slice(&piece.bytes).get(skipped as usize..).unwrap_or_default();
        let start = piece.bytes.start + skipped;
        let mut find = |index: usize, value: u64| {
            if (lowest..highest).contains(&value)
                && let Some(to) = line.pos(value)
            {
                found.push(Pointer { at: start + index as u64 * size, to });
            }
        };
        if is_64 {
            let words = bytes.as_chunks::<8>().0.iter();
            words.enumerate().for_each(|(index, word)| find(index, u64::from_le_bytes(*word)));
        } else {
            let words = bytes.as_chunks::<4>().0.iter();
            words.enumerate().for_each(|(index, word)| find(index, u32::from_le_bytes(*word).into()));
        }
    }
    found
}
