//! What a command answers, as typed data: the JSON wire format and nothing else.
//!
//! Additions keep [`SCHEMA_VERSION`]; a changed or removed key raises it. Keys
//! that do not apply are absent, never null. Bytes are integers.

mod advise;
mod build;
mod causes;
mod check;
mod dependencies;
mod diff;
mod duplicates;
mod explain;
mod flame;
mod generics;
mod ledger;
mod limits;
mod overview;
mod profiles;
mod rows;
#[cfg(feature = "schema")]
mod schema;
mod tree;
mod unmatched;

use std::borrow::Cow;

use serde::Serialize;

pub use advise::{
    AdviceRow, AdviseOptions, AdviseReport, BuiltFor, BuiltSizes, ChangeRow, MeasuredRow, ProofRow,
    SavingRow, SettingsRow, TogetherRow, Trial, advise, told,
};
pub use build::{BuildReport, BuiltAnswer, BuiltArtifact, BuiltFile};
pub use check::{AllowanceRow, CheckReport, CheckRow, check};
pub use dependencies::DependencyRow;
pub use diff::{
    Amounts, Cause, Change, Copies, DiffOptions, DiffReport, DiffRow, Status, Summary, Turn, diff, diff_part,
};
pub use duplicates::{
    CrateVersion, DuplicatesOptions, DuplicatesReport, EqualGroup, Folded, List, Listed, ListedVersion,
    RepeatedCrate, Rest, Saving, SimilarGroup, SimilarShape, Twin, duplicates,
};
pub use explain::{
    Answer, ClaimRow, CrateFacts, ExplainCrate, ExplainPlace, ExplainSymbol, Found, Match, explain_crate,
    explain_place,
};
pub use flame::{Flame, Stack, flame};
pub use generics::{
    CopyRow, GenericReport, GenericRow, GenericsOptions, GenericsReport, InstantiatorRow, Portion, VtableRow,
    VtableSummary, generic, generics,
};
pub use ledger::{LEDGER_COLUMNS, LedgerRow, ledger};
pub use limits::LimitRow;
pub use overview::{MemoryRegion, Overview, Shipped, main_dimension, overview};
pub use profiles::{
    BuildTime, FeatureRow, FeaturesReport, Measured, Outcome, ProfileRow, ProfilesReport, RunTime, Subject,
    VariantSize, VariantsHead,
};
pub use rows::{Columns, InliningRow, Key, Row, Show, ShowOptions, show, show_where};
#[cfg(feature = "schema")]
pub use schema::schema;
pub use tree::{BuildPackage, DependencyLine, ListSource, PackageList, PackageRow, TreeReport, tree_report};
pub use unmatched::nothing_passes;

use crate::error::Diagnostic;
use crate::model::{Model, Sizes};

/// Version of the JSON of every report.
pub const SCHEMA_VERSION: u32 = 1;

/// What every report starts with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Head {
    /// Version of the JSON of every report; a changed or removed key raises it.
    #[cfg_attr(feature = "schema", schemars(schema_with = "schema::version"))]
    pub schema_version: u32,
    /// Which report it is.
    pub report: &'static str,
    /// The tool that wrote it.
    pub generator: Generator,
    /// The file it is about.
    pub input: InputFacts,
    /// Size of the whole file.
    pub total: Total,
}

/// The tool that wrote a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Generator {
    /// Its name.
    #[cfg_attr(feature = "schema", schemars(schema_with = "schema::generator"))]
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
}

/// The file a report is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InputFacts {
    /// Path as given.
    pub path: String,
    /// `elf`, `macho`, `pe`, `wasm` or `archive`.
    pub format: Cow<'static, str>,
    /// The format's own word: `executable`.
    pub file_type: Cow<'static, str>,
    /// Architecture by its common name.
    pub arch: String,
    /// 32 or 64; 0 where nothing tells, as in an archive without members.
    #[cfg_attr(feature = "schema", schemars(schema_with = "schema::bits"))]
    pub bits: u8,
    /// `little` or `big`.
    #[cfg_attr(feature = "schema", schemars(schema_with = "schema::endian"))]
    pub endian: Cow<'static, str>,
    /// Bytes of the file.
    pub file_size: u64,
    /// Bytes of memory once loaded.
    pub memory_size: u64,
    /// Build id in lower-case hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build_id: Option<String>,
    /// Whether the static symbol table is missing.
    pub stripped: bool,
    /// `none`, or the newest DWARF version in use: `dwarf5`.
    pub debug_info: String,
    /// Separate files that debug information was read from.
    pub debug_files: Vec<String>,
    /// Dynamic libraries it needs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub needed: Vec<String>,
    /// What compilers and linkers wrote of themselves.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub toolchain: Vec<String>,
}

/// File and memory bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Total {
    /// Bytes of the file.
    pub file: u64,
    /// Bytes of memory.
    pub memory: u64,
}

impl Total {
    fn is_nothing(self) -> bool {
        self.file == 0 && self.memory == 0
    }
}

impl From<Sizes> for Total {
    fn from(sizes: Sizes) -> Total {
        Total { file: sizes.file, memory: sizes.memory }
    }
}

/// A part of the file that could not be understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Issue {
    /// `note` or `warning`.
    #[cfg_attr(feature = "schema", schemars(schema_with = "schema::severity"))]
    pub severity: &'static str,
    /// A stable identifier.
    pub code: Cow<'static, str>,
    /// One sentence.
    pub message: String,
    /// File offset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// Bytes concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
}

impl From<&Diagnostic> for Issue {
    fn from(d: &Diagnostic) -> Issue {
        Issue {
            severity: d.severity.as_str(),
            code: d.code.clone(),
            message: d.message.clone(),
            offset: d.offset,
            bytes: d.bytes,
        }
    }
}

fn issues(model: &Model) -> Vec<Issue> {
    model.diagnostics.iter().map(Issue::from).collect()
}

/// That a universal file has everything as often as it has architectures.
fn several_architectures(model: &Model) -> Option<Diagnostic> {
    let is_universal = model.facts.format == "macho" && model.members.len() > 1;
    let text = "a universal file has the program once for each architecture, and copies in all of them count: \
                --arch asks for one";
    is_universal.then(|| Diagnostic::note("several-architectures", text))
}

fn head(model: &Model, report: &'static str) -> Head {
    Head {
        schema_version: SCHEMA_VERSION,
        report,
        generator: GENERATOR,
        input: InputFacts::of(model),
        total: model.total().into(),
    }
}

/// This tool.
const GENERATOR: Generator = Generator { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") };

impl InputFacts {
    fn of(model: &Model) -> InputFacts {
        let facts = &model.facts;
        InputFacts {
            path: facts.path.clone(),
            format: facts.format.clone(),
            file_type: facts.file_type.clone(),
            arch: facts.arch.clone(),
            bits: facts.bits,
            endian: facts.endian.clone(),
            file_size: facts.file_size,
            memory_size: facts.memory_size,
            build_id: facts.build_id.clone(),
            stripped: facts.stripped,
            debug_info: facts.debug_info.clone().unwrap_or_else(|| "none".to_string()),
            debug_files: facts.debug_files.clone(),
            needed: facts.needed.clone(),
            toolchain: facts.toolchain.clone(),
        }
    }
}
