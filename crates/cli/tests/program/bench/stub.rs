//! A made-up service: its answers are what the test says, when the test says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
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

    /// The same, later.
    pub(super) fn after(self, ms: u64) -> Self {
        Reply { after: Duration::from_millis(ms), ..self }
    }
}

/// Listens for as long as the test runs; GET /health is ready, other pages do not exist.
pub(super) struct Stub {
    url: String,
    told: mpsc::Receiver<Option<String>>,
}

impl Stub {
    /// Answers the request number n, counted from 0, by `answer(n)`.
    pub(super) fn answering(answer: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (tell, told) = mpsc::channel();
        let (answer, count) = (Arc::new(answer), Arc::new(AtomicUsize::new(0)));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (tell, answer, count) = (tell.clone(), Arc::clone(&answer), Arc::clone(&count));
                thread::spawn(move || serve(stream, &tell, &*answer, &count));
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

/// Until the other side has enough.
fn serve(
    stream: TcpStream,
    tell: &mpsc::Sender<Option<String>>,
    answer: &dyn Fn(usize) -> Reply,
    count: &AtomicUsize,
) {
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
            answer(count.fetch_add(1, Ordering::SeqCst))
        } else {
            Reply { status: 404, ..Reply::level("none") }
        };
        thread::sleep(reply.after);
        let Reply { status, body, .. } = reply;
        let answer = format!("HTTP/1.1 {status} -\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        if reader.get_mut().write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}
