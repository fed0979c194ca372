//! What the document says of requests is what is read of them.

use serde_json::{Map, Value, json};

use super::schema::{document, operations, resolved, stranger, types};
use crate::harness::{Reply, Running};

#[test]
fn every_documented_field_is_read_as_documented() {
    let running = Running::new();
    let document = document(&running);
    let mut read = 0;
    for (method, path, operation) in operations(&document) {
        let content = &operation["requestBody"]["content"]["application/json"];
        if !content.is_object() {
            continue;
        }
        let schema = resolved(&document, &content["schema"]);
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let good = valid(&path);
        let filled = path.replace("{name}", "ash-nlp").replace("{version}", "1");
        let send = |body: &Value| running.post(&filled, body.to_string());
        assert_eq!(send(&good).status, 200, "{method} {path}");
        for (field, property) in schema["properties"].as_object().unwrap() {
            let with = |value: Value| {
                let mut body = good.clone();
                body[field] = value;
                body
            };
            let is_required = required.contains(&field.as_str());
            if is_required {
                let mut body = good.clone();
                body.as_object_mut().unwrap().remove(field);
                let reply = send(&body);
                assert!(blames(&path, &reply, field), "{path} without {field}: {}", reply.shown());
            }
            if types(&document, property).iter().any(|known| known == "null") {
                assert_eq!(send(&with(Value::Null)).status, 200, "{path} {field} null");
            }
            if let Some(value) = stranger(&document, property) {
                let reply = send(&with(value));
                assert!(blames(&path, &reply, field), "{path} {field}: {}", reply.shown());
                read += 1;
            }
        }
        for example in content["examples"].as_object().into_iter().flat_map(Map::values) {
            let reply = send(&example["value"]);
            assert_eq!(reply.status, 200, "{path}: {example}");
        }
    }
    assert!(read > 10, "only {read} fields have a type");
}

/// Whether a refusal names the field, in the words of the protocol whose path it is.
fn blames(path: &str, reply: &Reply, field: &str) -> bool {
    let error = &reply.json["error"];
    match path.split('/').nth(1) {
        Some("v1") => reply.status == 400 && error["param"] == field,
        Some("v2") => reply.status == 400 && error.as_str().is_some_and(|said| said.starts_with(field)),
        _ => reply.status == 422 && error["field"] == field,
    }
}

/// The least that a route takes.
fn valid(path: &str) -> Value {
    match path {
        "/analyze" => json!({"message": "gg"}),
        "/analyze/batch" => json!({"messages": ["gg"]}),
        "/admin/labels/switch" => json!({"label_set": "trained"}),
        "/v1/moderations" => json!({"input": "gg"}),
        path if path.ends_with("/infer") => {
            json!({"inputs": [{"name": "text", "shape": [1], "datatype": "BYTES", "data": ["gg"]}]})
        }
        other => panic!("say here what {other} takes at least"),
    }
}
