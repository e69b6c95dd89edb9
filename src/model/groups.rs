//! Leaves in groups within groups: what a view asks for.
//!
//! Each leaf goes to exactly one group of each level, so no byte is lost or counted twice.

use std::cmp::{Ordering, Reverse};
use std::ops::Range;

use super::inlining::{Inlining, Ledger};
use super::view::{Dim, Keys, Node, Sort, Tree, View};
use super::{Leaf, Model, Sizes};
use crate::intern::Distinct;

/// Groups the leaves of `model` as `view` asks.
///
/// *Cost*: one pass over the leaves, and for `module` and `generic` one parse per symbol.
pub fn tree<'m>(model: &'m Model, view: &View) -> Tree<'m> {
    let mut accepts = view.filter.as_ref().map(|f| f.compile(model));
    let is_stated = view.dims_asked().into_iter().all(Dim::is_stated);
    grouped(model, view, is_stated, |leaf| accepts.as_mut().is_none_or(|a| a.accepts(leaf)))
}

/// The same for the leaves that `accepts` lets pass, which may be so by estimates; the filter of the view is not
/// looked at.
pub fn tree_where<'m>(model: &'m Model, view: &View, accepts: impl FnMut(&Leaf) -> bool) -> Tree<'m> {
    grouped(model, view, false, accepts)
}

fn grouped<'m>(
    model: &'m Model,
    view: &View,
    is_stated: bool,
    mut accepts: impl FnMut(&Leaf) -> bool,
) -> Tree<'m> {
    let keys: Vec<Keys<'m>> = view.dims.iter().map(|&dim| Keys::new(model, dim)).collect();
    let mut groups = Groups::default();
    let mut sums: Vec<Sum> = vec![Sum::default()];
    let mut last: Vec<(u32, u32, u32)> = vec![(u32::MAX, u32::MAX, 0); keys.len()];
    // An owner can be certain though nobody knows who instantiated it.
    let by_instance = view.dims.contains(&Dim::InstantiatedBy);
    let guesses = |leaf: &Leaf| {
        !is_stated
            && (leaf.estimated || by_instance && model.owner(leaf.owner).instantiated_evidence.is_guess())
    };
    let mut inlined = Ledger::default();
    let columns = model.leaves.columns();
    for index in 0..model.leaves.len() {
        let leaf = columns.leaf(index);
        if !accepts(&leaf) {
            continue;
        }
        let mut node = 0u32;
        for (keys, last) in keys.iter().zip(&mut last) {
            let key = keys.key(&leaf);
            if keys.dim == Dim::Inlined {
                inlined.add(node, leaf.frame, key, leaf.sizes());
            }
            // Neighbours in the file mostly share their groups.
            if (last.0, last.1) != (node, key) {
                *last = (node, key, groups.number(node, key));
            }
            node = last.2;
        }
        if sums.len() <= node as usize {
            sums.resize(groups.len() + 1, Sum::default());
        }
        sums[node as usize].add(&leaf, guesses(&leaf));
    }
    // By number, empty unless inlined functions are asked for.
    let mut inlining: Vec<Inlining> = Vec::new();
    if let Some(keys) = keys.iter().find(|keys| keys.dim == Dim::Inlined) {
        let frames = model.code.as_ref().map_or(&[][..], |code| &code.frames);
        // A function may have no byte but those of what is inlined into it.
        inlined.tell(frames, keys, |node, key, part| {
            let number = groups.number(node, key) as usize;
            if inlining.len() <= number {
                inlining.resize(groups.len() + 1, Inlining::default());
            }
            inlining[number].add(part);
        });
    }
    sums.resize(groups.len() + 1, Sum::default());
    // Children have higher numbers than their parents.
    for (number, group) in groups.rows.iter().enumerate().rev() {
        let sum = sums[number + 1];
        sums[group.parent as usize].join(sum);
    }
    let children = Children::new(&groups.rows);
    let build = Build { groups: &groups.rows, sums: &sums, inlining: &inlining, children, keys: &keys, view };
    let roots = build.level(0, 0);
    let whole = sums[0];
    Tree { roots, total: whole.sizes, symbols: whole.symbols, estimated: whole.estimated, keys }
}

/// A group of leaves with one key, within another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Group {
    parent: u32,
    key: u32,
}

/// Groups as they are found. Number 0 is the whole; the first of `rows` is number 1.
#[derive(Debug, Default)]
struct Groups {
    rows: Vec<Group>,
    /// By key: the group of the first level, or 0. Keys are small numbers but for the one of nothing.
    outer: Vec<u32>,
    outer_of_nothing: u32,
    /// By parent and key: groups of other levels, or 0, where both are small. Kinds within crates are.
    near: Vec<u32>,
    /// Groups of all other levels, each with its number.
    inner: Distinct<Group>,
    inner_numbers: Vec<u32>,
}

const NEAR_PARENTS: u32 = 4096;
const NEAR_KEYS: u32 = 32;

impl Groups {
    fn len(&self) -> usize {
        self.rows.len()
    }

