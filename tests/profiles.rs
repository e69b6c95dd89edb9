//! `bloat profiles` on a workspace: what is measured is what cargo makes by hand.

#![cfg(unix)]

mod program;
mod published;
mod workspace;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use program::{run, stdout};
use published::{assert_valid, closed};
use workspace::Workspace;

/// The rows of a report by name.
fn rows(command: &mut Command) -> BTreeMap<String, Value> {
    let report: Value =
        serde_json::from_str(&stdout(command.args(["--format", "json"]))).expect("it is JSON");
    assert_valid(&closed("ProfilesReport"), &report, "profiles");
    let rows = report["rows"].as_array().expect("rows").iter();
    rows.map(|row| (row["name"].as_str().expect("a name").to_string(), row.clone())).collect()
}

fn size_by_hand(ws: &Workspace, config: &[&str]) -> u64 {
    let mut command = ws.cargo();
    command.args(["build", "--release", "--quiet", "--bin", "app"]);
    for value in config {
        command.args(["--config", value]);
    }
    assert!(command.status().expect("cargo starts").success());
    let file = ws.root().parent().expect("it has one").join("by-hand/release/app");
    std::fs::metadata(file).expect("it was built").len()
}

#[test]
fn sizes_are_those_of_builds_by_hand() {
    let ws = Workspace::new("matrix");
    ws.lock();
    let before = ws.files();
    let matrix = ["profiles", "--bin", "app", "--only", "debug,strip,min-size", "--cell", "same:opt-level=3"];
    let found = rows(ws.bloat().args(matrix).args(["--run", "{} ; true", "--runs", "3"]));
    assert_eq!(found.keys().collect::<Vec<_>>(), ["debug", "min-size", "release", "same", "strip"]);
    let small = [
        "profile.release.opt-level=\"z\"",
        "profile.release.lto=\"fat\"",
        "profile.release.codegen-units=1",
        "profile.release.panic=\"abort\"",
        "profile.release.strip=\"symbols\"",
    ];
    let by_hand = [
        ("release", &[] as &[&str]),
        ("strip", &["profile.release.strip=\"symbols\""]),
        ("min-size", &small),
    ];
    for (name, config) in by_hand {
        assert_eq!(found[name]["size"]["file"], size_by_hand(&ws, config), "{name}");
    }
    let base = found["release"]["size"]["file"].as_i64().unwrap();
    for (name, row) in &found {
        let size = row["size"].as_object().unwrap();
        let file = std::fs::metadata(row["path"].as_str().unwrap()).unwrap().len();
        assert_eq!(size["file"], file, "{name}");
        let parts = ["code", "data", "unwind", "symbols", "debug", "other"];
        assert_eq!(parts.iter().map(|part| size[*part].as_u64().unwrap()).sum::<u64>(), file, "{name}");
        // What gzip makes of it, give or take the compressor.
        let gzip = Command::new("gzip").args(["-9", "-c", row["path"].as_str().unwrap()]).output().unwrap();
        let (ours, theirs) = (size["gzip"].as_u64().unwrap() as f64, gzip.stdout.len() as f64);
        assert!((ours / theirs - 1.0).abs() < 0.02, "{name}: {ours} and {theirs}");
        let times = row["run_time"]["microseconds"].as_array().unwrap();
        assert_eq!((times.len(), &times[1]), (3, &row["run_time"]["median"]), "{name}");
        if name != "release" && name != "same" {
            assert_eq!(row["delta"].as_i64().unwrap(), file as i64 - base, "{name}");
        }
    }
    assert_eq!((&found["same"]["status"], &found["same"]["same_as"]), (&"same".into(), &"release".into()));
    // What is estimated for one profile is what another one makes.
    let (guess, truth) = (&found["release"]["size"]["stripped"], &found["strip"]["size"]["file"]);
    assert!(guess.as_u64().unwrap().abs_diff(truth.as_u64().unwrap()) < 4096, "{guess} and {truth}");
    assert_eq!(found["strip"]["size"]["symbols"], 0);
    assert_eq!(ws.files(), before, "the project is as it was");
}

#[test]
fn what_was_built_is_remembered_until_it_changes() {
    let ws = Workspace::new("again");
    ws.lock();
    let ask =
        || rows(ws.bloat().args(["profiles", "-q", "--bin", "second", "--only", "strip", "--no-compress"]));
    let (first, again) = (ask(), ask());
    for (name, row) in &first {
        assert_eq!(row["build"]["remembered"], false, "{name}");
        let mut expected = row.clone();
        expected["build"]["remembered"] = true.into();
        assert_eq!(again[name], expected, "{name}");
    }
    ws.write(
        "app/src/bin/second.rs",
        "fn main() { println!(\"{:?}\", std::env::args().collect::<Vec<_>>()) }\n",
    );
    let changed = ask();
    for (name, row) in &changed {
        assert_eq!(row["build"]["remembered"], false, "{name}");
        assert_ne!(row["size"], first[name]["size"], "{name}");
    }
    stdout(ws.bloat().args(["profiles", "--clean"]));
    assert_eq!(std::fs::read_dir(ws.cache().join("bloat")).unwrap().count(), 0);
}

