//! Units to rows and claims: debug information and the code it describes.
//!
//! Knows nothing of crates.

use super::symbols::Symbols;
use crate::format::{Image, UnitPart};
use crate::intern::Names;
use crate::model::{SymbolId, UnitId, UnitRow};
use crate::partition::{Claim, Partition, apportion};

/// Whose a run is, and whether its boundaries are a computed share.
pub(super) type Share = (UnitId, bool);

/// Nobody's.
pub(super) const NOBODY: Share = (UnitId::NONE, false);

/// How good a claim of each kind is. Lower wins.
mod rank {
    /// Stated by the file.
    pub const STATED: u8 = 0;
    /// A computed share.
    pub const SHARE: u8 = 1;
}

/// What a claim of a rank stands on, in words.
pub(super) fn basis(rank: u8) -> &'static str {
    match rank {
        rank::STATED => "debug information states it",
        _ => "a computed share of a table that units have in common",
    }
}

/// Rows and partition of units.
pub(super) struct Units {
    /// Units of debug information, then files of the symbol table.
    pub rows: Vec<UnitRow>,
    /// Number of rows that are units of debug information.
    pub debug: usize,
    pub by_unit: Partition<Share>,
    /// What `by_unit` was resolved from.
    pub claims: Vec<Claim<Share>>,
    /// By row of symbol: the unit at its first position.
    at_start: Vec<UnitId>,
    /// By row of symbol: the file that the symbol table says it is of.
    of_file: Vec<UnitId>,
}

impl Units {
    /// The row of a file that the symbol table names.
    pub fn of_file(&self, file: u32) -> UnitId {
        UnitId::new(self.debug + file as usize)
    }

    /// The unit of debug information at the first position of a symbol.
    pub fn at_start(&self, symbol: SymbolId) -> UnitId {
        symbol.get().and_then(|row| self.at_start.get(row)).copied().unwrap_or(UnitId::NONE)
    }

    /// The row of the file that the symbol table says a symbol is of, for what no unit covers.
    pub fn file_unit(&self, symbol: SymbolId) -> UnitId {
        symbol.get().and_then(|row| self.of_file.get(row)).copied().unwrap_or(UnitId::NONE)
    }

    /// The file that the symbol table says a symbol is of.
    pub fn file_of(&self, symbol: SymbolId) -> Option<u32> {
        self.file_unit(symbol).get().and_then(|unit| u32::try_from(unit.checked_sub(self.debug)?).ok())
    }
}

/// Divides the line by unit.
pub(super) fn build(image: &Image<'_>, symbols: &Symbols, names: &mut Names) -> Units {
    let mut rows: Vec<UnitRow> = image
        .units
        .iter()
        .map(|u| UnitRow {
            name: names.intern(if u.name.is_empty() { "[unnamed unit]" } else { &u.name }),
            comp_dir: names.intern(&u.comp_dir),
            language: u.language,
        })
        .collect();
    let debug = rows.len();
    let empty = names.intern("");
    rows.extend(image.files.iter().map(|f| UnitRow { name: names.intern(f), comp_dir: empty, language: 0 }));

    let mut claims: Vec<Claim<Share>> = Vec::with_capacity(image.unit_ranges.len() + image.unit_parts.len());
    claims.extend(image.unit_ranges.iter().map(|r| Claim {
        start: r.start,
        end: r.end,
        rank: rank::STATED,
        label: (UnitId(r.unit), false),
    }));
    let mut parts = image.unit_parts.clone();
    parts.sort_unstable();
    for parts in parts.chunk_by(|a, b| a.section == b.section) {
        let Some(section) = parts.first().and_then(|p| image.sections.get(p.section as usize)) else {
            continue;
        };
        match section.uncompressed {
            None => claims.extend(parts.iter().map(|p| stated(p, section.span.start, section.span.end))),
            Some(whole) => shares(parts, whole, section.span.start, section.span.end, &mut claims),
        }
    }
    let by_unit = Partition::resolve(image.line.len(), &mut claims, NOBODY);
    // In order of position: asked for in any other, each would be searched for.
    let mut at_unit = by_unit.cursor();
    let at_start = symbols.pos_of.iter().map(|&pos| at_unit.at(pos).unwrap_or(NOBODY).0).collect();
    let of_file = symbols.fact_of.iter().map(|&fact| {
        let file = image.symbols.get(fact as usize).and_then(|symbol| symbol.file);
        // Some linkers end the symbols of a file with a file of no name.
        let file = file.filter(|&file| image.files.get(file as usize).is_some_and(|name| !name.is_empty()));
        file.map_or(UnitId::NONE, |file| UnitId::new(debug + file as usize))
    });
    let of_file = of_file.collect();
    Units { rows, debug, by_unit, claims, at_start, of_file }
}

fn stated(part: &UnitPart, start: u64, end: u64) -> Claim<Share> {
    Claim {
        start: start.saturating_add(part.start).min(end),
        end: start.saturating_add(part.end).min(end),
        rank: if part.estimated { rank::SHARE } else { rank::STATED },
        label: (UnitId(part.unit), part.estimated),
    }
}

/// A compressed section has no inner positions: each unit gets a share of the
/// stored bytes in proportion to its bytes before compression.
fn shares(parts: &[UnitPart], whole: u64, start: u64, end: u64, claims: &mut Vec<Claim<Share>>) {
    let mut inner: Vec<Claim<Share>> = parts.iter().map(|p| stated(p, 0, whole)).collect();
    let inner = Partition::resolve(whole, &mut inner, NOBODY);
    let runs: Vec<(u64, Share)> = inner.iter().map(|(r, label)| (r.end - r.start, label)).collect();
    let weights: Vec<u64> = runs.iter().map(|&(len, _)| len).collect();
    let mut at = start;
    for (len, (_, (unit, _))) in apportion(end - start, &weights).into_iter().zip(runs) {
        if unit != UnitId::NONE {
            claims.push(Claim { start: at, end: at + len, rank: rank::SHARE, label: (unit, true) });
        }
        at += len;
    }
}
