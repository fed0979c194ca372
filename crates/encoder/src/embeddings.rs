//! Token ids → the vectors that enter the first layer.

use crate::arch;
use crate::batch::Batch;
use crate::config::Config;
use crate::error::EncoderError;
use crate::kernels::{Activation, LayerNorm, Linear, Precision, Rows};
use crate::matrix::{Matrix, Values};
use crate::recording::{Op, Work, operation};
use crate::weights::Weights;

/// Words, what is added to them for place and type, and the first norm.
pub(crate) struct Embeddings {
    words: Matrix,
    added: Option<Added>,
    /// From the words' width to the layers' (`DeBERTa` with another `embedding_size`).
    projection: Option<Linear>,
    norm: LayerNorm,
}

/// Position and token type vectors, summed once: `[types][places][width]`.
struct Added {
    rows: Vec<f32>,
    types: usize,
    /// 1 if only the type matters.
    places: usize,
}

impl Embeddings {
    /// Read the tables of `{prefix}embeddings`. The word table is stored in `precision`.
    pub(crate) fn load(
        config: &Config,
        weights: &Weights,
        prefix: &str,
        precision: Precision,
    ) -> Result<Self, EncoderError> {
        let (hidden, width) = (config.hidden_size, config.embedding_size());
        let base = format!("{prefix}embeddings");
        let table = format!("{base}.word_embeddings.weight");
        let words = weights.matrix(&table, config.vocab_size, width)?;
        let words = words.stored_as(weights.precision(&table, precision));
        let projection = if width == hidden {
            None
        } else {
            let weight = weights.matrix(&format!("{base}.embed_proj.weight"), hidden, width)?;
            Some(Linear::new(Op::Projection, weight, vec![0.0; hidden], Precision::F32))
        };
        let norm_of = |part: &str| weights.vector(&format!("{base}.LayerNorm.{part}"), hidden);
        let norm = LayerNorm::new(norm_of("weight")?, norm_of("bias")?, config.layer_norm_eps);
        Ok(Embeddings { words, added: Added::load(config, weights, &base)?, projection, norm })
    }

    /// The vectors of every token, tokens × hidden size.
    pub(crate) fn forward(&self, batch: &Batch) -> Vec<f32> {
        let width = self.words.cols;
        let mut x = vec![0.0; batch.tokens() * width];
        operation(Op::Embeddings, || self.work(batch.tokens())).alone(|| self.gather(batch, &mut x));
        if let Some(projection) = &self.projection {
            x = projection.forward(&Rows::new(&x, width), Activation::None).to_vec();
        }
        self.norm.apply(&mut x);
        x
    }

    /// A row of words and one of what is added are read, one is written.
    fn work(&self, tokens: usize) -> Work {
        let word = match self.words.values {
            Values::F32(_) => 4,
            Values::Int8 { .. } => 1,
        };
        let added = if self.added.is_some() { 4 } else { 0 };
        Work { bytes: (tokens * self.words.cols * (word + added + 4)) as u64, ..Work::moves(tokens, 0) }
    }

    fn gather(&self, batch: &Batch, x: &mut [f32]) {
        let width = self.words.cols;
        for sequence in &batch.sequences {
            for (place, at) in sequence.clone().enumerate() {
                let row = &mut x[at * width..(at + 1) * width];
                let word = batch.ids[at] as usize;
                match &self.added {
                    Some(added) => self.add_word(row, word, added.row(batch.types[at], place, width)),
                    None => self.set_word(row, word),
                }
            }
        }
    }

    fn add_word(&self, row: &mut [f32], word: usize, added: &[f32]) {
        let span = word * row.len()..(word + 1) * row.len();
        match &self.words.values {
            Values::F32(values) => {
                for ((x, w), p) in row.iter_mut().zip(&values[span]).zip(added) {
                    *x = w + p;
                }
            }
            Values::Int8 { quantised, scales } => {
                for ((x, &q), p) in row.iter_mut().zip(&quantised[span]).zip(added) {
                    *x = f32::from(q) * scales[word] + p;
                }
            }
        }
    }

    fn set_word(&self, row: &mut [f32], word: usize) {
        let span = word * row.len()..(word + 1) * row.len();
        match &self.words.values {
            Values::F32(values) => row.copy_from_slice(&values[span]),
            Values::Int8 { quantised, scales } => {
                for (x, &q) in row.iter_mut().zip(&quantised[span]) {
                    *x = f32::from(q) * scales[word];
                }
            }
        }
    }
}

impl Added {
    /// `None` if the family adds nothing to the words (`DeBERTa` v3).
    fn load(config: &Config, weights: &Weights, base: &str) -> Result<Option<Self>, EncoderError> {
        let width = config.embedding_size();
        let positions = if config.has_absolute_positions() {
            let first = config.first_position() * width;
            let table = arch::positions(config, weights, base)?;
            table[first..first + config.max_tokens() * width].to_vec()
        } else {
            Vec::new()
        };
        let types = arch::token_types(config, weights, base)?;
        Ok(match (positions.is_empty(), types.is_empty()) {
            (true, true) => None,
            (false, true) => Some(Added { places: config.max_tokens(), types: 1, rows: positions }),
            (true, false) => Some(Added { places: 1, types: types.len() / width, rows: types }),
            (false, false) => {
                let sum = |kind: &[f32]| -> Vec<f32> {
                    let rows = positions.chunks_exact(width);
                    rows.flat_map(|row| row.iter().zip(kind).map(|(p, t)| p + t)).collect()
                };
                let rows = types.chunks_exact(width).flat_map(sum).collect();
                Some(Added { places: config.max_tokens(), types: types.len() / width, rows })
            }
        })
    }

    /// A type that the table does not have counts as its last: a model with one type ignores them.
    fn row(&self, kind: u8, place: usize, width: usize) -> &[f32] {
        let kind = usize::from(kind).min(self.types - 1);
        let at = (kind * self.places + place.min(self.places - 1)) * width;
        &self.rows[at..at + width]
    }
}
