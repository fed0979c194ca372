//! The program as a server: started, asked, signalled, read to its end.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::client::{Connection, Reply, get, message};
use crate::harness::command;

/// Models built for tests start slowly on a busy machine. Nothing here waits for longer than this.
const PATIENCE: Duration = Duration::from_secs(40);

/// `ash-nlp serve` on a free port, with `options` before it; it waits for its models even on a machine that has no time
/// for them.
pub(crate) fn serving(options: &[&str]) -> Command {
    let mut command = command(&[options, &["serve", "--bind", "127.0.0.1:0"]].concat());
    command.env("ASH_QUEUE__MAX_WAIT_MS", "500000").env("ASH_SERVER__REQUEST_TIMEOUT_MS", "600000");
    command
}

/// A running server; killed at the latest when this is dropped.
pub(crate) struct Served {
    child: Child,
    pub(crate) address: SocketAddr,
    said: Arc<Mutex<Vec<String>>>,
    reader: Option<JoinHandle<()>>,
}

impl Served {
    /// Starts it and waits until it says where it listens.
    pub(crate) fn bound(command: &mut Command) -> Self {
        let streams = command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = streams.spawn().expect("the program starts");
        let stderr = child.stderr.take().expect("a pipe");
        let said = Arc::new(Mutex::new(Vec::new()));
        let lines = Arc::clone(&said);
        let reader = thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                lines.lock().expect("no panic").push(line);
            }
        });
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut served = Served { child, address: nowhere, said, reader: Some(reader) };
        served.address = served.eventually("says where it listens", Served::listens_on);
        served
    }

    /// The same, and waits until it is ready.
    pub(crate) fn ready(command: &mut Command) -> Self {
        let served = Self::bound(command);
        served.eventually("is ready", |served| (served.get("/ready").status == 200).then_some(()));
        served
    }

    fn listens_on(&self) -> Option<SocketAddr> {
        let said = self.said();
        let rest = said.split_once("http://127.0.0.1:")?.1;
        let port = rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()?;
        Some(SocketAddr::from(([127, 0, 0, 1], port)))
    }

    /// What it said on standard error until now.
    pub(crate) fn said(&self) -> String {
        self.said.lock().expect("no panic").join("\n")
    }

    /// Looks again and again until there is something.
    pub(crate) fn eventually<T>(&self, what: &str, look: impl Fn(&Self) -> Option<T>) -> T {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if let Some(found) = look(self) {
                return found;
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("it never {what}; it said:\n{}", self.said());
    }

    /// Waits until it has said `words`.
    pub(crate) fn hear(&self, words: &str) {
        self.eventually(&format!("says {words:?}"), |served| served.said().contains(words).then_some(()));
    }

    /// Sends a request over a connection of its own.
    pub(crate) fn ask(&self, request: &[u8]) -> Reply {
        let reply = Connection::open(self.address).and_then(|mut connection| connection.ask(request));
        reply.unwrap_or_else(|error| panic!("{error}; it said:\n{}", self.said()))
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.ask(&get(path))
    }

    pub(crate) fn health(&self) -> Value {
        self.get("/health").json()
    }

    /// The verdict on a message, which must be there.
    pub(crate) fn verdict(&self, text: &str) -> Value {
        let reply = self.ask(&message(text));
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.json()
    }

    /// Sends a signal as `kill` does.
    pub(crate) fn signal(&self, signal: Signal) {
        // Not waited for yet, so the number is still that of this child.
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a process");
        kill_process(pid, signal).expect("the process is there");
    }

    /// Waits until it has ended by itself: its exit code and all it said.
    pub(crate) fn ended(mut self) -> (i32, String) {
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                break status;
            }
            assert!(begun.elapsed() < PATIENCE, "it does not end; it said:\n{}", self.said());
            thread::sleep(Duration::from_millis(10));
        };
        self.reader.take().expect("read once").join().expect("the reader ends");
        (status.code().expect("no signal killed it"), self.said())
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn stopped(self) -> (i32, String) {
        self.signal(Signal::TERM);
        self.ended()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
