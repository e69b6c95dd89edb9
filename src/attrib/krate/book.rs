//! Which crates there are: one row per name, version and source.
//!
//! Units, file symbols and names mention crates in different ways. The compiler's
//! own id (`StableCrateId`) joins what they say; a bare name is only matched to a
//! crate with an id where no other could be meant.

mod join;
mod slices;

use std::collections::HashMap;

use crate::intern::{NameId, Names};
use crate::model::{CrateId, CrateRow, Source};
use crate::order::Arrange;
use crate::project::Packages;

/// A crate as one piece of evidence mentions it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Mention {
    pub name: String,
    pub id: Option<u64>,
}

/// What is known of one crate so far.
#[derive(Debug, Clone, Default)]
struct Entry {
    name: String,
    id: Option<u64>,
    version: Option<String>,
    package: Option<String>,
    source: Option<Source>,
    /// Directory of its package, where a unit says.
    root: Option<String>,
    bucket: bool,
}

/// What is known of which crate an entry is.
#[derive(PartialEq, Eq)]
enum Known {
    /// Its name.
    Name,
    /// The compiler's id.
    Id,
    /// Where it comes from, or its version.
    Package,
}

impl Known {
    fn of(entry: &Entry) -> Known {
        let has_source = entry.source.is_some_and(|s| s != Source::Unknown);
        match (has_source || entry.version.is_some() || entry.root.is_some(), entry.id) {
            (true, _) => Known::Package,
            (false, Some(_)) => Known::Id,
            (false, None) => Known::Name,
        }
    }
}

/// Most crates of bindings worth comparing files with.
const BINDINGS: usize = 256;

/// Most names that functions of C are compared with.
const SPEAKERS: usize = 1024;

/// Collects mentions, then numbers the crates.
#[derive(Debug, Default)]
pub(super) struct Book {
    entries: Vec<Entry>,
    by_mention: HashMap<Mention, usize>,
    by_name: HashMap<String, Vec<usize>>,
    /// By package and version.
    by_package: HashMap<(String, Option<String>), Vec<usize>>,
}

/// A crate in the making: an index into the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Draft(usize);

impl Draft {
    /// Where [`Book::finish`] lists the crate's id.
    pub fn index(self) -> usize {
        self.0
    }
}

impl Book {
    fn add(&mut self, entry: Entry) -> Draft {
        let at = self.entries.len();
        self.by_name.entry(entry.name.clone()).or_default().push(at);
        self.entries.push(entry);
        Draft(at)
    }

    /// The crate with exactly this name and id.
    pub fn exact(&mut self, mention: &Mention) -> Draft {
        if let Some(&at) = self.by_mention.get(mention) {
            return Draft(at);
        }
        let draft = self.add(Entry { name: mention.name.clone(), id: mention.id, ..Entry::default() });
        self.by_mention.insert(mention.clone(), draft.0);
        draft
    }

    /// The crate of this name whose package lies in `root`, known by no id.
    pub fn in_directory(&mut self, name: &str, root: &str) -> Draft {
        let of_name = self.by_name.get(name).into_iter().flatten();
        let same = of_name
            .copied()
            .find(|&at| self.entries[at].id.is_none() && self.entries[at].root.as_deref() == Some(root));
        same.map(Draft).unwrap_or_else(|| {
            self.add(Entry { name: name.to_string(), root: Some(root.to_string()), ..Entry::default() })
        })
    }

    /// The crates whose packages lie in known directories, by directory; `None` where several do.
    pub fn by_root(&self) -> HashMap<String, Option<Draft>> {
        let mut by_root: HashMap<String, Option<Draft>> = HashMap::new();
        for (at, entry) in self.entries.iter().enumerate() {
            let Some(root) = entry.root.as_ref().filter(|root| !root.is_empty()) else { continue };
            let first = by_root.entry(root.clone()).or_insert(Some(Draft(at)));
            *first = first.filter(|draft| self.entries[draft.0].name == entry.name);
        }
        by_root
    }

