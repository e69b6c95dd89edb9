//! What becomes of one artifact by profile and by feature, measured by building.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{DiffRow, GENERATOR, Generator, SCHEMA_VERSION};
use crate::kind::Kind;
use crate::model::Model;

/// What reports on variants of an artifact start with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct VariantsHead {
    /// Version of the JSON of every report; a changed or removed key raises it.
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::version"))]
    pub schema_version: u32,
    /// Which report it is.
    pub report: &'static str,
    /// The tool that wrote it.
    pub generator: Generator,
    /// The artifact that was built again and again.
    pub subject: Subject,
    /// Folder that was built in.
    pub scratch: String,
}

/// The artifact that was built again and again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Subject {
    /// Package it is built from.
    pub package: String,
    /// Version of the package.
    pub version: String,
    /// Cargo's name of it.
    pub target: String,
    /// `executable`, `shared-library`, `static-library` or `rust-library`.
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::artifact_kind"))]
    pub kind: &'static str,
    /// Cargo profile that variants start from.
    pub profile: String,
    /// Platforms it was built for, if any were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub platforms: Vec<String>,
}

impl VariantsHead {
    /// The head of a report.
    pub fn new(report: &'static str, subject: Subject, scratch: String) -> VariantsHead {
        VariantsHead { schema_version: SCHEMA_VERSION, report, generator: GENERATOR, subject, scratch }
    }
}

/// The answer to `profiles`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(transform = super::schema::named("profiles")))]
pub struct ProfilesReport {
    /// What it is about.
    #[serde(flatten)]
    pub head: VariantsHead,
    /// The command that was timed, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// One row for each profile. Changes are against the first one.
    pub rows: Vec<ProfileRow>,
}

/// One profile, built and measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProfileRow {
    /// Its name in the table.
    pub name: String,
    /// Cargo profile it starts from.
    pub profile: String,
    /// What it changes in that profile, as values of TOML.
    pub settings: BTreeMap<String, String>,
    /// What became of the build.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What became of the build of a variant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Outcome {
    /// `built`, `same` as an earlier row, or `failed`.
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::variant_status"))]
    pub status: &'static str,
    /// The earlier row that it is the same as: it was not built again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same_as: Option<String>,
    /// Why it failed, or why it could not be run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What to do about that, if anything is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// What was measured.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub measured: Option<Measured>,
}

impl Outcome {
    /// A build that failed, and what to do about it.
    pub fn failed(reason: String, hint: Option<String>) -> Outcome {
        Outcome { status: "failed", same_as: None, reason: Some(reason), hint, measured: None }
    }

    /// A build that succeeded.
    pub fn built(measured: Measured) -> Outcome {
        Outcome { status: "built", same_as: None, reason: None, hint: None, measured: Some(measured) }
    }

    /// The same as an earlier row.
    pub fn same_as(&self, name: &str) -> Outcome {
        match self.status {
            "failed" => self.clone(),
            _ => Outcome { status: "same", same_as: Some(name.to_string()), ..self.clone() },
        }
    }

    /// Bytes of the file, if it was built.
    pub fn file(&self) -> Option<u64> {
        self.measured.as_ref().map(|measured| measured.size.file)
    }
}

/// What was measured of one build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Measured {
    /// Where the file is.
    pub path: String,
    /// Its bytes.
    pub size: VariantSize,
    /// Bytes more than in the first row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delta: Option<i64>,
    /// How it was built.
    pub build: BuildTime,
    /// How long the command ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_time: Option<RunTime>,
}

/// Bytes of a file: in all, and by what they are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct VariantSize {
    /// Bytes of the file as it was built.
    pub file: u64,
    /// Bytes once stripped; computed from the layout where it is not stripped yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stripped: Option<u64>,
    /// Bytes by gzip, level 9, of the file as it was built.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gzip: Option<u64>,
    /// Bytes by `zstd -19`, where that is installed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zstd: Option<u64>,
    /// Bytes by `brotli -q 11`, where that is installed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brotli: Option<u64>,
    /// Instructions. This and what follows sum to the file.
    pub code: u64,
    /// Constants and variables.
    pub data: u64,
    /// Unwind and exception tables.
    pub unwind: u64,
    /// Symbol and string tables.
    pub symbols: u64,
    /// Debug information.
    pub debug: u64,
    /// Relocations, headers, what the loader needs, padding.
    pub other: u64,
}

impl VariantSize {
    /// The bytes of a model.
    pub fn of(model: &Model) -> VariantSize {
        let mut size = VariantSize {
            file: model.facts.file_size,
            stripped: model.facts.stripped_size,
            gzip: None,
            zstd: None,
            brotli: None,
            code: 0,
            data: 0,
            unwind: 0,
            symbols: 0,
            debug: 0,
            other: 0,
        };
        for leaf in model.leaves.iter() {
            let place = match leaf.kind {
                Kind::Code => &mut size.code,
                Kind::Unwind => &mut size.unwind,
                Kind::Symbols => &mut size.symbols,
                Kind::Debug => &mut size.debug,
                kind if kind.is_data() => &mut size.data,
                _ => &mut size.other,
            };
            *place += leaf.sizes().file;
        }
        size
    }
}

/// How a variant was built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BuildTime {
    /// How long cargo took, in milliseconds.
    pub milliseconds: u64,
    /// Crates that were compiled in that time.
    pub compiled: u64,
    /// Crates that had been built before.
    pub reused: u64,
    /// Whether that was in an earlier run, since which nothing has changed.
    pub remembered: bool,
}

/// How long a command ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RunTime {
    /// The median in microseconds.
    pub median: u64,
    /// Each run in microseconds, the shortest first.
    pub microseconds: Vec<u64>,
}

/// The answer to `features`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(transform = super::schema::named("features")))]
pub struct FeaturesReport {
    /// What it is about.
    #[serde(flatten)]
    pub head: VariantsHead,
    /// The package whose features these are: the subject's own, or a dependency.
    pub of: String,
    /// One row for each build. Changes are against the first one.
    pub rows: Vec<FeatureRow>,
}

/// One set of features, built and measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FeatureRow {
    /// Its name in the table: `+tls` for a feature that was added, `-tls` for one that was removed.
    pub name: String,
    /// The arguments of cargo that build it.
    pub arguments: Vec<String>,
    /// What became of the build.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// Crates that changed against the first row, the largest change first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub crates: Vec<DiffRow>,
    /// Symbols that changed against the first row, the largest change first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub symbols: Vec<DiffRow>,
}
