//! The treemap: the level as boxes, with the selection of the list.

use ratatui_crossterm::crossterm::event::MouseButton;

use crate::demo;
use crate::journey::Journey;
use crate::made;

#[test]
fn boxes_and_rows_have_one_selection() {
    let mut journey = demo();
    let names = journey.names();
    journey.keys("jt");
    assert_eq!(journey.selected(), names[1]);
    journey.sees(&names[0]).sees(&names[1]);
    // To the left of the second box is the first, which is the largest.
    journey.keys("<Left>");
    assert_eq!(journey.selected(), names[0]);
    journey.keys("<Right>");
    assert_ne!(journey.selected(), names[0]);
    journey.keys("<Left><Enter>");
    assert_eq!(journey.explorer().crumbs(), [names[0].clone()]);
    journey.keys("<Back>t");
    assert_eq!(journey.selected(), names[0]);
}

#[test]
fn areas_are_proportional_to_bytes() {
    // Two functions of two crates: a hundred of each lie side by side.
    let mut journey = Journey::made(made::model(200, |i| format!("f{i}")), (102, 46));
    let explorer = journey.explorer();
    let sizes: Vec<u64> = (0..2).filter_map(|at| explorer.line(at)).map(|l| explorer.bytes_of(l)).collect();
    journey.keys("t");
    let lines = journey.lines();
    // The top line of the first box ends where its share of the width ends.
    let wide = lines[4].chars().position(|c| c == '┐').expect("a box has a corner") + 1;
    let share = sizes[0] as f64 / (sizes[0] + sizes[1]) as f64;
    assert!((wide as f64 - share * 102.0).abs() <= 1.0, "{wide} of 102 for {share}");
}

#[test]
fn the_mouse_selects_and_opens_boxes() {
    let mut journey = demo();
    let names = journey.names();
    journey.keys("jjt").press(MouseButton::Left, 2, 6);
    assert_eq!(journey.selected(), names[0]);
    journey.press_again(MouseButton::Left, 2, 6);
    assert_eq!(journey.explorer().crumbs(), [names[0].clone()]);
}

#[test]
fn many_rows_become_as_many_boxes_as_can_be_seen() {
    let mut journey = Journey::made(made::model(50_000, |i| format!("f{i}")), (100, 30));
    journey.keys("2t").sees("too small to show");
    // What has no box can be selected in the list, and is left for the largest.
    journey.keys("tGt<Left>");
    let explorer = journey.explorer();
    assert_eq!(explorer.selected(), explorer.boxes().first().copied());
}
