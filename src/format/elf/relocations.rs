//! Relocation tables: each entry is charged to the place it patches, each GOT
//! slot to what it points at.

use std::collections::HashMap;

use object::elf;
use object::read::elf::{Rel, Rela, SectionHeader};

use super::symbols::Index;
use super::{Elf, File};
use crate::error::Diagnostic;
use crate::format::once::Once;
use crate::format::trouble::Trouble;
use crate::format::{Addend, Charge, Fixup, Line, Pointer, Section, Symbol, Target};
use crate::kind::Kind;
use crate::parallel;

/// What relocations say about the procedure linkage table and about data.
#[derive(Default)]
pub(super) struct Slots {
    /// What each entry of the table behind `.plt` resolves to, in table order.
    pub plt: Vec<Target>,
    /// Pointers that the dynamic linker writes.
    pub pointers: Vec<Pointer>,
}

/// One relocation, whatever its encoding.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    pub offset: u64,
    pub symbol: u32,
    /// What is computed, in numbers of the machine.
    pub r_type: elf::RelocationType,
    /// `None` if the addend is stored at the place (`SHT_REL`).
    pub addend: Option<i64>,
}

/// The entries of a relocation section, as far as they are in the file.
pub(super) struct Entries<'data, H: Elf> {
    table: Table<'data, H>,
    endian: object::Endianness,
    mips64el: bool,
}

enum Table<'data, H: Elf> {
    WithAddends(&'data [H::Rela]),
    Without(&'data [H::Rel]),
}

/// Those of relocation section `table`.
pub(super) fn entries<'data, H: Elf>(file: &File<'data, H>, table: usize) -> Entries<'data, H> {
    let (endian, bytes) = (file.endian, file.bytes(table));
    let table = match file.headers.get(table).map(|h| h.sh_type(endian)) {
        Some(elf::SHT_RELA) => Table::WithAddends(File::<H>::array(bytes)),
        Some(elf::SHT_REL) => Table::Without(File::<H>::array(bytes)),
        _ => Table::Without(&[]),
    };
    Entries { table, endian, mips64el: file.header.is_mips64el(endian) }
}

impl<H: Elf> Entries<'_, H> {
    pub fn len(&self) -> usize {
        match self.table {
            Table::WithAddends(all) => all.len(),
            Table::Without(all) => all.len(),
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = Entry> + '_ {
        (0..self.len()).filter_map(|index| self.get(index))
    }

    pub fn get(&self, index: usize) -> Option<Entry> {
        let endian = self.endian;
        Some(match self.table {
            Table::WithAddends(all) => {
                let r = all.get(index)?;
                Entry {
                    offset: r.r_offset(endian).into(),
                    symbol: r.r_sym(endian, self.mips64el),
                    r_type: r.r_type(endian, self.mips64el),
                    addend: Some(r.r_addend(endian).into()),
                }
            }
            Table::Without(all) => {
                let r = all.get(index)?;
                Entry {
                    offset: r.r_offset(endian).into(),
                    symbol: r.r_sym(endian),
                    r_type: r.r_type(endian),
                    addend: None,
                }
            }
        })
    }
}

fn entry_size<H: Elf>(file: &File<'_, H>, table: usize) -> u64 {
    match file.headers.get(table).map(|h| h.sh_type(file.endian)) {
        Some(elf::SHT_RELA) => size_of::<H::Rela>() as u64,
        _ => size_of::<H::Rel>() as u64,
    }
}

/// What some entries of a table say.
#[derive(Default)]
struct Read {
    charges: Vec<Charge>,
    /// Of the slots they fill in.
    slots: Vec<Charge>,
    pointers: Vec<Pointer>,
    /// By entry of a table for the procedure linkage table.
    plt: Vec<Target>,
}

