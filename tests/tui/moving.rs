//! Moving, entering, leaving, ordering, marking, regrouping.

use bloat::model::view::Dim;
use ratatui_crossterm::crossterm::event::{MouseButton, MouseEventKind};

use crate::demo;
use crate::journey::Journey;

#[test]
fn one_moves_within_a_level_and_stays_inside() {
    let mut journey = demo();
    let names = journey.names();
    let last = names.len() - 1;
    for (keys, at) in [
        ("", 0),
        ("j", 1),
        ("<Down>", 2),
        ("k", 1),
        ("<Up><Up><Up>", 0),
        ("G", last),
        ("jj", last),
        ("g", 0),
        ("<End>", last),
        ("<Home>", 0),
        ("<PgDn><PgDn><PgDn>", last),
        ("<PgUp><PgUp><PgUp>", 0),
        ("<C-d>", 12.min(last)),
        ("<C-u>", 0),
    ] {
        journey.keys(keys);
        assert_eq!(journey.selected(), names[at], "after {keys}");
    }
}

#[test]
fn a_group_is_entered_and_left_onto_itself() {
    let mut journey = demo();
    journey.keys("jj");
    let krate = journey.selected();
    for (enter, leave) in [("<Enter>", "<Back>"), ("l", "h"), ("<Right>", "<Left>"), ("o", "u")] {
        journey.keys(enter);
        let crumbs = journey.explorer().crumbs();
        assert_eq!(crumbs, std::slice::from_ref(&krate));
        journey.sees(&format!("whole file > {krate}"));
        journey.keys("j").keys(leave);
        assert_eq!(journey.selected(), krate);
        assert!(journey.explorer().crumbs().is_empty());
    }
    // Down to runs of bytes and back to the top.
    journey.keys("<Enter><Enter><Enter>");
    assert!(journey.explorer().is_at_leaves());
    journey.sees(" run");
    journey.keys("<Esc><Esc><Esc>");
    assert!(journey.explorer().crumbs().is_empty());
    journey.keys("<Esc>").sees("q quits");
    assert!(!journey.has_quit);
    journey.keys("q");
    assert!(journey.has_quit);
}

#[test]
fn views_keep_their_places() {
    let mut journey = demo();
    journey.keys("jj<Enter>j");
    let (place, crumbs) = (journey.selected(), journey.explorer().crumbs());
    for keys in ["3jG", "5", "<Tab>", "<STab>", "]", "["] {
        journey.keys(keys);
        assert!(journey.explorer().crumbs().is_empty());
    }
    journey.keys("1");
    assert_eq!((journey.selected(), journey.explorer().crumbs()), (place, crumbs));
    journey.keys("0").sees("there is no view 0");
}

#[test]
fn tabs_go_round() {
    let mut journey = demo();
    let titles: Vec<String> = journey.explorer().tabs.iter().map(|t| t.title.clone()).collect();
    for title in titles.iter().skip(1).chain([&titles[0]]) {
        journey.keys("<Tab>");
        assert_eq!(&journey.explorer().open().title, title);
    }
}

#[test]
fn the_cursor_stays_on_its_row_whatever_is_counted() {
    let mut journey = demo();
    journey.keys("jjj");
    let row = journey.selected();
    for keys in
        ["s", "s", "s", "r", "r", "m", "m", "p", "p", "e", "fkind=code,rodata,debug<Enter>", "f<C-u><Enter>"]
    {
        journey.keys(keys);
        assert_eq!(journey.selected(), row, "after {keys}");
    }
    // Inside, too.
    journey.keys("<Enter>");
    let crumbs = journey.explorer().crumbs();
    journey.keys("m");
    assert_eq!(journey.explorer().crumbs(), crumbs);
}

