//! With a file to compare with.

use bloat::analysis::diff::DiffView;
use bloat::analysis::diff::groups::Subject;
use bloat::model::view::Dim;
use bloat::report::{self, DiffOptions};

use crate::journey::Journey;
use crate::subjects::fixture;

fn two() -> Journey {
    Journey::two(&fixture("demo-x86_64-lto"), &fixture("demo-x86_64-v0"))
}

#[test]
fn changes_are_those_of_diff() {
    let mut journey = two();
    assert_eq!(journey.explorer().open().title, "Changes");
    let shared = journey.shared.clone();
    let old = shared.baseline.as_ref().expect("there is one");
    let before = Subject { model: &old.model, contents: Some(&old.contents) };
    let after = Subject { model: &shared.new.model, contents: Some(&shared.new.contents) };
    let view = DiffView { dims: vec![Dim::Crate, Dim::Symbol], ..DiffView::default() };
    let report = report::diff(before, after, &view, &DiffOptions { limit: None, nested: None });
    let explorer = journey.explorer();
    let table = explorer.table.as_ref().expect("it is counted");
    let rows: Vec<(String, u64, i64)> = table
        .children(0)
        .map(|r| {
            let label = table.label(&shared.models(), 0, r);
            (label, table.row(r).now.sizes.file, table.delta(r))
        })
        .collect();
    let expected: Vec<(String, u64, i64)> =
        report.rows.iter().map(|r| (r.name.clone(), r.new.file, r.delta.file)).collect();
    assert_eq!(rows, expected);
    assert!(rows.len() > 5);
    journey.keys("e");
    for (name, _, delta) in rows.iter().take(10).filter(|(_, _, d)| *d != 0) {
        let sign = if *delta < 0 { "-" } else { "+" };
        let text = format!("{sign}{}", bloat::render::bytes(delta.unsigned_abs()));
        let is_there = journey.lines().iter().any(|l| l.ends_with(name.as_str()) && l.contains(&text));
        assert!(is_there, "{text} {name}:\n{}", journey.screen());
    }
}

#[test]
fn every_view_has_its_changes_and_its_new_sizes() {
    let mut journey = two();
    let total = journey.shared.new.model.total().file;
    for view in 1..=7 {
        journey.keys(&view.to_string());
        let explorer = journey.explorer();
        let sum: u64 =
            (0..explorer.count()).filter_map(|at| explorer.line(at)).map(|l| explorer.bytes_of(l)).sum();
        assert_eq!(sum, total, "view {view}");
        journey.sees("change");
    }
}

#[test]
fn what_is_gone_can_be_looked_at() {
    let mut journey = two();
    journey.keys("2sr");
    // The largest loss is first.
    let explorer = journey.explorer();
    let table = explorer.table.clone().expect("it is counted");
    let gone = (0..explorer.count()).find(|&at| match explorer.line(at) {
        Some(bloat::tui::app::Line::Row(row)) => table.row(row).key.new.is_none(),
        _ => false,
    });
    let gone = gone.expect("something is gone");
    journey.keys(&"j".repeat(gone)).keys("i").sees("only in the old file");
    journey.keys("<Enter>");
    assert!(journey.explorer().is_at_leaves() && journey.explorer().count() > 0);
}

#[test]
fn a_file_against_itself_has_no_changes() {
    let mut journey = Journey::two(&fixture("demo-x86_64-v0"), &fixture("demo-x86_64-v0"));
    journey.sees("nothing changed");
    journey.keys("1<Space>").sees("marked").sees("(0)");
}

#[test]
fn boxes_of_changes_are_as_large_as_what_changed() {
    let mut journey = two();
    let explorer = journey.explorer();
    let table = explorer.table.clone().expect("it is counted");
    let first = table.children(0).next().expect("something changed");
    let delta = bloat::render::human(table.delta(first).unsigned_abs());
    let sign = if table.delta(first) < 0 { "-" } else { "+" };
    // What shrank has a broken line, so that it is told apart without colours.
    let line = if table.delta(first) < 0 { "╎" } else { "│" };
    journey.keys("t").sees(&format!("{line}{sign}{delta}"));
}
