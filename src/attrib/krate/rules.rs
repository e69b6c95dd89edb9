//! The order of evidence, one rule a line. The first rule that answers wins.

use super::{OfSymbol, OfUnit};
use crate::model::{CrateId, Evidence};
use crate::names::Scheme;

/// A crate and what it stands on; `NONE` and `None` if no rule answers.
type Answer = (CrateId, Evidence);

/// One rule: what it says of a symbol in a unit, if it says anything.
type Rule = fn(&OfSymbol, Option<OfUnit>) -> Option<Answer>;

const NO_ANSWER: Answer = (CrateId::NONE, Evidence::None);

/// The crate whose codegen unit has the code.
pub(super) fn instantiated_by(symbol: &OfSymbol, unit: Option<OfUnit>) -> Answer {
    let rules: [Rule; 4] = [by_unit, by_v0_suffix, by_v0_path, by_legacy_name];
    rules.iter().find_map(|rule| rule(symbol, unit)).unwrap_or(NO_ANSWER)
}

/// The crate whose source has the item.
pub(super) fn defined_in(symbol: &OfSymbol, instantiated_by: Answer) -> Answer {
    by_name(symbol).unwrap_or(instantiated_by)
}

/// The unit of debug information that covers the bytes, or the file symbol in front of the symbol.
fn by_unit(symbol: &OfSymbol, unit: Option<OfUnit>) -> Option<Answer> {
    let unit = unit?;
    // C without a file symbol of its own follows the last codegen unit in the
    // symbol table and is no part of it. Rust has mangled names, but for what
    // compilers make themselves. Of a file that holds all crates nothing is known
    // unless symbols state that they are of it.
    let foreign = symbol.scheme == Scheme::Plain && !symbol.is_generated && !unit.is_merged;
    if unit.evidence == Evidence::SymbolFile && foreign
        || unit.evidence != Evidence::Unit && symbol.is_runtime
    {
        return None;
    }
    Some((unit.krate, unit.evidence))
}

/// A v0 name states its instantiating crate if that differs from the definer.
fn by_v0_suffix(symbol: &OfSymbol, _: Option<OfUnit>) -> Option<Answer> {
    (symbol.suffix != CrateId::NONE).then_some((symbol.suffix, Evidence::V0Suffix))
}

/// A v0 name without that suffix is of the crate that defines it.
fn by_v0_path(symbol: &OfSymbol, _: Option<OfUnit>) -> Option<Answer> {
    let is_v0 = symbol.scheme == Scheme::RustV0 && symbol.defined_in != CrateId::NONE;
    is_v0.then_some((symbol.defined_in, Evidence::V0Path))
}

/// A legacy name that other units see is most often no copy of a generic, so its
/// crate has the code. Where no better rule answers that is also the best guess of
/// others, but for the toolchain: its generics are copied everywhere. If no object
/// file is known at all it is no more than a guess for any of them.
fn by_legacy_name(symbol: &OfSymbol, _: Option<OfUnit>) -> Option<Answer> {
    let copied = symbol.is_local && symbol.is_defined_by_toolchain;
    let answers = symbol.scheme == Scheme::RustLegacy && !copied && symbol.defined_in != CrateId::NONE;
    let evidence = if symbol.has_only_name { Evidence::NoObjectFile } else { Evidence::LegacyPath };
    answers.then_some((symbol.defined_in, evidence))
}

/// The path in the name.
fn by_name(symbol: &OfSymbol) -> Option<Answer> {
    let evidence = match symbol.scheme {
        Scheme::RustV0 => Evidence::V0Path,
        Scheme::RustLegacy => Evidence::LegacyPath,
        _ => return None,
    };
    (symbol.defined_in != CrateId::NONE).then_some((symbol.defined_in, evidence))
}

/// Names that the start files of C libraries define in every program.
pub(super) fn is_runtime(name: &[u8]) -> bool {
    const NAMES: [&[u8]; 18] = [
        b"_start",
        b"_init",
        b"_fini",
        b"__libc_csu_init",
        b"__libc_csu_fini",
        b"deregister_tm_clones",
        b"register_tm_clones",
        b"__do_global_dtors_aux",
        b"frame_dummy",
        b"completed.0",
        b"__dso_handle",
        b"_IO_stdin_used",
        b"__data_start",
        b"_dl_relocate_static_pie",
        b"__abi_tag",
        b"__do_global_dtors_aux_fini_array_entry",
        b"__frame_dummy_init_array_entry",
        b"__libc_start_call_main",
    ];
    NAMES.contains(&name)
}

/// Start files of the C library and of the compiler, by the name their symbols follow.
pub(super) fn is_runtime_file(name: &str) -> bool {
    matches!(
        name,
        "crtstuff.c" | "crt1.o" | "Scrt1.o" | "crti.o" | "crtn.o" | "crt1.c" | "init.c" | "abi-note.c"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: CrateId = CrateId(1);
    const STD: CrateId = CrateId(2);
    const UNIT: OfUnit = OfUnit { krate: CrateId(3), evidence: Evidence::Unit, is_merged: false };

    fn symbol(scheme: Scheme) -> OfSymbol {
        OfSymbol { defined_in: STD, scheme, ..super::super::NO_SYMBOL }
    }

    #[test]
    fn a_unit_beats_every_name() {
        let with_suffix = OfSymbol { suffix: OWN, ..symbol(Scheme::RustV0) };
        assert_eq!(instantiated_by(&with_suffix, Some(UNIT)), (UNIT.krate, Evidence::Unit));
        assert_eq!(instantiated_by(&with_suffix, None), (OWN, Evidence::V0Suffix));
    }

    #[test]
    fn v0_without_suffix_is_of_its_definer_and_local_copies_of_the_toolchain_say_nothing() {
        assert_eq!(instantiated_by(&symbol(Scheme::RustV0), None), (STD, Evidence::V0Path));
        assert_eq!(instantiated_by(&symbol(Scheme::RustLegacy), None), (STD, Evidence::LegacyPath));
        let copy = OfSymbol { is_local: true, is_defined_by_toolchain: true, ..symbol(Scheme::RustLegacy) };
        assert_eq!(instantiated_by(&copy, None), NO_ANSWER);
        let local = OfSymbol { is_local: true, ..symbol(Scheme::RustLegacy) };
        assert_eq!(instantiated_by(&local, None), (STD, Evidence::LegacyPath));
    }

    #[test]
    fn names_define_and_c_code_is_defined_where_it_lies() {
        let unit = (UNIT.krate, Evidence::Unit);
        assert_eq!(defined_in(&symbol(Scheme::RustLegacy), unit), (STD, Evidence::LegacyPath));
        assert_eq!(defined_in(&super::super::NO_SYMBOL, unit), unit);
    }

    #[test]
    fn start_files_keep_only_their_own_names() {
        let runtime = OfSymbol { is_runtime: true, ..super::super::NO_SYMBOL };
        let file = OfUnit { evidence: Evidence::FileNeighbour, ..UNIT };
        assert_eq!(instantiated_by(&runtime, Some(file)), NO_ANSWER);
        assert!(is_runtime(b"frame_dummy") && !is_runtime(b"main"));
    }
}
