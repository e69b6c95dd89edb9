//! Mach-O: what LLVM's tools say of the fixtures, files that lie, and files that break off.
//!
//! A tool that is missing skips its test visibly, unless `BLOAT_REQUIRE_ORACLES=1`.

mod oracles;
mod subjects;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bloat::format::{Image, SymbolKind, Target, macho};
use bloat::input::Input;
use bloat::kind::Kind;
use bloat::model::Model;
use bloat::report::ledger;

use oracles::oracle;
use subjects::{analyze, analyze_bytes};

/// One file of `testdata/macho`.
fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/macho").join(name)
}

/// Thin files that a linker made.
const LINKED: [&str; 10] = [
    "station-arm64-v1",
    "station-arm64-v2",
    "station-x86_64-v1",
    "station-x86_64-v1-stripped",
    "arm64/shelf",
    "arm64/shelf-nostabs",
    "x86_64/shelf",
    "x86_64/shelf-nostabs",
    "shelf-classic",
    "libshelf.dylib",
];

/// Thin files with debug information.
const WITH_DWARF: [&str; 4] = [
    "station-arm64-v1.dSYM/Contents/Resources/DWARF/station-arm64-v1",
    "station-x86_64-v1.dSYM/Contents/Resources/DWARF/station-x86_64-v1",
    "arm64/main.o",
    "x86_64/main.o",
];

const UNIVERSAL: [&str; 3] = [
    "station-universal-v1",
    "shelf-universal",
    "shelf-universal.dSYM/Contents/Resources/DWARF/shelf-universal",
];

fn thin() -> impl Iterator<Item = &'static str> {
    LINKED.into_iter().chain(WITH_DWARF).chain(["shelf-relative"])
}

fn hex(text: &str) -> u64 {
    let digits = text.trim_start_matches("0x");
    u64::from_str_radix(digits, 16).unwrap_or_else(|_| panic!("`{text}` is no number"))
}

fn with_image<T>(name: &str, ask: impl FnOnce(&Image<'_>) -> T) -> T {
    let input = Input::open(&fixture(name)).expect("readable");
    ask(&bloat::format::read(&input).expect("it has a Mach header"))
}

/// Bytes of the file and of memory by section, from the ledger.
fn ledger_sections(model: &Model) -> BTreeMap<String, (u64, u64)> {
    let mut sums: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let Ok(()) = ledger(model, |row| {
        let sum = sums.entry(row.section.to_string()).or_default();
        sum.0 += row.offset.map_or(0, |_| row.size);
        sum.1 += row.memory_size;
        Ok::<(), std::convert::Infallible>(())
    });
    sums
}

/// The values of a key in the blocks that `llvm-readobj` prints, without what it explains in parentheses.
fn value<'t>(block: &'t str, key: &str) -> &'t str {
    let line = block.lines().map(str::trim).find_map(|l| l.strip_prefix(key)?.strip_prefix(':'));
    line.unwrap_or_else(|| panic!("no {key} in {block}")).split('(').next().unwrap_or_default().trim()
}

#[test]
fn every_byte_has_one_owner_and_nothing_is_unmapped() {
    for name in thin().chain(UNIVERSAL).chain(["arm64/libshelf.a", "x86_64/libshelf.a"]) {
        let path = fixture(name);
        let model = analyze(&path);
        assert_eq!(model.check(), Ok(()), "{name}");
        let size = std::fs::metadata(&path).expect("it is there").len();
        assert_eq!(model.total().file, size, "{name}");
        let unmapped = model.leaves.iter().filter(|l| l.kind == Kind::Unmapped && l.in_file);
        assert_eq!(unmapped.map(|l| l.len).sum::<u64>(), 0, "{name}");
        assert_eq!(model.diagnostics, [], "{name}");
    }
}

