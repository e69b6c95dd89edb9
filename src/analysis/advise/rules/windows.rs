//! What linkers for Windows leave of debugging.

use super::{Context, Sums, proof};
use crate::analysis::advise::{Advice, Base, Basis, Change, Goal, Proof, Saving, Strip};
use crate::kind::Kind;
use crate::model::SymbolSort;

/// Sections that only builds for debugging have: room for incremental linking, marks for "just my code".
const SECTIONS: [&str; 2] = [".textbss", ".msvcjmc"];

/// PE images are made of blocks of this size, unless somebody says otherwise.
const BLOCK: u64 = 512;

/// Links to a program database, and sections for debugging.
pub(super) fn leftovers(context: &Context<'_>) -> Vec<Advice> {
    let model = context.model;
    // A build that strips has none of this; if it is here, it was kept for this analysis.
    let is_set = matches!(context.settings.strip, Some(Strip::Symbols));
    if model.facts.format != "pe" || is_set {
        return Vec::new();
    }
    let mut directory = 0;
    for leaf in model.leaves.iter().filter(|leaf| leaf.kind == Kind::Metadata && leaf.in_file) {
        let row = leaf.symbol.get().and_then(|i| model.symbols.get(i));
        let is_debug = row.is_some_and(|row| {
            row.sort == SymbolSort::Structure && model.names.get(row.name).starts_with("debug")
        });
        directory += if is_debug { leaf.len } else { 0 };
    }
    let sections = Sums::sections(model, |name| SECTIONS.contains(&name));
    let incremental: u64 = sections.iter().map(|(_, bytes)| bytes).sum();
    let bytes = directory + incremental;
    if bytes == 0 {
        return Vec::new();
    }
    let mut all: Vec<Proof> = vec![proof("debug directory and what it points at", directory)];
    all.extend(sections.into_iter().map(|(name, bytes)| proof(name, bytes)));
    vec![Advice {
        rule: "debug-directory",
        title: "link without /DEBUG".to_string(),
        finding: match incremental {
            0 => "the file names its program database, and where that lay",
            _ => "the file was linked for debugging, with room for incremental linking",
        }
        .to_string(),
        proof: all,
        saving: Some(Saving {
            low: 0,
            likely: bytes,
            high: (bytes + bytes % BLOCK + BLOCK).min(context.sums.file),
            base: Base::File,
            basis: Basis::Layout,
        }),
        change: Change::Profile(vec![("strip", "true")]),
        cost: "debuggers and crash reports find no program database for it",
        unfit: &[Goal::Server],
    }]
}
