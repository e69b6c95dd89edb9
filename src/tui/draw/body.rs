//! The rows that are on the screen. No other row is looked at.

use std::borrow::Cow;

use ratatui_core::layout::Rect;
use ratatui_core::style::Style;

use super::{Canvas, Look, amount};
use crate::render::{bar, change, for_terminal, human, percent, percent_change, shorten, width_of, wrap};
use crate::tui::app::{Explorer, Line};
use crate::tui::jobs::{Column, Order};
use crate::tui::layout::{Cell, columns};
use crate::tui::table::Table;
use crate::tui::views::List;

/// Titles of columns; an arrow says which one orders.
pub fn header(explorer: &Explorer, look: Look, area: Rect, canvas: &mut Canvas<'_>) {
    let is_memory = explorer.measure_of_table().pick(false, true);
    let content = &explorer.open().content;
    let Order { column, is_reverse } = explorer.open().order;
    // A view of changes is ordered by how much changed.
    let by_change = content.is_changes() && column == Column::Size;
    for (cell, x, width) in columns(area.width, content, explorer.is_compared(), explorer.is_exact) {
        let mut title = cell.title(is_memory).to_string();
        let orders = match cell {
            Cell::Size => column == Column::Size && !by_change,
            Cell::Delta => column == Column::Delta || by_change,
            // One column has the arrow.
            Cell::OfParent | Cell::OfTotal | Cell::Bar => false,
            _ => cell.column(content) == Some(column),
        };
        // Names ascend, numbers descend.
        let is_up = is_reverse != (cell == Cell::Name);
        if orders {
            let arrow = if is_up { '▲' } else { '▼' };
            title = if cell == Cell::Name { format!("{title} {arrow}") } else { format!("{arrow}{title}") };
        }
        let end = if cell == Cell::Name || cell == Cell::Bar { 0 } else { usize::from(width) };
        let shift = end.saturating_sub(width_of(&title)) as u16;
        let style = if orders { look.bold() } else { look.dim() };
        canvas.text(area.x + x + shift, area.y, &title, width, style);
    }
}

/// The rows.
pub fn rows(explorer: &Explorer, look: Look, area: Rect, canvas: &mut Canvas<'_>) {
    if let Some(note) = empty(explorer) {
        nothing(&note, look, area, canvas);
        return;
    }
    let Some(table) = &explorer.table else { return };
    let level = explorer.open().navigation.level();
    let content = &explorer.open().content;
    let columns = columns(area.width, content, explorer.is_compared(), explorer.is_exact);
    let largest = explorer.largest();
    for offset in 0..usize::from(area.height) {
        let at = level.top + offset;
        let Some(line) = explorer.line(at) else { break };
        let y = area.y + offset as u16;
        let row = Shown { explorer, table, line, largest, look };
        for &(cell, x, width) in &columns {
            let (text, style, is_left) = row.cell(cell, usize::from(width));
            let shift = if is_left { 0 } else { usize::from(width).saturating_sub(width_of(&text)) };
            canvas.text(area.x + x + shift as u16, y, &text, width, style);
            if cell == Cell::Name {
                underline(explorer, &text, area.x + x, y, width, look, canvas);
            }
        }
        if at == level.cursor {
            canvas.style(Rect::new(area.x, y, area.width, 1), look.reversed());
        }
    }
}

/// Says why there is nothing to see.
pub(super) fn nothing(note: &str, look: Look, area: Rect, canvas: &mut Canvas<'_>) {
    let lines = wrap(&for_terminal(note), 0, 0, usize::from(area.width.saturating_sub(4)).max(8));
    for (y, line) in (area.y.saturating_add(1)..area.bottom()).zip(lines) {
        canvas.text(area.x + 2, y, &line, area.width, look.dim());
    }
}

/// What to say where there are no rows.
pub(super) fn empty(explorer: &Explorer) -> Option<Cow<'static, str>> {
    if explorer.table.is_none() {
        return Some(explorer.why_no_rows().map_or("counting".into(), Cow::from));
    }
    if explorer.count() > 0 {
        return None;
    }
    Some(
        if explorer.is_busy() {
            "counting"
        } else if explorer.open().content.list() == Some(List::Duplicates) {
            "nothing is there more than once"
        } else if explorer.filter.is_some() || explorer.is_shipped {
            "nothing passes the filter: f changes it, p shows all bytes again"
        } else if explorer.open().content.is_changes() {
            "nothing changed"
        } else {
            "nothing here"
        }
        .into(),
    )
}

/// A line on the screen.
struct Shown<'a> {
    explorer: &'a Explorer,
    table: &'a Table,
    line: Line,
    /// Bytes of the largest line of the level.
    largest: u64,
    look: Look,
}

