//! What a service sees when staff give it feedback.

use std::fs;

use ash_analysis::{Level, Offsets};
use ash_learning::{
    Feedback, LearnError, Learning, LearningSettings, Learnt, Moment, Secret, SqliteStore, Store, StoreError,
    export_line,
};
use proptest::prelude::*;
use rusqlite::Connection;
use serde_json::json;

use crate::make::{NOON, at, in_memory, settings, too_high, too_low};
use crate::memory::MemoryStore;
use crate::promises::all;

fn why(learning: &mut Learning, feedback: &Feedback, now: Moment) -> String {
    let learnt = learning.learn(feedback, now).expect("learnt");
    assert_eq!(learnt.adjustment, 0.0);
    learnt.why_not.expect("a reason")
}

/// How far it moved its cut, in ten-thousandths.
fn moved(learnt: &Learnt) -> f64 {
    assert_eq!(learnt.why_not, None);
    (learnt.adjustment * 1e4).round()
}

#[test]
fn the_fifth_record_brings_the_first_four_to_bear() {
    let mut learning = Learning::open(in_memory()).expect("a service");
    for n in 1..5 {
        let why = why(&mut learning, &too_high(Level::Medium, &format!("text {n}")), NOON);
        assert_eq!(why, format!("{n} of 5 records: before there are so many nothing is shifted"));
        assert_eq!(learning.offsets(NOON), Offsets::NONE);
    }
    let fifth = learning.learn(&too_high(Level::Medium, "text 5"), NOON).expect("learnt");
    assert!(fifth.is_new);
    assert_eq!((moved(&fifth), fifth.offsets.get()), (500.0, [0.0, 0.05, 0.0, 0.0]));
    let sixth = learning.learn(&too_low(Level::High, "text 6"), NOON).expect("learnt");
    assert_eq!((moved(&sixth), sixth.offsets.get()), (-100.0, [0.0, 0.05, -0.01, 0.0]));
    assert_eq!(learning.offsets(NOON), sixth.offsets);
}

#[test]
fn feedback_that_moves_nothing_says_why() {
    let settings = LearningSettings { max_per_day: 22, ..in_memory() };
    let mut learning = Learning::open(settings.clone()).expect("a service");
    for n in 0..10 {
        learning.learn(&too_high(Level::Low, &format!("text {n}")), NOON).expect("learnt");
    }
    let urgent = why(&mut learning, &too_high(Level::High, "urgent"), NOON);
    assert_eq!(urgent, "the cuts of high and critical are never raised by feedback");
    let again = why(&mut learning, &too_high(Level::Low, "text 3"), NOON);
    assert_eq!(again, "this report was stored before");
    let far = why(&mut learning, &too_high(Level::Low, "text 10"), NOON);
    assert_eq!(far, "the cut is shifted as far as it may be (0.1)");
    assert_eq!(moved(&learning.learn(&too_low(Level::Critical, "text 11"), NOON).expect("learnt")), -100.0);
    let used_up = why(&mut learning, &too_high(Level::Medium, "text 12"), NOON);
    assert_eq!(used_up, "the 11 reports of today that may shift anything are used up");
    assert_eq!(moved(&learning.learn(&too_low(Level::High, "text 13"), NOON).expect("learnt")), -100.0);
    let tomorrow = learning.learn(&too_high(Level::Medium, "text 14"), at(20_001, 0)).expect("learnt");
    assert_eq!(moved(&tomorrow), 100.0);
}

#[test]
fn figures_are_told_as_clients_read_them() {
    let mut learning = Learning::open(in_memory()).expect("a service");
    let empty = serde_json::to_value(learning.statistics(NOON).expect("figures")).expect("JSON");
    assert_eq!((&empty["total"], &empty["last"]), (&json!(0), &json!(null)));
    for n in 0..4 {
        learning.learn(&too_high(Level::Low, &format!("text {n}")), at(19_970, 43_200)).expect("learnt");
    }
    learning.learn(&too_low(Level::High, "missed"), NOON).expect("learnt");
    let told = serde_json::to_value(learning.statistics(NOON).expect("figures")).expect("JSON");
    let expected = json!({
        "total": 5, "false_positives": 4, "false_negatives": 1, "last": "2024-10-04T12:00:00Z", "today": 1,
        "offsets": {"low": 0.02, "medium": 0.0, "high": -0.01, "critical": 0.0},
    });
    assert_eq!(told, expected);
}

