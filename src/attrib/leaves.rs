//! All partitions laid over one another: the leaves.

use std::ops::Range;

use super::charges::{Account, NO_ACCOUNT};
use super::code::Code;
use super::forms::{Form, Forms};
use super::infer::{Concluded, Conclusion, Inferred, NO_CONCLUSION};
use super::krate::Crates;
use super::padding;
use super::sections::Layout;
use super::symbols::Symbols;
use super::units::{NOBODY, Share, Units};
use crate::format::Image;
use crate::intern::Distinct;
use crate::kind::Kind;
use crate::model::{
    FrameId, Leaf, Leaves, LineId, Mapping, Owner, OwnerId, SectionId, SegmentId, SymbolId, UnitId,
};
use crate::parallel;
use crate::partition::{Claim, Partition};

/// Leaves and the attributions they use.
pub(super) struct Table {
    pub leaves: Leaves,
    pub owners: Vec<Owner>,
}

/// The line is cut in parts of about this many runs, whatever the number of threads.
const PART: usize = 8 * 1024;
/// So many parts are held at once, at 100 bytes a run.
const PARTS: usize = 16;

/// Claims of padding on what no symbol claims inside sections of content.
pub(super) fn filler(
    image: &Image<'_>,
    bytes: &[u8],
    layout: &Layout,
    by_symbol: &Partition<SymbolId>,
    label: SymbolId,
) -> Vec<Claim<SymbolId>> {
    let mut claims = Vec::new();
    let mut sections = layout.by_section.cursor();
    let file_len = image.line.file_len();
    let runs = by_symbol.iter().filter(|(_, symbol)| *symbol == SymbolId::NONE);
    for (gap, _) in runs {
        let mut at = gap.start;
        while at < gap.end {
            let Some((section_run, section)) = sections.run(at) else { break };
            let end = gap.end.min(section_run.end);
            let kind = section.get().and_then(|i| layout.sections.get(i)).map(|s| s.kind);
            // What ends a section aligns nothing in it.
            let inner = end < section_run.end;
            let aligned = || {
                // A section of an object file is aligned as a whole: offsets in it are what counts.
                let start = section.get().and_then(|i| image.sections.get(i)).map_or(0, |s| s.span.start);
                image.line.address(end).unwrap_or(end.saturating_sub(start))
            };
            let content = bytes.get(at as usize..end as usize).unwrap_or_default();
            let is_filler = match kind {
                Some(Kind::Code) => padding::in_code(image.machine_at(at).filler, content),
                Some(kind) if kind.is_stored_data() => {
                    inner && content.iter().all(|&b| b == 0) && padding::in_data(end - at, aligned())
                }
                Some(Kind::Bss) if at >= file_len => inner && padding::in_data(end - at, aligned()),
                _ => false,
            };
            if is_filler {
                claims.push(Claim { start: at, end, rank: 0, label });
            }
            at = end;
        }
    }
    claims
}

/// A run with one label in every dimension, before crates are known.
#[derive(Clone, Copy)]
struct Cut {
    start: u64,
    end: u64,
    segment: SegmentId,
    section: SectionId,
    symbol: SymbolId,
    unit: UnitId,
    concluded: Conclusion,
    kind: Kind,
    frame: FrameId,
    line: LineId,
    estimated: bool,
}

/// The partitions that leaves are cut by, and what says whose they are.
pub(super) struct Parts<'p> {
    pub layout: &'p Layout,
    pub symbols: &'p Symbols,
    pub by_symbol: &'p Partition<SymbolId>,
    pub units: &'p Units,
    pub accounts: &'p Partition<Account>,
    pub forms: &'p Forms,
    pub crates: &'p Crates,
    pub inferred: &'p Inferred,
    pub code: Option<&'p Code>,
}

