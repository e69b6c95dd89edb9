//! Every number on the screen is the one that `bloat show` has for the same grouping.

use std::sync::Arc;

use bloat::analysis::diff::groups::Subject;
use bloat::analysis::diff::{Amount, DiffView};
use bloat::model::filter::Filter;
use bloat::model::view::{Measure, View};
use bloat::report::{self, Amounts, DiffOptions, DiffRow, Row, ShowOptions};
use bloat::tui::views::{Content, VIEWS};

use crate::journey::Journey;
use crate::subjects::{fixture, fixtures};

/// Keys that count in another way and back, and the question they ask.
const TOGGLES: [(&str, &str, Measure, Option<&str>); 4] = [
    ("", "", Measure::File, None),
    ("m", "m", Measure::Memory, None),
    ("p", "p", Measure::File, Some("not kind=debug,symbols")),
    ("fkind=code,unwind<Enter>", "f<C-u><Enter>", Measure::File, Some("kind=code,unwind")),
];

/// What one row shows: exact bytes, of functions of the source those in total, share of the level and of all, then
/// symbols, or calls that were inlined.
fn shown(row: &Row, measure: Measure, level: u64, all: u64, of_functions: bool) -> Vec<String> {
    let bytes = measure.pick(row.file, row.memory);
    let count = |n: u64| if n == 0 { "-".to_string() } else { n.to_string() };
    let size = |n: u64| if n == 0 { "-".to_string() } else { bloat::render::bytes(n) };
    let estimate = if row.estimated_bytes.is_some() { "~" } else { "" };
    let mut cells = vec![format!("{estimate}{}", bloat::render::bytes(bytes))];
    let inlining = row.inlining.as_ref().filter(|_| of_functions);
    // The report tells it of the file alone.
    cells.extend(inlining.filter(|_| measure == Measure::File).map(|i| size(i.total)));
    cells.extend([bloat::render::percent(bytes, level), bloat::render::percent(bytes, all)]);
    match inlining {
        Some(inlining) => cells.push(count(inlining.call_sites)),
        None if of_functions => {}
        None => cells.push(count(row.symbols)),
    }
    cells
}

/// Compares the rows of the level that is open, cell by cell.
#[track_caller]
fn check_level(journey: &mut Journey, rows: &[Row], measure: Measure, level: u64, all: u64) {
    let lines = journey.lines();
    let header = lines[3].clone();
    let name_at = header.find("name").map(|at| header[..at].chars().count()).expect("there is a name column");
    assert_eq!(journey.explorer().count(), rows.len());
    assert!(rows.len() + 6 <= lines.len(), "the screen is too small for this test");
    for (row, line) in rows.iter().zip(&lines[4..]) {
        let cells: Vec<String> =
            line.chars().take(name_at).collect::<String>().split_whitespace().map(String::from).collect();
        let name: String = line.chars().skip(name_at).collect();
        let is_bar = |cell: &String| cell.chars().all(|c| ('█'..='▏').contains(&c));
        let cells: Vec<String> = cells.into_iter().filter(|cell| !is_bar(cell)).collect();
        let has_total = row.inlining.is_some() && measure == Measure::Memory && header.contains("sites");
        let mut cells = cells;
        if has_total {
            cells.remove(1);
        }
        assert_eq!(cells, shown(row, measure, level, all, header.contains("sites")), "{line}");
        assert_eq!(name, row.name);
    }
}

#[test]
fn cells_of_every_view_equal_show() {
    let mut journey = Journey::file(&fixture("demo-x86_64-dwarf4"));
    // Wide enough for all names, high enough for all rows.
    journey.resize(1000, 400).keys("e");
    for (on, off, measure, filter) in TOGGLES {
        journey.keys(on);
        for view in VIEWS.iter().filter(|v| matches!(v.content, Content::Groups(_))) {
            journey.keys(&view.key.to_string());
            let question = View {
                dims: view.content.dims().to_vec(),
                filter: filter.map(|f| Filter::parse(f).expect("it can be read")),
                measure,
                ..View::default()
            };
            let show = report::show(&journey.shared.new.model, &question, &ShowOptions { limit: None });
            let total = measure.pick(show.shown.file, show.shown.memory);
            check_level(&mut journey, &show.rows, measure, total, total);
            // The same one level down, and two.
            let mut rows = &show.rows;
            for _ in 1..view.content.dims().len() {
                let first = &rows[0];
                journey.keys("g<Enter>");
                let inside = measure.pick(first.file, first.memory);
                check_level(&mut journey, &first.children, measure, inside, total);
                rows = &first.children;
            }
            journey.keys("<Back><Back><Back>");
        }
        journey.keys(off);
    }
}

