//! What cargo is to build, however it was said.
//!
//! Flags behind `--` that mean the same as one of our own are taken as that, so that there is
//! one place to look. Flags that would send the results elsewhere are refused.

use std::ffi::OsString;

use anyhow::Result;
use cargo_metadata::{Metadata, Package};

use super::artifact::{ArtifactKind, artifact_kinds};
use crate::cli::args::CargoArgs;
use crate::cli::error::CliError;
use crate::order::Arrange;

/// What cargo is to build.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::cli) struct Selection {
    /// Packages as they were typed; none are those that cargo builds by default.
    pub packages: Vec<String>,
    /// All packages of the workspace.
    pub workspace: bool,
    /// Targets of these packages; none are those that make something to analyse.
    pub targets: Vec<Choice>,
    /// Features of these packages.
    pub features: Features,
    /// Profile to start from, if one was named.
    pub profile: Option<String>,
    /// Platforms; none is the default one.
    pub platforms: Vec<String>,
    /// What else cargo is told, word by word.
    pub rest: Vec<OsString>,
}

/// A choice among the targets of packages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) enum Choice {
    Bin(String),
    Bins,
    Example(String),
    Examples,
    Lib,
    /// Tests and benchmarks: the flag, and its value.
    Other(String, Option<String>),
}

/// Features of the packages that are built.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::cli) struct Features {
    /// Features by name.
    pub named: Vec<String>,
    /// All there are.
    pub all: bool,
    /// Not the default ones.
    pub no_default: bool,
}

impl Selection {
    /// What was typed, in front of `--` and behind.
    pub fn of(args: &CargoArgs) -> Result<Selection> {
        let mut selection = Selection {
            packages: args.package.clone(),
            workspace: args.workspace,
            targets: Vec::new(),
            features: Features {
                named: args.features.iter().flat_map(|text| words(text)).collect(),
                all: args.all_features,
                no_default: args.no_default_features,
            },
            profile: args.profile.clone(),
            platforms: args.target.clone(),
            rest: Vec::new(),
        };
        selection.targets.extend(args.bin.iter().cloned().map(Choice::Bin));
        selection.targets.extend(args.bins.then_some(Choice::Bins));
        selection.targets.extend(args.example.iter().cloned().map(Choice::Example));
        selection.targets.extend(args.examples.then_some(Choice::Examples));
        selection.targets.extend(args.lib.then_some(Choice::Lib));
        selection.absorb(&args.rest)?;
        Ok(selection)
    }

    /// Takes in what stands behind `--`.
    fn absorb(&mut self, rest: &[OsString]) -> Result<()> {
        let mut queue = rest.iter();
        while let Some(word) = queue.next() {
            let Some(text) = word.to_str() else {
                self.rest.push(word.clone());
                continue;
            };
            let (flag, inline) = split(text);
            let mut value = || -> Result<String> {
                let value = inline
                    .map(str::to_string)
                    .or_else(|| queue.next().and_then(|word| word.to_str()).map(str::to_string));
                value.ok_or_else(|| CliError::new(format!("`{flag}` behind `--` lacks its value")).into())
            };
            match flag {
                "-p" | "--package" => self.packages.push(value()?),
                "--workspace" | "--all" => self.workspace = true,
                "--bin" => self.targets.push(Choice::Bin(value()?)),
                "--bins" => self.targets.push(Choice::Bins),
                "--example" => self.targets.push(Choice::Example(value()?)),
                "--examples" => self.targets.push(Choice::Examples),
                "--lib" => self.targets.push(Choice::Lib),
                "--test" | "--bench" => self.targets.push(Choice::Other(flag.to_string(), Some(value()?))),
                "--tests" | "--benches" | "--all-targets" => {
                    self.targets.push(Choice::Other(flag.to_string(), None));
                }
                "-F" | "--features" => self.features.named.extend(words(&value()?)),
                "--all-features" => self.features.all = true,
                "--no-default-features" => self.features.no_default = true,
                "-r" | "--release" => self.profile = self.profile.take().or(Some("release".to_string())),
                "--profile" => self.profile = Some(value()?),
                "--target" => self.platforms.push(value()?),
                "--manifest-path" => return Err(ours(flag, "--manifest-path PATH")),
                "--target-dir" => return Err(ours(flag, "--scratch PATH")),
                "--message-format" | "--artifact-dir" | "--out-dir" | "--build-plan" | "--unit-graph" => {
                    let message = format!("`{flag}` behind `--` changes what bloat reads from cargo");
                    return Err(CliError::new(message).with_hint("leave it out").into());
                }
                _ => self.rest.push(word.clone()),
            }
        }
        Ok(())
    }

