//! A client of old as a process, and what it saw.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;

use crate::peers::{peer, repository};

/// A running client; killed at the latest when this is dropped.
pub(crate) struct Running {
    name: &'static str,
    child: Child,
    lines: BufReader<ChildStdout>,
}

/// Whether the clients are installed; if not, that was said.
pub(crate) fn installed() -> bool {
    peer("python").is_some()
}

impl Running {
    /// Starts a client of tests/clients/old.
    pub(crate) fn start(name: &'static str, arguments: &[&str]) -> Self {
        let mut client = match name.strip_suffix(".mjs") {
            Some(_) => Command::new("node"),
            None => peer("python").expect("it is installed"),
        };
        client.arg(repository().join("tests/clients/old").join(name)).args(arguments);
        client.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = client.spawn().unwrap_or_else(|error| panic!("{name} does not start: {error}"));
        let lines = BufReader::new(child.stdout.take().expect("a pipe"));
        Running { name, child, lines }
    }

    /// Waits for the next thing that it sees.
    pub(crate) fn next(&mut self) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("a line");
        self.read(&line)
    }

    /// Waits for its end, which must be a good one; what it saw until then.
    pub(crate) fn ended(mut self) -> Vec<Value> {
        let mut text = String::new();
        while self.lines.read_line(&mut text).expect("a line") > 0 {}
        let status = self.child.wait().expect("a child");
        assert!(status.success(), "{} ended with {status}:\n{text}", self.name);
        text.lines().map(|line| self.read(line)).collect()
    }

    fn read(&self, line: &str) -> Value {
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{}: {error}: {line:?}", self.name))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Runs a client to its end.
pub(crate) fn run(name: &'static str, arguments: &[&str]) -> Vec<Value> {
    Running::start(name, arguments).ended()
}

/// All that it saw of one kind.
pub(crate) fn all<'a>(seen: &'a [Value], kind: &str) -> Vec<&'a Value> {
    seen.iter().filter(|each| each["saw"] == kind).collect()
}
