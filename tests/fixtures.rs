//! Every byte of every fixture has exactly one owner, and every breakdown of it
//! sums to the file and to its memory, which is read from the headers here.

mod plain_elf;
mod subjects;

use bloat::model::filter::Filter;
use bloat::model::view::{Dim, Measure, Node, Sort, View, tree};
use bloat::model::{Model, Sizes};

use plain_elf::PlainElf;
use subjects::{analyze, fixtures, self_exe};

fn plus(a: Sizes, b: Sizes) -> Sizes {
    Sizes { file: a.file + b.file, memory: a.memory + b.memory }
}

fn sum(sizes: impl Iterator<Item = Sizes>) -> Sizes {
    sizes.fold(Sizes::default(), plus)
}

fn view(dims: &[Dim], filter: Option<&str>) -> View {
    let filter = filter.map(|text| Filter::parse(text).expect("the test's filter is well-formed"));
    View { dims: dims.to_vec(), filter, ..View::default() }
}

#[test]
fn leaves_cover_the_file_and_its_memory() {
    for path in fixtures() {
        let bytes = std::fs::read(&path).expect("readable");
        let model = analyze(&path);
        assert_eq!(model.check(), Ok(()), "{}", path.display());
        let (mut next, mut file, mut memory) = (0, 0, 0);
        for leaf in model.leaves.iter() {
            assert_eq!(leaf.start, next, "{}", path.display());
            next += leaf.len;
            file += if leaf.in_file { leaf.len } else { 0 };
            memory += if leaf.in_memory { leaf.len } else { 0 };
        }
        assert_eq!(file, bytes.len() as u64, "{}", path.display());
        assert_eq!(memory, PlainElf::read(&bytes).memory_size(), "{}", path.display());
        assert_eq!(model.total(), Sizes { file, memory }, "{}", path.display());
    }
}

#[test]
fn of_whole_programs_everything_is_understood() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/elf");
    let mut checked = 0;
    for entry in folder.read_dir().expect("it is there").flatten() {
        // Besides programs there is a linker's description of memory.
        if entry.path().extension().is_none() {
            let model = analyze(&entry.path());
            assert_eq!(model.diagnostics, [], "{}", entry.path().display());
            checked += 1;
        }
    }
    assert!(checked >= 10, "{checked} programs");
}

/// Children sum to their parents, down to `depth` levels; no node is empty.
fn check_nodes(nodes: &[Node], total: (Sizes, u64, u64), depth: usize, place: &str) {
    let own = |n: &Node| (n.sizes, n.symbols, n.estimated);
    let add = |a: (Sizes, u64, u64), b: (Sizes, u64, u64)| (plus(a.0, b.0), a.1 + b.1, a.2 + b.2);
    assert_eq!(nodes.iter().map(own).fold((Sizes::default(), 0, 0), add), total, "{place}");
    let mut keys: Vec<u32> = nodes.iter().map(|n| n.key).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), nodes.len(), "{place}: a group appears twice");
    for node in nodes {
        assert!(node.sizes.file + node.sizes.memory > 0, "{place}: an empty group");
        if depth == 1 {
            assert!(node.children.is_empty(), "{place}");
        } else {
            check_nodes(&node.children, own(node), depth - 1, place);
        }
    }
}

fn check_tree(model: &Model, dims: &[Dim]) {
    let place = format!("{} by {dims:?}", model.facts.path);
    let answer = tree(model, &view(dims, None));
    assert_eq!(answer.total, model.total(), "{place}");
    check_nodes(&answer.roots, (answer.total, answer.symbols, answer.estimated), dims.len(), &place);
}

#[test]
fn every_dimension_sums_at_every_level() {
    for path in fixtures() {
        let model = analyze(&path);
        for dim in Dim::ALL {
            check_tree(&model, &[dim]);
        }
        for pair in Dim::ALL.windows(2) {
            check_tree(&model, &[pair[1], pair[0]]);
        }
        check_tree(&model, &[Dim::Crate, Dim::Symbol]);
        check_tree(&model, &[Dim::Unit, Dim::Section]);
        check_tree(&model, &[Dim::Segment, Dim::Section, Dim::Kind, Dim::Symbol]);
    }
}

#[test]
fn a_filter_and_its_negation_sum_to_the_whole() {
    let filters = [
        "kind=code",
        "section~^\\.debug",
        "crate=std,core or evidence=none",
        "not (symbol~main and source!=c)",
        "unit!=\"[no unit]\"",
        "segment~R.X and module~a",
    ];
    // Whether each filter divides at least one file: one that never does proves nothing.
    let mut divides = [false; 6];
    for path in fixtures() {
        let model = analyze(&path);
        for (text, divides) in filters.iter().zip(&mut divides) {
            let with = tree(&model, &view(&[Dim::Kind], Some(text)));
            let without = tree(&model, &view(&[Dim::Kind], Some(&format!("not ({text})"))));
            assert_eq!(plus(with.total, without.total), model.total(), "{}: {text}", path.display());
            assert_eq!(sum(with.roots.iter().map(|n| n.sizes)), with.total);
            *divides |= with.total.file > 0 && without.total.file > 0;
        }
    }
    assert_eq!(divides, [true; 6], "{filters:?}");
}

