//! What dependencies cost, as flat rows that say how deep they are.
//!
//! Flat, because graphs of packages may be deeper than readers of JSON like.

use serde::Serialize;

use super::rows::{Key, Namer};
use super::{Head, Issue, Total, head, issues};
use crate::analysis::tree::{Answer, Direction, Question, TreeRow, What, Why};
use crate::model::view::{Dim, Keys};
use crate::model::{CrateId, Model, Sizes};
use crate::project::graph::{Graph, Need};

/// The answer to `tree`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(transform = super::schema::named("tree")))]
pub struct TreeReport {
    /// Head of every report.
    #[serde(flatten)]
    pub head: Head,
    /// Where the list of packages comes from.
    pub packages: PackageList,
    /// `down`: what needs what; `up`: what is needed by what, from some packages on, where rows overlap;
    /// `duplicates`: the same, from packages that are there in several versions.
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::direction"))]
    pub direction: &'static str,
    /// Whether bytes of the file or of memory decide the order.
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::measure"))]
    pub measure: &'static str,
    /// Bytes that passed the filter, if there was one; else those of the file.
    pub shown: Total,
    /// Packages that only run when the file is built, by name.
    pub build_only: Vec<BuildPackage>,
    /// In the order of a walk: a row of depth `n` belongs to the last one before it of depth `n - 1`.
    pub rows: Vec<PackageRow>,
    /// What could not be understood, and what does not fit together.
    pub diagnostics: Vec<Issue>,
}

/// A list of packages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PackageList {
    /// `cargo`, `lockfile`, or `file` for the list that is in the binary itself.
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::list_source"))]
    pub from: &'static str,
    /// The manifest or lockfile, as it was named or found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Whether it tells dependencies of the program from those of build scripts and tests.
    pub has_kinds: bool,
    /// Packages in it.
    pub count: u64,
    /// Packages that the binary was built from, `name@version`.
    pub roots: Vec<String>,
    /// Packages that may have code in it.
    pub linked: u64,
    /// Of these, packages without a byte that counts.
    pub without_bytes: u64,
}

/// A package that only runs when the binary is built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BuildPackage {
    /// Its name.
    pub package: String,
    /// Its version.
    pub version: String,
    /// Whether it is a procedural macro. Only cargo tells.
    pub proc_macro: bool,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PackageRow {
    /// Steps from the first row.
    pub depth: u32,
    /// Name for people.
    pub name: String,
    /// `package`; `crate` for one of no package, and for buckets; `std` and `outside` for groups of crates;
    /// `rest` for rows that a limit left out, `deeper` for packages below the depth that was asked for.
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::tree_row"))]
    pub what: &'static str,
    /// The package or crate.
    pub key: Key,
    /// Bytes of the file that are its own. Going down, all rows sum to `shown`.
    pub file: u64,
    /// Bytes of memory that are its own.
    pub memory: u64,
    /// Symbols that start in its own bytes.
    pub symbols: u64,
    /// Whether some of its own bytes are computed shares, or guesses.
    pub estimated: bool,
    /// Bytes of the file in such shares.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_bytes: Option<u64>,
    /// With all that it needs, each package once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<Total>,
    /// The part of the total that can only be reached through the dependency on the row above it (going up: of
    /// this row on the row above), and for a first row the part that would be gone without the package.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unique: Option<Total>,
    /// The rest of the total of what is needed: something else needs that too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shared: Option<Total>,
    /// The package is shown in full, with its own bytes, in another row.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub repeat: bool,
    /// How many rows or packages this row stands for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rest: Option<u64>,
    /// Crates of the package in the binary, as `show --by crate` calls them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub crates: Vec<String>,
    /// Features of the package that are switched on. Only cargo tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub features: Option<Vec<String>>,
    /// The lines of the manifest behind the dependency that leads to this row.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dependency: Vec<DependencyLine>,
    /// Why a crate is of no package.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::outside"))]
    pub why: Option<&'static str>,
    /// Versions of it that the list of packages has instead.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub listed_versions: Vec<String>,
}

/// A line of a manifest's dependencies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DependencyLine {
    /// The platforms it is for, if not all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The name that it has in the manifest, where that is not the package's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rename: Option<String>,
    /// Whether a feature has to ask for it.
    pub optional: bool,
    /// Features in use that ask for it, if it is optional.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub enabled_by: Vec<String>,
    /// Features of the needed package that it switches on, `default` among them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<String>,
}

