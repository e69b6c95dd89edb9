//! Which groups of two models are one group, in each dimension.
//!
//! A dimension has keys ([`Keys`]) that mean something in one model only. Here each
//! key of either model gets the number of a group that may have a side in both.

use std::collections::BTreeMap;
use std::hash::BuildHasher;
use std::sync::Arc;

use hashbrown::DefaultHashBuilder;

use super::pair::{Pass, Things, pair};
use crate::intern::NameId;
use crate::model::view::{Dim, Keys};
use crate::model::{CrateId, CrateRow, Holds, Model, Sizes, Source, SymbolId, SymbolRow, SymbolSort};
use crate::names;
use crate::parallel;

/// Keys of two models that are one group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    /// Key in the old model.
    pub old: Option<u32>,
    /// Key in the new model.
    pub new: Option<u32>,
    /// How they found each other; exact for what stands alone.
    pub pass: Pass,
    /// Whether it was renamed: content found it, and a name is more than a number on either side.
    pub is_renamed: bool,
}

/// The groups of one dimension.
#[derive(Debug)]
pub struct Groups<'m> {
    /// Names of old keys.
    pub old_keys: Keys<'m>,
    /// Names of new keys.
    pub new_keys: Keys<'m>,
    /// The groups by number.
    pub groups: Vec<Group>,
    by_old: ByKey,
    by_new: ByKey,
}

/// A model to compare.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'m> {
    /// The model.
    pub model: &'m Model,
    /// What its symbols hold, if that was looked at: finds what was renamed.
    pub contents: Option<&'m dyn Holds>,
}

/// Pairs of two models by dimension: each dimension is paired once, however many questions need it.
#[derive(Debug)]
pub struct Pairing<'m> {
    old: Subject<'m>,
    new: Subject<'m>,
    known: BTreeMap<Dim, Arc<Groups<'m>>>,
}

impl<'m> Pairing<'m> {
    /// Nothing is paired yet.
    pub fn new(old: Subject<'m>, new: Subject<'m>) -> Pairing<'m> {
        Pairing { old, new, known: BTreeMap::new() }
    }

    /// The two models.
    pub fn models(&self) -> [&'m Model; 2] {
        [self.old.model, self.new.model]
    }

    /// The groups of a dimension.
    pub fn groups(&mut self, dim: Dim) -> Arc<Groups<'m>> {
        let (old, new) = (self.old, self.new);
        self.known.entry(dim).or_insert_with(|| Arc::new(Groups::new(old, new, dim))).clone()
    }
}

/// Which of two models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The first.
    Old,
    /// The second.
    New,
}

impl<'m> Groups<'m> {
    /// Pairs the keys of `dim` that leaves of either model have.
    ///
    /// *Cost*: a pass over the leaves of each and O(n log n) in the number of keys; demangles the
    /// names of symbols that have no equal, and reads the content of those that names do not tell apart.
    pub fn new(old: Subject<'m>, new: Subject<'m>, dim: Dim) -> Groups<'m> {
        let ((old_keys, in_old), (new_keys, in_new)) =
            parallel::join(|| used(old.model, dim), || used(new.model, dim));
        // Seeded anew in each run: only whether hashes are equal counts, not which they are.
        let hasher = DefaultHashBuilder::default();
        let can_look = old.contents.is_some() && new.contents.is_some();
        let side = |of: Subject<'m>, keys, used| Named {
            model: of.model,
            contents: of.contents.filter(|_| can_look),
            keys,
            used,
            hasher: &hasher,
        };
        let (left, right) = (side(old, &old_keys, &in_old), side(new, &new_keys, &in_new));
        let pairs = pair(&left, &right);
        let mut groups = Vec::with_capacity(in_old.len() + in_new.len() - pairs.len());
        let (mut by_old, mut by_new) = (ByKey::default(), ByKey::default());
        for found in &pairs {
            let (a, b) = (in_old[found.old].0, in_new[found.new].0);
            by_old.set(a, groups.len() as u32);
            by_new.set(b, groups.len() as u32);
            let is_renamed =
                found.pass == Pass::Content && (left.is_told(found.old) || right.is_told(found.new));
            groups.push(Group { old: Some(a), new: Some(b), pass: found.pass, is_renamed });
        }
        for (key, _) in in_old {
            if by_old.get(key).is_none() {
                by_old.set(key, groups.len() as u32);
                groups.push(Group { old: Some(key), new: None, pass: Pass::Exact, is_renamed: false });
            }
        }
        for (key, _) in in_new {
            if by_new.get(key).is_none() {
                by_new.set(key, groups.len() as u32);
                groups.push(Group { old: None, new: Some(key), pass: Pass::Exact, is_renamed: false });
            }
        }
        Groups { old_keys, new_keys, groups, by_old, by_new }
    }

    /// The group that a leaf's key is in.
    pub fn group(&self, side: Side, key: u32) -> u32 {
        let map = if side == Side::Old { &self.by_old } else { &self.by_new };
        map.get(key).expect("every key of a leaf has a group")
    }

    /// The name of a group for people: that of its newest side.
    pub fn label(&self, group: u32) -> String {
        let group = &self.groups[group as usize];
        let new = group.new.map(|key| self.new_keys.label(key));
        new.or_else(|| group.old.map(|key| self.old_keys.label(key))).unwrap_or_default()
    }

    /// The name of the old side, if there is one and it differs in more than hashes and numbers.
    pub fn renamed_from(&self, group: u32) -> Option<String> {
        let group = &self.groups[group as usize];
        match group.pass {
            Pass::Exact | Pass::Place => return None,
            Pass::Normalised if self.new_keys.dim == Dim::Symbol => return None,
            Pass::Content if !group.is_renamed => return None,
            _ => {}
        }
        let (old, new) = (self.old_keys.label(group.old?), self.new_keys.label(group.new?));
        let is_other = match self.new_keys.dim {
            // Another spelling is no other name.
            Dim::Generic => of_both_manglings(&old) != of_both_manglings(&new),
            _ => old != new,
        };
        is_other.then_some(old)
    }
}

