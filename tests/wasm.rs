//! WebAssembly: the ledger of modules, object files and components, compared with
//! what LLVM's tools say of the same files, and with the sources of two of them.

mod oracles;
mod subjects;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bloat::format::{Image, Instructions};
use bloat::input::Input;
use bloat::kind::Kind;
use bloat::model::Model;
use bloat::model::view::{Dim, View, tree};
use bloat::report::ledger;

use oracles::oracle;
use subjects::{analyze, scratch};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/wasm").join(name)
}

/// Nobody looks at these words again for addresses.
#[test]
fn words_of_data_that_are_addresses_are_all_pointers() {
    let mut found = 0;
    for path in
        modules().chain(["station-component-names-v1.wasm", "station-component-dwarf-v1.wasm"].map(fixture))
    {
        let input = open(&path);
        let image = image(&input);
        if image.pointers.is_empty() {
            continue;
        }
        let line = &image.line;
        let mut words: Vec<(u64, u64)> = Vec::new();
        for mapping in line.by_address().iter().filter(|m| m.pos < line.file_len()) {
            for into in (0..mapping.len).filter(|into| (mapping.address + into).is_multiple_of(4)) {
                let at = mapping.pos + into;
                if let Some(word) =
                    input.bytes().get(at as usize..at as usize + 4).filter(|_| into + 4 <= mapping.len)
                {
                    let value = u32::from_le_bytes(word.try_into().expect("four bytes"));
                    words.extend(
                        line.pos_in(mapping.space, value.into()).filter(|_| value != 0).map(|to| (at, to)),
                    );
                }
            }
        }
        words.sort_unstable();
        let mut pointers: Vec<(u64, u64)> = image.pointers.iter().map(|p| (p.at, p.to)).collect();
        pointers.sort_unstable();
        assert_eq!(pointers, words, "{}", path.display());
        found += words.len();
    }
    assert!(found > 100, "only {found}");
}

/// All of `testdata/wasm`, in order of name.
fn fixtures() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(fixture("")).expect("the fixtures are there");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("readable").path()).collect();
    files.retain(|file| file.extension().is_some_and(|e| e == "wasm" || e == "o"));
    files.sort();
    assert!(files.len() >= 12, "only {} fixtures", files.len());
    files
}

fn modules() -> impl Iterator<Item = PathBuf> {
    let is_module = |file: &PathBuf| std::fs::read(file).expect("readable").starts_with(b"\0asm\x01\0\0\0");
    fixtures().into_iter().filter(is_module)
}

fn open(path: &Path) -> Input {
    Input::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn image(input: &Input) -> Image<'_> {
    bloat::format::read(input).expect("it has a preamble")
}

fn hex(text: &str) -> u64 {
    let digits = text.trim_start_matches("0x");
    u64::from_str_radix(digits, 16).unwrap_or_else(|_| panic!("`{text}` is no number"))
}

/// A run of the ledger.
struct Row {
    offset: u64,
    size: u64,
    section: String,
    mangled: String,
    unit: String,
    kind: String,
}

fn rows(model: &Model) -> Vec<Row> {
    let mut rows = Vec::new();
    let Ok(()) = ledger(model, |row| {
        rows.push(Row {
            offset: row.offset.expect("all of it is in the file"),
            size: row.size,
            section: row.section.to_string(),
            mangled: row.mangled.to_string(),
            unit: row.unit.to_string(),
            kind: row.kind.to_string(),
        });
        Ok::<(), std::convert::Infallible>(())
    });
    rows
}

/// Where the contents of the code section start.
fn code_start(image: &Image<'_>) -> u64 {
    image.sections.iter().find(|s| s.name == "code").expect("a module of functions").span.start
}

#[test]
fn every_byte_has_one_owner_and_a_name() {
    for path in fixtures() {
        let len = std::fs::read(&path).expect("readable").len() as u64;
        let model = analyze(&path);
        assert_eq!(model.check(), Ok(()), "{}", path.display());
        let mut next = 0;
        for row in rows(&model) {
            assert_eq!(row.offset, next, "{}", path.display());
            next += row.size;
            assert_ne!(row.kind, "unmapped", "{}: {} at {:#x}", path.display(), row.section, row.offset);
        }
        assert_eq!(next, len, "{}", path.display());
        assert!(model.diagnostics.is_empty(), "{}: {:?}", path.display(), model.diagnostics);
    }
}

