//! Notes that compilers and linkers leave.

use super::Context;
use crate::analysis::advise::{Advice, Basis, Change, Proof};
use crate::kind::Kind;
use crate::model::Leaf;
use crate::order::Arrange;

/// Sections that no program, loader or tool needs. Others of this kind say what a file is: identities that find
/// debug information, interfaces of components, lists of packages.
const NEEDLESS: [&str; 4] = [".comment", ".GCC.command.line", "producers", "target_features"];

/// Comments that no program reads.
pub(super) fn notes(context: &Context<'_>) -> Vec<Advice> {
    let model = context.model;
    // Behind what is loaded, or other addresses would change.
    let can_go = |leaf: &Leaf| leaf.kind == Kind::Metadata && leaf.in_file && !leaf.in_memory;
    let mut found: Vec<Proof> = Vec::new();
    for leaf in model.leaves.iter().filter(can_go) {
        let Some(row) = leaf.section.get().and_then(|i| model.sections.get(i)) else { continue };
        let name = model.names.get(row.name);
        if !NEEDLESS.contains(&name) {
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
    found.arrange_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.what.cmp(&b.what)));
    let names = |flag: &str| found.iter().map(|p| format!(" {flag} {}", p.what)).collect::<String>();
    let command = match &*model.facts.format {
        "wasm" => format!("wasm-tools strip{} IN -o OUT", names("--delete")),
        _ => format!("objcopy{} IN OUT", names("--remove-section")),
    };
    vec![Advice {
        rule: "notes",
        title: "remove notes".to_string(),
        finding: "compilers and linkers left notes of themselves".to_string(),
        proof: found,
        saving: Some(context.shipped(0, bytes, bytes, Basis::Layout)),
        change: Change::Command(command),
        cost: "nobody can ask the file which compiler and linker made it; wasm-opt no longer knows which features \
               to use unless it is told",
        unfit: &[],
    }]
}