#[test]
fn sections_are_as_large_as_readobj_says() {
    let mut compared = 0;
    for name in thin() {
        let Some(text) = oracle("llvm-readobj-22", &["--sections"], &fixture(name)) else { return };
        let sums = ledger_sections(&analyze(&fixture(name)));
        let is_companion = name.contains(".dSYM");
        for block in text.split("  Section {").skip(1) {
            let (segment, section) = (value(block, "Segment"), value(block, "Name"));
            let (size, offset) = (hex(value(block, "Size")), value(block, "Offset"));
            let zero_fill = value(block, "Type").contains("Zero");
            // What is marked as debug information is for tools and not loaded.
            let is_for_tools =
                segment == "__DWARF" || block.lines().any(|l| l.trim_start().starts_with("Debug ("));
            let in_memory = if is_for_tools { 0 } else { size };
            let got = sums.get(&format!("{segment},{section}")).copied().unwrap_or_default();
            // Segments are whole pages in the file: what is left of the last one spells out zero-fill.
            let in_file = match zero_fill {
                true => got.0.min(size),
                false if offset == "0" => 0,
                false => size,
            };
            assert_eq!(got, (in_file, in_memory), "{name} {segment},{section}");
            compared += 1;
            assert!(!is_companion || (segment == "__DWARF") == (in_file > 0), "{name} {section}");
        }
    }
    assert!(compared > 100, "only {compared} sections were compared");
}

#[test]
fn memory_is_that_of_the_segments_but_for_forbidden_pages() {
    for name in LINKED {
        let Some(text) = oracle("llvm-readobj-22", &["--macho-segment"], &fixture(name)) else { return };
        let sizes = text.split("Segment {").skip(1).map(|block| match value(block, "Name") {
            "__PAGEZERO" => 0,
            _ => hex(value(block, "vmsize")),
        });
        assert_eq!(analyze(&fixture(name)).total().memory, sizes.sum::<u64>(), "{name}");
    }
}

#[test]
fn functions_start_where_objdump_says() {
    let mut compared = 0;
    for name in LINKED {
        let Some(text) = oracle("llvm-objdump-22", &["--macho", "--function-starts"], &fixture(name)) else {
            return;
        };
        let stated: BTreeSet<u64> = text.lines().skip(1).filter(|l| !l.is_empty()).map(hex).collect();
        let found: BTreeSet<u64> = with_image(name, |image| {
            image.functions.iter().filter_map(|f| image.line.address(f.start)).collect()
        });
        assert_eq!(found, stated, "{name}");
        compared += stated.len();
    }
    assert!(compared > 500, "only {compared} functions were compared");
}

#[test]
fn without_a_list_of_functions_unwind_tables_tell() {
    let Some(text) = oracle("llvm-objdump-22", &["--macho", "--unwind-info"], &fixture("shelf-relative"))
    else {
        return;
    };
    let listed =
        text.lines().filter_map(|l| l.trim().split_once("]: function offset=0x")).map(|(_, rest)| {
            // The header is loaded at 4 GiB.
            0x1_0000_0000 + hex(rest.split(',').next().unwrap_or_default())
        });
    // The index itself has lines of the same form, with a page.
    let pages = text.lines().filter(|l| l.contains("2nd level page offset")).count();
    let listed: Vec<u64> = listed.skip(pages).collect();
    let stubs = |a: &u64| *a;
    let found: BTreeSet<u64> = with_image("shelf-relative", |image| {
        image.functions.iter().filter_map(|f| image.line.address(f.start)).collect()
    });
    assert!(listed.len() >= 2, "{text}");
    let in_code: BTreeSet<u64> = listed.iter().map(stubs).filter(|a| found.contains(a)).collect();
    assert_eq!(in_code, found);
}

#[test]
fn symbols_lie_where_nm_says_and_each_has_a_row() {
    let mut compared = 0;
    for name in thin() {
        let Some(text) = oracle("llvm-nm-22", &["--defined-only", "--no-sort"], &fixture(name)) else {
            return;
        };
        let is_object = name.ends_with(".o");
        let stated: BTreeSet<(String, u64)> = text
            .lines()
            .filter_map(|line| {
                let (address, rest) = line.split_once(' ')?;
                let (letter, symbol) = rest.split_once(' ')?;
                // Absolute ones have no place; marks of an assembler name nothing.
                let named = !letter.eq_ignore_ascii_case("a") && !symbol.starts_with("ltmp");
                named.then(|| (symbol.to_string(), hex(address)))
            })
            .collect();
        let found: BTreeSet<(String, u64)> = with_image(name, |image| {
            let placed = image.symbols.iter().filter(|s| s.pos.is_some());
            let placed = placed.inspect(|s| {
                assert!(is_object || s.pos == image.line.pos(s.address), "{name} {:#x}", s.address);
            });
            placed.map(|s| (String::from_utf8_lossy(s.name).into_owned(), s.address)).collect()
        });
        let apart: Vec<_> = found.symmetric_difference(&stated).collect();
        assert!(apart.is_empty(), "{name}: {apart:?}");
        compared += stated.len();
    }
    assert!(compared > 1000, "only {compared} symbols were compared");
}

