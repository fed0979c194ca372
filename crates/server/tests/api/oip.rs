//! /v2 is what a client of the Open Inference Protocol expects.

use std::collections::BTreeMap;

use ash_runtime::Overrides;
use ash_server::{NewEntry, Role, add_key};
use insta::assert_json_snapshot;
use serde_json::{Value, json};

use crate::harness::{Reply, Running, redacted};

const INFER: &str = "/v2/models/ash-nlp/infer";

/// A request for the verdicts on `texts`.
fn texts(texts: &[&str]) -> Value {
    json!({"inputs": [{"name": "text", "shape": [texts.len()], "datatype": "BYTES", "data": texts}]})
}

fn infer(server: &Running, body: &Value) -> Reply {
    server.post(INFER, body.to_string())
}

/// The request with something else at `pointer`.
fn with(mut body: Value, pointer: &str, value: Value) -> Value {
    *body.pointer_mut(pointer).unwrap() = value;
    body
}

/// The elements of an output.
fn data<'a>(reply: &'a Reply, name: &str) -> &'a Value {
    let outputs = reply.json["outputs"].as_array().unwrap_or_else(|| panic!("{}", reply.json));
    &outputs.iter().find(|output| output["name"] == name).unwrap()["data"]
}

#[test]
fn the_server_and_its_model_describe_themselves() {
    let server = Running::new();
    let metadata = redacted(server.get("/v2").json, &["version"]);
    let model = server.get("/v2/models/ash-nlp").json;
    assert_eq!(model, server.get("/v2/models/ash-nlp/versions/1").json);

    assert_json_snapshot!([metadata, model]);
}

#[test]
fn live_and_ready_are_told_by_status_and_body_before_and_after_the_start() {
    let (server, release) = Running::held_back();
    let told = |server: &Running| {
        [
            "/v2/health/live",
            "/v2/health/ready",
            "/v2/models/ash-nlp/ready",
            "/v2/models/ash-nlp/versions/1/ready",
        ]
        .map(|path| (server.get(path).status, server.get(path).json))
    };
    let model = |ready: bool| json!({"name": "ash-nlp", "ready": ready});
    let live = (200, json!({"live": true}));
    let no = [live.clone(), (503, json!({"ready": false})), (503, model(false)), (503, model(false))];
    assert_eq!(told(&server), no);
    assert_eq!(server.get("/v2/health/ready").header("retry-after"), "1");
    drop(release);
    server.wait_until_ready();
    assert_eq!(told(&server), [live, (200, json!({"ready": true})), (200, model(true)), (200, model(true))]);
}

#[test]
fn each_text_has_its_element_in_every_tensor() {
    let server = Running::new();
    let mut body = texts(&["hello", "this is critical"]);
    body["id"] = json!("42");
    let reply = infer(&server, &body);
    assert_eq!(reply.status, 200, "{}", reply.json);
    let reasons = data(&reply, "reason").as_array().unwrap();
    assert!(reasons.iter().all(Value::is_string), "{reasons:?}");
    let mut shown = reply.json;
    shown["outputs"].as_array_mut().unwrap().retain(|output| output["name"] != "reason");
    assert_json_snapshot!(shown);
}

#[test]
fn only_the_named_outputs_are_answered_in_their_order() {
    let server = Running::new();
    let mut body = texts(&["high"]);
    body["outputs"] = json!([{"name": "score", "parameters": {"binary_data": true}}, {"name": "level"}]);
    body["parameters"] = json!({"binary_data_output": true, "priority": 1});
    let reply = server.post("/v2/models/ash-nlp/versions/1/infer", body.to_string());
    let names: Vec<_> = reply.json["outputs"].as_array().unwrap().iter().map(|o| &o["name"]).collect();
    assert_eq!(names, ["score", "level"], "{}", reply.json);
    assert!(reply.json.get("id").is_none(), "nobody named one");
}

#[test]
fn data_may_be_flat_or_nested_and_a_column_is_as_good_as_a_row() {
    let server = Running::new();
    for (shape, rows) in [
        (json!([2]), json!(["high", "low"])),
        (json!([2, 1]), json!(["high", "low"])),
        (json!([2, 1]), json!([["high"], ["low"]])),
    ] {
        let body = with(texts(&[]), "/inputs/0/shape", shape);
        let reply = infer(&server, &with(body, "/inputs/0/data", rows.clone()));
        assert_eq!(data(&reply, "level"), &json!(["high", "low"]), "{rows}");
    }
}

#[test]
fn needs_response_follows_the_setting_and_critical_keeps_its_name() {
    let settings = Overrides::default().set("server.needs_response_from", "medium");
    let server = Running::with(settings.set("compat.critical_as_high", true));
    let reply = infer(&server, &texts(&["low", "medium", "critical"]));
    assert_eq!(data(&reply, "needs_response"), &json!([false, true, true]));
    assert_eq!(data(&reply, "level"), &json!(["low", "medium", "critical"]));
}

#[test]
fn a_degraded_verdict_says_so() {
    let server = Running::new();
    let reply = infer(&server, &texts(&["low and broken"]));
    assert_eq!(data(&reply, "is_degraded"), &json!([true]));
    assert_eq!(data(&reply, "requires_staff_review"), &json!([true]));
}

