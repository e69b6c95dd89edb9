//! Copies of generics: as many and as large as the symbol table says, whichever mangling names have.
#![expect(clippy::print_stderr, reason = "a skipped comparison has to be seen")]

#[path = "../elf_builder/mod.rs"]
mod elf_builder;
mod made;
#[path = "../oracles/mod.rs"]
mod oracles;
#[path = "../program/mod.rs"]
mod program;
#[path = "../subjects/mod.rs"]
mod subjects;
mod table;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use program::{bloat, run, stdout};
use serde_json::Value;
use subjects::{fixture, scratch, self_exe};
use table::{Count, counted, path_of_item};

/// `copies.rs` with names of one mangling, compiled once.
fn built(mangling: &str) -> PathBuf {
    static V0: OnceLock<PathBuf> = OnceLock::new();
    static LEGACY: OnceLock<PathBuf> = OnceLock::new();
    let place = if mangling == "v0" { &V0 } else { &LEGACY };
    place.get_or_init(|| compiled(mangling)).clone()
}

/// Compiles it as it is written: nothing is inlined.
fn compiled(mangling: &str) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/generics/copies.rs");
    let program = scratch(&format!("copies-{mangling}"));
    let output = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .args(["--edition", "2024", "-Copt-level=0", "-Ccodegen-units=1", "-Cdebuginfo=0"])
        .args(["-Zunstable-options", &format!("-Csymbol-mangling-version={mangling}")])
        .arg(source)
        .arg("-o")
        .arg(&program)
        // The older mangling is an option of unstable compilers.
        .env("RUSTC_BOOTSTRAP", "1")
        .output()
        .expect("rustc runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    program
}

fn ask(file: &Path, more: &[&str]) -> Value {
    let text = stdout(bloat().arg("generics").arg(file).args(["--format", "json"]).args(more));
    serde_json::from_str(&text).expect("it is JSON")
}

fn rows(report: &Value) -> &[Value] {
    report["rows"].as_array().expect("there are rows")
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("a number: {value}"))
}

/// Copies and bytes by path.
fn by_path(report: &Value) -> BTreeMap<String, Count> {
    let mut all: BTreeMap<String, Count> = BTreeMap::new();
    for row in rows(report) {
        let count = all.entry(path_of_item(row["name"].as_str().expect("a name"))).or_default();
        count.copies += number(&row["copies"]);
        count.size += number(&row["size"]);
    }
    all
}

/// All functions of Rust: every group has at least one copy.
const ALL: [&str; 4] = ["-n", "0", "--min-copies", "1"];

#[test]
fn copies_and_bytes_are_those_of_nm() {
    let mut files: Vec<PathBuf> =
        ["demo-x86_64-v0", "demo-x86_64-symtab", "demo-x86_64-lto"].map(fixture).to_vec();
    if cfg!(target_os = "linux") {
        files.extend([built("v0"), built("legacy"), self_exe()]);
    }
    for file in files {
        let Some(wanted) = counted(&file) else { return };
        let report = ask(&file, &ALL);
        let found = by_path(&report);
        for (path, count) in &wanted.by_path {
            assert_eq!(found.get(path), Some(count), "{path} in {}", file.display());
        }
        for path in found.keys() {
            let known = wanted.by_path.contains_key(path) || wanted.unsure.contains(path);
            assert!(known, "{path} in {} is no function of nm", file.display());
        }
        let copies: u64 = wanted.by_path.values().map(|count| count.copies).sum();
        assert!(copies > 10 && copies > 20 * wanted.unsure.len() as u64, "{}: {copies}", file.display());
    }
}

