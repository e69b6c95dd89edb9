//! Bytes that nothing names, and who must have put them there.
//!
//! Private constants have no symbol, C functions no crate in their name. Two
//! facts help. A private constant is referred to by the object file it came with
//! and by no other. And linkers keep object files together, so what lies between
//! two pieces of one crate is of that crate.
//!
//! Everything concluded here is marked as such by its evidence.

mod data;
mod layout;
mod locations;
mod object_files;

use std::ops::Range;

use super::forms::Forms;
use super::krate::Crates;
use super::references::References;
use super::sections::Layout;
use super::symbols::Symbols;
use super::units::{NOBODY, Units};
use crate::format::Image;
use crate::intern::{Distinct, Names};
use crate::kind::Kind;
use crate::model::{CrateId, Evidence, Owner, SectionId, SymbolId, UnitId};
use crate::order::Leading;
use crate::partition::{Claim, Partition};

/// Index into [`Inferred::owners`], or none.
pub(super) type Conclusion = u32;

/// No conclusion.
pub(super) const NO_CONCLUSION: Conclusion = u32::MAX;

/// An owner that was concluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Concluded {
    pub owner: Owner,
    /// Whether crates disagree about it, so that the majority was asked.
    pub is_contested: bool,
}

/// What was concluded.
pub(super) struct Inferred {
    owners: Vec<Concluded>,
    /// Of bytes without a symbol.
    pub by_place: Partition<Conclusion>,
    /// Of symbols without a crate, by symbol.
    pub by_symbol: Vec<Conclusion>,
}

/// A run of content with one symbol and one unit.
struct Run {
    span: Range<u64>,
    section: SectionId,
    kind: Kind,
    symbol: SymbolId,
    /// Where its object file stands among those the symbol table names, if it says.
    file: Option<u32>,
    /// `None` if no evidence says anything.
    owner: Option<Owner>,
}

/// What is known before anything is concluded.
pub(super) struct Known<'k, 'data> {
    pub image: &'k Image<'data>,
    pub layout: &'k Layout,
    pub symbols: &'k Symbols,
    pub by_symbol: &'k Partition<SymbolId>,
    pub units: &'k Units,
    pub crates: &'k Crates,
    pub names: &'k Names,
    pub references: &'k References,
    pub forms: &'k Forms,
    pub bytes: &'k [u8],
}

/// Draws the conclusions.
pub(super) fn build(known: &Known<'_, '_>) -> Inferred {
    let Known { image, symbols, units, crates, names, .. } = *known;
    let mut runs = runs(known);
    let mut found = Found {
        claims: Vec::new(),
        owners: Distinct::default(),
        by_symbol: vec![NO_CONCLUSION; symbols.rows.len()],
    };
    if crates.has_rust {
        let basis = layout::Basis {
            order: layout::Order::new(image, units, crates),
            telling: layout::Telling::new(symbols, crates, names),
            crates,
            names,
        };
        // Debug information of a linker leaves no object file to be found.
        if image.units.iter().all(|u| u.object.is_empty()) {
            layout::conclude(&mut runs, &basis, &mut found);
        }
        layout::conclude_merged(&mut runs, crates, &mut found);
        locations::guess(known, &mut runs, &mut found);
        object_files::conclude(image, &mut runs, (crates, names), &mut found);
        data::conclude(known, &mut runs, &mut found);
        between(&mut runs, (crates, names), &mut found);
    }
    let by_place = Partition::resolve(image.line.len(), &mut found.claims, NO_CONCLUSION);
    Inferred { owners: found.owners.into_values(), by_place, by_symbol: found.by_symbol }
}

impl Inferred {
    /// Nothing concluded, on a line of `len` bytes.
    pub fn none(len: u64) -> Inferred {
        let by_place = Partition::resolve(len, &mut [], NO_CONCLUSION);
        Inferred { owners: Vec::new(), by_place, by_symbol: Vec::new() }
    }

    /// What was concluded of bytes that belong to `symbol`, or lie at a place without one.
    pub fn owner(&self, symbol: SymbolId, at_place: Conclusion) -> Option<Concluded> {
        let of_symbol = symbol.get().and_then(|i| self.by_symbol.get(i)).copied();
        let conclusion = of_symbol.unwrap_or(at_place);
        self.owners.get(conclusion as usize).copied()
    }
}

/// Conclusions being collected.
struct Found {
    claims: Vec<Claim<Conclusion>>,
    owners: Distinct<Concluded>,
    by_symbol: Vec<Conclusion>,
}

impl Found {
    /// Gives `span` to `owner`.
    fn add(&mut self, span: Range<u64>, symbol: SymbolId, owner: Owner) {
        self.conclude(span, symbol, Concluded { owner, is_contested: false });
    }

    /// Gives `span` to an owner that crates may disagree about.
    fn conclude(&mut self, span: Range<u64>, symbol: SymbolId, concluded: Concluded) {
        let conclusion = self.owners.insert(concluded);
        match symbol.get().and_then(|i| self.by_symbol.get_mut(i)) {
            Some(slot) => *slot = conclusion,
            None => {
                self.claims.push(Claim { start: span.start, end: span.end, rank: 0, label: conclusion });
            }
        }
    }
}

