//! Boxes whose areas are proportional to sizes: the squarified treemap, in cells of a terminal.
//!
//! Bruls, Huizing, van Wijk: Squarified Treemaps, 2000. Knows no names and draws nothing.

use ratatui_core::layout::Rect;

/// How much taller than wide a cell is.
const TALL: f64 = 2.0;
/// Most boxes: more would not be told apart.
pub const MOST: usize = 400;

/// Divides `area` among `sizes`, which are in descending order.
///
/// Boxes are in the order of sizes. What is too small for a cell of its own has an empty
/// box, and there may be fewer boxes than sizes.
pub fn layout(area: Rect, sizes: &[u64]) -> Vec<Rect> {
    let mut boxes = Vec::new();
    let mut room = area;
    let mut rest: f64 = sizes.iter().map(|&s| s as f64).sum();
    let mut sizes: Vec<f64> = sizes.iter().take(MOST).take_while(|&&s| s > 0).map(|&s| s as f64).collect();
    sizes.reverse();
    while let Some(&next) = sizes.last() {
        let cells = f64::from(room.width) * f64::from(room.height);
        // A box under half a cell is none.
        if rest <= 0.0 || next / rest * cells < 0.5 || room.is_empty() {
            break;
        }
        let scale = cells * TALL / rest;
        let (width, height) = (f64::from(room.width), f64::from(room.height) * TALL);
        let side = width.min(height);
        let mut row: Vec<f64> = Vec::new();
        let mut sum = 0.0;
        while let Some(&size) = sizes.last() {
            if !row.is_empty() && worst(&row, sum, side, scale) < worst_with(&row, sum, size, side, scale) {
                break;
            }
            row.push(size);
            sum += size;
            sizes.pop();
        }
        let is_last = sizes.is_empty() && sum >= rest * 0.999_999;
        let share = if is_last { 1.0 } else { sum / rest };
        // Along the shorter side, so that boxes are near to squares.
        if width >= height {
            let thick = thickness(room.width, share);
            place(&row, sum, room.height, |at, len| {
                boxes.push(Rect { x: room.x, y: room.y + at, width: thick, height: len });
            });
            room.x += thick;
            room.width -= thick;
        } else {
            let thick = thickness(room.height, share);
            place(&row, sum, room.width, |at, len| {
                boxes.push(Rect { x: room.x + at, y: room.y, width: len, height: thick });
            });
            room.y += thick;
            room.height -= thick;
        }
        rest -= sum;
    }
    boxes
}

fn thickness(whole: u16, share: f64) -> u16 {
    ((f64::from(whole) * share).round() as u16).clamp(1, whole)
}

/// Cuts a line of `len` cells among sizes; borders are rounded, so lengths sum to the line.
fn place(row: &[f64], sum: f64, len: u16, mut put: impl FnMut(u16, u16)) {
    let mut so_far = 0.0;
    let mut at = 0u16;
    for size in row {
        so_far += size;
        let end = ((so_far / sum * f64::from(len)).round() as u16).min(len);
        put(at, end.saturating_sub(at));
        at = end.max(at);
    }
}

/// The worst aspect ratio of a row of boxes along `side`.
fn worst(row: &[f64], sum: f64, side: f64, scale: f64) -> f64 {
    let (first, last) = (row.first().copied().unwrap_or(1.0), row.last().copied().unwrap_or(1.0));
    ratio(first, last, sum, side, scale)
}

fn worst_with(row: &[f64], sum: f64, size: f64, side: f64, scale: f64) -> f64 {
    ratio(row.first().copied().unwrap_or(size), size, sum + size, side, scale)
}

fn ratio(largest: f64, smallest: f64, sum: f64, side: f64, scale: f64) -> f64 {
    let (largest, smallest, sum) = (largest * scale, smallest * scale, sum * scale);
    let squares = (side * side * largest) / (sum * sum);
    squares.max((sum * sum) / (side * side * smallest))
}

