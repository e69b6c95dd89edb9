//! Where instructions come from in source: functions that were inlined, files and lines.
//!
//! Facts only, as debug information states them. They are many times as many as all
//! other facts on code, so they are read only where they are asked for.

use std::ops::Range;

use crate::intern::{NameId, Names};

/// How much of a file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Detail {
    /// All that says whose bytes are whose.
    #[default]
    Plain,
    /// Also which function each instruction is of: all of [`CodeFacts`], but [`CodeFacts::rows`] only where nothing
    /// else tells the file of a function.
    Functions,
    /// Also which line each instruction is of, and no functions: of [`CodeFacts`] its lines and rows.
    Lines,
    /// Also both: all of [`CodeFacts`].
    Code,
}

/// Where the instructions of a file come from. All places are positions on its line.
#[derive(Debug, Clone, Default)]
pub struct CodeFacts {
    /// Names of functions and of files.
    pub texts: Names,
    /// Functions. One that several units describe is listed several times.
    pub functions: Vec<Function>,
    /// Functions where they have code: of their own, or inlined into another. A frame comes behind its parent.
    pub frames: Vec<Frame>,
    /// The code of frames without a parent, with all that is inlined there.
    pub bodies: Vec<FrameSpan>,
    /// The innermost frame of code, for each body apart: those of one body do not overlap.
    pub spans: Vec<FrameSpan>,
    /// Lines of source, each once.
    pub lines: Vec<SourceLine>,
    /// The line of code, in runs that do not overlap unless line tables do.
    pub rows: Vec<LineSpan>,
    /// Whether these are all that there are, as lines were asked for.
    pub has_all_rows: bool,
}

/// What stands for no index.
pub const NO_INDEX: u32 = u32::MAX;

/// What a function is called of which nothing says the name.
pub const UNNAMED: &str = "[unnamed function]";

/// A function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Function {
    /// The name that linkers see if it has one, else the path that the debug information puts it at.
    pub name: NameId,
    /// Whether it is a name that linkers see.
    pub is_linkage: bool,
    /// The file it is declared in, if that is known.
    pub file: NameId,
}

/// A function that has code somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// Index into [`CodeFacts::functions`].
    pub function: u32,
    /// The frame it was inlined into, an index less than its own; [`NO_INDEX`] for a function by itself.
    pub parent: u32,
    /// The line it was called at, an index into [`CodeFacts::lines`]; [`NO_INDEX`] if that is not known.
    pub call: u32,
}

/// Code of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FrameSpan {
    /// First position.
    pub start: u64,
    /// One past the last position.
    pub end: u64,
    /// Index into [`CodeFacts::frames`].
    pub frame: u32,
}

/// A line of source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SourceLine {
    /// The path of the file, with its folders as far as they are stated.
    pub file: NameId,
    /// The number of the line, from 1; 0 for what a compiler made up.
    pub line: u32,
}

/// Code of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineSpan {
    /// First position.
    pub start: u64,
    /// One past the last position.
    pub end: u64,
    /// Index into [`CodeFacts::lines`].
    pub line: u32,
}

impl CodeFacts {
    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty() && self.rows.is_empty()
    }

    /// Adds what `other` says, with its positions translated; what has no place is left out.
    ///
    /// *Cost*: linear.
    pub(super) fn absorb(&mut self, other: CodeFacts, place: impl Fn(Range<u64>) -> Option<Range<u64>>) {
        let names: Vec<NameId> =
            (0..other.texts.len()).map(|i| self.texts.intern(other.texts.get(NameId::new(i)))).collect();
        let name = |id: NameId| id.get().and_then(|i| names.get(i)).copied().unwrap_or(NameId::NONE);
        let count = |len: usize| u32::try_from(len).unwrap_or(NO_INDEX);
        let (functions, frames, lines) =
            (count(self.functions.len()), count(self.frames.len()), count(self.lines.len()));
        let behind =
            |index: u32, before: u32| if index == NO_INDEX { index } else { index.saturating_add(before) };
        self.functions.extend(other.functions.iter().map(|f| Function {
            name: name(f.name),
            file: name(f.file),
            ..*f
        }));
        self.lines.extend(other.lines.iter().map(|l| SourceLine { file: name(l.file), ..*l }));
        self.frames.extend(other.frames.iter().map(|f| Frame {
            function: behind(f.function, functions),
            parent: behind(f.parent, frames),
            call: behind(f.call, lines),
        }));
        let moved = |s: FrameSpan| {
            let Range { start, end } = place(s.start..s.end)?;
            Some(FrameSpan { start, end, frame: behind(s.frame, frames) })
        };
        self.bodies.extend(other.bodies.into_iter().filter_map(moved));
        self.spans.extend(other.spans.into_iter().filter_map(moved));
        self.rows.extend(other.rows.into_iter().filter_map(|r| {
            let Range { start, end } = place(r.start..r.end)?;
            Some(LineSpan { start, end, line: behind(r.line, lines) })
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(function: &str, file: &str) -> CodeFacts {
        let mut facts = CodeFacts::default();
        let (name, file) = (facts.texts.intern(function), facts.texts.intern(file));
        facts.functions.push(Function { name, is_linkage: true, file });
        facts.lines.push(SourceLine { file, line: 7 });
        facts.frames.push(Frame { function: 0, parent: NO_INDEX, call: NO_INDEX });
        facts.frames.push(Frame { function: 0, parent: 0, call: 0 });
        facts.bodies.push(FrameSpan { start: 0, end: 8, frame: 0 });
        facts.spans.push(FrameSpan { start: 4, end: 8, frame: 1 });
        facts.rows.push(LineSpan { start: 0, end: 8, line: 0 });
        facts
    }

    #[test]
    fn absorbed_facts_keep_what_they_refer_to() {
        let mut all = facts("a", "x.c");
        all.absorb(facts("b", "x.c"), |span| (span.start < 8).then(|| span.start + 100..span.end + 100));
        assert_eq!(all.frames[3], Frame { function: 1, parent: 2, call: 1 });
        assert_eq!(all.frames[2].parent, NO_INDEX);
        assert_eq!(all.spans[1], FrameSpan { start: 104, end: 108, frame: 3 });
        assert_eq!(all.texts.get(all.functions[1].name), "b");
        assert_eq!(all.functions[0].file, all.functions[1].file);
        assert_eq!(all.rows[1], LineSpan { start: 100, end: 108, line: 1 });
    }
}
