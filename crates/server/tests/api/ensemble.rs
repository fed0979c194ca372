//! /ensemble: what a tuning tool sets is what judges, and nothing else changes.

use serde_json::{Value, json};

use crate::harness::{MODELS, Running};

fn weights(answer: &Value) -> Vec<f64> {
    MODELS.iter().map(|model| answer["weights"][model].as_f64().unwrap()).collect()
}

#[test]
fn weights_that_are_set_are_those_that_judge_the_next_message() {
    let server = Running::new();
    let before = server.get("/ensemble/config").json;
    assert_eq!((weights(&before), &before["ensemble_mode"]), (vec![1.0; 3], &json!("weighted")));
    assert_eq!(before["available_modes"], json!(["consensus", "majority", "weighted"]));
    assert_eq!(before["source"], "configuration");
    let judged = server.analyze("high").json;
    assert_eq!((&judged["method"], &judged["cache"]), (&json!("ensemble_weighted"), &json!("miss")));

    let path = "/ensemble/set-weights?depression_weight=0.6&sentiment_weight=0.15&distress_weight=0.25\
                &ensemble_mode=majority";
    let set = server.post(path, "");
    assert_eq!(set.status, 200);
    assert_eq!(
        set.json,
        json!({"status": "success", "weights": {"depression": 0.6, "emotional_distress": 0.25, "sentiment": 0.15},
               "ensemble_mode": "majority", "source": "set while running"})
    );
    let judged = server.analyze("high").json;
    assert_eq!(judged["method"], "ensemble_majority");
    assert_eq!(judged["cache"], "miss", "what was remembered was judged otherwise");

    // What is left out stays; old clients send an empty body, a JSON body or none.
    let part = server.post("/ensemble/set-weights?sentiment_weight=0", "{}");
    assert_eq!(
        (weights(&part.json), &part.json["ensemble_mode"]),
        (vec![0.6, 0.0, 0.25], &json!("majority"))
    );
    let config = server.get("/ensemble/config").json;
    assert_eq!((weights(&config), &config["configured_mode"]), (vec![0.6, 0.0, 0.25], &json!("weighted")));

    let refreshed = server.post("/ensemble/refresh-weights", "").json;
    assert_eq!((weights(&refreshed), &refreshed["ensemble_mode"]), (vec![1.0; 3], &json!("weighted")));
    assert_eq!(refreshed["source"], "configuration");
    assert_eq!(server.analyze("high").json["method"], "ensemble_weighted");
}

#[test]
fn weights_that_make_no_sense_are_refused_and_nothing_changes() {
    struct Case {
        query: &'static str,
        code: &'static str,
        field: Value,
    }
    let server = Running::new();
    let case = |query, code, field| Case { query, code, field };
    for Case { query, code, field } in [
        case("", "missing_field", json!("depression_weight")),
        case("?anything=1", "missing_field", json!("depression_weight")),
        case("?depression_weight=1.5", "wrong_type", json!("depression_weight")),
        case("?distress_weight=-0.1", "wrong_type", json!("distress_weight")),
        case("?sentiment_weight=NaN", "wrong_type", json!("sentiment_weight")),
        case("?sentiment_weight=much", "wrong_type", json!("sentiment_weight")),
        case("?ensemble_mode=loudest", "wrong_type", json!("ensemble_mode")),
        case("?depression_weight=0&sentiment_weight=0&distress_weight=0", "invalid_ensemble", Value::Null),
    ] {
        let reply = server.post(&format!("/ensemble/set-weights{query}"), "");
        assert_eq!((reply.status, &reply.json["error"]["code"]), (422, &json!(code)), "{query}");
        assert_eq!(reply.json["error"]["field"], field, "{query}");
    }
    let config = server.get("/ensemble/config").json;
    assert_eq!((weights(&config), &config["source"]), (vec![1.0; 3], &json!("configuration")));
}

#[test]
fn a_reload_of_the_configuration_undoes_what_was_set_by_hand() {
    let server = Running::new();
    assert_eq!(server.post("/ensemble/set-weights?ensemble_mode=consensus", "").status, 200);
    assert!(server.reload(""));
    assert_eq!(server.get("/ensemble/config").json["ensemble_mode"], "weighted");
}
