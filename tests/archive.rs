//! Archives: members as `ar` and `nm` list them, each read as the file it is.

mod oracles;
mod subjects;

use std::collections::BTreeMap;

use bloat::input::Input;
use bloat::model::Model;
use bloat::model::view::{Dim, View, tree};
use bloat::report::{LedgerRow, ledger};

use oracles::oracle;
use subjects::{analyze, fixture};

/// Bytes by member.
fn by_member(model: &Model) -> BTreeMap<String, u64> {
    let answer = tree(model, &View { dims: vec![Dim::Member], ..View::default() });
    answer.roots.iter().map(|n| (answer.keys[0].label(n.key), n.sizes.file)).collect()
}

fn each_row(model: &Model, mut look: impl FnMut(&LedgerRow<'_>)) {
    let Ok(()) = ledger(model, |row| {
        look(row);
        Ok::<(), std::convert::Infallible>(())
    });
}

#[test]
fn members_have_the_sizes_that_ar_lists() {
    let path = fixture("libunit-x86_64.a");
    let Some(listed) = oracle("ar", &["tv"], &path) else { return };
    let model = analyze(&path);
    let ours = by_member(&model);
    let mut inside = 0;
    for line in listed.lines() {
        // rw-r--r-- 0/0   5408 Jan  1 00:00 1970 unit.o
        let words: Vec<&str> = line.split_whitespace().collect();
        let (size, name) = (words[2].parse::<u64>().expect("a size"), words[words.len() - 1]);
        assert_eq!(ours.get(name), Some(&size), "{name}");
        inside += size;
    }
    assert_eq!(ours["[no member]"], model.total().file - inside);
}

#[test]
fn symbols_of_members_are_those_that_nm_lists() {
    let path = fixture("libunit-x86_64.a");
    let Some(listed) = oracle("nm", &["-S", "--defined-only"], &path) else { return };
    let model = analyze(&path);
    let mut ours: BTreeMap<String, u64> = BTreeMap::new();
    each_row(&model, |row| {
        if matches!(row.kind, "code" | "rodata" | "data" | "bss") && !row.mangled.is_empty() {
            *ours.entry(row.mangled.to_string()).or_default() += row.memory_size;
        }
    });
    let mut compared = 0;
    for line in listed.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        // Symbols in common storage have no place in the file.
        let [_, size, kind, name] = words[..] else { continue };
        if kind != "C" {
            assert_eq!(ours.get(name).copied(), u64::from_str_radix(size, 16).ok(), "{name}");
            compared += 1;
        }
    }
    assert!(compared > 5, "{compared} symbols compared");
}

#[test]
fn members_without_machine_code_are_named() {
    let object = std::fs::read(fixture("bare-i686")).expect("readable");
    let mut bytes = b"!<arch>\n".to_vec();
    let mut add = |name: &str, content: &[u8]| {
        bytes
            .extend(format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", 0, 0, 0, 644, content.len()).bytes());
        bytes.extend(content);
        if content.len() % 2 == 1 {
            bytes.push(b'\n');
        }
    };
    add("lib.rmeta/", b"rust\0\0\0\x0a and then some");
    add("code.bc/", b"BC\xc0\xde and more");
    add("bare/", &object);
    add("notes.txt/", b"words");
    let model = bloat::analyze(&Input::from_bytes("made.a", bytes)).expect("it is an archive");
    assert_eq!(model.check(), Ok(()));
    assert_eq!((&*model.facts.format, &*model.facts.file_type), ("archive", "Rust library"));
    let mut rows = Vec::new();
    each_row(&model, |row| {
        if row.kind == "metadata" {
            rows.push((row.size, row.section.to_string()));
        }
    });
    for expected in [(22, "[Rust metadata]"), (13, "[LLVM bitcode]"), (5, "[other content]")] {
        assert!(rows.contains(&(expected.0, expected.1.to_string())), "{expected:?} in {rows:?}");
    }
    assert_eq!(by_member(&model)["bare"], object.len() as u64);
}

#[test]
fn a_cut_archive_is_read_as_far_as_it_goes() {
    let whole = std::fs::read(fixture("libunit-x86_64.a")).expect("readable");
    for len in (8..whole.len()).step_by(97) {
        let input = Input::from_bytes("cut.a", whole[..len].to_vec());
        let model = bloat::analyze(&input).expect("it is still an archive");
        assert_eq!(model.check(), Ok(()), "{len}");
        assert_eq!(model.leaves.iter().map(|l| l.sizes().file).sum::<u64>(), len as u64);
    }
}