/// What leaves with one key have in common.
#[derive(Debug, Clone, Copy)]
struct Used {
    /// Bytes of the thing itself.
    sizes: Sizes,
    /// Name of the crate that owns it, by [`NameId`].
    krate: NameId,
}

impl Default for Used {
    fn default() -> Used {
        Used { sizes: Sizes::default(), krate: NameId::NONE }
    }
}

/// The keys that leaves have, in order of key.
fn used(model: &Model, dim: Dim) -> (Keys<'_>, Vec<(u32, Used)>) {
    let keys = Keys::new(model, dim);
    let mut all: Vec<(u32, Used)> = Vec::new();
    let mut places = ByKey::default();
    for leaf in model.leaves.iter() {
        let key = keys.key(&leaf);
        let place = places.get(key).unwrap_or_else(|| {
            places.set(key, all.len() as u32);
            all.push((key, Used::default()));
            all.len() as u32 - 1
        });
        let entry = &mut all[place as usize].1;
        // A function's own size decides, not that of its entries in tables.
        if dim != Dim::Symbol || leaf.kind.is_content() {
            entry.sizes += leaf.sizes();
        }
        if leaf.home || entry.krate == NameId::NONE {
            let krate = model.owner(leaf.owner).krate.get().and_then(|i| model.crates.get(i));
            entry.krate = krate.map_or(NameId::NONE, |row| row.name);
        }
    }
    all.sort_unstable_by_key(|&(key, _)| key);
    (keys, all)
}

/// A number for each key. Keys number rows and names of a model, or are the greatest number there is.
#[derive(Debug, Default)]
struct ByKey {
    numbers: Vec<u32>,
    of_none: Option<u32>,
}

impl ByKey {
    const FREE: u32 = u32::MAX;

    fn get(&self, key: u32) -> Option<u32> {
        if key == u32::MAX {
            return self.of_none;
        }
        self.numbers.get(key as usize).copied().filter(|&number| number != ByKey::FREE)
    }

    fn set(&mut self, key: u32, number: u32) {
        if key == u32::MAX {
            self.of_none = Some(number);
            return;
        }
        if self.numbers.len() <= key as usize {
            self.numbers.resize(key as usize + 1, ByKey::FREE);
        }
        self.numbers[key as usize] = number;
    }
}

/// The keys of one side, and what they are called.
struct Named<'g, 'm> {
    model: &'m Model,
    /// What symbols hold, if both sides know.
    contents: Option<&'m dyn Holds>,
    keys: &'g Keys<'m>,
    used: &'g [(u32, Used)],
    hasher: &'g DefaultHashBuilder,
}

/// The least content in bytes that cannot be equal by chance.
const TELLING: u64 = 16;

impl Things for Named<'_, '_> {
    fn count(&self) -> usize {
        self.used.len()
    }

