//! Puts what units and line programs say together: numbers of their own become those of the file.

use std::ffi::CStr;

use hashbrown::HashMap;

use super::lines::{FileParts, Program};
use super::tree::{Origin, Said, Scope, Text, Tree};
use crate::format::code::{CodeFacts, Frame, FrameSpan, Function, LineSpan, NO_INDEX, SourceLine, UNNAMED};
use crate::format::dwarf::{DebugKind, Sections};
use crate::format::text::Texts;
use crate::intern::{Distinct, NameId};

/// How often origins of origins are followed; compilers need two steps.
const STEPS: usize = 8;

/// Most bytes of one name.
const NAME_LIMIT: usize = 1 << 16;

/// Most bytes of a path.
const PATH_LIMIT: usize = 4096;

/// How deep a path of namespaces may be; it also ends where its names come to [`NAME_LIMIT`].
const SCOPES: usize = 64;

/// What stands for the name of a file that is not listed.
const UNLISTED: &str = "[unlisted file]";

/// A unit with the program that has its lines.
pub(super) struct Unit {
    /// Offset of its header.
    pub start: usize,
    pub tree: Tree,
    /// Index of its program.
    pub program: Option<usize>,
}

/// Puts units, in order of offset, and programs together.
///
/// *Cost*: linear, and each name is looked up once.
pub(super) fn all(
    sections: &Sections<'_, '_>,
    mut units: Vec<Unit>,
    mut programs: Vec<Program<'_>>,
) -> CodeFacts {
    let len = |kind| sections.first(kind).map_or(0, |s| s.bytes.len());
    let kinds = [DebugKind::Info, DebugKind::Str, DebugKind::Line, DebugKind::LineStr];
    // Entries move, what names them stays.
    let placed: Vec<_> = units
        .iter_mut()
        .map(|unit| {
            let tree = &mut unit.tree;
            (
                std::mem::take(&mut tree.frames),
                std::mem::take(&mut tree.bodies),
                std::mem::take(&mut tree.spans),
            )
        })
        .collect();
    let rows: Vec<_> = programs.iter_mut().map(|program| std::mem::take(&mut program.rows)).collect();
    let n_origins = units.iter().map(|unit| unit.tree.origins.len()).fold(0, usize::saturating_add);
    let mut texts = Texts::of(kinds.into_iter().map(len));
    texts.reserve(n_origins, len(DebugKind::Str));
    let mut merge = Merge {
        sections,
        units: &units,
        programs: &programs,
        files: programs.iter().map(|p| vec![None; p.files.len()]).collect(),
        known: HashMap::with_capacity(n_origins),
        lines: Distinct::default(),
        texts,
        facts: CodeFacts::default(),
    };
    let sum = |all: &mut dyn Iterator<Item = usize>| all.fold(0, usize::saturating_add);
    merge.facts.rows.reserve(sum(&mut rows.iter().map(Vec::len)));
    merge.facts.frames.reserve(sum(&mut placed.iter().map(|(frames, ..)| frames.len())));
    merge.facts.spans.reserve(sum(&mut placed.iter().map(|(.., spans)| spans.len())));
    for (program, rows) in rows.into_iter().enumerate() {
        let lines: Vec<u32> = match programs.get(program) {
            Some(said) => {
                said.lines.iter().map(|&(file, line)| merge.line(Some(program), file, line)).collect()
            }
            None => Vec::new(),
        };
        let line = |line: u32| lines.get(line as usize).copied().unwrap_or(NO_INDEX);
        merge.facts.rows.extend(rows.iter().map(|r| LineSpan {
            start: r.start,
            end: r.end,
            line: line(r.line),
        }));
    }
    for ((frames, bodies, spans), unit) in placed.into_iter().zip(&units) {
        let before = u32::try_from(merge.facts.frames.len()).unwrap_or(NO_INDEX);
        let functions: Vec<u32> = unit.tree.origins.iter().map(|&at| merge.function(at)).collect();
        let calls: Vec<u32> =
            unit.tree.calls.iter().map(|&(file, line)| merge.line(unit.program, file, line)).collect();
        let index = |all: &[u32], i: u32| all.get(i as usize).copied().unwrap_or(NO_INDEX);
        for frame in frames {
            let (function, call) = (index(&functions, frame.function), index(&calls, frame.call));
            let parent =
                if frame.parent == NO_INDEX { NO_INDEX } else { before.saturating_add(frame.parent) };
            merge.facts.frames.push(Frame { function, parent, call });
        }
        let moved = |s: FrameSpan| FrameSpan { frame: before.saturating_add(s.frame), ..s };
        merge.facts.bodies.extend(bodies.into_iter().map(moved));
        merge.facts.spans.extend(spans.into_iter().map(moved));
    }
    let Merge { lines, texts, facts, .. } = merge;
    CodeFacts { lines: lines.into_values(), texts: texts.into_names(), ..facts }
}

struct Merge<'m, 'data, 'fix> {
    sections: &'m Sections<'data, 'fix>,
    units: &'m [Unit],
    programs: &'m [Program<'data>],
    /// By program and file: its path, once asked for.
    files: Vec<Vec<Option<NameId>>>,
    /// Functions by the entry they were found at.
    known: HashMap<Origin, u32>,
    lines: Distinct<SourceLine>,
    texts: Texts,
    facts: CodeFacts,
}

