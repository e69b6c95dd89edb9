//! The whole analysis: everything sums to the file, however it is asked, and the same on any number of threads.

use std::io::sink;
use std::sync::LazyLock;

use bloat::analysis::diff::DiffView;
use bloat::analysis::diff::groups::Subject;
use bloat::analysis::generics::{self, Grouping, Question};
use bloat::analysis::{advise, duplicates};
use bloat::attrib::{attribute, contents, duplicates as find_duplicates, places, reasons, vtables};
use bloat::format::{Detail, Image, read_detailed_with, read_with};
use bloat::input::Input;
use bloat::input::companion::Search;
use bloat::model::filter::Filter;
use bloat::model::view::{Dim, Measure, Node, View, tree};
use bloat::model::{Model, Sizes};
use bloat::project::Packages;
use bloat::render::{self, PageOptions, Style};
use bloat::report::{self, AdviseOptions, DiffOptions, DuplicatesOptions, GenericsOptions, ShowOptions};
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::pair;

fn input(bytes: &[u8]) -> Input {
    Input::from_bytes("fuzzed", bytes.to_vec())
}

/// The model of bytes that are a binary, in full detail; files apart are looked for nowhere.
fn model(input: &Input) -> Option<Model> {
    let attribute = |image: &Image<'_>| attribute(input, image, &Packages::default());
    read_detailed_with(input, &Search::nowhere(), Detail::Code, attribute).ok()
}

/// Every question that a model answers, and the sums of the answers.
pub fn whole(bytes: &[u8]) {
    let input = input(bytes);
    let packages = Packages::default();
    let _ = read_detailed_with(&input, &Search::nowhere(), Detail::Code, |image| {
        let model = attribute(&input, image, &packages);
        sums(&model, bytes.len() as u64);
        alike(&model, &places(&input, image));
        let tables = vtables(&input, image, &model);
        let found = find_duplicates(&input, image, &model);
        answers(&model);
        repeated(&model, &tables, &found);
        for leaf in model.leaves.iter().step_by(model.leaves.len() / 3 + 1) {
            let told = reasons(&input, image, &packages, leaf.start);
            assert!(told.claims.iter().all(|c| c.span.contains(&leaf.start)), "{leaf:?}: {:?}", told.claims);
        }
    });
}

/// The sums that everything else rests on.
pub fn sums(model: &Model, file_len: u64) {
    assert_eq!(model.check(), Ok(()));
    assert_eq!(model.total().file, file_len);
    assert_eq!(model.total().memory, model.facts.memory_size);
    for dim in Dim::ALL {
        let answer = tree(model, &View { dims: vec![dim], ..View::default() });
        assert_eq!((answer.total, added(&answer.roots)), (model.total(), model.total()), "{dim:?}");
    }
    let deep = View { dims: vec![Dim::Crate, Dim::Section, Dim::Symbol], ..View::default() };
    tree(model, &deep).roots.iter().for_each(nested);
    let of = |filter: &str| {
        let filter = Some(Filter::parse(filter).expect("a filter"));
        tree(model, &View { dims: vec![Dim::Kind], filter, measure: Measure::Memory, ..View::default() })
            .total
    };
    let (with, without) = (of("kind=code,rodata or symbol~a"), of("not (kind=code,rodata or symbol~a)"));
    assert_eq!(plus(with, without), model.total());
}

/// What is where is the same whether owners are asked for or not.
pub fn alike(model: &Model, places: &Model) {
    assert_eq!(places.check(), Ok(()));
    assert_eq!(places.diagnostics, model.diagnostics);
    for dim in Dim::ALL.into_iter().filter(|dim| dim.is_place()) {
        let view = View { dims: vec![dim], names_only: true, ..View::default() };
        let [model, places] = [model, places].map(|model| {
            let answer = tree(model, &view);
            let row = |n: &Node| (answer.keys[0].label(n.key), n.sizes, n.symbols, n.estimated, n.inlining);
            let rows: Vec<_> = answer.roots.iter().map(row).collect();
            (rows, answer.total, answer.symbols, answer.estimated)
        });
        assert_eq!(model, places, "{dim:?}");
        assert_eq!(model.3, 0, "{dim:?}");
    }
}

fn plus(a: Sizes, b: Sizes) -> Sizes {
    Sizes { file: a.file + b.file, memory: a.memory + b.memory }
}

fn added(nodes: &[Node]) -> Sizes {
    nodes.iter().fold(Sizes::default(), |sum, node| plus(sum, node.sizes))
}

fn nested(node: &Node) {
    if !node.children.is_empty() {
        assert_eq!(added(&node.children), node.sizes);
        node.children.iter().for_each(nested);
    }
}

const STYLE: Style = Style { color: true, width: Some(80), exact: false };
const PAGE: PageOptions<'_> = PageOptions { name: "fuzzed", limit: 8000, exact: true };

