//! Bots that ask while the service ends and comes back.

use super::running::{Running, all, installed};
use super::serving_later;
use crate::served::Served;

/// So often a bot sends its message: enough to be still at it when the service is told to end, and when it is back.
const TIMES: &str = "100000";

/// A bot that is sending while the service ends is told verdicts, or to come back; never that a message is harmless which
/// nobody has judged. `level` is what it keeps of a verdict.
fn sends_while_it_ends(name: &'static str, level: &str) {
    let (mut service, url) = serving_later();
    let message = "this is more than i can carry and nobody would miss me";
    let served = Served::ready(&mut service);
    let mut bot = Running::start(name, &[&url, "--message", message, "--again", TIMES]);
    assert_eq!(bot.next()["saw"], "start", "{name}");
    let first = bot.next();
    assert_eq!(first["saw"], "verdict", "{name}: {first}");
    served.stopped();

    let mut seen = vec![first.clone()];
    while seen.iter().all(|each| each["saw"] != "failure") {
        seen.push(bot.next());
    }
    for verdict in all(&seen, "verdict") {
        assert_eq!(verdict["read"][level], first["read"][level], "{name}: {verdict}");
    }
    assert!(
        all(&seen, "refusal").is_empty(),
        "{name} was told a status that it would not try again: {seen:#?}"
    );

    // It is back, and the bot goes on by itself.
    let _back = Served::bound(&mut service);
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
