//! How long each phase of an analysis takes.
//!
//! The subject is the file that `BLOAT_BENCH_FILE` names, or this program itself:
//! optimised Rust with symbols. Each phase gets what the one before it made.

mod subject;

use bloat::model::Model;
use bloat::model::view::{Dim, View, tree};
use bloat::project::Packages;
use divan::Bencher;
use divan::counter::BytesCount;
use subject::subject;

fn main() {
    divan::main();
}

fn model() -> Model {
    bloat::analyze(&subject()).expect("the subject is ELF")
}

/// Bytes to facts.
#[divan::bench(max_time = 2)]
fn read(bencher: Bencher<'_, '_>) {
    let input = subject();
    let bencher = bencher.counter(BytesCount::new(input.bytes().len()));
    bencher.bench_local(|| bloat::format::read(&input).expect("it is ELF").symbols.len());
}

/// Facts to owners.
#[divan::bench(max_time = 2)]
fn attribute(bencher: Bencher<'_, '_>) {
    let input = subject();
    let image = bloat::format::read(&input).expect("it is ELF");
    let packages = Packages::default();
    let bencher = bencher.counter(BytesCount::new(input.bytes().len()));
    bencher.bench_local(|| bloat::attrib::attribute(&input, &image, &packages));
}

/// Owners to groups.
#[divan::bench(max_time = 1, args = [Dim::Kind, Dim::Crate, Dim::Symbol, Dim::Module])]
fn group(bencher: Bencher<'_, '_>, dim: &Dim) {
    let model = model();
    let view = View { dims: vec![*dim], ..View::default() };
    bencher.bench_local(|| tree(&model, &view).roots.len());
}

/// Owners to the ledger, every name demangled.
#[divan::bench(max_time = 2)]
fn ledger(bencher: Bencher<'_, '_>) {
    let model = model();
    bencher.bench_local(|| {
        let mut rows = 0u64;
        let Ok(()) = bloat::report::ledger(&model, |row| {
            rows += u64::from(row.size > 0);
            Ok::<(), std::convert::Infallible>(())
        });
        rows
    });
}
