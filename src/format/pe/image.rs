//! An image: a program, a library, a driver.

use object::pe;

use super::headers::{self, File, OptionalHeader};
use super::mapped::Mapped;
use super::object_relocations::Applied;
use super::strings::Strings;
use super::{
    debug_directory, dwarf, exports, imports, layout, load_config, machine, packages, relocations, resources,
    rich, strip, symbols, unwind,
};
use crate::error::Diagnostic;
use crate::format::{
    Charge, DebugInfo, Detail, Fatal, Format, Header, Image, Member, Region, RegionPlace, Symbol, Target,
};
use crate::kind::Kind;
use crate::order;
use crate::timing;

/// Reads an image.
///
/// *Errors*: its headers cannot be read.
pub(super) fn read(data: &[u8], detail: Detail) -> Result<Image<'_>, Fatal> {
    let mut diagnostics = Vec::new();
    let file = headers::image(data, &mut diagnostics)?;
    let Some(optional) = &file.optional else { return Err("the optional header is missing".into()) };
    let strings = Strings::of(&file);
    let layout::Layout { line, segments, sections, mut regions } =
        timing::phase("headers", || layout::image(&file, optional, &strings, &mut diagnostics));
    let mapped = Mapped::new(&file, &line);

    let table =
        timing::phase("symbols", || symbols::read(&file, &line, &sections, &strings, &mut diagnostics));
    let symbols::Table { mut symbols, files, mut charges, regions: tables, .. } = table;
    regions.extend(tables);
    let names = file.headers.iter().zip(&sections);
    charges.extend(names.filter_map(|(header, section)| {
        let span = strings.section_name_span(&header.name)?;
        Some(Charge { start: span.start, end: span.end, on: Target::Pos(section.span.start) })
    }));

    let (imports, exports) = timing::phase("imports", || {
        let exports = exports::read(&file, &mapped, &sections, &mut diagnostics);
        (imports::read(&file, &mapped), exports)
    });
    let exported = exports.symbols.len();
    join(&mut symbols, &mut charges, exports.symbols, exports.charges);
    join(&mut symbols, &mut charges, imports.symbols, imports.charges);
    let loader = load_config::read(&file, &mapped);
    charges.extend(loader.charges);
    let relocations = timing::phase("relocations", || relocations::read(&file, &mapped, &mut diagnostics));
    charges.extend(relocations.charges);
    let unwind = timing::phase("unwind", || function_table(&file, &mapped));
    charges.extend(unwind.charges);
    diagnostics.extend(unwind.diagnostics);
    let frames = timing::phase("unwind", || dwarf::frames(&file, &line, &sections, &Applied::default()));
    let mut functions = unwind.functions;
    functions.extend(frames.functions);
    order::spans(&mut functions);
    functions.dedup();
    charges.extend(frames.charges);
    diagnostics.extend(frames.diagnostics);
    let dwarf = timing::phase("units", || dwarf::units(&file, &line, &sections, &Applied::default(), detail));
    diagnostics.extend(dwarf.diagnostics);
    let debug = debug_directory::read(&file, &mapped, &mut diagnostics);
    regions.extend(resources::read(&file, &mapped, &mut diagnostics));
    for more in [imports.regions, exports.regions, loader.regions, relocations.regions] {
        regions.extend(more);
    }
    regions.extend(debug.regions.into_iter().chain(unwind.regions).chain(frames.regions));
    diagnostics.extend(imports.diagnostics);
    let last = last_of_sections(&file, &sections);
    regions.extend(behind(&file, last, &regions, &mut diagnostics));

    let fixed = file.header.flags & pe::IMAGE_FILE_RELOCS_STRIPPED.0 != 0;
    let (arch, machine) = machine(&file, fixed);
    let header = Header {
        arch: match &*arch {
            "x86_64" if loader.is_hybrid => "arm64ec".into(),
            "aarch64" if loader.is_hybrid => "arm64x".into(),
            _ => arch,
        },
        file_type: file_type(&file, optional, exported),
        bits: machine.bits,
        endian: machine.endian,
        build_id: debug.build_id,
        needed: imports.needed,
        toolchain: toolchain(&file, optional),
        stripped: file.header.symbols == 0 || file.header.symbols_at == 0,
        debug_link: debug.link,
        debug_info: dwarf.version.map(|version| DebugInfo::Dwarf { version }),
        packages: packages(&file, &sections, &mut diagnostics),
        ..Header::unknown(Format::Pe)
    };
    let mut image = Image {
        members: vec![Member::whole(&line, machine)],
        segments,
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
        pointers: relocations.pointers,
        diagnostics,
        ..Image::empty(header, line)
    };
    image.settle();
    image.header.stripped_size = Some(strip::size(&file, &image));
    Ok(image)
}