#[test]
fn rows_are_ordered_by_any_column() {
    let mut journey = demo();
    journey.keys("2");
    let by_size = journey.names();
    let sizes = |journey: &Journey| -> Vec<u64> {
        let explorer = journey.explorer();
        (0..explorer.count()).filter_map(|at| explorer.line(at)).map(|l| explorer.bytes_of(l)).collect()
    };
    assert!(sizes(&journey).is_sorted_by(|a, b| a >= b));
    journey.keys("ss");
    assert!(journey.names().is_sorted());
    journey.sees("name ▲").keys("r").sees("name ▼");
    assert!(journey.names().is_sorted_by(|a, b| a >= b));
    journey.keys("s");
    assert_eq!(journey.names(), by_size);
    journey.keys("r");
    assert!(sizes(&journey).is_sorted());
}

#[test]
fn runs_of_bytes_are_ordered_too() {
    let mut journey = demo();
    journey.keys("b<C-u>section<Enter>/^.text<Enter><Enter>");
    assert!(journey.explorer().is_at_leaves());
    let starts = |journey: &Journey| -> Vec<u64> {
        let explorer = journey.explorer();
        let leaf = |line| match line {
            bloat::tui::app::Line::Leaf(index) => explorer.leaf(index).map(|(_, leaf)| leaf.start),
            bloat::tui::app::Line::Row(_) => None,
        };
        (0..explorer.count()).filter_map(|at| explorer.line(at)).filter_map(leaf).collect()
    };
    let sizes = |journey: &Journey| -> Vec<u64> {
        let explorer = journey.explorer();
        (0..explorer.count()).filter_map(|at| explorer.line(at)).map(|l| explorer.bytes_of(l)).collect()
    };
    assert!(sizes(&journey).len() > 10 && sizes(&journey).is_sorted_by(|a, b| a >= b));
    assert!(!starts(&journey).is_sorted());
    let selected = journey.keys("jj").selected();
    // By name is by place.
    journey.keys("ss");
    assert!(starts(&journey).is_sorted());
    assert_eq!(journey.selected(), selected);
    journey.keys("r");
    assert!(starts(&journey).is_sorted_by(|a, b| a >= b));
    // The treemap stays by size, with the same selection.
    journey.keys("t");
    assert_eq!(journey.selected(), selected);
    let explorer = journey.explorer();
    let weights: Vec<u64> = explorer.boxes().into_iter().map(|line| explorer.weight_of(line)).collect();
    assert!(weights.is_sorted_by(|a, b| a >= b));
    journey.keys("ts");
    assert!(sizes(&journey).is_sorted_by(|a, b| a >= b));
}

#[test]
fn marks_end_where_they_would_take_longer_than_a_frame() {
    let mut journey = Journey::made(crate::made::model(40_000, |i| format!("f{i}")), (100, 30));
    journey.keys("2a").sees("no more than 10000 rows can be marked");
    assert!(journey.explorer().marks.is_empty());
    journey.keys("1a");
    assert_eq!(journey.explorer().marks.len(), crate::made::CRATES);
}

#[test]
fn marks_are_counted_once_whatever_they_overlap() {
    let mut journey = demo();
    let explorer = journey.explorer();
    let first = explorer.bytes_of(explorer.line(0).expect("there is one"));
    let second = explorer.bytes_of(explorer.line(1).expect("there is one"));
    let whole = explorer.shared.new.model.total().file;
    journey.keys("<Space>");
    assert_eq!(journey.explorer().marked.map(|(sum, _)| sum.file), Some(first));
    // The cursor goes on, so that a row of marks is a row of presses.
    journey.keys("<Space>");
    assert_eq!(journey.explorer().marked.map(|(sum, _)| sum.file), Some(first + second));
    // What lies in a marked crate is counted already.
    journey.keys("g<Enter><Space>");
    assert_eq!(journey.explorer().marked.map(|(sum, _)| sum.file), Some(first + second));
    let share = bloat::render::percent(first + second, whole);
    let size = bloat::render::human(first + second);
    journey.sees(&format!("3 marked: {size}, {share} of the file"));
    // The same from another side: sections overlap crates.
    journey.keys("3a");
    assert_eq!(journey.explorer().marked.map(|(sum, _)| sum.file), Some(whole));
    journey.keys("A");
    assert!(journey.explorer().marked.is_none());
    journey.keys("1<Back>g<Space>g<Space>");
    assert!(journey.explorer().marks.is_empty());
}

