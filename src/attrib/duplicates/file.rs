//! A binary whose pieces are taken apart, and what looking things up in it needs.

use std::collections::HashMap;

use super::pieces::Run;
use super::refine::Aim;
use crate::attrib::operands::{self, Operand, Place, Sink, Usage};
use crate::format::{Image, Instructions, Pointer, SymbolKind, Target};
use crate::kind::Kind;
use crate::model::{Model, PieceForm};

/// What can be looked up by position.
pub(super) struct File<'f, 'data> {
    bytes: &'f [u8],
    pub image: &'f Image<'data>,
    /// Sorted by place.
    pub pointers: Vec<Pointer>,
    /// Positions of an object file that relocations fill in, but for pointers; sorted.
    patched: Vec<u64>,
    /// Where functions have numbers: by member, the index of its first in `Image::functions`, and its number.
    numbered: HashMap<usize, (usize, u64)>,
}

impl<'f, 'data> File<'f, 'data> {
    pub fn new(bytes: &'f [u8], image: &'f Image<'data>, model: &Model) -> File<'f, 'data> {
        let mut pointers = image.pointers.clone();
        radsort::sort_by_key(&mut pointers, |p| (p.at, p.to));
        let mut numbered = HashMap::new();
        for (index, function) in image.functions.iter().enumerate() {
            let Some(member) = image.member_at(function.start) else { continue };
            if let Some(first) = image.members.get(member).and_then(|m| m.first_function) {
                numbered.entry(member).or_insert((index, first));
            }
        }
        let patched = patched(image, model, &pointers);
        File { bytes, image, pointers, patched, numbered }
    }

    pub fn content(&self, run: &Run) -> &'f [u8] {
        let span = usize::try_from(run.start).ok().zip(usize::try_from(run.end()).ok());
        span.and_then(|(start, end)| self.bytes.get(start..end)).unwrap_or_default()
    }

    /// Whether linking is still to fill in parts of a run.
    pub fn is_unfinished(&self, run: &Run) -> bool {
        let next = self.patched.partition_point(|&at| at < run.start);
        self.patched.get(next).is_some_and(|&at| at < run.end())
    }

    /// Whether instructions of a function are read, and what they refer to is found.
    pub fn reads(&self, run: &Run) -> bool {
        matches!(run.machine.instructions, Instructions::X86_64 | Instructions::Aarch64)
            && self.image.line.place(run.start).is_some()
    }

    /// Whether a function has an exception table.
    pub fn is_guarded(&self, run: &Run) -> bool {
        self.image.guarded.binary_search(&run.start).is_ok()
    }

    /// Takes a run apart.
    ///
    /// *Cost*: linear in its bytes.
    pub fn take_apart(&self, run: &Run, sink: &mut impl Sink) {
        let content = self.content(run);
        match run.form {
            PieceForm::Function => {
                let address = self.image.line.address(run.start).unwrap_or(0);
                operands::read(run.machine, content, address, sink);
            }
            PieceForm::Constant => self.data(run, content, sink),
        }
    }

    /// Data: words that hold addresses, and offsets from the start of a table, are operands.
    fn data(&self, run: &Run, content: &[u8], sink: &mut impl Sink) {
        let first = self.pointers.partition_point(|p| p.at < run.start);
        let inside = self.pointers.get(first..).unwrap_or_default();
        let inside = &inside[..inside.partition_point(|p| p.at < run.end())];
        let address = self.image.line.address(run.start).filter(|_| run.may_be_offsets());
        if let (true, Some(base)) = (inside.is_empty(), address) {
            for offset in content.as_chunks::<4>().0 {
                let to = base.wrapping_add_signed(i64::from(i32::from_le_bytes(*offset)));
                sink.operand(Operand { to: Place::Address(to), usage: Usage::Access });
            }
            return;
        }
        let word = u64::from(run.machine.bits / 8);
        let mut at = run.start;
        let piece = |from: u64, to: u64| {
            content.get((from - run.start) as usize..(to - run.start) as usize).unwrap_or_default()
        };
        for pointer in inside.iter() {
            if pointer.at >= at {
                sink.bytes(piece(at, pointer.at));
                sink.operand(Operand { to: Place::Position(pointer.to), usage: Usage::Address });
                at = pointer.at.saturating_add(word).min(run.end());
            }
        }
        sink.bytes(piece(at, run.end()));
    }

    /// The position that an operand of what lies at `from` refers to.
    pub fn position(&self, from: u64, to: Place) -> Option<u64> {
        match to {
            Place::Position(pos) => Some(pos),
            Place::Address(address) => {
                let (space, _) = self.image.line.place(from)?;
                self.image.line.pos_in(space, address)
            }
            Place::Function(number) => {
                let member = self.image.member_at(from)?;
                let &(index, first) = self.numbered.get(&member)?;
                let index = index.checked_add(usize::try_from(number.checked_sub(first)?).ok()?)?;
                let function = self.image.functions.get(index)?;
                (self.image.member_at(function.start) == Some(member)).then_some(function.start)
            }
        }
    }

    /// What the pointer at `pos` points at, if there is one.
    pub fn pointer_at(&self, pos: u64) -> Option<u64> {
        let found = self.pointers.binary_search_by_key(&pos, |p| p.at).ok()?;
        self.pointers.get(found).map(|p| p.to)
    }

    /// What an operand of what lies at `from` refers to, among `runs`, which are in order.
    pub fn aim(&self, runs: &[Run], from: u64, to: Place) -> Aim {
        let Some(pos) = self.position(from, to) else { return Aim::Nowhere(to) };
        let item = |pos: u64, is_stored: bool| {
            let index = runs.partition_point(|r| r.start <= pos).checked_sub(1)?;
            let run = runs.get(index).filter(|r| pos < r.end())?;
            Some(Aim::Item { item: index as u32, into: pos - run.start, is_stored })
        };
        let stored = || self.pointer_at(pos).and_then(|to| item(to, true));
        item(pos, false).or_else(stored).unwrap_or(Aim::Place(pos))
    }

    /// Functions that other binaries can find by name.
    pub fn exported(&self) -> impl Iterator<Item = u64> + '_ {
        let exported = self.image.symbols.iter().filter(|s| !s.is_static && s.kind == SymbolKind::Function);
        exported.filter_map(|s| s.pos)
    }
}

/// Positions that relocations of object files fill in, but for those of `pointers`.
fn patched(image: &Image<'_>, model: &Model, pointers: &[Pointer]) -> Vec<u64> {
    if !image.line.mappings().iter().any(|m| image.line.is_position(m)) {
        return Vec::new();
    }
    let mut all = Vec::new();
    for charge in &image.charges {
        let Target::Pos(at) = charge.on else { continue };
        let is_relocation = || model.leaves.at(charge.start).is_some_and(|l| l.kind == Kind::Relocations);
        if is_relocation() && pointers.binary_search_by_key(&at, |p| p.at).is_err() {
            all.push(at);
        }
    }
    all.sort_unstable();
    all
}
