//! `ash-nlp bench validate | load | compare | history` against real servers of their own on the models that are embedded, and
//! against a made-up one where an answer must be wrong or late. What is tested is that the reports are whole and true to
//! themselves; how fast anything is, is not.

mod compare;
mod history;
#[cfg(target_os = "linux")]
mod interrupt;
mod load;
mod stub;
mod validate;

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use self::stub::{Reply, Stub};
use crate::harness::{code, command, err, out, run};

/// Words of messages that are sent; none may be in anything that is written.
const WORDS_OF_MESSAGES: [&str; 6] =
    ["the pills", "kill myself", "the bridge is", "cut too deep", "coffee first", "pineapple belongs"];

/// The JSON of a run that succeeds.
fn report(args: &[&str]) -> Value {
    let (report, code) = report_and_code(args);
    assert_eq!(code, 0, "{report:#}");
    report
}

/// The JSON of a run, and its exit code. Nothing else may be written, and no message.
fn report_and_code(args: &[&str]) -> (Value, i32) {
    report_of(command(args))
}

/// A service that waits for its models even on a machine that has no time for them.
fn patient(args: &[&str]) -> (Value, i32) {
    let mut command = command(args);
    command.env("ASH_QUEUE__MAX_WAIT_MS", "500000").env("ASH_SERVER__REQUEST_TIMEOUT_MS", "600000");
    report_of(command)
}

fn report_of(mut command: Command) -> (Value, i32) {
    let output = command.output().expect("the program starts");
    assert!(err(&output).is_empty(), "no progress where nobody sees it: {}", err(&output));
    let json = out(&output);
    silent(&json);
    (serde_json::from_str(&json).expect("JSON"), code(&output))
}

/// No message is in it.
#[track_caller]
fn silent(text: &str) {
    for words in WORDS_OF_MESSAGES {
        assert!(!text.contains(words), "{words:?} is in {text}");
    }
}

/// A page that a browser shows without asking for anything, and that tells no message.
#[track_caller]
fn page(path: &Path) -> String {
    let page = std::fs::read_to_string(path).expect("a page");
    assert!(page.starts_with("<!doctype html>") && page.ends_with("</body></html>\n"), "{page}");
    for outside in ["<script", "http:", "https:", "src=", "@import", "url(", "NaN"] {
        assert!(!page.contains(outside), "{outside}");
    }
    for tag in ["table", "svg", "figure", "p", "tr", "td", "text", "title", "h2", "b"] {
        let opened = page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
        assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{tag}");
    }
    silent(&page);
    page
}

fn number(report: &Value, key: &str) -> f64 {
    report.pointer(key).and_then(Value::as_f64).unwrap_or_else(|| panic!("{key} is no number in {report:#}"))
}

/// Of one latency: min ≤ median ≤ p90 ≤ p99 ≤ p99.9 ≤ max, and the mean between the ends.
fn ordered(report: &Value, key: &str, samples: usize) {
    let at = |name: &str| number(report, &format!("{key}/{name}"));
    assert_eq!(report.pointer(&format!("{key}/samples")), Some(&samples.into()), "{key}: {report:#}");
    let sorted = ["min_ms", "p50_ms", "p90_ms", "p99_ms", "p999_ms", "max_ms"].map(at);
    assert!(sorted.is_sorted(), "{key}: {sorted:?}");
    assert!((at("min_ms")..=at("max_ms")).contains(&at("mean_ms")), "{key}: {report:#}");
}

fn share(report: &Value, key: &str) {
    assert!((0.0..=1.0).contains(&number(report, key)), "{key}: {report:#}");
}

/// The one line that a run added to the history.
fn recorded(history: &Path) -> Value {
    let text = std::fs::read_to_string(history).expect("a history");
    silent(&text);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 1, "{text}");
    serde_json::from_str(lines[0]).expect("JSON")
}

#[test]
fn the_engine_in_this_process_is_measured_and_recorded() {
    let folder = tempfile::tempdir().expect("a folder");
    let (history, html) = (folder.path().join("h.jsonl"), folder.path().join("e.html"));
    let report = report(&[
        "bench",
        "--messages",
        "2",
        "--json",
        "--html",
        html.to_str().expect("a name"),
        "--record",
        "--history",
        history.to_str().expect("a name"),
    ]);
    ordered(&report, "/latency", 2);
    assert!(page(&html).contains("The engine in this process"));
    let entry = recorded(&history);
    assert_eq!((&entry["kind"], &entry["label"]), (&"engine".into(), &Value::Null));
    assert!(number(&entry, "/figures/messages_per_second") > 0.0 && number(&entry, "/baseline_ms") > 0.0);
}

