//! GET /health, in the words that existing clients compare with, and GET /status for people.

use std::sync::Arc;

use ash_runtime::{Health, LabelSets, ModelStatus, Status, VERSION, WarmupStatus};
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

/// The answer of GET /status.
#[derive(Debug, Serialize)]
pub(crate) struct StatusAnswer {
    service: &'static str,
    version: &'static str,
    status: Status,
    ready: bool,
    uptime_seconds: u64,
    profile: Option<String>,
    label_set: Option<String>,
    hypotheses_per_message: Option<usize>,
    label_sets: Vec<String>,
    models: Vec<ModelStatus>,
    queue: QueueAnswer,
}

/// The sets that could be switched to.
fn names(sets: &LabelSets) -> Vec<String> {
    sets.iter().map(|set| set.name().to_owned()).collect()
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
        profile: health.profile,
        hypotheses_per_message: health.labels.as_ref().map(|labels| labels.hypotheses_per_message),
        label_set: health.labels.map(|labels| labels.label_set),
        label_sets: service.and_then(|s| s.label_sets()).map_or_else(Vec::new, names),
        models: service.map_or_else(Vec::new, |s| s.models().to_vec()),
        queue: QueueAnswer {
            queued: service.map_or(0, |s| s.queued()),
            capacity: service.map(|s| s.settings().queue.capacity),
        },
    })
}
