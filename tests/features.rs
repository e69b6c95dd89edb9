//! `bloat features` on a workspace: sizes are those of builds by hand, and what changed is named.

#![cfg(unix)]

mod program;
mod published;
mod workspace;

use std::process::Command;

use serde_json::Value;

use program::{run, stdout};
use published::{assert_valid, closed};
use workspace::Workspace;

fn rows(command: &mut Command) -> Vec<Value> {
    let report: Value =
        serde_json::from_str(&stdout(command.args(["--format", "json"]))).expect("it is JSON");
    assert_valid(&closed("FeaturesReport"), &report, "features");
    report["rows"].as_array().expect("rows").clone()
}

#[track_caller]
fn row<'r>(rows: &'r [Value], name: &str) -> &'r Value {
    rows.iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("no row {name}"))
}

fn names<'r>(row: &'r Value, what: &str) -> Vec<&'r str> {
    let all = row[what].as_array().map(Vec::as_slice).unwrap_or_default();
    all.iter().map(|part| part["name"].as_str().unwrap()).collect()
}

#[test]
fn each_feature_costs_what_builds_by_hand_say() {
    let ws = Workspace::new("features");
    ws.lock();
    let before = ws.files();
    let found = rows(ws.bloat().args(["features", "-q", "--bin", "app", "-n", "0"]));
    let all: Vec<&str> = found.iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(
        all,
        [
            "as asked for",
            "-greet",
            "-table",
            "+broken",
            "+extra",
            "+help",
            "+numbers",
            "no features",
            "all features"
        ]
    );
    let mut built = 0;
    for row in found.iter().filter(|row| row["status"] == "built") {
        let mut command = ws.cargo();
        command.args(["build", "--release", "--quiet", "-p", "app", "--bin", "app"]);
        command.args(row["arguments"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()));
        assert!(command.status().expect("cargo starts").success());
        let file = ws.root().parent().unwrap().join("by-hand/release/app");
        assert_eq!(row["size"]["file"], std::fs::metadata(file).unwrap().len(), "{}", row["name"]);
        built += 1;
    }
    assert!(built >= 6, "only {built}");
    // A feature that turns on another and nothing else.
    assert!(row(&found, "+extra")["delta"] == row(&found, "+numbers")["delta"]);
    let broken = row(&found, "+broken");
    assert_eq!(
        (&broken["status"], &broken["reason"]),
        (&"failed".into(), &"error: this feature does not work".into())
    );
    assert_eq!(row(&found, "all features")["status"], "failed");
    // What comes and goes is named.
    let table = row(&found, "-table");
    assert!(table["delta"].as_i64().unwrap() < -16_000, "{table}");
    assert!(names(table, "symbols").iter().any(|name| name.contains("TABLE")), "{table}");
    let help = row(&found, "+help");
    assert!(names(help, "crates").contains(&"helper@1.2.3"), "{help}");
    assert!(names(row(&found, "+numbers"), "symbols").iter().any(|name| name.contains("app::numbers")));
    assert_eq!(ws.files(), before, "the project is as it was");

    let text = stdout(ws.bloat().args(["features", "-q", "--bin", "app", "--only", "help"]));
    assert!(
        text.contains("+help") && text.contains("crate helper@1.2.3") && !text.contains("-table"),
        "{text}"
    );
    let markdown =
        stdout(ws.bloat().args(["features", "-q", "--bin", "app", "--only", "help", "--format", "markdown"]));
    assert!(markdown.contains("`+help`") && markdown.contains("crate `helper@1.2.3`"), "{markdown}");
    let csv =
        stdout(ws.bloat().args(["features", "-q", "--bin", "app", "--only", "help", "--format", "csv"]));
    assert_eq!(csv.lines().count(), 3, "{csv}");
}

#[test]
fn a_profile_that_strips_is_attributed_all_the_same() {
    let ws = Workspace::new("stripped");
    ws.lock();
    let args = ["features", "-q", "--bin", "app", "--profile", "dist", "--only", "numbers", "-n", "0"];
    let found = rows(ws.bloat().args(args));
    let numbers = row(&found, "+numbers");
    assert_eq!(numbers["size"]["symbols"], 0);
    assert!(names(numbers, "symbols").iter().any(|name| name.contains("app::numbers")), "{numbers}");
}

