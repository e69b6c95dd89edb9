//! PE images and COFF object files: complete ledgers, and what LLVM's tools say of the same files.

#![expect(clippy::print_stderr, reason = "a skipped comparison has to be seen")]

mod subjects;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use bloat::format::{Image, SymbolKind, Target};
use bloat::input::Input;
use bloat::kind::Kind;
use subjects::analyze;

fn folder(name: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name);
    let entries = std::fs::read_dir(&folder).expect("the fixtures are there");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("readable").path()).collect();
    files.sort();
    files
}

/// Images and object files, without program databases.
fn fixtures() -> Vec<PathBuf> {
    let mut files = folder("coff");
    files.extend(folder("pe").into_iter().filter(|f| f.extension().is_some_and(|e| e != "pdb")));
    files.extend(folder("archive").into_iter().filter(|f| f.extension().is_some_and(|e| e == "obj")));
    assert!(files.len() >= 18, "only {} fixtures", files.len());
    files
}

fn images() -> Vec<PathBuf> {
    let is_image = |f: &PathBuf| f.extension().is_some_and(|e| e == "exe" || e == "dll");
    fixtures().into_iter().filter(is_image).collect()
}

fn coff(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/coff").join(name)
}

fn pe(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/pe").join(name)
}

/// What a tool of LLVM prints, or nothing if it is not installed.
fn llvm(tool: &str, options: &[&str], file: &Path) -> Option<String> {
    let tool = format!("llvm-{tool}-22");
    match Command::new(&tool).args(options).arg(file).env("LC_ALL", "C").output() {
        Ok(output) => Some(String::from_utf8_lossy(&output.stdout).into_owned()),
        Err(error) if std::env::var_os("BLOAT_REQUIRE_ORACLES").is_some_and(|v| v == "1") => {
            panic!("`{tool}` is required and does not run: {error}")
        }
        Err(error) => {
            eprintln!("SKIPPED: `{tool}` does not run ({error}); {} is not compared", file.display());
            None
        }
    }
}

fn hex(text: &str) -> u64 {
    // Names of symbols can stand in front of an address in parentheses.
    let digits = text.rsplit_once('(').map_or(text, |(_, address)| address);
    let digits = digits.trim().trim_end_matches(')').trim_start_matches("0x");
    u64::from_str_radix(digits, 16).unwrap_or_else(|_| panic!("`{text}` is no number"))
}

fn number(text: &str) -> u64 {
    let text = text.trim();
    if text.starts_with("0x") { hex(text) } else { text.parse().expect("a number") }
}

/// The values of one field, in the order they are printed.
fn fields<'t>(text: &'t str, name: &str) -> Vec<&'t str> {
    text.lines().filter_map(|l| l.trim_start().strip_prefix(name)?.strip_prefix(": ")).collect()
}

