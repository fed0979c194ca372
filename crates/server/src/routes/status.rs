//! GET /status: everything about the service at this moment, for people and dashboards.

use std::sync::Arc;

use ash_analysis::{Cuts, Mode, Offsets};
use ash_runtime::telemetry::PerformanceReport;
use ash_runtime::{
    AlertReport, CacheStatus, Health, JudgedBy, LabelSets, ModelStatus, Phase, QueueStatus, Service,
    Settings, Status, VERSION, WarmupStatus,
};
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;

/// The answer of GET /status.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StatusAnswer {
    service: &'static str,
    version: &'static str,
    build: Build,
    status: Status,
    #[schema(value_type = Phase)]
    phase: &'static str,
    percent: u8,
    ready: bool,
    degraded: bool,
    degraded_reasons: Vec<String>,
    uptime_seconds: u64,
    #[schema(required)]
    profile: Option<String>,
    #[schema(required)]
    label_set: Option<String>,
    #[schema(required)]
    hypotheses_per_message: Option<usize>,
    label_sets: Vec<String>,
    warmup_status: WarmupStatus,
    models: Vec<Model>,
    #[schema(required)]
    queue: Option<QueueStatus>,
    #[schema(required)]
    cache: Option<Caches>,
    #[schema(required)]
    performance: Option<PerformanceReport>,
    /// Null without webhooks.
    #[schema(required)]
    alerts: Option<AlertReport>,
    #[schema(required)]
    config_fingerprint: Option<String>,
    #[schema(required)]
    thresholds: Option<Thresholds>,
    #[schema(required)]
    limits: Option<Limits>,
}

/// What was built, and what it runs on.
#[derive(Debug, Serialize, ToSchema)]
struct Build {
    optimised: bool,
    os: &'static str,
    architecture: &'static str,
    /// The instructions that matrix products use.
    kernel: &'static str,
}

/// A model, as it was loaded and as it does.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Model {
    #[serde(flatten)]
    loaded: ModelStatus,
    /// Of the first message of the warm-up, and once it was steady.
    #[schema(required)]
    warmup_first_ms: Option<f64>,
    #[schema(required)]
    warmup_steady_ms: Option<f64>,
    /// Batches that it answered for, by messages.
    requests: u64,
    errors: u64,
}

/// Both layers of the cache.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Caches {
    assessments: CacheStatus,
    inference: CacheStatus,
}

impl Model {
    /// The model's name.
    pub(super) fn name(&self) -> &str {
        &self.loaded.name
    }
}

impl From<(CacheStatus, CacheStatus)> for Caches {
    fn from((assessments, inference): (CacheStatus, CacheStatus)) -> Self {
        Caches { assessments, inference }
    }
}

/// What makes a level of a score.
#[derive(Debug, Serialize, ToSchema)]
struct Thresholds {
    mode: Mode,
    cuts: Cuts,
    /// How far what staff said shifted the cuts.
    learned_offsets: Offsets,
}

/// What bounds a request.
#[derive(Debug, Serialize, ToSchema)]
struct Limits {
    max_body_bytes: usize,
    max_message_bytes: usize,
    request_timeout_ms: u64,
    max_wait_ms: u64,
    max_connections: usize,
    requests_per_second_per_key: u32,
    requests_per_second_per_address: u32,
}

/// Everything at this moment
///
/// For people and dashboards. Always 200; what is not known before there is a service is null or empty.
#[utoipa::path(get, path = "/status", tag = "state", responses(
    (status = 200, description = "The state, the models, queue, caches, latencies and limits.", body = StatusAnswer),
))]
pub(crate) async fn status(State(app): State<Arc<App>>) -> Json<StatusAnswer> {
    let health = app.health();
    let service = app.service().ok();
    let settings = service.map(|s| s.settings());
    let performance = service.map(|s| s.performance());
    let models = service.zip(performance.as_ref()).map(|(service, report)| models(service, &health, report));
    let cache = match service {
        Some(service) => Some(service.caches().await),
        None => None,
    };
    let Health { status, progress, ready, degraded, reasons, profile, labels, warmup, .. } = health;
    Json(StatusAnswer {
        service: "ash-nlp",
        version: VERSION,
        build: Build {
            optimised: !cfg!(debug_assertions),
            os: std::env::consts::OS,
            architecture: std::env::consts::ARCH,
            kernel: ash_runtime::kernel_name(),
        },
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
        warmup_status: warmup,
        models: models.unwrap_or_default(),
        queue: service.map(|s| s.queue()),
        cache: cache.map(Caches::from),
        performance,
        alerts: service.and_then(|s| s.alerts()),
        config_fingerprint: settings.as_ref().map(|s| s.fingerprint()),
        thresholds: service.map(|s| thresholds(&s.judged_by())),
        limits: settings.as_deref().map(limits),
    })
}

/// The sets that could be switched to.
fn names(sets: &LabelSets) -> Vec<String> {
    sets.iter().map(|set| set.name().to_owned()).collect()
}

/// The models, each with what was measured of it.
pub(super) fn models(service: &Service, health: &Health, report: &PerformanceReport) -> Vec<Model> {
    let model = |loaded: ModelStatus| {
        let warmed = health.warmup.models.iter().find(|pace| pace.name == loaded.name);
        let measured = report.models.get(&loaded.name);
        Model {
            warmup_first_ms: warmed.map(|pace| pace.first_ms),
            warmup_steady_ms: warmed.map(|pace| pace.steady_ms),
            requests: measured.map_or(0, |m| m.lifetime.count),
            errors: measured.map_or(0, |m| m.failures),
            loaded,
        }
    };
    service.models().into_iter().map(model).collect()
}

fn thresholds(judged: &JudgedBy) -> Thresholds {
    let effective = judged.effective();
    let mode = effective.ensemble.mode;
    Thresholds { mode, cuts: *effective.decision.cuts.of(mode), learned_offsets: judged.offsets }
}

fn limits(settings: &Settings) -> Limits {
    let (server, limits) = (&settings.server, &settings.limits);
    Limits {
        max_body_bytes: server.max_body_bytes,
        max_message_bytes: server.max_message_bytes,
        request_timeout_ms: server.request_timeout_ms,
        max_wait_ms: settings.queue.max_wait_ms,
        max_connections: limits.max_connections,
        requests_per_second_per_key: limits.requests_per_second_per_key,
        requests_per_second_per_address: limits.requests_per_second_per_address,
    }
}
