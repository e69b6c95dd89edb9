//! Unit headers and the root entry of each unit.
//!
//! Only the root is read: what lies below it is most of the file and says nothing
//! about whose bytes these are. For the same reason only the one abbreviation the
//! root uses is decoded, not the table it is in.

use std::ops::Range;

use gimli::constants as dw;

use crate::format::cursor::Cursor;
use crate::format::dwarf::form::{self, Specification, Text, Value};
use crate::format::dwarf::{DebugKind, Sections};

/// The most bytes of a name, producer or path that are read.
const TEXT_LIMIT: u64 = 4096;

/// The most attributes a root entry may have; compilers write about twenty.
const ATTRIBUTE_LIMIT: usize = 200;

/// The header of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    /// Index into the list of sections given to the reader.
    pub(super) section: usize,
    /// Offset of the header.
    pub(super) start: u64,
    /// One past the last byte.
    pub(super) end: u64,
    /// Offset of the root entry.
    pub(super) entry: u64,
    /// Offset of the root entry's attributes, behind the code of its abbreviation.
    pub(super) root: u64,
    /// Code of the root entry's abbreviation.
    pub(super) code: u64,
    pub(super) version: u16,
    /// Size of offsets: 4 or 8.
    pub(super) word: u8,
    pub(super) address_size: u8,
    /// Offset into `.debug_abbrev`.
    pub(super) abbrev: u64,
    /// Whether it describes one type only.
    pub(super) is_type: bool,
    /// Id that a skeleton shares with its other half, from version 5 on.
    pub(super) split_id: Option<u64>,
    /// Where its part of `.debug_str_offsets` starts; 0 but in packages of split units.
    pub(super) str_offsets: u64,
    /// The same of `.debug_rnglists`.
    pub(super) rnglists: u64,
}

/// What the unit at `start` turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// A unit.
    Unit(Header),
    /// A unit of known extent with a header that makes no sense.
    Odd { end: u64, what: &'static str },
    /// Nothing that further units could be found behind.
    Lost(&'static str),
}

/// Reads the unit header at `start`.
pub(super) fn header(sections: &Sections<'_, '_>, section: usize, start: u64) -> Found {
    let Some((kind, all)) = sections.cursor_at(section) else { return Found::Lost("no such section") };
    let Some(mut c) = all.from(start) else { return Found::Lost("it starts past the end of its section") };
    let Some((len, word)) = c.initial_length() else {
        return Found::Lost("its length is cut off or reserved");
    };
    let Some(end) = c.at().checked_add(len).filter(|&end| end <= sections.len_of(section)) else {
        return Found::Lost("it runs past the end of its section");
    };
    if len == 0 && word == 4 {
        // Zeros are many units without a byte; all at once they are one thing that is wrong.
        let end = start.saturating_add(all.zeros_from(start) & !3).max(end);
        return Found::Odd { end, what: "it has no length" };
    }
    let mut c = c.until(end);
    let mut read = || -> Option<Result<Header, &'static str>> {
        let version = c.u16()?;
        if !(2..=5).contains(&version) {
            return Some(Err("its version is unknown"));
        }
        let (mut unit_type, address_size, abbrev) = if version == 5 {
            (dw::DwUt(c.u8()?), c.u8()?, c.fixed(word)?)
        } else {
            let abbrev = c.fixed(word)?;
            (dw::DW_UT_compile, c.u8()?, abbrev)
        };
        if kind == DebugKind::Types {
            unit_type = dw::DW_UT_type;
        }
        let is_type = matches!(unit_type, dw::DW_UT_type | dw::DW_UT_split_type);
        let mut split_id = None;
        match unit_type {
            dw::DW_UT_type | dw::DW_UT_split_type => c.skip(8 + u64::from(word))?,
            dw::DW_UT_skeleton | dw::DW_UT_split_compile => split_id = Some(c.u64()?),
            dw::DW_UT_compile | dw::DW_UT_partial => {}
            _ => return Some(Err("its type is unknown")),
        }
        if !matches!(address_size, 1 | 2 | 4 | 8) {
            return Some(Err("its address size is unknown"));
        }
        let entry = c.at();
        let Some(code) = c.uleb().filter(|&code| code != 0) else {
            return Some(Err("it has no root entry"));
        };
        Some(Ok(Header {
            section,
            start,
            end,
            entry,
            root: c.at(),
            code,
            version,
            word,
            address_size,
            abbrev,
            is_type,
            split_id,
            str_offsets: 0,
            rnglists: 0,
        }))
    };
    match read() {
        Some(Ok(header)) => Found::Unit(header),
        Some(Err(what)) => Found::Odd { end, what },
        None => Found::Odd { end, what: "its header is cut off" },
    }
}

