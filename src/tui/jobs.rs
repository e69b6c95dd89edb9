//! Work that may take longer than a frame, and what comes of it.
//!
//! Plain functions from questions to answers; threads are the business of `worker`.

use std::cmp::Reverse;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::details::{self, Details};
use super::export::{self, ExportRequest};
use super::lists;
use super::marks::Marks;
use super::table::{Models, Path, Question, Side, Table, side_of};
use super::{Explored, Shared, Source};
use crate::analysis::diff::groups::{Pairing, Subject};
use crate::model::view::{Dim, Keys};
use crate::model::{Leaf, Model, Sizes};
use crate::order::Arrange;
use crate::parallel;

/// What can be asked of the worker.
#[derive(Debug, Clone)]
pub enum Job {
    /// A view, down to `depth` of its dimensions.
    Table {
        /// What to compute.
        question: Question,
        /// How many dimensions; all, or 1 for a first answer.
        depth: usize,
    },
    /// The children of a row in another order.
    Order {
        /// The table.
        table: Arc<Table>,
        /// The row whose children are ordered.
        row: u32,
        /// Its level: 0 lists the first dimension.
        level: usize,
        /// By what.
        order: Order,
    },
    /// The leaves below a path.
    Leaves {
        /// The view they are in.
        question: Question,
        /// The way to them.
        path: Path,
        /// By what.
        order: Order,
    },
    /// Lines whose names match.
    Find(Find),
    /// What the marked rows hold together.
    Marked {
        /// The marks.
        marks: Marks,
        /// The filter and measure they are counted by.
        question: Question,
    },
    /// All that is known of a row.
    Details(Target),
    /// Every claim on the place of a row.
    Claims(Target),
    /// Writes a file.
    Export(ExportRequest),
}

/// What came of it.
#[derive(Debug)]
pub enum Answer {
    /// A view.
    Table(Arc<Table>),
    /// There is no such list, and why.
    NoList(Question, String),
    /// The children of a row in the order asked for.
    Order {
        /// The view.
        question: Question,
        /// Whose children.
        row: u32,
        /// By what.
        order: Order,
        /// The rows.
        rows: Arc<[u32]>,
    },
    /// Leaves below a path.
    Leaves {
        /// The view they are in.
        question: Question,
        /// The way to them.
        path: Path,
        /// By what.
        order: Order,
        /// Their numbers in the model.
        leaves: Leaves,
    },
    /// Lines that match, ascending.
    Found {
        /// Which search.
        id: u64,
        /// Lines of the level.
        lines: Arc<[u32]>,
    },
    /// What is marked.
    Marked {
        /// The marks that were counted.
        marks: Marks,
        /// The view they were counted by.
        question: Question,
        /// Their bytes.
        sum: Sizes,
        /// Their bytes before.
        was: Option<Sizes>,
    },
    /// All that is known of a row.
    Details(Box<Details>),
    /// Every claim on its place.
    Claims(Box<Details>),
    /// A file was written, or why not.
    Exported(Result<String, String>),
    /// A later job of the same kind made this one useless.
    Superseded,
}

/// Numbers of leaves in the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaves {
    /// The largest first.
    pub by_size: Arc<[u32]>,
    /// In the order that was asked for.
    pub ordered: Arc<[u32]>,
}

/// What rows of a level are ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Order {
    /// The column.
    pub column: Column,
    /// Whether smallest or last comes first.
    pub is_reverse: bool,
}

/// A column that rows can be ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Column {
    /// Bytes, the largest first; in a view of changes the largest change first.
    #[default]
    Size,
    /// The change in bytes, growth first.
    Delta,
    /// Bytes with all that belongs below or is inlined.
    Total,
    /// Bytes that would be gone without it.
    Unique,
    /// Bytes that sharing would save.
    Saved,
    /// Number of copies.
    Copies,
    /// Number of calls that were inlined.
    Sites,
    /// Number of symbols, the most first.
    Count,
    /// Name.
    Name,
}

/// A search among the lines of a level.
#[derive(Debug, Clone)]
pub struct Find {
    /// Counts up: an older search than the last is given up.
    pub id: u64,
    /// The table.
    pub table: Arc<Table>,
    /// The level: 0 lists the first dimension.
    pub level: usize,
    /// The file that leaves are of.
    pub side: Side,
    /// What its lines are.
    pub lines: Lines,
    /// What to look for.
    pub pattern: regex_lite::Regex,
}

/// The lines of a level.
#[derive(Debug, Clone)]
pub enum Lines {
    /// Rows `first..end` of the table.
    Rows(u32, u32),
    /// These rows of the table.
    Ordered(Arc<[u32]>),
    /// These leaves.
    Leaves(Arc<[u32]>),
}

