//! The state while a file is explored.

use std::sync::Arc;
use std::time::Duration;

use hashbrown::HashSet;

use super::cache::Cache;
use super::code::Code;
use super::search::Search;
use super::{Effect, Event};
use crate::model::view::{Dim, Measure};
use crate::model::{Leaf, Sizes, Source};
use crate::tui::details::Details;
use crate::tui::jobs::{Job, Order, Target, leaf_label};
use crate::tui::layout::{Areas, areas};
use crate::tui::lists::{Listed, StandsFor};
use crate::tui::marks::Marks;
use crate::tui::navigation::Navigation;
use crate::tui::prompt::Prompt;
use crate::tui::table::{Key, Path, Question, Table, side_of};
use crate::tui::views::{Content, List, VIEWS};
use crate::tui::{Explored, Shared};

/// A view and where one is in it.
#[derive(Debug, Clone)]
pub struct Tab {
    /// Its name on the screen.
    pub title: String,
    /// The key that opens it; none if it came later.
    pub key: Option<char>,
    /// What it shows.
    pub content: Content,
    /// Where one is.
    pub navigation: Navigation,
    /// The order of rows.
    pub order: Order,
    /// The question whose answer the navigation speaks of.
    pub bound: Option<(Question, usize)>,
    /// A row to go to as soon as it is counted.
    pub(super) headed: Option<Headed>,
}

/// A row of the first level that another view leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Headed {
    /// What it stands for in the file that is explored.
    pub key: u32,
    /// Whether its rows are opened.
    pub enters: bool,
}

impl Tab {
    pub(super) fn new(title: &str, key: Option<char>, content: Content) -> Tab {
        let order = Order { column: content.natural(), is_reverse: false };
        let title = title.to_string();
        Tab { title, key, content, navigation: Navigation::default(), order, bound: None, headed: None }
    }
}

/// The state while a file is explored.
#[derive(Debug)]
pub struct Explorer {
    /// The models.
    pub shared: Arc<Shared>,
    /// The views.
    pub tabs: Vec<Tab>,
    /// Which is open.
    pub tab: usize,
    /// Which bytes count.
    pub measure: Measure,
    /// Whether only what strip leaves counts.
    pub is_shipped: bool,
    /// The filter, if there is one.
    pub filter: Option<String>,
    /// The rows of the open view; those of an earlier question until the worker has answered.
    pub table: Option<Arc<Table>>,
    /// Text being typed.
    pub prompt: Option<Prompt>,
    /// The first line of the help, if it is open.
    pub help: Option<usize>,
    /// Whether the level is drawn as boxes.
    pub is_treemap: bool,
    /// Whether the details are open.
    pub is_details: bool,
    /// Whether bytes are exact.
    pub is_exact: bool,
    /// What is known of a row.
    pub details: Option<Box<Details>>,
    /// The first line of the details.
    pub details_top: usize,
    /// What is marked.
    pub marks: Marks,
    /// The bytes of what is marked, once they are counted, and those before.
    pub marked: Option<(Sizes, Option<Sizes>)>,
    /// What is looked for.
    pub search: Search,
    /// What happened.
    pub message: Option<String>,
    /// Whether it is known where code comes from.
    pub code: Code,
    /// Lists that there are not, and why.
    pub(super) no_lists: Vec<(List, String)>,
    pub(super) cache: Cache,
    pub(super) waiting: HashSet<Question>,
    /// Jobs other than views that are under way.
    pub(super) jobs: usize,
    /// When and where the mouse was last pressed.
    pub(super) pressed: Option<(Duration, u16, u16)>,
    pub(super) effects: Vec<Effect>,
    pub(super) size: (u16, u16),
}

/// One line of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// A row of the table.
    Row(u32),
    /// A leaf, by its number in the model.
    Leaf(u32),
}

impl Explorer {
    /// The first screen, and what it needs.
    pub(super) fn new(shared: Arc<Shared>, size: (u16, u16)) -> (Explorer, Vec<Effect>) {
        let is_compared = shared.baseline.is_some();
        let views = VIEWS.into_iter().filter(|view| is_compared || !view.content.is_changes());
        let tabs: Vec<Tab> = views.map(|view| Tab::new(view.title, Some(view.key), view.content)).collect();
        // What changed is what a comparison is for; a file without Rust has no crates to speak of.
        let has_crates = shared.new.model.crates.iter().any(|c| c.source.is_some_and(|s| s != Source::C));
        let first = |title: &str| tabs.iter().position(|tab| tab.title == title);
        let tab = match (is_compared, has_crates) {
            (true, _) => first("Changes"),
            (_, false) => first("Sections"),
            _ => None,
        };
        let mut explorer = Explorer {
            shared,
            tab: tab.unwrap_or(0),
            tabs,
            measure: Measure::File,
            is_shipped: false,
            filter: None,
            table: None,
            prompt: None,
            help: None,
            is_treemap: false,
            is_details: false,
            is_exact: false,
            details: None,
            details_top: 0,
            marks: Marks::default(),
            marked: None,
            search: Search::default(),
            message: None,
            code: Code::Unread,
            no_lists: Vec::new(),
            cache: Cache::default(),
            waiting: HashSet::new(),
            jobs: 0,
            pressed: None,
            effects: Vec::new(),
            size,
        };
        explorer.show();
        let effects = std::mem::take(&mut explorer.effects);
        (explorer, effects)
    }

