//! Files made for the purpose: what is a copy and what is not, and names that mean harm.

use std::time::{Duration, Instant};

use bloat::analysis::generics::{Generics, Group, Grouping, Order, Question, generics};
use bloat::model::Model;
use bloat::report::{self, GenericsOptions};

use crate::elf_builder::{Builder, Class, EXEC, FUNC, LOCAL, Symbol};
use crate::subjects::analyze_bytes;

const ELF64: Class = Class { is_64: true, is_big: false };
/// Where code starts, in memory and in the file.
const BASE: u64 = 0x10200;

/// A program of these functions.
fn program(functions: &[Symbol<'_>]) -> Model {
    let size = functions.iter().map(|f| f.address + f.size - BASE).max().expect("functions");
    let mut elf = Builder::new(ELF64);
    // `ret`, which is no filler.
    elf.loaded(".text", EXEC, BASE, 0x200, &vec![0xc3; size as usize]);
    elf.segment(5, 0x200, BASE, size, size);
    let table = (0x200 + size).next_multiple_of(0x100);
    let names = table + (functions.len() as u64 + 1) * ELF64.symbol();
    let after = names + functions.iter().map(|f| f.name.len() as u64 + 1).sum::<u64>() + 1;
    elf.symbols(table, names, functions);
    analyze_bytes(elf.finish(after, (after + 0x1000).next_multiple_of(0x100)))
}

fn ask(model: &Model, by: Grouping, fold: bool) -> Generics {
    generics(model, &Question { by, fold, order: Order::Size, filter: None })
}

#[test]
fn copies_are_places_with_bytes_of_their_own() {
    let function = |name: &'static str, at: u64, size: u64| Symbol {
        binding: LOCAL,
        ..Symbol::new(name, FUNC, BASE + at, size)
    };
    let model = program(&[
        // Two copies of a template; one has a part elsewhere, one another name.
        function("_Z1fIiEvv", 0x00, 0x10),
        function("_Z1fIjEvv", 0x10, 0x10),
        function("_Z1fIlEvv", 0x10, 0x10),
        function("_Z1fIiEvv.cold", 0x20, 0x08),
        // Functions of C that share a name.
        function("helper", 0x28, 0x08),
        function("helper", 0x30, 0x10),
        // Two copies of a function of Rust, one of which LTO has renamed; a name without bytes.
        function("_ZN1a1g17h0123456789abcdefE", 0x40, 0x10),
        function("_ZN1a1g17hfedcba9876543210E.llvm.123", 0x50, 0x20),
        function("_ZN1a1g17h0123456789abcde0E", 0x50, 0),
        // A part whose whole is gone.
        function("_RINvC1a1khE.cold", 0x70, 0x10),
    ]);
    let found = ask(&model, Grouping::Item, false);
    let group = |name: &str| -> &Group {
        found.groups.iter().find(|g| g.name == name).unwrap_or_else(|| panic!("{name}: {:?}", found.groups))
    };
    let sizes = |name: &str| group(name).copies.iter().map(|copy| copy.size).collect::<Vec<_>>();
    assert_eq!(sizes("f<_>"), [0x18, 0x10]);
    assert_eq!((group("f<_>").saving, group("f<_>").is_repeated(2)), (0x10, true));
    assert_eq!(sizes("helper"), [0x10, 0x08]);
    assert!(!group("helper").is_repeated(2));
    assert_eq!(sizes("a::g"), [0x20, 0x10]);
    assert_eq!((group("a::g").is_generic, group("a::g").is_repeated(2)), (None, true));
    assert_eq!(sizes("a::k<_>"), [0x10]);
    assert!(!group("a::k<_>").is_repeated(2) && group("a::k<_>").is_repeated(1));
    assert_eq!(found.code, 0x80);
}

/// Each level means the level before it twice.
fn doubling(levels: usize, start: &str) -> String {
    let mut text = format!("{start}C1a");
    let mut last = start.len();
    for _ in 0..levels {
        let here = text.len();
        let back = base_62(last);
        text.push_str(&format!("TB{back}B{back}E"));
        last = here;
    }
    text
}

