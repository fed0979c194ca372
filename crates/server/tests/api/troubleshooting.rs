//! docs/troubleshooting.md quotes what the service really says.

use ash_runtime::{AnalyzeError, Overrides, StartError};
use ash_server::{NewEntry, Role, add_key, may_listen};

use crate::harness::Running;

const PAGE: &str = include_str!("../../../../docs/troubleshooting.md");

/// The page says `sentence`, or as much of it as stands before the part that differs each time.
fn quoted(sentence: &str) {
    let stable = sentence.split(['…', '(']).next().unwrap_or_default().trim();
    assert!(
        PAGE.contains(sentence) || PAGE.contains(stable),
        "docs/troubleshooting.md does not quote: {sentence}"
    );
    assert!(stable.len() >= 12, "nothing to compare in {sentence:?}");
}

#[test]
fn the_page_quotes_what_requests_are_told() {
    let server = Running::new();
    for body in [
        "{}".to_owned(),
        r#"{"message":7}"#.to_owned(),
        r#"{"message":" "}"#.to_owned(),
        format!(r#"{{"message":"{}"}}"#, "a".repeat(40_000)),
        "a".repeat(2 << 20),
    ] {
        let reply = server.post("/analyze", &body);
        assert!(reply.status >= 400);
        quoted(reply.json["error"]["message"].as_str().unwrap());
    }
    let (starting, _release) = Running::held_back();
    quoted(starting.analyze("high").json["error"]["message"].as_str().unwrap());
}

#[test]
fn the_page_quotes_what_somebody_without_the_right_key_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.toml");
    let entry = NewEntry { name: "bot".to_owned(), role: Role::Read, critical_as_high: false };
    let key = add_key(&file, &entry).unwrap().expose().to_owned();
    let locked = Running::with(Overrides::default().set("auth.keys_file", &file));
    for headers in [&[][..], &[("x-ash-internal-key", key.as_str())]] {
        let reply = locked.send("POST", "/analyze", headers, r#"{"message":"hi"}"#);
        let said = reply.json["error"]["message"].as_str().unwrap().to_owned();
        // The page has the pair of roles that is met most.
        quoted(&said.replace("role analyze; yours is read", "role admin; yours is analyze"));
    }
}

#[test]
fn the_page_quotes_why_it_does_not_start_and_why_models_were_not_asked() {
    let exposed = may_listen("0.0.0.0:8881".parse().unwrap(), false, false).unwrap_err().to_string();
    quoted(exposed.split(" Make a key").next().unwrap());
    quoted(&AnalyzeError::Late.to_string());
    let retry_after = std::time::Duration::from_secs(2);
    quoted(&AnalyzeError::Overloaded { retry_after }.to_string());
    let nobody = StartError::NoModel { configured: 3, first: String::new() }.to_string();
    quoted(nobody.trim_end());
}
