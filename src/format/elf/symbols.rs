//! Symbol tables: what they name, and their own bytes charged to what they name.

use std::borrow::Cow;
use std::collections::HashMap;

use object::elf;
use object::read::elf::{SectionHeader, Sym};

use super::{Elf, File};
use crate::error::Diagnostic;
use crate::format::text::NameBudget;
use crate::format::{Binding, Charge, Line, Section, Symbol, SymbolKind, Target};

/// All symbol tables of a file.
pub(super) struct Tables<'data> {
    pub symbols: Vec<Symbol<'data>>,
    pub files: Vec<Cow<'data, str>>,
    pub charges: Vec<Charge>,
    pub index: Index,
    names: NameBudget,
}

/// From (symbol table section, entry) to an index into `Image::symbols`.
#[derive(Default)]
pub(super) struct Index {
    tables: HashMap<u32, (u32, u32)>,
}

impl Index {
    /// The symbol that entry `entry` of the table in section `table` names.
    pub fn symbol(&self, table: u32, entry: u32) -> Option<u32> {
        let &(first, count) = self.tables.get(&table)?;
        // Entry 0 of every table is the null symbol and has no row.
        (entry >= 1 && entry <= count).then(|| first + entry - 1)
    }

    /// How many entries the table has, the null symbol included.
    pub fn entries(&self, table: u32) -> u32 {
        self.tables.get(&table).map_or(0, |&(_, count)| count + 1)
    }
}

/// Reads every symbol table, the static ones first.
pub(super) fn read<'data, H: Elf>(
    file: &File<'data, H>,
    line: &Line,
    sections: &[Section<'data>],
    diagnostics: &mut Vec<Diagnostic>,
) -> Tables<'data> {
    let mut tables = Tables {
        symbols: Vec::new(),
        files: Vec::new(),
        charges: Vec::new(),
        index: Index::default(),
        names: NameBudget::of(file.data.len()),
    };
    let tls = tls_template(file);
    let order = file.of_type(elf::SHT_SYMTAB).chain(file.of_type(elf::SHT_DYNSYM));
    // A table claimed by a hundred section headers is still one table.
    let mut seen = Vec::new();
    for table in order {
        let Some(header) = file.headers.get(table) else { continue };
        let start = header.sh_offset(file.endian).into();
        if seen.contains(&start) || seen.len() >= 16 {
            continue;
        }
        seen.push(start);
        read_table(file, line, sections, table, tls, &mut tables, diagnostics);
    }
    tables
}

fn read_table<'data, H: Elf>(
    file: &File<'data, H>,
    line: &Line,
    sections: &[Section<'data>],
    table: usize,
    tls: (u64, u64),
    out: &mut Tables<'data>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let Some(header) = file.headers.get(table) else { return };
    let (endian, is_static) = (file.endian, header.sh_type(file.endian) == elf::SHT_SYMTAB);
    let entries: &[H::Sym] = File::<H>::array(file.bytes(table));
    let entry_size = size_of::<H::Sym>() as u64;
    let table_pos = sections.get(table).map_or(0, |s| s.span.start);
    let link = header.sh_link(endian) as usize;
    let strings = file.bytes(link);
    let strings_pos = sections.get(link).map_or(0, |s| s.span.start);
    let extended = extended_indices(file, table);

    let first = u32::try_from(out.symbols.len()).unwrap_or(u32::MAX);
    let count = u32::try_from(entries.len().saturating_sub(1)).unwrap_or(u32::MAX);
    out.index.tables.insert(table as u32, (first, count));
    out.symbols.reserve(entries.len());
    out.charges.reserve(entries.len() * 2);
    // Behind the entries, so that both are lists in order.
    let mut of_names = Vec::with_capacity(entries.len());
    let mut current_file = None;
    let mut bad_names = 0u64;
    for (entry, sym) in entries.iter().enumerate().skip(1) {
        let name_at = sym.st_name(endian) as usize;
        let name = out.names.zero_ended(strings, name_at).unwrap_or_else(|| {
            bad_names += 1;
            &[]
        });
        if sym.st_bind() != elf::STB_LOCAL {
            current_file = None;
        } else if sym.st_type() == elf::STT_FILE {
            current_file = u32::try_from(out.files.len()).ok();
            out.files.push(String::from_utf8_lossy(name));
        }
        let symbol = Symbol {
            file: current_file,
            is_static,
            ..place(file, line, sections, extended, entry, sym, name, tls)
        };
        let id = u32::try_from(out.symbols.len()).unwrap_or(u32::MAX);
        out.symbols.push(symbol);
        let on = mark(file, line, sections, out.symbols.last(), name).unwrap_or(Target::Symbol(id));
        let start = table_pos + entry as u64 * entry_size;
        out.charges.push(Charge { start, end: start + entry_size, on });
        if !name.is_empty() {
            let start = strings_pos + name_at as u64;
            // The last name of a table that is cut off has no zero.
            let end = (start + name.len() as u64 + 1).min(strings_pos + strings.len() as u64);
            of_names.push(Charge { start, end, on });
        }
    }
    of_names.sort_by_key(|charge: &Charge| charge.start);
    out.charges.append(&mut of_names);
    if bad_names > 0 {
        let name = sections.get(table).map_or("", |s| &s.name);
        let text = format!(
            "{bad_names} symbols of {name} have names outside their string table, or share more of it than can be"
        );
        diagnostics.push(Diagnostic::warning("symbol-name-out-of-table", text).at(table_pos));
    }
}

