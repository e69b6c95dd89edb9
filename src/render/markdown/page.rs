//! A Markdown document that stays within a length.
//!
//! Knows no report. Follows <https://github.github.com/gfm/>.

use std::borrow::Cow;

use super::super::escape::for_terminal;
use crate::report::Issue;

/// What a report is called unless it gets a name of its own.
pub const MARKDOWN_NAME: &str = "report";

/// Most characters of a comment on GitHub.
pub const MARKDOWN_LIMIT: usize = 65_536;

/// How a report is to be found, and how long it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageOptions<'a> {
    /// What the comment in front calls it. Letters, digits, `.`, `_` and `-` only.
    pub name: &'a str,
    /// Most characters.
    pub limit: usize,
    /// Exact integers instead of rounded units.
    pub exact: bool,
}

/// Characters kept back for what says that rows are missing, and for closing what is open.
const RESERVE: usize = 600;
/// Most characters of a name.
const NAME: usize = 160;

/// A document under construction.
pub(super) struct Page {
    text: String,
    /// Characters left for rows.
    left: usize,
    limit: usize,
    /// Rows left out so far.
    dropped: usize,
}

impl Page {
    /// Starts with the comment that names the document.
    pub fn new(options: &PageOptions<'_>) -> Page {
        let limit = options.limit;
        let mut page = Page { text: String::new(), left: limit.saturating_sub(RESERVE), limit, dropped: 0 };
        page.line(&format!("<!-- bloat: {} -->", options.name));
        page
    }

    /// A line that is there in any case. Callers keep these few and short.
    pub fn line(&mut self, text: &str) {
        self.left = self.left.saturating_sub(text.chars().count() + 1);
        self.text.push_str(text);
        self.text.push('\n');
    }

    /// A line if there is room for it.
    fn fitting(&mut self, text: &str) -> bool {
        let fits = text.chars().count() < self.left;
        if fits {
            self.line(text);
        }
        fits
    }

    /// A table: all columns but the last are numbers. Rows that find no room are counted.
    pub fn table(&mut self, header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) {
        let mut rows = rows.into_iter();
        let rule: Vec<&str> =
            (1..=header.len()).map(|column| if column < header.len() { "--:" } else { "---" }).collect();
        let head = format!("\n| {} |\n| {} |", header.join(" | "), rule.join(" | "));
        if self.fitting(&head) {
            let full = rows.by_ref().find(|row| !self.fitting(&format!("| {} |", row.join(" | "))));
            self.dropped += usize::from(full.is_some());
        }
        // Later rows are less; a short one of them would look as if it came next.
        self.dropped += rows.count();
    }

    /// A paragraph, if there is room for it. Names out of files in it make it code.
    pub fn text(&mut self, text: &str) {
        self.fitting(&format!("\n{}", prose(text)));
    }

    /// Lines as they are, in a font of equal widths.
    pub fn block(&mut self, text: &str) {
        let lines: Vec<_> = text.lines().map(for_terminal).collect();
        let fence = "`".repeat(longest_run(text).max(2) + 1);
        self.fitting(&format!("\n{fence}\n{}\n{fence}", lines.join("\n")));
    }

    /// A part that is folded away until somebody opens it.
    pub fn details(&mut self, summary: &str, write: impl FnOnce(&mut Page)) {
        let head = format!("\n<details>\n<summary>{summary}</summary>");
        let before = self.text.len();
        if self.fitting(&head) {
            let start = self.text.len();
            write(self);
            if self.text.len() == start {
                self.text.truncate(before);
            } else {
                self.line("\n</details>");
            }
        } else {
            // What it would hold is not known without writing it.
            let mut elsewhere = Page { text: String::new(), left: 0, limit: 0, dropped: 0 };
            write(&mut elsewhere);
            self.dropped += elsewhere.dropped;
        }
    }

    /// Diagnostics, the first few of them.
    pub fn issues(&mut self, issues: &[Issue]) {
        const SHOWN: usize = 10;
        let shown = issues.iter().take(SHOWN);
        let lines: Vec<String> =
            shown.map(|issue| format!("- {}: {}", issue.severity, code(&issue.message, 400))).collect();
        if lines.is_empty() || !self.fitting("") {
            return;
        }
        for line in lines {
            self.fitting(&line);
        }
        if issues.len() > SHOWN {
            self.fitting(&format!("- {} more in the JSON output", issues.len() - SHOWN));
        }
    }

