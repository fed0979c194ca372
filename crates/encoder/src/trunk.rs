//! Word embeddings and the first layers: what branches share.

use std::sync::Arc;

use rayon::prelude::*;

use crate::arch;
use crate::batch::Batch;
use crate::config::{Config, DebertaConfig};
use crate::embeddings::Embeddings;
use crate::error::EncoderError;
use crate::files::Files;
use crate::kernels::{AttentionShape, Precision};
use crate::layer::{self, Layer};
use crate::tokens::Tokens;
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
    pub(crate) tokens: Tokens,
    embeddings: Embeddings,
    layers: Vec<Layer>,
}

impl Trunk {
    /// Load `config.json`, `tokenizer.json` and the embeddings and layers of `model.safetensors`.
    /// The trunk has the `num_hidden_layers` layers that its own config names.
    pub fn load(files: &Files, precision: Precision) -> Result<Self, EncoderError> {
        let config = Config::read(files)?;
        let layers = config.num_hidden_layers;
        Trunk::of_layers(files, config, layers, precision)
    }

    /// The same with the first `layers` layers only, at most as many as the config names: a branch
    /// from the same files has the others.
    pub fn load_layers(files: &Files, layers: usize, precision: Precision) -> Result<Self, EncoderError> {
        let config = Config::read(files)?;
        let layers = layers.min(config.num_hidden_layers);
        Trunk::of_layers(files, config, layers, precision)
    }

    fn of_layers(
        files: &Files,
        config: Config,
        layers: usize,
        precision: Precision,
    ) -> Result<Self, EncoderError> {
        let weights = Weights::open(files)?;
        let prefix = arch::prefix(config.model_type, &weights);
        let embeddings = Embeddings::load(&config, &weights, prefix, precision)?;
        let layers = (0..layers)
            .into_par_iter()
            .map(|i| Layer::load(&config, &weights, prefix, i, precision))
            .collect::<Result<_, _>>()?;
        Ok(Trunk {
            tokens: Tokens::load(files, config.vocab_size, config.max_tokens())?,
            shape: AttentionShape {
                heads: config.num_attention_heads,
                head_size: config.head_size(),
                parts: config.deberta.as_ref().map_or(1, DebertaConfig::score_parts),
                bias: arch::position_bias(&config, &weights, prefix)?.map(Arc::new),
            },
            embeddings,
            layers,
            config,
        })
    }

    /// The shape of the model.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// How many layers the trunk has; a branch starts with the next.
    pub fn layers(&self) -> usize {
        self.layers.len()
    }

    /// Tokenise texts into one ragged batch. Never fails: what cannot be read is an unknown token.
    pub fn tokenize<S: AsRef<str>>(&self, texts: &[S]) -> Batch {
        self.tokens.batch(texts)
    }

    /// Has the vocabulary `word` as a whole? Asked in the vocabulary's own writing: `WordPiece` vocabularies know a
    /// word by itself, in lower case if their tokeniser writes lower case.
    pub fn knows(&self, word: &str) -> bool {
        self.tokens.knows(word)
    }

    /// Tokenise pairs of texts into one ragged batch, as [`Trunk::tokenize`] does. If a pair is too
    /// long its first text keeps its last part.
    pub fn tokenize_pairs<S: AsRef<str>, T: AsRef<str>>(&self, pairs: &[(S, T)]) -> Batch {
        self.tokens.batch_of_pairs(pairs)
    }

    /// The hidden states after the trunk's last layer.
    pub fn forward(&self, batch: &Batch) -> Hidden {
        let mut x = self.embeddings.forward(batch);
        layer::forward(&self.layers, &mut x, &batch.sequences, &self.shape);
        Hidden(x)
    }
}
