//! Code between code whose object file is known.
//!
//! A linker lays object files one after another. A function that only a name
//! speaks for lies between two whose codegen unit is known, so it is of one of
//! the two, or of an object file between them in link order. Names decide where
//! one file ends and the next begins: functions are dealt out to the candidates
//! in order, such that as many as possible get the crate of their name.

use super::{Found, Run, conclusion, of_object_file};
use crate::attrib::krate::Crates;
use crate::attrib::symbols::Symbols;
use crate::attrib::units::Units;
use crate::format::Image;
use crate::intern::{Distinct, Names};
use crate::kind::Kind;
use crate::model::{CrateId, Evidence, Owner, SectionId, SymbolId};
use crate::names::Scheme;

/// Most steps to spend on one stretch; a stretch beyond it keeps what names say.
const STEPS: usize = 1 << 22;
/// Most object files between two anchors that are looked at.
const FILES: usize = 1 << 10;

/// Crates of object files in link order.
pub(super) struct Order {
    files: Vec<Option<CrateId>>,
}

/// Which names tell where their code lies.
///
/// Copies of a generic lie with whoever uses it. A path that occurs once is most
/// likely no generic. Legacy names of the toolchain are always copies where the
/// toolchain's own code has new names.
pub(super) struct Telling {
    by_symbol: Vec<bool>,
}

impl Telling {
    /// Looks at all names once.
    pub fn new(symbols: &Symbols, crates: &Crates, names: &Names) -> Telling {
        let path = |row: usize| {
            if crates.mangling(SymbolId::new(row)) != Scheme::RustLegacy {
                return None;
            }
            let name = symbols.rows.get(row)?.plain_name(names);
            // What differs between copies is the hash at the end: `17h`, sixteen digits, `E`.
            let hash = name.len().checked_sub(20).filter(|&at| name.get(at..).is_some_and(is_hash));
            name.get(..hash.or_else(|| name.rfind("17h")).or_else(|| name.rfind("::h"))?)
        };
        let mut paths: Distinct<&str> = Distinct::default();
        let of_row: Vec<Option<u32>> =
            (0..symbols.rows.len()).map(|row| path(row).map(|path| paths.insert(path))).collect();
        let mut copies = vec![0u32; paths.values().len()];
        of_row.iter().flatten().for_each(|&path| copies[path as usize] += 1);
        let tells = |(row, path): (usize, &Option<u32>)| {
            let is_copy = |path: u32| {
                let of_toolchain = crates.has_new_names && crates.is_defined_by_toolchain(SymbolId::new(row));
                copies[path as usize] > 1 || of_toolchain
            };
            !path.is_some_and(is_copy)
        };
        Telling { by_symbol: of_row.iter().enumerate().map(tells).collect() }
    }

    fn tells(&self, symbol: SymbolId) -> bool {
        symbol.get().and_then(|i| self.by_symbol.get(i)).copied().unwrap_or(false)
    }
}

/// Whether the last twenty bytes of a name are the hash of the older mangling.
fn is_hash(end: &str) -> bool {
    let digits = end.strip_prefix("17h").and_then(|rest| rest.strip_suffix('E'));
    digits.is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

impl Order {
    /// As the symbol table lists them.
    pub fn new(image: &Image<'_>, units: &Units, crates: &Crates) -> Order {
        let files = (0..image.files.len() as u32).map(|f| crates.of_file(units.of_file(f)));
        Order { files: files.collect() }
    }

    /// The crates from one anchor to the next, without repeats in a row.
    ///
    /// In front of the first anchor of a section lie the first files, behind the
    /// last one its own.
    fn between(&self, from: Option<&Anchor>, to: Option<&Anchor>) -> Vec<CrateId> {
        let mut all: Vec<CrateId> = from.iter().map(|f| f.krate).collect();
        let first = if from.is_none() { Some(0) } else { from.and_then(|f| f.file) };
        if let (Some(a), Some(b)) = (first, to.and_then(|t| t.file))
            && let Some(files) = self.files.get(a as usize..b as usize).filter(|f| f.len() <= FILES)
        {
            all.extend(files.iter().flatten());
        }
        all.extend(to.map(|t| t.krate));
        all.dedup();
        all
    }
}

/// A run whose object file is known.
struct Anchor {
    krate: CrateId,
    file: Option<u32>,
}

/// What settling a stretch needs to know.
pub(super) struct Basis<'b> {
    pub order: Order,
    pub telling: Telling,
    pub crates: &'b Crates,
    pub names: &'b Names,
}

