//! Which of many items are equal when each refers to others of them.
//!
//! Two items are equal if what they hold is, and what they refer to is, item for item. As items
//! may refer to each other in circles, equality is assumed of all that hold the same, and given up
//! where references tell two apart, until nothing changes: the coarsest partition that is stable.
//! Knows nothing of code or files.

use crate::attrib::operands::Place;
use crate::hash::Hash;
use crate::parallel;

/// Most rounds of telling apart. Programs need ten; chains made up for it need one for each link.
const ROUNDS: usize = 64;

/// Groups are looked at in lots of this many, whatever the number of threads.
const LOT: usize = 64;

/// What an item refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Aim {
    /// A position that is no part of any item.
    Place(u64),
    /// What has no position.
    Nowhere(Place),
    /// A place in an item.
    Item {
        /// Its number.
        item: u32,
        /// Offset in it.
        into: u64,
        /// Whether it is reached through a pointer that is stored elsewhere.
        is_stored: bool,
    },
}

/// Items that hold the same, each with what it refers to, in order.
pub(super) struct Alike {
    /// Numbers of the items, ascending.
    pub members: Vec<u32>,
    /// By member: all have equally many.
    pub aims: Vec<Vec<Aim>>,
}

/// The outcome.
pub(super) struct Classes {
    /// By item: the number of the first item that it is equal to; its own if there is none before it.
    pub first: Vec<u32>,
    /// Whether circles were given up on: what is left as equal is, but other items may be too.
    pub is_cut_short: bool,
}

/// Divides items into classes of equals. `alike` are the candidates; all `count` items but those are unique.
///
/// Items for which `is_unique` holds are equal to none but themselves.
///
/// *Cost*: linear in the references of all candidates, for each of at most [`ROUNDS`] rounds.
pub(super) fn classes(count: usize, alike: &[Alike], is_unique: &(dyn Fn(u32) -> bool + Sync)) -> Classes {
    let mut first: Vec<u32> = (0..count as u32).collect();
    // Indices of members of one class within a group of `alike`.
    let mut open: Vec<(u32, Vec<u32>)> = Vec::new();
    for (group, items) in alike.iter().enumerate() {
        let members = (0..items.members.len() as u32).filter(|&m| !is_unique(items.members[m as usize]));
        let members: Vec<u32> = members.collect();
        if members.len() > 1 {
            assign(&mut first, items, &members);
            open.push((group as u32, members));
        }
    }
    for _ in 0..ROUNDS {
        let seen = |aim: &Aim| match *aim {
            Aim::Item { item, into, is_stored } => {
                Aim::Item { item: first.get(item as usize).copied().unwrap_or(item), into, is_stored }
            }
            place => place,
        };
        let parts = split_all(alike, &open, &seen);
        let before = open.len();
        let dropped = parts.iter().map(|(_, p)| p.len()).sum::<usize>();
        let all = open.iter().map(|(_, p)| p.len()).sum::<usize>();
        if parts.len() == before && dropped == all {
            return Classes { first, is_cut_short: false };
        }
        settle(&mut first, alike, &open, &parts);
        open = parts;
    }
    // What refers to the very same things is equal, whatever those are.
    let parts = split_all(alike, &open, &|aim: &Aim| *aim);
    settle(&mut first, alike, &open, &parts);
    Classes { first, is_cut_short: true }
}

type Part = (u32, Vec<u32>);

/// Divides every class by what its members refer to; classes of one are left out.
fn split_all(alike: &[Alike], open: &[Part], seen: &(dyn Fn(&Aim) -> Aim + Sync)) -> Vec<Part> {
    let lots: Vec<Vec<Part>> = parallel::lots(open, LOT, |lot| {
        let mut out = Vec::with_capacity(lot.len());
        for (group, members) in lot {
            split(&alike[*group as usize], members, seen, |part| out.push((*group, part)));
        }
        out
    });
    lots.into_iter().flatten().collect()
}

fn split(items: &Alike, members: &[u32], seen: &dyn Fn(&Aim) -> Aim, mut found: impl FnMut(Vec<u32>)) {
    let hash = |member: u32| {
        let mut hash = Hash::new();
        for aim in items.aims[member as usize].iter() {
            let (tag, a, b) = match seen(aim) {
                Aim::Place(place) => (0, place, 0),
                Aim::Nowhere(Place::Position(at) | Place::Address(at)) => (3, at, 0),
                Aim::Nowhere(Place::Function(number)) => (4, number, 0),
                Aim::Item { item, into, is_stored } => (1 + u64::from(is_stored), u64::from(item), into),
            };
            for part in [tag, a, b] {
                hash.add(&part.to_le_bytes());
            }
        }
        hash.value()
    };
    let mut keyed: Vec<(u64, u32)> = members.iter().map(|&m| (hash(m), m)).collect();
    // Members of one hash stay in order.
    radsort::sort_by_key(&mut keyed, |(hash, _)| *hash);
    let mut parts: Vec<Vec<u32>> = Vec::new();
    for run in keyed.chunk_by(|a, b| a.0 == b.0) {
        let aims = |member: u32| items.aims[member as usize].iter().map(seen);
        let (_, head) = run[0];
        // A hash that two share by accident, or because somebody made it so, groups nothing.
        let part: Vec<u32> = run.iter().map(|&(_, m)| m).filter(|&m| aims(m).eq(aims(head))).collect();
        if part.len() > 1 {
            parts.push(part);
        }
    }
    // By their first members, so that no hash shows in the order.
    radsort::sort_by_key(&mut parts, |part| part.first().copied().unwrap_or(u32::MAX));
    parts.into_iter().for_each(&mut found);
}

