//! What the document says of requests is what is read of them.

use serde_json::{Map, Value, json};

use super::schema::{document, operations, resolved, stranger, types};
use crate::harness::{Reply, Running};

/// A field that a schema describes: where it stands in the body, its schema, whether it must be there.
struct Field {
    place: String,
    schema: Value,
    required: bool,
}

/// The fields of `schema` and of all that the body has within them.
fn fields(document: &Value, schema: &Value, body: &Value, place: &str) -> Vec<Field> {
    let schema = resolved(document, schema);
    if let Some(items) = body.as_array() {
        let each = items.iter().enumerate();
        return each
            .flat_map(|(i, item)| fields(document, &schema["items"], item, &format!("{place}/{i}")))
            .collect();
    }
    let choices = schema["oneOf"].as_array().into_iter().flatten();
    let mut found: Vec<Field> = choices.flat_map(|choice| fields(document, choice, body, place)).collect();
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let required = schema["required"].as_array().is_some_and(|names| names.contains(&json!(name)));
        let place = format!("{place}/{name}");
        found.extend(fields(document, property, &body[name], &place));
        found.push(Field { place, schema: property.clone(), required });
    }
    found
}

/// The body with another value at `place`, or without it.
fn with(body: &Value, place: &str, value: Option<Value>) -> Value {
    let (holder, name) = place.rsplit_once('/').unwrap();
    let mut body = body.clone();
    let holder = body.pointer_mut(holder).and_then(Value::as_object_mut).unwrap();
    match value {
        Some(value) => holder.insert(name.to_owned(), value),
        None => holder.remove(name),
    };
    body
}

/// The least that a route takes, once for each shape that it takes.
fn valid(path: &str) -> Vec<Value> {
    let (message, correction) =
        (json!({"content": "gg"}), json!({"detected_level": "low", "correct_level": "none"}));
    let too_low = json!({"should_detect_level": "high", "actually_detected": "safe"});
    match path {
        "/analyze" => vec![json!({"message": "gg", "message_history": [{"message": "hi"}]})],
        "/analyze/batch" => vec![json!({"messages": ["gg"]})],
        "/admin/labels/switch" => vec![json!({"label_set": "trained"})],
        "/analyze_false_positive" => {
            vec![json!({"message": "gg", "detected_level": "low", "correct_level": "none"})]
        }
        "/analyze_false_negative" => {
            vec![json!({"message": "gg", "should_detect_level": "high", "actually_detected": "none"})]
        }
        "/update_learning_model" => vec![
            json!({"record_type": "false_positive", "message_data": message, "correction_data": correction}),
            json!({"record_type": "false_negative", "message_data": message, "correction_data": too_low}),
            json!({}),
        ],
        "/v1/moderations" => vec![json!({"input": "gg"})],
        path if path.ends_with("/infer") => {
            let text = json!({"name": "text", "shape": [1], "datatype": "BYTES", "data": ["gg"]});
            vec![json!({"inputs": [text], "outputs": [{"name": "level"}]})]
        }
        other => panic!("say here what {other} takes at least"),
    }
}

/// It was refused for this field, in the words of the protocol whose path it is.
fn blames(path: &str, reply: &Reply, place: &str) -> bool {
    let name = place.rsplit('/').next().unwrap();
    let error = &reply.json["error"];
    let (status, blamed) = match path.split('/').nth(1) {
        Some("v1") => (400, error["param"].as_str()),
        Some("v2") => (400, error.as_str().and_then(|sentence| sentence.split(' ').next())),
        _ => (422, error["field"].as_str()),
    };
    reply.status == status && blamed.is_some_and(|field| field.ends_with(name))
}

#[test]
fn every_documented_field_is_read_as_documented() {
    let running = Running::new();
    let document = document(&running);
    let mut read = 0;
    for (_, path, operation) in operations(&document) {
        let content = &operation["requestBody"]["content"]["application/json"];
        if !content.is_object() {
            continue;
        }
        let filled = path.replace("{name}", "ash-nlp").replace("{version}", "1");
        let send = |body: &Value| running.post(&filled, body.to_string());
        let schema = resolved(&document, &content["schema"]);
        let shapes = schema["oneOf"].as_array().cloned();
        let shapes: Vec<Value> = shapes.unwrap_or_else(|| vec![schema.clone()]);
        let shapes = shapes.into_iter().filter(|shape| shape["type"] != "null");
        for (shape, good) in shapes.zip(valid(&path)) {
            assert_eq!(send(&good).status, 200, "{path} {good}");
            for Field { place, schema, required } in fields(&document, &shape, &good, "") {
                // Without it, it is another shape of request.
                let tells_shapes_apart = place == "/record_type";
                if required && !tells_shapes_apart {
                    assert!(
                        blames(&path, &send(&with(&good, &place, None)), &place),
                        "{path} without {place}"
                    );
                }
                if types(&document, &schema).iter().any(|known| known == "null") {
                    assert_eq!(
                        send(&with(&good, &place, Some(Value::Null))).status,
                        200,
                        "{path} {place} null"
                    );
                }
                if let Some(value) = stranger(&document, &schema) {
                    let reply = send(&with(&good, &place, Some(value)));
                    assert!(blames(&path, &reply, &place), "{path} {place}: {}", reply.json);
                    read += 1;
                }
            }
        }
        for example in content["examples"].as_object().into_iter().flat_map(Map::values) {
            assert_eq!(send(&example["value"]).status, 200, "{path}: {example}");
        }
    }
    assert!(read > 30, "only {read} fields have a type");
}

#[test]
fn a_wrong_verbosity_is_told_whatever_else_is_asked() {
    let running = Running::new();
    for path in ["/analyze", "/analyze/batch"] {
        for mistake in [
            json!({"verbosity": "loud"}),
            json!({"verbosity": "minimal", "explanation_verbosity": "loud"}),
            json!({"include_explanation": false, "verbosity": "loud"}),
        ] {
            let mut body = valid(path).remove(0);
            body.as_object_mut().unwrap().extend(mistake.as_object().unwrap().clone());
            assert_eq!(running.post(path, body.to_string()).status, 422, "{path}: {mistake}");
        }
    }
}
