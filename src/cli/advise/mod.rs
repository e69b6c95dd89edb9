//! `bloat advise`: what would make a file smaller; without a file, what would make the package here smaller.

mod trials;

use std::path::Path;

use anyhow::Result;

use self::trials::Tried;
use super::args::{AdviseArgs, CargoArgs, CheckFormat, GoalArg};
use super::cargo::Project;
use super::commands::{finish, page, prepare, search};
use super::error::CliError;
use super::measure::{self, Bench, Sample, Variant};
use super::output::{style, write_to};
use super::packages::{Known, Platform, Selection};
use super::profiles::{announce, subject_of};
use super::subject;
use crate::analysis::advise::{self, Advices, Goal, Settings, Situation, together};
use crate::analysis::nearest::nearest;
use crate::config::profile::{Profiles, Setting, Settings as Changes};
use crate::model::{Duplicates, Model};
use crate::project::Packages;
use crate::render;
use crate::report::{self, AdviseOptions, BuiltFor};
use crate::timing::phase;

/// Gives advice on a file, or on what the package here builds.
pub(super) fn advise(args: &AdviseArgs) -> Result<()> {
    match &args.file {
        Some(file) => on_file(file, args),
        None => on_package(args),
    }
}

fn on_file(file: &Path, args: &AdviseArgs) -> Result<()> {
    let common = &args.common;
    let rest = CargoArgs { profile: None, release: false, ..args.cargo.clone() };
    if args.measure || rest != CargoArgs::default() {
        let what = if args.measure { "`--measure` builds" } else { "these flags say what to build" };
        return Err(CliError::new(format!("{what}, and `{}` is there already", file.display()))
            .with_hint(
                "leave out the file: `bloat advise` builds the package here, or that of --manifest-path",
            )
            .into());
    }
    prepare(common)?;
    let goal = args.goal.map(goal);
    let profile = args.cargo.profile.as_deref().unwrap_or("release");
    let (packages, situation) = match common.manifest_path.as_deref() {
        Some(manifest) => phase("packages", || told(manifest, profile, goal))?,
        None => (Packages::default(), Situation { goal, ..Situation::default() }),
    };
    let (model, duplicates) = subject::with_duplicates(file, &packages, &search(common), common)?;
    let advices = asked(&model, duplicates.as_ref(), &situation, args)?;
    let together =
        together(&advices.list, |index| likely(&advices, index)).map(|all| (all, Default::default()));
    let options = AdviseOptions { profile, together, ..options(args) };
    write(&report::advise(&model, &advices, options), &[file], args)
}

fn on_package(args: &AdviseArgs) -> Result<()> {
    let common = &args.common;
    prepare(common)?;
    let Some(mut bench) = Bench::open(&args.cargo, common)? else { return Ok(()) };
    // Flags for the linker can be given to one package only; all builds are to be alike.
    bench.select_package();
    let own = Variant { name: "own".to_string(), ..Variant::default() };
    let profile = bench.base(&own).to_string();
    known_profile(bench.profiles(), &profile, bench.manifest_path())?;
    let effective = bench.profiles().effective(&profile, &Changes::new());
    let mut kept = own.clone();
    let strips = effective.get("strip").is_some_and(|strip| strip == "symbols");
    if strips {
        // Without names there is little to go by.
        kept.name = "symbols".to_string();
        kept.settings.insert("strip".into(), Setting::Text("debuginfo".into()));
    }
    announce_own(&kept, args);
    let sample = must_build(&bench, &kept)?;
    let (packages, situation) = {
        let features = &bench.selection().features;
        let platform = match bench.selection().platforms.as_slice() {
            [one] => Platform::Triple(one),
            _ => Platform::Host,
        };
        let selection = Selection {
            features: &features.named,
            all_features: features.all,
            no_default_features: features.no_default,
            platform,
        };
        let known = Known::ask(bench.manifest_path(), &selection)?;
        let situation = Situation {
            told: Settings::of_profile(&effective),
            goal: args.goal.map(goal),
            is_rust_library_too: bench.is_rust_library_too(),
            is_std_compiled: bench
                .selection()
                .rest
                .iter()
                .any(|word| word.to_string_lossy().contains("build-std")),
            dependencies: known.with_default_features(),
        };
        (known.packages(), situation)
    };
    let (model, duplicates) = subject::with_duplicates(&sample.path, &packages, &search(common), common)?;
    let advices = asked(&model, duplicates.as_ref(), &situation, args)?;
    let mut built = BuiltFor {
        subject: subject_of(&bench),
        scratch: bench.scratch().root().display().to_string(),
        sizes: None,
    };
    let mut options = AdviseOptions { profile: &profile, ..options(args) };
    if args.measure {
        let shown = report::told(advices.list.len(), options.limit);
        let own = if strips { Variant { name: "own".to_string(), ..Variant::default() } } else { kept };
        let Tried { sizes, trials, all } = trials::run(&bench, &own, &advices.list[..shown], common)?;
        built.sizes = Some(sizes);
        options.trials = trials;
        options.together = all;
    } else {
        let all = together(&advices.list, |index| likely(&advices, index));
        options.together = all.map(|all| (all, Default::default()));
    }
    options.built = Some(built);
    write(&report::advise(&model, &advices, options), &[], args)
}

