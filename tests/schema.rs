//! `docs/schema.json` is what the types of the reports say, and what the program writes is valid by it.
//!
//! After a change of the reports: `BLOAT_UPDATE=1 cargo test --test schema`, and look at the difference.

mod program;
mod published;
mod subjects;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use program::{bloat, run, stdout};
use published::{assert_valid, closed, published};
use serde_json::{Value, json};
use subjects::scratch;

/// What is asked, by the definition that the answer is valid by: `OLD` and `NEW` stand for files, the rest is typed.
/// Each command that writes JSON is asked at least once.
const QUESTIONS: &[(&str, &str)] = &[
    ("Overview", "show NEW --format json"),
    ("Overview", "show NEW --format json -n 2"),
    ("Show", "show NEW --format json --by kind,segment,section,crate,symbol"),
    ("Show", "show NEW --format json --by source,module,generic,unit --measure mem -n 3"),
    ("Show", "show NEW --format json --by defined-in,instantiated-by,evidence,member -n 0"),
    ("Show", "show NEW --format json --filter kind!=code"),
    ("Show", "show DWARF --format json --by crate,inlined"),
    ("Show", "show DWARF --format json --by file,line --filter kind=code"),
    ("ExplainPlace", "explain NEW @0 --format json"),
    ("ExplainPlace", "explain NEW MIDDLE --format json"),
    ("ExplainCrate", "explain NEW crate:[headers] --format json"),
    ("GenericsReport", "generics NEW --format json"),
    ("GenericsReport", "generics NEW --format json --by dropped-type --fold --min-copies 1 -n 1"),
    ("DuplicatesReport", "duplicates NEW --format json"),
    ("DuplicatesReport", "duplicates NEW --format json -n 1 --min-size 8 --sort copies"),
    ("LedgerRow", "ledger NEW --format jsonl"),
    ("TreeReport", "tree NEW --lockfile LOCK-OLD --format json --depth 0"),
    ("TreeReport", "tree NEW --lockfile LOCK-NEW --format json --invert shapes"),
    ("DiffReport", "diff OLD NEW --format json"),
    (
        "DiffReport",
        "diff OLD NEW --format json --by kind,section -n 2 --measure mem --lockfile LOCK-OLD LOCK-NEW --filter kind!=debug",
    ),
    ("DiffReport", "diff OLD NEW --format json --fail-over 0 --fail-over 1000% --fail-over crate:nobody=1"),
    ("AdviseReport", "advise NEW --format json"),
    ("CheckReport", "check NEW --against OLD --today 2026-01-02 --format json --config BUDGETS"),
];

/// Old and new files of every format, with and without symbols and debug information.
const PAIRS: [(&str, &str); 10] = [
    ("bin/demo-x86_64-dwarf4", "bin/demo-x86_64-v0"),
    ("bin/demo-x86_64-v0", "bin/demo-x86_64-lto"),
    ("bin/demo-x86_64-symtab", "bin/demo-x86_64-stripped"),
    ("bin/bare-i686", "bin/unit-s390x.o"),
    ("bin/libunit-x86_64.a", "archive/libseries-elf.rlib"),
    ("archive/libshelf-thin.a", "archive/libempty.a"),
    ("macho/station-arm64-v1", "macho/station-arm64-v2"),
    ("macho/station-x86_64-v1", "macho/station-universal-v1"),
    ("pe/station-msvc-x86_64-v1.exe", "pe/station-gnu-x86_64-v2.exe"),
    ("wasm/station-names-v1.wasm", "wasm/station-dwarf-v2.wasm"),
];

const BUDGETS: &str = r#"
[budget.total]
max = "1KiB"
max-growth = "1%"
[budget."kind:code"]
max = "1GiB"
[budget."crate:nobody"]
max = "1KiB"
[deny]
new-crates = true
[[allow]]
budget = "total"
extra = "1KiB"
reason = "a reason"
until = "2026-02-01"
"#;

fn lockfile(version: &str) -> String {
    format!("version = 4\n[[package]]\nname = \"shapes\"\nversion = \"{version}\"\n")
}

/// Names and schemas of all definitions.
fn definitions(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema["$defs"].as_object().expect("definitions").iter()
}

/// The answers to one question: one, or one for each line.
fn ask(question: &str, old: &str, new: &str) -> Vec<Value> {
    let file = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name);
    let written = |name: &str, text: &str| -> PathBuf {
        let path = scratch(&format!("schema-{name}"));
        std::fs::write(&path, text).expect("the folder is writable");
        path
    };
    let mut command = bloat();
    for word in question.split(' ') {
        match word {
            "OLD" => command.arg(file(old)),
            "NEW" => command.arg(file(new)),
            "DWARF" => command.arg(file("bin/demo-x86_64-dwarf4")),
            "BUDGETS" => command.arg(written("budgets.toml", BUDGETS)),
            "LOCK-OLD" => command.arg(written("old.lock", &lockfile("1.0.0"))),
            "LOCK-NEW" => command.arg(written("new.lock", &lockfile("1.0.1"))),
            "MIDDLE" => {
                let size = std::fs::metadata(file(new)).expect("it is there").len();
                command.arg(format!("@{}", size / 3))
            }
            word => command.arg(word),
        };
    }
    let output = run(&mut command);
    let said = String::from_utf8_lossy(&output.stderr);
    // 1 says that a limit is exceeded.
    assert!(matches!(output.status.code(), Some(0 | 1)), "{command:?}: {said}");
    let text = String::from_utf8(output.stdout).expect("output is UTF-8");
    let lines: Vec<&str> = if question.contains("jsonl") { text.lines().collect() } else { vec![&text] };
    lines.into_iter().map(|line| serde_json::from_str(line).expect("it is JSON")).collect()
}

