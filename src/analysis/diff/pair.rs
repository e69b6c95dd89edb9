//! Pairs things of two files that are the same thing.
//!
//! Both sides are multisets: a file may hold one function ten times. Passes run
//! from strict to loose, each on what the earlier ones left over. Nothing here
//! changes any sum; what stays alone is added or removed.
//!
//! Most things of two builds have their exact name in common, and nothing but that
//! name is asked of them: text is made and content read only where it can decide.

use super::place::{self, Placed};
use crate::order::equal;
use crate::parallel;
use std::cmp::{Ordering, Reverse};

use hashbrown::{HashMap, HashSet};
use rayon::prelude::*;

/// How sure a pair is. Ordered from strict to loose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pass {
    /// The same name.
    Exact,
    /// The same name but for what compilers number or hash.
    Normalised,
    /// An instance of the same generic, of similar size.
    Generic,
    /// Neither has a name of its own: the same content, or of similar size between the same neighbours
    /// ([`place`]).
    Place,
    /// The same content under another name.
    Content,
}

/// The things of one side, by index, and what they are compared by.
///
/// Equal hashes mean the same thing in their pass; `None` takes no part in it.
pub trait Things: Sync {
    /// How many there are.
    fn count(&self) -> usize;

    /// Bytes of one.
    fn size(&self, index: usize) -> u64;

    /// A hash of what two things must have in common for [`Pass::Normalised`] and [`Pass::Generic`]
    /// to pair them, cheaper than their names.
    fn family(&self, index: usize) -> u64;

    /// A hash of the name as a pass sees it; none in [`Pass::Content`]. Asked from many threads.
    fn name(&self, index: usize, pass: Pass) -> Option<u64>;

    /// Where it lies among the things of its side, for [`Pass::Place`].
    fn place(&self, index: usize) -> u64;

    /// Hashes of what things hold, in the order of `wanted`. Preferred in all passes.
    fn contents(&self, wanted: &[usize]) -> Vec<Option<u64>>;
}

/// Two things that are one, by index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair {
    /// Index on the old side.
    pub old: usize,
    /// Index on the new side.
    pub new: usize,
    /// What they have in common.
    pub pass: Pass,
}

/// Finds all pairs, in order of the old side.
///
/// Exchanging the sides exchanges the answer: no step prefers one of them.
///
/// *Cost*: O(n log n) a pass, in what is left of both sides.
pub fn pair(old: &impl Things, new: &impl Things) -> Vec<Pair> {
    let (mut old, mut new) = (Side::new(old), Side::new(new));
    let mut pairs = Vec::with_capacity(old.free.len().min(new.free.len()));
    for pass in [Pass::Exact, Pass::Normalised, Pass::Generic, Pass::Place] {
        let (left, right) = open(pass, &old, &new);
        let (left, right) = parallel::join(|| old.named(pass, left), || new.named(pass, right));
        let groups = equal(&left, &right);
        let several: Vec<[Vec<usize>; 2]> = groups
            .into_iter()
            .filter_map(|(a, b)| match (&left[a], &right[b]) {
                (&[(_, a)], &[(_, b)]) if pass != Pass::Place => {
                    if fits(pass, old.things.size(a), new.things.size(b)) {
                        (old.free[a], new.free[b]) = (false, false);
                        pairs.push(Pair { old: a, new: b, pass });
                    }
                    None
                }
                (a, b) => Some([a, b].map(|side| side.iter().map(|&(_, index)| index).collect())),
            })
            .collect();
        let [left, right] = contested(pass, &several, old.things, new.things);
        parallel::join(|| old.look(&left), || new.look(&right));
        for [left, right] in several {
            let found = match pass {
                Pass::Place => without_names(&old, &new, left, right),
                _ => within(pass, &old, &new, left, right),
            };
            for (a, b) in found {
                (old.free[a], new.free[b]) = (false, false);
                pairs.push(Pair { old: a, new: b, pass });
            }
        }
    }
    let (left, right) = of_common_size(&old, &new);
    parallel::join(|| old.look(&left), || new.look(&right));
    let (left, right) = (old.holding(&left), new.holding(&right));
    for (a, b) in equal(&left, &right) {
        // Both are in order of index.
        for (&(_, a), &(_, b)) in left[a].iter().zip(&right[b]) {
            pairs.push(Pair { old: a, new: b, pass: Pass::Content });
        }
    }
    pairs.sort_unstable();
    pairs
}

/// One side while pairs are looked for.
struct Side<'t, T> {
    things: &'t T,
    /// By index: whether it is in no pair yet.
    free: Vec<bool>,
    /// By index: what things hold, of those where it was asked for.
    held: HashMap<usize, u64>,
}

