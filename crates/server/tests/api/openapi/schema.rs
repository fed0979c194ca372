//! Reading the document: what a schema allows, and where an answer is otherwise.

use serde_json::{Map, Value, json};

use crate::harness::Running;

pub(super) fn document(running: &Running) -> Value {
    let reply = running.get("/openapi.json");
    assert_eq!((reply.status, reply.header("content-type")), (200, "application/json"));
    assert_eq!(reply.json["openapi"], "3.1.0");
    reply.json
}

/// Every operation with its method and path.
pub(super) fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let of = |(path, item): (&String, &Value)| {
        let operations = item.as_object().unwrap().iter();
        let all: Vec<_> = operations.map(|(m, o)| (m.to_uppercase(), path.clone(), o.clone())).collect();
        all
    };
    paths.flat_map(of).collect()
}

/// Every reference, wherever it stands.
pub(super) fn references<'a>(json: &'a Value, found: &mut Vec<&'a str>) {
    match json {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str));
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

/// What a `$ref` leads to; a schema without one is itself.
pub(super) fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let Some(place) = schema["$ref"].as_str() else { return schema };
    let found = document.pointer(place.trim_start_matches('#'));
    resolved(document, found.unwrap_or_else(|| panic!("nothing at {place}")))
}

/// The schema of the JSON that an operation answers with this status.
pub(super) fn answer<'a>(document: &'a Value, method: &str, path: &str, status: u16) -> &'a Value {
    let response = &document["paths"][path][method]["responses"][status.to_string()];
    let response = resolved(document, response);
    let schema = &response["content"]["application/json"]["schema"];
    assert!(schema.is_object(), "{method} {path} {status} is not documented: {response}");
    schema
}

/// Every place where `value` is not as its schema says, or says less than it could: fields that the schema does not
/// name count too.
pub(super) fn differences(document: &Value, schema: &Value, value: &Value, place: &str) -> Vec<String> {
    let schema = resolved(document, schema);
    for choice in ["oneOf", "anyOf"] {
        if let Some(choices) = schema[choice].as_array() {
            let tries: Vec<_> = choices.iter().map(|c| differences(document, c, value, place)).collect();
            return tries.into_iter().min_by_key(Vec::len).unwrap_or_default();
        }
    }
    let mut schema = schema.clone();
    if let Some(parts) = schema["allOf"].as_array().cloned() {
        let mut fields = Map::new();
        for part in &parts {
            fields.extend(resolved(document, part)["properties"].as_object().cloned().unwrap_or_default());
        }
        schema = json!({"type": "object", "properties": fields});
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(some) => some.iter().filter_map(Value::as_str).collect(),
        _ => return Vec::new(),
    };
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let fits = |t: &&str| *t == kind || (*t == "number" && kind == "integer");
    if !types.iter().any(fits) {
        return vec![format!("{place} is a {kind}, not {types:?}")];
    }
    if let Some(words) = schema["enum"].as_array()
        && !words.contains(value)
    {
        return vec![format!("{place} is none of {words:?}")];
    }
    let mut found = Vec::new();
    if let Some(items) = value.as_array() {
        let each = items.iter().enumerate();
        found.extend(
            each.flat_map(|(i, item)| {
                differences(document, &schema["items"], item, &format!("{place}[{i}]"))
            }),
        );
    }
    if let Some(fields) = value.as_object() {
        for (name, value) in fields {
            let known = schema["properties"].get(name).or_else(|| schema.get("additionalProperties"));
            match known {
                Some(known) => found.extend(differences(document, known, value, &format!("{place}.{name}"))),
                None if schema["properties"].is_object() => {
                    found.push(format!("{place}.{name} is not documented"));
                }
                None => {}
            }
        }
        let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
        found.extend(
            required
                .filter(|name| !fields.contains_key(*name))
                .map(|name| format!("{place}.{name} is missing")),
        );
    }
    found
}

/// The types that a schema allows; none if it allows all.
pub(super) fn types(document: &Value, schema: &Value) -> Vec<String> {
    let schema = resolved(document, schema);
    if let Some(choices) = schema["oneOf"].as_array() {
        return choices.iter().flat_map(|choice| types(document, choice)).collect();
    }
    match &schema["type"] {
        Value::String(one) => vec![one.clone()],
        Value::Array(some) => some.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// A value of no type that this schema allows.
pub(super) fn stranger(document: &Value, schema: &Value) -> Option<Value> {
    let types = types(document, schema);
    let others = [
        ("object", json!({"a": 1})),
        ("array", json!([[]])),
        ("boolean", json!(true)),
        ("null", Value::Null),
    ];
    let other = others.into_iter().find(|(name, _)| !types.iter().any(|known| known == name));
    other.map(|(_, value)| value).filter(|_| !types.is_empty())
}
