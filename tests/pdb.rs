//! Program databases: what `llvm-pdbutil` says of the same files, and damage.
//!
//! `BLOAT_PDBS` may list more databases, separated by colons.

#![expect(clippy::print_stderr, reason = "a skipped comparison has to be seen")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use bloat::format::pdb::{Database, Facts, Placed, Refused};
use bloat::format::{Detail, SymbolKind};
use bloat::input::Input;
use bloat::kind::Kind;

/// Databases of `testdata`, and those that the environment names.
fn databases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let mut found = Vec::new();
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("the fixtures are there") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "pdb") {
                found.push(path);
            }
        }
    }
    found.extend(std::env::var_os("BLOAT_PDBS").iter().flat_map(std::env::split_paths));
    found.sort();
    assert!(!found.is_empty(), "no database is there to be read");
    found
}

/// What the tool prints, or nothing if it is not installed.
fn pdbutil(options: &[&str], file: &Path) -> Option<String> {
    match Command::new("llvm-pdbutil-22").arg("dump").args(options).arg(file).output() {
        Ok(output) => Some(String::from_utf8_lossy(&output.stdout).into_owned()),
        Err(error) if std::env::var_os("BLOAT_REQUIRE_ORACLES").is_some_and(|v| v == "1") => {
            panic!("`llvm-pdbutil-22` is required and does not run: {error}")
        }
        Err(error) => {
            eprintln!(
                "SKIPPED: `llvm-pdbutil-22` does not run ({error}); {} is not compared",
                file.display()
            );
            None
        }
    }
}

/// A line on which section and offset are the position, so that places can be compared as stated.
fn locate(section: u16, offset: u32) -> Option<Placed> {
    let pos = u64::from(section) << 32 | u64::from(offset);
    (section != 0).then_some(Placed { pos, len: (1 << 32) - u64::from(offset) })
}

fn open(file: &Path) -> Database {
    let bytes = std::fs::read(file).expect("readable");
    Database::open(&bytes, None, Detail::Plain).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// `0001:3241`, of which the offset is decimal.
fn position(text: &str) -> u64 {
    let (section, offset) = text.split_once(':').unwrap_or_else(|| panic!("`{text}` is no place"));
    section.parse::<u64>().expect("a number") << 32 | offset.parse::<u64>().expect("a number")
}

/// The word behind `key` up to a comma or the end of the line.
fn after<'t>(line: &'t str, key: &str) -> Option<&'t str> {
    let rest = line.split_once(key)?.1;
    Some(rest.split(',').next()?.trim())
}

/// What stands between backquotes.
fn quoted(line: &str) -> Option<&str> {
    let start = line.find('`')? + 1;
    Some(&line[start..line.rfind('`')?])
}

#[test]
fn the_identity_is_what_pdbutil_prints() {
    for file in databases() {
        let database = open(&file);
        let Some(text) = pdbutil(&["-summary"], &file) else { return };
        let guid = text.lines().find_map(|l| after(l, "GUID: ")).expect("a GUID").to_lowercase();
        let guid = guid.replace(['{', '}', '-'], "");
        assert!(database.id().starts_with(&guid), "{}: {} is not {guid}", file.display(), database.id());
    }
}

