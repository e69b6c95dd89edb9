//! File header, optional header and section headers, as they are stored.
//!
//! Reads fields and checks that tables fit into the file; what they mean is
//! worked out by others. Structures need no alignment.

use std::ops::Range;

use object::pe;

use super::Fatal;
use crate::error::Diagnostic;
use crate::format::Endian;
use crate::format::cursor::Cursor;

/// The COFF file header, of either size.
#[derive(Debug, Clone, Copy)]
pub(super) struct FileHeader {
    pub machine: pe::Machine,
    pub sections: u32,
    /// File offset of the symbol table; 0 if there is none.
    pub symbols_at: u64,
    pub symbols: u32,
    pub optional_size: u64,
    pub flags: u16,
    /// Size of a symbol table entry: 18, or 20 in large object files.
    pub symbol_size: u64,
}

/// The optional header, which only images have.
#[derive(Debug, Clone)]
pub(super) struct OptionalHeader {
    pub is_64: bool,
    pub linker: (u8, u8),
    pub image_base: u64,
    pub section_alignment: u32,
    pub file_alignment: u32,
    pub headers_size: u64,
    pub subsystem: pe::Subsystem,
    pub directories: Vec<Directory>,
}

/// A data directory: a structure of the image by its relative address.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Directory {
    pub rva: u32,
    pub size: u32,
}

/// A section header.
#[derive(Debug, Clone, Copy)]
pub(super) struct SectionHeader {
    pub name: [u8; 8],
    pub virtual_size: u32,
    pub virtual_address: u32,
    pub raw_size: u32,
    pub raw_at: u32,
    pub relocations_at: u32,
    pub lines_at: u32,
    pub relocations: u16,
    pub lines: u16,
    pub flags: u32,
}

impl SectionHeader {
    pub fn has(&self, flag: pe::SectionFlags) -> bool {
        self.flags & flag.0 != 0
    }
}

/// A file and its headers, as the parts of this module share them.
pub(super) struct File<'data> {
    pub data: &'data [u8],
    pub header: FileHeader,
    /// `None` in an object file.
    pub optional: Option<OptionalHeader>,
    pub headers: Vec<SectionHeader>,
    /// Where the file header lies, with the signature in front and the optional header behind it.
    pub header_span: Range<u64>,
    /// Where the section headers lie.
    pub table_span: Range<u64>,
}

impl<'data> File<'data> {
    /// The bytes of a range of the file, fewer if it is cut off.
    pub fn bytes(&self, start: u64, len: u64) -> &'data [u8] {
        slice(self.data, start, len)
    }

    /// Reads from a file offset on.
    pub fn cursor(&self, start: u64) -> Option<Cursor<'data, 'static>> {
        Cursor::new(self.data, Endian::Little, &[]).from(start)
    }

    /// A data directory, if it is in use.
    pub fn directory(&self, index: usize) -> Option<Directory> {
        let directory = *self.optional.as_ref()?.directories.get(index)?;
        (directory.rva != 0 && directory.size != 0).then_some(directory)
    }

    /// Whether code is of 64-bit mode.
    pub fn is_64(&self) -> bool {
        is_64(&self.header, self.optional.as_ref())
    }

    pub fn len(&self) -> u64 {
        self.data.len() as u64
    }
}

/// Whether code is of 64-bit mode: images say so, of object files the machine tells.
pub(super) fn is_64(header: &FileHeader, optional: Option<&OptionalHeader>) -> bool {
    match optional {
        Some(optional) => optional.is_64,
        None => matches!(
            header.machine,
            pe::IMAGE_FILE_MACHINE_AMD64
                | pe::IMAGE_FILE_MACHINE_ARM64
                | pe::IMAGE_FILE_MACHINE_ARM64EC
                | pe::IMAGE_FILE_MACHINE_ARM64X
                | pe::IMAGE_FILE_MACHINE_IA64
                | pe::IMAGE_FILE_MACHINE_RISCV64
        ),
    }
}

/// The part of `data` from `start` on that is at most `len` bytes long.
pub(super) fn slice(data: &[u8], start: u64, len: u64) -> &[u8] {
    let all = data.len() as u64;
    let range = start.min(all) as usize..start.saturating_add(len).min(all) as usize;
    data.get(range).unwrap_or_default()
}