/// Reads a fixture and shows its facts.
fn with_image<R>(path: &Path, look: impl FnOnce(&Image<'_>) -> R) -> R {
    let input = Input::open(path).expect("readable");
    look(&bloat::format::read(&input).expect("a PE file"))
}

#[test]
fn every_byte_has_one_owner_and_a_name() {
    for path in fixtures() {
        let len = std::fs::metadata(&path).expect("readable").len();
        let model = analyze(&path);
        assert_eq!(model.check(), Ok(()), "{}", path.display());
        let (mut next, mut unmapped) = (0, 0);
        for leaf in model.leaves.iter().filter(|l| l.in_file) {
            assert_eq!(leaf.start, next, "{}", path.display());
            next = leaf.start + leaf.len;
            unmapped += if leaf.kind == Kind::Unmapped { leaf.len } else { 0 };
        }
        assert_eq!(next, len, "{}", path.display());
        // One of them is another with data appended, which no header names.
        let appended = if path.ends_with("shelf-overlay.dll") {
            len - std::fs::metadata(pe("shelf-x86_64.dll")).expect("readable").len()
        } else {
            0
        };
        assert_eq!(unmapped, appended, "{}", path.display());
        // Some have their program database beside them, others do not.
        let wrong: Vec<_> = model.diagnostics.iter().filter(|d| d.code != "debug-file-missing").collect();
        assert!(wrong.is_empty(), "{}: {wrong:?}", path.display());
    }
}

/// Sections hold what they have in memory; what fills them up in the file is padding.
#[test]
fn sections_are_as_large_as_readobj_says() {
    let mut compared = 0;
    for path in fixtures() {
        if path.extension().is_some_and(|e| e == "lib") {
            continue;
        }
        let Some(text) = llvm("readobj", &["--sections"], &path) else { return };
        let is_image = path.extension().is_some_and(|e| e == "exe" || e == "dll");
        with_image(&path, |image| {
            let raw = fields(&text, "RawDataSize").into_iter().map(number);
            let memory = fields(&text, "VirtualSize").into_iter().map(number);
            let at = fields(&text, "PointerToRawData").into_iter().map(number);
            let names = fields(&text, "Name").into_iter().map(|n| n.rsplit_once(" (").map_or(n, |(n, _)| n));
            for (((section, name), (raw, memory)), at) in
                image.sections.iter().zip(names).zip(raw.zip(memory)).zip(at)
            {
                let place = format!("{} {name}", path.display());
                assert_eq!(section.name, name, "{place}");
                let len = section.span.end - section.span.start;
                let in_file = section.span.start < image.line.file_len();
                let expected = if is_image { raw.min(memory) } else { raw };
                assert_eq!(if in_file { len } else { 0 }, if at == 0 { 0 } else { expected }, "{place}");
                if in_file && at != 0 {
                    assert_eq!(section.span.start, at, "{place}");
                }
                compared += 1;
            }
        });
    }
    assert!(compared > 60, "only {compared} sections were compared");
}

/// Memory is the headers and every section as long as it is in memory.
#[test]
fn memory_is_what_the_headers_state() {
    for path in images() {
        let Some(text) = llvm("readobj", &["--file-headers", "--sections"], &path) else { return };
        let sections: u64 = fields(&text, "VirtualSize").into_iter().map(number).sum();
        let headers = number(fields(&text, "SizeOfHeaders")[0]);
        assert_eq!(analyze(&path).total().memory, sections + headers, "{}", path.display());
    }
}

/// The functions of `--unwind`: start and length.
fn listed_functions(text: &str) -> BTreeSet<(u64, u64)> {
    let mut functions = BTreeSet::new();
    for entry in text.split("RuntimeFunction {").skip(1) {
        let one = |name: &str| fields(entry, name).first().map(|v| v.to_string());
        if let (Some(start), Some(end)) = (one("StartAddress"), one("EndAddress")) {
            let (start, end) = (hex(&start), hex(&end));
            functions.insert((start, end - start));
        } else if let (Some(start), Some(len)) = (one("Function"), one("FunctionLength")) {
            functions.insert((hex(&start), number(&len)));
        }
    }
    functions
}

#[test]
fn functions_are_those_of_the_function_table() {
    for (name, at_least) in [
        ("coff/plugin-x86_64.dll", 4),
        ("coff/plugin-aarch64.dll", 3),
        ("coff/catcher-x86_64.dll", 4),
        ("pe/shelf-arm64.exe", 2),
        ("pe/station-msvc-x86_64-v1.exe", 100),
        ("pe/station-gnu-x86_64-v1.exe", 100),
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name);
        let Some(text) = llvm("readobj", &["--unwind"], &path) else { return };
        let listed = listed_functions(&text);
        with_image(&path, |image| {
            // A function in pieces has an entry for each; here they lie one behind the other.
            let chained = text.matches("Chained {").count();
            let ours: BTreeSet<(u64, u64)> = image
                .functions
                .iter()
                .map(|f| (image.line.address(f.start).expect("mapped"), f.end - f.start))
                .collect();
            let missing: Vec<_> = listed.iter().filter(|f| !ours.contains(f)).collect();
            assert!(missing.len() <= 2 * chained, "{name}: {missing:x?}");
            assert!(listed.len() >= at_least, "{name}: only {} functions are listed", listed.len());
            assert!(ours.iter().all(|f| f.1 > 0), "{name}");
            // Each entry of the table is on account of its function.
            let entries = image
                .sections
                .iter()
                .find(|s| s.name == ".pdata")
                .map(|s| image.charges.iter().filter(|c| s.span.contains(&c.start)).count());
            assert_eq!(entries, Some(text.matches("RuntimeFunction {").count()), "{name}");
        });
    }
}

/// Records are charged to functions whole, with what handlers need behind them.
#[test]
fn unwind_records_belong_to_their_functions() {
    with_image(&coff("catcher-x86_64.dll"), |image| {
        let spans: Vec<(u64, u64, Option<u64>)> = image
            .charges
            .iter()
            .filter_map(|c| match c.on {
                Target::Pos(pos) => {
                    Some((image.line.address(c.start)?, c.end - c.start, image.line.address(pos)))
                }
                Target::Symbol(_) => None,
            })
            .collect();
        // The head of the tables of C++ exceptions, 40 bytes, starts with its magic number.
        let bytes = std::fs::read(coff("catcher-x86_64.dll")).expect("readable");
        let magic = bytes.windows(4).position(|w| w == 0x1993_0522u32.to_le_bytes()).expect("there is one");
        let head = image.line.address(magic as u64).expect("mapped");
        let attempt = image.symbols.iter().find(|s| s.name == b"attempt").expect("exported").address;
        assert!(spans.contains(&(head, 40, Some(attempt))), "{head:x} {attempt:x} {spans:x?}");
    });
}

