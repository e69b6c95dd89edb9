//! `bloat profiles`: one artifact under many profiles, built and measured.

mod cells;

use std::fmt::Write as _;

use anyhow::Result;

use self::cells::Asked;
use super::args::{CommonArgs, ProfilesArgs, ShowFormat};
use super::cargo::Selection;
use super::commands::{finish, page, prepare, search};
use super::error::CliError;
use super::measure::{Bench, Identity, Sample, Unbuilt, Variant, repeat};
use super::output::{say, style, write_to};
use super::subject;
use crate::project::Packages;
use crate::render::{self, for_terminal};
use crate::report::{
    BuildTime, Measured, Outcome, ProfileRow, ProfilesReport, RunTime, Subject, VariantSize, VariantsHead,
};

/// The row that `--apply` finds by measuring.
const SMALLEST: &str = "smallest";

/// Builds the matrix and shows it.
pub(super) fn profiles(args: &ProfilesArgs) -> Result<()> {
    let common = &args.report.common;
    prepare(common)?;
    let page = page(&args.report.page, common)?;
    let asked = Asked { only: &args.only, axes: &args.axis, cross: args.cross, cells: &args.cell };
    let variants = cells::rows(&asked)?;
    if args.run.as_ref().is_some_and(|command| !command.contains("{}")) {
        return Err(CliError::new("`--run` does not say where the program goes")
            .with_hint("write `{}` in its place, such as --run '{} --version'")
            .into());
    }
    if let Some(name) = args.apply.as_ref().filter(|name| *name != SMALLEST && !args.cargo.clean) {
        let profile = Selection::of(&args.cargo)?;
        return apply(&variants, name, profile.profile(), None, common);
    }
    let Some(bench) = Bench::open(&args.cargo, common)? else { return Ok(()) };
    let rows = measured(&bench, &variants, args)?;
    let report = ProfilesReport {
        head: VariantsHead::new("profiles", subject_of(&bench), bench.scratch().root().display().to_string()),
        run: args.run.clone(),
        rows,
    };
    let sized = report.rows.iter().filter_map(|row| Some((row.outcome.file()?, row)));
    let Some((_, smallest)) = sized.min_by_key(|(file, _)| *file) else {
        let first = report.rows.first().map(|row| &row.outcome);
        return Err(unbuilt("no profile could be built", first));
    };
    if args.apply.is_some() {
        return apply(&variants, &smallest.name, bench.selection().profile(), Some(smallest), common);
    }
    let style = style(common);
    write_to(common.output.as_deref(), &[], |out| match args.report.format {
        ShowFormat::Json => render::json(&report, out),
        ShowFormat::Csv => render::profiles_csv(&report, out),
        ShowFormat::Markdown => render::profiles_markdown(&report, &page, out),
        ShowFormat::Text => render::profiles_text(&report, &style, out),
    })?;
    finish(common);
    Ok(())
}

/// What a report on variants is about.
pub(super) fn subject_of(bench: &Bench) -> Subject {
    let (target, kind) = bench.target();
    Subject {
        package: bench.package().name.to_string(),
        version: bench.package().version.to_string(),
        target: target.to_string(),
        kind,
        profile: bench.selection().profile().to_string(),
        platforms: bench.selection().platforms.clone(),
    }
}

/// Every row, built one after another. What amounts to the same is built once.
fn measured(bench: &Bench, variants: &[Variant], args: &ProfilesArgs) -> Result<Vec<ProfileRow>> {
    let mut rows: Vec<ProfileRow> = Vec::with_capacity(variants.len());
    let mut known: Vec<(Identity, usize)> = Vec::new();
    for (index, variant) in variants.iter().enumerate() {
        let identity = bench.identity(variant);
        let same = known.iter().find(|(other, _)| *other == identity).and_then(|(_, index)| rows.get(*index));
        let outcome = match same {
            Some(row) => row.outcome.same_as(&row.name),
            None => {
                announce(index, variants.len(), &variant.name, &args.report.common);
                let mut outcome = measure(bench, variant, args.no_compress, &args.report.common)?;
                if let Some(command) = &args.run {
                    run(&mut outcome, command, args.runs);
                }
                against(&mut outcome, rows.first().map(|row| &row.outcome));
                known.push((identity, index));
                outcome
            }
        };
        rows.push(ProfileRow {
            name: variant.name.clone(),
            profile: bench.base(variant).to_string(),
            settings: variant.settings.iter().map(|(k, v)| (k.clone(), v.to_string())).collect(),
            outcome,
        });
    }
    Ok(rows)
}

