//! What single words and word pairs say: the stand-in for when no model answers.
//!
//! Patterns are sure of what they find and find little; people say most things in words that nobody wrote down
//! beforehand. A lexicon is the simplest learner there is above them: one weight a level for every word, pair of
//! neighbours and piece of a word, all hashed into a table (Weinberger et al. 2009), softmax over the levels. It
//! understands nothing: no "not", no joke, no quote. So it never speaks beside the models, only instead of them,
//! and its verdicts are always degraded.
//!
//! `features` says what of a text is looked at, [`learn()`] makes the weights, here they are read.

mod features;
mod learn;

pub use learn::{LearnSettings, learn};

use crate::ensemble;

/// Levels, the outputs of a lexicon.
const LEVELS: usize = 5;
/// Features are hashed into so many places.
pub(crate) const BUCKETS: usize = 1 << 15;
/// What a file begins with: name and version of the format.
const MAGIC: &[u8; 8] = b"ashlex1\n";

/// Weights of words.
#[derive(Clone, PartialEq)]
pub struct Lexicon {
    /// `BUCKETS` rows of one weight a level, in steps of `scale`.
    weights: Vec<[i8; LEVELS]>,
    scale: f32,
    bias: [f32; LEVELS],
}

/// Bytes that are no lexicon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LexiconError {
    /// Another format, or another version of it.
    #[error("not a lexicon of this version; make one with `ash-nlp patterns learn`")]
    Format,
    /// Cut off or with something after the end.
    #[error("a lexicon has {expected} bytes, these are {found}", expected = Lexicon::BYTES)]
    Length {
        /// How many there are.
        found: usize,
    },
    /// A number that is none, or too large to mean anything.
    #[error("a number in the lexicon is out of range")]
    Number,
}

impl Lexicon {
    /// The size of the file: magic, scale, biases, weights; numbers little-endian f32.
    pub const BYTES: usize = MAGIC.len() + 4 + 4 * LEVELS + BUCKETS * LEVELS;

    /// Reads the file form.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LexiconError> {
        let rest = bytes.strip_prefix(MAGIC.as_slice()).ok_or(LexiconError::Format)?;
        if bytes.len() != Self::BYTES {
            return Err(LexiconError::Length { found: bytes.len() });
        }
        let (numbers, weights) = rest.split_at(4 + 4 * LEVELS);
        let mut numbers = numbers.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
        let mut number = || numbers.next().filter(|x| x.abs() < 1e3).ok_or(LexiconError::Number);
        let scale = number()?;
        let mut bias = [0.0; LEVELS];
        for b in &mut bias {
            *b = number()?;
        }
        let weights = weights.chunks_exact(LEVELS).map(|row| std::array::from_fn(|k| row[k].cast_signed()));
        Ok(Lexicon { weights: weights.collect(), scale, bias })
    }

    /// The file form.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(self.scale.to_le_bytes());
        self.bias.iter().for_each(|b| bytes.extend(b.to_le_bytes()));
        bytes.extend(self.weights.iter().flatten().map(|w| w.cast_unsigned()));
        bytes
    }

    /// How probable each level is, by the words of a folded text alone. Sums to 1.
    pub fn read(&self, words: &[&str]) -> [f32; LEVELS] {
        let found = features::of(words);
        let mut logits = self.bias;
        let share = self.scale / features::norm(found.len());
        for feature in found {
            for (z, w) in logits.iter_mut().zip(self.weights[feature]) {
                *z += share * f32::from(w);
            }
        }
        ensemble::softmax(&mut logits);
        logits
    }
}

/// Tells its size only: the weights would fill a screen for minutes.
impl std::fmt::Debug for Lexicon {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lexicon").field("buckets", &self.weights.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::Level;

    fn taught() -> Lexicon {
        let rows: Vec<(Vec<&str>, Level)> = [
            (vec!["i", "want", "to", "die"], Level::High),
            (vec!["goodbye", "forever", "i", "die", "tonight"], Level::Critical),
            (vec!["nice", "cat"], Level::None),
            (vec!["good", "game", "tonight"], Level::None),
            (vec!["so", "tired", "of", "school"], Level::Low),
            (vec!["everything", "feels", "empty"], Level::Medium),
        ]
        .into();
        learn(&rows, &LearnSettings { epochs: 60, ..LearnSettings::default() })
    }

    #[test]
    fn what_was_learnt_is_known_and_survives_its_file() {
        let lexicon = taught();
        let read = Lexicon::from_bytes(&lexicon.to_bytes()).expect("its own bytes");
        assert_eq!(read, lexicon);
        let best = |words: &[&str]| {
            let p = read.read(words);
            assert!((p.iter().sum::<f32>() - 1.0).abs() < 1e-5);
            (0..LEVELS).max_by(|&a, &b| p[a].total_cmp(&p[b])).map(|k| Level::ALL[k])
        };
        assert_eq!(best(&["want", "to", "die"]), Some(Level::High));
        assert_eq!(best(&["nice", "game"]), Some(Level::None));
        assert_eq!(best(&["feels", "empty"]), Some(Level::Medium));
    }

    #[test]
    fn other_bytes_are_refused() {
        let bytes = taught().to_bytes();
        assert_eq!(Lexicon::from_bytes(b"something else"), Err(LexiconError::Format));
        let cut = Lexicon::from_bytes(&bytes[..bytes.len() - 1]);
        assert_eq!(cut, Err(LexiconError::Length { found: Lexicon::BYTES - 1 }));
        let mut broken = bytes;
        broken[8..12].copy_from_slice(&f32::NAN.to_le_bytes());
        assert_eq!(Lexicon::from_bytes(&broken), Err(LexiconError::Number));
    }
}
