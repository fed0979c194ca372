//! How much a figure owes to the luck of which messages were in the set (Efron 1979).
//!
//! Messages were written in groups of neighbours, so groups are drawn, not messages: neighbours are alike, and to
//! draw them singly would promise too narrow intervals.

use serde::Serialize;

use super::Confusion;

/// Draws; more would move the ends of an interval by less than its last digit.
const DRAWS: usize = 1_000;

/// Where 95 of 100 draws lie.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// 2.5 of 100 lie below.
    pub low: f64,
    /// 2.5 of 100 lie above.
    pub high: f64,
}

/// The intervals of `figures` over sets of groups, each drawn with replacement. `T` is what a group counts:
/// a [`Confusion`], or two of them to compare runs on the same draws. The same groups give the same intervals.
pub fn intervals<T, const N: usize>(
    groups: &[T],
    figures: impl Fn(&mut dyn Iterator<Item = &T>) -> [f64; N],
) -> [Interval; N] {
    let mut random = SplitMix(0x5EED);
    let mut values: [Vec<f64>; N] = std::array::from_fn(|_| Vec::with_capacity(DRAWS));
    for _ in 0..DRAWS {
        let mut drawn = (0..groups.len()).map(|_| &groups[random.below(groups.len())]);
        for (list, value) in values.iter_mut().zip(figures(&mut drawn)) {
            list.push(value);
        }
    }
    values.map(|mut list| {
        list.sort_by(f64::total_cmp);
        let at = |share: usize| list[(share * (DRAWS - 1)) / 1000];
        Interval { low: at(25), high: at(975) }
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

/// `SplitMix64` (Steele, Lea, Flood 2014): small, and the same on every machine.
struct SplitMix(u64);

impl SplitMix {
    #[expect(clippy::cast_possible_truncation, reason = "below `n`")]
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % n as u64) as usize
    }
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
            let [recall] = intervals(&groups(n), |drawn| [sum(drawn).figures().urgent_recall]);
            assert!(recall.low <= 0.75 && 0.75 <= recall.high, "{recall:?}");
            recall.high - recall.low
        };
        assert!(width(400) < width(40) && width(40) < 0.4);
    }

    #[test]
    fn without_chance_there_is_no_width() {
        let all: Vec<Confusion> = vec![[(Level::Low, Level::Low)].into_iter().collect(); 5];
        let [accuracy] = intervals(&all, |drawn| [sum(drawn).figures().accuracy]);
        assert_eq!(accuracy, Interval { low: 1.0, high: 1.0 });
    }
}
