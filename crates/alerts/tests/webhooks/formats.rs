//! What each kind of receiver is sent, as it comes over the wire.

use ash_alerts::{Kind, WebhookSettings, send_test};
use ash_analysis::Level;

use crate::harness::{Receiver, Request, alert, open, settings, webhook};

/// The request for one alert, or for a flood of three of which two are folded.
fn request(kind: Kind, with_text: bool) -> Request {
    let receiver = Receiver::new();
    let team = WebhookSettings { kind, include_text: with_text, ..webhook(receiver.url()) };
    let (mut settings, _folder) = settings([("team", team)]);
    settings.include_text = with_text;
    let (alerts, _) = open(&settings);
    alerts.raise(alert("req_1", Level::Critical));
    receiver.next()
}

fn snapshot(name: &str, request: &Request) {
    let told = format!("POST {}\n{}", request.path, serde_json::to_string_pretty(&request.json()).unwrap());
    insta::assert_snapshot!(name, told);
}

#[test]
fn discord_gets_an_embed_that_pings_nobody() {
    snapshot("discord", &request(Kind::Discord, false));
}

#[test]
fn discord_gets_the_message_in_a_block_that_it_cannot_leave() {
    snapshot("discord_with_text", &request(Kind::Discord, true));
}

#[test]
fn slack_gets_blocks_of_plain_text() {
    snapshot("slack", &request(Kind::Slack, false));
}

#[test]
fn slack_gets_the_message_escaped() {
    snapshot("slack_with_text", &request(Kind::Slack, true));
}

#[test]
fn any_other_receiver_gets_json_of_a_version() {
    let request = request(Kind::Json, false);
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.header("x-ash-signature"), None, "no key, no signature");
    snapshot("json", &request);
}

#[test]
fn any_other_receiver_gets_the_message_as_it_is() {
    snapshot("json_with_text", &request(Kind::Json, true));
}

#[test]
fn a_test_says_that_it_is_one_whatever_the_kind() {
    for kind in [Kind::Discord, Kind::Slack, Kind::Json] {
        let receiver = Receiver::new();
        let team = WebhookSettings { kind, ..webhook(receiver.url()) };
        let (mut settings, folder) = settings([("team", team)]);
        settings.enabled = false;
        send_test(&settings, "team").expect("the receiver takes it");
        let body = String::from_utf8(receiver.next().body).unwrap();
        assert!(body.contains("There is nothing to do."), "{body}");
        assert!(!folder.outbox().exists(), "no outbox is touched");
    }
}

#[test]
fn a_signature_can_be_checked_with_the_key_and_nothing_else() {
    use hmac::{Hmac, KeyInit, Mac};

    let receiver = Receiver::new();
    let mut team = webhook(receiver.url());
    let (_, folder) = settings([]);
    team.signing_key_file = Some(folder.file("team.key", b"a key of the team, long enough\n"));
    let (settings, _own) = settings([("team", team)]);
    let (alerts, _) = open(&settings);
    alerts.raise(alert("req_1", Level::High));

    let request = receiver.next();
    let header = request.header("x-ash-signature").expect("a signature");
    let (t, v1) = header.strip_prefix("t=").unwrap().split_once(",v1=").unwrap();
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(b"a key of the team, long enough").unwrap();
    mac.update(t.as_bytes());
    mac.update(b".");
    mac.update(&request.body);
    let byte = |at: usize| u8::from_str_radix(&v1[at..at + 2], 16).unwrap();
    let told: Vec<u8> = (0..v1.len()).step_by(2).map(byte).collect();
    mac.verify_slice(&told).expect("the signature of this body at this time");
    assert!(t.parse::<i64>().unwrap() > 1_700_000_000, "the time of sending is signed");
}
