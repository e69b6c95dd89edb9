//! What cargo knows of the packages a binary may have been built from.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::process::Command;

use anyhow::Result;
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Node, NodeDep, PackageId, TargetKind};

use super::error::CliError;
use crate::analysis::advise::Dependency;
use crate::model::Source;
use crate::order::Arrange;
use crate::project::graph::{Edge, Graph, GraphPackage, Line, Need};
use crate::project::{Package, Packages};

/// What of a package is built.
#[derive(Debug, Clone, Default)]
pub(super) struct Selection<'a> {
    /// Features to switch on.
    pub features: &'a [String],
    /// All of them.
    pub all_features: bool,
    /// Not those that are on by default.
    pub no_default_features: bool,
    /// The platform it is built for.
    pub platform: Platform<'a>,
}

/// The platform that packages are built for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Platform<'a> {
    /// The one that rustc builds for by default.
    #[default]
    Host,
    /// A target triple.
    Triple(&'a str),
    /// Nobody knows: packages of all platforms are listed.
    Unknown,
}

impl Selection<'_> {
    /// The target triple, if it is known.
    fn triple(&self) -> Option<String> {
        match self.platform {
            Platform::Host => host(),
            Platform::Triple(triple) => Some(triple.to_string()),
            Platform::Unknown => None,
        }
    }

    fn options(&self) -> Vec<String> {
        let mut options = Vec::new();
        if !self.features.is_empty() {
            options.extend(["--features".to_string(), self.features.join(",")]);
        }
        for (is_set, flag) in
            [(self.all_features, "--all-features"), (self.no_default_features, "--no-default-features")]
        {
            options.extend(is_set.then(|| flag.to_string()));
        }
        options
    }
}

/// Asks cargo for the packages behind a manifest.
pub(super) fn of_manifest(manifest: &Path) -> Result<Packages> {
    Ok(list(&ask(manifest, &Selection::default())?))
}

/// What cargo knows of the packages behind a manifest.
pub(super) struct Known<'a> {
    manifest: &'a Path,
    selection: &'a Selection<'a>,
    metadata: Metadata,
}

impl<'a> Known<'a> {
    /// Asks for it.
    pub fn ask(manifest: &'a Path, selection: &'a Selection<'a>) -> Result<Known<'a>> {
        Ok(Known { manifest, selection, metadata: ask(manifest, selection)? })
    }

    /// Who needs whom for any reason, and the packages that are built from the manifest if nobody says more.
    pub fn graph(&self) -> Result<(Graph, Vec<u32>)> {
        graph(&self.metadata, None).map_err(|message| self.failed(message))
    }

    /// Who needs whom when some packages of the workspace are built; numbers of packages stay.
    ///
    /// Metadata have every dependency that any build may need: features that tests or build scripts ask
    /// for are switched on in all of it. `cargo tree` tells what the program itself is built with.
    /// `None` if it does not.
    pub fn graph_for(&self, roots: &[&Package]) -> Result<Option<Graph>> {
        let Some(resolved) = resolved(self.manifest, self.selection, roots) else { return Ok(None) };
        let graph = graph(&self.metadata, Some(&resolved)).map_err(|message| self.failed(message))?;
        Ok(Some(graph.0))
    }

    /// The packages of the list.
    pub fn packages(&self) -> Packages {
        list(&self.metadata)
    }

    /// What the workspace's own packages need with its default features, in order of name.
    pub fn with_default_features(&self) -> Vec<Dependency> {
        let metadata = &self.metadata;
        let nodes = metadata.resolve.iter().flat_map(|resolve| &resolve.nodes);
        let nodes: HashMap<&PackageId, &Node> = nodes.map(|node| (&node.id, node)).collect();
        let members = metadata.workspace_members.iter().filter_map(|id| nodes.get(id));
        let mut needed: Vec<&PackageId> = members
            .flat_map(|node| &node.deps)
            .filter(|dep| dep.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal))
            .map(|dep| &dep.pkg)
            .filter(|id| !metadata.workspace_members.contains(id))
            .collect();
        needed.arrange();
        needed.dedup();
        let known = needed.into_iter().filter_map(|id| Some((&metadata[id], *nodes.get(id)?)));
        let dependency = |(package, node): (&cargo_metadata::Package, &Node)| {
            let is_on = node.features.iter().any(|feature| feature.as_str() == "default");
            let default = package.features.get("default").filter(|items| is_on && !items.is_empty())?;
            let krate = identity(metadata, package).crates.into_iter().next()?;
            Some(Dependency {
                krate,
                package: package.name.to_string(),
                version: package.version.to_string(),
                default_features: default.clone(),
            })
        };
        let mut all: Vec<Dependency> = known.filter_map(dependency).collect();
        all.arrange_by(|a, b| (&a.package, &a.version).cmp(&(&b.package, &b.version)));
        all
    }

