//! Which packages need a package, for its code and not through another.

use std::collections::{BTreeMap, BTreeSet};

use super::links::Links;
use super::places::{Place, Places};
use crate::model::{CrateId, Model};
use crate::order::Arrange;
use crate::project::graph::Graph;
use crate::project::normal;

/// The packages that are linked into a file, with what needs each.
#[derive(Debug)]
pub struct Needs<'g> {
    graph: &'g Graph,
    links: Links,
}

impl<'g> Needs<'g> {
    /// Of a file that was built from the packages `roots`.
    pub fn new(graph: &'g Graph, roots: &[u32]) -> Needs<'g> {
        Needs { graph, links: Links::new(graph, roots) }
    }

    /// By crate: the package that it is of, where that can only be one.
    pub fn packages(&self, model: &Model, crates: &[CrateId]) -> Vec<Option<u32>> {
        let places = Places::new(self.graph, &self.links);
        let place = |krate: &CrateId| {
            let row = krate.get().and_then(|i| model.crates.get(i))?;
            match places.of(model, row) {
                Place::Package(package) => Some(package),
                Place::Toolchain | Place::Bucket | Place::Outside(_) => None,
            }
        };
        crates.iter().map(place).collect()
    }

    /// What needs a package, in order of name and version.
    pub fn by(&self, package: u32) -> Vec<u32> {
        let mut all: Vec<u32> = self.links.above(package).iter().map(|&(_, from)| from).collect();
        self.sort(&mut all);
        all
    }

    /// The linked packages that a crate of this name can be of, in order of name and version.
    pub fn of_name(&self, krate: &str) -> Vec<u32> {
        let mut all = self.graph.named(krate);
        all.retain(|&package| self.is_linked(package));
        self.sort(&mut all);
        all
    }

    /// Names of crates of which several versions are linked.
    pub fn in_several_versions(&self) -> BTreeSet<String> {
        let mut versions: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for (known, number) in self.graph.packages.iter().zip(0..) {
            let package = &known.package;
            let of_name = match package.crates.is_empty() {
                true => vec![normal(&package.name)],
                false => package.crates.clone(),
            };
            for name in of_name.into_iter().filter(|_| self.is_linked(number)) {
                versions.entry(name).or_default().insert(&package.version);
            }
        }
        versions.into_iter().filter(|(_, v)| v.len() > 1).map(|(name, _)| name).collect()
    }

    /// `name@version`.
    pub fn label(&self, package: u32) -> String {
        let package = self.graph.get(package).map(|known| &known.package);
        package.map_or_else(String::new, |p| format!("{}@{}", p.name, p.version))
    }

    fn is_linked(&self, package: u32) -> bool {
        self.links.linked.get(package as usize) == Some(&true)
    }

    fn sort(&self, packages: &mut Vec<u32>) {
        packages.arrange_by_key(|&p| self.graph.get(p).map(|k| (&k.package.name, &k.package.version, p)));
        packages.dedup();
    }
}
