//! Which of several files is explored.

use ratatui_crossterm::crossterm::event::{MouseButton, MouseEventKind};

use super::{Effect, Event, loading_key};
use crate::tui::Subject;
use crate::tui::keymap::{Action, action};

/// Lines above the first file.
pub const ABOVE: u16 = 3;

/// A list of files with a cursor.
#[derive(Debug)]
pub struct Chooser {
    /// The files.
    pub subjects: Vec<Subject>,
    /// The selected one.
    pub cursor: usize,
    /// The first one on the screen.
    pub top: usize,
}

/// What came of an event.
pub(super) enum Chosen {
    /// The selected file is to be explored.
    This,
    /// What is to be done besides.
    Effects(Vec<Effect>),
}

impl Chooser {
    /// Takes an event on a screen of that many lines.
    pub(super) fn update(&mut self, event: &Event, height: u16) -> Chosen {
        let chosen = self.take(event);
        let room = usize::from(height.saturating_sub(ABOVE + 1)).max(1);
        self.top = self.top.clamp((self.cursor + 1).saturating_sub(room), self.cursor);
        chosen
    }

    fn take(&mut self, event: &Event) -> Chosen {
        let last = self.subjects.len().saturating_sub(1);
        match event {
            Event::Key(key) => match action(key) {
                Some(Action::Enter | Action::Right) => return Chosen::This,
                Some(Action::Up) => self.cursor = self.cursor.saturating_sub(1),
                Some(Action::Down) => self.cursor = (self.cursor + 1).min(last),
                Some(Action::First | Action::PageUp | Action::HalfUp) => self.cursor = 0,
                Some(Action::Last | Action::PageDown | Action::HalfDown) => self.cursor = last,
                _ => return Chosen::Effects(loading_key(key)),
            },
            Event::Mouse(mouse, _) => match mouse.kind {
                MouseEventKind::ScrollUp => self.cursor = self.cursor.saturating_sub(1),
                MouseEventKind::ScrollDown => self.cursor = (self.cursor + 1).min(last),
                MouseEventKind::Down(MouseButton::Left) => {
                    let line = mouse.row.checked_sub(ABOVE).map(|line| self.top + usize::from(line));
                    // A press on the selected one takes it.
                    match line.filter(|&line| line <= last) {
                        Some(line) if line == self.cursor => return Chosen::This,
                        Some(line) => self.cursor = line,
                        None => {}
                    }
                }
                _ => {}
            },
            _ => {}
        }
        Chosen::Effects(Vec::new())
    }
}
