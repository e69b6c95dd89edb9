//! Files that hold a program more than once.

use super::{Context, proof};
use crate::analysis::advise::{Advice, Base, Basis, Change, Proof, Saving};

/// Universal files: one slice for each architecture.
pub(super) fn universal(context: &Context<'_>) -> Vec<Advice> {
    let model = context.model;
    if model.facts.format != "macho" || model.members.len() < 2 {
        return Vec::new();
    }
    let slices: Vec<Proof> = model
        .members
        .iter()
        .map(|m| proof(format!("slice for {}", model.names.get(m.name)), m.file.end - m.file.start))
        .collect();
    let file = context.sums.file;
    let least = file - slices.iter().map(|p| p.bytes).max().unwrap_or(0).min(file);
    let most = file - slices.iter().map(|p| p.bytes).min().unwrap_or(0).min(file);
    vec![Advice {
        rule: "universal",
        title: "ship each architecture apart".to_string(),
        finding: format!("the file holds the program {} times, and a machine uses one of them", slices.len()),
        proof: slices,
        saving: Some(Saving {
            low: least,
            likely: least + (most - least) / 2,
            high: most,
            base: Base::File,
            basis: Basis::Layout,
        }),
        change: Change::Command("lipo FILE -thin ARCH -output OUT".to_string()),
        cost: "more than one download to offer",
        unfit: &[],
    }]
}
