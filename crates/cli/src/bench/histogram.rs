//! Latencies of any number of requests in bounded memory.

use std::time::Duration;

use hdrhistogram::Histogram;

use super::latency::{Latency, microsecond};

/// Longest latency told apart, in microseconds: far above any timeout here.
const LONGEST_US: u64 = 600_000_000;

/// Counts of latencies, each kept to three significant digits: some 200 KiB, whatever the load.
pub(crate) struct Latencies(Option<Histogram<u64>>);

impl Latencies {
    /// Nothing recorded.
    pub(crate) fn new() -> Self {
        // The bounds are fixed and valid; `None` records nothing, and then shows nothing.
        Latencies(Histogram::new_with_bounds(1, LONGEST_US, 3).ok())
    }

    /// Adds one; beyond ten minutes it counts as ten minutes.
    pub(crate) fn record(&mut self, took: Duration) {
        let us = u64::try_from(took.as_micros()).unwrap_or(LONGEST_US);
        if let Some(histogram) = &mut self.0 {
            histogram.saturating_record(us.max(1));
        }
    }

    /// What was recorded; absent if nothing was.
    pub(crate) fn latency(&self) -> Option<Latency> {
        let histogram = self.0.as_ref().filter(|h| !h.is_empty())?;
        let at = |quantile: f64| ms(histogram.value_at_quantile(quantile));
        Some(Latency {
            samples: usize::try_from(histogram.len()).unwrap_or(usize::MAX),
            min_ms: ms(histogram.min()),
            mean_ms: microsecond(histogram.mean() / 1e3),
            p50_ms: at(0.5),
            p90_ms: at(0.9),
            p99_ms: at(0.99),
            max_ms: ms(histogram.max()),
        })
    }
}

fn ms(us: u64) -> f64 {
    us as f64 / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_sorted_values_to_three_digits() {
        let samples: Vec<Duration> = (1..=5000).map(|i| Duration::from_micros(i * 37)).collect();
        let mut latencies = Latencies::new();
        for &took in &samples {
            latencies.record(took);
        }
        let (kept, exact) = (latencies.latency().expect("samples"), Latency::of(samples).expect("samples"));
        assert_eq!(kept.samples, exact.samples);
        let pairs = [
            (kept.min_ms, exact.min_ms),
            (kept.mean_ms, exact.mean_ms),
            (kept.p50_ms, exact.p50_ms),
            (kept.p90_ms, exact.p90_ms),
            (kept.p99_ms, exact.p99_ms),
            (kept.max_ms, exact.max_ms),
        ];
        for (kept, exact) in pairs {
            assert!((kept / exact - 1.0).abs() < 1e-3, "{kept} is not {exact}");
        }
    }

    #[test]
    fn nothing_recorded_is_absent_and_no_latency_is_too_long() {
        let mut latencies = Latencies::new();
        assert_eq!(latencies.latency(), None);
        latencies.record(Duration::from_secs(1_000_000));
        assert_eq!(latencies.latency().map(|l| l.samples), Some(1));
    }
}
