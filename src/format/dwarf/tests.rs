#![expect(clippy::single_range_in_vec_init, reason = "code is a list of ranges, here of one")]

use object::{Object, ObjectSection};

use super::*;
use crate::format::code::NO_INDEX;
use crate::format::{Addend, Load};

/// Writes numbers of a byte order and offset size.
struct Writer {
    bytes: Vec<u8>,
    endian: Endian,
    word: u8,
}

impl Writer {
    fn new(endian: Endian, word: u8) -> Writer {
        Writer { bytes: Vec::new(), endian, word }
    }

    fn uint(&mut self, value: u64, size: u8) -> &mut Writer {
        let little = value.to_le_bytes();
        let part = &little[..usize::from(size)];
        match self.endian {
            Endian::Little => self.bytes.extend(part),
            Endian::Big => self.bytes.extend(part.iter().rev()),
        }
        self
    }

    fn offset(&mut self, value: u64) -> &mut Writer {
        self.uint(value, self.word)
    }

    fn raw(&mut self, bytes: &[u8]) -> &mut Writer {
        self.bytes.extend(bytes);
        self
    }

    /// What `body` writes, behind its length.
    fn sized(&mut self, body: impl FnOnce(&mut Writer)) -> &mut Writer {
        let mut inner = Writer::new(self.endian, self.word);
        body(&mut inner);
        if self.word == 8 {
            self.uint(0xffff_ffff, 4);
        }
        self.offset(inner.bytes.len() as u64).raw(&inner.bytes)
    }

    /// A unit with the root entry `root`.
    fn unit(&mut self, version: u16, unit_type: u8, root: impl FnOnce(&mut Writer)) -> &mut Writer {
        self.sized(|w| {
            w.uint(u64::from(version), 2);
            if version >= 5 {
                w.raw(&[unit_type, 8]).offset(0);
                match unit_type {
                    2 | 6 => w.uint(7, 8).offset(0),
                    4 | 5 => w.uint(7, 8),
                    _ => w,
                };
            } else {
                w.offset(0).raw(&[8]);
            }
            root(w);
        })
    }
}

fn section<'a>(kind: DebugKind, index: u32, bytes: &'a [u8]) -> DebugSection<'a, 'a> {
    DebugSection { kind, index, bytes, fixups: &[], file_offset: Some(1000) }
}

/// 4096 bytes of code at address 0x1000, at position 0.
fn line() -> Line {
    let load = Load { segment: 0, address: Some(0x1000), len: 4096, file: 0..4096 };
    Line::lay(4096, false, &[load]).0
}

fn read_all<'a>(sections: &'a [DebugSection<'a, 'a>], endian: Endian) -> DwarfFacts<'a> {
    super::read(sections, &line(), &[0..4096], endian, Detail::Plain)
}

fn parts(facts: &DwarfFacts<'_>, section: u32) -> Vec<(u64, u64, u32, bool)> {
    let here = facts.unit_parts.iter().filter(|part| part.section == section);
    here.map(|part| (part.start, part.end, part.unit, part.estimated)).collect()
}

fn span(start: u64, end: u64, unit: u32) -> UnitRange {
    UnitRange { start, end, unit }
}

/// name: string, comp_dir: strp, language: data2, low_pc: addr, high_pc: data8, stmt_list: sec_offset.
const PLAIN: &[u8] =
    &[1, 0x11, 1, 0x03, 0x08, 0x1b, 0x0e, 0x13, 0x05, 0x11, 0x01, 0x12, 0x07, 0x10, 0x17, 0, 0, 0];

