//! `ash-nlp patterns` through the real program.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{code, err, out, run, run_with};

/// A directory with one pack of two rules.
fn packs(spare: &str) -> TempDir {
    let dir = TempDir::new().expect("a folder");
    let pack = format!(
        r#"
name = "ours"
description = "For a test."

[[rule]]
id = "ideation.want_to_die"
theme = "ideation"
strength = 0.9
floor = "high"
any = ["want to die"]
matches = ["i wanna d1e", "want to die"]
spares = ["{spare}"]

[[rule]]
id = "negation.not"
theme = "negation"
strength = 1.0
any = ["{{dont|not}}"]
matches = ["i don't", "not me"]
spares = ["a knot"]
"#
    );
    fs::write(dir.path().join("ours.toml"), pack).expect("written");
    dir
}

fn path(dir: &TempDir) -> &str {
    dir.path().to_str().expect("a name")
}

#[test]
fn the_shipped_packs_are_listed_and_valid() {
    let listed = run(&["patterns", "list", "--json"]);
    assert_eq!(code(&listed), 0, "{}", err(&listed));
    let all: Value = serde_json::from_str(&out(&listed)).expect("JSON");
    let packs = all["packs"].as_array().expect("packs");
    assert!(packs.iter().all(|p| p["rules"].as_array().is_some_and(|rules| !rules.is_empty())), "{all}");
    let human = out(&run(&["patterns", "list"]));
    for rule in packs.iter().flat_map(|p| p["rules"].as_array().expect("rules")) {
        assert!(human.contains(rule["id"].as_str().expect("an id")), "{rule}");
    }
    let valid = run(&["patterns", "validate"]);
    assert_eq!(code(&valid), 0, "{}", out(&valid));
}

#[test]
fn an_example_that_fails_is_told_and_a_broken_pack_is_unusable() {
    let good = packs("i don't want to die");
    assert_eq!(code(&run(&["patterns", "validate", path(&good)])), 0);
    let bad = packs("we want to die");
    let output = run(&["patterns", "validate", path(&bad)]);
    assert_eq!(code(&output), 1);
    assert!(out(&output).contains("ours: rule \"ideation.want_to_die\": it finds, and nothing weakens it"));
    let json = run(&["patterns", "validate", path(&bad), "--json"]);
    let told: Value = serde_json::from_str(&out(&json)).expect("JSON");
    assert_eq!(told["failures"][0]["field"], "spares", "{told}");
    fs::write(bad.path().join("worse.toml"), "name = 1").expect("written");
    let output = run(&["patterns", "validate", path(&bad)]);
    assert_eq!(code(&output), 2);
    assert!(err(&output).contains("worse.toml:1: "), "{}", err(&output));
}

#[test]
fn findings_are_explained_with_words_cues_and_credence() {
    let dir = packs("i don't want to die");
    let explain = |text: &str| out(&run(&["patterns", "explain", "--packs", path(&dir), text]));
    assert_eq!(
        explain("well i don't wanna d1e"),
        "cue     \"don't\"  negation.not\n\
         weak    \"wanna d1e\"  ideation.want_to_die\n        \
         speaks of thoughts of suicide or a wish to be dead; strength 0.90, credence 0.10; negated\n"
    );
    assert!(explain("i want to die").starts_with("live    \"want to die\""));
    assert_eq!(explain("hello"), "The rules find nothing.\n");
    let json =
        run_with(&["patterns", "explain", "--packs", path(&dir), "--json", "--time"], b"i want to die\n");
    let told: Value = serde_json::from_str(&out(&json)).expect("JSON");
    let found = &told["findings"][0];
    assert_eq!(
        (found["start"].as_u64(), found["end"].as_u64(), found["live"].as_bool()),
        (Some(2), Some(13), Some(true))
    );
    assert!(told["median_micros"].as_f64().is_some_and(|micros| micros > 0.0), "{told}");
}
