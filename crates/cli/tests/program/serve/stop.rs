//! SIGTERM: nothing that was accepted is lost, and who asks twice does not wait.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use super::client::{Connection, get, message};
use super::served::{Served, serving};

/// What one client saw until nobody listened any more.
#[derive(Debug, Default)]
struct Seen {
    answered: usize,
    lost: Vec<String>,
}

/// Posts in a loop, over one connection for as long as the server keeps it or over a new one each time, until
/// connections are refused.
fn post_until_refused(address: SocketAddr, client: usize, keep: bool) -> Seen {
    let (mut seen, mut kept) = (Seen::default(), None::<Connection>);
    for i in 0.. {
        let mut connection = match kept.take().map_or_else(|| Connection::open(address), Ok) {
            Ok(connection) => connection,
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => break,
            Err(error) => {
                seen.lost.push(format!("client {client} cannot connect: {error}"));
                continue;
            }
        };
        match connection.ask(&message(&format!("message {i} of client {client}"))) {
            Ok(reply) if reply.status == 200 => {
                seen.answered += 1;
                kept = (keep && !reply.closes()).then_some(connection);
            }
            Ok(reply) => seen.lost.push(format!("client {client}: {reply:?}")),
            Err(error) => seen.lost.push(format!("client {client} (keeps its connection: {keep}): {error}")),
        }
    }
    seen
}

/// The status of /ready, and whether its connection is closed thereafter, until nobody listens any more.
fn watch_ready(address: SocketAddr) -> Vec<(u16, bool)> {
    let ask = || -> io::Result<(u16, bool)> {
        let reply = Connection::open(address)?.ask(&get("/ready"))?;
        Ok((reply.status, reply.closes()))
    };
    let mut statuses = Vec::new();
    while let Ok(status) = ask() {
        statuses.push(status);
        thread::sleep(Duration::from_millis(20));
    }
    statuses
}

#[test]
fn sigterm_under_load_loses_nothing_that_was_accepted() {
    let mut command = serving(&[]);
    command.env("ASH_SERVER__SHUTDOWN_GRACE_MS", "1000");
    // Nothing here may end for want of time.
    command.env("ASH_SERVER__SHUTDOWN_DEADLINE_MS", "60000");
    let served = Served::ready(&mut command);
    let address = served.address;
    // Accepted before the signal, complete only when nobody listens any more.
    let (mut slow, rest) = Connection::half_posted(address, "this takes its time").expect("a request");
    let (clients, ready) = thread::scope(|scope| {
        let post = |client| scope.spawn(move || post_until_refused(address, client, client % 2 == 0));
        let clients: Vec<_> = (0..8).map(post).collect();
        let ready = scope.spawn(move || watch_ready(address));
        thread::sleep(Duration::from_millis(500));
        served.signal(Signal::TERM);
        let clients: Vec<Seen> = clients.into_iter().map(|client| client.join().expect("a client")).collect();
        (clients, ready.join().expect("the watcher"))
    });
    slow.send(&rest).expect("the connection is still there");
    assert_eq!(slow.reply().expect("an answer").status, 200, "it was accepted");
    let (code, said) = served.ended();
    for seen in &clients {
        assert!(seen.answered > 0 && seen.lost.is_empty(), "{seen:?}\n{said}");
    }
    let turned = ready.iter().position(|&(status, _)| status == 503).expect("a grace in which it says no");
    let (before, after) = ready.split_at(turned);
    assert!(!before.is_empty() && before.iter().all(|&(status, _)| status == 200), "{ready:?}");
    assert!(after.iter().all(|&seen| seen == (503, true)), "it says no and goodbye to the end: {ready:?}");
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("everything that was accepted is answered"), "{said}");
}

#[test]
fn a_second_sigterm_ends_it_at_once() {
    // Within the grace, and while what was accepted is still being answered.
    for (case, grace, deadline) in [("grace", "60000", "10000"), ("draining", "0", "600000")] {
        let mut command = serving(&[]);
        command.env("ASH_SERVER__SHUTDOWN_GRACE_MS", grace);
        command.env("ASH_SERVER__SHUTDOWN_DEADLINE_MS", deadline);
        command.env("ASH_SERVER__REQUEST_TIMEOUT_MS", "600000");
        let served = Served::ready(&mut command);
        let _slow = Connection::half_posted(served.address, "never finished").expect("a request");
        served.signal(Signal::TERM);
        served.hear("shutting down");
        let (code, said) = served.stopped();
        assert_eq!(code, 1, "{case}: {said}");
        assert!(said.contains("stopped at once by a second signal"), "{case}: {said}");
    }
}
