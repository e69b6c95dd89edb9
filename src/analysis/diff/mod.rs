//! What changed from one model to another.
//!
//! Groups of both models are paired first ([`groups`]), then both ledgers are summed
//! over the pairs. So pairing decides which line a byte stands in and never whether it
//! counts: old, new and delta of children sum to those of their parent at every level.

pub mod groups;
pub mod pair;
pub mod place;

use std::cmp::Reverse;
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

impl DiffView {
    /// The dimensions that it asks about, in its filter too.
    pub fn dims_asked(&self) -> Vec<Dim> {
        let mut dims = self.dims.clone();
        if let Some(filter) = &self.filter {
            filter.dims(&mut dims);
        }
        dims
    }
}

/// Bytes and symbols of one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Amount {
    /// Bytes.
    pub sizes: Sizes,
    /// Symbols that start in them.
    pub symbols: u64,
    /// Bytes of the file in computed shares, or guesses.
    pub estimated: u64,
}

impl Amount {
    fn add(&mut self, leaf: &Leaf, is_stated: bool) {
        self.sizes += leaf.sizes();
        self.symbols += u64::from(leaf.home);
        if leaf.estimated && !is_stated {
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
    /// Lines of the next dimension, the largest change first, those of equal change by group.
    pub children: Vec<DiffNode>,
}

impl DiffNode {
    /// Change in bytes.
    pub fn delta(&self, measure: Measure) -> i64 {
        signed(measure.of(self.new.sizes)) - signed(measure.of(self.old.sizes))
    }

    /// How much changed, whichever way: by the measure, and for what is equal in it by the other one.
    pub fn extent(&self, measure: Measure) -> (u64, u64) {
        let other = measure.pick(Measure::Memory, Measure::File);
        (self.delta(measure).unsigned_abs(), self.delta(other).unsigned_abs())
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
    /// Lines of the first dimension, the largest change first, those of equal change by group.
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
    let mut accepts = pairing.models().map(|model| view.filter.as_ref().map(|f| f.compile(model)));
    let is_stated = view.dims_asked().into_iter().all(Dim::is_stated);
    compare(pairing, view, is_stated, |side, leaf| {
        accepts[side as usize].as_mut().is_none_or(|a| a.accepts(leaf))
    })
}

/// The same for the leaves that `accepts` lets pass, which is asked of each leaf once, in order, of the
/// old model first; the filter of the view is not looked at.
pub fn diff_where<'m>(
    pairing: &mut Pairing<'m>,
    view: &DiffView,
    accepts: impl FnMut(Side, &Leaf) -> bool,
) -> Diff<'m> {
    compare(pairing, view, false, accepts)
}

fn compare<'m>(
    pairing: &mut Pairing<'m>,
    view: &DiffView,
    is_stated: bool,
    mut accepts: impl FnMut(Side, &Leaf) -> bool,
) -> Diff<'m> {
    let groups: Vec<Arc<Groups<'m>>> = view.dims.iter().map(|&dim| pairing.groups(dim)).collect();
    let [old, new] = pairing.models();
    let mut sums = Sums::new(&groups, is_stated);
    sums.walk(Side::Old, old, &groups, &mut accepts);
    sums.walk(Side::New, new, &groups, &mut accepts);
    let Sums { parents, mut sides, .. } = sums;
    // Children have higher numbers than their parents.
    let mut counts = vec![0; parents.len()];
    for index in (1..parents.len()).rev() {
        let parent = parents[index].0 as usize;
        let [old, new] = sides[index];
        sides[parent][0].join(old);
        sides[parent][1].join(new);
        counts[parent] += 1;
    }
    let mut nodes: Vec<Vec<DiffNode>> = counts.into_iter().map(Vec::with_capacity).collect();
    for index in (1..parents.len()).rev() {
        let (parent, group) = parents[index];
        let [old, new] = sides[index];
        let children = in_order(std::mem::take(&mut nodes[index]), view.measure);
        nodes[parent as usize].push(DiffNode { group, old, new, children });
    }
    let roots = in_order(std::mem::take(&mut nodes[0]), view.measure);
    Diff { roots, old: sides[0][0], new: sides[0][1], groups }
}

/// The largest change first; names would cost time here, where most lines are never shown.
fn in_order(mut nodes: Vec<DiffNode>, measure: Measure) -> Vec<DiffNode> {
    nodes.sort_unstable_by_key(|node| (Reverse(node.extent(measure)), node.group));
    nodes
}

/// Sums by node: node 0 is the whole, others are (parent, group), numbered as they appear.
struct Sums {
    nodes: HashMap<(u32, u32), u32>,
    /// By level and group the parent it was last seen under, and the node: mostly it has no other.
    recent: Vec<Vec<(u32, u32)>>,
    parents: Vec<(u32, u32)>,
    sides: Vec<[Amount; 2]>,
    /// Whether no sum is an estimate.
    is_stated: bool,
}

impl Sums {
    fn new(groups: &[Arc<Groups<'_>>], is_stated: bool) -> Sums {
        Sums {
            is_stated,
            nodes: HashMap::new(),
            recent: groups.iter().map(|g| vec![(u32::MAX, 0); g.groups.len()]).collect(),
            parents: vec![(0, 0)],
            sides: vec![Default::default()],
        }
    }

    fn walk(
        &mut self,
        side: Side,
        model: &Model,
        groups: &[Arc<Groups<'_>>],
        accepts: &mut impl FnMut(Side, &Leaf) -> bool,
    ) {
        for leaf in model.leaves.iter() {
            if !accepts(side, &leaf) {
                continue;
            }
            let mut node = 0u32;
            for (groups, recent) in groups.iter().zip(&mut self.recent) {
                let keys = if side == Side::Old { &groups.old_keys } else { &groups.new_keys };
                let group = groups.group(side, keys.key(&leaf));
                let recent = &mut recent[group as usize];
                if recent.0 != node {
                    let known = *self.nodes.entry((node, group)).or_insert_with(|| {
                        self.parents.push((node, group));
                        self.sides.push(Default::default());
                        self.parents.len() as u32 - 1
                    });
                    *recent = (node, known);
                }
                node = recent.1;
            }
            self.sides[node as usize][side as usize].add(&leaf, self.is_stated);
        }
    }
}
