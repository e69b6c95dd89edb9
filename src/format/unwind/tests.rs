#![expect(clippy::single_range_in_vec_init, reason = "code is a list of ranges, here of one")]

use object::{Object, ObjectSection};

use super::*;
use crate::format::{Addend, Load};

/// Writes numbers of a byte order.
struct Writer {
    bytes: Vec<u8>,
    endian: Endian,
}

impl Writer {
    fn uint(&mut self, value: u64, size: u8) -> &mut Writer {
        let little = value.to_le_bytes();
        let part = &little[..usize::from(size)];
        match self.endian {
            Endian::Little => self.bytes.extend(part),
            Endian::Big => self.bytes.extend(part.iter().rev()),
        }
        self
    }

    fn raw(&mut self, bytes: &[u8]) -> &mut Writer {
        self.bytes.extend(bytes);
        self
    }

    fn at(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// A record with a 4-byte id.
    fn record(&mut self, id: u64, body: &[u8]) -> &mut Writer {
        self.uint(body.len() as u64 + 4, 4).uint(id, 4).raw(body)
    }

    /// A record about the function at `address`, relative to its place in a section at `base`.
    fn fde(&mut self, base: u64, cie: u64, address: u64, len: u64, rest: &[u8]) -> &mut Writer {
        let id = self.at() + 4 - cie;
        self.uint(rest.len() as u64 + 12, 4).uint(id, 4);
        let place = base + self.at();
        self.uint(address.wrapping_sub(place), 4).uint(len, 4).raw(rest)
    }
}

fn writer(endian: Endian) -> Writer {
    Writer { bytes: Vec::new(), endian }
}

/// Version 1, augmentation "zR" with pc-relative signed 4-byte pointers.
const CIE: &[u8] = b"\x01zR\0\x01\x78\x10\x01\x1b\0\0\0";
/// The same with exception tables, "zLR".
const CIE_LSDA: &[u8] = b"\x01zLR\0\x01\x78\x10\x02\x1b\x1b\0";

/// Address 0x10_0000 at position 0; code is 0x1000..0x2000.
fn line() -> Line {
    let load = Load { segment: 0, address: Some(0x10_0000), len: 0x4000, file: 0..0x4000 };
    Line::lay(0x4000, false, &[load]).0
}

fn around(line: &Line, endian: Endian) -> Surroundings<'_> {
    Surroundings { line, code: &[0x1000..0x2000], endian, address_size: 8, text_base: 0, data_base: 0 }
}

fn section(bytes: &[u8], pos: u64) -> UnwindSection<'_> {
    UnwindSection { bytes, pos, address: 0x10_0000 + pos, fixups: &[] }
}

fn on(start: u64, end: u64, function: u64) -> Charge {
    Charge { start, end, on: Target::Pos(function) }
}

fn regions(facts: &UnwindFacts) -> Vec<(u64, u64, &str)> {
    facts.regions.iter().map(|r| (r.span.start, r.span.end, &*r.name)).collect()
}

#[test]
fn records_tables_and_search_entries_are_charged_to_their_function() {
    for endian in [Endian::Little, Endian::Big] {
        let mut lsda = writer(endian);
        // No types, call sites of 8 bytes with action 1, whose record has 2 bytes; 1 byte to align.
        lsda.raw(&[0xff, 0xff, 1, 4, 0, 1, 2, 1, 1, 0, 0, 0]);
        // Call site with action 1: the list of exceptions at 1, which is empty. Types end
        // 12 bytes behind the length; then that list, and 8 bytes of a table nobody names.
        lsda.raw(&[0xff, 0x9b, 12, 1, 4, 0, 1, 2, 1, 0x7f, 0, 7, 7, 7, 7, 0]);
        lsda.raw(&[9; 8]);
        let base = 0x10_0000;
        let mut eh = writer(endian);
        eh.record(0, CIE);
        let second = eh.at();
        eh.record(0, CIE_LSDA);
        let a = eh.at();
        eh.fde(base, 0, 0x10_1000, 0x20, &[0, 0, 0, 0]);
        let b = eh.at();
        let place = base + b + 17;
        let mut pointer = writer(endian);
        pointer.raw(&[4]).uint(0x10_3000_u64.wrapping_sub(place), 4).raw(&[0; 3]);
        eh.fde(base, second, 0x10_1020, 0x10, &pointer.bytes);
        let c = eh.at();
        let place = base + c + 17;
        let mut pointer = writer(endian);
        pointer.raw(&[4]).uint(0x10_300c_u64.wrapping_sub(place), 4).raw(&[0; 3]);
        eh.fde(base, second, 0x10_1030, 0x5000, &pointer.bytes);
        let dead = eh.at();
        eh.fde(base, 0, 0x10_0000, 0x10, &[0; 4]);
        let end = eh.at();
        eh.uint(0, 4);

        let hdr_at = 0x2800;
        let mut hdr = writer(endian);
        hdr.raw(&[1, 0x1b, 0x03, 0x3b]).uint(0, 4).uint(2, 4);
        for function in [0x1000, 0x1020] {
            hdr.uint(u64::wrapping_sub(function, hdr_at), 4).uint(0, 4);
        }

        let line = line();
        let facts = read_eh_frame(
            &section(&eh.bytes, 0),
            Some(&section(&hdr.bytes, hdr_at)),
            &[section(&lsda.bytes, 0x3000)],
            &around(&line, endian),
        );
        assert_eq!(facts.diagnostics, []);
        assert_eq!(facts.functions, [0x1000..0x1020, 0x1020..0x1030, 0x1030..0x4000]);
        let charges = [
            on(a, b, 0x1000),
            on(b, c, 0x1020),
            on(c, dead, 0x1030),
            on(hdr_at + 12, hdr_at + 20, 0x1000),
            on(hdr_at + 20, hdr_at + 28, 0x1020),
            on(0x3000, 0x300c, 0x1020),
            on(0x300c, 0x301c, 0x1030),
        ];
        assert_eq!(facts.charges, charges);
        let expected = [
            (0, a, "CIE"),
            (dead, end, "dead FDE"),
            (end, end + 4, "terminator"),
            (hdr_at, hdr_at + 12, "search table header"),
        ];
        assert_eq!(regions(&facts), expected);
    }
}