    /// Adds what the path of its root file says.
    pub fn describe(&mut self, draft: Draft, package: &super::path::Package<'_>, file: &str) {
        let entry = &mut self.entries[draft.0];
        if entry.root.is_none() && !file.is_empty() {
            entry.root = Some(super::path::directory(file).to_string());
        }
        // The first unit to know wins; all units of a crate say the same.
        entry.source = entry.source.or(Some(package.source));
        if entry.version.is_none() {
            entry.version = package.version.map(str::to_string);
        }
        if entry.package.is_none()
            && let Some(name) = package.name
        {
            entry.package = Some(name.to_string());
            let key = (name.to_string(), entry.version.clone());
            self.by_package.entry(key).or_default().push(draft.0);
        }
    }

    /// Says where a crate comes from, unless a path said so before.
    pub fn suppose(&mut self, draft: Draft, source: Source) {
        let entry = &mut self.entries[draft.0];
        entry.source = entry.source.or(Some(source));
    }

    /// Says that a crate is the toolchain's if its name is one only the toolchain has.
    pub fn suppose_toolchain(&mut self, draft: Draft) {
        let entry = &mut self.entries[draft.0];
        if entry.source.is_none() && !entry.bucket && crate::names::is_toolchain_crate(&entry.name) {
            entry.source = Some(Source::Std);
        }
    }

    /// The crate that a bare name means, among the crates known when it is asked.
    ///
    /// Private dependencies of the standard library are not meant by a bare name:
    /// names without an id are the old mangling, and the library uses the new. But
    /// copies of what its own generics are made of get the mangling of the program.
    /// A program with a `hashbrown` of its own has far more copies of the library's.
    pub fn bare(&mut self, name: &str) -> Draft {
        let mention = Mention { name: name.to_string(), id: None };
        if let Some(&at) = self.by_mention.get(&mention) {
            return Draft(at);
        }
        let is_lent = crate::names::is_lent_crate(name);
        let is_toolchain = is_lent || crate::names::is_toolchain_crate(name);
        let fits = |at: &&usize| {
            let entry = &self.entries[**at];
            let of_std = entry.source == Some(Source::Std);
            !entry.bucket && (is_toolchain || !of_std) && (of_std || !is_lent)
        };
        let known: Vec<usize> = self.by_name.get(name).into_iter().flatten().filter(fits).copied().collect();
        // A library and a binary of one package have ids of their own, and are one crate here.
        let identity = |at: &usize| {
            let entry = &self.entries[*at];
            (entry.source, entry.version.clone())
        };
        let same = known.windows(2).all(|w| identity(&w[0]) == identity(&w[1]));
        let known_source = |at: &usize| known.len() == 1 || self.entries[*at].source.is_some();
        match known.first().filter(|at| same && known_source(at)) {
            Some(&only) => {
                self.by_mention.insert(mention, only);
                Draft(only)
            }
            None => {
                let draft = self.exact(&mention);
                if is_toolchain {
                    self.suppose(draft, Source::Std);
                }
                draft
            }
        }
    }

    /// The crate of a package: a Rust crate if one is known, for C code beside it.
    pub fn of_package(&mut self, package: &super::path::Package<'_>) -> Option<Draft> {
        let name = package.name?;
        let crate_name = name.replace('-', "_");
        let key = (name.to_string(), package.version.map(str::to_string));
        let of_package = self.by_package.get(&key).into_iter().flatten();
        let of_name = self.by_name.get(&crate_name).into_iter().flatten();
        let same = of_package.chain(of_name).copied().find(|&at| {
            let e = &self.entries[at];
            !e.bucket && e.source == Some(package.source) && e.version.as_deref() == package.version
        });
        Some(same.map_or_else(
            || {
                let draft = self.add(Entry { name: crate_name, ..Entry::default() });
                self.describe(draft, package, "");
                draft
            },
            Draft,
        ))
    }

