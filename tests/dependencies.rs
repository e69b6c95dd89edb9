//! What the program is built of: licences that go together, one version of each crate, no code but Rust.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// Licences that ask for no more than to be named.
const LICENCES: [&str; 10] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// What Cargo says of the packages for this machine.
fn metadata() -> Value {
    let platform = Command::new(env!("CARGO")).args(["-vV"]).output().expect("cargo runs");
    let platform = String::from_utf8(platform.stdout).expect("text");
    let host = platform.lines().find_map(|line| line.strip_prefix("host: ")).expect("a host");
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--locked", "--filter-platform", host])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// The packages that end up in the program, by id.
fn shipped(metadata: &Value) -> BTreeMap<String, &Value> {
    let packages: BTreeMap<&str, &Value> = metadata["packages"]
        .as_array()
        .expect("packages")
        .iter()
        .map(|package| (package["id"].as_str().expect("an id"), package))
        .collect();
    let nodes: BTreeMap<&str, &Value> = metadata["resolve"]["nodes"]
        .as_array()
        .expect("nodes")
        .iter()
        .map(|node| (node["id"].as_str().expect("an id"), node))
        .collect();
    let root = metadata["resolve"]["root"].as_str().expect("a root");
    let mut found = BTreeMap::new();
    let mut left = vec![root];
    while let Some(id) = left.pop() {
        if found.insert(id.to_string(), packages[id]).is_some() {
            continue;
        }
        for dependency in nodes[id]["deps"].as_array().expect("dependencies") {
            let kinds = dependency["dep_kinds"].as_array().expect("kinds");
            // Macros and what they are made of run when it is built.
            let package = packages[dependency["pkg"].as_str().expect("an id")];
            let is_macro = package["targets"].as_array().expect("targets").iter().any(|target| {
                target["kind"].as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "proc-macro"))
            });
            if kinds.iter().any(|kind| kind["kind"].is_null()) && !is_macro {
                left.push(dependency["pkg"].as_str().expect("an id"));
            }
        }
    }
    found
}

/// Whether an SPDX expression can be met with licences of the list.
fn is_free(expression: &str) -> bool {
    let expression = expression.replace('/', " OR ");
    let mut depth = 0;
    let mut split = None;
    // Of operators outside parentheses, AND binds closer than OR.
    let words: Vec<&str> = expression.split_whitespace().collect();
    for (index, word) in words.iter().enumerate() {
        depth += word.matches('(').count();
        if depth == 0 && (*word == "OR" || *word == "AND" && split.is_none()) {
            split = Some(index);
            if *word == "OR" {
                break;
            }
        }
        depth = depth.saturating_sub(word.matches(')').count());
    }
    match split {
        Some(at) if words[at] == "OR" => {
            is_free(&words[..at].join(" ")) || is_free(&words[at + 1..].join(" "))
        }
        Some(at) => is_free(&words[..at].join(" ")) && is_free(&words[at + 1..].join(" ")),
        None => {
            let whole = expression.trim();
            match whole.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
                Some(inside) => is_free(inside),
                None => LICENCES.contains(&whole),
            }
        }
    }
}

#[test]
fn expressions_are_understood() {
    assert!(is_free("MIT OR Apache-2.0") && is_free("MIT/Apache-2.0") && is_free("GPL-3.0-only OR MIT"));
    assert!(
        is_free("(MIT OR Apache-2.0) AND Unicode-3.0")
            && is_free("Apache-2.0 WITH LLVM-exception OR GPL-2.0")
    );
    assert!(!is_free("MIT AND GPL-3.0-only") && !is_free("(GPL-2.0 OR MPL-2.0) AND MIT") && !is_free(""));
}

#[test]
fn licences_go_together() {
    let metadata = metadata();
    let shipped = shipped(&metadata);
    assert!(shipped.len() > 50, "only {} packages", shipped.len());
    let odd = shipped.values().filter(|package| !is_free(package["license"].as_str().unwrap_or_default()));
    let odd: Vec<String> =
        odd.map(|package| format!("{}: {}", package["name"], package["license"])).collect();
    assert!(odd.is_empty(), "{odd:?}");
}

#[test]
fn there_is_one_version_of_each_crate() {
    let metadata = metadata();
    let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in shipped(&metadata).values() {
        let text = |key: &str| package[key].as_str().expect("text").to_string();
        versions.entry(text("name")).or_default().insert(text("version"));
    }
    versions.retain(|_, versions| versions.len() > 1);
    assert!(versions.is_empty(), "{versions:?}");
}

#[test]
fn all_of_it_is_rust_from_the_registry() {
    let metadata = metadata();
    for (id, package) in shipped(&metadata) {
        let is_own = package["name"] == env!("CARGO_PKG_NAME");
        let source = package["source"].as_str().unwrap_or_default();
        assert!(is_own || source.starts_with("registry+"), "{id} comes from {source}");
        assert!(
            package["links"].is_null() || package["links"] == "rayon-core",
            "{id} links {}",
            package["links"]
        );
    }
}