#[test]
fn imports_and_exports_are_those_that_readobj_lists() {
    for path in images() {
        let Some(text) = llvm("readobj", &["--coff-imports"], &path) else { return };
        let listed: BTreeSet<String> = fields(&text, "Symbol")
            .into_iter()
            .filter_map(|s| Some(s.rsplit_once(" (")?.0.to_string()))
            .collect();
        let libraries: BTreeSet<&str> = fields(&text, "Name").into_iter().collect();
        let Some(text) = llvm("readobj", &["--coff-exports"], &path) else { return };
        let exported: BTreeSet<(String, u64)> = text
            .split("Export {")
            .skip(1)
            .filter_map(|e| Some((fields(e, "Name").first()?.to_string(), hex(fields(e, "RVA").first()?))))
            .filter(|(name, _)| !name.is_empty())
            .collect();
        with_image(&path, |image| {
            let base = image.segments.first().expect("headers").address;
            let dynamic = image.symbols.iter().filter(|s| !s.is_static);
            let name = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
            let ours: BTreeSet<String> =
                dynamic.clone().filter(|s| s.kind == SymbolKind::Import).map(|s| name(s.name)).collect();
            assert_eq!(ours, listed, "{}", path.display());
            let needed: BTreeSet<&str> = image.header.needed.iter().map(String::as_str).collect();
            assert_eq!(needed, libraries, "{}", path.display());
            let ours: BTreeSet<(String, u64)> = dynamic
                .filter(|s| s.kind != SymbolKind::Import)
                .map(|s| (name(s.name), s.address - base))
                .collect();
            assert_eq!(ours, exported, "{}", path.display());
        });
    }
}

/// Linkers put tables of the loader among constants; they are none all the same.
#[test]
fn tables_inside_of_constants_have_a_kind_of_their_own() {
    let path = coff("plugin-x86_64.dll");
    let Some(text) = llvm("readobj", &["--file-headers"], &path) else { return };
    let field = |name: &str| number(fields(&text, name)[0]);
    let model = analyze(&path);
    for (table, kind) in
        [("ExportTable", Kind::Dynamic), ("IAT", Kind::Dynamic), ("ExceptionTable", Kind::Unwind)]
    {
        let rva = field(&format!("{table}RVA"));
        let span = rva..rva + field(&format!("{table}Size"));
        let mut found = 0;
        with_image(&path, |image| {
            let base = image.segments.first().expect("headers").address;
            for leaf in model.leaves.iter().filter(|l| l.in_memory) {
                let at = image.line.address(leaf.start).expect("mapped") - base;
                if span.contains(&at) {
                    assert_eq!(leaf.kind, kind, "{table} at {at:#x}");
                    found += leaf.len;
                }
            }
        });
        assert_eq!(found, span.end - span.start, "{table}");
    }
}

#[test]
fn pointers_are_where_base_relocations_are() {
    let mut compared = 0;
    for path in images() {
        let Some(text) = llvm("readobj", &["--coff-basereloc"], &path) else { return };
        let kinds = fields(&text, "Type");
        let listed: BTreeSet<u64> = kinds
            .iter()
            .zip(fields(&text, "Address"))
            .filter(|(kind, _)| matches!(**kind, "DIR64" | "HIGHLOW"))
            .map(|(_, address)| hex(address))
            .collect();
        with_image(&path, |image| {
            let base = image.segments.first().expect("headers").address;
            let table = image.regions.iter().find(|r| r.name == "base relocations").expect("named");
            let address = |pos: u64| image.line.address(pos).expect("mapped") - base;
            let entries = image.charges.iter().filter(|c| table.span.contains(&c.start));
            let ours: BTreeSet<u64> = entries
                .filter_map(|c| if let Target::Pos(pos) = c.on { Some(address(pos)) } else { None })
                .collect();
            assert_eq!(ours, listed, "{}", path.display());
            // A word can hold the end of a section, which is no place in the file.
            let pointers: BTreeSet<u64> = image.pointers.iter().map(|p| address(p.at)).collect();
            assert!(pointers.is_subset(&listed), "{}", path.display());
            assert!(pointers.len() + 2 >= listed.len(), "{}", path.display());
            compared += ours.len();
        });
    }
    assert!(compared > 100, "only {compared} relocations were compared");
}