impl<'m, 'data> Merge<'m, 'data, '_> {
    fn line(&mut self, program: Option<usize>, file: u32, line: u32) -> u32 {
        let file = self.file(program, file);
        self.lines.insert(SourceLine { file, line })
    }

    /// The path of a file, by its number in a program.
    fn file(&mut self, program: Option<usize>, file: u32) -> NameId {
        let known = program.and_then(|p| self.files.get(p)?.get(file as usize).copied());
        match known {
            Some(Some(name)) => name,
            Some(None) => {
                let parts = program.and_then(|p| self.programs.get(p)?.files.get(file as usize));
                let path = path(parts.copied().unwrap_or_default());
                let name = self.texts.intern(&path, UNLISTED);
                let slot = program.and_then(|p| self.files.get_mut(p)?.get_mut(file as usize));
                if let Some(slot) = slot {
                    *slot = Some(name);
                }
                name
            }
            None => self.texts.intern(b"", UNLISTED),
        }
    }

    /// The function that the entry at an offset is about.
    fn function(&mut self, at: Origin) -> u32 {
        if let Some(known) = self.known.get(&at) {
            return *known;
        }
        let function = self.describe(at);
        let number = u32::try_from(self.facts.functions.len()).unwrap_or(NO_INDEX);
        self.facts.functions.push(function);
        self.known.insert(at, number);
        number
    }

    /// Follows an entry to those that say what it does not. Circles end at [`STEPS`].
    fn describe(&mut self, mut at: Origin) -> Function {
        let mut named: Option<(&Unit, &Said)> = None;
        let mut declared: Option<(&Unit, u32)> = None;
        let mut linkage = Text::None;
        for _ in 0..STEPS {
            let Some((unit, said)) = self.said(at) else { break };
            if said.linkage != Text::None {
                linkage = said.linkage;
                break;
            }
            if said.name != Text::None && named.is_none() {
                named = Some((unit, said));
            }
            if said.file != NO_INDEX && declared.is_none() {
                declared = Some((unit, said.file));
            }
            at = said.origin;
        }
        if linkage != Text::None {
            let name = self.texts.intern(self.bytes(linkage), UNNAMED);
            return Function { name, is_linkage: true, file: NameId::NONE };
        }
        let path = named.map_or(Vec::new(), |(unit, said)| self.path_of(&unit.tree.scopes, said));
        let file = declared.map(|(unit, file)| (unit.program, file));
        let name = self.texts.intern(&path, UNNAMED);
        let file = file.map_or(NameId::NONE, |(program, file)| self.file(program, file));
        Function { name, is_linkage: false, file }
    }

    /// The entry of a function, and the unit it is in.
    fn said(&self, at: Origin) -> Option<(&'m Unit, &'m Said)> {
        let Origin::Here(offset) = at else { return None };
        let (units, offset) = (self.units, offset.get());
        let after = units.partition_point(|unit| unit.start <= offset);
        let unit = units.get(after.checked_sub(1)?)?;
        let functions = &unit.tree.functions;
        let found = functions.binary_search_by_key(&offset, |said| said.offset).ok()?;
        Some((unit, functions.get(found)?))
    }

    /// The name with those of the namespaces and types around it.
    fn path_of(&self, scopes: &[Scope], said: &Said) -> Vec<u8> {
        let mut parts = vec![self.bytes(said.name)];
        let mut at = said.scope;
        let mut left = NAME_LIMIT;
        while let Some(scope) = scopes.get(at as usize).filter(|_| parts.len() < SCOPES && left > 0) {
            let part = self.bytes(scope.name);
            left = left.saturating_sub(part.len());
            parts.push(part);
            at = scope.parent;
        }
        parts.retain(|part| !part.is_empty());
        parts.reverse();
        parts.join(&b"::"[..])
    }

    fn bytes(&self, text: Text) -> &'data [u8] {
        let (kind, offset) = match text {
            Text::None | Text::Supplement(_) => return &[],
            Text::Str(offset) => (DebugKind::Str, offset),
            Text::LineStr(offset) => (DebugKind::LineStr, offset),
            Text::Info(offset) => (DebugKind::Info, offset),
        };
        let rest = self.sections.first(kind).and_then(|s| s.bytes.get(offset.get()..)).unwrap_or_default();
        let rest = rest.get(..rest.len().min(NAME_LIMIT)).unwrap_or_default();
        CStr::from_bytes_until_nul(rest).map_or(rest, CStr::to_bytes)
    }
}

/// A path out of its parts: each starts where the one before ends, unless it starts anew.
fn path(parts: FileParts<'_>) -> Vec<u8> {
    let mut path: Vec<u8> = Vec::new();
    for part in parts.into_iter().filter(|part| !part.is_empty()) {
        let is_drive = matches!(part, [letter, b':', b'/' | b'\\', ..] if letter.is_ascii_alphabetic());
        if is_drive || part.starts_with(b"/") || part.starts_with(b"\\") {
            path.clear();
        }
        if path.last().is_some_and(|last| !matches!(last, b'/' | b'\\')) {
            path.push(b'/');
        }
        path.extend_from_slice(part.get(..part.len().min(PATH_LIMIT)).unwrap_or_default());
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_start_anew_at_a_root() {
        let join = |parts: [&str; 3]| String::from_utf8(path(parts.map(str::as_bytes))).unwrap();
        assert_eq!(join(["/build", "src", "main.c"]), "/build/src/main.c");
        assert_eq!(join(["/build/", "/usr/include", "stdio.h"]), "/usr/include/stdio.h");
        assert_eq!(join(["/build", "", "a.c"]), "/build/a.c");
        assert_eq!(join(["C:\\build", "D:\\x", "a.c"]), "D:\\x/a.c");
        assert_eq!(join(["", "", ""]), "");
    }
}