#[test]
fn order_changes_no_sum() {
    for path in fixtures() {
        let model = analyze(&path);
        for (measure, sort) in [(Measure::Memory, Sort::Size), (Measure::File, Sort::Name)] {
            let answer = tree(&model, &View { measure, sort, ..view(&[Dim::Section], None) });
            assert_eq!(sum(answer.roots.iter().map(|n| n.sizes)), model.total(), "{}", path.display());
            let names: Vec<String> = answer.roots.iter().map(|n| answer.keys[0].label(n.key)).collect();
            let sizes: Vec<u64> = answer.roots.iter().map(|n| n.sizes.memory).collect();
            match sort {
                Sort::Name => assert!(names.is_sorted(), "{names:?}"),
                _ => assert!(sizes.is_sorted_by(|a, b| a >= b), "{sizes:?}"),
            }
        }
    }
}

/// Names of a symbol table make many groups, of which many are equally large.
#[test]
fn rows_that_are_wanted_first_are_the_first_of_all() {
    for path in [self_exe(), fixtures().remove(0)] {
        let model = analyze(&path);
        for sort in [Sort::Size, Sort::Symbols, Sort::Total, Sort::Name] {
            for dims in [vec![Dim::Symbol], vec![Dim::Crate, Dim::Module], vec![Dim::Section, Dim::Symbol]] {
                let view = View { dims, sort, ..View::default() };
                let all = tree(&model, &view);
                for first in [0, 1, 7, 10_000_000] {
                    let some = tree(&model, &View { first: Some(first), ..view.clone() });
                    let first = first.min(all.roots.len());
                    let keys = |nodes: &[Node]| nodes.iter().map(|n| (n.key, n.sizes)).collect::<Vec<_>>();
                    assert_eq!(keys(&some.roots[..first]), keys(&all.roots[..first]), "{sort:?}");
                    assert_eq!(some.roots.len(), all.roots.len());
                    assert_eq!((some.total, some.symbols), (all.total, all.symbols));
                    let Some((a, b)) = some.roots.first().zip(all.roots.first()).filter(|_| first > 0) else {
                        continue;
                    };
                    let wanted = first.min(b.children.len());
                    assert_eq!(keys(&a.children[..wanted]), keys(&b.children[..wanted]));
                }
            }
        }
    }
}

/// Functions that only unwind tables know have no name to be grouped by: they are one group.
#[test]
fn functions_without_a_name_are_one_group_where_names_decide() {
    let mut checked = 0;
    for path in fixtures() {
        let model = analyze(&path);
        let by_symbol = tree(&model, &view(&[Dim::Symbol], None));
        let nameless: Vec<&Node> = by_symbol
            .roots
            .iter()
            .filter(|node| by_symbol.keys[0].label(node.key).starts_with("[function at "))
            .collect();
        for dim in [Dim::Module, Dim::Generic] {
            let grouped = tree(&model, &view(&[dim], None));
            let label = |node: &Node| grouped.keys[0].label(node.key);
            assert!(grouped.roots.iter().all(|node| !label(node).starts_with("[function at ")));
            let group = grouped.roots.iter().find(|node| label(node) == "[functions without a name]");
            assert_eq!(group.is_some(), !nameless.is_empty(), "{}", path.display());
            let sizes = group.map_or(Sizes::default(), |node| node.sizes);
            assert_eq!(sizes, sum(nameless.iter().map(|node| node.sizes)), "{}", path.display());
            checked += nameless.len();
        }
    }
    assert!(checked > 500, "only {checked}");
}

/// Which section a byte is in stands in the file, whoever owns it; only a filter by owners makes that an estimate.
#[test]
fn what_a_file_states_is_no_estimate() {
    let mut estimates = 0;
    for path in fixtures() {
        let model = analyze(&path);
        for dim in [Dim::Kind, Dim::Segment, Dim::Section, Dim::Member] {
            let nodes = tree(&model, &view(&[dim], None)).roots;
            assert!(nodes.iter().all(|node| node.estimated == 0), "{} {dim:?}", path.display());
        }
        let owned = tree(&model, &view(&[Dim::Section], Some("not crate=[padding]")));
        estimates += owned.estimated;
    }
    assert!(estimates > 0, "no fixture has an estimate");
}