    pub(super) fn update(&mut self, event: Event, size: (u16, u16)) -> Vec<Effect> {
        self.size = size;
        match event {
            Event::Key(key) => self.key(&key),
            Event::Mouse(mouse, at) => self.mouse(mouse, at),
            Event::Paste(text) => self.paste(&text),
            Event::CodeRead(read) => self.take_code(read),
            Event::Answer(answer) => self.take(answer),
            _ => {}
        }
        self.scroll();
        std::mem::take(&mut self.effects)
    }

    /// Whether the worker has something to do.
    pub fn is_busy(&self) -> bool {
        self.jobs > 0 || !self.waiting.is_empty() || self.code == Code::Reading
    }

    /// The parts of the screen.
    pub fn areas(&self) -> Areas {
        areas(self.size.0, self.size.1, self.is_details)
    }

    /// The open tab.
    pub fn open(&self) -> &Tab {
        &self.tabs[self.tab]
    }

    pub(super) fn open_mut(&mut self) -> &mut Tab {
        &mut self.tabs[self.tab]
    }

    /// What the open tab asks.
    pub fn question(&self) -> Question {
        let tab = self.open();
        Question {
            content: tab.content.clone(),
            filter: self.filter.clone(),
            measure: tab.content.measure(self.measure),
            is_shipped: self.is_shipped,
        }
    }

    /// The key and the name of each tab.
    pub fn titles(&self) -> Vec<(char, &str)> {
        self.tabs.iter().map(|tab| (tab.key.unwrap_or('+'), tab.title.as_str())).collect()
    }

    /// Whether rows of the open tab say how much they changed.
    pub fn is_compared(&self) -> bool {
        self.open().content.is_compared(self.shared.baseline.is_some())
    }

    /// Whether the level is drawn as boxes. Rows of a list overlap, so that areas would say nothing.
    pub fn shows_boxes(&self) -> bool {
        self.is_treemap && self.open().content.list().is_none()
    }

    /// What rows of the open tab are made of, if it is a list and known.
    pub fn listed(&self) -> Option<&Listed> {
        self.table.as_ref()?.listed()
    }

    /// Whether the rows on the screen answer an earlier question.
    pub fn is_outdated(&self) -> bool {
        let question = self.question();
        self.table.as_ref().is_none_or(|table| table.question != question)
    }

    /// Whether the level lists runs of bytes.
    pub fn is_at_leaves(&self) -> bool {
        self.table.as_ref().is_some_and(|table| self.open().navigation.is_at_leaves(table))
    }

    /// Number of lines of the level.
    pub fn count(&self) -> usize {
        self.table.as_ref().map_or(0, |table| self.open().navigation.len(table))
    }

    /// A line of the level.
    pub fn line(&self, line: usize) -> Option<Line> {
        let navigation = &self.open().navigation;
        let table = self.table.as_ref()?;
        if navigation.is_at_leaves(table) {
            let (leaves, _) = navigation.level().leaves.as_ref()?;
            return leaves.ordered.get(line).map(|&leaf| Line::Leaf(leaf));
        }
        navigation.row_at(table, line).map(Line::Row)
    }

    /// The selected line.
    pub fn selected(&self) -> Option<Line> {
        self.line(self.open().navigation.level().cursor)
    }

    /// The name of a line in full.
    pub fn label(&self, line: Line) -> String {
        let Some(table) = &self.table else { return String::new() };
        let models = self.shared.models();
        match line {
            Line::Row(row) => table.label(&models, self.open().navigation.depth(), row),
            Line::Leaf(index) => self.leaf(index).map_or(String::new(), |(of, leaf)| leaf_label(of, &leaf)),
        }
    }

    /// A leaf of the level, and the file it is of.
    pub fn leaf(&self, index: u32) -> Option<(&Explored, Leaf)> {
        let table = self.table.as_ref()?;
        let of = self.shared.of(side_of(&self.open().navigation.path(table)))?;
        ((index as usize) < of.model.leaves.len()).then(|| (of, of.model.leaves.get(index as usize)))
    }