    /// The number of the group of `key` within `parent`, new or known.
    fn number(&mut self, parent: u32, key: u32) -> u32 {
        let group = Group { parent, key };
        let slot = match (parent, key) {
            (0, u32::MAX) => &mut self.outer_of_nothing,
            (0, _) => {
                if self.outer.len() <= key as usize {
                    self.outer.resize(key as usize + 1, 0);
                }
                &mut self.outer[key as usize]
            }
            (1..NEAR_PARENTS, 0..NEAR_KEYS) => {
                let index = (parent * NEAR_KEYS + key) as usize;
                if self.near.len() <= index {
                    self.near.resize(index + 1, 0);
                }
                &mut self.near[index]
            }
            _ => {
                let index = self.inner.insert(group) as usize;
                if self.inner_numbers.len() <= index {
                    self.inner_numbers.push(0);
                }
                &mut self.inner_numbers[index]
            }
        };
        if *slot == 0 {
            self.rows.push(group);
            *slot = u32::try_from(self.rows.len()).expect("no more groups than leaves");
        }
        *slot
    }
}

/// The groups within each group.
struct Children {
    /// By number: where its children start in `numbers`.
    starts: Vec<usize>,
    numbers: Vec<u32>,
}

impl Children {
    fn new(rows: &[Group]) -> Children {
        // Counted, summed, and filled in from the back: children stay in order.
        let mut starts = vec![0usize; rows.len() + 2];
        for group in rows {
            starts[group.parent as usize] += 1;
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut numbers = vec![0; rows.len()];
        for (index, group) in rows.iter().enumerate().rev() {
            let start = &mut starts[group.parent as usize];
            *start -= 1;
            numbers[*start] = index as u32 + 1;
        }
        Children { starts, numbers }
    }

    fn of(&self, number: u32) -> &[u32] {
        let Range { start, end } = self.starts[number as usize]..self.starts[number as usize + 1];
        &self.numbers[start..end]
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    sizes: Sizes,
    symbols: u64,
    estimated: u64,
}

impl Sum {
    fn add(&mut self, leaf: &Leaf, is_guess: bool) {
        self.sizes += leaf.sizes();
        self.symbols += u64::from(leaf.home);
        if is_guess {
            self.estimated += leaf.sizes().file;
        }
    }

    fn join(&mut self, other: Sum) {
        self.sizes += other.sizes;
        self.symbols += other.symbols;
        self.estimated += other.estimated;
    }
}

struct Build<'t, 'm> {
    groups: &'t [Group],
    sums: &'t [Sum],
    /// By number: what functions come to.
    inlining: &'t [Inlining],
    children: Children,
    keys: &'t [Keys<'m>],
    view: &'t View,
}

impl Build<'_, '_> {
    fn level(&self, parent: u32, level: usize) -> Vec<Node> {
        let all = self.children.of(parent);
        let Some(keys) = self.keys.get(level).filter(|_| !all.is_empty()) else { return Vec::new() };
        let node = |&number: &u32| {
            let sum = self.sums[number as usize];
            Node {
                key: self.key(number),
                sizes: sum.sizes,
                symbols: sum.symbols,
                estimated: sum.estimated,
                inlining: self.inlining(number, keys),
                children: self.level(number, level + 1),
            }
        };
        let mut ordered = all.to_vec();
        self.order(&mut ordered, keys);
        ordered.truncate(self.view.only.unwrap_or(usize::MAX));
        ordered.iter().map(node).collect()
    }

    /// What a group comes to if it is one of functions.
    fn inlining(&self, number: u32, keys: &Keys<'_>) -> Option<Inlining> {
        self.inlining.get(number as usize).copied().filter(|_| keys.dim == Dim::Inlined)
    }

    fn key(&self, number: u32) -> u32 {
        self.groups[number as usize - 1].key
    }

    /// Puts groups of one level in order, as far as is asked.
    fn order(&self, numbers: &mut [u32], keys: &Keys<'_>) {
        let size = |number: u32| {
            let sizes = self.sums[number as usize].sizes;
            (self.view.measure.of(sizes), sizes.file.max(sizes.memory))
        };
        let total = |number: u32| {
            let sizes = self.sums[number as usize].sizes;
            self.view.measure.of(self.inlining(number, keys).map_or(sizes, |i| i.total))
        };
        let symbols = |number: u32| self.sums[number as usize].symbols;
        let by_key = |a: u32, b: u32| keys.compare(self.key(a), self.key(b));
        match self.view.sort {
            Sort::Size => self.first(numbers, |a, b| size(b).cmp(&size(a)).then_with(|| by_key(a, b))),
            Sort::Symbols => self.first(numbers, |a, b| {
                let order = |number: u32| Reverse((symbols(number), size(number)));
                order(a).cmp(&order(b)).then_with(|| by_key(a, b))
            }),
            Sort::Total => self.first(numbers, |a, b| {
                let order = |number: u32| Reverse((total(number), size(number)));
                order(a).cmp(&order(b)).then_with(|| by_key(a, b))
            }),
            Sort::Name => {
                numbers.sort_by_cached_key(|&number| (keys.label(self.key(number)), self.key(number)));
            }
        }
    }

    /// Sorts as many as the view wants first. No two groups of a level have the same key.
    fn first(&self, numbers: &mut [u32], compare: impl Fn(u32, u32) -> Ordering) {
        let mut wanted = numbers;
        let first = self.view.first.into_iter().chain(self.view.only).min();
        if let Some(first) = first.filter(|&first| first < wanted.len()) {
            (wanted, ..) = wanted.select_nth_unstable_by(first, |&a, &b| compare(a, b));
        }
        wanted.sort_unstable_by(|&a, &b| compare(a, b));
    }
}
