//! Facts that another file states about a binary become the binary's own.
//!
//! They are matched by address, which is the only thing that both files agree on.
//! What speaks of the other file's own bytes is left behind.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use super::identity::{self, Spaces};
use crate::format::{Image, Line, SharedText, SplitUnit, Symbol, UnitRange};
use crate::order;

/// Adds what `debug` says of `image`: names, functions and units that `image` lacks.
///
/// `spaces` are the address spaces of `debug`, ascending, with those of `image` that they stand for.
///
/// *Cost*: linear in the number of facts of both, but for sorting.
pub(super) fn all<'data>(image: &mut Image<'data>, debug: Image<'data>, spaces: &[(u32, u32)]) {
    let code = identity::same_section(image, &debug);
    let mut origins = image.code.take();
    let moved = Moved { from: &debug.line, to: &image.line, spaces, code };
    let functions: Vec<Range<u64>> = debug.functions.iter().filter_map(|f| moved.span(f)).collect();
    // Sections of the other file have numbers of their own.
    let symbols = debug.symbols.iter().filter(|s| s.is_static).filter_map(|s| {
        let pos = moved.pos(s.pos?)?;
        Some(Symbol { pos: Some(pos), section: None, ..*s })
    });
    let symbols: Vec<Symbol<'data>> = symbols.collect();
    let lacking = identity::lacking(image);
    let new: Spaces = spaces.iter().filter(|(_, to)| lacking.contains(to)).copied().collect();
    let moved = Moved { spaces: &new, ..moved };
    let units = image.units.len() as u32;
    let ranges = debug.unit_ranges.iter().filter_map(|r| {
        let Range { start, end } = moved.span(&(r.start..r.end))?;
        Some(UnitRange { start, end, unit: r.unit + units })
    });
    let ranges: Vec<UnitRange> = ranges.collect();
    if let Some(code) = debug.code.filter(|_| !new.is_empty()) {
        origins.get_or_insert_default().absorb(code, |span| moved.span(&span));
    }

    image.code = origins;
    add_symbols(image, symbols, debug.files);
    // Where functions have numbers, all of them are known.
    if image.members.iter().all(|m| m.first_function.is_none()) {
        image.functions.extend(functions);
        order::spans(&mut image.functions);
        image.functions.dedup();
    }
    if !new.is_empty() && !debug.units.is_empty() {
        image.unit_ranges.extend(ranges);
        image.unit_ranges.sort_unstable();
        image.units.extend(debug.units);
        image.header.debug_info = image.header.debug_info.max(debug.header.debug_info);
        let (own, other) = (&mut image.elsewhere, debug.elsewhere);
        let texts = other.shared_texts.into_iter();
        own.shared_texts.extend(texts.map(|text| SharedText { unit: text.unit + units, ..text }));
        let halves = other.split_units.into_iter();
        own.split_units.extend(halves.map(|half| SplitUnit { unit: half.unit + units, ..half }));
        own.supplement = own.supplement.take().or(other.supplement);
    }
    if image.header.packages.is_none() {
        image.header.packages = debug.header.packages;
    }
    if image.header.toolchain.is_empty() {
        image.header.toolchain = debug.header.toolchain;
    }
    image.diagnostics.extend(debug.diagnostics);
}

/// Adds symbols with the files they follow, but for those that are there already.
fn add_symbols<'data>(image: &mut Image<'data>, symbols: Vec<Symbol<'data>>, files: Vec<Cow<'data, str>>) {
    let known: HashSet<(Option<u64>, &[u8])> =
        image.symbols.iter().filter(|s| s.is_static).map(|s| (s.pos, s.name)).collect();
    let new = |s: &Symbol<'data>| !known.contains(&(s.pos, s.name));
    let symbols: Vec<Symbol<'data>> = symbols.into_iter().filter(new).collect();
    if symbols.is_empty() {
        return;
    }
    let before = image.files.len() as u32;
    image.files.extend(files);
    image.symbols.extend(symbols.into_iter().map(|s| Symbol { file: s.file.map(|f| f + before), ..s }));
}

/// Translates positions of one line to another by their addresses.
struct Moved<'l> {
    from: &'l Line,
    to: &'l Line,
    /// Sorted.
    spaces: &'l [(u32, u32)],
    /// Code that has no addresses, there and here.
    code: Option<(Range<u64>, Range<u64>)>,
}

impl Moved<'_> {
    /// The place of a byte, and how many bytes from there on are one run.
    fn locate(&self, pos: u64) -> Option<(u64, u64)> {
        if let Some((theirs, ours)) = self.code.as_ref().filter(|(theirs, _)| theirs.contains(&pos)) {
            return Some((ours.start + (pos - theirs.start), theirs.end - pos));
        }
        let (space, address) = self.from.place(pos)?;
        let found = self.spaces.binary_search_by_key(&space, |(from, _)| *from).ok()?;
        let (_, to) = self.spaces.get(found)?;
        self.to.locate_in(*to, address)
    }

    /// The place of a byte, or of the end of what a byte is of.
    fn pos(&self, pos: u64) -> Option<u64> {
        let exact = |pos| self.locate(pos).map(|(pos, _)| pos);
        exact(pos).or_else(|| exact(pos.checked_sub(1)?)?.checked_add(1))
    }

    /// The place of a run, as far as it is one run there as well.
    fn span(&self, span: &Range<u64>) -> Option<Range<u64>> {
        let (start, room) = self.locate(span.start)?;
        let len = span.end.checked_sub(span.start)?.min(room);
        (len > 0).then(|| start..start.saturating_add(len))
    }
}
