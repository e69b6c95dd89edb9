//! Packages below packages: a graph that is walked as a tree.
//!
//! The report shows a package in full once, and says of all other places that it was shown. Here
//! every place leads on: rows for what a package needs are there once, and each row for
//! the package has them below it. So a walk has no end where packages need each other in a circle;
//! whoever enters rows refuses what is on the way already.

use std::cmp::Reverse;

use hashbrown::HashMap;

use super::{StandsFor, Tree, key, size};
use crate::analysis::diff::Amount;
use crate::analysis::tree::{self, Answer, TreeRow, What};
use crate::model::Sizes;
use crate::model::view::Measure;
use crate::report::{BuildPackage, DependencyLine, PackageRow, TreeReport};
use crate::tui::details::Entry;
use crate::tui::jobs::Column;
use crate::tui::table::{Key, Row};

/// Needers and features that details list.
const LISTED: usize = 40;
/// Keys of what is no package. A graph has far fewer packages.
const CRATES: u32 = 1 << 31;

/// Packages and the rows they are in.
pub struct Packages {
    tree: Tree,
    /// By row of the table, the first of which is the whole: its row in the answer.
    of_row: Vec<u32>,
    /// By row of the answer: the one it belongs to.
    above: Vec<Option<u32>>,
    /// By package: its row in the answer that is shown in full.
    full: HashMap<u32, u32>,
}

impl Packages {
    /// Puts the rows that belong together side by side, the largest first.
    ///
    /// *Cost*: O(n log n) in the number of rows.
    pub(super) fn lay_out(tree: Tree, measure: Measure) -> (Vec<Row>, Packages) {
        let answer = &tree.answer;
        let count = answer.rows.len();
        let mut above = vec![None; count];
        // By row of the answer, rows below it; last those of the whole.
        let mut below: Vec<Vec<u32>> = vec![Vec::new(); count + 1];
        let mut full = HashMap::new();
        let mut way: Vec<u32> = Vec::new();
        for (row, index) in answer.rows.iter().zip(0..) {
            way.truncate(row.depth as usize);
            above[index as usize] = way.last().copied();
            below[way.last().map_or(count, |&above| above as usize)].push(index);
            way.push(index);
            if let (What::Package(package), false) = (row.what, row.is_repeat) {
                full.insert(package, index);
            }
        }
        // Roots, the standard library and buckets come in an order of their own.
        below[count].sort_by_key(|&row| Reverse(measure.of(answer.rows[row as usize].total)));

        // Level by level: what belongs to one row is side by side.
        let mut of_row = vec![u32::MAX];
        let mut children: Vec<std::ops::Range<u32>> = vec![0..0; count + 1];
        let mut open = vec![count as u32];
        while !open.is_empty() {
            let mut next = Vec::new();
            for row in open {
                let first = of_row.len() as u32;
                of_row.extend(&below[row as usize]);
                next.extend(&below[row as usize]);
                children[row as usize] = first..of_row.len() as u32;
            }
            open = next;
        }
        let places = |index: u32| match answer.rows.get(index as usize).map(|row| row.what) {
            Some(What::Package(package)) => full.get(&package).copied().unwrap_or(index),
            Some(_) => index,
            None => count as u32,
        };
        let row = |&index: &u32| {
            let children = children[places(index) as usize].clone();
            match answer.rows.get(index as usize) {
                Some(row) => Row::listed(key_of(row), of_diff(row.own), children),
                None => Row::listed(Key::default(), of_diff(answer.shown), children),
            }
        };
        let rows = of_row.iter().map(row).collect();
        (rows, Packages { tree, of_row, above, full })
    }

    pub(super) fn report(&self) -> &TreeReport {
        &self.tree.report
    }

    fn answer(&self) -> &Answer {
        &self.tree.answer
    }

    /// A row of the table as number of the answer's row, as numbers, and in words.
    fn at(&self, row: u32) -> Option<(u32, &TreeRow, &PackageRow)> {
        let index = *self.of_row.get(row as usize)?;
        self.row(index).map(|(row, words)| (index, row, words))
    }