/// The box that lies next to `from` in a direction, the nearest to its middle.
pub fn neighbour(boxes: &[Rect], from: usize, across: i32, down: i32) -> Option<usize> {
    let middle =
        |r: &Rect| (i32::from(r.x) * 2 + i32::from(r.width), i32::from(r.y) * 2 + i32::from(r.height));
    let here = boxes.get(from)?;
    let (x, y) = middle(here);
    let lies_there = |r: &Rect| match (across, down) {
        (1.., _) => r.x >= here.right(),
        (..=-1, _) => r.right() <= here.x,
        (_, 1..) => r.y >= here.bottom(),
        _ => r.bottom() <= here.y,
    };
    let lies_there = |r: &Rect| !r.is_empty() && lies_there(r);
    let distance = |r: &Rect| {
        let (a, b) = middle(r);
        // Off the line of travel counts more than along it.
        let (along, off) =
            if across != 0 { ((a - x).abs(), (b - y).abs() * 2) } else { ((b - y).abs() * 2, (a - x).abs()) };
        along + off * 2
    };
    boxes.iter().enumerate().filter(|(_, r)| lies_there(r)).min_by_key(|(_, r)| distance(r)).map(|(i, _)| i)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every cell has at most one box, and every box lies in the area.
    fn check(area: Rect, sizes: &[u64]) -> Vec<Rect> {
        let boxes = layout(area, sizes);
        let mut taken = vec![false; usize::from(area.width) * usize::from(area.height)];
        for b in &boxes {
            assert!(b.is_empty() || area.contains((b.x, b.y).into()), "{b:?} of {area:?}");
            for (x, y) in (b.y..b.bottom()).flat_map(|y| (b.x..b.right()).map(move |x| (x, y))) {
                let index = usize::from(y - area.y) * usize::from(area.width) + usize::from(x - area.x);
                assert!(!std::mem::replace(&mut taken[index], true), "two boxes at {x},{y}");
            }
        }
        boxes
    }

    #[test]
    fn boxes_do_not_overlap_and_areas_are_proportional() {
        arbtest::arbtest(|u| {
            let area = Rect {
                x: u.int_in_range(0..=9)?,
                y: u.int_in_range(0..=9)?,
                width: u.int_in_range(0..=120)?,
                height: u.int_in_range(0..=60)?,
            };
            let mut sizes: Vec<u64> = u.arbitrary()?;
            sizes.truncate(64);
            sizes.sort_by(|a, b| b.cmp(a));
            check(area, &sizes);
            Ok(())
        });
        let area = Rect::new(0, 0, 100, 50);
        let boxes = check(area, &[50, 25, 25]);
        let cells: Vec<u32> = boxes.iter().map(|b| b.area()).collect();
        assert_eq!(cells, [2500, 1250, 1250]);
    }

    #[test]
    fn one_size_takes_all_and_none_takes_nothing() {
        let area = Rect::new(2, 3, 10, 4);
        assert_eq!(layout(area, &[7]), [area]);
        assert_eq!(layout(area, &[]), []);
        assert_eq!(layout(area, &[0, 0]), []);
        assert_eq!(layout(Rect::new(0, 0, 0, 4), &[7]), []);
    }

    #[test]
    fn neighbours_are_found_in_all_directions() {
        let boxes = [Rect::new(0, 0, 10, 10), Rect::new(10, 0, 10, 5), Rect::new(10, 5, 10, 5)];
        assert_eq!(neighbour(&boxes, 0, 1, 0), Some(1));
        assert_eq!(neighbour(&boxes, 1, 0, 1), Some(2));
        assert_eq!(neighbour(&boxes, 2, -1, 0), Some(0));
        assert_eq!(neighbour(&boxes, 2, 0, -1), Some(1));
        assert_eq!(neighbour(&boxes, 0, -1, 0), None);
    }
}
