//! What gimli, which others wrote, reads of the same entries.

use std::collections::BTreeSet;

use arbtest::arbitrary::{Result, Unstructured};
use gimli::{AttributeValue, DebugAbbrev, DebugInfo, EndianSlice, RunTimeEndian, UnitSectionOffset};
use object::{Object, ObjectSection};

use super::*;
use crate::format::Endian;
use crate::format::cursor::{Addend, Fixup};
use crate::format::dwarf::form::Text;
use crate::format::dwarf::{DebugKind, DebugSection, Sections, headers};
use crate::format::trouble::Trouble;

type Bytes<'data> = EndianSlice<'data, RunTimeEndian>;

fn is_same(theirs: &AttributeValue<Bytes<'_>>, ours: Value<'_>) -> bool {
    match (theirs, ours) {
        (AttributeValue::Addr(a), Value::Address(b)) => *a == b,
        (AttributeValue::Data1(a), Value::Number(b)) => u64::from(*a) == b,
        (AttributeValue::Data2(a), Value::Number(b)) => u64::from(*a) == b,
        (AttributeValue::Data4(a), Value::Number(b)) => u64::from(*a) == b,
        (AttributeValue::Data8(a) | AttributeValue::Udata(a), Value::Number(b)) => *a == b,
        (AttributeValue::Sdata(a), Value::Number(b)) => u64::try_from(*a) == Ok(b),
        (AttributeValue::Sdata(a), Value::Other) => *a < 0,
        (AttributeValue::Flag(a), Value::Number(b)) => *a == (b != 0),
        (AttributeValue::SecOffset(a), Value::Number(b)) => *a as u64 == b,
        (AttributeValue::DebugAddrIndex(a), Value::AddressIndex(b)) => a.0 as u64 == b,
        (AttributeValue::DebugLocListsIndex(a), Value::ListIndex(b)) => a.0 as u64 == b,
        (AttributeValue::DebugRngListsIndex(a), Value::ListIndex(b)) => a.0 as u64 == b,
        (AttributeValue::UnitRef(a), Value::Reference(b)) => a.0 as u64 == b,
        (AttributeValue::DebugInfoRef(a), Value::FarReference(b)) => a.0 as u64 == b,
        (AttributeValue::DebugInfoRefSup(a), Value::SharedReference(b)) => a.0 as u64 == b,
        (AttributeValue::DebugStrRef(a), Value::Text(Text::Str(b))) => a.0 as u64 == b,
        (AttributeValue::DebugStrRefSup(a), Value::Text(Text::Shared(b))) => a.0 as u64 == b,
        (AttributeValue::DebugLineStrRef(a), Value::Text(Text::LineStr(b))) => a.0 as u64 == b,
        (AttributeValue::DebugStrOffsetsIndex(a), Value::Text(Text::Index(b))) => a.0 as u64 == b,
        (AttributeValue::String(a), Value::Text(Text::Here(b))) => a.slice() == b,
        (
            AttributeValue::Flag(true)
            | AttributeValue::Block(_)
            | AttributeValue::Exprloc(_)
            | AttributeValue::Data16(_)
            | AttributeValue::DebugTypesRef(_),
            Value::Other,
        ) => true,
        _ => false,
    }
}

