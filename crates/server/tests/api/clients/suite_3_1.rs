//! The phrase test suite 3.1 with its two tuning tools: requests, 30 s, any other status than 200 tried again three
//! times, one second apart. It sends no key: it runs beside the service.

use ash_runtime::Overrides;
use insta::assert_json_snapshot;
use serde_json::{Value, json};

use super::python::dumps;
use super::reads::{Needs, Read, faults, read, reads};
use super::situations::{Keyed, read_by, shared};
use crate::harness::{Reply, Running};

const SUITE: &str = "suite 3.1";

const ANSWER: &[Read] = &[
    read("/crisis_level", Needs::OneOf(&["none", "low", "medium", "high", "critical"]), "the phrase fails"),
    read("/confidence_score", Needs::Share, "formatting it raises TypeError"),
    read("/needs_response", Needs::Bool, "its report says no"),
    read("/processing_time_ms", Needs::Number, "formatting it raises TypeError"),
    read("/method", Needs::Text, "its report names none"),
    read("/reasoning", Needs::Text, "its report gives none"),
    read("/detected_categories", Needs::List, "its report counts none"),
];

const HEALTH: &[Read] = &[
    read("/status", Needs::OneOf(&["healthy"]), "it does not begin"),
    read("/timestamp", Needs::Text, "it takes its own time"),
    read("/version", Needs::Text, "its report names none"),
    read("/total_managers", Needs::Maybe(&Needs::Number), "it prints None, as it may"),
];

const CURRENT: &[Read] = &[read("/current_set", Needs::Text, "it cannot go back to where it began")];
const SETS: &[Read] = &[
    read("/sets", Needs::List, "it finds no set to compare"),
    read("/sets/*/name", Needs::Text, "raises KeyError"),
];
const SWITCHED: &[Read] =
    &[read("/success", Needs::Bool, "it takes the switch for failed and scores the set 0")];
const WEIGHTS: &[Read] = &[
    read("/weights", Needs::Object, "raises KeyError and takes the weights for unset"),
    read("/weights/*", Needs::Share, "its log shows no weight"),
    read("/ensemble_mode", Needs::OneOf(&["consensus", "majority", "weighted"]), "its log shows no mode"),
    read("/status", Needs::Text, "its log shows no status"),
];

fn body(message: &str) -> String {
    dumps(&json!({"message": message, "user_id": "ash_thrash_test", "channel_id": "testing_channel"}))
}

fn send(server: &Running, message: &str) -> Reply {
    server.send("POST", "/analyze", &[("content-type", "application/json")], &body(message))
}

fn post(server: &Running, path: &str, body: &Value) -> Reply {
    server.send("POST", path, &[("content-type", "application/json")], &dumps(body))
}

#[test]
fn suite_3_1_finds_every_field_that_it_reads_at_every_level_and_in_every_degraded_answer() {
    assert_json_snapshot!("suite_3_1", read_by(SUITE, ANSWER, &Overrides::default(), send));
}

#[test]
fn suite_3_1_begins_only_when_status_is_exactly_healthy() {
    let (server, release) = Running::held_back();
    assert_eq!(faults(HEALTH, &server.get("/health").json).len(), 1);
    drop(release);
    server.wait_until_ready();
    // It sends a Content-Type with GET, too.
    let health = server.send("GET", "/health", &[("content-type", "application/json")], "");
    reads(SUITE, "ready", HEALTH, &health.json);
}

/// Its levels are those of the answer: "critical" counts as such in its tuning tools.
#[test]
fn suite_3_1_is_told_critical_as_it_is() {
    assert_eq!(send(shared(), "this is critical").json["crisis_level"], "critical");
}

#[test]
fn tuning_tool_of_suite_3_1_finds_the_label_sets_and_goes_back_to_the_first() {
    let server = Running::new();
    let current = server.get("/admin/labels/current");
    reads(SUITE, "current set", CURRENT, &current.json);
    reads(SUITE, "list of sets", SETS, &server.get("/admin/labels/list").json);
    let back = post(&server, "/admin/labels/switch", &json!({"label_set": current.json["current_set"]}));
    assert_eq!(back.status, 200);
    reads(SUITE, "switch", SWITCHED, &back.json);
    assert_eq!(back.json["success"], true);
    let unknown = post(&server, "/admin/labels/switch", &json!({"label_set": "no_such_set"}));
    assert_eq!(unknown.status, 400, "it goes on with the next set");
}

/// Weights as its optimiser makes them: sums of shares, with all digits of a double.
#[test]
fn tuning_tool_of_suite_3_1_sets_weights_of_any_digits_and_refreshes_them() {
    let server = Running::new();
    let query = "depression_weight=0.5274193548387097&sentiment_weight=0.10000000000000003\
                 &distress_weight=0.3725806451612903&ensemble_mode=majority";
    let set = server.send("POST", &format!("/ensemble/set-weights?{query}"), &[("content-length", "0")], "");
    assert_eq!(set.status, 200, "{}", set.json);
    reads(SUITE, "weights", WEIGHTS, &set.json);
    assert_eq!(set.json["ensemble_mode"], "majority");
    for (model, weight) in [("depression", 0.5274), ("sentiment", 0.1), ("emotional_distress", 0.3726)] {
        assert_eq!(set.json["weights"][model], weight, "{model}");
    }
    assert_eq!(
        send(&server, "this is high").json["method"],
        "ensemble_majority",
        "and they judge the next message"
    );
    let refreshed = server.send("POST", "/ensemble/refresh-weights", &[("content-length", "0")], "");
    assert_eq!(refreshed.status, 200);
    reads(SUITE, "refreshed", WEIGHTS, &refreshed.json);
}

/// What it changes takes the administrator's key as soon as there are keys.
#[test]
fn tuning_tool_of_suite_3_1_needs_the_administrators_key_once_keys_are_set_up() {
    let keyed = Keyed::new();
    for path in
        ["/ensemble/set-weights?ensemble_mode=majority", "/ensemble/refresh-weights", "/admin/labels/switch"]
    {
        let ask = |key: &str| {
            keyed
                .server
                .send("POST", path, &[("x-ash-internal-key", key)], r#"{"label_set":"trained"}"#)
                .status
        };
        assert_eq!(
            [ask(""), ask(&keyed.read), ask(&keyed.analyze), ask(&keyed.admin)],
            [401, 403, 403, 200],
            "{path}"
        );
    }
}
