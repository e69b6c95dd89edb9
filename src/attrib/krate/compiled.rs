//! Which crates the units of debug information and the files of the symbol table were compiled for.
//!
//! Knows names only as far as they tell which crate a nameless unit holds.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};

use super::book::{Book, Draft, Mention};
use super::mentions::Mentions;
use super::{linked, path, rules, voices};
use crate::attrib::symbols::Symbols;
use crate::attrib::units::Units;
use crate::format::Image;
use crate::intern::Names;
use crate::model::{Evidence, Source, UnitId};
use crate::names;
use crate::order::Arrange;
use crate::project::Packages;

/// `DW_LANG_Rust`, DWARF 5 section 7.12.
pub(super) const LANGUAGE_RUST: u16 = 0x1c;

/// The crate of each unit row, as far as known.
pub(super) struct Compiled {
    pub by_unit: Vec<Option<(Draft, Evidence)>>,
    /// By unit row: whether it holds other crates as well, as after fat LTO.
    pub is_merged: Vec<bool>,
    /// Whether any unit or file is of rustc.
    pub has_rust: bool,
}

/// Reads units and files.
pub(super) fn read(
    image: &Image<'_>,
    symbols: &Symbols,
    units: &Units,
    (mentions, text): (&Mentions, &Names),
    packages: &Packages,
    book: &mut Book,
) -> Compiled {
    let mut is_merged = linked::merged(&image.units);
    is_merged.resize(units.rows.len(), false);
    let mut compiled = Compiled { by_unit: vec![None; units.rows.len()], is_merged, has_rust: false };
    compiled.rust_units(image, book);
    compiled.archives(image, book);
    compiled.incremental(image, symbols, units, (mentions, text), packages, book);
    compiled.foreign_units(image, book);
    compiled.files(image, units, packages, book);
    compiled
}

impl Compiled {
    /// Units that name a codegen unit of rustc.
    fn rust_units(&mut self, image: &Image<'_>, book: &mut Book) {
        for (unit, slot) in image.units.iter().zip(&mut self.by_unit) {
            self.has_rust |= unit.language == LANGUAGE_RUST;
            let Some(cgu) = linked::codegen_unit(unit) else { continue };
            let draft = book.exact(&Mention { name: cgu.krate.to_string(), id: cgu.id });
            describe(book, draft, cgu.krate, cgu.path.unwrap_or_default(), &unit.comp_dir);
            if linked::is_of_toolchain(&unit.archive) {
                book.suppose(draft, Source::Std);
            }
            *slot = Some((draft, Evidence::Unit));
        }
    }

    /// Object files of other languages that were linked from the library of a crate, or from one
    /// that its build script made.
    fn archives(&mut self, image: &Image<'_>, book: &mut Book) {
        let mut by_archive: HashMap<&str, Draft> = HashMap::new();
        for (unit, slot) in image.units.iter().zip(&self.by_unit) {
            if let Some((draft, _)) = slot.filter(|_| !unit.archive.is_empty()) {
                by_archive.entry(&unit.archive).or_insert(draft);
            }
        }
        for (unit, slot) in image.units.iter().zip(&mut self.by_unit) {
            if slot.is_some() || unit.language == LANGUAGE_RUST || unit.object.is_empty() {
                continue;
            }
            let named = || {
                let krate = linked::crate_of_archive(&unit.archive)
                    .or_else(|| linked::package_of_output(&unit.archive))
                    .or_else(|| linked::package_of_output(&unit.object))?;
                let draft = book.bare(&krate.replace('-', "_"));
                if linked::is_of_toolchain(&unit.archive) {
                    book.suppose(draft, Source::Std);
                }
                Some(draft)
            };
            let known = by_archive.get(&*unit.archive).copied();
            *slot = known.or_else(named).map(|draft| (draft, Evidence::FileNeighbour));
        }
    }

