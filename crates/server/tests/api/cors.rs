//! Web pages of other sites are kept out unless they are named, and every answer says what browsers may do.

use ash_runtime::Overrides;
use serde_json::json;

use crate::harness::{Reply, Running, impatient};

const TEAM: &str = "https://team.example";

fn preflight(server: &Running, origin: &str) -> Reply {
    let headers = [
        ("origin", origin),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "content-type,x-ash-internal-key"),
    ];
    server.send("OPTIONS", "/analyze", &headers, "")
}

#[test]
fn as_shipped_no_page_may_read_an_answer() {
    let server = Running::new();
    let ask = || server.send("POST", "/analyze", &[("origin", TEAM)], r#"{"message":"hi"}"#);
    for reply in [preflight(&server, TEAM), ask()] {
        assert!(!reply.headers.keys().any(|name| name.as_str().starts_with("access-control-")));
    }
    assert_eq!(preflight(&server, TEAM).status, 405);
}

#[test]
fn a_named_page_may_read_answers_and_refusals_and_no_other_page_may() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.toml");
    std::fs::write(&file, "# nobody yet\n").unwrap();
    let open = Overrides::default().set("cors.allowed_origins", json!([TEAM])).set("auth.keys_file", &file);
    let server = Running::with(open);

    let reply = preflight(&server, TEAM);
    assert_eq!((reply.status, reply.header("access-control-allow-origin")), (200, TEAM), "before any key");
    assert!(reply.header("access-control-allow-headers").contains("x-ash-internal-key"));
    assert_eq!(reply.header("access-control-allow-credentials"), "");
    let reply = server.send("POST", "/analyze", &[("origin", TEAM)], "");
    assert_eq!((reply.status, reply.header("access-control-allow-origin")), (401, TEAM));

    for other in ["https://team.example.evil.example", "http://team.example", "null"] {
        assert_eq!(preflight(&server, other).header("access-control-allow-origin"), "", "{other}");
        let reply = server.send("GET", "/health", &[("origin", other)], "");
        assert_eq!(reply.header("access-control-allow-origin"), "", "{other}");
    }
}

#[test]
fn every_answer_tells_browsers_to_keep_their_hands_off() {
    let server = Running::with(impatient(Overrides::default()));
    let replies = [
        server.get("/health"),
        server.get("/status"),
        server.analyze("high"),
        server.analyze("panic"),
        server.analyze("stuck"),
        server.post("/analyze", "["),
        server.get("/nothing"),
        server.get("/analyze"),
    ];
    assert_eq!(replies.each_ref().map(|reply| reply.status), [200, 200, 200, 500, 200, 400, 404, 405]);
    for reply in replies {
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("x-frame-options", "DENY"),
            ("cache-control", "no-store"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(reply.header(name), value, "{name} of {}", reply.status);
        }
    }
}
