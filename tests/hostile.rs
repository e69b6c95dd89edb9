//! A binary whose names are all that harms a terminal, a spreadsheet, a page or a parser, in every format.
//!
//! `tests/markdown.rs` holds Markdown to a renderer, `tests/tui/hostile.rs` the terminal UI to its cells.

mod elf_builder;
mod program;
mod subjects;
mod targets;

use std::path::{Path, PathBuf};

use serde_json::Value;

use elf_builder::{Builder, CLASSES, EXEC, FUNC, LOCAL, Symbol};
use program::{bloat, run};
use subjects::scratch;
use targets::analysis::plain;

/// Each has a reader that it is made for.
const NAMES: [&str; 22] = [
    "\x1b[2J\x1b]52;c;ZXZpbA==\x07\x1b]8;;http://evil/\x1b\\",
    "\u{9b}31m\u{7f}\x08\x0e",
    "two\nlines\r\nand\ttabs\u{b}",
    "\u{202e}gnirts\u{2066}x\u{2069}\u{200f}",
    "zero\u{200b}width\u{feff}\u{e0041}",
    "line\u{2028}paragraph\u{2029}",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd",
    "\t=1+1",
    "＝1+1",
    "a,b;c\"d'e\"\"f",
    "<script>alert(1)</script>",
    "</details><img src=x onerror=alert(1)>",
    "&lt;&#64; %s %n {} $(id) `id` ${HOME}",
    "a|b||`c``d\\|",
    "stack;of;frames 99",
    "\"},{\"name\":\"injected",
    "_RNvCs0_\x1b_3foo",
    "crate::<\x1b[31m>::method",
    "[no symbol]",
];

/// An executable with a function of 16 bytes for each name, every other of them of a file of that name.
fn hostile(test: &str) -> PathBuf {
    let mut elf = Builder::new(CLASSES[0]);
    let start = 0x1000;
    let size = 16 * NAMES.len() as u64;
    let section = elf.loaded(".text\x1b[31m", EXEC, 0x10000 + start, start, &vec![0xab; size as usize]);
    let mut symbols = Vec::new();
    for (index, name) in NAMES.iter().enumerate() {
        if index % 2 == 0 {
            symbols.push(Symbol { section: 0xfff1, binding: LOCAL, ..Symbol::new(name, 4, 0, 0) });
        }
        let address = 0x10000 + start + 16 * index as u64;
        symbols.push(Symbol { section, binding: LOCAL, ..Symbol::new(name, FUNC, address, 16) });
    }
    elf.segment(5, start, 0x10000 + start, size, size);
    let table = (start + size).next_multiple_of(16);
    let texts = table + 24 * (symbols.len() as u64 + 1);
    elf.symbols(table, texts, &symbols);
    let end = texts + NAMES.iter().map(|n| 2 * (n.len() as u64 + 1)).sum::<u64>() + 64;
    let path = scratch(test);
    std::fs::write(&path, elf.finish(end, end.next_multiple_of(16) + 512)).expect("the folder is writable");
    path
}

/// What a command writes to both streams: harmless for a terminal whatever the format.
#[track_caller]
fn written(file: &Path, words: &[&str]) -> String {
    let mut command = bloat();
    match words {
        [name, rest @ ..] if !name.starts_with('-') => command.arg(name).arg(file).args(rest),
        _ => command.arg(file).args(words),
    };
    let output = run(&mut command);
    let stderr = String::from_utf8(output.stderr).expect("UTF-8");
    plain(&stderr);
    assert_eq!(output.status.code(), Some(0), "{words:?}: {stderr}");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    plain(&text);
    text
}

/// Reports that name symbols, without the format.
const REPORTS: [&[&str]; 8] = [
    &["show", "--by", "symbol", "-n", "0"],
    &["show", "--by", "section,unit,symbol", "-n", "0"],
    &["show", "--by", "module,generic", "-n", "0"],
    &["show", "--by", "evidence,defined-in,symbol", "-n", "0"],
    &["duplicates", "-n", "0"],
    &["generics", "-n", "0", "--min-copies", "1"],
    &["advise"],
    &["ledger"],
];

