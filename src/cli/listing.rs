//! Which packages a file was built from, and who of them needs whom: cargo, a lockfile, or the file itself.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::error::CliError;
use super::packages::{Known, Platform, Selection};
use super::texts::text_of;
use crate::analysis::nearest::nearest;
use crate::config;
use crate::error::Diagnostic;
use crate::model::{Facts, Model};
use crate::project::Package;
use crate::project::graph::Graph;
use crate::report::ListSource;

/// Where lists of packages come from.
const SOURCES: &str = "pass --manifest-path Cargo.toml or --lockfile Cargo.lock; programs built by `cargo auditable` hold a list";

/// A list of packages and what is known of it.
pub(super) struct Listing {
    pub graph: Graph,
    /// The packages that the file was built from.
    pub roots: Vec<u32>,
    pub source: ListSource,
    /// What cargo did not tell.
    pub diagnostic: Option<Diagnostic>,
}

/// Which list is asked for, of which file.
pub(super) struct Wanted<'a> {
    pub file: &'a Path,
    pub manifest: Option<&'a Path>,
    pub lockfile: Option<&'a Path>,
    /// The package that the file was built from, where its name does not tell.
    pub package: Option<&'a str>,
    pub features: &'a [String],
    pub all_features: bool,
    pub no_default_features: bool,
    pub target: Option<&'a str>,
}

