//! Where instructions come from: one innermost function and one line of source for each.
//!
//! Functions that a linker folded into one have each their own inlined functions and
//! lines. One of them has the bytes, with all that is inlined into it and nothing else.

use std::collections::BTreeMap;
use std::ops::Range;

use hashbrown::HashMap;

use crate::format::CodeFacts;
use crate::format::code::{Frame, NO_INDEX, UNNAMED};
use crate::intern::{Distinct, NameId, Names};
use crate::model::{
    CodeRows, FrameId, FrameRow, FunctionId, FunctionRow, LineId, LineRow, SymbolId, SymbolRow,
};
use crate::names;
use crate::parallel;
use crate::partition::{Claim, Partition};

/// Two partitions of the line, and the rows they point to.
pub(super) struct Code {
    pub by_frame: Partition<FrameId>,
    pub by_line: Partition<LineId>,
    pub rows: CodeRows,
}

/// What is known of symbols: they have better names for functions than some debug information.
pub(super) struct Symbols<'s> {
    pub by_symbol: &'s Partition<SymbolId>,
    pub rows: &'s [SymbolRow],
}

/// Works out which function and which line each byte of a line of `len` bytes is of.
///
/// *Cost*: O(n log n) in the number of frames and runs.
pub(super) fn build(facts: &CodeFacts, len: u64, symbols: &Symbols<'_>, names: &mut Names) -> Code {
    names.reserve(facts.texts.len(), facts.texts.bytes());
    let mut texts = Texts { facts, known: HashMap::new(), names };
    let mut lines: Distinct<LineRow> = Distinct::default();
    let of_line: Vec<LineId> = facts
        .lines
        .iter()
        .map(|l| LineId(lines.insert(LineRow { file: texts.file(l.file), line: l.line })))
        .collect();
    let (by_frame, by_line) = parallel::join(|| by_frame(facts, len), || by_line(facts, len, &of_line));
    let files = files_of(facts, &by_line, &of_line, lines.values());
    let mut functions: Distinct<FunctionRow> = Distinct::default();
    let of_function: Vec<FunctionId> = facts
        .functions
        .iter()
        .zip(files)
        .map(|(f, used_in)| {
            let (name, stated) = (texts.name(f.name), texts.file(f.file));
            // Where nothing says which one it is, its file would not either.
            let file = match f.is_linkage || facts.texts.get(f.name) == UNNAMED {
                true => NameId::NONE,
                false if stated == NameId::NONE => used_in,
                false => stated,
            };
            FunctionId(functions.insert(FunctionRow { name, is_linkage: f.is_linkage, file }))
        })
        .collect();
    let mut frames: Vec<FrameRow> = Vec::with_capacity(facts.frames.len());
    for f in &facts.frames {
        frames.push(FrameRow {
            function: of_function.get(f.function as usize).copied().unwrap_or(FunctionId::NONE),
            parent: FrameId(f.parent),
            call: of_line.get(f.call as usize).copied().unwrap_or(LineId::NONE),
        });
    }
    // A function by itself has a symbol, which tells more than a name without a path.
    for (frame, name) in better_names(facts, symbols, texts.names) {
        let function = FunctionRow { name, is_linkage: true, file: NameId::NONE };
        if let Some(frame) = frames.get_mut(frame as usize) {
            frame.function = FunctionId(functions.insert(function));
        }
    }
    // Those of some functions alone are no answer.
    let by_line = if facts.has_all_rows { by_line } else { Partition::resolve(len, &mut [], LineId::NONE) };
    Code {
        by_frame,
        by_line,
        rows: CodeRows { functions: functions.into_values(), frames, lines: lines.into_values() },
    }
}

/// Names of symbols for functions by themselves that have a name without a path, in order of frame.
///
/// A function in several pieces has that of its first, unless one has its very name.
fn better_names(facts: &CodeFacts, symbols: &Symbols<'_>, names: &mut Names) -> Vec<(u32, NameId)> {
    let mut found: BTreeMap<u32, Option<NameId>> = BTreeMap::new();
    for body in &facts.bodies {
        let function = facts.frames.get(body.frame as usize).map(|f| f.function as usize);
        let function = function.and_then(|f| facts.functions.get(f)).filter(|f| !f.is_linkage);
        let symbol = symbols.by_symbol.at(body.start).and_then(|s| symbols.rows.get(s.get()?));
        let (Some(function), Some(symbol)) = (function, symbol.filter(|s| s.sort.is_symbol())) else {
            continue;
        };
        if symbol.plain_name(names) == facts.texts.get(function.name) {
            found.insert(body.frame, None);
        } else {
            let name = symbol.plain_name(names).to_string();
            found.entry(body.frame).or_insert_with(|| Some(names.intern(&name)));
        }
    }
    found.into_iter().filter_map(|(frame, name)| Some((frame, name?))).collect()
}

