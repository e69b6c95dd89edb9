//! Sorting, through one compiled copy of the algorithm.
//!
//! The sorts of the standard library are compiled anew for every type of item and every closure
//! that compares, at four to eight KiB a copy. Where a sort takes no time that anybody notices,
//! that is all it costs. So here indices are sorted, which are of one type, with a comparison
//! that is called through a pointer; then the items move to where the indices say.
//!
//! For lists that are as long as a binary has symbols, claims or lines, the standard library's
//! sorts are the right ones: they are two to three times as fast. Where it is positions that such
//! lists are sorted by, `radsort` looks at digits and compares nothing.

use std::cmp::Ordering;
use std::ops::Range;

/// Stable sorts of slices that take little code.
///
/// They yield what `sort`, `sort_by`, `sort_by_key` and `sort_by_cached_key` of the standard
/// library do. *Cost*: O(n log n) comparisons, and a word of memory for each item.
pub trait Arrange<T> {
    /// In the order of the items.
    fn arrange(&mut self)
    where
        T: Ord;

    /// In the order that `compare` says.
    fn arrange_by(&mut self, compare: impl FnMut(&T, &T) -> Ordering);

    /// In the order of the keys, each of which is worked out for every comparison.
    fn arrange_by_key<K: Ord>(&mut self, key: impl FnMut(&T) -> K);

    /// In the order of the keys, each of which is worked out once.
    fn arrange_by_cached_key<K: Ord>(&mut self, key: impl FnMut(&T) -> K);
}

impl<T> Arrange<T> for [T] {
    fn arrange(&mut self)
    where
        T: Ord,
    {
        self.arrange_by(T::cmp);
    }

    fn arrange_by(&mut self, mut compare: impl FnMut(&T, &T) -> Ordering) {
        let order = sorted(self.len(), &mut |a, b| compare(&self[a], &self[b]));
        permute(self, order);
    }

    fn arrange_by_key<K: Ord>(&mut self, mut key: impl FnMut(&T) -> K) {
        self.arrange_by(|a, b| key(a).cmp(&key(b)));
    }

    fn arrange_by_cached_key<K: Ord>(&mut self, key: impl FnMut(&T) -> K) {
        let keys: Vec<K> = self.iter().map(key).collect();
        let order = sorted(self.len(), &mut |a, b| keys[a].cmp(&keys[b]));
        permute(self, order);
    }
}

/// Sorts ranges by where they start, then by where they end.
///
/// They are of one type, so this is a sort of the standard library: a stable one, as what tables
/// state mostly is in order, which makes that far faster.
pub fn spans(all: &mut [Range<u64>]) {
    all.sort_by_key(|span| (span.start, span.end));
}

/// Sorts ranges and makes one of those that touch or overlap.
pub fn merge(all: &mut Vec<Range<u64>>) {
    spans(all);
    all.dedup_by(|next, last| {
        let is_one = next.start <= last.end;
        if is_one {
            last.end = last.end.max(next.end);
        }
        is_one
    });
}

/// The indices below `len` in the order of what they stand for; equal ones stay as they are.
fn sorted(len: usize, compare: &mut dyn FnMut(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..len).collect();
    order.sort_by(|&a, &b| compare(a, b));
    order
}

/// Moves items in place, so that at each index is the one that was at `order` of it.
///
/// `order` is a permutation. It is walked cycle by cycle: every swap puts one item where it
/// belongs, and takes the first of the cycle to where the next one comes from.
fn permute<T>(items: &mut [T], mut order: Vec<usize>) {
    for first in 0..order.len() {
        let mut at = first;
        loop {
            let from = std::mem::replace(&mut order[at], at);
            if from == first {
                break;
            }
            items.swap(at, from);
            at = from;
        }
    }
}

/// Runs of equal keys that two sides have in common, as positions in either; both are in order of key.
pub fn equal<K: Ord>(left: &[(K, usize)], right: &[(K, usize)]) -> Vec<(Range<usize>, Range<usize>)> {
    let (mut a, mut b) = (0, 0);
    let mut runs = Vec::new();
    while let (Some((ka, _)), Some((kb, _))) = (left.get(a), right.get(b)) {
        match ka.cmp(kb) {
            Ordering::Less => a += 1,
            Ordering::Greater => b += 1,
            Ordering::Equal => {
                let length = |side: &[(K, usize)]| side.iter().take_while(|(key, _)| key == ka).count();
                let run = (a..a + length(&left[a..]), b..b + length(&right[b..]));
                (a, b) = (run.0.end, run.1.end);
                runs.push(run);
            }
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lists of pairs whose first halves are often equal: the second tells where one came from.
    fn lists(check: impl Fn(Vec<(u8, usize)>)) {
        arbtest::arbtest(|u| {
            let keys: Vec<u8> = u.arbitrary()?;
            let keys = keys.into_iter().map(|key| key % 16);
            check(keys.enumerate().map(|(at, key)| (key, at)).collect());
            Ok(())
        });
    }

    #[test]
    fn sorts_are_those_of_the_standard_library() {
        lists(|list| {
            let mut expected = list.clone();
            expected.sort_by_key(|pair| std::cmp::Reverse(pair.0));
            let mut sorted = list.clone();
            sorted.arrange_by(|a, b| b.0.cmp(&a.0));
            assert_eq!(sorted, expected);

            expected.clone_from(&list);
            expected.sort_by_key(|pair| pair.0);
            sorted.clone_from(&list);
            sorted.arrange_by_key(|pair| pair.0);
            assert_eq!(sorted, expected);
            sorted.clone_from(&list);
            sorted.arrange_by_cached_key(|pair| pair.0);
            assert_eq!(sorted, expected);

            expected.sort_by_key(|pair| std::cmp::Reverse(pair.1));
            sorted.reverse();
            sorted.arrange_by_key(|pair| std::cmp::Reverse(pair.1));
            assert_eq!(sorted, expected);
            expected.sort();
            sorted.arrange();
            assert_eq!(sorted, expected);
        });
    }

    #[test]
    fn items_that_own_memory_are_moved_and_not_copied() {
        lists(|list| {
            let mut texts: Vec<String> = list.iter().map(|pair| format!("{pair:?}")).collect();
            let mut expected = texts.clone();
            expected.sort();
            texts.arrange();
            assert_eq!(texts, expected);
        });
    }

    #[test]
    fn keys_that_are_kept_are_worked_out_once() {
        let mut calls = 0;
        let mut list: Vec<u32> = (0..100).map(|i| i * 37 % 100).collect();
        list.arrange_by_cached_key(|&i| {
            calls += 1;
            i
        });
        assert_eq!((calls, list), (100, (0..100).collect()));
    }
}
