//! Attributes as abbreviations specify them, and their values by form.
//!
//! DWARF 5 sections 7.5.3 and 7.5.6, and the forms of GNU extensions. Knows what forms say and nothing of what
//! attributes mean.

use gimli::constants as dw;

use crate::format::cursor::Cursor;
use crate::format::dwarf::unit::Header;

/// An attribute of an abbreviation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Specification {
    pub(super) name: dw::DwAt,
    pub(super) form: dw::DwForm,
    /// The value of an attribute that takes no byte of an entry; else 0.
    pub(super) implicit: i64,
}

impl Specification {
    /// Reads the next one of an abbreviation; `Some(None)` at its end, `None` if it is cut off.
    ///
    /// Names and forms beyond the range of DWARF are unknown ones.
    pub(super) fn read(c: &mut Cursor<'_, '_>) -> Option<Option<Specification>> {
        let (name, form) = (c.uleb()?, c.uleb()?);
        let short = |number: u64| u16::try_from(number).unwrap_or(u16::MAX);
        let (at, form_at) = (dw::DwAt(short(name)), dw::DwForm(short(form)));
        let implicit = if form_at == dw::DW_FORM_implicit_const { c.sleb()? } else { 0 };
        let is_end = name == 0 && form == 0;
        Some((!is_end).then_some(Specification { name: at, form: form_at, implicit }))
    }
}

/// An attribute's value, as far as its form tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value<'data> {
    Number(u64),
    Address(u64),
    AddressIndex(u64),
    ListIndex(u64),
    Text(Text<'data>),
    /// An entry of the same unit, as an offset from its header.
    Reference(u64),
    /// An entry at an offset of `.debug_info`.
    FarReference(u64),
    /// An entry at an offset of the supplement's `.debug_info`.
    SharedReference(u64),
    /// A form that no attribute of interest has.
    Other,
}

/// Where a string is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Text<'data> {
    Here(&'data [u8]),
    Str(u64),
    LineStr(u64),
    Index(u64),
    /// In the supplement.
    Shared(u64),
}

/// How long values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Length {
    /// So many bytes.
    Bytes(u8),
    /// As long as an offset is in the unit.
    Word,
    /// As long as an address is in the unit.
    Address,
    /// Only the value itself tells.
    Told,
}

/// How long the values of a form are.
pub(super) fn length(form: dw::DwForm) -> Length {
    match form {
        dw::DW_FORM_flag_present | dw::DW_FORM_implicit_const => Length::Bytes(0),
        dw::DW_FORM_data1 | dw::DW_FORM_ref1 | dw::DW_FORM_flag | dw::DW_FORM_strx1 | dw::DW_FORM_addrx1 => {
            Length::Bytes(1)
        }
        dw::DW_FORM_data2 | dw::DW_FORM_ref2 | dw::DW_FORM_strx2 | dw::DW_FORM_addrx2 => Length::Bytes(2),
        dw::DW_FORM_strx3 | dw::DW_FORM_addrx3 => Length::Bytes(3),
        dw::DW_FORM_data4
        | dw::DW_FORM_ref4
        | dw::DW_FORM_ref_sup4
        | dw::DW_FORM_strx4
        | dw::DW_FORM_addrx4 => Length::Bytes(4),
        dw::DW_FORM_data8 | dw::DW_FORM_ref8 | dw::DW_FORM_ref_sig8 | dw::DW_FORM_ref_sup8 => {
            Length::Bytes(8)
        }
        dw::DW_FORM_data16 => Length::Bytes(16),
        dw::DW_FORM_sec_offset
        | dw::DW_FORM_strp
        | dw::DW_FORM_line_strp
        | dw::DW_FORM_strp_sup
        | dw::DW_FORM_GNU_strp_alt
        | dw::DW_FORM_GNU_ref_alt => Length::Word,
        dw::DW_FORM_addr => Length::Address,
        _ => Length::Told,
    }
}

