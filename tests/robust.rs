//! Files made to cost much: what a few bytes of them say could be read a hundred thousand times over, or
//! become a thousand times as long.
//!
//! Each of these once took minutes or gigabytes, or would. Time is not measured, as nobody knows how fast the
//! machine is: what is read is counted. That no file whatever breaks a promise is for `tests/replay.rs`.

mod subjects;

use std::io::Write;

use bloat::format::{Image, read};
use bloat::input::Input;

/// A name of 200,000 letters, and how many symbols have it: 4 GB if it were read for each.
const LONG_NAME: usize = 200_000;
const SHARERS: usize = 20_000;

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

#[test]
fn a_name_that_all_symbols_share_is_not_read_for_each() {
    let names = [&[0][..], &vec![b'n'; LONG_NAME], &[0]].concat();

    // 64-bit ELF for x86-64: a symbol table, its names, and the headers of both at the end.
    let entries = words(&[1, 0x0001_0012, 0x1000, 0, 1, 0]).repeat(SHARERS);
    let (symbols_at, names_at) = (64, 64 + entries.len());
    let headers_at = names_at + names.len();
    let header = |kind: usize, at: usize, size: usize, link: usize, entry: usize| {
        let fields = [0, kind, 0, 0, 0, 0, at, 0, size, 0, link, 0, 1, 0, entry, 0];
        words(&fields.map(|field| field as u32))
    };
    let elf = [
        b"\x7fELF\x02\x01\x01".to_vec(),
        vec![0; 9],
        words(&[0x003e_0002, 1, 0, 0, 0, 0, headers_at as u32, 0, 0, 0x0038_0040, 0x0040_0000, 3]),
        entries,
        names.clone(),
        vec![0; 64],
        header(2, symbols_at, names_at - symbols_at, 2, 24),
        header(3, names_at, names.len(), 0, 0),
    ];

    // 64-bit Mach-O for x86-64: one load command, for the symbol table.
    let entries = words(&[1, 0x0000_010f, 0, 0]).repeat(SHARERS);
    let names_at = (56 + entries.len()) as u32;
    let macho = [
        words(&[0xfeed_facf, 0x0100_0007, 3, 2, 1, 24, 0, 0]),
        words(&[2, 24, 56, SHARERS as u32, names_at, names.len() as u32]),
        entries,
        names,
    ];
    for bytes in [elf.concat(), macho.concat()] {
        let len = bytes.len() as u64;
        let model = subjects::analyze_bytes(bytes);
        assert_eq!((model.check(), model.total().file), (Ok(()), len));
        let codes: Vec<_> = model.diagnostics.iter().map(|d| &*d.code).collect();
        assert!(codes.contains(&"symbol-name-out-of-table"), "{:?}", model.diagnostics);
    }
}

/// 64-bit ELF for x86-64, an object file: bytes that `count` sections of one name and type share, and
/// other sections in front of these. Sections are name, type, link, information and size of an entry.
fn sharing(
    (name, kind, link, info, entry): (&str, u32, u32, u32, u32),
    bytes: &[u8],
    count: usize,
    others: &[(&str, u32, Vec<u8>)],
) -> Vec<u8> {
    let mut names = vec![0];
    let mut name_of = |name: &str| {
        let at = names.len() as u32;
        names.extend_from_slice(name.as_bytes());
        names.push(0);
        at
    };
    let header = |name: u32, kind: u32, at: usize, size: usize, link: u32, info: u32, entry: u32| {
        words(&[name, kind, 0, 0, 0, 0, at as u32, 0, size as u32, 0, link, info, 1, 0, entry, 0])
    };
    let mut content = bytes.to_vec();
    let mut headers = vec![0; 64];
    for (name, kind, bytes) in others {
        let at = 64 + content.len();
        content.extend_from_slice(bytes);
        let entry = if *kind == 2 { 24 } else { 0 };
        headers.extend(header(name_of(name), *kind, at, bytes.len(), 2, 1, entry));
    }
    let name = name_of(name);
    headers.extend(header(name, kind, 64, bytes.len(), link, info, entry).repeat(count));
    let own = name_of(".shstrtab");
    headers.extend(header(own, 3, 64 + content.len(), names.len(), 0, 0, 0));
    let headers_at = (64 + content.len() + names.len()) as u32;
    let (sections, last) = ((headers.len() / 64) as u32, (headers.len() / 64 - 1) as u32);
    [
        b"\x7fELF\x02\x01\x01".to_vec(),
        vec![0; 9],
        words(&[
            0x003e_0001,
            1,
            0,
            0,
            0,
            0,
            headers_at,
            0,
            0,
            0x0038_0040,
            0x0040_0000,
            last << 16 | sections,
        ]),
        content,
        names,
        headers,
    ]
    .concat()
}

