//! Compact unwind information: `__unwind_info` of linked files, `__compact_unwind` of object files.
//!
//! Follows Apple's `mach-o/compact_unwind_encoding.h`. A linked file has an index of
//! pages; each page lists functions in order of address and how to unwind them.
//! Linkers fold neighbours that unwind alike into one entry, so an entry says where
//! a function starts, but not where it ends.

use crate::format::cursor::Cursor;
use crate::format::unwind::{Found, Surroundings, UnwindFacts, UnwindSection, eh_frame, lsda};

/// Pages whose entries are eight bytes long.
const REGULAR: u32 = 2;
/// Pages whose entries are four bytes long.
const COMPRESSED: u32 = 3;

/// Sections of one file that tell how to unwind it.
#[derive(Debug, Clone, Copy, Default)]
pub struct CompactSections<'s, 'a> {
    /// `__unwind_info`.
    pub index: Option<&'s UnwindSection<'a>>,
    /// `__compact_unwind`.
    pub entries: &'s [UnwindSection<'a>],
    /// `__eh_frame`, for what has no compact form.
    pub frames: &'s [UnwindSection<'a>],
    /// `__gcc_except_tab`.
    pub exception_tables: &'s [UnwindSection<'a>],
    /// Where the header is loaded: what offsets are relative to.
    pub base: u64,
}

/// Reads all unwind tables of a file with compact unwind information.
///
/// The functions are those of frames and of object files; the second list has the
/// positions at which the index says that functions start, sorted.
///
/// *Cost*: O(n log n) in the number of entries.
pub fn read_compact(
    sections: &CompactSections<'_, '_>,
    around: &Surroundings<'_>,
) -> (UnwindFacts, Vec<u64>) {
    let mut found = Found::default();
    let mut tables = lsda::Tables::default();
    let mut starts = Vec::new();
    for section in sections.frames {
        eh_frame::records(section, around, &mut found, &mut tables);
    }
    if let Some(section) = sections.index {
        let mut reader = Index { section, around, base: sections.base, starts: Vec::new(), left: 0 };
        if reader.read(&mut found, &mut tables).is_none() {
            found.complain(section, 0, "unwind-compact", || {
                "the index of compact unwind information is cut off or of an unknown version".to_owned()
            });
        }
        starts = reader.starts;
    }
    for section in sections.entries {
        entries(section, around, &mut found, &mut tables);
    }
    lsda::charge(sections.exception_tables, tables, around, &mut found);
    starts.sort_unstable();
    starts.dedup();
    (found.into_facts(), starts)
}

/// The index while it is read.
struct Index<'s, 'a> {
    section: &'s UnwindSection<'a>,
    around: &'s Surroundings<'s>,
    base: u64,
    starts: Vec<u64>,
    /// How many more entries there can be: pages may overlap in a file that lies.
    left: u64,
}

