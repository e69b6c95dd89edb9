//! The debug directory: which program database belongs to the image, and marks of its linker.

use object::pe;

use super::headers::File;
use super::mapped::Mapped;
use crate::error::Diagnostic;
use crate::format::{Region, RegionPlace};
use crate::kind::Kind;

/// What the directory says.
#[derive(Default)]
pub(super) struct DebugDirectory {
    /// Identity of the program database as symbol servers write it: GUID and age.
    pub build_id: Option<String>,
    /// Path of the program database, as the linker knew it.
    pub link: Option<String>,
    pub regions: Vec<Region>,
}

/// Size of an entry, `IMAGE_DEBUG_DIRECTORY`.
const ENTRY: u64 = 28;

/// Reads the directory.
pub(super) fn read(
    file: &File<'_>,
    mapped: &Mapped<'_, '_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> DebugDirectory {
    let mut out = DebugDirectory::default();
    let Some(directory) = file.directory(pe::IMAGE_DIRECTORY_ENTRY_DEBUG) else { return out };
    let Some(span) = mapped.span(directory.rva, u64::from(directory.size)) else {
        let text = format!("the debug directory at {:#x} is not in the file", directory.rva);
        diagnostics.push(Diagnostic::warning("debug-directory-out-of-file", text));
        return out;
    };
    let (name, kind) = ("debug directory".into(), Kind::Metadata);
    out.regions.push(Region { span: span.clone(), name, kind, place: RegionPlace::InSection });
    for entry in 0..(span.end - span.start) / ENTRY {
        read_entry(file, mapped, span.start + entry * ENTRY, &mut out);
    }
    out
}

fn read_entry(file: &File<'_>, mapped: &Mapped<'_, '_>, at: u64, out: &mut DebugDirectory) -> Option<()> {
    let mut c = file.cursor(at)?;
    c.skip(12)?;
    let kind = pe::DebugType(c.u32()?);
    let size = u64::from(c.u32()?);
    let (rva, offset) = (c.u32()?, u64::from(c.u32()?));
    // What is not loaded has no address, only an offset into the file.
    let span = match mapped.span(rva, size).filter(|_| rva != 0) {
        Some(span) => span,
        None if offset == 0 => return None,
        None => offset.min(file.len())..offset.saturating_add(size).min(file.len()),
    };
    if span.is_empty() {
        return None;
    }
    if kind == pe::IMAGE_DEBUG_TYPE_CODEVIEW {
        read_codeview(file.bytes(span.start, span.end - span.start), out);
    }
    // A symbol table of COFF has names of its own.
    if kind != pe::IMAGE_DEBUG_TYPE_COFF {
        let name = name(kind);
        let place = if rva == 0 { RegionPlace::Fallback } else { RegionPlace::InSection };
        let kind = if name == OTHER { Kind::Debug } else { Kind::Metadata };
        out.regions.push(Region { span, name: name.into(), kind, place });
    }
    Some(())
}

const OTHER: &str = "debug data";

fn name(kind: pe::DebugType) -> &'static str {
    match kind {
        pe::IMAGE_DEBUG_TYPE_CODEVIEW => "debug: link to program database",
        pe::IMAGE_DEBUG_TYPE_FPO => "debug: frame pointer omission",
        pe::IMAGE_DEBUG_TYPE_VC_FEATURE => "debug: compiler features",
        pe::IMAGE_DEBUG_TYPE_POGO => "debug: layout of sections",
        pe::IMAGE_DEBUG_TYPE_ILTCG => "debug: incremental code generation",
        pe::IMAGE_DEBUG_TYPE_REPRO => "debug: reproducible build",
        pe::IMAGE_DEBUG_TYPE_EX_DLLCHARACTERISTICS => "debug: extended characteristics",
        _ => OTHER,
    }
}

/// `RSDS`, GUID, age, path; or `NB10`, offset, time stamp, age, path.
fn read_codeview(bytes: &[u8], out: &mut DebugDirectory) -> Option<()> {
    let (id, path) = match bytes {
        [b'R', b'S', b'D', b'S', rest @ ..] => {
            let (guid, rest) = rest.split_first_chunk::<16>()?;
            let (age, path) = rest.split_first_chunk::<4>()?;
            (format!("{}{:x}", guid_text(guid), u32::from_le_bytes(*age)), path)
        }
        [b'N', b'B', b'1', b'0', rest @ ..] => {
            let (_, rest) = rest.split_first_chunk::<4>()?;
            let (stamp, rest) = rest.split_first_chunk::<4>()?;
            let (age, path) = rest.split_first_chunk::<4>()?;
            (format!("{:08x}{:x}", u32::from_le_bytes(*stamp), u32::from_le_bytes(*age)), path)
        }
        _ => return None,
    };
    out.build_id.get_or_insert(id);
    let path = path.split(|&b| b == 0).next().unwrap_or_default();
    if !path.is_empty() {
        out.link.get_or_insert(String::from_utf8_lossy(path).into_owned());
    }
    Some(())
}

/// A GUID is a number of four bytes, two of two, and eight bytes.
fn guid_text(guid: &[u8; 16]) -> String {
    let [a0, a1, a2, a3, b0, b1, c0, c1, rest @ ..] = *guid;
    let mut text = format!(
        "{:08x}{:04x}{:04x}",
        u32::from_le_bytes([a0, a1, a2, a3]),
        u16::from_le_bytes([b0, b1]),
        u16::from_le_bytes([c0, c1])
    );
    rest.iter().for_each(|byte| text.push_str(&format!("{byte:02x}")));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_identity_is_what_symbol_servers_use() {
        let mut record = b"RSDS".to_vec();
        record.extend([
            0x20, 0xb9, 0xdb, 0x44, 0x49, 0x17, 0x67, 0x49, 0xbe, 0x7a, 0xa4, 0xa2, 0xc2, 0x04, 0x30, 0xfa,
        ]);
        record.extend([2, 0, 0, 0]);
        record.extend(b"a\\b.pdb\0");
        let mut out = DebugDirectory::default();
        read_codeview(&record, &mut out);
        assert_eq!(out.build_id.as_deref(), Some("44dbb92017494967be7aa4a2c20430fa2"));
        assert_eq!(out.link.as_deref(), Some("a\\b.pdb"));
    }
}
