//! Tables of virtual functions one by one: where each starts, and what it leads to.
//!
//! The model knows which bytes are of such tables. Where one ends and the next starts shows
//! in the words: the head of a table of Rust is drop glue or zero and two numbers, and what
//! follows are pointers, so two numbers in a row are the size and the alignment of the next one.

use std::ops::Range;

use super::forms::number;
use crate::format::{Image, Pointer};
use crate::input::Input;
use crate::kind::Kind;
use crate::model::{Leaf, Model, SymbolId, Vtable};

/// Lists the tables of `model`, which was made from `input` and `image`, in order of position.
///
/// *Cost*: O(n log n) in pointers, linear in the bytes of tables.
pub fn vtables(input: &Input, image: &Image<'_>, model: &Model) -> Vec<Vtable> {
    let mut runs: Vec<(Range<u64>, SymbolId)> = Vec::new();
    for leaf in model.leaves.iter().filter(|leaf| leaf.kind == Kind::Vtables && leaf.in_file) {
        let span = leaf.start..leaf.start + leaf.len;
        match runs.last_mut() {
            Some((last, symbol)) if last.end == span.start && *symbol == leaf.symbol => last.end = span.end,
            _ => runs.push((span, leaf.symbol)),
        }
    }
    if runs.is_empty() {
        return Vec::new();
    }
    let mut pointers = image.pointers.clone();
    pointers.sort_unstable();
    let words = Words { bytes: input.bytes(), image, model, pointers };
    let mut all = Vec::new();
    for (span, symbol) in runs {
        words.split(&span, symbol, &mut all);
    }
    all
}

/// The words of the file.
struct Words<'w, 'data> {
    bytes: &'w [u8],
    image: &'w Image<'data>,
    model: &'w Model,
    pointers: Vec<Pointer>,
}

impl Words<'_, '_> {
    /// Cuts a run of tables into tables. What starts with no head of Rust is one table.
    fn split(&self, span: &Range<u64>, symbol: SymbolId, out: &mut Vec<Vtable>) {
        let word = u64::from(self.image.machine_at(span.start).bits / 8).max(1);
        let count = span.end.saturating_sub(span.start) / word;
        let at = |index: u64| span.start + index * word;
        let is_number = |index: u64| index < count && self.target(at(index), word).is_none();
        // A head: drop glue or zero, a size, an alignment. What is in front of three numbers is the
        // last method of the table before.
        let is_head = |index: u64| {
            is_number(index + 1) && is_number(index + 2) && (is_number(index) || !is_number(index + 3))
        };
        let mut start = 0;
        while start < count {
            let mut end = count;
            if is_head(start) {
                let next = (start + 3..count).find(|&index| is_head(index));
                end = next.unwrap_or(count);
            }
            let len = if end == count { span.end - at(start) } else { (end - start) * word };
            let to = |index: u64| self.target(at(index), word).and_then(|pos| self.function(pos));
            let drop_glue = if is_head(start) { to(start) } else { None };
            let first = if is_head(start) { start + 3 } else { start };
            let methods = (first..end).filter_map(to).collect();
            out.push(Vtable { start: at(start), len, symbol, drop_glue, methods });
            start = end;
        }
    }

    /// Where the word at `pos` points: by a relocation, or as it is stored where addresses are fixed.
    fn target(&self, pos: u64, word: u64) -> Option<u64> {
        if let Ok(index) = self.pointers.binary_search_by_key(&pos, |p| p.at) {
            return self.pointers.get(index).map(|p| p.to);
        }
        let machine = self.image.machine_at(pos);
        if !machine.fixed_addresses {
            return None;
        }
        let (space, _) = self.image.line.place(pos)?;
        let value = number(self.bytes, machine.endian, pos, word).filter(|&value| value != 0)?;
        self.image.line.pos_in(space, value)
    }

    /// The function at `pos`; addresses of Thumb code are odd.
    fn function(&self, pos: u64) -> Option<SymbolId> {
        let is_code = |leaf: &Leaf| leaf.kind == Kind::Code && leaf.symbol != SymbolId::NONE;
        self.model.leaves.at(pos).filter(is_code).map(|leaf| leaf.symbol)
    }
}
