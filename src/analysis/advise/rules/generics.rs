//! What was compiled again and again.

use super::{Context, proof};
use crate::analysis::advise::{Advice, Basis, Change};
use crate::analysis::generics::{self, Group, Grouping, Order, Question};

/// Most groups that are listed.
const GROUPS: usize = 5;

/// Path of the function that drops what a pointer points at.
const GLUE: [&str; 2] = ["core::ptr::drop_in_place", "core::ptr::drop_glue"];

fn is_glue(group: &Group) -> bool {
    GLUE.iter().any(|path| group.name.starts_with(path))
}

/// Generic functions with many copies.
pub(super) fn largest(context: &Context<'_>) -> Vec<Advice> {
    let least = (context.sums.shipped / 500).max(2048);
    let question = Question { order: Order::Saving, ..Question::default() };
    let found = generics::generics(context.model, &question);
    let groups: Vec<&Group> = found
        .groups
        .iter()
        .filter(|group| group.is_repeated(2) && !is_glue(group) && group.saving >= least)
        .take(GROUPS)
        .collect();
    let saving: u64 = groups.iter().map(|group| group.saving).sum();
    let Some(first) = groups.first().filter(|_| saving * 100 >= context.sums.shipped) else {
        return Vec::new();
    };
    vec![Advice {
        rule: "generics",
        title: "share code among copies of generics".to_string(),
        finding: "these were compiled for many types, and take most beyond one copy of each".to_string(),
        proof: groups
            .iter()
            .map(|group| proof(format!("{} copies of {}", group.copies.len(), group.name), group.size))
            .collect(),
        saving: Some(context.shipped(0, 0, saving, Basis::Bytes)),
        change: Change::Look(format!(
            "`bloat generics FILE{}` lists for which types, and who asked: move what does not depend on the \
             type into a function that is not generic, or take `&dyn Trait`",
            argument(&first.name)
        )),
        cost: "a call more, or a virtual one; code of other crates is theirs to change",
        unfit: &[],
    }]
}

/// A name as an argument for a shell; nothing if it would not be one.
fn argument(name: &str) -> String {
    let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "_:<>&*[](), ;=-+".contains(c));
    if is_plain { format!(" '{name}'") } else { String::new() }
}

/// Code that drops values.
pub(super) fn drop_glue(context: &Context<'_>) -> Vec<Advice> {
    let question = Question { by: Grouping::Dropped, ..Question::default() };
    let found = generics::generics(context.model, &question);
    let bytes: u64 = found.groups.iter().map(|group| group.size).sum();
    let functions: usize = found.groups.iter().map(|group| group.copies.len()).sum();
    if bytes * 50 < context.sums.shipped {
        return Vec::new();
    }
    let largest = found.groups.iter().take(GROUPS);
    let all = [proof("drop glue", bytes)].into_iter();
    vec![Advice {
        rule: "drop-glue",
        title: "look at what is dropped".to_string(),
        finding: format!("{functions} functions do nothing but drop values"),
        proof: all.chain(largest.map(|group| proof(format!("to drop {}", group.name), group.size))).collect(),
        saving: Some(context.shipped(0, 0, bytes, Basis::Bytes)),
        change: Change::Look(
            "`bloat generics FILE --by dropped` lists them: large enums and structs that own much are dropped \
             field by field in many places; a `Box` or `Arc` around them, or `panic = \"abort\"`, leaves fewer"
                .to_string(),
        ),
        cost: "an allocation, where something is boxed",
        unfit: &[],
    }]
}
