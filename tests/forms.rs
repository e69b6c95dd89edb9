//! Data of every form, written in the test, in both word sizes and both byte orders.

mod elf_builder;
mod subjects;

use bloat::kind::Kind;
use bloat::model::Model;

use elf_builder::{
    ALLOC, Builder, CLASSES, Class, EXEC, FUNC, OBJECT, PROGBITS, RELA, Section, Symbol, WRITE,
};
use subjects::analyze_bytes;

/// Names that make a program Rust.
const DROP: &str = "_ZN4core3ptr13drop_in_place17h0123456789abcdefE";
const METHOD: &str = "_ZN4demo4Shape4area17h0123456789abcdefE";
const STATIC: &str = "_ZN4demo5NAMES17h0123456789abcdefE";

const PATH: &[u8] = b"src/shape.rs\0";
const TEXT: &[u8] = b"hello, forms";
/// It looks like text, and nothing refers to it.
const NUMBERS: &[u8] = b"beadbead\x01\x02\x03\x04";

/// The kinds of the bytes from `from` to `to`, as runs.
#[track_caller]
fn expect(model: &Model, from: u64, expected: &[(u64, Kind)], place: &str) {
    assert_eq!(model.check(), Ok(()));
    let mut at = from;
    for &(size, kind) in expected {
        for byte in at..at + size {
            assert_eq!(model.leaves.at(byte).expect("in the file").kind, kind, "{place}: {byte:#x}");
        }
        at += size;
    }
}

/// Numbers one behind the other: words, or of four bytes.
fn fields(class: Class, numbers: &[(u64, bool)]) -> Vec<u8> {
    let width = |is_word| if is_word { class.word() } else { 4 };
    numbers.iter().flat_map(|&(value, is_word)| class.bytes(value, width(is_word))).collect()
}

#[test]
fn a_program_at_fixed_addresses_in_every_class() {
    for class in CLASSES {
        let w = class.word();
        let (text, rodata, data) = (0x10200u64, 0x10300u64, 0x10400u64);
        let location =
            fields(class, &[(rodata, true), (PATH.len() as u64 - 1, true), (17, false), (9, false)]);
        let vtable =
            fields(class, &[(text, true), (24, true), (8, true), (text + 0x20, true), (text + 0x40, true)]);
        let slice = fields(class, &[(rodata + PATH.len() as u64, true), (TEXT.len() as u64, true)]);
        // Places inside the method.
        let jumps = fields(class, &[(text + 0x28, true), (text + 0x2c, true), (text + 0x28, true)]);
        let table = data + location.len() as u64;
        let names = table + vtable.len() as u64;
        let mut elf = Builder::new(class);
        elf.loaded(".text", EXEC, text, 0x200, &[0xab; 0x60]);
        elf.loaded(".rodata", 0, rodata, 0x300, &[PATH, TEXT, NUMBERS].concat());
        elf.loaded(".data.rel.ro", WRITE, data, 0x400, &[&location[..], &vtable, &slice, &jumps].concat());
        // What says where the table starts.
        elf.loaded(".data", WRITE, 0x10500, 0x500, &class.bytes(table, w));
        elf.segment(5, 0x200, text, 0x400, 0x400);
        let at = |section, s: Symbol<'static>| Symbol { section, ..s };
        let symbols = [
            Symbol::new(DROP, FUNC, text, 0x20),
            Symbol::new(METHOD, FUNC, text + 0x20, 0x20),
            Symbol::new("other", FUNC, text + 0x40, 0x20),
            at(3, Symbol::new(STATIC, OBJECT, names, 2 * w)),
        ];
        elf.symbols(0x600, 0x700, &symbols);
        let model = analyze_bytes(elf.finish(0x900, 0xa00));
        let place = format!("{class:?}");
        let lengths = (PATH.len() as u64, TEXT.len() as u64, NUMBERS.len() as u64);
        let constants =
            [(lengths.0, Kind::PanicLocations), (lengths.1, Kind::Strings), (lengths.2, Kind::Rodata)];
        expect(&model, 0x300, &constants, &place);
        let tables = [
            (location.len() as u64, Kind::PanicLocations),
            (5 * w, Kind::Vtables),
            (2 * w, Kind::Data),
            (3 * w, Kind::JumpTables),
        ];
        expect(&model, 0x400, &tables, &place);
        expect(&model, 0x500, &[(w, Kind::Data)], &place);
    }
}

