//! What differs between model families: tensor names, embeddings, position bias.
//!
//! Everything else (linear, attention, norm, feed-forward, in post-norm order) is in
//! [`crate::layer`], once. A new family adds a variant here and to [`ModelType`].

mod bert;
mod mpnet;

use crate::config::{Config, ModelType};
use crate::error::EncoderError;
use crate::kernels::{PositionBias, Precision, RelativePositions};
use crate::weights::Weights;

/// Names of the tensors of one layer, without `.weight` / `.bias`.
pub(crate) struct LayerNames {
    pub(crate) query: String,
    pub(crate) key: String,
    pub(crate) value: String,
    pub(crate) attention_output: String,
    pub(crate) attention_norm: String,
    pub(crate) intermediate: String,
    pub(crate) output: String,
    pub(crate) output_norm: String,
}

/// The tensor names of layer `index`, below a file's prefix (`""`, `"bert."`, …).
pub(crate) fn layer_names(model_type: ModelType, prefix: &str, index: usize) -> LayerNames {
    let base = format!("{prefix}encoder.layer.{index}");
    match model_type {
        ModelType::Bert => bert::layer_names(&base),
        ModelType::Mpnet => mpnet::layer_names(&base),
    }
}

/// The prefix that a file puts before every name: models saved with a head have one.
pub(crate) fn prefix(model_type: ModelType, weights: &Weights) -> &'static str {
    let prefix = match model_type {
        ModelType::Bert => "bert.",
        ModelType::Mpnet => "mpnet.",
    };
    if weights.names().iter().any(|n| n.starts_with(prefix)) { prefix } else { "" }
}

/// What is added to the word vectors before the first norm: positions (and token type 0), as one
/// table of `max_tokens` rows.
pub(crate) fn position_table(
    config: &Config,
    weights: &Weights,
    prefix: &str,
) -> Result<Vec<f32>, EncoderError> {
    let width = config.hidden_size;
    let name = format!("{prefix}embeddings.position_embeddings.weight");
    let table = weights.matrix(&name, config.max_position_embeddings, width)?.into_f32();
    let first = config.first_position() * width;
    let mut rows = table[first..first + config.max_tokens() * width].to_vec();
    if config.model_type == ModelType::Bert {
        bert::add_token_type(config, weights, prefix, &mut rows)?;
    }
    Ok(rows)
}

/// The bias that the family adds to attention scores, if any.
pub(crate) fn position_bias(
    config: &Config,
    weights: &Weights,
    prefix: &str,
) -> Result<Option<PositionBias>, EncoderError> {
    match config.model_type {
        ModelType::Bert => Ok(None),
        ModelType::Mpnet => mpnet::position_bias(config, weights, prefix).map(Some),
    }
}

/// The layer's relative positions, if the family has them.
pub(crate) fn relative_positions(
    _config: &Config,
    _weights: &Weights,
    _prefix: &str,
    _names: &LayerNames,
    _precision: Precision,
) -> Result<Option<RelativePositions>, EncoderError> {
    Ok(None)
}
