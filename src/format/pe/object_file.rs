//! Object files: COFF without an image around it.
//!
//! A compiler may put every function into a section of its own. Sections have no
//! addresses yet, so positions serve as addresses.

use object::pe;

use super::headers::{self, File};
use super::object_relocations::{self, Applied};
use super::strings::Strings;
use super::{dwarf, kinds, machine, packages, symbols, unwind};
use crate::error::Diagnostic;
use crate::format::{
    Charge, DebugInfo, Detail, Fatal, Format, Header, Image, Laid, Line, Load, Member, Region, RegionPlace,
    Section, Target,
};
use crate::kind::Kind;
use crate::order;

/// Whether bytes start like an object file: a known machine, no optional header, and
/// tables that lie within the file.
pub(super) fn looks_like_one(data: &[u8]) -> bool {
    let Ok(file) = headers::object(data, &mut Vec::new()) else { return false };
    let header = &file.header;
    let known = matches!(
        header.machine,
        pe::IMAGE_FILE_MACHINE_AMD64
            | pe::IMAGE_FILE_MACHINE_I386
            | pe::IMAGE_FILE_MACHINE_ARM64
            | pe::IMAGE_FILE_MACHINE_ARM64EC
            | pe::IMAGE_FILE_MACHINE_ARM64X
            | pe::IMAGE_FILE_MACHINE_ARMNT
            | pe::IMAGE_FILE_MACHINE_ARM
            | pe::IMAGE_FILE_MACHINE_UNKNOWN
    );
    let image = pe::IMAGE_FILE_EXECUTABLE_IMAGE.0;
    known
        && header.optional_size == 0
        && header.flags & image == 0
        && header.symbols_at <= file.len()
        // Two zeros are a machine too, so something has to be there.
        && (header.sections > 0 || header.symbols > 0)
        && (header.machine != pe::IMAGE_FILE_MACHINE_UNKNOWN || header.symbols_at > 0)
}

/// Reads an object file of either size.
///
/// *Errors*: its header cannot be read.
pub(super) fn read(data: &[u8], detail: Detail) -> Result<Image<'_>, Fatal> {
    let mut diagnostics = Vec::new();
    let file = headers::object(data, &mut diagnostics)?;
    let strings = Strings::of(&file);
    let (line, sections) = layout(&file, &strings, &mut diagnostics);
    let table = symbols::read(&file, &line, &sections, &strings, &mut diagnostics);
    let relocations = object_relocations::read(&file, &sections, &table, &mut diagnostics);
    let symbols::Table { symbols, files, mut charges, mut regions, .. } = table;
    charges.extend(relocations.charges);
    charges.extend(file.headers.iter().zip(&sections).filter_map(|(header, section)| {
        let span = strings.section_name_span(&header.name)?;
        Some(Charge { start: span.start, end: span.end, on: Target::Pos(section.span.start) })
    }));
    regions.extend(relocations.regions);
    for (span, name) in
        [(file.header_span.clone(), "COFF header"), (file.table_span.clone(), "section headers")]
    {
        regions.push(Region { span, name: name.into(), kind: Kind::Headers, place: RegionPlace::File });
    }

    let unwind = function_tables(&file, &line, &sections, &relocations.applied);
    let frames = dwarf::frames(&file, &line, &sections, &relocations.applied);
    let mut functions = unwind.functions;
    functions.extend(frames.functions);
    order::spans(&mut functions);
    functions.dedup();
    charges.extend(unwind.charges.into_iter().chain(frames.charges));
    regions.extend(unwind.regions.into_iter().chain(frames.regions));
    diagnostics.extend(unwind.diagnostics.into_iter().chain(frames.diagnostics));
    let dwarf = dwarf::units(&file, &line, &sections, &relocations.applied, detail);
    diagnostics.extend(dwarf.diagnostics);

    let (arch, machine) = machine(&file, false);
    let header = Header {
        arch,
        file_type: "object file",
        bits: machine.bits,
        endian: machine.endian,
        stripped: symbols.is_empty(),
        debug_info: dwarf.version.map(|version| DebugInfo::Dwarf { version }),
        packages: packages(&file, &sections, &mut diagnostics),
        ..Header::unknown(Format::Pe)
    };
    let mut image = Image {
        members: vec![Member::whole(&line, machine)],
        sections,
        regions,
        symbols,
        files,
        functions,
        units: dwarf.units,
        unit_ranges: dwarf.unit_ranges,
        unit_parts: dwarf.unit_parts,
        code: dwarf.code,
        charges,
        diagnostics,
        ..Image::empty(header, line)
    };
    image.settle();
    Ok(image)
}

