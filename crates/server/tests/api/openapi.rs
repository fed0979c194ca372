//! The document of the interface, held against the interface.

use serde_json::{Map, Value, json};

use crate::harness::Running;

fn document(running: &Running) -> Value {
    let reply = running.get("/openapi.json");
    assert_eq!((reply.status, reply.header("content-type")), (200, "application/json"));
    assert_eq!(reply.json["openapi"], "3.1.0");
    reply.json
}

/// What a `$ref` leads to; a schema without one is itself.
fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let Some(place) = schema["$ref"].as_str() else { return schema };
    let found = document.pointer(place.trim_start_matches('#'));
    resolved(document, found.unwrap_or_else(|| panic!("nothing at {place}")))
}

/// The schema of the JSON that an operation answers with this status.
fn answer<'a>(document: &'a Value, method: &str, path: &str, status: u16) -> &'a Value {
    let response = &document["paths"][path][method]["responses"][status.to_string()];
    let response = resolved(document, response);
    let schema = &response["content"]["application/json"]["schema"];
    assert!(schema.is_object(), "{method} {path} {status} is not documented: {response}");
    schema
}

/// Every place where `value` is not as its schema says, or says less than it could: fields that the schema does not
/// name count too.
fn differences(document: &Value, schema: &Value, value: &Value, place: &str) -> Vec<String> {
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
    if !types.iter().any(|t| fits(&t)) {
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
                    found.push(format!("{place}.{name} is not documented"))
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

#[test]
fn answers_are_as_documented_and_say_nothing_that_is_not() {
    let running = Running::new();
    let document = document(&running);
    let history = json!({
        "message": "this is high", "user_timezone": "Europe/Vienna", "timestamp": "2026-03-01T21:55:00Z",
        "message_history": [{"message": "low", "timestamp": "2026-03-01T21:40:00Z"}, {"message": "none at all", "timestamp": 1}],
    });
    let words =
        json!({"message": "i want to kill myself tonight, i have the pills", "include_explanation": false});
    for (method, path, body) in [
        ("get", "/health", Value::Null),
        ("get", "/live", Value::Null),
        ("get", "/ready", Value::Null),
        ("get", "/openapi.json", Value::Null),
        ("post", "/analyze", json!({"message": "gg, well played"})),
        ("post", "/analyze", history),
        ("post", "/analyze", words),
        ("post", "/analyze", json!({"message": "broken"})),
        ("post", "/analyze", json!({"message": " "})),
        ("post", "/analyze", json!([])),
        ("post", "/analyze/batch", json!({"messages": ["high", 7, ""]})),
        // Last, when there is something to report.
        ("get", "/status", Value::Null),
    ] {
        let reply = if method == "get" { running.get(path) } else { running.post(path, body.to_string()) };
        let schema = answer(&document, method, path, reply.status);
        let differences = differences(&document, schema, &reply.json, path);
        assert!(differences.is_empty(), "{differences:#?}\nin {:#}", reply.json);
    }
    let reply = running.post("/analyze", "{");
    assert_eq!(reply.status, 400);
    assert!(
        differences(&document, answer(&document, "post", "/analyze", 400), &reply.json, "400").is_empty()
    );
}

#[test]
fn the_page_for_people_brings_all_it_needs() {
    let running = Running::new();
    assert_eq!(running.get("/docs").status, 200, "followed");
    let page = running.get("/docs/");
    assert_eq!((page.status, page.header("content-type")), (200, "text/html"));
    let html = page.json.as_str().unwrap();
    let named = html.split(['"', '\'']).filter(|word| word.ends_with(".js") || word.ends_with(".css"));
    let named: Vec<&str> = named.map(|name| name.trim_start_matches("./")).collect();
    assert!(named.len() > 3, "{named:?}");
    for name in named {
        let reply = running.get(&format!("/docs/{name}"));
        assert_eq!(reply.status, 200, "{name}");
        assert!(reply.header("content-security-policy").contains("script-src 'self';"), "{name}");
    }
    assert!(running.get("/docs/swagger-initializer.js").json.as_str().unwrap().contains("../openapi.json"));
    assert_eq!(running.get("/docs/no-such-file").status, 404);
    assert_eq!(running.get("/docs/../../etc/passwd").status, 404);
}
