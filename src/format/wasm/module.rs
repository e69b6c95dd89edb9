//! One module, put together from its sections.

use super::functions::Functions;
use super::linking::Places;
use super::names::Named;
use super::sections::{PREAMBLE, find};
use super::{
    Module, Trouble, data, debug, elements, linking, metadata, pointers, section_kind, section_name,
    standard_name,
};
use crate::error::Diagnostic;
use crate::format::{
    Binding, Charge, DebugInfo, Detail, Endian, Filler, Format, Header, Image, Instructions, Line, Machine,
    Member, Region, RegionPlace, Section, Symbol, SymbolKind,
};
use crate::kind::Kind;
use crate::timing;

/// Reads a module, of which only the preamble is known to be there.
pub(super) fn read(bytes: &[u8], detail: Detail) -> Image<'_> {
    let mut trouble = Trouble::default();
    let len = bytes.len() as u64;
    let sections = find(bytes, PREAMBLE.min(len)..len, &mut trouble);
    let module = Module { bytes, sections };
    let is_object = linking::is_object(&module);
    let functions = timing::phase("sections", || Functions::read(&module, &mut trouble));
    let mut named = timing::phase("names", || Named::read(&module, &mut trouble));
    if is_object {
        linking::segment_names(&module, &mut named);
    }
    let data = data::read(&module, &functions, &mut trouble);
    let layout = data::layout(&data, &named, is_object);
    let (line, _) = Line::lay(len, is_object, &layout.loads);

    let mut sections = own_sections(&module);
    let data_sections = sections.len() as u32;
    sections.extend(layout.sections);
    let code_section = module.sections.iter().position(|s| s.id == 10).map(|i| i as u32);
    let mut charges: Vec<Charge> = Vec::new();
    let mut symbols: Vec<Symbol<'_>> = (0..)
        .zip(&functions.imports)
        .map(|(n, (name, _))| Symbol { address: n, ..linking::import(name) })
        .collect();
    let has_names = if is_object {
        let places = Places { functions: &functions, data: &data, code_section, data_sections };
        let before = symbols.len();
        linking::symbols(&module, &places, &mut symbols, &mut charges, &mut trouble);
        linking::relocations(&module, &mut charges, &mut trouble);
        symbols.len() > before
    } else {
        let count = function_symbols(&functions, &named, code_section, &mut symbols);
        // A few names in a module of many functions are what some tool has added.
        count.saturating_mul(10) > functions.bodies.len()
    };
    functions.charges(&mut charges);
    named.charges(&functions, &mut charges);
    elements::charges(&module, &functions, &mut charges, &mut trouble);
    let mut of_metadata = Vec::new();
    let told = metadata::read(&module, &mut of_metadata);
    let pointers = if is_object || told.is_shared {
        Vec::new()
    } else {
        timing::phase("pointers", || pointers::find(&module, &data, &line, functions.is_64))
    };
    let dwarf = timing::phase("units", || debug::read(&module, &functions.bodies, detail));
    let mut diagnostics = trouble.into_diagnostics();
    diagnostics.extend(of_metadata);
    diagnostics.extend(dwarf.diagnostics);
    note_unknown(&module, &mut diagnostics);

    let machine = Machine {
        bits: if functions.is_64 { 64 } else { 32 },
        endian: Endian::Little,
        filler: Filler::Zeros,
        instructions: Instructions::Wasm,
        fixed_addresses: !told.is_shared && !is_object,
    };
    let first_function = Some(functions.imports.len() as u64);
    let header = Header {
        format: Format::Wasm,
        file_type: match (is_object, told.is_shared) {
            (true, _) => "object file",
            (false, true) => "shared library",
            (false, false) => "module",
        },
        arch: if functions.is_64 { "wasm64" } else { "wasm32" }.into(),
        bits: machine.bits,
        endian: Endian::Little,
        build_id: told.build_id,
        needed: told.needed,
        toolchain: told.toolchain,
        stripped: !has_names,
        debug_link: told.debug_link,
        debug_info: dwarf.version.map(|version| DebugInfo::Dwarf { version }),
        packages: told.packages,
        stripped_size: (!is_object).then(|| stripped_size(&module)),
    };
    Image {
        members: vec![Member { first_function, ..Member::whole(&line, machine) }],
        segments: layout.segments,
        sections,
        regions: regions(&module, &functions),
        symbols,
        functions: functions.bodies,
        units: dwarf.units,
        unit_ranges: dwarf.unit_ranges,
        unit_parts: dwarf.unit_parts,
        code: dwarf.code,
        charges,
        pointers,
        diagnostics,
        ..Image::empty(header, line)
    }
}

