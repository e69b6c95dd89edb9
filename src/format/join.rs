//! Several images that lie in one file, as one image.
//!
//! Universal files, archives and components hold members that are read each on its
//! own, at offset 0 and with addresses of their own. Here they are moved to where
//! they lie, so that one partition covers the file and one index of crates all
//! members. Nothing is read or decided.

use std::borrow::Cow;
use std::ops::Range;

use super::line::{Joined, Line, Shift};
use super::{Charge, Format, Header, Image, Machine, Member, Pointer, Region, RegionPlace, Target, trouble};
use crate::error::Diagnostic;
use crate::kind::Kind;
use crate::order;

/// A member of a file.
pub(super) struct Part<'data> {
    /// Name for people.
    pub name: Cow<'data, str>,
    /// Offset of its first byte.
    pub offset: u64,
    /// What it states, in positions of its own. It may have members in turn.
    pub image: Image<'data>,
}

/// What the file as a whole states besides its members.
pub(super) struct Whole {
    /// Facts of the file; what is left empty is taken from the members.
    pub header: Header,
    /// Length of the file in bytes.
    pub file_len: u64,
    /// Structures outside all members.
    pub regions: Vec<Region>,
    /// What could not be understood outside members.
    pub diagnostics: Vec<Diagnostic>,
}

/// Puts members together. They must be in order of offset and must not overlap.
///
/// *Cost*: linear in the number of facts.
pub(super) fn join<'data>(whole: Whole, parts: Vec<Part<'data>>) -> Image<'data> {
    let Whole { mut header, file_len, regions, mut diagnostics } = whole;
    let parts = fitting(parts, &mut diagnostics);
    let mut segments = 0u32;
    let joined: Vec<Joined<'_>> = parts
        .iter()
        .map(|p| {
            let before = segments;
            segments += p.image.segments.len() as u32;
            Joined { offset: p.offset, line: &p.image.line, segments: before }
        })
        .collect();
    let (line, zeros) = Line::join(file_len, &joined);
    inherit(&mut header, &parts);
    let mut image = Image { regions, diagnostics, ..Image::empty(header, line) };
    for (part, zero) in parts.into_iter().zip(zeros) {
        let shift = Shift { file_len: part.image.line.file_len(), file: part.offset, zero: zero.start };
        append(&mut image, part, shift);
    }
    // What lies in memory only goes behind the whole file, so parts that are in order do not make a whole that is.
    order::spans(&mut image.functions);
    image.guarded.sort_unstable();
    image.unit_ranges.sort_unstable();
    image.unit_parts.sort_unstable();
    image.diagnostics = trouble::of_members(image.diagnostics);
    image
}

/// A member whose inside has no names.
pub(super) fn opaque<'data>(bytes: &'data [u8], name: &'static str) -> Image<'data> {
    let len = bytes.len() as u64;
    let (line, _) = Line::lay(len, true, &[]);
    let whole =
        Region { span: 0..len, name: name.into(), kind: Kind::Metadata, place: RegionPlace::Fallback };
    let members = vec![Member::whole(&line, Machine::OPAQUE)];
    Image { members, regions: vec![whole], ..Image::empty(Header::unknown(Format::Archive), line) }
}

/// Leaves out members that state more memory than there can be.
fn fitting<'data>(parts: Vec<Part<'data>>, diagnostics: &mut Vec<Diagnostic>) -> Vec<Part<'data>> {
    let mut memory = 0u64;
    let mut fitting = Vec::with_capacity(parts.len());
    for part in parts {
        let line = &part.image.line;
        if Line::fits(memory, line) {
            memory += (line.len() - line.file_len()).max(line.memory_len());
            fitting.push(part);
        } else {
            let text = format!("{} states more memory than there can be; it is left out", part.name);
            diagnostics
                .push(Diagnostic::warning("member-absurd", text).at(part.offset).bytes(line.file_len()));
        }
    }
    fitting
}

