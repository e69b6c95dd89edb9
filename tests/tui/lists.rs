//! Packages and copies: rows of answers that are no groups of bytes. What they say is what the commands say.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use bloat::model::view::Measure;
use bloat::tui::app::{Code, Line};
use bloat::tui::jobs::Column;
use bloat::tui::table::Table;
use serde_json::Value;

use crate::demo;
use crate::elf_builder::{Builder, CLASSES, EXEC, FUNC, Symbol};
use crate::journey::Journey;
use crate::program::{bloat, stdout};
use crate::subjects::{fixture, scratch};

/// Settings that change numbers: the keys that set them, and the options of the commands.
const SETTINGS: [(&str, &[&str]); 5] = [
    ("", &[]),
    ("m", &["--measure", "mem"]),
    ("p", &["--filter", "not kind=debug,symbols"]),
    ("f<C-u>kind=code<Enter>", &["--filter", "kind=code"]),
    ("f<C-u>crate=nobody<Enter>", &["--filter", "crate=nobody"]),
];

fn lockfile() -> PathBuf {
    Path::new("tests/tui").join("demo.lock")
}

fn listed() -> Journey {
    Journey::listed(&fixture("demo-x86_64-dwarf4"), &lockfile())
}

fn parsed(command: &mut Command) -> Value {
    serde_json::from_str(&stdout(command)).expect("it is JSON")
}

fn tree(options: &[&str]) -> Value {
    let mut tree = bloat();
    tree.arg("tree").arg(fixture("demo-x86_64-dwarf4")).arg("--lockfile").arg(lockfile());
    parsed(tree.args(["-n", "0", "--format", "json"]).args(options))
}

fn duplicates(file: &Path, options: &[&str]) -> Value {
    let mut duplicates = bloat();
    duplicates.arg("duplicates").arg(file);
    parsed(duplicates.args(["-n", "0", "-q", "--format", "json"]).args(options))
}

fn number(value: &Value) -> u64 {
    value.as_u64().expect("bytes are integers")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("it is a text")
}

/// Rows of a report's tree below row `above`, or the first ones.
fn below(rows: &[Value], above: Option<usize>) -> Vec<usize> {
    let depth = above.map_or(0, |at| number(&rows[at]["depth"]) + 1);
    let from = above.map_or(0, |at| at + 1);
    let inside = (from..rows.len()).take_while(|&at| number(&rows[at]["depth"]) >= depth);
    inside.filter(|&at| number(&rows[at]["depth"]) == depth).collect()
}

/// The row in which a package is shown with all below it.
fn in_full(rows: &[Value], at: usize) -> usize {
    let same = |row: &Value| row["name"] == rows[at]["name"] && row["repeat"] != true;
    rows.iter().position(same).expect("every package is shown in full")
}

/// Holds all that lies below a row of the table to the report, each package once.
fn check_tree(
    journey: &Journey,
    table: &Table,
    row: u32,
    rows: &[Value],
    above: Option<usize>,
    seen: &mut BTreeSet<String>,
) {
    let of = |value: &Value| number(&value[table.question.measure.pick("file", "memory")]);
    let mut expected = below(rows, above);
    if above.is_none() {
        expected.sort_by_key(|&at| std::cmp::Reverse(of(&rows[at]["total"])));
    }
    let children: Vec<u32> = table.children(row).collect();
    assert_eq!(children.len(), expected.len());
    for (child, at) in children.into_iter().zip(expected) {
        let (said, full) = (&rows[at], in_full(rows, at));
        let label = table.label(&journey.shared.models(), 0, child);
        assert!(label.starts_with(text(&said["name"])), "{label}");
        let figures = [Column::Size, Column::Total, Column::Unique].map(|c| table.number(child, c));
        let own = of(&rows[full]);
        let wanted = [own, of(&said["total"]), of(&said["unique"])].map(|bytes| Some(bytes as i64));
        assert_eq!(figures, wanted, "{label}");
        if seen.insert(label) {
            check_tree(journey, table, child, rows, Some(full), seen);
        }
    }
}

#[test]
fn packages_are_those_of_tree_whatever_counts() {
    for (keys, options) in SETTINGS {
        let mut journey = listed();
        journey.keys("T").keys(keys);
        let report = tree(options);
        let rows = report["rows"].as_array().expect("it has rows");
        let table = journey.explorer().table.clone().expect("it is counted");
        let mut seen = BTreeSet::new();
        check_tree(&journey, &table, 0, rows, None, &mut seen);
        assert!(seen.len() >= 4, "{keys}: {seen:?}");
        let shown = table.question.measure.pick("file", "memory");
        assert_eq!(table.bytes_below(0), number(&report["shown"][shown]));
    }
}

