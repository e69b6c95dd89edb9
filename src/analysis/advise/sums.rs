//! Sums of a model that several rules stand on.

use std::collections::BTreeMap;

use crate::kind::Kind;
use crate::model::{CrateId, Leaf, Model, Sizes, Source, SymbolSort};

/// Bytes of a file that ship, by what they are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Part {
    /// Instructions.
    pub code: u64,
    /// Data of the program.
    pub data: u64,
    /// Unwind and exception tables.
    pub unwind: u64,
    /// All else that is kept: relocations, dynamic symbols.
    pub other: u64,
}

impl Part {
    /// All of it.
    pub fn total(self) -> u64 {
        self.code + self.data + self.unwind + self.other
    }

    fn add(&mut self, leaf: &Leaf) {
        let slot = match leaf.kind {
            Kind::Code => &mut self.code,
            Kind::Unwind => &mut self.unwind,
            kind if kind.is_data() => &mut self.data,
            _ => &mut self.other,
        };
        *slot += leaf.sizes().file;
    }
}

/// Sums over all leaves.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sums {
    /// Size of the file.
    pub file: u64,
    /// Size of the file once stripped.
    pub shipped: u64,
    /// By kind.
    kinds: BTreeMap<Kind, Sizes>,
    /// What the settings of a profile reach: made by crates that were compiled for this binary.
    pub compiled: Part,
    /// What the toolchain brings ready made, standard library and runtime.
    pub toolchain: Part,
    /// C, C++ and assembly.
    pub foreign: Part,
    /// By crate that owns them: bytes that ship.
    pub crates: BTreeMap<CrateId, Part>,
}

impl Sums {
    /// Adds up a model.
    ///
    /// *Cost*: one pass over the leaves.
    pub fn of(model: &Model) -> Sums {
        let file = model.facts.file_size;
        let shipped = model.facts.stripped_size.map_or(file, |size| size.min(file));
        let mut sums = Sums { file, shipped, ..Sums::default() };
        for leaf in model.leaves.iter() {
            let kind = sums.kinds.entry(leaf.kind).or_default();
            *kind += leaf.sizes();
            if matches!(leaf.kind, Kind::Debug | Kind::Symbols) {
                continue;
            }
            let owner = model.owner(leaf.owner);
            sums.crates.entry(owner.krate).or_default().add(&leaf);
            // Who owns it has made it: of what the toolchain defines the owner is who made the copy. Who made a copy
            // of other code is no guide: optimised as a whole, a program is one file with the name of any crate.
            match source(model, owner.krate) {
                Some(Source::Std) => sums.toolchain.add(&leaf),
                Some(Source::C) => sums.foreign.add(&leaf),
                Some(_) => sums.compiled.add(&leaf),
                None => {}
            }
        }
        sums
    }

    /// Bytes of a kind in the file.
    pub fn kind(&self, kind: Kind) -> u64 {
        self.kinds.get(&kind).map_or(0, |sizes| sizes.file)
    }

    /// Bytes of sections whose names `is` picks, with their names and sizes, in file order.
    pub fn sections(model: &Model, is: impl Fn(&str) -> bool) -> Vec<(String, u64)> {
        let mut found: Vec<(String, u64)> = Vec::new();
        for leaf in model.leaves.iter() {
            let Some(row) = leaf.section.get().and_then(|i| model.sections.get(i)) else { continue };
            let name = model.names.get(row.name);
            if !is(name) {
                continue;
            }
            match found.iter_mut().find(|(known, _)| known == name) {
                Some((_, bytes)) => *bytes += leaf.sizes().file,
                None => found.push((name.to_string(), leaf.sizes().file)),
            }
        }
        found
    }
}

/// Where a crate comes from; `None` for a bucket.
pub(super) fn source(model: &Model, krate: CrateId) -> Option<Source> {
    krate.get().and_then(|i| model.crates.get(i)).and_then(|row| row.source)
}

/// Functions compiled for this binary: how many, and how many start at a multiple of 16.
pub(super) fn alignment(model: &Model) -> (u64, u64) {
    let (mut all, mut aligned) = (0, 0);
    for leaf in model.leaves.iter().filter(|leaf| leaf.home && leaf.kind == Kind::Code) {
        let Some(symbol) = leaf.symbol.get().and_then(|i| model.symbols.get(i)) else { continue };
        let owner = model.owner(leaf.owner);
        let made_here = !matches!(source(model, owner.krate), None | Some(Source::Std | Source::C));
        let (SymbolSort::Function, Some(address), true) = (symbol.sort, symbol.address, made_here) else {
            continue;
        };
        all += 1;
        aligned += u64::from(address % 16 == 0);
    }
    (all, aligned)
}
