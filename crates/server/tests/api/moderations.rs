//! POST /v1/moderations is what a client of the OpenAI API expects, and never calls safe what was not judged.

use std::collections::BTreeMap;

use ash_runtime::Overrides;
use ash_server::{NewEntry, Role, add_key};
use insta::assert_json_snapshot;
use serde_json::{Value, json};

use crate::harness::{Reply, Running, redacted};

const PATH: &str = "/v1/moderations";

fn ask(server: &Running, input: &Value) -> Reply {
    server.post(PATH, json!({ "input": input, "model": "omni-moderation-latest" }).to_string())
}

fn shown(reply: Reply) -> Value {
    redacted(reply.json, &["id", "reason"])
}

#[test]
fn a_string_is_answered_in_every_category_of_the_openai_api() {
    let server = Running::new();
    let reply = ask(&server, &json!("this is critical"));
    assert_eq!(reply.status, 200, "{}", reply.json);
    let id = reply.header("x-request-id");
    assert_eq!(reply.json["id"], format!("modr-{id}"));
    assert_json_snapshot!(shown(reply));
}

#[test]
fn a_list_is_answered_in_its_order_and_flagged_from_high_on() {
    let server = Running::new();
    let reply = ask(&server, &json!(["hello", "low", "medium", "high", "critical"]));
    let results = reply.json["results"].as_array().unwrap();
    let told: Vec<_> = results
        .iter()
        .map(|result| {
            let categories = &result["categories"];
            let fields = [&result["flagged"], &categories["self-harm"], &categories["self-harm/intent"]]
                .map(Value::as_bool);
            (result["ash"]["level"].as_str().unwrap(), fields.map(Option::unwrap))
        })
        .collect();
    let expected = [
        ("none", [false; 3]),
        ("low", [false; 3]),
        ("medium", [false; 3]),
        ("high", [true, true, false]),
        ("critical", [true; 3]),
    ];
    assert_eq!(told, expected);
    for result in results {
        for (category, is_true) in result["categories"].as_object().unwrap() {
            let score = result["category_scores"][category].as_f64().unwrap();
            assert_eq!(score >= 0.5, is_true.as_bool().unwrap(), "{category} {score}");
        }
    }
}

#[test]
fn a_statement_of_own_intent_is_intent_also_where_the_level_is_high() {
    let server = Running::new();
    for (text, intent) in [("this is high", false), ("high. i started cutting myself again tonight", true)] {
        let result = &ask(&server, &json!(text)).json["results"][0];
        assert_eq!(result["ash"]["level"], "high", "{text}: {result}");
        assert_eq!(result["categories"]["self-harm/intent"], intent, "{text}: {result}");
    }
}

#[test]
fn text_parts_are_one_message_with_one_result_and_images_are_refused() {
    let server = Running::new();
    let part = |text: &str| json!({"type": "text", "text": text});
    let reply = ask(&server, &json!([part("hello"), part("this is high")]));
    let results = reply.json["results"].as_array().unwrap();
    assert_eq!((results.len(), &results[0]["ash"]["level"]), (1, &json!("high")));
    let image = json!({"type": "image_url", "image_url": {"url": "https://example.org/zebra.png"}});
    let reply = ask(&server, &json!([part("hello"), image]));
    assert_json_snapshot!(reply.shown());
}

#[test]
fn a_blank_text_has_nothing_to_flag() {
    let server = Running::new();
    for input in [json!(""), json!([" "]), json!([{"type": "text", "text": "\u{200b}"}])] {
        let reply = ask(&server, &input);
        assert_eq!((reply.status, &reply.json["results"][0]["flagged"]), (200, &json!(false)), "{input}");
    }
    assert_json_snapshot!(shown(ask(&server, &json!(""))));
}

#[test]
fn a_text_that_could_not_be_judged_is_an_error_and_never_unflagged() {
    let server = Running::new();
    let reply = ask(&server, &json!(["hello", "panic", "high"]));
    assert_eq!(reply.status, 500);
    assert_eq!(reply.json["error"]["type"], "server_error");
    assert!(reply.json.get("results").is_none(), "{}", reply.json);
}

#[test]
fn a_degraded_verdict_says_so_and_keeps_its_flag() {
    let server = Running::new();
    let result = &ask(&server, &json!("critical and broken")).json["results"][0];
    assert_eq!(result["flagged"], true);
    assert_eq!(result["ash"]["is_degraded"], true);
    assert_eq!(result["ash"]["requires_staff_review"], true);
}

