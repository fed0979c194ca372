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
