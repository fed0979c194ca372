//! Clients that are there before the service is.

use super::running::{Running, all, installed};
use super::serving_later;
use crate::served::Served;

/// They ask while nobody listens, then while it starts, and begin with the first answer that says yes.
#[test]
fn every_client_that_waits_comes_up_with_the_service_and_its_first_message_is_judged() {
    if !installed() {
        return;
    }
    let (mut service, url) = serving_later();
    let names = ["bot_3_0.py", "bot_3_1.py", "bot_5_0.py", "suite_3_1.py", "suite_5_0.py"];
    let start = |name| {
        Running::start(name, &[&url, "--start-within", "60", "--message", "see you at the game tonight"])
    };
    let mut clients: Vec<Running> = names.into_iter().map(start).collect();
    for client in &mut clients {
        assert_eq!(client.next()["saw"], "turned away", "nobody listens yet");
    }
    let _served = Served::bound(&mut service);
    for (name, client) in names.into_iter().zip(clients) {
        let seen = client.ended();
        assert_eq!(all(&seen, "start").len(), 1, "{name}: {seen:#?}");
        assert_eq!(all(&seen, "verdict").len(), 1, "{name}: {seen:#?}");
        assert!(
            all(&seen, "failure").is_empty() && all(&seen, "lost").is_empty(),
            "{name} was told yes too early: {seen:#?}"
        );
    }
}