/// Start and length of every function that debug information describes.
fn described(text: &str) -> BTreeMap<u64, u64> {
    let mut all = BTreeMap::new();
    for block in text.split("DW_TAG_").filter(|b| b.starts_with("subprogram")) {
        let field = |key: &str| {
            let (_, rest) = block.split_once(key)?;
            Some(hex(rest.trim_start().strip_prefix('(')?.split(')').next()?))
        };
        if let (Some(low), Some(high)) = (field("DW_AT_low_pc"), field("DW_AT_high_pc")) {
            all.insert(low, high - low);
        }
    }
    all
}

#[test]
fn functions_of_the_debug_map_are_as_long_as_dwarf_says() {
    for name in ["station-arm64-v1", "station-x86_64-v1"] {
        let companion = format!("{name}.dSYM/Contents/Resources/DWARF/{name}");
        let Some(text) = oracle("llvm-dwarfdump-22", &["--debug-info"], &fixture(&companion)) else { return };
        let described = described(&text);
        let (compared, alike) = with_image(name, |image| {
            let sized = image.symbols.iter().filter(|s| s.kind == SymbolKind::Function && s.size > 0);
            let pairs = sized.filter_map(|s| Some((s, *described.get(&s.address)?)));
            pairs.fold((0, 0), |(compared, alike), (s, size)| {
                // The map counts jump tables and what aligns the next function as well.
                assert!(s.size >= size, "{name} {:#x}", s.address);
                (compared + 1, alike + u32::from(s.size < size + 16))
            })
        });
        assert!(alike * 100 >= compared * 95, "{name}: {alike} of {compared} functions are as long");
        assert!(compared > 150, "{name}: only {compared} functions were compared");
    }
}

#[test]
fn symbols_know_their_object_files() {
    with_image("arm64/shelf", |image| {
        let file_of = |name: &[u8]| {
            let symbol =
                image.symbols.iter().find(|s| s.name == name && s.pos.is_some()).expect("it is there");
            symbol.file.and_then(|f| image.files.get(f as usize)).map(|f| f.to_string())
        };
        // A function, a static and two globals, which the map lists without their addresses.
        assert_eq!(file_of(b"_main").as_deref(), Some("main.o"));
        assert_eq!(file_of(b"_shelf_add").as_deref(), Some("libshelf.a(shelf.o)"));
        assert_eq!(file_of(b"_shelf_total").as_deref(), Some("libshelf.a(shelf.o)"));
        assert_eq!(file_of(b"__mh_execute_header"), None);
    });
}

#[test]
fn names_lose_what_the_platform_adds_and_mangled_keeps_it() {
    let model = analyze(&fixture("arm64/shelf"));
    let mut seen = BTreeMap::new();
    let Ok(()) = ledger(&model, |row| {
        seen.insert(row.mangled.to_string(), row.symbol.to_string());
        Ok::<(), std::convert::Infallible>(())
    });
    assert_eq!(seen.get("_shelf_add").map(String::as_str), Some("shelf_add"));
    assert_eq!(seen.get("_printf").map(String::as_str), Some("printf"));
}

#[test]
fn chained_pointers_are_those_that_objdump_follows() {
    let mut compared = 0;
    for name in ["station-arm64-v1", "station-arm64-v2", "arm64/shelf", "x86_64/shelf"] {
        let Some(text) = oracle("llvm-objdump-22", &["--macho", "--dyld-info"], &fixture(name)) else {
            return;
        };
        let stated: BTreeSet<(u64, u64)> = text
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>())
            .filter(|words| words.get(4) == Some(&"rebase"))
            .map(|words| (hex(words[2]), hex(words[5])))
            .collect();
        let found: BTreeSet<(u64, u64)> = with_image(name, |image| {
            let address = |pos| image.line.address(pos).expect("it is mapped");
            image.pointers.iter().map(|p| (address(p.at), address(p.to))).collect()
        });
        assert_eq!(found, stated, "{name}");
        compared += stated.len();
    }
    assert!(compared > 300, "only {compared} pointers were compared");
}

#[test]
fn rebase_opcodes_patch_what_objdump_lists() {
    let mut compared = 0;
    for name in ["station-x86_64-v1", "station-x86_64-v1-stripped", "shelf-classic"] {
        let Some(text) = oracle("llvm-objdump-22", &["--macho", "--rebase"], &fixture(name)) else { return };
        let stated: BTreeSet<u64> = text
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>())
            .filter(|words| words.get(3) == Some(&"pointer"))
            .map(|words| hex(words[2]))
            .collect();
        let found: BTreeSet<u64> = with_image(name, |image| {
            image.pointers.iter().map(|p| image.line.address(p.at).expect("it is mapped")).collect()
        });
        assert_eq!(found, stated, "{name}");
        compared += stated.len();
    }
    assert!(compared > 300, "only {compared} pointers were compared");
}