/// Reads bytes; the analysis of them must sum.
#[track_caller]
fn told<T>(bytes: Vec<u8>, ask: impl FnOnce(&Image<'_>) -> T) -> T {
    let len = bytes.len() as u64;
    let model = subjects::analyze_bytes(bytes.clone());
    assert_eq!((model.check(), model.total().file), (Ok(()), len));
    ask(&read(&Input::from_bytes("made", bytes)).expect("it was read before"))
}

fn has(image: &Image<'_>, code: &str) -> bool {
    image.diagnostics.iter().any(|d| d.code == code)
}

/// Sections that share their bytes: a tenth of what a made up file may have of them.
const SECTIONS: usize = 2_000;

/// A unit of DWARF 4 with a name, for the abbreviation below.
const UNIT: &[u8] = &[10, 0, 0, 0, 4, 0, 0, 0, 0, 0, 8, 1, b'a', 0];
/// Abbreviation 1: a compile unit without children, `DW_AT_name` as a string.
const ABBREVIATION: &[u8] = &[1, 0x11, 0, 0x03, 0x08, 0, 0, 0];

#[test]
fn units_that_many_sections_share_are_read_once() {
    let abbreviations = || [(".debug_abbrev", 1, ABBREVIATION.to_vec())];
    let units = UNIT.repeat(20_000);
    let file = sharing((".debug_info", 1, 0, 0, 0), &units, SECTIONS, &abbreviations());
    let most = file.len() / UNIT.len();
    told(file, |image| {
        assert!((20_000..=most).contains(&image.units.len()), "{} units", image.units.len());
        assert!(has(image, "sections-share-bytes"), "{:?}", image.diagnostics);
        // However many there are, their number is one line.
        assert!(image.diagnostics.len() < 20, "{} diagnostics", image.diagnostics.len());
    });
    // Very many small ones are all read: together they are shorter than the file.
    let file = sharing((".debug_info", 1, 0, 0, 0), UNIT, 30_000, &abbreviations());
    told(file, |image| assert_eq!(image.units.len(), 30_000));
}

#[test]
fn tables_that_many_sections_share_are_read_once() {
    let text = || (".text", 1, vec![0x90; 64]);
    let symbols = words(&[1, 0x0001_0012, 0, 0, 4, 0]).repeat(2);
    let with_symbols = || [text(), (".strtab", 3, b"\0foo\0".to_vec()), (".symtab", 2, symbols.clone())];
    let relocation = words(&[0, 0, 1, 1, 0, 0]);
    let relocations =
        sharing((".rela.text", 4, 3, 1, 24), &relocation.repeat(5_000), SECTIONS, &with_symbols());
    // One record that others follow from, and a record for each of many functions of four bytes.
    let mut frames = words(&[16, 0, 0x0001_0001, 0x0000_1078, 0]);
    for _ in 0..5_000 {
        let back = frames.len() as u32 + 4;
        frames.extend(words(&[20, back, 0, 0, 4, 0]));
    }
    let frames = sharing((".eh_frame", 1, 0, 0, 0), &frames, SECTIONS, &[text()]);
    for file in [relocations, frames] {
        let len = file.len();
        told(file, |image| {
            assert!(has(image, "sections-share-bytes"), "{:?}", image.diagnostics);
            assert!(image.charges.len() <= len / 8, "{} charges of {len} bytes", image.charges.len());
        });
    }
    let note = [words(&[4, 20, 3]), b"GNU\0".to_vec(), vec![1; 20]].concat();
    let notes = sharing((".note.gnu.build-id", 7, 0, 0, 0), &note.repeat(1_000), SECTIONS, &[]);
    let len = notes.len();
    told(notes, |image| assert!(image.regions.len() <= len / note.len(), "{} regions", image.regions.len()));
}

/// A list of packages of 17 MB in 17 kB, two thousand times.
#[test]
fn a_table_of_relative_relocations_patches_each_word_once() {
    // 64-bit ELF for x86-64, all of it at address 0, with room at 0x200; a table of `SHT_RELR` that says
    // again and again that 64 words from there on are addresses.
    let patches = words(&[0x200, 0, u32::MAX, u32::MAX]).repeat(2000);
    let headers_at = 0x400 + patches.len() as u32;
    let len = headers_at + 128;
    let elf = [
        b"\x7fELF\x02\x01\x01".to_vec(),
        vec![0; 9],
        words(&[0x003e_0003, 1, 0, 0, 64, 0, headers_at, 0, 0, 0x0038_0040, 0x0040_0001, 2]),
        words(&[1, 6, 0, 0, 0, 0, 0, 0, len, 0, len, 0, 0x1000, 0]),
        vec![0; 0x400 - 120],
        patches.clone(),
        vec![0; 64],
        words(&[0, 19, 2, 0, 0x400, 0, 0x400, 0, patches.len() as u32, 0, 0, 0, 8, 0, 8, 0]),
    ];
    told(elf.concat(), |image| {
        assert!(has(image, "relocations-repeat"), "{:?}", image.diagnostics);
        let words = u64::from(len) / 8;
        assert!((64..words + 64).contains(&(image.pointers.len() as u64)), "{}", image.pointers.len());
    });
}

#[test]
fn of_many_lists_of_packages_one_is_read() {
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(b"{\"packages\":[]}").expect("memory takes all");
    packed.write_all(&vec![b' '; 17 << 20]).expect("memory takes all");
    let packed = packed.finish().expect("memory takes all");
    let file = sharing((".dep-v0", 1, 0, 0, 0), &packed, SECTIONS, &[]);
    told(file, |image| assert!(image.header.packages.is_none(), "it is longer than any"));
}

/// A trie of exports in which each node is a part of others and leads to two hundred of them.
#[test]
fn nodes_inside_each_other_are_read_for_as_long_as_the_trie_is() {
    let nodes = 50_000u32;
    let mut trie = Vec::new();
    for node in 0..nodes {
        // Nothing of its own; the number of children, which is the first byte of an offset as well.
        let child = (4 * (node.wrapping_mul(7919) % nodes)) | 0x70;
        trie.extend([0, child as u8 | 0x80, (child >> 7) as u8 | 0x80, (child >> 14) as u8]);
    }
    let segment = |name: &[u8; 8], address: u32, size: u32, at: u32| {
        let mut all = words(&[0x19, 72]);
        all.extend_from_slice(name);
        all.extend([0; 8]);
        all.extend(words(&[address, 1, size, 0, at, 0, size, 0, 7, 5, 0, 0]));
        all
    };
    let len = trie.len() as u32;
    let exports = words(&[0x8000_0022, 48, 0, 0, 0, 0, 0, 0, 0, 0, 4096, len]);
    let commands =
        [segment(b"__TEXT\0\0", 0, 4096, 0), segment(b"__LINKED", 4096, len, 4096), exports].concat();
    let mut file = words(&[0xfeed_facf, 0x0100_0007, 3, 6, 3, commands.len() as u32, 0, 0]);
    file.extend(commands);
    file.resize(4096, 0);
    file.extend(trie);
    told(file, |image| assert_eq!(image.charges.len(), 0, "no node names anything"));
}
