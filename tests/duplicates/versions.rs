//! Packages in two versions, built here: crates are told apart and priced, and equal functions are those that a
//! linker folds.

#![expect(clippy::print_stderr, reason = "a skipped comparison has to be seen")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::{bloat, number, report, stdout};

/// A library: what both versions have, and what only this one has.
fn library(version: u32, name: &str) -> String {
    format!(
        r#"
#[inline(never)]
pub fn common(values: &mut Vec<u64>, by: u64) {{
    for value in values.iter_mut() {{
        *value = value.rotate_left(by as u32 % 64) ^ (by * {version});
    }}
}}
#[inline(never)]
pub fn only_in_{version}(text: &str) -> String {{
    format!("{name} {version}: {{text}}")
}}
/// The same code for every type of the same size.
#[inline(never)]
pub fn largest<T: Copy + Into<u64>>(values: &[T]) -> u64 {{
    values.iter().map(|&value| value.into()).fold(7, |a: u64, b| a.wrapping_mul(31).wrapping_add(b))
}}
"#
    )
}

const REPEATED: [&str; 3] = ["anchor", "beacon", "cable"];

/// Writes a workspace with two versions of three packages, one package in one version, and a program.
fn write(folder: &Path) {
    let write = |path: &str, text: &str| {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("the folder can be made");
        fs::write(path, text).expect("the file can be written");
    };
    let package = |name: &str, version: u32| {
        format!("[package]\nname = \"{name}\"\nversion = \"{version}.0.0\"\nedition = \"2024\"\n")
    };
    let mut dependencies = String::from("single = { path = \"../single\" }\n");
    let mut body = String::from("    single::only_in_1(&text).len().hash(&mut hasher);\n");
    for name in REPEATED {
        for version in [1, 2] {
            // As Cargo names the folders of packages that it unpacks.
            let folder = format!("{name}-{version}.0.0");
            write(&format!("{folder}/Cargo.toml"), &package(name, version));
            write(&format!("{folder}/src/lib.rs"), &library(version, name));
            dependencies.push_str(&format!(
                "{name}_{version} = {{ package = \"{name}\", version = \"{version}\", path = \"../{folder}\" }}\n"
            ));
            let krate = format!("{name}_{version}");
            body.push_str(&format!(
                "    {krate}::common(&mut values, {version});\n    {krate}::only_in_{version}(&text).hash(&mut hasher);\n    \
                 {krate}::largest(&[1u32, values[0] as u32]).hash(&mut hasher);\n"
            ));
        }
    }
    // One more that needs a version.
    let needs = "[dependencies]\nanchor = { version = \"1\", path = \"../anchor-1.0.0\" }\n";
    write("single/Cargo.toml", &format!("{}{needs}", package("single", 1)));
    write("single/src/lib.rs", &library(1, "single"));
    // Packages outside the folder of the workspace are no members of it, which must differ in name.
    let rest = "[workspace]\n[profile.release]\ndebug = \"none\"\nstrip = \"none\"\n";
    write("app/Cargo.toml", &format!("{}[dependencies]\n{dependencies}{rest}", package("app", 1)));
    let main = format!(
        "use std::hash::{{DefaultHasher, Hash, Hasher}};\nfn main() {{\n    let text: String = std::env::args().collect();\n    \
         let mut values: Vec<u64> = text.bytes().map(u64::from).collect();\n    let mut hasher = DefaultHasher::new();\n{body}    \
         println!(\"{{}} {{values:?}}\", hasher.finish());\n}}\n"
    );
    write("app/src/main.rs", &main);
}

/// Builds the program with the given arguments of the linker.
fn build(folder: &Path, link_args: &[&str], debug: &str) -> PathBuf {
    let target = folder.join(format!("target-{}{debug}", link_args.concat().replace(['-', ',', '='], "")));
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["rustc", "--release", "--offline", "--package", "app", "--manifest-path"])
        .arg(folder.join("app/Cargo.toml"))
        .arg("--target-dir")
        .arg(&target)
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env("CARGO_PROFILE_RELEASE_DEBUG", debug)
        .arg("--")
        .args(link_args.iter().map(|arg| format!("-Clink-arg={arg}")))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    target.join("release/app")
}

