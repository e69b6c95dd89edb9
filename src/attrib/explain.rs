//! Every claim on one place, and which of them won.

use std::ops::Range;

use super::{Passes, charges, forms, infer, sections, symbols, units};
use crate::format::{Charge, Image};
use crate::input::Input;
use crate::intern::Names;
use crate::model::{Evidence, Owner, SymbolId, SymbolRow, SymbolSort};
use crate::order::Arrange;
use crate::partition::{Claim, Partition};
use crate::project::Packages;

/// A claim on a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimAt {
    /// The partition it takes part in: `section`, `symbol`, `unit`, `kind`, `account`, `inferred`.
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

/// Most entries of tables listed for one place: many symbols may share one name.
const MOST: usize = 32;

/// Why a place has the owner it has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reasons {
    /// All claims on it, best first within each partition.
    pub claims: Vec<ClaimAt>,
    /// Functions and data that refer to it, by name, for data without a symbol.
    pub referrers: Vec<Referrer>,
}

/// What refers to a place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Referrer {
    /// Its symbol, or where it is.
    pub name: String,
    /// The position of one that refers.
    pub pos: u64,
}

/// Gives the reasons for the owner of the byte at `pos`.
///
/// *Cost*: that of [`super::attribute`].
pub fn reasons(input: &Input, image: &Image<'_>, packages: &Packages, pos: u64) -> Reasons {
    let passes = Passes::run(input, image, Some(packages));
    Reasons { claims: claims(image, &passes, pos), referrers: referrers(input, image, &passes, pos) }
}

/// Who refers to the anonymous object that holds `pos`.
fn referrers(input: &Input, image: &Image<'_>, passes: &Passes, pos: u64) -> Vec<Referrer> {
    let section = passes.layout.by_section.at(pos).and_then(|s| passes.layout.sections.get(s.get()?));
    let is_data = section.is_some_and(|s| s.kind.is_data());
    if !is_data || passes.by_symbol.at(pos) != Some(SymbolId::NONE) {
        return Vec::new();
    }
    let known = passes.known(input.bytes(), image);
    let name = |from: u64| match passes.by_symbol.at(from) {
        Some(symbol) if symbol != SymbolId::NONE => symbol_label(&passes.symbols.rows, &passes.names, symbol),
        _ => format!("data at {:#x}", image.line.address(from).unwrap_or(from)),
    };
    let mut all: Vec<Referrer> = infer::referrers(&known, pos)
        .into_iter()
        .map(|from| Referrer { name: name(from), pos: from })
        .collect();
    all.arrange();
    all.dedup_by(|a, b| a.name == b.name);
    all
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
        |c| sections::basis(c.rank),
        section,
        &mut all,
    );
    let symbol = |id: SymbolId| symbol_label(&passes.symbols.rows, &passes.names, id);
    list(
        "symbol",
        &passes.symbols.claims,
        &passes.by_symbol,
        pos,
        |c| symbols::basis(c.rank),
        symbol,
        &mut all,
    );
    let unit = |(id, _): units::Share| {
        let row = id.get().and_then(|i| passes.units.rows.get(i));
        row.map_or(String::new(), |r| passes.names.get(r.name).to_string())
    };
    list("unit", &passes.units.claims, &passes.units.by_unit, pos, |c| units::basis(c.rank), unit, &mut all);
    let kind = |form: forms::Form| form.kind().map_or(String::new(), |k| k.as_str().to_string());
    list(
        "kind",
        &passes.owners.forms.claims,
        &passes.owners.forms.by_form,
        pos,
        |c| c.label.basis(),
        kind,
        &mut all,
    );
    accounts(image, passes, pos, &mut all);
    inferred(passes, pos, &mut all);
    all
}

fn list<L: Copy + Ord>(
    partition: &'static str,
    claims: &[Claim<L>],
    resolved: &Partition<L>,
    pos: u64,
    basis: impl Fn(&Claim<L>) -> &'static str,
    label: impl Fn(L) -> String,
    out: &mut Vec<ClaimAt>,
) {
    let mut here: Vec<&Claim<L>> = claims.iter().filter(|c| c.start <= pos && pos < c.end).collect();
    here.arrange_by_key(|c| (c.rank, c.end - c.start, c.start, c.label));
    let winner = resolved.at(pos);
    for (index, claim) in here.into_iter().enumerate() {
        out.push(ClaimAt {
            partition,
            label: label(claim.label),
            basis: basis(claim),
            rank: claim.rank,
            span: claim.start..claim.end,
            wins: index == 0 && winner == Some(claim.label),
        });
    }
}

