//! What a filter names that no file has: an empty answer is seldom what was meant.

use std::collections::BTreeMap;

use super::Issue;
use crate::analysis::nearest::{known, nearest};
use crate::model::Model;
use crate::model::filter::{Filter, Pattern};
use crate::model::view::Dim;

/// Says that nothing in `models` passes a filter, and which test of it nothing passes.
///
/// *Cost*: a pass over the leaves of each for each dimension of the filter, and the names of its groups.
pub fn nothing_passes(filter: &Filter, models: &[&Model]) -> Issue {
    let mut names = Names { models, known: BTreeMap::new() };
    let unmet = names.unmet(filter);
    let unmet = unmet.map(|unmet| match unmet.meant {
        Some(meant) => format!(": nothing is `{}`; is `{meant}` meant?", unmet.test),
        None => format!(": nothing is `{}`", unmet.test),
    });
    let place = if models.len() > 1 { "in the files" } else { "in the file" };
    let message = format!("nothing {place} passes the filter{}", unmet.unwrap_or_default());
    Issue { severity: "warning", code: "nothing-passes-filter".into(), message, offset: None, bytes: None }
}

/// The same if nothing in a model passes the filter that there may be.
///
/// *Cost*: a pass over the leaves, up to the first that passes.
pub(super) fn unless_any_passes(filter: Option<&Filter>, model: &Model) -> Option<Issue> {
    let filter = filter?;
    let mut compiled = filter.compile(model);
    let passes = model.leaves.iter().any(|leaf| compiled.accepts(&leaf));
    (!passes).then(|| nothing_passes(filter, &[model]))
}

/// A test that nothing passes.
struct Unmet {
    test: String,
    /// A name that is there, if one is close enough.
    meant: Option<String>,
}

/// The names that bytes have, by dimension, once asked for.
struct Names<'m> {
    models: &'m [&'m Model],
    known: BTreeMap<Dim, Vec<String>>,
}

impl Names<'_> {
    /// The test because of which nothing passes a filter, as far as one alone is the reason.
    fn unmet(&mut self, filter: &Filter) -> Option<Unmet> {
        match filter {
            Filter::And(a, b) => self.unmet(a).or_else(|| self.unmet(b)),
            Filter::Or(a, b) => {
                let (a, b) = (self.unmet(a)?, self.unmet(b)?);
                Some(if a.meant.is_none() && b.meant.is_some() { b } else { a })
            }
            Filter::Not(of) => match &**of {
                Filter::Not(of) => self.unmet(of),
                _ => None,
            },
            Filter::Test(dim, Pattern::Any(words)) => self.unmet_test(*dim, words),
            Filter::Test(..) => None,
        }
    }

    fn unmet_test(&mut self, dim: Dim, words: &[String]) -> Option<Unmet> {
        let models = self.models;
        let names = self.known.entry(dim).or_insert_with(|| known(dim, models));
        let any = Pattern::Any(words.to_vec());
        if names.iter().any(|name| any.matches(name)) {
            return None;
        }
        let meant = words.iter().find_map(|word| nearest(word, names.iter().map(String::as_str)));
        let test = format!("{}={}", dim.as_str(), words.join(","));
        Some(Unmet { test, meant: meant.map(str::to_string) })
    }
}
