//! What builds for measuring leave behind.

use super::{Context, Sums, proof, share};
use crate::analysis::advise::{Advice, Basis, Change};

/// Beginnings of names of sections, and what is measured with them.
const SECTIONS: [(&str, &str); 6] = [
    ("__llvm_prf", "profiling"),
    (".lprf", "profiling"),
    ("__llvm_cov", "coverage"),
    (".lcov", "coverage"),
    ("__sancov", "coverage for fuzzing"),
    (".init_array.asan", "a sanitizer"),
];

/// Counters and maps of profiles and coverage.
pub(super) fn leftovers(context: &Context<'_>) -> Vec<Advice> {
    let of = |name: &str| {
        // Mach-O puts the segment in front.
        let section = name.rsplit_once(',').map_or(name, |(_, section)| section);
        SECTIONS.iter().find(|(prefix, _)| section.starts_with(prefix)).map(|(_, what)| *what)
    };
    let found = Sums::sections(context.model, |name| of(name).is_some());
    let Some(what) = found.first().and_then(|(name, _)| of(name)) else { return Vec::new() };
    let bytes: u64 = found.iter().map(|(_, bytes)| bytes).sum();
    let code = context.sums.compiled.code;
    vec![Advice {
        rule: "instrumentation",
        title: "ship a build without instrumentation".to_string(),
        finding: format!("the binary was built for {what}"),
        proof: found.into_iter().map(|(name, bytes)| proof(name, bytes)).collect(),
        saving: Some(context.shipped(
            bytes,
            bytes + share(code, 2000),
            bytes + share(code, 7000),
            Basis::Bytes,
        )),
        change: Change::Look(
            "build again without -C instrument-coverage, -C profile-generate and sanitizers".to_string(),
        ),
        cost: "none: it runs faster too",
        unfit: &[],
    }]
}
