//! GET /health, in the words that existing clients compare with; GET /live and /ready for whoever keeps it running.

use std::sync::Arc;

use ash_runtime::{Health, Progress, Status, WarmupStatus};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::app::App;
use crate::stamp;

/// The answer of GET /health.
#[derive(Debug, Serialize)]
pub(crate) struct HealthAnswer {
    status: Status,
    ready: bool,
    degraded: bool,
    degraded_reasons: Vec<String>,
    version: &'static str,
    profile: Option<String>,
    label_set: Option<String>,
    hypotheses_per_message: Option<usize>,
    warmup_status: WarmupStatus,
    model_coordination_manager: Manager,
    timestamp: String,
}

/// Under the name that the replaced service had for its coordinator.
#[derive(Debug, Serialize)]
struct Manager {
    models_configured: usize,
    models_loaded: usize,
    warmup_status: WarmupStatus,
}

impl From<Health> for HealthAnswer {
    fn from(health: Health) -> Self {
        HealthAnswer {
            status: health.status,
            ready: health.ready,
            degraded: health.degraded,
            degraded_reasons: health.reasons,
            version: health.version,
            profile: health.profile,
            hypotheses_per_message: health.labels.as_ref().map(|labels| labels.hypotheses_per_message),
            label_set: health.labels.map(|labels| labels.label_set),
            warmup_status: health.warmup.clone(),
            model_coordination_manager: Manager {
                models_configured: health.models_configured,
                models_loaded: health.models_loaded,
                warmup_status: health.warmup,
            },
            timestamp: stamp::timestamp(),
        }
    }
}

/// Always 200: it says how the service is, not whether it was asked well.
pub(crate) async fn health(State(app): State<Arc<App>>) -> Json<HealthAnswer> {
    Json(app.health().into())
}

/// The answer of GET /ready.
#[derive(Debug, Serialize)]
struct ReadyAnswer {
    ready: bool,
    #[serde(flatten)]
    progress: Progress,
}

/// 200 while messages should be sent here, 503 before that and while draining.
pub(crate) async fn ready(State(app): State<Arc<App>>) -> Response {
    let health = app.health();
    let answer = Json(ReadyAnswer { ready: health.ready, progress: health.progress });
    if health.ready {
        return answer.into_response();
    }
    let mut response = (StatusCode::SERVICE_UNAVAILABLE, answer).into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

/// The answer of GET /live.
#[derive(Debug, Serialize)]
pub(crate) struct LiveAnswer {
    live: bool,
}

/// Always 200: that it is answered is the answer.
pub(crate) async fn live() -> Json<LiveAnswer> {
    Json(LiveAnswer { live: true })
}
