//! Chained fixups (`LC_DYLD_CHAINED_FIXUPS`): each pointer to patch holds its target
//! and the distance to the next.
//!
//! Follows `mach-o/fixup-chains.h`. The table itself lists imports and where in
//! each page the first pointer is.

use std::ops::Range;

use object::macho;

use super::commands::SegmentCommand;
use super::context::{Context, Found};
use super::tables::Table;
use crate::error::Diagnostic;
use crate::format::cursor::Cursor;
use crate::format::{Charge, Pointer};

/// What a pointer is before it is patched.
enum Word {
    /// The address of something in this file.
    Address(u64),
    /// The same as an offset from the header.
    Offset(u64),
    /// An offset into a segment by its number.
    Segment(u8, u64),
    /// Something in another file.
    Elsewhere,
}

/// Reads the table and follows all chains.
pub(super) fn read(context: &Context<'_, '_>, found: &mut Found, diagnostics: &mut Vec<Diagnostic>) {
    let Some((bytes, range)) = context.table(Table::ChainedFixups) else { return };
    let all = context.file.cursor(bytes);
    if imports(context, all, &range, found).is_none() {
        let text = format!("the imports of the chained fixups at {:#x} cannot be read", range.start);
        diagnostics.push(Diagnostic::warning("chained-imports", text).at(range.start));
    }
    let mut left = context.budget();
    if let Err(why) = chains(context, all, &mut left, found) {
        let text = format!("the chained fixups at {:#x} are not followed to their end: {why}", range.start);
        diagnostics.push(Diagnostic::warning("chained-fixups", text).at(range.start));
    }
}

/// Charges entries and names of imports to their symbols; `None` if they cannot be read.
fn imports(
    context: &Context<'_, '_>,
    all: Cursor<'_, 'static>,
    range: &Range<u64>,
    found: &mut Found,
) -> Option<()> {
    let mut c = all;
    c.skip(8)?;
    let (entries, names, count) = (u64::from(c.u32()?), u64::from(c.u32()?), c.u32()?);
    let (format, names_format) = (macho::DyldChainedImportFormat(c.u32()?), c.u32()?);
    // Names can be compressed, in theory.
    (names_format == 0).then_some(())?;
    let size: u64 = match format {
        macho::DYLD_CHAINED_IMPORT => 4,
        macho::DYLD_CHAINED_IMPORT_ADDEND => 8,
        macho::DYLD_CHAINED_IMPORT_ADDEND64 => 16,
        _ => return None,
    };
    let mut c = all.from(entries)?;
    for _ in 0..count {
        let start = c.at();
        let mut entry = c;
        c.skip(size)?;
        let name = match size {
            16 => macho::DyldChainedImport64(entry.u64()?).name_offset(),
            _ => macho::DyldChainedImport32(entry.u32()?).name_offset(),
        };
        let mut text = all.from(names.checked_add(u64::from(name))?)?;
        let name_start = text.at();
        let Some(on) = text.cstr().and_then(|name| context.named(name)) else { continue };
        let at = |offset: u64| range.start + offset;
        found.charges.push(Charge { start: at(start), end: at(start + size), on });
        found.charges.push(Charge { start: at(name_start), end: at(text.at()), on });
    }
    Some(())
}

/// Follows the chains of all segments.
fn chains(
    context: &Context<'_, '_>,
    all: Cursor<'_, 'static>,
    left: &mut u64,
    found: &mut Found,
) -> Result<(), &'static str> {
    const CUT: &str = "the table is cut off";
    let mut c = all;
    let version = c.u32().ok_or(CUT)?;
    if version != 0 {
        return Err("its version is not known");
    }
    let starts = u64::from(c.u32().ok_or(CUT)?);
    let mut c = all.from(starts).ok_or(CUT)?;
    let count = c.u32().ok_or(CUT)?;
    for segment in 0..count {
        let offset = u64::from(c.u32().ok_or(CUT)?);
        if offset == 0 {
            continue;
        }
        let c = all.from(starts + offset).ok_or(CUT)?;
        let segment =
            context.commands.segments.get(segment as usize).ok_or("it names a segment that is not")?;
        of_segment(context, segment, c, left, found)?;
    }
    Ok(())
}

