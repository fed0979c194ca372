//! `config.json` of a Hugging Face model directory, read and checked.

mod deberta;
mod raw;

pub use deberta::{Conv, DebertaConfig};

use crate::error::EncoderError;
use crate::files::Files;
use raw::Raw;

/// The model families that are implemented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelType {
    /// BERT (Devlin et al. 2018) and its distilled children: learned absolute positions.
    Bert,
    /// `MPNet` (Song et al. 2020): BERT with a relative position bias shared by all layers.
    Mpnet,
    /// `RoBERTa` (Liu et al. 2019): BERT whose positions start behind the padding token's.
    Roberta,
    /// XLM-R (Conneau et al. 2020): `RoBERTa` in a hundred languages; the same tensors.
    XlmRoberta,
    /// `DistilBERT` (Sanh et al. 2019): BERT without token types and pooler, under other names.
    Distilbert,
    /// `DeBERTa` v2 and v3 (He et al. 2020, 2021), which share this name: disentangled attention.
    DebertaV2,
}

impl ModelType {
    /// All families.
    pub const ALL: [ModelType; 6] = [
        ModelType::Bert,
        ModelType::Mpnet,
        ModelType::Roberta,
        ModelType::XlmRoberta,
        ModelType::Distilbert,
        ModelType::DebertaV2,
    ];

    /// The `model_type` of `config.json`.
    pub const fn as_str(self) -> &'static str {
        match self {
            ModelType::Bert => "bert",
            ModelType::Mpnet => "mpnet",
            ModelType::Roberta => "roberta",
            ModelType::XlmRoberta => "xlm-roberta",
            ModelType::Distilbert => "distilbert",
            ModelType::DebertaV2 => "deberta-v2",
        }
    }

    /// The padding token where the config names none; transformers' default of the family.
    const fn default_padding(self) -> usize {
        match self {
            ModelType::Mpnet | ModelType::Roberta | ModelType::XlmRoberta => 1,
            ModelType::Bert | ModelType::Distilbert | ModelType::DebertaV2 => 0,
        }
    }

    /// Rows of the token type table where the config names none; transformers' default.
    const fn default_types(self) -> usize {
        match self {
            ModelType::Bert | ModelType::Roberta | ModelType::XlmRoberta => 2,
            ModelType::Mpnet | ModelType::Distilbert | ModelType::DebertaV2 => 0,
        }
    }

    const fn default_layer_norm_eps(self) -> f32 {
        if matches!(self, ModelType::DebertaV2) { 1e-7 } else { 1e-12 }
    }
}

/// The shape of an encoder.
#[derive(Debug, Clone)]
pub struct Config {
    /// The family.
    pub model_type: ModelType,
    /// Words in the vocabulary.
    pub vocab_size: usize,
    /// Width of the hidden states (`dim` in `DistilBERT`'s config).
    pub hidden_size: usize,
    /// Layers in the weights file (`n_layers` in `DistilBERT`'s config).
    pub num_hidden_layers: usize,
    /// Attention heads; `hidden_size` is a multiple of it (`n_heads` in `DistilBERT`'s config).
    pub num_attention_heads: usize,
    /// Width of the feed-forward part (`hidden_dim` in `DistilBERT`'s config).
    pub intermediate_size: usize,
    /// Rows of the position table.
    pub max_position_embeddings: usize,
    /// ε of the layer norms.
    pub layer_norm_eps: f32,
    /// Rows of the token type table; 0 for families without one.
    pub type_vocab_size: usize,
    /// The padding token; the positions of `MPNet`, `RoBERTa` and XLM-R start behind it.
    pub pad_token_id: usize,
    /// Buckets of the relative position bias (`MPNet`).
    pub relative_attention_num_buckets: usize,
    /// The position table is the sinusoid of Vaswani et al. 2017, even where the weights file leaves
    /// it out (`DistilBERT`).
    pub sinusoidal_positions: bool,
    /// What only `DeBERTa` has; `Some` if and only if `model_type` is [`ModelType::DebertaV2`].
    pub deberta: Option<DebertaConfig>,
    /// Names of the labels of a sequence classification head, in order; empty if there is none.
    pub labels: Vec<String>,
    /// The config's own way back, in the order of the file: where transformers looks for the
    /// entailment label. Empty if the file has none.
    pub label2id: Vec<(String, usize)>,
}

impl Config {
    /// The most tokens of a sequence, with the special ones, that any model is given.
    pub const MAX_TOKENS: usize = 512;

    /// Read and check `config.json`.
    pub fn read(files: &Files) -> Result<Self, EncoderError> {
        let file = files.describe("config.json");
        let bytes = files.read("config.json")?;
        let raw: Raw = raw::parse(&file, &bytes)?;
        raw.check(&file, &bytes)
    }

    /// Width of one attention head.
    pub fn head_size(&self) -> usize {
        self.hidden_size / self.num_attention_heads
    }

    /// Width of the word table; only `DeBERTa` may have another than `hidden_size`.
    pub fn embedding_size(&self) -> usize {
        self.deberta.as_ref().map_or(self.hidden_size, |d| d.embedding_size)
    }

    /// Is there a table of absolute positions? Always, but for `DeBERTa` with
    /// `position_biased_input: false` (all of v3).
    pub fn has_absolute_positions(&self) -> bool {
        self.deberta.as_ref().is_none_or(|d| d.position_biased_input)
    }

    /// The row of the position table that the first token uses.
    pub fn first_position(&self) -> usize {
        match self.model_type {
            ModelType::Bert | ModelType::Distilbert | ModelType::DebertaV2 => 0,
            ModelType::Mpnet | ModelType::Roberta | ModelType::XlmRoberta => self.pad_token_id + 1,
        }
    }

    /// The longest sequence in tokens, special tokens included. A model without absolute positions
    /// could read more; it is given what it was trained on, as its tokenizer would be told.
    pub fn max_tokens(&self) -> usize {
        self.max_position_embeddings.saturating_sub(self.first_position()).min(Self::MAX_TOKENS)
    }
}
