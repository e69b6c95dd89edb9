//! The entries of one unit: its functions, and what was inlined into them.
//!
//! DWARF 5 section 3.3. Every entry is passed once, in order. Functions are named by
//! their offset, since the name may be in another unit.

use gimli::constants as dw;
use gimli::{AttributeValue, Dwarf, EntriesRaw, RangeListsOffset, Unit};

use super::places::Places;
use super::reader::Reader;
use crate::format::code::{FrameSpan, NO_INDEX};
use crate::intern::Distinct;
use crate::partition::{Claim, Partition};

/// How deep functions are followed into one another; code that is inlined deeper counts for the last.
const DEPTH: u8 = 250;

/// Ranges that are read of a unit without any size.
const FEW_RANGES: usize = 1024;

/// Where a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) enum Text {
    /// Nowhere.
    #[default]
    None,
    /// At an offset of `.debug_str`.
    Str(usize),
    /// At an offset of `.debug_line_str`.
    LineStr(usize),
    /// At an offset of `.debug_info`.
    Info(usize),
    /// At an offset of the supplement's `.debug_str`.
    Supplement(usize),
}

/// Another entry about the same function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) enum Origin {
    /// There is none.
    #[default]
    None,
    /// At an offset of `.debug_info`.
    Here(usize),
    /// At an offset of the supplement's `.debug_info`.
    Supplement(usize),
}

/// What an entry says of a function.
#[derive(Debug, Clone, Copy)]
pub(super) struct Said {
    /// Offset of the entry.
    pub offset: usize,
    pub linkage: Text,
    pub name: Text,
    /// Index into [`Tree::scopes`].
    pub scope: u32,
    /// Index of the file it is declared in, as the line program counts; [`NO_INDEX`] if unknown.
    pub file: u32,
    /// The entry that says the rest.
    pub origin: Origin,
}

/// A namespace or a type, which the path of a function goes through.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope {
    pub name: Text,
    /// Index of the one around it.
    pub parent: u32,
}

/// A function that has code.
#[derive(Debug, Clone, Copy)]
pub(super) struct Placed {
    /// Index into [`Tree::origins`]: the entry that is about it.
    pub function: u32,
    /// Index of what it was inlined into.
    pub parent: u32,
    /// Index into [`Tree::calls`], if the place of the call is stated.
    pub call: u32,
}

/// What a unit says.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// Functions in order of offset.
    pub functions: Vec<Said>,
    pub scopes: Vec<Scope>,
    /// Functions with code, each behind what it was inlined into.
    pub frames: Vec<Placed>,
    /// The entries that frames are about, each once.
    pub origins: Vec<Origin>,
    /// Numbers of file and line of calls, each pair once; line 0 if a compiler made the call up.
    pub calls: Vec<(u32, u32)>,
    pub bodies: Vec<FrameSpan>,
    pub spans: Vec<FrameSpan>,
    /// What could not be understood, in words.
    pub problem: Option<&'static str>,
}

impl Tree {
    /// How many functions with code are named in the supplement alone.
    pub fn elsewhere(&self) -> usize {
        let is_there = |origin: &Origin| matches!(origin, Origin::Supplement(_));
        let said = |offset: usize| {
            let found = self.functions.binary_search_by_key(&offset, |said| said.offset).ok()?;
            self.functions.get(found)
        };
        let is_named_there = |origin: &&Origin| match **origin {
            Origin::Here(offset) => said(offset).is_some_and(|said| match (said.linkage, said.name) {
                (Text::None, Text::None) => is_there(&said.origin),
                (Text::None | Text::Supplement(_), name) => matches!(name, Text::Supplement(_)),
                _ => false,
            }),
            ref origin => is_there(origin),
        };
        self.origins.iter().filter(is_named_there).count()
    }
}

/// An entry whose children are being read.
#[derive(Clone, Copy)]
struct Open {
    depth: isize,
    /// The function that code is of.
    frame: u32,
    /// How many functions it was inlined through.
    inlined: u8,
    /// The frame at the root of these.
    body: u32,
    scope: u32,
}

/// Where the code of a function ends.
#[derive(Clone, Copy)]
enum End {
    Address(u64),
    Len(u64),
}

