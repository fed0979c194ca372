//! BERT (Devlin et al. 2018, arXiv:1810.04805): learned absolute positions and token types.

use super::{HeadNames, LayerNames};
use crate::nonlinearity::Nonlinearity;

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

/// The pooler belongs to the encoder, so it has the file's prefix.
pub(super) fn head_names(prefix: &str) -> HeadNames {
    HeadNames {
        dense: format!("{prefix}pooler.dense"),
        nonlinearity: Nonlinearity::Tanh,
        classifier: "classifier",
    }
}
