//! The details of a row.

use ratatui_core::layout::Rect;

use super::{Canvas, Look};
use crate::render::{cut, for_terminal, wrap};
use crate::tui::app::Explorer;
use crate::tui::details::{Claims, Entry};

/// Cells of the names of facts.
const NAMES: usize = 16;

/// What is known of the selected row.
pub fn details(explorer: &Explorer, look: Look, area: Rect, canvas: &mut Canvas<'_>) {
    let rule = "─".repeat(usize::from(area.width));
    canvas.text(area.x, area.y, &rule, area.width, look.dim());
    canvas.text(area.x + 1, area.y, " details ", area.width, look.bold());
    let Some(details) = &explorer.details else {
        canvas.text(area.x + 1, area.y + 1, "looking", area.width, look.dim());
        return;
    };
    let width = usize::from(area.width.saturating_sub(1));
    let mut lines: Vec<(String, ratatui_core::style::Style)> = Vec::new();
    for entry in &details.entries {
        match entry {
            Entry::Heading(text) => {
                lines.push((String::new(), look.plain()));
                lines.push((text.to_string(), look.bold()));
            }
            Entry::Fact(name, value) => {
                let value = for_terminal(value);
                let room = width.saturating_sub(NAMES).max(8);
                for (index, part) in wrap(&value, 0, 0, room).into_iter().enumerate() {
                    let name = if index == 0 { name } else { "" };
                    lines.push((format!("{name:<NAMES$}{part}"), look.plain()));
                }
            }
            Entry::Line(text) => lines.push((cut(&for_terminal(text), width).into_owned(), look.plain())),
        }
    }
    if details.claims == Claims::Askable {
        lines.push((String::new(), look.plain()));
        lines.push(("c shows every claim on this place".to_string(), look.dim()));
    }
    let height = usize::from(area.height.saturating_sub(1));
    let top = explorer.details_top.min(lines.len().saturating_sub(height));
    if lines.len() > height {
        let note = format!(" {}-{} of {} (J, K) ", top + 1, (top + height).min(lines.len()), lines.len());
        let x = area.right().saturating_sub(note.len() as u16 + 1);
        canvas.text(x, area.y, &note, area.width, look.dim());
    }
    for (offset, (text, style)) in lines.iter().skip(top).take(height).enumerate() {
        let y = area.y + 1 + offset as u16;
        canvas.text(area.x + 1, y, text, area.width.saturating_sub(1), *style);
    }
}
