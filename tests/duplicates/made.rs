//! Programs put together byte by byte: which functions and constants are equal, and what that would save.

use super::elf_builder::{Builder, CLASSES, EXEC, FUNC, OBJECT, Symbol};
use super::subjects::scratch;
use super::{groups, number, report};

/// Where code is loaded, and where it lies in the file.
const CODE: u64 = 0x10_1000;
const CODE_AT: u64 = 0x1000;
/// Where constants are loaded.
const DATA: u64 = 0x20_2000;
const DATA_AT: u64 = 0x2000;
/// Functions start at multiples of this.
const SLOT: u64 = 64;

/// A program of functions and constants for x86-64.
#[derive(Default)]
pub struct Program {
    code: Vec<u8>,
    data: Vec<u8>,
    symbols: Vec<(String, u8, u64, u64)>,
}

/// What the code of a function is made of.
pub enum Part {
    /// Bytes that stay as they are.
    Bytes(&'static [u8]),
    /// `call` of an address.
    Call(u64),
    /// `lea rdi` of an address.
    Lea(u64),
}

impl Program {
    /// Adds a function; returns its address.
    pub fn function(&mut self, name: &str, parts: &[Part]) -> u64 {
        let start = CODE + self.code.len() as u64;
        for part in parts {
            let mut relative = |opcode: &[u8], to: u64| {
                self.code.extend_from_slice(opcode);
                let next = CODE + self.code.len() as u64 + 4;
                self.code.extend_from_slice(&(to.wrapping_sub(next) as i32).to_le_bytes());
            };
            match part {
                Part::Bytes(bytes) => self.code.extend_from_slice(bytes),
                Part::Call(to) => relative(&[0xe8], *to),
                Part::Lea(to) => relative(&[0x48, 0x8d, 0x3d], *to),
            }
        }
        let size = CODE + self.code.len() as u64 - start;
        self.symbols.push((name.to_string(), FUNC, start, size));
        let next = (self.code.len() as u64).next_multiple_of(SLOT);
        self.code.resize(next as usize, 0xcc);
        start
    }

    /// Adds a constant; returns its address.
    pub fn constant(&mut self, name: &str, bytes: &[u8]) -> u64 {
        let start = DATA + self.data.len() as u64;
        self.data.extend_from_slice(bytes);
        if !name.is_empty() {
            self.symbols.push((name.to_string(), OBJECT, start, bytes.len() as u64));
        }
        start
    }

    /// Adds a symbol on bytes that are there already.
    pub fn symbol(&mut self, name: &str, address: u64, size: u64) {
        self.symbols.push((name.to_string(), FUNC, address, size));
    }

    /// The file.
    pub fn build(&self) -> Vec<u8> {
        assert!(self.code.len() as u64 <= DATA_AT - CODE_AT, "code fits in front of data");
        let mut b = Builder::new(CLASSES[0]);
        b.file_type = 3;
        b.segment(5, CODE_AT, CODE, self.code.len() as u64, self.code.len() as u64);
        b.segment(4, DATA_AT, DATA, self.data.len() as u64, self.data.len() as u64);
        let code = b.loaded(".text", EXEC, CODE, CODE_AT, &self.code);
        let data = b.loaded(".rodata", 0, DATA, DATA_AT, &self.data);
        let symbols: Vec<Symbol<'_>> = self
            .symbols
            .iter()
            .map(|(name, kind, address, size)| Symbol {
                section: if *address >= DATA { data } else { code },
                ..Symbol::new(name, *kind, *address, *size)
            })
            .collect();
        b.symbols(0x8000, 0x20000, &symbols);
        b.finish(0x30000, 0x38000)
    }