#[test]
fn functions_and_their_sizes_are_what_pdbutil_prints() {
    for file in databases() {
        let database = open(&file);
        let facts = database.facts(&locate);
        let Some(text) = pdbutil(&["-symbols"], &file) else { return };
        let mut stated: BTreeSet<(u64, u64)> = BTreeSet::new();
        let mut names: BTreeMap<u64, Vec<&str>> = BTreeMap::new();
        let lines: Vec<&str> = text.lines().collect();
        for window in lines.windows(3) {
            let [line, next, last] = window else { continue };
            if line.contains("| S_GPROC32") || line.contains("| S_LPROC32") {
                let place = position(after(next, "addr = ").expect("an address"));
                let size = after(next, "code size = ").expect("a size").parse().expect("a number");
                if place >> 32 != 0 {
                    stated.insert((place, size));
                    names.entry(place).or_default().push(quoted(line).expect("a name"));
                }
            }
            if line.contains("| S_THUNK32") {
                let place = position(after(last, "addr = ").expect("an address"));
                let size = after(last, "size = ").expect("a size").parse().expect("a number");
                stated.insert((place, size));
            }
        }
        let sized = facts.symbols.iter().filter(|s| s.size > 0 && s.kind == SymbolKind::Function);
        let read: BTreeSet<(u64, u64)> = sized.map(|s| (s.pos.expect("placed"), s.size)).collect();
        stated.retain(|(_, size)| *size > 0);
        assert_eq!(read.difference(&stated).count(), 0, "{}", file.display());
        assert_eq!(stated.difference(&read).count(), 0, "{}", file.display());
        assert!(facts.diagnostics.is_empty(), "{}: {:?}", file.display(), facts.diagnostics);

        // Names are those of the records or, where these are mangled paths, public ones.
        let publics = publics(&file).expect("it ran before");
        for symbol in &facts.symbols {
            let (pos, name) = (symbol.pos.expect("placed"), String::from_utf8_lossy(symbol.name));
            let is_stated = names.get(&pos).is_some_and(|names| names.contains(&&*name));
            let is_public = publics.contains(&(pos, name.to_string()));
            let other = symbol.kind != SymbolKind::Function || symbol.size == 0;
            assert!(
                is_stated || is_public || other || publics.is_empty() || name.is_empty() || is_thunk(&name),
                "{}: nobody says `{name}` at {pos:#x}",
                file.display()
            );
        }
    }
}

fn is_thunk(name: &str) -> bool {
    name.starts_with('[') || name.starts_with("__imp") || !name.contains("::")
}

fn publics(file: &Path) -> Option<BTreeSet<(u64, String)>> {
    let text = pdbutil(&["-publics"], file)?;
    let lines: Vec<&str> = text.lines().collect();
    let mut all = BTreeSet::new();
    for (line, next) in lines.iter().zip(lines.iter().skip(1)) {
        if line.contains("| S_PUB32") {
            let place = position(after(next, "addr = ").expect("an address"));
            all.insert((place, quoted(line).expect("a name").to_string()));
        }
    }
    Some(all)
}

#[test]
fn every_public_name_is_a_place_that_something_names() {
    for file in databases() {
        let database = open(&file);
        let facts = database.facts(&locate);
        let Some(publics) = publics(&file) else { return };
        let places: BTreeSet<u64> = facts.symbols.iter().filter_map(|s| s.pos).collect();
        let missing: Vec<_> =
            publics.iter().filter(|(at, _)| at >> 32 != 0 && !places.contains(at)).collect();
        assert!(missing.is_empty(), "{}: {missing:?}", file.display());
    }
}

#[test]
fn modules_and_their_contributions_are_what_pdbutil_prints() {
    for file in databases() {
        let database = open(&file);
        let facts = database.facts(&locate);
        let (Some(listed), Some(text)) =
            (pdbutil(&["-modules"], &file), pdbutil(&["-section-contribs"], &file))
        else {
            return;
        };
        let mut modules: Vec<(&str, &str)> = Vec::new();
        for line in listed.lines().map(str::trim) {
            if line.starts_with("Mod ") {
                modules.push((quoted(line).expect("a name"), ""));
            } else if line.starts_with("Obj: ") {
                modules.last_mut().expect("behind a module").1 = quoted(line).expect("a name");
            }
        }
        let mut sums: BTreeMap<(&str, &str), u64> = BTreeMap::new();
        for line in text.lines().filter(|l| l.contains("| mod = ")) {
            let module: usize = after(line, "mod = ").expect("a module").parse().expect("a number");
            let size: u64 = after(line, "size = ").expect("a size").parse().expect("a number");
            let place = line.split(", ").nth(1).expect("a place").trim();
            if size > 0 && position(place) >> 32 != 0 {
                *sums.entry(modules[module]).or_default() += size;
            }
        }
        let mut read: BTreeMap<(&str, &str), u64> = BTreeMap::new();
        for range in &facts.unit_ranges {
            let unit = &facts.units[range.unit as usize];
            let archive = if unit.archive.is_empty() { &unit.object } else { &unit.archive };
            *read.entry((&unit.object, archive)).or_default() += range.end - range.start;
        }
        for (module, sum) in &read {
            assert_eq!(sums.get(module), Some(sum), "{}: {module:?}", file.display());
        }
        // What the linker made itself is of no module.
        let by_linker = |name: &str| {
            name == "* Linker *"
                || name.starts_with("Import:")
                || [".dll", ".exp"].iter().any(|ending| name.ends_with(ending))
        };
        let missing = sums.keys().filter(|m| !read.contains_key(*m) && !by_linker(m.0));
        assert_eq!(missing.collect::<Vec<_>>(), Vec::<&(&str, &str)>::new(), "{}", file.display());
    }
}

