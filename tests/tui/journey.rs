//! The UI without a terminal: keys go in as text, and the screen comes out as lines.

#![allow(dead_code, reason = "the benchmark uses its own part")]

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use bloat::analysis::tree::{Needs, Question};
use bloat::attrib::{self, Reasons};
use bloat::format::{self, Detail};
use bloat::input::Input;
use bloat::input::companion::Search;
use bloat::model::{Contents, Model};
use bloat::project::Packages;
use bloat::project::graph::Graph;
use bloat::report::{self, DuplicatesOptions, DuplicatesReport, ListSource, Listed};
use bloat::tui::app::{App, Effect, Event, Explorer, Screen};
use bloat::tui::details::Entry;
use bloat::tui::draw::{self, Look};
use bloat::tui::jobs::{Job, Library};
use bloat::tui::lists::Tree;
use bloat::tui::table::Side;
use bloat::tui::{Explored, Shared, Source, Subject};
use ratatui_core::backend::TestBackend;
use ratatui_core::buffer::Buffer;
use ratatui_core::terminal::Terminal;
use ratatui_crossterm::crossterm::event::{
    KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};

/// A file that is only known by its path.
pub fn subject(path: &str) -> Subject {
    Subject { path: path.to_string(), what: String::new(), size: 0 }
}

/// Files in memory.
#[derive(Default)]
pub struct Files {
    inputs: Vec<(Side, Input)>,
    /// Who needs whom, with the path of the lockfile that says so.
    packages: Option<(Graph, String)>,
}

impl Files {
    fn new(inputs: Vec<(Side, Input)>) -> Files {
        Files { inputs, packages: None }
    }

    fn input(&self, side: Side) -> Option<&Input> {
        self.inputs.iter().find(|(s, _)| *s == side).map(|(_, input)| input)
    }
}

impl Source for Files {
    fn subjects(&self) -> Vec<Subject> {
        vec![subject("test")]
    }

    fn load(&self, _: usize) -> anyhow::Result<Shared> {
        anyhow::bail!("tests load for themselves")
    }

    fn read_code(&self) -> Result<Shared, String> {
        let new = self.input(Side::New).ok_or("this file does not say where code comes from")?;
        let new = explored(new, Detail::Code);
        if new.model.code.as_ref().is_none_or(|code| code.frames.is_empty() && code.lines.is_empty()) {
            return Err("this file does not say where code comes from".to_string());
        }
        Ok(Shared { new, baseline: self.input(Side::Old).map(|old| explored(old, Detail::Code)) })
    }

    fn tree(&self, model: &Model, question: &Question) -> Result<Tree, String> {
        let (graph, path) = self.packages.as_ref().ok_or("nobody knows the packages of this file")?;
        let file = Path::new(&model.facts.path).file_name().expect("it is a file").to_string_lossy();
        let roots = graph.roots_for(&file, &[]);
        let answer = bloat::analysis::tree::answer(model, graph, &roots, question);
        let source = ListSource { from: "lockfile", path: Some(path.clone()) };
        let report = report::tree_report(model, graph, &answer, question, source);
        Ok(Tree { answer, report })
    }

    fn duplicates(&self, model: &Model, mut options: DuplicatesOptions) -> Result<DuplicatesReport, String> {
        let found = self.input(Side::New).map(|input| {
            let found = |image: &format::Image<'_>| attrib::duplicates(input, image, model);
            format::read_with(input, &Search::default(), found).expect("it was read before")
        });
        let Some((graph, path)) = &self.packages else {
            return Ok(report::duplicates(model, found.as_ref(), None, &options));
        };
        let file = Path::new(&model.facts.path).file_name().expect("it is a file").to_string_lossy();
        let needs = Needs::new(graph, &graph.roots_for(&file, &[]));
        options.scope.in_several_versions = needs.in_several_versions();
        let source = ListSource { from: "lockfile", path: Some(path.clone()) };
        let listed = Listed { needs: &needs, source: &source };
        Ok(report::duplicates(model, found.as_ref(), Some(listed), &options))
    }

    fn bytes(&self, side: Side, start: u64, len: usize) -> Option<Vec<u8>> {
        let rest = self.input(side)?.bytes().get(usize::try_from(start).ok()?..)?;
        rest.get(..len.min(rest.len())).map(<[u8]>::to_vec)
    }

    fn has_claims(&self, side: Side) -> bool {
        self.input(side).is_some()
    }

    fn reasons(&self, side: Side, pos: u64) -> Option<Reasons> {
        let input = self.input(side)?;
        let ask = |image: &format::Image<'_>| attrib::reasons(input, image, &Packages::default(), pos);
        format::read_with(input, &Search::default(), ask).ok()
    }
}

/// The UI, what it shares with its workers, and what it did.
pub struct Journey {
    pub app: App,
    pub shared: Arc<Shared>,
    files: Files,
    terminal: Terminal<TestBackend>,
    /// Texts that went to the clipboard.
    pub copied: Vec<String>,
    /// Whether it quit.
    pub has_quit: bool,
    /// Jobs that nobody has done yet, while work is held back.
    pub queue: VecDeque<Job>,
    /// Whether jobs wait.
    pub is_held: bool,
    /// Whether it was asked where code comes from.
    pub must_read: bool,
    clock: Duration,
}