    fn size(&self, index: usize) -> u64 {
        let (_, used) = self.used[index];
        used.sizes.file.max(used.sizes.memory)
    }

    /// Symbols of two crates have no name in common.
    fn family(&self, index: usize) -> u64 {
        match self.keys.dim {
            Dim::Symbol => self.hasher.hash_one(self.krate(index)),
            _ => 0,
        }
    }

    fn name(&self, index: usize, pass: Pass) -> Option<u64> {
        let (key, _) = self.used[index];
        if let Some(row) = self.symbol(index) {
            return self.name_of_symbol(row, self.krate(index), pass);
        }
        let label = || self.keys.label(key);
        match (self.keys.dim, pass) {
            (Dim::Crate | Dim::DefinedIn | Dim::InstantiatedBy, Pass::Exact | Pass::Normalised) => {
                let row = CrateId(key).get().and_then(|i| self.model.crates.get(i));
                let source = row.and_then(|r| r.source).map_or("", |s| s.as_str());
                Some(match pass {
                    Pass::Exact => self.hasher.hash_one((label(), source)),
                    // Another version of one crate is that crate.
                    _ => {
                        self.hasher.hash_one((row.map_or("", |r| self.model.names.get(r.name)), family(row)))
                    }
                })
            }
            (_, Pass::Exact) => Some(self.hasher.hash_one(label())),
            (Dim::Generic, Pass::Normalised) => Some(self.hasher.hash_one(of_both_manglings(&label()))),
            (Dim::File | Dim::Line, Pass::Normalised) => {
                Some(self.hasher.hash_one(without_version(&label())))
            }
            (Dim::Unit | Dim::Member, Pass::Normalised) => {
                Some(self.hasher.hash_one(without_hashes(&label())))
            }
            _ => None,
        }
    }

    fn place(&self, index: usize) -> u64 {
        self.symbol(index).and_then(|row| row.address).unwrap_or_default()
    }

    fn contents(&self, wanted: &[usize]) -> Vec<Option<u64>> {
        let Some(contents) = self.contents else { return vec![None; wanted.len()] };
        let symbol = |index: usize| {
            let symbol = self.keys.symbol(self.used[index].0);
            symbol.filter(|_| self.size(index) >= TELLING).unwrap_or(SymbolId::NONE)
        };
        let symbols: Vec<SymbolId> = wanted.iter().map(|&index| symbol(index)).collect();
        let found = contents.hashes(self.model, &symbols);
        found.into_iter().map(|hash| (hash != 0).then_some(hash)).collect()
    }
}

/// Where a crate comes from is known in one situation and not in another. What the toolchain
/// has of its own may be called as a dependency is, and is another crate.
fn family(krate: Option<&CrateRow>) -> &'static str {
    match krate.and_then(|row| row.source) {
        Some(own @ (Source::Std | Source::C)) => own.as_str(),
        Some(_) => "crate",
        None => "",
    }
}

impl Named<'_, '_> {
    fn is_told(&self, index: usize) -> bool {
        self.symbol(index).is_some_and(|row| is_told(row, row.plain_name(&self.model.names)))
    }

    fn symbol(&self, index: usize) -> Option<&SymbolRow> {
        let (key, _) = self.used[index];
        self.keys.symbol(key).and_then(|id| self.model.symbols.get(id.get()?))
    }

    fn krate(&self, index: usize) -> &str {
        self.model.names.get(self.used[index].1.krate)
    }

    fn name_of_symbol(&self, row: &SymbolRow, krate: &str, pass: Pass) -> Option<u64> {
        let name = row.plain_name(&self.model.names);
        if row.sort == SymbolSort::Structure {
            return (pass == Pass::Exact).then(|| self.hasher.hash_one((name, "structure")));
        }
        if !is_told(row, name) {
            // The same name would mean the same thing by chance only.
            let family = names::constant(name).map(|c| std::mem::discriminant(&c));
            return (pass == Pass::Place).then(|| self.hasher.hash_one((krate, family)));
        }
        match pass {
            Pass::Exact => Some(self.hasher.hash_one(name)),
            Pass::Normalised => Some(self.hasher.hash_one((krate, names::stable(name)?))),
            Pass::Generic => {
                let scheme = names::scheme(name);
                let is_rust = matches!(scheme, names::Scheme::RustV0 | names::Scheme::RustLegacy);
                // The old mangling leaves the types of functions out, and with them that there are any.
                let generic = || names::generic(name).replace("<_>", "");
                is_rust.then(|| self.hasher.hash_one((krate, generic())))
            }
            Pass::Place | Pass::Content => None,
        }
    }
}

