//! Function tables (`.pdata`) and the unwind information behind them (`.xdata`).
//!
//! An entry says where a function is; its record how to unwind it. A function whose
//! code is in pieces has an entry for each. Records and what language handlers need
//! are charged to the function; nobody else has a reason to keep them.

mod arm;
mod cxx;
mod x64;

use std::ops::Range;

use object::pe;

use crate::error::Diagnostic;
use crate::format::cursor::{Cursor, Fixup};
use crate::format::trouble::Trouble;
use crate::format::{Charge, Endian, Line, Region, RegionPlace, Target};
use crate::kind::Kind;
use crate::order::{self, Arrange};

/// A table of functions.
pub(super) struct FunctionTable<'t> {
    /// Where it lies.
    pub span: Range<u64>,
    /// What relocations do to it, in an object file.
    pub fixups: &'t [Fixup],
}

/// What function tables say.
#[derive(Default)]
pub(super) struct Unwind {
    /// Sorted, without repeats.
    pub functions: Vec<Range<u64>>,
    pub charges: Vec<Charge>,
    pub regions: Vec<Region>,
    pub diagnostics: Vec<Diagnostic>,
}

/// The file around a table.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    pub data: &'a [u8],
    pub line: &'a Line,
    /// Base of relative addresses; 0 in an object file, where fields are positions once relocated.
    pub base: u64,
    pub is_object: bool,
}

/// A stretch of code that an entry speaks of.
struct Piece {
    /// Its entry.
    entry: Range<u64>,
    code: Range<u64>,
    /// Where its record lies, if it has one.
    record: Option<u64>,
    /// Start of the function it is a piece of: its own, unless the table says otherwise.
    function: u64,
}

/// A record: where it ends as far as the format knows, and where data of a handler starts.
struct Record {
    end: u64,
    handler_data: Option<u64>,
}

/// Reads the function tables of a machine.
pub(super) fn read(machine: pe::Machine, tables: &[FunctionTable<'_>], around: &Around<'_>) -> Unwind {
    let mut trouble = Trouble::default();
    let mut pieces: Vec<Piece> = Vec::new();
    let mut outside = 0u64;
    let mut left = around.data.len() as u64;
    for table in tables {
        let size = match machine {
            pe::IMAGE_FILE_MACHINE_AMD64 => x64::ENTRY,
            pe::IMAGE_FILE_MACHINE_ARM64 | pe::IMAGE_FILE_MACHINE_ARMNT => arm::ENTRY,
            _ => return Unwind::default(),
        };
        let bytes = table_bytes(around.data, &table.span);
        // Tables do not overlap: together they are no longer than the file.
        let Some(rest) = left.checked_sub(bytes.len() as u64) else { break };
        left = rest;
        for index in 0..bytes.len() as u64 / size {
            let at = index * size;
            let fields = Cursor::new(bytes, Endian::Little, table.fixups).until(at + size).from(at);
            let Some(fields) = fields else { break };
            let entry = table.span.start + at..table.span.start + at + size;
            let piece = match machine {
                pe::IMAGE_FILE_MACHINE_AMD64 => x64::piece(fields, entry, around),
                _ => arm::piece(machine, fields, entry, around),
            };
            match piece {
                Some(piece) => pieces.push(piece),
                // Tables are filled up with zeros.
                None if bytes
                    .get(at as usize..(at + size) as usize)
                    .is_some_and(|e| e.iter().any(|&b| b != 0)) =>
                {
                    outside += 1;
                }
                None => {}
            }
        }
    }
    if outside > 0 {
        let text = format!("{outside} entries of the function table speak of no code in the file");
        let at = tables.first().map_or(0, |t| t.span.start);
        trouble.add("function-table", || Diagnostic::warning("function-table", text).at(at));
    }
    let mut unwind = Unwind { functions: functions(&mut pieces), ..Unwind::default() };
    records(machine, &pieces, around, &mut unwind);
    unwind.diagnostics = trouble.into_diagnostics();
    unwind
}

fn table_bytes<'d>(data: &'d [u8], span: &Range<u64>) -> &'d [u8] {
    data.get(span.start as usize..span.end as usize).unwrap_or_default()
}

impl Around<'_> {
    /// The value of an address field, and how many bytes are mapped from where it leads.
    ///
    /// In an object file a field without a relocation leads nowhere.
    fn place(&self, c: &mut Cursor<'_, '_>) -> Option<(u64, u64)> {
        let relocated = !self.is_object || c.fixup().is_some();
        let value = c.fixed(4)?;
        if relocated { self.locate(value) } else { None }
    }

    fn locate(&self, value: u64) -> Option<(u64, u64)> {
        self.line.locate(self.base.checked_add(value)?)
    }

    /// Reads the file from a position on, to the end of what is mapped there.
    fn cursor(&self, pos: u64) -> Option<Cursor<'_, 'static>> {
        let mapping = self.line.mapping_at(pos)?;
        let end = mapping.pos.checked_add(mapping.len)?;
        Cursor::new(self.data, Endian::Little, &[]).until(end).from(pos)
    }

    /// The position that a field of the image at `pos` leads to.
    fn follow(&self, pos: u64) -> Option<u64> {
        let value = self.cursor(pos)?.u32()?;
        if self.is_object { None } else { self.locate(u64::from(value)).map(|(pos, _)| pos) }
    }
}

