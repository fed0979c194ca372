//! Too much is as bad as nothing: nobody is told of one person again and again, and a flood becomes a number.

use ash_alerts::{Kind, WebhookSettings};
use ash_analysis::Level;

use crate::harness::{Receiver, alert, close, open, settings, until, webhook};

#[test]
fn the_same_person_is_told_of_once_and_again_when_it_gets_worse() {
    let receiver = Receiver::new();
    let (settings, _folder) = settings([("team", webhook(receiver.url()))]);
    let (alerts, seen) = open(&settings);
    let raise = |id: &str, level| {
        let mut alert = alert(id, level);
        alert.dedupe = [7; 16];
        alerts.raise(alert);
    };
    raise("first", Level::High);
    raise("again", Level::High);
    assert_eq!(receiver.next().id(), "first");
    raise("worse", Level::Critical);
    raise("better", Level::High);
    assert_eq!(receiver.next().id(), "worse");
    alerts.raise(alert("another person", Level::High));
    assert_eq!(receiver.next().id(), "another person");
    let status = until(&alerts, |status| status.waiting == 0);
    assert_eq!((status.webhooks["team"].sent, status.webhooks["team"].deduplicated), (3, 2));
    assert_eq!(seen.count(|event| matches!(event, ash_alerts::Event::Deduplicated { .. })), 2);
}

#[test]
fn nobody_is_left_out_if_repetitions_are_wanted() {
    let receiver = Receiver::new();
    let (mut settings, _folder) = settings([("team", webhook(receiver.url()))]);
    settings.repeat_after_seconds = 0;
    let (alerts, _) = open(&settings);
    for _ in 0..3 {
        alerts.raise(alert("same", Level::High));
    }
    receiver.take(3);
    assert_eq!(until(&alerts, |status| status.waiting == 0).webhooks["team"].deduplicated, 0);
}

#[test]
fn a_flood_is_folded_and_cannot_hide_what_is_worse() {
    let receiver = Receiver::new();
    let (mut settings, _folder) = settings([("team", webhook(receiver.url()))]);
    settings.max_per_minute = 2;
    let (alerts, _) = open(&settings);
    for n in 0..12 {
        alerts.raise(alert(&format!("high_{n}"), Level::High));
    }
    let mut ids: Vec<String> = receiver.take(2).iter().map(crate::harness::Request::id).collect();
    ids.sort();
    assert_eq!(ids, ["high_0", "high_1"]);
    alerts.raise(alert("critical", Level::Critical));
    assert_eq!(receiver.next().id(), "critical", "told at once, in the middle of the flood");
    let status = until(&alerts, |status| status.waiting == 1);
    let team = &status.webhooks["team"];
    assert_eq!((team.sent, team.folded, team.dropped), (3, 10, 0), "the summary waits for its minute");
    close(&alerts);
}

/// The minute of a summary need not be waited for: it is due at once for a clock that stands a minute later, which is
/// what a restart a minute later is.
#[test]
fn what_was_folded_is_told_as_a_number() {
    for kind in [Kind::Discord, Kind::Slack, Kind::Json] {
        let receiver = Receiver::new();
        let team = WebhookSettings { kind, ..webhook(receiver.url()) };
        let (mut settings, folder) = settings([("team", team)]);
        settings.max_per_minute = 1;
        let (alerts, _) = open(&settings);
        for n in 0..4 {
            alerts.raise(alert(&format!("high_{n}"), Level::High));
        }
        receiver.next();
        until(&alerts, |status| status.webhooks["team"].folded == 3 && status.waiting == 1);
        close(&alerts);
        drop(alerts);
        let outbox = rusqlite::Connection::open(folder.outbox()).unwrap();
        assert_eq!(outbox.execute("UPDATE waiting SET next_try = next_try - 60000", []).unwrap(), 1);
        drop(outbox);

        let (alerts, _) = open(&settings);
        let told = serde_json::to_string_pretty(&receiver.next().json()).unwrap();
        insta::assert_snapshot!(format!("summary_{kind:?}").to_lowercase(), told);
        until(&alerts, |status| status.waiting == 0);
    }
}
