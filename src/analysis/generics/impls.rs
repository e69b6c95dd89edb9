//! Items of impls: which names are of one impl, whatever their Self type.
//!
//! `impl<T: Debug> Describe for T` gives each copy another Self type, and nothing in one name says
//! that it was a parameter. That two copies with different Self types stand in the same impl does.
//! The other way round, impls that differ in nothing but arguments (`From<A>`, `From<B>`) are
//! different items. Both show only in v0 names.

use std::collections::HashMap;

use super::Told;
use crate::names::{self, ImplBlock};

/// The impls of a file, numbered as they appear, and the Self types their methods are shown with.
#[derive(Default)]
pub(super) struct Impls<'t> {
    numbers: HashMap<&'t ImplBlock, u32>,
    /// By impl and what follows the type: the Self type, erased as far as copies differ in it.
    kinds: HashMap<(u32, &'t str), String>,
}

/// An item as it is put into a group.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Item {
    /// Its path, with a Self type that was a parameter as `_`.
    pub name: String,
    /// The number of the impl it stands in.
    pub within: u32,
}

/// Number of what stands in no impl that is known.
const NONE: u32 = u32::MAX;

impl<'t> Impls<'t> {
    /// Looks at all items there are.
    pub fn of(all: impl Iterator<Item = &'t Told>) -> Impls<'t> {
        let mut impls = Impls::default();
        for told in all {
            let Some(within) = &told.within else { continue };
            let next = impls.numbers.len() as u32;
            let number = *impls.numbers.entry(within).or_insert(next);
            let Some((kind, rest)) = names::self_type(&told.item) else { continue };
            let seen = impls.kinds.entry((number, rest)).or_insert_with(|| kind.to_owned());
            if seen.as_str() != kind {
                *seen = common(seen, kind);
            }
        }
        impls
    }

    /// The item that a name is of.
    pub fn item(&self, told: &Told) -> Item {
        let Some(number) = told.within.as_ref().and_then(|within| self.numbers.get(within)) else {
            return Item { name: told.item.clone(), within: NONE };
        };
        let kind = names::self_type(&told.item)
            .and_then(|(_, rest)| Some((self.kinds.get(&(*number, rest))?, rest)));
        let name = kind.map_or_else(|| told.item.clone(), |(kind, rest)| format!("<{kind}{rest}"));
        Item { name, within: *number }
    }
}

/// What two Self types have in common: their path, a form that holds a parameter, or a parameter.
fn common(a: &str, b: &str) -> String {
    // Arguments that are the default are not written.
    if a.replace("<_>", "") == b.replace("<_>", "") {
        return if a.len() < b.len() { b } else { a }.to_owned();
    }
    const FORMS: [(&str, &str); 4] =
        [("&mut ", "&mut _"), ("&", "&_"), ("*const ", "*const _"), ("*mut ", "*mut _")];
    let both = |start: &str| a.starts_with(start) && b.starts_with(start);
    // `&mut` is no `&` of something.
    let form = FORMS.iter().find(|(start, _)| both(start));
    let mixed = a.starts_with("&mut ") != b.starts_with("&mut ");
    form.filter(|_| !mixed).map_or("_", |(_, form)| form).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(item: &str, number: u64) -> Told {
        let within = Some(ImplBlock { krate: 1, module: "a::m".into(), number });
        Told {
            item: item.into(),
            is_generic: Some(true),
            is_rust: true,
            is_part: false,
            within,
            of_type: None,
        }
    }

    #[test]
    fn several_self_types_of_one_impl_are_a_parameter() {
        let all = [
            told("<a::B as a::T>::f", 0),
            told("<str as a::T>::f", 0),
            told("<a::B as a::T>::f", 1),
            told("<&a::B as a::U>::f", 2),
            told("<&_ as a::U>::f", 2),
            told("<a::B as a::W>::f", 4),
            told("<a::B<_> as a::W>::f", 4),
            told("<&mut a::B as a::V>::f", 3),
            told("<&_ as a::V>::f", 3),
        ];
        let impls = Impls::of(all.iter());
        let items: Vec<_> = all.iter().map(|told| impls.item(told)).collect();
        let shown: Vec<_> = items.iter().map(|item| (item.within, item.name.as_str())).collect();
        assert_eq!(
            shown,
            [
                (0, "<_ as a::T>::f"),
                (0, "<_ as a::T>::f"),
                (1, "<a::B as a::T>::f"),
                (2, "<&_ as a::U>::f"),
                (2, "<&_ as a::U>::f"),
                (3, "<a::B<_> as a::W>::f"),
                (3, "<a::B<_> as a::W>::f"),
                (4, "<_ as a::V>::f"),
                (4, "<_ as a::V>::f"),
            ]
        );
    }

    #[test]
    fn legacy_names_tell_no_impl() {
        let told = Told { within: None, ..told("<a::B as a::T>::f", 0) };
        let expected = Item { name: "<a::B as a::T>::f".to_string(), within: NONE };
        assert_eq!(Impls::of([&told].into_iter()).item(&told), expected);
    }
}