/// A mark of a change of instruction set is on account of the code it lies in.
fn mark<H: Elf>(
    file: &File<'_, H>,
    line: &Line,
    sections: &[Section<'_>],
    symbol: Option<&Symbol<'_>>,
    name: &[u8],
) -> Option<Target> {
    let symbol = symbol.filter(|s| s.kind == SymbolKind::Other && name.starts_with(b"$"))?;
    let section = sections.get(symbol.section? as usize).filter(|s| s.loaded)?;
    let pos = if file.relocatable {
        section.span.start.checked_add(symbol.address)
    } else {
        line.pos(symbol.address)
    };
    pos.map(Target::Pos)
}

/// Section indices too large for the entry itself (`SHT_SYMTAB_SHNDX`).
fn extended_indices<'data, H: Elf>(
    file: &File<'data, H>,
    table: usize,
) -> &'data [object::U32<object::Endianness>] {
    let mut all = file.of_type(elf::SHT_SYMTAB_SHNDX);
    let of_table =
        |&index: &usize| file.headers.get(index).is_some_and(|h| h.sh_link(file.endian) as usize == table);
    all.find(of_table).map_or(&[], |index| File::<H>::array(file.bytes(index)))
}

#[expect(clippy::too_many_arguments, reason = "one entry in the context of its whole table")]
fn place<'data, H: Elf>(
    file: &File<'data, H>,
    line: &Line,
    sections: &[Section<'data>],
    extended: &[object::U32<object::Endianness>],
    entry: usize,
    sym: &H::Sym,
    name: &'data [u8],
    tls: (u64, u64),
) -> Symbol<'data> {
    let endian = file.endian;
    let mut address: u64 = sym.st_value(endian).into();
    let shndx = sym.st_shndx(endian);
    let section = match shndx {
        elf::SHN_XINDEX => extended.get(entry).map(|index| index.get(endian)),
        // SHN_UNDEF, and the reserved values: absolute, common, processor-specific.
        s if s.0 == 0 || s.0 >= 0xff00 => None,
        s => Some(u32::from(s.0)),
    };
    let row = section.and_then(|index| sections.get(index as usize));
    let st_type = sym.st_type();
    let kind = match st_type {
        elf::STT_SECTION | elf::STT_FILE => SymbolKind::Other,
        _ if shndx.0 == 0 && !name.is_empty() => SymbolKind::Import,
        elf::STT_FUNC | elf::STT_GNU_IFUNC => SymbolKind::Function,
        elf::STT_OBJECT | elf::STT_COMMON => SymbolKind::Object,
        elf::STT_TLS => SymbolKind::Tls,
        elf::STT_NOTYPE if row.is_some() && !is_mark(file.machine(), name) => SymbolKind::Label,
        _ => SymbolKind::Other,
    };
    if file.machine() == elf::EM_ARM && kind == SymbolKind::Function {
        // The low bit says Thumb; it is not part of the place.
        address &= !1;
    }
    let pos = row.and_then(|s| {
        if kind == SymbolKind::Other || !s.loaded {
            None
        } else if file.relocatable {
            let within = address <= s.span.end - s.span.start;
            within.then(|| s.span.start + address)
        } else if kind == SymbolKind::Tls {
            // Relative to the template; the part beyond the file has no place on the line.
            let (template, len) = tls;
            if address < len { line.pos(template.checked_add(address)?) } else { None }
        } else {
            // By address, not by section: post-link tools move code and leave the
            // section index as it was. One past the end of a segment is a place too.
            line.pos(address).or_else(|| Some(line.pos(address.checked_sub(1)?)? + 1))
        }
    });
    Symbol {
        name,
        prefix: 0,
        address,
        pos,
        size: sym.st_size(endian).into(),
        section: section.filter(|_| row.is_some()),
        file: None,
        kind,
        binding: match sym.st_bind() {
            elf::STB_LOCAL => Binding::Local,
            elf::STB_WEAK => Binding::Weak,
            _ => Binding::Global,
        },
        is_static: true,
    }
}

/// Whether a label only marks a change of instruction set, or is local to an assembler.
fn is_mark(machine: elf::Machine, name: &[u8]) -> bool {
    match machine {
        elf::EM_ARM | elf::EM_AARCH64 | elf::EM_RISCV | elf::EM_CSKY => match name {
            [b'$', b'a' | b'd' | b't' | b'x', rest @ ..] => {
                machine == elf::EM_RISCV || matches!(rest, [] | [b'.', ..])
            }
            _ => name.is_empty() || name.starts_with(b".L"),
        },
        _ => name.is_empty() || name.starts_with(b".L"),
    }
}

/// Address of the thread-local template, and how much of it is in the file.
fn tls_template<H: Elf>(file: &File<'_, H>) -> (u64, u64) {
    use object::read::elf::ProgramHeader;
    let mut all = file.segments.iter();
    let tls = all.find(|s| s.p_type(file.endian) == elf::PT_TLS);
    tls.map_or((0, 0), |s| (s.p_vaddr(file.endian).into(), s.p_filesz(file.endian).into()))
}
