//! Advice stands on bytes that other tools see too, keeps its bounds, and recommends nothing that is set already.

mod oracles;
mod program;
mod subjects;

use std::path::{Path, PathBuf};

use oracles::oracle;
use program::{bloat, run, stdout};
use serde_json::Value;
use subjects::{fixture, fixtures, scratch};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name)
}

fn advise(file: &Path, more: &[&str]) -> Value {
    let text = stdout(bloat().arg("advise").arg(file).args(["--format", "json", "-n", "0"]).args(more));
    serde_json::from_str(&text).expect("it is JSON")
}

fn rows(report: &Value) -> &[Value] {
    report["advice"].as_array().expect("a list")
}

fn rule<'r>(report: &'r Value, rule: &str) -> Option<&'r Value> {
    rows(report).iter().find(|row| row["rule"] == rule)
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no number"))
}

/// Fixtures of every format.
fn all() -> Vec<PathBuf> {
    let more = [
        "macho/station-arm64-v1",
        "macho/station-universal-v1",
        "macho/libshelf.dylib",
        "pe/station-msvc-x86_64-v1.exe",
        "pe/station-gnu-x86_64-v1.exe",
        "pe/shelf-x86.dll",
        "wasm/station-names-v1.wasm",
        "wasm/station-component-dwarf-v1.wasm",
        "elf/firmware-thumbv7em-v1",
        "elf/station-s390x-v1",
        "archive/libshelf-thin.a",
    ];
    fixtures().into_iter().chain(more.map(data)).collect()
}

#[test]
fn bounds_are_bounds_and_evidence_is_in_the_file() {
    for file in all() {
        let report = advise(&file, &[]);
        let (size, shipped) = (number(&report["total"]["file"]), number(&report["shipped"]));
        assert!(shipped <= size);
        let mut before = u64::MAX;
        for row in rows(&report) {
            let at = format!("{}: {}", file.display(), row["rule"]);
            if let Some(saving) = row.get("saving") {
                let [low, likely, high] = ["low", "likely", "high"].map(|key| number(&saving[key]));
                assert!(low <= likely && likely <= high, "{at}: {saving}");
                assert!(high <= if saving["of"] == "file" { size } else { shipped }, "{at}: {saving}");
                assert!(likely <= before, "{at}: not in order");
                before = likely;
            } else {
                before = 0;
            }
            for proof in row["evidence"].as_array().expect("a list") {
                assert!((1..=size).contains(&number(&proof["file"])), "{at}: {proof}");
            }
            assert!(!row["change"]["text"].as_str().expect("a text").is_empty(), "{at}");
        }
    }
}

#[test]
fn stripping_saves_what_is_said() {
    for name in ["demo-x86_64-dwarf4", "demo-x86_64-symtab", "demo-x86_64-v0", "tls-x86_64"] {
        let file = fixture(name);
        let stripped = scratch(name);
        let out = stripped.to_str().expect("paths of tests are text");
        if oracle("strip", &["-o", out], &file).is_none() {
            return;
        }
        let size = |path: &Path| std::fs::metadata(path).expect("it is there").len();
        let saved = size(&file) - size(&stripped);
        let report = advise(&file, &[]);
        let saving = &rule(&report, "strip").unwrap_or_else(|| panic!("{name} has symbols"))["saving"];
        let bounds = number(&saving["low"])..=number(&saving["high"]);
        assert!(bounds.contains(&saved), "{name}: strip saves {saved}, said was {saving}");
        assert!(rule(&advise(&stripped, &[]), "strip").is_none(), "{name} is stripped");
    }
}

#[test]
fn relative_relocations_are_those_of_readelf() {
    let file = data("elf/station-x86_64-v1");
    let Some(text) = oracle("readelf", &["-rW"], &file) else { return };
    let entries = text.lines().filter(|line| line.contains("R_X86_64_RELATIVE")).count() as u64;
    assert!(entries > 100, "a program has relocations");
    let report = advise(&file, &[]);
    let row = rule(&report, "relr").expect("they are not packed");
    // An entry of RELA has three words of eight bytes.
    assert_eq!(number(&row["evidence"][0]["file"]), entries * 24);
    for packed in ["pointers-x86_64-relr", "pointers-x86_64-android"] {
        assert!(rule(&advise(&fixture(packed), &[]), "relr").is_none(), "{packed}");
    }
}

