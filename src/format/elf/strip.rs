//! What `strip` would leave of a file.

use crate::format::{Image, RegionPlace, Section};
use crate::kind::Kind;

/// Whether `strip` removes a section.
fn is_stripped(section: &Section<'_>) -> bool {
    !section.loaded && matches!(section.kind, Kind::Symbols | Kind::Debug | Kind::Relocations)
}

/// Size in bytes of the file without static symbols and debug information.
///
/// Computed from the layout: what stays keeps its place as far as it is loaded;
/// unloaded sections close up behind it, then come the section headers that are
/// left. `None` for what is not made to ship: an object file is linked by the
/// symbols that stripping would remove.
pub(super) fn size(image: &Image<'_>) -> Option<u64> {
    let file_len = image.line.file_len();
    let gone: Vec<&Section<'_>> =
        image.sections.iter().filter(|s| is_stripped(s) && !s.span.is_empty()).collect();
    // Core dumps and split debug information are not made to ship either.
    if image.line.is_relocatable() || image.segments.is_empty() {
        return None;
    }
    if gone.is_empty() {
        return Some(file_len);
    }
    let in_file = |s: &&Section<'_>| !s.span.is_empty() && s.span.end <= file_len;
    let loaded_end = image.sections.iter().filter(|s| s.loaded).filter(in_file).map(|s| s.span.end);
    let segment_end = image.segments.iter().map(|s| s.file.end);
    let mut at = loaded_end.chain(segment_end).max().unwrap_or(0);
    let mut names = 0u64;
    for section in image.sections.iter().filter(in_file).filter(|s| !s.loaded && !is_stripped(s)) {
        if section.kind == Kind::Headers {
            names = names.max(section.span.end - section.span.start);
            continue;
        }
        at = at.next_multiple_of(section.align.clamp(1, 4096)) + (section.span.end - section.span.start);
    }
    let gone_names: u64 = gone.iter().map(|s| s.name.len() as u64 + 1).sum();
    at += names.saturating_sub(gone_names);
    let table = image.regions.iter().find(|r| r.place == RegionPlace::File && r.name == "section headers");
    if let Some(table) = table
        && let Some(entry) = (table.span.end - table.span.start).checked_div(image.sections.len() as u64)
    {
        let kept = image.sections.len().saturating_sub(gone.len()) as u64;
        at = at.next_multiple_of(8) + kept * entry;
    }
    Some(at.min(file_len))
}
