//! What belongs to the file as a whole, as JSON in the metadata of a snapshot.

use parquet::file::metadata::KeyValue;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::seal::Damage;
use crate::error::{Diagnostic, Severity};
use crate::intern::{NameId, Names};
use crate::model::view::SOURCES;
use crate::model::{Build, CrateRow, Facts, Model, SegmentRow};

/// Keys of the metadata.
const INPUT: &str = "bloat.input";
const BUILD: &str = "bloat.build";
const CRATES: &str = "bloat.crates";
const SEGMENTS: &str = "bloat.segments";
const DIAGNOSTICS: &str = "bloat.diagnostics";

/// [`Facts`] without how it was built.
#[derive(Serialize, Deserialize)]
struct InputFacts {
    /// Name without folders, which are different on every machine.
    name: String,
    format: String,
    file_type: String,
    arch: String,
    bits: u8,
    endian: String,
    file_size: u64,
    memory_size: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    build_id: Option<String>,
    stripped: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    debug_info: Option<String>,
    /// Names without folders.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    debug_files: Vec<String>,
    needed: Vec<String>,
    toolchain: Vec<String>,
    /// The one of `toolchain` that is of rustc.
    #[serde(skip_serializing_if = "Option::is_none")]
    rustc: Option<String>,
    has_rust: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stripped_size: Option<u64>,
}

