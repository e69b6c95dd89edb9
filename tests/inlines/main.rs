//! Inlined functions and lines of source: what `llvm-symbolizer` says of the same addresses.
//!
//! The fixtures are compared at every tenth byte of code, this very program at 1,000 random addresses,
//! and so are other files that are named:
//!
//! ```sh
//! BLOAT_INLINES_FILES=target/release/app:/usr/bin/other cargo test --test inlines -- --nocapture
//! ```

#[path = "../oracles/mod.rs"]
mod oracles;
mod pdb;
#[path = "../subjects/mod.rs"]
mod subjects;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bloat::format::Detail;
use bloat::input::Input;
use bloat::input::companion::Search;
use bloat::kind::Kind;
use bloat::model::view::{Dim, Inlining, Keys, Node, View, tree};
use bloat::model::{FrameId, LineId, Model, Sizes};
use bloat::project::Packages;

use oracles::oracle;
use subjects::{fixture, self_exe};

fn analyze(path: &Path) -> Model {
    analyze_in(Detail::Code, path)
}

fn analyze_in(detail: Detail, path: &Path) -> Model {
    let input = Input::open(path).expect("readable");
    bloat::analyze_detailed(&input, &Packages::default(), &Search::default(), detail).expect("a binary")
}

/// One level of a stack of calls.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Level {
    function: String,
    file: String,
    line: u32,
}

/// What is known of an address, the innermost function first.
fn ours(model: &Model, address: u64) -> Vec<Level> {
    let code = model.code.as_ref().expect("it was asked for");
    let leaf = model.leaves.at(model.leaves.position(address).expect("mapped")).expect("on the line");
    let name = |id| model.names.get(id).to_string();
    let at = |line: LineId| {
        line.get().map_or((String::new(), 0), |l| (name(code.lines[l].file), code.lines[l].line))
    };
    let mut place = at(leaf.line);
    let mut levels = Vec::new();
    for frame in model.stack(leaf.frame) {
        let row = code.functions[frame.function.get().expect("named")];
        let (file, line) = std::mem::replace(&mut place, at(frame.call));
        levels.push(Level { function: name(row.name), file, line });
    }
    if levels.is_empty() {
        levels.push(Level { function: model.mangled(leaf.symbol).to_string(), file: place.0, line: place.1 });
    }
    levels
}

/// What `llvm-symbolizer` knows of addresses, the innermost function first.
fn theirs(path: &Path, addresses: &[u64]) -> Option<Vec<Vec<Level>>> {
    let words: Vec<String> = addresses.iter().map(|a| format!("{a:#x}")).collect();
    let mut options = vec!["--output-style=JSON", "--inlines", "--no-demangle"];
    options.extend(words.iter().map(String::as_str));
    options.push("-e");
    let text = oracle("llvm-symbolizer-22", &options, path)?;
    let said: Vec<serde_json::Value> = serde_json::from_str(&text).expect("an array of answers");
    let level = |s: &serde_json::Value| Level {
        function: s["FunctionName"].as_str().unwrap_or_default().to_string(),
        file: s["FileName"].as_str().unwrap_or_default().to_string(),
        line: s["Line"].as_u64().unwrap_or_default() as u32,
    };
    let levels = |said: &serde_json::Value| -> Vec<Level> {
        said["Symbol"].as_array().map(|all| all.iter().map(level).collect()).unwrap_or_default()
    };
    let all: Vec<Vec<Level>> = said.iter().map(levels).collect();
    assert_eq!(all.len(), addresses.len(), "one answer for each address");
    Some(all)
}

