//! POST /v2/models/ash-nlp/infer: a tensor of texts in, tensors of verdicts out.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName};
use axum::{Extension, Json};
use futures_util::future::try_join_all;

use super::answer::InferAnswer;
use super::described::{InferBody, ModelName, ModelVersion};
use super::error::Told;
use super::model::Model;
use super::request::InferRequest;
use crate::app::App;
use crate::body;
use crate::envelope::RequestId;
use crate::error::ApiError;
use crate::place::places;

/// The header by which a client of the binary extension says where JSON ends.
const BINARY: HeaderName = HeaderName::from_static("inference-header-content-length");

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
    Extension(id): Extension<RequestId>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<InferAnswer>, ApiError> {
    verdicts(model, &app, &id, &headers, body).await
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
    Extension(id): Extension<RequestId>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<InferAnswer>, ApiError> {
    verdicts(model, &app, &id, &headers, body).await
}

async fn verdicts(
    model: Result<Model, ApiError>,
    app: &App,
    RequestId(request): &RequestId,
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
    let places = places(request, texts.len());
    let judged = texts.into_iter().zip(places).map(|(text, place)| service.submit(place.request(text)));
    let judged = try_join_all(judged).await?;
    let needs_response_from = service.settings().server.needs_response_from;
    Ok(Json(InferAnswer::new(id, &judged, &outputs, needs_response_from)))
}
