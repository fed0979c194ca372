//! `ash-nlp bench live | load` against a real server of its own, on the models that are embedded. What is tested is that
//! the reports are whole and true to themselves; how fast anything is, is not.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;
use std::thread;

use serde_json::Value;

use crate::harness::{code, err, out, run};

fn report(args: &[&str]) -> Value {
    let output = run(args);
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert!(err(&output).is_empty(), "no progress where nobody sees it: {}", err(&output));
    serde_json::from_str(&out(&output)).expect("JSON")
}

fn number(report: &Value, key: &str) -> f64 {
    report.pointer(key).and_then(Value::as_f64).unwrap_or_else(|| panic!("{key} is no number in {report:#}"))
}

/// Of one latency: min ≤ median ≤ p90 ≤ p99 ≤ max, and the mean between the ends.
fn ordered(report: &Value, key: &str, samples: usize) {
    let at = |name: &str| number(report, &format!("{key}/{name}"));
    assert_eq!(report.pointer(&format!("{key}/samples")), Some(&samples.into()), "{key}: {report:#}");
    let sorted = ["min_ms", "p50_ms", "p90_ms", "p99_ms", "max_ms"].map(at);
    assert!(sorted.is_sorted(), "{key}: {sorted:?}");
    assert!((at("min_ms")..=at("max_ms")).contains(&at("mean_ms")), "{key}: {report:#}");
}

fn share(report: &Value, key: &str) {
    assert!((0.0..=1.0).contains(&number(report, key)), "{key}: {report:#}");
}

#[test]
fn live_tells_the_first_request_from_the_later() {
    let report = report(&[
        "bench",
        "live",
        "--spawn",
        "--requests",
        "5",
        "--repeat",
        "--target-ms",
        "60000",
        "--json",
    ]);
    assert_eq!(report["spawned"], true);
    assert!(number(&report, "/start_to_ready_ms") > 0.0);
    ordered(&report, "/later", 5);
    ordered(&report, "/analysis", 5);
    ordered(&report, "/overhead", 5);
    let (first, median) = (number(&report, "/first_ms"), number(&report, "/later/p50_ms"));
    assert!((number(&report, "/first_to_median") - first / median).abs() < 0.01, "{report:#}");
    assert_eq!(report["first_within"]["strict"], first <= 1.25 * median);
    assert_eq!(report["first_within"]["promised"], first <= 1.25 * median + 5.0);
    // The server's clock stops before ours: analysis is a part of the whole.
    assert!(number(&report, "/analysis/max_ms") <= number(&report, "/later/max_ms"), "{report:#}");
    share(&report, "/degraded_share");
    assert_eq!((number(&report, "/target_ms"), number(&report, "/within_target_share")), (60_000.0, 1.0));
    assert_eq!(report["statuses"], serde_json::json!({"200": 6}));
    let cached = report["cache"].as_object().expect("counts");
    assert_eq!(cached.values().filter_map(Value::as_u64).sum::<u64>(), 6);
    assert!(!cached.contains_key("hit"), "no two texts are alike: {report:#}");
    ordered(&report, "/repeat/latency", 6);
    assert_eq!(report["aims"].as_array().map(Vec::len), Some(2));
    assert_eq!(report["stopped_cleanly"], true);
}

#[test]
fn a_closed_loop_has_no_errors_and_is_compared_with_the_engine() {
    let report = report(&["bench", "load", "--spawn", "--clients", "4", "--duration", "2s", "--json"]);
    assert_eq!((&report["loop"], &report["clients"]), (&"closed".into(), &4.into()));
    let load = &report["load"];
    assert_eq!(load["errors"], serde_json::json!({}));
    assert_eq!((&load["unsent"], &load["server_errors_without_retry_after"]), (&0.into(), &0.into()));
    let sent = load["sent"].as_u64().expect("a count");
    assert!(sent >= 4, "{report:#}");
    assert_eq!(load["statuses"], serde_json::json!({"200": sent}));
    assert_eq!(load["full"].as_u64().zip(load["degraded"].as_u64()).map(|(f, d)| f + d), Some(sent));
    ordered(load, "/latency", usize::try_from(sent).expect("a count"));
    assert!(number(&report, "/meanwhile/health/samples") > 0.0);
    let ratio = number(load, "/full_per_second") / number(&report, "/engine/messages_per_second");
    assert!((number(&report, "/engine/ratio") - ratio).abs() < 0.01, "{report:#}");
    if cfg!(target_os = "linux") {
        let memory = |key: &str| number(&report, &format!("/meanwhile/memory/{key}"));
        assert!(memory("start_mib") > 1.0 && memory("start_mib") <= memory("max_mib"), "{report:#}");
        assert!(memory("end_mib") <= memory("max_mib"), "{report:#}");
    }
    assert_eq!(report["stopped_cleanly"], true);
}

