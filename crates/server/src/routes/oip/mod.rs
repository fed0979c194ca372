//! /v2: the Open Inference Protocol, for whoever calls models through KServe or Triton.
//!
//! <https://github.com/kserve/open-inference-protocol>, the REST part. `health` and `model` say what there is, `tensor`
//! names what goes in and out of it. `infer` judges: `request` reads a tensor of texts (`described` says what it looks
//! like), `answer` makes tensors of verdicts. `error` tells errors in the protocol's shape.
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
pub(in crate::routes) mod health;
pub(in crate::routes) mod infer;
pub(in crate::routes) mod model;
mod request;
mod tensor;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::app::App;

pub(crate) use error::{Told, told};

/// All routes of the protocol.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/v2", get(model::server))
        .route("/v2/health/live", get(health::live))
        .route("/v2/health/ready", get(health::ready))
        .route("/v2/models/{name}", get(model::metadata))
        .route("/v2/models/{name}/ready", get(model::model_ready))
        .route("/v2/models/{name}/infer", post(infer::infer))
        .route("/v2/models/{name}/versions/{version}", get(model::metadata_by_version))
        .route("/v2/models/{name}/versions/{version}/ready", get(model::model_ready_by_version))
        .route("/v2/models/{name}/versions/{version}/infer", post(infer::infer_by_version))
}
