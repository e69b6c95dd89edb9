//! What the program promises to those who call it: exit codes, what goes to which
//! stream, output that fits and harms nobody.

mod elf_builder;
mod program;
mod subjects;

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use elf_builder::{Builder, CLASSES, EXEC, OBJECT, Symbol};
use program::{bloat, run, stdout};
use subjects::{fixture, scratch, self_exe};

/// Runs a command that must give no answer; returns what it says about that.
#[track_caller]
fn failure(command: &mut Command) -> String {
    let output = run(command);
    let stderr = String::from_utf8(output.stderr).expect("messages are UTF-8");
    assert_eq!(output.status.code(), Some(2), "{command:?}: {stderr}");
    assert!(output.stdout.is_empty(), "{command:?} writes to standard output");
    let errors = stderr.lines().filter(|l| l.starts_with("error:")).count();
    assert_eq!((errors, stderr.starts_with("error: ")), (1, true), "{command:?}: {stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
    stderr
}

fn has_line(text: &str, start: &str) -> bool {
    text.lines().any(|l| l.starts_with(start) && l.len() > start.len())
}

fn write(name: &str, bytes: &[u8]) -> PathBuf {
    let path = scratch(name);
    std::fs::write(&path, bytes).expect("the scratch folder is writable");
    path
}

fn json(command: &mut Command) -> Value {
    serde_json::from_str(&stdout(command)).expect("it is JSON")
}

#[test]
fn what_cannot_be_opened_is_named_with_cause_and_hint() {
    for path in [Path::new("no/such/file"), Path::new(env!("CARGO_MANIFEST_DIR"))] {
        for command in [&mut bloat(), bloat().arg("show"), bloat().arg("ledger")] {
            let stderr = failure(command.arg(path));
            assert!(stderr.contains(&*path.to_string_lossy()), "{stderr}");
            assert!(has_line(&stderr, "  caused by: ") && has_line(&stderr, "hint: "), "{stderr}");
        }
    }
}

#[test]
fn what_is_no_binary_is_told_so() {
    let cases: [(&str, &[u8], &str); 5] = [
        ("empty", b"", "it is empty"),
        ("app.pdb", b"Microsoft C/C++ MSF 7.00\r\n\x1aDS\0\0\0", "it is a program database"),
        ("text", b"just some words\n", "it looks like text"),
        ("script", b"#!/bin/sh\n", "it looks like a script"),
        ("noise", b"\x01\x02\x03\x04", "its first bytes are 01 02 03 04"),
    ];
    for (name, bytes, what) in cases {
        let stderr = failure(bloat().arg(write(name, bytes)));
        assert!(stderr.contains(what) && has_line(&stderr, "hint: "), "{stderr}");
    }
}

#[test]
fn a_header_cut_off_is_told_with_what_is_missing() {
    let whole = std::fs::read(fixture("bare-i686")).expect("readable");
    for len in [4, 5, 16, 51] {
        let stderr = failure(bloat().arg(write("cut", &whole[..len])));
        assert!(has_line(&stderr, "  caused by: ") && has_line(&stderr, "hint: "), "{len} bytes: {stderr}");
    }
    let stderr = failure(bloat().arg(write("cut-51", &whole[..51])));
    // A 32-bit header has 52 bytes.
    assert!(stderr.contains("52 bytes") && stderr.contains("51"), "{stderr}");
}

#[test]
fn what_is_asked_wrongly_is_a_usage_error() {
    let file = fixture("bare-i686");
    let stderr = failure(bloat().arg(&file).args(["--by", "colour"]));
    assert!(stderr.contains("`colour`") && has_line(&stderr, "hint: "), "{stderr}");
    assert!(stderr.contains("instantiated-by"), "the hint lists what there is: {stderr}");
    let stderr = failure(bloat().arg(&file).args(["--filter", "kind code"]));
    assert!(has_line(&stderr, "  caused by: ") && has_line(&stderr, "hint: "), "{stderr}");
    for arguments in [&["--nonsense"][..], &["--sort", "colour"], &["-n", "few"], &["-q", "-v"]] {
        failure(bloat().arg(&file).args(arguments));
    }
    failure(bloat().arg("ledger"));
}

/// An argument that is no text is one like others.
#[cfg(unix)]
#[test]
fn arguments_that_are_no_text_are_told() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let odd = OsStr::from_bytes(b"sho\xffw");
    let file = fixture("bare-i686");
    for command in [
        bloat().arg(odd),
        bloat().arg(odd).arg("extra"),
        bloat().arg(&file).arg(odd),
        bloat().arg("show").arg(&file).arg(odd),
        bloat().arg("show").arg(&file).arg("--by").arg(odd),
    ] {
        failure(command);
    }
}