#[test]
fn rows_are_grouped_by_any_dimensions() {
    let mut journey = demo();
    journey.keys("b").sees("group by: crate,module,symbol").sees("instantiated-by");
    journey
        .keys("<C-u>ki<Tab>,s<Tab>")
        .sees("group by: kind,segment")
        .keys("<C-u>knd<Enter>")
        .sees("`knd` is not a dimension");
    journey.keys("<C-u>kind, section<Enter>");
    assert_eq!(journey.explorer().open().content.dims(), [Dim::Kind, Dim::Section]);
    journey.sees("kind,section").keys("<Enter><Enter>");
    assert!(journey.explorer().is_at_leaves());
    // Another one takes its place; a view that is there already is shown.
    journey.keys("b<C-u>source,evidence<Enter>");
    let tabs = journey.explorer().tabs.len();
    assert_eq!(journey.explorer().open().content.dims(), [Dim::Source, Dim::Evidence]);
    journey.keys("b<C-u>symbol<Enter>");
    assert_eq!((journey.explorer().tab, journey.explorer().tabs.len()), (1, tabs));
}

#[test]
fn the_mouse_selects_opens_and_goes_back() {
    let mut journey = demo();
    let names = journey.names();
    journey.press(MouseButton::Left, 30, 6);
    assert_eq!(journey.selected(), names[2]);
    journey.press_again(MouseButton::Left, 30, 6);
    assert_eq!(journey.explorer().crumbs(), [names[2].clone()]);
    journey.press(MouseButton::Right, 30, 6);
    assert!(journey.explorer().crumbs().is_empty());
    // Twice, but slowly.
    journey.press(MouseButton::Left, 30, 7).press(MouseButton::Left, 30, 7);
    assert!(journey.explorer().crumbs().is_empty());
    journey.mouse(MouseEventKind::ScrollDown, 30, 7);
    assert_eq!(journey.selected(), names[6]);
    journey.mouse(MouseEventKind::ScrollUp, 30, 7);
    assert_eq!(journey.selected(), names[3]);
    // A view, a column, a part of the path.
    let tabs = journey.lines()[1].clone();
    journey.press(MouseButton::Left, tabs.find("Kinds").expect("it is there") as u16, 1);
    assert_eq!(journey.explorer().open().title, "Kinds");
    journey.keys("<Enter><Enter>").press(MouseButton::Left, 2, 2);
    assert!(journey.explorer().crumbs().is_empty());
    let header = journey.lines()[3].clone();
    let x = header[..header.find("name").expect("it is there")].chars().count() as u16;
    journey.press(MouseButton::Left, x, 3);
    assert!(journey.names().is_sorted());
    // Below the rows there is nothing to select.
    journey.press(MouseButton::Left, 30, 27).press(MouseButton::Left, 99, 29);
}

#[test]
fn help_lists_every_key_and_closes() {
    let mut journey = demo();
    journey.resize(100, 80).keys("?");
    for (_, bindings) in bloat::tui::keymap::KEYS {
        for binding in bindings {
            let first: String = binding.help.chars().take(40).collect();
            journey.sees(&first);
        }
    }
    for close in ["?", "q", "<Esc>"] {
        journey.keys(close);
        assert!(journey.explorer().help.is_none() && !journey.has_quit);
        journey.keys("?");
    }
    // Small screens scroll it.
    journey.resize(60, 15).sees("1-12 of").keys("G").sees("wheel");
    journey.keys("<C-c>");
    assert!(journey.has_quit);
}

#[test]
fn names_go_to_the_clipboard_whole() {
    let mut journey = demo();
    journey.resize(60, 15).keys("2s").keys("ss");
    let name = journey.selected();
    journey.keys("y").sees("copied");
    assert_eq!(journey.copied, [name]);
}