impl<'a> Index<'_, 'a> {
    fn all(&self) -> Cursor<'a, 'a> {
        Cursor::new(self.section.bytes, self.around.endian, self.section.fixups)
    }

    /// Reads header, index, exception tables and pages; `None` if the header is not as it should be.
    fn read(&mut self, found: &mut Found, tables: &mut lsda::Tables) -> Option<()> {
        let mut c = self.all();
        self.left = self.section.bytes.len() as u64 / 4;
        (c.u32()? == 1).then_some(())?;
        let (encodings, encoding_count) = (u64::from(c.u32()?), u64::from(c.u32()?));
        let (personalities, personality_count) = (u64::from(c.u32()?), u64::from(c.u32()?));
        let (index, count) = (u64::from(c.u32()?), u64::from(c.u32()?));
        found.region(self.section, 0, c.at(), "unwind header");
        found.region(self.section, encodings, encodings + encoding_count * 4, "unwind encodings");
        found.region(self.section, personalities, personalities + personality_count * 4, "personalities");
        found.region(self.section, index, index + count * 12, "unwind index");
        let mut c = self.all().from(index)?;
        let (mut first_lsda, mut last_lsda) = (u64::MAX, 0);
        let mut pages = Vec::new();
        for _ in 0..count {
            let (function, page, lsda) = (c.u32()?, u64::from(c.u32()?), u64::from(c.u32()?));
            first_lsda = first_lsda.min(lsda);
            last_lsda = last_lsda.max(lsda);
            // The last entry says where functions end and has no page.
            if page == 0 {
                continue;
            }
            pages.push(page);
            if self.page(page, function, found).is_none() {
                found.complain(self.section, page, "unwind-compact", || {
                    format!("the page of compact unwind information at {page:#x} cannot be read")
                });
            }
        }
        // Some linkers give every page its full size, and what is left over no use.
        pages.sort_unstable();
        for (&start, end) in pages.iter().zip(pages.iter().skip(1).copied().chain([u64::MAX])) {
            found.region(self.section, start, end, "unwind page");
        }
        if first_lsda < last_lsda {
            self.exception_tables(first_lsda, last_lsda, found, tables);
        }
        Some(())
    }

    /// Pairs of function and exception table.
    fn exception_tables(&self, from: u64, to: u64, found: &mut Found, tables: &mut lsda::Tables) {
        let Some(c) = self.all().from(from) else { return };
        let mut c = c.until(to);
        while let (at, Some(function), Some(lsda)) = (c.at(), c.u32(), c.u32()) {
            let place = self.base.wrapping_add(u64::from(function));
            let Some((function, _)) = found.located(self.around, place) else { continue };
            found.charge(self.section, at, at + 8, function);
            if let Some(pos) = self.around.line.pos(self.base.wrapping_add(u64::from(lsda))) {
                tables.add(pos, function);
            }
        }
    }

    /// One page of entries; offsets of functions in a compressed one start at `first`.
    fn page(&mut self, start: u64, first: u32, found: &mut Found) -> Option<()> {
        let mut c = self.all().from(start)?;
        let kind = c.u32()?;
        let (entries, count) = (u64::from(c.u16()?), c.u16()?);
        let size = match kind {
            REGULAR => 8,
            COMPRESSED => {
                let (encodings, encoding_count) = (u64::from(c.u16()?), u64::from(c.u16()?));
                let from = start + encodings;
                found.region(self.section, from, from + encoding_count * 4, "unwind encodings");
                4
            }
            _ => return None,
        };
        let mut c = self.all().from(start + entries)?;
        for _ in 0..count {
            self.left = self.left.checked_sub(1)?;
            let at = c.at();
            let word = c.u32()?;
            let offset = match kind {
                REGULAR => {
                    c.u32()?;
                    u64::from(word)
                }
                _ => u64::from(first) + u64::from(word & 0x00ff_ffff),
            };
            match found.located(self.around, self.base.wrapping_add(offset)) {
                Some((function, _)) => {
                    found.charge(self.section, at, at + size, function);
                    self.starts.push(function);
                }
                None => found.region(self.section, at, at + size, "dead unwind entry"),
            }
        }
        Some(())
    }
}

/// Entries of an object file: function, length, encoding, personality, exception table.
fn entries(
    section: &UnwindSection<'_>,
    around: &Surroundings<'_>,
    found: &mut Found,
    tables: &mut lsda::Tables,
) {
    let word = around.address_size;
    let mut c = Cursor::new(section.bytes, around.endian, section.fixups);
    loop {
        let start = c.at();
        let mut read = || {
            let (function, len) = (c.fixed(word)?, c.u32()?);
            c.u32()?;
            c.fixed(word)?;
            Some((function, len, c.fixed(word)?))
        };
        let Some((address, len, lsda)) = read() else { break };
        let Some(span) = found.span(around, address, u64::from(len)) else { continue };
        found.charge(section, start, c.at(), span.start);
        if lsda != 0
            && let Some(pos) = around.line.pos(lsda)
        {
            tables.add(pos, span.start);
        }
        found.functions.push(span);
    }
}