fn symbol_label(rows: &[SymbolRow], names: &Names, id: SymbolId) -> String {
    let Some(row) = id.get().and_then(|i| rows.get(i)) else { return String::new() };
    let name = names.get(row.name);
    match row.sort {
        SymbolSort::Structure => format!("[{name}]"),
        SymbolSort::Unnamed if name.is_empty() => {
            format!("[function at {:#x}]", row.address.unwrap_or_default())
        }
        SymbolSort::Unnamed => name.to_string(),
        _ => crate::names::display(row.plain_name(names)),
    }
}

/// Tables whose entries exist on account of something else.
fn accounts(image: &Image<'_>, passes: &Passes, pos: u64, out: &mut Vec<ClaimAt>) {
    let owners = charges::Owners {
        image,
        symbols: &passes.symbols,
        by_symbol: &passes.by_symbol,
        units: &passes.units,
        by_place: &passes.owners.inferred.by_place,
    };
    // A byte of text may be of many names that end with it. The shortest has it.
    let here = image.charges.iter().filter(|c| c.start <= pos && pos < c.end);
    let mut here: Vec<Charge> = here.copied().collect();
    here.sort_by_key(|c| (c.end - c.start, c.start));
    here.truncate(MOST);
    let claims = charges::claims(&owners, &here);
    let label = |(symbol, unit, concluded): charges::Account| {
        let by_unit = unit.get().and_then(|i| passes.units.rows.get(i)).map(|u| passes.names.get(u.name));
        let by_crate =
            || passes.owners.inferred.owner(SymbolId::NONE, concluded).map(|c| crate_label(passes, c.owner));
        match symbol {
            SymbolId::NONE => by_unit.map(str::to_string).or_else(by_crate).unwrap_or_default(),
            symbol => symbol_label(&passes.symbols.rows, &passes.names, symbol),
        }
    };
    let basis = |_: &Claim<_>| "an entry of a table that exists on account of it";
    list("account", &claims, &passes.accounts, pos, basis, label, out);
}

fn crate_label(passes: &Passes, owner: Owner) -> String {
    let row = owner.instantiated_by.get().and_then(|i| passes.owners.crates.rows.get(i));
    row.map_or(String::new(), |r| passes.names.get(r.label).to_string())
}

/// What was concluded about the place, its symbol, or what it is on account of.
fn inferred(passes: &Passes, pos: u64, out: &mut Vec<ClaimAt>) {
    let account = passes.accounts.at(pos).filter(|a| *a != charges::NO_ACCOUNT);
    let (symbol, conclusion, span) = match account {
        Some((symbol, _, concluded)) => (symbol, concluded, passes.accounts.cursor().run(pos)),
        None => {
            let symbol = passes.by_symbol.at(pos).unwrap_or(SymbolId::NONE);
            let concluded = passes.owners.inferred.by_place.at(pos).unwrap_or(infer::NO_CONCLUSION);
            (symbol, concluded, None)
        }
    };
    let span = match (span, symbol) {
        (Some((span, _)), _) => Some(span),
        (None, SymbolId::NONE) => passes.owners.inferred.by_place.cursor().run(pos).map(|(span, _)| span),
        (None, _) => passes.by_symbol.cursor().run(pos).map(|(span, _)| span),
    };
    let Some(infer::Concluded { owner, is_contested }) = passes.owners.inferred.owner(symbol, conclusion)
    else {
        return;
    };
    out.push(ClaimAt {
        partition: "inferred",
        label: crate_label(passes, owner),
        basis: match owner.instantiated_evidence {
            Evidence::Reference if is_contested => {
                "this crate refers to it, and so do others or what nobody is known to have"
            }
            Evidence::Reference => "code or data of this crate refers to it",
            Evidence::NoObjectFile => "a guess: names before and behind it are of this crate",
            Evidence::PanicLocation => "a guess: it can panic at places in this crate's source",
            _ => "it lies between code or data of this crate",
        },
        rank: 0,
        span: span.unwrap_or(pos..pos + 1),
        wins: true,
    });
}
