//! Mach-O: executables, libraries, bundles, object files and debug companions, thin
//! and universal, 32 and 64 bit, both byte orders.
//!
//! Follows Apple's `mach-o/loader.h`, `nlist.h`, `stab.h`, `reloc.h`, `fat.h` and
//! `fixup-chains.h`. Each file here reads one structure; this one puts them
//! together. Whatever cannot be read becomes a diagnostic, and its bytes keep the
//! section or segment they lie in.

mod chained;
mod commands;
mod context;
mod debug;
mod exports;
mod fat;
mod file;
mod functions;
mod indirect;
mod layout;
mod opcodes;
mod relocations;
mod strip;
mod symbols;
mod tables;
mod unwind;

use commands::Commands;
use context::{Context, Found};
pub use fat::{Slice, slices};
use file::File;

use super::{DebugInfo, Detail, Fatal, Format, Header, Image, Member, packages};
use crate::timing;

/// Whether bytes start like a thin file.
pub(super) fn is_thin(bytes: &[u8]) -> bool {
    let magic = bytes.first_chunk::<4>();
    matches!(
        magic,
        Some(b"\xcf\xfa\xed\xfe" | b"\xce\xfa\xed\xfe" | b"\xfe\xed\xfa\xcf" | b"\xfe\xed\xfa\xce")
    )
}

/// Reads a file, thin or universal; `None` if it is neither.
pub(super) fn read(data: &[u8], detail: Detail) -> Option<Result<Image<'_>, Fatal>> {
    match slices(data) {
        Some(slices) => Some(fat::read(data, slices, detail)),
        None => is_thin(data).then(|| read_thin(data, detail)),
    }
}

/// Reads a thin file.
///
/// *Errors*: the file header cannot be read; anything else is a diagnostic.
pub(super) fn read_thin(data: &[u8], detail: Detail) -> Result<Image<'_>, Fatal> {
    let file = File::parse(data)?;
    let mut diagnostics = Vec::new();
    let commands = Commands::read(&file, &mut diagnostics);
    let layout = timing::phase("headers", || layout::read(&file, &commands, &mut diagnostics));
    let layout::Layout { line, segments, sections, mut regions } = layout;
    let table =
        timing::phase("symbols", || symbols::read(&file, &commands, &line, &sections, &mut diagnostics));
    let symbols::Symbols { symbols, files, charges, has_local, marked } = table;

    let context = Context::new(&file, &commands, &line, &sections, (&symbols, &marked));
    let mut found = Found { charges, ..Found::default() };
    let starts = functions::read(&context, &mut found);
    indirect::read(&context, &mut found, &mut regions);
    timing::phase("relocations", || {
        opcodes::read(&context, &mut found, &mut diagnostics);
        chained::read(&context, &mut found, &mut diagnostics);
        exports::read(&context, &mut found);
    });
    let applied = relocations::read(&context, &mut found);
    let unwind = timing::phase("unwind", || unwind::read(&context, &applied, &starts));
    found.charges.extend(unwind.charges);
    regions.extend(unwind.regions);
    diagnostics.extend(unwind.diagnostics);
    let dwarf = timing::phase("units", || debug::read(&context, &applied, detail, &mut diagnostics));
    let auditable = sections.iter().find(|s| s.name.ends_with(",.dep-v0"));
    let packages = auditable.and_then(|s| packages::inflate(file.bytes(&s.span), &s.span, &mut diagnostics));
    let stripped_size = strip::size(&context);
    let machine = file.machine();
    let mut image = Image {
        members: vec![Member::whole(&line, machine)],
        segments,
        sections,
        regions,
        symbols,
        files,
        functions: unwind.functions,
        guarded: unwind.guarded,
        units: dwarf.units,
        unit_ranges: dwarf.unit_ranges,
        unit_parts: dwarf.unit_parts,
        code: dwarf.code,
        charges: found.charges,
        pointers: found.pointers,
        diagnostics,
        ..Image::empty(
            Header {
                format: Format::MachO,
                file_type: file.type_name(),
                arch: file.arch(),
                bits: machine.bits,
                endian: machine.endian,
                build_id: commands.uuid,
                needed: commands.needed,
                toolchain: commands.toolchain,
                stripped: !has_local,
                debug_link: None,
                debug_info: dwarf.version.map(|version| DebugInfo::Dwarf { version }),
                packages,
                stripped_size,
            },
            line,
        )
    };
    image.settle();
    Ok(image)
}
