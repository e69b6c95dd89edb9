//! `bloat features`: what each feature costs, built and measured.

mod dependency;
mod sets;

use anyhow::Result;

use self::sets::{Set, Table};
use super::args::{CommonArgs, FeaturesArgs, ShowFormat};
use super::commands::{finish, page, prepare, search};
use super::error::CliError;
use super::measure::{Bench, Variant};
use super::output::{style, write_to};
use super::profiles::{against, announce, measure, subject_of, unbuilt};
use super::subject;
use crate::analysis::diff::DiffView;
use crate::analysis::diff::groups::Subject;
use crate::analysis::nearest::nearest;
use crate::config::profile::{Setting, Settings};
use crate::model::view::Dim;
use crate::model::{Contents, Model};
use crate::project::Packages;
use crate::render;
use crate::report::{self, DiffOptions, DiffRow, FeatureRow, FeaturesReport, Outcome, VariantsHead};

/// Builds each set of features and shows what it costs.
pub(super) fn features(args: &FeaturesArgs) -> Result<()> {
    let common = &args.report.common;
    prepare(common)?;
    let page = page(&args.report.page, common)?;
    let Some(mut bench) = Bench::open(&args.cargo, common)? else { return Ok(()) };
    // Else features would be switched for every package that is built along.
    bench.select_package();
    let (of, plan) = match &args.of {
        Some(name) => dependency::plan(&bench, name, &args.only)?,
        None => own(&bench, &args.only)?,
    };
    let rows = measured(&bench, &plan, args)?;
    if rows.iter().all(|row| row.outcome.measured.is_none()) {
        return Err(unbuilt("no set of features could be built", rows.first().map(|row| &row.outcome)));
    }
    let head =
        VariantsHead::new("features", subject_of(&bench), bench.scratch().root().display().to_string());
    let report = FeaturesReport { head, of, rows };
    let style = style(common);
    write_to(common.output.as_deref(), &[], |out| match args.report.format {
        ShowFormat::Json => render::json(&report, out),
        ShowFormat::Csv => render::features_csv(&report, out),
        ShowFormat::Markdown => render::features_markdown(&report, &page, out),
        ShowFormat::Text => render::features_text(&report, &style, out),
    })?;
    finish(common);
    Ok(())
}

/// A row to be.
struct Planned {
    variant: Variant,
    /// What it amounts to: equal for rows that build the same.
    amounts_to: Vec<String>,
    arguments: Vec<String>,
}

/// The features of the package itself.
fn own(bench: &Bench, only: &[String]) -> Result<(String, Vec<Planned>)> {
    let table: Table = bench.package().features.clone().into_iter().collect();
    check(&table, only, &bench.package().name)?;
    let plan = sets::sets(&table, &bench.selection().features, only).into_iter().map(|set: Set| Planned {
        amounts_to: sets::effective(&table, &set.features).into_iter().map(str::to_string).collect(),
        arguments: sets::arguments(&set.features),
        variant: Variant { name: set.name, features: Some(set.features), ..Variant::default() },
    });
    Ok((bench.package().name.to_string(), plan.collect()))
}

/// Fails on a package without features, and on a feature that it does not have.
fn check(table: &Table, only: &[String], package: &str) -> Result<()> {
    let names = || table.keys().map(String::as_str).filter(|name| *name != "default");
    if names().next().is_none() {
        return Err(CliError::new(format!("package `{package}` has no features"))
            .with_hint("`--of CRATE` measures those of a dependency")
            .into());
    }
    let Some(unknown) = only.iter().find(|name| !names().any(|known| known == *name)) else { return Ok(()) };
    let error = CliError::new(format!("package `{package}` has no feature `{unknown}`"));
    Err(match nearest(unknown, names()) {
        Some(meant) => error.with_hint(format!("did you mean `{meant}`?")),
        None => error.with_hint(format!("it has {}", names().collect::<Vec<_>>().join(", "))),
    }
    .into())
}

fn measured(bench: &Bench, plan: &[Planned], args: &FeaturesArgs) -> Result<Vec<FeatureRow>> {
    let common = &args.report.common;
    let mut rows: Vec<FeatureRow> = Vec::with_capacity(plan.len());
    let mut first: Option<(Model, Contents)> = None;
    for (index, planned) in plan.iter().enumerate() {
        let same = plan[..index].iter().position(|before| before.amounts_to == planned.amounts_to);
        let row = |outcome: Outcome, crates: Vec<DiffRow>, symbols: Vec<DiffRow>| FeatureRow {
            name: planned.variant.name.clone(),
            arguments: planned.arguments.clone(),
            outcome,
            crates,
            symbols,
        };
        if let Some(before) = same.and_then(|before| rows.get(before)) {
            let same =
                row(before.outcome.same_as(&before.name), before.crates.clone(), before.symbols.clone());
            rows.push(same);
            continue;
        }
        announce(index, plan.len(), &planned.variant.name, common);
        let mut outcome = measure(bench, &planned.variant, true, common)?;
        against(&mut outcome, rows.first().map(|row| &row.outcome));
        let (mut crates, mut symbols) = (Vec::new(), Vec::new());
        if let Some(measured) = &outcome.measured
            && (index == 0 || first.is_some())
        {
            let known = attributed(bench, &planned.variant, &measured.path, common)?;
            match (&first, known) {
                (Some(first), Some(known)) => {
                    crates = changes(first, &known, Dim::Crate, args.limit);
                    symbols = changes(first, &known, Dim::Symbol, args.limit);
                }
                (None, known) => first = known,
                (Some(_), None) => {}
            }
        }
        rows.push(row(outcome, crates, symbols));
    }
    Ok(rows)
}

/// The model of a variant with its symbols. A profile that strips is built again without that.
fn attributed(
    bench: &Bench,
    variant: &Variant,
    path: &str,
    common: &CommonArgs,
) -> Result<Option<(Model, Contents)>> {
    let strips = bench.profiles().effective(bench.base(variant), &Settings::new());
    let mut path = std::path::PathBuf::from(path);
    if strips.get("strip").is_some_and(|strip| strip == "symbols") {
        let mut kept = variant.clone();
        kept.settings.insert("strip".into(), Setting::Text("debuginfo".into()));
        match bench.build(&kept)? {
            Ok(sample) => path = sample.path,
            Err(_) => return Ok(None),
        }
    }
    let packages = bench.packages().unwrap_or_else(|_| Packages::default());
    Ok(Some(subject::with_contents(&path, &packages, &search(common), common)?))
}

/// A model as one side of a difference.
fn side(known: &(Model, Contents)) -> Subject<'_> {
    Subject { model: &known.0, contents: Some(&known.1) }
}

/// What changed between two models, in one dimension.
fn changes(old: &(Model, Contents), new: &(Model, Contents), dim: Dim, limit: usize) -> Vec<DiffRow> {
    let view = DiffView { dims: vec![dim], ..DiffView::default() };
    let limit = (limit > 0).then_some(limit);
    report::diff(side(old), side(new), &view, &DiffOptions { limit, nested: limit }).rows
}
