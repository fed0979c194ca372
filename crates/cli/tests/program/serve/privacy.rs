//! What people wrote, and who, leaves the process by the answer alone.

use std::fs;

use serde_json::json;

use super::client::{get, message, post};
use super::served::{Served, serving};

/// In everything that is sent. Nothing that the service says for its own reasons contains it.
const MARK: &str = "zebrafinch";

#[test]
fn what_is_sent_is_in_no_log_no_metric_and_no_file() {
    let here = tempfile::TempDir::new().expect("a directory");
    let mut command = serving(&[]);
    command.current_dir(here.path()).env("ASH_LOG__LEVEL", "trace").env("ASH_LOG__FORMAT", "json");
    let served = Served::ready(&mut command);
    let body = |message: &str| {
        let history = json!([{"message": format!("before, {MARK}"), "message_id": MARK}]);
        json!({"message": message, "user_id": MARK, "channel_id": MARK, "message_history": history})
            .to_string()
    };
    let long = format!("{MARK} ").repeat(10_000);
    let requests = [
        (post(&body(&format!("i want to die, {MARK}"))), 200),
        (post(&body(&format!("i want to die, {MARK}"))), 200),
        (post(&body(&long)), 413),
        (post(&body(&long.repeat(12))), 413),
        (post(&format!(r#"{{"message":"{MARK}"#)), 400),
        (post(MARK), 400),
        (post(&json!({"message": {MARK: 1}}).to_string()), 422),
        (post(&json!({"message": "hi", "verbosity": MARK}).to_string()), 422),
        (post(&json!({"message": "hi", "user_id": {MARK: MARK}}).to_string()), 422),
        (get(&format!("/{MARK}?user={MARK}")), 404),
        (get(&format!("/health?user={MARK}")), 200),
        (message(&format!("{MARK} \u{1F600} \u{0}{MARK}")), 200),
    ];
    for (request, status) in requests {
        let reply = served.ask(&request);
        assert_eq!(reply.status, status, "{reply:?}");
    }
    for path in ["/metrics", "/status", "/health"] {
        let page = served.get(path).body;
        assert!(page.contains("ash") || path == "/health", "{path} is empty");
        assert!(!page.contains(MARK), "in {path}: {page}");
    }
    let (code, said) = served.stopped();
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("request_id") && said.contains("/analyze"), "the log works: {said}");
    let line = said.lines().find(|line| line.contains(MARK));
    assert!(line.is_none(), "in the log: {}", line.unwrap_or_default());
    let files: Vec<_> = fs::read_dir(here.path()).expect("a folder").collect();
    assert!(files.is_empty(), "{files:?}");
}
