//! Tables for unwinding that nobody needs.

use super::{Context, is_bucket, proof};
use crate::analysis::advise::{Advice, Basis, Change, Goal, Panic};

/// The bucket of unwind tables for code that the linker dropped.
const DEAD: &str = "[dead unwind data]";

/// Tables of a program that never unwinds.
pub(super) fn tables(context: &Context<'_>) -> Vec<Advice> {
    let bytes = context.sums.compiled.unwind;
    // Windows needs them whatever a panic does.
    let can_go = context.model.facts.format == "elf" && context.settings.panic == Some(Panic::Abort);
    if !can_go || bytes < context.worth() {
        return Vec::new();
    }
    vec![Advice {
        rule: "unwind-tables",
        title: "leave out unwind tables".to_string(),
        finding: "panics abort, and yet each function has a record of how to unwind it".to_string(),
        proof: vec![proof("unwind tables of code compiled for this binary", bytes)],
        saving: Some(context.shipped(bytes / 2, bytes, bytes + bytes / 2, Basis::Bytes)),
        change: Change::Rustflags(vec!["-C", "force-unwind-tables=no"]),
        cost: "profilers, crash reporters and backtraces cannot walk the stack",
        unfit: &[Goal::Server],
    }]
}

/// Tables of functions that are not there.
pub(super) fn dead(context: &Context<'_>) -> Vec<Advice> {
    let owned = context.sums.crates.iter().find(|(krate, _)| is_bucket(context.model, **krate, DEAD));
    let bytes = owned.map_or(0, |(_, part)| part.total());
    // LLD keeps the tables of a function whose section it drops only where one section has those of many: then
    // it has done what can be done.
    if bytes < context.worth() || context.is_linked_by("LLD") || context.model.facts.format != "elf" {
        return Vec::new();
    }
    vec![Advice {
        rule: "dead-unwind-data",
        title: "link with LLD".to_string(),
        finding: "the linker dropped functions and kept their exception tables".to_string(),
        proof: vec![proof("exception tables of no function", bytes)],
        saving: Some(context.shipped(bytes / 2, bytes, bytes, Basis::Bytes)),
        change: Change::Rustflags(vec!["-C", "link-arg=-fuse-ld=lld"]),
        cost: "another linker, which must be installed",
        unfit: &[],
    }]
}
