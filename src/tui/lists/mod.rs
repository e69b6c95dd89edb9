//! Answers that are no groups of bytes, as tables: packages and what they need, and what is there twice.
//!
//! Rows are those of the reports that the command line writes, so numbers and words are the
//! same. Knows nothing of how the answers come about.

mod duplicates;
mod tree;

use std::fmt;

use super::Source;
use super::details::{Entry, size};
use super::jobs::Column;
use super::table::{Key, Question, Table};
use super::views::List;
use crate::analysis::duplicates::Scope;
use crate::analysis::tree::{Answer, Question as TreeQuestion};
use crate::model::view::{Dim, Measure};
use crate::model::{CrateId, Model, SymbolId};
use crate::report::{DuplicatesOptions, DuplicatesReport, TreeReport};

pub use duplicates::Copies;
pub use tree::Packages;

/// What is known of packages.
#[derive(Debug, Clone)]
pub struct Tree {
    /// The rows as numbers.
    pub answer: Answer,
    /// The same rows in words.
    pub report: TreeReport,
}

/// What the rows of a list were made of.
pub enum Listed {
    /// Packages.
    Tree(Box<Packages>),
    /// Copies.
    Duplicates(Box<Copies>),
}

impl fmt::Debug for Listed {
    /// Reports are long.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Listed::Tree(_) => "Tree",
            Listed::Duplicates(_) => "Duplicates",
        })
    }
}

/// What of the model a row stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StandsFor {
    /// A crate.
    Crate(CrateId),
    /// A symbol.
    Symbol(SymbolId),
}

impl StandsFor {
    /// The dimension and the key in it.
    pub fn key(self) -> (Dim, u32) {
        match self {
            StandsFor::Crate(CrateId(key)) => (Dim::Crate, key),
            StandsFor::Symbol(SymbolId(key)) => (Dim::Symbol, key),
        }
    }
}

/// Asks for a list of the file that is explored, and lays it out as a table.
///
/// *Errors*: why there is none, in words.
///
/// *Cost*: that of the command; the first time as long as cargo or a search through all code takes.
pub fn table(list: List, question: &Question, model: &Model, source: &dyn Source) -> Result<Table, String> {
    let (rows, listed) = match list {
        List::Tree => {
            let asked = TreeQuestion {
                filter: question.filter(),
                measure: question.measure,
                ..TreeQuestion::default()
            };
            let (rows, packages) = Packages::lay_out(source.tree(model, &asked)?, question.measure);
            (rows, Listed::Tree(Box::new(packages)))
        }
        List::Duplicates => {
            let scope = Scope { filter: question.filter(), ..Scope::default() };
            let options = DuplicatesOptions { scope, ..DuplicatesOptions::default() };
            let (rows, copies) = Copies::lay_out(source.duplicates(model, options)?);
            (rows, Listed::Duplicates(Box::new(copies)))
        }
    };
    Ok(Table::of_list(question, rows, listed))
}

/// A report that can be written.
#[derive(Clone, Copy)]
pub enum Report<'l> {
    /// Of `bloat tree`.
    Tree(&'l TreeReport),
    /// Of `bloat duplicates`.
    Duplicates(&'l DuplicatesReport),
}

impl Listed {
    /// The report that the rows are of.
    pub fn report(&self) -> Report<'_> {
        match self {
            Listed::Tree(packages) => Report::Tree(packages.report()),
            Listed::Duplicates(copies) => Report::Duplicates(copies.report()),
        }
    }

    /// The name of a row.
    pub fn label(&self, row: u32) -> String {
        match self {
            Listed::Tree(packages) => packages.label(row),
            Listed::Duplicates(copies) => copies.label(row),
        }
    }

    /// A number of a row besides its own bytes, if it has that number.
    pub fn number(&self, row: u32, column: Column, measure: Measure) -> Option<u64> {
        match self {
            Listed::Tree(packages) => packages.number(row, column, measure),
            Listed::Duplicates(copies) => copies.number(row, column),
        }
    }

    /// What the row is of the model, if that is one thing.
    pub fn stands_for(&self, row: u32, model: &Model) -> Option<StandsFor> {
        match self {
            Listed::Tree(packages) => packages.stands_for(row),
            Listed::Duplicates(copies) => copies.stands_for(row, model),
        }
    }

    /// All that is known of a row.
    pub fn details(&self, row: u32) -> Vec<Entry> {
        match self {
            Listed::Tree(packages) => packages.details(row),
            Listed::Duplicates(copies) => copies.details(row),
        }
    }

    /// The position of the bytes of a row in the file, and how many they are, if it is one piece.
    pub fn piece(&self, row: u32) -> Option<(u64, u64)> {
        match self {
            Listed::Tree(_) => None,
            Listed::Duplicates(copies) => copies.piece(row),
        }
    }

    /// Where the rows come from, and what is missing among them.
    pub fn note(&self) -> String {
        match self {
            Listed::Tree(packages) => packages.note(),
            Listed::Duplicates(copies) => copies.note(),
        }
    }

    /// About how many bytes of memory it takes.
    pub fn weight(&self) -> usize {
        match self {
            Listed::Tree(packages) => packages.weight(),
            Listed::Duplicates(copies) => copies.weight(),
        }
    }
}

/// The key of something that is known by a number.
fn key(number: u32) -> Key {
    Key::new(number)
}
