//! Flame graphs: viewers read them with their own code, and they sum to the bytes that were asked for.
//!
//! `speedscope/file-format-schema.json` is the schema of files that speedscope 1.25.0 publishes (MIT).
//! `inferno` is the reader of folded stacks.

mod program;
mod subjects;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use inferno::flamegraph::{Options, from_lines};
use program::{bloat, run, stdout};
use serde_json::Value;
use subjects::{analyze, fixture, scratch};

/// With debug information: Rust, of DWARF 4.
const SUBJECT: &str = "demo-x86_64-dwarf4";

fn show(name: &str, options: &[&str]) -> Command {
    let mut command = bloat();
    command.arg("show").arg(fixture(name)).args(options);
    command
}

fn code_bytes(name: &str) -> u64 {
    let model = analyze(&fixture(name));
    let code = model.leaves.iter().filter(|leaf| leaf.kind == bloat::kind::Kind::Code);
    code.map(|leaf| leaf.sizes().file).sum()
}

/// Lines of folded stacks: names and bytes.
fn folded(text: &str) -> Vec<(Vec<&str>, u64)> {
    text.lines()
        .map(|line| {
            let (stack, bytes) = line.rsplit_once(' ').expect("a number ends the line");
            (stack.split(';').collect(), bytes.parse().expect("a number"))
        })
        .collect()
}

#[test]
fn folded_stacks_sum_to_the_code_and_inferno_reads_them() {
    let text = stdout(&mut show(SUBJECT, &["--format", "folded"]));
    let stacks = folded(&text);
    let total: u64 = stacks.iter().map(|(_, bytes)| bytes).sum();
    assert_eq!(total, code_bytes(SUBJECT));
    assert!(stacks.iter().any(|(names, _)| names.len() > 4), "nothing is inlined deep");
    assert!(text.lines().is_sorted_by(|a, b| a != b), "each stack once");
    let mut svg = Vec::new();
    let mut options = Options::default();
    options.count_name = "bytes".to_string();
    from_lines(&mut options, text.lines(), &mut svg).expect("inferno reads it");
    let svg = String::from_utf8(svg).expect("UTF-8");
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let all = svg.lines().find(|line| line.contains("<title>all (")).expect("the root of the graph");
    let root = all.split("<title>all (").nth(1).and_then(|rest| rest.split(" bytes").next()).expect("bytes");
    assert_eq!(digits(root), total.to_string());
}

#[test]
fn any_breakdown_is_a_flame_graph() {
    let text = stdout(&mut show("demo-x86_64-symtab", &["--by", "section,kind", "--format", "folded"]));
    let size = std::fs::metadata(fixture("demo-x86_64-symtab")).expect("it is there").len();
    assert_eq!(folded(&text).iter().map(|(_, bytes)| bytes).sum::<u64>(), size);
    assert!(folded(&text).iter().all(|(names, _)| names.len() == 2));
}

#[test]
fn speedscope_files_are_valid_and_sum_to_the_same() {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/speedscope/file-format-schema.json");
    let schema: Value =
        serde_json::from_str(&std::fs::read_to_string(schema).expect("it is there")).expect("JSON");
    let valid = jsonschema::draft7::new(&schema).expect("the schema is one");
    for by in ["inlined", "crate,inlined", "section", "inlined,file"] {
        let options = ["--by", by, "--filter", "kind=code", "--format"];
        let ask = |format| stdout(&mut show(SUBJECT, &[&options[..], &[format]].concat()));
        let file: Value = serde_json::from_str(&ask("speedscope")).expect("JSON");
        let errors: Vec<String> =
            valid.iter_errors(&file).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(errors.is_empty(), "{errors:?}");
        // Nothing but what the schema names.
        assert!(!valid.is_valid(&serde_json::json!({ "profiles": [] })));
        let profile = &file["profiles"][0];
        let numbers = |value: &Value| -> Vec<u64> {
            value.as_array().expect("a list").iter().map(|n| n.as_u64().expect("a whole number")).collect()
        };
        let weights = numbers(&profile["weights"]);
        assert_eq!(weights.iter().sum::<u64>(), code_bytes(SUBJECT), "{by}");
        assert_eq!(profile["endValue"].as_u64(), Some(weights.iter().sum()));
        assert_eq!(profile["unit"], "bytes");
        let names: Vec<&str> = file["shared"]["frames"]
            .as_array()
            .expect("frames")
            .iter()
            .map(|frame| frame["name"].as_str().expect("a name"))
            .collect();
        // The same stacks as in the other format, where `;` parts names.
        let samples = profile["samples"].as_array().expect("samples");
        let mut stacks: BTreeMap<String, u64> = BTreeMap::new();
        for (sample, bytes) in samples.iter().zip(&weights) {
            let path: Vec<String> =
                numbers(sample).iter().map(|&i| names[i as usize].replace(';', ":")).collect();
            *stacks.entry(path.join(";")).or_default() += bytes;
        }
        let text = ask("folded");
        let lines: BTreeMap<String, u64> =
            folded(&text).into_iter().map(|(names, bytes)| (names.join(";"), bytes)).collect();
        assert_eq!(stacks, lines, "{by}");
    }
}

