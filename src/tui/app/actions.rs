//! What keys do where no text is typed.

use ratatui_crossterm::crossterm::event::KeyEvent;

use super::explorer::{Explorer, Headed, Line, Tab};
use super::search::Direction;
use super::{Effect, is_abort};
use crate::model::view::Measure;
use crate::tui::details::Claims;
use crate::tui::jobs::{Job, Order};
use crate::tui::keymap::{Action, action};
use crate::tui::lists::StandsFor;
use crate::tui::prompt::Purpose;
use crate::tui::treemap;
use crate::tui::views::{Content, List};

/// Most rows that are marked: more take longer to show than a frame.
const MOST_MARKS: usize = 10_000;
/// Lines that stay on the screen when it is turned like a page.
const OVERLAP: usize = 1;

impl Explorer {
    pub(super) fn key(&mut self, key: &KeyEvent) {
        if is_abort(key) {
            self.effects.push(Effect::Quit);
            return;
        }
        if self.prompt.is_some() {
            self.prompt_key(key);
            return;
        }
        self.message = None;
        let Some(action) = action(key) else { return };
        if self.help.is_some() {
            self.help_action(action);
        } else {
            self.act(action);
        }
    }

    fn help_action(&mut self, action: Action) {
        let Some(top) = self.help else { return };
        let page = usize::from(self.size.1).saturating_sub(4).max(1);
        self.help = match action {
            Action::Help | Action::Quit | Action::Escape | Action::Back => None,
            Action::Up => Some(top.saturating_sub(1)),
            Action::Down => Some(top + 1),
            Action::PageUp | Action::HalfUp => Some(top.saturating_sub(page)),
            Action::PageDown | Action::HalfDown => Some(top + page),
            Action::First => Some(0),
            Action::Last => Some(usize::MAX),
            _ => Some(top),
        };
        let last = crate::tui::draw::help_lines(usize::from(self.size.0)).len().saturating_sub(page);
        self.help = self.help.map(|top| top.min(last));
    }

    fn act(&mut self, action: Action) {
        use Action as A;
        let page = usize::from(self.areas().body.height);
        if let A::Up
        | A::Down
        | A::PageUp
        | A::PageDown
        | A::HalfUp
        | A::HalfDown
        | A::First
        | A::Last
        | A::Enter
        | A::Right
        | A::Back
        | A::Left
        | A::Escape
        | A::Sort
        | A::Reverse = action
        {
            // Whoever moves is no longer led.
            self.open_mut().headed = None;
        }
        match action {
            Action::Up if self.shows_boxes() => self.walk(0, -1),
            Action::Down if self.shows_boxes() => self.walk(0, 1),
            Action::Left if self.shows_boxes() => self.walk(-1, 0),
            Action::Right if self.shows_boxes() => self.walk(1, 0),
            Action::Up => self.step(-1),
            Action::Down => self.step(1),
            Action::PageUp => self.step(-(page.saturating_sub(OVERLAP).max(1) as isize)),
            Action::PageDown => self.step(page.saturating_sub(OVERLAP).max(1) as isize),
            Action::HalfUp => self.step(-((page / 2).max(1) as isize)),
            Action::HalfDown => self.step((page / 2).max(1) as isize),
            Action::First => self.select(0),
            Action::Last => self.select(usize::MAX),
            Action::Enter | Action::Right => self.enter(),
            Action::Back | Action::Left => {
                self.leave();
            }
            Action::NextView => self.open_tab((self.tab + 1) % self.tabs.len()),
            Action::PreviousView => self.open_tab((self.tab + self.tabs.len() - 1) % self.tabs.len()),
            Action::View(key) => match self.tabs.iter().position(|tab| tab.key == Some(key)) {
                Some(tab) => self.open_tab(tab),
                None => self.message = Some(format!("there is no view {key}")),
            },
            Action::Bytes => self.lead_to_bytes(),
            Action::GroupBy => self.type_text(Purpose::GroupBy),
            Action::Search => self.type_text(Purpose::Search),
            Action::Filter => self.type_text(Purpose::Filter),
            Action::Export => self.type_text(Purpose::Export),
            Action::Treemap if self.open().content.list().is_some() => {
                self.message = Some("boxes are for bytes that add up; rows of this view overlap".to_string());
            }
            Action::Treemap => self.is_treemap = !self.is_treemap,
            Action::Details => {
                self.is_details = !self.is_details;
                self.look();
            }
            Action::DetailsDown => self.details_top += 1,
            Action::DetailsUp => self.details_top = self.details_top.saturating_sub(1),
            Action::Claims => self.claims(),
            Action::NextMatch => self.find(Direction::Next),
            Action::PreviousMatch => self.find(Direction::Previous),
            Action::Sort => self.sort_next(),
            Action::Reverse => {
                let order = self.open().order;
                self.order_by(Order { is_reverse: !order.is_reverse, ..order });
            }
            Action::Mark => self.mark(),
            Action::MarkAll => self.mark_all(),
            Action::Unmark => {
                self.marks.clear();
                self.recount();
            }
            Action::Measure if self.open().content.list() == Some(List::Duplicates) => {
                self.message = Some("what sharing saves is known of the file alone".to_string());
            }
            Action::Measure => {
                self.measure = match self.measure {
                    Measure::File => Measure::Memory,
                    Measure::Memory => Measure::File,
                };
                self.show();
            }
            Action::Shipped => {
                self.is_shipped = !self.is_shipped;
                self.show();
            }
            Action::Exact => self.is_exact = !self.is_exact,
            Action::Copy => {
                if let Some(line) = self.selected() {
                    let name = self.label(line);
                    let whole = name.chars().count();
                    self.message = Some(format!("copied {whole} characters to the clipboard"));
                    self.effects.push(Effect::Copy(name));
                }
            }
            Action::Help => self.help = Some(0),
            Action::Escape => self.escape(),
            Action::Redraw => self.effects.push(Effect::Redraw),
            Action::Suspend => self.effects.push(Effect::Suspend),
            Action::Quit | Action::Abort => self.effects.push(Effect::Quit),
        }
    }

