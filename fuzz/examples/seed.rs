//! Makes corpora out of fixtures: `cargo run --example seed` writes `corpus/TARGET/`.
//!
//! Files that are there already stay, so what the fuzzer found is kept. Fixtures that are too large
//! for thousands of runs a second are left out.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use bloat::format::read;
use bloat::hash::Hash;
use bloat::input::Input;
use bloat::project::Packages;
use bloat::{attrib, names, snapshot};
use bloat_fuzz::targets::pair;
use bloat_fuzz::targets::tables::{DEBUG_SECTIONS, joined};

/// Most bytes of a fixture: the fuzzer makes thousands of copies of each.
const LARGEST: usize = 100_000;
/// Most bytes where the whole analysis runs, or two files are one input.
const LARGEST_SLOW: usize = 40_000;

struct Corpus(PathBuf);

impl Corpus {
    /// Adds an input to a target's, named by what it holds.
    fn add(&self, target: &str, bytes: &[u8]) {
        let folder = self.0.join(target);
        fs::create_dir_all(&folder).expect("a folder can be made");
        let file = folder.join(format!("seed-{:016x}", Hash::of(bytes)));
        fs::write(file, bytes).expect("a file can be written");
    }
}

fn main() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = Corpus(here.join("corpus"));
    let mut files = Vec::new();
    for folder in ["apart", "archive", "bin", "coff", "debuginfo", "elf", "macho", "pe", "wasm"] {
        walk(&here.join("../testdata").join(folder), &mut files);
    }
    let files: Vec<(PathBuf, Vec<u8>)> =
        files.into_iter().map(|path| (path.clone(), fs::read(path).expect("readable"))).collect();
    let mut all_names = BTreeSet::new();
    let mut before: Option<&[u8]> = None;
    for (_, bytes) in &files {
        let input = Input::from_bytes("fixture", bytes.clone());
        if bloat::format::pdb::is_database(bytes) && bytes.len() <= 400_000 {
            corpus.add("pdb", bytes);
        }
        let Ok(image) = read(&input) else { continue };
        if bytes.len() <= LARGEST {
            corpus.add(image.header.format.as_str(), bytes);
        }
        tables(&corpus, &image, bytes);
        all_names.extend(image.symbols.iter().map(|s| String::from_utf8_lossy(s.plain_name()).into_owned()));
        if bytes.len() <= LARGEST_SLOW {
            corpus.add("analysis", bytes);
            corpus.add("threads", bytes);
            if let Some(before) = before.replace(bytes) {
                corpus.add("diff", &pair::join(before, bytes));
            }
            let model = attrib::attribute(&input, &image, &Packages::default());
            let contents = attrib::contents(&input, &image, &model);
            corpus.add("snapshot", &snapshot::save(&model, &contents).expect("a model can be written"));
        }
        if let Some(list) = &image.header.packages {
            corpus.add("project", list);
        }
    }
    symbols(&corpus, all_names);
    apart(&corpus, &files);
    texts(&corpus, here);
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).expect("the fixtures are there").map(|e| e.expect("readable").path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() { walk(&path, files) } else { files.push(path) }
    }
}

/// Debug information and unwind tables, cut out of a file.
fn tables(corpus: &Corpus, image: &bloat::format::Image<'_>, file: &[u8]) {
    let bytes = |span: &std::ops::Range<u64>| {
        file.get(span.start as usize..(span.end as usize).min(file.len())).unwrap_or_default()
    };
    let mut debug = Vec::new();
    let mut unwind: Vec<(u8, u8, &[u8])> = Vec::new();
    for section in image.sections.iter().filter(|s| s.uncompressed.is_none()) {
        let content = bytes(&section.span);
        let plain = section.name.trim_start_matches(['.', '_']);
        let plain = plain.rsplit(',').next().unwrap_or(plain).trim_start_matches('_');
        if let Some(rest) = plain.strip_prefix("debug_")
            && let Some(number) = DEBUG_SECTIONS.iter().position(|name| *name == rest)
        {
            debug.push((number as u8, content));
        }
        // What reads them and as which section, as `targets::tables::unwind` has it.
        unwind.extend(match plain {
            "eh_frame" => vec![(0, 0, content), (3, 2, content)],
            "gcc_except_table" => vec![(0, 1, content)],
            "gcc_except_tab" => vec![(3, 3, content)],
            "eh_frame_hdr" => vec![(0, 2, content)],
            "debug_frame" => vec![(1, 0, content)],
            "ARM.exidx" => vec![(2, 0, content)],
            "ARM.extab" => vec![(2, 1, content)],
            "unwind_info" => vec![(3, 0, content)],
            "compact_unwind" => vec![(3, 1, content)],
            _ => vec![],
        });
    }
    let big = u8::from(image.header.endian == bloat::format::Endian::Big);
    if !debug.is_empty() {
        corpus.add("dwarf", &joined(big, debug));
    }
    let size = if image.header.bits == 64 { 0 } else { 1 << 1 };
    for reader in 0..4 {
        let sections: Vec<(u8, &[u8])> =
            unwind.iter().filter(|(r, ..)| *r == reader).map(|&(_, number, bytes)| (number, bytes)).collect();
        if !sections.is_empty() {
            corpus.add("unwind", &joined(big | size | reader << 3, sections));
        }
    }
}

/// Every name has a text, which is a name again.
fn symbols(corpus: &Corpus, all: BTreeSet<String>) {
    let with_texts = all.into_iter().filter(|name| name.len() > 8).flat_map(|name| {
        let text = names::display(&name);
        [name, text]
    });
    for name in with_texts.step_by(7) {
        corpus.add("names", name.as_bytes());
    }
}

/// Binaries and the files that belong to them, which begin with their names.
fn apart(corpus: &Corpus, files: &[(PathBuf, Vec<u8>)]) {
    for (path, binary) in files {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let folder = path.parent().expect("files lie in folders");
        for (other, debug) in files {
            let name = other.file_name().unwrap_or_default().to_string_lossy();
            let is_near = other.starts_with(folder) && other != path && name.starts_with(&*stem);
            if is_near && binary.len().max(debug.len()) <= LARGEST {
                corpus.add("companion", &pair::join(binary, debug));
            }
        }
    }
}

fn texts(corpus: &Corpus, here: &Path) {
    for filter in [
        "kind=code",
        "section~^\\.debug",
        "crate=std,core or evidence=none",
        "not (symbol~main and source!=c)",
        "unit!=\"[no unit]\"",
        "segment~R.X and module!~a",
        "symbol~\"^(alloc|core)::\" or member='*'",
        "generic=*<_>* and defined-in=a and instantiated-by=b",
    ] {
        corpus.add("filter", filter.as_bytes());
    }
    for limit in ["total=1GiB", "crate:shape=1KiB", "0", "+5%", "kind:code=10kB"] {
        corpus.add("project", limit.as_bytes());
    }
    for file in ["Cargo.toml", "Cargo.lock", "testdata/elf/memory.x", "testdata/src/station/Cargo.lock"] {
        if let Ok(text) = fs::read(here.join("..").join(file)) {
            corpus.add("project", &text);
        }
    }
    let budgets = "[budget.total]\nmax = \"5MiB\"\nmax-growth = \"1%\"\n[deny]\nnew-crates = true\n\
                   [[allow]]\nbudget = \"total\"\nextra = \"20KiB\"\nuntil = \"2026-12-31\"\nreason = \"a\"\n";
    corpus.add("project", budgets.as_bytes());
}
