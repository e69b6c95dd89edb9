//! `Cargo.lock`: <https://doc.rust-lang.org/cargo/guide/cargo-toml-vs-cargo-lock.html>.

use std::collections::HashMap;

use toml_edit::{Item, Table};

use super::toml::{ConfigError, Source};
use crate::analysis::dependencies::Locked;
use crate::model;
use crate::project::Package;
use crate::project::graph::{Edge, Graph, GraphPackage, Line, Need};

/// Reads the packages of a `Cargo.lock` of any version. What else is in it is not looked at.
///
/// *Errors*: [`ConfigError`] where it is no TOML, has no packages, or one of them no name or version.
pub fn lockfile(text: &str) -> Result<Vec<Locked>, ConfigError> {
    each(text, |entry| {
        let commit = entry.source.filter(|s| s.starts_with("git+")).and_then(|s| s.rsplit_once('#'));
        Locked {
            name: entry.name.to_string(),
            version: entry.version.to_string(),
            commit: commit.map(|(_, commit)| commit.to_string()),
        }
    })
}

/// Reads who needs whom from a `Cargo.lock` of any version: names, and neither kinds nor features.
///
/// *Errors*: as [`lockfile`]; also where a package needs one that is not in it, or there are too many.
pub fn lockfile_graph(text: &str) -> Result<Graph, ConfigError> {
    let all = each(text, |entry| {
        let words = entry.dependencies.iter().filter_map(|item| item.as_str()).map(str::to_string);
        let source = entry.source.map(str::to_string);
        (entry.name.to_string(), entry.version.to_string(), source, words.collect::<Vec<String>>())
    })?;
    let source = Source(text);
    let pinned =
        all.iter().map(|(name, version, source, _)| Pinned { name, version, source: source.as_deref() });
    let finder = Finder::new(pinned);
    let mut edges = Vec::new();
    for ((name, version, _, dependencies), from) in all.iter().zip(0..) {
        for dependency in dependencies {
            let to = finder.find(dependency).ok_or_else(|| {
                let message =
                    format!("`{name} {version}` needs `{dependency}`, which is not in the lockfile");
                source.error(None, message)
            })?;
            edges.push(Edge { from, to, lines: vec![Line { need: Need::Unknown, ..Line::default() }] });
        }
    }
    let package = |(name, version, source, _): (String, String, Option<String>, Vec<String>)| GraphPackage {
        package: Package {
            source: match source {
                None => model::Source::Path,
                Some(s) if s.starts_with("git+") => model::Source::Git,
                Some(_) => model::Source::Registry,
            },
            name,
            version,
            crates: Vec::new(),
            root: None,
        },
        is_proc_macro: false,
        is_for_build: false,
        features: None,
    };
    let graph = Graph::new(all.into_iter().map(package).collect(), edges);
    let graph = graph.map_err(|message| source.error(None, message))?;
    Ok(Graph { has_kinds: false, ..graph })
}

/// A package as a lockfile writes it.
struct Entry<'t> {
    name: &'t str,
    version: &'t str,
    source: Option<&'t str>,
    dependencies: Vec<&'t toml_edit::Value>,
}

/// What `look` makes of each package.
fn each<T>(text: &str, look: impl Fn(Entry<'_>) -> T) -> Result<Vec<T>, ConfigError> {
    let source = Source(text);
    let document = source.parse()?;
    let Some(packages) = document.get("package").and_then(|p| p.as_array_of_tables()) else {
        // A package without dependencies still lists itself.
        return Err(source.error(None, "it lists no packages, which every Cargo.lock does"));
    };
    let entry = |package: &Table| {
        let text = |key: &str| package.get(key).and_then(Item::as_str);
        let required = |key: &str| {
            text(key).ok_or_else(|| source.error(package.span(), format!("a package has no `{key}`")))
        };
        let dependencies = package.get("dependencies").and_then(Item::as_array);
        Ok(look(Entry {
            name: required("name")?,
            version: required("version")?,
            source: text("source"),
            dependencies: dependencies.map(|all| all.iter().collect()).unwrap_or_default(),
        }))
    };
    packages.iter().map(entry).collect()
}

/// A package as a lockfile names it.
#[derive(Debug, Clone, Copy)]
struct Pinned<'t> {
    name: &'t str,
    version: &'t str,
    source: Option<&'t str>,
}

