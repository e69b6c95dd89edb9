//! `bloat build` on a workspace: what is built, what is shown, and what is left alone.

#![cfg(unix)]

mod program;
mod published;
mod workspace;

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use program::{run, stdout};
use published::{assert_valid, closed};
use workspace::Workspace;

fn json(command: &mut Command) -> Value {
    let report = serde_json::from_str(&stdout(command)).expect("it is one JSON document");
    assert_valid(&closed("BuildReport"), &report, "build");
    report
}

/// Artifacts of a report as `package target kind`.
fn artifacts(report: &Value) -> Vec<String> {
    let all = report["artifacts"].as_array().expect("it lists them");
    let text = |artifact: &Value, key: &str| artifact[key].as_str().expect("a text").to_string();
    all.iter().map(|a| ["package", "target", "kind"].map(|key| text(a, key)).join(" ")).collect()
}

#[track_caller]
fn failure(command: &mut Command) -> String {
    let output = run(command);
    let stderr = String::from_utf8(output.stderr).expect("messages are UTF-8");
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(output.stdout.is_empty());
    stderr
}

#[track_caller]
fn check_failure(command: &mut Command, words: &[&str]) {
    let stderr = failure(command);
    for word in words {
        assert!(stderr.contains(word), "no `{word}` in:\n{stderr}");
    }
}

/// A symbol table has entries: `.symtab` is a section with a name.
fn has_symbols(path: &Path) -> bool {
    let bytes = std::fs::read(path).expect("it was built");
    bytes.windows(8).any(|text| text == b".symtab\0")
}

#[test]
fn each_artifact_is_shown_and_nothing_is_touched() {
    let ws = Workspace::new("each");
    ws.lock();
    ws.write("target/release/app", "the user's own build");
    let git = |args: &[&str]| {
        let mut command = Command::new("git");
        command
            .current_dir(ws.root())
            .args(["-c", "user.name=n", "-c", "user.email=e@example.com"])
            .args(args);
        stdout(&mut command)
    };
    git(&["init", "--quiet"]);
    git(&["add", "--all"]);
    git(&["commit", "--quiet", "-m", "all"]);
    let before = ws.files();

    let report = json(ws.bloat().args(["build", "--format", "json"]));
    assert_eq!(
        artifacts(&report),
        [
            "app app executable",
            "app second executable",
            "fixed fixed static-library",
            "plug plug shared-library"
        ]
    );
    for artifact in report["artifacts"].as_array().unwrap() {
        let path = Path::new(artifact["path"].as_str().unwrap());
        assert!(path.starts_with(ws.cache()), "{}", path.display());
        assert_eq!(artifact["report"]["total"]["file"], std::fs::metadata(path).unwrap().len());
        assert!(artifact["target"] == "fixed" || has_symbols(path), "{}", path.display());
    }
    // The same from the flags behind `--` as from our own.
    let one = json(ws.bloat().args(["build", "--by", "crate", "--format", "json", "--example", "shown"]));
    assert_eq!(artifacts(&one), ["app shown executable"]);
    assert_eq!(one["artifacts"][0]["report"]["report"], "show");
    let other =
        json(ws.bloat().args(["build", "--by", "crate", "--format", "json", "--", "--example=shown"]));
    assert_eq!(one, other);

    assert_eq!(git(&["status", "--porcelain", "--ignored"]), "");
    let after = ws.files();
    let of_git = |path: &Path| path.starts_with(ws.root().join(".git"));
    assert!(
        after.iter().filter(|(path, _)| !of_git(path)).eq(before.iter().filter(|(path, _)| !of_git(path)))
    );
    let nothing = run(ws.bloat().args(["build", "--bin", "app", "--filter", "section=.nosuch"]));
    let told = String::from_utf8_lossy(&nothing.stderr).to_string();
    assert!(nothing.status.success() && told.contains("nothing is `section=.nosuch`"), "{told}");
    // Text has them one after another.
    let text = stdout(ws.bloat().args(["build", "-q"]));
    assert_eq!(text.matches("Size by crate").count(), 4, "{text}");
    check_failure(
        ws.bloat().args(["build", "--format", "csv"]),
        &["CSV is one table", "app, second, fixed, plug"],
    );

    stdout(ws.bloat().args(["build", "--clean"]));
    assert_eq!(std::fs::read_dir(ws.cache().join("bloat")).unwrap().count(), 0);
}

