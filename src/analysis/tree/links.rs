//! The dependencies that code can come through, and what can be reached by them.
//!
//! Graphs may have cycles and any depth: nothing here recurses, and the cost of
//! everything is bounded by packages times dependencies over the width of a word.

use crate::model::Sizes;
use crate::order::Arrange;
use crate::project::graph::{Graph, Need};

/// The packages that may be in a file and the edges between them.
#[derive(Debug)]
pub(super) struct Links {
    /// By package: whether it can be reached from a root.
    pub linked: Vec<bool>,
    /// By package: where its edges start in `below`.
    starts: Vec<u32>,
    /// Edges in order of `from`, as number of the edge and of the needed package.
    below: Vec<(u32, u32)>,
    /// By package: where its edges start in `above`.
    ends: Vec<u32>,
    /// The same edges in order of `to`, as number of the edge and of the package that needs it.
    above: Vec<(u32, u32)>,
}

/// Whether code gets into the file through an edge: it is no dependency of build scripts, tests or macros.
fn carries_code(graph: &Graph, to: u32, lines: &[crate::project::graph::Line]) -> bool {
    let is_for_host = graph.get(to).is_none_or(|p| p.is_proc_macro || p.is_for_build);
    let is_normal = lines.is_empty() || lines.iter().any(|l| matches!(l.need, Need::Normal | Need::Unknown));
    !is_for_host && is_normal
}

impl Links {
    /// The links below `roots`.
    pub fn new(graph: &Graph, roots: &[u32]) -> Links {
        let count = graph.packages.len();
        let all: Vec<(u32, u32, u32)> = graph
            .edges
            .iter()
            .zip(0..)
            .filter(|(e, _)| e.from != e.to && carries_code(graph, e.to, &e.lines))
            .map(|(e, number)| (e.from, e.to, number))
            .collect();
        let (starts, below) = table(count, all.iter().map(|&(from, to, edge)| (from, (edge, to))));
        let mut links =
            Links { linked: vec![false; count], starts, below, ends: Vec::new(), above: Vec::new() };
        links.linked = links.reachable(roots);
        let used = all.iter().filter(|(from, ..)| links.linked.get(*from as usize) == Some(&true));
        (links.ends, links.above) = table(count, used.map(|&(from, to, edge)| (to, (edge, from))));
        links
    }

    /// What a package needs: numbers of the edge and of the package.
    pub fn below(&self, package: u32) -> &[(u32, u32)] {
        part(&self.starts, &self.below, package)
    }

    /// What needs a package, among those that are linked.
    pub fn above(&self, package: u32) -> &[(u32, u32)] {
        part(&self.ends, &self.above, package)
    }

    fn reachable(&self, roots: &[u32]) -> Vec<bool> {
        let mut seen = vec![false; self.linked.len()];
        let mut open: Vec<u32> = Vec::new();
        let mut visit = |package: u32, open: &mut Vec<u32>| {
            if let Some(seen) = seen.get_mut(package as usize).filter(|seen| !**seen) {
                *seen = true;
                open.push(package);
            }
        };
        for &root in roots {
            visit(root, &mut open);
        }
        while let Some(package) = open.pop() {
            for &(_, to) in self.below(package) {
                visit(to, &mut open);
            }
        }
        seen
    }

    /// By package: its bytes and those of all it needs, each package once.
    ///
    /// *Cost*: packages and edges, times the number of packages with bytes over 64.
    pub fn totals(&self, own: &[Sizes]) -> Vec<Sizes> {
        let components = components(self);
        let count = components.iter().map(|&c| c as usize + 1).max().unwrap_or(0);
        let mut members: Vec<Vec<u32>> = vec![Vec::new(); count];
        for (&component, package) in components.iter().zip(0..) {
            members[component as usize].push(package);
        }
        let heavy: Vec<u32> =
            own.iter().zip(0..).filter(|(sizes, _)| **sizes != Sizes::default()).map(|(_, p)| p).collect();
        let mut sums = vec![Sizes::default(); count];
        // A few columns at a time, so that memory stays in proportion to packages.
        for columns in heavy.chunks(64 * WORDS) {
            let mut reached: Vec<[u64; WORDS]> = vec![[0; WORDS]; count];
            for (&package, column) in columns.iter().zip(0..) {
                let component = components[package as usize] as usize;
                reached[component][column / 64] |= 1 << (column % 64);
            }
            // What a component needs has a lower number.
            for component in 0..count {
                let mut set = reached[component];
                for &(_, to) in members[component].iter().flat_map(|&package| self.below(package)) {
                    let other = components[to as usize] as usize;
                    if other != component {
                        let other = reached[other];
                        set.iter_mut().zip(other).for_each(|(word, more)| *word |= more);
                    }
                }
                reached[component] = set;
                for (column, &package) in columns.iter().enumerate() {
                    if set[column / 64] >> (column % 64) & 1 == 1 {
                        sums[component] += own[package as usize];
                    }
                }
            }
        }
        components.iter().map(|&component| sums[component as usize]).collect()
    }
}

/// Words of a set of packages that is worked on at a time.
const WORDS: usize = 16;

/// Values by key, and where those of each key start.
fn table(keys: usize, all: impl Iterator<Item = (u32, (u32, u32))>) -> (Vec<u32>, Vec<(u32, u32)>) {
    let mut all: Vec<(u32, (u32, u32))> = all.collect();
    all.arrange();
    let mut starts = vec![0u32; keys + 1];
    for &(key, _) in &all {
        starts[key as usize + 1] += 1;
    }
    for key in 0..keys {
        starts[key + 1] += starts[key];
    }
    (starts, all.into_iter().map(|(_, value)| value).collect())
}

fn part<'t>(starts: &[u32], values: &'t [(u32, u32)], key: u32) -> &'t [(u32, u32)] {
    let start = starts.get(key as usize).map_or(0, |&s| s as usize);
    let end = starts.get(key as usize + 1).map_or(start, |&e| e as usize);
    &values[start..end]
}

/// By package: its strongly connected component, numbered such that what a component needs has a lower number.
///
/// R. Tarjan, Depth-first search and linear graph algorithms, SIAM J. Comput. 1 (2), 1972; with a stack
/// of its own instead of recursion.
fn components(links: &Links) -> Vec<u32> {
    const NEW: u32 = u32::MAX;
    let count = links.linked.len();
    let mut component = vec![NEW; count];
    let mut order = vec![NEW; count];
    let mut low = vec![NEW; count];
    let mut on_path: Vec<u32> = Vec::new();
    let (mut visited, mut found) = (0, 0);
    let mut calls: Vec<(u32, usize)> = Vec::new();
    for start in 0..count as u32 {
        if order[start as usize] != NEW {
            continue;
        }
        calls.push((start, 0));
        while let Some((package, next)) = calls.pop() {
            let at = package as usize;
            if next == 0 {
                (order[at], low[at]) = (visited, visited);
                visited += 1;
                on_path.push(package);
            }
            match links.below(package).get(next) {
                Some(&(_, to)) => {
                    calls.push((package, next + 1));
                    let to = to as usize;
                    if order[to] == NEW {
                        calls.push((to as u32, 0));
                    } else if component[to] == NEW {
                        low[at] = low[at].min(order[to]);
                    }
                }
                None => {
                    if low[at] == order[at] {
                        while let Some(member) = on_path.pop() {
                            component[member as usize] = found;
                            if member == package {
                                break;
                            }
                        }
                        found += 1;
                    }
                    if let Some(&(parent, _)) = calls.last() {
                        let parent = parent as usize;
                        low[parent] = low[parent].min(low[at]);
                    }
                }
            }
        }
    }
    component
}
