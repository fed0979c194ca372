//! Traces reach the collector, belong to the caller's trace, and hold nothing of the message.

#[path = "api/harness.rs"]
#[expect(dead_code, reason = "each test program uses a part of it")]
mod harness;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::channel;

use ash_server::export_traces;
use harness::Running;
use serde_json::Value;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const UNWANTED: &str = "0af7651916cd43dd8448eb211c80319c";
const MANY: usize = 400;

/// A collector that takes exports and hands out their bodies.
fn collector() -> (String, std::sync::mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (bodies, received) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut reader = BufReader::new(stream.unwrap());
            let mut length = 0;
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                if let Some(n) = line.to_lowercase().strip_prefix("content-length:") {
                    length = n.trim().parse().unwrap();
                }
                if line.trim().is_empty() {
                    break;
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            // Before the answer, which ends the sender's flush: the test reads then what is here.
            bodies.send(String::from_utf8(body).unwrap()).unwrap();
            reader.get_mut().write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").unwrap();
        }
    });
    (address, received)
}

#[test]
fn a_request_becomes_a_span_of_the_callers_trace_with_its_stages_and_without_its_words() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let _inside = runtime.enter();
    assert!(export_traces("https://collector.example").is_err(), "no TLS here");
    assert!(export_traces("http://127.0.0.1:4318/v1/traces").is_err(), "the path is ours");
    let (address, received) = collector();
    let traces = export_traces(&address).unwrap();

    let server = Running::new();
    let traceparent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    let body = r#"{"message":"high zebra","user_id":"zebra"}"#;
    let reply = server.send("POST", "/analyze?zebra", &[("traceparent", &traceparent)], body);
    assert_eq!(reply.status, 200);
    let reply = server.raw(b"zebra /zebra HTTP/1.1\r\nhost: zebra\r\nconnection: close\r\n\r\n");
    assert!(reply.starts_with("HTTP/1.1 404"), "{reply}");
    let unwanted = format!("00-{UNWANTED}-00f067aa0ba902b7-00");
    assert_eq!(server.send("POST", "/analyze", &[("traceparent", &unwanted)], body).status, 200);
    // More than a collector is sent in a second where a clock sets the pace.
    for i in 0..MANY {
        assert_eq!(server.analyze(&format!("zebra {i}")).status, 200);
    }
    runtime.block_on(traces.flush());

    let exports: Vec<String> = received.try_iter().collect();
    let mut spans: Vec<Value> = Vec::new();
    for export in &exports {
        assert!(!export.contains("zebra"), "{export}");
        assert!(!export.contains(UNWANTED), "who began that trace does not want it");
        let export: Value = serde_json::from_str(export).unwrap();
        spans
            .extend(export["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap().iter().cloned());
    }
    let named = |name: &'static str| spans.iter().filter(move |span| span["name"] == name);
    assert_eq!(named("POST /analyze").count(), MANY + 1, "every trace that is wanted, and its stages:");
    assert_eq!(named("decision").count(), MANY + 1);
    assert_eq!(named("HTTP -").count(), 1, "a made-up method");
    let spans: Vec<&Value> = spans.iter().filter(|span| span["traceId"] == TRACE).collect();
    let root = spans.iter().find(|span| span["name"] == "POST /analyze").unwrap();
    assert_eq!((&root["traceId"], &root["parentSpanId"]), (&TRACE.into(), &"00f067aa0ba902b7".into()));
    for name in ["queue", "inference", "patterns", "decision"] {
        let stage = spans.iter().find(|span| span["name"] == name).unwrap();
        assert_eq!((&stage["traceId"], &stage["parentSpanId"]), (&TRACE.into(), &root["spanId"]), "{name}");
        let nanoseconds = |span: &Value, key: &str| span[key].as_str().unwrap().parse::<u128>().unwrap();
        assert!(
            nanoseconds(stage, "endTimeUnixNano") <= nanoseconds(root, "endTimeUnixNano") + 1_000_000,
            "{name}"
        );
        assert!(nanoseconds(stage, "startTimeUnixNano") <= nanoseconds(stage, "endTimeUnixNano"), "{name}");
    }
}
