//! `bloat tree`: what each dependency costs, whoever lists the packages.

mod containers;
#[path = "../elf_builder/mod.rs"]
mod elf_builder;
#[path = "../program/mod.rs"]
mod program;
#[path = "../subjects/mod.rs"]
mod subjects;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

use elf_builder::{Builder, CLASSES, EXEC, FUNC, Symbol};
use program::{bloat, run, stdout};
use subjects::scratch;

fn parsed(command: &mut Command) -> Value {
    serde_json::from_str(&stdout(command)).expect("it is JSON")
}

fn manifest() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")
}

fn rows(report: &Value) -> &Vec<Value> {
    report["rows"].as_array().expect("rows")
}

fn number(value: &Value) -> u64 {
    value.as_u64().expect("bytes are integers")
}

/// A program of the name of this one with a function of each package that is locked, and some of the standard
/// library's: what a real one says, told in moments. A snapshot, which knows no list of packages.
fn subject() -> &'static Path {
    static SNAPSHOT: OnceLock<PathBuf> = OnceLock::new();
    SNAPSHOT.get_or_init(|| {
        let program = scratch("subject");
        std::fs::write(&program, of_packages(&locked())).expect("writable");
        let path = scratch("bloat.parquet");
        let mut save = bloat();
        save.arg("save").arg(&program).arg("-o").arg(&path);
        stdout(save.arg("--manifest-path").arg(manifest()));
        path
    })
}

/// Names of crates of all packages in the lockfile.
fn locked() -> Vec<String> {
    let text = std::fs::read_to_string(lockfile()).expect("readable");
    let names = text.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
    let names: BTreeSet<String> = names.map(|name| name.replace('-', "_")).collect();
    names.into_iter().collect()
}

/// An ELF program with one function of each of these crates, each of another size.
fn of_packages(crates: &[String]) -> Vec<u8> {
    const ADDRESS: u64 = 0x40_1000;
    const OFFSET: u64 = 0x1000;
    let all = ["core", "alloc", "std"].into_iter().chain(crates.iter().map(String::as_str));
    let mut symbols: Vec<(String, u64, u64)> = Vec::new();
    let mut code: Vec<u8> = Vec::new();
    for (number, krate) in all.enumerate() {
        let size = 16 * (number as u64 + 1);
        // https://doc.rust-lang.org/rustc/symbol-mangling/v0.html; no `_` stands between length and letter.
        let name = format!("_RNvCs{number}x_{}{krate}4work", krate.len());
        symbols.push((name, ADDRESS + code.len() as u64, size));
        code.extend(std::iter::repeat_n(number as u8 | 1, size as usize));
    }
    let end = (OFFSET + code.len() as u64).next_multiple_of(16);
    let symbols: Vec<Symbol<'_>> =
        symbols.iter().map(|(name, at, size)| Symbol::new(name, FUNC, *at, *size)).collect();
    let mut builder = Builder::new(CLASSES[0]);
    builder.segment(5, OFFSET, ADDRESS, code.len() as u64, code.len() as u64);
    builder.loaded(".text", EXEC, ADDRESS, OFFSET, &code);
    builder.symbols(end, end + 0x8000, &symbols);
    builder.finish(end + 0x1_0000, end + 0x1_1000)
}

fn lockfile() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock")
}

/// Bytes of each crate in the file and in memory, by `show`.
type Crates = BTreeMap<String, (u64, u64)>;

fn shown(options: &[&str]) -> Crates {
    let mut show = bloat();
    show.arg("show").arg(subject()).args(["--by", "crate", "-n", "0", "--format", "json"]).args(options);
    let one = |row: &Value| {
        (row["name"].as_str().expect("a name").to_string(), (number(&row["file"]), number(&row["memory"])))
    };
    rows(&parsed(&mut show)).iter().map(one).collect()
}

fn crates() -> &'static Crates {
    static CRATES: OnceLock<Crates> = OnceLock::new();
    CRATES.get_or_init(|| shown(&[]))
}

fn tree(options: &[&str]) -> Value {
    parsed(bloat().arg("tree").arg(subject()).args(["--format", "json"]).args(options))
}

/// All of the tree, by the manifest.
fn whole() -> &'static Value {
    static WHOLE: OnceLock<Value> = OnceLock::new();
    WHOLE.get_or_init(|| tree(&["-n", "0", "--manifest-path", manifest().to_str().expect("UTF-8")]))
}

