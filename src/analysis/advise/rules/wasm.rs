//! What tools for WebAssembly do after linking.

use super::{Context, proof, share};
use crate::analysis::advise::{Advice, Basis, Change};
use crate::kind::Kind;

/// Of code that LLVM made, in hundredths of a percent: see `docs/shrink.md`.
const OPTIMISED: [u64; 3] = [200, 900, 2000];

/// With the features that rustc takes for granted: a module that was stripped does not say any more that it uses them.
const COMMAND: [&str; 11] = [
    "wasm-opt",
    "-Oz",
    "--enable-bulk-memory",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-multivalue",
    "IN",
    "-o",
    "OUT",
];

/// `wasm-opt`.
pub(super) fn optimise(context: &Context<'_>) -> Vec<Advice> {
    let code = context.sums.kind(Kind::Code);
    if context.model.facts.format != "wasm" || code < context.worth() {
        return Vec::new();
    }
    let [low, likely, high] = OPTIMISED.map(|s| share(code, s));
    vec![Advice {
        rule: "wasm-opt",
        title: "run wasm-opt".to_string(),
        finding: "LLVM leaves code that Binaryen makes smaller, unless that was done already".to_string(),
        proof: vec![proof("code", code)],
        saving: Some(context.shipped(low, likely, high, Basis::Experience)),
        change: Change::Tool(&COMMAND),
        cost: "a second or two for each megabyte in each build",
        unfit: &[],
    }]
}
