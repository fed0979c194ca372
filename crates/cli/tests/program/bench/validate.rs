//! `bench validate`.

use serde_json::{Value, json};

use super::stub::{Reply, Stub};
use super::{number, ordered, page, patient, recorded, report_and_code, share};

/// What scripts read; these names stay.
const KEYS: [&str; 11] = [
    "target_ms",
    "average_ms",
    "median_ms",
    "min_ms",
    "max_ms",
    "consistency_ms",
    "success_rate",
    "first_ms",
    "later_average_ms",
    "first_to_later_ms",
    "warmup_effectiveness",
];

#[track_caller]
fn close(a: f64, b: f64) {
    assert!((a - b).abs() < 0.11, "{a} is not {b}");
}

/// What must hold of every report, whatever was measured.
fn true_to_itself(report: &Value, requests: usize) {
    for key in KEYS {
        number(report, &format!("/{key}"));
    }
    let at = |key: &str| number(report, &format!("/{key}"));
    assert_eq!(report["requests"], requests);
    ordered(report, "/latency", requests);
    ordered(report, "/later", requests - 1);
    close(at("first_to_later_ms"), at("first_ms") - at("later_average_ms"));
    close(at("warmup_effectiveness"), 100.0 * (at("later_average_ms") / at("first_ms")).min(1.0));
    close(
        at("average_ms"),
        (at("first_ms") + at("later_average_ms") * (requests - 1) as f64) / requests as f64,
    );
    assert!(at("consistency_ms") <= at("max_ms") - at("min_ms"), "{report:#}");
    let met = |n: usize| report["aims"][n]["met"].as_bool().expect("a bool");
    assert_eq!(met(0), at("average_ms") <= at("target_ms"));
    assert_eq!(met(1), at("success_rate") >= 100.0);
    assert_eq!(met(2), at("first_ms") <= number(report, "/aims/2/limit"));
    close(number(report, "/aims/2/limit"), 1.25 * number(report, "/later/p50_ms") + 5.0);
    assert_eq!(report["passed"], met(0) && met(1) && met(2));
    let begins = if report["passed"] == true { "Passed: " } else { "Failed: " };
    assert!(report["verdict"].as_str().is_some_and(|v| v.starts_with(begins)), "{report:#}");
}

#[test]
fn a_real_server_sees_every_crisis_and_the_report_is_true_to_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    let (history, html) = (folder.path().join("h.jsonl"), folder.path().join("v.html"));
    let (report, code) = report_and_code(&[
        "bench",
        "validate",
        "--spawn",
        "--requests",
        "4",
        "--repeat",
        "--target-ms",
        "60000",
        "--assert",
        "--json",
        "--html",
        html.to_str().expect("a name"),
        "--record",
        "--label",
        "a label",
        "--history",
        history.to_str().expect("a name"),
    ]);
    true_to_itself(&report, 9);
    assert_eq!(code, i32::from(report["passed"] != true));
    assert_eq!((&report["where"], &report["success_rate"]), (&"spawned".into(), &100.0.into()));
    let levels = report["crisis_levels"].as_array().expect("levels");
    assert!(levels.len() == 5 && levels.iter().all(|l| l == "high" || l == "critical"), "{levels:?}");
    assert_eq!((number(&report, "/target_ms"), number(&report, "/within_target_share")), (60_000.0, 1.0));
    assert!(number(&report, "/start_to_ready_ms") > 0.0);
    ordered(&report, "/analysis", 8);
    ordered(&report, "/overhead", 8);
    // The server's clock stops before ours: analysis is a part of the whole.
    assert!(number(&report, "/analysis/max_ms") <= number(&report, "/later/max_ms"), "{report:#}");
    share(&report, "/degraded_share");
    let cached = report["cache"].as_object().expect("counts");
    assert_eq!(cached.values().filter_map(Value::as_u64).sum::<u64>(), 9);
    assert!(!cached.contains_key("hit"), "no two texts are alike: {report:#}");
    ordered(&report, "/repeat/latency", 9);
    assert_eq!(report["errors"], json!({}));
    assert_eq!(report["stopped_cleanly"], true);

    let page = page(&html);
    assert!(page.contains("latency over the run") && page.contains("percentile"), "{page}");
    let entry = recorded(&history);
    assert_eq!((&entry["kind"], &entry["label"]), (&"validate".into(), &"a label".into()));
    assert_eq!(entry["config_fingerprint"], report["server"]["config_fingerprint"]);
    assert_eq!(entry["machine"]["optimised"], !cfg!(debug_assertions));
    assert_eq!(entry["figures"]["median_ms"], report["median_ms"]);
    assert!(number(&entry, "/baseline_ms") > 0.0);
}

#[test]
fn the_service_in_this_process_is_validated_too_and_no_server_meets_a_microsecond() {
    let (report, code) = patient(&[
        "bench",
        "validate",
        "--in-process",
        "--requests",
        "2",
        "--target-ms",
        "0.001",
        "--assert",
        "--json",
    ]);
    true_to_itself(&report, 7);
    assert_eq!((code, &report["passed"]), (1, &false.into()));
    assert_eq!((&report["where"], &report["success_rate"]), (&"in-process".into(), &100.0.into()));
    assert!(
        report["verdict"].as_str().is_some_and(|v| v.contains("above the target of 0.001 ms")),
        "{report:#}"
    );
}