/// All content in order of position, cut by section, symbol and unit.
fn runs(known: &Known<'_, '_>) -> Vec<Run> {
    let Known { image, layout, symbols, by_symbol, units, crates, .. } = *known;
    let mut at_symbol = by_symbol.cursor();
    let mut at_unit = units.by_unit.cursor();
    let mut runs = Vec::with_capacity(by_symbol.len());
    for (span, section) in layout.by_section.iter() {
        let Some(row) = section.get().and_then(|i| layout.sections.get(i)) else { continue };
        let is_section = section.get().is_some_and(|i| i < image.sections.len());
        if !row.kind.is_content() || !is_section {
            continue;
        }
        let mut at = span.start;
        while at < span.end {
            let (y, symbol) = at_symbol.run(at).unwrap_or((span.clone(), SymbolId::NONE));
            let (u, (mut unit, _)) = at_unit.run(at).unwrap_or((span.clone(), NOBODY));
            let end = span.end.min(y.end).min(u.end);
            let is_content = symbols.kind(symbol).is_none_or(Kind::is_content);
            if symbol != symbols.padding && is_content {
                if unit == UnitId::NONE {
                    unit = units.file_unit(symbol);
                }
                let owner = crates.owner(symbol, unit, row.kind);
                let file = units.file_of(symbol);
                runs.push(Run { span: at..end, section, kind: row.kind, symbol, file, owner });
            }
            at = end;
        }
    }
    runs
}

/// Positions of what refers to the anonymous object that holds `pos`, sorted.
pub(super) fn referrers(known: &Known<'_, '_>, pos: u64) -> Vec<u64> {
    let runs = runs(known);
    let Some(run) = Finder::new(&runs).run_at(pos) else { return Vec::new() };
    data::referrers(known.image, known.references, runs[run].span.start..pos + 1)
}

/// Finds runs by positions, of which there are many in any order.
struct Finder<'r> {
    runs: &'r [Run],
    leading: Leading,
}

impl<'r> Finder<'r> {
    fn new(runs: &'r [Run]) -> Finder<'r> {
        Finder { runs, leading: Leading::of(runs.iter().map(|r| r.span.start)) }
    }

    /// Index of the run that holds `pos`.
    fn run_at(&self, pos: u64) -> Option<usize> {
        let (index, run) = self.leading.last(self.runs, pos, |r| r.span.start)?;
        (pos < run.span.end).then_some(index)
    }
}

/// Whether evidence speaks of whole object files, so that what lies between two of one crate is its own.
fn of_object_file(owner: &Owner) -> bool {
    matches!(
        owner.instantiated_evidence,
        Evidence::Unit | Evidence::SymbolFile | Evidence::FileNeighbour | Evidence::Reference
    )
}

/// Gives data that lies between two runs of one crate to that crate.
fn between(runs: &mut [Run], (crates, names): (&Crates, &Names), found: &mut Found) {
    let mut before: Option<(SectionId, Owner)> = None;
    let mut pending: Vec<usize> = Vec::new();
    for index in 0..runs.len() {
        let run = &runs[index];
        if run.kind == Kind::Code {
            continue;
        }
        if before.as_ref().is_some_and(|(section, _)| *section != run.section) {
            before = None;
            pending.clear();
        }
        let Some(owner) = run.owner else {
            pending.push(index);
            continue;
        };
        let (section, here) = (run.section, owner);
        let agreed = before.as_ref().is_some_and(|(_, o)| {
            o.instantiated_by == here.instantiated_by && of_object_file(o) && of_object_file(&here)
        });
        if agreed && here.instantiated_by != CrateId::NONE {
            for &at in &pending {
                let host = crates.host(here.instantiated_by, runs[at].symbol, names);
                let owner = conclusion(host, host, Evidence::Neighbours);
                found.add(runs[at].span.clone(), runs[at].symbol, owner);
                runs[at].owner = Some(owner);
            }
        }
        pending.clear();
        before = Some((section, here));
    }
}

/// An attribution that stands on one conclusion.
fn conclusion(krate: CrateId, instantiated_by: CrateId, evidence: Evidence) -> Owner {
    Owner {
        krate,
        defined_in: krate,
        instantiated_by,
        evidence,
        defined_evidence: evidence,
        instantiated_evidence: evidence,
    }
}

/// The crate that occurs most often; of two the lower, so order has no influence.
fn most(mut all: impl Iterator<Item = CrateId> + Clone) -> Option<CrateId> {
    let (first, rest) = (all.next()?, all.clone());
    if all.all(|other| other == first) {
        return Some(first);
    }
    let mut all: Vec<CrateId> = rest.chain([first]).collect();
    all.sort_unstable();
    let best = all.chunk_by(|a, b| a == b).max_by_key(|g| (g.len(), std::cmp::Reverse(g[0])))?;
    best.first().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crate_that_occurs_most_often_is_elected() {
        let elected = |named: &[u32]| most(named.iter().map(|&c| CrateId(c)));
        assert_eq!(elected(&[9, 2, 1, 2]), Some(CrateId(2)));
        assert_eq!(elected(&[2, 1]), Some(CrateId(1)));
        assert_eq!(elected(&[]), None);
    }
}
