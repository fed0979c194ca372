//! Many models, one score: temperature, signal, confidence, vote, and the three ways to combine them.
//!
//! Pure functions; what they are called in the formulas stands beside them: `p_j` the probability of label j,
//! and of model i the signal `x_i` (see [`crate::tails`]), the confidence `c_i`, the vote `v_i`, the weight `w_i`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::assessment::Gap;
use crate::level::Level;
pub use crate::mode::Mode;
use crate::rounded;
use crate::score::Score;

/// How much each model counts and how much they may differ.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnsembleSettings {
    /// How the models are combined.
    #[serde(default)]
    pub mode: Mode,
    /// Signals further apart than this are a gap.
    #[serde(default = "default_max_spread", serialize_with = "rounded::number")]
    pub max_spread: f32,
    /// Less agreement (1 − std/0.5) than this is a gap.
    #[serde(default = "default_min_agreement", serialize_with = "rounded::number")]
    pub min_agreement: f32,
    /// Weight by model name; every configured model needs one, 0 silences it. They need not sum to 1.
    #[serde(serialize_with = "rounded::map")]
    pub weights: BTreeMap<String, f32>,
    /// Temperature by model name; a model that is not named keeps its probabilities (T = 1).
    #[serde(default, serialize_with = "rounded::map")]
    pub temperatures: BTreeMap<String, f32>,
}

/// Three levels apart on the even scale. Less would call it a gap whenever a model cannot say more: three
/// sentiments reach medium at most, 0.6 below a certain critical.
fn default_max_spread() -> f32 {
    0.6
}

/// A standard deviation of 0.25: what three models have that lie three levels apart with one between.
fn default_min_agreement() -> f32 {
    0.5
}

impl EnsembleSettings {
    /// Equal weights for the named models: where fitting starts.
    pub fn unfitted<'a>(models: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            mode: Mode::default(),
            max_spread: default_max_spread(),
            min_agreement: default_min_agreement(),
            weights: models.into_iter().map(|m| (m.to_owned(), 1.0)).collect(),
            temperatures: BTreeMap::new(),
        }
    }
}

/// One model's say, reduced to what combining needs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Voice {
    /// `x_i`.
    pub signal: Score,
    /// `c_i`.
    pub confidence: Score,
    /// `v_i`.
    pub vote: Level,
    /// `w_i`; the weights of all voices sum to 1.
    pub weight: Score,
}

/// What the voices say together.
#[derive(Debug, Clone, PartialEq)]
pub struct Combined {
    /// X.
    pub score: Score,
    /// `Σ w_i·c_i`, times the agreement.
    pub confidence: Score,
    /// Where they differ too much.
    pub gaps: Vec<Gap>,
}

/// `p` at another temperature: softmax(ln p / T). T > 1 makes it less sure, T < 1 more.
///
/// Probabilities are all that a classifier hands over; their logarithms are its logits up to a constant,
/// which softmax does not see. T = 1 gives `p` back, bit for bit.
pub fn soften(p: &[f32], temperature: f32) -> Vec<f32> {
    #[expect(clippy::float_cmp, reason = "exactly 1 is the setting that means: leave it")]
    if temperature == 1.0 {
        return p.to_vec();
    }
    let mut p: Vec<f32> = p.iter().map(|p| p.max(f32::MIN_POSITIVE).ln() / temperature).collect();
    softmax(&mut p);
    p
}

/// Logits to probabilities, in place.
pub(crate) fn softmax(z: &mut [f32]) {
    let top = z.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    for z in z.iter_mut() {
        *z = (*z - top).exp();
    }
    let sum: f32 = z.iter().sum();
    for z in z.iter_mut() {
        *z /= sum;
    }
}

/// c = 1 − H(p)/ln n: 1 for a certain answer, 0 for an even one. A single label leaves nothing to doubt.
pub fn confidence(p: &[f32]) -> Score {
    if p.len() < 2 {
        return Score::ONE;
    }
    let entropy: f32 = p.iter().filter(|&&p| p > 0.0).map(|p| -p * p.ln()).sum();
    Score::clamped(1.0 - entropy / (p.len() as f32).ln())
}

/// What the voices say together in `settings.mode`.
///
/// Disagreement lowers the confidence, never the score. A voice without weight changes nothing; without
/// any voice the score and the confidence are 0.
pub fn combine(settings: &EnsembleSettings, voices: &[Voice]) -> Combined {
    let voices: Vec<&Voice> = voices.iter().filter(|v| v.weight.get() > 0.0).collect();
    let speakers = match settings.mode {
        Mode::Consensus | Mode::Weighted => voices.clone(),
        Mode::Majority => majority(&voices),
    };
    let agreement = agreement(&voices);
    Combined {
        score: Score::clamped(mean(&speakers, |v| v.signal)),
        confidence: Score::clamped(mean(&voices, |v| v.confidence) * agreement),
        gaps: gaps(settings, &voices, agreement),
    }
}