#[test]
fn a_package_leads_to_what_it_needs_until_that_is_a_circle() {
    let mut journey = listed();
    journey.keys("T").sees("self").sees("total").sees("unique").sees("packages by tests/tui/demo.lock");
    journey.sees("1 of 4 without bytes");
    assert_eq!(journey.selected(), "demo@0.1.0");
    journey.keys("<Enter>");
    assert_eq!(journey.names(), ["pad@0.1.0", "quiet@1.2.3", "shapes@0.1.0"]);
    // Without bytes of its own, and with all that it needs.
    let line = journey.lines().into_iter().find(|line| line.contains("quiet@")).expect("it is listed");
    assert!(line.trim_start().starts_with("- "), "{line}");
    journey.keys("j<Enter><Enter>");
    assert_eq!(journey.names(), ["shapes@0.1.0"]);
    journey.keys("<Enter>").sees("whole file > demo@0.1.0 > quiet@1.2.3 > pad@0.1.0 > shapes@0.1.0");
    assert_eq!(journey.names(), ["pad@0.1.0"]);
    journey.keys("<Enter>").sees("pad@0.1.0 is on the way here already");
    assert_eq!(journey.explorer().crumbs().len(), 4);
    journey.keys("<Back>");
    assert_eq!(journey.selected(), "shapes@0.1.0");
    journey.keys("<Back><Back>");
    assert_eq!(journey.selected(), "quiet@1.2.3");
    journey.keys("<Back>");
    assert_eq!((journey.selected(), journey.explorer().crumbs().len()), ("demo@0.1.0".to_string(), 0));
    // The standard library and what is of no package have their place.
    let names = journey.names();
    assert!(names.contains(&"[standard library]".to_string()) && names.contains(&"[headers]".to_string()));
    journey.keys("/standard<Enter><Enter>");
    assert_eq!(journey.names(), ["core", "alloc"]);
    // Below a crate there is nothing; what is known of it is shown.
    journey.keys("<Enter>");
    assert!(journey.explorer().is_details);
    assert_eq!(journey.explorer().crumbs(), ["[standard library]"]);
}

#[test]
fn details_say_who_brings_a_package_in() {
    let mut journey = listed();
    journey.keys("T<Enter>/shapes<Enter>i");
    let lines = journey.details();
    let at = lines.iter().position(|line| line == "Needed by").expect("somebody needs it");
    assert_eq!(lines[at + 1..at + 3], ["demo@0.1.0", "pad@0.1.0"]);
    assert!(lines.contains(&"crates: shapes".to_string()), "{lines:?}");
    journey.keys("gj");
    let lines = journey.details();
    assert!(lines.contains(&": no byte that counts is of its own".to_string()), "{lines:?}");
    journey.keys("<Back>");
    assert!(journey.details().contains(&"the file itself: it was built from this package".to_string()));
    // It is no place: there are no claims on it.
    journey.keys("c").sees("claims are known of symbols");
}

#[test]
fn a_package_leads_to_its_bytes() {
    let mut journey = listed();
    journey.keys("T<Enter>/shapes<Enter>");
    let Some(Line::Row(row)) = journey.explorer().selected() else { panic!("a package is selected") };
    let own = journey.explorer().table.as_ref().expect("it is counted").row(row).now.sizes.file;
    // While it is still being counted, too.
    journey.keys_while_held("v");
    let explorer = journey.explorer();
    assert_eq!((explorer.open().title.as_str(), explorer.crumbs()), ("Crates", vec!["shapes".to_string()]));
    let table = explorer.table.clone().expect("it is counted");
    assert_eq!(table.bytes_below(explorer.open().navigation.level().row), own);
    journey.keys("<Back>");
    assert_eq!(journey.selected(), "shapes");
    // Back where one was; a second time with all counted, and in another order.
    journey.keys("srT");
    assert_eq!(journey.selected(), "shapes@0.1.0");
    journey.keys("v");
    assert_eq!(journey.explorer().crumbs(), ["shapes"]);
    // What has no bytes leads nowhere, nor do groups of bytes.
    journey.keys("v").sees("these are bytes");
    journey.keys("Tk").keys("v").sees("no single crate or symbol");
    // Whoever goes elsewhere meanwhile is no longer led.
    journey.keys("T").keys("g").keys("fkind=code<Enter>");
    assert_ne!(journey.selected(), "shapes@0.1.0");
    journey.keys_while_held("vj");
    let explorer = journey.explorer();
    assert_eq!((explorer.open().title.as_str(), explorer.crumbs()), ("Crates", vec!["shapes".to_string()]));
    journey.keys("f<C-u><Enter>");
    // A filter may leave all of it out.
    journey.keys("fcrate=nobody<Enter>Tgv").sees("no single crate or symbol");
}

