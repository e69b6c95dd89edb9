//! What the functions of a C library are called.
//!
//! Libraries of C start the names of what they export with their own. Such
//! functions follow no file in the symbol table, but lie among private functions
//! of their files, which do.

use std::collections::HashMap;

use super::book::Draft;
use crate::format::{Binding, Image, SymbolKind};
use crate::names::{Scheme, scheme};
use crate::order::Arrange;

/// Most functions of one library that are asked.
const ASKED: usize = 1 << 12;

/// Exported functions of C by the files they lie next to.
pub(super) struct Voices<'i> {
    by_file: HashMap<u32, Vec<&'i str>>,
}

/// A function, as far as it matters here.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Function<'i> {
    /// Of a file of the symbol table.
    Private(u32),
    Exported(&'i str),
}

impl<'i> Voices<'i> {
    /// Lists the functions of a file.
    pub fn new(image: &'i Image<'_>) -> Voices<'i> {
        let functions = image.symbols.iter().filter(|s| s.kind == SymbolKind::Function);
        let placed = functions.filter_map(|symbol| {
            let function = match (symbol.binding, symbol.file) {
                (Binding::Local, file) => Function::Private(file?),
                _ => {
                    let name = std::str::from_utf8(symbol.plain_name()).ok()?;
                    Function::Exported(Some(name).filter(|name| scheme(name) == Scheme::Plain)?)
                }
            };
            Some((symbol.pos?, function))
        });
        Voices::of(placed.collect())
    }

    /// Gives each exported function to the files of the private ones before and behind it.
    fn of(mut placed: Vec<(u64, Function<'i>)>) -> Voices<'i> {
        placed.arrange();
        let mut by_file: HashMap<u32, Vec<&str>> = HashMap::new();
        let mut before: Option<u32> = None;
        let mut between: Vec<&str> = Vec::new();
        for (_, function) in placed {
            match function {
                Function::Exported(name) => between.push(name),
                Function::Private(file) => {
                    for file in before.filter(|b| *b != file).into_iter().chain([file]) {
                        by_file.entry(file).or_default().extend(&between);
                    }
                    between.clear();
                    before = Some(file);
                }
            }
        }
        if let Some(file) = before {
            by_file.entry(file).or_default().extend(&between);
        }
        Voices { by_file }
    }

    /// The one whose name most functions next to those of `files` start with, if more than half do.
    pub fn majority(&self, files: &[usize], speakers: &[(String, Draft)]) -> Option<Draft> {
        let names = files.iter().filter_map(|&file| self.by_file.get(&u32::try_from(file).ok()?));
        let mut asked = 0usize;
        let mut votes = vec![0usize; speakers.len()];
        for name in names.flatten().take(ASKED) {
            asked += 1;
            let name = name.trim_start_matches('_');
            let starts =
                |with: &str| name.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with));
            if let Some(vote) = speakers.iter().position(|(with, _)| starts(with)) {
                votes[vote] += 1;
            }
        }
        let best = (0..votes.len()).max_by_key(|&i| (votes[i], std::cmp::Reverse(i)))?;
        (votes[best] * 2 > asked).then(|| speakers[best].1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attrib::krate::book::Book;

    #[test]
    fn exported_functions_among_private_ones_say_whose_library_it_is() {
        let mut book = Book::default();
        let onig = book.bare("onig");
        let other = book.bare("bitflags");
        let speakers = [("onig".to_string(), onig), ("bitflags".to_string(), other)];
        let (private, exported) = (Function::Private, Function::Exported);
        let voices = Voices::of(vec![
            (5, private(3)),
            (7, exported("bitflags_of_another")),
            (10, private(7)),
            (20, exported("onig_new")),
            (30, exported("OnigEncode")),
            (35, private(7)),
            (40, exported("_onig_init")),
        ]);
        assert_eq!(voices.majority(&[7], &speakers), Some(onig));
        assert_eq!(voices.majority(&[7], &speakers[1..]), None);
        assert_eq!(voices.majority(&[8], &speakers), None);
    }
}
