//! File header, program headers, section headers: the layout of the file.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use object::elf;
use object::read::elf::{ProgramHeader, SectionHeader};

use super::{Elf, Fatal, File, endian_of};
use crate::error::Diagnostic;
use crate::format::text::NameBudget;
use crate::format::{
    Filler, Format, Header, Instructions, Laid, Line, Load, Machine, Region, RegionPlace, Section, Segment,
};
use crate::kind::Kind;

/// Segments and sections on their line.
pub(super) struct Layout<'data> {
    pub line: Line,
    pub segments: Vec<Segment>,
    pub sections: Vec<Section<'data>>,
    pub regions: Vec<Region>,
}

/// In words, why `H::parse` refused the header.
pub(super) fn why_unreadable<H>(data: &[u8]) -> Fatal {
    let need = size_of::<H>();
    if data.len() < need {
        return format!("the ELF header needs {need} bytes, the file has {}", data.len()).into();
    }
    match (data.get(5), data.get(6)) {
        (Some(1 | 2), Some(&version)) => format!("ELF version {version} is not 1").into(),
        (Some(&order), _) => format!("ELF byte order {order} is neither 1 (little) nor 2 (big)").into(),
        _ => "the ELF identification is cut off".into(),
    }
}

/// Reads the tables of segments and sections and lays them on the line.
pub(super) fn read<'data, H: Elf>(
    file: &mut File<'data, H>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Layout<'data> {
    let (section_table, segment_table) = tables(file, diagnostics);
    let shstrtab = section_strings(file, diagnostics);
    let mut segments = segments(file);
    let mut loads: Vec<Load> = Vec::new();
    // In an object file each loaded section stands for a segment of its own.
    let mut loaded: Vec<usize> = Vec::new();
    if file.relocatable {
        (loaded, loads) = loads_of_sections(file).unzip();
        segments.clear();
    } else {
        loads.extend(segments.iter().zip(0..).map(|(s, segment): (&Segment, u32)| Load {
            segment,
            address: Some(s.address),
            len: s.memory_size,
            file: s.file.clone(),
        }));
    }
    let (line, laid) = Line::lay(file.data.len() as u64, file.relocatable, &loads);
    report_laid(&loads, &laid, &segments, file.data.len() as u64, diagnostics);

    let zero_fill = loaded.into_iter().zip(&laid).filter_map(|(section, laid)| match laid {
        Laid::Done { zero, .. } => Some((section, zero.clone())),
        Laid::Absurd => None,
    });
    let sections = sections(file, &line, shstrtab, zero_fill.collect(), diagnostics);
    let mut regions = vec![Region {
        span: 0..size_of::<H>() as u64,
        name: "ELF header".into(),
        kind: Kind::Headers,
        place: RegionPlace::File,
    }];
    for (span, name) in [(segment_table, "program headers"), (section_table, "section headers")] {
        if !span.is_empty() {
            let place = RegionPlace::File;
            regions.push(Region { span, name: name.into(), kind: Kind::Headers, place });
        }
    }
    for segment in file.segments {
        regions.extend(segment_region(file, segment));
    }
    Layout { line, segments, sections, regions }
}

/// The spans of the section and program header tables; sets them in `file`.
///
/// A table that runs past the end of the file is read as far as it goes.
fn tables<H: Elf>(file: &mut File<'_, H>, diagnostics: &mut Vec<Diagnostic>) -> (Range<u64>, Range<u64>) {
    let (data, endian) = (file.data, file.endian);
    let len = data.len() as u64;
    let mut clip = |what: &str, offset: u64, count: u64, entry: usize, stated: u16| {
        if offset == 0 || count == 0 {
            return None;
        }
        if usize::from(stated) != entry {
            let text = format!("the {what} table has entries of {stated} bytes, not {entry}; it is not read");
            diagnostics.push(Diagnostic::warning("header-entry-size", text).at(offset));
            return None;
        }
        let fits = len.saturating_sub(offset) / entry as u64;
        if fits < count {
            let text = format!(
                "the {what} table has {count} entries at {offset:#x}, but the file ends after {fits} of them"
            );
            diagnostics.push(Diagnostic::warning("header-table-cut", text).at(offset));
        }
        let count = count.min(fits);
        (count > 0).then(|| offset..offset + count * entry as u64)
    };
    let offset: u64 = file.header.e_shoff(endian).into();
    // Section 0 holds the counts that do not fit into the file header.
    let zero = object::read::ReadRef::read_at::<H::SectionHeader>(data, offset).ok();
    let zero = zero.filter(|_| offset != 0);
    let mut count = u64::from(file.header.e_shnum(endian));
    if count == 0 {
        count = zero.map_or(0, |z| z.sh_size(endian).into());
    }
    let entry = size_of::<H::SectionHeader>();
    let shdrs = clip("section header", offset, count, entry, file.header.e_shentsize(endian));

    let offset: u64 = file.header.e_phoff(endian).into();
    let mut count = u64::from(file.header.e_phnum(endian));
    if count == u64::from(elf::PN_XNUM) {
        count = zero.map_or(0, |z| u64::from(z.sh_info(endian)));
    }
    let entry = size_of::<H::ProgramHeader>();
    let phdrs = clip("program header", offset, count, entry, file.header.e_phentsize(endian));

    if let Some(span) = &shdrs {
        file.headers = File::<H>::array(slice(data, span));
    }
    if let Some(span) = &phdrs {
        file.segments = File::<H>::array(slice(data, span));
    }
    (shdrs.unwrap_or(0..0), phdrs.unwrap_or(0..0))
}

