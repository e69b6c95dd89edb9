//! The Mach header: what file this is, and how to read the rest of it.

use std::borrow::Cow;
use std::ops::Range;

use object::macho;

use super::Fatal;
use crate::format::cursor::Cursor;
use crate::format::{Endian, Filler, Instructions, Machine};

/// A thin file and its header, as the parts of this module share them.
#[derive(Clone, Copy)]
pub(super) struct File<'data> {
    pub data: &'data [u8],
    pub endian: Endian,
    pub is_64: bool,
    pub cpu: macho::CpuType,
    /// Without capability bits.
    pub cpu_subtype: u32,
    pub file_type: macho::FileType,
    pub flags: u32,
    /// Number of load commands.
    pub command_count: u32,
    /// Length of all load commands in bytes, as stated.
    pub commands_len: u32,
}

impl<'data> File<'data> {
    /// Reads the header.
    pub fn parse(data: &'data [u8]) -> Result<File<'data>, Fatal> {
        let (endian, is_64) = match data.first_chunk::<4>() {
            Some(b"\xcf\xfa\xed\xfe") => (Endian::Little, true),
            Some(b"\xce\xfa\xed\xfe") => (Endian::Little, false),
            Some(b"\xfe\xed\xfa\xcf") => (Endian::Big, true),
            Some(b"\xfe\xed\xfa\xce") => (Endian::Big, false),
            _ => return Err("it does not start with the magic number of a Mach-O file".into()),
        };
        let mut c = Cursor::new(data, endian, &[]);
        let mut read = || {
            c.skip(4)?;
            let file = File {
                data,
                endian,
                is_64,
                cpu: macho::CpuType(c.u32()?),
                cpu_subtype: c.u32()? & !macho::CPU_SUBTYPE_MASK,
                file_type: macho::FileType(c.u32()?),
                command_count: c.u32()?,
                commands_len: c.u32()?,
                flags: c.u32()?,
            };
            if is_64 {
                c.skip(4)?;
            }
            Some(file)
        };
        let need = if is_64 { 32 } else { 28 };
        read()
            .ok_or_else(|| format!("the Mach header needs {need} bytes, the file has {}", data.len()).into())
    }

    /// Length of the header in bytes.
    pub fn header_len(&self) -> u64 {
        if self.is_64 { 32 } else { 28 }
    }

    /// Size of an address in bytes.
    pub fn address_size(&self) -> u8 {
        if self.is_64 { 8 } else { 4 }
    }

    pub fn len(&self) -> u64 {
        self.data.len() as u64
    }

    /// Whether sections are pieces for a linker, and segments have no meaning yet.
    pub fn is_object(&self) -> bool {
        self.file_type == macho::MH_OBJECT
    }

    /// The bytes of a range that are in the file, fewer than stated if it is cut off.
    pub fn bytes(&self, range: &Range<u64>) -> &'data [u8] {
        let range = range.start.min(self.len()) as usize..range.end.min(self.len()) as usize;
        self.data.get(range).unwrap_or_default()
    }

    /// A range of the file, cut where the file ends.
    pub fn clip(&self, offset: u64, len: u64) -> Range<u64> {
        let start = offset.min(self.len());
        start..offset.saturating_add(len).clamp(start, self.len())
    }

    /// Reads bytes of this file.
    pub fn cursor(&self, bytes: &'data [u8]) -> Cursor<'data, 'static> {
        Cursor::new(bytes, self.endian, &[])
    }

