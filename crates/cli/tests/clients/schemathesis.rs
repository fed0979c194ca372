//! schemathesis makes requests from /openapi.json, good and bad ones, and holds every answer against the document:
//! statuses, types of content, headers, bodies, methods, keys; and nothing may be a 5xx.

use std::process::Command;

use crate::peers::{content, file, key, peer};
use crate::served::{Served, serving};

/// `ash-nlp serve` that forgets what it learns, and answers as fast as it is asked.
fn service() -> Command {
    let mut command = serving(&[]);
    command.env("ASH_LEARNING__PATH", ":memory:").env("ASH_LIMITS__REQUESTS_PER_SECOND_PER_KEY", "0");
    command
}

fn run(mut schemathesis: Command, served: &Served, key: &str) {
    let url = format!("http://{}", served.address);
    schemathesis
        .args(["--no-color", "--config-file"])
        .arg(file("schemathesis.toml"))
        .arg("run")
        .arg(format!("{url}/openapi.json"))
        .args(["--url", &url, "--generation-deterministic", "--max-examples", "20", "--continue-on-failure"])
        .env("ASH_KEY", key);
    let said = content(schemathesis);
    assert!(said.contains("Tested: "), "{said}");
    assert_eq!(served.health()["status"], "healthy", "after all that");
}

#[test]
fn whoever_reads_the_document_finds_every_answer_in_it() {
    let Some(schemathesis) = peer("schemathesis") else { return };
    let served = Served::ready(&mut service());
    run(schemathesis, &served, "none is looked at");
}

#[test]
fn with_keys_every_answer_is_in_the_document_too_and_no_route_forgets_to_ask_for_one() {
    let Some(schemathesis) = peer("schemathesis") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let (keys, key) = key("admin", folder.path());
    let served = Served::ready(service().env("ASH_AUTH__KEYS_FILE", keys));
    run(schemathesis, &served, &key);
}

#[test]
fn the_document_is_valid_openapi_3_1() {
    let Some(mut python) = peer("python") else { return };
    let served = Served::ready(&mut service());
    let folder = tempfile::tempdir().expect("a folder");
    let document = folder.path().join("openapi.json");
    std::fs::write(&document, served.get("/openapi.json").body).expect("written");
    python.args(["-m", "openapi_spec_validator", "--schema", "3.1"]).arg(document);
    content(python);
}
