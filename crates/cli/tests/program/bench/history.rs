//! `bench history`.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::{page, report_and_code};
use crate::harness::{code, err, out, run};

/// A line of a history, of one figure.
fn line(median_ms: f64, baseline_ms: f64, label: &str) -> String {
    let entry = json!({
        "date": "2026-11-26T12:00:00Z",
        "label": label,
        "kind": "validate",
        "setup": "spawned",
        "commit": "v1-3-gabc",
        "version": "0.1.0",
        "machine": {"cpu": "a cpu", "cores": 2, "kernel": "avx2", "optimised": true},
        "config_fingerprint": "1",
        "baseline_ms": baseline_ms,
        "figures": {"median_ms": median_ms, "max_ms": 1000.0},
    });
    format!("{entry}\n")
}

fn trends(path: &Path) -> (Value, i32) {
    report_and_code(&["bench", "history", "--assert", "--json", "--history", path.to_str().expect("a name")])
}

#[test]
fn slower_code_is_flagged_and_a_slow_hour_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("history.jsonl");
    let steady = line(10.0, 20.0, "a") + &line(10.5, 20.0, "b") + &line(9.8, 20.0, "c");
    // The machine took twice as long for everything.
    fs::write(&path, steady.clone() + &line(20.0, 40.0, "slow hour")).expect("written");
    let (report, ended) = trends(&path);
    assert_eq!((ended, &report["regressions"], &report["entries"]), (0, &0.into(), &4.into()), "{report:#}");
    // Only the code did.
    fs::write(&path, steady + &line(20.0, 20.0, "slow code")).expect("written");
    let (report, ended) = trends(&path);
    assert_eq!((ended, &report["regressions"]), (1, &1.into()), "{report:#}");
    let points = report["trends"][0]["points"].as_array().expect("points");
    let flagged: Vec<_> = points.iter().filter(|p| p["regressed"] == true).map(|p| &p["label"]).collect();
    assert_eq!(flagged, ["slow code"]);
    assert_eq!(points[3]["to_earlier"], 2.0);
    // As much was allowed.
    let allowed = ["bench", "history", "--assert", "--tolerance", "1.5", "--history"];
    let output = run(&[&allowed[..], &[path.to_str().expect("a name")]].concat());
    assert_eq!(code(&output), 0, "{}", err(&output));
}

#[test]
fn broken_lines_are_named_and_the_others_are_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, html) = (folder.path().join("history.jsonl"), folder.path().join("h.html"));
    fs::write(&path, line(10.0, 20.0, "first") + "{\"torn\": \n" + &line(15.0, 20.0, "<b>second"))
        .expect("written");
    let output = run(&[
        "bench",
        "history",
        "--history",
        path.to_str().expect("a name"),
        "--html",
        html.to_str().expect("a name"),
    ]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert!(err(&output).contains("history.jsonl:2 is left out: not JSON"), "{}", err(&output));
    let shown = out(&output);
    for said in ["first", "second", "1.50", "SLOWER", "v1-3-gabc", "2 cores of a cpu, avx2", "▆█"] {
        assert!(shown.contains(said), "{said}: {shown}");
    }
    let page = page(&html);
    assert!(page.contains("SLOWER") && page.contains("&lt;b&gt;second"), "{page}");
    let other = run(&["bench", "history", "--kind", "load", "--history", path.to_str().expect("a name")]);
    assert!(out(&other).contains("Nothing is recorded yet."), "{}", out(&other));
}

#[test]
fn what_cannot_be_read_is_told_for_what_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("history.jsonl");
    let shown = |path: &Path| run(&["bench", "history", "--history", path.to_str().expect("a name")]);
    fs::write(&path, "nonsense\n").expect("written");
    let broken = shown(&path);
    assert_eq!(code(&broken), 2);
    assert!(err(&broken).contains("holds no entry that can be read"), "{}", err(&broken));
    fs::write(&path, "").expect("written");
    assert!(out(&shown(&path)).contains("Nothing is recorded yet."));
    let no_file = shown(folder.path());
    assert_eq!(code(&no_file), 2);
    assert!(!err(&no_file).contains("begins one"), "{}", err(&no_file));
    assert!(err(&shown(&folder.path().join("none"))).contains("begins one"));
}