#[test]
fn drop_glue_sums_to_that_of_nm() {
    if !cfg!(target_os = "linux") {
        eprintln!("SKIPPED: `nm -S` tells sizes of ELF only");
        return;
    }
    for file in [built("v0"), built("legacy"), self_exe()] {
        let Some(wanted) = counted(&file) else { return };
        let wanted = wanted.by_path["core::ptr::drop_in_place"];
        for by in ["dropped", "dropped-type"] {
            let report = ask(&file, &[ALL.as_slice(), &["--by", by]].concat());
            let part = |key: &str| number(&report["repeated"][key]) + number(&report["fewer"][key]);
            assert_eq!((part("copies"), part("size")), (wanted.copies, wanted.size), "{}", file.display());
            assert_eq!(number(&report["other_rust"]["size"]), 0);
            assert_eq!(part("size") + number(&report["other_code"]), number(&report["code"]));
        }
    }
}

/// Each number follows from the source.
#[test]
fn copies_are_those_that_the_source_asks_for() {
    let wanted = [
        // u32, str, String; by `later` u8, &str, char.
        ("<_ as copies::Describe>::describe", 6, 1),
        // u8, f64, char.
        ("copies::largest", 3, 1),
        ("copies::Grid::sum", 2, 1),
        ("copies::wait", 3, 1),
        // Square, Circle, and Scaled of either.
        ("copies::Shape::twice", 4, 1),
        ("<copies::Scaled as copies::Shape>::area", 2, 1),
        ("<copies::Mark as core::convert::From>::from", 2, 2),
    ];
    for mangling in ["v0", "legacy"] {
        let file = built(mangling);
        let report = ask(&file, &["-n", "0", "--filter", "crate=copies"]);
        for (name, copies, impls) in wanted {
            let plain = |row: &&Value| row["name"].as_str().is_some_and(|n| n.replace("<_>", "") == name);
            let row = rows(&report).iter().find(plain).unwrap_or_else(|| panic!("{name}: {report:#}"));
            // Only v0 names tell one impl from another.
            let items = if mangling == "v0" { impls } else { 1 };
            assert_eq!((number(&row["copies"]), number(&row["items"])), (copies, items), "{name} {mangling}");
            assert_eq!(row["instantiated_by"][0]["crate"], "copies");
        }
        // With its closures, of which each copy of the function has its own.
        let report = ask(&file, &["-n", "0", "--fold"]);
        for (name, functions) in [("copies::largest", 6), ("copies::Grid::sum", 4), ("copies::later", 6)] {
            let plain = |row: &&Value| row["name"].as_str().is_some_and(|n| n.replace("<_>", "") == name);
            let row = rows(&report).iter().find(plain).unwrap_or_else(|| panic!("{name}: {report:#}"));
            assert_eq!((number(&row["copies"]), number(&row["items"])), (functions, 2), "{name} {mangling}");
        }
        let tables = &report["vtables"]["by_trait"];
        let shape = tables.as_array().expect("by trait").iter().find(|row| row["trait"] == "copies::Shape");
        let shape = shape.unwrap_or_else(|| panic!("{tables:#}"));
        // Drop glue, size, alignment and three methods each.
        assert_eq!((number(&shape["tables"]), number(&shape["bytes"])), (4, 4 * 6 * 8), "{mangling}");
    }
}

#[test]
fn types_have_their_methods_and_their_drop_glue() {
    for mangling in ["v0", "legacy"] {
        let report = ask(&built(mangling), &["-n", "0", "--min-copies", "1", "--by", "type"]);
        let row = |name: &str| {
            let found = rows(&report).iter().find(|row| row["name"] == name);
            let row = found.unwrap_or_else(|| panic!("{name}: {report:#}"));
            (number(&row["copies"]), number(&row["items"]))
        };
        // `sum` and its closure, for two sizes.
        assert_eq!(row("copies::Grid<_>"), (4, 2), "{mangling}");
        // `area` and `name` for two types; glue for the one that holds a text.
        assert_eq!(row("copies::Scaled<_>"), (5, 3), "{mangling}");
    }
}

#[test]
fn both_manglings_give_the_same_groups() {
    let [v0, legacy] = ["v0", "legacy"].map(|mangling| by_path(&ask(&built(mangling), &ALL)));
    assert!(v0.len() > 100, "{}", v0.len());
    for path in v0.keys().chain(legacy.keys()) {
        assert_eq!(v0.get(path), legacy.get(path), "{path}");
    }
}

