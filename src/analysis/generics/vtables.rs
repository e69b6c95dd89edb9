//! Tables of trait objects: of which trait and type each is, as far as names of functions tell.

use std::collections::{BTreeMap, BTreeSet};

use crate::kind::Kind;
use crate::model::filter::Filter;
use crate::model::{Model, SymbolId, Vtable};
use crate::names;
use crate::order::Arrange;

/// All tables of virtual functions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tables {
    /// Bytes of all tables.
    pub bytes: u64,
    /// How many there are; `None` if only their bytes are known.
    pub count: Option<u64>,
    /// By trait, the most bytes first; an empty name stands for those of which nothing tells.
    pub by_trait: Vec<TraitTables>,
}

/// Tables for one trait; in C++ of one class.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TraitTables {
    /// The trait, arguments erased.
    pub name: String,
    /// How many tables.
    pub count: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How many types they are for, of those that can be named.
    pub types: u64,
}

/// Sums up the tables of `model`; without `tables`, as for a snapshot, no more than their bytes.
///
/// *Cost*: one pass over the leaves; demangles the name of each function that a table leads to.
pub fn vtables(model: &Model, tables: Option<&[Vtable]>, filter: Option<&Filter>) -> Tables {
    let mut accepts = filter.map(|filter| filter.compile(model));
    let mut passes = |leaf: &crate::model::Leaf| accepts.as_mut().is_none_or(|a| a.accepts(leaf));
    let Some(tables) = tables else {
        let leaves = model.leaves.iter().filter(|leaf| leaf.kind == Kind::Vtables);
        let bytes = leaves.filter(|leaf| passes(leaf)).map(|leaf| leaf.len).sum();
        return Tables { bytes, ..Tables::default() };
    };
    let mut by_trait: BTreeMap<String, (TraitTables, BTreeSet<String>)> = BTreeMap::new();
    let mut all = Tables { count: Some(0), ..Tables::default() };
    for table in tables {
        if !model.leaves.at(table.start).is_some_and(|leaf| passes(&leaf)) {
            continue;
        }
        let (name, kind) = whose(model, table);
        let (row, types) = by_trait.entry(name).or_default();
        row.count += 1;
        row.bytes += table.len;
        types.extend(kind);
        all.bytes += table.len;
        all.count = all.count.map(|count| count + 1);
    }
    all.by_trait = by_trait
        .into_iter()
        .map(|(name, (row, types))| TraitTables { name, types: types.len() as u64, ..row })
        .collect();
    all.by_trait.arrange_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.name.cmp(&b.name)));
    all
}

/// The trait and the type of one table: the table's own name tells, or the names of what it leads to.
fn whose(model: &Model, table: &Vtable) -> (String, Option<String>) {
    let name = |symbol: SymbolId| {
        let row = symbol.get().and_then(|i| model.symbols.get(i)).filter(|row| row.sort.is_symbol());
        row.map_or("", |row| row.plain_name(&model.names))
    };
    let shown = names::display(name(table.symbol));
    if let Some(class) = shown.strip_prefix("vtable for ") {
        return (class.to_owned(), None);
    }
    // Methods of supertraits come first, so the last method is one of the trait itself, if it has any.
    let methods = table.methods.iter().rev();
    let of_methods = methods.filter_map(|&method| names::implemented(name(method))).next();
    let dropped = table.drop_glue.and_then(|glue| names::dropped(name(glue)));
    let (kind, by) = match of_methods {
        Some(found) => (found.self_type, callable(found.of, table.methods.len())),
        None => (None, String::new()),
    };
    (by, dropped.or(kind))
}

/// Methods of closures have the name of the closure, but for `FnOnce::call_once`. Of three traits
/// each has one method more than the one before.
fn callable(by: String, methods: usize) -> String {
    let name = match methods {
        2 => "FnMut",
        3 => "Fn",
        _ => return by,
    };
    match by.strip_prefix("core::ops::function::FnOnce") {
        Some(arguments) => format!("core::ops::function::{name}{arguments}"),
        None => by,
    }
}
