//! Where things are on the screen: one answer for drawing and for the mouse.

use ratatui_core::layout::Rect;

use super::jobs::Column;

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
            Cell::Delta => "change",
            Cell::OfParent => "% here",
            Cell::OfTotal => "% all",
            Cell::Count => "symbols",
            Cell::Name => "name",
        }
    }

    /// What rows can be ordered by with it.
    pub fn column(self) -> Option<Column> {
        match self {
            Cell::Size | Cell::OfParent | Cell::OfTotal | Cell::Bar => Some(Column::Size),
            Cell::Delta => Some(Column::Delta),
            Cell::Count => Some(Column::Count),
            Cell::Name => Some(Column::Name),
            Cell::Mark => None,
        }
    }
}

/// The columns that fit, each with its first cell and its width.
pub fn columns(width: u16, is_compared: bool, is_exact: bool) -> Vec<(Cell, u16, u16)> {
    let size = if is_exact { 14 } else { 9 };
    let delta = if is_compared { size + 1 } else { 0 };
    let bar = (width / 8).clamp(6, 30);
    // From which width on there is room for each.
    let all = [
        (Cell::Mark, 1, 0),
        (Cell::Size, size, 0),
        (Cell::Delta, delta, 0),
        (Cell::OfParent, 6, 40),
        (Cell::OfTotal, 6, 76),
        (Cell::Bar, bar, if is_compared { 84 } else { 50 }),
        (Cell::Count, 8, 66),
    ];
    let mut x = 0;
    let mut found = Vec::new();
    for (cell, wide, from) in all {
        if wide > 0 && width >= from {
            found.push((cell, x, wide));
            x += wide + 1;
        }
    }
    // The mark is beside what it marks.
    x += 1;
    found.push((Cell::Name, x.min(width), width.saturating_sub(x)));
    found
}

/// Titles of tabs with the cells they take; without room all but the open one are shortened, then left out.
pub fn tabs(titles: &[&str], open: usize, width: u16) -> Vec<(usize, u16, String)> {
    /// Letters that titles are shortened to, in turn.
    const SHORT: [usize; 7] = [usize::MAX, 7, 6, 5, 4, 3, 0];
    let label = |index: usize, letters: usize| {
        // The digit that opens it; behind the tenth there are none.
        let digit = if index < 10 { char::from(b'0' + ((index + 1) % 10) as u8) } else { '+' };
        match titles[index].chars().take(letters).collect::<String>() {
            title if title.is_empty() => format!(" {digit} "),
            title => format!(" {digit} {title} "),
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
            for is_compared in [false, true] {
                let all = columns(width, is_compared, false);
                let (last, x, room) = *all.last().unwrap();
                assert_eq!((last, x + room), (Cell::Name, width.max(x)));
                if width >= 60 {
                    assert!(room >= 20, "{room} of {width}");
                }
            }
        }
    }

    #[test]
    fn tabs_lose_their_names_before_they_are_cut() {
        let titles = ["Crates", "Symbols", "Sections"];
        let texts = |width| -> Vec<String> { tabs(&titles, 1, width).into_iter().map(|t| t.2).collect() };
        assert_eq!(texts(80), [" 1 Crates ", " 2 Symbols ", " 3 Sections "]);
        assert_eq!(texts(30), [" 1 Crate ", " 2 Symbols ", " 3 Secti "]);
        assert_eq!(texts(20), [" 1 ", " 2 Symbols ", " 3 "]);
        assert_eq!(texts(5), texts(20));
    }
}
