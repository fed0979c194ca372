//! This same program once more, or another one of its kind, as the server that is measured.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use ash_runtime::{Overrides, variable};
use tokio::sync::oneshot;

use crate::args::Global;
use crate::setup;

/// Binding a socket is the first thing a server does.
const GREETING: Duration = Duration::from_secs(60);
/// How long it may take to answer what it accepted before it ends.
const STOP: Duration = Duration::from_secs(30);
/// Lines of its log that are shown if it fails.
const LAST_LINES: usize = 5;

/// This program with the same global options; what it shall do is still to be said.
pub(crate) fn this_program(global: &Global) -> Result<Command> {
    let this = std::env::current_exe().context("this program's file is not known")?;
    Ok(program(&this, global))
}

/// Any program of this kind with these global options.
pub(crate) fn program(file: &Path, global: &Global) -> Command {
    let mut command = Command::new(file);
    if let Some(path) = &global.config {
        command.arg("--config").arg(path);
    }
    if let Some(name) = global.profile {
        command.args(["--profile", name.profile().as_str()]);
    }
    if let Some(name) = &global.labels {
        command.args(["--labels", name]);
    }
    if let Some(path) = &global.models {
        command.arg("--models").arg(path);
    }
    if let Some(precision) = global.precision {
        command.args(["--precision", precision.as_str()]);
    }
    if let Some(threads) = global.threads {
        command.args(["--threads", &threads.to_string()]);
    }
    // Some of what is sent is urgent, and nobody is to be woken by a measurement. A setting that is not known to an older
    // program would keep it from starting, so it is only said where it matters; settings that are wrong are told by the start.
    if setup::settings(global, Overrides::default()).is_ok_and(|settings| settings.alerts.enabled) {
        command.env(variable("alerts.enabled"), "false");
    }
    command
}

/// A server in a process of its own; it ends with this value at the latest. This program drops it even if it is asked to end
/// itself: see [`super::interrupt`].
pub(crate) struct Spawned {
    child: Child,
    address: SocketAddr,
    started: Instant,
    last_lines: Arc<Mutex<VecDeque<String>>>,
}

impl Spawned {
    /// Starts a program, whose global options are said already, on a free port of the loopback and waits until it has
    /// the port, not until it is ready.
    pub(crate) async fn start(mut command: Command) -> Result<Self> {
        command.args(["serve", "--bind", "127.0.0.1:0"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let started = Instant::now();
        let mut child =
            command.spawn().with_context(|| format!("cannot start {}", command.get_program().display()))?;
        let last_lines = Arc::default();
        let (tell, told) = oneshot::channel();
        if let Some(stderr) = child.stderr.take() {
            let lines = Arc::clone(&last_lines);
            thread::spawn(move || follow(stderr, tell, &lines));
        }
        let mut spawned =
            Spawned { child, address: SocketAddr::from(([127, 0, 0, 1], 0)), started, last_lines };
        match tokio::time::timeout(GREETING, told).await {
            Ok(Ok(address)) => spawned.address = address,
            Ok(Err(_)) => bail!("`ash-nlp serve` ended: {}", spawned.last_words()),
            Err(_) => bail!("`ash-nlp serve` does not say where it listens"),
        }
        Ok(spawned)
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Of its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// When its process was started.
    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    /// Fails, with what it said, if it does not run any more.
    pub(crate) fn check(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            Some(status) => bail!("`ash-nlp serve` ended ({status}): {}", self.last_words()),
            None => Ok(()),
        }
    }

    /// Asks it to end, as an operator would, and waits until it has.
    pub(crate) async fn stop(mut self) -> Result<ExitStatus> {
        ask_to_end(&mut self.child)?;
        let asked = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            if asked.elapsed() > STOP {
                bail!("`ash-nlp serve` does not end within {} s of SIGTERM; it was killed", STOP.as_secs());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The log holds no message text, so that its end may be shown.
    fn last_words(&self) -> String {
        let lines = self.last_lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.is_empty() { "it said nothing".to_owned() } else { Vec::from(lines.clone()).join(" / ") }
    }
}

impl Drop for Spawned {
    /// Whatever went wrong here, no server is left behind.
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Reads to the end, for a full pipe would stop the server; tells the address as soon as it is said.
fn follow(stderr: ChildStderr, tell: oneshot::Sender<SocketAddr>, last: &Mutex<VecDeque<String>>) {
    let mut tell = Some(tell);
    for line in BufReader::new(stderr).lines().map_while(Result::ok) {
        if let Some(address) = address(&line)
            && let Some(tell) = tell.take()
        {
            let _ = tell.send(address);
        }
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.len() == LAST_LINES {
            last.pop_front();
        }
        last.push_back(line);
    }
}

/// The address in a line like `ash-nlp on http://127.0.0.1:8881`, coloured or not, or in the same as JSON.
fn address(line: &str) -> Option<SocketAddr> {
    let rest = line.split_once("http://")?.1;
    let end = rest.find(|c: char| !c.is_ascii_hexdigit() && !".:[]".contains(c)).unwrap_or(rest.len());
    rest.get(..end)?.parse().ok()
}

#[cfg(unix)]
fn ask_to_end(child: &mut Child) -> Result<()> {
    use rustix::process::{Pid, Signal, kill_process};
    // Not waited for yet, so the number is still that of this child and of no other process.
    let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) else { bail!("no such process") };
    kill_process(pid, Signal::TERM).context("cannot send SIGTERM to `ash-nlp serve`")
}

/// There is no polite way here.
#[cfg(not(unix))]
fn ask_to_end(child: &mut Child) -> Result<()> {
    Ok(child.kill()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_found_in_the_greeting_only() {
        let local = |port| Some(SocketAddr::from(([127, 0, 0, 1], port)));
        assert_eq!(address("ash-nlp on http://127.0.0.1:40123"), local(40123));
        assert_eq!(address("\x1b[1mash-nlp\x1b[0m on \x1b[1mhttp://127.0.0.1:5\x1b[0m"), local(5));
        assert_eq!(address("ash-nlp on http://[::1]:9"), "[::1]:9".parse().ok());
        assert_eq!(
            address(r#"{"message":"listening","address":"http://127.0.0.1:7","models":""}"#),
            local(7)
        );
        assert_eq!(address("  try it  curl -s 127.0.0.1:8881/analyze"), None);
    }
}
