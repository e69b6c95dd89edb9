//! `bloat tree`: what each dependency costs.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::args::tree::{TreeArgs, TreeSortArg};
use super::args::{MeasureArg, ShowFormat};
use super::commands::{filter_of, finish, packages_of, page, prepare, search};
use super::error::CliError;
use super::output::{say, style, write_to};
use super::packages::{Known, Platform, Selection};
use super::subject;
use super::texts::text_of;
use crate::analysis::nearest::nearest;
use crate::analysis::tree::{Direction, Question, TreeSort, answer};
use crate::config;
use crate::error::{Diagnostic, Severity};
use crate::model::view::Measure;
use crate::model::{Facts, Model};
use crate::project::Package;
use crate::project::graph::Graph;
use crate::render::{self, for_terminal};
use crate::report::{self, ListSource};
use crate::timing::phase;

/// Where lists of packages come from.
const SOURCES: &str = "pass --manifest-path Cargo.toml or --lockfile Cargo.lock; programs built by `cargo auditable` hold a list";

/// Shows the tree of packages.
pub(super) fn tree(args: &TreeArgs) -> Result<()> {
    let common = &args.common;
    prepare(common)?;
    let filter = filter_of(args.filter.as_deref())?;
    let page = page(&args.page, common)?;
    let packages = packages_of(common.manifest_path.as_deref())?;
    let (mut model, listed) = subject::listed(&args.file, &packages, &search(common), common)?;
    let listing = phase("packages", || listing(args, &model, listed.as_deref()))?;
    let (graph, roots) = (&listing.graph, &listing.roots);
    model.diagnostics.extend(listing.diagnostic);
    let question = Question {
        direction: direction(args, graph, &model)?,
        filter,
        measure: match args.measure {
            MeasureArg::File => Measure::File,
            MeasureArg::Mem => Measure::Memory,
        },
        sort: match args.sort {
            TreeSortArg::Size => TreeSort::Total,
            TreeSortArg::Own => TreeSort::Own,
            TreeSortArg::Unique => TreeSort::Unique,
            TreeSortArg::Name => TreeSort::Name,
        },
        limit: (args.limit > 0).then_some(args.limit),
        depth: args.depth,
    };
    let report = phase("report", || {
        let answer = answer(&model, graph, roots, &question);
        report::tree_report(&model, graph, &answer, &question, listing.source)
    });
    let style = style(common);
    let mut inputs = vec![args.file.as_path()];
    inputs.extend(args.lockfile.as_deref());
    write_to(common.output.as_deref(), &inputs, |out| match args.format {
        ShowFormat::Json => render::json(&report, out),
        ShowFormat::Csv => render::tree_csv(&report, out),
        ShowFormat::Markdown => render::tree_markdown(&report, &page, out),
        ShowFormat::Text => render::tree_text(&report, &style, out),
    })?;
    if args.format == ShowFormat::Csv && !common.quiet {
        for d in report.diagnostics.iter().filter(|d| d.severity == Severity::Warning.as_str()) {
            say(format_args!("{}: {}", d.severity, for_terminal(&d.message)));
        }
    }
    finish(common);
    Ok(())
}

/// A list of packages and what is known of it.
struct Listing {
    graph: Graph,
    /// The packages that the file was built from.
    roots: Vec<u32>,
    source: ListSource,
    /// What cargo did not tell.
    diagnostic: Option<Diagnostic>,
}

