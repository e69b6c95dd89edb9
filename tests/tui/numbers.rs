//! Every number on the screen is the one that `bloat show` has for the same grouping.

use bloat::model::filter::Filter;
use bloat::model::view::{Measure, Sort, View};
use bloat::report::{self, Row, ShowOptions};
use bloat::tui::views::{VIEWS, When};

use crate::journey::Journey;
use crate::subjects::{fixture, fixtures};

/// Keys that count in another way and back, and the question they ask.
const TOGGLES: [(&str, &str, Measure, Option<&str>); 4] = [
    ("", "", Measure::File, None),
    ("m", "m", Measure::Memory, None),
    ("p", "p", Measure::File, Some("not kind=debug,symbols")),
    ("fkind=code,unwind<Enter>", "f<C-u><Enter>", Measure::File, Some("kind=code,unwind")),
];

/// What one row shows: exact bytes, share of the level, symbols, name.
fn shown(row: &Row, measure: Measure, level: u64) -> [String; 4] {
    let bytes = measure.pick(row.file, row.memory);
    let count = if row.symbols == 0 { "-".to_string() } else { row.symbols.to_string() };
    let estimate = if row.estimated_bytes.is_some() { "~" } else { "" };
    [
        format!("{estimate}{}", bloat::render::bytes(bytes)),
        bloat::render::percent(bytes, level),
        count,
        row.name.clone(),
    ]
}

/// Compares the rows of the level that is open, cell by cell.
#[track_caller]
fn check_level(journey: &mut Journey, rows: &[Row], measure: Measure, level: u64) {
    let lines = journey.lines();
    let header = lines[3].clone();
    let name_at = header.find("name").map(|at| header[..at].chars().count()).expect("there is a name column");
    assert_eq!(journey.explorer().count(), rows.len());
    assert!(rows.len() + 6 <= lines.len(), "the screen is too small for this test");
    for (row, line) in rows.iter().zip(&lines[4..]) {
        let cells: Vec<String> =
            line.chars().take(name_at).collect::<String>().split_whitespace().map(String::from).collect();
        let name: String = line.chars().skip(name_at).collect();
        // size, share here, share of all, perhaps a bar, symbols
        let is = [cells[0].clone(), cells[1].clone(), cells[cells.len() - 1].clone(), name];
        assert_eq!(is, shown(row, measure, level), "{line}");
    }
}

#[test]
fn cells_of_every_view_equal_show() {
    let mut journey = Journey::file(&fixture("demo-x86_64-dwarf4"));
    // Wide enough for all names, high enough for all rows.
    journey.resize(400, 140).keys("e");
    for (on, off, measure, filter) in TOGGLES {
        journey.keys(on);
        for (index, view) in VIEWS.iter().enumerate().filter(|(_, v)| v.when == When::Always) {
            journey.keys(&(index + 1).to_string());
            let question = View {
                dims: view.dims.to_vec(),
                filter: filter.map(|f| Filter::parse(f).expect("it can be read")),
                measure,
                sort: Sort::Size,
            };
            let show = report::show(&journey.shared.new.model, &question, &ShowOptions { limit: None });
            let total = measure.pick(show.shown.file, show.shown.memory);
            check_level(&mut journey, &show.rows, measure, total);
            // The same one level down, and two.
            let mut rows = &show.rows;
            for _ in 1..view.dims.len() {
                let first = &rows[0];
                journey.keys("g<Enter>");
                check_level(&mut journey, &first.children, measure, measure.pick(first.file, first.memory));
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
    for path in fixtures() {
        let mut journey = Journey::file(&path);
        for (index, view) in VIEWS.iter().enumerate().filter(|(_, v)| v.when == When::Always) {
            journey.keys(&(index + 1).to_string());
            let question = View { dims: view.dims.to_vec(), ..View::default() };
            let show = report::show(&journey.shared.new.model, &question, &ShowOptions { limit: None });
            check(&journey, 0, &show.rows);
        }
    }
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