/// Gives members of `open` that are in no part a class of their own, and parts theirs.
fn settle(first: &mut [u32], alike: &[Alike], open: &[Part], parts: &[Part]) {
    for (group, members) in open {
        let items = &alike[*group as usize];
        for &member in members {
            let item = items.members[member as usize];
            first[item as usize] = item;
        }
    }
    for (group, members) in parts {
        assign(first, &alike[*group as usize], members);
    }
}

fn assign(first: &mut [u32], items: &Alike, members: &[u32]) {
    let head = items.members[members[0] as usize];
    for &member in members {
        first[items.members[member as usize] as usize] = head;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(item: u32) -> Aim {
        Aim::Item { item, into: 0, is_stored: false }
    }

    fn alike(members: &[(u32, &[Aim])]) -> Alike {
        Alike {
            members: members.iter().map(|m| m.0).collect(),
            aims: members.iter().map(|m| m.1.to_vec()).collect(),
        }
    }

    fn of(count: usize, groups: &[Alike]) -> Vec<u32> {
        let classes = classes(count, groups, &|_| false);
        assert!(!classes.is_cut_short);
        classes.first
    }

    #[test]
    fn items_that_refer_to_each_other_in_circles_are_equal() {
        // 0 calls 1 and 1 calls 0.
        assert_eq!(of(2, &[alike(&[(0, &[item(1)]), (1, &[item(0)])])]), [0, 0]);
        // The same in pairs: 0 calls 2, 1 calls 3, 2 calls 0, 3 calls 1.
        let callers = alike(&[(0, &[item(2)]), (1, &[item(3)])]);
        let callees = alike(&[(2, &[item(0)]), (3, &[item(1)])]);
        assert_eq!(of(4, &[callers, callees]), [0, 0, 2, 2]);
    }

    #[test]
    fn what_is_told_apart_tells_others_apart() {
        // 4 and 5 refer to two places, so 2 and 3, which call them, differ, and so do 0 and 1.
        let groups = [
            alike(&[(0, &[item(2)]), (1, &[item(3)])]),
            alike(&[(2, &[item(4)]), (3, &[item(5)])]),
            alike(&[(4, &[Aim::Place(1)]), (5, &[Aim::Place(2)])]),
        ];
        assert_eq!(of(6, &groups), [0, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn offsets_and_detours_count() {
        let at = |into, is_stored| Aim::Item { item: 4, into, is_stored };
        let group =
            [alike(&[(0, &[at(0, false)]), (1, &[at(8, false)]), (2, &[at(0, true)]), (3, &[at(8, false)])])];
        assert_eq!(of(5, &group), [0, 1, 2, 1, 4]);
    }

    #[test]
    fn what_is_unique_has_no_equals() {
        let group = [alike(&[(0, &[]), (1, &[]), (2, &[])])];
        assert_eq!(classes(3, &group, &|item| item == 1).first, [0, 1, 0]);
    }

    #[test]
    fn chains_without_end_cost_bounded_rounds_and_claim_nothing_false() {
        // Two chains of equals, each link referring to the next; the ends differ.
        let links = 1000u32;
        let aims: Vec<[Aim; 1]> = (0..2 * links)
            .map(|n| [if n % links + 1 < links { item(n + 1) } else { Aim::Place(u64::from(n)) }])
            .collect();
        let members: Vec<(u32, &[Aim])> = aims.iter().enumerate().map(|(n, a)| (n as u32, &a[..])).collect();
        let found = classes(2 * links as usize, &[alike(&members)], &|_| false);
        assert!(found.is_cut_short);
        assert!(found.first.iter().enumerate().all(|(n, &first)| n as u32 == first));
    }

    #[test]
    fn the_outcome_is_the_coarsest_stable_partition() {
        arbtest::arbtest(|u| {
            let count = u.int_in_range(1..=12u32)?;
            let contents: Vec<u8> = (0..count).map(|_| u.int_in_range(0..=2u8)).collect::<Result<_, _>>()?;
            let mut all: Vec<Vec<Aim>> = Vec::new();
            for content in &contents {
                let aims = (0..*content).map(|_| {
                    Ok(match u.ratio(1, 8)? {
                        true => Aim::Place(u.int_in_range(0..=1u64)?),
                        false => item(u.int_in_range(0..=count - 1)?),
                    })
                });
                all.push(aims.collect::<Result<_, arbtest::arbitrary::Error>>()?);
            }
            let groups: Vec<Alike> = (0..=2u8)
                .map(|content| {
                    let members = (0..count).filter(|&n| contents[n as usize] == content);
                    let members: Vec<(u32, &[Aim])> = members.map(|n| (n, &all[n as usize][..])).collect();
                    alike(&members)
                })
                .filter(|group| group.members.len() > 1)
                .collect();
            let found = of(count as usize, &groups);
            // Brute force: pairs that are not yet told apart, until none is added.
            let n = count as usize;
            let mut differs = vec![vec![false; n]; n];
            loop {
                let before = differs.clone();
                for a in 0..n {
                    for b in 0..n {
                        let same_aims = || {
                            all[a].iter().zip(&all[b]).all(|pair| match pair {
                                (Aim::Place(x), Aim::Place(y)) => x == y,
                                (Aim::Item { item: x, .. }, Aim::Item { item: y, .. }) => {
                                    !before[*x as usize][*y as usize]
                                }
                                _ => false,
                            })
                        };
                        differs[a][b] |= contents[a] != contents[b] || !same_aims();
                    }
                }
                if differs == before {
                    break;
                }
            }
            for a in 0..n {
                for b in 0..n {
                    assert_eq!(found[a] == found[b], !differs[a][b], "{a} {b} {all:?}");
                }
            }
            Ok(())
        });
    }
}
