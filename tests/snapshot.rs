//! A snapshot stands for its binary: every question has the same answer, and bytes that
//! are no snapshot get a reason and nothing else.

mod subjects;

use std::path::{Path, PathBuf};

use bloat::analysis::diff::groups::Subject;
use bloat::analysis::diff::{DiffNode, DiffView, diff};
use bloat::attrib::{attribute, contents};
use bloat::error::Error;
use bloat::input::Input;
use bloat::model::filter::Filter;
use bloat::model::view::{Dim, Measure, Sort, View};
use bloat::model::{Contents, Leaf, Model};
use bloat::project::Packages;
use bloat::report::{self, ShowOptions};
use bloat::snapshot::{self, Snapshot};
use serde_json::Value;

use subjects::{fixture, fixtures, self_exe};

/// Fixtures of every format, archives and universal files with their members among them.
fn all() -> Vec<PathBuf> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let wasm =
        ["shelf.o", "libshelf.a", "pair.wasm", "station-component-names-v2.wasm", "station-dwarf-v1.wasm"];
    let mut files = fixtures();
    files.push(fixture("libunit-x86_64.a"));
    files.extend(wasm.map(|name| data.join("wasm").join(name)));
    for folder in ["macho", "pe", "coff"] {
        let entries = std::fs::read_dir(data.join(folder)).expect("the fixtures are there");
        let mut found: Vec<PathBuf> = entries.map(|entry| entry.expect("readable").path()).collect();
        found.retain(|path| path.is_file() && is_binary(path));
        assert!(!found.is_empty(), "{folder}");
        found.sort();
        files.extend(found);
    }
    files
}

fn is_binary(path: &Path) -> bool {
    bloat::analyze(&Input::open(path).expect("readable")).is_ok()
}

fn read(path: &Path) -> (Model, Contents) {
    let input = Input::open(path).expect("readable");
    let image = bloat::format::read(&input).expect("a binary");
    let model = attribute(&input, &image, &Packages::default());
    let contents = contents(&input, &image, &model);
    (model, contents)
}

fn reread(bytes: Vec<u8>) -> Result<Snapshot, Error> {
    snapshot::read(&Input::from_bytes("app.parquet", bytes))
}

fn save((model, contents): &(Model, Contents)) -> Vec<u8> {
    snapshot::save(model, contents).expect("a model can be written")
}

/// A report without the path, of which a snapshot keeps the last part only.
fn json(report: &impl serde::Serialize) -> Value {
    let mut value = serde_json::to_value(report).expect("reports are JSON");
    for side in ["input", "old", "new"] {
        if let Some(path) = value.pointer_mut(&format!("/{side}/path")) {
            *path = Value::Null;
        }
    }
    value
}

/// Finds the first difference, as whole answers are too long to look at.
#[track_caller]
fn same(a: &Value, b: &Value, what: &str) {
    fn first(a: &Value, b: &Value, at: &str) -> Option<String> {
        match (a, b) {
            (Value::Array(x), Value::Array(y)) if x.len() == y.len() => {
                x.iter().zip(y).enumerate().find_map(|(i, (x, y))| first(x, y, &format!("{at}/{i}")))
            }
            (Value::Object(x), Value::Object(y)) if x.keys().eq(y.keys()) => {
                x.iter().find_map(|(key, value)| first(value, &y[key], &format!("{at}/{key}")))
            }
            _ => (a != b).then(|| format!("{at}: {a} and {b}")),
        }
    }
    let found = first(a, b, "");
    assert!(found.is_none(), "{what}: {}", found.unwrap_or_default().chars().take(600).collect::<String>());
}

