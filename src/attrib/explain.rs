//! Every claim on one place, and which of them won.

use std::ops::Range;

use super::{Passes, infer, sections, symbols, units};
use crate::format::{Image, Target};
use crate::input::Input;
use crate::intern::Names;
use crate::kind::Kind;
use crate::model::{SymbolId, SymbolRow, SymbolSort};
use crate::partition::{Claim, Partition};
use crate::project::Packages;

/// A claim on a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimAt {
    /// The partition it takes part in: `section`, `symbol`, `unit`, `account`, `inferred`.
    pub partition: &'static str,
    /// Who claims.
    pub label: String,
    /// What the claim stands on.
    pub basis: &'static str,
    /// Rank within the partition; lower wins.
    pub rank: u8,
    /// The positions claimed.
    pub span: Range<u64>,
    /// Whether the place went to it.
    pub wins: bool,
}

/// Why a place has the owner it has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reasons {
    /// All claims on it, best first within each partition.
    pub claims: Vec<ClaimAt>,
    /// Functions and data that refer to it, by name, for data without a symbol.
    pub referrers: Vec<String>,
}

/// Gives the reasons for the owner of the byte at `pos`.
///
/// *Cost*: that of [`super::attribute`]; for anonymous data also one look at all code.
pub fn reasons(input: &Input, image: &Image<'_>, packages: &Packages, pos: u64) -> Reasons {
    let passes = Passes::run(input, image, packages);
    Reasons { claims: claims(image, &passes, pos), referrers: referrers(input, image, &passes, pos) }
}

/// Who refers to the anonymous object that holds `pos`.
fn referrers(input: &Input, image: &Image<'_>, passes: &Passes, pos: u64) -> Vec<String> {
    let section = passes.layout.by_section.at(pos).and_then(|s| passes.layout.sections.get(s.get()?));
    let is_data = section.is_some_and(|s| matches!(s.kind, Kind::Rodata | Kind::Data | Kind::Bss));
    if !is_data || passes.by_symbol.at(pos) != Some(SymbolId::NONE) {
        return Vec::new();
    }
    let known = passes.known(input.bytes(), image);
    let mut names: Vec<String> = infer::referrers(&known, pos)
        .into_iter()
        .map(|from| match passes.by_symbol.at(from) {
            Some(symbol) if symbol != SymbolId::NONE => {
                symbol_label(&passes.symbols.rows, &passes.names, symbol)
            }
            _ => format!("data at {:#x}", image.line.address(from).unwrap_or(from)),
        })
        .collect();
    names.sort();
    names.dedup();
    names
}

fn claims(image: &Image<'_>, passes: &Passes, pos: u64) -> Vec<ClaimAt> {
    let mut all = Vec::new();
    let section = |id: crate::model::SectionId| {
        let row = id.get().and_then(|i| passes.layout.sections.get(i));
        row.map_or(String::new(), |r| passes.names.get(r.name).to_string())
    };
    list(
        "section",
        &passes.layout.claims,
        &passes.layout.by_section,
        pos,
        sections::basis,
        section,
        &mut all,
    );
    let symbol = |id: SymbolId| symbol_label(&passes.symbols.rows, &passes.names, id);
    list("symbol", &passes.symbols.claims, &passes.by_symbol, pos, symbols::basis, symbol, &mut all);
    let unit = |(id, _): units::Share| {
        let row = id.get().and_then(|i| passes.units.rows.get(i));
        row.map_or(String::new(), |r| passes.names.get(r.name).to_string())
    };
    list("unit", &passes.units.claims, &passes.units.by_unit, pos, units::basis, unit, &mut all);
    accounts(image, passes, pos, &mut all);
    inferred(passes, pos, &mut all);
    all
}

fn list<L: Copy + Ord>(
    partition: &'static str,
    claims: &[Claim<L>],
    resolved: &Partition<L>,
    pos: u64,
    basis: impl Fn(u8) -> &'static str,
    label: impl Fn(L) -> String,
    out: &mut Vec<ClaimAt>,
) {
    let mut here: Vec<&Claim<L>> = claims.iter().filter(|c| c.start <= pos && pos < c.end).collect();
    here.sort_by_key(|c| (c.rank, c.end - c.start, c.start, c.label));
    let winner = resolved.at(pos);
    for (index, claim) in here.into_iter().enumerate() {
        out.push(ClaimAt {
            partition,
            label: label(claim.label),
            basis: basis(claim.rank),
            rank: claim.rank,
            span: claim.start..claim.end,
            wins: index == 0 && winner == Some(claim.label),
        });
    }
}

fn symbol_label(rows: &[SymbolRow], names: &Names, id: SymbolId) -> String {
    let Some(row) = id.get().and_then(|i| rows.get(i)) else { return String::new() };
    match row.sort {
        SymbolSort::Structure => format!("[{}]", names.get(row.name)),
        SymbolSort::Unnamed => format!("[function at {:#x}]", row.address.unwrap_or_default()),
        _ => crate::names::display(names.get(row.name)),
    }
}

/// Tables whose entries exist on account of something else.
fn accounts(image: &Image<'_>, passes: &Passes, pos: u64, out: &mut Vec<ClaimAt>) {
    let winner = passes.accounts.at(pos);
    let here = image.charges.iter().filter(|c| c.start <= pos && pos < c.end);
    for (index, charge) in here.enumerate() {
        let row = match charge.on {
            Target::Pos(at) => passes.by_symbol.at(at).unwrap_or(SymbolId::NONE),
            Target::Symbol(fact) => {
                passes.symbols.row_of.get(fact as usize).copied().unwrap_or(SymbolId::NONE)
            }
        };
        let label = match row {
            SymbolId::NONE => "what lies at the place it describes".to_string(),
            row => symbol_label(&passes.symbols.rows, &passes.names, row),
        };
        out.push(ClaimAt {
            partition: "account",
            label,
            basis: "an entry of a table that exists on account of it",
            rank: 0,
            span: charge.start..charge.end,
            wins: index == 0 && winner.is_some(),
        });
    }
}

/// What was concluded about the place or its symbol.
fn inferred(passes: &Passes, pos: u64, out: &mut Vec<ClaimAt>) {
    let mut cursor = passes.inferred.by_place.cursor();
    let (span, conclusion) = cursor.run(pos).unwrap_or((pos..pos, infer::NO_CONCLUSION));
    let symbol = passes.by_symbol.at(pos).unwrap_or(SymbolId::NONE);
    let Some(owner) = passes.inferred.owner(symbol, conclusion) else { return };
    let row = owner.instantiated_by.get().and_then(|i| passes.crates.rows.get(i));
    out.push(ClaimAt {
        partition: "inferred",
        label: row.map_or(String::new(), |r| passes.names.get(r.label).to_string()),
        basis: match owner.instantiated_evidence {
            crate::model::Evidence::Reference => "code or data of this crate refers to it",
            _ => "it lies between code or data of this crate",
        },
        rank: 0,
        span,
        wins: true,
    });
}