#[test]
fn the_schema_is_that_of_the_types() {
    let made = bloat::report::schema();
    if std::env::var("BLOAT_UPDATE").is_ok_and(|value| value == "1") {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema.json");
        std::fs::write(path, format!("{made:#}\n")).expect("docs is writable");
    }
    // Not `assert_eq`: nobody wants to see both.
    assert!(made == published(), "docs/schema.json is out of date: BLOAT_UPDATE=1 cargo test --test schema");
}

#[test]
fn what_the_program_writes_is_valid() {
    let any = jsonschema::draft202012::new(&published()).expect("the schema is one");
    for &(definition, question) in QUESTIONS {
        let validator = closed(definition);
        let mut count = 0;
        for (old, new) in PAIRS {
            for answer in ask(question, old, new) {
                let asked = format!("{question} with {old} and {new}");
                assert_valid(&validator, &answer, &asked);
                assert!(any.is_valid(&answer), "{asked}: valid alone but not by the whole");
                count += 1;
            }
        }
        assert!(count >= PAIRS.len(), "{question}: only {count} answers");
    }
}

/// Which names there are to ask for differs from file to file.
#[test]
fn copies_of_one_generic_are_valid() {
    let validator = closed("GenericReport");
    let mut count = 0;
    for (_, new) in PAIRS {
        let found = ask("generics NEW --format json -n 2 --min-copies 1", new, new);
        let Some(name) = found[0]["rows"][0]["name"].as_str() else { continue };
        let question = "generics NEW --format json -n 1";
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(new);
        let answer = stdout(bloat().args(["generics", "--format", "json", "-n", "1"]).arg(path).arg(name));
        let answer = serde_json::from_str(&answer).expect("it is JSON");
        assert_valid(&validator, &answer, &format!("{question} with {new} and {name}"));
        count += 1;
    }
    assert!(count >= 5, "only {count} files have generics");
}

#[test]
fn every_command_that_writes_json_is_asked() {
    let help = stdout(bloat().arg("--help"));
    let commands =
        help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let mut writing = BTreeSet::new();
    for command in commands.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help") {
        let help = stdout(bloat().args([command, "--help"]));
        let formats = help.lines().map(str::trim);
        if formats.filter(|line| line.starts_with("- json:") || line.starts_with("- jsonl:")).count() > 0 {
            writing.insert(command.to_string());
        }
    }
    let asked =
        QUESTIONS.iter().map(|(_, question)| question.split(' ').next().unwrap_or_default().to_string());
    // These build packages, and are asked where there are some.
    let building = ["build", "profiles", "features"].map(String::from);
    assert_eq!(writing, asked.chain(building).collect());
}

#[test]
fn every_key_is_described_and_nothing_is_null() {
    let schema = published();
    for (name, definition) in definitions(&schema) {
        let properties = definition["properties"].as_object().into_iter().flatten();
        for (key, property) in properties {
            let said = property["description"].as_str().unwrap_or_default();
            assert!(!said.is_empty(), "{name}.{key} has no description");
            assert!(!said.contains("[`"), "{name}.{key}: a link of Rust's documentation: {said}");
        }
        assert!(!definition.to_string().contains("\"null\""), "{name} lets something be null");
        let required = definition["required"].as_array().map_or(0, Vec::len);
        assert!(
            ["Key", "Cause", "SettingsRow"].contains(&name.as_str())
                || definition.get("properties").is_none()
                || required > 0,
            "{name}"
        );
    }
}

/// What is wrong is not valid: the schema says more than "an object".
#[test]
fn wrong_reports_are_not_valid() {
    let [report] = &ask("diff OLD NEW --format json", PAIRS[0].0, PAIRS[0].1)[..] else {
        panic!("one report")
    };
    let open = published();
    let any = jsonschema::draft202012::new(&open).expect("the schema is one");
    assert_valid(&any, report, "unchanged");
    let mut newer = report.clone();
    newer["a key of tomorrow"] = 1.into();
    assert_valid(&any, &newer, "with a new key");
    let wrong = |pointer: &str, value: Option<Value>| {
        let mut report = report.clone();
        let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
        let parent = report.pointer_mut(parent).unwrap_or_else(|| panic!("{pointer}"));
        let object = parent.as_object_mut().expect("an object");
        match value {
            Some(value) => object.insert(key.to_string(), value),
            None => object.remove(key),
        };
        assert!(!any.is_valid(&report), "{pointer}: valid all the same");
    };
    for pointer in
        ["/schema_version", "/report", "/total/delta", "/rows/0/status", "/rows/0/old/file", "/rows"]
    {
        wrong(pointer, None);
        wrong(pointer, Some(Value::Null));
        wrong(pointer, Some("a word".into()));
    }
    wrong("/schema_version", Some(2.into()));
    wrong("/measure", Some("bytes".into()));
    wrong("/by", Some(json!(["colour"])));
    wrong("/old/file_size", Some((-1).into()));
    wrong("/rows/0/key/kind", Some("coda".into()));
}
