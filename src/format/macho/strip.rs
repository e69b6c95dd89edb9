//! What `strip` would leave of a file.

use std::collections::HashSet;

use object::macho;

use super::context::Context;
use super::tables::Table;
use crate::format::SymbolKind;

/// Size of a page and of its hash in an ad-hoc signature.
const PAGE: u64 = 4096;
const HASH: u64 = 32;

/// Size in bytes of the file without symbols that only people and debuggers need.
///
/// Computed from the layout: what loads and what the dynamic linker reads keeps its
/// size. Of the symbol table stay entries that the dynamic linker needs (imports,
/// what stubs and pointers refer to, and what is marked as referred to), with their
/// names. The code signature, which comes last, has one hash less for each page less.
/// `None` for what is not made to ship.
pub(super) fn size(context: &Context<'_, '_>) -> Option<u64> {
    let file = context.file;
    let ships = matches!(
        file.file_type,
        macho::MH_EXECUTE
            | macho::MH_DYLIB
            | macho::MH_BUNDLE
            | macho::MH_DYLINKER
            | macho::MH_KEXT_BUNDLE
            | macho::MH_PRELOAD
    );
    ships.then_some(())?;
    let (Some((_, symbols)), Some((_, strings))) =
        (context.table(Table::Symbols), context.table(Table::Strings))
    else {
        return Some(file.len());
    };
    let entry: u64 = if file.is_64 { 16 } else { 12 };
    let referred = referred(context);
    let mut names: HashSet<&[u8]> = HashSet::new();
    let (mut entries, mut text) = (0u64, 1u64);
    for (symbol, index) in context.symbols.iter().zip(0u32..) {
        let marked = context.is_marked(index);
        if symbol.kind != SymbolKind::Import && !referred.contains(&index) && !marked {
            continue;
        }
        entries += 1;
        if names.insert(symbol.name) {
            text += symbol.name.len() as u64 + 1;
        }
    }
    let align = u64::from(file.address_size());
    let kept = entries * entry + text.next_multiple_of(align);
    let old = (symbols.end - symbols.start) + (strings.end - strings.start);
    let saved = old.saturating_sub(kept);
    let Some((_, signature)) = context.table(Table::CodeSignature) else {
        return Some(file.len().saturating_sub(saved));
    };
    // What is signed ends where the signature starts.
    let signed = signature.start.saturating_sub(saved).next_multiple_of(16).min(signature.start);
    let hashes = signature.start.div_ceil(PAGE).saturating_sub(signed.div_ceil(PAGE));
    let signature = (file.len() - signature.start).saturating_sub(hashes * HASH);
    Some((signed + signature).min(file.len()))
}

/// Symbols that the table of indirect symbols names.
fn referred(context: &Context<'_, '_>) -> HashSet<u32> {
    let Some((bytes, _)) = context.table(Table::IndirectSymbols) else { return HashSet::new() };
    let mut c = context.file.cursor(bytes);
    let local = macho::INDIRECT_SYMBOL_LOCAL.0 | macho::INDIRECT_SYMBOL_ABS.0;
    std::iter::from_fn(|| c.u32()).filter(|entry| entry & local == 0).collect()
}
