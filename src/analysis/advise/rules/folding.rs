//! Functions that are there more than once, and functions that nobody calls.

use super::{Context, proof};
use crate::analysis::advise::{Advice, Basis, Change};
use crate::analysis::duplicates::{Order, Saved, Scope, equals};
use crate::kind::Kind;
use crate::model::{Piece, PieceForm, SymbolSort};
use crate::names::{self, Scheme};

/// Equal functions, which some linkers fold.
///
/// What they fold is known to less than a percent: `docs/duplicates.md` has the figures.
pub(super) fn identical(context: &Context<'_>) -> Vec<Advice> {
    let Some(found) = context.duplicates else { return Vec::new() };
    let model = context.model;
    // Linkers of Windows and macOS fold unless they are told not to; that for WebAssembly never does.
    if model.facts.format != "elf" || !is_linked(context) {
        return Vec::new();
    }
    let groups = equals(model, found, &found.identical, PieceForm::Function, &Scope::default(), Order::Saved);
    let mut saved = Saved::default();
    let mut copies = 0;
    for group in &groups {
        saved.add(&group.saved);
        copies += group.members.len() as u64 - 1;
    }
    let bytes = saved.all + saved.unwind;
    if bytes < context.worth() {
        return Vec::new();
    }
    let can_fold = ["LLD", "mold"].iter().any(|linker| context.is_linked_by(linker));
    vec![Advice {
        rule: "identical-code",
        title: "have the linker fold equal functions".to_string(),
        finding: format!("{copies} functions are equal to others, in bytes and in what they refer to"),
        proof: vec![
            proof("code of all but one of each", saved.all),
            proof("their unwind records", saved.unwind),
        ],
        saving: Some(context.shipped(bytes / 10 * 9, bytes, bytes + bytes / 10, Basis::Bytes)),
        change: Change::Rustflags(match can_fold {
            true => vec!["-C", "link-arg=-Wl,--icf=all"],
            false => vec!["-C", "link-arg=-fuse-ld=lld", "-C", "link-arg=-Wl,--icf=all"],
        }),
        cost: "functions share addresses: backtraces may name another one, and code in C or C++ that compares \
               addresses of functions may go wrong; needs LLD (or mold), GNU ld cannot do it",
        unfit: &[],
    }]
}

/// Part of the code that no linker gets rid of, in percent: what start files bring, and calls that cannot be seen.
const ALWAYS: u64 = 5;

/// Functions that a linker drops which is told to.
pub(super) fn unreferred(context: &Context<'_>) -> Vec<Advice> {
    let functions = context.duplicates.and_then(|found| found.unreferred.as_ref());
    // Without symbols, functions are what unwind tables say, and those have parts of functions too. Programs of C are
    // mostly linked like that, and it takes other flags to compile them so that it helps.
    let facts = &context.model.facts;
    let can_tell = is_linked(context) && !facts.stripped && facts.has_rust;
    let Some(functions) = functions.filter(|_| can_tell) else { return Vec::new() };
    let is_whole = |piece: &&Piece| {
        let row = piece.symbol.get().and_then(|i| context.model.symbols.get(i));
        row.is_some_and(|row| {
            row.sort == SymbolSort::Function
                && matches!(
                    names::scheme(row.plain_name(&context.model.names)),
                    Scheme::RustLegacy | Scheme::RustV0
                )
        })
    };
    let functions: Vec<&Piece> = functions.iter().filter(is_whole).collect();
    let bytes: u64 = functions.iter().map(|f| f.len + f.filler).sum();
    let code = context.sums.kind(Kind::Code);
    if bytes < context.worth() || bytes < code / 100 * ALWAYS {
        return Vec::new();
    }
    let flag = match &*context.model.facts.format {
        "macho" => "link-arg=-Wl,-dead_strip",
        "pe" => "link-arg=/OPT:REF",
        _ => "link-arg=-Wl,--gc-sections",
    };
    vec![Advice {
        rule: "dead-code",
        title: "have the linker drop what is not used".to_string(),
        finding: format!(
            "nothing refers to {} functions: it was linked with -C link-dead-code, or by something else than \
             rustc and without {}",
            functions.len(),
            flag.rsplit(',').next().unwrap_or(flag).trim_start_matches("link-arg=")
        ),
        proof: vec![proof("functions that nothing refers to", bytes)],
        // With each goes what only it refers to; how much that is nobody has counted.
        saving: Some(context.shipped(bytes / 2, bytes + bytes / 2, code, Basis::Bytes)),
        change: Change::Rustflags(vec!["-C", "link-dead-code=no", "-C", flag]),
        cost: "what is found by name at run time alone must be exported",
        unfit: &[],
    }]
}

/// Whether this is what a linker has made, and not what it reads.
fn is_linked(context: &Context<'_>) -> bool {
    let facts = &context.model.facts;
    let is_unlinked =
        ["object", "archive", "library archive"].iter().any(|word| facts.file_type.contains(word));
    facts.format != "archive" && !is_unlinked
}
