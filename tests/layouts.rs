//! Layouts written in the test, with the owner of each byte beside them.
//!
//! What a linker never or rarely makes is made here: gaps of known size, sections
//! and segments that overlap, labels without a size, tables in odd places; in
//! both word sizes and both byte orders where the layout depends on them.

mod elf_builder;
mod subjects;

use bloat::kind::Kind;
use bloat::model::Model;

use elf_builder::{
    ALLOC, Builder, CLASSES, Class, EXEC, FUNC, LOCAL, NOTYPE, OBJECT, PROGBITS, RELA, RELR, Section, Symbol,
    WRITE,
};
use subjects::analyze_bytes;

const ELF64: Class = CLASSES[0];

/// One run: start, length, section, symbol in brackets if it is none, kind.
type Run<'t> = (u64, u64, &'t str, &'t str, Kind);

/// The runs of a model from position `from` to `to`; neighbours that differ in nothing shown are one.
fn runs(model: &Model, from: u64, to: u64) -> Vec<(u64, u64, String, String, Kind)> {
    let mut runs: Vec<(u64, u64, String, String, Kind)> = Vec::new();
    for leaf in model.leaves.iter().filter(|l| l.start < to && l.start + l.len > from) {
        let section = leaf.section.get().map_or("", |i| model.names.get(model.sections[i].name));
        let symbol = model.symbol_label(leaf.symbol);
        let end = leaf.start + leaf.len;
        match runs.last_mut() {
            Some(last) if (last.2.as_str(), &last.3, last.4) == (section, &symbol, leaf.kind) => {
                last.1 = end - last.0;
            }
            _ => runs.push((leaf.start, leaf.len, section.to_string(), symbol, leaf.kind)),
        }
    }
    runs
}