    /// The report on it.
    #[track_caller]
    pub fn report(&self, name: &str, options: &[&str]) -> serde_json::Value {
        let path = scratch(name);
        std::fs::write(&path, self.build()).expect("the file can be written");
        let report = report(&path, options);
        std::fs::remove_file(&path).expect("the file can be removed");
        report
    }
}

/// `sub rsp, 24`; `add rsp, 24`; `ret`; and a long constant, so that functions are large enough to matter.
const ENTER: Part = Part::Bytes(&[0x48, 0x83, 0xec, 0x18]);
const LEAVE: Part = Part::Bytes(&[0x48, 0x83, 0xc4, 0x18, 0xc3]);
const WORK: Part =
    Part::Bytes(&[0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8, 0x48, 0x31, 0xc7, 0x48, 0x0f, 0xaf, 0xff]);

#[test]
fn calls_are_compared_by_what_they_call() {
    let mut p = Program::default();
    let one = p.function("one", &[Part::Bytes(&[0xb8, 1, 0, 0, 0, 0xc3])]);
    let two = p.function("two", &[Part::Bytes(&[0xb8, 2, 0, 0, 0, 0xc3])]);
    let calls = |to: u64| [ENTER, WORK, Part::Call(to), LEAVE];
    let first = p.function("first", &calls(one));
    p.function("second", &calls(one));
    p.function("other", &calls(two));
    let report = p.report("calls", &[]);
    assert_eq!(groups(&report["functions"]), [["first", "second"]]);
    // One copy and the padding up to the next slot.
    assert_eq!(number(&report["functions"]["saved"]["all"]), SLOT);
    assert_eq!(number(&report["functions"]["saved"]["safe"]), SLOT);
    assert_eq!(number(&report["functions"]["rows"][0]["members"][0]["address"]), first);
    let of_one = |list: &str| report[list]["rows"][0]["members"][0]["size"].as_u64();
    assert_eq!(of_one("functions"), Some(4 + 17 + 5 + 5));
    // `other` does the same with another function: one body could stand for it and one of the equals, if each
    // had an instruction of 7 bytes that passes what to call and a jump of 5, for which 31 bytes are not enough.
    assert_eq!(number(&report["similar"]["groups"]), 1);
    assert_eq!(number(&report["similar"]["saved"]["all"]), 2 * 31 - 31 - 2 * (7 + 5));
    assert_eq!(groups(&report["similar"]), [["first", "other"]]);
    assert_eq!(number(&report["similar"]["rows"][0]["shapes"][0]["operands"]), 1);
}

#[test]
fn equals_call_equals() {
    let mut p = Program::default();
    let leaf = [WORK, LEAVE];
    let (a, b) = (p.function("leaf_a", &leaf), p.function("leaf_b", &leaf));
    let calls = |to: u64| [ENTER, WORK, Part::Call(to), LEAVE];
    let (c, d) = (p.function("middle_a", &calls(a)), p.function("middle_b", &calls(b)));
    p.function("top_a", &calls(c));
    p.function("top_b", &calls(d));
    let report = p.report("chain", &[]);
    // A top is a middle in its bytes, but calls another function.
    assert_eq!(
        groups(&report["functions"]),
        [["leaf_a", "leaf_b"], ["middle_a", "middle_b"], ["top_a", "top_b"]]
    );
    assert_eq!(number(&report["functions"]["saved"]["all"]), 3 * SLOT);
    assert_eq!(number(&report["functions"]["copies"]), 6);
}

#[test]
fn a_function_whose_address_is_a_value_does_not_fold_safely() {
    let mut p = Program::default();
    let leaf = [WORK, LEAVE];
    let a = p.function("leaf_a", &leaf);
    p.function("leaf_b", &leaf);
    p.function("leaf_c", &leaf);
    p.function("taker", &[Part::Lea(a), LEAVE]);
    let report = p.report("taken", &[]);
    let saved = &report["functions"]["saved"];
    // The other two fold into each other.
    assert_eq!((number(&saved["all"]), number(&saved["safe"])), (2 * SLOT, SLOT));
    let taken: Vec<bool> = report["functions"]["rows"][0]["members"]
        .as_array()
        .expect("members")
        .iter()
        .map(|m| m["address_taken"] == true)
        .collect();
    assert_eq!(taken, [true, false, false]);
}

#[test]
fn constants_are_cut_by_what_refers_to_them() {
    let mut p = Program::default();
    let one = p.constant("", b"a text that is there twice\0\0\0\0\0\0");
    p.constant("", b"another text in between........\0");
    let other = p.constant("", b"a text that is there twice\0\0\0\0\0\0");
    let between = one + 32;
    let first = p.function("first", &[Part::Lea(one), WORK, LEAVE]);
    p.function("second", &[Part::Lea(other), WORK, LEAVE]);
    p.function("third", &[Part::Lea(between), WORK, LEAVE]);
    let report = p.report("constants", &[]);
    let rows = report["constants"]["rows"].as_array().expect("rows").clone();
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(rows[0]["name"], "\"a text that is there twice\"");
    // The text and the zero behind it.
    assert_eq!(number(&rows[0]["saved"]["all"]), 26 + 1);
    let addresses = [0, 1].map(|i| number(&rows[0]["members"][i]["address"]));
    assert_eq!(addresses, [one, other]);
    // Linkers that fold code leave constants, so functions that refer to two copies of one stay apart.
    assert_eq!(number(&report["functions"]["groups"]), 0);
    assert_eq!(groups(&report["kept_apart"]), [["first", "second"]]);
    assert_eq!(number(&report["kept_apart"]["rows"][0]["members"][0]["address"]), first);
}

#[test]
fn names_of_one_place_are_folded_already() {
    let mut p = Program::default();
    let a = p.function("leaf_a", &[WORK, LEAVE]);
    p.symbol("leaf_alias", a, 22);
    let report = p.report("aliases", &[]);
    assert_eq!(number(&report["functions"]["groups"]), 0);
    let folded = ["places", "names", "size"].map(|key| number(&report["folded"][key]));
    assert_eq!(folded, [1, 1, 22]);
}

#[test]
fn small_pieces_and_what_a_filter_hides_are_left_out() {
    let mut p = Program::default();
    for name in ["leaf_a", "leaf_b", "leaf_c"] {
        p.function(name, &[WORK, LEAVE]);
    }
    for name in ["tiny_a", "tiny_b"] {
        p.function(name, &[Part::Bytes(&[0x31, 0xc0, 0xc3])]);
    }
    let all = p.report("sizes", &[]);
    assert_eq!(groups(&all["functions"]), [vec!["leaf_a", "leaf_b", "leaf_c"], vec!["tiny_a", "tiny_b"]]);
    let large = p.report("sizes", &["--min-size", "4"]);
    assert_eq!(groups(&large["functions"]), [["leaf_a", "leaf_b", "leaf_c"]]);
    let some = p.report("sizes", &["--filter", "symbol!=leaf_a,tiny_b"]);
    assert_eq!(groups(&some["functions"]), [["leaf_b", "leaf_c"]]);
    assert_eq!(number(&some["functions"]["saved"]["all"]), SLOT);
    let by = |order: &str| {
        let report = p.report("sizes", &["--sort", order]);
        report["functions"]["rows"].as_array().expect("rows").iter().map(|r| r["name"].to_string()).collect()
    };
    let names: Vec<String> = by("name");
    assert_eq!(names, ["\"leaf_a\"", "\"tiny_a\""]);
    let sizes: Vec<String> = by("size");
    assert_eq!(sizes, names);
}
