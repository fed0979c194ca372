//! `DeBERTa` v2 and v3 (He et al. 2020, arXiv:2006.03654; 2021, arXiv:2111.09543): disentangled
//! attention.

use super::{HeadNames, LayerNames};
use crate::config::Config;
use crate::nonlinearity::Nonlinearity;

pub(super) fn layer_names(base: &str) -> LayerNames {
    let name = |part: &str| format!("{base}.{part}");
    LayerNames {
        query: name("attention.self.query_proj"),
        key: name("attention.self.key_proj"),
        value: name("attention.self.value_proj"),
        attention_output: name("attention.output.dense"),
        attention_norm: name("attention.output.LayerNorm"),
        intermediate: name("intermediate.dense"),
        output: name("output.dense"),
        output_norm: name("output.LayerNorm"),
    }
}

/// The context pooler stands beside the encoder, so it has no prefix.
pub(super) fn head_names(config: &Config) -> HeadNames {
    HeadNames {
        dense: "pooler.dense".to_owned(),
        nonlinearity: config.deberta.as_ref().map_or(Nonlinearity::Gelu, |d| d.pooler_activation),
        classifier: "classifier",
    }
}
