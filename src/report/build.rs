//! What a build of a Cargo package made.

use serde::Serialize;

use super::{GENERATOR, Generator, Overview, SCHEMA_VERSION, Show};

/// The answer to `build`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(transform = super::schema::named("build")))]
pub struct BuildReport<'a> {
    /// Version of the JSON of every report; a changed or removed key raises it.
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::version"))]
    pub schema_version: u32,
    /// Which report it is.
    pub report: &'static str,
    /// The tool that wrote it.
    pub generator: Generator,
    /// Cargo profile that was built, with symbols kept.
    pub profile: String,
    /// Folder that was built in.
    pub scratch: String,
    /// What was made, each with its report.
    pub artifacts: Vec<BuiltArtifact<'a>>,
}

impl<'a> BuildReport<'a> {
    /// A report on some artifacts.
    pub fn new(profile: &str, scratch: String, artifacts: Vec<BuiltArtifact<'a>>) -> BuildReport<'a> {
        BuildReport {
            schema_version: SCHEMA_VERSION,
            report: "build",
            generator: GENERATOR,
            profile: profile.to_string(),
            scratch,
            artifacts,
        }
    }
}

/// A file that a build made, and what there is to say of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BuiltArtifact<'a> {
    /// The file.
    #[serde(flatten)]
    pub file: BuiltFile,
    /// The same as for the file alone.
    pub report: BuiltAnswer<'a>,
}

/// A file that a build made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BuiltFile {
    /// Package it was built from.
    pub package: String,
    /// Version of the package.
    pub version: String,
    /// Cargo's name for what it was built from: a program, an example, a library.
    pub target: String,
    /// `executable`, `shared-library`, `static-library` or `rust-library`.
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::artifact_kind"))]
    pub kind: &'static str,
    /// Where it is.
    pub path: String,
}

/// What there is to say of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum BuiltAnswer<'a> {
    /// An overview.
    Overview(&'a Overview),
    /// A breakdown.
    Show(&'a Show),
}
