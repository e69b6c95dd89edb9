//! What is known of a row.

use bloat::tui::details::Entry;

use crate::demo;
use crate::journey::Journey;
use crate::subjects::fixture;

/// The value of a fact.
fn fact(journey: &Journey, wanted: &str) -> Option<String> {
    let details = journey.explorer().details.as_ref()?;
    details.entries.iter().find_map(|entry| match entry {
        Entry::Fact(name, value) if *name == wanted => Some(value.clone()),
        _ => None,
    })
}

#[test]
fn a_symbol_is_told_in_full() {
    let mut journey = demo();
    journey.keys("2/^shapes::<Enter>i");
    let model = &journey.shared.new.model;
    let name = journey.selected();
    let symbol = model.symbols.iter().find(|s| bloat::names::display(model.names.get(s.name)) == name);
    let symbol = symbol.expect("it is in the file");
    assert_eq!(fact(&journey, "name"), Some(name));
    assert_eq!(fact(&journey, "mangled").as_deref(), Some(model.names.get(symbol.name)));
    assert_eq!(fact(&journey, "address"), symbol.address.map(|a| format!("{a:#x}")));
    assert_eq!(fact(&journey, "section").as_deref(), Some(".text"));
    assert!(fact(&journey, "owner").is_some() && fact(&journey, "defined in").is_some());
    assert!(fact(&journey, "unit").is_some_and(|unit| !unit.is_empty()));
    assert!(fact(&journey, "name").is_some_and(|name| name.starts_with("shapes::")));
    let lines = journey.details();
    assert!(lines.contains(&"Instructions".to_string()) && lines.contains(&"Bytes".to_string()));
    // The first bytes are those of the file.
    let bytes = std::fs::read(fixture("demo-x86_64-dwarf4")).expect("readable");
    let offset = fact(&journey, "file offset").expect("it is in the file");
    let offset = usize::from_str_radix(offset.trim_start_matches("0x"), 16).expect("hexadecimal");
    let two = format!("{:02x}{:02x} ", bytes[offset], bytes[offset + 1]);
    assert!(lines.iter().any(|l| l.contains(&two)), "{two} in {lines:#?}");
}

#[test]
fn every_claim_is_told_when_asked_for() {
    let mut journey = demo();
    journey.keys("2/^shapes::<Enter>i");
    journey.sees("details");
    assert!(!journey.details().iter().any(|l| l.starts_with("* ")));
    journey.keys("c");
    let claims: Vec<String> = journey.details().into_iter().filter(|l| l.starts_with("* ")).collect();
    assert!(claims.iter().any(|c| c.starts_with("* section: .text")), "{claims:?}");
    assert!(claims.iter().any(|c| c.starts_with("* symbol: shapes::")), "{claims:?}");
    // A crate has no one place.
    journey.keys("1c").sees("claims are known of symbols");
}

#[test]
fn callers_are_told_with_their_crates() {
    let mut journey = demo();
    journey.keys("2/::pad_integral$<Enter>ic");
    let model = &journey.shared.new.model;
    let address = fact(&journey, "address").expect("it is in memory");
    let address = u64::from_str_radix(address.trim_start_matches("0x"), 16).expect("hexadecimal");
    let all = journey.details();
    let at = all.iter().position(|l| l.starts_with("Called by")).expect("something calls it");
    let told: Vec<&String> = all[at + 1..].iter().collect();
    // As binutils see it: functions with an instruction `call` of that address.
    let Some(listing) = disassembly(&fixture("demo-x86_64-dwarf4")) else { return };
    let callers = callers_in(&listing, address);
    assert!(!callers.is_empty());
    let expected: Vec<String> = model
        .symbols
        .iter()
        .filter(|s| s.address.is_some_and(|a| callers.contains(&a)))
        .map(|s| bloat::names::display(model.names.get(s.name)))
        .collect();
    for name in &expected {
        assert!(told.iter().any(|line| line.ends_with(&format!("  {name}"))), "{name}: {told:?}");
    }
    assert!(told.len() <= expected.len(), "{told:?} for {expected:?}");
}

