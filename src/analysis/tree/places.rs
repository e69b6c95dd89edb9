//! Which package of a graph each crate of a file is of.

use std::collections::HashMap;

use super::links::Links;
use crate::intern::NameId;
use crate::model::{CrateRow, Model, Source};
use crate::order::Arrange;
use crate::project::graph::Graph;
use crate::project::normal;

/// Where the bytes of a crate are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// With a package, by its number.
    Package(u32),
    /// With the standard library.
    Toolchain,
    /// For themselves: code of C, and what no crate owns.
    Bucket,
    /// Apart, because the graph has no place for it.
    Outside(Why),
}

/// Why a crate is of no package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// No package is called that.
    Unlisted,
    /// The package is in the graph in other versions, which are these.
    OtherVersions(Vec<String>),
    /// The file does not say which of these versions it is.
    SeveralVersions(Vec<String>),
    /// The package is in the graph, but nothing that was built needs its code.
    NotLinked,
}

/// Packages by the names that their crates may have.
pub(super) struct Places<'g> {
    graph: &'g Graph,
    links: &'g Links,
    by_name: HashMap<String, Vec<u32>>,
}

impl<'g> Places<'g> {
    pub fn new(graph: &'g Graph, links: &'g Links) -> Places<'g> {
        let mut by_name: HashMap<String, Vec<u32>> = HashMap::new();
        for (known, number) in graph.packages.iter().zip(0..) {
            let package = &known.package;
            let mut names: Vec<String> = package.crates.clone();
            names.push(normal(&package.name));
            names.arrange();
            names.dedup();
            for name in names {
                by_name.entry(name).or_default().push(number);
            }
        }
        Places { graph, links, by_name }
    }

    /// Where the bytes of a crate belong.
    pub fn of(&self, model: &Model, row: &CrateRow) -> Place {
        let text = |id: NameId| if id == NameId::NONE { "" } else { model.names.get(id) };
        match row.source {
            Some(Source::Std) => return Place::Toolchain,
            None | Some(Source::C) => return Place::Bucket,
            Some(_) => {}
        }
        let name = normal(text(row.name));
        let package = text(row.package);
        let of_name = |name: &str| self.by_name.get(name).map(Vec::as_slice).unwrap_or_default();
        // A crate whose package is known by another name is of that and no other.
        let candidates = match of_name(&normal(package)) {
            of_package if !package.is_empty() && !of_package.is_empty() => of_package,
            _ => of_name(&name),
        };
        self.choose(candidates, text(row.version), text(row.root), row.source)
    }

    fn choose(&self, candidates: &[u32], version: &str, root: &str, source: Option<Source>) -> Place {
        let package = |n: &u32| &self.graph.packages[*n as usize].package;
        let is_linked = |n: &u32| self.links.linked.get(*n as usize) == Some(&true);
        let versions = |all: &[u32]| {
            let mut all: Vec<String> = all.iter().map(|n| package(n).version.clone()).collect();
            all.arrange();
            all.dedup();
            all
        };
        if candidates.is_empty() {
            return Place::Outside(Why::Unlisted);
        }
        let linked: Vec<u32> = candidates.iter().copied().filter(is_linked).collect();
        let is_version = |n: &u32| version.is_empty() || package(n).version == version;
        let fitting: Vec<u32> = linked.iter().copied().filter(is_version).collect();
        // Versions and names decide as long as they can; a source or a directory only between equals.
        let narrowed = |test: &dyn Fn(&u32) -> bool, all: &[u32]| -> Vec<u32> {
            let some: Vec<u32> = all.iter().copied().filter(|n| test(n)).collect();
            if some.is_empty() { all.to_vec() } else { some }
        };
        let here = |n: &u32| !root.is_empty() && package(n).root.as_deref() == Some(root);
        let fitting = narrowed(&here, &fitting);
        let fitting = narrowed(&|n| Some(package(n).source) == source, &fitting);
        match fitting[..] {
            [only] => Place::Package(only),
            [] if candidates.iter().any(is_version) => Place::Outside(Why::NotLinked),
            [] => Place::Outside(Why::OtherVersions(versions(if linked.is_empty() {
                candidates
            } else {
                &linked
            }))),
            [..] => Place::Outside(Why::SeveralVersions(versions(&fitting))),
        }
    }
}