/// What the attributes of a function say.
#[derive(Clone, Copy, Default)]
struct Attributes {
    linkage: Text,
    name: Text,
    origin: Origin,
    file: Option<u32>,
    call_file: Option<u32>,
    call_line: u32,
    low: Option<u64>,
    high: Option<End>,
    /// Its code is said to be a list of ranges; where that is, if it can be told.
    ranges: Option<Option<RangeListsOffset>>,
}

/// Reads the entries of `unit`, which starts at `start` of its section.
///
/// *Cost*: linear in its size.
pub(super) fn read<'data, 'fix>(
    dwarf: &Dwarf<Reader<'data, 'fix>>,
    unit: &Unit<Reader<'data, 'fix>>,
    start: usize,
    len: usize,
    places: &Places<'_>,
) -> Tree {
    let ranges_left = len.saturating_mul(4).saturating_add(FEW_RANGES);
    let mut walk = Walk {
        dwarf,
        unit,
        start,
        places,
        tree: Tree::default(),
        origins: Distinct::default(),
        calls: Distinct::default(),
        claims: Vec::new(),
        ranges_left,
    };
    if walk.entries().is_err() {
        walk.tree.problem = Some("its entries are cut off or not understood; what follows in it is not read");
    }
    walk.innermost();
    let Walk { tree, origins, calls, .. } = walk;
    Tree { origins: origins.into_values(), calls: calls.into_values(), ..tree }
}

struct Walk<'w, 'data, 'fix> {
    dwarf: &'w Dwarf<Reader<'data, 'fix>>,
    unit: &'w Unit<Reader<'data, 'fix>>,
    start: usize,
    places: &'w Places<'w>,
    tree: Tree,
    origins: Distinct<Origin>,
    calls: Distinct<(u32, u32)>,
    /// Code of frames, by the frame at their root.
    claims: Vec<(u32, Claim<u32>)>,
    /// Entries of range lists that may still be read: lists could be shared by many functions.
    ranges_left: usize,
}

