//! What others say of the same files: `readelf`, `nm` and `size` of GNU binutils.
//!
//! Section sizes, memory, symbol sizes, units of debug information and unwind
//! entries are taken from what these tools print and compared with the ledger,
//! on the fixtures, this test program, a system tool and the C library. A tool
//! that is missing skips its test visibly, unless `BLOAT_REQUIRE_ORACLES=1`.

mod oracles;
mod plain_elf;
mod subjects;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use bloat::format::{Image, Target};
use bloat::input::Input;
use bloat::model::Model;
use bloat::report::ledger;

use oracles::oracle;
use plain_elf::{EM_ARM, EM_PPC64, ET_REL, PlainElf, SHF_ALLOC, SHF_TLS, SHT_NOBITS, number};
use subjects::{analyze, fixtures, self_exe};

/// All files that comparisons run over.
fn all_subjects() -> Vec<PathBuf> {
    let mut files = fixtures();
    files.push(self_exe());
    let system = ["/bin/ls", "/lib/x86_64-linux-gnu/libc.so.6", "/lib/aarch64-linux-gnu/libc.so.6"];
    files.extend(system.map(PathBuf::from).into_iter().filter(|f| f.exists()));
    files
}

fn hex(text: &str) -> u64 {
    let digits = text.trim_start_matches("0x");
    u64::from_str_radix(digits, 16).unwrap_or_else(|_| panic!("`{text}` is no number"))
}

/// A section as `readelf -SW` prints it.
#[derive(Debug)]
struct Listed {
    name: String,
    kind: String,
    size: u64,
    flags: String,
}

fn listed_sections(text: &str) -> Vec<Listed> {
    let mut sections = Vec::new();
    for line in text.lines() {
        let Some((number, rest)) = line.trim_start().strip_prefix('[').and_then(|l| l.split_once(']')) else {
            continue;
        };
        if number.trim().parse::<u32>().is_ok_and(|n| n > 0) {
            let words: Vec<&str> = rest.split_whitespace().collect();
            let is_address = |w: &&str| (w.len() == 8 || w.len() == 16) && u64::from_str_radix(w, 16).is_ok();
            let at = words.iter().skip(2).position(is_address).expect("a section has an address") + 2;
            sections.push(Listed {
                name: words[0].to_string(),
                kind: words[1].to_string(),
                size: hex(words[at + 2]),
                flags: if words.len() - at == 8 { words[at + 4].to_string() } else { String::new() },
            });
        }
    }
    sections
}

/// Bytes of the file and of memory by section, from the ledger.
fn ledger_sections(model: &Model) -> HashMap<String, (u64, u64)> {
    let mut sums: HashMap<String, (u64, u64)> = HashMap::new();
    let Ok(()) = ledger(model, |row| {
        let sum = sums.entry(row.section.to_string()).or_default();
        sum.0 += row.offset.map_or(0, |_| row.size);
        sum.1 += row.memory_size;
        Ok::<(), std::convert::Infallible>(())
    });
    sums
}

#[test]
fn sections_are_as_large_as_readelf_says() {
    let mut compared = 0;
    for path in all_subjects() {
        let Some(text) = oracle("readelf", &["-SW"], &path) else { return };
        let model = analyze(&path);
        let plain = PlainElf::read(&std::fs::read(&path).expect("readable"));
        let sums = ledger_sections(&model);
        // A file of debug information only has headers of sections it dropped; where their
        // bytes were meant to be lies something else, if anything.
        let only_debug = path.extension().is_some_and(|e| e == "debug");
        let mut expected: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        let sections = listed_sections(&text);
        for s in &sections {
            let (alloc, tls) = (s.flags.contains('A'), s.flags.contains('T'));
            let zero_fill = s.kind == "NOBITS";
            let relocatable = plain.file_type == ET_REL;
            let sum = expected.entry(&s.name).or_default();
            sum.0 += if zero_fill { 0 } else { s.size };
            sum.1 += if alloc && !(zero_fill && tls && !relocatable) { s.size } else { 0 };
        }
        for (name, (file, memory)) in expected {
            let got = sums.get(name).copied().unwrap_or_default();
            let place = format!("{} {name}", path.display());
            if only_debug && file == 0 {
                continue;
            }
            assert_eq!(got, (file, memory), "file and memory bytes of {place}");
            compared += 1;
        }
    }
    assert!(compared > 500, "only {compared} sections were compared");
}

