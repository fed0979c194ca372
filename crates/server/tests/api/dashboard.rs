//! The dashboard's page and its events. What a browser makes of them is tested in crates/cli/tests/dashboard.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

use ash_runtime::Overrides;
use ash_server::{NewEntry, Role, Signal, add_key, remove_key};
use serde_json::{Value, json};

use crate::harness::Running;
use crate::quotes::PAGE;

/// One who looks on.
struct Watcher(BufReader<TcpStream>);

impl Watcher {
    /// Asks for events: the status of the answer, and what comes.
    fn open(server: &Running, key: &str) -> (u16, Self) {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let host = server.address;
        write!(stream, "GET /events HTTP/1.1\r\nhost: {host}\r\nx-ash-internal-key: {key}\r\n\r\n").unwrap();
        let mut watcher = Watcher(BufReader::new(stream));
        let first = watcher.line().expect("an answer");
        (first.split(' ').nth(1).unwrap().parse().unwrap(), watcher)
    }

    fn looking(server: &Running) -> Self {
        let (status, watcher) = Self::open(server, "");
        assert_eq!(status, 200);
        watcher
    }

    /// None at the end.
    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        (self.0.read_line(&mut line).expect("the service says something in time") > 0).then_some(line)
    }

    /// The next event, by its name; none at the end.
    fn event(&mut self) -> Option<(String, Value)> {
        loop {
            let line = self.line()?;
            let Some(name) = line.strip_prefix("event: ") else { continue };
            let data = self.line()?;
            let data = serde_json::from_str(data.strip_prefix("data: ").expect("data")).expect("JSON");
            return Some((name.trim_end().to_owned(), data));
        }
    }

    fn now(&mut self) -> Value {
        let (name, data) = self.event().expect("an event");
        assert_eq!(name, "now");
        data
    }
}

