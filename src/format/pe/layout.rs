//! Sections of an image on their line, and the headers in front of them.
//!
//! Each section is loaded as a whole, so each is a segment too; the headers are one
//! more. A section can be longer in memory than in the file (zero-fill), or longer
//! in the file than in memory (what fills it up to the file alignment).

use std::borrow::Cow;
use std::ops::Range;

use object::pe;

use super::headers::{DOS_HEADER, File, OptionalHeader, SectionHeader};
use super::strings::Strings;
use super::{kinds, rich};
use crate::error::Diagnostic;
use crate::format::{Laid, Line, Load, Region, RegionPlace, Section, Segment};
use crate::kind::Kind;

/// Where things lie.
pub(super) struct Layout<'data> {
    pub line: Line,
    pub segments: Vec<Segment>,
    /// In header order; behind them the zero-filled ends of sections that have one.
    pub sections: Vec<Section<'data>>,
    pub regions: Vec<Region>,
}

/// Sections are read from multiples of this, whatever their headers say.
const SECTOR: u64 = 512;
/// Images whose sections are aligned to less are mapped as they lie in the file.
const PAGE: u32 = 4096;

/// Lays the sections of an image on the line.
pub(super) fn image<'data>(
    file: &File<'data>,
    optional: &OptionalHeader,
    strings: &Strings<'data>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Layout<'data> {
    let len = file.len();
    let headers_len = optional.headers_size.min(len);
    let mut segments = vec![Segment {
        name: "headers R--".into(),
        address: optional.image_base,
        physical: None,
        writable: false,
        memory_size: headers_len,
        file: 0..headers_len,
        kind: Kind::Headers,
    }];
    let names: Vec<Cow<'data, str>> =
        file.headers.iter().zip(1..).map(|(h, number)| strings.section_name(&h.name, number)).collect();
    for (header, name) in file.headers.iter().zip(&names) {
        let raw = raw(header, optional, len);
        let memory_size = memory_size(header);
        let letter = |flag: pe::SectionFlags, c: char| if header.has(flag) { c } else { '-' };
        let (r, w, x) = (
            letter(pe::IMAGE_SCN_MEM_READ, 'R'),
            letter(pe::IMAGE_SCN_MEM_WRITE, 'W'),
            letter(pe::IMAGE_SCN_MEM_EXECUTE, 'X'),
        );
        segments.push(Segment {
            name: format!("{name} {r}{w}{x}"),
            address: optional.image_base.wrapping_add(u64::from(header.virtual_address)),
            physical: None,
            writable: header.has(pe::IMAGE_SCN_MEM_WRITE),
            memory_size,
            file: raw.start..raw.end.min(raw.start.saturating_add(memory_size)),
            kind: kinds::of_section(name, header),
        });
    }
    let loads: Vec<Load> = segments
        .iter()
        .zip(0..)
        .map(|(s, segment)| Load {
            segment,
            address: Some(s.address),
            len: s.memory_size,
            file: s.file.clone(),
        })
        .collect();
    let (line, laid) = Line::lay(len, false, &loads);
    report(&segments, &laid, diagnostics);

    let mut regions = vec![];
    front(file, &mut regions);
    let mut sections = Vec::with_capacity(names.len());
    let mut tails = Vec::new();
    // Sections do not overlap: together they are no longer than the file.
    let mut left = len;
    let of_sections = file.headers.iter().zip(names).zip(segments.iter().zip(&laid).skip(1));
    for ((header, name), (segment, laid)) in of_sections {
        let raw = raw(header, optional, len);
        let stated = raw.start.saturating_add(u64::from(header.raw_size));
        if stated > len && header.raw_size > 0 {
            let text = format!("section {name} ends at {stated:#x}, after the end of the file ({len:#x})");
            let bytes = stated - len.max(raw.start);
            diagnostics.push(Diagnostic::warning("section-out-of-file", text).at(raw.start).bytes(bytes));
        }
        // What fills a section up is no content of it, unless somebody hid something there.
        let filled = segment.file.end..raw.end;
        let filled_len = filled.end.saturating_sub(filled.start);
        let is_filler = filled_len <= left && is_filler(file.bytes(filled.start, filled_len), segment.kind);
        left = left.saturating_sub(filled_len);
        let span = if is_filler { raw.start..filled.start } else { raw };
        if is_filler {
            let place = RegionPlace::Fallback;
            regions.push(Region { span: filled, name: "padding".into(), kind: Kind::Padding, place });
        }
        let section = Section {
            kind: segment.kind,
            name,
            address: segment.address,
            size: segment.memory_size,
            align: u64::from(optional.section_alignment).max(1),
            span,
            loaded: true,
            executable: header.has(pe::IMAGE_SCN_MEM_EXECUTE) || header.has(pe::IMAGE_SCN_CNT_CODE),
            uncompressed: None,
        };
        if let Laid::Done { zero, .. } = laid
            && !zero.is_empty()
        {
            tails.push((sections.len(), zero.clone()));
        }
        sections.push(section);
    }
    zero_fill(&mut sections, tails);
    Layout { line, segments, sections, regions }
}

