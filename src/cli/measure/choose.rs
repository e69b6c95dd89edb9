//! Which one artifact is measured.

use anyhow::Result;
use cargo_metadata::{Package, Target};

use crate::cli::cargo::{Artifact, ArtifactKind, Choice, Selection, artifact_kinds};
use crate::cli::error::CliError;

/// The artifact that is measured.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    /// The package it is of.
    pub package: Package,
    /// The name of its target.
    pub name: String,
    /// The kind of file.
    pub kind: ArtifactKind,
    /// How cargo is told to build it alone.
    pub choice: Choice,
}

impl Wanted {
    /// Whether it is the one.
    pub fn is(&self, artifact: &Artifact) -> bool {
        (artifact.kind, &artifact.target_name) == (self.kind, &self.name)
            && *artifact.package == **self.package.name
    }
}

/// The one artifact that a selection leaves.
///
/// *Errors*: there is none, or several; then with their names.
pub(super) fn one(packages: &[&Package], selection: &Selection) -> Result<Wanted> {
    let mut found = Vec::new();
    for package in packages {
        for target in &package.targets {
            found.extend(wanted(package, target, selection));
        }
    }
    if let [one] = found.as_slice() {
        return Ok(one.clone());
    }
    if selection.targets.is_empty() {
        // The program that `cargo run` would run.
        let is_default = |w: &&Wanted| w.package.default_run.as_ref() == Some(&w.name);
        let mut defaults = found.iter().filter(is_default);
        if let (Some(one), None) = (defaults.next(), defaults.next()) {
            return Ok(one.clone());
        }
    }
    let names: Vec<String> = found.iter().map(described).collect();
    Err(match names.as_slice() {
        [] => CliError::new("nothing that ships is built by this").with_hint(
            "choose a package of the workspace with `--package`, \
             and what to measure of it with `--bin`, `--example` or `--lib`",
        ),
        names => CliError::new(format!("one artifact can be measured, and this builds {}", names.len()))
            .with_hint(format!("choose one: {}", names.join(", "))),
    }
    .into())
}

/// The flags that choose it.
fn described(wanted: &Wanted) -> String {
    let package = &wanted.package.name;
    match &wanted.choice {
        Choice::Bin(name) => format!("`-p {package} --bin {name}`"),
        Choice::Example(name) => format!("`-p {package} --example {name}`"),
        _ => format!("`-p {package} --lib`"),
    }
}

fn wanted(package: &Package, target: &Target, selection: &Selection) -> Option<Wanted> {
    let choice = if target.is_example() {
        Choice::Example(target.name.clone())
    } else if target.is_bin() {
        Choice::Bin(target.name.clone())
    } else {
        Choice::Lib
    };
    let targets = &selection.targets;
    let is_chosen = targets.iter().any(|chosen| {
        *chosen == choice
            || matches!(
                (chosen, &choice),
                (Choice::Bins, Choice::Bin(_)) | (Choice::Examples, Choice::Example(_))
            )
    });
    let by_default = targets.is_empty() && !target.is_example();
    if !is_chosen && !by_default {
        return None;
    }
    // Of a library that makes several files, the one that is loaded before the one that is linked.
    let libraries = target.is_lib() || target.is_rlib();
    let kind = artifact_kinds(target).into_iter().next();
    let kind = kind.or((is_chosen && libraries).then_some(ArtifactKind::RustLibrary))?;
    Some(Wanted { package: package.clone(), name: target.name.clone(), kind, choice })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::cargo::testing::package;

    #[track_caller]
    fn chosen(packages: &[&Package], targets: &[Choice]) -> Result<String, String> {
        let selection = Selection { targets: targets.to_vec(), ..Selection::default() };
        match one(packages, &selection) {
            Ok(wanted) => Ok(format!("{} {:?}", described(&wanted), wanted.kind)),
            Err(error) => Err(crate::cli::error::hint(&error).unwrap_or_default().to_string()),
        }
    }

    #[test]
    fn one_artifact_is_left() {
        let app = package("app", None, &["bin app", "lib app", "example e", "custom-build b"]);
        let several = package("several", Some("b"), &["bin a", "bin b"]);
        let plug = package("plug", None, &["cdylib+staticlib+rlib plug"]);
        let text = |text: &str| Ok(text.to_string());
        assert_eq!(chosen(&[&app], &[]), text("`-p app --bin app` Executable"));
        assert_eq!(chosen(&[&app], &[Choice::Examples]), text("`-p app --example e` Executable"));
        assert_eq!(chosen(&[&app], &[Choice::Lib]), text("`-p app --lib` RustLibrary"));
        assert_eq!(chosen(&[&several], &[]), text("`-p several --bin b` Executable"));
        assert_eq!(chosen(&[&several], &[Choice::Bin("a".into())]), text("`-p several --bin a` Executable"));
        assert_eq!(chosen(&[&plug], &[]), text("`-p plug --lib` SharedLibrary"));
    }

    #[test]
    fn what_is_not_clear_is_asked() {
        let app = package("app", None, &["bin app", "cdylib plug"]);
        assert_eq!(chosen(&[&app], &[]), Err("choose one: `-p app --bin app`, `-p app --lib`".to_string()));
        assert!(chosen(&[&app], &[Choice::Bin("no".into())]).unwrap_err().contains("`--package`"));
        assert!(chosen(&[], &[]).is_err());
    }
}
