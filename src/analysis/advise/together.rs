//! Several pieces of advice at once.

use crate::order::Arrange;
use std::collections::BTreeMap;

use super::{Advice, Base, Basis, Change, Saving};

/// What can be changed at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Together {
    /// Which pieces of advice, as indices into the list.
    pub members: Vec<usize>,
    /// Keys and values of the profile, in order of keys.
    pub profile: BTreeMap<&'static str, &'static str>,
    /// Flags for rustc.
    pub rustflags: Vec<&'static str>,
    /// What that saves of the file that ships.
    pub saving: Option<Saving>,
}

/// Puts together what a program can change: settings of the profile, and flags.
///
/// Where two contradict each other, the one with the larger `worth` stands; one that another contains is not
/// counted on its own. `None` if there are not two.
///
/// The most likely saving is the sum of all, though parts overlap: three programs saved 77%, 95% and 99% of what
/// the parts saved one by one. It is at least what one of them saves at least.
pub fn together(list: &[Advice], worth: impl Fn(usize) -> i64) -> Option<Together> {
    let mut order: Vec<usize> = (0..list.len()).filter(|&i| list[i].change.is_mechanical()).collect();
    order.arrange_by_key(|&i| std::cmp::Reverse(worth(i)));
    let mut all =
        Together { members: Vec::new(), profile: BTreeMap::new(), rustflags: Vec::new(), saving: None };
    for index in order {
        match &list[index].change {
            Change::Profile(lines) => {
                let fits = lines.iter().all(|(key, value)| all.profile.get(key).is_none_or(|v| v == value));
                let is_new = lines.iter().any(|(key, _)| !all.profile.contains_key(key));
                if !fits || !is_new {
                    continue;
                }
                all.profile.extend(lines.iter().copied());
            }
            Change::Rustflags(flags) => {
                let new = flags.chunks(2).filter(|flag| !all.rustflags.chunks(2).any(|known| known == *flag));
                let new: Vec<&str> = new.flatten().copied().collect();
                all.rustflags.extend(new);
            }
            _ => continue,
        }
        all.members.push(index);
    }
    let lines = |i: usize| match &list[i].change {
        Change::Profile(lines) => lines.as_slice(),
        _ => &[],
    };
    let is_part = |a: usize, b: usize| {
        a != b && lines(a).len() < lines(b).len() && lines(a).iter().all(|line| lines(b).contains(line))
    };
    let members = all.members.clone();
    all.members.retain(|&a| lines(a).is_empty() || !members.iter().any(|&b| is_part(a, b)));
    all.members.arrange();
    let savings = all.members.iter().filter_map(|&i| list[i].saving.filter(|s| s.base == Base::Shipped));
    all.saving = savings.reduce(|a, b| Saving {
        low: a.low.max(b.low),
        likely: a.likely.saturating_add(b.likely),
        high: a.high.saturating_add(b.high),
        base: Base::Shipped,
        basis: Basis::Experience,
    });
    (all.members.len() > 1).then_some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn advice(rule: &'static str, change: Change, bounds: Option<[u64; 3]>) -> Advice {
        let saving = bounds.map(|[low, likely, high]| Saving {
            low,
            likely,
            high,
            base: Base::Shipped,
            basis: Basis::Experience,
        });
        Advice {
            rule,
            title: String::new(),
            finding: String::new(),
            proof: Vec::new(),
            saving,
            change,
            cost: "",
            unfit: &[],
        }
    }

    #[test]
    fn contradictions_are_settled_and_what_is_contained_counts_once() {
        let list = [
            advice(
                "lto",
                Change::Profile(vec![("lto", "\"fat\""), ("codegen-units", "1")]),
                Some([10, 27, 45]),
            ),
            advice("z", Change::Profile(vec![("opt-level", "\"z\"")]), Some([6, 19, 38])),
            advice("units", Change::Profile(vec![("codegen-units", "1")]), Some([5, 20, 35])),
            advice("s", Change::Profile(vec![("opt-level", "\"s\"")]), Some([4, 15, 30])),
            advice("look", Change::Look(String::new()), Some([50, 50, 50])),
            advice("icf", Change::Rustflags(vec!["-C", "a", "-C", "b"]), Some([1, 2, 3])),
            advice("relr", Change::Rustflags(vec!["-C", "a"]), None),
        ];
        let all = together(&list, |i| list[i].saving.map_or(0, |s| s.likely as i64)).unwrap();
        assert_eq!(all.members, [0, 1, 5, 6]);
        assert_eq!(all.rustflags, ["-C", "a", "-C", "b"]);
        assert_eq!(all.profile.values().collect::<Vec<_>>(), [&"1", &"\"fat\"", &"\"z\""]);
        let saving = all.saving.unwrap();
        assert_eq!([saving.low, saving.likely, saving.high], [10, 48, 86]);
        // The part may be worth more than the whole.
        let all = together(&list, |i| i64::from(i == 2)).unwrap();
        assert!(all.members.contains(&0) && !all.members.contains(&2));
        // What was measured decides.
        let all = together(&list, |i| i64::from(i == 3)).unwrap();
        assert!(all.members.contains(&3) && !all.members.contains(&1));
        assert!(together(&list[..1], |_| 0).is_none());
    }
}
