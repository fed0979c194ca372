//! What the service says of itself.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use ash_analysis::Role;

use super::Service;
use crate::announcer::{AlertReport, Announcer};
use crate::cache::CacheStatus;
use crate::coordinator::ModelStatus;
use crate::health::Health;
use crate::label_sets::LabelSets;
use crate::queue::QueueStatus;
use crate::telemetry::{CacheGauges, Gauges, PerformanceReport, Telemetry};

impl Service {
    /// What the service says of itself.
    pub fn health(&self) -> Health {
        Health::of(&self.engine.get(), &self.life)
    }

    /// All label sets that could be asked; none in a profile that has no label sets.
    pub fn with_label_sets<T>(&self, read: impl FnOnce(&LabelSets) -> T) -> Option<T> {
        let engine = self.engine.get();
        let profile = engine.models.as_ref().ok()?.zero_shot_profile()?;
        Some(read(profile.label_sets()))
    }

    /// How many tokens each hypothesis is that the models of the profile zero-shot are asked, special ones apart, by
    /// role; nothing in another profile.
    pub fn hypothesis_tokens(&self) -> Vec<(Role, Vec<usize>)> {
        let engine = self.engine.get();
        let profile = engine.models.as_ref().ok().and_then(|models| models.zero_shot_profile());
        profile.map(|profile| profile.hypothesis_tokens()).unwrap_or_default()
    }

    /// What became of each configured model; empty before any was loaded.
    pub fn models(&self) -> Vec<ModelStatus> {
        self.engine.get().models.as_ref().map_or_else(|_| Vec::new(), |models| models.models().to_vec())
    }

    /// The queue at this moment.
    pub fn queue(&self) -> QueueStatus {
        self.scheduler.queue().status()
    }

    /// How the webhooks are doing; none without any.
    pub fn alerts(&self) -> Option<AlertReport> {
        self.announcer.as_ref().map(Announcer::report)
    }

    /// What was measured since the start.
    pub fn telemetry(&self) -> &Arc<Telemetry> {
        &self.telemetry
    }

    /// Latencies, counts and drift at this moment.
    pub fn performance(&self) -> PerformanceReport {
        self.telemetry.snapshot(Instant::now())
    }

    /// The page of GET /metrics.
    pub async fn metrics(&self) -> String {
        let (health, queue, (assessments, inference)) = (self.health(), self.queue(), self.caches().await);
        let size = |cache: CacheStatus| CacheGauges { entries: cache.entries, bytes: cache.bytes };
        let milliseconds = |ms: f64| Duration::try_from_secs_f64(ms / 1e3).unwrap_or_default();
        let alerts = self.alerts().map(|alerts| alerts.status);
        self.telemetry.encode(&Gauges {
            ready: health.ready,
            degraded: health.degraded,
            phase: health.progress.phase.as_str(),
            cold_start_eliminated: health.warmup.cold_start_eliminated,
            warmup: health.warmup.pipeline_warmed.then(|| milliseconds(health.warmup.total_warmup_time_ms)),
            models_loaded: health.models_loaded,
            models_configured: health.models_configured,
            queue_messages: queue.queued,
            queue_tokens: queue.queued_tokens,
            queue_capacity_tokens: queue.capacity,
            queue_oldest_age: queue.oldest_age_ms.map(milliseconds),
            active_messages: queue.active,
            assessments: size(assessments),
            inference: size(inference),
            offsets: self.judged_by().offsets,
            alerts_waiting: alerts.as_ref().map(|alerts| alerts.waiting),
            alerts_oldest_age: alerts.and_then(|alerts| alerts.oldest_age_seconds).map(Duration::from_secs),
            baseline: *self.baseline.read().unwrap_or_else(PoisonError::into_inner),
            uptime: self.life.uptime(),
            version: health.version,
        })
    }

    /// What is remembered: whole verdicts, and what the models said.
    pub async fn caches(&self) -> (CacheStatus, CacheStatus) {
        let inference =
            self.engine.get().models.as_ref().map_or_else(|_| CacheStatus::default(), |m| m.cache());
        (self.verdicts.status().await, inference)
    }
}
