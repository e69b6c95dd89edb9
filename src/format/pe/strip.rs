//! What `strip` would leave of an image.

use super::headers::{File, SECTION_HEADER};
use crate::format::Image;
use crate::kind::Kind;

/// Size in bytes of the file without its symbol table and debug information.
///
/// Microsoft's linker puts both into files of their own, so nothing is left to strip.
/// The GNU toolchain puts them behind everything that is loaded; stripping drops their
/// sections, each filled up to the file alignment, and their headers, and closes the gaps.
pub(super) fn size(file: &File<'_>, image: &Image<'_>) -> u64 {
    let mut gone: Vec<(u64, u64)> = image
        .regions
        .iter()
        .filter(|r| r.kind == Kind::Symbols)
        .map(|r| (r.span.start, r.span.end))
        .collect();
    let headers = file.headers.iter().zip(&image.sections);
    gone.extend(headers.filter(|(_, s)| s.kind == Kind::Debug).map(|(header, section)| {
        let start = section.span.start;
        (start, start.saturating_add(u64::from(header.raw_size)).min(file.len()))
    }));
    gone.sort_unstable();
    let (mut high, mut bytes) = (0u64, 0u64);
    for (start, end) in gone {
        bytes += end.saturating_sub(start.max(high));
        high = high.max(end);
    }
    let alignment = file.optional.as_ref().map_or(1, |o| u64::from(o.file_alignment).max(1));
    let dropped = headers_of_debug(file, image) * SECTION_HEADER;
    let aligned = |end: u64| end.div_ceil(alignment).saturating_mul(alignment);
    let table = file.table_span.end;
    let shrunk = aligned(table).saturating_sub(aligned(table.saturating_sub(dropped)));
    file.len().saturating_sub(bytes).saturating_sub(shrunk)
}

fn headers_of_debug(file: &File<'_>, image: &Image<'_>) -> u64 {
    file.headers.iter().zip(&image.sections).filter(|(_, s)| s.kind == Kind::Debug).count() as u64
}
