//! /health tells the truth at every moment between bind and end.

use std::sync::Arc;
use std::time::Duration;

use ash_runtime::{Overrides, Service, StartError};
use ash_server::{ServeError, Signal};
use insta::assert_json_snapshot;
use serde_json::json;

use crate::harness::{Fake, Running, redacted, settings};

#[test]
fn health_is_starting_then_exactly_healthy() {
    let (server, release) = Running::held_back();
    let measured = [
        "total_warmup_time_ms",
        "cold_request_ms",
        "first_request_ms",
        "steady_ms",
        "rounds",
        "cold_start_eliminated",
        "penalty_avoided_ms",
        "first_ms",
    ];
    let varies = [&["timestamp", "version"], &measured[..]].concat();
    assert_json_snapshot!("health_starting", redacted(server.get("/health").json, &varies[..2]));
    assert_eq!(server.get("/status").status, 200);
    drop(release);
    server.wait_until_ready();
    assert_json_snapshot!("health_healthy", redacted(server.get("/health").json, &varies));
}

#[test]
fn status_is_an_object_with_models_and_queue() {
    let json = Running::new().get("/status").json;
    assert_eq!(json["status"], "healthy");
    let empty =
        json!({"active": 0, "queued": 0, "queued_tokens": 0, "capacity": 65536, "oldest_age_ms": null});
    assert_eq!(json["queue"], empty);
    assert_eq!(json["models"].as_array().unwrap().len(), 3);
}

#[test]
fn ready_says_how_far_it_is_then_yes_then_no_while_live_is_always_yes() {
    let (server, release) = Running::held_back();
    let reply = server.get("/ready");
    assert_eq!((reply.status, reply.header("retry-after")), (503, "1"));
    assert_eq!(reply.json, json!({"ready": false, "phase": "starting", "percent": 0, "parts": []}));
    assert_eq!(server.get("/live").status, 200);
    drop(release);
    server.wait_until_ready();
    let reply = server.get("/ready");
    assert_eq!(
        (reply.status, &reply.json["phase"], &reply.json["percent"]),
        (200, &"ready".into(), &100.into())
    );
    server.signal(Signal::Stop);
    // Within the grace it is still there, and says no.
    let mut statuses = Vec::new();
    for _ in 0..20 {
        let reply = server.get("/ready");
        statuses.push(reply.status);
        if reply.status == 503 {
            assert_eq!(reply.json["phase"], "draining");
            assert_eq!(server.get("/health").json["status"], "draining");
            assert_eq!(server.get("/live").status, 200);
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("it never said that it is going: {statuses:?}");
}

#[test]
fn what_the_server_sends_itself_before_it_is_ready_is_not_counted() {
    let settings = settings(Overrides::default());
    let (served, again) = (settings.clone(), settings.clone());
    let (done, rehearsed) = std::sync::mpsc::channel();
    let start = move |opening: ash_server::Opening| {
        opening.go_live(Arc::new(Service::with_classifier(served, Arc::new(Fake::new()))?));
        opening.rehearse();
        let _ = done.send(());
        Ok(())
    };
    let running = Running::begun(settings, start, Box::new(move || Ok(again.clone())));
    rehearsed.recv().unwrap();
    let performance = || running.get("/status").json["performance"].clone();
    assert_eq!(performance()["requests"]["total"], 0);
    assert_ne!(running.get("/status").json["cache"]["assessments"]["entries"], 0, "it went all the way");
    running.analyze("high");
    assert_eq!(performance()["requests"]["total"], 1);
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let server = Running::with(Overrides::default().set("server.shutdown_grace_ms", 60_000));
    server.signal(Signal::Stop);
    server.signal(Signal::Stop);
    assert!(matches!(server.wait(), Err(ServeError::Forced)));
}

#[test]
fn a_reload_is_taken_over_and_a_bad_one_changes_nothing() {
    let (first, configured) = (settings(Overrides::default()), settings(Overrides::default()));
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let reload = move || {
        let mut new = settings(Overrides::default().set("compat.critical_as_high", true));
        if asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0 {
            new.analysis = ash_analysis::AnalyzerSettings::unfitted(["nobody"]);
        }
        Ok(new)
    };
    let start = move || Service::with_classifier(configured, Arc::new(Fake::new()));
    let server = Running::reloading(first, Box::new(start), Box::new(reload));
    server.wait_until_ready();
    assert!(!server.reload(""));
    assert_eq!(server.analyze("critical").json["crisis_level"], "critical", "the old stays");
    assert!(server.reload(""));
    assert_eq!(server.analyze("critical").json["crisis_level"], "high");
}

#[test]
fn what_was_accepted_is_answered_before_the_end() {
    let mut server = Running::new();
    let address = server.address;
    let request = std::thread::spawn(move || {
        let body = r#"{"message":"slow and high"}"#;
        let mut response = ureq::post(format!("http://{address}/analyze")).send(body).unwrap();
        response.body_mut().read_to_string().unwrap()
    });
    std::thread::sleep(Duration::from_millis(150));
    server.begin_stop();
    let answer = request.join().unwrap();
    assert!(answer.contains("\"level\":\"high\""), "{answer}");
    server.stop().unwrap();
}

#[test]
fn a_service_that_cannot_start_ends_the_server_with_its_reason() {
    let fail = || Err(StartError::Panicked("patterns".into()));
    let server = Running::starting(settings(Overrides::default()), Box::new(fail));
    let error = server.wait().unwrap_err();
    assert!(matches!(error, ServeError::Start(_)) && error.to_string().contains("patterns"), "{error}");
}

#[test]
fn an_address_in_use_is_named() {
    let server = Running::new();
    let mut taken = settings(Overrides::default());
    taken.server.bind = server.address;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let error = runtime.block_on(ash_server::Server::bind(&taken)).err().unwrap().to_string();
    assert!(error.contains(&server.address.to_string()), "{error}");
}
