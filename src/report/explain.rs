//! The answer to "whose is this, and why?".

use std::collections::HashMap;

use serde::Serialize;

use super::ledger::{LedgerRow, row};
use super::rows::{Namer, Row};
use super::{Head, Issue, Key, Total, head, issues};
use crate::model::view::{Dim, Keys, Measure, Sort, View, tree_where};
use crate::model::{CrateId, Evidence, Leaf, Model, Source, SymbolId};

/// The answer to `explain` for a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(transform = super::schema::named("explain")))]
pub struct ExplainPlace<'m> {
    /// Head of every report.
    #[serde(flatten)]
    pub head: Head,
    /// The question as asked.
    pub what: String,
    /// The run of bytes that holds the place.
    pub place: LedgerRow<'m>,
    /// The symbol there, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub symbol: Option<ExplainSymbol>,
    /// Who owns the place, defines it and instantiated it, each with its reason.
    pub crates: Vec<Answer>,
    /// All claims on the place, best first within each partition.
    pub claims: Vec<ClaimRow>,
    /// What refers to it, for data without a symbol.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub referrers: Vec<String>,
    /// Other symbols that the question could mean, largest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub other_matches: Vec<Match>,
    /// What could not be understood in the file.
    pub diagnostics: Vec<Issue>,
}

/// A symbol that a question could mean: copies of one generic share a name, and this tells them apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Match {
    /// Demangled.
    pub symbol: String,
    /// Address as the file states it; asking for it explains this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<u64>,
    /// Size of the symbol itself.
    pub size: u64,
    /// Label of the crate that owns it, or a bucket in brackets; absent if it has no bytes.
    #[serde(rename = "crate", skip_serializing_if = "Option::is_none")]
    pub krate: Option<String>,
    /// Whether that owner is a guess or chosen by a majority.
    pub estimated: bool,
}

/// A symbol in full.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ExplainSymbol {
    /// Demangled.
    pub symbol: String,
    /// As in the file.
    pub mangled: String,
    /// Address as the file states it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<u64>,
    /// Size of the symbol itself.
    pub size: u64,
    /// Bytes of the file that are its own or charged to it, by kind.
    pub kinds: Vec<Row>,
    /// Other names of the place.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
}

/// One of the three crates of a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Answer {
    /// `crate`, `defined_in` or `instantiated_by`.
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::notion"))]
    pub notion: &'static str,
    /// `name@version`, or a bucket in brackets.
    pub label: String,
    /// What it stands on.
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::evidence"))]
    pub evidence: &'static str,
    /// The same in words.
    pub reason: String,
}

/// A claim on a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClaimRow {
    /// The partition it takes part in.
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::partition"))]
    pub partition: &'static str,
    /// Who claims.
    pub label: String,
    /// What the claim stands on.
    pub basis: &'static str,
    /// Rank within the partition; lower wins.
    pub rank: u8,
    /// Length of the claim in bytes.
    pub size: u64,
    /// Whether the place went to it.
    pub wins: bool,
}

/// The answer to `explain crate:NAME`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(transform = super::schema::named("explain")))]
pub struct ExplainCrate {
    /// Head of every report.
    #[serde(flatten)]
    pub head: Head,
    /// The question as asked.
    pub what: String,
    /// The crates of that name; more than one if there are several versions.
    pub crates: Vec<CrateFacts>,
    /// What could not be understood in the file.
    pub diagnostics: Vec<Issue>,
}

/// A crate in full.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CrateFacts {
    /// Name, version, package and source.
    pub key: Key,
    /// `name@version`.
    pub label: String,
    /// The compiler's own id of the crate, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stable_id: Option<String>,
    /// Bytes it owns.
    pub owns: Total,
    /// Bytes of items that its source defines, whoever instantiated them.
    pub defines: Total,
    /// Bytes in its codegen units, whoever defines them.
    pub instantiates: Total,
    /// What it owns, by evidence.
    pub by_evidence: Vec<Row>,
    /// What it owns, by kind.
    pub by_kind: Vec<Row>,
    /// What it owns, by unit; the largest.
    pub by_unit: Vec<Row>,
    /// What it owns, by who instantiated it; the largest.
    pub by_instantiator: Vec<Row>,
}

/// What a question about a place found, before it is put into words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The question as asked.
    pub what: String,
    /// The leaf that holds the place.
    pub leaf: Leaf,
    /// Demangled name of its symbol; empty if it has none.
    pub symbol: String,
    /// All claims on it.
    pub claims: Vec<ClaimRow>,
    /// What refers to it.
    pub referrers: Vec<String>,
    /// Other symbols that the question could mean.
    pub other_matches: Vec<SymbolId>,
}

