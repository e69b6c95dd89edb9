//! The entries of one unit: its functions, and what was inlined into them.
//!
//! DWARF 5 section 3.3. Every entry is passed once, in order. Functions are named by
//! their offset, since the name may be in another unit.

use gimli::constants as dw;
use gimli::{DebugRngListsIndex, DebugStrOffsetsIndex, Dwarf, RangeListsOffset, RawRangeListsOffset, Unit};

use super::entries::{Entries, Entry};
use super::places::Places;
use super::reader::Reader;
use crate::format::code::{FrameSpan, NO_INDEX};
use crate::format::dwarf::form::{self, Value};
use crate::format::dwarf::unit::Header;
use crate::intern::Distinct;
use crate::partition::{Claim, Partition};

/// How deep functions are followed into one another; code that is inlined deeper counts for the last.
const DEPTH: u8 = 250;

/// Ranges that are read of a unit without any size.
const FEW_RANGES: usize = 1024;

/// An offset of a section, in so few bytes that one word holds it and what it is an offset of: there are several for
/// each function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Offset([u8; 7]);

impl Offset {
    /// `None` for what is farther than any section is long.
    fn new(offset: u64) -> Option<Offset> {
        match offset.to_le_bytes() {
            [bytes @ .., 0] => Some(Offset(bytes)),
            _ => None,
        }
    }

    pub fn get(self) -> usize {
        let Offset([a, b, c, d, e, f, g]) = self;
        usize::try_from(u64::from_le_bytes([a, b, c, d, e, f, g, 0])).unwrap_or(usize::MAX)
    }
}

/// Where a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) enum Text {
    /// Nowhere.
    #[default]
    None,
    /// At an offset of `.debug_str`.
    Str(Offset),
    /// At an offset of `.debug_line_str`.
    LineStr(Offset),
    /// At an offset of `.debug_info`.
    Info(Offset),
    /// At an offset of the supplement's `.debug_str`.
    Supplement(Offset),
}

