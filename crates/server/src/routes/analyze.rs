//! POST /analyze: a message in, a verdict out.

use std::sync::Arc;

use ash_runtime::{Analyzed, Provenance, Request, Timing};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::{Extension, Json};

use crate::answer::{Answer, WireSettings, shown};
use crate::app::App;
use crate::auth::Caller;
use crate::body;
use crate::envelope::RequestId;
use crate::error::ApiError;
use crate::opening::Rehearsal;
use crate::request::AnalyzeRequest;
use crate::stamp;

const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");
const CACHE: HeaderName = HeaderName::from_static("x-cache");

/// The body is taken as JSON whatever its Content-Type says: some old clients send none.
pub(crate) async fn analyze(
    State(app): State<Arc<App>>,
    Extension(RequestId(id)): Extension<RequestId>,
    Extension(caller): Extension<Caller>,
    rehearsal: Option<Extension<Rehearsal>>,
    body: Body,
) -> Result<(HeaderMap, Extension<Timing>, Json<Answer>), ApiError> {
    let bytes = body::read(body, app.limits.max_body_bytes).await?;
    let request = AnalyzeRequest::parse(&bytes, app.limits.max_message_bytes)?;
    let service = app.service()?;
    let text = request.message.clone();
    let asked = Request {
        history: request.history,
        from: Provenance { request_id: id.clone(), user: request.user, channel: request.channel },
        is_rehearsal: rehearsal.is_some(),
        ..Request::new(request.message)
    };
    let analyzed = service.submit(asked).await?;
    let answer =
        Answer::new(&analyzed, &text, id, stamp::timestamp(), &caller.adapted(&WireSettings::of(service)));
    let answer = answer.explained(request.verbosity);
    let answer = if request.show_context { answer } else { answer.without_context() };
    // The timing goes along for whoever exports traces.
    Ok((headers(&analyzed), Extension(analyzed.timing), Json(answer)))
}

/// What is told beside the answer.
fn headers(analyzed: &Analyzed) -> HeaderMap {
    let timing = HeaderValue::from_str(&server_timing(&analyzed.timing)).ok();
    let cache = HeaderValue::from_static(shown(analyzed.source).as_str());
    timing.map(|value| (SERVER_TIMING, value)).into_iter().chain([(CACHE, cache)]).collect()
}

/// The stages as browsers' developer tools show them.
fn server_timing(timing: &Timing) -> String {
    let stages = [
        ("queue", timing.queue_ms),
        ("normalise", timing.normalise_ms),
        ("cache", timing.cache_ms),
        ("tokenise", timing.tokenise_ms),
        ("inference", timing.models_ms),
        ("patterns", timing.patterns_ms),
        ("decision", timing.decision_ms),
        ("total", timing.total_ms),
    ];
    let entries: Vec<String> = stages.iter().map(|(name, ms)| format!("{name};dur={ms:.3}")).collect();
    entries.join(", ")
}
