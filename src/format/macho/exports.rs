//! The trie of exported names: nodes and the edges that lead only to one name, charged to what it names.
//!
//! A node is: length of what it says of its own name, that, number of children, and
//! for each a piece of name and the offset of its node (`mach-o/loader.h`).

use std::collections::HashSet;

use object::macho;

use super::context::{Context, Found};
use super::tables::Table;
use crate::format::cursor::Cursor;
use crate::format::{Charge, Target};

/// Charges what is there for one name only.
///
/// *Cost*: linear in the size of the trie: each node is read once, whatever leads to it. Nodes of a trie
/// that was made up may lie in each other's bytes, so the number of edges has a bound too.
pub(super) fn read(context: &Context<'_, '_>, found: &mut Found) {
    let Some((bytes, range)) = context.table(Table::Exports) else { return };
    let all = context.file.cursor(bytes);
    let mut seen: HashSet<u64> = HashSet::from([0]);
    let mut open: Vec<(u64, Option<(u64, u64)>)> = vec![(0, None)];
    // An edge has at least the end of a name and an offset.
    let mut left = bytes.len() / 2;
    while let Some((offset, edge)) = open.pop() {
        let Some(node) = node(context, all, offset) else { continue };
        let Some(rest) = left.checked_sub(node.children.len()) else { break };
        left = rest;
        let is_leaf = node.children.is_empty();
        if let Some(on) = node.on.filter(|_| is_leaf) {
            for (start, end) in [Some((offset, node.end)), edge].into_iter().flatten() {
                found.charges.push(Charge { start: range.start + start, end: range.start + end, on });
            }
        } else if let Some(on) = node.on {
            // What says of its own name is its own; its children are others'.
            let (start, end) = node.says;
            found.charges.push(Charge { start: range.start + start, end: range.start + end, on });
        }
        for (child, edge) in node.children {
            if seen.insert(child) {
                open.push((child, Some(edge)));
            }
        }
    }
}

/// A node of the trie.
struct Node {
    /// What its own name stands for, if it is one and that is known.
    on: Option<Target>,
    /// Where that is stated.
    says: (u64, u64),
    end: u64,
    /// Offsets of the nodes, and where the edges to them are stated.
    children: Vec<(u64, (u64, u64))>,
}

fn node(context: &Context<'_, '_>, all: Cursor<'_, 'static>, offset: u64) -> Option<Node> {
    let mut c = all.from(offset)?;
    let len = c.uleb()?;
    let mut own = c;
    c.skip(len)?;
    let says = (offset, c.at());
    let on = if len > 0 { target(context, &mut own) } else { None };
    let count = c.u8()?;
    let mut children = Vec::new();
    for _ in 0..count {
        let start = c.at();
        c.cstr()?;
        let child = c.uleb()?;
        children.push((child, (start, c.at())));
    }
    Some(Node { on, says, end: c.at(), children })
}

/// What an exported name stands for: an offset from the header, unless it is another file's.
fn target(context: &Context<'_, '_>, c: &mut Cursor<'_, 'static>) -> Option<Target> {
    let flags = macho::ExportSymbolFlags(c.uleb()?);
    let kind = flags.0 & macho::EXPORT_SYMBOL_FLAGS_KIND_MASK;
    let is_elsewhere = flags.contains(macho::EXPORT_SYMBOL_FLAGS_REEXPORT);
    if is_elsewhere || kind == u64::from(macho::EXPORT_SYMBOL_FLAGS_KIND_ABSOLUTE.0) {
        return None;
    }
    context.at_offset(c.uleb()?).map(Target::Pos)
}
