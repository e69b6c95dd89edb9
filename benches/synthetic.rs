//! Writes a program of as many functions and units as are asked for, to see how costs grow.
//!
//! ```text
//! synthetic SYMBOLS UNITS FILE
//! ```
//!
//! The file is ELF for x86-64: functions of eight bytes, a symbol with a name of Rust for each,
//! and units of DWARF that cover equal shares of them. `benches/run --growth` uses it.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "that is how it answers")]

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

/// Where code is in memory; in the file it is behind the headers.
const BASE: u64 = 0x40_0000;
/// `xor eax, eax; ret`, and padding.
const FUNCTION: [u8; 8] = [0x31, 0xc0, 0xc3, 0x90, 0x90, 0x90, 0x90, 0x90];
const HEADER: u64 = 64 + 56;
const SYMBOL: u64 = 24;
/// Functions of one module and modules of one crate, as far as names go.
const IN_MODULE: u64 = 50;
const IN_CRATE: u64 = 2000;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let [symbols, units, path] = &words[..] else {
        eprintln!("usage: synthetic SYMBOLS UNITS FILE");
        return ExitCode::SUCCESS;
    };
    let (symbols, units) = (symbols.parse().expect("a number"), units.parse().expect("a number"));
    let mut out = BufWriter::new(File::create(path).expect("the file can be written"));
    write(symbols, units, &mut out).and_then(|()| out.flush()).expect("the file can be written");
    ExitCode::SUCCESS
}

/// The name of a function in the older mangling of Rust.
fn name(number: u64) -> String {
    let (krate, module) = (format!("k{}", number / IN_CRATE), format!("m{}", number / IN_MODULE % 40));
    let function = format!("f{}", number % IN_MODULE);
    // Multiplied by an odd number, no two are equal.
    let hash = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let length = |part: &str| part.len();
    let (a, b, c) = (length(&krate), length(&module), length(&function));
    format!("_ZN{a}{krate}{b}{module}{c}{function}17h{hash:016x}E")
}

/// A section: name, type, flags, address, bytes, link, count of locals, size of an entry.
struct Section<'b> {
    name: &'static str,
    kind: u32,
    flags: u64,
    address: u64,
    bytes: &'b [u8],
    link: u32,
    info: u32,
    entry: u64,
}

fn write(symbols: u64, units: u64, out: &mut impl Write) -> io::Result<()> {
    let text: Vec<u8> = FUNCTION.repeat(symbols as usize);
    let code = BASE + HEADER;
    let mut strings = vec![0];
    let mut table = vec![0; SYMBOL as usize];
    for number in 0..symbols {
        table.extend((strings.len() as u32).to_le_bytes());
        // A global function in the first section.
        table.extend([0x12, 0, 1, 0]);
        table.extend((code + number * 8).to_le_bytes());
        table.extend(8u64.to_le_bytes());
        strings.extend(name(number).as_bytes());
        strings.push(0);
    }
    let (info, abbreviations) = (units_of(symbols, units.clamp(1, symbols.max(1)), code), ABBREVIATIONS);
    let mut names = vec![0];
    let plain =
        |name, bytes| Section { name, kind: 1, flags: 0, address: 0, bytes, link: 0, info: 0, entry: 0 };
    let mut sections = vec![
        Section { flags: 6, address: code, ..plain(".text", &text) },
        plain(".debug_info", &info),
        plain(".debug_abbrev", abbreviations),
        Section { kind: 2, link: 5, info: 1, entry: SYMBOL, ..plain(".symtab", &table) },
        Section { kind: 3, ..plain(".strtab", &strings) },
    ];
    let mut name_of = Vec::new();
    for name in sections.iter().map(|section| section.name).chain([".shstrtab"]) {
        name_of.push(names.len() as u32);
        names.extend(name.as_bytes());
        names.push(0);
    }
    sections.push(Section { kind: 3, ..plain(".shstrtab", &names) });
    let headers_at = HEADER + sections.iter().map(|section| section.bytes.len() as u64).sum::<u64>();

    // The header of the file (System V ABI, "ELF Header"): an executable for x86-64.
    out.write_all(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0\x01\0\0\0")?;
    words(out, &[code, 64, headers_at])?;
    out.write_all(&[0; 4])?;
    let counts = [64, 56, 1, 64, sections.len() as u16 + 1, sections.len() as u16];
    out.write_all(&counts.map(u16::to_le_bytes).concat())?;
    // One segment, of the headers and the code.
    out.write_all(&[1, 0, 0, 0, 5, 0, 0, 0])?;
    let size = HEADER + text.len() as u64;
    words(out, &[0, BASE, BASE, size, size, 0x1000])?;
    for section in &sections {
        out.write_all(section.bytes)?;
    }
    out.write_all(&[0; 64])?;
    let mut at = HEADER;
    for (section, name) in sections.iter().zip(name_of) {
        let size = section.bytes.len() as u64;
        out.write_all(&[name, section.kind].map(u32::to_le_bytes).concat())?;
        words(out, &[section.flags, section.address, at, size])?;
        out.write_all(&[section.link, section.info].map(u32::to_le_bytes).concat())?;
        words(out, &[1, section.entry])?;
        at += size;
    }
    Ok(())
}

fn words(out: &mut impl Write, words: &[u64]) -> io::Result<()> {
    words.iter().try_for_each(|word| out.write_all(&word.to_le_bytes()))
}

/// A unit with a producer, a language, a name, a folder, and where its code starts and how long it is.
const ABBREVIATIONS: &[u8] =
    &[1, 0x11, 0, 0x25, 0x08, 0x13, 0x05, 0x03, 0x08, 0x1b, 0x08, 0x11, 0x01, 0x12, 0x07, 0, 0, 0];

/// Units of DWARF 4 that share functions out.
fn units_of(symbols: u64, units: u64, code: u64) -> Vec<u8> {
    let mut all = Vec::new();
    for unit in 0..units {
        let (first, end) = (symbols * unit / units, symbols * (unit + 1) / units);
        let mut body = Vec::new();
        // Version, abbreviations, size of an address, the first abbreviation.
        body.extend([4, 0, 0, 0, 0, 0, 8, 1]);
        body.extend(b"clang LLVM (rustc version 1.95.0 (59807616e 2026-04-14))\0\x1c\0");
        let krate = first / IN_CRATE;
        body.extend(
            format!("src/lib.rs/@/k{krate}.{:016x}-cgu.{unit}\0/build/k{krate}-1.0.0\0", krate + 1).bytes(),
        );
        body.extend((code + first * 8).to_le_bytes());
        body.extend(((end - first) * 8).to_le_bytes());
        all.extend((body.len() as u32).to_le_bytes());
        all.extend(body);
    }
    all
}
