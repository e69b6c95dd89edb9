//! Functions without any name, by the places in source that they can panic at.
//!
//! A guess, and marked as one: about half of the bytes it speaks of are right.

use rayon::prelude::*;

use super::code::references;
use super::{Found, Known, LOT, Run, conclusion, most};
use crate::kind::Kind;
use crate::model::{CrateId, Evidence, SymbolId};

/// Guesses the crates of functions that nothing names.
pub(super) fn guess(known: &Known<'_, '_>, runs: &mut [Run], found: &mut Found) {
    let records = &known.crates.locations;
    let (Some(first), Some(last)) = (records.first(), records.last()) else { return };
    let Known { image, crates, .. } = *known;
    let open: Vec<usize> = (0..runs.len())
        .filter(|&i| {
            runs[i].kind == Kind::Code && runs[i].owner.is_none() && runs[i].symbol != SymbolId::NONE
        })
        .collect();
    let guesses: Vec<Vec<Option<CrateId>>> = open
        .par_chunks(LOT)
        .map(|lot| {
            let mut targets = Vec::new();
            lot.iter()
                .map(|&index| {
                    let span = &runs[index].span;
                    targets.clear();
                    let wanted = |pos| (first.0..=last.0).contains(&pos);
                    references(image, known.bytes, span, &wanted, &mut targets);
                    let named = targets.iter().filter_map(|pos| {
                        let at = records.binary_search_by_key(pos, |r| r.0).ok()?;
                        records.get(at).map(|r| r.1)
                    });
                    // Whoever uses a `Vec` can panic in `alloc`.
                    most(named.filter(|&krate| !crates.is_toolchain(krate)))
                })
                .collect()
        })
        .collect();
    for (&index, krate) in open.iter().zip(guesses.into_iter().flatten()) {
        let Some(krate) = krate else { continue };
        let owner = conclusion(krate, krate, Evidence::PanicLocation);
        found.add(runs[index].span.clone(), runs[index].symbol, owner);
        runs[index].owner = Some(owner);
    }
}
