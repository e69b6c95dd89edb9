//! Names that would act on the terminal, and screens of any size.

use unicode_width::UnicodeWidthStr;

use crate::journey::Journey;
use crate::made;

fn hostile(index: usize) -> String {
    match index % 8 {
        0 => "\x1b[2J\x1b]52;c;ZXZpbA==\x07".to_string(),
        1 => "line\nbreak\r\ttab".to_string(),
        2 => format!("generic::<{}>", "Vec<u8>, ".repeat(1200)),
        3 => "大小大小大小大小".repeat(4),
        4 => "e\u{301}e\u{301}\u{200b}\u{202e}gnirts".to_string(),
        5 => "👩\u{200d}👩\u{200d}👧 family".to_string(),
        6 => "\u{9b}31m\u{7f}\u{0}nul".to_string(),
        _ => String::new(),
    }
}

#[test]
fn nothing_in_a_name_acts_on_the_terminal() {
    let keys = ["", "2", "t", "t", "i", "J", "2<Enter>", "<Enter>", "<Back>", "/e<Enter>", "y", "5", "b"];
    for (width, height) in [(60, 15), (250, 80), (100, 30), (20, 6), (5, 3), (1, 1)] {
        let mut journey = Journey::made(made::model(64, hostile), (width, height));
        for keys in keys {
            journey.keys(keys);
            let buffer = journey.draw(true);
            for cell in buffer.content() {
                let bad = cell.symbol().chars().find(|c| {
                    c.is_control()
                        || ('\u{202a}'..='\u{202e}').contains(c)
                        || ('\u{2066}'..='\u{2069}').contains(c)
                });
                assert_eq!(bad, None, "{width}x{height} after {keys}: {:?}", cell.symbol());
            }
        }
    }
}

#[test]
fn wide_names_stay_in_their_column() {
    let mut journey = Journey::made(made::model(64, hostile), (100, 30));
    journey.keys("2");
    for at in 0..journey.explorer().count() {
        journey.keys("j");
        let _ = at;
        for line in journey.lines() {
            // Each wide character leaves the cell behind it empty.
            let wide = line.chars().filter(|&c| unicode_width::UnicodeWidthChar::width(c) == Some(2)).count();
            assert!(line.width() <= 100 + wide, "{line}");
        }
    }
}

#[test]
fn without_colours_nothing_is_lost() {
    let mut journey = Journey::made(made::model(500, |i| format!("f{i}")), (100, 30));
    for keys in ["", "t", "t<Space>", "i", "2", "?"] {
        journey.keys(keys);
        let [plain, colored] = [false, true].map(|color| journey.draw(color));
        let text = |b: &ratatui_core::buffer::Buffer| -> Vec<String> {
            b.content().iter().map(|c| c.symbol().to_string()).collect()
        };
        assert_eq!(text(&plain), text(&colored));
        assert!(plain.content().iter().all(|c| {
            use ratatui_core::style::Color::Reset;
            c.fg == Reset && c.bg == Reset
        }));
        // Backgrounds are the terminal's own, so that a light one stays light.
        assert!(colored.content().iter().all(|c| c.bg == ratatui_core::style::Color::Reset));
    }
}

#[test]
fn the_smallest_screen_has_rows_and_the_way_out() {
    let mut journey = Journey::made(made::model(5000, |i| format!("f{i}")), (60, 15));
    journey.sees("crate_").sees("quit").sees("help").sees("whole file");
    let rows = |journey: &mut Journey| journey.lines().iter().filter(|l| l.contains("crate_")).count();
    assert!(rows(&mut journey) >= 9);
    journey.keys("i").sees("details");
    assert!(rows(&mut journey) >= 4);
    journey.keys("i").resize(250, 80);
    assert_eq!(rows(&mut journey), 50);
}
