//! The keeper's rules at times that a test chooses; the receiver is the test.

use std::sync::Mutex;
use std::sync::mpsc::sync_channel;
use std::time::SystemTime;

use ash_analysis::{Level, Score};

use super::intake::Intake;
use super::*;
use crate::settings::{Kind, WebhookSettings};

const NOW: Millis = 1_700_000_000_000;
const SECOND: Millis = 1_000;
const MINUTE: Millis = 60_000;

struct Bench {
    keeper: Keeper,
    posted: Receiver<Notice>,
    _folder: tempfile::TempDir,
}

#[derive(Default)]
struct Seen(Mutex<Vec<Event>>);

impl Observer for Seen {
    fn on(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let webhook = WebhookSettings {
            kind: Kind::Json,
            url_file: None,
            url: None,
            from: Level::High,
            include_text: false,
            allow_http: false,
            signing_key_file: None,
        };
        let settings = AlertSettings {
            webhooks: [("team".to_owned(), webhook.clone())].into(),
            max_per_minute: 600,
            ..AlertSettings::default()
        };
        let (post, posted) = sync_channel(1);
        let keeper = Keeper {
            outbox: Outbox::open(&folder.path().join("alerts.db"), 100).unwrap(),
            desks: vec![Desk::new("team", &webhook, &settings, post)],
            board: Arc::new(Board::new(settings.webhooks.keys())),
            observer: Arc::new(Seen::default()),
            closing: Arc::default(),
            expired_at: NOW,
            settings,
        };
        Bench { keeper, posted, _folder: folder }
    }

    fn raise(&mut self, id: &str, level: Level, now: Millis) {
        let mut dedupe = [0; 16];
        dedupe[..id.len()].copy_from_slice(id.as_bytes());
        let alert = Alert {
            id: id.to_owned(),
            level,
            score: Score::ONE,
            confidence: Score::ONE,
            action: level.action(),
            reason: "Reads as a goodbye.".into(),
            categories: Vec::new(),
            is_degraded: false,
            requires_staff_review: false,
            person: None,
            channel: None,
            dedupe,
            text: None,
            at: SystemTime::UNIX_EPOCH,
        };
        self.keeper.accept(&[alert], now);
    }

    /// What is posted at `now`, if anything is.
    fn posts(&mut self, now: Millis) -> Option<String> {
        self.keeper.dispatch(now);
        self.posted.try_recv().ok().map(|notice| match notice {
            Notice::Alert(told) => told.id,
            Notice::Summary(summary) => summary.id,
            Notice::Test { id, .. } => id,
        })
    }

    fn ends(&mut self, outcome: &Outcome, now: Millis) {
        self.keeper.settle(0, outcome, Duration::from_millis(3), now);
    }

    /// The first time from `now` at which something is posted, in steps of a second.
    fn next_post(&mut self, now: Millis) -> (Millis, String) {
        (0..7_200).map(|n| now + n * SECOND).find_map(|at| Some((at, self.posts(at)?))).expect("a post")
    }
}

fn down() -> Outcome {
    Outcome::unreached("refused")
}

#[test]
fn pauses_grow_to_ten_minutes_and_end_with_the_first_success() {
    let mut bench = Bench::new();
    bench.raise("a", Level::High, NOW);
    let mut now = NOW;
    let mut pauses = Vec::new();
    for _ in 0..14 {
        let (at, id) = bench.next_post(now);
        assert_eq!(id, "a");
        pauses.push((at - now) / SECOND);
        now = at;
        bench.ends(&down(), now);
    }
    assert_eq!(pauses[0], 0);
    for (pause, least) in pauses[1..].iter().zip([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600, 600]) {
        assert!((least..=least + least / 4 + 1).contains(pause) && *pause <= 600, "{pauses:?}");
    }
    // The receiver takes the next one; what waited longest need not wait any more.
    bench.raise("b", Level::High, now + 1);
    let (at, id) = bench.next_post(now + 1);
    assert_eq!(id, "b");
    assert!(at - now <= 31 * SECOND, "a new alert does not wait for the whole pause");
    bench.ends(&Outcome::Delivered, at);
    assert_eq!(bench.posts(at).as_deref(), Some("a"));
    bench.ends(&Outcome::Delivered, at);
    assert_eq!(bench.keeper.outbox.waiting().unwrap().by_webhook, []);
}

#[test]
fn a_receiver_that_asks_for_a_pause_gets_it_whatever_comes_meanwhile() {
    let mut bench = Bench::new();
    bench.raise("a", Level::High, NOW);
    assert_eq!(bench.posts(NOW).as_deref(), Some("a"));
    bench.ends(&Outcome::Later { why: "status_429".into(), wait: Some(5 * MINUTE) }, NOW);
    bench.raise("b", Level::Critical, NOW + SECOND);
    assert_eq!(bench.posts(NOW + 5 * MINUTE - 1), None);
    assert_eq!(bench.posts(NOW + 5 * MINUTE).as_deref(), Some("b"));
    bench.ends(&Outcome::Delivered, NOW + 5 * MINUTE);
    assert_eq!(bench.posts(NOW + 5 * MINUTE).as_deref(), Some("a"));
}

