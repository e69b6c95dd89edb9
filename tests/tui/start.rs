//! Before there is anything to see, and where there is no terminal.

use std::sync::Arc;
use std::time::Duration;

use bloat::analysis::tree::Question;
use bloat::attrib::Reasons;
use bloat::model::Model;
use bloat::report::{DuplicatesOptions, DuplicatesReport};
use bloat::tui::app::{App, Effect, Event, Progress};
use bloat::tui::draw::{self, Look};
use bloat::tui::jobs::Job;
use bloat::tui::lists::Tree;
use bloat::tui::table::Side;
use bloat::tui::{Shared, Source, Subject, keymap};
use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_crossterm::crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use crate::demo;
use crate::journey::{parse, subject};
use crate::program::{bloat, run};
use crate::subjects::fixture;

#[test]
fn progress_is_shown_and_quitting_works_meanwhile() {
    let (mut app, first) = App::new(vec![subject("some/app")], (80, 24));
    // There is nothing to choose.
    assert!(matches!(first[..], [Effect::Load(0)]));
    assert!(app.is_busy());
    let done = vec![("headers", Duration::from_millis(12)), ("symbols", Duration::from_millis(340))];
    app.update(Event::Progress(Progress { done, elapsed: Duration::from_millis(1500) }));
    let text = drawn(&app).concat();
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

/// The lines of the screen.
fn drawn(app: &App) -> Vec<String> {
    let (width, height) = app.size;
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    draw::draw(app, Look { color: true }, &mut buffer);
    let line = |cells: &[ratatui_core::buffer::Cell]| cells.iter().map(|cell| cell.symbol()).collect();
    buffer.content().chunks(usize::from(width)).map(line).collect()
}

#[test]
fn of_several_files_one_is_chosen() {
    let subjects = |count: usize| -> Vec<Subject> {
        (0..count)
            .map(|i| Subject {
                path: format!("out/program-{i}\u{1b}[31m"),
                what: format!("program of sample 1.{i}.0"),
                size: 1024 * i as u64,
            })
            .collect()
    };
    // Nothing is analysed until one is chosen.
    let (mut app, first) = App::new(subjects(3), (80, 10));
    assert!(first.is_empty() && !app.is_busy());
    let lines = drawn(&app);
    assert!(lines[4].contains("1.00 KiB  program of sample 1.1.0  out/program-1\\u{1b}[31m"), "{lines:#?}");
    let press = |app: &mut App, keys: &str| -> Vec<Effect> {
        parse(keys).into_iter().flat_map(|key| app.update(Event::Key(key))).collect()
    };
    assert!(press(&mut app, "jjjjk/xi?3 ").is_empty());
    assert!(matches!(press(&mut app, "<Enter>")[..], [Effect::Load(1)]));
    assert!(app.is_busy() && app.path.starts_with("out/program-1"));
    for quit in ["q", "<Esc>", "<C-c>"] {
        let (mut app, _) = App::new(subjects(3), (80, 10));
        assert!(matches!(press(&mut app, quit)[..], [Effect::Quit]), "{quit}");
    }
    // More than fit: the selected one is on the screen, and a press on it takes it.
    let (mut app, _) = App::new(subjects(50), (60, 10));
    press(&mut app, "G");
    assert!(drawn(&app)[8].contains("1.49.0"), "{:#?}", drawn(&app));
    let click = |app: &mut App, row| {
        let kind = MouseEventKind::Down(MouseButton::Left);
        let mouse = MouseEvent { kind, column: 5, row, modifiers: KeyModifiers::NONE };
        app.update(Event::Mouse(mouse, Duration::ZERO))
    };
    assert!(click(&mut app, 7).is_empty());
    // Above the list there is nothing, and the list stays where it is.
    assert!(click(&mut app, 1).is_empty());
    assert!(drawn(&app)[7].contains("1.48.0"), "{:#?}", drawn(&app));
    assert!(matches!(click(&mut app, 7)[..], [Effect::Load(48)]));
    for size in [(1, 1), (0, 0), (20, 4)] {
        app = App::new(subjects(50), size).0;
        if size.0 > 0 {
            drawn(&app);
        }
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

/// A source whose analysis has a bug.
struct Panics;

impl Source for Panics {
    fn subjects(&self) -> Vec<Subject> {
        vec![subject("a file")]
    }

    fn load(&self, _: usize) -> anyhow::Result<Shared> {
        std::thread::sleep(Duration::from_millis(300));
        panic!("the analysis panics")
    }

    fn read_code(&self) -> Result<Shared, String> {
        Err("nobody asks".to_string())
    }

    fn tree(&self, _: &Model, _: &Question) -> Result<Tree, String> {
        Err("nobody asks".to_string())
    }

    fn duplicates(&self, _: &Model, _: DuplicatesOptions) -> Result<DuplicatesReport, String> {
        Err("nobody asks".to_string())
    }

    fn bytes(&self, _: Side, _: u64, _: usize) -> Option<Vec<u8>> {
        None
    }

    fn has_claims(&self, _: Side) -> bool {
        false
    }

    fn reasons(&self, _: Side, _: u64) -> Option<Reasons> {
        None
    }
}

#[test]
#[ignore = "needs a terminal: tests/tui/run starts it on one, and looks at what is left of it"]
fn a_panic_on_a_real_terminal() {
    let ended = bloat::tui::run(Arc::new(Panics), || Box::new(std::io::stdout()), Look { color: true });
    let error = ended.expect_err("the analysis panicked");
    assert_eq!(error.to_string(), "a part of the program failed, see above");
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
