//! Components: modules and components inside one another, and what connects them.
//!
//! Component model, `Binary.md`. Nested modules are read each on its own;
//! everything else is a structure of the component it lies in.

use std::borrow::Cow;
use std::ops::Range;

use super::metadata;
use super::sections::{Found, PREAMBLE, find};
use super::{Trouble, module, preamble};
use crate::error::Diagnostic;
use crate::format::join::{Part, Whole, join};
use crate::format::{Detail, Endian, Format, Header, Image, Line, Machine, Member, Region, RegionPlace};
use crate::kind::Kind;

/// Nesting beyond this is not meant to be read.
const DEEPEST: usize = 64;

/// A component whose sections are still to be looked at.
struct Open<'data> {
    /// Name with a slash behind it; empty for the outermost.
    prefix: String,
    depth: usize,
    sections: std::vec::IntoIter<Found<'data>>,
    modules: u64,
    components: u64,
}

/// What is found in a component and all components in it.
struct Inside<'data> {
    bytes: &'data [u8],
    detail: Detail,
    parts: Vec<Part<'data>>,
    regions: Vec<Region>,
    toolchain: Vec<String>,
    /// Bytes that stripping would take from nested modules and from components.
    removed: u64,
    trouble: Trouble,
}

/// Reads a component.
///
/// *Cost*: linear in the file, for nested modules as for any.
pub(super) fn read(bytes: &[u8], detail: Detail) -> Image<'_> {
    let file_len = bytes.len() as u64;
    let mut inside = Inside {
        bytes,
        detail,
        parts: Vec::new(),
        regions: Vec::new(),
        toolchain: Vec::new(),
        removed: 0,
        trouble: Trouble::default(),
    };
    inside.walk(file_len);
    let header = Header {
        format: Format::Wasm,
        file_type: "component",
        arch: "".into(),
        bits: 0,
        endian: Endian::Little,
        build_id: None,
        needed: Vec::new(),
        toolchain: inside.toolchain,
        stripped: true,
        debug_link: None,
        debug_info: None,
        packages: None,
        stripped_size: Some(file_len.saturating_sub(inside.removed)),
    };
    let (regions, diagnostics) = (inside.regions, inside.trouble.into_diagnostics());
    if inside.parts.is_empty() {
        let (line, _) = Line::lay(file_len, false, &[]);
        let members = vec![Member::whole(&line, Machine::OPAQUE)];
        let header = Header { arch: "wasm32".into(), bits: 32, ..header };
        return Image { members, regions, diagnostics, ..Image::empty(header, line) };
    }
    join(Whole { header, file_len, regions, diagnostics }, inside.parts)
}

impl<'data> Inside<'data> {
    /// Goes through the file from front to back, so parts are in order.
    fn walk(&mut self, end: u64) {
        let mut open = vec![self.open(String::new(), 0, 0..end)];
        while let Some(top) = open.last_mut() {
            let Some(section) = top.sections.next() else {
                open.pop();
                continue;
            };
            let nested = match section.id {
                1 => Some("module"),
                4 => Some("component"),
                _ => None,
            };
            let Some(nested) = nested else {
                self.structure(&section);
                continue;
            };
            self.region(section.header.clone(), "section headers", Kind::Headers);
            let count = if nested == "module" { &mut top.modules } else { &mut top.components };
            let name = format!("{}{nested} {count}", top.prefix);
            *count += 1;
            let depth = top.depth + 1;
            let contents = self.slice(&section.contents);
            match (nested, preamble(contents)) {
                ("module", Ok(super::Layer::Module)) => self.module(name, section.contents.start, contents),
                ("component", Ok(super::Layer::Component)) if depth < DEEPEST => {
                    let inner = self.open(format!("{name}/"), depth, section.contents.clone());
                    open.push(inner);
                }
                (_, told) => {
                    let why = match told {
                        Ok(_) if depth >= DEEPEST => format!("it lies {depth} components deep"),
                        Ok(_) => "it is of another kind than stated".to_string(),
                        Err(why) => why.to_string(),
                    };
                    let at = section.contents.start;
                    self.trouble.add("wasm-nested-unread", || {
                        let bytes = section.contents.end - section.contents.start;
                        Diagnostic::warning("wasm-nested-unread", format!("{name} is not read: {why}"))
                            .at(at)
                            .bytes(bytes)
                    });
                    self.region(section.contents, nested, Kind::Metadata);
                }
            }
        }
    }

    fn slice(&self, span: &Range<u64>) -> &'data [u8] {
        self.bytes.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    fn region(&mut self, span: Range<u64>, name: impl Into<Cow<'static, str>>, kind: Kind) {
        if !span.is_empty() {
            self.regions.push(Region { span, name: name.into(), kind, place: RegionPlace::File });
        }
    }

    fn open(&mut self, prefix: String, depth: usize, span: Range<u64>) -> Open<'data> {
        let inner = span.start + PREAMBLE..span.end;
        self.region(span.start..inner.start.min(span.end), "component header", Kind::Headers);
        let sections = find(self.bytes, inner, &mut self.trouble).into_iter();
        Open { prefix, depth, sections, modules: 0, components: 0 }
    }

    fn module(&mut self, name: String, offset: u64, bytes: &'data [u8]) {
        let image = module::read(bytes, self.detail);
        let kept = image.header.stripped_size.unwrap_or(bytes.len() as u64);
        self.removed += (bytes.len() as u64).saturating_sub(kept);
        self.parts.push(Part { name: name.into(), offset, image });
    }

    /// A section that holds no nested module or component.
    fn structure(&mut self, section: &Found<'data>) {
        let (name, kind) = match section.id {
            0 => (custom_name(&super::section_name(section)), super::custom_kind(section.name)),
            2 => ("core instances".into(), Kind::Dynamic),
            3 => ("core types".into(), Kind::Headers),
            5 => ("component instances".into(), Kind::Dynamic),
            6 => ("component aliases".into(), Kind::Dynamic),
            7 => ("component types".into(), Kind::Headers),
            8 => ("canonical functions".into(), Kind::Dynamic),
            9 => ("component start".into(), Kind::Headers),
            10 => ("component imports".into(), Kind::Dynamic),
            11 => ("component exports".into(), Kind::Dynamic),
            12 => ("component values".into(), Kind::Data),
            id => {
                self.trouble.add("wasm-section-unknown", || {
                    let text = format!("a component has a section of unknown kind {id}");
                    Diagnostic::warning("wasm-section-unknown", text).at(section.header.start)
                });
                ("unknown sections".into(), Kind::Metadata)
            }
        };
        if matches!(kind, Kind::Symbols | Kind::Debug) {
            self.removed += section.len();
        }
        for tool in metadata::toolchain(self.bytes, section) {
            if !self.toolchain.contains(&tool) {
                self.toolchain.push(tool);
            }
        }
        self.region(section.header.clone(), "section headers", Kind::Headers);
        self.region(section.contents.clone(), name, kind);
    }
}

/// The name of a custom section. Brackets are for what stands for a section, whatever a file says.
fn custom_name(name: &str) -> Cow<'static, str> {
    match name.starts_with('[') {
        true => format!("custom {name}").into(),
        false => name.to_string().into(),
    }
}
