//! GET /health, in the words that existing clients compare with; GET /live and /ready for whoever keeps it running.

use std::sync::Arc;

use ash_runtime::{Health, Progress, Status, WarmupStatus};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::stamp;

/// The answer of GET /health.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HealthAnswer {
    status: Status,
    /// Messages should be sent here.
    ready: bool,
    /// It answers with less than it should.
    degraded: bool,
    /// Why, one sentence each.
    degraded_reasons: Vec<String>,
    version: &'static str,
    /// The profile of models; null while it is not yet read.
    #[schema(required)]
    profile: Option<String>,
    /// What zero-shot models are asked; null with models that need not be asked.
    #[schema(required)]
    label_set: Option<String>,
    /// How many hypotheses a message is compared with.
    #[schema(required)]
    hypotheses_per_message: Option<usize>,
    warmup_status: WarmupStatus,
    model_coordination_manager: Manager,
    #[schema(format = DateTime)]
    timestamp: String,
}

/// Under the name that the replaced service had for its coordinator.
#[derive(Debug, Serialize, ToSchema)]
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

/// How the service is
///
/// Always 200: it says how the service is, not whether it was asked well.
#[utoipa::path(get, path = "/health", tag = "state", responses(
    (status = 200, description = "Its state at this moment.", body = HealthAnswer),
))]
pub(crate) async fn health(State(app): State<Arc<App>>) -> Json<HealthAnswer> {
    Json(app.health().into())
}

/// The answer of GET /ready.
#[derive(Debug, Serialize, ToSchema)]
struct ReadyAnswer {
    ready: bool,
    #[serde(flatten)]
    progress: Progress,
}

/// Whether messages should be sent here
///
/// For load balancers: 200 while they should, 503 before that and while draining.
#[utoipa::path(get, path = "/ready", tag = "state", responses(
    (status = 200, description = "Ready.", body = ReadyAnswer),
    (status = 503, description = "Not yet, or no longer.", body = ReadyAnswer,
        headers(("retry-after" = u64, description = "After how many seconds to ask again."))),
))]
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
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LiveAnswer {
    live: bool,
}

/// Whether the process answers
///
/// Always 200: that it is answered is the answer.
#[utoipa::path(get, path = "/live", tag = "state", responses(
    (status = 200, description = "It does.", body = LiveAnswer),
))]
pub(crate) async fn live() -> Json<LiveAnswer> {
    Json(LiveAnswer { live: true })
}
