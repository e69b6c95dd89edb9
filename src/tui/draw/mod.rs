//! The state as cells. Only reads.

mod bars;
mod body;
mod boxes;
mod help;
mod pane;

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::style::{Color, Modifier, Style};

pub use bars::crumbs;
pub use help::help_lines;

use super::app::{ABOVE, App, Chooser, Progress, Screen};
use crate::model::Source;
use crate::render::{for_terminal, human, shorten};

/// How the screen is to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Whether to colour. Nothing is said by colour alone.
    pub color: bool,
}

/// Colours are those of the terminal's own palette, and never white, black or a background,
/// so that they can be read on any.
impl Look {
    fn colored(self, color: Color) -> Style {
        if self.color { Style::new().fg(color) } else { Style::new() }
    }

    fn plain(self) -> Style {
        Style::new()
    }

    fn bold(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    fn dim(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    fn reversed(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    fn match_in_name(self) -> Style {
        Style::new().add_modifier(Modifier::UNDERLINED | Modifier::BOLD)
    }

    fn grown(self) -> Style {
        self.colored(Color::Red)
    }

    fn shrunk(self) -> Style {
        self.colored(Color::Green)
    }

    fn error(self) -> Style {
        self.colored(Color::Red).add_modifier(Modifier::BOLD)
    }

    fn bar(self) -> Style {
        self.colored(Color::Cyan)
    }

    fn source(self, source: Option<Source>) -> Style {
        match source {
            Some(Source::Workspace | Source::Path) => self.colored(Color::Magenta),
            Some(Source::Std) => self.colored(Color::Blue),
            Some(Source::C) => self.colored(Color::Cyan),
            Some(Source::Registry | Source::Git | Source::Unknown) => self.plain(),
            None => self.dim(),
        }
    }
}

/// Draws everything.
pub fn draw(app: &App, look: Look, buffer: &mut Buffer) {
    // The terminal may have another size than the last event said.
    let area = *buffer.area();
    let mut canvas = Canvas { buffer, area };
    match &app.screen {
        Screen::Choosing(chooser) => choosing(chooser, look, &mut canvas),
        Screen::Loading(progress) => loading(app, progress, look, &mut canvas),
        Screen::Explorer(explorer) => {
            let areas = explorer.areas();
            bars::title(explorer, look, areas.title, &mut canvas);
            bars::tabs(explorer, look, areas.tabs, &mut canvas);
            bars::path(explorer, look, areas.crumbs, &mut canvas);
            if explorer.shows_boxes() {
                boxes::heading(explorer, look, areas.header, &mut canvas);
                boxes::boxes(explorer, look, areas.body, &mut canvas);
            } else {
                body::header(explorer, look, areas.header, &mut canvas);
                body::rows(explorer, look, areas.body, &mut canvas);
            }
            if let Some(area) = areas.details {
                pane::details(explorer, look, area, &mut canvas);
            }
            bars::status(explorer, app.beat, look, areas.status, &mut canvas);
            bars::hints(explorer, look, areas.hints, &mut canvas);
            if let Some(top) = explorer.help {
                help::help(top, look, &mut canvas);
            }
        }
    }
}

/// Cells to draw on. What lies outside is not drawn.
pub(super) struct Canvas<'b> {
    buffer: &'b mut Buffer,
    area: Rect,
}

impl Canvas<'_> {
    /// Writes text in one line, at most `width` cells of it; says where it ends.
    pub fn text(&mut self, x: u16, y: u16, text: &str, width: u16, style: Style) -> u16 {
        if y >= self.area.height || x >= self.area.width {
            return x;
        }
        let width = width.min(self.area.width - x);
        self.buffer.set_stringn(x, y, text, usize::from(width), style).0
    }

    /// Adds to the style of an area.
    pub fn style(&mut self, area: Rect, style: Style) {
        self.buffer.set_style(area.intersection(self.area), style);
    }

    /// Fills an area with blanks.
    pub fn clear(&mut self, area: Rect) {
        let area = area.intersection(self.area);
        for y in area.y..area.bottom() {
            for x in area.x..area.right() {
                if let Some(cell) = self.buffer.cell_mut((x, y)) {
                    cell.reset();
                }
            }
        }
    }
}

/// Dots that turn while something is under way.
pub(super) fn spinner(beat: usize) -> char {
    const DOTS: [char; 4] = ['-', '\\', '|', '/'];
    DOTS[beat % DOTS.len()]
}

/// The files to choose from.
fn choosing(chooser: &Chooser, look: Look, canvas: &mut Canvas<'_>) {
    let area = canvas.area;
    canvas.text(0, 0, "bloat", area.width, look.bold());
    canvas.text(6, 0, "several files were built", area.width, look.plain());
    canvas.text(2, ABOVE - 1, "size", area.width, look.dim());
    let top = chooser.top;
    let room = usize::from(area.height.saturating_sub(ABOVE + 1));
    for (offset, subject) in chooser.subjects.iter().skip(top).take(room).enumerate() {
        let y = ABOVE + offset as u16;
        let line = format!("{:>9}  {}  {}", human(subject.size), subject.what, subject.path);
        let line = shorten(&for_terminal(&line), usize::from(area.width.saturating_sub(2))).into_owned();
        canvas.text(2, y, &line, area.width, look.plain());
        if top + offset == chooser.cursor {
            canvas.style(Rect::new(0, y, area.width, 1), look.reversed());
        }
    }
    let end = canvas.text(0, area.height.saturating_sub(1), " Enter ", area.width, look.reversed());
    let end = canvas.text(end, area.height.saturating_sub(1), " open  ", area.width, look.plain());
    canvas.text(end, area.height.saturating_sub(1), " q ", area.width, look.reversed());
    canvas.text(end + 3, area.height.saturating_sub(1), " quit", area.width, look.plain());
}

/// The screen while the file is analysed.
fn loading(app: &App, progress: &Progress, look: Look, canvas: &mut Canvas<'_>) {
    let area = canvas.area;
    canvas.text(0, 0, "bloat", area.width, look.bold());
    canvas.text(6, 0, &for_terminal(&app.path), area.width, look.plain());
    let time = progress.elapsed.as_secs_f64();
    let beat = progress.elapsed.as_millis() as usize / 100;
    canvas.text(2, 2, &format!("{} analysing, {time:.1} s", spinner(beat)), area.width, look.plain());
    let room = usize::from(area.height.saturating_sub(6));
    let hidden = progress.done.len().saturating_sub(room);
    for (index, (name, took)) in progress.done.iter().skip(hidden).enumerate() {
        let line = format!("{:>8.0} ms  {name}", took.as_secs_f64() * 1000.0);
        canvas.text(2, 4 + index as u16, &line, area.width, look.dim());
    }
    canvas.text(0, area.height.saturating_sub(1), " q quit ", area.width, look.reversed());
}

/// Bytes as they are to look.
pub(super) fn amount(bytes: u64, is_exact: bool) -> String {
    if is_exact { crate::render::bytes(bytes) } else { human(bytes) }
}
