//! `bloat check`: holds a file to the budgets of a project.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;

use super::Outcome;
use super::args::{CheckArgs, CheckFormat};
use super::commands::{finish, packages_of, page, prepare, search};
use super::diff::{all_belong, search_for_two};
use super::error::CliError;
use super::output::{say, style, write_to};
use super::subject;
use super::texts::text_of;
use crate::analysis::budget::{Date, judge};
use crate::config;
use crate::render::{self, for_terminal};
use crate::report;
use crate::timing::phase;

/// An example for those who have no budgets yet.
const EXAMPLE: &str = "write one: a table [budget.total] with max = \"5MiB\"; docs/ci.md has more";

/// Judges a file; with `--update` also lowers budgets.
pub(super) fn check(args: &CheckArgs) -> Result<Outcome> {
    let common = &args.common;
    prepare(common)?;
    let page = page(&args.page, common)?;
    let today = today(args.today.as_deref())?;
    let name = args.config.display().to_string();
    let text = read(&args.config)?;
    let config = config::read(&text).map_err(|error| {
        let place = error.line.map_or_else(|| name.clone(), |line| format!("{name}:{line}"));
        CliError::new(format!("{place}: {}", error.message))
    })?;
    let packages = packages_of(common.manifest_path.as_deref())?;
    let (new, old) = match &args.against {
        None => (subject::model(&args.file, &packages, &search(common), common)?, None),
        Some(against) => {
            let search = search_for_two(common);
            let new = subject::model(&args.file, &packages, &search, common)?;
            let old = subject::model(against, &packages, &search, common)?;
            all_belong(&search, &old, &new)?;
            (new, Some(old))
        }
    };
    let judgement = phase("judge", || judge(&config.budgets, &new, old.as_ref(), today));
    let report = report::check(&judgement, &new, old.as_ref(), &name, today.to_string());
    let style = style(common);
    let mut inputs = vec![args.file.as_path(), args.config.as_path()];
    inputs.extend(args.against.as_deref());
    write_to(common.output.as_deref(), &inputs, |out| match args.format {
        CheckFormat::Text => render::check_text(&report, &style, out),
        CheckFormat::Json => render::json(&report, out),
        CheckFormat::Markdown => render::check_markdown(&report, &page, out),
    })?;
    if args.update
        && let Some(text) = config::tightened(&text, &config, &judgement)
    {
        write_to(Some(&args.config), &[&args.file], |out| out.write_all(text.as_bytes()))?;
        if !common.quiet {
            say(format_args!("{}: lowered to the sizes found", for_terminal(&name)));
        }
    }
    finish(common);
    Ok(if judgement.passed() { Outcome::Done } else { Outcome::LimitExceeded })
}

fn read(path: &Path) -> Result<String> {
    text_of(path).map_err(|error| {
        let failed = CliError::new(format!("failed to read the budgets of `{}`", path.display()));
        match error.kind() {
            std::io::ErrorKind::NotFound => failed.with_hint(EXAMPLE).with_source(error).into(),
            _ => failed.with_source(error).into(),
        }
    })
}

/// The day that was asked for, else that of `SOURCE_DATE_EPOCH`, else that of the clock.
///
/// <https://reproducible-builds.org/specs/source-date-epoch/>
fn today(asked: Option<&str>) -> Result<Date> {
    if let Some(text) = asked {
        let wrong =
            || CliError::new(format!("`--today {text}` is no day")).with_hint("write it as 2026-12-31");
        return Ok(Date::parse(text).ok_or_else(wrong)?);
    }
    let seconds = match std::env::var_os("SOURCE_DATE_EPOCH").filter(|value| !value.is_empty()) {
        Some(value) => value.to_str().and_then(|text| text.parse().ok()),
        None => SystemTime::now().duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs()),
    };
    let wrong = || {
        CliError::new("SOURCE_DATE_EPOCH or the clock of this machine gives no day")
            .with_hint("say which day it is: --today 2026-12-31")
    };
    Ok(seconds.and_then(Date::of_seconds).ok_or_else(wrong)?)
}