impl Shown<'_> {
    /// Text of a column, how it looks, and whether it starts on the left.
    fn cell(&self, cell: Cell, width: usize) -> (String, Style, bool) {
        let (explorer, look) = (self.explorer, self.look);
        let bytes = explorer.bytes_of(self.line);
        let measure = self.table.question.measure;
        match cell {
            Cell::Mark => {
                let has =
                    explorer.marks.has(&explorer.path_of(self.line)) && matches!(self.line, Line::Row(_));
                (if has { "*" } else { "" }.to_string(), look.bold(), true)
            }
            Cell::Size | Cell::Own => (self.size(bytes), look.plain(), false),
            Cell::Total => (self.number(Column::Total, "", true), look.plain(), false),
            Cell::Unique => (self.number(Column::Unique, "", true), look.dim(), false),
            Cell::Saved => (self.number(Column::Saved, "~", true), look.plain(), false),
            Cell::Copies => (self.number(Column::Copies, "", false), look.dim(), false),
            Cell::Sites => (self.number(Column::Sites, "", false), look.dim(), false),
            Cell::Delta => self.delta(),
            Cell::OfParent => {
                let level = explorer.open().navigation.level();
                let whole = measure.of(self.table.row(level.row).now.sizes);
                (percent(bytes, whole), look.plain(), false)
            }
            Cell::OfTotal => {
                let whole = measure.of(self.table.row(0).now.sizes);
                let bytes = if self.table.listed().is_some() { explorer.weight_of(self.line) } else { bytes };
                (percent(bytes, whole), look.dim(), false)
            }
            Cell::Bar => (bar(explorer.weight_of(self.line), self.largest, width), look.bar(), true),
            Cell::Count => {
                let count = match self.line {
                    Line::Row(row) => self.table.row(row).now.symbols,
                    Line::Leaf(leaf) => explorer.leaf(leaf).map_or(0, |(_, leaf)| u64::from(leaf.home)),
                };
                (if count == 0 { "-".to_string() } else { count.to_string() }, look.dim(), false)
            }
            Cell::Name => {
                let label = explorer.label(self.line);
                let name = for_terminal(&label);
                (shorten(&name, width).into_owned(), look.source(self.source()), true)
            }
        }
    }

    fn source(&self) -> Option<crate::model::Source> {
        // Only in dimensions of crates is a name without a source a bucket.
        let level = self.explorer.open().navigation.depth();
        let dim = self.table.question.dims().get(level);
        use crate::model::view::Dim;
        match dim {
            _ if self.table.listed().is_some() => self.explorer.source_of(self.line),
            Some(Dim::Crate | Dim::DefinedIn | Dim::InstantiatedBy) => self.explorer.source_of(self.line),
            _ => Some(crate::model::Source::Unknown),
        }
    }

    /// A further number of the row; blank where it has none.
    fn number(&self, column: Column, mark: &str, is_bytes: bool) -> String {
        let Line::Row(row) = self.line else { return String::new() };
        match self.table.number(row, column) {
            None => String::new(),
            Some(0) => "-".to_string(),
            Some(number) if is_bytes => {
                format!("{mark}{}", amount(number.unsigned_abs(), self.explorer.is_exact))
            }
            Some(number) => number.to_string(),
        }
    }

    fn size(&self, bytes: u64) -> String {
        if bytes == 0 && self.table.listed().is_some() {
            return "-".to_string();
        }
        let estimated = match self.line {
            Line::Row(row) => self.table.row(row).now.estimated,
            Line::Leaf(leaf) => self.explorer.leaf(leaf).filter(|(_, l)| l.estimated).map_or(0, |_| bytes),
        };
        let is_exact = self.explorer.is_exact;
        // Half a percent is the least that shows in rounded digits.
        let shows = estimated > 0 && (is_exact || estimated.saturating_mul(200) >= bytes);
        format!("{}{}", if shows { "~" } else { "" }, amount(bytes, is_exact))
    }

    fn delta(&self) -> (String, Style, bool) {
        let look = self.look;
        let Line::Row(row) = self.line else { return (String::new(), look.plain(), false) };
        let delta = self.table.delta(row);
        let was = self.table.was(row).map_or(0, |was| self.table.question.measure.of(was.sizes));
        let style = match delta {
            1.. => look.grown(),
            0 => look.dim(),
            _ => look.shrunk(),
        };
        let text = if self.explorer.is_exact {
            change(delta, crate::render::bytes)
        } else {
            // New and gone say more than the number again.
            match percent_change(delta, was).as_str() {
                word @ ("new" | "gone") => format!("{word} {}", change(delta, human).replace([' ', 'i'], "")),
                _ => change(delta, human),
            }
        };
        (text, style, false)
    }
}

/// Underlines what matches in a name.
fn underline(
    explorer: &Explorer,
    name: &str,
    x: u16,
    y: u16,
    width: u16,
    look: Look,
    canvas: &mut Canvas<'_>,
) {
    let Some(pattern) = &explorer.search.pattern else { return };
    for found in pattern.find_iter(name).filter(|m| !m.is_empty()).take(8) {
        let before = width_of(&name[..found.start()]) as u16;
        let len = width_of(found.as_str()) as u16;
        if before < width {
            canvas.style(Rect::new(x + before, y, len.min(width - before), 1), look.match_in_name());
        }
    }
}
