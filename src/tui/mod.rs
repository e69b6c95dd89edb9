//! The terminal UI: a binary explored the way people explore a disk.
//!
//! [`app`] is the state, from events to effects, and touches nothing; [`draw`] only reads
//! it; [`worker`] does what takes longer than a frame; [`terminal`] has the terminal;
//! [`running`] ties them together. How files are opened and analysed is the business of the
//! [`Source`] that is handed in.

pub mod app;
pub mod details;
pub mod draw;
pub mod export;
pub mod jobs;
pub mod keymap;
pub mod layout;
pub mod lists;
pub mod marks;
pub mod navigation;
pub mod prompt;
pub mod running;
pub mod table;
pub mod terminal;
pub mod treemap;
pub mod views;
pub mod worker;

use app::Event;
use jobs::Answer;
use lists::Tree;
pub use running::run;
use table::{Models, Side};

use crate::analysis::tree::Question as TreeQuestion;
use crate::attrib::Reasons;
use crate::model::{Contents, Model};
use crate::report::{DuplicatesOptions, DuplicatesReport};

/// A file as it was read.
#[derive(Debug)]
pub struct Explored {
    /// What is in it.
    pub model: Model,
    /// What its symbols hold, where there is something to compare with.
    pub contents: Contents,
    /// Whether it is a snapshot, which has sums and no places.
    pub is_snapshot: bool,
}

/// What all threads share.
#[derive(Debug)]
pub struct Shared {
    /// The file that is explored.
    pub new: Explored,
    /// The one it is compared with.
    pub baseline: Option<Explored>,
}

impl Shared {
    /// The models that names come from.
    pub fn models(&self) -> Models<'_> {
        Models { new: &self.new.model, old: self.baseline.as_ref().map(|old| &old.model) }
    }

    /// The file of a side.
    pub fn of(&self, side: Side) -> Option<&Explored> {
        if side == Side::New { Some(&self.new) } else { self.baseline.as_ref() }
    }
}

/// A file that can be explored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Its path, for people.
    pub path: String,
    /// What it is, if there is more to say than its path.
    pub what: String,
    /// Its bytes.
    pub size: u64,
}

/// Where the models and bytes come from. Used by several threads.
pub trait Source: Send + Sync {
    /// The files that can be explored, at least one: the user chooses.
    fn subjects(&self) -> Vec<Subject>;

    /// Reads and analyses one of them, and what it is compared with. Called once.
    ///
    /// *Errors*: what ends the program, in words.
    fn load(&self, subject: usize) -> anyhow::Result<Shared>;

    /// Reads the same files once more, with where their code comes from: functions, files, lines.
    /// Numbers of rows that both have are the same.
    ///
    /// *Errors*: why that is not known, in words.
    fn read_code(&self) -> Result<Shared, String>;

    /// The packages that the explored file was built from, as `bloat tree` shows them. Asked for with several
    /// questions.
    ///
    /// *Errors*: nothing says which packages these are, in words.
    fn tree(&self, model: &Model, question: &TreeQuestion) -> Result<Tree, String>;

    /// What the explored file holds more than once, as `bloat duplicates` shows it. Asked for with several options.
    ///
    /// *Errors*: why that is not known, in words.
    fn duplicates(&self, model: &Model, options: DuplicatesOptions) -> Result<DuplicatesReport, String>;

    /// Bytes of a file from position `start`, at most `len`; `None` for what has none.
    fn bytes(&self, side: Side, start: u64, len: usize) -> Option<Vec<u8>>;

    /// Whether reasons can be given.
    fn has_claims(&self, side: Side) -> bool;

    /// Why the byte at a position has the owner it has.
    fn reasons(&self, side: Side, pos: u64) -> Option<Reasons>;
}

/// What reaches the loop.
#[derive(Debug)]
pub enum Message {
    /// Something for the state.
    Event(Event),
    /// What the worker of that number says.
    Answer(u64, Answer),
    /// The analysis failed.
    Failed(anyhow::Error),
    /// A signal asks the program to end.
    Signal(i32),
    /// A thread is gone, and has said why.
    Broken,
}
