//! `ash-nlp eval` and `tune` through the real program, on a few rows whose figures follow from the
//! verdicts that it writes itself.

use std::path::{Path, PathBuf};

use crate::harness::{code, err, out, run};
use serde_json::Value;
use tempfile::TempDir;

const ROWS: &str = r#"{"id":"A1","split":"test","text":"i don't want to be alive any more","level":"high","category":"suicidal_ideation","pair":1}
{"id":"A2","split":"test","text":"i don't want to be awake any more, this film is so long","level":"none","category":"hyperbole","pair":1}
{"id":"B1","split":"test","text":"anyone up for a round of cards later?","level":"none","category":"neutral"}
{"id":"B2","split":"dev","text":"bit stressed about the maths test","level":"low","category":"stress"}
{"id":"C1","split":"dev","text":"i feel worthless and empty every single day","level":"medium","category":"worthlessness"}
{"id":"C2","split":"dev","text":"this is goodbye, i love you all","level":"critical","category":"goodbye"}
"#;

fn folder() -> (TempDir, PathBuf) {
    let dir = TempDir::new().expect("a folder");
    let rows = dir.path().join("rows.jsonl");
    std::fs::write(&rows, ROWS).expect("written");
    (dir, rows)
}

fn name(path: &Path) -> &str {
    path.to_str().expect("a name")
}

fn report(args: &[&str]) -> Value {
    let output = run(args);
    assert_eq!(code(&output), 0, "{}", err(&output));
    serde_json::from_str(&out(&output)).expect("JSON")
}

#[test]
fn the_report_agrees_with_the_predictions_it_writes() {
    let (dir, rows) = folder();
    let predictions = dir.path().join("predictions.jsonl");
    let report = report(&["eval", name(&rows), "--json", "--predictions", name(&predictions)]);
    let written = std::fs::read_to_string(&predictions).expect("predictions");
    assert!(!written.contains("alive"), "a prediction carries text");

    let verdicts: Vec<Value> = written.lines().map(|l| serde_json::from_str(l).expect(l)).collect();
    let right = verdicts.iter().filter(|v| v["level"] == v["predicted"]).count();
    assert_eq!(verdicts.len(), 6);
    assert_eq!(report["rows"], 6);
    assert_eq!(report["degraded"], 0);
    assert_eq!(report["accuracy"].as_f64(), Some(right as f64 / 6.0));
    assert_eq!(report["by_slice"]["A"]["support"], 2);
    assert_eq!(report["by_category"]["goodbye"]["support"], 1);
    assert_eq!(report["pairs"]["total"], 1);
    for verdict in &verdicts {
        let (truth, predicted) = (verdict["level"].as_str(), verdict["predicted"].as_str());
        let count = &report["confusion"][truth.expect("a level")][predicted.expect("a level")];
        assert!(count.as_u64() >= Some(1), "{verdict} is not counted");
        assert!(verdict["votes"]["depression"].is_string(), "{verdict}");
    }
}

#[test]
fn the_same_run_changes_no_verdict() {
    let (dir, rows) = folder();
    let predictions = dir.path().join("predictions.jsonl");
    report(&["eval", name(&rows), "--json", "--predictions", name(&predictions)]);
    let again = report(&["eval", name(&rows), "--json", "--split", "test", "--against", name(&predictions)]);
    assert_eq!(again["against"]["compared"], 3);
    assert_eq!(again["against"]["changed"], 0);
    assert_eq!(again["against"]["unmatched"], 3);
}

