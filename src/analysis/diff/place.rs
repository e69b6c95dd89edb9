//! Pairs things that have no name, by what they hold and by what lies around them.
//!
//! What is equal is one. What is told from all others is an anchor; between two anchors
//! that follow one another on both sides, the rest is aligned. Nothing that differs is
//! paired by its rank among others: one thing more would give each the place of the next.
//!
//! Knows sizes, contents and order, nothing of what the things are.

use std::ops::Range;

use crate::order::equal;

/// A thing without a name. A side is a slice of them in order of address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// Bytes.
    pub size: u64,
    /// A hash of what it holds, where that is known; the same in every run.
    pub content: Option<u64>,
}

/// Things of both sides that are one, by position, each in one pair at most.
///
/// Exchanging the sides exchanges the answer.
///
/// *Cost*: O(n log n), and three times up to `MOST_CELLS` for each run of things between two anchors.
pub fn pair(old: &[Placed], new: &[Placed]) -> Vec<(usize, usize)> {
    let mut search = Search {
        old,
        new,
        free_old: vec![true; old.len()],
        free_new: vec![true; new.len()],
        found: Vec::new(),
    };
    let anchors = unique(old, new);
    search.take(&anchors);
    // What is there several times is the same wherever it is: first by neighbours, then all that can be. Then nothing
    // that did not change can take the place of what did.
    search.align_between(&anchors, worth_if_equal);
    search.take_equal(|thing| thing.content.is_some());
    // Anchors that moved as a block hold what lies between them. One that moved alone parts a run on one
    // side only, so what is left is looked at once more between those that did not move.
    let mut known = anchors;
    known.extend(search.align_between(&known, worth));
    known.sort_unstable();
    let kept = in_common_order(&known);
    if known.is_empty() || !kept.is_empty() {
        search.align_between(&kept, worth);
    }
    // Of what nothing is known but the size, that has to do.
    search.take_equal(|thing| thing.content.is_none());
    search.found
}

/// Whether two things can be one for their sizes alone.
pub fn is_similar(a: u64, b: u64) -> bool {
    a.max(b) <= a.min(b).saturating_mul(2)
}

/// What is smaller has the size of something else by chance.
const SMALL: u64 = 256;

/// Most pairs that are looked at to align two runs, as long as a few are for each.
const MOST_CELLS: usize = 1 << 18;

/// How far along the other run at least those are that are looked at.
const LEAST_REACH: usize = 4;

struct Search<'p> {
    old: &'p [Placed],
    new: &'p [Placed],
    free_old: Vec<bool>,
    free_new: Vec<bool>,
    found: Vec<(usize, usize)>,
}

impl Search<'_> {
    fn take(&mut self, pairs: &[(usize, usize)]) {
        for &(a, b) in pairs {
            (self.free_old[a], self.free_new[b]) = (false, false);
        }
        self.found.extend_from_slice(pairs);
    }

    /// Aligns what is free between two of `ends`, in order of the old side, that are neighbours in both orders. Returns
    /// what that found.
    fn align_between(&mut self, ends: &[(usize, usize)], worth: Worth) -> Vec<(usize, usize)> {
        let before = self.found.len();
        let mut of_new: Vec<usize> = ends.iter().map(|&(_, b)| b).collect();
        of_new.sort_unstable();
        // Number of those before it; what lies before all of them follows none.
        let rank = |b: usize| of_new.partition_point(|&other| other < b);
        let (mut from, mut next) = ((0, 0), 0);
        let last = (self.old.len(), self.new.len());
        for &(a, b) in ends.iter().chain([&last]) {
            let at = if (a, b) == last { ends.len() } else { rank(b) };
            if at == next {
                let left = Run::of(self.old, &self.free_old, from.0..a, worth);
                let right = Run::of(self.new, &self.free_new, from.1..b, worth);
                self.take(&aligned(&left, &right, worth));
            }
            (from, next) = ((a + 1, b + 1), at + 1);
        }
        self.found[before..].to_vec()
    }

    /// Pairs what is free and equal, as far as can be told, in order of position.
    fn take_equal(&mut self, takes: impl Fn(&Placed) -> bool) {
        let keyed = |side: &[Placed], is_free: &[bool]| {
            let free = side.iter().zip(is_free).enumerate();
            let free = free.filter(|(_, (thing, is_free))| **is_free && takes(thing));
            let mut all: Vec<_> = free.map(|(at, (thing, _))| ((thing.content, thing.size), at)).collect();
            all.sort_unstable();
            all
        };
        let left = keyed(self.old, &self.free_old);
        let right = keyed(self.new, &self.free_new);
        let groups = equal(&left, &right);
        let pairs: Vec<_> = groups
            .into_iter()
            .flat_map(|(a, b)| left[a].iter().zip(&right[b]))
            .map(|(&(_, a), &(_, b))| (a, b))
            .collect();
        self.take(&pairs);
    }
}

