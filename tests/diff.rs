//! Differences are exact: rows sum to the change of the file at every level, a file
//! does not differ from itself, and the way back is the contrary of the way there.

mod subjects;

use bloat::analysis::diff::groups::Subject;
use bloat::analysis::diff::{Amount, Diff, DiffNode, DiffView, diff};
use bloat::attrib::{attribute, contents};
use bloat::input::Input;
use bloat::model::view::{Dim, Measure};
use bloat::model::{Contents, Model};
use bloat::project::Packages;

use subjects::{fixture, fixtures};

fn read(path: &std::path::Path) -> (Model, Contents) {
    let input = Input::open(path).expect("readable");
    let image = bloat::format::read(&input).expect("a binary");
    let model = attribute(&input, &image, &Packages::default());
    let contents = contents(&input, &image, &model);
    (model, contents)
}

fn subject((model, contents): &(Model, Contents)) -> Subject<'_> {
    Subject { model, contents: Some(contents) }
}

fn view(dims: &[Dim]) -> DiffView {
    DiffView { dims: dims.to_vec(), filter: None, measure: Measure::File }
}

/// Children sum to their parents on both sides, and the largest change comes first.
fn check_level(nodes: &[DiffNode], (old, new): (Amount, Amount), depth: usize) {
    let mut sums = (Amount::default(), Amount::default());
    let add = |sum: &mut Amount, a: Amount| {
        sum.sizes += a.sizes;
        sum.symbols += a.symbols;
        sum.estimated += a.estimated;
    };
    for node in nodes {
        add(&mut sums.0, node.old);
        add(&mut sums.1, node.new);
        if depth > 1 {
            check_level(&node.children, (node.old, node.new), depth - 1);
        }
    }
    assert_eq!(sums, (old, new));
    let deltas: Vec<u64> = nodes.iter().map(|n| n.delta(Measure::File).unsigned_abs()).collect();
    assert!(deltas.is_sorted_by(|a, b| a >= b));
}

/// All lines with the labels that lead to them; one direction turned into the other.
fn lines(diff: &Diff<'_>, nodes: &[DiffNode], level: usize, back: bool, above: &str) -> Vec<String> {
    let mut all = Vec::new();
    for node in nodes {
        let group = diff.groups[level].groups[node.group as usize];
        let keys = [
            group.old.map(|key| diff.groups[level].old_keys.label(key)),
            group.new.map(|key| diff.groups[level].new_keys.label(key)),
        ];
        let (a, b, old, new) = if back {
            (&keys[1], &keys[0], node.new, node.old)
        } else {
            (&keys[0], &keys[1], node.old, node.new)
        };
        let line = format!("{above} > {a:?} {b:?}");
        all.push(format!("{line}: {old:?} {new:?}"));
        all.extend(lines(diff, &node.children, level + 1, back, &line));
    }
    all
}

fn sorted(mut lines: Vec<String>) -> Vec<String> {
    lines.sort();
    lines
}

#[test]
fn a_file_does_not_differ_from_itself() {
    for path in fixtures() {
        let side = read(&path);
        for dims in [&[Dim::Crate, Dim::Symbol][..], &[Dim::Section, Dim::Kind], &[Dim::Unit, Dim::Generic]] {
            let answer = diff(subject(&side), subject(&side), &view(dims));
            assert!(!answer.roots.iter().any(DiffNode::is_changed), "{} by {dims:?}", path.display());
        }
    }
}

#[test]
fn rows_sum_to_the_change_and_the_way_back_is_the_contrary() {
    let files = fixtures();
    let sides: Vec<(Model, Contents)> = files.iter().map(|path| read(path)).collect();
    for (index, pair) in sides.windows(2).enumerate() {
        let (old, new) = (subject(&pair[0]), subject(&pair[1]));
        for dims in
            [&[Dim::Crate, Dim::Symbol][..], &[Dim::Kind], &[Dim::Section, Dim::Symbol], &[Dim::Module]]
        {
            let place = format!("{} by {dims:?}", files[index].display());
            let there = diff(old, new, &view(dims));
            assert_eq!(there.old.sizes, pair[0].0.total(), "{place}");
            assert_eq!(there.new.sizes, pair[1].0.total(), "{place}");
            check_level(&there.roots, (there.old, there.new), dims.len());
            let back = diff(new, old, &view(dims));
            let there = sorted(lines(&there, &there.roots, 0, false, ""));
            assert_eq!(there, sorted(lines(&back, &back.roots, 0, true, "")), "{place}");
        }
    }
}

#[test]
fn stripping_removes_tables_and_nothing_else() {
    let with = read(&fixture("demo-x86_64-symtab"));
    let without = read(&fixture("demo-x86_64-stripped"));
    let answer = diff(subject(&with), subject(&without), &view(&[Dim::Section]));
    let changed: Vec<String> = answer
        .roots
        .iter()
        .filter(|n| n.old.sizes != n.new.sizes)
        .map(|n| answer.groups[0].label(n.group))
        .filter(|name| !name.starts_with('['))
        .collect();
    assert_eq!(sorted(changed), [".shstrtab", ".strtab", ".symtab"]);
    let delta: i64 = answer.roots.iter().map(|n| n.delta(Measure::File)).sum();
    assert_eq!(delta, without.0.total().file.cast_signed() - with.0.total().file.cast_signed());
}