/// Cuts the line at every boundary of every partition.
pub(super) fn build(image: &Image<'_>, parts: &Parts<'_>) -> Table {
    let mappings = image.line.mappings().iter().map(|m| Mapping {
        pos: m.pos,
        len: m.len,
        // Sections of an object file have no place yet: addresses in them start at 0.
        address: if image.line.is_position(m) { 0 } else { m.address },
    });
    let mut leaves = Leaves::new(mappings.collect());
    let mut distinct: Distinct<Owner> = Distinct::default();
    let mut seen = vec![false; parts.symbols.rows.len()];
    let mut mapping = 0usize;
    let mapped = image.line.mappings();
    for spans in spans(image.line.len(), parts).chunks(PARTS) {
        let read = |span: &Range<u64>| Part::of(overlay(image, parts, span.clone()), parts);
        let read = parallel::map(spans, 1, read);
        for part in read {
            let owners: Vec<OwnerId> =
                part.owners.into_values().into_iter().map(|owner| OwnerId(distinct.insert(owner))).collect();
            for (cut, owner, is_doubtful) in part.cuts {
                while mapped.get(mapping).is_some_and(|m| m.pos + m.len <= cut.start) {
                    mapping += 1;
                }
                let in_memory = mapped.get(mapping).is_some_and(|m| m.pos <= cut.start);
                let home = cut.kind.is_content()
                    && cut.symbol.get().is_some_and(|i| !std::mem::replace(&mut seen[i], true));
                leaves.push(Leaf {
                    start: cut.start,
                    len: cut.end - cut.start,
                    kind: cut.kind,
                    segment: cut.segment,
                    section: cut.section,
                    symbol: cut.symbol,
                    unit: cut.unit,
                    owner: owners[owner as usize],
                    frame: cut.frame,
                    line: cut.line,
                    estimated: cut.estimated || is_doubtful,
                    home,
                    in_file: cut.start < image.line.file_len(),
                    in_memory,
                });
            }
        }
    }
    Table { leaves, owners: distinct.into_values() }
}

/// Runs of one part of the line, and whose they are.
struct Part {
    owners: Distinct<Owner>,
    /// With the number of its owner, and whether that is a guess.
    cuts: Vec<(Cut, u32, bool)>,
}

impl Part {
    fn of(cuts: Vec<Cut>, parts: &Parts<'_>) -> Part {
        let crates = parts.crates;
        let owner = |c: &Cut| {
            // A conclusion is drawn only where it says more than names do.
            if let Some(Concluded { owner, is_contested }) = parts.inferred.owner(c.symbol, c.concluded) {
                return (owner, is_contested || owner.evidence.is_guess());
            }
            let known = crates.owner(c.symbol, c.unit, c.kind).unwrap_or_else(|| crates.nobody(c.kind));
            (known, known.evidence.is_guess())
        };
        let mut owners: Distinct<Owner> = Distinct::default();
        let mut last: Option<(Owner, u32)> = None;
        let cuts = cuts.into_iter().map(|cut| {
            let (owner, is_doubtful) = owner(&cut);
            let number = match last {
                Some((same, number)) if same == owner => number,
                _ => owners.insert(owner),
            };
            last = Some((owner, number));
            (cut, number, is_doubtful)
        });
        let cuts = cuts.collect();
        Part { owners, cuts }
    }
}

/// The line in parts of about the same number of runs.
fn spans(len: u64, parts: &Parts<'_>) -> Vec<Range<u64>> {
    let mut edges: Vec<u64> = parts.by_symbol.starts().iter().step_by(PART).copied().collect();
    edges.extend(parts.accounts.starts().iter().step_by(PART));
    edges.extend([0, len]);
    edges.sort_unstable();
    edges.dedup();
    edges.windows(2).map(|w| w[0]..w[1]).collect()
}

/// Where members start and end.
struct Edges {
    sorted: Vec<u64>,
    passed: usize,
}

impl Edges {
    fn new(image: &Image<'_>) -> Edges {
        let ends = image.members.iter().flat_map(|m| [m.file.start, m.file.end, m.zero.start, m.zero.end]);
        let mut sorted: Vec<u64> = ends.collect();
        sorted.sort_unstable();
        Edges { sorted, passed: 0 }
    }

