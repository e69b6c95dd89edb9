//! A view as one flat table: what the worker computes and the screen reads.
//!
//! Row 0 is the whole; the children of a row lie side by side. Names are not in it:
//! a million of them are made when they are seen, from the model, except where a
//! dimension derives them at a cost.

use std::ops::Range;
use std::sync::Arc;

use hashbrown::HashMap;

use super::jobs::Column;
use super::lists::Listed;
use super::views::Content;
use crate::analysis::diff::groups::{Groups, Pairing};
use crate::analysis::diff::{Amount, DiffNode, DiffView, diff_by};
use crate::kind::Kind;
use crate::model::filter::{Filter, Pattern};
use crate::model::view::{Dim, Keys, Measure, Node, Sort, View, tree};
use crate::model::{Inlining, Model, Sizes};
use crate::order::Arrange;

/// What a table answers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Question {
    /// What its rows are.
    pub content: Content,
    /// A filter expression that can be read.
    pub filter: Option<String>,
    /// Which total orders rows.
    pub measure: Measure,
    /// Whether only what strip leaves counts.
    pub is_shipped: bool,
}

/// What stripping removes.
const STRIPPED: [Kind; 2] = [Kind::Debug, Kind::Symbols];

impl Question {
    /// Dimensions from the outermost to the innermost.
    pub fn dims(&self) -> &[Dim] {
        self.content.dims()
    }

    /// The dimensions of code that it asks about: few files are read with them.
    pub fn code_dims(&self) -> Vec<Dim> {
        let mut dims = self.dims().to_vec();
        if let Some(filter) = self.filter() {
            filter.dims(&mut dims);
        }
        dims.retain(|dim| dim.is_of_code());
        dims
    }

    /// The filter of the user and the toggle as one.
    pub fn filter(&self) -> Option<Filter> {
        let typed = self.filter.as_deref().and_then(|text| Filter::parse(text).ok());
        if !self.is_shipped {
            return typed;
        }
        let words = STRIPPED.map(|kind| kind.as_str().to_string()).to_vec();
        let shipped = Filter::Not(Box::new(Filter::Test(Dim::Kind, Pattern::Any(words))));
        Some(match typed {
            Some(typed) => Filter::And(Box::new(typed), Box::new(shipped)),
            None => shipped,
        })
    }
}

/// What a row stands for in its dimension, in each of the two models: see [`Keys`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Key {
    /// In the file that is explored.
    pub new: Option<u32>,
    /// In the one it is compared with.
    pub old: Option<u32>,
}

/// Which file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The one that is explored.
    New,
    /// The one it is compared with.
    Old,
}

impl Key {
    /// The key of a model that is compared with nothing.
    pub fn new(key: u32) -> Key {
        Key { new: Some(key), old: None }
    }

    /// The file that has it: the explored one, unless only the other does.
    pub fn side(self) -> Side {
        if self.new.is_some() { Side::New } else { Side::Old }
    }

    /// The side or sides that a row with it is called after: what only the other file has here, as what has gone to
    /// another crate, is called as it is there.
    fn called(self, now: Amount, was: Option<Amount>) -> Key {
        let is_empty = |amount: Amount| amount.sizes == Sizes::default();
        let is_gone = is_empty(now) && self.old.is_some() && was.is_some_and(|was| !is_empty(was));
        Key { new: self.new.filter(|_| !is_gone), ..self }
    }

    /// The key in one file.
    pub fn of(self, side: Side) -> Option<u32> {
        if side == Side::New { self.new } else { self.old }
    }

    /// The key on its own side; 0 for the whole, which has none.
    fn own(self) -> u32 {
        self.new.or(self.old).unwrap_or_default()
    }
}

/// The way to a row: what each level was entered by.
pub type Path = Vec<(Dim, Key)>;

/// The file a path leads into; only the other one where something on the way is gone.
pub fn side_of(path: &[(Dim, Key)]) -> Side {
    if path.iter().all(|(_, key)| key.new.is_some()) { Side::New } else { Side::Old }
}

