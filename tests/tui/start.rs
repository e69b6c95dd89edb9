//! Before there is anything to see, and where there is no terminal.

use std::time::Duration;

use bloat::tui::app::{App, Effect, Event, Progress};
use bloat::tui::draw::{self, Look};
use bloat::tui::jobs::Job;
use bloat::tui::keymap;
use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;

use crate::demo;
use crate::journey::parse;
use crate::program::{bloat, run};
use crate::subjects::fixture;

#[test]
fn progress_is_shown_and_quitting_works_meanwhile() {
    let mut app = App::new("some/app".to_string(), (80, 24));
    assert!(app.is_busy());
    let done = vec![("headers", Duration::from_millis(12)), ("symbols", Duration::from_millis(340))];
    app.update(Event::Progress(Progress { done, elapsed: Duration::from_millis(1500) }));
    let mut buffer = Buffer::empty(Rect::new(0, 0, 80, 24));
    draw::draw(&app, Look { color: true }, &mut buffer);
    let text: String = buffer.content().iter().map(|cell| cell.symbol()).collect();
    for part in ["some/app", "analysing, 1.5 s", "340 ms  symbols", "q quit"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    // Keys that need rows do nothing yet.
    for key in parse("jG<Enter>/x?<Space>") {
        assert!(app.update(Event::Key(key)).is_empty());
    }
    for keys in ["q", "<Esc>", "<C-c>"] {
        let effects = app.update(Event::Key(parse(keys)[0]));
        assert!(matches!(effects[..], [Effect::Quit]), "{keys}");
    }
}

#[test]
fn the_first_level_comes_before_all_levels() {
    let mut journey = demo();
    journey.is_held = true;
    journey.keys("3");
    let depths: Vec<usize> = journey
        .queue
        .iter()
        .filter_map(|job| if let Job::Table { depth, .. } = job { Some(*depth) } else { None })
        .collect();
    assert_eq!(depths, [1, 3]);
    journey.sees("counting");
    // Nothing is asked twice, and one can go elsewhere meanwhile.
    journey.keys("13131");
    assert_eq!(journey.queue.len(), 2);
    journey.keys("3");
    let whole = journey.queue.pop_back().expect("there are two");
    journey.work();
    assert!(!journey.names().is_empty());
    journey.keys("<Enter>").sees("still being counted");
    journey.queue.push_back(whole);
    journey.work();
    journey.keys("<Enter>");
    assert_eq!(journey.explorer().crumbs().len(), 1);
}

#[test]
fn without_a_terminal_the_way_to_show_is_told() {
    let output = run(bloat().arg("tui").arg(fixture("demo-x86_64-v0")));
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    let stderr = String::from_utf8(output.stderr).expect("messages are UTF-8");
    assert!(stderr.starts_with("error: ") && stderr.contains("terminal"), "{stderr}");
    assert!(stderr.contains("hint: `bloat show FILE`"), "{stderr}");
}

#[test]
fn the_manual_has_every_key_of_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/tui.md");
    let manual = std::fs::read_to_string(path).expect("the manual is there");
    let mut expected = String::new();
    for (heading, bindings) in keymap::KEYS {
        expected.push_str(&format!("### {heading}\n\n| keys | what they do |\n|---|---|\n"));
        for binding in bindings {
            let keys: Vec<String> = binding.keys.iter().map(|k| format!("`{}`", k.name())).collect();
            expected.push_str(&format!("| {} | {} |\n", keys.join(", "), binding.help));
        }
        expected.push('\n');
    }
    assert!(manual.contains(&expected), "docs/tui.md should have:\n\n{expected}");
}

#[test]
fn the_source_of_numbers_is_named_where_there_are_none() {
    let mut journey = demo();
    journey.keys("fcrate=nobody<Enter>").sees("f changes it");
    // Nothing to enter, mark, copy or look at; nothing breaks.
    journey.keys("<Enter><Space>ayitjjkkGg/x<Esc>nNscr");
    journey.keys("<Esc><Esc><Esc>").resize(60, 15).resize(1, 1).resize(0, 0).resize(250, 80);
}
