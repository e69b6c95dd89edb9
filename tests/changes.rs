//! Differences between programs of which the source says what changed: each change is
//! reported as that, and a program that is only built anew has not changed.

#![expect(clippy::print_stderr, reason = "figures and skips are to be seen")]

mod program;
mod subjects;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use bloat::analysis::diff::groups::{Groups, Side, Subject};
use bloat::attrib::{attribute, contents};
use bloat::input::Input;
use bloat::kind::Kind;
use bloat::model::view::Dim;
use bloat::model::{Contents, Model};
use bloat::project::Packages;
use serde_json::Value;
use subjects::folder;

use program::{bloat, stdout};

/// Instructions that `NOPS` stands for, and what each takes up.
const NOP: u64 = if cfg!(target_arch = "x86_64") { 1 } else { 4 };

/// Functions are kept by a table of which the size does not change.
const PROGRAM: &str = "
use std::arch::asm;
use std::hint::black_box;

#[inline(never)]
pub fn spread<T: Copy + Into<u64>>(value: T) -> u64 {
    let all = black_box([value; 7]);
    all.iter().fold(black_box(1u64), |sum, &v| sum.rotate_left(3) ^ v.into())
}
#[inline(never)]
pub fn keep(n: u64) -> u64 { depend::work(n) + spread(n as u8) }
#[inline(never)]
pub fn grown(n: u64) -> u64 { unsafe { asm!(\".rept NOPS\", \"nop\", \".endr\") }; n }
#[inline(never)]
pub fn NAME(n: u64) -> u64 {
    (0..black_box(n)).fold(black_box(n), |sum, i| black_box(sum.wrapping_mul(31) ^ (i << 5)))
}
OTHER
#[used]
pub static TABLE: [fn(u64) -> u64; 4] = [keep, grown, NAME, OTHER_NAME];

fn main() {
    let n = std::env::args().count();
    println!(\"{}\", black_box(&TABLE)[n & 3](n as u64));
}
";
const REMOVED: &str =
    "#[inline(never)] pub fn removed(n: u64) -> u64 { black_box(n) / black_box(n | 1) + black_box(7) }";
const ADDED: &str = "#[inline(never)] pub fn added(n: u64) -> u64 { spread(black_box(n) as u32) }";
const DEPENDENCY: &str = "
#[inline(never)]
pub fn work(n: u64) -> u64 { unsafe { std::arch::asm!(\".rept NOPS\", \"nop\", \".endr\") }; n ^ 1 }
";

/// Whether the tests can run here: their subjects are built by rustc for this machine.
fn can_run() -> bool {
    let can = cfg!(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")));
    if !can {
        eprintln!("SKIPPED: the subjects are ELF programs with instructions of known size");
    }
    can
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder can be made");
    std::fs::write(path, text).expect("the folder is writable");
}

fn rustc(source: &Path, output: &Path, flags: &[&str]) {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let mut command = Command::new(rustc);
    command.args(["--edition", "2024", "-Copt-level=2", "-Ccodegen-units=1"]).args(flags);
    let output = command.arg("-o").arg(output).arg(source).output().expect("rustc runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Builds the program with its dependency in a version, which stands in the path as cargo has it.
fn build(folder: &Path, version: &str, program: &str, dependency_nops: u64) -> PathBuf {
    let package = format!("registry/src/index-1949cf8c6b5b557f/depend-{version}");
    let source = folder.join(&package).join("src/lib.rs");
    write(&source, &DEPENDENCY.replace("NOPS", &dependency_nops.to_string()));
    let library = folder.join(format!("libdepend-{version}.rlib"));
    let metadata = format!("-Cmetadata=depend-{version}");
    rustc(&source, &library, &["--crate-type=rlib", "--crate-name=depend", "-Cdebuginfo=1", &metadata]);
    // A version here would be taken for that of the program.
    let place = folder.join(version.replace('.', "_"));
    let main = place.join("src/main.rs");
    write(&main, program);
    let binary = place.join("app");
    let depend = format!("depend={}", library.display());
    rustc(&main, &binary, &["--crate-name=app", "-Cdebuginfo=1", "--extern", &depend]);
    binary
}

fn source(nops: u64, name: &str, other: &str, other_name: &str) -> String {
    let text = PROGRAM.replace("OTHER_NAME", other_name).replace("OTHER", other);
    text.replace("NOPS", &nops.to_string()).replace("NAME", name)
}

#[test]
fn each_change_is_reported_as_what_it_is() {
    if !can_run() {
        return;
    }
    let folder = folder("kinds");
    let old = build(&folder, "1.2.3", &source(40, "before", REMOVED, "removed"), 16);
    let new = build(&folder, "1.3.0", &source(104, "after", ADDED, "added"), 24);
    let ask = |format: &str| {
        let filter =
            ["--by", "crate,symbol", "--filter", "kind=code", "-n", "0", "--bytes", "--format", format];
        stdout(bloat().arg("diff").args([&old, &new]).args(filter))
    };
    let report: Value = serde_json::from_str(&ask("json")).expect("it is JSON");
    let mut found: Vec<String> = Vec::new();
    for krate in report["rows"].as_array().expect("rows") {
        for row in krate["children"].as_array().expect("symbols") {
            let text = |key: &str| row[key].as_str().unwrap_or_default();
            let name = text("name").split("::<").next().unwrap();
            let was = if text("renamed_from").is_empty() { "" } else { " was " };
            let line = format!(
                "{} {name} {}{was}{}",
                krate["name"].as_str().unwrap(),
                text("status"),
                text("renamed_from")
            );
            // How large the compiler makes what is new or gone is its own business.
            let delta = row["delta"]["file"].as_i64().unwrap();
            let delta = if matches!(text("status"), "added" | "removed") {
                String::new()
            } else {
                format!(" {delta}")
            };
            if name != "[padding]" {
                found.push(line + &delta);
            }
        }
    }
    found.sort();
    let grown = 64 * NOP;
    assert_eq!(
        found,
        [
            "app app::added added".to_string(),
            "app app::after same was app::before 0".to_string(),
            format!("app app::grown grown {grown}"),
            "app app::removed removed".to_string(),
            "app app::spread added".to_string(),
            format!("depend@1.3.0 depend::work grown {}", 8 * NOP),
        ]
    );
    let krate = |name: &str| {
        let all = report["rows"].as_array().unwrap();
        all.iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("no {name}"))
    };
    let cause = &krate("depend@1.3.0")["cause"];
    assert_eq!(
        (&cause["turn"], &cause["old_version"], &cause["new_version"]),
        (&"bumped".into(), &"1.2.3".into(), &"1.3.0".into())
    );
    let text = ask("text");
    assert!(text.contains("^ bumped from 1.2.3 to 1.3.0"), "{text}");
    assert!(ask("markdown").contains("`depend@1.3.0` bumped from `1.2.3` to `1.3.0` |"));
    let cause = &krate("app")["cause"];
    assert_eq!(cause.get("turn"), None, "{cause}");
    let copies = cause["copies"].as_array().expect("copies");
    assert_eq!(copies.len(), 1, "{cause}");
    assert_eq!((&copies[0]["copies"], &copies[0]["generic"]), (&1.into(), &"app::spread".into()), "{cause}");
    assert_eq!(copies[0]["instantiated_by"], serde_json::json!(["app"]));
    // A package that came in, one that left and one that was bumped.
    let lock = |name: &str, packages: &[(&str, &str)]| {
        let path = folder.join(name);
        let one = |(name, version): &(&str, &str)| {
            format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n\n")
        };
        write(&path, &packages.iter().map(one).collect::<String>());
        path
    };
    let locks = [
        lock("old.lock", &[("app", "0.1.0"), ("depend", "1.2.3"), ("left-pad", "1.0.0")]),
        lock("new.lock", &[("app", "0.1.0"), ("depend", "1.3.0"), ("right-pad", "0.1.0")]),
    ];
    let text = stdout(
        bloat().arg("diff").args([&old, &new]).arg("--lockfile").args(&locks).args(["--format", "json"]),
    );
    let report: Value = serde_json::from_str(&text).unwrap();
    let packages: Vec<String> = report["dependencies"]
        .as_array()
        .expect("dependencies")
        .iter()
        .map(|d| {
            format!(
                "{} {} {} {} {}",
                d["package"], d["turn"], d["old_versions"], d["new_versions"], d["crates"]
            )
        })
        .collect();
    assert_eq!(
        packages,
        [
            r#""depend" "bumped" ["1.2.3"] ["1.3.0"] ["depend@1.2.3","depend@1.3.0"]"#,
            r#""left-pad" "gone" ["1.0.0"] [] []"#,
            r#""right-pad" "new" [] ["0.1.0"] []"#,
        ]
    );
    let row = report["rows"].as_array().unwrap().iter().find(|r| r["name"] == "depend@1.3.0").expect("a row");
    assert_eq!(report["dependencies"][0]["delta"], row["delta"]);
    std::fs::remove_dir_all(folder).expect("the folder can be removed");
}

#[test]
fn changes_are_told_by_file_line_and_inlined_function() {
    if !can_run() {
        return;
    }
    let folder = folder("lines");
    let main = folder.join("main.rs");
    let [old, new] = [("old", 40), ("new", 104)].map(|(name, nops)| {
        let text = source(nops, "before", REMOVED, "removed").replace("depend::work(n)", "n");
        write(&main, &text);
        let binary = folder.join(name);
        rustc(&main, &binary, &["--crate-name=app", "-Cdebuginfo=1"]);
        (text, binary)
    });
    // The same line in both: only how many instructions it stands for was edited.
    let line = |text: &str| 1 + text.lines().position(|line| line.contains("fn grown")).expect("it is there");
    assert_eq!(line(&old.0), line(&new.0));
    let grown = (64 * NOP) as i64;
    for (by, name) in [
        ("file", "/main.rs".to_string()),
        ("line", format!("/main.rs:{}", line(&old.0))),
        ("inlined", "app::grown".to_string()),
    ] {
        let mut diff = bloat();
        diff.arg("diff").args([&old.1, &new.1]).args(["--by", by, "-n", "0", "--format", "json"]);
        let text = stdout(diff.args(["--filter", "kind=code and not symbol~padding"]));
        let report: Value = serde_json::from_str(&text).expect("it is JSON");
        let rows = report["rows"].as_array().expect("rows");
        let changed: Vec<(&str, i64)> = rows
            .iter()
            .map(|row| (row["name"].as_str().expect("a name"), row["delta"]["file"].as_i64().expect("bytes")))
            .filter(|(_, delta)| *delta != 0)
            .collect();
        assert!(matches!(changed[..], [(at, delta)] if at.ends_with(&name) && delta == grown), "{changed:?}");
    }
    std::fs::remove_dir_all(folder).expect("the folder can be removed");
}

/// Adds up what is below each row, and calls `each` with every row and the names that lead to it. What did not change
/// is left out, so it is as much in both files.
fn walk(rows: &[Value], path: &[String], each: &mut dyn FnMut(&[String], &Value)) {
    for row in rows {
        let path = [path, &[row["name"].as_str().expect("a name").to_string()]].concat();
        let below = row["children"].as_array().map(Vec::as_slice).unwrap_or_default();
        if !below.is_empty() {
            for measure in ["file", "memory"] {
                let rest = |side: &str| {
                    let bytes = |row: &Value| row[side][measure].as_i64().expect("bytes");
                    bytes(row) - below.iter().map(bytes).sum::<i64>()
                };
                assert_eq!(rest("delta"), 0, "{measure} of {path:?}");
                assert_eq!(rest("old"), rest("new"), "{measure} of {path:?}");
                assert!(rest("old") >= 0, "{measure} of {path:?}");
            }
        }
        each(&path, row);
        walk(below, &path, each);
    }
}

#[test]
fn where_code_comes_from_sums_at_every_level_and_is_that_of_each_file() {
    let file = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/bin").join(name);
    let files = [file("list-x86_64-dwarf4"), file("demo-x86_64-dwarf4")];
    for by in ["file", "line", "inlined", "crate,inlined", "file,line,symbol"] {
        let ask = |files: [&Path; 2]| -> Value {
            let options = ["--by", by, "-n", "0", "--format", "json"];
            serde_json::from_str(&stdout(bloat().arg("diff").args(files).args(options))).expect("it is JSON")
        };
        let report = ask([&files[0], &files[1]]);
        let rows = report["rows"].as_array().expect("rows");
        let mut told: [BTreeMap<String, u64>; 2] = Default::default();
        let mut deltas: Vec<i64> = Vec::new();
        let mut count = 0;
        walk(rows, &[], &mut |path, row| {
            count += 1;
            for (told, side) in told.iter_mut().zip(["old", "new"]) {
                let bytes = row[side]["file"].as_u64().expect("bytes");
                if path.len() == 1 && bytes > 0 {
                    // What has another name is known by it in its own file.
                    let was = row["renamed_from"].as_str().filter(|_| side == "old");
                    *told.entry(was.unwrap_or(&path[0]).to_string()).or_default() += bytes;
                }
            }
            deltas.push(row["delta"]["file"].as_i64().expect("bytes"));
        });
        assert!(count > 40, "{by}: {count}");
        let mut unchanged: Vec<BTreeMap<String, u64>> = Vec::new();
        for (path, told) in files.iter().zip(&told) {
            let size = std::fs::metadata(path).expect("it is there").len();
            let first = by.split(',').next().expect("there is one");
            let options = ["--by", first, "-n", "0", "--format", "json"];
            let text = stdout(bloat().arg("show").arg(path).args(options));
            let show: Value = serde_json::from_str(&text).expect("it is JSON");
            let mut shown: BTreeMap<String, u64> = BTreeMap::new();
            for row in show["rows"].as_array().expect("rows") {
                let bytes = row["file"].as_u64().expect("bytes");
                if bytes > 0 {
                    *shown.entry(row["name"].as_str().expect("a name").to_string()).or_default() += bytes;
                }
            }
            assert_eq!(shown.values().sum::<u64>(), size, "{by}");
            for (name, bytes) in told {
                assert_eq!(shown.remove(name), Some(*bytes), "{name} by {by} of {}", path.display());
            }
            unchanged.push(shown);
        }
        assert_eq!(unchanged[0], unchanged[1], "{by}");
        // The way back is the negative.
        let mut back: Vec<i64> = Vec::new();
        walk(ask([&files[1], &files[0]])["rows"].as_array().expect("rows"), &[], &mut |_, row| {
            back.push(-row["delta"]["file"].as_i64().expect("bytes"));
        });
        deltas.sort_unstable();
        back.sort_unstable();
        assert_eq!(deltas, back, "{by}");
    }
}

#[test]
fn a_generic_is_the_same_in_both_manglings() {
    let file = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/bin").join(name);
    // One program, compiled with either.
    let files = [file("demo-x86_64-dwarf4"), file("demo-x86_64-v0")];
    let generics = |path: &Path| -> BTreeMap<String, u64> {
        let options = ["--by", "generic", "--filter", "kind=code", "-n", "0", "--format", "json"];
        let show: Value = serde_json::from_str(&stdout(bloat().arg("show").arg(path).args(options))).unwrap();
        let rows = show["rows"].as_array().expect("rows").iter();
        rows.map(|row| (row["name"].as_str().unwrap().to_string(), row["file"].as_u64().unwrap())).collect()
    };
    let [legacy, v0] = [&files[0], &files[1]].map(|path| generics(path));
    // Spelled in two ways, which is no difference.
    let is_spelled = |name: &&String| name.ends_with("<_>") && !legacy.contains_key(*name);
    let spelled: Vec<&String> = v0.keys().filter(is_spelled).collect();
    assert!(spelled.iter().any(|name| legacy.contains_key(name.trim_end_matches("<_>"))), "{spelled:?}");
    let options = ["--by", "generic", "--filter", "kind=code", "-n", "0", "--format", "json"];
    let report: Value =
        serde_json::from_str(&stdout(bloat().arg("diff").args(&files).args(options))).unwrap();
    let rows = report["rows"].as_array().expect("rows");
    for name in spelled {
        let was = legacy.get(name.trim_end_matches("<_>"));
        let row = rows.iter().find(|row| row["name"] == name.as_str());
        match (was, row) {
            (Some(was), Some(row)) => assert_eq!(row["old"]["file"].as_u64(), Some(*was), "{row}"),
            // What has as many bytes is left out.
            (Some(was), None) => assert_eq!(v0.get(name), Some(was), "{name}"),
            (None, row) => assert_eq!(row.map(|row| &row["status"]), Some(&"added".into()), "{name}"),
        }
        assert!(row.is_none_or(|row| row.get("renamed_from").is_none()), "{row:?}");
    }
}

#[test]
fn new_crates_and_duplicates_are_denied_and_can_be_allowed() {
    if !can_run() {
        return;
    }
    let folder = folder("crates");
    let with = build(&folder, "1.2.3", &source(40, "before", REMOVED, "removed"), 16);
    let main = folder.join("alone.rs");
    write(&main, &source(40, "before", REMOVED, "removed").replace("depend::work(n)", "n"));
    let without = folder.join("alone");
    rustc(&main, &without, &["--crate-name=app", "-Cdebuginfo=1"]);
    let config = folder.join("bloat.toml");
    let check = |allow: &str| {
        write(&config, &format!("[deny]\nnew-crates = true\nnew-duplicates = true\n{allow}"));
        let mut command = bloat();
        command.arg("check").arg(&with).arg("--against").arg(&without).arg("--config").arg(&config);
        let output = program::run(command.args(["--today", "2026-01-01", "--format", "json"]));
        let report: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
        (output.status.code(), report)
    };
    let (code, report) = check("");
    assert_eq!((code, &report["checks"][0]["crates"]), (Some(1), &serde_json::json!(["depend@1.2.3"])));
    let allow = |krate: &str| {
        format!(
            "[[allow]]\nbudget = \"new-crates\"\ncrate = \"{krate}\"\nreason = \"wanted\"\nuntil = 2026-01-01\n"
        )
    };
    let (code, report) = check(&allow("depend"));
    assert_eq!((code, &report["checks"][0]["status"]), (Some(0), &"allowed".into()));
    assert_eq!(check(&allow("another")).0, Some(1));
    std::fs::remove_dir_all(folder).expect("the folder can be removed");
}

fn read(path: &Path) -> (Model, Contents) {
    let input = Input::open(path).expect("readable");
    let image = bloat::format::read(&input).expect("a binary");
    let model = attribute(&input, &image, &Packages::default());
    let contents = contents(&input, &image, &model);
    (model, contents)
}

/// Code bytes by crate.
fn code(model: &Model) -> BTreeMap<String, i64> {
    let mut all = BTreeMap::new();
    for leaf in model.leaves.iter().filter(|l| l.kind == Kind::Code) {
        let krate = model.owner(leaf.owner).krate;
        let row = &model.crates[krate.get().expect("every leaf has an owner")];
        *all.entry(model.names.get(row.name).to_string()).or_default() += leaf.len.cast_signed();
    }
    all
}

/// Code bytes of the old side: all of them, and those in symbols that the new side has as well.
fn matched(old: &(Model, Contents), new: &(Model, Contents), of: impl Fn(&str) -> bool) -> (u64, u64) {
    let [a, b] = [old, new].map(|(model, contents)| Subject { model, contents: Some(contents) });
    let groups = Groups::new(a, b, Dim::Symbol);
    let (mut all, mut found) = (0, 0);
    for leaf in old.0.leaves.iter().filter(|l| l.kind == Kind::Code) {
        let krate = old.0.owner(leaf.owner).krate.get().expect("every leaf has an owner");
        if !of(old.0.names.get(old.0.crates[krate].name)) {
            continue;
        }
        all += leaf.len;
        let group = groups.groups[groups.group(Side::Old, groups.old_keys.key(&leaf)) as usize];
        if group.old.is_some() && group.new.is_some() {
            found += leaf.len;
        }
    }
    (all, found)
}

#[test]
fn a_program_built_anew_has_not_changed() {
    if !can_run() {
        return;
    }
    let folder = folder("anew");
    let text = include_str!("kinds/subject.rs");
    let build = |name: &str, place: &str, flags: &[&str]| {
        let main = folder.join(place).join("src/main.rs");
        write(&main, text);
        let binary = folder.join(name);
        rustc(&main, &binary, &[&["--crate-name=subject", "-Ccodegen-units=4"], flags].concat());
        read(&binary)
    };
    let first = build("first", "here", &["-Cmetadata=one"]);
    let anew = [
        ("another -C metadata", build("salt", "here", &["-Cmetadata=two"])),
        ("another path", build("path", "a/much/longer/way/to/there", &["-Cmetadata=one"])),
        ("v0 names", build("v0", "here", &["-Cmetadata=one", "-Csymbol-mangling-version=v0"])),
    ];
    for (what, other) in &anew {
        for (whose, of) in [("all", None), ("its own", Some("subject"))] {
            let (all, found) = matched(&first, other, |krate| of.is_none_or(|of| of == krate));
            assert!(all > 4_000, "{all} bytes of code");
            let share = found as f64 * 100.0 / all as f64;
            eprintln!("{what}: {found} of {all} bytes of {whose} code matched, {share:.2}%");
            assert!(share >= 99.0, "{what}: {share:.2}% of {whose}");
        }
        let (before, after) = (code(&first.0), code(&other.0));
        let grown: Vec<String> = before
            .keys()
            .chain(after.keys())
            .filter(|krate| before.get(*krate) != after.get(*krate))
            .map(|krate| format!("{krate}: {:?} -> {:?}", before.get(krate), after.get(krate)))
            .collect();
        assert!(grown.is_empty(), "{what}: {grown:?}");
    }
    drop(anew);
    std::fs::remove_dir_all(folder).expect("the folder can be removed");
}
