//! How packages depend on each other, whoever wrote it down.
//!
//! Cargo tells most (kinds, platforms, features), `cargo auditable` which packages
//! only the build needed, a lockfile names alone. Knows nothing of bytes.

use serde::Deserialize;

use super::{Package, auditable_source, normal};
use crate::model::Source;
use crate::order::Arrange;

/// Most packages of a graph. The largest workspaces have some thousands.
pub const MOST_PACKAGES: usize = 20_000;
/// Most dependencies of a graph.
pub const MOST_DEPENDENCIES: usize = 200_000;

/// Packages and what each of them needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Graph {
    /// In no particular order.
    pub packages: Vec<GraphPackage>,
    /// At most one from a package to another; in order of `from`, then `to`.
    pub edges: Vec<Edge>,
    /// Packages that the list itself says are built, by number.
    pub roots: Vec<u32>,
    /// Whether kinds of dependencies are known. A lockfile has none.
    pub has_kinds: bool,
}

/// A package of a graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphPackage {
    /// Its identity.
    pub package: Package,
    /// Whether it runs in the compiler only.
    pub is_proc_macro: bool,
    /// Whether the list says that only the build needed it.
    pub is_for_build: bool,
    /// Features that were switched on; `None` where nothing says.
    pub features: Option<Vec<String>>,
}

/// That a package needs another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// The package that needs the other, by number.
    pub from: u32,
    /// The package that is needed.
    pub to: u32,
    /// The lines of the manifest that say so, as far as they are known.
    pub lines: Vec<Line>,
}

/// A line of a manifest's dependencies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Line {
    /// What the dependency is for.
    pub need: Need,
    /// The platforms it is for, if not all: `cfg(unix)`.
    pub target: Option<String>,
    /// The name it has in the manifest, where that is another.
    pub rename: Option<String>,
    /// Whether a feature has to ask for it.
    pub optional: bool,
    /// Features in use that ask for it, if it is optional.
    pub enabled_by: Vec<String>,
    /// Features of the needed package that it switches on; `default` among them.
    pub features: Vec<String>,
}

/// What a dependency is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Need {
    /// The code itself.
    #[default]
    Normal,
    /// The build script.
    Build,
    /// Tests, examples and benchmarks.
    Dev,
    /// Nothing says.
    Unknown,
}

impl Need {
    /// The word for it in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Need::Normal => "normal",
            Need::Build => "build",
            Need::Dev => "dev",
            Need::Unknown => "unknown",
        }
    }
}

/// A list of packages is larger than any that is read.
fn too_many(what: &str, most: usize) -> String {
    format!("it has more than {most} {what}")
}

impl Graph {
    /// Puts a graph together; edges between the same packages become one.
    ///
    /// *Errors*: there are more packages or dependencies than [`MOST_PACKAGES`] or [`MOST_DEPENDENCIES`],
    /// or an edge leads to a package that does not exist; in words.
    pub fn new(packages: Vec<GraphPackage>, mut edges: Vec<Edge>) -> Result<Graph, String> {
        if packages.len() > MOST_PACKAGES {
            return Err(too_many("packages", MOST_PACKAGES));
        }
        let exists = |number: u32| (number as usize) < packages.len();
        if let Some(edge) = edges.iter().find(|e| !exists(e.from) || !exists(e.to)) {
            return Err(format!(
                "package {} depends on package {}, and there are {}",
                edge.from,
                edge.to,
                packages.len()
            ));
        }
        edges.arrange_by_key(|edge| (edge.from, edge.to));
        edges.dedup_by(|next, kept| {
            let same = (next.from, next.to) == (kept.from, kept.to);
            if same {
                kept.lines.append(&mut next.lines);
            }
            same
        });
        for edge in &mut edges {
            edge.lines.arrange();
            edge.lines.dedup();
        }
        if edges.len() > MOST_DEPENDENCIES {
            return Err(too_many("dependencies", MOST_DEPENDENCIES));
        }
        Ok(Graph { packages, edges, roots: Vec::new(), has_kinds: true })
    }

    /// Reads the list that `cargo auditable` embeds, decompressed.
    ///
    /// *Errors*: the text is no such list, or it is larger than any that is read; in words.
    pub fn from_auditable(json: &[u8]) -> Result<Graph, String> {
        #[derive(Deserialize)]
        struct List {
            packages: Vec<Entry>,
        }
        #[derive(Deserialize)]
        struct Entry {
            name: String,
            version: String,
            source: String,
            #[serde(default)]
            kind: Option<String>,
            #[serde(default)]
            dependencies: Vec<u32>,
            #[serde(default)]
            root: bool,
        }
        let list: List = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        if list.packages.len() > MOST_PACKAGES {
            return Err(too_many("packages", MOST_PACKAGES));
        }
        let edges = list.packages.iter().zip(0..).flat_map(|(entry, from)| {
            entry.dependencies.iter().map(move |&to| Edge { from, to, lines: Vec::new() })
        });
        let edges = edges.collect();
        let roots = list.packages.iter().zip(0..).filter(|(entry, _)| entry.root).map(|(_, n)| n).collect();
        let package = |entry: Entry| GraphPackage {
            is_for_build: entry.kind.as_deref() == Some("build"),
            package: Package {
                source: auditable_source(&entry.source),
                name: entry.name,
                version: entry.version,
                crates: Vec::new(),
                root: None,
            },
            is_proc_macro: false,
            features: None,
        };
        let graph = Graph::new(list.packages.into_iter().map(package).collect(), edges)?;
        Ok(Graph { roots, ..graph })
    }

