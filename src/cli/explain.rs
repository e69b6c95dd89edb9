//! The `explain` command: finds what is meant, then asks for the reasons.

use std::collections::HashSet;

use anyhow::Result;

use super::args::{ExplainArgs, ExplainFormat};
use super::commands::{finish, packages_of, prepare, search};
use super::error::CliError;
use super::output::{style, write_to};
use crate::model::{Leaf, Model, SymbolId};
use crate::order::Arrange;
use crate::report::{self, ClaimRow, Found};
use crate::{attrib, format, names, render, snapshot};

/// Most other matches that are listed.
const MATCHES: usize = 1000;

/// Runs `bloat explain`.
pub(super) fn explain(args: &ExplainArgs) -> Result<()> {
    let common = &args.common;
    prepare(common)?;
    let input = super::commands::open(&args.file, &args.common)?;
    let packages = packages_of(common.manifest_path.as_deref())?;
    if snapshot::is_parquet(input.bytes()) {
        let model = snapshot::read(&input).map_err(super::explain)?.model;
        let Some(name) = args.what.strip_prefix("crate:") else {
            let message = format!("`{}` is a snapshot, which does not hold the reasons", args.file.display());
            return Err(CliError::new(message)
                .with_hint("pass the binary, or ask for a crate: crate:NAME")
                .into());
        };
        return explain_crate(args, &model, name);
    }
    let asked = format::read_with(&input, &search(common), |image| -> Result<_> {
        let model = attrib::attribute(&input, image, &packages);
        if args.what.starts_with("crate:") {
            return Ok((model, None));
        }
        let (leaf, pos, other_matches) = find(&model, &args.what)?;
        let reasons = attrib::reasons(&input, image, &packages, pos);
        Ok((model, Some((leaf, reasons, other_matches))))
    });
    let (model, place) = asked.map_err(super::explain)??;
    let Some((leaf, reasons, other_matches)) = place else {
        return explain_crate(args, &model, args.what.strip_prefix("crate:").unwrap_or_default());
    };
    let found = Found {
        what: args.what.clone(),
        symbol: model.symbol_label(leaf.symbol),
        leaf,
        claims: reasons.claims.into_iter().map(claim_row).collect(),
        referrers: reasons.referrers.into_iter().map(|r| r.name).collect(),
        other_matches,
    };
    let report = report::explain_place(&model, &found);
    let style = style(common);
    write_to(common.output.as_deref(), &[&args.file], |out| match args.format {
        ExplainFormat::Json => render::json(&report, out),
        ExplainFormat::Text => render::explain_place_text(&report, &style, out),
    })?;
    finish(common);
    Ok(())
}

fn claim_row(claim: attrib::ClaimAt) -> ClaimRow {
    ClaimRow {
        partition: claim.partition,
        label: claim.label,
        basis: claim.basis,
        rank: claim.rank,
        size: claim.span.end - claim.span.start,
        wins: claim.wins,
    }
}

fn explain_crate(args: &ExplainArgs, model: &Model, name: &str) -> Result<()> {
    let report = report::explain_crate(model, name, &args.what);
    if report.crates.is_empty() {
        let message = format!("no crate `{name}` owns, defines or instantiates anything in this file");
        return Err(CliError::new(message)
            .with_hint("`bloat FILE --by crate -n 0` lists all of them")
            .into());
    }
    let style = style(&args.common);
    write_to(args.common.output.as_deref(), &[&args.file], |out| match args.format {
        ExplainFormat::Json => render::json(&report, out),
        ExplainFormat::Text => render::explain_crate_text(&report, &style, out),
    })
}

