//! `bloat advise`: what would make a file smaller.

use std::path::Path;

use anyhow::Result;

use super::args::{AdviseArgs, CheckFormat, GoalArg};
use super::cargo::Project;
use super::commands::{finish, page, prepare, search};
use super::error::CliError;
use super::measure;
use super::output::{style, write_to};
use super::packages::{Known, Selection};
use super::subject;
use crate::analysis::advise::{self, Goal, Settings, Situation};
use crate::analysis::nearest::nearest;
use crate::config;
use crate::project::Packages;
use crate::render;
use crate::report;
use crate::timing::phase;

/// Gives advice on a file.
pub(super) fn advise(args: &AdviseArgs) -> Result<()> {
    let common = &args.common;
    prepare(common)?;
    let page = page(&args.page, common)?;
    let goal = args.goal.map(goal);
    let (packages, situation) = match common.manifest_path.as_deref() {
        Some(manifest) => phase("packages", || told(manifest, args, goal))?,
        None => (Packages::default(), Situation { goal, ..Situation::default() }),
    };
    let model = subject::model(&args.file, &packages, &search(common), common)?;
    let advices = phase("advise", || advise::advise(&model, &situation));
    let limit = (args.limit > 0).then_some(args.limit);
    let report = report::advise(&model, &advices, goal, &args.profile, limit);
    let style = style(common);
    write_to(common.output.as_deref(), &[&args.file], |out| match args.format {
        CheckFormat::Text => render::advise_text(&report, &style, out),
        CheckFormat::Json => render::json(&report, out),
        CheckFormat::Markdown => render::advise_markdown(&report, &page, out),
    })?;
    finish(common);
    Ok(())
}

/// What a manifest says of how a file was built, and what of.
fn told(manifest: &Path, args: &AdviseArgs, goal: Option<Goal>) -> Result<(Packages, Situation)> {
    let project = Project::open(Some(manifest))?;
    let profiles = measure::profiles(&project)?;
    let built_in = ["release", "dev", "test", "bench"];
    let name = args.profile.as_str();
    if !built_in.contains(&name) && !profiles.names().any(|known| known == name) {
        let known = || profiles.names().chain(built_in);
        let hint = match nearest(name, known()) {
            Some(meant) => format!("is `{meant}` meant?"),
            None => format!("profiles are {}", known().collect::<Vec<_>>().join(", ")),
        };
        let message = format!("`{}` has no profile `{name}`", manifest.display());
        return Err(CliError::new(message).with_hint(hint).into());
    }
    let settings = profiles.effective(name, &config::profile::Settings::new());
    let selection = Selection::default();
    let known = Known::ask(&project.manifest_path, &selection)?;
    let situation = Situation {
        told: Settings::of_profile(&settings),
        goal,
        dependencies: known.with_default_features(),
    };
    Ok((known.packages(), situation))
}

fn goal(goal: GoalArg) -> Goal {
    match goal {
        GoalArg::Server => Goal::Server,
        GoalArg::Cli => Goal::Cli,
        GoalArg::Lambda => Goal::Lambda,
        GoalArg::Wasm => Goal::Wasm,
        GoalArg::Embedded => Goal::Embedded,
    }
}