/// Pairs that nothing else comes close to, in order of the old side: of one content that either side has once. Where
/// contents are not known, of one size that is large.
fn unique(old: &[Placed], new: &[Placed]) -> Vec<(usize, usize)> {
    let keyed = |side: &[Placed]| {
        let telling = side.iter().enumerate().filter(|(_, t)| t.content.is_some() || t.size >= SMALL);
        let mut all: Vec<_> = telling.map(|(at, thing)| ((thing.content, thing.size), at)).collect();
        all.sort_unstable();
        all
    };
    let (left, right) = (keyed(old), keyed(new));
    let groups = equal(&left, &right);
    let mut pairs: Vec<_> = groups
        .into_iter()
        .filter(|(a, b)| a.len() == 1 && b.len() == 1)
        .map(|(a, b)| (left[a.start].1, right[b.start].1))
        .collect();
    pairs.sort_unstable();
    pairs
}

/// Of pairs in order of the old side, many of which no two cross: those in the longest increasing sequence of either
/// side as seen from the other, so that the answer is the same from both.
fn in_common_order(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let ahead = increasing(&pairs.iter().map(|&(_, b)| b).collect::<Vec<_>>());
    let mut by_new: Vec<(usize, usize)> = (0..).zip(pairs).map(|(at, &(_, b))| (b, at)).collect();
    by_new.sort_unstable();
    let back = increasing(&by_new.iter().map(|&(_, at)| at).collect::<Vec<_>>());
    let mut in_back = vec![false; pairs.len()];
    for at in back {
        in_back[by_new[at].1] = true;
    }
    ahead.into_iter().filter(|&at| in_back[at]).map(|at| pairs[at]).collect()
}

/// Positions of a longest increasing subsequence (Schensted, 1961).
fn increasing(values: &[usize]) -> Vec<usize> {
    // By length less one: the position of the smallest value that ends a sequence of that length.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(values.len());
    for (at, &value) in values.iter().enumerate() {
        let length = ends.partition_point(|&end| values[end] < value);
        before.push(length.checked_sub(1).map(|shorter| ends[shorter]));
        match ends.get_mut(length) {
            Some(end) => *end = at,
            None => ends.push(at),
        }
    }
    let mut found: Vec<usize> = std::iter::successors(ends.last().copied(), |&at| before[at]).collect();
    found.reverse();
    found
}

/// What a pair is worth; none if the two cannot be one.
type Worth = fn(Placed, Placed) -> Option<u64>;

/// Only what is known to be equal is worth anything.
fn worth_if_equal(a: Placed, b: Placed) -> Option<u64> {
    (a == b && a.content.is_some()).then_some(1)
}

/// How much of the larger one the two have in common, in 1,024ths, for each bit of their size: the larger a thing, the
/// less a size near to its own comes by chance; but a single large one is worth no more than a few small ones that fit.
fn worth(a: Placed, b: Placed) -> Option<u64> {
    if !is_similar(a.size, b.size) {
        return None;
    }
    let [a, b] = [a.size, b.size].map(|size| size.min(1 << 48));
    let (least, most) = (a.min(b), a.max(b));
    let bits = u64::from(u64::BITS - least.leading_zeros());
    Some(bits * ((least - (most - least)) * 1024 / most.max(1)))
}

/// Things of one side that follow one another.
struct Run<'p> {
    side: &'p [Placed],
    /// Positions, in order.
    at: Vec<usize>,
}

impl<'p> Run<'p> {
    /// What is free of some positions, and worth anything with its like.
    fn of(side: &'p [Placed], is_free: &[bool], of: Range<usize>, worth: Worth) -> Run<'p> {
        Run { side, at: of.filter(|&at| is_free[at] && worth(side[at], side[at]).is_some()).collect() }
    }

    fn len(&self) -> usize {
        self.at.len()
    }

    fn thing(&self, index: usize) -> Placed {
        self.side[self.at[index]]
    }
}

/// Which pairs of two runs are looked at: those that are about as far along in both, where not all can be.
struct Band {
    /// Lengths of the runs.
    of: [usize; 2],
    /// How far along the other one a pair may be before or behind the middle, in things of the longer run.
    reach: usize,
}

impl Band {
    fn new(of: [usize; 2]) -> Band {
        let (shorter, longer) = (of[0].min(of[1]), of[0].max(of[1]));
        let is_all = shorter.saturating_mul(longer) <= MOST_CELLS;
        Band { of, reach: if is_all { longer } else { (MOST_CELLS / shorter / 2).max(LEAST_REACH) } }
    }

