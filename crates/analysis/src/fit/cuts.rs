//! The best cuts of a score, searched exactly one at a time.
//!
//! Between two neighbouring scores every cut gives the same verdicts, so only the gaps between sorted
//! scores need to be tried, and moving a cut over one gap changes the verdict of the rows at that gap
//! alone: all places of one cut cost one walk over the rows. Macro-F1 is no sum over rows, so the four
//! cuts cannot be found in one exact pass; they are moved in turn until none can be bettered, from two
//! starts.

use crate::decision::Cuts;
use crate::evaluate::Confusion;
use crate::level::Level;

/// More sweeps over the four cuts than were ever needed; a bound, not a setting.
const MAX_SWEEPS: usize = 24;
/// A gain below this is rounding.
const GAIN: f64 = 1e-9;

/// A place for a cut.
#[derive(Clone, Copy)]
struct Boundary {
    /// How many rows lie below it.
    below: usize,
    /// The cut that lies there, written with four decimals.
    cut: f32,
}

/// Rows sorted by their score.
pub(super) struct Ranked {
    scores: Vec<f32>,
    truths: Vec<Level>,
    boundaries: Vec<Boundary>,
}

/// Cuts and what they are worth.
#[derive(Clone, Copy)]
pub(super) struct FittedCuts {
    pub(super) cuts: Cuts,
    pub(super) objective: f64,
}

impl Ranked {
    pub(super) fn new(scores: &[f32], truths: &[Level]) -> Self {
        let mut rows: Vec<(f32, Level)> = scores.iter().copied().zip(truths.iter().copied()).collect();
        rows.sort_by(|a, b| a.0.total_cmp(&b.0));
        // A cut below all and one above all are places too: then a level takes everything or nothing.
        let below = |p: usize| if p == 0 { 0.0 } else { rows[p - 1].0 };
        let above = |p: usize| rows.get(p).map_or(1.0, |r| r.0);
        let boundaries = (0..=rows.len()).filter_map(|p| {
            let cut = (f32::midpoint(below(p), above(p)) * 1e4).round() / 1e4;
            // Scores closer than four decimals cannot be cut apart.
            let parts = cut > below(p) && (p == rows.len() || cut <= above(p)) && cut <= 1.0;
            parts.then_some(Boundary { below: p, cut })
        });
        Self {
            boundaries: boundaries.collect(),
            scores: rows.iter().map(|r| r.0).collect(),
            truths: rows.iter().map(|r| r.1).collect(),
        }
    }

    /// The best cuts found from `start` and from the cuts that give each level as often as it is true.
    pub(super) fn best_cuts(&self, start: &Cuts) -> FittedCuts {
        if self.boundaries.is_empty() {
            return FittedCuts { cuts: *start, objective: f64::NEG_INFINITY };
        }
        // The gap that the cut lies in, wherever in it: there it gives the same verdicts.
        let from_start = start.get().map(|cut| {
            let lower = self.scores.partition_point(|&score| score < cut);
            self.nearest(|b| b.below < lower)
        });
        let by_share = [1, 2, 3, 4].map(|level| {
            let lower = self.truths.iter().filter(|t| t.index() < level).count();
            self.nearest(|b| b.below < lower)
        });
        let (a, b) = (self.climb(from_start), self.climb(by_share));
        let better = if b.1 > a.1 + GAIN { b } else { a };
        let cuts = Cuts::new(better.0.map(|i| self.boundaries[i].cut)).unwrap_or(*start);
        FittedCuts { cuts, objective: better.1 }
    }

    /// The first boundary that is not `lower`, or the last.
    fn nearest(&self, lower: impl Fn(&Boundary) -> bool) -> usize {
        self.boundaries.partition_point(lower).min(self.boundaries.len() - 1)
    }

