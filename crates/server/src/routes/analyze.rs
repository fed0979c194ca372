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
use crate::routes::openapi::bodies::AnalyzeBody;
use crate::stamp;

const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");
const CACHE: HeaderName = HeaderName::from_static("x-cache");

/// Judge a message
///
/// Never 'none' for want of an answer: if models are missing or late, the words alone decide, `is_degraded` is true
/// and a human is asked. The body is taken as JSON whatever its Content-Type says: some old clients send none.
#[utoipa::path(post, path = "/analyze", operation_id = "analyze", tag = "verdicts",
    request_body(content = AnalyzeBody, examples(
        ("Calm" = (summary = "Talk about a game.", value = json!({"message": "that boss killed me four times, one more try"}))),
        ("Urgent" = (summary = "Somebody who should not be alone now.", value = json!({"message": "i can't do this anymore, i just want to be gone"}))),
        ("With a conversation" = (summary = "What came before is read too.", value = json!({
            "message": "it doesn't matter anyway",
            "message_history": [
                {"message": "nobody would notice if i left", "timestamp": "2026-03-01T21:40:00Z", "crisis_score": 0.6},
                {"message": "rough day", "timestamp": "2026-03-01T20:10:00Z", "crisis_score": 0.2},
            ],
            "timestamp": "2026-03-01T21:55:00Z",
            "user_timezone": "Europe/Vienna",
            "verbosity": "detailed",
        }))),
    )),
    responses((status = 200, description = "The verdict.", body = Answer, headers(
        ("x-cache" = String, description = "Whether the verdict was remembered: hit, miss or coalesced."),
        ("server-timing" = String, description = "Milliseconds of each stage."),
    ))),
)]
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