#[test]
fn an_open_loop_sends_all_that_is_due_and_watches_the_recovery() {
    let report = report(&["bench", "load", "--spawn", "--rate", "5", "--duration", "2s", "--json"]);
    assert_eq!((&report["loop"], &report["rate"]), (&"open".into(), &5.0.into()));
    assert_eq!((&report["load"]["sent"], &report["load"]["unsent"]), (&10.into(), &0.into()));
    assert_eq!(report["load"]["errors"], serde_json::json!({}));
    ordered(&report, "/load/latency", 10);
    assert_eq!(report["recovery"]["asked"], 50);
    assert!(number(&report, "/recovery/normal_median_ms") > 0.0);
    assert_eq!(report["stopped_cleanly"], true);
}

#[test]
fn a_server_that_cannot_be_measured_is_an_error_in_one_sentence() {
    // A port that was free a moment ago, and nobody listens on.
    let free = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port");
    let nobody = format!("http://{free}");
    let cases: [(&[&str], &str); 5] = [
        (&["bench", "live", "--url", &nobody], "is `ash-nlp serve` running there?"),
        (&["bench", "load", "--url", &nobody, "--rate", "1"], "cannot connect"),
        (&["bench", "live", "--url", "https://127.0.0.1:1"], "does not begin with http://"),
        (
            &["bench", "live", "--url", &nobody, "--key-file", "no/such/key"],
            "cannot read the key file no/such/key",
        ),
        (&["--threads", "5000", "bench", "live", "--spawn"], "`ash-nlp serve` ended"),
    ];
    for (args, says) in cases {
        let output = run(args);
        let error = err(&output);
        assert_eq!(code(&output), 2, "{args:?}: {error}");
        assert!(
            error.contains(says) && !error.contains("panicked"),
            "{args:?} does not say {says:?}: {error}"
        );
        assert!(output.stdout.is_empty(), "{args:?} wrote to standard output");
    }
}

#[test]
fn what_contradicts_itself_is_refused() {
    let cases: [(&[&str], &str); 6] = [
        (&["bench", "--json", "live"], "cannot be used with"),
        (&["bench", "live", "--spawn", "--url", "http://127.0.0.1:1"], "cannot be used with"),
        (&["bench", "load", "--rate", "5", "--clients", "5"], "cannot be used with"),
        (&["bench", "load", "--rate", "0"], "a number above 0"),
        (&["bench", "load", "--duration", "5 weeks"], "unit of time"),
        (&["bench", "load", "--clients", "901"], "901 is not in 1..=900"),
    ];
    for (args, says) in cases {
        let output = run(args);
        assert_eq!(code(&output), 2, "{args:?}");
        assert!(err(&output).contains(says), "{args:?} does not say {says:?}: {}", err(&output));
    }
    for args in [["bench", "live", "--help"], ["bench", "load", "--help"]] {
        assert!(out(&run(&args)).contains("Examples:"), "{args:?}");
    }
}

/// Listens for as long as the test runs: /health is ready, everything else is refused with 401. Tells the
/// `authorization` of each request that was refused.
fn refusing() -> (String, mpsc::Receiver<Option<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let tell = tell.clone();
            thread::spawn(move || {
                let mut reader = BufReader::new(stream);
                loop {
                    let head: Vec<String> =
                        reader.by_ref().lines().map_while(Result::ok).take_while(|l| !l.is_empty()).collect();
                    let header = |name: &str| {
                        let value = |l: &String| {
                            l.split_once(": ").filter(|(n, _)| *n == name).map(|(_, v)| v.to_owned())
                        };
                        head.iter().find_map(value)
                    };
                    let Some(first) = head.first() else { return };
                    let length = header("content-length").and_then(|n| n.parse().ok()).unwrap_or(0);
                    let mut body = vec![0; length];
                    let (status, answer) = if first.starts_with("GET /health ") {
                        ("200 OK", r#"{"ready":true}"#)
                    } else {
                        ("401 Unauthorized", "{}")
                    };
                    let answer =
                        format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{answer}", answer.len());
                    let read = reader.read_exact(&mut body);
                    if read.and_then(|()| reader.get_mut().write_all(answer.as_bytes())).is_err() {
                        return;
                    }
                    if status.starts_with("401") {
                        let _ = tell.send(header("authorization"));
                    }
                }
            });
        }
    });
    (url, told)
}

#[test]
fn a_key_is_sent_and_never_shown() {
    let (url, told) = refusing();
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "ash_secret\n").expect("written");
    let path = file.path().to_str().expect("a name");
    for more in [&["live"][..], &["load", "--rate", "1", "--duration", "1s"]] {
        let output = run(&[&["bench"], more, &["--url", &url, "--key-file", path]].concat());
        assert_eq!(code(&output), 2);
        assert!(err(&output).contains("401") && err(&output).contains("--key-file"), "{}", err(&output));
        assert!(!err(&output).contains("ash_secret"), "{}", err(&output));
        assert_eq!(told.recv().expect("a request").as_deref(), Some("Bearer ash_secret"));
    }
    assert_eq!(code(&run(&["bench", "live", "--url", &url])), 2);
    assert_eq!(told.recv().expect("a request"), None, "no key was named");
}