/// Another entry about the same function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) enum Origin {
    /// There is none.
    #[default]
    None,
    /// At an offset of `.debug_info`.
    Here(Offset),
    /// At an offset of the supplement's `.debug_info`.
    Supplement(Offset),
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
            Origin::Here(offset) => said(offset.get()).is_some_and(|said| match (said.linkage, said.name) {
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
    depth: u64,
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
#[derive(Default)]
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

/// Reads the entries of a unit.
///
/// *Cost*: linear in its size.
pub(super) fn read<'data, 'fix>(
    dwarf: &Dwarf<Reader<'data, 'fix>>,
    unit: &Unit<Reader<'data, 'fix>>,
    header: &Header,
    entries: Entries<'_, 'data, 'fix>,
    places: &Places<'_>,
) -> Tree {
    let len = usize::try_from(header.end.saturating_sub(header.start)).unwrap_or(usize::MAX);
    let ranges_left = len.saturating_mul(4).saturating_add(FEW_RANGES);
    let mut walk = Walk {
        dwarf,
        unit,
        header,
        places,
        tree: Tree::default(),
        origins: Distinct::default(),
        calls: Distinct::default(),
        claims: Vec::new(),
        ranges_left,
    };
    if walk.entries(entries).is_none() {
        walk.tree.problem = Some("its entries are cut off or not understood; what follows in it is not read");
    }
    walk.innermost();
    let Walk { tree, origins, calls, .. } = walk;
    Tree { origins: origins.into_values(), calls: calls.into_values(), ..tree }
}

struct Walk<'w, 'data, 'fix> {
    dwarf: &'w Dwarf<Reader<'data, 'fix>>,
    unit: &'w Unit<Reader<'data, 'fix>>,
    header: &'w Header,
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
    /// Reads all entries; `None` if they are cut off or not understood.
    fn entries(&mut self, mut entries: Entries<'_, 'data, 'fix>) -> Option<()> {
        let mut open: Vec<Open> = Vec::new();
        while let Some(entry) = entries.next()? {
            while open.last().is_some_and(|o| o.depth >= entry.depth) {
                open.pop();
            }
            let around = open.last().copied().unwrap_or(Open {
                depth: 0,
                frame: NO_INDEX,
                inlined: 0,
                body: NO_INDEX,
                scope: NO_INDEX,
            });
            let inside = match entry.tag {
                dw::DW_TAG_subprogram => {
                    let attributes = self.attributes(&mut entries, entry)?;
                    self.function(usize::try_from(entry.offset).ok()?, &attributes, around)
                }
                dw::DW_TAG_inlined_subroutine => {
                    let attributes = self.attributes(&mut entries, entry)?;
                    self.inlined(&attributes, around)
                }
                tag if entry.has_children && is_scope(tag) => {
                    let mut name = Text::None;
                    entries.read(entry, |_, at, value| name = self.text(value, at))?;
                    let scope = index(self.tree.scopes.len());
                    self.tree.scopes.push(Scope { name, parent: around.scope });
                    Open { scope, ..around }
                }
                _ => {
                    entries.read(entry, |_, _, _| ())?;
                    continue;
                }
            };
            if entry.has_children {
                open.push(Open { depth: entry.depth, ..inside });
            }
        }
        Some(())
    }

    /// A function, which has code of its own unless it is only declared or inlined everywhere.
    fn function(&mut self, offset: usize, attributes: &Attributes, around: Open) -> Open {
        let Attributes { linkage, name, origin, file, .. } = *attributes;
        // From version 5 on files are counted from 0.
        let file = file.filter(|&file| file != 0 || self.header.version >= 5).unwrap_or(NO_INDEX);
        self.tree.functions.push(Said { offset, linkage, name, scope: around.scope, file, origin });
        let frame = index(self.tree.frames.len());
        let before = self.claims.len();
        self.code(attributes, frame, frame, 0);
        if self.claims.len() == before {
            return Open { frame: NO_INDEX, body: NO_INDEX, inlined: 0, ..around };
        }
        let function = self.origins.insert(Offset::new(offset as u64).map_or(Origin::None, Origin::Here));
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

    /// What an entry says of a function.
    fn attributes(&self, entries: &mut Entries<'_, 'data, 'fix>, entry: Entry) -> Option<Attributes> {
        let mut found = Attributes::default();
        entries.read(entry, |name, at, value| match name {
            dw::DW_AT_linkage_name | dw::DW_AT_MIPS_linkage_name => found.linkage = self.text(value, at),
            dw::DW_AT_name => found.name = self.text(value, at),
            dw::DW_AT_abstract_origin | dw::DW_AT_specification => found.origin = self.origin(value),
            dw::DW_AT_decl_file => found.file = Some(number(value)),
            dw::DW_AT_call_file => found.call_file = Some(number(value)),
            dw::DW_AT_call_line => found.call_line = number(value),
            dw::DW_AT_low_pc => found.low = self.address(value),
            dw::DW_AT_high_pc => {
                found.high = match value {
                    Value::Number(len) => Some(End::Len(len)),
                    address => self.address(address).map(End::Address),
                }
            }
            dw::DW_AT_ranges => found.ranges = Some(self.list(value)),
            _ => {}
        })?;
        Some(found)
    }

    /// The address that a value is or stands for.
    fn address(&self, value: Value<'data>) -> Option<u64> {
        match value {
            Value::Address(address) => Some(address),
            Value::AddressIndex(index) => {
                let index = gimli::DebugAddrIndex(usize::try_from(index).ok()?);
                self.dwarf.address(self.unit, index).ok()
            }
            _ => None,
        }
    }

    /// The list of ranges that a value is or stands for.
    fn list(&self, value: Value<'data>) -> Option<RangeListsOffset> {
        match value {
            Value::Number(offset) => {
                let offset = RawRangeListsOffset(usize::try_from(offset).ok()?);
                Some(self.dwarf.ranges_offset_from_raw(self.unit, offset))
            }
            Value::ListIndex(index) => {
                let index = DebugRngListsIndex(usize::try_from(index).ok()?);
                self.dwarf.ranges_offset(self.unit, index).ok()
            }
            _ => None,
        }
    }

    /// Where the text of an attribute is that starts at `at` of the section.
    fn text(&self, value: Value<'data>, at: u64) -> Text {
        let Value::Text(text) = value else { return Text::None };
        let place = |text: fn(Offset) -> Text, offset: u64| Offset::new(offset).map_or(Text::None, text);
        match text {
            form::Text::Here(_) => place(Text::Info, at),
            form::Text::Str(offset) => place(Text::Str, offset),
            form::Text::LineStr(offset) => place(Text::LineStr, offset),
            form::Text::Shared(offset) => place(Text::Supplement, offset),
            form::Text::Index(index) => {
                let index = usize::try_from(index).map(DebugStrOffsetsIndex);
                let offset = index.ok().and_then(|index| self.dwarf.string_offset(self.unit, index).ok());
                offset.map_or(Text::None, |offset| place(Text::Str, offset.0 as u64))
            }
        }
    }

    fn origin(&self, value: Value<'data>) -> Origin {
        let place =
            |origin: fn(Offset) -> Origin, offset: u64| Offset::new(offset).map_or(Origin::None, origin);
        match value {
            Value::Reference(offset) => self
                .header
                .start
                .checked_add(offset)
                .map_or(Origin::None, |offset| place(Origin::Here, offset)),
            Value::FarReference(offset) => place(Origin::Here, offset),
            Value::SharedReference(offset) => place(Origin::Supplement, offset),
            _ => Origin::None,
        }
    }
}

/// Which attributes are read, by the tag of their entry.
pub(super) fn is_wanted(tag: dw::DwTag, name: dw::DwAt) -> bool {
    match tag {
        dw::DW_TAG_subprogram | dw::DW_TAG_inlined_subroutine => matches!(
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
        ),
        _ => is_scope(tag) && name == dw::DW_AT_name,
    }
}

/// Whether the path of a function goes through entries of a tag.
fn is_scope(tag: dw::DwTag) -> bool {
    matches!(
        tag,
        dw::DW_TAG_namespace
            | dw::DW_TAG_module
            | dw::DW_TAG_structure_type
            | dw::DW_TAG_class_type
            | dw::DW_TAG_union_type
            | dw::DW_TAG_interface_type
            | dw::DW_TAG_enumeration_type
    )
}

fn index(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(NO_INDEX)
}

fn number(value: Value<'_>) -> u32 {
    match value {
        Value::Number(number) => u32::try_from(number).unwrap_or(0),
        _ => 0,
    }
}