#[test]
fn a_server_that_cannot_be_measured_is_an_error_in_one_sentence() {
    // A port that was free a moment ago, and nobody listens on.
    let free = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port");
    let nobody = format!("http://{free}");
    let cases: [(&[&str], &str); 9] = [
        (&["bench", "validate", "--url", &nobody], "is `ash-nlp serve` running there?"),
        (&["bench", "load", "--url", &nobody, "--rate", "1"], "cannot connect"),
        (&["bench", "validate", "--url", "https://127.0.0.1:1"], "does not begin with http://"),
        (
            &["bench", "validate", "--url", &nobody, "--key-file", "no/such/key"],
            "cannot read the key file no/such/key",
        ),
        (&["--threads", "5000", "bench", "validate", "--spawn"], "`ash-nlp serve` ended"),
        (&["bench", "compare", &nobody, "this"], "A: "),
        (&["bench", "compare", "no/such/program", "this"], "cannot find no/such/program"),
        (&["bench", "history", "--history", "no/such/file"], "cannot read the history no/such/file"),
        (
            &["bench", "validate", "--url", &nobody, "--record", "--history", "no/such/file"],
            "cannot add to the history no/such/file",
        ),
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
    let cases: [(&[&str], &str); 19] = [
        (&["bench", "--json", "validate"], "cannot be used with"),
        (&["bench", "validate", "--spawn", "--url", "http://127.0.0.1:1"], "cannot be used with"),
        (&["bench", "validate", "--spawn", "--in-process"], "cannot be used with"),
        (&["bench", "validate", "--label", "x"], "--record"),
        (&["bench", "validate", "--html", "no/such/folder/x.html"], "no such folder"),
        (&["bench", "load", "--rate", "5", "--clients", "5"], "cannot be used with"),
        (&["bench", "load", "--rates", "5,6", "--ramp", "1:2"], "cannot be used with"),
        (&["bench", "load", "--steps", "5"], "--ramp"),
        (&["bench", "load", "--steps", "5", "--rate", "5"], "cannot be used with"),
        (&["bench", "load", "--steps", "5", "--rates", "5,6"], "cannot be used with"),
        (&["bench", "load", "--target-ms", "5"], "--rates"),
        (&["bench", "load", "--target-ms", "5", "--clients", "5"], "cannot be used with"),
        (&["bench", "load", "--target-ms", "5", "--rate-factor", "2"], "cannot be used with"),
        (&["bench", "load", "--ramp", "5"], "two rates are needed"),
        (&["bench", "load", "--rate", "0"], "a number from 0.01"),
        (&["bench", "load", "--duration", "5 weeks"], "unit of time"),
        (&["bench", "load", "--clients", "901"], "901 is not in 1..=900"),
        (&["bench", "load", "--repeat-share", "1"], "a share from 0 to 0.99"),
        (&["bench", "compare", "this"], "<B>"),
    ];
    for (args, says) in cases {
        let output = run(args);
        assert_eq!(code(&output), 2, "{args:?}");
        assert!(err(&output).contains(says), "{args:?} does not say {says:?}: {}", err(&output));
    }
    for what in ["validate", "load", "compare", "history"] {
        let help = out(&run(&["bench", what, "--help"]));
        assert!(
            help.contains("Examples:") && help.contains(&format!("ash-nlp bench {what}")),
            "{what}: {help}"
        );
    }
}

#[test]
fn a_key_is_sent_and_never_shown() {
    let stub = Stub::answering(|_| Reply { status: 401, ..Reply::level("none") });
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "ash_secret\n").expect("written");
    let path = file.path().to_str().expect("a name");
    let known = format!("the key in {path} is not known there");
    let url = stub.url();
    for args in [
        &["validate", "--url", &url][..],
        &["load", "--rate", "1", "--duration", "1s", "--url", &url],
        &["compare", &url, &url],
    ] {
        let output = run(&[&["bench"], args, &["--key-file", path]].concat());
        assert_eq!(code(&output), 2);
        assert!(err(&output).contains("401") && err(&output).contains(&known), "{}", err(&output));
        assert!(!err(&output).contains("ash_secret"), "{}", err(&output));
        assert_eq!(stub.authorization().as_deref(), Some("Bearer ash_secret"));
    }
    let output = run(&["bench", "validate", "--url", &url]);
    assert_eq!(code(&output), 2);
    assert!(err(&output).contains("name a file with a key by --key-file"), "{}", err(&output));
    assert_eq!(stub.authorization(), None, "no key was named");

    let wrong_role = Stub::answering(|_| Reply { status: 403, ..Reply::level("none") });
    let output = run(&["bench", "validate", "--url", &wrong_role.url(), "--key-file", path]);
    assert!(err(&output).contains("has not the role analyze"), "{}", err(&output));
}