#[test]
fn sections_lie_where_llvm_says() {
    let mut compared = 0;
    for path in modules() {
        let Some(text) = oracle("llvm-readobj-22", &["--sections"], &path) else { return };
        let input = open(&path);
        let image = image(&input);
        // What lies in a section is listed further to the right.
        let own = |line: &str| line.strip_prefix("    ").filter(|l| !l.starts_with(' ')).map(str::to_string);
        let field = |line: &str, key: &str| own(line)?.strip_prefix(key).map(|v| v.trim().to_string());
        let (mut size, mut custom) = (0u64, false);
        for line in text.lines() {
            if let Some(kind) = field(line, "Type:") {
                custom = kind.starts_with("CUSTOM");
            } else if let Some(text) = field(line, "Size:") {
                size = text.parse().expect("a size");
            } else if let Some(text) = field(line, "Offset:") {
                let start: u64 = text.parse().expect("an offset");
                // For custom sections LLVM gives the size without the name, and the offset with it.
                let fits = |s: &&bloat::format::Section<'_>| {
                    let length = s.span.end - s.span.start;
                    let at = if custom { s.span.start - s.name.len() as u64 - 1 } else { s.span.start };
                    length == size && at == start
                };
                assert!(image.sections.iter().any(|s| fits(&s)), "{}: {start} {size}", path.display());
                compared += 1;
            }
        }
    }
    assert!(compared > 100, "only {compared} sections were compared");
}

#[test]
fn functions_are_as_large_as_llvm_says() {
    let mut compared = 0;
    for path in modules() {
        let Some(text) = oracle("llvm-nm-22", &["-S", "--defined-only"], &path) else { return };
        let input = open(&path);
        if image(&input).sections.iter().all(|s| s.name != "code") {
            continue;
        }
        let is_object = image(&input).header.file_type == "object file";
        let base = if is_object { code_start(&image(&input)) } else { 0 };
        let rows = rows(&analyze(&path));
        for line in text.lines() {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let [value, size, "t" | "T", name] = fields[..] else { continue };
            // In a linked module an offset in the file, in an object file one in the section.
            let (from, size) = (base + hex(value), hex(size));
            let inside = rows.iter().filter(|r| from <= r.offset && r.offset < from + size);
            let own: u64 = inside.filter(|r| r.mangled == name).map(|r| r.size).sum();
            // One body can have several names, of which one is shown.
            let named_otherwise =
                || rows.iter().any(|r| r.offset == from && r.size == size && !r.mangled.is_empty());
            assert!(own == size || own == 0 && named_otherwise(), "{}: {line}: {own}", path.display());
            compared += 1;
        }
    }
    assert!(compared > 500, "only {compared} functions were compared");
}

#[test]
fn bodies_follow_one_another() {
    for path in modules() {
        let input = open(&path);
        let image = image(&input);
        let code = image.sections.iter().find(|s| s.name == "code").expect("a module of functions");
        // Bodies follow one another up to the end of the section.
        let mut next = image.functions.first().map_or(code.span.end, |f| f.start);
        assert!(next - code.span.start <= 2, "only the number of functions comes before them");
        for function in &image.functions {
            assert_eq!(function.start, next, "{}", path.display());
            next = function.end;
        }
        assert_eq!(next, code.span.end, "{}", path.display());
    }
}

/// Code of each unit, as `llvm-dwarfdump` lists it: offsets into the code section.
fn listed_units(text: &str) -> BTreeMap<String, Vec<(u64, u64)>> {
    let mut units: BTreeMap<String, Vec<(u64, u64)>> = BTreeMap::new();
    let mut name: Option<String> = None;
    let mut root = false;
    for line in text.lines() {
        if line.contains("DW_TAG_") {
            root = line.contains("DW_TAG_compile_unit");
            name = if root { None } else { name };
        } else if root && let Some(rest) = line.trim().strip_prefix("DW_AT_name") {
            name = rest.split('"').nth(1).map(str::to_string);
        } else if root && line.trim().starts_with('[') {
            let bounds = line.trim().trim_start_matches('[').split(')').next().expect("split yields one");
            let (low, high) = bounds.split_once(", ").expect("two bounds");
            let ranges = units.entry(name.clone().expect("names come first")).or_default();
            ranges.push((hex(low), hex(high)));
        }
    }
    units
}

