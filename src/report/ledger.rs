//! The ledger: every leaf, in file order.

use std::collections::HashMap;

use serde::Serialize;

use crate::intern::NameId;
use crate::model::view::{Dim, Keys};
use crate::model::{CrateId, Leaf, Model, SymbolId};

/// The columns, in order. Names and order are part of the contract.
pub const LEDGER_COLUMNS: [&str; 17] = [
    "offset",
    "size",
    "address",
    "memory_size",
    "kind",
    "segment",
    "section",
    "symbol",
    "mangled",
    "crate",
    "version",
    "source",
    "defined_in",
    "instantiated_by",
    "unit",
    "evidence",
    "estimated",
];

/// One run of bytes with one owner in every dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LedgerRow<'m> {
    /// File offset; none for bytes that are in memory only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// Length in bytes.
    pub size: u64,
    /// Virtual address; none for bytes that are not loaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<u64>,
    /// Bytes of memory: the length, or 0 if it is not loaded.
    pub memory_size: u64,
    /// Kind of bytes.
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::kind"))]
    pub kind: &'static str,
    /// Segment.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub segment: &'m str,
    /// Section, or in brackets what stands for one.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub section: &'m str,
    /// Symbol, demangled; in brackets for what is no symbol.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub symbol: &'m str,
    /// Symbol, as in the file.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub mangled: &'m str,
    /// Owning crate, or in brackets the bucket of bytes that no crate owns.
    #[serde(rename = "crate")]
    pub krate: &'m str,
    /// Its version.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub version: &'m str,
    /// Where it comes from.
    #[serde(skip_serializing_if = "str::is_empty")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::source"))]
    pub source: &'static str,
    /// Defining crate, `name@version`.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub defined_in: &'m str,
    /// Instantiating crate, `name@version`.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub instantiated_by: &'m str,
    /// Unit of debug information or file of the symbol table.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub unit: &'m str,
    /// What the attribution stands on.
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::evidence"))]
    pub evidence: &'static str,
    /// Whether its boundaries are a computed share, or its owner is a guess.
    pub estimated: bool,
}

/// Calls `write` for each leaf in order of position, until it fails.
///
/// *Cost*: linear; each symbol is demangled once.
pub fn ledger<E>(model: &Model, mut write: impl FnMut(&LedgerRow<'_>) -> Result<(), E>) -> Result<(), E> {
    let keys = Keys::new(model, Dim::Symbol);
    // A symbol's bytes and those charged to it lie far apart.
    let mut labels: HashMap<SymbolId, String> = HashMap::new();
    for leaf in model.leaves.iter() {
        if leaf.symbol != SymbolId::NONE {
            labels.entry(leaf.symbol).or_insert_with(|| keys.label(leaf.symbol.0));
        }
        let symbol = labels.get(&leaf.symbol).map_or("", String::as_str);
        write(&row(model, &leaf, symbol))?;
    }
    Ok(())
}

pub(super) fn row<'m>(model: &'m Model, leaf: &Leaf, symbol: &'m str) -> LedgerRow<'m> {
    let text = |id: NameId| model.names.get(id);
    let owner = model.owner(leaf.owner);
    let krate = |id: CrateId| id.get().and_then(|i| model.crates.get(i));
    let label = |id: CrateId| krate(id).map_or("", |c| text(c.label));
    let own = krate(owner.krate);
    LedgerRow {
        offset: leaf.in_file.then_some(leaf.start),
        size: leaf.len,
        address: model.leaves.address(leaf.start),
        memory_size: leaf.sizes().memory,
        kind: leaf.kind.as_str(),
        segment: leaf.segment.get().and_then(|i| model.segments.get(i)).map_or("", |s| text(s.name)),
        section: leaf.section.get().and_then(|i| model.sections.get(i)).map_or("", |s| text(s.name)),
        symbol,
        mangled: model.mangled(leaf.symbol),
        krate: own.map_or("", |c| text(c.shown)),
        version: own.map_or("", |c| text(c.version)),
        source: own.and_then(|c| c.source).map_or("", |s| s.as_str()),
        defined_in: label(owner.defined_in),
        instantiated_by: label(owner.instantiated_by),
        unit: leaf.unit.get().and_then(|i| model.units.get(i)).map_or("", |u| text(u.name)),
        evidence: owner.evidence.as_str(),
        estimated: leaf.estimated,
    }
}
