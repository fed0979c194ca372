//! POST /v1/moderations: the moderation endpoint of the `OpenAI` API, for whoever has a client of it.
//!
//! `request` reads what such a client sends, `answer` says what a verdict is in its categories, `error` tells errors
//! in its shape. What it means here:
//!
//! - `flagged` means that a human should look now: the level is high or critical. `self-harm` says the same,
//!   `self-harm/intent` that the writer's own life or body is at stake. The other categories are not judged: they are
//!   false, 0, and have no applied input type. `self-harm/instructions` is one of them.
//! - Scores are 0.5 or more exactly where the category is true.
//! - `model` is taken and not looked at; the answer's `model` says what judged.
//! - `ash` stands beside each result with what the categories cannot say: milder levels, doubt, the reason. The
//!   settings `compat.critical_as_high` do not touch it.
//! - A blank text has nothing to judge and is not flagged, as there. A text that could not be judged fails the whole
//!   request; it is never passed off as not flagged.

mod answer;
mod error;
mod request;

use std::sync::Arc;

use ash_runtime::{Priority, Request, Service};
use axum::body::Body;
use axum::extract::State;
use axum::{Extension, Json};
use futures_util::future::try_join_all;

use crate::app::App;
use crate::body;
use crate::envelope::RequestId;
use crate::error::ApiError;

use answer::{Moderation, ModerationAnswer, judge};
pub(crate) use error::told;
use request::{Input, ModerationRequest};

/// A single text is waited for; of several, each waits behind those that somebody waits for.
pub(crate) async fn moderations(
    State(app): State<Arc<App>>,
    Extension(RequestId(id)): Extension<RequestId>,
    body: Body,
) -> Result<Json<ModerationAnswer>, ApiError> {
    let bytes = body::read(body, app.limits.max_body_bytes).await?;
    let ModerationRequest { inputs } = ModerationRequest::parse(&bytes, app.limits.max_message_bytes)?;
    let service = app.service()?;
    let priority = if inputs.len() > 1 { Priority::Batch } else { Priority::Interactive };
    let results = inputs.into_iter().map(|input| result(service, input, priority));
    let results = try_join_all(results).await?;
    Ok(Json(ModerationAnswer { id: format!("modr-{id}"), model: judge(service), results }))
}

async fn result(service: &Service, input: Input, priority: Priority) -> Result<Moderation, ApiError> {
    let Some(text) = input else { return Ok(Moderation::of_nothing()) };
    let analyzed = service.submit(Request { priority, ..Request::new(text) }).await?;
    Ok(Moderation::of(&analyzed.assessment, &service.settings().analysis.evidence.cues))
}