/// Where a list of packages comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ListSource {
    /// `cargo`, `lockfile`, or `file` for the list that is in the binary itself.
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::list_source"))]
    pub from: &'static str,
    /// The manifest or lockfile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// Words of [`PackageRow::what`].
#[cfg(feature = "schema")]
pub(super) const ROWS: [&str; 6] = ["package", "crate", "std", "outside", "rest", "deeper"];
/// Words of [`PackageRow::why`].
pub(super) const REASONS: [&str; 4] = ["unlisted", "other-versions", "several-versions", "not-linked"];

/// Puts an answer into words.
pub fn tree_report(
    model: &Model,
    graph: &Graph,
    answer: &Answer,
    question: &Question,
    source: ListSource,
) -> TreeReport {
    let words = Words { model, graph, answer, goes_down: question.direction == Direction::Down };
    let names = words.names();
    let build_package = |&number: &u32| {
        let package = graph.get(number)?;
        Some(BuildPackage {
            package: package.package.name.clone(),
            version: package.package.version.clone(),
            proc_macro: package.is_proc_macro,
        })
    };
    let mut diagnostics = issues(model);
    diagnostics.extend(words.mismatch());
    TreeReport {
        head: head(model, "tree"),
        packages: PackageList {
            from: source.from,
            path: source.path,
            has_kinds: graph.has_kinds,
            count: graph.packages.len() as u64,
            roots: answer.roots.iter().map(|&root| words.package(root)).collect(),
            linked: answer.linked as u64,
            without_bytes: answer.without_bytes as u64,
        },
        direction: match question.direction {
            Direction::Down => "down",
            Direction::Up(_) => "up",
            Direction::Duplicates => "duplicates",
        },
        measure: question.measure.pick("file", "memory"),
        shown: answer.shown.sizes.into(),
        build_only: answer.build_only.iter().filter_map(build_package).collect(),
        rows: answer.rows.iter().map(|row| words.row(row, &names)).collect(),
        diagnostics,
    }
}

/// What rows are called.
struct Words<'a> {
    model: &'a Model,
    graph: &'a Graph,
    answer: &'a Answer,
    goes_down: bool,
}

/// Names and keys of crates.
struct Names<'a> {
    keys: Keys<'a>,
    namer: Namer<'a>,
}

