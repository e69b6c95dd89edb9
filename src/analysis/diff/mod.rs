//! What changed from one model to another.
//!
//! Groups of both models are paired first ([`groups`]), then both ledgers are summed
//! over the pairs. So pairing decides which line a byte stands in and never whether it
//! counts: old, new and delta of children sum to those of their parent at every level.

pub mod groups;
pub mod pair;

use std::sync::Arc;

use hashbrown::HashMap;

use crate::model::filter::Filter;
use crate::model::view::{Dim, Measure};
use crate::model::{Leaf, Model, Sizes};
use groups::{Groups, Pairing, Side, Subject};

/// A question to two models.
#[derive(Debug, Clone, Default)]
pub struct DiffView {
    /// Dimensions from the outermost to the innermost.
    pub dims: Vec<Dim>,
    /// Which leaves count; all if none.
    pub filter: Option<Filter>,
    /// Which total orders rows and decides what changed.
    pub measure: Measure,
}

/// Bytes and symbols of one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Amount {
    /// Bytes.
    pub sizes: Sizes,
    /// Symbols that start in them.
    pub symbols: u64,
    /// Bytes of the file whose boundaries are computed shares.
    pub estimated: u64,
}

impl Amount {
    fn add(&mut self, leaf: &Leaf) {
        self.sizes += leaf.sizes();
        self.symbols += u64::from(leaf.home);
        if leaf.estimated {
            self.estimated += leaf.sizes().file;
        }
    }

    pub(crate) fn join(&mut self, other: Amount) {
        self.sizes += other.sizes;
        self.symbols += other.symbols;
        self.estimated += other.estimated;
    }
}

/// One line of a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffNode {
    /// Which group of the dimension of its level, by [`Groups::groups`].
    pub group: u32,
    /// Bytes before.
    pub old: Amount,
    /// Bytes after.
    pub new: Amount,
    /// Lines of the next dimension, the largest change first.
    pub children: Vec<DiffNode>,
}

impl DiffNode {
    /// Change in bytes.
    pub fn delta(&self, measure: Measure) -> i64 {
        signed(measure.of(self.new.sizes)) - signed(measure.of(self.old.sizes))
    }

    /// Whether there is any difference, in it or below.
    pub fn is_changed(&self) -> bool {
        self.old != self.new || self.children.iter().any(DiffNode::is_changed)
    }
}

/// Sizes of files are far below the limit of signed numbers.
pub(crate) fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// What changed.
#[derive(Debug)]
pub struct Diff<'m> {
    /// Lines of the first dimension, the largest change first.
    pub roots: Vec<DiffNode>,
    /// Bytes before, of all leaves that passed the filter.
    pub old: Amount,
    /// Bytes after.
    pub new: Amount,
    /// The pairs of each level.
    pub groups: Vec<Arc<Groups<'m>>>,
}

/// Compares two models.
///
/// *Cost*: one pass over the leaves of each, and the pairing of each dimension.
pub fn diff<'m>(old: Subject<'m>, new: Subject<'m>, view: &DiffView) -> Diff<'m> {
    diff_by(&mut Pairing::new(old, new), view)
}

/// The same with pairs that other questions have found, or will use.
pub fn diff_by<'m>(pairing: &mut Pairing<'m>, view: &DiffView) -> Diff<'m> {
    let groups: Vec<Arc<Groups<'m>>> = view.dims.iter().map(|&dim| pairing.groups(dim)).collect();
    let [old, new] = pairing.models();
    let mut sums = Sums { nodes: HashMap::new(), parents: vec![(0, 0)], sides: vec![Default::default()] };
    sums.walk(Side::Old, old, &groups, view);
    sums.walk(Side::New, new, &groups, view);
    let Sums { parents, mut sides, .. } = sums;
    // Children have higher numbers than their parents.
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); parents.len()];
    for index in (1..parents.len()).rev() {
        let parent = parents[index].0 as usize;
        let [old, new] = sides[index];
        sides[parent][0].join(old);
        sides[parent][1].join(new);
        children[parent].push(index);
    }
    let build = Build { parents: &parents, sides: &sides, children: &children, groups: &groups, view };
    let roots = build.level(0, 0);
    Diff { roots, old: sides[0][0], new: sides[0][1], groups }
}

/// Sums by node: node 0 is the whole, others are (parent, group), numbered as they appear.
struct Sums {
    nodes: HashMap<(u32, u32), u32>,
    parents: Vec<(u32, u32)>,
    sides: Vec<[Amount; 2]>,
}

impl Sums {
    fn walk(&mut self, side: Side, model: &Model, groups: &[Arc<Groups<'_>>], view: &DiffView) {
        let mut accepts = view.filter.as_ref().map(|f| f.compile(model));
        for leaf in model.leaves.iter() {
            if accepts.as_mut().is_some_and(|a| !a.accepts(&leaf)) {
                continue;
            }
            let mut node = 0u32;
            for groups in groups {
                let keys = if side == Side::Old { &groups.old_keys } else { &groups.new_keys };
                let group = groups.group(side, keys.key(&leaf));
                node = *self.nodes.entry((node, group)).or_insert_with(|| {
                    self.parents.push((node, group));
                    self.sides.push(Default::default());
                    self.parents.len() as u32 - 1
                });
            }
            self.sides[node as usize][side as usize].add(&leaf);
        }
    }
}

struct Build<'d, 'm> {
    parents: &'d [(u32, u32)],
    sides: &'d [[Amount; 2]],
    children: &'d [Vec<usize>],
    groups: &'d [Arc<Groups<'m>>],
    view: &'d DiffView,
}

impl Build<'_, '_> {
    fn level(&self, parent: usize, level: usize) -> Vec<DiffNode> {
        let mut rows: Vec<DiffNode> = self.children[parent]
            .iter()
            .map(|&index| {
                let [old, new] = self.sides[index];
                DiffNode { group: self.parents[index].1, old, new, children: self.level(index, level + 1) }
            })
            .collect();
        let measure = self.view.measure;
        let other = if measure == Measure::File { Measure::Memory } else { Measure::File };
        rows.sort_by_cached_key(|row| {
            let order = (row.delta(measure).unsigned_abs(), row.delta(other).unsigned_abs());
            // Names of what did not change are never shown and cost time.
            let name = if row.is_changed() { self.label(level, row.group) } else { String::new() };
            (std::cmp::Reverse(order), name, row.group)
        });
        rows
    }

    fn label(&self, level: usize, group: u32) -> String {
        self.groups.get(level).map_or(String::new(), |g| g.label(group))
    }
}