/// What a table calls a function is what can be asked for.
#[test]
fn a_function_without_a_name_is_explained_by_its_label() {
    let file = fixture("std-x86_64-stripped");
    let shown =
        json(bloat().arg(&file).args(["--by", "symbol", "--filter", "kind=code", "--format", "json"]));
    let rows = shown["rows"].as_array().expect("a list");
    let mut labels = rows.iter().filter_map(|row| row["name"].as_str());
    let label = labels.find(|label| label.starts_with("[function at 0x")).expect("it is stripped");
    let address = label.trim_start_matches("[function at ").trim_end_matches(']');
    let [by_label, by_address] =
        [label, address].map(|what| stdout(bloat().arg("explain").arg(&file).arg(what)));
    // The first line says what was asked.
    let answer = |text: &str| text.split_once('\n').expect("lines").1.to_string();
    assert_eq!(answer(&by_label), answer(&by_address));
    assert!(by_label.contains(&format!("address {address}")), "{by_label}");
}

/// An empty answer is an answer, but seldom what was meant.
#[test]
fn a_filter_that_nothing_passes_is_told() {
    let file = fixture("demo-x86_64-v0");
    let ask = |arguments: &[&str]| {
        let answer = bloat().args(arguments).output().expect("it runs");
        assert!(answer.status.success());
        String::from_utf8(answer.stderr).expect("UTF-8") + &String::from_utf8(answer.stdout).expect("UTF-8")
    };
    let file = file.to_str().expect("UTF-8");
    let passes = "passes the filter";
    let meant = format!("warning: nothing in the file {passes}: nothing is `symbol=main1`; is `main` meant?");
    assert!(ask(&[file, "--filter", "kind=code and symbol=main1"]).contains(&meant));
    let unknown = format!("nothing in the files {passes}: nothing is `crate=nosuch,none`");
    assert!(ask(&["diff", file, file, "--filter", "crate=nosuch,none"]).contains(&unknown));
    // What is left out need not be there, nor one of several.
    for elsewhere in ["crate!=nosuch", "not crate=nosuch", "symbol=main,nosuch"] {
        let text = ask(&[file, "--filter", &format!("{elsewhere} and section=.nosuch")]);
        assert!(text.contains(&format!("{passes}: nothing is `section=.nosuch`")), "{text}");
    }
    // One of two that could pass is not to blame for the third.
    let text = ask(&[file, "--filter", "(symbol=main or crate=nosuch) and section=.nosuch"]);
    assert!(text.contains(&format!("{passes}: nothing is `section=.nosuch`")), "{text}");
    let text = ask(&[file, "--filter", "section=.nosuch or symbol=main1"]);
    assert!(text.contains("is `main` meant?"), "{text}");
    assert!(ask(&[file, "--filter", "symbol=x"]).contains("nothing is `symbol=x`\n"));
    // Each is there, but not together.
    let together = ask(&[file, "--filter", "kind=debug and kind=code", "--format", "json"]);
    let report: Value = serde_json::from_str(&together[together.find('{').expect("JSON")..]).expect("JSON");
    let codes: Vec<&str> =
        report["diagnostics"].as_array().expect("a list").iter().filter_map(|d| d["code"].as_str()).collect();
    assert_eq!(codes, ["nothing-passes-filter"]);
    let folded = ask(&[file, "--by", "symbol", "--filter", "crate=nosuch", "--format", "folded"]);
    assert!(folded.contains(&format!("{passes}: nothing is `crate=nosuch`")), "{folded}");
    assert!(!ask(&[file, "--filter", "symbol=main"]).contains(passes));
    for command in ["generics", "duplicates"] {
        for format in ["text", "csv", "json"] {
            let text = ask(&[command, file, "--filter", "crate=nosuch", "--format", format]);
            assert!(text.contains(&format!("{passes}: nothing is `crate=nosuch`")), "{text}");
            assert!(!ask(&[command, file, "--filter", "kind=code", "--format", format]).contains(passes));
        }
    }
}