    /// Codegen units of incremental builds, whose names are hashes.
    ///
    /// Their debug information has the root file of the crate, which keeps the
    /// crates of a workspace apart; the crate's name is that of the directory, that of
    /// the program's `main`, or that which most symbols in its units are defined in.
    fn incremental(
        &mut self,
        image: &Image<'_>,
        symbols: &Symbols,
        units: &Units,
        (mentions, text): (&Mentions, &Names),
        packages: &Packages,
        book: &mut Book,
    ) {
        let mut groups: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
        let mut by_hash: HashMap<&str, (&str, &str)> = HashMap::new();
        for (index, unit) in image.units.iter().enumerate() {
            let hashed = unit.name.rsplit_once("/@/").filter(|(_, hash)| is_bare_hash(hash));
            if let Some((root, hash)) = hashed.filter(|_| self.by_unit.get(index) == Some(&None)) {
                let key = (unit.comp_dir.as_ref(), root);
                groups.entry(key).or_default().push(index);
                by_hash.insert(hash, key);
            }
        }
        for (index, file) in image.files.iter().enumerate().filter(|(_, f)| is_bare_hash(f)) {
            // Without debug information each file is all that is known of its crate.
            let key = by_hash.get(file.as_ref()).copied().unwrap_or(("", file));
            groups.entry(key).or_default().push(units.debug + index);
        }
        if groups.is_empty() {
            return;
        }
        let named: HashSet<&str> = image
            .units
            .iter()
            .map(|u| u.name.as_ref())
            .chain(image.files.iter().map(|f| f.as_ref()))
            .filter_map(|name| names::cgu(name).map(|c| c.krate))
            .collect();
        let members = symbols_of(image, symbols, units);
        let eligible = |m: &Mention| !named.contains(m.name.as_str()) && !names::is_toolchain_crate(&m.name);
        let rows_of = |of_group: &[usize]| -> Vec<usize> {
            of_group.iter().filter_map(|u| members.get(u)).flatten().copied().collect()
        };
        // A list of packages may have the directory. Else a package mostly has its name.
        // A small program may hold more generics of its dependencies than code of its own.
        let by_place = |(comp_dir, root): &(&str, &str), of_group: &[usize]| {
            let whole = root_file(root, comp_dir);
            let directory = path::directory(&whole);
            let rows = rows_of(of_group);
            if let Some(package) = packages.in_directory(directory) {
                return mentions.most_defined(&rows, |m| package.makes(&m.name));
            }
            let folder = directory.rsplit(['/', '\\']).next().unwrap_or_default().replace('-', "_");
            mentions.most_defined(&rows, |m| eligible(m) && m.name == folder)
        };
        let placed: HashMap<(&str, &str), &Mention> =
            groups.iter().filter_map(|(key, group)| Some((*key, by_place(key, group)?))).collect();
        let taken: HashSet<&Mention> = placed.values().copied().collect();
        for (key, of_group) in groups {
            let (comp_dir, root) = key;
            let rows = rows_of(&of_group);
            let in_file = comp_dir.is_empty() && is_bare_hash(root);
            let with_main = || rows.iter().find_map(|&row| mentions.of_main(row, symbols, text));
            let mention =
                placed.get(&key).copied().or_else(|| with_main().filter(|m| eligible(m))).or_else(|| {
                    mentions.most_defined(&rows, |m| eligible(m) && (in_file || !taken.contains(m)))
                });
            let Some(mention) = mention else { continue };
            let whole = root_file(root, comp_dir);
            let draft = match mention.id {
                None if !in_file => book.in_directory(&mention.name, path::directory(&whole)),
                _ => book.exact(mention),
            };
            if !in_file {
                describe(book, draft, &mention.name, root, comp_dir);
            }
            for unit in of_group {
                let evidence = if unit < units.debug { Evidence::Unit } else { Evidence::SymbolFile };
                if let Some(slot) = self.by_unit.get_mut(unit) {
                    *slot = Some((draft, evidence));
                    self.has_rust = true;
                }
            }
        }
    }

