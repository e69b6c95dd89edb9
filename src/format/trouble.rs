//! Collects diagnostics of one reader, and few enough to read.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::error::Diagnostic;

/// How many diagnostics of one code are kept one by one.
const KEPT: u64 = 5;

/// Diagnostics in the order they were met; of each code only the first few.
#[derive(Debug, Default)]
pub(crate) struct Trouble {
    kept: Vec<Diagnostic>,
    counts: Vec<(&'static str, u64)>,
}

impl Trouble {
    /// Counts a diagnostic of this code, and makes it if it is to be kept.
    pub(crate) fn add(&mut self, code: &'static str, make: impl FnOnce() -> Diagnostic) {
        let seen = match self.counts.iter_mut().find(|(known, _)| *known == code) {
            Some((_, count)) => {
                *count += 1;
                *count
            }
            None => {
                self.counts.push((code, 1));
                1
            }
        };
        if seen <= KEPT {
            self.kept.push(make());
        }
    }

    /// What was kept, and for each code with more of them how many more.
    pub(crate) fn into_diagnostics(mut self) -> Vec<Diagnostic> {
        for (code, count) in self.counts {
            if count > KEPT {
                let more = count - KEPT;
                self.kept.push(Diagnostic::warning(code, format!("{more} more of the same kind")));
            }
        }
        self.kept
    }
}

/// How many diagnostics of one code are kept of all members of a file.
const OF_MEMBERS: u64 = 64;

/// Of diagnostics of many members, the first of each code; where there are more, their number.
pub(crate) fn of_members(all: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut counts: BTreeMap<Cow<'static, str>, u64> = BTreeMap::new();
    let mut kept = all;
    kept.retain(|diagnostic| {
        let count = counts.entry(diagnostic.code.clone()).or_default();
        *count += 1;
        *count <= OF_MEMBERS
    });
    for (code, count) in counts {
        if count > OF_MEMBERS {
            let text = format!("{} more of the same kind", count - OF_MEMBERS);
            kept.push(Diagnostic { code, ..Diagnostic::warning("", text) });
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_members_each_code_is_told_and_its_number() {
        let one = |code: &'static str, n: u64| Diagnostic::warning(code, format!("{n}"));
        let all = (0..100_000).map(|n| one("a", n)).chain([one("b", 0)]).collect();
        let kept = of_members(all);
        assert_eq!(kept.len(), 66);
        assert_eq!((&*kept[64].code, &*kept[65].code), ("b", "a"));
        assert_eq!(kept[65].message, "99936 more of the same kind");
        assert_eq!(of_members(vec![one("a", 1), one("a", 2)]), [one("a", 1), one("a", 2)]);
    }

    #[test]
    fn many_of_one_code_are_summed_up() {
        let mut trouble = Trouble::default();
        for i in 0..9 {
            trouble.add("a", || Diagnostic::warning("a", format!("{i}")));
        }
        trouble.add("b", || Diagnostic::warning("b", "once"));
        let all = trouble.into_diagnostics();
        assert_eq!(all.len(), 7);
        assert_eq!(all[6].message, "4 more of the same kind");
    }
}