#[test]
fn errors_never_act_on_the_terminal() {
    let stderr = failure(bloat().arg("no\x1b[31m\nfile\u{202e}"));
    assert!(stderr.chars().all(|c| c == '\n' || !c.is_control() && c != '\u{202e}'), "{stderr:?}");
    let stderr = failure(bloat().args(["app", "--sort", "\x1b[31mx\u{202e}", "--color", "always"]));
    assert!(stderr.contains("x\\u{202e}") && !stderr.contains(['\x1b', '\u{202e}']), "{stderr:?}");
}

/// The commands that the help lists.
fn commands() -> Vec<String> {
    let help = stdout(bloat().arg("--help"));
    let listed = help.lines().skip_while(|l| !l.starts_with("Commands:")).skip(1);
    let listed =
        listed.take_while(|l| !l.is_empty()).filter(|l| l.starts_with("  ") && !l.starts_with("   "));
    let words: Vec<String> = listed.filter_map(|l| l.split_whitespace().next().map(String::from)).collect();
    assert!(words.contains(&"show".to_string()) && words.contains(&"help".to_string()), "{words:?}");
    words
}

#[test]
fn every_help_has_an_example() {
    assert!(stdout(bloat().arg("--help")).contains("Example"));
    for command in commands().iter().filter(|c| *c != "help") {
        let help = stdout(bloat().args([command, "--help"]));
        let example = help.split("Example").nth(1).unwrap_or_default();
        assert!(example.contains(&format!("bloat {command}")), "{command}: {help}");
    }
    assert!(stdout(bloat().arg("--version")).contains(env!("CARGO_PKG_VERSION")));
}

#[test]
fn colour_is_for_terminals_and_those_who_insist() {
    for question in [&["show"][..], &["show", "--by", "crate,symbol"], &["ledger"]] {
        let ask = || {
            let mut command = bloat();
            command.args(question).arg(fixture("demo-x86_64-symtab"));
            command
        };
        let plain = stdout(&mut ask());
        assert!(!plain.contains('\x1b'), "{question:?} in a pipe");
        assert_eq!(stdout(ask().env("TERM", "xterm-256color").env("NO_COLOR", "1")), plain);
        assert_eq!(stdout(ask().args(["--color", "never"])), plain);
        let colored = stdout(ask().args(["--color", "always"]));
        assert!(colored.contains('\x1b'), "{question:?} --color always");
        // Colour is all that differs.
        let codes = regex_lite::Regex::new("\x1b\\[[0-9;]*m").expect("well-formed");
        assert_eq!(codes.replace_all(&colored, ""), plain, "{question:?}");
    }
}

#[track_caller]
fn check_width(question: &[&str], file: &Path, columns: usize) {
    let text = stdout(bloat().args(question).arg(file).env("COLUMNS", columns.to_string()));
    for line in text.lines() {
        let place = format!("{} {question:?} in {columns} columns: {line}", file.display());
        assert!(line.width() <= columns, "{place}");
        assert_eq!(line, line.trim_end(), "{place}");
    }
}

#[test]
fn lines_fit_into_the_columns_there_are() {
    let mut files = ["demo-x86_64-dwarf4", "demo-x86_64-v0", "stack-x86_64"].map(fixture).to_vec();
    files.push(self_exe());
    for file in &files {
        for columns in [40, 60, 80, 100, 140] {
            check_width(&["show"], file, columns);
        }
        for columns in [60, 80, 100, 140] {
            check_width(&["show", "--by", "crate,symbol"], file, columns);
            check_width(&["show", "--by", "unit"], file, columns);
        }
        let wide = stdout(bloat().args(["show", "--by", "symbol", "--wide"]).arg(file).env("COLUMNS", "60"));
        assert!(!wide.contains('…'), "--wide keeps names whole");
    }
}