/// Every question that a model answers without its bytes.
fn check_answers(model: &Model, snapshot: &Model, place: &str) {
    let overview = |model: &Model| json(&report::overview(model, Some(30), &[]));
    same(&overview(model), &overview(snapshot), &format!("{place}: overview"));
    let mut questions: Vec<Vec<Dim>> = Dim::ALL.into_iter().map(|dim| vec![dim]).collect();
    questions.push(vec![Dim::Member, Dim::Section, Dim::Kind]);
    questions.push(vec![Dim::Crate, Dim::Symbol]);
    questions.push(vec![Dim::Symbol, Dim::Section]);
    questions.push(vec![Dim::InstantiatedBy, Dim::Generic]);
    for dims in questions {
        for (measure, sort) in
            [(Measure::File, Sort::Size), (Measure::Memory, Sort::Symbols), (Measure::Memory, Sort::Size)]
        {
            let view = View { dims: dims.clone(), measure, sort, ..View::default() };
            let show = |model: &Model| json(&report::show(model, &view, &ShowOptions { limit: None }));
            same(&show(model), &show(snapshot), &format!("{place}: {dims:?} {measure:?} {sort:?}"));
        }
    }
    for filter in ["kind=code,rodata and not source=std", "symbol~main or evidence=format", "crate=alloc"] {
        let filter = Some(Filter::parse(filter).expect("a filter"));
        let view = View { dims: vec![Dim::Crate, Dim::Symbol], filter, ..View::default() };
        let show = |model: &Model| json(&report::show(model, &view, &ShowOptions { limit: Some(7) }));
        same(&show(model), &show(snapshot), &format!("{place}: filtered"));
    }
    for row in &model.crates {
        let label = model.names.get(row.label);
        let explain = |model: &Model| json(&report::explain_crate(model, label, "crate"));
        same(&explain(model), &explain(snapshot), &format!("{place}: crate {label}"));
    }
}

#[test]
fn every_answer_of_a_snapshot_is_that_of_its_binary() {
    for path in all() {
        let binary = read(&path);
        let snapshot = reread(save(&binary)).unwrap_or_else(|e| panic!("{}: {e:?}", path.display()));
        assert_eq!(snapshot.model.check(), Ok(()), "{}", path.display());
        check_answers(&binary.0, &snapshot.model, &path.display().to_string());
    }
}

/// Larger than fixtures: generics, thousands of symbols, crates with versions.
#[test]
fn this_program_answers_the_same_from_a_snapshot() {
    let binary = read(&self_exe());
    let snapshot = reread(save(&binary)).expect("it can be read");
    let overview = |model: &Model| json(&report::overview(model, None, &[]));
    same(&overview(&binary.0), &overview(&snapshot.model), "overview");
    for dims in [&[Dim::Crate, Dim::Symbol][..], &[Dim::Unit, Dim::Kind], &[Dim::Module, Dim::Generic]] {
        let view = View { dims: dims.to_vec(), ..View::default() };
        let show = |model: &Model| json(&report::show(model, &view, &ShowOptions { limit: None }));
        same(&show(&binary.0), &show(&snapshot.model), &format!("{dims:?}"));
    }
}

fn by(dims: &[Dim]) -> DiffView {
    DiffView { dims: dims.to_vec(), ..DiffView::default() }
}

#[test]
fn a_snapshot_does_not_differ_from_its_binary() {
    for path in all() {
        let binary = read(&path);
        let Snapshot { model, contents } = reread(save(&binary)).expect("it can be read");
        let a = Subject { model: &binary.0, contents: Some(&binary.1) };
        let b = Subject { model: &model, contents: Some(&contents) };
        for dims in [&[Dim::Crate, Dim::Symbol][..], &[Dim::Section, Dim::Kind], &[Dim::Unit, Dim::Generic]] {
            for (old, new) in [(a, b), (b, a)] {
                let answer = diff(old, new, &by(dims));
                assert!(!answer.roots.iter().any(DiffNode::is_changed), "{} by {dims:?}", path.display());
                assert_eq!((answer.old.sizes, answer.new.sizes), (binary.0.total(), binary.0.total()));
            }
        }
    }
}

/// Content pairs what was renamed, so it has to survive.
#[test]
fn differences_are_those_of_the_binaries() {
    let files = ["demo-x86_64-symtab", "demo-x86_64-v0", "demo-x86_64-dwarf5-zstd", "demo-x86_64-stripped"];
    let sides: Vec<(Model, Contents)> = files.iter().map(|name| read(&fixture(name))).collect();
    let saved: Vec<Snapshot> = sides.iter().map(|side| reread(save(side)).expect("readable")).collect();
    let options = report::DiffOptions { limit: None, nested: None };
    for (old, new) in [(0, 1), (1, 2), (2, 0), (0, 3)] {
        let binary = |i: usize| Subject { model: &sides[i].0, contents: Some(&sides[i].1) };
        let snapshot = |i: usize| Subject { model: &saved[i].model, contents: Some(&saved[i].contents) };
        for dims in [&[Dim::Crate, Dim::Symbol][..], &[Dim::Kind], &[Dim::Section, Dim::Symbol]] {
            let view = by(dims);
            let truth = json(&report::diff(binary(old), binary(new), &view, &options));
            let mixed = json(&report::diff(snapshot(old), binary(new), &view, &options));
            let both = json(&report::diff(snapshot(old), snapshot(new), &view, &options));
            let place = format!("{} {} {dims:?}", files[old], files[new]);
            same(&truth, &mixed, &place);
            same(&truth, &both, &place);
        }
    }
}