/// Builds what everything else is compared with.
fn must_build(bench: &Bench, variant: &Variant) -> Result<Sample> {
    bench.build(variant)?.map_err(|unbuilt| unbuilt.error("failed to build the package as it is").into())
}

fn announce_own(variant: &Variant, args: &AdviseArgs) {
    if !args.measure {
        announce(0, 1, &variant.name, &args.common);
    }
}

/// Advice by the rules that were asked for.
fn asked(
    model: &Model,
    duplicates: Option<&Duplicates>,
    situation: &Situation,
    args: &AdviseArgs,
) -> Result<Advices> {
    let mut advices = phase("advise", || advise::advise(model, duplicates, situation));
    if let Some(unknown) = args.only.iter().find(|rule| !advise::RULES.contains(&rule.as_str())) {
        let hint = match nearest(unknown, advise::RULES) {
            Some(meant) => format!("is `{meant}` meant?"),
            None => format!("rules are {}", advise::RULES.join(", ")),
        };
        return Err(CliError::new(format!("there is no rule `{unknown}`")).with_hint(hint).into());
    }
    if !args.only.is_empty() {
        advices.list.retain(|advice| args.only.iter().any(|rule| rule == advice.rule));
    }
    Ok(advices)
}

fn options(args: &AdviseArgs) -> AdviseOptions<'static> {
    AdviseOptions {
        goal: args.goal.map(goal),
        limit: (args.limit > 0).then_some(args.limit),
        ..AdviseOptions::default()
    }
}

fn likely(advices: &Advices, index: usize) -> i64 {
    advices.list.get(index).and_then(|advice| advice.saving).map_or(0, |saving| saving.likely.cast_signed())
}

fn write(report: &report::AdviseReport, inputs: &[&Path], args: &AdviseArgs) -> Result<()> {
    let common = &args.common;
    let page = page(&args.page, common)?;
    let style = style(common);
    write_to(common.output.as_deref(), inputs, |out| match args.format {
        CheckFormat::Text => render::advise_text(report, &style, out),
        CheckFormat::Json => render::json(report, out),
        CheckFormat::Markdown => render::advise_markdown(report, &page, out),
    })?;
    finish(common);
    Ok(())
}

/// What a manifest says of how a file was built, and what of.
fn told(manifest: &Path, profile: &str, goal: Option<Goal>) -> Result<(Packages, Situation)> {
    let project = Project::open(Some(manifest))?;
    let profiles = measure::profiles(&project, &[])?;
    known_profile(&profiles, profile, manifest)?;
    let settings = profiles.effective(profile, &Changes::new());
    let selection = Selection::default();
    let known = Known::ask(&project.manifest_path, &selection)?;
    let situation = Situation {
        told: Settings::of_profile(&settings),
        goal,
        dependencies: known.with_default_features(),
        ..Situation::default()
    };
    Ok((known.packages(), situation))
}

/// Fails on a profile that is not there.
fn known_profile(profiles: &Profiles, name: &str, manifest: &Path) -> Result<()> {
    let built_in = ["release", "dev", "test", "bench"];
    if built_in.contains(&name) || profiles.names().any(|known| known == name) {
        return Ok(());
    }
    let known = || profiles.names().chain(built_in);
    let hint = match nearest(name, known()) {
        Some(meant) => format!("is `{meant}` meant?"),
        None => format!("profiles are {}", known().collect::<Vec<_>>().join(", ")),
    };
    let message = format!("`{}` has no profile `{name}`", manifest.display());
    Err(CliError::new(message).with_hint(hint).into())
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
