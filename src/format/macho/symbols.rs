//! The symbol table: what it names, and its own bytes charged to what they name.
//!
//! There is one table for static and dynamic linking, and for debuggers: entries
//! of the last kind (`N_STAB`) say which object file a symbol came with and how
//! large a function is. Nothing else states a size.

use std::borrow::Cow;
use std::collections::HashMap;

use object::macho;

use super::commands::Commands;
use super::file::File;
use crate::error::Diagnostic;
use crate::format::text::NameBudget;
use crate::format::{Binding, Charge, Line, Section, Symbol, SymbolKind, Target};

/// All entries of the table.
#[derive(Default)]
pub(super) struct Symbols<'data> {
    /// By their number in the table.
    pub symbols: Vec<Symbol<'data>>,
    pub files: Vec<Cow<'data, str>>,
    pub charges: Vec<Charge>,
    /// Whether there is a symbol that only stripping would have left out.
    pub has_local: bool,
    /// Entries that the dynamic linker may look up, by number.
    pub marked: Vec<u32>,
}

/// An entry as it is stored.
#[derive(Clone, Copy)]
struct Entry<'data> {
    name: &'data [u8],
    kind: u8,
    section: u8,
    description: u16,
    value: u64,
}

impl Entry<'_> {
    fn is_stab(&self) -> bool {
        self.kind & macho::N_STAB != 0
    }

    fn place(&self) -> macho::SymbolType {
        macho::SymbolType(self.kind & macho::N_TYPE)
    }

    fn is_external(&self) -> bool {
        self.kind & macho::N_EXT.0 != 0
    }
}

/// Reads the table.
pub(super) fn read<'data>(
    file: &File<'data>,
    commands: &Commands<'data>,
    line: &Line,
    sections: &[Section<'data>],
    diagnostics: &mut Vec<Diagnostic>,
) -> Symbols<'data> {
    let mut out = Symbols::default();
    let Some(table) = &commands.symbols else { return out };
    let size: u64 = if file.is_64 { 16 } else { 12 };
    let bytes = file.bytes(&(table.offset..table.offset.saturating_add(u64::from(table.count) * size)));
    let strings = file.bytes(&table.strings);
    let count = bytes.len() as u64 / size;
    if count < u64::from(table.count) {
        let text =
            format!("the symbol table has {} entries, but the file ends after {count} of them", table.count);
        diagnostics.push(Diagnostic::warning("symbol-table-cut", text).at(table.offset));
    }
    let mut stabs = Stabs::default();
    out.symbols.reserve(count as usize);
    out.charges.reserve(count as usize * 2);
    let mut c = file.cursor(bytes);
    let mut names = NameBudget::of(file.data.len());
    let mut bad_names = 0u64;
    for index in 0..count as u32 {
        let mut read =
            || Some((u64::from(c.u32()?), c.u8()?, c.u8()?, c.u16()?, c.uint(file.address_size())?));
        let Some((name_at, kind, section, description, value)) = read() else { break };
        let name: &[u8] = match name_at {
            0 => &[],
            _ => names.zero_ended(strings, name_at as usize).unwrap_or_else(|| {
                bad_names += 1;
                &[]
            }),
        };
        let entry = Entry { name, kind, section, description, value };
        let symbol = symbol(file, line, sections, &entry);
        out.has_local |= symbol.pos.is_some() && !entry.is_external() && !is_of_linker(name);
        if description & macho::REFERENCED_DYNAMICALLY.0 != 0 && !entry.is_stab() {
            out.marked.push(index);
        }
        let on = match entry.is_stab() {
            true => stabs.read(&entry, index, sections, &mut out.files),
            false => None,
        };
        out.symbols.push(Symbol { file: if entry.is_stab() { stabs.file } else { None }, ..symbol });
        let on = on.unwrap_or(Target::Symbol(index));
        let start = table.offset + u64::from(index) * size;
        out.charges.push(Charge { start, end: start + size, on });
        if !name.is_empty() {
            let start = table.strings.start + name_at;
            // The zero behind the last name may be cut off.
            let end = (start + name.len() as u64 + 1).min(table.strings.end.min(file.len()));
            out.charges.push(Charge { start, end, on });
        }
    }
    if bad_names > 0 {
        let text = format!(
            "{bad_names} symbols have names outside the string table, or share more of it than can be"
        );
        diagnostics.push(Diagnostic::warning("symbol-name-out-of-table", text).at(table.offset));
    }
    out.has_local |= !stabs.by_place.is_empty();
    stabs.apply(&mut out);
    out
}