#[test]
fn an_object_file_says_by_relocation_which_function_is_meant() {
    let load = Load { segment: u32::MAX, address: None, len: 64, file: 100..164 };
    let (line, _) = Line::lay(400, true, &[load]);
    let around = Surroundings { code: &[100..164], ..around(&line, Endian::Little) };
    let mut eh = writer(Endian::Little);
    eh.record(0, CIE);
    let fde = eh.at();
    eh.record(fde + 4, &[0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0]);
    eh.record(eh.at() + 4, &[4, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0]);
    let fixups = [
        Fixup { offset: fde + 8, value: 116, addend: Addend::Included },
        Fixup { offset: fde + 28, value: 132, addend: Addend::Stored },
    ];
    let section = UnwindSection { bytes: &eh.bytes, pos: 200, address: 200, fixups: &fixups };
    let facts = read_eh_frame(&section, None, &[], &around);
    assert_eq!(facts.functions, [116..124, 136..144]);
    assert_eq!(facts.charges, [on(200 + fde, 220 + fde, 116), on(220 + fde, 240 + fde, 136)]);
}

#[test]
fn debug_frame_names_its_common_entries_by_offset() {
    for endian in [Endian::Little, Endian::Big] {
        let mut frame = writer(endian);
        // A record before the entry it names, and one with lengths of 8 bytes.
        frame.uint(20, 4).uint(24, 4).uint(0x10_1000, 8).uint(8, 8);
        frame.record(0xffff_ffff, &[4, 0, 8, 0, 1, 0x78, 0x10, 0]);
        let wide = frame.at();
        frame.uint(0xffff_ffff, 4).uint(24, 8).uint(24, 8).uint(0x10_1010, 8).uint(8, 8);
        let line = line();
        let facts = read_debug_frame(&section(&frame.bytes, 0x3000), &around(&line, endian));
        assert_eq!(facts.diagnostics, []);
        let charges = [on(0x3000, 0x3018, 0x1000), on(0x3000 + wide, 0x3000 + frame.at(), 0x1010)];
        assert_eq!(facts.charges, charges);
        assert_eq!(facts.functions, []);
    }
}

#[test]
fn arm_entries_bound_functions_and_name_tables() {
    let prel31 = |place: u64, target: u64| target.wrapping_sub(place) & 0x7fff_ffff;
    for endian in [Endian::Little, Endian::Big] {
        let base = 0x10_2000;
        let mut index = writer(endian);
        index.uint(prel31(base, 0x10_1001), 4).uint(0x80b0_b0b0, 4);
        index.uint(prel31(base + 8, 0x10_1010), 4).uint(prel31(base + 12, 0x10_3000), 4);
        index.uint(prel31(base + 16, 0x10_1018), 4).uint(1, 4);
        index.uint(prel31(base + 24, 0x10_1100), 4).uint(prel31(base + 28, 0x10_3008), 4);
        let line = line();
        let around = Surroundings { address_size: 4, ..around(&line, endian) };
        let tables = [section(&[0; 20], 0x3000)];
        let facts = read_arm(&[section(&index.bytes, 0x2000)], &tables, &around);
        assert_eq!(facts.diagnostics, []);
        assert_eq!(facts.functions, [0x1000..0x1010, 0x1010..0x1018, 0x1100..0x2000]);
        let charges = [
            on(0x2000, 0x2008, 0x1000),
            on(0x2008, 0x2010, 0x1010),
            on(0x2010, 0x2018, 0x1018),
            on(0x2018, 0x2020, 0x1100),
            on(0x3000, 0x3008, 0x1010),
            on(0x3008, 0x3014, 0x1100),
        ];
        assert_eq!(facts.charges, charges);
    }
}

