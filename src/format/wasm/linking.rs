//! Object files: the symbol table that the linker reads, and relocations.
//!
//! Tool conventions, `Linking.md`, version 2 of the `linking` section.

use super::data::Data;
use super::functions::{Functions, Outcome, list, unread};
use super::names::Named;
use super::sections::name;
use super::{Module, Reader, Trouble};
use crate::format::{Binding, Charge, Symbol, SymbolKind, Target};

/// Whether a module is an object file.
pub(super) fn is_object(module: &Module<'_>) -> bool {
    module.sections.iter().any(|s| s.is_custom(b"linking"))
}

/// Names of data segments, as the linker knows them.
pub(super) fn segment_names<'data>(module: &Module<'data>, named: &mut Named<'data>) {
    for c in subsections(module, 5) {
        let mut number = 0u64;
        // What cannot be read stays without a name; the symbol table reports it.
        let _: Outcome = list(c, |c| {
            named.data.entry(number).or_insert(name(c)?);
            number += 1;
            c.uleb()?;
            c.uleb().map(|_| ())
        });
    }
}

/// The symbol table.
pub(super) fn symbols<'data>(
    module: &Module<'data>,
    places: &Places<'_, 'data>,
    symbols: &mut Vec<Symbol<'data>>,
    charges: &mut Vec<Charge>,
    trouble: &mut Trouble,
) {
    for c in subsections(module, 8) {
        let end = c.end();
        let outcome = list(c, |c| {
            let start = c.at();
            let on = places.symbol(c, symbols)?;
            charges.extend(on.map(|on| Charge { start, end: c.at(), on }));
            Some(())
        });
        if let Err(at) = outcome {
            unread(0, at, end, trouble);
        }
    }
}

/// The subsections of one kind in the `linking` section.
fn subsections<'data>(module: &Module<'data>, wanted: u8) -> Vec<Reader<'data>> {
    let mut found = Vec::new();
    for section in module.sections.iter().filter(|s| s.is_custom(b"linking")) {
        let mut c = module.reader(section);
        if c.uleb() != Some(2) {
            continue;
        }
        while let (Some(id), Some(len)) = (c.u8(), c.uleb()) {
            let inner = c;
            if c.skip(len).is_none() {
                break;
            }
            if id == wanted {
                found.push(inner.until(c.at()));
            }
        }
    }
    found
}

/// Where symbols can lie.
pub(super) struct Places<'p, 'data> {
    pub functions: &'p Functions<'data>,
    pub data: &'p [Data],
    /// Index into `Image::sections` of the code section, and of the first data segment.
    pub code_section: Option<u32>,
    pub data_sections: u32,
}

impl<'data> Places<'_, 'data> {
    /// Reads an entry; what it is about, if that is anything.
    fn symbol(&self, c: &mut Reader<'data>, symbols: &mut Vec<Symbol<'data>>) -> Option<Option<Target>> {
        const FUNCTION: u8 = 0;
        const DATA: u8 = 1;
        const SECTION: u8 = 3;
        const WEAK: u64 = 0x1;
        const LOCAL: u64 = 0x2;
        const UNDEFINED: u64 = 0x10;
        const EXPLICIT_NAME: u64 = 0x40;
        const TLS: u64 = 0x100;
        const ABSOLUTE: u64 = 0x200;
        let (kind, flags) = (c.u8()?, c.uleb()?);
        let binding = match flags {
            f if f & LOCAL != 0 => Binding::Local,
            f if f & WEAK != 0 => Binding::Weak,
            _ => Binding::Global,
        };
        let is_defined = flags & UNDEFINED == 0;
        let mut add = |symbol: Symbol<'data>| {
            symbols.push(symbol);
            Some(Target::Symbol((symbols.len() - 1) as u32))
        };
        match kind {
            FUNCTION => {
                let number = c.uleb()?;
                let has_name = is_defined || flags & EXPLICIT_NAME != 0;
                let text: &[u8] = if has_name { name(c)? } else { b"" };
                let Some(body) = self.functions.body(number) else {
                    return Some(self.functions.target(number));
                };
                Some(add(Symbol {
                    name: text,
                    prefix: 0,
                    address: body.start,
                    pos: Some(body.start),
                    size: body.end - body.start,
                    section: self.code_section,
                    file: None,
                    kind: SymbolKind::Function,
                    binding,
                    is_static: true,
                }))
            }
            DATA => {
                let text = name(c)?;
                if !is_defined {
                    return Some(add(import(text)));
                }
                let (number, offset, size) = (c.uleb()?, c.uleb()?, c.uleb()?);
                let segment = usize::try_from(number).ok().and_then(|n| self.data.get(n));
                let Some(segment) = segment.filter(|_| flags & ABSOLUTE == 0) else { return Some(None) };
                let pos = segment.bytes.start.checked_add(offset).filter(|&pos| pos <= segment.bytes.end);
                Some(add(Symbol {
                    name: text,
                    prefix: 0,
                    address: offset,
                    pos,
                    size,
                    section: u32::try_from(number).ok().and_then(|n| self.data_sections.checked_add(n)),
                    file: None,
                    kind: if flags & TLS != 0 { SymbolKind::Tls } else { SymbolKind::Object },
                    binding,
                    is_static: true,
                }))
            }
            SECTION => c.uleb().map(|_| None),
            // Globals, tags, tables.
            _ => {
                c.uleb()?;
                if is_defined || flags & EXPLICIT_NAME != 0 {
                    name(c)?;
                }
                Some(None)
            }
        }
    }
}

/// A symbol that another file defines.
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

/// Charges relocations to the places they patch.
pub(super) fn relocations(module: &Module<'_>, charges: &mut Vec<Charge>, trouble: &mut Trouble) {
    for section in module.sections.iter().filter(|s| s.id == 0 && s.name.starts_with(b"reloc.")) {
        let mut c = module.reader(section);
        let patched = c.uleb().and_then(|n| usize::try_from(n).ok()).and_then(|n| module.sections.get(n));
        let Some(patched) = patched.filter(|p| p.id != 0 || !p.name.starts_with(b"reloc.")) else {
            unread(0, section.contents.start, section.contents.end, trouble);
            continue;
        };
        let outcome = list(c, |c| {
            let start = c.at();
            let (kind, offset) = (c.u8()?, c.uleb()?);
            c.uleb()?;
            if has_addend(kind) {
                c.sleb()?;
            }
            let pos = patched.contents.start.checked_add(offset).filter(|&pos| pos < patched.contents.end);
            charges.extend(pos.map(|pos| Charge { start, end: c.at(), on: Target::Pos(pos) }));
            Some(())
        });
        if let Err(at) = outcome {
            unread(0, at, section.contents.end, trouble);
        }
    }
}

/// Whether relocations of a type have an addend: those of memory and of offsets.
fn has_addend(kind: u8) -> bool {
    matches!(kind, 3..=5 | 8 | 9 | 11 | 14..=17 | 21..=23 | 25)
}