/// Names and addresses of the symbol table that GNU tools leave in the image.
#[test]
fn symbols_are_those_that_nm_lists() {
    for path in [pe("station-gnu-x86_64-v1.exe"), coff("unit-x86_64.obj"), coff("unit-big-x86_64.o")] {
        let Some(text) = llvm("nm", &[], &path) else { return };
        let is_image = path.extension().is_some_and(|e| e == "exe");
        let mut listed: BTreeMap<(String, u64), u32> = BTreeMap::new();
        for line in text.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [address, kind, name] = words[..] else { continue };
            if matches!(kind, "T" | "t" | "D" | "d" | "R" | "r" | "B" | "b") && !name.starts_with('.') {
                *listed.entry((name.to_string(), hex(address))).or_default() += 1;
            }
        }
        with_image(&path, |image| {
            let ours: BTreeSet<(String, u64)> = image
                .symbols
                .iter()
                .filter(|s| s.is_static)
                .map(|s| (String::from_utf8_lossy(s.name).into_owned(), s.address))
                .collect();
            let missing: Vec<_> = listed.keys().filter(|k| !ours.contains(k)).collect();
            assert!(missing.is_empty(), "{}: {missing:x?}", path.display());
            assert!(listed.len() >= if is_image { 300 } else { 3 }, "{}", path.display());
        });
    }
}

#[test]
fn the_program_database_is_named() {
    let path = coff("plugin-x86_64.dll");
    with_image(&path, |image| {
        assert_eq!(image.header.debug_link.as_deref(), Some("plugin.pdb"));
        assert_eq!(image.header.file_type, "DLL");
        assert_eq!(&*image.header.arch, "x86_64");
        let Some(text) = llvm("readobj", &["--coff-debug-directory"], &path) else { return };
        let guid: String = fields(&text, "PDBGUID")[0].chars().filter(char::is_ascii_hexdigit).collect();
        let age = number(fields(&text, "PDBAge")[0]);
        assert_eq!(image.header.build_id, Some(format!("{}{age:x}", guid.to_lowercase())));
    });
}

/// Types of resources, with the bytes that the tree states for each.
#[test]
fn resources_are_named_by_type() {
    for name in ["plugin-x86_64.dll", "plugin-aarch64.dll", "plugin-i686.dll"] {
        let path = coff(name);
        let Some(text) = llvm("readobj", &["--coff-resources"], &path) else { return };
        let stated: u64 = fields(&text, "DataSize").into_iter().map(number).sum();
        with_image(&path, |image| {
            let resources = image.regions.iter().filter(|r| r.name.starts_with("resource: "));
            let ours: u64 = resources.clone().map(|r| r.span.end - r.span.start).sum();
            assert_eq!(ours, stated, "{name}");
            let names: BTreeSet<&str> = resources.map(|r| &*r.name).collect();
            let expected = ["manifest", "other", "raw data", "strings", "version"];
            assert_eq!(
                names,
                expected.map(|n| format!("resource: {n}")).iter().map(String::as_str).collect()
            );
        });
    }
}

#[test]
fn guarded_functions_are_those_that_readobj_lists() {
    let path = coff("plugin-x86_64.dll");
    let Some(text) = llvm("readobj", &["--coff-load-config"], &path) else { return };
    let table = text.split("GuardFidTable [").nth(1).expect("there is one");
    let listed: BTreeSet<u64> =
        table.lines().map(str::trim).filter(|l| l.starts_with("0x")).map(hex).collect();
    assert!(listed.len() >= 5, "{listed:x?}");
    with_image(&path, |image| {
        let region = image.regions.iter().find(|r| r.name == "control flow guard functions").expect("named");
        let ours: BTreeSet<u64> = image
            .charges
            .iter()
            .filter(|c| region.span.contains(&c.start))
            .filter_map(|c| if let Target::Pos(pos) = c.on { image.line.address(pos) } else { None })
            .collect();
        assert_eq!(ours, listed);
    });
}

