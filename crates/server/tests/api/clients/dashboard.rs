//! The dashboard: node with axios, 5 s, every five minutes, no key. It takes any answer of 200 and shows it; everything
//! else is "offline".

use serde_json::json;

use super::reads::{Needs, Read, read, reads};
use super::situations::{Keyed, shared};
use crate::harness::Running;

const DASHBOARD: &str = "dashboard";
const HEADERS: &[(&str, &str)] =
    &[("user-agent", "ash-dash/1.0.0"), ("accept", "application/json, text/plain, */*")];

const HEALTH: &[Read] = &[
    read("/status", Needs::Text, "its card shows no status"),
    read("/version", Needs::Text, "its card shows no version"),
    read("/timestamp", Needs::Text, "its card shows no time"),
];

const WARMUP: &[Read] = &[
    read("/pipeline_warmed", Needs::Bool, "it shows no warm-up"),
    read("/warmup_success", Needs::Bool, "it shows no warm-up"),
    read("/total_warmup_time_ms", Needs::Number, "it shows no time"),
    read("/cold_start_eliminated", Needs::Bool, "it shows no warm-up"),
    read("/ready_for_production", Needs::Bool, "it shows no warm-up"),
];

/// It shows the service as online while it answers /health with 200, whatever stands there.
#[test]
fn dashboard_shows_the_service_online_from_the_first_moment_to_the_last() {
    let (server, release) = Running::held_back();
    let ask = |server: &Running| server.send("GET", "/health", HEADERS, "");
    let starting = ask(&server);
    assert_eq!(starting.status, 200);
    reads(DASHBOARD, "starting", HEALTH, &starting.json);
    drop(release);
    server.wait_until_ready();
    let ready = ask(&server);
    assert_eq!(ready.status, 200);
    reads(DASHBOARD, "ready", HEALTH, &ready.json);
}

/// It passes the page on as it is: axios leaves what is no JSON a string.
#[test]
fn dashboard_gets_metrics_as_a_page_that_it_can_pass_on() {
    let server = shared();
    server.analyze("this is high");
    let page = server.send("GET", "/metrics", HEADERS, "");
    assert_eq!(page.status, 200);
    assert!(page.json.as_str().is_some_and(|page| page.contains("ash_")), "{}", page.json);
    assert!(!page.json.to_string().contains("this is high"));
}

#[test]
fn dashboard_needs_a_key_that_may_read_once_keys_are_set_up_but_health_stays_open() {
    let keyed = Keyed::new();
    let ask =
        |path: &str, key: &str| keyed.server.send("GET", path, &[("x-ash-internal-key", key)], "").status;
    assert_eq!(ask("/health", ""), 200);
    for path in ["/metrics", "/status"] {
        assert_eq!((ask(path, ""), ask(path, &keyed.read)), (401, 200), "{path}");
    }
}

#[test]
fn dashboard_reads_models_and_warm_up_in_both_places_of_health() {
    let health = shared().send("GET", "/health", HEADERS, "").json;
    let coordinator = &health["model_coordination_manager"];
    assert_eq!((&coordinator["models_configured"], &coordinator["models_loaded"]), (&json!(3), &json!(3)));
    assert_eq!(coordinator["warmup_status"], health["warmup_status"]);
    reads(DASHBOARD, "warm-up", WARMUP, &health["warmup_status"]);
}