#[test]
fn code_is_of_the_unit_that_debug_information_says() {
    let mut compared = 0;
    for name in ["station-dwarf-v1.wasm", "station-dwarf-v2.wasm", "station-wasi-v1.wasm"] {
        let path = fixture(name);
        let Some(text) = oracle("llvm-dwarfdump-22", &["--debug-info"], &path) else { return };
        let input = open(&path);
        let image = image(&input);
        let start = code_start(&image);
        let rows = rows(&analyze(&path));
        for (unit, ranges) in listed_units(&text) {
            for (low, high) in ranges {
                let (from, to) = (start + low, start + high);
                // Code that the linker dropped has no place.
                if !image.functions.iter().any(|f| f.start < from && from < f.end) {
                    continue;
                }
                let inside = rows.iter().filter(|r| r.offset < to && from < r.offset + r.size);
                let covered: u64 = inside
                    .filter(|r| r.unit == unit)
                    .map(|r| (r.offset + r.size).min(to) - r.offset.max(from))
                    .sum();
                assert_eq!(covered, to - from, "{name}: {unit} at {low:#x}..{high:#x}");
                compared += 1;
            }
        }
    }
    assert!(compared > 100, "only {compared} ranges were compared");
}

/// The length in front of a body is the body's, so no piece of a function is left without a unit.
#[test]
fn functions_are_of_one_unit_from_end_to_end() {
    let input = open(&fixture("station-dwarf-v1.wasm"));
    let image = image(&input);
    let covered = image.unit_ranges.iter().filter(|r| image.functions.iter().any(|f| f.start == r.start));
    assert!(covered.count() > 50);
    for range in &image.unit_ranges {
        assert!(image.functions.iter().any(|f| f.start == range.start), "{range:x?}");
        assert!(image.functions.iter().any(|f| f.end == range.end), "{range:x?}");
    }
}

/// What `features.wat` states.
#[test]
fn segments_lie_where_the_source_puts_them() {
    let input = open(&fixture("features.wasm"));
    let bytes = input.bytes();
    let image = image(&input);
    let at = |text: &[u8]| {
        bytes.windows(text.len()).collect::<Vec<_>>().iter().rposition(|w| *w == text).expect("it is there")
            as u64
    };
    assert_eq!(image.line.pos(16), Some(at(b"\x01\0\0\0\x02\0\0\0\x03\0\0\0")));
    // A passive segment, which the start function copies to 64.
    assert_eq!(image.line.pos(64), Some(at(b"hello")));
    assert_eq!(image.line.pos(69), None);
    assert_eq!(image.line.pos(128), None, "an address of the second memory is none of the first");
    assert_eq!(image.line.memory_len(), 12 + 5);
    assert_eq!(image.members[0].machine.instructions, Instructions::Wasm);
    // `log` is imported, so the first function of the module has the number 1.
    assert_eq!(image.members[0].first_function, Some(1));
    let names: Vec<String> =
        image.symbols.iter().map(|s| String::from_utf8_lossy(s.name).into_owned()).collect();
    assert_eq!(names, ["log", "prepare", "double", "add_lanes", "walk", "run"]);
    assert_eq!(image.header.toolchain, ["bloat fixtures"]);
    let kinds = |name: &str| image.sections.iter().find(|s| s.name == name).map(|s| s.kind);
    assert_eq!(kinds("tag"), Some(Kind::Headers));
    assert_eq!(kinds("notes"), Some(Kind::Metadata));
    assert_eq!(kinds("import"), Some(Kind::Dynamic));
}

