//! Which sections hold debug information, decompressed and handed to its reader.

use std::borrow::Cow;

use object::elf;
use object::read::elf::{CompressionHeader, SectionHeader};
use object::read::{CompressedData, CompressionFormat};
use rayon::prelude::*;

use super::relocations::Applied;
use super::{Elf, File, endian_of};
use crate::error::Diagnostic;
use crate::format::dwarf::{self, DebugKind, DebugSection, DwarfFacts};
use crate::format::{Line, Section, code_spans};

/// The most memory that decompressed sections may take for a file of `len` bytes.
///
/// Debug information shrinks to a third or a fifth, rarely to a tenth. What
/// states more than this is not meant to be read.
fn budget(len: u64) -> u64 {
    len.saturating_mul(16).saturating_add(16 << 20)
}

/// Reads the units of a file. Notes in `sections` which are compressed.
pub(super) fn read<H: Elf>(
    file: &File<'_, H>,
    line: &Line,
    sections: &mut [Section<'_>],
    applied: &Applied,
    diagnostics: &mut Vec<Diagnostic>,
) -> DwarfFacts<'static> {
    let mut left = budget(file.data.len() as u64);
    let mut wanted: Vec<(usize, DebugKind, CompressedData<'_>)> = Vec::new();
    for (index, section) in sections.iter_mut().enumerate() {
        let Some(kind) = DebugKind::from_name(section.name.as_bytes()) else { continue };
        if section.loaded || section.span.is_empty() {
            continue;
        }
        match stored(file, index, &section.name) {
            Ok(data) if data.format == CompressionFormat::None => wanted.push((index, kind, data)),
            Ok(data) if data.uncompressed_size <= left => {
                left -= data.uncompressed_size;
                section.uncompressed = Some(data.uncompressed_size);
                wanted.push((index, kind, data));
            }
            Ok(data) => diagnostics.push(unread(
                section,
                &format!(
                    "it states {} bytes once decompressed, more than a file of this size can mean",
                    data.uncompressed_size
                ),
            )),
            Err(why) => diagnostics.push(unread(section, &why)),
        }
    }
    let plain: Vec<Result<Cow<'_, [u8]>, String>> = wanted
        .par_iter()
        .with_max_len(1)
        .map(|(_, _, data)| data.decompress().map_err(|e| e.to_string()))
        .collect();
    let mut list: Vec<DebugSection<'_, '_>> = Vec::new();
    for ((index, kind, data), bytes) in wanted.iter().zip(&plain) {
        let Some(section) = sections.get_mut(*index) else { continue };
        match bytes {
            Ok(bytes) => list.push(DebugSection {
                kind: *kind,
                index: *index as u32,
                bytes,
                fixups: applied.of(*index),
                file_offset: (data.format == CompressionFormat::None).then_some(section.span.start),
            }),
            Err(why) => {
                section.uncompressed = None;
                diagnostics.push(unread(section, why));
            }
        }
    }
    let code = code_spans(sections);
    let mut facts = dwarf::read(&list, line, &code, endian_of(file.endian)).into_owned();
    diagnostics.append(&mut facts.diagnostics);
    facts
}

fn unread(section: &Section<'_>, why: &str) -> Diagnostic {
    let text = format!("section {} is not read: {why}", section.name);
    let bytes = section.span.end - section.span.start;
    Diagnostic::warning("debug-section-unread", text).at(section.span.start).bytes(bytes)
}

/// The bytes of a section as they are stored, and how.
fn stored<'data, H: Elf>(
    file: &File<'data, H>,
    index: usize,
    name: &str,
) -> Result<CompressedData<'data>, String> {
    let bytes = file.bytes(index);
    let Some(header) = file.headers.get(index) else { return Ok(CompressedData::none(bytes)) };
    if header.sh_flags(file.endian).0 & elf::SHF_COMPRESSED.0 != 0 {
        let head: &[H::CompressionHeader] = File::<H>::array(bytes);
        let Some(head) = head.first() else { return Err("its compression header is cut off".into()) };
        let format = match head.ch_type(file.endian) {
            elf::ELFCOMPRESS_ZLIB => CompressionFormat::Zlib,
            elf::ELFCOMPRESS_ZSTD => CompressionFormat::Zstandard,
            other => return Err(format!("its compression {} is not known", other.0)),
        };
        let data = bytes.get(size_of::<H::CompressionHeader>()..).unwrap_or_default();
        return Ok(CompressedData { format, data, uncompressed_size: head.ch_size(file.endian).into() });
    }
    // The older GNU form: a name of its own and a header of its own.
    if name.starts_with(".zdebug_")
        && let Some(rest) = bytes.strip_prefix(b"ZLIB")
        && let Some((size, data)) = rest.split_first_chunk::<8>()
    {
        let uncompressed_size = u64::from_be_bytes(*size);
        return Ok(CompressedData { format: CompressionFormat::Zlib, data, uncompressed_size });
    }
    Ok(CompressedData::none(bytes))
}
