//! Exact division of a line of bytes.
//!
//! Claims on runs of bytes go in, a partition comes out: every byte has exactly
//! one owner. Knows nothing of files, symbols or crates; a label is any small
//! ordered value.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;

/// A statement that a run of bytes belongs to `label`.
///
/// The lower `rank`, the better the statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim<L> {
    /// First byte claimed.
    pub start: u64,
    /// One past the last byte claimed. A claim with `end <= start` claims nothing.
    pub end: u64,
    /// How good the statement is: 0 beats 1.
    pub rank: u8,
    /// Whose the bytes are.
    pub label: L,
}

/// A line `0..len` cut into runs, each with one label.
///
/// Invariant: runs touch, start at 0, end at `len`, and neighbours differ in label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition<L> {
    len: u64,
    starts: Vec<u64>,
    labels: Vec<L>,
}

impl<L: Copy + Ord> Partition<L> {
    /// Gives every byte of `0..len` to its best claim, or to `fallback`.
    ///
    /// The best claim is the one with the lowest rank; ties go to the shorter
    /// claim, then the one that starts first, then the lower label. The order of
    /// `claims` on entry has no influence. Claims beyond `len` are clipped.
    ///
    /// *Cost*: O(n log n) time, O(n) memory; `claims` is sorted.
    pub fn resolve(len: u64, claims: &mut [Claim<L>], fallback: L) -> Partition<L> {
        // Claims come as a few sorted lists one behind the other, which this sort merges; any order
        // of those that start at one place will do.
        claims.sort_by_key(|c| c.start);

        let mut partition =
            Partition { len, starts: Vec::with_capacity(claims.len() + 1), labels: Vec::new() };
        partition.labels.reserve(claims.len() + 1);
        // The best claim has the least (rank, length, start, label); the end goes along.
        type Open<L> = Reverse<(u8, u64, u64, L, u64)>;
        let mut open: BinaryHeap<Open<L>> = BinaryHeap::new();
        let mut at = 0u64;
        let mut next = 0usize;
        while at < len {
            // A claim that no other reaches into has nothing to be compared with.
            if open.is_empty()
                && let Some(c) = claims.get(next)
                && c.start == at
                && c.end > at
                && claims.get(next + 1).is_none_or(|after| after.start >= c.end)
            {
                partition.push(at, c.label);
                at = c.end.min(len);
                next += 1;
                continue;
            }
            while let Some(c) = claims.get(next)
                && c.start <= at
            {
                if c.end > at && c.end > c.start {
                    open.push(Reverse((c.rank, c.end - c.start, c.start, c.label, c.end)));
                }
                next += 1;
            }
            while let Some(Reverse(top)) = open.peek()
                && top.4 <= at
            {
                open.pop();
            }
            let upcoming = claims.get(next).map_or(len, |c| c.start);
            let (label, end) = match open.peek() {
                Some(Reverse(top)) => (top.3, top.4.min(upcoming)),
                None => (fallback, upcoming),
            };
            partition.push(at, label);
            at = end.min(len);
        }
        partition
    }

    /// Gives bytes to claims, at most `number` of them, that are in order and do not overlap, and all
    /// other bytes to `fallback`. A claim that would end before it starts is out of order.
    ///
    /// *Cost*: linear.
    pub fn in_order(
        len: u64,
        claims: impl Iterator<Item = Claim<L>>,
        number: usize,
        fallback: L,
    ) -> Partition<L> {
        // Room that is not used is never touched.
        let room = 2 * number + 1;
        let mut out = Partition { len, starts: Vec::with_capacity(room), labels: Vec::with_capacity(room) };
        let mut at = 0;
        for c in claims {
            let end = c.end.min(len);
            if c.start >= end {
                continue;
            }
            debug_assert!(c.start >= at, "claims are in order");
            if c.start > at {
                out.push(at, fallback);
            }
            out.push(c.start, c.label);
            at = end;
        }
        if at < len {
            out.push(at, fallback);
        }
        out
    }