/// Entries that exist because of one function are on its account.
#[test]
fn entries_are_charged_to_their_function() {
    let model = analyze(&fixture("features.wasm"));
    let rows = rows(&model);
    let of = |name: &str, section: &str| -> u64 {
        rows.iter().filter(|r| r.mangled == name && r.section == section).map(|r| r.size).sum()
    };
    // A type number; the number in the start section; `run` and its kind and number in an export.
    assert_eq!(of("prepare", "function"), 1);
    assert_eq!(of("prepare", "start"), 1);
    assert_eq!(of("run", "export"), 1 + 3 + 1 + 1);
    // One entry each: a number, and for `run` an expression (ref.func, number) or a number alone.
    assert_eq!(of("double", "element"), 1);
    assert_eq!(of("walk", "element"), 1);
    // The names of the function and of its parameter: numbers, lengths, text.
    assert_eq!(of("walk", "name"), (1 + 1 + 4) + (1 + 1 + 1 + 1 + 4) + labels("other"));
    assert_eq!(of("log", "import"), (1 + 4) + (1 + 3) + 1 + 1);
}

/// The entry of one label: number of the function, of labels, of the label, length, text.
fn labels(name: &str) -> u64 {
    1 + 1 + 1 + 1 + name.len() as u64
}

/// What `pair.wat` states.
#[test]
fn components_have_their_modules_as_members() {
    let path = fixture("pair.wasm");
    let input = open(&path);
    let image = image(&input);
    let names: Vec<&str> = image.members.iter().map(|m| &*m.name).collect();
    assert_eq!(names, ["component 0/module 0", "module 0", "module 1"]);
    for member in &image.members {
        let start = member.file.start as usize;
        assert_eq!(input.bytes()[start..start + 8], *b"\0asm\x01\0\0\0");
    }
    assert_eq!(image.header.file_type, "component");
    assert_eq!(image.line.memory_len(), "of the inner module".len() as u64);
    let functions = image.symbols.iter().filter(|s| s.pos.is_some()).count();
    assert_eq!((functions, image.functions.len()), (3, 3));
}

/// `llvm-strip` takes names and debug information away, and `producers` with them.
#[test]
fn stripped_size_is_the_file_without_names_and_debug_information() {
    for name in
        ["station-dwarf-v1.wasm", "station-names-v1.wasm", "station-opt-v1.wasm", "station-wasi-v1.wasm"]
    {
        let path = fixture(name);
        let out = scratch(name);
        let options = ["--strip-all", "-o", out.to_str().expect("UTF-8")];
        let Some(_) = oracle("llvm-strip-22", &options, &path) else { return };
        let stripped = std::fs::metadata(&out).expect("it was written").len();
        let input = open(&path);
        let image = image(&input);
        let producers = image.sections.iter().find(|s| s.name == "producers").expect("rustc writes it");
        // Its kind, its length of two bytes, the length of its name, its name.
        let producers = producers.size + 1 + 2 + 1 + 9;
        assert_eq!(image.header.stripped_size, Some(stripped + producers), "{name}");
        std::fs::remove_file(out).expect("it was written");
    }
}

#[test]
fn functions_without_a_name_have_their_number() {
    let model = analyze(&fixture("station-opt-stripped-v1.wasm"));
    assert!(model.facts.stripped);
    let labels: Vec<String> =
        (0..model.symbols.len()).map(|i| model.symbol_label(bloat::model::SymbolId::new(i))).collect();
    assert!(labels.iter().any(|l| l == "func[3]"), "{labels:?}");
    // What is exported has a name.
    assert!(labels.iter().any(|l| l == "measure"));
    // The number of one says nothing of what it is.
    let by_module = View { dims: vec![Dim::Module], ..View::default() };
    let groups = tree(&model, &by_module);
    let groups: Vec<String> = groups.roots.iter().map(|node| groups.keys[0].label(node.key)).collect();
    assert!(groups.iter().any(|l| l == "[functions without a name]"), "{groups:?}");
    assert!(groups.iter().all(|l| !l.starts_with("func[")), "{groups:?}");
}

