//! A client of old as a process, and what it saw.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// What a client saw, in order.
pub(crate) type Seen = Vec<Value>;

/// A running client.
pub(crate) struct Peer {
    name: &'static str,
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
}

/// Whether the clients can be run; otherwise says why not, where a test that passes is heard, too.
pub(crate) fn installed() -> bool {
    if python().exists() {
        return true;
    }
    assert!(
        std::env::var_os("ASH_CLIENTS").is_none_or(|value| value != "required"),
        "ASH_CLIENTS is `required`, but there is no {}: run tests/clients/install first",
        python().display()
    );
    let _ = std::io::stderr().write_all(b"skipped: run tests/clients/install first\n");
    false
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn python() -> PathBuf {
    root().join("target/clients/venv/bin/python")
}

impl Peer {
    /// Starts a client of tests/clients/old.
    pub(crate) fn start(name: &'static str, arguments: &[&str]) -> Self {
        let folder = root().join("tests/clients/old");
        let mut command = match Path::new(name).extension() {
            Some(extension) if extension == "mjs" => Command::new("node"),
            _ => Command::new(python()),
        };
        command.arg(folder.join(name)).args(arguments).env("PYTHONDONTWRITEBYTECODE", "1");
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        let lines = BufReader::new(child.stdout.take().expect("a pipe"));
        Peer { name, child, lines }
    }

    /// Waits for the next thing that it sees.
    pub(crate) fn next(&mut self) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("a line");
        serde_json::from_str(&line).unwrap_or_else(|e| panic!("{}: {e}: {line:?}", self.name))
    }

    /// Waits for its end; what it saw until then.
    pub(crate) fn ended(mut self) -> Seen {
        let mut seen = Seen::new();
        for line in (&mut self.lines).lines().map_while(Result::ok) {
            seen.push(serde_json::from_str(&line).unwrap_or_else(|e| panic!("{}: {e}: {line:?}", self.name)));
        }
        let status = self.child.wait().expect("a child");
        assert!(status.success(), "{} ended with {status}, having seen {seen:#?}", self.name);
        seen
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Runs a client to its end.
pub(crate) fn run(name: &'static str, arguments: &[&str]) -> Seen {
    Peer::start(name, arguments).ended()
}

/// All that it saw of one kind.
pub(crate) fn all<'a>(seen: &'a [Value], kind: &str) -> Vec<&'a Value> {
    seen.iter().filter(|each| each["saw"] == kind).collect()
}
