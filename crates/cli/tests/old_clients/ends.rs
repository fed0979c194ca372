//! Bots that ask while the service ends and comes back.

use serde_json::Value;

use crate::peer::{Peer, all, installed};
use crate::service::{Service, free_port};

/// How many messages a bot sends; enough to be still at it when the service is told to end.
const TIMES: &str = "400";

/// A bot that is sending while the service ends: what it was told in so many words were verdicts or "come back", and never
/// that a message is harmless which nobody has judged.
fn sends_while_it_ends(name: &'static str, level: &str) {
    let (port, message) = (free_port(), "this is more than i can carry and nobody would miss me");
    let service = Service::starting(port, &[]);
    let url = format!("http://127.0.0.1:{port}");
    let mut bot = Peer::start(name, &[&url, "--start-within", "60", "--message", message, "--again", TIMES]);
    assert_eq!(bot.next()["saw"], "start", "{name}");
    let first = bot.next();
    assert_eq!(first["saw"], "verdict", "{name}: {first}");
    service.stop();
    let mut seen: Vec<Value> = vec![first.clone()];
    // It is gone now: the rest fails at once, which the test need not wait for.
    loop {
        let next = bot.next();
        let over = ["lost", "failure"].contains(&next["saw"].as_str().unwrap_or_default());
        seen.push(next);
        if over {
            break;
        }
    }
    for verdict in all(&seen, "verdict") {
        assert_eq!(verdict["read"][level], first["read"][level], "{name}: {verdict}");
    }
    assert!(all(&seen, "refusal").is_empty(), "a status that it would not retry: {seen:#?}");

    // And after a restart it goes on by itself.
    let _back = Service::starting(port, &[]);
    let verdict =
        std::iter::repeat_with(|| bot.next()).find(|each| each["saw"] == "verdict").expect("endless");
    assert_eq!(verdict["read"][level], first["read"][level], "{name}: {verdict}");
}

#[test]
fn bot_3_0_gets_verdicts_or_is_told_to_come_back_while_the_service_ends() {
    if installed() {
        sends_while_it_ends("bot_3_0.py", "crisis_level");
    }
}

#[test]
fn bot_3_1_gets_verdicts_or_is_told_to_come_back_while_the_service_ends() {
    if installed() {
        sends_while_it_ends("bot_3_1.py", "crisis_level");
    }
}

#[test]
fn bot_5_0_gets_verdicts_or_is_told_to_come_back_while_the_service_ends() {
    if installed() {
        sends_while_it_ends("bot_5_0.py", "severity");
    }
}