/// What the root entry of a unit says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Root<'data> {
    pub(super) is_partial: bool,
    pub(super) name: &'data [u8],
    pub(super) comp_dir: &'data [u8],
    pub(super) producer: &'data [u8],
    pub(super) language: u16,
    pub(super) low: Option<u64>,
    pub(super) high: Option<u64>,
    /// Offset into `.debug_ranges` or `.debug_rnglists`, by version.
    pub(super) ranges: Option<u64>,
    /// Offset into `.debug_line`.
    pub(super) line: Option<u64>,
    pub(super) str_offsets_base: Option<u64>,
    pub(super) addr_base: Option<u64>,
    pub(super) rnglists_base: Option<u64>,
    /// Where the ranges of its other half start in `.debug_ranges`, if it is a skeleton before version 5.
    pub(super) ranges_base: Option<u64>,
    pub(super) loclists_base: Option<u64>,
    /// Offset into `.debug_macro`.
    pub(super) macros: Option<u64>,
    /// Offset into `.debug_macinfo`.
    pub(super) macinfo: Option<u64>,
    /// Path of the file with its other half, if it is a skeleton.
    pub(super) split_path: Option<&'data [u8]>,
    /// Id that it shares with its other half, before version 5.
    pub(super) split_id: Option<u64>,
    /// Offsets of its name, directory and producer in the supplement, where they are there.
    pub(super) shared: [Option<u64>; 3],
}

/// Reads the root entry of a unit, whose abbreviation is at `abbreviation` of
/// `.debug_abbrev`; fails with what is wrong, in words.
pub(super) fn root<'data>(
    sections: &Sections<'data, '_>,
    header: &Header,
    abbreviation: Option<u64>,
) -> Result<Root<'data>, &'static str> {
    let missing = "the abbreviation of its root entry is missing";
    let (_, all) = sections.cursor_at(header.section).ok_or("no such section")?;
    let mut c = all.from(header.root).ok_or("its root entry is cut off")?.until(header.end);
    let specs = abbreviation.and_then(|at| sections.cursor(DebugKind::Abbrev)?.from(at));
    let mut specs = specs.ok_or(missing)?;
    let tag = specs.uleb().and_then(|tag| u16::try_from(tag).ok()).map(dw::DwTag).ok_or(missing)?;
    specs.skip(1).ok_or(missing)?;

    let mut root = Root { is_partial: tag == dw::DW_TAG_partial_unit, ..Root::default() };
    let mut texts = [None; 4];
    let (mut low, mut high, mut ranges) = (None, None, None);
    let mut is_type_tag = tag == dw::DW_TAG_type_unit;
    for n in 0.. {
        let specification = Specification::read(&mut specs).ok_or("its abbreviation is cut off")?;
        let Some(specification) = specification else { break };
        // Attributes may take no bytes, so nothing else would bound them.
        if n == ATTRIBUTE_LIMIT {
            return Err("its root entry has too many attributes");
        }
        let unknown = "its root entry is cut off or has an unknown form";
        let value = form::value(&mut c, header, specification).ok_or(unknown)?;
        let number = match value {
            Value::Number(n) => Some(n),
            _ => None,
        };
        match specification.name {
            dw::DW_AT_name => texts[0] = Some(value),
            dw::DW_AT_comp_dir => texts[1] = Some(value),
            dw::DW_AT_producer => texts[2] = Some(value),
            dw::DW_AT_dwo_name | dw::DW_AT_GNU_dwo_name => texts[3] = Some(value),
            dw::DW_AT_GNU_dwo_id => root.split_id = number,
            dw::DW_AT_language => root.language = number.and_then(|n| u16::try_from(n).ok()).unwrap_or(0),
            dw::DW_AT_low_pc => low = Some(value),
            dw::DW_AT_high_pc => high = Some(value),
            dw::DW_AT_ranges => ranges = Some(value),
            dw::DW_AT_stmt_list => root.line = number,
            dw::DW_AT_str_offsets_base => root.str_offsets_base = number,
            dw::DW_AT_addr_base | dw::DW_AT_GNU_addr_base => root.addr_base = number,
            dw::DW_AT_rnglists_base => root.rnglists_base = number,
            dw::DW_AT_GNU_ranges_base => root.ranges_base = number,
            dw::DW_AT_loclists_base => root.loclists_base = number,
            dw::DW_AT_macros | dw::DW_AT_GNU_macros => root.macros = number,
            dw::DW_AT_macro_info => root.macinfo = number,
            _ => {}
        }
    }
    is_type_tag |= header.is_type;

    let text = |value: Option<Value<'data>>| match value {
        Some(Value::Text(text)) => resolve_text(sections, header, &root, text),
        _ => None,
    };
    let named = text(texts[0]).filter(|name| !name.is_empty());
    let split_path = text(texts[3]);
    let named = named.or(split_path);
    let (comp_dir, producer) = (text(texts[1]), text(texts[2]));
    let address = |value: Option<Value<'_>>| match value? {
        Value::Address(address) => Some(address),
        Value::AddressIndex(index) => addressx(sections, header, &root, index),
        _ => None,
    };
    let low_pc = address(low);
    let high_pc = match high {
        Some(Value::Number(len)) => low_pc.and_then(|low| low.checked_add(len)),
        other => address(other),
    };
    let list = match ranges {
        Some(Value::Number(offset)) => Some(offset),
        Some(Value::ListIndex(index)) => listx(sections, header, &root, index),
        _ => None,
    };
    root.split_path = split_path;
    root.shared = [texts[0], texts[1], texts[2]].map(|value| match value {
        Some(Value::Text(Text::Shared(offset))) => Some(offset),
        _ => None,
    });
    root.name = named.unwrap_or_default();
    root.comp_dir = comp_dir.unwrap_or_default();
    root.producer = producer.unwrap_or_default();
    (root.low, root.high, root.ranges) = (low_pc, high_pc, list);
    if is_type_tag {
        // A type has no code, and says so by having no such attributes.
        (root.low, root.high, root.ranges) = (None, None, None);
    }
    Ok(root)
}

