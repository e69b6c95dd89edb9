//! What panics cost: unwinding, and the places they name.

use super::{Context, proof, share};
use crate::analysis::advise::{Advice, Basis, Change, Goal, OptLevel, Panic};
use crate::kind::Kind;

/// Of the code that was compiled for a binary, in hundredths of a percent: what cleans up after a panic.
/// Measured: `docs/shrink.md` has the programs and the figures.
const LANDING: [u64; 3] = [600, 1500, 2400];

/// Unwinding.
pub(super) fn abort(context: &Context<'_>) -> Vec<Advice> {
    let unoptimised = context.settings.opt_level == Some(OptLevel::None);
    if context.settings.panic != Some(Panic::Unwind) || unoptimised {
        return Vec::new();
    }
    let compiled = context.sums.compiled;
    let tables = exception_tables(context);
    let [low, likely, high] = LANDING.map(|s| share(compiled.code, s));
    if high < context.worth() {
        return Vec::new();
    }
    vec![Advice {
        rule: "panic-abort",
        title: "abort on panic".to_string(),
        finding: "a panic unwinds the stack, so every function has code that cleans up, and tables"
            .to_string(),
        proof: vec![
            proof("tables of what to do on unwinding", tables),
            proof("code compiled for this binary", compiled.code),
        ],
        saving: Some(context.shipped(low + tables / 2, likely + tables, high + tables, Basis::Experience)),
        change: Change::Profile(vec![("panic", "\"abort\"")]),
        cost: "no `catch_unwind`: a panic in one thread or request ends the process, and nothing is dropped",
        unfit: &[Goal::Server],
    }]
}

/// Bytes of exception tables: language-specific data, by the names of their sections.
fn exception_tables(context: &Context<'_>) -> u64 {
    let is_one = |name: &str| name.contains("gcc_except_tab");
    super::Sums::sections(context.model, is_one).iter().map(|(_, bytes)| bytes).sum()
}

/// Places in source that panics name.
pub(super) fn locations(context: &Context<'_>) -> Vec<Advice> {
    let bytes = context.sums.kind(Kind::PanicLocations);
    if bytes < context.worth() {
        return Vec::new();
    }
    // Paths of places are pointed at by relocations where code can lie anywhere, one for each place.
    let high = bytes + bytes / 4 + context.sums.kind(Kind::Relocations).min(bytes);
    vec![Advice {
        rule: "panic-locations",
        title: "leave out where panics happen".to_string(),
        finding: "each place that can panic has its file, line and column in the binary".to_string(),
        proof: vec![proof("places and their paths", bytes)],
        saving: Some(context.shipped(bytes / 4, bytes / 2, high, Basis::Bytes)),
        change: Change::Nightly("RUSTFLAGS=\"-Zlocation-detail=none\"".to_string()),
        cost: "panic messages name no place; needs a nightly compiler, and -Zbuild-std for those of std",
        unfit: &[Goal::Server],
    }]
}