    /// Closes what is open, the newest first; then goes back.
    fn escape(&mut self) {
        if self.search.pattern.is_some() {
            self.search.clear();
        } else if self.is_details {
            self.is_details = false;
        } else if self.shows_boxes() {
            self.is_treemap = false;
        } else if !self.leave() {
            self.message = Some("this is the whole file; q quits".to_string());
        }
    }

    fn step(&mut self, by: isize) {
        let cursor = self.open().navigation.level().cursor;
        self.select(cursor.saturating_add_signed(by));
    }

    /// Moves the cursor to a line, or the last one.
    pub(super) fn select(&mut self, line: usize) {
        let Some(table) = self.table.clone() else { return };
        self.open_mut().navigation.select(&table, line);
        self.look();
    }

    /// Moves from box to box.
    fn walk(&mut self, across: i32, down: i32) {
        let lines = self.boxes();
        let sizes: Vec<u64> = lines.iter().map(|&l| self.weight_of(l)).collect();
        let boxes = treemap::layout(self.areas().body, &sizes);
        let selected = self.selected();
        let from = lines.iter().position(|&l| Some(l) == selected);
        let to = match from {
            Some(from) if boxes.get(from).is_some_and(|b| !b.is_empty()) => {
                treemap::neighbour(&boxes, from, across, down)
            }
            // What has no box is left by the largest.
            _ => (!boxes.is_empty()).then_some(0),
        };
        if let Some(&line) = to.and_then(|index| lines.get(index)) {
            self.select_line(line);
        }
    }

    /// Moves the cursor to where a row or leaf is in the list.
    pub(super) fn select_line(&mut self, wanted: Line) {
        let Some(table) = &self.table else { return };
        let level = self.open().navigation.level();
        let at = match (wanted, &level.order, &level.leaves) {
            (Line::Row(row), Some(order), _) => order.iter().position(|&r| r == row),
            (Line::Row(row), None, _) => {
                row.checked_sub(table.children(level.row).start).map(|at| at as usize)
            }
            (Line::Leaf(leaf), _, Some((leaves, _))) => leaves.ordered.iter().position(|&l| l == leaf),
            (Line::Leaf(_), _, None) => None,
        };
        if let Some(at) = at {
            self.select(at);
        }
    }

    pub(super) fn enter(&mut self) {
        let Some(table) = self.table.clone() else { return };
        if self.is_at_leaves() {
            if self.selected().is_some() && !self.is_details {
                self.is_details = true;
                self.look();
            }
            return;
        }
        let at = self.open().navigation.depth();
        if let (Some(Line::Row(row)), Some(listed)) = (self.selected(), table.listed()) {
            if table.children(row).is_empty() {
                self.is_details = true;
                self.look();
                return;
            }
            // Packages may need each other in a circle.
            let key = table.row(row).key;
            let is_package = table.question.content.list() == Some(List::Tree);
            if is_package && self.open().navigation.entered().any(|level| level.key == key) {
                let name = listed.label(row);
                self.message = Some(format!("{name} is on the way here already: they need each other"));
                return;
            }
        }
        if table.depth <= at + 1 && !table.is_whole() {
            self.message = Some("what is inside is still being counted".to_string());
            return;
        }
        if self.open_mut().navigation.enter(&table) {
            self.search.forget();
            self.arrive();
        }
    }

    pub(super) fn leave(&mut self) -> bool {
        let has_left = self.open_mut().navigation.leave();
        if has_left {
            self.search.forget();
            self.arrive();
        }
        has_left
    }