/// What an entry names.
fn symbol<'data>(
    file: &File<'data>,
    line: &Line,
    sections: &[Section<'data>],
    entry: &Entry<'data>,
) -> Symbol<'data> {
    let row = u32::from(entry.section).checked_sub(1);
    let section = row.and_then(|i| sections.get(i as usize)).filter(|_| entry.place() == macho::N_SECT);
    let is_weak = entry.description & (macho::N_WEAK_DEF.0 | macho::N_WEAK_REF.0) != 0;
    let is_common = entry.place() == macho::N_UNDF && entry.is_external() && entry.value != 0;
    let kind = match entry.place() {
        _ if entry.is_stab() => SymbolKind::Other,
        // A common symbol has its size for a value and no place yet.
        macho::N_UNDF if is_common => SymbolKind::Object,
        macho::N_UNDF | macho::N_PBUD if !entry.name.is_empty() => SymbolKind::Import,
        macho::N_SECT if is_mark(entry.name) => SymbolKind::Other,
        macho::N_SECT => section.map_or(SymbolKind::Other, |s| match s.executable {
            true => SymbolKind::Function,
            false => SymbolKind::Label,
        }),
        _ => SymbolKind::Other,
    };
    let pos = section.filter(|s| s.loaded && kind != SymbolKind::Other).and_then(|s| {
        let into = entry.value.checked_sub(s.address).filter(|into| *into <= s.span.end - s.span.start);
        match into {
            Some(into) => Some(s.span.start + into),
            // Marks of the linker have a section that they do not lie in.
            None if file.is_object() => None,
            None => line.pos(entry.value),
        }
    });
    Symbol {
        name: entry.name,
        prefix: prefix(entry.name),
        address: if is_common { 0 } else { entry.value },
        pos,
        size: if is_common { entry.value } else { 0 },
        section: row.filter(|_| section.is_some()),
        file: None,
        kind,
        binding: match (entry.is_external() && entry.kind & macho::N_PEXT.0 == 0, is_weak) {
            (true, true) => Binding::Weak,
            (true, false) => Binding::Global,
            (false, _) => Binding::Local,
        },
        is_static: entry.is_stab() || (!entry.is_external() && !file.is_object()),
    }
}

/// What the platform puts in front of names: `_`, and in front of that `l` or `L` for
/// what is private to an object file.
fn prefix(name: &[u8]) -> u8 {
    match name {
        [b'l' | b'L', b'_', _, ..] => 2,
        [b'_', _, ..] => 1,
        _ => 0,
    }
}

/// Whether a linker defines a symbol in every file.
fn is_of_linker(name: &[u8]) -> bool {
    matches!(name, b"__dyld_private" | b"___dso_handle") || name.starts_with(b"__mh_")
}

/// Whether a symbol only marks the start of a section, for the sake of an assembler.
fn is_mark(name: &[u8]) -> bool {
    let number = name.strip_prefix(b"ltmp");
    name.is_empty() || number.is_some_and(|n| !n.is_empty() && n.iter().all(u8::is_ascii_digit))
}

/// What entries for debuggers say, as they come.
#[derive(Default)]
struct Stabs<'data> {
    /// Entries with the source of the object file to come.
    sources: Vec<u32>,
    /// Entries with the source of an object file.
    of_file: Vec<(u32, u32)>,
    /// The object file of what follows.
    file: Option<u32>,
    /// The function of which the next entry without a name states the size.
    function: Option<(u64, u64)>,
    /// By address: the file, and a size or 0.
    by_place: HashMap<u64, (Option<u32>, u64)>,
    /// By name: the file of what has no address here.
    by_name: HashMap<&'data [u8], (u32, u32)>,
}