impl<'data, 'fix> Walk<'_, 'data, 'fix> {
    fn entries(&mut self) -> gimli::Result<()> {
        let unit = self.unit;
        let mut entries = unit.entries_raw(None)?;
        let mut open: Vec<Open> = Vec::new();
        while !entries.is_empty() {
            let depth = entries.next_depth();
            let offset = self.start.saturating_add(entries.next_offset().0);
            let Some(abbreviation) = entries.read_abbreviation()? else { continue };
            while open.last().is_some_and(|o| o.depth >= depth) {
                open.pop();
            }
            let around = open.last().copied().unwrap_or(Open {
                depth: -1,
                frame: NO_INDEX,
                inlined: 0,
                body: NO_INDEX,
                scope: NO_INDEX,
            });
            let inside = match abbreviation.tag() {
                dw::DW_TAG_subprogram => {
                    let attributes = self.attributes(&mut entries, abbreviation.attributes())?;
                    self.function(offset, &attributes, around)
                }
                dw::DW_TAG_inlined_subroutine => {
                    let attributes = self.attributes(&mut entries, abbreviation.attributes())?;
                    self.inlined(&attributes, around)
                }
                dw::DW_TAG_namespace
                | dw::DW_TAG_module
                | dw::DW_TAG_structure_type
                | dw::DW_TAG_class_type
                | dw::DW_TAG_union_type
                | dw::DW_TAG_interface_type
                | dw::DW_TAG_enumeration_type
                    if abbreviation.has_children() =>
                {
                    let name = self.name(&mut entries, abbreviation.attributes())?;
                    let scope = index(self.tree.scopes.len());
                    self.tree.scopes.push(Scope { name, parent: around.scope });
                    Open { scope, ..around }
                }
                _ => {
                    entries.skip_attributes(abbreviation.attributes())?;
                    continue;
                }
            };
            if abbreviation.has_children() {
                open.push(Open { depth, ..inside });
            }
        }
        Ok(())
    }

    /// A function, which has code of its own unless it is only declared or inlined everywhere.
    fn function(&mut self, offset: usize, attributes: &Attributes, around: Open) -> Open {
        let Attributes { linkage, name, origin, file, .. } = *attributes;
        // From version 5 on files are counted from 0.
        let file = file.filter(|&file| file != 0 || self.unit.encoding().version >= 5).unwrap_or(NO_INDEX);
        self.tree.functions.push(Said { offset, linkage, name, scope: around.scope, file, origin });
        let frame = index(self.tree.frames.len());
        let before = self.claims.len();
        self.code(attributes, frame, frame, 0);
        if self.claims.len() == before {
            return Open { frame: NO_INDEX, body: NO_INDEX, inlined: 0, ..around };
        }
        let function = self.origins.insert(Origin::Here(offset));
        self.tree.frames.push(Placed { function, parent: NO_INDEX, call: NO_INDEX });
        let own = self.claims.get(before..).unwrap_or_default();
        self.tree.bodies.extend(own.iter().map(|(_, c)| FrameSpan { start: c.start, end: c.end, frame }));
        Open { frame, body: frame, inlined: 0, ..around }
    }

    /// A call that was replaced by what it calls.
    fn inlined(&mut self, attributes: &Attributes, around: Open) -> Open {
        if around.frame == NO_INDEX {
            return around;
        }
        if around.inlined >= DEPTH {
            self.tree.problem =
                Some("functions are inlined into one another too deep; the deepest are left out");
            return around;
        }
        let (frame, inlined) = (index(self.tree.frames.len()), around.inlined + 1);
        let function = self.origins.insert(attributes.origin);
        let call = attributes.call_file.map(|file| self.calls.insert((file, attributes.call_line)));
        self.tree.frames.push(Placed { function, parent: around.frame, call: call.unwrap_or(NO_INDEX) });
        self.code(attributes, frame, around.body, inlined);
        Open { frame, inlined, ..around }
    }

    /// Claims the code that attributes state.
    fn code(&mut self, attributes: &Attributes, frame: u32, body: u32, inlined: u8) {
        let rank = u8::MAX - inlined;
        let claims = &mut self.claims;
        let mut claim = |low: u64, high: u64| {
            if let Some(span) = self.places.span(low, high) {
                claims.push((body, Claim { start: span.start, end: span.end, rank, label: frame }));
            }
        };
        if let Some(list) = attributes.ranges {
            let Some(list) = list else { return };
            let Ok(mut list) = self.dwarf.ranges(self.unit, list) else { return };
            while let Ok(Some(range)) = list.next() {
                let Some(left) = self.ranges_left.checked_sub(1) else {
                    self.tree.problem = Some("its functions have too many ranges; not all are read");
                    return;
                };
                self.ranges_left = left;
                claim(range.begin, range.end);
            }
            return;
        }
        let Some(low) = attributes.low else { return };
        let high = match attributes.high {
            Some(End::Address(high)) => Some(high),
            Some(End::Len(len)) => low.checked_add(len),
            None => None,
        };
        if let Some(high) = high {
            claim(low, high);
        }
    }

    /// Gives each byte of a body to the innermost of its frames.
    fn innermost(&mut self) {
        self.claims.sort_by_key(|(body, _)| *body);
        let mut own: Vec<Claim<u32>> = Vec::new();
        for claims in self.claims.chunk_by(|a, b| a.0 == b.0) {
            if let [(_, only)] = claims {
                self.tree.spans.push(FrameSpan { start: only.start, end: only.end, frame: only.label });
                continue;
            }
            own.clear();
            own.extend(claims.iter().map(|(_, claim)| *claim));
            let end = own.iter().map(|c| c.end).max().unwrap_or(0);
            let runs = Partition::resolve(end, &mut own, NO_INDEX);
            let runs = runs.iter().filter(|(_, frame)| *frame != NO_INDEX);
            self.tree.spans.extend(runs.map(|(r, frame)| FrameSpan { start: r.start, end: r.end, frame }));
        }
    }

    fn attributes(
        &self,
        entries: &mut EntriesRaw<'_, Reader<'data, 'fix>>,
        specifications: &[gimli::AttributeSpecification],
    ) -> gimli::Result<Attributes> {
        let mut found = Attributes::default();
        let mut left = specifications;
        loop {
            let others = left.iter().take_while(|s| !tells_of_function(s.name())).count();
            let (others, rest) = left.split_at(others);
            if !others.is_empty() {
                entries.skip_attributes(others)?;
            }
            let Some((specification, rest)) = rest.split_first() else { return Ok(found) };
            left = rest;
            let at = self.start.saturating_add(entries.next_offset().0);
            let attribute = entries.read_attribute_inline(*specification)?;
            match attribute.name() {
                dw::DW_AT_linkage_name | dw::DW_AT_MIPS_linkage_name => {
                    found.linkage = self.text(attribute.raw_value(), at);
                }
                dw::DW_AT_name => found.name = self.text(attribute.raw_value(), at),
                dw::DW_AT_abstract_origin | dw::DW_AT_specification => {
                    found.origin = self.origin(&attribute.raw_value());
                }
                dw::DW_AT_decl_file => found.file = Some(number(&attribute)),
                dw::DW_AT_call_file => found.call_file = Some(number(&attribute)),
                dw::DW_AT_call_line => found.call_line = number(&attribute),
                dw::DW_AT_low_pc => found.low = self.address(&attribute.raw_value()),
                dw::DW_AT_high_pc => {
                    let value = attribute.raw_value();
                    let len = || value.udata_value().map(End::Len);
                    found.high = self.address(&value).map(End::Address).or_else(len);
                }
                dw::DW_AT_ranges => {
                    let list = self.dwarf.attr_ranges_offset(self.unit, attribute.value());
                    found.ranges = Some(list.ok().flatten());
                }
                _ => {}
            }
        }
    }

    /// The address that a value is or stands for.
    fn address(&self, value: &AttributeValue<Reader<'data, 'fix>>) -> Option<u64> {
        match value {
            AttributeValue::Addr(address) => Some(*address),
            AttributeValue::DebugAddrIndex(index) => self.dwarf.address(self.unit, *index).ok(),
            _ => None,
        }
    }

    fn name(
        &self,
        entries: &mut EntriesRaw<'_, Reader<'data, 'fix>>,
        specifications: &[gimli::AttributeSpecification],
    ) -> gimli::Result<Text> {
        let mut name = Text::None;
        for specification in specifications {
            let at = self.start.saturating_add(entries.next_offset().0);
            let attribute = entries.read_attribute(*specification)?;
            if attribute.name() == dw::DW_AT_name {
                name = self.text(attribute.raw_value(), at);
            }
        }
        Ok(name)
    }

    /// Where the text of an attribute is that starts at `at` of the section.
    fn text(&self, value: AttributeValue<Reader<'data, 'fix>>, at: usize) -> Text {
        match value {
            AttributeValue::String(_) => Text::Info(at),
            AttributeValue::DebugStrRef(offset) => Text::Str(offset.0),
            AttributeValue::DebugLineStrRef(offset) => Text::LineStr(offset.0),
            AttributeValue::DebugStrRefSup(offset) => Text::Supplement(offset.0),
            AttributeValue::DebugStrOffsetsIndex(index) => {
                self.dwarf.string_offset(self.unit, index).map_or(Text::None, |offset| Text::Str(offset.0))
            }
            _ => Text::None,
        }
    }

    fn origin(&self, value: &AttributeValue<Reader<'data, 'fix>>) -> Origin {
        match value {
            AttributeValue::UnitRef(offset) => {
                self.start.checked_add(offset.0).map_or(Origin::None, Origin::Here)
            }
            AttributeValue::DebugInfoRef(offset) => Origin::Here(offset.0),
            AttributeValue::DebugInfoRefSup(offset) => Origin::Supplement(offset.0),
            _ => Origin::None,
        }
    }
}

/// Whether an attribute is one of [`Attributes`].
fn tells_of_function(name: gimli::DwAt) -> bool {
    matches!(
        name,
        dw::DW_AT_linkage_name
            | dw::DW_AT_MIPS_linkage_name
            | dw::DW_AT_name
            | dw::DW_AT_abstract_origin
            | dw::DW_AT_specification
            | dw::DW_AT_decl_file
            | dw::DW_AT_call_file
            | dw::DW_AT_call_line
            | dw::DW_AT_low_pc
            | dw::DW_AT_high_pc
            | dw::DW_AT_ranges
    )
}

fn index(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(NO_INDEX)
}

fn number(attribute: &gimli::Attribute<Reader<'_, '_>>) -> u32 {
    attribute.udata_value().and_then(|n| u32::try_from(n).ok()).unwrap_or(0)
}
