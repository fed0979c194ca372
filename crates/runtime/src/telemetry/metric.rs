//! The one table of metrics: what is registered, what is printed and what the documentation says.

use std::fmt::Write;

/// A metric of `GET /metrics`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// The name as one writes it in a query; a histogram adds `_bucket`, `_sum` and `_count`.
    pub name: &'static str,
    /// What it is.
    pub kind: MetricKind,
    /// Its base unit, which is also in its name; empty for plain numbers.
    pub unit: &'static str,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// One sentence, without its full stop.
    pub help: &'static str,
}

/// The kinds of metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    /// Only grows, until the process ends.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts by upper bounds.
    Histogram,
}

impl MetricKind {
    /// The word of the exposition format.
    pub const fn as_str(self) -> &'static str {
        match self {
            MetricKind::Counter => "counter",
            MetricKind::Gauge => "gauge",
            MetricKind::Histogram => "histogram",
        }
    }
}

impl Metric {
    /// The name without what the encoder adds itself: prefix, unit, `_total`.
    pub(super) fn stem(&self) -> &'static str {
        let name = self.name.strip_prefix("ash_").unwrap_or(self.name);
        let name = name.strip_suffix("_total").unwrap_or(name);
        let stem = name.strip_suffix(self.unit).unwrap_or(name);
        stem.strip_suffix('_').unwrap_or(stem)
    }
}

macro_rules! metrics {
    ($($id:ident: $kind:ident $name:literal [$unit:literal] {$($label:literal),*} $help:literal;)+) => {
        $(pub(super) const $id: Metric = Metric {
            name: $name,
            kind: MetricKind::$kind,
            unit: $unit,
            labels: &[$($label),*],
            help: $help,
        };)+

        /// All metrics, in the order of the documentation.
        pub const METRICS: &[Metric] = &[$($id),+];
    };
}

metrics! {
    ANSWERS: Counter "ash_answers_total" [""] {"source"}
        "Assessments given: computed (miss), from the cache (hit), shared with the same message in flight (coalesced), or without a look into the cache (bypass)";
    LEVELS: Counter "ash_levels_total" [""] {"level"}
        "Assessments given, by level";
    DEGRADED_ANSWERS: Counter "ash_degraded_answers_total" [""] {"reason"}
        "Assessments that were less than they should be and asked for a human; model_failed, or the reason why the models were not asked";
    SHED: Counter "ash_shed_total" [""] {"reason"}
        "Messages that the models were not asked about: the queue was full, the message too late, no model there, or none loaded yet";
    STAGE_DURATION: Histogram "ash_stage_duration_seconds" ["seconds"] {"stage"}
        "Time a message spent in a stage; total is from submission to assessment, cache hits included";
    MODEL_DURATION: Histogram "ash_model_duration_seconds" ["seconds"] {"model"}
        "Time one model took for the batch that a message was in";
    MODEL_FAILURES: Counter "ash_model_failures_total" [""] {"model"}
        "Failures of a model to answer";
    BATCH_DURATION: Histogram "ash_batch_duration_seconds" ["seconds"] {}
        "Time of a batch on the inference thread";
    BATCH_MESSAGES: Counter "ash_batch_messages_total" [""] {}
        "Messages in all batches; divided by ash_batch_duration_seconds_count this is the mean size of a batch";
    BATCH_TOKENS: Counter "ash_batch_tokens_total" [""] {}
        "Tokens in all batches, as the queue estimates them";
    CACHE_HITS: Counter "ash_cache_hits_total" [""] {"cache"}
        "Look-ups that found what they looked for";
    CACHE_MISSES: Counter "ash_cache_misses_total" [""] {"cache"}
        "Look-ups that found nothing";
    CACHE_COALESCED: Counter "ash_cache_coalesced_total" [""] {"cache"}
        "Look-ups that waited for the same thing in flight";
    CACHE_EVICTIONS: Counter "ash_cache_evictions_total" [""] {"cache"}
        "Entries that left a cache by age or for want of room";
    HTTP_REQUESTS: Counter "ash_http_requests_total" [""] {"route", "method", "status"}
        "HTTP requests answered; the route is the pattern that matched, or -";
    HTTP_DURATION: Histogram "ash_http_request_duration_seconds" ["seconds"] {"route"}
        "Time from a request's head to its answer's head";
    RATE_LIMITED: Counter "ash_rate_limited_total" [""] {}
        "Requests refused because their key or address sent too many";
    AUTH_FAILURES: Counter "ash_auth_failures_total" [""] {}
        "Requests refused because their key was missing, unknown or not allowed to do that";
    HANDLER_PANICS: Counter "ash_handler_panics_total" [""] {}
        "Panics while a request was handled; each was answered 500";
    WORKER_PANICS: Counter "ash_worker_panics_total" [""] {}
        "Panics on the inference thread; it went on";
    RELOADS: Counter "ash_reloads_total" [""] {"outcome"}
        "Reloads of the configuration; after a failed one the old stays";
    LOAD_RETRIES: Counter "ash_load_retries_total" [""] {"outcome"}
        "Further attempts to load a model or to warm up";
    FEEDBACK: Counter "ash_feedback_total" [""] {"outcome"}
        "What staff said of verdicts: stored, known already, or failed to be stored";
    ALERTS: Counter "ash_alerts_total" [""] {"outcome"}
        "Alerts and attempts to deliver them, over all webhooks: accepted into the outbox, sent, failed once, dropped for good, or left out because the receiver was just told (deduplicated) or told too much (folded)";
    READY: Gauge "ash_ready" [""] {}
        "1 while GET /ready says 200";
    DEGRADED: Gauge "ash_degraded" [""] {}
        "1 while the service answers with less than it should";
    PHASE: Gauge "ash_phase" [""] {"phase"}
        "1 for the phase that the service is in, 0 for the others";
    COLD_START_ELIMINATED: Gauge "ash_cold_start_eliminated" [""] {}
        "1 if the first request was measured to be as fast as later ones";
    FIRST_REQUEST: Gauge "ash_first_request_seconds" ["seconds"] {}
        "Time of the first answer that models computed once the service was ready; absent before";
    LAST_RELOAD_OK: Gauge "ash_last_reload_ok" [""] {}
        "0 if the last reload of the configuration failed, so that an older one is in force; 1 otherwise";
    WARMUP: Gauge "ash_warmup_seconds" ["seconds"] {}
        "Time the warm-up took; absent before its end";
    MODELS_LOADED: Gauge "ash_models_loaded" [""] {}
        "Models that answer";
    MODELS_CONFIGURED: Gauge "ash_models_configured" [""] {}
        "Models that should";
    QUEUE_MESSAGES: Gauge "ash_queue_messages" [""] {}
        "Messages that wait";
    QUEUE_TOKENS: Gauge "ash_queue_tokens" [""] {}
        "Their tokens, as the queue estimates them";
    QUEUE_CAPACITY_TOKENS: Gauge "ash_queue_capacity_tokens" [""] {}
        "Tokens that may wait";
    QUEUE_OLDEST_AGE: Gauge "ash_queue_oldest_age_seconds" ["seconds"] {}
        "How long the oldest of them has waited; 0 if none waits";
    ACTIVE_MESSAGES: Gauge "ash_active_messages" [""] {}
        "Messages that are being computed";
    CACHE_ENTRIES: Gauge "ash_cache_entries" [""] {"cache"}
        "Entries in a cache";
    CACHE_BYTES: Gauge "ash_cache_bytes" ["bytes"] {"cache"}
        "Bytes in a cache, as it weighs them";
    LEARNED_OFFSET: Gauge "ash_learned_offset" [""] {"level"}
        "How far the cut of a level is shifted by what staff said, -0.1 to 0.1";
    ALERTS_WAITING: Gauge "ash_alerts_waiting" [""] {}
        "Alerts that are accepted and not yet delivered, one for each webhook; absent without webhooks";
    ALERTS_OLDEST_AGE: Gauge "ash_alerts_oldest_age_seconds" ["seconds"] {}
        "How long the oldest of them has waited, in whole seconds; 0 if none waits, absent without webhooks";
    TARGET: Gauge "ash_target_seconds" ["seconds"] {}
        "The time in which an answer should be there (performance.target_ms)";
    WITHIN_TARGET: Gauge "ash_within_target_ratio" ["ratio"] {"window"}
        "Share of messages answered within the target, those from a cache and by patterns alone included; absent while there were none";
    DRIFT: Gauge "ash_latency_drift_ratio" ["ratio"] {}
        "Median of measured to expected time of the batches of the last 5 minutes, expected by the warm-up; absent while there were none";
    DRIFT_BATCHES: Gauge "ash_latency_drift_batches" [""] {}
        "How many batches the drift is the median of; fewer than 20 tell nothing";
    BASELINE: Gauge "ash_baseline_seconds" ["seconds"] {"part"}
        "What the warm-up measured: the time of a batch by itself (batch) and of each of its tokens (token); absent before its end";
    RESIDENT_MEMORY: Gauge "ash_resident_memory_bytes" ["bytes"] {}
        "Physical memory of the process; absent where the system does not tell";
    UPTIME: Gauge "ash_uptime_seconds" ["seconds"] {}
        "Time since the process began to serve";
    BUILD_INFO: Gauge "ash_build_info" [""] {"version"}
        "Always 1; the version is in the label";
}

