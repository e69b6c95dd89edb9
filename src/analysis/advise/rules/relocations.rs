//! Relocations that could be packed.

use super::{Context, is_bucket, proof};
use crate::analysis::advise::{Advice, Basis, Change};
use crate::kind::Kind;

/// The bucket of what other files define.
const IMPORTS: &str = "[imports]";

/// Relative relocations as a table of entries instead of bits.
///
/// An entry of `.rela.dyn` has three words, of `.rel.dyn` two. In `.relr.dyn` a word stands for one to
/// 63 places (31 on 32 bits), so all words of an entry but one go in the worst case: the generic ABI's
/// proposal on SHT_RELR.
pub(super) fn packed(context: &Context<'_>) -> Vec<Advice> {
    let model = context.model;
    let section = |name: &str| model.sections.iter().find(|row| model.names.get(row.name) == name);
    if model.facts.format != "elf" || section(".relr.dyn").is_some() {
        return Vec::new();
    }
    let (name, words) = if section(".rela.dyn").is_some() { (".rela.dyn", 3) } else { (".rel.dyn", 2) };
    // Android packs such sections in another way, and calls them the same.
    let entry = words * u64::from(model.facts.bits / 8).max(1);
    if section(name).is_none_or(|row| row.size % entry != 0) {
        return Vec::new();
    }
    let mut bytes = 0;
    for leaf in model.leaves.iter().filter(|leaf| leaf.kind == Kind::Relocations && leaf.in_memory) {
        let row = leaf.section.get().and_then(|i| model.sections.get(i));
        let is_relative = !is_bucket(model, model.owner(leaf.owner).krate, IMPORTS);
        if is_relative && row.is_some_and(|row| model.names.get(row.name) == name) {
            bytes += leaf.len;
        }
    }
    if bytes < context.worth() {
        return Vec::new();
    }
    let low = bytes / words * (words - 1);
    let likely = bytes / 100 * 95;
    vec![Advice {
        rule: "relr",
        title: "pack relative relocations".to_string(),
        finding: format!("relocations that only add where the file is loaded take {words} words each"),
        proof: vec![proof("relative relocations", bytes)],
        saving: Some(context.shipped(low, likely.max(low), bytes, Basis::Layout)),
        change: Change::Rustflags(vec!["-C", "link-arg=-Wl,-z,pack-relative-relocs"]),
        cost: "needs glibc 2.36 or musl 1.2.4 at run time, or Android 11, and a linker from 2022 on",
        unfit: &[],
    }]
}