fn formats(report: &[&str]) -> &'static [&'static str] {
    match report[0] {
        "ledger" => &["text", "csv", "jsonl"],
        "advise" => &["text", "json", "markdown"],
        "show" => &["text", "json", "csv", "markdown", "folded", "speedscope"],
        _ => &["text", "json", "csv", "markdown"],
    }
}

/// All texts of a JSON value.
fn texts(value: &Value, all: &mut Vec<String>) {
    match value {
        Value::String(text) => all.push(text.clone()),
        Value::Array(list) => list.iter().for_each(|value| texts(value, all)),
        Value::Object(map) => map.values().for_each(|value| texts(value, all)),
        _ => {}
    }
}

#[test]
fn no_format_lets_a_name_act() {
    let file = hostile("no_format_lets_a_name_act");
    for report in REPORTS {
        for format in formats(report) {
            let words = [report, &["--format", format, "--color", "always"]].concat();
            let text = written(&file, &words);
            assert!(!text.is_empty(), "{words:?}");
            match *format {
                "json" | "speedscope" => drop(serde_json::from_str::<Value>(&text).expect("JSON")),
                "jsonl" => {
                    text.lines().for_each(|line| drop(serde_json::from_str::<Value>(line).expect("JSON")))
                }
                "csv" => cells(&text),
                "folded" => {
                    for line in text.lines() {
                        let (stack, bytes) = line.rsplit_once(' ').expect("a stack and a number");
                        let levels = report[2].split(',').count();
                        assert!(stack.split(';').count() <= levels, "{line}");
                        bytes.parse::<u64>().expect("bytes");
                    }
                }
                _ => {}
            }
        }
    }
    std::fs::remove_file(file).expect("it is there");
}

/// As many cells in each row, and none that a spreadsheet calculates.
fn cells(text: &str) {
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    let width = rows.headers().expect("a header").len();
    for row in rows.records() {
        let row = row.expect("rows are as wide as the header");
        assert_eq!(row.len(), width);
        for cell in &row {
            let first = cell.chars().next().unwrap_or('0');
            let is_number = cell.parse::<f64>().is_ok();
            assert!(is_number || !"=+-@\t\r＝＋－＠".contains(first), "{cell:?}");
        }
    }
}

/// Harmless is not lost: JSON has every name as it is in the file.
#[test]
fn json_has_every_name_as_it_is() {
    let file = hostile("json_has_every_name_as_it_is");
    let text = written(&file, &["show", "--by", "symbol", "-n", "0", "--format", "json"]);
    std::fs::remove_file(file).expect("it is there");
    let mut all = Vec::new();
    texts(&serde_json::from_str(&text).expect("JSON"), &mut all);
    for name in NAMES {
        assert!(all.iter().any(|text| text.contains(name)), "{name:?} is not in {all:?}");
    }
}

/// What is asked for, and the name of the file itself, come back in messages.
#[test]
fn messages_let_no_name_act() {
    let file = hostile("messages_let_no_name_act");
    for name in NAMES.iter().filter(|name| !name.starts_with('-')) {
        let [mut explain, mut filter] = ["explain", "show"].map(|command| {
            let mut all = bloat();
            all.arg(command).arg(&file);
            all
        });
        explain.arg(name);
        filter.arg("--filter").arg(name);
        for command in [&mut explain, &mut filter] {
            let output = run(command);
            for stream in [output.stdout, output.stderr] {
                plain(&String::from_utf8(stream).expect("UTF-8"));
            }
        }
        let output = run(bloat().arg(format!("/no/such/{name}")));
        assert_eq!(output.status.code(), Some(2));
        plain(&String::from_utf8(output.stderr).expect("UTF-8"));
    }
    std::fs::remove_file(file).expect("it is there");
}
