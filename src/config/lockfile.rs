//! `Cargo.lock`: <https://doc.rust-lang.org/cargo/guide/cargo-toml-vs-cargo-lock.html>.

use super::toml::{ConfigError, Source};
use crate::analysis::dependencies::Locked;

/// Reads the packages of a `Cargo.lock` of any version. What else is in it is not looked at.
///
/// *Errors*: [`ConfigError`] where it is no TOML, has no packages, or one of them no name or version.
pub fn lockfile(text: &str) -> Result<Vec<Locked>, ConfigError> {
    let source = Source(text);
    let document = source.parse()?;
    let Some(packages) = document.get("package").and_then(|p| p.as_array_of_tables()) else {
        // A package without dependencies still lists itself.
        return Err(source.error(None, "it lists no packages, which every Cargo.lock does"));
    };
    let mut all = Vec::with_capacity(packages.len());
    for package in packages {
        let text = |key: &str| package.get(key).and_then(|item| item.as_str());
        let required = |key: &str| {
            text(key).ok_or_else(|| source.error(package.span(), format!("a package has no `{key}`")))
        };
        let commit = text("source").filter(|s| s.starts_with("git+")).and_then(|s| s.rsplit_once('#'));
        let (name, version) = (required("name")?.to_string(), required("version")?.to_string());
        all.push(Locked { name, version, commit: commit.map(|(_, commit)| commit.to_string()) });
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_read() {
        let own = include_str!("../../Cargo.lock");
        let all = lockfile(own).unwrap();
        assert_eq!(all.len(), own.matches("\n[[package]]\n").count());
        assert!(
            all.iter().any(|p| p.name == env!("CARGO_PKG_NAME") && p.version == env!("CARGO_PKG_VERSION"))
        );
        let git = "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"git+https://example.com/a?branch=b#0123456789\"";
        assert_eq!(lockfile(git).unwrap()[0].commit.as_deref(), Some("0123456789"));
    }

    #[test]
    fn what_is_no_lockfile_is_said() {
        assert!(lockfile("").is_err_and(|e| e.message.contains("lists no packages")));
        assert!(lockfile("[package]\nname = \"a\"").is_err_and(|e| e.message.contains("lists no packages")));
        let error = lockfile("\n[[package]]\nname = \"a\"").unwrap_err();
        assert_eq!(error.to_string(), "line 2: a package has no `version`");
    }
}
