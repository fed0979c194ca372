//! Clients that send too much, or do not finish.

use std::io::ErrorKind;

use super::client::{Connection, get, message, post};
use super::served::{Served, serving};

#[test]
fn a_huge_body_is_413_and_its_connection_still_serves() {
    let served = Served::ready(&mut serving(&[]));
    let mut connection = Connection::open(served.address).expect("a connection");
    let huge = post(&serde_json::json!({ "message": "a".repeat(2 << 20) }).to_string());
    let reply = connection.ask(&huge).expect("an answer, though it is too long");
    assert_eq!((reply.status, reply.json()["error"]["code"].clone()), (413, "body_too_large".into()));
    if !reply.closes() {
        let reply = connection.ask(&message("and now something shorter")).expect("an answer");
        assert_eq!(reply.status, 200, "{reply:?}");
    }
    assert_eq!(served.health()["status"], "healthy");
}

#[test]
fn half_a_body_is_504_and_holds_nobody_else_up() {
    let mut command = serving(&[]);
    command.env("ASH_SERVER__REQUEST_TIMEOUT_MS", "1500").env("ASH_QUEUE__MAX_WAIT_MS", "1000");
    let served = Served::ready(&mut command);
    // More than there are threads that serve.
    let begin = |_| Connection::half_posted(served.address, "this is never finished").expect("a request");
    let slow: Vec<_> = (0..32).map(begin).collect();
    assert_eq!(served.ask(&message("a client in between")).status, 200);
    for (mut connection, _) in slow {
        let reply = connection.reply().expect("an answer");
        assert_eq!((reply.status, reply.json()["error"]["code"].clone()), (504, "timeout".into()));
    }
    assert_eq!(served.ask(&get("/live")).status, 200);
    assert_eq!(served.verdict("a client afterwards")["is_degraded"], false);
}

#[test]
fn half_a_head_is_closed_and_holds_nobody_up() {
    let served = Served::ready(&mut serving(&[]));
    let begin = |_| {
        let mut connection = Connection::open(served.address).expect("a connection");
        connection.send(b"POST /analyze HTTP/1.1\r\nhost").expect("sent");
        connection
    };
    // More than there are threads that serve.
    let slow: Vec<_> = (0..32).map(begin).collect();
    assert_eq!(served.verdict("a client in between")["is_degraded"], false);
    for mut connection in slow {
        let error = connection.reply().expect_err("nothing was asked");
        assert!(matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset), "{error}");
    }
    assert_eq!(served.verdict("a client afterwards")["is_degraded"], false);
}
