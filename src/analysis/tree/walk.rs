//! A graph unrolled into rows, each package with all below it once.

use std::cmp::{Ordering, Reverse};
use std::collections::VecDeque;

use super::links::Links;
use super::{Amount, Question, TreeRow, TreeSort, What};
use crate::model::view::Measure;
use crate::model::{CrateId, Sizes};
use crate::order::Arrange;
use crate::project::graph::Graph;

/// What is known of packages and edges when rows are made.
pub(super) struct Walk<'a> {
    pub graph: &'a Graph,
    pub links: &'a Links,
    pub question: &'a Question,
    pub own: Vec<Amount>,
    pub totals: Vec<Sizes>,
    /// By package: what would be gone without it.
    pub retained: Vec<Sizes>,
    /// By package: the edge that it hangs by, if there is no other.
    pub only_edges: Vec<Option<u32>>,
}

/// Rows that are to come below a row.
struct Level {
    /// Edge and package.
    rows: Vec<(Option<u32>, u32)>,
    next: usize,
    /// How many of them are shown.
    shown: usize,
}

/// A row for what a limit left out: where it is, and the packages in it.
struct Hidden {
    row: usize,
    packages: Vec<u32>,
}

impl Walk<'_> {
    /// Rows of the packages that are needed by the first ones, which are needed by nobody.
    ///
    /// Each linked package is in one row that is no repeat, or is counted in one of those that stand for
    /// what limits left out. So own bytes sum up.
    pub fn down(&self, first: &[u32]) -> Vec<TreeRow> {
        let (mut rows, hidden, mut is_counted) = self.unrolled(first, |package| self.links.below(package));
        for hidden in hidden {
            rows[hidden.row].own = self.claimed(hidden.packages, &mut is_counted);
        }
        let deeper: Vec<u32> = (0..)
            .zip(&is_counted)
            .filter(|&(p, &c)| !c && self.links.linked[p as usize])
            .map(|(p, _)| p)
            .collect();
        if !deeper.is_empty() {
            let mut sum = Amount::default();
            for &package in &deeper {
                sum += self.own[package as usize];
            }
            rows.push(TreeRow::plain(0, What::Deeper(deeper.len()), sum));
        }
        rows
    }

    /// Rows of the packages that need the first ones, directly or not.
    pub fn up(&self, first: &[u32]) -> Vec<TreeRow> {
        self.unrolled(first, |package| self.links.above(package)).0
    }

    /// Packages that may be in the file and share their name with another, the largest name first.
    pub fn duplicates(&self) -> Vec<u32> {
        let name = |p: &u32| self.graph.packages[*p as usize].package.name.as_str();
        let mut linked: Vec<u32> =
            (0..self.own.len() as u32).filter(|&p| self.links.linked[p as usize]).collect();
        linked.arrange_by(|a, b| name(a).cmp(name(b)).then_with(|| self.order(*a, *b)));
        let mut groups: Vec<&[u32]> =
            linked.chunk_by(|a, b| name(a) == name(b)).filter(|group| group.len() > 1).collect();
        let size =
            |group: &&[u32]| group.iter().map(|&p| self.measured(self.own[p as usize].sizes)).sum::<u64>();
        match self.question.sort {
            TreeSort::Name => {}
            _ => groups.arrange_by_key(|group| Reverse(size(group))),
        }
        groups.concat()
    }

    /// A row for several crates and rows for each of them.
    pub fn group(&self, what: What, crates: &[(CrateId, Amount)]) -> Vec<TreeRow> {
        if crates.is_empty() {
            return Vec::new();
        }
        let mut sum = Amount::default();
        for (_, amount) in crates {
            sum += *amount;
        }
        let mut head = TreeRow::plain(0, what, sum);
        if self.question.depth == Some(0) {
            return vec![head];
        }
        head.own = Amount::default();
        let shown = self.shown_of(crates.len());
        let mut rows = vec![head];
        rows.extend(crates[..shown].iter().map(|&(krate, own)| TreeRow::plain(1, What::Crate(krate), own)));
        if shown < crates.len() {
            let mut rest = Amount::default();
            for (_, amount) in &crates[shown..] {
                rest += *amount;
            }
            rows.push(TreeRow::plain(1, What::Rest(crates.len() - shown), rest));
        }
        rows
    }

    /// The rows, which of them stand for what a limit left out, and by package whether it has a row.
    ///
    /// Where a package is to be seen several times, it is shown in full where that is least deep,
    /// whatever the order: so a depth hides nothing that it should not.
    fn unrolled<'l>(
        &'l self,
        first: &[u32],
        next: impl Fn(u32) -> &'l [(u32, u32)],
    ) -> (Vec<TreeRow>, Vec<Hidden>, Vec<bool>) {
        let levels = self.levels(first, &next);
        let mut rows = Vec::new();
        let mut hidden = Vec::new();
        let mut has_row = vec![false; self.own.len()];
        let first = first.iter().map(|&package| (None, package)).collect::<Vec<_>>();
        let mut open = vec![Level { next: 0, shown: first.len(), rows: first }];
        while let Some(level) = open.last_mut() {
            let at = level.next;
            level.next += 1;
            let left = level.rows.get(at..).unwrap_or_default();
            let Some(&(edge, package)) = left.first().filter(|_| at < level.shown) else {
                if !left.is_empty() {
                    let packages = left.iter().map(|&(_, package)| package).collect();
                    let rest = What::Rest(left.len());
                    hidden.push(Hidden { row: rows.len(), packages });
                    rows.push(TreeRow {
                        total: Sizes::default(),
                        unique: Sizes::default(),
                        ..TreeRow::plain(open.len() as u32 - 1, rest, Amount::default())
                    });
                }
                open.pop();
                continue;
            };
            let depth = open.len() as u32 - 1;
            let at = package as usize;
            let is_repeat = levels[at] != depth || std::mem::replace(&mut has_row[at], true);
            rows.push(self.row(depth, edge, package, is_repeat));
            if !is_repeat && self.question.depth.is_none_or(|most| depth < most) {
                let rows = self.sorted(next(package));
                open.push(Level { next: 0, shown: self.shown_of(rows.len()), rows });
            }
        }
        (rows, hidden, has_row)
    }

    /// By package: how deep it is where it is shown, `u32::MAX` if it is not.
    fn levels<'l>(&'l self, first: &[u32], next: &impl Fn(u32) -> &'l [(u32, u32)]) -> Vec<u32> {
        let mut levels = vec![u32::MAX; self.own.len()];
        let mut queue: VecDeque<u32> = VecDeque::new();
        for &package in first {
            if std::mem::replace(&mut levels[package as usize], 0) != 0 {
                queue.push_back(package);
            }
        }
        while let Some(package) = queue.pop_front() {
            let level = levels[package as usize] + 1;
            if self.question.depth.is_some_and(|most| level > most) {
                break;
            }
            let rows = self.sorted(next(package));
            for &(_, below) in &rows[..self.shown_of(rows.len())] {
                if levels[below as usize] == u32::MAX {
                    levels[below as usize] = level;
                    queue.push_back(below);
                }
            }
        }
        levels
    }

    /// Rows beside each other, in order.
    fn sorted(&self, rows: &[(u32, u32)]) -> Vec<(Option<u32>, u32)> {
        let mut rows: Vec<(Option<u32>, u32)> = rows.iter().map(|&(edge, p)| (Some(edge), p)).collect();
        let unique = |row: &(Option<u32>, u32)| match self.question.sort {
            TreeSort::Unique => self.measured(self.unique(row.0, row.1)),
            _ => 0,
        };
        rows.arrange_by(|a, b| unique(b).cmp(&unique(a)).then_with(|| self.order(a.1, b.1)));
        rows
    }

    fn row(&self, depth: u32, edge: Option<u32>, package: u32, is_repeat: bool) -> TreeRow {
        let at = package as usize;
        TreeRow {
            depth,
            what: What::Package(package),
            edge,
            is_repeat,
            own: self.own[at],
            total: self.totals[at],
            unique: self.unique(edge, package),
        }
    }

    /// What would be gone without an edge, of which one end is `package`; without one, without the package.
    fn unique(&self, edge: Option<u32>, package: u32) -> Sizes {
        let Some(edge) = edge else { return self.retained[package as usize] };
        let needed = self.graph.edges[edge as usize].to as usize;
        if self.only_edges[needed] == Some(edge) { self.retained[needed] } else { Sizes::default() }
    }

    fn measured(&self, sizes: Sizes) -> u64 {
        self.question.measure.of(sizes)
    }

    /// Which of two packages comes first.
    fn order(&self, a: u32, b: u32) -> Ordering {
        let other = match self.question.measure {
            Measure::File => Measure::Memory,
            Measure::Memory => Measure::File,
        };
        let size = |p: u32| {
            let sizes = match self.question.sort {
                TreeSort::Total => self.totals[p as usize],
                TreeSort::Own => self.own[p as usize].sizes,
                TreeSort::Unique => self.retained[p as usize],
                TreeSort::Name => return (0, 0),
            };
            (self.measured(sizes), other.of(sizes))
        };
        let identity = |p: u32| {
            let package = &self.graph.packages[p as usize].package;
            (package.name.as_str(), package.version.as_str())
        };
        size(b).cmp(&size(a)).then_with(|| identity(a).cmp(&identity(b))).then(a.cmp(&b))
    }

    /// How many of so many rows are shown. One row left out is as long as the row that would say so.
    fn shown_of(&self, count: usize) -> usize {
        let shown = self.question.limit.unwrap_or(usize::MAX).min(count);
        if shown + 1 == count { count } else { shown }
    }

    /// Counts what is in `packages` or below them and was not counted before.
    fn claimed(&self, packages: Vec<u32>, is_counted: &mut [bool]) -> Amount {
        let mut sum = Amount::default();
        let mut open = packages;
        while let Some(package) = open.pop() {
            if std::mem::replace(&mut is_counted[package as usize], true) {
                continue;
            }
            sum += self.own[package as usize];
            open.extend(self.links.below(package).iter().map(|&(_, to)| to));
        }
        sum
    }
}
