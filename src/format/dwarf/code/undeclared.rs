//! Functions that entries do not tell the file of: with line tables alone, two functions of one name differ in nothing
//! but the file that their lines are in.

use hashbrown::HashSet;

use super::NO_INDEX;
use super::tree::{Origin, Said, Text, Tree};

/// How often entries that refer to one another are followed.
const ROUNDS: usize = 8;

/// Entries, by offset, of functions that have neither a name that linkers see nor a file they are declared in.
pub(super) struct Undeclared(HashSet<usize>);

impl Undeclared {
    /// Those of all units: entries of one may be about functions that another describes.
    ///
    /// *Cost*: linear in the number of functions, most often one pass.
    pub fn of(trees: &[(usize, Tree)]) -> Undeclared {
        let silent = |said: &&Said| said.linkage == Text::None && said.file == NO_INDEX;
        let all = || trees.iter().flat_map(|(_, tree)| &tree.functions).filter(silent);
        let mut found: HashSet<usize> =
            all().filter(|said| said.name != Text::None).map(|said| said.offset).collect();
        // An entry that says nothing but what it is an instance of.
        for _ in 0..ROUNDS {
            let before = found.len();
            if before == 0 {
                break;
            }
            let more =
                all().filter(|said| matches!(said.origin, Origin::Here(at) if found.contains(&at.get())));
            let more: Vec<usize> = more.map(|said| said.offset).collect();
            found.extend(more);
            if found.len() == before {
                break;
            }
        }
        Undeclared(found)
    }

    /// Whether one of them has code in a unit, be it inlined.
    pub fn has_code_in(&self, tree: &Tree) -> bool {
        let is = |origin: &Origin| matches!(origin, Origin::Here(at) if self.0.contains(&at.get()));
        !self.0.is_empty() && tree.origins.iter().any(is)
    }
}
