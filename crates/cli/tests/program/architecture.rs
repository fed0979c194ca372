//! ARCHITECTURE.md is the map of this house: whatever is built gets a place on it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The folders directly in `folder`, hidden ones and what builds and tools leave behind aside.
fn folders(folder: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(root().join(folder)).expect("a folder of the repository");
    let names = entries.map(|entry| entry.expect("an entry")).filter(|entry| entry.path().is_dir());
    names
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| !name.starts_with('.') && !["target", "node_modules"].contains(&name.as_str()))
        .collect()
}

/// What stands in backquotes on the map.
fn quoted() -> Vec<String> {
    let map = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    map.lines().flat_map(|line| line.split('`').skip(1).step_by(2).map(str::to_owned)).collect()
}

#[test]
fn every_crate_and_every_top_folder_is_on_the_map() {
    let quoted = quoted();
    let named = |path: &str| quoted.iter().any(|q| q == path || q.starts_with(&format!("{path}/")));
    let crates = folders("crates").into_iter().map(|name| format!("crates/{name}"));
    let missing: Vec<String> = folders("").into_iter().chain(crates).filter(|path| !named(path)).collect();
    assert!(missing.is_empty(), "ARCHITECTURE.md does not say what lives in {missing:?}");
}

#[test]
fn every_path_on_the_map_is_there() {
    let begins =
        ["crates/", "docs/", "bench/", "tests/", "packs/", "models/", "training/", "corpus/", "config/"];
    let paths =
        quoted().into_iter().filter(|q| begins.iter().any(|b| q.starts_with(b)) && !q.contains(['{', ' ']));
    let gone: Vec<String> = paths.filter(|path| !root().join(path).exists()).collect();
    assert!(gone.is_empty(), "ARCHITECTURE.md leads to {gone:?}, which are not there");
}
