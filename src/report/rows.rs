//! Trees to rows: names, keys, and one row for all that a limit leaves out.

use serde::Serialize;

use super::unmatched::nothing_passes;
use super::{Head, Issue, Total, head, issues};
use crate::intern::id;
use crate::model::view::{Dim, Keys, Node, Tree, View, tree, tree_where};
use crate::model::{CrateId, Leaf, Model, OwnerId, SymbolId};

/// One group of bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Row {
    /// Name for people.
    pub name: String,
    /// What its bytes have in common, in each dimension down to its own.
    pub key: Key,
    /// Bytes of the file.
    pub file: u64,
    /// Bytes of memory.
    pub memory: u64,
    /// Symbols that start in it.
    pub symbols: u64,
    /// Whether some of its bytes are computed shares, or guesses; never where no owner has a part in the answer.
    pub estimated: bool,
    /// Bytes of the file in such shares.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_bytes: Option<u64>,
    /// How many rows this one stands for, if it stands for those a limit left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rest: Option<u64>,
    /// Its bytes by what they are for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub columns: Option<Columns>,
    /// What a function comes to with all that is inlined into it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inlining: Option<InliningRow>,
    /// Rows of the next dimension; they sum to this one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Row>,
}

/// Bytes of the file by what they are for; they sum to the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Columns {
    /// Instructions.
    pub code: u64,
    /// Constant and writable data.
    pub data: u64,
    /// What accounts for the program but is not debug information: unwind tables,
    /// relocations, symbols, headers, padding.
    pub metadata: u64,
    /// Debug information.
    pub debug: u64,
}

/// What a function comes to with all that is inlined into it. These overlap, and sum to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InliningRow {
    /// Bytes of the file: its own, and those of what is inlined into it.
    pub total: u64,
    /// Those of them that lie in other functions, which it was inlined into.
    pub inlined: u64,
    /// Number of calls that were replaced by its code.
    pub call_sites: u64,
}

/// What the bytes of a row have in common.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Key {
    /// Kind of bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::kind"))]
    pub kind: Option<String>,
    /// Segment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment: Option<String>,
    /// Section.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub section: Option<String>,
    /// Owning crate, without its version.
    #[serde(rename = "crate", skip_serializing_if = "Option::is_none")]
    pub krate: Option<String>,
    /// Version of the owning crate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Package of the owning crate, where its name differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// Where the owning crate comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::source_key"))]
    pub source: Option<String>,
    /// Defining crate, `name@version`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub defined_in: Option<String>,
    /// Instantiating crate, `name@version`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instantiated_by: Option<String>,
    /// Module path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// Generic item.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generic: Option<String>,
    /// Symbol, demangled; in brackets for what is no symbol.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub symbol: Option<String>,
    /// Symbol, as in the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mangled: Option<String>,
    /// Address of the symbol.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<u64>,
    /// Size of the symbol itself, without what is charged to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Unit of debug information or file of the symbol table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Source file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Line of source, `file:line`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
    /// Function of the source, inlined or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inlined: Option<String>,
    /// Crate that defines that function.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inlined_crate: Option<String>,
    /// What the attribution stands on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::evidence"))]
    pub evidence: Option<String>,
    /// Member of an archive, slice of a universal file, module of a component.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
}

/// The answer to `show --by`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(transform = super::schema::named("show")))]
pub struct Show {
    /// Head of every report.
    #[serde(flatten)]
    pub head: Head,
    /// Dimensions from the outermost to the innermost.
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::dimensions"))]
    pub by: Vec<&'static str>,
    /// `file` or `memory`: what rows are ordered by.
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::measure"))]
    pub measure: &'static str,
    /// Bytes that passed the filter, if there was one; else those of the file.
    pub shown: Total,
    /// Groups of the first dimension.
    pub rows: Vec<Row>,
    /// What could not be understood.
    pub diagnostics: Vec<Issue>,
}

/// How much of an answer to give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShowOptions {
    /// Rows per group; all if none.
    pub limit: Option<usize>,
}

/// Answers `show --by`.
pub fn show(model: &Model, view: &View, options: &ShowOptions) -> Show {
    let view = &View { first: options.limit, ..view.clone() };
    let mut show = answer(model, view, options, tree(model, view));
    if let Some(filter) = view.filter.as_ref().filter(|_| show.shown.is_nothing()) {
        show.diagnostics.push(nothing_passes(filter, &[model]));
    }
    show
}

/// The same for the leaves that `accepts` lets pass; the filter of the view is not looked at.
pub fn show_where(
    model: &Model,
    view: &View,
    options: &ShowOptions,
    accepts: impl FnMut(&Leaf) -> bool,
) -> Show {
    let view = &View { first: options.limit, ..view.clone() };
    answer(model, view, options, tree_where(model, view, accepts))
}

fn answer(model: &Model, view: &View, options: &ShowOptions, tree: Tree<'_>) -> Show {
    let told = if view.names_only { &[] } else { view.dims.as_slice() };
    let namer = Namer::new(model, told);
    let rows = namer.rows(&tree, &tree.roots, 0, &Key::default(), options.limit);
    Show {
        head: head(model, "show"),
        by: view.dims.iter().map(|d| d.as_str()).collect(),
        measure: view.measure.pick("file", "memory"),
        shown: tree.total.into(),
        rows,
        diagnostics: issues(model),
    }
}

id! {
    /// A leaf, by its place among all.
    LeafId
}

/// Gives nodes their names and keys.
pub(super) struct Namer<'m> {
    model: &'m Model,
    /// By symbol: the leaf that is its own.
    homes: Vec<LeafId>,
}

