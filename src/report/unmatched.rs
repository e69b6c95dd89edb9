//! What a filter names that no file has: an empty answer is seldom what was meant.

use std::collections::BTreeMap;

use hashbrown::HashSet;

use super::Issue;
use crate::analysis::nearest::nearest;
use crate::model::Model;
use crate::model::filter::{Filter, Pattern};
use crate::model::view::{Dim, Keys};

/// Says that nothing in `models` passes a filter, and which test of it nothing passes.
///
/// *Cost*: a pass over the leaves of each for each dimension of the filter, and the names of its groups.
pub(super) fn nothing_passes(filter: &Filter, models: &[&Model]) -> Issue {
    let mut tests = Vec::new();
    required(filter, true, &mut tests);
    let mut known: BTreeMap<Dim, Vec<String>> = BTreeMap::new();
    let unmet = tests.into_iter().find_map(|(dim, words)| {
        let texts = known.entry(dim).or_insert_with(|| texts(dim, models));
        let any = Pattern::Any(words.to_vec());
        if texts.iter().any(|text| any.matches(text)) {
            return None;
        }
        let meant = words.iter().find_map(|word| nearest(word, texts.iter().map(String::as_str)));
        let meant = meant.map(|meant| format!("; is `{meant}` meant?")).unwrap_or_default();
        Some(format!(": nothing is `{}={}`{meant}", dim.as_str(), words.join(",")))
    });
    let place = if models.len() > 1 { "in the files" } else { "in the file" };
    let message = format!("nothing {place} passes the filter{}", unmet.unwrap_or_default());
    Issue { severity: "warning", code: "nothing-passes-filter".into(), message, offset: None, bytes: None }
}

/// Adds the tests of names that have to be passed rather than failed.
fn required<'f>(filter: &'f Filter, is_required: bool, to: &mut Vec<(Dim, &'f [String])>) {
    match filter {
        Filter::And(a, b) | Filter::Or(a, b) => {
            required(a, is_required, to);
            required(b, is_required, to);
        }
        Filter::Not(a) => required(a, !is_required, to),
        Filter::Test(dim, Pattern::Any(words)) if is_required => to.push((*dim, words)),
        Filter::Test(..) => {}
    }
}

/// All names in a dimension that bytes of any model have, in order: whichever was met first, the same one is meant.
fn texts(dim: Dim, models: &[&Model]) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for model in models {
        let keys = Keys::new(model, dim);
        let used: HashSet<u32> = model.leaves.iter().map(|leaf| keys.key(&leaf)).collect();
        texts.extend(used.into_iter().flat_map(|key| keys.texts(key)).filter(|text| !text.is_empty()));
    }
    texts.sort_unstable();
    texts.dedup();
    texts
}
