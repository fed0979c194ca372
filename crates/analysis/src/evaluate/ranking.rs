//! How well a score ranks urgent messages above all others, whatever the cuts.

use serde::Serialize;

/// Recall that [`Ranking::precision_at_recall_95`] asks for.
const RECALL: f64 = 0.95;

/// Figures of an order, without any threshold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Ranking {
    /// How often a random urgent message scores above a random other one; ties count half (the Mann–Whitney
    /// statistic, Hanley and `McNeil` 1982). 0.5 is chance, 1 is perfect.
    pub auroc: f64,
    /// Mean precision at the place of each urgent message, messages of one score at once (average precision, the area
    /// under the precision–recall curve as a step function). Chance is the share of urgent messages.
    pub average_precision: f64,
    /// The best precision at which at least 95 of 100 urgent messages are found.
    pub precision_at_recall_95: f64,
}

impl Ranking {
    /// Of scores with whether the message is urgent; `None` unless there are both kinds.
    pub fn of(rows: &[(f32, bool)]) -> Option<Self> {
        let urgent = rows.iter().filter(|(_, urgent)| *urgent).count() as f64;
        let others = rows.len() as f64 - urgent;
        if urgent == 0.0 || others == 0.0 {
            return None;
        }
        let mut rows = rows.to_vec();
        rows.sort_by(|a, b| b.0.total_cmp(&a.0));
        let (mut found, mut passed) = (0.0, 0.0);
        let (mut wins, mut precision_sum, mut at_recall) = (0.0, 0.0, 0.0_f64);
        for tied in rows.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
            let hits = tied.iter().filter(|(_, urgent)| *urgent).count() as f64;
            let misses = tied.len() as f64 - hits;
            // Each of the hits beats every other that comes later, and half of those beside it.
            wins += hits * (others - passed - misses / 2.0);
            found += hits;
            passed += misses;
            let precision = found / (found + passed);
            precision_sum += hits * precision;
            if found >= RECALL * urgent {
                at_recall = at_recall.max(precision);
            }
        }
        Some(Ranking {
            auroc: wins / (urgent * others),
            average_precision: precision_sum / urgent,
            precision_at_recall_95: at_recall,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_those_counted_by_hand() {
        // In order: hit, other, hit, other. 3 of 4 pairs are right; precisions 1 and 2/3.
        let r = Ranking::of(&[(0.9, true), (0.7, false), (0.6, true), (0.1, false)]).expect("both kinds");
        assert!((r.auroc - 0.75).abs() < 1e-9);
        assert!((r.average_precision - f64::midpoint(1.0, 2.0 / 3.0)).abs() < 1e-9);
        assert!((r.precision_at_recall_95 - 2.0 / 3.0).abs() < 1e-9);
    }

    #[test]
    fn ties_are_chance_and_one_kind_alone_has_no_order() {
        let r = Ranking::of(&[(0.5, true), (0.5, false), (0.5, true), (0.5, false)]).expect("both kinds");
        assert!((r.auroc - 0.5).abs() < 1e-9 && (r.average_precision - 0.5).abs() < 1e-9);
        assert_eq!(Ranking::of(&[(0.5, true)]), None);
        assert_eq!(Ranking::of(&[]), None);
    }
}
