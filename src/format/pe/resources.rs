//! Resources: a tree of type, name and language, whose leaves are icons, versions, manifests.

use std::ops::Range;

use object::pe;

use super::headers::File;
use super::mapped::Mapped;
use crate::error::Diagnostic;
use crate::format::cursor::Cursor;
use crate::format::{Region, RegionPlace};
use crate::kind::Kind;

/// Type, name, language; nothing lies deeper.
const DEPTH: u32 = 3;
/// The tables, the names and the leaves that say where resources lie.
const DIRECTORY: &str = "resource directory";

/// Names the parts of the resource directory.
pub(super) fn read(
    file: &File<'_>,
    mapped: &Mapped<'_, '_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Region> {
    let Some(directory) = file.directory(pe::IMAGE_DIRECTORY_ENTRY_RESOURCE) else { return Vec::new() };
    let Some(span) = mapped.span(directory.rva, u64::from(directory.size)) else {
        let text = format!("the resources at {:#x} are not in the file", directory.rva);
        diagnostics.push(Diagnostic::warning("resources-out-of-file", text));
        return Vec::new();
    };
    let mut tree = Tree {
        file,
        mapped,
        // An entry takes eight bytes, so a tree without loops has no more of them than this.
        left: (span.end - span.start) / 8,
        span,
        regions: Vec::new(),
    };
    tree.table(0, 0, None);
    if tree.left == 0 {
        let text =
            "the resource directory refers to its own tables more than once; the rest of it is not read";
        diagnostics.push(Diagnostic::warning("resources-loop", text).at(tree.span.start));
    }
    tree.regions
}

struct Tree<'t, 'data> {
    file: &'t File<'data>,
    mapped: &'t Mapped<'t, 'data>,
    span: Range<u64>,
    left: u64,
    regions: Vec<Region>,
}

impl<'data> Tree<'_, 'data> {
    /// Reads at an offset into the directory.
    fn at(&self, offset: u64) -> Option<Cursor<'data, 'static>> {
        let at = self.span.start.checked_add(offset)?;
        Some(self.file.cursor(at)?.until(self.span.end))
    }

    fn name(&mut self, span: Range<u64>, name: &'static str, kind: Kind) {
        if !span.is_empty() {
            let place = RegionPlace::InSection;
            self.regions.push(Region { span, name: name.into(), kind, place });
        }
    }

    /// `IMAGE_RESOURCE_DIRECTORY` and its entries; `kind` is the type of all that lies below.
    fn table(&mut self, offset: u64, depth: u32, kind: Option<u32>) -> Option<()> {
        let mut c = self.at(offset)?;
        let start = c.at();
        c.skip(12)?;
        let count = u32::from(c.u16()?) + u32::from(c.u16()?);
        let mut entries = Vec::new();
        for _ in 0..count {
            let (Some(name), Some(to)) = (c.u32(), c.u32()) else { break };
            if self.left == 0 {
                break;
            }
            self.left -= 1;
            entries.push((name, to));
        }
        self.name(start..c.at(), DIRECTORY, Kind::Metadata);
        for (name, to) in entries {
            let is_text = name & pe::IMAGE_RESOURCE_NAME_IS_STRING != 0;
            if is_text {
                self.text(u64::from(name & !pe::IMAGE_RESOURCE_NAME_IS_STRING));
            }
            let kind = kind.or((depth == 0).then_some(if is_text { u32::MAX } else { name }));
            let below = u64::from(to & !pe::IMAGE_RESOURCE_DATA_IS_DIRECTORY);
            if to & pe::IMAGE_RESOURCE_DATA_IS_DIRECTORY == 0 {
                self.leaf(below, kind);
            } else if depth + 1 < DEPTH {
                self.table(below, depth + 1, kind);
            }
        }
        Some(())
    }

    /// A name: its length in UTF-16 units, and they.
    fn text(&mut self, offset: u64) -> Option<()> {
        let mut c = self.at(offset)?;
        let start = c.at();
        let len = u64::from(c.u16()?) * 2;
        c.skip(len)?;
        self.name(start..c.at(), DIRECTORY, Kind::Metadata);
        Some(())
    }

    /// `IMAGE_RESOURCE_DATA_ENTRY`, and the resource it speaks of.
    fn leaf(&mut self, offset: u64, kind: Option<u32>) -> Option<()> {
        let mut c = self.at(offset)?;
        let start = c.at();
        let (rva, size) = (c.u32()?, c.u32()?);
        c.skip(8)?;
        self.name(start..c.at(), DIRECTORY, Kind::Metadata);
        let span = self.mapped.span(rva, u64::from(size))?;
        self.name(span, kind.map_or("resource", type_name), Kind::Rodata);
        Some(())
    }
}

/// Resources by the number of their type.
fn type_name(kind: u32) -> &'static str {
    match u16::try_from(kind).unwrap_or_default() {
        pe::RT_CURSOR | pe::RT_GROUP_CURSOR | pe::RT_ANICURSOR => "resource: cursor",
        pe::RT_BITMAP => "resource: bitmap",
        pe::RT_ICON | pe::RT_GROUP_ICON | pe::RT_ANIICON => "resource: icon",
        pe::RT_MENU => "resource: menu",
        pe::RT_DIALOG => "resource: dialog",
        pe::RT_STRING => "resource: strings",
        pe::RT_FONTDIR | pe::RT_FONT => "resource: font",
        pe::RT_ACCELERATOR => "resource: accelerators",
        pe::RT_RCDATA => "resource: raw data",
        pe::RT_MESSAGETABLE => "resource: messages",
        pe::RT_VERSION => "resource: version",
        pe::RT_HTML => "resource: HTML",
        pe::RT_MANIFEST => "resource: manifest",
        _ => "resource: other",
    }
}
