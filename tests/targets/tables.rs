//! Readers of debug information and unwind tables, given sections without a file around them.
//!
//! The bytes are a list of sections: a byte of what it is, two bytes of length, the content. In a whole
//! file nearly all changes hit what these readers never see.

use bloat::format::dwarf::{self, DebugKind, DebugSection};
use bloat::format::unwind::{
    CompactSections, Surroundings, UnwindFacts, UnwindSection, read_arm, read_compact, read_debug_frame,
    read_eh_frame,
};
use bloat::format::{Detail, Endian, Line, Load};

/// Addresses and positions of the program that the tables speak of.
const ADDRESS: u64 = 0x1000;
const LEN: u64 = 0x1_0000;

/// Name of the section behind each number, as after `.debug_`; the order is part of the format of the corpus.
pub const DEBUG_SECTIONS: [&str; 15] = [
    "info",
    "abbrev",
    "str",
    "line_str",
    "str_offsets",
    "addr",
    "ranges",
    "rnglists",
    "line",
    "aranges",
    "loc",
    "loclists",
    "types",
    "pubnames",
    "macro",
];

/// Splits bytes into numbered sections.
fn sections(mut bytes: &[u8]) -> Vec<(u8, &[u8])> {
    let mut all = Vec::new();
    while let [number, low, high, rest @ ..] = bytes {
        let len = usize::from(u16::from_le_bytes([*low, *high])).min(rest.len());
        let (section, after) = rest.split_at(len);
        all.push((*number, section));
        bytes = after;
    }
    all
}

/// The opposite of what the targets do: sections to bytes. What is too long is cut.
pub fn joined<'s>(head: u8, sections: impl IntoIterator<Item = (u8, &'s [u8])>) -> Vec<u8> {
    let mut bytes = vec![head];
    for (number, section) in sections {
        let len = section.len().min(usize::from(u16::MAX));
        bytes.push(number);
        bytes.extend_from_slice(&(len as u16).to_le_bytes());
        bytes.extend_from_slice(&section[..len]);
    }
    bytes
}

fn line() -> Line {
    let load = Load { segment: 0, address: Some(ADDRESS), len: LEN, file: 0..LEN };
    Line::lay(LEN, false, &[load]).0
}

fn endian(head: u8) -> Endian {
    if head & 1 == 0 { Endian::Little } else { Endian::Big }
}

/// The first byte holds the byte order.
pub fn dwarf(bytes: &[u8]) {
    let Some((&head, rest)) = bytes.split_first() else { return };
    let all = sections(rest);
    let list = all.iter().zip(0..).filter_map(|(&(number, bytes), index)| {
        let name = DEBUG_SECTIONS.get(usize::from(number))?;
        let kind = DebugKind::from_name(format!(".debug_{name}").as_bytes())?;
        Some(DebugSection { kind, index, bytes, fixups: &[], file_offset: Some(0) })
    });
    let list: Vec<DebugSection<'_, '_>> = list.collect();
    let code = 0..LEN / 2;
    let read = |detail| dwarf::read(&list, &line(), std::slice::from_ref(&code), endian(head), detail);
    let (facts, deep) = (read(Detail::Plain), read(Detail::Code));
    assert_eq!((&facts.units, &facts.unit_ranges), (&deep.units, &deep.unit_ranges));
    assert!(facts.unit_ranges.is_sorted() && facts.unit_parts.is_sorted());
    for range in &facts.unit_ranges {
        assert!((range.unit as usize) < facts.units.len());
        assert!(range.start < range.end && range.end <= LEN, "{range:?}");
    }
    let mut before = (u32::MAX, 0);
    for part in &facts.unit_parts {
        assert!((part.unit as usize) < facts.units.len());
        let (_, section) = all[part.section as usize];
        assert!(part.start <= part.end && part.end <= section.len() as u64, "{part:?}");
        assert!(before.0 != part.section || before.1 <= part.start, "{part:?} overlaps the part before it");
        before = (part.section, part.end);
    }
}

/// The first byte holds the byte order, the size of addresses and which kind of tables they are.
pub fn unwind(bytes: &[u8]) {
    let Some((&head, rest)) = bytes.split_first() else { return };
    let all = sections(rest);
    let mut pos = LEN / 2;
    let list = all.iter().map(|&(number, bytes)| {
        let section = UnwindSection { bytes, pos, address: ADDRESS + pos, fixups: &[] };
        pos += bytes.len() as u64;
        (number % 4, section)
    });
    let list: Vec<(u8, UnwindSection<'_>)> = list.collect();
    let of = |number: u8| -> Vec<UnwindSection<'_>> {
        list.iter().filter(|(n, _)| *n == number).map(|(_, section)| *section).collect()
    };
    let line = line();
    let code = 0..LEN / 2;
    let around = Surroundings {
        line: &line,
        code: std::slice::from_ref(&code),
        endian: endian(head),
        address_size: [8, 4, 2, 8][usize::from(head >> 1 & 3)],
        text_base: 0,
        data_base: ADDRESS,
    };
    let (first, second, third, fourth) = (of(0), of(1), of(2), of(3));
    let facts = match head >> 3 & 3 {
        0 => match first.first() {
            Some(section) => read_eh_frame(section, third.first(), &second, &around),
            None => return,
        },
        1 => first.first().map(|section| read_debug_frame(section, &around)).unwrap_or_default(),
        2 => read_arm(&first, &second, &around),
        _ => {
            let sections = CompactSections {
                index: first.first(),
                entries: &second,
                frames: &third,
                exception_tables: &fourth,
                base: ADDRESS,
            };
            let (facts, starts) = read_compact(&sections, &around);
            assert!(starts.is_sorted());
            facts
        }
    };
    check(&facts, pos.max(LEN));
}

fn check(facts: &UnwindFacts, end: u64) {
    assert!(facts.functions.iter().all(|f| f.start < f.end && f.end <= LEN), "a function without code");
    assert!(facts.guarded.is_sorted() && facts.charges.is_sorted());
    for charge in &facts.charges {
        assert!(charge.start < charge.end && charge.end <= end, "{charge:?}");
    }
    for region in &facts.regions {
        assert!(region.span.start < region.span.end && region.span.end <= end, "{region:?}");
    }
}
