//! What views of inlined functions and lines cost, against a floor.
//!
//! The floor is to decode every attribute of every entry and every row of every line program
//! once, in parallel over units, and to do nothing with them. The views may take three times as
//! long. The subject is the ELF file that `BLOAT_BENCH_FILE` names, with its debug information
//! inside and not compressed, or this program itself.

mod subject;

use bloat::format::Detail;
use bloat::input::Input;
use bloat::model::view::{Dim, View, tree};
use bloat::project::Packages;
use divan::Bencher;
use gimli::{Dwarf, EndianSlice, LittleEndian};
use object::read::elf::{ElfFile64, FileHeader, SectionHeader};
use rayon::prelude::*;
use subject::subject;

fn main() {
    divan::main();
}

/// The debug sections of an ELF file, by name.
fn dwarf(bytes: &[u8]) -> Dwarf<EndianSlice<'_, LittleEndian>> {
    let file: ElfFile64<'_, LittleEndianness> = ElfFile64::parse(bytes).expect("the subject is ELF");
    let (header, endian) = (file.elf_header(), file.endian());
    let sections = header.sections(endian, bytes).expect("it has sections");
    let load = |id: gimli::SectionId| {
        let named = sections.iter().find(|s| sections.section_name(endian, s) == Ok(id.name().as_bytes()));
        let data = named.and_then(|s| s.data(endian, bytes).ok()).unwrap_or_default();
        Ok::<_, gimli::Error>(EndianSlice::new(data, LittleEndian))
    };
    Dwarf::load(load).expect("loading does not fail")
}

type LittleEndianness = object::LittleEndian;

/// Decodes all there is of one unit and counts it.
fn decode(
    dwarf: &Dwarf<EndianSlice<'_, LittleEndian>>,
    header: gimli::UnitHeader<EndianSlice<'_, LittleEndian>>,
) -> gimli::Result<u64> {
    let unit = dwarf.unit(header)?;
    let mut count = 0;
    let mut entries = unit.entries_raw(None)?;
    while !entries.is_empty() {
        if let Some(abbreviation) = entries.read_abbreviation()? {
            for specification in abbreviation.attributes() {
                let attribute = entries.read_attribute(*specification)?;
                count += u64::from(divan::black_box(attribute).form().0 > 0);
            }
        }
    }
    if let Some(program) = unit.line_program.clone() {
        let mut rows = program.rows();
        while let Some((_, row)) = rows.next_row()? {
            count += u64::from(divan::black_box(row).address() > 0);
        }
    }
    Ok(count)
}

/// Every attribute and every row, decoded once.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn floor(bencher: Bencher<'_, '_>) {
    let input = subject();
    bencher.bench_local(|| {
        let dwarf = dwarf(input.bytes());
        let mut headers = Vec::new();
        let mut units = dwarf.units();
        while let Ok(Some(header)) = units.next() {
            headers.push(header);
        }
        let all = headers.par_iter().map(|header| decode(&dwarf, *header).unwrap_or(0)).sum::<u64>();
        assert!(all > 0, "the subject has no debug information");
        all
    });
}

fn answer(input: &Input, dims: &[Dim], detail: Detail) -> usize {
    let image = bloat::format::read_detailed(input, detail).expect("the subject is a binary");
    let model = bloat::attrib::attribute(input, &image, &Packages::default());
    tree(&model, &View { dims: dims.to_vec(), ..View::default() }).roots.len()
}

/// A view that needs no more than an overview does: what the others have on top of the floor.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn plain(bencher: Bencher<'_, '_>) {
    let input = subject();
    bencher.bench_local(|| answer(&input, &[Dim::Crate], Detail::Plain));
}

/// Views of functions and lines, from the bytes to the groups.
#[divan::bench(sample_count = 10, sample_size = 1, args = [Dim::Inlined, Dim::File, Dim::Line])]
fn view(bencher: Bencher<'_, '_>, dim: &Dim) {
    let input = subject();
    bencher.bench_local(|| answer(&input, &[*dim], Detail::Code));
}
