//! The Discord bot 3.0: aiohttp, 30 s. It reads the first generation's fields, retries timeouts and 503 with 1 s and
//! 2 s between, and gives a message up at every other status. "critical" it cannot count: it raises.

use ash_runtime::Overrides;
use insta::assert_json_snapshot;
use serde_json::json;

use super::python::dumps;
use super::reads::{Needs, Read, faults, read, reads};
use super::situations::{Keyed, critical_as_high, read_by, shared};
use crate::harness::{Reply, Running, impatient};

const BOT: &str = "bot 3.0";

/// The levels that it counts; any other is a key that its table does not have.
const LEVELS: &[&str] = &["none", "low", "medium", "high"];

const ANSWER: &[Read] = &[
    read("/needs_response", Needs::Bool, "it answers nobody"),
    read("/crisis_level", Needs::OneOf(LEVELS), "counting the level raises KeyError and nobody is alerted"),
    read("/confidence_score", Needs::Share, "formatting it raises TypeError"),
    read("/detected_categories", Needs::List, "iterating over it raises TypeError"),
    read("/processing_time_ms", Needs::Number, "formatting it raises TypeError"),
    read("/method", Needs::Text, "its log names no method"),
    read("/model_info", Needs::Text, "its log names no model"),
    read("/reasoning", Needs::Text, "staff is shown no reason"),
    read("/requires_staff_review", Needs::Bool, "staff is not asked"),
    read("/gaps_detected", Needs::Bool, "staff is not told that models disagree"),
    read("/timestamp", Needs::Text, "it takes its own time"),
    read("/analysis", Needs::Object, "asking it for thresholds raises AttributeError"),
    read("/analysis/thresholds_used", Needs::Maybe(&Needs::Object), "asking it raises AttributeError"),
    read("/analysis/gap_details", Needs::List, "it keeps none"),
    read("/analysis/ensemble_analysis", Needs::Object, "asking it raises AttributeError"),
    read("/analysis/ensemble_analysis/consensus", Needs::Object, "asking it raises AttributeError"),
    read("/analysis/ensemble_analysis/consensus/method", Needs::Text, "it keeps \"unknown\""),
    read("/analysis/ensemble_analysis/consensus/confidence", Needs::Share, "it keeps 0"),
    read("/analysis/ensemble_analysis/predictions", Needs::Object, "asking it raises AttributeError"),
    read("/analysis/ensemble_analysis/predictions/*", Needs::Text, "a set of them raises TypeError"),
    read("/analysis/ensemble_analysis/confidence_scores", Needs::Object, "asking it raises AttributeError"),
    read("/analysis/ensemble_analysis/confidence_scores/*", Needs::Share, "formatting it raises TypeError"),
];

/// Without this it takes the service for unhealthy, and analyses nothing for five minutes.
const HEALTH: &[Read] = &[read("/status", Needs::OneOf(&["healthy"]), "it refuses to start")];

fn body(message: &str) -> String {
    let numbered = json!({"message": message, "user_id": "184021847293001728", "channel_id": "1101222333444555666",
                          "timestamp": 1_753_911_604.376_699_2});
    dumps(&numbered)
}

fn send(server: &Running, message: &str) -> Reply {
    server.send("POST", "/analyze", &[("content-type", "application/json")], &body(message))
}

#[test]
fn bot_3_0_finds_every_field_that_it_reads_at_every_level_and_in_every_degraded_answer() {
    assert_json_snapshot!("bot_3_0", read_by(BOT, ANSWER, &critical_as_high(), send));
}

#[test]
fn bot_3_0_refuses_to_start_unless_status_is_exactly_healthy() {
    let (server, release) = Running::held_back();
    assert_eq!(faults(HEALTH, &server.get("/health").json).len(), 1, "starting is not healthy");
    drop(release);
    server.wait_until_ready();
    let health = server.get("/health");
    assert_eq!(health.status, 200);
    reads(BOT, "ready", HEALTH, &health.json);
}

#[test]
fn bot_that_raises_on_critical_is_sent_high_while_level_keeps_the_truth() {
    let keyed = Keyed::new();
    let ask = |key: &str| {
        let headers = [("content-type", "application/json"), ("x-ash-internal-key", key)];
        keyed.server.send("POST", "/analyze", &headers, &body("this is critical")).json
    };
    let [old, new] = [&keyed.old_bot, &keyed.analyze].map(|key| ask(key));
    reads(BOT, "critical, by its key", ANSWER, &old);
    assert_eq!((&old["crisis_level"], &old["level"]), (&json!("high"), &json!("critical")));
    assert_eq!(
        (&old["severity"], &old["recommended_action"]),
        (&json!("critical"), &json!("immediate_outreach"))
    );
    assert_eq!(new["crisis_level"], "critical", "others are told what it is");
    assert_eq!(faults(ANSWER, &new).len(), 1, "without the setting this bot would raise");

    let everybody = Running::with(critical_as_high());
    reads(BOT, "critical, for everybody", ANSWER, &send(&everybody, "this is critical").json);
}

/// It sends `timestamp` as a number of seconds; older builds sent a string, and one sent no Content-Type.
#[test]
fn bot_3_0_may_send_its_time_as_number_or_string_and_no_content_type() {
    let server = shared();
    for time in [
        json!(1_753_911_604),
        json!(1_753_911_604.25),
        json!("1753911604.25"),
        json!("yesterday"),
        json!(null),
    ] {
        let body =
            dumps(&json!({"message": "this is low", "user_id": "1", "channel_id": "2", "timestamp": time}));
        for headers in [
            &[][..],
            &[("content-type", "text/plain; charset=utf-8")],
            &[("content-type", "application/json")],
        ] {
            let reply = server.send("POST", "/analyze", headers, &body);
            assert_eq!(
                (reply.status, &reply.json["crisis_level"]),
                (200, &json!("low")),
                "{time} {headers:?}"
            );
        }
    }
}

#[test]
fn bot_3_0_that_does_not_know_who_writes_sends_unknown_or_nothing() {
    let server = shared();
    for ids in [
        json!({}),
        json!({"user_id": "unknown", "channel_id": "unknown"}),
        json!({"user_id": null, "channel_id": null}),
    ] {
        let mut asked = json!({"message": "this is low"});
        asked.as_object_mut().unwrap().extend(ids.as_object().unwrap().clone());
        assert_eq!(server.post("/analyze", dumps(&asked)).json["crisis_level"], "low", "{ids}");
    }
}

/// Attachments come as messages without text; 422 is the one refusal that it neither retries nor takes for an outage.
#[test]
fn bot_3_0_is_told_422_for_a_message_without_text() {
    let server = shared();
    for blank in ["", " ", "\n\u{200b}"] {
        assert_eq!(send(server, blank).status, 422, "{blank:?}");
    }
}

/// It retries 503 and timeouts, and gives the message up at 500, 504 and 429.
#[test]
fn bot_3_0_is_never_told_a_status_that_it_gives_up_at_while_it_would_help_to_wait() {
    let (server, release) = Running::held_back();
    assert_eq!(send(&server, "this is high").status, 503, "starting");
    drop(release);
    server.wait_until_ready();
    assert_eq!(send(&server, "this is high").status, 200);

    let late = send(&Running::with(impatient(Overrides::default())), "stuck");
    assert_eq!((late.status, &late.json["is_degraded"]), (200, &json!(true)), "words before 504");
}

#[test]
fn bot_3_0_takes_404_for_ensemble_metrics_that_are_not_there() {
    assert_eq!(shared().get("/ensemble_metrics").status, 404);
}