    /// The packages that were built into a file of this name.
    ///
    /// In this order: those that the list itself names as built if it is one that was made with the
    /// file, else those of the workspace that make a crate of the file's name, else `preferred`,
    /// else those of the workspace that none of its other packages needs, else all of the workspace.
    pub fn roots_for(&self, file: &str, preferred: &[u32]) -> Vec<u32> {
        if !self.roots.is_empty() {
            return self.roots.clone();
        }
        let is_local = |n: &u32| {
            self.get(*n).is_some_and(|p| matches!(p.package.source, Source::Workspace | Source::Path))
        };
        let local: Vec<u32> = (0..self.packages.len() as u32).filter(is_local).collect();
        let names = crate_names_of_file(file);
        let makes = |n: &u32| self.get(*n).is_some_and(|p| names.iter().any(|name| p.package.makes(name)));
        let named: Vec<u32> = local.iter().copied().filter(makes).collect();
        if !named.is_empty() {
            return named;
        }
        if !preferred.is_empty() {
            return preferred.to_vec();
        }
        let mut is_needed = vec![false; self.packages.len()];
        for edge in self.edges.iter().filter(|e| e.from != e.to) {
            if let Some(needed) = is_needed.get_mut(edge.to as usize) {
                *needed = true;
            }
        }
        let free = |n: &u32| is_needed.get(*n as usize) == Some(&false);
        let tops: Vec<u32> = local.iter().copied().filter(free).collect();
        if tops.is_empty() { local } else { tops }
    }

    /// A package by its number.
    pub fn get(&self, number: u32) -> Option<&GraphPackage> {
        self.packages.get(number as usize)
    }

    /// The packages that `NAME` or `NAME@VERSION` means; a version may be its start, as in `1` for `1.2.3`.
    pub fn named(&self, spec: &str) -> Vec<u32> {
        let (name, version) = spec.split_once('@').map_or((spec, None), |(n, v)| (n, Some(v)));
        let name = normal(name);
        let fits = |p: &Package| {
            let is_named = normal(&p.name) == name || p.makes(&name);
            let is_version = |v: &str| match p.version.strip_prefix(v) {
                Some(rest) => rest.is_empty() || rest.starts_with(['.', '-', '+']),
                None => false,
            };
            is_named && version.is_none_or(is_version)
        };
        let all = self.packages.iter().zip(0..).filter(|(p, _)| fits(&p.package));
        all.map(|(_, number)| number).collect()
    }
}

/// Names that the crate of a binary may have, from the name of its file.
///
/// Libraries start with `lib`, and what lies in `deps` ends with a hash.
fn crate_names_of_file(file: &str) -> Vec<String> {
    let stem = file.split('.').next().unwrap_or(file);
    let mut names = vec![normal(stem)];
    let is_hash = |text: &str| text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit());
    if let Some((front, _)) = stem.rsplit_once('-').filter(|(_, hash)| is_hash(hash)) {
        names.push(normal(front));
    }
    let bare: Vec<String> = names.iter().filter_map(|n| n.strip_prefix("lib").map(str::to_string)).collect();
    names.extend(bare.into_iter().filter(|name| !name.is_empty()));
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = r#"{"packages":[
        {"name":"app","version":"0.1.0","source":"local","dependencies":[1,2,1],"root":true},
        {"name":"serde-json","version":"1.0.2+x","source":"crates.io","dependencies":[2]},
        {"name":"rand","version":"0.8.5","source":"git"},
        {"name":"cc","version":"1.0.0","source":"crates.io","kind":"build","dependencies":[1]}],"format":1}"#;

    #[test]
    fn embedded_lists_say_who_needs_whom() {
        let graph = Graph::from_auditable(LIST.as_bytes()).unwrap();
        let edges: Vec<(u32, u32)> = graph.edges.iter().map(|e| (e.from, e.to)).collect();
        assert_eq!(edges, [(0, 1), (0, 2), (1, 2), (3, 1)]);
        assert_eq!(graph.roots, [0]);
        assert!(graph.packages[3].is_for_build && !graph.packages[2].is_for_build);
        let named = |spec| graph.named(spec);
        assert_eq!(named("serde_json"), [1]);
        assert_eq!(named("serde-json@1.0"), [1]);
        assert_eq!(named("serde-json@1.0.2"), [1]);
        assert!(named("serde-json@1.0.").is_empty() && named("serde-json@0").is_empty());
    }

    #[test]
    fn lists_that_cannot_be_are_refused() {
        let dangling = r#"{"packages":[{"name":"a","version":"1","source":"x","dependencies":[7]}]}"#;
        let error = Graph::from_auditable(dangling.as_bytes()).unwrap_err();
        assert_eq!(error, "package 0 depends on package 7, and there are 1");
        let negative = dangling.replace('7', "-1");
        assert!(Graph::from_auditable(negative.as_bytes()).is_err());
        let one = r#"{"name":"a","version":"1","source":"x"},"#;
        let many = format!(r#"{{"packages":[{}{}]}}"#, one.repeat(MOST_PACKAGES), one.trim_end_matches(','));
        assert!(
            Graph::from_auditable(many.as_bytes()).is_err_and(|e| e.contains("more than 20000 packages"))
        );
    }

    #[test]
    fn the_file_tells_which_package_was_built() {
        let graph = Graph { roots: Vec::new(), ..Graph::from_auditable(LIST.as_bytes()).unwrap() };
        for file in ["app", "app.exe", "libapp.so", "app-0123456789abcdef", "libapp-0123456789abcdef.rlib"] {
            assert_eq!(crate_names_of_file(file).iter().filter(|n| *n == "app").count(), 1, "{file}");
            assert_eq!(graph.roots_for(file, &[2]), [0], "{file}");
        }
        assert_eq!(graph.roots_for("other", &[2]), [2]);
        assert_eq!(graph.roots_for("other", &[]), [0]);
    }
}
