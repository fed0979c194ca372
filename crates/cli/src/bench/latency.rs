//! Percentiles of measured durations.

use std::time::Duration;

use serde::Serialize;

/// What a reader needs to know of many durations, in milliseconds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Latency {
    pub(crate) samples: usize,
    pub(crate) min_ms: f64,
    pub(crate) mean_ms: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p90_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) p999_ms: f64,
    pub(crate) max_ms: f64,
}

impl Latency {
    /// Percentiles by nearest rank: each is a duration that was measured, none is interpolated.
    /// None without samples.
    pub(crate) fn of(mut samples: Vec<Duration>) -> Option<Self> {
        samples.sort_unstable();
        let rank = |of_1000: usize| {
            let rank = (of_1000 * samples.len()).div_ceil(1000);
            samples.get(rank.saturating_sub(1)).copied().map(milliseconds)
        };
        let total: f64 = samples.iter().map(Duration::as_secs_f64).sum();
        Some(Latency {
            samples: samples.len(),
            min_ms: milliseconds(*samples.first()?),
            mean_ms: microsecond(total * 1e3 / samples.len() as f64),
            p50_ms: rank(500)?,
            p90_ms: rank(900)?,
            p99_ms: rank(990)?,
            p999_ms: rank(999)?,
            max_ms: rank(1000)?,
        })
    }
}

/// In milliseconds, to the microsecond.
pub(crate) fn milliseconds(duration: Duration) -> f64 {
    microsecond(duration.as_secs_f64() * 1e3)
}

/// Milliseconds, rounded to the microsecond: more than that no clock here can tell.
pub(crate) fn microsecond(ms: f64) -> f64 {
    (ms * 1e3).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_measured_values_by_nearest_rank() {
        let latency = Latency::of((1..=200).rev().map(Duration::from_millis).collect());
        let expected = Latency {
            samples: 200,
            min_ms: 1.0,
            mean_ms: 100.5,
            p50_ms: 100.0,
            p90_ms: 180.0,
            p99_ms: 198.0,
            p999_ms: 200.0,
            max_ms: 200.0,
        };
        assert_eq!(latency, Some(expected));
    }

    #[test]
    fn one_sample_is_every_percentile_and_none_is_none() {
        let latency = Latency::of(vec![Duration::from_micros(1500)]).expect("one sample");
        let (ends, mean) = ([latency.min_ms, latency.max_ms], latency.mean_ms);
        let inner = [latency.p50_ms, latency.p90_ms, latency.p99_ms, latency.p999_ms];
        assert_eq!((latency.samples, ends, mean, inner), (1, [1.5; 2], 1.5, [1.5; 4]));
        assert_eq!(Latency::of(Vec::new()), None);
    }
}