/// Fills what the file does not state itself with what its members agree on.
fn inherit(header: &mut Header, parts: &[Part<'_>]) {
    let headers = || parts.iter().map(|p| &p.image.header);
    // What has no machine has no byte order and no symbols to strip.
    let with_code = || headers().filter(|h| !h.arch.is_empty());
    if header.arch.is_empty() {
        let mut names: Vec<&str> = Vec::new();
        for member in with_code() {
            if !names.contains(&&*member.arch) {
                names.push(&member.arch);
            }
        }
        header.arch = names.join(", ").into();
    }
    if header.bits == 0 {
        header.bits = headers().map(|h| h.bits).max().unwrap_or(0);
    }
    if let Some(first) = with_code().next() {
        header.endian = first.endian;
        header.stripped = with_code().all(|h| h.stripped);
    }
    header.debug_info = headers().filter_map(|h| h.debug_info).max();
    for member in headers() {
        let new = |known: &[String], all: &[String]| -> Vec<String> {
            all.iter().filter(|text| !known.contains(text)).cloned().collect()
        };
        header.needed.extend(new(&header.needed, &member.needed));
        header.toolchain.extend(new(&header.toolchain, &member.toolchain));
        if header.packages.is_none() {
            header.packages.clone_from(&member.packages);
        }
    }
}

/// Adds the facts of one member, moved to its place.
fn append<'data>(whole: &mut Image<'data>, part: Part<'data>, shift: Shift) {
    let Part { name, offset, image } = part;
    let sections = whole.sections.len() as u32;
    let symbols = whole.symbols.len() as u32;
    let files = whole.files.len() as u32;
    let units = whole.units.len() as u32;
    let span = |s: &Range<u64>| shift.span(s);

    let id = image.header.build_id;
    whole.members.extend(image.members.into_iter().map(|m| Member {
        name: nested(&name, &m.name),
        file: span(&m.file),
        zero: shift.zero(&m.zero),
        machine: m.machine,
        first_function: m.first_function,
        id: m.id.or_else(|| id.clone()),
    }));
    whole.segments.extend(image.segments.into_iter().map(|mut s| {
        s.file = span(&s.file);
        s
    }));
    whole.sections.extend(image.sections.into_iter().map(|mut s| {
        s.span = span(&s.span);
        s
    }));
    whole.regions.extend(image.regions.into_iter().map(|mut r| {
        r.span = span(&r.span);
        r
    }));
    whole.files.extend(image.files);
    whole.symbols.extend(image.symbols.into_iter().map(|mut s| {
        s.pos = s.pos.map(|p| shift.pos(p));
        s.section = s.section.map(|i| i + sections);
        s.file = s.file.map(|i| i + files);
        s
    }));
    whole.functions.extend(image.functions.iter().map(span));
    whole.guarded.extend(image.guarded.iter().map(|&pos| shift.pos(pos)));
    whole.units.extend(image.units);
    whole.unit_ranges.extend(image.unit_ranges.into_iter().map(|mut r| {
        let place = span(&(r.start..r.end));
        (r.start, r.end) = (place.start, place.end);
        r.unit += units;
        r
    }));
    whole.unit_parts.extend(image.unit_parts.into_iter().map(|mut p| {
        p.section += sections;
        p.unit += units;
        p
    }));
    whole.sources.extend(image.sources);
    if let Some(code) = image.code {
        whole.code.get_or_insert_default().absorb(code, |s| Some(shift.span(&s)));
    }
    whole.charges.extend(image.charges.into_iter().map(|c| {
        let place = span(&(c.start..c.end));
        let on = match c.on {
            Target::Pos(pos) => Target::Pos(shift.pos(pos)),
            Target::Symbol(index) => Target::Symbol(index + symbols),
        };
        Charge { start: place.start, end: place.end, on }
    }));
    whole
        .pointers
        .extend(image.pointers.into_iter().map(|p| Pointer { at: shift.pos(p.at), to: shift.pos(p.to) }));
    whole.diagnostics.extend(image.diagnostics.into_iter().map(|mut d| {
        d.offset = d.offset.map(|o| o.saturating_add(offset));
        d.message = format!("{name}: {}", d.message);
        d
    }));
}

/// The name of a member of a member.
fn nested<'data>(outer: &str, inner: &str) -> Cow<'data, str> {
    if inner.is_empty() { Cow::Owned(outer.to_string()) } else { format!("{outer}/{inner}").into() }
}