#[test]
fn a_receiver_that_turns_alerts_away_is_tried_every_few_minutes_and_loses_none() {
    for status in [401, 403, 404, 410, 302] {
        let mut bench = Bench::new();
        let away = Outcome::of(status, None, b"", NOW);
        bench.raise("a", Level::Critical, NOW);
        let (mut now, mut pauses) = (NOW, Vec::new());
        for _ in 0..12 {
            let (at, id) = bench.next_post(now);
            assert_eq!(id, "a");
            pauses.push((at - now) / SECOND);
            now = at;
            bench.ends(&away, now);
        }
        assert_eq!(pauses[0], 0);
        assert!(pauses[1..].iter().all(|pause| (60..=600).contains(pause)), "{pauses:?}");
        assert!(pauses[11] >= 512, "they grow: {pauses:?}");
        let status = bench.keeper.board.read(now).webhooks["team"].clone();
        assert_eq!((status.failed, status.dropped), (12, 0));

        // A new alert does not wait for the whole pause, but for a minute all the same.
        bench.raise("b", Level::Critical, now + SECOND);
        assert_eq!(bench.posts(now + MINUTE - 1), None);
        assert_eq!(bench.posts(now + MINUTE).as_deref(), Some("b"));
        bench.ends(&Outcome::Delivered, now + MINUTE);
        assert_eq!(bench.posts(now + MINUTE).as_deref(), Some("a"), "the address was put right");
    }
}

#[test]
fn one_alert_that_nobody_can_take_does_not_stop_those_behind_it() {
    let mut bench = Bench::new();
    bench.raise("poison", Level::High, NOW);
    let mut now = NOW;
    for n in 0..20 {
        bench.raise(&format!("good_{n}"), Level::High, now);
    }
    let mut told = Vec::new();
    while told.len() < 20 {
        let (at, id) = bench.next_post(now);
        now = at;
        if id == "poison" {
            bench.ends(&Outcome::Later { why: "status_500".into(), wait: None }, now);
        } else {
            bench.ends(&Outcome::Delivered, now);
            told.push(id);
        }
    }
    assert!(now - NOW < MINUTE, "{told:?}");
}

#[test]
fn what_is_too_old_is_given_up() {
    let mut bench = Bench::new();
    bench.raise("a", Level::High, NOW);
    let day = 24 * 60 * MINUTE;
    bench.keeper.expire(NOW + day);
    assert_eq!(bench.keeper.outbox.waiting().unwrap().by_webhook.len(), 1);
    bench.keeper.expire(NOW + day + 2 * MINUTE);
    assert_eq!(bench.keeper.outbox.waiting().unwrap().by_webhook, []);
    assert_eq!(bench.keeper.board.read(NOW).webhooks["team"].dropped, 1);
}

#[test]
fn the_keeper_sleeps_until_there_is_something_to_do() {
    let mut bench = Bench::new();
    assert_eq!(bench.keeper.nap(NOW), clock::duration(LONGEST_NAP));
    bench.raise("a", Level::High, NOW);
    assert_eq!(bench.keeper.nap(NOW), clock::duration(SHORTEST_NAP));
    assert_eq!(bench.posts(NOW).as_deref(), Some("a"));
    assert_eq!(bench.keeper.nap(NOW), clock::duration(LONGEST_NAP), "until the receiver answers");
    bench.ends(&Outcome::Later { why: "status_429".into(), wait: Some(7 * SECOND) }, NOW);
    assert_eq!(bench.keeper.nap(NOW), Duration::from_secs(7));
}

/// Raises another alert about whom `id` was about, and answers whether it is told rather than left out as a repetition.
fn is_told_again(bench: &mut Bench, id: &str, now: Millis) -> bool {
    let before = bench.keeper.board.read(now).webhooks["team"].deduplicated;
    bench.raise(id, Level::Critical, now);
    bench.keeper.board.read(now).webhooks["team"].deduplicated == before
}

#[test]
fn somebody_whose_alert_is_lost_is_told_of_with_the_next_message() {
    // The receiver refused it.
    let mut bench = Bench::new();
    bench.raise("a", Level::Critical, NOW);
    let mut now = NOW;
    for _ in 0..MOST_REFUSALS {
        assert!(!is_told_again(&mut bench, "a", now), "it waits, and will be told");
        (now, _) = bench.next_post(now);
        bench.ends(&Outcome::Refused { why: "status_400".into() }, now);
    }
    assert_eq!(bench.keeper.board.read(now).webhooks["team"].dropped, 1);
    assert!(is_told_again(&mut bench, "a", now));
    assert!(!is_told_again(&mut bench, "a", now), "once");

    // The outbox was full.
    let mut bench = Bench::new();
    bench.raise("first", Level::Critical, NOW);
    for n in 0..100 {
        bench.raise(&format!("{n}"), Level::Critical, NOW);
    }
    assert_eq!(bench.keeper.board.read(NOW).webhooks["team"].dropped, 1);
    assert!(is_told_again(&mut bench, "first", NOW));

    // Nobody could be reached for too long.
    let mut bench = Bench::new();
    bench.keeper.settings.give_up_after_hours = 1;
    bench.keeper.desks[0].intake = Intake::new(Duration::from_secs(86_400), 600);
    bench.raise("a", Level::Critical, NOW);
    let later = NOW + 62 * MINUTE;
    assert!(!is_told_again(&mut bench, "a", later - SECOND));
    bench.keeper.expire(later);
    assert_eq!(bench.keeper.board.read(later).webhooks["team"].dropped, 1);
    assert!(is_told_again(&mut bench, "a", later));
}

#[test]
fn somebody_whose_alert_cannot_be_stored_or_read_is_told_of_with_the_next_message() {
    let mut bench = Bench::new();
    bench.keeper.outbox.refuse_all();
    bench.raise("a", Level::Critical, NOW);
    assert_eq!(bench.keeper.board.read(NOW).webhooks["team"].dropped, 1);
    assert!(is_told_again(&mut bench, "a", NOW));

    let mut bench = Bench::new();
    bench.raise("a", Level::Critical, NOW);
    bench.keeper.outbox.spoil();
    assert_eq!(bench.posts(NOW), None);
    assert_eq!(bench.keeper.board.read(NOW).webhooks["team"].dropped, 1);
    assert!(is_told_again(&mut bench, "a", NOW));
}
