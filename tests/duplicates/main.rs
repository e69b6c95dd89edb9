//! What `bloat duplicates` says, against programs made for it: bytes put together here, packages in two versions,
//! and what a linker that folds identical code makes of the same object files.

#[path = "../elf_builder/mod.rs"]
mod elf_builder;
mod hostile;
mod made;
#[path = "../program/mod.rs"]
mod program;
mod renderers;
#[path = "../subjects/mod.rs"]
mod subjects;
mod versions;

use serde_json::Value;

use program::{bloat, stdout};

/// The report on a file as JSON, with all rows.
#[track_caller]
fn report(file: &std::path::Path, options: &[&str]) -> Value {
    let mut command = bloat();
    command.arg("duplicates").arg(file).args(["--format", "json", "-n", "0", "-q"]).args(options);
    serde_json::from_str(&stdout(&mut command)).expect("the report is JSON")
}

/// A number of a report.
#[track_caller]
fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no number"))
}

/// Symbols of the members of each group of a list, sorted.
#[track_caller]
fn groups(list: &Value) -> Vec<Vec<String>> {
    let rows = list["rows"].as_array().expect("a list has rows");
    let names = |members: &Value| {
        let members = members.as_array().expect("a group has members").iter();
        members.map(|m| m["symbol"].as_str().unwrap_or_default().to_string()).collect::<Vec<_>>()
    };
    let mut all: Vec<Vec<String>> = Vec::new();
    for row in rows {
        match row["shapes"].as_array() {
            Some(shapes) => all.extend(shapes.iter().map(|s| names(&s["members"]))),
            None => all.push(names(&row["members"])),
        }
    }
    all.sort();
    all
}
