//! Where things are on the screen: one answer for drawing and for the mouse.

use ratatui_core::layout::Rect;

use super::jobs::Column;
use super::views::{Content, List};

/// The parts of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Areas {
    /// What is explored.
    pub title: Rect,
    /// The views.
    pub tabs: Rect,
    /// Where one is.
    pub crumbs: Rect,
    /// Titles of columns.
    pub header: Rect,
    /// Rows, or boxes.
    pub body: Rect,
    /// Details, if they are open and there is room.
    pub details: Option<Rect>,
    /// What happened, or what is typed.
    pub status: Rect,
    /// What keys do.
    pub hints: Rect,
}

/// Width from which on details are beside the rows, not below.
const WIDE: u16 = 110;

/// Divides the screen. All parts are empty where there is no room.
pub fn areas(width: u16, height: u16, has_details: bool) -> Areas {
    let line = |y: u16| if y < height { Rect::new(0, y, width, 1) } else { Rect::default() };
    // From the edges inwards: rows get what is left.
    let above = 4.min(height);
    let below = 2.min(height - above);
    let mut middle = Rect::new(0, above, width, height - above - below);
    let mut header = if height > above { line(3) } else { Rect::default() };
    let mut details = None;
    if has_details && width >= WIDE && middle.height >= 2 {
        let right = (width * 45 / 100).min(120);
        details = Some(Rect::new(width - right, header.y, right, middle.height + 1));
        middle.width = width - right - 1;
        header.width = middle.width;
    } else if has_details && middle.height >= 6 {
        let part = middle.height / 2;
        details = Some(Rect::new(0, middle.bottom() - part, width, part));
        middle.height -= part;
    }
    Areas {
        title: line(0),
        tabs: line(1),
        crumbs: line(2),
        header,
        body: middle,
        details,
        status: if below > 1 { line(height - 2) } else { Rect::default() },
        hints: if below > 0 { line(height - 1) } else { Rect::default() },
    }
}

/// What a column of the list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    /// Whether the row is marked.
    Mark,
    /// Bytes.
    Size,
    /// Bytes without those of what is needed.
    Own,
    /// Bytes with all that is needed, or with all that is inlined.
    Total,
    /// Bytes that would be gone.
    Unique,
    /// Bytes that sharing would save.
    Saved,
    /// Copies.
    Copies,
    /// Calls that were inlined.
    Sites,
    /// Change in bytes.
    Delta,
    /// Part of the level.
    OfParent,
    /// Part of all that is shown.
    OfTotal,
    /// The first of the two as a bar.
    Bar,
    /// Symbols.
    Count,
    /// Name: all that is left.
    Name,
}

impl Cell {
    /// What is above the column.
    pub fn title(self, is_memory: bool) -> &'static str {
        match self {
            Cell::Mark | Cell::Bar => "",
            Cell::Size if is_memory => "memory",
            Cell::Size => "size",
            Cell::Own => "self",
            Cell::Total => "total",
            Cell::Unique => "unique",
            Cell::Saved => "saves",
            Cell::Copies => "copies",
            Cell::Sites => "sites",
            Cell::Delta => "change",
            Cell::OfParent => "% here",
            Cell::OfTotal => "% all",
            Cell::Count => "symbols",
            Cell::Name => "name",
        }
    }

    /// What it shows of what rows can be ordered by; parts and bars are of what their view is about.
    pub fn column(self, content: &Content) -> Option<Column> {
        match self {
            Cell::OfParent | Cell::OfTotal | Cell::Bar => Some(content.natural()),
            Cell::Size | Cell::Own => Some(Column::Size),
            Cell::Total => Some(Column::Total),
            Cell::Unique => Some(Column::Unique),
            Cell::Saved => Some(Column::Saved),
            Cell::Copies => Some(Column::Copies),
            Cell::Sites => Some(Column::Sites),
            Cell::Delta => Some(Column::Delta),
            Cell::Count => Some(Column::Count),
            Cell::Name => Some(Column::Name),
            Cell::Mark => None,
        }
    }
}

