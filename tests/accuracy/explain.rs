//! What `bloat explain` says of the small program: both notions and why, the unit
//! of C, who refers to a constant.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use bloat::names;
use object::{Object, ObjectSection, ObjectSymbol, SymbolKind};

use crate::truth::{Origin, Placed};
use crate::{linked, small_subject};

/// What `explain` prints, as JSON and as text.
fn explain(binary: &Path, what: &str) -> (serde_json::Value, String) {
    let run = |format: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bloat"));
        let output = command.args(["explain", "--format", format]).arg(binary).arg(what).output();
        let output = output.expect("bloat runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("the output is text")
    };
    (serde_json::from_str(&run("json")).expect("it is JSON"), run("text"))
}

/// The crate and the evidence of a notion.
fn answer(report: &serde_json::Value, notion: &str) -> (String, String) {
    let answers = report["crates"].as_array().expect("three answers");
    let answer = answers.iter().find(|a| a["notion"] == notion).expect("every notion is answered");
    let text = |key: &str| answer[key].as_str().unwrap_or_default().to_string();
    (text("label"), text("evidence"))
}

fn place(map: &[Placed], address: u64) -> Option<&str> {
    match &map[..map.partition_point(|p| p.span.start <= address)].last()?.origin {
        Origin::Crate { name, .. } => Some(name),
        Origin::Other => None,
    }
}

#[test]
fn a_generic_of_alloc_has_its_definer_and_each_of_its_users() {
    let (binary, map) = small_subject("small-plain", "none");
    let map = linked(&map);
    let bytes = std::fs::read(&binary).expect("the program can be read");
    let file = object::File::parse(&*bytes).expect("it is an object file");
    let mut users = BTreeSet::new();
    for symbol in file.symbols().filter(|s| s.kind() == SymbolKind::Text && s.size() > 0) {
        let name = symbol.name().expect("names are text");
        let Some(user) = place(&map, symbol.address()).filter(|u| ["app", "shapes", "tally"].contains(u))
        else {
            continue;
        };
        if !names::display(name).starts_with("alloc::") || !users.insert(user.to_string()) {
            continue;
        }
        let (report, text) = explain(&binary, &format!("{:#x}", symbol.address()));
        assert_eq!(answer(&report, "defined_in"), ("alloc".into(), "legacy-path".into()), "{text}");
        assert_eq!(answer(&report, "instantiated_by"), (user.into(), "symbol-file".into()), "{text}");
        assert_eq!(answer(&report, "crate").0, user, "{text}");
        assert!(text.contains("the toolchain defines it, so who instantiated it pays"), "{text}");
    }
    assert!(users.len() >= 2, "the program has generics of alloc in {users:?} only");
}

#[test]
fn copies_of_one_generic_are_told_apart_by_address_and_owner() {
    let (binary, map) = small_subject("small-plain", "none");
    let map = linked(&map);
    let bytes = std::fs::read(&binary).expect("the program can be read");
    let file = object::File::parse(&*bytes).expect("it is an object file");
    // Address of each copy, and who instantiated it, by name.
    let mut copies: BTreeMap<String, BTreeMap<u64, &str>> = BTreeMap::new();
    for symbol in file.symbols().filter(|s| s.kind() == SymbolKind::Text && s.size() > 0) {
        let name = names::display(symbol.name().expect("names are text"));
        let user = place(&map, symbol.address()).filter(|u| ["app", "shapes", "tally"].contains(u));
        if let Some(user) = user.filter(|_| name.starts_with("alloc::")) {
            copies.entry(name).or_default().insert(symbol.address(), user);
        }
    }
    let of_several = |users: &BTreeMap<u64, &str>| users.values().collect::<BTreeSet<_>>().len() > 1;
    let (name, users) =
        copies.iter().find(|(_, users)| of_several(users)).expect("two crates share a generic");
    let (report, text) = explain(&binary, name);
    let mut found: BTreeMap<u64, &str> = BTreeMap::new();
    found.extend(report["place"]["address"].as_u64().zip(report["place"]["crate"].as_str()));
    for other in report["other_matches"].as_array().expect("there are others") {
        assert_eq!(other["symbol"], name.as_str(), "{text}");
        let address = other["address"].as_u64().expect("it has an address");
        assert!(text.contains(&format!("{address:#x} ")), "{address:#x} is not in {text}");
        let before = found.insert(address, other["crate"].as_str().expect("it has an owner"));
        assert_eq!(before, None, "{address:#x} is listed twice: {text}");
    }
    for (address, user) in users {
        assert_eq!(found.get(address), Some(user), "{address:#x}: {text}");
    }
}

#[test]
fn a_function_of_c_names_its_crate_and_its_unit() {
    for (name, debug, evidence, unit) in
        [("small-plain", "none", "file-neighbour", "weigh.c"), ("small-debug", "full", "unit", "c/weigh.c")]
    {
        let (binary, _) = small_subject(name, debug);
        let (report, text) = explain(&binary, "weight_of_one");
        for notion in ["crate", "defined_in", "instantiated_by"] {
            let (label, found) = answer(&report, notion);
            assert!(label.starts_with("weigh_sys") && found == evidence, "{text}");
        }
        assert_eq!(report["place"]["unit"], unit, "{text}");
        assert!(text.contains(&format!("`{unit}`")), "{text}");
    }
}

#[test]
fn a_constant_without_a_name_names_who_refers_to_it() {
    let (binary, _) = small_subject("small-plain", "none");
    let bytes = std::fs::read(&binary).expect("the program can be read");
    // Written nowhere but in the one function that returns it.
    let text = b"circle of the accuracy subject";
    let offset = bytes.windows(text.len()).position(|w| w == text).expect("the text is in the program");
    let (report, shown) = explain(&binary, &format!("@{offset}"));
    let referrers = report["referrers"].as_array().expect("somebody refers to it");
    assert_eq!(referrers, &["<shapes::Circle as shapes::Shape>::name"], "{shown}");
    assert_eq!(answer(&report, "crate").1, "reference", "{shown}");
    assert!(shown.contains("Referred to by"), "{shown}");
}

#[test]
fn a_copy_that_nobody_is_known_to_have_made_is_marked_and_says_so() {
    let (binary, _) = small_subject("small-plain", "none");
    let mut bytes = std::fs::read(&binary).expect("the program can be read");
    let file = object::File::parse(&*bytes).expect("it is an object file");
    let table = file.section_by_name(".symtab").expect("it has symbols").file_range().expect("in the file");
    let (start, len) = (usize::try_from(table.0).unwrap(), usize::try_from(table.1).unwrap());
    // Without names of files (`STT_FILE`) nothing tells who has the start of the program.
    for entry in bytes[start..start + len].chunks_exact_mut(24).filter(|entry| entry[4] & 15 == 4) {
        entry[..8].fill(0);
    }
    let bare = binary.with_file_name("app-without-files");
    std::fs::write(&bare, bytes).expect("the folder is ours");
    let (report, text) = explain(&bare, "std::rt::lang_start::{{closure}}");
    assert_eq!(answer(&report, "crate"), ("std".into(), "no-object-file".into()), "{text}");
    assert_eq!(answer(&report, "instantiated_by").0, "nobody known", "{text}");
    assert_eq!(report["place"]["estimated"], true, "{text}");
    assert!(text.contains("~std") && text.contains("nobody is known to have"), "{text}");
}
