//! Makes the changes that advice names, one by one and together, and measures what each saves.
//!
//! Everything is compared as it ships: each build is stripped by cargo, so that sizes are those of files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Result;

use super::must_build;
use crate::analysis::advise::{Advice, Base, Change, Together, together};
use crate::cli::args::CommonArgs;
use crate::cli::error::CliError;
use crate::cli::measure::{Bench, Sample, Variant};
use crate::cli::profiles::announce;
use crate::config::profile::{self, Setting, Settings};
use crate::report::{BuiltSizes, Trial};

/// What became of all that was to be measured.
pub(super) struct Tried {
    pub sizes: BuiltSizes,
    /// One for each piece of advice.
    pub trials: Vec<Trial>,
    /// All at once.
    pub all: Option<(Together, Trial)>,
}

/// Builds what `list` advises; `own` is what the project builds itself.
pub(super) fn run(bench: &Bench, own: &Variant, list: &[Advice], common: &CommonArgs) -> Result<Tried> {
    let builds = list.iter().filter(|advice| is_built(advice)).count();
    let count = builds + 2 + usize::from(together(list, |_| 0).is_some());
    let mut done = 0;
    let mut next = |name: &str| {
        announce(done, count, name, common);
        done += 1;
    };
    next(&own.name);
    let own = must_build(bench, own)?;
    let stripped = Variant { name: "shipped".to_string(), settings: stripped(), ..Variant::default() };
    next(&stripped.name);
    let shipped = must_build(bench, &stripped)?;
    let bench = Trials { bench, own: &own, shipped: &shipped };
    let mut trials = Vec::with_capacity(list.len());
    for advice in list {
        if is_built(advice) {
            next(advice.rule);
        }
        trials.push(bench.one(advice)?);
    }
    let saved = |index: usize| match trials.get(index) {
        Some(Trial { measured: Some(row), .. }) => row.saving,
        // What cannot be built is worth nothing.
        Some(Trial { not_measured: Some(_), .. }) => i64::MIN,
        _ => 0,
    };
    let all = together(list, saved);
    let all = match all {
        Some(mut all) => {
            next("together");
            let trial = bench.all(&mut all, list, &saved)?;
            Some((all, trial))
        }
        None => None,
    };
    let sizes = BuiltSizes { file: own.size, shipped: shipped.size };
    Ok(Tried { sizes, trials, all })
}

/// Whether measuring it takes a build of its own. Stripping was built to compare with.
fn is_built(advice: &Advice) -> bool {
    match &advice.change {
        Change::Profile(lines) => settings(lines).keys().any(|key| key != "strip"),
        Change::Rustflags(_) => true,
        _ => false,
    }
}

struct Trials<'b> {
    bench: &'b Bench,
    own: &'b Sample,
    shipped: &'b Sample,
}