impl<'data> Stabs<'data> {
    /// Reads an entry; says on whose account it is, unless on its own.
    fn read(
        &mut self,
        entry: &Entry<'data>,
        index: u32,
        sections: &[Section<'data>],
        files: &mut Vec<Cow<'data, str>>,
    ) -> Option<Target> {
        let row = usize::from(entry.section).checked_sub(1);
        let place = || {
            let section = sections.get(row?).filter(|s| s.loaded)?;
            let into = entry.value.checked_sub(section.address)?;
            (into < section.span.end - section.span.start).then(|| section.span.start + into)
        };
        match macho::SymbolStab(entry.kind) {
            macho::N_SO => {
                // Directory and source file come first, then the object file; an empty name ends it.
                if entry.name.is_empty() || self.file.is_some() {
                    self.sources.clear();
                }
                self.file = None;
                if !entry.name.is_empty() {
                    self.sources.push(index);
                }
                None
            }
            macho::N_OSO => {
                let file = u32::try_from(files.len()).ok()?;
                files.push(object_name(entry.name));
                self.file = Some(file);
                self.of_file.extend(self.sources.drain(..).map(|entry| (entry, file)));
                None
            }
            macho::N_FUN if !entry.name.is_empty() => {
                let pos = place()?;
                self.by_place.entry(entry.value).or_insert((self.file, 0));
                self.function = Some((entry.value, pos));
                Some(Target::Pos(pos))
            }
            macho::N_FUN => {
                let (address, pos) = self.function.take()?;
                if let Some((_, size)) = self.by_place.get_mut(&address) {
                    *size = entry.value;
                }
                Some(Target::Pos(pos))
            }
            macho::N_STSYM | macho::N_LCSYM => {
                let pos = place()?;
                self.by_place.entry(entry.value).or_insert((self.file, 0));
                Some(Target::Pos(pos))
            }
            macho::N_GSYM => {
                if let Some(file) = self.file {
                    self.by_name.entry(entry.name).or_insert((file, index));
                }
                None
            }
            macho::N_BNSYM | macho::N_ENSYM => place().map(Target::Pos),
            _ => None,
        }
    }

    /// Gives symbols the files and sizes that were found.
    fn apply(self, out: &mut Symbols<'data>) {
        for (entry, file) in &self.of_file {
            if let Some(entry) = out.symbols.get_mut(*entry as usize) {
                entry.file = Some(*file);
            }
        }
        let mut moved: HashMap<u32, u32> = HashMap::new();
        for (index, symbol) in out.symbols.iter_mut().enumerate() {
            if symbol.pos.is_none() || symbol.kind == SymbolKind::Other {
                continue;
            }
            if let Some(&(file, size)) = self.by_place.get(&symbol.address) {
                symbol.file = file;
                if symbol.kind == SymbolKind::Function {
                    symbol.size = size;
                }
            } else if let Some(&(file, entry)) = self.by_name.get(symbol.name) {
                symbol.file = Some(file);
                moved.insert(entry, index as u32);
            }
        }
        // Entries that name a global symbol are on its account.
        for charge in &mut out.charges {
            if let Target::Symbol(entry) = charge.on
                && let Some(&symbol) = moved.get(&entry)
            {
                charge.on = Target::Symbol(symbol);
            }
        }
    }
}

/// The name of an object file without its directory: `main.o`, `libfoo.rlib(main.o)`.
fn object_name(path: &[u8]) -> Cow<'_, str> {
    let archive = path.split(|&b| b == b'(').next().unwrap_or_default();
    let directory = archive.iter().rposition(|&b| b == b'/').map_or(0, |slash| slash + 1);
    String::from_utf8_lossy(path.get(directory..).unwrap_or_default())
}
