//! Lists of packages in files of each format, laid out by hand as the formats have them.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::elf_builder::{Builder, CLASSES};
use super::subjects::scratch;
use super::{bloat, outside, pack, parsed, rows, run};

/// A module with one custom section: <https://webassembly.github.io/spec/core/binary/modules.html#custom-section>.
fn wasm(list: &[u8]) -> Vec<u8> {
    let leb = |mut number: usize| {
        let mut out = Vec::new();
        while number > 127 {
            out.push(number as u8 | 0x80);
            number >>= 7;
        }
        out.push(number as u8);
        out
    };
    let contents = [b"\x07.dep-v0", list].concat();
    [b"\0asm\x01\0\0\0\0", &leb(contents.len())[..], &contents].concat()
}

/// A file of one segment with one section, as Apple's `loader.h` has them.
fn macho(list: &[u8]) -> Vec<u8> {
    const AT: u32 = 32 + 72 + 80;
    let word = |n: u32| n.to_le_bytes();
    let long = |n: u64| n.to_le_bytes();
    let name = |name: &str| {
        let mut field = [0; 16];
        field[..name.len()].copy_from_slice(name.as_bytes());
        field
    };
    let size = u64::from(AT) + list.len() as u64;
    let mut out = Vec::new();
    // A 64-bit executable for Arm, with one command.
    for number in [0xfeed_facf, 0x0100_000c, 0, 2, 1, 72 + 80, 0, 0] {
        out.extend(word(number));
    }
    out.extend([word(0x19), word(72 + 80)].concat());
    out.extend(name("__DATA"));
    for number in [0x1_0000_0000, size.next_multiple_of(0x4000), 0, size] {
        out.extend(long(number));
    }
    for number in [3, 3, 1, 0] {
        out.extend(word(number));
    }
    out.extend([name(".dep-v0"), name("__DATA")].concat());
    out.extend([long(0x1_0000_0000 + u64::from(AT)), long(list.len() as u64)].concat());
    for number in [AT, 0, 0, 0, 0, 0, 0, 0] {
        out.extend(word(number));
    }
    out.extend(list);
    out
}

/// An image of one section: <https://learn.microsoft.com/en-us/windows/win32/debug/pe-format>.
fn pe(list: &[u8]) -> Vec<u8> {
    let mut out = vec![0; 0x200];
    let mut put = |at: usize, bytes: &[u8]| out[at..at + bytes.len()].copy_from_slice(bytes);
    let word = |n: usize| (n as u32).to_le_bytes();
    let padded = list.len().next_multiple_of(0x200);
    put(0, b"MZ");
    put(0x3c, &word(0x40));
    put(0x40, b"PE\0\0\x64\x86\x01\0");
    // The optional header has 112 bytes and 16 directories.
    put(0x54, &[240, 0, 0x22, 0]);
    let optional = 0x58;
    put(optional, &[0x0b, 0x02]);
    put(optional + 24, &0x1_4000_0000u64.to_le_bytes());
    put(optional + 32, &word(0x1000));
    put(optional + 36, &word(0x200));
    put(optional + 56, &word(0x1000 + list.len().next_multiple_of(0x1000)));
    put(optional + 60, &word(0x200));
    put(optional + 108, &word(16));
    let section = optional + 240;
    put(section, b".dep-v0\0");
    for (index, number) in [list.len(), 0x1000, padded, 0x200].into_iter().enumerate() {
        put(section + 8 + 4 * index, &word(number));
    }
    put(section + 36, &word(0x4000_0040));
    out.extend(list);
    out.resize(0x200 + padded, 0);
    out
}

/// A file of one section.
pub fn elf(list: &[u8]) -> Vec<u8> {
    let mut builder = Builder::new(CLASSES[0]);
    builder.loaded(".dep-v0", 0, 0x1000, 0x100, list);
    let end = (0x100 + list.len() as u64).next_multiple_of(16);
    builder.finish(end, end + 0x100)
}

type Container = (&'static str, fn(&[u8]) -> Vec<u8>);
const CONTAINERS: [Container; 4] = [("elf", elf), ("macho", macho), ("pe", pe), ("wasm", wasm)];

fn write(name: &str, bytes: &[u8]) -> PathBuf {
    let path = scratch(name);
    fs::write(&path, bytes).expect("writable");
    path
}

#[test]
fn lists_are_read_out_of_every_format() {
    let list = json!({"packages": [
        {"name": "app", "version": "0.1.0", "source": "local", "dependencies": [1], "root": true},
        {"name": "memchr", "version": "2.8.0", "source": "crates.io"},
    ]});
    for (format, make) in CONTAINERS {
        let file = write(&format!("listed-{format}"), &make(&pack(list.to_string().as_bytes())));
        let report = parsed(bloat().arg("tree").arg(&file).args(["--format", "json"]));
        assert_eq!(report["input"]["format"], format);
        assert_eq!(report["packages"]["from"], "file", "{format}");
        let packages = rows(&report).iter().filter(|row| row["what"] == "package");
        let names: Vec<&str> = packages.filter_map(|row| row["name"].as_str()).collect();
        assert_eq!(names, ["app@0.1.0", "memchr@2.8.0"], "{format}");
        assert_eq!(report["diagnostics"], json!([]), "{format}");
    }
}

#[test]
fn lists_that_cannot_be_read_are_named() {
    let long = pack(&vec![b' '; (16 << 20) + 1]);
    let cut = &pack(b"{\"packages\":[]}")[..8];
    for (format, make) in CONTAINERS {
        for (what, list, why) in
            [("long", &long[..], "it is longer than 16 MiB"), ("cut", cut, "it is no complete zlib stream")]
        {
            // What lies in a target directory has a package all the same.
            let file = outside(&format!("unread-{what}-{format}"));
            fs::write(&file, make(list)).expect("writable");
            let output = run(bloat().arg("tree").arg(&file).env("COLUMNS", "200"));
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{format}: {said}");
            let cause = format!("caused by: the embedded list of packages is not read: {why}");
            assert!(said.contains(&cause) && said.contains("hint: "), "{format}: {said}");
            let show = parsed(bloat().arg("show").arg(&file).args(["--format", "json"]));
            let of_list = |d: &&Value| d["code"] == "package-list-unread";
            let all = show["diagnostics"].as_array().expect("a list");
            assert_eq!(all.iter().filter(of_list).count(), 1, "{format}: {all:?}");
            fs::remove_file(&file).expect("removable");
        }
    }
}

#[test]
fn a_list_that_is_not_read_is_told_where_nobody_asks_for_owners_too() {
    let (broken, cut) = (pack(b"{\"packages\":[{"), &pack(b"{\"packages\":[]}")[..8]);
    for (format, make) in CONTAINERS {
        for (list, why) in [(&broken[..], "EOF while parsing"), (cut, "it is no complete zlib stream")] {
            let file = write(&format!("told-{format}"), &make(list));
            for question in [&[][..], &["--by", "section"]] {
                let show = parsed(bloat().arg("show").arg(&file).args(question).args(["--format", "json"]));
                let all = show["diagnostics"].as_array().expect("a list");
                let of_list = all.iter().filter(|d| d["code"] == "package-list-unread");
                let told: Vec<&str> = of_list.filter_map(|d| d["message"].as_str()).collect();
                assert!(matches!(told[..], [text] if text.contains(why)), "{format} {question:?}: {all:?}");
            }
            fs::remove_file(&file).expect("removable");
        }
    }
}
