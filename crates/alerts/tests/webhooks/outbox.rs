//! An outbox in trouble keeps no alert from being told, and nobody waiting.

use ash_alerts::{Event, Lost, OutboxState};
use ash_analysis::Level;
use rusqlite::Connection;

use crate::harness::{Receiver, alert, close, nobody, open, settings, until, webhook};

#[test]
fn an_outbox_that_another_process_holds_keeps_no_alert_from_being_told() {
    let receiver = Receiver::new();
    let (settings, folder) = settings([("team", webhook(receiver.url()))]);
    let (alerts, _) = open(&settings);
    let other = Connection::open(folder.outbox()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    alerts.raise(alert("req_1", Level::High));
    assert_eq!(receiver.next().id(), "req_1");
    until(&alerts, |status| status.outbox == OutboxState::Locked && status.waiting == 0);

    other.execute_batch("ROLLBACK").unwrap();
    until(&alerts, |status| status.outbox == OutboxState::Ok);
    close(&alerts);
    assert!(receiver.is_quiet(), "told once");
}

#[test]
fn what_is_raised_faster_than_the_disk_takes_it_is_counted_and_nobody_waits() {
    let (settings, folder) = settings([("team", webhook(format!("http://{}/x", nobody())))]);
    let (alerts, seen) = open(&settings);
    let other = Connection::open(folder.outbox()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    for n in 0..5_000 {
        alerts.raise(alert(&format!("req_{n}"), Level::High));
    }
    other.execute_batch("ROLLBACK").unwrap();
    close(&alerts);
    let accepted = seen.count(|event| matches!(event, Event::Accepted { .. } | Event::Folded { .. }));
    let swamped = seen.count(|event| matches!(event, Event::Dropped { why: Lost::Swamped, .. }));
    assert_eq!(accepted + swamped, 5_000, "{accepted} accepted");
    assert!(accepted >= 1_000, "those that found room");
    assert_eq!(alerts.status().dropped, swamped as u64);
}

#[test]
fn what_only_memory_had_goes_to_the_disk_as_soon_as_it_can() {
    let (settings, folder) = settings([("team", webhook(format!("http://{}/x", nobody())))]);
    let (alerts, _) = open(&settings);
    let other = Connection::open(folder.outbox()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    alerts.raise(alert("req_1", Level::High));
    let status = until(&alerts, |status| status.waiting_in_memory == 1);
    assert_eq!(status.outbox, OutboxState::Locked);
    other.execute_batch("ROLLBACK").unwrap();
    until(&alerts, |status| status.waiting == 1 && status.waiting_in_memory == 0);
    let on_disk: i64 = other.query_row("SELECT COUNT(*) FROM waiting", [], |row| row.get(0)).unwrap();
    assert_eq!(on_disk, 1);
    close(&alerts);
}

#[test]
fn a_full_outbox_drops_the_oldest_of_the_least_urgent() {
    let (mut settings, folder) = settings([("team", webhook(format!("http://{}/x", nobody())))]);
    settings.max_waiting = 3;
    let (alerts, seen) = open(&settings);
    for (id, level) in [
        ("high_1", Level::High),
        ("critical_1", Level::Critical),
        ("high_2", Level::High),
        ("critical_2", Level::Critical),
        ("high_3", Level::High),
    ] {
        alerts.raise(alert(id, level));
    }
    until(&alerts, |status| status.webhooks["team"].dropped == 2 && status.waiting == 3);
    assert_eq!(seen.count(|event| matches!(event, Event::Dropped { why: Lost::OutboxFull, .. })), 2);
    close(&alerts);
    let outbox = Connection::open(folder.outbox()).unwrap();
    let mut left = outbox.prepare("SELECT json_extract(notice, '$.id') FROM waiting ORDER BY row").unwrap();
    let left: Vec<String> = left.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert_eq!(left, ["critical_1", "critical_2", "high_3"]);
}

#[test]
fn what_is_raised_after_the_end_is_counted_as_dropped() {
    let receiver = Receiver::new();
    let (settings, _folder) = settings([("team", webhook(receiver.url()))]);
    let (alerts, seen) = open(&settings);
    close(&alerts);
    alerts.raise(alert("req_1", Level::Critical));
    let status = alerts.status();
    assert_eq!((status.dropped, status.outbox), (1, OutboxState::Closed));
    assert_eq!(seen.count(|event| matches!(event, Event::Dropped { why: Lost::Swamped, .. })), 1);
    assert!(receiver.is_quiet());
}

#[cfg(unix)]
#[test]
fn the_outbox_can_be_read_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let (settings, folder) = settings([("team", webhook(format!("http://{}/x", nobody())))]);
    let (alerts, _) = open(&settings);
    alerts.raise(alert("req_1", Level::High));
    until(&alerts, |status| status.waiting == 1);
    let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap).collect();
    assert!(files.len() > 1, "the database and what lies beside it");
    for file in files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.file_name());
    }
}

#[test]
fn an_outbox_that_is_none_is_refused_with_its_name() {
    let (mut settings, folder) = settings([("team", webhook(format!("http://{}/x", nobody())))]);
    settings.outbox = folder.file("notes.txt", b"this is no database, but long enough to look into").clone();
    let refused = ash_alerts::Alerts::open(settings.clone(), std::sync::Arc::new(()));
    let error = refused.err().expect("refused").to_string();
    assert!(error.ends_with("notes.txt"), "{error}");
    settings.outbox = folder.path().join("absent/alerts.db");
    assert!(ash_alerts::Alerts::open(settings, std::sync::Arc::new(())).is_err());
}
