//! What the dynamic linker reads: needed libraries, versions, hash tables.

use object::elf;
use object::read::elf::{Dyn, SectionHeader};

use super::symbols::Index;
use super::{Elf, File};
use crate::format::once::Once;
use crate::format::text::NameBudget;
use crate::format::{Charge, Section, Target};

/// What the dynamic table says.
#[derive(Default)]
pub(super) struct Dynamic {
    pub needed: Vec<String>,
    /// The table says that the file is a program, though it can be loaded anywhere.
    pub is_program: bool,
}

/// The most libraries worth listing.
const LIMIT: usize = 1024;

/// Reads the dynamic table, and charges version and hash entries to their symbols.
pub(super) fn read<H: Elf>(
    file: &File<'_, H>,
    sections: &[Section<'_>],
    index: &Index,
    charges: &mut Vec<Charge>,
) -> Dynamic {
    versions(file, sections, index, charges);
    gnu_hash(file, sections, index, charges);
    let mut dynamic = Dynamic::default();
    let Some(table) = file.of_type(elf::SHT_DYNAMIC).next() else { return dynamic };
    let Some(header) = file.headers.get(table) else { return dynamic };
    let strings = file.bytes(header.sh_link(file.endian) as usize);
    let mut names = NameBudget::of(strings.len());
    let entries: &[H::Dyn] = File::<H>::array(file.bytes(table));
    for entry in entries {
        match entry.tag(file.endian) {
            elf::DT_NULL => break,
            elf::DT_FLAGS_1 => {
                dynamic.is_program = entry.val(file.endian) & elf::DF_1_PIE.0 != 0;
            }
            elf::DT_NEEDED if dynamic.needed.len() < LIMIT => {
                let at = usize::try_from(entry.val(file.endian)).unwrap_or(usize::MAX);
                let name = names.zero_ended(strings, at);
                dynamic.needed.extend(name.map(|n| String::from_utf8_lossy(n).into_owned()));
            }
            _ => {}
        }
    }
    dynamic
}

/// `.gnu.version`: one half-word per dynamic symbol.
fn versions<H: Elf>(file: &File<'_, H>, sections: &[Section<'_>], index: &Index, charges: &mut Vec<Charge>) {
    let mut once = Once::of(file.data.len());
    for table in file.of_type(elf::SHT_GNU_VERSYM) {
        let (Some(header), Some(section)) = (file.headers.get(table), sections.get(table)) else { continue };
        if !once.may_read(file.bytes(table).len()) {
            continue;
        }
        let symbols = header.sh_link(file.endian);
        let entries = (file.bytes(table).len() / 2).min(index.entries(symbols) as usize) as u32;
        for entry in 1..entries {
            let Some(symbol) = index.symbol(symbols, entry) else { continue };
            let start = section.span.start + u64::from(entry) * 2;
            charges.push(Charge { start, end: start + 2, on: Target::Symbol(symbol) });
        }
    }
}

/// `.gnu.hash`: one word per hashed symbol at the end of the table.
fn gnu_hash<H: Elf>(file: &File<'_, H>, sections: &[Section<'_>], index: &Index, charges: &mut Vec<Charge>) {
    let mut once = Once::of(file.data.len());
    for table in file.of_type(elf::SHT_GNU_HASH) {
        let (Some(header), Some(section)) = (file.headers.get(table), sections.get(table)) else { continue };
        let bytes = file.bytes(table);
        if !once.may_read(bytes.len()) {
            continue;
        }
        let words: &[object::U32<object::Endianness>] = File::<H>::array(bytes);
        let word = |at: usize| words.get(at).map(|w| u64::from(w.get(file.endian)));
        let (Some(buckets), Some(first), Some(bloom)) = (word(0), word(1), word(2)) else { continue };
        let bloom_word = if file.is_64() { 8 } else { 4 };
        let chains = 16 + bloom * bloom_word + buckets * 4;
        let symbols = header.sh_link(file.endian);
        for entry in first..u64::from(index.entries(symbols)) {
            let at = chains + (entry - first) * 4;
            if at + 4 > bytes.len() as u64 {
                break;
            }
            let Some(symbol) = u32::try_from(entry).ok().and_then(|e| index.symbol(symbols, e)) else {
                continue;
            };
            let start = section.span.start + at;
            charges.push(Charge { start, end: start + 4, on: Target::Symbol(symbol) });
        }
    }
}