/// Every crate of `show` is in one row with the same bytes, and all rows sum to the file.
#[track_caller]
fn agrees(report: &Value) {
    let crates = crates();
    let mut seen: BTreeMap<String, ()> = BTreeMap::new();
    let mut sum = (0, 0);
    for row in rows(report) {
        let (file, memory) = (number(&row["file"]), number(&row["memory"]));
        sum = (sum.0 + file, sum.1 + memory);
        let mut names: Vec<&str> =
            row["crates"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if row["what"] == "crate" {
            names.extend(row["name"].as_str());
        }
        if names.is_empty() {
            assert_eq!(file, 0, "{row}");
            continue;
        }
        let known = names.iter().map(|name| crates[*name]);
        let own = known.fold((0, 0), |sum, size| (sum.0 + size.0, sum.1 + size.1));
        assert_eq!((file, memory), own, "{row}");
        for name in names {
            assert!(seen.insert(name.to_string(), ()).is_none(), "{name} is there twice");
        }
    }
    assert_eq!(seen.keys().collect::<Vec<_>>(), crates.keys().collect::<Vec<_>>());
    assert_eq!(sum, (number(&report["total"]["file"]), number(&report["total"]["memory"])));
}

/// Edges between packages in the rows of an answer.
fn edges(report: &Value) -> BTreeSet<(String, String)> {
    let mut above: Vec<String> = Vec::new();
    let mut edges = BTreeSet::new();
    for row in rows(report).iter().filter(|row| row["what"] == "package") {
        above.truncate(number(&row["depth"]) as usize);
        let name = row["name"].as_str().expect("a name").to_string();
        if let Some(from) = above.last() {
            edges.insert((from.clone(), name.clone()));
        }
        above.push(name);
    }
    edges
}

/// What can be reached, without one edge.
fn reached(
    edges: &BTreeSet<(String, String)>,
    from: &str,
    without: Option<&(String, String)>,
) -> BTreeSet<String> {
    let mut seen = BTreeSet::from([from.to_string()]);
    let mut open = vec![from.to_string()];
    while let Some(package) = open.pop() {
        for edge in edges.iter().filter(|e| e.0 == package && Some(*e) != without) {
            if seen.insert(edge.1.clone()) {
                open.push(edge.1.clone());
            }
        }
    }
    seen
}

/// Sizes of subtrees, and of what is gone without an edge, by walking the edges that `cargo tree` prints.
#[test]
fn packages_of_cargo_cost_what_their_crates_do() {
    let report = whole();
    agrees(report);
    assert_eq!((&report["direction"], &report["packages"]["from"]), (&json!("down"), &json!("cargo")));

    let root = report["packages"]["roots"][0].as_str().expect("a root").to_string();
    assert_eq!(root, format!("{}@{}", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")));
    let mut command = Command::new(env!("CARGO"));
    command.args([
        "tree",
        "--locked",
        "--offline",
        "-e",
        "normal,no-proc-macro",
        "--prefix",
        "depth",
        "--no-dedupe",
    ]);
    command.args(["--format", "{p}|{f}", "--manifest-path"]).arg(manifest());
    let listed = stdout(&mut command);
    let (mut expected, mut features) = (BTreeSet::new(), BTreeMap::new());
    let mut above: Vec<String> = Vec::new();
    for line in listed.lines() {
        let (package, enabled) = line.split_once('|').expect("as asked for");
        let depth: String = package.chars().take_while(char::is_ascii_digit).collect();
        let mut words = package[depth.len()..].split(' ');
        let name = format!(
            "{}@{}",
            words.next().expect("a name"),
            words.next().expect("a version").trim_start_matches('v')
        );
        above.truncate(depth.parse().expect("digits"));
        if let Some(from) = above.last() {
            expected.insert((from.clone(), name.clone()));
        }
        let enabled: BTreeSet<&str> = enabled.split(',').filter(|f| !f.is_empty()).collect();
        features.insert(name.clone(), json!(enabled));
        above.push(name);
    }
    assert!(expected.len() > 30, "{expected:?}");
    assert_eq!(edges(report), expected);

    let all = reached(&expected, &root, None);
    let own: BTreeMap<&str, u64> = rows(report)
        .iter()
        .filter(|row| row["what"] == "package" && row["repeat"].is_null())
        .map(|row| (row["name"].as_str().expect("a name"), number(&row["file"])))
        .collect();
    let sum = |packages: &BTreeSet<String>| packages.iter().map(|p| own[p.as_str()]).sum::<u64>();
    let mut above: Vec<String> = Vec::new();
    let mut unique = 0;
    for row in rows(report).iter().filter(|row| row["what"] == "package") {
        above.truncate(number(&row["depth"]) as usize);
        let name = row["name"].as_str().expect("a name");
        let total = number(&row["total"]["file"]);
        assert_eq!(total, sum(&reached(&expected, name, None)), "{name}");
        assert_eq!(total, number(&row["unique"]["file"]) + number(&row["shared"]["file"]), "{name}");
        if let Some(from) = above.last() {
            let kept = reached(&expected, &root, Some(&(from.clone(), name.to_string())));
            let gone = all.difference(&kept).cloned().collect();
            assert_eq!(number(&row["unique"]["file"]), sum(&gone), "{from} needs {name}");
            unique += usize::from(!gone.is_empty());
        }
        if row["repeat"].is_null() {
            assert_eq!(row["features"], features[name], "{name}");
        }
        above.push(name.to_string());
    }
    assert!(unique > 10, "only {unique} edges are the only ones");
    // This manifest switches these on.
    let of_clap = |row: &&Value| row["depth"] == 1 && row["key"]["package"] == "clap";
    let optional = rows(report).iter().find(of_clap).expect("this package needs clap");
    assert_eq!(optional["dependency"][0]["enabled_by"], json!(["cli"]));
    assert!(report["build_only"].as_array().is_some_and(|all| {
        all.iter().any(|p| p["package"] == "serde_derive" && p["proc_macro"] == true)
    }));
}

#[test]
fn a_lockfile_alone_is_enough() {
    let lockfile = lockfile();
    let lockfile = lockfile.to_str().expect("UTF-8");
    let report = tree(&["-n", "0", "--lockfile", lockfile]);
    agrees(&report);
    assert_eq!(report["packages"]["has_kinds"], false);
    let text = std::fs::read_to_string(lockfile).expect("readable");
    assert_eq!(number(&report["packages"]["count"]) as usize, text.matches("[[package]]").count());
}

#[test]
fn a_lockfile_of_another_build_is_told() {
    let text = std::fs::read_to_string(lockfile()).expect("readable");
    let version = text.split("name = \"gimli\"\nversion = \"").nth(1).and_then(|t| t.split('"').next());
    let version = version.expect("gimli is locked");
    let other = scratch("other.lock");
    let changed = text.replace(
        &format!("name = \"gimli\"\nversion = \"{version}\""),
        "name = \"gimli\"\nversion = \"9.9.9\"",
    );
    let gone =
        changed.replace("name = \"iced-x86\"", "name = \"iced-y86\"").replace("\"iced-x86\"", "\"iced-y86\"");
    std::fs::write(&other, gone).expect("writable");
    let report = tree(&["-n", "0", "--lockfile", other.to_str().expect("UTF-8")]);
    agrees(&report);
    let row = |name: &str| {
        // The standard library has crates of these names too.
        let of_crate = |row: &&Value| row["key"]["crate"] == name && row["key"]["source"] != "std";
        rows(&report).iter().find(of_crate).unwrap_or_else(|| panic!("{name} is apart"))
    };
    assert_eq!(
        (&row("gimli")["why"], &row("gimli")["listed_versions"]),
        (&json!("other-versions"), &json!(["9.9.9"]))
    );
    assert_eq!(row("iced_x86")["why"], "unlisted");
    let issue = report["diagnostics"].as_array().expect("a list").iter();
    let issue = issue.filter(|d| d["code"] == "packages-do-not-match").collect::<Vec<_>>();
    let [issue] = issue[..] else { panic!("{issue:?}") };
    assert_eq!(issue["severity"], "warning");
    assert!(issue["message"].as_str().is_some_and(|m| m.contains("gimli") && m.contains("9.9.9")), "{issue}");
}

#[test]
fn what_limits_hide_is_counted() {
    let lockfile = lockfile();
    let lockfile = lockfile.to_str().expect("UTF-8");
    for options in [
        &["-n", "3"][..],
        &["--depth", "0"],
        &["--depth", "2", "-n", "2", "--sort", "name"],
        &["--measure", "mem"],
    ] {
        let report = tree(&[&["--lockfile", lockfile], options].concat());
        let sum = |key: &str| rows(&report).iter().map(|row| number(&row[key])).sum::<u64>();
        assert_eq!(
            (sum("file"), sum("memory")),
            (number(&report["total"]["file"]), number(&report["total"]["memory"])),
            "{options:?}"
        );
    }
    // Under a filter, rows sum to what passes it.
    let report = tree(&["--lockfile", lockfile, "--filter", "kind=code"]);
    let code = shown(&["--filter", "kind=code"]).values().map(|size| size.0).sum::<u64>();
    assert_eq!(rows(&report).iter().map(|row| number(&row["file"])).sum::<u64>(), code);
    assert_eq!(number(&report["shown"]["file"]), code);
}

#[test]
fn the_way_up_ends_where_the_way_down_starts() {
    let manifest = manifest();
    let manifest = manifest.to_str().expect("UTF-8");
    let up = tree(&["-n", "0", "--manifest-path", manifest, "--invert", "memchr"]);
    assert_eq!(up["direction"], "up");
    let target = up["rows"][0]["name"].as_str().expect("a name").to_string();
    assert!(target.starts_with("memchr@"));
    // Going up, edges are those that lead to it, the other way round.
    let flipped: BTreeSet<(String, String)> = edges(&up).into_iter().map(|(a, b)| (b, a)).collect();
    let all = edges(whole());
    let leads = |from: &str| reached(&all, from, None).contains(&target);
    let expected = all.iter().filter(|(_, to)| leads(to)).cloned().collect::<BTreeSet<_>>();
    assert!(expected.len() > 2);
    assert_eq!(flipped, expected);
}

#[test]
fn packages_that_are_not_there_are_told() {
    let list = json!({"packages": [
        {"name": "app", "version": "0.1.0", "source": "local", "dependencies": [1], "root": true},
        {"name": "memchr", "version": "2.8.0", "source": "crates.io"},
    ]});
    let file = with_list("asked", list.to_string().as_bytes());
    for (word, hint) in [
        ("memchr@1", "hint: of `memchr` it has 2.8.0"),
        ("memchrr", "hint: did you mean `memchr`?"),
        ("[headers]", "has bytes in the file"),
    ] {
        let output = run(bloat().arg("tree").arg(&file).args(["--invert", word]));
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2));
        assert!(said.contains(hint), "{said}");
    }
    let found = parsed(bloat().arg("tree").arg(&file).args(["--invert", "memchr@2", "--format", "json"]));
    let names: Vec<&str> = rows(&found).iter().filter_map(|row| row["name"].as_str()).collect();
    assert_eq!(names, ["memchr@2.8.0", "app@0.1.0"]);
}

/// What `cargo auditable` makes of a list.
fn pack(list: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(list).expect("memory is writable");
    packed.finish().expect("memory is writable")
}

/// An ELF file without code that holds a list of packages.
fn with_list(name: &str, list: &[u8]) -> PathBuf {
    let path = scratch(name);
    std::fs::write(&path, containers::elf(&pack(list))).expect("writable");
    path
}

#[test]
fn the_list_in_the_file_is_used_whatever_its_shape() {
    let package = |n: usize, needs: &[usize]| json!({"name": format!("p{n}"), "version": "1.0.0", "source": "crates.io", "dependencies": needs, "root": n == 0});
    let count = 3_000;
    let shapes: [(&str, Vec<Value>); 4] = [
        ("ring", (0..count).map(|n| package(n, &[(n + 1) % count])).collect()),
        (
            "chain",
            (0..count)
                .map(|n| package(n, if n + 1 < count { vec![n + 1] } else { vec![] }.as_slice()))
                .collect(),
        ),
        ("itself", vec![package(0, &[0, 0, 0])]),
        (
            "fan",
            (0..count).map(|n| package(n, &if n == 0 { (1..count).collect() } else { vec![0] })).collect(),
        ),
    ];
    for (shape, packages) in shapes {
        let file = with_list(shape, json!({"packages": packages}).to_string().as_bytes());
        let report = parsed(bloat().arg("tree").arg(&file).args(["-n", "0", "--format", "json"]));
        assert_eq!(report["packages"]["from"], "file");
        assert_eq!(number(&report["packages"]["linked"]) as usize, packages.len(), "{shape}");
        let shown = rows(&report).iter().filter(|row| row["what"] == "package" && row["repeat"].is_null());
        assert_eq!(shown.count(), packages.len(), "{shape}");
        for format in ["text", "csv", "markdown"] {
            let text = stdout(
                bloat().arg("tree").arg(&file).args(["-n", "0", "--format", format]).env("COLUMNS", "80"),
            );
            assert!(text.contains("p0"), "{shape} {format}");
            assert!(format != "text" || text.lines().all(|line| line.width() <= 80), "{shape}");
        }
    }
}

/// A path that lies in no target directory, as those of other tests may: what lies in one has a package.
fn outside(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("bloat-tree-{}-{name}", std::process::id()))
}

