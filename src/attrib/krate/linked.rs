//! What debug information of linkers (PDB) says: object files and the libraries they came from.
//!
//! It has one unit for each object file, and names that are written for people.

use crate::attrib::krate::compiled::LANGUAGE_RUST;
use crate::attrib::symbols::Symbols;
use crate::attrib::units::Units;
use crate::format::{Image, Unit};
use crate::model::UnitId;
use crate::names::{self, CguName};
use crate::order::Arrange;

/// The codegen unit that a unit is, by its own name or that of its object file.
pub(super) fn codegen_unit<'u>(unit: &'u Unit<'_>) -> Option<CguName<'u>> {
    names::cgu(&unit.name).or_else(|| names::cgu(file_name(&unit.object)))
}

/// By unit: whether it is the one object file that holds all of Rust, as after fat LTO.
///
/// Its name is that of the program, and says nothing of who instantiated what. Debug
/// information of compilers (DWARF) keeps the units.
pub(super) fn merged(units: &[Unit<'_>]) -> Vec<bool> {
    let holds_all = is_one_crate(units);
    units.iter().map(|u| holds_all && !u.object.is_empty() && codegen_unit(u).is_some()).collect()
}

fn is_one_crate(units: &[Unit<'_>]) -> bool {
    let of_linker = units.iter().filter(|u| !u.object.is_empty());
    let mut crates: Vec<&str> = of_linker
        .filter_map(|u| codegen_unit(u).map(|c| c.krate))
        .filter(|krate| *krate != "compiler_builtins")
        .collect();
    crates.arrange();
    crates.dedup();
    crates.len() == 1
}

/// By row: whether the name is a path that rustc wrote for people. Empty if none is.
pub(super) fn written_paths(image: &Image<'_>, symbols: &Symbols, units: &Units) -> Vec<bool> {
    let is_rust: Vec<bool> =
        image.units.iter().map(|u| u.language == LANGUAGE_RUST && !u.object.is_empty()).collect();
    if !is_rust.contains(&true) {
        return Vec::new();
    }
    let mut at_unit = units.by_unit.cursor();
    let mut in_rust = |&pos: &u64| {
        let unit = at_unit.at(pos).map_or(UnitId::NONE, |(unit, _)| unit);
        unit.get().and_then(|i| is_rust.get(i)) == Some(&true)
    };
    symbols.pos_of.iter().map(&mut in_rust).collect()
}

/// The crate of which a file is the library: `ring` of `.../libring-1f2e3d4c5b6a7980.rlib`.
pub(super) fn crate_of_archive(path: &str) -> Option<&str> {
    let name = file_name(path).strip_prefix("lib")?.strip_suffix(".rlib")?;
    without_hash(name)
}

/// The package whose build script made a file: `ring` of `.../build/ring-1f2e3d4c5b6a7980/out/ring.lib`.
pub(super) fn package_of_output(path: &str) -> Option<&str> {
    let parts: Vec<&str> = path.split(['/', '\\']).collect();
    let at = parts.windows(3).rposition(|w| matches!(w, ["build", _, "out"]))?;
    without_hash(parts.get(at + 1)?)
}

/// Whether a library is one that the toolchain brings along.
pub(super) fn is_of_toolchain(archive: &str) -> bool {
    let parts: Vec<&str> = archive.split(['/', '\\']).collect();
    parts.windows(4).any(|w| matches!(w, ["rustlib", _, "lib", _]))
}

/// `name-` and 16 hexadecimal digits, as Cargo and rustc name what they make.
fn without_hash(name: &str) -> Option<&str> {
    let (name, hash) = name.rsplit_once('-')?;
    let is_hash = hash.len() == 16 && hash.bytes().all(|b| b.is_ascii_hexdigit());
    (is_hash && !name.is_empty()).then_some(name)
}

fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_and_outputs_of_build_scripts_name_their_package() {
        let rlib = r"C:\p\target\release\deps\libring-1f2e3d4c5b6a7980.rlib";
        assert_eq!(crate_of_archive(rlib), Some("ring"));
        assert_eq!(crate_of_archive("/p/target/libc.a"), None);
        assert_eq!(crate_of_archive("/p/target/libring-1.2.rlib"), None);
        let output = "/p/target/debug/build/libsqlite3-sys-1f2e3d4c5b6a7980/out/sqlite3.lib";
        assert_eq!(package_of_output(output), Some("libsqlite3-sys"));
        assert_eq!(package_of_output("/p/build/tool/out/x.lib"), None);
        let of_std = r"C:\r\toolchains\t\lib\rustlib\x86_64-pc-windows-msvc\lib\libstd-1f2e3d4c5b6a7980.rlib";
        assert!(is_of_toolchain(of_std) && !is_of_toolchain(rlib));
    }

    #[test]
    fn one_object_file_for_all_crates_is_seen() {
        let unit = |object: &'static str| Unit { object: object.into(), ..Unit::default() };
        let own = unit(r"C:\p\deps\demo-1f.demo.3f380464d93c2677-cgu.0.rcgu.o");
        assert_eq!(codegen_unit(&own).map(|c| c.krate), Some("demo"));
        let glue = unit("compiler_builtins-1f.compiler_builtins.4e30281dd23088d2-cgu.0.rcgu.o");
        let std = unit("std-1f.std.e28293b1aa0f68bd-cgu.0.rcgu.o");
        assert_eq!(merged(&[own.clone(), glue.clone()]), [true, true]);
        assert_eq!(merged(&[own, glue, std]), [false; 3]);
        let in_dwarf = Unit { name: "src/main.rs/@/demo.3f380464d93c2677-cgu.0".into(), ..Unit::default() };
        assert_eq!(merged(&[in_dwarf]), [false]);
    }
}