impl<'t, T: Things> Side<'t, T> {
    fn new(things: &'t T) -> Side<'t, T> {
        Side { things, free: vec![true; things.count()], held: HashMap::new() }
    }

    fn free(&self) -> impl Iterator<Item = usize> {
        self.free.iter().enumerate().filter(|(_, is_free)| **is_free).map(|(index, _)| index)
    }

    /// Names and indices of things that a pass looks at, in order.
    fn named(&self, pass: Pass, of: Vec<usize>) -> Vec<(u64, usize)> {
        let named = parallel::map(&of, CHUNK, |&index| Some((self.things.name(index, pass)?, index)));
        let mut all: Vec<(u64, usize)> = named.into_iter().flatten().collect();
        all.par_sort_unstable();
        all
    }

    fn look(&mut self, wanted: &[usize]) {
        if !wanted.is_empty() {
            let found = wanted.iter().zip(self.things.contents(wanted));
            self.held.extend(found.filter_map(|(&index, content)| Some((index, content?))));
        }
    }

    fn content(&self, index: usize) -> Option<(u64, u64)> {
        Some((*self.held.get(&index)?, self.things.size(index)))
    }

    /// Things in order of place.
    fn placed(&self, mut of: Vec<usize>) -> (Vec<usize>, Vec<Placed>) {
        of.sort_by_cached_key(|&index| (self.things.place(index), index));
        let placed = of
            .iter()
            .map(|&index| Placed { size: self.things.size(index), content: self.held.get(&index).copied() });
        let placed = placed.collect();
        (of, placed)
    }

    /// Contents and sizes of free things, with their indices, in order.
    fn holding(&self, of: &[usize]) -> Vec<((u64, u64), usize)> {
        let mut all: Vec<_> = of.iter().filter_map(|&index| Some((self.content(index)?, index))).collect();
        all.sort_unstable();
        all
    }
}

/// Names are made in runs of at least this many.
const CHUNK: usize = 512;

/// What is free on either side and may find a pair in this pass.
fn open<A: Things, B: Things>(pass: Pass, old: &Side<'_, A>, new: &Side<'_, B>) -> (Vec<usize>, Vec<usize>) {
    let (left, right): (Vec<usize>, Vec<usize>) = (old.free().collect(), new.free().collect());
    if pass == Pass::Exact {
        return (left, right);
    }
    common(left, right, |a| old.things.family(a), |b| new.things.family(b))
}

/// What is free on either side and has a size that the other side has as well.
fn of_common_size<A: Things, B: Things>(old: &Side<'_, A>, new: &Side<'_, B>) -> (Vec<usize>, Vec<usize>) {
    common(old.free().collect(), new.free().collect(), |a| old.things.size(a), |b| new.things.size(b))
}

/// What has a key that is on both sides.
fn common(
    left: Vec<usize>,
    right: Vec<usize>,
    key_left: impl Fn(usize) -> u64,
    key_right: impl Fn(usize) -> u64,
) -> (Vec<usize>, Vec<usize>) {
    let of_left: HashSet<u64> = left.iter().map(|&a| key_left(a)).collect();
    let of_right: HashSet<u64> = right.iter().map(|&b| key_right(b)).collect();
    (
        left.into_iter().filter(|&a| of_right.contains(&key_left(a))).collect(),
        right.into_iter().filter(|&b| of_left.contains(&key_right(b))).collect(),
    )
}

/// Whether things of one name can be one. Two instances of a generic for different types are
/// not one because they share a name.
fn fits(pass: Pass, old: u64, new: u64) -> bool {
    pass != Pass::Generic || place::is_similar(old, new)
}

/// Things whose pairs content decides: one of their name and size is not the only one on both sides, or they have
/// no name.
fn contested<A: Things, B: Things>(
    pass: Pass,
    groups: &[[Vec<usize>; 2]],
    old: &A,
    new: &B,
) -> [Vec<usize>; 2] {
    let mut wanted = [Vec::new(), Vec::new()];
    for [left, right] in groups {
        let mut left: Vec<(u64, usize)> = left.iter().map(|&a| (old.size(a), a)).collect();
        let mut right: Vec<(u64, usize)> = right.iter().map(|&b| (new.size(b), b)).collect();
        left.sort_unstable();
        right.sort_unstable();
        for (a, b) in equal(&left, &right) {
            if a.len() > 1 || b.len() > 1 || pass == Pass::Place {
                wanted[0].extend(left[a].iter().map(|&(_, index)| index));
                wanted[1].extend(right[b].iter().map(|&(_, index)| index));
            }
        }
    }
    wanted
}

/// Pairs within one group of equal names: equal content first, equal size next, then by order of size.
fn within<A: Things, B: Things>(
    pass: Pass,
    old: &Side<'_, A>,
    new: &Side<'_, B>,
    mut left: Vec<usize>,
    mut right: Vec<usize>,
) -> Vec<(usize, usize)> {
    let mut found = Vec::with_capacity(left.len().min(right.len()));
    merge(&mut left, &mut right, |a| old.content(a), |b| new.content(b), &mut found);
    let (size_left, size_right) = (|a| old.things.size(a), |b| new.things.size(b));
    merge(&mut left, &mut right, |a| Some(size_left(a)), |b| Some(size_right(b)), &mut found);
    left.sort_by_key(|&a| (Reverse(size_left(a)), a));
    right.sort_by_key(|&b| (Reverse(size_right(b)), b));
    let by_size = left.into_iter().zip(right);
    found.extend(by_size.filter(|&(a, b)| fits(pass, size_left(a), size_right(b))));
    found
}

/// Pairs what has no name.
fn without_names<A: Things, B: Things>(
    old: &Side<'_, A>,
    new: &Side<'_, B>,
    left: Vec<usize>,
    right: Vec<usize>,
) -> Vec<(usize, usize)> {
    let (left, left_placed) = old.placed(left);
    let (right, right_placed) = new.placed(right);
    let found = place::pair(&left_placed, &right_placed);
    found.into_iter().map(|(a, b)| (left[a], right[b])).collect()
}

/// Pairs what has equal keys, in order of index, and removes it.
fn merge<K: Ord + Copy>(
    left: &mut Vec<usize>,
    right: &mut Vec<usize>,
    key_left: impl Fn(usize) -> Option<K>,
    key_right: impl Fn(usize) -> Option<K>,
    found: &mut Vec<(usize, usize)>,
) {
    if left.is_empty() || right.is_empty() {
        return;
    }
    left.sort_by_key(|&i| (key_left(i), i));
    right.sort_by_key(|&i| (key_right(i), i));
    let (mut a, mut b) = (0, 0);
    let (mut left_over, mut right_over) = (Vec::new(), Vec::new());
    while a < left.len() && b < right.len() {
        let (ka, kb) = (key_left(left[a]), key_right(right[b]));
        match ka.cmp(&kb) {
            Ordering::Equal if ka.is_some() => {
                found.push((left[a], right[b]));
                (a, b) = (a + 1, b + 1);
            }
            Ordering::Greater => {
                right_over.push(right[b]);
                b += 1;
            }
            _ => {
                left_over.push(left[a]);
                a += 1;
            }
        }
    }
    left_over.extend_from_slice(&left[a..]);
    right_over.extend_from_slice(&right[b..]);
    (*left, *right) = (left_over, right_over);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A thing with all its keys.
    #[derive(Debug, Clone, Copy)]
    struct Item {
        names: [Option<u64>; 4],
        content: Option<u64>,
        size: u64,
    }

    impl Things for Vec<Item> {
        fn count(&self) -> usize {
            self.len()
        }

        fn size(&self, index: usize) -> u64 {
            self[index].size
        }

        fn family(&self, _: usize) -> u64 {
            0
        }

        fn name(&self, index: usize, pass: Pass) -> Option<u64> {
            self[index].names[pass as usize]
        }

        fn place(&self, index: usize) -> u64 {
            index as u64
        }

        fn contents(&self, wanted: &[usize]) -> Vec<Option<u64>> {
            wanted.iter().map(|&index| self[index].content).collect()
        }
    }

    /// Of one crate, without a name.
    fn unnamed(content: u64, size: u64) -> Item {
        Item { names: [None, None, None, Some(1)], ..item(0, 0, 0, content, size) }
    }

    fn item(exact: u64, normalised: u64, generic: u64, content: u64, size: u64) -> Item {
        let some = |key: u64| (key != 0).then_some(key);
        Item { names: [exact, normalised, generic, 0].map(some), content: some(content), size }
    }

    fn pairs(old: &[Item], new: &[Item]) -> Vec<(usize, usize, Pass)> {
        let (old, new) = (&old.to_vec(), &new.to_vec());
        let found = pair(old, new);
        // No step prefers a side.
        let mut back: Vec<Pair> =
            pair(new, old).into_iter().map(|p| Pair { old: p.new, new: p.old, pass: p.pass }).collect();
        back.sort_unstable();
        assert_eq!(found, back);
        found.into_iter().map(|p| (p.old, p.new, p.pass)).collect()
    }

    #[test]
    fn equal_names_are_a_multiset() {
        let old = [item(1, 0, 0, 0, 10), item(1, 0, 0, 0, 20), item(1, 0, 0, 0, 30)];
        let new = [item(1, 0, 0, 0, 30), item(1, 0, 0, 0, 11)];
        assert_eq!(pairs(&old, &new), [(1, 1, Pass::Exact), (2, 0, Pass::Exact)]);
    }

    #[test]
    fn strict_passes_go_first_and_content_breaks_ties() {
        let old = [item(1, 7, 0, 100, 10), item(2, 7, 0, 200, 10)];
        let new = [item(3, 7, 0, 200, 10), item(1, 7, 0, 300, 10), item(4, 7, 0, 100, 10)];
        assert_eq!(pairs(&old, &new), [(0, 1, Pass::Exact), (1, 0, Pass::Normalised)]);
    }

    #[test]
    fn instances_of_a_generic_need_similar_sizes() {
        let old = [item(1, 1, 5, 0, 100)];
        assert_eq!(pairs(&old, &[item(2, 2, 5, 0, 180)]), [(0, 0, Pass::Generic)]);
        assert!(pairs(&old, &[item(2, 2, 5, 0, 300)]).is_empty());
    }

    #[test]
    fn the_same_content_is_a_new_name() {
        let old = [item(1, 1, 0, 9, 64), item(2, 2, 0, 8, 64)];
        let new = [item(3, 3, 0, 9, 64), item(4, 4, 0, 8, 32)];
        assert_eq!(pairs(&old, &new), [(0, 0, Pass::Content)]);
    }

    #[test]
    fn what_has_no_name_is_paired_by_place() {
        let named = item(1, 0, 0, 1, 100);
        let other = Item { names: [None, None, None, Some(2)], ..unnamed(1, 100) };
        let old = [named, unnamed(1, 100), unnamed(2, 400), unnamed(3, 50), other];
        let new = [unnamed(1, 100), unnamed(9, 425), unnamed(8, 3000), unnamed(3, 50), named];
        let place = |old, new| (old, new, Pass::Place);
        assert_eq!(pairs(&old, &new), [(0, 4, Pass::Exact), place(1, 0), place(2, 1), place(3, 3)]);
        assert!(pairs(&[unnamed(1, 40)], &[unnamed(2, 81)]).is_empty());
    }

    /// The same, plainly: every key of everything is known from the start.
    fn plainly(old: &[Item], new: &[Item]) -> Vec<(usize, usize, Pass)> {
        let mut found: Vec<(usize, usize, Pass)> = Vec::new();
        for pass in [Pass::Exact, Pass::Normalised, Pass::Generic, Pass::Content] {
            let key = |item: &Item| item.names.get(pass as usize).copied().unwrap_or(item.content);
            let held = |item: &Item| item.content.map(|content| (content, item.size));
            // What decides among those of one name, the best first.
            type Step<'s> = &'s dyn Fn(&Item, &Item) -> bool;
            let steps: [Step<'_>; 3] = [
                &|a, b| held(a).is_some() && held(a) == held(b),
                &|a, b| pass != Pass::Content && a.size == b.size,
                &|a, b| pass != Pass::Content && fits(pass, a.size, b.size),
            ];
            let names: std::collections::BTreeSet<u64> = old.iter().filter_map(key).collect();
            for name in names {
                let mut free: [Vec<usize>; 2] = [old, new].map(|side| {
                    let named = side.iter().enumerate().filter(|(_, item)| key(item) == Some(name));
                    named.map(|(index, _)| index).collect()
                });
                free[0].retain(|a| found.iter().all(|pair| pair.0 != *a));
                free[1].retain(|b| found.iter().all(|pair| pair.1 != *b));
                for step in &steps[..2] {
                    for a in free[0].clone() {
                        if let Some(at) = free[1].iter().position(|&b| step(&old[a], &new[b])) {
                            found.push((a, free[1].remove(at), pass));
                            free[0].retain(|&other| other != a);
                        }
                    }
                }
                free[0].sort_by_key(|&a| Reverse(old[a].size));
                free[1].sort_by_key(|&b| Reverse(new[b].size));
                let last = free[0].iter().zip(&free[1]).filter(|&(&a, &b)| steps[2](&old[a], &new[b]));
                found.extend(last.map(|(&a, &b)| (a, b, pass)));
            }
        }
        found.sort_unstable();
        found
    }

    #[test]
    fn random_multisets_pair_alike_from_both_sides() {
        arbtest::arbtest(|u| {
            let mut side = || -> arbtest::arbitrary::Result<Vec<Item>> {
                let count = u.int_in_range(0..=12)?;
                (0..count)
                    .map(|_| {
                        let mut key = || u.int_in_range(0..=3u64);
                        Ok(item(key()?, key()?, key()?, key()?, key()? * 8 + 8))
                    })
                    .collect()
            };
            let (old, new) = (side()?, side()?);
            let found = pairs(&old, &new);
            assert_eq!(found, plainly(&old, &new));
            let mut left: Vec<usize> = found.iter().map(|p| p.0).collect();
            left.dedup();
            assert_eq!(left.len(), found.len(), "something is in two pairs");
            Ok(())
        });
    }
}
