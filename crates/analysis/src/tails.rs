//! From a model's label probabilities to its signal: how far up the scale of levels the evidence reaches.
//!
//! The obvious signal is the expected severity, `Σ p_j·s_j`. It is blind to where the probability lies: "surely
//! medium" and "none or critical, who knows" give the same number, and no cut can tell them apart again.
//! Asking level by level keeps that: with `S_k = P(severity ≥ level k)`, the model's level is the highest k
//! whose tail `S_k` reaches its threshold `τ_k`. A low `τ` for *high* means: one doubt in three is enough to
//! call a human. On the dev split this is worth three to four points of macro-F1 at equal recall of urgent
//! messages (docs/detection.md).
//!
//! The signal places that answer on an even scale, so that the signals of models with quite different
//! labels can be averaged and compared: level k has the band [0.2·k, 0.2·(k + 1)), and within the band the
//! signal tells how near the next level is.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::classifier::Label;
use crate::decision::BAND;
use crate::level::Level;
use crate::rounded;
use crate::score::Score;

/// The thresholds τ of one model: how probable "at least this level" must be. Each within (0, 1).
///
/// They need not ascend: each stands for what missing that level would cost.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "RawTails")]
pub struct Tails {
    #[serde(serialize_with = "rounded::number")]
    low: f32,
    #[serde(serialize_with = "rounded::number")]
    medium: f32,
    #[serde(serialize_with = "rounded::number")]
    high: f32,
    #[serde(serialize_with = "rounded::number")]
    critical: f32,
}

/// Thresholds as they are written, before they are known to be in range.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTails {
    low: f32,
    medium: f32,
    high: f32,
    critical: f32,
}

/// Four numbers that are no thresholds.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("the tail thresholds {0:?} do not lie between 0 and 1")]
pub struct TailsError(pub [f32; 4]);

impl Tails {
    /// More probable than not: where fitting starts.
    pub const EVEN: Tails = Tails { low: 0.5, medium: 0.5, high: 0.5, critical: 0.5 };

    /// Thresholds for low, medium, high and critical.
    pub fn new(tails: [f32; 4]) -> Result<Self, TailsError> {
        // A NaN fails the comparison and so is refused too.
        if tails.iter().all(|&t| 0.0 < t && t < 1.0) {
            let [low, medium, high, critical] = tails;
            Ok(Self { low, medium, high, critical })
        } else {
            Err(TailsError(tails))
        }
    }

    /// The thresholds for low, medium, high and critical.
    pub const fn get(&self) -> [f32; 4] {
        [self.low, self.medium, self.high, self.critical]
    }

    /// The highest level whose tail reaches its threshold.
    pub fn level(&self, tails: &[f32; 4]) -> Level {
        let reached = tails.iter().zip(self.get()).rposition(|(&s, t)| s >= t);
        reached.map_or(Level::None, |k| Level::ALL[k + 1])
    }

    /// The place of `tails` on the even scale; see the module's documentation.
    pub fn signal(&self, tails: &[f32; 4]) -> Score {
        let (k, thresholds) = (self.level(tails).index(), self.get());
        let within = match (tails.get(k), thresholds.get(k)) {
            (Some(next), Some(threshold)) => next / threshold,
            // Critical: from just enough to certain.
            _ => (tails[3] - thresholds[3]) / (1.0 - thresholds[3]),
        };
        Score::clamped(BAND * (k as f32 + within.clamp(0.0, 1.0)))
    }
}

impl TryFrom<RawTails> for Tails {
    type Error = TailsError;

    fn try_from(raw: RawTails) -> Result<Self, TailsError> {
        Self::new([raw.low, raw.medium, raw.high, raw.critical])
    }
}

/// `S_k = Σ p_j` over the labels of severity at least k/4, for low (k = 1) to critical (k = 4).
pub fn tails(p: &[f32], labels: &[Label]) -> [f32; 4] {
    Label::STEPS.map(|severity| reaching(p, labels, severity).sum())
}

/// The same for labels that do not exclude each other: the largest `p_j` of those labels.
pub fn strongest(p: &[f32], labels: &[Label]) -> [f32; 4] {
    Label::STEPS.map(|severity| reaching(p, labels, severity).fold(0.0, f32::max))
}

/// The probabilities of the labels of at least `severity`.
fn reaching(p: &[f32], labels: &[Label], severity: f32) -> impl Iterator<Item = f32> {
    p.iter().zip(labels).filter(move |(_, label)| label.severity >= severity).map(|(p, _)| *p)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn labels(severities: &[f32]) -> Vec<Label> {
        severities.iter().map(|&severity| Label { name: format!("{severity}"), severity }).collect()
    }

    #[test]
    fn tails_add_what_reaches_a_level() {
        let five = labels(&[0.0, 0.25, 0.5, 0.75, 1.0]);
        let got = tails(&[0.1, 0.2, 0.3, 0.25, 0.15], &five);
        for (a, b) in got.iter().zip([0.9, 0.7, 0.4, 0.15]) {
            assert!((a - b).abs() < 1e-6, "{got:?}");
        }
        let moods = labels(&[0.5, 0.1, 0.0]);
        let reached = tails(&[0.75, 0.25, 0.0], &moods).map(|s| s > 0.5);
        assert_eq!(reached, [true, true, false, false], "a bad mood is no danger");
    }

    #[test]
    fn the_highest_level_that_is_probable_enough_wins() {
        let tau = Tails::new([0.6, 0.6, 0.3, 0.5]).expect("in range");
        for (tails, level) in [
            ([0.5, 0.4, 0.2, 0.1], Level::None),
            ([0.6, 0.5, 0.2, 0.1], Level::Low),
            ([0.9, 0.7, 0.2, 0.1], Level::Medium),
            ([0.5, 0.45, 0.35, 0.1], Level::High),
            ([1.0, 1.0, 1.0, 0.5], Level::Critical),
        ] {
            assert_eq!(tau.level(&tails), level, "{tails:?}");
        }
    }

    #[test]
    fn thresholds_out_of_range_are_refused() {
        for bad in [[0.0, 0.5, 0.5, 0.5], [0.5, 0.5, 0.5, 1.0], [f32::NAN, 0.5, 0.5, 0.5]] {
            assert!(Tails::new(bad).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn the_signal_lies_in_the_band_of_its_level(
            p in prop::array::uniform5(0.0f32..1.0), tau in prop::array::uniform4(0.05f32..0.95),
        ) {
            let sum: f32 = p.iter().sum();
            prop_assume!(sum > 0.01);
            let p = p.map(|x| x / sum);
            let tau = Tails::new(tau).expect("in range");
            let tails = tails(&p, &labels(&[0.0, 0.25, 0.5, 0.75, 1.0]));
            let (signal, level) = (tau.signal(&tails).get(), tau.level(&tails).index() as f32);
            prop_assert!(signal >= BAND * level - 1e-6 && signal <= BAND * (level + 1.0) + 1e-6);
        }

        #[test]
        fn more_evidence_never_lowers_the_signal(
            a in prop::array::uniform4(0.0f32..=1.0), more in prop::array::uniform4(0.0f32..=1.0),
            tau in prop::array::uniform4(0.05f32..0.95),
        ) {
            let tau = Tails::new(tau).expect("in range");
            let b: [f32; 4] = std::array::from_fn(|k| a[k].max(more[k]));
            prop_assert!(tau.signal(&b).get() >= tau.signal(&a).get() - 1e-6);
        }
    }
}
