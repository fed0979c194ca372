//! What happens, as types: recording one moves every counter and histogram that it should, and
//! nothing else does.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use ash_analysis::Level;

use super::Telemetry;
use super::labels::{self, AlertOutcome, Cache, Degraded, FeedbackOutcome, ShedReason, Source, Stage};

/// Something that happened; see [`Telemetry::emit`].
pub trait Event: sealed::Sealed {
    /// Counts it, as of `now`.
    fn record(&self, telemetry: &Telemetry, now: Instant);
}

mod sealed {
    pub trait Sealed {}
}

/// How long each stage of one message took; stages that did not happen are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StageTimes([Option<Duration>; Stage::ALL.len()]);

impl StageTimes {
    /// The same with this stage.
    #[must_use]
    pub fn with(mut self, stage: Stage, took: Duration) -> Self {
        self.0[stage.index()] = Some(took);
        self
    }

    /// How long it took, if it happened.
    pub fn get(&self, stage: Stage) -> Option<Duration> {
        self.0[stage.index()]
    }
}

/// A message has its assessment, wherever that came from. This is also the look-up in the cache of assessments,
/// unless `source` is [`Source::Bypass`].
#[derive(Debug, Clone, Copy)]
pub struct Answered<'a> {
    /// Where the time went.
    pub stages: StageTimes,
    /// What each model took for the batch that the message was in.
    pub models: &'a [(Arc<str>, Duration)],
    /// The verdict.
    pub level: Level,
    /// Where it came from.
    pub source: Source,
    /// Why it is less than it should be, if it is.
    pub degraded: Option<Degraded>,
}

impl Answered<'_> {
    /// Whether models computed this very answer, so that its time tells how fast they are.
    fn was_computed(&self) -> bool {
        self.source == Source::Miss && matches!(self.degraded, None | Some(Degraded::ModelFailed))
    }
}

impl sealed::Sealed for Answered<'_> {}
impl Event for Answered<'_> {
    fn record(&self, telemetry: &Telemetry, now: Instant) {
        let (counters, at) = (&telemetry.counters, telemetry.since_start(now));
        counters.answers.add(self.source.index(), 1);
        counters.levels.add(self.level.index(), 1);
        if let Some(degraded) = self.degraded {
            counters.degraded.add(degraded.index(), 1);
        }
        let looked_up = match self.source {
            Source::Hit => Some(&counters.cache_hits),
            Source::Miss => Some(&counters.cache_misses),
            Source::Coalesced => Some(&counters.cache_coalesced),
            Source::Bypass => None,
        };
        if let Some(counter) = looked_up {
            counter.add(Cache::Assessments.index(), 1);
        }
        for &stage in Stage::ALL {
            if let Some(took) = self.stages.get(stage) {
                counters.stage(stage, took.as_secs_f64());
                telemetry.latencies.record(stage, at, took);
            }
        }
        for (model, took) in self.models {
            telemetry.record_model(model, *took);
        }
        if let Some(total) = self.stages.get(Stage::Total).filter(|_| self.was_computed()) {
            telemetry.first().record(total);
        }
    }
}

/// An HTTP request has its answer.
#[derive(Debug, Clone, Copy)]
pub struct HttpAnswered<'a> {
    /// The pattern of the route that matched, never the path itself; `None` if none did.
    pub route: Option<&'a str>,
    /// The method; unknown ones are counted as one.
    pub method: &'a str,
    /// The status code.
    pub status: u16,
    /// From the request's head to the answer's.
    pub took: Duration,
}

impl sealed::Sealed for HttpAnswered<'_> {}
impl Event for HttpAnswered<'_> {
    fn record(&self, telemetry: &Telemetry, _: Instant) {
        let method = labels::method(self.method);
        telemetry.counters.http(self.route, method, self.status, self.took.as_secs_f64());
    }
}

/// The models were not asked about a message. Its answer, if patterns gave one, is an [`Answered`] of its own.
#[derive(Debug, Clone, Copy)]
pub struct Shed {
    /// Why not.
    pub why: ShedReason,
}

/// A batch ran on the inference thread.
#[derive(Debug, Clone, Copy)]
pub struct BatchRan {
    /// How many messages.
    pub messages: usize,
    /// How many tokens, as the queue estimates them.
    pub tokens: usize,
    /// How long it took.
    pub took: Duration,
    /// How long it should have taken, by the [`Baseline`](super::Baseline) of the warm-up.
    pub expected: Option<Duration>,
}