/// [`METRICS`] as the table in docs/metrics.md.
pub fn metrics_table() -> String {
    let mut table = String::from("| metric | kind | labels | meaning |\n| --- | --- | --- | --- |\n");
    for Metric { name, kind, labels, help, .. } in METRICS {
        let labels = labels.iter().map(|label| format!("`{label}`")).collect::<Vec<_>>().join(", ");
        // Writing to a String cannot fail.
        let _ = writeln!(table, "| `{name}` | {} | {labels} | {help} |", kind.as_str());
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_obey_the_rules() {
        let mut names: Vec<_> = METRICS.iter().map(|m| m.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), METRICS.len());
        for Metric { name, kind, unit, labels, help } in METRICS {
            let rest = name.strip_prefix("ash_").unwrap_or_else(|| panic!("{name}: no prefix"));
            assert!(rest.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{name}");
            assert_eq!(name.ends_with("_total"), *kind == MetricKind::Counter, "{name}");
            assert!(matches!(*unit, "" | "seconds" | "bytes" | "ratio"), "{name}: {unit} is no base unit");
            assert!(
                unit.is_empty() || name.trim_end_matches("_total").ends_with(&format!("_{unit}")),
                "{name}"
            );
            for other in ["milliseconds", "_ms", "minutes", "kilobytes", "percent"] {
                assert!(!name.contains(other), "{name}");
            }
            assert!(!help.ends_with('.') && !help.contains(['|', '\n']), "{name}: {help}");
            assert!(*kind != MetricKind::Histogram || *unit == "seconds", "{name}: buckets are in seconds");
            assert!(labels.iter().all(|label| *label != "le" && !label.is_empty()), "{name}");
        }
    }

    #[test]
    fn a_stem_is_what_the_encoder_does_not_add() {
        assert_eq!(STAGE_DURATION.stem(), "stage_duration");
        assert_eq!(ANSWERS.stem(), "answers");
        assert_eq!(WARMUP.stem(), "warmup");
        assert_eq!(BUILD_INFO.stem(), "build_info");
    }
}