/// Settles the code of all sections.
pub(super) fn conclude(runs: &mut [Run], basis: &Basis<'_>, found: &mut Found) {
    let code: Vec<usize> = (0..runs.len()).filter(|&i| runs[i].kind == Kind::Code).collect();
    let sections: Vec<&[usize]> = code.chunk_by(|&a, &b| runs[a].section == runs[b].section).collect();
    for section in sections {
        let mut from: Option<Anchor> = None;
        let mut stretch: Vec<usize> = Vec::new();
        for &index in section {
            let Some(here) = anchor(&runs[index]) else {
                stretch.push(index);
                continue;
            };
            settle(runs, &stretch, &basis.order.between(from.as_ref(), Some(&here)), basis, found);
            stretch.clear();
            from = Some(here);
        }
        if from.is_some() {
            settle(runs, &stretch, &basis.order.between(from.as_ref(), None), basis, found);
        }
    }
}

/// The object file of a run, if evidence speaks of it.
fn anchor(run: &Run) -> Option<Anchor> {
    let owner = run.owner.filter(of_object_file).filter(|o| o.instantiated_by != CrateId::NONE)?;
    Some(Anchor { krate: owner.instantiated_by, file: run.file })
}

/// Settles copies of the toolchain's code where no object file is known, as after
/// fat LTO: between two functions of one crate they are most likely its own.
pub(super) fn conclude_merged(runs: &mut [Run], crates: &Crates, found: &mut Found) {
    let of_c = |o: &Owner| {
        o.instantiated_evidence == Evidence::FileNeighbour || crates.is_foreign(o.instantiated_by)
    };
    let of_rust = |o: &Owner| of_object_file(o) && !of_c(o);
    // A merged object file keeps what only the program can have made, such as its `main`.
    let code = runs.iter().filter(|r| r.kind == Kind::Code);
    let mut known = code.filter_map(|r| r.owner.filter(of_rust)).map(|o| o.instantiated_by);
    if let Some(first) = known.next()
        && known.any(|other| other != first)
    {
        return;
    }
    let mut before: Option<(SectionId, CrateId)> = None;
    let mut copies: Vec<usize> = Vec::new();
    for index in 0..runs.len() {
        let run = &runs[index];
        let Some(owner) = run.owner.filter(|_| run.kind == Kind::Code) else { continue };
        let weak = matches!(owner.instantiated_evidence, Evidence::None | Evidence::V0Path);
        if weak && crates.is_toolchain(owner.defined_in) {
            copies.push(index);
            continue;
        }
        if owner.instantiated_by == CrateId::NONE {
            continue;
        }
        if of_c(&owner) {
            copies.clear();
            before = None;
            continue;
        }
        let here = (run.section, owner.instantiated_by);
        if before == Some(here) && !crates.is_toolchain(here.1) {
            for &at in &copies {
                let Some(known) = runs[at].owner else { continue };
                let owner = crates.placed(runs[at].symbol, &known, here.1, Evidence::NoObjectFile);
                found.add(runs[at].span.clone(), runs[at].symbol, owner);
                runs[at].owner = Some(owner);
            }
        }
        copies.clear();
        before = Some(here);
    }
}

/// Deals a stretch out to candidates, both in order.
fn settle(runs: &mut [Run], stretch: &[usize], candidates: &[CrateId], basis: &Basis<'_>, found: &mut Found) {
    let named: Vec<_> = stretch.iter().map(|&i| hint(&runs[i], &basis.telling)).collect();
    let Some(dealt) = deal(&named, candidates) else { return };
    for (&index, &krate) in stretch.iter().zip(&dealt) {
        let run = &mut runs[index];
        if let Some(owner) = place(run, krate, basis.crates, basis.names) {
            found.add(run.span.clone(), run.symbol, owner);
            run.owner = Some(owner);
        }
    }
}

