//! Notes and other small marks: build id, compiler comments, debug link.

use object::elf;
use object::read::elf::{NoteIterator, ProgramHeader, SectionHeader};

use super::{Elf, File};
use crate::format::{Region, RegionPlace, Section, packages};
use crate::kind::Kind;

/// What the notes say.
#[derive(Default)]
pub(super) struct Notes {
    pub build_id: Option<String>,
    pub debug_link: Option<String>,
    pub toolchain: Vec<String>,
    pub packages: Option<Vec<u8>>,
}

/// The most notes and comments worth reading from one file.
const LIMIT: usize = 256;

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

/// Reads note sections, `.comment` and `.gnu_debuglink`.
pub(super) fn read<H: Elf>(file: &File<'_, H>, sections: &[Section<'_>], regions: &mut Vec<Region>) -> Notes {
    let mut notes = Notes::default();
    for (start, align, bytes) in places(file, sections) {
        let Ok(mut all) = NoteIterator::<H>::new(file.endian, align, bytes) else { continue };
        let base = bytes.as_ptr() as usize;
        let mut at = 0u64;
        for _ in 0..LIMIT {
            let Ok(Some(note)) = all.next() else { break };
            let end = note.desc().as_ptr() as usize - base + note.desc().len();
            let is_gnu = note.name() == b"GNU";
            let kind = note.n_type(file.endian);
            if is_gnu && kind == elf::NT_GNU_BUILD_ID && notes.build_id.is_none() {
                notes.build_id = Some(note.desc().iter().map(|b| format!("{b:02x}")).collect());
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
        match &*section.name {
            ".comment" => {
                let texts = file.bytes(index).split(|&b| b == 0).filter(|t| !t.is_empty());
                for text in texts.take(LIMIT) {
                    let text = String::from_utf8_lossy(text).into_owned();
                    if !notes.toolchain.contains(&text) {
                        notes.toolchain.push(text);
                    }
                }
            }
            // Linkers keep what they do not know; the name may be cut to fit other formats.
            ".dep-v0" | ".rust-deps-v0" => notes.packages = packages::inflate(file.bytes(index)),
            ".gnu_debuglink" => {
                let name = file.bytes(index).split(|&b| b == 0).next().unwrap_or_default();
                if !name.is_empty() {
                    notes.debug_link = Some(String::from_utf8_lossy(name).into_owned());
                }
            }
            _ => {}
        }
    }
    notes
}
