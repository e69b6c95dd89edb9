//! dSYM bundles tell the same as if their debug information were in the program.

use std::path::{Path, PathBuf};

use bloat::input::Input;
use bloat::input::companion::Search;
use bloat::model::Model;
use bloat::model::filter::Filter;
use bloat::model::view::{Dim, Sort, View, tree};
use bloat::project::Packages;

fn macho(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/macho").join(name)
}

/// Looks beside the binary where `beside`, and at what is given.
fn analyze(name: &str, beside: bool, given: &[&str]) -> Model {
    let input = Input::open(&macho(name)).expect("it is there");
    let given = given.iter().map(|name| macho(name)).collect();
    let search = Search { given, beside, system: Vec::new(), ..Search::default() };
    let model = bloat::analyze_with(&input, &Packages::default(), &search);
    let model = model.unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(model.check(), Ok(()), "{name}");
    model
}

/// Bytes of code by crate and evidence.
fn code(model: &Model, dims: &[Dim]) -> Vec<(Vec<String>, u64)> {
    let filter = Some(Filter::parse("kind=code").expect("it is a filter"));
    let dims = dims.to_vec();
    let answer = tree(model, &View { dims, filter, sort: Sort::Name, ..View::default() });
    let mut rows = Vec::new();
    for outer in &answer.roots {
        for inner in &outer.children {
            let labels = vec![answer.keys[0].label(outer.key), answer.keys[1].label(inner.key)];
            rows.push((labels, inner.sizes.file));
        }
    }
    rows
}

#[test]
fn a_stripped_program_with_its_bundle_is_as_good_as_the_whole() {
    let dims = [Dim::Section, Dim::Crate];
    let whole = analyze("station-x86_64-v1", true, &[]);
    assert_eq!(whole.facts.debug_files.len(), 1, "{:?}", whole.facts.debug_files);
    let stripped = analyze("station-x86_64-v1-stripped", true, &[]);
    assert!(stripped.facts.debug_files.is_empty(), "the bundle has another name");
    assert_ne!(code(&stripped, &dims), code(&whole, &dims));
    let given = analyze("station-x86_64-v1-stripped", true, &["station-x86_64-v1.dSYM"]);
    // Sizes of functions are in the debug map, which is stripped; the bundle leaves filler behind some.
    let (given_rows, whole_rows) = (code(&given, &dims), code(&whole, &dims));
    assert_eq!(given_rows.len(), whole_rows.len());
    let off: u64 = given_rows.iter().zip(&whole_rows).map(|((_, a), (_, b))| a.abs_diff(*b)).sum();
    assert!(given_rows.iter().zip(&whole_rows).all(|((a, _), (b, _))| a == b) && off <= 32, "{off} bytes");
    assert!(given.facts.stripped);
}

#[test]
fn each_slice_finds_its_own() {
    let bundles = ["station-x86_64-v1.dSYM", "station-arm64-v1.dSYM"];
    let both = analyze("station-universal-v1", false, &bundles);
    assert_eq!(both.facts.debug_files.len(), 2);
    // The order in which they are named is of no matter.
    let again = analyze("station-universal-v1", false, &[bundles[1], bundles[0]]);
    let dims = [Dim::Member, Dim::Crate];
    assert_eq!(code(&both, &dims), code(&again, &dims));
    // Each slice has what the thin program has.
    for (member, thin) in [("x86_64", "station-x86_64-v1"), ("arm64", "station-arm64-v1")] {
        let alone = code(&analyze(thin, true, &[]), &[Dim::Crate, Dim::Section]);
        let sum: u64 = alone.iter().map(|(_, size)| size).sum();
        let of_slice: u64 =
            code(&both, &dims).iter().filter(|(path, _)| path[0] == member).map(|(_, size)| size).sum();
        assert_eq!(of_slice, sum, "{member}");
    }
    // A bundle of both.
    let shelf = analyze("shelf-universal", true, &[]);
    assert_eq!(shelf.facts.debug_files.len(), 1, "{:?}", shelf.diagnostics);
    let units = code(&shelf, &[Dim::Member, Dim::Unit]);
    for member in ["x86_64", "arm64"] {
        let of = |unit: &str| units.iter().any(|(path, _)| path[0] == member && path[1].ends_with(unit));
        assert!(of("main.c") && of("shelf.c"), "{member}: {units:?}");
    }
}

#[test]
fn a_bundle_of_another_build_is_refused_with_both_ids() {
    let path = macho("station-arm64-v1");
    let input = Input::open(&path).expect("it is there");
    let given = vec![macho("station-x86_64-v1.dSYM/Contents/Resources/DWARF/station-x86_64-v1")];
    let search = Search { given, ..Search::nowhere() };
    let error = bloat::analyze_with(&input, &Packages::default(), &search).unwrap_err().to_string();
    // `llvm-dwarfdump --uuid`
    let (own, other) = ("4c4c4465", "4c4c44de");
    assert!(error.contains(own) && error.contains(other), "{error}");
}

#[test]
fn a_bundle_given_as_a_folder_is_refused_with_both_ids() {
    let input = Input::open(&macho("station-x86_64-v1")).expect("it is there");
    let search = Search { given: vec![macho("station-arm64-v1.dSYM")], ..Search::nowhere() };
    let error = bloat::analyze_with(&input, &Packages::default(), &search).unwrap_err().to_string();
    // `llvm-dwarfdump --uuid`
    let (own, other) = ("4c4c44de", "4c4c4465");
    assert!(error.contains(own) && error.contains(other), "{error}");
    assert!(error.contains("Contents/Resources/DWARF/station-arm64-v1 in it"), "{error}");
}

#[test]
fn after_fat_lto_no_rust_counts_as_c() {
    // Without its bundle: all that tells what is C are the entries for debuggers, which name
    // one object file for Rust and one for C.
    let model = analyze("station-arm64-v2", false, &[]);
    let of_c: Vec<(Vec<String>, u64)> = code(&model, &[Dim::Crate, Dim::Symbol])
        .into_iter()
        .filter(|(labels, _)| labels[0] == "[C/C++]")
        .collect();
    // Their sizes as llvm-nm --debug-syms has them: what follows N_FUN in checksum.c.
    let label = |name: &str| vec!["[C/C++]".to_string(), name.to_string()];
    assert_eq!(of_c, [(label("checksum"), 0x44), (label("fold"), 0x28)]);
}
