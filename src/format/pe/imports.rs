//! Imports, and imports that are loaded when first called.
//!
//! For each library a descriptor, and two tables of one word for each function: what
//! to look up, and where the loader puts what it found. Names lie apart, each with
//! a number in front that says where to look first.

use std::ops::Range;

use object::pe;

use super::headers::{Directory, File};
use super::mapped::{LONGEST_NAME, Mapped};
use crate::error::Diagnostic;
use crate::format::cursor::Cursor;
use crate::format::trouble::Trouble;
use crate::format::{Binding, Charge, Region, RegionPlace, Symbol, SymbolKind, Target};
use crate::kind::Kind;

/// What an image imports.
#[derive(Default)]
pub(super) struct Imports<'data> {
    pub needed: Vec<String>,
    pub symbols: Vec<Symbol<'data>>,
    /// On account of `symbols`, by their index there.
    pub charges: Vec<Charge>,
    pub regions: Vec<Region>,
    pub diagnostics: Vec<Diagnostic>,
}

/// Names of the structures of imports of one sort.
struct Words {
    directory: &'static str,
    lookup: &'static str,
    addresses: &'static str,
}

const AT_START: Words =
    Words { directory: "import directory", lookup: "import lookup table", addresses: "import address table" };
const DELAYED: Words = Words {
    directory: "delay import directory",
    lookup: "delay import lookup table",
    addresses: "delay import address table",
};
const NAMES: &str = "import names";

/// One library.
struct Library {
    name: u32,
    lookup: u32,
    addresses: u32,
}

/// Reads both directories of imports.
pub(super) fn read<'data>(file: &File<'data>, mapped: &Mapped<'_, 'data>) -> Imports<'data> {
    let mut reader = Reader {
        mapped,
        // Each word and each name is in the file once; what overlaps is not read again and again.
        left: file.len(),
        out: Imports::default(),
        trouble: Trouble::default(),
    };
    if let Some(directory) = file.directory(pe::IMAGE_DIRECTORY_ENTRY_IMPORT) {
        let libraries = reader.libraries(directory, &AT_START, 20, at_start);
        libraries.iter().for_each(|library| reader.library(library, &AT_START));
    }
    if let Some(directory) = file.directory(pe::IMAGE_DIRECTORY_ENTRY_DELAY_IMPORT) {
        let base = mapped.base;
        let libraries = reader.libraries(directory, &DELAYED, 32, |c| delayed(c, base));
        libraries.iter().for_each(|library| reader.library(library, &DELAYED));
    }
    if let Some(table) = file.directory(pe::IMAGE_DIRECTORY_ENTRY_IAT)
        && let Some(span) = mapped.span(table.rva, u64::from(table.size))
    {
        reader.region(span, AT_START.addresses);
    }
    reader.out.diagnostics = reader.trouble.into_diagnostics();
    reader.out
}

/// `IMAGE_IMPORT_DESCRIPTOR`; the last one is zeros.
fn at_start(mut c: Cursor<'_, '_>) -> Option<Library> {
    let lookup = c.u32()?;
    c.skip(8)?;
    let (name, addresses) = (c.u32()?, c.u32()?);
    (name != 0 && addresses != 0).then_some(Library {
        name,
        // Linkers of Borland leave one table for both.
        lookup: if lookup == 0 { addresses } else { lookup },
        addresses,
    })
}

/// `IMAGE_DELAYLOAD_DESCRIPTOR`: the first word says whether the others are relative
/// to the image; in old 32-bit programs they are addresses.
fn delayed(mut c: Cursor<'_, '_>, base: u64) -> Option<Library> {
    let is_relative = c.u32()? & pe::IMAGE_DELAYLOAD_RVA_BASED != 0;
    let relative = |value: u32| {
        if is_relative { Some(value) } else { u32::try_from(u64::from(value).checked_sub(base)?).ok() }
    };
    let name = c.u32()?;
    c.skip(4)?;
    let (addresses, lookup) = (c.u32()?, c.u32()?);
    if name == 0 {
        return None;
    }
    Some(Library { name: relative(name)?, lookup: relative(lookup)?, addresses: relative(addresses)? })
}

struct Reader<'r, 'data> {
    mapped: &'r Mapped<'r, 'data>,
    /// Words and bytes of names that are still looked at.
    left: u64,
    out: Imports<'data>,
    trouble: Trouble,
}

