//! What comparing two files costs beside analysing them one after the other.
//!
//! `analyses` is the measure, `diff` is everything that `bloat diff OLD NEW` does, and
//! `comparison` the part of it behind the analyses. With `RAYON_NUM_THREADS=1` the
//! times are those of one processor. `BLOAT_BENCH_OLD` and `BLOAT_BENCH_NEW` name the
//! subjects; either may be a snapshot.
//!
//! Without them, the subjects are two builds of this package's own program with full
//! debug information. They differ in `-C metadata`, and so in the mangled name of
//! everything but the standard library, while not a function has changed: names
//! alone pair nothing there, which is the most that a comparison can cost.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use bloat::analysis::diff::DiffView;
use bloat::analysis::diff::groups::Subject;
use bloat::attrib::Unread;
use bloat::input::Input;
use bloat::input::companion::Search;
use bloat::model::view::Dim;
use bloat::model::{Holds, Model};
use bloat::project::Packages;
use bloat::report::{DiffOptions, DiffReport};
use bloat::snapshot::{self, Snapshot};
use divan::Bencher;
use divan::counter::BytesCount;

fn main() {
    divan::main();
}

/// The two files, built once.
fn subjects() -> &'static [PathBuf; 2] {
    static SUBJECTS: OnceLock<[PathBuf; 2]> = OnceLock::new();
    SUBJECTS.get_or_init(|| {
        let named = |name: &str| std::env::var_os(name).map(PathBuf::from);
        match (named("BLOAT_BENCH_OLD"), named("BLOAT_BENCH_NEW")) {
            (Some(old), Some(new)) => [old, new],
            _ => ["old", "new"].map(build),
        }
    })
}

/// Builds this package's program, unless an earlier run has.
fn build(salt: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("diff-subjects");
    let mut command = Command::new(env!("CARGO"));
    command.args(["build", "--bin", "bloat", "--manifest-path"]);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"));
    command.arg("--target-dir").arg(folder.join(salt));
    command.env("RUSTFLAGS", format!("-Cmetadata={salt}"));
    command.env("CARGO_PROFILE_DEV_OPT_LEVEL", "1").env("CARGO_PROFILE_DEV_DEBUG", "2");
    assert!(command.status().expect("cargo runs").success(), "the subject is not built");
    folder.join(salt).join("debug").join(format!("bloat{}", std::env::consts::EXE_SUFFIX))
}

fn inputs() -> [Input; 2] {
    subjects().each_ref().map(|path| Input::open(path).expect("the subject is readable"))
}

fn count(inputs: &[Input; 2]) -> BytesCount {
    BytesCount::new(inputs.iter().map(|input| input.bytes().len()).sum::<usize>())
}

type Side<'i> = (Model, Box<dyn Holds + Send + 'i>);

/// What `bloat diff` reads of a file.
fn read(input: &Input) -> Side<'_> {
    if snapshot::is_parquet(input.bytes()) {
        let Snapshot { model, contents } = snapshot::read(input).expect("the snapshot is sound");
        return (model, Box::new(contents));
    }
    let read = bloat::format::read_with(input, &Search::default(), |image| {
        let model = bloat::attrib::attribute(input, image, &Packages::default());
        (model, Box::new(Unread::new(input, image)) as Box<dyn Holds + Send>)
    });
    read.expect("the subject is a binary")
}

/// What `bloat diff` shows where nothing else is asked for.
fn compare((old, in_old): &Side<'_>, (new, in_new): &Side<'_>) -> DiffReport {
    let view = DiffView { dims: vec![Dim::Crate, Dim::Symbol], ..DiffView::default() };
    let old = Subject { model: old, contents: Some(&**in_old) };
    let new = Subject { model: new, contents: Some(&**in_new) };
    bloat::report::diff(old, new, &view, &DiffOptions { limit: Some(20), nested: Some(8) })
}

/// Both analyses, one after the other.
#[divan::bench(min_time = 3, max_time = 20)]
fn analyses(bencher: Bencher<'_, '_>) {
    bencher
        .counter(count(&inputs()))
        .bench_local(|| inputs().each_ref().map(|input| read(input).0.leaves.len()));
}

/// Both analyses and the comparison.
#[divan::bench(min_time = 3, max_time = 20)]
fn diff(bencher: Bencher<'_, '_>) {
    bencher.counter(count(&inputs())).bench_local(|| {
        let [old, new] = inputs();
        let (old, new) = rayon::join(|| read(&old), || read(&new));
        compare(&old, &new).rows.len()
    });
}

/// The comparison alone.
#[divan::bench(min_time = 3, max_time = 20)]
fn comparison(bencher: Bencher<'_, '_>) {
    let inputs = inputs();
    let [old, new] = inputs.each_ref().map(read);
    bencher.counter(count(&inputs)).bench_local(|| compare(&old, &new).rows.len());
}
