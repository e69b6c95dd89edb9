//! Why crates changed: versions, and copies of generics.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::diff::{Cause, Copies, Turn};
use crate::analysis::diff::groups::{Group, Groups, Pairing};
use crate::analysis::diff::{Diff, DiffNode, DiffView, diff_by};
use crate::model::view::{Dim, Keys, Measure};
use crate::model::{Model, SymbolId};
use crate::order::Arrange;
use crate::parallel;

/// Why crates changed.
pub(super) struct Causes<'d, 'm> {
    models: [&'m Model; 2],
    /// What was asked, if it was by crate and symbol.
    answer: &'d Diff<'m>,
    /// Else that.
    own: Option<Diff<'m>>,
    /// Where in it a crate is, by group.
    by_crate: HashMap<u32, usize>,
    /// Of symbols that are new: key of the symbol, of the crate, and of who has it; in order.
    instantiated: Vec<(u32, u32, u32)>,
    /// Whether what only one side has says anything: not if just the other one is stripped.
    tells_new: bool,
    tells_gone: bool,
}

/// Symbols are looked at in lots of this many, whatever the number of threads.
const LOT: usize = 256;
/// Generics named for one crate.
const NAMED: usize = 3;

/// Symbols of one generic that are on one side only.
#[derive(Default)]
struct Instances {
    added: u64,
    removed: u64,
    bytes: i64,
    /// Keys of those added.
    new: Vec<u32>,
}

impl<'d, 'm> Causes<'d, 'm> {
    /// Of the crates in `answer`, which is what `pairing` says to `view`.
    pub fn new(pairing: &mut Pairing<'m>, view: &DiffView, answer: &'d Diff<'m>) -> Causes<'d, 'm> {
        let own = match view.dims.get(1) {
            Some(Dim::Symbol) => None,
            _ => {
                let dims = vec![Dim::Crate, Dim::Symbol];
                Some(diff_by(pairing, &DiffView { dims, filter: view.filter.clone(), ..*view }))
            }
        };
        let diff = own.as_ref().unwrap_or(answer);
        let by_crate = diff.roots.iter().enumerate().map(|(index, node)| (node.group, index)).collect();
        let models = pairing.models();
        let instantiated = instantiators(models[1], diff, view);
        let [old, new] = models.map(|model| model.facts.stripped);
        Causes {
            models,
            answer,
            own,
            by_crate,
            instantiated,
            tells_new: new || !old,
            tells_gone: old || !new,
        }
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
        let diff = self.own.as_ref().unwrap_or(self.answer);
        let [crates, symbols, ..] = &diff.groups[..] else { return Vec::new() };
        let Some(krate) = self.by_crate.get(&group).and_then(|&index| diff.roots.get(index)) else {
            return Vec::new();
        };
        let alone = |node: &DiffNode| match symbols.groups[node.group as usize] {
            Group { old: None, new: Some(key), .. } if node.new.symbols > 0 => {
                Some((self.models[1].generic_label(SymbolId(key)), Some(key)))
            }
            Group { old: Some(key), new: None, .. } if node.old.symbols > 0 => {
                Some((self.models[0].generic_label(SymbolId(key)), None))
            }
            _ => None,
        };
        let named = parallel::map(&krate.children, LOT, alone);
        let named = named.into_iter().zip(&krate.children).filter_map(|(name, node)| Some((name?, node)));
        let mut all: BTreeMap<String, Instances> = BTreeMap::new();
        for ((generic, new), node) in named {
            let instances = all.entry(generic).or_default();
            instances.bytes += node.delta(measure);
            match new {
                Some(key) => {
                    instances.added += node.new.symbols;
                    instances.new.push(key);
                }
                None => instances.removed += node.old.symbols,
            }
        }
        let mut more: Vec<(String, Instances)> =
            all.into_iter().filter(|(_, i)| i.added > i.removed && i.bytes > 0).collect();
        more.arrange_by_key(|(_, i)| std::cmp::Reverse(i.bytes));
        // The old mangling leaves types out: what it has twice under one name is a generic all the
        // same, unless it is closures, which have no name of their own.
        let is_generic = |name: &str, i: &Instances| {
            name.contains("<_>")
                || !name.contains("closure")
                    && !name.starts_with('[')
                    && (i.added > 1 || self.is_kept(krate, symbols, name))
        };
        let krate = crates.groups[krate.group as usize].new;
        let generics = more.into_iter().filter(|(name, i)| is_generic(name, i)).take(NAMED);
        generics
            .map(|(generic, i)| Copies {
                generic,
                copies: i.added - i.removed,
                bytes: i.bytes,
                instantiated_by: self.instantiators(krate, &i.new),
            })
            .collect()
    }

    /// Whether a symbol of a crate that is on both sides is an instance of `generic`.
    fn is_kept(&self, krate: &DiffNode, symbols: &Groups<'_>, generic: &str) -> bool {
        let model = self.models[1];
        let word = generic.rsplit("::").next().unwrap_or_default();
        let is_plain = word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        // Both manglings of Rust hold a plain word as it is, and to look for one is cheaper than to read a name.
        let lacks_word =
            |name: &str| is_plain && (name.starts_with("_R") || name.contains("17h")) && !name.contains(word);
        let is_one = |node: &DiffNode| match symbols.groups[node.group as usize] {
            Group { old: Some(_), new: Some(key), .. } if node.new.symbols > 0 => {
                let symbol = SymbolId(key);
                !lacks_word(model.mangled(symbol)) && model.generic_label(symbol) == generic
            }
            _ => false,
        };
        parallel::any(&krate.children, LOT, is_one)
    }

    /// Names of those who have new symbols of a crate.
    fn instantiators(&self, krate: Option<u32>, symbols: &[u32]) -> Vec<String> {
        let keys = Keys::new(self.models[1], Dim::InstantiatedBy);
        let of_symbol = |symbol: u32| {
            let of_crate = krate.map(|krate| (symbol, krate));
            let first = self.instantiated.partition_point(|&(s, k, _)| Some((s, k)) < of_crate);
            self.instantiated[first..].iter().take_while(move |&&(s, k, _)| Some((s, k)) == of_crate)
        };
        let all: BTreeSet<String> =
            symbols.iter().flat_map(|&symbol| of_symbol(symbol)).map(|&(_, _, by)| keys.label(by)).collect();
        all.into_iter().collect()
    }
}

/// Who has what is new, by symbol and crate.
fn instantiators(model: &Model, diff: &Diff<'_>, view: &DiffView) -> Vec<(u32, u32, u32)> {
    let [crates, symbols, ..] = &diff.groups[..] else { return Vec::new() };
    let mut is_new = vec![false; model.symbols.len()];
    for group in symbols.groups.iter().filter(|g| g.old.is_none()) {
        if let Some(slot) = group.new.and_then(|key| is_new.get_mut(key as usize)) {
            *slot = true;
        }
    }
    let keys = Keys::new(model, Dim::InstantiatedBy);
    let mut accepts = view.filter.as_ref().map(|f| f.compile(model));
    let mut all = Vec::new();
    for leaf in model.leaves.iter() {
        let symbol = leaf.symbol.get().filter(|&i| is_new[i]);
        if symbol.is_some() && accepts.as_mut().is_none_or(|a| a.accepts(&leaf)) {
            all.push((leaf.symbol.0, crates.new_keys.key(&leaf), keys.key(&leaf)));
        }
    }
    all.arrange();
    all.dedup();
    all
}