#[test]
fn nothing_is_recommended_that_is_done() {
    // Built with `-Cpanic=abort -Copt-level=s`: see the manifest of the fixtures.
    let station = advise(&data("elf/station-x86_64-v1"), &[]);
    assert_eq!(
        (&station["settings"]["panic"], &station["settings"]["opt_level"]),
        (&"abort".into(), &"size".into())
    );
    for done in ["panic-abort", "opt-level-s", "opt-level-z"] {
        assert!(rule(&station, done).is_none(), "{done}");
    }
    let firmware = advise(&data("elf/firmware-thumbv7em-v1"), &[]);
    assert!(rule(&firmware, "panic-abort").is_none(), "it has no unwinding");
    let c = advise(&fixture("bare-i686"), &[]);
    for of_rust in ["lto", "opt-level-z", "panic-abort", "std-machinery"] {
        assert!(rule(&c, of_rust).is_none(), "{of_rust} for a program in C");
    }
}

#[test]
fn slices_of_a_universal_file_are_those_of_its_header() {
    let file = data("macho/station-universal-v1");
    let bytes = std::fs::read(&file).expect("readable");
    // `fat_header` and `fat_arch`, big-endian: cputype, cpusubtype, offset, size, align.
    let word = |at: usize| u64::from(u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes")));
    let sizes: Vec<u64> = (0..word(4) as usize).map(|slice| word(8 + slice * 20 + 12)).collect();
    let report = advise(&file, &[]);
    let row = rule(&report, "universal").expect("it is universal");
    let said: Vec<u64> =
        row["evidence"].as_array().expect("a list").iter().map(|p| number(&p["file"])).collect();
    assert_eq!(said, sizes);
    let largest = sizes.iter().max().expect("slices");
    assert_eq!(number(&row["saving"]["low"]), bytes.len() as u64 - largest);
}

#[test]
fn goals_leave_out_what_is_rarely_worth_it() {
    let file = data("pe/station-msvc-x86_64-v1.exe");
    let all = advise(&file, &[]);
    let server = advise(&file, &["--goal", "server"]);
    assert_eq!(server["goal"], "server");
    for costly in ["opt-level-z", "opt-level-s", "std-machinery"] {
        assert!(rule(&all, costly).is_some(), "{costly}: nobody asked for a goal");
        assert!(rule(&server, costly).is_none(), "{costly} for a server");
    }
    assert!(rule(&server, "lto").is_some());
}

#[test]
fn text_and_markdown_say_the_same() {
    let file = fixture("demo-x86_64-symtab");
    let report = advise(&file, &[]);
    let text = stdout(bloat().arg("advise").arg(&file).args(["-n", "0", "--bytes"]));
    let markdown =
        stdout(bloat().arg("advise").arg(&file).args(["-n", "0", "--bytes", "--format", "markdown"]));
    for row in rows(&report) {
        let title = row["title"].as_str().expect("a text");
        assert!(text.contains(title), "{title} is not in the text");
        assert!(markdown.contains(&format!("| `{title}` |")), "{title} is not in the table");
    }
    let short = stdout(bloat().arg("advise").arg(&file).args(["-n", "2"]));
    assert!(short.contains(&format!("\n{} more; -n 0 shows all\n", rows(&report).len() - 2)), "{short}");
}

#[test]
fn what_can_be_done_at_once_contradicts_nothing() {
    let report = advise(&fixture("demo-x86_64-symtab"), &[]);
    let together = &report["together"];
    let text = together["changes"][0]["text"].as_str().expect("a profile");
    let keys: Vec<&str> = text.lines().skip(1).map(|line| line.split(" = ").next().expect("a key")).collect();
    let mut once = keys.clone();
    once.dedup();
    assert!(text.starts_with("[profile.release]\n") && keys == once, "{text}");
    assert!(text.contains("strip = true"), "{text}");
    let likely = |name: &str| rule(&report, name).map_or(0, |row| number(&row["saving"]["likely"]));
    let of_file = ["strip"];
    let rules: Vec<&str> =
        together["rules"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    let sum: u64 = rules.iter().filter(|name| !of_file.contains(name)).map(|name| likely(name)).sum();
    assert_eq!(number(&together["saving"]["likely"]), sum);
}

#[test]
fn functions_that_linkers_fold_are_those_of_duplicates() {
    let file = data("elf/station-x86_64-v1");
    let text = stdout(bloat().arg("duplicates").arg(&file).args(["--format", "json", "-n", "0"]));
    let duplicates: Value = serde_json::from_str(&text).expect("it is JSON");
    let report = advise(&file, &[]);
    let row = rule(&report, "identical-code").expect("some are equal");
    assert_eq!(
        row["evidence"][0]["file"], duplicates["functions"]["saved"]["all"],
        "{}",
        duplicates["functions"]
    );
    assert!(rule(&advise(&data("pe/station-msvc-x86_64-v1.exe"), &[]), "identical-code").is_none());
}

#[test]
fn what_nothing_refers_to_is_what_the_linker_would_drop() {
    let source = scratch("unused.rs");
    let text = "pub fn unused(x: &str) -> Vec<String> { x.split(',').map(|s| s.trim().to_uppercase()).collect() }\n\
         fn main() { println!(\"{:?}\", std::env::args().collect::<Vec<_>>()) }\n";
    std::fs::write(&source, text).expect("writable");
    let build = |name: &str, flags: &[&str]| {
        let out = scratch(name);
        let mut rustc = std::process::Command::new("rustc");
        rustc
            .args(["-O", "--edition", "2021", "--crate-name", "unused"])
            .args(flags)
            .arg("-o")
            .arg(&out)
            .arg(&source);
        assert!(rustc.status().expect("rustc starts").success());
        out
    };
    let (plain, all) = (build("linked", &[]), build("linked-all", &["-C", "link-dead-code"]));
    assert!(rule(&advise(&plain, &[]), "dead-code").is_none(), "rustc has the linker drop what is not used");
    if cfg!(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))) {
        return;
    }
    let report = advise(&all, &[]);
    let saving = &rule(&report, "dead-code").expect("it has all of its crates")["saving"];
    let shipped = |file: &Path| number(&advise(file, &[])["shipped"]);
    let saved = shipped(&all) - shipped(&plain);
    assert!((number(&saving["low"])..=number(&saving["high"])).contains(&saved), "{saved}: {saving}");
}