#[test]
fn the_crates_of_the_program_are_found() {
    let crates = |name: &str| -> Vec<String> {
        let model = analyze(&fixture(name));
        let mut names: Vec<String> =
            model.crates.iter().map(|c| model.names.get(c.name).to_string()).collect();
        names.sort();
        names
    };
    for name in ["station-dwarf-v1.wasm", "station-names-v1.wasm", "station-component-dwarf-v1.wasm"] {
        let found = crates(name);
        for expected in ["station_core", "series", "report", "core", "alloc", "std"] {
            assert!(found.iter().any(|c| c == expected), "{name} has no {expected}: {found:?}");
        }
    }
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
    let result = catch_unwind(AssertUnwindSafe(|| bloat::analyze(&input)));
    let Ok(result) = result else { panic!("{}: the analysis panics", what()) };
    let Ok(model) = result else { return false };
    assert_eq!(model.check(), Ok(()), "{}", what());
    assert_eq!(model.total().file, len, "{}", what());
    true
}

#[test]
fn files_cut_anywhere_and_with_changed_bytes_are_read() {
    const BUDGET: Duration = Duration::from_secs(10);
    const LARGEST: usize = 60_000;
    let start = Instant::now();
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let all: Vec<(String, Vec<u8>)> = fixtures()
        .into_iter()
        .map(|p| (p.display().to_string(), std::fs::read(&p).expect("readable")))
        .filter(|(_, bytes)| bytes.len() <= LARGEST)
        .collect();
    let mut answers = 0;
    for (name, bytes) in &all {
        let small = bytes.len() < 3000;
        let cuts: Vec<usize> = if small {
            (0..bytes.len()).collect()
        } else {
            (0..30).map(|_| random.below(bytes.len() as u64) as usize).collect()
        };
        for cut in cuts {
            let answered = check(bytes[..cut].to_vec(), &|| format!("{name} cut at {cut:#x}"));
            assert_eq!(answered, cut >= 8, "{name} cut at {cut:#x}");
            answers += u64::from(answered);
        }
    }
    'changes: loop {
        for (name, bytes) in &all {
            let state = random.0;
            let mut changed = bytes.clone();
            for _ in 0..1 + random.below(4) {
                // Headers and short sections are at the start and at the end.
                let len = changed.len() as u64;
                let at = match random.below(3) {
                    0 => random.below(len.min(600)),
                    1 => len - 1 - random.below(len.min(600)),
                    _ => random.below(len),
                } as usize;
                match random.below(3) {
                    0 => changed[at] ^= 1 << random.below(8),
                    1 => changed[at] = [0, 0xff, 0x7f, 0x80][random.below(4) as usize],
                    _ => {
                        let end = (at + 5).min(changed.len());
                        changed[at..end].fill(0xff);
                    }
                }
            }
            answers += u64::from(check(changed, &|| format!("{name}, state {state:#x}")));
            if start.elapsed() > BUDGET {
                break 'changes;
            }
        }
    }
    assert!(answers > 200, "only {answers} changed files were read");
}

/// Components nested deeper than any tool writes, and lengths that no file has.
#[test]
fn hostile_files_are_read_in_bounded_time() {
    let leb = |mut n: usize| {
        let mut out = Vec::new();
        loop {
            let byte = (n & 0x7f) as u8;
            n >>= 7;
            if n == 0 {
                out.push(byte);
                return out;
            }
            out.push(byte | 0x80);
        }
    };
    let preamble = b"\0asm\x0d\0\x01\0";
    let mut nested = preamble.to_vec();
    for _ in 0..2000 {
        let mut outer = preamble.to_vec();
        outer.push(4);
        outer.extend(leb(nested.len()));
        outer.extend(nested);
        nested = outer;
    }
    assert!(check(nested, &|| "nested components".into()));

    // A count of 2^32 - 1 in each kind of section that has one.
    for id in 0..15u8 {
        let mut module = b"\0asm\x01\0\0\0".to_vec();
        module.extend([id, 5, 0xff, 0xff, 0xff, 0xff, 0x0f]);
        assert!(check(module, &|| format!("section {id}")));
    }
    // Two segments at the highest address, the second one of absurd length.
    let data =
        [&b"\0asm\x01\0\0\0"[..], &[11, 13, 2, 0, 0x41, 0x7f, 0x0b, 1, 7, 0, 0x41, 0x7f, 0x0b, 0xff, 0x7f]];
    assert!(check(data.concat(), &|| "segments".into()));
}
