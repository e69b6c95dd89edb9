//! What the worker says, and what is asked of it next.

use std::sync::Arc;

use super::Effect;
use super::explorer::Explorer;
use crate::tui::jobs::{Answer, Job, Order};
use crate::tui::navigation::Navigation;
use crate::tui::table::Table;

impl Explorer {
    /// Shows the answer to what the open tab asks, or asks for it.
    pub(super) fn show(&mut self) {
        let question = self.question();
        if !self.is_answerable(&question) {
            self.table = None;
            self.marked = None;
            return;
        }
        match self.cache.get(&question) {
            Some(table) => self.put_up(table),
            None => {
                if self.table.as_ref().is_some_and(|t| t.question.content != question.content) {
                    self.table = None;
                }
            }
        }
        let is_whole = self.table.as_ref().is_some_and(|t| t.question == question && t.is_whole());
        if !is_whole && self.waiting.insert(question.clone()) {
            let depth = question.dims().len();
            if depth > 1 {
                self.effects.push(Effect::Ask(Job::Table { question: question.clone(), depth: 1 }));
            }
            self.effects.push(Effect::Ask(Job::Table { question, depth }));
        }
        self.recount();
    }

    /// Shows a table in the open tab.
    fn put_up(&mut self, table: Arc<Table>) {
        let bound = Some((table.question.clone(), table.depth));
        let tab = self.open_mut();
        if tab.bound != bound {
            tab.navigation.rebind(&table);
            tab.bound = bound;
        }
        self.table = Some(table);
        self.head_for();
        self.search.forget();
        self.arrive();
    }

    /// Goes to the row that another view leads to, once it is counted.
    pub(super) fn head_for(&mut self) {
        let Some(table) = self.table.clone() else { return };
        let tab = self.open_mut();
        let Some(headed) = tab.headed else { return };
        let first = table.children(0).start;
        let found = table.children(0).find(|&row| table.row(row).key.new == Some(headed.key));
        tab.navigation = Navigation::default();
        tab.order = Order { column: table.question.content.natural(), is_reverse: false };
        match found {
            Some(row) => {
                tab.navigation.select(&table, (row - first) as usize);
                // What is inside may still be counted.
                if table.is_whole() {
                    tab.headed = None;
                    if headed.enters {
                        tab.navigation.enter(&table);
                    }
                }
            }
            None => {
                tab.headed = None;
                self.message = Some("it is not here: f and p say what is counted".to_string());
            }
        }
    }

    /// Asks for what the level needs besides the table.
    pub(super) fn arrive(&mut self) {
        let Some(table) = self.table.clone() else { return };
        let tab = self.open();
        let (level, order) = (tab.navigation.level(), tab.order);
        let row = level.row;
        if tab.navigation.is_at_leaves(&table) {
            if level.leaves.as_ref().is_none_or(|(_, by)| *by != order) {
                let path = tab.navigation.path(&table);
                self.ask(Job::Leaves { question: table.question.clone(), path, order });
            }
        } else if order == (Order { column: table.question.content.natural(), is_reverse: false }) {
            if level.order.is_some() {
                self.open_mut().navigation.reorder(&table, None);
            }
        } else {
            let level = tab.navigation.depth();
            self.ask(Job::Order { table, row, level, order });
        }
        self.look();
    }

    /// Asks for details of the selected line, if they are open.
    pub(super) fn look(&mut self) {
        if !self.is_details {
            return;
        }
        let Some(target) = self.target() else { return };
        if self.details.as_ref().is_none_or(|known| known.target != target) {
            self.details_top = 0;
            self.ask(Job::Details(target));
        }
    }

    /// Counts what is marked.
    pub(super) fn recount(&mut self) {
        self.marked = None;
        if !self.marks.is_empty() {
            let (marks, question) = (self.marks.clone(), self.question());
            self.ask(Job::Marked { marks, question });
        }
    }

    pub(super) fn take(&mut self, answer: Answer) {
        if !matches!(answer, Answer::Table(_) | Answer::NoList(..)) {
            self.jobs = self.jobs.saturating_sub(1);
        }
        match answer {
            Answer::Table(table) => self.take_table(table),
            Answer::NoList(question, reason) => {
                self.waiting.remove(&question);
                if let Some(list) = question.content.list() {
                    self.no_lists.retain(|(known, _)| *known != list);
                    self.no_lists.push((list, reason));
                }
            }
            Answer::Order { question, row, order, rows } => {
                let Some(table) = self.table.clone() else { return };
                let tab = self.open_mut();
                let fits = tab.order == order && tab.navigation.level().row == row;
                if fits && table.question == question && !tab.navigation.is_at_leaves(&table) {
                    tab.navigation.reorder(&table, Some(rows));
                    self.search.forget();
                    self.look();
                }
            }
            Answer::Leaves { question, path, order, leaves } => {
                let Some(table) = self.table.clone() else { return };
                let selected = self.selected();
                let tab = self.open_mut();
                let fits = table.question == question && tab.order == order;
                if fits && tab.navigation.is_at_leaves(&table) && tab.navigation.path(&table) == path {
                    let cursor = tab.navigation.level().cursor;
                    tab.navigation.level_mut().leaves = Some((leaves, order));
                    match selected {
                        // The cursor stays on its run in another order.
                        Some(line) => self.select_line(line),
                        None => self.select(cursor),
                    }
                    self.search.forget();
                }
            }
            Answer::Found { id, lines } => self.take_found(id, lines),
            Answer::Marked { marks, question, sum, was } => {
                if marks == self.marks && question == self.question() {
                    self.marked = Some((sum, was));
                }
            }
            Answer::Details(details) | Answer::Claims(details) => {
                if self.target().is_some_and(|target| target == details.target) {
                    self.details = Some(details);
                }
            }
            Answer::Exported(Ok(message) | Err(message)) => self.message = Some(message),
            Answer::Superseded => {}
        }
    }

    fn take_table(&mut self, table: Arc<Table>) {
        let is_whole = table.is_whole();
        if is_whole {
            self.waiting.remove(&table.question);
        } else if self.tabs[self.tab].navigation.depth() > 0 {
            // A first answer knows nothing of where one is.
            return;
        }
        self.cache.put(table.clone());
        if table.question == self.question() {
            self.put_up(table);
        }
    }
}
