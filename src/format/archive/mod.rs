//! Archives (`.a`, `.rlib`, `.lib`): members, each read as the file it is.
//!
//! Members without machine code (Rust metadata, bitcode) are said to be that.

mod members;

use std::borrow::Cow;
use std::ops::Range;

use members::{Entry, EntryKind};
pub use members::{MAGIC, THIN_MAGIC};

use super::join::{Part, Whole, join, opaque};
use super::{Detail, Format, Header, Image, Region, RegionPlace};
use crate::error::Diagnostic;
use crate::kind::Kind;
use crate::parallel;

/// What a member is, by its name and first bytes.
enum Content {
    /// A binary of a format that is read.
    Binary,
    /// Content with a name for people.
    Opaque(&'static str),
}

/// Reads an archive and all its members.
pub fn read(data: &[u8], detail: Detail) -> Image<'_> {
    let file_len = data.len() as u64;
    let (entries, stopped) = members::read(data);
    let mut diagnostics = Vec::new();
    let mut regions = vec![region(0..MAGIC.len() as u64, "archive header", Kind::Headers)];
    for entry in &entries {
        regions.push(region(entry.header.clone(), "archive headers", Kind::Headers));
        match entry.kind {
            EntryKind::SymbolIndex => {
                regions.push(region(entry.content.clone(), "archive symbol index", Kind::Symbols));
            }
            EntryKind::LongNames => {
                regions.push(region(entry.content.clone(), "archive member names", Kind::Headers));
            }
            EntryKind::Member | EntryKind::Elsewhere => {}
        }
        // Two bytes of filler at most, which zero padding would not recognise.
        if entry.content.end % 2 == 1 && bytes(data, &(entry.content.end..entry.content.end + 1)) == b"\n" {
            regions.push(region(entry.content.end..entry.content.end + 1, "padding", Kind::Padding));
        }
    }
    if let Some((at, why)) = stopped {
        let text = format!("the archive is not read from {at:#x} on: {why}");
        diagnostics.push(Diagnostic::warning("archive-cut", text).at(at).bytes(file_len - at));
    }
    let elsewhere = entries.iter().filter(|e| e.kind == EntryKind::Elsewhere).count();
    if elsewhere > 0 {
        let text = format!(
            "it is a thin archive: its {elsewhere} members lie in files of their own, which are not opened"
        );
        diagnostics.push(Diagnostic::note("archive-thin", text));
    }
    let stored: Vec<&Entry<'_>> =
        entries.iter().filter(|e| e.kind == EntryKind::Member && !e.content.is_empty()).collect();
    let parts: Vec<Part<'_>> = parallel::map(&stored, 1, |entry| part(data, entry, detail));
    let is_rust = entries.iter().any(|e| e.name == RUST_METADATA);
    let header = Header {
        file_type: if is_rust { "Rust library" } else { "archive" },
        ..Header::unknown(Format::Archive)
    };
    join(Whole { header, file_len, regions, diagnostics }, parts)
}

/// The member of a Rust library that tells other crates what is in it.
const RUST_METADATA: &str = "lib.rmeta";

fn region(span: Range<u64>, name: &'static str, kind: Kind) -> Region {
    Region { span, name: name.into(), kind, place: RegionPlace::File }
}

fn bytes<'data>(data: &'data [u8], span: &Range<u64>) -> &'data [u8] {
    data.get(span.start as usize..span.end as usize).unwrap_or_default()
}

fn content(entry: &Entry<'_>, bytes: &[u8]) -> Content {
    if entry.name == RUST_METADATA {
        return Content::Opaque("Rust metadata");
    }
    match bytes {
        [b'B', b'C', 0xc0, 0xde, ..] | [0xde, 0xc0, 0x17, 0x0b, ..] => Content::Opaque("LLVM bitcode"),
        _ if bytes.starts_with(MAGIC) || bytes.starts_with(THIN_MAGIC) => Content::Opaque("archive"),
        _ => Content::Binary,
    }
}

/// A member as the file it is.
fn part<'data>(data: &'data [u8], entry: &Entry<'data>, detail: Detail) -> Part<'data> {
    let bytes = bytes(data, &entry.content);
    let image = match content(entry, bytes) {
        Content::Opaque(name) => opaque(bytes, name),
        Content::Binary => match super::read_image(bytes, detail) {
            Some(Ok(mut image)) => {
                name_symbols(&mut image, entry.name.clone());
                image
            }
            Some(Err(why)) => {
                let mut image = opaque(bytes, "unread member");
                let text = format!("it is not read: {why}");
                image
                    .diagnostics
                    .push(Diagnostic::warning("member-unread", text).at(0).bytes(bytes.len() as u64));
                image
            }
            None => opaque(bytes, "other content"),
        },
    };
    Part { name: entry.name.clone(), offset: entry.content.start, image }
}

/// Gives symbols that follow no file symbol the name of the member: it names the codegen unit.
fn name_symbols<'data>(image: &mut Image<'data>, name: Cow<'data, str>) {
    let member = image.files.len() as u32;
    let mut used = false;
    for symbol in image.symbols.iter_mut().filter(|s| s.file.is_none()) {
        symbol.file = Some(member);
        used = true;
    }
    if used {
        image.files.push(name);
    }
}