/// Reports that need only the model, in every format; what is written as JSON is JSON, as text is for terminals.
fn answers(model: &Model) {
    let overview = report::overview(model, Some(20), &[]);
    written(|out| render::json(&overview, out), |text| drop(json(text)));
    written(|out| render::overview_text(&overview, &STYLE, out), plain);
    written(|out| render::overview_markdown(&overview, &PAGE, out), short);
    let view = View { dims: vec![Dim::Crate, Dim::Symbol], ..View::default() };
    let show = report::show(model, &view, &ShowOptions { limit: None });
    written(|out| render::show_csv(&show, out), |text| lines_sum(text, model.total()));
    written(|out| render::show_text(&show, &STYLE, out), plain);
    written(|out| render::show_markdown(&show, &PAGE, out), short);
    written(
        |out| render::json(&show, out),
        |text| {
            let sum: u64 = json(text)["rows"].as_array().expect("rows").iter().map(file).sum();
            assert_eq!(sum, model.total().file);
        },
    );
    let dims = vec![Dim::Crate, Dim::Inlined, Dim::Line];
    let flame = report::flame(model, &View { dims, ..View::default() });
    assert_eq!(flame.stacks.iter().map(|stack| stack.bytes).sum::<u64>(), model.total().file, "stacks");
    written(
        |out| render::folded(&flame, out),
        |text| {
            plain(text);
            let bytes = text.lines().map(|line| line.rsplit_once(' ').expect("stack and bytes").1);
            let sum: u64 = bytes.map(|bytes| bytes.parse::<u64>().expect("a number")).sum();
            assert_eq!(sum, model.total().file);
        },
    );
    written(|out| render::speedscope(&flame, out), |text| drop(json(text)));
    let mut bytes = 0;
    written(
        |out| {
            let mut lines = render::LedgerCsv::new(out)?;
            report::ledger(model, |row| {
                bytes += if row.offset.is_some() { row.size } else { 0 };
                lines.write(row)
            })?;
            lines.finish()
        },
        plain,
    );
    assert_eq!(bytes, model.total().file, "the ledger");
    for row in model.crates.iter().take(3) {
        let report = report::explain_crate(model, model.names.get(row.label), "crate");
        written(|out| render::explain_crate_text(&report, &STYLE, out), plain);
    }
}

/// Advice on it.
fn advice(model: &Model, found: Option<&bloat::model::Duplicates>) {
    let advices = advise::advise(model, found, &advise::Situation::default());
    let options = AdviseOptions { profile: "release", ..AdviseOptions::default() };
    let report = report::advise(model, &advices, options);
    written(|out| render::advise_text(&report, &STYLE, out), plain);
    written(|out| render::advise_markdown(&report, &PAGE, out), short);
}

/// Reports on what is there more than once, which never save more than there is.
fn repeated(model: &Model, tables: &[bloat::model::Vtable], found: &bloat::model::Duplicates) {
    let options = DuplicatesOptions {
        scope: duplicates::Scope::default(),
        order: duplicates::Order::Saved,
        limit: None,
    };
    advice(model, Some(found));
    let report = report::duplicates(model, Some(found), None, &options);
    written(
        |out| render::json(&report, out),
        |text| {
            let report = json(text);
            for list in ["functions", "constants"] {
                let saved = report[list]["saved"]["all"].as_u64().expect("a number");
                assert!(saved <= model.total().file, "{list} save {saved}");
            }
        },
    );
    written(|out| render::duplicates_text(&report, &STYLE, out), plain);
    for by in [Grouping::Item, Grouping::Type, Grouping::Dropped, Grouping::DroppedType] {
        let question = Question { by, fold: true, order: generics::Order::Size, filter: None };
        let found = generics::generics(model, &question);
        let tables = generics::vtables(model, Some(tables), None);
        let options = GenericsOptions { limit: None, min_copies: 1 };
        let report = report::generics(model, &question, &found, Some(tables), &options);
        written(|out| render::generics_text(&report, &STYLE, out), plain);
        written(|out| render::generics_csv(&report, out), plain);
    }
}

fn written(write: impl FnOnce(&mut dyn std::io::Write) -> std::io::Result<()>, check: impl FnOnce(&str)) {
    let mut bytes = Vec::new();
    write(&mut bytes).expect("memory takes all");
    check(std::str::from_utf8(&bytes).expect("output is UTF-8"));
}

fn json(text: &str) -> serde_json::Value {
    plain(text);
    serde_json::from_str(text).expect("JSON")
}

fn file(row: &serde_json::Value) -> u64 {
    row["file"].as_u64().expect("a number")
}