    /// The document.
    pub fn finish(mut self) -> String {
        if self.dropped > 0 {
            let (rows, limit) = (self.dropped, super::super::size::bytes(self.limit as u64));
            let noun = if rows == 1 { "row is" } else { "rows are" };
            self.text.push_str(&format!("\n{rows} {noun} left out to stay within {limit} characters.\n"));
        }
        self.text
    }
}

/// What a headline is about: a file, and where reports of several targets stand together, which of them.
pub(super) fn subject(path: &str, options: &PageOptions<'_>) -> String {
    let file = name(path.rsplit(['/', '\\']).next().unwrap_or_default());
    if options.name == MARKDOWN_NAME { file } else { format!("{file} ({})", name(options.name)) }
}

/// A name as code, for a cell of a table or a line.
pub(super) fn name(text: &str) -> String {
    code(text, NAME)
}

/// A sentence as it is if nothing in it can be markup, a link or a mention, else as code.
fn prose(text: &str) -> String {
    const HARMLESS: &str = " .,;:'()%/~-_+=\"";
    let is_harmless = |c: char| c.is_ascii_alphanumeric() || HARMLESS.contains(c);
    if text.chars().all(is_harmless) && !text.contains("://") && !text.contains("www.") {
        return clip(text, 1000).into_owned();
    }
    code(text, 1000)
}

/// A name inside the element `summary`, in which Markdown is not read.
pub(super) fn summary_name(text: &str) -> String {
    let text = for_terminal(text);
    let text = clip(&text, NAME).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("<code>{text}</code>")
}

/// Any text as code of at most `most` characters and a mark that some are missing.
fn code(text: &str, most: usize) -> String {
    let text = for_terminal(text);
    let text = clip(&text, most);
    if text.trim().is_empty() {
        return "(no name)".to_string();
    }
    // Longer than any run of backticks inside, so that none of them ends it.
    let fence = "`".repeat(longest_run(&text) + 1);
    let space = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
    // A bar ends a cell even inside code, unless a backslash is in front of it; two backslashes
    // are read as one by some and as none by others, so a bar behind one gets another spelling.
    let cell = text.replace("\\|", "\\\\u{7c}").replace('|', "\\|");
    format!("{fence}{space}{cell}{space}{fence}")
}

fn longest_run(text: &str) -> usize {
    let (mut longest, mut run) = (0, 0);
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

/// A text without its middle if it is too long: both ends tell more.
fn clip(text: &str, most: usize) -> Cow<'_, str> {
    let count = text.chars().count();
    if count <= most {
        return Cow::Borrowed(text);
    }
    let front: String = text.chars().take(most * 2 / 5).collect();
    let back: String = text.chars().skip(count - (most - most * 2 / 5)).collect();
    Cow::Owned(format!("{front}…{back}"))
}

/// The start of a cell that belongs to the one above.
pub(super) fn indent(depth: usize) -> String {
    "&emsp;".repeat(depth.min(12))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_code_whatever_is_in_them() {
        for (text, expected) in [
            ("serde@1.0.0", "`serde@1.0.0`"),
            ("a|b", "`a\\|b`"),
            ("a\\|b", "`a\\\\u{7c}b`"),
            ("a`b", "``a`b``"),
            ("``", "``` `` ```"),
            ("\n", "`\\u{a}`"),
            ("", "(no name)"),
            (" ", "(no name)"),
            (" x", "`  x `"),
        ] {
            assert_eq!(name(text), expected, "{text:?}");
        }
        let long = name(&"x".repeat(100_000));
        assert!(long.chars().count() <= NAME + 3 && long.contains('…'));
        assert!(name(&"`".repeat(100_000)).len() < 4 * NAME);
    }

    #[test]
    fn no_page_is_longer_than_its_limit() {
        for limit in [RESERVE + 400, 2_000, 5_000, 65_536] {
            let mut page = Page::new(&PageOptions { name: "test", limit, exact: false });
            let rows = || (0..5_000).map(|n| vec![n.to_string(), name("größe")]);
            page.table(&["n", "name"], rows().take(3));
            page.details("All", |page| page.table(&["n", "name"], rows()));
            page.details("Again", |page| page.table(&["n", "name"], rows()));
            let text = page.finish();
            assert!(text.chars().count() <= limit, "{} {limit}", text.chars().count());
            let shown = text.lines().filter(|l| l.ends_with("`größe` |")).count();
            let dropped: usize = text.lines().last().and_then(|l| l.split(' ').next()?.parse().ok()).unwrap();
            assert_eq!(shown + dropped, 10_003);
            assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
        }
    }
}