/// The functions: pieces that follow one another in the file are one.
fn functions(pieces: &mut [Piece]) -> Vec<Range<u64>> {
    pieces.arrange_by_key(|p| (p.code.start, p.code.end, p.entry.start));
    let mut functions: Vec<Range<u64>> = Vec::with_capacity(pieces.len());
    let mut last = None;
    for piece in pieces.iter() {
        match functions.last_mut() {
            Some(before) if last == Some(piece.function) && before.end == piece.code.start => {
                before.end = piece.code.end;
            }
            _ => functions.push(piece.code.clone()),
        }
        last = Some(piece.function);
    }
    functions.retain(|f| !f.is_empty());
    order::spans(&mut functions);
    functions.dedup();
    functions
}

/// Charges entries and records.
fn records(machine: pe::Machine, pieces: &[Piece], around: &Around<'_>, out: &mut Unwind) {
    let mut starts: Vec<u64> = pieces.iter().filter_map(|p| p.record).collect();
    starts.sort_unstable();
    starts.dedup();
    let mut spans: Vec<Range<u64>> = Vec::with_capacity(starts.len());
    let mut tables = cxx::Tables::default();
    // Lists of scopes are not shared: together they are no longer than the file.
    let mut left = around.data.len() as u64;
    for piece in pieces {
        let on = Target::Pos(piece.function);
        out.charges.push(Charge { start: piece.entry.start, end: piece.entry.end, on });
        let Some(start) = piece.record else { continue };
        let record = around.cursor(start).and_then(|c| match machine {
            pe::IMAGE_FILE_MACHINE_AMD64 => x64::record(c),
            _ => arm::record(machine, c),
        });
        let Some(record) = record else { continue };
        let next = starts.get(starts.partition_point(|&s| s <= start)).copied();
        let end = match record.handler_data {
            Some(data) => handler_data(data, next, piece, around, &mut tables, &mut left),
            None => record.end,
        };
        spans.push(start..end);
        out.charges.push(Charge { start, end, on });
    }
    let regions = |mut spans: Vec<Range<u64>>, name: &'static str, out: &mut Unwind| {
        order::spans(&mut spans);
        let mut merged: Vec<Range<u64>> = Vec::new();
        for span in spans {
            match merged.last_mut() {
                // Records are aligned to four bytes; what that takes is part of them.
                Some(last) if span.start <= last.end.next_multiple_of(4) => last.end = last.end.max(span.end),
                _ => merged.push(span),
            }
        }
        out.regions.extend(merged.into_iter().map(|span| {
            let (kind, place) = (Kind::Unwind, RegionPlace::InSection);
            Region { span, name: name.into(), kind, place }
        }));
    };
    regions(spans, "unwind information", out);
    let (spans, charges) = tables.into_parts();
    out.charges.extend(charges);
    regions(spans, "exception tables", out);
    let tables: Vec<Range<u64>> = pieces.iter().map(|p| p.entry.clone()).collect();
    regions(tables, "function table", out);
}

/// The most data of a handler that follows its record with no other record behind it.
const LONGEST: u64 = 4096;

/// Where the data of a handler ends that starts at `start`.
///
/// No format states it. Handlers of C have a list of code ranges, those of Microsoft's
/// C++ (and of Rust with it) refer to tables elsewhere; of others everything up to
/// the next record is theirs.
fn handler_data(
    start: u64,
    next: Option<u64>,
    piece: &Piece,
    around: &Around<'_>,
    tables: &mut cxx::Tables,
    left: &mut u64,
) -> u64 {
    // Data is mapped where its record is, and there may be less than a word of it.
    let mapped = around.cursor(start).map_or(start, |c| c.end());
    let word = start.saturating_add(4).min(mapped);
    if let Some(table) = around.follow(start).filter(|&pos| cxx::is_table(pos, around)) {
        tables.add(table, piece.function, around);
        return word;
    }
    if let Some(end) = scopes(start, piece, around, left) {
        return end;
    }
    match next {
        Some(next) if next > start && next - start <= LONGEST && next <= mapped => next,
        _ => word,
    }
}

/// The end of a list of scopes of C: a count, then begin, end, handler and target of each.
/// Believed only if all scopes are code of this piece.
fn scopes(start: u64, piece: &Piece, around: &Around<'_>, left: &mut u64) -> Option<u64> {
    if around.is_object {
        return None;
    }
    let mut c = around.cursor(start)?;
    let count = c.u32()?;
    let len = piece.code.end - piece.code.start;
    // A scope is an instruction at least.
    if count == 0 || u64::from(count) > len {
        return None;
    }
    for _ in 0..count {
        *left = left.checked_sub(16)?;
        let (begin, end) = (around.locate(u64::from(c.u32()?))?.0, u64::from(c.u32()?));
        let end = around.locate(end.checked_sub(1)?)?.0;
        let inside = piece.code.contains(&begin) && piece.code.contains(&end) && begin <= end;
        inside.then_some(())?;
        c.skip(8)?;
    }
    Some(c.at())
}