/// A dependency from a registry, which is a folder here.
fn vendored(ws: &Workspace) {
    ws.write(
        ".cargo/config.toml",
        "[source.crates-io]\nreplace-with = \"vendor\"\n[source.vendor]\ndirectory = \"vendor\"\n",
    );
    ws.write("vendor/dep/.cargo-checksum.json", "{\"files\":{}}");
    ws.write(
        "vendor/dep/Cargo.toml",
        "[package]\nname = \"dep\"\nversion = \"2.0.1\"\nedition = \"2021\"\n\
         [features]\ndefault = [\"big\", \"plain\"]\nbig = []\nplain = []\nmore = []\n",
    );
    ws.write(
        "vendor/dep/src/lib.rs",
        "#[cfg(feature = \"big\")]\nstatic BIG: [u8; 30_000] = [9; 30_000];\n\
         #[cfg(feature = \"more\")]\nstatic MORE: [u8; 10_000] = [8; 10_000];\n\
         pub fn at(n: usize) -> u8 {\n    let mut sum = n as u8;\n\
             #[cfg(feature = \"big\")]\n    { sum ^= BIG[n % BIG.len()]; }\n\
             #[cfg(feature = \"more\")]\n    { sum ^= MORE[n % MORE.len()]; }\n    sum\n}\n",
    );
    let manifest = std::fs::read_to_string(ws.root().join("helper/Cargo.toml")).unwrap();
    ws.write("helper/Cargo.toml", &format!("{manifest}[dependencies]\ndep = \"2\"\n"));
    ws.write("helper/src/lib.rs", "pub fn help(n: usize) { println!(\"{}\", dep::at(n)) }\n");
}

#[test]
fn features_of_a_dependency_are_switched_in_a_copy() {
    let ws = Workspace::new("of");
    vendored(&ws);
    ws.lock();
    let before = ws.files();
    let args = ["features", "-q", "--bin", "app", "--features", "help", "--of", "dep"];
    let found = rows(ws.bloat().args(args));
    let all: Vec<&str> = found.iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(all, ["as it is", "-big", "-plain", "+more"]);
    let delta = |name: &str| row(&found, name)["delta"].as_i64().unwrap();
    // Give or take alignment and a few instructions.
    assert!((-38_000..=-28_000).contains(&delta("-big")), "{}", delta("-big"));
    assert!((8_000..=18_000).contains(&delta("+more")), "{}", delta("+more"));
    assert_eq!(delta("-plain"), 0);
    assert!(names(row(&found, "-big"), "crates").contains(&"dep@2.0.1"), "{}", row(&found, "-big"));
    assert_eq!(ws.files(), before, "the project is as it was, its lockfile included");
    // By hand: an edited dependency.
    let manifest = std::fs::read_to_string(ws.root().join("vendor/dep/Cargo.toml")).unwrap();
    ws.write("vendor/dep/Cargo.toml", &manifest.replace("[\"big\", \"plain\"]", "[\"plain\"]"));
    let mut command = ws.cargo();
    command.args(["build", "--release", "-q", "-p", "app", "--bin", "app", "--features", "help"]);
    assert!(command.status().unwrap().success());
    let file = std::fs::metadata(ws.root().parent().unwrap().join("by-hand/release/app")).unwrap();
    assert_eq!(row(&found, "-big")["size"]["file"], file.len());
}

#[test]
fn what_has_no_features_is_said() {
    let ws = Workspace::new("none");
    ws.lock();
    let cases: [(&[&str], &str); 4] = [
        (&["-p", "plug"], "package `plug` has no features"),
        (&["--bin", "app", "--only", "tabl"], "did you mean `table`?"),
        (&["--bin", "app", "--of", "nothing"], "no dependency is called `nothing`"),
        (&["--bin", "app", "--features", "help", "--of", "helper"], "is a package at a path"),
    ];
    for (args, words) in cases {
        let output = run(ws.bloat().arg("features").args(args));
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains("hint: ") && stderr.contains(words), "{stderr}");
    }
}
