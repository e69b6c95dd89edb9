//! Crates that are in a program in several versions.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::{Order, Scope};
use crate::intern::NameId;
use crate::model::{CrateId, Model, Sizes, Source, SymbolId};
use crate::names;
use crate::order::Arrange;

/// Why crates of one name are not one crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Distinction {
    /// They state different versions.
    Version,
    /// The compiler gave them different ids. That can be two versions, two sets of features, or the library and
    /// the program of one package.
    Id,
    /// One is the toolchain's own copy, with which no change of a program can unite the other.
    Toolchain,
}

/// A crate in several versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repeated {
    /// Its name, which all versions share.
    pub name: String,
    /// Why they are not one.
    pub distinction: Distinction,
    /// Two or more that are told apart, largest first; then what may be of any of them, and last the toolchain's.
    pub versions: Vec<Version>,
    /// Bytes of the file that one version of each item that is there in several would leave out: of all but
    /// the largest. A guess at what one version would save, as the remaining one may not fit all users.
    pub saved: u64,
}

/// One version of a crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    /// The crate.
    pub krate: CrateId,
    /// Whether it is known to be another than all others. Else its bytes are of one of them, and not known of which.
    pub is_told_apart: bool,
    /// All bytes that it owns.
    pub sizes: Sizes,
    /// Symbols that start in them.
    pub symbols: u64,
    /// Bytes of the file in items that another version has as well, by path.
    pub shared: u64,
}

impl Repeated {
    /// How many versions are known to be there.
    pub fn told_apart(&self) -> u64 {
        self.versions.iter().filter(|v| v.is_told_apart).count() as u64
    }
}

impl Version {
    /// Bytes of the file in all else.
    pub fn own(&self) -> u64 {
        self.sizes.file.saturating_sub(self.shared)
    }
}

fn source(model: &Model, krate: CrateId) -> Option<Source> {
    krate.get().and_then(|i| model.crates.get(i)).and_then(|row| row.source)
}

/// Crates that are there in several versions, or in one beside a copy of the toolchain's own.
///
/// *Cost*: two passes over the leaves; parses the names of the symbols of those crates.
pub fn repeated(model: &Model, scope: &Scope, order: Order) -> Vec<Repeated> {
    let mut sums = vec![(Sizes::default(), 0u64); model.crates.len()];
    each_leaf(model, scope, |leaf, krate| {
        let Some((sizes, symbols)) = krate.get().and_then(|i| sums.get_mut(i)) else { return };
        *sizes += leaf.sizes();
        *symbols += u64::from(leaf.home);
    });
    let mut by_name: BTreeMap<&str, Vec<Version>> = BTreeMap::new();
    for (index, row) in model.crates.iter().enumerate() {
        let (sizes, symbols) = sums[index];
        let is_rust = row.source.is_some_and(|s| s != Source::C);
        if is_rust && sizes != Sizes::default() {
            let version =
                Version { krate: CrateId::new(index), is_told_apart: true, sizes, symbols, shared: 0 };
            by_name.entry(model.names.get(row.name)).or_default().push(version);
        }
    }
    let mut distinctions = Vec::new();
    by_name.retain(|name, versions| {
        // Of ids nobody says what they differ in, unless there are versions for them.
        let is_listed = scope.in_several_versions.contains(*name);
        let Some(found) = distinction(model, versions) else { return false };
        tell_apart(model, found, versions);
        distinctions.push(if found == Distinction::Id && is_listed { Distinction::Version } else { found });
        true
    });
    let saved = share(model, scope, &mut by_name);
    let mut all: Vec<Repeated> = by_name
        .into_iter()
        .zip(saved.into_iter().zip(distinctions))
        .map(|((name, mut versions), (saved, distinction))| {
            let is_std = |v: &Version| source(model, v.krate) == Some(Source::Std);
            versions.arrange_by_key(|v| (is_std(v), !v.is_told_apart, Reverse(v.sizes.file), v.krate));
            Repeated { name: name.to_string(), distinction, versions, saved }
        })
        .collect();
    order.sort(&mut all, |r| (r.versions.iter().map(|v| v.sizes.file).sum(), r.told_apart(), &r.name));
    all
}

/// Why crates of one name are several; `None` if they are not.
///
/// A library and a program of one package share name and version and are no versions of each other.
fn distinction(model: &Model, versions: &[Version]) -> Option<Distinction> {
    let rows = || versions.iter().filter_map(|v| model.crates.get(v.krate.get()?));
    let own = || rows().filter(|row| row.source != Some(Source::Std));
    let stated: BTreeSet<&str> =
        own().map(|row| model.names.get(row.version)).filter(|version| !version.is_empty()).collect();
    let known: BTreeSet<u64> =
        own().filter(|row| row.version != NameId::NONE).filter_map(|row| row.stable_id).collect();
    let unknown = || own().filter(|row| model.names.get(row.version).is_empty());
    let ids: BTreeSet<u64> =
        unknown().filter_map(|row| row.stable_id).filter(|id| !known.contains(id)).collect();
    if stated.len() > 1 {
        Some(Distinction::Version)
    } else if stated.len() + ids.len() > 1 {
        Some(Distinction::Id)
    } else if own().next().is_some() && rows().count() > own().count() {
        Some(Distinction::Toolchain)
    } else {
        None
    }
}

