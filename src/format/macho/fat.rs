//! Universal files: one file for several architectures, each a file of its own inside.
//!
//! The header is big-endian whatever the slices are (`mach-o/fat.h`).

use std::borrow::Cow;
use std::ops::Range;

use object::macho;

use super::file::slice_name;
use crate::error::Diagnostic;
use crate::format::cursor::Cursor;
use crate::format::join::{Part, Whole, join, opaque};
use crate::format::{Detail, Endian, Fatal, Format, Header, Image, Region, RegionPlace, archive};
use crate::kind::Kind;
use crate::order::Arrange;
use crate::parallel;

/// A file for one architecture inside a universal one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice {
    /// Its architecture as `lipo` calls it: `arm64`, `x86_64`.
    pub name: Cow<'static, str>,
    /// The same as Rust's targets call it: `aarch64`.
    pub arch: Cow<'static, str>,
    /// Its bytes, cut where the file ends.
    pub file: Range<u64>,
    /// The length that is stated.
    stated: u64,
    /// As a power of two.
    align: u32,
}

/// The most slices a universal file may have.
///
/// There are fewer architectures; Java classes start with the same bytes, and
/// their version, which stands in place of the number, is higher.
const LIMIT: u32 = 44;

/// The list of slices, or nothing if this is no universal file.
///
/// A list that is cut off is read as far as it goes.
pub fn slices(data: &[u8]) -> Option<Vec<Slice>> {
    let (word, entry) = match data.first_chunk::<4>()? {
        b"\xca\xfe\xba\xbe" => (4, 20),
        b"\xca\xfe\xba\xbf" => (8, 32),
        _ => return None,
    };
    let mut c = Cursor::new(data, Endian::Big, &[]);
    c.skip(4)?;
    let count = c.u32().filter(|&count| count <= LIMIT)?;
    let len = data.len() as u64;
    let mut slices = Vec::new();
    for index in 0..u64::from(count) {
        let slice = c.from(8 + index * entry).and_then(|mut c| {
            let (cpu, subtype) = (macho::CpuType(c.u32()?), c.u32()?);
            let (offset, stated, align) = (c.uint(word)?, c.uint(word)?, c.u32()?);
            let start = offset.min(len);
            let file = start..offset.saturating_add(stated).clamp(start, len);
            let (name, arch) = (slice_name(cpu, subtype), super::file::arch(cpu, subtype));
            Some(Slice { name, arch, file, stated, align })
        });
        let Some(slice) = slice else { break };
        slices.push(slice);
    }
    Some(slices)
}

/// Reads a universal file and all its slices.
///
/// *Errors*: the header cannot be read; anything else is a diagnostic.
pub(super) fn read<'data>(
    data: &'data [u8],
    mut slices: Vec<Slice>,
    detail: Detail,
) -> Result<Image<'data>, Fatal> {
    let file_len = data.len() as u64;
    let mut c = Cursor::new(data, Endian::Big, &[]);
    let is_64 = c.u32() == Some(macho::FAT_MAGIC_64);
    let stated = c.u32().map_or(0, u64::from);
    let mut diagnostics = Vec::new();
    if (slices.len() as u64) < stated {
        let text =
            format!("the universal header lists {stated} slices, but the file ends after {}", slices.len());
        diagnostics.push(Diagnostic::warning("universal-header-cut", text).at(8));
    }
    let header = 0..(8 + slices.len() as u64 * if is_64 { 32 } else { 20 }).min(file_len);
    slices.arrange_by_key(|s| s.file.start);
    let mut kept: Vec<Slice> = Vec::with_capacity(slices.len());
    let mut high = header.end;
    for slice in slices {
        let start = slice.file.start;
        let lost = slice.stated - (slice.file.end - start);
        if start < high {
            let text = format!(
                "slice {} at {start:#x} overlaps what is in front of it, up to {high:#x}; it is left out",
                slice.name
            );
            diagnostics.push(Diagnostic::warning("slice-overlaps", text).at(start));
            continue;
        }
        if lost > 0 {
            let text = format!("slice {} ends {lost} bytes after the end of the file", slice.name);
            diagnostics.push(Diagnostic::warning("slice-out-of-file", text).at(start).bytes(lost));
        }
        high = slice.file.end;
        kept.push(slice);
    }
    let parts: Vec<Part<'data>> = parallel::map(&kept, 1, |slice| part(data, slice, detail));
    let whole = Whole {
        header: Header {
            file_type: "universal file",
            stripped_size: stripped_size(header.end, &kept, &parts),
            ..Header::unknown(Format::MachO)
        },
        file_len,
        regions: vec![Region {
            span: header,
            name: "universal header".into(),
            kind: Kind::Headers,
            place: RegionPlace::File,
        }],
        diagnostics,
    };
    Ok(join(whole, parts))
}

/// A slice as the file it is.
fn part<'data>(data: &'data [u8], slice: &Slice, detail: Detail) -> Part<'data> {
    let bytes = data.get(slice.file.start as usize..slice.file.end as usize).unwrap_or_default();
    let read = match bytes.starts_with(archive::MAGIC) {
        true => Ok(archive::read(bytes, detail)),
        false => super::read_thin(bytes, detail),
    };
    let image = read.unwrap_or_else(|why| {
        let mut image = opaque(bytes, "unread slice");
        let text = format!("it is not read: {why}");
        image.diagnostics.push(Diagnostic::warning("slice-unread", text).at(0).bytes(bytes.len() as u64));
        image
    });
    Part { name: slice.name.clone(), offset: slice.file.start, image }
}

/// Size of the file if every slice were stripped and put behind the one before, aligned as stated.
fn stripped_size(header: u64, slices: &[Slice], parts: &[Part<'_>]) -> Option<u64> {
    let mut at = header;
    for (slice, part) in slices.iter().zip(parts) {
        let align = 1u64.checked_shl(slice.align).filter(|&a| a <= 1 << 20)?;
        at = at.checked_next_multiple_of(align)?.checked_add(part.image.header.stripped_size?)?;
    }
    (!parts.is_empty()).then_some(at)
}
