//! The keys of `config.json` as they stand in the file, and what they must be.

use std::fmt::Display;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::deberta::RawDeberta;
use super::{Config, ModelType};
use crate::error::EncoderError;

/// Every key that is read. Which are needed depends on the family, so none is required here.
#[derive(Deserialize)]
pub(super) struct Raw {
    model_type: String,
    vocab_size: Option<usize>,
    hidden_size: Option<usize>,
    num_hidden_layers: Option<usize>,
    num_attention_heads: Option<usize>,
    intermediate_size: Option<usize>,
    hidden_act: Option<String>,
    max_position_embeddings: Option<usize>,
    layer_norm_eps: Option<f32>,
    type_vocab_size: Option<usize>,
    pad_token_id: Option<usize>,
    relative_attention_num_buckets: Option<usize>,
    #[serde(default)]
    id2label: Option<Map<String, Value>>,
    #[serde(default)]
    label2id: Option<Map<String, Value>>,
    // DistilBERT's names for what the others call hidden_size, num_hidden_layers, …
    dim: Option<usize>,
    n_layers: Option<usize>,
    n_heads: Option<usize>,
    hidden_dim: Option<usize>,
    activation: Option<String>,
    #[serde(default)]
    sinusoidal_pos_embds: bool,
}

/// Parse the file's content as far as `T` asks for.
pub(super) fn parse<T: for<'de> Deserialize<'de>>(file: &str, bytes: &[u8]) -> Result<T, EncoderError> {
    serde_json::from_slice(bytes)
        .map_err(|e| EncoderError::Invalid { file: file.to_owned(), why: e.to_string() })
}

/// The error for a key whose value cannot be used.
pub(super) struct Wrong<'f>(pub(super) &'f str);

impl Wrong<'_> {
    pub(super) fn value(&self, key: &'static str, found: &dyn Display, expected: &str) -> EncoderError {
        EncoderError::Config {
            file: self.0.to_owned(),
            key,
            found: found.to_string(),
            expected: expected.to_owned(),
        }
    }

    /// A whole number that must be there, from `least` to `most`.
    fn size(
        &self,
        key: &'static str,
        value: Option<usize>,
        least: usize,
        most: usize,
    ) -> Result<usize, EncoderError> {
        match value {
            Some(value) if (least..=most).contains(&value) => Ok(value),
            found => {
                let found = found.map_or("missing".to_owned(), |v| v.to_string());
                Err(self.value(key, &found, &format!("{least} to {most}")))
            }
        }
    }
}

impl Raw {
    /// The checked config; `file` stands in the errors, `bytes` is its content.
    pub(super) fn check(self, file: &str, bytes: &[u8]) -> Result<Config, EncoderError> {
        let wrong = Wrong(file);
        let Some(model_type) = ModelType::ALL.into_iter().find(|t| t.as_str() == self.model_type) else {
            let supported = ModelType::ALL.map(ModelType::as_str).join(", ");
            let (file, found) = (file.to_owned(), self.model_type);
            return Err(EncoderError::UnsupportedModelType { file, found, supported });
        };
        let distilled = model_type == ModelType::Distilbert;
        let of = |theirs: Option<usize>, ours: Option<usize>| if distilled { theirs } else { ours };
        let name = |theirs, ours| if distilled { theirs } else { ours };
        let act = if distilled { self.activation } else { self.hidden_act };
        if let Some(act) = act.filter(|a| a != "gelu") {
            return Err(wrong.value(
                name("activation", "hidden_act"),
                &act,
                "gelu, the one that layers implement",
            ));
        }
        let vocab_size = wrong.size("vocab_size", self.vocab_size, 1, 1 << 20)?;
        let hidden = of(self.dim, self.hidden_size);
        let hidden_size = wrong.size(name("dim", "hidden_size"), hidden, 1, 1 << 13)?;
        let layers = of(self.n_layers, self.num_hidden_layers);
        let num_hidden_layers = wrong.size(name("n_layers", "num_hidden_layers"), layers, 0, 96)?;
        let heads_key = name("n_heads", "num_attention_heads");
        let heads = wrong.size(heads_key, of(self.n_heads, self.num_attention_heads), 1, 1 << 8)?;
        let inner = of(self.hidden_dim, self.intermediate_size);
        let intermediate_size = wrong.size(name("hidden_dim", "intermediate_size"), inner, 1, 1 << 15)?;
        let max_position_embeddings =
            wrong.size("max_position_embeddings", self.max_position_embeddings, 1, 1 << 20)?;
        let buckets = self.relative_attention_num_buckets.or(Some(32));
        let relative_attention_num_buckets =
            wrong.size("relative_attention_num_buckets", buckets, 4, 1 << 10)?;
        let types = self.type_vocab_size.or(Some(model_type.default_types()));
        let type_vocab_size = wrong.size("type_vocab_size", types, 0, 1 << 10)?;
        if !hidden_size.is_multiple_of(heads) {
            let found = format!("{heads} for {} {hidden_size}", name("dim", "hidden_size"));
            return Err(wrong.value(heads_key, &found, name("a divisor of dim", "a divisor of hidden_size")));
        }
        let layer_norm_eps = self.layer_norm_eps.unwrap_or(model_type.default_layer_norm_eps());
        if !(layer_norm_eps > 0.0 && layer_norm_eps < 1.0) {
            return Err(wrong.value("layer_norm_eps", &layer_norm_eps, "a number between 0 and 1"));
        }
        // Read apart: other families use some of its keys for other things.
        let deberta = if model_type == ModelType::DebertaV2 {
            let raw: RawDeberta = parse(file, bytes)?;
            Some(raw.check(&wrong, hidden_size, heads, max_position_embeddings)?)
        } else {
            None
        };
        let config = Config {
            model_type,
            vocab_size,
            hidden_size,
            num_hidden_layers,
            num_attention_heads: heads,
            intermediate_size,
            max_position_embeddings,
            layer_norm_eps,
            type_vocab_size,
            pad_token_id: self.pad_token_id.unwrap_or(model_type.default_padding()),
            relative_attention_num_buckets,
            sinusoidal_positions: distilled && self.sinusoidal_pos_embds,
            deberta,
            labels: ordered_labels(self.id2label.as_ref())
                .ok_or_else(|| wrong.value("id2label", &"not numbered from 0", "\"0\", \"1\", …"))?,
            label2id: label_numbers(self.label2id.as_ref()).ok_or_else(|| {
                wrong.value("label2id", &"not a map from labels to numbers", "numbers from 0")
            })?,
        };
        if config.max_tokens() < 3 {
            let found = config.max_position_embeddings;
            return Err(wrong.value("max_position_embeddings", &found, "room for at least three tokens"));
        }
        Ok(config)
    }
}

/// The labels by number; `None` if the numbers have gaps.
fn ordered_labels(map: Option<&Map<String, Value>>) -> Option<Vec<String>> {
    let Some(map) = map else { return Some(Vec::new()) };
    (0..map.len()).map(|i| map.get(&i.to_string())?.as_str().map(ToOwned::to_owned)).collect()
}

/// The numbers by label, in the order of the file; old files write them as strings.
fn label_numbers(map: Option<&Map<String, Value>>) -> Option<Vec<(String, usize)>> {
    let Some(map) = map else { return Some(Vec::new()) };
    map.iter()
        .map(|(label, id)| {
            let id = id.as_u64().or_else(|| id.as_str()?.parse().ok())?;
            Some((label.clone(), usize::try_from(id).ok()?))
        })
        .collect()
}
