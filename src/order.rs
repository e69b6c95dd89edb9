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

/// What is in either of two ascending lists without repetitions, as such a list.
pub fn union(a: &[u64], b: &[u64]) -> Vec<u64> {
    let mut all = Vec::with_capacity(a.len() + b.len());
    let (mut a, mut b) = (a.iter().copied().peekable(), b.iter().copied().peekable());
    loop {
        let next = match (a.peek(), b.peek()) {
            (Some(&x), Some(&y)) => x.min(y),
            (Some(&one), None) | (None, Some(&one)) => one,
            (None, None) => return all,
        };
        a.next_if_eq(&next);
        b.next_if_eq(&next);
        all.push(next);
    }
}

/// Where positions lie among ascending ones, told by their leading bits first: where many are looked for in a long
/// list, that spares most steps of a binary search.
#[derive(Debug)]
pub struct Leading {
    base: u64,
    shift: u32,
    /// By leading bits: how many of the list have lower ones.
    below: Vec<u32>,
}

impl Leading {
    /// Of a list of positions in ascending order, fewer than 2^32.
    ///
    /// *Cost*: linear in the length of the list, and four to eight bytes for each position.
    pub fn of(list: impl ExactSizeIterator<Item = u64> + DoubleEndedIterator + Clone) -> Leading {
        let (base, last) = (list.clone().next().unwrap_or(0), list.clone().next_back().unwrap_or(0));
        let most = list.len().next_power_of_two() as u64;
        let mut shift = 0;
        while last.saturating_sub(base) >> shift > most {
            shift += 1;
        }
        let mut below: Vec<u32> = Vec::with_capacity(((last.saturating_sub(base) >> shift) + 2) as usize);
        for (index, position) in list.clone().enumerate() {
            let leading = (position.saturating_sub(base) >> shift) as usize;
            below.resize(below.len().max(leading + 1), index as u32);
        }
        below.push(list.len() as u32);
        Leading { base, shift, below }
    }

    /// In which part of the list the first position above `pos` is to be looked for; if it is not in there, it is
    /// the one behind.
    #[inline]
    fn near(&self, pos: u64) -> Range<usize> {
        let Some(above) = pos.checked_sub(self.base) else { return 0..0 };
        let leading = usize::try_from(above >> self.shift).unwrap_or(usize::MAX);
        match self.below.get(leading..leading.saturating_add(2)) {
            Some(&[start, end]) => start as usize..end as usize,
            _ => {
                let all = self.below.last().map_or(0, |&all| all as usize);
                all..all
            }
        }
    }

    /// How many of `list`, which it was made of, lie at or below `pos`.
    #[inline]
    pub fn up_to<T>(&self, list: &[T], pos: u64, position: impl Fn(&T) -> u64) -> usize {
        let near = self.near(pos);
        let within = list.get(near.clone()).unwrap_or_default();
        let is_below = |item: &T| position(item) <= pos;
        // One, as a rule.
        let below = match within {
            [] => 0,
            [one] => usize::from(is_below(one)),
            several => several.partition_point(is_below),
        };
        near.start + below
    }

    /// The last of `list`, which it was made of, that lies at or below `pos`, and its place.
    #[inline]
    pub fn last<'l, T>(
        &self,
        list: &'l [T],
        pos: u64,
        position: impl Fn(&T) -> u64,
    ) -> Option<(usize, &'l T)> {
        let index = self.up_to(list, pos, position).checked_sub(1)?;
        list.get(index).map(|item| (index, item))
    }
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
    fn a_union_has_all_of_both_once() {
        arbtest::arbtest(|u| {
            let [a, b]: [std::collections::BTreeSet<u64>; 2] = [u.arbitrary()?, u.arbitrary()?];
            let [x, y] = [&a, &b].map(|set| set.iter().copied().collect::<Vec<u64>>());
            assert_eq!(union(&x, &y), a.union(&b).copied().collect::<Vec<u64>>());
            Ok(())
        });
    }

    #[test]
    fn leading_bits_lead_to_where_a_search_does() {
        arbtest::arbtest(|u| {
            let spread = u.int_in_range(0..=63)?;
            let mut list: Vec<u64> = Vec::new();
            for _ in 0..u.int_in_range(0..=40)? {
                list.push(u.arbitrary::<u64>()? >> spread);
            }
            list.sort_unstable();
            let leading = Leading::of(list.iter().copied());
            let beside = list.iter().flat_map(|&at| [at.saturating_sub(1), at, at.saturating_add(1)]);
            for pos in beside.chain([0, u64::MAX, u.arbitrary()?]) {
                let expected = list.partition_point(|&at| at <= pos);
                assert_eq!(leading.up_to(&list, pos, |&at| at), expected, "{pos} in {list:?}");
            }
            assert!(leading.below.len() <= 2 * list.len() + 3);
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
