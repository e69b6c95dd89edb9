//! Data segments: what fills linear memory, and where.
//!
//! An active segment states its place, most often as one constant. A passive one
//! is copied by code; LLVM's linker makes a start function that does nothing else.

use std::ops::Range;

use hashbrown::HashMap;

use super::functions::{Functions, Outcome, list, unread};
use super::names::Named;
use super::operators::{Operator, Operators};
use super::{Module, Reader, Trouble};
use crate::format::{Load, Section, Segment};
use crate::kind::Kind;

/// A data segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Data {
    /// Its bytes in the file.
    pub bytes: Range<u64>,
    /// Where they go in the first memory, if that can be told.
    pub address: Option<u64>,
    /// Whether something copies it there, and not the engine.
    is_passive: bool,
}

/// Reads the data section.
pub(super) fn read(module: &Module<'_>, functions: &Functions<'_>, trouble: &mut Trouble) -> Vec<Data> {
    let mut all = Vec::new();
    for section in module.sections.iter().filter(|s| s.id == 11) {
        if let Err(at) = segments(module.reader(section), &mut all) {
            unread(section.id, at, section.contents.end, trouble);
        }
    }
    if all.iter().any(|d| d.is_passive)
        && let Some(entry) = functions.start.as_ref().and_then(|(number, _)| functions.body(*number))
    {
        place_passive(module.slice(entry), &mut all);
    }
    all
}

fn segments(c: Reader<'_>, all: &mut Vec<Data>) -> Outcome {
    /// The segment is passive, or has the number of a memory.
    const PASSIVE: u64 = 1;
    const WITH_MEMORY: u64 = 2;
    list(c, |c| {
        let flags = c.uleb()?;
        let memory = if flags == WITH_MEMORY { c.uleb()? } else { 0 };
        let address = match flags {
            PASSIVE => None,
            0 | WITH_MEMORY => constant(c)?.filter(|_| memory == 0),
            _ => return None,
        };
        let len = c.uleb()?;
        let start = c.at();
        let end = start.checked_add(len)?;
        // What there is of it is still its own.
        let here = start..end.min(c.end());
        all.push(Data { bytes: here, address, is_passive: flags == PASSIVE });
        c.skip(len)
    })
}

/// Reads a constant expression; its value if it is one integer, or one added to a global.
///
/// A module that is linked when it is loaded counts from a global, the base of its
/// memory. That base is no more known than that of a shared object elsewhere.
pub(super) fn constant(c: &mut Reader<'_>) -> Option<Option<u64>> {
    let mut operators = Operators::new(*c);
    let mut told = [None; 3];
    let mut count = 0usize;
    loop {
        let operator = operators.next()?;
        if operator == Operator::End {
            break;
        }
        if let Some(slot) = told.get_mut(count) {
            *slot = Some(operator);
        }
        count = count.saturating_add(1);
    }
    *c = operators.cursor();
    Some(match (count, told) {
        (1, [Some(Operator::Constant(value)), ..]) => Some(value),
        (1, [Some(Operator::Global(_)), ..]) => Some(0),
        (3, [Some(Operator::Global(_)), Some(Operator::Constant(value)), Some(Operator::Other)])
        | (3, [Some(Operator::Constant(value)), Some(Operator::Global(_)), Some(Operator::Other)]) => {
            Some(value)
        }
        _ => None,
    })
}

/// Finds where a function copies passive segments: constants for the target, the
/// start in the segment and the length come before the operator.
fn place_passive(entry: &[u8], all: &mut [Data]) {
    let Some(operators) = Operators::of_entry(entry) else { return };
    let mut last: [Option<u64>; 3] = [None; 3];
    for operator in operators {
        let constant = match operator {
            Operator::Constant(value) => Some(value),
            Operator::MemoryInit(number) => {
                let segment = usize::try_from(number).ok().and_then(|n| all.get_mut(n));
                if let Some(data) = segment.filter(|d| d.is_passive && d.address.is_none())
                    && let [Some(target), Some(0), Some(len)] = last
                    && len == data.bytes.end - data.bytes.start
                {
                    data.address = Some(target);
                }
                None
            }
            _ => None,
        };
        last = [last[1], last[2], constant];
    }
}

/// The section that segment `number` is of: its name without the number that
/// `wasm-opt` gives to the pieces of one it has split.
fn group<'data>(named: &Named<'data>, number: u64, is_object: bool) -> &'data [u8] {
    let Some(&name) = named.data.get(&number).filter(|name| !name.is_empty()) else { return b"data" };
    let digits = name.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    match name.len().checked_sub(digits).and_then(|end| name.get(..end)) {
        Some([stem @ .., b'.']) if digits > 0 && !stem.is_empty() && !is_object => stem,
        _ => name,
    }
}

fn kind(group: &[u8]) -> Kind {
    if group.starts_with(b".rodata") { Kind::Rodata } else { Kind::Data }
}

/// Segments as the rest of the program knows them.
#[derive(Default)]
pub(super) struct Layout<'data> {
    /// One for each name.
    pub segments: Vec<Segment>,
    pub loads: Vec<Load>,
    /// One for each piece.
    pub sections: Vec<Section<'data>>,
}

/// Lays out data segments: those of one name are one segment of the program.
pub(super) fn layout<'data>(data: &[Data], named: &Named<'data>, is_object: bool) -> Layout<'data> {
    let mut out = Layout::default();
    let mut known: HashMap<&[u8], u32> = HashMap::new();
    for (number, piece) in (0..).zip(data) {
        let name = group(named, number, is_object);
        let text = String::from_utf8_lossy(name);
        let len = piece.bytes.end - piece.bytes.start;
        let address = piece.address.filter(|a| a.checked_add(len).is_some());
        out.sections.push(Section {
            name: text.clone(),
            address: address.unwrap_or(0),
            size: len,
            align: 1,
            span: piece.bytes.clone(),
            kind: kind(name),
            loaded: is_object || address.is_some(),
            executable: false,
            uncompressed: None,
        });
        if is_object {
            let file = piece.bytes.clone();
            out.loads.push(Load { segment: u32::MAX, address: None, len, file });
        } else if let Some(address) = address {
            let next = out.segments.len() as u32;
            let index = *known.entry(name).or_insert(next);
            if index == next {
                out.segments.push(Segment {
                    name: text.into_owned(),
                    address,
                    physical: None,
                    writable: true,
                    memory_size: 0,
                    file: piece.bytes.clone(),
                    kind: kind(name),
                });
            }
            if let Some(segment) = out.segments.get_mut(index as usize) {
                segment.address = segment.address.min(address);
                segment.memory_size = segment.memory_size.saturating_add(len);
                segment.file.end = piece.bytes.end;
            }
            out.loads.push(Load { segment: index, address: Some(address), len, file: piece.bytes.clone() });
        }
    }
    out
}
