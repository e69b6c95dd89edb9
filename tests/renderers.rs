//! Text, CSV and JSON say the same: what each of them writes is parsed here and
//! compared, number by number.

mod program;
mod subjects;

use std::path::PathBuf;

use serde_json::Value;

use program::{bloat, stdout};
use subjects::fixture;

fn files() -> Vec<PathBuf> {
    let names = [
        "demo-x86_64-dwarf4",
        "demo-x86_64-zlib",
        "demo-x86_64-v0",
        "demo-x86_64-stripped",
        "stack-x86_64",
        "tls-x86_64",
        "unit-armhf.o",
        "bare-ppc64",
        "bare-x86_64-nosections",
    ];
    names.map(fixture).to_vec()
}

const QUESTIONS: [&str; 5] = ["kind", "crate,symbol", "section,kind", "unit", "segment,section,symbol"];

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is not a whole number"))
}

fn ask(file: &PathBuf, by: &str, format: &[&str]) -> String {
    stdout(bloat().arg("show").arg(file).args(["--by", by, "-n", "4"]).args(format))
}

/// One row: depth, name, file, memory, symbols, estimated.
type Row = (usize, String, u64, u64, u64, bool);

/// All rows of a report in order, parents before their children.
fn flatten(rows: &Value, depth: usize, out: &mut Vec<Row>, leaves_only: bool) {
    for row in rows.as_array().expect("rows are a list") {
        let children = row.get("children");
        if !(leaves_only && children.is_some()) {
            let [file, memory, symbols] = ["file", "memory", "symbols"].map(|key| number(&row[key]));
            let estimated = row["estimated"].as_bool().expect("true or false");
            let name = row["name"].as_str().expect("text").to_string();
            out.push((depth, name, file, memory, symbols, estimated));
        }
        if let Some(children) = children {
            flatten(children, depth + 1, out, leaves_only);
        }
    }
}

fn json(file: &PathBuf, by: &str) -> Value {
    serde_json::from_str(&ask(file, by, &["--format", "json"])).expect("it is JSON")
}

/// A number as text has it: `~1,234`.
fn exact(text: &str) -> (u64, bool) {
    let (text, estimated) = text.strip_prefix('~').map_or((text, false), |t| (t, true));
    let digits = text.replace(',', "");
    (digits.parse().unwrap_or_else(|_| panic!("`{text}` is no number")), estimated)
}

/// Rows of a table: size, whether it is estimated, symbols, depth, name; the total last.
fn parse_text(text: &str) -> Vec<(u64, bool, u64, usize, String)> {
    let mut lines = text.lines();
    let header = lines.next().expect("a header");
    let symbols_end = header.find("symbols").expect("a column of symbols") + "symbols".len();
    let rows = lines.map(|line| {
        let (numbers, name) = line.split_at(symbols_end);
        let words: Vec<&str> = numbers.split_whitespace().collect();
        let [size, percent, symbols] = words[..] else { panic!("{line}") };
        assert!(percent.ends_with('%') || percent == "-", "{line}");
        let (size, estimated) = exact(size);
        let name = &name[2..];
        let depth = (name.len() - name.trim_start().len()) / 2;
        (
            size,
            estimated,
            if symbols == "-" { 0 } else { exact(symbols).0 },
            depth,
            name.trim_start().to_string(),
        )
    });
    rows.collect()
}

#[test]
fn text_has_the_numbers_of_json() {
    for file in files() {
        for by in QUESTIONS {
            let mut expected = Vec::new();
            let report = json(&file, by);
            flatten(&report["rows"], 0, &mut expected, false);
            let text = ask(&file, by, &["--bytes", "--wide"]);
            let mut rows = parse_text(&text);
            let total = rows.pop().expect("a total");
            assert_eq!(total.0, number(&report["total"]["file"]), "{} {by}", file.display());
            assert_eq!(rows.len(), expected.len(), "{} {by}\n{text}", file.display());
            for (row, expected) in rows.iter().zip(&expected) {
                let (depth, name, size, _, symbols, estimated) = expected;
                let wanted = (*size, *estimated, *symbols, *depth, name.clone());
                assert_eq!(*row, wanted, "{} {by}", file.display());
            }
            let by_memory = ask(&file, by, &["--bytes", "--wide", "--measure", "mem"]);
            let total = parse_text(&by_memory).pop().expect("a total");
            assert_eq!(total.0, number(&report["total"]["memory"]), "{} {by}", file.display());
        }
    }
}