/// What gimli and this module read of all units must be the same; gives the number of entries, and of units
/// that are cut off.
fn compare(
    info: &[u8],
    abbrev: &[u8],
    endian: Endian,
    is_wanted: fn(dw::DwTag, dw::DwAt) -> bool,
) -> [usize; 2] {
    let section = |kind, bytes| DebugSection { kind, index: 0, bytes, fixups: &[], file_offset: None };
    let list = [section(DebugKind::Info, info), section(DebugKind::Abbrev, abbrev)];
    let sections = Sections::new(&list, endian);
    let order = if endian == Endian::Little { RunTimeEndian::Little } else { RunTimeEndian::Big };
    let (debug_info, debug_abbrev) = (DebugInfo::new(info, order), DebugAbbrev::new(abbrev, order));
    let (mut count, mut n_cut) = (0, 0);
    for header in headers(&sections, &mut Trouble::default()) {
        let start = gimli::DebugInfoOffset(header.start as usize);
        let unit = debug_info.header_from_offset(start).expect("the header is understood");
        assert_eq!(unit.offset(), UnitSectionOffset(header.start as usize));
        let table = sections.cursor(DebugKind::Abbrev).and_then(|c| c.from(header.abbrev));
        let table = table.and_then(|c| Table::read(c, is_wanted)).expect("the table is whole");
        let abbreviations = unit.abbreviations(&debug_abbrev).expect("the table is whole");
        let (_, all) = sections.cursor_at(0).expect("it is there");
        let mut ours = Entries::of(all, &table, &header).expect("the unit is there");
        let mut theirs = unit.entries_raw(&abbreviations, None).expect("there are entries");
        loop {
            let abbreviation = loop {
                match if theirs.is_empty() { Ok(None) } else { theirs.read_abbreviation() } {
                    Ok(None) if !theirs.is_empty() => {}
                    other => break other,
                }
            };
            let entry = ours.next();
            let (abbreviation, entry) = match (abbreviation, entry) {
                (Ok(Some(abbreviation)), Some(Some(entry))) => (abbreviation, entry),
                (Ok(None), Some(None)) => break,
                (Err(_), None) => {
                    n_cut += 1;
                    break;
                }
                (theirs, ours) => panic!("{theirs:?} and {ours:?} in {header:?}"),
            };
            assert_eq!((abbreviation.tag(), abbreviation.has_children()), (entry.tag, entry.has_children));
            let after = theirs.next_depth() - isize::from(entry.has_children);
            assert_eq!(after, entry.depth as isize, "{entry:?} in {header:?}");
            let mut wanted = Vec::new();
            let read = abbreviation.attributes().iter().try_for_each(|specification| {
                let at = header.start + theirs.next_offset().0 as u64;
                let attribute = theirs.read_attribute(*specification)?;
                if is_wanted(entry.tag, attribute.name()) {
                    wanted.push((attribute.name(), at, attribute.raw_value()));
                }
                gimli::Result::Ok(())
            });
            let mut told = Vec::new();
            let whole = ours.read(entry, |name, at, value| told.push((name, at, value)));
            assert_eq!(read.is_ok(), whole.is_some(), "{entry:?} in {header:?}");
            if whole.is_none() {
                n_cut += 1;
                break;
            }
            assert_eq!(wanted.len(), told.len(), "{entry:?} in {header:?}");
            for (theirs, ours) in wanted.iter().zip(&told) {
                assert_eq!((theirs.0, theirs.1), (ours.0, ours.1), "{entry:?} in {header:?}");
                assert!(is_same(&theirs.2, ours.2), "{theirs:?} and {ours:?} in {header:?}");
            }
            count += 1;
        }
    }
    [count, n_cut]
}

fn everything(_: dw::DwTag, _: dw::DwAt) -> bool {
    true
}

#[test]
fn fixtures_are_read_as_gimli_reads_them() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/bin");
    let mut files = 0;
    for file in std::fs::read_dir(folder).expect("the fixtures are there") {
        let bytes = std::fs::read(file.expect("readable").path()).expect("readable");
        // Those of programs are not relocated; object files are another test's.
        let Ok(file) = object::File::parse(&bytes[..]) else { continue };
        let data = |name: &str| {
            file.section_by_name(name).and_then(|s| s.uncompressed_data().ok()).unwrap_or_default()
        };
        let (info, abbrev) = (data(".debug_info"), data(".debug_abbrev"));
        if file.kind() == object::ObjectKind::Relocatable || info.is_empty() {
            continue;
        }
        let endian = if file.is_little_endian() { Endian::Little } else { Endian::Big };
        for is_wanted in [everything, super::super::tree::is_wanted] {
            let [count, n_cut] = compare(&info, &abbrev, endian, is_wanted);
            assert!(count > 0 && n_cut == 0, "{count} entries, {n_cut} cut off");
        }
        files += 1;
    }
    assert!(files >= 10, "only {files} files with entries");
}

const NAMES: [dw::DwAt; 12] = [
    dw::DW_AT_name,
    dw::DW_AT_linkage_name,
    dw::DW_AT_abstract_origin,
    dw::DW_AT_decl_file,
    dw::DW_AT_call_line,
    dw::DW_AT_low_pc,
    dw::DW_AT_high_pc,
    dw::DW_AT_ranges,
    dw::DW_AT_type,
    dw::DW_AT_location,
    dw::DW_AT_byte_size,
    dw::DW_AT_const_value,
];

const TAGS: [dw::DwTag; 5] = [
    dw::DW_TAG_subprogram,
    dw::DW_TAG_inlined_subroutine,
    dw::DW_TAG_namespace,
    dw::DW_TAG_variable,
    dw::DW_TAG_lexical_block,
];

