//! The COFF symbol table: what it names, and its own bytes charged to what they name.
//!
//! Images of the GNU toolchain have one, and object files. Microsoft's linker leaves
//! it out. Symbols have no sizes: the field for those of functions is left empty or
//! filled with something else.

use std::borrow::Cow;
use std::ops::Range;

use object::pe;

use super::headers::File;
use super::strings::Strings;
use crate::error::Diagnostic;
use crate::format::cursor::Cursor;
use crate::format::{Binding, Charge, Line, Region, RegionPlace, Section, Symbol, SymbolKind, Target};
use crate::kind::Kind;

/// The symbol table of a file.
#[derive(Default)]
pub(super) struct Table<'data> {
    pub symbols: Vec<Symbol<'data>>,
    pub files: Vec<Cow<'data, str>>,
    pub charges: Vec<Charge>,
    pub regions: Vec<Region>,
    /// By entry of the table, auxiliary ones included: index into `symbols`.
    pub rows: Vec<u32>,
}

impl Table<'_> {
    /// The symbol of an entry.
    pub fn symbol(&self, entry: u32) -> Option<u32> {
        self.rows.get(entry as usize).copied().filter(|&row| row != NO_ROW)
    }
}

const NO_ROW: u32 = u32::MAX;

/// An entry of the table.
#[derive(Clone, Copy)]
struct Entry {
    name: [u8; 8],
    value: u32,
    section: i32,
    kind: u16,
    class: pe::SymbolClass,
    auxiliary: u8,
}

impl Entry {
    fn read(c: &mut Cursor<'_, '_>, is_big: bool) -> Option<Entry> {
        Some(Entry {
            name: c.u64()?.to_le_bytes(),
            value: c.u32()?,
            section: if is_big { c.u32()? as i32 } else { i32::from(c.u16()? as i16) },
            kind: c.u16()?,
            class: pe::SymbolClass(c.u8()?),
            auxiliary: c.u8()?,
        })
    }

    fn is_function(&self) -> bool {
        pe::SymbolType(self.kind).derived_type() == pe::IMAGE_SYM_DTYPE_FUNCTION
    }

    /// Index of the section it is defined in.
    fn section(&self) -> Option<u32> {
        u32::try_from(self.section).ok()?.checked_sub(1)
    }

    /// Whether it stands for a section as a whole: then entries behind it describe that.
    fn is_section(&self, name: &[u8], sections: &[Section<'_>]) -> bool {
        let own = self.section().and_then(|i| sections.get(i as usize));
        self.class == pe::IMAGE_SYM_CLASS_SECTION
            || self.class == pe::IMAGE_SYM_CLASS_STATIC
                && !self.is_function()
                && (self.auxiliary > 0 || own.is_some_and(|s| s.name.as_bytes() == name))
    }
}

/// Reads the table.
pub(super) fn read<'data>(
    file: &File<'data>,
    line: &Line,
    sections: &[Section<'data>],
    strings: &Strings<'data>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Table<'data> {
    let mut table = Table::default();
    let header = &file.header;
    let (start, size) = (header.symbols_at, header.symbol_size);
    if start == 0 || header.symbols == 0 {
        return table;
    }
    let fits = file.len().saturating_sub(start) / size;
    let count = u64::from(header.symbols).min(fits);
    if fits < u64::from(header.symbols) {
        let text = format!(
            "the symbol table has {} entries at {start:#x}, but the file ends after {fits} of them",
            header.symbols
        );
        diagnostics.push(Diagnostic::warning("symbol-table-cut", text).at(start.min(file.len())));
    }
    let mut name = |span: Range<u64>, name: &'static str| {
        if !span.is_empty() {
            let place = RegionPlace::File;
            table.regions.push(Region { span, name: name.into(), kind: Kind::Symbols, place });
        }
    };
    name(start.min(file.len())..(start + count * size).min(file.len()), "COFF symbols");
    name(strings.span(), "COFF strings");

    let mut reader = Reader {
        file,
        line,
        sections,
        strings,
        weak: Vec::new(),
        bad_names: 0,
        left: file.len().saturating_mul(8),
    };
    let mut entry = 0u64;
    while entry < count {
        let at = start + entry * size;
        let Some(one) = file.cursor(at).and_then(|mut c| Entry::read(&mut c, size > 18)) else { break };
        let behind = u64::from(one.auxiliary).min(count - entry - 1);
        reader.add(&one, at..at + (1 + behind) * size, &mut table);
        entry += 1 + behind;
    }
    let Reader { weak, bad_names, .. } = reader;
    define_weak(&weak, &mut table);
    if bad_names > 0 {
        let text = format!("{bad_names} symbols have names outside the string table");
        diagnostics.push(Diagnostic::warning("symbol-name-out-of-table", text).at(start));
    }
    if file.optional.is_none() && table.files.len() == 1 {
        table.symbols.iter_mut().filter(|s| s.kind != SymbolKind::Import).for_each(|s| s.file = Some(0));
    } else {
        // Compilers disagree whether the name of a file comes before or behind what is of it,
        // so in an image it says nothing.
        table.files.clear();
    }
    table
}

/// Puts weak symbols where the symbols are that they stand for.
fn define_weak(weak: &[(u32, u32)], table: &mut Table<'_>) {
    for &(row, default) in weak {
        let default = table.symbol(default).and_then(|row| table.symbols.get(row as usize)).copied();
        if let (Some(default), Some(symbol)) = (default, table.symbols.get_mut(row as usize))
            && default.pos.is_some()
        {
            *symbol = Symbol { name: symbol.name, prefix: symbol.prefix, binding: Binding::Weak, ..default };
        }
    }
}

/// What entries are read with.
struct Reader<'r, 'data> {
    file: &'r File<'data>,
    line: &'r Line,
    sections: &'r [Section<'data>],
    strings: &'r Strings<'data>,
    /// Weak symbols by row, and the entry that each stands for.
    weak: Vec<(u32, u32)>,
    bad_names: u64,
    /// Bytes of names that are still read: names may be shared, but not by all symbols.
    left: u64,
}