/// Reads all relocation sections.
pub(super) fn read<H: Elf>(
    file: &File<'_, H>,
    line: &Line,
    sections: &[Section<'_>],
    symbols: &[Symbol<'_>],
    index: &Index,
    charges: &mut Vec<Charge>,
    trouble: &mut Trouble,
) -> Slots {
    let mut slots = Slots::default();
    let got = Got::new(file, line, sections);
    let whole_address = whole_address(file.machine(), file.is_64());
    let mut once = Once::of(file.data.len());
    for table in file.of_type(elf::SHT_RELA).chain(file.of_type(elf::SHT_REL)) {
        let (Some(header), Some(section)) = (file.headers.get(table), sections.get(table)) else { continue };
        if !once.may_read_section(file.bytes(table), section, trouble) {
            continue;
        }
        let size = entry_size(file, table);
        let link = header.sh_link(file.endian);
        let patched = sections.get(header.sh_info(file.endian) as usize);
        let relocatable = file.relocatable;
        let place = |offset: u64| {
            if !relocatable {
                return line.pos(offset);
            }
            let s = patched?;
            (offset < s.span.end - s.span.start).then(|| s.span.start + offset)
        };
        let of_plt = section.name.ends_with(".plt");
        let all = entries(file, table);
        let read = |lot: std::ops::Range<usize>| {
            let mut read = Read::default();
            for entry in lot {
                let on = all.get(entry).and_then(|r| {
                    let start = section.span.start + entry as u64 * size;
                    let at = place(r.offset)?;
                    let symbol = index.symbol(link, r.symbol);
                    let slot = got.holds(at).then(|| got.points_at(at, &r, symbol, symbols)).flatten();
                    let on = slot.unwrap_or(Target::Pos(at));
                    read.charges.push(Charge { start, end: start + size, on });
                    read.slots.extend(slot.map(|on| Charge { start: at, end: at + got.word, on }));
                    let to = if !relocatable {
                        got.target(at, &r, symbol, symbols)
                    } else if whole_address == Some(r.r_type) {
                        symbol.and_then(|s| got.linked(at, &r, s, sections, symbols))
                    } else {
                        None
                    };
                    read.pointers.extend(to.map(|to| Pointer { at, to }));
                    Some(on)
                });
                if of_plt {
                    read.plt.push(on.unwrap_or(Target::Pos(u64::MAX)));
                }
            }
            read
        };
        // Behind the entries, so that both are lists in order.
        let mut of_slots = Vec::new();
        charges.reserve(all.len());
        slots.pointers.reserve(all.len());
        for read in parallel::ranges(all.len(), 4096, read) {
            charges.extend(read.charges);
            of_slots.extend(read.slots);
            slots.pointers.extend(read.pointers);
            slots.plt.extend(read.plt);
        }
        charges.append(&mut of_slots);
    }
    for table in file.of_type(elf::SHT_RELR).chain(file.of_type(elf::SHT_ANDROID_RELR)) {
        let Some(section) = sections.get(table) else { continue };
        if !once.may_read_section(file.bytes(table), section, trouble) {
            continue;
        }
        relative(file, line, sections, table, &got, charges, (&mut slots.pointers, trouble));
    }
    slots
}

/// `SHT_RELR`: addresses, and bitmaps of the words behind the last address.
///
/// A bitmap word stands for up to 63 places. It is charged to the first of them.
fn relative<H: Elf>(
    file: &File<'_, H>,
    line: &Line,
    sections: &[Section<'_>],
    table: usize,
    got: &Got<'_>,
    charges: &mut Vec<Charge>,
    (pointers, trouble): (&mut Vec<Pointer>, &mut Trouble),
) {
    let Some(section) = sections.get(table) else { return };
    let bytes = file.bytes(table);
    let word = got.word;
    // Each word is patched once; 8 bytes of a table can ask for 63.
    let most = file.data.len() / word as usize;
    let bits = word * 8 - 1;
    let mut next = 0u64;
    for (at, chunk) in bytes.chunks_exact(word as usize).enumerate() {
        let value = read_word(chunk, file.endian);
        let start = section.span.start + at as u64 * word;
        if pointers.len() > most {
            trouble.add("relocations-repeat", || {
                let text =
                    format!("{} patches more words than there are: the rest is not read", section.name);
                Diagnostic::warning("relocations-repeat", text).at(start)
            });
            return;
        }
        let mut first = None;
        let mut patch = |address: u64| {
            let Some(pos) = line.pos(address) else { return };
            first = first.or(Some(pos));
            if let Some(Target::Pos(to)) = got.stored(pos) {
                pointers.push(Pointer { at: pos, to });
            }
            if got.holds(pos)
                && let Some(on) = got.stored(pos)
            {
                charges.push(Charge { start: pos, end: pos + word, on });
            }
        };
        if value & 1 == 0 {
            patch(value);
            next = value.wrapping_add(word);
        } else {
            for bit in 0..bits {
                if value >> (bit + 1) & 1 == 1 {
                    patch(next.wrapping_add(bit * word));
                }
            }
            next = next.wrapping_add(bits * word);
        }
        if let Some(first) = first {
            charges.push(Charge { start, end: start + word, on: Target::Pos(first) });
        }
    }
}

/// The global offset tables of a linked file.
struct Got<'f> {
    data: &'f [u8],
    line: &'f Line,
    spans: Vec<std::ops::Range<u64>>,
    word: u64,
    endian: object::Endianness,
}

impl<'f> Got<'f> {
    fn new<H: Elf>(file: &File<'f, H>, line: &'f Line, sections: &[Section<'_>]) -> Got<'f> {
        let is_got = |s: &&Section<'_>| s.kind == Kind::Dynamic && s.name.starts_with(".got");
        let spans = if file.relocatable {
            Vec::new()
        } else {
            sections.iter().filter(is_got).map(|s| s.span.clone()).collect()
        };
        Got { data: file.data, line, spans, word: if file.is_64() { 8 } else { 4 }, endian: file.endian }
    }

    fn holds(&self, pos: u64) -> bool {
        self.spans.iter().any(|s| s.contains(&pos))
    }

    /// What the slot at `pos` refers to once `entry` is applied.
    fn points_at(
        &self,
        pos: u64,
        entry: &Entry,
        symbol: Option<u32>,
        symbols: &[Symbol<'_>],
    ) -> Option<Target> {
        if let Some(symbol) = symbol
            && symbols.get(symbol as usize).is_some_and(|s| s.address != 0 || !s.name.is_empty())
        {
            return Some(Target::Symbol(symbol));
        }
        match entry.addend {
            Some(addend) => self.line.pos(addend as u64).map(Target::Pos),
            None => self.stored(pos),
        }
    }

    /// Where the word at `pos` points once `entry` is applied, if that is in this file.
    fn target(&self, pos: u64, entry: &Entry, symbol: Option<u32>, symbols: &[Symbol<'_>]) -> Option<u64> {
        let addend = entry.addend.unwrap_or_default();
        match symbol.and_then(|s| symbols.get(s as usize)).filter(|s| !s.name.is_empty()) {
            Some(s) => s.pos?.checked_add_signed(addend),
            None => match entry.addend {
                Some(addend) => self.line.pos(addend as u64),
                None => match self.stored(pos)? {
                    Target::Pos(to) => Some(to),
                    Target::Symbol(_) => None,
                },
            },
        }
    }

    /// Where a linker will make the word at `pos` of an object file point, if that is in this file.
    fn linked(
        &self,
        pos: u64,
        entry: &Entry,
        symbol: u32,
        sections: &[Section<'_>],
        symbols: &[Symbol<'_>],
    ) -> Option<u64> {
        let symbol = symbols.get(symbol as usize)?;
        let section = sections.get(symbol.section? as usize).filter(|s| s.loaded)?;
        let addend = match entry.addend {
            Some(addend) => addend as u64,
            None => self.word_at(pos)?,
        };
        let into = symbol.address.wrapping_add(addend);
        // One past the end is an address too, but of nothing here.
        (into < section.span.end - section.span.start).then(|| section.span.start + into)
    }

    /// What the word stored at `pos` points at.
    fn stored(&self, pos: u64) -> Option<Target> {
        self.line.pos(self.word_at(pos)?).map(Target::Pos)
    }

    fn word_at(&self, pos: u64) -> Option<u64> {
        let start = usize::try_from(pos).ok()?;
        let bytes = self.data.get(start..start.checked_add(self.word as usize)?)?;
        Some(read_word(bytes, self.endian))
    }
}

/// The relocation that puts a whole address into a word, by the processor supplements of the ABI.
fn whole_address(machine: elf::Machine, is_64: bool) -> Option<elf::RelocationType> {
    Some(match (machine, is_64) {
        (elf::EM_X86_64, true) => elf::R_X86_64_64,
        (elf::EM_X86_64, false) => elf::R_X86_64_32,
        (elf::EM_386, _) => elf::R_386_32,
        (elf::EM_AARCH64, true) => elf::R_AARCH64_ABS64,
        (elf::EM_ARM, _) => elf::R_ARM_ABS32,
        (elf::EM_RISCV, true) => elf::R_RISCV_64,
        (elf::EM_RISCV, false) => elf::R_RISCV_32,
        (elf::EM_S390, true) => elf::R_390_64,
        (elf::EM_S390, false) => elf::R_390_32,
        (elf::EM_PPC64, _) => elf::R_PPC64_ADDR64,
        (elf::EM_PPC, _) => elf::R_PPC_ADDR32,
        (elf::EM_MIPS, true) => elf::R_MIPS_64,
        (elf::EM_MIPS, false) => elf::R_MIPS_32,
        (elf::EM_LOONGARCH, true) => elf::R_LARCH_64,
        (elf::EM_LOONGARCH, false) => elf::R_LARCH_32,
        _ => return None,
    })
}

/// A word of 4 or 8 bytes.
pub(super) fn read_word(bytes: &[u8], endian: object::Endianness) -> u64 {
    let fold = |value: u64, &byte: &u8| value << 8 | u64::from(byte);
    match endian {
        object::Endianness::Little => bytes.iter().rev().fold(0, fold),
        object::Endianness::Big => bytes.iter().fold(0, fold),
    }
}

/// What relocations do to unwind tables and debug information of an object file, by section.
#[derive(Default)]
pub(super) struct Applied {
    by_section: HashMap<u32, Vec<Fixup>>,
}

impl Applied {
    /// Fixups of section `index`, sorted by offset; none in a linked file.
    pub fn of(&self, index: usize) -> &[Fixup] {
        u32::try_from(index).ok().and_then(|i| self.by_section.get(&i)).map_or(&[], Vec::as_slice)
    }
}

/// Applies the relocations that readers of sections need to see through.
///
/// A linked file needs none: its linker applied them.
pub(super) fn for_readers<H: Elf>(
    file: &File<'_, H>,
    sections: &[Section<'_>],
    symbols: &[Symbol<'_>],
    index: &Index,
) -> Applied {
    let mut applied = Applied::default();
    if !file.relocatable {
        return applied;
    }
    let mut once = Once::of(file.data.len());
    for table in file.of_type(elf::SHT_RELA).chain(file.of_type(elf::SHT_REL)) {
        let Some(header) = file.headers.get(table) else { continue };
        let (link, patched) = (header.sh_link(file.endian), header.sh_info(file.endian));
        let read =
            sections.get(patched as usize).is_some_and(|s| matches!(s.kind, Kind::Unwind | Kind::Debug));
        if !read || !once.may_read(file.bytes(table).len()) {
            continue;
        }
        let fixups = applied.by_section.entry(patched).or_default();
        for r in entries(file, table).iter() {
            let Some(base) = index.symbol(link, r.symbol).and_then(|s| base_of(sections, symbols, s)) else {
                continue;
            };
            fixups.push(match r.addend {
                Some(addend) => Fixup {
                    offset: r.offset,
                    value: base.wrapping_add(addend as u64),
                    addend: Addend::Included,
                },
                None => Fixup { offset: r.offset, value: base, addend: Addend::Stored },
            });
        }
    }
    for fixups in applied.by_section.values_mut() {
        fixups.sort_unstable();
        // Two relocations of one field are a pair for a sum; the first names the target.
        fixups.dedup_by_key(|f| f.offset);
    }
    applied
}

/// Where a symbol of an object file lies: on the line if its section is loaded,
/// else as an offset into its section.
fn base_of(sections: &[Section<'_>], symbols: &[Symbol<'_>], symbol: u32) -> Option<u64> {
    let symbol = symbols.get(symbol as usize)?;
    let section = sections.get(symbol.section? as usize)?;
    Some(if section.loaded { section.span.start.wrapping_add(symbol.address) } else { symbol.address })
}
