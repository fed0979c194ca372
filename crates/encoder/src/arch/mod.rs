//! What differs between model families: tensor names, embeddings, position bias, head.
//!
//! Everything else (linear, attention, norm, feed-forward, in post-norm order) is in
//! [`crate::layer`], once. A new family adds a variant here and to [`ModelType`].

mod bert;
mod deberta;
mod distilbert;
mod mpnet;
mod roberta;

use crate::config::{Config, ModelType};
use crate::error::EncoderError;
use crate::kernels::{PositionBias, Precision, RelativePositions};
use crate::nonlinearity::Nonlinearity;
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

/// The head of transformers' `…ForSequenceClassification`: a matrix and a nonlinearity over the
/// first token's vector, then the classifier. Names are without `.weight` / `.bias`.
pub(crate) struct HeadNames {
    pub(crate) dense: String,
    pub(crate) nonlinearity: Nonlinearity,
    pub(crate) classifier: &'static str,
}

/// The tensor names of layer `index`, below a file's prefix (`""`, `"bert."`, …).
pub(crate) fn layer_names(model_type: ModelType, prefix: &str, index: usize) -> LayerNames {
    let base = format!("{prefix}encoder.layer.{index}");
    match model_type {
        // RoBERTa and XLM-R name their layers as BERT does.
        ModelType::Bert | ModelType::Roberta | ModelType::XlmRoberta => bert::layer_names(&base),
        ModelType::Mpnet => mpnet::layer_names(&base),
        ModelType::Distilbert => distilbert::layer_names(&format!("{prefix}transformer.layer.{index}")),
        ModelType::DebertaV2 => deberta::layer_names(&base),
    }
}

/// The classification head of a plain model.
pub(crate) fn head_names(config: &Config, prefix: &str) -> HeadNames {
    match config.model_type {
        ModelType::Bert => bert::head_names(prefix),
        ModelType::Mpnet | ModelType::Roberta | ModelType::XlmRoberta => roberta::head_names(),
        ModelType::Distilbert => distilbert::head_names(),
        ModelType::DebertaV2 => deberta::head_names(config),
    }
}

/// The prefix that a file puts before every name: models saved with a head have one.
pub(crate) fn prefix(model_type: ModelType, weights: &Weights) -> &'static str {
    let prefix = match model_type {
        ModelType::Bert => "bert.",
        ModelType::Mpnet => "mpnet.",
        ModelType::Roberta | ModelType::XlmRoberta => "roberta.",
        ModelType::Distilbert => "distilbert.",
        ModelType::DebertaV2 => "deberta.",
    };
    if weights.names().iter().any(|n| n.starts_with(prefix)) { prefix } else { "" }
}

/// The table of absolute positions, `max_position_embeddings` × embedding size. Only for models that
/// have one; `base` is the name of the embeddings.
pub(crate) fn positions(config: &Config, weights: &Weights, base: &str) -> Result<Vec<f32>, EncoderError> {
    let (rows, width) = (config.max_position_embeddings, config.embedding_size());
    let name = format!("{base}.position_embeddings.weight");
    if config.sinusoidal_positions && !weights.has(&name) {
        return Ok(distilbert::sinusoid(rows, width));
    }
    Ok(weights.matrix(&name, rows, width)?.into_f32())
}

/// The vectors of the token types that can occur, one below the other; empty if the family has none.
pub(crate) fn token_types(config: &Config, weights: &Weights, base: &str) -> Result<Vec<f32>, EncoderError> {
    let width = config.embedding_size();
    let used = match config.model_type {
        ModelType::Bert | ModelType::DebertaV2 => config.type_vocab_size,
        // Their tokenizers give the model no types: every token, of either text, has type 0.
        ModelType::Roberta | ModelType::XlmRoberta => 1,
        ModelType::Mpnet | ModelType::Distilbert => 0,
    };
    if used == 0 || config.type_vocab_size == 0 {
        return Ok(Vec::new());
    }
    let name = format!("{base}.token_type_embeddings.weight");
    let mut table = weights.matrix(&name, config.type_vocab_size, width)?.into_f32();
    table.truncate(used.min(2) * width); // a pair has no more than two
    Ok(table)
}

/// The bias that the family adds to attention scores, if it depends on position alone.
pub(crate) fn position_bias(
    config: &Config,
    weights: &Weights,
    prefix: &str,
) -> Result<Option<PositionBias>, EncoderError> {
    match config.model_type {
        ModelType::Mpnet => mpnet::position_bias(config, weights, prefix).map(Some),
        ModelType::Bert
        | ModelType::Roberta
        | ModelType::XlmRoberta
        | ModelType::Distilbert
        | ModelType::DebertaV2 => Ok(None),
    }
}

/// The relative positions of one layer, if the family has them.
pub(crate) fn relative_positions(
    config: &Config,
    weights: &Weights,
    prefix: &str,
    names: &LayerNames,
    precision: Precision,
) -> Result<Option<RelativePositions>, EncoderError> {
    deberta::relative_positions(config, weights, prefix, names, precision)
}
