//! Too many requests are told to come back, by key or by address, and nobody can borrow another's address.

use ash_runtime::Overrides;
use ash_server::{NewEntry, Role, add_key};
use serde_json::json;

use crate::harness::{Reply, Running};

const BODY: &str = r#"{"message":"hi"}"#;

/// One request in ten seconds after the first three: no test is that slow.
fn narrow(overrides: Overrides) -> Overrides {
    overrides
        .set("limits.exempt_addresses", json!([]))
        .set("limits.requests_per_second_per_address", 1)
        .set("limits.burst_per_address", 3)
}

fn refused(reply: &Reply) {
    assert_eq!((reply.status, &reply.json["error"]["code"]), (429, &json!("rate_limited")));
    let seconds: u64 = reply.header("retry-after").parse().unwrap();
    assert!((1..=3).contains(&seconds), "{seconds}");
}

/// Asks until it is refused, at most `most` times; how often it was let in.
fn let_in(most: usize, mut ask: impl FnMut(usize) -> Reply) -> usize {
    for count in 0..most {
        let reply = ask(count);
        if reply.status == 429 {
            refused(&reply);
            return count;
        }
    }
    most
}

#[test]
fn an_address_that_asks_too_much_is_told_when_to_return_and_health_still_answers() {
    let server = Running::with(narrow(Overrides::default()));
    assert!(let_in(100, |_| server.analyze("hi")) < 100);
    for path in ["/health", "/health", "/health", "/health", "/health"] {
        assert_eq!(server.get(path).status, 200);
    }
    // What it says is true.
    let reply = server.get("/nothing/here");
    let wait = reply.header("retry-after").parse().unwrap_or(1);
    std::thread::sleep(std::time::Duration::from_secs(wait));
    assert_ne!(server.analyze("hi").status, 429);
}

#[test]
fn this_machine_is_not_limited_as_shipped() {
    let shipped = Overrides::default()
        .set("limits.requests_per_second_per_address", 1)
        .set("limits.burst_per_address", 1);
    let server = Running::with(shipped);
    assert_eq!(let_in(10, |_| server.get("/status")), 10);
}

#[test]
fn an_address_is_nobody_elses_word_but_a_trusted_proxys() {
    let stranger = Running::with(narrow(Overrides::default()));
    let forged = |server: &Running, chain: String| {
        server.send("POST", "/analyze", &[("x-forwarded-for", &chain), ("forwarded", "for=1.2.3.4")], BODY)
    };
    let count = let_in(100, |i| forged(&stranger, format!("198.51.100.{i}")));
    assert!(count < 100, "a header of anybody's gave each request an address of its own");

    let trusted = narrow(Overrides::default()).set("limits.trusted_proxies", json!(["127.0.0.1"]));
    let behind = Running::with(trusted);
    let count = let_in(100, |i| forged(&behind, format!("198.51.100.{i}, 203.0.113.9, 127.0.0.1")));
    assert!(count < 100, "what a client wrote before its proxy did was believed");
    assert_eq!(forged(&behind, "203.0.113.10".into()).status, 200, "another client of the same proxy");
    let count = let_in(100, |i| forged(&behind, format!("2001:db8:1:2::{i:x}")));
    assert!(count < 100, "one network of IPv6 is one client");
}

#[test]
fn a_key_has_its_own_limit_and_guessing_keys_is_limited_by_address() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.toml");
    let key = |name: &str| {
        let entry = NewEntry { name: name.to_owned(), role: Role::Analyze, critical_as_high: false };
        add_key(&file, &entry).unwrap().expose().to_owned()
    };
    let (narrowed, wide) = (key("narrowed"), key("wide"));
    let text = std::fs::read_to_string(&file).unwrap();
    let own = "name = \"narrowed\"\nrequests_per_second = 1\nburst = 2";
    std::fs::write(&file, text.replace("name = \"narrowed\"", own)).unwrap();

    let server = Running::with(narrow(Overrides::default()).set("auth.keys_file", &file));
    let ask = |key: &str| server.send("POST", "/analyze", &[("x-ash-internal-key", key)], BODY);
    assert!(let_in(100, |_| ask(&narrowed)) < 100);
    assert_eq!(let_in(20, |_| ask(&wide)), 20, "another key");
    assert!(let_in(100, |i| ask(&format!("ash_{i}"))) < 100, "guessing");
    assert_eq!(ask(&wide).status, 200, "a key is not held back by its neighbours");
}

#[test]
fn zero_sets_no_limit() {
    let server = Running::with(narrow(Overrides::default()).set("limits.requests_per_second_per_address", 0));
    assert_eq!(let_in(20, |_| server.get("/status")), 20);
}
