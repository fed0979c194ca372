//! Whether a confidence can be believed: is what is said with 0.8 right in 8 of 10 cases?

use serde::Serialize;

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

#[cfg(test)]
mod tests {
    use super::*;

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