#[test]
fn stubs_and_pointers_are_charged_to_the_symbols_that_objdump_names() {
    let mut compared = 0;
    for name in LINKED {
        let options = ["--macho", "--indirect-symbols"];
        let Some(text) = oracle("llvm-objdump-22", &options, &fixture(name)) else { return };
        with_image(name, |image| {
            for line in text.lines().filter(|l| l.starts_with("0x")) {
                let words: Vec<&str> = line.split_whitespace().collect();
                let [address, index, symbol] = words[..] else { continue };
                let pos = image.line.pos(hex(address)).expect("it is mapped");
                let index: u32 = index.parse().expect("a number");
                let on = image.charges.iter().filter(|c| c.start == pos).map(|c| c.on);
                assert_eq!(on.collect::<Vec<_>>(), [Target::Symbol(index)], "{name} {address}");
                assert_eq!(image.symbols[index as usize].name, symbol.as_bytes(), "{name} {address}");
                compared += 1;
            }
        });
    }
    assert!(compared > 150, "only {compared} slots were compared");
}

#[test]
fn exported_names_are_charged_to_what_they_name() {
    let Some(text) = oracle("llvm-objdump-22", &["--macho", "--exports-trie"], &fixture("libshelf.dylib"))
    else {
        return;
    };
    let stated: Vec<u64> = text.lines().filter(|l| l.starts_with("0x")).map(|l| hex(&l[..10])).collect();
    assert_eq!(stated.len(), 4, "{text}");
    with_image("libshelf.dylib", |image| {
        let trie = image.regions.iter().find(|r| r.name == "exports trie").expect("it has one").span.clone();
        for address in stated {
            let pos = image.line.pos(address).expect("it is mapped");
            let charged =
                image.charges.iter().filter(|c| trie.contains(&c.start) && c.on == Target::Pos(pos));
            // A node that ends a name, and the edge that leads to it.
            assert_eq!(charged.count(), 2, "{address:#x}");
        }
    });
}

#[test]
fn units_are_as_many_as_dwarfdump_counts_and_cover_its_functions() {
    for name in WITH_DWARF {
        let Some(text) = oracle("llvm-dwarfdump-22", &["--debug-info"], &fixture(name)) else { return };
        let units = text.matches("DW_TAG_compile_unit").count();
        let functions = described(&text);
        with_image(name, |image| {
            assert_eq!(image.units.len(), units, "{name}");
            // Sections of an object file start at their own addresses, code at 0.
            let code = image.sections.iter().find(|s| s.executable).expect("code");
            for (address, size) in functions {
                let start = code.span.start + (address - code.address);
                let covers = image.unit_ranges.iter().any(|r| r.start <= start && start + size <= r.end);
                // Debug information of code that was dropped has an address outside all sections.
                let exists = address >= code.address && address < code.address + code.size;
                assert!(covers || !exists, "{name} {address:#x}");
            }
        });
    }
}

#[test]
fn the_build_id_is_the_uuid() {
    for name in LINKED {
        let Some(text) = oracle("llvm-dwarfdump-22", &["--uuid"], &fixture(name)) else { return };
        let uuid = text.split_whitespace().nth(1).expect("a UUID").replace('-', "").to_lowercase();
        assert_eq!(analyze(&fixture(name)).facts.build_id, Some(uuid), "{name}");
    }
}

#[test]
fn what_strip_leaves_is_foreseen() {
    for name in LINKED {
        let stripped = subjects::scratch(&name.replace('/', "-"));
        let options = ["-o", stripped.to_str().expect("a plain path")];
        if oracle("llvm-strip-22", &options, &fixture(name)).is_none() {
            return;
        }
        let real = std::fs::metadata(&stripped).expect("it was written").len();
        std::fs::remove_file(&stripped).expect("it can be removed");
        let foreseen = analyze(&fixture(name)).facts.stripped_size.expect("it is made to ship");
        // Names that end like others can share their bytes; the signature is padded.
        assert!(foreseen.abs_diff(real) <= 128, "{name}: {foreseen} foreseen, {real} left");
    }
    assert_eq!(analyze(&fixture("arm64/main.o")).facts.stripped_size, None);
    assert!(analyze(&fixture("station-x86_64-v1-stripped")).facts.stripped);
    assert!(!analyze(&fixture("station-x86_64-v1")).facts.stripped);
}

