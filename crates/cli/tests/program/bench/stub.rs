//! A made-up service: its answers are what the test says, when the test says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

/// An answer to POST /analyze.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) after: Duration,
    pub(super) body: String,
}

impl Reply {
    /// A verdict of that level, at once.
    pub(super) fn level(level: &str) -> Self {
        let body = format!(r#"{{"level":"{level}","is_degraded":false,"cache":"miss"}}"#);
        Reply { status: 200, after: Duration::ZERO, body }
    }

    /// None, then or ever after: the service dies.
    pub(super) fn death() -> Self {
        Reply { status: 0, ..Self::level("none") }
    }

    /// The same, later.
    pub(super) fn after(self, ms: u64) -> Self {
        Reply { after: Duration::from_millis(ms), ..self }
    }
}

/// Listens for as long as the test runs; GET /health is ready, GET /status says what it is told to, other pages do not exist.
pub(super) struct Stub {
    url: String,
    told: mpsc::Receiver<Option<String>>,
}

impl Stub {
    /// Answers the request number n, counted from 0, by `answer(n)`.
    pub(super) fn answering(answer: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Self {
        Self::with_status(None, answer)
    }

    /// The same, and answers GET /status with that.
    pub(super) fn with_status(
        status: Option<&'static str>,
        answer: impl Fn(usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (tell, told) = mpsc::channel();
        let life =
            Arc::new(Life { answer, status, count: AtomicUsize::new(0), dead: AtomicBool::new(false) });
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if life.dead.load(Ordering::SeqCst) {
                    return;
                }
                let (tell, life) = (tell.clone(), Arc::clone(&life));
                thread::spawn(move || serve(stream, &tell, &life));
            }
        });
        Stub { url, told }
    }

    pub(super) fn url(&self) -> String {
        self.url.clone()
    }

    /// The `authorization` of the first POST /analyze that was not told yet.
    pub(super) fn authorization(&self) -> Option<String> {
        self.told.recv().expect("a request")
    }
}

/// What all connections share.
struct Life<A> {
    answer: A,
    status: Option<&'static str>,
    count: AtomicUsize,
    dead: AtomicBool,
}

/// Until the other side has enough, or this one is dead.
fn serve<A: Fn(usize) -> Reply>(stream: TcpStream, tell: &mpsc::Sender<Option<String>>, life: &Life<A>) {
    let _ = stream.set_nodelay(true);
    let mut reader = BufReader::new(stream);
    loop {
        let head: Vec<String> =
            reader.by_ref().lines().map_while(Result::ok).take_while(|l| !l.is_empty()).collect();
        let header = |name: &str| {
            let value =
                |l: &String| l.split_once(": ").filter(|(n, _)| *n == name).map(|(_, v)| v.to_owned());
            head.iter().find_map(value)
        };
        let Some(first) = head.first() else { return };
        let length = header("content-length").and_then(|n| n.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        let reply = if first.starts_with("GET /health ") {
            Reply { body: r#"{"ready":true}"#.to_owned(), ..Reply::level("none") }
        } else if first.starts_with("POST /analyze ") {
            let _ = tell.send(header("authorization"));
            (life.answer)(life.count.fetch_add(1, Ordering::SeqCst))
        } else if let (true, Some(status)) = (first.starts_with("GET /status "), life.status) {
            Reply { body: status.to_owned(), ..Reply::level("none") }
        } else {
            Reply { status: 404, ..Reply::level("none") }
        };
        thread::sleep(reply.after);
        life.dead.fetch_or(reply.status == 0, Ordering::SeqCst);
        if life.dead.load(Ordering::SeqCst) {
            return;
        }
        let Reply { status, body, .. } = reply;
        let answer = format!("HTTP/1.1 {status} -\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        if reader.get_mut().write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}
