//! `ash-nlp labels`, and judging by a label set, through the real program.

use std::fs;
use std::path::{Path, PathBuf};

use insta::assert_snapshot;
use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{code, err, json_lines, out, run};

fn shown(args: &[&str]) -> String {
    let output = run(args);
    assert_eq!(code(&output), 0, "{}", err(&output));
    out(&output)
}

fn json(args: &[&str]) -> Value {
    serde_json::from_str(&shown(args)).expect("JSON")
}

/// A directory with the shipped set `compact` as `ours`.
fn labels() -> (TempDir, PathBuf) {
    let dir = TempDir::new().expect("a folder");
    let file = dir.path().join("ours.toml");
    let text = fs::read_to_string("../../packs/labels/compact.toml").expect("a shipped set");
    fs::write(&file, text.replace("\"compact\"", "\"ours\"")).expect("written");
    (dir, file)
}

fn name(path: &Path) -> &str {
    path.to_str().expect("a name")
}

#[test]
fn sets_are_listed_and_shown_for_people() {
    assert_snapshot!("labels_list", shown(&["labels", "list"]));
    assert_snapshot!("labels_show", shown(&["labels", "show", "compact"]));
}

#[test]
fn sets_are_listed_and_shown_for_programs() {
    let all = json(&["labels", "list", "--json"]);
    assert_eq!(all["sets"].as_array().map(Vec::len), Some(6), "{all}");
    assert_eq!(all["configured"], "enhanced_crisis");
    for set in all["sets"].as_array().expect("sets") {
        let one = json(&["labels", "show", set["name"].as_str().expect("a name"), "--json"]);
        for role in ["depression", "sentiment", "emotional_distress"] {
            let labels = one["roles"][role]["labels"].as_array().expect("labels");
            assert_eq!(set["labels"][role], labels.len(), "{role} of {set}");
        }
        assert_eq!(set["hypotheses"], one["hypotheses"]);
    }
    let label = &json(&["labels", "show", "compact", "--json"])["roles"]["depression"]["labels"][1];
    assert_eq!(
        label.to_string(),
        r#"{"text":"want to die","severity":0.75,"level":"high","hypothesis":"I want to die."}"#
    );
}

#[test]
fn every_file_is_checked_by_itself_and_the_exit_code_tells() {
    let (dir, file) = labels();
    let said = shown(&["labels", "validate", name(&file)]);
    assert!(said.starts_with("good ") && said.contains("ours, 12 hypotheses"), "{said}");

    let text = fs::read_to_string(&file).expect("a set");
    let wrong = text.replace("severity = 1.0", "severity = 7").replace("\"ours\"", "\"wrong\"");
    fs::write(dir.path().join("wrong.toml"), wrong).expect("written");
    let output = run(&["labels", "validate", name(dir.path())]);
    assert_eq!(code(&output), 1, "{}", err(&output));
    let said = out(&output);
    assert!(said.lines().next().is_some_and(|line| line.starts_with("good ")), "{said}");
    let broken =
        "wrong.toml: depression: the severity of the label \"plan to die soon\" is 7, outside of 0 to 1";
    assert!(said.lines().nth(1).is_some_and(|line| line.ends_with(broken)), "{said}");

    let output = run(&["labels", "validate", name(dir.path()), "--json"]);
    assert_eq!(code(&output), 1);
    let found: Value = serde_json::from_str(&out(&output)).expect("JSON");
    assert_eq!((&found[0]["valid"], &found[1]["valid"]), (&true.into(), &false.into()), "{found}");
    assert!(found[1]["error"].as_str().is_some_and(|e| e.contains("plan to die soon")), "{found}");

    assert_eq!(shown(&["labels", "validate"]).lines().count(), 6);
    let output = run(&["labels", "validate", "no/such/place"]);
    assert_eq!(code(&output), 2);
    assert!(err(&output).contains("cannot read no/such/place"), "{}", err(&output));
}

