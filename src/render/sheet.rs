//! Lines of text that fit: tables, bars, names cut in the middle, sentences.
//!
//! Knows no report.

use std::borrow::Cow;
use std::io::{self, Write};

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::escape::for_terminal;
use super::size;

/// How text is to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether to colour.
    pub color: bool,
    /// Columns to fit into; `None` keeps names whole.
    pub width: Option<usize>,
    /// Exact integers instead of rounded units.
    pub exact: bool,
}

impl Style {
    pub(super) fn bytes(&self, bytes: u64) -> String {
        if self.exact { size::bytes(bytes) } else { size::human(bytes) }
    }

    pub(super) fn paint(&self, code: &str, text: &str) -> String {
        if self.color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_string() }
    }

    pub(super) fn bold(&self, text: &str) -> String {
        self.paint("1", text)
    }

    /// Columns that a line may have.
    pub(super) fn limit(&self) -> usize {
        self.width.map_or(usize::MAX, |width| width.max(NARROW))
    }
}

/// Narrowest terminal that text is laid out for.
pub(super) const NARROW: usize = 40;
/// Width of bars where there is room for them.
pub(super) const BAR: usize = 16;
/// Width from which on there is room for bars.
pub(super) const WIDE: usize = 100;
/// Columns between two columns of a table.
const GAP: usize = 2;
/// Width that names are worth more than optional columns up to.
const READABLE: usize = 26;

/// A table under construction: all but the last column are numbers, the last is a name.
pub(super) struct Sheet {
    header: Vec<String>,
    pub rows: Vec<Vec<String>>,
    /// Which row is a total, set off from the others.
    pub footer: Option<Vec<String>>,
    /// The columns to show in front of the name.
    columns: Vec<usize>,
    /// Titles of columns that go before names are cut, in this order.
    optional: &'static [&'static str],
}

impl Sheet {
    pub fn new<const N: usize>(header: [&str; N], optional: &'static [&'static str]) -> Sheet {
        let header = header.map(String::from).to_vec();
        Sheet { header, rows: Vec::new(), footer: None, columns: (0..N - 1).collect(), optional }
    }

    /// Takes out a column; the bar has no title.
    pub fn hide(&mut self, title: &str) {
        self.columns.retain(|&c| self.header[c] != title);
    }

    /// Takes out columns until names are readable, and says how wide names may be.
    fn fit(&mut self, widths: &[usize], limit: usize) -> usize {
        let names = self.header.len() - 1;
        // A name of one column is all there is left to show in the worst case.
        let room = |columns: &mut dyn Iterator<Item = &usize>| {
            limit.saturating_sub(columns.map(|&c| widths[c] + GAP).sum()).max(1)
        };
        let most =
            room(&mut self.columns.iter().filter(|&&c| !self.optional.contains(&self.header[c].as_str())));
        // Buckets are told apart by their whole names. One that never fits is no reason to hide columns.
        let buckets = self.rows.iter().map(|row| &row[names]).filter(|name| is_bucket(name));
        let buckets = buckets.map(|name| width_of(name)).filter(|&width| width <= most).max().unwrap_or(0);
        let needed = widths[names].min(READABLE).max(buckets);
        for title in self.optional {
            if room(&mut self.columns.iter()) >= needed {
                break;
            }
            self.hide(title);
        }
        room(&mut self.columns.iter())
    }

    pub fn write(mut self, style: &Style, out: &mut dyn Write) -> io::Result<()> {
        let names = self.header.len() - 1;
        let mut widths = vec![0; self.header.len()];
        for row in std::iter::once(&self.header).chain(&self.rows).chain(&self.footer) {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = width_of(cell).max(*width);
            }
        }
        let room = self.fit(&widths, style.limit());
        let compose = |row: &[String], line: &mut String| {
            line.clear();
            for &column in &self.columns {
                let cell = &row[column];
                let padding = std::iter::repeat_n(' ', widths[column] - width_of(cell));
                let is_bar = self.header[column].is_empty();
                if is_bar && !cell.is_empty() {
                    line.push_str(&style.paint("36", cell));
                    line.extend(padding);
                } else {
                    line.extend(padding);
                    line.push_str(cell);
                }
                line.extend(std::iter::repeat_n(' ', GAP));
            }
            line.push_str(&shorten(&row[names], room));
            line.truncate(line.trim_end().len());
        };
        let mut line = String::new();
        compose(&self.header, &mut line);
        writeln!(out, "{}", style.paint("2", &line))?;
        for row in &self.rows {
            compose(row, &mut line);
            writeln!(out, "{line}")?;
        }
        if let Some(row) = &self.footer {
            compose(row, &mut line);
            writeln!(out, "{}", style.bold(&line))?;
        }
        Ok(())
    }
}