    /// The same with the bytes of `claims` given to them, whoever had them.
    ///
    /// Claims must be in order and must not overlap; ranks have no influence. *Cost*: linear.
    pub fn overlaid(&self, claims: &[Claim<L>]) -> Partition<L> {
        let room = self.len() + 2 * claims.len();
        let mut out =
            Partition { len: self.len, starts: Vec::with_capacity(room), labels: Vec::with_capacity(room) };
        let mut claims = claims.iter().peekable();
        for (run, label) in self.iter() {
            let mut at = run.start;
            while at < run.end {
                let Some(c) = claims.peek().filter(|c| c.start < run.end) else {
                    out.push(at, label);
                    break;
                };
                if c.start > at {
                    out.push(at, label);
                }
                out.push(c.start.max(at), c.label);
                at = c.end.min(run.end);
                if c.end > run.end {
                    break;
                }
                claims.next();
            }
        }
        out
    }

    fn push(&mut self, start: u64, label: L) {
        if self.labels.last() != Some(&label) {
            self.starts.push(start);
            self.labels.push(label);
        }
    }

    /// Number of runs.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Whether there are no runs, which is so only for a line of length 0.
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// Where runs start, in order.
    pub fn starts(&self) -> &[u64] {
        &self.starts
    }

    /// The runs that start in `span`, in order.
    pub fn starting_in(&self, span: Range<u64>) -> impl Iterator<Item = (Range<u64>, L)> + Clone + '_ {
        let first = self.starts.partition_point(|&start| start < span.start);
        let runs = (first..self.starts.len()).map(|index| self.nth(index));
        runs.take_while(move |(run, _)| run.start < span.end)
    }

    /// The runs in order.
    pub fn iter(&self) -> impl Iterator<Item = (Range<u64>, L)> + '_ {
        (0..self.starts.len()).map(|index| self.nth(index))
    }

    fn nth(&self, index: usize) -> (Range<u64>, L) {
        let end = self.starts.get(index + 1).copied().unwrap_or(self.len);
        (self.starts[index]..end, self.labels[index])
    }

    /// Whose the byte at `pos` is; `None` past the end of the line.
    pub fn at(&self, pos: u64) -> Option<L> {
        if pos >= self.len {
            return None;
        }
        let after = self.starts.partition_point(|&start| start <= pos);
        self.labels.get(after.checked_sub(1)?).copied()
    }

    /// A cursor for many look-ups at mostly ascending positions.
    pub fn cursor(&self) -> Cursor<'_, L> {
        Cursor { partition: self, index: 0 }
    }

    /// A walk along the line, for look-ups at positions that never fall; `beyond` is the label past its end.
    pub fn walk(&self, beyond: L) -> Walk<'_, L> {
        Walk { cursor: self.cursor(), end: 0, label: beyond, beyond }
    }
}

/// Runs that a cursor walks over before it searches.
const NEAR: usize = 4;

/// Looks labels up in a [`Partition`], fast where positions ascend.
#[derive(Debug, Clone)]
pub struct Cursor<'p, L> {
    partition: &'p Partition<L>,
    index: usize,
}

impl<L: Copy + Ord> Cursor<'_, L> {
    /// Whose the byte at `pos` is; `None` past the end of the line.
    pub fn at(&mut self, pos: u64) -> Option<L> {
        self.run(pos).map(|(_, label)| label)
    }

    /// The run that holds `pos`.
    pub fn run(&mut self, pos: u64) -> Option<(Range<u64>, L)> {
        let p = self.partition;
        if pos >= p.len {
            return None;
        }
        let start = |index: usize| p.starts.get(index).copied().unwrap_or(u64::MAX);
        if start(self.index) > pos {
            self.index = p.starts.partition_point(|&start| start <= pos).saturating_sub(1);
        } else {
            // A short walk ahead, else a binary search.
            let first = self.index;
            while start(self.index + 1) <= pos {
                self.index += 1;
                if self.index == first + NEAR {
                    self.index = p.starts.partition_point(|&start| start <= pos).saturating_sub(1);
                    break;
                }
            }
        }
        let end = p.starts.get(self.index + 1).copied().unwrap_or(p.len);
        Some((p.starts[self.index]..end, p.labels[self.index]))
    }
}

