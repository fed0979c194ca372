//! Traces for an OpenTelemetry collector, as OTLP over HTTP in JSON; only with the feature `otlp`.
//!
//! Written here because the shape is small and the libraries for it are many: one span a request, and one below it for
//! each stage. Never a word of a message, no address, no key, no path as it was typed. Requests wait in a bounded queue;
//! what finds no room, or a collector that is away, costs traces and never a request. What was dropped is counted and told.
//!
//! <https://opentelemetry.io/docs/specs/otlp/#otlphttp>, <https://github.com/open-telemetry/opentelemetry-proto>.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ash_runtime::Timing;
use axum::http::{Method, Request, Uri, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::trace::Trace;

/// Requests that may wait, some 500 bytes each: seconds of a busy service.
const WAITING: usize = 4096;
/// Spans of one export, about; a request's spans stay together.
const BATCH: usize = 512;
/// How long spans are gathered at most.
const PAUSE: Duration = Duration::from_secs(1);
/// How long the collector may take, and how long the end may wait for it.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often it is told at most that traces were dropped.
const SILENCE: Duration = Duration::from_secs(60);

static TRACES: OnceLock<Traces> = OnceLock::new();

/// The endpoint cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the trace collector must be given as http://HOST:PORT, without a path; this is {0:?}")]
pub struct BadEndpoint(pub String);

/// Sends the spans of all requests of this process to the collector at `endpoint` (`http://HOST:PORT`; `/v1/traces` is
/// added) from now on. To be called within an async runtime; a second call changes nothing.
pub fn export_traces(endpoint: &str) -> Result<Traces, BadEndpoint> {
    let bad = || BadEndpoint(endpoint.to_owned());
    let uri: Uri = endpoint.parse().map_err(|_| bad())?;
    let plain = uri.scheme_str() == Some("http") && matches!(uri.path(), "" | "/");
    let authority = uri.authority().filter(|_| plain).ok_or_else(bad)?;
    let address = format!("{}:{}", authority.host(), authority.port_u16().unwrap_or(4318));
    Ok(TRACES.get_or_init(|| Traces::to(address)).clone())
}

/// The way to the collector.
#[derive(Debug, Clone)]
pub struct Traces {
    queue: mpsc::Sender<Item>,
    dropped: Arc<AtomicU64>,
}

impl Traces {
    fn to(address: String) -> Self {
        let (queue, waiting) = mpsc::channel(WAITING);
        let dropped = Arc::new(AtomicU64::new(0));
        tokio::spawn(send_all(address, waiting, Arc::clone(&dropped)));
        Traces { queue, dropped }
    }

    /// Full: the collector is away or slow. The request matters more than its trace.
    fn put(&self, served: impl FnOnce() -> Served) {
        match self.queue.try_reserve() {
            Ok(room) => room.send(Item::Served(Box::new(served()))),
            Err(_) => drop(self.dropped.fetch_add(1, Ordering::Relaxed)),
        }
    }

    /// Sends what still waits, and takes two seconds for it at most.
    pub async fn flush(&self) {
        let (done, sent) = oneshot::channel();
        let all = async {
            if self.queue.send(Item::Flush(done)).await.is_ok() {
                let _ = sent.await;
            }
        };
        if timeout(PATIENCE, all).await.is_err() {
            tracing::warn!("the trace collector did not take the last traces in time");
        }
    }
}

/// What waits.
#[derive(Debug)]
enum Item {
    Served(Box<Served>),
    Flush(oneshot::Sender<()>),
}

/// A request that was answered.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) trace: Trace,
    pub(crate) request_id: String,
    pub(crate) method: &'static str,
    pub(crate) route: String,
    pub(crate) status: u16,
    pub(crate) took: Duration,
    pub(crate) end: SystemTime,
    pub(crate) timing: Option<Timing>,
}

/// Hands a request to the background, which makes spans of it; does nothing if traces are not exported.
pub(crate) fn export(served: impl FnOnce() -> Served) {
    if let Some(traces) = TRACES.get() {
        traces.put(served);
    }
}

/// The span of the request, and those of its stages, laid one after the other to their common end.
fn spans(served: &Served) -> Vec<Value> {
    let (trace, parent) = (served.trace.id(), served.trace.parent.as_deref().unwrap_or_default());
    let end = nanoseconds(served.end);
    let (root, start) = (span_id(), end.saturating_sub(served.took.as_nanos()));
    let text = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    // Names of OpenTelemetry's semantic conventions, which know methods, and others.
    let (method, verb) = match served.method {
        "other" => ("_OTHER", "HTTP"),
        known => (known, known),
    };
    let attributes = json!([
        text("http.request.method", method),
        text("http.route", &served.route),
        {"key": "http.response.status_code", "value": {"intValue": served.status.to_string()}},
        text("ash.request_id", &served.request_id),
    ]);
    // 2: a server's span; 2: an error.
    let status = if served.status >= 500 { json!({"code": 2}) } else { json!({}) };
    let mut all = vec![json!({
        "traceId": trace, "spanId": root, "parentSpanId": parent, "kind": 2, "status": status,
        "name": format!("{verb} {}", served.route), "attributes": attributes,
        "startTimeUnixNano": start.to_string(), "endTimeUnixNano": end.to_string(),
    })];
    let Some(t) = &served.timing else { return all };
    let mut at = end.saturating_sub(whole(t.total_ms));
    let mut stage = |name: &str, from: u128, ms: f64| {
        // A stage that a remembered answer did not pass has no span.
        if ms > 0.0 {
            all.push(json!({
                "traceId": trace, "spanId": span_id(), "parentSpanId": root, "kind": 1, "name": name,
                "startTimeUnixNano": from.to_string(), "endTimeUnixNano": (from + whole(ms)).to_string(),
            }));
        }
    };
    for (name, ms) in [
        ("cache", t.cache_ms),
        ("queue", t.queue_ms),
        ("normalise", t.normalise_ms),
        ("tokenise", t.tokenise_ms),
        ("inference", t.models_ms),
        ("patterns", t.patterns_ms),
        ("decision", t.decision_ms),
    ] {
        stage(name, at, ms);
        if name == "inference" {
            // The shared layers first, then the models side by side.
            let shared = t.inference_ms.0.iter().find(|(model, _)| &**model == "trunk").map_or(0.0, |m| m.1);
            for (model, ms) in &t.inference_ms.0 {
                let from = if &**model == "trunk" { at } else { at + whole(shared) };
                stage(model, from, *ms);
            }
        }
        at += whole(ms);
    }
    all
}

