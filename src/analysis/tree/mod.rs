//! What each dependency costs: the packages of a binary as a tree, with bytes.
//!
//! Knows a graph of packages and the crates of a model, and neither Cargo nor files. Three notions
//! of the size of a package are kept apart.
//!
//! - *Self*: the bytes of its own crates.
//! - *Total*: with all that it needs, each package counted once.
//! - *Unique*, of an edge: what can only be reached through it, and so would be gone with the line of the
//!   manifest. The rest of the total is *shared*: something else needs it too.

mod dominators;
mod links;
mod needs;
mod places;
#[cfg(test)]
mod tests;
mod walk;

use self::dominators::Dominators;
use self::links::Links;
pub use self::needs::Needs;
pub use self::places::Why;
use self::places::{Place, Places};
use self::walk::Walk;
use crate::model::filter::Filter;
use crate::model::view::{Dim, Measure, Sort, View, tree};
use crate::model::{CrateId, Model, Sizes};
use crate::order::Arrange;
use crate::project::graph::{Graph, Need};

/// A question to a graph and a model.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// Which way to go.
    pub direction: Direction,
    /// Which leaves of the model count; all if none.
    pub filter: Option<Filter>,
    /// Which total counts for the order.
    pub measure: Measure,
    /// Order of rows.
    pub sort: TreeSort,
    /// Rows for the dependencies of one package; all if none.
    pub limit: Option<usize>,
    /// Steps from the first package; all if none.
    pub depth: Option<u32>,
}

/// Which way to go from which packages.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Direction {
    /// From the roots to what they need.
    #[default]
    Down,
    /// From these packages to what needs them.
    Up(Vec<u32>),
    /// From all packages of which there are several versions to what needs them.
    Duplicates,
}

/// How rows beside each other are ordered. Ties are broken by name and version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum TreeSort {
    /// Largest total first.
    #[default]
    Total,
    /// Largest without dependencies first.
    Own,
    /// Largest unique part first.
    Unique,
    /// By name.
    Name,
}

/// Bytes, and what is known of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Amount {
    /// The bytes.
    pub sizes: Sizes,
    /// Symbols that start in them.
    pub symbols: u64,
    /// Bytes of the file among them that are computed shares, or guesses.
    pub estimated: u64,
}

impl std::ops::AddAssign for Amount {
    fn add_assign(&mut self, other: Amount) {
        self.sizes += other.sizes;
        self.symbols += other.symbols;
        self.estimated += other.estimated;
    }
}

/// The answer: rows as they are shown, each below the one it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// In the order of a walk: a row of depth `n` belongs to the last one before it of depth `n - 1`.
    pub rows: Vec<TreeRow>,
    /// Packages that the file was built from.
    pub roots: Vec<u32>,
    /// By package: its bytes and those of all that it needs, each package once.
    pub totals: Vec<Sizes>,
    /// By package: its crates in the file.
    pub crates: Vec<Vec<CrateId>>,
    /// How many packages may have code in the file.
    pub linked: usize,
    /// Of these, how many have no byte that counts.
    pub without_bytes: usize,
    /// Packages that run when the file is built, and have no code in it.
    pub build_only: Vec<u32>,
    /// Crates that no package has a place for, and why; in order of size.
    pub outside: Vec<(CrateId, Why)>,
    /// Bytes of these crates.
    pub outside_sum: Amount,
    /// All bytes that count.
    pub shown: Amount,
}

/// One row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeRow {
    /// Steps from the first row.
    pub depth: u32,
    /// What it stands for.
    pub what: What,
    /// The edge to the row that it belongs to, of a package that is not first.
    pub edge: Option<u32>,
    /// Whether the package was shown before, with all below it.
    pub is_repeat: bool,
    /// Its own bytes. Going down, those of all rows that are no repeats sum to the whole.
    pub own: Amount,
    /// With all that it needs, each package once.
    pub total: Sizes,
    /// What would be gone without the edge, or without the package if it is first.
    pub unique: Sizes,
}

/// What a row stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A package, by its number.
    Package(u32),
    /// The standard library and what is built with it.
    Toolchain,
    /// Crates that the graph has no place for.
    Outside,
    /// A crate or a bucket of the model.
    Crate(CrateId),
    /// So many rows that a limit left out, with the packages that are only there.
    Rest(usize),
    /// So many packages that lie deeper than was asked for.
    Deeper(usize),
}