/// How two stacks at an address differ; `None` if they do not.
///
/// The symbolizer takes the name of the outermost function from the symbol table. What it
/// says of code without debug information comes from there alone and is not compared: the
/// nearest symbol in front, and the file that the symbol table names.
fn difference(model: &Model, address: u64, ours: &[Level], theirs: &[Level]) -> Option<&'static str> {
    let is_described = |levels: &[Level]| levels.iter().any(|level| level.line > 0 || levels.len() > 1);
    if !is_described(ours) && !is_described(theirs) {
        return None;
    }
    if ours.len() != theirs.len() {
        return Some("depth");
    }
    for (level, (a, b)) in ours.iter().zip(theirs).enumerate() {
        let is_outermost = level + 1 == ours.len();
        // Where there is no name for linkers, the symbolizer has no path either.
        let is_same = a.function == b.function
            || a.function.rsplit("::").next() == Some(&b.function)
            || is_outermost && is_at_one_place(model, address, &a.function, &b.function);
        if !is_same {
            return Some("function");
        }
        if a.line != b.line {
            return Some("line");
        }
        if a.file != bloat::names::source_file(&b.file) {
            return Some("file");
        }
    }
    None
}

/// Whether two names are of one place: the symbol has what link-time optimisation appends to
/// keep names apart (`f.266`), or a linker folded both functions into one.
fn is_at_one_place(model: &Model, address: u64, ours: &str, theirs: &str) -> bool {
    let leaf = model.leaves.at(model.leaves.position(address).expect("mapped")).expect("on the line");
    let Some(home) = leaf.symbol.get().map(|s| model.symbols[s]) else { return false };
    let here: Vec<&str> = model
        .symbols
        .iter()
        .filter(|row| row.alias_of == home.alias_of)
        .map(|row| row.plain_name(&model.names))
        .collect();
    let is_here = |name: &str| {
        here.iter().any(|known| known.strip_prefix(name).is_some_and(|r| r.is_empty() || r.starts_with('.')))
    };
    is_here(ours) && is_here(theirs)
}

/// Addresses of code: of each leaf of code its first byte and `every` further ones.
fn code_addresses(model: &Model) -> Vec<(u64, u64)> {
    let code = model.leaves.iter().filter(|leaf| leaf.kind == Kind::Code && leaf.in_memory && leaf.in_file);
    code.filter_map(|leaf| Some((model.leaves.address(leaf.start)?, leaf.len))).collect()
}

/// Compares addresses and says how many of them differ, and how.
fn compare(path: &Path, model: &Model, addresses: &[u64]) -> Option<BTreeMap<&'static str, Vec<String>>> {
    let mut classes: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
    for lot in addresses.chunks(1000) {
        for (address, theirs) in lot.iter().zip(theirs(path, lot)?) {
            let ours = ours(model, *address);
            if let Some(class) = difference(model, *address, &ours, &theirs) {
                classes
                    .entry(class)
                    .or_default()
                    .push(format!("{address:#x}\n ours   {ours:?}\n theirs {theirs:?}"));
            }
        }
    }
    Some(classes)
}

#[test]
fn stacks_and_lines_are_those_of_the_symbolizer() {
    for name in ["demo-x86_64-dwarf4", "demo-x86_64-zlib", "demo-x86_64-dwarf5-zstd", "list-x86_64-dwarf5"] {
        let path = fixture(name);
        let model = analyze(&path);
        let addresses: Vec<u64> = code_addresses(&model)
            .into_iter()
            .flat_map(|(start, len)| (0..len).step_by(10).map(move |i| start + i))
            .collect();
        assert!(addresses.len() > 50, "{name}: {}", addresses.len());
        let Some(classes) = compare(&path, &model, &addresses) else { return };
        assert_eq!(classes, BTreeMap::new(), "{name}");
    }
}

