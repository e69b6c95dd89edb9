//! Mentions of one crate that have nothing in common but its name.
//!
//! C code states the package that it was compiled in, with its version and without the compiler's id.
//! Object files and names of Rust state the id and no version, names of the old mangling neither. They
//! are one crate where the file has no other that could be meant.

use std::collections::BTreeSet;

use super::{Book, Entry, Known};
use crate::model::Source;
use crate::project::Packages;

impl Book {
    /// Gives crates that are known by id or by name alone what is known of the only crate they can be.
    ///
    /// Asked last, when all crates are known. An id is that of a package only if the package has none,
    /// `packages` lists no other version of it, and no other id is there to choose from.
    pub fn join(&mut self, packages: &Packages) {
        let of_names: Vec<Vec<usize>> = self.by_name.values().filter(|all| all.len() > 1).cloned().collect();
        for all in of_names {
            let is_candidate = |at: &usize| {
                let entry = &self.entries[*at];
                // The toolchain's own crates are told by where they lie, and nobody else's name means them.
                !entry.bucket && entry.source != Some(Source::Std)
            };
            let all: Vec<usize> = all.into_iter().filter(is_candidate).collect();
            self.join_ids(&all, packages);
            self.join_names(&all);
        }
    }

    fn of(&self, all: &[usize], what: Known) -> Vec<usize> {
        all.iter().copied().filter(|&at| Known::of(&self.entries[at]) == what).collect()
    }

    /// The only id of Rust and the only package of C.
    fn join_ids(&mut self, all: &[usize], packages: &Packages) {
        let (with_id, of_package) = (self.of(all, Known::Id), self.of(all, Known::Package));
        let ids: BTreeSet<Option<u64>> = with_id.iter().map(|&at| self.entries[at].id).collect();
        let Some(package) = self.only(&of_package) else { return };
        let is_c_alone = of_package.iter().all(|&at| self.entries[at].id.is_none());
        let Some(version) = self.entries[package].version.clone() else { return };
        let name = &self.entries[package].name;
        let has_other = packages.list.iter().any(|p| p.makes(name) && p.version != version);
        if ids.len() == 1 && is_c_alone && !has_other {
            self.inform(&with_id, package);
        }
    }

    /// Names without anything else, and the only crate of that name.
    fn join_names(&mut self, all: &[usize]) {
        let mut others = self.of(all, Known::Package);
        others.extend(self.of(all, Known::Id));
        if let Some(only) = self.only(&others) {
            self.inform(&self.of(all, Known::Name), only);
        }
    }

    /// The first of entries that are all of one crate.
    ///
    /// A library and a program of one package have ids of their own, and are one crate here.
    fn only(&self, all: &[usize]) -> Option<usize> {
        let identity = |at: &usize| {
            let entry = &self.entries[*at];
            let id = entry.id.filter(|_| Known::of(entry) == Known::Id);
            (entry.source, &entry.version, id, entry.root.as_ref().filter(|_| entry.version.is_none()))
        };
        let is_one = all.windows(2).all(|pair| identity(&pair[0]) == identity(&pair[1]));
        all.first().copied().filter(|_| is_one)
    }

    /// Tells `all` what is known of `one`.
    fn inform(&mut self, all: &[usize], one: usize) {
        let known = self.entries[one].clone();
        for &at in all {
            let entry = &mut self.entries[at];
            *entry = Entry { id: entry.id.or(known.id), ..known.clone() };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::path::package;
    use super::super::{Book, Mention};
    use super::*;
    use crate::intern::Names;
    use crate::project::Package;

    const RING: &str = "/c/registry/src/i/ring-0.17.8";

    fn mention(id: Option<u64>) -> Mention {
        Mention { name: "ring".into(), id }
    }

    fn labels(mut book: Book, packages: &Packages) -> Vec<String> {
        let mut names = Names::default();
        book.join(packages);
        let (rows, _) = book.finish(&mut names);
        rows.iter().map(|r| names.get(r.label).to_string()).collect()
    }

    fn listed(versions: &[&str]) -> Packages {
        let package = |version: &&str| Package {
            name: "ring".into(),
            version: version.to_string(),
            source: Source::Registry,
            crates: Vec::new(),
            root: None,
        };
        Packages { list: versions.iter().map(package).collect() }
    }

    #[test]
    fn c_ids_and_names_of_one_crate_are_one_crate() {
        for first in 0..3 {
            let mut book = Book::default();
            for part in 0..3 {
                let part = (first + part) % 3;
                let _ = match part {
                    0 => book.of_package(&package(RING, None).unwrap()).unwrap(),
                    1 => book.exact(&mention(Some(7))),
                    _ => book.bare("ring"),
                };
            }
            assert_eq!(labels(book, &Packages::default()), ["ring@0.17.8"], "{first}");
        }
    }

    #[test]
    fn what_may_be_another_version_stays_apart() {
        let with_ids = |ids: &[u64]| {
            let mut book = Book::default();
            book.of_package(&package(RING, None).unwrap());
            for id in ids {
                book.exact(&mention(Some(id << 32)));
            }
            book.exact(&mention(None));
            book
        };
        assert_eq!(
            labels(with_ids(&[1, 2]), &Packages::default()),
            ["ring", "ring#00000001", "ring#00000002", "ring@0.17.8"]
        );
        assert_eq!(labels(with_ids(&[1]), &listed(&["0.17.8"])), ["ring@0.17.8"]);
        assert_eq!(
            labels(with_ids(&[1]), &listed(&["0.16.20", "0.17.8"])),
            ["ring", "ring#00000001", "ring@0.17.8"]
        );
    }

    #[test]
    fn two_packages_are_not_joined_by_a_name() {
        let mut book = Book::default();
        for path in ["/c/registry/src/i/ring-0.16.20", RING] {
            book.of_package(&package(path, None).unwrap());
        }
        book.exact(&mention(None));
        assert_eq!(labels(book, &Packages::default()), ["ring", "ring@0.16.20", "ring@0.17.8"]);
    }

    #[test]
    fn nothing_joins_the_toolchain() {
        let mut book = Book::default();
        let own = book.exact(&mention(Some(1)));
        book.suppose(own, Source::Std);
        book.exact(&mention(None));
        assert_eq!(labels(book, &Packages::default()), ["ring (std)", "ring"]);
    }
}
