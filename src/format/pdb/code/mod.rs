//! Where instructions come from, as a program database says: the functions that were
//! inlined into procedures, and lines of source.
//!
//! Records of procedures nest those of inlined functions. Tables of lines have the line of
//! the outermost call for inlined code, and the inlined function itself the line in it.

mod annotations;
mod items;
mod lines;

use hashbrown::HashMap;

use self::annotations::Run;
use self::items::Items;
use self::lines::{Lines, Row};
use super::facts::{self, Locate};
use super::ids::Ids;
use super::records::{self, Entry, Place, Records};
use super::texts;
use crate::format::code::{CodeFacts, Frame, FrameSpan, Function, LineSpan, NO_INDEX, SourceLine, UNNAMED};
use crate::format::text::Texts;
use crate::intern::{Distinct, NameId};
use crate::parallel;
use crate::partition::{Claim, Partition};

/// How deep functions are followed into one another; code that is inlined deeper counts for the last.
const DEPTH: u8 = 250;

/// What stands for the name of a file that is not listed.
const UNLISTED: &str = "[unlisted file]";

/// The streams that are about code.
#[derive(Debug, Default)]
pub(super) struct Streams {
    /// By module: its tables of lines.
    pub lines: Vec<Vec<u8>>,
    /// The stream of types.
    pub types: Vec<u8>,
    /// The stream that has the texts.
    pub texts: Vec<u8>,
}

/// What is said, and the modules of which not all could be read.
#[derive(Debug, Default)]
pub(super) struct Code {
    pub facts: CodeFacts,
    pub cut: Vec<usize>,
}

/// Reads what modules say of their code; `symbols` has the records of each.
///
/// *Cost*: O(n log n) in the size of the streams; parallel over modules, with the same
/// result whatever the number of threads.
pub(super) fn read(symbols: &[Vec<u8>], streams: &Streams, ids: Ids<'_>, locate: &Locate<'_>) -> Code {
    let pairs: Vec<_> = symbols.iter().zip(&streams.lines).collect();
    let said = parallel::map(&pairs, 1, |(symbols, lines)| module(symbols, lines, locate));
    let sizes = [&streams.types, &streams.texts].into_iter().chain(symbols).map(Vec::len);
    let mut merge = Merge {
        items: Items { ids, types: Ids::read(&streams.types) },
        paths: texts::texts(&streams.texts).unwrap_or_default(),
        functions: HashMap::new(),
        files: HashMap::new(),
        lines: Distinct::default(),
        // Any number of functions may be in one type.
        texts: Texts::of(sizes),
        facts: CodeFacts::default(),
    };
    let mut cut = Vec::new();
    for (index, said) in said.iter().enumerate() {
        if !said.is_whole {
            cut.push(index);
        }
        merge.absorb(said);
    }
    let Merge { lines, texts, facts, .. } = merge;
    Code { facts: CodeFacts { lines: lines.into_values(), texts: texts.into_names(), ..facts }, cut }
}

/// The record that is about a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Origin<'d> {
    /// A procedure of this name.
    Procedure(&'d [u8]),
    /// A function that was inlined, by its number in the stream of ids.
    Item(u32),
}

/// A function that has code.
#[derive(Debug, Clone, Copy)]
struct Placed {
    /// Index into [`Said::functions`].
    function: u32,
    /// Index of what it was inlined into.
    parent: u32,
    /// Index into [`Said::lines`].
    call: u32,
}

/// What a module says.
#[derive(Debug, Default)]
struct Said<'d> {
    functions: Distinct<Origin<'d>>,
    frames: Vec<Placed>,
    bodies: Vec<FrameSpan>,
    spans: Vec<FrameSpan>,
    /// Numbers of files and lines.
    lines: Distinct<(u32, u32)>,
    rows: Vec<LineSpan>,
    tables: Lines,
    is_whole: bool,
}

/// A record whose children are being read.
#[derive(Debug, Clone, Copy)]
struct Open {
    /// The function that code is of, or [`NO_INDEX`].
    frame: u32,
    /// How many functions it was inlined through.
    inlined: u8,
    /// Its runs, in [`Walk::runs`].
    runs: (usize, usize),
}

const OUTSIDE: Open = Open { frame: NO_INDEX, inlined: 0, runs: (0, 0) };

/// A procedure whose children are being read.
#[derive(Debug, Clone, Copy)]
struct Procedure {
    place: Place,
    size: u32,
    /// How many records are open around it.
    depth: usize,
}

struct Walk<'w, 'd> {
    locate: &'w Locate<'w>,
    said: Said<'d>,
    procedure: Option<Procedure>,
    /// Lines of the procedure and of what is inlined into it, as offsets.
    runs: Vec<Run>,
    /// By frame and by line: what is claimed of the code of the procedure.
    frames: Vec<Claim<u32>>,
    lines: Vec<Claim<u32>>,
    /// By row of the tables: whether it is in a procedure.
    is_placed: Vec<bool>,
}