#[test]
fn a_unit_is_read_in_every_version_byte_order_and_offset_size() {
    for endian in [Endian::Little, Endian::Big] {
        for word in [4, 8] {
            for version in 2..=5 {
                let mut info = Writer::new(endian, word);
                info.unit(version, 1, |w| {
                    w.raw(b"\x01a.rs\0").offset(3).uint(28, 2).uint(0x1010, 8).uint(0x20, 8).offset(0);
                });
                let mut program = Writer::new(endian, word);
                program.sized(|w| {
                    w.raw(&[0; 10]);
                });
                let n = program.bytes.len() as u64;
                program.raw(&[9; 5]);
                let sections = [
                    section(DebugKind::Info, 0, &info.bytes),
                    section(DebugKind::Abbrev, 1, PLAIN),
                    section(DebugKind::Str, 2, b"no\0/src\0"),
                    section(DebugKind::Line, 3, &program.bytes),
                ];
                let facts = read_all(&sections, endian);
                assert_eq!(facts.diagnostics, []);
                let [unit] = facts.units.as_slice() else { panic!("{} units", facts.units.len()) };
                assert_eq!((&*unit.name, &*unit.comp_dir, &*unit.producer), ("a.rs", "/src", ""));
                assert_eq!((unit.language, unit.version, facts.version), (28, version, Some(version)));
                assert_eq!(facts.unit_ranges, [span(0x10, 0x30, 0)]);
                assert_eq!(parts(&facts, 0), [(0, info.bytes.len() as u64, 0, false)]);
                assert_eq!(parts(&facts, 1), [(0, PLAIN.len() as u64, 0, false)]);
                assert_eq!(parts(&facts, 2), [(0, 8, 0, true)]);
                assert_eq!(parts(&facts, 3), [(0, n, 0, false)]);
            }
        }
    }
}

/// str_offsets_base, addr_base, rnglists_base: sec_offset, name: strx1, low_pc: addrx, ranges: rnglistx.
const INDEXED: &[u8] = &[
    1, 0x11, 0, 0x72, 0x17, 0x73, 0x17, 0x74, 0x17, 0x03, 0x25, 0x11, 0x1b, 0x55, 0x23, 0, 0, //
    2, 0x41, 0, 0x10, 0x17, 0, 0, 0,
];

#[test]
fn strings_addresses_and_ranges_are_found_by_number() {
    for endian in [Endian::Little, Endian::Big] {
        for word in [4, 8] {
            let header = if word == 8 { 16 } else { 8 };
            let mut info = Writer::new(endian, word);
            info.unit(5, 1, |w| {
                w.raw(&[1]).offset(header).offset(header).offset(header + 4).raw(&[1, 0, 0]);
            });
            let mut strings = Writer::new(endian, word);
            strings.sized(|w| {
                w.uint(5, 2).uint(0, 2).offset(0).offset(2);
            });
            let mut addresses = Writer::new(endian, word);
            addresses.sized(|w| {
                w.uint(5, 2).raw(&[8, 0]).uint(0x1100, 8).uint(0x1200, 8);
            });
            let mut lists = Writer::new(endian, word);
            lists.sized(|w| {
                w.uint(5, 2).raw(&[8, 0]).uint(1, 4).offset(u64::from(word));
                w.raw(&[4, 0, 0x10]); // offset pair from low_pc
                w.raw(&[3, 1, 8]); // start by number, length
                w.raw(&[1, 1, 4, 0x20, 0x28]); // base by number, offset pair
                w.raw(&[6]).uint(0x1300, 8).uint(0x1308, 8); // start, end
                w.raw(&[7]).uint(u64::MAX, 8).raw(&[8]); // dropped code
                w.raw(&[7]).uint(0, 8).raw(&[8]); // dropped code
                w.raw(&[7]).uint(0x1ff0, 8).raw(&[0x7f, 0]); // beyond the end; end of list
            });
            let sections = [
                section(DebugKind::Info, 0, &info.bytes),
                section(DebugKind::Abbrev, 1, INDEXED),
                section(DebugKind::Str, 2, b"x\0b.rs\0"),
                section(DebugKind::StrOffsets, 3, &strings.bytes),
                section(DebugKind::Addr, 4, &addresses.bytes),
                section(DebugKind::RngLists, 5, &lists.bytes),
            ];
            let facts = read_all(&sections, endian);
            assert_eq!(facts.diagnostics, []);
            assert_eq!(facts.units[0].name, "b.rs");
            let spans = [
                span(0x100, 0x110, 0),
                span(0x200, 0x208, 0),
                span(0x220, 0x228, 0),
                span(0x300, 0x308, 0),
                span(0xff0, 0x1000, 0),
            ];
            assert_eq!(facts.unit_ranges, spans);
            for (index, bytes) in [(3, &strings.bytes), (4, &addresses.bytes), (5, &lists.bytes)] {
                assert_eq!(parts(&facts, index), [(0, bytes.len() as u64, 0, false)]);
            }
        }
    }
}