    /// Units of C, C++ and assembly: the package they were compiled in, if it is one of Cargo's.
    ///
    /// Build scripts run in the directory of their package, which tells even where its
    /// path has no version.
    fn foreign_units(&mut self, image: &Image<'_>, book: &mut Book) {
        let by_root = book.by_root();
        for (unit, slot) in image.units.iter().zip(&mut self.by_unit) {
            if slot.is_some() || unit.language == 0 && unit.name.is_empty() {
                continue;
            }
            let of_cargo = |p: &path::Package<'_>| p.name.is_some() && p.version.is_some();
            let package = path::package(&unit.comp_dir, None)
                .filter(of_cargo)
                .or_else(|| path::package(&unit.name, None).filter(of_cargo));
            let beside = by_root.get(unit.comp_dir.as_ref()).copied().flatten();
            let draft = match package.and_then(|p| book.of_package(&p)).or(beside) {
                Some(draft) => draft,
                // Rust of a compiler too old to name codegen units, and no package: unknown.
                None if unit.language == LANGUAGE_RUST => continue,
                None => book.bucket("C/C++", Some(Source::C)),
            };
            *slot = Some((draft, Evidence::Unit));
        }
    }

    /// Files of the symbol table: codegen units, and what the linker put behind them.
    ///
    /// An archive holds the Rust of a package and what its build script compiled. If
    /// none of that Rust was linked, the unit in front is of another package; then
    /// debug information of the same file may tell, or the names of files:
    /// `sqlite3.c` is of `libsqlite3-sys`. So may the names of functions: most of
    /// Oniguruma's start with `onig`.
    fn files(&mut self, image: &Image<'_>, units: &Units, packages: &Packages, book: &mut Book) {
        let cgus: Vec<Option<names::CguName<'_>>> = image.files.iter().map(|f| names::cgu(f)).collect();
        let mut crates: Vec<&str> = cgus.iter().flatten().map(|c| c.krate).collect();
        crates.arrange();
        crates.dedup();
        let named = crates.iter().filter(|c| **c != "compiler_builtins").count();
        // After fat LTO one file holds every crate and says nothing of any of them, but that
        // what is in it is not of C: where symbols state their file and do not just follow it.
        let merged = named == 1;
        let is_stated = image.states_files();
        let mut groups: Vec<(Option<Draft>, Vec<usize>)> = vec![(None, Vec::new())];
        for (index, (file, cgu)) in image.files.iter().zip(&cgus).enumerate() {
            let Some(slot) = self.by_unit.get_mut(units.debug + index) else { break };
            match cgu {
                _ if slot.is_some() => groups.push((slot.map(|(draft, _)| draft), Vec::new())),
                Some(_) if merged && !is_stated => self.has_rust = true,
                Some(cgu) => {
                    let draft = book.exact(&Mention { name: cgu.krate.to_string(), id: cgu.id });
                    *slot = Some((draft, Evidence::SymbolFile));
                    self.has_rust = true;
                    match self.is_merged.get_mut(units.debug + index).filter(|_| merged) {
                        Some(is_merged) => *is_merged = true,
                        None => groups.push((Some(draft), Vec::new())),
                    }
                }
                // What a build script compiled lies in the library of its package.
                None if let Some(krate) = names::library_crate(file) => {
                    let draft = book.bare(krate);
                    *slot = Some((draft, Evidence::FileNeighbour));
                }
                // Start files of the C library have only their own few names; a bare
                // hash is Rust of which nothing is known.
                None if rules::is_runtime_file(file) || file.is_empty() || is_bare_hash(file) => {}
                None => groups.last_mut().into_iter().for_each(|(_, group)| group.push(index)),
            }
        }
        self.toolchain_files(image, units, book);
        // Files of other languages that follow one codegen unit are of one archive.
        let bindings = book.bindings(packages);
        let by_file = self.units_by_file(image);
        let foreign = book.bucket("C/C++", Some(Source::C));
        let speakers = book.speakers(&bindings);
        // Without a library that could be meant nobody has to be asked.
        let asked = std::cell::OnceCell::new();
        let voices = || asked.get_or_init(|| voices::Voices::new(image));
        for (before, group) in groups {
            let file = |i: &usize| image.files.get(*i).map_or("", |f| f.as_ref());
            let stem = |i: &usize| file(i).split('.').next().unwrap_or_default();
            let named = |i: &usize| bindings.iter().find(|(core, _)| stem(i).starts_with(core)).map(|b| b.1);
            // Without a codegen unit in front nothing holds the files together.
            let spoken = || if speakers.is_empty() { None } else { voices().majority(&group, &speakers) };
            let of_group =
                before.map(|before| group.iter().find_map(named).or_else(spoken).unwrap_or(before));
            for index in &group {
                let same_file = by_file.get(file(index)).copied().flatten();
                let alone = || named(index).or_else(|| voices().majority(&[*index], &speakers));
                let draft = same_file.or(of_group).or_else(alone).unwrap_or(foreign);
                if let Some(slot) = self.by_unit.get_mut(units.debug + index) {
                    *slot = Some((draft, Evidence::FileNeighbour));
                }
            }
        }
    }

