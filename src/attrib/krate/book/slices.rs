//! Crates of a universal file, which has one program once for each architecture.
//!
//! The compiler's id of a crate is another for each target. Where nothing but ids is known of two crates
//! of one name, each in slices of its own, they are one crate that was compiled for each.

use std::collections::BTreeSet;

use super::{Book, Draft, Known};
use crate::model::Source;

impl Book {
    /// Joins crates of one name that are known by ids alone, if no slice has two of them, and all have as many others
    /// of that name.
    ///
    /// `seen` says which crates are mentioned in which slices. Asked before [`Book::join`], for which one
    /// crate of a name is one it can be sure of.
    pub fn join_slices(&mut self, seen: &BTreeSet<(Draft, usize)>) {
        let of_names: Vec<Vec<usize>> = self.by_name.values().filter(|all| all.len() > 1).cloned().collect();
        for all in of_names {
            let is_candidate = |at: &usize| {
                let entry = &self.entries[*at];
                !entry.bucket && entry.source != Some(Source::Std) && Known::of(entry) == Known::Id
            };
            let slices = |at: usize| seen.range((Draft(at), 0)..=(Draft(at), usize::MAX));
            let (candidates, others): (Vec<usize>, Vec<usize>) = all.into_iter().partition(is_candidate);
            // Ordered by slice: which id stands for all does not depend on who was mentioned first.
            let in_slices = |all: &[usize]| -> BTreeSet<(usize, usize)> {
                all.iter().flat_map(|&at| slices(at).map(move |&(_, slice)| (slice, at))).collect()
            };
            let (found, others) = (in_slices(&candidates), in_slices(&others));
            let is_shared = found.iter().zip(found.iter().skip(1)).any(|(a, b)| a.0 == b.0);
            // Where one slice has a crate of this name that is known for another one, it may be this one in the next.
            let known = |slice: usize| others.range((slice, 0)..=(slice, usize::MAX)).count();
            let is_alike =
                found.iter().all(|&(slice, _)| found.first().map(|f| known(f.0)) == Some(known(slice)));
            let Some(&(_, first)) = found.first().filter(|_| !is_shared && is_alike) else { continue };
            let id = self.entries[first].id;
            found.into_iter().for_each(|(_, at)| self.entries[at].id = id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Mention;
    use super::*;
    use crate::intern::Names;
    use crate::project::Packages;

    /// Labels of the crates of `a`: of which id, and in which slices.
    fn labels(crates: &[(u64, &[usize])]) -> Vec<String> {
        let mut book = Book::default();
        let mut seen = BTreeSet::new();
        for (id, slices) in crates {
            let draft = book.exact(&Mention { name: "a".into(), id: Some(id << 32) });
            seen.extend(slices.iter().map(|&slice| (draft, slice)));
        }
        // A name of the old mangling.
        book.exact(&Mention { name: "a".into(), id: None });
        book.join_slices(&seen);
        book.join(&Packages::default());
        let mut names = Names::default();
        let (rows, _) = book.finish(&mut names);
        rows.iter().map(|r| names.get(r.label).to_string()).collect()
    }

    #[test]
    fn a_crate_of_each_slice_is_one_crate() {
        assert_eq!(labels(&[(1, &[0]), (2, &[1])]), ["a"]);
        assert_eq!(labels(&[(2, &[1]), (1, &[0])]), ["a"]);
        assert_eq!(labels(&[(1, &[0, 2]), (2, &[1])]), ["a"]);
    }

    #[test]
    fn a_crate_that_may_be_the_librarys_is_not_joined_with_the_programs() {
        let of_std = |in_second: bool| {
            let mut book = Book::default();
            let mut crates = |id: u64| book.exact(&Mention { name: "a".into(), id: Some(id << 32) });
            let [own, of_library, other] = [1, 2, 3].map(&mut crates);
            book.suppose(of_library, Source::Std);
            let mut seen = BTreeSet::from([(own, 0), (of_library, 0), (other, 1)]);
            if in_second {
                let again = book.exact(&Mention { name: "a".into(), id: Some(4 << 32) });
                book.suppose(again, Source::Std);
                seen.insert((again, 1));
            }
            book.join_slices(&seen);
            [own, other].map(|draft| book.entries[draft.0].id)
        };
        assert_eq!(of_std(true), [Some(1 << 32); 2]);
        assert_eq!(of_std(false), [Some(1 << 32), Some(3 << 32)]);
    }

    #[test]
    fn two_crates_of_one_slice_stay_apart() {
        assert_eq!(labels(&[(1, &[0]), (2, &[0])]), ["a", "a#00000001", "a#00000002"]);
        // Which of them is the one of the other slice?
        let three = ["a", "a#00000001", "a#00000002", "a#00000003"];
        assert_eq!(labels(&[(1, &[0]), (2, &[0]), (3, &[1])]), three);
    }
}