    /// The first edge behind `at`, which must not fall.
    fn next(&mut self, at: u64) -> Option<u64> {
        while self.sorted.get(self.passed).is_some_and(|&edge| edge <= at) {
            self.passed += 1;
        }
        self.sorted.get(self.passed).copied()
    }
}

/// Runs of one part of the line. Its edges are edges of runs.
fn overlay(image: &Image<'_>, parts: &Parts<'_>, part: Range<u64>) -> Vec<Cut> {
    let Parts { layout, symbols, by_symbol, units, accounts, forms, inferred, .. } = *parts;
    let (len, file_len) = (image.line.len(), image.line.file_len());
    let mut segments = layout.by_segment.cursor();
    let mut sections = layout.by_section.cursor();
    let mut at_symbol = by_symbol.cursor();
    let mut at_unit = units.by_unit.cursor();
    let mut at_account = accounts.cursor();
    let mut at_form = forms.by_form.cursor();
    let mut at_place = inferred.by_place.cursor();
    let mut at_code = parts.code.map(|code| (code.by_frame.cursor(), code.by_line.cursor()));
    let mappings = image.line.mappings();
    let mut mapping = mappings.partition_point(|m| m.pos + m.len <= part.start);
    let mut edges = Edges::new(image);
    let mut cuts = Vec::with_capacity(2 * PART);
    let mut at = part.start;
    while at < part.end {
        // Partitions of one line: all have a run here.
        let (s, segment) = segments.run(at).unwrap_or((at..len, SegmentId::NONE));
        let (c, section) = sections.run(at).unwrap_or((at..len, SectionId::NONE));
        let (y, mut symbol) = at_symbol.run(at).unwrap_or((at..len, SymbolId::NONE));
        let (u, share): (_, Share) = at_unit.run(at).unwrap_or((at..len, NOBODY));
        let (a, account) = at_account.run(at).unwrap_or((at..len, NO_ACCOUNT));
        let (p, mut concluded) = at_place.run(at).unwrap_or((at..len, NO_CONCLUSION));
        let (f, form) = at_form.run(at).unwrap_or((at..len, Form::Plain));
        let mut end = s.end.min(c.end).min(y.end).min(u.end).min(a.end).min(p.end).min(f.end);
        let (mut frame, mut line) = (FrameId::NONE, LineId::NONE);
        if let Some((frames, lines)) = &mut at_code {
            let (i, at_frame) = frames.run(at).unwrap_or((at..len, frame));
            let (l, at_line) = lines.run(at).unwrap_or((at..len, line));
            end = end.min(i.end).min(l.end);
            (frame, line) = (at_frame, at_line);
        }
        if at < file_len {
            end = end.min(file_len);
        }
        end = edges.next(at).map_or(end, |edge| end.min(edge));
        while mappings.get(mapping).is_some_and(|m| m.pos + m.len <= at) {
            mapping += 1;
        }
        if let Some(m) = mappings.get(mapping) {
            end = end.min(if m.pos > at { m.pos } else { m.pos + m.len });
        }
        let (mut unit, estimated) = share;
        let of_structure = symbols.kind(symbol);
        if account != NO_ACCOUNT {
            (symbol, concluded) = (account.0, account.2);
            if unit == UnitId::NONE {
                unit = account.1;
            }
        } else if unit == UnitId::NONE {
            unit = units.file_unit(symbol);
        }
        let row = section.get().and_then(|i| layout.sections.get(i));
        let kind = if symbol == symbols.padding && symbol != SymbolId::NONE {
            Kind::Padding
        } else if at >= file_len {
            Kind::Bss
        } else {
            let of_section = row.map_or(Kind::Unmapped, |r| r.kind);
            match of_structure.filter(|_| of_section.is_content()).unwrap_or(of_section) {
                // Zero-fill that the file spells out all the same.
                Kind::Bss => Kind::Data,
                kind if kind.is_stored_data() => form.kind().unwrap_or(kind),
                kind => kind,
            }
        };
        cuts.push(Cut {
            start: at,
            end,
            segment,
            section,
            symbol,
            unit,
            concluded,
            kind,
            frame,
            line,
            estimated,
        });
        at = end;
    }
    cuts
}
