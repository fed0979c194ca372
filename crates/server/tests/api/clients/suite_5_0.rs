//! The phrase test suite 5.0: httpx, 30 s, up to 30 s of retries for timeouts and lost connections, none for any status.
//! It carries its key in `X-Ash-Internal-Key`.
//!
//! Its own validator knows other words than the service ever sent (`none` for `safe`, three actions); the service's
//! own words are the contract.

use ash_runtime::Overrides;
use insta::assert_json_snapshot;
use serde_json::{Value, json};

use super::reads::{Needs, Read, read, reads};
use super::situations::{Keyed, read_by, shared};
use crate::harness::{Reply, Running};

const SUITE: &str = "suite 5.0";

const SEVERITIES: &[&str] = &["safe", "low", "medium", "high", "critical"];
const ACTIONS: &[&str] =
    &["none", "passive_monitoring", "standard_monitoring", "priority_response", "immediate_outreach"];

const ANSWER: &[Read] = &[
    read("/crisis_detected", Needs::Bool, "the answer is invalid"),
    read("/severity", Needs::OneOf(SEVERITIES), "the phrase fails"),
    read("/confidence", Needs::Share, "the answer is invalid"),
    read("/crisis_score", Needs::Share, "the answer is invalid"),
    read("/requires_intervention", Needs::Bool, "the answer is invalid"),
    read("/recommended_action", Needs::OneOf(ACTIONS), "its report shows no action"),
    read("/signals", Needs::Object, "the answer is invalid"),
    read("/signals/*", Needs::Object, "it warns of the signal"),
    read("/processing_time_ms", Needs::Number, "the answer is invalid"),
    read("/models_used", Needs::List, "the answer is invalid"),
    read("/is_degraded", Needs::Bool, "the answer is invalid"),
    read("/request_id", Needs::Text, "the answer is invalid"),
    read("/timestamp", Needs::Text, "the answer is invalid"),
    read("/explanation", Needs::Maybe(&Needs::Object), "it warns of the type"),
    read("/conflict_analysis", Needs::Maybe(&Needs::Object), "it warns of the type"),
    read("/consensus", Needs::Maybe(&Needs::Object), "it warns of the type"),
    read("/context_analysis", Needs::Maybe(&Needs::Object), "it warns of the type"),
];

const HEALTH: &[Read] = &[
    read("/status", Needs::OneOf(&["ok", "healthy"]), "it does not begin"),
    read("/ready", Needs::Bool, "it does not begin"),
    read("/timestamp", Needs::Maybe(&Needs::Text), "its report has no time"),
];

const HEADERS: &[(&str, &str)] =
    &[("content-type", "application/json"), ("user-agent", "Ash-Thrash/v5.0-1-1.4-1")];

fn body(message: &str) -> Value {
    json!({"message": message, "include_explanation": true, "explanation_verbosity": "standard",
           "include_context_analysis": false})
}

fn send(server: &Running, message: &str) -> Reply {
    server.send("POST", "/analyze", HEADERS, &body(message).to_string())
}

fn batch(server: &Running, messages: &Value) -> Reply {
    let body = json!({"messages": messages, "include_explanation": false, "include_context_analysis": false});
    server.send("POST", "/analyze/batch", HEADERS, &body.to_string())
}

#[test]
fn suite_5_0_finds_every_field_that_it_reads_at_every_level_and_in_every_degraded_answer() {
    assert_json_snapshot!("suite_5_0", read_by(SUITE, ANSWER, &Overrides::default(), send));
}

#[test]
fn suite_5_0_begins_when_status_and_ready_agree_and_status_answers_with_an_object() {
    let server = shared();
    let health = server.get("/health").json;
    reads(SUITE, "ready", HEALTH, &health);
    assert_eq!(health["ready"], true);
    let status = server.get("/status");
    assert!(status.status == 200 && status.json.is_object(), "{}", status.json);
}

#[test]
fn suite_5_0_reads_a_batch_in_order_and_a_bad_item_fails_alone() {
    let server = shared();
    let reply = batch(server, &json!(["this is high", "", "see you", 7, "this is critical"]));
    assert_eq!((reply.status, &reply.json["total"], &reply.json["failed"]), (200, &json!(5), &json!(2)));
    let results = reply.json["results"].as_array().unwrap();
    let severities: Vec<_> = results.iter().map(|result| result["severity"].as_str()).collect();
    assert_eq!(severities, [Some("high"), None, Some("safe"), None, Some("critical")]);
    for (i, result) in results.iter().enumerate() {
        // It asks each for its fields, so each must be an object; a failed one must not look like a verdict.
        assert!(result.is_object(), "{i}");
        match result.get("error") {
            None => reads(SUITE, &format!("item {i} of a batch"), ANSWER, result),
            Some(error) => assert!(error["code"].is_string() && error["message"].is_string(), "{error}"),
        }
    }
    assert!(reply.json["processing_time_ms"].is_number());
}

#[test]
fn suite_5_0_sends_a_hundred_at_once_and_an_empty_list_is_an_empty_answer() {
    let server = shared();
    let all = batch(server, &json!(vec!["this is low"; 100]));
    assert_eq!((all.status, all.json["results"].as_array().map(Vec::len)), (200, Some(100)));
    let none = batch(server, &json!([]));
    assert_eq!((none.status, &none.json["results"]), (200, &json!([])));
    assert_eq!(batch(server, &json!(vec!["this is low"; 101])).status, 422);
}

/// A flag that asks for less to read must not change the verdict.
#[test]
fn suite_5_0_gets_the_same_verdict_with_and_without_explanation_and_context() {
    let server = shared();
    let ask = |explain: bool, context: bool, verbosity: &str| {
        let body = json!({"message": "this is medium", "include_explanation": explain, "explanation_verbosity": verbosity,
                          "include_context_analysis": context});
        server.send("POST", "/analyze", HEADERS, &body.to_string()).json
    };
    let first = ask(true, true, "detailed");
    for (explain, context, verbosity) in [
        (false, false, "minimal"),
        (true, false, "standard"),
        (false, true, "detailed"),
        (true, true, "minimal"),
    ] {
        let other = ask(explain, context, verbosity);
        reads(SUITE, verbosity, ANSWER, &other);
        for field in ["severity", "crisis_score", "confidence", "recommended_action", "crisis_detected"] {
            assert_eq!(other[field], first[field], "{field} {explain} {context} {verbosity}");
        }
        assert_eq!(other["explanation"].is_object(), explain);
    }
}

#[test]
fn suite_5_0_is_known_by_its_key_in_the_header_of_old() {
    let keyed = Keyed::new();
    let ask = |key: &str| {
        let headers = [HEADERS, &[("x-ash-internal-key", key)]].concat();
        keyed.server.send("POST", "/analyze", &headers, &body("this is low").to_string()).status
    };
    assert_eq!([ask(&keyed.analyze), ask(&keyed.read), ask("")], [200, 403, 401]);
}

/// Some secret files end in a line break; a service without keys takes any.
#[test]
fn suite_5_0_may_carry_a_key_that_a_service_without_keys_does_not_know() {
    let headers = [HEADERS, &[("x-ash-internal-key", "the-bypass-key-of-old")]].concat();
    assert_eq!(shared().send("POST", "/analyze", &headers, &body("hello").to_string()).status, 200);
}
