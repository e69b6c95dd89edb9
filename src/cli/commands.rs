//! One function per command.

use std::io::{self, Write};
use std::path::Path;

use anyhow::Result;
use clap::CommandFactory;

use super::args::{
    CargoArgs, Cli, Command, CommonArgs, LedgerArgs, LedgerFormat, MeasureArg, PageArgs, ShowArgs, SortArg,
    ViewArgs, ViewFormat,
};
use super::error::CliError;
use super::output::{say, spare, style, write_to};
use super::subject::{self, Subject};
use super::texts::text_of;
use super::threads::{self, Caller};
use super::{Outcome, packages};
use crate::analysis::memory;
use crate::analysis::nearest::nearest;
use crate::error::Severity;
use crate::format::macho;
use crate::input::Input;
use crate::input::companion::Search;
use crate::model::Model;
use crate::model::filter::Filter;
use crate::model::view::{Dim, Measure, Sort, View};
use crate::project::Packages;
use crate::render::{self, PageOptions, Style, for_terminal};
use crate::report::{self, Issue, ShowOptions};
use crate::snapshot;
use crate::timing;

/// Runs the command that was typed.
pub(super) fn run(cli: &Cli) -> Result<Outcome> {
    match &cli.command {
        None => show(&cli.show)?,
        Some(Command::Show(args)) => show(args)?,
        Some(Command::Build(args)) => super::build::build(&args.cargo, &args.view)?,
        Some(Command::Profiles(args)) => super::profiles::profiles(args)?,
        Some(Command::Features(args)) => super::features::features(args)?,
        Some(Command::Ledger(args)) => ledger(args)?,
        Some(Command::Explain(args)) => super::explain::explain(args)?,
        Some(Command::Duplicates(args)) => super::duplicates::duplicates(args)?,
        Some(Command::Generics(args)) => super::generics::generics(args)?,
        Some(Command::Advise(args)) => super::advise::advise(args)?,
        Some(Command::Save(args)) => super::save::save(args)?,
        Some(Command::Diff(args)) => return super::diff::diff(args),
        Some(Command::Check(args)) => return super::check::check(args),
        Some(Command::Tree(args)) => super::tree::tree(args)?,
        #[cfg(feature = "tui")]
        Some(Command::Tui(args)) => super::tui::tui(args)?,
        Some(Command::Completions { shell }) => {
            let mut out = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "bloat", &mut out);
            write_to(None, &[], |to| to.write_all(&out))?;
        }
        Some(Command::Man(args)) => super::man::man(args, Cli::command())?,
    }
    Ok(Outcome::Done)
}

fn show(args: &ShowArgs) -> Result<()> {
    match &args.file {
        Some(file) => show_file(file, &args.view),
        None => super::build::build(&CargoArgs::default(), &args.view),
    }
}

/// The dimensions that words name, without repeats.
pub(super) fn dimensions(words: &[String]) -> Result<Vec<Dim>> {
    let mut dims = Vec::new();
    for word in words {
        let Some(dim) = Dim::parse(word) else {
            let all: Vec<&str> = Dim::ALL.iter().map(|d| d.as_str()).collect();
            let meant = nearest(word, all.iter().copied()).map(|meant| format!(": is `{meant}` meant?"));
            let message = format!("`{word}` is not a dimension to group by{}", meant.unwrap_or_default());
            return Err(CliError::new(message)
                .with_hint(format!("dimensions are {}", all.join(", ")))
                .into());
        };
        if !dims.contains(&dim) {
            dims.push(dim);
        }
    }
    Ok(dims)
}

/// Refuses dimensions that only `show` reads files for.
pub(super) fn refuse_code(dims: &[Dim]) -> Result<()> {
    let Some(dim) = dims.iter().find(|dim| dim.is_of_code()) else { return Ok(()) };
    let hint = format!("ask `bloat show FILE --by {}` of each file", dim.as_str());
    let message = format!("`{}` is a dimension of `bloat show` and `bloat diff` alone", dim.as_str());
    Err(CliError::new(message).with_hint(hint).into())
}

