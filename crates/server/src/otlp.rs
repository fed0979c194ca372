//! Traces for an OpenTelemetry collector, as OTLP over HTTP in JSON; only with the feature `otlp`.
//!
//! Written here because the shape is small and the libraries for it are many: one span a request, and one below it for
//! each stage. Never a word of a message, no address, no key, no path as it was typed. Spans wait in a bounded queue;
//! what finds no room, or a collector that is away, costs spans and never a request.
//!
//! <https://opentelemetry.io/docs/specs/otlp/#otlphttp>, <https://github.com/open-telemetry/opentelemetry-proto>.

use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ash_runtime::Timing;
use axum::http::{Method, Request, Uri, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use crate::trace::Trace;

/// Spans that may wait: some ten seconds of a busy service.
const WAITING: usize = 16_384;
/// Spans of one export at most.
const BATCH: usize = 512;
/// How long spans are gathered.
const PAUSE: Duration = Duration::from_secs(1);
/// How long the collector may take.
const PATIENCE: Duration = Duration::from_secs(2);

static SPANS: OnceLock<mpsc::Sender<Value>> = OnceLock::new();

/// The endpoint cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the trace collector must be given as http://HOST:PORT, without a path; this is {0:?}")]
pub struct BadEndpoint(pub String);

/// Sends the spans of all requests of this process to the collector at `endpoint` (`http://HOST:PORT`; `/v1/traces` is
/// added) from now on. To be called within an async runtime; a second call changes nothing.
pub fn export_traces(endpoint: &str) -> Result<(), BadEndpoint> {
    let bad = || BadEndpoint(endpoint.to_owned());
    let uri: Uri = endpoint.parse().map_err(|_| bad())?;
    let plain = uri.scheme_str() == Some("http") && matches!(uri.path(), "" | "/");
    let authority = uri.authority().filter(|_| plain).ok_or_else(bad)?;
    let address = format!("{}:{}", authority.host(), authority.port_u16().unwrap_or(4318));
    let (spans, waiting) = mpsc::channel(WAITING);
    if SPANS.set(spans).is_ok() {
        tokio::spawn(send_all(address, waiting));
    }
    Ok(())
}

/// A request that was answered.
pub(crate) struct Served<'a> {
    pub(crate) trace: Option<&'a Trace>,
    pub(crate) request_id: &'a str,
    pub(crate) method: &'a str,
    pub(crate) route: &'a str,
    pub(crate) status: u16,
    pub(crate) took: Duration,
    pub(crate) timing: Option<&'a Timing>,
}

/// Hands the spans of a request to the background; does nothing if traces are not exported.
pub(crate) fn export(served: &Served<'_>) {
    let Some(queue) = SPANS.get() else { return };
    for span in spans(served, SystemTime::now()) {
        // Full: the collector is away or slow. The request matters more than its trace.
        if queue.try_send(span).is_err() {
            return;
        }
    }
}

/// The span of the request that ended at `end`, and those of its stages, laid one after the other to their common end.
fn spans(served: &Served<'_>, end: SystemTime) -> Vec<Value> {
    let trace = served.trace.map_or_else(|| random(16), |trace| trace.id().to_owned());
    let parent = served.trace.map_or("", |trace| trace.parent.as_str());
    let (root, start) = (random(8), nanoseconds(end).saturating_sub(served.took.as_nanos()));
    let text = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    let attributes = json!([
        text("http.request.method", served.method),
        text("http.route", served.route),
        {"key": "http.response.status_code", "value": {"intValue": served.status.to_string()}},
        text("ash.request_id", served.request_id),
    ]);
    // 2: a server's span; 2: an error.
    let status = if served.status >= 500 { json!({"code": 2}) } else { json!({}) };
    let mut all = vec![json!({
        "traceId": trace, "spanId": root, "parentSpanId": parent, "kind": 2, "status": status,
        "name": format!("{} {}", served.method, served.route), "attributes": attributes,
        "startTimeUnixNano": start.to_string(), "endTimeUnixNano": nanoseconds(end).to_string(),
    })];
    let Some(t) = served.timing else { return all };
    let mut at = nanoseconds(end).saturating_sub(whole(t.total_ms));
    let mut stage = |name: &str, from: u128, ms: f64| {
        all.push(json!({
            "traceId": trace, "spanId": random(8), "parentSpanId": root, "kind": 1, "name": name,
            "startTimeUnixNano": from.to_string(), "endTimeUnixNano": (from + whole(ms)).to_string(),
        }));
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

/// Sends what waits, a batch at a time, for as long as there is a sender.
async fn send_all(address: String, mut waiting: mpsc::Receiver<Value>) {
    let mut batch = Vec::with_capacity(BATCH);
    let mut lost = false;
    while waiting.recv_many(&mut batch, BATCH).await > 0 {
        let body = json!({"resourceSpans": [{
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "ash-nlp"}}]},
            "scopeSpans": [{"scope": {"name": "ash-nlp", "version": ash_runtime::VERSION}, "spans": batch}],
        }]});
        let sent = tokio::time::timeout(PATIENCE, send(&address, body.to_string())).await;
        let ok = matches!(sent, Ok(Ok(true)));
        if !ok && !lost {
            tracing::warn!(
                collector = address,
                "traces could not be delivered; they are dropped until they can"
            );
        }
        lost = !ok;
        batch.clear();
        tokio::time::sleep(PAUSE).await;
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

/// So many random bytes in hexadecimal digits, not all 0.
fn random(bytes: usize) -> String {
    let id = uuid::Uuid::new_v4().simple().to_string();
    id[..2 * bytes].to_owned()
}

fn nanoseconds(time: SystemTime) -> u128 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos()
}

/// Milliseconds as whole nanoseconds.
fn whole(ms: f64) -> u128 {
    Duration::try_from_secs_f64(ms / 1e3).unwrap_or_default().as_nanos()
}
