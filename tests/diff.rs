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
    DiffView { dims: dims.to_vec(), ..DiffView::default() }
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

/// Functions of C, each with `count` statements that no compiler leaves out.
fn program(functions: &[(&str, usize)]) -> String {
    let body = |count: usize| "  sink = sink * 3 + 1;\n".repeat(count);
    let functions = functions
        .iter()
        .map(|&(name, count)| format!("int {name}(void) {{\n{}  return sink;\n}}\n", body(count)));
    format!("volatile int sink;\n{}int main(void) {{ return sink; }}\n", functions.collect::<String>())
}

/// Addresses and names of functions by `nm`.
fn functions(path: &std::path::Path) -> std::collections::BTreeMap<u64, String> {
    let output = std::process::Command::new("nm").arg("-S").arg(path).output().expect("nm runs");
    let text = String::from_utf8(output.stdout).expect("names are ASCII");
    let words = text.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    words
        .filter_map(|words| match words.as_slice() {
            [address, _, "T" | "t", name] => {
                Some((u64::from_str_radix(address, 16).ok()?, (*name).to_string()))
            }
            _ => None,
        })
        .collect()
}

#[test]
fn functions_without_names_are_told_by_their_neighbours() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("unnamed");
    std::fs::create_dir_all(&folder).expect("a folder");
    let build = |name: &str, functions: &[(&str, usize)]| {
        let (source, path) = (folder.join(format!("{name}.c")), folder.join(name));
        std::fs::write(&source, program(functions)).expect("written");
        let run = |command: &mut std::process::Command| assert!(command.status().expect("it runs").success());
        run(std::process::Command::new("cc").args(["-O1", "-o"]).arg(&path).arg(&source));
        let stripped = folder.join(format!("{name}.stripped"));
        run(std::process::Command::new("strip").arg("-o").arg(&stripped).arg(&path));
        (self::functions(&path), read(&stripped))
    };
    // All but the first and the third grow, and one is new between them.
    let (old_names, old) =
        build("old", &[("alpha", 40), ("beta", 90), ("gem", 60), ("delta", 30), ("eps", 75)]);
    let (new_names, new) =
        build("new", &[("alpha", 40), ("fresh", 300), ("beta", 93), ("gem", 60), ("delta", 36), ("eps", 77)]);
    let found = diff(subject(&old), subject(&new), &view(&[Dim::Symbol]));
    let groups = &found.groups[0];
    let address = |(model, _): &(Model, Contents), keys: &bloat::model::view::Keys<'_>, key: Option<u32>| {
        model.symbols.get(keys.symbol(key?)?.get()?)?.address
    };
    let mut seen = 0;
    for group in &groups.groups {
        let before = address(&old, &groups.old_keys, group.old).and_then(|at| old_names.get(&at));
        let after = address(&new, &groups.new_keys, group.new).and_then(|at| new_names.get(&at));
        match (before, after) {
            (None, None) => continue,
            (None, Some(name)) => assert_eq!(name, "fresh"),
            _ => assert_eq!(before, after),
        }
        seen += 1;
    }
    // Those of the source, main and the start of the C library.
    assert!(seen >= 7, "{seen} functions");
}