/// The report of a run on a made-up server with five more requests.
fn validated(stub: &Stub) -> (Value, i32) {
    let args = ["--requests", "5", "--target-ms", "60000", "--assert", "--json"];
    let (report, code) = report_and_code(&[&["bench", "validate", "--url", &stub.url()], &args[..]].concat());
    assert_eq!(report["passed"], code == 0);
    (report, code)
}

#[test]
fn what_is_asserted_decides_the_exit_code() {
    // The first at once, the later after a while: warm.
    let warm = Stub::answering(|n| Reply::level("critical").after(if n == 0 { 0 } else { 250 }));
    let (report, code) = validated(&warm);
    assert_eq!(code, 0, "{report:#}");
    true_to_itself(&report, 10);
    assert_eq!(report["warmup_effectiveness"], 100.0);
    // The other way round: cold.
    let cold = Stub::answering(|n| Reply::level("critical").after(if n == 0 { 2000 } else { 0 }));
    let (report, code) = validated(&cold);
    assert_eq!(code, 1, "{report:#}");
    true_to_itself(&report, 10);
    assert!(number(&report, "/warmup_effectiveness") < 100.0);
    assert!(report["verdict"].as_str().is_some_and(|v| v.contains("the first request took")), "{report:#}");
    // Without --assert a failure is a report like any other.
    let target = ["--requests", "1", "--target-ms", "0.0001", "--json"];
    let failed = super::report(&[&["bench", "validate", "--url", &warm.url()], &target[..]].concat());
    assert_eq!(failed["passed"], false);
}

#[test]
fn an_overlooked_crisis_and_a_lost_request_fail_the_validation() {
    let wait = |n: usize| if n == 0 { 0 } else { 40 };
    let blind = Stub::answering(move |n| Reply::level(if n == 3 { "medium" } else { "high" }).after(wait(n)));
    let (report, code) = validated(&blind);
    assert_eq!((code, &report["success_rate"]), (1, &90.0.into()), "{report:#}");
    assert_eq!(report["crisis_levels"], json!(["high", "high", "high", "medium", "high"]));
    assert!(
        report["verdict"].as_str().is_some_and(|v| v.contains("1 of 5 messages in crisis")),
        "{report:#}"
    );

    let failing = Stub::answering(move |n| {
        let reply = Reply::level("high").after(wait(n));
        if n == 7 { Reply { status: 503, ..reply } } else { reply }
    });
    let (report, code) = validated(&failing);
    assert_eq!((code, &report["success_rate"]), (1, &90.0.into()), "{report:#}");
    assert_eq!(report["errors"], json!({"503": 1}));
}

#[test]
fn what_is_refused_the_second_time_fails_the_validation() {
    // Ten messages, and the same ten again.
    let stub = Stub::answering(|n| {
        let reply = Reply::level("high").after(if n == 0 { 0 } else { 20 });
        if n == 12 { Reply { status: 429, ..reply } } else { reply }
    });
    let args = ["--requests", "5", "--repeat", "--target-ms", "60000", "--assert", "--json"];
    let (report, code) = report_and_code(&[&["bench", "validate", "--url", &stub.url()], &args[..]].concat());
    assert_eq!((code, &report["passed"], &report["errors"]), (1, &false.into(), &json!({})), "{report:#}");
    assert_eq!(
        (&report["repeat"]["requests"], &report["repeat"]["errors"]),
        (&10.into(), &json!({"429": 1}))
    );
    ordered(&report, "/repeat/latency", 9);
    let said = "1 of 10 requests of the same again got no verdict";
    assert!(report["verdict"].as_str().is_some_and(|v| v.contains(said)), "{report:#}");
}

#[test]
fn a_server_that_stops_during_the_run_is_still_known() {
    let status = r#"{"version":"9.9.9","performance":{"target_ms":77}}"#;
    let stub = Stub::with_status(Some(status), |n| if n < 7 { Reply::level("high") } else { Reply::death() });
    let (report, code) = report_and_code(&[
        "bench",
        "validate",
        "--url",
        &stub.url(),
        "--requests",
        "5",
        "--assert",
        "--json",
    ]);
    assert_eq!((code, &report["success_rate"]), (1, &70.0.into()), "{report:#}");
    assert_eq!((&report["server"]["version"], &report["target_ms"]), (&"9.9.9".into(), &77.0.into()));
    assert_eq!(report["target_assumed"], false);
    let silent = Stub::answering(|_| Reply::level("high"));
    let assumed = super::report(&["bench", "validate", "--url", &silent.url(), "--requests", "1", "--json"]);
    assert_eq!((&assumed["target_ms"], &assumed["target_assumed"]), (&50.0.into(), &true.into()));
}