    fn row(&self, index: u32) -> Option<(&TreeRow, &PackageRow)> {
        self.answer().rows.get(index as usize).zip(self.report().rows.get(index as usize))
    }

    pub(super) fn label(&self, row: u32) -> String {
        let Some((_, _, words)) = self.at(row) else { return String::new() };
        format!("{}{}", words.name, crate::render::package_remarks(words))
    }

    pub(super) fn number(&self, row: u32, column: Column, measure: Measure) -> Option<u64> {
        let Some((_, row, _)) = self.at(row) else {
            return (column == Column::Total).then(|| measure.of(self.answer().shown.sizes));
        };
        match column {
            Column::Total => Some(measure.of(row.total)),
            Column::Unique => Some(measure.of(row.unique)),
            _ => None,
        }
    }

    pub(super) fn stands_for(&self, row: u32) -> Option<StandsFor> {
        match self.at(row)?.1.what {
            What::Package(package) => {
                let crates = self.answer().crates.get(package as usize)?;
                crates.first().map(|&krate| StandsFor::Crate(krate))
            }
            What::Crate(krate) => Some(StandsFor::Crate(krate)),
            _ => None,
        }
    }

    pub(super) fn note(&self) -> String {
        let packages = &self.report().packages;
        let from = match (packages.from, &packages.path) {
            ("cargo", Some(path)) => format!("cargo's list for {path}"),
            (_, Some(path)) => path.clone(),
            _ => "the list in the file".to_string(),
        };
        format!("packages by {from}; {} of {} without bytes", packages.without_bytes, packages.linked)
    }

    pub(super) fn weight(&self) -> usize {
        let words = |row: &PackageRow| {
            let all = row.crates.iter().chain(row.features.iter().flatten()).chain(&row.listed_versions);
            let lines = row.dependency.iter().map(|line| {
                size_of::<DependencyLine>()
                    + line.enabled_by.iter().chain(&line.features).map(|t| weight_of(t)).sum::<usize>()
            });
            let texts: usize = all.map(|text| weight_of(text)).sum();
            size_of::<PackageRow>() + 3 * row.name.len() + texts + lines.sum::<usize>()
        };
        let words: usize = self.report().rows.iter().map(words).sum();
        words
            + self.answer().rows.len() * (size_of::<TreeRow>() + size_of::<Option<u32>>())
            + self.of_row.len() * size_of::<u32>()
            + self.answer().totals.len() * (size_of::<Sizes>() + size_of::<(u32, u32)>())
    }

    pub(super) fn details(&self, row: u32) -> Vec<Entry> {
        let Some((index, row, words)) = self.at(row) else { return Vec::new() };
        let package = if let What::Package(package) = row.what { Some(package) } else { None };
        // Crates and features are told where a package is shown in full.
        let full = package.and_then(|p| self.full.get(&p)).and_then(|&full| self.row(full));
        let own = full.map_or(words, |(_, words)| words);
        let mut entries = vec![Entry::Fact("name", words.name.clone())];
        let both = |sizes: Sizes| format!("{}; in memory {}", size(sizes.file), size(sizes.memory));
        entries.push(Entry::Fact("self", both(row.own.sizes)));
        if row.own.estimated > 0 {
            entries.push(Entry::Fact("", format!("of the file {} are estimates", size(row.own.estimated))));
        }
        entries.push(Entry::Fact("total", format!("{}, with all it needs", both(row.total))));
        let without = if row.edge.is_some() { "this dependency" } else { "it" };
        let unique = match row.unique == Sizes::default() {
            true => format!("nothing would be gone without {without}: something else needs all of it"),
            false => format!("{} would be gone without {without}", both(row.unique)),
        };
        entries.push(Entry::Fact("unique", unique));
        if row.own.sizes == Sizes::default() && package.is_some() {
            entries.push(Entry::Fact("", "no byte that counts is of its own".to_string()));
        }
        entries.extend(own.key.source.clone().map(|source| Entry::Fact("source", source)));
        if !own.crates.is_empty() {
            entries.push(Entry::Fact("crates", own.crates.join(", ")));
        }
        match &own.features {
            Some(none) if none.is_empty() => entries.push(Entry::Fact("features", "none".to_string())),
            Some(all) => entries.push(Entry::Fact("features", all.join(", "))),
            None => {}
        }
        if let Some(why) = words.why {
            let why = match why {
                "not-linked" => "in the list, but nothing that was built needs it",
                "several-versions" => "it can be of any of these versions",
                "other-versions" => "the list has other versions",
                _ => "no package of the list is called that",
            };
            entries.push(Entry::Fact("no package", why.to_string()));
            if !words.listed_versions.is_empty() {
                entries.push(Entry::Fact("listed", words.listed_versions.join(", ")));
            }
        }
        if let (Some(from), false) = (self.parent(index), words.dependency.is_empty()) {
            entries.push(Entry::Heading("This dependency"));
            entries.push(Entry::Fact("of", from.name.clone()));
            words.dependency.iter().for_each(|line| line_of(line, &mut entries));
        }
        if let Some(package) = package {
            self.needers(package, &mut entries);
            if self.answer().roots.contains(&package) {
                self.build_only(&mut entries);
            }
        }
        entries
    }

