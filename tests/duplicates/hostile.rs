//! Files that are not what they should be: an answer in bounded time, without false equals.

use super::elf_builder::{Builder, CLASSES, EXEC, FUNC, Symbol};
use super::made::Program;
use super::program::run;
use super::subjects::{fixtures, scratch};
use super::{bloat, groups, number, report};

/// A library with `count` functions of `size` equal bytes, one behind the other.
fn many(count: u64, size: u64) -> Vec<u8> {
    let mut b = Builder::new(CLASSES[0]);
    b.file_type = 3;
    let mut one = vec![0x90; size as usize - 1];
    one.push(0xc3);
    let code = one.repeat(count as usize);
    let len = code.len() as u64;
    b.segment(5, 0x1000, 0x1000, len, len);
    b.loaded(".text", EXEC, 0x1000, 0x1000, &code);
    let names: Vec<String> = (0..count).map(|n| format!("f{n}")).collect();
    let symbols: Vec<Symbol<'_>> =
        names.iter().zip(0..).map(|(name, n)| Symbol::new(name, FUNC, 0x1000 + n * size, size)).collect();
    let table = 0x1000 + len;
    let text = table + (count + 1) * 24;
    b.symbols(table, text, &symbols);
    let end = text + count * 10 + 64;
    b.finish(end, end + 0x1000)
}

#[test]
fn very_many_equals_are_one_group() {
    let count = 50_000;
    let path = scratch("many");
    std::fs::write(&path, many(count, 16)).expect("the file can be written");
    let found = report(&path, &[]);
    std::fs::remove_file(&path).expect("the file can be removed");
    let functions = &found["functions"];
    assert_eq!((number(&functions["groups"]), number(&functions["copies"])), (1, count));
    assert_eq!(number(&functions["saved"]["all"]), (count - 1) * 16);
}

#[test]
fn overlapping_and_empty_symbols_are_no_equals() {
    let leaf: [super::made::Part; 1] =
        [super::made::Part::Bytes(&[0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8, 0x48, 0x31, 0xc7, 0xc3])];
    let mut p = Program::default();
    let (a, b) = (p.function("leaf_a", &leaf), p.function("leaf_b", &leaf));
    assert_eq!(groups(&p.report("apart", &[])["functions"]), [["leaf_a", "leaf_b"]]);
    // A shorter symbol takes the middle of one: what is left of it is no function.
    p.symbol("inside", a + 4, 4);
    p.symbol("empty", b + 2, 0);
    p.symbol("beyond", b + 8, 1 << 40);
    let found = p.report("overlap", &[]);
    assert!(!groups(&found["functions"]).iter().flatten().any(|n| n == "leaf_a"), "{found}");
}

#[test]
fn machines_that_are_not_read_are_compared_by_bytes_and_that_is_said() {
    let mut b = Builder::new(CLASSES[1]);
    b.segment(5, 0x1000, 0x1000, 32, 32);
    b.loaded(".text", EXEC, 0x1000, 0x1000, &[7; 32]);
    let symbols = [Symbol::new("a", FUNC, 0x1000, 16), Symbol::new("b", FUNC, 0x1010, 16)];
    b.symbols(0x2000, 0x2100, &symbols);
    let path = scratch("s390x");
    std::fs::write(&path, b.finish(0x2200, 0x2300)).expect("the file can be written");
    let found = report(&path, &[]);
    // CSV has no place for it.
    for (format, is_said) in [("csv", true), ("text", false)] {
        let output = run(bloat().arg("duplicates").arg(&path).args(["--format", format]));
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(said.contains("instructions of this machine are not read"), is_said, "{format}: {said}");
    }
    std::fs::remove_file(&path).expect("the file can be removed");
    assert_eq!(groups(&found["functions"]), [["a", "b"]]);
    assert!(found["functions"]["saved"].get("safe").is_none(), "nothing is known of addresses: {found}");
    let codes = found["diagnostics"].as_array().expect("diagnostics");
    assert!(codes.iter().any(|d| d["code"] == "operands-unread" && d["bytes"] == 32), "{codes:?}");
}

#[test]
fn object_files_are_compared_only_where_they_are_complete() {
    // Calls of an object file are zeros until it is linked; all of them look equal.
    for name in ["bin/libunit-x86_64.a", "archive/libseries-elf.rlib"] {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name);
        let found = report(&path, &[]);
        let codes = found["diagnostics"].as_array().expect("diagnostics");
        assert!(codes.iter().any(|d| d["code"] == "functions-unlinked"), "{name}: {codes:?}");
    }
}

/// Sums hold, and what is said to be saved is never more than there is.
#[test]
fn every_fixture_has_an_answer() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let mut files = fixtures();
    for kind in ["macho", "pe", "wasm", "coff", "archive"] {
        let entries = std::fs::read_dir(folder.join(kind)).expect("the fixtures are there");
        files.extend(entries.map(|e| e.expect("readable").path()).filter(|p| p.is_file()));
    }
    let mut with_equals = 0;
    for file in &files {
        let output = super::program::run(
            super::bloat().arg("duplicates").arg(file).args(["--format", "json", "-n", "0", "-q"]),
        );
        assert!(matches!(output.status.code(), Some(0 | 2)), "{}: {output:?}", file.display());
        let Ok(found) = serde_json::from_slice::<serde_json::Value>(&output.stdout) else { continue };
        for list in ["functions", "constants", "kept_apart", "similar"] {
            let list = &found[list];
            let rows = list["rows"].as_array().expect("rows");
            let sum = |key: &str| rows.iter().map(|r| number(&r[key])).sum::<u64>();
            assert_eq!(sum("copies"), number(&list["copies"]), "{}", file.display());
            assert_eq!(sum("size"), number(&list["size"]), "{}", file.display());
            let saved: u64 = rows.iter().map(|r| number(&r["saved"]["all"])).sum();
            assert_eq!(saved, number(&list["saved"]["all"]), "{}", file.display());
            let file_size = number(&found["input"]["file_size"]);
            assert!(number(&list["size"]) <= file_size, "{}: {list}", file.display());
            with_equals += usize::from(!rows.is_empty());
        }
    }
    assert!(with_equals > 20, "only {with_equals} lists of {} files have rows", files.len());
}