    fn failed(&self, message: String) -> anyhow::Error {
        let failed = CliError::new(format!("failed to read the packages of `{}`", self.manifest.display()));
        failed.with_source(anyhow::anyhow!(message)).into()
    }
}

/// Asks cargo what it knows of a manifest.
///
/// The lockfile is not touched: a question must not change what it asks about.
/// What is on the machine is asked first; packages of other platforms need not be.
fn ask(manifest: &Path, selection: &Selection<'_>) -> Result<Metadata> {
    let ask = |options: &[&str]| {
        let mut options = options.iter().map(|o| o.to_string()).collect::<Vec<_>>();
        options.extend(selection.options());
        let mut command = MetadataCommand::new();
        // Else cargo notes in the target directory what it asks of rustc.
        command.env("CARGO_CACHE_RUSTC_INFO", "0");
        command.manifest_path(manifest).other_options(options).exec()
    };
    let platform = selection.triple();
    let mut of_platform = vec!["--locked"];
    if let Some(triple) = &platform {
        of_platform.extend(["--filter-platform", triple]);
    }
    let here = ask(&[&of_platform[..], &["--offline"]].concat());
    // A platform that was named decides what the answer is; one that was found only saves work.
    let is_named = matches!(selection.platform, Platform::Triple(_));
    match here {
        Ok(metadata) => Ok(metadata),
        Err(_) => ask(if is_named { &of_platform } else { &["--locked"] }).map_err(|error| {
            CliError::new(format!("failed to list the packages of `{}`", manifest.display()))
                .with_hint("cargo must be able to resolve the package with its Cargo.lock as it is")
                .with_source(error)
                .into()
        }),
    }
}

/// The packages that code can be of.
fn list(metadata: &Metadata) -> Packages {
    let list = metadata.packages.iter().map(|package| identity(metadata, package));
    Packages { list: list.filter(|p| !p.crates.is_empty()).collect() }
}

fn identity(metadata: &Metadata, package: &cargo_metadata::Package) -> Package {
    let is_member = metadata.workspace_members.contains(&package.id);
    let from = package.source.as_ref().map(|s| s.repr.as_str());
    // Of what others wrote only libraries are linked; of the workspace, any program may be looked at.
    let makes_code = |kinds: &[TargetKind]| {
        !kinds.iter().any(|kind| match kind {
            TargetKind::CustomBuild | TargetKind::ProcMacro => true,
            TargetKind::Bin | TargetKind::Test | TargetKind::Bench | TargetKind::Example => !is_member,
            _ => false,
        })
    };
    let targets = package.targets.iter().filter(|t| makes_code(&t.kind));
    Package {
        name: package.name.to_string(),
        version: package.version.to_string(),
        source: match from {
            _ if is_member => Source::Workspace,
            Some(s) if s.starts_with("git+") => Source::Git,
            Some(_) => Source::Registry,
            None => Source::Path,
        },
        root: package.manifest_path.parent().map(|p| p.to_string()),
        crates: targets.map(|t| t.name.replace('-', "_")).collect(),
    }
}

