//! `ash-nlp keys`: a key is shown once, its file holds hashes, and no step loses what was there.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::harness::{code, command, err, out, run};

/// `ash-nlp keys …` on the file.
fn keys(file: &Path, args: &[&str]) -> std::process::Output {
    run(&[&["keys"], args, &["--file", file.to_str().expect("a name")]].concat())
}

#[test]
fn a_key_is_shown_once_and_kept_as_a_hash() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("keys.toml");
    let added = keys(&file, &["add", "bot", "--role", "analyze", "--critical-as-high"]);
    assert_eq!(code(&added), 0, "{}", err(&added));
    let key = out(&added).trim().to_owned();
    assert!(key.starts_with("ash_") && key.len() == 68 && out(&added).lines().count() == 1, "{key}");
    assert!(err(&added).contains("shown once"), "{}", err(&added));
    let text = fs::read_to_string(&file).expect("the file");
    assert!(text.contains("name = \"bot\"") && !text.contains(&key), "{text}");

    let again = keys(&file, &["add", "bot", "--role", "read"]);
    assert_eq!((code(&again), out(&again).as_str()), (2, ""), "no second key of a name");
    assert!(err(&again).contains("already"), "{}", err(&again));
    assert_eq!(fs::read_to_string(&file).expect("the file"), text);
}

#[test]
fn keys_are_listed_for_people_and_programs_and_removed_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("keys.toml");
    for (name, role) in [("bot", "analyze"), ("grafana", "read")] {
        assert_eq!(code(&keys(&file, &["add", name, "--role", role])), 0);
    }
    let listed = out(&keys(&file, &["list"]));
    assert_eq!(listed, "name     role     notes\nbot      analyze\ngrafana  read\n");
    let json: Value = serde_json::from_str(&out(&keys(&file, &["list", "--json"]))).expect("JSON");
    assert_eq!(json["keys"][1]["name"], "grafana");
    assert_eq!(json["keys"][0]["role"], "analyze");
    assert!(!json.to_string().contains("sha256") && !json.to_string().contains("hash"), "{json}");

    assert_eq!(code(&keys(&file, &["remove", "bot"])), 0);
    assert_eq!(out(&keys(&file, &["list"])), "name     role     notes\ngrafana  read\n");
    let unknown = keys(&file, &["remove", "bot"]);
    assert_eq!(code(&unknown), 2);
    assert!(err(&unknown).contains("no key \"bot\"; it has grafana"), "{}", err(&unknown));
}

#[test]
fn the_configured_file_is_used_and_without_one_it_is_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("keys.toml");
    let add = ["keys", "add", "bot", "--role", "admin"];
    let configured = command(&add).env("ASH_AUTH__KEYS_FILE", &file).output().expect("it starts");
    assert_eq!(code(&configured), 0, "{}", err(&configured));
    assert!(file.exists());
    let asked = run(&add);
    assert_eq!(code(&asked), 2);
    assert!(err(&asked).contains("--file") && err(&asked).contains("auth.keys_file"), "{}", err(&asked));
}

#[test]
fn serving_other_machines_without_keys_is_refused_with_the_remedies() {
    let refused = run(&["serve", "--bind", "0.0.0.0:0"]);
    assert_eq!(code(&refused), 2);
    let error = err(&refused);
    for remedy in ["keys add", "auth.keys_file", "127.0.0.1", "--allow-anonymous"] {
        assert!(error.contains(remedy), "{error}");
    }
}