/// Marks the crates that are no others than the rest: those of which a name alone is known, and of stated versions
/// those that state none.
fn tell_apart(model: &Model, distinction: Distinction, versions: &mut [Version]) {
    let row = |v: &Version| v.krate.get().and_then(|i| model.crates.get(i));
    let is_std = |v: &Version| source(model, v.krate) == Some(Source::Std);
    let states = |v: &Version| row(v).is_some_and(|r| r.version != NameId::NONE);
    let known: BTreeSet<u64> =
        versions.iter().filter(|v| states(v)).filter_map(|v| row(v)?.stable_id).collect();
    for version in versions.iter_mut() {
        let id = row(version).and_then(|r| r.stable_id).filter(|id| !known.contains(id));
        let by_id = distinction != Distinction::Version && id.is_some();
        version.is_told_apart = is_std(version) || states(version) || by_id;
    }
    // With nothing to choose from, a name is enough.
    if !versions.iter().any(|v| v.is_told_apart && !is_std(v)) {
        versions.iter_mut().filter(|v| !is_std(v)).take(1).for_each(|v| v.is_told_apart = true);
    }
}

/// Finds the items that several versions have; returns what all but the largest of each take, by name.
fn share(model: &Model, scope: &Scope, by_name: &mut BTreeMap<&str, Vec<Version>>) -> Vec<u64> {
    // By crate: number of its name, and of its version among those of the name.
    let mut places: Vec<Option<(u32, u32)>> = vec![None; model.crates.len()];
    for (name, versions) in by_name.values().enumerate() {
        for (index, version) in versions.iter().enumerate().filter(|(_, v)| v.is_told_apart) {
            places[version.krate.0 as usize] = Some((name as u32, index as u32));
        }
    }
    let mut by_symbol: BTreeMap<(u32, SymbolId), BTreeMap<u32, u64>> = BTreeMap::new();
    each_leaf(model, scope, |leaf, krate| {
        let place = krate.get().and_then(|i| places.get(i).copied().flatten());
        let is_symbol =
            leaf.symbol.get().and_then(|i| model.symbols.get(i)).is_some_and(|row| row.sort.is_symbol());
        if let (Some((name, version)), true) = (place, is_symbol && leaf.in_file) {
            *by_symbol.entry((name, leaf.symbol)).or_default().entry(version).or_default() += leaf.len;
        }
    });
    // By name and path: bytes of each version.
    let mut by_path: BTreeMap<(u32, String), BTreeMap<u32, u64>> = BTreeMap::new();
    for ((name, symbol), sizes) in by_symbol {
        let Some(row) = symbol.get().and_then(|i| model.symbols.get(i)) else { continue };
        let path = names::generic(row.plain_name(&model.names));
        let all = by_path.entry((name, path)).or_default();
        for (version, bytes) in sizes {
            *all.entry(version).or_default() += bytes;
        }
    }
    let mut saved = vec![0; by_name.len()];
    let mut versions: Vec<&mut Vec<Version>> = by_name.values_mut().collect();
    for ((name, _), sizes) in by_path.into_iter().filter(|(_, sizes)| sizes.len() > 1) {
        let is_std = |version: &u32| {
            let krate = versions[name as usize].get(*version as usize).map(|v| v.krate);
            krate.and_then(|k| source(model, k)) == Some(Source::Std)
        };
        // The toolchain's own copy is there whatever a program does.
        let own = || sizes.iter().filter(|(version, _)| !is_std(version)).map(|(_, bytes)| *bytes);
        saved[name as usize] += own().sum::<u64>() - own().max().unwrap_or(0);
        for (version, bytes) in &sizes {
            if let Some(version) = versions[name as usize].get_mut(*version as usize) {
                version.shared += bytes;
            }
        }
    }
    saved
}

fn each_leaf(model: &Model, scope: &Scope, mut look: impl FnMut(&crate::model::Leaf, CrateId)) {
    let mut accepts = scope.filter.as_ref().map(|f| f.compile(model));
    for leaf in model.leaves.iter() {
        if accepts.as_mut().is_none_or(|a| a.accepts(&leaf)) {
            look(&leaf, model.owner(leaf.owner).krate);
        }
    }
}