    /// Goes back until `depth` levels are entered.
    pub(super) fn leave_to(&mut self, depth: usize) {
        if depth < self.open().navigation.depth() {
            self.open_mut().navigation.leave_to(depth);
            self.search.forget();
            self.arrive();
        }
    }

    pub(super) fn open_tab(&mut self, tab: usize) {
        if tab != self.tab {
            self.tab = tab;
            self.table = None;
            self.search.forget();
            self.show();
        }
    }

    /// Shows rows by other dimensions, in a tab of their own.
    pub(super) fn open_custom(&mut self, dims: Vec<crate::model::view::Dim>) {
        let words: Vec<&str> = dims.iter().map(|d| d.as_str()).collect();
        let title = words.join(",");
        let content = Content::Groups(dims.into());
        let at = self.tabs.iter().position(|tab| tab.content == content);
        let at = at.unwrap_or_else(|| {
            // One is enough: an earlier one makes room.
            self.tabs.retain(|tab| tab.key.is_some());
            self.tabs.push(Tab::new(&title, None, content));
            self.tabs.len() - 1
        });
        self.tab = usize::MAX;
        self.open_tab(at);
    }

    fn sort_next(&mut self) {
        let tab = self.open();
        let columns = tab.content.columns(self.is_compared());
        let at = columns.iter().position(|&column| column == tab.order.column);
        let column = at.map_or(tab.content.natural(), |at| columns[(at + 1) % columns.len()]);
        self.order_by(Order { column, is_reverse: false });
    }

    pub(super) fn order_by(&mut self, order: Order) {
        self.open_mut().order = order;
        self.arrive();
    }

    /// Shows the bytes of what is selected in a list: of a crate its level, else where the symbol is.
    fn lead_to_bytes(&mut self) {
        let (Some(Line::Row(row)), Some(listed)) = (self.selected(), self.listed()) else {
            if self.open().content.list().is_none() {
                self.message =
                    Some("these are bytes: v leads from packages and copies to theirs".to_string());
            }
            return;
        };
        let Some(stands_for) = listed.stands_for(row, &self.shared.new.model) else {
            self.message = Some("it is no single crate or symbol with bytes of its own".to_string());
            return;
        };
        let (dim, key) = stands_for.key();
        let is_it = |tab: &Tab| !tab.content.is_changes() && tab.content.dims().first() == Some(&dim);
        if let Some(tab) = self.tabs.iter().position(is_it) {
            self.open_tab(tab);
            self.open_mut().headed = Some(Headed { key, enters: matches!(stands_for, StandsFor::Crate(_)) });
            self.head_for();
            self.arrive();
        }
    }

    fn mark(&mut self) {
        if self.open().content.list().is_some() {
            self.no_marks();
            return;
        }
        match self.selected() {
            Some(line @ Line::Row(_)) => {
                let path = self.path_of(line);
                if self.marks.len() >= MOST_MARKS && !self.marks.has(&path) {
                    self.too_many_marks();
                    return;
                }
                self.marks.toggle(path);
                self.recount();
                self.step(1);
            }
            Some(Line::Leaf(_)) => {
                self.message = Some("runs of bytes cannot be marked; mark their symbol".to_string())
            }
            None => {}
        }
    }

    fn mark_all(&mut self) {
        if self.open().content.list().is_some() {
            self.no_marks();
            return;
        }
        let len = self.count();
        if self.is_at_leaves() || len == 0 {
            return;
        }
        if self.marks.len() + len > MOST_MARKS {
            self.too_many_marks();
            return;
        }
        for line in (0..len).filter_map(|at| self.line(at)).collect::<Vec<_>>() {
            let path = self.path_of(line);
            self.marks.add(path);
        }
        self.recount();
    }

    fn no_marks(&mut self) {
        self.message =
            Some("rows of this view overlap; v leads to their bytes, which can be marked".to_string());
    }

    fn too_many_marks(&mut self) {
        self.message = Some(format!("no more than {MOST_MARKS} rows can be marked; mark what they are in"));
    }

    fn claims(&mut self) {
        let Some(target) = self.target() else { return };
        if !self.is_details {
            self.is_details = true;
        }
        let known = self.details.as_ref().filter(|d| d.target == target);
        match known.map(|d| d.claims) {
            Some(Claims::None) => {
                self.message = Some("claims are known of symbols and runs of bytes of a binary".to_string());
            }
            Some(Claims::Told) => self.message = Some("every claim is in the details: J scrolls".to_string()),
            Some(Claims::Askable) | None => {
                self.message = Some("analysing once more for every claim".to_string());
                self.ask(Job::Claims(target));
            }
        }
    }

    /// Keeps the cursor on the screen.
    pub(super) fn scroll(&mut self) {
        let height = usize::from(self.areas().body.height);
        if let Some(table) = self.table.clone() {
            self.open_mut().navigation.scroll(&table, height);
        }
    }
}