#[test]
fn sections_are_as_large_as_size_says() {
    let mut compared = 0;
    for path in all_subjects() {
        let Some(text) = oracle("size", &["-A"], &path) else { return };
        let model = analyze(&path);
        let sums = ledger_sections(&model);
        let mut expected: BTreeMap<&str, u64> = BTreeMap::new();
        // Behind the line with the path and that with the titles, up to the total.
        for line in text.lines().skip(2).take_while(|l| !l.starts_with("Total")) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [name, size, _] = words[..] else { continue };
            *expected.entry(name).or_default() += size.parse::<u64>().expect("a size");
        }
        let zero_fill = |name: &str| {
            let mut rows = model.sections.iter().filter(|s| model.names.get(s.name) == name);
            rows.any(|s| s.kind == bloat::kind::Kind::Bss)
        };
        for (name, size) in expected.into_iter().filter(|(name, _)| !zero_fill(name)) {
            // In a compressed section it counts what is in the file, as we do.
            let got = sums.get(name).map_or(0, |s| s.0);
            let only_debug = path.extension().is_some_and(|e| e == "debug");
            if !(only_debug && got == 0) {
                assert_eq!(got, size, "{} {name}", path.display());
                compared += 1;
            }
        }
    }
    assert!(compared > 400, "only {compared} sections were compared");
}

#[test]
fn memory_is_that_of_the_segments_readelf_lists() {
    for path in all_subjects() {
        let Some(text) = oracle("readelf", &["-lW"], &path) else { return };
        let loads = text.lines().filter_map(|l| l.trim_start().strip_prefix("LOAD "));
        let sizes: Vec<u64> = loads.map(|l| hex(l.split_whitespace().nth(4).expect("MemSiz"))).collect();
        let model = analyze(&path);
        if model.facts.file_type == "object file" {
            assert!(sizes.is_empty(), "{}", path.display());
            continue;
        }
        assert_eq!(model.total().memory, sizes.iter().sum::<u64>(), "{}", path.display());
        let rows: Vec<u64> = model.segments.iter().map(|s| s.memory_size).collect();
        assert_eq!(rows, sizes, "{}", path.display());
    }
}

/// A run of addresses that symbols name; in an object file, of one section.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Named {
    section: String,
    start: u64,
    end: u64,
}

/// The sized symbols that `nm` lists, aliases together, without those that overlap others.
fn clean_symbols(text: &str, plain: &PlainElf, bytes: &[u8]) -> BTreeMap<Named, BTreeSet<String>> {
    let relocatable = plain.file_type == ET_REL;
    let mut all: BTreeMap<Named, BTreeSet<String>> = BTreeMap::new();
    for line in text.lines() {
        let fields: Vec<&str> = line.split('|').map(str::trim).collect();
        let [name, value, _, kind, size, _, section] = fields[..] else { continue };
        if value.is_empty() || size.is_empty() || hex(size) == 0 || kind == "TLS" {
            continue;
        }
        let mut start = hex(value);
        if plain.machine == EM_ARM && kind == "FUNC" {
            // The low bit says Thumb.
            start &= !1;
        }
        let mut same_name = plain.sections.iter().filter(|s| s.name == section && s.flags & SHF_ALLOC != 0);
        let Some(mut header) = same_name.next().filter(|_| !relocatable || same_name.next().is_none()) else {
            continue;
        };
        if plain.machine == EM_PPC64 && section == ".opd" {
            // The symbol is of a descriptor, the size of the code it points at.
            start = number(bytes, header.offset + (start - header.address), 8, true);
            let holds = |s: &&plain_elf::PlainSection| s.address <= start && start < s.address + s.size;
            let mut loaded = plain.sections.iter().filter(|s| s.flags & SHF_ALLOC != 0);
            header = loaded.find(holds).expect("the code is in a section");
        }
        let (low, end) = (if relocatable { 0 } else { header.address }, start + hex(size));
        if start < low || end > low + header.size {
            continue;
        }
        let section = if relocatable { section.to_string() } else { String::new() };
        // A version is no part of the name.
        let bare = name.split('@').next().filter(|n| !n.is_empty()).unwrap_or(name);
        all.entry(Named { section, start, end }).or_default().insert(bare.to_string());
    }
    let keys: Vec<&Named> = all.keys().collect();
    let mut clean = BTreeSet::new();
    let mut reached: (&str, u64) = ("", 0);
    for (index, key) in keys.iter().enumerate() {
        let free_before = reached.0 != key.section || reached.1 <= key.start;
        let free_behind =
            keys.get(index + 1).is_none_or(|next| next.section != key.section || next.start >= key.end);
        if free_before && free_behind {
            clean.insert((key.section.clone(), key.start));
        }
        let floor = if reached.0 == key.section { reached.1 } else { 0 };
        reached = (&key.section, floor.max(key.end));
    }
    all.retain(|key, _| clean.contains(&(key.section.clone(), key.start)));
    all
}