/// Whether a name stands for bytes that no crate or symbol owns, such as `[padding]`.
fn is_bucket(name: &str) -> bool {
    name.trim_start().starts_with('[') && name.ends_with(']')
}

/// Columns that a text takes on a terminal.
pub(crate) fn width_of(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.width() }
}

/// A bar of at most `width` cells, in eighths of a cell.
pub(crate) fn bar(part: u64, whole: u64, width: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    if whole == 0 {
        return String::new();
    }
    let cells = (part as f64 / whole as f64 * width as f64 * 8.0).round().min(width as f64 * 8.0) as usize;
    format!("{}{}", "█".repeat(cells / 8), EIGHTHS[cells % 8])
}

/// Cuts the middle out of a name that is too wide: the crate in front and the
/// item at the end tell more than what lies between.
pub(crate) fn shorten(name: &str, room: usize) -> Cow<'_, str> {
    if width_of(name) <= room {
        return Cow::Borrowed(name);
    }
    let room = room.saturating_sub(1);
    let front = room * 2 / 5;
    let head = prefix(name.chars(), front);
    let tail: Vec<char> = prefix(name.chars().rev(), room - front).chars().rev().collect();
    Cow::Owned(format!("{}…{}", head, tail.into_iter().collect::<String>()))
}

/// Cuts the end off a line that is too wide.
pub(crate) fn cut(line: &str, room: usize) -> Cow<'_, str> {
    if width_of(line) <= room {
        return Cow::Borrowed(line);
    }
    Cow::Owned(format!("{}…", prefix(line.chars(), room.saturating_sub(1))))
}

fn prefix(chars: impl Iterator<Item = char>, room: usize) -> String {
    let mut used = 0;
    chars
        .take_while(|c| {
            used += c.width().unwrap_or(0);
            used <= room
        })
        .collect()
}

pub(super) fn indented(depth: usize, name: &str) -> String {
    format!("{}{}", "  ".repeat(depth), for_terminal(name))
}

/// Whether estimates among `shown` bytes are enough to show in its digits.
///
/// Rounded to three digits, half a percent is the least that does; exact numbers show all.
pub(super) fn shows(estimated: Option<u64>, shown: u64, style: &Style) -> bool {
    estimated.is_some_and(|bytes| bytes > 0 && (style.exact || bytes.saturating_mul(200) >= shown))
}

/// `~` in front of what is a computed share.
pub(super) fn mark(estimated: bool, text: String) -> String {
    if estimated { format!("~{text}") } else { text }
}

/// Writes a heading, broken like a sentence.
pub(super) fn heading(text: &str, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    wrap(text, 0, 2, style.limit()).iter().try_for_each(|line| writeln!(out, "{}", style.bold(line)))
}

/// Writes a sentence, broken between words where it is wider than the output.
pub(super) fn wrapped(text: &str, hang: usize, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    wrap(text, 0, hang, style.limit()).iter().try_for_each(|line| writeln!(out, "{line}"))
}