/// Reads the function table that the directory of exceptions names.
fn function_table(file: &File<'_>, mapped: &Mapped<'_, '_>) -> unwind::Unwind {
    let directory = file.directory(pe::IMAGE_DIRECTORY_ENTRY_EXCEPTION);
    let span = directory.and_then(|d| mapped.span(d.rva, u64::from(d.size)));
    let Some(span) = span else { return unwind::Unwind::default() };
    let around = unwind::Around { data: file.data, line: mapped.line, base: mapped.base, is_object: false };
    let table = unwind::FunctionTable { span, fixups: &[] };
    unwind::read(file.header.machine, &[table], &around)
}

/// Adds symbols and the charges that speak of them by their place among them.
fn join<'data>(
    symbols: &mut Vec<Symbol<'data>>,
    charges: &mut Vec<Charge>,
    more: Vec<Symbol<'data>>,
    on_them: Vec<Charge>,
) {
    let before = u32::try_from(symbols.len()).unwrap_or(u32::MAX);
    symbols.extend(more);
    charges.extend(on_them.into_iter().map(|charge| match charge.on {
        Target::Symbol(index) => Charge { on: Target::Symbol(index.saturating_add(before)), ..charge },
        Target::Pos(_) => charge,
    }));
}

/// The format's own word for what the file is.
fn file_type(file: &File<'_>, optional: &OptionalHeader, exported: usize) -> &'static str {
    match optional.subsystem {
        pe::IMAGE_SUBSYSTEM_EFI_APPLICATION | pe::IMAGE_SUBSYSTEM_WINDOWS_BOOT_APPLICATION => {
            "EFI application"
        }
        pe::IMAGE_SUBSYSTEM_EFI_BOOT_SERVICE_DRIVER
        | pe::IMAGE_SUBSYSTEM_EFI_RUNTIME_DRIVER
        | pe::IMAGE_SUBSYSTEM_EFI_ROM => "EFI driver",
        // Libraries of the kernel export functions; drivers are called by their entry point.
        pe::IMAGE_SUBSYSTEM_NATIVE if exported == 0 => "driver",
        _ if file.header.flags & pe::IMAGE_FILE_DLL.0 != 0 => "DLL",
        pe::IMAGE_SUBSYSTEM_NATIVE => "driver",
        _ => "executable",
    }
}

/// What the tools say of themselves.
fn toolchain(file: &File<'_>, optional: &OptionalHeader) -> Vec<String> {
    let (major, minor) = optional.linker;
    let mut tools = vec![format!("linker {major}.{minor}")];
    tools.extend(rich::find(file).iter().flat_map(rich::Rich::tools));
    tools
}

/// Where the last section ends in the file.
fn last_of_sections(file: &File<'_>, sections: &[crate::format::Section<'_>]) -> u64 {
    let ends = sections.iter().map(|s| s.span.end).filter(|&end| end <= file.len());
    ends.max().unwrap_or(0).max(file.table_span.end)
}

/// What lies behind the sections: certificates, and data that somebody appended.
fn behind(file: &File<'_>, last: u64, regions: &[Region], diagnostics: &mut Vec<Diagnostic>) -> Vec<Region> {
    let mut found = Vec::new();
    // The one directory that is given by file offset: the loader does not look at it.
    let Some(directory) = file.directory(pe::IMAGE_DIRECTORY_ENTRY_SECURITY) else { return found };
    let stated = u64::from(directory.rva)..u64::from(directory.rva).saturating_add(u64::from(directory.size));
    let span = stated.start.min(file.len())..stated.end.min(file.len());
    if stated.end > file.len() {
        let text = format!(
            "the certificate table ends at {:#x}, after the end of the file ({:#x})",
            stated.end,
            file.len()
        );
        diagnostics.push(Diagnostic::warning("certificates-out-of-file", text).at(span.start));
    }
    // What was appended before the file was signed ends where the certificates start.
    let known = regions.iter().filter(|r| r.place != RegionPlace::InSection).map(|r| r.span.end);
    let end = known.filter(|&end| end <= span.start).max().unwrap_or(0).max(last);
    if end < span.start && file.bytes(end, span.start - end).iter().any(|&b| b != 0) {
        let (name, kind, place) = ("appended data".into(), Kind::Unmapped, RegionPlace::Fallback);
        found.push(Region { span: end..span.start, name, kind, place });
    }
    if !span.is_empty() {
        let (name, kind, place) = ("certificate table".into(), Kind::Metadata, RegionPlace::File);
        found.push(Region { span, name, kind, place });
    }
    found
}
