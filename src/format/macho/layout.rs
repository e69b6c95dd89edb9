//! Segments and sections on their line, and what lies outside both.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use object::macho;

use super::commands::{Commands, SectionHeader, SegmentCommand};
use super::file::File;
use super::tables::Table;
use crate::error::Diagnostic;
use crate::format::{Laid, Line, Load, Region, RegionPlace, Section, Segment};
use crate::kind::Kind;

/// Where everything lies.
pub(super) struct Layout<'data> {
    pub line: Line,
    pub segments: Vec<Segment>,
    /// In the order of [`Commands::sections`].
    pub sections: Vec<Section<'data>>,
    pub regions: Vec<Region>,
}

/// Lays segments on the line; in an object file, whose only segment is a bag of
/// sections, those.
pub(super) fn read<'data>(
    file: &File<'data>,
    commands: &Commands<'data>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Layout<'data> {
    let mut segments = Vec::new();
    let mut loads = Vec::new();
    // In an object file each loaded section stands for a segment of its own.
    let mut loaded = Vec::new();
    if file.is_object() {
        let all = commands.sections.iter().enumerate().filter(|(_, s)| is_loaded(s));
        (loaded, loads) = all.map(|(index, s)| (index, load_of_section(file, s))).unzip();
    } else {
        for command in commands.segments.iter().filter(|s| is_mapped(s)) {
            let segment = segment(file, command);
            loads.push(Load {
                segment: segments.len() as u32,
                address: Some(segment.address),
                len: segment.memory_size,
                file: segment.file.clone(),
            });
            segments.push(segment);
        }
    }
    let (line, laid) = Line::lay(file.len(), file.is_object(), &loads);
    report(&loads, &laid, &segments, file.len(), diagnostics);
    let zero_fill = loaded.into_iter().zip(&laid).filter_map(|(section, laid)| match laid {
        Laid::Done { zero, .. } => Some((section, zero.clone())),
        Laid::Absurd => None,
    });
    let sections = sections(file, commands, &line, &zero_fill.collect(), diagnostics);
    let regions = regions(file, commands);
    Layout { line, segments, sections, regions }
}

/// Whether a segment takes memory and is there at run time.
///
/// `__PAGEZERO` forbids addresses, and the debug information of a companion is
/// given addresses behind those of the program.
fn is_mapped(segment: &SegmentCommand<'_>) -> bool {
    let forbids = segment.access == 0 && segment.file.is_empty();
    !forbids && segment.name != b"__DWARF"
}

fn segment(file: &File<'_>, command: &SegmentCommand<'_>) -> Segment {
    let (write, execute) = (command.access & 2 != 0, command.access & 4 != 0);
    Segment {
        name: String::from_utf8_lossy(command.name).into_owned(),
        address: command.address,
        physical: None,
        writable: write,
        memory_size: command.memory_size,
        file: file.clip(command.file.start, command.file.end - command.file.start),
        kind: match command.name {
            b"__LINKEDIT" => Kind::Metadata,
            _ if execute => Kind::Code,
            _ if write => Kind::Data,
            _ => Kind::Rodata,
        },
    }
}

fn load_of_section(file: &File<'_>, section: &SectionHeader<'_>) -> Load {
    let in_file = if section.is_zero_fill() { 0 } else { section.size };
    Load { segment: u32::MAX, address: None, len: section.size, file: file.clip(section.offset, in_file) }
}

fn report(
    loads: &[Load],
    laid: &[Laid],
    segments: &[Segment],
    file_len: u64,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut twice = 0u64;
    let mut absurd = 0;
    for (index, (load, laid)) in loads.iter().zip(laid).enumerate() {
        match laid {
            Laid::Done { twice: shared, .. } => twice += shared,
            Laid::Absurd if absurd < 8 => {
                absurd += 1;
                let name = segments.get(index).map_or("a section", |s| &s.name);
                let text =
                    format!("{name} states {} bytes of memory, which cannot be; it is left out", load.len);
                let at = load.file.start.min(file_len);
                diagnostics.push(Diagnostic::warning("segment-absurd", text).at(at));
            }
            Laid::Absurd => {}
        }
    }
    if twice > 0 {
        let text = format!(
            "{twice} bytes of the file are loaded by more than one segment; the file counts them once, memory each time"
        );
        diagnostics.push(Diagnostic::note("loaded-twice", text).bytes(twice));
    }
}

/// Whether a section is there at run time: debug information is not.
fn is_loaded(section: &SectionHeader<'_>) -> bool {
    !section.has(macho::S_ATTR_DEBUG) && section.segment != b"__DWARF"
}