/// The filter that an expression states, for commands that do not read where code comes from.
pub(super) fn filter_of(text: Option<&str>) -> Result<Option<Filter>> {
    let filter = any_filter_of(text)?;
    let mut dims = Vec::new();
    filter.iter().for_each(|filter| filter.dims(&mut dims));
    refuse_code(&dims)?;
    Ok(filter)
}

/// The filter that an expression states.
pub(super) fn any_filter_of(text: Option<&str>) -> Result<Option<Filter>> {
    let Some(text) = text else { return Ok(None) };
    let filter = Filter::parse(text).map_err(|error| {
        CliError::new(format!("failed to read the filter `{text}`"))
            .with_source(error)
            .with_hint("an example: --filter 'kind=code and not crate=std,core'")
    })?;
    Ok(Some(filter))
}

/// The question that the arguments ask; `None` is the overview. Without dimensions, it is about [`Dim::Crate`] or what
/// comes closest in the file.
pub(super) fn view(args: &ViewArgs) -> Result<Option<View>> {
    let mut dims = dimensions(&args.by)?;
    let mut filter = any_filter_of(args.filter.as_deref())?;
    let plain =
        dims.is_empty() && filter.is_none() && args.sort == SortArg::Size && args.measure == MeasureArg::File;
    let is_flame = args.format.is_flame();
    if plain && args.format != ViewFormat::Csv && !is_flame {
        return Ok(None);
    }
    if dims.is_empty() && is_flame {
        // A flame graph of nothing in particular is one of the code.
        dims = vec![Dim::Crate, Dim::Inlined];
        filter = filter.or(filter_of(Some("kind=code"))?);
    }
    Ok(Some(View {
        dims,
        filter,
        measure: match args.measure {
            MeasureArg::File => Measure::File,
            MeasureArg::Mem => Measure::Memory,
        },
        sort: match args.sort {
            SortArg::Size => Sort::Size,
            SortArg::Name => Sort::Name,
            SortArg::Symbols => Sort::Symbols,
            SortArg::Total => Sort::Total,
        },
        first: None,
        only: None,
        names_only: args.format != ViewFormat::Json,
    }))
}

fn show_file(file: &Path, args: &ViewArgs) -> Result<()> {
    let common = &args.common;
    prepare(common)?;
    let view = view(args)?;
    let packages = packages_of(common.manifest_path.as_deref())?;
    let page = page(&args.page, common)?;
    let (report, model) = answer(file, &packages, args, view.as_ref())?;
    let mut inputs = vec![file];
    inputs.extend(args.memory.as_deref());
    write_to(common.output.as_deref(), &inputs, |out| report.write(args.format, &style(common), &page, out))?;
    report.say_issues(&model, view.as_ref(), common);
    finish(common);
    Ok(())
}

/// What there is to say of one file.
pub(super) enum Answer {
    Overview(report::Overview),
    Show(report::Show),
    Flame(report::Flame),
}

impl Answer {
    pub fn write(
        &self,
        format: ViewFormat,
        style: &Style,
        page: &PageOptions<'_>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        match (self, format) {
            (Answer::Overview(report), ViewFormat::Json) => render::json(report, out),
            (Answer::Overview(report), ViewFormat::Markdown) => render::overview_markdown(report, page, out),
            (Answer::Overview(report), _) => render::overview_text(report, style, out),
            (Answer::Show(report), ViewFormat::Json) => render::json(report, out),
            (Answer::Show(report), ViewFormat::Csv) => render::show_csv(report, out),
            (Answer::Show(report), ViewFormat::Markdown) => render::show_markdown(report, page, out),
            (Answer::Show(report), _) => render::show_text(report, style, out),
            (Answer::Flame(report), ViewFormat::Folded) => render::folded(report, out),
            (Answer::Flame(report), _) => render::speedscope(report, out),
        }
    }

    /// Says on stderr what is to be said of the model it was made of, where it does not say so itself.
    pub fn say_issues(&self, model: &Model, view: Option<&View>, common: &CommonArgs) {
        match self {
            Answer::Show(show) => issues(&show.diagnostics, common),
            Answer::Flame(flame) => {
                diagnostics(model, common);
                let filter = view.and_then(|view| view.filter.as_ref());
                if let Some(filter) = filter.filter(|_| flame.stacks.is_empty()) {
                    issues(&[report::nothing_passes(filter, &[model])], common);
                }
            }
            Answer::Overview(_) => {}
        }
    }
}