/// Bytes of runs with a mangled name, by section (in object files), address and name.
fn ledger_runs(model: &Model, relocatable: bool) -> BTreeMap<(String, u64), (u64, String)> {
    let mut runs = BTreeMap::new();
    let Ok(()) = ledger(model, |row| {
        if let Some(address) = row.address {
            let section = if relocatable { row.section.to_string() } else { String::new() };
            runs.insert((section, address), (row.size, row.mangled.to_string()));
        }
        Ok::<(), std::convert::Infallible>(())
    });
    runs
}

#[test]
fn symbols_own_as_many_bytes_as_nm_says() {
    let mut compared = 0;
    for path in all_subjects() {
        let Some(mut text) = oracle("nm", &["-S", "-f", "sysv", "--defined-only"], &path) else { return };
        text.push_str(
            &oracle("nm", &["-D", "-S", "-f", "sysv", "--defined-only"], &path).unwrap_or_default(),
        );
        let bytes = std::fs::read(&path).expect("readable");
        let plain = PlainElf::read(&bytes);
        // Addresses of sections that have no bytes here say nothing.
        if path.extension().is_some_and(|e| e == "debug") {
            continue;
        }
        let runs = ledger_runs(&analyze(&path), plain.file_type == ET_REL);
        for (symbol, names) in clean_symbols(&text, &plain, &bytes) {
            let from = (symbol.section.clone(), symbol.start);
            let to = (symbol.section.clone(), symbol.end);
            let inside = runs.range(from..to);
            let bare = |name: &str| name.split('@').next().unwrap_or_default().to_string();
            let own = inside.filter(|(_, (_, mangled))| names.contains(&bare(mangled)));
            let got: u64 = own.map(|(_, (size, _))| size).sum();
            assert_eq!(got, symbol.end - symbol.start, "{}: {symbol:x?} {names:?}", path.display());
            compared += 1;
        }
    }
    assert!(compared > 10_000, "only {compared} symbols were compared");
}

/// Start, end and name of each unit of `.debug_info`, as `readelf` prints them.
fn listed_units(text: &str) -> Vec<(u64, u64, String)> {
    let mut units: Vec<(u64, u64, String)> = Vec::new();
    let mut inside = false;
    let (mut start, mut named) = (0, true);
    for line in text.lines() {
        if line.starts_with("Contents of the ") {
            inside = line.contains(".debug_info") || line.contains(".zdebug_info");
        } else if let Some(at) = line.trim().strip_prefix("Compilation Unit @ offset ").filter(|_| inside) {
            start = hex(at.trim_end_matches(':'));
            named = false;
        } else if let Some(length) = line.trim().strip_prefix("Length:").filter(|_| inside && !named) {
            let (length, format) = length.trim().split_once(' ').expect("a length and its format");
            let head = if format.contains("64") { 12 } else { 4 };
            units.push((start, start + head + hex(length), String::new()));
        } else if line.contains("DW_AT_name  ")
            && !named
            && let (Some(unit), Some((_, value))) = (units.last_mut(), line.split_once(": "))
        {
            // An indirect string has a note in front: `(indirect string, offset: 0x2f): `.
            let value =
                if value.starts_with('(') { value.split_once("): ").map(|v| v.1) } else { Some(value) };
            // binutils 2.40 looks indexed strings up in the wrong place.
            if !value_is_indexed(line) {
                unit.2 = value.unwrap_or_default().trim().to_string();
            }
            named = true;
        }
    }
    units
}

fn value_is_indexed(line: &str) -> bool {
    line.contains("(indexed string") || line.contains("(strx")
}

/// Start and end of each unit in the section, as the library reads them.
fn read_units(image: &Image<'_>) -> Vec<(u64, u64, String)> {
    let is_info =
        |index: u32| matches!(&*image.sections[index as usize].name, ".debug_info" | ".zdebug_info");
    let mut units: Vec<(u64, u64, String)> = Vec::new();
    for part in image.unit_parts.iter().filter(|p| is_info(p.section)) {
        let name = image.units[part.unit as usize].name.to_string();
        units.push((part.start, part.end, name));
    }
    units.sort();
    units
}