#[test]
fn the_ledger_fits_too() {
    let text = stdout(bloat().arg("ledger").arg(fixture("demo-x86_64-v0")).env("COLUMNS", "80"));
    assert!(text.lines().all(|l| l.width() <= 80));
}

#[test]
fn output_to_a_file_is_complete_and_leaves_nothing_else() {
    let folder = scratch("folder");
    // A folder is not removed by `scratch`; one of an earlier process has another name.
    std::fs::create_dir_all(&folder).expect("writable");
    let (file, out) = (fixture("bare-i686"), folder.join("report.csv"));
    let ask = || {
        let mut command = bloat();
        command.arg("ledger").arg(&file).args(["--format", "csv"]);
        command
    };
    let expected = stdout(&mut ask());
    std::fs::write(&out, "what was there before").expect("writable");
    assert_eq!(stdout(ask().arg("-o").arg(&out)), "");
    assert_eq!(std::fs::read_to_string(&out).expect("it is there"), expected);
    let names: Vec<_> =
        std::fs::read_dir(&folder).expect("readable").map(|e| e.expect("entry").file_name()).collect();
    assert_eq!(names, ["report.csv"]);
    assert_eq!(stdout(ask().args(["-o", "-"])), expected);
    let stderr = failure(ask().arg("-o").arg(folder.join("missing/report.csv")));
    assert!(stderr.contains("report.csv") && has_line(&stderr, "  caused by: "), "{stderr}");
    std::fs::remove_dir_all(&folder).expect("removable");
}

#[test]
fn the_input_is_never_overwritten() {
    let bytes = std::fs::read(fixture("bare-i686")).expect("readable");
    let input = write("input", &bytes);
    let link = scratch("link");
    std::os::unix::fs::symlink(&input, &link).expect("links can be made");
    for out in [&input, &link] {
        for command in ["show", "ledger"] {
            let stderr = failure(bloat().arg(command).arg(&input).arg("-o").arg(out));
            assert!(stderr.contains("is an input") && has_line(&stderr, "hint: "), "{stderr}");
            assert!(std::fs::read(&input).expect("still there") == bytes, "{command} changed its input");
        }
    }
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    // More than a pipe holds, so that the program notices.
    let ask = |command: &mut Command| {
        command.arg("ledger").arg(self_exe()).args(["--format", "jsonl"]);
    };
    let mut whole = bloat();
    ask(&mut whole);
    assert!(stdout(&mut whole).len() > 300_000);
    let mut command = bloat();
    ask(&mut command);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut line = String::new();
    let mut reader = BufReader::new(child.stdout.take().expect("it is piped"));
    reader.read_line(&mut line).expect("a first line");
    assert!(line.starts_with('{'), "{line}");
    drop(reader);
    let mut stderr = String::new();
    child.stderr.take().expect("it is piped").read_to_string(&mut stderr).expect("readable");
    assert_eq!((child.wait().expect("it ends").code(), stderr.as_str()), (Some(0), ""));
}