/// What `objdump -d` says; `None` if it is not there.
fn disassembly(path: &std::path::Path) -> Option<String> {
    let output = std::process::Command::new("objdump").args(["-d", "--no-show-raw-insn"]).arg(path).output();
    match output {
        Ok(output) if output.status.success() => String::from_utf8(output.stdout).ok(),
        _ => {
            assert!(std::env::var_os("BLOAT_REQUIRE_ORACLES").is_none(), "objdump is missing");
            None
        }
    }
}

/// Addresses of functions that call or jump to `wanted`.
fn callers_in(listing: &str, wanted: u64) -> Vec<u64> {
    let mut callers = Vec::new();
    let mut function = 0;
    for line in listing.lines() {
        if let Some((address, _)) = line.strip_suffix(">:").and_then(|l| l.split_once(" <")) {
            function = u64::from_str_radix(address, 16).unwrap_or(0);
            continue;
        }
        let mut words = line.split_whitespace().skip(1);
        let is_branch = words.next().is_some_and(|op| op.starts_with("call") || op.starts_with('j'));
        let target = words.next().and_then(|word| u64::from_str_radix(word, 16).ok());
        if is_branch && target == Some(wanted) && function != wanted {
            callers.push(function);
        }
    }
    callers.sort_unstable();
    callers.dedup();
    callers
}

#[test]
fn a_crate_is_told_by_its_parts() {
    let mut journey = demo();
    journey.keys("i/^core<Enter>");
    assert!(fact(&journey, "owns").is_some() && fact(&journey, "instantiates").is_some());
    let lines = journey.details();
    assert!(lines.contains(&"By kind".to_string()), "{lines:#?}");
    // Parts of other dimensions do not repeat the way to the row.
    assert!(!lines.contains(&"By crate".to_string()));
}

#[test]
fn texts_of_data_are_listed() {
    let mut journey = demo();
    journey.keys("5/strings<Enter><Enter><Enter>");
    // Down to a run of bytes of kind `strings`.
    while !journey.explorer().is_at_leaves() {
        journey.keys("<Enter>");
    }
    journey.keys("i");
    let lines = journey.details();
    assert!(lines.contains(&"Texts".to_string()), "{lines:#?}");
    let text = lines.iter().find(|l| l.starts_with('"')).expect("there is one").trim_matches('"').to_string();
    let bytes = std::fs::read(fixture("demo-x86_64-dwarf4")).expect("readable");
    assert!(bytes.windows(text.len()).any(|w| w == text.as_bytes()), "{text}");
}

#[test]
fn other_machines_are_named() {
    let mut journey = Journey::file(&fixture("bare-riscv64"));
    journey.keys("5/code<Enter><Enter><Enter><Enter>i");
    while !journey.explorer().is_at_leaves() {
        journey.keys("<Enter>");
    }
    let lines = journey.details();
    assert!(lines.iter().any(|l| l.contains("instructions of") && l.contains("riscv")), "{lines:#?}");
}

#[test]
fn details_follow_the_cursor_and_scroll() {
    let mut journey = demo();
    journey.keys("2i");
    let first = fact(&journey, "name");
    journey.keys("j");
    assert_ne!(fact(&journey, "name"), first);
    journey.resize(60, 15).sees(" of ");
    let before = journey.screen();
    journey.keys("JJJ");
    assert_ne!(journey.screen(), before);
    journey.keys("KKKKKKKK");
    assert_eq!(journey.explorer().details_top, 0);
}

#[test]
fn a_snapshot_has_sums_and_no_places() {
    let mut binary = demo();
    let mut saved = Journey::snapshot(&fixture("demo-x86_64-dwarf4"));
    for keys in ["", "2", "3", "<Enter>", "<Enter>"] {
        assert_eq!(binary.keys(keys).names(), saved.keys(keys).names());
    }
    binary.keys("<Enter>i");
    saved.keys("<Enter>i");
    assert!(fact(&binary, "file offset").is_some() && fact(&saved, "file offset").is_none());
    assert!(!saved.names()[0].contains('@') && !saved.names()[0].contains("0x"), "{:?}", saved.names());
    saved.keys("c").sees("claims are known of symbols");
}
