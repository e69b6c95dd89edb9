//! Tables of trait objects as debug information states them.

use std::collections::HashSet;
use std::ops::Range;

use gimli::{AttributeValue, EndianSlice, LittleEndian, Operation, Unit};
use object::{Object, ObjectSection, ObjectSymbol};

type Reader<'a> = EndianSlice<'a, LittleEndian>;

/// The addresses of all variables that rustc names `<Type as Trait>::{vtable}`, sorted.
pub fn vtables(file: &[u8]) -> Vec<Range<u64>> {
    let object = object::File::parse(file).expect("an object file");
    let section = |id: gimli::SectionId| -> Result<Reader<'_>, gimli::Error> {
        let data = object.section_by_name(id.name()).map_or(&[][..], |s| s.data().expect("plain section"));
        Ok(EndianSlice::new(data, LittleEndian))
    };
    let dwarf = gimli::Dwarf::load(section).expect("sections load");
    let mut all = Vec::new();
    let mut units = dwarf.units();
    while let Some(header) = units.next().expect("unit headers") {
        let unit = dwarf.unit(header).expect("a unit");
        let mut entries = unit.entries();
        while let Some(entry) = entries.next_dfs().expect("entries") {
            if entry.tag() != gimli::DW_TAG_variable {
                continue;
            }
            let name = entry.attr_value(gimli::DW_AT_name).and_then(|v| dwarf.attr_string(&unit, v).ok());
            if name.is_some_and(|n| n.to_string_lossy().ends_with("{vtable}")) {
                all.extend(extent(&unit, entry));
            }
        }
    }
    all.sort_by_key(|s: &Range<u64>| (s.start, s.end));
    all.dedup();
    all
}

fn extent(
    unit: &Unit<Reader<'_>>,
    entry: &gimli::DebuggingInformationEntry<Reader<'_>>,
) -> Option<Range<u64>> {
    let AttributeValue::Exprloc(expression) = entry.attr_value(gimli::DW_AT_location)? else { return None };
    let mut operations = expression.operations(unit.encoding());
    let Some(Operation::Address { address }) = operations.next().ok()? else { return None };
    let AttributeValue::UnitRef(kind) = entry.attr_value(gimli::DW_AT_type)? else { return None };
    let size = unit.entry(kind).ok()?.attr_value(gimli::DW_AT_byte_size)?.udata_value()?;
    Some(address..address + size)
}

/// Words that loaders patch, and those of them that point at drop glue by its name.
pub struct Heads {
    pub drop_glue: HashSet<u64>,
    pub relocated: HashSet<u64>,
}

impl Heads {
    pub fn read(file: &[u8]) -> Heads {
        let object = object::File::parse(file).expect("an object file");
        let named = object.symbols().filter(|s| s.name().is_ok_and(|n| n.contains("drop_in_place")));
        let glue: HashSet<u64> = named.map(|s| s.address()).collect();
        let mut heads = Heads { drop_glue: HashSet::new(), relocated: HashSet::new() };
        for (address, relocation) in object.dynamic_relocations().into_iter().flatten() {
            heads.relocated.insert(address);
            if glue.contains(&(relocation.addend() as u64)) {
                heads.drop_glue.insert(address);
            }
        }
        assert!(!heads.relocated.is_empty(), "the test reads the tables that rustc's linker writes");
        heads
    }
}