    /// Private dependencies of the toolchain are linked among its own crates, behind
    /// everything else: a crate of which all files lie there is one of them.
    fn toolchain_files(&self, image: &Image<'_>, units: &Units, book: &mut Book) {
        if !is_link_order(image) {
            return;
        }
        let mut drafts: BTreeMap<Draft, bool> = BTreeMap::new();
        for (index, (file, behind)) in image.files.iter().zip(behind_toolchain(&image.files)).enumerate() {
            let slot = self.by_unit.get(units.debug + index).copied().flatten();
            if let (Some(_), Some((draft, Evidence::SymbolFile))) = (names::cgu(file), slot) {
                *drafts.entry(draft).or_insert(true) &= behind;
            }
        }
        for (draft, only_behind) in drafts {
            if only_behind {
                book.suppose(draft, Source::Std);
            }
        }
    }

    /// The crate of all units whose source file has a name, by that name; `None` if they disagree.
    fn units_by_file<'i>(&self, image: &'i Image<'_>) -> HashMap<&'i str, Option<Draft>> {
        let mut by_file: HashMap<&str, Option<Draft>> = HashMap::new();
        for (unit, slot) in image.units.iter().zip(&self.by_unit) {
            let Some((draft, _)) = slot else { continue };
            let file = unit.name.rsplit(['/', '\\']).next().unwrap_or_default();
            let known = by_file.entry(file).or_insert(Some(*draft));
            *known = known.filter(|other| other == draft);
        }
        by_file
    }
}

/// By file: whether it lies among the toolchain's own crates or behind them.
///
/// GNU ld lists files in several rounds, each in link order: one may start over behind a
/// start file, or behind `core` and `compiler_builtins`, which are linked last of all crates.
fn behind_toolchain(files: &[Cow<'_, str>]) -> Vec<bool> {
    let mut behind = false;
    let mut at_end = false;
    let of_file = |file: &Cow<'_, str>| {
        let krate = names::cgu(file).map(|c| c.krate);
        let is_toolchain = krate.is_some_and(names::is_toolchain_crate);
        let starts_over = rules::is_runtime_file(file) || at_end && krate.is_some() && !is_toolchain;
        behind = is_toolchain || behind && !starts_over;
        at_end = behind && (at_end || krate.is_some_and(|c| c == "core" || c == "compiler_builtins"));
        behind
    };
    files.iter().map(of_file).collect()
}

/// Whether the symbol table lists files as they were linked.
///
/// Thin LTO lists codegen units by name. In link order the toolchain comes last.
fn is_link_order(image: &Image<'_>) -> bool {
    let mut crates: Vec<&str> = image.files.iter().filter_map(|f| names::cgu(f)).map(|c| c.krate).collect();
    crates.dedup();
    crates.last().is_some_and(|last| names::is_toolchain_crate(last)) && !crates.is_sorted()
}