/// Follows the chains of one segment, page by page.
fn of_segment(
    context: &Context<'_, '_>,
    segment: &SegmentCommand<'_>,
    mut c: Cursor<'_, 'static>,
    left: &mut u64,
    found: &mut Found,
) -> Result<(), &'static str> {
    const CUT: &str = "the starts of a segment are cut off";
    let base = c.at();
    let size = u64::from(c.u32().ok_or(CUT)?);
    let page_size = u64::from(c.u16().ok_or(CUT)?);
    let format = macho::DyldChainedPtrFormat(c.u16().ok_or(CUT)?);
    c.skip(12).ok_or(CUT)?;
    let count = c.u16().ok_or(CUT)?;
    let all = c.until(base.saturating_add(size));
    let starts = all.at();
    let start_at = |index: u64| all.from(starts + index * 2).and_then(|mut c| c.u16()).ok_or(CUT);
    let mut chain = |page: u64, start: u16| {
        let first = page * page_size + u64::from(start);
        follow(context, segment, format, first..(page + 1).saturating_mul(page_size), left, found)
    };
    for page in 0..u64::from(count) {
        let start = start_at(page)?;
        if start == macho::DYLD_CHAINED_PTR_START_NONE {
            continue;
        }
        if start & macho::DYLD_CHAINED_PTR_START_MULTI == 0 {
            chain(page, start)?;
            continue;
        }
        // Several chains in one page: their starts stand behind those of the pages.
        let mut index = u64::from(start & !macho::DYLD_CHAINED_PTR_START_MULTI);
        loop {
            let start = start_at(index)?;
            chain(page, start & !macho::DYLD_CHAINED_PTR_START_LAST)?;
            index += 1;
            if start & macho::DYLD_CHAINED_PTR_START_LAST != 0 {
                break;
            }
        }
    }
    Ok(())
}

/// Follows one chain through a page; offsets are into the segment.
fn follow(
    context: &Context<'_, '_>,
    segment: &SegmentCommand<'_>,
    format: macho::DyldChainedPtrFormat,
    page: Range<u64>,
    left: &mut u64,
    found: &mut Found,
) -> Result<(), &'static str> {
    let size = match format {
        macho::DYLD_CHAINED_PTR_32
        | macho::DYLD_CHAINED_PTR_32_CACHE
        | macho::DYLD_CHAINED_PTR_32_FIRMWARE => 4,
        _ => 8,
    };
    let mut offset = page.start;
    loop {
        *left = left.checked_sub(1).ok_or("there are more pointers than the file has room for")?;
        let at = segment.file.start.saturating_add(offset);
        if offset >= page.end || at >= segment.file.end {
            return Err("a chain leaves its page");
        }
        let bytes = context.file.bytes(&(at..at.saturating_add(u64::from(size))));
        let value = context.file.cursor(bytes).uint(size).ok_or("a chain leaves the file")?;
        let (next, word) = decode(format, value).ok_or("its pointer format is not known")?;
        let to = match word {
            Word::Address(address) => context.line.pos(address),
            Word::Offset(offset) => context.at_offset(offset),
            Word::Segment(index, offset) => {
                let segment = context.commands.segments.get(usize::from(index));
                segment.and_then(|s| context.line.pos(s.address.checked_add(offset)?))
            }
            Word::Elsewhere => None,
        };
        if let (Some(to), Some(at)) = (to, context.line.pos(segment.address.saturating_add(offset))) {
            found.pointers.push(Pointer { at, to });
        }
        if next == 0 {
            return Ok(());
        }
        offset += next;
    }
}