fn slice<'data>(data: &'data [u8], span: &Range<u64>) -> &'data [u8] {
    data.get(span.start as usize..span.end as usize).unwrap_or_default()
}

/// The table of section names.
fn section_strings<'data, H: Elf>(file: &File<'data, H>, diagnostics: &mut Vec<Diagnostic>) -> &'data [u8] {
    let mut index = u32::from(file.header.e_shstrndx(file.endian).0);
    if index == u32::from(elf::SHN_XINDEX.0) {
        index = file.headers.first().map_or(0, |zero| zero.sh_link(file.endian));
    }
    let bytes = file.bytes(index as usize);
    if bytes.is_empty() && file.headers.len() > 1 {
        let text = "the table of section names is missing; sections are named by their number";
        diagnostics.push(Diagnostic::warning("section-names-missing", text));
    }
    bytes
}

/// The loadable segments.
fn segments<H: Elf>(file: &File<'_, H>) -> Vec<Segment> {
    let endian = file.endian;
    let len = file.data.len() as u64;
    let load = file.segments.iter().filter(|s| s.p_type(endian) == elf::PT_LOAD);
    let bare_metal = is_bare_metal(file);
    load.enumerate()
        .map(|(index, s)| {
            let flags = s.p_flags(endian).0;
            let letter = |bit: u32, c: char| if flags & bit != 0 { c } else { '-' };
            let (r, w, x) = (letter(4, 'R'), letter(2, 'W'), letter(1, 'X'));
            let offset: u64 = s.p_offset(endian).into();
            let size: u64 = s.p_filesz(endian).into();
            let start = offset.min(len);
            Segment {
                name: format!("LOAD #{index} {r}{w}{x}"),
                address: s.p_vaddr(endian).into(),
                physical: bare_metal.then(|| s.p_paddr(endian).into()),
                writable: flags & 2 != 0,
                memory_size: s.p_memsz(endian).into(),
                file: start..offset.saturating_add(size).clamp(start, len),
                kind: match (flags & 1 != 0, flags & 2 != 0) {
                    (true, _) => Kind::Code,
                    (false, true) => Kind::Data,
                    (false, false) => Kind::Rodata,
                },
            }
        })
        .collect()
}

/// Whether the program runs without an operating system, as firmware does.
///
/// Nothing states it. Programs of systems have an interpreter, a dynamic table, a note
/// of their system's ABI or run where they are stored; firmware has none of these,
/// and stores at least its initial data elsewhere or starts with a table of vectors.
fn is_bare_metal<H: Elf>(file: &File<'_, H>) -> bool {
    let endian = file.endian;
    let has = |wanted| file.segments.iter().any(|s| s.p_type(endian) == wanted);
    let is_program = file.header.e_type(endian) == elf::ET_EXEC;
    let by_system = has(elf::PT_INTERP) || has(elf::PT_DYNAMIC) || has(elf::PT_NOTE) || has(elf::PT_TLS);
    let microcontroller = matches!(
        file.machine(),
        elf::EM_ARM
            | elf::EM_AARCH64
            | elf::EM_RISCV
            | elf::EM_XTENSA
            | elf::EM_AVR
            | elf::EM_MSP430
            | elf::EM_MIPS
    );
    if !is_program || by_system || !microcontroller {
        return false;
    }
    let is_load = |s: &&H::ProgramHeader| s.p_type(endian) == elf::PT_LOAD;
    let moved =
        |s: &H::ProgramHeader| Into::<u64>::into(s.p_paddr(endian)) != Into::<u64>::into(s.p_vaddr(endian));
    let strings = section_strings(file, &mut Vec::new());
    let mut names = NameBudget::of(file.data.len());
    let starts_with_vectors = file.headers.iter().any(|h| {
        let name = names.zero_ended(strings, h.sh_name(endian) as usize).unwrap_or_default();
        matches!(name, b".vector_table" | b".isr_vector" | b".vectors" | b".intvecs")
    });
    starts_with_vectors || file.segments.iter().filter(is_load).any(moved)
}