#[test]
fn units_are_those_readelf_lists() {
    let options = ["-W", "--debug-dump=info,no-follow-links", "--dwarf-depth=1"];
    let (mut compared, mut in_ledger) = (0, 0);
    for path in all_subjects() {
        let Some(text) = oracle("readelf", &options, &path) else { return };
        let expected = listed_units(&text);
        let input = Input::open(&path).expect("readable");
        let image = bloat::format::read(&input).expect("it is ELF");
        let got = read_units(&image);
        assert_eq!(got.len(), expected.len(), "{}", path.display());
        for (got, expected) in got.iter().zip(&expected) {
            assert_eq!((got.0, got.1), (expected.0, expected.1), "{}: {}", path.display(), expected.2);
            if !expected.2.is_empty() {
                assert_eq!(got.2, expected.2, "{} at {:#x}", path.display(), got.0);
            }
            compared += 1;
        }
        in_ledger += check_ledger_units(&path, &bloat::analyze(&input).expect("it is ELF"), &expected);
    }
    assert!(compared > 100, "only {compared} units were compared");
    assert!(in_ledger > 15, "only {in_ledger} ledgers were compared");
}

/// In a section that is not compressed, the ledger has the lengths of units by name.
fn check_ledger_units(path: &Path, model: &Model, expected: &[(u64, u64, String)]) -> u32 {
    let mut sums: BTreeMap<String, u64> = BTreeMap::new();
    let mut estimated = false;
    let Ok(()) = ledger(model, |row| {
        if row.section == ".debug_info" {
            *sums.entry(row.unit.to_string()).or_default() += row.size;
            estimated |= row.estimated;
        }
        Ok::<(), std::convert::Infallible>(())
    });
    if estimated || sums.is_empty() || expected.iter().any(|unit| unit.2.is_empty()) {
        return 0;
    }
    let mut lengths: BTreeMap<String, u64> = BTreeMap::new();
    for (start, end, name) in expected {
        *lengths.entry(name.clone()).or_default() += end - start;
    }
    assert_eq!(sums, lengths, "{}", path.display());
    1
}

/// Position and length of the entries of `.eh_frame`, and the address of their function.
fn listed_frames(text: &str, plain: &PlainElf) -> Vec<(u64, u64, u64)> {
    let mut frames = Vec::new();
    let mut section = None;
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("Contents of the ") {
            let name = rest.split_whitespace().next().unwrap_or_default();
            section = plain.section(name).filter(|_| name == ".eh_frame");
        }
        let (Some(section), Some((front, behind))) = (section, line.split_once(" FDE ")) else { continue };
        let numbers: Vec<u64> = front.split_whitespace().map(hex).collect();
        let head = if numbers[0] > 0xffff_fff0 { 12 } else { 4 };
        let start = section.offset + numbers[0];
        let function = behind.split_once("pc=").and_then(|b| b.1.split_once("..")).expect("pc=FROM..TO").0;
        frames.push((start, start + head + numbers[1], hex(function)));
    }
    frames.sort();
    frames
}

#[test]
fn unwind_entries_are_those_readelf_lists() {
    let mut compared = 0;
    for path in all_subjects() {
        let Some(text) = oracle("readelf", &["-W", "--debug-dump=frames-interp,no-follow-links"], &path)
        else {
            return;
        };
        let plain = PlainElf::read(&std::fs::read(&path).expect("readable"));
        let expected = listed_frames(&text, &plain);
        let input = Input::open(&path).expect("readable");
        let image = bloat::format::read(&input).expect("it is ELF");
        let span = image.sections.iter().find(|s| s.name == ".eh_frame").map_or(0..0, |s| s.span.clone());
        let charges = image.charges.iter().filter(|c| span.contains(&c.start));
        let got: Vec<(u64, u64, Target)> = charges.map(|c| (c.start, c.end, c.on)).collect();
        let spans: Vec<(u64, u64)> = got.iter().map(|c| (c.0, c.1)).collect();
        let wanted: Vec<(u64, u64)> = expected.iter().map(|c| (c.0, c.1)).collect();
        assert_eq!(spans, wanted, "{}", path.display());
        for (charge, (_, _, address)) in got.iter().zip(&expected).filter(|_| plain.file_type != ET_REL) {
            let pos = image.line.pos(*address).expect("functions are mapped");
            assert_eq!(charge.2, Target::Pos(pos), "{} at {:#x}", path.display(), charge.0);
        }
        compared += got.len();
    }
    assert!(compared > 1000, "only {compared} entries were compared");
}

#[test]
fn thread_local_zero_fill_takes_no_memory() {
    let path = subjects::fixture("tls-x86_64");
    let plain = PlainElf::read(&std::fs::read(&path).expect("readable"));
    let tbss = plain.section(".tbss").expect("the fixture has one");
    assert!(tbss.size > 0 && tbss.kind == SHT_NOBITS && tbss.flags & SHF_TLS != 0);
    assert_eq!(ledger_sections(&analyze(&path)).get(".tbss"), None);
}
