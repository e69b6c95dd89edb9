//! The word that a misspelt one was meant to be, and what there is to be meant.

use hashbrown::HashSet;

use crate::model::Model;
use crate::model::view::{Dim, Keys};

/// All names in a dimension that bytes of any model have, in order.
///
/// *Cost*: a pass over the leaves of each model, and each name is written once.
pub fn known(dim: Dim, models: &[&Model]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for model in models {
        let keys = Keys::new(model, dim);
        let used: HashSet<u32> = model.leaves.iter().map(|leaf| keys.key(&leaf)).collect();
        names.extend(used.into_iter().flat_map(|key| keys.texts(key)).filter(|name| !name.is_empty()));
    }
    names.sort_unstable();
    names.dedup();
    names
}

/// The candidate that is fewest edits away, if any is close enough to be meant.
///
/// An edit is a letter more, less or another. Of several candidates as close, the first wins.
///
/// *Cost*: for each candidate of similar length, its length times a small constant.
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let word: Vec<char> = word.chars().collect();
    let mut least = (word.len() / 3).clamp(1, MOST) + 1;
    let mut found = None;
    for candidate in candidates {
        if let Some(edits) = edits(&word, candidate, least - 1) {
            found = Some(candidate);
            least = edits;
            if least == 0 {
                break;
            }
        }
    }
    found
}

/// Most edits between a word and what it was meant to be.
const MOST: usize = 3;

/// How many edits `other` is away, if not more than `most`. Looks only at cells near the diagonal.
fn edits(word: &[char], other: &str, most: usize) -> Option<usize> {
    // Four bytes a letter at most: far too long without counting.
    if other.len() > 4 * (word.len() + most) {
        return None;
    }
    let other: Vec<char> = other.chars().collect();
    if word.len().abs_diff(other.len()) > most {
        return None;
    }
    // Edits between the first letters of `word` and of `other`, a row for each letter of `word`.
    let mut above: Vec<usize> = (0..=other.len()).collect();
    for (row, a) in word.iter().enumerate() {
        let mut line = vec![most + 1; other.len() + 1];
        line[0] = row + 1;
        let band = row.saturating_sub(most)..(row + most + 1).min(other.len());
        for column in band.clone() {
            let kept = above[column] + usize::from(*a != other[column]);
            line[column + 1] = kept.min(line[column] + 1).min(above[column + 1] + 1);
        }
        if line.iter().all(|&edits| edits > most) {
            return None;
        }
        above = line;
    }
    above.last().copied().filter(|&edits| edits <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without any shortcut.
    fn all_edits(a: &[char], b: &[char]) -> usize {
        let mut table = vec![vec![0; b.len() + 1]; a.len() + 1];
        for i in 0..=a.len() {
            for j in 0..=b.len() {
                table[i][j] = match (i, j) {
                    (0, n) | (n, 0) => n,
                    _ => (table[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]))
                        .min(table[i - 1][j] + 1)
                        .min(table[i][j - 1] + 1),
                };
            }
        }
        table[a.len()][b.len()]
    }

    #[test]
    fn the_closest_word_is_found() {
        let words = ["max", "max-growth", "measure"];
        assert_eq!(nearest("max_growth", words), Some("max-growth"));
        assert_eq!(nearest("mex", words), Some("max"));
        assert_eq!(nearest("measur", words), Some("measure"));
        assert_eq!(nearest("limit", words), None);
        assert_eq!(nearest("", words), None);
    }

    #[test]
    fn the_shortcut_counts_as_the_whole_table_does() {
        arbtest::arbtest(|u| {
            let mut word = || -> arbtest::arbitrary::Result<Vec<char>> {
                (0..u.int_in_range(0..=9)?).map(|_| Ok(*u.choose(&['a', 'b', 'é'])?)).collect()
            };
            let (a, b) = (word()?, word()?);
            let whole = all_edits(&a, &b);
            for most in 0..=4 {
                let found = edits(&a, &b.iter().collect::<String>(), most);
                assert_eq!(found, (whole <= most).then_some(whole), "{a:?} {b:?} {most}");
            }
            Ok(())
        });
    }
}
