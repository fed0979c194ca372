//! The temperature at which a model is as sure as it is right (Guo et al. 2017, "On Calibration of Modern
//! Neural Networks": one number, least negative log-likelihood on data the model has not learnt from).

use crate::classifier::{ModelInfo, Reading};
use crate::ensemble::soften;
use crate::level::Level;

/// Where ln T is searched: a fifth to five times. A model outside is broken, not miscalibrated.
const RANGE: (f64, f64) = (-1.609, 1.609);
/// Halvings by the golden ratio: 0.618^28 of the range is below 1e-5.
const STEPS: usize = 28;
/// A certain error would cost infinitely much; it costs this probability.
const FLOOR: f32 = 1e-7;

/// The best temperature of a model whose labels are the five levels; none for other models, whose own
/// truth is not known here.
pub(super) fn best(model: &ModelInfo, readings: &[&Reading], truths: &[Level]) -> Option<f32> {
    let labels = label_of_each_level(model)?;
    let loss = |ln_t: f64| -> f64 {
        #[expect(clippy::cast_possible_truncation, reason = "a temperature near 1")]
        let t = ln_t.exp() as f32;
        let nll = |(r, truth): (&&Reading, &Level)| {
            let p = soften(&r.probabilities, t).get(labels[truth.index()]).copied().unwrap_or(0.0);
            -f64::from(p.max(FLOOR)).ln()
        };
        readings.iter().zip(truths).map(nll).sum()
    };
    let t = minimum(loss, RANGE).exp();
    #[expect(clippy::cast_possible_truncation, reason = "a temperature near 1")]
    Some(((t * 1e3).round() / 1e3) as f32)
}

/// For each level the index of the label that is named like it, if the labels are exactly the levels.
fn label_of_each_level(model: &ModelInfo) -> Option<[usize; 5]> {
    if model.labels.len() != 5 || !model.exclusive {
        return None;
    }
    let mut labels = [0; 5];
    for level in Level::ALL {
        labels[level.index()] = model.labels.iter().position(|l| l.name == level.as_str())?;
    }
    Some(labels)
}

/// Golden-section search. The loss is convex in 1/T, so it has one valley in ln T.
fn minimum(loss: impl Fn(f64) -> f64, (mut low, mut high): (f64, f64)) -> f64 {
    let ratio = (5.0_f64.sqrt() - 1.0) / 2.0;
    let (mut a, mut b) = (high - ratio * (high - low), low + ratio * (high - low));
    let (mut at_a, mut at_b) = (loss(a), loss(b));
    for _ in 0..STEPS {
        if at_a <= at_b {
            (high, b, at_b) = (b, a, at_a);
            a = high - ratio * (high - low);
            at_a = loss(a);
        } else {
            (low, a, at_a) = (a, b, at_b);
            b = low + ratio * (high - low);
            at_b = loss(b);
        }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classifier::Label;

    fn model(names: &[&str]) -> ModelInfo {
        let label = |name: &&str| Label { name: (*name).into(), severity: 0.5 };
        ModelInfo {
            name: "m".into(),
            labels: names.iter().map(label).collect(),
            exclusive: true,
            tags: Vec::new(),
            version: String::new(),
            precision: "f32".into(),
        }
    }

    #[test]
    fn a_model_that_is_too_sure_is_cooled_to_its_accuracy() {
        // It says 0.96 and is right 7 times of 10: at the best temperature it says 0.7.
        let reading =
            Reading { probabilities: vec![0.01, 0.01, 0.01, 0.96, 0.01], tags: vec![], truncated: false };
        let truths: Vec<Level> =
            (0..40).map(|i| if i % 10 < 7 { Level::High } else { Level::ALL[i % 3] }).collect();
        let names = ["none", "low", "medium", "high", "critical"];
        let t = best(&model(&names), &vec![&reading; 40], &truths).expect("the labels are the levels");
        let p = soften(&reading.probabilities, t)[3];
        assert!((p - 0.7).abs() < 0.01, "{p} at {t}");
    }

    #[test]
    fn the_labels_may_stand_in_any_order_but_must_be_the_levels() {
        let order = label_of_each_level(&model(&["critical", "high", "medium", "low", "none"]));
        assert_eq!(order, Some([4, 3, 2, 1, 0]));
        assert_eq!(label_of_each_level(&model(&["negative", "neutral", "positive"])), None);
        assert_eq!(label_of_each_level(&model(&["a", "b", "c", "d", "e"])), None);
    }
}