/// Lays each section that a linker would keep on the line as a load of its own.
fn layout<'data>(
    file: &File<'data>,
    strings: &Strings<'data>,
    diagnostics: &mut Vec<Diagnostic>,
) -> (Line, Vec<Section<'data>>) {
    let len = file.len();
    let mut sections = Vec::with_capacity(file.headers.len());
    let mut loads: Vec<Load> = Vec::new();
    let mut loaded: Vec<usize> = Vec::new();
    for (index, header) in file.headers.iter().enumerate() {
        let name = strings.section_name(&header.name, index + 1);
        let kind = kinds::of_section(&name, header);
        let size = u64::from(header.raw_size);
        let start = u64::from(header.raw_at);
        // Zero-fill has a size and no place.
        let in_file = header.raw_at != 0 && kind != Kind::Bss;
        let end = if in_file { start.saturating_add(size) } else { start };
        if end > len && in_file && size > 0 {
            let text = format!("section {name} ends at {end:#x}, after the end of the file ({len:#x})");
            let bytes = end - start.max(len);
            diagnostics
                .push(Diagnostic::warning("section-out-of-file", text).at(start.min(len)).bytes(bytes));
        }
        let is_removed = header.has(pe::IMAGE_SCN_LNK_REMOVE) || header.has(pe::IMAGE_SCN_LNK_INFO);
        let is_loaded = !is_removed && !matches!(kind, Kind::Debug | Kind::Metadata | Kind::Symbols);
        if is_loaded {
            loaded.push(index);
            loads.push(Load { segment: u32::MAX, address: None, len: size, file: start..end });
        }
        let align = header.flags >> 20 & 0xf;
        sections.push(Section {
            name,
            address: 0,
            size,
            align: if align == 0 { 1 } else { 1 << (align - 1) },
            span: start.min(len)..end.min(len),
            kind,
            loaded: is_loaded,
            executable: kind == Kind::Code,
            uncompressed: None,
        });
    }
    let (line, laid) = Line::lay(len, true, &loads);
    for (&index, laid) in loaded.iter().zip(&laid) {
        let Some(section) = sections.get_mut(index) else { continue };
        match laid {
            Laid::Done { zero, .. } if section.span.is_empty() => section.span = zero.clone(),
            Laid::Done { .. } => {}
            Laid::Absurd => {
                let text = format!("section {} states {} bytes, which cannot be", section.name, section.size);
                diagnostics.push(Diagnostic::warning("segment-absurd", text).at(section.span.start));
            }
        }
    }
    (line, sections)
}

/// Reads the function tables, of which each function may have one.
fn function_tables(
    file: &File<'_>,
    line: &Line,
    sections: &[Section<'_>],
    applied: &Applied,
) -> unwind::Unwind {
    let is_table = |s: &Section<'_>| s.name == ".pdata" || s.name.starts_with(".pdata$");
    let tables: Vec<unwind::FunctionTable<'_>> = sections
        .iter()
        .enumerate()
        .filter(|(_, s)| is_table(s))
        .map(|(index, s)| unwind::FunctionTable { span: s.span.clone(), fixups: applied.of(index) })
        .collect();
    let around = unwind::Around { data: file.data, line, base: 0, is_object: true };
    unwind::read(file.header.machine, &tables, &around)
}