#[test]
fn jumps_of_incremental_linking_are_as_many_as_pdbutil_prints() {
    for file in databases() {
        let database = open(&file);
        let facts = database.facts(&locate);
        let Some(text) = pdbutil(&["-symbols"], &file) else { return };
        let lines: Vec<&str> = text.lines().collect();
        let mut stated: BTreeSet<(u64, u64)> = BTreeSet::new();
        for (line, next) in lines.iter().zip(lines.iter().skip(1)) {
            if line.contains("| S_TRAMPOLINE") {
                let size: u64 = after(next, "size = ").expect("a size").parse().expect("a number");
                let start = position(after(next, "source = ").expect("a place"));
                stated.insert((start, start + size));
            }
        }
        let charged: BTreeSet<(u64, u64)> = facts.charges.iter().map(|c| (c.start, c.end)).collect();
        assert!(stated.is_subset(&charged), "{}", file.display());
        assert!(text.contains("| S_SEPCODE") || charged.is_subset(&stated), "{}", file.display());
    }
}

/// Where sections lie in memory, from their headers in the database.
fn section_addresses(file: &Path) -> Option<Vec<u64>> {
    let text = pdbutil(&["-section-headers"], file)?;
    let lines = text.lines().filter(|l| l.ends_with(" virtual address"));
    let hex = |l: &str| u64::from_str_radix(l.split_whitespace().next().expect("a number"), 16);
    Some(lines.map(|l| hex(l).expect("hexadecimal")).collect())
}

#[test]
fn functions_of_the_program_beside_a_database_have_their_sizes() {
    let exe = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/pe/station-msvc-x86_64-v1.exe");
    let file = exe.with_extension("pdb");
    let model = bloat::analyze(&Input::open(&exe).expect("readable")).expect("it is a PE file");
    assert_eq!(model.facts.debug_info.as_deref(), Some("pdb"));
    assert_eq!(model.check(), Ok(()));

    let of_code = |leaf: &bloat::model::Leaf| leaf.kind == Kind::Code;
    let code: u64 = model.leaves.iter().filter(of_code).map(|l| l.len).sum();
    let mut known = 0;
    let mut crates: BTreeSet<&str> = BTreeSet::new();
    for leaf in model.leaves.iter().filter(of_code) {
        let krate = model.owner(leaf.owner).krate.get().expect("all bytes have an owner");
        let name = model.names.get(model.crates[krate].label);
        crates.insert(name);
        known += if name == "[unknown]" { 0 } else { leaf.len };
    }
    assert!(known * 100 >= code * 99, "{known} of {code} bytes of code have a crate");
    for name in ["station", "station_core", "series", "report", "core", "alloc", "std"] {
        assert!(crates.contains(name), "{name} is not among {crates:?}");
    }

    let (Some(text), Some(sections)) = (pdbutil(&["-symbols"], &file), section_addresses(&file)) else {
        return;
    };
    let lines: Vec<&str> = text.lines().collect();
    let mut compared = 0;
    for (line, next) in lines.iter().zip(lines.iter().skip(1)) {
        if !(line.contains("| S_GPROC32") || line.contains("| S_LPROC32")) {
            continue;
        }
        let place = position(after(next, "addr = ").expect("an address"));
        let size: u64 = after(next, "code size = ").expect("a size").parse().expect("a number");
        let rva = sections[(place >> 32) as usize - 1] + (place & 0xffff_ffff);
        let pos = model.leaves.position(IMAGE_BASE + rva).expect("mapped");
        let leaf = model.leaves.at(pos).expect("on the line");
        let row = &model.symbols[leaf.symbol.get().expect("a symbol")];
        assert_eq!((row.address, row.size), (Some(IMAGE_BASE + rva), size), "{line}");
        compared += 1;
    }
    assert!(compared > 200, "only {compared} functions");
}