#[test]
fn v0_names_tell_what_copies_are_filled_in_with() {
    let asked = |mangling: &str, name: &str| -> Vec<String> {
        let text = stdout(bloat().arg("generics").arg(built(mangling)).args([name, "--format", "json"]));
        let report: Value = serde_json::from_str(&text).expect("it is JSON");
        let copies = report["copies"].as_array().expect("copies").iter().map(|copy| {
            let own = copy["self_type"].as_str().map(|kind| format!("Self = {kind}"));
            let list = copy["arguments"].as_array().into_iter().flatten();
            let list = list.map(|text| text.as_str().expect("text").to_string());
            own.into_iter().chain(list).collect::<Vec<_>>().join(", ")
        });
        let mut copies: Vec<String> = copies.collect();
        copies.sort();
        copies
    };
    assert_eq!(asked("v0", "copies::largest"), ["char", "f64", "u8"]);
    assert_eq!(asked("v0", "Grid::sum"), ["Self = copies::Grid<2>", "Self = copies::Grid<3>"]);
    assert_eq!(
        asked("v0", "<_ as copies::Describe>::describe"),
        [
            "Self = &str",
            "Self = alloc::string::String",
            "Self = char",
            "Self = str",
            "Self = u32",
            "Self = u8"
        ]
    );
    assert_eq!(asked("legacy", "copies::largest"), ["", "", ""]);
}

#[test]
fn sums_hold_whatever_is_asked() {
    let file = fixture("demo-x86_64-v0");
    let code = {
        let text = stdout(bloat().arg("show").arg(&file).args(["--filter", "kind=code", "--format", "json"]));
        let report: Value = serde_json::from_str(&text).expect("it is JSON");
        number(&report["shown"]["file"])
    };
    for more in [
        "",
        "-n 3",
        "-n 0 --min-copies 5 --sort saving",
        "--fold --sort copies",
        "--by dropped -n 2 --sort name",
        "--by dropped-type",
        "--by type -n 0",
        "--filter crate!=std -n 4",
    ] {
        let report = ask(&file, &more.split_whitespace().collect::<Vec<_>>());
        let parts = ["repeated", "fewer", "other_rust"].map(|part| number(&report[part]["size"]));
        let sum = parts.iter().sum::<u64>() + number(&report["other_code"]);
        assert_eq!(sum, number(&report["code"]), "{more}");
        if !more.contains("filter") {
            assert_eq!(sum, code, "{more}");
        }
        let of_rows = |key: &str| rows(&report).iter().map(|row| number(&row[key])).sum::<u64>();
        for key in ["copies", "size", "saving_estimate"] {
            assert_eq!(of_rows(key), number(&report["repeated"][key]), "{more}: {key}");
        }
        for row in rows(&report).iter().filter(|row| row.get("rest").is_none()) {
            let [copies, size, largest, mean, saving] =
                ["copies", "size", "largest", "mean", "saving_estimate"].map(|key| number(&row[key]));
            assert_eq!(mean, size / copies);
            assert!(largest <= size && saving + largest <= size, "{row}");
            if number(&row["items"]) == 1 {
                assert_eq!(saving, size - largest, "{row}");
            }
            let by = row["instantiated_by"].as_array().expect("crates");
            let by = |key: &str| by.iter().map(|krate| number(&krate[key])).sum::<u64>();
            assert_eq!((by("copies"), by("size")), (copies, size), "{row}");
        }
    }
}

