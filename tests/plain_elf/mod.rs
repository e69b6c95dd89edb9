//! Reads ELF headers and nothing else, from the tables of the gABI: what the
//! library says of a layout is compared with this, so it shares no code with it.

#![allow(dead_code, reason = "each test file uses its own part of this one")]

use std::ops::Range;

pub const SHT_NOBITS: u64 = 8;
pub const SHF_ALLOC: u64 = 2;
pub const SHF_TLS: u64 = 0x400;
pub const ET_REL: u64 = 1;
pub const EM_ARM: u64 = 40;
pub const EM_PPC64: u64 = 21;

/// The headers of one file.
pub struct PlainElf {
    pub is_64: bool,
    pub is_big: bool,
    pub file_type: u64,
    pub machine: u64,
    pub header: Range<u64>,
    pub program_headers: Range<u64>,
    pub section_headers: Range<u64>,
    pub segments: Vec<PlainSegment>,
    pub sections: Vec<PlainSection>,
}

/// A program header.
#[derive(Debug, Clone, Copy)]
pub struct PlainSegment {
    pub is_load: bool,
    pub offset: u64,
    pub address: u64,
    pub file_size: u64,
    pub memory_size: u64,
}

/// A section header.
#[derive(Debug, Clone)]
pub struct PlainSection {
    pub name: String,
    pub kind: u64,
    pub flags: u64,
    pub address: u64,
    pub offset: u64,
    pub size: u64,
}

/// The number of `width` bytes at `at`.
pub fn number(bytes: &[u8], at: u64, width: u64, big: bool) -> u64 {
    let field = &bytes[at as usize..(at + width) as usize];
    let push = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
    if big { field.iter().fold(0, push) } else { field.iter().rev().fold(0, push) }
}

impl PlainElf {
    /// Reads the headers of a well-formed file.
    pub fn read(bytes: &[u8]) -> PlainElf {
        let (is_64, is_big) = (bytes[4] == 2, bytes[5] == 2);
        let word = if is_64 { 8 } else { 4 };
        let get = |at: u64, width: u64| number(bytes, at, width, is_big);
        // e_entry, e_phoff, e_shoff follow e_version; e_flags and the small fields follow those.
        let (phoff, shoff) = (get(24 + word, word), get(24 + 2 * word, word));
        let small = 24 + 3 * word + 4;
        let [header, phentsize, phnum, shentsize, shnum, shstrndx] =
            [0, 1, 2, 3, 4, 5].map(|field| get(small + field * 2, 2));
        let segments = (0..phnum).map(|i| segment(bytes, phoff + i * phentsize, is_64, is_big)).collect();
        let mut sections: Vec<PlainSection> =
            (0..shnum).map(|i| section(bytes, shoff + i * shentsize, is_64, is_big)).collect();
        if let Some(names) = sections.get(shstrndx as usize).cloned() {
            for (index, section) in sections.iter_mut().enumerate() {
                let at = names.offset + get(shoff + index as u64 * shentsize, 4);
                let name = bytes[at as usize..].split(|&b| b == 0).next().expect("split yields one");
                section.name = String::from_utf8_lossy(name).into_owned();
            }
        }
        PlainElf {
            is_64,
            is_big,
            file_type: get(16, 2),
            machine: get(18, 2),
            header: 0..header,
            program_headers: phoff..phoff + phnum * phentsize,
            section_headers: shoff..shoff + shnum * shentsize,
            segments,
            sections,
        }
    }

    /// Bytes in memory: of all loadable segments; in an object file, of all loaded sections.
    pub fn memory_size(&self) -> u64 {
        if self.file_type == ET_REL {
            self.sections.iter().filter(|s| s.flags & SHF_ALLOC != 0).map(|s| s.size).sum()
        } else {
            self.segments.iter().filter(|s| s.is_load).map(|s| s.memory_size).sum()
        }
    }

    /// The first section of that name.
    pub fn section(&self, name: &str) -> Option<&PlainSection> {
        self.sections.iter().find(|s| s.name == name)
    }
}

fn segment(bytes: &[u8], at: u64, is_64: bool, is_big: bool) -> PlainSegment {
    let get = |field: u64, width: u64| number(bytes, at + field, width, is_big);
    let (offset, address, file_size, memory_size) = if is_64 {
        (get(8, 8), get(16, 8), get(32, 8), get(40, 8))
    } else {
        (get(4, 4), get(8, 4), get(16, 4), get(20, 4))
    };
    PlainSegment { is_load: get(0, 4) == 1, offset, address, file_size, memory_size }
}

fn section(bytes: &[u8], at: u64, is_64: bool, is_big: bool) -> PlainSection {
    let word = if is_64 { 8 } else { 4 };
    let kind = number(bytes, at + 4, 4, is_big);
    let [flags, address, offset, size] =
        [0, 1, 2, 3].map(|field| number(bytes, at + 8 + field * word, word, is_big));
    PlainSection { name: String::new(), kind, flags, address, offset, size }
}
