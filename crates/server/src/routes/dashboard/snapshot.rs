//! The service at one moment, as the dashboard shows it: of the same types as GET /status, and less of them.

use std::collections::BTreeMap;

use ash_analysis::Level;
use ash_runtime::telemetry::{
    Drift, Errors, LatencySummary, PerformanceReport, Requests, ShedReason, Stage, WithinTarget,
};
use ash_runtime::{
    AlertReport, Entered, Health, Progress, QueueStatus, Service, Status, VERSION, WarmupStatus,
};
use serde::Serialize;

use crate::app::App;
use crate::routes::ensemble::four_places;
use crate::routes::status::{self, Caches};

/// Counts and names of the service's own parts; nothing of a message, a person or a key.
#[derive(Debug, Serialize)]
pub(super) struct Snapshot {
    version: &'static str,
    /// Not built for tests.
    optimised: bool,
    kernel: &'static str,
    pub(super) uptime_ms: f64,
    status: Status,
    ready: bool,
    degraded: bool,
    degraded_reasons: Vec<String>,
    #[serde(flatten)]
    progress: Progress,
    /// When each phase began.
    timeline: Vec<Entered>,
    warmup: WarmupStatus,
    profile: Option<String>,
    models: Vec<Model>,
    config_fingerprint: Option<String>,
    speed: Option<Speed>,
    counts: Option<Counts>,
    queue: Option<QueueStatus>,
    cache: Option<Caches>,
    /// None without webhooks.
    alerts: Option<AlertReport>,
}

/// A model with what it has to say in a verdict, 0 to 1, and how long it takes.
#[derive(Debug, Serialize)]
struct Model {
    #[serde(flatten)]
    status: status::Model,
    weight: Option<f64>,
    latency: LatencySummary,
}

/// How fast answers are.
#[derive(Debug, Serialize)]
struct Speed {
    target_ms: f64,
    within_target: WithinTarget,
    last_1m: LatencySummary,
    last_15m: LatencySummary,
    lifetime: LatencySummary,
    /// Of the last fifteen minutes.
    stages: BTreeMap<Stage, LatencySummary>,
    first_request_ms: Option<f64>,
    later_median_ms: Option<f64>,
    drift: Drift,
}

/// What was done since the start.
#[derive(Debug, Serialize)]
struct Counts {
    requests: Requests,
    levels: BTreeMap<Level, u64>,
    degraded_answers: u64,
    shed: BTreeMap<ShedReason, u64>,
    errors: Errors,
}

impl Snapshot {
    /// Of the moment `uptime_ms`, at which `report` was taken; that is none before there is a service.
    pub(super) async fn of(app: &App, uptime_ms: f64, report: Option<PerformanceReport>) -> Self {
        let health = app.health();
        let service = app.service().ok();
        let models = match (service, &report) {
            (Some(service), Some(report)) => models(service, &health, report),
            _ => Vec::new(),
        };
        let cache = match service {
            Some(service) => Some(service.caches().await),
            None => None,
        };
        let (speed, counts) = report.map(halves).unzip();
        Snapshot {
            version: VERSION,
            optimised: !cfg!(debug_assertions),
            kernel: ash_runtime::kernel_name(),
            uptime_ms,
            status: health.status,
            ready: health.ready,
            degraded: health.degraded,
            degraded_reasons: health.reasons,
            progress: health.progress,
            timeline: app.life.timeline(),
            warmup: health.warmup,
            profile: health.profile,
            models,
            config_fingerprint: service.map(|s| s.settings().fingerprint()),
            speed,
            counts,
            queue: service.map(|s| s.queue()),
            cache: cache.map(Caches::from),
            alerts: service.and_then(|s| s.alerts()),
        }
    }
}

/// Milliseconds since the socket was bound, the clock of everything here.
pub(super) fn uptime_ms(app: &App) -> f64 {
    (app.life.uptime().as_secs_f64() * 1e6).round() / 1e3
}

fn models(service: &Service, health: &Health, report: &PerformanceReport) -> Vec<Model> {
    let judged = service.judged_by();
    let weights = &judged.effective().ensemble.weights;
    let all: f32 = weights.values().sum();
    let model = |status: status::Model| {
        let weight = weights.get(status.name()).map(|weight| four_places(weight / all));
        let latency = report.models.get(status.name()).map(|model| model.lifetime).unwrap_or_default();
        Model { status, weight, latency }
    };
    status::models(service, health, report).into_iter().map(model).collect()
}

fn halves(report: PerformanceReport) -> (Speed, Counts) {
    let total = report.stages.get(&Stage::Total).copied().unwrap_or_default();
    let stages = report.stages.iter().map(|(stage, of)| (*stage, of.last_15m)).collect();
    let speed = Speed {
        target_ms: report.target_ms,
        within_target: report.within_target,
        last_1m: total.last_1m,
        last_15m: total.last_15m,
        lifetime: total.lifetime,
        stages,
        first_request_ms: report.first_request_ms,
        later_median_ms: report.later_median_ms,
        drift: report.drift,
    };
    let counts = Counts {
        requests: report.requests,
        levels: report.levels,
        degraded_answers: report.degraded_answers,
        shed: report.shed,
        errors: report.errors,
    };
    (speed, counts)
}
