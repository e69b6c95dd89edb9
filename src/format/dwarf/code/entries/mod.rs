//! Entries of a unit, one after another, of which only some attributes are read.
//!
//! Most bytes of a unit are in attributes that nobody asks for. So a table of abbreviations becomes steps first: what
//! is not asked for is passed over, and what is passed over in a row is one step. Knows nothing of what attributes
//! mean. DWARF 5 sections 2.1 and 7.5.

use gimli::constants as dw;
use hashbrown::HashMap;

use crate::format::cursor::Cursor;
use crate::format::dwarf::form::{self, Length, Specification, Value};
use crate::format::dwarf::unit::Header;

/// How to read a part of an entry.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// Passes over as many bytes, offsets and addresses.
    Skip { bytes: u32, words: u32, addresses: u32 },
    /// Passes over a value of a form that says itself how long it is.
    Pass(dw::DwForm),
    /// Reads a value that is asked for.
    Read(Specification),
}

/// An abbreviation.
#[derive(Debug, Clone, Copy)]
struct Abbreviation {
    code: u64,
    tag: dw::DwTag,
    has_children: bool,
    /// Where its steps start, and end, in those of the table.
    steps: (usize, usize),
}

/// Abbreviations of one or more units.
#[derive(Debug, Default)]
pub(super) struct Table {
    steps: Vec<Step>,
    abbreviations: Vec<Abbreviation>,
    /// Index by code, of those that are not where compilers put them: in order of their codes, which start at 1.
    elsewhere: HashMap<u64, usize>,
}

impl Table {
    /// Reads a table to its end; `None` if it is cut off or not understood. A table may lack the zero at its end.
    /// `is_wanted` says which attributes are asked for, by tag; those are few.
    ///
    /// *Cost*: linear in the size of the table. An entry takes at most as many steps as it has bytes, and one for
    /// each attribute that is asked for.
    pub(super) fn read(mut c: Cursor<'_, '_>, is_wanted: fn(dw::DwTag, dw::DwAt) -> bool) -> Option<Table> {
        let mut table = Table::default();
        let mut seen: Vec<(dw::DwAt, usize)> = Vec::new();
        while !c.is_at_end() {
            let code = c.uleb()?;
            if code == 0 {
                break;
            }
            let tag = u16::try_from(c.uleb()?).ok().filter(|&tag| tag != 0).map(dw::DwTag)?;
            let has_children = match dw::DwChildren(c.u8()?) {
                dw::DW_CHILDREN_no => false,
                dw::DW_CHILDREN_yes => true,
                _ => return None,
            };
            let start = table.steps.len();
            seen.clear();
            while let Some(specification) = Specification::read(&mut c)? {
                if specification.name.0 == 0 || specification.form.0 == 0 {
                    return None;
                }
                if !is_wanted(tag, specification.name) {
                    table.pass(start, specification);
                    continue;
                }
                // Of attributes that take no byte of an entry there may be any number; the last of a name counts.
                let takes_none = form::length(specification.form) == Length::Bytes(0);
                match seen.iter().find(|(name, _)| takes_none && *name == specification.name) {
                    Some(&(_, at)) => table.steps[at] = Step::Read(specification),
                    None => {
                        if takes_none {
                            seen.push((specification.name, table.steps.len()));
                        }
                        table.steps.push(Step::Read(specification));
                    }
                }
            }
            let index = table.abbreviations.len();
            // What has two meanings has none.
            if table.get(code).is_some() {
                return None;
            }
            if code != index as u64 + 1 {
                table.elsewhere.insert(code, index);
            }
            let steps = (start, table.steps.len());
            table.abbreviations.push(Abbreviation { code, tag, has_children, steps });
        }
        Some(table)
    }

