//! `ash-nlp models list | verify | quantize | bench` through the real program, on tiny models.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{code, err, json_lines, out, run};
use crate::hub::tiny;

/// A store with tiny models, `tiny/NAME` each.
fn store(models: &[&str]) -> (TempDir, PathBuf) {
    let dir = TempDir::new().expect("a folder");
    let store = dir.path().join("models");
    for model in models {
        let (from, name) = (tiny(model), format!("tiny/{model}"));
        let output = run(&["models", "pull", text(&from), "--name", &name, "--directory", text(&store)]);
        assert_eq!(code(&output), 0, "{}", err(&output));
    }
    (dir, store)
}

fn text(path: &std::path::Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn report(args: &[&str]) -> Value {
    let output = run(args);
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert!(err(&output).is_empty(), "no progress where nobody sees it: {}", err(&output));
    serde_json::from_str(&out(&output)).expect("JSON")
}

#[test]
fn the_list_has_what_is_built_in_what_is_missing_and_what_is_there() {
    let (_dir, store) = store(&["bert"]);
    let incomplete = store.join("half");
    fs::create_dir(&incomplete).expect("made");
    fs::write(incomplete.join("config.json"), "{\"model_type\": \"gpt2\"}").expect("written");
    let list = report(&["models", "list", "--directory", text(&store), "--json"]);
    assert_eq!(list["built_in"]["models"].as_array().map(Vec::len), Some(3), "{list}");
    let models = list["models"].as_array().expect("models");
    assert_eq!(models.len(), 5, "{list}");
    assert!(models[..3].iter().all(|m| m["state"] == "missing"), "{list}");
    let find = |name: &str| models.iter().find(|m| m["name"] == name).expect(name);
    let bert = find("tiny/bert");
    assert_eq!((&bert["state"], &bert["model_type"]), (&"present".into(), &"bert".into()));
    assert!(bert["verified"]["fetched"].is_string(), "{bert}");
    assert_eq!(find("half")["state"]["incomplete"][0], "tokenizer.json");
    let shown = out(&run(&["models", "list", "--directory", text(&store)]));
    for said in [
        "MoritzLaurer/mDeBERTa-v3-base-mnli-xnli",
        "missing",
        "tiny/bert",
        "incomplete",
        "ash-nlp models pull",
    ] {
        assert!(shown.contains(said), "{said} is not in\n{shown}");
    }
}

#[test]
fn verify_reads_every_byte_and_runs_the_model() {
    let (_dir, store) = store(&["bert", "roberta"]);
    let verify = || run(&["models", "verify", "--directory", text(&store), "--json"]);
    let good = verify();
    assert_eq!(code(&good), 0, "{}{}", out(&good), err(&good));
    for line in json_lines(&good) {
        assert!(line["ok"] == true && line["files_compared"] == 3 && line["run_ms"].is_number(), "{line}");
    }
    let listed = report(&["models", "list", "--directory", text(&store), "--json"]);
    assert!(listed["models"][3]["verified"]["at"].is_string(), "{listed}");

    // A byte in the middle, which neither the size nor the loader tells.
    let weights = store.join("tiny--bert/model.safetensors");
    let original = fs::read(&weights).expect("weights");
    let mut bytes = original.clone();
    let middle = bytes.len() - 100;
    bytes[middle] ^= 1;
    fs::write(&weights, &bytes).expect("written");
    let output = verify();
    assert_eq!(code(&output), 1);
    let lines = json_lines(&output);
    assert!(
        lines[0]["problems"][0].as_str().is_some_and(|p| p.contains("model.safetensors has changed")),
        "{lines:?}"
    );
    assert_eq!(lines[1]["ok"], true);

    fs::write(&weights, &original[..original.len() - 1]).expect("written");
    let output = run(&["models", "verify", "tiny/bert", "--directory", text(&store)]);
    assert_eq!(code(&output), 1);
    assert!(
        out(&output).contains("has 70309 bytes, ash-model.json says 70310; pull it again"),
        "{}",
        out(&output)
    );
    let listed = report(&["models", "list", "--directory", text(&store), "--json"]);
    assert_eq!(listed["models"][3]["verified"], "changed");

    let unknown = run(&["models", "verify", "tiny/none", "--directory", text(&store)]);
    assert_eq!(code(&unknown), 2);
    assert!(err(&unknown).contains("there is no model tiny/none"), "{}", err(&unknown));
}

#[test]
fn quantize_reports_what_int8_changes_and_what_each_layer_does() {
    let (dir, store) = store(&["bert", "distilbert"]);
    for model in ["bert", "distilbert"] {
        let output = dir.path().join(format!("{model}-int8"));
        let name = format!("tiny/{model}");
        let report = report(&[
            "models",
            "quantize",
            &name,
            "--directory",
            text(&store),
            "--output",
            text(&output),
            "--json",
        ]);
        let size = |key: &str| report[key].as_u64().expect(key);
        assert_eq!(size("bytes_after"), fs::metadata(output.join("model.safetensors")).expect("there").len());
        let source = fs::metadata(tiny(model).join("model.safetensors")).expect("committed").len();
        assert_eq!(size("bytes_before"), source);
        let drift = &report["drift"];
        assert_eq!(
            (&drift["texts"], &drift["judgements"]),
            (&12.into(), &72.into()),
            "twelve texts, six hypotheses"
        );
        let figure = |of: &Value, key: &str| of[key].as_f64().expect(key);
        assert!(
            figure(drift, "max_drift") > 0.0 && figure(drift, "max_drift") >= figure(drift, "mean_drift")
        );
        assert!((0.0..=1.0).contains(&figure(drift, "label_agreement")), "{drift}");
        let parts = report["sensitivity"].as_array().expect("parts");
        let mut names: Vec<&str> = parts.iter().filter_map(|p| p["part"].as_str()).collect();
        let drifts: Vec<f64> = parts.iter().map(|p| figure(&p["drift"], "mean_drift")).collect();
        assert!(drifts.is_sorted_by(|a, b| a >= b) && drifts.iter().all(|&d| d > 0.0), "{report}");
        names.sort_unstable();
        assert_eq!(names, ["0", "1", "embeddings"], "{model}");
        let verified = run(&["models", "verify", text(&output)]);
        assert_eq!(code(&verified), 0, "{}", out(&verified));
    }
}

#[test]
fn what_is_kept_in_f32_changes_nothing() {
    let (dir, store) = store(&["roberta"]);
    let output = dir.path().join("kept");
    let all = ["--keep-f32", "0", "1", "embeddings", "--no-sensitivity", "--json"];
    let args = ["models", "quantize", "tiny/roberta", "--directory", text(&store), "--output", text(&output)];
    let report = report(&[&args[..], &all].concat());
    assert_eq!((&report["quantised_matrices"], &report["drift"]["verdict_flips"]), (&0.into(), &0.into()));
    assert!(report["drift"]["max_drift"].as_f64().is_some_and(|d| d.abs() < f64::MIN_POSITIVE), "{report}");

    // A new directory only, and no slip in a pattern.
    let again = run(&args);
    assert_eq!(code(&again), 2);
    assert!(err(&again).contains("is not empty"), "{}", err(&again));
    let other = dir.path().join("other");
    let args = ["models", "quantize", "tiny/roberta", "--directory", text(&store), "--output", text(&other)];
    let slip = run(&[&args[..], &["--keep-f32", "12"]].concat());
    assert!(
        err(&slip).contains("nothing to keep in f32 matches \"12\": there are 0 to 1 layers"),
        "{}",
        err(&slip)
    );
    assert!(!other.exists());
}

#[test]
fn rows_are_compared_by_id_and_never_shown() {
    let (dir, store) = store(&["bert"]);
    let rows = dir.path().join("rows.jsonl");
    let line = |i: usize| {
        let split = if i.is_multiple_of(2) { "dev" } else { "test" };
        format!(
            "{{\"id\":\"A{i}\",\"text\":\"secret words {i}\",\"level\":\"none\",\"category\":\"x\",\"split\":\"{split}\"}}\n"
        )
    };
    fs::write(&rows, (0..20).map(line).collect::<String>()).expect("written");
    let output = dir.path().join("out");
    let output = run(&[
        "models",
        "quantize",
        "tiny/bert",
        "--directory",
        text(&store),
        "--output",
        text(&output),
        "--rows",
        text(&rows),
        "--split",
        "dev",
        "--limit",
        "4",
    ]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let shown = out(&output);
    for said in [
        "on 4 messages, 24 judgements",
        "drift, max",
        "verdicts flip",
        "quantised alone",
        "embeddings",
        "layer 1",
    ] {
        assert!(shown.contains(said), "{said} is not in\n{shown}");
    }
    assert!(!shown.contains("secret words"));
}

#[test]
fn bench_measures_one_label_set_and_all() {
    let (_dir, store) = store(&["bert"]);
    let args =
        ["models", "bench", "tiny/bert", "--directory", text(&store), "--seconds", "0", "--threads", "1"];
    let report = report(&[&args[..], &["--json"]].concat());
    assert_eq!((&report["threads"], &report["precision"]), (&1.into(), &"int8".into()), "{report}");
    let cases = report["cases"].as_array().expect("cases");
    assert_eq!(cases.iter().filter_map(|c| c["pairs"].as_u64()).collect::<Vec<_>>(), [1, 12, 37]);
    for case in cases {
        let figure = |key: &str| case[key].as_f64().expect(key);
        assert!(figure("median_ms") > 0.0 && figure("p95_ms") >= figure("median_ms"), "{case}");
        assert!(figure("tokens") >= 30.0 * figure("pairs"), "{case}");
    }
    assert!(out(&run(&args)).contains("tokens/s"));
}
