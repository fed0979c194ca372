//! What surrounds every request: an id, a deadline, a log line. None of them sees the message.

use std::sync::Arc;
use std::time::Instant;

use ash_runtime::Phase;
use ash_runtime::telemetry::HttpAnswered;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::dialect::Dialect;
use crate::error::ApiError;
use crate::opening::Rehearsal;
use crate::stamp;
use crate::trace::Trace;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a request; handlers that show it take it from the request's extensions.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(pub(crate) String);

/// Runs the rest with an id and a deadline, and writes one line about it.
///
/// The line names the trace (that of the client's `traceparent`, or a new one), and the route, not the path as it was
/// typed: whatever people put into addresses stays out of the log.
pub(crate) async fn envelope(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let start = Instant::now();
    let id = stamp::request_id();
    let method = named(request.method());
    let dialect = Dialect::of(request.uri().path());
    let route = request.extensions().get::<MatchedPath>().map(|p| p.as_str().to_owned());
    request.extensions_mut().insert(RequestId(id.clone()));
    let trace = Trace::of(request.headers());
    let rehearsal = request.extensions().get::<Rehearsal>().is_some();

    let answer = tokio::time::timeout(app.limits.request_timeout(), next.run(request)).await;
    let timeout = |_| ApiError::Timeout { limit_ms: app.limits.request_timeout_ms }.into_response();
    let mut response = dialect.spoken(answer.unwrap_or_else(timeout));

    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    if app.life.phase() == Phase::Draining {
        // A client that keeps its connection would send the next request just as it is closed.
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    if rehearsal {
        return response;
    }
    let (status, took) = (response.status().as_u16(), start.elapsed());
    app.count(&HttpAnswered { route: route.as_deref(), method, status, took });
    let route = route.as_deref().unwrap_or("-");
    #[cfg(feature = "otlp")]
    if trace.sampled {
        crate::otlp::export(|| crate::otlp::Served {
            trace: trace.clone(),
            request_id: id.clone(),
            method,
            route: route.to_owned(),
            status,
            took,
            end: std::time::SystemTime::now(),
            timing: response.extensions().get().cloned(),
        });
    }
    let ms = (took.as_secs_f64() * 1e6).round() / 1e3;
    tracing::info!(request_id = id, trace_id = trace.id(), method, route, status, ms, "request");
    response
}

/// A method by its name; a client can send any word as one, and words of clients stay out of logs and traces.
fn named(method: &Method) -> &'static str {
    const KNOWN: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("other")
}
