//! What the service answers is what the document says.

use serde_json::{Value, json};

use super::schema::{answer, differences, document};
use crate::harness::Running;

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
    let infer = json!({
        "id": "7", "inputs": [{"name": "text", "shape": [1], "datatype": "BYTES", "data": ["i want to die"]}],
    });
    let false_positive = json!({"message": "gg", "detected_level": "low", "correct_level": "none"});
    for (method, path, body) in [
        ("get", "/", Value::Null),
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
        ("post", "/v1/moderations", json!({"input": ["i want to die", ""]})),
        ("post", "/v1/moderations", json!({"input": 7})),
        ("post", "/v1/moderations", json!({"input": "panic"})),
        ("get", "/v2", Value::Null),
        ("get", "/v2/health/live", Value::Null),
        ("get", "/v2/health/ready", Value::Null),
        ("get", "/v2/models/ash-nlp", Value::Null),
        ("get", "/v2/models/ash-nlp/versions/1", Value::Null),
        ("get", "/v2/models/ash-nlp/ready", Value::Null),
        ("get", "/v2/models/ash-nlp/versions/1/ready", Value::Null),
        ("get", "/v2/models/nothing", Value::Null),
        ("post", "/v2/models/ash-nlp/infer", infer.clone()),
        ("post", "/v2/models/ash-nlp/versions/1/infer", infer.clone()),
        ("post", "/v2/models/nothing/infer", infer),
        ("post", "/v2/models/ash-nlp/infer", json!({})),
        ("get", "/ensemble/config", Value::Null),
        ("post", "/ensemble/set-weights?ensemble_mode=majority", Value::Null),
        ("post", "/ensemble/set-weights", Value::Null),
        ("post", "/ensemble/refresh-weights", Value::Null),
        ("get", "/admin/labels/current", Value::Null),
        ("get", "/admin/labels/list", Value::Null),
        ("get", "/admin/labels/details/trained", Value::Null),
        ("get", "/admin/labels/details/nothing", Value::Null),
        ("get", "/admin/labels/validate", Value::Null),
        ("post", "/admin/labels/switch", json!({"label_set": "trained"})),
        ("post", "/admin/labels/switch", json!({"label_set": "nothing"})),
        ("get", "/admin/thresholds/status", Value::Null),
        ("get", "/learning_statistics", Value::Null),
        ("post", "/analyze_false_positive", false_positive.clone()),
        ("post", "/analyze_false_negative", false_positive),
        ("post", "/update_learning_model", Value::Null),
        ("get", "/stats", Value::Null),
        // Last, when there is something to report.
        ("get", "/status", Value::Null),
    ] {
        let reply = if method == "get" { running.get(path) } else { running.post(path, body.to_string()) };
        let known = path.split('?').next().unwrap().replace("trained", "{name}").replace("nothing", "{name}");
        let known = known.replace("ash-nlp", "{name}").replace("versions/1", "versions/{version}");
        let schema = answer(&document, method, &known, reply.status);
        let differences = differences(&document, schema, &reply.json, path);
        assert!(differences.is_empty(), "{differences:#?}\nin {:#}", reply.json);
    }
    let reply = running.post("/analyze", "{");
    assert_eq!(reply.status, 400);
    assert!(
        differences(&document, answer(&document, "post", "/analyze", 400), &reply.json, "400").is_empty()
    );
}