#[test]
fn rows_are_ordered_by_every_column() {
    let mut journey = listed();
    journey.keys("T<Enter>");
    let sorted = |journey: &Journey, column: Column| {
        let explorer = journey.explorer();
        let table = explorer.table.clone().expect("it is counted");
        let rows = (0..explorer.count()).filter_map(|at| explorer.line(at));
        let numbers: Vec<Option<i64>> = rows
            .map(|line| match line {
                Line::Row(row) => table.number(row, column),
                Line::Leaf(_) => None,
            })
            .collect();
        assert_eq!(explorer.open().order.column, column);
        numbers.is_sorted_by(|a, b| a >= b)
    };
    assert!(sorted(&journey, Column::Total));
    assert!(sorted(journey.keys("s"), Column::Size));
    journey.sees("▼self");
    assert!(sorted(journey.keys("s"), Column::Unique));
    journey.keys("s").sees("name ▲");
    assert!(journey.names().is_sorted());
    journey.keys("r");
    assert!(journey.names().iter().rev().is_sorted());
    journey.keys("rs").sees("▼total");
    assert!(sorted(&journey, Column::Total));
    journey.keys("Dss").sees("▼copies");
    assert!(sorted(&journey, Column::Copies));
}

/// A program with functions that are there twice, of crates that have one name.
fn twice() -> &'static Path {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(make_twice)
}

fn make_twice() -> PathBuf {
    const ADDRESS: u64 = 0x40_1000;
    const OFFSET: u64 = 0x1000;
    // The same code, calls nothing: lea rax, [rdi + n]; ret; filled up with int3.
    let body = |n: u8| {
        let mut code = vec![0x48, 0x8d, 0x47, n, 0xc3];
        code.resize(16, 0xcc);
        code
    };
    let functions = [
        ("_RNvCs5aBcDeFgHi_3dup4work", body(1)),
        ("_RNvCs7aBcDeFgHi_3dup4work", body(1)),
        ("_RNvCs7aBcDeFgHi_3dup4rest", body(2)),
        ("_RNvCs9aBcDeFgHi_4main4main", body(1)),
    ];
    let code: Vec<u8> = functions.iter().flat_map(|(_, code)| code.clone()).collect();
    let symbols: Vec<Symbol<'_>> = functions
        .iter()
        .zip(0..)
        .map(|((name, _), at)| Symbol::new(name, FUNC, ADDRESS + 16 * at, 16))
        .collect();
    let end = (OFFSET + code.len() as u64).next_multiple_of(16);
    let mut builder = Builder::new(CLASSES[0]);
    builder.segment(5, OFFSET, ADDRESS, code.len() as u64, code.len() as u64);
    builder.loaded(".text", EXEC, ADDRESS, OFFSET, &code);
    builder.symbols(end, end + 0x8000, &symbols);
    let path = scratch("twice");
    std::fs::write(&path, builder.finish(end + 0x1_0000, end + 0x1_1000)).expect("writable");
    path
}

/// The lists of a report with their names on the screen.
const LISTS: [(&str, &str); 7] = [
    ("crates", "crates in several versions"),
    ("same_name", "crates of one name, versions not known"),
    ("toolchain_copies", "crates that the toolchain has a copy of for itself"),
    ("functions", "functions that are equal"),
    ("kept_apart", "functions that are equal in code, but that linkers keep apart"),
    ("constants", "constants that are equal"),
    ("similar", "functions that are nearly equal"),
];

/// What lies below a group of a report.
fn parts(group: &Value) -> Vec<Value> {
    let lists = ["versions", "shapes", "members"].iter().find_map(|name| group[*name].as_array());
    lists.cloned().unwrap_or_default()
}

fn check_copies(journey: &Journey, table: &Table, row: u32, said: &[Value]) -> usize {
    let children: Vec<u32> = table.children(row).collect();
    assert_eq!(children.len(), said.len(), "{said:?}");
    let mut rows = children.len();
    for (child, said) in children.into_iter().zip(said) {
        let label = table.label(&journey.shared.models(), 0, child);
        let name = ["name", "symbol"].iter().find_map(|key| said[*key].as_str());
        assert!(name.is_none_or(|name| label.contains(name)), "{label} for {said}");
        let size = said["size"].as_u64().or(said["file"].as_u64());
        assert_eq!(table.number(child, Column::Size), size.map(u64::cast_signed), "{said}");
        let saved = said["saved"]["all"].as_u64().map(u64::cast_signed);
        assert_eq!(table.number(child, Column::Saved), saved, "{said}");
        rows += check_copies(journey, table, child, &parts(said));
    }
    rows
}