/// A program in two files of entries: a function that much is inlined into, of its own crate and of others.
const SPLIT: &str = "
use std::hint::black_box;
mod inner {
    #[inline(always)]
    pub fn mix(a: u64, b: u64) -> u64 { (a ^ b.rotate_left(7)).wrapping_mul(0x9e37_79b9_7f4a_7c15) }
}
mod other {
    #[inline(never)]
    pub fn longest(words: &[String]) -> usize { words.iter().map(|w| w.trim().len()).max().unwrap_or(0) }
}
#[inline(never)]
fn work(n: u64) -> u64 {
    let mut sum = 0;
    for i in 0..black_box(n) {
        sum = inner::mix(sum, i);
        if sum & 1 == 0 {
            sum = inner::mix(sum, 3);
        }
    }
    sum
}
fn main() {
    let words: Vec<String> = std::env::args().collect();
    println!(\"{} {}\", work(words.len() as u64), other::longest(&words));
}
";

/// Builds the program with its debug information where `split` says, and gives the folder it is alone in.
fn build_split(name: &str, flags: &[&str]) -> PathBuf {
    let folder = subjects::folder(name);
    std::fs::write(folder.join("main.rs"), SPLIT).expect("writable");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let mut command = std::process::Command::new(rustc);
    command.args(["--edition", "2024", "--crate-name", "app", "-Copt-level=2", "-Cdebuginfo=2"]);
    command.args(["-Ccodegen-units=2", "-o", "app", "main.rs"]).args(flags).current_dir(&folder);
    let output = command.output().expect("rustc runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    folder
}

// Names so short that they are in the entries themselves, in a section that is not the first.
const TYPED: &str = "
struct wide { int first, second, third, fourth; long others[20]; };
static inline __attribute__((always_inline)) long tri(long a) { return a * 3; }
static inline __attribute__((always_inline)) long shl(long a) { return (a << 7) ^ 1; }
static __attribute__((noinline)) long hh(struct wide *w) {
    return w->first + tri(w->others[3]) + shl(w->others[w->second & 7]);
}
int main(int count, char **words) {
    struct wide w = {count, count, count, count, {(long)words}};
    return (int)hh(&w);
}
";

#[test]
fn units_of_types_in_front_of_a_split_unit_are_not_taken_for_it() {
    if !cfg!(target_os = "linux") {
        return;
    }
    let folder = subjects::folder("typed");
    std::fs::write(folder.join("typed.c"), TYPED).expect("writable");
    let functions = |name: &str, flags: &[&str]| -> BTreeMap<String, u64> {
        let mut cc = std::process::Command::new("cc");
        cc.args(["-O1", "-gdwarf-5", "typed.c", "-o", name]).args(flags).current_dir(&folder);
        assert!(cc.status().expect("cc runs").success());
        let model = analyze(&folder.join(name));
        let keys = View { dims: vec![Dim::Inlined], ..View::default() };
        let found = tree(&model, &keys);
        let rows = found.roots.iter().map(|node| (found.keys[0].label(node.key), node.sizes.memory));
        rows.filter(|(name, _)| name.contains("typed.c")).collect()
    };
    let whole = functions("whole", &[]);
    let split = functions("split", &["-gsplit-dwarf", "-fdebug-types-section"]);
    for name in ["tri", "shl", "hh", "main"] {
        assert!(whole.keys().any(|row| row.starts_with(name)), "{name}: {whole:?}");
    }
    assert_eq!(split, whole);
    std::fs::remove_dir_all(folder).expect("it was made");
}

/// Places of a model's code that is of the program's own functions.
fn own_code(model: &Model) -> Vec<u64> {
    let is_own = |leaf: &bloat::model::Leaf| {
        let name = model.symbol_label(leaf.symbol);
        leaf.kind == Kind::Code && leaf.in_file && (name.starts_with("app::") || name.contains("<app::"))
    };
    let own = model.leaves.iter().filter(is_own);
    own.filter_map(|leaf| Some((model.leaves.address(leaf.start)?, leaf.len)))
        .flat_map(|(start, len)| start..start + len)
        .collect()
}

#[test]
fn split_units_tell_what_the_symbolizer_does() {
    if !cfg!(target_os = "linux") {
        return;
    }
    for version in ["-Cdwarf-version=4", "-Cdwarf-version=5"] {
        let [whole, unpacked, packed] = ["off", "unpacked", "packed"].map(|split| {
            let option = format!("-Csplit-debuginfo={split}");
            build_split(&format!("{split}{}", &version[version.len() - 1..]), &[version, &option])
        });
        for folder in [&unpacked, &packed] {
            let path = folder.join("app");
            let (model, joined) = (analyze(&path), analyze(&whole.join("app")));
            assert!(!model.facts.debug_files.is_empty(), "{}", folder.display());
            let (addresses, same) = (own_code(&model), own_code(&joined));
            assert!(addresses.len() > 200, "{}", addresses.len());
            // As many bytes at as many levels as where nothing is split.
            let depths = |model: &Model, all: &[u64]| -> BTreeMap<Vec<String>, usize> {
                let mut depths: BTreeMap<Vec<String>, usize> = BTreeMap::new();
                for &address in all {
                    let names = ours(model, address).into_iter().map(|level| level.function);
                    *depths.entry(names.collect()).or_default() += 1;
                }
                depths
            };
            let told = depths(&model, &addresses);
            assert!(told.keys().any(|stack| stack.len() > 2), "{told:?}");
            assert_eq!(told, depths(&joined, &same), "{}", folder.display());
            if let Some(classes) = compare(&path, &model, &addresses) {
                assert_eq!(classes, BTreeMap::new(), "{}", folder.display());
            }
        }
        for folder in [whole, unpacked, packed] {
            std::fs::remove_dir_all(folder).expect("it was made");
        }
    }
}

#[test]
fn split_units_that_are_missing_or_broken_are_told() {
    if !cfg!(target_os = "linux") {
        return;
    }
    let folder = build_split("broken", &["-Csplit-debuginfo=unpacked"]);
    let path = folder.join("app");
    let entries =
        || std::fs::read_dir(&folder).expect("readable").map(|entry| entry.expect("readable").path());
    let halves: Vec<PathBuf> =
        entries().filter(|path| path.extension().is_some_and(|e| e == "dwo")).collect();
    assert_eq!(halves.len(), 2);
    let codes = || -> Vec<String> {
        let model = analyze(&path);
        model.diagnostics.iter().map(|d| d.code.to_string()).collect()
    };
    assert!(codes().is_empty(), "{:?}", codes());
    for half in &halves {
        let bytes = std::fs::read(half).expect("readable");
        // Whatever is left of it, the rest is told.
        for step in 0..12 {
            let mut broken = bytes.clone();
            match step % 2 {
                0 => broken.truncate(bytes.len() * step / 12),
                _ => broken.iter_mut().skip(64 + step).step_by(97 + step).for_each(|byte| *byte ^= 0x55),
            }
            std::fs::write(half, &broken).expect("writable");
            let model = analyze(&path);
            assert_eq!(model.total().file, std::fs::metadata(&path).expect("it is there").len());
        }
        std::fs::remove_file(half).expect("it is there");
        let model = analyze(&path);
        let missing = model.diagnostics.iter().filter(|d| d.code == "split-units-missing");
        let missing: Vec<&str> = missing.map(|d| d.message.as_str()).collect();
        assert!(
            matches!(missing[..], [one] if one.contains("inlined in their code is not known")),
            "{missing:?}"
        );
        std::fs::write(half, bytes).expect("writable");
    }
    std::fs::remove_dir_all(folder).expect("it was made");
}

/// Numbers that look random and are the same each time (SplitMix64).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit.max(1)
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "what was compared is the result")]
fn files_agree_at_random_addresses() {
    let files = std::env::var_os("BLOAT_INLINES_FILES");
    let files: Vec<PathBuf> = match &files {
        Some(files) => std::env::split_paths(files).collect(),
        None => vec![self_exe()],
    };
    for path in files {
        let model = analyze(&path);
        let code = code_addresses(&model);
        let total: u64 = code.iter().map(|(_, len)| len).sum();
        let mut random = Random(1);
        let pick = |_| {
            let mut left = random.below(total);
            let run = code.iter().find(|(_, len)| {
                let is_here = left < *len;
                if !is_here {
                    left -= len;
                }
                is_here
            });
            run.map(|(start, _)| start + left)
        };
        let addresses: Vec<u64> = (0..1000).filter_map(pick).collect();
        let Some(classes) = compare(&path, &model, &addresses) else { return };
        let differ: usize = classes.values().map(Vec::len).sum();
        println!("{}: {} of {} addresses agree", path.display(), addresses.len() - differ, addresses.len());
        for (class, cases) in classes {
            println!("  {class}: {}", cases.len());
            for case in cases.iter().take(3) {
                println!("    {case}");
            }
        }
        // Labels in assembly are the one thing that the symbolizer sees otherwise.
        assert!(differ * 200 <= addresses.len(), "{}: {differ} addresses differ", path.display());
    }
}

