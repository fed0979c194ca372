//! What was accepted outlives the process, however that ends.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use ash_alerts::{Event, Lost};
use ash_analysis::Level;

use crate::harness::{Receiver, Reply, alert, close, nobody, open, settings, until, webhook};

#[test]
fn what_waited_is_told_after_a_restart() {
    let (mut settings, _folder) = settings([("team", webhook(format!("http://{}/x", nobody())))]);
    let (alerts, _) = open(&settings);
    for n in 0..5 {
        alerts.raise(alert(&format!("req_{n}"), Level::High));
    }
    close(&alerts);
    drop(alerts);

    let receiver = Receiver::new();
    settings.webhooks.insert("team".into(), webhook(receiver.url()));
    let (alerts, _) = open(&settings);
    let mut ids: Vec<String> = receiver.take(5).iter().map(crate::harness::Request::id).collect();
    ids.sort();
    assert_eq!(ids, ["req_0", "req_1", "req_2", "req_3", "req_4"]);
    until(&alerts, |status| status.waiting == 0);
}

#[test]
fn what_was_raised_before_the_end_is_in_the_outbox_after_it() {
    let receiver = Receiver::that(|_| Reply::Silence);
    let (mut settings, folder) = settings([("team", webhook(receiver.url()))]);
    settings.timeout_ms = 60_000;
    let (alerts, _) = open(&settings);
    for n in 0..300 {
        alerts.raise(alert(&format!("req_{n}"), Level::High));
    }
    receiver.next();
    // A request is under way for as long as its timeout.
    assert!(!alerts.close(Duration::ZERO));
    let outbox = rusqlite::Connection::open(folder.outbox()).unwrap();
    let count = || -> i64 { outbox.query_row("SELECT COUNT(*) FROM waiting", [], |row| row.get(0)).unwrap() };
    let status = until(&alerts, |status| status.waiting == 300);
    assert_eq!((count(), status.dropped), (300, 0));
}

#[test]
fn what_waits_for_a_webhook_that_is_gone_is_dropped() {
    let (mut settings, _folder) = settings([("old", webhook(format!("http://{}/x", nobody())))]);
    let (alerts, _) = open(&settings);
    alerts.raise(alert("req_1", Level::High));
    close(&alerts);
    drop(alerts);

    let receiver = Receiver::new();
    settings.webhooks = [("new".to_owned(), webhook(receiver.url()))].into();
    let (alerts, seen) = open(&settings);
    assert_eq!(seen.count(|event| matches!(event, Event::Dropped { why: Lost::Unconfigured, .. })), 1);
    assert_eq!(alerts.status().waiting, 0);
    close(&alerts);
    assert!(receiver.is_quiet());
}

const OUTBOX: &str = "ASH_ALERTS_TEST_OUTBOX";
const ACCEPTED: usize = 40;

#[test]
fn what_was_accepted_survives_a_process_that_is_killed() {
    let (mut settings, folder) = settings([("team", webhook("https://localhost/"))]);
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "restart::the_process_that_is_killed", "--nocapture"])
        .env(OUTBOX, folder.outbox())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.contains("all accepted")), "the process ended by itself");
    child.kill().unwrap();
    child.wait().unwrap();

    let receiver = Receiver::new();
    settings.webhooks.insert("team".into(), webhook(receiver.url()));
    let (alerts, _) = open(&settings);
    let mut ids: Vec<String> = receiver.take(ACCEPTED).iter().map(crate::harness::Request::id).collect();
    ids.sort();
    let mut wanted: Vec<String> = (0..ACCEPTED).map(|n| format!("req_{n}")).collect();
    wanted.sort();
    assert_eq!(ids, wanted);
    until(&alerts, |status| status.waiting == 0);
}

/// Not a test by itself: what the test above starts and kills.
#[test]
fn the_process_that_is_killed() {
    let Some(outbox) = std::env::var_os(OUTBOX) else { return };
    let (mut settings, _folder) = settings([("team", webhook(format!("http://{}/x", nobody())))]);
    settings.outbox = outbox.into();
    let (alerts, seen) = open(&settings);
    for n in 0..ACCEPTED {
        alerts.raise(alert(&format!("req_{n}"), Level::High));
    }
    while seen.count(|event| matches!(event, Event::Accepted { .. })) < ACCEPTED {
        std::thread::sleep(Duration::from_millis(1));
    }
    println!("all accepted");
    loop {
        std::thread::park();
    }
}
