//! Which runs of bytes are pieces that equals of them could share.
//!
//! Functions and constants with a symbol, as far as all bytes of the symbol are its own; functions that
//! only an unwind table knows; and between symbols the objects that data without names is cut into by all
//! that refers to it. What the program may write is no piece.

use crate::format::{Format, Image, Instructions, Machine};
use crate::hash::Hash;
use crate::kind::Kind;
use crate::model::{Leaf, Model, PieceForm, SectionId, SymbolId, SymbolSort};

/// A run that can be compared to others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    /// Position of its first byte.
    pub start: u64,
    /// Length in bytes.
    pub len: u64,
    /// Bytes of padding behind it.
    pub filler: u64,
    /// Its symbol, or none.
    pub symbol: SymbolId,
    /// What it is.
    pub form: PieceForm,
    /// What its first bytes are for.
    pub kind: Kind,
    /// Where it starts.
    pub section: SectionId,
    /// What runs it, or reads it.
    pub machine: Machine,
    /// Equal for pieces that a linker would put together.
    pub place: u64,
}

impl Run {
    /// One past its last byte.
    pub fn end(&self) -> u64 {
        self.start + self.len
    }

    /// Whether it is a run of offsets, unless pointers in it say otherwise.
    pub fn may_be_offsets(&self) -> bool {
        let reads = matches!(self.machine.instructions, Instructions::X86_64 | Instructions::Aarch64);
        self.kind == Kind::JumpTables && self.len.is_multiple_of(4) && reads
    }
}

/// All runs in order of position; data without names is not cut yet.
///
/// *Cost*: one pass over the leaves.
pub(super) fn runs(image: &Image<'_>, model: &Model) -> Vec<Run> {
    let mut all: Vec<Run> = Vec::new();
    let mut pieces_of = vec![0u8; model.symbols.len()];
    for leaf in model.leaves.iter() {
        let last = all.last_mut().filter(|r| r.end() == leaf.start);
        if leaf.kind == Kind::Padding {
            if let Some(last) = last.filter(|r| r.section == leaf.section) {
                last.filler = leaf.len;
            }
            continue;
        }
        let Some(form) = form(model, &leaf) else { continue };
        match last {
            Some(run) if run.symbol == leaf.symbol && run.form == form && joins(run, &leaf) => {
                run.len += leaf.len;
            }
            _ => {
                if let Some(count) = leaf.symbol.get().and_then(|i| pieces_of.get_mut(i)) {
                    *count = count.saturating_add(1);
                }
                all.push(Run {
                    start: leaf.start,
                    len: leaf.len,
                    filler: 0,
                    symbol: leaf.symbol,
                    form,
                    kind: leaf.kind,
                    section: leaf.section,
                    machine: image.machine_at(leaf.start),
                    place: place(image, model, &leaf, form),
                });
            }
        }
    }
    // Of a symbol whose bytes are not all its own, what is left says little.
    let is_whole = |run: &Run| {
        run.symbol.get().is_none_or(|i| {
            let size = model.symbols.get(i).map_or(0, |row| row.size);
            pieces_of.get(i) == Some(&1) && (size == run.len || size == 0)
        })
    };
    all.retain(is_whole);
    all
}

/// Data without a symbol goes on only with data of the same kind.
fn joins(run: &Run, leaf: &Leaf) -> bool {
    leaf.symbol != SymbolId::NONE || (run.kind, run.section) == (leaf.kind, leaf.section)
}

/// What a leaf is a part of, if it can be shared at all.
fn form(model: &Model, leaf: &Leaf) -> Option<PieceForm> {
    if !leaf.in_file || !leaf.kind.is_content() {
        return None;
    }
    let row = leaf.symbol.get().and_then(|i| model.symbols.get(i));
    if row.is_some_and(|r| matches!(r.sort, SymbolSort::Structure | SymbolSort::Import | SymbolSort::Tls)) {
        return None;
    }
    if leaf.kind == Kind::Code {
        return row.map(|_| PieceForm::Function);
    }
    let section = leaf.section.get().and_then(|i| model.sections.get(i))?;
    let name = model.names.get(section.name);
    // The loader writes these, and then they are constant.
    let is_sealed = name.starts_with(".data.rel.ro") || name.starts_with("__DATA_CONST,");
    (section.kind == Kind::Rodata || is_sealed).then_some(PieceForm::Constant)
}

/// Linkers put equals together only within one output section of one binary.
fn place(image: &Image<'_>, model: &Model, leaf: &Leaf, form: PieceForm) -> u64 {
    let mut hash = Hash::new();
    hash.add(&[form as u8]);
    if image.line.place(leaf.start).is_some() {
        let section = leaf.section.get().and_then(|i| model.sections.get(i));
        hash.add(model.names.get(section.map_or(crate::intern::NameId::NONE, |s| s.name)).as_bytes());
    }
    // Members of an archive go into one binary, slices of a universal file do not.
    if image.header.format != Format::Archive {
        hash.add(&image.member_at(leaf.start).unwrap_or(usize::MAX).to_le_bytes());
    }
    hash.value()
}

/// Cuts data without names at `starts`, which must be sorted, and drops what nothing refers to: it is a part of
/// something, and not known of what.
pub(super) fn cut(runs: Vec<Run>, starts: &[u64]) -> Vec<Run> {
    let mut all = Vec::with_capacity(runs.len());
    for run in runs {
        if run.symbol != SymbolId::NONE {
            all.push(run);
            continue;
        }
        let first = starts.partition_point(|&s| s <= run.start);
        let inside = starts.get(first..).unwrap_or_default().iter().take_while(|&&s| s < run.end());
        let mut at = run.start;
        let mut is_object = first.checked_sub(1).and_then(|i| starts.get(i)) == Some(&run.start);
        for end in inside.copied().chain([run.end()]) {
            let filler = if end == run.end() { run.filler } else { 0 };
            if is_object {
                all.push(Run { start: at, len: end - at, filler, ..run });
            }
            (at, is_object) = (end, true);
        }
    }
    all
}