#[test]
fn functions_in_a_symbol_sum_to_the_symbol() {
    let path = fixture("demo-x86_64-dwarf4");
    let Some(text) = oracle("nm", &["-S", "--defined-only"], &path) else { return };
    let mut sizes: BTreeMap<(u64, &str), u64> = BTreeMap::new();
    for line in text.lines() {
        if let [address, size, "t" | "T", name] = line.split_whitespace().collect::<Vec<_>>()[..] {
            let hex = |text| u64::from_str_radix(text, 16).expect("hexadecimal");
            sizes.insert((hex(address), name), hex(size));
        }
    }
    let model = analyze(&path);
    let filter = bloat::model::filter::Filter::parse("kind=code").ok();
    let answer = tree(&model, &View { dims: vec![Dim::Symbol, Dim::Inlined], filter, ..View::default() });
    let mut several = 0;
    for node in &answer.roots {
        let Some(symbol) = answer.keys[0].symbol(node.key) else { continue };
        let row = &model.symbols[symbol.get().expect("a row")];
        let own: u64 = node.children.iter().map(|c| c.sizes.file).sum();
        assert_eq!(own, node.sizes.file);
        if let Some(size) = sizes.get(&(row.address.unwrap_or_default(), model.mangled(symbol))) {
            assert_eq!(own, *size, "{}", model.mangled(symbol));
            several += usize::from(node.children.len() > 1);
        }
    }
    assert!(several >= 5, "only {several} functions have another inlined");
}