#[test]
fn features_profiles_and_platforms_are_passed_through() {
    let ws = Workspace::new("flags");
    ws.lock();
    let host = stdout(Command::new("rustc").arg("-vV"));
    let host = host.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc says so").to_string();
    let size = |args: &[&str]| {
        let report = json(ws.bloat().args(["build", "--format", "json", "--bin", "app"]).args(args));
        let artifact = &report["artifacts"][0];
        assert_eq!(artifacts(&report), ["app app executable"]);
        let path = artifact["path"].as_str().unwrap().to_string();
        (artifact["report"]["shipped"]["file"].as_u64().unwrap(), path)
    };
    let (plain, _) = size(&[]);
    let (bare, _) = size(&["--no-default-features"]);
    // The table of 20,000 bytes is behind a default feature.
    assert!(plain > bare + 20_000, "{plain} and {bare}");
    assert_eq!(size(&["--no-default-features", "--features", "greet,table"]).0, plain);
    assert_eq!(size(&["--", "--no-default-features", "-F", "greet table"]).0, plain);
    let (_, dist) = size(&["--profile", "dist"]);
    assert!(has_symbols(Path::new(&dist)), "the profile strips, the build does not");
    let (_, there) = size(&["--target", &host]);
    assert!(there.contains(&format!("/target/{host}/bloat/app")), "{there}");
    let elsewhere = ws.cache().join("else where");
    let (_, path) = size(&["--scratch", elsewhere.to_str().unwrap()]);
    assert!(Path::new(&path).starts_with(&elsewhere));
}

#[test]
fn what_keeps_cargo_from_building_is_told_with_what_to_pass() {
    let ws = Workspace::new("errors");
    ws.lock();
    let cases: [(&[&str], &[&str]); 8] = [
        (&["--features", "broken", "-p", "app"], &["this feature does not work", "error: failed to build"]),
        (&["--bin", "nope"], &["no bin target named `nope`", "hint: name one of them with `--bin`"]),
        (&["--features", "nope", "-p", "app"], &["nope", "hint: `--features` takes"]),
        (&["--profile", "nope"], &["nope", "hint: `--profile` takes"]),
        (&["--target", "no-such-target"], &["hint: `no-such-target` is no target of this compiler"]),
        (
            &["--target", "s390x-unknown-linux-gnu"],
            &["hint: install the target first: `rustup target add s390x"],
        ),
        (&["-p", "helper"], &["package `helper` has no binary", "hint: "]),
        (&["--", "--target-dir", "x"], &["`--target-dir` behind `--`", "hint: pass `--scratch PATH`"]),
    ];
    for (args, words) in cases {
        check_failure(ws.bloat().arg("build").args(args), words);
    }
    let linker = "target.x86_64-unknown-linux-gnu.linker=\"no-such-linker\"";
    if cfg!(target_arch = "x86_64") {
        let mut command = ws.bloat();
        command.args(["build", "--bin", "second", "--", "--config", linker]);
        check_failure(&mut command, &["no-such-linker", "hint: install the linker"]);
    }
    // A library is there to be had when it is asked for.
    let report = json(ws.bloat().args(["build", "-p", "helper", "--lib", "--format", "json"]));
    assert_eq!(artifacts(&report), ["helper helper rust-library"]);
    // No project at all.
    let mut outside = ws.bloat();
    check_failure(outside.arg("build").current_dir("/"), &["failed to find `Cargo.toml`", "hint: "]);
    // A folder that is not ours is neither built in nor removed.
    let theirs = ws.root().join("app");
    check_failure(ws.bloat().arg("build").arg("--scratch").arg(&theirs), &["not a folder that bloat made"]);
    check_failure(
        ws.bloat().args(["build", "--clean", "--scratch"]).arg(&theirs),
        &["not a folder that bloat made"],
    );
    assert!(theirs.join("Cargo.toml").exists());
}

#[test]
fn a_lockfile_is_neither_made_nor_changed() {
    let ws = Workspace::new("lock");
    stdout(ws.bloat().args(["build", "--bin", "second", "-q"]));
    assert!(!ws.root().join("Cargo.lock").exists(), "there was none before");
    ws.lock();
    let lock = std::fs::read(ws.root().join("Cargo.lock")).unwrap();
    let manifest = std::fs::read_to_string(ws.root().join("helper/Cargo.toml")).unwrap();
    ws.write("helper/Cargo.toml", &manifest.replace("1.2.3", "1.2.4"));
    check_failure(ws.bloat().args(["build", "--bin", "second"]), &["hint: `Cargo.lock` does not fit"]);
    assert_eq!(std::fs::read(ws.root().join("Cargo.lock")).unwrap(), lock);
    // A dependency that is nowhere to be had, and no lockfile to say which it was.
    std::fs::remove_file(ws.root().join("Cargo.lock")).unwrap();
    ws.write("helper/Cargo.toml", &format!("{manifest}[dependencies]\nno-such-crate-as-this = \"1\"\n"));
    check_failure(ws.bloat().args(["build", "--bin", "second"]), &["hint: there is no `Cargo.lock`"]);
    assert!(!ws.root().join("Cargo.lock").exists());
}