#[test]
fn names_in_lists_are_harmless_and_lists_may_be_wrong() {
    let evil = "\u{1b}[31m=cmd()|x\u{202e}";
    let list = json!({"packages": [{"name": evil, "version": "1\n2", "source": "local", "root": true}]});
    let file = with_list("evil", list.to_string().as_bytes());
    for format in ["text", "json", "csv", "markdown"] {
        let text = stdout(bloat().arg("tree").arg(&file).args(["--format", format]));
        assert!(text.chars().all(|c| c == '\n' || !c.is_control() && c != '\u{202e}'), "{format}: {text:?}");
    }
    for (name, list) in [
        ("no-list", &b"{}"[..]),
        ("no-json", b"\0\0"),
        (
            "dangling",
            br#"{"packages":[{"name":"a","version":"1","source":"x","dependencies":[4294967295]}]}"#,
        ),
    ] {
        let output = run(bloat().arg("tree").arg(with_list(name, list)));
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.starts_with("error: the list of packages in") && said.contains("hint: "), "{said}");
    }
    let plain = outside("plain");
    std::fs::write(&plain, Builder::new(CLASSES[0]).finish(0x100, 0x200)).expect("writable");
    let output = run(bloat().arg("tree").arg(&plain));
    std::fs::remove_file(&plain).expect("removable");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("nothing says which packages") && said.contains("hint: pass --manifest-path"),
        "{said}"
    );
}

