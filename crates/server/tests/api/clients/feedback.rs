//! What staff tell the bots about verdicts: the reports that two generations send, what they read of the answers, and
//! what the dashboard and the bots show of it all.

use ash_runtime::Overrides;
use insta::assert_json_snapshot;
use serde_json::{Value, json};

use super::python::dumps;
use super::reads::{Needs, Read, read, reads};
use super::situations::Keyed;
use crate::harness::{Reply, Running, redacted};

const LEARNT: &[Read] = &[
    read("/status", Needs::OneOf(&["success"]), "staff is told that the report failed"),
    read("/analysis_type", Needs::Text, "its log names no analysis"),
    read("/learning_applied", Needs::Bool, "staff is told that nothing was learnt"),
    read("/adjustment_factor", Needs::Signed, "its log raises TypeError"),
    read("/patterns_discovered", Needs::Number, "staff is shown None"),
    read("/confidence_adjustments", Needs::Number, "staff is shown None"),
    read("/record_id", Needs::Text, "nobody can find the report again"),
];

const STATISTICS: &[Read] = &[
    read("/learning_system_status", Needs::Text, "the dashboard shows no status"),
    read("/total_records", Needs::Number, "the dashboard shows no count"),
    read("/false_positives", Needs::Number, "the dashboard shows no count"),
    read("/false_negatives", Needs::Number, "the dashboard shows no count"),
    read("/last_update", Needs::Maybe(&Needs::Text), "the dashboard shows no time"),
    read("/configuration", Needs::Object, "the dashboard shows no configuration"),
];

const STATS: &[Read] = &[
    read("/model_loaded", Needs::Bool, "it shows the ensemble as inactive"),
    read("/total_requests", Needs::Number, "it shows 0"),
    read("/successful_analyses", Needs::Number, "it shows 0"),
    read("/failed_analyses", Needs::Number, "it shows 0"),
    read("/uptime_seconds", Needs::Number, "it shows 0"),
    read("/model_version", Needs::Text, "it shows \"unknown\""),
];

fn learning() -> Overrides {
    Overrides::default().set("learning.path", ":memory:")
}

fn post(server: &Running, path: &str, body: &Value) -> Reply {
    server.send("POST", path, &[("content-type", "application/json")], &dumps(body))
}

/// As bot 3.0 reports: a severity from 1 to 10, and a context in words.
fn analysis(error: &Value) -> Value {
    let mut body = json!({"message": "this exam is killing me", "context": {"description": "No additional context provided"}});
    body.as_object_mut().unwrap().extend(error.as_object().unwrap().clone());
    body
}

/// The second request of bot 3.0 about the same report, with everything that it knows of the message.
fn update(id: &str, kind: &str, error: &Value) -> Value {
    let mut correction = error.clone();
    correction["error_type"] = json!("over_detection");
    json!({"learning_record_id": id, "record_type": kind, "correction_data": correction,
           "message_data": {"content": "this exam is killing me", "author_id": 184_021_847_293_001_728_u64,
                            "author_name": "somebody", "channel_id": 1_101_222_333_444_555_666_u64,
                            "guild_id": 1_001_222_333_444_555_666_u64, "message_id": 1_200_000_000_000_000_001_u64,
                            "timestamp": "2025-07-30T21:40:04.376699+00:00", "link": "https://discord.com/channels/1/2/3"},
           "context_data": {"description": "No additional context provided"},
           "timestamp": "2025-07-30T21:41:00.000001+00:00"})
}

fn totals(server: &Running) -> [Value; 3] {
    let statistics = server.get("/learning_statistics").json;
    reads("dashboard", "statistics", STATISTICS, &statistics);
    ["total_records", "false_positives", "false_negatives"].map(|key| statistics[key].clone())
}

#[test]
fn bot_3_0_sends_each_report_twice_and_it_counts_once() {
    let server = Running::with(learning());
    let alarm = json!({"detected_level": "medium", "correct_level": "none", "severity_score": 7});
    let missed = json!({"should_detect_level": "high", "actually_detected": "none", "severity_score": 10});
    for (path, kind, error) in [
        ("/analyze_false_positive", "false_positive", alarm),
        ("/analyze_false_negative", "false_negative", missed),
    ] {
        let first = post(&server, path, &analysis(&error));
        assert_eq!(first.status, 200, "{}", first.json);
        reads("bot 3.0", path, LEARNT, &first.json);
        let again = post(&server, "/update_learning_model", &update("fp_1753911604", kind, &error));
        assert_eq!(again.status, 200, "{}", again.json);
        reads("bot 3.0", "/update_learning_model", LEARNT, &again.json);
    }
    assert_eq!(totals(&server), [json!(2), json!(1), json!(1)]);
}

