//! What a program holds more than once, priced: crates in several versions, equal functions and
//! constants, functions that are nearly equal.

mod groups;
mod versions;

pub use groups::{Equals, Member, NearEquals, Saved, Shape, equals, near_equals};
pub use versions::{Distinction, Repeated, Version, repeated};

use std::collections::BTreeSet;

use crate::model::filter::Filter;
use crate::order::Arrange;

/// What to look at.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// Only bytes that pass; all if none.
    pub filter: Option<Filter>,
    /// Only functions and constants of at least this many bytes.
    pub min_size: u64,
    /// Names of crates of which several versions are linked, by a list of packages.
    pub in_several_versions: BTreeSet<String>,
}

/// How groups are ordered. Ties are broken by name, then by place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Order {
    /// What saves most first.
    #[default]
    Saved,
    /// By name.
    Name,
    /// Most copies first.
    Copies,
}

impl Order {
    /// Sorts by what `key` says: bytes saved, copies, name.
    fn sort<T>(self, all: &mut [T], key: impl Fn(&T) -> (u64, u64, &str)) {
        all.arrange_by(|a, b| {
            let ((saved_a, copies_a, name_a), (saved_b, copies_b, name_b)) = (key(a), key(b));
            let by_saved = saved_b.cmp(&saved_a);
            match self {
                Order::Saved => by_saved.then(copies_b.cmp(&copies_a)).then(name_a.cmp(name_b)),
                Order::Name => name_a.cmp(name_b).then(by_saved),
                Order::Copies => copies_b.cmp(&copies_a).then(by_saved).then(name_a.cmp(name_b)),
            }
        });
    }
}
