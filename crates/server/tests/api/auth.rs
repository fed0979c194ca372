//! Keys and roles: who may ask for what, while the service runs and the key file changes.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ash_runtime::Overrides;
use ash_server::{NewEntry, Role, ServeError, Server, add_key, remove_key, routes};
use serde_json::json;

use crate::harness::{Reply, Running, settings};

/// A server with a key file that a test may change.
struct Locked {
    server: Running,
    file: PathBuf,
    _folder: tempfile::TempDir,
}

fn entry(name: &str, role: Role) -> NewEntry {
    NewEntry { name: name.to_owned(), role, critical_as_high: false }
}

fn key(file: &Path, name: &str, role: Role) -> String {
    add_key(file, &entry(name, role)).unwrap().expose().to_owned()
}

impl Locked {
    /// With a key for each role, in the order of [`Role::ALL`].
    fn new() -> (Self, [String; 3]) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys.toml");
        let keys = Role::ALL.map(|role| key(&file, role.as_str(), role));
        let server = Running::with(Overrides::default().set("auth.keys_file", &file));
        (Locked { server, file, _folder: folder }, keys)
    }

    fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Reply {
        self.server.send(method, path, headers, r#"{"message":"critical"}"#)
    }

    fn with_key(&self, method: &str, path: &str, key: &str) -> Reply {
        self.ask(method, path, &[("x-ash-internal-key", key)])
    }
}

fn code(reply: &Reply) -> (u16, &str) {
    (reply.status, reply.json["error"]["code"].as_str().unwrap_or_default())
}

#[test]
fn every_route_takes_its_role_and_no_less() {
    const OPEN: usize = 0;
    let expected = [
        ("GET", "/", OPEN),
        ("GET", "/health", OPEN),
        ("GET", "/live", OPEN),
        ("GET", "/ready", OPEN),
        ("GET", "/openapi.json", OPEN),
        ("GET", "/docs", OPEN),
        ("GET", "/docs/", OPEN),
        ("GET", "/docs/{*file}", OPEN),
        ("GET", "/status", 1),
        ("GET", "/events", 1),
        ("GET", "/metrics", 1),
        ("GET", "/stats", 1),
        ("GET", "/learning_statistics", 1),
        ("GET", "/ensemble/config", 1),
        ("GET", "/admin/labels/current", 1),
        ("GET", "/admin/labels/list", 1),
        ("GET", "/admin/labels/details/{name}", 1),
        ("GET", "/admin/labels/validate", 1),
        ("GET", "/admin/thresholds/status", 1),
        ("POST", "/analyze", 2),
        ("POST", "/analyze/batch", 2),
        ("POST", "/analyze_false_positive", 2),
        ("POST", "/analyze_false_negative", 2),
        ("POST", "/update_learning_model", 2),
        ("POST", "/v1/moderations", 2),
        ("GET", "/v2", 1),
        ("GET", "/v2/health/live", OPEN),
        ("GET", "/v2/health/ready", OPEN),
        ("GET", "/v2/models/{name}", 1),
        ("GET", "/v2/models/{name}/ready", OPEN),
        ("POST", "/v2/models/{name}/infer", 2),
        ("GET", "/v2/models/{name}/versions/{version}", 1),
        ("GET", "/v2/models/{name}/versions/{version}/ready", OPEN),
        ("POST", "/v2/models/{name}/versions/{version}/infer", 2),
        ("POST", "/admin/labels/switch", 3),
        ("POST", "/ensemble/set-weights", 3),
        ("POST", "/ensemble/refresh-weights", 3),
    ];
    let rank = |role: Option<Role>| role.map_or(OPEN, |role| role as usize + 1);
    let table: Vec<_> = routes().map(|(method, path, role)| (method.as_str(), path, rank(role))).collect();
    assert_eq!(table, expected, "whoever adds a route says here who may ask for it");
    let (locked, keys) = Locked::new();
    for (method, path, needs) in expected {
        let name = if path.starts_with("/v2") { "ash-nlp" } else { "trained" };
        let path = &path.replace("{name}", name).replace("{version}", "1").replace("{*file}", "index.html");
        for (rank, key) in std::iter::once("").chain(keys.iter().map(String::as_str)).enumerate() {
            // Whom it is open to, it answers without end; HEAD takes the same.
            let method = if path == "/events" && rank >= needs { "HEAD" } else { method };
            let reply = locked.with_key(method, path, key);
            let expected = match rank {
                _ if rank >= needs => None,
                0 => Some((401, "unauthorized")),
                _ => Some((403, "forbidden")),
            };
            match expected {
                // Other protocols have other words for it; their own tests know them.
                Some((status, _)) if path.starts_with("/v") => {
                    assert_eq!(reply.status, status, "{method} {path} with rank {rank}");
                }
                Some(refusal) => assert_eq!(code(&reply), refusal, "{method} {path} with rank {rank}"),
                None => assert!(![401, 403, 404, 405].contains(&reply.status), "{method} {path}: {rank}"),
            }
        }
    }
}

