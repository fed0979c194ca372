//! Many messages at once: order and length are kept, and a bad one fails alone.

use serde_json::json;

use crate::harness::Running;

#[test]
fn every_message_has_its_place_and_a_bad_one_fails_alone() {
    let server = Running::new();
    let body = json!({"messages": ["high", "", "see you", 7, "a".repeat(40_000), "panic", "critical"]});
    let reply = server.post("/analyze/batch", body.to_string());
    assert_eq!(reply.status, 200, "{}", reply.json);
    assert_eq!((&reply.json["total"], &reply.json["failed"]), (&json!(7), &json!(4)));
    let shown: Vec<&str> = reply.json["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["level"].as_str().or(item["error"]["code"].as_str()).unwrap())
        .collect();
    let expected =
        ["high", "blank_message", "none", "wrong_type", "message_too_long", "internal_error", "critical"];
    assert_eq!(shown, expected);
    assert!(reply.json["processing_time_ms"].as_f64().unwrap() > 0.0);
    let ids: std::collections::BTreeSet<_> =
        reply.json["results"].as_array().unwrap().iter().filter_map(|r| r["request_id"].as_str()).collect();
    assert_eq!(ids.len(), 3, "each has an id of its own");
}

#[test]
fn a_batch_that_is_none_is_refused_whole() {
    let server = Running::new();
    for (body, status, code) in [
        (json!({}), 422, "missing_field"),
        (json!({"messages": "high"}), 422, "wrong_type"),
        (json!({"messages": vec!["a"; 101]}), 422, "wrong_type"),
        (json!(["high"]), 422, "wrong_type"),
    ] {
        let reply = server.post("/analyze/batch", body.to_string());
        assert_eq!((reply.status, &reply.json["error"]["code"]), (status, &json!(code)), "{body}");
    }
    let empty = server.post("/analyze/batch", json!({"messages": []}).to_string()).json;
    assert_eq!((&empty["total"], &empty["results"]), (&json!(0), &json!([])));
}
