//! The outbox at times that a test chooses, and on a disk that really is full.

use std::sync::Arc;

use ash_analysis::Level;

use super::*;
use crate::notice::{Notice, Summary};

const NOW: Millis = 1_700_000_000_000;

fn outbox(folder: &tempfile::TempDir) -> Outbox {
    Outbox::open(&folder.path().join("alerts.db"), 10_000).unwrap()
}

fn test(id: &str) -> Entry {
    let notice = Notice::Test { id: id.into(), at: NOW };
    Entry::Tell { webhook: "team".into(), notice: Box::new(notice) }
}

fn id(row: Option<Row>) -> Option<String> {
    row.map(|row| match row.notice {
        Notice::Test { id, .. } => id,
        Notice::Alert(told) => told.id,
        Notice::Summary(summary) => summary.id,
    })
}

fn fold(level: Level, at: Millis, due: Millis) -> Entry {
    Entry::Fold { webhook: "team".into(), level, at, due }
}

#[test]
fn a_disk_that_is_full_keeps_no_alert_from_being_told_and_takes_what_waits_when_it_can() {
    let folder = tempfile::tempdir().unwrap();
    let mut outbox = outbox(&folder);
    outbox.add(&[test("first")], NOW).unwrap();
    outbox.disk.fill_after(0);
    let large = "large".repeat(10_000);
    outbox.add(&[test(&large)], NOW + 1).unwrap();
    assert_eq!(outbox.state(), OutboxState::Full);
    assert_eq!(outbox.waiting().unwrap().in_memory, 1);

    assert_eq!(id(outbox.next("team", NOW + 1)).as_deref(), Some("first"));
    let first = outbox.next("team", NOW + 1).unwrap().id;
    outbox.remove(first, NOW + 1);
    assert_eq!(id(outbox.next("team", NOW + 1)), Some(large.clone()), "told from memory");

    outbox.mend(&[], NOW + 2);
    assert_eq!(outbox.state(), OutboxState::Full, "not asked again so soon");
    outbox.mend(&[], NOW + 1 + MEND_AFTER);
    assert_eq!(outbox.state(), OutboxState::Full, "asked, and still full");
    outbox.disk.fill_after(1_000);
    outbox.mend(&[], NOW + 2 + 2 * MEND_AFTER);
    assert_eq!((outbox.state(), outbox.waiting().unwrap().in_memory), (OutboxState::Ok, 0));
    assert_eq!(outbox.mend_at(), None);
    assert_eq!(id(outbox.next("team", NOW + 2)), Some(large));
}

#[test]
fn what_is_under_way_is_not_moved_under_the_receivers_feet() {
    let folder = tempfile::tempdir().unwrap();
    let mut outbox = outbox(&folder);
    outbox.memory.add(&[test("under way"), test("waits")], NOW, 10).unwrap();
    outbox.mend_at = Some(NOW);
    let row = outbox.next("team", NOW).unwrap();
    outbox.mend(&[row.id], NOW);
    assert_eq!(outbox.waiting().unwrap().in_memory, 1);
    outbox.remove(row.id, NOW);
    assert_eq!(id(outbox.next("team", NOW)).as_deref(), Some("waits"));
    assert_eq!(outbox.waiting().unwrap().in_memory, 0);
}

