//! How a binary was built: what somebody says of it, and what it shows itself.

use std::collections::BTreeMap;

use super::sums::{alignment, source};
use crate::kind::Kind;
use crate::model::{CrateId, Model, Source};
use crate::names;

/// Levels of optimisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OptLevel {
    /// `0`.
    None,
    /// `1`, `2` or `3`.
    Speed,
    /// `"s"`.
    Size,
    /// `"z"`.
    Smallest,
    /// One of the two before: which, the code does not show.
    SomeSize,
}

impl OptLevel {
    /// The word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            OptLevel::None => "0",
            OptLevel::Speed => "speed",
            OptLevel::Size => "s",
            OptLevel::Smallest => "z",
            OptLevel::SomeSize => "size",
        }
    }
}

/// Optimisation when linking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lto {
    /// None, not even within a crate.
    Off,
    /// Within a crate: cargo's default.
    Local,
    /// Over crates, in parts.
    Thin,
    /// Over crates, as a whole.
    Fat,
}

impl Lto {
    /// The word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Lto::Off => "off",
            Lto::Local => "local",
            Lto::Thin => "thin",
            Lto::Fat => "fat",
        }
    }
}

/// What a panic does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Panic {
    /// Unwinds the stack.
    Unwind,
    /// Ends the process.
    Abort,
}

impl Panic {
    /// The word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Panic::Unwind => "unwind",
            Panic::Abort => "abort",
        }
    }
}

/// What cargo strips.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Strip {
    /// Nothing.
    Nothing,
    /// Debug information.
    DebugInfo,
    /// Symbols too.
    Symbols,
}

impl Strip {
    /// The word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Strip::Nothing => "none",
            Strip::DebugInfo => "debuginfo",
            Strip::Symbols => "symbols",
        }
    }
}

/// How a binary was built. What is not known is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Settings {
    /// Level of optimisation.
    pub opt_level: Option<OptLevel>,
    /// Optimisation when linking.
    pub lto: Option<Lto>,
    /// Most codegen units of a crate.
    pub codegen_units: Option<u32>,
    /// What a panic does.
    pub panic: Option<Panic>,
    /// What is stripped.
    pub strip: Option<Strip>,
    /// Whether arithmetic is checked for overflow.
    pub overflow_checks: Option<bool>,
    /// Whether `debug_assert!` is compiled in.
    pub debug_assertions: Option<bool>,
}

impl Settings {
    /// These, and where they are silent what `other` says.
    pub fn or(self, other: &Settings) -> Settings {
        Settings {
            opt_level: self.opt_level.or(other.opt_level),
            lto: self.lto.or(other.lto),
            codegen_units: self.codegen_units.or(other.codegen_units),
            panic: self.panic.or(other.panic),
            strip: self.strip.or(other.strip),
            overflow_checks: self.overflow_checks.or(other.overflow_checks),
            debug_assertions: self.debug_assertions.or(other.debug_assertions),
        }
    }

    /// What a profile of cargo amounts to: its settings, each with one word for equal meanings.
    pub fn of_profile(keys: &BTreeMap<String, String>) -> Settings {
        let get = |key: &str| keys.get(key).map(String::as_str);
        let is = |key: &str| get(key).map(|value| value == "true");
        let has_debug_info = get("debug").is_some_and(|debug| debug != "none");
        Settings {
            opt_level: get("opt-level").map(|level| match level {
                "0" => OptLevel::None,
                "s" => OptLevel::Size,
                "z" => OptLevel::Smallest,
                _ => OptLevel::Speed,
            }),
            lto: get("lto").map(|lto| match lto {
                "fat" => Lto::Fat,
                "thin" => Lto::Thin,
                "off" => Lto::Off,
                _ => Lto::Local,
            }),
            codegen_units: get("codegen-units").and_then(|n| n.parse().ok()),
            panic: get("panic").map(|panic| match panic {
                "unwind" => Panic::Unwind,
                _ => Panic::Abort,
            }),
            strip: get("strip").map(|strip| match strip {
                "symbols" => Strip::Symbols,
                "debuginfo" => Strip::DebugInfo,
                // Where nothing asks for debug information, cargo leaves out that of std too.
                _ if !has_debug_info => Strip::DebugInfo,
                _ => Strip::Nothing,
            }),
            overflow_checks: is("overflow-checks"),
            debug_assertions: is("debug-assertions"),
        }
    }