#[test]
fn what_was_learnt_outlives_the_service() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = settings(&folder.path().join("learning.db"));
    let mut learning = Learning::open(settings.clone()).expect("a service");
    for n in 0..7 {
        learning.learn(&too_low(Level::High, &format!("text {n}")), NOON).expect("learnt");
    }
    let before = learning.offsets(NOON);
    drop(learning);
    let mut again = Learning::open(settings.clone()).expect("a service");
    assert_eq!(again.offsets(NOON), before);
    assert!(!again.learn(&too_low(Level::High, "text 3"), at(20_003, 0)).expect("learnt").is_new, "ids stay");
}

#[test]
fn a_reset_by_the_command_line_is_noticed_by_the_service() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("learning.db");
    let mut learning = Learning::open(settings(&path)).expect("a service");
    for n in 0..7 {
        learning.learn(&too_low(Level::High, &format!("text {n}")), NOON).expect("learnt");
    }
    assert_ne!(learning.offsets(NOON), Offsets::NONE);
    let removed = SqliteStore::open_existing(&path).and_then(|mut store| store.reset());
    assert_eq!(removed.expect("reset"), 7);
    learning.refresh().expect("read again");
    assert_eq!(learning.offsets(NOON), Offsets::NONE);
    let next = learning.learn(&too_low(Level::High, "text 1"), NOON).expect("learnt");
    assert!(next.is_new, "it begins anew");
    assert_eq!(learning.statistics(NOON).expect("figures").tally.total, 1);
}

#[test]
fn a_locked_database_changes_no_cut_and_the_retry_is_counted_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("learning.db");
    let mut learning = Learning::open(settings(&path)).expect("a service");
    for n in 0..7 {
        learning.learn(&too_low(Level::High, &format!("text {n}")), NOON).expect("learnt");
    }
    let before = learning.offsets(NOON);
    let other = Connection::open(&path).expect("a connection");
    other.execute_batch("BEGIN IMMEDIATE").expect("locked");
    let feedback = too_low(Level::High, "while locked");
    let error = learning.learn(&feedback, NOON).expect_err("it is locked");
    assert!(matches!(error, LearnError::Store(StoreError::Busy)), "{error}");
    assert_eq!(learning.offsets(NOON), before);
    other.execute_batch("ROLLBACK").expect("free");
    assert!(learning.learn(&feedback, NOON).expect("learnt").is_new);
    assert!(!learning.learn(&feedback, NOON).expect("learnt").is_new);
    assert_eq!(all(learning.store()).len(), 8);
}

#[test]
fn text_and_names_are_in_no_file_unless_the_operator_keeps_text() {
    for keep_text in [false, true] {
        let folder = tempfile::tempdir().expect("a folder");
        let settings = LearningSettings { keep_text, ..settings(&folder.path().join("learning.db")) };
        let mut learning = Learning::open(settings.clone()).expect("a service");
        let context = json!({
            "user_id": "Kim.Lee", "channel": "quiet-corner", "note": "they wrote it twice", "source": "button",
        });
        let feedback = too_low(Level::High, "quite unmistakable")
            .with_context(context.as_object().expect("one").clone());
        learning.learn(&feedback, NOON).expect("learnt");
        let files = fs::read_dir(folder.path()).expect("a folder");
        let bytes: Vec<u8> =
            files.flat_map(|entry| fs::read(entry.expect("an entry").path()).expect("a file")).collect();
        let found = |what: &str| bytes.windows(what.len()).any(|window| window == what.as_bytes());
        assert_eq!(found("unmistakable"), keep_text);
        assert!(found("button"), "the test looks at the right files");
        for never in ["Kim", "quiet", "twice"] {
            assert!(!found(never), "{never}");
        }
    }
}