#[test]
fn slices_of_a_universal_file_are_the_files_it_was_made_of() {
    let path = fixture("station-universal-v1");
    let bytes = std::fs::read(&path).expect("readable");
    let slices = macho::slices(&bytes).expect("it is universal");
    let names: Vec<&str> = slices.iter().map(|s| s.name.as_ref()).collect();
    assert_eq!(names, ["x86_64", "arm64"]);
    let whole = analyze(&path);
    let mut sums: BTreeMap<(String, String), u64> = BTreeMap::new();
    let Ok(()) = ledger(&whole, |row| {
        if let Some(offset) = row.offset {
            let slice = slices.iter().find(|s| s.file.contains(&offset));
            let key = (slice.map_or(String::new(), |s| s.name.to_string()), row.section.to_string());
            *sums.entry(key).or_default() += row.size;
        }
        Ok::<(), std::convert::Infallible>(())
    });
    for (slice, file) in [("x86_64", "station-x86_64-v1"), ("arm64", "station-arm64-v1")] {
        let alone = ledger_sections(&analyze(&fixture(file)));
        let alone =
            alone.into_iter().filter(|(_, (file, _))| *file > 0).map(|(name, (file, _))| (name, file));
        let inside = sums.iter().filter(|((of, _), _)| of == slice).map(|((_, name), &n)| (name.clone(), n));
        assert_eq!(inside.collect::<Vec<_>>(), alone.collect::<Vec<_>>(), "{slice}");
    }
}

/// Bytes and symbols by crate, as tables name it.
fn by_crate(model: &Model) -> BTreeMap<String, (u64, u64)> {
    let mut sums: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for leaf in model.leaves.iter() {
        let row = model.owner(leaf.owner).krate.get().and_then(|i| model.crates.get(i));
        let name = row.map_or("", |row| model.names.get(row.label));
        let sum = sums.entry(name.to_string()).or_default();
        *sum = (sum.0 + leaf.sizes().file, sum.1 + u64::from(leaf.home));
    }
    sums
}

#[test]
fn a_crate_of_a_universal_file_is_one_crate_though_each_slice_has_an_id_of_its_own() {
    let path = fixture("station-universal-v1");
    let bytes = std::fs::read(&path).expect("readable");
    let whole = by_crate(&analyze(&path));
    let mut sums: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for slice in macho::slices(&bytes).expect("it is universal") {
        let alone = &bytes[slice.file.start as usize..slice.file.end as usize];
        for (name, (bytes, symbols)) in by_crate(&analyze_bytes(alone.to_vec())) {
            let sum = sums.entry(name).or_default();
            *sum = (sum.0 + bytes, sum.1 + symbols);
        }
    }
    assert!(sums.contains_key("station_core") && !sums.keys().any(|name| name.contains('#')), "{sums:?}");
    // The file itself has a header and aligns its slices; symbols outside of any place are one in all.
    for of_file in ["[headers]", "[padding]", "[imports]"] {
        let bytes = |of: Option<(u64, u64)>| of.map(|(bytes, _)| bytes);
        assert!(bytes(sums.remove(of_file)) <= bytes(whole.get(of_file).copied()), "{of_file}");
    }
    let others = whole.into_iter().filter(|(name, _)| sums.contains_key(name) || !name.starts_with('['));
    assert_eq!(others.collect::<BTreeMap<_, _>>(), sums);
}

/// A universal header of 32-bit entries over `parts`: offset and length of each.
fn universal(parts: &[(u32, u32)], content: &[u8]) -> Vec<u8> {
    let mut bytes = 0xcafe_babe_u32.to_be_bytes().to_vec();
    bytes.extend((parts.len() as u32).to_be_bytes());
    for (offset, len) in parts {
        for word in [0x0100_0007, 3, *offset, *len, 12] {
            bytes.extend(word.to_be_bytes());
        }
    }
    bytes.resize(4096, 0);
    bytes.extend_from_slice(content);
    bytes
}

