//! What is measured, kept and shown: counters, latencies of the last minutes, drift.
//!
//! Whoever does something tells it as an [event](Event): `telemetry.emit(&BatchRan { … })`. An event moves
//! all counters and histograms that it should; nobody touches those directly. Two doors lead out:
//! [`Telemetry::snapshot`] for `GET /status` and [`Telemetry::encode`] for `GET /metrics`.
//!
//! labels (closed sets of words), names (open ones, bounded) → events → counters · latencies (of
//! distribution and ring) · first · drift, baseline → report · gauges, metric (the one table).
//!
//! Time is [`Instant`] everywhere: no jump of the wall clock can empty a window or fill one.
//!
//! Memory is bounded whatever comes: a ring a stage and one of drift hold at most 720 KiB each, 6.5 MiB
//! together, and less than half of that while nothing takes seconds; a lifetime (a stage, a model) at most
//! 24 KiB. Model names are 33 at most, routes 65, and every other label is a word of this code. No message text
//! and no id of a person or a key is a label or is logged: events have no place for them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ash_analysis::Level;
use prometheus_client::encoding::text::{encode_eof, encode_registry};

mod baseline;
mod counters;
mod distribution;
mod drift;
mod events;
mod first;
mod gauges;
mod labels;
mod latencies;
mod metric;
mod names;
mod report;
mod ring;

pub use baseline::Baseline;
pub use distribution::LatencySummary;
pub use drift::{Drift, DriftVerdict};
pub use events::{
    AlertMoved, Answered, AuthFailed, BatchRan, Event, Evicted, FeedbackGiven, HandlerPanicked, HttpAnswered,
    InferenceRead, LoadRetried, ModelFailed, RateLimited, Reloaded, Shed, StageTimes, WorkerPanicked,
};
pub use gauges::{CacheGauges, Gauges};
pub use labels::{AlertOutcome, Cache, Degraded, FeedbackOutcome, PHASES, ShedReason, Source, Stage};
pub use metric::{METRICS, Metric, MetricKind, metrics_table};
pub use report::{CacheCounts, Errors, ModelReport, PerformanceReport, Requests, StageReport, WithinTarget};

use counters::Counters;
use distribution::{Distribution, micros, micros_to_ms};
use drift::Ratios;
use first::FirstAndLater;
use gauges::Measured;
use latencies::Latencies;

use crate::settings::PerformanceSettings;
use crate::timing::ms;

/// The media type of [`Telemetry::encode`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Everything that was measured since the start. Share it in an [`Arc`]. Every method is a few short locks;
/// [`snapshot`](Telemetry::snapshot) and [`encode`](Telemetry::encode) add up 60 slots a stage, holding the
/// lock of one stage at a time.
#[derive(Debug)]
pub struct Telemetry {
    start: Instant,
    target: Duration,
    counters: Counters,
    latencies: Latencies,
    first: Mutex<FirstAndLater>,
    ratios: Mutex<Ratios>,
    /// What the cache of inferences was asked by warm-ups, that is by nobody.
    rehearsed: Mutex<CacheCounts>,
    models: Mutex<BTreeMap<Arc<str>, Distribution<u64>>>,
    last_reload_failed: AtomicBool,
}

impl Telemetry {
    /// Nothing measured yet; time begins now.
    pub fn new(settings: PerformanceSettings) -> Self {
        Self::since(settings, Instant::now())
    }

    /// The same with a start that is given. What happened before it counts as if at it.
    pub fn since(settings: PerformanceSettings, start: Instant) -> Self {
        Telemetry {
            start,
            target: settings.target(),
            counters: Counters::new(),
            latencies: Latencies::new(settings.target()),
            first: Mutex::default(),
            ratios: Mutex::default(),
            rehearsed: Mutex::default(),
            models: Mutex::default(),
            last_reload_failed: AtomicBool::new(false),
        }
    }

    /// Counts something that happens now.
    pub fn emit(&self, event: &impl Event) {
        self.emit_at(event, Instant::now());
    }

    /// The same at a time that is given.
    pub fn emit_at(&self, event: &impl Event, now: Instant) {
        event.record(self, now);
    }

    /// The service is ready: the next computed answer is the first request. A latch.
    pub fn mark_ready(&self) {
        self.first().mark_ready();
    }

    /// What the first request took that models computed after [`Telemetry::mark_ready`].
    pub fn first_request(&self) -> Option<Duration> {
        self.first().first()
    }

    /// What a cache was asked, without what [`Telemetry::leave_out_rehearsal`] left out.
    pub fn cache_counts(&self, cache: Cache) -> CacheCounts {
        match cache {
            Cache::Assessments => self.all_cache_counts(cache),
            // Read under the lock: what is taken off was never more than what is there.
            Cache::Inference => {
                let rehearsed = self.rehearsed();
                self.all_cache_counts(cache).less(*rehearsed)
            }
        }
    }

