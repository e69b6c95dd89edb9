//! Which packages a binary was built from, as far as somebody wrote it down.
//!
//! Names in a binary are those of crates and have no version. A list of packages
//! gives both where a crate name can mean only one of them. Knows nothing of
//! bytes and symbols.

pub mod graph;

use std::collections::HashSet;

use serde::Deserialize;

use crate::model::Source;

/// A package that may be in the binary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Name as in its manifest.
    pub name: String,
    /// Version as in its manifest.
    pub version: String,
    /// Where it comes from.
    pub source: Source,
    /// Names of the crates it is compiled to; that of the package with `_` for `-` if none is listed.
    pub crates: Vec<String>,
    /// Directory of its manifest, where that is known.
    pub root: Option<String>,
}

impl Package {
    /// Whether a crate of this name can be of the package.
    pub fn makes(&self, krate: &str) -> bool {
        if self.crates.is_empty() {
            return self.name.len() == krate.len()
                && self.name.bytes().zip(krate.bytes()).all(|(a, b)| a == b || (a == b'-' && b == b'_'));
        }
        self.crates.iter().any(|c| c == krate)
    }
}

/// A list of packages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Packages {
    /// In no particular order, without repeats.
    pub list: Vec<Package>,
}

/// What `cargo auditable` embeds: <https://github.com/rust-secure-code/cargo-auditable>, `PARSING.md`.
#[derive(Deserialize)]
struct Auditable {
    packages: Vec<AuditablePackage>,
}

#[derive(Deserialize)]
struct AuditablePackage {
    name: String,
    version: String,
    source: String,
    #[serde(default)]
    kind: Option<String>,
}

impl Packages {
    /// Reads the list that `cargo auditable` embeds, decompressed.
    ///
    /// Packages that only the build needed are left out: nothing of theirs is in the binary.
    ///
    /// *Errors*: the text is no such list, or it is larger than any that is read; in words.
    pub fn from_auditable(json: &[u8]) -> Result<Packages, String> {
        let read: Auditable = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        if read.packages.len() > graph::MOST_PACKAGES {
            return Err(format!("it lists more than {} packages", graph::MOST_PACKAGES));
        }
        let at_run_time = |p: &AuditablePackage| p.kind.as_deref() != Some("build");
        let list = read.packages.into_iter().filter(at_run_time).map(|p| Package {
            source: auditable_source(&p.source),
            name: p.name,
            version: p.version,
            crates: Vec::new(),
            root: None,
        });
        Ok(Packages { list: list.collect() })
    }

    /// The only package that a crate of this name can be of.
    pub fn of_crate(&self, krate: &str) -> Option<&Package> {
        let mut all = self.list.iter().filter(|p| p.makes(krate));
        all.next().filter(|first| all.all(|other| other.version == first.version))
    }

    /// The package whose manifest lies in this directory.
    pub fn in_directory(&self, root: &str) -> Option<&Package> {
        self.list.iter().find(|p| p.root.as_deref() == Some(root))
    }

    /// The same list with the packages of another.
    pub fn join(&mut self, other: Packages) {
        let identity = |p: &Package| (p.name.clone(), p.version.clone());
        let mut known: HashSet<(String, String)> = self.list.iter().map(identity).collect();
        self.list.extend(other.list.into_iter().filter(|p| known.insert(identity(p))));
    }
}

/// Where `cargo auditable` says that a package comes from.
fn auditable_source(word: &str) -> Source {
    match word {
        "crates.io" | "registry" | "CratesIo" | "Registry" => Source::Registry,
        "git" | "Git" => Source::Git,
        "local" | "Local" => Source::Workspace,
        _ => Source::Unknown,
    }
}

/// The name of the crate that a package of this name makes, unless its manifest says otherwise.
pub(crate) fn normal(package: &str) -> String {
    package.replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_two_versions_share_means_neither() {
        let json = br#"{"packages":[
            {"name":"serde-json","version":"1.0.2","source":"crates.io","dependencies":[1]},
            {"name":"rand","version":"0.8.5","source":"crates.io"},
            {"name":"rand","version":"0.9.0","source":"crates.io"},
            {"name":"cc","version":"1.0.0","source":"crates.io","kind":"build"},
            {"name":"app","version":"0.1.0","source":"local","root":true}]}"#;
        let packages = Packages::from_auditable(json).unwrap();
        let version = |name: &str| packages.of_crate(name).map(|p| p.version.as_str());
        assert_eq!(version("serde_json"), Some("1.0.2"));
        assert_eq!(version("serde-json"), Some("1.0.2"));
        assert_eq!(version("rand"), None);
        assert_eq!(version("cc"), None);
        assert_eq!(packages.of_crate("app").map(|p| p.source), Some(Source::Workspace));
        assert!(Packages::from_auditable(b"{}").is_err());
    }

    #[test]
    fn crates_may_have_other_names_than_their_package() {
        let package = Package {
            name: "ripgrep".into(),
            version: "15.0.0".into(),
            source: Source::Workspace,
            crates: vec!["rg".into()],
            root: None,
        };
        assert!(package.makes("rg") && !package.makes("ripgrep"));
    }
}
