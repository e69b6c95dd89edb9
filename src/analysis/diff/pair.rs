//! Pairs things of two files that are the same thing.
//!
//! Both sides are multisets: a file may hold one function ten times. Passes run
//! from strict to loose, each on what the earlier ones left over. Nothing here
//! changes any sum; what stays alone is added or removed.

use std::collections::BTreeMap;

/// How sure a pair is. Ordered from strict to loose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pass {
    /// The same name.
    Exact,
    /// The same name but for what compilers number or hash.
    Normalised,
    /// An instance of the same generic, of similar size.
    Generic,
    /// The same content under another name.
    Content,
}

/// What things are compared by. Equal keys mean the same thing in that pass; `None` takes no part.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Item {
    /// Keys by pass, as hashes of texts.
    pub exact: Option<u64>,
    /// Of [`Pass::Normalised`].
    pub normalised: Option<u64>,
    /// Of [`Pass::Generic`].
    pub generic: Option<u64>,
    /// Of [`Pass::Content`], and preferred in all others.
    pub content: Option<u64>,
    /// Bytes.
    pub size: u64,
}

impl Item {
    fn key(&self, pass: Pass) -> Option<u64> {
        match pass {
            Pass::Exact => self.exact,
            Pass::Normalised => self.normalised,
            Pass::Generic => self.generic,
            Pass::Content => self.content,
        }
    }
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
/// *Cost*: O(n log n) a pass.
pub fn pair(old: &[Item], new: &[Item]) -> Vec<Pair> {
    let mut free = [vec![true; old.len()], vec![true; new.len()]];
    let mut pairs = Vec::with_capacity(old.len().min(new.len()));
    for pass in [Pass::Exact, Pass::Normalised, Pass::Generic, Pass::Content] {
        let mut groups: BTreeMap<u64, [Vec<usize>; 2]> = BTreeMap::new();
        for (side, items) in [old, new].into_iter().enumerate() {
            for (index, item) in items.iter().enumerate().filter(|(i, _)| free[side][*i]) {
                if let Some(key) = item.key(pass) {
                    groups.entry(key).or_default()[side].push(index);
                }
            }
        }
        for [left, right] in groups.into_values() {
            within(pass, old, new, left, right, &mut |a, b| {
                free[0][a] = false;
                free[1][b] = false;
                pairs.push(Pair { old: a, new: b, pass });
            });
        }
    }
    pairs.sort_unstable();
    pairs
}

/// Pairs within one group of equal keys: equal content first, equal size next, then by order of size.
fn within(
    pass: Pass,
    old: &[Item],
    new: &[Item],
    mut left: Vec<usize>,
    mut right: Vec<usize>,
    found: &mut impl FnMut(usize, usize),
) {
    if left.is_empty() || right.is_empty() {
        return;
    }
    let content = |items: &[Item], i: usize| items[i].content.map(|c| (c, items[i].size));
    merge(&mut left, &mut right, |i| content(old, i), |i| content(new, i), found);
    if pass == Pass::Content {
        return;
    }
    merge(&mut left, &mut right, |i| Some((old[i].size, 0)), |i| Some((new[i].size, 0)), found);
    left.sort_by_key(|&i| (std::cmp::Reverse(old[i].size), i));
    right.sort_by_key(|&i| (std::cmp::Reverse(new[i].size), i));
    for (&a, &b) in left.iter().zip(&right) {
        let (small, large) = (old[a].size.min(new[b].size), old[a].size.max(new[b].size));
        // Two instances of a generic for different types are not one because they share a name.
        if pass != Pass::Generic || large <= small.saturating_mul(2) {
            found(a, b);
        }
    }
}

/// Pairs what has equal keys, in order of index, and removes it.
fn merge<K: Ord + Copy>(
    left: &mut Vec<usize>,
    right: &mut Vec<usize>,
    key_left: impl Fn(usize) -> Option<K>,
    key_right: impl Fn(usize) -> Option<K>,
    found: &mut impl FnMut(usize, usize),
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
            std::cmp::Ordering::Equal if ka.is_some() => {
                found(left[a], right[b]);
                (a, b) = (a + 1, b + 1);
            }
            std::cmp::Ordering::Greater => {
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

    fn item(exact: u64, normalised: u64, generic: u64, content: u64, size: u64) -> Item {
        let some = |key: u64| (key != 0).then_some(key);
        Item {
            exact: some(exact),
            normalised: some(normalised),
            generic: some(generic),
            content: some(content),
            size,
        }
    }

    fn pairs(old: &[Item], new: &[Item]) -> Vec<(usize, usize, Pass)> {
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
            let mut left: Vec<usize> = found.iter().map(|p| p.0).collect();
            left.dedup();
            assert_eq!(left.len(), found.len(), "something is in two pairs");
            Ok(())
        });
    }
}
