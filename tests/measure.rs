//! `bloat advise` on a package: what is measured is what cargo makes by hand, and nothing that is set is recommended.

#![cfg(unix)]

mod program;
mod published;
mod workspace;

use std::process::Command;

use program::{run, stdout};
use published::{assert_valid, closed};
use serde_json::Value;
use workspace::Workspace;

fn report(command: &mut Command) -> Value {
    let text = stdout(command);
    let report: Value = serde_json::from_str(&text).expect("it is JSON");
    assert_valid(&closed("AdviseReport"), &report, "advise");
    report
}

const JSON: [&str; 4] = ["--format", "json", "-n", "0"];

fn rules(report: &Value) -> Vec<&str> {
    report["advice"].as_array().expect("a list").iter().filter_map(|row| row["rule"].as_str()).collect()
}

fn size_by_hand(ws: &Workspace, config: &[&str], flags: &[&str]) -> u64 {
    let mut command = ws.cargo();
    command.args(["rustc", "--release", "--quiet", "-p", "app", "--bin", "app"]);
    for value in config {
        command.args(["--config", &format!("profile.release.{value}")]);
    }
    assert!(command.arg("--").args(flags).status().expect("cargo starts").success());
    let file = ws.root().parent().expect("it has one").join("by-hand/release/app");
    std::fs::metadata(file).expect("it was built").len()
}

#[test]
fn savings_are_those_of_builds_by_hand() {
    let ws = Workspace::new("trials");
    ws.lock();
    let before = ws.files();
    let ask = ["advise", "--measure", "-q", "--bin", "app"];
    let found = report(ws.bloat().args(ask).args(JSON));
    let measured =
        found["advice"].as_array().expect("a list").iter().filter(|row| row.get("measured").is_some());
    let measured: Vec<&Value> = measured.collect();
    let file = size_by_hand(&ws, &[], &[]);
    let shipped = size_by_hand(&ws, &["strip=\"symbols\""], &[]);
    assert_eq!(found["built"]["sizes"], serde_json::json!({ "file": file, "shipped": shipped }));
    assert!(measured.iter().any(|row| row["rule"] == "strip"), "{found}");
    for row in &measured {
        let (trial, saving) = (&row["measured"], &row["saving"]);
        let text = row["change"]["text"].as_str().expect("a text");
        let flags: Vec<&str> = match text.strip_prefix("RUSTFLAGS=\"") {
            Some(flags) => flags.trim_end_matches('"').split(' ').collect(),
            None => Vec::new(),
        };
        let mut config = vec!["strip=\"symbols\"".to_string()];
        if flags.is_empty() {
            config.extend(text.lines().skip(1).map(|line| line.replace(" = ", "=")));
            config.dedup_by(|a, b| a.starts_with("strip") && b.starts_with("strip"));
        }
        let config: Vec<&str> = config.iter().map(String::as_str).collect();
        let after = size_by_hand(&ws, &config, &flags);
        let base = if saving["of"] == "file" { file } else { shipped };
        assert_eq!((&trial["before"], &trial["after"]), (&base.into(), &after.into()), "{row}");
        let saved = base as i64 - after as i64;
        assert_eq!(trial["saving"], saved, "{row}");
        let bounds = saving["low"].as_i64().unwrap()..=saving["high"].as_i64().unwrap();
        assert_eq!(trial["within_bounds"], bounds.contains(&saved), "{row}");
    }
    for row in found["advice"].as_array().expect("a list") {
        assert!(row.get("measured").is_some() != row.get("not_measured").is_some(), "{row}");
    }
    assert_eq!(ws.files(), before, "the project is as it was");
    // The same words in every format.
    let again = stdout(ws.bloat().args(ask).args(["--bytes", "-n", "0"]));
    for row in &measured {
        let line = format!("from {} to", thousands(row["measured"]["before"].as_u64().unwrap()));
        assert!(again.contains(&line), "{line}: {again}");
    }
}

fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).expect("digits")).collect();
    groups.join(",")
}