#[test]
fn a_split_is_judged_alone_and_shown_as_tables() {
    let (_dir, rows) = folder();
    let output = run(&["eval", name(&rows), "--split", "dev"]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let table = out(&output);
    for said in ["3 rows", "macro-F1", "urgent recall", "false alarms", "goodbye", "true \\ judged"] {
        assert!(table.contains(said), "{said} is not in\n{table}");
    }
    assert!(err(&output).is_empty(), "no progress where nobody sees it: {}", err(&output));
}

#[test]
fn a_broken_file_is_named_with_line_and_expectation() {
    let (dir, rows) = folder();
    let broken = dir.path().join("broken.jsonl");
    std::fs::write(&broken, ROWS.replace("\"low\"", "\"lowish\"")).expect("written");
    let output = run(&["eval", name(&broken)]);
    let error = err(&output);
    assert_eq!(code(&output), 2);
    assert!(error.contains("broken.jsonl:4: `level` is no level; expected {\"id\""), "{error}");
    assert!(!error.contains("maths"), "an error repeats a message: {error}");

    let error = err(&run(&["eval", name(&rows), "--split", "train"]));
    assert!(
        error.contains("no row has split \"train\"; the file has dev (3 rows), test (3 rows)"),
        "{error}"
    );
    let error = err(&run(&["eval", name(&rows), "--against", name(&rows)]));
    assert!(error.contains("rows.jsonl:1: no prediction"), "{error}");
}

#[test]
fn tuned_settings_are_taken_as_configuration() {
    let (dir, rows) = folder();
    let fitted = dir.path().join("fitted.toml");
    let output = run(&["tune", name(&rows), "--split", "dev", "--out", name(&fitted)]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert!(err(&output).contains("macro-F1"), "{}", err(&output));
    let fragment = std::fs::read_to_string(&fitted).expect("the fragment");
    assert!(
        fragment.starts_with("# Fitted by `ash-nlp tune rows.jsonl --split dev` on 3 rows."),
        "{fragment}"
    );
    report(&["--config", name(&fitted), "eval", name(&rows), "--json"]);
}

#[test]
fn the_parts_can_be_judged_apart_and_the_report_be_a_page() {
    let (dir, rows) = folder();
    let page = dir.path().join("report.html");
    let whole = report(&["eval", name(&rows), "--json", "--html", name(&page)]);
    let html = std::fs::read_to_string(&page).expect("the page");
    assert!(
        html.contains("<h2>True level and verdict</h2>") && !html.contains("alive"),
        "a page carries text"
    );
    assert_eq!(whole["degraded"], 0);
    assert!(whole["intervals"]["urgent_recall"]["low"].as_f64() <= whole["urgent_recall"].as_f64());

    let words = report(&["eval", name(&rows), "--json", "--without", "models"]);
    assert_eq!(words["degraded"], 6, "words alone are always degraded");
    assert_eq!(words["confusion"]["critical"]["none"], 0, "the goodbye is found without models too");
    let models = report(&["eval", name(&rows), "--json", "--without", "patterns"]);
    assert_eq!(models["degraded"], 0);
}

#[test]
fn the_same_messages_typed_otherwise_are_judged_again() {
    let (_dir, rows) = folder();
    let report = report(&["eval", name(&rows), "--json", "--robustness"]);
    let disguises = report["robustness"]["disguises"].as_array().expect("a list");
    assert_eq!(disguises.len(), 12);
    let of = |name: &str| disguises.iter().find(|d| d["disguise"] == name).expect(name);
    assert_eq!(of("zero-width")["unchanged"], 1.0, "invisible characters change nothing");
    assert_eq!(of("upper case")["unchanged"], 1.0, "nor does shouting");
}

#[test]
fn rows_may_lie_in_several_files_but_an_id_only_once() {
    let (dir, rows) = folder();
    let more = dir.path().join("more.jsonl");
    std::fs::write(&more, ROWS.lines().next().expect("a row").replace("A1", "Z1")).expect("written");
    assert_eq!(report(&["eval", name(&rows), name(&more), "--json", "--without", "models"])["rows"], 7);
    let twice = run(&["eval", name(&rows), name(&rows)]);
    assert_eq!(code(&twice), 2);
    assert!(err(&twice).contains("the id \"A1\" is in an earlier file too"), "{}", err(&twice));
}