/// The graph that cargo resolved, and the packages it would build.
fn graph(metadata: &Metadata, resolved: Option<&Resolved>) -> Result<(Graph, Vec<u32>), String> {
    let resolve = metadata.resolve.as_ref().ok_or("cargo did not resolve its dependencies")?;
    let of_id: HashMap<&PackageId, &cargo_metadata::Package> =
        metadata.packages.iter().map(|package| (&package.id, package)).collect();
    let known: Vec<(&Node, &cargo_metadata::Package)> =
        resolve.nodes.iter().filter_map(|node| Some((node, *of_id.get(&node.id)?))).collect();
    let numbers: HashMap<&PackageId, u32> =
        known.iter().zip(0..).map(|((node, _), n)| (&node.id, n)).collect();
    let features = |(node, package): &(&Node, &cargo_metadata::Package)| -> Vec<String> {
        match resolved.and_then(|r| r.features.get(&name_of(package))) {
            Some(features) => features.clone(),
            None => node.features.iter().map(|feature| feature.to_string()).collect(),
        }
    };
    let packages = known.iter().map(|pair| GraphPackage {
        package: identity(metadata, pair.1),
        is_proc_macro: is_proc_macro(pair.1),
        is_for_build: false,
        features: Some(features(pair)),
    });
    let mut edges = Vec::new();
    for (pair, from) in known.iter().zip(0..) {
        let (node, package) = *pair;
        let features = features(pair);
        for needed in &node.deps {
            let (Some(&to), Some(other)) = (numbers.get(&needed.pkg), of_id.get(&needed.pkg)) else {
                continue;
            };
            let mut lines = lines(&features, package, needed, other);
            let is_macro = is_proc_macro(other);
            if resolved.is_some_and(|r| !is_macro && !r.may_need(&name_of(package), &name_of(other))) {
                lines.retain(|line| line.need != Need::Normal);
            }
            if !lines.is_empty() {
                edges.push(Edge { from, to, lines });
            }
        }
    }
    let graph = Graph::new(packages.collect(), edges)?;
    let built: Vec<&PackageId> = match &resolve.root {
        Some(root) => vec![root],
        None if metadata.workspace_default_members.is_available() => {
            metadata.workspace_default_members.iter().collect()
        }
        None => metadata.workspace_members.iter().collect(),
    };
    let roots = built.into_iter().filter_map(|id| numbers.get(id).copied()).collect();
    Ok((graph, roots))
}

fn is_proc_macro(package: &cargo_metadata::Package) -> bool {
    package.targets.iter().any(|target| target.kind.contains(&TargetKind::ProcMacro))
}

/// The lines of a package's manifest that lead to another package.
fn lines(
    in_use: &[String],
    package: &cargo_metadata::Package,
    needed: &NodeDep,
    other: &cargo_metadata::Package,
) -> Vec<Line> {
    let need = |kind: DependencyKind| match kind {
        DependencyKind::Normal => Need::Normal,
        DependencyKind::Build => Need::Build,
        DependencyKind::Development => Need::Dev,
        _ => Need::Unknown,
    };
    let mut lines = Vec::new();
    for used in &needed.dep_kinds {
        let target = used.target.as_ref().map(|t| t.to_string());
        let written = package.dependencies.iter().filter(|line| {
            line.name == other.name.as_str()
                && line.kind == used.kind
                && line.target == used.target
                && line.req.matches(&other.version)
        });
        let before = lines.len();
        lines.extend(written.map(|line| {
            let mut features = line.features.clone();
            if line.uses_default_features && other.features.contains_key("default") {
                features.insert(0, "default".to_string());
            }
            let name = line.rename.as_deref().unwrap_or(&line.name);
            Line {
                need: need(used.kind),
                target: target.clone(),
                rename: line.rename.clone(),
                optional: line.optional,
                enabled_by: if line.optional { askers(in_use, package, name) } else { Vec::new() },
                features,
            }
        }));
        if lines.len() == before {
            // A pre-release, or a patch that matches no requirement: the dependency is there all the same.
            lines.push(Line { need: need(used.kind), target, ..Line::default() });
        }
    }
    lines
}

/// The features in use of a package that ask for an optional dependency.
///
/// <https://doc.rust-lang.org/cargo/reference/features.html#optional-dependencies>
fn askers(in_use: &[String], package: &cargo_metadata::Package, dependency: &str) -> Vec<String> {
    let asks = |value: &String| match value.split_once('/') {
        Some((name, _)) => name == dependency,
        None => value.strip_prefix("dep:") == Some(dependency),
    };
    let in_use = in_use.iter();
    in_use
        .filter(|f| package.features.get(*f).is_some_and(|values| values.iter().any(asks)))
        .cloned()
        .collect()
}