/// Whether bytes are what linkers fill sections up with: zeros, and in code `int3`.
fn is_filler(bytes: &[u8], kind: Kind) -> bool {
    let all = |wanted: u8| bytes.iter().all(|&b| b == wanted);
    !bytes.is_empty() && (all(0) || kind == Kind::Code && all(0xcc))
}

/// Gives sections their zero-filled ends. A section without bytes in the file is nothing
/// else; others get a second row of the same name.
fn zero_fill(sections: &mut Vec<Section<'_>>, tails: Vec<(usize, Range<u64>)>) {
    for (index, zero) in tails {
        let Some(section) = sections.get_mut(index) else { continue };
        if section.span.is_empty() {
            (section.span, section.kind) = (zero, Kind::Bss);
            continue;
        }
        let in_file = section.span.end - section.span.start;
        let tail = Section {
            kind: Kind::Bss,
            address: section.address.wrapping_add(in_file),
            size: zero.end - zero.start,
            span: zero,
            ..section.clone()
        };
        section.size = in_file;
        sections.push(tail);
    }
}

/// The bytes that a section has in a file of `len` bytes.
fn raw(header: &SectionHeader, optional: &OptionalHeader, len: u64) -> Range<u64> {
    let stated = u64::from(header.raw_at);
    let start = if optional.section_alignment >= PAGE { stated / SECTOR * SECTOR } else { stated };
    if header.raw_size == 0 || header.raw_at == 0 {
        let start = start.min(len);
        return start..start;
    }
    start.min(len)..start.saturating_add(u64::from(header.raw_size)).min(len)
}

/// Size in memory. Old linkers state none: then it is what the file has.
fn memory_size(header: &SectionHeader) -> u64 {
    let size = if header.virtual_size == 0 { header.raw_size } else { header.virtual_size };
    u64::from(size)
}

fn report(segments: &[Segment], laid: &[Laid], diagnostics: &mut Vec<Diagnostic>) {
    let mut twice_total = 0u64;
    for (segment, laid) in segments.iter().zip(laid) {
        match laid {
            Laid::Absurd => {
                let text = format!(
                    "section {} states {} bytes of memory at {:#x}, which cannot be; it is left out",
                    segment.name, segment.memory_size, segment.address
                );
                diagnostics.push(Diagnostic::warning("segment-absurd", text).at(segment.file.start));
            }
            Laid::Done { twice, .. } => twice_total += twice,
        }
        if diagnostics.len() > 50 {
            break;
        }
    }
    if twice_total > 0 {
        let text = format!(
            "{twice_total} bytes of the file are loaded by more than one section; the file counts them once, memory each time"
        );
        diagnostics.push(Diagnostic::note("loaded-twice", text).bytes(twice_total));
    }
}

/// Names what lies in front of the sections.
fn front(file: &File<'_>, regions: &mut Vec<Region>) {
    let header = file.header_span.clone();
    let mut name = |span: Range<u64>, name: &'static str| {
        if !span.is_empty() {
            let place = RegionPlace::File;
            regions.push(Region { span, name: name.into(), kind: Kind::Headers, place });
        }
    };
    name(0..DOS_HEADER.min(header.start), "DOS header");
    let rich = rich::find(file).map_or(header.start..header.start, |found| found.span);
    name(DOS_HEADER.min(rich.start)..rich.start, "DOS stub");
    name(rich.end..header.start, "DOS stub");
    name(rich, "rich header");
    name(header, "PE header");
    name(file.table_span.clone(), "section headers");
}