#[test]
fn standard_input_is_as_good_as_a_file() {
    let file = fixture("demo-x86_64-v0");
    let mut command = bloat();
    command.args(["show", "-", "--by", "crate", "--format", "json"]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let bytes = std::fs::read(&file).expect("readable");
    child.stdin.take().expect("it is piped").write_all(&bytes).expect("it reads all");
    let output = child.wait_with_output().expect("it ends");
    let piped: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let mut named = json(bloat().arg("show").arg(&file).args(["--by", "crate", "--format", "json"]));
    assert_eq!(piped["input"]["path"], "-");
    named["input"]["path"] = "-".into();
    assert_eq!(piped, named);
}

#[test]
fn a_file_alone_is_shown() {
    let file = fixture("demo-x86_64-symtab");
    assert_eq!(stdout(bloat().arg(&file)), stdout(bloat().arg("show").arg(&file)));
    let questions = ["--by", "kind", "--filter", "kind!=code"];
    assert_eq!(
        stdout(bloat().arg(&file).args(questions)),
        stdout(bloat().arg("show").arg(&file).args(questions))
    );
}

fn rows(value: &Value) -> &Vec<Value> {
    value["rows"].as_array().expect("rows are a list")
}

/// People are told names, for which nobody looks at owners; programs are told the crates besides, for which all do.
#[test]
fn symbols_are_the_same_with_crates_and_without() {
    for file in [fixture("demo-x86_64-dwarf4"), fixture("demo-x86_64-stripped"), self_exe()] {
        let ask = |format: &str| {
            let by = ["--by", "section,symbol", "-n", "0", "--bytes", "--wide", "--format", format];
            stdout(bloat().arg("show").args(by).arg(&file))
        };
        let all: Value = serde_json::from_str(&ask("json")).expect("it is JSON");
        let mut expected: Vec<(String, String)> = Vec::new();
        for section in rows(&all) {
            for row in std::iter::once(section).chain(section["children"].as_array().expect("children")) {
                expected.push((row["file"].to_string(), row["name"].as_str().expect("a name").to_string()));
                assert_eq!(row["estimated"], false, "{row}");
            }
        }
        let text = ask("text");
        let mut lines = text.lines();
        let name_at =
            lines.next().and_then(|head| head.find("section >")).expect("the head names the columns");
        // Of rows without file bytes there is a dash. The last line is the total.
        let row = |line: &str| {
            let size = line.split_whitespace().next().expect("a size").replace([',', '-'], "");
            (if size.is_empty() { "0".to_string() } else { size }, line[name_at..].trim().to_string())
        };
        let mut told: Vec<(String, String)> = lines.map(row).collect();
        let total = told.pop().expect("a total");
        assert_eq!(total.0, all["total"]["file"].to_string());
        assert_eq!(told, expected, "{}", file.display());
    }
}

#[test]
fn a_limit_hides_rows_and_no_bytes() {
    let ask = |limit: &str| {
        let file = fixture("demo-x86_64-symtab");
        json(bloat().arg(file).args(["--by", "symbol", "--format", "json", "-n", limit]))
    };
    let (all, three) = (ask("0"), ask("3"));
    assert!(rows(&all).len() > 50 && rows(&all).iter().all(|r| r.get("rest").is_none()));
    let (rest, first) = rows(&three).split_last().expect("there are rows");
    assert_eq!(first, &rows(&all)[..3]);
    assert_eq!(rest["rest"], rows(&all).len() - 3);
    let sum = |rows: &[Value]| rows.iter().map(|r| r["file"].as_u64().expect("a number")).sum::<u64>();
    assert_eq!(rest["file"], sum(&rows(&all)[3..]));
    assert_eq!(sum(rows(&three)), 30728, "the size of the file");
}

#[test]
fn rows_come_in_the_order_asked_for() {
    let ask = |arguments: &[&str]| {
        let file = fixture("list-x86_64-dwarf4");
        let value =
            json(bloat().arg(file).args(["--by", "section", "--format", "json", "-n", "0"]).args(arguments));
        rows(&value).clone()
    };
    let numbers = |rows: &[Value], key: &str| -> Vec<u64> {
        rows.iter().map(|r| r[key].as_u64().expect("a number")).collect()
    };
    let (size, name) = (ask(&[]), ask(&["--sort", "name"]));
    assert!(numbers(&size, "file").is_sorted_by(|a, b| a >= b));
    let names: Vec<&str> = name.iter().map(|r| r["name"].as_str().expect("text")).collect();
    assert!(names.is_sorted() && names.len() == size.len(), "{names:?}");
    let (memory, long) = (ask(&["--measure", "mem"]), ask(&["--measure", "memory"]));
    assert!(numbers(&memory, "memory").is_sorted_by(|a, b| a >= b));
    assert!(memory == long && memory != size);
    assert!(numbers(&ask(&["--sort", "symbols"]), "symbols").is_sorted_by(|a, b| a >= b));
}

#[test]
fn exact_bytes_are_exact() {
    let file = fixture("demo-x86_64-dwarf4");
    let exact = stdout(bloat().arg(&file).args(["--by", "kind", "--bytes"]));
    // The size of the file in testdata/manifest/bin.toml.
    assert!(exact.lines().last().expect("a total").trim_start().starts_with("226,616 "), "{exact}");
    assert!(!exact.contains("iB"), "{exact}");
    assert!(stdout(bloat().arg(&file).args(["--by", "kind"])).contains("221 KiB"));
}

/// Names that act on terminals, spreadsheets and parsers.
const HOSTILE: [&str; 9] = [
    "\x1b]0;title\x07\x1b[31mred\x1b[0m",
    "two\nlines\r\n",
    "=cmd()|'/c calc'!A1",
    "+plus",
    "-minus",
    "comma,\"quoted\" 'single'",
    "right\u{202e}left\u{2066}\u{feff}",
    "\u{9b}31mC1",
    "tab\there\u{7f}",
];

/// A file whose symbols and sections have those names.
fn hostile() -> PathBuf {
    let mut elf = Builder::new(CLASSES[0]);
    let count = HOSTILE.len() as u64;
    let mut symbols = Vec::new();
    for (index, name) in HOSTILE.iter().enumerate() {
        let at = index as u64 * 0x10;
        let section = elf.loaded(name, EXEC, 0x10200 + at, 0x200 + at, &[0xab; 0x10]);
        symbols.push(Symbol { section, ..Symbol::new(name, OBJECT, 0x10200 + at, 0x10) });
    }
    elf.segment(5, 0x200, 0x10200, count * 0x10, count * 0x10);
    elf.symbols(0x600, 0x800, &symbols);
    write("hostile", &elf.finish(0xa00, 0xc00))
}

#[track_caller]
fn harmless(text: &str) {
    let acts = |c: char| c.is_control() && c != '\n' || "\u{202e}\u{2066}\u{feff}".contains(c);
    let found: Vec<char> = text.chars().filter(|&c| acts(c)).collect();
    assert!(found.is_empty(), "{found:?} in {text:?}");
}

#[test]
fn hostile_names_are_harmless_as_text() {
    let file = hostile();
    for question in [&["show"][..], &["show", "--by", "section,symbol", "--wide"], &["ledger"]] {
        let text = stdout(bloat().args(question).arg(&file));
        harmless(&text);
        assert!(text.contains("\\u{1b}[31mred"), "{question:?} shows what it is: {text}");
    }
}

#[test]
fn hostile_names_survive_json() {
    let file = hostile();
    let text = stdout(bloat().arg(&file).args(["--by", "section,symbol", "--format", "json", "-n", "0"]));
    harmless(&text);
    let value: Value = serde_json::from_str(&text).expect("it is JSON");
    for name in HOSTILE {
        let row = rows(&value).iter().find(|r| r["name"] == name).unwrap_or_else(|| panic!("no {name:?}"));
        assert_eq!(row["key"]["section"], name);
        assert_eq!(row["children"][0]["key"]["mangled"], name);
    }
    let text = stdout(bloat().arg("ledger").arg(&file).args(["--format", "jsonl"]));
    harmless(&text);
    let lines: Vec<Value> = text.lines().map(|l| serde_json::from_str(l).expect("it is JSON")).collect();
    for (index, name) in HOSTILE.iter().enumerate() {
        let line = lines.iter().find(|l| l["offset"] == 0x200 + 0x10 * index).expect("its bytes");
        assert_eq!((&line["mangled"], &line["section"]), (&Value::from(*name), &Value::from(*name)));
    }
}

#[test]
fn hostile_names_survive_csv_as_escapes() {
    let file = hostile();
    // As people would write them, and with a quote in front of what would be a formula.
    let escaped = |name: &str| {
        let acts = |c: char| c.is_control() || "\u{202e}\u{2066}\u{feff}".contains(c);
        let text: String = name
            .chars()
            .map(|c| if acts(c) { c.escape_unicode().to_string() } else { c.to_string() })
            .collect();
        if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text }
    };
    let expected: Vec<String> = HOSTILE.iter().map(|name| escaped(name)).collect();
    let text = stdout(bloat().arg("ledger").arg(&file).args(["--format", "csv"]));
    harmless(&text);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let records: Vec<csv::StringRecord> = reader.records().map(|r| r.expect("well-formed")).collect();
    for (index, name) in expected.iter().enumerate() {
        let offset = (0x200 + 0x10 * index).to_string();
        let record = records.iter().find(|r| r[0] == offset).expect("its bytes");
        // Columns `section`, `symbol` and `mangled`.
        assert_eq!([&record[6], &record[7], &record[8]], [name; 3]);
    }
    let text = stdout(bloat().arg(&file).args(["--by", "symbol", "--format", "csv", "-n", "0"]));
    harmless(&text);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names: Vec<String> = reader.records().map(|r| r.expect("well-formed")[0].to_string()).collect();
    assert!(expected.iter().all(|name| names.contains(name)), "{names:?}");
}