/// Analyses a file and answers what was asked of it.
pub(super) fn answer(
    file: &Path,
    packages: &Packages,
    args: &ViewArgs,
    view: Option<&View>,
) -> Result<(Answer, Model)> {
    let common = &args.common;
    let mut needed = view.map(View::dims_needed).unwrap_or_default();
    if view.is_some_and(|view| view.dims.is_empty()) {
        needed.push(Dim::Crate);
    }
    let mut model = subject::model_for(file, packages, &search(common), common, &needed)?;
    let regions = args.memory.as_deref().map(memory_regions).transpose()?.unwrap_or_default();
    memory::name_segments(&mut model, &regions);
    let limit = (args.limit > 0).then_some(args.limit);
    let answer = timing::phase("report", || match view {
        None => Answer::Overview(report::overview(&model, limit, &regions)),
        Some(view) if view.dims.is_empty() => {
            let view = View { dims: vec![report::main_dimension(&model)], ..view.clone() };
            Answer::Show(report::show(&model, &view, &ShowOptions { limit }))
        }
        Some(view) if args.format.is_flame() => Answer::Flame(report::flame(&model, view)),
        Some(view) => Answer::Show(report::show(&model, view, &ShowOptions { limit })),
    });
    Ok((answer, model))
}

/// The regions that a linker script names.
fn memory_regions(script: &Path) -> Result<Vec<memory::Region>> {
    let message = || format!("failed to read the memory regions of `{}`", script.display());
    let text = text_of(script).map_err(|e| CliError::new(message()).with_source(e))?;
    memory::parse(&text).map_err(|error| {
        let hint = "a region is written FLASH : ORIGIN = 0x08000000, LENGTH = 256K inside MEMORY { }";
        CliError::new(message()).with_source(error).with_hint(hint).into()
    })
}

fn ledger(args: &LedgerArgs) -> Result<()> {
    let common = &args.common;
    prepare(common)?;
    let packages = packages_of(common.manifest_path.as_deref())?;
    let model = match subject::load(&args.file, &packages, &search(common), common)? {
        Subject::Binary { model, .. } => model,
        Subject::Snapshot(_) => {
            let message = format!("`{}` is a snapshot, which has sums and no places", args.file.display());
            return Err(CliError::new(message)
                .with_hint("pass the binary; `bloat show` lists what is in a snapshot")
                .into());
        }
    };
    let style = style(common);
    timing::phase("report", || {
        write_to(common.output.as_deref(), &[&args.file], |out| match args.format {
            LedgerFormat::Csv => {
                let mut lines = render::LedgerCsv::new(out)?;
                report::ledger(&model, |row| lines.write(row))?;
                lines.finish()
            }
            LedgerFormat::Jsonl => {
                let mut lines = render::JsonLines::new(out);
                report::ledger(&model, |row| lines.write(row))
            }
            LedgerFormat::Parquet => out.write_all(&snapshot::ledger(&model)?),
            LedgerFormat::Text => {
                let write = render::ledger_text(&style, out)?;
                report::ledger(&model, write)
            }
        })
    })?;
    diagnostics(&model, common);
    finish(common);
    Ok(())
}

