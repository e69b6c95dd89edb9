//! `docs/schema.json`, and whether answers are valid by it.

#![allow(dead_code, reason = "each test file uses its own part of this one")]

use std::path::Path;

use jsonschema::Validator;
use serde_json::Value;

/// The schema as it is published.
pub fn published() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema.json");
    let text = std::fs::read_to_string(path).expect("docs/schema.json is there");
    serde_json::from_str(&text).expect("it is JSON")
}

/// Calls `act` for `value` and every value in it.
pub fn walk(value: &mut Value, act: &mut dyn FnMut(&mut Value)) {
    act(value);
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| walk(item, act)),
        Value::Object(items) => items.values_mut().for_each(|item| walk(item, act)),
        _ => {}
    }
}

/// The published schema for one report, without leave to have keys that it does not name.
pub fn closed(definition: &str) -> Validator {
    let mut schema = published();
    walk(&mut schema["$defs"], &mut |value| {
        if let Some(object) =
            value.as_object_mut().filter(|o| o.get("properties").is_some_and(Value::is_object))
        {
            object.insert("additionalProperties".to_string(), false.into());
        }
    });
    let schema = schema.as_object_mut().expect("an object");
    schema.remove("anyOf");
    schema.insert("$ref".to_string(), format!("#/$defs/{definition}").into());
    jsonschema::draft202012::new(&Value::Object(schema.clone())).expect("the schema is one")
}

#[track_caller]
pub fn assert_valid(validator: &Validator, answer: &Value, asked: &str) {
    let errors: Vec<String> =
        validator.iter_errors(answer).take(5).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{asked}: {}", errors.join("\n"));
}