#[test]
fn units_of_the_gnu_toolchain_are_read() {
    let path = pe("station-gnu-x86_64-v1.exe");
    let Some(text) = llvm("dwarfdump", &["--debug-info", "--recurse-depth=0"], &path) else { return };
    let listed = text.matches("DW_TAG_compile_unit").count();
    let value = |unit: &str, name: &str| {
        let line = unit.lines().find_map(|l| l.trim_start().strip_prefix(name))?;
        Some(hex(line.trim()))
    };
    let ranges: BTreeSet<(u64, u64)> = text
        .split("DW_TAG_compile_unit")
        .filter_map(|unit| Some((value(unit, "DW_AT_low_pc")?, value(unit, "DW_AT_high_pc")?)))
        .collect();
    assert!(ranges.len() > 20, "{ranges:x?}");
    with_image(&path, |image| {
        assert_eq!(image.units.len(), listed);
        let address = |pos| image.line.address(pos).expect("mapped");
        let ours: BTreeSet<(u64, u64)> =
            image.unit_ranges.iter().map(|r| (address(r.start), address(r.end - 1) + 1)).collect();
        let missing: Vec<_> = ranges.iter().filter(|r| !ours.contains(r)).collect();
        assert!(missing.is_empty(), "{missing:x?}");
    });
}

/// The size that `strip` really leaves.
#[test]
fn what_would_ship_is_what_strip_leaves() {
    let path = pe("station-gnu-x86_64-v1.exe");
    let out = subjects::scratch("stripped.exe");
    let strip = Command::new("x86_64-w64-mingw32-strip").arg("-o").arg(&out).arg(&path).status();
    let Ok(status) = strip else {
        eprintln!("SKIPPED: `x86_64-w64-mingw32-strip` does not run");
        return;
    };
    assert!(status.success());
    let left = std::fs::metadata(&out).expect("written").len();
    with_image(&path, |image| assert_eq!(image.header.stripped_size, Some(left)));
}

/// An object file of the 32-bit machine: names without what its calling conventions add.
#[test]
fn names_of_32_bit_code_are_plain() {
    with_image(&coff("unit-i686.obj"), |image| {
        let names: BTreeSet<&[u8]> = image.symbols.iter().map(|s| s.plain_name()).collect();
        for name in [&b"global_function"[..], b"counter", b"other", b"words"] {
            assert!(names.contains(name), "{}", String::from_utf8_lossy(name));
        }
    });
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

/// Analyses bytes, which may have no answer but must not panic.
fn check(bytes: Vec<u8>, what: &dyn Fn() -> String) -> bool {
    let len = bytes.len() as u64;
    let input = Input::from_bytes("changed", bytes);
    let start = Instant::now();
    let result = catch_unwind(AssertUnwindSafe(|| bloat::analyze(&input)));
    let Ok(result) = result else { panic!("{}: the analysis panics", what()) };
    assert!(start.elapsed() < Duration::from_secs(5), "{} takes {:?}", what(), start.elapsed());
    let Ok(model) = result else { return false };
    assert_eq!(model.check(), Ok(()), "{}", what());
    assert_eq!(model.total().file, len, "{}", what());
    true
}

/// Where to stop on a slow machine.
const BUDGET: Duration = Duration::from_secs(8);

#[test]
fn cut_and_changed_files_are_read_as_far_as_they_go() {
    let start = Instant::now();
    let small = |path: &PathBuf| std::fs::metadata(path).is_ok_and(|m| m.len() < 60_000);
    let files: Vec<(PathBuf, Vec<u8>)> = fixtures()
        .into_iter()
        .filter(small)
        .map(|p| (p.clone(), std::fs::read(p).expect("readable")))
        .collect();
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let mut answers = 0u32;
    'rounds: for round in 0..400 {
        for (path, bytes) in &files {
            let len = bytes.len() as u64;
            let cut = random.below(len);
            let what = || format!("{} cut at {cut:#x}", path.display());
            answers += u32::from(check(bytes[..cut as usize].to_vec(), &what));
            let mut changed = bytes.clone();
            let seed = random.0;
            for _ in 0..1 + random.below(6) {
                // Headers and tables matter more often than what they speak of.
                let limit = if random.below(2) == 0 { len.min(0x400) } else { len };
                let at = random.below(limit) as usize;
                let end = (at + 4).min(changed.len());
                match random.below(4) {
                    0 => changed[at] ^= 1 << random.below(8),
                    1 => changed[at] = [0, 0xff, 0x7f, 0x80][random.below(4) as usize],
                    2 => changed[at..end].fill(0xff),
                    _ => {
                        let from = random.below(len) as usize;
                        let run = (random.below(32) as usize).min(changed.len() - from.max(at));
                        changed.copy_within(from..from + run, at);
                    }
                }
            }
            let what = || format!("{}, round {round}, state {seed:#x}", path.display());
            answers += u32::from(check(changed, &what));
            if start.elapsed() > BUDGET {
                break 'rounds;
            }
        }
    }
    assert!(answers > 100, "only {answers} changed files were read");
}