/// Which packages the file was built from: what was named, else what it says itself, else what lies near it.
fn listing(args: &TreeArgs, model: &Model, listed: Option<&[u8]>) -> Result<Listing> {
    let manifest = args.common.manifest_path.as_deref();
    if let Some(manifest) = manifest {
        return of_manifest(args, model, manifest);
    }
    if let Some(lockfile) = &args.lockfile {
        return of_lockfile(args, lockfile);
    }
    if let Some(json) = listed.filter(|_| !asks_cargo(args)) {
        let graph = Graph::from_auditable(json).map_err(|message| {
            let message = format!("the list of packages in `{}` is not read: {message}", args.file.display());
            CliError::new(message).with_hint(SOURCES)
        })?;
        let roots = roots(args, &graph, &[])?;
        return Ok(Listing {
            graph,
            roots,
            source: ListSource { from: "file", path: None },
            diagnostic: None,
        });
    }
    if let Some(folder) = package_of_target(&args.file) {
        let (manifest, lockfile) = (folder.join("Cargo.toml"), folder.join("Cargo.lock"));
        return match of_manifest(args, model, &manifest) {
            // Its packages may not be on this machine, or there may be no cargo.
            Err(_) if lockfile.is_file() && !asks_cargo(args) => of_lockfile(args, &lockfile),
            other => other,
        };
    }
    let message = match listed {
        Some(_) => "features and targets are for cargo's list of packages, which none of the arguments names"
            .to_string(),
        None => format!("nothing says which packages `{}` was built from", args.file.display()),
    };
    Err(CliError::new(message).with_hint(SOURCES).into())
}

/// Whether there are options that only mean something to cargo.
fn asks_cargo(args: &TreeArgs) -> bool {
    !args.features.is_empty() || args.all_features || args.no_default_features || args.target.is_some()
}

fn of_manifest(args: &TreeArgs, model: &Model, manifest: &Path) -> Result<Listing> {
    let platform = match &args.target {
        Some(triple) => Platform::Triple(triple),
        None if may_be_of_host(&model.facts) => Platform::Host,
        None => Platform::Unknown,
    };
    let selection = Selection {
        features: &args.features,
        all_features: args.all_features,
        no_default_features: args.no_default_features,
        platform,
    };
    let known = Known::ask(manifest, &selection)?;
    let (graph, preferred) = known.graph()?;
    let roots = roots(args, &graph, &preferred)?;
    let packages: Vec<&Package> = roots.iter().filter_map(|&n| Some(&graph.get(n)?.package)).collect();
    let path = Some(manifest.display().to_string());
    let source = ListSource { from: "cargo", path };
    Ok(match known.graph_for(&packages)? {
        Some(graph) => Listing { graph, roots, source, diagnostic: None },
        None => {
            let message = "`cargo tree` does not tell what the program alone is built with, so features and \
                           dependencies are those of tests and build scripts as well";
            let diagnostic = Some(Diagnostic::note("features-of-all-builds", message));
            Listing { graph, roots, source, diagnostic }
        }
    })
}

fn of_lockfile(args: &TreeArgs, path: &Path) -> Result<Listing> {
    let fail = || CliError::new(format!("failed to read the lockfile `{}`", path.display()));
    let text = text_of(path).map_err(|error| fail().with_source(error))?;
    let graph = config::lockfile_graph(&text).map_err(|error| fail().with_source(error))?;
    let source = ListSource { from: "lockfile", path: Some(path.display().to_string()) };
    let roots = roots(args, &graph, &[])?;
    Ok(Listing { graph, roots, source, diagnostic: None })
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

/// The packages that the file was built from; `preferred` if neither arguments nor its name tell.
fn roots(args: &TreeArgs, graph: &Graph, preferred: &[u32]) -> Result<Vec<u32>> {
    if let Some(name) = &args.package {
        let named = graph.named(name);
        return if named.is_empty() { Err(not_listed(name, graph).into()) } else { Ok(named) };
    }
    let file = args.file.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    Ok(graph.roots_for(&file, preferred))
}

fn direction(args: &TreeArgs, graph: &Graph, model: &Model) -> Result<Direction> {
    let Some(name) = &args.invert else {
        return Ok(if args.duplicates { Direction::Duplicates } else { Direction::Down });
    };
    let named = graph.named(name);
    if !named.is_empty() {
        return Ok(Direction::Up(named));
    }
    let is_crate = |row: &crate::model::CrateRow| {
        [row.name, row.label].into_iter().any(|id| model.names.get(id) == name)
    };
    if model.crates.iter().any(is_crate) {
        let message = format!("`{name}` has bytes in the file, but is no package in the list of packages");
        return Err(CliError::new(message)
            .with_hint(format!("`bloat explain FILE crate:{name}` shows them"))
            .into());
    }
    Err(not_listed(name, graph).into())
}

fn not_listed(name: &str, graph: &Graph) -> CliError {
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
