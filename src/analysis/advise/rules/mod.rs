//! The rules, one idea a file.

mod alignment;
mod code;
mod data;
mod dependencies;
mod folding;
mod generics;
mod instrumentation;
mod libraries;
mod metadata;
mod panics;
mod relocations;
mod slices;
mod standard;
mod strip;
mod unwind;
mod wasm;
mod windows;

use super::{Advice, Base, Basis, Proof, Saving, Settings, Situation, Sums};
use crate::model::{CrateId, Duplicates, Model};

/// What rules look at.
pub(super) struct Context<'a> {
    pub model: &'a Model,
    pub sums: &'a Sums,
    pub settings: &'a Settings,
    pub situation: &'a Situation,
    /// What is there more than once, where the file could be asked.
    pub duplicates: Option<&'a Duplicates>,
}

/// Looks at one thing; says nothing where there is nothing to gain.
type Rule = fn(&Context<'_>) -> Vec<Advice>;

/// Every rule. Where two save the same, the one that costs less comes first.
pub(super) const ALL: [Rule; 27] = [
    strip::symbols,
    instrumentation::leftovers,
    slices::universal,
    windows::leftovers,
    folding::unreferred,
    folding::identical,
    wasm::optimise,
    code::optimise,
    code::lto,
    code::codegen_units,
    code::size,
    code::smallest,
    code::checks,
    panics::abort,
    panics::locations,
    unwind::tables,
    unwind::dead,
    dependencies::versions,
    dependencies::features,
    data::tables,
    generics::largest,
    generics::drop_glue,
    standard::machinery,
    relocations::packed,
    alignment::gaps,
    metadata::notes,
    libraries::needed,
];

/// The names of all rules, in order.
pub(super) const NAMES: [&str; 27] = [
    "alignment",
    "checks",
    "codegen-units",
    "dead-code",
    "dead-unwind-data",
    "debug-directory",
    "default-features",
    "drop-glue",
    "duplicate-versions",
    "embedded-data",
    "generics",
    "identical-code",
    "instrumentation",
    "libraries",
    "lto",
    "notes",
    "opt-level-s",
    "opt-level-z",
    "optimise",
    "panic-abort",
    "panic-locations",
    "relr",
    "std-machinery",
    "strip",
    "universal",
    "unwind-tables",
    "wasm-opt",
];

/// How far linkers round: sections start at whole pages in the file, so a byte can cost or save one.
const PAGE: u64 = 4096;

/// What is too little to talk of: this part of what ships.
const WORTH: u64 = 500;

impl Context<'_> {
    /// Bytes of which it is worth to speak.
    fn worth(&self) -> u64 {
        (self.sums.shipped / WORTH).max(64)
    }

    /// Whether the file names a linker as the one that made it.
    fn is_linked_by(&self, linker: &str) -> bool {
        self.model.facts.toolchain.iter().any(|tool| tool.contains(linker))
    }

    /// Whether a container rounds parts to pages.
    fn has_pages(&self) -> bool {
        self.model.facts.format != "wasm" && self.sums.shipped > PAGE
    }

    /// A saving of what ships, widened by how linkers round.
    fn shipped(&self, low: u64, likely: u64, high: u64, basis: Basis) -> Saving {
        let slack = if self.has_pages() { PAGE } else { 0 };
        Saving {
            low: low.saturating_sub(slack),
            likely,
            high: high.saturating_add(slack).min(self.sums.shipped),
            base: Base::Shipped,
            basis,
        }
    }
}

/// `share` hundredths of a percent of `bytes`.
fn share(bytes: u64, share: u64) -> u64 {
    // A file has far fewer than 2^50 bytes.
    bytes.saturating_mul(share) / 10_000
}

/// Whether a crate is the bucket of that name.
fn is_bucket(model: &Model, krate: CrateId, name: &str) -> bool {
    krate.get().and_then(|i| model.crates.get(i)).is_some_and(|row| model.names.get(row.label) == name)
}

fn proof(what: impl Into<String>, bytes: u64) -> Proof {
    Proof { what: what.into(), bytes }
}