    /// Adds an attribute that is passed over to the steps of the abbreviation that start at `start`.
    fn pass(&mut self, start: usize, specification: Specification) {
        let (more_bytes, more_words, more_addresses) = match form::length(specification.form) {
            Length::Bytes(0) => return,
            Length::Bytes(n) => (u32::from(n), 0, 0),
            Length::Word => (0, 1, 0),
            Length::Address => (0, 0, 1),
            Length::Told => {
                self.steps.push(Step::Pass(specification.form));
                return;
            }
        };
        match self.steps.get_mut(start..).and_then(<[Step]>::last_mut) {
            Some(Step::Skip { bytes, words, addresses }) => {
                *bytes = bytes.saturating_add(more_bytes);
                *words = words.saturating_add(more_words);
                *addresses = addresses.saturating_add(more_addresses);
            }
            _ => {
                let (bytes, words, addresses) = (more_bytes, more_words, more_addresses);
                self.steps.push(Step::Skip { bytes, words, addresses });
            }
        }
    }

    fn get(&self, code: u64) -> Option<&Abbreviation> {
        let in_place = usize::try_from(code.checked_sub(1)?).ok().and_then(|i| self.abbreviations.get(i));
        match in_place.filter(|a| a.code == code) {
            None => self.abbreviations.get(*self.elsewhere.get(&code)?),
            found => found,
        }
    }
}

/// An entry, as far as its abbreviation tells.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    /// Offset of the entry in its section.
    pub offset: u64,
    /// How many entries it is within.
    pub depth: u64,
    pub tag: dw::DwTag,
    pub has_children: bool,
    steps: (usize, usize),
}

/// The entries of a unit in order. After each its attributes are to be read.
pub(super) struct Entries<'e, 'data, 'fix> {
    c: Cursor<'data, 'fix>,
    table: &'e Table,
    header: &'e Header,
    depth: u64,
    /// The code of the root entry, which headers tell.
    root: Option<u64>,
}

impl<'e, 'data, 'fix> Entries<'e, 'data, 'fix> {
    /// Those of a unit in the section that `all` reads.
    pub fn of(all: Cursor<'data, 'fix>, table: &'e Table, header: &'e Header) -> Option<Self> {
        let c = all.from(header.root)?.until(header.end);
        Some(Entries { c, table, header, depth: 0, root: Some(header.code) })
    }

    /// The next entry; `Some(None)` at the end of the unit, `None` if it is cut off or of an unknown abbreviation.
    pub fn next(&mut self) -> Option<Option<Entry>> {
        loop {
            let (offset, code) = match self.root.take() {
                Some(code) => (self.header.entry, code),
                None if self.c.is_at_end() => return Some(None),
                None => (self.c.at(), self.c.uleb()?),
            };
            if code == 0 {
                self.depth = self.depth.saturating_sub(1);
                continue;
            }
            let Abbreviation { tag, has_children, steps, .. } = *self.table.get(code)?;
            let depth = self.depth;
            self.depth += u64::from(has_children);
            return Some(Some(Entry { offset, depth, tag, has_children, steps }));
        }
    }

    /// Tells the attributes of the entry that are asked for, each with the offset of its value; `None` if it is cut
    /// off.
    #[inline]
    pub fn read(&mut self, entry: Entry, mut tell: impl FnMut(dw::DwAt, u64, Value<'data>)) -> Option<()> {
        let (start, end) = entry.steps;
        for step in self.table.steps.get(start..end).unwrap_or_default() {
            match *step {
                Step::Skip { bytes, words, addresses } => {
                    let words = u64::from(words) * u64::from(self.header.word);
                    let addresses = u64::from(addresses) * u64::from(self.header.address_size);
                    self.c.skip(u64::from(bytes) + words + addresses)?;
                }
                // Where variables are is most of it.
                Step::Pass(dw::DW_FORM_exprloc) => {
                    let len = self.c.uleb()?;
                    self.c.skip(len)?;
                }
                Step::Pass(dw::DW_FORM_udata) => {
                    self.c.uleb()?;
                }
                Step::Pass(form) => {
                    let nameless = Specification { name: dw::DwAt(0), form, implicit: 0 };
                    form::value(&mut self.c, self.header, nameless)?;
                }
                Step::Read(specification) => {
                    let at = self.c.at();
                    tell(specification.name, at, form::value(&mut self.c, self.header, specification)?);
                }
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests;
