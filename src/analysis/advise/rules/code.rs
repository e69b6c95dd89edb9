//! Settings that decide how code is made.
//!
//! What they save depends on the code. The shares below are of what was compiled for the
//! binary, and were measured: `docs/shrink.md` has the programs and the figures.

use super::{Context, proof, share};
use crate::analysis::advise::{Advice, Basis, Change, Goal, Lto, OptLevel};

/// Least, likely and most of a saving, in hundredths of a percent.
type Shares = [u64; 3];

/// How one file alone is made of a library that makes several.
const APART: &str = "cargo rustc --release --lib --crate-type cdylib \
                     --config profile.release.lto='\"fat\"' --config profile.release.codegen-units=1";

/// Debug builds against optimised ones.
const OPTIMISED: Shares = [3000, 6000, 9000];
const FAT: Shares = [1000, 2700, 4500];
const ONE_UNIT: Shares = [500, 2000, 3500];
const SIZE: Shares = [400, 1500, 3000];
const SMALLEST: Shares = [600, 1900, 3800];
/// `"z"` against `"s"`, which is smaller now and then.
const AGAINST_SIZE: Shares = [0, 200, 900];
const CHECKS: Shares = [20, 200, 900];

fn is_optimised(context: &Context<'_>) -> bool {
    context.settings.opt_level != Some(OptLevel::None)
}

/// Advice on a setting of the profile that changes code as a whole.
fn on_code(
    context: &Context<'_>,
    rule: &'static str,
    title: &str,
    finding: String,
    lines: Vec<(&'static str, &'static str)>,
    shares: Shares,
) -> Vec<Advice> {
    let compiled = context.sums.compiled;
    let mut reached = compiled.code + compiled.unwind;
    let mut all = vec![
        proof("code compiled for this binary", compiled.code),
        proof("its unwind tables", compiled.unwind),
    ];
    // Optimised as a whole, the code of the standard library is made anew too.
    if context.settings.lto == Some(Lto::Fat) || context.situation.is_std_compiled {
        let toolchain = context.sums.toolchain;
        reached += toolchain.code + toolchain.unwind;
        all.push(proof("code of the standard library, compiled with it", toolchain.code + toolchain.unwind));
    }
    let [low, likely, high] = shares.map(|s| share(reached, s));
    if high < context.worth() {
        return Vec::new();
    }
    vec![Advice {
        rule,
        title: title.to_string(),
        finding,
        proof: all,
        saving: Some(context.shipped(low, likely, high, Basis::Experience)),
        change: Change::Profile(lines),
        cost: "",
        unfit: &[],
    }]
}

/// A debug build.
pub(super) fn optimise(context: &Context<'_>) -> Vec<Advice> {
    if is_optimised(context) {
        return Vec::new();
    }
    let mut all = on_code(
        context,
        "optimise",
        "ship an optimised build",
        "the code is not optimised".to_string(),
        vec![("opt-level", "3")],
        OPTIMISED,
    );
    for advice in &mut all {
        advice.cost = "builds take longer: use the release profile";
    }
    all
}

/// Optimisation over crates.
pub(super) fn lto(context: &Context<'_>) -> Vec<Advice> {
    if !is_optimised(context) || context.settings.lto == Some(Lto::Fat) {
        return Vec::new();
    }
    let finding = match context.settings.lto {
        Some(Lto::Thin) => "code is optimised over crates, but in parts",
        Some(_) => "no code is optimised over crates when linking",
        None => "unless `lto` is set to \"fat\", no code is optimised over all crates",
    };
    let mut all = on_code(
        context,
        "lto",
        "optimise over all crates when linking",
        finding.to_string(),
        vec![("lto", "\"fat\""), ("codegen-units", "1")],
        FAT,
    );
    for advice in &mut all {
        if context.situation.is_rust_library_too {
            advice.finding =
                "a library whose `crate-type` has `rlib` or `lib` too is not optimised when linking, \
                              whatever `lto` says"
                    .to_string();
            advice.change = Change::Command(APART.to_string());
        }
        advice.cost = "linking takes several times as long and more memory; programs get no slower";
    }
    all
}

/// Crates in one piece.
pub(super) fn codegen_units(context: &Context<'_>) -> Vec<Advice> {
    let Some(units) = context.settings.codegen_units.filter(|&units| units > 1) else { return Vec::new() };
    // As a whole is more than that.
    if !is_optimised(context) || context.settings.lto == Some(Lto::Fat) {
        return Vec::new();
    }
    let mut all = on_code(
        context,
        "codegen-units",
        "compile each crate in one piece",
        format!("crates are compiled in up to {units} codegen units"),
        vec![("codegen-units", "1")],
        ONE_UNIT,
    );
    for advice in &mut all {
        advice.cost = "builds use fewer processors; programs get no slower";
    }
    all
}

/// Size before speed.
pub(super) fn size(context: &Context<'_>) -> Vec<Advice> {
    let mut all = for_size(context, "opt-level-s", "optimise for size", ("opt-level", "\"s\""), SIZE);
    for advice in &mut all {
        advice.cost = "loops run slower, often by 10% to 30%: measure; single packages can be exempt \
                       by [profile.release.package.NAME]";
        advice.unfit = &[Goal::Server];
    }
    all
}

/// Size before all.
pub(super) fn smallest(context: &Context<'_>) -> Vec<Advice> {
    let shares = if context.settings.opt_level == Some(OptLevel::Size) { AGAINST_SIZE } else { SMALLEST };
    let mut all = for_size(context, "opt-level-z", "optimise for size alone", ("opt-level", "\"z\""), shares);
    for advice in &mut all {
        advice.cost = "no loop is vectorised and little is inlined: programs can run at half the speed; \
                       sometimes \"s\" is smaller, so measure both";
        advice.unfit = &[Goal::Server, Goal::Cli];
    }
    all
}

fn for_size(
    context: &Context<'_>,
    rule: &'static str,
    title: &str,
    line: (&'static str, &'static str),
    shares: Shares,
) -> Vec<Advice> {
    let to_smallest = line.1.contains('z');
    let is_worth_it = match context.settings.opt_level {
        None | Some(OptLevel::Speed) => true,
        Some(OptLevel::Size) => to_smallest,
        Some(OptLevel::None | OptLevel::Smallest | OptLevel::SomeSize) => false,
    };
    if !is_worth_it {
        return Vec::new();
    }
    let finding = match context.settings.opt_level {
        Some(OptLevel::Size) => "code is optimised for size, and somewhat for speed",
        Some(_) => "code is optimised for speed",
        None => "unless `opt-level` is set to \"s\" or \"z\", code is optimised for speed",
    };
    on_code(context, rule, title, finding.to_string(), vec![line], shares)
}

/// Checks that release builds do without.
pub(super) fn checks(context: &Context<'_>) -> Vec<Advice> {
    let lines: Vec<_> = [
        (context.settings.overflow_checks, ("overflow-checks", "false")),
        (context.settings.debug_assertions, ("debug-assertions", "false")),
    ]
    .into_iter()
    .filter(|(is_on, _)| *is_on == Some(true))
    .map(|(_, line)| line)
    .collect();
    if lines.is_empty() || !is_optimised(context) {
        return Vec::new();
    }
    let mut all = on_code(
        context,
        "checks",
        "compile without checks",
        "arithmetic is checked for overflow, or assertions for debugging are compiled in".to_string(),
        lines,
        CHECKS,
    );
    for advice in &mut all {
        advice.cost = "a wrong number stays silent where now a panic tells";
        advice.unfit = &[Goal::Server];
    }
    all
}
