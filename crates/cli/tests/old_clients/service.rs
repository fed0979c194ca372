//! The real program on a port that a test chose.

use std::io::Read;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// Models built for tests start slowly on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A port that nobody listens on at this moment.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}

/// `ash-nlp serve`; killed at the latest when this is dropped.
pub(crate) struct Service {
    child: Child,
    port: u16,
}

impl Service {
    /// Starts it and waits for nothing; `settings` are environment variables.
    pub(crate) fn starting(port: u16, settings: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ash-nlp"));
        command.args(["serve", "--bind", &format!("127.0.0.1:{port}")]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).env_clear();
        command.envs(settings.iter().copied());
        Service { child: command.spawn().expect("the program starts"), port }
    }

    /// On a free port, ready.
    pub(crate) fn ready(settings: &[(&str, &str)]) -> Self {
        let mut service = Self::starting(free_port(), settings);
        let begun = Instant::now();
        while !service.is_ready() {
            let ended = service.child.try_wait().expect("a child");
            assert!(ended.is_none(), "it ended: {ended:?}");
            assert!(begun.elapsed() < PATIENCE, "it is not ready");
            thread::sleep(Duration::from_millis(20));
        }
        service
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn is_ready(&self) -> bool {
        let ask = || {
            let mut stream = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], self.port)))?;
            stream.set_read_timeout(Some(Duration::from_secs(5)))?;
            std::io::Write::write_all(
                &mut stream,
                b"GET /ready HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
            )?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer)?;
            Ok::<_, std::io::Error>(answer.starts_with("HTTP/1.1 200"))
        };
        ask().unwrap_or(false)
    }

    /// Asks it to end as a system does, and waits until it has.
    pub(crate) fn stop(mut self) {
        // Not waited for yet, so the number is still that of this child.
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a process");
        kill_process(pid, Signal::TERM).expect("the process is there");
        let begun = Instant::now();
        while self.child.try_wait().expect("a child").is_none() {
            assert!(begun.elapsed() < PATIENCE, "it does not end");
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