impl<'m> Namer<'m> {
    pub fn new(model: &'m Model, dims: &[Dim]) -> Namer<'m> {
        let mut homes = Vec::new();
        if dims.contains(&Dim::Symbol) {
            homes = vec![LeafId::NONE; model.symbols.len()];
            for (index, (symbol, is_home)) in model.leaves.symbols().enumerate() {
                if let Some(slot) = symbol.get().and_then(|i| homes.get_mut(i))
                    && (is_home || *slot == LeafId::NONE)
                {
                    *slot = LeafId::new(index);
                }
            }
        }
        Namer { model, homes }
    }

    /// Rows of one level; the last one stands for all behind the limit.
    pub fn rows(
        &self,
        tree: &Tree<'_>,
        nodes: &[Node],
        level: usize,
        above: &Key,
        limit: Option<usize>,
    ) -> Vec<Row> {
        let Some(keys) = tree.keys.get(level) else { return Vec::new() };
        let shown = limit.unwrap_or(usize::MAX).min(nodes.len());
        // One row left out is as long as the row that would say so.
        let shown = if shown + 1 == nodes.len() { nodes.len() } else { shown };
        let (shown, hidden) = nodes.split_at(shown);
        let mut rows: Vec<Row> = shown
            .iter()
            .map(|node| {
                let key = self.key(keys, node.key, above);
                let children = self.rows(tree, &node.children, level + 1, &key, limit);
                let name = keys.label(node.key);
                row(name, key, node, children)
            })
            .collect();
        if !hidden.is_empty() {
            let mut sum = Node {
                key: 0,
                sizes: Default::default(),
                symbols: 0,
                estimated: 0,
                inlining: None,
                children: Vec::new(),
            };
            for node in hidden {
                sum.sizes += node.sizes;
                sum.symbols += node.symbols;
                sum.estimated += node.estimated;
            }
            let mut rest = row(format!("[{} more]", hidden.len()), above.clone(), &sum, Vec::new());
            rest.rest = Some(hidden.len() as u64);
            rows.push(rest);
        }
        rows
    }

    /// The key of one node below `above`.
    pub fn key(&self, keys: &Keys<'_>, key: u32, above: &Key) -> Key {
        let mut out = above.clone();
        let label = Some(keys.label(key));
        match keys.dim {
            Dim::Kind => out.kind = label,
            Dim::Segment => out.segment = label,
            Dim::Section => out.section = label,
            Dim::Crate => self.crate_key(CrateId(key), &mut out),
            Dim::DefinedIn => out.defined_in = label,
            Dim::InstantiatedBy => out.instantiated_by = label,
            Dim::Source => out.source = label,
            Dim::Module => out.module = label,
            Dim::Generic => out.generic = label,
            Dim::Unit => out.unit = label,
            Dim::File => out.file = label,
            Dim::Line => out.line = label,
            Dim::Inlined => {
                out.inlined_crate = keys.function(key).and_then(|f| self.model.function_crate(f));
                out.inlined = label;
            }
            Dim::Evidence => out.evidence = label,
            Dim::Member => out.member = label,
            Dim::Symbol => {
                out.symbol = label;
                if let Some(symbol) = keys.symbol(key) {
                    self.symbol_key(symbol, &mut out);
                }
            }
        }
        out
    }

    fn text(&self, id: crate::intern::NameId) -> Option<String> {
        (id != crate::intern::NameId::NONE).then(|| self.model.names.get(id).to_string())
    }

    fn crate_key(&self, krate: CrateId, out: &mut Key) {
        let Some(row) = krate.get().and_then(|i| self.model.crates.get(i)) else { return };
        out.krate = self.text(row.shown);
        out.version = self.text(row.version);
        out.package = self.text(row.package);
        out.source = row.source.map(|s| s.as_str().to_string());
    }

    fn symbol_key(&self, symbol: SymbolId, out: &mut Key) {
        let Some(row) = symbol.get().and_then(|i| self.model.symbols.get(i)) else { return };
        if row.sort.is_symbol() {
            out.mangled = self.text(row.name);
        }
        out.address = row.address;
        out.size = (row.size > 0).then_some(row.size);
        let home = symbol.get().and_then(|i| self.homes.get(i)?.get());
        let Some(home) = home.map(|index| self.model.leaves.get(index)) else { return };
        let section = home.section.get().and_then(|i| self.model.sections.get(i));
        if home.home && out.section.is_none() {
            out.section = section.and_then(|s| self.text(s.name));
        }
        self.owner_key(home.owner, out);
    }

    fn owner_key(&self, owner: OwnerId, out: &mut Key) {
        let owner = self.model.owner(owner);
        let label = |krate: CrateId| {
            let row = krate.get().and_then(|i| self.model.crates.get(i))?;
            self.text(row.label)
        };
        if out.krate.is_none() {
            self.crate_key(owner.krate, out);
        }
        out.defined_in = out.defined_in.take().or_else(|| label(owner.defined_in));
        out.instantiated_by = out.instantiated_by.take().or_else(|| label(owner.instantiated_by));
        out.evidence = Some(owner.evidence.as_str().to_string());
    }
}

fn row(name: String, key: Key, node: &Node, children: Vec<Row>) -> Row {
    Row {
        name,
        key,
        file: node.sizes.file,
        memory: node.sizes.memory,
        symbols: node.symbols,
        estimated: node.estimated > 0,
        estimated_bytes: (node.estimated > 0).then_some(node.estimated),
        rest: None,
        columns: None,
        inlining: node.inlining.map(|i| InliningRow {
            total: i.total.file,
            inlined: i.inlined.file,
            call_sites: i.call_sites,
        }),
        children,
    }
}