/// Finds in a table of abbreviations those of the given codes: their offsets behind the code.
///
/// `codes` is sorted, without repeats. The table lies at `table`, and ends at its
/// end at the latest.
pub(super) fn abbreviations(
    sections: &Sections<'_, '_>,
    table: Range<u64>,
    codes: &[u64],
) -> Vec<Option<u64>> {
    let mut places = vec![None; codes.len()];
    let mut left = codes.len();
    let mut look = || -> Option<()> {
        let mut c = sections.cursor(DebugKind::Abbrev)?.from(table.start)?.until(table.end);
        while left > 0 {
            let code = c.uleb().filter(|&code| code != 0)?;
            if let Ok(i) = codes.binary_search(&code)
                && let Some(place @ None) = places.get_mut(i)
            {
                *place = Some(c.at());
                left -= 1;
            }
            c.uleb()?;
            c.skip(1)?;
            while Specification::read(&mut c)?.is_some() {}
        }
        Some(())
    };
    look();
    places
}

/// The bytes of a string, wherever it is.
fn resolve_text<'data>(
    sections: &Sections<'data, '_>,
    header: &Header,
    root: &Root<'data>,
    text: Text<'data>,
) -> Option<&'data [u8]> {
    let (kind, offset) = match text {
        Text::Here(bytes) => return Some(bytes),
        Text::Str(offset) => (DebugKind::Str, offset),
        Text::LineStr(offset) => (DebugKind::LineStr, offset),
        Text::Shared(_) => return None,
        Text::Index(index) => {
            // Without a base: behind the header, which version 5 has.
            let default = match (header.version, header.word) {
                (..5, _) => 0,
                (_, 8) => 16,
                _ => 8,
            };
            let base = root.str_offsets_base.unwrap_or(default).checked_add(header.str_offsets)?;
            let c = sections.cursor(DebugKind::StrOffsets)?;
            (DebugKind::Str, element(c, base, index, header.word)?)
        }
    };
    sections.cursor(kind)?.from(offset)?.until(offset.saturating_add(TEXT_LIMIT)).cstr()
}

/// The address at `index` of the unit's part of `.debug_addr`.
pub(super) fn addressx(
    sections: &Sections<'_, '_>,
    header: &Header,
    root: &Root<'_>,
    index: u64,
) -> Option<u64> {
    let default = match (header.version, header.word) {
        (..5, _) => 0,
        (_, 8) => 16,
        _ => 8,
    };
    let base = root.addr_base.unwrap_or(default);
    element(sections.cursor(DebugKind::Addr)?, base, index, header.address_size)
}

/// The offset of the range list at `index` of the unit's part of `.debug_rnglists`.
fn listx(sections: &Sections<'_, '_>, header: &Header, root: &Root<'_>, index: u64) -> Option<u64> {
    let base = root.rnglists_base.unwrap_or(if header.word == 8 { 20 } else { 12 });
    let c = sections.cursor(DebugKind::RngLists)?;
    base.checked_add(element(c, base, index, header.word)?)
}

/// The number at `index` of an array of numbers of `size` bytes that starts at `base`.
fn element(c: Cursor<'_, '_>, base: u64, index: u64, size: u8) -> Option<u64> {
    let offset = index.checked_mul(u64::from(size))?.checked_add(base)?;
    c.from(offset)?.fixed(size)
}
