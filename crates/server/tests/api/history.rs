//! `message_history` raises a verdict at most one step, says why, and is told apart when it is wrong.

use ash_runtime::Overrides;
use serde_json::{Value, json};

use crate::harness::{Reply, Running};

fn ask(server: &Running, message: &str, history: &Value, extra: &Value) -> Reply {
    let mut body =
        json!({"message": message, "timestamp": "2025-01-01T04:30:00Z", "message_history": history});
    body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    server.post("/analyze", body.to_string())
}

/// Two messages at low, an hour before; one with a score, one without.
fn growing() -> Value {
    json!([
        {"message": "something", "timestamp": "2025-01-01T05:00:00+01:00", "crisis_score": 0.2, "new": 1},
        {"message": "this is low", "timestamp": 1_735_702_200},
    ])
}

#[test]
fn growing_distress_raises_one_level_and_says_why() {
    let server = Running::new();
    let extra = json!({"user_timezone": "Europe/Berlin"});
    let reply = ask(&server, "this is medium", &growing(), &extra);
    assert_eq!(server.analyze("this is medium").json["level"], "medium");
    assert_eq!((reply.status, &reply.json["level"]), (200, &json!("high")));
    assert_eq!(reply.json["recommended_action"], "priority_response");
    assert_eq!(reply.json["requires_staff_review"], true);
    assert_eq!(reply.json["explanation"]["key_factors"][0], reply.json["context_analysis"]["reason"]);
    let context = &reply.json["context_analysis"];
    assert_eq!((&context["raised_level"], &context["messages_considered"]), (&json!(true), &json!(2)));
    assert_eq!(context["escalation"]["kind"], "sudden");
    assert_eq!(context["trend"]["method"], "theil_sen");
    assert_eq!(context["time_of_day"], json!({"local_hour": 5, "night": false}));
    assert_eq!(context["posting_rate_per_hour"], 3.0);
}

#[test]
fn hiding_the_context_changes_nothing_but_that() {
    let server = Running::new();
    let reply = ask(&server, "this is medium", &growing(), &json!({"include_context_analysis": false}));
    assert!(reply.json["context_analysis"].is_null());
    assert_eq!(reply.json["level"], "high");
    assert!(server.analyze("this is medium").json["context_analysis"].is_null());
}

#[test]
fn settings_keep_a_conversation_from_raising() {
    let extra = || json!({});
    let server = Running::with(Overrides::default().set("conversation.may_raise", false));
    let reply = ask(&server, "this is medium", &growing(), &extra());
    assert_eq!(reply.json["level"], "medium");
    assert_eq!(reply.json["context_analysis"]["raised_level"], false);
    let server = Running::with(Overrides::default().set("conversation.enabled", false));
    assert!(ask(&server, "this is medium", &growing(), &extra()).json["context_analysis"].is_null());
}

#[test]
fn what_cannot_be_used_is_noted_or_left_out_not_refused() {
    let server = Running::new();
    let history =
        json!([{"message": " ", "timestamp": "yesterday"}, {"message": "panic"}, {"message": "low"}]);
    let reply =
        ask(&server, "this is medium", &history, &json!({"user_timezone": "Mars/Base", "timestamp": []}));
    assert_eq!((reply.status, &reply.json["level"]), (200, &json!("medium")));
    let context = &reply.json["context_analysis"];
    assert_eq!(context["messages_considered"], 1);
    assert!(context["time_of_day"].is_null());
    assert!(context["notes"][0].as_str().unwrap().contains("user_timezone"));
}

#[test]
fn a_wrong_item_is_named_by_its_place() {
    let server = Running::new();
    let good = json!({"message": "hi", "timestamp": "2025-01-01T00:00:00Z"});
    let cases = [
        (json!("x"), "message_history"),
        (json!(vec![good.clone(); 21]), "message_history"),
        (json!([1]), "message_history[0]"),
        (json!([{"timestamp": 1}]), "message_history[0].message"),
        (json!([good, good, good, {"message": "hi", "timestamp": {}}]), "message_history[3].timestamp"),
        (json!([{"message": "hi", "crisis_score": 1.5}]), "message_history[0].crisis_score"),
    ];
    for (history, field) in cases {
        let reply = ask(&server, "hello", &history, &json!({}));
        assert_eq!((reply.status, &reply.json["error"]["field"]), (422, &json!(field)));
    }
}