/// A program without debug information, and the file apart that has it.
fn separated() -> [PathBuf; 2] {
    ["bare-llvm.debug", "shared"].map(|name| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/apart").join(name);
        assert!(path.exists(), "{}", path.display());
        path
    })
}

#[test]
fn every_command_takes_files_with_debug_information() {
    // The same code was linked into both, so they have one build id.
    let [debug, program] = separated();
    let named = debug.display().to_string();
    let report =
        json(bloat().arg("show").arg(&program).args(["--format", "json", "--debug-file"]).arg(&debug));
    assert_eq!(report["input"]["debug_files"], serde_json::json!([named]));
    assert_eq!(report["input"]["debug_info"], "dwarf5");
    assert_eq!(report["input"]["stripped"], true);

    let overview = stdout(bloat().arg(&program).arg("--wide").arg("--debug-file").arg(&debug));
    let first = overview.lines().next().expect("a line");
    assert!(first.contains("no symbols, DWARF 5 in ") && first.contains(&named), "{first}");

    let ledger =
        stdout(bloat().arg("ledger").arg(&program).args(["--format", "csv", "--debug-file"]).arg(&debug));
    assert!(ledger.lines().any(|l| l.contains(",main,") && l.contains("c/main.c")), "{ledger}");
    let reasons = stdout(bloat().arg("explain").arg(&program).arg("main").arg("--debug-file").arg(&debug));
    assert!(reasons.contains("c/main.c"), "{reasons}");
    let same = json(
        bloat().arg("diff").args([&program, &program]).args(["--format", "json", "--debug-file"]).arg(&debug),
    );
    assert_eq!(same["old"]["debug_files"], serde_json::json!([named]));
}

