//! A receiver of webhooks on a real socket, and alerts to send to it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver as Channel, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ash_alerts::{
    Alert, AlertSettings, AlertStatus, Alerts, Event, Kind, Observer, WebhookSettings, WebhookUrl,
};
use ash_analysis::{Level, MessageText, Score};
use serde_json::Value;

/// Something that never happens would be noticed after this; nothing is measured by it.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a receiver answers a request with.
pub(crate) enum Reply {
    /// A status, header lines, a body.
    Status(u16, &'static str, &'static str),
    /// Nothing, ever: the connection stays open.
    Silence,
}

/// A request as it came over the wire.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }

    /// The alert's, of a generic receiver.
    pub(crate) fn id(&self) -> String {
        self.json()["id"].as_str().expect("an id").to_owned()
    }
}

/// A receiver of webhooks on a real socket of this machine.
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    requests: Channel<Request>,
}

impl Receiver {
    /// That takes everything.
    pub(crate) fn new() -> Self {
        Receiver::that(|_| Reply::Status(204, "", ""))
    }

    /// That answers the n-th request, from 0, as it is told.
    pub(crate) fn that(answer: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Self {
        Receiver::at("127.0.0.1:0".parse().unwrap(), answer)
    }

    /// At a given address.
    pub(crate) fn at(address: SocketAddr, answer: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(address).expect("a free port");
        let address = listener.local_addr().unwrap();
        let (told, requests) = channel();
        let (answer, count) = (Arc::new(answer), Arc::new(AtomicUsize::new(0)));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (told, answer, count) = (told.clone(), Arc::clone(&answer), Arc::clone(&count));
                thread::spawn(move || serve(stream, &told, &*answer, &count));
            }
        });
        Receiver { address, requests }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook/secret-path", self.address)
    }

    /// The next request.
    pub(crate) fn next(&self) -> Request {
        self.requests.recv_timeout(PATIENCE).expect("a request")
    }

    /// The next requests.
    pub(crate) fn take(&self, count: usize) -> Vec<Request> {
        (0..count).map(|_| self.next()).collect()
    }

    /// Whether there was none since the last that was taken.
    pub(crate) fn is_quiet(&self) -> bool {
        self.requests.try_recv().is_err()
    }
}

fn serve(
    stream: TcpStream,
    told: &Sender<Request>,
    answer: &(impl Fn(usize) -> Reply + ?Sized),
    count: &AtomicUsize,
) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    while let Some(request) = read(&mut reader) {
        let _ = told.send(request);
        match answer(count.fetch_add(1, Ordering::SeqCst)) {
            Reply::Status(status, headers, body) => {
                let length = body.len();
                let head = format!("HTTP/1.1 {status} X\r\n{headers}content-length: {length}\r\n\r\n{body}");
                if stream.write_all(head.as_bytes()).is_err() {
                    return;
                }
            }
            Reply::Silence => loop {
                thread::park();
            },
        }
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) => headers.push((name.to_owned(), value.to_owned())),
            None => break,
        }
    }
    let mut request = Request { path, headers, body: Vec::new() };
    let length = request.header("content-length").map_or(0, |length| length.parse().unwrap());
    request.body.resize(length, 0);
    reader.read_exact(&mut request.body).ok()?;
    Some(request)
}

/// An address of this machine at which nobody listens.
pub(crate) fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// A webhook of the generic kind.
pub(crate) fn webhook(url: impl Into<String>) -> WebhookSettings {
    WebhookSettings {
        kind: Kind::Json,
        url_file: None,
        url: Some(WebhookUrl::new(url)),
        from: Level::High,
        include_text: false,
        allow_http: false,
        signing_key_file: None,
    }
}

/// Settings for some webhooks, with an outbox of its own.
pub(crate) fn settings<const N: usize>(webhooks: [(&str, WebhookSettings); N]) -> (AlertSettings, Folder) {
    let folder = Folder(tempfile::tempdir().unwrap());
    let settings = AlertSettings {
        enabled: true,
        outbox: folder.outbox(),
        max_per_minute: 600,
        webhooks: webhooks.map(|(name, webhook)| (name.to_owned(), webhook)).into(),
        ..AlertSettings::default()
    };
    (settings, folder)
}

/// Where an outbox lies as long as the test.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn outbox(&self) -> PathBuf {
        self.0.path().join("alerts.db")
    }

    pub(crate) fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

/// Everything that was observed.
#[derive(Default)]
pub(crate) struct Seen(Mutex<Vec<Event>>);

impl Observer for Seen {
    fn on(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }
}

impl Seen {
    pub(crate) fn count(&self, which: impl Fn(&Event) -> bool) -> usize {
        self.0.lock().unwrap().iter().filter(|event| which(event)).count()
    }

    pub(crate) fn printed(&self) -> String {
        format!("{:?}", self.0.lock().unwrap())
    }
}

pub(crate) fn open(settings: &AlertSettings) -> (Alerts, Arc<Seen>) {
    let seen = Arc::new(Seen::default());
    let observer: Arc<dyn Observer> = Arc::<Seen>::clone(&seen);
    (Alerts::open(settings.clone(), observer).expect("alerts"), seen)
}

/// Waits until the status is as wanted.
pub(crate) fn until(alerts: &Alerts, wanted: impl Fn(&AlertStatus) -> bool) -> AlertStatus {
    let end = std::time::Instant::now() + PATIENCE;
    loop {
        let status = alerts.status();
        if wanted(&status) {
            return status;
        }
        assert!(std::time::Instant::now() < end, "never came: {status:?}");
        thread::sleep(Duration::from_millis(5));
    }
}

pub(crate) fn close(alerts: &Alerts) {
    assert!(alerts.close(PATIENCE), "closed");
}

/// An alert about somebody, each with a person of its own.
pub(crate) fn alert(id: &str, level: Level) -> Alert {
    let mut dedupe = [0; 16];
    for (at, byte) in id.bytes().enumerate() {
        dedupe[at % 16] ^= byte.rotate_left(u32::try_from(at / 16).unwrap());
    }
    Alert {
        id: id.to_owned(),
        level,
        score: Score::clamped(0.876_54),
        confidence: Score::clamped(0.9),
        action: level.action(),
        reason: "Reads as a goodbye; grief stands out.".to_owned(),
        categories: vec!["goodbye".to_owned(), "suicidal_ideation".to_owned()],
        is_degraded: false,
        requires_staff_review: true,
        person: Some("5f0c9a2b7d31e684".to_owned()),
        channel: Some("a1b2c3d4e5f60718".to_owned()),
        dedupe,
        text: Some(MessageText::parse(TEXT).unwrap()),
        at: at(),
    }
}

/// A message that tries everything.
pub(crate) const TEXT: &str =
    "goodbye @everyone <@123> <!channel> & **all**\n```\n# https://example.org \u{202E}zebra";

/// 2023-11-14T22:13:20Z.
pub(crate) fn at() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}
