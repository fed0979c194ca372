//! GET /stats: what was done since the start, in a few figures under the names of the replaced service; GET /status and
//! GET /metrics have all of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use ash_analysis::Level;
use ash_runtime::telemetry::Stage;
use ash_runtime::{Status, VERSION};
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::error::ApiError;

/// The answer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Stats {
    service: &'static str,
    version: &'static str,
    status: Status,
    /// Whether any model answers.
    model_loaded: bool,
    /// The models that answer, with their versions.
    model_version: String,
    uptime_seconds: u64,
    /// Messages that were asked about.
    total_requests: u64,
    /// Those that got a verdict of all models.
    successful_analyses: u64,
    /// Those that got a lesser one, marked as degraded, and those that failed with a 500 or above.
    failed_analyses: u64,
    /// Verdicts by level.
    levels: BTreeMap<Level, u64>,
    /// Half of all verdicts took at most this long; null before the first.
    #[schema(required)]
    median_processing_time_ms: Option<f64>,
    /// The share of verdicts that came from the cache, 0 to 1; null before the first.
    #[schema(required)]
    cache_hit_rate: Option<f64>,
}

/// A few figures since the start
///
/// Under the names of the replaced service; GET /status and GET /metrics have all of them.
#[utoipa::path(get, path = "/stats", tag = "state", responses(
    (status = 200, description = "The figures at this moment.", body = Stats),
))]
pub(crate) async fn stats(State(app): State<Arc<App>>) -> Result<Json<Stats>, ApiError> {
    let (service, health) = (app.service()?, app.health());
    let report = service.performance();
    let (answered, failed) = (report.requests.total, report.errors.server_errors);
    let hits = report.requests.by_source.get(&ash_runtime::telemetry::Source::Hit).copied().unwrap_or(0);
    let versions = service.analyzer();
    let versions: Vec<String> =
        versions.models().map(|model| format!("{} {}", model.name, model.version)).collect();
    Ok(Json(Stats {
        service: "ash-nlp",
        version: VERSION,
        status: health.status,
        model_loaded: health.models_loaded > 0,
        model_version: versions.join(", "),
        uptime_seconds: app.life.uptime().as_secs(),
        total_requests: answered.saturating_add(failed),
        successful_analyses: answered.saturating_sub(report.degraded_answers),
        failed_analyses: report.degraded_answers.saturating_add(failed),
        levels: report.levels,
        median_processing_time_ms: report.stages.get(&Stage::Total).and_then(|stage| stage.lifetime.p50_ms),
        cache_hit_rate: (answered > 0).then(|| (hits as f64 / answered as f64 * 1e4).round() / 1e4),
    }))
}
