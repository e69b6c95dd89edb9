//! DWARF in custom sections.
//!
//! Addresses of code count from the contents of the code section
//! (<https://yurydelendik.github.io/webassembly-dwarf/>); a function starts
//! behind its length. The length is the function's all the same.

use std::ops::Range;

use super::Module;
use crate::format::dwarf::{self, DebugKind, DebugSection, DwarfFacts};
use crate::format::{Detail, Endian, Line, Load, UnitRange};

/// Reads the units of a module. `bodies` are entries of the code section, in order.
pub(super) fn read<'data>(
    module: &Module<'data>,
    bodies: &[Range<u64>],
    detail: Detail,
) -> DwarfFacts<'data> {
    let sections: Vec<DebugSection<'data, '_>> = (0..)
        .zip(&module.sections)
        .filter(|(_, s)| s.id == 0)
        .filter_map(|(index, s)| {
            let kind = DebugKind::from_name(s.name)?;
            let bytes = module.slice(&s.contents);
            Some(DebugSection { kind, index, bytes, fixups: &[], file_offset: Some(s.contents.start) })
        })
        .collect();
    if sections.is_empty() {
        return DwarfFacts::default();
    }
    let code = module.sections.iter().find(|s| s.id == 10).map_or(0..0, |s| s.contents.clone());
    let len = code.end - code.start;
    let load = Load { segment: u32::MAX, address: Some(0), len, file: code };
    let (line, _) = Line::lay(module.bytes.len() as u64, false, &[load]);
    let start = bodies.first().map_or(0, |body| body.start);
    let functions = start..bodies.last().map_or(start, |body| body.end);
    let mut facts = dwarf::read(&sections, &line, std::slice::from_ref(&functions), Endian::Little, detail);
    for range in &mut facts.unit_ranges {
        include_length(range, bodies);
    }
    facts.unit_ranges.sort_unstable();
    for body in facts.code.iter_mut().flat_map(|code| code.bodies.iter_mut().chain(&mut code.spans)) {
        let mut range = UnitRange { start: body.start, end: body.end, unit: 0 };
        include_length(&mut range, bodies);
        body.start = range.start;
    }
    facts
}

/// Moves the start of a range that begins where the body proper does.
fn include_length(range: &mut UnitRange, bodies: &[Range<u64>]) {
    /// Most bytes of a number of 32 bits.
    const LONGEST: u64 = 5;
    let after = bodies.partition_point(|b| b.start <= range.start);
    if let Some(body) = after.checked_sub(1).and_then(|i| bodies.get(i))
        && range.start < body.end
        && range.start - body.start <= LONGEST
    {
        range.start = body.start;
    }
}
