//! Collects diagnostics of one reader, and few enough to read.

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

#[cfg(test)]
mod tests {
    use super::*;

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
