//! Word embeddings and the first layers: what branches share.

use std::sync::Arc;

use rayon::prelude::*;

use crate::arch;
use crate::config::Config;
use crate::error::EncoderError;
use crate::files::Files;
use crate::kernels::{AttentionShape, LayerNorm, Precision};
use crate::layer::Layer;
use crate::matrix::{Matrix, Values};
use crate::tokens::{Batch, Tokens};
use crate::weights::Weights;

/// Hidden states of a batch, tokens × hidden size, row-major.
#[derive(Debug, Clone)]
pub struct Hidden(pub(crate) Vec<f32>);

impl Hidden {
    /// The numbers, tokens × hidden size.
    pub fn values(&self) -> &[f32] {
        &self.0
    }
}

/// Tokeniser, embeddings and the first layers of a model.
pub struct Trunk {
    pub(crate) config: Config,
    pub(crate) shape: AttentionShape,
    tokens: Tokens,
    words: Matrix,
    positions: Vec<f32>,
    norm: LayerNorm,
    layers: Vec<Layer>,
}

impl Trunk {
    /// Load `config.json`, `tokenizer.json` and the embeddings and layers of `model.safetensors`.
    /// The trunk has the `num_hidden_layers` layers that its own config names.
    pub fn load(files: &Files, precision: Precision) -> Result<Self, EncoderError> {
        let config = Config::read(files)?;
        let weights = Weights::open(files)?;
        let prefix = arch::prefix(config.model_type, &weights);
        let width = config.hidden_size;
        let word_table = format!("{prefix}embeddings.word_embeddings.weight");
        let words = weights.matrix(&word_table, config.vocab_size, width)?;
        let words = words.stored_as(weights.precision(&word_table, precision));
        let norm_of = |part: &str| weights.vector(&format!("{prefix}embeddings.LayerNorm.{part}"), width);
        let norm = LayerNorm::new(norm_of("weight")?, norm_of("bias")?, config.layer_norm_eps);
        let layers = (0..config.num_hidden_layers)
            .into_par_iter()
            .map(|i| Layer::load(&config, &weights, prefix, i, precision))
            .collect::<Result<_, _>>()?;
        Ok(Trunk {
            tokens: Tokens::load(files, config.vocab_size, config.max_tokens())?,
            positions: arch::position_table(&config, &weights, prefix)?,
            shape: AttentionShape {
                heads: config.num_attention_heads,
                head_size: config.head_size(),
                bias: arch::position_bias(&config, &weights, prefix)?.map(Arc::new),
            },
            words,
            norm,
            layers,
            config,
        })
    }

    /// The shape of the model.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Tokenise texts into one ragged batch. Never fails: what cannot be read is an unknown token.
    pub fn tokenize<S: AsRef<str>>(&self, texts: &[S]) -> Batch {
        self.tokens.batch(texts)
    }

    /// The hidden states after the trunk's last layer.
    pub fn forward(&self, batch: &Batch) -> Hidden {
        let mut x = self.embed(batch);
        for layer in &self.layers {
            layer.forward(&mut x, &batch.sequences, &self.shape);
        }
        Hidden(x)
    }

    fn embed(&self, batch: &Batch) -> Vec<f32> {
        let width = self.config.hidden_size;
        let mut x = vec![0.0; batch.tokens() * width];
        for sequence in &batch.sequences {
            for (place, at) in sequence.clone().enumerate() {
                let row = &mut x[at * width..(at + 1) * width];
                let position = &self.positions[place * width..(place + 1) * width];
                self.add_word(row, batch.ids[at] as usize, position);
            }
        }
        self.norm.apply(&mut x);
        x
    }

    fn add_word(&self, row: &mut [f32], word: usize, position: &[f32]) {
        let span = word * row.len()..(word + 1) * row.len();
        match &self.words.values {
            Values::F32(values) => {
                for ((x, w), p) in row.iter_mut().zip(&values[span]).zip(position) {
                    *x = w + p;
                }
            }
            Values::Int8 { quantised, scales } => {
                for ((x, &q), p) in row.iter_mut().zip(&quantised[span]).zip(position) {
                    *x = f32::from(q) * scales[word] + p;
                }
            }
        }
    }
}
