//! The help: the keymap as a page.

use ratatui_core::layout::Rect;

use super::{Canvas, Look};
use crate::render::wrap;
use crate::tui::keymap::{Binding, KEYS};

/// Cells of the names of keys.
const NAMES: usize = 18;

/// What a line of the help is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HelpLine {
    /// A heading.
    Heading(&'static str),
    /// Keys and what they do, or one line more of that.
    Keys(String, String),
    /// Nothing.
    Blank,
}

/// The keys of a binding as they are written.
pub fn names(binding: &Binding) -> String {
    let names: Vec<String> = binding.keys.iter().map(|key| key.name()).collect();
    names.join(", ")
}

/// The whole help, for a screen of that width.
pub fn help_lines(width: usize) -> Vec<HelpLine> {
    let room = width.saturating_sub(NAMES + 4).max(10);
    let mut lines = Vec::new();
    for (heading, bindings) in KEYS {
        if !lines.is_empty() {
            lines.push(HelpLine::Blank);
        }
        lines.push(HelpLine::Heading(heading));
        for binding in bindings {
            for (index, part) in wrap(binding.help, 0, 0, room).into_iter().enumerate() {
                let keys = if index == 0 { names(binding) } else { String::new() };
                lines.push(HelpLine::Keys(keys, part));
            }
        }
    }
    lines.push(HelpLine::Blank);
    lines.push(HelpLine::Heading("Mouse"));
    let mouse = [
        ("click", "select a row, a box, a view, a part of the path; order by a column"),
        ("double click", "into the group"),
        ("right click", "out of the group"),
        ("wheel", "move"),
    ];
    for (what, does) in mouse {
        for (index, part) in wrap(does, 0, 0, room).into_iter().enumerate() {
            lines.push(HelpLine::Keys(if index == 0 { what } else { "" }.to_string(), part));
        }
    }
    lines
}

/// The help over everything else, from line `top` on.
pub(super) fn help(top: usize, look: Look, canvas: &mut Canvas<'_>) {
    let area = canvas.area;
    let page = Rect { x: 0, y: 1.min(area.height), width: area.width, height: area.height.saturating_sub(2) };
    canvas.clear(page);
    let lines = help_lines(usize::from(area.width));
    let height = usize::from(page.height.saturating_sub(1));
    let title = if lines.len() > height {
        let last = (top + height).min(lines.len());
        format!(" Keys, {}-{last} of {}: arrows scroll, ? closes ", top + 1, lines.len())
    } else {
        " Keys: ? closes ".to_string()
    };
    canvas.text(0, page.y, &" ".repeat(usize::from(page.width)), page.width, look.reversed());
    canvas.text(1, page.y, &title, page.width, look.reversed());
    for (offset, line) in lines.iter().skip(top).take(height).enumerate() {
        let y = page.y + 1 + offset as u16;
        match line {
            HelpLine::Blank => {}
            HelpLine::Heading(text) => {
                canvas.text(1, y, text, page.width, look.bold());
            }
            HelpLine::Keys(keys, does) => {
                canvas.text(3, y, keys, NAMES as u16, look.plain());
                canvas.text(3 + NAMES as u16, y, does, page.width, look.plain());
            }
        }
    }
}