#[test]
fn csv_has_the_numbers_of_json() {
    for file in files() {
        for by in QUESTIONS {
            let mut expected = Vec::new();
            flatten(&json(&file, by)["rows"], 0, &mut expected, true);
            let text = ask(&file, by, &["--format", "csv"]);
            let mut reader = csv::Reader::from_reader(text.as_bytes());
            let dims: Vec<&str> = by.split(',').collect();
            let header: Vec<String> = reader.headers().expect("a header").iter().map(String::from).collect();
            assert_eq!(header, [&dims[..], &["file", "memory", "symbols", "estimated"]].concat());
            let mut got = Vec::new();
            for record in reader.records() {
                let record = record.expect("well-formed");
                let (names, numbers) = (0..dims.len(), dims.len());
                // What stands for rows left out has no names below its own.
                let depth = names.rev().find(|&i| !record[i].is_empty()).expect("a name");
                let value = |at: usize| record[numbers + at].parse::<u64>().expect("a number");
                let estimated = record[numbers + 3].parse::<bool>().expect("true or false");
                got.push((depth, record[depth].to_string(), value(0), value(1), value(2), estimated));
            }
            assert_eq!(got, expected, "{} {by}", file.display());
        }
    }
}

#[test]
fn rows_of_json_sum_to_their_parents() {
    fn check(rows: &Value, file: u64, memory: u64, place: &str) {
        let rows = rows.as_array().expect("rows are a list");
        let sum = |key: &str| rows.iter().map(|r| number(&r[key])).sum::<u64>();
        assert_eq!((sum("file"), sum("memory")), (file, memory), "{place}");
        for row in rows.iter().filter(|r| r.get("children").is_some()) {
            check(&row["children"], number(&row["file"]), number(&row["memory"]), place);
        }
    }
    for file in files() {
        for by in QUESTIONS {
            let report = json(&file, by);
            let (size, memory) = (number(&report["total"]["file"]), number(&report["total"]["memory"]));
            assert_eq!(size, std::fs::metadata(&file).expect("it is there").len());
            check(&report["rows"], size, memory, &format!("{} {by}", file.display()));
        }
    }
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(all) => all.iter().any(has_null),
        Value::Object(all) => all.values().any(has_null),
        _ => false,
    }
}

#[track_caller]
fn has_keys(value: &Value, keys: &[&str]) {
    for key in keys {
        assert!(value.get(key).is_some(), "no `{key}` in {value}");
    }
}

fn check_row(row: &Value) {
    has_keys(row, &["name", "key", "file", "memory", "symbols", "estimated"]);
    assert!(row["key"].is_object() && row["estimated"].is_boolean() && row["name"].is_string(), "{row}");
    for child in row.get("children").and_then(Value::as_array).into_iter().flatten() {
        check_row(child);
    }
}

#[test]
fn json_has_the_documented_keys_and_no_null() {
    for file in files() {
        for by in [None, Some("crate,symbol"), Some("section,kind")] {
            let by = by.map_or(vec![], |by| vec!["--by", by]);
            let text = stdout(bloat().arg("show").arg(&file).args(["--format", "json"]).args(&by));
            let report: Value = serde_json::from_str(&text).expect("it is JSON");
            assert!(!has_null(&report), "{} {by:?}", file.display());
            let top =
                ["schema_version", "report", "generator", "input", "total", "by", "rows", "diagnostics"];
            has_keys(&report, &top);
            assert_eq!(report["schema_version"], 1);
            assert_eq!(report["report"], if by.is_empty() { "overview" } else { "show" });
            has_keys(&report["generator"], &["name", "version"]);
            has_keys(&report["total"], &["file", "memory"]);
            let input = ["path", "format", "arch", "bits", "endian", "file_size", "memory_size"];
            has_keys(&report["input"], &input);
            has_keys(&report["input"], &["stripped", "debug_info", "debug_files"]);
            assert_eq!(report["input"]["format"], "elf");
            assert_eq!(report["input"]["path"], file.to_str().expect("the path is UTF-8"));
            report["rows"].as_array().expect("rows are a list").iter().for_each(check_row);
        }
    }
}