#[test]
fn a_range_list_before_version_5_ends_what_its_unit_has_of_the_section() {
    // name: string, ranges: data4
    let abbrev = [1, 0x11, 0, 0x03, 0x08, 0x55, 0x06, 0, 0, 0];
    let mut info = Writer::new(Endian::Little, 4);
    for (name, list) in [(b"\x01a\0", 16), (b"\x01b\0", 96)] {
        info.unit(3, 0, |w| {
            w.raw(name).offset(list);
        });
    }
    let mut lists = Writer::new(Endian::Little, 4);
    let pairs = [
        (1, 2), // of an entry below the root of `a`
        (0x1000, 0x1010),
        (u64::MAX, 0x1100), // new base
        (0x10, 0x20),
        (0, 0), // 80
        (0, 0), // 96: a list of `b`, which is empty
    ];
    for (low, high) in pairs {
        lists.uint(low, 8).uint(high, 8);
    }
    let sections = [
        section(DebugKind::Info, 0, &info.bytes),
        section(DebugKind::Abbrev, 1, &abbrev),
        section(DebugKind::Ranges, 2, &lists.bytes),
    ];
    let facts = read_all(&sections, Endian::Little);
    assert_eq!(facts.unit_ranges, [span(0, 0x10, 0), span(0x110, 0x120, 0)]);
    assert_eq!(parts(&facts, 2), [(0, 80, 0, true), (80, 96, 1, true)]);
    // The list of `b` starts at the end of the section: cut off.
    assert_eq!(facts.diagnostics.len(), 1);
}

#[test]
fn location_lists_before_version_5_belong_to_the_unit_of_their_code() {
    // name: string, ranges: data4
    let abbrev = [1, 0x11, 0, 0x03, 0x08, 0x55, 0x06, 0, 0, 0];
    let mut info = Writer::new(Endian::Big, 4);
    for (name, list) in [(b"\x01a\0", 0), (b"\x01b\0", 32)] {
        info.unit(4, 0, |w| {
            w.raw(name).offset(list);
        });
    }
    let mut ranges = Writer::new(Endian::Big, 4);
    for value in [0x1000, 0x1100, 0, 0, 0x1100, 0x1200, 0, 0] {
        ranges.uint(value, 8);
    }
    let mut lists = Writer::new(Endian::Big, 4);
    let mut list = |base: Option<u64>, low: u64| {
        if let Some(base) = base {
            lists.uint(u64::MAX, 8).uint(base, 8);
        }
        lists.uint(low, 8).uint(low + 4, 8).uint(1, 2).raw(&[0x50]).uint(0, 8).uint(0, 8);
        lists.bytes.len() as u64
    };
    list(None, 0x1010); // of `a`
    list(None, 0x2000_0000); // of dropped code
    list(Some(0x1000), 0x20); // of `a`
    let a = list(None, 0x2000_0000); // of dropped code
    let b = list(Some(0x1100), 0x20); // of `b`
    let end = list(None, 0x2000_0000); // of dropped code
    let sections = [
        section(DebugKind::Info, 0, &info.bytes),
        section(DebugKind::Abbrev, 1, &abbrev),
        section(DebugKind::Ranges, 2, &ranges.bytes),
        section(DebugKind::Loc, 3, &lists.bytes),
    ];
    let facts = read_all(&sections, Endian::Big);
    assert_eq!(facts.diagnostics, []);
    // The last list follows no order that could tell: it is shared out.
    let shares = parts(&facts, 3);
    assert_eq!(shares[..2], [(0, a, 0, true), (a, b, 1, true)]);
    assert_eq!((shares[2].0, shares.last().unwrap().1), (b, end));
}

