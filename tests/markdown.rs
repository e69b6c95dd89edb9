//! Markdown is read by a renderer of GitHub's dialect: the tables that come out hold the
//! numbers and names of the JSON report, whatever the names contain.

mod elf_builder;
mod program;
mod subjects;

use std::path::{Path, PathBuf};

use comrak::nodes::{Node, NodeValue};
use comrak::{Arena, Options, parse_document};
use serde_json::Value;

use elf_builder::{Builder, CLASSES, EXEC, OBJECT, Symbol};
use program::{bloat, stdout};
use subjects::{fixture, scratch};

/// Names that are markup, links, mentions, HTML or the end of a cell.
const HOSTILE: [&str; 14] = [
    "a|b||c",
    "back\\|slash\\",
    "one`two``three```",
    "`",
    "<script>alert(1)</script>",
    "</details><!-- x -->",
    "two\nlines\r\n| cell |",
    "@octocat #1 !2 someone@example.com",
    "[text](https://example.com) ![image](x.png)",
    "www.example.com https://example.com/",
    "**bold** _em_ ~~gone~~ $math$ :tada:",
    "\x1b[31mred\u{202e}",
    "&lt;&#64;&emsp;",
    "<!-- bloat: other -->",
];

/// A file with a symbol of `step` times its number of bytes for each name.
fn hostile(file: &str, step: u64, names: &[String]) -> PathBuf {
    let mut elf = Builder::new(CLASSES[0]);
    let start = 0x1000;
    let (mut at, mut symbols) = (start, Vec::new());
    for (index, name) in names.iter().enumerate() {
        let size = step * (index as u64 + 1);
        symbols.push(Symbol::new(name, OBJECT, 0x10000 + at, size));
        at += size;
    }
    let section = elf.loaded(".text", EXEC, 0x10000 + start, start, &vec![0xab; (at - start) as usize]);
    for symbol in &mut symbols {
        symbol.section = section;
    }
    elf.segment(5, start, 0x10000 + start, at - start, at - start);
    let table = at.next_multiple_of(16);
    let texts = table + 24 * (symbols.len() as u64 + 1);
    elf.symbols(table, texts, &symbols);
    let end = texts + names.iter().map(|n| n.len() as u64 + 1).sum::<u64>() + 64;
    let path = scratch(file);
    std::fs::write(&path, elf.finish(end, end.next_multiple_of(16) + 256)).expect("the folder is writable");
    path
}

fn names() -> Vec<String> {
    HOSTILE.map(String::from).to_vec()
}

fn gfm() -> Options<'static> {
    let mut options = Options::default();
    options.extension.table = true;
    options.extension.autolink = true;
    options.extension.strikethrough = true;
    options
}

/// The tables of a document: rows of cells, each as its text and whether it holds code.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Cell {
    text: String,
    code: Vec<String>,
}

fn text_of<'a>(node: Node<'a>) -> Cell {
    let mut cell = Cell { text: String::new(), code: Vec::new() };
    for child in node.descendants() {
        match &child.data().value {
            NodeValue::Text(text) => cell.text.push_str(text),
            NodeValue::Code(code) => {
                cell.text.push_str(&code.literal);
                cell.code.push(code.literal.clone());
            }
            NodeValue::TableCell | NodeValue::Heading(_) => {}
            other => panic!("{other:?} in a cell or headline"),
        }
    }
    cell
}

/// What a renderer makes of a document.
struct Rendered {
    headline: Cell,
    tables: Vec<Vec<Vec<Cell>>>,
    /// Raw HTML, in order.
    html: Vec<String>,
}

#[track_caller]
fn render(markdown: &str) -> Rendered {
    let arena = Arena::new();
    let root = parse_document(&arena, markdown, &gfm());
    let mut rendered = Rendered {
        headline: Cell { text: String::new(), code: Vec::new() },
        tables: Vec::new(),
        html: Vec::new(),
    };
    for node in root.descendants() {
        match &node.data().value {
            NodeValue::Table(table) => {
                let rows: Vec<Vec<Cell>> =
                    node.children().map(|row| row.children().map(text_of).collect()).collect();
                assert!(rows.iter().all(|row| row.len() == table.num_columns), "{rows:?}");
                rendered.tables.push(rows);
            }
            NodeValue::Heading(_) => rendered.headline = text_of(node),
            NodeValue::HtmlBlock(html) => {
                let lines = html.literal.lines().map(str::trim).filter(|l| !l.is_empty());
                rendered.html.extend(lines.map(str::to_string));
            }
            NodeValue::HtmlInline(html) => rendered.html.push(html.clone()),
            NodeValue::Link(_) | NodeValue::Image(_) => panic!("a link in {markdown}"),
            _ => {}
        }
    }
    rendered
}

