//! Names from real binaries, names made to hurt, and both compared with what
//! the demangler of the Rust project says.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use super::*;

/// `mangled | defined in | instantiated by | generic | module`, from a small
/// program, libstd and the compiler, built by rustc 1.95. `-` is none; `?`
/// after a definer means it is not certain.
const TABLE: &str = "\
_RNvCs4Vnx3Lz2vkb_5probe4main | probe | - | probe::main | probe
_RNvCs4Vnx3Lz2vkb_5probeu8gdel_5qa | probe | - | probe::gödel | probe
_RINvCs4Vnx3Lz2vkb_5probe5applyNCNvB2_4mains2_0EB2_ | probe | probe | probe::apply<_> | probe
_RNCNvCs4Vnx3Lz2vkb_5probe4mains0_0B3_ | probe | probe | probe::main::{closure#2} | probe
_RNvMs0_NtCs4Vnx3Lz2vkb_5probe5innerINtB5_3ArrKj3_Kce9_Kb1_E3lenB7_ | probe | probe | probe::inner::Arr<_>::len | probe::inner
_RNvMs_NtCs4Vnx3Lz2vkb_5probe5innerINtB4_4WrapINtNtCslNYArtu3iFV_5alloc3vec3VechEE3dupB6_ | probe | probe | probe::inner::Wrap<_>::dup | probe::inner
_RNvXCs4Vnx3Lz2vkb_5probehNtB2_5Local3loc | probe | - | <u8 as probe::Local>::loc | probe
_RNvXs_Cs4Vnx3Lz2vkb_5probeeNtB4_5Local3loc | probe | - | <str as probe::Local>::loc | probe
_RNvXs0_Cs4Vnx3Lz2vkb_5probeSmNtB5_5Local3loc | probe | - | <[_] as probe::Local>::loc | probe
_RNvXs1_Cs4Vnx3Lz2vkb_5probeRhNtB5_5Local3locB5_ | probe | probe | <&_ as probe::Local>::loc | probe
_RNvXs2_Cs4Vnx3Lz2vkb_5probeDNtNtCsgEmfK2I1SDS_4core3any3AnyEL_NtB5_5Local3loc | probe | - | <dyn core::any::Any as probe::Local>::loc | probe
_RNvXs3_Cs4Vnx3Lz2vkb_5probeFhEhNtB5_5Local3loc | probe | - | <fn(_) -> _ as probe::Local>::loc | probe
_RNvXs4_Cs4Vnx3Lz2vkb_5probeThtENtB5_5Local3loc | probe | - | <(_, _) as probe::Local>::loc | probe
_RNvXNtCs4Vnx3Lz2vkb_5probe5innerINtB2_4WrapINtNtCslNYArtu3iFV_5alloc3vec3VechEENtCs6sogrtt9LgR_5probe3Say3sayB4_ | probe | probe | <probe::inner::Wrap<_> as probe::Say>::say | probe::inner
_RNvYINtNtCs4Vnx3Lz2vkb_5probe5inner4WrapINtNtCslNYArtu3iFV_5alloc3vec3VechEENtCs6sogrtt9LgR_5probe3Say5twiceB7_ | probe | probe | probe::Say::twice | probe
_RINvNtCsgEmfK2I1SDS_4core3ptr13drop_in_placeNtNtCslNYArtu3iFV_5alloc6string6StringECs4Vnx3Lz2vkb_5probe | core | probe | core::ptr::drop_in_place<_> | core::ptr
_RNvXs1g_NtCsgEmfK2I1SDS_4core3fmtRRNtNtCslNYArtu3iFV_5alloc6string6StringNtB6_5Debug3fmtCs4Vnx3Lz2vkb_5probe | core | probe | <&_ as core::fmt::Debug>::fmt | core::fmt
_RNvXsq_NtCslNYArtu3iFV_5alloc3vecINtB5_3VechENtNtCsgEmfK2I1SDS_4core3fmt5Debug3fmtCs4Vnx3Lz2vkb_5probe | alloc | probe | <alloc::vec::Vec<_> as core::fmt::Debug>::fmt | alloc::vec
_RNvNtNtCsgEmfK2I1SDS_4core3num3fmt4NONE | core | - | core::num::fmt::NONE | core::num::fmt
_RINvMNtCsgEmfK2I1SDS_4core3stre18trim_start_matchesReECsgY6Mt91CT9J_14rustc_demangle | core | rustc_demangle | <str>::trim_start_matches<_> | core::str
_RNSNvYNCNvCs4Vnx3Lz2vkb_5probe4mains0_0INtNtNtCsgEmfK2I1SDS_4core3ops8function6FnOnceTmEE9call_once6vtableB8_ | core | probe | core::ops::function::FnOnce<_>::call_once::{shim:vtable#0} | core::ops::function
_RINvNvMs2_NtCslNYArtu3iFV_5alloc7raw_vecINtB8_11RawVecInnerpE7reserve21do_reserve_and_handleNtNtBa_5alloc6GlobalECs4Vnx3Lz2vkb_5probe | alloc | probe | alloc::raw_vec::RawVecInner<_>::reserve::do_reserve_and_handle<_> | alloc::raw_vec
_RNCINvNtCsjrHSEGnQ3l9_3std2rt10lang_startuE0Cs4Vnx3Lz2vkb_5probe.llvm.7661281582093950534 | std | probe | std::rt::lang_start<_>::{closure#0} | std::rt
_RNvCsfLfy6EI15iL_7___rustc12___rust_alloc | __rustc | - | __rustc::__rust_alloc | __rustc
_RNvMsr_NtCs3ssYzQotkvD_3std4pathNtB5_7PathBuf3newCs15kBYyAo9fc_7mycrate | std | mycrate | std::path::PathBuf::new | std::path
_RNvXCs15kBYyAo9fc_7mycrateNtB2_7ExampleNtB2_5Trait3foo | mycrate | - | <mycrate::Example as mycrate::Trait>::foo | mycrate
_RINvCs7qp2U7fqm6G_7mycrate7exampleFG0_RL1_hRL0_tEuEB2_ | mycrate | mycrate | mycrate::example<_> | mycrate
_RNvNvMCsd9PVOYlP1UU_7mycrateINtB4_7ExamplepKpE3foo14EXAMPLE_STATIC | mycrate | - | mycrate::Example<_>::foo::EXAMPLE_STATIC | mycrate
_RNvNvNvCs7qp2U7fqm6G_7mycrate7EXAMPLE7___getit5___KEY$tlv$init | mycrate | - | mycrate::EXAMPLE::__getit::__KEY | mycrate
__RNvCs4Vnx3Lz2vkb_5probe4main | probe | - | probe::main | probe
_ZN5probe4main17h62a2a663144ebd4aE | probe | - | probe::main | probe
__ZN5probe4main17h62a2a663144ebd4aE | probe | - | probe::main | probe
ZN5probe4main17h62a2a663144ebd4aE | probe | - | probe::main | probe
_ZN5probe4main28_$u7b$$u7b$closure$u7d$$u7d$17h1e734ff990a74383E | probe | - | probe::main::{closure} | probe
_ZN5probe9g$uf6$del17h782ec263706c06cbE | probe | - | probe::gödel | probe
_ZN5probe3Say5twice17hc6df222af53eae50E | probe | - | probe::Say::twice | probe
_ZN5probe5inner13Wrap$LT$T$GT$3dup17h6da2a39de2769060E | probe | - | probe::inner::Wrap<_>::dup | probe::inner
_ZN35_$LT$u8$u20$as$u20$probe..Local$GT$3loc17h50284b018b22ca59E | probe | - | <u8 as probe::Local>::loc | probe
_ZN46_$LT$$u5b$u32$u5d$$u20$as$u20$probe..Local$GT$3loc17haceb42767ae70806E | probe | - | <[_] as probe::Local>::loc | probe
_ZN49_$LT$$LP$u8$C$u16$RP$$u20$as$u20$probe..Local$GT$3loc17h5e9a0ced2af914adE | probe | - | <(_, _) as probe::Local>::loc | probe
_ZN55_$LT$dyn$u20$core..any..Any$u20$as$u20$probe..Local$GT$3loc17h69dfe0c5fb0b740bE | probe | - | <dyn core::any::Any as probe::Local>::loc | probe
_ZN62_$LT$fn$LP$u8$RP$$u20$.$GT$$u20$u8$u20$as$u20$probe..Local$GT$3loc17hed1d26f94d8cc448E | probe | - | <fn(_) -> _ as probe::Local>::loc | probe
_ZN42_$LT$$RF$T$u20$as$u20$core..fmt..Debug$GT$3fmt17h0d4e5facb005d688E | core | - | <&_ as core::fmt::Debug>::fmt | core::fmt
_ZN65_$LT$alloc..vec..Vec$LT$T$C$A$GT$$u20$as$u20$core..fmt..Debug$GT$3fmt17h3bc8cc8075739d29E | alloc | - | <alloc::vec::Vec<_> as core::fmt::Debug>::fmt | alloc::vec
_ZN4core3ptr81drop_in_place$LT$$LP$usize$C$clap_builder..builder..styled_str..StyledStr$RP$$GT$17h079a1e06c7b79808E | core | - | core::ptr::drop_in_place<_> | core::ptr
_ZN4core3ops8function6FnOnce40call_once$u7b$$u7b$vtable.shim$u7d$$u7d$17h1d97f9853d6f78d6E | core | - | core::ops::function::FnOnce::call_once::{shim:vtable#0} | core::ops::function
_ZN5alloc7raw_vec20RawVecInner$LT$A$GT$11finish_grow17hebeee2d3e879a0aeE.llvm.11192933466079820502 | alloc | - | alloc::raw_vec::RawVecInner<_>::finish_grow | alloc::raw_vec
_ZN100_$LT$$RF$mut$u20$serde_json..ser..Serializer$LT$W$C$F$GT$$u20$as$u20$serde_core..ser..Serializer$GT$13serialize_u6417he82f19e848c5e789E | serde_json ? | - | <&mut serde_json::ser::Serializer<_> as serde_core::ser::Serializer>::serialize_u64 | serde_json::ser
_ZN157_$LT$$LT$alloc..vec..into_iter..IntoIter$LT$T$C$A$GT$$u20$as$u20$core..ops..drop..Drop$GT$..drop..DropGuard$LT$T$C$A$GT$$u20$as$u20$core..ops..drop..Drop$GT$4drop17hf3a8eb7c7e3408f9E | alloc | - | <<alloc::vec::into_iter::IntoIter<_> as core::ops::drop::Drop>::drop::DropGuard<_> as core::ops::drop::Drop>::drop | alloc::vec::into_iter
_ZN122_$LT$T$u20$as$u20$$LT$std..ffi..os_str..OsString$u20$as$u20$core..convert..From$LT$$RF$T$GT$$GT$..from..SpecToOsString$GT$17spec_to_os_string17h242cefe215908d4eE | std | - | <_ as <std::ffi::os_str::OsString as core::convert::From<_>>::from::SpecToOsString>::spec_to_os_string | std::ffi::os_str
_ZN119_$LT$I$u20$as$u20$clap_builder..builder..resettable..IntoResettable$LT$clap_builder..builder..range..ValueRange$GT$$GT$15into_resettable17h86910c9fbbfb42d0E | clap_builder | - | <_ as clap_builder::builder::resettable::IntoResettable<_>>::into_resettable | clap_builder::builder::resettable
_ZNK4llvm18TargetRegisterInfo16getRegSizeInBitsENS_8RegisterERKNS_19MachineRegisterInfoE@@LLVM_22.1 | - ? | - | llvm::TargetRegisterInfo::getRegSizeInBits | llvm::TargetRegisterInfo
_ZStlsISt11char_traitsIcEERSt13basic_ostreamIcT_ES5_PKc | - ? | - | std::operator<< <_> | std
_ZTVN4llvm9DIBuilderE | - ? | - | vtable for llvm::DIBuilder | llvm
_Z3foov | - ? | - | foo | -
main | - ? | - | main | -
memcpy@@GLIBC_2.14 | - ? | - | memcpy | -";

#[test]
fn names_of_real_binaries() {
    for line in TABLE.lines() {
        let columns: Vec<_> = line.split(" | ").collect();
        let [name, definer, by, group, place] = columns[..] else {
            panic!("five columns: {line}");
        };
        let told = crates(name);
        let mut got = told.defined_in.map_or("-".to_owned(), |krate| krate.name.into_owned());
        if !told.definer_exact {
            got.push_str(" ?");
        }
        assert_eq!(got, definer, "definer of {name}");
        let got = told.instantiated_by.map(|krate| krate.name);
        assert_eq!(got.as_deref().unwrap_or("-"), by, "instantiator of {name}");
        assert_eq!(generic(name), group, "group of {name}");
        assert_eq!(module(name).as_deref().unwrap_or("-"), place, "module of {name}");
    }
}

#[test]
fn schemes_are_told_apart() {
    let cases = [
        ("_RNvC5probe4main", Scheme::RustV0),
        ("__RNvC5probe4main", Scheme::RustV0),
        // Cut short, but the crate can be read.
        ("_RINvCs4Vnx3Lz2vkb_5probe5appl", Scheme::RustV0),
        ("_RINvCs4Vnx3Lz2vkb_5probe5apply?E", Scheme::RustV0),
        ("_ZN1a1b17h0123456789abcdefE", Scheme::RustLegacy),
        // Too few different digits, too short, not the last segment.
        ("_ZN1a1b17h0000000000000000E", Scheme::Itanium),
        ("_ZN1a1b16h123456789abcdefE", Scheme::Itanium),
        ("_ZN1a17h0123456789abcdef1bE", Scheme::Itanium),
        ("_ZN17h0123456789abcdefE", Scheme::Itanium),
        ("_Znwm", Scheme::Itanium),
        ("__ZN3foo3barEv", Scheme::Itanium),
        ("RC4_set_key", Scheme::Plain),
        ("RNvC5probe4main", Scheme::Plain),
        ("ZN3foo3barEv", Scheme::Plain),
        ("_Rewind", Scheme::Plain),
        ("_RNG_init", Scheme::Plain),
        ("_Z", Scheme::Plain),
        ("_R", Scheme::Plain),
        ("", Scheme::Plain),
    ];
    for (name, want) in cases {
        assert_eq!(scheme(name), want, "{name}");
        assert_eq!(crates(name).scheme, want, "{name}");
    }
}

#[test]
fn a_crate_id_equals_the_one_in_its_unit_names() {
    let pairs = [
        ("_RNvCsgEmfK2I1SDS_4core1f", "core.c1f1a4ba060b9bfa-cgu.0"),
        ("_RNvCslNYArtu3iFV_5alloc1f", "alloc.fdfd2bd8633a6659-cgu.0"),
        ("_RNvCsjrHSEGnQ3l9_3std1f", "std.e28293b1aa0f68bd-cgu.0"),
        ("_RNvCs4Vnx3Lz2vkb_5probe1f", "probe.395ebd4cfaeaf1e1-cgu.4"),
    ];
    for (name, unit) in pairs {
        let unit = cgu(unit).expect("a unit");
        let root = crates(name).defined_in.expect("a crate");
        assert_eq!((&*root.name, root.id), (unit.krate, unit.id));
    }
}

#[test]
fn generic_means_filled_in() {
    let cases = [
        ("_RNvCs4Vnx3Lz2vkb_5probe4main", Some(false)),
        ("_RINvCs4Vnx3Lz2vkb_5probe5applyNCNvB2_4mains2_0EB2_", Some(true)),
        // Only placeholders and lifetimes.
        ("_RNvNvMCsd9PVOYlP1UU_7mycrateINtB4_7ExamplepKpE3foo14EXAMPLE_STATIC", Some(false)),
        ("_RINvCs7qp2U7fqm6G_7mycrate7exampleL_E", Some(false)),
        ("_ZN1a1b17h0123456789abcdefE", None),
        ("main", None),
    ];
    for (name, want) in cases {
        assert_eq!(crates(name).is_generic, want, "{name}");
    }
}

#[test]
fn display_is_for_people() {
    let cases = [
        ("_RNvC5probe4main.llvm.123", "probe::main"),
        ("_RNvC5probe4main.cold", "probe::main [.cold]"),
        (
            "_RNvMsr_NtCs3ssYzQotkvD_3std4pathNtB5_7PathBuf3newCs15kBYyAo9fc_7mycrate",
            "<std::path::PathBuf>::new",
        ),
        (
            "_ZN62_$LT$fn$LP$u8$RP$$u20$.$GT$$u20$u8$u20$as$u20$probe..Local$GT$3loc17hed1d26f94d8cc448E",
            "<fn(u8) -> u8 as probe::Local>::loc",
        ),
        ("_ZN1a1b17h0123456789abcdefE.llvm.9.cold.1", "a::b [.cold.1]"),
        ("_Z3fooi.part.0.constprop.1", "foo(int) [.part.0] [.constprop.1]"),
        ("_Z3fooi@plt", "foo(int) [@plt]"),
        ("_ZTVN4llvm9DIBuilderE", "vtable for llvm::DIBuilder"),
        ("main", "main"),
        ("main.cold", "main.cold"),
        ("helper.llvm.42", "helper"),
        ("_RNvC5probe4mai", "_RNvC5probe4mai"),
        ("_Zq", "_Zq"),
        ("_ZN1a5$foo$17h0123456789abcdefE", "a::$foo$"),
        ("_ZN1a6$u7f$x17h0123456789abcdefE", "a::$u7f$x"),
    ];
    for (name, want) in cases {
        assert_eq!(display(name), want, "{name}");
    }
}

#[test]
fn an_impl_behind_a_reference_keeps_its_own_type() {
    let own = "_RNvXs_Cs1_10serde_jsonQINtB4_10SerializerhENtCs2_5serde3Ser1fB4_";
    assert_eq!(generic(own), "<&mut serde_json::Serializer<_> as serde::Ser>::f");
    let foreign = "_RNvXs_Cs2_5serdeRNtCs1_5probe3FooNtB4_3Ser1fCs1_5probe";
    assert_eq!(generic(foreign), "<&_ as serde::Ser>::f");
    let blanket = "_RNvXs_Cslib_5allocNtCs1_5probe3FooNtB4_8ToString1fCs1_5probe";
    assert_eq!(generic(blanket), "<_ as alloc::ToString>::f");
}

#[test]
fn the_path_of_the_demangler_starts_with_the_definer() {
    for name in TABLE.lines().filter_map(|line| line.split(" | ").next()) {
        let Some(definer) = crates(name).defined_in else {
            continue;
        };
        // It gives up on `$tlv$init` after a v0 name.
        let Ok(text) = rustc_demangle::try_demangle(name) else {
            continue;
        };
        let text = format!("{text:#}");
        if !text.starts_with('<') {
            assert_eq!(text.split([':', '<']).next(), Some(&*definer.name), "{name}");
        }
    }
}

/// Everything a caller can ask of one name.
fn ask_all(name: &str) -> usize {
    let told = crates(name);
    assert_eq!(scheme(name), told.scheme, "{name}");
    if let Some(root) = &told.defined_in {
        assert!(root.name.len() <= name.len() * 4, "{name}");
    }
    let cut = Suffixes::of(name);
    assert_eq!(format!("{}{}", cut.base, cut.tail), name);
    let texts = [display(name), generic(name), module(name).unwrap_or_default()];
    for text in &texts {
        assert!(text.len() <= MAX_OUTPUT + '…'.len_utf8(), "{}", text.len());
    }
    cut.parts().count() + usize::from(constant(name).is_some()) + usize::from(cgu(name).is_some())
}

/// Debug builds on a busy machine are slow; an exponential blow-up is slower.
#[track_caller]
fn assert_quick(name: &str) {
    let start = Instant::now();
    ask_all(name);
    let took = start.elapsed();
    let shown = name.get(..60).unwrap_or(name);
    assert!(took < Duration::from_secs(5), "{took:?} for {shown}");
}

#[test]
fn mutated_names_harm_nothing() {
    let seeds: Vec<_> = TABLE.lines().filter_map(|line| line.split(" | ").next()).collect();
    let alphabet: Vec<char> = "_RZNCMXYIBEsLKuvtSTAFDPpOQGW0123459abz.$@<>é ".chars().collect();
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below.max(1) as u64).unwrap_or(0)
    };
    let start = Instant::now();
    for round in 0..20_000 {
        let mut name: Vec<char> = seeds[round % seeds.len()].chars().collect();
        for _ in 0..=random(4) {
            let at = random(name.len());
            match random(5) {
                0 => name.insert(at, alphabet[random(alphabet.len())]),
                1 if !name.is_empty() => drop(name.remove(at)),
                2 => name.truncate(at),
                3 => {
                    let other: Vec<char> = seeds[random(seeds.len())].chars().collect();
                    name.extend(other.iter().skip(random(other.len())));
                }
                _ => {
                    if let Some(c) = name.get_mut(at) {
                        *c = alphabet[random(alphabet.len())];
                    }
                }
            }
        }
        ask_all(&name.into_iter().collect::<String>());
    }
    assert!(start.elapsed() < Duration::from_secs(60));
}

fn base_62(value: usize) -> String {
    let Some(mut rest) = value.checked_sub(1) else {
        return "_".to_owned();
    };
    let digits = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let mut out = Vec::new();
    loop {
        out.push(char::from(digits[rest % 62]));
        rest /= 62;
        if rest == 0 {
            break;
        }
    }
    out.iter().rev().collect::<String>() + "_"
}

/// Each level means the level before it twice.
fn doubling(levels: usize, start: &str, open: &str, close: &str) -> String {
    let mut text = start.to_owned();
    let mut last = text.len();
    text.push_str("C1a");
    for _ in 0..levels {
        let here = text.len();
        let back = base_62(last);
        write!(text, "{open}B{back}B{back}{close}").expect("writing to a string");
        last = here;
    }
    text
}

#[test]
fn exponential_backreferences_stay_cheap() {
    for levels in [10, 30, 60, 200] {
        // Tuples in arguments, nested impls, provided methods, dyn traits.
        let arguments = format!("_R{}E", doubling(levels, "INvC1a1b", "T", "E"));
        assert_quick(&arguments);
        let text = doubling(levels, "INvC1a1b", "XC1a", "");
        assert_quick(&format!("_R{text}E"));
        let text = doubling(levels, "INvC1a1b", "Y", "");
        assert_quick(&format!("_R{text}E"));
        // The same with the last level as the path itself.
        let text = doubling(levels, "INvC1a1b", "XC1a", "");
        assert_quick(&format!("_RNvXs_C1a{text}E1f"));
        let text = doubling(levels, "INvC1a1b", "Y", "");
        assert_quick(&format!("_RNvY{text}EC1b1f"));
    }
}

#[test]
fn cycles_and_depth_end() {
    for name in [
        "_RB_",
        "_RNvB_1a",
        "_RNvXB_hB_1a",
        "_RYB_B_",
        "_RYhB_",
        "_RNvYhNvB_1a1b",
        "_RMB_h",
        "_RIB_E",
        "_RNvXs_B_B_B_1a",
        "_RNvCs99999999999999999999_1a1b",
        "_RNvC99999999999999999999a1b",
        "_RNvC4294967295a1b",
        "_ZN99999999999999999999aE",
        "_ZN18446744073709551615a17h0123456789abcdefE",
        "_RNvCé1b",
        "_RNvC1é1b",
        "_RNvC2é1b",
        "_RNvCu3é_1b",
        "_ZN2é17h0123456789abcdefE",
        "_ZN2é1b17h0123456789abcdefE",
        ".",
        "..",
        "@",
        "a.@",
        ".llvm.",
        "$",
        "_ZN1$17h0123456789abcdefE",
        "_ZN5_$LT$17h0123456789abcdefE",
        "_ZN13$LT$$LT$$LT$17h0123456789abcdefE",
    ] {
        assert_quick(name);
    }
    for count in [100, 400, 2_000, 50_000] {
        for (start, unit, end) in [
            ("_RINvC1a1b", "R", "hE"),
            ("_RINvC1a1b", "T", "hE"),
            ("_R", "Nv", "C1a"),
            ("_R", "NC", "C1a"),
            ("_R", "I", "C1aE"),
            ("_R", "XC1a", "h"),
            ("_R", "Y", "h"),
            ("_R", "M", "C1a"),
            ("_RNvMC1a", "S", "h1f"),
            ("_RNvXC1a", "D", "h1f"),
            ("_RINvC1a1bK", "R", "j0_E"),
            ("_RINvC1a1bK", "V", "j0_E"),
            ("_RINvC1a1bK", "A", "j0_E"),
            ("_RINvC1a1b", "Wh", "NE"),
            ("_RNvC1a", "", "50000"),
            ("_Z", "P", "i"),
            ("_Z1f", "P", "i"),
            ("_Z1fI", "N1a", "E"),
            ("_ZN", "1a", "Ev"),
            ("_Z1f", "St4pairI", "i"),
            ("_Z1fDTcl", "cl", "E"),
            ("_Z1fIXcl", "cl", "E"),
            ("_Z1fA", "cl", "E"),
            ("_Z1fDTL_Z1fDT", "ngL_Z1fDT", "E"),
            ("_Z1fI", "L_Z1fI", "E"),
            ("_ZZ", "Z1fvEN", "v"),
            ("_Z1fU", "8enableifI", "E"),
            ("_ZN", "1a", "17h0123456789abcdefE"),
        ] {
            let name = format!("{start}{}{end}", unit.repeat(count));
            assert_quick(&name);
        }
        let escaped = "$LT$".repeat(count);
        let length = escaped.len() + 1;
        assert_quick(&format!("_ZN{length}_{escaped}17h0123456789abcdefE"));
        let escaped = "$LT$T$u20$as$u20$".repeat(count);
        let length = escaped.len() + 1;
        assert_quick(&format!("_ZN{length}_{escaped}17h0123456789abcdefE"));
        assert_quick(&"a.cold".repeat(count));
        assert_quick(&".cold.1".repeat(count));
        assert_quick(&format!("_Z1fv{}", ".isra.0".repeat(count)));
    }
}

#[test]
fn a_long_name_is_cut() {
    let name = format!("_ZN{}{}17h0123456789abcdefE", 100_000, "é".repeat(50_000));
    let text = display(&name);
    assert!(text.len() <= MAX_OUTPUT + 3);
    assert!(text.ends_with('…'));
}