fn module<'d>(symbols: &'d [u8], lines: &[u8], locate: &Locate<'_>) -> Said<'d> {
    let tables = lines::read(lines);
    let mut walk = Walk {
        locate,
        is_placed: vec![false; tables.rows.len()],
        said: Said { is_whole: tables.is_whole, tables, ..Said::default() },
        procedure: None,
        runs: Vec::new(),
        frames: Vec::new(),
        lines: Vec::new(),
    };
    walk.records(symbols);
    walk.leave();
    walk.other_rows();
    walk.said
}

impl<'d> Walk<'_, 'd> {
    fn records(&mut self, symbols: &'d [u8]) {
        let mut open: Vec<Open> = Vec::new();
        // Behind the signature; a stream without is said by whoever reads its symbols.
        for entry in Records::new(symbols, 4).filter_map(|(kind, data)| records::entry(kind, data)) {
            let around = open.last().copied().unwrap_or(OUTSIDE);
            match entry {
                Entry::Procedure { place, size, name, .. } => {
                    self.leave();
                    open.push(self.enter(place, size, name, open.len()));
                }
                Entry::Inlined { function, annotations } => {
                    open.push(self.inlined(function, annotations, around));
                }
                Entry::Block | Entry::Separated { .. } => open.push(around),
                Entry::End => {
                    open.pop();
                    if self.procedure.is_some_and(|p| p.depth >= open.len()) {
                        self.leave();
                    }
                }
                _ => {}
            }
        }
    }

    /// A procedure starts, with the lines that tables have for it.
    fn enter(&mut self, place: Place, size: u32, name: &'d [u8], depth: usize) -> Open {
        let Some((start, end)) = facts::run(self.locate, place, size) else { return OUTSIDE };
        let frame = index(self.said.frames.len());
        let function = self.said.functions.insert(Origin::Procedure(name));
        self.said.frames.push(Placed { function, parent: NO_INDEX, call: NO_INDEX });
        self.said.bodies.push(FrameSpan { start, end, frame });
        self.frames.push(Claim { start, end, rank: u8::MAX, label: frame });
        self.procedure = Some(Procedure { place, size, depth });
        let rows = &self.said.tables.rows;
        let first = rows.partition_point(|row| row.place < place);
        let inside = |row: &Row| {
            let start = row.place.offset.checked_sub(place.offset).filter(|&start| start < size)?;
            let end = start.saturating_add(row.len).min(size);
            (row.place.section == place.section).then_some(Run { start, end, file: row.file, line: row.line })
        };
        let all = rows.get(first..).unwrap_or_default();
        self.runs.extend(all.iter().map_while(inside));
        let count = self.runs.len();
        for placed in self.is_placed.iter_mut().skip(first).take(count) {
            *placed = true;
        }
        self.claim_lines(0, u8::MAX);
        Open { frame, inlined: 0, runs: (0, count) }
    }

    /// A call that was replaced by what it calls.
    fn inlined(&mut self, function: u32, annotations: &[u8], around: Open) -> Open {
        let Some(procedure) = self.procedure.filter(|_| around.frame != NO_INDEX) else { return OUTSIDE };
        if around.inlined >= DEPTH {
            self.said.is_whole = false;
            return around;
        }
        let inlined = around.inlined + 1;
        let (file, line) = self.said.tables.inlinees.get(&function).copied().unwrap_or((NO_INDEX, 0));
        let first = self.runs.len();
        let size = procedure.size;
        let runs = annotations::runs(annotations, file, line).into_iter();
        self.runs.extend(runs.filter(|r| r.start < size).map(|r| Run { end: r.end.min(size), ..r }));
        let frame = index(self.said.frames.len());
        let call = self.runs.get(first).copied().and_then(|run| self.line_at(around.runs, run.start));
        let function = self.said.functions.insert(Origin::Item(function));
        self.said.frames.push(Placed { function, parent: around.frame, call: call.unwrap_or(NO_INDEX) });
        let rank = u8::MAX - inlined;
        let positions = |run: &Run| self.positions(procedure, run);
        let claims = self.runs.get(first..).unwrap_or_default().iter().filter_map(positions);
        let claims: Vec<Claim<u32>> =
            claims.map(|(start, end)| Claim { start, end, rank, label: frame }).collect();
        self.frames.extend(claims);
        self.claim_lines(first, rank);
        Open { frame, inlined, runs: (first, self.runs.len()) }
    }

    /// The line of a function at an offset, which is that of a call.
    fn line_at(&mut self, (first, end): (usize, usize), offset: u32) -> Option<u32> {
        let runs = self.runs.get(first..end)?;
        let after = runs.partition_point(|run| run.start <= offset);
        let run = runs.get(after.checked_sub(1)?).filter(|run| offset < run.end)?;
        Some(self.said.lines.insert((run.file, run.line)))
    }

    fn positions(&self, procedure: Procedure, run: &Run) -> Option<(u64, u64)> {
        let place = Place { offset: procedure.place.offset.checked_add(run.start)?, ..procedure.place };
        facts::run(self.locate, place, run.end.checked_sub(run.start)?)
    }

    fn claim_lines(&mut self, first: usize, rank: u8) {
        let Some(procedure) = self.procedure else { return };
        for at in first..self.runs.len() {
            let Some(&run) = self.runs.get(at) else { break };
            if let Some((start, end)) = self.positions(procedure, &run) {
                let label = self.said.lines.insert((run.file, run.line));
                self.lines.push(Claim { start, end, rank, label });
            }
        }
    }

    /// Gives each byte of the procedure to the innermost function and to its line.
    fn leave(&mut self) {
        self.procedure = None;
        self.runs.clear();
        let frames = innermost(&mut self.frames);
        self.said.spans.extend(frames.map(|(start, end, frame)| FrameSpan { start, end, frame }));
        let lines = innermost(&mut self.lines);
        self.said.rows.extend(lines.map(|(start, end, line)| LineSpan { start, end, line }));
        self.frames.clear();
        self.lines.clear();
    }

    /// Lines of code that no record tells of: assemblers write tables alone.
    fn other_rows(&mut self) {
        for (row, is_placed) in self.said.tables.rows.iter().zip(&self.is_placed) {
            if !is_placed && let Some((start, end)) = facts::run(self.locate, row.place, row.len) {
                let line = self.said.lines.insert((row.file, row.line));
                self.said.rows.push(LineSpan { start, end, line });
            }
        }
    }
}