#[test]
fn totals_hold_all_that_is_inlined_and_count_each_byte_once() {
    let model = analyze(&fixture("demo-x86_64-dwarf4"));
    let answer = tree(&model, &View { dims: vec![Dim::Inlined], ..View::default() });
    let keys = Keys::new(&model, Dim::Inlined);
    // By another road: for each byte the set of functions on its stack.
    let mut totals: BTreeMap<String, u64> = BTreeMap::new();
    for leaf in model.leaves.iter() {
        let mut names: Vec<String> =
            model.stack(leaf.frame).map(|frame| model.function_label(frame.function)).collect();
        names.push(keys.label(keys.key(&leaf)));
        names.sort();
        names.dedup();
        for name in names {
            *totals.entry(name).or_default() += leaf.sizes().file;
        }
    }
    let mut with_more = 0;
    let mut sites = 0;
    let label = |key: u32| keys.label(key);
    for node in &answer.roots {
        // Some structures share a name.
        if answer.roots.iter().filter(|other| label(other.key) == label(node.key)).count() > 1 {
            continue;
        }
        let inlining = node.inlining.expect("of the dimension of functions");
        assert!(inlining.total.file >= node.sizes.file && inlining.inlined.file <= inlining.total.file);
        assert_eq!(inlining.total.file, totals[&label(node.key)], "{}", label(node.key));
        with_more += usize::from(inlining.total.file > node.sizes.file);
        sites += inlining.call_sites;
    }
    assert!(with_more >= 5, "{with_more}");
    let frames = &model.code.as_ref().expect("asked for").frames;
    assert!(sites > 0 && sites <= frames.iter().filter(|f| f.parent.get().is_some()).count() as u64);
}