#[test]
fn tables_of_all_fixtures_equal_show_to_the_last_row() {
    fn check(journey: &Journey, row: u32, rows: &[Row]) {
        let table = journey.explorer().table.as_ref().expect("it is counted");
        let children: Vec<u32> = table.children(row).collect();
        assert_eq!(children.len(), rows.len());
        for (child, row) in children.into_iter().zip(rows) {
            let now = table.row(child).now;
            assert_eq!(
                (now.sizes.file, now.sizes.memory, now.symbols, now.estimated),
                (row.file, row.memory, row.symbols, row.estimated_bytes.unwrap_or(0)),
                "{}",
                row.name
            );
            check(journey, child, &row.children);
        }
    }
    let mut checked = 0;
    let all = fixtures();
    for path in &all {
        let mut journey = Journey::file(path);
        for view in VIEWS.iter().filter(|v| matches!(v.content, Content::Groups(_))) {
            journey.keys(&view.key.to_string());
            if journey.explorer().why_no_rows().is_some() {
                // Its debug information, if there is any, does not tell.
                assert!(view.content.dims().iter().any(|dim| dim.is_of_code()));
                continue;
            }
            checked += 1;
            let question = View { dims: view.content.dims().to_vec(), ..View::default() };
            let show = report::show(&journey.shared.new.model, &question, &ShowOptions { limit: None });
            check(&journey, 0, &show.rows);
        }
    }
    assert!(checked >= all.len() * 7 + 20, "{checked}");
}

#[test]
fn reading_where_code_comes_from_changes_no_other_number() {
    let mut told = 0;
    for path in fixtures() {
        let (mut plain, mut read) = (Journey::file(&path), Journey::file(&path));
        let model = Arc::clone(&read.shared);
        read.keys("8");
        if read.explorer().why_no_rows().is_some() {
            assert!(Arc::ptr_eq(&model, &read.shared));
            continue;
        }
        told += 1;
        assert_ne!(model.new.model.leaves.len(), read.shared.new.model.leaves.len());
        for view in 1..=7 {
            let [(labels, rows), (same_labels, same_rows)] = [&mut plain, &mut read].map(|journey| {
                journey.keys(&view.to_string());
                let table = journey.explorer().table.clone().expect("it is counted");
                let models = journey.shared.models();
                let labels: Vec<String> = table.children(0).map(|row| table.label(&models, 0, row)).collect();
                // Keys too: marks and the way to where one is are kept by them.
                (labels, (0..table.len() as u32).map(|row| *table.row(row)).collect::<Vec<_>>())
            });
            assert_eq!((labels, rows), (same_labels, same_rows), "view {view} of {}", path.display());
        }
    }
    assert!(told >= 10, "{told}");
}

#[test]
fn leaves_sum_to_what_they_are_in() {
    let mut journey = Journey::file(&fixture("demo-x86_64-v0"));
    for view in ["1<Enter><Enter>", "2", "3<Enter><Enter>", "6<Enter>"] {
        journey.keys(view);
        let explorer = journey.explorer();
        let inside = explorer.bytes_of(explorer.selected().expect("there is a row"));
        journey.keys("<Enter>");
        let explorer = journey.explorer();
        assert!(explorer.is_at_leaves() && explorer.count() > 0);
        let sum: u64 =
            (0..explorer.count()).filter_map(|at| explorer.line(at)).map(|l| explorer.bytes_of(l)).sum();
        assert_eq!(sum, inside);
    }
}

/// A changed row: the names that lead to it, bytes of the old and the new file, the change.
type Changed = (Vec<String>, u64, u64, i64);

fn changes_of(rows: &[DiffRow], above: &[String], measure: Measure, all: &mut Vec<Changed>) {
    for row in rows {
        let path = [above, std::slice::from_ref(&row.name)].concat();
        let of = |amounts: &Amounts| measure.pick(amounts.file, amounts.memory);
        let delta = measure.pick(row.delta.file, row.delta.memory);
        changes_of(&row.children, &path, measure, all);
        all.push((path, of(&row.old), of(&row.new), delta));
    }
}

