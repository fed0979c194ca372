//! The profile zero-shot behind the socket: what it is asked is told, and an answer names its labels.

use std::fs;
use std::path::Path;

use ash_runtime::{Overrides, Service, Settings};
use serde_json::json;

use crate::harness::Running;

/// A server with three tiny models of random weights, which may be asked any label set.
fn zero_shot() -> (Running, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let model = dir.path().join("tiny--nli");
    fs::create_dir(&model).unwrap();
    for file in ["config.json", "tokenizer.json", "model.safetensors"] {
        let from = Path::new("../encoder/tests/data/classifiers/bert").join(file);
        fs::copy(from, model.join(file)).unwrap();
    }
    let mut overrides = Overrides::default()
        .set("server.bind", "127.0.0.1:0")
        .set("models.profile", "zero-shot")
        .set("models.zero_shot.label_set", "safety_first")
        .set("models.zero_shot.directory", dir.path());
    for role in ["depression", "sentiment", "emotional_distress"] {
        overrides = overrides.set(&format!("models.zero_shot.{role}.name"), "tiny/nli");
    }
    let settings = Settings::load(None, overrides).unwrap();
    let service = settings.clone();
    let server = Running::starting(settings, Box::new(|| Service::start(service)));
    server.wait_until_ready();
    (server, dir)
}

#[test]
fn health_and_status_say_what_the_models_are_asked() {
    let (server, _dir) = zero_shot();
    for answer in [server.get("/health").json, server.get("/status").json] {
        assert_eq!(answer["profile"], "zero-shot", "{answer}");
        assert_eq!(answer["label_set"], "safety_first", "{answer}");
        assert_eq!(answer["hypotheses_per_message"], 12, "{answer}");
    }
    let status = server.get("/status").json;
    assert_eq!(status["models"][2]["repository"], "tiny/nli", "{status}");
    let sets =
        ["clinical_focused", "compact", "conversational", "enhanced_crisis", "lgbtqia", "safety_first"];
    assert_eq!(status["label_sets"], json!(sets));

    let answer = server.analyze("i cannot sleep").json;
    let label = answer["signals"]["sentiment"]["label"].as_str().unwrap();
    assert!(label.starts_with("is "), "{answer}");
    let version = answer["model_versions"]["sentiment"].as_str().unwrap();
    assert!(version.contains("+safety_first."), "{answer}");
}

#[test]
fn a_switch_of_labels_changes_the_next_answer_and_everything_that_tells_of_it() {
    let (server, _dir) = zero_shot();
    let version = |server: &Running| server.analyze("i cannot sleep").json["model_versions"].to_string();
    let switch = |name: &str| server.post("/admin/labels/switch", json!({ "label_set": name }).to_string());
    let before = version(&server);
    assert!(before.contains("+safety_first."), "{before}");

    let switched = switch("lgbtqia");
    assert_eq!(
        (switched.status, &switched.json),
        (
            200,
            &json!({"status": "success", "success": true, "previous_set": "safety_first", "current_set": "lgbtqia"})
        )
    );
    let after = version(&server);
    assert!(after.contains("+lgbtqia."), "the same message is judged anew: {after}");
    assert_eq!(server.get("/admin/labels/current").json["current_set"], "lgbtqia");
    assert_eq!(server.get("/health").json["label_set"], "lgbtqia");
    let list = server.get("/admin/labels/list").json;
    assert_eq!((&list["current_set"], &list["total_sets"]), (&json!("lgbtqia"), &json!(6)), "{list}");
    let sets = list["sets"].as_array().unwrap();
    let current: Vec<_> = sets.iter().filter(|set| set["is_current"] == true).map(|s| &s["name"]).collect();
    assert_eq!(current, ["lgbtqia"]);
    assert_eq!(sets[5]["labels"], json!({"depression": 5, "emotional_distress": 4, "sentiment": 3}));

    let details = server.get("/admin/labels/details/safety_first").json;
    let role = &details["models"]["sentiment"];
    assert!(role["hypothesis_template"].as_str().unwrap().contains("{}"), "{details}");
    assert!(role["labels"][0]["severity"].is_number() && role["labels"][0]["level"].is_string());
    assert_eq!(server.get("/admin/labels/validate").json["valid"], true);

    let unknown = switch("no_such_set");
    assert_eq!((unknown.status, &unknown.json["error"]["code"]), (400, &json!("unknown_label_set")));
    assert!(unknown.json["error"]["message"].as_str().unwrap().contains("clinical_focused"));
    assert!(!unknown.json.to_string().contains("no_such_set"), "what was sent is not repeated");
    assert_eq!(server.get("/admin/labels/details/no_such_set").status, 404);
    assert_eq!(server.get("/admin/labels/current").json["current_set"], "lgbtqia", "the old set stays");
}