/// The voters of the level with the most weight behind it; of equals, the higher.
fn majority<'a>(voices: &[&'a Voice]) -> Vec<&'a Voice> {
    // Weights are sums of rounded fractions: what differs by less than this is a tie.
    const TIE: f32 = 1e-6;
    let behind = |level| voices.iter().filter(|v| v.vote == level).map(|v| v.weight.get()).sum::<f32>();
    let most = Level::ALL.into_iter().map(behind).fold(0.0, f32::max);
    let winner = Level::ALL.into_iter().rev().find(|&level| behind(level) >= most - TIE);
    voices.iter().copied().filter(|v| Some(v.vote) == winner).collect()
}

/// The weighted mean of a quantity; 0 without voices.
fn mean(voices: &[&Voice], of: impl Fn(&Voice) -> Score) -> f32 {
    let total: f32 = voices.iter().map(|v| v.weight.get()).sum();
    if total <= 0.0 {
        return 0.0;
    }
    voices.iter().map(|v| v.weight.get() * of(v).get()).sum::<f32>() / total
}

/// 1 − std/0.5: 1 if all signals are equal, 0 if half are 0 and half are 1. Not weighted: it asks
/// whether the models see the same thing, not how much each of them counts.
fn agreement(voices: &[&Voice]) -> f32 {
    let n = voices.len() as f32;
    if voices.len() < 2 {
        return 1.0;
    }
    let mean = voices.iter().map(|v| v.signal.get()).sum::<f32>() / n;
    let variance = voices.iter().map(|v| (v.signal.get() - mean).powi(2)).sum::<f32>() / n;
    (1.0 - variance.sqrt() / 0.5).clamp(0.0, 1.0)
}