#[test]
fn a_file_that_fits_nothing_is_an_error() {
    let [debug, program] = separated();
    let other = fixture("demo-x86_64-stripped");
    let stderr = failure(bloat().arg(&other).arg("--debug-file").arg(&debug));
    assert!(stderr.contains("does not belong to") && has_line(&stderr, "hint: "), "{stderr}");
    let stderr = failure(bloat().arg("diff").args([&other, &other]).arg("--debug-file").arg(&debug));
    assert!(stderr.contains("belongs to neither"), "{stderr}");
    // One of the two is enough.
    stdout(bloat().arg("diff").args([&other, &program]).arg("--debug-file").arg(&debug));
    let stderr = failure(bloat().arg(&program).args(["--debug-file", "no/such/file"]));
    assert!(stderr.contains("no/such/file"), "{stderr}");
}

/// Saves a fixture and returns where.
fn saved(name: &str, to: &str, options: &[&str]) -> PathBuf {
    let path = scratch(to);
    assert!(stdout(bloat().arg("save").arg(fixture(name)).arg("-o").arg(&path).args(options)).is_empty());
    path
}

#[test]
fn a_snapshot_is_taken_wherever_a_binary_is() {
    let binary = fixture("demo-x86_64-symtab");
    let path = saved("demo-x86_64-symtab", "whole.parquet", &[]);
    for question in [&["show", "--by", "crate,symbol", "--format", "csv"][..], &["show", "--by", "section"]] {
        let ask = |file: &Path| stdout(bloat().args(question).arg(file));
        assert_eq!(ask(&path), ask(&binary), "{question:?}");
    }
    let explain = |file: &Path| stdout(bloat().arg("explain").arg(file).arg("crate:core"));
    assert_eq!(explain(&path).lines().nth(1), explain(&binary).lines().nth(1));
    let diff = json(bloat().arg("diff").args([&path, &binary]).args(["--format", "json"]));
    assert_eq!((&diff["rows"], &diff["total"]["delta"]), (&Value::Array(Vec::new()), &Value::from(0)));
    // What needs the bytes says so.
    assert!(failure(bloat().arg("explain").arg(&path).arg("main")).contains("is a snapshot"));
    assert!(failure(bloat().arg("ledger").arg(&path)).contains("is a snapshot"));
}

