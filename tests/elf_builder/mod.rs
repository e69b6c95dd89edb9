//! Writes ELF files byte by byte, in any class and byte order.
//!
//! Every offset is given by the test, so that the spans it expects can be read
//! beside them; nothing is aligned, padded or moved.

#![allow(dead_code, reason = "each test file uses its own part of this one")]

pub const PROGBITS: u32 = 1;
pub const SYMTAB: u32 = 2;
pub const STRTAB: u32 = 3;
pub const RELA: u32 = 4;
pub const NOBITS: u32 = 8;
pub const REL: u32 = 9;
pub const RELR: u32 = 19;
pub const WRITE: u64 = 1;
pub const ALLOC: u64 = 2;
pub const EXEC: u64 = 4;
pub const FUNC: u8 = 2;
pub const OBJECT: u8 = 1;
pub const NOTYPE: u8 = 0;
pub const GLOBAL: u8 = 1;
pub const LOCAL: u8 = 0;

/// Word size and byte order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Class {
    pub is_64: bool,
    pub is_big: bool,
}

/// All four that exist.
pub const CLASSES: [Class; 4] = [
    Class { is_64: true, is_big: false },
    Class { is_64: true, is_big: true },
    Class { is_64: false, is_big: false },
    Class { is_64: false, is_big: true },
];

impl Class {
    fn pick(self, of_32: u64, of_64: u64) -> u64 {
        if self.is_64 { of_64 } else { of_32 }
    }

    /// Size of the file header.
    pub fn header(self) -> u64 {
        self.pick(52, 64)
    }

    /// Size of a program header.
    pub fn program_header(self) -> u64 {
        self.pick(32, 56)
    }

    /// Size of a section header.
    pub fn section_header(self) -> u64 {
        self.pick(40, 64)
    }

    /// Size of a symbol table entry.
    pub fn symbol(self) -> u64 {
        self.pick(16, 24)
    }

    /// Size of a relocation with an addend.
    pub fn rela(self) -> u64 {
        self.pick(12, 24)
    }

    /// Size of an address.
    pub fn word(self) -> u64 {
        self.pick(4, 8)
    }

    /// `value` in `width` bytes.
    pub fn bytes(self, value: u64, width: u64) -> Vec<u8> {
        let width = width as usize;
        if self.is_big {
            value.to_be_bytes()[8 - width..].to_vec()
        } else {
            value.to_le_bytes()[..width].to_vec()
        }
    }
}

/// A section header.
#[derive(Debug, Clone, Default)]
pub struct Section {
    pub name: Vec<u8>,
    pub kind: u32,
    pub flags: u64,
    pub address: u64,
    pub offset: u64,
    pub size: u64,
    pub link: u32,
    pub info: u32,
}

/// A loadable segment.
#[derive(Debug, Clone, Copy)]
pub struct Segment {
    /// 1 executable, 2 writable, 4 readable.
    pub flags: u32,
    pub offset: u64,
    pub address: u64,
    pub file_size: u64,
    pub memory_size: u64,
}

/// A symbol.
#[derive(Debug, Clone, Copy)]
pub struct Symbol<'t> {
    pub name: &'t [u8],
    pub address: u64,
    pub size: u64,
    pub kind: u8,
    pub binding: u8,
    pub section: u16,
}

impl<'t> Symbol<'t> {
    /// A global symbol of section 1.
    pub fn new(name: &'t str, kind: u8, address: u64, size: u64) -> Symbol<'t> {
        Symbol { name: name.as_bytes(), address, size, kind, binding: GLOBAL, section: 1 }
    }
}

/// A file under construction.
#[derive(Debug, Clone)]
pub struct Builder {
    pub class: Class,
    /// `e_type`: 1 object file, 2 executable, 3 shared object.
    pub file_type: u16,
    pub machine: u16,
    bytes: Vec<u8>,
    sections: Vec<Section>,
    segments: Vec<Segment>,
    /// Counts in section 0 and not in the file header.
    extended: bool,
}

impl Builder {
    /// An executable without anything in it, for a machine of that class.
    pub fn new(class: Class) -> Builder {
        // x86-64, s390x, i386, MIPS.
        let machine = match (class.is_64, class.is_big) {
            (true, false) => 62,
            (true, true) => 22,
            (false, false) => 3,
            (false, true) => 8,
        };
        let sections = vec![Section::default()];
        let (bytes, segments) = (Vec::new(), Vec::new());
        Builder { class, file_type: 2, machine, bytes, sections, segments, extended: false }
    }

    /// Writes bytes at an offset.
    pub fn put(&mut self, at: u64, bytes: &[u8]) {
        let end = at as usize + bytes.len();
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        self.bytes[at as usize..end].copy_from_slice(bytes);
    }

    /// Adds a section header; returns its index.
    pub fn section(&mut self, section: Section) -> u16 {
        self.sections.push(section);
        self.sections.len() as u16 - 1
    }

    /// Adds a loaded section and its bytes.
    pub fn loaded(&mut self, name: &str, flags: u64, address: u64, offset: u64, bytes: &[u8]) -> u16 {
        self.put(offset, bytes);
        let (flags, size) = (ALLOC | flags, bytes.len() as u64);
        let name = name.as_bytes().to_vec();
        self.section(Section { name, kind: PROGBITS, flags, address, offset, size, ..Section::default() })
    }

    /// Adds a section of zero-fill.
    pub fn zero_fill(&mut self, name: &str, address: u64, offset: u64, size: u64) -> u16 {
        let (name, flags) = (name.as_bytes().to_vec(), ALLOC | WRITE);
        self.section(Section { name, kind: NOBITS, flags, address, offset, size, ..Section::default() })
    }