    /// What the file itself shows.
    ///
    /// *Cost*: a pass over leaves, units and the names of symbols.
    pub fn seen_in(model: &Model) -> Settings {
        let units = codegen_units(model);
        Settings {
            opt_level: opt_level(model),
            lto: lto(model, units.len()),
            codegen_units: units.values().copied().max(),
            panic: panic(model),
            ..Settings::default()
        }
    }
}

/// Fewest functions that say anything about how functions are aligned.
const ENOUGH: u64 = 40;

/// Functions start at multiples of 16 on these machines, unless they were compiled for size:
/// then nothing is spent on alignment (`setAlignment` in LLVM's `MachineFunction.cpp`).
fn opt_level(model: &Model) -> Option<OptLevel> {
    if is_unoptimised(model) {
        return Some(OptLevel::None);
    }
    let (all, aligned) = alignment(model);
    if !matches!(model.facts.arch.as_str(), "x86_64" | "aarch64") || all < ENOUGH {
        return None;
    }
    // By chance it is one in 16, or one in 4 where instructions are words.
    Some(if aligned * 2 < all { OptLevel::SomeSize } else { OptLevel::Speed })
}

/// Whether there are functions that the optimiser leaves in no program.
fn is_unoptimised(model: &Model) -> bool {
    const TRIVIAL: [&str; 3] = [
        "core::ptr::non_null::NonNull<T>::as_ptr",
        "core::mem::maybe_uninit::MaybeUninit<T>::assume_init",
        "core::ptr::read",
    ];
    let mut found = 0;
    for row in model.symbols.iter().filter(|row| row.sort.is_symbol()) {
        let name = row.plain_name(&model.names);
        // Cheap to say no: each of them has one of these in its mangled name.
        if !(name.contains("NonNull") || name.contains("assume_init") || name.contains("4read")) {
            continue;
        }
        found += u32::from(TRIVIAL.contains(&names::generic(name).as_str()));
        if found > 2 {
            return true;
        }
    }
    false
}

/// How many codegen units each crate has that was compiled for this binary.
fn codegen_units(model: &Model) -> BTreeMap<String, u32> {
    let mut all = BTreeMap::new();
    for row in &model.units {
        let Some(unit) = names::cgu(model.names.get(row.name)) else { continue };
        if unit.index.is_some() && !names::is_toolchain_crate(unit.krate) {
            *all.entry(unit.krate.to_string()).or_insert(0) += 1;
        }
    }
    all
}

/// One object file for many crates is what linking optimised as a whole leaves. Units of debug information
/// say nothing of this: each crate keeps its own.
fn lto(model: &Model, crates_with_units: usize) -> Option<Lto> {
    let has_debug_info = model.facts.debug_info.is_some();
    let compiled =
        model.crates.iter().filter(|row| !matches!(row.source, None | Some(Source::Std | Source::C)));
    let is_one = !has_debug_info && crates_with_units == 1 && compiled.count() > 2;
    (is_one || is_made_by_one(model)).then_some(Lto::Fat)
}

/// Least code that says anything about who made it.
const ENOUGH_CODE: u64 = 16 * 1024;

/// Whether code of several crates was all made by one, which is how object files of one crate each never are.
fn is_made_by_one(model: &Model) -> bool {
    let (mut makers, mut owners) = (BTreeMap::new(), BTreeMap::new());
    let mut all = 0u64;
    for leaf in model.leaves.iter().filter(|leaf| leaf.kind == Kind::Code && leaf.in_file) {
        let owner = model.owner(leaf.owner);
        let is_compiled = !matches!(source(model, owner.krate), None | Some(Source::Std | Source::C));
        if is_compiled && owner.instantiated_by != CrateId::NONE {
            *makers.entry(owner.instantiated_by).or_insert(0u64) += leaf.len;
            *owners.entry(owner.krate).or_insert(0u64) += leaf.len;
            all += leaf.len;
        }
    }
    let most = |sums: &BTreeMap<CrateId, u64>| sums.values().copied().max().unwrap_or(0);
    all >= ENOUGH_CODE && most(&makers) >= all / 10 * 9 && most(&owners) <= all / 10 * 8
}

/// The runtime that is linked in tells.
fn panic(model: &Model) -> Option<Panic> {
    let has = |name: &str| {
        model.crates.iter().enumerate().any(|(i, row)| {
            let id = crate::model::CrateId::new(i);
            model.names.get(row.name) == name && source(model, id) == Some(Source::Std)
        })
    };
    match (has("panic_unwind"), has("panic_abort")) {
        (true, _) => Some(Panic::Unwind),
        (false, true) => Some(Panic::Abort),
        (false, false) => None,
    }
}
