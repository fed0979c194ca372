//! The Discord bot 3.1: aiohttp, 30 s. It retries 500, 503 and timeouts (1 s, 2 s), and gives up at every other status.
//! It looks for staff review and for disagreement deep in the nest, and takes a level that it does not know for "none".

use insta::assert_json_snapshot;
use serde_json::{Value, json};

use super::python::dumps;
use super::reads::{Needs, Read, faults, read, reads};
use super::situations::{Keyed, critical_as_high, read_by, shared};
use crate::harness::{Reply, Running};

const BOT: &str = "bot 3.1";

/// Whatever else it is told, it takes for "none".
const LEVELS: &[&str] = &["none", "low", "medium", "high"];

const ANSWER: &[Read] = &[
    read("/needs_response", Needs::Bool, "it answers nobody"),
    read("/crisis_level", Needs::OneOf(LEVELS), "it takes the message for harmless"),
    read("/confidence_score", Needs::Share, "float() raises TypeError and the answer is lost"),
    read("/detected_categories", Needs::List, "staff is shown none"),
    read("/method", Needs::Text, "its log names no method"),
    read("/processing_time_ms", Needs::Number, "its statistics break"),
    read("/model_info", Needs::Text, "its log names no model"),
    read("/reasoning", Needs::Text, "staff is shown no reason"),
    read("/analysis", Needs::Object, "it never asks for review"),
    read("/analysis/complete_analysis", Needs::Object, "it never asks for review"),
    read("/analysis/complete_analysis/requires_staff_review", Needs::Bool, "staff is not asked"),
    read("/analysis/complete_analysis/ai_model_details", Needs::Object, "it sees no disagreement"),
    read(
        "/analysis/complete_analysis/ai_model_details/individual_results",
        Needs::Object,
        "len() raises TypeError",
    ),
    read(
        "/analysis/complete_analysis/ai_model_details/individual_results/*",
        Needs::Object,
        "raises AttributeError",
    ),
    read(
        "/analysis/complete_analysis/ai_model_details/individual_results/*/score",
        Needs::Share,
        "the spread of the scores raises TypeError",
    ),
];

/// It starts with any of these.
const HEALTH: &[Read] = &[read(
    "/status",
    Needs::OneOf(&["healthy", "operational", "ready"]),
    "it analyses nothing for five minutes",
)];

fn body(message: &str) -> String {
    dumps(&json!({"message": message, "user_id": "184021847293001728", "channel_id": "1101222333444555666"}))
}

fn send(server: &Running, message: &str) -> Reply {
    server.send("POST", "/analyze", &[("content-type", "application/json")], &body(message))
}

/// What the bot makes of an answer: the level that it acts on, and whether it calls staff.
fn acts(answer: &Value) -> (&str, bool) {
    let level = answer["crisis_level"].as_str().filter(|level| LEVELS.contains(level)).unwrap_or("none");
    let review = answer["analysis"]["complete_analysis"]["requires_staff_review"] == true;
    (level, review || ["medium", "high"].contains(&level))
}

#[test]
fn bot_3_1_finds_every_field_that_it_reads_at_every_level_and_in_every_degraded_answer() {
    assert_json_snapshot!("bot_3_1", read_by(BOT, ANSWER, &critical_as_high(), send));
}

#[test]
fn bot_that_reads_critical_as_none_is_sent_high_while_level_keeps_the_truth() {
    let keyed = Keyed::new();
    let ask = |key: &str| {
        let headers = [("content-type", "application/json"), ("authorization", &format!("Bearer {key}"))];
        keyed.server.send("POST", "/analyze", &headers, &body("this is critical")).json
    };
    let [old, new] = [&keyed.old_bot, &keyed.analyze].map(|key| ask(key));
    assert_eq!(acts(&old), ("high", true));
    assert_eq!((&old["level"], &old["severity"]), (&json!("critical"), &json!("critical")));
    assert_eq!(acts(&new), ("none", true), "what the setting is for; even so the review calls a person");
}

/// Its own copy of "staff review" stands in the nest; the other one it does not read.
#[test]
fn bot_3_1_calls_staff_whenever_the_answer_asks_for_a_person() {
    let answers = super::situations::verdicts(&critical_as_high(), send);
    for (case, answer) in &answers {
        let nested = &answer["analysis"]["complete_analysis"]["requires_staff_review"];
        assert_eq!(nested, &answer["requires_staff_review"], "{case}");
    }
    let called = |case: &str| answers.iter().any(|(name, answer)| *name == case && acts(answer).1);
    for urgent in ["high", "critical", "a model failed", "words alone"] {
        assert!(called(urgent), "{urgent}");
    }
    assert!(!called("none"));
}

#[test]
fn bot_3_1_starts_when_the_service_is_ready_and_not_before() {
    let (server, release) = Running::held_back();
    assert_eq!(faults(HEALTH, &server.get("/health").json).len(), 1);
    drop(release);
    server.wait_until_ready();
    reads(BOT, "ready", HEALTH, &server.get("/health").json);
}

/// It sends what it has stripped, of up to 4,000 characters, as ASCII with escapes: four bytes of text are twelve.
#[test]
fn bot_3_1_may_send_the_longest_message_it_lets_through() {
    let server = shared();
    let longest = "\u{1F3F3}".repeat(3_995) + " high";
    assert_eq!(longest.chars().count(), 4_000);
    let reply = send(server, &longest);
    assert_eq!((reply.status, &reply.json["level"]), (200, &json!("high")));
    assert_eq!(reply.json["level"], server.analyze(&longest).json["level"], "escaped or not");
}

/// The one 5xx that is no pause but a bug: it retries that too, and the next message is judged.
#[test]
fn bot_3_1_retries_after_500_and_the_next_message_is_judged() {
    let server = Running::new();
    assert_eq!(send(&server, "panic").status, 500);
    assert_eq!(acts(&send(&server, "this is high").json), ("high", true));
}