/// Size of the DOS header, whose last field says where the image's own headers are.
pub(super) const DOS_HEADER: u64 = 64;
const FILE_HEADER: u64 = 20;
const BIG_HEADER: u64 = 56;
/// Size of a section header.
pub(super) const SECTION_HEADER: u64 = 40;
/// More directories than this have no meaning.
const DIRECTORIES: u32 = 16;

/// Reads the headers of an image.
///
/// *Errors*: the DOS header, the signature or the optional header cannot be read.
pub(super) fn image<'data>(
    data: &'data [u8],
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<File<'data>, Fatal> {
    let all = Cursor::new(data, Endian::Little, &[]);
    let Some(at) = all.from(DOS_HEADER - 4).and_then(|mut c| c.u32()) else {
        let len = data.len();
        return Err(format!("the DOS header needs {DOS_HEADER} bytes, the file has {len}").into());
    };
    let at = u64::from(at);
    let signature = slice(data, at, 4);
    if signature != b"PE\0\0" {
        let found = match signature {
            [b'N', b'E', ..] => "it is a program for 16-bit Windows (NE)",
            [b'L', b'E' | b'X', ..] => "it is a linear executable (LE)",
            [] => "the file ends before it",
            _ => "it may be a DOS program",
        };
        return Err(format!("there is no PE signature at {at:#x}: {found}").into());
    }
    let cut = || -> Fatal { "the file ends inside the PE header".into() };
    let header = all.from(at + 4).and_then(file_header).ok_or_else(cut)?;
    let optional_at = at + 4 + FILE_HEADER;
    let optional_end = optional_at + header.optional_size;
    let optional = optional_header(slice(data, optional_at, OPTIONAL_HEADER), header.optional_size)?;
    let mut file = File {
        data,
        header,
        optional: Some(optional),
        headers: Vec::new(),
        header_span: at..optional_end.min(data.len() as u64),
        table_span: 0..0,
    };
    section_headers(&mut file, optional_end, diagnostics);
    Ok(file)
}

/// Reads the headers of an object file.
///
/// *Errors*: the file header cannot be read, or what should be one has an optional header.
pub(super) fn object<'data>(
    data: &'data [u8],
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<File<'data>, Fatal> {
    let all = Cursor::new(data, Endian::Little, &[]);
    let is_big = is_anonymous(data) && is_big(data);
    let header = if is_big { big_header(all) } else { file_header(all) };
    let header = header.ok_or_else(|| -> Fatal {
        let what = if is_big { "of a large object file " } else { "" };
        format!("the file ends inside the COFF header {what}({} bytes)", data.len()).into()
    })?;
    let end = if is_big { BIG_HEADER } else { FILE_HEADER + header.optional_size };
    let end = end.min(data.len() as u64);
    let mut file =
        File { data, header, optional: None, headers: Vec::new(), header_span: 0..end, table_span: 0..0 };
    section_headers(&mut file, end, diagnostics);
    Ok(file)
}

/// Whether the file starts like the header that stands in for a machine that does not exist:
/// large object files, short import objects, intermediate code of a compiler.
pub(super) fn is_anonymous(data: &[u8]) -> bool {
    data.starts_with(&[0, 0, 0xff, 0xff])
}

/// Whether that header is the one of a large object file.
pub(super) fn is_big(data: &[u8]) -> bool {
    data.get(12..28).is_some_and(|class| class == BIGOBJ_CLASS)
}

/// Class of large object files (`ANON_OBJECT_HEADER_BIGOBJ`).
const BIGOBJ_CLASS: [u8; 16] =
    [0xc7, 0xa1, 0xba, 0xd1, 0xee, 0xba, 0xa9, 0x4b, 0xaf, 0x20, 0xfa, 0xf6, 0x6a, 0xa4, 0xdc, 0xb8];

fn file_header(mut c: Cursor<'_, '_>) -> Option<FileHeader> {
    let machine = pe::Machine(c.u16()?);
    let sections = u32::from(c.u16()?);
    c.skip(4)?;
    Some(FileHeader {
        machine,
        sections,
        symbols_at: u64::from(c.u32()?),
        symbols: c.u32()?,
        optional_size: u64::from(c.u16()?),
        flags: c.u16()?,
        symbol_size: pe::IMAGE_SIZEOF_SYMBOL as u64,
    })
}

