//! POST /analyze/batch: many messages in, as many verdicts out, in their order; a bad one fails alone.

use std::sync::Arc;
use std::time::Instant;

use ash_runtime::{Priority, Provenance, Request, Service};
use axum::body::Body;
use axum::extract::State;
use axum::{Extension, Json};
use futures_util::future::join_all;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::answer::{Answer, Verbosity, WireSettings};
use crate::app::App;
use crate::auth::Caller;
use crate::body;
use crate::envelope::RequestId;
use crate::error::{ApiError, Told};
use crate::request::{BatchRequest, message};
use crate::routes::openapi::bodies::BatchBody;
use crate::stamp;

/// The answer of POST /analyze/batch.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BatchAnswer {
    /// One for each message, in their order.
    results: Vec<Item>,
    /// How many.
    total: usize,
    /// How many of them were no message.
    failed: usize,
    processing_time_ms: f64,
}

/// One message's place in the answer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = BatchItem)]
enum Item {
    Answered(Box<Answer>),
    Failed { error: Told },
}

/// Judge many messages
///
/// Up to 100, order kept; a bad one fails alone. They wait behind single messages, which somebody waits for, and share
/// batches with each other.
#[utoipa::path(post, path = "/analyze/batch", operation_id = "analyze_batch", tag = "verdicts",
    request_body = BatchBody,
    responses((status = 200, description = "A verdict or an error for each message.", body = BatchAnswer)),
)]
pub(crate) async fn batch(
    State(app): State<Arc<App>>,
    Extension(RequestId(id)): Extension<RequestId>,
    Extension(caller): Extension<Caller>,
    body: Body,
) -> Result<Json<BatchAnswer>, ApiError> {
    let start = Instant::now();
    let bytes = body::read(body, app.limits.max_body_bytes).await?;
    let BatchRequest { messages, verbosity } = BatchRequest::parse(&bytes)?;
    let service = app.service()?;
    let wire = WireSettings::of(service);
    let (wire, limit) = (caller.adapted(&wire), app.limits.max_message_bytes);
    let answers = messages.iter().enumerate().map(|(i, value)| {
        let (id, wire) = (format!("{id}_{i}"), &wire);
        async move {
            match answer(service, value, limit, (id, verbosity), wire).await {
                Ok(answer) => Item::Answered(Box::new(answer)),
                Err(error) => Item::Failed { error: error.told() },
            }
        }
    });
    let results = join_all(answers).await;
    Ok(Json(BatchAnswer {
        total: results.len(),
        failed: results.iter().filter(|item| matches!(item, Item::Failed { .. })).count(),
        processing_time_ms: (start.elapsed().as_secs_f64() * 1e6).round() / 1e3,
        results,
    }))
}

async fn answer(
    service: &Service,
    value: &Value,
    limit: usize,
    (id, verbosity): (String, Option<Verbosity>),
    wire: &WireSettings,
) -> Result<Answer, ApiError> {
    let text = message(value, limit)?;
    let from = Provenance { request_id: id.clone(), ..Provenance::default() };
    let asked = Request { priority: Priority::Batch, from, ..Request::new(text.clone()) };
    let analyzed = service.submit(asked).await?;
    Ok(Answer::new(&analyzed, &text, id, stamp::timestamp(), wire).explained(verbosity))
}