/// Finds packages by name, and by version and source where a name is not enough.
struct Finder<'t> {
    by_name: HashMap<&'t str, Vec<(u32, Pinned<'t>)>>,
}

impl<'t> Finder<'t> {
    /// Of packages that are numbered as they come.
    fn new(all: impl Iterator<Item = Pinned<'t>>) -> Finder<'t> {
        let mut by_name: HashMap<&str, Vec<(u32, Pinned<'_>)>> = HashMap::new();
        for (package, number) in all.zip(0..) {
            by_name.entry(package.name).or_default().push((number, package));
        }
        Finder { by_name }
    }

    /// The package that a dependency of a lockfile means: `name`, `name version` or `name version (source)`.
    ///
    /// The commit of a git repository is in the source of the package and not in that of the dependency.
    fn find(&self, dependency: &str) -> Option<u32> {
        let mut words = dependency.splitn(3, ' ');
        let name = words.next().unwrap_or_default();
        let version = words.next();
        let source = words.next().map(|s| s.trim_start_matches('(').trim_end_matches(')'));
        let is_source = |known: &str, source: &str| {
            known == source || known.strip_prefix(source).is_some_and(|rest| rest.starts_with('#'))
        };
        let fits = |package: &Pinned<'_>| {
            version.is_none_or(|version| version == package.version)
                && source.is_none_or(|source| package.source.is_some_and(|known| is_source(known, source)))
        };
        let of_name = self.by_name.get(name)?.iter();
        of_name.filter(|(_, package)| fits(package)).map(|(number, _)| *number).next()
    }
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
    fn who_needs_whom_is_read() {
        let graph = lockfile_graph(include_str!("../../Cargo.lock")).unwrap();
        let [own] = graph.named(env!("CARGO_PKG_NAME"))[..] else { panic!("one package of that name") };
        let needs = |from: u32, name: &str| {
            graph.edges.iter().any(|e| e.from == from && graph.packages[e.to as usize].package.name == name)
        };
        // As this package's manifest has it.
        assert!(needs(own, "gimli") && needs(own, "memmap2") && !needs(own, "syn"));
        assert_eq!(graph.roots_for("libbloat.rlib", &[]), [own]);
        assert_eq!(graph.roots_for("another", &[]), [own]);

        let text = "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\ndependencies = [\"b 2.0.0\"]\n";
        let error = lockfile_graph(text).unwrap_err().to_string();
        assert_eq!(error, "`a 1.0.0` needs `b 2.0.0`, which is not in the lockfile");
    }

    #[test]
    fn what_is_no_lockfile_is_said() {
        assert!(lockfile("").is_err_and(|e| e.message.contains("lists no packages")));
        assert!(lockfile("[package]\nname = \"a\"").is_err_and(|e| e.message.contains("lists no packages")));
        let error = lockfile("\n[[package]]\nname = \"a\"").unwrap_err();
        assert_eq!(error.to_string(), "line 2: a package has no `version`");
    }

    #[test]
    fn dependencies_of_lockfiles_are_as_long_as_they_need_to_be() {
        let all = [
            ("a", "1.0.0", Some("registry+https://example.com/index")),
            ("b", "1.0.0", Some("git+https://example.com/b#0123")),
            ("b", "2.0.0", None),
            ("b", "1.0.0", Some("registry+https://example.com/index")),
        ];
        let pinned = |(name, version, source)| Pinned { name, version, source };
        let finder = Finder::new(all.into_iter().map(pinned));
        assert_eq!(finder.find("a"), Some(0));
        assert_eq!(finder.find("b 2.0.0"), Some(2));
        assert_eq!(finder.find("b 1.0.0 (registry+https://example.com/index)"), Some(3));
        assert_eq!(finder.find("b 1.0.0 (git+https://example.com/b)"), Some(1));
        assert_eq!(finder.find("b 3.0.0"), None);
        assert_eq!(finder.find(""), None);
    }
}