#[test]
fn a_request_is_answered_whole_or_not_at_all() {
    let server = Running::new();
    for (bad, status, says) in [
        (" ", 400, "inputs[0].data[1] is blank"),
        (&*"a".repeat(40_000), 400, "inputs[0].data[1] is longer than"),
        ("panic", 500, "has not been judged"),
    ] {
        let reply = infer(&server, &texts(&["high", bad, "low"]));
        assert_eq!(reply.status, status, "{}", reply.json);
        assert!(reply.json["error"].as_str().unwrap().contains(says), "{}", reply.json);
        assert!(reply.json.get("outputs").is_none(), "{}", reply.json);
    }
}

#[test]
fn every_mistake_is_told_in_one_sentence() {
    let server = Running::new();
    let good = || texts(&["zebra"]);
    let input = |pointer: &str, value: Value| with(good(), pointer, value);
    let outputs = |outputs: Value| json!({"inputs": good()["inputs"], "outputs": outputs});
    let parameters = |parameters: Value| {
        let mut body = good();
        body["inputs"][0]["parameters"] = parameters;
        body
    };
    let bodies = [
        ("a list", json!([])),
        ("base64", parameters(json!({"content_type": "base64"}))),
        ("binary", parameters(json!({"binary_data_size": 7}))),
        ("data is a string", input("/inputs/0/data", json!("zebra"))),
        ("datatype", input("/inputs/0/datatype", json!("FP32"))),
        ("element is a number", input("/inputs/0/data/0", json!(7))),
        ("id is a number", json!({"id": 7, "inputs": good()["inputs"]})),
        ("input of another name", input("/inputs/0/name", json!("zebra"))),
        ("inputs missing", json!({})),
        ("more data than shape", input("/inputs/0/data", json!(["zebra", "zebra"]))),
        ("nothing", texts(&[])),
        ("output twice", outputs(json!([{"name": "level"}, {"name": "level"}]))),
        ("parameters", parameters(json!(7))),
        ("shape of three", input("/inputs/0/shape", json!([1, 1, 1]))),
        ("shape negative", input("/inputs/0/shape", json!([-1]))),
        ("shape wide", input("/inputs/0/shape", json!([1, 2]))),
        (
            "shared memory",
            outputs(json!([{"name": "level", "parameters": {"shared_memory_region": "zebra"}}])),
        ),
        ("too many", texts(&["zebra"; 101])),
        ("two inputs", json!({"inputs": [good()["inputs"][0], good()["inputs"][0]]})),
        ("unknown output", outputs(json!([{"name": "zebra"}]))),
    ];
    let mut shown: BTreeMap<_, _> =
        bodies.iter().map(|(name, body)| (*name, infer(&server, body).shown())).collect();
    shown.insert("not JSON", server.post(INFER, "zebra").shown());
    let header = [("inference-header-content-length", "7")];
    shown.insert("binary header", server.send("POST", INFER, &header, "zebra").shown());
    shown.insert("other method", server.get(INFER).shown());
    shown.insert("other model", server.get("/v2/models/zebra").shown());
    shown.insert("other model to infer", server.post("/v2/models/zebra/infer", good().to_string()).shown());
    shown.insert("other path", server.get("/v2/repository/zebra").shown());
    shown.insert("other version", server.get("/v2/models/ash-nlp/versions/zebra/ready").shown());
    shown.insert("path is no text", server.get("/v2/models/%ff").shown());
    let text = serde_json::to_string(&shown).unwrap();
    assert!(!text.contains("zebra"), "{text}");
    assert_json_snapshot!(shown);
}

#[test]
fn probes_need_no_key_metadata_takes_read_and_inference_takes_analyze() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.toml");
    let keys = Role::ALL.map(|role| {
        let entry = NewEntry { name: role.to_string(), role, critical_as_high: false };
        add_key(&file, &entry).unwrap().expose().to_owned()
    });
    let server = Running::with(Overrides::default().set("auth.keys_file", &file));
    let body = texts(&["high"]).to_string();
    for (method, path, needs) in [
        ("GET", "/v2/health/live", 0),
        ("GET", "/v2/health/ready", 0),
        ("GET", "/v2/models/ash-nlp/ready", 0),
        ("GET", "/v2/models/ash-nlp/versions/1/ready", 0),
        ("GET", "/v2", 1),
        ("GET", "/v2/models/ash-nlp", 1),
        ("GET", "/v2/models/ash-nlp/versions/1", 1),
        ("POST", INFER, 2),
        ("POST", "/v2/models/ash-nlp/versions/1/infer", 2),
    ] {
        for (rank, key) in std::iter::once("").chain(keys.iter().map(String::as_str)).enumerate() {
            let reply = server.send(method, path, &[("x-ash-internal-key", key)], &body);
            let expected = match rank {
                _ if rank >= needs => 200,
                0 => 401,
                _ => 403,
            };
            assert_eq!(reply.status, expected, "{method} {path} with rank {rank}: {}", reply.json);
            assert!(expected == 200 || reply.json["error"].is_string(), "{}", reply.json);
        }
    }
}
