//! Whatever is wrong with a request is said in one shape, with the field to blame.

use std::collections::BTreeMap;

use ash_runtime::Overrides;
use insta::assert_json_snapshot;

use crate::harness::{Running, impatient};

#[test]
fn every_mistake_has_its_status_and_code() {
    let server = Running::new();
    let bodies: [(&str, &[u8]); 16] = [
        ("array", b"[]"),
        ("blank", br#"{"message":" \n "}"#),
        ("blank without width", br#"{"message":"\u200b\u200d"}"#),
        ("empty body", b""),
        ("empty message", br#"{"message":""}"#),
        ("flag of wrong type", br#"{"message":"hi","include_explanation":"yes"}"#),
        ("invalid UTF-8", b"{\"message\":\"\xff\xfe\"}"),
        ("lone surrogate", br#"{"message":"\ud800"}"#),
        ("lone trailing surrogate", br#"{"message":"\udc00 hi"}"#),
        ("message is a number", br#"{"message":7}"#),
        ("message is null", br#"{"message":null}"#),
        ("message missing", br#"{"user_id":"1"}"#),
        ("not JSON", b"message=hello"),
        ("user of wrong type", br#"{"message":"hi","user_id":7}"#),
        ("unfinished", br#"{"message":"hi""#),
        ("unknown verbosity", br#"{"message":"hi","verbosity":"loud"}"#),
    ];
    let shown: BTreeMap<_, _> =
        bodies.iter().map(|(name, body)| (*name, server.post("/analyze", body).shown())).collect();
    assert_json_snapshot!(shown);
}

#[test]
fn deep_nesting_is_refused_not_recursed_into() {
    let reply = Running::new().post("/analyze", "[".repeat(100_000));
    assert_eq!((reply.status, &reply.json["error"]["code"]), (400, &"invalid_json".into()));
}

#[test]
fn unknown_paths_and_methods_answer_in_the_same_shape() {
    let server = Running::new();
    let shown = [
        server.get("/nothing/here").shown(),
        server.get("/analyze").shown(),
        server.post("/health", "").shown(),
    ];
    assert_json_snapshot!(shown);
    assert_eq!(server.get("/analyze").header("allow"), "POST");
    assert!(server.get("/nothing").header("x-request-id").starts_with("req_"));
}

#[test]
fn too_long_is_413_whether_message_or_body() {
    let server = Running::new();
    let message = server.analyze(&"a".repeat(40_000));
    let body = server.analyze(&"a".repeat(2 << 20));
    assert_json_snapshot!([message.shown(), body.shown()]);
}

#[test]
fn a_body_that_never_ends_is_a_timeout() {
    let hurried = Overrides::default().set("server.request_timeout_ms", 200).set("queue.max_wait_ms", 100);
    let server = Running::with(hurried);
    let answer =
        server.raw(b"POST /analyze HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 100\r\n\r\n{");
    assert!(answer.starts_with("HTTP/1.1 504") && answer.contains("\"timeout\""), "{answer}");
}

#[test]
fn an_analysis_that_takes_too_long_ends_in_a_verdict_by_words_before_the_timeout() {
    let server = Running::with(impatient(Overrides::default()));
    let reply = server.analyze("stuck");
    assert_eq!((reply.status, &reply.json["is_degraded"]), (200, &true.into()), "{}", reply.json);
    assert_eq!(reply.json["requires_staff_review"], true);
}

#[test]
fn a_full_queue_answers_by_words_and_recovers() {
    let server = Running::with(Overrides::default().set("queue.capacity_tokens", 512));
    // Each as many tokens as a message can count: one runs, one waits, no third has room.
    let slow = |i: usize| format!("slow {i} {}", "high ".repeat(400));
    std::thread::scope(|scope| {
        let server = &server;
        let asked: Vec<_> = (0..6).map(|i| scope.spawn(move || server.analyze(&slow(i)))).collect();
        let replies: Vec<_> = asked.into_iter().map(|thread| thread.join().unwrap()).collect();
        assert!(replies.iter().all(|reply| reply.status == 200), "nobody is turned away");
        let (words, models): (Vec<_>, Vec<_>) =
            replies.iter().partition(|reply| reply.json["is_degraded"] == true);
        assert!(!words.is_empty() && !models.is_empty(), "{} {}", words.len(), models.len());
        for reply in words {
            assert_eq!(reply.json["requires_staff_review"], true);
            let why = reply.json["explanation"]["key_factors"][0].as_str().unwrap();
            assert!(why.contains("was not asked: too many messages are waiting"), "{why}");
        }
    });
    assert_eq!(server.analyze("high").json["is_degraded"], false, "and it recovers");
}

#[test]
fn before_the_models_are_there_a_client_is_asked_to_come_back() {
    let (server, release) = Running::held_back();
    let reply = server.analyze("high");
    assert_eq!((reply.status, &reply.json["error"]["code"]), (503, &"starting".into()));
    assert_eq!(reply.header("retry-after"), "1");
    drop(release);
    server.wait_until_ready();
    assert_eq!(server.analyze("high").status, 200);
}