#[test]
fn all_formats_say_the_same() {
    let file = fixture("demo-x86_64-v0");
    let report = ask(&file, &["-n", "5"]);
    let first = rows(&report)[0]["name"].as_str().expect("a name").to_string();
    let size = number(&rows(&report)[0]["size"]);
    let written = |format: &str| {
        stdout(bloat().arg("generics").arg(&file).args(["-n", "5", "--bytes", "--format", format]))
    };
    let csv = written("csv");
    assert_eq!(csv.lines().count(), rows(&report).len() + 1, "{csv}");
    assert!(csv.lines().nth(1).is_some_and(|line| line.contains(&format!(",{size},"))), "{csv}");
    let with_commas = |n: u64| bloat::render::bytes(n);
    for format in ["text", "markdown"] {
        let text = written(format);
        let line = text.lines().find(|line| line.contains(&first)).unwrap_or_else(|| panic!("{text}"));
        assert!(line.contains(&with_commas(size)), "{line}");
        assert!(text.contains("estimate"), "{text}");
    }
    let one = stdout(bloat().arg("generics").arg(&file).args([&first, "--format", "csv"]));
    assert_eq!(one.lines().count() as u64, number(&rows(&report)[0]["copies"]) + 1, "{one}");
    for format in ["text", "markdown"] {
        let one = stdout(bloat().arg("generics").arg(&file).args([&first, "--format", format]));
        assert!(one.contains(&first), "{one}");
    }
}

#[test]
fn what_has_no_copies_is_an_error_with_a_way_out() {
    let output = run(bloat().arg("generics").arg(fixture("demo-x86_64-v0")).arg("no_such_function"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("`no_such_function`") && said.contains("hint:"), "{said}");
}

#[test]
fn a_snapshot_has_the_same_groups() {
    let (file, saved) = (fixture("demo-x86_64-v0"), scratch("generics.parquet"));
    stdout(bloat().arg("save").arg(&file).arg("-o").arg(&saved));
    for more in [ALL.as_slice(), &["-n", "0", "--fold"], &["--by", "dropped-type"], &["--by", "type"]] {
        let [mut binary, snapshot] = [&file, &saved].map(|file| ask(file, more));
        if let Some(tables) = binary.get_mut("vtables").and_then(Value::as_object_mut) {
            // A snapshot has sums.
            tables.remove("tables");
            tables.remove("by_trait");
        }
        for key in ["rows", "repeated", "fewer", "other_rust", "other_code", "vtables"] {
            assert_eq!(binary.get(key), snapshot.get(key), "{key} {more:?}");
        }
    }
}

#[test]
fn every_format_is_answered() {
    for (file, least) in [
        ("bin/demo-x86_64-stripped", 0),
        ("bin/bare-riscv64", 0),
        ("archive/libseries-elf.rlib", 1),
        ("macho/station-arm64-v1", 5),
        ("macho/station-universal-v1", 5),
        ("pe/station-msvc-x86_64-v1.exe", 5),
        ("pe/station-gnu-x86_64-v2.exe", 5),
        ("wasm/station-names-v1.wasm", 5),
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(file);
        let report = ask(&path, &ALL);
        let groups = number(&report["repeated"]["groups"]);
        assert!(groups >= least, "{file}: {groups}");
    }
}

/// What the numbers cannot show stands below them.
#[test]
fn files_without_names_and_with_several_programs_are_told() {
    let of = |name: &str, options: &[&str]| -> Vec<String> {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/macho").join(name);
        let mut command = bloat();
        command.arg("generics").arg(&file).args(["--format", "json"]).args(options);
        let report: Value = serde_json::from_str(&stdout(&mut command)).expect("it is JSON");
        let all = report["diagnostics"].as_array().expect("a list").iter();
        all.filter_map(|d| d["code"].as_str()).map(str::to_string).collect()
    };
    let has = |codes: &[String], code: &str| codes.iter().any(|c| c == code);
    for (name, options, nameless, several) in [
        ("station-x86_64-v1", &[][..], false, false),
        ("station-universal-v1", &[], false, true),
        ("station-universal-v1", &["--arch", "arm64"], false, false),
        ("station-x86_64-v1-stripped", &[], true, false),
        // Nothing passes, which says nothing of the file.
        ("station-x86_64-v1", &["--filter", "crate=nobody"], false, false),
    ] {
        let codes = of(name, options);
        assert_eq!(has(&codes, "no-names"), nameless, "{name} {options:?}: {codes:?}");
        assert_eq!(has(&codes, "several-architectures"), several, "{name} {options:?}: {codes:?}");
    }
}
