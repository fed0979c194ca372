//! An alert arrives, sooner or later, and one receiver's trouble is nobody else's.

use std::io::Write as _;
use std::net::TcpListener;

use ash_alerts::{Event, Lost, send_test};
use ash_analysis::Level;

use crate::harness::{Receiver, Reply, alert, close, nobody, open, settings, until, webhook};

#[test]
fn a_level_below_the_webhooks_own_is_not_told() {
    let (all, urgent) = (Receiver::new(), Receiver::new());
    let mut from_low = webhook(all.url());
    from_low.from = Level::Low;
    let (settings, _folder) = settings([("all", from_low), ("urgent", webhook(urgent.url()))]);
    let (alerts, _) = open(&settings);
    assert_eq!(alerts.lowest_level(), Some(Level::Low));
    for level in Level::ALL {
        alerts.raise(alert(level.as_str(), level));
    }
    let mut ids: Vec<String> = all.take(4).iter().map(crate::harness::Request::id).collect();
    ids.sort();
    assert_eq!(ids, ["critical", "high", "low", "medium"]);
    let mut ids: Vec<String> = urgent.take(2).iter().map(crate::harness::Request::id).collect();
    ids.sort();
    assert_eq!(ids, ["critical", "high"]);
    until(&alerts, |status| status.waiting == 0);
    close(&alerts);
    assert!(all.is_quiet() && urgent.is_quiet());
}

#[test]
fn alerts_that_are_off_touch_nothing() {
    let receiver = Receiver::new();
    let (mut settings, folder) = settings([("team", webhook(receiver.url()))]);
    settings.enabled = false;
    let (alerts, seen) = open(&settings);
    alerts.raise(alert("req_1", Level::Critical));
    assert_eq!(alerts.lowest_level(), None);
    close(&alerts);
    assert!(!folder.outbox().exists() && receiver.is_quiet());
    assert_eq!(seen.printed(), "[]");
}

#[test]
fn what_a_receiver_in_trouble_did_not_take_is_tried_again() {
    let receiver = Receiver::that(|n| match n {
        0 => Reply::Status(500, "", "trouble"),
        1 => Reply::Silence,
        2 => Reply::Status(429, "retry-after: 0\r\n", ""),
        _ => Reply::Status(200, "", "ok"),
    });
    let (mut settings, _folder) = settings([("team", webhook(receiver.url()))]);
    settings.timeout_ms = 2_000;
    let (alerts, seen) = open(&settings);
    alerts.raise(alert("req_1", Level::High));
    let ids: Vec<String> = receiver.take(4).iter().map(crate::harness::Request::id).collect();
    assert_eq!(ids, ["req_1"; 4]);
    let status = until(&alerts, |status| status.waiting == 0);
    let team = &status.webhooks["team"];
    assert_eq!((team.sent, team.failed, team.dropped), (1, 3, 0));
    assert_eq!(team.last_error, None, "it was taken since");
    assert!(team.last_success.is_some());
    for why in ["status_500", "timeout", "status_429"] {
        let failed = |event: &Event| matches!(event, Event::Failed { why: told, .. } if &**told == why);
        assert_eq!(seen.count(failed), 1, "{why}");
    }
}

#[test]
fn a_receiver_that_was_not_running_gets_what_waited_when_it_does() {
    let address = nobody();
    let (settings, _folder) = settings([("team", webhook(format!("http://{address}/x")))]);
    let (alerts, _) = open(&settings);
    alerts.raise(alert("req_1", Level::High));
    alerts.raise(alert("req_2", Level::Critical));
    let status = until(&alerts, |status| status.webhooks["team"].failed > 0 && status.waiting == 2);
    assert_eq!(status.webhooks["team"].last_error.as_deref(), Some("refused"));
    assert!(status.oldest_age_seconds.is_some());

    let receiver = Receiver::at(address, |_| Reply::Status(204, "", ""));
    let mut ids: Vec<String> = receiver.take(2).iter().map(crate::harness::Request::id).collect();
    ids.sort();
    assert_eq!(ids, ["req_1", "req_2"]);
    let status = until(&alerts, |status| status.waiting == 0);
    assert_eq!(status.oldest_age_seconds, None);
}