#[track_caller]
fn expect(model: &Model, from: u64, to: u64, expected: &[Run<'_>]) {
    assert_eq!(model.check(), Ok(()));
    let got = runs(model, from, to);
    let got: Vec<Run<'_>> = got.iter().map(|r| (r.0, r.1, r.2.as_str(), r.3.as_str(), r.4)).collect();
    assert_eq!(got, expected);
}

/// Codes of what was not understood.
fn codes(model: &Model) -> Vec<&str> {
    model.diagnostics.iter().map(|d| &*d.code).collect()
}

/// Machine code that is no filler in any instruction set.
fn code(len: usize) -> Vec<u8> {
    vec![0xab; len]
}

/// `.text` with `text` at offset 0x200 and address 0x10200, in a segment of its own.
fn one_text(class: Class, text: &[u8]) -> Builder {
    let mut elf = Builder::new(class);
    elf.loaded(".text", EXEC, 0x10200, 0x200, text);
    elf.segment(5, 0x200, 0x10200, text.len() as u64, text.len() as u64);
    elf
}

#[test]
fn a_whole_file_in_every_class_and_byte_order() {
    for class in CLASSES {
        let mut elf = one_text(class, &code(0x40));
        elf.symbols(0x300, 0x400, &[Symbol::new("alpha", FUNC, 0x10200, 0x40)]);
        let model = analyze_bytes(elf.finish(0x500, 0x600));
        let (header, segment) = (class.header(), class.program_header());
        let (symbol, headers) = (class.symbol(), 5 * class.section_header());
        // "\0" of section 0, then one byte behind each name.
        let names = 1 + [0, 5, 7, 7, 9].iter().map(|n| n + 1).sum::<u64>();
        let expected: &[Run<'_>] = &[
            (0, header, "[ELF header]", "", Kind::Headers),
            (header, segment, "[program headers]", "", Kind::Headers),
            (header + segment, 0x200 - header - segment, "[padding]", "", Kind::Padding),
            (0x200, 0x40, ".text", "alpha", Kind::Code),
            (0x240, 0xc0, "[padding]", "", Kind::Padding),
            (0x300, symbol, ".symtab", "", Kind::Symbols),
            (0x300 + symbol, symbol, ".symtab", "alpha", Kind::Symbols),
            (0x300 + 2 * symbol, 0x100 - 2 * symbol, "[padding]", "", Kind::Padding),
            (0x400, 1, ".strtab", "", Kind::Symbols),
            (0x401, 6, ".strtab", "alpha", Kind::Symbols),
            (0x407, 0xf9, "[padding]", "", Kind::Padding),
            (0x500, names, ".shstrtab", "", Kind::Headers),
            (0x500 + names, 0x100 - names, "[padding]", "", Kind::Padding),
            (0x600, headers, "[section headers]", "", Kind::Headers),
        ];
        expect(&model, 0, u64::MAX, expected);
        assert_eq!(model.total().file, 0x600 + headers, "{class:?}");
        assert_eq!(model.total().memory, 0x40);
        assert_eq!(model.facts.bits, if class.is_64 { 64 } else { 32 });
        assert_eq!(model.facts.endian, if class.is_big { "big" } else { "little" });
        assert_eq!(codes(&model), [""; 0]);
    }
}

#[test]
fn what_no_header_names_is_told_from_padding() {
    let mut elf = one_text(ELF64, &code(0x10));
    elf.put(0x210, &[0; 0x20]);
    elf.loaded(".note", 0, 0x20230, 0x230, &code(0x10));
    elf.put(0x248, b"hidden!!");
    elf.loaded(".other", 0, 0x20260, 0x260, &code(0x10));
    elf.put(0x800, b"an archive appended to the program");
    let headers = 5 * 64;
    let model = analyze_bytes(elf.finish(0x300, 0x400));
    let expected: &[Run<'_>] = &[
        (0x200, 0x10, ".text", "", Kind::Code),
        (0x210, 0x20, "[padding]", "", Kind::Padding),
        (0x230, 0x10, ".note", "", Kind::Rodata),
        // Not all zero: not padding, zeros at its edges included.
        (0x240, 0x20, "[unmapped]", "", Kind::Unmapped),
        (0x260, 0x10, ".other", "", Kind::Rodata),
    ];
    expect(&model, 0x200, 0x270, expected);
    expect(&model, 0x400 + headers, u64::MAX, &[(0x540, 0x2e2, "[appended data]", "", Kind::Unmapped)]);
}

#[test]
fn filler_between_functions_is_padding() {
    let mut text = code(0x40);
    // 16 bytes of `int3` between two functions; the same byte inside a function is code.
    text[0x10..0x20].fill(0xcc);
    text[0x30] = 0xcc;
    let mut elf = one_text(ELF64, &text);
    let symbols = [Symbol::new("first", FUNC, 0x10200, 0x10), Symbol::new("second", FUNC, 0x10220, 0x20)];
    elf.symbols(0x300, 0x400, &symbols);
    let expected: &[Run<'_>] = &[
        (0x200, 0x10, ".text", "first", Kind::Code),
        (0x210, 0x10, ".text", "[padding]", Kind::Padding),
        (0x220, 0x20, ".text", "second", Kind::Code),
    ];
    expect(&analyze_bytes(elf.finish(0x500, 0x600)), 0x200, 0x240, expected);
}

#[test]
fn bytes_of_two_sections_count_once() {
    let mut elf = Builder::new(ELF64);
    elf.loaded(".outer", 0, 0x10200, 0x200, &code(0x40));
    let inner = Section {
        name: b".inner".to_vec(),
        kind: PROGBITS,
        flags: ALLOC,
        address: 0x10210,
        offset: 0x210,
        size: 0x10,
        ..Section::default()
    };
    elf.section(inner);
    elf.segment(4, 0x200, 0x10200, 0x40, 0x40);
    let model = analyze_bytes(elf.finish(0x500, 0x600));
    let expected: &[Run<'_>] = &[
        (0x200, 0x10, ".outer", "", Kind::Rodata),
        (0x210, 0x10, ".inner", "", Kind::Rodata),
        (0x220, 0x20, ".outer", "", Kind::Rodata),
    ];
    expect(&model, 0x200, 0x240, expected);
    let diagnostic = model.diagnostics.iter().find(|d| d.code == "sections-overlap").expect("it is told");
    assert_eq!(diagnostic.bytes, Some(0x10));
}

#[test]
fn aliases_share_and_nested_symbols_divide() {
    let mut elf = one_text(ELF64, &code(0x60));
    let local = |s: Symbol<'static>| Symbol { binding: LOCAL, ..s };
    let symbols = [
        local(Symbol::new("a", FUNC, 0x10200, 0x20)),
        // A global name is preferred to a local one, a short one to a long one.
        Symbol::new("visible_long", FUNC, 0x10200, 0x20),
        Symbol::new("visible", FUNC, 0x10200, 0x20),
        Symbol::new("outer", FUNC, 0x10220, 0x40),
        local(Symbol::new("inner", FUNC, 0x10230, 0x10)),
    ];
    elf.symbols(0x300, 0x400, &symbols);
    let model = analyze_bytes(elf.finish(0x500, 0x600));
    let expected: &[Run<'_>] = &[
        (0x200, 0x20, ".text", "visible", Kind::Code),
        (0x220, 0x10, ".text", "outer", Kind::Code),
        (0x230, 0x10, ".text", "inner", Kind::Code),
        (0x240, 0x20, ".text", "outer", Kind::Code),
    ];
    expect(&model, 0x200, 0x260, expected);
    // Entries of all names are on account of the one that owns the bytes.
    let expected: &[Run<'_>] = &[
        (0x300, 24, ".symtab", "", Kind::Symbols),
        (0x318, 72, ".symtab", "visible", Kind::Symbols),
        (0x360, 24, ".symtab", "outer", Kind::Symbols),
        (0x378, 24, ".symtab", "inner", Kind::Symbols),
    ];
    expect(&model, 0x300, 0x390, expected);
}

#[test]
fn entries_and_names_are_on_account_of_their_symbol() {
    for class in CLASSES {
        let mut elf = one_text(class, &code(0x30));
        let symbols = [
            Symbol::new("one", FUNC, 0x10200, 0x10),
            Symbol::new("twenty_two", FUNC, 0x10210, 0x10),
            Symbol::new("three", OBJECT, 0x10220, 0x10),
        ];
        elf.symbols(0x300, 0x400, &symbols);
        let model = analyze_bytes(elf.finish(0x500, 0x600));
        let entry = class.symbol();
        let expected: &[Run<'_>] = &[
            (0x300 + entry, entry, ".symtab", "one", Kind::Symbols),
            (0x300 + 2 * entry, entry, ".symtab", "twenty_two", Kind::Symbols),
            (0x300 + 3 * entry, entry, ".symtab", "three", Kind::Symbols),
        ];
        expect(&model, 0x300 + entry, 0x300 + 4 * entry, expected);
        let expected: &[Run<'_>] = &[
            (0x401, 4, ".strtab", "one", Kind::Symbols),
            (0x405, 11, ".strtab", "twenty_two", Kind::Symbols),
            (0x410, 6, ".strtab", "three", Kind::Symbols),
        ];
        expect(&model, 0x401, 0x416, expected);
    }
}

#[test]
fn symbols_without_a_size_end_where_the_next_starts() {
    let mut elf = one_text(ELF64, &code(0x60));
    let symbols = [
        Symbol::new("label", NOTYPE, 0x10200, 0),
        Symbol::new("sized", FUNC, 0x10218, 0x10),
        Symbol::new("unsized", FUNC, 0x10228, 0),
        Symbol::new("last", NOTYPE, 0x10248, 0),
    ];
    elf.symbols(0x300, 0x400, &symbols);
    let expected: &[Run<'_>] = &[
        (0x200, 0x18, ".text", "label", Kind::Code),
        (0x218, 0x10, ".text", "sized", Kind::Code),
        (0x228, 0x20, ".text", "unsized", Kind::Code),
        (0x248, 0x18, ".text", "last", Kind::Code),
    ];
    expect(&analyze_bytes(elf.finish(0x500, 0x600)), 0x200, 0x260, expected);
}

#[test]
fn a_symbol_ends_with_its_section() {
    let mut elf = Builder::new(ELF64);
    elf.loaded(".text", EXEC, 0x10200, 0x200, &code(0x20));
    elf.loaded(".rodata", 0, 0x10220, 0x220, &code(0x20));
    elf.segment(5, 0x200, 0x10200, 0x40, 0x40);
    elf.symbols(0x300, 0x400, &[Symbol::new("greedy", FUNC, 0x10210, 0x1000)]);
    let expected: &[Run<'_>] = &[
        (0x200, 0x10, ".text", "", Kind::Code),
        (0x210, 0x10, ".text", "greedy", Kind::Code),
        (0x220, 0x20, ".rodata", "", Kind::Rodata),
    ];
    expect(&analyze_bytes(elf.finish(0x500, 0x600)), 0x200, 0x240, expected);
}

#[test]
fn zero_fill_is_memory_and_no_file() {
    for class in CLASSES {
        let mut elf = Builder::new(class);
        elf.loaded(".data", WRITE, 0x10200, 0x200, &code(0x20));
        elf.zero_fill(".bss", 0x10220, 0x220, 0x30);
        // The segment goes on for 0x10 bytes behind the last section.
        elf.segment(6, 0x200, 0x10200, 0x20, 0x60);
        let zeroed = Symbol { section: 2, ..Symbol::new("zeroed", OBJECT, 0x10230, 0x20) };
        elf.symbols(0x300, 0x400, &[zeroed]);
        let model = analyze_bytes(elf.finish(0x500, 0x600));
        let end = 0x600 + 6 * class.section_header();
        let expected: &[Run<'_>] = &[
            (end, 0x10, ".bss", "", Kind::Bss),
            (end + 0x10, 0x20, ".bss", "zeroed", Kind::Bss),
            (end + 0x30, 0x10, "[LOAD #0 RW-]", "", Kind::Bss),
        ];
        expect(&model, end, u64::MAX, expected);
        assert_eq!((model.total().file, model.total().memory), (end, 0x60), "{class:?}");
    }
}

#[test]
fn bytes_loaded_twice_count_once_in_the_file_and_twice_in_memory() {
    let mut elf = Builder::new(ELF64);
    elf.loaded(".text", EXEC, 0x10200, 0x200, &code(0x40));
    elf.segment(5, 0x200, 0x10200, 0x40, 0x40);
    elf.segment(6, 0x220, 0x30220, 0x20, 0x20);
    let model = analyze_bytes(elf.finish(0x500, 0x600));
    assert_eq!(model.check(), Ok(()));
    assert_eq!(model.total().memory, 0x60);
    assert_eq!(model.total().file, 0x600 + 3 * 64);
    let end = 0x600 + 3 * 64;
    expect(&model, 0x200, 0x240, &[(0x200, 0x40, ".text", "", Kind::Code)]);
    expect(&model, end, u64::MAX, &[(end, 0x20, "[LOAD #1 RW-]", "", Kind::Bss)]);
    let diagnostic = model.diagnostics.iter().find(|d| d.code == "loaded-twice").expect("it is told");
    assert_eq!((diagnostic.severity.as_str(), diagnostic.bytes), ("note", Some(0x20)));
}

#[test]
fn relocations_are_on_account_of_the_place_they_patch() {
    for class in CLASSES {
        let word = class.word();
        let mut elf = Builder::new(class);
        elf.loaded(".data", WRITE, 0x10200, 0x200, &code(0x40));
        elf.segment(6, 0x200, 0x10200, 0x40, 0x40);
        let entry = |address: u64| {
            let fields = [(address, word), (8, word), (0x10200, word)];
            fields.map(|(value, width)| class.bytes(value, width)).concat()
        };
        // Out of order on purpose: an entry goes with its place, not with its neighbours.
        let rela = [entry(0x10220), entry(0x10208), entry(0x10238)].concat();
        elf.put(0x280, &rela);
        let (name, size) = (b".rela.dyn".to_vec(), rela.len() as u64);
        let flags = ALLOC;
        elf.section(Section { name, kind: RELA, flags, offset: 0x280, size, ..Section::default() });
        let symbols =
            [Symbol::new("first", OBJECT, 0x10200, 0x10), Symbol::new("second", OBJECT, 0x10220, 0x20)];
        elf.symbols(0x300, 0x400, &symbols);
        let size = class.rela();
        let expected: &[Run<'_>] = &[
            (0x280, size, ".rela.dyn", "second", Kind::Relocations),
            (0x280 + size, size, ".rela.dyn", "first", Kind::Relocations),
            (0x280 + 2 * size, size, ".rela.dyn", "second", Kind::Relocations),
        ];
        expect(&analyze_bytes(elf.finish(0x500, 0x600)), 0x280, 0x280 + 3 * size, expected);
    }
}

#[test]
fn packed_relocations_are_on_account_of_the_first_place_of_each_word() {
    for class in CLASSES {
        let word = class.word();
        let mut elf = Builder::new(class);
        elf.loaded(".data", WRITE, 0x10200, 0x200, &code(0x40));
        elf.segment(6, 0x200, 0x10200, 0x40, 0x40);
        // An address, then a bitmap of the words behind it: bit 1 is the next word, so these
        // are the third and the fourth.
        let bitmap = 0b11001;
        let packed =
            [class.bytes(0x10200, word), class.bytes(bitmap, word), class.bytes(0x10230, word)].concat();
        elf.put(0x280, &packed);
        let (name, size) = (b".relr.dyn".to_vec(), packed.len() as u64);
        elf.section(Section { name, kind: RELR, flags: ALLOC, offset: 0x280, size, ..Section::default() });
        let symbols = [
            Symbol::new("first", OBJECT, 0x10200, 3 * word),
            Symbol::new("second", OBJECT, 0x10200 + 3 * word, word),
            Symbol::new("beside", OBJECT, 0x10200 + 4 * word, word),
            Symbol::new("third", OBJECT, 0x10230, 0x10),
        ];
        elf.symbols(0x300, 0x400, &symbols);
        let expected: &[Run<'_>] = &[
            (0x280, word, ".relr.dyn", "first", Kind::Relocations),
            (0x280 + word, word, ".relr.dyn", "second", Kind::Relocations),
            (0x280 + 2 * word, word, ".relr.dyn", "third", Kind::Relocations),
        ];
        expect(&analyze_bytes(elf.finish(0x500, 0x600)), 0x280, 0x280 + 3 * word, expected);
    }
}

#[test]
fn section_headers_may_lie_anywhere() {
    let mut elf = Builder::new(ELF64);
    elf.loaded(".text", EXEC, 0x10600, 0x600, &code(0x40));
    elf.segment(5, 0x600, 0x10600, 0x40, 0x40);
    let model = analyze_bytes(elf.finish(0x300, 0x400));
    let expected: &[Run<'_>] = &[
        // Names: one byte of section 0, then ".text", ".shstrtab" and their ends, and another for "".
        (0x300, 18, ".shstrtab", "", Kind::Headers),
        (0x312, 0xee, "[padding]", "", Kind::Padding),
        (0x400, 3 * 64, "[section headers]", "", Kind::Headers),
        (0x4c0, 0x140, "[padding]", "", Kind::Padding),
        (0x600, 0x40, ".text", "", Kind::Code),
    ];
    expect(&model, 0x300, u64::MAX, expected);
}

#[test]
fn counts_that_do_not_fit_are_read_from_section_0() {
    for class in CLASSES {
        let mut elf = one_text(class, &code(0x40));
        elf.symbols(0x300, 0x400, &[Symbol::new("alpha", FUNC, 0x10200, 0x40)]);
        elf.extended_counts();
        let model = analyze_bytes(elf.finish(0x500, 0x600));
        expect(&model, 0x200, 0x240, &[(0x200, 0x40, ".text", "alpha", Kind::Code)]);
        let headers = 5 * class.section_header();
        expect(&model, 0x600, u64::MAX, &[(0x600, headers, "[section headers]", "", Kind::Headers)]);
        assert_eq!((model.total().memory, codes(&model)), (0x40, vec![]), "{class:?}");
    }
}

#[test]
fn tables_and_sections_beyond_the_end_are_told_and_clipped() {
    let mut elf = one_text(ELF64, &code(0x40));
    let mut bytes = elf.clone().finish(0x300, 0x400);
    // The last of three section headers is cut in two.
    bytes.truncate(0x400 + 2 * 64 + 32);
    let model = analyze_bytes(bytes);
    assert_eq!(model.total().file, 0x400 + 2 * 64 + 32);
    assert!(codes(&model).contains(&"header-table-cut"), "{:?}", model.diagnostics);

    let name = b".beyond".to_vec();
    elf.section(Section { name, kind: PROGBITS, offset: 0x700, size: 0x100, ..Section::default() });
    elf.put(0x700, &code(0x10));
    let model = analyze_bytes(elf.finish(0x300, 0x400));
    expect(&model, 0x700, u64::MAX, &[(0x700, 0x10, ".beyond", "", Kind::Metadata)]);
    let diagnostic = model.diagnostics.iter().find(|d| d.code == "section-out-of-file").expect("it is told");
    assert_eq!((diagnostic.offset, diagnostic.bytes), (Some(0x700), Some(0xf0)));
}

#[test]
fn an_object_file_has_a_line_for_each_section() {
    for class in CLASSES {
        let mut elf = Builder::new(class);
        elf.file_type = 1;
        elf.loaded(".text.a", EXEC, 0, 0x200, &code(0x20));
        elf.loaded(".text.b", EXEC, 0, 0x220, &code(0x20));
        elf.zero_fill(".bss", 0, 0x240, 0x18);
        let at = |section, s: Symbol<'static>| Symbol { section, ..s };
        let symbols = [
            at(1, Symbol::new("a", FUNC, 0, 0x20)),
            at(2, Symbol::new("b", FUNC, 0x10, 0x10)),
            at(3, Symbol::new("c", OBJECT, 0, 0x18)),
        ];
        elf.symbols(0x300, 0x400, &symbols);
        let model = analyze_bytes(elf.finish(0x500, 0x600));
        let expected: &[Run<'_>] = &[
            (0x200, 0x20, ".text.a", "a", Kind::Code),
            (0x220, 0x10, ".text.b", "", Kind::Code),
            (0x230, 0x10, ".text.b", "b", Kind::Code),
        ];
        expect(&model, 0x200, 0x240, expected);
        let end = model.total().file;
        expect(&model, end, u64::MAX, &[(end, 0x18, ".bss", "c", Kind::Bss)]);
        assert_eq!(model.total().memory, 0x20 + 0x20 + 0x18, "{class:?}");
        assert_eq!(model.facts.file_type, "object file");
    }
}

/// The name of the byte at `at`: the tightest symbol that covers it, then the one that starts
/// first, then the shorter name, then the lesser one.
fn owner<'t>(symbols: &[Symbol<'t>], at: u64, end: u64) -> &'t [u8] {
    let covering = symbols.iter().filter(|s| s.address <= at && at < s.address + s.size);
    let tightest = covering.min_by_key(|s| {
        let len = (s.address + s.size).min(end) - s.address;
        (len, s.address, s.name.len(), s.name)
    });
    tightest.map_or(b"", |s| s.name)
}