impl<'data> Reader<'_, 'data> {
    /// Adds the symbol whose entries take `span`.
    fn add(&mut self, entry: &Entry, span: Range<u64>, table: &mut Table<'data>) {
        let (name, name_span) = self.name(entry, span.start);
        if entry.class == pe::IMAGE_SYM_CLASS_FILE {
            table.files.push(self.file_name(name, &span));
        }
        let symbol = self.place(entry, name);
        let row = u32::try_from(table.symbols.len()).unwrap_or(NO_ROW);
        // Auxiliary format 3: which symbol to use where nobody defines this one.
        if entry.class == pe::IMAGE_SYM_CLASS_WEAK_EXTERNAL && entry.auxiliary > 0 {
            let default = self.file.cursor(span.start + self.file.header.symbol_size);
            self.weak.extend(default.and_then(|mut c| c.u32()).map(|default| (row, default)));
        }
        let taken = (span.end - span.start) / self.file.header.symbol_size;
        table.rows.push(row);
        table.rows.extend((1..taken).map(|_| NO_ROW));
        table.symbols.push(symbol);
        let on = match self.position(entry) {
            // What stands for a section or a label is on account of what lies there.
            Some(pos) if symbol.kind == SymbolKind::Other => Target::Pos(pos),
            _ => Target::Symbol(row),
        };
        table.charges.push(Charge { start: span.start, end: span.end, on });
        if let Some(Range { start, end }) = name_span {
            table.charges.push(Charge { start, end, on });
        }
    }

    /// The name: in place, or in the string table and then with its place there.
    fn name(&mut self, entry: &Entry, at: u64) -> (&'data [u8], Option<Range<u64>>) {
        let [0, 0, 0, 0, a, b, c, d] = entry.name else {
            let short = self.file.bytes(at, 8);
            return (short.split(|&b| b == 0).next().unwrap_or_default(), None);
        };
        let offset = u32::from_le_bytes([a, b, c, d]);
        match self.strings.get(u64::from(offset)).filter(|_| self.left > 0) {
            Some((name, span)) => {
                self.left = self.left.saturating_sub(name.len() as u64);
                (name, Some(span))
            }
            None => {
                self.bad_names += u64::from(offset != 0);
                (&[], None)
            }
        }
    }

    /// The name of a source file, which the entries behind its symbol hold.
    fn file_name(&self, own: &'data [u8], span: &Range<u64>) -> Cow<'data, str> {
        let size = self.file.header.symbol_size;
        let held = self.file.bytes(span.start + size, (span.end - span.start).saturating_sub(size));
        // GNU tools put long names into the string table, as they do with symbols.
        let offset = held.first_chunk::<8>().and_then(|first| match first {
            [0, 0, 0, 0, a, b, c, d] => Some(u32::from_le_bytes([*a, *b, *c, *d])),
            _ => None,
        });
        let long = offset.and_then(|at| self.strings.get(u64::from(at))).map(|(name, _)| name);
        let short = held.split(|&b| b == 0).next().unwrap_or_default();
        let name = long.unwrap_or(short);
        String::from_utf8_lossy(if name.is_empty() && own != b".file" { own } else { name })
    }

    fn place(&self, entry: &Entry, name: &'data [u8]) -> Symbol<'data> {
        let section = entry.section().filter(|&i| (i as usize) < self.file.headers.len());
        let row = section.and_then(|i| self.sections.get(i as usize));
        let (name, prefix) = undecorated(self.file.header.machine, name);
        let kind = self.kind(entry, name, row);
        // Common symbols have no place yet; their value is their size.
        let is_common = kind == SymbolKind::Object && row.is_none();
        let value = u64::from(entry.value);
        Symbol {
            name,
            prefix,
            address: if is_common { 0 } else { self.address(entry) },
            pos: self.position(entry).filter(|_| kind != SymbolKind::Other),
            size: if is_common { value } else { 0 },
            section: section.filter(|_| row.is_some()),
            file: None,
            kind,
            binding: match entry.class {
                // What a weak symbol stands for has a name of its own, made of the other.
                pe::IMAGE_SYM_CLASS_EXTERNAL if name.starts_with(b".weak.") => Binding::Local,
                pe::IMAGE_SYM_CLASS_EXTERNAL => Binding::Global,
                pe::IMAGE_SYM_CLASS_WEAK_EXTERNAL => Binding::Weak,
                _ => Binding::Local,
            },
            is_static: true,
        }
    }

    /// The address it names; in an object file its offset into the section.
    fn address(&self, entry: &Entry) -> u64 {
        let value = u64::from(entry.value);
        let header = entry.section().and_then(|i| self.file.headers.get(i as usize));
        match (&self.file.optional, header) {
            (Some(optional), Some(header)) => {
                optional.image_base.wrapping_add(u64::from(header.virtual_address)).wrapping_add(value)
            }
            _ => value,
        }
    }

    /// The position it names. The end of a section is a place too.
    fn position(&self, entry: &Entry) -> Option<u64> {
        let index = entry.section().filter(|&i| (i as usize) < self.file.headers.len())?;
        let section = self.sections.get(index as usize).filter(|s| s.loaded)?;
        if self.file.optional.is_none() {
            let within = u64::from(entry.value) <= section.span.end - section.span.start;
            return within.then(|| section.span.start + u64::from(entry.value));
        }
        let address = self.address(entry);
        self.line.pos(address).or_else(|| Some(self.line.pos(address.checked_sub(1)?)? + 1))
    }

    fn kind(&self, entry: &Entry, name: &[u8], section: Option<&Section<'_>>) -> SymbolKind {
        if name.is_empty() || entry.is_section(name, self.sections) {
            return SymbolKind::Other;
        }
        match entry.class {
            pe::IMAGE_SYM_CLASS_EXTERNAL | pe::IMAGE_SYM_CLASS_WEAK_EXTERNAL if entry.section == 0 => {
                if entry.value == 0 || entry.class == pe::IMAGE_SYM_CLASS_WEAK_EXTERNAL {
                    SymbolKind::Import
                } else {
                    SymbolKind::Object
                }
            }
            pe::IMAGE_SYM_CLASS_EXTERNAL
            | pe::IMAGE_SYM_CLASS_WEAK_EXTERNAL
            | pe::IMAGE_SYM_CLASS_STATIC
            | pe::IMAGE_SYM_CLASS_LABEL => match section {
                None => SymbolKind::Other,
                Some(_) if entry.is_function() => SymbolKind::Function,
                // Labels of assemblers and compilers inside of functions and tables.
                Some(_) if entry.class != pe::IMAGE_SYM_CLASS_EXTERNAL && name.starts_with(b".L") => {
                    SymbolKind::Other
                }
                Some(_) => SymbolKind::Label,
            },
            _ => SymbolKind::Other,
        }
    }
}

/// The name without the size of arguments that calling conventions of 32-bit code put
/// behind it, and the length of what they put in front: an underscore or `@`.
pub(super) fn undecorated(machine: pe::Machine, name: &[u8]) -> (&[u8], u8) {
    if machine != pe::IMAGE_FILE_MACHINE_I386 {
        return (name, 0);
    }
    let [b'_' | b'@', plain @ ..] = name else { return (name, 0) };
    let digits = plain.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    match name.get(..name.len().saturating_sub(digits)) {
        Some([bare @ .., b'@']) if digits > 0 && bare.len() > 1 => (bare, 1),
        // `@` in front marks a fast call, which always has the size behind it.
        _ if name.starts_with(b"@") => (name, 0),
        _ => (name, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calling_conventions_are_taken_off_32_bit_names() {
        let bare = |name: &'static str| {
            let (name, prefix) = undecorated(pe::IMAGE_FILE_MACHINE_I386, name.as_bytes());
            String::from_utf8_lossy(&name[usize::from(prefix)..]).into_owned()
        };
        assert_eq!(bare("_main"), "main");
        assert_eq!(bare("_CreateFileW@28"), "CreateFileW");
        assert_eq!(bare("@fast@8"), "fast");
        assert_eq!(bare("__ZN4core3fmt5write17h0123456789abcdefE"), "_ZN4core3fmt5write17h0123456789abcdefE");
        assert_eq!(bare("?foo@@YAXXZ"), "?foo@@YAXXZ");
        assert_eq!(bare("@feat.00"), "@feat.00");
        assert_eq!(undecorated(pe::IMAGE_FILE_MACHINE_AMD64, b"_start"), (&b"_start"[..], 0));
    }
}