/// Looks labels up in a [`Partition`] at positions that never fall: most are in the run of the last one.
#[derive(Debug, Clone)]
pub struct Walk<'p, L> {
    cursor: Cursor<'p, L>,
    end: u64,
    label: L,
    beyond: L,
}

impl<L: Copy + Ord> Walk<'_, L> {
    /// The end of the run that holds `pos`, and whose it is. Past the end of the line there is no end.
    #[inline(always)]
    pub fn to(&mut self, pos: u64) -> (u64, L) {
        if pos >= self.end {
            self.go(pos);
        }
        (self.end, self.label)
    }

    fn go(&mut self, pos: u64) {
        match self.cursor.run(pos) {
            Some((run, label)) => (self.end, self.label) = (run.end, label),
            None => (self.end, self.label) = (u64::MAX, self.beyond),
        }
    }
}

/// Cuts `whole` into parts proportional to `weights`; the parts sum to `whole` exactly.
///
/// Each part is within 1 of its exact share. With no weight at all, the last
/// part gets everything. *Cost*: linear.
pub fn apportion(whole: u64, weights: &[u64]) -> Vec<u64> {
    let total: u128 = weights.iter().map(|&w| u128::from(w)).sum();
    if total == 0 {
        let mut parts = vec![0; weights.len()];
        if let Some(last) = parts.last_mut() {
            *last = whole;
        }
        return parts;
    }
    // Rounding the running sum, not each part, is what makes the sum exact. Sums of
    // weights beyond 64 bits lose their lowest bits: no product overflows then.
    let excess = 64u32.saturating_sub(total.leading_zeros());
    let upto = |seen: u128| u128::from(whole) * (seen >> excess) / (total >> excess);
    let mut seen: u128 = 0;
    let mut given: u128 = 0;
    weights
        .iter()
        .map(|&w| {
            seen += u128::from(w);
            let part = upto(seen) - given;
            given += part;
            u64::try_from(part).unwrap_or(u64::MAX)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use arbtest::arbtest;

    fn claim(start: u64, end: u64, rank: u8, label: u32) -> Claim<u32> {
        Claim { start, end, rank, label }
    }

    #[track_caller]
    fn check(len: u64, claims: &[Claim<u32>], expected: &[(u64, u64, u32)]) {
        let partition = Partition::resolve(len, &mut claims.to_vec(), 0);
        let runs: Vec<_> = partition.iter().map(|(r, l)| (r.start, r.end, l)).collect();
        assert_eq!(runs, expected);
    }

    #[test]
    fn no_claims_leave_the_fallback() {
        check(5, &[], &[(0, 5, 0)]);
        check(0, &[], &[]);
    }

    #[test]
    fn a_tighter_claim_wins_inside_a_wider_one_of_its_rank() {
        check(10, &[claim(0, 10, 1, 1), claim(4, 6, 1, 2)], &[(0, 4, 1), (4, 6, 2), (6, 10, 1)]);
    }

    #[test]
    fn rank_beats_tightness() {
        check(10, &[claim(0, 10, 0, 1), claim(4, 6, 1, 2)], &[(0, 10, 1)]);
    }

    #[test]
    fn claims_past_the_end_are_clipped_and_empty_ones_ignored() {
        check(4, &[claim(2, 9, 0, 1), claim(1, 1, 0, 2), claim(7, 9, 0, 3)], &[(0, 2, 0), (2, 4, 1)]);
    }

    /// The owner of each byte by looking at every claim: slow and obvious.
    fn brute(len: u64, claims: &[Claim<u32>]) -> Vec<u32> {
        (0..len)
            .map(|at| {
                claims
                    .iter()
                    .filter(|c| c.start <= at && at < c.end)
                    .min_by_key(|c| (c.rank, c.end - c.start, c.start, c.label))
                    .map_or(0, |c| c.label)
            })
            .collect()
    }

    #[test]
    fn resolve_equals_brute_force_in_any_order() {
        arbtest(|u| {
            let len = u.int_in_range(0..=60u64)?;
            let mut claims = Vec::new();
            for _ in 0..u.int_in_range(0..=12)? {
                let start = u.int_in_range(0..=70)?;
                let end = u.int_in_range(0..=75)?;
                claims.push(claim(start, end, u.int_in_range(0..=3)?, u.int_in_range(1..=5)?));
            }
            let expected = brute(len, &claims);
            for _ in 0..2 {
                let partition = Partition::resolve(len, &mut claims.clone(), 0);
                let flat: Vec<u32> = partition.iter().flat_map(|(r, l)| r.map(move |_| l)).collect();
                assert_eq!(flat, expected);
                let (mut cursor, mut walk) = (partition.cursor(), partition.walk(9));
                for (at, &label) in expected.iter().enumerate() {
                    assert_eq!(partition.at(at as u64), Some(label));
                    let (run, of_run) = cursor.run(at as u64).unwrap();
                    assert_eq!(of_run, label);
                    assert_eq!(walk.to(at as u64), (run.end, label));
                }
                assert!(partition.iter().zip(partition.iter().skip(1)).all(|(a, b)| a.1 != b.1));
                claims.reverse();
            }
            Ok(())
        });
    }

    #[test]
    fn what_is_laid_over_a_partition_has_its_bytes() {
        arbtest(|u| {
            let len = u.int_in_range(1..=60u64)?;
            let mut below = Vec::new();
            for _ in 0..u.int_in_range(0..=6)? {
                let (start, end) = (u.int_in_range(0..=len)?, u.int_in_range(0..=len)?);
                below.push(claim(start, end, 1, u.int_in_range(1..=3)?));
            }
            let mut above = Vec::new();
            let mut at = 0;
            while at < len && u.arbitrary()? {
                let start = u.int_in_range(at..=len - 1)?;
                let end = u.int_in_range(start + 1..=len)?;
                above.push(claim(start, end, 0, u.int_in_range(1..=3)?));
                at = end;
            }
            let under = Partition::resolve(len, &mut below.clone(), 0);
            let both: Vec<_> = below.iter().chain(&above).copied().collect();
            assert_eq!(under.overlaid(&above), Partition::resolve(len, &mut both.clone(), 0));
            let alone = Partition::resolve(len, &mut above.clone(), 0);
            assert_eq!(Partition::in_order(len, above.iter().copied(), above.len(), 0), alone);
            Ok(())
        });
    }

    #[test]
    fn apportioned_parts_sum_and_stay_within_one() {
        arbtest(|u| {
            let whole: u64 = u.arbitrary()?;
            let weights: Vec<u64> = u.arbitrary()?;
            let parts = apportion(whole, &weights);
            assert_eq!(parts.len(), weights.len());
            if parts.is_empty() {
                return Ok(());
            }
            assert_eq!(parts.iter().map(|&p| u128::from(p)).sum::<u128>(), u128::from(whole));
            let total: u128 = weights.iter().map(|&w| u128::from(w)).sum();
            for (&part, &weight) in parts.iter().zip(&weights) {
                let Some(product) = u128::from(whole).checked_mul(u128::from(weight)) else { continue };
                if total > 0 && total <= u128::from(u64::MAX) {
                    let exact = product / total;
                    assert!(u128::from(part) + 1 >= exact && u128::from(part) <= exact + 1);
                }
            }
            Ok(())
        });
    }
}
