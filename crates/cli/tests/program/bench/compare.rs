//! `bench compare`.

use super::stub::{Reply, Stub};
use super::{number, ordered, page, recorded, report, report_and_code};

#[test]
fn what_takes_longer_is_slower_whichever_stands_first() {
    let quick = Stub::answering(|_| Reply::level("none"));
    let slow = Stub::answering(|_| Reply::level("none").after(30));
    let folder = tempfile::tempdir().expect("a folder");
    let (history, html) = (folder.path().join("h.jsonl"), folder.path().join("c.html"));
    let (html, path) = (html.as_path(), history.to_str().expect("a name"));
    let rest = ["--rounds", "8", "--assert", "--json", "--html", html.to_str().expect("a name")];
    let record = ["--record", "--history", path];
    let (report, code) =
        report_and_code(&[&["bench", "compare", &quick.url(), &slow.url()], &rest[..], &record[..]].concat());
    assert_eq!(code, 1, "{report:#}");
    assert!(report["verdict"].as_str().is_some_and(|v| v.contains("B is slower")), "{report:#}");
    let (ratio, low, high) = (number(&report, "/ratio"), number(&report, "/low"), number(&report, "/high"));
    assert!(1.0 < low && low <= ratio && ratio <= high, "{report:#}");
    ordered(&report, "/a/latency", 192);
    ordered(&report, "/b/latency", 192);
    assert_eq!(report["ratio_by_round"].as_array().map(Vec::len), Some(8));
    assert!(page(html).contains("noise of the machine hits both"));
    let entry = recorded(&history);
    assert_eq!((&entry["kind"], &entry["setup"]), (&"compare".into(), &"a server against a server".into()));

    let (report, code) =
        report_and_code(&[&["bench", "compare", &slow.url(), &quick.url()], &rest[..]].concat());
    assert_eq!(code, 0, "{report:#}");
    assert!(report["verdict"].as_str().is_some_and(|v| v.contains("B is faster")), "{report:#}");
}

#[test]
fn this_program_is_compared_with_itself_under_another_configuration() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("one-thread.toml");
    std::fs::write(&config, "[models]\nthreads = 1\n").expect("written");
    let path = config.to_str().expect("a name");
    let report = report(&["bench", "compare", "this", path, "--rounds", "8", "--json"]);
    assert_eq!((&report["a"]["what"], &report["b"]["what"]), (&"this".into(), &"one-thread.toml".into()));
    let fingerprint = |side: &str| report[side]["server"]["config_fingerprint"].clone();
    assert!(fingerprint("a").is_string() && fingerprint("a") != fingerprint("b"), "{report:#}");
    assert!(number(&report, "/ratio") > 0.0);
}
