//! Notes and other small marks: build id, compiler comments, links to files apart.

use object::Endianness;
use object::elf;
use object::read::elf::{NoteIterator, ProgramHeader, SectionHeader};

use super::{Elf, File, endian_of};
use crate::error::Diagnostic;
use crate::format::cursor::Cursor;
use crate::format::once::Once;
use crate::format::{Region, RegionPlace, Section, Supplement, packages};
use crate::kind::Kind;

/// What the notes say.
#[derive(Default)]
pub(super) struct Notes {
    pub build_id: Option<String>,
    pub debug_link: Option<String>,
    pub link_crc: Option<u32>,
    pub supplement: Option<Supplement>,
    pub toolchain: Vec<String>,
    pub packages: Option<Vec<u8>>,
}

/// The most comments and segments with notes worth reading from one file.
const LIMIT: usize = 256;

/// The most notes worth reading: there is one for each place that a tracer may stop at.
const NOTES: usize = 1 << 14;

/// Longest id of a supplement in bytes; a hash has 20.
const ID_LIMIT: usize = 256;

/// Where notes lie: in sections, or in segments if there are no section headers.
fn places<'data, H: Elf>(
    file: &File<'data, H>,
    sections: &[Section<'_>],
) -> Vec<(u64, H::Word, &'data [u8])> {
    let of_section = |index: usize| {
        let (header, section) = (file.headers.get(index)?, sections.get(index)?);
        Some((section.span.start, header.sh_addralign(file.endian), file.bytes(index)))
    };
    let all: Vec<_> = file.of_type(elf::SHT_NOTE).filter_map(of_section).collect();
    if !all.is_empty() || !file.headers.is_empty() {
        return all;
    }
    let notes = file.segments.iter().filter(|s| s.p_type(file.endian) == elf::PT_NOTE);
    let of_segment = |s: &H::ProgramHeader| {
        let bytes = s.data(file.endian, file.data).ok()?;
        Some((s.p_offset(file.endian).into(), s.p_align(file.endian), bytes))
    };
    notes.filter_map(of_segment).take(LIMIT).collect()
}

/// Names of the sections that are read here whatever their type.
const MARKS: [&str; 6] =
    [".comment", ".dep-v0", ".rust-deps-v0", ".gnu_debuglink", ".gnu_debugaltlink", ".debug_sup"];

/// Reads note sections, `.comment`, the list of packages and links to files apart.
pub(super) fn read<H: Elf>(
    file: &File<'_, H>,
    sections: &[Section<'_>],
    regions: &mut Vec<Region>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Notes {
    let mut notes = Notes::default();
    // A list may be small and large once decompressed: one is read.
    let mut has_packages = false;
    let mut once = Once::of(file.data.len());
    let mut left = NOTES;
    for (start, align, bytes) in places(file, sections) {
        if !once.may_read(bytes.len()) {
            continue;
        }
        let Ok(mut all) = NoteIterator::<H>::new(file.endian, align, bytes) else { continue };
        let base = bytes.as_ptr() as usize;
        let mut at = 0u64;
        while left > 0 {
            let Ok(Some(note)) = all.next() else { break };
            left -= 1;
            let end = note.desc().as_ptr() as usize - base + note.desc().len();
            let is_gnu = note.name() == b"GNU";
            let kind = note.n_type(file.endian);
            if is_gnu && kind == elf::NT_GNU_BUILD_ID && notes.build_id.is_none() {
                notes.build_id = Some(hex(note.desc()));
            }
            let what = match kind {
                elf::NT_GNU_BUILD_ID if is_gnu => "build id".to_string(),
                elf::NT_GNU_ABI_TAG if is_gnu => "ABI tag".to_string(),
                elf::NT_GNU_PROPERTY_TYPE_0 if is_gnu => "program properties".to_string(),
                other => format!("{} {}", String::from_utf8_lossy(note.name()), other.0),
            };
            let span = start + at..start + end as u64;
            let place = RegionPlace::InSection;
            regions.push(Region { span, name: format!("note: {what}").into(), kind: Kind::Metadata, place });
            at = end as u64;
        }
    }
    for (index, section) in sections.iter().enumerate() {
        let is_read = MARKS.contains(&&*section.name);
        if !is_read || !once.may_read(file.bytes(index).len()) {
            continue;
        }
        match &*section.name {
            ".comment" => {
                let texts = file.bytes(index).split(|&b| b == 0).filter(|t| !t.is_empty());
                for text in texts.take(LIMIT - notes.toolchain.len()) {
                    let text = String::from_utf8_lossy(text).into_owned();
                    if !notes.toolchain.contains(&text) {
                        notes.toolchain.push(text);
                    }
                }
            }
            // Linkers keep what they do not know; the name may be cut to fit other formats.
            ".dep-v0" | ".rust-deps-v0" if !std::mem::replace(&mut has_packages, true) => {
                notes.packages = packages::inflate(file.bytes(index), &section.span, diagnostics);
            }
            ".gnu_debuglink" => {
                (notes.debug_link, notes.link_crc) = debug_link(file.bytes(index), file.endian);
            }
            ".gnu_debugaltlink" => notes.supplement = alt_link(file.bytes(index)),
            ".debug_sup" => notes.supplement = supplementary(file.bytes(index), file.endian),
            _ => {}
        }
    }
    notes
}

/// A name, zeros up to a multiple of four bytes, and the CRC-32 of the file of that name.
fn debug_link(bytes: &[u8], endian: Endianness) -> (Option<String>, Option<u32>) {
    let Some(len) = bytes.iter().position(|&b| b == 0).filter(|&len| len > 0) else { return (None, None) };
    let name = bytes.get(..len).map(|name| String::from_utf8_lossy(name).into_owned());
    let crc = Cursor::new(bytes, endian_of(endian), &[]).from((len as u64 + 1).next_multiple_of(4));
    (name, crc.and_then(|mut c| c.u32()))
}

/// A path and a build id.
fn alt_link(bytes: &[u8]) -> Option<Supplement> {
    let len = bytes.iter().position(|&b| b == 0)?;
    let (path, id) = (bytes.get(..len)?, bytes.get(len + 1..)?);
    supplement(path, id)
}

/// The same as DWARF 5 has it (section 7.3.6): version, whether this is the supplement itself, path, length and id.
fn supplementary(bytes: &[u8], endian: Endianness) -> Option<Supplement> {
    let mut c = Cursor::new(bytes, endian_of(endian), &[]);
    c.skip(2)?;
    if c.u8()? != 0 {
        return None;
    }
    let path = c.cstr()?;
    let len = c.uleb()?;
    let start = usize::try_from(c.at()).ok()?;
    let id = bytes.get(start..start.checked_add(usize::try_from(len).ok()?)?)?;
    supplement(path, id)
}

fn supplement(path: &[u8], id: &[u8]) -> Option<Supplement> {
    let path = String::from_utf8_lossy(path).into_owned();
    (!id.is_empty() && id.len() <= ID_LIMIT).then(|| Supplement { path, id: hex(id) })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
