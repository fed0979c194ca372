//! The database as a file: whose it is, what else it may be, who else may have it open.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use ash_learning::{Added, SqliteStore, Store, StoreError};
use rusqlite::Connection;

use crate::make::{NOON, at, record};
use crate::promises::{add, all, assert_holds};

fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(path).expect("a store")
}

/// Why it cannot be opened.
fn refused(path: &Path) -> StoreError {
    SqliteStore::open(path).err().expect("it is refused")
}

#[test]
fn records_outlive_the_store() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("learning.db");
    let records = [record("a", NOON), record("b", at(1, 2))];
    for record in &records {
        add(&mut open(&path), record);
    }
    assert_holds(&open(&path), &records);
}

#[cfg(unix)]
#[test]
fn the_database_and_its_log_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().expect("a folder");
    let mut store = open(&folder.path().join("learning.db"));
    add(&mut store, &record("a", NOON));
    let files: Vec<_> =
        fs::read_dir(folder.path()).expect("a folder").map(|entry| entry.expect("an entry")).collect();
    assert_eq!(files.len(), 3, "database, log and its index");
    for file in files {
        let mode = file.metadata().expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.path().display());
    }
}

#[test]
fn what_is_not_ours_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let (letter, other) = (folder.path().join("letter.txt"), folder.path().join("other.db"));
    fs::write(&letter, "Dear all,\n".repeat(100)).expect("a file");
    Connection::open(&other)
        .and_then(|other| {
            other.execute_batch("CREATE TABLE record (id TEXT); INSERT INTO record VALUES ('x');")
        })
        .expect("a database");
    for path in [letter, other] {
        let before = fs::read(&path).expect("the file");
        let error = refused(&path);
        assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
        assert!(error.to_string().contains("is no learning database"), "{error}");
        assert!(fs::read(&path).expect("the file") == before, "{} was changed", path.display());
    }
}

#[test]
fn a_database_of_a_newer_program_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("learning.db");
    drop(open(&path));
    Connection::open(&path).and_then(|c| c.execute_batch("PRAGMA user_version = 99")).expect("changed");
    let error = refused(&path);
    assert!(matches!(error, StoreError::TooNew { found: 99, known: 1, .. }), "{error}");
    assert!(error.to_string().contains("use that version"), "{error}");
}

#[test]
fn a_damaged_database_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("learning.db");
    let mut store = open(&path);
    for id in 0..100 {
        add(&mut store, &record(&format!("r{id}"), NOON));
    }
    drop(store);
    let mut bytes = fs::read(&path).expect("the file");
    bytes[4096..].fill(0xA5);
    fs::write(&path, bytes).expect("written");
    let read = SqliteStore::open(&path).and_then(|store| store.for_each(&mut |_| ControlFlow::Continue(())));
    let error = read.expect_err("it is damaged");
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
    assert!(error.to_string().contains("backup"), "{error}");
}

#[test]
fn values_that_this_program_never_wrote_are_damage() {
    let folder = tempfile::tempdir().expect("a folder");
    let changes = ["given = 'grave'", "context = 'a secret, no JSON'", "id = 'a b'"];
    for (n, change) in changes.into_iter().enumerate() {
        let path = folder.path().join(format!("{n}.db"));
        let mut store = open(&path);
        add(&mut store, &record("a", NOON));
        let done =
            Connection::open(&path).and_then(|c| c.execute(&format!("UPDATE record SET {change}"), []));
        assert_eq!(done, Ok(1));
        let error = store.for_each(&mut |_| ControlFlow::Continue(())).expect_err(change);
        assert!(matches!(error, StoreError::Corrupt { .. }), "{change}: {error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

#[test]
fn a_locked_database_is_told_and_works_again_afterwards() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("learning.db");
    let mut store = open(&path);
    let (first, second) = (record("a", NOON), record("b", NOON));
    add(&mut store, &first);
    let other = Connection::open(&path).expect("a connection");
    other.execute_batch("BEGIN IMMEDIATE").expect("locked");
    let error = store.add(&second).err().expect("it is locked");
    assert!(matches!(error, StoreError::Busy) && error.is_passing(), "{error}");
    assert!(error.to_string().contains("locked by another program; try again"), "{error}");
    assert_holds(&store, std::slice::from_ref(&first));
    assert_holds(&open(&path), std::slice::from_ref(&first));
    other.execute_batch("ROLLBACK").expect("free");
    add(&mut store, &second);
    assert_holds(&store, &[first, second]);
}

#[test]
fn what_another_process_changes_is_another_version() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("learning.db");
    let (mut one, mut two) = (open(&path), open(&path));
    let first = record("a", NOON);
    add(&mut one, &first);
    let before = one.version().expect("a version");
    assert!(two.add(&record("a", at(5, 5))).expect("known") == Added::Known(first));
    assert_eq!(one.version().expect("a version"), before, "to look changes nothing");
    assert_eq!(two.reset().expect("reset"), 1);
    assert_ne!(one.version().expect("a version"), before);
    assert_holds(&one, &[]);
}

#[test]
fn a_reset_leaves_no_trace_of_the_text() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("learning.db");
    let mut store = open(&path);
    for id in 0..20 {
        add(&mut store, &record(&format!("r{id}"), NOON));
    }
    let found = |what: &str| {
        let files = fs::read_dir(folder.path()).expect("a folder");
        let mut bytes = files.map(|entry| fs::read(entry.expect("an entry").path()).expect("a file"));
        bytes.any(|bytes| bytes.windows(what.len()).any(|window| window == what.as_bytes()))
    };
    assert!(found("ünïcode"), "the text was kept");
    assert_eq!(store.reset().expect("reset"), 20);
    assert!(!found("ünïcode"));
}

#[test]
fn to_look_makes_no_database() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("learning.db");
    let error = SqliteStore::open_existing(&path).err().expect("there is none");
    assert!(matches!(error, StoreError::Open { .. }), "{error}");
    assert!(!path.exists());
    // A file that was made and not begun on: the process was killed in between.
    fs::write(&path, "").expect("a file");
    assert!(all(&SqliteStore::open_existing(&path).expect("a store")).is_empty());
}
