//! What else has to be there.

use super::Context;
use crate::analysis::advise::{Advice, Change};

/// Libraries of the system that a binary needs: their bytes are not in the file.
pub(super) fn needed(context: &Context<'_>) -> Vec<Advice> {
    let needed = &context.model.facts.needed;
    if needed.is_empty() {
        return Vec::new();
    }
    vec![Advice {
        rule: "libraries",
        title: "count the libraries it needs".to_string(),
        finding: format!("it needs {} at run time, whose bytes are not in this file", needed.join(", ")),
        proof: Vec::new(),
        saving: None,
        change: Change::Look("an image or package must hold them where the system has none".to_string()),
        cost: "",
        unfit: &[],
    }]
}
