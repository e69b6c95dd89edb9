//! Anonymous data cut into objects, each given to the crate that refers to it.

use std::ops::Range;

use super::{Concluded, Finder, Found, Known, Run, conclusion, most};
use crate::attrib::forms::Form;
use crate::attrib::references::References;
use crate::format::Image;
use crate::intern::id;
use crate::kind::Kind;
use crate::model::{CrateId, Evidence, Owner, SymbolId};
use crate::order::Leading;

/// How often ownership is passed on from data to data. Chains are short: a slice
/// of slices of strings takes three steps.
const ROUNDS: usize = 6;

/// A piece of data that something refers to as a whole.
struct Object {
    span: Range<u64>,
    /// Index of the run it is cut from.
    run: usize,
    owner: Option<Concluded>,
}

/// Finds owners for runs of data that have none.
pub(super) fn conclude(known: &Known<'_, '_>, runs: &mut [Run], found: &mut Found) {
    let Known { image, .. } = *known;
    let is_open = |r: &Run| r.kind != Kind::Code && r.owner.is_none();
    let open: Vec<usize> = (0..runs.len()).filter(|&i| is_open(&runs[i])).collect();
    if open.is_empty() || image.line.is_relocatable() {
        return;
    }
    let holes = Holes { spans: open.iter().map(|&i| runs[i].span.clone()).collect() };
    let finder = Finder::new(runs);
    let from_code = from_code(known.references, &finder, &holes);
    let mut from_data: Vec<(u64, u64)> =
        image.pointers.iter().filter(|p| holes.index(p.to).is_some()).map(|p| (p.to, p.at)).collect();
    // By what they point at, then by place: this sort keeps the order of what is equal.
    if !from_data.is_sorted_by_key(|&(_, at)| at) {
        radsort::sort_by_key(&mut from_data, |&(_, at)| at);
    }
    radsort::sort_by_key(&mut from_data, |&(to, _)| to);
    from_data.dedup();

    let mut objects = cut(runs, &open, &from_code, &from_data);
    let links = links(&objects, &from_data, &finder);
    vote_of_code(&mut objects, &from_code);
    for _ in 0..ROUNDS {
        if !vote_of_data(&mut objects, &links, runs) {
            break;
        }
    }
    contest(&mut objects, &links, runs);
    share_tails(&mut objects, |at| is_text_before(known, at));
    for object in &objects {
        let Some(owner) = object.owner else { continue };
        found.conclude(object.span.clone(), runs[object.run].symbol, owner);
    }
    settle(runs, &objects);
}

/// Whether a text that ends with a zero goes on at `at`: it began before.
fn is_text_before(known: &Known<'_, '_>, at: u64) -> bool {
    let Some(before) = at.checked_sub(1) else { return false };
    let form = |pos| known.forms.by_form.at(pos) == Some(Form::Terminated);
    form(before) && form(at) && known.bytes.get(before as usize).is_some_and(|&b| b != 0)
}

id! {
    /// An object, by its place among all.
    ObjectId
}
id! {
    /// A run, by its place among all.
    RunId
}

/// A pointer of data to an object. There may be one for every word of a file.
struct Link {
    to: ObjectId,
    from: From,
}

/// What a pointer is in.
#[derive(Clone, Copy)]
enum From {
    Object(ObjectId),
    /// Data that is not cut into objects, or none at all.
    Run(RunId),
}

/// What of data points at which object, in order of the objects.
fn links(objects: &[Object], from_data: &[(u64, u64)], runs: &Finder<'_>) -> Vec<Link> {
    let leading = Leading::of(objects.iter().map(|o| o.span.start));
    let object_at = |pos| {
        let (index, object) = leading.last(objects, pos, |o| o.span.start)?;
        (pos < object.span.end).then_some(index)
    };
    let mut to = 0;
    let link = |&(pos, at): &(u64, u64)| {
        while objects.get(to).is_some_and(|o| o.span.end <= pos) {
            to += 1;
        }
        objects.get(to).filter(|o| o.span.start <= pos)?;
        let of_run = || From::Run(runs.run_at(at).map_or(RunId::NONE, RunId::new));
        let from = object_at(at).map_or_else(of_run, |from| From::Object(ObjectId::new(from)));
        Some(Link { to: ObjectId::new(to), from })
    };
    from_data.iter().filter_map(link).collect()
}

