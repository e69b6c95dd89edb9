//! Work on all processors, through one compiled copy of what distributes it.
//!
//! What rayon compiles for every closure comes to some ten KiB. Here it sees two shapes only:
//! two tasks at once, and a task for each number. They are called through pointers, once for a
//! whole lot of items, so that costs no time.
//!
//! Results are in order of the items: they never depend on the number of threads. How items are
//! divided into lots does not depend on it either.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

/// Runs both, at the same time where a processor is free, and yields both results.
pub fn join<A: Send, B: Send>(left: impl FnOnce() -> A + Send, right: impl FnOnce() -> B + Send) -> (A, B) {
    let (mut a, mut b) = (None, None);
    let (mut left, mut right) = (Some(left), Some(right));
    both(&mut || a = left.take().map(|left| left()), &mut || b = right.take().map(|right| right()));
    (a.expect("the first has run"), b.expect("the second has run"))
}

/// `work` on each item, in lots of `lot` items; a result for each item, in their order.
pub fn map<'t, T: Sync, R: Send>(items: &'t [T], lot: usize, work: impl Fn(&'t T) -> R + Sync) -> Vec<R> {
    gather(items, lot, |items| items.iter().map(&work).collect())
}

/// `work` on each number below `len`, in lots of `lot` numbers; a result for each, in order.
pub fn numbers<R: Send>(len: usize, lot: usize, work: impl Fn(usize) -> R + Sync) -> Vec<R> {
    concat(ranges(len, lot, |range| range.map(&work).collect()))
}

/// `work` on lots of `lot` items, of which the last may have fewer; a result for each lot, in order.
pub fn lots<'t, T: Sync, R: Send>(items: &'t [T], lot: usize, work: impl Fn(&'t [T]) -> R + Sync) -> Vec<R> {
    ranges(items.len(), lot, |range| work(items.get(range).unwrap_or_default()))
}

/// What `work` finds in lots of `lot` items, of which the last may have fewer; all of it, in order.
pub fn gather<'t, T: Sync, R: Send>(
    items: &'t [T],
    lot: usize,
    work: impl Fn(&'t [T]) -> Vec<R> + Sync,
) -> Vec<R> {
    concat(lots(items, lot, work))
}

/// Whether `is` holds for any item; once it does for one, no further lot is looked at.
pub fn any<T: Sync>(items: &[T], lot: usize, is: impl Fn(&T) -> bool + Sync) -> bool {
    let found = AtomicBool::new(false);
    lots(items, lot, |items| {
        if !found.load(Ordering::Relaxed) && items.iter().any(&is) {
            found.store(true, Ordering::Relaxed);
        }
    });
    found.into_inner()
}

/// [`lots`] of the numbers below `len`.
pub fn ranges<R: Send>(len: usize, lot: usize, work: impl Fn(Range<usize>) -> R + Sync) -> Vec<R> {
    let lot = lot.max(1);
    let results: Vec<Mutex<Option<R>>> = (0..len.div_ceil(lot)).map(|_| Mutex::new(None)).collect();
    each(results.len(), &|number| {
        let start = number * lot;
        let result = work(start..len.min(start.saturating_add(lot)));
        // Nobody else has this one, so nobody waits.
        *results[number].lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
    });
    let results = results.into_iter();
    results.filter_map(|result| result.into_inner().unwrap_or_else(PoisonError::into_inner)).collect()
}

fn concat<R>(lots: Vec<Vec<R>>) -> Vec<R> {
    let mut all = Vec::with_capacity(lots.iter().map(Vec::len).sum());
    lots.into_iter().for_each(|lot| all.extend(lot));
    all
}

fn both(left: &mut (dyn FnMut() + Send), right: &mut (dyn FnMut() + Send)) {
    rayon::join(left, right);
}

fn each(len: usize, work: &(dyn Fn(usize) + Sync)) {
    // Lots differ in what they cost, so each is a task of its own.
    (0..len).into_par_iter().with_max_len(1).for_each(work);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_order_for_any_division() {
        let items: Vec<usize> = (0..1000).map(|i| i * 7919 % 1000).collect();
        let expected: Vec<usize> = items.iter().map(|i| i + 1).collect();
        for lot in [0, 1, 3, 999, 1000, 1001, usize::MAX] {
            assert_eq!(map(&items, lot, |i| i + 1), expected, "{lot}");
            assert_eq!(numbers(items.len(), lot, |i| items[i] + 1), expected, "{lot}");
            let lots = lots(&items, lot, <[usize]>::to_vec);
            assert_eq!(lots.len(), items.len().div_ceil(lot.max(1)), "{lot}");
            assert_eq!(lots.concat(), items, "{lot}");
            assert_eq!(gather(&items, lot, <[usize]>::to_vec), items, "{lot}");
        }
        for wanted in [0, 500, 999, 1000] {
            assert_eq!(any(&items, 10, |&i| i == wanted), wanted < 1000, "{wanted}");
        }
        assert!(map(&[], 4, |i: &u8| *i).is_empty());
    }

    #[test]
    fn both_results_come_back_and_what_they_are_made_from_is_given_away() {
        let (text, number) = (String::from("a"), Box::new(1));
        assert_eq!(join(|| text, || *number), (String::from("a"), 1));
    }

    #[test]
    fn it_does_not_matter_how_many_threads_there_are() {
        let work = || numbers(10_000, 16, |i| i.wrapping_mul(0x9e37_79b9).rotate_left(7));
        let on =
            |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work);
        assert_eq!(on(1), on(7));
    }
}