impl<'a> Wanted<'a> {
    /// Whatever tells most of a file.
    pub fn of(file: &'a Path) -> Wanted<'a> {
        Wanted {
            file,
            manifest: None,
            lockfile: None,
            package: None,
            features: &[],
            all_features: false,
            no_default_features: false,
            target: None,
        }
    }

    /// The list that was named, else what the file says itself (`embedded`, as JSON), else what lies near it.
    pub fn find(&self, model: &Model, embedded: Option<&[u8]>) -> Result<Listing> {
        let facts = &model.facts;
        if let Some(listing) = self.stated(facts, embedded)? {
            return Ok(listing);
        }
        if let Some(folder) = package_of_target(self.file) {
            let (manifest, lockfile) = (folder.join("Cargo.toml"), folder.join("Cargo.lock"));
            return match self.of_manifest(facts, &manifest) {
                // Its packages may not be on this machine, or there may be no cargo.
                Err(_) if lockfile.is_file() && !self.asks_cargo() => self.of_lockfile(&lockfile),
                other => other,
            };
        }
        let message = match embedded {
            Some(_) => {
                "features and targets are for cargo's list of packages, which none of the arguments names"
                    .to_string()
            }
            None => format!("nothing says which packages `{}` was built from", self.file.display()),
        };
        let error = CliError::new(message).with_hint(SOURCES);
        Err(match model.diagnostics.iter().find(|d| d.code == "package-list-unread") {
            Some(why) => error.with_source(anyhow::anyhow!(why.message.clone())).into(),
            None => error.into(),
        })
    }

    /// The list that was named, else what the file says itself; `None` if nobody says anything.
    pub fn stated(&self, facts: &Facts, embedded: Option<&[u8]>) -> Result<Option<Listing>> {
        if let Some(manifest) = self.manifest {
            return self.of_manifest(facts, manifest).map(Some);
        }
        if let Some(lockfile) = self.lockfile {
            return self.of_lockfile(lockfile).map(Some);
        }
        let Some(json) = embedded.filter(|_| !self.asks_cargo()) else { return Ok(None) };
        let graph = Graph::from_auditable(json).map_err(|message| {
            let message = format!("the list of packages in `{}` is not read: {message}", self.file.display());
            CliError::new(message).with_hint(SOURCES)
        })?;
        let roots = self.roots(&graph, &[])?;
        Ok(Some(Listing { graph, roots, source: ListSource { from: "file", path: None }, diagnostic: None }))
    }

    /// Whether there are options that only mean something to cargo.
    fn asks_cargo(&self) -> bool {
        !self.features.is_empty() || self.all_features || self.no_default_features || self.target.is_some()
    }

    fn of_manifest(&self, facts: &Facts, manifest: &Path) -> Result<Listing> {
        let platform = match self.target {
            Some(triple) => Platform::Triple(triple),
            None if may_be_of_host(facts) => Platform::Host,
            None => Platform::Unknown,
        };
        let selection = Selection {
            features: self.features,
            all_features: self.all_features,
            no_default_features: self.no_default_features,
            platform,
        };
        let known = Known::ask(manifest, &selection)?;
        let (graph, preferred) = known.graph()?;
        let roots = self.roots(&graph, &preferred)?;
        let packages: Vec<&Package> = roots.iter().filter_map(|&n| Some(&graph.get(n)?.package)).collect();
        let path = Some(manifest.display().to_string());
        let source = ListSource { from: "cargo", path };
        Ok(match known.graph_for(&packages)? {
            Some(graph) => Listing { graph, roots, source, diagnostic: None },
            None => {
                let message = "`cargo tree` does not tell what the program alone is built with, so features \
                               and dependencies are those of tests and build scripts as well";
                let diagnostic = Some(Diagnostic::note("features-of-all-builds", message));
                Listing { graph, roots, source, diagnostic }
            }
        })
    }

    fn of_lockfile(&self, path: &Path) -> Result<Listing> {
        let fail = || CliError::new(format!("failed to read the lockfile `{}`", path.display()));
        let text = text_of(path).map_err(|error| fail().with_source(error))?;
        self.of_text(&text, path)
    }

    /// The list of a lockfile that was read from `path`, where it may no longer be.
    pub fn of_text(&self, text: &str, path: &Path) -> Result<Listing> {
        let fail = || CliError::new(format!("failed to read the lockfile `{}`", path.display()));
        let graph = config::lockfile_graph(text).map_err(|error| fail().with_source(error))?;
        let source = ListSource { from: "lockfile", path: Some(path.display().to_string()) };
        let roots = self.roots(&graph, &[])?;
        Ok(Listing { graph, roots, source, diagnostic: None })
    }

    /// The packages that the file was built from; `preferred` if neither arguments nor its name tell.
    fn roots(&self, graph: &Graph, preferred: &[u32]) -> Result<Vec<u32>> {
        if let Some(name) = self.package {
            let named = graph.named(name);
            return if named.is_empty() { Err(not_listed(name, graph).into()) } else { Ok(named) };
        }
        let file = self.file.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        Ok(graph.roots_for(&file, preferred))
    }
}

/// Whether a file can be of the platform that this program runs on.
fn may_be_of_host(facts: &Facts) -> bool {
    let format = match std::env::consts::OS {
        "macos" | "ios" => "macho",
        "windows" => "pe",
        _ => "elf",
    };
    facts.format == format && facts.arch == std::env::consts::ARCH
}

/// The folder of the package or workspace whose target directory a file lies in.
///
/// Cargo marks its target directories (<https://bford.info/cachedir/>) and writes what it knows of rustc there.
fn package_of_target(file: &Path) -> Option<PathBuf> {
    let file = std::fs::canonicalize(file).ok()?;
    let is_target =
        |folder: &&Path| folder.join("CACHEDIR.TAG").is_file() && folder.join(".rustc_info.json").is_file();
    let target = file.ancestors().skip(1).find(is_target)?;
    let folder = target.parent()?;
    folder.join("Cargo.toml").is_file().then(|| folder.to_path_buf())
}

/// That no package of a list has a name that was asked for.
pub(super) fn not_listed(name: &str, graph: &Graph) -> CliError {
    let error = CliError::new(format!("`{name}` is no package in the list of packages"));
    let names = || graph.packages.iter().map(|p| p.package.name.as_str());
    let bare = name.split('@').next().unwrap_or(name);
    if let Some(known) = names().find(|known| *known == bare) {
        let versions = graph.packages.iter().filter(|p| p.package.name == *known);
        let versions: Vec<&str> = versions.map(|p| p.package.version.as_str()).collect();
        return error.with_hint(format!("of `{known}` it has {}", versions.join(", ")));
    }
    match nearest(bare, names()) {
        Some(near) => error.with_hint(format!("did you mean `{near}`?")),
        None => error.with_hint("`bloat tree FILE -n 0` lists them"),
    }
}