    /// Adds a loadable segment.
    pub fn segment(&mut self, flags: u32, offset: u64, address: u64, file_size: u64, memory_size: u64) {
        self.segments.push(Segment { flags, offset, address, file_size, memory_size });
    }

    /// Adds `.symtab` and `.strtab` with these symbols behind the null symbol. Names lie in
    /// order, each behind a zero byte.
    pub fn symbols(&mut self, table_at: u64, names_at: u64, symbols: &[Symbol<'_>]) -> u16 {
        let class = self.class;
        let mut names = vec![0u8];
        let mut table = vec![0u8; class.symbol() as usize];
        for s in symbols {
            let name = class.bytes(names.len() as u64, 4);
            names.extend_from_slice(s.name);
            names.push(0);
            let info = [s.binding << 4 | s.kind, 0];
            let section = class.bytes(u64::from(s.section), 2);
            let place = [class.bytes(s.address, class.word()), class.bytes(s.size, class.word())].concat();
            table.extend(if class.is_64 {
                [&name[..], &info, &section, &place].concat()
            } else {
                [&name[..], &place, &info, &section].concat()
            });
        }
        self.put(table_at, &table);
        self.put(names_at, &names);
        let link = self.sections.len() as u32 + 1;
        let table = Section {
            name: b".symtab".to_vec(),
            kind: SYMTAB,
            offset: table_at,
            size: table.len() as u64,
            link,
            info: 1,
            ..Section::default()
        };
        let index = self.section(table);
        let (offset, size) = (names_at, names.len() as u64);
        self.section(Section { name: b".strtab".to_vec(), kind: STRTAB, offset, size, ..Section::default() });
        index
    }

    /// Puts the counts of headers into section 0, as files with very many of them do.
    pub fn extended_counts(&mut self) {
        self.extended = true;
    }

    /// Writes all headers: the program headers behind the file header, the names of sections
    /// and the section headers where they are told to be.
    pub fn finish(mut self, names_at: u64, headers_at: u64) -> Vec<u8> {
        let class = self.class;
        let mut names = vec![0u8];
        let own = Section { name: b".shstrtab".to_vec(), kind: STRTAB, ..Section::default() };
        let own = self.section(own);
        let mut name_offsets = Vec::new();
        for section in &self.sections {
            name_offsets.push(if section.name.is_empty() { 0 } else { names.len() as u64 });
            names.extend_from_slice(&section.name);
            names.push(0);
        }
        self.sections[own as usize].offset = names_at;
        self.sections[own as usize].size = names.len() as u64;
        self.put(names_at, &names);
        if self.extended {
            self.sections[0].size = self.sections.len() as u64;
            self.sections[0].link = u32::from(own);
            self.sections[0].info = self.segments.len() as u32;
        }
        for (index, (s, name)) in self.sections.clone().iter().zip(name_offsets).enumerate() {
            let w = class.word();
            let fields =
                [(name, 4), (s.kind.into(), 4), (s.flags, w), (s.address, w), (s.offset, w), (s.size, w)];
            let rest = [(s.link.into(), 4), (s.info.into(), 4), (1, w), (entry_size(class, s.kind), w)];
            let at = headers_at + index as u64 * class.section_header();
            self.put_fields(at, &[&fields[..], &rest].concat());
        }
        let segments = std::mem::take(&mut self.segments);
        for (index, s) in segments.iter().enumerate() {
            let w = class.word();
            let (flags, align) = ((u64::from(s.flags), 4), (1, w));
            let place = [(s.offset, w), (s.address, w), (s.address, w), (s.file_size, w), (s.memory_size, w)];
            let at = class.header() + index as u64 * class.program_header();
            let load = (1, 4);
            let fields = if class.is_64 {
                [&[load, flags][..], &place, &[align]].concat()
            } else {
                [&[load][..], &place, &[flags, align]].concat()
            };
            self.put_fields(at, &fields);
        }
        self.file_header(headers_at, segments.len() as u64, own);
        self.bytes
    }

    fn file_header(&mut self, headers_at: u64, segments: u64, names: u16) {
        let class = self.class;
        let ident = [0x7f, b'E', b'L', b'F', 1 + u8::from(class.is_64), 1 + u8::from(class.is_big), 1];
        self.put(0, &ident);
        let (w, phoff) = (class.word(), if segments > 0 { class.header() } else { 0 });
        let sections = self.sections.len() as u64;
        // PN_XNUM, 0 and SHN_XINDEX say: look into section 0.
        let (phnum, shnum, shstrndx) =
            if self.extended { (0xffff, 0, 0xffff) } else { (segments, sections, names.into()) };
        let first = [(self.file_type.into(), 2), (self.machine.into(), 2), (1, 4), (0, w), (phoff, w)];
        let sizes = [class.header(), class.program_header(), phnum, class.section_header(), shnum, shstrndx];
        self.put_fields(16, &[&first[..], &[(headers_at, w), (0, 4)], &sizes.map(|n| (n, 2))].concat());
    }

    /// Writes numbers of given widths one behind the other.
    fn put_fields(&mut self, mut at: u64, fields: &[(u64, u64)]) {
        for &(value, width) in fields {
            let bytes = self.class.bytes(value, width);
            self.put(at, &bytes);
            at += width;
        }
    }
}

fn entry_size(class: Class, kind: u32) -> u64 {
    match kind {
        SYMTAB => class.symbol(),
        RELA => class.rela(),
        REL => 2 * class.word(),
        RELR => class.word(),
        _ => 0,
    }
}
