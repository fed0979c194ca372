//! The clients of the replaced service (tests/clients/old), over the libraries that the originals use: each starts, asks,
//! reads and reports as its original does, and says what it saw. What each relies on is in docs/clients.md.
//!
//! `running` is such a client as a process; `asked`, `starts` and `ends` are what they go through.

mod asked;
mod ends;
mod running;
mod starts;

use std::net::TcpListener;
use std::process::Command;

use crate::harness::command;

/// `ash-nlp serve` on a port that nobody listens on yet, for clients that must know it before; and its address.
fn serving_later() -> (Command, String) {
    let free =
        TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
    let mut service = command(&["serve", "--bind", &free.to_string()]);
    service.env("ASH_LEARNING__PATH", ":memory:");
    // It waits for its models even on a machine that has no time for them.
    service.env("ASH_QUEUE__MAX_WAIT_MS", "500000").env("ASH_SERVER__REQUEST_TIMEOUT_MS", "600000");
    (service, format!("http://{free}"))
}