/// Name and version.
type Name = (String, String);

fn name_of(package: &cargo_metadata::Package) -> Name {
    (package.name.to_string(), package.version.to_string())
}

/// What the program itself is built with.
#[derive(Debug, Default, PartialEq, Eq)]
struct Resolved {
    /// By package: its features.
    features: HashMap<Name, Vec<String>>,
    /// Who needs whom, macros apart.
    needs: HashSet<(Name, Name)>,
}

impl Resolved {
    /// Whether the program is built with this dependency; of packages that are not in it nothing is known.
    fn may_need(&self, from: &Name, to: &Name) -> bool {
        !self.features.contains_key(from) || self.needs.contains(&(from.clone(), to.clone()))
    }

    /// Reads what `cargo tree` prints for [`TREE`].
    fn read(text: &str) -> Option<Resolved> {
        let mut resolved = Resolved::default();
        let mut above: Vec<Name> = Vec::new();
        for line in text.lines().filter(|line| !line.is_empty()) {
            let mut parts = line.split('\t');
            let (package, features) = (parts.next()?, parts.next()?);
            let digits = package.bytes().take_while(u8::is_ascii_digit).count();
            let (depth, package) = package.split_at_checked(digits)?;
            let mut words = package.split(' ');
            let name = (words.next()?.to_string(), words.next()?.strip_prefix('v')?.to_string());
            above.truncate(depth.parse().ok()?);
            if let Some(from) = above.last() {
                resolved.needs.insert((from.clone(), name.clone()));
            }
            let features = features.split(',').filter(|f| !f.is_empty()).map(str::to_string).collect();
            resolved.features.insert(name.clone(), features);
            above.push(name);
        }
        Some(resolved)
    }
}

/// Each package behind the number of steps to it, with name, `v` and version, source; then its features.
///
/// <https://doc.rust-lang.org/cargo/commands/cargo-tree.html>
const TREE: [&str; 9] = [
    "tree",
    "--locked",
    "--offline",
    "--edges",
    "normal,no-proc-macro",
    "--prefix",
    "depth",
    "--format",
    "{p}\t{f}\t",
];

/// What some packages of the workspace are built with, if `cargo tree` tells.
fn resolved(manifest: &Path, selection: &Selection<'_>, roots: &[&Package]) -> Option<Resolved> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(TREE).arg("--manifest-path").arg(manifest).args(selection.options());
    command.arg("--target").arg(selection.triple().as_deref().unwrap_or("all"));
    for root in roots {
        command.arg("--package").arg(format!("{}@{}", root.name, root.version));
    }
    let output = command.output().ok().filter(|output| output.status.success())?;
    Resolved::read(&String::from_utf8(output.stdout).ok()?)
}

/// The platform that rustc builds for by default.
pub(super) fn host() -> Option<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("-vV").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.lines().find_map(|line| line.strip_prefix("host: ")).map(str::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cargo_prints_is_read() {
        let text = "0app v0.1.0 (/a b)\tdefault\t\n1serde v1.0.2\tstd,derive\t\n2core v1.0.0\t\t\n1log v0.4.0\t\t (*)\n\n\
                    0other v0.1.0 (/c)\t\t\n1log v0.4.0\t\t\n";
        let resolved = Resolved::read(text).unwrap();
        let name = |name: &str, version: &str| (name.to_string(), version.to_string());
        let (app, serde, log) = (name("app", "0.1.0"), name("serde", "1.0.2"), name("log", "0.4.0"));
        assert_eq!(resolved.features[&serde], ["std", "derive"]);
        assert!(resolved.features[&log].is_empty());
        assert_eq!(resolved.needs.len(), 4);
        assert!(resolved.may_need(&app, &serde) && resolved.may_need(&name("other", "0.1.0"), &log));
        assert!(!resolved.may_need(&serde, &log));
        // Nothing is known of what only the build needs.
        assert!(resolved.may_need(&name("cc", "1.0.0"), &log));
        for wrong in ["app v1", "0app\tx", "0app 1\t\t", "xapp v1\t\t"] {
            assert_eq!(Resolved::read(wrong), None, "{wrong:?}");
        }
    }
}
