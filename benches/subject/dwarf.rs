//! Debug information, decoded and not kept: what merely reading it costs.

use gimli::{Dwarf, EndianSlice, LittleEndian, UnitHeader};
use object::{Object, ObjectSection};
use rayon::prelude::*;

pub type Slice<'data> = EndianSlice<'data, LittleEndian>;

/// The debug sections of a file, little-endian and not compressed.
pub fn sections<'data>(file: &object::File<'data>) -> Dwarf<Slice<'data>> {
    let load = |id: gimli::SectionId| {
        let data = file.section_by_name(id.name()).and_then(|section| section.data().ok());
        Ok::<_, gimli::Error>(EndianSlice::new(data.unwrap_or_default(), LittleEndian))
    };
    Dwarf::load(load).expect("loading does not fail")
}

/// The headers of all units.
pub fn headers<'data>(dwarf: &Dwarf<Slice<'data>>) -> Vec<UnitHeader<Slice<'data>>> {
    let mut headers = Vec::new();
    let mut units = dwarf.units();
    while let Ok(Some(header)) = units.next() {
        headers.push(header);
    }
    headers
}

/// Every attribute of every entry and every row of every line program, decoded once and counted;
/// in parallel over units.
pub fn all(dwarf: &Dwarf<Slice<'_>>) -> u64 {
    headers(dwarf).par_iter().map(|header| unit(dwarf, *header).unwrap_or(0)).sum()
}

fn unit<'data>(dwarf: &Dwarf<Slice<'data>>, header: UnitHeader<Slice<'data>>) -> gimli::Result<u64> {
    let unit = dwarf.unit(header)?;
    let mut count = 0;
    let mut entries = unit.entries_raw(None)?;
    while !entries.is_empty() {
        if let Some(abbreviation) = entries.read_abbreviation()? {
            for specification in abbreviation.attributes() {
                let attribute = entries.read_attribute(*specification)?;
                count += u64::from(std::hint::black_box(attribute).form().0 > 0);
            }
        }
    }
    if let Some(program) = unit.line_program.clone() {
        let mut rows = program.rows();
        while let Some((_, row)) = rows.next_row()? {
            count += u64::from(std::hint::black_box(row).address() > 0);
        }
    }
    Ok(count)
}
