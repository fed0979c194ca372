//! BERT (Devlin et al. 2018, arXiv:1810.04805): learned absolute positions and token types.

use super::LayerNames;
use crate::config::Config;
use crate::error::EncoderError;
use crate::weights::Weights;

pub(super) fn layer_names(base: &str) -> LayerNames {
    let name = |part: &str| format!("{base}.{part}");
    LayerNames {
        query: name("attention.self.query"),
        key: name("attention.self.key"),
        value: name("attention.self.value"),
        attention_output: name("attention.output.dense"),
        attention_norm: name("attention.output.LayerNorm"),
        intermediate: name("intermediate.dense"),
        output: name("output.dense"),
        output_norm: name("output.LayerNorm"),
    }
}

/// Every token of a single text has type 0: fold its vector into the positions.
pub(super) fn add_token_type(
    config: &Config,
    weights: &Weights,
    prefix: &str,
    rows: &mut [f32],
) -> Result<(), EncoderError> {
    if config.type_vocab_size == 0 {
        return Ok(());
    }
    let name = format!("{prefix}embeddings.token_type_embeddings.weight");
    let types = weights.matrix(&name, config.type_vocab_size, config.hidden_size)?.into_f32();
    for row in rows.chunks_exact_mut(config.hidden_size) {
        for (a, b) in row.iter_mut().zip(&types) {
            *a += b;
        }
    }
    Ok(())
}