#[test]
fn any_symbols_divide_a_section_as_looking_at_each_byte_does() {
    const LEN: u64 = 0x40;
    let names: Vec<String> = (0..12).map(|i| format!("{}{i}", "f".repeat(1 + i % 3))).collect();
    arbtest::arbtest(|u| {
        let class = *u.choose(&CLASSES)?;
        let mut symbols = Vec::new();
        for name in names.iter().take(u.int_in_range(0..=names.len())?) {
            let address = 0x10200 + u.int_in_range(0..=LEN - 1)?;
            symbols.push(Symbol::new(name, FUNC, address, u.int_in_range(1..=LEN + 8)?));
        }
        let mut elf = one_text(class, &code(LEN as usize));
        elf.symbols(0x300, 0x500, &symbols);
        let model = analyze_bytes(elf.finish(0x700, 0x800));
        assert_eq!(model.check(), Ok(()));
        for leaf in model.leaves.iter().filter(|l| (0x200..0x200 + LEN).contains(&l.start)) {
            for pos in leaf.start..leaf.start + leaf.len {
                let expected = owner(&symbols, 0x10000 + pos, 0x10200 + LEN);
                assert_eq!(model.mangled(leaf.symbol).as_bytes(), expected, "{class:?} at {pos:#x}");
            }
        }
        Ok(())
    });
}
