//! Far more at once than fits.

use std::sync::Barrier;
use std::thread;

use super::client::{Connection, Reply, message};
use super::served::{Served, serving};

const REQUESTS: usize = 400;

#[test]
fn a_burst_is_answered_degraded_or_told_to_come_back_and_leaves_nothing_behind() {
    let served = Served::ready(serving(&[]).env("ASH_QUEUE__CAPACITY_TOKENS", "512"));
    let at_once = Barrier::new(REQUESTS);
    let replies: Vec<Reply> = thread::scope(|scope| {
        let ask = |i: usize| {
            let (at_once, address) = (&at_once, served.address);
            // Some 100 tokens each, and no two alike.
            let request =
                message(&format!("message {i} of many: {}", "it has been a long week. ".repeat(12)));
            scope.spawn(move || {
                let mut connection = Connection::open(address).expect("a connection");
                at_once.wait();
                connection.ask(&request).expect("an answer")
            })
        };
        let clients: Vec<_> = (0..REQUESTS).map(ask).collect();
        clients.into_iter().map(|client| client.join().expect("a client")).collect()
    });
    let mut full = 0;
    for reply in &replies {
        match reply.status {
            200 => full += usize::from(reply.json()["is_degraded"] == false),
            429 | 503 => {
                let seconds = reply.header("retry-after").and_then(|s| s.parse::<u64>().ok());
                assert!(seconds.is_some_and(|s| s >= 1), "when to come back: {reply:?}");
            }
            other => panic!("{other}: {reply:?}"),
        }
    }
    assert!((1..REQUESTS).contains(&full), "{full} of {REQUESTS} found room for the models");
    assert_eq!(served.verdict("and then it was quiet")["is_degraded"], false);
    assert_eq!(served.get("/status").json()["queue"]["queued"], 0);
}
