//! `config.json` of a Hugging Face model directory, read and checked.

use serde::Deserialize;

use crate::error::EncoderError;
use crate::files::Files;

/// The model families that are implemented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ModelType {
    /// BERT (Devlin et al. 2018) and its distilled children: learned absolute positions.
    Bert,
    /// `MPNet` (Song et al. 2020): BERT with a relative position bias shared by all layers.
    Mpnet,
}

impl ModelType {
    /// The `model_type` values that [`Config::read`] accepts.
    pub const SUPPORTED: [&'static str; 2] = ["bert", "mpnet"];
}

/// The shape of an encoder.
#[derive(Debug, Clone)]
pub struct Config {
    /// The family.
    pub model_type: ModelType,
    /// Words in the vocabulary.
    pub vocab_size: usize,
    /// Width of the hidden states.
    pub hidden_size: usize,
    /// Layers in the weights file.
    pub num_hidden_layers: usize,
    /// Attention heads; `hidden_size` is a multiple of it.
    pub num_attention_heads: usize,
    /// Width of the feed-forward part.
    pub intermediate_size: usize,
    /// Rows of the position table.
    pub max_position_embeddings: usize,
    /// ε of the layer norms.
    pub layer_norm_eps: f32,
    /// Rows of the token type table (BERT).
    pub type_vocab_size: usize,
    /// The padding token; `MPNet`'s positions start behind it.
    pub pad_token_id: usize,
    /// Buckets of the relative position bias (`MPNet`).
    pub relative_attention_num_buckets: usize,
    /// Names of the labels of a sequence classification head, in order; empty if there is none.
    pub labels: Vec<String>,
}

#[derive(Deserialize)]
struct Raw {
    model_type: String,
    vocab_size: usize,
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    max_position_embeddings: usize,
    #[serde(default = "layer_norm_eps")]
    layer_norm_eps: f32,
    #[serde(default)]
    type_vocab_size: usize,
    #[serde(default)]
    pad_token_id: usize,
    #[serde(default = "buckets")]
    relative_attention_num_buckets: usize,
    #[serde(default = "gelu")]
    hidden_act: String,
    #[serde(default)]
    id2label: std::collections::BTreeMap<String, String>,
}

fn layer_norm_eps() -> f32 {
    1e-12
}

fn buckets() -> usize {
    32
}

fn gelu() -> String {
    "gelu".to_owned()
}

impl Config {
    /// The most tokens of a sequence, with the two special ones, that any model is given.
    pub const MAX_TOKENS: usize = 512;

    /// Read and check `config.json`.
    pub fn read(files: &Files) -> Result<Self, EncoderError> {
        let file = files.describe("config.json");
        let bytes = files.read("config.json")?;
        let raw: Raw = serde_json::from_slice(&bytes)
            .map_err(|e| EncoderError::Invalid { file: file.clone(), why: e.to_string() })?;
        let model_type = match raw.model_type.as_str() {
            "bert" => ModelType::Bert,
            "mpnet" => ModelType::Mpnet,
            _ => {
                let supported = ModelType::SUPPORTED.join(", ");
                return Err(EncoderError::UnsupportedModelType { file, found: raw.model_type, supported });
            }
        };
        let wrong = |key, found: String, expected: &str| EncoderError::Config {
            file: file.clone(),
            key,
            found,
            expected: expected.to_owned(),
        };
        if raw.hidden_act != "gelu" {
            return Err(wrong("hidden_act", raw.hidden_act, "gelu"));
        }
        for (key, value, most) in [
            ("vocab_size", raw.vocab_size, 1 << 20),
            ("hidden_size", raw.hidden_size, 1 << 13),
            ("num_attention_heads", raw.num_attention_heads, 1 << 8),
            ("intermediate_size", raw.intermediate_size, 1 << 15),
            ("relative_attention_num_buckets", raw.relative_attention_num_buckets, 1 << 10),
        ] {
            if value == 0 || value > most {
                return Err(wrong(key, value.to_string(), &format!("1 to {most}")));
            }
        }
        if raw.num_hidden_layers > 96 {
            return Err(wrong("num_hidden_layers", raw.num_hidden_layers.to_string(), "0 to 96"));
        }
        if !raw.hidden_size.is_multiple_of(raw.num_attention_heads) {
            let found = format!("{} for hidden_size {}", raw.num_attention_heads, raw.hidden_size);
            return Err(wrong("num_attention_heads", found, "a divisor of hidden_size"));
        }
        if !(raw.layer_norm_eps > 0.0 && raw.layer_norm_eps < 1.0) {
            return Err(wrong("layer_norm_eps", raw.layer_norm_eps.to_string(), "a number between 0 and 1"));
        }
        let config = Config {
            model_type,
            vocab_size: raw.vocab_size,
            hidden_size: raw.hidden_size,
            num_hidden_layers: raw.num_hidden_layers,
            num_attention_heads: raw.num_attention_heads,
            intermediate_size: raw.intermediate_size,
            max_position_embeddings: raw.max_position_embeddings,
            layer_norm_eps: raw.layer_norm_eps,
            type_vocab_size: raw.type_vocab_size,
            pad_token_id: raw.pad_token_id,
            relative_attention_num_buckets: raw.relative_attention_num_buckets,
            labels: ordered_labels(&raw.id2label)
                .ok_or_else(|| wrong("id2label", "not numbered from 0".to_owned(), "\"0\", \"1\", …"))?,
        };
        if config.max_tokens() < 3 {
            let found = config.max_position_embeddings.to_string();
            return Err(wrong("max_position_embeddings", found, "room for at least three tokens"));
        }
        Ok(config)
    }

    /// Width of one attention head.
    pub fn head_size(&self) -> usize {
        self.hidden_size / self.num_attention_heads
    }

    /// The row of the position table that the first token uses.
    pub fn first_position(&self) -> usize {
        match self.model_type {
            ModelType::Bert => 0,
            ModelType::Mpnet => self.pad_token_id + 1,
        }
    }

    /// The longest sequence in tokens, special tokens included.
    pub fn max_tokens(&self) -> usize {
        self.max_position_embeddings.saturating_sub(self.first_position()).min(Self::MAX_TOKENS)
    }
}

fn ordered_labels(map: &std::collections::BTreeMap<String, String>) -> Option<Vec<String>> {
    (0..map.len()).map(|i| map.get(&i.to_string()).cloned()).collect()
}