/// The leaf and the position that `what` means, and other symbols it could mean.
fn find(model: &Model, what: &str) -> Result<(Leaf, u64, Vec<SymbolId>)> {
    // As tables call a function that has no name.
    let what = what.strip_prefix("[function at ").and_then(|rest| rest.strip_suffix(']')).unwrap_or(what);
    let number = |text: &str| match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    };
    let at = |pos: Option<u64>| pos.and_then(|p| Some((model.leaves.at(p)?, p, Vec::new())));
    if what.is_empty() {
        return Err(CliError::new("nothing is asked for")
            .with_hint("name a symbol, 0xADDRESS, @FILE_OFFSET or crate:NAME")
            .into());
    }
    if let Some(offset) = what.strip_prefix('@') {
        let size = model.facts.file_size;
        return at(number(offset).filter(|&o| o < size)).ok_or_else(|| {
            let message = format!("`{what}` is no offset in a file of {size} bytes");
            CliError::new(message).with_hint("offsets are decimal or start with 0x: @4096, @0x1000").into()
        });
    }
    if let Some(address) = what.strip_prefix("0x").and_then(|_| number(what)) {
        if model.segments.is_empty() && !model.sections.is_empty() {
            let message = format!("{what} is in many sections: those of an object file all start at 0");
            return Err(CliError::new(message).with_hint("for a file offset write @ in front of it").into());
        }
        return at(model.leaves.position(address)).ok_or_else(|| {
            let message = format!("no segment of the file is loaded at {what}");
            CliError::new(message).with_hint("for a file offset write @ in front of it").into()
        });
    }
    by_name(model, what)
}

/// Symbols by name: the whole name first, then any part of it; the largest is meant.
fn by_name(model: &Model, what: &str) -> Result<(Leaf, u64, Vec<SymbolId>)> {
    let rows = model.symbols.iter().enumerate().filter(|(_, r)| r.sort.is_symbol());
    let named: Vec<(SymbolId, &str)> =
        rows.map(|(i, r)| (SymbolId::new(i), model.names.get(r.name))).collect();
    let mut found: Vec<SymbolId> = named.iter().filter(|(_, raw)| *raw == what).map(|&(id, _)| id).collect();
    if found.is_empty() {
        let shown: Vec<(SymbolId, String)> =
            named.iter().map(|&(id, raw)| (id, names::display(raw))).collect();
        let whole = shown.iter().filter(|(_, name)| name == what).map(|&(id, _)| id);
        found = whole.collect();
        if found.is_empty() {
            let part = shown.iter().filter(|(_, name)| name.contains(what)).map(|&(id, _)| id);
            found = part.collect();
        }
    }
    let size = |id: &SymbolId| model.symbols[id.0 as usize].size;
    found.arrange_by_key(|id| (std::cmp::Reverse(size(id)), *id));
    let owner = |id: SymbolId| model.symbols[id.0 as usize].alias_of;
    // Names of one place are aliases, which its explanation lists.
    let mut places = HashSet::new();
    found.retain(|&id| places.insert(owner(id)));
    let place = |id: SymbolId| {
        let mut leaves = model.leaves.iter().filter(|l| l.symbol == owner(id));
        let first = leaves.next()?;
        if first.home { Some(first) } else { Some(leaves.find(|l| l.home).unwrap_or(first)) }
    };
    match found.first().and_then(|&id| place(id)) {
        Some(leaf) => {
            let others = found.iter().skip(1).take(MATCHES).copied();
            Ok((leaf, leaf.start, others.collect()))
        }
        None => Err(CliError::new(format!("no symbol is called `{what}` or has that in its name"))
            .with_hint("an address starts with 0x, a file offset with @, a crate with crate:")
            .into()),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_place_can_be_named_in_three_ways() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/bin/demo-x86_64-symtab");
        let model = crate::analyze(&crate::input::Input::open(&path).unwrap()).unwrap();
        let (by_symbol, ..) = find(&model, "_start").unwrap();
        let address = model.leaves.address(by_symbol.start).unwrap();
        assert_eq!(find(&model, &format!("{address:#x}")).unwrap().0, by_symbol);
        assert_eq!(find(&model, &format!("@{}", by_symbol.start)).unwrap().0, by_symbol);
        assert!(find(&model, "@99999999").is_err());
        assert!(find(&model, "no such symbol").is_err());
    }
}