impl sealed::Sealed for BatchRan {}
impl Event for BatchRan {
    fn record(&self, telemetry: &Telemetry, now: Instant) {
        let counters = &telemetry.counters;
        counters.batch_duration.observe(self.took.as_secs_f64());
        counters.batch_messages.inc_by(self.messages as u64);
        counters.batch_tokens.inc_by(self.tokens as u64);
        if let Some(expected) = self.expected {
            telemetry.ratios().record(telemetry.since_start(now), self.took, expected);
        }
    }
}

/// A model did not answer. Logged for its first, second, fourth, … failure: a model that is down must not
/// flood the log.
#[derive(Debug, Clone, Copy)]
pub struct ModelFailed<'a> {
    /// Its name.
    pub model: &'a str,
}

impl sealed::Sealed for ModelFailed<'_> {}
impl Event for ModelFailed<'_> {
    fn record(&self, telemetry: &Telemetry, _: Instant) {
        let counters = &telemetry.counters;
        let failures = counters.model_failed(counters.models.label(self.model));
        telemetry.know_model(self.model);
        if failures.is_power_of_two() {
            tracing::warn!(model = self.model, failures, "a model failed");
        }
    }
}

/// Inferences of one model each were looked for in the cache.
#[derive(Debug, Clone, Copy, Default)]
pub struct InferenceRead {
    /// How many were there.
    pub hits: u64,
    /// How many were not.
    pub misses: u64,
    /// How many were in flight.
    pub coalesced: u64,
}

/// Entries left a cache, by age or for want of room.
#[derive(Debug, Clone, Copy)]
pub struct Evicted {
    /// Which cache.
    pub cache: Cache,
    /// How many.
    pub n: u64,
}

/// A handler panicked; the request was answered 500.
#[derive(Debug, Clone, Copy)]
pub struct HandlerPanicked;

/// The inference thread caught a panic and went on.
#[derive(Debug, Clone, Copy)]
pub struct WorkerPanicked;

/// A request was refused because its key or address sent too many.
#[derive(Debug, Clone, Copy)]
pub struct RateLimited;

/// A request was refused because its key was missing, unknown, or not allowed to do that.
#[derive(Debug, Clone, Copy)]
pub struct AuthFailed;

/// The configuration was read again.
#[derive(Debug, Clone, Copy)]
pub struct Reloaded {
    /// Whether the new one is in use.
    pub ok: bool,
}

impl sealed::Sealed for Reloaded {}
impl Event for Reloaded {
    fn record(&self, telemetry: &Telemetry, _: Instant) {
        telemetry.counters.reloads.add(usize::from(self.ok), 1);
        telemetry.last_reload_failed.store(!self.ok, Ordering::Relaxed);
    }
}

/// Loading or warming was tried again.
#[derive(Debug, Clone, Copy)]
pub struct LoadRetried {
    /// Whether it worked this time.
    pub ok: bool,
}

/// Staff said something of a verdict.
#[derive(Debug, Clone, Copy)]
pub struct FeedbackGiven {
    /// What became of it.
    pub outcome: FeedbackOutcome,
}

/// Something became of an alert.
#[derive(Debug, Clone, Copy)]
pub struct AlertMoved {
    /// What.
    pub outcome: AlertOutcome,
}

/// Events that are counted and no more.
macro_rules! counted {
    ($($event:ident: |$it:ident, $counters:ident| $count:expr;)+) => {
        $(impl sealed::Sealed for $event {}
        impl Event for $event {
            fn record(&self, telemetry: &Telemetry, _: Instant) {
                let ($it, $counters) = (self, &telemetry.counters);
                $count;
            }
        })+
    };
}

counted! {
    Shed: |it, counters| counters.shed.add(it.why.index(), 1);
    InferenceRead: |it, counters| {
        let cache = Cache::Inference.index();
        counters.cache_hits.add(cache, it.hits);
        counters.cache_misses.add(cache, it.misses);
        counters.cache_coalesced.add(cache, it.coalesced);
    };
    Evicted: |it, counters| counters.cache_evictions.add(it.cache.index(), it.n);
    HandlerPanicked: |_it, counters| {
        counters.handler_panics.inc();
        tracing::error!("a handler panicked; its request was answered 500");
    };
    WorkerPanicked: |_it, counters| {
        counters.worker_panics.inc();
        tracing::error!("the analysis of a message panicked; the inference thread went on");
    };
    RateLimited: |_it, counters| counters.rate_limited.inc();
    AuthFailed: |_it, counters| counters.auth_failures.inc();
    FeedbackGiven: |it, counters| counters.feedback.add(it.outcome.index(), 1);
    AlertMoved: |it, counters| counters.alerts.add(it.outcome.index(), 1);
    LoadRetried: |it, counters| counters.load_retries.add(usize::from(it.ok), 1);
}
