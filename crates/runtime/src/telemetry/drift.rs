//! Whether batches take as long as the warm-up promised.

use std::time::Duration;

use serde::Serialize;
use utoipa::ToSchema;

use super::ring::Ring;

/// Ratios are kept in thousandths.
const SCALE: f64 = 1e3;
/// Fewer batches than this tell nothing.
const ENOUGH: u64 = 20;
/// A ratio above this is slower, one below its reciprocal faster.
const LIMIT: f64 = 1.5;

/// How the batches of the last five minutes compare with the warm-up.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Drift {
    /// The median of measured to expected time; `null` without batches.
    pub ratio: Option<f64>,
    /// How many batches.
    pub samples: u64,
    /// In a word.
    pub verdict: DriftVerdict,
}

/// [`Drift`] in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DriftVerdict {
    /// As fast as promised, within a factor of 1.5.
    Steady,
    /// More than 1.5 times as slow.
    Slower,
    /// More than 1.5 times as fast: the warm-up was disturbed.
    Faster,
    /// Fewer than 20 batches.
    Unknown,
}

/// Keeps the ratios.
#[derive(Debug, Default)]
pub(super) struct Ratios(Ring);

impl Ratios {
    pub(super) fn record(&mut self, at: Duration, took: Duration, expected: Duration) {
        if expected.is_zero() {
            return;
        }
        let ratio = took.as_secs_f64() / expected.as_secs_f64() * SCALE;
        // A float that is too large becomes the largest integer; none here is negative or NaN.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, see above")]
        self.0.record(at, ratio.round() as u64, false);
    }

    /// Forgets all of them: what comes is compared with another warm-up.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(super) fn drift(&self, now: Duration) -> Drift {
        let [_, five_minutes, _] = self.0.windows(now);
        let ratio = five_minutes.values.quantile(0.5).map(|thousandths| thousandths as f64 / SCALE);
        let samples = five_minutes.values.count();
        let verdict = match ratio {
            Some(_) | None if samples < ENOUGH => DriftVerdict::Unknown,
            Some(ratio) if ratio > LIMIT => DriftVerdict::Slower,
            Some(ratio) if ratio < 1.0 / LIMIT => DriftVerdict::Faster,
            _ => DriftVerdict::Steady,
        };
        Drift { ratio, samples, verdict }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(samples: u32, took_ms: u64) -> Drift {
        let mut ratios = Ratios::default();
        for second in 0..samples {
            let at = Duration::from_secs(u64::from(second));
            ratios.record(at, Duration::from_millis(took_ms), Duration::from_millis(10));
        }
        ratios.drift(Duration::from_secs(u64::from(samples)))
    }

    #[test]
    fn the_verdict_needs_twenty_batches_and_a_factor_of_one_and_a_half() {
        struct Case {
            samples: u32,
            took_ms: u64,
            verdict: DriftVerdict,
        }
        let case = |samples, took_ms, verdict| Case { samples, took_ms, verdict };
        for Case { samples, took_ms, verdict } in [
            case(0, 0, DriftVerdict::Unknown),
            case(19, 90, DriftVerdict::Unknown),
            case(20, 90, DriftVerdict::Slower),
            case(20, 16, DriftVerdict::Slower),
            case(20, 14, DriftVerdict::Steady),
            case(20, 7, DriftVerdict::Steady),
            case(20, 6, DriftVerdict::Faster),
        ] {
            assert_eq!(after(samples, took_ms).verdict, verdict, "{samples} × {took_ms} ms");
        }
    }

    #[test]
    fn without_batches_there_is_no_ratio_and_no_expectation_is_no_batch() {
        let mut ratios = Ratios::default();
        ratios.record(Duration::ZERO, Duration::from_millis(1), Duration::ZERO);
        let unknown = Drift { ratio: None, samples: 0, verdict: DriftVerdict::Unknown };
        assert_eq!(ratios.drift(Duration::ZERO), unknown);
    }

    #[test]
    fn what_was_slow_six_minutes_ago_is_forgotten() {
        let mut ratios = Ratios::default();
        for _ in 0..100 {
            ratios.record(Duration::ZERO, Duration::from_millis(90), Duration::from_millis(10));
        }
        assert_eq!(ratios.drift(Duration::from_secs(10)).verdict, DriftVerdict::Slower);
        assert_eq!(ratios.drift(Duration::from_secs(360)).verdict, DriftVerdict::Unknown);
    }
}
