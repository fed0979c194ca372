//! What there is: the server, its one model, and whether they are ready.

use std::collections::HashMap;
use std::sync::Arc;

use ash_runtime::VERSION;
use axum::Json;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::answer::Output;
use crate::app::App;
use crate::error::ApiError;

/// The one model.
pub(super) const NAME: &str = "ash-nlp";

/// That of its tensors; see the module above.
pub(super) const MODEL_VERSION: &str = "1";

/// The name of its one input.
pub(super) const INPUT: &str = "text";

/// A path names the model, and its version if it names one; anything else is 404.
pub(super) struct Model;

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
#[derive(Debug, Serialize)]
pub(crate) struct ServerMetadata {
    /// `ash-nlp`.
    name: &'static str,
    /// That of the program.
    version: &'static str,
    /// None.
    extensions: [&'static str; 0],
}

pub(super) async fn server() -> Json<ServerMetadata> {
    Json(ServerMetadata { name: NAME, version: VERSION, extensions: [] })
}

/// The answer of GET /v2/health/live.
#[derive(Debug, Serialize)]
pub(crate) struct ServerLive {
    /// That it is answered is the answer.
    live: bool,
}

pub(super) async fn live() -> Json<ServerLive> {
    Json(ServerLive { live: true })
}

/// The answer of GET /v2/health/ready.
#[derive(Debug, Serialize)]
pub(crate) struct ServerReady {
    /// Messages should be sent here.
    ready: bool,
}

/// 200 while messages should be sent here, else 503, as GET /ready.
pub(super) async fn ready(State(app): State<Arc<App>>) -> Response {
    let ready = app.health().ready;
    by_readiness(ready, Json(ServerReady { ready }))
}

/// The answer of GET /v2/models/ash-nlp/ready.
#[derive(Debug, Serialize)]
pub(crate) struct ModelReady {
    /// `ash-nlp`.
    name: &'static str,
    /// Messages should be sent here.
    ready: bool,
}

pub(super) async fn model_ready(_: Model, State(app): State<Arc<App>>) -> Response {
    let ready = app.health().ready;
    by_readiness(ready, Json(ModelReady { name: NAME, ready }))
}

fn by_readiness(ready: bool, answer: impl IntoResponse) -> Response {
    if ready {
        return answer.into_response();
    }
    let again = [(header::RETRY_AFTER, HeaderValue::from_static("1"))];
    (StatusCode::SERVICE_UNAVAILABLE, again, answer).into_response()
}

/// The answer of GET /v2/models/ash-nlp.
#[derive(Debug, Serialize)]
pub(crate) struct ModelMetadata {
    /// `ash-nlp`.
    name: &'static str,
    /// The versions that a path may name.
    versions: [&'static str; 1],
    /// `ash-nlp`: it runs on no framework.
    platform: &'static str,
    /// What a request brings.
    inputs: Vec<TensorMetadata>,
    /// What an answer may hold.
    outputs: Vec<TensorMetadata>,
}

/// A tensor without its data.
#[derive(Debug, Serialize)]
struct TensorMetadata {
    name: &'static str,
    /// BYTES, FP32 or BOOL.
    datatype: &'static str,
    /// -1: as many as there are texts.
    shape: [i64; 1],
}

pub(super) async fn metadata(_: Model) -> Json<ModelMetadata> {
    let tensor = |name, datatype| TensorMetadata { name, datatype, shape: [-1] };
    Json(ModelMetadata {
        name: NAME,
        versions: [MODEL_VERSION],
        platform: NAME,
        inputs: vec![tensor(INPUT, "BYTES")],
        outputs: Output::ALL.iter().map(|output| tensor(output.name(), output.datatype())).collect(),
    })
}