#[test]
fn what_json_says_of_a_file_is_so() {
    let input = |name: &str| json(&fixture(name), "kind")["input"].clone();
    let facts = |v: &Value| {
        let text = |key: &str| v[key].as_str().expect("text").to_string();
        (text("arch"), number(&v["bits"]), text("endian"), v["stripped"].as_bool().expect("true or false"))
    };
    // What the files are made as, from testdata/manifest/bin.toml.
    let cases = [
        ("demo-x86_64-stripped", ("x86_64", 64, "little", true)),
        ("demo-x86_64-symtab", ("x86_64", 64, "little", false)),
        ("bare-i686", ("i686", 32, "little", false)),
        ("bare-armhf", ("arm", 32, "little", false)),
        ("bare-s390x", ("s390x", 64, "big", false)),
        ("bare-mips", ("mips", 32, "big", false)),
        ("bare-ppc64", ("powerpc64", 64, "big", false)),
        ("bare-riscv64", ("riscv64", 64, "little", false)),
    ];
    for (name, (arch, bits, endian, stripped)) in cases {
        assert_eq!(facts(&input(name)), (arch.to_string(), bits, endian.to_string(), stripped), "{name}");
    }
    let debug = [
        ("list-x86_64-dwarf2", "dwarf2"),
        ("list-x86_64-dwarf3", "dwarf3"),
        ("list-x86_64-dwarf4", "dwarf4"),
        ("list-x86_64-dwarf5", "dwarf5"),
        ("demo-x86_64-symtab", "none"),
    ];
    for (name, version) in debug {
        assert_eq!(input(name)["debug_info"], version, "{name}");
    }
}

#[test]
fn ledgers_agree_row_by_row() {
    for file in files() {
        let ask = |format: &str| stdout(bloat().arg("ledger").arg(&file).args(["--format", format]));
        let (table, lines) = (ask("csv"), ask("jsonl"));
        let mut reader = csv::Reader::from_reader(table.as_bytes());
        let columns: Vec<String> = reader.headers().expect("a header").iter().map(String::from).collect();
        let (mut next, mut memory, mut count) = (0, 0, 0);
        let mut lines = lines.lines();
        for record in reader.records() {
            let record = record.expect("well-formed");
            let line: Value = serde_json::from_str(lines.next().expect("as many lines")).expect("it is JSON");
            let keys = line.as_object().expect("an object");
            assert!(keys.keys().all(|key| columns.contains(key)), "{line}");
            for (column, field) in columns.iter().zip(record.iter()) {
                let same = match &line[column.as_str()] {
                    // A key that does not apply is absent.
                    Value::Null => field.is_empty() && !keys.contains_key(column),
                    Value::String(text) => text == field,
                    Value::Number(number) => number.to_string().as_str() == field,
                    other => other.as_bool().map(|b| b.to_string()).as_deref() == Some(field),
                };
                assert!(same, "{} {column}: `{field}` and {line}", file.display());
            }
            if let Some(offset) = line.get("offset") {
                assert_eq!(number(offset), next, "{}: runs touch", file.display());
                next += number(&line["size"]);
            }
            memory += number(&line["memory_size"]);
            count += 1;
        }
        assert!(lines.next().is_none() && count > 4, "{}", file.display());
        let total = &json(&file, "kind")["total"];
        assert_eq!((next, memory), (number(&total["file"]), number(&total["memory"])));
        // The text has a line for each row, and one with titles.
        assert_eq!(ask("text").lines().count(), count + 1, "{}", file.display());
    }
}