/// What goes in one export, and who waits for it.
#[derive(Debug, Default)]
struct Batch {
    spans: Vec<Value>,
    requests: u64,
    flush: Option<oneshot::Sender<()>>,
}

impl Batch {
    /// Whether more fits.
    fn take(&mut self, item: Item) -> bool {
        match item {
            Item::Served(served) => {
                self.spans.append(&mut spans(&served));
                self.requests += 1;
                self.spans.len() < BATCH
            }
            Item::Flush(done) => {
                self.flush = Some(done);
                false
            }
        }
    }

    /// Waits for something, then for what fits, but not for long; none if nobody can send any more.
    async fn gather(waiting: &mut mpsc::Receiver<Item>) -> Option<Self> {
        let mut batch = Batch::default();
        let mut fits = batch.take(waiting.recv().await?);
        let rest = async {
            while fits {
                let Some(item) = waiting.recv().await else { return };
                fits = batch.take(item);
            }
        };
        let _ = timeout(PAUSE, rest).await;
        Some(batch)
    }
}

/// Sends what waits, a batch at a time, for as long as there is a sender. A full batch is followed by the next one at
/// once: the collector sets the pace, not a clock.
async fn send_all(address: String, mut waiting: mpsc::Receiver<Item>, dropped: Arc<AtomicU64>) {
    let mut told: Option<Instant> = None;
    while let Some(batch) = Batch::gather(&mut waiting).await {
        if !batch.spans.is_empty() {
            let body = json!({"resourceSpans": [{
                "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "ash-nlp"}}]},
                "scopeSpans": [{
                    "scope": {"name": "ash-nlp", "version": ash_runtime::VERSION}, "spans": batch.spans,
                }],
            }]});
            let sent = timeout(PATIENCE, send(&address, body.to_string())).await;
            if !matches!(sent, Ok(Ok(true))) {
                dropped.fetch_add(batch.requests, Ordering::Relaxed);
            }
        }
        if batch.flush.is_some() || told.is_none_or(|told| told.elapsed() >= SILENCE) {
            let requests = dropped.swap(0, Ordering::Relaxed);
            if requests > 0 {
                tracing::warn!(
                    collector = address,
                    requests,
                    "traces were dropped: the collector is away or slow"
                );
                told = Some(Instant::now());
            }
        }
        if let Some(done) = batch.flush {
            let _ = done.send(());
        }
    }
}

/// Whether the collector took it.
async fn send(address: &str, body: String) -> Result<bool, Box<dyn std::error::Error + Send + Sync>> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::builder()
        .method(Method::POST)
        .uri("/v1/traces")
        .header(header::HOST, address)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(body)))?;
    let response = sender.send_request(request).await?;
    let ok = response.status().is_success();
    response.into_body().collect().await?;
    Ok(ok)
}

/// 16 random hexadecimal digits, not all 0.
fn span_id() -> String {
    let mut id = uuid::Uuid::new_v4().simple().to_string();
    id.truncate(16);
    id
}

fn nanoseconds(time: SystemTime) -> u128 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos()
}

/// Milliseconds as whole nanoseconds.
fn whole(ms: f64) -> u128 {
    Duration::try_from_secs_f64(ms / 1e3).unwrap_or_default().as_nanos()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn served() -> Served {
        Served {
            trace: Trace::of(&axum::http::HeaderMap::new()),
            request_id: "req_0".to_owned(),
            method: "GET",
            route: "/live".to_owned(),
            status: 200,
            took: Duration::from_millis(1),
            end: SystemTime::now(),
            timing: None,
        }
    }

    #[tokio::test]
    async fn a_collector_that_is_away_costs_traces_which_are_counted_and_nobody_waits() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        drop(listener);
        let (queue, waiting) = mpsc::channel(4);
        let traces = Traces { queue, dropped: Arc::default() };
        for _ in 0..10 {
            traces.put(served);
        }
        assert_eq!(traces.dropped.load(Ordering::Relaxed), 6, "four found room");
        // From here on somebody reads, in vain. What was dropped is told at once, so the count starts anew.
        tokio::spawn(send_all(address, waiting, Arc::clone(&traces.dropped)));
        traces.flush().await;
        assert_eq!(traces.dropped.load(Ordering::Relaxed), 0);
        traces.put(served);
        traces.flush().await;
        assert!(!traces.queue.is_closed(), "it goes on for when the collector is back");
    }

    #[test]
    fn a_method_that_nobody_knows_has_the_name_that_the_conventions_give_it() {
        let all = spans(&Served { method: "other", ..served() });
        assert_eq!(all[0]["name"], "HTTP /live");
        assert_eq!(all[0]["attributes"][0]["value"]["stringValue"], "_OTHER");
    }
}
