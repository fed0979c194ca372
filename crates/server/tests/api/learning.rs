//! What staff say of verdicts: it is kept, it moves the cuts the right way and no further, and when it cannot be kept,
//! messages are judged all the same.

use std::fs;

use ash_runtime::Overrides;
use serde_json::{Value, json};

use crate::harness::{Reply, Running, redacted};

fn false_positive(server: &Running, message: &str, detected: &str) -> Reply {
    let report = json!({"message": message, "detected_level": detected, "correct_level": "none",
                        "context": {"source": "bot"}, "severity_score": 7});
    server.post("/analyze_false_positive", report.to_string())
}

fn false_negative(server: &Running, message: &str, should: &str) -> Reply {
    let report = json!({"message": message, "should_detect_level": should, "actually_detected": "none",
                        "context": null, "severity_score": 1.0});
    server.post("/analyze_false_negative", report.to_string())
}

fn cut(server: &Running, level: &str) -> f64 {
    server.get("/admin/thresholds/status").json["thresholds"][level].as_f64().unwrap()
}

#[test]
fn a_false_alarm_raises_the_cut_of_its_level_from_the_fifth_report_on() {
    let server = Running::new();
    for n in 1..=4 {
        let reply = false_positive(&server, &format!("report {n}"), "medium");
        assert_eq!((reply.status, &reply.json["learning_applied"]), (200, &json!(false)), "{}", reply.json);
        assert!(reply.json["note"].as_str().unwrap().starts_with(&format!("{n} of 5 records")));
    }
    assert!((cut(&server, "medium") - 0.4).abs() < 1e-6);
    let fifth = false_positive(&server, "report 5", "medium").json;
    let expected = json!({
        "status": "success", "analysis_type": "false_positive", "learning_applied": true,
        "adjustment_factor": 0.05, "patterns_discovered": 0, "confidence_adjustments": 1,
        "record_id": "[record_id]", "is_new": true, "note": null,
        "learned_offsets": {"low": 0.0, "medium": 0.05, "high": 0.0, "critical": 0.0},
    });
    assert_eq!(redacted(fifth.clone(), &["record_id"]), expected);
    assert!(fifth["record_id"].as_str().unwrap().starts_with("fb_"));
    assert!((cut(&server, "medium") - 0.45).abs() < 1e-6, "five steps up");
    assert!((cut(&server, "low") - 0.2).abs() < 1e-6 && (cut(&server, "high") - 0.6).abs() < 1e-6);
}

#[test]
fn what_is_learnt_judges_the_next_message() {
    let server = Running::new();
    // The fake models put it a little above the cut of medium, which the reports raise.
    let before = server.analyze("medium").json;
    assert_eq!((&before["level"], &before["cache"]), (&json!("medium"), &json!("miss")));
    for n in 0..11 {
        false_positive(&server, &format!("report {n}"), "medium");
    }
    let after = server.analyze("medium").json;
    assert_eq!((&after["level"], &after["cache"]), (&json!("low"), &json!("miss")), "{after}");
}

#[test]
fn a_miss_lowers_the_cut_and_an_urgent_cut_is_never_raised() {
    let server = Running::new();
    for n in 0..8 {
        let reply = false_positive(&server, &format!("alarm {n}"), "high").json;
        assert_eq!(reply["learning_applied"], false, "{reply}");
    }
    assert!((cut(&server, "high") - 0.6).abs() < 1e-6, "stored, and no more");
    let reply = false_negative(&server, "overlooked", "high").json;
    assert_eq!((&reply["learning_applied"], &reply["adjustment_factor"]), (&json!(true), &json!(-0.01)));
    assert!((cut(&server, "high") - 0.59).abs() < 1e-6);
    let stats = server.get("/learning_statistics").json;
    assert_eq!(stats["learning_system_status"], "active");
    assert_eq!((&stats["total_records"], &stats["false_positives"]), (&json!(9), &json!(8)));
    assert_eq!((&stats["false_negatives"], &stats["records_today"]), (&json!(1), &json!(9)));
    assert!(stats["last_update"].as_str().unwrap().ends_with('Z'), "{stats}");
    assert_eq!(stats["configuration"]["max_adjustment"], 0.1);
}

