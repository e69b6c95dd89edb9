//! Views that were computed, within a bound.

use std::sync::Arc;

use crate::tui::table::{Question, Table};

/// Most bytes of tables that are kept; one that is larger is kept alone.
const MOST: usize = 128 << 20;

/// The tables that were used last.
#[derive(Debug, Default)]
pub struct Cache {
    /// The one used last is last.
    tables: Vec<Arc<Table>>,
}

impl Cache {
    /// The answer to a question, if it is known in full or in part.
    pub fn get(&mut self, question: &Question) -> Option<Arc<Table>> {
        let at = self.tables.iter().position(|table| table.question == *question)?;
        let table = self.tables.remove(at);
        self.tables.push(table.clone());
        Some(table)
    }

    /// Keeps an answer instead of an earlier one to the same question.
    pub fn put(&mut self, table: Arc<Table>) {
        self.tables.retain(|known| known.question != table.question);
        self.tables.push(table);
        let weight = |tables: &[Arc<Table>]| tables.iter().map(|t| t.weight()).sum::<usize>();
        while self.tables.len() > 1 && weight(&self.tables) > MOST {
            self.tables.remove(0);
        }
    }
}
