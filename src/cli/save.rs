//! `bloat save`: a binary as a small file that stands for it later.

use std::io::{self, IsTerminal};

use anyhow::Result;

use super::args::SaveArgs;
use super::commands::{diagnostics, finish, packages_of, prepare, search};
use super::error::CliError;
use super::output::write_to;
use super::subject;
use super::texts::bytes_of;
use crate::hash::Hash;
use crate::model::Build;
use crate::order::Arrange;
use crate::snapshot;
use crate::timing::phase;

/// Saves a snapshot. One of a snapshot is that snapshot with what is newly said of the build.
pub(super) fn save(args: &SaveArgs) -> Result<()> {
    let common = &args.common;
    prepare(common)?;
    if common.output.is_none() && io::stdout().is_terminal() {
        return Err(CliError::new("a snapshot is not for terminals")
            .with_hint("name a file: -o app.parquet")
            .into());
    }
    let lockfile = args.lockfile.as_deref().map(|path| {
        let bytes = bytes_of(path);
        let message = || format!("failed to read the lockfile `{}`", path.display());
        bytes.map(|b| format!("{:016x}", Hash::of(&b))).map_err(|e| CliError::new(message()).with_source(e))
    });
    let lockfile = lockfile.transpose()?;
    let packages = packages_of(common.manifest_path.as_deref())?;
    let (mut model, contents) = subject::with_contents(&args.file, &packages, &search(common), common)?;
    let before = std::mem::take(&mut model.facts.build);
    model.facts.build = Build {
        profile: args.profile.clone().or(before.profile),
        target: args.target.clone().or(before.target),
        features: if args.features.is_empty() { before.features } else { sorted(&args.features) },
        commit: args.commit.clone().or(before.commit),
        lockfile: lockfile.or(before.lockfile),
    };
    let bytes = phase("save", || snapshot::save(&model, &contents));
    let mut inputs = vec![args.file.as_path()];
    inputs.extend(args.lockfile.as_deref());
    let bytes = bytes.map_err(|error| CliError::new("failed to make the snapshot").with_source(error))?;
    write_to(common.output.as_deref(), &inputs, |out| out.write_all(&bytes))?;
    diagnostics(&model, common);
    finish(common);
    Ok(())
}

/// Features are a set: their order says nothing.
fn sorted(features: &[String]) -> Vec<String> {
    let mut all: Vec<String> = features.iter().filter(|f| !f.is_empty()).cloned().collect();
    all.arrange();
    all.dedup();
    all
}
