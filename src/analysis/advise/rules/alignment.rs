//! Gaps that linkers leave.

use super::{Context, proof};
use crate::analysis::advise::{Advice, Basis, Change};
use crate::kind::Kind;

/// A gap that no alignment of code or data asks for.
const LARGE: u64 = 512;

/// Space between segments.
pub(super) fn gaps(context: &Context<'_>) -> Vec<Advice> {
    let model = context.model;
    let mut bytes = 0;
    let mut count = 0u64;
    for leaf in model.leaves.iter() {
        if leaf.kind == Kind::Padding && leaf.in_file && leaf.len >= LARGE {
            bytes += leaf.len;
            count += 1;
        }
    }
    // A page for each of four segments is how programs are laid out.
    if model.facts.format != "elf" || bytes < context.worth() || bytes < 3 * super::PAGE {
        return Vec::new();
    }
    let noun = if count == 1 { "gap" } else { "gaps" };
    vec![Advice {
        rule: "alignment",
        title: "close the gaps between segments".to_string(),
        finding: format!("segments start at new pages in the file, with {count} large {noun} between them"),
        proof: vec![proof("gaps", bytes)],
        saving: Some(context.shipped(0, bytes / 2, bytes, Basis::Layout)),
        change: Change::Rustflags(vec!["-C", "link-arg=-Wl,-z,noseparate-code"]),
        cost: "constants share a page with code, and so can be executed; or link with LLD, which needs no gaps",
        unfit: &[],
    }]
}
