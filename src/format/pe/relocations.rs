//! Base relocations: which words change when the image is not loaded where it wants to be.
//!
//! Blocks of one page each; an entry of two bytes is charged to the place it patches.

use std::ops::Range;

use object::pe;

use super::headers::File;
use super::mapped::Mapped;
use crate::error::Diagnostic;
use crate::format::{Charge, Pointer, Region, RegionPlace, Target};
use crate::kind::Kind;

/// What base relocations say.
#[derive(Default)]
pub(super) struct Relocations {
    pub charges: Vec<Charge>,
    pub pointers: Vec<Pointer>,
    pub regions: Vec<Region>,
}

/// Reads the table.
pub(super) fn read(
    file: &File<'_>,
    mapped: &Mapped<'_, '_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Relocations {
    let mut out = Relocations::default();
    let Some(directory) = file.directory(pe::IMAGE_DIRECTORY_ENTRY_BASERELOC) else { return out };
    let Some(span) = mapped.span(directory.rva, u64::from(directory.size)) else {
        let text = format!("the base relocations at {:#x} are not in the file", directory.rva);
        diagnostics.push(Diagnostic::warning("relocations-out-of-file", text));
        return out;
    };
    let (name, place) = ("base relocations".into(), RegionPlace::InSection);
    out.regions.push(Region { span: span.clone(), name, kind: Kind::Relocations, place });
    let mut at = span.start;
    while let Some((page, end)) = block(file, at..span.end) {
        entries(file, mapped, page, at + 8..end, &mut out);
        at = end;
    }
    let left = file.bytes(at, span.end - at);
    if left.len() >= 8 && left.iter().any(|&b| b != 0) {
        let text = format!("a block of base relocations at {at:#x} states an impossible size");
        let bytes = left.len() as u64;
        diagnostics.push(Diagnostic::warning("relocations-block", text).at(at).bytes(bytes));
    }
    out
}

/// The page of a block, and where the block ends; `None` where there is none.
fn block(file: &File<'_>, span: Range<u64>) -> Option<(u32, u64)> {
    let mut c = file.cursor(span.start)?.until(span.end);
    let (page, size) = (c.u32()?, u64::from(c.u32()?));
    let end = span.start.checked_add(size)?;
    (size >= 8 && end <= span.end).then_some((page, end))
}

fn entries(file: &File<'_>, mapped: &Mapped<'_, '_>, page: u32, span: Range<u64>, out: &mut Relocations) {
    let Some(mut c) = file.cursor(span.start).map(|c| c.until(span.end)) else { return };
    loop {
        let start = c.at();
        let Some(entry) = c.u16() else { break };
        let kind = pe::BaseRelocationType(entry >> 12);
        if kind == pe::IMAGE_REL_BASED_HIGHADJ {
            // The entry behind it is the other half of the number.
            let _ = c.u16();
        }
        let rva = page.wrapping_add(u32::from(entry & 0xfff));
        let Some(at) = mapped.pos(rva).filter(|_| kind != pe::IMAGE_REL_BASED_ABSOLUTE) else { continue };
        out.charges.push(Charge { start, end: c.at(), on: Target::Pos(at) });
        let size = match kind {
            pe::IMAGE_REL_BASED_HIGHLOW => 4,
            pe::IMAGE_REL_BASED_DIR64 => 8,
            _ => continue,
        };
        let to = file.cursor(at).and_then(|mut c| c.uint(size)).and_then(|to| mapped.pos_of_address(to));
        out.pointers.extend(to.map(|to| Pointer { at, to }));
    }
}
