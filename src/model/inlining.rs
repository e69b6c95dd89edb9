//! What functions cost with all that is inlined into them.
//!
//! Bytes of code belong to the innermost function. What a function comes to in total is
//! the sum over all that has it on its stack of calls, so totals overlap and sum to nothing.

use super::view::Keys;
use super::{FrameId, FrameRow, Sizes};

/// What a function costs wherever it is, with what is inlined into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Inlining {
    /// Bytes of the function and of all that is inlined into it.
    pub total: Sizes,
    /// Those of them that lie in other functions, which it was inlined into.
    pub inlined: Sizes,
    /// Number of calls that were replaced by its code.
    pub call_sites: u64,
}

impl Inlining {
    pub(super) fn add(&mut self, other: Inlining) {
        self.total += other.total;
        self.inlined += other.inlined;
        self.call_sites += other.call_sites;
    }
}

/// Bytes of one frame below one node.
#[derive(Debug, Clone, Copy)]
struct Own {
    node: u32,
    frame: u32,
    sizes: Sizes,
}

/// Sums up leaves, and then what they come to by function.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    owns: Vec<Own>,
    /// Bytes of no frame, by node and key.
    others: Vec<(u32, u32, Sizes)>,
}

impl Ledger {
    /// Counts a leaf below a node; `key` is that of its innermost function.
    pub fn add(&mut self, node: u32, frame: FrameId, key: u32, sizes: Sizes) {
        if frame == FrameId::NONE {
            match self.others.last_mut() {
                Some((n, k, sum)) if (*n, *k) == (node, key) => *sum += sizes,
                _ => self.others.push((node, key, sizes)),
            }
            return;
        }
        match self.owns.last_mut() {
            Some(own) if (own.node, own.frame) == (node, frame.0) => own.sizes += sizes,
            _ => self.owns.push(Own { node, frame: frame.0, sizes }),
        }
    }

    /// Tells what each function comes to, by node and key, in parts that are to be added up.
    ///
    /// *Cost*: linear in the number of leaves, in that of all frames, and in that of frames with bytes times the depth of
    /// inlining.
    pub fn tell(mut self, frames: &[FrameRow], keys: &Keys<'_>, mut tell: impl FnMut(u32, u32, Inlining)) {
        for (node, key, sizes) in self.others {
            tell(node, key, Inlining { total: sizes, ..Inlining::default() });
        }
        if !self.owns.is_sorted_by_key(|own| own.node) {
            radsort::sort_by_key(&mut self.owns, |own| own.node);
        }
        let key_of: Vec<u32> = frames.iter().map(|f| keys.of_function(f.function)).collect();
        let mut sums = vec![Sizes::default(); frames.len()];
        let mut seen = vec![false; frames.len()];
        // Frames with bytes below a node, each behind the one it is inlined into.
        let mut touched: Vec<u32> = Vec::new();
        for owns in self.owns.chunk_by(|a, b| a.node == b.node) {
            let node = owns.first().map_or(0, |own| own.node);
            for own in owns {
                if let Some(sum) = sums.get_mut(own.frame as usize) {
                    *sum += own.sizes;
                }
                let known = touched.len();
                let mut at = own.frame;
                while let Some(seen @ false) = seen.get_mut(at as usize) {
                    *seen = true;
                    touched.push(at);
                    at = frames.get(at as usize).map_or(u32::MAX, |f| f.parent.0);
                }
                touched[known..].reverse();
            }
            for at in touched.drain(..).rev() {
                let (Some(row), Some(&key)) = (frames.get(at as usize), key_of.get(at as usize)) else {
                    continue;
                };
                let sum = std::mem::take(&mut sums[at as usize]);
                seen[at as usize] = false;
                if let Some(parent) = row.parent.get().and_then(|p| sums.get_mut(p)) {
                    *parent += sum;
                }
                let mut around = std::iter::successors(row.parent.get(), |&p| frames.get(p)?.parent.get());
                let is_inner = around.any(|p| key_of.get(p) == Some(&key));
                let is_inlined = row.parent != FrameId::NONE;
                // Bytes of a function inside itself are counted with the outer one.
                let total = if is_inner { Sizes::default() } else { sum };
                let inlined = if is_inlined { total } else { Sizes::default() };
                tell(node, key, Inlining { total, inlined, call_sites: u64::from(is_inlined) });
            }
        }
    }
}
