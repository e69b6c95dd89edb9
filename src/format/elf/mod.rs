//! ELF: executables, shared objects and object files, 32 and 64 bit, both byte orders.
//!
//! Follows the System V gABI (chapters 4 and 5) and the GNU extensions in use.
//! Each file here reads one structure; this one puts them together. Whatever
//! cannot be read becomes a diagnostic, and its bytes keep the section or segment
//! they lie in.

mod debug;
mod dynamic;
mod headers;
mod notes;
mod opd;
mod plt;
mod relocations;
mod strip;
mod symbols;
mod unwind;

use std::borrow::Cow;

use object::Endianness;
use object::elf::{FileHeader32, FileHeader64};
use object::read::elf::{FileHeader, SectionHeader};

use super::dwarf::split;
use super::trouble::Trouble;
use super::{DebugInfo, Detail, Elsewhere, Endian, Fatal, Header, Image, Member};
use crate::error::Diagnostic;
use crate::timing;

/// Any of the four ELF header layouts.
pub(super) trait Elf: FileHeader<Endian = Endianness, Rela: Sync, Rel: Sync> {}
impl<T: FileHeader<Endian = Endianness, Rela: Sync, Rel: Sync>> Elf for T {}

/// The file and its tables, as the parts of this module share them.
pub(super) struct File<'data, H: Elf> {
    data: &'data [u8],
    header: &'data H,
    endian: Endianness,
    headers: &'data [H::SectionHeader],
    segments: &'data [H::ProgramHeader],
    /// `e_type` is `ET_REL`: addresses are offsets into sections.
    relocatable: bool,
}

impl<'data, H: Elf> File<'data, H> {
    /// The bytes of section `index` that are in the file, fewer than stated if it is cut off.
    fn bytes(&self, index: usize) -> &'data [u8] {
        let Some(header) = self.headers.get(index) else { return &[] };
        if header.sh_type(self.endian) == object::elf::SHT_NOBITS {
            return &[];
        }
        let start: u64 = header.sh_offset(self.endian).into();
        let size: u64 = header.sh_size(self.endian).into();
        let len = self.data.len() as u64;
        let range = start.min(len) as usize..start.saturating_add(size).min(len) as usize;
        self.data.get(range).unwrap_or_default()
    }

    /// Bytes as an array of `T`; a partial entry at the end is left out.
    fn array<T: object::Pod>(bytes: &'data [u8]) -> &'data [T] {
        let count = bytes.len() / size_of::<T>().max(1);
        object::pod::slice_from_bytes(bytes, count).map_or(&[], |(array, _)| array)
    }

    /// Whether a section starts with a compression header (`SHF_COMPRESSED`, gABI chapter 4).
    fn is_compressed(&self, header: &H::SectionHeader) -> bool {
        header.sh_flags(self.endian).0 & object::elf::SHF_COMPRESSED.0 != 0
    }

    /// Whether the word size is 64 bit.
    fn is_64(&self) -> bool {
        self.header.is_type_64()
    }

    fn machine(&self) -> object::elf::Machine {
        self.header.e_machine(self.endian)
    }

    /// Indices of the sections of one type.
    fn of_type(&self, wanted: object::elf::SectionType) -> impl Iterator<Item = usize> + '_ {
        let headers = self.headers.iter().enumerate();
        headers.filter(move |(_, h)| h.sh_type(self.endian) == wanted).map(|(index, _)| index)
    }
}

/// Reads an ELF file.
///
/// *Errors*: the file header cannot be read; anything else is a diagnostic.
pub fn read(data: &[u8], detail: Detail) -> Result<Image<'_>, Fatal> {
    match data.get(4) {
        Some(1) => read_class::<FileHeader32<Endianness>>(data, detail),
        Some(2) => read_class::<FileHeader64<Endianness>>(data, detail),
        Some(class) => Err(format!("ELF class {class} is neither 1 (32-bit) nor 2 (64-bit)").into()),
        None => Err("the file ends inside the ELF identification".into()),
    }
}

/// Some debug sections of a file, decompressed, and the byte order of what is in them.
pub(super) struct Picked<'data, K> {
    pub sections: Vec<(K, Cow<'data, [u8]>)>,
    pub endian: Endian,
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads nothing but the debug sections that `kind_of` wants by name.
///
/// *Errors*: as [`read`].
pub(super) fn pick<K: Copy + Send + Sync>(
    data: &[u8],
    kind_of: impl Fn(&str) -> Option<K>,
) -> Result<Picked<'_, K>, Fatal> {
    match data.get(4) {
        Some(1) => pick_class::<FileHeader32<Endianness>, K>(data, kind_of),
        _ => pick_class::<FileHeader64<Endianness>, K>(data, kind_of),
    }
}