/// The distance to the next pointer in bytes, and what this one means; `None` for an unknown format.
fn decode(format: macho::DyldChainedPtrFormat, value: u64) -> Option<(u64, Word)> {
    // Tag bits in the highest byte are no part of an address.
    let arm64e = |stride: u64, is_offset: bool| {
        let p = macho::DyldChainedPtrArm64e(value);
        let word = match (p.is_bind(), p.is_auth()) {
            (true, _) => Word::Elsewhere,
            (false, true) => Word::Offset(p.auth_rebase().runtime_offset()),
            (false, false) if is_offset => Word::Offset(p.rebase().target()),
            (false, false) => Word::Address(p.rebase().target()),
        };
        (p.next() * stride, word)
    };
    let generic64 = |is_offset: bool| {
        let p = macho::DyldChainedPtr64(value);
        let word = match p.is_bind() {
            true => Word::Elsewhere,
            false if is_offset => Word::Offset(p.rebase().target()),
            false => Word::Address(p.rebase().target()),
        };
        (p.next() * 4, word)
    };
    let kernel_cache = |stride: u64| {
        let p = macho::DyldChainedPtr64KernelCacheRebase(value);
        // Higher levels are offsets into another file.
        let word = if p.cache_level() == 0 { Word::Offset(p.target()) } else { Word::Elsewhere };
        (p.next() * stride, word)
    };
    Some(match format {
        macho::DYLD_CHAINED_PTR_ARM64E => arm64e(8, false),
        macho::DYLD_CHAINED_PTR_ARM64E_KERNEL => arm64e(4, true),
        macho::DYLD_CHAINED_PTR_ARM64E_USERLAND | macho::DYLD_CHAINED_PTR_ARM64E_USERLAND24 => {
            arm64e(8, true)
        }
        macho::DYLD_CHAINED_PTR_ARM64E_FIRMWARE => arm64e(4, false),
        macho::DYLD_CHAINED_PTR_ARM64E_SHARED_CACHE => {
            let p = macho::DyldChainedPtrArm64eSharedCache(value);
            let offset =
                if p.is_auth() { p.auth_rebase().runtime_offset() } else { p.rebase().runtime_offset() };
            (p.next() * 8, Word::Offset(offset))
        }
        macho::DYLD_CHAINED_PTR_ARM64E_SEGMENTED => {
            let p = macho::DyldChainedPtrArm64eSegmentedRebase(value);
            (p.next() * 4, Word::Segment(p.target_seg_index(), p.target_seg_offset()))
        }
        macho::DYLD_CHAINED_PTR_64 => generic64(false),
        macho::DYLD_CHAINED_PTR_64_OFFSET => generic64(true),
        macho::DYLD_CHAINED_PTR_64_KERNEL_CACHE => kernel_cache(4),
        macho::DYLD_CHAINED_PTR_X86_64_KERNEL_CACHE => kernel_cache(1),
        macho::DYLD_CHAINED_PTR_32 => {
            let p = macho::DyldChainedPtr32(value as u32);
            let target = u64::from(p.rebase().target());
            let word = if p.is_bind() { Word::Elsewhere } else { Word::Address(target) };
            (u64::from(p.next()) * 4, word)
        }
        macho::DYLD_CHAINED_PTR_32_CACHE => {
            let p = macho::DyldChainedPtr32CacheRebase(value as u32);
            (u64::from(p.next()) * 4, Word::Offset(u64::from(p.target())))
        }
        macho::DYLD_CHAINED_PTR_32_FIRMWARE => {
            let p = macho::DyldChainedPtr32FirmwareRebase(value as u32);
            (u64::from(p.next()) * 4, Word::Address(u64::from(p.target())))
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The target of a pointer by its bits, as `fixup-chains.h` lays them out, and the distance to the next.
    fn offset(format: macho::DyldChainedPtrFormat, value: u64) -> Option<(u64, Option<u64>)> {
        let (next, word) = decode(format, value)?;
        let target = match word {
            Word::Address(target) | Word::Offset(target) | Word::Segment(_, target) => Some(target),
            Word::Elsewhere => None,
        };
        Some((next, target))
    }

    #[test]
    fn each_format_has_its_own_fields() {
        let (bind, auth) = (1 << 62, 1 << 63);
        // 36 bits of target, 8 high bits, 7 reserved, 12 of distance in steps of 4, 1 of binding.
        let generic = macho::DYLD_CHAINED_PTR_64_OFFSET;
        assert_eq!(offset(generic, 2 << 51 | 0xff << 36 | 0x1234), Some((8, Some(0x1234))));
        assert_eq!(offset(generic, auth | 3 << 51 | 7), Some((12, None)));
        // 43 bits of target, 8 high bits, 11 of distance in steps of 8, binding, authentication.
        let userland = macho::DYLD_CHAINED_PTR_ARM64E_USERLAND24;
        assert_eq!(offset(userland, 2 << 51 | 0xff << 43 | 0x1234), Some((16, Some(0x1234))));
        // Authenticated: 32 bits of target, 16 of diversity, 1, 2 of key.
        assert_eq!(
            offset(userland, auth | 1 << 51 | 3 << 49 | 0xbeef << 32 | 0x4321),
            Some((8, Some(0x4321)))
        );
        assert_eq!(offset(userland, bind | 5), Some((0, None)));
        assert_eq!(offset(macho::DYLD_CHAINED_PTR_ARM64E_KERNEL, 2 << 51 | 8), Some((8, Some(8))));
        // 26 bits of target, 5 of distance in steps of 4, 1 of binding.
        assert_eq!(offset(macho::DYLD_CHAINED_PTR_32, 3 << 26 | 0x2000), Some((12, Some(0x2000))));
        assert_eq!(offset(macho::DyldChainedPtrFormat(99), 0), None);
    }
}
