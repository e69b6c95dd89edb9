//! Sections, segments and what lies outside both: the coarsest division of the line.

use std::ops::Range;

use crate::format::{Image, RegionPlace};
use crate::intern::Names;
use crate::kind::Kind;
use crate::model::{SectionId, SectionRow, SegmentId, SegmentRow};
use crate::partition::{Claim, Partition};

/// How good a claim of each kind is. Lower wins.
mod rank {
    /// File header and header tables.
    pub const HEADERS: u8 = 0;
    /// A section header.
    pub const SECTION: u8 = 1;
    /// What a program header names.
    pub const FALLBACK: u8 = 2;
    /// A loaded segment.
    pub const SEGMENT: u8 = 3;
}

/// What a claim of a rank stands on, in words.
pub(super) fn basis(rank: u8) -> &'static str {
    match rank {
        rank::SECTION => "a section header states it",
        rank::FALLBACK => "a program header names it",
        rank::SEGMENT => "a segment loads it",
        _ => "the layout of the file",
    }
}

/// The most zero bytes in front of a structure that alignment can ask for: the
/// largest page size in use.
const PAGE_LIMIT: u64 = 64 * 1024;

/// Rows and partitions of segments and sections.
pub(super) struct Layout {
    pub segments: Vec<SegmentRow>,
    pub sections: Vec<SectionRow>,
    pub by_segment: Partition<SegmentId>,
    pub by_section: Partition<SectionId>,
    /// What `by_section` was resolved from.
    pub claims: Vec<Claim<SectionId>>,
}

/// Divides the line by segment and by section.
pub(super) fn build(image: &Image<'_>, bytes: &[u8], names: &mut Names) -> Layout {
    let segments: Vec<SegmentRow> = image
        .segments
        .iter()
        .map(|s| SegmentRow {
            name: names.intern(&s.name),
            address: s.address,
            physical: s.physical,
            writable: s.writable,
            file_size: s.file.end - s.file.start,
            memory_size: s.memory_size,
        })
        .collect();
    let by_segment = by_segment(image, segments.len());

    let mut rows: Vec<SectionRow> = image
        .sections
        .iter()
        .map(|s| SectionRow {
            name: names.intern(&s.name),
            kind: s.kind,
            size: s.size,
            address: s.loaded.then_some(s.address),
        })
        .collect();
    let mut claims: Vec<Claim<SectionId>> = Vec::new();
    let mut claim = |span: &Range<u64>, rank, label| {
        claims.push(Claim { start: span.start, end: span.end, rank, label });
    };
    for (index, section) in image.sections.iter().enumerate() {
        claim(&section.span, rank::SECTION, SectionId::new(index));
    }
    let mut stand_in = |name: &str, kind: Kind| {
        rows.push(SectionRow { name: names.intern(&format!("[{name}]")), kind, size: 0, address: None });
        SectionId::new(rows.len() - 1)
    };
    for region in &image.regions {
        let rank = match region.place {
            RegionPlace::File => rank::HEADERS,
            RegionPlace::Fallback => rank::FALLBACK,
            RegionPlace::InSection => continue,
        };
        let label = stand_in(&region.name, region.kind);
        claim(&region.span, rank, label);
    }
    let first_of_segments = stand_in("no segment", Kind::Unmapped).0;
    for mapping in image.line.mappings() {
        let Some(segment) = image.segments.get(mapping.segment as usize) else { continue };
        let zero_fill = mapping.pos >= image.line.file_len();
        let kind = if zero_fill { Kind::Bss } else { segment.kind };
        let label = stand_in(&segment.name, kind);
        claim(&(mapping.pos..mapping.pos + mapping.len), rank::SEGMENT, label);
    }
    let padding = stand_in("padding", Kind::Padding);
    let unmapped = stand_in("unmapped", Kind::Unmapped);
    let appended = stand_in("appended data", Kind::Unmapped);

    let plain = Partition::resolve(image.line.len(), &mut claims.clone(), SectionId::NONE);
    // Second look at what no section and no header claims.
    let has_sections = image.sections.len() > 1;
    let runs: Vec<_> = plain.iter().collect();
    for (index, (span, label)) in runs.iter().enumerate() {
        let only_segment = (first_of_segments..padding.0).contains(&label.0);
        if span.start >= image.line.file_len() || !(*label == SectionId::NONE || only_segment) {
            continue;
        }
        let last = index + 1 == runs.len() || runs[index + 1].0.start >= image.line.file_len();
        let zeros = is_zero(bytes, span) && span.end - span.start < PAGE_LIMIT;
        let label = if zeros && !last && (has_sections || *label == SectionId::NONE) {
            padding
        } else if *label != SectionId::NONE {
            continue;
        } else if last {
            appended
        } else {
            unmapped
        };
        claims.push(Claim { start: span.start, end: span.end, rank: rank::HEADERS, label });
    }
    let by_section = Partition::resolve(image.line.len(), &mut claims, unmapped);
    Layout { segments, sections: rows, by_segment, by_section, claims }
}

/// Every mapping keeps edges of its own, so that no leaf straddles two.
fn by_segment(image: &Image<'_>, count: usize) -> Partition<SegmentId> {
    let mut claims: Vec<Claim<SegmentId>> = image
        .line
        .mappings()
        .iter()
        .filter(|m| (m.segment as usize) < count)
        .map(|m| Claim { start: m.pos, end: m.pos + m.len, rank: 0, label: SegmentId(m.segment) })
        .collect();
    Partition::resolve(image.line.len(), &mut claims, SegmentId::NONE)
}

fn is_zero(bytes: &[u8], span: &Range<u64>) -> bool {
    let range = span.start as usize..span.end as usize;
    bytes.get(range).is_some_and(|run| run.iter().all(|&b| b == 0))
}