#[test]
fn a_type_unit_counts_for_the_unit_with_its_line_program() {
    // 1: compile unit with name and stmt_list; 2: type unit with stmt_list.
    let abbrev = [1, 0x11, 0, 0x03, 0x08, 0x10, 0x17, 0, 0, 2, 0x41, 0, 0x10, 0x17, 0, 0, 0];
    let mut info = Writer::new(Endian::Little, 4);
    info.unit(5, 2, |w| {
        w.raw(&[2]).offset(40);
    });
    let types = info.bytes.len() as u64;
    info.unit(5, 1, |w| {
        w.raw(b"\x01a\0").offset(0);
    });
    let a = info.bytes.len() as u64;
    info.unit(5, 1, |w| {
        w.raw(b"\x01b\0").offset(40);
    });
    let b = info.bytes.len() as u64;
    info.unit(5, 2, |w| {
        w.raw(&[2]).offset(80);
    });
    let mut sets = Writer::new(Endian::Little, 4);
    for unit in [a, types, 999] {
        sets.sized(|w| {
            w.uint(2, 2).offset(unit).raw(&[8, 0]);
        });
    }
    let end = info.bytes.len() as u64;
    let sections = [
        section(DebugKind::Info, 0, &info.bytes),
        section(DebugKind::Abbrev, 1, &abbrev),
        section(DebugKind::Aranges, 2, &sets.bytes),
    ];
    let facts = read_all(&sections, Endian::Little);
    let names: Vec<&str> = facts.units.iter().map(|unit| &*unit.name).collect();
    assert_eq!(names, ["a", "b", ""]);
    let units = [(0, types, 1, false), (types, a, 0, false), (a, b, 1, false), (b, end, 2, false)];
    assert_eq!(parts(&facts, 0), units);
    assert_eq!(parts(&facts, 2), [(0, 12, 1, false), (12, 24, 0, false)]);
}

#[test]
fn relocations_give_names_and_places_in_an_object_file() {
    let load = Load { segment: u32::MAX, address: None, len: 64, file: 100..164 };
    let (line, _) = Line::lay(200, true, &[load]);
    let mut info = Writer::new(Endian::Big, 4);
    info.unit(4, 0, |w| {
        w.raw(b"\x01a.rs\0").offset(0).uint(28, 2).uint(8, 8).uint(0x20, 8).offset(0);
    });
    let fixups = [
        Fixup { offset: 17, value: 3, addend: Addend::Included },
        Fixup { offset: 23, value: 100, addend: Addend::Stored },
    ];
    let sections = [
        DebugSection { fixups: &fixups, ..section(DebugKind::Info, 0, &info.bytes) },
        section(DebugKind::Abbrev, 1, PLAIN),
        section(DebugKind::Str, 2, b"no\0/src\0"),
    ];
    let facts = super::read(&sections, &line, &[100..164], Endian::Big, Detail::Code);
    assert_eq!((&*facts.units[0].comp_dir, &*facts.unit_ranges), ("/src", &[span(108, 140, 0)][..]));
}

#[test]
fn what_is_wrong_with_a_unit_is_said_and_the_next_is_read() {
    let good = |w: &mut Writer| {
        w.unit(4, 0, |w| {
            w.raw(b"\x01a.rs\0").offset(0).uint(28, 2).uint(0x1000, 8).uint(1, 8).offset(0);
        });
    };
    let check = |write: &dyn Fn(&mut Writer), abbrev: &[u8], expected: &str, n_units: usize| {
        let mut info = Writer::new(Endian::Little, 4);
        write(&mut info);
        good(&mut info);
        let sections = [section(DebugKind::Info, 0, &info.bytes), section(DebugKind::Abbrev, 1, abbrev)];
        let facts = read_all(&sections, Endian::Little);
        let said = facts.diagnostics.first().map_or("", |d| d.message.as_str());
        assert!(said.contains(expected), "`{said}` for `{expected}`");
        assert_eq!(facts.units.len(), n_units, "{expected}");
    };
    check(&|w| _ = w.unit(9, 0, |_| {}), PLAIN, "its version is unknown", 1);
    check(&|w| _ = w.unit(5, 77, |_| {}), PLAIN, "its type is unknown", 1);
    check(&|w| _ = w.unit(4, 0, |_| {}), PLAIN, "it has no root entry", 1);
    check(&|w| _ = w.unit(4, 0, |w| _ = w.raw(&[1, b'a'])), PLAIN, "is cut off", 1);
    check(&|w| _ = w.unit(4, 0, |w| _ = w.raw(&[7])), PLAIN, "is missing", 1);
    check(&|w| _ = w.unit(4, 0, |w| _ = w.raw(&[0xff; 12])), PLAIN, "no root entry", 1);
    check(&|w| _ = w.uint(2, 4).uint(0, 2), PLAIN, "its version is unknown", 1);
    check(&|w| _ = w.uint(0x1000_0000, 4), PLAIN, "runs past the end", 0);
    check(&|w| _ = w.uint(0xffff_fff5, 4), PLAIN, "cut off or reserved", 0);
    check(&|w| _ = w.uint(0xffff_ffff, 4).uint(u64::MAX, 8), PLAIN, "runs past the end", 0);
    check(&|_| {}, &[], "is missing", 0);
    check(&|_| {}, &[1, 0x11, 0, 3], "cut off", 0);
    // A name of a form nobody knows, and attributes without bytes and without end.
    check(&|_| {}, &[1, 0x11, 0, 0x03, 0x7f, 0, 0, 0], "unknown form", 0);
    let mut endless = vec![1, 0x11, 0];
    endless.extend([0x3f, 0x19].repeat(5000));
    check(&|_| {}, &endless, "too many attributes", 0);
}

