//! The Discord bot 5.0, the newest: httpx, 5 s. It reads the second generation's fields, retries timeouts and every 5xx
//! twice (after 1 s and 2 s), never 4xx or 429, and takes every failure for a harmless message.

use ash_runtime::Overrides;
use insta::assert_json_snapshot;
use serde_json::{Value, json};

use super::reads::{Needs, Read, faults, read, reads};
use super::situations::{Keyed, read_by, shared, verdicts};
use crate::harness::{Reply, Running};

const BOT: &str = "bot 5.0";

const SEVERITIES: &[&str] = &["safe", "low", "medium", "high", "critical"];
const ACTIONS: &[&str] =
    &["none", "passive_monitoring", "standard_monitoring", "priority_response", "immediate_outreach"];

const ANSWER: &[Read] = &[
    read("/crisis_detected", Needs::Bool, "it counts no crisis"),
    read("/severity", Needs::OneOf(SEVERITIES), "it alerts nobody"),
    read("/confidence", Needs::Share, "float() raises TypeError"),
    read("/crisis_score", Needs::Share, "float() raises TypeError"),
    read("/requires_intervention", Needs::Bool, "it shows none"),
    read("/recommended_action", Needs::OneOf(ACTIONS), "its card shows no action"),
    read("/request_id", Needs::Text, "its card names no request"),
    read("/timestamp", Needs::Text, "its card has no time"),
    read("/processing_time_ms", Needs::Number, "float() raises TypeError"),
    read("/models_used", Needs::List, "its log raises TypeError"),
    read("/models_used/*", Needs::Text, "its log names no model"),
    read("/is_degraded", Needs::Bool, "it takes a verdict by words for a full one"),
    read("/signals", Needs::Object, "iterating over it raises AttributeError"),
    read("/signals/*/label", Needs::Text, "the signal is left out"),
    read("/signals/*/score", Needs::Share, "the signal is left out"),
    read("/signals/*/crisis_signal", Needs::Share, "the signal is left out"),
    read("/explanation", Needs::Object, "its card explains nothing"),
    read("/explanation/decision_summary", Needs::Text, "its card has no summary"),
    read("/explanation/key_factors", Needs::List, "its card shows no factors"),
    read("/explanation/key_factors/*", Needs::Text, "its card shows None"),
    read("/consensus", Needs::Maybe(&Needs::Object), "asking it raises AttributeError"),
    read("/conflict_analysis", Needs::Maybe(&Needs::Object), "asking it raises AttributeError"),
    read("/context_analysis", Needs::Maybe(&Needs::Object), "asking it raises AttributeError"),
];

/// What it reads besides if it has sent what came before.
const ESCALATION: &[Read] =
    &[read("/context_analysis/escalation_detected", Needs::Bool, "it sees no escalation, ever")];

/// It asks within 2 s, and sends nothing until it is ready.
const HEALTH: &[Read] =
    &[read("/ready", Needs::Bool, "it sends nothing"), read("/degraded", Needs::Bool, "it warns of nothing")];

const HEADERS: &[(&str, &str)] = &[("content-type", "application/json"), ("accept", "application/json")];

fn body(message: &str) -> Value {
    json!({"message": message, "include_explanation": true, "verbosity": "standard",
           "user_id": "184021847293001728", "channel_id": "1101222333444555666"})
}

fn send(server: &Running, message: &str) -> Reply {
    server.send("POST", "/analyze", HEADERS, &body(message).to_string())
}

/// Newest first, with the scores that it was given before.
fn with_history(message: &str, history: &[(&str, &str, Value)]) -> String {
    let item = |(text, timestamp, score): &(&str, &str, Value)| {
        let mut item = json!({"message": text, "timestamp": timestamp, "message_id": "1200000000000000001"});
        if !score.is_null() {
            item["crisis_score"] = score.clone();
        }
        item
    };
    let mut body = body(message);
    body["message_history"] = history.iter().map(item).collect();
    body["user_timezone"] = json!("America/Los_Angeles");
    body.to_string()
}

#[test]
fn bot_5_0_finds_every_field_that_it_reads_at_every_level_and_in_every_degraded_answer() {
    assert_json_snapshot!("bot_5_0", read_by(BOT, ANSWER, &Overrides::default(), send));
}

#[test]
fn bot_5_0_is_told_critical_as_it_is_also_where_older_bots_are_told_high() {
    let keyed = Keyed::new();
    for key in [&keyed.analyze, &keyed.old_bot] {
        let headers = [HEADERS, &[("x-ash-internal-key", key.as_str())]].concat();
        let answer =
            keyed.server.send("POST", "/analyze", &headers, &body("this is critical").to_string()).json;
        assert_eq!(
            (&answer["severity"], &answer["requires_intervention"]),
            (&json!("critical"), &json!(true))
        );
    }
}

/// `safe` is its word for none, and alerts begin at medium.
#[test]
fn bot_5_0_alerts_exactly_from_medium_on() {
    for (case, answer) in verdicts(&Overrides::default(), send) {
        let severity = answer["severity"].as_str().unwrap();
        assert_eq!(severity == "safe", answer["level"] == "none", "{case}");
        let place = SEVERITIES.iter().position(|known| *known == severity).unwrap();
        assert_eq!(answer["crisis_detected"], place > 0, "{case}");
        assert_eq!(answer["requires_intervention"], place >= 3, "{case}");
        assert_eq!(answer["recommended_action"], ACTIONS[place], "{case}");
    }
}

