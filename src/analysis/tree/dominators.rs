//! What would be gone without a package: the packages that every way from a root leads through it to.

use super::links::Links;
use crate::model::Sizes;

/// No package.
const NONE: u32 = u32::MAX;

/// What lies below what, as far as there is no other way.
pub(super) struct Dominators {
    /// By package: its place in a walk over the tree, and the place behind all that is below it.
    spans: Vec<(u32, u32)>,
    /// By package: its bytes and those of all that would be gone with it.
    pub retained: Vec<Sizes>,
}

impl Dominators {
    /// Of the packages that can be reached from `roots`; `own` has their bytes.
    ///
    /// *Cost*: packages and edges times the logarithm of their number.
    pub fn new(links: &Links, roots: &[u32], own: &[Sizes]) -> Dominators {
        let (order, parents) = immediate(links, roots);
        let mut retained = own.to_vec();
        let mut below: Vec<Vec<u32>> = vec![Vec::new(); own.len()];
        let mut tops = Vec::new();
        for &package in &order {
            match below.get_mut(parents[package as usize] as usize) {
                Some(below) => below.push(package),
                None => tops.push(package),
            }
        }
        // What dominates comes first in the order of the walk.
        for &package in order.iter().rev() {
            let sum = retained[package as usize];
            if let Some(parent) = retained.get_mut(parents[package as usize] as usize) {
                *parent += sum;
            }
        }
        let mut spans = vec![(0, 0); own.len()];
        let mut place = 0;
        let mut open: Vec<(u32, bool)> = tops.into_iter().map(|package| (package, false)).collect();
        while let Some((package, is_done)) = open.pop() {
            let span = &mut spans[package as usize];
            if is_done {
                span.1 = place;
                continue;
            }
            span.0 = place;
            place += 1;
            open.push((package, true));
            open.extend(below[package as usize].iter().map(|&child| (child, false)));
        }
        Dominators { spans, retained }
    }

    /// Whether every way to `below` leads through `above`.
    fn dominates(&self, above: u32, below: u32) -> bool {
        let place = |package: u32| self.spans.get(package as usize).copied().unwrap_or_default();
        let ((start, end), (at, _)) = (place(above), place(below));
        (start..end).contains(&at)
    }

    /// By package: the one edge that all ways to it end with, if there is such an edge.
    ///
    /// An edge is one if all others into the package come from what is only there because of the package.
    pub fn only_edges(&self, links: &Links, roots: &[u32]) -> Vec<Option<u32>> {
        let mut only: Vec<Option<u32>> = vec![None; self.spans.len()];
        for (package, only) in (0..).zip(&mut only) {
            let mut outer = links.above(package).iter().filter(|&&(_, from)| !self.dominates(package, from));
            if let (Some(&(edge, _)), None) = (outer.next(), outer.next()) {
                *only = Some(edge);
            }
        }
        // A root is there in any case.
        for &root in roots {
            if let Some(only) = only.get_mut(root as usize) {
                *only = None;
            }
        }
        only
    }
}

/// The packages that can be reached, and by package the nearest one that every way to it leads through;
/// `NONE` for roots and for what several of them need.
///
/// T. Lengauer and R. Tarjan, A fast algorithm for finding dominators in a flowgraph, ACM TOPLAS 1 (1), 1979:
/// the simple version, with path compression and without balancing. A node in front stands for whoever asks for the
/// roots.
fn immediate(links: &Links, roots: &[u32]) -> (Vec<u32>, Vec<u32>) {
    let count = links.linked.len();
    // Nodes are numbered in order of a depth-first walk; 0 is the node in front of the roots.
    let mut number = vec![NONE; count];
    let mut node: Vec<u32> = vec![NONE];
    let mut parent: Vec<u32> = vec![0];
    let mut open: Vec<(u32, u32)> = roots.iter().rev().map(|&root| (root, 0)).collect();
    while let Some((package, from)) = open.pop() {
        let Some(free) = number.get_mut(package as usize).filter(|n| **n == NONE) else { continue };
        let own = node.len() as u32;
        *free = own;
        node.push(package);
        parent.push(from);
        open.extend(links.below(package).iter().rev().map(|&(_, to)| (to, own)));
    }
    let mut is_root = vec![false; count];
    for &root in roots {
        if let Some(is_root) = is_root.get_mut(root as usize) {
            *is_root = true;
        }
    }

    let total = node.len();
    let mut forest = Forest {
        ancestor: vec![NONE; total],
        label: (0..total as u32).collect(),
        semi: (0..total as u32).collect(),
    };
    let mut dominator = vec![0u32; total];
    let mut bucket: Vec<Vec<u32>> = vec![Vec::new(); total];
    for w in (1..total).rev() {
        let package = node[w];
        let mut semi = forest.semi[w];
        if is_root[package as usize] {
            semi = 0;
        }
        for &(_, from) in links.above(package) {
            let u = forest.eval(number[from as usize]);
            semi = semi.min(forest.semi[u as usize]);
        }
        forest.semi[w] = semi;
        bucket[semi as usize].push(w as u32);
        forest.ancestor[w] = parent[w];
        for v in std::mem::take(&mut bucket[parent[w] as usize]) {
            let u = forest.eval(v);
            let is_lower = forest.semi[u as usize] < forest.semi[v as usize];
            dominator[v as usize] = if is_lower { u } else { parent[w] };
        }
    }
    for w in 1..total {
        if dominator[w] != forest.semi[w] {
            dominator[w] = dominator[dominator[w] as usize];
        }
    }
    let mut parents = vec![NONE; count];
    for w in 1..total {
        parents[node[w] as usize] = node[dominator[w] as usize];
    }
    node.remove(0);
    (node, parents)
}

/// The part of the tree that was looked at so far.
struct Forest {
    ancestor: Vec<u32>,
    label: Vec<u32>,
    semi: Vec<u32>,
}

impl Forest {
    /// The node with the lowest semidominator on the way up from `node`.
    fn eval(&mut self, node: u32) -> u32 {
        if self.ancestor[node as usize] == NONE {
            return self.label[node as usize];
        }
        // From the node up to the last one below the top, then back with the best so far.
        let mut path = vec![node];
        let mut at = node;
        loop {
            let up = self.ancestor[at as usize];
            if self.ancestor[up as usize] == NONE {
                break;
            }
            path.push(up);
            at = up;
        }
        for &step in path.iter().rev().skip(1) {
            let up = self.ancestor[step as usize] as usize;
            let best = self.label[up];
            if self.semi[best as usize] < self.semi[self.label[step as usize] as usize] {
                self.label[step as usize] = best;
            }
            self.ancestor[step as usize] = self.ancestor[up];
        }
        self.label[node as usize]
    }
}