/// The best claims by byte.
fn innermost(claims: &mut [Claim<u32>]) -> impl Iterator<Item = (u64, u64, u32)> {
    let end = claims.iter().map(|claim| claim.end).max().unwrap_or(0);
    let runs = Partition::resolve(end, claims, NO_INDEX);
    let runs: Vec<_> = runs.iter().map(|(run, label)| (run.start, run.end, label)).collect();
    runs.into_iter().filter(|(.., label)| *label != NO_INDEX)
}

fn index(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(NO_INDEX)
}

/// Puts what modules say together: numbers of their own become those of the program.
struct Merge<'m, 'd> {
    items: Items<'m>,
    /// The table that paths of files are in.
    paths: &'m [u8],
    functions: HashMap<(Origin<'d>, u32), u32>,
    /// By offset of the text.
    files: HashMap<u32, NameId>,
    lines: Distinct<SourceLine>,
    texts: Texts,
    facts: CodeFacts,
}

impl<'d> Merge<'_, 'd> {
    fn absorb(&mut self, said: &Said<'d>) {
        let lines: Vec<u32> = said
            .lines
            .values()
            .iter()
            .map(|&(file, line)| {
                let file = self.file(&said.tables, file);
                self.lines.insert(SourceLine { file, line })
            })
            .collect();
        let functions: Vec<u32> =
            said.functions.values().iter().map(|&at| self.function(at, &said.tables)).collect();
        let of = |all: &[u32], at: u32| all.get(at as usize).copied().unwrap_or(NO_INDEX);
        let before = index(self.facts.frames.len());
        let behind = |frame: u32| if frame == NO_INDEX { frame } else { before.saturating_add(frame) };
        self.facts.frames.extend(said.frames.iter().map(|frame| Frame {
            function: of(&functions, frame.function),
            parent: behind(frame.parent),
            call: of(&lines, frame.call),
        }));
        let moved = |span: &FrameSpan| FrameSpan { frame: behind(span.frame), ..*span };
        self.facts.bodies.extend(said.bodies.iter().map(moved));
        self.facts.spans.extend(said.spans.iter().map(moved));
        self.facts.rows.extend(said.rows.iter().map(|row| LineSpan { line: of(&lines, row.line), ..*row }));
    }

    /// The path of a file, by its number in a module.
    fn file(&mut self, tables: &Lines, number: u32) -> NameId {
        let Some(&offset) = tables.files.get(&number) else { return self.texts.intern(b"", UNLISTED) };
        if let Some(known) = self.files.get(&offset) {
            return *known;
        }
        let rest = usize::try_from(offset).ok().and_then(|offset| self.paths.get(offset..));
        let text = rest.and_then(|rest| rest.split(|&b| b == 0).next()).unwrap_or_default();
        let name = self.texts.intern(text, UNLISTED);
        self.files.insert(offset, name);
        name
    }

    fn function(&mut self, at: Origin<'d>, tables: &Lines) -> u32 {
        // What is inlined is declared in one file; one number means one function in all modules.
        let file = match at {
            Origin::Procedure(_) => NameId::NONE,
            Origin::Item(item) => match tables.inlinees.get(&item) {
                Some(&(file, _)) => self.file(tables, file),
                None => NameId::NONE,
            },
        };
        if let Some(known) = self.functions.get(&(at, file.0)) {
            return *known;
        }
        let path = match at {
            Origin::Procedure(name) => name.to_vec(),
            Origin::Item(item) => {
                let mut parts: Vec<&[u8]> = self.items.path(item).unwrap_or_default().into();
                parts.retain(|part| !part.is_empty());
                parts.join(&b"::"[..])
            }
        };
        let name = self.texts.intern(&path, UNNAMED);
        let number = index(self.facts.functions.len());
        self.facts.functions.push(Function { name, is_linkage: false, file });
        self.functions.insert((at, file.0), number);
        number
    }
}
