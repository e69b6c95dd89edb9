//! Unwind tables: where functions are, and which table bytes exist on account of which.
//!
//! Takes section bytes and knows no container format. What a table tells to do
//! when unwinding is never looked at.

mod arm;
mod compact;
mod eh_frame;
mod lsda;

use std::ops::Range;

pub use arm::read_arm;
pub use compact::{CompactSections, read_compact};
pub use eh_frame::{read_debug_frame, read_eh_frame};

use crate::error::Diagnostic;
use crate::format::cursor::Fixup;
use crate::format::trouble::Trouble;
use crate::format::{Charge, Endian, Line, Region, RegionPlace, Target};
use crate::kind::Kind;
use crate::order::{self, Arrange};

/// A section with unwind tables.
#[derive(Debug, Clone, Copy)]
pub struct UnwindSection<'a> {
    /// Its bytes.
    pub bytes: &'a [u8],
    /// Position of its first byte on the line.
    pub pos: u64,
    /// Virtual address of its first byte; in an object file its position.
    pub address: u64,
    /// Its relocations sorted by offset; empty in a linked file.
    pub fixups: &'a [Fixup],
}

/// What reading unwind tables needs to know of the file around them.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// Translates addresses.
    pub line: &'a Line,
    /// Where code lies on the line, sorted; empty if that is not known.
    pub code: &'a [Range<u64>],
    /// Byte order.
    pub endian: Endian,
    /// 2, 4 or 8.
    pub address_size: u8,
    /// Base of pointers relative to code; 0 on most machines.
    pub text_base: u64,
    /// Base of pointers relative to data, the address of the global offset table.
    pub data_base: u64,
}

/// What unwind tables say of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnwindFacts {
    /// Functions, as positions; sorted, without repeats. They may overlap.
    pub functions: Vec<Range<u64>>,
    /// Positions of functions with an exception table; sorted, without repeats.
    pub guarded: Vec<u64>,
    /// Table bytes on account of functions, sorted.
    pub charges: Vec<Charge>,
    /// Table bytes on nobody's account, sorted.
    pub regions: Vec<Region>,
    /// What could not be understood.
    pub diagnostics: Vec<Diagnostic>,
}

impl Surroundings<'_> {
    /// Where a function starts, unless there is no code.
    ///
    /// Linkers leave entries of functions they dropped, with an address where no
    /// code can be.
    fn locate(&self, address: u64) -> Option<Near> {
        let (pos, mapped) = self.line.locate(address)?;
        let mut code = mapped;
        if !self.code.is_empty() {
            let after = self.code.partition_point(|span| span.start <= pos);
            let span = self.code.get(after.checked_sub(1)?)?;
            code = span.end.checked_sub(pos).filter(|&len| len > 0)?.min(mapped);
        }
        Some(Near { address, pos, code, mapped })
    }
}

/// Code from an address on.
#[derive(Debug, Clone, Copy, Default)]
struct Near {
    address: u64,
    pos: u64,
    /// How many bytes of code follow.
    code: u64,
    /// How many bytes are mapped in one run.
    mapped: u64,
}

/// Facts being collected.
#[derive(Debug, Default)]
struct Found {
    functions: Vec<Range<u64>>,
    guarded: Vec<u64>,
    charges: Vec<Charge>,
    regions: Vec<Region>,
    trouble: Trouble,
    /// Code found before: what is asked for next mostly lies behind it.
    near: Near,
}

impl Found {
    /// The position of a function's first byte and the bytes mapped from there on, if there is code.
    fn located(&mut self, around: &Surroundings<'_>, address: u64) -> Option<(u64, u64)> {
        let mut near = self.near;
        if address.checked_sub(near.address).is_none_or(|into| into >= near.code) {
            near = around.locate(address)?;
            self.near = near;
        }
        let into = address - near.address;
        Some((near.pos.checked_add(into)?, near.mapped.checked_sub(into)?))
    }

    /// The positions of a function, if there is code.
    fn span(&mut self, around: &Surroundings<'_>, address: u64, len: u64) -> Option<Range<u64>> {
        let (pos, run) = self.located(around, address)?;
        Some(pos..pos.checked_add(len.min(run))?)
    }

    /// Charges bytes `from..to` of a section to the function that starts at `function`.
    fn charge(&mut self, section: &UnwindSection<'_>, from: u64, to: u64, function: u64) {
        if let Some(span) = place(section, from, to) {
            self.charges.push(Charge { start: span.start, end: span.end, on: Target::Pos(function) });
        }
    }

    /// Names bytes `from..to` of a section; neighbours of one name become one region.
    fn region(&mut self, section: &UnwindSection<'_>, from: u64, to: u64, name: &'static str) {
        let Some(span) = place(section, from, to) else { return };
        match self.regions.last_mut() {
            Some(last) if last.span.end == span.start && last.name == name => last.span.end = span.end,
            _ => {
                let (kind, place) = (Kind::Unwind, RegionPlace::InSection);
                self.regions.push(Region { span, name: name.into(), kind, place });
            }
        }
    }

    /// Puts on record what is wrong at `offset` of a section.
    fn complain(
        &mut self,
        section: &UnwindSection<'_>,
        offset: u64,
        code: &'static str,
        what: impl FnOnce() -> String,
    ) {
        self.trouble.add(code, || {
            let diagnostic = Diagnostic::warning(code, what());
            match section.pos.checked_add(offset) {
                Some(at) => diagnostic.at(at).bytes((section.bytes.len() as u64).saturating_sub(offset)),
                None => diagnostic,
            }
        });
    }

    fn into_facts(mut self) -> UnwindFacts {
        self.functions.retain(|span| !span.is_empty());
        order::spans(&mut self.functions);
        self.functions.dedup();
        self.guarded.sort_unstable();
        self.guarded.dedup();
        // A stable sort, as what tables state mostly is in order: that is far faster here.
        self.charges.sort();
        self.regions.arrange_by_key(|region| (region.span.start, region.span.end));
        UnwindFacts {
            functions: self.functions,
            guarded: self.guarded,
            charges: self.charges,
            regions: self.regions,
            diagnostics: self.trouble.into_diagnostics(),
        }
    }
}

/// The positions of bytes `from..to` of a section, if there are any.
fn place(section: &UnwindSection<'_>, from: u64, to: u64) -> Option<Range<u64>> {
    let to = to.min(section.bytes.len() as u64);
    (from < to).then_some(())?;
    Some(section.pos.checked_add(from)?..section.pos.checked_add(to)?)
}

#[cfg(test)]
mod tests;