fn pick_class<H: Elf, K: Copy + Send + Sync>(
    data: &[u8],
    kind_of: impl Fn(&str) -> Option<K>,
) -> Result<Picked<'_, K>, Fatal> {
    let mut file = open::<H>(data)?;
    let mut sections = headers::read(&mut file, &mut Vec::new()).sections;
    let mut diagnostics = Vec::new();
    let unpacked = debug::unpack(&file, &mut sections, kind_of, &mut diagnostics);
    let sections = unpacked.into_iter().map(|section| (section.kind, section.bytes)).collect();
    Ok(Picked { sections, endian: endian_of(file.endian), diagnostics })
}

fn open<H: Elf>(data: &[u8]) -> Result<File<'_, H>, Fatal> {
    let header = H::parse(data).map_err(|_| headers::why_unreadable::<H>(data))?;
    let endian = header.endian().map_err(|_| "the byte order is neither little nor big")?;
    let relocatable = header.e_type(endian) == object::elf::ET_REL;
    Ok(File { data, header, endian, headers: &[], segments: &[], relocatable })
}

fn read_class<H: Elf>(data: &[u8], detail: Detail) -> Result<Image<'_>, Fatal> {
    let mut diagnostics = Vec::new();
    let mut file = open::<H>(data)?;
    let layout = timing::phase("headers", || headers::read(&mut file, &mut diagnostics));
    let headers::Layout { line, segments, mut sections, mut regions } = layout;

    let table = timing::phase("symbols", || symbols::read(&file, &line, &sections, &mut diagnostics));
    let symbols::Tables { mut symbols, files, mut charges, index, .. } = table;
    opd::resolve(&file, &line, &sections, &mut symbols, &index, &mut charges);
    let mut trouble = Trouble::default();
    let dynamic = dynamic::read(&file, &sections, &index, &mut charges);
    let notes = notes::read(&file, &sections, &mut regions, &mut diagnostics);
    let mut slots = timing::phase("relocations", || {
        relocations::read(&file, &line, &sections, &symbols, &index, &mut charges, &mut trouble)
    });
    diagnostics.extend(trouble.into_diagnostics());
    plt::read(&file, &sections, &mut slots, &mut charges);

    let applied = relocations::for_readers(&file, &sections, &symbols, &index);
    let unwind = timing::phase("unwind", || unwind::read(&file, &line, &sections, &applied));
    charges.extend(unwind.charges);
    regions.extend(unwind.regions);
    diagnostics.extend(unwind.diagnostics);
    let embedded = sections.iter().position(|s| s.name == ".gnu_debugdata").map(|index| file.bytes(index));
    let dwarf = timing::phase("units", || {
        debug::read(&file, &line, &mut sections, &applied, detail, &mut diagnostics)
    });
    let halves = || {
        let index = sections.iter().position(|s| s.name == ".debug_info.dwo")?;
        split::version(file.bytes(index), endian_of(file.endian))
    };
    let stated = headers::facts(&file);
    let is_apart = headers::is_apart(&file, sections.iter().any(|s| s.name.ends_with(".dwo")));
    let has_symtab = file.of_type(object::elf::SHT_SYMTAB).next().is_some();

    let mut image = Image {
        header: Header {
            needed: dynamic.needed,
            build_id: notes.build_id,
            debug_link: notes.debug_link,
            packages: notes.packages,
            toolchain: notes.toolchain,
            stripped: !has_symtab,
            debug_info: dwarf.version.or_else(halves).map(|version| DebugInfo::Dwarf { version }),
            file_type: match stated.file_type {
                _ if is_apart => "debug information",
                "shared object" if dynamic.is_program => "static executable",
                other => other,
            },
            ..stated
        },
        members: vec![Member::whole(&line, headers::machine(&file))],
        line,
        segments,
        sections,
        regions,
        symbols,
        files,
        functions: unwind.functions,
        guarded: unwind.guarded,
        units: dwarf.units,
        unit_ranges: dwarf.unit_ranges,
        unit_parts: dwarf.unit_parts,
        code: dwarf.code,
        sources: Vec::new(),
        charges,
        pointers: std::mem::take(&mut slots.pointers),
        elsewhere: Elsewhere {
            link_crc: notes.link_crc,
            embedded,
            supplement: notes.supplement,
            shared_texts: dwarf.shared_texts,
            split_units: dwarf.split_units,
            files: Vec::new(),
        },
        diagnostics,
    };
    image.settle();
    image.header.stripped_size = strip::size(&image).filter(|_| !is_apart);
    Ok(image)
}

fn endian_of(endian: Endianness) -> Endian {
    match endian {
        Endianness::Little => Endian::Little,
        Endianness::Big => Endian::Big,
    }
}
