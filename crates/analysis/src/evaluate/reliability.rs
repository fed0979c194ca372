//! Whether a confidence can be believed: is what is said with 0.8 right in 8 of 10 cases?

use serde::Serialize;

use crate::assessment::ModelSignal;
use crate::level::Level;

/// Bins of equal width.
const BINS: usize = 10;

/// Rows whose confidence lies in one tenth.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bin {
    /// Where the tenth begins.
    pub from: f64,
    /// How many rows are in it.
    pub rows: usize,
    /// Their mean confidence.
    pub confidence: f64,
    /// The share of them that are right.
    pub accuracy: f64,
}

/// A reliability table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reliability {
    /// The tenths that hold rows.
    pub bins: Vec<Bin>,
    /// Expected calibration error: mean distance of confidence and accuracy, by rows (Guo et al. 2017). 0 is best.
    pub ece: f64,
}

impl Reliability {
    /// Of confidences with whether the verdict is right.
    pub fn of(rows: &[(f32, bool)]) -> Self {
        let mut sums = [(0_usize, 0.0_f64, 0_usize); BINS];
        for &(confidence, right) in rows {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 0 to 10")]
            let bin = ((f64::from(confidence) * BINS as f64) as usize).min(BINS - 1);
            sums[bin].0 += 1;
            sums[bin].1 += f64::from(confidence);
            sums[bin].2 += usize::from(right);
        }
        let bin = |(at, &(rows, confidence, right)): (usize, &(usize, f64, usize))| Bin {
            from: at as f64 / BINS as f64,
            rows,
            confidence: confidence / rows as f64,
            accuracy: right as f64 / rows as f64,
        };
        let bins: Vec<Bin> = sums.iter().enumerate().filter(|(_, s)| s.0 > 0).map(bin).collect();
        let gaps: f64 = bins.iter().map(|b| b.rows as f64 * (b.confidence - b.accuracy).abs()).sum();
        Reliability { bins, ece: if rows.is_empty() { 0.0 } else { gaps / rows.len() as f64 } }
    }
}

/// How probable a model holds each level, if its labels are the five levels and exclude each other; `None` for all
/// other models, whose probabilities say nothing about levels directly. The probability that a message is urgent is
/// the sum of the last two.
pub fn level_probabilities(signal: &ModelSignal) -> Option<[f32; 5]> {
    let model = &signal.model;
    if !model.exclusive || model.labels.len() != Level::ALL.len() {
        return None;
    }
    let mut probabilities = [None; 5];
    for (label, &p) in model.labels.iter().zip(&signal.probabilities) {
        probabilities[label.name.parse::<Level>().ok()?.index()] = Some(p);
    }
    let [Some(none), Some(low), Some(medium), Some(high), Some(critical)] = probabilities else {
        return None;
    };
    Some([none, low, medium, high, critical])
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::classifier::{Label, ModelInfo};
    use crate::score::Score;

    fn signal(labels: &[&str], probabilities: &[f32]) -> ModelSignal {
        let label = |name: &&str| Label { name: (*name).into(), severity: 0.5 };
        let model = ModelInfo {
            name: "m".into(),
            labels: labels.iter().map(label).collect(),
            exclusive: true,
            tags: Vec::new(),
            version: String::new(),
            precision: "f32".into(),
        };
        ModelSignal {
            model: Arc::new(model),
            probabilities: probabilities.to_vec(),
            tags: Vec::new(),
            signal: Score::ZERO,
            confidence: Score::ZERO,
            vote: Level::None,
            weight: Score::ONE,
        }
    }

    #[test]
    fn levels_are_known_by_name_in_any_order() {
        let levels = ["critical", "high", "medium", "low", "none"];
        let p = [0.4, 0.3, 0.2, 0.06, 0.04];
        assert_eq!(level_probabilities(&signal(&levels, &p)), Some([0.04, 0.06, 0.2, 0.3, 0.4]));
        assert_eq!(level_probabilities(&signal(&["negative", "neutral"], &[0.5, 0.5])), None);
        assert_eq!(level_probabilities(&signal(&["none", "none", "low", "high", "critical"], &p)), None);
        assert_eq!(level_probabilities(&signal(&levels, &[1.0])), None);
    }

    #[test]
    fn the_error_is_the_mean_distance_of_confidence_and_accuracy() {
        // 0.75 twice, right once; 1.0 twice, right twice: |0.75 − 0.5| · 2/4 + 0.
        let table = Reliability::of(&[(0.75, true), (0.75, false), (1.0, true), (1.0, true)]);
        assert_eq!(table.bins.len(), 2);
        assert_eq!((table.bins[0].rows, table.bins[1].rows), (2, 2));
        assert!((table.ece - 0.125).abs() < 1e-9, "{table:?}");
        assert!(Reliability::of(&[]).bins.is_empty());
    }
}