    /// Adds versions and sources from a list of packages, where paths gave none.
    ///
    /// Two crates of one name are two versions, or a library and a binary: then the
    /// directory of the package decides, or the list if it has one version of that name.
    pub fn complete(&mut self, packages: &Packages) {
        for entry in &mut self.entries {
            let settled = entry.bucket || entry.version.is_some() || entry.source == Some(Source::Std);
            let here = entry.root.as_deref().and_then(|root| packages.in_directory(root));
            let here = here.filter(|p| p.makes(&entry.name));
            let Some(package) = here.or_else(|| packages.of_crate(&entry.name)).filter(|_| !settled) else {
                continue;
            };
            entry.version = Some(package.version.clone());
            entry.package.get_or_insert_with(|| package.name.clone());
            if entry.source.is_none_or(|s| s == Source::Unknown || s == Source::Path) {
                entry.source = Some(package.source);
            }
        }
    }

    /// Crates of bindings to C libraries, with the part of their names that is the
    /// library's: those named `NAME-sys`, as Cargo's convention for them is.
    ///
    /// Those of a list of packages count too: often nothing but their C is linked.
    pub fn bindings(&mut self, packages: &Packages) -> Vec<(String, Draft)> {
        let core = |name: &str| {
            let core = name.strip_suffix("_sys").or_else(|| name.strip_suffix("-sys"))?;
            let core = core.strip_prefix("lib").unwrap_or(core);
            (core.len() >= 3).then(|| core.to_string())
        };
        for package in packages.list.iter().filter(|p| core(&p.name).is_some()).take(BINDINGS) {
            let (name, version) = (Some(package.name.as_str()), Some(package.version.as_str()));
            self.of_package(&super::path::Package { name, version, source: package.source });
        }
        let named = |(at, entry): (usize, &Entry)| Some((core(&entry.name)?, Draft(at)));
        let crates = self.entries.iter().enumerate().filter(|(_, e)| !e.bucket);
        crates.filter_map(named).take(BINDINGS).collect()
    }

    /// What the functions of a C library may start with, and whose it then is: the
    /// bindings first, then any crate of the program.
    pub fn speakers(&self, bindings: &[(String, Draft)]) -> Vec<(String, Draft)> {
        let mut speakers = bindings.to_vec();
        // The functions of libgit2 start with `git`.
        let without_number = |(name, draft): &(String, Draft)| {
            let plain = name.trim_end_matches(|c: char| c.is_ascii_digit());
            (plain.len() >= 3 && plain.len() < name.len()).then(|| (plain.to_string(), *draft))
        };
        speakers.extend(bindings.iter().filter_map(without_number));
        let is_of_program = |e: &Entry| {
            let toolchain = e.source == Some(Source::Std) || crate::names::is_toolchain_crate(&e.name);
            !e.bucket && !toolchain && e.name.len() >= 4
        };
        let crates = self.entries.iter().enumerate().filter(|(_, e)| is_of_program(e));
        speakers.extend(crates.map(|(at, e)| (e.name.clone(), Draft(at))));
        speakers.truncate(SPEAKERS);
        speakers
    }

    /// A bucket for bytes that no crate owns; `name` without brackets.
    pub fn bucket(&mut self, name: &str, source: Option<Source>) -> Draft {
        let name = format!("[{name}]");
        let known = self.by_name.get(&name).and_then(|all| all.first());
        if let Some(&at) = known {
            return Draft(at);
        }
        self.add(Entry { name, bucket: true, source, ..Entry::default() })
    }

