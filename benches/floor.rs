//! The floor under what an analysis can cost: reading the facts once and keeping none.
//!
//! ```text
//! floor overview FILE    # what an overview needs: the file mapped, every symbol, the root of every unit
//! floor walk FILE        # what views of functions and lines need: every attribute and line row
//! ```
//!
//! `benches/run` times it as a process of its own. Of a file that has neither symbols nor units the
//! overview is a sum over its bytes. It prints what it counted.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "that is how it answers")]

#[path = "subject/dwarf.rs"]
mod dwarf;

use std::path::Path;
use std::process::ExitCode;

use bloat::input::Input;
use dwarf::Slice;
use gimli::{Dwarf, UnitHeader};
use object::{Object, ObjectSymbol};

fn main() -> ExitCode {
    // Cargo runs benchmarks with flags of its own; there is nothing to do for these.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let [mode, path] = &words[..] else {
        eprintln!("usage: floor overview|walk FILE");
        return ExitCode::SUCCESS;
    };
    let input = Input::open(Path::new(path)).expect("the file is readable");
    let found = match (mode.as_str(), object::File::parse(input.bytes())) {
        ("walk", Ok(file)) => dwarf::all(&dwarf::sections(&file)),
        ("overview", Ok(file)) => symbols(&file) + roots(&dwarf::sections(&file)),
        _ => 0,
    };
    // Of what has neither, as programs whose debug information is in a database, every byte.
    let bytes = || input.bytes().iter().map(|&byte| u64::from(byte)).sum();
    let found = if found == 0 && mode == "overview" { bytes() } else { found };
    println!("{found}");
    if found == 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Names, addresses and sizes of all symbols, counted.
fn symbols(file: &object::File<'_>) -> u64 {
    let is_told = |symbol: &object::Symbol<'_, '_>| {
        let name = symbol.name_bytes().map_or(0, <[u8]>::len) as u64;
        std::hint::black_box(name + symbol.address() + symbol.size()) > 0
    };
    file.symbols().chain(file.dynamic_symbols()).filter(|symbol| is_told(symbol)).count() as u64
}

/// Every attribute of the first entry of every unit, counted.
fn roots(dwarf: &Dwarf<Slice<'_>>) -> u64 {
    let root = |header: &UnitHeader<Slice<'_>>| -> gimli::Result<u64> {
        let abbreviations = dwarf.abbreviations(header)?;
        let mut entries = header.entries_raw(&abbreviations, None)?;
        let Some(abbreviation) = entries.read_abbreviation()? else { return Ok(0) };
        let mut count = 0;
        for specification in abbreviation.attributes() {
            let attribute = entries.read_attribute(*specification)?;
            count += u64::from(std::hint::black_box(attribute).form().0 > 0);
        }
        Ok(count)
    };
    dwarf::headers(dwarf).iter().map(|header| root(header).unwrap_or(0)).sum()
}