/// The loaded sections of an object file by index, and what each puts on the line.
fn loads_of_sections<H: Elf>(file: &File<'_, H>) -> impl Iterator<Item = (usize, Load)> {
    let endian = file.endian;
    file.headers.iter().enumerate().filter_map(move |(index, h)| {
        let flags = h.sh_flags(endian);
        if flags.0 & elf::SHF_ALLOC.0 == 0 {
            return None;
        }
        let len: u64 = h.sh_size(endian).into();
        let start: u64 = h.sh_offset(endian).into();
        let in_file = if h.sh_type(endian) == elf::SHT_NOBITS { 0 } else { len };
        let file = start..start.saturating_add(in_file);
        Some((index, Load { segment: u32::MAX, address: None, len, file }))
    })
}

fn report_laid(
    loads: &[Load],
    laid: &[Laid],
    segments: &[Segment],
    file_len: u64,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut twice_total = 0u64;
    for (index, (load, laid)) in loads.iter().zip(laid).enumerate() {
        let name = segments.get(index).map_or("a loaded section", |s| s.name.as_str());
        match laid {
            Laid::Absurd => {
                let text =
                    format!("{name} states {} bytes of memory, which cannot be; it is left out", load.len);
                diagnostics
                    .push(Diagnostic::warning("segment-absurd", text).at(load.file.start.min(file_len)));
            }
            Laid::Done { twice, .. } => twice_total += twice,
        }
        if diagnostics.len() > 50 {
            break;
        }
    }
    if twice_total > 0 {
        let text = format!(
            "{twice_total} bytes of the file are loaded by more than one segment; the file counts them once, memory each time"
        );
        diagnostics.push(Diagnostic::note("loaded-twice", text).bytes(twice_total));
    }
}

fn sections<'data, H: Elf>(
    file: &File<'data, H>,
    line: &Line,
    strings: &'data [u8],
    zero_fill: HashMap<usize, Range<u64>>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Section<'data>> {
    let endian = file.endian;
    let len = file.data.len() as u64;
    let mut cut: Vec<(String, u64, u64)> = Vec::new();
    let mut names = NameBudget::of(file.data.len());
    let sections = file.headers.iter().enumerate().map(|(index, h)| {
        let name: Cow<'_, str> = match names.zero_ended(strings, h.sh_name(endian) as usize) {
            Some(name) if !name.is_empty() => String::from_utf8_lossy(name),
            _ if index == 0 && h.sh_type(endian) == elf::SHT_NULL => Cow::Borrowed(""),
            _ => format!("section {index}").into(),
        };
        let sh_type = h.sh_type(endian);
        let flags = h.sh_flags(endian).0;
        let (address, size): (u64, u64) = (h.sh_addr(endian).into(), h.sh_size(endian).into());
        let loaded = flags & elf::SHF_ALLOC.0 != 0;
        let span = if sh_type == elf::SHT_NULL {
            0..0
        } else if sh_type == elf::SHT_NOBITS {
            let tls = flags & elf::SHF_TLS.0 != 0;
            // Thread-local zero-fill takes no room in the segments: each thread
            // gets its own copy, and the address is where the next section lies.
            if !loaded || (tls && !file.relocatable) {
                0..0
            } else if file.relocatable {
                zero_fill.get(&index).cloned().unwrap_or(0..0)
            } else {
                let run = line.locate(address).map(|(pos, room)| pos..pos + room.min(size));
                // Only-debug copies keep the headers of sections whose bytes they dropped.
                run.unwrap_or(0..0)
            }
        } else {
            let offset: u64 = h.sh_offset(endian).into();
            let end = offset.saturating_add(size);
            if end > len && size > 0 {
                cut.push((name.to_string(), offset, end));
            }
            offset.min(len)..end.min(len)
        };
        Section {
            kind: kind_of(&name, sh_type, flags, file.relocatable),
            name,
            address,
            size,
            align: Into::<u64>::into(h.sh_addralign(endian)).max(1),
            span,
            loaded,
            executable: loaded && flags & elf::SHF_EXECINSTR.0 != 0,
            uncompressed: None,
        }
    });
    let sections: Vec<_> = sections.collect();
    for (name, offset, end) in cut.iter().take(8) {
        let text = format!("section {name} ends at {end:#x}, after the end of the file ({len:#x})");
        let bytes = end - (*offset).max(len);
        diagnostics.push(Diagnostic::warning("section-out-of-file", text).at(*offset).bytes(bytes));
    }
    if cut.len() > 8 {
        let text = format!("{} more sections end after the end of the file", cut.len() - 8);
        diagnostics.push(Diagnostic::warning("section-out-of-file", text));
    }
    sections
}

