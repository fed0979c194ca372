//! What there is: the server and its one model.

use std::collections::HashMap;
use std::sync::Arc;

use ash_runtime::VERSION;
use axum::Json;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::described::{ModelName, ModelVersion};
use super::error::Told;
use super::health::by_readiness;
use super::tensor::{Datatype, Input, Output};
use crate::app::App;
use crate::error::ApiError;

/// The one model.
pub(super) const NAME: &str = "ash-nlp";

/// That of its tensors; see the module above.
pub(super) const MODEL_VERSION: &str = "1";

/// A path names the model, and its version if it names one; anything else is 404.
pub(crate) struct Model;

impl<S: Send + Sync> FromRequestParts<S> for Model {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        // What cannot be read as text names no model either.
        let path = Path::<HashMap<String, String>>::from_request_parts(parts, state).await;
        let Path(named) = path.map_err(|_| ApiError::UnknownModel)?;
        let is_it = named.get("name").is_some_and(|name| name == NAME);
        let is_this = named.get("version").is_none_or(|version| version == MODEL_VERSION);
        if is_it && is_this { Ok(Model) } else { Err(ApiError::UnknownModel) }
    }
}

/// The answer of GET /v2.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ServerMetadata {
    /// `ash-nlp`.
    name: &'static str,
    /// That of the program.
    version: &'static str,
    /// None.
    #[schema(value_type = Vec<String>, max_items = 0)]
    extensions: [&'static str; 0],
}

/// The server, for clients of the Open Inference Protocol
#[utoipa::path(get, path = "/v2", operation_id = "inference_server", tag = "other protocols",
    responses(
        (status = 200, description = "What it is.", body = ServerMetadata),
    ),
)]
pub(crate) async fn server() -> Json<ServerMetadata> {
    Json(ServerMetadata { name: NAME, version: VERSION, extensions: [] })
}

/// The answer of GET /v2/models/ash-nlp/ready.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModelReady {
    /// `ash-nlp`.
    name: &'static str,
    /// Messages should be sent here.
    ready: bool,
}

/// Whether messages should be sent to the model
///
/// The same as /v2/health/ready: the service has one model.
#[utoipa::path(get, path = "/v2/models/{name}/ready", operation_id = "model_ready", tag = "other protocols",
    params(
        ("name" = inline(ModelName), Path, description = "ash-nlp"),
    ),
    responses(
        (status = 200, description = "Ready.", body = ModelReady),
        (status = 503, description = "Not yet, or no longer.", body = ModelReady,
            headers(("retry-after" = u64, description = "After how many seconds to ask again."))),
        (status = 404, description = "No such model.", body = Told),
    ),
)]
pub(crate) async fn model_ready(_: Model, State(app): State<Arc<App>>) -> Response {
    let ready = app.health().ready;
    by_readiness(ready, Json(ModelReady { name: NAME, ready }))
}

/// The same, by a version
#[utoipa::path(get, path = "/v2/models/{name}/versions/{version}/ready", operation_id = "model_ready_by_version",
    tag = "other protocols",
    params(
        ("name" = inline(ModelName), Path, description = "ash-nlp"),
        ("version" = inline(ModelVersion), Path, description = "1"),
    ),
    responses(
        (status = 200, description = "Ready.", body = ModelReady),
        (status = 503, description = "Not yet, or no longer.", body = ModelReady,
            headers(("retry-after" = u64, description = "After how many seconds to ask again."))),
        (status = 404, description = "No such model or version.", body = Told),
    ),
)]
pub(crate) async fn model_ready_by_version(model: Model, app: State<Arc<App>>) -> Response {
    model_ready(model, app).await
}

/// The answer of GET /v2/models/ash-nlp.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModelMetadata {
    /// `ash-nlp`.
    name: &'static str,
    /// The versions that a path may name.
    versions: [&'static str; 1],
    /// `ash-nlp`: it runs on no framework.
    platform: &'static str,
    /// What a request brings.
    inputs: Vec<TensorMetadata<Input>>,
    /// What an answer may hold.
    outputs: Vec<TensorMetadata<Output>>,
}

/// A tensor without its data.
#[derive(Debug, Serialize, ToSchema)]
struct TensorMetadata<N: ToSchema> {
    name: N,
    datatype: Datatype,
    /// -1: as many as there are texts.
    shape: [i64; 1],
}

/// The model and its tensors
#[utoipa::path(get, path = "/v2/models/{name}", operation_id = "model", tag = "other protocols",
    params(
        ("name" = inline(ModelName), Path, description = "ash-nlp"),
    ),
    responses(
        (status = 200, description = "What it takes and what it gives.", body = ModelMetadata),
        (status = 404, description = "No such model.", body = Told),
    ),
)]
pub(crate) async fn metadata(_: Model) -> Json<ModelMetadata> {
    Json(ModelMetadata {
        name: NAME,
        versions: [MODEL_VERSION],
        platform: NAME,
        inputs: vec![tensor(Input::Text, Datatype::Bytes)],
        outputs: Output::ALL.iter().map(|output| tensor(*output, output.datatype())).collect(),
    })
}

/// The same, by a version
#[utoipa::path(get, path = "/v2/models/{name}/versions/{version}", operation_id = "model_by_version",
    tag = "other protocols",
    params(
        ("name" = inline(ModelName), Path, description = "ash-nlp"),
        ("version" = inline(ModelVersion), Path, description = "1"),
    ),
    responses(
        (status = 200, description = "What it takes and what it gives.", body = ModelMetadata),
        (status = 404, description = "No such model or version.", body = Told),
    ),
)]
pub(crate) async fn metadata_by_version(model: Model) -> Json<ModelMetadata> {
    metadata(model).await
}

fn tensor<N: ToSchema>(name: N, datatype: Datatype) -> TensorMetadata<N> {
    TensorMetadata { name, datatype, shape: [-1] }
}