/// What details are about.
#[derive(Debug, Clone)]
pub enum Target {
    /// A group of bytes.
    Group {
        /// The way to the row.
        path: Path,
        /// One leaf of it.
        leaf: Option<u32>,
        /// The filter that counts, and the measure.
        question: Question,
    },
    /// A row of a list.
    Listed {
        /// The list.
        table: Arc<Table>,
        /// The row.
        row: u32,
    },
}

impl PartialEq for Target {
    /// A list that was asked for again is another: its numbers may be.
    fn eq(&self, other: &Target) -> bool {
        match (self, other) {
            (Target::Group { path, leaf, question }, Target::Group { path: p, leaf: l, question: q }) => {
                (path, leaf, question) == (p, l, q)
            }
            (Target::Listed { table, row }, Target::Listed { table: other, row: r }) => {
                Arc::ptr_eq(table, other) && row == r
            }
            _ => false,
        }
    }
}

/// Lines are named in lots of this many, whatever the number of threads.
const LOT: usize = 512;
/// Searched between two looks at whether the search still counts.
const RUN: usize = 1 << 14;

/// Answers jobs; keeps what the next may need.
pub struct Library<'m> {
    shared: &'m Shared,
    pairing: Option<Pairing<'m>>,
    latest: &'m AtomicU64,
}

impl<'m> Library<'m> {
    /// Nothing is known yet. `latest` has the number of the search that counts.
    pub fn new(shared: &'m Shared, latest: &'m AtomicU64) -> Library<'m> {
        let pairing = shared.baseline.as_ref().map(|old| {
            let before = Subject { model: &old.model, contents: Some(&old.contents) };
            let after = Subject { model: &shared.new.model, contents: Some(&shared.new.contents) };
            Pairing::new(before, after)
        });
        Library { shared, pairing, latest }
    }

    /// Does a job; `None` if it no longer counts.
    pub fn answer(&mut self, job: Job, source: &dyn Source) -> Option<Answer> {
        let shared = self.shared;
        Some(match job {
            Job::Table { question, depth } => {
                let table = match (question.content.list(), &mut self.pairing) {
                    (Some(list), _) => match lists::table(list, &question, &shared.new.model, source) {
                        Ok(table) => table,
                        Err(reason) => return Some(Answer::NoList(question, reason)),
                    },
                    (None, Some(pairing)) => Table::of_two(pairing, &question, depth),
                    (None, None) => Table::of_model(&shared.new.model, &question, depth),
                };
                Answer::Table(Arc::new(table))
            }
            Job::Order { table, row, level, order } => {
                let rows = ordered(&shared.models(), &table, row, level, order);
                Answer::Order { question: table.question.clone(), row, order, rows: rows.into() }
            }
            Job::Leaves { question, path, order } => {
                let leaves = leaves(shared, &question, &path, order);
                Answer::Leaves { question, path, order, leaves }
            }
            Job::Find(find) => {
                let lines = matches(shared, &find, self.latest)?;
                Answer::Found { id: find.id, lines: lines.into() }
            }
            Job::Marked { marks, question } => {
                let sum = marked(&shared.new.model, &marks, &question, Side::New);
                let was =
                    shared.baseline.as_ref().map(|old| marked(&old.model, &marks, &question, Side::Old));
                Answer::Marked { marks, question, sum, was }
            }
            Job::Details(target) => Answer::Details(Box::new(details::details(shared, source, target))),
            Job::Claims(target) => Answer::Claims(Box::new(details::claims(shared, source, target))),
            Job::Export(request) => Answer::Exported(export::export(shared, &request)),
        })
    }
}

/// The children of a row, in order.
fn ordered(models: &Models<'_>, table: &Table, row: u32, level: usize, order: Order) -> Vec<u32> {
    let mut rows: Vec<u32> = table.children(row).collect();
    match order.column {
        Column::Name => {
            let name = |&r: &u32| table.label(models, level, r);
            let names = parallel::map(&rows, LOT, name);
            let mut named: Vec<(String, u32)> = names.into_iter().zip(rows).collect();
            named.arrange_by(|a, b| a.0.cmp(&b.0));
            rows = named.into_iter().map(|(_, row)| row).collect();
        }
        // The table is in this order already.
        column if column == table.question.content.natural() => {}
        column => rows.arrange_by_key(|&r| Reverse(table.number(r, column))),
    }
    if order.is_reverse {
        rows.reverse();
    }
    rows
}