    /// Numbers the crates and gives each a label of its own.
    ///
    /// Drafts with one name, version and source become one row. Where no version is
    /// known the directory of the package tells crates apart, or the compiler's id:
    /// two crates of one name may be two versions.
    pub fn finish(self, names: &mut Names) -> (Vec<CrateRow>, Vec<CrateId>) {
        type Identity = (String, Option<String>, Option<Source>, Option<u64>, Option<String>);
        let identity = |e: &'_ Entry| -> Identity {
            let source = if e.bucket { e.source } else { Some(e.source.unwrap_or(Source::Unknown)) };
            let id = if source == Some(Source::Unknown) { e.id } else { None };
            let local = matches!(source, Some(Source::Workspace | Source::Path | Source::Git));
            let root = e.root.clone().filter(|_| local && e.version.is_none());
            (e.name.clone(), e.version.clone(), source, id, root)
        };
        let mut order: Vec<usize> = (0..self.entries.len()).collect();
        order.arrange_by_cached_key(|&i| identity(&self.entries[i]));
        let mut rows: Vec<CrateRow> = Vec::new();
        let mut labels: Vec<String> = Vec::new();
        let mut ids = vec![CrateId::NONE; self.entries.len()];
        let mut last = None;
        for &at in &order {
            let entry = &self.entries[at];
            let this = identity(entry);
            if last.as_ref() != Some(&this) {
                let crate_like = entry.package.as_ref().filter(|p| p.replace('-', "_") != entry.name);
                rows.push(CrateRow {
                    name: names.intern(&entry.name),
                    shown: NameId::NONE,
                    root: entry.root.as_deref().map_or(NameId::NONE, |r| names.intern(r)),
                    version: entry.version.as_deref().map_or(NameId::NONE, |v| names.intern(v)),
                    package: crate_like.map_or(NameId::NONE, |p| names.intern(p)),
                    source: this.2,
                    stable_id: entry.id,
                    label: NameId::NONE,
                });
                labels.push(match &entry.version {
                    Some(version) => format!("{}@{version}", entry.name),
                    None => entry.name.clone(),
                });
                last = Some(this);
            }
            if let Some(row) = rows.last_mut() {
                row.stable_id = row.stable_id.or(entry.id);
            }
            ids[at] = CrateId::new(rows.len() - 1);
        }
        let mut count: HashMap<(&str, Option<Source>), usize> = HashMap::new();
        let mut names_in_use: HashMap<&str, usize> = HashMap::new();
        for (row, label) in rows.iter().zip(&labels) {
            *count.entry((label, row.source)).or_default() += 1;
            *names_in_use.entry(label).or_default() += 1;
        }
        let text_of = |row: &CrateRow, label: &str| {
            let same_source = count.get(&(label, row.source)).is_some_and(|&n| n > 1);
            let shared = names_in_use.get(label).is_some_and(|&n| n > 1);
            match (row.source, row.stable_id) {
                (_, Some(id)) if same_source => (true, format!("{label}#{:08x}", id >> 32)),
                // No id either: the place is all there is.
                (_, None) if same_source && row.root != NameId::NONE => {
                    (true, format!("{label} ({})", names.get(row.root)))
                }
                (Some(Source::Unknown) | None, _) => (false, label.to_string()),
                (Some(source), _) if shared => (false, format!("{label} ({})", source.as_str())),
                _ => (false, label.to_string()),
            }
        };
        let texts: Vec<(bool, String)> = rows.iter().zip(&labels).map(|(r, l)| text_of(r, l)).collect();
        for (row, (by_id, text)) in rows.iter_mut().zip(&texts) {
            row.label = names.intern(text);
            // With a version or another source, columns of their own tell crates apart.
            row.shown = if *by_id && row.version == NameId::NONE { row.label } else { row.name };
        }
        (rows, ids)
    }
}

#[cfg(test)]
mod tests {
    use super::super::path::package;
    use super::*;

    fn mention(name: &str, id: u64) -> Mention {
        Mention { name: name.into(), id: Some(id) }
    }

    fn describe(book: &mut Book, draft: Draft, path: &str) {
        book.describe(draft, &package(path, None).unwrap(), path);
    }

    #[test]
    fn two_packages_in_two_places_stay_apart() {
        let mut book = Book::default();
        for (id, path) in
            [(0x1111_0000_0000_0000, "/w/a/src/lib.rs"), (0x2222_0000_0000_0000, "/w/b/src/lib.rs")]
        {
            let draft = book.exact(&mention("dup", id));
            describe(&mut book, draft, path);
        }
        assert_eq!(labels(book), ["dup#11110000", "dup#22220000"]);
    }

    fn labels(book: Book) -> Vec<String> {
        let mut names = Names::default();
        let (rows, _) = book.finish(&mut names);
        rows.iter().map(|r| names.get(r.label).to_string()).collect()
    }

