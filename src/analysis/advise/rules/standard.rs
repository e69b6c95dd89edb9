//! What the standard library brings for panics and backtraces.

use super::{Context, proof};
use crate::analysis::advise::sums::source;
use crate::analysis::advise::{Advice, Basis, Change, Goal, Proof};
use crate::kind::Kind;
use crate::model::view::{Dim, Measure, Sort, View, tree_where};
use crate::model::{Leaf, Source};

/// Crates that std uses to give names to places in backtraces.
const SYMBOLISERS: [&str; 6] = ["gimli", "addr2line", "object", "miniz_oxide", "rustc_demangle", "adler2"];

/// Backtraces and formatting of the toolchain's own.
pub(super) fn machinery(context: &Context<'_>) -> Vec<Advice> {
    let model = context.model;
    let mut symbolisers = 0;
    for (&krate, part) in &context.sums.crates {
        let Some(row) = krate.get().and_then(|i| model.crates.get(i)) else { continue };
        if source(model, krate) == Some(Source::Std) && SYMBOLISERS.contains(&model.names.get(row.name)) {
            symbolisers += part.total();
        }
    }
    let [backtrace, formatting] = modules(context);
    let (sure, all) = (symbolisers + backtrace, symbolisers + backtrace + formatting);
    if all < context.worth() {
        return Vec::new();
    }
    let mut shown: Vec<Proof> = vec![
        proof("crates that name places in backtraces", symbolisers),
        proof("backtraces of std", backtrace),
        proof("formatting of core", formatting),
    ];
    shown.retain(|p| p.bytes > 0);
    vec![Advice {
        rule: "std-machinery",
        title: "build std without messages and backtraces".to_string(),
        finding: "std is ready made, with all that it takes to print a panic and a backtrace".to_string(),
        proof: shown,
        saving: Some(context.shipped(
            sure / 2,
            sure + formatting / 4,
            all + context.sums.toolchain.total() / 2,
            Basis::Bytes,
        )),
        change: Change::Nightly(
            "cargo build -Zbuild-std=std,panic_abort -Zbuild-std-features= with panic = \"immediate-abort\""
                .to_string(),
        ),
        cost: "needs a nightly compiler and std's sources; a panic says nothing at all",
        unfit: &[Goal::Server],
    }]
}

/// Bytes that ship of std's backtraces and of core's formatting.
fn modules(context: &Context<'_>) -> [u64; 2] {
    let ships = |leaf: &Leaf| !matches!(leaf.kind, Kind::Debug | Kind::Symbols);
    let view = View {
        dims: vec![Dim::Module],
        filter: None,
        measure: Measure::File,
        sort: Sort::Size,
        first: None,
        only: None,
        names_only: false,
    };
    let tree = tree_where(context.model, &view, ships);
    let mut sums = [0, 0];
    for node in &tree.roots {
        let module = tree.keys[0].label(node.key);
        let is_in = |root: &str| {
            module.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        };
        if is_in("std::backtrace_rs") || is_in("std::backtrace") || is_in("std::sys::backtrace") {
            sums[0] += node.sizes.file;
        } else if is_in("core::fmt") {
            sums[1] += node.sizes.file;
        }
    }
    sums
}