/// Reads the value of an attribute of a unit; `None` if it is cut off or its form unknown.
#[inline]
pub(super) fn value<'data>(
    c: &mut Cursor<'data, '_>,
    header: &Header,
    specification: Specification,
) -> Option<Value<'data>> {
    let mut form = specification.form;
    while form == dw::DW_FORM_indirect {
        form = c.uleb().and_then(|form| u16::try_from(form).ok()).map(dw::DwForm)?;
    }
    Some(match form {
        dw::DW_FORM_addr => Value::Address(c.fixed(header.address_size)?),
        dw::DW_FORM_addrx | dw::DW_FORM_GNU_addr_index => Value::AddressIndex(c.uleb()?),
        dw::DW_FORM_addrx1 => Value::AddressIndex(c.uint(1)?),
        dw::DW_FORM_addrx2 => Value::AddressIndex(c.uint(2)?),
        dw::DW_FORM_addrx3 => Value::AddressIndex(c.uint(3)?),
        dw::DW_FORM_addrx4 => Value::AddressIndex(c.uint(4)?),
        dw::DW_FORM_data1 | dw::DW_FORM_flag => Value::Number(c.uint(1)?),
        dw::DW_FORM_data2 => Value::Number(c.uint(2)?),
        // Before version 4 these were the forms of section offsets too. Since then they are numbers: what object files
        // have relocations for is the distance of two symbols, which takes several.
        dw::DW_FORM_data4 if header.version < 4 => Value::Number(c.fixed(4)?),
        dw::DW_FORM_data8 if header.version < 4 => Value::Number(c.fixed(8)?),
        dw::DW_FORM_data4 => Value::Number(c.uint(4)?),
        dw::DW_FORM_data8 => Value::Number(c.uint(8)?),
        dw::DW_FORM_udata => Value::Number(c.uleb()?),
        dw::DW_FORM_sdata => signed(c.sleb()?),
        dw::DW_FORM_implicit_const => signed(specification.implicit),
        dw::DW_FORM_sec_offset => Value::Number(c.fixed(header.word)?),
        dw::DW_FORM_string => Value::Text(Text::Here(c.cstr()?)),
        dw::DW_FORM_strp => Value::Text(Text::Str(c.fixed(header.word)?)),
        dw::DW_FORM_line_strp => Value::Text(Text::LineStr(c.fixed(header.word)?)),
        dw::DW_FORM_strp_sup | dw::DW_FORM_GNU_strp_alt => Value::Text(Text::Shared(c.fixed(header.word)?)),
        dw::DW_FORM_strx | dw::DW_FORM_GNU_str_index => Value::Text(Text::Index(c.uleb()?)),
        dw::DW_FORM_strx1 => Value::Text(Text::Index(c.uint(1)?)),
        dw::DW_FORM_strx2 => Value::Text(Text::Index(c.uint(2)?)),
        dw::DW_FORM_strx3 => Value::Text(Text::Index(c.uint(3)?)),
        dw::DW_FORM_strx4 => Value::Text(Text::Index(c.uint(4)?)),
        dw::DW_FORM_rnglistx | dw::DW_FORM_loclistx => Value::ListIndex(c.uleb()?),
        dw::DW_FORM_ref1 => Value::Reference(c.uint(1)?),
        dw::DW_FORM_ref2 => Value::Reference(c.uint(2)?),
        dw::DW_FORM_ref4 => Value::Reference(c.uint(4)?),
        dw::DW_FORM_ref8 => Value::Reference(c.uint(8)?),
        dw::DW_FORM_ref_udata => Value::Reference(c.uleb()?),
        // Version 2 gave references the size of an address.
        dw::DW_FORM_ref_addr if header.version == 2 => Value::FarReference(c.fixed(header.address_size)?),
        dw::DW_FORM_ref_addr => Value::FarReference(c.fixed(header.word)?),
        dw::DW_FORM_ref_sup4 => Value::SharedReference(c.uint(4)?),
        dw::DW_FORM_ref_sup8 => Value::SharedReference(c.uint(8)?),
        dw::DW_FORM_GNU_ref_alt => Value::SharedReference(c.fixed(header.word)?),
        dw::DW_FORM_flag_present => Value::Other,
        _ => {
            let len = match form {
                dw::DW_FORM_data16 => 16,
                dw::DW_FORM_ref_sig8 => 8,
                dw::DW_FORM_block1 => c.uint(1)?,
                dw::DW_FORM_block2 => c.uint(2)?,
                dw::DW_FORM_block4 => c.uint(4)?,
                dw::DW_FORM_block | dw::DW_FORM_exprloc => c.uleb()?,
                _ => return None,
            };
            c.skip(len)?;
            Value::Other
        }
    })
}

/// No attribute of interest has a negative number.
fn signed<'data>(number: i64) -> Value<'data> {
    u64::try_from(number).map_or(Value::Other, Value::Number)
}