#[test]
fn a_receiver_that_hangs_delays_nobody_else() {
    let (hanging, healthy) = (Receiver::that(|_| Reply::Silence), Receiver::new());
    let (mut settings, _folder) =
        settings([("a_hangs", webhook(hanging.url())), ("b_works", webhook(healthy.url()))]);
    settings.timeout_ms = 60_000;
    let (alerts, _) = open(&settings);
    for n in 0..20 {
        alerts.raise(alert(&format!("req_{n}"), Level::High));
    }
    hanging.next();
    healthy.take(20);
    let status = until(&alerts, |status| status.webhooks["b_works"].waiting == 0);
    // Its one request is still under way: all of this happened meanwhile.
    assert_eq!((status.webhooks["a_hangs"].waiting, status.webhooks["a_hangs"].failed), (20, 0));
}

#[test]
fn a_receiver_that_refuses_an_alert_three_times_is_believed() {
    let refusing = |status| Receiver::that(move |_| Reply::Status(status, "", ""));
    let receivers = [("w400", refusing(400)), ("w413", refusing(413)), ("w422", refusing(422))];
    let (settings, _folder) = settings(receivers.each_ref().map(|(name, it)| (*name, webhook(it.url()))));
    let (alerts, seen) = open(&settings);
    alerts.raise(alert("req_1", Level::High));
    let status = until(&alerts, |status| {
        status.waiting == 0 && status.webhooks.values().all(|webhook| webhook.dropped == 1)
    });
    for (name, receiver) in &receivers {
        let webhook = &status.webhooks[*name];
        let word = name.replace('w', "status_");
        assert_eq!((webhook.failed, webhook.last_error.as_deref()), (3, Some(&*word)));
        receiver.take(3);
        assert!(receiver.is_quiet(), "{name}");
    }
    let refused = |event: &Event| matches!(event, Event::Dropped { why: Lost::Refused, .. });
    assert_eq!(seen.count(refused), 3);

    // Nobody was told, so the same person's next message is no repetition.
    alerts.raise(alert("req_1", Level::High));
    for (_, receiver) in &receivers {
        receiver.next();
    }
    close(&alerts);
}

#[test]
fn what_is_turned_away_waits_and_is_never_sent_on_to_another_address() {
    let elsewhere = Receiver::new();
    let location: &'static str = format!("location: {}\r\n", elsewhere.url()).leak();
    let turning = |status| Receiver::that(move |_| Reply::Status(status, location, ""));
    let receivers =
        [("w401", turning(401)), ("w404", turning(404)), ("w410", turning(410)), ("w301", turning(301))];
    let (settings, _folder) = settings(receivers.each_ref().map(|(name, it)| (*name, webhook(it.url()))));
    let (alerts, seen) = open(&settings);
    alerts.raise(alert("req_1", Level::High));
    let status = until(&alerts, |status| status.webhooks.values().all(|webhook| webhook.failed == 1));
    close(&alerts);
    for (name, receiver) in receivers {
        let webhook = &status.webhooks[name];
        let word = name.replace('w', "status_");
        assert_eq!((webhook.waiting, webhook.last_error.as_deref()), (1, Some(&*word)));
        receiver.next();
        assert!(receiver.is_quiet(), "{name}: not again at once");
    }
    assert!(elsewhere.is_quiet());
    assert_eq!(seen.count(|event| matches!(event, Event::Dropped { .. })), 0);
}

#[test]
fn what_is_no_secure_connection_is_called_so() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            stream.write_all(b"HTTP/1.1 400 not TLS\r\n\r\n").unwrap();
            std::thread::park();
        }
    });
    let (settings, _folder) = settings([("team", webhook(format!("https://{address}/secret-path")))]);
    let error = send_test(&settings, "team").unwrap_err().to_string();
    assert!(error.starts_with("tls: "), "{error}");
    assert!(!error.contains("secret"), "{error}");
}

#[test]
fn a_test_that_fails_says_what_that_usually_means() {
    let (settings, _folder) = settings([("team", webhook(format!("http://{}/secret-path", nobody())))]);
    let error = send_test(&settings, "team").unwrap_err().to_string();
    assert_eq!(
        error,
        "refused: nobody listens at this address; is the receiver running, and the port right?"
    );
    let error = send_test(&settings, "tema").unwrap_err().to_string();
    assert_eq!(error, "there is no webhook \"tema\"; there are: team");
}
