//! Typed ids and the name table.
//!
//! Knows nothing of what the names name.

use std::hash::{BuildHasher, Hash};
use std::ops::Range;

use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashTable};

/// Defines a `u32` id type: an index into one kind of row.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl $name {
            /// No row.
            pub const NONE: $name = $name(u32::MAX);

            /// The index, or `None` for [`Self::NONE`].
            pub fn get(self) -> Option<usize> {
                (self != Self::NONE).then_some(self.0 as usize)
            }

            /// The id of row `index`.
            ///
            /// *Panics* past four thousand million rows, which no input that
            /// fits in memory reaches.
            pub fn new(index: usize) -> $name {
                let id = u32::try_from(index).ok().filter(|&i| i != u32::MAX);
                $name(id.expect("fewer than 2^32 - 1 rows"))
            }
        }
    };
}
pub(crate) use id;

id! {
    /// A text in [`Names`].
    NameId
}

/// A row, and enough of its hash that nobody looks at rows to make room or to tell most of them apart: rows are all
/// over memory.
#[derive(Debug, Clone, Copy)]
struct Slot {
    hash: u32,
    row: u32,
}

impl Slot {
    /// The hash that the table is asked with, which looks at low bits for the place and at high ones for the rest.
    fn spread(hash: u32) -> u64 {
        u64::from(hash) << 32 | u64::from(hash)
    }
}

/// Rows by their content.
#[derive(Debug, Default, Clone)]
struct Index {
    table: HashTable<Slot>,
    hasher: DefaultHashBuilder,
}

impl Index {
    /// The row that equals `content`; if there is none, `next`, which is that from now on, and `true`.
    ///
    /// *Panics* past four thousand million rows.
    fn row<K: Hash + ?Sized>(
        &mut self,
        content: &K,
        next: usize,
        is_equal: impl Fn(usize) -> bool,
    ) -> (u32, bool) {
        let hash = self.hasher.hash_one(content) as u32;
        let same = |slot: &Slot| slot.hash == hash && is_equal(slot.row as usize);
        match self.table.entry(Slot::spread(hash), same, |slot| Slot::spread(slot.hash)) {
            Entry::Occupied(known) => (known.get().row, false),
            Entry::Vacant(free) => {
                let row = u32::try_from(next).ok().filter(|&row| row != u32::MAX);
                let row = row.expect("fewer than 2^32 - 1 rows");
                free.insert(Slot { hash, row });
                (row, true)
            }
        }
    }
}

/// Texts stored once, one after another.
#[derive(Debug, Default, Clone)]
pub struct Names {
    text: String,
    ends: Vec<usize>,
    index: Index,
}

impl Names {
    /// The id of `text`, new or known.
    ///
    /// *Panics* past four thousand million texts, which no input that fits in memory has.
    pub fn intern(&mut self, text: &str) -> NameId {
        let Names { text: all, ends, index } = self;
        let (row, is_new) = index.row(text, ends.len(), |row| bytes(all, ends, row) == text.as_bytes());
        if is_new {
            all.push_str(text);
            ends.push(all.len());
        }
        NameId(row)
    }

    /// Stores `text` without looking for an equal one.
    ///
    /// For texts that are mostly distinct, where the look-up costs more than it saves.
    pub fn push(&mut self, text: &str) -> NameId {
        let id = NameId::new(self.ends.len());
        self.text.push_str(text);
        self.ends.push(self.text.len());
        id
    }

    /// Makes room for so many more texts, of so many bytes in all, and for some that follow.
    pub fn reserve(&mut self, texts: usize, bytes: usize) {
        self.ends.reserve(texts + texts / 4);
        self.text.reserve(bytes + bytes / 4);
    }

    /// The text of `id`; empty for [`NameId::NONE`].
    pub fn get(&self, id: NameId) -> &str {
        if id == NameId::NONE { "" } else { slice(&self.text, &self.ends, id.0 as usize) }
    }

    /// Number of texts.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Length of all texts, in bytes.
    pub fn bytes(&self) -> usize {
        self.text.len()
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

fn slice<'t>(text: &'t str, ends: &[usize], row: usize) -> &'t str {
    text.get(range(ends, row)).unwrap_or("")
}

fn bytes<'t>(text: &'t str, ends: &[usize], row: usize) -> &'t [u8] {
    text.as_bytes().get(range(ends, row)).unwrap_or_default()
}

fn range(ends: &[usize], row: usize) -> Range<usize> {
    let start = row.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or(0);
    start..ends.get(row).copied().unwrap_or(start)
}

/// Distinct values of any type, numbered in order of first appearance.
#[derive(Debug, Clone)]
pub struct Distinct<T> {
    values: Vec<T>,
    index: Index,
}

impl<T> Default for Distinct<T> {
    fn default() -> Self {
        Distinct { values: Vec::new(), index: Index::default() }
    }
}

impl<T: Eq + Hash> Distinct<T> {
    /// The number of `value`, new or known.
    ///
    /// *Panics* past four thousand million values, which no input that fits in memory has.
    pub fn insert(&mut self, value: T) -> u32 {
        let Distinct { values, index } = self;
        let (row, is_new) = index.row(&value, values.len(), |row| values[row] == value);
        if is_new {
            values.push(value);
        }
        row
    }

    /// The values by number.
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// The values by number, without the look-up table.
    pub fn into_values(self) -> Vec<T> {
        self.values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_share_an_id_and_none_is_empty() {
        let mut names = Names::default();
        let a = names.intern("serde");
        let b = names.intern("");
        assert_eq!(names.intern("serde"), a);
        assert_eq!(names.get(a), "serde");
        assert_eq!(names.get(b), "");
        assert_eq!(names.get(NameId::NONE), "");
        let pushed = names.push("serde");
        assert_ne!(pushed, a);
        assert_eq!(names.get(pushed), "serde");
        assert_eq!(names.len(), 3);
    }

    #[test]
    fn distinct_values_are_numbered_in_order_of_appearance() {
        let mut distinct = Distinct::default();
        assert_eq!([7, 3, 7, 9, 3].map(|v| distinct.insert(v)), [0, 1, 0, 2, 1]);
        assert_eq!(distinct.values(), [7, 3, 9]);
    }
}