#[test]
fn what_is_wrong_is_said_and_the_rest_is_read() {
    let line = line();
    let around = around(&line, Endian::Little);
    let check = |write: &dyn Fn(&mut Writer), n_functions: usize, expected: &str| {
        let mut eh = writer(Endian::Little);
        eh.record(0, CIE);
        write(&mut eh);
        let facts = read_eh_frame(&section(&eh.bytes, 0), None, &[], &around);
        let said = facts.diagnostics.first().map_or("", |d| d.message.as_str());
        assert!(said.contains(expected), "`{said}` for `{expected}`");
        assert_eq!(facts.functions.len(), n_functions, "{expected}");
    };
    let good = |w: &mut Writer| _ = w.fde(0x10_0000, 0, 0x10_1000, 4, &[0; 4]);
    check(&|w| good(w), 1, "");
    check(&|w| _ = w.uint(0xffff, 4), 0, "length that cannot be");
    check(&|w| _ = w.uint(0xffff_ffff, 4).uint(u64::MAX, 8), 0, "length that cannot be");
    // Ids that lead before the section, to the record itself, into a record, and to no record.
    for id in [0xffff_fff0, 4, 8, 17] {
        check(&|w| (_ = w.record(id, &[0; 12]), good(w)).1, 1, "names no entry");
    }
    // A record too short for its fields, and even for an id.
    check(&|w| (_ = w.uint(8, 4).uint(24, 4).uint(0, 4), good(w)).1, 1, "names no entry");
    check(&|w| (_ = w.uint(2, 4).uint(0, 2), good(w)).1, 1, "names no entry");
    // A common entry of unknown version, and one whose numbers do not end.
    check(&|w| (_ = w.record(0, b"\x09zR\0\x01\x78\x10\x01\x1b"), good(w)).1, 1, "");
    check(&|w| (_ = w.record(0, b"\x01zR\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), good(w)).1, 1, "");

    let short = [1, 0x1b, 0x03, 0x3b, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0];
    let facts = read_eh_frame(&section(&[], 0), Some(&section(&short, 0x2800)), &[], &around);
    assert!(facts.diagnostics[0].message.contains("ends before entry 0 of the 4294967295"));
}

#[test]
fn no_mutation_panics_or_leaves_its_section() {
    let exe = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    let file = object::File::parse(&*exe).unwrap();
    let own = |name: &str| {
        let section = file.section_by_name(name).unwrap();
        let mut bytes = section.data().unwrap().to_vec();
        bytes.truncate(50_000);
        (bytes, section.address(), section.file_range().unwrap().0)
    };
    let original = [own(".eh_frame"), own(".eh_frame_hdr"), own(".gcc_except_table")];
    let loads: Vec<Load> = file
        .segments()
        .map(|segment| {
            use object::ObjectSegment;
            let (start, len) = segment.file_range();
            let (address, file) = (Some(segment.address()), start..start + len);
            Load { segment: 0, address, len: segment.size(), file }
        })
        .collect();
    let (line, _) = Line::lay(exe.len() as u64, false, &loads);
    let around = Surroundings { code: &[], ..around(&line, Endian::Little) };
    let mut seed = 0x1234_5678_9abc_def1_u64;
    let mut random = move |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed % below.max(1) as u64).unwrap_or(0)
    };
    for round in 0..200 {
        let mut mutated = original.clone();
        for _ in 0..round {
            let bytes = &mut mutated[random(3)].0;
            let reach = if random(2) == 0 { 64 } else { bytes.len() };
            let at = random(reach.min(bytes.len()));
            match (random(4), bytes.get_mut(at)) {
                (0, Some(byte)) => *byte = 0xff,
                (1, Some(byte)) => *byte = 0,
                (2, _) if random(8) == 0 => bytes.truncate(at),
                (_, Some(byte)) => *byte ^= 1 << random(8),
                _ => {}
            }
        }
        let sections: Vec<UnwindSection<'_>> = mutated
            .iter()
            .map(|(bytes, address, pos)| UnwindSection { bytes, pos: *pos, address: *address, fixups: &[] })
            .collect();
        let [eh, hdr, lsda] = sections.as_slice() else { unreachable!("three sections") };
        let all = [
            read_eh_frame(eh, Some(hdr), std::slice::from_ref(lsda), &around),
            read_debug_frame(eh, &around),
            read_arm(&[*hdr], &[*lsda], &around),
        ];
        for facts in &all {
            let spans = facts.charges.iter().map(|charge| charge.start..charge.end);
            for span in spans.chain(facts.regions.iter().map(|region| region.span.clone())) {
                let holds = |s: &UnwindSection<'_>| {
                    span.start >= s.pos && span.end <= s.pos + s.bytes.len() as u64 && !span.is_empty()
                };
                assert!(sections.iter().any(holds), "{span:?}");
            }
            assert!(facts.functions.iter().all(|f| f.start < f.end && f.end <= line.len()));
            assert!(facts.diagnostics.len() <= 18);
        }
        if round == 0 {
            assert!(all[0].functions.len() > 100);
        }
    }
}
