//! What the mouse does: press selects, a second press opens, the right button goes back.

use std::time::Duration;

use ratatui_core::layout::Position;
use ratatui_crossterm::crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

use super::explorer::{Explorer, Line};
use crate::tui::jobs::Order;
use crate::tui::{draw, layout, treemap};

/// Longest time between two presses that are one double press.
const DOUBLE: Duration = Duration::from_millis(400);
/// Lines that one notch of the wheel moves.
const NOTCH: usize = 3;

impl Explorer {
    pub(super) fn mouse(&mut self, event: MouseEvent, at: Duration) {
        if self.prompt.is_some() {
            return;
        }
        let place = Position { x: event.column, y: event.row };
        let areas = self.areas();
        let in_details = areas.details.is_some_and(|d| d.contains(place));
        match event.kind {
            MouseEventKind::ScrollDown | MouseEventKind::ScrollUp => {
                let is_down = event.kind == MouseEventKind::ScrollDown;
                let moved = |from: usize| if is_down { from + NOTCH } else { from.saturating_sub(NOTCH) };
                match self.help {
                    Some(top) => {
                        self.help = Some(moved(top).min(draw::help_lines(usize::from(self.size.0)).len()))
                    }
                    None if in_details => self.details_top = moved(self.details_top),
                    None => self.select(moved(self.open().navigation.level().cursor)),
                }
            }
            MouseEventKind::Down(MouseButton::Right) if self.help.is_some() => self.help = None,
            MouseEventKind::Down(MouseButton::Right) => {
                self.leave();
            }
            MouseEventKind::Down(MouseButton::Left) => {
                self.message = None;
                if self.help.take().is_some() {
                    return;
                }
                let is_double = self.pressed.is_some_and(|(then, x, y)| {
                    at.saturating_sub(then) <= DOUBLE && (x, y) == (place.x, place.y)
                });
                self.pressed = (!is_double).then_some((at, place.x, place.y));
                self.press(place, is_double);
            }
            _ => {}
        }
    }

    fn press(&mut self, place: Position, is_double: bool) {
        let areas = self.areas();
        if areas.tabs.contains(place) {
            let tabs = layout::tabs(&self.titles(), self.tab, areas.tabs.width);
            let hit = tabs
                .iter()
                .rev()
                .find(|(_, x, text)| *x <= place.x && usize::from(place.x) < usize::from(*x) + text.len());
            if let Some(&(tab, ..)) = hit {
                self.open_tab(tab);
            }
        } else if areas.crumbs.contains(place) {
            let crumbs = draw::crumbs(self, usize::from(areas.crumbs.width));
            let hit = crumbs.iter().rev().find(|c| c.x <= usize::from(place.x));
            if let Some(crumb) = hit {
                self.leave_to(crumb.depth);
            }
        } else if areas.header.contains(place) {
            let content = &self.open().content;
            let columns = layout::columns(areas.header.width, content, self.is_compared(), self.is_exact);
            let hit = columns.iter().rev().find(|(_, x, _)| *x <= place.x);
            if let Some(column) = hit.and_then(|(cell, ..)| cell.column(content)) {
                let order = self.open().order;
                let is_reverse = order.column == column && !order.is_reverse;
                self.order_by(Order { column, is_reverse });
            }
        } else if areas.body.contains(place) {
            let line = if self.shows_boxes() { self.box_at(place) } else { self.line_at(place) };
            if let Some(line) = line {
                self.select_line(line);
                if is_double {
                    self.enter();
                }
            }
        }
    }

    fn line_at(&self, place: Position) -> Option<Line> {
        let top = self.open().navigation.level().top;
        self.line(top + usize::from(place.y - self.areas().body.y))
    }

    fn box_at(&self, place: Position) -> Option<Line> {
        let lines = self.boxes();
        let sizes: Vec<u64> = lines.iter().map(|&l| self.weight_of(l)).collect();
        let boxes = treemap::layout(self.areas().body, &sizes);
        lines.iter().zip(boxes).find(|(_, b)| b.contains(place)).map(|(&line, _)| line)
    }
}
