//! How much a figure owes to the luck of which messages were in the set (Efron 1979).
//!
//! Messages were written in groups of neighbours, so groups are drawn, not messages: neighbours are alike, and to
//! draw them singly would promise too narrow intervals.

use serde::Serialize;

use super::{Confusion, SplitMix};

/// Draws; more would move the ends of an interval by less than its last digit.
const DRAWS: usize = 1_000;
/// Any number; fixed so that the same groups give the same intervals.
const SEED: u64 = 0x5EED;

/// Where 95 of 100 draws lie.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// 2.5 of 100 lie below.
    pub low: f64,
    /// 2.5 of 100 lie above.
    pub high: f64,
}

/// The intervals of `figures` over sets of groups, each drawn with replacement. `T` is what a group counts:
/// a [`Confusion`], a [`super::Group`], or two of them to compare runs on the same draws. The same groups give the
/// same intervals.
///
/// A figure may be absent in a draw (no urgent message came up); its interval is that of the other draws, and absent
/// if it is absent in all.
pub fn intervals<T, const N: usize>(
    groups: &[T],
    figures: impl Fn(&[&T]) -> [Option<f64>; N],
) -> [Option<Interval>; N] {
    let mut random = SplitMix::new(SEED);
    let mut values: [Vec<f64>; N] = std::array::from_fn(|_| Vec::with_capacity(DRAWS));
    for _ in 0..DRAWS {
        let drawn: Vec<&T> = (0..groups.len()).map(|_| &groups[random.below(groups.len())]).collect();
        for (list, value) in values.iter_mut().zip(figures(&drawn)) {
            list.extend(value);
        }
    }
    values.map(|mut list| {
        list.sort_by(f64::total_cmp);
        let last = list.len().checked_sub(1)?;
        Some(Interval { low: list[25 * last / 1000], high: list[(975 * last).div_ceil(1000)] })
    })
}

/// The sum of some confusions.
pub fn sum<'a>(groups: impl Iterator<Item = &'a Confusion>) -> Confusion {
    groups.fold(Confusion::default(), |mut all, group| {
        for (row, other) in all.0.iter_mut().flatten().zip(group.0.iter().flatten()) {
            *row += other;
        }
        all
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::Level;

    #[test]
    fn an_interval_holds_the_figure_and_narrows_with_more_groups() {
        let groups = |n: usize| -> Vec<Confusion> {
            let of = |i: usize| {
                let guess = if i.is_multiple_of(4) { Level::None } else { Level::High };
                [(Level::High, guess)].into_iter().collect()
            };
            (0..n).map(of).collect()
        };
        let width = |n| {
            let [recall] = intervals(&groups(n), |drawn| [sum(drawn.iter().copied()).urgent_recall()]);
            let recall = recall.expect("all are urgent");
            assert!(recall.low <= 0.75 && 0.75 <= recall.high, "{recall:?}");
            recall.high - recall.low
        };
        assert!(width(400) < width(40) && width(40) < 0.4);
    }

    #[test]
    fn without_chance_there_is_no_width() {
        let all: Vec<Confusion> = vec![[(Level::Low, Level::Low)].into_iter().collect(); 5];
        let [accuracy] = intervals(&all, |drawn| [Some(sum(drawn.iter().copied()).figures().accuracy)]);
        assert_eq!(accuracy, Some(Interval { low: 1.0, high: 1.0 }));
    }

    #[test]
    fn draws_without_the_figure_do_not_count() {
        // Two groups, one of them urgent and found: a quarter of the draws has no urgent message.
        let groups: Vec<Confusion> = [(Level::High, Level::High), (Level::None, Level::None)]
            .map(|verdict| [verdict].into_iter().collect())
            .into();
        let [recall, raised] = intervals(&groups, |drawn| {
            let all = sum(drawn.iter().copied());
            [all.urgent_recall(), all.low_raised()]
        });
        assert_eq!((recall, raised), (Some(Interval { low: 1.0, high: 1.0 }), None));
        assert_eq!(intervals(&[], |_: &[&Confusion]| [None]), [None]);
    }
}