/// One group of leaves, or one row of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// What it stands for.
    pub key: Key,
    /// Its bytes and symbols.
    pub now: Amount,
    first: u32,
    count: u32,
}

impl Row {
    /// A row of a list whose rows below are `children`.
    pub fn listed(key: Key, now: Amount, children: Range<u32>) -> Row {
        Row { key, now, first: children.start, count: children.end.saturating_sub(children.start) }
    }
}

/// A view, computed.
#[derive(Debug)]
pub struct Table {
    /// What was asked.
    pub question: Question,
    /// How many of the dimensions are in it: a first answer has one.
    pub depth: usize,
    rows: Vec<Row>,
    /// Amounts before, by row; empty unless there is something to compare with.
    was: Vec<Amount>,
    /// Names by level, for dimensions that derive them.
    texts: Vec<Texts>,
    /// What its rows say besides.
    further: Further,
}

/// What rows of some views say besides their bytes.
#[derive(Debug)]
enum Further {
    Nothing,
    /// By row, where the first dimension is that of functions of the source.
    Inlining(Vec<Inlining>),
    /// What the rows of a list were made of.
    List(Listed),
}

/// Names of keys, one behind another: a million of them are given back at once.
#[derive(Debug, Clone, Default)]
struct Texts {
    /// Where the name of a key starts and ends.
    places: HashMap<(Side, u32), (usize, usize)>,
    text: String,
}

impl Texts {
    fn get(&self, key: Key) -> Option<&str> {
        let &(start, end) = self.places.get(&(key.side(), key.own()))?;
        self.text.get(start..end)
    }

    fn add(&mut self, key: Key, name: impl FnOnce() -> String) {
        let Texts { places, text } = self;
        places.entry((key.side(), key.own())).or_insert_with(|| {
            let start = text.len();
            text.push_str(&name());
            (start, text.len())
        });
    }

    /// Bytes of memory.
    fn weight(&self) -> usize {
        // A hash table has a byte for each place besides.
        self.text.capacity() + self.places.capacity() * (size_of::<((Side, u32), (usize, usize))>() + 1)
    }
}

/// Whether [`Keys::new`] is free, so that names can be made when they are seen.
fn is_live(dim: Dim) -> bool {
    use Dim as D;
    matches!(
        dim,
        D::Kind
            | D::Segment
            | D::Section
            | D::Crate
            | D::DefinedIn
            | D::InstantiatedBy
            | D::Source
            | D::Symbol
            | D::Unit
            | D::File
            | D::Evidence
            | D::Member
    )
}

impl Table {
    /// Groups the leaves of one model.
    ///
    /// *Cost*: that of [`tree`].
    pub fn of_model(model: &Model, question: &Question, depth: usize) -> Table {
        let dims = question.dims().iter().take(depth).copied().collect();
        let view = View {
            dims,
            filter: question.filter(),
            measure: question.measure,
            sort: Sort::Size,
            first: None,
            only: None,
            names_only: false,
        };
        let tree = tree(model, &view);
        let whole = Amount { sizes: tree.total, symbols: tree.symbols, estimated: tree.estimated };
        let mut table = Table::new(question, depth, whole, None);
        if question.content.has_inlining(false) {
            table.further = Further::Inlining(vec![Inlining::default()]);
        }
        table.add_nodes(0, 0, &tree.roots, &tree.keys);
        table.shrink();
        table
    }

    /// Groups the leaves of two models by what is the same in both.
    ///
    /// *Cost*: that of [`diff_by`].
    pub fn of_two(pairing: &mut Pairing<'_>, question: &Question, depth: usize) -> Table {
        let dims = question.dims().iter().take(depth).copied().collect();
        let view = DiffView { dims, filter: question.filter(), measure: question.measure };
        let diff = diff_by(pairing, &view);
        let mut table = Table::new(question, depth, diff.new, Some(diff.old));
        table.add_changes(0, 0, &diff.roots, &diff.groups);
        table.shrink();
        table
    }

