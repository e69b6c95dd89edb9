//! Notes that compilers and linkers leave.

use super::Context;
use crate::analysis::advise::{Advice, Basis, Change, Goal, Proof};
use crate::kind::Kind;

/// Comments, notes and lists that no program reads.
pub(super) fn notes(context: &Context<'_>) -> Vec<Advice> {
    let model = context.model;
    // The list of packages tells scanners what is in there, and whoever has put it in wants it.
    let kept = |name: &str| name == ".dep-v0" || name.starts_with('[');
    let mut found: Vec<Proof> = Vec::new();
    for leaf in model.leaves.iter().filter(|leaf| leaf.kind == Kind::Metadata && leaf.in_file) {
        let Some(row) = leaf.section.get().and_then(|i| model.sections.get(i)) else { continue };
        let name = model.names.get(row.name);
        if kept(name) {
            continue;
        }
        match found.iter_mut().find(|p| p.what == name) {
            Some(p) => p.bytes += leaf.len,
            None => found.push(Proof { what: name.to_string(), bytes: leaf.len }),
        }
    }
    let bytes = found.iter().map(|p| p.bytes).sum::<u64>();
    if bytes < context.worth() {
        return Vec::new();
    }
    found.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.what.cmp(&b.what)));
    let first = found.first().map_or("", |p| p.what.as_str());
    let command = match &*model.facts.format {
        "wasm" => format!("wasm-tools strip --delete {first} IN -o OUT"),
        _ => format!("objcopy --remove-section {first} FILE"),
    };
    vec![Advice {
        rule: "notes",
        title: "remove notes".to_string(),
        finding: "compilers and linkers left notes of themselves".to_string(),
        proof: found,
        saving: Some(context.shipped(0, bytes, bytes, Basis::Layout)),
        change: Change::Command(command),
        cost: "a build id finds debug information that lies apart: keep it where crashes are looked into",
        unfit: &[Goal::Server],
    }]
}