/// All HTML is the comment in front and what folds parts away, opened and closed.
#[track_caller]
fn check_html(rendered: &Rendered, name: &str) {
    let (first, rest) = rendered.html.split_first().expect("the comment in front");
    assert_eq!(first, &format!("<!-- bloat: {name} -->"));
    let mut open = false;
    for line in rest {
        match line.as_str() {
            "<details>" if !open => open = true,
            "</details>" if open => open = false,
            line if open && line.starts_with("<summary>") && line.ends_with("</summary>") => {
                assert!(!line[9..line.len() - 10].contains(['<', '`', '@']), "{line}");
            }
            line => panic!("{line}"),
        }
    }
    assert!(!open);
}

fn escaped(name: &str) -> String {
    let acts = |c: char| c.is_control() || c == '\u{202e}';
    let one = |c: char| if acts(c) { c.escape_unicode().to_string() } else { c.to_string() };
    // A bar behind a backslash is read in two ways by renderers, so it is spelled out.
    name.chars().map(one).collect::<String>().replace("\\|", "\\\\u{7c}")
}

fn separated(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|g| std::str::from_utf8(g).unwrap()).collect();
    groups.join(",")
}

#[track_caller]
fn json(command: &mut std::process::Command) -> Value {
    serde_json::from_str(&stdout(command.args(["--format", "json"]))).expect("it is JSON")
}

