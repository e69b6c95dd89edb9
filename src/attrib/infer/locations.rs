//! Functions without any name, by the places in source that they can panic at.
//!
//! A guess, and marked as one: about half of the bytes it speaks of are right.

use super::{Finder, Found, Known, Run, conclusion, most};
use crate::kind::Kind;
use crate::model::{CrateId, Evidence, SymbolId};

/// Guesses the crates of functions that nothing names.
pub(super) fn guess(known: &Known<'_, '_>, runs: &mut [Run], found: &mut Found) {
    let records = &known.crates.locations;
    let (Some(first), Some(last)) = (records.first(), records.last()) else { return };
    let Known { crates, .. } = *known;
    let mut named: Vec<(usize, CrateId)> = Vec::new();
    let finder = Finder::new(runs);
    for reference in known.references.to(first.0..last.0.saturating_add(1)) {
        let Ok(at) = records.binary_search_by_key(&reference.to, |r| r.0) else { continue };
        let (Some(index), Some(&(_, krate))) = (finder.run_at(reference.from), records.get(at)) else {
            continue;
        };
        let run = &runs[index];
        let is_open = run.kind == Kind::Code && run.owner.is_none() && run.symbol != SymbolId::NONE;
        // Whoever uses a `Vec` can panic in `alloc`.
        if is_open && !crates.is_toolchain(krate) {
            named.push((index, krate));
        }
    }
    named.sort_unstable();
    for of_run in named.chunk_by(|a, b| a.0 == b.0) {
        let index = of_run[0].0;
        let Some(krate) = most(of_run.iter().map(|&(_, krate)| krate)) else { continue };
        let owner = conclusion(krate, krate, Evidence::PanicLocation);
        found.add(runs[index].span.clone(), runs[index].symbol, owner);
        runs[index].owner = Some(owner);
    }
}
