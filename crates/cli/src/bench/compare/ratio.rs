//! How many times as long the second takes, and how sure that is.

use ash_analysis::evaluate::{Interval, intervals};
use serde::Serialize;

/// The times of one round, in milliseconds: the same messages, to both in turn.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Round {
    pub(super) a: Vec<f64>,
    pub(super) b: Vec<f64>,
}

/// Median of B by median of A.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Ratio {
    pub(super) ratio: f64,
    /// Where 95 of 100 lie, if rounds are drawn with replacement (Efron 1979). Rounds are drawn, not requests: neighbours
    /// share the machine's moods.
    #[serde(flatten)]
    pub(super) likely: Interval,
}

impl Ratio {
    /// Of all rounds; None without any.
    pub(super) fn of(rounds: &[Round]) -> Option<Self> {
        let all: Vec<&Round> = rounds.iter().collect();
        let ratio = ratio(&all)?;
        let [likely] = intervals(rounds, |drawn| [self::ratio(drawn)]);
        Some(Ratio { ratio, likely: likely? })
    }

    /// Whether B is slower (`Some(true)`) or faster; None if the interval allows both.
    pub(super) fn is_slower(&self) -> Option<bool> {
        match (self.likely.low > 1.0, self.likely.high < 1.0) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        }
    }

    /// "B takes 0.93 times as long as A (95 % interval 0.91 to 0.95): B is faster."
    pub(super) fn verdict(&self) -> String {
        let conclusion = match self.is_slower() {
            Some(true) => "B is slower",
            Some(false) => "B is faster",
            None => "no difference was found",
        };
        let Ratio { ratio, likely: Interval { low, high } } = self;
        format!("B takes {ratio:.3} times as long as A (95 % interval {low:.3} to {high:.3}): {conclusion}.")
    }
}

/// Of some rounds; None if one side has no time.
pub(super) fn ratio(rounds: &[&Round]) -> Option<f64> {
    let a = median(rounds.iter().flat_map(|round| &round.a).copied().collect())?;
    let b = median(rounds.iter().flat_map(|round| &round.b).copied().collect())?;
    (a > 0.0).then(|| b / a)
}

/// The upper one of the two in the middle, if there are two.
fn median(mut values: Vec<f64>) -> Option<f64> {
    let middle = values.len() / 2;
    (middle < values.len()).then(|| *values.select_nth_unstable_by(middle, f64::total_cmp).1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rounds whose machine is now fast, now slow.
    fn rounds(factor: f64) -> Vec<Round> {
        let round = |n: u32| {
            let mood = 1.0 + 0.3 * f64::from(n % 3);
            let times: Vec<f64> = (1..=9).map(|i| f64::from(i) * mood).collect();
            Round { b: times.iter().map(|ms| ms * factor).collect(), a: times }
        };
        (0..30).map(round).collect()
    }

    #[test]
    fn a_known_ratio_is_found_through_the_noise_that_hits_both() {
        for (factor, slower) in [(0.5, Some(false)), (1.0, None), (2.0, Some(true))] {
            let found = Ratio::of(&rounds(factor)).expect("rounds");
            assert!((found.ratio - factor).abs() < 1e-9, "{found:?}");
            assert!(found.likely.low <= factor && factor <= found.likely.high, "{found:?}");
            assert_eq!(found.is_slower(), slower, "{found:?}");
        }
    }

    #[test]
    fn the_verdict_is_a_sentence() {
        let found = Ratio { ratio: 0.93, likely: Interval { low: 0.91, high: 0.95 } };
        assert_eq!(
            found.verdict(),
            "B takes 0.930 times as long as A (95 % interval 0.910 to 0.950): B is faster."
        );
        let unclear = Ratio { ratio: 1.01, likely: Interval { low: 0.98, high: 1.04 } };
        assert!(unclear.verdict().ends_with("no difference was found."));
    }

    #[test]
    fn nothing_measured_has_no_ratio() {
        assert_eq!(Ratio::of(&[]), None);
        assert_eq!(Ratio::of(&[Round { a: vec![1.0], b: Vec::new() }]), None);
    }
}
