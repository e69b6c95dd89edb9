//! What panics cost: unwinding, and the places they name.

use super::{Context, proof, share};
use crate::analysis::advise::sums::source;
use crate::analysis::advise::{Advice, Basis, Change, Goal, OptLevel, Panic};
use crate::kind::Kind;
use crate::model::{Leaf, Source};

/// Of the code that was compiled for a binary, in hundredths of a percent: what cleans up after a panic.
/// Measured: `docs/shrink.md` has the programs and the figures.
const LANDING: [u64; 3] = [600, 1500, 2400];

/// Of the exception tables, in hundredths of a percent: they list what is cleaned up, so they grow with the code
/// for it.
const TABLES: [u64; 3] = [35_000, 58_000, 85_000];

/// Unwinding.
pub(super) fn abort(context: &Context<'_>) -> Vec<Advice> {
    let unoptimised = context.settings.opt_level == Some(OptLevel::None);
    if context.settings.panic != Some(Panic::Unwind) || unoptimised || !can_unwind(context) {
        return Vec::new();
    }
    let compiled = context.sums.compiled;
    let tables = exception_tables(context);
    let [low, likely, high] = match tables {
        0 => LANDING.map(|s| share(compiled.code, s)),
        _ => TABLES.map(|s| share(tables, s)),
    };
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
        saving: Some(context.shipped(low, likely, high, Basis::Experience)),
        change: Change::Profile(vec![("panic", "\"abort\"")]),
        cost: "no `catch_unwind`: a panic in one thread or request ends the process, and nothing is dropped",
        unfit: &[Goal::Server],
    }]
}

/// Whether the file shows that a panic unwinds. There are platforms on which none does, whatever profiles say.
fn can_unwind(context: &Context<'_>) -> bool {
    let model = context.model;
    let has_tables = || model.sections.iter().any(|row| model.names.get(row.name).contains("gcc_except_tab"));
    let has_runtime = || model.crates.iter().any(|row| model.names.get(row.name) == "panic_unwind");
    // Windows has unwind tables of its own, in which those of Rust cannot be told from others.
    model.facts.format == "pe" || has_tables() || has_runtime()
}

/// Bytes of exception tables, language-specific data by the names of their sections, of what was compiled for this
/// binary: those of the standard library stay as they are, and what the linker dropped has left some too.
fn exception_tables(context: &Context<'_>) -> u64 {
    let model = context.model;
    let is_one = |leaf: &Leaf| {
        let row = leaf.section.get().and_then(|i| model.sections.get(i));
        row.is_some_and(|row| model.names.get(row.name).contains("gcc_except_tab"))
    };
    let is_compiled = |leaf: &Leaf| {
        !matches!(source(model, model.owner(leaf.owner).krate), None | Some(Source::Std | Source::C))
    };
    model
        .leaves
        .iter()
        .filter(|leaf| leaf.in_file && is_one(leaf) && is_compiled(leaf))
        .map(|leaf| leaf.len)
        .sum()
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
