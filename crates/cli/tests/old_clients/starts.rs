//! Clients that are there before the service is.

use std::thread;
use std::time::Duration;

use crate::peer::{Peer, all, installed};
use crate::service::{Service, free_port};

/// They ask while nobody listens, then while it starts, and begin with the first answer that says yes.
#[test]
fn every_client_that_waits_comes_up_with_the_service_and_its_first_message_is_judged() {
    if !installed() {
        return;
    }
    let port = free_port();
    let url = format!("http://127.0.0.1:{port}");
    let names = ["bot_3_0.py", "bot_3_1.py", "bot_5_0.py", "suite_3_1.py", "suite_5_0.py"];
    let start =
        |name| Peer::start(name, &[&url, "--start-within", "60", "--message", "see you at the game tonight"]);
    let peers: Vec<Peer> = names.into_iter().map(start).collect();
    // Long enough that all have been turned away; what they see afterwards does not depend on it.
    thread::sleep(Duration::from_millis(1500));
    let service = Service::starting(port, &[]);
    for (name, peer) in names.into_iter().zip(peers) {
        let seen = peer.ended();
        assert!(all(&seen, "start")[0]["attempts"].as_u64() > Some(1), "{name}: {seen:#?}");
        let verdict = all(&seen, "verdict")[0];
        assert!(all(&seen, "failure").is_empty() && all(&seen, "lost").is_empty(), "{name}: {seen:#?}");
        assert_ne!(verdict["attempts"], 2, "{name} was told yes too early: {seen:#?}");
    }
    service.stop();
}