    /// The profile to start from.
    pub fn profile(&self) -> &str {
        self.profile.as_deref().unwrap_or("release")
    }

    /// The packages of the workspace that this builds, by name.
    ///
    /// Packages named in a way that only cargo understands are not among them.
    pub(super) fn packages<'m>(&self, metadata: &'m Metadata) -> Vec<&'m Package> {
        let mut packages = match metadata.root_package() {
            _ if self.workspace => metadata.workspace_packages(),
            _ if !self.packages.is_empty() => {
                let named = |p: &&Package| self.packages.iter().any(|spec| is_meant(spec, p));
                metadata.workspace_packages().into_iter().filter(named).collect()
            }
            _ if metadata.workspace_default_members.is_available() => metadata.workspace_default_packages(),
            Some(package) => vec![package],
            None => metadata.workspace_packages(),
        };
        packages.arrange_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        packages
    }

    /// Whether Rust libraries were asked for.
    pub(super) fn wants_libraries(&self) -> bool {
        self.targets.contains(&Choice::Lib)
    }

    /// What this is on cargo's command line, without the profile.
    ///
    /// Packages are named only if the user named them: naming them unifies features in
    /// another way than the user's own build does, and so builds something else.
    pub(super) fn arguments(&self) -> Vec<OsString> {
        let mut out: Vec<OsString> = Vec::new();
        let mut flag = |words: &[&str]| out.extend(words.iter().map(OsString::from));
        for package in &self.packages {
            flag(&["--package", package]);
        }
        if self.workspace {
            flag(&["--workspace"]);
        }
        for target in &self.targets {
            match target {
                Choice::Bin(name) => flag(&["--bin", name]),
                Choice::Bins => flag(&["--bins"]),
                Choice::Example(name) => flag(&["--example", name]),
                Choice::Examples => flag(&["--examples"]),
                Choice::Lib => flag(&["--lib"]),
                Choice::Other(name, Some(value)) => flag(&[name, value]),
                Choice::Other(name, None) => flag(&[name]),
            }
        }
        if !self.features.named.is_empty() {
            flag(&["--features", &self.features.named.join(",")]);
        }
        if self.features.all {
            flag(&["--all-features"]);
        }
        if self.features.no_default {
            flag(&["--no-default-features"]);
        }
        for platform in &self.platforms {
            flag(&["--target", platform]);
        }
        out.extend(self.rest.iter().cloned());
        out
    }
}

/// A flag and the value that is written in the same word: `--bin=app`, `-papp`.
fn split(text: &str) -> (&str, Option<&str>) {
    if text.starts_with("--") {
        return text.split_once('=').map_or((text, None), |(flag, value)| (flag, Some(value)));
    }
    match text.split_at_checked(2) {
        Some((flag @ ("-p" | "-F"), value)) if !value.is_empty() => {
            (flag, Some(value.strip_prefix('=').unwrap_or(value)))
        }
        _ => (text, None),
    }
}

/// Names in a list as cargo reads it: separated by commas or spaces.
fn words(text: &str) -> Vec<String> {
    let words = text.split([',', ' ']).filter(|word| !word.is_empty());
    words.map(str::to_string).collect()
}

fn ours(flag: &str, own: &str) -> anyhow::Error {
    CliError::new(format!("`{flag}` behind `--` is bloat's to set"))
        .with_hint(format!("pass `{own}` in front of `--`"))
        .into()
}

/// Whether a package is one of those that a specification names: `app`, `app@1.0.0`, `app-*`.
fn is_meant(spec: &str, package: &Package) -> bool {
    let (name, version) = spec.split_once('@').map_or((spec, None), |(n, v)| (n, Some(v)));
    let fits = version.is_none_or(|version| package.version.to_string().starts_with(version));
    fits && matches(name, &package.name)
}

