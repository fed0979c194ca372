//! The counters and histograms that `GET /metrics` prints. The report reads the same ones.

use std::sync::Arc;

use ash_analysis::Level;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric as Registered, Registry, Unit};

use super::labels::{AlertOutcome, Cache, Degraded, FeedbackOutcome, OUTCOMES, ShedReason, Source, Stage};
use super::metric::{self, Metric};
use super::names::Names;

/// Upper bounds of latencies, in seconds.
const BUCKETS: [f64; 13] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];

/// More models than anybody configures; more routes than the server has.
const MOST_MODELS: usize = 32;
const MOST_ROUTES: usize = 64;

pub(super) type Label<V> = [(&'static str, V); 1];
type HttpLabels = (Label<Arc<str>>, (Label<&'static str>, Label<u16>));

/// A registry whose names begin with `ash_`.
pub(super) fn registry() -> Registry {
    Registry::with_prefix("ash")
}

/// Registers a metric under its name and help of the table.
pub(super) fn register(registry: &mut Registry, metric: &Metric, what: impl Registered) {
    if metric.unit.is_empty() {
        registry.register(metric.stem(), metric.help, what);
    } else {
        registry.register_with_unit(metric.stem(), metric.help, Unit::Other(metric.unit.to_owned()), what);
    }
}

/// One counter for each word of a closed set; all of them are there from the start, at 0, so that a rate
/// over the first event is not lost.
#[derive(Debug)]
pub(super) struct Words(Vec<Counter>);

impl Words {
    fn register(registry: &mut Registry, metric: &Metric, words: impl Iterator<Item = &'static str>) -> Self {
        let family = Family::<Label<&'static str>, Counter>::default();
        let label = metric.labels.first().copied().unwrap_or_default();
        let counters = words.map(|word| family.get_or_create_owned(&[(label, word)])).collect();
        register(registry, metric, family);
        Words(counters)
    }

    /// By the word's place in its set.
    pub(super) fn add(&self, index: usize, n: u64) {
        if let Some(counter) = self.0.get(index) {
            counter.inc_by(n);
        }
    }

    pub(super) fn get(&self, index: usize) -> u64 {
        self.0.get(index).map_or(0, Counter::get)
    }

    pub(super) fn total(&self) -> u64 {
        self.0.iter().map(Counter::get).sum()
    }
}

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Counters {
    pub(super) registry: Registry,
    pub(super) answers: Words,
    pub(super) levels: Words,
    pub(super) degraded: Words,
    pub(super) shed: Words,
    pub(super) reloads: Words,
    pub(super) load_retries: Words,
    pub(super) cache_hits: Words,
    pub(super) cache_misses: Words,
    pub(super) cache_coalesced: Words,
    pub(super) cache_evictions: Words,
    pub(super) feedback: Words,
    pub(super) alerts: Words,
    pub(super) batch_messages: Counter,
    pub(super) batch_tokens: Counter,
    pub(super) rate_limited: Counter,
    pub(super) auth_failures: Counter,
    pub(super) handler_panics: Counter,
    pub(super) worker_panics: Counter,
    pub(super) batch_duration: Histogram,
    pub(super) models: Names,
    /// Not printed: the sum over routes is in [`metric::HTTP_REQUESTS`].
    pub(super) server_errors: Counter,
    stage_duration: Vec<Histogram>,
    model_duration: Family<Label<Arc<str>>, Histogram>,
    model_failures: Family<Label<Arc<str>>, Counter>,
    routes: Names,
    http_requests: Family<HttpLabels, Counter>,
    http_duration: Family<Label<Arc<str>>, Histogram>,
}

fn latency() -> Histogram {
    Histogram::new(BUCKETS)
}

impl Counters {
    pub(super) fn new() -> Self {
        let mut registry = registry();
        let r = &mut registry;
        let mut words =
            |metric: &Metric, words: &[&'static str]| Words::register(r, metric, words.iter().copied());
        let sources: Vec<_> = Source::ALL.iter().map(|word| word.as_str()).collect();
        let caches: Vec<_> = Cache::ALL.iter().map(|word| word.as_str()).collect();
        let answers = words(&metric::ANSWERS, &sources);
        let levels = words(&metric::LEVELS, &Level::ALL.map(Level::as_str));
        let reasons: Vec<_> = Degraded::ALL.iter().map(|word| word.as_str()).collect();
        let degraded = words(&metric::DEGRADED_ANSWERS, &reasons);
        let reasons: Vec<_> = ShedReason::ALL.iter().map(|word| word.as_str()).collect();
        let shed = words(&metric::SHED, &reasons);
        let reloads = words(&metric::RELOADS, &OUTCOMES);
        let load_retries = words(&metric::LOAD_RETRIES, &OUTCOMES);
        let cache_hits = words(&metric::CACHE_HITS, &caches);
        let cache_misses = words(&metric::CACHE_MISSES, &caches);
        let cache_coalesced = words(&metric::CACHE_COALESCED, &caches);
        let cache_evictions = words(&metric::CACHE_EVICTIONS, &caches);

        let outcomes: Vec<_> = FeedbackOutcome::ALL.iter().map(|word| word.as_str()).collect();
        let feedback = words(&metric::FEEDBACK, &outcomes);
        let outcomes: Vec<_> = AlertOutcome::ALL.iter().map(|word| word.as_str()).collect();
        let alerts = words(&metric::ALERTS, &outcomes);

        let mut counter = |metric: &Metric| {
            let counter = Counter::default();
            register(r, metric, counter.clone());
            counter
        };
        let batch_messages = counter(&metric::BATCH_MESSAGES);
        let batch_tokens = counter(&metric::BATCH_TOKENS);
        let rate_limited = counter(&metric::RATE_LIMITED);
        let auth_failures = counter(&metric::AUTH_FAILURES);
        let handler_panics = counter(&metric::HANDLER_PANICS);
        let worker_panics = counter(&metric::WORKER_PANICS);

        let stages = Family::new_with_constructor(latency as fn() -> Histogram);
        let stage_duration = Stage::ALL
            .iter()
            .map(|stage| stages.get_or_create_owned(&[(metric::STAGE_DURATION.labels[0], stage.as_str())]))
            .collect();
        register(r, &metric::STAGE_DURATION, stages);
        let batch_duration = latency();
        register(r, &metric::BATCH_DURATION, batch_duration.clone());
        let model_duration = Family::new_with_constructor(latency as fn() -> Histogram);
        register(r, &metric::MODEL_DURATION, model_duration.clone());
        let model_failures = Family::default();
        register(r, &metric::MODEL_FAILURES, model_failures.clone());
        let http_requests = Family::default();
        register(r, &metric::HTTP_REQUESTS, http_requests.clone());
        let http_duration = Family::new_with_constructor(latency as fn() -> Histogram);
        register(r, &metric::HTTP_DURATION, http_duration.clone());

        Counters {
            registry,
            answers,
            levels,
            degraded,
            shed,
            reloads,
            load_retries,
            cache_hits,
            cache_misses,
            cache_coalesced,
            cache_evictions,
            feedback,
            alerts,
            batch_messages,
            batch_tokens,
            rate_limited,
            auth_failures,
            handler_panics,
            worker_panics,
            batch_duration,
            models: Names::new(MOST_MODELS, "other"),
            server_errors: Counter::default(),
            stage_duration,
            model_duration,
            model_failures,
            routes: Names::new(MOST_ROUTES, "-"),
            http_requests,
            http_duration,
        }
    }

    pub(super) fn stage(&self, stage: Stage, seconds: f64) {
        if let Some(histogram) = self.stage_duration.get(stage.index()) {
            histogram.observe(seconds);
        }
    }

    pub(super) fn model(&self, model: Arc<str>, seconds: f64) {
        self.model_duration.get_or_create(&[("model", model)]).observe(seconds);
    }

    /// Counts a failure and says how many there were, this one included.
    pub(super) fn model_failed(&self, model: Arc<str>) -> u64 {
        self.model_failures.get_or_create(&[("model", model)]).inc() + 1
    }

    pub(super) fn model_failures(&self, model: Arc<str>) -> u64 {
        self.model_failures.get(&[("model", model)]).map_or(0, |counter| counter.get())
    }

    /// `route`: the pattern that matched; `method`: one of [`super::labels::method`].
    pub(super) fn http(&self, route: Option<&str>, method: &'static str, status: u16, seconds: f64) {
        let route = route.map_or_else(|| self.routes.rest(), |route| self.routes.label(route));
        let labels = ([("route", Arc::clone(&route))], ([("method", method)], [("status", status)]));
        // That it is not ready is what /ready is asked for; and that many dashboards are open harms nobody.
        let is_error = status >= 500 && !(matches!(&*route, "/ready" | "/events") && status == 503);
        self.http_requests.get_or_create(&labels).inc();
        self.http_duration.get_or_create(&[("route", route)]).observe(seconds);
        if is_error {
            self.server_errors.inc();
        }
    }
}