fn sections<'data>(
    file: &File<'data>,
    commands: &Commands<'data>,
    line: &Line,
    zero_fill: &HashMap<usize, Range<u64>>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Section<'data>> {
    let mut cut = 0u64;
    let mut sections = Vec::with_capacity(commands.sections.len());
    for (index, s) in commands.sections.iter().enumerate() {
        let segment = String::from_utf8_lossy(s.segment);
        let name: Cow<'data, str> = format!("{segment},{}", String::from_utf8_lossy(s.name)).into();
        let loaded = is_loaded(s);
        // A companion with debug information keeps the headers of sections whose bytes it dropped.
        let span = if file.is_object() && s.is_zero_fill() {
            zero_fill.get(&index).cloned().unwrap_or(0..0)
        } else if s.is_zero_fill() || s.offset == 0 {
            let run = line.locate(s.address).filter(|_| loaded);
            run.map_or(0..0, |(pos, room)| pos..pos + room.min(s.size))
        } else {
            file.clip(s.offset, s.size)
        };
        let end = s.offset.saturating_add(s.size);
        if !s.is_zero_fill() && s.offset != 0 && end > file.len() {
            cut += 1;
            if cut <= 8 {
                let text =
                    format!("section {name} ends at {end:#x}, after the end of the file ({:#x})", file.len());
                let bytes = end - s.offset.max(file.len());
                diagnostics.push(Diagnostic::warning("section-out-of-file", text).at(s.offset).bytes(bytes));
            }
        }
        sections.push(Section {
            kind: kind_of(s, commands.segments.get(s.parent)),
            name,
            address: s.address,
            size: s.size,
            align: 1u64.checked_shl(s.align).unwrap_or(1),
            span,
            loaded,
            executable: loaded && is_code(s),
            uncompressed: None,
        });
    }
    if cut > 8 {
        let text = format!("{} more sections end after the end of the file", cut - 8);
        diagnostics.push(Diagnostic::warning("section-out-of-file", text));
    }
    sections
}

fn is_code(section: &SectionHeader<'_>) -> bool {
    section.has(macho::S_ATTR_PURE_INSTRUCTIONS)
        || section.has(macho::S_ATTR_SOME_INSTRUCTIONS)
        || section.section_type() == macho::S_SYMBOL_STUBS
}

/// The kind of bytes a section holds: by name where only a name tells, else by type and segment.
fn kind_of(section: &SectionHeader<'_>, parent: Option<&SegmentCommand<'_>>) -> Kind {
    if section.is_zero_fill() {
        return Kind::Bss;
    }
    match section.name {
        _ if section.segment == b"__DWARF" => return Kind::Debug,
        b"__unwind_info" | b"__eh_frame" | b"__gcc_except_tab" | b"__compact_unwind" => return Kind::Unwind,
        b".dep-v0" | b"__info_plist" | b"__bitcode" | b"__cmdline" | b"__llvm_addrsig"
        | b"__asan_cstring" => {
            return Kind::Metadata;
        }
        _ if section.segment == b"__LLVM" => return Kind::Metadata,
        _ if section.has(macho::S_ATTR_DEBUG) => return Kind::Debug,
        _ => {}
    }
    match section.section_type() {
        macho::S_NON_LAZY_SYMBOL_POINTERS
        | macho::S_LAZY_SYMBOL_POINTERS
        | macho::S_LAZY_DYLIB_SYMBOL_POINTERS
        | macho::S_THREAD_LOCAL_VARIABLE_POINTERS => Kind::Dynamic,
        macho::S_CSTRING_LITERALS
        | macho::S_4BYTE_LITERALS
        | macho::S_8BYTE_LITERALS
        | macho::S_16BYTE_LITERALS => Kind::Rodata,
        _ if is_code(section) => Kind::Code,
        _ if section.segment == b"__TEXT" => Kind::Rodata,
        _ if section.segment.starts_with(b"__DATA") => Kind::Data,
        _ if parent.is_some_and(|p| p.access & 2 != 0) => Kind::Data,
        _ => Kind::Rodata,
    }
}

/// Header, commands and tables outside sections.
fn regions(file: &File<'_>, commands: &Commands<'_>) -> Vec<Region> {
    let header = file.clip(0, file.header_len());
    let mut regions = vec![
        Region { span: header, name: "Mach header".into(), kind: Kind::Headers, place: RegionPlace::File },
        Region {
            span: commands.span.clone(),
            name: "load commands".into(),
            kind: Kind::Headers,
            place: RegionPlace::File,
        },
    ];
    let tables = commands.tables.iter().map(|(table, range)| {
        let span = file.clip(range.start, range.end - range.start);
        region(span, table.name().into(), table.kind())
    });
    regions.extend(tables);
    let relocations = commands.sections.iter().filter(|s| !s.relocations.is_empty());
    regions.extend(relocations.map(|s| {
        let span = file.clip(s.relocations.start, s.relocations.end - s.relocations.start);
        let name = format!("relocations of {}", String::from_utf8_lossy(s.name));
        region(span, name.into(), Table::LocalRelocations.kind())
    }));
    regions.retain(|r| !r.span.is_empty());
    regions
}

/// A table never takes bytes that a section claims.
fn region(span: Range<u64>, name: Cow<'static, str>, kind: Kind) -> Region {
    Region { span, name, kind, place: RegionPlace::Fallback }
}