/// All forms.
const FORMS: [dw::DwForm; 47] = [
    dw::DW_FORM_GNU_ref_alt,
    dw::DW_FORM_addr,
    dw::DW_FORM_block2,
    dw::DW_FORM_block4,
    dw::DW_FORM_data2,
    dw::DW_FORM_data4,
    dw::DW_FORM_data8,
    dw::DW_FORM_string,
    dw::DW_FORM_block,
    dw::DW_FORM_block1,
    dw::DW_FORM_data1,
    dw::DW_FORM_flag,
    dw::DW_FORM_sdata,
    dw::DW_FORM_strp,
    dw::DW_FORM_udata,
    dw::DW_FORM_ref_addr,
    dw::DW_FORM_ref1,
    dw::DW_FORM_ref2,
    dw::DW_FORM_ref4,
    dw::DW_FORM_ref8,
    dw::DW_FORM_ref_udata,
    dw::DW_FORM_sec_offset,
    dw::DW_FORM_exprloc,
    dw::DW_FORM_flag_present,
    dw::DW_FORM_ref_sig8,
    dw::DW_FORM_strx,
    dw::DW_FORM_addrx,
    dw::DW_FORM_ref_sup4,
    dw::DW_FORM_strp_sup,
    dw::DW_FORM_data16,
    dw::DW_FORM_line_strp,
    dw::DW_FORM_implicit_const,
    dw::DW_FORM_loclistx,
    dw::DW_FORM_rnglistx,
    dw::DW_FORM_ref_sup8,
    dw::DW_FORM_strx1,
    dw::DW_FORM_strx2,
    dw::DW_FORM_strx3,
    dw::DW_FORM_strx4,
    dw::DW_FORM_addrx1,
    dw::DW_FORM_addrx2,
    dw::DW_FORM_addrx3,
    dw::DW_FORM_addrx4,
    dw::DW_FORM_GNU_addr_index,
    dw::DW_FORM_GNU_str_index,
    dw::DW_FORM_GNU_strp_alt,
    dw::DW_FORM_indirect,
];

/// Writes numbers of a unit.
struct Writer {
    bytes: Vec<u8>,
    endian: Endian,
    word: u8,
    address_size: u8,
}

impl Writer {
    fn uint(&mut self, value: u64, size: u8) {
        let mut part = value.to_le_bytes()[..usize::from(size)].to_vec();
        if self.endian == Endian::Big {
            part.reverse();
        }
        self.bytes.extend(part);
    }