/// Answers a question; `roots` are the packages that the file was built from.
///
/// *Cost*: one pass over the leaves, and for the totals packages times dependencies over 64.
pub fn answer(model: &Model, graph: &Graph, roots: &[u32], question: &Question) -> Answer {
    let links = Links::new(graph, roots);
    let places = Places::new(graph, &links);
    let view = View {
        dims: vec![Dim::Crate],
        filter: question.filter.clone(),
        measure: question.measure,
        sort: if question.sort == TreeSort::Name { Sort::Name } else { Sort::Size },
        first: None,
        only: None,
        names_only: false,
    };
    let sizes = tree(model, &view);
    let mut out = Answer {
        roots: roots.to_vec(),
        crates: vec![Vec::new(); graph.packages.len()],
        linked: links.linked.iter().filter(|linked| **linked).count(),
        build_only: build_only(graph, &links, roots),
        ..Answer::default()
    };
    let mut own = vec![Amount::default(); graph.packages.len()];
    let (mut toolchain, mut outside, mut buckets) = (Vec::new(), Vec::new(), Vec::new());
    for node in &sizes.roots {
        let krate = CrateId(node.key);
        let Some(row) = krate.get().and_then(|i| model.crates.get(i)) else { continue };
        let amount = Amount { sizes: node.sizes, symbols: node.symbols, estimated: node.estimated };
        out.shown += amount;
        match places.of(model, row) {
            Place::Package(package) => {
                own[package as usize] += amount;
                out.crates[package as usize].push(krate);
            }
            Place::Toolchain => toolchain.push((krate, amount)),
            Place::Bucket => buckets.push((krate, amount)),
            Place::Outside(why) => {
                out.outside.push((krate, why));
                out.outside_sum += amount;
                outside.push((krate, amount));
            }
        }
    }
    let bytes: Vec<Sizes> = own.iter().map(|amount| amount.sizes).collect();
    let has_bytes = |package: usize| bytes[package] != Sizes::default();
    out.without_bytes = (0..bytes.len()).filter(|&p| links.linked[p] && !has_bytes(p)).count();
    let dominators = Dominators::new(&links, roots, &bytes);
    let walk = Walk {
        graph,
        links: &links,
        question,
        totals: links.totals(&bytes),
        only_edges: dominators.only_edges(&links, roots),
        retained: dominators.retained,
        own,
    };
    out.rows = match &question.direction {
        Direction::Down => {
            let mut rows = walk.down(roots);
            rows.extend(walk.group(What::Toolchain, &toolchain));
            rows.extend(walk.group(What::Outside, &outside));
            rows.extend(buckets.iter().map(|&(krate, amount)| TreeRow::plain(0, What::Crate(krate), amount)));
            rows
        }
        Direction::Up(packages) => walk.up(packages),
        Direction::Duplicates => walk.up(&walk.duplicates()),
    };
    out.totals = walk.totals;
    out
}

impl TreeRow {
    /// The row of something that needs nothing else.
    fn plain(depth: u32, what: What, own: Amount) -> TreeRow {
        TreeRow { depth, what, edge: None, is_repeat: false, own, total: own.sizes, unique: own.sizes }
    }
}

/// Packages that build scripts and macros of what is linked need, or are.
fn build_only(graph: &Graph, links: &Links, roots: &[u32]) -> Vec<u32> {
    let mut seen = links.linked.clone();
    for &root in roots {
        if let Some(seen) = seen.get_mut(root as usize) {
            *seen = true;
        }
    }
    let mut below: Vec<Vec<u32>> = vec![Vec::new(); graph.packages.len()];
    for edge in &graph.edges {
        // What only tests need is not even built.
        if edge.lines.is_empty() || edge.lines.iter().any(|l| l.need != Need::Dev) {
            below[edge.from as usize].push(edge.to);
        }
    }
    let mut open: Vec<u32> = (0..).zip(&seen).filter(|(_, seen)| **seen).map(|(p, _)| p).collect();
    while let Some(package) = open.pop() {
        for &to in &below[package as usize] {
            if !std::mem::replace(&mut seen[to as usize], true) {
                open.push(to);
            }
        }
    }
    let mut found: Vec<u32> =
        (0..).zip(&seen).filter(|&(p, seen)| *seen && !links.linked[p as usize]).map(|(p, _)| p).collect();
    let identity = |p: &u32| {
        let package = &graph.packages[*p as usize].package;
        (package.name.clone(), package.version.clone())
    };
    found.arrange_by_cached_key(identity);
    found
}