/// The kind of bytes a section holds, by its type and flags, and by name where those are silent.
fn kind_of(name: &str, sh_type: elf::SectionType, flags: u64, relocatable: bool) -> Kind {
    let has = |flag: elf::SectionFlags| flags & flag.0 != 0;
    if has(elf::SHF_ALLOC) {
        let by_name = match name {
            ".eh_frame" | ".eh_frame_hdr" | ".gcc_except_table" | ".ARM.exidx" | ".ARM.extab" => {
                Some(Kind::Unwind)
            }
            ".got" | ".got.plt" | ".interp" | ".opd" | ".MIPS.stubs" | ".rld_map" => Some(Kind::Dynamic),
            _ if name.starts_with(".gcc_except_table.") => Some(Kind::Unwind),
            _ if name.starts_with(".ARM.exidx.") || name.starts_with(".ARM.extab.") => Some(Kind::Unwind),
            _ => None,
        };
        return match sh_type {
            elf::SHT_NOBITS => Kind::Bss,
            elf::SHT_REL | elf::SHT_RELA | elf::SHT_RELR | elf::SHT_CREL => Kind::Relocations,
            elf::SHT_ANDROID_REL | elf::SHT_ANDROID_RELA | elf::SHT_ANDROID_RELR => Kind::Relocations,
            elf::SHT_DYNSYM | elf::SHT_DYNAMIC | elf::SHT_HASH | elf::SHT_GNU_HASH => Kind::Dynamic,
            elf::SHT_GNU_VERSYM | elf::SHT_GNU_VERNEED | elf::SHT_GNU_VERDEF => Kind::Dynamic,
            elf::SHT_STRTAB => Kind::Dynamic,
            elf::SHT_NOTE => Kind::Metadata,
            _ if let Some(kind) = by_name => kind,
            _ if has(elf::SHF_EXECINSTR) => Kind::Code,
            _ if has(elf::SHF_WRITE) => Kind::Data,
            // Linkers leave the flag on sections in which not all is text.
            _ if has(elf::SHF_STRINGS) && relocatable => Kind::Strings,
            _ => Kind::Rodata,
        };
    }
    match sh_type {
        elf::SHT_REL | elf::SHT_RELA | elf::SHT_CREL => Kind::Relocations,
        elf::SHT_STRTAB if name == ".shstrtab" => Kind::Headers,
        elf::SHT_SYMTAB | elf::SHT_STRTAB | elf::SHT_SYMTAB_SHNDX | elf::SHT_DYNSYM => Kind::Symbols,
        elf::SHT_NOTE => Kind::Metadata,
        _ if name.starts_with(".debug") || name.starts_with(".zdebug") => Kind::Debug,
        _ if name.starts_with(".gnu.debuglto_") || name == ".gdb_index" || name == ".stab" => Kind::Debug,
        _ if name == ".stabstr" || name == ".line" => Kind::Debug,
        _ => Kind::Metadata,
    }
}

/// A name for what a program header points at, for files whose section headers are gone.
fn segment_region<H: Elf>(file: &File<'_, H>, s: &H::ProgramHeader) -> Option<Region> {
    let endian = file.endian;
    let (name, kind) = match s.p_type(endian) {
        elf::PT_INTERP => ("interpreter", Kind::Dynamic),
        elf::PT_DYNAMIC => ("dynamic table", Kind::Dynamic),
        elf::PT_NOTE => ("notes", Kind::Metadata),
        elf::PT_GNU_EH_FRAME => ("unwind index", Kind::Unwind),
        _ => return None,
    };
    let offset: u64 = s.p_offset(endian).into();
    let size: u64 = s.p_filesz(endian).into();
    let len = file.data.len() as u64;
    let span = offset.min(len)..offset.saturating_add(size).min(len);
    Some(Region { span, name: name.into(), kind, place: RegionPlace::Fallback })
}

