//! /v2: the Open Inference Protocol, for whoever calls models through `KServe` or Triton.
//!
//! <https://github.com/kserve/open-inference-protocol>, the REST part. `model` says what there is, `request` reads a
//! tensor of texts (`described` says what that looks like), `answer` makes the tensors of verdicts, `error` tells errors in the protocol's shape.
//!
//! - There is one model, `ash-nlp`. Its version, `1`, is that of the tensors: it changes if one of them changes its
//!   meaning. Which models of a profile judge is told by /status.
//! - Readiness is the service's own, see /ready; liveness is that it answers.
//! - Tensors are JSON. The binary extension is refused where a request depends on it; where it is merely welcome
//!   (`binary_data` of outputs) the answer is JSON all the same, as the extension allows.
//! - A request is answered whole or not at all: a blank text, one that is too long, or one that could not be judged
//!   fails it, with a sentence that names its place.
//! - `level` is the truth for every caller: the settings `compat.critical_as_high` do not touch it.

mod answer;
mod described;
mod error;
pub(in crate::routes) mod model;
mod request;

use std::sync::Arc;

use ash_runtime::{Priority, Request};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::future::try_join_all;

use crate::app::App;
use crate::body;
use crate::error::ApiError;

use answer::InferAnswer;
use described::{InferBody, ModelName, ModelVersion};
pub(crate) use error::{Told, told};
use model::Model;
use request::InferRequest;

/// The header by which a client of the binary extension says where JSON ends.
const BINARY: HeaderName = HeaderName::from_static("inference-header-content-length");

/// All routes of the protocol.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/v2", get(model::server))
        .route("/v2/health/live", get(model::live))
        .route("/v2/health/ready", get(model::ready))
        .route("/v2/models/{name}", get(model::metadata))
        .route("/v2/models/{name}/ready", get(model::model_ready))
        .route("/v2/models/{name}/infer", post(infer))
        .route("/v2/models/{name}/versions/{version}", get(model::metadata_by_version))
        .route("/v2/models/{name}/versions/{version}/ready", get(model::model_ready_by_version))
        .route("/v2/models/{name}/versions/{version}/infer", post(infer_by_version))
}

/// Judge texts, for clients of the Open Inference Protocol
///
/// One tensor of 1 to 100 texts in, tensors of verdicts out: `level`, `score`, `confidence`, `needs_response`,
/// `requires_staff_review`, `is_degraded`, `reason`. Tensors are JSON. A text that is blank, too long or could not be
/// judged fails the whole request. `compat.critical_as_high` does not touch `level`. Several texts wait behind single
/// ones, which somebody waits for.
#[utoipa::path(post, path = "/v2/models/{name}/infer", operation_id = "infer", tag = "other protocols",
    params(("name" = inline(ModelName), Path, description = "ash-nlp")),
    request_body = InferBody,
    responses(
        (status = 200, description = "An element for each text in every tensor.", body = InferAnswer),
        (status = 404, description = "No such model.", body = Told),
    ),
)]
pub(crate) async fn infer(
    model: Result<Model, ApiError>,
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<InferAnswer>, ApiError> {
    answer(model, &app, &headers, body).await
}

/// The same, by a version
#[utoipa::path(post, path = "/v2/models/{name}/versions/{version}/infer", operation_id = "infer_by_version",
    tag = "other protocols",
    params(
        ("name" = inline(ModelName), Path, description = "ash-nlp"),
        ("version" = inline(ModelVersion), Path, description = "1"),
    ),
    request_body = InferBody,
    responses(
        (status = 200, description = "An element for each text in every tensor.", body = InferAnswer),
        (status = 404, description = "No such model or version.", body = Told),
    ),
)]
pub(crate) async fn infer_by_version(
    model: Result<Model, ApiError>,
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<InferAnswer>, ApiError> {
    answer(model, &app, &headers, body).await
}

async fn answer(
    model: Result<Model, ApiError>,
    app: &App,
    headers: &HeaderMap,
    body: Body,
) -> Result<Json<InferAnswer>, ApiError> {
    // The body first, whatever the path says: to answer a client that still sends would break its pipe.
    let bytes = body::read(body, app.limits.max_body_bytes).await?;
    let Model = model?;
    if headers.contains_key(BINARY) {
        let expected = "absent: tensors are taken as JSON, not as binary data";
        return Err(ApiError::BadItem { field: format!("the header {BINARY}"), expected });
    }
    let InferRequest { id, texts, outputs } = InferRequest::parse(&bytes, app.limits.max_message_bytes)?;
    let service = app.service()?;
    let priority = if texts.len() > 1 { Priority::Batch } else { Priority::Interactive };
    let judged = texts.into_iter().map(|text| service.submit(Request { priority, ..Request::new(text) }));
    let judged = try_join_all(judged).await?;
    let needs_response_from = service.settings().server.needs_response_from;
    Ok(Json(InferAnswer::new(id, &judged, &outputs, needs_response_from)))
}
