//! What is seen, written to files.

use serde_json::Value;

use crate::demo;
use crate::journey::Journey;
use crate::subjects::{fixture, scratch};

fn export(journey: &mut Journey, name: &str) -> String {
    let path = scratch(name);
    journey.keys("x<C-u>").keys(&path.to_string_lossy()).keys("<Enter>");
    let message = journey.explorer().message.clone().unwrap_or_default();
    assert!(message.starts_with("wrote"), "{message}");
    let text = std::fs::read_to_string(&path).expect("it was written");
    std::fs::remove_file(&path).expect("it can be removed");
    text
}

#[test]
fn the_open_level_is_written_in_every_form() {
    let mut journey = demo();
    let krate = journey.selected();
    let explorer = journey.explorer();
    let bytes = explorer.bytes_of(explorer.selected().expect("there is one"));
    journey.keys("<Enter>");
    let report: Value = serde_json::from_str(&export(&mut journey, "level.json")).expect("it is JSON");
    assert_eq!(report["report"], "show");
    assert_eq!(report["by"], serde_json::json!(["crate", "module"]));
    assert_eq!(report["shown"]["file"], bytes);
    assert_eq!(report["rows"].as_array().map(Vec::len), Some(1));
    let modules = report["rows"][0]["children"].as_array().expect("rows have children").len();
    assert_eq!(modules, journey.explorer().count());
    let csv = export(&mut journey, "level.csv");
    assert!(csv.starts_with("crate,module,file,"));
    assert_eq!(csv.lines().count(), modules + 1);
    let markdown = export(&mut journey, "level.md");
    assert!(markdown.contains(&krate) && markdown.contains('|'), "{markdown}");
}

#[test]
fn marks_are_written_instead() {
    let mut journey = demo();
    journey.keys("<Space>j<Space>");
    let sum = journey.explorer().marked.expect("they are counted").0.file;
    let report: Value = serde_json::from_str(&export(&mut journey, "marks.json")).expect("it is JSON");
    assert_eq!(report["shown"]["file"], sum);
    assert_eq!(report["rows"].as_array().map(Vec::len), Some(2));
}

#[test]
fn changes_are_written_as_a_diff() {
    let mut journey = Journey::two(&fixture("demo-x86_64-lto"), &fixture("demo-x86_64-v0"));
    let report: Value = serde_json::from_str(&export(&mut journey, "diff.json")).expect("it is JSON");
    assert_eq!(report["report"], "diff");
}

#[test]
fn of_changes_the_open_level_or_what_is_marked_is_written() {
    let mut journey = Journey::two(&fixture("demo-x86_64-lto"), &fixture("demo-x86_64-v0"));
    let whole: Value = serde_json::from_str(&export(&mut journey, "whole.json")).expect("it is JSON");
    assert_eq!(whole["by"], serde_json::json!(["crate"]));
    let krate = journey.selected();
    let row = whole["rows"].as_array().and_then(|rows| rows.iter().find(|r| r["name"] == krate.as_str()));
    let delta = row.expect("it changed")["delta"]["file"].clone();
    journey.keys("<Enter>");
    let level: Value = serde_json::from_str(&export(&mut journey, "level.json")).expect("it is JSON");
    assert_eq!(level["by"], serde_json::json!(["crate", "symbol"]));
    assert_eq!(level["rows"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        (&level["rows"][0]["name"], &level["rows"][0]["delta"]["file"]),
        (&krate.as_str().into(), &delta)
    );
    let symbols = level["rows"][0]["children"].as_array().expect("symbols changed").len();
    assert_eq!(symbols, journey.explorer().count());
    // A crate and the next one.
    journey.keys("<Back>g<Space><Space>");
    let (now, was) = journey.explorer().marked.expect("they are counted");
    let marked: Value = serde_json::from_str(&export(&mut journey, "marked.json")).expect("it is JSON");
    assert_eq!(marked["report"], "diff");
    assert_eq!(marked["rows"].as_array().map(Vec::len), Some(2));
    let sum = |side: &str| -> u64 {
        let rows = marked["rows"].as_array().expect("there are rows");
        rows.iter().filter_map(|row| row[side]["file"].as_u64()).sum()
    };
    assert_eq!((sum("new"), sum("old")), (now.file, was.expect("there are two files").file));
}

#[test]
fn what_is_gone_is_written_from_the_old_file() {
    let mut journey = Journey::two(&fixture("demo-x86_64-lto"), &fixture("demo-x86_64-v0"));
    journey.keys("1");
    let explorer = journey.explorer();
    let table = explorer.table.clone().expect("it is counted");
    let is_gone = |r: &u32| table.row(*r).key.new.is_none();
    let modules = table.children(0).find(|&krate| table.children(krate).any(|m| is_gone(&m)));
    let krate = modules.expect("a module is gone");
    let module = table.children(krate).position(|m| is_gone(&m)).expect("it was just found");
    let down = "j".repeat((krate - table.children(0).start) as usize);
    journey.keys("g").keys(&down).keys("<Enter>g").keys(&"j".repeat(module)).keys("<Enter>");
    assert!(journey.explorer().count() > 0);
    let report: Value = serde_json::from_str(&export(&mut journey, "gone.json")).expect("it is JSON");
    let old = journey.shared.baseline.as_ref().expect("there is one");
    assert_eq!(report["input"]["path"], old.model.facts.path.as_str());
    assert!(report["shown"]["file"].as_u64().is_some_and(|bytes| bytes > 0), "{report}");
}

#[test]
fn nothing_is_overwritten_and_errors_are_told() {
    let mut journey = demo();
    journey.keys("xx<Enter>").sees("must end in .json, .csv or .md");
    journey.keys("<Esc>");
    let path = scratch("there.csv");
    std::fs::write(&path, "kept").expect("writable");
    journey
        .resize(250, 30)
        .keys("x<C-u>")
        .keys(&path.to_string_lossy())
        .keys("<Enter>")
        .sees("is there already");
    assert_eq!(std::fs::read_to_string(&path).expect("readable"), "kept");
    std::fs::remove_file(&path).expect("it can be removed");
    journey.keys("x<C-u>/no/such/folder/a.csv<Enter>").sees("failed to write");
}
