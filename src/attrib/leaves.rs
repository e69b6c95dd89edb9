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
const PART: usize = 2 * 1024;
/// So many parts are held at once, at 32 bytes a run.
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

impl Parts<'_> {
    /// How many runs there can be, but for the few edges of sections, segments and members.
    fn most(&self) -> usize {
        let of_code = self.code.map_or(0, |code| code.by_frame.len() + code.by_line.len());
        let of_data = self.forms.by_form.len() + self.inferred.by_place.len();
        self.by_symbol.len() + self.units.by_unit.len() + self.accounts.len() + of_data + of_code
    }
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
    // Room that is not used is never touched.
    leaves.reserve(parts.most());
    let mut distinct: Distinct<Owner> = Distinct::default();
    for spans in spans(image.line.len(), parts).chunks(PARTS) {
        for part in parallel::map(spans, 1, |span| Part::of(image, parts, span.clone())) {
            let owners = part.owners.into_values().into_iter();
            let owners: Vec<OwnerId> = owners.map(|owner| OwnerId(distinct.insert(owner))).collect();
            leaves.append(part.leaves, &owners);
        }
    }
    leaves.find_homes(parts.symbols.rows.len());
    Table { leaves, owners: distinct.into_values() }
}

/// Leaves of one part of the line, with owners of their own numbers.
#[derive(Default)]
struct Part {
    leaves: Leaves,
    owners: Distinct<Owner>,
    last: Option<(Owner, u32)>,
}

impl Part {
    fn of(image: &Image<'_>, parts: &Parts<'_>, span: Range<u64>) -> Part {
        let mut part = Part::default();
        part.leaves.reserve(2 * PART);
        overlay(image, parts, span, |leaf, whose| {
            let (owner, is_doubtful) = owner(parts, &leaf, whose);
            let owner = OwnerId(part.number(owner));
            part.leaves.push(Leaf { owner, estimated: leaf.estimated || is_doubtful, ..leaf });
        });
        part
    }

    fn number(&mut self, owner: Owner) -> u32 {
        let number = match self.last {
            Some((same, number)) if same == owner => number,
            _ => self.owners.insert(owner),
        };
        self.last = Some((owner, number));
        number
    }
}

/// What says whose bytes are: a symbol, or what was concluded of a place without one.
type Whose = (SymbolId, Conclusion);

/// Whose a leaf is, and whether that is a guess.
fn owner(parts: &Parts<'_>, leaf: &Leaf, (symbol, concluded): Whose) -> (Owner, bool) {
    // A conclusion is drawn only where it says more than names do.
    if let Some(Concluded { owner, is_contested }) = parts.inferred.owner(symbol, concluded) {
        return (owner, is_contested || owner.evidence.is_guess());
    }
    let crates = parts.crates;
    let known = crates.owner(symbol, leaf.unit, leaf.kind).unwrap_or_else(|| crates.nobody(leaf.kind));
    (known, known.evidence.is_guess())
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

/// Calls `found` with each run of one part of the line, and with what says whose it is. The part's edges
/// are edges of runs. Owners are left out, and so is where symbols are at home.
fn overlay(image: &Image<'_>, parts: &Parts<'_>, part: Range<u64>, mut found: impl FnMut(Leaf, Whose)) {
    let Parts { layout, symbols, by_symbol, units, accounts, forms, inferred, .. } = *parts;
    let file_len = image.line.file_len();
    let mut segments = layout.by_segment.walk(SegmentId::NONE);
    let mut sections = layout.by_section.walk(SectionId::NONE);
    let mut at_symbol = by_symbol.walk(SymbolId::NONE);
    let mut at_unit = units.by_unit.walk(NOBODY);
    let mut at_account = accounts.walk(NO_ACCOUNT);
    let mut at_form = forms.by_form.walk(Form::Plain);
    let mut at_place = inferred.by_place.walk(NO_CONCLUSION);
    let mut at_code =
        parts.code.map(|code| (code.by_frame.walk(FrameId::NONE), code.by_line.walk(LineId::NONE)));
    let mappings = image.line.mappings();
    let mut mapping = mappings.partition_point(|m| m.pos + m.len <= part.start);
    let mut edges = Edges::new(image);
    let mut at = part.start;
    while at < part.end {
        let (segment_end, segment) = segments.to(at);
        let (section_end, section) = sections.to(at);
        let (symbol_end, mut symbol) = at_symbol.to(at);
        let (unit_end, (mut unit, estimated)): (_, Share) = at_unit.to(at);
        let (account_end, account) = at_account.to(at);
        let (place_end, concluded) = at_place.to(at);
        let (form_end, form) = at_form.to(at);
        let mut end = part.end.min(segment_end).min(section_end).min(symbol_end).min(unit_end);
        end = end.min(account_end).min(place_end).min(form_end);
        let (mut frame, mut line) = (FrameId::NONE, LineId::NONE);
        if let Some((frames, lines)) = &mut at_code {
            let (frame_end, line_end);
            ((frame_end, frame), (line_end, line)) = (frames.to(at), lines.to(at));
            end = end.min(frame_end).min(line_end);
        }
        if at < file_len {
            end = end.min(file_len);
        }
        end = edges.next(at).map_or(end, |edge| end.min(edge));
        while mappings.get(mapping).is_some_and(|m| m.pos + m.len <= at) {
            mapping += 1;
        }
        let next = mappings.get(mapping);
        let in_memory = next.is_some_and(|m| m.pos <= at);
        end = next.map_or(end, |m| end.min(if in_memory { m.pos + m.len } else { m.pos }));
        let of_structure = symbols.kind(symbol);
        let mut whose = (symbol, concluded);
        if account != NO_ACCOUNT {
            whose = (account.0, account.2);
            // What is on account of a place without a name stays a part of its table.
            if account.0 != SymbolId::NONE {
                symbol = account.0;
            }
            if unit == UnitId::NONE {
                unit = account.1;
            }
        } else if unit == UnitId::NONE {
            unit = units.file_unit(symbol);
        }
        let kind = if symbol == symbols.padding && symbol != SymbolId::NONE {
            Kind::Padding
        } else if at >= file_len {
            Kind::Bss
        } else {
            let row = section.get().and_then(|i| layout.sections.get(i));
            let of_section = row.map_or(Kind::Unmapped, |r| r.kind);
            match of_structure.filter(|_| of_section.is_content()).unwrap_or(of_section) {
                // Zero-fill that the file spells out all the same.
                Kind::Bss => Kind::Data,
                kind if kind.is_stored_data() => form.kind().unwrap_or(kind),
                kind => kind,
            }
        };
        let leaf = Leaf {
            start: at,
            len: end - at,
            kind,
            segment,
            section,
            symbol,
            unit,
            owner: OwnerId::NONE,
            frame,
            line,
            estimated,
            home: false,
            in_file: at < file_len,
            in_memory,
        };
        found(leaf, whose);
        at = end;
    }
}