    /// What the file is for, in words.
    pub fn type_name(&self) -> &'static str {
        match self.file_type {
            macho::MH_OBJECT => "object file",
            macho::MH_EXECUTE => "executable",
            macho::MH_FVMLIB => "fixed library",
            macho::MH_CORE => "core dump",
            macho::MH_PRELOAD => "preloaded executable",
            macho::MH_DYLIB => "dynamic library",
            macho::MH_DYLINKER => "dynamic linker",
            macho::MH_BUNDLE => "bundle",
            macho::MH_DYLIB_STUB => "dynamic library stub",
            macho::MH_DSYM => "debug companion",
            macho::MH_KEXT_BUNDLE => "kernel extension",
            macho::MH_FILESET => "file set",
            _ => "file of unknown type",
        }
    }

    /// What runs the code.
    pub fn machine(&self) -> Machine {
        let (filler, instructions) = match self.cpu {
            macho::CPU_TYPE_X86_64 => (Filler::X86, Instructions::X86_64),
            macho::CPU_TYPE_X86 => (Filler::X86, Instructions::Other),
            // nop, udf #0
            macho::CPU_TYPE_ARM64 => (Filler::Words(&[0xd503_201f, 0]), Instructions::Aarch64),
            macho::CPU_TYPE_ARM64_32 => (Filler::Words(&[0xd503_201f, 0]), Instructions::Other),
            // Thumb nop, twice, and the halves of an ARM nop.
            macho::CPU_TYPE_ARM => {
                (Filler::HalfWords(&[0xbf00, 0x46c0, 0xf000, 0xe320, 0xe1a0]), Instructions::Other)
            }
            macho::CPU_TYPE_POWERPC | macho::CPU_TYPE_POWERPC64 => {
                (Filler::Words(&[0x6000_0000]), Instructions::Other)
            }
            _ => (Filler::Zeros, Instructions::Other),
        };
        Machine {
            bits: if self.is_64 { 64 } else { 32 },
            endian: self.endian,
            filler,
            instructions,
            fixed_addresses: self.file_type == macho::MH_EXECUTE && self.flags & macho::MH_PIE.0 == 0,
        }
    }

    /// The architecture as Rust's targets call it.
    pub fn arch(&self) -> Cow<'static, str> {
        arch(self.cpu, self.cpu_subtype)
    }
}

/// An architecture as Rust's targets call it.
pub(super) fn arch(cpu: macho::CpuType, subtype: u32) -> Cow<'static, str> {
    match slice_name(cpu, subtype) {
        Cow::Borrowed("arm64") => "aarch64".into(),
        Cow::Borrowed("i386") => "i686".into(),
        Cow::Borrowed("ppc") => "powerpc".into(),
        Cow::Borrowed("ppc64") => "powerpc64".into(),
        other => other,
    }
}

/// An architecture as `lipo` and other tools for universal files call it.
pub(super) fn slice_name(cpu: macho::CpuType, subtype: u32) -> Cow<'static, str> {
    let subtype = subtype & !macho::CPU_SUBTYPE_MASK;
    let name = match cpu {
        macho::CPU_TYPE_X86_64 if subtype == macho::CPU_SUBTYPE_X86_64_H.0 => "x86_64h",
        macho::CPU_TYPE_X86_64 => "x86_64",
        macho::CPU_TYPE_X86 => "i386",
        macho::CPU_TYPE_ARM64 if subtype == macho::CPU_SUBTYPE_ARM64E.0 => "arm64e",
        macho::CPU_TYPE_ARM64 => "arm64",
        macho::CPU_TYPE_ARM64_32 => "arm64_32",
        macho::CPU_TYPE_ARM => match macho::CpuSubtypeId(subtype) {
            macho::CPU_SUBTYPE_ARM_V4T => "armv4t",
            macho::CPU_SUBTYPE_ARM_V5TEJ => "armv5",
            macho::CPU_SUBTYPE_ARM_V6 => "armv6",
            macho::CPU_SUBTYPE_ARM_V6M => "armv6m",
            macho::CPU_SUBTYPE_ARM_V7 => "armv7",
            macho::CPU_SUBTYPE_ARM_V7S => "armv7s",
            macho::CPU_SUBTYPE_ARM_V7K => "armv7k",
            macho::CPU_SUBTYPE_ARM_V7M => "armv7m",
            macho::CPU_SUBTYPE_ARM_V7EM => "armv7em",
            _ => "arm",
        },
        macho::CPU_TYPE_POWERPC => "ppc",
        macho::CPU_TYPE_POWERPC64 => "ppc64",
        other => return format!("cpu {} subtype {subtype}", other.0).into(),
    };
    name.into()
}