/// Says which build is next.
pub(super) fn announce(index: usize, count: usize, name: &str, common: &CommonArgs) {
    if !common.quiet {
        say(format_args!("[{}/{count}] {}", index + 1, for_terminal(name)));
    }
}

/// Builds and measures one variant. A failure is an outcome.
pub(super) fn measure(
    bench: &Bench,
    variant: &Variant,
    no_compress: bool,
    common: &CommonArgs,
) -> Result<Outcome> {
    let sample = match bench.build(variant)? {
        Ok(sample) => sample,
        Err(unbuilt) => return Ok(Outcome::failed(unbuilt.reason, unbuilt.hint)),
    };
    let model = match subject::model(&sample.path, &Packages::default(), &search(common), common) {
        Ok(model) => model,
        Err(error) => return Ok(Outcome::failed(format!("{error:#}"), None)),
    };
    let mut size = VariantSize::of(&model);
    if !no_compress {
        let compressed = bench.compressed(variant, &sample)?;
        (size.gzip, size.zstd, size.brotli) = (Some(compressed.gzip), compressed.zstd, compressed.brotli);
    }
    Ok(Outcome::built(Measured {
        path: sample.path.display().to_string(),
        size,
        delta: None,
        build: build_time(&sample),
        run_time: None,
    }))
}

/// The error for a command that could build nothing; why is what became of the first row.
pub(super) fn unbuilt(message: &str, first: Option<&Outcome>) -> anyhow::Error {
    let reason = first.and_then(|outcome| outcome.reason.clone()).unwrap_or_default();
    Unbuilt { reason, hint: first.and_then(|outcome| outcome.hint.clone()) }.error(message).into()
}

fn build_time(sample: &Sample) -> BuildTime {
    BuildTime {
        milliseconds: sample.milliseconds,
        compiled: sample.compiled,
        reused: sample.reused,
        remembered: sample.is_remembered,
    }
}

/// Notes how much more it is than the first row.
pub(super) fn against(outcome: &mut Outcome, first: Option<&Outcome>) {
    let base = first.and_then(Outcome::file);
    if let (Some(measured), Some(base)) = (&mut outcome.measured, base) {
        measured.delta = Some(measured.size.file.cast_signed().wrapping_sub(base.cast_signed()));
    }
}

/// Times a command on what was built.
fn run(outcome: &mut Outcome, command: &str, runs: u32) {
    let Some(measured) = &mut outcome.measured else { return };
    match repeat(command, measured.path.as_ref(), runs) {
        Ok(runs) => {
            measured.run_time = Some(RunTime { median: runs.median(), microseconds: runs.microseconds });
        }
        Err(reason) => outcome.reason = Some(reason),
    }
}

/// Writes a profile as it would stand in a manifest. Nothing is edited.
fn apply(
    variants: &[Variant],
    name: &str,
    profile: &str,
    row: Option<&ProfileRow>,
    common: &CommonArgs,
) -> Result<()> {
    let Some(variant) = variants.iter().find(|variant| variant.name == name) else {
        let names: Vec<&str> = variants.iter().map(|variant| variant.name.as_str()).collect();
        return Err(CliError::new(format!("`--apply {name}` is none of the profiles"))
            .with_hint(format!("there are {}, and {SMALLEST}, which measures them all", names.join(", ")))
            .into());
    };
    let mut text = String::from("# For the manifest at the root of the workspace\n");
    if let Some(measured) = row.and_then(|row| row.outcome.measured.as_ref()) {
        let change =
            measured.delta.map_or(String::new(), |delta| format!(", {delta:+} against the project's own"));
        let _ = writeln!(text, "# `{name}` measured: {} bytes{change}", measured.size.file);
    }
    let _ = writeln!(text, "[profile.{}]", variant.profile.as_deref().unwrap_or(profile));
    for (key, value) in &variant.settings {
        let _ = writeln!(text, "{key} = {value}");
    }
    write_to(common.output.as_deref(), &[], |out| out.write_all(text.as_bytes()))
}