/// How Markdown is to be found and how long it may be.
pub(super) fn page<'a>(args: &'a PageArgs, common: &CommonArgs) -> Result<PageOptions<'a>> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    // Two hyphens could end the comment that the name is in.
    if args.name.is_empty() || !args.name.chars().all(fits) || args.name.contains("--") {
        let message = format!("`--name {}` is no name for a report", args.name);
        let hint = "a name has letters, digits, `.`, `_` and single `-` only";
        return Err(CliError::new(message).with_hint(hint).into());
    }
    Ok(PageOptions { name: &args.name, limit: args.max_chars as usize, exact: common.bytes })
}

/// Sets up threads and timing.
pub(super) fn prepare(common: &CommonArgs) -> Result<()> {
    prepare_where(common, Caller::Works)
}

/// The same, where the first thread does `caller`.
pub(super) fn prepare_where(common: &CommonArgs, caller: Caller) -> Result<()> {
    if common.timings {
        timing::enable();
    }
    if let (Some(output), Some(manifest)) = (&common.output, &common.manifest_path) {
        spare(output, &[manifest])?;
    }
    threads::start(usize::from(common.threads), caller)
}

/// Where separate debug information is looked for.
pub(super) fn search(common: &CommonArgs) -> Search {
    Search { given: common.debug_file.clone(), ..Search::default() }
}

/// Opens a file, or that part of it which was asked for.
pub(super) fn open(file: &Path, common: &CommonArgs) -> Result<Input> {
    let input = timing::phase("open", || Input::open(file)).map_err(super::explain)?;
    let Some(arch) = &common.arch else { return Ok(input) };
    let Some(slices) = macho::slices(input.bytes()) else {
        let message = format!("`{}` is no universal file", file.display());
        return Err(CliError::new(message).with_hint("leave out --arch").into());
    };
    let wanted = slices.iter().find(|s| s.name == *arch).or_else(|| slices.iter().find(|s| s.arch == *arch));
    let Some(slice) = wanted else {
        let names: Vec<&str> = slices.iter().map(|s| s.name.as_ref()).collect();
        let message = format!("`{}` has no slice `{arch}`", file.display());
        return Err(CliError::new(message).with_hint(format!("it has {}", names.join(", "))).into());
    };
    Ok(input.part(slice.file.clone()))
}

/// The packages behind a manifest, if one was named.
pub(super) fn packages_of(manifest: Option<&Path>) -> Result<Packages> {
    match manifest {
        Some(manifest) => timing::phase("packages", || packages::of_manifest(manifest)),
        None => Ok(Packages::default()),
    }
}

/// Diagnostics of reports that have no place for them, on standard error.
pub(super) fn diagnostics(model: &Model, common: &CommonArgs) {
    if common.quiet {
        return;
    }
    let worth = |severity| common.verbose || severity == Severity::Warning;
    for d in model.diagnostics.iter().filter(|d| worth(d.severity)) {
        say(format_args!("{}: {}", d.severity.as_str(), for_terminal(&d.message)));
    }
}

/// The same of a report that has more to tell than its model.
pub(super) fn issues(all: &[Issue], common: &CommonArgs) {
    if common.quiet {
        return;
    }
    let worth = |d: &&Issue| common.verbose || d.severity == Severity::Warning.as_str();
    for d in all.iter().filter(worth) {
        say(format_args!("{}: {}", d.severity, for_terminal(&d.message)));
    }
}

pub(super) fn finish(common: &CommonArgs) {
    if !common.timings {
        return;
    }
    let phases = timing::phases();
    for (name, time) in &phases {
        say(format_args!("{:>10.2} ms  {name}", time.as_secs_f64() * 1000.0));
    }
    let total: f64 = phases.iter().map(|(_, time)| time.as_secs_f64()).sum();
    say(format_args!("{:>10.2} ms  total", total * 1000.0));
    if let Some(peak) = peak_memory() {
        say(format_args!("{:>10}     peak memory", render::human(peak)));
    }
}

/// The most memory this process had at once, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1024)
}
