//! What the clients make of verdicts, refusals, feedback and statistics.

use serde_json::{Value, json};

use super::running::{all, installed, run};
use crate::harness;
use crate::served::{Served, serving};

const CALM: &str = "see you at the game tonight";
const URGENT: &str = "i am going to kill myself tonight, the pills are in my hand";
const MESSAGES: [&str; 6] = ["--message", CALM, "--message", URGENT, "--message", ""];

/// The service, ready, with these settings; and its address.
fn ready(settings: &[(&str, &str)]) -> (Served, String) {
    let mut service = serving(&[]);
    let served = Served::ready(service.env("ASH_LEARNING__PATH", ":memory:").envs(settings.iter().copied()));
    let url = format!("http://{}", served.address);
    (served, url)
}

/// For bots that fail on "critical".
const AS_HIGH: &[(&str, &str)] = &[("ASH_COMPAT__CRITICAL_AS_HIGH", "true")];

fn with<'a>(url: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&[url], &MESSAGES[..], more].concat()
}

/// Its verdicts, by one of the fields that it keeps.
fn verdicts(seen: &[Value], field: &str) -> Vec<Value> {
    all(seen, "verdict").iter().map(|verdict| verdict["read"][field].clone()).collect()
}

#[test]
fn bot_3_0_counts_every_level_and_its_reports_are_taken() {
    if !installed() {
        return;
    }
    let (_served, url) = ready(AS_HIGH);
    let seen = run("bot_3_0.py", &with(&url, &["--feedback"]));
    assert_eq!(verdicts(&seen, "crisis_level"), ["none", "high"], "{seen:#?}");
    assert_eq!(verdicts(&seen, "requires_staff_review"), [false, true]);
    assert_eq!(all(&seen, "refusal")[0]["status"], 422, "no text");
    let feedback = all(&seen, "feedback");
    assert_eq!(feedback.len(), 4);
    assert!(feedback.iter().all(|each| each["success"] == true), "{feedback:#?}");
    // Two requests about each of two reports.
    let id = |i: usize| &feedback[i]["record_id"];
    assert_eq!((id(0), id(2)), (id(1), id(3)));
    assert_ne!(id(0), id(2));
    assert_eq!(all(&seen, "counted")[0]["levels"], json!({"low": 0, "medium": 0, "high": 1}));
}

#[test]
fn bot_3_1_calls_staff_and_shows_the_ensemble_as_active() {
    if !installed() {
        return;
    }
    let (_served, url) = ready(AS_HIGH);
    let seen = run("bot_3_1.py", &with(&url, &["--feedback"]));
    assert_eq!(verdicts(&seen, "crisis_level"), ["none", "high"], "{seen:#?}");
    assert_eq!(verdicts(&seen, "calls_staff"), [false, true]);
    assert!(all(&seen, "feedback").iter().all(|each| each["success"] == true), "{seen:#?}");
    let stats = all(&seen, "stats")[0];
    assert_eq!((&stats["status"], &stats["ensemble"]), (&json!(200), &json!("active")));
    assert_ne!(stats["model_version"], "unknown");
}

#[test]
fn bot_5_0_alerts_on_critical_and_shows_a_card() {
    if !installed() {
        return;
    }
    let (_served, url) = ready(AS_HIGH);
    let seen = run("bot_5_0.py", &with(&url, &["--again", "2"]));
    assert_eq!(verdicts(&seen, "severity"), ["safe", "critical", "safe", "critical"], "{seen:#?}");
    assert_eq!(verdicts(&seen, "alerts"), [false, true, false, true]);
    assert!(verdicts(&seen, "summary").iter().all(Value::is_string), "{seen:#?}");
    let refusals = all(&seen, "refusal");
    assert!(
        refusals.len() == 2 && refusals.iter().all(|each| each["attempts"] == 1),
        "never again after 4xx"
    );
    assert_eq!(all(&seen, "status")[0]["is_object"], true);
}

#[test]
fn suite_3_1_compares_labels_and_tunes_weights() {
    if !installed() {
        return;
    }
    let (_served, url) = ready(&[]);
    let seen = run("suite_3_1.py", &[&url, "--message", CALM, "--message", URGENT]);
    assert_eq!(verdicts(&seen, "crisis_level"), ["none", "critical"], "{seen:#?}");
    let switches: Vec<_> = all(&seen, "switch").iter().map(|switch| switch["status"].clone()).collect();
    assert_eq!(switches.last(), Some(&json!(400)), "there is no such set");
    assert!(
        switches.len() > 2 && switches[..switches.len() - 1].iter().all(|status| *status == 200),
        "{seen:#?}"
    );
    let modes: Vec<_> = all(&seen, "weights").iter().map(|weights| weights["mode"].clone()).collect();
    assert_eq!(modes, ["consensus", "majority", "weighted"]);
    assert_eq!(all(&seen, "refresh")[0]["status"], 200);
}

#[test]
fn suite_5_0_finds_no_fault_in_any_answer() {
    if !installed() {
        return;
    }
    let (_served, url) = ready(&[]);
    let seen = run("suite_5_0.py", &[&url, "--message", CALM, "--message", URGENT]);
    let severities: Vec<_> =
        all(&seen, "verdict").iter().map(|verdict| verdict["severity"].clone()).collect();
    assert_eq!(severities, ["safe", "critical"], "{seen:#?}");
    assert!(all(&seen, "verdict").iter().all(|verdict| verdict["faults"] == json!([])), "{seen:#?}");
    let batch = all(&seen, "batch")[0];
    assert_eq!((&batch["total"], &batch["failed"]), (&json!(3), &json!(1)));
    assert_eq!(batch["faults"], json!([[], []]));
}

#[test]
fn the_dashboard_shows_everything_as_online() {
    if !installed() {
        return;
    }
    let (_served, url) = ready(&[]);
    let seen = run("dashboard.mjs", &[&url]);
    assert_eq!(seen.len(), 5);
    assert!(seen.iter().all(|page| page["online"] == true), "{seen:#?}");
}

/// Once there are keys, each of them is let in with one of the role that it needs, and a bot without is told 401.
#[test]
fn with_keys_each_client_is_known_by_its_own() {
    if !installed() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("keys.toml");
    let file = file.to_str().expect("UTF-8");
    let key = |role: &str| {
        let added = harness::run(&["keys", "add", role, "--role", role, "--file", file]);
        harness::out(&added).trim().to_owned()
    };
    let (bot, admin) = (key("analyze"), key("admin"));
    let (_served, url) = ready(&[("ASH_AUTH__KEYS_FILE", file)]);
    for name in ["bot_3_0.py", "bot_3_1.py", "bot_5_0.py", "suite_5_0.py"] {
        let seen = run(name, &[&url, "--message", CALM, "--key", &bot]);
        assert_eq!(all(&seen, "verdict").len(), 1, "{name}: {seen:#?}");
        let seen = run(name, &[&url, "--message", CALM]);
        assert_eq!(all(&seen, "refusal")[0]["status"], 401, "{name}: {seen:#?}");
    }
    let seen = run("suite_3_1.py", &[&url, "--message", CALM, "--key", &admin]);
    assert!(all(&seen, "weights").iter().all(|weights| weights["status"] == 200), "{seen:#?}");
    let offline: Vec<_> = run("dashboard.mjs", &[&url])
        .into_iter()
        .filter(|page| page["online"] != true)
        .map(|p| p["saw"].clone())
        .collect();
    assert_eq!(offline, ["/metrics", "/learning_statistics", "/stats", "/status"]);
}
