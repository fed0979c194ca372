//! GET /status: everything about the service at this moment, for people and dashboards.

use std::sync::Arc;

use ash_runtime::telemetry::PerformanceReport;
use ash_runtime::{CacheStatus, Health, LabelSets, ModelStatus, QueueStatus, Status, VERSION};
use axum::Json;
use axum::extract::State;
use serde::Serialize;

use crate::app::App;

/// The answer of GET /status.
#[derive(Debug, Serialize)]
pub(crate) struct StatusAnswer {
    service: &'static str,
    version: &'static str,
    status: Status,
    phase: &'static str,
    percent: u8,
    ready: bool,
    degraded: bool,
    degraded_reasons: Vec<String>,
    uptime_seconds: u64,
    profile: Option<String>,
    label_set: Option<String>,
    hypotheses_per_message: Option<usize>,
    label_sets: Vec<String>,
    models: Vec<ModelStatus>,
    queue: Option<QueueStatus>,
    cache: Option<Caches>,
    performance: Option<PerformanceReport>,
}

/// Both layers of the cache.
#[derive(Debug, Serialize)]
struct Caches {
    assessments: CacheStatus,
    inference: CacheStatus,
}

/// The sets that could be switched to.
fn names(sets: &LabelSets) -> Vec<String> {
    sets.iter().map(|set| set.name().to_owned()).collect()
}

/// Always 200; what is not known before the models are there is null or empty.
pub(crate) async fn status(State(app): State<Arc<App>>) -> Json<StatusAnswer> {
    let Health { status, progress, ready, degraded, reasons, profile, labels, .. } = app.health();
    let service = app.service().ok();
    Json(StatusAnswer {
        service: "ash-nlp",
        version: VERSION,
        status,
        phase: progress.phase.as_str(),
        percent: progress.percent,
        ready,
        degraded,
        degraded_reasons: reasons,
        uptime_seconds: app.life.uptime().as_secs(),
        profile,
        hypotheses_per_message: labels.as_ref().map(|labels| labels.hypotheses_per_message),
        label_set: labels.map(|labels| labels.label_set),
        label_sets: service.and_then(|s| s.with_label_sets(names)).unwrap_or_default(),
        models: service.map_or_else(Vec::new, |s| s.models()),
        queue: service.map(|s| s.queue()),
        cache: service.map(|s| {
            let (assessments, inference) = s.caches();
            Caches { assessments, inference }
        }),
        performance: service.map(|s| s.performance()),
    })
}