#[test]
fn one_report_is_counted_once_by_whichever_route_and_however_often_it_comes() {
    let server = Running::new();
    let first = false_positive(&server, "the same words", "low").json;
    let again = false_positive(&server, "the same words", "low").json;
    assert_eq!((&first["is_new"], &again["is_new"]), (&json!(true), &json!(false)));
    assert_eq!(first["record_id"], again["record_id"]);
    assert_eq!(again["note"], "this report was stored before");
    // One bot sends it a second time in another form.
    let second = json!({
        "learning_record_id": "fp_1764150000", "record_type": "false_positive",
        "message_data": {"content": "the same words", "author_id": 190_024, "author_name": "somebody"},
        "correction_data": {"detected_level": "low", "correct_level": "none", "severity_score": 4},
        "context_data": {"description": "more words"}, "timestamp": "2026-11-26T12:00:00Z",
    });
    let second = server.post("/update_learning_model", second.to_string()).json;
    assert_eq!((&second["record_id"], &second["is_new"]), (&first["record_id"], &json!(false)));
    assert_eq!(server.get("/learning_statistics").json["total_records"], 1);

    let own = json!({"message": "other words", "detected_level": "low", "correct_level": "safe", "record_id": "bot-7"});
    let stored = server.post("/analyze_false_positive", own.to_string()).json;
    assert_eq!(stored["is_new"], true);
    assert!(!stored.to_string().contains("bot-7"), "a client's id may be anything, and is kept as a hash");
    let again = json!({"message": "yet other words", "detected_level": "high", "correct_level": "low", "record_id": "bot-7"});
    let again = server.post("/analyze_false_positive", again.to_string()).json;
    assert_eq!((&again["record_id"], &again["is_new"]), (&stored["record_id"], &json!(false)));

    let refreshed = server.post("/update_learning_model", "").json;
    assert_eq!(
        (&refreshed["status"], &refreshed["analysis_type"]),
        (&json!("success"), &json!("model_update"))
    );
}

#[test]
fn a_report_that_cannot_be_meant_is_refused_by_its_field() {
    struct Case {
        body: Value,
        code: &'static str,
        field: Value,
    }
    let case = |body, code, field| Case { body, code, field };
    let server = Running::new();
    let long = "x".repeat(40_000);
    for Case { body, code, field } in [
        case(json!({}), "missing_field", json!("message")),
        case(json!({"message": "x"}), "missing_field", json!("detected_level")),
        case(json!({"message": 5}), "wrong_type", json!("message")),
        case(json!({"message": " ", "detected_level": "low"}), "blank_message", json!("message")),
        case(json!({"message": long}), "message_too_long", json!("message")),
        case(json!({"message": "x", "detected_level": "loud"}), "wrong_type", json!("detected_level")),
        case(
            json!({"message": "x", "detected_level": "low", "correct_level": "high"}),
            "implausible_feedback",
            Value::Null,
        ),
        case(
            json!({"message": "x", "detected_level": "low", "correct_level": "none", "record_id": "a b"}),
            "wrong_type",
            json!("record_id"),
        ),
    ] {
        let reply = server.post("/analyze_false_positive", body.to_string());
        let told = (&reply.json["error"]["code"], &reply.json["error"]["field"]);
        assert_eq!(told, (&json!(code), &field), "{body}");
        assert!([413, 422].contains(&reply.status), "{body}");
    }
    assert_eq!(server.post("/analyze_false_negative", "{").status, 400);
    assert_eq!(server.post("/update_learning_model", r#"{"record_type": "praise"}"#).status, 422);
    assert_eq!(server.get("/learning_statistics").json["total_records"], 0, "nothing was stored");
}

#[test]
fn learning_that_is_turned_off_says_so_and_keeps_nothing() {
    let server = Running::with(Overrides::default().set("learning.enabled", false));
    let reply = false_positive(&server, "x", "low");
    assert_eq!((reply.status, &reply.json["error"]["code"]), (409, &json!("learning_disabled")));
    let stats = server.get("/learning_statistics").json;
    assert_eq!(
        (&stats["learning_system_status"], &stats["total_records"]),
        (&json!("disabled"), &Value::Null)
    );
}

#[test]
fn what_was_said_outlives_the_service_and_no_file_holds_the_message() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("learning.db");
    let with_path = || Overrides::default().set("learning.path", &path);
    let server = Running::with(with_path());
    assert!(!path.exists(), "no feedback, no file");
    for n in 0..6 {
        assert_eq!(false_positive(&server, &format!("zebra crossing {n}"), "medium").status, 200);
    }
    drop(server);
    let server = Running::with(with_path());
    assert!((cut(&server, "medium") - 0.46).abs() < 1e-3);
    assert_eq!(server.get("/learning_statistics").json["total_records"], 6);
    let mut files = 0;
    for file in fs::read_dir(folder.path()).unwrap() {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(5).any(|window| window == b"zebra"));
        files += 1;
    }
    assert!(files >= 2, "the database and its secret");
}

