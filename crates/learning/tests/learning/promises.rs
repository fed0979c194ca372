//! What every store promises, asked of whichever is given.

use std::ops::ControlFlow;

use ash_analysis::Level;
use ash_learning::{Added, Record, Secret, SqliteStore, Store, Tally};

use crate::make::{NOON, at, record, too_high, too_low};

/// Asks everything of stores that `make` makes, each an empty one.
pub(crate) fn store_keeps_its_promises<S: Store>(make: impl Fn() -> S) {
    what_is_added_is_found_unchanged_and_in_order_of_arrival(make());
    the_first_record_of_an_id_stays(make());
    a_reader_may_stop(make());
    records_are_counted(make());
    a_reset_leaves_an_empty_store_that_works(make());
    what_it_does_itself_is_no_other_version(make());
}

pub(crate) fn all(store: &dyn Store) -> Vec<Record> {
    let mut records = Vec::new();
    let read = store.for_each(&mut |record| {
        records.push(record);
        ControlFlow::Continue(())
    });
    read.expect("it reads");
    records
}

/// Adds a record that is not there yet.
pub(crate) fn add(store: &mut impl Store, record: &Record) {
    assert!(store.add(record).expect("added") == Added::New);
}

/// Fails without showing any of them: a record may hold a message.
pub(crate) fn assert_holds(store: &dyn Store, records: &[Record]) {
    assert!(all(store) == records, "other records than were added");
}

fn what_is_added_is_found_unchanged_and_in_order_of_arrival(mut store: impl Store) {
    let secret = Secret::random().expect("a secret");
    let bare = Record::of(&too_high(Level::Low, "no"), &secret, false, at(3, 0));
    // Ids and times run against the order of arrival.
    let records = [record("c", at(9, 0)), record("b", NOON), bare, record("a", at(3, 0))];
    for record in &records {
        add(&mut store, record);
    }
    assert_holds(&store, &records);
    assert!(records[0].text.is_some() && !records[0].context.is_empty(), "nothing is left out of the test");
    assert!(records[2].text.is_none() && records[2].score.is_none() && records[2].context.is_empty());
}

fn the_first_record_of_an_id_stays(mut store: impl Store) {
    let (first, other) = (record("same", NOON), record("same", at(1, 1)));
    assert!(first != other);
    add(&mut store, &first);
    for again in [&other, &first] {
        assert!(store.add(again).expect("known") == Added::Known(first.clone()));
    }
    assert_holds(&store, &[first]);
}

fn a_reader_may_stop(mut store: impl Store) {
    for id in ["a", "b", "c"] {
        add(&mut store, &record(id, NOON));
    }
    let mut seen = 0;
    let read = store.for_each(&mut |_| {
        seen += 1;
        if seen == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    read.expect("it reads");
    assert_eq!(seen, 2);
    add(&mut store, &record("d", NOON));
}

const EMPTY: Tally = Tally { total: 0, false_positives: 0, false_negatives: 0, last: None };

fn records_are_counted(mut store: impl Store) {
    assert_eq!(store.tally().expect("counts"), EMPTY);
    let secret = Secret::random().expect("a secret");
    let feedback =
        [too_low(Level::High, "one"), too_high(Level::Medium, "two"), too_high(Level::Low, "three")];
    for (n, feedback) in (0..).zip(&feedback) {
        add(&mut store, &Record::of(feedback, &secret, false, at(100 - n, 0)));
    }
    let expected = Tally { total: 3, false_positives: 2, false_negatives: 1, last: Some(at(100, 0)) };
    assert_eq!(store.tally().expect("counts"), expected);
}

fn a_reset_leaves_an_empty_store_that_works(mut store: impl Store) {
    for id in ["a", "b"] {
        add(&mut store, &record(id, NOON));
    }
    assert_eq!(store.reset().expect("reset"), 2);
    assert_holds(&store, &[]);
    assert_eq!(store.tally().expect("counts"), EMPTY);
    // Ids may come again.
    add(&mut store, &record("a", NOON));
    assert_eq!(store.reset().expect("reset"), 1);
    assert_eq!(store.reset().expect("reset"), 0);
}

fn what_it_does_itself_is_no_other_version(mut store: impl Store) {
    let before = store.version().expect("a version");
    add(&mut store, &record("a", NOON));
    store.reset().expect("deleted");
    assert_eq!(store.version().expect("a version"), before);
}

#[test]
fn sqlite_on_disk_keeps_what_a_store_promises() {
    let folder = tempfile::tempdir().expect("a folder");
    let made = std::cell::Cell::new(0);
    store_keeps_its_promises(|| {
        made.set(made.get() + 1);
        SqliteStore::open(&folder.path().join(format!("{}.db", made.get()))).expect("a store")
    });
}

#[test]
fn sqlite_in_memory_keeps_what_a_store_promises() {
    store_keeps_its_promises(|| SqliteStore::open(":memory:".as_ref()).expect("a store"));
}