impl<'a> Words<'a> {
    fn names(&self) -> Names<'a> {
        Names { keys: Keys::new(self.model, Dim::Crate), namer: Namer::new(self.model, &[Dim::Crate]) }
    }

    fn package(&self, number: u32) -> String {
        let known = self.graph.get(number);
        known.map(|p| format!("{}@{}", p.package.name, p.package.version)).unwrap_or_default()
    }

    fn row(&self, row: &TreeRow, names: &Names<'_>) -> PackageRow {
        let minus = |a: Sizes, b: Sizes| Total {
            file: a.file.saturating_sub(b.file),
            memory: a.memory.saturating_sub(b.memory),
        };
        // What is shown elsewhere is counted there.
        let own = if self.goes_down && row.is_repeat { Default::default() } else { row.own };
        let is_rest = matches!(row.what, What::Rest(_) | What::Deeper(_));
        let needed = self.needed(row);
        let mut out = PackageRow {
            depth: row.depth,
            name: String::new(),
            what: "",
            key: Key::default(),
            file: own.sizes.file,
            memory: own.sizes.memory,
            symbols: own.symbols,
            estimated: own.estimated > 0,
            estimated_bytes: (own.estimated > 0).then_some(own.estimated),
            total: (!is_rest).then(|| row.total.into()),
            unique: (!is_rest).then(|| row.unique.into()),
            shared: needed.map(|total| minus(total, row.unique)),
            repeat: row.is_repeat,
            rest: None,
            crates: Vec::new(),
            features: None,
            dependency: Vec::new(),
            why: None,
            listed_versions: Vec::new(),
        };
        match row.what {
            What::Package(number) => self.describe(number, row.edge, names, &mut out),
            What::Crate(krate) => {
                out.what = "crate";
                out.name = names.keys.label(krate.0);
                out.key = names.namer.key(&names.keys, krate.0, &Key::default());
                if let Some((_, why)) = self.answer.outside.iter().find(|(known, _)| *known == krate) {
                    out.why = Some(word(why));
                    out.listed_versions = versions(why).to_vec();
                }
            }
            What::Toolchain => {
                out.what = "std";
                out.name = "[standard library]".to_string();
            }
            What::Outside => {
                out.what = "outside";
                out.name = "[not in the list of packages]".to_string();
            }
            What::Rest(count) => {
                out.what = "rest";
                out.name = format!("[{count} more]");
                out.rest = Some(count as u64);
            }
            What::Deeper(count) => {
                out.what = "deeper";
                out.name = format!("[{count} deeper]");
                out.rest = Some(count as u64);
            }
        }
        out
    }

    /// The total that the unique part of a row is a part of.
    fn needed(&self, row: &TreeRow) -> Option<Sizes> {
        match row.what {
            What::Rest(_) | What::Deeper(_) => None,
            // Going up, the row above is what is needed.
            What::Package(number) => match row.edge.and_then(|e| self.graph.edges.get(e as usize)) {
                Some(edge) if edge.to != number => self.answer.totals.get(edge.to as usize).copied(),
                _ => Some(row.total),
            },
            _ => Some(row.total),
        }
    }

    fn describe(&self, number: u32, edge: Option<u32>, names: &Names<'_>, out: &mut PackageRow) {
        out.what = "package";
        out.name = self.package(number);
        let Some(known) = self.graph.get(number) else { return };
        out.key = Key {
            package: Some(known.package.name.clone()),
            version: Some(known.package.version.clone()),
            source: Some(known.package.source.as_str().to_string()),
            ..Key::default()
        };
        if let Some(edge) = edge.and_then(|edge| self.graph.edges.get(edge as usize)) {
            let carries = edge.lines.iter().filter(|l| matches!(l.need, Need::Normal | Need::Unknown));
            let line = |line: &crate::project::graph::Line| DependencyLine {
                target: line.target.clone(),
                rename: line.rename.clone(),
                optional: line.optional,
                enabled_by: line.enabled_by.clone(),
                features: line.features.clone(),
            };
            // A lockfile has names alone.
            if self.graph.has_kinds {
                out.dependency = carries.map(line).collect();
            }
        }
        if !out.repeat {
            let crates = self.answer.crates.get(number as usize).map(Vec::as_slice).unwrap_or_default();
            out.crates = crates.iter().map(|krate: &CrateId| names.keys.label(krate.0)).collect();
            out.features = known.features.clone();
        }
    }

    /// What to say about crates that the list has no place for.
    fn mismatch(&self) -> Option<Issue> {
        let outside = &self.answer.outside;
        let label = |krate: CrateId| {
            let row = krate.get().and_then(|i| self.model.crates.get(i));
            row.map_or("", |row| self.model.names.get(row.label))
        };
        let group = |test: &dyn Fn(&Why) -> bool, what: &str| {
            let mut all = outside.iter().filter(|(_, why)| test(why));
            let (krate, why) = all.next()?;
            let listed = match (why, versions(why)) {
                (Why::OtherVersions(_), versions) => format!(", listed as {}", versions.join(", ")),
                (_, []) => String::new(),
                (_, versions) => format!(": {}", versions.join(" or ")),
            };
            let (noun, count) = match all.count() {
                0 => ("crate", 1),
                more => ("crates", more + 1),
            };
            Some(format!("{count} {noun} {what} (such as {}{listed})", label(*krate)))
        };
        let parts = [
            group(&|w| matches!(w, Why::OtherVersions(_)), "of other versions"),
            group(&|w| matches!(w, Why::SeveralVersions(_)), "that may be of several versions"),
            group(&|w| *w == Why::NotLinked, "that nothing it was built from needs"),
            group(&|w| *w == Why::Unlisted, "that it does not name"),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if parts.is_empty() {
            return None;
        }
        let is_wrong = outside.iter().any(|(_, w)| matches!(w, Why::OtherVersions(_)));
        Some(Issue {
            severity: if is_wrong { "warning" } else { "note" },
            code: "packages-do-not-match".into(),
            message: format!(
                "the list of packages does not account for all crates: the file has {}",
                parts.join(", ")
            ),
            offset: None,
            bytes: Some(self.answer.outside_sum.sizes.file),
        })
    }
}

fn word(why: &Why) -> &'static str {
    match why {
        Why::Unlisted => REASONS[0],
        Why::OtherVersions(_) => REASONS[1],
        Why::SeveralVersions(_) => REASONS[2],
        Why::NotLinked => REASONS[3],
    }
}

fn versions(why: &Why) -> &[String] {
    match why {
        Why::OtherVersions(versions) | Why::SeveralVersions(versions) => versions,
        Why::Unlisted | Why::NotLinked => &[],
    }
}