#[test]
fn no_debug_information_is_an_error_that_says_what_to_build_with() {
    for options in
        [&["--by", "inlined"][..], &["--by", "file"], &["--format", "folded"], &["--filter", "line~x"]]
    {
        let output = run(&mut show("demo-x86_64-symtab", options));
        let said = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{options:?}: {said}");
        assert!(said.contains("has no debug information") && said.contains("line-tables-only"), "{said}");
        assert!(said.contains("-g1"), "{said}");
    }
}

/// Calls have lines in the entries of functions, which says nothing of the line of any code.
#[test]
fn debug_information_without_line_programs_is_an_error_that_says_why() {
    let (name, other) = (b".debug_line\0", b".debug_miss\0");
    let mut bytes = std::fs::read(fixture(SUBJECT)).expect("readable");
    let places: Vec<usize> =
        (0..bytes.len() - name.len()).filter(|&at| bytes[at..].starts_with(name)).collect();
    assert_eq!(places.len(), 1, "the section has its name in one place");
    bytes[places[0]..places[0] + name.len()].copy_from_slice(other);
    let path = scratch("no-lines");
    std::fs::write(&path, bytes).expect("it can be written");
    for options in [&["--by", "line"][..], &["--by", "inlined,file"], &["--filter", "line~x"]] {
        let output = run(bloat().arg("show").arg(&path).args(options));
        let said = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{options:?}: {said}");
        let (warning, error) = said.split_once("error: ").expect("an error");
        assert!(warning.starts_with("warning: ") && warning.contains("its line program"), "{said}");
        assert!(error.contains("says nothing of lines of source"), "{said}");
    }
    let functions = stdout(bloat().arg("show").arg(&path).args(["--by", "inlined"]));
    assert!(!functions.is_empty());
    std::fs::remove_file(&path).expect("it was written");
}

#[test]
fn snapshots_and_other_commands_say_that_they_cannot_tell() {
    let snapshot = scratch("flame.parquet");
    stdout(bloat().arg("save").arg(fixture(SUBJECT)).arg("-o").arg(&snapshot));
    let refused = |command: &mut Command, word: &str| {
        let output = run(command);
        let said = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{said}");
        assert!(said.contains(word) && said.contains("hint: "), "{said}");
    };
    refused(bloat().arg("show").arg(&snapshot).args(["--by", "line"]), "is a snapshot");
    let both = [fixture(SUBJECT), fixture(SUBJECT)];
    refused(
        bloat().arg("generics").arg(&both[0]).args(["--filter", "inlined~x"]),
        "`inlined` is a dimension of `bloat show` and `bloat diff` alone",
    );
    refused(bloat().arg("tree").arg(&both[0]).args(["--filter", "file~x"]), "`file` is a dimension");
    // Of two files, each has to tell.
    let unread = fixture("demo-x86_64-symtab");
    for pair in [[&both[0], &snapshot], [&snapshot, &both[0]]] {
        refused(bloat().arg("diff").args(pair).args(["--by", "inlined"]), "is a snapshot");
        refused(bloat().arg("diff").args(pair).args(["--filter", "file~x"]), "is a snapshot");
    }
    for pair in [[&both[0], &unread], [&unread, &both[0]]] {
        refused(bloat().arg("diff").args(pair).args(["--by", "line"]), "has no debug information");
    }
    std::fs::remove_file(&snapshot).expect("it was written");
}

#[test]
fn tables_of_functions_have_totals_and_call_sites() {
    let csv = stdout(&mut show(SUBJECT, &["--by", "inlined", "--format", "csv", "-n", "0"]));
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    let header =
        ["inlined", "file", "memory", "symbols", "estimated", "total", "inlined_bytes", "call_sites"];
    assert_eq!(rows.headers().expect("a header"), &header[..]);
    let rows: Vec<csv::StringRecord> = rows.records().map(|row| row.expect("a row")).collect();
    let number = |row: &csv::StringRecord, i: usize| row[i].parse::<u64>().expect("a number");
    let size = std::fs::metadata(fixture(SUBJECT)).expect("it is there").len();
    assert_eq!(rows.iter().map(|row| number(row, 1)).sum::<u64>(), size);
    assert!(rows.iter().any(|row| number(row, 1) == 0 && number(row, 5) > 0), "all of it is inlined further");
    let text = stdout(&mut show(SUBJECT, &["--by", "inlined", "--sort", "total", "-n", "3"]));
    assert!(text.lines().next().is_some_and(|l| l.contains("in total") && l.contains("sites")), "{text}");
    let markdown = stdout(&mut show(SUBJECT, &["--by", "inlined", "-n", "3", "--format", "markdown"]));
    assert!(markdown.contains("in total") && markdown.contains("call sites"), "{markdown}");
    // Two columns of one name would be one too many.
    let csv = stdout(&mut show(SUBJECT, &["--by", "file,line", "--format", "csv", "-n", "3"]));
    assert!(csv.starts_with("source_file,line,file,memory,symbols,estimated\n"), "{csv}");
    let json: Value =
        serde_json::from_str(&stdout(&mut show(SUBJECT, &["--by", "inlined", "--format", "json"])))
            .expect("JSON");
    let rows = json["rows"].as_array().expect("rows");
    assert!(rows.iter().any(|row| row["key"]["inlined_crate"] == "core"), "{json}");
    assert!(rows.iter().filter(|row| row["rest"].is_null()).all(|row| row["inlining"]["total"].is_u64()));
}