#[test]
fn what_was_told_and_cannot_be_deleted_is_not_told_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut outbox = outbox(&folder);
    outbox.add(&[test("told")], NOW).unwrap();
    let other = rusqlite::Connection::open(folder.path().join("alerts.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let row = outbox.next("team", NOW).unwrap();
    outbox.remove(row.id, NOW);
    assert_eq!(outbox.state(), OutboxState::Locked);
    assert_eq!((id(outbox.next("team", NOW)), outbox.soonest("team")), (None, None));
    assert_eq!(outbox.waiting().unwrap(), Waiting::default());

    other.execute_batch("ROLLBACK").unwrap();
    outbox.mend(&[], NOW + MEND_AFTER);
    assert_eq!(outbox.disk.count().unwrap(), 0);
}

#[test]
fn what_is_folded_is_one_summary_until_it_is_due() {
    let folder = tempfile::tempdir().unwrap();
    let mut outbox = outbox(&folder);
    let due = NOW + 60_000;
    outbox.add(&[fold(Level::High, NOW + 5, due), fold(Level::High, NOW + 7, due)], NOW).unwrap();
    outbox.add(&[fold(Level::Critical, NOW + 3, due)], NOW + 10).unwrap();
    assert_eq!(id(outbox.next("team", due - 1)), None);
    assert_eq!(outbox.soonest("team"), Some(due));
    let row = outbox.next("team", due).unwrap();
    assert_eq!(row.level, Level::Critical);
    let Notice::Summary(Summary { since, until, messages, .. }) = row.notice else { panic!("no summary") };
    assert_eq!((since, until, messages), (NOW + 3, NOW + 7, [0, 0, 0, 2, 1]));
    // What comes when it is due, and perhaps under way, begins the next one.
    outbox.add(&[fold(Level::High, due, due + 60_000)], due).unwrap();
    assert_eq!(outbox.disk.count().unwrap(), 2);
}

#[test]
fn the_most_urgent_goes_first_and_what_was_tried_waits_for_its_time() {
    let folder = tempfile::tempdir().unwrap();
    let mut outbox = outbox(&folder);
    outbox.add(&[test("older"), test("newer"), fold(Level::High, NOW, NOW)], NOW).unwrap();
    let urgent = outbox.next("team", NOW).unwrap();
    assert_eq!(urgent.level, Level::High);
    outbox.postpone(&Row { tries: 1, ..urgent }, NOW + 1_000, NOW);
    assert_eq!(id(outbox.next("team", NOW)).as_deref(), Some("older"));
    let older = outbox.next("team", NOW).unwrap();
    outbox.postpone(&Row { tries: 1, ..older }, NOW, NOW);
    assert_eq!(id(outbox.next("team", NOW)).as_deref(), Some("newer"), "tried less");
    outbox.hurry("team", NOW + 1);
    assert_eq!(outbox.next("team", NOW + 1).unwrap().level, Level::High, "the receiver is back");
}

#[test]
fn a_clock_that_was_wrong_delays_nothing_for_long() {
    let folder = tempfile::tempdir().unwrap();
    let mut outbox = outbox(&folder);
    let years = 1_000 * 60 * 60 * 24 * 365 * 5;
    outbox.add(&[test("of the future")], NOW + years).unwrap();
    assert_eq!(id(outbox.next("team", NOW)).as_deref(), Some("of the future"));
}

#[test]
fn what_is_too_old_or_cannot_be_read_goes() {
    let folder = tempfile::tempdir().unwrap();
    let mut outbox = outbox(&folder);
    outbox.add(&[test("old")], NOW).unwrap();
    outbox.add(&[test("spoilt"), test("good")], NOW + 10).unwrap();
    assert_eq!(outbox.expire(NOW + 1, NOW + 11), ["team"]);
    let other = rusqlite::Connection::open(folder.path().join("alerts.db")).unwrap();
    other.execute("UPDATE waiting SET notice = '{' WHERE notice LIKE '%spoilt%'", []).unwrap();
    assert_eq!(id(outbox.next("team", NOW + 11)).as_deref(), Some("good"));
    assert_eq!(outbox.disk.count().unwrap(), 1);
}

#[test]
fn an_outbox_of_a_newer_version_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    drop(outbox(&folder));
    let path = folder.path().join("alerts.db");
    rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", 2).unwrap();
    let error = Outbox::open(&path, 10).err().expect("refused");
    assert!(matches!(error, OutboxError::Newer(2)), "{error}");
}

#[test]
fn many_webhooks_do_not_mix() {
    let folder = tempfile::tempdir().unwrap();
    let mut outbox = outbox(&folder);
    let to = |webhook: &str, id: &str| Entry::Tell {
        webhook: Arc::from(webhook),
        notice: Box::new(Notice::Test { id: id.into(), at: NOW }),
    };
    outbox.add(&[to("a", "for a"), to("b", "for b"), to("it's", "for c")], NOW).unwrap();
    for (webhook, wanted) in [("a", "for a"), ("b", "for b"), ("it's", "for c")] {
        assert_eq!(id(outbox.next(webhook, NOW)).as_deref(), Some(wanted));
    }
    let mut gone = outbox.keep_only(&["it's"]).unwrap();
    gone.sort();
    assert_eq!(gone, ["a", "b"]);
    assert_eq!(outbox.waiting().unwrap().by_webhook, [("it's".to_owned(), 1)]);
}
