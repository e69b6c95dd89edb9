//! Anonymous data cut into objects, each given to the crate that refers to it.

use std::ops::Range;

use rayon::prelude::*;

use super::code::references;
use super::{Found, LOT, Run, conclusion, most};
use crate::format::Image;
use crate::kind::Kind;
use crate::model::{CrateId, Evidence, Owner, SymbolId};

/// How often ownership is passed on from data to data. Chains are short: a slice
/// of slices of strings takes three steps.
const ROUNDS: usize = 6;

/// A piece of data that something refers to as a whole.
struct Object {
    span: Range<u64>,
    /// Index of the run it is cut from.
    run: usize,
    owner: Option<Owner>,
}

/// Finds owners for runs of data that have none.
pub(super) fn conclude(image: &Image<'_>, bytes: &[u8], runs: &mut [Run], found: &mut Found) {
    let is_open = |r: &Run| r.kind != Kind::Code && r.owner.is_none();
    let open: Vec<usize> = (0..runs.len()).filter(|&i| is_open(&runs[i])).collect();
    if open.is_empty() || image.line.is_relocatable() {
        return;
    }
    let holes = Holes { spans: open.iter().map(|&i| runs[i].span.clone()).collect() };
    let from_code = from_code(image, bytes, runs, &holes);
    let mut from_data: Vec<(u64, u64)> =
        image.pointers.iter().filter(|p| holes.index(p.to).is_some()).map(|p| (p.to, p.at)).collect();
    from_data.sort_unstable();
    from_data.dedup();

    let mut objects = cut(runs, &open, &from_code, &from_data);
    vote_of_code(&mut objects, &from_code);
    for _ in 0..ROUNDS {
        if !vote_of_data(&mut objects, &from_data, runs) {
            break;
        }
    }
    for object in &objects {
        let Some(owner) = object.owner else { continue };
        found.add(object.span.clone(), runs[object.run].symbol, owner);
    }
    settle(runs, &objects);
}

/// Gives a run the owner of its objects if one crate instantiated all of them.
fn settle(runs: &mut [Run], objects: &[Object]) {
    for of_run in objects.chunk_by(|a, b| a.run == b.run) {
        let same = of_run
            .iter()
            .all(|o| o.owner.map(|o| o.instantiated_by) == of_run[0].owner.map(|o| o.instantiated_by));
        if same {
            runs[of_run[0].run].owner = of_run[0].owner;
        }
    }
}

/// Runs without owner, in order of position.
struct Holes {
    spans: Vec<Range<u64>>,
}

impl Holes {
    fn index(&self, pos: u64) -> Option<usize> {
        let after = self.spans.partition_point(|s| s.start <= pos);
        let index = after.checked_sub(1)?;
        self.spans.get(index).filter(|s| pos < s.end).map(|_| index)
    }
}

/// Positions in holes that code refers to, with the owner of that code; sorted.
fn from_code(image: &Image<'_>, bytes: &[u8], runs: &[Run], holes: &Holes) -> Vec<(u64, Owner)> {
    let code: Vec<(&Run, Owner)> =
        runs.iter().filter(|r| r.kind == Kind::Code).filter_map(|r| Some((r, r.owner?))).collect();
    let lots: Vec<Vec<(u64, Owner)>> = code
        .par_chunks(LOT)
        .map(|lot| {
            let mut all = Vec::new();
            let mut targets = Vec::new();
            for (run, owner) in lot {
                if owner.instantiated_by == CrateId::NONE {
                    continue;
                }
                targets.clear();
                let wanted = |pos| holes.index(pos).is_some();
                references(image, bytes, &run.span, &wanted, &mut targets);
                targets.sort_unstable();
                targets.dedup();
                all.extend(targets.iter().map(|&pos| (pos, *owner)));
            }
            all
        })
        .collect();
    let mut all: Vec<(u64, Owner)> = lots.into_iter().flatten().collect();
    all.par_sort_unstable();
    all
}

/// Positions of what refers to the last place in `span` that anything refers to.
pub(super) fn referrers(image: &Image<'_>, bytes: &[u8], runs: &[Run], span: Range<u64>) -> Vec<u64> {
    let wanted = |pos| span.contains(&pos);
    let code: Vec<&Run> = runs.iter().filter(|r| r.kind == Kind::Code).collect();
    let of_code = code.par_chunks(LOT).flat_map_iter(|lot| {
        lot.iter().flat_map(|run| {
            let mut targets = Vec::new();
            references(image, bytes, &run.span, &wanted, &mut targets);
            let from = run.span.start;
            targets.into_iter().map(move |to| (to, from))
        })
    });
    let mut all: Vec<(u64, u64)> = of_code.collect();
    all.extend(image.pointers.iter().filter(|p| span.contains(&p.to)).map(|p| (p.to, p.at)));
    all.sort_unstable();
    all.dedup();
    let last = all.last().map(|&(to, _)| to);
    all.into_iter().filter(|&(to, _)| Some(to) == last).map(|(_, from)| from).collect()
}

/// Cuts runs at every place that something refers to.
///
/// A run with a symbol is one object: the symbol says where it starts and ends.
fn cut(runs: &[Run], open: &[usize], from_code: &[(u64, Owner)], from_data: &[(u64, u64)]) -> Vec<Object> {
    let mut starts: Vec<u64> = from_code.iter().map(|&(to, _)| to).collect();
    starts.extend(from_data.iter().map(|&(to, _)| to));
    starts.sort_unstable();
    starts.dedup();
    let mut objects = Vec::with_capacity(starts.len() + open.len());
    let mut next = 0;
    for &run in open {
        let span = &runs[run].span;
        let mut at = span.start;
        while next < starts.len() && starts[next] < span.end {
            let start = starts[next];
            next += 1;
            if start > at && runs[run].symbol == SymbolId::NONE {
                objects.push(Object { span: at..start, run, owner: None });
                at = start;
            }
        }
        objects.push(Object { span: at..span.end, run, owner: None });
    }
    objects
}

