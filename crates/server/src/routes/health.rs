//! GET /health, in the words that existing clients compare with, and GET /status for people.

use std::sync::Arc;

use ash_runtime::{Health, ModelStatus, Status, VERSION, WarmupStatus};
use axum::Json;
use axum::extract::State;
use serde::Serialize;

use crate::app::App;
use crate::stamp;

/// The answer of GET /health.
#[derive(Debug, Serialize)]
pub(crate) struct HealthAnswer {
    status: Status,
    ready: bool,
    degraded: bool,
    version: &'static str,
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
            version: health.version,
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

/// The answer of GET /status.
#[derive(Debug, Serialize)]
pub(crate) struct StatusAnswer {
    service: &'static str,
    version: &'static str,
    status: Status,
    ready: bool,
    uptime_seconds: u64,
    profile: Option<String>,
    models: Vec<ModelStatus>,
    queue: QueueAnswer,
}

#[derive(Debug, Serialize)]
struct QueueAnswer {
    queued: usize,
    capacity: Option<usize>,
}

/// Always 200; what is not known before the models are there is null or empty.
pub(crate) async fn status(State(app): State<Arc<App>>) -> Json<StatusAnswer> {
    let health = app.health();
    let service = app.live().ok().map(|live| &live.service);
    Json(StatusAnswer {
        service: "ash-nlp",
        version: VERSION,
        status: health.status,
        ready: health.ready,
        uptime_seconds: app.started.elapsed().as_secs(),
        profile: service.map(|s| s.profile().to_owned()),
        models: service.map_or_else(Vec::new, |s| s.models().to_vec()),
        queue: QueueAnswer {
            queued: service.map_or(0, |s| s.queued()),
            capacity: service.map(|s| s.settings().queue.capacity),
        },
    })
}