/// The sections as the module lists them. Those of data segments come behind these.
fn own_sections<'data>(module: &Module<'data>) -> Vec<Section<'data>> {
    let section = |s: &super::Found<'data>| Section {
        name: section_name(s),
        address: 0,
        size: s.contents.end - s.contents.start,
        align: 1,
        span: s.contents.clone(),
        kind: section_kind(s),
        loaded: false,
        executable: s.id == 10,
        uncompressed: None,
    };
    module.sections.iter().map(section).collect()
}

/// Names of functions: those of the name section, else the first name one is exported by.
///
/// Returns how many the name section has.
fn function_symbols<'data>(
    functions: &Functions<'data>,
    named: &Named<'data>,
    section: Option<u32>,
    symbols: &mut Vec<Symbol<'data>>,
) -> usize {
    let imported = functions.imports.len();
    let index = |number: u64| usize::try_from(number).ok().and_then(|n| n.checked_sub(imported));
    let mut names: Vec<Option<(&[u8], bool)>> = vec![None; functions.bodies.len()];
    let mut exported = vec![false; functions.bodies.len()];
    for (name, number, _) in &functions.exports {
        if let Some((slot, exported)) =
            index(*number).and_then(|i| Some((names.get_mut(i)?, exported.get_mut(i)?)))
        {
            slot.get_or_insert((name, false));
            *exported = true;
        }
    }
    let mut count = 0;
    for (number, name) in named.functions.iter().filter(|(_, name)| !name.is_empty()) {
        if let Some(slot) = index(*number).and_then(|i| names.get_mut(i)) {
            *slot = Some((name, true));
            count += 1;
        }
    }
    for ((body, name), exported) in functions.bodies.iter().zip(names).zip(exported) {
        let Some((name, is_static)) = name else { continue };
        symbols.push(Symbol {
            name,
            prefix: 0,
            address: body.start,
            pos: Some(body.start),
            size: body.end - body.start,
            section,
            file: None,
            kind: SymbolKind::Function,
            binding: if exported { Binding::Global } else { Binding::Local },
            is_static,
        });
    }
    count
}

/// The parts of the file that no section has, and how many functions there are.
fn regions(module: &Module<'_>, functions: &Functions<'_>) -> Vec<Region> {
    const HEADERS: &str = "section headers";
    let header = |span| Region { span, name: HEADERS.into(), kind: Kind::Headers, place: RegionPlace::File };
    let end = PREAMBLE.min(module.bytes.len() as u64);
    let mut regions = vec![Region {
        span: 0..end,
        name: "module header".into(),
        kind: Kind::Headers,
        place: RegionPlace::File,
    }];
    for section in &module.sections {
        match regions.last_mut() {
            // Of sections without contents a file can have hundreds of thousands.
            Some(last) if last.name == HEADERS && last.span.end == section.header.start => {
                last.span.end = section.header.end;
            }
            _ => regions.push(header(section.header.clone())),
        }
    }
    if let Some(code) = module.sections.iter().find(|s| s.id == 10) {
        let end = functions.bodies.first().map_or(code.contents.end, |b| b.start);
        regions.push(Region {
            span: code.contents.start..end.max(code.contents.start),
            name: "number of functions".into(),
            kind: Kind::Headers,
            place: RegionPlace::InSection,
        });
    }
    regions
}

/// Size in bytes without names and debug information.
fn stripped_size(module: &Module<'_>) -> u64 {
    let goes = |s: &&super::Found<'_>| s.id == 0 && matches!(section_kind(s), Kind::Symbols | Kind::Debug);
    let gone: u64 = module.sections.iter().filter(goes).map(|s| s.len()).sum();
    (module.bytes.len() as u64).saturating_sub(gone)
}

fn note_unknown(module: &Module<'_>, diagnostics: &mut Vec<Diagnostic>) {
    for section in module.sections.iter().filter(|s| standard_name(s.id).is_none()).take(5) {
        let text = format!("a section of unknown kind {} is not read", section.id);
        let note = Diagnostic::note("wasm-section-unknown", text).at(section.header.start);
        diagnostics.push(note.bytes(section.len()));
    }
}
