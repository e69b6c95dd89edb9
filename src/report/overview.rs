//! The overview: what a first look at a binary should tell.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::Serialize;

use super::rows::{Namer, Row};
use super::{Columns, Head, Issue, Key, head, issues, several_architectures};
use crate::analysis::memory::{Region, Use, usage};
use crate::kind::Kind;
use crate::model::view::{Dim, Node, Tree, View, tree, tree_where};
use crate::model::{Leaf, Model, Sizes, Source, SymbolSort};
use crate::order::Arrange;

/// The answer to `bloat FILE`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(transform = super::schema::named("overview")))]
pub struct Overview {
    /// Head of every report.
    #[serde(flatten)]
    pub head: Head,
    /// The dimension of `rows`: crates, or what comes closest where there is no Rust.
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::dimensions"))]
    pub by: Vec<&'static str>,
    /// Bytes by that dimension.
    pub rows: Vec<Row>,
    /// Bytes by kind.
    pub kinds: Vec<Row>,
    /// The largest symbols, with all that is charged to them.
    pub largest_symbols: Vec<Row>,
    /// What would ship once stripped; absent for object files, which do not ship.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipped: Option<Shipped>,
    /// Flash and RAM that a program without an operating system takes up.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub memory_regions: Vec<MemoryRegion>,
    /// What could not be understood.
    pub diagnostics: Vec<Issue>,
}

/// A region of memory and how much of it is in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MemoryRegion {
    /// Name of the region; `flash` or `RAM` where no linker script names any.
    pub name: String,
    /// First address, where a linker script states it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<u64>,
    /// Length in bytes, where a linker script states it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length: Option<u64>,
    /// Bytes in use.
    pub used: u64,
}

impl From<Use> for MemoryRegion {
    fn from(u: Use) -> MemoryRegion {
        let (origin, length) = u.extent.unzip();
        MemoryRegion { name: u.name, origin, length, used: u.used }
    }
}

/// What would be left without symbols and debug information.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Shipped {
    /// Bytes of the file after `strip`; computed from the layout.
    pub file: u64,
    /// Bytes that go.
    pub saved: u64,
    /// Of those, bytes of debug information.
    pub debug: u64,
    /// Of those, bytes of symbol tables.
    pub symbols: u64,
    /// Always true for a file that is not stripped yet: nobody ran `strip`.
    pub estimated: bool,
}

/// Answers `bloat FILE`, with at most `limit` rows in the first table and half as many in others.
///
/// `regions` are those of the linker script, if one is known.
pub fn overview(model: &Model, limit: Option<usize>, regions: &[Region]) -> Overview {
    let dim = main_dimension(model);
    let half = limit.map(|l| l.div_ceil(2));
    let tree = tree(model, &View { dims: vec![dim, Dim::Kind], ..View::default() });
    let kinds = across(&tree.roots);
    let kind_total = |kind: Kind| kinds.iter().find(|n| n.key == kind as u32).map_or(0, |n| n.sizes.file);
    let shipped = |file: u64| Shipped {
        file,
        saved: model.facts.file_size - file.min(model.facts.file_size),
        debug: kind_total(Kind::Debug),
        symbols: kind_total(Kind::Symbols),
        estimated: file < model.facts.file_size,
    };
    Overview {
        head: head(model, "overview"),
        by: vec![dim.as_str()],
        rows: with_columns(model, dim, &tree, limit),
        kinds: Namer::new(model, &[Dim::Kind]).rows(&tree, &kinds, 1, &Key::default(), None),
        largest_symbols: largest_symbols(model, half),
        shipped: model.facts.stripped_size.map(shipped),
        memory_regions: usage(model, regions).into_iter().map(MemoryRegion::from).collect(),
        diagnostics: issues(model)
            .into_iter()
            .chain(several_architectures(model).iter().map(Issue::from))
            .collect(),
    }
}

/// The dimension that tells most of a file at first sight: crates where there are any; else units, else sections.
pub fn main_dimension(model: &Model) -> Dim {
    let is_crate = |source: Option<Source>| source.is_some_and(|s| s != Source::C);
    if model.facts.has_rust || model.crates.iter().any(|c| is_crate(c.source)) {
        return Dim::Crate;
    }
    // Units must account for a fair part of the content to be worth a table.
    let (mut content, mut in_units) = (Sizes::default(), Sizes::default());
    for leaf in model.leaves.iter().filter(|l| l.kind.is_content()) {
        content += leaf.sizes();
        if leaf.unit.get().is_some() {
            in_units += leaf.sizes();
        }
    }
    if in_units.file * 2 > content.file { Dim::Unit } else { Dim::Section }
}

/// What groups have within them, added up over all of them: the largest first.
fn across(groups: &[Node]) -> Vec<Node> {
    let mut sums: BTreeMap<u32, Node> = BTreeMap::new();
    for node in groups.iter().flat_map(|group| &group.children) {
        let Some(sum) = sums.get_mut(&node.key) else {
            sums.insert(node.key, node.clone());
            continue;
        };
        sum.sizes += node.sizes;
        sum.symbols += node.symbols;
        sum.estimated += node.estimated;
    }
    let mut all: Vec<Node> = sums.into_values().collect();
    all.arrange_by_key(|n| Reverse((n.sizes.file, n.sizes.file.max(n.sizes.memory))));
    all
}

/// Rows with columns: the second level, which is of kinds, folded into its parent.
fn with_columns(model: &Model, dim: Dim, tree: &Tree<'_>, limit: Option<usize>) -> Vec<Row> {
    let columns: Vec<Columns> = tree.roots.iter().map(columns).collect();
    let bare: Vec<Node> = tree.roots.iter().map(|n| Node { children: Vec::new(), ..n.clone() }).collect();
    let mut rows = Namer::new(model, &[dim]).rows(tree, &bare, 0, &Key::default(), limit);
    for (index, row) in rows.iter_mut().enumerate() {
        let of_row = if row.rest.is_some() { &columns[index..] } else { &columns[index..=index] };
        row.columns = Some(of_row.iter().fold(Columns::default(), |a, b| Columns {
            code: a.code + b.code,
            data: a.data + b.data,
            metadata: a.metadata + b.metadata,
            debug: a.debug + b.debug,
        }));
    }
    rows
}

fn columns(node: &Node) -> Columns {
    let mut columns = Columns::default();
    for child in &node.children {
        let slot = match Kind::ALL.get(child.key as usize) {
            Some(Kind::Code) => &mut columns.code,
            Some(kind) if kind.is_data() => &mut columns.data,
            Some(Kind::Debug) => &mut columns.debug,
            _ => &mut columns.metadata,
        };
        *slot += child.sizes.file;
    }
    columns
}

/// Symbols of functions and data by all their bytes; structures are no symbols.
fn largest_symbols(model: &Model, limit: Option<usize>) -> Vec<Row> {
    let is_symbol = |leaf: &Leaf| {
        let row = leaf.symbol.get().and_then(|i| model.symbols.get(i));
        row.is_some_and(|r| r.sort != SymbolSort::Structure)
    };
    let view = View { dims: vec![Dim::Symbol], only: limit, ..View::default() };
    let tree = tree_where(model, &view, is_symbol);
    Namer::new(model, &[Dim::Symbol]).rows(&tree, &tree.roots, 0, &Key::default(), None)
}