/// Its connection may break after the service has stored what it said.
#[test]
fn bot_3_1_may_repeat_a_report_and_it_counts_once() {
    let server = Running::with(learning());
    let report = |time: f64| {
        json!({"message": "this boss fight is murder", "detected_level": "medium", "correct_level": "low",
               "context": {"source": "discord_bot_v3.1", "timestamp": time, "correction_type": "false_positive"},
               "severity_score": 1.0})
    };
    let first = post(&server, "/analyze_false_positive", &report(1_757_000_000.25));
    assert_eq!(first.status, 200, "{}", first.json);
    reads("bot 3.1", "report", LEARNT, &first.json);
    let again = post(&server, "/analyze_false_positive", &report(1_757_000_000.25));
    assert_eq!((again.status, &again.json["record_id"]), (200, &first.json["record_id"]));
    assert_eq!(totals(&server), [json!(1), json!(1), json!(0)]);
    let shown = redacted(first.json, &["record_id", "timestamp"]);
    assert_json_snapshot!("bot_3_1_report", shown);
}

#[test]
fn bot_3_0_and_3_1_are_told_422_for_a_report_that_corrects_nothing() {
    let server = Running::with(learning());
    for (path, levels) in [
        ("/analyze_false_positive", json!({"detected_level": "low", "correct_level": "low"})),
        ("/analyze_false_positive", json!({"detected_level": "low", "correct_level": "high"})),
        ("/analyze_false_negative", json!({"should_detect_level": "none", "actually_detected": "high"})),
        ("/analyze_false_negative", json!({"should_detect_level": "terrible", "actually_detected": "none"})),
        ("/analyze_false_negative", json!({"actually_detected": "none"})),
    ] {
        let reply = post(&server, path, &analysis(&levels));
        assert_eq!(reply.status, 422, "{path} {levels}: {}", reply.json);
        assert!(
            reply.json["detail"][0]["msg"].is_string() && !reply.json.to_string().contains("exam"),
            "{}",
            reply.json
        );
    }
    assert_eq!(totals(&server)[0], 0);
}

/// Context and severity are what staff wrote, or nothing.
#[test]
fn bot_3_0_and_3_1_may_send_any_context_and_severity_or_none() {
    let server = Running::with(learning());
    for (i, (context, severity)) in [
        (json!({"description": "a quote from a film"}), json!(1)),
        (json!({}), json!(1.0)),
        (Value::Null, json!(10)),
        (json!({"nested": {"source": "bot", "more": [1, "two"]}}), Value::Null),
    ]
    .into_iter()
    .enumerate()
    {
        let report = json!({"message": format!("this is killing me {i}"), "detected_level": "high", "correct_level": "none",
                            "context": context, "severity_score": severity});
        let reply = post(&server, "/analyze_false_positive", &report);
        assert_eq!(reply.status, 200, "{report}: {}", reply.json);
    }
    let bare = json!({"message": "this is killing me", "detected_level": "high", "correct_level": "none"});
    assert_eq!(post(&server, "/analyze_false_positive", &bare).status, 200);
    assert_eq!(totals(&server)[0], 5);
}

#[test]
fn dashboard_shows_learning_statistics_before_and_after_the_first_report() {
    let server = Running::with(learning());
    assert_eq!(totals(&server), [json!(0), json!(0), json!(0)]);
    assert_eq!(server.get("/learning_statistics").json["last_update"], Value::Null);
    let alarm = json!({"detected_level": "low", "correct_level": "none", "severity_score": 4});
    post(&server, "/analyze_false_positive", &analysis(&alarm));
    assert_eq!(totals(&server), [json!(1), json!(1), json!(0)]);
    assert!(server.get("/learning_statistics").json["last_update"].is_string());
}

#[test]
fn bot_3_1_reads_from_stats_that_models_are_loaded_and_how_many_messages_were_judged() {
    let server = Running::with(learning());
    server.analyze("this is high");
    server.analyze("panic");
    let stats = server.get("/stats");
    assert_eq!(stats.status, 200);
    reads("bot 3.1", "/stats", STATS, &stats.json);
    assert_eq!(stats.json["model_loaded"], true);
    let count = |key: &str| stats.json[key].as_u64();
    assert_eq!((count("total_requests"), count("failed_analyses")), (Some(2), Some(1)), "{}", stats.json);
    assert_eq!(count("successful_analyses"), Some(1));
}

#[test]
fn bots_report_with_the_key_that_they_ask_with_and_a_reader_may_not() {
    let keyed = Keyed::new();
    let alarm = analysis(&json!({"detected_level": "low", "correct_level": "none"})).to_string();
    for path in ["/analyze_false_positive", "/analyze_false_negative", "/update_learning_model"] {
        let ask = |key: &str| keyed.server.send("POST", path, &[("x-ash-internal-key", key)], &alarm).status;
        assert_eq!([ask(""), ask(&keyed.read)], [401, 403], "{path}");
        assert!(![401, 403, 404].contains(&ask(&keyed.analyze)), "{path}");
    }
    for path in ["/learning_statistics", "/stats"] {
        let ask = |key: &str| keyed.server.send("GET", path, &[("x-ash-internal-key", key)], "").status;
        assert_eq!([ask(""), ask(&keyed.read)], [401, 200], "{path}");
    }
}