/// Explains a place.
pub fn explain_place<'m>(model: &'m Model, found: &'m Found) -> ExplainPlace<'m> {
    let leaf = &found.leaf;
    ExplainPlace {
        head: head(model, "explain"),
        what: found.what.clone(),
        place: row(model, leaf, &found.symbol),
        symbol: symbol(model, leaf.symbol),
        crates: answers(model, leaf),
        claims: found.claims.clone(),
        referrers: found.referrers.clone(),
        other_matches: matches(model, &found.other_matches),
        diagnostics: issues(model),
    }
}

/// *Cost*: one pass over the leaves.
fn matches(model: &Model, ids: &[SymbolId]) -> Vec<Match> {
    let holder = |id: &SymbolId| id.get().and_then(|i| model.symbols.get(i)).map(|row| row.alias_of);
    let mut homes: HashMap<SymbolId, Option<Leaf>> =
        ids.iter().filter_map(holder).map(|id| (id, None)).collect();
    if !homes.is_empty() {
        for leaf in model.leaves.iter().filter(|l| l.home) {
            if let Some(home) = homes.get_mut(&leaf.symbol) {
                *home = Some(leaf);
            }
        }
    }
    let one = |id: &SymbolId| {
        let row = model.symbols.get(id.get()?)?;
        let home = homes.get(&row.alias_of).copied().flatten();
        let krate = home.and_then(|leaf| model.crates.get(model.owner(leaf.owner).krate.get()?));
        Some(Match {
            symbol: model.symbol_label(*id),
            address: row.address,
            size: row.size,
            krate: krate.map(|c| model.names.get(c.label).to_string()),
            estimated: home.is_some_and(|leaf| leaf.estimated),
        })
    };
    ids.iter().filter_map(one).collect()
}

fn symbol(model: &Model, id: SymbolId) -> Option<ExplainSymbol> {
    let row = id.get().and_then(|i| model.symbols.get(i)).filter(|r| r.sort.is_symbol())?;
    let own = |leaf: &Leaf| leaf.symbol == id;
    let mut kinds: Vec<Row> = Vec::new();
    for leaf in model.leaves.iter().filter(own) {
        let (name, sizes) = (leaf.kind.as_str(), leaf.sizes());
        match kinds.iter_mut().find(|k| k.name == name) {
            Some(known) => {
                known.file += sizes.file;
                known.memory += sizes.memory;
                known.symbols += u64::from(leaf.home);
                known.estimated |= leaf.estimated;
            }
            None => kinds.push(Row {
                name: name.to_string(),
                key: Key { kind: Some(name.to_string()), ..Key::default() },
                file: sizes.file,
                memory: sizes.memory,
                symbols: u64::from(leaf.home),
                estimated: leaf.estimated,
                estimated_bytes: None,
                rest: None,
                columns: None,
                inlining: None,
                children: Vec::new(),
            }),
        }
    }
    let alias = |(i, r): (usize, &crate::model::SymbolRow)| {
        let other = SymbolId::new(i);
        (r.alias_of == id && other != id).then(|| model.symbol_label(other))
    };
    Some(ExplainSymbol {
        symbol: model.symbol_label(id),
        mangled: model.mangled(id).to_string(),
        address: row.address,
        size: row.size,
        kinds,
        aliases: model.symbols.iter().enumerate().filter_map(alias).collect(),
    })
}

fn answers(model: &Model, leaf: &Leaf) -> Vec<Answer> {
    let owner = model.owner(leaf.owner);
    let label = |id: CrateId| id.get().and_then(|i| model.crates.get(i)).map(|c| model.names.get(c.label));
    let answer = |notion, id: CrateId, evidence: Evidence, reason: String| Answer {
        notion,
        label: label(id).unwrap_or("nobody known").to_string(),
        evidence: evidence.as_str(),
        reason,
    };
    let toolchain = |id: CrateId| {
        id.get().and_then(|i| model.crates.get(i)).is_some_and(|c| c.source == Some(Source::Std))
    };
    let by_instantiator = toolchain(owner.defined_in) && owner.instantiated_by != CrateId::NONE;
    let is_orphan = toolchain(owner.defined_in) && owner.evidence == Evidence::NoObjectFile;
    let reason = match (owner.defined_in == CrateId::NONE, by_instantiator) {
        (true, _) => "no crate is known; the bytes are in a bucket",
        (_, true) => "the toolchain defines it, so who instantiated it pays",
        _ if is_orphan => "it defines it; who instantiated it should pay, but nobody is known to have",
        _ => "it pays for what it defines",
    };
    vec![
        answer("crate", owner.krate, owner.evidence, reason.to_string()),
        answer(
            "defined_in",
            owner.defined_in,
            owner.defined_evidence,
            why(model, leaf, owner.defined_evidence),
        ),
        answer(
            "instantiated_by",
            owner.instantiated_by,
            owner.instantiated_evidence,
            why(model, leaf, owner.instantiated_evidence),
        ),
    ]
}

