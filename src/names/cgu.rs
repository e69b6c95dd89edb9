//! Names of codegen units, in which rustc writes the crate and its id.

/// A codegen unit as its name describes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CguName<'a> {
    /// The crate compiled into the unit.
    pub krate: &'a str,
    /// The crate's `StableCrateId`, the number [`super::CrateRef::id`] holds.
    /// Absent where the name carries a shortened hash instead.
    pub id: Option<u64>,
    /// The unit's number; absent in units named after what they hold.
    pub index: Option<u32>,
    /// The crate's root source file, from the form used in DWARF.
    pub path: Option<&'a str>,
}

/// Reads the name of a codegen unit: `std.e28293b1aa0f68bd-cgu.0`.
///
/// Accepts what DWARF writes (`library/std/src/lib.rs/@/std.e2..-cgu.0`), the
/// names of object files and archive members (`.rcgu.o`), hashes too short to
/// be an id, and units named after a module (`std.e2..-fragment`). A name that
/// is only a hash says nothing about a crate, so it gives `None`.
///
/// ```
/// let unit = bloat::names::cgu("std.e28293b1aa0f68bd-cgu.0").unwrap();
/// assert_eq!((unit.krate, unit.id), ("std", Some(0xe28293b1aa0f68bd)));
/// ```
pub fn cgu(name: &str) -> Option<CguName<'_>> {
    let (path, unit) = match name.rsplit_once("/@/") {
        Some((path, unit)) => (Some(path), unit),
        None => (None, name),
    };
    let mut unit = archive_member(unit).map_or(unit, |(_, member)| member);
    for ending in [".o", ".dwo", ".bc", ".ll", ".rcgu"] {
        unit = unit.strip_suffix(ending).unwrap_or(unit);
    }
    let (head, rest) = cut_at_hash_end(unit)?;
    let (krate, hash) = head.rsplit_once('.')?;
    // An archive member puts the file's own name in front: `a-1f.a.77-cgu.0`.
    let krate = krate.rsplit_once('.').map_or(krate, |(_, krate)| krate);
    let index = rest.strip_prefix("cgu.").and_then(|n| {
        let digits = n.split_once('.').map_or(n, |(digits, _)| digits);
        digits.parse().ok()
    });
    let good = !krate.is_empty()
        && krate.chars().all(|c| c.is_alphanumeric() || c == '_')
        && !krate.starts_with(|c: char| c.is_ascii_digit())
        && !hash.is_empty()
        && hash.bytes().all(|b| b.is_ascii_alphanumeric())
        && (index.is_some() || is_id(hash));
    good.then(|| CguName { krate, id: id(hash), index, path })
}

/// Archive and member of an object file by the name that linkers give it: `libcore.rlib(core.o)`.
fn archive_member(file: &str) -> Option<(&str, &str)> {
    file.strip_suffix(')')?.split_once('(')
}

/// The crate whose library an object file came from: `foo` of `libfoo-1f2e.rlib(foo.o)`.
///
/// Libraries that rustc makes are called that; other archives say nothing.
///
/// ```
/// assert_eq!(bloat::names::library_crate("libfoo-1f2e3d.rlib(a5698b6a-checksum.o)"), Some("foo"));
/// assert_eq!(bloat::names::library_crate("libfoo.a(checksum.o)"), None);
/// ```
pub fn library_crate(file: &str) -> Option<&str> {
    let (archive, _) = archive_member(file)?;
    let stem = archive.strip_prefix("lib")?.strip_suffix(".rlib")?;
    let name = stem.split_once('-').map_or(stem, |(name, _)| name);
    let good = name.chars().all(|c| c.is_alphanumeric() || c == '_');
    (good && !name.is_empty()).then_some(name)
}

/// `std.e2..` and what follows the dash after the hash.
fn cut_at_hash_end(unit: &str) -> Option<(&str, &str)> {
    if let Some(found) = unit.split_once("-cgu.") {
        let rest = unit.get(found.0.len() + 1..)?;
        // `core.c1..-in-probe.39..-cgu.0` holds generics of `core` and is `probe`'s own unit.
        let head = found.0.split_once("-in-").map_or(found.0, |(_, head)| head);
        return Some((head, rest));
    }
    let dot = unit.find('.')?;
    let dash = unit.get(dot..)?.find('-')? + dot;
    Some((unit.get(..dash)?, unit.get(dash + 1..)?))
}

fn is_id(hash: &str) -> bool {
    (8..=16).contains(&hash.len()) && hash.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'))
}

/// Leading zeros are not written, so a full id may be shorter than 16 digits.
fn id(hash: &str) -> Option<u64> {
    if !is_id(hash) {
        return None;
    }
    u64::from_str_radix(hash, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unit_names_give_crate_id_and_index() {
        let std = Some(0xe282_93b1_aa0f_68bd);
        let cases = [
            ("std.e28293b1aa0f68bd-cgu.0", "std", std, Some(0)),
            ("std.e28293b1aa0f68bd-cgu.0.rcgu.o", "std", std, Some(0)),
            ("std-b2d1.std.e28293b1aa0f68bd-cgu.12.rcgu.o", "std", std, Some(12)),
            ("std.e28293b1aa0f68bd-fragment", "std", std, None),
            ("libstd-b2d1.rlib(std-b2d1.std.e28293b1aa0f68bd-cgu.12.rcgu.o)", "std", std, Some(12)),
            (
                "compiler_builtins.4e30281dd23088d2-cgu.004",
                "compiler_builtins",
                Some(0x4e30_281d_d230_88d2),
                Some(4),
            ),
            ("probe.7rcbfp3g-cgu.0", "probe", None, Some(0)),
            (
                "core.c1f1a4ba060b9bfa-in-probe.395ebd4cfaeaf1e1-cgu.3",
                "probe",
                Some(0x395e_bd4c_faea_f1e1),
                Some(3),
            ),
        ];
        for (name, krate, id, index) in cases {
            let path = None;
            let want = CguName { krate, id, index, path };
            assert_eq!(cgu(name), Some(want), "{name}");
        }
    }

    #[test]
    fn the_form_in_dwarf_keeps_its_path() {
        let unit = cgu("/rust/deps/memchr-2.7.6/src/lib.rs/@/memchr.9642f0ce76a98c65-cgu.0");
        let unit = unit.expect("a unit");
        assert_eq!(unit.path, Some("/rust/deps/memchr-2.7.6/src/lib.rs"));
        assert_eq!((unit.krate, unit.index), ("memchr", Some(0)));
    }

    #[test]
    fn other_files_are_not_units() {
        for name in [
            "crtstuff.c",
            "sqlite3.c",
            "15rrhpizbr4wwb5uuln7g3ljl",
            "",
            "-cgu.",
            ".-cgu.0",
            "a.-cgu.0",
            "x86-64.S",
            "lib.rs/@/",
            "std.e28293b1aa0f68bd-cgu.99999999999999",
            "foo.c-x",
        ] {
            let got = cgu(name);
            // A number too large to be an index leaves a unit without one.
            assert!(got.is_none_or(|unit| unit.krate == "std"), "{name}");
        }
    }
}