/// Breaks a text between words, and inside a word only where it is wider than a line.
///
/// `taken` columns of the first line are in use already; other lines start with `hang` spaces.
pub(crate) fn wrap(text: &str, taken: usize, hang: usize, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let (mut line, mut used) = (String::new(), taken);
    let mut end = |line: &mut String, used: &mut usize| {
        lines.push(line.trim_end().to_string());
        *line = " ".repeat(hang);
        *used = hang;
    };
    for (index, word) in text.split(' ').enumerate() {
        let is_blank = line.trim_start().is_empty();
        if index > 0 && !is_blank && used + 1 + width_of(word) > width {
            end(&mut line, &mut used);
        } else if index > 0 {
            line.push(' ');
            used += 1;
        }
        let mut rest = word;
        while used + width_of(rest) > width {
            let piece = prefix(rest.chars(), width.saturating_sub(used));
            if piece.is_empty() && used <= hang {
                // Not even one character fits; there is no better place for it.
                break;
            }
            line.push_str(&piece);
            rest = rest.get(piece.len()..).unwrap_or_default();
            end(&mut line, &mut used);
        }
        line.push_str(rest);
        used += width_of(rest);
    }
    lines.push(line.trim_end().to_string());
    lines
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub fn style(width: usize) -> Style {
        Style { color: false, width: Some(width), exact: false }
    }

    pub fn written(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[track_caller]
    pub fn check_width(text: &str, width: usize) {
        let widest = text.lines().map(width_of).max();
        assert!(widest <= Some(width), "{width}:\n{text}");
    }

    #[test]
    fn names_lose_their_middle() {
        assert_eq!(shorten("short", 10), "short");
        let short = shorten("serde_json::de::Deserializer<R>::deserialize_any", 20);
        assert_eq!(short.width(), 20);
        assert!(short.starts_with("serde_j…") && short.ends_with("erialize_any"), "{short}");
        // Wide characters count double.
        assert!(shorten("大小大小大小", 7).width() <= 7);
    }

    #[test]
    fn bars_are_proportional() {
        assert_eq!(bar(1, 1, 4), "████");
        assert_eq!(bar(1, 2, 4), "██");
        assert_eq!(bar(1, 16, 4), "▎");
        assert_eq!(bar(0, 0, 4), "");
    }

    #[test]
    fn numbers_are_right_aligned_and_bars_left() {
        let mut sheet = Sheet::new(["size", "", "name"], &[]);
        sheet.rows.push(["1 B", "██", "größe"].map(String::from).to_vec());
        sheet.rows.push(["1000 B", "█", "x"].map(String::from).to_vec());
        sheet.footer = Some(["1001 B", "", "total"].map(String::from).to_vec());
        let plain = written(|out| sheet.write(&Style { color: false, width: None, exact: false }, out));
        assert_eq!(plain, "  size      name\n   1 B  ██  größe\n1000 B  █   x\n1001 B      total\n");
    }

    #[test]
    fn columns_go_before_names_are_cut() {
        let table = |name: &str, width: usize| {
            let mut sheet = Sheet::new(["size", "%", "symbols", "name"], &["symbols", "%"]);
            sheet.rows.push(["1023 KiB", "100.0%", "12345", name].map(String::from).to_vec());
            written(|out| sheet.write(&style(width), out))
        };
        // 27 columns of numbers; 18 without symbols, 10 without percentages.
        let header = |text: &str| text.lines().next().unwrap().split_whitespace().count();
        let long = "serde_json::de::Deserializer<R>::deserialize_any";
        for (name, width, columns, is_whole) in [
            (long, 53, 4, false),
            (long, 52, 3, false),
            (long, 44, 3, false),
            (long, 43, 2, false),
            ("short", 40, 4, true),
            ("[section .debug_ranges_and_more]", 59, 4, true),
            ("[section .debug_ranges_and_more]", 58, 3, true),
            // Does not fit in any case, so that numbers may as well stay.
            ("[section .debug_ranges_and_more_than_there_is_room_for]", 53, 4, false),
        ] {
            let text = table(name, width);
            assert_eq!(header(&text), columns, "{width}:\n{text}");
            assert_eq!(text.contains(name), is_whole, "{width}:\n{text}");
            check_width(&text, width);
        }
    }

    #[test]
    fn sentences_break_between_words() {
        assert_eq!(wrap("  a b", 0, 4, 40), ["  a b"]);
        assert_eq!(wrap("  one two three", 0, 4, 9), ["  one two", "    three"]);
        assert_eq!(wrap("one two", 5, 2, 8), ["one", "  two"]);
        assert_eq!(wrap("abcdefgh ij", 0, 2, 6), ["abcdef", "  gh", "  ij"]);
        assert_eq!(wrap("大小大小", 0, 2, 5), ["大小", "  大", "  小"]);
        assert_eq!(wrap("", 0, 2, 40), [""]);
        // Too narrow for anything, but it ends.
        assert_eq!(wrap("大", 0, 0, 1), ["大"]);
    }

    #[test]
    fn cut_lines_say_so() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdefg", 6), "abcde…");
    }
}