/// The relocation that writes an address, by the supplements of the ABI, for the machines of [`CLASSES`].
fn whole_address(class: Class) -> u64 {
    match (class.is_64, class.is_big) {
        (true, false) => 1,  // R_X86_64_64
        (true, true) => 22,  // R_390_64
        (false, false) => 1, // R_386_32
        (false, true) => 2,  // R_MIPS_32
    }
}

#[test]
fn an_object_file_in_every_class() {
    for class in CLASSES {
        let w = class.word();
        let mut elf = Builder::new(class);
        elf.file_type = 1;
        elf.loaded(".text.drop", EXEC, 0, 0x200, &[0xab; 0x20]);
        elf.loaded(".text.area", EXEC, 0, 0x220, &[0xab; 0x20]);
        // Addresses are not known yet: what stands there is for the linker to replace.
        let table = fields(class, &[(0, true), (24, true), (8, true), (0, true)]);
        let data = elf.loaded(".data.rel.ro..Lanon.1", WRITE, 0, 0x240, &table);
        // The same words without relocations are numbers.
        elf.loaded(".data.numbers", WRITE, 0, 0x280, &table);
        // SHF_MERGE and SHF_STRINGS.
        elf.loaded(".rodata.str1.1", 0x30, 0, 0x2c0, b"a\0short texts\0");
        elf.loaded(".rodata.cst8", 0x10, 0, 0x2e0, b"beadbead");
        let at = |section, s: Symbol<'static>| Symbol { section, ..s };
        let symbols = [at(1, Symbol::new(DROP, FUNC, 0, 0x20)), at(2, Symbol::new(METHOD, FUNC, 0, 0x20))];
        let link = elf.symbols(0x300, 0x400, &symbols);
        let shift = if class.is_64 { 32 } else { 8 };
        let entry = |offset: u64, symbol: u64| {
            let info = symbol << shift | whole_address(class);
            [class.bytes(offset, w), class.bytes(info, w), class.bytes(0, w)].concat()
        };
        let rela = [entry(0, 1), entry(3 * w, 2)].concat();
        elf.put(0x500, &rela);
        elf.section(Section {
            name: b".rela.data.rel.ro..Lanon.1".to_vec(),
            kind: RELA,
            offset: 0x500,
            size: rela.len() as u64,
            link: link.into(),
            info: data.into(),
            ..Section::default()
        });
        let model = analyze_bytes(elf.finish(0x600, 0x800));
        let place = format!("{class:?}");
        expect(&model, 0x240, &[(4 * w, Kind::Vtables)], &place);
        expect(&model, 0x280, &[(4 * w, Kind::Data)], &place);
        expect(&model, 0x2c0, &[(14, Kind::Strings)], &place);
        expect(&model, 0x2e0, &[(8, Kind::Rodata)], &place);
    }
}

#[test]
fn the_flag_of_strings_says_nothing_in_a_linked_file() {
    let class = CLASSES[0];
    let mut elf = Builder::new(class);
    let all = Section {
        name: b".rodata".to_vec(),
        kind: PROGBITS,
        flags: ALLOC | 0x30,
        address: 0x10200,
        offset: 0x200,
        size: 12,
        ..Section::default()
    };
    elf.put(0x200, NUMBERS);
    elf.section(all);
    elf.segment(4, 0x200, 0x10200, 12, 12);
    let model = analyze_bytes(elf.finish(0x300, 0x400));
    expect(&model, 0x200, &[(12, Kind::Rodata)], "linked");
}