/// The crate that a run's own name speaks for.
fn hint(run: &Run, telling: &Telling) -> Option<CrateId> {
    let owner = run.owner.filter(|_| telling.tells(run.symbol))?;
    Some(owner.instantiated_by).filter(|&c| c != CrateId::NONE)
}

/// What a run is owned by once it is known to be in an object file of `krate`.
fn place(run: &Run, krate: CrateId, crates: &Crates, names: &Names) -> Option<Owner> {
    match run.owner {
        None => {
            let host = crates.host(krate, run.symbol, names);
            Some(conclusion(host, host, Evidence::Neighbours))
        }
        // Buckets, and v0 names, which state who instantiated them.
        Some(o) if o.defined_in == CrateId::NONE => None,
        Some(o) if matches!(o.instantiated_evidence, Evidence::V0Suffix | Evidence::V0Path) => None,
        Some(o) if o.instantiated_by == krate => None,
        // After fat LTO the only files that are known may be those of C.
        Some(_) if crates.is_foreign(krate) || !crates.has_rust_files => None,
        Some(o) => Some(crates.placed(run.symbol, &o, krate, Evidence::Neighbours)),
    }
}

/// For each name the candidate it is dealt to, in order, with the most agreement.
///
/// Ties go to the earlier candidate. `None` if it would take too long.
fn deal(named: &[Option<CrateId>], candidates: &[CrateId]) -> Option<Vec<CrateId>> {
    let (rows, columns) = (named.len(), candidates.len());
    if rows == 0 || columns == 0 {
        return None;
    }
    if let [only] = candidates {
        return Some(vec![*only; rows]);
    }
    if rows.checked_mul(columns)? > STEPS {
        return None;
    }
    // best[i][c]: most agreement of names i.. if name i goes to candidate c or a later one.
    let mut best = vec![0u32; (rows + 1) * (columns + 1)];
    let agrees = |i: usize, c: usize| u32::from(named[i] == Some(candidates[c]));
    for i in (0..rows).rev() {
        for c in (0..columns).rev() {
            let here = agrees(i, c) + best[(i + 1) * (columns + 1) + c];
            let later = if c + 1 < columns { best[i * (columns + 1) + c + 1] } else { 0 };
            best[i * (columns + 1) + c] = here.max(later);
        }
    }
    let mut dealt = Vec::with_capacity(rows);
    let mut c = 0;
    for i in 0..rows {
        while c + 1 < columns
            && agrees(i, c) + best[(i + 1) * (columns + 1) + c] < best[i * (columns + 1) + c]
        {
            c += 1;
        }
        dealt.push(candidates[c]);
    }
    Some(dealt)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(named: &[u32], candidates: &[u32], expected: &[u32]) {
        let named: Vec<Option<CrateId>> = named.iter().map(|&n| (n > 0).then_some(CrateId(n))).collect();
        let candidates: Vec<CrateId> = candidates.iter().map(|&c| CrateId(c)).collect();
        let dealt = deal(&named, &candidates).unwrap();
        assert_eq!(dealt.iter().map(|c| c.0).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn names_find_the_border_between_two_files() {
        // 9 is the toolchain: it says nothing about the border.
        check(&[1, 9, 1, 2, 9], &[1, 2], &[1, 1, 1, 2, 2]);
        check(&[2, 9, 2], &[1, 2], &[2, 2, 2]);
        check(&[9, 0, 9], &[1, 2], &[1, 1, 1]);
    }

    #[test]
    fn files_in_between_get_what_is_theirs() {
        check(&[1, 3, 9, 3, 2], &[1, 3, 2], &[1, 3, 3, 3, 2]);
        // One name out of order does not move the border.
        check(&[1, 1, 2, 1, 1, 2, 2], &[1, 2], &[1, 1, 1, 1, 1, 2, 2]);
    }

    #[test]
    fn one_candidate_gets_all() {
        check(&[2, 0, 9], &[1], &[1, 1, 1]);
    }
}