#[derive(Serialize, Deserialize)]
struct BuildFacts {
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    features: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lockfile: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct CrateFacts {
    /// What rows call it.
    label: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    shown: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    package: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    /// In hexadecimal, as numbers of JSON are not exact.
    #[serde(skip_serializing_if = "Option::is_none")]
    stable_id: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct SegmentFacts {
    name: String,
    address: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    physical: Option<u64>,
    writable: bool,
    file_size: u64,
    memory_size: u64,
}

#[derive(Serialize, Deserialize)]
struct Told {
    is_warning: bool,
    code: String,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
}

/// The name of a file without folders.
pub(super) fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or_default()
}

/// The metadata of a model.
pub(super) fn write(model: &Model) -> Vec<KeyValue> {
    let names = &model.names;
    let crates: Vec<CrateFacts> = model.crates.iter().map(|row| krate(row, names)).collect();
    let segments: Vec<SegmentFacts> = model.segments.iter().map(|row| segment(row, names)).collect();
    let told: Vec<Told> = model.diagnostics.iter().map(told).collect();
    vec![
        entry(INPUT, &input(&model.facts)),
        entry(BUILD, &build(&model.facts.build)),
        entry(CRATES, &crates),
        entry(SEGMENTS, &segments),
        entry(DIAGNOSTICS, &told),
    ]
}

fn entry(key: &str, value: &impl Serialize) -> KeyValue {
    // Fails for maps whose keys are no text, and there are no maps here.
    KeyValue::new(key.to_string(), serde_json::to_string(value).unwrap_or_default())
}

fn input(facts: &Facts) -> InputFacts {
    InputFacts {
        name: file_name(&facts.path).to_string(),
        format: facts.format.to_string(),
        file_type: facts.file_type.to_string(),
        arch: facts.arch.clone(),
        bits: facts.bits,
        endian: facts.endian.to_string(),
        file_size: facts.file_size,
        memory_size: facts.memory_size,
        build_id: facts.build_id.clone(),
        stripped: facts.stripped,
        debug_info: facts.debug_info.clone(),
        debug_files: facts.debug_files.iter().map(|path| file_name(path).to_string()).collect(),
        needed: facts.needed.clone(),
        rustc: facts.toolchain.iter().find(|tool| tool.starts_with("rustc ")).cloned(),
        toolchain: facts.toolchain.clone(),
        has_rust: facts.has_rust,
        stripped_size: facts.stripped_size,
    }
}

fn build(build: &Build) -> BuildFacts {
    let Build { profile, target, features, commit, lockfile } = build.clone();
    BuildFacts { profile, target, features, commit, lockfile }
}

fn krate(row: &CrateRow, names: &Names) -> CrateFacts {
    let text = |id: NameId| (id != NameId::NONE).then(|| names.get(id).to_string());
    CrateFacts {
        label: names.get(row.label).to_string(),
        name: names.get(row.name).to_string(),
        shown: text(row.shown).filter(|shown| shown != names.get(row.name)),
        version: text(row.version),
        package: text(row.package),
        source: row.source.map(|source| source.as_str().to_string()),
        stable_id: row.stable_id.map(|id| format!("{id:016x}")),
    }
}

fn segment(row: &SegmentRow, names: &Names) -> SegmentFacts {
    SegmentFacts {
        name: names.get(row.name).to_string(),
        address: row.address,
        physical: row.physical,
        writable: row.writable,
        file_size: row.file_size,
        memory_size: row.memory_size,
    }
}

fn told(diagnostic: &Diagnostic) -> Told {
    Told {
        is_warning: diagnostic.severity == Severity::Warning,
        code: diagnostic.code.to_string(),
        message: diagnostic.message.clone(),
        offset: diagnostic.offset,
        bytes: diagnostic.bytes,
    }
}

/// What [`read`] yields.
pub(super) struct Tables {
    pub facts: Facts,
    pub crates: Vec<CrateRow>,
    pub segments: Vec<SegmentRow>,
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads the metadata of a snapshot.
///
/// *Errors*: an entry is missing, or does not hold what belongs there.
pub(super) fn read(metadata: &[KeyValue], names: &mut Names) -> Result<Tables, Damage> {
    let input: InputFacts = get(metadata, INPUT)?;
    let build: BuildFacts = get(metadata, BUILD)?;
    let crates: Vec<CrateFacts> = get(metadata, CRATES)?;
    let segments: Vec<SegmentFacts> = get(metadata, SEGMENTS)?;
    let told: Vec<Told> = get(metadata, DIAGNOSTICS)?;
    let facts = Facts {
        path: input.name,
        format: input.format.into(),
        file_type: input.file_type.into(),
        arch: input.arch,
        bits: input.bits,
        endian: input.endian.into(),
        file_size: input.file_size,
        memory_size: input.memory_size,
        build_id: input.build_id,
        stripped: input.stripped,
        debug_info: input.debug_info,
        debug_files: input.debug_files,
        needed: input.needed,
        toolchain: input.toolchain,
        has_rust: input.has_rust,
        stripped_size: input.stripped_size,
        build: Build {
            profile: build.profile,
            target: build.target,
            features: build.features,
            commit: build.commit,
            lockfile: build.lockfile,
        },
    };
    let mut text = |text: Option<&str>| text.map_or(NameId::NONE, |text| names.intern(text));
    let mut crate_rows = Vec::with_capacity(crates.len());
    for row in &crates {
        let source = match row.source.as_deref() {
            None => None,
            Some(word) => Some(
                SOURCES
                    .into_iter()
                    .find(|source| source.as_str() == word)
                    .ok_or_else(|| Damage::Nonsense(format!("`{word}` is no source of a crate")))?,
            ),
        };
        let stable_id = row.stable_id.as_deref().map(|id| u64::from_str_radix(id, 16)).transpose();
        crate_rows.push(CrateRow {
            name: text(Some(&row.name)),
            shown: text(row.shown.as_deref().or(Some(&row.name))),
            version: text(row.version.as_deref()),
            // A path of the machine it was built on.
            root: NameId::NONE,
            package: text(row.package.as_deref()),
            source,
            stable_id: stable_id.map_err(|e| Damage::Nonsense(format!("the id of a crate: {e}")))?,
            label: text(Some(&row.label)),
        });
    }
    let segments = segments.iter().map(|row| SegmentRow {
        name: text(Some(&row.name)),
        address: row.address,
        physical: row.physical,
        writable: row.writable,
        file_size: row.file_size,
        memory_size: row.memory_size,
    });
    let diagnostics = told.into_iter().map(|told| Diagnostic {
        severity: if told.is_warning { Severity::Warning } else { Severity::Note },
        code: told.code.into(),
        message: told.message,
        offset: told.offset,
        bytes: told.bytes,
    });
    Ok(Tables { facts, crates: crate_rows, segments: segments.collect(), diagnostics: diagnostics.collect() })
}

fn get<T: DeserializeOwned>(metadata: &[KeyValue], key: &str) -> Result<T, Damage> {
    let entry = metadata.iter().find(|entry| entry.key == key).and_then(|entry| entry.value.as_deref());
    let text = entry.ok_or_else(|| Damage::Nonsense(format!("it has no metadata `{key}`")))?;
    serde_json::from_str(text).map_err(|error| Damage::Nonsense(format!("metadata `{key}`: {error}")))
}