#[test]
fn a_key_is_taken_from_either_header_and_two_must_be_one() {
    let (locked, [read, analyze, _]) = Locked::new();
    let bearer = format!("Bearer {analyze}");
    for headers in [
        &[("x-ash-internal-key", analyze.as_str())][..],
        &[("authorization", &bearer)],
        &[("authorization", &bearer), ("x-ash-internal-key", &analyze)],
    ] {
        assert_eq!(locked.ask("POST", "/analyze", headers).status, 200, "{headers:?}");
    }
    let wrong = format!("ash_{}", "0".repeat(64));
    for (headers, says) in [
        (&[("authorization", bearer.as_str()), ("x-ash-internal-key", read.as_str())][..], "different keys"),
        (&[("x-ash-internal-key", &wrong)], "not known"),
        (&[("authorization", "Basic YTpi")], "required"),
        (&[("x-ash-internal-key", "")], "required"),
    ] {
        let reply = locked.ask("POST", "/analyze", headers);
        assert_eq!(code(&reply), (401, "unauthorized"));
        assert_eq!(reply.header("www-authenticate"), "Bearer");
        assert!(reply.json["error"]["message"].as_str().unwrap().contains(says), "{}", reply.json);
        assert_eq!(reply.json["detail"][0]["type"], "unauthorized");
        assert!(!reply.json.to_string().contains("ash_0"), "{}", reply.json);
    }
}

#[test]
fn a_refusal_is_heard_by_a_client_that_is_still_sending() {
    let (locked, _) = Locked::new();
    let mut stream = TcpStream::connect(locked.server.address).unwrap();
    let head = "POST /analyze HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 100000\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    for _ in 0..10 {
        std::thread::sleep(Duration::from_millis(10));
        stream.write_all(&[b' '; 10_000]).unwrap();
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 401") && answer.contains("unauthorized"), "{answer}");
}

#[test]
fn another_method_is_405_to_whoever_may_ask_there() {
    let (locked, [read, analyze, _]) = Locked::new();
    let reply = locked.with_key("DELETE", "/analyze", &analyze);
    assert_eq!((code(&reply), reply.header("allow")), ((405, "method_not_allowed"), "POST"));
    assert_eq!(locked.with_key("DELETE", "/analyze", &read).status, 403);
    assert_eq!(locked.ask("DELETE", "/analyze", &[]).status, 401);
    let reply = locked.ask("POST", "/health", &[]);
    assert_eq!((reply.status, reply.header("allow")), (405, "GET,HEAD"));
}

#[test]
fn keys_rotate_without_a_restart_and_a_bad_file_changes_nothing() {
    let (locked, [_, old, _]) = Locked::new();
    let status = |key: &str| locked.with_key("POST", "/analyze", key).status;
    let new = key(&locked.file, "new", Role::Analyze);
    assert_eq!((status(&old), status(&new)), (200, 401), "before it is told");
    assert!(locked.server.reload(&old));
    assert_eq!((status(&old), status(&new)), (200, 200), "both, while clients change over");
    remove_key(&locked.file, "analyze").unwrap();
    assert!(locked.server.reload(&new));
    assert_eq!((status(&old), status(&new)), (401, 200));

    let good = fs::read_to_string(&locked.file).unwrap();
    fs::write(&locked.file, good.replace("role = \"analyze\"", "role = \"anlyze\"")).unwrap();
    assert!(!locked.server.reload(&new));
    fs::remove_file(&locked.file).unwrap();
    assert!(!locked.server.reload(&new));
    assert_eq!((status(&old), status(&new)), (401, 200), "as before");
}

#[test]
fn critical_is_called_high_for_the_keys_that_ask_for_it() {
    let (locked, [_, plain, _]) = Locked::new();
    let bot = NewEntry { critical_as_high: true, ..entry("old-bot", Role::Analyze) };
    let bot = add_key(&locked.file, &bot).unwrap();
    assert!(locked.server.reload(&plain));
    for (key, level) in [(plain.as_str(), "critical"), (bot.expose(), "high")] {
        let json = locked.with_key("POST", "/analyze", key).json;
        assert_eq!([&json["crisis_level"], &json["level"]], [&json!(level), &json!("critical")]);
    }
}

#[test]
fn without_keys_everybody_on_this_machine_may_ask_and_a_key_does_no_harm() {
    let server = Running::new();
    let ask = |headers: &[(&str, &str)]| server.send("POST", "/analyze", headers, r#"{"message":"hi"}"#);
    assert_eq!(ask(&[]).status, 200);
    assert_eq!(ask(&[("x-ash-internal-key", "whatever")]).status, 200);
    assert_eq!(ask(&[("origin", "https://evil.example")]).status, 200, "judging changes nothing");
}

#[test]
fn other_machines_are_not_let_in_without_keys_unless_told() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let bind = |overrides: Overrides| {
        let mut settings = settings(overrides);
        settings.server.bind = "0.0.0.0:0".parse().unwrap();
        runtime.block_on(Server::bind(&settings)).map(drop)
    };
    let error = bind(Overrides::default()).unwrap_err();
    assert!(matches!(error, ServeError::Door(_)), "{error}");
    for remedy in ["keys add", "auth.keys_file", "127.0.0.1", "--allow-anonymous"] {
        assert!(error.to_string().contains(remedy), "{error}");
    }
    bind(Overrides::default().set("auth.allow_anonymous", true)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.toml");
    let with_keys = || bind(Overrides::default().set("auth.keys_file", &file));
    let error = with_keys().unwrap_err().to_string();
    assert!(error.contains("keys.toml") && error.contains("keys add"), "{error}");
    key(&file, "bot", Role::Analyze);
    with_keys().unwrap();
}

#[test]
fn whom_nobody_knows_may_judge_but_not_administer() {
    let mut open = settings(Overrides::default().set("auth.allow_anonymous", true));
    open.server.bind = "0.0.0.0:0".parse().unwrap();
    let mut server = Running::serving(open);
    server.address.set_ip([127, 0, 0, 1].into());
    server.wait_until_ready();
    assert_eq!(server.analyze("high").status, 200);
    assert_eq!(server.get("/status").status, 200);
}