/// The facts that the file header alone gives.
pub(super) fn facts<H: Elf>(file: &File<'_, H>) -> Header {
    let endian = file.endian;
    let dynamic = file.segments.iter().any(|s| s.p_type(endian) == elf::PT_DYNAMIC);
    let interp = file.segments.iter().any(|s| s.p_type(endian) == elf::PT_INTERP);
    let file_type = match file.header.e_type(endian) {
        elf::ET_REL => "object file",
        elf::ET_EXEC if dynamic => "executable",
        elf::ET_EXEC => "static executable",
        elf::ET_DYN if interp => "executable",
        elf::ET_DYN => "shared object",
        elf::ET_CORE => "core dump",
        _ => "file of unknown type",
    };
    let bits = if file.is_64() { 64 } else { 32 };
    let (arch, _) = arch(file.machine(), bits);
    Header {
        format: Format::Elf,
        file_type,
        arch,
        bits,
        endian: endian_of(endian),
        build_id: None,
        needed: Vec::new(),
        toolchain: Vec::new(),
        stripped: false,
        debug_link: None,
        debug_info: None,
        packages: None,
        stripped_size: None,
    }
}

/// Whether a file is debug information apart: it has the sections of a program and not their bytes, or split units and
/// nothing that is loaded.
pub(super) fn is_apart<H: Elf>(file: &File<'_, H>, has_split_units: bool) -> bool {
    let is_loaded = |h: &H::SectionHeader| h.sh_flags(file.endian).0 & elf::SHF_ALLOC.0 != 0;
    if has_split_units && !file.headers.iter().any(is_loaded) {
        return true;
    }
    let code = file.headers.iter().filter(|h| h.sh_flags(file.endian).0 & elf::SHF_EXECINSTR.0 != 0);
    let mut types = code.map(|h| h.sh_type(file.endian)).peekable();
    types.peek().is_some() && types.all(|of| of == elf::SHT_NOBITS)
}

/// What runs the code.
pub(super) fn machine<H: Elf>(file: &File<'_, H>) -> Machine {
    let bits = if file.is_64() { 64 } else { 32 };
    let (_, filler) = arch(file.machine(), bits);
    Machine {
        bits,
        endian: endian_of(file.endian),
        filler,
        instructions: match file.machine() {
            elf::EM_X86_64 if bits == 64 => Instructions::X86_64,
            elf::EM_AARCH64 => Instructions::Aarch64,
            _ => Instructions::Other,
        },
        fixed_addresses: file.header.e_type(file.endian) == elf::ET_EXEC,
    }
}

/// Common name and code filler of a machine.
fn arch(machine: elf::Machine, bits: u8) -> (Cow<'static, str>, Filler) {
    let (name, filler) = match machine {
        elf::EM_X86_64 if bits == 32 => ("x32", Filler::X86),
        elf::EM_X86_64 => ("x86_64", Filler::X86),
        elf::EM_386 => ("i686", Filler::X86),
        // nop, udf #0
        elf::EM_AARCH64 => ("aarch64", Filler::Words(&[0xd503_201f, 0])),
        // Thumb nop (two encodings) and trap; ARM instructions are pairs of these.
        elf::EM_ARM => ("arm", Filler::HalfWords(&[0xbf00, 0x46c0, 0xdefe, 0xd4d4, 0xf000, 0xe320, 0xe1a0])),
        // nop, c.nop twice, c.nop with a zero half
        elf::EM_RISCV => {
            (if bits == 64 { "riscv64" } else { "riscv32" }, Filler::HalfWords(&[0x0001, 0x0013]))
        }
        elf::EM_S390 => (if bits == 64 { "s390x" } else { "s390" }, Filler::HalfWords(&[0x0707, 0x0700])),
        elf::EM_PPC64 => ("powerpc64", Filler::Words(&[0x6000_0000])),
        elf::EM_PPC => ("powerpc", Filler::Words(&[0x6000_0000])),
        elf::EM_MIPS => (if bits == 64 { "mips64" } else { "mips" }, Filler::Zeros),
        elf::EM_SPARCV9 => ("sparc64", Filler::Words(&[0x0100_0000])),
        elf::EM_LOONGARCH => ("loongarch64", Filler::Words(&[0x0340_0000])),
        elf::EM_BPF => ("bpf", Filler::Zeros),
        elf::EM_AVR => ("avr", Filler::Zeros),
        elf::EM_MSP430 => ("msp430", Filler::Zeros),
        elf::EM_HEXAGON => ("hexagon", Filler::Zeros),
        elf::EM_XTENSA => ("xtensa", Filler::Zeros),
        other => return (format!("machine {}", other.0).into(), Filler::Zeros),
    };
    (name.into(), filler)
}