/// Evidence in words, with what it names here.
fn why(model: &Model, leaf: &Leaf, evidence: Evidence) -> String {
    let unit = leaf.unit.get().and_then(|i| model.units.get(i)).map_or("", |u| model.names.get(u.name));
    match evidence {
        Evidence::Unit => format!("the debug information unit `{unit}` covers it"),
        Evidence::SymbolFile => format!("the symbol table lists it under the codegen unit `{unit}`"),
        Evidence::V0Suffix => "its name states the instantiating crate".to_string(),
        Evidence::V0Path => "its name is a path that starts in this crate".to_string(),
        Evidence::LegacyPath => "its name mentions this crate; legacy names say no more".to_string(),
        Evidence::FileNeighbour => {
            format!("the symbol table lists `{unit}` behind the codegen units of this crate")
        }
        Evidence::Reference => "code or data of this crate refers to it".to_string(),
        Evidence::Neighbours => "it lies between code or data of this crate".to_string(),
        Evidence::NoObjectFile => {
            "no object file is known; names alone suggest it, which is a guess".to_string()
        }
        Evidence::PanicLocation => "it can panic at places in this crate's source; a guess".to_string(),
        Evidence::Format => "it is part of the file format".to_string(),
        Evidence::None => "nothing names it and nothing is known to refer to it".to_string(),
    }
}

/// Explains all crates that `name` can mean: a name, or `name@version`.
pub fn explain_crate(model: &Model, name: &str, what: &str) -> ExplainCrate {
    let fits = |c: &&(usize, &crate::model::CrateRow)| {
        let text = |id| model.names.get(id);
        let package = text(c.1.package);
        let own = text(c.1.name);
        let bare = own.strip_prefix('[').and_then(|n| n.strip_suffix(']'));
        own == name
            || text(c.1.label) == name
            || bare == Some(name)
            || (!package.is_empty() && package == name)
    };
    let rows: Vec<_> = model.crates.iter().enumerate().collect();
    let crates = rows.iter().filter(fits).map(|&(i, _)| crate_facts(model, CrateId::new(i)));
    let crates: Vec<CrateFacts> = crates
        .filter(|c| [c.owns, c.defines, c.instantiates].iter().any(|t| t.file + t.memory > 0))
        .collect();
    ExplainCrate { head: head(model, "explain"), what: what.to_string(), crates, diagnostics: issues(model) }
}

fn crate_facts(model: &Model, id: CrateId) -> CrateFacts {
    let row = model.crates[id.0 as usize];
    let label = model.names.get(row.label).to_string();
    let ask = |of: Dim, by: Dim, limit: usize| {
        let view = View {
            dims: vec![by],
            filter: None,
            measure: Measure::File,
            sort: Sort::Size,
            first: None,
            only: None,
            names_only: false,
        };
        let tree = tree_where(model, &view, |leaf| {
            let owner = model.owner(leaf.owner);
            id == match of {
                Dim::DefinedIn => owner.defined_in,
                Dim::InstantiatedBy => owner.instantiated_by,
                _ => owner.krate,
            }
        });
        let rows = Namer::new(model, &[by]).rows(&tree, &tree.roots, 0, &Key::default(), Some(limit));
        (Total::from(tree.total), rows)
    };
    let (owns, by_kind) = ask(Dim::Crate, Dim::Kind, usize::MAX);
    let key_of = Keys::new(model, Dim::Crate);
    CrateFacts {
        key: Namer::new(model, &[]).key(&key_of, id.0, &Key::default()),
        stable_id: row.stable_id.map(|id| format!("{id:016x}")),
        owns,
        defines: ask(Dim::DefinedIn, Dim::Kind, usize::MAX).0,
        instantiates: ask(Dim::InstantiatedBy, Dim::Kind, usize::MAX).0,
        by_evidence: ask(Dim::Crate, Dim::Evidence, usize::MAX).1,
        by_kind,
        by_unit: ask(Dim::Crate, Dim::Unit, 8).1,
        by_instantiator: ask(Dim::Crate, Dim::InstantiatedBy, 8).1,
        label,
    }
}