    /// Forgets how batches compared with the warm-up before, and what the cache of inferences was asked since its
    /// counts were `before`: a warm-up has ended, and nobody asked any of that. What somebody asked meanwhile goes with
    /// it. The counters of [`Telemetry::encode`] keep all of it, for they may never fall.
    pub fn leave_out_rehearsal(&self, before: CacheCounts) {
        self.ratios().clear();
        let mut rehearsed = self.rehearsed();
        *rehearsed = self.all_cache_counts(Cache::Inference).less(before);
    }

    fn all_cache_counts(&self, cache: Cache) -> CacheCounts {
        let (counters, cache) = (&self.counters, cache.index());
        CacheCounts {
            hits: counters.cache_hits.get(cache),
            misses: counters.cache_misses.get(cache),
            coalesced: counters.cache_coalesced.get(cache),
            evictions: counters.cache_evictions.get(cache),
        }
    }

    /// Recent batches against the warm-up, as of `now`.
    pub fn drift(&self, now: Instant) -> Drift {
        self.ratios().drift(self.since_start(now))
    }

    /// Everything, as of `now`.
    pub fn snapshot(&self, now: Instant) -> PerformanceReport {
        let (counters, at) = (&self.counters, self.since_start(now));
        let (first, later) = {
            let kept = self.first();
            (kept.first().map(ms), kept.later_median().map(micros_to_ms))
        };
        PerformanceReport {
            target_ms: ms(self.target),
            within_target: self.latencies.within_target(at),
            stages: self.latencies.report(at),
            models: self.model_reports(),
            first_request_ms: first,
            later_median_ms: later,
            first_to_later_ms: first.zip(later).map(|(first, later)| first - later),
            drift: self.drift(now),
            requests: Requests {
                total: counters.answers.total(),
                by_source: Source::ALL.iter().map(|s| (*s, counters.answers.get(s.index()))).collect(),
            },
            levels: Level::ALL.iter().map(|l| (*l, counters.levels.get(l.index()))).collect(),
            degraded_answers: counters.degraded.total(),
            shed: ShedReason::ALL.iter().map(|r| (*r, counters.shed.get(r.index()))).collect(),
            errors: self.errors(),
        }
    }

    /// The page of `GET /metrics`, as [`CONTENT_TYPE`].
    pub fn encode(&self, gauges: &Gauges) -> String {
        self.encode_at(gauges, Instant::now())
    }

    /// The same as of `now`.
    pub fn encode_at(&self, gauges: &Gauges, now: Instant) -> String {
        let measured = Measured {
            target: self.target,
            within_target: self.latencies.within_target(self.since_start(now)),
            drift: self.drift(now),
            first_request: self.first_request(),
            last_reload_ok: !self.last_reload_failed.load(Ordering::Relaxed),
        };
        let mut page = String::new();
        // Writing to a String cannot fail, and no metric here fails by itself.
        let _ = encode_registry(&mut page, &self.counters.registry)
            .and_then(|()| encode_registry(&mut page, &gauges::page(gauges, &measured)))
            .and_then(|()| encode_eof(&mut page));
        page
    }

    fn errors(&self) -> Errors {
        let models = self.models();
        Errors {
            server_errors: self.counters.server_errors.get(),
            model_failures: models.keys().map(|name| self.counters.model_failures(Arc::clone(name))).sum(),
            handler_panics: self.counters.handler_panics.get(),
            worker_panics: self.counters.worker_panics.get(),
        }
    }

    fn model_reports(&self) -> BTreeMap<String, ModelReport> {
        let report = |(name, lifetime): (&Arc<str>, &Distribution<u64>)| {
            let failures = self.counters.model_failures(Arc::clone(name));
            (name.to_string(), ModelReport { lifetime: lifetime.summary(), failures })
        };
        self.models().iter().map(report).collect()
    }

    fn record_model(&self, name: &str, took: Duration) {
        let label = self.counters.models.label(name);
        self.counters.model(Arc::clone(&label), took.as_secs_f64());
        self.models().entry(label).or_default().record(micros(took));
    }

    /// A model is in the report from its first failure on.
    fn know_model(&self, name: &str) {
        self.models().entry(self.counters.models.label(name)).or_default();
    }

    /// Time since the start; nothing for an instant before it.
    fn since_start(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.start)
    }

    fn first(&self) -> MutexGuard<'_, FirstAndLater> {
        lock(&self.first)
    }

    fn ratios(&self) -> MutexGuard<'_, Ratios> {
        lock(&self.ratios)
    }

    fn rehearsed(&self) -> MutexGuard<'_, CacheCounts> {
        lock(&self.rehearsed)
    }

    fn models(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, Distribution<u64>>> {
        lock(&self.models)
    }
}

/// Nothing panics while it holds one of these; if it did, a sample would be missing and no more.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