/// Rows of the open table that changed, or in which something did.
fn changed_rows(journey: &Journey, row: u32, above: &[String], all: &mut Vec<Changed>) -> bool {
    let table = journey.explorer().table.as_ref().expect("it is counted");
    let models = journey.shared.models();
    let measure = table.question.measure;
    let mut has_changed = false;
    for child in table.children(row) {
        let name = table.label(&models, above.len(), child);
        let path = [above, &[name]].concat();
        let (now, was) = (table.row(child).now, table.was(child).expect("there are two files"));
        if changed_rows(journey, child, &path, all) || now != was {
            has_changed = true;
            all.push((path, measure.of(was.sizes), measure.of(now.sizes), table.delta(child)));
        }
    }
    has_changed
}

#[test]
fn changes_of_every_view_equal_diff_and_sizes_equal_show() {
    // Two builds of one program; and two programs that say which lines code comes from.
    changes_equal_diff("demo-x86_64-lto", "demo-x86_64-v0", 8);
    changes_equal_diff("list-x86_64-dwarf4", "demo-x86_64-dwarf4", 10);
}

fn changes_equal_diff(old: &str, new: &str, views: usize) {
    let mut journey = Journey::two(&fixture(old), &fixture(new));
    // Where code comes from is read first, so that all views are of one model.
    journey.resize(400, 140).keys("8e");
    let mut seen = 0;
    let shared = journey.shared.clone();
    let baseline = shared.baseline.as_ref().expect("there is one");
    let before = Subject { model: &baseline.model, contents: Some(&baseline.contents) };
    let after = Subject { model: &shared.new.model, contents: Some(&shared.new.contents) };
    for (on, off, measure, filter) in TOGGLES {
        journey.keys(on);
        for view in VIEWS.iter().filter(|v| v.content.list().is_none()) {
            journey.keys(&view.key.to_string());
            if journey.explorer().why_no_rows().is_some() {
                continue;
            }
            seen += 1;
            let parsed = || filter.map(|f| Filter::parse(f).expect("it can be read"));
            let question = DiffView { dims: view.content.dims().to_vec(), filter: parsed(), measure };
            let diff = report::diff(before, after, &question, &DiffOptions { limit: None, nested: None });
            let (mut told, mut shown) = (Vec::new(), Vec::new());
            changes_of(&diff.rows, &[], measure, &mut told);
            changed_rows(&journey, 0, &[], &mut shown);
            told.sort();
            shown.sort();
            assert!(told.len() > 2, "{} {on}", view.title);
            assert_eq!(shown, told, "{} {on}", view.title);
            // The cells of the level: the bytes of the new file, and the change.
            let explorer = journey.explorer();
            let table = explorer.table.clone().expect("it is counted");
            let lines = journey.lines();
            for (row, line) in table.children(0).zip(&lines[4..lines.len() - 2]) {
                let cells: Vec<&str> = line.split_whitespace().collect();
                let bytes = measure.of(table.row(row).now.sizes);
                let delta = table.delta(row);
                let sign = match delta {
                    0 => "",
                    1.. => "+",
                    _ => "-",
                };
                assert_eq!(cells[0].trim_start_matches('~'), bloat::render::bytes(bytes), "{line}");
                assert_eq!(
                    cells[1],
                    format!("{sign}{}", bloat::render::bytes(delta.unsigned_abs())),
                    "{line}"
                );
            }
            if view.content.is_changes() {
                continue;
            }
            // A function that is only inlined has no bytes of its own, and no change.
            let has_bytes = |row: &&Row| (row.file, row.memory, row.symbols) != (0, 0, 0);
            // Rows that the new file has are those of `show`, whatever the old one has besides.
            let question =
                View { dims: view.content.dims().to_vec(), filter: parsed(), measure, ..View::default() };
            let show = report::show(&shared.new.model, &question, &ShowOptions { limit: None });
            let mut expected: Vec<(String, u64, u64)> =
                show.rows.iter().filter(has_bytes).map(|r| (r.name.clone(), r.file, r.symbols)).collect();
            let has =
                |row: &u32| table.row(*row).key.new.is_some_and(|_| table.row(*row).now != Amount::default());
            let models = shared.models();
            let mut rows: Vec<(String, u64, u64)> = table
                .children(0)
                .filter(has)
                .map(|r| {
                    let row = table.row(r);
                    (table.label(&models, 0, r), row.now.sizes.file, row.now.symbols)
                })
                .collect();
            expected.sort();
            rows.sort();
            assert_eq!(rows, expected, "{} {on}", view.title);
        }
        journey.keys(off);
    }
    assert_eq!(seen, views * TOGGLES.len());
}