/// Everything that advice can set, in each of the places where cargo looks for it.
#[test]
fn nothing_is_recommended_that_is_set_anywhere() {
    const SET: [(&str, &str); 5] = [
        ("opt-level", "\"z\""),
        ("lto", "\"fat\""),
        ("codegen-units", "1"),
        ("panic", "\"abort\""),
        ("strip", "\"symbols\""),
    ];
    const RULES: [&str; 6] = ["strip", "lto", "codegen-units", "opt-level-s", "opt-level-z", "panic-abort"];
    let table: String = SET.iter().map(|(key, value)| format!("{key} = {value}\n")).collect();
    let ask = |ws: &Workspace, set: &dyn Fn(&mut Command)| {
        let mut command = ws.bloat();
        command.args(["advise", "-q", "--bin", "second"]).args(JSON);
        set(&mut command);
        let found = report(&mut command);
        let rules = rules(&found);
        let wrong: Vec<&&str> = rules.iter().filter(|rule| RULES.contains(rule)).collect();
        assert!(wrong.is_empty(), "{wrong:?}: {}", found["settings"]);
    };
    let ws = Workspace::new("set");
    ws.lock();
    let plain = report(ws.bloat().args(["advise", "-q", "--bin", "second"]).args(JSON));
    assert!(rules(&plain).contains(&"strip"), "nothing is set, and it has symbols: {plain}");
    ask(&ws, &|command| {
        for (key, value) in SET {
            let variable = format!("CARGO_PROFILE_RELEASE_{}", key.to_uppercase().replace('-', "_"));
            command.env(variable, value.trim_matches('"'));
        }
    });
    ask(&ws, &|command| {
        command.arg("--");
        for (key, value) in SET {
            command.args(["--config", &format!("profile.release.{key}={value}")]);
        }
    });
    ws.write(".cargo/config.toml", &format!("[profile.release]\n{table}"));
    ask(&ws, &|_| ());
    ws.write(".cargo/config.toml", &format!("[profile.small]\ninherits = \"release\"\n{table}"));
    ask(&ws, &|command| {
        command.args(["--profile", "small"]);
    });
}

#[test]
fn a_library_for_rust_is_not_optimised_when_linking() {
    let ws = Workspace::new("library");
    let code = "#[no_mangle]\npub extern \"C\" fn plug(n: u32) -> usize {\n\
         let mut all: std::collections::BTreeMap<String, Vec<f64>> = Default::default();\n\
         for i in 0..n { all.entry(format!(\"{:?}\", i % 7)).or_default().push(f64::from(i)); }\n\
         for v in all.values_mut() { v.sort_by(f64::total_cmp); }\n\
         format!(\"{all:?}\").len()\n}\n";
    ws.write("plug/src/lib.rs", code);
    ws.lock();
    let ask =
        |ws: &Workspace| report(ws.bloat().args(["advise", "-q", "-p", "plug", "--only", "lto"]).args(JSON));
    let change = |found: &Value| found["advice"][0]["change"]["kind"].as_str().map(str::to_string);
    assert_eq!(change(&ask(&ws)).as_deref(), Some("command"), "it is an rlib too");
    // Cargo leaves it as it is: the same bytes with and without.
    let build = |config: &[&str]| {
        let mut cargo = ws.cargo();
        cargo.args(["build", "--release", "--quiet", "-p", "plug"]);
        for value in config {
            cargo.args(["--config", value]);
        }
        assert!(cargo.status().expect("cargo starts").success());
        let file = ws.root().parent().expect("it has one").join("by-hand/release/libplug.so");
        std::fs::metadata(file).expect("it was built").len()
    };
    assert!(build(&[]).abs_diff(build(&["profile.release.lto=\"fat\""])) < 4096);
    let manifest = "[package]\nname = \"plug\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[lib]\ncrate-type = [\"cdylib\"]\n";
    ws.write("plug/Cargo.toml", manifest);
    assert_eq!(change(&ask(&ws)).as_deref(), Some("profile"), "it is a shared library alone");
}

#[test]
fn what_cannot_be_built_says_why() {
    let ws = Workspace::new("untried");
    ws.lock();
    let several = run(ws.bloat().args(["advise", "-q"]));
    assert_eq!(several.status.code(), Some(2));
    let words = String::from_utf8_lossy(&several.stderr).into_owned();
    assert!(words.contains("-p app --bin app") && words.contains("-p plug --lib"), "{words}");
    let broken =
        run(ws.bloat().args(["advise", "--measure", "-q", "-p", "app", "--bin", "app", "-F", "broken"]));
    assert_eq!(broken.status.code(), Some(2));
    let words = String::from_utf8_lossy(&broken.stderr).into_owned();
    assert!(words.contains("this feature does not work"), "{words}");
    let no_linker = ["--", "--config", "target.'cfg(all())'.linker=\"no-such-linker\""];
    for command in [
        &["advise", "-q"] as &[&str],
        &["profiles", "-q", "--only", "strip"],
        &["features", "-q", "--only", "greet"],
    ] {
        for (flags, hint) in [
            (&no_linker as &[&str], "hint: install the linker"),
            (&["--target", "no-such-platform"], "hint: `no-such-platform` is no target of this compiler"),
        ] {
            let failed = run(ws.bloat().args(command).args(["-p", "app", "--bin", "app"]).args(flags));
            let words = String::from_utf8_lossy(&failed.stderr).into_owned();
            assert_eq!(failed.status.code(), Some(2), "{words}");
            assert!(words.contains(hint), "{command:?} {flags:?}: {words}");
        }
    }
    let unknown = run(ws.bloat().args(["advise", "-q", "--bin", "app", "--profile", "relase"]));
    let words = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert!(words.contains("is `release` meant?"), "{words}");
}