#[test]
fn many_faults_are_summed_up() {
    let mut info = Writer::new(Endian::Little, 4);
    for _ in 0..100 {
        info.unit(9, 0, |_| {});
    }
    let sections = [section(DebugKind::Info, 0, &info.bytes)];
    let facts = read_all(&sections, Endian::Little);
    assert_eq!(facts.diagnostics.len(), 6);
}

/// The debug sections of the running test.
fn own_sections(data: &[u8]) -> Vec<(DebugKind, Vec<u8>)> {
    let file = object::File::parse(data).unwrap();
    let mut found = Vec::new();
    for section in file.sections() {
        if let Some(kind) = DebugKind::from_name(section.name_bytes().unwrap()) {
            let mut bytes = section.uncompressed_data().unwrap().into_owned();
            // Enough for several units, and fast.
            bytes.truncate(200_000);
            found.push((kind, bytes));
        }
    }
    found
}

#[test]
fn no_mutation_panics_or_leaves_its_section() {
    let exe = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    let original = own_sections(&exe);
    let load = Load { segment: 0, address: Some(0), len: exe.len() as u64, file: 0..exe.len() as u64 };
    let (line, _) = Line::lay(exe.len() as u64, false, &[load]);
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed % below.max(1) as u64).unwrap_or(0)
    };
    for round in 0..150 {
        let mut mutated = original.clone();
        for _ in 0..round {
            let which = random(mutated.len());
            let bytes = &mut mutated[which].1;
            // Half of all changes hit the start, where headers are.
            let reach = if random(2) == 0 { 64 } else { bytes.len() };
            let at = random(reach.min(bytes.len()));
            match (random(4), bytes.get_mut(at)) {
                (0, Some(byte)) => *byte = 0xff,
                (1, Some(byte)) => *byte = 0,
                (2, _) if random(4) == 0 => bytes.truncate(at),
                (_, Some(byte)) => *byte ^= 1 << random(8),
                _ => {}
            }
        }
        let sections: Vec<DebugSection<'_, '_>> =
            (0..).zip(&mutated).map(|(i, (kind, bytes))| section(*kind, i, bytes)).collect();
        let facts = super::read(&sections, &line, &[], Endian::Little, Detail::Code);
        let mut before = (0, 0);
        for part in &facts.unit_parts {
            assert!(part.start < part.end && (part.unit as usize) < facts.units.len());
            assert!(part.end <= sections[part.section as usize].bytes.len() as u64);
            assert!((part.section, part.start) >= before, "parts overlap");
            before = (part.section, part.end);
        }
        for range in &facts.unit_ranges {
            assert!(range.start < range.end && range.end <= line.len());
        }
        let code = facts.code.expect("it was asked for");
        for (i, frame) in code.frames.iter().enumerate() {
            assert!((frame.function as usize) < code.functions.len());
            assert!(frame.parent == NO_INDEX || (frame.parent as usize) < i);
        }
        for span in code.bodies.iter().chain(&code.spans) {
            assert!(span.start < span.end && span.end <= line.len());
            assert!((span.frame as usize) < code.frames.len());
        }
        assert!(code.rows.iter().all(|r| (r.line as usize) < code.lines.len() && r.end <= line.len()));
        assert!(facts.diagnostics.len() <= 6);
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let exe = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    let own = own_sections(&exe);
    let sections: Vec<DebugSection<'_, '_>> =
        (0..).zip(&own).map(|(i, (kind, bytes))| section(*kind, i, bytes)).collect();
    let with = |n: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap();
        let facts = pool.install(|| read_all(&sections, Endian::Little));
        (facts.units, facts.unit_ranges, facts.unit_parts, facts.diagnostics)
    };
    assert_eq!(with(1), with(8));
}
