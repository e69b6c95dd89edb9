//! Budgets: which limits hold, what is said of those that do not, and what an update writes.
//!
//! Sizes are those of `size` and of the file system.

mod program;
mod subjects;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use program::{bloat, run, stdout};
use subjects::{fixture, scratch};

const FILE: &str = "demo-x86_64-v0";

fn length(name: &str) -> u64 {
    std::fs::metadata(fixture(name)).expect("it is there").len()
}

/// Writes budgets.
fn budgets(name: &str, text: &str) -> PathBuf {
    let path = scratch(name);
    std::fs::write(&path, text).expect("the folder is writable");
    path
}

fn check(config: &Path) -> Command {
    let mut command = bloat();
    command.arg("check").arg(fixture(FILE)).arg("--config").arg(config).env_remove("SOURCE_DATE_EPOCH");
    command
}

fn json(command: &mut Command, code: i32) -> Value {
    let output = run(command.args(["--format", "json"]));
    assert_eq!(output.status.code(), Some(code), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("it is JSON")
}

/// Budget, limit and status of each row.
fn rows(report: &Value) -> Vec<String> {
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_string();
    let row = |row: &Value| ["budget", "limit", "status"].map(|key| text(row, key)).join(" ");
    report["checks"].as_array().expect("checks").iter().map(row).collect()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn limits_hold_up_to_the_last_byte() {
    let size = length(FILE);
    for (max, code, status) in [(size, 0, "held"), (size - 1, 1, "exceeded")] {
        let config = budgets("check-last.toml", &format!("[budget.total]\nmax = {max}\n"));
        let report = json(&mut check(&config), code);
        assert_eq!(rows(&report), [format!("total max {status}")]);
        assert_eq!(report["passed"], code == 0);
        let row = &report["checks"][0];
        assert_eq!((&row["size"], &row["most"]), (&Value::from(size), &Value::from(max)));
        assert_eq!(row["over"], if code == 0 { Value::Null } else { 1.into() });
    }
}

#[test]
fn growth_is_judged_against_the_old_file() {
    let (old, new) = ("demo-x86_64-symtab", FILE);
    let growth = length(new) - length(old);
    assert!(growth > 0);
    for (limit, code) in [(growth, 0), (growth - 1, 1)] {
        let config = budgets("check-growth.toml", &format!("[budget]\ntotal = {{ max-growth = {limit} }}\n"));
        let report = json(check(&config).arg("--against").arg(fixture(old)), code);
        let row = &report["checks"][0];
        assert_eq!((&row["growth"], &row["before"]), (&growth.into(), &length(old).into()));
    }
    // The same, the other way round, is less.
    let config = budgets("check-shrink.toml", "[budget]\ntotal = { max-growth = 0 }\n");
    let mut back = bloat();
    back.arg("check").arg(fixture(old)).arg("--config").arg(&config).arg("--against").arg(fixture(new));
    stdout(&mut back);
    // Without an old file nothing is known, which is said and is no failure.
    let report = json(&mut check(&config), 0);
    assert_eq!(rows(&report), ["total max-growth unchecked"]);
    assert_eq!(report["diagnostics"][0]["code"], "no-baseline");
}

#[test]
fn parts_have_the_sizes_that_the_report_gives_them() {
    let config = budgets(
        "check-parts.toml",
        "[budget]\n\"kind:code\" = { max = 0 }\n\"section:.text\" = { max = 0 }\n\"crate:shapes\" = { max = 0 }\n\
         \"symbol:<shapes::*\" = { max = 0 }\nmemory = { max = 0 }\nshipped = { max = 0 }\n\
         \"segment:*\" = { max = 0, measure = \"memory\" }\n",
    );
    let report = json(&mut check(&config), 1);
    let size = |name: &str| {
        let all = report["checks"].as_array().unwrap();
        all.iter().find(|row| row["budget"] == name).unwrap_or_else(|| panic!("{name}"))["size"]
            .as_u64()
            .unwrap()
    };
    let sum = |by: &str, pattern: &str| {
        let filter = format!("{by}={pattern}");
        let text = stdout(
            bloat()
                .arg("show")
                .arg(fixture(FILE))
                .args(["--by", by, "--filter", &filter, "--format", "json"]),
        );
        serde_json::from_str::<Value>(&text).unwrap()["shown"]["file"].as_u64().unwrap()
    };
    for (name, by, pattern) in [
        ("kind:code", "kind", "code"),
        ("section:.text", "section", ".text"),
        ("crate:shapes", "crate", "shapes"),
        ("symbol:<shapes::*", "symbol", "<shapes::*"),
    ] {
        assert_eq!(size(name), sum(by, pattern), "{name}");
        assert!(size(name) > 0, "{name}");
    }
    let overview: Value =
        serde_json::from_str(&stdout(bloat().arg(fixture(FILE)).args(["--format", "json"]))).unwrap();
    assert_eq!(size("memory"), overview["total"]["memory"].as_u64().unwrap());
    assert_eq!(size("segment:*"), size("memory"));
    assert_eq!(size("shipped"), overview["shipped"]["file"].as_u64().unwrap());
    assert!(size("symbol:<shapes::*") < size("crate:shapes"));
}

const ALLOWED: &str = "[budget.total]\nmax = 1\n\n[[allow]]\nbudget = \"total\"\nextra = \"1MiB\"\nreason = \"until the\\nmove\"\nuntil = \"2026-12-31\"\n";

#[test]
fn allowances_end_after_their_last_day() {
    let config = budgets("check-allow.toml", ALLOWED);
    let report = json(check(&config).args(["--today", "2026-12-31"]), 0);
    assert_eq!(rows(&report), ["total max allowed"]);
    assert_eq!(report["checks"][0]["allowances"][0]["reason"], "until the\nmove");
    let report = json(check(&config).args(["--today", "2027-01-01"]), 1);
    assert_eq!(rows(&report), ["total max exceeded"]);
    assert_eq!(report["diagnostics"][0]["code"], "expired-allowance");
    // The last second of the year, and the next.
    for (seconds, code) in [(1_798_761_599u64, 0), (1_798_761_600, 1)] {
        let report = json(check(&config).env("SOURCE_DATE_EPOCH", seconds.to_string()), code);
        assert_eq!(report["today"], if code == 0 { "2026-12-31" } else { "2027-01-01" });
    }
    let output = run(check(&config).env("SOURCE_DATE_EPOCH", "soon"));
    assert_eq!(output.status.code(), Some(2));
    // What people wrote is harmless too.
    let text = stdout(check(&config).args(["--today", "2026-12-31"]));
    assert!(text.contains("until the\\u{a}move"), "{text}");
}

#[test]
fn an_update_lowers_what_it_can_and_keeps_the_rest() {
    let text = "# why\r\n[budget.total]   # all\r\nmax = \"1MiB\" # agreed\r\n\r\n[budget.\"section:.text\"]\r\nmax = 1\r\n";
    let config = budgets("check-update.toml", text);
    let output = run(check(&config).arg("--update"));
    assert_eq!(output.status.code(), Some(1), "what is exceeded stays exceeded");
    let size = length(FILE);
    let digits = format!("{}_{:03}", size / 1000, size % 1000);
    let expected = text.replace("\"1MiB\"", &digits);
    assert_eq!(std::fs::read_to_string(&config).unwrap(), expected);
    // Once more changes nothing, nor does a larger file loosen anything.
    run(check(&config).arg("--update"));
    let mut larger = bloat();
    larger.arg("check").arg(fixture("demo-x86_64-dwarf4")).arg("--config").arg(&config).arg("--update");
    assert_eq!(run(&mut larger).status.code(), Some(1));
    assert_eq!(std::fs::read_to_string(&config).unwrap(), expected);
}

#[test]
fn names_without_match_are_warnings_that_say_what_was_meant() {
    let config = budgets(
        "check-names.toml",
        "[budget]\n\"section:.txt\" = { max = 0 }\n\"crate:shape\" = { max = 0 }\n\"crate:nothing-like-it\" = { max = 0 }\n",
    );
    let report = json(&mut check(&config), 0);
    let messages: Vec<&str> =
        report["diagnostics"].as_array().unwrap().iter().filter_map(|d| d["message"].as_str()).collect();
    assert!(messages[0].contains("is `section:.text` meant?"), "{messages:?}");
    assert!(messages[1].contains("is `crate:shapes` meant?"), "{messages:?}");
    assert!(messages[2].ends_with("`crate:nothing-like-it` matches nothing in the file"), "{messages:?}");
}

#[test]
fn mistakes_in_budgets_name_file_line_key_and_what_was_meant() {
    for (text, parts) in [
        ("[budget.total]\nmx = 1\n", &[":2: ", "`mx`", "is `max` meant?"][..]),
        ("[budget.totl]\nmax = 1\n", &[":1: ", "is `total` meant?"]),
        ("[budget.total]\nmax = \"5 potatoes\"\n", &[":2: ", "`budget.total.max`", "`5 potatoes`"]),
        ("[budget\n", &[":1: "]),
    ] {
        let config = budgets("check-wrong.toml", text);
        let output = run(&mut check(&config));
        assert_eq!(output.status.code(), Some(2), "{text}");
        let said = stderr(&output);
        assert!(said.contains("check-wrong.toml"), "{said}");
        assert!(parts.iter().all(|part| said.contains(part)), "{said}");
    }
    let output = run(&mut check(Path::new("no/such.toml")));
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("[budget.total]"), "{}", stderr(&output));
}