    /// Columns of a row, all counted from 0: those where `row / rows` and `column / columns` differ by no more than
    /// `reach / longer`. Rows are columns and columns rows if the runs are exchanged.
    fn columns(&self, row: usize) -> Range<usize> {
        let [rows, columns] = self.of.map(|len| len as u128);
        let (longer, reach) = (rows.max(columns), self.reach as u128);
        let middle = row as u128 * columns * longer;
        let aside = reach * rows * columns;
        let unit = (rows * longer).max(1);
        let first = middle.saturating_sub(aside).div_ceil(unit);
        let end = ((middle + aside) / unit + 1).min(columns);
        first.min(columns) as usize..end as usize
    }
}

/// The best sums of the first things of two runs, where they are in the band. Elsewhere nothing is paired, which is
/// worth nothing.
struct Sums {
    rows: Vec<(Range<usize>, usize)>,
    sums: Vec<u64>,
}

impl Sums {
    /// Of the first `row` and `column` things.
    fn get(&self, row: usize, column: usize) -> u64 {
        let (Some(row), Some(column)) = (row.checked_sub(1), column.checked_sub(1)) else { return 0 };
        match self.rows.get(row) {
            Some((columns, start)) if columns.contains(&column) => self.sums[start + column - columns.start],
            _ => 0,
        }
    }
}

/// Pairs of two runs in order, of which none cross, that are worth most together (Needleman and Wunsch, 1970).
fn aligned(left: &Run<'_>, right: &Run<'_>, worth: Worth) -> Vec<(usize, usize)> {
    let band = Band::new([left.len(), right.len()]);
    let mut best = Sums { rows: Vec::with_capacity(left.len()), sums: Vec::new() };
    for row in 0..left.len() {
        let columns = band.columns(row);
        best.rows.push((columns.clone(), best.sums.len()));
        for column in columns {
            let without = best.get(row, column + 1).max(best.get(row + 1, column));
            let both = worth(left.thing(row), right.thing(column)).map_or(0, |w| w + best.get(row, column));
            best.sums.push(without.max(both));
        }
    }
    let mut pairs = Vec::new();
    let (mut row, mut column) = (left.len(), right.len());
    while row > 0 && column > 0 {
        let columns = band.columns(row - 1);
        if !columns.contains(&(column - 1)) {
            if column > columns.end {
                column -= 1
            } else {
                row -= 1
            }
            continue;
        }
        let (a, b) = (left.thing(row - 1), right.thing(column - 1));
        let whole = best.get(row, column);
        if worth(a, b).is_some_and(|w| w + best.get(row - 1, column - 1) == whole) {
            (row, column) = (row - 1, column - 1);
            pairs.push((left.at[row], right.at[column]));
            continue;
        }
        // Where either can be left out it is the smaller one, whichever side that is on.
        let order = (a.size, a.content).cmp(&(b.size, b.content));
        let (without_a, without_b) = (best.get(row - 1, column) == whole, best.get(row, column - 1) == whole);
        let is_tie = without_a == without_b;
        // Two that are alike are both left out, which comes up at the edge of a band alone.
        if !is_tie && without_a || is_tie && order.is_le() {
            row -= 1;
        }
        if !is_tie && without_b || is_tie && order.is_ge() {
            column -= 1;
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of one content; none if that is 0.
    fn thing(content: u64, size: u64) -> Placed {
        Placed { size, content: (content != 0).then_some(content) }
    }

    fn pairs(old: &[Placed], new: &[Placed]) -> Vec<(usize, usize)> {
        let mut found = pair(old, new);
        found.sort_unstable();
        // No step prefers a side.
        let mut back: Vec<_> = pair(new, old).into_iter().map(|(b, a)| (a, b)).collect();
        back.sort_unstable();
        assert_eq!(found, back);
        for side in [|p: &(usize, usize)| p.0, |p: &(usize, usize)| p.1] {
            let mut seen: Vec<usize> = found.iter().map(side).collect();
            seen.sort_unstable();
            seen.dedup();
            assert_eq!(seen.len(), found.len(), "something is in two pairs");
        }
        found
    }

    #[test]
    fn one_grows_one_is_new_one_moves() {
        let old = [thing(1, 100), thing(2, 400), thing(3, 50), thing(4, 90), thing(5, 30)];
        let new = [thing(1, 100), thing(9, 425), thing(8, 3000), thing(4, 90), thing(7, 31), thing(3, 50)];
        assert_eq!(pairs(&old, &new), [(0, 0), (1, 1), (2, 5), (3, 3), (4, 4)]);
    }

    #[test]
    fn neighbours_keep_their_places_if_all_changed() {
        let old = [thing(1, 40), thing(2, 700), thing(3, 90)];
        let new = [thing(4, 65), thing(5, 5000), thing(6, 725), thing(7, 115)];
        assert_eq!(pairs(&old, &new), [(0, 0), (1, 2), (2, 3)]);
        assert!(pairs(&[thing(1, 40)], &[thing(2, 81)]).is_empty());
    }

    /// Twelve functions grow, each behind a small one that all have alike; one more of either comes first.
    #[test]
    fn what_is_there_several_times_is_no_anchor() {
        for small in [thing(0, 6), thing(99, 40)] {
            let of = |from: u64, grown: u64| {
                let pair = move |k: u64| [small, thing(from + k, 200 + 30 * k + grown)];
                (0..12).flat_map(pair)
            };
            let old: Vec<Placed> = of(100, 0).collect();
            let mut new = vec![small, thing(300, 260)];
            new.extend(of(200, 10));
            let expected: Vec<_> = (0..24).map(|at| (at, at + 2)).collect();
            assert_eq!(pairs(&old, &new), expected);
            // One small one more, alone.
            new.remove(1);
            let found = pairs(&old, &new);
            let large: Vec<_> = found.into_iter().filter(|&(at, _)| old[at] != small).collect();
            assert_eq!(large, (0..12).map(|k| (2 * k + 1, 2 * k + 2)).collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_same_size_of_another_content_is_another_thing() {
        // The first is gone, one like it by chance is new at the end; those between grew.
        let old = [thing(1, 3000), thing(2, 400), thing(3, 500), thing(4, 900)];
        let new = [thing(5, 412), thing(6, 512), thing(7, 912), thing(8, 3000)];
        assert_eq!(pairs(&old, &new), [(1, 0), (2, 1), (3, 2)]);
        // But with nothing known of either.
        let unknown = |things: [Placed; 4]| things.map(|t| thing(0, t.size));
        assert!(pairs(&unknown(old), &unknown(new)).contains(&(0, 3)));
    }

    #[test]
    fn one_that_moves_alone_does_not_part_its_new_neighbours() {
        let old = [thing(1, 100), thing(2, 70), thing(3, 100), thing(4, 50), thing(5, 100)];
        let new = [thing(1, 100), thing(12, 74), thing(3, 100), thing(14, 60), thing(5, 100)];
        assert_eq!(pairs(&old, &new).len(), 5);
        let mut moved = new.to_vec();
        // Of a size that is between those around it, in the midst of a changed run.
        let old: Vec<Placed> = old.into_iter().chain([thing(6, 55), thing(7, 100)]).collect();
        moved.extend([thing(16, 56), thing(7, 100)]);
        moved.insert(1, thing(99, 90));
        let mut old = old;
        old.push(thing(99, 90));
        let expected = [(0, 0), (1, 2), (2, 3), (3, 4), (4, 5), (5, 6), (6, 7), (7, 1)];
        assert_eq!(pairs(&old, &moved), expected);
    }

    #[test]
    fn blocks_that_change_places_keep_what_lies_in_them() {
        let block = |from: u64, changed: u64| {
            [thing(from, 100), thing(from + 1 + changed, 200 + changed), thing(from + 2, 80)]
        };
        let old: Vec<Placed> = [block(10, 0), block(20, 0)].concat();
        let new: Vec<Placed> = [block(20, 50), block(10, 50)].concat();
        assert_eq!(pairs(&old, &new), [(0, 3), (1, 4), (2, 5), (3, 0), (4, 1), (5, 2)]);
    }

    #[test]
    fn what_is_only_as_large_does_not_take_the_place_of_a_neighbour() {
        let old = [thing(1, 400), thing(0, 12), thing(2, 500), thing(3, 600)];
        let new = [thing(1, 400), thing(0, 14), thing(2, 500), thing(0, 12), thing(3, 600)];
        assert_eq!(pairs(&old, &new), [(0, 0), (1, 1), (2, 2), (3, 4)]);
    }

    #[test]
    fn what_only_moves_does_not_change() {
        let mut old = [thing(1, 100), thing(7, 28), thing(2, 100), thing(8, 20), thing(3, 100)].to_vec();
        old.extend([thing(7, 28), thing(4, 100), thing(8, 20)]);
        let mut new = old.clone();
        new.swap(1, 3);
        for (a, b) in pairs(&old, &new) {
            assert_eq!(old[a], new[b]);
        }
        arbtest::arbtest(|u| {
            let count = u.int_in_range(0..=30)?;
            let thing = |u: &mut arbtest::arbitrary::Unstructured<'_>| {
                let content = u.int_in_range(1..=6)?;
                Ok(thing(content, content * 16 + 8))
            };
            let old: Vec<Placed> = (0..count).map(|_| thing(u)).collect::<arbtest::arbitrary::Result<_>>()?;
            let mut new = old.clone();
            for _ in 0..u.int_in_range(0..=5)? {
                if count > 0 {
                    new.swap(u.choose_index(count)?, u.choose_index(count)?);
                }
            }
            let found = pairs(&old, &new);
            assert!(found.len() == count && found.iter().all(|&(a, b)| old[a] == new[b]));
            Ok(())
        });
    }

    /// Another compiler, or an option: nothing is the same, and all is a little larger.
    #[test]
    fn long_runs_are_aligned_about_the_middle() {
        for count in [400, 600, 5000, 150_000u64] {
            let size = |k: u64| 40 + k.wrapping_mul(0x9e37_79b9_7f4a_7c15) % 4000;
            let old: Vec<Placed> = (0..count).map(|k| thing(1 + k, size(k))).collect();
            let mut new: Vec<Placed> =
                (0..count).map(|k| thing(100_000 + k, size(k) + 4 + size(k) / 64)).collect();
            for at in [count / 7, count / 2, count - 3] {
                new.insert(at as usize, thing(200_000 + at, 999));
            }
            let (_, right): (Vec<_>, Vec<_>) = pairs(&old, &new).into_iter().partition(|&(a, b)| {
                let moved = [count / 7, count / 2, count - 3].iter().filter(|at| **at as usize <= b).count();
                a + moved != b
            });
            assert!(right.len() as u64 >= count - count / 50, "{} of {count}", right.len());
        }
        // Far more on one side.
        let few: Vec<Placed> = (0..60).map(|k| thing(1 + k, 100 + k)).collect();
        let many: Vec<Placed> = (0..9000).map(|k| thing(1000 + k, 50 + k % 300)).collect();
        assert_eq!(pairs(&few, &many).len(), 60);
    }

    #[test]
    fn sizes_that_lie_are_no_sums() {
        let half = 1 << 62;
        let old = [thing(0, half + 8), thing(0, half), thing(3, u64::MAX), thing(0, 0)];
        let new = [thing(0, half + 4096), thing(0, half), thing(3, u64::MAX), thing(0, 0), thing(0, 0)];
        assert_eq!(pairs(&old, &new).len(), 4);
    }

    #[test]
    fn random_sides_pair_alike_from_both() {
        arbtest::arbtest(|u| {
            let (kinds, sizes) = (u.int_in_range(1..=12u64)?, u.int_in_range(1..=12u64)?);
            let mut side = || -> arbtest::arbitrary::Result<Vec<Placed>> {
                let count = u.int_in_range(0..=14)?;
                (0..count)
                    .map(|_| Ok(thing(u.int_in_range(0..=kinds)?, u.int_in_range(0..=sizes)? * 8)))
                    .collect()
            };
            let (old, new) = (side()?, side()?);
            let found = pairs(&old, &new);
            for &(a, b) in &found {
                assert!(is_similar(old[a].size, new[b].size));
            }
            // Nothing stays alone that has its like alone on the other side.
            let alone = |side: &[Placed], at: &dyn Fn(&(usize, usize)) -> usize| {
                let mut is_alone = vec![true; side.len()];
                found.iter().for_each(|pair| is_alone[at(pair)] = false);
                let things = side.iter().zip(is_alone).filter(|(_, alone)| *alone);
                things.map(|(thing, _)| *thing).collect::<Vec<_>>()
            };
            let (left, right) = (alone(&old, &|p| p.0), alone(&new, &|p| p.1));
            assert!(left.iter().all(|thing| !right.contains(thing)));
            Ok(())
        });
    }

    #[test]
    fn a_longest_increasing_sequence() {
        assert_eq!(increasing(&[]), [0usize; 0]);
        assert_eq!(increasing(&[3, 1, 2, 9, 4, 5, 0]), [1, 2, 4, 5]);
    }
}
