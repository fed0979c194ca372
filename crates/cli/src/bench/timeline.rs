//! Latency over the time of a run: what an average hides.

use std::time::Duration;

use serde::Serialize;

use super::histogram::Latencies;

/// Parts of a run; as many as fit beside their name into a line of a terminal.
const PARTS: u32 = 48;

/// Latencies by when the request was due.
pub(crate) struct Timeline {
    part: Duration,
    parts: Vec<Latencies>,
}

/// One part of a run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Part {
    /// Its middle, in seconds since the run began.
    pub(crate) at_seconds: f64,
    pub(crate) samples: usize,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) max_ms: f64,
}

impl Timeline {
    /// Of a run that takes `duration`.
    pub(crate) fn new(duration: Duration) -> Self {
        let part = (duration / PARTS).max(Duration::from_millis(1));
        Timeline { part, parts: (0..PARTS).map(|_| Latencies::coarse()).collect() }
    }

    /// Of requests whose times are known.
    pub(crate) fn of(requests: &[(Duration, Duration)]) -> Self {
        let end = requests.iter().map(|&(at, _)| at).max().unwrap_or_default();
        let mut timeline = Timeline::new(end + Duration::from_millis(1));
        for &(at, took) in requests {
            timeline.record(at, took);
        }
        timeline
    }

    /// Adds one that was due `at`, since the run began; what comes later than the end belongs to the last part.
    pub(crate) fn record(&mut self, at: Duration, took: Duration) {
        let part = at.as_nanos() / self.part.as_nanos().max(1);
        let part = usize::try_from(part).unwrap_or(usize::MAX).min(self.parts.len().saturating_sub(1));
        if let Some(latencies) = self.parts.get_mut(part) {
            latencies.record(took);
        }
    }

    /// The parts in which anything was due.
    pub(crate) fn parts(&self) -> Vec<Part> {
        let part = self.part.as_secs_f64();
        let told = |(n, latencies): (usize, &Latencies)| {
            let latency = latencies.latency()?;
            Some(Part {
                at_seconds: ((n as f64 + 0.5) * part * 1e3).round() / 1e3,
                samples: latency.samples,
                p50_ms: latency.p50_ms,
                p99_ms: latency.p99_ms,
                max_ms: latency.max_ms,
            })
        };
        self.parts.iter().enumerate().filter_map(told).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_is_in_the_part_in_which_it_was_due() {
        let mut timeline = Timeline::new(Duration::from_secs(48));
        for (at, took) in [(0, 10), (900, 20), (999, 30), (30_000, 40), (99_000, 50)] {
            timeline.record(Duration::from_millis(at), Duration::from_millis(took));
        }
        let parts = timeline.parts();
        let told: Vec<_> = parts.iter().map(|p| (p.at_seconds, p.samples)).collect();
        assert_eq!(told, [(0.5, 3), (30.5, 1), (47.5, 1)]);
        assert!((parts[0].p50_ms - 20.0).abs() < 0.3 && (parts[0].max_ms - 30.0).abs() < 0.3, "{parts:?}");
    }

    #[test]
    fn a_run_of_one_request_has_one_part() {
        let timeline = Timeline::of(&[(Duration::ZERO, Duration::from_millis(5))]);
        assert_eq!(timeline.parts().len(), 1);
        assert!(Timeline::of(&[]).parts().is_empty());
    }
}
