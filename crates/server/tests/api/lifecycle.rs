//! /health tells the truth at every moment between bind and end.

use std::time::Duration;

use ash_runtime::{Overrides, StartError};
use ash_server::ServeError;
use insta::assert_json_snapshot;
use serde_json::json;

use crate::harness::{Running, redacted, settings};

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
    assert_eq!(json["queue"], json!({"queued": 0, "capacity": 512}));
    assert_eq!(json["models"].as_array().unwrap().len(), 3);
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
    let fail = || Err(StartError::NoModel { configured: 3, first: "depression: no weights".into() });
    let server = Running::starting(settings(Overrides::default()), Box::new(fail));
    let error = server.wait().unwrap_err();
    assert!(matches!(error, ServeError::Start(_)) && error.to_string().contains("no weights"), "{error}");
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