#[test]
fn copies_are_those_of_duplicates_whatever_counts() {
    let twice = twice();
    let real = ["demo-x86_64-dwarf4", "demo-x86_64-lto", "std-x86_64-stripped", "list-x86_64-dwarf5"];
    let files: Vec<PathBuf> = real.iter().map(|name| fixture(name)).chain([twice.to_path_buf()]).collect();
    let mut rows = 0;
    for path in &files {
        for (keys, options) in SETTINGS.into_iter().filter(|(keys, _)| *keys != "m") {
            let mut journey = Journey::file(path);
            journey.keys("D").keys(keys);
            let report = duplicates(path, options);
            let table = journey.explorer().table.clone().expect("it is counted");
            assert_eq!(table.question.measure, Measure::File);
            let mut found = 0;
            for child in table.children(0) {
                let label = table.label(&journey.shared.models(), 0, child);
                let list = LISTS.iter().find(|(_, title)| *title == label).expect("each list has a name").0;
                let said = &report[list];
                assert_eq!(table.number(child, Column::Saved), said["saved"]["all"].as_i64());
                assert_eq!(table.number(child, Column::Copies), said["copies"].as_i64());
                assert_eq!(table.number(child, Column::Size), said["size"].as_i64());
                rows += check_copies(&journey, &table, child, said["rows"].as_array().expect("rows"));
                found += 1;
            }
            let has = |(list, _): &&(&str, &str)| report[*list]["groups"].as_u64().is_some_and(|n| n > 0);
            assert_eq!(found, LISTS.iter().filter(has).count(), "{keys} {}", path.display());
        }
    }
    assert!(rows > 100, "{rows}");
}

#[test]
fn copies_lead_to_crates_and_symbols() {
    let mut journey = Journey::file(twice());
    journey.keys("D").sees("savings are estimates");
    let equal = "functions that are equal";
    journey.keys(&format!("/{equal}<Enter><Enter>"));
    assert_eq!(journey.names().len(), 1);
    journey.keys("<Enter>");
    // In order of position, each with its address and its crate.
    assert_eq!(journey.names().len(), 3);
    assert!(journey.names()[0].starts_with("0x401000 dup"), "{:?}", journey.names());
    journey.keys("ji");
    let lines = journey.details();
    assert!(lines.contains(&"size: 16 bytes".to_string()), "{lines:?}");
    assert!(lines.contains(&"address: 0x401010".to_string()), "{lines:?}");
    assert!(lines.contains(&"mangled: _RNvCs7aBcDeFgHi_3dup4work".to_string()), "{lines:?}");
    assert!(lines.iter().any(|line| line == "Instructions"), "{lines:?}");
    journey.keys("v");
    let explorer = journey.explorer();
    assert_eq!((explorer.open().title.as_str(), explorer.crumbs().len()), ("Symbols", 0));
    let lines = journey.details();
    assert!(lines.contains(&"mangled: _RNvCs7aBcDeFgHi_3dup4work".to_string()), "{lines:?}");
    // Crates of one name, told apart by the compiler.
    journey.keys("iD<Back><Back>/one name<Enter><Enter><Enter>");
    let names = journey.names();
    assert_eq!(names.len(), 2, "{names:?}");
    let (name, bytes) = (journey.selected(), {
        let explorer = journey.explorer();
        explorer.bytes_of(explorer.selected().expect("there is one"))
    });
    journey.keys("v");
    journey.keys("<Back>");
    let explorer = journey.explorer();
    assert!(name.starts_with(&journey.selected()), "{name}");
    assert_eq!(explorer.bytes_of(explorer.selected().expect("there is one")), bytes);
}

