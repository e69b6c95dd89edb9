//! `bloat duplicates`: what a binary holds more than once.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, ValueEnum};

use super::args::{ReportArgs, ShowFormat};
use super::commands::{filter_of, finish, issues, open, packages_of, page, prepare, search};
use super::listing::{Listing, Wanted};
use super::output::{style, write_to};
use crate::analysis::duplicates::{Order, Scope};
use crate::analysis::limit;
use crate::analysis::tree::Needs;
use crate::model::{Duplicates, Model};
use crate::report::{self, DuplicatesOptions, DuplicatesReport, Listed};
use crate::timing::phase;
use crate::{attrib, format, render, snapshot};

#[derive(Debug, Args)]
pub(super) struct DuplicatesArgs {
    /// The binary, or `-` for standard input; of a snapshot, crates alone are known
    pub file: PathBuf,

    /// Only bytes that pass, as for `bloat show`
    #[arg(long, value_name = "EXPR")]
    pub filter: Option<String>,

    /// Only functions and constants of at least so many bytes: `64`, `1KiB`
    #[arg(long, value_name = "SIZE", default_value_t = 0, value_parser = bytes)]
    pub min_size: u64,

    /// Cargo.lock that FILE was built with, to tell what needs each version of a crate
    #[arg(long, value_name = "PATH", conflicts_with = "manifest_path")]
    pub lockfile: Option<PathBuf>,

    /// Order of groups
    #[arg(long, value_enum, default_value_t = OrderArg::Size)]
    pub sort: OrderArg,

    /// Groups per list, and copies per group; 0 shows all
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20)]
    pub limit: usize,

    #[command(flatten)]
    pub report: ReportArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum OrderArg {
    /// What saves most first; of crates, the largest
    Size,
    /// By name
    Name,
    /// Most copies first
    Copies,
}

/// A number of bytes, with or without a unit.
fn bytes(text: &str) -> Result<u64, String> {
    limit::size(text)
        .ok_or_else(|| "a size is a number with a unit or without: `64`, `1KiB`, `2MB`".to_string())
}

/// Runs `bloat duplicates`.
pub(super) fn duplicates(args: &DuplicatesArgs) -> Result<()> {
    let common = &args.report.common;
    prepare(common)?;
    let filter = filter_of(args.filter.as_deref())?;
    let packages = packages_of(common.manifest_path.as_deref())?;
    let input = open(&args.file, common)?;
    let (model, found, embedded) = if snapshot::is_parquet(input.bytes()) {
        let read = phase("snapshot", || snapshot::read(&input)).map_err(super::explain)?;
        (read.model, None, None)
    } else {
        let read = format::read_with(&input, &search(common), |image| {
            let model = attrib::attribute(&input, image, &packages);
            let found = attrib::duplicates(&input, image, &model);
            (model, Some(found), image.header.packages.clone())
        });
        read.map_err(super::explain)?
    };
    let wanted = Wanted {
        manifest: common.manifest_path.as_deref(),
        lockfile: args.lockfile.as_deref(),
        ..Wanted::of(&args.file)
    };
    let listing = phase("packages", || wanted.stated(&model.facts, embedded.as_deref()))?;
    let options = DuplicatesOptions {
        scope: Scope { filter, min_size: args.min_size, ..Scope::default() },
        order: match args.sort {
            OrderArg::Size => Order::Saved,
            OrderArg::Name => Order::Name,
            OrderArg::Copies => Order::Copies,
        },
        limit: (args.limit > 0).then_some(args.limit),
    };
    let report = phase("report", || ask(&model, found.as_ref(), listing.as_ref(), options));
    let (style, page) = (style(common), page(&args.report.page, common)?);
    let mut inputs = vec![args.file.as_path()];
    inputs.extend(args.lockfile.as_deref());
    write_to(common.output.as_deref(), &inputs, |out| match args.report.format {
        ShowFormat::Json => render::json(&report, out),
        ShowFormat::Csv => render::duplicates_csv(&report, out),
        ShowFormat::Markdown => render::duplicates_markdown(&report, &page, out),
        ShowFormat::Text => render::duplicates_text(&report, &style, out),
    })?;
    if args.report.format == ShowFormat::Csv {
        issues(&report.diagnostics, common);
    }
    finish(common);
    Ok(())
}

/// Asks a model for what was found twice, and a list of packages for what needs each crate of it.
pub(super) fn ask(
    model: &Model,
    found: Option<&Duplicates>,
    listing: Option<&Listing>,
    mut options: DuplicatesOptions,
) -> DuplicatesReport {
    let needs = listing.map(|l| Needs::new(&l.graph, &l.roots));
    options.scope.in_several_versions = needs.as_ref().map(Needs::in_several_versions).unwrap_or_default();
    let listed = needs.as_ref().zip(listing).map(|(needs, l)| Listed { needs, source: &l.source });
    report::duplicates(model, found, listed, &options)
}
