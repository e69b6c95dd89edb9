//! Limits of `bloat diff`: what is said of them in every output, and the exit status.
//!
//! Sizes are those of the file system.

mod program;
mod subjects;

use std::process::{Command, Output};

use serde_json::Value;

use program::{bloat, run};
use subjects::fixture;

const OLD: &str = "demo-x86_64-symtab";
const NEW: &str = "demo-x86_64-v0";

fn length(name: &str) -> u64 {
    std::fs::metadata(fixture(name)).expect("it is there").len()
}

fn growth() -> u64 {
    length(NEW) - length(OLD)
}

fn diff(old: &str, new: &str, limits: &[String]) -> Command {
    let mut command = bloat();
    command.arg("diff").arg(fixture(old)).arg(fixture(new));
    for limit in limits {
        command.args(["--fail-over", limit]);
    }
    command
}

fn json(output: &Output, code: i32) -> Value {
    assert_eq!(output.status.code(), Some(code), "{}", stderr(output));
    serde_json::from_slice(&output.stdout).expect("it is JSON")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn limits_hold_up_to_the_last_byte() {
    for (allowed, code) in [(growth(), 0), (growth() - 1, 1)] {
        let output = run(diff(OLD, NEW, &[allowed.to_string()]).args(["--format", "json"]));
        let report = json(&output, code);
        assert_eq!(report["passed"], code == 0);
        let row = &report["limits"][0];
        assert_eq!(row["status"], ["held", "exceeded"][code as usize]);
        let of = |key: &str| row[key].as_u64();
        assert_eq!(of("old"), Some(length(OLD)));
        assert_eq!(of("new"), Some(length(NEW)));
        assert_eq!(of("delta"), Some(growth()));
        assert_eq!(of("allowed"), Some(allowed));
        assert_eq!(of("over"), (code == 1).then_some(1));
        assert_eq!(stderr(&output).matches("error: limit ").count(), code as usize, "{}", stderr(&output));
    }
    // Without limits nothing is said of them.
    let report = json(&run(diff(OLD, NEW, &[]).args(["--format", "json"])), 0);
    assert!(report.get("limits").is_none() && report.get("passed").is_none());
    // What shrinks is within any limit, also none at all.
    let report = json(&run(diff(NEW, OLD, &["0".to_string()]).args(["--format", "json"])), 0);
    assert_eq!(report["limits"][0]["delta"], -growth().cast_signed());
}

#[test]
fn limits_are_on_whole_files_whatever_is_shown() {
    let limits = [(growth() - 1).to_string()];
    for more in [&["--filter", "kind=strings"][..], &["--by", "section", "-n", "1"]] {
        let report = json(&run(diff(OLD, NEW, &limits).args(["--format", "json"]).args(more)), 1);
        assert_eq!(report["limits"][0]["over"], 1, "{more:?}");
    }
    // The memory that is measured, or a limit on memory.
    let memory = |report: &Value| report["total"]["memory_delta"].as_i64().expect("a number");
    let report = json(&run(diff(OLD, NEW, &limits).args(["--measure", "mem", "--format", "json"])), 0);
    assert_eq!(report["limits"][0]["delta"], memory(&report));
    let report = json(&run(diff(OLD, NEW, &["memory=1GiB".to_string()]).args(["--format", "json"])), 0);
    assert_eq!(report["limits"][0]["delta"], memory(&report));
}

/// Under a filter rows sum to what passed it, and the files are as large as ever.
#[test]
fn a_filter_changes_no_file() {
    let filtered = |format: &str| {
        let mut command = diff(OLD, NEW, &[]);
        run(command.args(["--filter", "kind=strings,symbols", "--bytes", "--format", format]))
    };
    let report = json(&filtered("json"), 0);
    assert_eq!(report["total"]["new"]["file"], length(NEW));
    assert_eq!(report["total"]["delta"], growth());
    let rows = report["rows"].as_array().expect("rows");
    let sum: i64 = rows.iter().map(|row| row["delta"]["file"].as_i64().expect("bytes")).sum();
    let shown = report["shown"]["delta"].as_i64().expect("bytes");
    assert_eq!((sum, report["summary"]["net"].as_i64()), (shown, Some(shown)));
    assert!(shown != 0 && shown != growth().cast_signed(), "{shown}");
    assert!(json(&run(diff(OLD, NEW, &[]).args(["--format", "json"])), 0).get("shown").is_none());
    let grown = format!("+{}", bloat::render::bytes(growth()));
    let text = stdout(&filtered("text"));
    let header =
        |name: &str| text.lines().find(|line| line.trim_start().starts_with(name)).unwrap_or_default();
    assert!(header("file ").contains(&grown), "{text}");
    assert!(header("filtered ").contains(&bloat::render::bytes(shown.unsigned_abs())), "{text}");
    let markdown = stdout(&filtered("markdown"));
    let heading = markdown.lines().find(|line| line.starts_with('#')).expect("a headline");
    assert!(heading.contains(&grown) && markdown.contains("| file, filtered |"), "{markdown}");
}

fn three() -> [String; 3] {
    ["total=1GiB".to_string(), "crate:shape=1KiB".to_string(), "0".to_string()]
}

#[test]
fn what_is_exceeded_comes_first_and_what_matches_nothing_is_a_warning() {
    let report = json(&run(diff(OLD, NEW, &three()).args(["--format", "json"])), 1);
    let rows = report["limits"].as_array().expect("rows");
    let told: Vec<String> =
        rows.iter().map(|row| format!("{} {}", row["status"], row["limit"]).replace('"', "")).collect();
    assert_eq!(told, ["exceeded 0", "unchecked crate:shape=1KiB", "held total=1GiB"]);
    assert!(rows[1].get("old").is_none() && rows[1].get("over").is_none());
    let issue = &report["diagnostics"][0];
    assert_eq!(issue["code"], "no-such-part");
    let message = issue["message"].as_str().unwrap();
    assert!(message.contains("is `crate:shapes` meant?"), "{message}");
    // A limit that cannot be judged is no failure.
    json(&run(diff(OLD, NEW, &three()[..2]).args(["--format", "json"])), 0);
}

#[test]
fn text_and_csv_and_markdown_say_so() {
    let exceeded = |more: &[&str]| {
        let output = run(diff(OLD, NEW, &three()).args(more));
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).contains("error: limit 0 exceeded: "), "{}", stderr(&output));
        (stdout(&output), stderr(&output))
    };
    let (text, _) = exceeded(&["--bytes"]);
    assert!(text.contains("\n1 of 3 limits exceeded, 1 not checked\n"), "{text}");
    let grown = bloat::render::bytes(growth());
    let row = |line: &str| line.split_whitespace().map(str::to_string).collect::<Vec<_>>();
    let lines: Vec<Vec<String>> = text.lines().map(row).collect();
    assert!(lines.contains(&row(&format!("exceeded +{grown} +0 +{grown} 0"))), "{text}");
    assert!(lines.contains(&row("unchecked - - - crate:shape=1KiB")), "{text}");

    let (markdown, _) = exceeded(&["--format", "markdown"]);
    let headings: Vec<&str> = markdown.lines().filter(|line| line.starts_with('#')).collect();
    assert!(
        matches!(headings[..], [one] if one.ends_with("**1 of 3 limits exceeded, 1 not checked**")),
        "{headings:?}"
    );
    let at = |what: &str| markdown.find(what).unwrap_or_else(|| panic!("{what}: {markdown}"));
    assert!(
        at("| exceeded |") < at("| unchecked |") && at("| unchecked |") < at("<summary>Limits that hold")
    );
    assert!(
        at("<summary>Limits that hold") < at("| held |")
            && at("| held |") < at("| change | % | old | new | crate |")
    );

    // A table of numbers has no place for verdicts, standard error has.
    let (csv, said) = exceeded(&["--format", "csv"]);
    assert!(
        !csv.contains("exceeded") && said.contains("warning: the limit `crate:shape=1KiB` matches nothing")
    );

    let output = run(diff(OLD, NEW, &["1GiB".to_string()]).args(["--format", "markdown"]));
    assert_eq!(output.status.code(), Some(0));
    let markdown = stdout(&output);
    let heading = markdown.lines().find(|line| line.starts_with('#')).expect("a headline");
    assert!(heading.ends_with(": 1 limit held"), "{heading}");
}