fn explored(input: &Input, detail: Detail) -> Explored {
    let read = format::read_detailed_with(input, &Search::default(), detail, |image| {
        let model = attrib::attribute(input, image, &Packages::default());
        let contents = attrib::contents(input, image, &model);
        Explored { model, contents, is_snapshot: false }
    });
    read.expect("fixtures can be read")
}

impl Journey {
    /// A file on a screen of 100 columns and 30 lines.
    pub fn file(path: &Path) -> Journey {
        let input = Input::open(path).expect("the fixture is there");
        let shared = Shared { new: explored(&input, Detail::Plain), baseline: None };
        Journey::start(shared, Files::new(vec![(Side::New, input)]), (100, 30))
    }

    /// The same with a lockfile that says who needs whom.
    pub fn listed(path: &Path, lockfile: &Path) -> Journey {
        let mut journey = Journey::file(path);
        let text = std::fs::read_to_string(lockfile).expect("the lockfile is there");
        let graph = bloat::config::lockfile_graph(&text).expect("it can be read");
        journey.files.packages = Some((graph, lockfile.display().to_string()));
        journey
    }

    /// A snapshot of a file.
    pub fn snapshot(path: &Path) -> Journey {
        let read = explored(&Input::open(path).expect("the fixture is there"), Detail::Plain);
        let saved =
            bloat::snapshot::save(&read.model, &read.contents).expect("memory is no file that can fail");
        let saved = bloat::snapshot::read(&Input::from_bytes("saved", saved)).expect("it was just written");
        let new = Explored { model: saved.model, contents: saved.contents, is_snapshot: true };
        Journey::start(Shared { new, baseline: None }, Files::default(), (100, 30))
    }

    /// The same with a file to compare with.
    pub fn two(old: &Path, new: &Path) -> Journey {
        let [old, new] = [old, new].map(|path| Input::open(path).expect("the fixture is there"));
        let [new_read, old_read] = [&new, &old].map(|input| explored(input, Detail::Plain));
        let shared = Shared { new: new_read, baseline: Some(old_read) };
        Journey::start(shared, Files::new(vec![(Side::New, new), (Side::Old, old)]), (100, 30))
    }

    /// A model that no file was read for.
    pub fn made(model: Model, size: (u16, u16)) -> Journey {
        let shared = Shared {
            new: Explored { model, contents: Contents::default(), is_snapshot: false },
            baseline: None,
        };
        Journey::start(shared, Files::default(), size)
    }

    fn start(shared: Shared, files: Files, size: (u16, u16)) -> Journey {
        let shared = Arc::new(shared);
        let Ok(terminal) = Terminal::new(TestBackend::new(size.0, size.1));
        let mut journey = Journey {
            app: App::new(vec![subject("test")], size).0,
            shared: shared.clone(),
            files,
            terminal,
            copied: Vec::new(),
            has_quit: false,
            queue: VecDeque::new(),
            is_held: false,
            must_read: false,
            clock: Duration::ZERO,
        };
        journey.event(Event::Loaded(shared));
        journey
    }

    /// Hands an event over and does all the work that comes of it.
    pub fn event(&mut self, event: Event) {
        let effects = self.app.update(event);
        self.carry_out(effects);
        if !self.is_held {
            self.work();
        }
    }