    /// Packages that have no code in the file.
    fn build_only(&self, entries: &mut Vec<Entry>) {
        let all = &self.report().build_only;
        if all.is_empty() {
            return;
        }
        entries.push(Entry::Heading("Only in the build"));
        let name = |package: &BuildPackage| {
            let what = if package.proc_macro { "  procedural macro" } else { "" };
            Entry::Line(format!("{}@{}{what}", package.package, package.version))
        };
        entries.extend(all.iter().take(LISTED).map(name));
        more_of(all.len(), entries);
    }

    /// The package that a row is below.
    fn parent(&self, index: u32) -> Option<&PackageRow> {
        let above = (*self.above.get(index as usize)?)?;
        self.report().rows.get(above as usize)
    }

    /// Every package that needs this one, and by which features.
    fn needers(&self, package: u32, entries: &mut Vec<Entry>) {
        entries.push(Entry::Heading("Needed by"));
        if self.answer().roots.contains(&package) {
            entries.push(Entry::Line("the file itself: it was built from this package".to_string()));
        }
        let rows = self.answer().rows.iter().zip(0..).filter(|(row, _)| row.what == What::Package(package));
        let mut all: Vec<String> = Vec::new();
        for (_, index) in rows {
            let (Some(from), Some((_, words))) = (self.parent(index), self.row(index)) else { continue };
            all.push(format!("{}{}", from.name, crate::render::package_remarks(words)));
        }
        all.sort();
        let count = all.len();
        entries.extend(all.into_iter().take(LISTED).map(Entry::Line));
        more_of(count, entries);
    }
}

/// Says how many of so many were left out.
fn more_of(count: usize, entries: &mut Vec<Entry>) {
    if count > LISTED {
        entries.push(Entry::Line(format!("{} more", count - LISTED)));
    }
}

/// A line of the manifest in words.
fn line_of(line: &DependencyLine, entries: &mut Vec<Entry>) {
    entries.extend(line.target.clone().map(|target| Entry::Fact("for", target)));
    entries.extend(line.rename.clone().map(|name| Entry::Fact("called", name)));
    if line.optional {
        let by = match line.enabled_by.as_slice() {
            [] => "optional".to_string(),
            by => format!("optional, switched on by {}", by.join(", ")),
        };
        entries.push(Entry::Fact("", by));
    }
    if !line.features.is_empty() {
        entries.push(Entry::Fact("switches on", line.features.join(", ")));
    }
}

/// The same amount as tables have it.
fn of_diff(amount: tree::Amount) -> Amount {
    Amount { sizes: amount.sizes, symbols: amount.symbols, estimated: amount.estimated }
}

fn weight_of(text: &str) -> usize {
    size_of::<String>() + text.len()
}

/// What a row stands for, whatever the order and the filter.
fn key_of(row: &TreeRow) -> Key {
    key(match row.what {
        What::Package(package) => package,
        What::Crate(krate) => CRATES | krate.0,
        What::Toolchain => CRATES - 1,
        What::Outside => CRATES - 2,
        What::Rest(_) => CRATES - 3,
        What::Deeper(_) => CRATES - 4,
    })
}