    #[test]
    fn two_versions_of_one_crate_stay_apart() {
        let mut book = Book::default();
        let old = book.exact(&mention("rand", 1));
        let new = book.exact(&mention("rand", 2));
        describe(&mut book, old, "/c/registry/src/i/rand-0.8.5/src/lib.rs");
        describe(&mut book, new, "/c/registry/src/i/rand-0.9.0/src/lib.rs");
        assert_eq!(labels(book), ["rand@0.8.5", "rand@0.9.0"]);
    }

    #[test]
    fn codegen_units_and_features_do_not_split_a_crate() {
        let mut book = Book::default();
        for id in [1, 2] {
            let draft = book.exact(&mention("serde", id));
            describe(&mut book, draft, "/c/registry/src/i/serde-1.0.0/src/lib.rs");
        }
        assert_eq!(labels(book), ["serde@1.0.0"]);
    }

    #[test]
    fn a_bare_name_never_means_a_private_dependency_of_std() {
        let mut book = Book::default();
        let private = book.exact(&mention("memchr", 1));
        book.suppose(private, Source::Std);
        let own = book.bare("memchr");
        assert_ne!(private, own);
        assert_eq!(labels(book), ["memchr (std)", "memchr"]);
    }

    #[test]
    fn a_bare_name_means_a_package_of_library_and_binary_but_never_two_versions() {
        let mut book = Book::default();
        for id in [1, 2] {
            let draft = book.exact(&mention("tool", id));
            describe(&mut book, draft, "src/lib.rs");
        }
        book.bare("tool");
        assert_eq!(labels(book), ["tool"]);

        let mut book = Book::default();
        for (id, path) in [(1, "/c/registry/src/i/rand-0.8.5/src"), (2, "/c/registry/src/i/rand-0.9.0/src")] {
            let draft = book.exact(&mention("rand", id));
            book.describe(draft, &package(path, None).unwrap(), path);
        }
        book.bare("rand");
        assert_eq!(labels(book), ["rand", "rand@0.8.5", "rand@0.9.0"]);
    }

    #[test]
    fn a_bare_name_joins_the_only_crate_it_can_mean() {
        let mut book = Book::default();
        let private = book.exact(&mention("memchr", 1));
        book.suppose(private, Source::Std);
        let own = book.exact(&mention("memchr", 2));
        describe(&mut book, own, "/c/registry/src/i/memchr-2.8.3/src/lib.rs");
        assert_eq!(book.bare("memchr"), own);
        let core = book.exact(&mention("core", 3));
        book.suppose(core, Source::Std);
        assert_eq!(book.bare("core"), core);
    }

    #[test]
    fn c_code_joins_the_crate_of_its_package() {
        let mut book = Book::default();
        let ring = book.exact(&mention("ring", 1));
        describe(&mut book, ring, "/c/registry/src/i/ring-0.17.8/src/lib.rs");
        assert_eq!(book.of_package(&package("/c/registry/src/i/ring-0.17.8", None).unwrap()), Some(ring));
        let other = book.of_package(&package("/c/registry/src/i/libz-sys-1.1.0/src/zlib", None).unwrap());
        assert_ne!(other, Some(ring));
        assert_eq!(labels(book), ["libz_sys@1.1.0", "ring@0.17.8"]);
    }

    #[test]
    fn crates_of_bindings_are_known_by_their_names() {
        let mut book = Book::default();
        let sqlite = book.exact(&mention("libsqlite3_sys", 1));
        book.exact(&mention("sqlite3", 2));
        assert_eq!(book.bindings(&Packages::default()), [("sqlite3".to_string(), sqlite)]);
    }

    #[test]
    fn unknown_crates_of_one_name_keep_their_ids() {
        let mut book = Book::default();
        book.exact(&mention("x", 0x1122_3344_0000_0000));
        book.exact(&mention("x", 0x5566_7788_0000_0000));
        assert_eq!(labels(book), ["x#11223344", "x#55667788"]);
    }
}
