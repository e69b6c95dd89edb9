//! Unwind tables of 32-bit ARM: `.ARM.exidx` and `.ARM.extab`.
//!
//! An entry of the index has two words: where a function starts, and how to
//! unwind it, which is said right there or in the second section.

use crate::format::cursor::{Addend, Cursor};
use crate::format::unwind::{Found, Surroundings, UnwindFacts, UnwindSection};

/// Says that a function cannot be unwound.
const CANNOT_UNWIND: u64 = 1;
/// Marks a word that tells how to unwind.
const INLINE: u64 = 1 << 31;

/// Reads index sections with what they refer to; object files have one pair for each function.
///
/// Linkers merge neighbours that unwind alike, so a function reported here is a
/// run of code that may hold several. The word without a function that
/// `R_ARM_NONE` marks must not be among the fixups.
///
/// *Cost*: O(n log n) in the number of entries.
pub fn read_arm(
    index: &[UnwindSection<'_>],
    tables: &[UnwindSection<'_>],
    around: &Surroundings<'_>,
) -> UnwindFacts {
    let mut found = Found::default();
    let mut starts: Vec<(u64, u64)> = Vec::new();
    for section in index {
        let all = Cursor::new(section.bytes, around.endian, section.fixups);
        let mut c = all;
        // The entry before: its function, the bytes mapped from there on, and whether it unwinds.
        let mut before: Option<(u64, u64, bool)> = None;
        while !c.is_at_end() {
            let start = c.at();
            let (Some((function, _)), Some((unwind, word))) = (word(&mut c, section), word(&mut c, section))
            else {
                let what = || format!("`.ARM.exidx` ends inside the entry at {start:#x}");
                found.complain(section, start, "unwind-index", what);
                break;
            };
            let Some((function, run)) = found.located(around, function & !1) else {
                found.region(section, start, c.at(), "dead FDE");
                continue;
            };
            if let Some((last, run, true)) = before {
                let len = function.saturating_sub(last).min(run);
                found.functions.extend(last.checked_add(len).map(|end| last..end));
            }
            before = Some((function, run, word != CANNOT_UNWIND));
            found.charge(section, start, c.at(), function);
            if word != CANNOT_UNWIND && word & INLINE == 0 {
                starts.extend(around.line.pos(unwind).map(|pos| (pos, function)));
            }
        }
        if let Some((last, run, true)) = before {
            let after = around.code.partition_point(|span| span.start <= last);
            let code = after.checked_sub(1).and_then(|i| around.code.get(i));
            let len = code.map_or(run, |span| span.end.saturating_sub(last).min(run));
            found.functions.extend(last.checked_add(len).map(|end| last..end));
        }
    }
    starts.sort_unstable();
    starts.dedup_by_key(|(pos, _)| *pos);
    for section in tables {
        let len = section.bytes.len() as u64;
        let first = starts.partition_point(|(pos, _)| *pos < section.pos);
        let here = starts.get(first..).unwrap_or_default();
        let n = here.partition_point(|(pos, _)| pos - section.pos < len);
        let here = here.get(..n).unwrap_or_default();
        let nexts = here.iter().skip(1).map(|(pos, _)| pos - section.pos).chain([len]);
        for ((pos, function), next) in here.iter().zip(nexts) {
            found.charge(section, pos - section.pos, next, *function);
        }
    }
    found.into_facts()
}

/// Reads a word: the address it gives as an offset of 31 bits from itself, and the word.
fn word(c: &mut Cursor<'_, '_>, section: &UnwindSection<'_>) -> Option<(u64, u64)> {
    let place = section.address.wrapping_add(c.at());
    let fixup = c.fixup();
    let word = u64::from(c.u32()?);
    let offset = (word << 33) as i64 >> 33;
    let target = match fixup {
        Some(fixup) if fixup.addend == Addend::Included => fixup.value,
        Some(fixup) => fixup.value.wrapping_add(offset as u64),
        None => place.wrapping_add(offset as u64) & u64::from(u32::MAX),
    };
    // A relocated word is a reference whatever is stored in it.
    Some((target, if fixup.is_some() { word & !INLINE & !CANNOT_UNWIND } else { word }))
}