#[test]
fn rules_have_names() {
    let file = fixture("demo-x86_64-symtab");
    let one = advise(&file, &["--only", "lto,strip"]);
    assert_eq!(rows(&one).len(), 2, "{one}");
    let output = run(bloat().arg("advise").arg(&file).args(["--only", "tables-of-moon"]));
    assert_eq!(output.status.code(), Some(2));
    let hint = String::from_utf8_lossy(&output.stderr).into_owned();
    for file in all() {
        for row in rows(&advise(&file, &[])) {
            let name = row["rule"].as_str().expect("a name");
            assert!(
                hint.contains(&format!("{name},")) || hint.contains(&format!("{name}\n")),
                "{name}: {hint}"
            );
        }
    }
}

#[test]
fn a_file_is_not_built() {
    for flags in [&["--measure"] as &[&str], &["--features", "x"], &["--bin", "app"]] {
        let output = run(bloat().arg("advise").arg(fixture("stack-x86_64")).args(flags));
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{words}");
        assert!(words.contains("hint: leave out the file"), "{words}");
    }
}

#[test]
fn what_cannot_be_read_is_an_error() {
    let output = run(bloat().arg("advise").arg(data("manifest")));
    assert_eq!(output.status.code(), Some(2));
    let output = run(bloat().arg("advise").arg(fixture("stack-x86_64")).args(["--goal", "moon"]));
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("server, cli, lambda, wasm, embedded"));
}