/// Index of the object that holds `pos`.
fn object_at(objects: &[Object], pos: u64) -> Option<usize> {
    let after = objects.partition_point(|o| o.span.start <= pos);
    let index = after.checked_sub(1)?;
    objects.get(index).filter(|o| pos < o.span.end).map(|_| index)
}

fn vote_of_code(objects: &mut [Object], from_code: &[(u64, Owner)]) {
    let mut at = 0;
    while at < from_code.len() {
        let Some(index) = object_at(objects, from_code[at].0) else {
            at += 1;
            continue;
        };
        let end = objects[index].span.end;
        let count = from_code[at..].partition_point(|&(to, _)| to < end).max(1);
        let votes: Vec<Owner> = from_code[at..at + count].iter().map(|&(_, owner)| owner).collect();
        objects[index].owner = elect(&votes);
        at += count;
    }
}

/// Passes ownership on from data with an owner to data without; says whether anything changed.
fn vote_of_data(objects: &mut [Object], from_data: &[(u64, u64)], runs: &[Run]) -> bool {
    let mut elected: Vec<(usize, Owner)> = Vec::new();
    let mut at = 0;
    while at < from_data.len() {
        let Some(index) = object_at(objects, from_data[at].0) else {
            at += 1;
            continue;
        };
        let end = objects[index].span.end;
        let count = from_data[at..].partition_point(|&(to, _)| to < end).max(1);
        if objects[index].owner.is_none() {
            let voters = from_data[at..at + count].iter().filter_map(|&(_, from)| {
                let own = object_at(objects, from).and_then(|i| objects[i].owner);
                own.or_else(|| owner_of_run(runs, from))
            });
            let votes: Vec<Owner> = voters.filter(|o| o.instantiated_by != CrateId::NONE).collect();
            elected.extend(elect(&votes).map(|owner| (index, owner)));
        }
        at += count;
    }
    for &(index, owner) in &elected {
        objects[index].owner = Some(owner);
    }
    !elected.is_empty()
}

fn owner_of_run(runs: &[Run], pos: u64) -> Option<Owner> {
    let after = runs.partition_point(|r| r.span.start <= pos);
    runs.get(after.checked_sub(1)?).filter(|r| pos < r.span.end)?.owner
}

/// The crate that most voters are instantiated by, and what most of those are defined in.
///
/// Ties go to the lower crate, so the order of votes has no influence.
fn elect(votes: &[Owner]) -> Option<Owner> {
    let winner = most(votes.iter().map(|o| o.instantiated_by))?;
    let of_winner = votes.iter().filter(|o| o.instantiated_by == winner);
    let krate = most(of_winner.map(|o| o.krate))?;
    // A conclusion from guesses is one.
    let guessed = votes.iter().any(|o| o.evidence.is_guess());
    Some(conclusion(krate, winner, if guessed { Evidence::PanicLocation } else { Evidence::Reference }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(krate: u32, by: u32) -> Owner {
        conclusion(CrateId(krate), CrateId(by), Evidence::Unit)
    }

    #[test]
    fn the_majority_wins_and_ties_do_not_depend_on_order() {
        let elected = |votes: &[Owner]| elect(votes).map(|o| (o.krate.0, o.instantiated_by.0));
        assert_eq!(elected(&[]), None);
        assert_eq!(elected(&[owner(1, 1), owner(2, 2), owner(3, 2)]), Some((2, 2)));
        assert_eq!(elected(&[owner(2, 2), owner(1, 1)]), Some((1, 1)));
        assert_eq!(elected(&[owner(1, 1), owner(2, 2)]), Some((1, 1)));
    }

    fn run(span: Range<u64>, symbol: SymbolId) -> Run {
        Run { span, section: crate::model::SectionId(1), kind: Kind::Rodata, symbol, file: None, owner: None }
    }

    #[test]
    fn anonymous_runs_are_cut_where_something_points_and_symbols_are_not() {
        let runs = [run(0..100, SymbolId::NONE), run(100..200, SymbolId(7))];
        let from_code = [(10, owner(1, 1)), (150, owner(2, 2))];
        let mut objects = cut(&runs, &[0, 1], &from_code, &[(40, 500)]);
        let spans: Vec<_> = objects.iter().map(|o| o.span.clone()).collect();
        assert_eq!(spans, [0..10, 10..40, 40..100, 100..200]);
        vote_of_code(&mut objects, &from_code);
        let owners: Vec<_> = objects.iter().map(|o| o.owner.map(|o| o.krate.0)).collect();
        assert_eq!(owners, [None, Some(1), None, Some(2)]);
    }

    #[test]
    fn ownership_passes_from_data_to_data() {
        let runs = [run(0..100, SymbolId::NONE)];
        let from_code = [(0, owner(1, 1))];
        // A table at 0 points at 50, which points at 80.
        let from_data = [(50, 8), (80, 56)];
        let mut objects = cut(&runs, &[0], &from_code, &from_data);
        vote_of_code(&mut objects, &from_code);
        assert!(vote_of_data(&mut objects, &from_data, &runs));
        assert!(vote_of_data(&mut objects, &from_data, &runs));
        assert!(!vote_of_data(&mut objects, &from_data, &runs));
        assert!(objects.iter().all(|o| o.owner.is_some_and(|o| o.krate.0 == 1)));
    }
}
