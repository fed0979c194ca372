//! What every client is told when there is no verdict: the service's own shape, and beside it the list that FastAPI
//! sent, which the clients print.

use std::time::Duration;

use ash_runtime::Overrides;
use ash_server::Signal;
use insta::assert_json_snapshot;
use serde_json::{Map, Value, json};

use super::reads::{Needs, Read, read, reads};
use super::situations::Keyed;
use crate::harness::{Reply, Running};

const ERROR: &[Read] = &[
    read("/error", Needs::Object, "clients of this service cannot tell errors apart"),
    read("/error/code", Needs::Text, "clients of this service cannot tell errors apart"),
    read("/error/message", Needs::Text, "nobody is told what to do"),
    read("/error/field", Needs::Maybe(&Needs::Text), "nobody is told what is wrong"),
    read("/detail", Needs::List, "clients of old print nothing"),
    read("/detail/0", Needs::Object, "clients of old raise IndexError"),
    read("/detail/*/loc", Needs::List, "clients of old raise KeyError"),
    read("/detail/*/loc/*", Needs::Text, "clients of old print None"),
    read("/detail/*/msg", Needs::Text, "clients of old raise KeyError"),
    read("/detail/*/type", Needs::Text, "clients of old raise KeyError"),
];

fn refused(server: &Running, headers: &[(&str, &str)], body: &str) -> Reply {
    server.send("POST", "/analyze", headers, body)
}

/// Every refusal that a client of old can get, by name.
fn refusals() -> Vec<(&'static str, Reply)> {
    let (held, release) = Running::held_back();
    let starting = refused(&held, &[], r#"{"message":"hi"}"#);
    drop(release);
    held.wait_until_ready();
    let keyed = Keyed::new();
    let narrow = Overrides::default()
        .set("limits.exempt_addresses", json!([]))
        .set("limits.requests_per_second_per_address", 1)
        .set("limits.burst_per_address", 1);
    let narrow = Running::with(narrow);
    let limited =
        (0..100).map(|_| refused(&narrow, &[], r#"{"message":"hi"}"#)).find(|reply| reply.status == 429);
    let long = json!({"message": "a".repeat(40_000)}).to_string();
    vec![
        ("400 not JSON", refused(&held, &[], "message=hi")),
        ("401 no key", refused(&keyed.server, &[], r#"{"message":"hi"}"#)),
        ("401 unknown key", refused(&keyed.server, &[("x-ash-internal-key", "old")], r#"{"message":"hi"}"#)),
        (
            "403 another role",
            refused(&keyed.server, &[("x-ash-internal-key", &keyed.read)], r#"{"message":"hi"}"#),
        ),
        ("413 message too long", refused(&held, &[], &long)),
        ("422 blank", refused(&held, &[], r#"{"message":"  "}"#)),
        ("422 missing", refused(&held, &[], r#"{"user_id":"1"}"#)),
        ("422 wrong type", refused(&held, &[], r#"{"message":["hi"]}"#)),
        ("422 item of history", refused(&held, &[], r#"{"message":"hi","message_history":[{"message":7}]}"#)),
        ("429 too many", limited.expect("a limit of one")),
        ("500 a bug", refused(&held, &[], r#"{"message":"panic"}"#)),
        ("503 starting", starting),
    ]
}

#[test]
fn every_refusal_carries_the_shape_of_fastapi_beside_ours() {
    let mut shown = Map::new();
    for (case, reply) in refusals() {
        assert_eq!(reply.status.to_string(), case[..3], "{case}: {}", reply.json);
        reads("every client", case, ERROR, &reply.json);
        assert_eq!(reply.json["error"]["message"], reply.json["detail"][0]["msg"], "{case}");
        assert_eq!(reply.header("content-type"), "application/json", "{case}");
        shown.insert(case.to_owned(), reply.json);
    }
    assert_json_snapshot!("errors", Value::Object(shown));
}

#[test]
fn whoever_may_try_again_is_told_when() {
    for (case, reply) in refusals() {
        let seconds: Option<u64> = reply.header("retry-after").parse().ok();
        let may = case.starts_with("429") || case.starts_with("503");
        assert_eq!(seconds.is_some_and(|seconds| seconds >= 1), may, "{case}: {seconds:?}");
    }
}

/// Clients keep connections open: what comes in before the end is judged, and nobody is told that all is well.
#[test]
fn while_draining_health_says_so_to_every_generation_and_what_still_comes_is_judged() {
    let server = Running::with(Overrides::default().set("server.shutdown_grace_ms", 3_000));
    server.signal(Signal::Stop);
    for _ in 0..100 {
        let health = server.get("/health");
        if health.json["status"] == "draining" {
            assert_eq!((health.status, &health.json["ready"]), (200, &json!(false)), "bot 5.0 reads ready");
            let reply = server.analyze("this is high");
            let verdict = (reply.status, reply.json["level"].as_str());
            let told = (reply.status, reply.json["error"]["code"].as_str());
            assert!(
                verdict == (200, Some("high")) || told == (503, Some("shutting_down")),
                "a verdict, or a status that all bots retry: {}",
                reply.json
            );
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("it never said that it is going");
}
