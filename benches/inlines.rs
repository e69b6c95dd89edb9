//! What views of inlined functions and lines cost, against a floor.
//!
//! The floor is to decode every attribute of every entry and every row of every line program
//! once, in parallel over units, and to do nothing with them. The views may take three times as
//! long. The subject is the ELF file that `BLOAT_BENCH_FILE` names, with its debug information
//! inside and not compressed, or this program itself.

#[path = "subject/dwarf.rs"]
mod dwarf;
mod subject;

use bloat::format::Detail;
use bloat::input::Input;
use bloat::model::view::{Dim, View, tree};
use bloat::project::Packages;
use divan::Bencher;
use subject::subject;

fn main() {
    divan::main();
}

/// Every attribute and every row, decoded once.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn floor(bencher: Bencher<'_, '_>) {
    let input = subject();
    bencher.bench_local(|| {
        let file = object::File::parse(input.bytes()).expect("the subject is an object file");
        let all = dwarf::all(&dwarf::sections(&file));
        assert!(all > 0, "the subject has no debug information");
        all
    });
}

fn answer(input: &Input, dims: &[Dim], detail: Detail) -> usize {
    let image = bloat::format::read_detailed(input, detail).expect("the subject is a binary");
    let model = bloat::attrib::attribute(input, &image, &Packages::default());
    tree(&model, &View { dims: dims.to_vec(), ..View::default() }).roots.len()
}

/// A view that needs no more than an overview does: what the others have on top of the floor.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn plain(bencher: Bencher<'_, '_>) {
    let input = subject();
    bencher.bench_local(|| answer(&input, &[Dim::Crate], Detail::Plain));
}

/// Views of functions and lines, from the bytes to the groups.
#[divan::bench(sample_count = 10, sample_size = 1, args = [Dim::Inlined, Dim::File, Dim::Line])]
fn view(bencher: Bencher<'_, '_>, dim: &Dim) {
    let input = subject();
    let detail = if *dim == Dim::Inlined { Detail::Functions } else { Detail::Lines };
    bencher.bench_local(|| answer(&input, &[*dim], detail));
}
