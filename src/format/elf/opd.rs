//! Function descriptors of 64-bit PowerPC (ELF ABI version 1).
//!
//! There a function symbol names its descriptor in `.opd`, while its size is that
//! of the code. The first word of the descriptor is the address of the code.

use std::collections::HashMap;

use object::elf;
use object::read::elf::SectionHeader;

use super::relocations::{entries, read_word};
use super::symbols::Index;
use super::{Elf, File};
use crate::format::{Charge, Line, Section, Symbol, SymbolKind, Target};

/// Size of a descriptor: code address, table of contents, environment.
const DESCRIPTOR: u64 = 24;

/// Moves function symbols from their descriptors to their code, and charges the
/// descriptors to them.
pub(super) fn resolve<H: Elf>(
    file: &File<'_, H>,
    line: &Line,
    sections: &[Section<'_>],
    symbols: &mut [Symbol<'_>],
    index: &Index,
    charges: &mut Vec<Charge>,
) {
    if file.machine() != elf::EM_PPC64 {
        return;
    }
    let Some(at) = sections.iter().position(|s| s.name == ".opd" && s.loaded) else { return };
    let (Some(opd), bytes) = (sections.get(at), file.bytes(at)) else { return };
    let patched = patched(file, line, sections, symbols, index, at);
    for (id, symbol) in symbols.iter_mut().enumerate() {
        let Some(pos) = symbol.pos.filter(|p| opd.span.contains(p)) else { continue };
        if symbol.kind != SymbolKind::Function {
            continue;
        }
        let stored = || {
            let word = usize::try_from(pos - opd.span.start).ok()?;
            line.pos(read_word(bytes.get(word..word.checked_add(8)?)?, file.endian))
        };
        let Some(code) = patched.get(&pos).copied().or_else(stored) else { continue };
        symbol.pos = Some(code);
        symbol.section = None;
        let end = (pos + DESCRIPTOR).min(opd.span.end);
        charges.push(Charge { start: pos, end, on: Target::Symbol(id as u32) });
    }
}

/// What relocations put into descriptors: position of the word to position of the code.
fn patched<H: Elf>(
    file: &File<'_, H>,
    line: &Line,
    sections: &[Section<'_>],
    symbols: &[Symbol<'_>],
    index: &Index,
    opd: usize,
) -> HashMap<u64, u64> {
    let mut patched = HashMap::new();
    let code = crate::format::code_spans(sections);
    let is_code = |pos: &u64| {
        let after = code.partition_point(|s| s.start <= *pos);
        after.checked_sub(1).and_then(|i| code.get(i)).is_some_and(|s| *pos < s.end)
    };
    let Some(span) = sections.get(opd).map(|s| s.span.clone()) else { return patched };
    for table in file.of_type(elf::SHT_RELA) {
        let Some(header) = file.headers.get(table) else { continue };
        if file.relocatable && header.sh_info(file.endian) as usize != opd {
            continue;
        }
        for r in entries(file, table).iter() {
            let place =
                if file.relocatable { Some(span.start.saturating_add(r.offset)) } else { line.pos(r.offset) };
            let Some(place) = place.filter(|p| span.contains(p)) else { continue };
            let addend = r.addend.unwrap_or_default() as u64;
            let base =
                index.symbol(header.sh_link(file.endian), r.symbol).and_then(|s| symbols.get(s as usize));
            let target = match base {
                Some(s) if file.relocatable => {
                    let section = s.section.and_then(|i| sections.get(i as usize));
                    section.map(|section| section.span.start.wrapping_add(s.address).wrapping_add(addend))
                }
                _ => line.pos(addend),
            };
            // The words behind the first one of a descriptor point at data.
            if let Some(code) = target.filter(is_code) {
                patched.insert(place, code);
            }
        }
    }
    patched
}