impl Trials<'_> {
    /// Measures one piece of advice.
    fn one(&self, advice: &Advice) -> Result<Trial> {
        let mut variant =
            Variant { name: advice.rule.to_string(), settings: stripped(), ..Variant::default() };
        match &advice.change {
            Change::Profile(lines) => variant.settings.extend(settings(lines)),
            Change::Rustflags(flags) => add_flags(&mut variant, flags),
            Change::Tool(words) => return self.tool(advice, words),
            Change::Nightly(_) => return Ok(Trial::failed("it takes a nightly compiler")),
            Change::Manifest(_) | Change::Command(_) | Change::Look(_) => {
                return Ok(Trial::failed("it takes a person to make the change"));
            }
        }
        let before = match advice.saving.map(|saving| saving.base) {
            Some(Base::File) => self.own.size,
            _ => self.shipped.size,
        };
        let after = match is_built(advice) {
            true => self.bench.build(&variant)?,
            false => Ok(self.shipped.clone()),
        };
        Ok(match after {
            Ok(after) => Trial::measured(before, after.size, advice.saving.as_ref()),
            Err(unbuilt) => Trial::failed(unbuilt.reason),
        })
    }

    /// Measures everything at once, but for what could not be built alone.
    fn all(&self, all: &mut Together, list: &[Advice], saved: &dyn Fn(usize) -> i64) -> Result<Trial> {
        if let Some(failed) = all.members.iter().find(|&&index| saved(index) == i64::MIN) {
            let rule = list.get(*failed).map_or("", |advice| advice.rule);
            return Ok(Trial::failed(format!("`{rule}` could not be built")));
        }
        let lines: Vec<_> = all.profile.iter().map(|(key, value)| (*key, *value)).collect();
        let mut variant =
            Variant { name: "together".to_string(), settings: settings(&lines), ..Variant::default() };
        variant.settings.extend(stripped());
        add_flags(&mut variant, &all.rustflags);
        Ok(match self.bench.build(&variant)? {
            Ok(after) => Trial::measured(self.shipped.size, after.size, all.saving.as_ref()),
            Err(unbuilt) => Trial::failed(unbuilt.reason),
        })
    }

    /// Runs a tool on what ships.
    fn tool(&self, advice: &Advice, words: &[&str]) -> Result<Trial> {
        let [program, arguments @ ..] = words else { return Ok(Trial::failed("there is no tool")) };
        let out = self.bench.scratch().root().join("tools");
        let failed = |error| CliError::new(format!("failed to make `{}`", out.display())).with_source(error);
        std::fs::create_dir_all(&out).map_err(failed)?;
        let out = out.join(self.shipped.path.file_name().unwrap_or_default());
        let place = |word: &&str| match *word {
            "IN" => self.shipped.path.clone(),
            "OUT" => out.clone(),
            word => PathBuf::from(word),
        };
        let mut command = Command::new(program);
        command.args(arguments.iter().map(place)).stdin(Stdio::null()).stdout(Stdio::null());
        let output = match command.stderr(Stdio::piped()).output() {
            Ok(output) => output,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Trial::failed(format!("`{program}` is not installed")));
            }
            Err(error) => return Ok(Trial::failed(format!("`{program}` could not be run: {error}"))),
        };
        if !output.status.success() {
            let words = String::from_utf8_lossy(&output.stderr);
            let said =
                words.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("it said nothing");
            return Ok(Trial::failed(format!("`{program}` ended with {}: {said}", output.status)));
        }
        Ok(match size(&out) {
            Some(after) => Trial::measured(self.shipped.size, after, advice.saving.as_ref()),
            None => Trial::failed(format!("`{program}` has written nothing")),
        })
    }
}

fn size(path: &Path) -> Option<u64> {
    std::fs::metadata(path).ok().map(|metadata| metadata.len())
}

/// Flags for rustc where they have to be: those for the linker only where it is called.
fn add_flags(variant: &mut Variant, flags: &[&str]) {
    let is_for_linking = |flag: &&str| flag.starts_with("link-arg") || flag.starts_with("link-dead-code");
    for pair in flags.chunks(2) {
        let all = if pair.last().is_some_and(is_for_linking) {
            &mut variant.last_flags
        } else {
            &mut variant.rustflags
        };
        all.extend(pair.iter().map(|word| word.to_string()));
    }
}

fn stripped() -> Settings {
    BTreeMap::from([("strip".to_string(), Setting::Text("symbols".to_string()))])
}

/// Lines of TOML as settings.
fn settings(lines: &[(&str, &str)]) -> Settings {
    let text: Vec<String> = lines.iter().map(|(key, value)| format!("{key}={value}")).collect();
    profile::settings(&text.join(",")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_go_where_they_take_effect() {
        let mut variant = Variant::default();
        add_flags(&mut variant, &["-C", "link-arg=-Wl,--icf=all", "-C", "force-unwind-tables=no"]);
        assert_eq!(variant.last_flags, ["-C", "link-arg=-Wl,--icf=all"]);
        assert_eq!(variant.rustflags, ["-C", "force-unwind-tables=no"]);
    }

    #[test]
    fn lines_of_advice_are_settings() {
        let all = settings(&[("lto", "\"fat\""), ("codegen-units", "1"), ("overflow-checks", "false")]);
        let text: Vec<String> = all.iter().map(|(key, value)| format!("{key} = {value}")).collect();
        assert_eq!(text, ["codegen-units = 1", "lto = \"fat\"", "overflow-checks = false"]);
    }
}
