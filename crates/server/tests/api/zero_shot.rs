//! The profile zero-shot behind the socket: what it is asked is told, and an answer names its labels.

use std::fs;
use std::path::Path;

use ash_runtime::{Overrides, Service, Settings};
use serde_json::json;

use crate::harness::Running;

#[test]
fn health_and_status_say_what_the_models_are_asked() {
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