/// A function and all that is counted of it.
type FunctionRow = (String, Sizes, u64, Option<Inlining>);

/// The functions of each crate.
fn functions_by_crate(model: &Model) -> Vec<(String, Vec<FunctionRow>)> {
    let tree = tree(model, &View { dims: vec![Dim::Crate, Dim::Inlined], ..View::default() });
    let name = |level: usize, key: u32| tree.keys[level].label(key);
    let row = |n: &Node| (name(1, n.key), n.sizes, n.symbols, n.inlining);
    let of_crate = |krate: &Node| (name(0, krate.key), krate.children.iter().map(row).collect());
    tree.roots.iter().map(of_crate).collect()
}

/// Entries say nothing of files here, and lines are in one file where entries are in another.
#[test]
fn functions_of_split_units_are_told_by_their_files() {
    if !cfg!(target_os = "linux") {
        return;
    }
    for split in ["unpacked", "packed"] {
        let option = format!("-Csplit-debuginfo={split}");
        let folder = build_split(&format!("tables-{split}"), &["-Cdebuginfo=line-tables-only", &option]);
        let path = folder.join("app");
        let (all, functions) = (analyze(&path), analyze_in(Detail::Functions, &path));
        assert!(!all.facts.debug_files.is_empty(), "{}", path.display());
        assert!(functions_by_crate(&all) == functions_by_crate(&functions), "{}", path.display());
        std::fs::remove_dir_all(folder).expect("it was made");
    }
}

/// By file and line: bytes.
fn bytes_by_line(model: &Model) -> Vec<(String, Vec<(String, Sizes)>)> {
    let tree = tree(model, &View { dims: vec![Dim::File, Dim::Line], ..View::default() });
    let name = |level: usize, key: u32| tree.keys[level].label(key);
    let of_file =
        |file: &Node| (name(0, file.key), file.children.iter().map(|n| (name(1, n.key), n.sizes)).collect());
    tree.roots.iter().map(of_file).collect()
}

/// What is read for functions alone tells no line, and of functions what all that can be read tells; and so the other
/// way round.
#[test]
fn functions_and_lines_are_the_same_whether_the_others_are_read_or_not() {
    let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let folders = ["apart", "archive", "bin", "coff", "elf", "macho", "pe", "wasm"];
    let entries =
        folders.iter().flat_map(|folder| std::fs::read_dir(testdata.join(folder)).expect("readable"));
    let mut with_functions = 0;
    for path in entries.map(|entry| entry.expect("readable").path()).chain([self_exe()]) {
        if !path.is_file() || bloat::analyze(&Input::open(&path).expect("readable")).is_err() {
            continue;
        }
        let (all, functions) = (analyze(&path), analyze_in(Detail::Functions, &path));
        let has_lines = all.leaves.iter().any(|leaf| leaf.line != LineId::NONE);
        let must_have = path == self_exe() || path == fixture("demo-x86_64-dwarf4");
        assert!(has_lines || !must_have, "{}", path.display());
        if !has_lines {
            continue;
        }
        with_functions += 1;
        assert!(functions_by_crate(&all) == functions_by_crate(&functions), "{}", path.display());
        assert!(functions.leaves.iter().all(|leaf| leaf.line == LineId::NONE), "{}", path.display());
        let lines = analyze_in(Detail::Lines, &path);
        assert!(bytes_by_line(&all) == bytes_by_line(&lines), "{}", path.display());
        assert!(lines.leaves.iter().all(|leaf| leaf.frame == FrameId::NONE), "{}", path.display());
    }
    assert!(with_functions > 20, "only {with_functions}");
}
