//! Units to rows and claims: debug information and the code it describes.
//!
//! Knows nothing of crates.

use crate::format::{Image, UnitPart};
use crate::intern::Names;
use crate::model::{UnitId, UnitRow};
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
}

impl Units {
    /// The row of a file that the symbol table names.
    pub fn of_file(&self, file: u32) -> UnitId {
        UnitId::new(self.debug + file as usize)
    }
}

/// Divides the line by unit.
pub(super) fn build(image: &Image<'_>, names: &mut Names) -> Units {
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
    Units { rows, debug, by_unit, claims }
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
