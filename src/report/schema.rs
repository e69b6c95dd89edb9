//! The JSON Schema of every report, made from the types themselves.
//!
//! Only what types do not say is said here: which words a text can be, and that what does not
//! apply is absent. Consumers may meet keys that are newer than the schema, so objects are open.

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use super::{
    AdviseReport, BuildReport, CheckReport, DiffReport, DuplicatesReport, ExplainCrate, ExplainPlace,
    FeaturesReport, GENERATOR, GenericReport, GenericsReport, LedgerRow, Overview, ProfilesReport,
    SCHEMA_VERSION, Show, TreeReport,
};
use crate::analysis::advise::Goal;
use crate::kind::Kind;
use crate::model::view::{Dim, SOURCES};
use crate::model::{Evidence, Source};

/// One schema for every report and for a line of the ledger, as `docs/schema.json` has it.
///
/// Each is a definition of its own below `$defs`; the whole accepts any of them.
pub fn schema() -> Value {
    let mut settings = SchemaSettings::draft2020_12().for_serialize();
    settings.transforms.push(Box::new(RecursiveTransform(absent_not_null)));
    settings.transforms.push(Box::new(RecursiveTransform(plain_integers)));
    let mut generator = settings.into_generator();
    let any = [
        generator.subschema_for::<Overview>(),
        generator.subschema_for::<Show>(),
        generator.subschema_for::<ExplainPlace<'_>>(),
        generator.subschema_for::<ExplainCrate>(),
        generator.subschema_for::<DiffReport>(),
        generator.subschema_for::<DuplicatesReport>(),
        generator.subschema_for::<CheckReport>(),
        generator.subschema_for::<GenericsReport>(),
        generator.subschema_for::<GenericReport>(),
        generator.subschema_for::<TreeReport>(),
        generator.subschema_for::<BuildReport<'_>>(),
        generator.subschema_for::<ProfilesReport>(),
        generator.subschema_for::<FeaturesReport>(),
        generator.subschema_for::<AdviseReport>(),
        generator.subschema_for::<LedgerRow<'_>>(),
    ];
    let definitions = generator.take_definitions(true);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": format!("Reports of bloat as JSON, version {SCHEMA_VERSION}"),
        "description": "What `--format json` writes, and a line of `bloat ledger --format jsonl`. \
            Keys that do not apply are absent. New keys do not raise the version.",
        "anyOf": any,
        "$defs": definitions,
    })
}

/// Adds the word that tells a report from others.
pub(super) fn named(report: &'static str) -> impl Transform {
    move |schema: &mut Schema| {
        if let Some(property) = schema.pointer_mut("/properties/report").and_then(Value::as_object_mut) {
            property.insert("const".to_string(), report.into());
            property.remove("type");
        }
    }
}

/// No report has a null: an option that is none is left out.
fn absent_not_null(schema: &mut Schema) {
    let is_null = |value: &Value| value.get("type").is_some_and(|t| t == "null");
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|t| t != "null");
        if let [only] = &types[..] {
            let only = only.clone();
            schema.insert("type".to_string(), only);
        }
    }
    if let Some(Value::Array(choices)) = schema.get_mut("anyOf") {
        let count = choices.len();
        choices.retain(|choice| !is_null(choice));
        if let ([Value::Object(only)], true) = (&choices[..], choices.len() < count) {
            let only: Map<String, Value> = only.clone();
            schema.remove("anyOf");
            schema.ensure_object().extend(only);
        }
    }
}

/// Widths of integers in memory are no part of the contract, and `format` has no such words.
fn plain_integers(schema: &mut Schema) {
    if schema.get("type").is_some_and(|t| t == "integer") {
        schema.remove("format");
        schema.remove("maximum");
    }
}

fn words(all: impl IntoIterator<Item = &'static str>) -> Schema {
    let all: Vec<&str> = all.into_iter().collect();
    json_schema!({ "type": "string", "enum": all })
}

pub(super) fn version(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "const": SCHEMA_VERSION })
}

pub(super) fn generator(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "const": GENERATOR.name })
}

pub(super) fn bits(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "integer", "enum": [0, 32, 64] })
}

pub(super) fn endian(_: &mut SchemaGenerator) -> Schema {
    words(["little", "big"])
}

pub(super) fn severity(_: &mut SchemaGenerator) -> Schema {
    words(["note", "warning"])
}

pub(super) fn kind(_: &mut SchemaGenerator) -> Schema {
    words(Kind::ALL.map(Kind::as_str))
}

pub(super) fn source(_: &mut SchemaGenerator) -> Schema {
    words(SOURCES.map(Source::as_str))
}

/// Grouped by source, what is of no crate is a group as well.
pub(super) fn source_key(_: &mut SchemaGenerator) -> Schema {
    words(SOURCES.map(Source::as_str).into_iter().chain(["[no crate]"]))
}

pub(super) fn evidence(_: &mut SchemaGenerator) -> Schema {
    words(Evidence::ALL.map(Evidence::as_str))
}

pub(super) fn dimensions(_: &mut SchemaGenerator) -> Schema {
    let one = words(Dim::ALL.map(Dim::as_str));
    json_schema!({ "type": "array", "items": one, "minItems": 1, "uniqueItems": true })
}

pub(super) fn grouping(_: &mut SchemaGenerator) -> Schema {
    words(["item", "type", "dropped", "dropped-type"])
}

pub(super) fn measure(_: &mut SchemaGenerator) -> Schema {
    words(["file", "memory"])
}

pub(super) fn limit(_: &mut SchemaGenerator) -> Schema {
    words(["max", "max-growth", "deny"])
}

pub(super) fn standing(_: &mut SchemaGenerator) -> Schema {
    words(["exceeded", "allowed", "unchecked", "held"])
}

pub(super) fn verdict(_: &mut SchemaGenerator) -> Schema {
    words(["exceeded", "unchecked", "held"])
}

pub(super) fn notion(_: &mut SchemaGenerator) -> Schema {
    words(["crate", "defined_in", "instantiated_by"])
}

pub(super) fn partition(_: &mut SchemaGenerator) -> Schema {
    words(["section", "symbol", "unit", "kind", "account", "inferred"])
}

pub(super) fn direction(_: &mut SchemaGenerator) -> Schema {
    words(["down", "up", "duplicates"])
}

pub(super) fn list_source(_: &mut SchemaGenerator) -> Schema {
    words(["cargo", "lockfile", "file"])
}

pub(super) fn tree_row(_: &mut SchemaGenerator) -> Schema {
    words(super::tree::ROWS)
}

pub(super) fn outside(_: &mut SchemaGenerator) -> Schema {
    words(super::tree::REASONS)
}

pub(super) fn artifact_kind(_: &mut SchemaGenerator) -> Schema {
    words(["executable", "shared-library", "static-library", "rust-library"])
}

pub(super) fn variant_status(_: &mut SchemaGenerator) -> Schema {
    words(["built", "same", "failed"])
}

pub(super) fn goal(_: &mut SchemaGenerator) -> Schema {
    words(Goal::ALL.map(Goal::as_str))
}

pub(super) fn base(_: &mut SchemaGenerator) -> Schema {
    words(["file", "shipped"])
}

pub(super) fn basis(_: &mut SchemaGenerator) -> Schema {
    words(["layout", "bytes", "experience"])
}

pub(super) fn change(_: &mut SchemaGenerator) -> Schema {
    words(["profile", "manifest", "rustflags", "command", "nightly", "look"])
}
