//! Which sections hold debug information, decompressed and handed to its reader.

use std::borrow::Cow;

use object::elf;
use object::read::elf::CompressionHeader;
use object::read::{CompressedData, CompressionFormat};

use super::relocations::Applied;
use super::{Elf, File, endian_of};
use crate::error::Diagnostic;
use crate::format::dwarf::{self, DebugKind, DebugSection, DwarfFacts};
use crate::format::once::Once;
use crate::format::trouble::Trouble;
use crate::format::{Detail, Line, Section, code_spans};
use crate::parallel;

/// The most memory that decompressed sections may take for a file of `len` bytes.
///
/// Debug information shrinks to a third or a fifth, rarely to a tenth. What
/// states more than this is not meant to be read.
fn budget(len: u64) -> u64 {
    len.saturating_mul(16).saturating_add(16 << 20)
}

/// A debug section, decompressed.
pub(super) struct Unpacked<'data, K> {
    /// Index into `Image::sections`.
    pub index: usize,
    pub kind: K,
    pub bytes: Cow<'data, [u8]>,
    /// Whether it is stored as it is.
    pub is_plain: bool,
}

/// Reads the units of a file. Notes in `sections` which are compressed.
pub(super) fn read<H: Elf>(
    file: &File<'_, H>,
    line: &Line,
    sections: &mut [Section<'_>],
    applied: &Applied,
    detail: Detail,
    diagnostics: &mut Vec<Diagnostic>,
) -> DwarfFacts<'static> {
    let unpacked = unpack(file, sections, |name| DebugKind::from_name(name.as_bytes()), diagnostics);
    let list: Vec<DebugSection<'_, '_>> = unpacked
        .iter()
        .map(|section| DebugSection {
            kind: section.kind,
            index: section.index as u32,
            bytes: &section.bytes,
            fixups: applied.of(section.index),
            file_offset: sections.get(section.index).filter(|_| section.is_plain).map(|s| s.span.start),
        })
        .collect();
    let code = code_spans(sections);
    let mut facts = dwarf::read(&list, line, &code, endian_of(file.endian), detail).into_owned();
    diagnostics.append(&mut facts.diagnostics);
    facts
}

/// Decompresses the sections that `kind_of` wants by name. Notes in `sections` which are compressed.
///
/// What cannot be decompressed becomes a diagnostic.
pub(super) fn unpack<'data, H: Elf, K: Copy + Send + Sync>(
    file: &File<'data, H>,
    sections: &mut [Section<'_>],
    kind_of: impl Fn(&str) -> Option<K>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Unpacked<'data, K>> {
    let mut left = budget(file.data.len() as u64);
    let mut once = Once::of(file.data.len());
    let mut trouble = Trouble::default();
    let mut wanted: Vec<(usize, K, CompressedData<'data>)> = Vec::new();
    for (index, section) in sections.iter_mut().enumerate() {
        let Some(kind) = kind_of(&section.name) else { continue };
        if section.loaded || section.span.is_empty() {
            continue;
        }
        if !once.may_read_section(file.bytes(index), section, &mut trouble) {
            continue;
        }
        match stored(file, index, &section.name) {
            Ok(data) if data.format == CompressionFormat::None => wanted.push((index, kind, data)),
            Ok(data) if data.uncompressed_size <= left => {
                left -= data.uncompressed_size;
                section.uncompressed = Some(data.uncompressed_size);
                wanted.push((index, kind, data));
            }
            Ok(data) => trouble.add(UNREAD, || {
                let size = data.uncompressed_size;
                let why = "once decompressed, more than a file of this size can mean";
                unread(section, &format!("it states {size} bytes {why}"))
            }),
            Err(why) => trouble.add(UNREAD, || unread(section, &why)),
        }
    }
    let plain = parallel::map(&wanted, 1, |(_, _, data)| data.decompress().map_err(|e| e.to_string()));
    let mut unpacked = Vec::with_capacity(wanted.len());
    for ((index, kind, data), bytes) in wanted.into_iter().zip(plain) {
        match bytes {
            Ok(bytes) => {
                let is_plain = data.format == CompressionFormat::None;
                unpacked.push(Unpacked { index, kind, bytes, is_plain });
            }
            Err(why) => {
                if let Some(section) = sections.get_mut(index) {
                    section.uncompressed = None;
                    trouble.add(UNREAD, || unread(section, &why));
                }
            }
        }
    }
    diagnostics.extend(trouble.into_diagnostics());
    unpacked
}

const UNREAD: &str = "debug-section-unread";

fn unread(section: &Section<'_>, why: &str) -> Diagnostic {
    let text = format!("section {} is not read: {why}", section.name);
    let bytes = section.span.end - section.span.start;
    Diagnostic::warning(UNREAD, text).at(section.span.start).bytes(bytes)
}

/// The bytes of a section as they are stored, and how.
fn stored<'data, H: Elf>(
    file: &File<'data, H>,
    index: usize,
    name: &str,
) -> Result<CompressedData<'data>, String> {
    let bytes = file.bytes(index);
    let Some(header) = file.headers.get(index) else { return Ok(CompressedData::none(bytes)) };
    if file.is_compressed(header) {
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
