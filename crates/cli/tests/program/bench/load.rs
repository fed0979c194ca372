//! `bench load`.

use serde_json::json;

use super::stub::{Reply, Stub};
use super::{number, ordered, page, recorded, report, report_and_code};
use crate::harness::{code, out, run};

#[test]
fn a_closed_loop_has_no_errors_is_corrected_and_is_compared_with_the_engine() {
    let report = report(&[
        "bench",
        "load",
        "--spawn",
        "--clients",
        "4",
        "--duration",
        "2s",
        "--warm-up",
        "500ms",
        "--json",
    ]);
    assert_eq!((&report["loop"], &report["clients"]), (&"closed".into(), &4.into()));
    let load = &report["load"];
    assert_eq!(load["errors"], json!({}));
    assert_eq!((&load["unsent"], &load["server_errors_without_retry_after"]), (&0.into(), &0.into()));
    let sent = load["sent"].as_u64().expect("a count");
    assert!(sent >= 4, "{report:#}");
    assert_eq!(load["statuses"], json!({"200": sent}));
    assert_eq!(load["full"].as_u64().zip(load["degraded"].as_u64()).map(|(f, d)| f + d), Some(sent));
    ordered(load, "/latency", usize::try_from(sent).expect("a count"));
    assert_eq!(load["corrected"]["expected_interval_ms"], load["latency"]["p50_ms"]);
    assert!(number(load, "/corrected/latency/samples") >= number(load, "/latency/samples"), "{report:#}");
    assert!(number(load, "/corrected/latency/p99_ms") >= number(load, "/latency/p50_ms"), "{report:#}");
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
fn an_open_loop_sends_all_that_is_due_repeats_what_it_shall_and_watches_the_recovery() {
    let report = report(&[
        "bench",
        "load",
        "--spawn",
        "--rate",
        "5",
        "--duration",
        "2s",
        "--repeat-share",
        "0.3",
        "--json",
    ]);
    assert_eq!((&report["loop"], &report["rate"]), (&"open".into(), &5.0.into()));
    let load = &report["load"];
    assert_eq!((&load["sent"], &load["unsent"]), (&10.into(), &0.into()));
    assert_eq!(load["errors"], json!({}));
    ordered(load, "/latency", 10);
    assert!(load["corrected"].is_null(), "nothing is omitted: {report:#}");
    let cached = number(load, "/cache_hits") + number(load, "/coalesced");
    assert!(cached <= 3.0, "no more than was repeated: {report:#}");
    assert!((number(load, "/cached_share") - cached / 10.0).abs() < 1e-9, "{report:#}");
    assert_eq!(report["recovery"]["asked"], 50);
    // One every 100 ms of the two seconds, and none of the ten after them.
    assert!(number(&report, "/meanwhile/health/samples") < 100.0, "{report:#}");
    assert!(number(&report, "/recovery/normal_median_ms") > 0.0);
    assert_eq!(report["stopped_cleanly"], true);
}

#[test]
fn a_ramp_finds_the_highest_rate_that_holds() {
    let folder = tempfile::tempdir().expect("a folder");
    let (history, html) = (folder.path().join("h.jsonl"), folder.path().join("r.html"));
    // At once for the first step, later than the target for the second. One more is sent before, which is not counted.
    let stub = Stub::answering(|n| Reply::level("none").after(if n <= 10 { 0 } else { 1500 }));
    let (report, code) = report_and_code(&[
        "bench",
        "load",
        "--url",
        &stub.url(),
        "--rates",
        "40,10",
        "--duration",
        "1s",
        "--target-ms",
        "1200",
        "--json",
        "--html",
        html.to_str().expect("a name"),
        "--record",
        "--history",
        history.to_str().expect("a name"),
    ]);
    assert_eq!((code, &report["loop"]), (0, &"ramp".into()));
    let rates: Vec<_> = [0, 1].map(|n| number(&report, &format!("/steps/{n}/rate"))).to_vec();
    assert_eq!(rates, [10.0, 40.0], "ascending");
    let sent: Vec<_> = [0, 1].map(|n| number(&report, &format!("/steps/{n}/sent"))).to_vec();
    assert_eq!(sent, [10.0, 40.0]);
    assert!(number(&report, "/steps/0/answers_per_second") <= 10.0, "no more than was asked: {report:#}");
    assert_eq!((&report["steps"][1]["holds"], &report["steps"][0]["errors"]), (&false.into(), &json!({})));
    let knee = if report["steps"][0]["holds"] == true { json!(10.0) } else { json!(null) };
    assert_eq!(report["knee_per_second"], knee);
    assert!(page(&html).contains("latency by rate"));
    assert_eq!(recorded(&history)["figures"]["knee_per_second"], knee);
}

#[test]
fn a_server_that_dies_under_load_fails_what_is_asserted() {
    let stub = Stub::answering(|n| if n < 5 { Reply::level("none") } else { Reply::death() });
    let load = ["--clients", "2", "--duration", "1s", "--assert", "--json"];
    let (report, code) = report_and_code(&[&["bench", "load", "--url", &stub.url()], &load[..]].concat());
    assert_eq!(code, 1, "{report:#}");
    let missed = |name: &str| {
        let aims = report["aims"].as_array().expect("aims");
        aims.iter().any(|aim| aim["name"] == name && aim["met"] == false)
    };
    assert!(missed("requests without an answer") && missed("GET /health without an answer"), "{report:#}");
    assert_eq!(report["target_assumed"], true);
}

#[test]
fn a_rate_tells_why_it_failed() {
    let stub = Stub::answering(|n| Reply { status: if n == 2 { 429 } else { 200 }, ..Reply::level("none") });
    let output = run(&["bench", "load", "--url", &stub.url(), "--rates", "10", "--duration", "500ms"]);
    let shown = out(&output);
    assert_eq!(code(&output), 0, "{shown}");
    for said in [
        "1 rate of 0.5 s",
        "no verdict at 10.0/s",
        "1 of 5",
        "429: 1",
        "429: the server's own limit",
        "assumed",
    ] {
        assert!(shown.contains(said), "{said}: {shown}");
    }
}
