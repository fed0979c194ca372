//! What label probabilities mean, by whether the labels of a model exclude each other.
//!
//! If exactly one label is true the probabilities are one distribution, and [`crate::ensemble`] and
//! [`crate::tails`] say what follows. If each label is true or not by itself (a zero-shot model asked label
//! by label), they are n distributions over yes and no. Then
//! - a temperature divides the log-odds of each, `σ(logit p_j / T)`;
//! - `S_k`, the probability that something of at least level k is true, is the largest `p_j` of such a
//!   label: the least that it can be, whatever the labels have to do with each other. A noisy-or would
//!   add up synonyms, and a list of many labels would cry wolf;
//! - the confidence is the mean of the labels' own, `1 − H(p_j)/ln 2`.

use crate::classifier::ModelInfo;
use crate::score::Score;
use crate::{ensemble, tails};

/// The probabilities at a temperature; T = 1 gives them back, bit for bit.
pub(crate) fn soften(model: &ModelInfo, p: &[f32], temperature: f32) -> Vec<f32> {
    #[expect(clippy::float_cmp, reason = "exactly 1 is the setting that means: leave it")]
    if model.exclusive || temperature == 1.0 {
        return ensemble::soften(p, temperature);
    }
    p.iter().map(|&p| ensemble::soften(&[p, 1.0 - p], temperature)[0]).collect()
}

/// `S_k` for low to critical.
pub(crate) fn tails(model: &ModelInfo, p: &[f32]) -> [f32; 4] {
    if model.exclusive { tails::tails(p, &model.labels) } else { tails::strongest(p, &model.labels) }
}

/// 1 for a certain answer, 0 for one that says nothing.
pub(crate) fn confidence(model: &ModelInfo, p: &[f32]) -> Score {
    if model.exclusive || p.is_empty() {
        return ensemble::confidence(p);
    }
    let each = p.iter().map(|&p| ensemble::confidence(&[p, 1.0 - p]).get());
    Score::clamped(each.sum::<f32>() / p.len() as f32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classifier::Label;

    fn model(exclusive: bool) -> ModelInfo {
        let label = |severity: f32| Label { name: format!("{severity}"), severity };
        ModelInfo {
            name: "m".into(),
            labels: [0.0, 0.25, 0.75, 1.0].map(label).into(),
            exclusive,
            tags: Vec::new(),
            version: String::new(),
            precision: "f32".into(),
        }
    }

    #[test]
    fn what_is_true_by_itself_is_not_lessened_by_what_else_is_true() {
        let p = [0.9, 0.8, 0.95, 0.1];
        let reached = tails(&model(false), &p);
        assert!(reached[..3].iter().all(|s| (s - 0.95).abs() < 1e-6) && reached[3] < 0.2, "{reached:?}");
        let one = p.map(|x| x / 2.75);
        assert!(tails(&model(true), &one)[2] < 0.4);
    }

    #[test]
    fn a_temperature_moves_each_answer_towards_even_and_one_leaves_it() {
        let p = [0.9, 0.5, 0.2];
        assert_eq!(soften(&model(false), &p, 1.0), p);
        let soft = soften(&model(false), &p, 2.0);
        assert!((soft[0] - 0.75).abs() < 1e-3, "σ(logit 0.9 / 2): {soft:?}");
        assert!((soft[1] - 0.5).abs() < 1e-6 && (soft[2] - 1.0 / 3.0).abs() < 1e-3, "{soft:?}");
        assert!((soften(&model(true), &p, 2.0).iter().sum::<f32>() - 1.0).abs() < 1e-6);
    }

    #[test]
    fn certain_answers_are_confident_and_even_ones_are_not() {
        let of = |p: &[f32]| confidence(&model(false), p).get();
        assert!((of(&[1.0, 1.0, 0.0]) - 1.0).abs() < 1e-6);
        assert!(of(&[0.5, 0.5]) < 1e-6);
        assert!((of(&[1.0, 0.5]) - 0.5).abs() < 1e-6);
    }
}