/// Nothing of a file acts on a terminal: escapes are those of colours, whole and ours.
pub fn plain(text: &str) {
    let mut rest = text;
    while let Some(at) = rest.find('\u{1b}') {
        let end = rest[at..].find('m').expect("an escape sequence ends");
        let inside = rest[at..at + end].strip_prefix("\u{1b}[").expect("of colours");
        assert!(inside.bytes().all(|b| b.is_ascii_digit() || b == b';'), "{inside:?}");
        rest = &rest[at + end..];
    }
    let acts = |c: &char| (c.is_control() && !matches!(c, '\n' | '\r' | '\u{1b}')) || is_invisible(*c);
    if let Some(found) = text.chars().find(acts) {
        panic!("U+{:04X} is written", u32::from(found));
    }
}

/// Characters that change how others are shown (Unicode: bidirectional controls, separators, tags).
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{e0001}'..='\u{e007f}')
}

fn short(text: &str) {
    plain(text);
    let characters = text.chars().count();
    assert!(characters <= PAGE.limit, "{characters} characters");
}

fn lines_sum(text: &str, total: Sizes) {
    plain(text);
    let mut sum = Sizes::default();
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    let columns = rows.headers().expect("a header").clone();
    let at = |name: &str| columns.iter().position(|column| column == name).expect("a column");
    let (in_file, in_memory) = (at("file"), at("memory"));
    for row in rows.records() {
        let row = row.expect("as many fields as the header");
        let number = |column: usize| row[column].parse::<u64>().expect("a number");
        sum = plus(sum, Sizes { file: number(in_file), memory: number(in_memory) });
        // What spreadsheets take for a formula.
        assert!(!row.iter().any(|field| field.starts_with(['=', '+', '-', '@', '＝'])), "{row:?}");
    }
    assert_eq!(sum, total);
}

/// Two files in one: rows sum to the difference of their sizes.
pub fn diff(bytes: &[u8]) {
    let (old, new) = pair::split(bytes);
    let (old_input, new_input) = (input(old), input(new));
    let read = |input: &Input| {
        read_with(input, &Search::nowhere(), |image| {
            let model = attribute(input, image, &Packages::default());
            let held = contents(input, image, &model);
            (model, held)
        })
    };
    let (Ok((old, old_held)), Ok((new, new_held))) = (read(&old_input), read(&new_input)) else { return };
    let whole = |a: &Model, b: &Model| b.total().file.cast_signed() - a.total().file.cast_signed();
    for dims in [&[Dim::Crate, Dim::Symbol][..], &[Dim::Section], &[Dim::Module, Dim::Generic], &[Dim::Unit]]
    {
        for measure in [Measure::File, Measure::Memory] {
            let view = DiffView { dims: dims.to_vec(), measure, ..DiffView::default() };
            let sides = [
                Subject { model: &old, contents: Some(&old_held) },
                Subject { model: &new, contents: Some(&new_held) },
            ];
            let report = report::diff(sides[0], sides[1], &view, &DiffOptions { limit: None, nested: None });
            let sum = |rows: &[report::DiffRow]| rows.iter().map(|row| row.delta.file).sum::<i64>();
            assert_eq!(sum(&report.rows), whole(&old, &new), "{dims:?}");
            for row in report.rows.iter().filter(|row| !row.children.is_empty()) {
                assert_eq!(sum(&row.children), row.delta.file, "{dims:?}: {}", row.name);
            }
            written(|out| render::diff_text(&report, &STYLE, out), plain);
            written(|out| render::diff_markdown(&report, &PAGE, out), short);
        }
    }
    // Against itself there is no change.
    let same = Subject { model: &old, contents: Some(&old_held) };
    let view = DiffView { dims: vec![Dim::Symbol], ..DiffView::default() };
    let report = report::diff(same, same, &view, &DiffOptions { limit: None, nested: None });
    assert!(report.rows.is_empty() && report.whole().delta == 0, "{:?}", report.rows);
    render::json(&report, &mut sink()).expect("a sink takes all");
}

fn pool(threads: usize) -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(threads).build().expect("threads")
}

static POOLS: LazyLock<[ThreadPool; 2]> = LazyLock::new(|| [pool(1), pool(2)]);

/// One thread and two give the same bytes.
pub fn threads(bytes: &[u8]) {
    let [one, two] = POOLS.each_ref().map(|pool| pool.install(|| everything(bytes)));
    assert!(one == two, "{} and {} bytes", one.len(), two.len());
}

/// Overview and ledger of bytes, written; or why there is none.
fn everything(bytes: &[u8]) -> Vec<u8> {
    let input = input(bytes);
    let Some(model) = model(&input) else { return Vec::new() };
    let mut out = Vec::new();
    render::json(&report::overview(&model, None, &[]), &mut out).expect("memory takes all");
    let mut lines = render::JsonLines::new(&mut out);
    report::ledger(&model, |row| lines.write(row)).expect("memory takes all");
    out
}