#[test]
fn a_copied_database_does_not_tell_which_text_it_speaks_of() {
    let folder = tempfile::tempdir().expect("a folder");
    let hash = |name: &str| {
        let mut learning = Learning::open(settings(&folder.path().join(name))).expect("a service");
        learning.learn(&too_low(Level::High, "the same text"), NOON).expect("learnt");
        all(learning.store())[0].text_hash.clone()
    };
    assert_ne!(hash("one.db"), hash("two.db"));
}

#[test]
fn a_record_is_exported_as_a_line_and_with_its_text_as_a_labelled_message() {
    let kept = LearningSettings { keep_text: true, ..in_memory() };
    let mut learning = Learning::open(kept).expect("a service");
    let feedback = too_low(Level::High, "a text").with_id("bot-1".parse().expect("an id"));
    learning.learn(&feedback, NOON).expect("learnt");
    let record = all(learning.store()).remove(0);
    let told = |with_text| {
        serde_json::from_str::<serde_json::Value>(&export_line(&record, with_text)).expect("JSON")
    };
    let mut expected = json!({
        "id": record.id.as_str(), "kind": "false_negative", "given": "none", "correct": "high",
        "score": null, "text_hash": record.text_hash, "context": {}, "at": "2024-10-04T12:00:00Z",
    });
    assert_eq!(told(false), expected);
    for (key, value) in [("text", "a text"), ("level", "high"), ("category", "false_negative")] {
        expected[key] = value.into();
    }
    assert_eq!(told(true), expected);
}

#[test]
fn other_settings_count_for_old_records() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = settings(&folder.path().join("learning.db"));
    let mut learning = Learning::open(settings.clone()).expect("a service");
    for n in 0..8 {
        learning.learn(&too_low(Level::High, &format!("text {n}")), NOON).expect("learnt");
    }
    let high = |settings| Learning::open(settings).expect("a service").offsets(NOON).of(Level::High);
    assert_eq!(high(LearningSettings { max_adjustment: 0.03, ..settings.clone() }), -0.03);
    assert_eq!(high(LearningSettings { min_records: 9, ..settings }), 0.0);
}

#[test]
fn false_positives_of_urgent_levels_do_not_use_up_the_day() {
    let mut learning = Learning::open(in_memory()).expect("a service");
    for n in 0..60 {
        why(&mut learning, &too_high(Level::Critical, &format!("text {n}")), NOON);
    }
    assert_eq!(moved(&learning.learn(&too_low(Level::High, "missed"), NOON).expect("learnt")), -100.0);
}

proptest! {
    #[test]
    fn the_same_feedback_again_changes_nothing(
        texts in prop::collection::vec(0u8..12, 1..30), later in 0u32..5,
    ) {
        let secret = Secret::random().expect("a secret");
        let mut learning = Learning::over(in_memory(), secret, Box::new(MemoryStore::default())).expect("it opens");
        let feedback = |n: u8| match n % 3 {
            0 => too_low(Level::High, &format!("text {n}")),
            1 => too_high(Level::Medium, &format!("text {n}")),
            _ => too_high(Level::Critical, &format!("text {n}")),
        };
        for n in &texts {
            learning.learn(&feedback(*n), NOON).expect("learnt");
        }
        let (now, records) = (at(20_000 + later, 50_000), all(learning.store()));
        let before = learning.offsets(now);
        for n in &texts {
            let again = learning.learn(&feedback(*n), now).expect("learnt");
            prop_assert!(!again.is_new && again.adjustment == 0.0);
            prop_assert_eq!(again.offsets, before);
        }
        prop_assert!(all(learning.store()) == records);
    }

    #[test]
    fn what_is_in_memory_amounts_to_what_is_stored(levels in prop::collection::vec(1usize..5, 0..80)) {
        let mut learning = Learning::open(in_memory()).expect("a service");
        for (n, level) in (0u32..).zip(levels) {
            let feedback = if n % 2 == 0 { too_low } else { too_high };
            let feedback = feedback(Level::ALL[level], &format!("text {n}"));
            learning.learn(&feedback, at(20_000 + n / 30, n)).expect("learnt");
        }
        let now = at(20_004, 0);
        let reports = all(learning.store()).into_iter().map(|record| record.report());
        let afresh = ash_learning::offsets(reports, now, &in_memory());
        prop_assert_eq!(learning.offsets(now), afresh);
    }
}
