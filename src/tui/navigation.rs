//! Where one is in a view: the levels that were entered, and the cursor in each.
//!
//! What is selected is remembered by what it stands for, so that the cursor stays on it
//! when rows are ordered, filtered or counted in another way.

use std::sync::Arc;

use super::jobs::{Leaves, Order};
use super::table::{Key, Path, Table};

/// One level: the children of a row.
#[derive(Debug, Clone, Default)]
pub struct Level {
    /// The row whose children it lists.
    pub row: u32,
    /// What that row stands for.
    pub key: Key,
    /// Index of the selected line.
    pub cursor: usize,
    /// Index of the first line on the screen.
    pub top: usize,
    /// What the selected line stands for.
    selected: Option<Key>,
    /// The rows in another order than the table's.
    pub order: Option<Arc<[u32]>>,
    /// Below the last dimension: the leaves, once they are found, and what they are ordered by.
    pub leaves: Option<(Leaves, Order)>,
}

/// The levels from the whole to where one is.
#[derive(Debug, Clone)]
pub struct Navigation {
    levels: Vec<Level>,
}

impl Default for Navigation {
    fn default() -> Navigation {
        Navigation { levels: vec![Level::default()] }
    }
}

impl Navigation {
    /// The level one is at.
    pub fn level(&self) -> &Level {
        self.levels.last().expect("the whole is never left")
    }

    /// The same, to change it.
    pub fn level_mut(&mut self) -> &mut Level {
        self.levels.last_mut().expect("the whole is never left")
    }

    /// How many levels were entered.
    pub fn depth(&self) -> usize {
        self.levels.len() - 1
    }

    /// The rows that were entered, outermost first, each with what it stands for.
    pub fn entered(&self) -> impl Iterator<Item = &Level> {
        self.levels.iter().skip(1)
    }

    /// The way to where one is.
    pub fn path(&self, table: &Table) -> Path {
        let dims = table.question.dims().iter().copied();
        dims.zip(self.entered().map(|level| level.key)).collect()
    }

    /// Whether the level lists runs of bytes.
    pub fn is_at_leaves(&self, table: &Table) -> bool {
        table.listed().is_none() && self.depth() >= table.question.dims().len()
    }

    /// Number of lines of the level.
    pub fn len(&self, table: &Table) -> usize {
        let level = self.level();
        if self.is_at_leaves(table) {
            return level.leaves.as_ref().map_or(0, |(leaves, _)| leaves.ordered.len());
        }
        table.children(level.row).len()
    }

    /// The row of the table in a line of the level.
    pub fn row_at(&self, table: &Table, line: usize) -> Option<u32> {
        let level = self.level();
        if self.is_at_leaves(table) {
            return None;
        }
        match &level.order {
            Some(order) => order.get(line).copied(),
            None => table.children(level.row).nth(line),
        }
    }

    /// Moves the cursor to a line, or the last one if there are fewer.
    pub fn select(&mut self, table: &Table, line: usize) {
        let last = self.len(table).saturating_sub(1);
        let line = line.min(last);
        let key = self.row_at(table, line).map(|row| table.row(row).key);
        let level = self.level_mut();
        level.cursor = line;
        level.selected = key;
    }

    /// Moves what is on the screen so that the cursor is in one of its `height` lines.
    pub fn scroll(&mut self, table: &Table, height: usize) {
        let len = self.len(table);
        let level = self.level_mut();
        let height = height.max(1);
        let lowest = level.cursor.saturating_sub(height - 1);
        level.top = level.top.clamp(lowest, level.cursor.max(lowest)).min(len.saturating_sub(height));
    }

    /// Enters the selected row.
    pub fn enter(&mut self, table: &Table) -> bool {
        let Some(row) = self.row_at(table, self.level().cursor) else { return false };
        self.levels.push(Level { row, key: table.row(row).key, ..Level::default() });
        true
    }

    /// Goes back one level, onto the row that was entered.
    pub fn leave(&mut self) -> bool {
        if self.levels.len() == 1 {
            return false;
        }
        self.levels.pop();
        true
    }

    /// Goes back until `depth` levels are entered.
    pub fn leave_to(&mut self, depth: usize) {
        self.levels.truncate(depth + 1);
    }

    /// Takes another order of the rows; the cursor stays on what it is on.
    pub fn reorder(&mut self, table: &Table, order: Option<Arc<[u32]>>) {
        self.level_mut().order = order;
        self.find_selected(table);
    }

    /// Finds the same places in another table, as far as they are there.
    pub fn rebind(&mut self, table: &Table) {
        let mut row = 0;
        let mut kept = 1;
        for index in 1..self.levels.len() {
            let Some(found) = table.find(row, self.levels[index].key) else { break };
            row = found;
            self.levels[index].row = row;
            kept += 1;
        }
        self.levels.truncate(kept);
        for level in &mut self.levels {
            // Rows have other numbers, and leaves may not pass.
            level.order = None;
            level.leaves = None;
        }
        let depth = self.levels.len();
        for index in (0..depth).rev() {
            let below = self.levels.split_off(index + 1);
            self.find_selected(table);
            self.levels.extend(below);
        }
    }

    fn find_selected(&mut self, table: &Table) {
        let level = self.level();
        let found = level.selected.and_then(|key| match &level.order {
            Some(order) => order.iter().position(|&row| table.row(row).key == key),
            None => table.find(level.row, key).map(|row| (row - table.children(level.row).start) as usize),
        });
        match found {
            Some(line) => self.select(table, line),
            // Where nothing was chosen yet the cursor stays at the top.
            None if level.selected.is_none() && level.cursor == 0 => {}
            None => self.select(table, level.cursor),
        }
    }
}