    fn new(question: &Question, depth: usize, whole: Amount, was: Option<Amount>) -> Table {
        Table {
            question: question.clone(),
            depth: depth.min(question.dims().len()),
            rows: vec![Row { key: Key::default(), now: whole, first: 1, count: 0 }],
            was: was.into_iter().collect(),
            texts: vec![Texts::default(); question.dims().len()],
            further: Further::Nothing,
        }
    }

    /// The rows of a list, of which the first is the whole.
    pub fn of_list(question: &Question, rows: Vec<Row>, listed: Listed) -> Table {
        let further = Further::List(listed);
        Table { question: question.clone(), depth: 0, rows, was: Vec::new(), texts: Vec::new(), further }
    }

    fn add_nodes(&mut self, parent: usize, level: usize, nodes: &[Node], keys: &[Keys<'_>]) {
        let first = self.rows.len();
        self.adopt(parent, nodes.len());
        let Some(of_level) = keys.get(level) else { return };
        for node in nodes {
            let now = Amount { sizes: node.sizes, symbols: node.symbols, estimated: node.estimated };
            let key = Key::new(node.key);
            self.rows.push(Row { key, now, first: 0, count: 0 });
            if let Further::Inlining(all) = &mut self.further {
                all.push(node.inlining.unwrap_or_default());
            }
            if !is_live(of_level.dim) {
                self.texts[level].add(key, || of_level.label(node.key));
            }
        }
        for (index, node) in nodes.iter().enumerate() {
            self.add_nodes(first + index, level + 1, &node.children, keys);
        }
    }

    fn add_changes(&mut self, parent: usize, level: usize, nodes: &[DiffNode], groups: &[Arc<Groups<'_>>]) {
        let only = self.question.content.is_changes();
        let mut nodes: Vec<&DiffNode> = nodes.iter().filter(|n| !only || n.is_changed()).collect();
        if !only {
            let measure = self.question.measure;
            let size = |n: &DiffNode| (measure.of(n.new.sizes), n.new.sizes.file.max(n.new.sizes.memory));
            nodes.arrange_by_key(|n| std::cmp::Reverse(size(n)));
        }
        let first = self.rows.len();
        self.adopt(parent, nodes.len());
        let Some(of_level) = groups.get(level) else { return };
        for node in &nodes {
            let group = &of_level.groups[node.group as usize];
            let key = Key { new: group.new, old: group.old };
            self.rows.push(Row { key, now: node.new, first: 0, count: 0 });
            self.was.push(node.old);
            if !is_live(of_level.new_keys.dim) {
                let called = key.called(node.new, Some(node.old));
                let label = || match called {
                    Key { new: None, old: Some(old) } => of_level.old_keys.label(old),
                    _ => of_level.label(node.group),
                };
                self.texts[level].add(called, label);
            }
        }
        for (index, node) in nodes.iter().enumerate() {
            self.add_changes(first + index, level + 1, &node.children, groups);
        }
    }

    fn adopt(&mut self, parent: usize, count: usize) {
        let first = self.rows.len() as u32;
        let row = &mut self.rows[parent];
        row.first = first;
        row.count = count as u32;
    }

    /// Number of rows, with that of the whole.
    #[expect(clippy::len_without_is_empty, reason = "the whole is always there")]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// The row at `index`; row 0 is the whole.
    pub fn row(&self, index: u32) -> &Row {
        &self.rows[index as usize]
    }

    /// What the row was before, if there is something to compare with.
    pub fn was(&self, index: u32) -> Option<Amount> {
        self.was.get(index as usize).copied()
    }

    /// The rows below a row, in order of size.
    pub fn children(&self, index: u32) -> Range<u32> {
        let row = self.row(index);
        row.first..row.first + row.count
    }

    /// The child of a row that stands for `key`.
    ///
    /// *Cost*: one pass over the children.
    pub fn find(&self, parent: u32, key: Key) -> Option<u32> {
        self.children(parent).find(|&child| self.row(child).key == key)
    }

    /// It is done: gives back what was taken in advance.
    fn shrink(&mut self) {
        self.rows.shrink_to_fit();
        self.was.shrink_to_fit();
        if let Further::Inlining(all) = &mut self.further {
            all.shrink_to_fit();
        }
        for texts in &mut self.texts {
            texts.text.shrink_to_fit();
        }
    }

    /// Bytes the table takes in memory.
    pub fn weight(&self) -> usize {
        let texts: usize = self.texts.iter().map(Texts::weight).sum();
        let further = match &self.further {
            Further::Nothing => 0,
            Further::Inlining(all) => all.capacity() * size_of::<Inlining>(),
            Further::List(listed) => listed.weight(),
        };
        self.rows.capacity() * size_of::<Row>() + self.was.capacity() * size_of::<Amount>() + texts + further
    }

    /// Whether all levels that were asked for are in it.
    pub fn is_whole(&self) -> bool {
        self.depth == self.question.dims().len()
    }

    /// What its rows were made of, if they are those of a list.
    pub fn listed(&self) -> Option<&Listed> {
        if let Further::List(listed) = &self.further { Some(listed) } else { None }
    }

    /// The bytes of all that is below a row: of a package, of what it needs as well.
    pub fn bytes_below(&self, index: u32) -> u64 {
        let measure = self.question.measure;
        let listed = self.listed().and_then(|listed| listed.number(index, Column::Total, measure));
        listed.unwrap_or_else(|| measure.of(self.row(index).now.sizes))
    }

    /// A number of a row, if its view has that column and the row has the number.
    pub fn number(&self, index: u32, column: Column) -> Option<i64> {
        let measure = self.question.measure;
        let number = match column {
            Column::Size => measure.of(self.row(index).now.sizes),
            Column::Count => self.row(index).now.symbols,
            Column::Delta => return self.was(index).map(|_| self.delta(index)),
            Column::Name => return None,
            Column::Total | Column::Unique | Column::Saved | Column::Copies | Column::Sites => {
                match &self.further {
                    Further::Nothing => return None,
                    Further::List(listed) => listed.number(index, column, measure)?,
                    Further::Inlining(all) => {
                        let inlining = all.get(index as usize).filter(|i| **i != Inlining::default())?;
                        match column {
                            Column::Total => measure.of(inlining.total),
                            Column::Sites => inlining.call_sites,
                            _ => return None,
                        }
                    }
                }
            }
        };
        Some(number.cast_signed())
    }

    /// The change of a row in bytes.
    pub fn delta(&self, index: u32) -> i64 {
        let signed = |sizes: Sizes| self.question.measure.of(sizes).cast_signed();
        self.was(index).map_or(0, |was| signed(self.row(index).now.sizes).wrapping_sub(signed(was.sizes)))
    }

    /// The name of a row of a level, the first being 0.
    pub fn label(&self, models: &Models<'_>, level: usize, row: u32) -> String {
        if let Further::List(listed) = &self.further {
            return listed.label(row);
        }
        let Some(&dim) = self.question.dims().get(level) else { return String::new() };
        let Row { key, now, .. } = *self.row(row);
        let key = key.called(now, self.was(row));
        let known = self.texts.get(level).and_then(|texts| texts.get(key));
        match (known, models.of(key.side())) {
            (Some(text), _) => text.to_string(),
            (None, Some(model)) if is_live(dim) => Keys::new(model, dim).label(key.own()),
            (None, _) => String::new(),
        }
    }
}

/// The two files that names come from.
#[derive(Debug, Clone, Copy)]
pub struct Models<'m> {
    /// The one that is explored.
    pub new: &'m Model,
    /// The one it is compared with.
    pub old: Option<&'m Model>,
}

impl<'m> Models<'m> {
    /// The model of a side.
    pub fn of(&self, side: Side) -> Option<&'m Model> {
        if side == Side::New { Some(self.new) } else { self.old }
    }
}
