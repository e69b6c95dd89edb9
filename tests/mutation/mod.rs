//! Files that were cut, changed and put together wrongly, the same ones for the same seed.

#![allow(dead_code, reason = "each user has its own part of this one")]

use bloat::format::{Image, read};
use bloat::input::Input;

/// Marsaglia's xorshift: the same numbers everywhere.
pub struct Random(u64);

impl Random {
    /// Numbers of their own for each seed.
    pub fn new(seed: u64) -> Random {
        // The state must not be zero, and small seeds should not look alike.
        Random((seed.wrapping_add(1)).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below `limit`; 0 if there is none.
    pub fn below(&mut self, limit: u64) -> u64 {
        // The upper half is the better one.
        (self.next() >> 11) % limit.max(1)
    }

    fn index(&mut self, limit: usize) -> usize {
        self.below(limit as u64) as usize
    }
}

/// Offsets at which structures of a file begin and end, sorted.
///
/// As the reader sees them; of what it does not read, every 4096th byte, where pages of other formats begin.
pub fn edges(bytes: &[u8]) -> Vec<usize> {
    let len = bytes.len();
    let mut edges: Vec<usize> = (0..=len).step_by(4096).collect();
    edges.push(len);
    let input = Input::from_bytes("whole", bytes.to_vec());
    if let Ok(image) = read(&input) {
        edges.extend(structures(&image).map(|at| at as usize));
    }
    edges.retain(|&at| at <= len);
    edges.sort_unstable();
    edges.dedup();
    edges
}

fn structures(image: &Image<'_>) -> impl Iterator<Item = u64> {
    let members = image.members.iter().map(|m| &m.file);
    let segments = image.segments.iter().map(|s| &s.file);
    let sections = image.sections.iter().map(|s| &s.span);
    let regions = image.regions.iter().map(|r| &r.span);
    members.chain(segments).chain(sections).chain(regions).flat_map(|span| [span.start, span.end])
}

/// How a file was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Its end is missing.
    Cut,
    /// Some bits are others.
    Flip,
    /// Numbers are as large, as small or as wrong as they can be.
    Number,
    /// A run of bytes is a copy of another.
    Move,
    /// A run of bytes is missing.
    Remove,
    /// A run of bytes is there twice.
    Repeat,
    /// A part is another file's.
    Splice,
}

impl Change {
    pub const ALL: [Change; 7] = [
        Change::Cut,
        Change::Flip,
        Change::Number,
        Change::Move,
        Change::Remove,
        Change::Repeat,
        Change::Splice,
    ];
}

/// A file to be changed.
pub struct Original {
    pub name: String,
    pub bytes: Vec<u8>,
    pub edges: Vec<usize>,
}

impl Original {
    pub fn new(name: String, bytes: Vec<u8>) -> Original {
        let edges = edges(&bytes);
        Original { name, bytes, edges }
    }

    /// A place that matters more often than one anywhere: near an edge, or in the first bytes.
    fn place(&self, random: &mut Random) -> usize {
        let last = self.bytes.len().saturating_sub(1);
        let at = match random.below(4) {
            0 => random.index(self.bytes.len()),
            1 => random.index(1024),
            _ => self.edges[random.index(self.edges.len())] + random.index(72),
        };
        at.min(last)
    }

    /// The file changed in one way, or in a few at once.
    pub fn changed(&self, change: Change, other: &Original, random: &mut Random) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        if bytes.is_empty() {
            return bytes;
        }
        let at = self.place(random);
        match change {
            Change::Cut => bytes.truncate(at),
            Change::Flip => {
                for _ in 0..1 + random.below(8) {
                    bytes[self.place(random)] ^= 1 << random.below(8);
                }
            }
            Change::Number => {
                for _ in 0..1 + random.below(4) {
                    let at = self.place(random);
                    number(&mut bytes, at, random);
                }
            }
            Change::Move => {
                let from = self.place(random);
                let run = random.index(4096).min(bytes.len() - at).min(bytes.len() - from);
                bytes.copy_within(from..from + run, at);
            }
            Change::Remove => {
                let end = (at + 1 + random.index(256)).min(bytes.len());
                bytes.drain(at..end);
            }
            Change::Repeat => {
                let end = (at + 1 + random.index(4096)).min(bytes.len());
                let run = bytes[at..end].to_vec();
                bytes.splice(at..at, run);
            }
            Change::Splice if other.bytes.is_empty() => {}
            Change::Splice => {
                let from = other.place(random);
                let run = if random.below(2) == 0 { usize::MAX } else { random.index(1 << 16) };
                let part = &other.bytes[from..from.saturating_add(run).min(other.bytes.len())];
                let end = if run == usize::MAX { bytes.len() } else { (at + part.len()).min(bytes.len()) };
                bytes.splice(at..end, part.iter().copied());
            }
        }
        bytes
    }
}

/// Overwrites a number of 1 to 8 bytes with one that readers do not like.
fn number(bytes: &mut [u8], at: usize, random: &mut Random) {
    let width = [1, 2, 4, 8][random.index(4)];
    let end = (at + width).min(bytes.len());
    let field = &mut bytes[at..end];
    match random.below(6) {
        0 => field.fill(0xff),
        1 => field.fill(0),
        // The largest signed number, then the smallest, little-endian.
        2 => {
            field.fill(0xff);
            field[end - at - 1] = 0x7f;
        }
        3 => {
            field.fill(0);
            field[end - at - 1] = 0x80;
        }
        // One more or less.
        4 => field[0] = field[0].wrapping_add([1, 0xff][random.index(2)]),
        _ => field.copy_from_slice(&random.next().to_le_bytes()[..end - at]),
    }
}
