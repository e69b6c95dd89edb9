//! The state of the UI: events in, effects out. Touches no terminal, no thread, no file.

mod actions;
mod answers;
mod cache;
mod chooser;
mod code;
mod explorer;
mod mouse;
mod prompts;
mod search;

use std::sync::Arc;
use std::time::Duration;

use ratatui_crossterm::crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseEvent};

pub use chooser::{ABOVE, Chooser};
pub use code::Code;
pub use explorer::{Explorer, Line, Tab};
pub use search::Search;

use self::chooser::Chosen;
use super::jobs::{Answer, Job};
use super::keymap::{Action, action};
use super::{Shared, Subject};

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// A key was pressed.
    Key(KeyEvent),
    /// The mouse was used, at a time since the start.
    Mouse(MouseEvent, Duration),
    /// Text was pasted.
    Paste(String),
    /// The terminal has another size.
    Resize(u16, u16),
    /// Analysis has got further: what was done, and how long each part took.
    Progress(Progress),
    /// Analysis is done.
    Loaded(Arc<Shared>),
    /// The files were read once more, with where their code comes from, or why that is not known.
    CodeRead(Result<Arc<Shared>, String>),
    /// The worker has an answer.
    Answer(Answer),
    /// A tenth of a second went by while something was under way.
    Tick,
}

/// What is to be done.
#[derive(Debug, Clone)]
pub enum Effect {
    /// End the program.
    Quit,
    /// Read and analyse the file of that number.
    Load(usize),
    /// Ask the worker.
    Ask(Job),
    /// Read the files once more, with where their code comes from.
    ReadCode,
    /// Put a text on the clipboard.
    Copy(String),
    /// Leave the terminal to the shell for a while.
    Suspend,
    /// Draw all cells, whatever is on the screen.
    Redraw,
}

/// How far analysis is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// Phases that are done, in order.
    pub done: Vec<(&'static str, Duration)>,
    /// Time since the start.
    pub elapsed: Duration,
}

/// All of the UI.
#[derive(Debug)]
pub struct App {
    /// What is on the screen.
    pub screen: Screen,
    /// Columns and lines of the terminal.
    pub size: (u16, u16),
    /// Counts while something is under way.
    pub beat: usize,
    /// The path of the file that is explored; empty until it is chosen.
    pub path: String,
}

/// What is on the screen.
#[derive(Debug)]
pub enum Screen {
    /// There are several files to choose from.
    Choosing(Chooser),
    /// The analysis is under way.
    Loading(Progress),
    /// It is done.
    Explorer(Box<Explorer>),
}

impl App {
    /// The UI before anything is analysed, and what it does first. Of several files the user chooses one.
    pub fn new(subjects: Vec<Subject>, size: (u16, u16)) -> (App, Vec<Effect>) {
        let chooser = Chooser { subjects, cursor: 0, top: 0 };
        let is_one = chooser.subjects.len() == 1;
        let mut app = App { screen: Screen::Choosing(chooser), size, beat: 0, path: String::new() };
        let effects = if is_one { app.choose() } else { Vec::new() };
        (app, effects)
    }

    /// Goes on with the file that is selected.
    fn choose(&mut self) -> Vec<Effect> {
        let Screen::Choosing(chooser) = &self.screen else { return Vec::new() };
        let (cursor, subject) = (chooser.cursor, chooser.subjects.get(chooser.cursor));
        let Some(subject) = subject else { return Vec::new() };
        self.path = subject.path.clone();
        self.screen = Screen::Loading(Progress::default());
        vec![Effect::Load(cursor)]
    }

    /// Whether something is under way, so that [`Event::Tick`] is of use.
    pub fn is_busy(&self) -> bool {
        match &self.screen {
            Screen::Choosing(_) => false,
            Screen::Loading(_) => true,
            Screen::Explorer(explorer) => explorer.is_busy(),
        }
    }

    /// Takes an event.
    ///
    /// *Cost*: that of a few lines of names; what takes longer becomes an effect.
    pub fn update(&mut self, event: Event) -> Vec<Effect> {
        match event {
            Event::Tick => {
                self.beat = self.beat.wrapping_add(1);
                return Vec::new();
            }
            Event::Resize(width, height) => self.size = (width, height),
            Event::Loaded(shared) => {
                let (explorer, effects) = Explorer::new(shared, self.size);
                self.screen = Screen::Explorer(Box::new(explorer));
                return effects;
            }
            _ => {}
        }
        match &mut self.screen {
            Screen::Explorer(explorer) => explorer.update(event, self.size),
            Screen::Choosing(chooser) => match chooser.update(&event, self.size.1) {
                Chosen::This => self.choose(),
                Chosen::Effects(effects) => effects,
            },
            Screen::Loading(progress) => match event {
                Event::Progress(further) => {
                    *progress = further;
                    Vec::new()
                }
                Event::Key(key) => loading_key(&key),
                _ => Vec::new(),
            },
        }
    }
}

/// Keys that mean something before there is anything to see.
fn loading_key(key: &KeyEvent) -> Vec<Effect> {
    match action(key) {
        Some(Action::Quit | Action::Abort | Action::Escape) => vec![Effect::Quit],
        Some(Action::Suspend) => vec![Effect::Suspend],
        Some(Action::Redraw) => vec![Effect::Redraw],
        _ => Vec::new(),
    }
}

/// Whether a key quits whatever is open.
fn is_abort(key: &KeyEvent) -> bool {
    key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL)
}
