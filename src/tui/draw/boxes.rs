//! The level as a treemap: areas are bytes, and every box has its name and size where they fit.

use ratatui_core::layout::Rect;
use ratatui_core::style::Color;

use super::{Canvas, Look, amount};
use crate::render::{change, for_terminal, human, percent, shorten};
use crate::tui::app::{Explorer, Line};
use crate::tui::treemap::{MOST, layout};

/// Fewest cells in which a name says anything.
const NAME: u16 = 5;

/// What the areas mean, and what the selected box is.
pub fn heading(explorer: &Explorer, look: Look, area: Rect, canvas: &mut Canvas<'_>) {
    let Some(line) = explorer.selected() else { return };
    let Some(table) = &explorer.table else { return };
    let whole = table.question.measure.of(table.row(explorer.open().navigation.level().row).now.sizes);
    let bytes = explorer.bytes_of(line);
    let mut text = format!("{}, {} here: ", amount(bytes, explorer.is_exact), percent(bytes, whole));
    if let Line::Row(row) = line
        && explorer.is_compared()
    {
        text = format!("{}, {}", change(table.delta(row), human), text);
    }
    let end = canvas.text(area.x + 1, area.y, &text, area.width, look.bold());
    let room = usize::from(area.right().saturating_sub(end));
    let name = explorer.label(line);
    canvas.text(end, area.y, &shorten(&for_terminal(&name), room), area.width, look.plain());
}

/// The boxes.
pub fn boxes(explorer: &Explorer, look: Look, area: Rect, canvas: &mut Canvas<'_>) {
    let lines = explorer.boxes();
    let sizes: Vec<u64> = lines.iter().map(|&line| explorer.weight_of(line)).collect();
    let boxes = layout(area, &sizes);
    let selected = explorer.selected();
    if boxes.iter().all(|b| b.is_empty()) {
        let note = super::body::empty(explorer).unwrap_or("nothing here has bytes".into());
        super::body::nothing(&note, look, area, canvas);
        return;
    }
    for (index, (&line, place)) in lines.iter().zip(&boxes).enumerate() {
        if !place.is_empty() {
            one(explorer, line, *place, index, Some(line) == selected, look, canvas);
        }
    }
    let without = explorer.count() - boxes.iter().filter(|b| !b.is_empty()).count();
    if without > 0 && explorer.count() > MOST && area.height > 0 {
        let note = format!(" and {without} too small to show ");
        let x = area.right().saturating_sub(note.len() as u16);
        canvas.text(x, area.bottom() - 1, &note, area.width, look.dim());
    }
}

fn one(
    explorer: &Explorer,
    line: Line,
    place: Rect,
    index: usize,
    is_selected: bool,
    look: Look,
    canvas: &mut Canvas<'_>,
) {
    // Neighbours differ in colour; what they are is written, and lines divide them.
    const COLORS: [Color; 5] = [Color::Cyan, Color::Magenta, Color::Blue, Color::Green, Color::Yellow];
    let delta = match (line, &explorer.table) {
        (Line::Row(row), Some(table)) if table.question.content.is_changes() => Some(table.delta(row)),
        _ => None,
    };
    let style = match delta {
        Some(0) => look.plain(),
        Some(1..) => look.grown(),
        Some(_) => look.shrunk(),
        None => look.colored(COLORS[index % COLORS.len()]),
    };
    frame(place, delta.is_some_and(|delta| delta < 0), style, canvas);
    let is_marked = matches!(line, Line::Row(_)) && explorer.marks.has(&explorer.path_of(line));
    let inner = Rect {
        x: place.x + 1,
        y: place.y + 1,
        width: place.width.saturating_sub(2),
        height: place.height.saturating_sub(2),
    };
    let label = explorer.label(line);
    let mark = if is_marked { "*" } else { "" };
    let name = format!("{mark}{}", for_terminal(&label));
    if inner.height == 0 && place.width >= NAME {
        // No room inside: the name stands in the line above.
        let room = usize::from(place.width);
        canvas.text(place.x, place.y, &shorten(&name, room), place.width, style);
    } else if inner.height > 0 && inner.width >= NAME {
        let room = usize::from(inner.width);
        canvas.text(inner.x, inner.y, &shorten(&name, room), inner.width, look.plain());
        if inner.height > 1 {
            // Where areas are changes, so is the number.
            let size = match delta {
                Some(delta) => change(delta, |bytes| amount(bytes, explorer.is_exact)),
                None => amount(explorer.bytes_of(line), explorer.is_exact),
            };
            canvas.text(inner.x, inner.y + 1, &shorten(&size, room), inner.width, look.dim());
        }
    }
    if is_selected {
        canvas.style(place, look.reversed());
    }
}

/// A line around a box; broken if it shrank, as there may be no room for a sign.
fn frame(place: Rect, is_broken: bool, style: ratatui_core::style::Style, canvas: &mut Canvas<'_>) {
    let (dot, across, down) = if is_broken { ("-", "╌", "╎") } else { ("·", "─", "│") };
    if place.width < 2 || place.height < 2 {
        for y in place.y..place.bottom() {
            canvas.text(place.x, y, &dot.repeat(usize::from(place.width)), place.width, style);
        }
        return;
    }
    let across = across.repeat(usize::from(place.width) - 2);
    canvas.text(place.x, place.y, &format!("┌{across}┐"), place.width, style);
    canvas.text(place.x, place.bottom() - 1, &format!("└{across}┘"), place.width, style);
    for y in place.y + 1..place.bottom() - 1 {
        canvas.text(place.x, y, down, 1, style);
        canvas.text(place.right() - 1, y, down, 1, style);
    }
}