#[test]
fn a_browser_gets_a_page_that_may_ask_this_service_and_nobody_else_and_a_program_gets_json() {
    let server = Running::new();
    let chromium = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";
    let page = server.send("GET", "/", &[("accept", chromium)], "");
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    let policy = page.header("content-security-policy");
    for part in ["default-src 'none'", "script-src 'sha256-", "style-src 'sha256-", "connect-src 'self'"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    for accept in ["*/*", "application/json", ""] {
        let entrance = server.send("GET", "/", &[("accept", accept)], "");
        assert_eq!(entrance.status, 200, "{accept:?}");
        assert_eq!(entrance.json["service"], "ash-nlp", "{accept:?}");
        assert_eq!(entrance.header("vary"), "accept");
        for place in ["dashboard", "docs", "openapi", "health"] {
            let place = entrance.json[place].as_str().unwrap();
            assert_eq!(server.get(place).status, 200, "{place}");
        }
    }
}

#[test]
fn the_first_event_comes_at_once_and_others_follow_with_what_happened_since() {
    let server = Running::new();
    let mut watcher = Watcher::looking(&server);
    let first = watcher.now();
    assert_eq!((&first["status"], &first["phase"]), (&json!("healthy"), &json!("ready")));
    assert_eq!(first["timeline"][0], json!({"phase": "starting", "at_ms": 0.0}));
    assert_eq!(first["models"].as_array().unwrap().len(), 3);
    let said: f64 = first["models"].as_array().unwrap().iter().map(|m| m["weight"].as_f64().unwrap()).sum();
    assert!((said - 1.0).abs() < 1e-3, "{first}");
    server.analyze("critical");
    server.analyze("critical");
    // Until a point of five seconds has both.
    let (mut critical, mut remembered) = (0, 0);
    while critical < 2 {
        let now = watcher.now();
        for point in now["points"].as_array().unwrap() {
            critical += point["levels"][4].as_u64().unwrap();
            remembered += point["remembered"].as_u64().unwrap();
        }
        assert!(now["uptime_ms"].as_f64() > first["uptime_ms"].as_f64());
    }
    assert_eq!((critical, remembered), (2, 1));
    let past = Watcher::looking(&server).now()["points"].clone();
    let critical: u64 = past.as_array().unwrap().iter().map(|p| p["levels"][4].as_u64().unwrap()).sum();
    assert_eq!(critical, 2, "whoever comes later has a curve too: {past}");
}

#[test]
fn it_is_told_from_the_first_moment_how_far_the_start_is() {
    let (server, release) = Running::held_back();
    let mut watcher = Watcher::looking(&server);
    let now = watcher.now();
    assert_eq!(
        (&now["phase"], &now["ready"], &now["counts"]),
        (&json!("starting"), &json!(false), &Value::Null)
    );
    drop(release);
    while watcher.now()["phase"] != "ready" {}
}

#[test]
fn nothing_of_a_message_is_in_an_event() {
    let server = Running::new();
    let body = json!({"message": "zebrafinch, high", "user_id": "zebrafinch", "channel_id": "zebrafinch"});
    server.post("/analyze", body.to_string());
    let now = Watcher::looking(&server).now();
    assert_eq!(now["counts"]["levels"]["high"], 1);
    assert!(!now.to_string().contains("zebrafinch"), "{now}");
}

#[test]
fn so_many_may_look_and_a_place_that_is_left_is_free_for_the_next() {
    let server = Running::new();
    let mut watchers: Vec<Watcher> = (0..32).map(|_| Watcher::looking(&server)).collect();
    for watcher in &mut watchers {
        watcher.now();
    }
    let full = server.get("/events");
    assert_eq!((full.status, full.header("retry-after")), (503, "5"));
    assert_eq!(full.json["error"]["code"], "too_many_watch");
    let row = format!("503 `too_many_watch` | `{}`", full.json["error"]["message"].as_str().unwrap());
    assert!(PAGE.contains(&row), "docs/troubleshooting.md has no {row}");
    let errors = &server.get("/status").json["performance"]["errors"]["server_errors"];
    assert_eq!(errors, 0, "it is no error of the service");
    assert_eq!(server.analyze("high").status, 200, "nobody else is turned away");
    drop(watchers.pop());
    let came = (0..400).find(|_| {
        std::thread::sleep(Duration::from_millis(25));
        Watcher::open(&server, "").0 == 200
    });
    assert!(came.is_some(), "the place was not given back");
}

#[test]
fn whoever_looks_is_told_of_the_end_and_does_not_hold_it_up() {
    // Without the end of its stream each would be waited for until the deadline, ten minutes here.
    let deadline = Overrides::default().set("server.shutdown_deadline_ms", 600_000);
    let server = Running::with(deadline);
    let mut watchers: Vec<Watcher> = (0..3).map(|_| Watcher::looking(&server)).collect();
    for watcher in &mut watchers {
        watcher.now();
    }
    let asleep = Watcher::looking(&server);
    server.signal(Signal::Stop);
    for mut watcher in watchers {
        let end = std::iter::from_fn(|| watcher.event()).find(|(name, _)| name == "end");
        assert_eq!(end.expect("an end").1, json!({"why": "draining"}));
        assert!(watcher.event().is_none(), "nothing after the end");
    }
    let begun = std::time::Instant::now();
    server.wait().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(300), "it waited for those who look");
    drop(asleep);
}

#[test]
fn a_key_that_is_taken_away_ends_what_it_opened() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.toml");
    let add = |name: &str, role| {
        let entry = NewEntry { name: name.to_owned(), role, critical_as_high: false };
        add_key(&file, &entry).unwrap().expose().to_owned()
    };
    let (going, staying) = (add("going", Role::Read), add("staying", Role::Read));
    let server = Running::with(Overrides::default().set("auth.keys_file", &file));
    assert_eq!(Watcher::open(&server, "").0, 401);
    let mut watchers = [&going, &staying].map(|key| Watcher::open(&server, key).1);
    for watcher in &mut watchers {
        watcher.now();
    }
    remove_key(&file, "going").unwrap();
    assert!(server.reload(&staying));
    for mut watcher in watchers {
        let end = std::iter::from_fn(|| watcher.event()).find(|(name, _)| name == "end");
        assert_eq!(end.expect("an end").1, json!({"why": "keys"}));
    }
    assert_eq!([&going, &staying].map(|key| Watcher::open(&server, key).0), [401, 200]);
}