/// Whether a symbol has a name that says which one it is.
fn is_told(row: &SymbolRow, name: &str) -> bool {
    row.sort.is_symbol() && names::is_telling(name)
}

/// A name of a file or unit without the hashes in it: `foo-0123456789abcdef.foo.0123456789abcdef-cgu.0`.
fn without_hashes(text: &str) -> String {
    let is_hash = |word: &str| word.len() >= 16 && word.bytes().all(|b| b.is_ascii_hexdigit());
    let mut out = String::with_capacity(text.len());
    for (index, word) in text.split_inclusive(['.', '-', '/', '@']).enumerate() {
        let bare = word.trim_end_matches(['.', '-', '/', '@']);
        let is_base36 = index > 0
            && bare.len() >= 20
            && bare.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if is_hash(bare) || is_base36 {
            out.push_str(&word[bare.len()..]);
        } else {
            out.push_str(word);
        }
    }
    out
}

/// A generic item as both manglings of Rust spell it: the old one says neither that a function has type parameters nor
/// which closure of a function one is.
fn of_both_manglings(generic: &str) -> String {
    const CLOSURE: &str = "{closure#";
    let mut out = String::with_capacity(generic.len());
    let mut rest = generic;
    while let Some((before, after)) = rest.split_once(CLOSURE) {
        out.push_str(before);
        let number = after.len() - after.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        out.push_str(&CLOSURE[..CLOSURE.len() - 1]);
        rest = &after[number..];
    }
    out.push_str(rest);
    out.replace("<_>", "")
}

/// A path of source without the version of the package it starts with: `serde-1.0.228/src/de.rs`.
fn without_version(path: &str) -> String {
    let is_version = |text: &str| text.contains('.') && text.starts_with(|c: char| c.is_ascii_digit());
    let Some((folder, rest)) = path.split_once('/') else { return path.to_string() };
    match folder.match_indices('-').find(|(at, _)| is_version(&folder[at + 1..])) {
        Some((at, _)) => format!("{}/{rest}", &folder[..at]),
        None => path.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generic_item_is_the_same_in_both_manglings() {
        for (v0, legacy) in [
            ("a::f<_>", "a::f"),
            ("<a::T<_> as b::U<_>>::f<_>", "<a::T<_> as b::U<_>>::f"),
            ("a::f::{closure#12}::{closure#0}<_>", "a::f::{closure}::{closure}"),
            ("<str>::replace<_>", "<str>::replace"),
            ("a::{closure#", "a::{closure"),
        ] {
            assert_eq!(of_both_manglings(v0), of_both_manglings(legacy));
        }
        assert_ne!(of_both_manglings("<a::T as b::U>::f"), of_both_manglings("<_ as b::U>::f"));
        assert_ne!(of_both_manglings("a::f::{shim:vtable#0}"), of_both_manglings("a::f"));
    }

    #[test]
    fn a_file_of_another_version_is_that_file() {
        for (a, b) in [
            ("serde-1.0.228/src/de.rs", "serde-1.0.219/src/de.rs"),
            ("serde_yaml-0.9.34+deprecated/src/de.rs:7", "serde_yaml-0.9.33/src/de.rs:7"),
            ("a-2-b-1.0.0-rc.1/src/lib.rs", "a-2-b-1.0.0/src/lib.rs"),
        ] {
            assert_eq!(without_version(a), without_version(b));
        }
        for path in
            ["/rustc/library/core/src/fmt/mod.rs", "utf-8/src/lib.rs", "main-1.0.rs", "src/a-1.0.0/b.rs"]
        {
            assert_eq!(without_version(path), path);
        }
    }

    #[test]
    fn hashes_in_names_of_units_are_left_out() {
        for (a, b) in [
            ("src/main.rs/@/app.0123456789abcdef-cgu.0", "src/main.rs/@/app.fedcba9876543210-cgu.0"),
            (
                "app-0123456789abcdef.app.fedcba9876543210-cgu.3.rcgu.o",
                "app-1123456789abcdef.app.eedcba9876543210-cgu.3.rcgu.o",
            ),
        ] {
            assert_ne!(a, b);
            assert_eq!(without_hashes(a), without_hashes(b));
        }
        assert_ne!(
            without_hashes("a.rs/@/a.0123456789abcdef-cgu.0"),
            without_hashes("a.rs/@/a.0123456789abcdef-cgu.1")
        );
    }
}