#[test]
fn what_lists_cannot_do_is_told() {
    let mut journey = listed();
    for list in ["T", "D"] {
        journey.keys(list);
        let names = journey.names();
        journey.keys("t").sees("boxes are for bytes that add up");
        journey.keys("<Space>").sees("rows of this view overlap");
        journey.keys("a").sees("rows of this view overlap");
        assert!(journey.explorer().marks.is_empty());
        assert_eq!(journey.names(), names);
    }
    journey.keys("m").sees("known of the file alone");
    journey.keys("1m").sees("memory bytes").keys("D").sees("file bytes").keys("T").sees("memory bytes");
    // Boxes of another view are still there.
    journey.keys("1t").sees("┌").keys("T").sees("package").keys("1").sees("┌");
    // With two files, lists are of the new one.
    let mut journey = Journey::two(&fixture("demo-x86_64-lto"), &fixture("demo-x86_64-dwarf4"));
    journey.keys("D").sees("of the new file alone");
    assert!(!journey.lines()[3].contains("change"));
    let alone = demo().keys("D").names();
    assert_eq!(journey.names(), alone);
    journey.keys("<Enter><Enter>v");
    assert_eq!(journey.explorer().open().title, "Symbols");
    assert!(journey.explorer().selected().is_some());
}

#[test]
fn without_packages_it_is_told_how_to_name_them() {
    let mut journey = demo();
    journey.keys("T").sees("nobody knows the packages of this file");
    // Nothing to enter or look at; nothing breaks, and it is asked once.
    journey.keys("<Enter><Space>ayitvjjkkGg/x<Esc>nNscr<Esc><Esc>");
    assert!(!journey.app.is_busy());
    journey.keys("x<C-u>a.csv<Enter>").sees("nothing to export");
    journey.keys("<Esc>1").sees("shapes");
    // The program itself says what to pass.
    let output = bloat().arg("tree").arg(fixture("demo-x86_64-dwarf4")).output().expect("it runs");
    let stderr = String::from_utf8(output.stderr).expect("messages are UTF-8");
    assert!(stderr.contains("--manifest-path") && stderr.contains("--lockfile"), "{stderr}");
    // A snapshot has no bytes to compare.
    let mut journey = Journey::snapshot(&fixture("demo-x86_64-dwarf4"));
    journey.keys("D").sees("nothing is there more than once").sees("of a snapshot");
}

#[test]
fn other_views_go_on_while_a_list_is_looked_up() {
    let mut journey = listed();
    journey.is_held = true;
    journey.keys("D").sees("looking for what is there more than once");
    journey.keys("T").sees("looking up which packages need which");
    journey.keys("DTD1");
    // Each is asked for once.
    assert_eq!(journey.queue.len(), 2);
    assert!(journey.app.is_busy() && !journey.names().is_empty());
    journey.is_held = false;
    journey.work();
    assert!(!journey.app.is_busy());
    journey.keys("D").sees("functions that are equal").keys("T").sees("demo@0.1.0");
    // A filter of files reads where code comes from first, and the list is asked anew.
    let mut journey = demo();
    journey.keys("Dffile~.<Enter>");
    assert_eq!(journey.explorer().code, Code::Read);
    let equal = duplicates(&fixture("demo-x86_64-dwarf4"), &[]);
    journey.keys("f<C-u><Enter>").sees("functions that are equal");
    let table = journey.explorer().table.clone().expect("it is counted");
    let row = table.children(0).start;
    assert_eq!(table.number(row, Column::Saved), equal["functions"]["saved"]["all"].as_i64());
}

#[test]
fn a_list_is_written_as_its_command_writes_it() {
    let file = fixture("demo-x86_64-dwarf4");
    let mut journey = listed();
    for (list, form) in ["T", "D"].iter().flat_map(|list| ["json", "csv", "md"].map(|form| (*list, form))) {
        let mut command = bloat();
        command.arg(if list == "T" { "tree" } else { "duplicates" }).arg(&file).args(["-n", "0", "-q"]);
        command.arg("--lockfile").arg(lockfile());
        command.args(["--format", if form == "md" { "markdown" } else { form }]);
        command.args(["--filter", "kind=code,rodata"]);
        if form == "md" {
            command.args(["--name", "tui"]);
        }
        let wanted = stdout(&mut command);
        let path = scratch(&format!("list.{form}"));
        // What is marked elsewhere is not what is written.
        journey.keys("1g<Space>").keys(list).keys("f<C-u>kind=code,rodata<Enter>");
        journey.keys("x<C-u>").keys(&path.to_string_lossy()).keys("<Enter>");
        let message = journey.explorer().message.clone().unwrap_or_default();
        assert!(message.starts_with("wrote all of the list"), "{message}");
        let written = std::fs::read_to_string(&path).expect("it was written");
        std::fs::remove_file(&path).expect("it can be removed");
        assert!(wanted.len() > 300);
        assert_eq!(written, wanted, "{list} {form}");
        journey.keys("1A");
    }
}
