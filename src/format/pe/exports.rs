//! Exports: a table of addresses by number, and sorted names that lead to numbers.

use std::ops::Range;

use object::pe;

use super::headers::File;
use super::mapped::{LONGEST_NAME, Mapped};
use crate::error::Diagnostic;
use crate::format::{Binding, Charge, Region, RegionPlace, Section, Symbol, SymbolKind, Target};
use crate::kind::Kind;

/// What an image exports.
#[derive(Default)]
pub(super) struct Exports<'data> {
    pub symbols: Vec<Symbol<'data>>,
    pub charges: Vec<Charge>,
    pub regions: Vec<Region>,
}

const NAMES: &str = "export names";
/// The most names of other libraries' exports that are looked at. System libraries have two thousand.
const LONGEST_LIST: u32 = 1 << 16;

/// Reads the export directory.
pub(super) fn read<'data>(
    file: &File<'data>,
    mapped: &Mapped<'_, 'data>,
    sections: &[Section<'_>],
    diagnostics: &mut Vec<Diagnostic>,
) -> Exports<'data> {
    let mut out = Exports::default();
    let Some(directory) = file.directory(pe::IMAGE_DIRECTORY_ENTRY_EXPORT) else { return out };
    let Some(tables) = mapped.cursor(directory.rva).and_then(|c| Tables::read(c, mapped)) else {
        let text = format!("the export directory at {:#x} is not in the file", directory.rva);
        diagnostics.push(Diagnostic::warning("exports-out-of-file", text));
        return out;
    };
    let region = |span: Range<u64>, name: &'static str, out: &mut Exports<'_>| {
        if !span.is_empty() {
            let (kind, place) = (Kind::Dynamic, RegionPlace::InSection);
            out.regions.push(Region { span, name: name.into(), kind, place });
        }
    };
    region(tables.header.clone(), "export directory", &mut out);
    region(tables.addresses.clone(), "export address table", &mut out);
    region(tables.names.clone(), "export name table", &mut out);
    region(tables.numbers.clone(), "export number table", &mut out);
    if let Some((_, span)) = mapped.text(tables.library) {
        region(span, NAMES, &mut out);
    }

    let word = |span: &Range<u64>, index: u64, size: u64| {
        let at = span.start.checked_add(index.checked_mul(size)?)?;
        (at + size <= span.end).then_some(())?;
        Some((at, file.cursor(at)?.uint(size as u8)? as u32))
    };
    // By number: where what is exported lies. A place inside the directory is the name
    // of what another library exports.
    let inside = |rva: u32| rva.checked_sub(directory.rva).is_some_and(|into| into < directory.size);
    let count = (tables.addresses.end - tables.addresses.start) / 4;
    let mut places: Vec<Option<u64>> = Vec::with_capacity(count as usize);
    let mut forwarders = 0u32;
    for index in 0..count {
        let Some((at, rva)) = word(&tables.addresses, index, 4) else { break };
        let forwarded = inside(rva);
        if forwarded
            && forwarders < LONGEST_LIST
            && let Some((_, span)) = mapped.text(rva)
        {
            forwarders += 1;
            region(span, NAMES, &mut out);
        }
        let pos = if rva == 0 || forwarded { None } else { mapped.pos(rva) };
        out.charges.extend(pos.map(|pos| Charge { start: at, end: at + 4, on: Target::Pos(pos) }));
        places.push(pos);
    }
    let named = (tables.names.end - tables.names.start) / 4;
    // Names are not shared: together they are no longer than the file.
    let mut left = file.len();
    for index in 0..named {
        let Some((name_at, rva)) = word(&tables.names, index, 4) else { break };
        let text = mapped.text(rva);
        let cost = text.as_ref().map_or(LONGEST_NAME, |(name, _)| name.len());
        let Some(rest) = left.checked_sub(cost as u64) else { break };
        left = rest;
        let Some((name, span)) = text else { continue };
        region(span.clone(), NAMES, &mut out);
        let Some((number_at, number)) = word(&tables.numbers, index, 2) else { continue };
        let Some(pos) = places.get(number as usize).copied().flatten() else { continue };
        let on = Target::Pos(pos);
        out.charges.push(Charge { start: name_at, end: name_at + 4, on });
        out.charges.push(Charge { start: number_at, end: number_at + 2, on });
        out.charges.push(Charge { start: span.start, end: span.end, on });
        out.symbols.push(symbol(mapped, sections, name, pos));
    }
    out
}

/// Where the parts of the directory lie, as far as they are in the file.
struct Tables {
    header: Range<u64>,
    library: u32,
    addresses: Range<u64>,
    names: Range<u64>,
    numbers: Range<u64>,
}

impl Tables {
    /// `IMAGE_EXPORT_DIRECTORY`.
    fn read(mut c: crate::format::cursor::Cursor<'_, '_>, mapped: &Mapped<'_, '_>) -> Option<Tables> {
        let start = c.at();
        c.skip(12)?;
        let library = c.u32()?;
        c.skip(4)?;
        let (addresses, names) = (u64::from(c.u32()?), u64::from(c.u32()?));
        let table = |rva: u32, count: u64, size: u64| {
            let span = if count == 0 { None } else { mapped.span(rva, count * size) };
            // A partial entry at the end is left out.
            span.map_or(0..0, |s| s.start..s.end - (s.end - s.start) % size)
        };
        Some(Tables {
            library,
            addresses: table(c.u32()?, addresses, 4),
            names: table(c.u32()?, names, 4),
            numbers: table(c.u32()?, names, 2),
            header: start..c.at(),
        })
    }
}

fn symbol<'data>(
    mapped: &Mapped<'_, '_>,
    sections: &[Section<'_>],
    name: &'data [u8],
    pos: u64,
) -> Symbol<'data> {
    // The first segment is the headers; behind it each section is one.
    let section = mapped.line.mapping_at(pos).and_then(|m| m.segment.checked_sub(1));
    let is_code = section.and_then(|i| sections.get(i as usize)).is_some_and(|s| s.executable);
    Symbol {
        name,
        prefix: 0,
        address: mapped.line.address(pos).unwrap_or_default(),
        pos: Some(pos),
        size: 0,
        section,
        file: None,
        kind: if is_code { SymbolKind::Function } else { SymbolKind::Label },
        binding: Binding::Global,
        is_static: false,
    }
}
