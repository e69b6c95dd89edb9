//! Packages that a lockfile pins, and what became of them.

use std::collections::{BTreeMap, BTreeSet};

/// A package of a lockfile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locked {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The commit it was taken from, if that is a git repository.
    pub commit: Option<String>,
}

impl Locked {
    /// The version, and the start of the commit where a version is not enough to tell.
    fn label(&self) -> String {
        let short = |commit: &str| commit.chars().take(8).collect::<String>();
        match &self.commit {
            Some(commit) => format!("{}#{}", self.version, short(commit)),
            None => self.version.clone(),
        }
    }
}

/// A package of which other versions are pinned than before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// Its name.
    pub name: String,
    /// Versions that are no longer there.
    pub old: Vec<String>,
    /// Versions that were not there.
    pub new: Vec<String>,
}

impl Dependency {
    /// Whether a crate of this name can be of the package.
    pub fn makes(&self, krate: &str) -> bool {
        self.name.len() == krate.len()
            && self.name.bytes().zip(krate.bytes()).all(|(a, b)| a == b || (a == b'-' && b == b'_'))
    }
}

/// Packages that are not pinned as they were, in order of name.
///
/// Each has the versions that only one side has: of a package in two versions of which one
/// was bumped, the other is not listed.
pub fn changes(old: &[Locked], new: &[Locked]) -> Vec<Dependency> {
    let mut all: BTreeMap<&str, [BTreeSet<String>; 2]> = BTreeMap::new();
    for (side, packages) in [old, new].into_iter().enumerate() {
        for package in packages {
            all.entry(&package.name).or_default()[side].insert(package.label());
        }
    }
    let changed = all.into_iter().filter(|(_, [before, after])| before != after);
    changed
        .map(|(name, [before, after])| Dependency {
            name: name.to_string(),
            old: before.difference(&after).cloned().collect(),
            new: after.difference(&before).cloned().collect(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locked(text: &str) -> Vec<Locked> {
        let one = |word: &str| {
            let (name, rest) = word.split_once('@').unwrap();
            let (version, commit) =
                rest.split_once('#').map_or((rest, None), |(v, c)| (v, Some(c.to_string())));
            Locked { name: name.to_string(), version: version.to_string(), commit }
        };
        text.split_whitespace().map(one).collect()
    }

    #[test]
    fn only_what_differs_is_listed() {
        let old = locked("app@0.1.0 syn@1.0.0 syn@2.0.1 gone@1.0.0 fork@1.0.0#0123456789");
        let new = locked("fork@1.0.0#9876543210 syn@1.0.0 syn@2.0.2 fresh-one@0.1.0 app@0.1.0");
        let text = |d: &Dependency| format!("{} {:?} {:?}", d.name, d.old, d.new);
        assert_eq!(
            changes(&old, &new).iter().map(text).collect::<Vec<_>>(),
            [
                r#"fork ["1.0.0#01234567"] ["1.0.0#98765432"]"#,
                r#"fresh-one [] ["0.1.0"]"#,
                r#"gone ["1.0.0"] []"#,
                r#"syn ["2.0.1"] ["2.0.2"]"#,
            ]
        );
        assert!(changes(&old, &old).is_empty());
        assert!(changes(&old, &new)[1].makes("fresh_one") && !changes(&old, &new)[1].makes("fresh"));
    }
}