fn base_62(value: usize) -> String {
    const DIGITS: &[u8; 62] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let Some(mut rest) = value.checked_sub(1) else { return "_".to_string() };
    let mut out = vec!['_'];
    loop {
        out.insert(0, char::from(DIGITS[rest % 62]));
        rest /= 62;
        if rest == 0 {
            return out.into_iter().collect();
        }
    }
}

#[test]
fn names_that_mean_harm_cost_no_more_than_others() {
    const DEEP: usize = 10_000;
    let glue = "INvNtC4core3ptr13drop_in_place";
    let legacy = |inside: String| format!("_ZN{}{inside}17h0123456789abcdefE", inside.len());
    let mut names: Vec<Vec<u8>> = [
        format!("_RINvC1a1b{}hE", "R".repeat(DEEP)),
        format!("_R{glue}{}hE", "S".repeat(DEEP)),
        format!("_R{glue}{}{}", "INtC1a1V".repeat(300), "E".repeat(301)),
        format!("_R{}E", doubling(60, glue)),
        format!("_R{}E", doubling(2_000, glue)),
        format!("_RNvXs_C1a{}C1a1f", doubling(60, "INvC1a1b")),
        format!("_R{}C1a1fE", "NCNv".repeat(DEEP)),
        legacy("_$LT$".repeat(DEEP)),
        legacy(format!("drop_in_place{}", "$LT$a..b".repeat(DEEP))),
        legacy("$u7b$$u7b$closure$u7d$$u7d$..".repeat(DEEP)),
        format!("core::ptr::drop_in_place<{}::h0123456789abcdef", "a::b<".repeat(DEEP)),
        format!("core::ptr::drop_in_place{}::h0123456789abcdef", "<".repeat(DEEP)),
        format!("<{}::h0123456789abcdef", "a as b::".repeat(DEEP)),
        format!("a::b::<impl {} for c::d>::e::h0123456789abcdef", "x<".repeat(DEEP)),
        format!("a{}::h0123456789abcdef", "::{{closure}}".repeat(DEEP)),
        format!("a{}::h0123456789abcdef", "{{".repeat(DEEP)),
        format!("_Z1fI{}iEvv", "P".repeat(DEEP)),
        format!("a::b<{}", "<a::".repeat(DEEP)),
        "_RNvMB_B_1a".to_string(),
        "_RNvXs_B_B_B_1a".to_string(),
    ]
    .map(String::into_bytes)
    .to_vec();
    names.push(b"_RINvC1a1b\xff\xfeE".to_vec());
    names.push(b"core::ptr::drop_in_place<\xf0\x9f>::h0123456789abcdef".to_vec());
    // Twice, so that each has a copy.
    let functions: Vec<Symbol<'_>> = names
        .iter()
        .chain(&names)
        .enumerate()
        .map(|(index, name)| Symbol {
            name,
            binding: LOCAL,
            ..Symbol::new("", FUNC, BASE + 0x10 * index as u64, 0x10)
        })
        .collect();
    let start = Instant::now();
    let model = program(&functions);
    for by in [Grouping::Item, Grouping::Type, Grouping::Dropped, Grouping::DroppedType] {
        for fold in [false, true] {
            let question = Question { by, fold, ..Question::default() };
            let found = ask(&model, by, fold);
            let copies: usize = found.groups.iter().map(|group| group.copies.len()).sum();
            assert!(copies == functions.len() || by != Grouping::Item, "{copies}");
            let options = GenericsOptions { limit: None, min_copies: 1 };
            let answer = report::generics(&model, &question, &found, None, &options);
            let parts = [answer.repeated, answer.fewer, answer.other_rust].map(|part| part.size);
            assert_eq!(parts.iter().sum::<u64>() + answer.other_code, functions.len() as u64 * 0x10);
            for group in found.groups.iter().take(10) {
                assert!(group.name.len() <= (64 << 10) + 16, "{}", group.name.len());
                report::generic(&model, &question, &found, &group.name, None);
            }
        }
    }
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}