/// Whether a name fits a pattern with `*` for any text and `?` for any character.
fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    // `ends[i]`: the pattern so far fits the first `i` characters.
    let mut ends = vec![false; name.len() + 1];
    ends[0] = true;
    for &p in &pattern {
        let before = ends.clone();
        for at in 0..=name.len() {
            ends[at] = match p {
                '*' => before[at] || (at > 0 && ends[at - 1]),
                p => at > 0 && before[at - 1] && (p == '?' || p == name[at - 1]),
            };
        }
    }
    ends[name.len()]
}

/// Which targets of the selected packages are worth building, where the user chose none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Targets {
    /// There is nothing to analyse.
    None,
    /// Only programs: libraries that none of them needs are not built.
    Programs,
    /// There is a library that ships too, which cargo builds with the libraries.
    All,
}

impl Targets {
    pub fn of(packages: &[&Package]) -> Targets {
        // Examples are built only when asked for.
        let targets = packages.iter().flat_map(|package| &package.targets).filter(|t| !t.is_example());
        let kinds: Vec<ArtifactKind> = targets.flat_map(artifact_kinds).collect();
        match kinds.iter().find(|kind| **kind != ArtifactKind::Executable) {
            Some(_) => Targets::All,
            None if kinds.is_empty() => Targets::None,
            None => Targets::Programs,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{joined, package};
    use super::*;

    fn of(rest: &[&str]) -> Result<Selection> {
        let args = CargoArgs { rest: rest.iter().map(OsString::from).collect(), ..CargoArgs::default() };
        Selection::of(&args)
    }

    #[test]
    fn only_what_can_be_analysed_is_built() {
        let library = package("library", None, &["lib library", "example e", "custom-build b"]);
        let app = package("app", None, &["bin app", "lib app"]);
        let shared = package("shared", None, &["cdylib+rlib shared"]);
        let fixed = package("fixed", None, &["staticlib fixed"]);
        assert_eq!(Targets::of(&[]), Targets::None);
        assert_eq!(Targets::of(&[&library]), Targets::None);
        assert_eq!(Targets::of(&[&library, &app]), Targets::Programs);
        assert_eq!(Targets::of(&[&app, &shared]), Targets::All);
        assert_eq!(Targets::of(&[&app, &fixed]), Targets::All);
    }

    #[test]
    fn flags_behind_the_dashes_are_as_good_as_our_own() {
        let own = CargoArgs {
            package: vec!["a".into()],
            bin: vec!["b".into()],
            example: vec!["e".into()],
            features: vec!["x y".into(), "z".into()],
            profile: Some("dist".into()),
            target: vec!["t".into()],
            no_default_features: true,
            ..CargoArgs::default()
        };
        let rest =
            "-pa --bin=b --example e --features x,y -Fz --profile dist --target=t --no-default-features";
        let rest: Vec<&str> = rest.split(' ').collect();
        let selection = of(&rest).unwrap();
        assert_eq!(selection, Selection::of(&own).unwrap());
        assert_eq!(
            joined(&selection.arguments()),
            "--package a --bin b --example e --features x,y,z --no-default-features --target t"
        );
        assert_eq!(selection.profile(), "dist");
    }

    #[test]
    fn other_flags_are_passed_on() {
        let selection = of(&["--jobs", "2", "--config", "a=1", "--test", "t", "--offline"]).unwrap();
        assert_eq!(joined(&selection.arguments()), "--test t --jobs 2 --config a=1 --offline");
        assert_eq!(selection.profile(), "release");
    }

    #[test]
    fn flags_that_send_results_elsewhere_are_refused() {
        for (flag, hint) in [("--target-dir", "`--scratch PATH`"), ("--manifest-path=x", "`--manifest-path")]
        {
            let error = of(&[flag, "x"]).unwrap_err();
            assert!(crate::cli::error::hint(&error).unwrap().contains(hint), "{error}");
        }
        assert!(of(&["--message-format=json"]).is_err());
        assert!(of(&["--bin"]).unwrap_err().to_string().contains("lacks its value"));
    }

    #[test]
    fn packages_are_meant_as_cargo_means_them() {
        let app = package("my-app", None, &[]);
        for spec in ["my-app", "my-app@1.0.0", "my-app@1", "my-*", "*app", "m?-app", "*"] {
            assert!(is_meant(spec, &app), "{spec}");
        }
        for spec in ["my", "my-app@2.0.0", "my-?", "my-apps", "", "path+file:///x#my-app"] {
            assert!(!is_meant(spec, &app), "{spec}");
        }
    }
}
