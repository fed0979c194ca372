//! One HTTP request at a time to one receiver, on a thread of its own.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use ureq::http::header::{CONTENT_TYPE, RETRY_AFTER};
use ureq::{Agent, Error};

use crate::clock;
use crate::error::AlertError;
use crate::format;
use crate::keeper::Note;
use crate::notice::Notice;
use crate::retry::Outcome;
use crate::secret::{self, SigningKey};
use crate::settings::{AlertSettings, Kind, WebhookSettings};
use crate::signature;

/// As much of an answer as is read for when to come back, in bytes.
const MOST_BODY: u64 = 4_096;

/// Posts to one receiver.
pub(crate) struct Sender {
    agent: Agent,
    url: String,
    kind: Kind,
    with_text: bool,
    key: Option<SigningKey>,
}

impl Sender {
    /// To the receiver `name`; reads its address and its key.
    pub(crate) fn new(
        name: &str,
        webhook: &WebhookSettings,
        settings: &AlertSettings,
    ) -> Result<Self, AlertError> {
        let url = secret::address(name, webhook)?;
        let mut config = Agent::config_builder()
            .timeout_global(Some(settings.timeout()))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("ash-nlp/", env!("CARGO_PKG_VERSION")));
        if url.is_loopback() {
            config = config.proxy(None);
        }
        Ok(Sender {
            agent: config.build().into(),
            // Without it Discord answers before it knows whether the message can be posted.
            url: match webhook.kind {
                Kind::Discord => url.with_parameter("wait", "true"),
                Kind::Slack | Kind::Json => url.expose().to_owned(),
            },
            kind: webhook.kind,
            with_text: settings.sends_text(webhook),
            key: secret::signing_key(name, webhook)?,
        })
    }

    /// One attempt.
    pub(crate) fn post(&self, notice: &Notice) -> Outcome {
        let body = format::body(self.kind, notice, self.with_text);
        let now = clock::now();
        let mut request = self.agent.post(&self.url).header(CONTENT_TYPE, "application/json");
        if let Some(signed) = self.key.as_ref().and_then(|key| signature::signature(key, now / 1_000, &body))
        {
            request = request.header(signature::HEADER, signed);
        }
        let mut answer = match request.send(&body[..]) {
            Ok(answer) => answer,
            Err(error) => return Outcome::unreached(word(&error)),
        };
        let status = answer.status().as_u16();
        let retry_after =
            answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let body = match status {
            429 => answer.body_mut().with_config().limit(MOST_BODY).read_to_vec().unwrap_or_default(),
            _ => Vec::new(),
        };
        Outcome::of(status, retry_after.as_deref(), &body, now)
    }

    /// Gives it a thread, which posts what comes and notes how it went, as the receiver number `index`.
    pub(crate) fn start(
        self,
        name: &str,
        index: usize,
        notes: SyncSender<Note>,
    ) -> Result<SyncSender<Notice>, AlertError> {
        // One that is posted; the keeper gives the next when it knows how that went.
        let (given, taken): (_, Receiver<Notice>) = sync_channel(1);
        let work = move || {
            for notice in taken {
                let started = Instant::now();
                // A panic in the client is a failed attempt, not the end of the webhook.
                let posted = catch_unwind(AssertUnwindSafe(|| self.post(&notice)));
                let outcome = posted.unwrap_or_else(|_| Outcome::unreached("failed"));
                let took: Duration = started.elapsed();
                if notes.send(Note::Done { index, outcome, took }).is_err() {
                    return;
                }
            }
        };
        let thread = thread::Builder::new().name(format!("alert {name}"));
        thread.spawn(work).map_err(AlertError::Thread)?;
        Ok(given)
    }
}

/// Why no answer came, in a word. Never the error's own text, which may name the address.
fn word(error: &Error) -> &'static str {
    match error {
        Error::Timeout(_) => "timeout",
        Error::Io(error) => io_word(error),
        Error::HostNotFound | Error::ConnectionFailed => "unreachable",
        Error::Tls(_) | Error::Rustls(_) | Error::Pem(_) | Error::TlsRequired => "tls",
        Error::ConnectProxyFailed(_) | Error::InvalidProxyUrl => "proxy",
        Error::Protocol(_) | Error::Http(_) | Error::LargeResponseHeader(..) => "protocol",
        _ => "failed",
    }
}

fn io_word(error: &io::Error) -> &'static str {
    use io::ErrorKind as Kind;
    match error.kind() {
        Kind::ConnectionRefused => "refused",
        Kind::TimedOut | Kind::WouldBlock => "timeout",
        Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe | Kind::UnexpectedEof => "closed",
        Kind::HostUnreachable | Kind::NetworkUnreachable | Kind::AddrNotAvailable => "unreachable",
        // What rustls says of a handshake comes so.
        Kind::InvalidData => "tls",
        _ => "failed",
    }
}
