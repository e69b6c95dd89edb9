//! Which groups of two models are one group, in each dimension.
//!
//! A dimension has keys ([`Keys`]) that mean something in one model only. Here each
//! key of either model gets the number of a group that may have a side in both.

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{BuildHasher, BuildHasherDefault};
use std::sync::Arc;

use hashbrown::HashMap;
use rayon::prelude::*;

use super::pair::{Item, Pass, pair};
use crate::intern::NameId;
use crate::model::view::{Dim, Keys};
use crate::model::{Contents, CrateId, Model, Sizes, Source, SymbolId, SymbolSort};
use crate::names;

/// Keys of two models that are one group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    /// Key in the old model.
    pub old: Option<u32>,
    /// Key in the new model.
    pub new: Option<u32>,
    /// How they found each other; exact for what stands alone.
    pub pass: Pass,
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
    by_old: HashMap<u32, u32>,
    by_new: HashMap<u32, u32>,
}

/// A model to compare.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'m> {
    /// The model.
    pub model: &'m Model,
    /// What its symbols hold, if that was looked at: finds what was renamed.
    pub contents: Option<&'m Contents>,
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
    /// *Cost*: O(n log n) in the number of keys; demangles the names of symbols that
    /// have no equal.
    pub fn new(old: Subject<'m>, new: Subject<'m>, dim: Dim) -> Groups<'m> {
        let (old_keys, new_keys) = (Keys::new(old.model, dim), Keys::new(new.model, dim));
        let (in_old, in_new) = (used(old.model, &old_keys), used(new.model, &new_keys));
        // Without a seed: pairs are the same in every run.
        let hasher = BuildHasherDefault::<DefaultHasher>::new();
        let items = |of: Subject<'_>, keys: &Keys<'_>, used: &[(u32, Used)]| -> Vec<Item> {
            used.par_iter().map(|&(key, used)| item(of, keys, key, used, &hasher)).collect()
        };
        let pairs = pair(&items(old, &old_keys, &in_old), &items(new, &new_keys, &in_new));
        let mut groups = Vec::with_capacity(in_old.len() + in_new.len());
        let (mut by_old, mut by_new) = (HashMap::new(), HashMap::new());
        for found in &pairs {
            let (a, b) = (in_old[found.old].0, in_new[found.new].0);
            by_old.insert(a, groups.len() as u32);
            by_new.insert(b, groups.len() as u32);
            groups.push(Group { old: Some(a), new: Some(b), pass: found.pass });
        }
        for (key, _) in in_old {
            by_old.entry(key).or_insert_with(|| {
                groups.push(Group { old: Some(key), new: None, pass: Pass::Exact });
                groups.len() as u32 - 1
            });
        }
        for (key, _) in in_new {
            by_new.entry(key).or_insert_with(|| {
                groups.push(Group { old: None, new: Some(key), pass: Pass::Exact });
                groups.len() as u32 - 1
            });
        }
        Groups { old_keys, new_keys, groups, by_old, by_new }
    }

    /// The group that a leaf's key is in.
    pub fn group(&self, side: Side, key: u32) -> u32 {
        let map = if side == Side::Old { &self.by_old } else { &self.by_new };
        *map.get(&key).expect("every key of a leaf has a group")
    }

    /// The name of a group for people: that of its newest side.
    pub fn label(&self, group: u32) -> String {
        let group = &self.groups[group as usize];
        let new = group.new.map(|key| self.new_keys.label(key));
        new.or_else(|| group.old.map(|key| self.old_keys.label(key))).unwrap_or_default()
    }

    /// The name of the old side, if there is one and it differs.
    pub fn renamed_from(&self, group: u32) -> Option<String> {
        let group = &self.groups[group as usize];
        let (old, new) = (self.old_keys.label(group.old?), self.new_keys.label(group.new?));
        (old != new).then_some(old)
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
fn used(model: &Model, keys: &Keys<'_>) -> Vec<(u32, Used)> {
    let mut all: BTreeMap<u32, Used> = BTreeMap::new();
    for leaf in model.leaves.iter() {
        let entry = all.entry(keys.key(&leaf)).or_default();
        // A function's own size decides, not that of its entries in tables.
        if keys.dim != Dim::Symbol || leaf.kind.is_content() {
            entry.sizes += leaf.sizes();
        }
        if leaf.home || entry.krate == NameId::NONE {
            let krate = model.owner(leaf.owner).krate.get().and_then(|i| model.crates.get(i));
            entry.krate = krate.map_or(NameId::NONE, |row| row.name);
        }
    }
    all.into_iter().collect()
}

fn item(of: Subject<'_>, keys: &Keys<'_>, key: u32, used: Used, hasher: &impl BuildHasher) -> Item {
    let model = of.model;
    let hash = |text: &dyn Fn() -> (String, String)| Some(hasher.hash_one(text()));
    let plain = |text: String| Some(hasher.hash_one(text));
    let size = used.sizes.file.max(used.sizes.memory);
    match keys.dim {
        Dim::Symbol => match keys.symbol(key) {
            Some(symbol) => of_symbol(of, symbol, size, model.names.get(used.krate), hasher),
            None => Item { exact: plain(keys.label(key)), size, ..Item::default() },
        },
        Dim::Crate | Dim::DefinedIn | Dim::InstantiatedBy => {
            let row = CrateId(key).get().and_then(|i| model.crates.get(i));
            let source = row.and_then(|r| r.source).map_or("", |s| s.as_str());
            let name = row.map_or("", |r| model.names.get(r.name));
            // Where a crate comes from is known in one situation and not in another. What the toolchain
            // has of its own may be called as a dependency is, and is another crate.
            let family = match row.and_then(|r| r.source) {
                Some(own @ (Source::Std | Source::C)) => own.as_str(),
                Some(_) => "crate",
                None => "",
            };
            Item {
                exact: hash(&|| (keys.label(key), source.to_string())),
                // Another version of one crate is that crate.
                normalised: hash(&|| (name.to_string(), family.to_string())),
                size,
                ..Item::default()
            }
        }
        Dim::Unit | Dim::Member => {
            let label = keys.label(key);
            Item { normalised: plain(without_hashes(&label)), exact: plain(label), size, ..Item::default() }
        }
        _ => Item { exact: plain(keys.label(key)), size, ..Item::default() },
    }
}

/// The least content in bytes that cannot be equal by chance.
const TELLING: u64 = 16;

fn of_symbol(of: Subject<'_>, symbol: SymbolId, size: u64, krate: &str, hasher: &impl BuildHasher) -> Item {
    let model = of.model;
    let content = of.contents.and_then(|c| c.by_symbol.get(symbol.get()?)).copied();
    let content = content.filter(|&c| c != 0 && size >= TELLING);
    let Some(row) = symbol.get().and_then(|i| model.symbols.get(i)) else { return Item::default() };
    let name = row.plain_name(&model.names);
    if !row.sort.is_symbol() {
        let exact = match row.sort {
            SymbolSort::Structure => hasher.hash_one((name, "structure")),
            // It has no name: one of a crate's, told apart by content and size.
            _ => hasher.hash_one((krate, "function")),
        };
        return Item { exact: Some(exact), content, size, ..Item::default() };
    }
    let Some(stable) = names::stable(name) else {
        // The same name means the same thing by chance only. What such things of a
        // crate hold and how large they are says more.
        let family = names::constant(name).map(|c| std::mem::discriminant(&c));
        let exact = hasher.hash_one((krate, family));
        return Item { exact: Some(exact), content, size, ..Item::default() };
    };
    let is_rust = matches!(names::scheme(name), names::Scheme::RustV0 | names::Scheme::RustLegacy);
    Item {
        exact: Some(hasher.hash_one(name)),
        normalised: Some(hasher.hash_one((krate, stable))),
        // The old mangling leaves the types of functions out, and with them that there are any.
        generic: is_rust.then(|| hasher.hash_one((krate, names::generic(name).replace("<_>", "")))),
        content,
        size,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

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