#[test]
fn a_store_that_fails_says_so_and_messages_are_judged_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("learning.db");
    fs::write(&path, "this is no database, whatever its name says; it is long enough to be read as one")
        .unwrap();
    let server = Running::with(Overrides::default().set("learning.path", &path));
    let reply = false_positive(&server, "x", "low");
    assert_eq!((reply.status, &reply.json["error"]["code"]), (503, &json!("learning_unavailable")));
    assert!(!reply.json.to_string().contains("learning.db"), "files are no client's business");
    assert_eq!(reply.header("retry-after"), "5");
    assert_eq!(server.get("/learning_statistics").status, 503);
    assert_eq!(server.analyze("high").json["level"], "high");
    assert_eq!(server.get("/health").json["status"], "healthy");
    // Once the cause is gone it works, without a restart.
    fs::remove_file(&path).unwrap();
    assert_eq!(false_positive(&server, "x", "low").status, 200);
}

#[test]
fn no_feedback_takes_an_urgent_verdict_from_a_conversation() {
    let conversation = |server: &Running, round: u32| {
        let past = |n: u32, at: &str| json!({"message": format!("low {round} {n}"), "timestamp": at});
        let history = [past(1, "2026-11-26T11:50:00Z"), past(2, "2026-11-26T11:40:00Z")];
        let asked = json!({"message": format!("medium {round}"), "message_history": history,
                           "timestamp": "2026-11-26T12:00:00Z"});
        server.post("/analyze", asked.to_string()).json
    };
    let low_alarms: fn(&Running, u32) -> Reply = |server, n| false_positive(server, &format!("a {n}"), "low");
    let medium_alarms: fn(&Running, u32) -> Reply =
        |server, n| false_positive(server, &format!("b {n}"), "medium");
    let misses: fn(&Running, u32) -> Reply = |server, n| false_negative(server, &format!("c {n}"), "low");
    for (what, report) in
        [("false alarms at low", low_alarms), ("false alarms at medium", medium_alarms), ("misses", misses)]
    {
        let server = Running::with(Overrides::default().set("conversation.sudden_rise", 0.17));
        let before = conversation(&server, 0);
        assert_eq!((&before["level"], &before["cache"]), (&json!("high"), &json!("miss")), "{before}");
        for n in 0..20 {
            assert_eq!(report(&server, n).status, 200);
        }
        assert_ne!(server.get("/admin/thresholds/status").json["learned_offsets"]["low"], Value::Null);
        let after = conversation(&server, 0);
        assert_eq!(after["level"], "high", "{what}: {after}");
    }
}