/// The leaves below a path. By name they are in order of place, and of two files only one has them.
fn leaves(shared: &Shared, question: &Question, path: &Path, order: Order) -> Leaves {
    let side = side_of(path);
    let mut found: Vec<(u64, bool, u32)> = Vec::new();
    if let Some(model) = shared.models().of(side) {
        for_each(model, side, question, path, |index, leaf| {
            found.push((question.measure.of(leaf.sizes()), leaf.home, index));
        });
    }
    let mut ordered = found.clone();
    match order.column {
        Column::Name => {}
        Column::Count => ordered.arrange_by_key(|&(_, is_home, _)| Reverse(is_home)),
        // Of a run nothing else is known.
        _ => ordered.arrange_by_key(|&(size, ..)| Reverse(size)),
    }
    if order.is_reverse {
        ordered.reverse();
    }
    found.arrange_by_key(|&(size, ..)| Reverse(size));
    let [by_size, ordered] =
        [found, ordered].map(|leaves| leaves.into_iter().map(|(.., index)| index).collect());
    Leaves { by_size, ordered }
}

/// Calls `visit` with each leaf of the file of a side that is below a path and passes the filter.
///
/// *Cost*: one pass over the leaves.
pub fn for_each(
    model: &Model,
    side: Side,
    question: &Question,
    path: &Path,
    mut visit: impl FnMut(u32, Leaf),
) {
    let mut keys: Vec<(Keys<'_>, u32)> = Vec::new();
    // A symbol has one module and is of one generic: what is costly to know need not be asked.
    let has_symbol = path.iter().any(|&(dim, key)| {
        dim == Dim::Symbol && key.of(side).is_some_and(|k| Keys::new(model, Dim::Symbol).symbol(k).is_some())
    });
    for &(dim, key) in path {
        let Some(key) = key.of(side) else { return };
        if !(has_symbol && matches!(dim, Dim::Module | Dim::Generic)) {
            keys.push((Keys::new(model, dim), key));
        }
    }
    let filter = question.filter();
    let mut accepts = filter.as_ref().map(|f| f.compile(model));
    for (index, leaf) in model.leaves.iter().enumerate() {
        if keys.iter().all(|(keys, key)| keys.key(&leaf) == *key)
            && accepts.as_mut().is_none_or(|a| a.accepts(&leaf))
        {
            visit(index as u32, leaf);
        }
    }
}

fn marked(model: &Model, marks: &Marks, question: &Question, side: Side) -> Sizes {
    let mut selection = marks.compile(model, side);
    let filter = question.filter();
    let mut accepts = filter.as_ref().map(|f| f.compile(model));
    let mut sum = Sizes::default();
    for leaf in model.leaves.iter() {
        if selection.has(&leaf) && accepts.as_mut().is_none_or(|a| a.accepts(&leaf)) {
            sum += leaf.sizes();
        }
    }
    sum
}

/// Lines whose names match; `None` once a later search counts.
fn matches(shared: &Shared, find: &Find, latest: &AtomicU64) -> Option<Vec<u32>> {
    let models = shared.models();
    let of = shared.of(find.side)?;
    let len = match &find.lines {
        Lines::Rows(first, end) => (end - first) as usize,
        Lines::Ordered(rows) | Lines::Leaves(rows) => rows.len(),
    };
    let is_match = |line: usize| {
        let row = match &find.lines {
            Lines::Rows(first, _) => first + line as u32,
            Lines::Ordered(rows) => rows[line],
            Lines::Leaves(leaves) => {
                let leaf = of.model.leaves.get(leaves[line] as usize);
                return find.pattern.is_match(&leaf_label(of, &leaf));
            }
        };
        let label = find.table.label(&models, find.level, row);
        find.pattern.is_match(&label)
    };
    let mut found = Vec::new();
    for start in (0..len).step_by(RUN) {
        if latest.load(Ordering::Relaxed) != find.id {
            return None;
        }
        let end = (start + RUN).min(len);
        let matches = parallel::numbers(end - start, LOT, |line| is_match(start + line));
        found.extend((start..end).zip(matches).filter(|(_, is)| *is).map(|(line, _)| line as u32));
    }
    Some(found)
}

/// A leaf in a line: its place if it has one, its form and its section.
pub fn leaf_label(of: &Explored, leaf: &Leaf) -> String {
    let model = &of.model;
    let section = leaf.section.get().and_then(|i| model.sections.get(i));
    let section = section.map_or("", |s| model.names.get(s.name));
    let kind = leaf.kind.as_str();
    match (model.leaves.address(leaf.start), leaf.in_file) {
        _ if of.is_snapshot => format!("{kind}  {section}"),
        (Some(address), _) => format!("{address:#x}  {kind}  {section}"),
        (None, true) => format!("@{:#x}  {kind}  {section}", leaf.start),
        (None, false) => format!("memory only  {kind}  {section}"),
    }
}
