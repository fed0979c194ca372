//! POST /v1/moderations: the moderation endpoint of the OpenAI API, for whoever has a client of it.
//!
//! `request` reads what such a client sends (`described` says what that looks like), `answer` says what a verdict is in its categories, `error` tells errors
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
mod described;
mod error;
mod request;

use std::sync::Arc;

use ash_runtime::Service;
use axum::body::Body;
use axum::extract::State;
use axum::{Extension, Json};
use futures_util::future::try_join_all;

use crate::app::App;
use crate::body;
use crate::envelope::RequestId;
use crate::error::ApiError;
use crate::place::{Place, places};

use answer::{Moderation, ModerationAnswer, judge};
use described::ModerationBody;
pub(crate) use error::{Told, told};
use request::{Input, ModerationRequest};

/// Judge texts, for clients of the OpenAI API
///
/// `flagged` means that a human should look now: the level is high or critical. `self-harm` says the same;
/// `self-harm/intent` that it is the writer's own life or body: the level is critical, or high with a statement of
/// intent, a goodbye, an attempt or self-harm. The other categories are not judged: false, 0, and without an applied
/// input type; `self-harm/instructions` is one of them. A score is 0.5 or more exactly where its category is true.
///
/// `ash` tells what the categories cannot. `compat.critical_as_high` does not touch it. A blank text is not flagged;
/// one that could not be judged fails the whole request. Several texts wait behind single ones, which somebody waits
/// for.
#[utoipa::path(post, path = "/v1/moderations", operation_id = "moderations", tag = "other protocols",
    request_body = ModerationBody,
    responses((status = 200, description = "A result for each text.", body = ModerationAnswer)),
)]
pub(crate) async fn moderations(
    State(app): State<Arc<App>>,
    Extension(RequestId(id)): Extension<RequestId>,
    body: Body,
) -> Result<Json<ModerationAnswer>, ApiError> {
    let bytes = body::read(body, app.limits.max_body_bytes).await?;
    let ModerationRequest { inputs } = ModerationRequest::parse(&bytes, app.limits.max_message_bytes)?;
    let service = app.service()?;
    let places = places(&id, inputs.len());
    let results = inputs.into_iter().zip(places).map(|(input, place)| result(service, input, place));
    let results = try_join_all(results).await?;
    Ok(Json(ModerationAnswer { id: format!("modr-{id}"), model: judge(service), results }))
}

async fn result(service: &Service, input: Input, place: Place) -> Result<Moderation, ApiError> {
    let Some(text) = input else { return Ok(Moderation::of_nothing()) };
    let analyzed = service.submit(place.request(text)).await?;
    Ok(Moderation::of(&analyzed.assessment, &service.settings().analysis.evidence.cues))
}