/// Size of a section of an ELF file, from its own headers.
#[track_caller]
fn section_size(file: &Path, name: &str) -> u64 {
    let show =
        stdout(bloat().arg("show").arg(file).args(["--by", "section", "-n", "0", "--format", "json", "-q"]));
    let show: Value = serde_json::from_str(&show).expect("the report is JSON");
    let rows = show["rows"].as_array().expect("rows");
    let row = rows.iter().find(|r| r["name"] == name).unwrap_or_else(|| panic!("no section {name}"));
    number(&row["file"])
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    write(&folder);
    folder
}

#[test]
fn crates_in_two_versions_are_named_and_priced() {
    let folder = folder("duplicates-versions");
    for (debug, with_manifest) in [("line-tables-only", false), ("none", true)] {
        let app = build(&folder, &[], debug);
        let manifest = folder.join("app/Cargo.toml");
        let manifest = ["--manifest-path", manifest.to_str().expect("the path is text")];
        let options: &[&str] = if with_manifest { &manifest } else { &[] };
        let found = report(&app, options);
        let show = stdout(
            bloat()
                .arg("show")
                .arg(&app)
                .args(options)
                .args(["--by", "crate", "-n", "0", "--format", "json", "-q"]),
        );
        let show: Value = serde_json::from_str(&show).expect("the report is JSON");
        let rows = found["crates"]["rows"].as_array().expect("rows");
        let mut names: Vec<&str> = rows.iter().filter_map(|r| r["name"].as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, REPEATED, "{debug}");
        for row in rows {
            let versions = row["versions"].as_array().expect("versions");
            // Without debug information a list of packages tells that there are versions, and not which is which.
            let stated = versions.iter().filter_map(|v| v["version"].as_str()).collect::<BTreeSet<&str>>();
            let expected: &[&str] = if with_manifest { &[] } else { &["1.0.0", "2.0.0"] };
            assert!(stated.iter().eq(expected), "{debug}: {row}");
            let told_apart = versions.iter().filter(|v| v["told_apart"] == true).count();
            assert_eq!(told_apart, 2, "{debug}: {row}");
            for version in versions {
                let shown = show["rows"].as_array().expect("rows");
                let shown = shown.iter().find(|r| r["name"] == version["name"]).expect("the crate is shown");
                assert_eq!(shown["file"], version["file"], "{debug}: {version}");
                let parts = number(&version["same_items"]) + number(&version["other_items"]);
                assert_eq!(parts, number(&version["file"]), "{debug}: {version}");
            }
        }
        same_items(&app, options);
        needed_by(&app, &folder, with_manifest, options);
    }
}

/// What needs each version is what the manifests written above say, whoever tells it.
fn needed_by(app: &Path, folder: &Path, with_manifest: bool, options: &[&str]) {
    let lockfile = folder.join("app/Cargo.lock");
    let lockfile = ["--lockfile", lockfile.to_str().expect("the path is text")];
    if !with_manifest {
        let found = report(app, options);
        assert!(found.get("packages").is_none());
        let rows = found["crates"]["rows"].as_array().expect("rows").iter();
        let versions = rows.flat_map(|row| row["versions"].as_array().expect("versions"));
        assert_eq!(versions.filter(|v| v.get("needed_by").is_some()).count(), 0);
    }
    for (from, options) in [("lockfile", &lockfile[..]), ("cargo", options)] {
        if options.is_empty() {
            continue;
        }
        let found = report(app, options);
        assert_eq!(found["packages"]["from"], from);
        for row in found["crates"]["rows"].as_array().expect("rows") {
            let name = row["name"].as_str().expect("a name");
            let empty = Vec::new();
            let listed = row["listed"].as_array().unwrap_or(&empty).iter();
            let versions = row["versions"].as_array().expect("versions").iter();
            let mut told: Vec<(&str, &Value)> = versions
                .chain(listed)
                .filter(|v| v.get("needed_by").is_some())
                .map(|v| (v["name"].as_str().expect("a name"), &v["needed_by"]))
                .collect();
            told.sort_by_key(|(name, _)| *name);
            let one = format!("{name}@1.0.0");
            let two = format!("{name}@2.0.0");
            let first: &[&str] =
                if name == "anchor" { &["app@1.0.0", "single@1.0.0"] } else { &["app@1.0.0"] };
            assert_eq!(told, [(&*one, &first.into()), (&*two, &["app@1.0.0"][..].into())], "{row}");
        }
    }
    let ask = |format: &str| {
        stdout(bloat().arg("duplicates").arg(app).args(lockfile).args(["--format", format, "-q", "-n", "0"]))
    };
    assert!(ask("text").contains("needed by app@1.0.0, single@1.0.0\n"));
    let markdown = ask("markdown");
    assert!(markdown.contains(", needed by `app@1.0.0`, `single@1.0.0` |"), "{markdown}");
    if !with_manifest {
        let csv = ask("csv");
        let line = csv.lines().find(|l| l.starts_with("crates,") && l.contains(",anchor@1.0.0,"));
        assert!(line.is_some_and(|l| l.ends_with(",true,app@1.0.0 single@1.0.0")), "{csv}");
    }
}

