//! Message text and user ids reach no log line and no error, whatever happens to the request.

#[path = "api/harness.rs"]
#[expect(dead_code, reason = "shared with the tests in api/")]
mod harness;

use std::fs;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use ash_runtime::Overrides;
use ash_server::{NewEntry, Role, add_key};
use harness::Running;
use serde_json::json;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// A log that can be read back.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn nothing_that_was_sent_is_logged_or_repeated() {
    let log = Log::default();
    let writer = log.clone();
    // Everything of every crate, which is more than any configuration shows; but for the client's.
    let all = Targets::new().with_default(LevelFilter::TRACE);
    let all = all.with_targets(["ureq", "ureq_proto"].map(|client| (client, LevelFilter::OFF)));
    let lines = tracing_subscriber::fmt::layer().with_writer(move || writer.clone());
    tracing_subscriber::registry().with(lines.with_filter(all)).init();
    let hook = std::panic::take_hook();
    ash_server::quiet_panics();

    let server = Running::new();
    let send = |message: &str| {
        let body = json!({"message": message, "user_id": "user-zebra", "channel_id": "channel-zebra"});
        server.post("/analyze", body.to_string())
    };
    let mut errors = String::new();
    for message in ["zebra", "zebra critical", "zebra broken", "zebra panic", &"zebra ".repeat(10_000)] {
        let reply = send(message);
        errors += &reply.json.to_string();
    }
    let history =
        json!([{"message": "zebra"}, {"message": "zebra panic"}, {"message": "low", "message_id": "zebra"}]);
    let body = json!({"message": "hi", "message_history": history, "user_timezone": "zebra"});
    let reply = server.post("/analyze", body.to_string());
    assert_eq!(reply.status, 200);
    errors += &reply.json.to_string();
    for body in [
        r#"{"message":"hi","message_history":[{"message":"zebra","timestamp":{"zebra":1}}]}"#,
        r#"{"message":"hi","message_history":["zebra"]}"#,
        r#"{"message":"zebra"#,
        r#"{"message":{"zebra":1}}"#,
        r#"{"message":"hi","verbosity":"zebra"}"#,
        "zebra",
    ] {
        let reply = server.post("/analyze", body);
        assert!(reply.status >= 400, "{body}");
        errors += &reply.json.to_string();
    }
    let tensor =
        |text: &str| json!({"inputs": [{"name": "text", "shape": [1], "datatype": "BYTES", "data": [text]}]});
    for (path, body) in [
        ("/v1/moderations", json!({"input": ["zebra", "zebra critical"], "model": "zebra"})),
        ("/v1/moderations", json!({"input": "zebra panic"})),
        ("/v1/moderations", json!({"input": [{"type": "zebra", "text": "zebra"}]})),
        ("/v2/models/ash-nlp/infer", tensor("zebra")),
        ("/v2/models/ash-nlp/infer", tensor("zebra panic")),
        ("/v2/models/ash-nlp/infer", json!({"inputs": [{"name": "zebra", "data": ["zebra"]}]})),
        ("/v2/models/zebra/infer", tensor("zebra")),
    ] {
        errors += &server.post(path, body.to_string()).json.to_string();
    }
    errors += &server.get("/zebra?user=zebra").json.to_string();
    errors +=
        &server.raw(b"zebra / HTTP/1.1\r\nhost: ash\r\ntraceparent: zebra\r\nconnection: close\r\n\r\n");
    server.stop().unwrap();

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.toml");
    let entry = NewEntry { name: "bot".to_owned(), role: Role::Analyze, critical_as_high: false };
    let key = add_key(&file, &entry).unwrap().expose().to_owned();
    let locked = Running::with(Overrides::default().set("auth.keys_file", &file));
    let body = r#"{"message":"zebra"}"#;
    for (key, status) in [(key.as_str(), 200), ("ash_zebra", 401)] {
        for headers in [("x-ash-internal-key", key.to_owned()), ("authorization", format!("Bearer {key}"))] {
            let reply = locked.send("POST", "/analyze", &[(headers.0, &headers.1)], body);
            assert_eq!(reply.status, status);
            errors += &reply.json.to_string();
        }
    }
    fs::write(&file, fs::read_to_string(&file).unwrap().replace("analyze", "zebra")).unwrap();
    assert!(!locked.reload(&key), "a file with a mistake, which the log tells");
    locked.stop().unwrap();
    std::panic::set_hook(hook);

    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("request_id") && logged.contains("/analyze"), "the log works: {logged}");
    assert!(logged.contains("panic"), "the panic is logged, by its place");
    assert!(logged.contains("keys.toml:"), "the mistake in the key file is logged, by its place");
    let line = logged.lines().find(|line| line.contains("zebra"));
    assert!(line.is_none(), "in the log: {}", line.unwrap_or_default());
    let secret = key.trim_start_matches("ash_");
    assert!(!logged.contains(secret) && !errors.contains(secret), "a key");
    assert!(!errors.contains("zebra"), "in an answer: {errors}");
}
