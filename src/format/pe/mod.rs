//! Portable Executable images and the COFF object files they are linked from.
//!
//! Follows the PE format specification of Microsoft. Each file here reads one
//! structure; this one puts them together. Whatever cannot be read becomes a
//! diagnostic, and its bytes keep the section they lie in.

mod debug_directory;
mod dwarf;
mod exports;
mod headers;
mod image;
mod import_object;
mod imports;
mod kinds;
mod layout;
mod load_config;
mod mapped;
mod object_file;
mod object_relocations;
mod relocations;
mod resources;
mod rich;
mod strings;
mod strip;
mod symbols;
mod unwind;

use std::borrow::Cow;

use object::pe;

use self::headers::{File, FileHeader, OptionalHeader};
use super::{Fatal, Filler, Image, Instructions, Machine, Section, packages};
use crate::error::Diagnostic;
use crate::format::{Detail, Endian};

/// First bytes of an image.
pub const MAGIC: &[u8] = b"MZ";

/// Reads an image or an object file; `None` if it is neither.
///
/// *Errors*: the headers cannot be read; anything else is a diagnostic.
pub(super) fn read(data: &[u8], detail: Detail) -> Option<Result<Image<'_>, Fatal>> {
    if data.starts_with(MAGIC) {
        return Some(image::read(data, detail));
    }
    if import_object::looks_like_one(data) {
        return Some(import_object::read(data));
    }
    if headers::is_anonymous(data) {
        return match headers::is_big(data) {
            true => Some(object_file::read(data, detail)),
            false => Some(Err(
                "it is an object file of a compiler's intermediate code, not of machine code".into()
            )),
        };
    }
    object_file::looks_like_one(data).then(|| object_file::read(data, detail))
}

/// The list of packages that `cargo auditable` embeds.
fn packages(file: &File<'_>, sections: &[Section<'_>], diagnostics: &mut Vec<Diagnostic>) -> Option<Vec<u8>> {
    // A linker that keeps to eight letters cuts the older name.
    let section = sections.iter().find(|s| matches!(&*s.name, ".dep-v0" | ".rust-deps-v0" | ".rust-de"))?;
    let bytes = file.bytes(section.span.start, section.span.end - section.span.start);
    packages::inflate(bytes, &section.span, diagnostics)
}

/// Common name of a machine, and how its code is read.
fn machine(file: &File<'_>, fixed_addresses: bool) -> (Cow<'static, str>, Machine) {
    machine_of(&file.header, file.optional.as_ref(), fixed_addresses)
}

fn machine_of(
    header: &FileHeader,
    optional: Option<&OptionalHeader>,
    fixed_addresses: bool,
) -> (Cow<'static, str>, Machine) {
    const NOP_ARM64: Filler = Filler::Words(&[0xd503_201f, 0]);
    let (name, filler, instructions): (Cow<'static, str>, _, _) = match header.machine {
        pe::IMAGE_FILE_MACHINE_AMD64 => ("x86_64".into(), Filler::X86, Instructions::X86_64),
        pe::IMAGE_FILE_MACHINE_I386 => ("i686".into(), Filler::X86, Instructions::Other),
        pe::IMAGE_FILE_MACHINE_ARM64 => ("aarch64".into(), NOP_ARM64, Instructions::Aarch64),
        pe::IMAGE_FILE_MACHINE_ARM64EC => ("arm64ec".into(), NOP_ARM64, Instructions::Aarch64),
        pe::IMAGE_FILE_MACHINE_ARM64X => ("arm64x".into(), NOP_ARM64, Instructions::Aarch64),
        pe::IMAGE_FILE_MACHINE_ARM | pe::IMAGE_FILE_MACHINE_THUMB | pe::IMAGE_FILE_MACHINE_ARMNT => {
            ("arm".into(), Filler::HalfWords(&[0xbf00, 0xdefe]), Instructions::Other)
        }
        pe::IMAGE_FILE_MACHINE_RISCV32 => {
            ("riscv32".into(), Filler::HalfWords(&[1, 0x13]), Instructions::Other)
        }
        pe::IMAGE_FILE_MACHINE_RISCV64 => {
            ("riscv64".into(), Filler::HalfWords(&[1, 0x13]), Instructions::Other)
        }
        pe::IMAGE_FILE_MACHINE_IA64 => ("ia64".into(), Filler::Zeros, Instructions::Other),
        pe::IMAGE_FILE_MACHINE_EBC => ("efi-byte-code".into(), Filler::Zeros, Instructions::Other),
        // Data for any machine.
        pe::IMAGE_FILE_MACHINE_UNKNOWN => ("any".into(), Filler::Zeros, Instructions::Other),
        other => (format!("machine {:#x}", other.0).into(), Filler::Zeros, Instructions::Other),
    };
    let bits = if headers::is_64(header, optional) { 64 } else { 32 };
    (name, Machine { bits, endian: Endian::Little, filler, instructions, fixed_addresses })
}
