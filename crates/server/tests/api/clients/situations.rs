//! Every answer to a message that a client can get: each level, and each way of being judged less well.

use std::sync::LazyLock;

use ash_runtime::Overrides;
use ash_server::{NewEntry, Role, add_key};
use serde_json::{Map, Value};

use super::reads::{Read, reads, seen};
use crate::harness::{Reply, Running, impatient, redacted};

/// One server for all tests that neither change it nor trouble its models.
pub(crate) fn shared() -> &'static Running {
    static SHARED: LazyLock<Running> = LazyLock::new(Running::new);
    &SHARED
}

/// How a client sends a message.
pub(crate) type Send = fn(&Running, &str) -> Reply;

/// The verdicts that answer with 200, by name.
pub(crate) fn verdicts(overrides: &Overrides, send: Send) -> Vec<(&'static str, Value)> {
    let messages = [
        ("none", "see you at the game tonight"),
        ("low", "this is low"),
        ("medium", "this is medium"),
        ("high", "this is high"),
        ("critical", "this is critical"),
        ("a model failed", "this is high and broken"),
    ];
    let server = Running::with(overrides.clone());
    let mut answers: Vec<_> =
        messages.into_iter().map(|(name, text)| (name, judged(&send(&server, text)))).collect();
    let late = Running::with(impatient(overrides.clone()));
    answers.push(("words alone", judged(&send(&late, "stuck"))));
    answers
}

fn judged(reply: &Reply) -> Value {
    assert_eq!(reply.status, 200, "{}", reply.json);
    reply.json.clone()
}

/// Holds every verdict against what a client reads, and returns what it sees of them, for a snapshot.
pub(crate) fn read_by(client: &str, table: &[Read], overrides: &Overrides, send: Send) -> Value {
    let shown = |(case, answer): (&'static str, Value)| {
        reads(client, case, table, &answer);
        (case.to_owned(), steady(seen(table, &answer)))
    };
    Value::Object(verdicts(overrides, send).into_iter().map(shown).collect::<Map<_, _>>())
}

/// Without what differs from run to run, and without sentences, which are the analysis's own promise.
fn steady(seen: Value) -> Value {
    const VARIES: [&str; 8] = [
        "/reasoning",
        "/request_id",
        "/timestamp",
        "/processing_time_ms",
        "/explanation/summary",
        "/explanation/decision_summary",
        "/explanation/key_factors",
        "/version",
    ];
    let Value::Object(places) = redacted(seen, &VARIES) else { unreachable!("an object of places") };
    let sentence = |place: &str| place.starts_with("/explanation/key_factors/");
    Value::Object(places.into_iter().filter(|(place, _)| !sentence(place)).collect())
}

/// What clients that fail on "critical" are given.
pub(crate) fn critical_as_high() -> Overrides {
    Overrides::default().set("compat.critical_as_high", true)
}

/// A server that knows one key of each role, the keys, and one for a bot that fails on "critical".
pub(crate) struct Keyed {
    pub(crate) server: Running,
    pub(crate) read: String,
    pub(crate) analyze: String,
    pub(crate) admin: String,
    pub(crate) old_bot: String,
    _folder: tempfile::TempDir,
}

impl Keyed {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys.toml");
        let key = |name: &str, role, critical_as_high| {
            let entry = NewEntry { name: name.to_owned(), role, critical_as_high };
            add_key(&file, &entry).unwrap().expose().to_owned()
        };
        let (read, analyze) = (key("read", Role::Read, false), key("analyze", Role::Analyze, false));
        let (admin, old_bot) = (key("admin", Role::Admin, false), key("old-bot", Role::Analyze, true));
        let server = Running::with(Overrides::default().set("auth.keys_file", &file));
        Keyed { server, read, analyze, admin, old_bot, _folder: folder }
    }
}