#[test]
fn a_profile_that_fails_says_why_and_the_rest_goes_on() {
    let ws = Workspace::new("fails");
    ws.lock();
    let matrix =
        ["profiles", "--bin", "second", "--no-compress", "--cell", "bad:lto=nope", "--axis", "strip"];
    let found = rows(ws.bloat().args(matrix).args(["--run", "{} && exit 3"]));
    assert_eq!(found["bad"]["status"], "failed");
    let reason = found["bad"]["reason"].as_str().unwrap();
    assert!(reason.starts_with("error: ") && reason.contains("nope"), "{reason}");
    assert!(found["bad"].get("size").is_none());
    for name in ["release", "strip=symbols"] {
        assert_eq!(found[name]["status"], "built");
        assert!(found[name]["reason"].as_str().unwrap().contains("exit status: 3"), "{name}");
    }
    for format in ["text", "markdown"] {
        let text = stdout(ws.bloat().args(matrix).args(["-q", "--format", format]));
        let row = text.lines().find(|line| line.contains("failed") && line.contains("bad"));
        assert!(row.is_some() && text.contains(reason), "{text}");
    }
    let csv = stdout(ws.bloat().args(matrix).args(["-q", "--format", "csv"]));
    let mut lines = csv::Reader::from_reader(csv.as_bytes());
    let headers = lines.headers().unwrap().clone();
    let at = |name: &str| headers.iter().position(|header| header == name).unwrap();
    let (name, file, status) = (at("profile"), at("file"), at("status"));
    let records: Vec<csv::StringRecord> = lines.records().map(|record| record.unwrap()).collect();
    assert_eq!(records.len(), 3);
    for record in &records {
        let row = &found[&record[name]];
        assert_eq!(
            (&row["status"], row["size"]["file"].as_u64()),
            (&record[status].into(), record[file].parse().ok())
        );
    }
    // Nothing can be built at all.
    let output = run(ws
        .bloat()
        .args(["profiles", "-q", "--bin", "app", "-p", "app", "-F", "broken", "--only", "strip"]));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(
        stderr.contains("error: no profile could be built") && stderr.contains("does not work"),
        "{stderr}"
    );
}

#[test]
fn a_profile_is_printed_and_never_written() {
    let ws = Workspace::new("apply");
    ws.lock();
    let before = ws.files();
    let text =
        stdout(ws.bloat().args(["profiles", "--apply", "tiny", "--cell", "tiny:opt-level=z,lto=true"]));
    assert!(text.ends_with("[profile.release]\nlto = true\nopt-level = \"z\"\n"), "{text}");
    let smallest =
        ["profiles", "-q", "--bin", "second", "--only", "strip", "--apply", "smallest", "--no-compress"];
    let text = stdout(ws.bloat().args(smallest));
    assert!(text.contains("# `strip` measured: ") && text.ends_with("strip = \"symbols\"\n"), "{text}");
    assert_eq!(ws.files(), before);
    // It is TOML that cargo understands: the size is that of the row.
    let size = text.split("measured: ").nth(1).and_then(|t| t.split(' ').next()?.parse::<u64>().ok());
    let manifest = std::fs::read_to_string(ws.root().join("Cargo.toml")).unwrap();
    ws.write("Cargo.toml", &format!("{manifest}{text}"));
    assert!(ws.cargo().args(["build", "--release", "-q", "--bin", "second"]).status().unwrap().success());
    let file = ws.root().parent().unwrap().join("by-hand/release/second");
    assert_eq!(Some(std::fs::metadata(file).unwrap().len()), size);
    // And now nothing is left to gain: both rows are one.
    let found =
        rows(ws.bloat().args(["profiles", "-q", "--bin", "second", "--only", "strip", "--no-compress"]));
    assert_eq!(found["strip"]["same_as"], "release");
}

#[test]
fn what_is_not_clear_is_asked_before_anything_is_built() {
    let ws = Workspace::new("asked");
    ws.lock();
    let cases: [(&[&str], &str); 6] = [
        (&[], "choose one: `-p app --bin app`, `-p app --bin second`, `-p fixed --lib`, `-p plug --lib`"),
        (&["--bin", "nope"], "choose a package of the workspace"),
        (&["--bin", "app", "--only", "min-sise"], "did you mean `min-size`?"),
        (&["--bin", "app", "--run", "true"], "write `{}` in its place"),
        (&["--bin", "app", "--cell", "x:optlevel=1"], "write them as lto=fat,opt-level=z"),
        (&["--apply", "nothing"], "there are release, debug, thin-lto"),
    ];
    for (args, hint) in cases {
        let output = run(ws.bloat().arg("profiles").args(args));
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains("hint: ") && stderr.contains(hint), "{stderr}");
    }
    assert!(!Path::new(&ws.cache()).exists(), "nothing was built");
}
