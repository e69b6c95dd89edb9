//! Looking for names among the lines of a level.

use std::sync::Arc;

use regex_lite::Regex;

use super::explorer::Explorer;
use crate::tui::jobs::{Find, Job, Lines};
use crate::tui::table::side_of;

/// What is looked for, and where it was found.
#[derive(Debug, Default)]
pub struct Search {
    /// What is looked for.
    pub pattern: Option<Regex>,
    /// Lines of the level that match, once they are known.
    pub lines: Option<Arc<[u32]>>,
    /// The line to look from.
    pub(super) origin: usize,
    id: u64,
    /// Which way the next match is, once lines are known.
    direction: Direction,
}

/// Which match is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    /// The first one from where the search began.
    #[default]
    Here,
    /// The next one.
    Next,
    /// The one before.
    Previous,
}

impl Search {
    /// The lines are others than those that were searched.
    pub(super) fn forget(&mut self) {
        self.lines = None;
    }

    /// Nothing is looked for.
    pub(super) fn clear(&mut self) {
        self.pattern = None;
        self.lines = None;
    }

    /// Which of the matches a line is, counting from 1.
    pub fn rank(&self, line: usize) -> Option<usize> {
        let lines = self.lines.as_ref()?;
        lines.binary_search(&(line as u32)).ok().map(|at| at + 1)
    }

    /// The pattern that a text stands for: capital letters count only where there is one.
    pub fn read(text: &str) -> Result<Regex, String> {
        let is_plain = !text.chars().any(char::is_uppercase);
        let whole = if is_plain { format!("(?i){text}") } else { text.to_string() };
        Regex::new(&whole).map_err(|error| error.to_string())
    }
}

impl Explorer {
    /// Looks for the pattern in the lines of the level.
    pub(super) fn find(&mut self, direction: Direction) {
        let (Some(pattern), Some(table)) = (self.search.pattern.clone(), self.table.clone()) else {
            self.message = Some("nothing is looked for yet: press /".to_string());
            return;
        };
        if self.search.lines.is_some() && direction != Direction::Here {
            self.jump(direction);
            return;
        }
        let navigation = &self.open().navigation;
        let level = navigation.level();
        let lines = if navigation.is_at_leaves(&table) {
            match &level.leaves {
                Some((leaves, _)) => Lines::Leaves(leaves.ordered.clone()),
                None => return,
            }
        } else {
            match &level.order {
                Some(order) => Lines::Ordered(order.clone()),
                None => {
                    let rows = table.children(level.row);
                    Lines::Rows(rows.start, rows.end)
                }
            }
        };
        let level = navigation.depth();
        let side = side_of(&navigation.path(&table));
        self.search.id += 1;
        self.search.lines = None;
        self.search.direction = direction;
        self.ask(Job::Find(Find { id: self.search.id, table, level, side, lines, pattern }));
    }

    pub(super) fn take_found(&mut self, id: u64, lines: Arc<[u32]>) {
        if id == self.search.id && self.search.pattern.is_some() {
            self.search.lines = Some(lines);
            self.jump(self.search.direction);
        }
    }

    /// Moves to a match; behind the last comes the first.
    fn jump(&mut self, direction: Direction) {
        let Some(lines) = self.search.lines.clone() else { return };
        let from = match direction {
            Direction::Here => self.search.origin as u32,
            _ => self.open().navigation.level().cursor as u32,
        };
        let found = match direction {
            Direction::Here => lines.iter().find(|&&l| l >= from).or(lines.first()),
            Direction::Next => lines.iter().find(|&&l| l > from).or(lines.first()),
            Direction::Previous => lines.iter().rev().find(|&&l| l < from).or(lines.last()),
        };
        match found {
            Some(&line) => self.select(line as usize),
            None => {
                self.message = Some("no name on this level matches; view 2 lists every symbol".to_string())
            }
        }
    }
}