    /// Moves each of the four cuts in turn to its best place between its neighbours, while that helps.
    fn climb(&self, mut at: [usize; 4]) -> ([usize; 4], f64) {
        let mut best = self.confusion(&at).figures().objective();
        for _ in 0..MAX_SWEEPS {
            let before = best;
            for k in 0..4 {
                let lowest = if k == 0 { 0 } else { at[k - 1] };
                let highest = if k == 3 { self.boundaries.len() - 1 } else { at[k + 1] };
                let (place, objective) = self.best_place(&at, k, lowest, highest);
                if objective > best + GAIN {
                    (at[k], best) = (place, objective);
                }
            }
            if best <= before + GAIN {
                break;
            }
        }
        (at, best)
    }

    /// The best place of cut `k` from `lowest` to `highest`, the others standing still.
    fn best_place(&self, at: &[usize; 4], k: usize, lowest: usize, highest: usize) -> (usize, f64) {
        let mut at = *at;
        at[k] = lowest;
        let mut confusion = self.confusion(&at);
        let mut best = (lowest, confusion.figures().objective());
        for place in lowest + 1..=highest {
            let passed = self.boundaries[place - 1].below..self.boundaries[place].below;
            for truth in &self.truths[passed] {
                let row = &mut confusion.0[truth.index()];
                row[k + 1] -= 1;
                row[k] += 1;
            }
            let objective = confusion.figures().objective();
            if objective > best.1 + GAIN {
                best = (place, objective);
            }
        }
        best
    }

    fn confusion(&self, at: &[usize; 4]) -> Confusion {
        let below = at.map(|i| self.boundaries[i].below);
        let guess = |row: usize| Level::ALL[below.iter().filter(|&&b| b <= row).count()];
        self.truths.iter().enumerate().map(|(row, &truth)| (truth, guess(row))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::figures;
    use crate::score::Score;
    use proptest::prelude::*;

    fn worth(cuts: &Cuts, scores: &[f32], truths: &[Level]) -> f64 {
        let pairs: Vec<_> =
            scores.iter().zip(truths).map(|(&x, &t)| (t, cuts.level(Score::clamped(x)))).collect();
        figures(&pairs).objective()
    }

    #[test]
    fn levels_that_can_be_told_apart_are() {
        let scores = [0.02, 0.01, 0.11, 0.12, 0.13, 0.6, 0.61, 0.7, 0.71, 0.99];
        let truths = [0, 0, 1, 1, 1, 2, 2, 3, 3, 4].map(|i| Level::ALL[i]);
        let found = Ranked::new(&scores, &truths).best_cuts(&Cuts::EVEN);
        assert!((found.objective - 1.75).abs() < 1e-9, "{}", found.objective);
        assert_eq!(found.cuts, Cuts::new([0.065, 0.365, 0.655, 0.85]).expect("ascending"));
    }

    #[test]
    fn degenerate_scores_are_no_error() {
        for scores in [vec![], vec![0.0; 4], vec![1.0; 4], vec![0.5; 4], vec![0.3, 0.300_000_03]] {
            let truths: Vec<Level> = (0..scores.len()).map(|i| Level::ALL[i % 5]).collect();
            let _ = Ranked::new(&scores, &truths).best_cuts(&Cuts::EVEN);
        }
    }

    proptest! {
        #[test]
        fn fitted_cuts_are_worth_what_is_claimed_and_at_least_their_start(
            rows in prop::collection::vec((0u16..=1000, 0usize..5), 1..60),
        ) {
            let scores: Vec<f32> = rows.iter().map(|r| f32::from(r.0) / 1000.0).collect();
            let truths: Vec<Level> = rows.iter().map(|r| Level::ALL[r.1]).collect();
            let found = Ranked::new(&scores, &truths).best_cuts(&Cuts::EVEN);
            prop_assert!((found.objective - worth(&found.cuts, &scores, &truths)).abs() < 1e-9);
            let start = worth(&Cuts::EVEN, &scores, &truths);
            prop_assert!(found.objective >= start - 1e-9, "{} < {start}", found.objective);
        }
    }
}
