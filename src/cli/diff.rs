//! `bloat diff`: what changed, and whether it is too much.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::Outcome;
use super::args::{CommonArgs, DiffArgs, DiffFormat, MeasureArg};
use super::commands::{any_filter_of, dimensions, finish, open, packages_of, page, prepare, search};
use super::error::CliError;
use super::output::{say, style, write_to};
use super::subject;
use super::texts::text_of;
use crate::analysis::dependencies::{Dependency, Locked, changes};
use crate::analysis::diff::DiffView;
use crate::analysis::diff::groups::Subject;
use crate::analysis::limit::Limit;
use crate::config;
use crate::error::Severity;
use crate::input::companion::Search;
use crate::model::Model;
use crate::model::view::{Dim, Measure};
use crate::render::{self, for_terminal};
use crate::report::{self, DiffOptions, LimitRow};
use crate::timing::phase;

/// Rows of each group below the first dimension, unless a number was asked for.
const NESTED: usize = 8;

/// Compares two files.
pub(super) fn diff(args: &DiffArgs) -> Result<Outcome> {
    let common = &args.common;
    prepare(common)?;
    let limits: Vec<Limit> = args.fail_over.iter().map(|text| limit(text)).collect::<Result<_>>()?;
    let mut dims = dimensions(&args.by)?;
    if dims.is_empty() {
        dims = vec![Dim::Crate, Dim::Symbol];
    }
    let measure = match args.measure {
        MeasureArg::File => Measure::File,
        MeasureArg::Mem => Measure::Memory,
    };
    let view = DiffView { dims, filter: any_filter_of(args.filter.as_deref())?, measure };
    let page = page(&args.page, common)?;
    let changed = args.lockfile.as_deref().map(dependencies).transpose()?;
    let packages = packages_of(common.manifest_path.as_deref())?;
    let search = search_for_two(common);
    if args.old == args.new && args.old == Path::new("-") {
        let message = "standard input can be read once, and both files are `-`";
        return Err(CliError::new(message).with_hint("pass the path of one of them").into());
    }
    let files = [open(&args.old, common)?, open(&args.new, common)?];
    let [before, after] = subject::two(files.each_ref(), &packages, &search, common, &view.dims_asked())?;
    let (old, new) = (&before.model, &after.model);
    all_belong(&search, old, new)?;
    let options = DiffOptions {
        limit: args.limit.map_or(Some(20), |n| (n > 0).then_some(n)),
        nested: args.limit.map_or(Some(NESTED), |n| (n > 0).then_some(n)),
    };
    let report = phase("diff", || {
        let before = Subject { model: old, contents: Some(&*before.contents) };
        let after = Subject { model: new, contents: Some(&*after.contents) };
        let mut report = report::diff(before, after, &view, &options);
        if let Some(changed) = &changed {
            report.add_dependencies(changed, old, new, &view);
        }
        report.add_limits(&limits, old, new, measure);
        report
    });
    if args.strict
        && let Some(issue) = report.diagnostics.iter().find(|d| d.code.starts_with("different-"))
    {
        return Err(CliError::new(issue.message.clone())
            .with_hint("leave out --strict to compare them all the same")
            .into());
    }
    let style = style(common);
    let mut inputs = vec![args.old.as_path(), &args.new];
    inputs.extend(args.lockfile.iter().flatten().map(PathBuf::as_path));
    write_to(common.output.as_deref(), &inputs, |out| match args.format {
        DiffFormat::Json => render::json(&report, out),
        DiffFormat::Csv => render::diff_csv(&report, out),
        DiffFormat::Markdown => render::diff_markdown(&report, &page, out),
        DiffFormat::Text => render::diff_text(&report, &style, out),
    })?;
    if args.format == DiffFormat::Csv && !common.quiet {
        for d in report.diagnostics.iter().filter(|d| d.severity == Severity::Warning.as_str()) {
            say(format_args!("{}: {}", d.severity, for_terminal(&d.message)));
        }
    }
    let outcome = exceeded(&report.limits);
    finish(common);
    Ok(outcome)
}

fn limit(text: &str) -> Result<Limit> {
    let error =
        |e| CliError::new(format!("`--fail-over {text}` is no limit")).with_source(anyhow::Error::new(e));
    let hint = "write 10KiB, 1% or crate:serde=5KiB";
    Limit::parse(text).map_err(|e| error(e).with_hint(hint).into())
}

/// What changed between the two lockfiles.
fn dependencies(paths: &[PathBuf]) -> Result<Vec<Dependency>> {
    let read = |path: &PathBuf| -> Result<Vec<Locked>> {
        let fail = || CliError::new(format!("failed to read the lockfile `{}`", path.display()));
        let text = text_of(path).map_err(|error| fail().with_source(error))?;
        let hint = "pass the Cargo.lock that each file was built with: --lockfile OLD NEW";
        config::lockfile(&text).map_err(|error| fail().with_source(error).with_hint(hint).into())
    };
    let all = paths.iter().map(read).collect::<Result<Vec<_>>>()?;
    Ok(match &all[..] {
        [old, new] => changes(old, new),
        _ => Vec::new(),
    })
}

/// Where debug information of two files is looked for: each of those named is of one of the two.
pub(super) fn search_for_two(common: &CommonArgs) -> Search {
    Search { must_fit: false, ..search(common) }
}

/// Fails if a file was named that belongs to neither.
pub(super) fn all_belong(search: &Search, old: &Model, new: &Model) -> Result<()> {
    let files = || old.facts.debug_files.iter().chain(&new.facts.debug_files);
    match search.given.iter().find(|path| !files().any(|f| Path::new(f).starts_with(path))) {
        None => Ok(()),
        Some(path) => {
            let message = format!("`{}` belongs to neither of the two files", path.display());
            Err(CliError::new(message).with_hint(super::OTHER_BUILD).into())
        }
    }
}

/// Says on standard error which limits were exceeded, whatever the report is and wherever it goes.
fn exceeded(limits: &[LimitRow]) -> Outcome {
    let mut outcome = Outcome::Done;
    for row in limits.iter().filter(|row| row.is_exceeded()) {
        outcome = Outcome::LimitExceeded;
        let [old, new, allowed] = [row.old, row.new, row.allowed].map(|bytes| bytes.unwrap_or_default());
        let message = format!(
            "limit {} exceeded: {} -> {}, {} more where {} are allowed",
            row.limit,
            render::human(old),
            render::human(new),
            render::human(new.saturating_sub(old)),
            render::human(allowed),
        );
        say(format_args!("error: {}", for_terminal(&message)));
    }
    outcome
}
