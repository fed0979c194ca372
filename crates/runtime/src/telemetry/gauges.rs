//! What others own and `GET /metrics` shows: read at the moment of the scrape, kept nowhere.

use std::time::Duration;

use ash_analysis::{Level, Offsets};
use prometheus_client::encoding::EncodeGaugeValue;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::registry::Registry;

use super::baseline::Baseline;
use super::counters::{Label, register, registry};
use super::drift::Drift;
use super::labels::{Cache, PHASES};
use super::metric::{self, Metric};
use super::report::WithinTarget;

/// The state of the service at one moment. Unknown things are left out, never 0.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Gauges {
    /// Whether `GET /ready` says 200.
    pub ready: bool,
    /// Whether it answers with less than it should.
    pub degraded: bool,
    /// One of [`PHASES`].
    pub phase: &'static str,
    /// Whether the first request was measured to be as fast as later ones.
    pub cold_start_eliminated: bool,
    /// How long the warm-up took.
    pub warmup: Option<Duration>,
    /// Models that answer.
    pub models_loaded: usize,
    /// Models that should.
    pub models_configured: usize,
    /// Messages that wait.
    pub queue_messages: usize,
    /// Their tokens, as the queue estimates them.
    pub queue_tokens: usize,
    /// Tokens that may wait.
    pub queue_capacity_tokens: usize,
    /// How long the oldest of them has waited; `None` if none waits, which is shown as 0.
    pub queue_oldest_age: Option<Duration>,
    /// Messages that are being computed.
    pub active_messages: usize,
    /// The cache of assessments.
    pub assessments: CacheGauges,
    /// The cache of inferences.
    pub inference: CacheGauges,
    /// How far what was learnt shifts the cuts.
    pub offsets: Offsets,
    /// Alerts that wait; `None` without webhooks.
    pub alerts_waiting: Option<usize>,
    /// How long the oldest of them has waited; `None` if none waits, which is shown as 0.
    pub alerts_oldest_age: Option<Duration>,
    /// What the warm-up measured.
    pub baseline: Option<Baseline>,
    /// Since the process began to serve.
    pub uptime: Duration,
    /// The version of the program.
    pub version: &'static str,
}

/// The size of a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CacheGauges {
    /// Entries.
    pub entries: u64,
    /// Bytes, as it weighs them.
    pub bytes: u64,
}

/// A registry of gauges that never change.
struct Page(Registry);

impl Page {
    fn set<N: EncodeGaugeValue + std::fmt::Debug + Send + Sync + 'static>(
        &mut self,
        metric: &Metric,
        value: N,
    ) {
        register(&mut self.0, metric, ConstGauge::new(value));
    }

    fn count(&mut self, metric: &Metric, value: usize) {
        self.set(metric, value as u64);
    }

    fn flag(&mut self, metric: &Metric, value: bool) {
        self.set(metric, u64::from(value));
    }

    fn seconds(&mut self, metric: &Metric, value: Duration) {
        self.set(metric, value.as_secs_f64());
    }

    /// One value a word; without any the metric is absent.
    fn words(&mut self, metric: &Metric, values: impl Iterator<Item = (&'static str, f64)>) {
        let family = Family::<Label<&'static str>, Gauge<f64, std::sync::atomic::AtomicU64>>::default();
        for (word, value) in values {
            family.get_or_create(&[(metric.labels[0], word)]).set(value);
        }
        register(&mut self.0, metric, family);
    }
}

/// What the telemetry itself knows of the present.
pub(super) struct Measured {
    pub(super) target: Duration,
    pub(super) within_target: WithinTarget,
    pub(super) drift: Drift,
    pub(super) first_request: Option<Duration>,
    pub(super) last_reload_ok: bool,
}

/// All gauges, ready to be printed.
pub(super) fn page(gauges: &Gauges, measured: &Measured) -> Registry {
    let mut page = Page(registry());
    page.flag(&metric::READY, gauges.ready);
    page.flag(&metric::DEGRADED, gauges.degraded);
    let in_phase = |phase: &&'static str| (*phase, f64::from(u8::from(*phase == gauges.phase)));
    page.words(&metric::PHASE, PHASES.iter().map(in_phase));
    page.flag(&metric::COLD_START_ELIMINATED, gauges.cold_start_eliminated);
    if let Some(first) = measured.first_request {
        page.seconds(&metric::FIRST_REQUEST, first);
    }
    page.flag(&metric::LAST_RELOAD_OK, measured.last_reload_ok);
    if let Some(warmup) = gauges.warmup {
        page.seconds(&metric::WARMUP, warmup);
    }
    page.count(&metric::MODELS_LOADED, gauges.models_loaded);
    page.count(&metric::MODELS_CONFIGURED, gauges.models_configured);
    page.count(&metric::QUEUE_MESSAGES, gauges.queue_messages);
    page.count(&metric::QUEUE_TOKENS, gauges.queue_tokens);
    page.count(&metric::QUEUE_CAPACITY_TOKENS, gauges.queue_capacity_tokens);
    page.seconds(&metric::QUEUE_OLDEST_AGE, gauges.queue_oldest_age.unwrap_or_default());
    page.count(&metric::ACTIVE_MESSAGES, gauges.active_messages);
    let caches = [(Cache::Assessments, gauges.assessments), (Cache::Inference, gauges.inference)];
    let of_caches =
        |of: fn(CacheGauges) -> u64| caches.map(|(cache, size)| (cache.as_str(), of(size) as f64));
    page.words(&metric::CACHE_ENTRIES, of_caches(|size| size.entries).into_iter());
    page.words(&metric::CACHE_BYTES, of_caches(|size| size.bytes).into_iter());
    let offset = |level: &Level| (level.as_str(), f64::from(gauges.offsets.of(*level)));
    page.words(&metric::LEARNED_OFFSET, Level::ALL[1..].iter().map(offset));
    if let Some(waiting) = gauges.alerts_waiting {
        page.count(&metric::ALERTS_WAITING, waiting);
        page.seconds(&metric::ALERTS_OLDEST_AGE, gauges.alerts_oldest_age.unwrap_or_default());
    }

    page.seconds(&metric::TARGET, measured.target);
    let within = measured.within_target;
    let windows = [
        ("lifetime", within.lifetime),
        ("1m", within.last_1m),
        ("5m", within.last_5m),
        ("15m", within.last_15m),
    ];
    let known = windows.into_iter().filter_map(|(window, share)| share.map(|share| (window, share)));
    page.words(&metric::WITHIN_TARGET, known);
    if let Some(ratio) = measured.drift.ratio {
        page.set(&metric::DRIFT, ratio);
    }
    page.set(&metric::DRIFT_BATCHES, measured.drift.samples);
    if let Some(baseline) = gauges.baseline {
        page.words(&metric::BASELINE, baseline.parts().into_iter());
    }

    if let Some(bytes) = resident_memory() {
        page.set(&metric::RESIDENT_MEMORY, bytes);
    }
    page.seconds(&metric::UPTIME, gauges.uptime);
    page.words(&metric::BUILD_INFO, std::iter::once((gauges.version, 1.0)));
    page.0
}

/// The physical memory of this process in bytes, where the system tells. Of /proc/self/status, not the
/// cheaper statm: that one counts in pages, and their size cannot be asked for without unsafe code.
pub(super) fn resident_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim_end().parse().ok()?;
    kib.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn the_memory_of_a_running_program_is_known_and_plausible() {
        let bytes = resident_memory().unwrap();
        assert!((1 << 20..1 << 40).contains(&bytes), "{bytes}");
    }
}
