//! `bloat tree`: what each dependency costs.

use anyhow::Result;

use super::args::tree::{TreeArgs, TreeSortArg};
use super::args::{MeasureArg, ShowFormat};
use super::commands::{filter_of, finish, issues, packages_of, page, prepare, search};
use super::error::CliError;
use super::listing::{Listing, Wanted, not_listed};
use super::output::{style, write_to};
use super::subject;
use crate::analysis::tree::{Answer, Direction, Question, TreeSort, answer};
use crate::model::Model;
use crate::model::view::Measure;
use crate::project::graph::Graph;
use crate::render;
use crate::report::{self, Issue, TreeReport};
use crate::timing::phase;

/// Shows the tree of packages.
pub(super) fn tree(args: &TreeArgs) -> Result<()> {
    let common = &args.report.common;
    prepare(common)?;
    let filter = filter_of(args.filter.as_deref())?;
    let page = page(&args.report.page, common)?;
    let packages = packages_of(common.manifest_path.as_deref())?;
    let (model, listed) = subject::listed(&args.file, &packages, &search(common), common)?;
    let wanted = Wanted {
        file: &args.file,
        manifest: common.manifest_path.as_deref(),
        lockfile: args.lockfile.as_deref(),
        package: args.package.as_deref(),
        features: &args.features,
        all_features: args.all_features,
        no_default_features: args.no_default_features,
        target: args.target.as_deref(),
    };
    let listing = phase("packages", || wanted.find(&model, listed.as_deref()))?;
    let question = Question {
        direction: direction(args, &listing.graph, &model)?,
        filter,
        measure: match args.measure {
            MeasureArg::File => Measure::File,
            MeasureArg::Mem => Measure::Memory,
        },
        sort: match args.sort {
            TreeSortArg::Size => TreeSort::Total,
            TreeSortArg::Own => TreeSort::Own,
            TreeSortArg::Unique => TreeSort::Unique,
            TreeSortArg::Name => TreeSort::Name,
        },
        limit: (args.limit > 0).then_some(args.limit),
        depth: args.depth,
    };
    let (_, report) = phase("report", || ask(&model, &listing, &question));
    let style = style(common);
    let mut inputs = vec![args.file.as_path()];
    inputs.extend(args.lockfile.as_deref());
    write_to(common.output.as_deref(), &inputs, |out| match args.report.format {
        ShowFormat::Json => render::json(&report, out),
        ShowFormat::Csv => render::tree_csv(&report, out),
        ShowFormat::Markdown => render::tree_markdown(&report, &page, out),
        ShowFormat::Text => render::tree_text(&report, &style, out),
    })?;
    if args.report.format == ShowFormat::Csv {
        issues(&report.diagnostics, common);
    }
    finish(common);
    Ok(())
}

/// Asks a model and a list of packages.
pub(super) fn ask(model: &Model, listing: &Listing, question: &Question) -> (Answer, TreeReport) {
    let answer = answer(model, &listing.graph, &listing.roots, question);
    let source = listing.source.clone();
    let mut report = report::tree_report(model, &listing.graph, &answer, question, source);
    report.diagnostics.extend(listing.diagnostic.iter().map(Issue::from));
    (answer, report)
}

fn direction(args: &TreeArgs, graph: &Graph, model: &Model) -> Result<Direction> {
    let Some(name) = &args.invert else {
        return Ok(if args.duplicates { Direction::Duplicates } else { Direction::Down });
    };
    let named = graph.named(name);
    if !named.is_empty() {
        return Ok(Direction::Up(named));
    }
    let is_crate = |row: &crate::model::CrateRow| {
        [row.name, row.label].into_iter().any(|id| model.names.get(id) == name)
    };
    if model.crates.iter().any(is_crate) {
        let message = format!("`{name}` has bytes in the file, but is no package in the list of packages");
        return Err(CliError::new(message)
            .with_hint(format!("`bloat explain FILE crate:{name}` shows them"))
            .into());
    }
    Err(not_listed(name, graph).into())
}
