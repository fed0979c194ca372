//! One rate after another: how much the server can take before people wait.

use serde::Serialize;

use super::tally::Tallied;

/// So many of all that was due must be judged by all parts of the analysis: a server that judges by words alone is fast, but
/// has had too much already.
const IN_FULL: f64 = 0.99;

/// One rate.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Step {
    /// Requests a second.
    pub(super) rate: f64,
    /// p99 within the target, and nearly all judged in full.
    pub(super) holds: bool,
    #[serde(flatten)]
    pub(super) load: Tallied,
}

impl Step {
    pub(super) fn of(rate: f64, load: Tallied, target_ms: f64) -> Self {
        let due = load.counts.sent + load.counts.unsent;
        let in_full = load.counts.full as f64 >= IN_FULL * due as f64;
        let in_time = load.latency.as_ref().is_some_and(|latency| latency.p99_ms <= target_ms);
        Step { rate, holds: in_full && in_time, load }
    }
}

/// The highest rate that holds.
pub(super) fn knee(steps: &[Step]) -> Option<f64> {
    steps.iter().filter(|step| step.holds).map(|step| step.rate).reduce(f64::max)
}

/// Rates below the knee that did not hold: the machine was disturbed, and the knee is not to be trusted.
pub(super) fn disturbed(steps: &[Step]) -> usize {
    let knee = knee(steps).unwrap_or(0.0);
    steps.iter().filter(|step| step.rate < knee && !step.holds).count()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::tally::{Answer, Cached, Ended, Tally};
    use super::*;

    fn step(rate: f64, latency_ms: u64, full: usize, degraded: usize, unsent: usize) -> Step {
        let mut tally = Tally::new(Duration::from_secs(1));
        let ended = |answer| Ended {
            due: Duration::ZERO,
            latency: Duration::from_millis(latency_ms),
            answer,
            cached: Cached::No,
        };
        (0..full).for_each(|_| tally.add(&ended(Answer::Full)));
        (0..degraded).for_each(|_| tally.add(&ended(Answer::Degraded)));
        (0..unsent).for_each(|_| tally.add_unsent());
        Step::of(rate, tally.done(), 50.0)
    }

    #[test]
    fn the_knee_is_the_highest_rate_in_time_and_in_full() {
        let steps = [step(50.0, 10, 100, 0, 0), step(100.0, 40, 99, 1, 0), step(150.0, 80, 100, 0, 0)];
        assert_eq!((knee(&steps), disturbed(&steps)), (Some(100.0), 0));
        let quick_but_degraded = [step(50.0, 10, 90, 10, 0), step(60.0, 10, 98, 0, 2)];
        assert_eq!(knee(&quick_but_degraded), None);
        let noisy = [step(50.0, 80, 10, 0, 0), step(100.0, 10, 10, 0, 0)];
        assert_eq!((knee(&noisy), disturbed(&noisy)), (Some(100.0), 1));
    }
}