#[test]
fn bot_5_0_sends_nothing_before_ready_and_comes_up_by_itself() {
    let (server, release) = Running::held_back();
    let health = server.get("/health");
    assert_eq!(health.status, 200, "another status it takes for an outage");
    reads(BOT, "starting", HEALTH, &health.json);
    assert_eq!(health.json["ready"], false);
    // Should it ask all the same, it is told to try again, which it does with 5xx.
    let early = send(&server, "this is high");
    assert_eq!((early.status, early.header("retry-after")), (503, "1"));
    drop(release);
    server.wait_until_ready();
    reads(BOT, "ready", HEALTH, &server.get("/health").json);
    assert_eq!(send(&server, "this is high").json["severity"], "high");
}

#[test]
fn bot_5_0_is_told_that_the_service_is_degraded_and_goes_on() {
    let server = Running::new();
    let answer = send(&server, "this is high and broken").json;
    assert_eq!((&answer["is_degraded"], &answer["severity"]), (&json!(true), &json!("high")));
    let health = server.get("/health").json;
    reads(BOT, "after a failure", HEALTH, &health);
    assert_eq!(health["ready"], true, "a failed model does not silence the bot");
}

/// It takes each failure for a harmless message, and does not retry 429: what is too much is judged by words.
#[test]
fn bot_5_0_is_given_a_degraded_verdict_when_too_many_messages_wait() {
    let server = Running::with(Overrides::default().set("queue.capacity_tokens", 512));
    let long = |i: usize| format!("slow {i} {}", "high ".repeat(400));
    std::thread::scope(|scope| {
        let server = &server;
        let asked: Vec<_> = (0..6).map(|i| scope.spawn(move || send(server, &long(i)))).collect();
        let replies: Vec<_> = asked.into_iter().map(|thread| thread.join().unwrap()).collect();
        for reply in &replies {
            assert_eq!(reply.status, 200, "{}", reply.json);
            reads(BOT, "crowded", ANSWER, &reply.json);
        }
        assert!(replies.iter().any(|reply| reply.json["is_degraded"] == true), "some were judged by words");
        let unseen =
            |reply: &&Reply| reply.json["is_degraded"] == true && reply.json["requires_staff_review"] != true;
        assert_eq!(replies.iter().filter(unseen).count(), 0, "and a person looks at those");
    });
}

/// It waits 5 s. What may wait and take as shipped is less than that in all.
#[test]
fn bot_5_0_is_answered_or_judged_by_words_before_it_stops_waiting() {
    let shipped = crate::harness::settings(Overrides::default());
    assert!(shipped.queue.max_wait_ms < 5_000, "{} ms", shipped.queue.max_wait_ms);
}

#[test]
fn bot_5_0_sends_history_newest_first_and_reads_whether_it_escalates() {
    let server = shared();
    let rising = [
        ("this is medium", "2026-11-26T02:40:00+00:00", json!(0.52)),
        ("this is low", "2026-11-26T02:20:00.123456+00:00", json!(0.31)),
        ("see you", "2026-11-26T02:00:00Z", json!(0.05)),
        ("hello", "2026-11-26T01:30:00", Value::Null),
    ];
    let reply = server.send("POST", "/analyze", HEADERS, &with_history("this is high", &rising));
    assert_eq!(reply.status, 200, "{}", reply.json);
    reads(BOT, "with history", ANSWER, &reply.json);
    reads(BOT, "with history", ESCALATION, &reply.json);
    assert_eq!(
        reply.json["context_analysis"]["escalation_detected"], true,
        "{}",
        reply.json["context_analysis"]
    );
    let calm =
        [("see you", "2026-11-26T02:40:00Z", json!(0.05)), ("hello", "2026-11-26T02:20:00Z", json!(0.06))];
    let calm = server.send("POST", "/analyze", HEADERS, &with_history("hello", &calm)).json;
    assert_eq!(calm["context_analysis"]["escalation_detected"], false, "{}", calm["context_analysis"]);

    let most: Vec<_> = (0..20).map(|_| ("see you", "2026-11-26T01:30:00Z", json!(0))).collect();
    assert_eq!(
        server.send("POST", "/analyze", HEADERS, &with_history("hello", &most)).status,
        200,
        "20 items"
    );
    assert_eq!(server.send("POST", "/analyze", HEADERS, &with_history("hello", &[])).status, 200, "none");
}

/// A field of its card holds 1,024 characters; longer, and Discord refuses the whole alert.
#[test]
fn bot_5_0_can_show_five_key_factors_on_its_card() {
    for (case, answer) in verdicts(&Overrides::default(), send) {
        let factors = answer["explanation"]["key_factors"].as_array().unwrap();
        let shown = factors.iter().take(5).map(|factor| factor.as_str().unwrap().encode_utf16().count() + 3);
        assert!(shown.sum::<usize>() <= 1_024, "{case}: {factors:?}");
    }
}

/// It prints `message`, else `detail`, into its log.
#[test]
fn bot_5_0_logs_nothing_of_the_message_when_it_is_refused() {
    let server = shared();
    let secret = "quokkas".repeat(6_000);
    for body in [
        json!({"message": secret, "verbosity": "standard"}),
        json!({"message": "quokkas", "verbosity": "quokkas"}),
        json!({"message": ["quokkas"]}),
        json!({"message": "quokkas", "message_history": ["quokkas"]}),
    ] {
        let reply = server.send("POST", "/analyze", HEADERS, &body.to_string());
        assert!((400..500).contains(&reply.status), "{}", reply.status);
        assert!(
            reply.json["detail"].is_array() && !reply.json.to_string().contains("quokka"),
            "{}",
            reply.json
        );
    }
}

#[test]
fn the_table_of_bot_5_0_knows_a_null_from_a_value() {
    let server = shared();
    for gone in ["confidence", "signals", "explanation", "severity"] {
        let mut answer = send(server, "this is high").json;
        answer[gone] = Value::Null;
        assert_ne!(faults(ANSWER, &answer), Vec::<String>::new(), "{gone}");
    }
}