/// The columns that fit, each with its first cell and its width.
pub fn columns(width: u16, content: &Content, is_compared: bool, is_exact: bool) -> Vec<(Cell, u16, u16)> {
    let size = if is_exact { 14 } else { 9 };
    let bar = (width / 8).clamp(6, 30);
    // From which width on there is room for each.
    let all: &[(Cell, u16, u16)] = match content {
        Content::List(List::Tree) => &[
            (Cell::Own, size, 0),
            (Cell::Total, size, 30),
            (Cell::Unique, size, if is_exact { 70 } else { 54 }),
            (Cell::OfTotal, 6, 76),
            (Cell::Bar, bar, 84),
        ],
        Content::List(List::Duplicates) => {
            &[(Cell::Size, size, 0), (Cell::Saved, size + 1, 30), (Cell::Copies, 7, 50), (Cell::Bar, bar, 70)]
        }
        _ if content.has_inlining(is_compared) => &[
            (Cell::Mark, 1, 0),
            (Cell::Size, size, 0),
            (Cell::Total, size, 40),
            (Cell::OfParent, 6, 50),
            (Cell::OfTotal, 6, 90),
            (Cell::Bar, bar, 70),
            (Cell::Sites, 6, 60),
        ],
        _ if is_compared => &[
            (Cell::Mark, 1, 0),
            (Cell::Size, size, 0),
            (Cell::Delta, size + 1, 0),
            (Cell::OfParent, 6, 40),
            (Cell::OfTotal, 6, 76),
            (Cell::Bar, bar, 84),
            (Cell::Count, 8, 66),
        ],
        _ => &[
            (Cell::Mark, 1, 0),
            (Cell::Size, size, 0),
            (Cell::OfParent, 6, 40),
            (Cell::OfTotal, 6, 76),
            (Cell::Bar, bar, 50),
            (Cell::Count, 8, 66),
        ],
    };
    let mut x = 0;
    let mut found = Vec::new();
    for &(cell, wide, from) in all {
        if width >= from {
            found.push((cell, x, wide));
            x += wide + 1;
        }
    }
    // The mark is beside what it marks.
    x += 1;
    found.push((Cell::Name, x.min(width), width.saturating_sub(x)));
    found
}

/// Titles of tabs, each behind the key that opens it, with the cells they take; without room all but the open one
/// are shortened, then left out.
pub fn tabs(titles: &[(char, &str)], open: usize, width: u16) -> Vec<(usize, u16, String)> {
    /// Letters that titles are shortened to, in turn.
    const SHORT: [usize; 7] = [usize::MAX, 7, 6, 5, 4, 3, 0];
    let label = |index: usize, letters: usize| {
        let (key, title) = titles[index];
        match title.chars().take(letters).collect::<String>() {
            title if title.is_empty() => format!(" {key} "),
            title => format!(" {key} {title} "),
        }
    };
    let lay = |letters: usize| {
        let mut x = 0;
        let mut all = Vec::new();
        for index in 0..titles.len() {
            let text = label(index, if index == open { usize::MAX } else { letters });
            let start = x;
            x += text.len();
            all.push((index, start as u16, text));
        }
        (all, x)
    };
    let mut tried = SHORT.into_iter().map(lay);
    let fits = tried.find(|(_, end)| *end <= usize::from(width));
    fits.unwrap_or_else(|| lay(0)).0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::views::VIEWS;

    #[test]
    fn parts_lie_side_by_side_in_any_size() {
        for (width, height) in (0..=250).step_by(7).flat_map(|w| (0..=80).map(move |h| (w, h))) {
            for has_details in [false, true] {
                let a = areas(width, height, has_details);
                let screen = Rect::new(0, 0, width, height);
                let parts = [a.title, a.tabs, a.crumbs, a.header, a.body, a.status, a.hints];
                let mut cells = 0;
                for part in parts.into_iter().chain(a.details) {
                    assert!(part.is_empty() || part == part.intersection(screen), "{part:?}");
                    cells += part.area();
                }
                // One column of air beside details.
                assert!(cells <= screen.area(), "{width}x{height}");
            }
        }
        let small = areas(60, 15, true);
        assert!(small.body.height >= 4 && small.details.is_some_and(|d| d.height >= 4), "{small:?}");
    }

    #[test]
    fn columns_leave_room_for_names() {
        for width in 20..=250 {
            for (view, is_compared) in VIEWS.iter().flat_map(|view| [(view, false), (view, true)]) {
                let content = &view.content;
                let all = columns(width, content, content.is_compared(is_compared), false);
                let (last, x, room) = *all.last().unwrap();
                assert_eq!((last, x + room), (Cell::Name, width.max(x)));
                if width >= 60 {
                    assert!(room >= 20, "{room} of {width} in {}", view.title);
                }
                let exact = columns(width, content, content.is_compared(is_compared), true);
                assert!(width < 60 || exact.last().unwrap().2 >= 8, "{width} in {}", view.title);
            }
        }
    }

    #[test]
    fn tabs_lose_their_names_before_they_are_cut() {
        let titles = [('1', "Crates"), ('2', "Symbols"), ('T', "Sections")];
        let texts = |width| -> Vec<String> { tabs(&titles, 1, width).into_iter().map(|t| t.2).collect() };
        assert_eq!(texts(80), [" 1 Crates ", " 2 Symbols ", " T Sections "]);
        assert_eq!(texts(30), [" 1 Crate ", " 2 Symbols ", " T Secti "]);
        assert_eq!(texts(20), [" 1 ", " 2 Symbols ", " T "]);
        assert_eq!(texts(5), texts(20));
    }
}
