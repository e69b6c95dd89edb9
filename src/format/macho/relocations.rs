//! Relocations of object files (`mach-o/reloc.h` and those of each machine): charges,
//! pointers, and the values that other readers need.

use std::ops::Range;

use object::macho;

use super::commands::SectionHeader;
use super::context::{Context, Found};
use crate::format::cursor::sign_extend;
use crate::format::once::Once;
use crate::format::{Addend, Charge, Endian, Fixup, Pointer, Target};

/// What relocations do to the sections that other readers look at.
pub(super) struct Applied {
    by_section: Vec<Vec<Fixup>>,
}

impl Applied {
    /// The fixups of a section, sorted by offset.
    pub fn of(&self, section: usize) -> &[Fixup] {
        self.by_section.get(section).map_or(&[], |list| list)
    }
}

/// A relocation that is not scattered.
#[derive(Clone, Copy)]
struct Relocation {
    /// Offset into its section.
    offset: u64,
    symbol: u32,
    is_relative: bool,
    /// Size of the field in bytes.
    size: u8,
    is_extern: bool,
    kind: u8,
}

/// Reads the relocations of all sections.
pub(super) fn read(context: &Context<'_, '_>, found: &mut Found) -> Applied {
    let mut by_section = Vec::with_capacity(context.sections.len());
    // Tables do not overlap: together they are no longer than the file.
    let mut once = Once::of(context.file.len() as usize);
    for (index, header) in context.commands.sections.iter().enumerate() {
        let mut fixups = Vec::new();
        let stated = &header.relocations;
        let range = context.file.clip(stated.start, stated.end - stated.start);
        if context.file.is_object() && once.may_read(context.file.bytes(&range).len()) {
            of_section(context, index, header, range, &mut fixups, found);
        }
        fixups.sort_unstable();
        by_section.push(fixups);
    }
    Applied { by_section }
}

fn of_section(
    context: &Context<'_, '_>,
    index: usize,
    header: &SectionHeader<'_>,
    range: Range<u64>,
    fixups: &mut Vec<Fixup>,
    found: &mut Found,
) {
    let Some(section) = context.sections.get(index) else { return };
    let bytes = context.file.bytes(&range);
    let mut c = context.file.cursor(bytes);
    let is_frame = header.name == b"__eh_frame";
    let mut subtracted: Option<u64> = None;
    loop {
        let start = range.start + c.at();
        let (Some(first), Some(second)) = (c.u32(), c.u32()) else { break };
        let Some(relocation) = parse(context.file.endian, first, second) else {
            subtracted = None;
            continue;
        };
        let place = section.span.start.saturating_add(relocation.offset);
        if section.span.contains(&place) {
            found.charges.push(Charge { start, end: start + 8, on: Target::Pos(place) });
        }
        let stored = || {
            let bytes = context.file.bytes(&(place..place.checked_add(u64::from(relocation.size))?));
            context.file.cursor(bytes).uint(relocation.size)
        };
        if is_subtractor(context, &relocation) {
            subtracted = target(context, &relocation, 0);
            continue;
        }
        let minus = subtracted.take();
        // Type 0 is a plain address on every machine.
        if relocation.kind != 0 || relocation.is_relative || relocation.size < 4 {
            continue;
        }
        let Some(stored) = stored() else { continue };
        let Some(to) = target(context, &relocation, stored) else { continue };
        let value = match minus {
            // A difference: in frames to the field itself, which readers take for relative.
            Some(minus) if is_frame => to.wrapping_sub(minus).wrapping_add(place),
            Some(minus) => to.wrapping_sub(minus),
            None => {
                if section.loaded {
                    found.pointers.push(Pointer { at: place, to });
                }
                to
            }
        };
        fixups.push(Fixup { offset: relocation.offset, value, addend: Addend::Included });
    }
}

/// Takes an entry apart; `None` for the scattered ones of 32-bit machines.
fn parse(endian: Endian, first: u32, second: u32) -> Option<Relocation> {
    if first & macho::R_SCATTERED != 0 {
        return None;
    }
    let (symbol, bits) = match endian {
        Endian::Little => (second & 0x00ff_ffff, second >> 24),
        // The same fields, packed from the other end.
        Endian::Big => {
            let low = second & 0xff;
            (second >> 8, (low >> 7) | ((low >> 5) & 3) << 1 | ((low >> 4) & 1) << 3 | (low & 0xf) << 4)
        }
    };
    Some(Relocation {
        offset: u64::from(first),
        symbol,
        is_relative: bits & 1 != 0,
        size: 1 << ((bits >> 1) & 3),
        is_extern: (bits >> 3) & 1 != 0,
        kind: (bits >> 4) as u8,
    })
}

/// Whether an entry only says what the next one is relative to.
fn is_subtractor(context: &Context<'_, '_>, relocation: &Relocation) -> bool {
    match context.file.cpu {
        macho::CPU_TYPE_X86_64 => relocation.kind == macho::X86_64_RELOC_SUBTRACTOR.0,
        macho::CPU_TYPE_ARM64 | macho::CPU_TYPE_ARM64_32 => {
            relocation.kind == macho::ARM64_RELOC_SUBTRACTOR.0
        }
        _ => false,
    }
}

/// The position that is meant: of a symbol with what is stored added, or of a stored address.
fn target(context: &Context<'_, '_>, relocation: &Relocation, stored: u64) -> Option<u64> {
    if relocation.is_extern {
        let symbol = context.symbols.get(relocation.symbol as usize)?;
        let pos = symbol.pos.or_else(|| context.place(symbol.address, symbol.section? as usize))?;
        return Some(pos.wrapping_add(sign_extend(stored, relocation.size)));
    }
    context.place(stored, (relocation.symbol as usize).checked_sub(1)?)
}
