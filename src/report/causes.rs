//! Why crates changed: versions, and copies of generics.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::diff::{Cause, Copies, Turn};
use crate::analysis::diff::groups::{Groups, Pairing};
use crate::analysis::diff::{Diff, DiffNode, DiffView, diff_by};
use crate::model::Model;
use crate::model::view::{Dim, Measure};

/// Why crates changed.
pub(super) struct Causes<'m> {
    /// Crates, their symbols, of which generic each is a copy, and who has it.
    symbols: Diff<'m>,
    /// Where in it a crate is, by group.
    by_crate: HashMap<u32, usize>,
    /// Whether what only one side has says anything: not if just the other one is stripped.
    tells_new: bool,
    tells_gone: bool,
}

/// Generics named for one crate.
const NAMED: usize = 3;

/// Symbols of one generic.
#[derive(Default)]
struct Instances {
    /// On the new side.
    now: u64,
    /// On one side only.
    added: u64,
    removed: u64,
    bytes: i64,
    by: BTreeSet<String>,
}

impl<'m> Causes<'m> {
    /// Asks by crate, as the pairs of crates are those of any other question to `pairing`.
    pub fn new(pairing: &mut Pairing<'m>, view: &DiffView, [old, new]: [&Model; 2]) -> Causes<'m> {
        let dims = vec![Dim::Crate, Dim::Symbol, Dim::Generic, Dim::InstantiatedBy];
        let view = DiffView { dims, filter: view.filter.clone(), measure: view.measure };
        let symbols = diff_by(pairing, &view);
        let by_crate = symbols.roots.iter().enumerate().map(|(index, node)| (node.group, index)).collect();
        let (old, new) = (old.facts.stripped, new.facts.stripped);
        Causes { symbols, by_crate, tells_new: new || !old, tells_gone: old || !new }
    }

    /// Why the crate of a group changed, where that is known.
    pub fn of(&self, groups: &Groups<'_>, group: u32, measure: Measure) -> Option<Cause> {
        let mut cause = Cause::default();
        let pair = groups.groups[group as usize];
        // Buckets have no source and are no crates.
        match (pair.old, pair.new) {
            (None, Some(key)) if self.tells_new && groups.new_keys.source(key).is_some() => {
                cause.turn = Some(Turn::New)
            }
            (Some(key), None) if self.tells_gone && groups.old_keys.source(key).is_some() => {
                cause.turn = Some(Turn::Gone)
            }
            (Some(old), Some(new)) => {
                let version = |label: String| label.split_once('@').map(|(_, version)| version.to_string());
                let old = version(groups.old_keys.label(old));
                let new = version(groups.new_keys.label(new));
                if old.is_some() && new.is_some() && old != new {
                    (cause.turn, cause.old_version, cause.new_version) = (Some(Turn::Bumped), old, new);
                }
            }
            _ => {}
        }
        // All that a crate has is new if the crate is.
        if pair.old.is_some() && pair.new.is_some() {
            cause.copies = self.copies(group, measure);
        }
        (cause != Cause::default()).then_some(cause)
    }

    /// Generics of which a crate has more copies, the largest growth first.
    fn copies(&self, group: u32, measure: Measure) -> Vec<Copies> {
        let Some(krate) = self.by_crate.get(&group).and_then(|&index| self.symbols.roots.get(index)) else {
            return Vec::new();
        };
        let mut all: BTreeMap<String, Instances> = BTreeMap::new();
        for symbol in &krate.children {
            let pair = self.symbols.groups[1].groups[symbol.group as usize];
            let (added, removed) = match (pair.old, pair.new) {
                (None, Some(_)) => (symbol.new.symbols, 0),
                (Some(_), None) => (0, symbol.old.symbols),
                _ => (0, 0),
            };
            for generic in &symbol.children {
                let instances = all.entry(self.symbols.groups[2].label(generic.group)).or_default();
                instances.now += generic.new.symbols;
                instances.added += added;
                instances.removed += removed;
                if (added, removed) != (0, 0) {
                    instances.bytes += generic.delta(measure);
                }
                if added > 0 {
                    instances.by.extend(generic.children.iter().map(|c| self.instantiator(c)));
                }
            }
        }
        // The old mangling leaves types out: what it has twice under one name is a generic all the
        // same, unless it is closures, which have no name of their own.
        let is_generic = |name: &str, i: &Instances| {
            name.contains("<_>") || i.now > 1 && !name.contains("closure") && !name.starts_with('[')
        };
        let more =
            all.into_iter().filter(|(name, i)| i.added > i.removed && i.bytes > 0 && is_generic(name, i));
        let mut copies: Vec<Copies> = more
            .map(|(generic, i)| Copies {
                generic,
                copies: i.added - i.removed,
                bytes: i.bytes,
                instantiated_by: i.by.into_iter().collect(),
            })
            .collect();
        copies.sort_by_key(|c| std::cmp::Reverse(c.bytes));
        copies.truncate(NAMED);
        copies
    }

    fn instantiator(&self, node: &DiffNode) -> String {
        self.symbols.groups[3].label(node.group)
    }
}
