//! What people ship without knowing: symbols and debug information.

use super::{Context, proof};
use crate::analysis::advise::{Advice, Base, Basis, Change, Saving, Strip};
use crate::kind::Kind;

/// Symbols or debug information in a file that is made to ship.
pub(super) fn symbols(context: &Context<'_>) -> Vec<Advice> {
    let sums = context.sums;
    let (debug, symbols) = (sums.kind(Kind::Debug), sums.kind(Kind::Symbols));
    let (saved, debug) = match context.settings.strip {
        // Cargo strips what it ships; this file is the same before that.
        Some(Strip::Symbols) => return Vec::new(),
        // Debug information was kept for somebody to look at, and does not ship.
        Some(Strip::DebugInfo) if debug > 0 => (symbols.min(sums.file - sums.shipped), 0),
        _ => (sums.file - sums.shipped, debug),
    };
    if saved < context.worth() {
        return Vec::new();
    }
    let finding = match (debug, symbols) {
        (0, _) => "the file has its symbol table",
        (_, 0) => "the file has debug information",
        _ => "the file has debug information and its symbol table",
    };
    let mut all = vec![proof("debug information", debug), proof("symbol tables", symbols)];
    all.retain(|p| p.bytes > 0);
    // Tools keep some of the names of sections, and align what follows.
    let slack = 256 + saved / 200;
    vec![Advice {
        rule: "strip",
        title: "strip symbols".to_string(),
        finding: format!("{finding}, which programs run without"),
        proof: all,
        saving: Some(Saving {
            low: saved.saturating_sub(slack),
            likely: saved,
            high: (saved + slack).min(sums.file),
            base: Base::File,
            basis: Basis::Layout,
        }),
        change: Change::Profile(vec![("strip", "true")]),
        cost: "backtraces and profiles have no names; keep them apart with split-debuginfo, \
               or strip a copy and keep the original",
        unfit: &[],
    }]
}