impl<'data> Reader<'_, 'data> {
    fn region(&mut self, span: Range<u64>, name: &'static str) {
        match self.out.regions.last_mut() {
            Some(last) if last.name == name && last.span.end == span.start => last.span.end = span.end,
            _ if span.is_empty() => {}
            _ => {
                let (kind, place) = (Kind::Dynamic, RegionPlace::InSection);
                self.out.regions.push(Region { span, name: name.into(), kind, place });
            }
        }
    }

    /// The descriptors of a directory, up to the one that ends it.
    fn libraries(
        &mut self,
        directory: Directory,
        words: &Words,
        size: u64,
        read: impl Fn(Cursor<'data, 'static>) -> Option<Library>,
    ) -> Vec<Library> {
        let Some(run) = self.mapped.run(directory.rva) else {
            self.trouble.add("imports-out-of-file", || {
                let text = format!("the {} at {:#x} is not in the file", words.directory, directory.rva);
                Diagnostic::warning("imports-out-of-file", text)
            });
            return Vec::new();
        };
        let mut libraries = Vec::new();
        let mut at = run.start;
        let start = Cursor::new(self.mapped.data, crate::format::Endian::Little, &[]).until(run.end);
        while let Some(library) = start.from(at).and_then(&read) {
            libraries.push(library);
            at += size;
        }
        self.region(run.start..(at + size).min(run.end), words.directory);
        libraries
    }

    fn library(&mut self, library: &Library, words: &Words) {
        match self.mapped.text(library.name) {
            Some((name, span)) => {
                let name = String::from_utf8_lossy(name).into_owned();
                if !self.out.needed.contains(&name) && self.out.needed.len() < 4096 {
                    self.out.needed.push(name);
                }
                self.region(span, NAMES);
            }
            None => self.trouble.add("import-name", || {
                let text =
                    format!("the name of an imported library at {:#x} is not in the file", library.name);
                Diagnostic::warning("import-name", text)
            }),
        }
        let word = u64::from(self.mapped.word);
        let addresses = self.mapped.run(library.addresses);
        let Some(mut lookup) = self.mapped.cursor(library.lookup) else { return };
        let lookup_start = lookup.at();
        let mut count = 0u64;
        while self.left > 0 {
            self.left -= 1;
            let at = lookup.at();
            let Some(value) = lookup.uint(self.mapped.word).filter(|&v| v != 0) else { break };
            let slot = addresses
                .as_ref()
                .map(|run| run.start + count * word)
                .filter(|&s| s < lookup_end(&addresses));
            count += 1;
            let by_number = value >> (word * 8 - 1) != 0;
            let Some(rva) = u32::try_from(value).ok().filter(|_| !by_number) else { continue };
            let name = self.name(rva);
            let cost = name.as_ref().map_or(LONGEST_NAME, |(name, _)| name.len());
            self.left = self.left.saturating_sub(cost as u64);
            let Some((name, span)) = name else { continue };
            let index = u32::try_from(self.out.symbols.len()).unwrap_or(u32::MAX);
            self.out.symbols.push(import(name));
            let on = Target::Symbol(index);
            self.region(span.clone(), NAMES);
            self.out.charges.push(Charge { start: span.start, end: span.end, on });
            self.out.charges.push(Charge { start: at, end: at + word, on });
            if let Some(slot) = slot.filter(|&slot| slot != at) {
                self.out.charges.push(Charge { start: slot, end: slot + word, on });
            }
        }
        self.region(lookup_start..lookup.at(), words.lookup);
        if let Some(run) = addresses {
            // The zero that ends it is part of it.
            self.region(run.start..run.end.min(run.start + (count + 1) * word), words.addresses);
        }
    }

    /// A name with the number in front of it, filled up to an even length.
    fn name(&self, rva: u32) -> Option<(&'data [u8], Range<u64>)> {
        let hint = self.mapped.run(rva)?;
        let (name, span) = self.mapped.text_at(hint.start.checked_add(2)?..hint.end)?;
        let padding = self.mapped.data.get(span.end as usize).is_some_and(|&b| b == 0);
        let end = if span.end % 2 == 1 && padding { span.end + 1 } else { span.end };
        (!name.is_empty()).then_some((name, hint.start..end))
    }
}

fn lookup_end(run: &Option<Range<u64>>) -> u64 {
    run.as_ref().map_or(0, |run| run.end)
}

/// Something another file defines.
pub(super) fn import(name: &[u8]) -> Symbol<'_> {
    Symbol {
        name,
        prefix: 0,
        address: 0,
        pos: None,
        size: 0,
        section: None,
        file: None,
        kind: SymbolKind::Import,
        binding: Binding::Global,
        is_static: false,
    }
}