/// Items are the same whose names, which have no hash here, are symbols of another version too.
fn same_items(app: &Path, options: &[&str]) {
    let found = report(app, &[options, &["--filter", "kind=code"]].concat());
    let mut show = bloat();
    show.arg("show").arg(app).args(options).args(["--by", "crate,symbol", "--filter", "kind=code"]);
    let symbols: Value = serde_json::from_str(&stdout(show.args(["-n", "0", "--format", "json", "-q"])))
        .expect("the report is JSON");
    let of_crate = |label: &Value| -> BTreeMap<&str, u64> {
        let rows = symbols["rows"].as_array().expect("rows").iter();
        let mut rows = rows.filter(|r| r["name"] == *label);
        let children = rows.next().and_then(|r| r["children"].as_array()).expect("the crate has symbols");
        children.iter().map(|c| (c["name"].as_str().expect("a name"), number(&c["file"]))).collect()
    };
    for row in found["crates"]["rows"].as_array().expect("rows") {
        let versions = row["versions"].as_array().expect("versions");
        for version in versions.iter().filter(|v| v["told_apart"] == true) {
            let others = versions
                .iter()
                .filter(|v| *v != version && v["told_apart"] == true)
                .map(|v| of_crate(&v["name"]));
            let others: Vec<BTreeMap<&str, u64>> = others.collect();
            let of_this = of_crate(&version["name"]);
            let is_shared = |name: &&str| others.iter().any(|other| other.contains_key(name));
            let expected: u64 =
                of_this.iter().filter(|(name, _)| is_shared(name)).map(|(_, size)| size).sum();
            assert_eq!(number(&version["same_items"]), expected, "{version}");
            let only_here = of_this.keys().filter(|name| name.contains("::only_in_")).count();
            assert!(only_here == 0 || expected < number(&version["file"]), "{version}");
        }
        assert!(versions.iter().any(|v| number(&v["same_items"]) > 0), "{row}");
    }
}

#[test]
fn what_is_equal_is_what_a_linker_folds() {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        eprintln!("SKIPPED: the default linker of this platform may not fold");
        return;
    }
    let folder = folder("duplicates-folded");
    let plain = build(&folder, &[], "none");
    let comment = stdout(bloat().arg("show").arg(&plain).args(["--format", "json", "-q"]));
    if !comment.contains("LLD") {
        eprintln!("SKIPPED: programs are not linked by LLD here, which folds");
        return;
    }
    let folded = build(&folder, &["-Wl,--icf=all"], "none");
    let safe = build(&folder, &["-Wl,--icf=safe"], "none");
    let found = report(&plain, &[]);
    let saved = &found["functions"]["saved"];
    let [all, unwind] = ["all", "unwind"].map(|key| number(&saved[key]));
    let real = section_size(&plain, ".text") - section_size(&folded, ".text");
    assert!(real > 1000, "the linker folds {real} bytes");
    // What alignment takes depends on what comes next: a slot at most for each function left out.
    let slack = 16 * (number(&found["functions"]["copies"]) - number(&found["functions"]["groups"])) / 4;
    assert!(all.abs_diff(real) <= slack.min(real / 20), "{all} estimated, {real} folded");
    let frames = |file: &Path| section_size(file, ".eh_frame") + section_size(file, ".eh_frame_hdr");
    assert_eq!(unwind, frames(&plain) - frames(&folded));
    // Without tables of addresses that matter, which rustc does not write, nothing folds safely.
    assert!(section_size(&plain, ".text") - section_size(&safe, ".text") <= number(&saved["safe"]));
    // Nothing is left in the folded program but what folding brought about.
    let rest = number(&report(&folded, &[])["functions"]["saved"]["all"]);
    assert!(rest * 20 <= real, "{rest} bytes of equals are left");
}
