//! Linker map files: which object file each run of addresses came from.
//!
//! The independent truth that attribution is measured against. Reads the maps of
//! LLD and of GNU ld.

use crate::truth::{Origin, Placed};

/// Reads a map of either linker.
pub fn parse(text: &str) -> Vec<Placed> {
    if is_lld(text) { lld(text) } else { gnu(text) }
}

/// Whether LLD wrote the map.
pub fn is_lld(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    first.contains("VMA") && first.contains("LMA")
}

fn lld(text: &str) -> Vec<Placed> {
    let mut all = Vec::new();
    let mut section = String::new();
    for line in text.lines().skip(1) {
        let mut rest = line;
        let mut number = || {
            rest = rest.trim_start();
            let (word, after) = rest.split_once(' ')?;
            rest = after;
            Some(word)
        };
        let (Some(vma), Some(_), Some(size), Some(_)) = (number(), number(), number(), number()) else {
            continue;
        };
        let (Ok(start), Ok(size)) = (u64::from_str_radix(vma, 16), u64::from_str_radix(size, 16)) else {
            continue;
        };
        let indent = rest.len() - rest.trim_start().len();
        let what = rest.trim();
        match indent {
            0 => section = what.to_string(),
            8 if size > 0 => {
                let file = what.rsplit_once(":(").map_or(what, |(file, _)| file);
                all.push(Placed {
                    section: section.clone(),
                    span: start..start + size,
                    origin: origin(file),
                });
            }
            _ => {}
        }
    }
    all
}

fn gnu(text: &str) -> Vec<Placed> {
    let mut all = Vec::new();
    let mut section = String::new();
    let map = text.split_once("Linker script and memory map").map_or("", |(_, map)| map);
    let mut pending = String::new();
    for line in map.lines() {
        // A long name stands on a line of its own.
        let joined = format!("{pending}{line}");
        pending.clear();
        let words: Vec<&str> = joined.split_whitespace().collect();
        let is_name = |w: &str| w.starts_with('.');
        if words.len() == 1 && is_name(words[0]) {
            pending = joined;
            continue;
        }
        if joined.starts_with('.') {
            section = words.first().unwrap_or(&"").to_string();
            continue;
        }
        // The line behind an input section whose strings and constants were merged with
        // those of others. Whose the remaining ones are the map does not say. (What was
        // taken out of unwind tables are repeated headers; the rest stayed in place.)
        if joined.ends_with("(size before relaxing)") {
            let merged = all.last_mut().filter(|last: &&mut Placed| last.section != ".eh_frame");
            merged.into_iter().for_each(|last| last.origin = Origin::Other);
            continue;
        }
        let [name, vma, size, file @ ..] = words.as_slice() else { continue };
        let hex = |w: &str| w.strip_prefix("0x").and_then(|h| u64::from_str_radix(h, 16).ok());
        let (Some(start), Some(size)) = (hex(vma), hex(size)) else { continue };
        if joined.starts_with(' ') && is_name(name) && size > 0 && start > 0 && !file.is_empty() {
            let origin = origin(&file.join(" "));
            all.push(Placed { section: section.clone(), span: start..start + size, origin });
        }
    }
    all
}

/// The crate of an object file, from the names rustc and Cargo give their files.
fn origin(file: &str) -> Origin {
    let (archive, member) = match file.strip_suffix(')').and_then(|f| f.rsplit_once('(')) {
        Some((archive, member)) => (Some(archive), member),
        None => (None, file.rsplit('/').next().unwrap_or(file)),
    };
    let toolchain = file.contains("/rustlib/");
    // stem.CRATE.HASH-cgu.N.rcgu.o
    let cgu = member.strip_suffix(".rcgu.o").and_then(|m| m.rsplit_once("-cgu.")).map(|(head, _)| head);
    if let Some(name) = cgu.and_then(|head| head.rsplit('.').nth(1)) {
        return Origin::Crate { name: name.to_string(), toolchain };
    }
    // What else is in an rlib was put there by the crate's build script.
    let stem = archive.and_then(|a| a.rsplit('/').next()).and_then(|a| a.strip_suffix(".rlib"));
    let package = stem.and_then(|s| s.strip_prefix("lib")).and_then(|s| s.rsplit_once('-'));
    match package {
        Some((name, _)) => Origin::Crate { name: name.to_string(), toolchain },
        None => Origin::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, toolchain: bool) -> Origin {
        Origin::Crate { name: name.into(), toolchain }
    }

    #[test]
    fn object_files_name_their_crate() {
        let cgu = "/t/deps/librustls-33cd.rlib(rustls-33cd.rustls.a25cc017f3bf1af9-cgu.03.rcgu.o)";
        assert_eq!(origin(cgu), of("rustls", false));
        assert_eq!(origin("/t/deps/app-1b.app.d5de602c1fed4e43-cgu.00.rcgu.o"), of("app", false));
        assert_eq!(origin("/t/deps/libring-9f11.rlib(chacha-x86_64-elf.o)"), of("ring", false));
        let std = "/r/lib/rustlib/x86_64-unknown-linux-gnu/lib/libstd-1f.rlib(std-1f.std.e282-cgu.0.rcgu.o)";
        assert_eq!(origin(std), of("std", true));
        assert_eq!(origin("/usr/lib/gcc/x86_64-linux-gnu/12/crtbeginS.o"), Origin::Other);
    }

    #[test]
    fn both_linkers_are_read() {
        let lld = "             VMA              LMA     Size Align Out     In      Symbol\n            1000             1000       30    16 .text\n            1000             1000       10    16         a.rlib(x.a.11-cgu.0.rcgu.o):(.text.f)\n            1000             1000       10     1                 f\n";
        let [placed] = &parse(lld)[..] else { panic!("one input section") };
        assert_eq!((placed.section.as_str(), placed.span.clone()), (".text", 0x1000..0x1010));
        assert_eq!(placed.origin, of("a", false));
        let merged = " .rodata.str1.1 0x0000000000002000 0x8 /t/liba-1.rlib(x.a.11-cgu.0.rcgu.o)\n                0x10 (size before relaxing)\n";
        let gnu = "Linker script and memory map\n\n.text           0x0000000000001000       0x30\n .text._ZN1a\n                0x0000000000001000       0x10 /t/liba-1.rlib(x.a.11-cgu.0.rcgu.o)\n .text          0x0000000000001010       0x20 crt1.o\n";
        let all = parse(&format!("{gnu}{merged}"));
        assert_eq!(all.len(), 3);
        assert_eq!((all[0].span.clone(), all[0].origin.clone()), (0x1000..0x1010, of("a", false)));
        assert_eq!((&all[1].origin, &all[2].origin), (&Origin::Other, &Origin::Other));
    }
}