#[test]
fn what_is_said_of_a_build_is_kept_and_compared() {
    let lock = write("Cargo.lock", b"foobar");
    let old = saved("demo-x86_64-symtab", "old.parquet", &["--profile", "release", "--target", "a"]);
    let lockfile = lock.to_str().expect("UTF-8");
    let new = saved("demo-x86_64-symtab", "new.parquet", &["--profile", "dev", "--lockfile", lockfile]);
    let bytes = std::fs::read(&new).expect("it was written");
    // FNV-1a of "foobar", from the algorithm's authors.
    let text = br#"{"profile":"dev","lockfile":"85944171f73967e8"}"#;
    assert!(bytes.windows(text.len()).any(|w| w == text));
    let diff = json(bloat().arg("diff").args([&old, &new]).args(["--format", "json"]));
    let codes: Vec<&Value> =
        diff["diagnostics"].as_array().expect("a list").iter().map(|d| &d["code"]).collect();
    assert_eq!(codes, ["different-profile"]);
    assert!(failure(bloat().arg("diff").args([&old, &new]).arg("--strict")).contains("differ in profile"));
}

#[test]
fn a_damaged_snapshot_is_named_with_cause_and_hint() {
    let path = saved("demo-x86_64-symtab", "damaged.parquet", &[]);
    let mut bytes = std::fs::read(&path).expect("it was written");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).expect("writable");
    for command in [bloat().arg("show"), bloat().arg("diff").arg(fixture("demo-x86_64-symtab"))] {
        let stderr = failure(command.arg(&path));
        assert!(
            stderr.contains("failed to read the snapshot `") && stderr.contains("damaged.parquet"),
            "{stderr}"
        );
        assert!(stderr.contains("checksum") && has_line(&stderr, "hint: "), "{stderr}");
    }
}

#[test]
fn without_a_dimension_every_format_answers_the_same_question() {
    for name in ["demo-x86_64-symtab", "bare-x86_64-nosections"] {
        let file = fixture(name);
        let by =
            json(bloat().arg(&file).args(["--format", "json"]))["by"][0].as_str().expect("one").to_string();
        let csv = stdout(bloat().arg(&file).args(["--format", "csv"]));
        assert!(csv.starts_with(&format!("{by},")), "{name}: {by}, {csv}");
        let filtered =
            json(bloat().arg("show").arg(&file).args(["--filter", "kind=code", "--format", "json"]));
        assert_eq!(filtered["by"], serde_json::json!([by]));
    }
}

#[test]
fn standard_input_is_not_read_twice() {
    assert!(failure(bloat().args(["diff", "-", "-"])).contains("can be read once"));
}

#[test]
fn examples_in_manual_pages_keep_their_lines() {
    for command in commands().iter().filter(|c| *c != "help") {
        let page = stdout(bloat().args(["man", command]));
        let (_, extra) = page.split_once("\n.SH EXTRA\n").expect("every command has an example");
        let (head, examples) = extra.split_once(":\n").expect("a head line");
        assert!(head.starts_with(".nf\nExample"), "{command}: {extra}");
        assert!(examples.contains("\n.fi\n") && examples.starts_with("  bloat "), "{command}: {extra}");
    }
}
