//! Last looks at an image: what readers leave to one place, whatever the format.

use super::{Image, Section, UnitRange};
use crate::error::Diagnostic;
use crate::order::Arrange;

impl Image<'_> {
    /// Notes sections that overlap, and cuts ranges of units where the line ends.
    pub(super) fn settle(&mut self) {
        note_overlaps(&self.sections, &mut self.diagnostics);
        clip_ranges(&mut self.unit_ranges, self.line.len());
    }
}

/// Sections that share bytes of the file: legal to find, but each byte counts once.
fn note_overlaps(sections: &[Section<'_>], diagnostics: &mut Vec<Diagnostic>) {
    let mut spans: Vec<_> = sections.iter().filter(|s| !s.span.is_empty()).collect();
    spans.arrange_by_key(|s| (s.span.start, s.span.end));
    // Up to `high` bytes are claimed, up to `shared` they are claimed twice or more.
    let (mut high, mut shared_to) = (0u64, 0u64);
    let (mut bytes, mut count) = (0u64, 0u64);
    let mut first: Option<&str> = None;
    for s in spans {
        if s.span.start < high {
            let end = high.min(s.span.end);
            bytes += end.saturating_sub(s.span.start.max(shared_to));
            shared_to = shared_to.max(end);
            count += 1;
            first.get_or_insert(&s.name);
        }
        high = high.max(s.span.end);
    }
    if let Some(name) = first {
        let who = match count {
            1 => format!("section {name} begins"),
            _ => format!("{count} sections, {name} first, begin"),
        };
        let text = format!("{who} inside another section; the {bytes} bytes they share are counted once");
        diagnostics.push(Diagnostic::warning("sections-overlap", text).bytes(bytes));
    }
}

fn clip_ranges(ranges: &mut Vec<UnitRange>, len: u64) {
    for r in ranges.iter_mut() {
        r.end = r.end.min(len);
    }
    ranges.retain(|r| r.start < r.end);
}