#[test]
fn critical_is_called_critical_also_where_old_clients_are_told_high() {
    let server = Running::with(Overrides::default().set("compat.critical_as_high", true));
    let result = &ask(&server, &json!("critical")).json["results"][0];
    assert_eq!(result["ash"]["level"], "critical");
}

#[test]
fn every_mistake_is_told_in_the_shape_of_the_openai_api() {
    let server = Running::new();
    let bodies = [
        ("array", "[]".to_owned()),
        ("input is a number", json!({"input": 7}).to_string()),
        ("input missing", json!({"model": "m"}).to_string()),
        ("item is a number", json!({"input": ["zebra", 7]}).to_string()),
        ("item too long", json!({"input": ["zebra", "a".repeat(40_000)]}).to_string()),
        ("model is a number", json!({"input": "zebra", "model": 7}).to_string()),
        ("no inputs", json!({"input": []}).to_string()),
        ("not JSON", "zebra".to_owned()),
        ("part of no type", json!({"input": [{"text": "zebra"}]}).to_string()),
        ("part without text", json!({"input": [{"type": "text", "text": ["zebra"]}]}).to_string()),
        ("strings among parts", json!({"input": [{"type": "text", "text": "zebra"}, "zebra"]}).to_string()),
        ("too many", json!({"input": vec!["a"; 101]}).to_string()),
        ("body too long", json!({"input": "a".repeat(2 << 20)}).to_string()),
    ];
    let mut shown: BTreeMap<_, _> =
        bodies.iter().map(|(name, body)| (*name, server.post(PATH, body).shown())).collect();
    shown.insert("other method", server.get(PATH).shown());
    shown.insert("other path", server.post("/v1/embeddings", "{}").shown());
    let text = serde_json::to_string(&shown).unwrap();
    assert!(!text.contains("zebra"), "{text}");
    assert_json_snapshot!(shown);
}

#[test]
fn an_error_keeps_the_headers_that_the_official_client_looks_at() {
    let server = Running::new();
    assert_eq!(server.get(PATH).header("allow"), "POST");
    assert!(server.get(PATH).header("x-request-id").starts_with("req_"));
    let reply = server.get(PATH);
    let length: usize = reply.header("content-length").parse().unwrap();
    assert_eq!(length, reply.json.to_string().len());

    let (starting, _release) = Running::held_back();
    let reply = ask(&starting, &json!("hello"));
    assert_eq!((reply.status, reply.header("retry-after")), (503, "1"));
    assert_eq!(reply.json["error"]["code"], "starting");
}

#[test]
fn a_body_that_never_ends_is_told_in_this_shape_too() {
    let hurried = Overrides::default().set("server.request_timeout_ms", 200).set("queue.max_wait_ms", 100);
    let server = Running::with(hurried);
    let head =
        format!("POST {PATH} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 100\r\n\r\n{{");
    let answer = server.raw(head.as_bytes());
    assert!(answer.starts_with("HTTP/1.1 504") && answer.contains("\"server_error\""), "{answer}");
}

#[test]
fn keys_roles_and_limits_are_told_in_the_shape_of_the_openai_api() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.toml");
    let [read, analyze, _] = Role::ALL.map(|role| {
        let entry = NewEntry { name: role.to_string(), role, critical_as_high: false };
        add_key(&file, &entry).unwrap().expose().to_owned()
    });
    let limits = [("limits.requests_per_second_per_key", 1), ("limits.burst_per_key", 1)];
    let settings = limits.iter().fold(Overrides::default(), |s, (name, value)| s.set(name, *value));
    let server = Running::with(settings.set("auth.keys_file", &file));
    let with = |key: &str| {
        let bearer = format!("Bearer {key}");
        server.send("POST", PATH, &[("authorization", &bearer)], r#"{"input":"hello"}"#)
    };
    assert_eq!(with(&analyze).status, 200);
    // The bucket of a key holds one request, and a slow machine may fill it again meanwhile.
    let limited = (0..100).map(|_| with(&analyze)).find(|reply| reply.status != 200).unwrap();
    assert!(limited.header("retry-after").parse::<u64>().unwrap() >= 1);
    let refused = with("ash_zebra");
    assert_eq!(refused.header("www-authenticate"), "Bearer");
    assert_json_snapshot!([refused.shown(), with(&read).shown(), limited.shown()]);
}