/// What linkers give programs for a base if they are asked for nothing else.
const IMAGE_BASE: u64 = 0x1_4000_0000;

#[test]
fn a_database_of_another_build_is_refused_with_both_ids() {
    let file = &databases()[0];
    let bytes = std::fs::read(file).expect("readable");
    let id = open(file).id().to_string();
    assert!(Database::open(&bytes, Some(&id), Detail::Plain).is_ok());
    let wanted = format!("{id}f");
    let refused = Database::open(&bytes, Some(&wanted), Detail::Plain).expect_err("of another build");
    let text = refused.to_string();
    assert!(text.contains(&format!("is {id},")) && text.contains(&wanted), "{text}");
    assert_eq!(refused, Refused::OtherBuild { wanted, found: id });
}

/// The checksums of files are the first subsection of a module's lines; its length is made absurd.
#[test]
fn lines_that_break_off_are_told_and_the_rest_is_read() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/pe/station-msvc-x86_64-v2.pdb");
    let mut bytes = std::fs::read(path).expect("readable");
    let told = |bytes: &[u8]| {
        let database = Database::open(bytes, None, Detail::Code).expect("a database");
        let facts = database.facts(&locate);
        let cut = facts.diagnostics.iter().filter(|d| d.code == "pdb-lines-cut").count();
        let code = facts.code.expect("asked for");
        (cut, code.frames.len(), code.rows.len(), facts.symbols.len())
    };
    let whole = told(&bytes);
    assert!(whole.0 == 0 && whole.1 > 1000 && whole.2 > 1000, "{whole:?}");
    // Kind and length, then the first entry: a text, 32 bytes of SHA-256.
    let is_head = |w: &[u8]| w.starts_with(&[0xf4, 0, 0, 0]) && w[12..14] == [32, 3];
    let at = bytes.windows(14).position(is_head).expect("checksums");
    bytes[at + 4..at + 8].fill(0xff);
    let cut = told(&bytes);
    assert!(cut.0 == 1, "{cut:?}");
    // Inlined functions are in other records, and all other modules are whole.
    assert_eq!((cut.1, cut.3), (whole.1, whole.3));
    assert!(cut.2 > 0 && cut.2 <= whole.2, "{cut:?}, {whole:?}");
}

/// Marsaglia's xorshift: the same numbers everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit.max(1)
    }
}

/// Reads bytes that may be damaged; says whether there was an answer.
fn survive(bytes: &[u8]) -> bool {
    let Ok(database) = Database::open(bytes, None, Detail::Code) else { return false };
    let facts: Facts<'_> = database.facts(&locate);
    for range in &facts.unit_ranges {
        assert!(range.start < range.end && facts.units.get(range.unit as usize).is_some());
    }
    true
}

#[test]
fn no_damage_makes_it_panic() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut answers = 0;
    for file in databases() {
        let whole = std::fs::read(&file).expect("readable");
        let len = whole.len() as u64;
        if len > 1 << 20 {
            continue;
        }
        for cut in 0..40 {
            survive(&whole[..(len * cut / 40) as usize]);
        }
        for _ in 0..100 {
            let mut bytes = whole.clone();
            for _ in 0..1 + random.below(8) {
                let at = random.below(len) as usize;
                bytes[at] = match random.below(3) {
                    0 => bytes[at] ^ 1 << random.below(8),
                    1 => 0xff,
                    _ => random.below(256) as u8,
                };
            }
            answers += usize::from(survive(&bytes));
        }
        // The headers are where a change does most.
        for _ in 0..200 {
            let mut bytes = whole.clone();
            let block = 4096 * random.below(len / 4096) as usize;
            for _ in 0..1 + random.below(4) {
                let at = block + 4 * random.below(16) as usize;
                let word = [u32::MAX, 0, 1 << 31, random.below(1 << 32) as u32][random.below(4) as usize];
                bytes[at..at + 4].copy_from_slice(&word.to_le_bytes());
            }
            answers += usize::from(survive(&bytes));
        }
    }
    assert!(answers > 100, "only {answers} answers: the damage proves nothing");
}
