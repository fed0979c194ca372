//! What `GET /status` says under `performance`.

use std::collections::BTreeMap;

use ash_analysis::Level;
use serde::Serialize;
use utoipa::ToSchema;

use super::distribution::LatencySummary;
use super::drift::Drift;
use super::labels::{ShedReason, Source, Stage};

/// Everything that was measured, at one moment. What nobody measured is `null`, never 0.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PerformanceReport {
    /// The time in which an answer should be there.
    pub target_ms: f64,
    /// How many were.
    pub within_target: WithinTarget,
    /// By stage, in the order of a message's way.
    pub stages: BTreeMap<Stage, StageReport>,
    /// What one model took for the batches that messages were in, since the start.
    pub models: BTreeMap<String, ModelReport>,
    /// What the first message cost that models computed after the service was ready.
    pub first_request_ms: Option<f64>,
    /// The median of those that followed.
    pub later_median_ms: Option<f64>,
    /// The first less the median: the cold start that was left.
    pub first_to_later_ms: Option<f64>,
    /// Recent batches against the warm-up.
    pub drift: Drift,
    /// Assessments given since the start.
    pub requests: Requests,
    /// The same by level.
    pub levels: BTreeMap<Level, u64>,
    /// How many of them were less than they should be.
    pub degraded_answers: u64,
    /// Messages that the models were not asked about, by reason.
    pub shed: BTreeMap<ShedReason, u64>,
    /// What went wrong since the start.
    pub errors: Errors,
}

/// Shares from 0 to 1; `null` without samples.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, ToSchema)]
pub struct WithinTarget {
    /// Since the start.
    pub lifetime: Option<f64>,
    /// Of the last minute (45 to 60 seconds: windows begin at slots of 15 seconds).
    pub last_1m: Option<f64>,
    /// Of the last 5 minutes.
    pub last_5m: Option<f64>,
    /// Of the last 15 minutes.
    pub last_15m: Option<f64>,
}

/// The latencies of one stage.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, ToSchema)]
pub struct StageReport {
    /// Since the start.
    pub lifetime: LatencySummary,
    /// Of the last minute (45 to 60 seconds: windows begin at slots of 15 seconds).
    pub last_1m: LatencySummary,
    /// Of the last 5 minutes.
    pub last_5m: LatencySummary,
    /// Of the last 15 minutes.
    pub last_15m: LatencySummary,
}

/// One model.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, ToSchema)]
pub struct ModelReport {
    /// Since the start; `count` is the number of messages it answered.
    pub lifetime: LatencySummary,
    /// How often it failed.
    pub failures: u64,
}

/// Assessments given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Requests {
    /// All.
    pub total: u64,
    /// By where they came from.
    pub by_source: BTreeMap<Source, u64>,
}

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, ToSchema)]
pub struct Errors {
    /// HTTP answers of 500 and above.
    pub server_errors: u64,
    /// Failures of models.
    pub model_failures: u64,
    /// Panics in a handler.
    pub handler_panics: u64,
    /// Panics on the inference thread.
    pub worker_panics: u64,
}

/// What a cache was asked, since the start; what the warm-up asked the cache of inferences is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, ToSchema)]
pub struct CacheCounts {
    /// It was there.
    pub hits: u64,
    /// It was not.
    pub misses: u64,
    /// It was in flight.
    pub coalesced: u64,
    /// Entries that left by age or for want of room.
    pub evictions: u64,
}

impl CacheCounts {
    /// These without `others`.
    pub(super) fn less(self, others: CacheCounts) -> Self {
        CacheCounts {
            hits: self.hits.saturating_sub(others.hits),
            misses: self.misses.saturating_sub(others.misses),
            coalesced: self.coalesced.saturating_sub(others.coalesced),
            evictions: self.evictions.saturating_sub(others.evictions),
        }
    }
}