/// `ANON_OBJECT_HEADER_BIGOBJ`: two signatures, version, machine, time, class, sizes, counts.
fn big_header(mut c: Cursor<'_, '_>) -> Option<FileHeader> {
    c.skip(6)?;
    let machine = pe::Machine(c.u16()?);
    c.skip(4 + 16 + 16)?;
    let sections = c.u32()?;
    Some(FileHeader {
        machine,
        sections,
        symbols_at: u64::from(c.u32()?),
        symbols: c.u32()?,
        optional_size: 0,
        flags: 0,
        symbol_size: pe::IMAGE_SIZEOF_SYMBOL_EX as u64,
    })
}

/// Size of the optional header with all its directories in 64-bit images.
const OPTIONAL_HEADER: u64 = 240;

fn optional_header(stored: &[u8], size: u64) -> Result<OptionalHeader, Fatal> {
    // The loader sees zeros behind the end of a file, and there are images that rely on it.
    let mut bytes = [0; OPTIONAL_HEADER as usize];
    bytes.iter_mut().zip(stored).for_each(|(to, from)| *to = *from);
    let c = Cursor::new(&bytes, Endian::Little, &[]);
    let is_64 = match stored.first_chunk::<2>().map(|magic| u16::from_le_bytes(*magic)) {
        Some(pe::IMAGE_NT_OPTIONAL_HDR32_MAGIC) => false,
        Some(pe::IMAGE_NT_OPTIONAL_HDR64_MAGIC) => true,
        Some(other) => return Err(format!("optional header {other:#x} is neither PE32 nor PE32+").into()),
        None => return Err("the optional header is missing".into()),
    };
    optional_fields(c, size, is_64).ok_or_else(|| "the optional header is cut off".into())
}

fn optional_fields(mut c: Cursor<'_, '_>, end: u64, is_64: bool) -> Option<OptionalHeader> {
    c.skip(2)?;
    let linker = (c.u8()?, c.u8()?);
    // Sizes of code and data, entry point, base of code; PE32 also has a base of data.
    c.skip(if is_64 { 20 } else { 24 })?;
    let image_base = if is_64 { c.u64()? } else { u64::from(c.u32()?) };
    let (section_alignment, file_alignment) = (c.u32()?, c.u32()?);
    // Versions, size of the image.
    c.skip(20)?;
    let headers_size = u64::from(c.u32()?);
    c.skip(4)?;
    let subsystem = pe::Subsystem(c.u16()?);
    // Flags, four sizes of stack and heap, loader flags.
    c.skip(2 + if is_64 { 32 } else { 16 } + 4)?;
    let count = c.u32()?.min(DIRECTORIES);
    let mut c = c.until(end);
    let mut directories = Vec::new();
    for _ in 0..count {
        let (Some(rva), Some(size)) = (c.u32(), c.u32()) else { break };
        directories.push(Directory { rva, size });
    }
    Some(OptionalHeader {
        is_64,
        linker,
        image_base,
        section_alignment,
        file_alignment,
        headers_size,
        subsystem,
        directories,
    })
}

/// Reads the table of section headers as far as it is in the file.
fn section_headers(file: &mut File<'_>, at: u64, diagnostics: &mut Vec<Diagnostic>) {
    let stated = u64::from(file.header.sections);
    let fits = file.len().saturating_sub(at) / SECTION_HEADER;
    if fits < stated {
        let text = format!(
            "the section header table has {stated} entries at {at:#x}, but the file ends after {fits} of them"
        );
        diagnostics.push(Diagnostic::warning("header-table-cut", text).at(at.min(file.len())));
    }
    let count = stated.min(fits);
    file.table_span = at.min(file.len())..(at + count * SECTION_HEADER).min(file.len());
    let Some(mut c) = file.cursor(at) else { return };
    file.headers = (0..count).map_while(|_| section_header(&mut c)).collect();
}

fn section_header(c: &mut Cursor<'_, '_>) -> Option<SectionHeader> {
    let name = c.u64()?.to_le_bytes();
    Some(SectionHeader {
        name,
        virtual_size: c.u32()?,
        virtual_address: c.u32()?,
        raw_size: c.u32()?,
        raw_at: c.u32()?,
        relocations_at: c.u32()?,
        lines_at: c.u32()?,
        relocations: c.u16()?,
        lines: c.u16()?,
        flags: c.u32()?,
    })
}