fn gaps(settings: &EnsembleSettings, voices: &[&Voice], agreement: f32) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let signals = || voices.iter().map(|v| v.signal.get());
    let spread = signals().fold(0.0, f32::max) - signals().fold(1.0, f32::min);
    if spread > settings.max_spread {
        let detail = format!(
            "The models' signals lie {spread:.2} apart; more than {:.2} is a gap.",
            settings.max_spread
        );
        gaps.push(Gap { kind: "spread", detail });
    }
    if agreement < settings.min_agreement {
        let detail = format!(
            "The models' agreement is {agreement:.2}; less than {:.2} is a gap.",
            settings.min_agreement
        );
        gaps.push(Gap { kind: "agreement", detail });
    }
    let votes = || voices.iter().map(|v| v.vote);
    if settings.mode == Mode::Consensus
        && let (Some(lowest), Some(highest)) = (votes().min(), votes().max())
        && highest.index() - lowest.index() > 1
    {
        let detail =
            format!("The models vote from {lowest} to {highest}; more than one level apart is a gap.");
        gaps.push(Gap { kind: "votes", detail });
    }
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn voice(signal: f32, vote: Level, weight: f32) -> Voice {
        Voice { signal: Score::clamped(signal), confidence: Score::ONE, vote, weight: Score::clamped(weight) }
    }

    fn settings(mode: Mode) -> EnsembleSettings {
        EnsembleSettings { mode, max_spread: 0.4, min_agreement: 0.6, ..EnsembleSettings::unfitted([]) }
    }

    fn close(a: f32, b: f32) {
        assert!((a - b).abs() < 1e-5, "{a} is not {b}");
    }

    #[test]
    fn the_modes_combine_as_they_say() {
        struct Case {
            name: &'static str,
            mode: Mode,
            voices: Vec<Voice>,
            score: f32,
            gaps: &'static [&'static str],
        }
        let apart =
            vec![voice(0.9, Level::High, 0.5), voice(0.5, Level::Medium, 0.25), voice(0.3, Level::Low, 0.25)];
        let near = vec![voice(0.5, Level::Medium, 0.5), voice(0.3, Level::Low, 0.5)];
        let case = |name, mode, voices: &Vec<Voice>, score, gaps| Case {
            name,
            mode,
            voices: voices.clone(),
            score,
            gaps,
        };
        for case in [
            case("weighted is the mean", Mode::Weighted, &apart, 0.65, &["spread", "agreement"]),
            case(
                "consensus adds the votes",
                Mode::Consensus,
                &apart,
                0.65,
                &["spread", "agreement", "votes"],
            ),
            case("the heaviest level speaks", Mode::Majority, &apart, 0.9, &["spread", "agreement"]),
            case("a tie goes to the higher level", Mode::Majority, &near, 0.5, &[]),
            case("one level apart is consensus", Mode::Consensus, &near, 0.4, &[]),
            case("nobody", Mode::Majority, &vec![], 0.0, &[]),
            case(
                "a voice without weight changes nothing",
                Mode::Consensus,
                &vec![voice(1.0, Level::Critical, 0.0), voice(0.1, Level::None, 1.0)],
                0.1,
                &[],
            ),
            case(
                "opposites do not agree",
                Mode::Weighted,
                &vec![voice(0.0, Level::None, 0.5), voice(1.0, Level::Critical, 0.5)],
                0.5,
                &["spread", "agreement"],
            ),
        ] {
            let combined = combine(&settings(case.mode), &case.voices);
            assert!((combined.score.get() - case.score).abs() < 1e-5, "{}: {:?}", case.name, combined.score);
            let kinds: Vec<&str> = combined.gaps.iter().map(|g| g.kind).collect();
            assert_eq!(kinds, case.gaps, "{}", case.name);
        }
    }

    #[test]
    fn a_majority_of_rounded_weights_is_still_a_tie() {
        // In single precision 0.1 + 0.2 is more than 0.3.
        let voices =
            [voice(0.1, Level::None, 0.1), voice(0.1, Level::None, 0.2), voice(0.9, Level::High, 0.3)];
        close(combine(&settings(Mode::Majority), &voices).score.get(), 0.9);
    }

    #[test]
    fn confidence_is_one_minus_relative_entropy() {
        close(confidence(&[1.0, 0.0, 0.0]).get(), 1.0);
        close(confidence(&[0.25; 4]).get(), 0.0);
        close(confidence(&[0.5, 0.5, 0.0, 0.0]).get(), 0.5);
        close(confidence(&[1.0]).get(), 1.0);
    }

    #[test]
    fn temperature_is_softmax_of_the_logarithms() {
        let p = soften(&[0.8, 0.2], 2.0);
        close(p[0], 2.0 / 3.0);
        close(p[1], 1.0 / 3.0);
        assert_eq!(soften(&[0.7, 0.3], 1.0), [0.7, 0.3]);
        close(soften(&[1.0, 0.0], 0.5)[0], 1.0);
    }

    fn voices() -> impl Strategy<Value = Vec<Voice>> {
        let level = prop::sample::select(&Level::ALL[..]);
        prop::collection::vec(
            (0.0f32..=1.0, 0.0f32..=1.0, level, 0.01f32..=1.0)
                .prop_map(|(x, c, vote, w)| Voice { confidence: Score::clamped(c), ..voice(x, vote, w) }),
            1..6,
        )
    }

    proptest! {
        #[test]
        fn the_score_lies_among_the_signals(voices in voices(), mode in prop::sample::select(&Mode::ALL[..])) {
            let score = combine(&settings(mode), &voices).score.get();
            let low = voices.iter().map(|v| v.signal.get()).fold(1.0, f32::min);
            let high = voices.iter().map(|v| v.signal.get()).fold(0.0, f32::max);
            prop_assert!(score >= low - 1e-5 && score <= high + 1e-5);
        }

        #[test]
        fn disagreement_lowers_the_confidence_and_never_the_score(x in 0.2f32..=0.8, apart in 0.0f32..=0.2) {
            let of = |d: f32| {
                combine(&settings(Mode::Weighted), &[voice(x - d, Level::Low, 0.5), voice(x + d, Level::Low, 0.5)])
            };
            let (agreed, apart) = (of(0.0), of(apart));
            prop_assert!((agreed.score.get() - apart.score.get()).abs() < 1e-5);
            prop_assert!(apart.confidence <= agreed.confidence);
        }

        #[test]
        fn only_the_proportion_of_weights_matters(voices in voices(), mode in prop::sample::select(&Mode::ALL[..])) {
            // Halving is exact in binary, so not even a tie can turn.
            let halved: Vec<Voice> =
                voices.iter().map(|v| Voice { weight: Score::clamped(v.weight.get() / 2.0), ..*v }).collect();
            let (a, b) = (combine(&settings(mode), &voices), combine(&settings(mode), &halved));
            prop_assert!((a.score.get() - b.score.get()).abs() < 1e-4);
        }

        #[test]
        fn temperature_keeps_a_distribution_and_its_order(
            raw in prop::collection::vec(0.001f32..1.0, 2..6), t in 0.2f32..5.0,
        ) {
            let sum: f32 = raw.iter().sum();
            let p: Vec<f32> = raw.iter().map(|x| x / sum).collect();
            let q = soften(&p, t);
            prop_assert!((q.iter().sum::<f32>() - 1.0).abs() < 1e-4);
            for i in 1..p.len() {
                prop_assert!((p[i] - p[i - 1]) * (q[i] - q[i - 1]) >= -1e-6);
            }
        }
    }
}