#[test]
fn several_versions_are_found_with_what_needs_them() {
    let package = |name: &str, version: &str, needs: &[usize]| json!({"name": name, "version": version, "source": "crates.io", "dependencies": needs});
    let mut packages = vec![
        package("app", "0.1.0", &[1, 2, 3]),
        package("rand", "0.8.5", &[]),
        package("rand", "0.9.0", &[]),
        package("user", "1.0.0", &[1]),
        // What only the build needs is no duplicate of anything in the file.
        package("user", "2.0.0", &[]),
    ];
    packages[0]["root"] = true.into();
    packages[4]["kind"] = "build".into();
    let file = with_list("versions", json!({"packages": packages}).to_string().as_bytes());
    let report = parsed(bloat().arg("tree").arg(&file).args(["--duplicates", "--format", "json"]));
    let lines: Vec<String> = rows(&report)
        .iter()
        .map(|row| format!("{} {}", row["depth"], row["name"].as_str().expect("a name")))
        .collect();
    assert_eq!(
        lines,
        ["0 rand@0.8.5", "1 app@0.1.0", "1 user@1.0.0", "2 app@0.1.0", "0 rand@0.9.0", "1 app@0.1.0"]
    );
}

#[test]
fn a_file_in_a_target_directory_is_of_the_package_there() {
    let folder = outside("package");
    let target = folder.join("target/release");
    std::fs::create_dir_all(&target).expect("writable");
    std::fs::write(
        folder.join("Cargo.toml"),
        "[package]\nname = \"near\"\nversion = \"0.3.0\"\nedition = \"2024\"\n",
    )
    .expect("writable");
    std::fs::create_dir(folder.join("src")).expect("writable");
    std::fs::write(folder.join("src/main.rs"), "fn main() {}\n").expect("writable");
    std::fs::write(
        folder.join("Cargo.lock"),
        "version = 4\n\n[[package]]\nname = \"near\"\nversion = \"0.3.0\"\n",
    )
    .expect("writable");
    let file = target.join("near");
    std::fs::write(&file, Builder::new(CLASSES[0]).finish(0x100, 0x200)).expect("writable");
    // Any folder may be called target.
    assert_eq!(run(bloat().arg("tree").arg(&file)).status.code(), Some(2));
    for mark in ["CACHEDIR.TAG", ".rustc_info.json"] {
        std::fs::write(folder.join("target").join(mark), "").expect("writable");
    }
    let report = parsed(bloat().arg("tree").arg(&file).args(["--format", "json"]));
    assert_eq!(report["packages"]["roots"], json!(["near@0.3.0"]));
    assert_eq!(report["packages"]["from"], "cargo");
    // Without cargo the lockfile is left.
    let report =
        parsed(bloat().arg("tree").arg(&file).args(["--format", "json"]).env("CARGO", "/no/such/cargo"));
    assert_eq!(report["packages"]["from"], "lockfile");
    std::fs::remove_dir_all(&folder).expect("removable");
}