#[test]
fn slices_that_lie_cost_only_themselves() {
    let object = std::fs::read(fixture("x86_64/main.o")).expect("readable");
    let len = object.len() as u32;
    // In order, overlapping, behind the end, over the header, and longer than the file.
    let cases = [
        (vec![(4096, len)], vec![]),
        (vec![(4096, len), (4096 + 64, len - 64)], vec!["slice-overlaps"]),
        (vec![(4096, len), (1 << 30, 4096)], vec!["slice-out-of-file", "slice-unread"]),
        (vec![(0, len), (4096, len)], vec!["slice-overlaps"]),
        (vec![(4096, u32::MAX)], vec!["slice-out-of-file"]),
    ];
    for (parts, codes) in cases {
        let bytes = universal(&parts, &object);
        let size = bytes.len() as u64;
        let model = analyze_bytes(bytes);
        assert_eq!(model.check(), Ok(()));
        assert_eq!(model.total().file, size);
        let got: Vec<&str> = model.diagnostics.iter().map(|d| &*d.code).collect();
        assert_eq!(got, codes, "{parts:?}");
        assert!(model.leaves.iter().any(|l| l.kind == Kind::Code), "{parts:?}");
    }
    // A Java class starts like a universal file with 52 slices.
    let class = [0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 52, 0, 0];
    assert!(bloat::analyze(&Input::from_bytes("Main.class", class.to_vec())).is_err());
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

/// Analyses bytes; says whether there was an answer.
fn check(bytes: Vec<u8>, what: &dyn Fn() -> String) -> bool {
    let len = bytes.len() as u64;
    let input = Input::from_bytes("changed", bytes);
    let start = Instant::now();
    let Ok(result) = catch_unwind(AssertUnwindSafe(|| bloat::analyze(&input))) else {
        panic!("{}: the analysis panics", what())
    };
    assert!(start.elapsed() < Duration::from_secs(10), "{}: takes {:?}", what(), start.elapsed());
    let Ok(model) = result else { return false };
    assert_eq!(model.check(), Ok(()), "{}", what());
    assert_eq!(model.total().file, len, "{}", what());
    true
}

/// Small files of every kind.
fn small() -> Vec<(&'static str, Vec<u8>)> {
    let names = [
        "arm64/main.o",
        "x86_64/main.o",
        "arm64/libshelf.a",
        "x86_64/shelf",
        "shelf-classic",
        "shelf-relative",
        "libshelf.dylib",
        "shelf-universal.dSYM/Contents/Resources/DWARF/shelf-universal",
        "shelf-universal",
    ];
    names.map(|name| (name, std::fs::read(fixture(name)).expect("readable"))).into()
}

#[test]
fn a_file_cut_anywhere_is_read_as_far_as_it_goes() {
    let start = Instant::now();
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let mut answers = 0;
    for (name, bytes) in small() {
        let len = bytes.len() as u64;
        let near = |edge: u64| (edge.saturating_sub(4)..edge + 4).filter(move |&c| c <= len);
        let mut cuts: Vec<u64> = (0..40).chain((0..30).map(|_| random.below(len))).collect();
        cuts.extend((0..30).map(|_| random.below(3000)).filter(|&c| c <= len));
        cuts.extend(near(4096).chain(near(16384)).chain(near(len)));
        for cut in cuts {
            answers +=
                u64::from(check(bytes[..cut as usize].to_vec(), &|| format!("{name} cut at {cut:#x}")));
            if start.elapsed() > Duration::from_secs(8) {
                break;
            }
        }
    }
    assert!(answers > 100, "only {answers} cut files were read");
}

#[test]
fn changed_bytes_never_break_the_sums() {
    let start = Instant::now();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let files = small();
    let mut answers = 0;
    for round in 0..200 {
        for (name, bytes) in &files {
            let seed = random.0;
            let mut changed = bytes.clone();
            let len = changed.len() as u64;
            for _ in 0..1 + random.below(4) {
                // Load commands at the start and tables at the end say more than what is between.
                let at = match random.below(4) {
                    0 => random.below(len),
                    1 => len - 1 - random.below(len.min(2000)),
                    _ => random.below(len.min(2048)),
                } as usize;
                match random.below(3) {
                    0 => changed[at] ^= 1 << random.below(8),
                    1 => changed[at] = [0, 0xff, 0x7f, 0x80][random.below(4) as usize],
                    _ => {
                        let end = (at + 8).min(changed.len());
                        changed[at..end].fill(0xff);
                    }
                }
            }
            answers += u64::from(check(changed, &|| format!("{name}, round {round}, state {seed:#x}")));
        }
        if start.elapsed() > Duration::from_secs(8) {
            break;
        }
    }
    assert!(answers > 100, "only {answers} changed files were read");
}