#[test]
fn a_configured_directory_replaces_the_built_in_sets() {
    let (dir, _) = labels();
    let config = dir.path().join("ash.conf");
    let text = format!("[models.zero_shot]\nlabels_path = {:?}\nlabel_set = \"ours\"\n", name(dir.path()));
    fs::write(&config, text).expect("written");
    let all = json(&["--config", name(&config), "labels", "list", "--json"]);
    assert_eq!(all["sets"].as_array().map(Vec::len), Some(1), "{all}");
    assert_eq!(all["sets"][0]["configured"], true);
    let output = run(&["--config", name(&config), "labels", "show", "compact"]);
    assert_eq!(code(&output), 2);
    assert!(err(&output).contains("there is no label set \"compact\"; "), "{}", err(&output));
}

#[test]
fn messages_are_judged_by_the_set_of_the_option() {
    let models = TempDir::new().expect("a folder");
    for model in [
        "MoritzLaurer--deberta-v3-base-zeroshot-v2.0",
        "Lowerated--lm6-deberta-v3-topic-sentiment",
        "MoritzLaurer--mDeBERTa-v3-base-mnli-xnli",
    ] {
        let folder = models.path().join(model);
        fs::create_dir(&folder).expect("a folder");
        for file in ["config.json", "tokenizer.json", "model.safetensors"] {
            let from = Path::new("../encoder/tests/data/classifiers/bert").join(file);
            fs::copy(from, folder.join(file)).expect("copied");
        }
    }
    let judge = |labels: &str| {
        let models = name(models.path());
        let args =
            ["--profile", "zero-shot", "--labels", labels, "--models", models, "analyze", "--json", "hello"];
        let output = run(&args);
        (code(&output), err(&output), json_lines(&output).pop().unwrap_or_default())
    };
    let label = |answer: &Value| answer["signals"]["depression"]["label"].as_str().map(str::to_owned);
    let of = |set: &str| -> Vec<String> {
        let set = json(&["labels", "show", set, "--json"]);
        let labels = set["roles"]["depression"]["labels"].as_array().expect("labels").clone();
        labels.iter().map(|label| label["text"].as_str().expect("a text").to_owned()).collect()
    };
    for set in ["compact", "clinical_focused"] {
        let (code, error, answer) = judge(set);
        assert_eq!((code, answer["is_degraded"].as_bool()), (0, Some(false)), "{error}");
        assert!(label(&answer).is_some_and(|label| of(set).contains(&label)), "{answer}");
        let version = answer["model_versions"]["depression"].as_str().expect("a version");
        assert!(version.contains(&format!("+{set}.")), "{version}");
    }
    let (code, error, _) = judge("gloomy");
    assert_eq!(code, 2);
    assert!(error.contains("there is no label set \"gloomy\"") && error.contains("safety_first"), "{error}");
}

#[test]
fn a_label_set_without_the_profile_that_reads_it_is_a_mistake() {
    let output = run(&["analyze", "hello", "--labels", "compact"]);
    assert_eq!(code(&output), 2);
    assert!(err(&output).contains("add `--profile zero-shot`"), "{}", err(&output));
}

#[test]
fn the_profile_brings_its_own_analysis() {
    let shown = shown(&["config", "show", "--profile", "zero-shot", "--labels", "lgbtqia"]);
    for line in ["profile = \"zero-shot\"", "label_set = \"lgbtqia\"", "depression = 0.4", "sentiment = 0.3"]
    {
        assert!(shown.lines().any(|l| l == line), "{line} is not in\n{shown}");
    }
    let output = run(&["--profile", "zero-shot", "analyze", "hello"]);
    assert_eq!(code(&output), 2, "there are no models in this folder");
    assert!(err(&output).contains("`ash-nlp models pull`"), "{}", err(&output));

    let dir = TempDir::new().expect("a folder");
    let file = dir.path().join("ash.toml");
    fs::write(&file, out(&run(&["config", "default", "--profile", "zero-shot"]))).expect("written");
    let plain = self::shown(&["config", "show", "--profile", "zero-shot"]);
    assert_eq!(self::shown(&["--config", name(&file), "config", "show"]), plain);

    fs::write(&file, out(&run(&["config", "default"]))).expect("written");
    let output = run(&["--config", name(&file), "--profile", "zero-shot", "config", "show"]);
    assert_eq!(code(&output), 2);
    assert!(err(&output).contains("fitted to the compact models"), "{}", err(&output));
}