/// Adds what the root file of a crate and the directory of its compilation say.
fn describe(book: &mut Book, draft: Draft, krate: &str, root: &str, comp_dir: &str) {
    let Some(mut package) = path::package(root, Some(krate)) else { return };
    // The toolchain's own root files are relative to where it was built.
    if is_relative(root) && path::package(comp_dir, None).is_some_and(|p| p.source == Source::Std) {
        package = path::Package { name: None, version: None, source: Source::Std };
    }
    book.describe(draft, &package, &root_file(root, comp_dir));
}

/// The path of a crate's root file, which Cargo may write relative to the directory of compilation.
fn root_file<'p>(root: &'p str, comp_dir: &str) -> Cow<'p, str> {
    if is_relative(root) { format!("{comp_dir}/{root}").into() } else { root.into() }
}

fn is_relative(path: &str) -> bool {
    !path.starts_with(['/', '\\']) && path.as_bytes().get(1) != Some(&b':')
}

/// Whether a name is nothing but the hash of a codegen unit, as in incremental builds.
fn is_bare_hash(name: &str) -> bool {
    (20..=32).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase())
        && name.bytes().any(|b| b.is_ascii_digit())
}

/// Symbol rows by unit row, debug information first.
fn symbols_of(image: &Image<'_>, symbols: &Symbols, units: &Units) -> HashMap<usize, Vec<usize>> {
    let mut members: HashMap<usize, Vec<usize>> = HashMap::new();
    let mut at_unit = units.by_unit.cursor();
    for (row, (&fact, &pos)) in symbols.fact_of.iter().zip(&symbols.pos_of).enumerate() {
        let by_place = at_unit.at(pos).map(|(unit, _)| unit).filter(|&u| u != UnitId::NONE);
        let by_file = || image.symbols.get(fact as usize)?.file.map(|f| units.of_file(f));
        if let Some(unit) = by_place.or_else(by_file).and_then(UnitId::get) {
            members.entry(unit).or_default().push(row);
        }
    }
    members
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_files_are_relative_to_the_directory_of_compilation_or_absolute() {
        assert_eq!(root_file("app/src/main.rs", "/w"), "/w/app/src/main.rs");
        assert_eq!(root_file("/w/dep/src/lib.rs", "/w/dep"), "/w/dep/src/lib.rs");
        assert_eq!(root_file(r"C:\w\dep\src\lib.rs", r"C:\w\dep"), r"C:\w\dep\src\lib.rs");
    }

    /// The order of files in symbol tables of GNU ld and LLD, shortened.
    #[test]
    fn crates_behind_the_toolchain_are_told_from_those_of_the_next_round() {
        let behind = |names: &[&'static str]| -> Vec<&'static str> {
            let unit = |name: &&str| match name.rsplit_once('.') {
                Some(_) => Cow::from(name.to_string()),
                None => Cow::from(format!("{name}.4b40594429ef3e15-cgu.0")),
            };
            let files: Vec<Cow<'_, str>> = names.iter().map(unit).collect();
            let behind = behind_toolchain(&files);
            names.iter().zip(behind).filter(|(_, behind)| *behind).map(|(name, _)| *name).collect()
        };
        let lld = ["crtstuff.c", "app", "url", "std", "hashbrown", "core", "compiler_builtins", "crtstuff.c"];
        assert_eq!(behind(&lld), ["std", "hashbrown", "core", "compiler_builtins"]);
        let first = ["Scrt1.o", "app", "std", "gimli", "core", "crtstuff.c", "mio"];
        let second = ["panic_unwind", "memchr", "compiler_builtins", "url", "tables.c", "bitflags"];
        let rounds = [&first[..], &second, &["compiler_builtins", "crtstuff.c"]].concat();
        assert_eq!(
            behind(&rounds),
            ["std", "gimli", "core", "panic_unwind", "memchr", "compiler_builtins", "compiler_builtins"]
        );
    }
}