    /// Only the state: what a key costs before anything is drawn.
    pub fn update(&mut self, event: Event) {
        let effects = self.app.update(event);
        self.carry_out(effects);
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Quit => self.has_quit = true,
                Effect::Ask(job) => self.queue.push_back(job),
                Effect::ReadCode => self.must_read = true,
                Effect::Copy(text) => self.copied.push(text),
                Effect::Load(_) | Effect::Suspend | Effect::Redraw => {}
            }
        }
    }

    /// Does all jobs.
    pub fn work(&mut self) {
        if std::mem::take(&mut self.must_read) {
            self.read_code();
        }
        let shared = self.shared.clone();
        while let Some(job) = self.queue.pop_front() {
            let latest = AtomicU64::new(if let Job::Find(find) = &job { find.id } else { 0 });
            let answer = Library::new(&shared, &latest).answer(job, &self.files);
            let answer = answer.expect("nothing supersedes what is done at once");
            let effects = self.app.update(Event::Answer(answer));
            self.carry_out(effects);
        }
    }

    /// Reads where code comes from. As in the program, nobody answers what was asked before.
    fn read_code(&mut self) {
        let read = self.files.read_code().map(Arc::new);
        if let Ok(shared) = &read {
            self.shared = shared.clone();
            self.queue.clear();
        }
        let effects = self.app.update(Event::CodeRead(read));
        self.carry_out(effects);
    }

    /// Presses keys: letters are themselves, others stand in `<>`.
    pub fn keys(&mut self, keys: &str) -> &mut Journey {
        for key in parse(keys) {
            self.event(Event::Key(key));
        }
        self
    }

    /// Keys that come before any work that they ask for is done.
    pub fn keys_while_held(&mut self, keys: &str) -> &mut Journey {
        self.is_held = true;
        self.keys(keys);
        self.is_held = false;
        self.work();
        self
    }

    /// Presses a button of the mouse, long after it was last pressed.
    pub fn press(&mut self, button: MouseButton, x: u16, y: u16) -> &mut Journey {
        self.clock += Duration::from_secs(5);
        self.press_again(button, x, y)
    }

    /// The same at once.
    pub fn press_again(&mut self, button: MouseButton, x: u16, y: u16) -> &mut Journey {
        self.mouse(MouseEventKind::Down(button), x, y)
    }

    pub fn mouse(&mut self, kind: MouseEventKind, column: u16, row: u16) -> &mut Journey {
        let mouse = MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE };
        self.event(Event::Mouse(mouse, self.clock));
        self
    }

    /// Gives the terminal another size.
    pub fn resize(&mut self, width: u16, height: u16) -> &mut Journey {
        self.terminal.backend_mut().resize(width, height);
        self.event(Event::Resize(width, height));
        self
    }

    pub fn explorer(&self) -> &Explorer {
        match &self.app.screen {
            Screen::Explorer(explorer) => explorer,
            Screen::Choosing(_) | Screen::Loading(_) => panic!("the analysis is not done"),
        }
    }

    /// Draws, and gives the cells.
    pub fn draw(&mut self, color: bool) -> Buffer {
        let app = &self.app;
        let look = Look { color };
        let Ok(frame) = self.terminal.draw(|frame| draw::draw(app, look, frame.buffer_mut()));
        frame.buffer.clone()
    }

    /// Draws, and gives the lines without what is blank at their ends.
    pub fn lines(&mut self) -> Vec<String> {
        let buffer = self.draw(false);
        let area = *buffer.area();
        let line = |y: u16| {
            let cells = (0..area.width).map(|x| buffer.cell((x, y)).expect("it is on the screen").symbol());
            cells.collect::<String>().trim_end().to_string()
        };
        (0..area.height).map(line).collect()
    }

    pub fn screen(&mut self) -> String {
        self.lines().join("\n")
    }

    /// What the open details say.
    pub fn details(&self) -> Vec<String> {
        let details = self.explorer().details.as_ref().expect("details are open");
        let text = |entry: &Entry| match entry {
            Entry::Heading(text) => text.to_string(),
            Entry::Fact(name, value) => format!("{name}: {value}"),
            Entry::Line(text) => text.clone(),
        };
        details.entries.iter().map(text).collect()
    }

    /// The name of the selected row.
    pub fn selected(&self) -> String {
        let explorer = self.explorer();
        explorer.selected().map(|line| explorer.label(line)).unwrap_or_default()
    }

    /// Names of all rows of the level.
    pub fn names(&self) -> Vec<String> {
        let explorer = self.explorer();
        (0..explorer.count()).filter_map(|at| explorer.line(at)).map(|line| explorer.label(line)).collect()
    }

    #[track_caller]
    pub fn sees(&mut self, text: &str) -> &mut Journey {
        let screen = self.screen();
        assert!(screen.contains(text), "`{text}` is not on the screen:\n{screen}");
        self
    }
}

/// `jk<Enter><C-d>` as keys.
pub fn parse(text: &str) -> Vec<KeyEvent> {
    let mut keys = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let named = rest.strip_prefix('<').and_then(|r| r.split_once('>')).filter(|(name, _)| name.len() > 1);
        let (code, modifiers) = match named {
            Some((name, after)) => {
                rest = after;
                match name {
                    "Enter" => (KeyCode::Enter, KeyModifiers::NONE),
                    "Esc" => (KeyCode::Esc, KeyModifiers::NONE),
                    "Back" => (KeyCode::Backspace, KeyModifiers::NONE),
                    "Tab" => (KeyCode::Tab, KeyModifiers::NONE),
                    "STab" => (KeyCode::BackTab, KeyModifiers::SHIFT),
                    "Up" => (KeyCode::Up, KeyModifiers::NONE),
                    "Down" => (KeyCode::Down, KeyModifiers::NONE),
                    "Left" => (KeyCode::Left, KeyModifiers::NONE),
                    "Right" => (KeyCode::Right, KeyModifiers::NONE),
                    "PgUp" => (KeyCode::PageUp, KeyModifiers::NONE),
                    "PgDn" => (KeyCode::PageDown, KeyModifiers::NONE),
                    "Home" => (KeyCode::Home, KeyModifiers::NONE),
                    "End" => (KeyCode::End, KeyModifiers::NONE),
                    "Space" => (KeyCode::Char(' '), KeyModifiers::NONE),
                    control if control.starts_with("C-") => {
                        (KeyCode::Char(control.chars().nth(2).expect("a letter")), KeyModifiers::CONTROL)
                    }
                    other => panic!("no key is called <{other}>"),
                }
            }
            None => {
                rest = &rest[c.len_utf8()..];
                (KeyCode::Char(c), KeyModifiers::NONE)
            }
        };
        keys.push(KeyEvent::new(code, modifiers));
    }
    keys
}
