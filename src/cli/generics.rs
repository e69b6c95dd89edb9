//! `bloat generics`: what was compiled again and again.

use anyhow::Result;

use super::args::{GenericsArgs, GenericsSortArg, GroupingArg, ShowFormat};
use super::commands::{filter_of, finish, issues, packages_of, page, prepare, search};
use super::error::CliError;
use super::output::{style, write_to};
use crate::analysis::generics::{self, Grouping, Order, Question};
use crate::model::{Model, Vtable};
use crate::report::{self, GenericsOptions};
use crate::snapshot::{self, Snapshot};
use crate::timing::phase;
use crate::{attrib, format, render};

/// Runs `bloat generics`.
pub(super) fn generics(args: &GenericsArgs) -> Result<()> {
    let common = &args.report.common;
    prepare(common)?;
    let page = page(&args.report.page, common)?;
    let question = question(args)?;
    let (model, tables) = read(args)?;
    let found = phase("generics", || generics::generics(&model, &question));
    let limit = (args.limit > 0).then_some(args.limit);
    let style = style(common);
    let output = common.output.as_deref();
    let said = if let Some(what) = &args.what {
        let Some(report) = report::generic(&model, &question, &found, what, limit) else {
            let message = format!("nothing that can have copies has `{what}` in its name");
            let hint = "`bloat generics FILE -n 0 --min-copies 1` lists all there is";
            return Err(CliError::new(message).with_hint(hint).into());
        };
        write_to(output, &[&args.file], |out| match args.report.format {
            ShowFormat::Json => render::json(&report, out),
            ShowFormat::Csv => render::generic_csv(&report, out),
            ShowFormat::Markdown => render::generic_markdown(&report, &page, out),
            ShowFormat::Text => render::generic_text(&report, &style, out),
        })?;
        report.diagnostics
    } else {
        let tables = (question.by == Grouping::Item)
            .then(|| generics::vtables(&model, tables.as_deref(), question.filter.as_ref()));
        let options = GenericsOptions { limit, min_copies: args.min_copies };
        let report = report::generics(&model, &question, &found, tables, &options);
        write_to(output, &[&args.file], |out| match args.report.format {
            ShowFormat::Json => render::json(&report, out),
            ShowFormat::Csv => render::generics_csv(&report, out),
            ShowFormat::Markdown => render::generics_markdown(&report, &page, out),
            ShowFormat::Text => render::generics_text(&report, &style, out),
        })?;
        report.diagnostics
    };
    if args.report.format == ShowFormat::Csv {
        issues(&said, common);
    }
    finish(common);
    Ok(())
}

fn question(args: &GenericsArgs) -> Result<Question> {
    Ok(Question {
        by: match args.by {
            GroupingArg::Item => Grouping::Item,
            GroupingArg::Type => Grouping::Type,
            GroupingArg::Dropped => Grouping::Dropped,
            GroupingArg::DroppedType => Grouping::DroppedType,
        },
        fold: args.fold,
        order: match args.sort {
            GenericsSortArg::Size => Order::Size,
            GenericsSortArg::Name => Order::Name,
            GenericsSortArg::Copies => Order::Copies,
            GenericsSortArg::Saving => Order::Saving,
        },
        filter: filter_of(args.filter.as_deref())?,
    })
}

/// The model, and its tables of virtual functions one by one if the file is no snapshot.
fn read(args: &GenericsArgs) -> Result<(Model, Option<Vec<Vtable>>)> {
    let common = &args.report.common;
    let input = super::commands::open(&args.file, common)?;
    if snapshot::is_parquet(input.bytes()) {
        let Snapshot { model, .. } = phase("snapshot", || snapshot::read(&input)).map_err(super::explain)?;
        return Ok((model, None));
    }
    let packages = packages_of(common.manifest_path.as_deref())?;
    let read = format::read_with(&input, &search(common), |image| {
        let model = attrib::attribute(&input, image, &packages);
        let tables = phase("tables", || attrib::vtables(&input, image, &model));
        (model, Some(tables))
    });
    read.map_err(super::explain)
}
