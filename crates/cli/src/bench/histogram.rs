//! Latencies of any number of requests in bounded memory.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

use super::latency::{Latency, microsecond};

/// Longest latency told apart, in microseconds: far above any timeout here.
const LONGEST_US: u64 = 600_000_000;
/// Shares of which the curve tells the latency.
const CURVE: [f64; 14] =
    [0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975, 0.99, 0.995, 0.999, 0.9995, 0.9999, 0.99999];

/// Counts of latencies, whatever their number.
pub(crate) struct Latencies(Option<Histogram<u64>>);

/// A point of the curve of percentiles: so much of all took no longer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Percentile {
    /// ∈ [0, 100].
    pub(crate) percent: f64,
    pub(crate) ms: f64,
}

impl Latencies {
    /// Nothing recorded; three significant digits are kept, which takes some 200 KiB.
    pub(crate) fn new() -> Self {
        Self::with_digits(3)
    }

    /// Nothing recorded; two digits are kept, in some 30 KiB.
    pub(crate) fn coarse() -> Self {
        Self::with_digits(2)
    }

    fn with_digits(digits: u8) -> Self {
        // The bounds are fixed and valid; `None` records nothing, and then shows nothing.
        Latencies(Histogram::new_with_bounds(1, LONGEST_US, digits).ok())
    }

    /// Of durations that are all there.
    pub(crate) fn of(durations: impl IntoIterator<Item = Duration>) -> Self {
        let mut latencies = Self::new();
        for took in durations {
            latencies.record(took);
        }
        latencies
    }

    /// Adds one; beyond ten minutes it counts as ten minutes.
    pub(crate) fn record(&mut self, took: Duration) {
        let us = u64::try_from(took.as_micros()).unwrap_or(LONGEST_US);
        if let Some(histogram) = &mut self.0 {
            histogram.saturating_record(us.max(1));
        }
    }

    /// What they would be, had a request been sent every `interval_ms` while the one before was still waited for: a
    /// latency of five intervals stands for four more requests, of four, three, two intervals and one. (Gil Tene's
    /// correction for coordinated omission, as the library of the histogram does it.)
    pub(crate) fn corrected(&self, interval_ms: f64) -> Self {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 1..=10 min")]
        let interval = (interval_ms * 1e3).clamp(1.0, LONGEST_US as f64) as u64;
        Latencies(self.0.as_ref().map(|histogram| histogram.clone_correct(interval)))
    }

    /// What was recorded; absent if nothing was.
    pub(crate) fn latency(&self) -> Option<Latency> {
        let histogram = self.recorded()?;
        let at = |quantile: f64| ms(histogram.value_at_quantile(quantile));
        Some(Latency {
            samples: usize::try_from(histogram.len()).unwrap_or(usize::MAX),
            min_ms: ms(histogram.min()),
            mean_ms: microsecond(histogram.mean() / 1e3),
            p50_ms: at(0.5),
            p90_ms: at(0.9),
            p99_ms: at(0.99),
            p999_ms: at(0.999),
            max_ms: ms(histogram.max()),
        })
    }

    /// The curve of percentiles, as far as there are requests enough to tell, and the longest.
    pub(crate) fn curve(&self) -> Vec<Percentile> {
        let Some(histogram) = self.recorded() else { return Vec::new() };
        let told = |&share: &f64| (1.0 - share) * histogram.len() as f64 >= 1.0;
        let at = |share: f64| Percentile {
            percent: (share * 1e7).round() / 1e5,
            ms: ms(histogram.value_at_quantile(share)),
        };
        let longest = Percentile { percent: 100.0, ms: ms(histogram.max()) };
        CURVE.into_iter().filter(told).map(at).chain([longest]).collect()
    }

    fn recorded(&self) -> Option<&Histogram<u64>> {
        self.0.as_ref().filter(|h| !h.is_empty())
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
            (kept.p999_ms, exact.p999_ms),
            (kept.max_ms, exact.max_ms),
        ];
        for (kept, exact) in pairs {
            assert!((kept / exact - 1.0).abs() < 1e-3, "{kept} is not {exact}");
        }
    }

    #[test]
    fn nothing_recorded_is_absent_and_no_latency_is_too_long() {
        let mut latencies = Latencies::new();
        assert_eq!((latencies.latency(), latencies.curve()), (None, Vec::new()));
        latencies.record(Duration::from_secs(1_000_000));
        assert_eq!(latencies.latency().map(|l| l.samples), Some(1));
    }

    #[test]
    fn a_long_wait_stands_for_the_requests_that_were_not_sent_meanwhile() {
        // 99 of 10 ms, then one of a second: in that second 99 more were due, of 990, 980, … 10 ms.
        let mut latencies = Latencies::new();
        for took in std::iter::repeat_n(10, 99).chain([1000]) {
            latencies.record(Duration::from_millis(took));
        }
        let (found, corrected) = (latencies.latency().expect("some"), latencies.corrected(10.0));
        let corrected = corrected.latency().expect("some");
        assert_eq!((found.samples, corrected.samples), (100, 199));
        assert!((found.p90_ms - 10.0).abs() < 0.1, "{found:?}");
        // 199 × 0.9 = 180th of 100 tens, then 20, 30, …: the 80th of those is 810 ms.
        assert!((corrected.p90_ms - 810.0).abs() < 2.0, "{corrected:?}");
        assert!((found.max_ms - corrected.max_ms).abs() < 1.0);
    }

    #[test]
    fn the_curve_rises_and_tells_no_more_than_there_is() {
        let mut latencies = Latencies::new();
        for us in 1..=200 {
            latencies.record(Duration::from_millis(us));
        }
        let curve = latencies.curve();
        assert!(curve.windows(2).all(|w| w[0].percent < w[1].percent && w[0].ms <= w[1].ms), "{curve:?}");
        let percents: Vec<f64> = curve.iter().map(|p| p.percent).collect();
        assert_eq!(percents, [0.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 97.5, 99.0, 99.5, 100.0]);
    }
}