    /// The way to a line; for a leaf the way to its level.
    pub fn path_of(&self, line: Line) -> Path {
        let Some(table) = &self.table else { return Path::new() };
        let navigation = &self.open().navigation;
        let mut path = navigation.path(table);
        if let (Line::Row(row), Some(&dim)) = (line, table.question.dims().get(navigation.depth())) {
            path.push((dim, table.row(row).key));
        }
        path
    }

    /// Names of what was entered, outermost first.
    pub fn crumbs(&self) -> Vec<String> {
        let Some(table) = &self.table else { return Vec::new() };
        let models = self.shared.models();
        let entered = self.open().navigation.entered().enumerate();
        entered.map(|(level, at)| table.label(&models, level, at.row)).collect()
    }

    /// The crate's source of a line, in dimensions of crates.
    pub fn source_of(&self, line: Line) -> Option<Source> {
        let (Line::Row(row), Some(table)) = (line, &self.table) else { return None };
        if let Some(listed) = table.listed() {
            let model = &self.shared.new.model;
            return match listed.stands_for(row, model) {
                Some(StandsFor::Crate(krate)) => model.crates.get(krate.get()?)?.source,
                // What has no bytes is not told apart from buckets.
                Some(StandsFor::Symbol(_)) | None => Some(Source::Unknown),
            };
        }
        let dim = *table.question.dims().get(self.open().navigation.depth())?;
        if !matches!(dim, Dim::Crate | Dim::DefinedIn | Dim::InstantiatedBy) {
            return None;
        }
        let key: Key = table.row(row).key;
        let model = self.shared.models().of(key.side())?;
        crate::model::view::Keys::new(model, dim).source(key.of(key.side())?)
    }

    /// Bytes of a line by the measure.
    pub fn bytes_of(&self, line: Line) -> u64 {
        match (line, &self.table) {
            (Line::Row(row), Some(table)) => self.measure_of_table().of(table.row(row).now.sizes),
            (Line::Leaf(index), _) => {
                self.leaf(index).map_or(0, |(_, leaf)| self.measure_of_table().of(leaf.sizes()))
            }
            _ => 0,
        }
    }

    /// What boxes are sized by: bytes, or in a view of changes the change.
    pub fn weight_of(&self, line: Line) -> u64 {
        match (line, &self.table) {
            (Line::Row(row), Some(table)) if table.question.content.is_changes() => {
                table.delta(row).unsigned_abs()
            }
            (Line::Row(row), Some(table)) if table.listed().is_some() => {
                table.number(row, table.question.content.natural()).map_or(0, i64::unsigned_abs)
            }
            _ => self.bytes_of(line),
        }
    }

    /// What the largest line of the level weighs.
    pub fn largest(&self) -> u64 {
        let Some(table) = &self.table else { return 0 };
        let level = self.open().navigation.level();
        let first = match &level.leaves {
            Some((leaves, _)) => leaves.by_size.first().map(|&leaf| Line::Leaf(leaf)),
            None => table.children(level.row).next().map(Line::Row),
        };
        first.map_or(0, |line| self.weight_of(line))
    }

    /// The measure of what is on the screen.
    pub fn measure_of_table(&self) -> Measure {
        self.table.as_ref().map_or(self.measure, |table| table.question.measure)
    }

    /// The lines of the treemap, the largest first.
    pub fn boxes(&self) -> Vec<Line> {
        let Some(table) = &self.table else { return Vec::new() };
        let navigation = &self.open().navigation;
        let most = crate::tui::treemap::MOST;
        if navigation.is_at_leaves(table) {
            let leaves = navigation.level().leaves.as_ref();
            return leaves.map_or(Vec::new(), |(leaves, _)| {
                leaves.by_size.iter().take(most).map(|&leaf| Line::Leaf(leaf)).collect()
            });
        }
        table.children(navigation.level().row).take(most).map(Line::Row).collect()
    }

    pub(super) fn ask(&mut self, job: Job) {
        self.jobs += 1;
        self.effects.push(Effect::Ask(job));
    }

    /// What details of the selected line are about.
    pub(super) fn target(&self) -> Option<Target> {
        let line = self.selected()?;
        let leaf = if let Line::Leaf(leaf) = line { Some(leaf) } else { None };
        let table = self.table.clone()?;
        if let (Line::Row(row), true) = (line, table.listed().is_some()) {
            return Some(Target::Listed { table, row });
        }
        Some(Target::Group { path: self.path_of(line), leaf, question: table.question.clone() })
    }
}