#[test]
fn an_object_file_does_not_ship() {
    let report =
        json(&run(diff("unit-x86_64.o", NEW, &["shipped=1".to_string()]).args(["--format", "json"])), 0);
    assert_eq!(report["limits"][0]["status"], "unchecked");
    let message = report["diagnostics"][0]["message"].as_str().unwrap();
    assert!(message.contains("made to ship"), "{message}");
}

/// What files tell of their crates is no change of the program: symbols and debug information come and go.
#[test]
fn what_a_file_tells_makes_no_crate_new_or_gone() {
    let (stripped, debug) = ("demo-x86_64-stripped", "demo-x86_64-dwarf4");
    for (old, new) in [(OLD, stripped), (stripped, OLD), (OLD, debug), (debug, OLD)] {
        let report =
            json(&run(diff(old, new, &[]).args(["--format", "json", "--by", "crate", "-n", "0"])), 0);
        let codes: Vec<&str> =
            report["diagnostics"].as_array().unwrap().iter().filter_map(|d| d["code"].as_str()).collect();
        let is_stripped = [old, new].contains(&stripped);
        assert_eq!(codes.contains(&"different-symbols"), is_stripped, "{codes:?}");
        assert_eq!(codes.contains(&"different-debug-info"), !is_stripped, "{codes:?}");
        let rows = report["rows"].as_array().expect("rows");
        for name in ["demo", "shapes"] {
            let found: Vec<&Value> = rows.iter().filter(|row| row["key"]["crate"] == name).collect();
            assert_eq!(found.len(), 1, "{old} {new} {name}: {found:?}");
            assert!(found[0].get("cause").is_none_or(|cause| cause.get("turn").is_none()), "{found:?}");
        }
    }
}
