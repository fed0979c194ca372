//! Multinomial logistic regression over hashed features, by `AdaGrad` (Duchi et al. 2011).
//!
//! Small, exact to repeat (no random numbers but a fixed shuffle), and done in seconds.

use super::{BUCKETS, LEVELS, Lexicon, features};
use crate::ensemble;
use crate::level::Level;

/// How to learn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LearnSettings {
    /// How often every row is seen.
    pub epochs: usize,
    /// The step.
    pub rate: f32,
    /// What every seen weight loses a step, as a share of it: rare words must not be believed.
    pub decay: f32,
    /// How much a row of each level counts, none to critical.
    pub counts: [f32; 5],
}

impl Default for LearnSettings {
    /// Chosen on the dev split by recall of urgent messages at equal false alarms; urgent rows are rarer and count
    /// more.
    fn default() -> Self {
        LearnSettings { epochs: 12, rate: 0.3, decay: 2e-4, counts: [1.0, 1.0, 1.2, 1.8, 2.0] }
    }
}

/// Learns from folded words with their levels.
pub fn learn(rows: &[(Vec<&str>, Level)], settings: &LearnSettings) -> Lexicon {
    let rows: Vec<(Vec<usize>, usize)> =
        rows.iter().map(|(words, level)| (features::of(words), level.index())).collect();
    let mut weights = vec![[0.0_f32; LEVELS]; BUCKETS];
    let mut squares = vec![[1e-6_f32; LEVELS]; BUCKETS];
    let (mut bias, mut bias_squares) = ([0.0_f32; LEVELS], [1e-6_f32; LEVELS]);
    for epoch in 0..settings.epochs {
        for at in shuffled(rows.len(), epoch) {
            let (features, truth) = &rows[at];
            let share = 1.0 / features::norm(features.len());
            let mut logits = bias;
            for &f in features {
                for (z, w) in logits.iter_mut().zip(weights[f]) {
                    *z += share * w;
                }
            }
            ensemble::softmax(&mut logits);
            let p = logits;
            for k in 0..LEVELS {
                let error = settings.counts[*truth] * (p[k] - f32::from(u8::from(k == *truth)));
                bias_squares[k] += error * error;
                bias[k] -= settings.rate * error / bias_squares[k].sqrt();
                for &f in features {
                    let gradient = error * share + settings.decay * weights[f][k];
                    squares[f][k] += gradient * gradient;
                    weights[f][k] -= settings.rate * gradient / squares[f][k].sqrt();
                }
            }
        }
    }
    rounded(&weights, bias)
}

/// Weights in 8 bits, all in steps of the largest one's 127th part.
fn rounded(weights: &[[f32; LEVELS]], bias: [f32; LEVELS]) -> Lexicon {
    let largest = weights.iter().flatten().fold(0.0_f32, |m, w| m.max(w.abs()));
    let scale = (largest / 127.0).max(f32::MIN_POSITIVE);
    #[expect(clippy::cast_possible_truncation, reason = "within ±127")]
    let step = |w: f32| (w / scale).round().clamp(-127.0, 127.0) as i8;
    Lexicon { weights: weights.iter().map(|row| row.map(step)).collect(), scale, bias }
}

/// The rows in another order every epoch, the same on every run: steps of a prime that does not divide `n`.
fn shuffled(n: usize, epoch: usize) -> impl Iterator<Item = usize> {
    const PRIMES: [usize; 6] = [7_919, 10_007, 15_485_863, 104_729, 611_953, 1_299_709];
    let prime = PRIMES[epoch % PRIMES.len()];
    let step = if n > 0 && n.is_multiple_of(prime) { 1 } else { prime };
    (0..n).map(move |i| (i * step + epoch) % n)
}
