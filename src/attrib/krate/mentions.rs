//! Which crates the names of symbols mention.
//!
//! Knows nothing of units and places.

use std::collections::HashMap;

use super::book::{Book, Draft, Mention};
use crate::attrib::symbols::Symbols;
use crate::intern::{Distinct, Names};
use crate::model::{Source, SymbolRow};
use crate::names::{self, Scheme};
use crate::parallel;

/// Names are read in runs of this many, whatever the number of threads.
const CHUNK: usize = 8 * 1024;

/// What one name says; the numbers are those of [`Mentions::crates`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Said {
    pub defined_in: Option<u32>,
    pub suffix: Option<u32>,
    /// The mangling, if a crate was read from the name.
    pub scheme: Scheme,
    /// The mangling, whatever it says.
    pub mangling: Scheme,
}

/// A name that says nothing.
const NOTHING: Said = Said { defined_in: None, suffix: None, scheme: Scheme::Plain, mangling: Scheme::Plain };

/// What all names say.
pub(super) struct Mentions {
    pub crates: Vec<Mention>,
    /// By symbol row.
    pub said: Vec<Said>,
}

impl Mentions {
    /// Reads the names of all symbols; `paths` says by row whether the name is a path that
    /// rustc wrote for people, if any is.
    pub fn read(symbols: &Symbols, paths: &[bool], text: &Names) -> Mentions {
        let rows: Vec<(usize, &SymbolRow)> = symbols.rows.iter().enumerate().collect();
        let chunks: Vec<(Vec<Mention>, Vec<Said>)> = parallel::lots(&rows, CHUNK, |rows| {
            let mut local: Distinct<names::CrateRef<'_>> = Distinct::default();
            let is_path = |index: usize| paths.get(index) == Some(&true);
            let said = rows.iter().map(|&(index, row)| say(row, is_path(index), text, &mut local));
            let said = said.collect();
            let mention = |c: names::CrateRef<'_>| Mention { name: c.name.into_owned(), id: c.id };
            (local.into_values().into_iter().map(mention).collect(), said)
        });
        let mut all: Distinct<Mention> = Distinct::default();
        let mut said = Vec::with_capacity(symbols.rows.len());
        for (local, of_chunk) in chunks {
            let global: Vec<u32> = local.into_iter().map(|mention| all.insert(mention)).collect();
            let map = |m: Option<u32>| m.and_then(|m| global.get(m as usize)).copied();
            said.extend(of_chunk.iter().map(|s| Said {
                defined_in: map(s.defined_in),
                suffix: map(s.suffix),
                ..*s
            }));
        }
        Mentions { crates: all.into_values(), said }
    }

    /// Whether any name is of this mangling.
    pub fn has(&self, scheme: Scheme) -> bool {
        self.said.iter().any(|s| s.scheme == scheme)
    }

    /// The crate that most of these symbols are defined in, among those `eligible`.
    pub fn most_defined(&self, rows: &[usize], eligible: impl Fn(&Mention) -> bool) -> Option<&Mention> {
        let mut votes: HashMap<u32, usize> = HashMap::new();
        for said in rows.iter().filter_map(|&row| self.said.get(row)) {
            if let Some(m) = said.defined_in
                && self.crates.get(m as usize).is_some_and(&eligible)
            {
                *votes.entry(m).or_default() += 1;
            }
        }
        let best = votes.into_iter().max_by_key(|&(m, count)| (count, std::cmp::Reverse(m)))?;
        self.crates.get(best.0 as usize)
    }

    /// The crate whose `main` the symbol is.
    pub fn of_main(&self, row: usize, symbols: &Symbols, text: &Names) -> Option<&Mention> {
        let mention = self.crates.get(self.said.get(row)?.defined_in? as usize)?;
        let raw = symbols.rows.get(row)?.plain_name(text);
        // The text is only made for the few names that can be meant.
        let is_main = raw.contains("4main") && names::display(raw) == format!("{}::main", mention.name);
        is_main.then_some(mention)
    }

    /// Tells the book which ids belong to the toolchain, where no path says so.
    ///
    /// A program whose own crates use the old mangling has new names from the
    /// prebuilt library only, so every id in them is the library's. (One prebuilt
    /// library of new names that is linked into such a program is taken for it.)
    /// Elsewhere a crate that the library instantiates is the library's.
    /// Of a crate whose generics the library hands out there may be nothing but copies;
    /// then the id that no unit and no file has is the library's.
    pub fn suppose_toolchain(&self, compiled: &[Draft], book: &mut Book) {
        let mixed = self.has(Scheme::RustLegacy) && self.has(Scheme::RustV0);
        let toolchain: Vec<bool> = self.crates.iter().map(|m| names::is_toolchain_crate(&m.name)).collect();
        let mut of_std = vec![mixed; self.crates.len()];
        for s in &self.said {
            if let (Some(defined), Some(suffix)) = (s.defined_in, s.suffix)
                && toolchain.get(suffix as usize) == Some(&true)
                && let Some(slot) = of_std.get_mut(defined as usize)
            {
                *slot = true;
            }
        }
        let settled: Vec<&str> = self
            .crates
            .iter()
            .zip(&of_std)
            .filter(|(_, of_std)| **of_std)
            .map(|(m, _)| m.name.as_str())
            .collect();
        for (mention, &of_std) in self.crates.iter().zip(&of_std).filter(|(m, _)| m.id.is_some()) {
            let draft = book.exact(mention);
            let lent = names::is_lent_crate(&mention.name) && !settled.contains(&mention.name.as_str());
            if of_std || lent && !compiled.contains(&draft) {
                book.suppose(draft, Source::Std);
            }
        }
    }
}

fn say<'t>(
    row: &SymbolRow,
    is_path: bool,
    text: &'t Names,
    local: &mut Distinct<names::CrateRef<'t>>,
) -> Said {
    if !row.sort.is_symbol() {
        return NOTHING;
    }
    let name = row.plain_name(text);
    let mut crates = names::crates(name);
    let mangling = crates.scheme;
    if is_path && crates.scheme == Scheme::Plain {
        crates = names::crates_of_path(name);
    }
    let mut number = |c: names::CrateRef<'t>| {
        // Shims that the compiler makes for the final program are no crate.
        let real = !names::is_shim_crate(&c.name);
        real.then(|| local.insert(c))
    };
    let defined_in = crates.defined_in.and_then(&mut number);
    let suffix = crates.instantiated_by.and_then(&mut number);
    let scheme = if defined_in.is_none() && suffix.is_none() { Scheme::Plain } else { crates.scheme };
    Said { defined_in, suffix, scheme, mangling }
}
