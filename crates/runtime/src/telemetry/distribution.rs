//! A distribution of whole numbers (microseconds, mostly) in bounded memory.

use hdrhistogram::{Counter, Histogram};
use serde::Serialize;
use utoipa::ToSchema;

/// Larger values count as this: ten minutes in microseconds, the longest that a request may take. It
/// bounds a distribution at some 3,000 counters.
pub(super) const MAX: u64 = 600_000_000;

/// Two significant digits: a percentile is at most 1 % above the true one.
const DIGITS: u8 = 2;

/// How often each value came, to two significant digits. `C` is the width of a counter.
#[derive(Debug, Clone)]
pub(super) struct Distribution<C: Counter>(Histogram<C>);

impl<C: Counter> Default for Distribution<C> {
    fn default() -> Self {
        Distribution(Histogram::new(DIGITS).expect("two digits are among the allowed 0 to 5"))
    }
}

impl<C: Counter> Distribution<C> {
    /// Counts a value; counters stop at their largest value instead of wrapping.
    pub(super) fn record(&mut self, value: u64) {
        // Not `saturating_record`: that one never grows the histogram and would cut every value to its first
        // size. The only error of `record` is an address space too small for 3,000 counters.
        let _ = self.0.record(value.min(MAX));
    }

    /// Adds all that another one counted.
    pub(super) fn add(&mut self, other: &Self) {
        // Both may grow, and neither beyond MAX: this cannot fail either.
        let _ = self.0.add(&other.0);
    }

    /// Forgets everything and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.0.reset();
    }

    pub(super) fn count(&self) -> u64 {
        self.0.len()
    }

    /// The least value that this share (0 to 1) of all values does not exceed, at most 1 % too high;
    /// `None` without values.
    pub(super) fn quantile(&self, share: f64) -> Option<u64> {
        (!self.0.is_empty()).then(|| self.0.value_at_quantile(share))
    }

    /// How many counters it has: what bounds its memory.
    #[cfg(test)]
    pub(super) fn counters(&self) -> usize {
        self.0.distinct_values()
    }

    /// The usual percentiles, of a distribution of microseconds.
    pub(super) fn summary(&self) -> LatencySummary {
        let ms = |share| self.quantile(share).map(micros_to_ms);
        LatencySummary {
            count: self.count(),
            p50_ms: ms(0.5),
            p90_ms: ms(0.9),
            p95_ms: ms(0.95),
            p99_ms: ms(0.99),
            max_ms: ms(1.0),
        }
    }
}

/// Percentiles in milliseconds, at most 1 % above the true ones; `null` without samples, never 0.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, ToSchema)]
pub struct LatencySummary {
    /// How many samples.
    pub count: u64,
    /// Half were at most this long.
    pub p50_ms: Option<f64>,
    /// Nine of ten.
    pub p90_ms: Option<f64>,
    /// 95 of 100.
    pub p95_ms: Option<f64>,
    /// 99 of 100.
    pub p99_ms: Option<f64>,
    /// All.
    pub max_ms: Option<f64>,
}

/// Microseconds, as a distribution keeps them, in milliseconds.
pub(super) fn micros_to_ms(micros: u64) -> f64 {
    micros as f64 / 1e3
}

/// A duration in whole microseconds, as a distribution keeps it.
pub(super) fn micros(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn percentiles_of_nothing_are_absent_and_not_zero() {
        let empty = Distribution::<u64>::default();
        assert_eq!(empty.summary(), LatencySummary::default());
        assert_eq!(serde_json::to_value(empty.summary()).unwrap()["p50_ms"], serde_json::Value::Null);
    }

    #[test]
    fn no_value_makes_it_larger_than_its_bound() {
        let mut distribution = Distribution::<u32>::default();
        distribution.record(u64::MAX);
        assert!(distribution.counters() <= 3200, "{} counters", distribution.counters());
        let max = distribution.quantile(1.0).unwrap();
        assert!((MAX..=MAX + MAX / 100).contains(&max), "{max}");
        distribution.clear();
        assert_eq!(distribution.quantile(1.0), None);
    }

    #[test]
    fn a_distribution_of_small_values_grows_for_a_larger_one() {
        let mut distribution = Distribution::<u32>::default();
        distribution.record(3);
        distribution.record(40_000);
        let max = distribution.quantile(1.0).unwrap();
        assert!((40_000..=40_400).contains(&max), "{max}");
        let mut sum = Distribution::default();
        sum.add(&distribution);
        assert_eq!((sum.count(), sum.quantile(1.0)), (2, Some(max)));
    }

    proptest! {
        #[test]
        fn percentiles_are_those_of_the_sorted_values_to_one_percent(
            mut values in prop::collection::vec(0_u64..5_000_000, 1..400),
            split in 0_usize..400,
        ) {
            // In two distributions that are added: windows are made like that.
            let split = split.min(values.len());
            let mut parts = [Distribution::<u32>::default(), Distribution::default()];
            for (i, value) in values.iter().enumerate() {
                parts[usize::from(i >= split)].record(*value);
            }
            let [mut sum, rest] = parts;
            sum.add(&rest);
            values.sort_unstable();
            for share in [0.5, 0.9, 0.95, 0.99, 1.0] {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 400")]
                let rank = ((share * values.len() as f64).ceil() as usize).clamp(1, values.len());
                let (exact, kept) = (values[rank - 1], sum.quantile(share).unwrap());
                prop_assert!(kept >= exact && kept - exact <= exact / 100, "{share}: {exact} kept as {kept}");
            }
            prop_assert_eq!(sum.count(), values.len() as u64);
        }
    }
}
