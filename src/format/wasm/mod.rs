//! WebAssembly: modules, object files and components.
//!
//! Follows the core specification (release 3), the binary format of the component
//! model and the tool conventions for linking, dynamic linking and debug
//! information. Read by hand: what is asked of most bytes is only where they end,
//! a file may hold what no parser knows yet, and a general parser would add more
//! to the program than all of this.
//!
//! Code is not in memory, so it has no addresses. An address is one of linear
//! memory; code is spoken of by its offset in the file, as engines do in their
//! stack traces.

mod component;
mod data;
mod debug;
mod elements;
mod functions;
mod linking;
mod metadata;
mod module;
mod names;
mod operators;
mod pointers;
mod sections;

use std::borrow::Cow;
use std::ops::Range;

pub(crate) use operators::{Operator, Operators};

use self::sections::Found;
use super::cursor::Cursor;
use super::trouble::Trouble;
use super::{Detail, Endian, Fatal, Image};
use crate::kind::Kind;

/// What every file starts with.
pub(super) const MAGIC: &[u8] = b"\0asm";

/// Reads numbers and names; positions are offsets in the file.
type Reader<'data> = Cursor<'data, 'static>;

/// What the version of a file says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layer {
    Module,
    Component,
}

/// A module and its sections, as the parts of this folder share them.
struct Module<'data> {
    bytes: &'data [u8],
    sections: Vec<Found<'data>>,
}

impl<'data> Module<'data> {
    /// Reads the contents of a section.
    fn reader(&self, section: &Found<'_>) -> Reader<'data> {
        let none = Cursor::new(&[], Endian::Little, &[]);
        reader(self.bytes, section.contents.clone()).unwrap_or(none)
    }

    fn slice(&self, span: &Range<u64>) -> &'data [u8] {
        self.bytes.get(span.start as usize..span.end as usize).unwrap_or_default()
    }
}

/// Reads `span` of a file; `None` if it starts past the end.
fn reader(bytes: &[u8], span: Range<u64>) -> Option<Reader<'_>> {
    Some(Cursor::new(bytes, Endian::Little, &[]).from(span.start)?.until(span.end))
}

/// Reads a module or a component.
///
/// *Errors*: the version is not known; anything else is a diagnostic.
pub fn read(bytes: &[u8], detail: Detail) -> Result<Image<'_>, Fatal> {
    Ok(match preamble(bytes)? {
        Layer::Module => module::read(bytes, detail),
        Layer::Component => component::read(bytes, detail),
    })
}

/// Whether the bytes start a module or a component.
fn preamble(bytes: &[u8]) -> Result<Layer, Fatal> {
    let Some((head, _)) = bytes.split_first_chunk::<8>().filter(|_| bytes.starts_with(MAGIC)) else {
        return Err("it ends before its version, or does not start as WebAssembly does".into());
    };
    let [.., v0, v1, l0, l1] = *head;
    match (u16::from_le_bytes([v0, v1]), u16::from_le_bytes([l0, l1])) {
        (1, 0) => Ok(Layer::Module),
        // Components have had no final version yet; the sequence of sections has not changed.
        (_, 1) => Ok(Layer::Component),
        (version, 0) => Err(format!("version {version} of modules is not 1").into()),
        (version, layer) => {
            Err(format!("version {version}, layer {layer} is neither a module nor a component").into())
        }
    }
}

/// Name of a section for people.
fn section_name<'data>(section: &Found<'data>) -> Cow<'data, str> {
    /// Longest name of a custom section that is shown in full.
    const LONGEST: usize = 256;
    match section.id {
        0 if section.name.is_empty() => "custom".into(),
        0 => String::from_utf8_lossy(section.name.get(..LONGEST).unwrap_or(section.name)),
        id => standard_name(id).map_or_else(|| format!("section {id}").into(), Cow::from),
    }
}

/// Name of a section that modules have, as tools print it.
fn standard_name(id: u8) -> Option<&'static str> {
    Some(match id {
        0 => "custom",
        1 => "type",
        2 => "import",
        3 => "function",
        4 => "table",
        5 => "memory",
        6 => "global",
        7 => "export",
        8 => "start",
        9 => "element",
        10 => "code",
        11 => "data",
        12 => "data count",
        13 => "tag",
        14 => "string refs",
        _ => return None,
    })
}

/// What the bytes of a section are.
fn section_kind(section: &Found<'_>) -> Kind {
    match section.id {
        0 => custom_kind(section.name),
        2 | 7 => Kind::Dynamic,
        6 | 9 | 14 => Kind::Data,
        10 => Kind::Code,
        // Types, what is declared, and the headers of data segments.
        1 | 3 | 4 | 5 | 8 | 11 | 12 | 13 => Kind::Headers,
        _ => Kind::Metadata,
    }
}

/// What the bytes of a custom section are.
fn custom_kind(name: &[u8]) -> Kind {
    const LINKS: [&[u8]; 2] = [b"external_debug_info", b"sourceMappingURL"];
    match name {
        b"name" | b"linking" | b"component-name" => Kind::Symbols,
        b"dylink.0" | b"dylink" => Kind::Dynamic,
        _ if name.starts_with(b".debug_") || LINKS.contains(&name) => Kind::Debug,
        _ if name.starts_with(b"reloc.") => Kind::Relocations,
        _ => Kind::Metadata,
    }
}
