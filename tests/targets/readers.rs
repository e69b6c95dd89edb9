//! Readers of whole files: facts lie within the file and its memory.

use bloat::format::pdb::{Database, Placed};
use bloat::format::{Detail, Format, Image, RegionPlace, Target, read};
use bloat::input::Input;

/// Reads bytes as a file of one format; says nothing of any other.
fn reader(bytes: &[u8], format: Format) {
    let input = Input::from_bytes("fuzzed", bytes.to_vec());
    if let Ok(image) = read(&input)
        && image.header.format == format
    {
        check(&image, bytes.len() as u64);
    }
}

pub fn archive(bytes: &[u8]) {
    reader(bytes, Format::Archive);
}

pub fn elf(bytes: &[u8]) {
    reader(bytes, Format::Elf);
}

pub fn macho(bytes: &[u8]) {
    reader(bytes, Format::MachO);
}

pub fn pe(bytes: &[u8]) {
    reader(bytes, Format::Pe);
}

pub fn wasm(bytes: &[u8]) {
    reader(bytes, Format::Wasm);
}

/// What the types of an image promise and cannot enforce.
pub fn check(image: &Image<'_>, file_len: u64) {
    let line = &image.line;
    assert_eq!(line.file_len(), file_len, "the line is another file's");
    let len = line.len();
    let inside = |what: &str, span: &std::ops::Range<u64>| {
        assert!(span.start <= span.end && span.end <= len, "{what} at {span:?} leaves a line of {len}");
    };
    let mut end = 0;
    for member in &image.members {
        inside("a member", &member.file);
        inside("zero-fill of a member", &member.zero);
        assert!(member.file.start >= end, "members overlap");
        end = member.file.end;
    }
    let mapped: u64 = line.mappings().iter().map(|m| m.len).sum();
    assert_eq!(mapped, line.memory_len(), "mappings do not sum");
    for section in &image.sections {
        inside("a section", &section.span);
        assert!(section.align >= 1, "no alignment is 1");
    }
    for segment in &image.segments {
        assert!(segment.file.end <= file_len, "a segment at {:?} leaves the file", segment.file);
    }
    for region in &image.regions {
        inside("a region", &region.span);
        let is_bare = matches!(region.place, RegionPlace::File | RegionPlace::Fallback);
        assert!(!is_bare || !region.name.starts_with('['), "brackets are added later: {}", region.name);
    }
    let (symbols, units, sections) = (image.symbols.len(), image.units.len(), image.sections.len());
    for symbol in &image.symbols {
        assert!(symbol.section.is_none_or(|i| (i as usize) < sections), "a symbol's section is not there");
        assert!(symbol.file.is_none_or(|i| (i as usize) < image.files.len()), "a symbol's file is not there");
    }
    for function in &image.functions {
        assert!(function.start < function.end, "an empty function");
    }
    assert!(image.functions.is_sorted_by_key(|f| f.start), "functions are not sorted");
    assert!(image.guarded.is_sorted(), "functions with exception tables are not sorted");
    for range in &image.unit_ranges {
        assert!((range.unit as usize) < units, "code of a unit that is not there");
        inside("code of a unit", &(range.start..range.end));
    }
    for part in &image.unit_parts {
        assert!((part.unit as usize) < units, "debug information of a unit that is not there");
        assert!((part.section as usize) < sections, "debug information in a section that is not there");
        assert!(part.start <= part.end, "a part ends before it starts");
    }
    for charge in &image.charges {
        inside("a charge", &(charge.start..charge.end));
        if let Target::Symbol(index) = charge.on {
            assert!((index as usize) < symbols, "a charge on a symbol that is not there");
        }
    }
    assert!(image.diagnostics.iter().all(|d| !d.message.is_empty()), "a diagnostic without a message");
}

/// Reads bytes as a program database of an executable with sixteen sections of 1 MiB.
pub fn pdb(bytes: &[u8]) {
    const SECTION: u64 = 1 << 20;
    let Ok(database) = Database::open(bytes, None, Detail::Code) else { return };
    // Of another build, it is refused.
    assert!(Database::open(bytes, Some("another"), Detail::Code).is_err());
    let facts = database.facts(&|section, offset| {
        let left = SECTION.checked_sub(offset.into()).filter(|&left| left > 0)?;
        (1..=16)
            .contains(&section)
            .then(|| Placed { pos: u64::from(section) * SECTION + u64::from(offset), len: left })
    });
    let end = 17 * SECTION;
    for range in &facts.unit_ranges {
        assert!((range.unit as usize) < facts.units.len(), "code of a unit that is not there");
        assert!(range.start <= range.end && range.end <= end, "{range:?}");
    }
    for charge in &facts.charges {
        assert!(charge.start <= charge.end && charge.end <= end, "{charge:?}");
    }
    for symbol in &facts.symbols {
        assert!(symbol.pos.is_none_or(|pos| pos < end), "{symbol:?}");
    }
    assert!(facts.functions.iter().all(|f| f.start <= f.end && f.end <= end));
}
