//! What a filter names that no file has: an empty answer is seldom what was meant.

use hashbrown::HashSet;

use super::Issue;
use crate::analysis::nearest::nearest;
use crate::model::Model;
use crate::model::filter::{Filter, Pattern};
use crate::model::view::{Dim, Keys};

/// Says that nothing in `models` passes a filter, and what of it none of them has.
///
/// *Cost*: a pass over the leaves of each for each test of the filter, and the names of their groups.
pub(super) fn nothing_passes(filter: &Filter, models: &[&Model]) -> Issue {
    let mut tests = Vec::new();
    filter.tests(&mut tests);
    let missing = tests.into_iter().find_map(|(dim, pattern)| missing(dim, pattern, models));
    let place = if models.len() > 1 { "in the files" } else { "in the file" };
    let message = match missing {
        None => format!("nothing {place} passes the filter"),
        Some((dim, word, meant)) => {
            let meant = meant.map(|meant| format!("; is `{meant}` meant?")).unwrap_or_default();
            format!("nothing {place} passes the filter: there is no {} `{word}`{meant}", dim.as_str())
        }
    };
    Issue { severity: "warning", code: "nothing-passes-filter".into(), message, offset: None, bytes: None }
}

/// A name that none of the models has in a dimension, and the one that is meant if that can be told.
fn missing(dim: Dim, pattern: &Pattern, models: &[&Model]) -> Option<(Dim, String, Option<String>)> {
    let Pattern::Any(words) = pattern else { return None };
    let mut texts: Vec<String> = Vec::new();
    for model in models {
        let keys = Keys::new(model, dim);
        let used: HashSet<u32> = model.leaves.iter().map(|leaf| keys.key(&leaf)).collect();
        texts.extend(used.into_iter().flat_map(|key| keys.texts(key)));
    }
    // Whatever order they were met in, the same one is meant.
    texts.sort_unstable();
    let is_there = |word: &String| {
        let word = Pattern::Any(vec![word.clone()]);
        texts.iter().any(|text| word.matches(text))
    };
    let word = words.iter().find(|word| !is_there(word))?;
    let meant = nearest(word, texts.iter().map(String::as_str)).map(str::to_string);
    Some((dim, word.clone(), meant))
}