/// Marks objects that data of another crate points at than the one that has them, or data of
/// which nothing is known.
fn contest(objects: &mut [Object], links: &[Link], runs: &[Run]) {
    for link in links {
        let by = voter(objects, runs, link).map(|v| v.owner.instantiated_by);
        if let Some(has) = link.to.get().and_then(|to| objects[to].owner.as_mut()) {
            has.is_contested |= by.is_none_or(|by| by != CrateId::NONE && by != has.owner.instantiated_by);
        }
    }
}

/// Marks the ends of texts that a linker merged with the end of a longer one: they are of whoever
/// refers to the longer one as well.
fn share_tails(objects: &mut [Object], goes_on: impl Fn(u64) -> bool) {
    let mut before: Option<(u64, Option<Concluded>)> = None;
    for object in objects {
        if let Some((end, longer)) = before
            && end == object.span.start
            && goes_on(end)
            && let (Some(longer), Some(has)) = (longer, &mut object.owner)
        {
            has.is_contested |=
                longer.is_contested || longer.owner.instantiated_by != has.owner.instantiated_by;
        }
        before = Some((object.span.end, object.owner));
    }
}

fn instantiator(object: &Object) -> Option<CrateId> {
    object.owner.map(|o| o.owner.instantiated_by)
}

/// Gives a run the owner of its objects if one crate instantiated all of them.
fn settle(runs: &mut [Run], objects: &[Object]) {
    for of_run in objects.chunk_by(|a, b| a.run == b.run) {
        let same = of_run.iter().all(|o| instantiator(o) == instantiator(&of_run[0]));
        if same {
            runs[of_run[0].run].owner = of_run[0].owner.map(|o| o.owner);
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

/// A position in a hole, and the owner of the code that refers to it; `None` if nothing is known of that code.
type FromCode = (u64, Option<Owner>);

/// Positions in holes that code refers to; each run counts once; in order of position.
///
/// Code of which some owner but no instantiator is known has no say.
fn from_code(references: &References, finder: &Finder<'_>, holes: &Holes) -> Vec<FromCode> {
    let mut all: Vec<FromCode> = Vec::new();
    let mut last: Option<(u64, usize)> = None;
    let in_holes = holes.spans.iter().flat_map(|hole| references.to(hole.clone()));
    for reference in in_holes {
        let Some(run) = finder.run_at(reference.from) else { continue };
        if last.replace((reference.to, run)) == Some((reference.to, run)) {
            continue;
        }
        let owner = finder.runs[run].owner;
        if owner.is_none_or(|o| o.instantiated_by != CrateId::NONE) {
            all.push((reference.to, owner));
        }
    }
    all
}

/// Positions of what refers to the last place in `span` that anything refers to.
pub(super) fn referrers(image: &Image<'_>, references: &References, span: Range<u64>) -> Vec<u64> {
    let mut all: Vec<(u64, u64)> = references.to(span.clone()).iter().map(|r| (r.to, r.from)).collect();
    all.extend(image.pointers.iter().filter(|p| span.contains(&p.to)).map(|p| (p.to, p.at)));
    all.sort_unstable();
    all.dedup();
    let last = all.last().map(|&(to, _)| to);
    all.into_iter().filter(|&(to, _)| Some(to) == last).map(|(_, from)| from).collect()
}

/// Cuts runs at every place that something refers to.
///
/// A run with a symbol is one object: the symbol says where it starts and ends.
fn cut(runs: &[Run], open: &[usize], from_code: &[FromCode], from_data: &[(u64, u64)]) -> Vec<Object> {
    let mut starts: Vec<u64> = from_code.iter().map(|&(to, _)| to).collect();
    starts.extend(from_data.iter().map(|&(to, _)| to));
    // Two lists in order, which this sort merges.
    starts.sort();
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

fn vote_of_code(objects: &mut [Object], from_code: &[FromCode]) {
    let (mut at, mut index) = (0, 0);
    while let Some(&(pos, _)) = from_code.get(at) {
        // Both are in order.
        while objects.get(index).is_some_and(|o| o.span.end <= pos) {
            index += 1;
        }
        let Some(object) = objects.get(index) else { return };
        if pos < object.span.start {
            at += 1;
            continue;
        }
        let end = object.span.end;
        let count = from_code[at..].partition_point(|&(to, _)| to < end).max(1);
        let vote = |&(_, owner): &FromCode| owner.map(|owner| Concluded { owner, is_contested: false });
        let votes: Vec<Concluded> = from_code[at..at + count].iter().filter_map(vote).collect();
        objects[index].owner = elect(&votes, count - votes.len());
        at += count;
    }
}

/// Passes ownership on from data with an owner to data without; says whether anything changed.
fn vote_of_data(objects: &mut [Object], links: &[Link], runs: &[Run]) -> bool {
    let mut elected: Vec<(usize, Concluded)> = Vec::new();
    let mut votes: Vec<Concluded> = Vec::new();
    for of_object in links.chunk_by(|a, b| a.to == b.to) {
        let Some(to) = of_object[0].to.get() else { continue };
        if objects[to].owner.is_none() {
            votes.clear();
            let voters = of_object.iter().filter_map(|link| voter(objects, runs, link));
            votes.extend(voters.filter(|o| o.owner.instantiated_by != CrateId::NONE));
            elected.extend(elect(&votes, 0).map(|owner| (to, owner)));
        }
    }
    for &(index, owner) in &elected {
        objects[index].owner = Some(owner);
    }
    !elected.is_empty()
}

/// Whose the data that points is, as far as is known by now.
fn voter(objects: &[Object], runs: &[Run], link: &Link) -> Option<Concluded> {
    let (own, run) = match link.from {
        From::Object(from) => {
            let object = &objects[from.get()?];
            (object.owner, Some(object.run))
        }
        From::Run(run) => (None, run.get()),
    };
    own.or_else(|| runs[run?].owner.map(|owner| Concluded { owner, is_contested: false }))
}

/// The crate that most voters are instantiated by, and what most of those are defined in.
///
/// Ties go to the lower crate, so the order of votes has no influence. Where more voters are
/// `unknown` than are of any crate, nobody is elected.
fn elect(votes: &[Concluded], unknown: usize) -> Option<Concluded> {
    let winner = most(votes.iter().map(|o| o.owner.instantiated_by))?;
    let of_winner = votes.iter().filter(|o| o.owner.instantiated_by == winner);
    if of_winner.clone().count() < unknown {
        return None;
    }
    let krate = most(of_winner.map(|o| o.owner.krate))?;
    // A conclusion from guesses is one.
    let guessed = votes.iter().map(|o| o.owner.instantiated_evidence).filter(|e| e.is_guess()).max();
    let evidence = guessed.unwrap_or(Evidence::Reference);
    Some(Concluded {
        owner: conclusion(krate, winner, evidence),
        is_contested: unknown > 0
            || votes.iter().any(|o| o.is_contested || o.owner.instantiated_by != winner),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(krate: u32, by: u32) -> Owner {
        conclusion(CrateId(krate), CrateId(by), Evidence::Unit)
    }

    #[test]
    fn the_majority_wins_and_ties_do_not_depend_on_order() {
        let elect_of = |votes: &[Owner], unknown: usize| {
            let votes: Vec<Concluded> =
                votes.iter().map(|&owner| Concluded { owner, is_contested: false }).collect();
            elect(&votes, unknown).map(|o| (o.owner.krate.0, o.owner.instantiated_by.0, o.is_contested))
        };
        let elected = |votes: &[Owner]| elect_of(votes, 0);
        assert_eq!(elected(&[]), None);
        assert_eq!(elected(&[owner(1, 1), owner(2, 2), owner(3, 2)]), Some((2, 2, true)));
        assert_eq!(elected(&[owner(2, 2), owner(1, 1)]), Some((1, 1, true)));
        assert_eq!(elected(&[owner(1, 1), owner(2, 2)]), Some((1, 1, true)));
        // Generics of two crates that one crate instantiated: nobody else has a share.
        assert_eq!(elected(&[owner(1, 2), owner(2, 2)]), Some((1, 2, false)));
        // Who is unknown may be anybody.
        assert_eq!(elect_of(&[owner(1, 1)], 1), Some((1, 1, true)));
        assert_eq!(elect_of(&[owner(1, 1)], 2), None);
    }

    fn run(span: Range<u64>, symbol: SymbolId) -> Run {
        Run { span, section: crate::model::SectionId(1), kind: Kind::Rodata, symbol, file: None, owner: None }
    }

    #[test]
    fn anonymous_runs_are_cut_where_something_points_and_symbols_are_not() {
        let runs = [run(0..100, SymbolId::NONE), run(100..200, SymbolId(7))];
        // Nothing is known of the code that refers to 30.
        let from_code = [(10, Some(owner(1, 1))), (30, None), (150, Some(owner(2, 2)))];
        let mut objects = cut(&runs, &[0, 1], &from_code, &[(40, 500)]);
        let spans: Vec<_> = objects.iter().map(|o| o.span.clone()).collect();
        assert_eq!(spans, [0..10, 10..30, 30..40, 40..100, 100..200]);
        vote_of_code(&mut objects, &from_code);
        let owners: Vec<_> = objects.iter().map(|o| o.owner.map(|o| o.owner.krate.0)).collect();
        assert_eq!(owners, [None, Some(1), None, None, Some(2)]);
    }

    #[test]
    fn ownership_passes_from_data_to_data() {
        let runs = [run(0..100, SymbolId::NONE)];
        let from_code = [(0, Some(owner(1, 1)))];
        // A table at 0 points at 50, which points at 80.
        let from_data = [(50, 8), (80, 56)];
        let mut objects = cut(&runs, &[0], &from_code, &from_data);
        vote_of_code(&mut objects, &from_code);
        let links = links(&objects, &from_data, &Finder::new(&runs));
        assert!(vote_of_data(&mut objects, &links, &runs));
        assert!(vote_of_data(&mut objects, &links, &runs));
        assert!(!vote_of_data(&mut objects, &links, &runs));
        assert!(objects.iter().all(|o| o.owner.is_some_and(|o| o.owner.krate.0 == 1)));
    }

    fn object(span: Range<u64>, by: u32) -> Object {
        let owner = Concluded { owner: owner(by, by), is_contested: false };
        Object { span, run: 0, owner: Some(owner) }
    }

    fn contested(objects: &[Object]) -> Vec<bool> {
        objects.iter().map(|o| o.owner.is_some_and(|o| o.is_contested)).collect()
    }

    #[test]
    fn what_data_of_another_crate_points_at_is_contested() {
        let runs = [run(0..100, SymbolId::NONE)];
        let mut objects = vec![object(0..20, 1), object(20..40, 2), object(40..60, 2)];
        // The first points at the second, which is not its own; the second at the third, which is.
        let of =
            |objects: &[Object], from_data: &[(u64, u64)]| links(objects, from_data, &Finder::new(&runs));
        let own = of(&objects, &[(20, 0), (40, 24)]);
        contest(&mut objects, &own, &runs);
        assert_eq!(contested(&objects), [false, true, false]);
        // Nothing is known of what lies at 80.
        let unknown = of(&objects, &[(0, 80)]);
        contest(&mut objects, &unknown, &runs);
        assert_eq!(contested(&objects), [true, true, false]);
    }

    #[test]
    fn the_shared_end_of_merged_texts_is_contested() {
        // "prefix of a word\0" of crate 1, "a word\0" of crate 2, "word\0" of crate 2; then another text.
        let mut objects = vec![object(0..10, 1), object(10..12, 2), object(12..17, 2), object(17..30, 1)];
        share_tails(&mut objects, |at| at < 17);
        assert_eq!(contested(&objects), [false, true, true, false]);
    }
}