/// By function: the file that it has calls or code in.
///
/// Line tables alone do not say where a function is declared. What is called in it is called
/// in its file; else the first line of its own code tells.
fn files_of(
    facts: &CodeFacts,
    by_line: &Partition<LineId>,
    of_line: &[LineId],
    lines: &[LineRow],
) -> Vec<NameId> {
    let mut files = vec![NameId::NONE; facts.functions.len()];
    let function_of = |frame: u32| facts.frames.get(frame as usize).map(|f| f.function as usize);
    let mut tell = |function: Option<usize>, line: Option<usize>| {
        if let Some(slot @ &mut NameId::NONE) = function.and_then(|f| files.get_mut(f))
            && let Some(row) = line.and_then(|l| lines.get(l))
        {
            *slot = row.file;
        }
    };
    for frame in &facts.frames {
        let call = of_line.get(frame.call as usize).and_then(|line| line.get());
        tell(function_of(frame.parent), call);
    }
    let mut runs = by_line.cursor();
    for span in &facts.spans {
        tell(function_of(span.frame), runs.at(span.start).and_then(LineId::get));
    }
    files
}

fn by_frame(facts: &CodeFacts, len: u64) -> Partition<FrameId> {
    let claim = |start, end, frame| Claim { start, end, rank: 0, label: FrameId(frame) };
    let mut bodies: Vec<Claim<FrameId>> =
        facts.bodies.iter().map(|b| claim(b.start, b.end, b.frame)).collect();
    let by_body = Partition::resolve(len, &mut bodies, FrameId::NONE);
    let bodies = bodies_of(&facts.frames);
    // A body may be said to reach over any number of others: only what is its own is looked at.
    let mut owned: Vec<(u32, Range<u64>)> = by_body.iter().map(|(run, body)| (body.0, run)).collect();
    radsort::sort_by_key(&mut owned, |(body, _)| *body);
    let mut claims = Vec::with_capacity(facts.spans.len());
    for span in &facts.spans {
        let body = bodies.get(span.frame as usize).copied().unwrap_or(NO_INDEX);
        let before = owned.partition_point(|(b, run)| (*b, run.end) <= (body, span.start));
        let reached = owned.iter().skip(before).take_while(|(b, run)| *b == body && run.start < span.end);
        let parts =
            reached.map(|(_, run)| claim(run.start.max(span.start), run.end.min(span.end), span.frame));
        claims.extend(parts);
    }
    // Units come in no order of their code, so there are few runs to merge.
    radsort::sort_by_key(&mut claims, |c| c.start);
    Partition::resolve(len, &mut claims, FrameId::NONE)
}

/// By frame: the one at the root of what it is inlined into.
fn bodies_of(frames: &[Frame]) -> Vec<u32> {
    let mut bodies: Vec<u32> = Vec::with_capacity(frames.len());
    for (index, frame) in (0u32..).zip(frames) {
        // Parents come first.
        let body =
            if frame.parent == NO_INDEX { Some(index) } else { bodies.get(frame.parent as usize).copied() };
        bodies.push(body.unwrap_or(NO_INDEX));
    }
    bodies
}

fn by_line(facts: &CodeFacts, len: u64, of_line: &[LineId]) -> Partition<LineId> {
    let claim = |r: &crate::format::code::LineSpan| {
        let label = of_line.get(r.line as usize).copied()?;
        Some(Claim { start: r.start, end: r.end, rank: 0, label })
    };
    let mut claims: Vec<Claim<LineId>> = facts.rows.iter().filter_map(claim).collect();
    radsort::sort_by_key(&mut claims, |c| c.start);
    Partition::resolve(len, &mut claims, LineId::NONE)
}

/// Texts of the facts as names of the model.
struct Texts<'t> {
    facts: &'t CodeFacts,
    known: HashMap<NameId, NameId>,
    names: &'t mut Names,
}

impl Texts<'_> {
    fn name(&mut self, text: NameId) -> NameId {
        if text == NameId::NONE { text } else { self.names.intern(self.facts.texts.get(text)) }
    }

    /// A path as people know it.
    fn file(&mut self, text: NameId) -> NameId {
        if text == NameId::NONE {
            return text;
        }
        let (facts, names) = (self.facts, &mut *self.names);
        *self.known.entry(text).or_insert_with(|| names.intern(&names::source_file(facts.texts.get(text))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::code::FrameSpan;

    #[test]
    fn what_is_inlined_has_only_what_its_body_has() {
        let frame = |parent| Frame { function: 0, parent, call: NO_INDEX };
        let span = |start, end, frame| FrameSpan { start, end, frame };
        // A body over all, a shorter one in its middle, and something inlined into each, all around that middle.
        let facts = CodeFacts {
            frames: vec![frame(NO_INDEX), frame(NO_INDEX), frame(0), frame(1)],
            bodies: vec![span(0, 100, 0), span(40, 50, 1)],
            spans: vec![
                span(0, 30, 0),
                span(30, 60, 2),
                span(60, 100, 0),
                span(40, 42, 1),
                span(42, 60, 3),
                // Nobody's, as nobody is around it.
                span(0, 100, 9),
            ],
            ..CodeFacts::default()
        };
        let found = by_frame(&facts, 110);
        let runs: Vec<(Range<u64>, FrameId)> = found.iter().collect();
        let expected = [(0, 0), (30, 2), (40, 1), (42, 3), (50, 2), (60, 0), (100, u32::MAX)];
        let ends = expected.iter().skip(1).map(|(start, _)| *start).chain([110]);
        let expected: Vec<(Range<u64>, FrameId)> =
            expected.iter().zip(ends).map(|(&(start, frame), end)| (start..end, FrameId(frame))).collect();
        assert_eq!(runs, expected);
    }
}