    fn uleb(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    /// A value of a form, as the specification says it is encoded.
    fn value(&mut self, form: dw::DwForm, version: u16, u: &mut Unstructured<'_>) -> Result<()> {
        let any: u64 = u.arbitrary()?;
        let any = any >> u.int_in_range(0..=63)?;
        let (word, address_size) = (self.word, self.address_size);
        let len = u.int_in_range(0..=5)?;
        match form {
            dw::DW_FORM_addr => self.uint(any, address_size),
            dw::DW_FORM_ref_addr if version == 2 => self.uint(any, address_size),
            dw::DW_FORM_ref_addr
            | dw::DW_FORM_strp
            | dw::DW_FORM_sec_offset
            | dw::DW_FORM_strp_sup
            | dw::DW_FORM_line_strp
            | dw::DW_FORM_GNU_ref_alt
            | dw::DW_FORM_GNU_strp_alt => self.uint(any, word),
            dw::DW_FORM_data1
            | dw::DW_FORM_flag
            | dw::DW_FORM_ref1
            | dw::DW_FORM_strx1
            | dw::DW_FORM_addrx1 => self.uint(any, 1),
            dw::DW_FORM_data2 | dw::DW_FORM_ref2 | dw::DW_FORM_strx2 | dw::DW_FORM_addrx2 => {
                self.uint(any, 2)
            }
            dw::DW_FORM_strx3 | dw::DW_FORM_addrx3 => self.uint(any & 0xff_ffff, 3),
            dw::DW_FORM_data4
            | dw::DW_FORM_ref4
            | dw::DW_FORM_ref_sup4
            | dw::DW_FORM_strx4
            | dw::DW_FORM_addrx4 => {
                self.uint(any, 4);
            }
            dw::DW_FORM_data8 | dw::DW_FORM_ref8 | dw::DW_FORM_ref_sig8 | dw::DW_FORM_ref_sup8 => {
                self.uint(any, 8)
            }
            dw::DW_FORM_data16 => {
                self.uint(any, 8);
                self.uint(any, 8);
            }
            // Any bytes that end are a signed number too.
            dw::DW_FORM_udata
            | dw::DW_FORM_sdata
            | dw::DW_FORM_ref_udata
            | dw::DW_FORM_strx
            | dw::DW_FORM_addrx
            | dw::DW_FORM_loclistx
            | dw::DW_FORM_rnglistx
            | dw::DW_FORM_GNU_addr_index
            | dw::DW_FORM_GNU_str_index => {
                self.uleb(any >> 2);
            }
            dw::DW_FORM_string => {
                self.bytes.extend((0..len).map(|i| b'a' + i));
                self.bytes.push(0);
            }
            dw::DW_FORM_block1 => {
                self.uint(u64::from(len), 1);
                self.bytes.extend((0..len).map(|i| i ^ any as u8));
            }
            dw::DW_FORM_block2 | dw::DW_FORM_block4 => {
                self.uint(u64::from(len), if form == dw::DW_FORM_block2 { 2 } else { 4 });
                self.bytes.extend((0..len).map(|i| i ^ any as u8));
            }
            dw::DW_FORM_block | dw::DW_FORM_exprloc => {
                self.uleb(u64::from(len));
                self.bytes.extend((0..len).map(|i| i ^ any as u8));
            }
            dw::DW_FORM_indirect => {
                let actual = *u.choose(&FORMS)?;
                // An abbreviation has no constant for it.
                let actual = if actual == dw::DW_FORM_implicit_const { dw::DW_FORM_data1 } else { actual };
                self.uleb(u64::from(actual.0));
                return self.value(actual, version, u);
            }
            _ => {}
        }
        Ok(())
    }
}

#[test]
fn any_form_of_any_unit_is_read_as_gimli_reads_it() {
    let (mut entries, mut cut) = (0, 0);
    arbtest::arbtest(|u| {
        let endian = *u.choose(&[Endian::Little, Endian::Big])?;
        let (version, word, address_size) =
            (u.int_in_range(2..=5u16)?, *u.choose(&[4u8, 8])?, *u.choose(&[1u8, 2, 4, 8])?);
        let writer = || Writer { bytes: Vec::new(), endian, word, address_size };
        let mut table = writer();
        let mut known: Vec<(u64, bool, Vec<dw::DwForm>)> = Vec::new();
        let mut codes = BTreeSet::new();
        for number in 1..=u.int_in_range(1..=6u64)? {
            let code = if u.ratio(1, 4)? { u.int_in_range(1..=200)? } else { number };
            if !codes.insert(code) {
                continue;
            }
            let has_children = u.arbitrary()?;
            table.uleb(code);
            table.uleb(u64::from(u.choose(&TAGS)?.0));
            table.bytes.push(u8::from(has_children));
            let mut forms = Vec::new();
            for name in NAMES {
                if u.ratio(1, 2)? {
                    let form = *u.choose(&FORMS)?;
                    table.uleb(u64::from(name.0));
                    table.uleb(u64::from(form.0));
                    if form == dw::DW_FORM_implicit_const {
                        table.bytes.push(u.arbitrary::<u8>()? & 0x7f);
                    }
                    forms.push(form);
                }
            }
            table.bytes.extend([0, 0]);
            known.push((code, has_children, forms));
        }
        // Some tables lack their end.
        if u.arbitrary()? {
            table.bytes.push(0);
        }
        let mut unit = writer();
        unit.uint(u64::from(version), 2);
        if version == 5 {
            unit.bytes.extend([1, address_size]);
            unit.uint(0, word);
        } else {
            unit.uint(0, word);
            unit.bytes.push(address_size);
        }
        let mut depth = 0;
        for number in 0..u.int_in_range(1..=12)? {
            if number > 0 && depth > 0 && u.ratio(1, 3)? {
                unit.bytes.push(0);
                depth -= 1;
                continue;
            }
            let (code, has_children, forms) = u.choose(&known)?;
            unit.uleb(*code);
            for form in forms {
                unit.value(*form, version, u)?;
            }
            depth += u32::from(*has_children);
        }
        // Not all of it is there, at times.
        if u.ratio(1, 2)? {
            let header = if version == 5 { 4 } else { 3 } + usize::from(word) + 2;
            let len = u.int_in_range(header.min(unit.bytes.len())..=unit.bytes.len())?;
            unit.bytes.truncate(len);
        }
        let mut info = writer();
        if word == 8 {
            info.uint(0xffff_ffff, 4);
        }
        info.uint(unit.bytes.len() as u64, word);
        info.bytes.extend(unit.bytes);
        for is_wanted in [everything, super::super::tree::is_wanted] {
            let [count, n_cut] = compare(&info.bytes, &table.bytes, endian, is_wanted);
            entries += count;
            cut += n_cut;
        }
        Ok(())
    });
    assert!(entries > 0 && cut > 0, "{entries} entries, {cut} units cut off");
}

#[test]
fn what_takes_no_bytes_takes_no_steps() {
    let mut w = Writer { bytes: vec![1, 0x2e, 0], endian: Endian::Little, word: 4, address_size: 8 };
    for _ in 0..1000 {
        for (name, value) in [(dw::DW_AT_call_line, 5), (dw::DW_AT_call_column, 6)] {
            w.uleb(u64::from(name.0));
            w.uleb(u64::from(dw::DW_FORM_implicit_const.0));
            w.bytes.push(value);
        }
        w.uleb(u64::from(dw::DW_AT_external.0));
        w.uleb(u64::from(dw::DW_FORM_flag_present.0));
    }
    w.bytes.extend([0, 0, 0]);
    let table = Table::read(Cursor::new(&w.bytes, Endian::Little, &[]), super::super::tree::is_wanted);
    let table = table.expect("it is whole");
    assert_eq!(table.steps.len(), 1, "{:?}", table.steps);
}

/// A unit of one entry: a function that ends at a number of four bytes, and a table for it.
fn ends_at_four_bytes(version: u16, implicit: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let writer = || Writer { bytes: Vec::new(), endian: Endian::Little, word: 4, address_size: 8 };
    let (mut table, mut unit) = (writer(), writer());
    table.bytes.extend([1, 0x2e, 0]);
    for value in implicit {
        table.uleb(u64::from(dw::DW_AT_high_pc.0));
        table.uleb(u64::from(dw::DW_FORM_implicit_const.0));
        table.bytes.push(*value);
    }
    if implicit.is_empty() {
        table.uleb(u64::from(dw::DW_AT_high_pc.0));
        table.uleb(u64::from(dw::DW_FORM_data4.0));
    }
    table.bytes.extend([0, 0, 0]);
    unit.uint(u64::from(version), 2);
    match version {
        5 => {
            unit.bytes.extend([1, 8]);
            unit.uint(0, 4);
        }
        _ => {
            unit.uint(0, 4);
            unit.bytes.push(8);
        }
    }
    unit.bytes.push(1);
    if implicit.is_empty() {
        unit.uint(7, 4);
    }
    let mut info = writer();
    info.uint(unit.bytes.len() as u64, 4);
    info.bytes.extend(unit.bytes);
    (info.bytes, table.bytes)
}

/// The offset of the one entry, and its attributes.
fn of_one_entry(info: &[u8], abbrev: &[u8], fixups: &[Fixup]) -> (u64, Vec<u64>) {
    let section = |kind, bytes, fixups| DebugSection { kind, index: 0, bytes, fixups, file_offset: None };
    let list = [section(DebugKind::Info, info, fixups), section(DebugKind::Abbrev, abbrev, &[])];
    let sections = Sections::new(&list, Endian::Little);
    let headers = headers(&sections, &mut Trouble::default());
    let table = Table::read(Cursor::new(abbrev, Endian::Little, &[]), super::super::tree::is_wanted);
    let table = table.expect("it is whole");
    let (_, all) = sections.cursor_at(0).expect("it is there");
    let mut entries = Entries::of(all, &table, &headers[0]).expect("it is there");
    let entry = entries.next().expect("it is whole").expect("there is one");
    let mut found = Vec::new();
    let tell = |_, _, value| match value {
        Value::Number(number) => found.push(number),
        other => panic!("{other:?}"),
    };
    entries.read(entry, tell).expect("it is whole");
    assert!(entries.next().expect("it is whole").is_none());
    (entry.offset, found)
}

#[test]
fn numbers_are_relocated_only_where_they_can_be_offsets() {
    for version in [2, 3, 4, 5] {
        let (info, abbrev) = ends_at_four_bytes(version, &[]);
        let at = info.len() as u64 - 4;
        let fixups = [Fixup { offset: at, value: 100, addend: Addend::Included }];
        let expected = if version < 4 { 100 } else { 7 };
        // The entry is one byte of code in front of the number.
        assert_eq!(of_one_entry(&info, &abbrev, &fixups), (at - 1, vec![expected]), "version {version}");
    }
}

#[test]
fn the_last_of_what_is_said_without_bytes_counts() {
    let (info, abbrev) = ends_at_four_bytes(5, &[4, 9, 5]);
    assert_eq!(of_one_entry(&info, &abbrev, &[]), (info.len() as u64 - 1, vec![5]));
}
