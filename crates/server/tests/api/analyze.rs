//! POST /analyze gives every client the fields it reads, with exact types.

use ash_runtime::Overrides;
use insta::assert_json_snapshot;
use serde_json::json;

use crate::harness::{MODELS, Reply, Running, redacted};

/// What differs from run to run, and the sentences, which are the analysis's own promise.
fn shown(reply: Reply) -> serde_json::Value {
    let sentences = ["reasoning", "summary", "decision_summary", "key_factors"];
    let measured = ["request_id", "timestamp", "processing_time_ms", "timing"];
    redacted(reply.json, &[&sentences[..], &measured].concat())
}

#[test]
fn a_harmless_message_is_safe() {
    assert_json_snapshot!(shown(Running::new().analyze("see you at the game tonight")));
}

#[test]
fn an_urgent_message_asks_for_a_human() {
    assert_json_snapshot!(shown(Running::new().analyze("this is high")));
}

#[test]
fn a_failed_model_makes_the_answer_degraded_and_asks_for_review() {
    let reply = Running::new().analyze("low and broken");
    assert_eq!(reply.status, 200);
    assert_eq!(reply.json["is_degraded"], true);
    assert_eq!(reply.json["requires_staff_review"], true);
    assert_eq!(reply.json["models_used"], json!(["depression", "emotional_distress"]));
}

#[test]
fn critical_is_called_high_only_where_old_clients_look() {
    let level = |reply: &Reply| ["crisis_level", "level", "severity"].map(|key| reply.json[key].clone());
    assert_eq!(level(&Running::new().analyze("critical")), ["critical", "critical", "critical"]);
    let compat = Running::with(Overrides::default().set("compat.critical_as_high", true));
    assert_eq!(level(&compat.analyze("critical")), ["high", "critical", "critical"]);
}

#[test]
fn needs_response_begins_at_the_configured_level() {
    let server = Running::with(Overrides::default().set("server.needs_response_from", "medium"));
    assert_eq!(server.analyze("low").json["needs_response"], false);
    assert_eq!(server.analyze("medium").json["needs_response"], true);
}

#[test]
fn what_clients_iterate_over_is_never_null_at_any_level() {
    let server = Running::new();
    for message in ["hello", "low", "medium", "high", "critical", "broken"] {
        let json = server.analyze(message).json;
        for key in ["crisis_score", "confidence_score", "confidence", "processing_time_ms"] {
            assert!(json[key].is_number(), "{message}: {key}");
        }
        for key in ["detected_categories", "models_used"] {
            assert!(json[key].is_array(), "{message}: {key}");
        }
        for pointer in ["/signals", "/analysis/ensemble_analysis/predictions", "/model_versions"] {
            assert!(json.pointer(pointer).is_some_and(serde_json::Value::is_object), "{message}: {pointer}");
        }
        assert!(json["severity"] == "safe" || json["severity"] == message, "{message}");
    }
}

#[test]
fn the_request_id_is_the_header_too_and_no_two_are_equal() {
    let server = Running::new();
    let (a, b) = (server.analyze("hello"), server.analyze("hello"));
    assert_eq!(a.json["request_id"], a.header("x-request-id"));
    assert!(a.header("x-request-id").starts_with("req_"));
    assert_ne!(a.header("x-request-id"), b.header("x-request-id"));
    assert!(a.header("server-timing").contains("inference;dur="), "{}", a.header("server-timing"));
}

#[test]
fn the_explanation_is_as_long_as_it_was_asked_for() {
    let server = Running::new();
    let ask = |extra: serde_json::Value| {
        let mut body = json!({"message": "high"});
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        server.post("/analyze", body.to_string()).json["explanation"].clone()
    };
    assert!(ask(json!({"include_explanation": false})).is_null());
    assert_eq!(ask(json!({"verbosity": "minimal"}))["key_factors"], json!([]));
    assert_eq!(ask(json!({"explanation_verbosity": "minimal"}))["key_factors"], json!([]));
    assert!(ask(json!({"verbosity": "detailed"}))["summary"].is_string());
}

#[test]
fn requests_are_read_with_tolerance() {
    let server = Running::new();
    for body in [
        r#"{"message":"high","user_id":null,"channel_id":null}"#,
        r#"{"message":"high","user_id":"1","timestamp":1700000000,"something":{"new":[1]}}"#,
        r#"{"message":"high","timestamp":"2025-01-01T00:00:00Z","message_history":[],"user_timezone":"UTC"}"#,
        r#"{"message":"  \u0068igh \ud83d\ude00 ","include_context_analysis":true}"#,
    ] {
        let reply = server.post("/analyze", body);
        assert_eq!((reply.status, &reply.json["level"]), (200, &json!("high")), "{body}");
    }
    let body = r#"{"message":"high"}"#;
    let request = format!(
        "POST /analyze HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = server.raw(request.as_bytes());
    assert!(answer.starts_with("HTTP/1.1 200"), "without a Content-Type: {answer}");
}

#[test]
fn odd_messages_get_a_verdict_not_a_panic() {
    let server = Running::new();
    for message in [
        "💔",
        "🙂🙂🙂",
        "助けて",
        "مساعدة",
        "a\u{0}b",
        "\u{202e}gnihtemos",
        "e\u{301}",
        &"long ".repeat(6000),
    ] {
        let reply = server.analyze(message);
        assert_eq!(reply.status, 200, "{message:.20}");
        assert_eq!(reply.json["models_used"], json!(MODELS));
    }
}

#[test]
fn one_poisonous_message_fails_alone() {
    let server = Running::new();
    assert_eq!(server.analyze("panic").status, 500);
    assert_eq!(server.analyze("high").json["level"], "high");
}

#[test]
fn evidence_is_placed_in_bytes_and_in_utf16_units() {
    let reply = Running::new().analyze("😀 i want to die");
    let evidence = reply.json["evidence"].as_array().expect("a list");
    let found = evidence.iter().find(|e| e["theme"] == "ideation").expect("what anybody can see");
    let (bytes, units) = (&found["span"], &found["span_utf16"]);
    assert_eq!(bytes["end"], 18, "an emoji has four bytes: {found}");
    assert_eq!(units["end"], 16, "and two units: {found}");
    assert_eq!(found["live"], true);
}