#[test]
fn names_of_any_content_come_out_as_code() {
    let file = hostile("markdown-show", 16, &names());
    let ask = ["--by", "symbol", "-n", "0", "--bytes"];
    let rendered = render(&stdout(bloat().arg("show").arg(&file).args(ask).args(["--format", "markdown"])));
    check_html(&rendered, "report");
    let [top, all] = &rendered.tables[..] else { panic!("{:?}", rendered.tables) };
    assert_eq!(all[1..=10], top[1..], "the first rows are those that are not folded away");
    let report = json(bloat().arg("show").arg(&file).args(ask));
    let rows = report["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), all.len() - 1);
    for (row, cells) in rows.iter().zip(&all[1..]) {
        let name = escaped(row["name"].as_str().expect("text"));
        assert_eq!(cells[3].code, std::slice::from_ref(&name), "{cells:?}");
        assert_eq!(cells[0].text, separated(row["file"].as_i64().expect("bytes")));
    }
    for name in HOSTILE {
        assert!(all.iter().any(|cells| cells[3].text == escaped(name)), "no {name:?}");
    }
}

#[test]
fn a_difference_is_a_headline_a_table_and_the_rest_folded_away() {
    let old = hostile("markdown-old", 16, &names());
    let new = hostile("markdown-new", 24, &names()[..HOSTILE.len() - 1]);
    let ask = |by: &str| {
        let mut command = bloat();
        command.arg("diff").args([&old, &new]).args(["--by", by, "-n", "0", "--bytes"]);
        command
    };
    for by in ["symbol", "section,symbol", "crate,symbol"] {
        let rendered = render(&stdout(ask(by).args(["--format", "markdown", "--name", "linux-x86_64"])));
        check_html(&rendered, "linux-x86_64");
        let report = json(&mut ask(by));
        let delta = report["total"]["delta"].as_i64().expect("bytes");
        assert!(rendered.headline.text.contains(&separated(delta)), "{:?}", rendered.headline);
        assert_eq!(rendered.headline.code, [new.file_name().unwrap().to_str().unwrap(), "linux-x86_64"]);
        let all = rendered.tables.last().expect("a table");
        let mut expected = Vec::new();
        fn flatten(rows: &Value, depth: usize, out: &mut Vec<(String, i64)>) {
            for row in rows.as_array().into_iter().flatten() {
                let name = "\u{2003}".repeat(depth) + &escaped(row["name"].as_str().unwrap());
                out.push((name, row["delta"]["file"].as_i64().unwrap()));
                flatten(&row["children"], depth + 1, out);
            }
        }
        flatten(&report["rows"], 0, &mut expected);
        let found: Vec<(String, i64)> = all[1..]
            .iter()
            .map(|cells| {
                let digits = cells[0].text.replace([',', 'B', ' ', '~'], "");
                let name = cells[4].text.split(" was ").next().unwrap().trim_end_matches(" gone").to_string();
                (name, digits.parse().unwrap_or_else(|_| panic!("{cells:?}")))
            })
            .collect();
        assert_eq!(found, expected, "by {by}");
        let sum: i64 =
            report["rows"].as_array().unwrap().iter().map(|r| r["delta"]["file"].as_i64().unwrap()).sum();
        assert_eq!(sum, delta);
    }
}

#[test]
fn a_comment_is_never_too_long_and_says_what_it_leaves_out() {
    // Far more rows than fit.
    let many: Vec<String> = (0..3_000).map(|n| format!("größe|{n}|{}", "x".repeat(n % 300))).collect();
    let (old, new) = (hostile("markdown-many-old", 1, &many[..1]), hostile("markdown-many-new", 1, &many));
    for limit in [2_000, 10_000, 65_536] {
        let text = stdout(
            bloat()
                .arg("diff")
                .args([&old, &new])
                .args(["--by", "symbol", "-n", "0", "--format", "markdown", "--max-chars"])
                .arg(limit.to_string()),
        );
        let count = text.chars().count();
        assert!(count <= limit, "{count} of {limit}");
        assert!(count > limit * 7 / 10 - 600, "{count} of {limit} is used");
        let rendered = render(&text);
        check_html(&rendered, "report");
        let shown: usize = rendered.tables[1..].iter().map(|t| t.len() - 1).sum();
        let note = text.lines().last().expect("a line");
        let dropped: usize =
            note.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or_else(|| panic!("{note}"));
        assert!(note.contains("left out"), "{note}");
        let report = json(bloat().arg("diff").args([&old, &new]).args(["--by", "symbol", "-n", "0"]));
        assert_eq!(shown + dropped, report["rows"].as_array().expect("rows").len() + 10);
    }
}

#[test]
fn sections_of_several_targets_make_one_comment() {
    let ask = |a: &str, b: &str, name: &str| {
        let paths = [fixture(a), fixture(b)];
        stdout(bloat().arg("diff").args(paths).args([
            "--format",
            "markdown",
            "--name",
            name,
            "--max-chars",
            "20000",
        ]))
    };
    let one = ask("demo-x86_64-symtab", "demo-x86_64-v0", "demo");
    let other = ask("demo-x86_64-symtab", "demo-x86_64-stripped", "stripped");
    let both = render(&(one.clone() + &other));
    let marks: Vec<&String> = both.html.iter().filter(|l| l.starts_with("<!--")).collect();
    assert_eq!(marks, ["<!-- bloat: demo -->", "<!-- bloat: stripped -->"]);
    assert_eq!(both.tables.len(), render(&one).tables.len() + render(&other).tables.len());
    for name in ["a--b", "", "a b", "a>", "\u{e9}"] {
        let output = program::run(
            bloat()
                .arg("diff")
                .args([fixture("tls-x86_64"), fixture("tls-x86_64")])
                .args(["--format", "markdown", "--name", name]),
        );
        assert_eq!(output.status.code(), Some(2), "{name}");
    }
}

#[test]
fn nothing_changed_is_a_short_comment() {
    let file = fixture("demo-x86_64-v0");
    let text = stdout(bloat().arg("diff").args([&file, &file]).args(["--format", "markdown"]));
    assert!(text.contains("\nNothing changed.\n") && text.contains("no change in size"), "{text}");
    assert!(!text.contains("<details>"));
}

#[test]
fn the_overview_holds_the_numbers_of_its_json() {
    let file = fixture("demo-x86_64-dwarf4");
    let rendered = render(&stdout(bloat().arg(&file).args(["--bytes", "--format", "markdown"])));
    check_html(&rendered, "report");
    let report = json(bloat().arg(&file));
    let crates = &rendered.tables[0];
    for (row, cells) in report["rows"].as_array().unwrap().iter().zip(&crates[1..]) {
        assert_eq!(cells[6].code[0], row["name"].as_str().unwrap());
        assert_eq!(cells[0].text.trim_start_matches('~'), separated(row["file"].as_i64().unwrap()));
        let parts = ["code", "data", "metadata", "debug"].map(|key| row["columns"][key].as_i64().unwrap());
        let shown: Vec<i64> =
            cells[2..6].iter().map(|c| c.text.replace([',', '~'], "").parse().unwrap_or(0)).collect();
        assert_eq!(shown, parts);
    }
    let kinds = rendered.tables.iter().find(|t| t[0][3].text == "kind").expect("a table of kinds");
    assert_eq!(kinds.len() - 1, report["kinds"].as_array().unwrap().len());
    assert!(Path::new(&file).ends_with(&rendered.headline.code[0]));
}

#[test]
fn what_would_ship_is_an_estimate_only_where_something_is_left_to_strip() {
    let [full, bare] = ["demo-x86_64-symtab", "demo-x86_64-stripped"].map(fixture);
    for (old, new, marks) in
        [(&full, &bare, [true, false]), (&bare, &full, [false, true]), (&bare, &bare, [false; 2])]
    {
        let mut diff = bloat();
        diff.arg("diff").args([old, new]);
        let rendered = render(&stdout(bloat().arg("diff").args([old, new]).args(["--format", "markdown"])));
        let mut rows = rendered.tables.iter().flatten();
        let row = rows.find(|cells| cells[4].text == "stripped").expect("both ship");
        assert_eq!([2, 3].map(|side| row[side].text.starts_with('~')), marks, "{row:?}");
        let text = stdout(&mut diff);
        let line = text.lines().find(|line| line.starts_with("  stripped")).expect("both ship");
        let (before, after) = line.split_once(" -> ").expect("a size before and one after");
        assert_eq!([before.contains('~'), after.starts_with('~')], marks, "{line}");
    }
}