#[test]
fn what_is_read_is_written_as_the_same_bytes() {
    for path in all() {
        let bytes = save(&read(&path));
        assert_eq!(bytes, save(&read(&path)), "{}", path.display());
        let Snapshot { model, contents } = reread(bytes.clone()).expect("it can be read");
        assert!(save(&(model, contents)) == bytes, "{}", path.display());
    }
}

/// Why bytes are no snapshot: all causes of the error in one line.
#[track_caller]
fn refusal(bytes: Vec<u8>) -> String {
    let error = reread(bytes).expect_err("it is no snapshot");
    assert_eq!(error.to_string(), "failed to read the snapshot `app.parquet`");
    std::error::Error::source(&error).expect("a reason").to_string()
}

/// The hash that a snapshot starts with, of what stands behind it: FNV-1a as its authors define it.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    for &byte in &bytes[20..] {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
    }
    bytes[12..20].copy_from_slice(&hash.to_le_bytes());
    bytes
}

#[test]
fn what_is_no_snapshot_is_told_so() {
    let good = save(&read(&fixture("demo-x86_64-symtab")));
    assert!(sealed(good.clone()) == good);
    let with = |at: usize, text: &[u8]| {
        let mut bytes = good.clone();
        bytes[at..at + text.len()].copy_from_slice(text);
        bytes
    };
    assert!(refusal(with(4, b"other")).contains("no snapshot"));
    assert!(refusal(with(10, b"02")).contains("version 2; this program reads version 1"));
    assert!(refusal(with(100, &[good[100] ^ 1])).contains("damaged: its bytes do not have the checksum"));
    assert!(refusal(good[..good.len() / 2].to_vec()).contains("cut off"));
    for len in [4, 5, 11, 12, 19, 20, 30, good.len() - 1] {
        assert!(refusal(good[..len].to_vec()).contains("cut off"), "{len}");
    }
    // A table that is no snapshot.
    let ledger = snapshot::ledger(&read(&fixture("demo-x86_64-symtab")).0).expect("a model can be written");
    assert!(refusal(ledger).contains("no snapshot"));
    // A footer that says it is larger than the file.
    let end = good.len();
    assert!(refusal(sealed(with(end - 8, &[0xff, 0xff, 0xff, 0x7f]))).contains("damaged: "));
    // Another size of the file than its rows have.
    let text = b"\"file_size\":";
    let at = good.windows(text.len()).position(|w| w == text).expect("it is in the metadata") + text.len();
    let other = if good[at] == b'9' { b'8' } else { good[at] + 1 };
    assert!(refusal(sealed(with(at, &[other]))).contains("its rows have "));
}

/// Sums and differences of what is read must not overflow.
#[test]
fn more_bytes_than_any_file_are_refused() {
    let (mut model, contents) = read(&fixture("demo-x86_64-symtab"));
    let last = model.leaves.iter().last().expect("it has leaves");
    assert!(!last.in_file, "what is in memory only comes last");
    let mut with = |len: u64| {
        let end = model.leaves.iter().last().map_or(0, |leaf| leaf.start + leaf.len);
        model.leaves.push(Leaf { start: end, len, home: false, ..last });
        model.facts.memory_size += len;
        snapshot::save(&model, &contents).expect("a model can be written")
    };
    assert!(reread(with(1 << 60)).is_ok());
    assert!(refusal(with(1 << 61)).contains("its rows are larger than any file"));
}

/// Who makes one up can give it the right checksum.
#[test]
fn made_up_snapshots_are_refused_or_read() {
    let good = save(&read(&fixture("demo-x86_64-symtab")));
    // The same changes in every run.
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut random = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) % below as u64) as usize
    };
    let mut refused = 0;
    let rounds = 1000;
    for round in 0..rounds {
        let mut bytes = good.clone();
        // In the footer, which says what everything else is, as often as in the rest.
        let from = if round % 2 == 0 { 20 } else { good.len() - good.len() / 4 };
        for _ in 0..=random(3) {
            let at = from + random(good.len() - from);
            bytes[at] = if random(2) == 0 { random(256) as u8 } else { bytes[at] ^ (1 << random(8)) };
        }
        match reread(sealed(bytes)) {
            Ok(snapshot) => assert_eq!(snapshot.model.check(), Ok(())),
            Err(_) => refused += 1,
        }
    }
    assert!(refused > rounds / 10, "only {refused}");
}
