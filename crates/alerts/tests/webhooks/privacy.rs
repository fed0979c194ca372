//! No text, no person and no address in a log, an event, a status, an error, a `Debug` or a file.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use ash_alerts::{AlertError, Alerts, Kind, WebhookSettings, send_test};
use ash_analysis::Level;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::harness::{Receiver, Reply, alert, close, open, settings, until, webhook};

/// A log that can be read back.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn nothing_that_leads_to_a_person_or_to_a_receiver_is_printed() {
    let log = Log::default();
    let writer = log.clone();
    // Everything of every crate but the client's own, which is more than any configuration shows.
    let all = Targets::new().with_default(LevelFilter::TRACE);
    let all = all.with_targets(["ureq", "ureq_proto"].map(|client| (client, LevelFilter::OFF)));
    let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(move || writer.clone());
    tracing_subscriber::registry().with(lines.with_filter(all)).init();

    let failing =
        Receiver::that(|n| if n < 2 { Reply::Status(503, "", "") } else { Reply::Status(200, "", "") });
    let refusing = Receiver::that(|_| Reply::Status(400, "", ""));
    let turning = Receiver::that(|_| Reply::Status(404, "", ""));
    let with_text = WebhookSettings { include_text: true, ..webhook(failing.url()) };
    let (mut settings, folder) = settings([
        ("failing", with_text),
        ("refusing", webhook(refusing.url())),
        ("turning", webhook(turning.url())),
    ]);
    settings.include_text = true;
    let (alerts, seen) = open(&settings);
    alerts.raise(alert("req_1", Level::Critical));
    let status = until(&alerts, |status| {
        status.webhooks["failing"].sent == 1
            && status.webhooks["refusing"].dropped == 1
            && status.webhooks["turning"].failed == 1
    });
    close(&alerts);
    settings.webhooks.retain(|name, _| name == "failing");

    let mut printed = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(printed.contains("the webhook takes alerts again"), "{printed}");
    assert!(printed.contains("the webhook refuses alerts"), "{printed}");
    assert!(printed.contains("the webhook turns alerts away"), "{printed}");
    printed.extend([format!("{status:?}"), format!("{settings:?}"), seen.printed()]);
    printed += &serde_json::to_string(&status).unwrap();
    printed += &serde_json::to_string(&settings).unwrap();
    printed.extend([format!("{:?}", alert("req_1", Level::High))]);
    for (key, content) in [("url_file", "not-an-address-but-a-secret"), ("signing_key_file", "secret key")] {
        let mut team = webhook(failing.url());
        let file = Some(folder.file(key, content.as_bytes()));
        match key {
            "url_file" => (team.url, team.url_file) = (None, file),
            _ => team.signing_key_file = file,
        }
        settings.webhooks.insert("team".into(), team);
        let error: AlertError = Alerts::open(settings.clone(), Arc::new(())).err().expect("refused");
        assert!(error.to_string().contains(key), "{error}");
        printed.extend([error.to_string(), format!("{error:?}")]);
    }
    for secret in
        ["zebra", "goodbye", "secret-path", "5f0c9a2b7d31e684", "a1b2c3d4e5f60718", "secret key", "-a-secret"]
    {
        assert!(!printed.contains(secret), "{secret} is in {printed}");
    }
}

#[test]
fn an_address_where_a_file_belongs_is_refused_and_not_shown() {
    let receiver = Receiver::new();
    let team = WebhookSettings { url: None, url_file: Some(receiver.url().into()), ..webhook("") };
    let (settings, _folder) = settings([("team", team)]);
    let error = Alerts::open(settings.clone(), Arc::new(())).err().expect("refused");
    let tried = send_test(&settings, "team").unwrap_err();
    let printed = format!("{error} {error:?} {tried} {tried:?}");
    assert!(printed.contains("the path of a file that holds the address, not the address"), "{printed}");
    assert!(!printed.contains("secret-path") && !printed.contains("cannot read"), "{printed}");
}

#[test]
fn text_is_sent_only_where_both_switches_are_on() {
    for (all, one) in [(false, false), (false, true), (true, false), (true, true)] {
        for kind in [Kind::Discord, Kind::Slack, Kind::Json] {
            let receiver = Receiver::new();
            let team = WebhookSettings { kind, include_text: one, ..webhook(receiver.url()) };
            let (mut settings, _folder) = settings([("team", team)]);
            settings.include_text = all;
            let (alerts, _) = open(&settings);
            alerts.raise(alert("req_1", Level::High));
            let body = String::from_utf8(receiver.next().body).unwrap();
            assert_eq!(body.contains("zebra"), all && one, "{kind:?} {all} {one}: {body}");
        }
    }
}

#[test]
fn text_that_waits_is_not_sent_after_it_was_switched_off() {
    let failing = Receiver::that(|_| Reply::Status(503, "", ""));
    let with_text = |url: String| WebhookSettings { include_text: true, ..webhook(url) };
    let (mut settings, _folder) = settings([("team", with_text(failing.url()))]);
    settings.include_text = true;
    let (alerts, _) = open(&settings);
    alerts.raise(alert("req_1", Level::High));
    assert!(failing.next().json()["text"].is_string());
    close(&alerts);
    drop(alerts);

    let receiver = Receiver::new();
    settings.webhooks.insert("team".into(), with_text(receiver.url()));
    settings.include_text = false;
    let (_alerts, _) = open(&settings);
    assert_eq!(receiver.next().json().get("text"), None);
}

#[test]
fn no_file_keeps_text_longer_than_it_waits_or_that_nobody_is_to_have() {
    let read = |folder: &crate::harness::Folder| -> Vec<u8> {
        let files = std::fs::read_dir(folder.path()).unwrap();
        files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
    };
    let has = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    for with_text in [false, true] {
        let is_up = Arc::new(AtomicBool::new(false));
        let up = Arc::clone(&is_up);
        let receiver =
            Receiver::that(move |_| Reply::Status(if up.load(Ordering::SeqCst) { 200 } else { 503 }, "", ""));
        let team = WebhookSettings { include_text: with_text, ..webhook(receiver.url()) };
        let (mut settings, folder) = settings([("team", team)]);
        settings.include_text = with_text;
        let (alerts, _) = open(&settings);
        alerts.raise(alert("req_1", Level::High));
        until(&alerts, |status| status.webhooks["team"].failed > 0 && status.waiting == 1);
        let waits = read(&folder);
        assert!(has(&waits, "req_1"), "it waits");
        assert_eq!(has(&waits, "zebra"), with_text);
        is_up.store(true, Ordering::SeqCst);
        until(&alerts, |status| status.waiting == 0);
        close(&alerts);
        drop(alerts);
        let left = read(&folder);
        assert!(!has(&left, "zebra") && !has(&left, "req_1"), "deleted is overwritten");
    }
}
